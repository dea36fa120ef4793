"""The commands behind `make`: the environment, and running what changed."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import cxedu.__main__ as launcher
from cxedu.course import commands, environment, notebooks

ROOT = Path(__file__).resolve().parents[1]


def write_chapter(root: Path, name: str, *cells: str) -> Path:
    path = root / "chapters" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, path)
    return path


def run_module(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cxedu", *arguments],
        cwd=ROOT,
        env=dict(os.environ, **environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command() -> None:
    shown = run_module("help")
    assert shown.returncode == 0
    for name, _ in launcher.COMMANDS:
        assert f"  {name}" in shown.stdout


def test_makefile_has_every_command() -> None:
    phony = (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    assert set(phony) == {name for name, _ in launcher.COMMANDS}


def test_unknown_command_lists_the_valid_ones() -> None:
    shown = run_module("corse")
    assert shown.returncode == 2
    assert "no command 'corse'" in shown.stderr
    assert "course" in shown.stderr


@pytest.mark.parametrize(
    ("version", "expected"), [((2, 7), False), ((3, 10), False), ((3, 11), True), ((3, 14), False)]
)
def test_supported_versions(version: tuple[int, int], expected: bool) -> None:
    assert launcher.supported(version) is expected


def test_unsupported_python_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no other Python anywhere
    assert launcher.use_another_python() == 1
    message = capsys.readouterr().err
    assert "needs Python 3.11 to 3.13" in message
    assert "make course PYTHON=python3.12" in message


def test_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"sudo apt install python3\.\d+-venv"):
        environment._make_venv()


def test_failed_install_names_the_command() -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        environment._run([sys.executable, "-c", "raise SystemExit(3)"])


def test_environment_follows_lock_file_and_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    before = environment.wanted()
    (tmp_path / "requirements.txt").write_text("numpy==0")
    assert environment.wanted() != before


def test_runs_what_changed_and_only_that(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "cxedu").mkdir()
    (tmp_path / "cxedu" / "value.py").write_text("")
    one = write_chapter(tmp_path, "01-one", "print(1 + 1)")
    two = write_chapter(tmp_path, "02-two", "2 * 3")
    assert set(notebooks.run_changed(tmp_path, workers=2)) == {one, two}
    assert nbformat.read(one, 4).cells[0].outputs[0].text == "2\n"
    assert notebooks.run_changed(tmp_path) == []

    write_chapter(tmp_path, "02-two", "2 * 4")
    assert notebooks.run_changed(tmp_path) == [two]
    (tmp_path / "cxedu" / "value.py").write_text("changed = True")
    assert set(notebooks.run_changed(tmp_path, workers=2)) == {one, two}


def test_failing_chapter_is_named_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    write_chapter(tmp_path, "01-bad", "1 / 0")
    good = write_chapter(tmp_path, "02-good", "1 / 1")
    with pytest.raises(
        notebooks.ChapterFailed, match=r"chapters/01-bad.ipynb: (?s:.*)ZeroDivision"
    ):
        notebooks.run_changed(tmp_path, workers=1)
    assert nbformat.read(good, 4).cells[0].outputs
    with pytest.raises(notebooks.ChapterFailed, match="01-bad"):  # it is not taken for done
        notebooks.run_changed(tmp_path, workers=1)


def test_same_run_leaves_the_file_alone(tmp_path: Path) -> None:
    path = write_chapter(tmp_path, "01-one", "import ipywidgets; ipywidgets.IntSlider(3)", "1 + 1")
    notebooks.run(path)
    first = path.read_bytes()
    notebooks.run(path)
    assert path.read_bytes() == first
    assert notebooks.WIDGET.encode() not in first
    assert b"iopub" not in first, "no timings"


def test_fingerprint_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = notebooks.fingerprint(tmp_path, [tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    assert notebooks.fingerprint(tmp_path, [tmp_path]) != first


def test_step_is_done_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    source, result = tmp_path / "source", tmp_path / "result"
    source.write_text("1")
    done = []

    def make() -> None:
        done.append(source.read_text())
        result.write_text("made")

    for text in ("1", "1", "2"):
        source.write_text(text)
        commands._step("it", ["source"], make, result)
    result.unlink()  # what was made is gone, so it is made again
    commands._step("it", ["source"], make, result)
    assert done == ["1", "2", "2"]
    assert "it: unchanged" in capsys.readouterr().out
