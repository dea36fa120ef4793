"""What students get: generated, stable, and with nothing hidden in it."""

import shutil
from pathlib import Path

import pytest

from cxedu.course.release import drift, problem_sets, release, release_all, visible_part

ROOT = Path(__file__).parents[1]
FIXTURE = Path(__file__).parent / "fixtures" / "course"


@pytest.fixture
def course(tmp_path):
    shutil.copytree(FIXTURE, tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return tmp_path / "course"


class TestVisiblePart:
    def test_hidden_regions_go(self):
        source = "a = 1\n### BEGIN HIDDEN\nb = 2\n### END HIDDEN\nc = 3\n  ### BEGIN HIDDEN\n### END HIDDEN\n"
        assert visible_part(source) == "a = 1\nc = 3\n"

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("a = 1\n### BEGIN HIDDEN\n", r"ps01, line 2: .* without “### END HIDDEN”"),
            ("a = 1\n### END HIDDEN\n", r"ps01, line 2: .* without “### BEGIN HIDDEN”"),
            ("### BEGIN HIDDEN\n### BEGIN HIDDEN\n### END HIDDEN\n", r"ps01, line 2: .* line 1"),
            ("## BEGIN HIDDEN\nb = 2\n## END HIDDEN\n", r"ps01, line 1: .* looks like a marker"),
            ("if a:\n### BEGIN HIDDEN\n    b\n### END HIDDEN\n", r"line 1 isn't Python"),
        ],
    )
    def test_anything_unbalanced_is_refused(self, source, words):
        with pytest.raises(ValueError, match=words):
            visible_part(source, "ps01")


def test_release_is_stable_and_drift_says_what_differs(course):
    assert release_all(course) == problem_sets(course) == ["ps90"]
    folder = course / "exercises" / "ps90"
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(first) == {"ps90.ipynb", "checks.py"}
    assert not (course / "gradebook.db").exists()
    stamps = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    (folder / "old.csv").write_text("left over")
    assert drift(course) == ["ps90/old.csv"]
    release(course, "ps90")
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == stamps  # not even touched
    for words in (b"SOLUTION", b"HIDDEN", b"sentinel-ps90-hidden", b".reference", b"other_way"):
        assert not any(words in content for content in first.values())


def test_release_errors(course):
    with pytest.raises(ValueError, match="must be one of ps90"):
        release(course, "ps91")
    checks = course / "solutions" / "ps90" / "checks.py"
    checks.write_text(checks.read_text() + "### BEGIN HIDDEN\n")
    with pytest.raises(ValueError, match=r"ps90/checks\.py, line \d+"):
        release_all(course)
    assert not (course / "exercises").exists()


def test_a_course_without_problem_sets(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions").mkdir()
    assert release_all(tmp_path) == []
    assert drift(tmp_path) == []
