"""Feedback for a class: a page a student, several at a time, and only where something changed.

Each page is made by `nbgrader generate_feedback`, so that the stock command gives the same pages.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import rmtree

from cxedu import validate
from cxedu.feedback import page
from cxedu.grading import sanitize
from cxedu.grading.course import course_api, folder, notebooks_of
from cxedu.grading.record import Outcome
from cxedu.grading.report import Progress
from cxedu.grading.run import local_pool


def feedback(
    root: Path,
    assignment: str,
    students: Iterable[str] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Make the feedback pages of a problem set.

    Parameters
    ----------
    root : Path
        The course; the problem set has been graded.
    assignment : str
        The problem set.
    students : iterable of str, optional
        Whose; everybody who handed something in unless given.
    workers : int, optional
        How many pages at a time; one for each processor unless given.
    progress : bool
        Show a progress bar (a line per student where there is no terminal).

    Returns
    -------
    DataFrame
        A row per student: made (False where the page was current), pages (the files) and note
        (why there is none). A page is made anew when the graded notebook, a grade or a comment,
        the student's name, the course's configuration or the template has changed. Who handed in
        nothing that could be graded gets a page that says why.

    Raises
    ------
    ValueError
        If the problem set isn't in the gradebook.
    """
    if workers is not None:
        workers = validate.whole("workers", workers, low=1)
    root = Path(root).resolve()
    api = course_api(root)
    names = notebooks_of(api, assignment)
    look = _look(root)
    with api.gradebook as gradebook:
        submitted = sorted(s.student_id for s in gradebook.assignment_submissions(assignment))
        wanted = submitted if students is None else sorted(set(students))
        notes = {s: "nothing was graded" for s in wanted if s not in submitted}
        stamps = {
            student: _stamp(api, gradebook, assignment, student, names, look)
            for student in wanted
            if student in submitted
        }
    waiting = [s for s in stamps if not _current(api, assignment, s, names, stamps[s])]
    with Progress(f"{assignment} feedback", len(waiting), progress) as bar:
        for student, problem in _make_all(Job(root, assignment, look), waiting, workers):
            if problem:
                notes[student] = problem
            else:
                _keep(api, assignment, student, stamps[student])
            bar.end(Outcome(student, assignment, note=problem))
    rows = [
        {
            "student": student,
            "made": student in waiting and student not in notes,
            "pages": [str(p) for p in _pages(api, assignment, student, names) if p.is_file()],
            "note": notes.get(student, ""),
        }
        for student in sorted({*stamps, *notes})
    ]
    return pd.DataFrame(rows, columns=["student", "made", "pages", "note"])


# --- many at a time ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """What a worker must know to make somebody's pages."""

    root: Path
    assignment: str
    look: str


def _make_all(job: Job, students: list[str], workers: int | None) -> Iterator[tuple[str, str]]:
    """Make these students' pages; yields each when it is done, with what went wrong."""
    workers = min(workers or os.cpu_count() or 1, len(students))
    if workers <= 1:
        for student in students:
            yield student, _make_one(job, student)
        return
    with local_pool(workers) as pool:
        running = {pool.submit(_make_one, job, s): s for s in students}
        for future in as_completed(running):
            try:
                yield running[future], future.result()
            except Exception as problem:  # a worker that died takes what was waiting along
                yield running[future], f"no page could be made ({type(problem).__name__})"


@cache
def _api(root: Path, look: str) -> NbGraderAPI:
    """A process's own, made once for a configuration."""
    return course_api(root)


def _make_one(job: Job, student: str) -> str:
    """Make one student's pages; returns why that failed, or ''."""
    api, assignment = _api(job.root, job.look), job.assignment
    course = api.coursedir
    old = folder(course, "feedback", assignment, student)
    if old.exists():
        rmtree(str(old))
    return _said(api.generate_feedback(assignment, student))


def _said(result: dict[str, Any]) -> str:
    error = str(result.get("error", "")).strip()
    if "KeyboardInterrupt" in error:  # nbgrader catches even that
        raise KeyboardInterrupt
    if result["success"]:
        return ""
    return f"no page could be made: {(error.splitlines() or ['no reason given'])[-1][:300]}"


# --- only what changed -------------------------------------------------------------------------


def _look(root: Path) -> str:
    """A digest of all that shapes a page, whoever's it is."""
    files = [root / "nbgrader_config.py", Path(page.__file__), Path(sanitize.__file__)]
    files += [p for p in sorted(page.TEMPLATE.rglob("*")) if p.is_file()]
    return _digest([p.read_bytes().hex() for p in files])


def _stamp(
    api: NbGraderAPI,
    gradebook: Gradebook,
    assignment: str,
    student: str,
    names: list[str],
    look: str,
) -> str:
    """A digest of what a student's pages say."""
    course = api.coursedir
    graded = folder(course, "autograded", assignment, student)
    files = [graded / f"{name}.ipynb" for name in names]
    found = gradebook.find_submission(assignment, student)
    person = found.student
    parts: list[Any] = [
        look,
        [[p.stat().st_mtime_ns, p.stat().st_size] if p.is_file() else None for p in files],
        [person.first_name, person.last_name, str(found.timestamp), found.total_seconds_late],
    ]
    for book in found.notebooks:
        parts.append([book.name, book.late_submission_penalty])
        for grade in book.grades:
            scores = [grade.auto_score, grade.manual_score, grade.extra_credit]
            parts.append([grade.name, *scores, grade.max_score, bool(grade.needs_manual_grade)])
        parts += [[c.name, c.comment] for c in book.comments]
    return _digest(parts)


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _pages(api: NbGraderAPI, assignment: str, student: str, names: list[str]) -> list[Path]:
    pages = folder(api.coursedir, "feedback", assignment, student)
    return [pages / f"{name}.html" for name in names]


def _record(api: NbGraderAPI, assignment: str, student: str) -> Path:
    course = api.coursedir
    folder = Path(course.root) / course.feedback_directory / ".cxedu" / assignment
    return folder / f"{student}.txt"


def _current(api: NbGraderAPI, assignment: str, student: str, names: list[str], stamp: str) -> bool:
    record = _record(api, assignment, student)
    there = all(p.is_file() for p in _pages(api, assignment, student, names))
    return there and record.is_file() and record.read_text(encoding="utf-8") == stamp


def _keep(api: NbGraderAPI, assignment: str, student: str, stamp: str) -> None:
    record = _record(api, assignment, student)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(stamp, encoding="utf-8")
