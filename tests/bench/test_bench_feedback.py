"""Feedback pages: ours beside nbgrader's own, in one run: `pytest tests/bench/test_bench_feedback.py -s`.

The pages of some submissions of ps06 are made in turns, each kind by `nbgrader generate_feedback`
for one student in one process; then a whole class of them by `feedback`, with one worker and with
one for each processor.
"""

import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import pytest
from traitlets.config import Config

from cxedu.feedback import feedback
from cxedu.grading.course import course_api
from cxedu.grading.run import grade

sys.path.insert(0, str(Path(__file__).parents[1]))

from courses import ROOT, generate, new_course, submissions, submit

PS = "ps06"
MIX = ["perfect", "partly wrong, odd tasks", "a cell raises", "blank"] * 2
HEAVIEST = 60_000  # bytes: these submissions have no figures


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of eight that has been graded."""
    course = tmp_path_factory.mktemp("feedback") / "course"
    generate(new_course(course, source=ROOT / "solutions" / PS), PS)
    who = {f"s{number}": behaviour for number, behaviour in enumerate(MIX)}
    for student, (nb, _) in submissions(course, who, PS).items():
        submit(course, student, nb, PS)
    assert len(grade(course, PS, progress=False)) == len(MIX)
    return course


def test_a_page_beside_nbgraders_own(course: Path) -> None:
    stock = Config()
    stock.GenerateFeedback.exporter_class = "nbconvert.exporters.HTMLExporter"
    stock.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    kinds = {"nbgrader's": course_api(course, stock), "ours": course_api(course)}
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    size: dict[str, list[int]] = {kind: [] for kind in kinds}
    for number in range(len(MIX)):
        for kind, api in kinds.items():
            began = time.perf_counter()
            assert api.generate_feedback(PS, f"s{number}")["success"]
            seconds[kind].append(time.perf_counter() - began)
            path = course / "feedback" / f"s{number}" / PS / f"{PS}.html"
            size[kind].append(path.stat().st_size)
    for kind in kinds:
        print(
            f"\n{kind} page: {statistics.median(seconds[kind]) * 1000:.0f} ms, "
            f"{statistics.median(size[kind]) / 1000:.0f} kB",
            end="",
        )
    print()
    assert max(size["ours"]) < HEAVIEST
    assert min(size["nbgrader's"]) > 3 * max(size["ours"])
    assert statistics.median(seconds["ours"]) < statistics.median(seconds["nbgrader's"])


def test_a_class(course: Path) -> None:
    for workers in dict.fromkeys([1, os.cpu_count() or 1]):
        shutil.rmtree(course / "feedback", ignore_errors=True)
        began = time.perf_counter()
        made = feedback(course, PS, workers=workers, progress=False)
        seconds = time.perf_counter() - began
        print(f"\n{workers} at a time: {seconds / len(MIX) * 1000:.0f} ms a page", end="")
        assert made["made"].all()
    began = time.perf_counter()
    assert not feedback(course, PS, progress=False)["made"].any()
    print(f"\nnothing changed: {(time.perf_counter() - began) * 1000:.0f} ms for all")
