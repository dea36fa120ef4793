"""Grade a class with nbgrader, one student at a time, so that one failure never stops the rest."""

import argparse
import ast
import atexit
import contextlib
import json
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.plugins import ExportPlugin
from tqdm import tqdm
from traitlets.config import Config, PyFileConfigLoader

from cxedu import validate
from cxedu.grading import confine
from cxedu.grading.preprocessors import NOTES
from cxedu.grading.warm import WarmProcess
from cxedu.world import World  # noqa: F401  (so that workers, which are forks, have it)

COLUMNS = [
    "student",
    "first_name",
    "last_name",
    "assignment",
    "timestamp",
    "due",
    "late_seconds",
    "score",
    "max_score",
    "needs_manual_grade",
    "note",
]


def course_api(root: Path, extra: Config | None = None) -> NbGraderAPI:
    """nbgrader's own interface to the course at `root`, by its nbgrader_config.py."""
    root = Path(root).resolve()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.merge(extra or Config())
    log = logging.getLogger("traitlets")  # nbgrader adds a handler of its own to return the log
    log.propagate, log.handlers = False, [logging.NullHandler()]
    return NbGraderAPI(config=config, log_level="INFO")


@dataclass
class Outcome:
    """What became of one submission."""

    student: str
    assignment: str
    score: float = 0.0
    max_score: float = 0.0
    late_seconds: float = 0.0
    needs_manual_grade: bool = False
    note: str = ""
    repaired: list[str] = field(default_factory=list)


def grade(
    root: Path,
    assignment: str,
    students: Iterable[str] | None = None,
    progress: bool = True,
    force: bool = True,
    workers: int | None = None,
    sandbox: str = "auto",
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Autograde the submissions of a problem set, several at a time.

    Parameters
    ----------
    root : Path
        The course, with `submitted/<student>/<assignment>/` in it.
    assignment : str
        The problem set; it must have been generated (`nbgrader generate_assignment`).
    students : iterable of str, optional
        Whose; everybody who submitted unless given. Somebody who is named and submitted nothing
        gets a row that says so.
    progress : bool
        Show a progress bar (a line per student where there is no terminal).
    force : bool
        Grade everything again. Otherwise only what is new, was interrupted, or changed.
    workers : int, optional
        How many submissions at a time; one for each processor unless given.
    sandbox : {"auto", "required", "off"}
        "auto" takes the strongest that this machine has, and says so if that isn't the sandbox;
        "required" refuses then; "off" uses ordinary Jupyter kernels.
    executor : concurrent.futures.Executor, optional
        Where the work is done instead of local processes (`dask.distributed`'s, say); its workers
        must see `root` under the same path.

    Returns
    -------
    DataFrame
        A row per student: score, max_score, late_seconds, needs_manual_grade, note (what
        happened) and repaired. `submitted/` is left as it is.

    Raises
    ------
    ValueError
        If the problem set isn't in the gradebook, or the sandbox is required and can't be had.
    """
    root = Path(root).resolve()
    api = course_api(root)
    names = _notebooks(api, assignment)
    submitted = root / api.coursedir.submitted_directory
    everybody = sorted(p.parent.name for p in submitted.glob(f"*/{assignment}") if p.is_dir())
    chosen = everybody if students is None else sorted(set(students))
    finished = {s: None if force else _finished(root, api, assignment, s) for s in chosen}
    waiting = [student for student, outcome in finished.items() if outcome is None]
    level, why = confinement(sandbox)
    if why and progress and waiting:
        print(f"Student code runs outside the sandbox: {why}.", file=sys.stderr)
    job = Job(root, assignment, names, level, _modules(api, assignment, names))
    done = _grade_all(job, waiting, workers or os.cpu_count() or 1, executor, progress)
    outcomes = [done.get(student) or finished[student] for student in chosen]
    table = pd.DataFrame([asdict(o) for o in outcomes if o], columns=list(asdict(Outcome("", ""))))
    if progress:
        print(report(table))
    return table


def confinement(sandbox: str) -> tuple[str, str]:
    """Which level of `confine.level` is used, and why not a better one."""
    validate.choice("sandbox", sandbox, ("auto", "required", "off"))
    if sandbox == "off":
        return "kernel", "you asked for that"
    level, why = confine.level()
    if sandbox == "required" and level != "sandbox":
        raise ValueError(f"sandbox is 'required'; it must be possible on this machine, but {why}.")
    return level, why


def _notebooks(api: NbGraderAPI, assignment: str) -> list[str]:
    with api.gradebook as gradebook:
        try:
            return [n.name for n in gradebook.find_assignment(assignment).notebooks]
        except MissingEntry:
            known = ", ".join(a.name for a in gradebook.assignments) or "none yet"
            raise ValueError(
                f"assignment is {assignment!r}; it must be in the gradebook (there: {known}). "
                f"Run: nbgrader generate_assignment {assignment}"
            ) from None


def _modules(api: NbGraderAPI, assignment: str, names: list[str]) -> tuple[str, ...]:
    """What the problem set's own cells import, and so every submission."""
    found: dict[str, None] = {}
    for name in names:
        course = api.coursedir
        folder = Path(course.format_path(course.source_directory, ".", assignment))
        for cell in nbformat.read(folder / f"{name}.ipynb", as_version=4).cells:
            with contextlib.suppress(SyntaxError):  # a cell with magics
                for node in ast.walk(ast.parse(cell.source if cell.cell_type == "code" else "")):
                    if isinstance(node, ast.Import):
                        found.update(dict.fromkeys(alias.name for alias in node.names))
                    elif isinstance(node, ast.ImportFrom) and node.module:
                        whole = [f"{node.module}.{alias.name}" for alias in node.names]
                        found.update(dict.fromkeys([node.module, *whole]))
    return tuple(found)


# --- many at a time ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """What a worker must know to grade somebody's submission."""

    root: Path
    assignment: str
    notebooks: list[str]
    level: str
    modules: tuple[str, ...]
    warm: str = ""  # the socket of a warm process that this machine's workers share


_warm: dict[Path, WarmProcess] = {}  # of this process, by course


def _grade_all(
    job: Job, students: list[str], workers: int, executor: Executor | None, progress: bool
) -> dict[str, Outcome]:
    """Grade these students' submissions; a worker that dies costs nobody a grade."""
    done: dict[str, Outcome] = {}
    if not students:
        return done
    with contextlib.ExitStack() as stack:
        if executor is None and job.level != "kernel":
            warm = WarmProcess(job.root, job.modules, job.level == "sandbox")
            stack.callback(warm.close)
            job = replace(job, warm=str(warm.wait()))
        bar = stack.enter_context(Progress(job.assignment, len(students), progress))
        if executor is None and workers == 1:
            for student in students:
                bar.begin([student])
                done[student] = grade_one(job, student)
                bar.end(done[student])
            return done
        suspects: set[str] = set()  # who was being graded when a worker died
        while left := [s for s in students if s not in done]:
            alone = [s for s in left if s in suspects][:1]
            broken = _round(job, alone or left, workers, executor, bar, done)
            for student in broken & suspects if alone else ():
                done[student] = _lost(job, student)
                bar.end(done[student])
            suspects |= broken
    return done


def _round(
    job: Job,
    students: list[str],
    workers: int,
    executor: Executor | None,
    bar: "Progress",
    done: dict[str, Outcome],
) -> set[str]:
    """Hand out work until all is done or a worker dies; who was being graded then."""
    with contextlib.ExitStack() as stack:
        pool = executor or stack.enter_context(_pool(min(workers, len(students))))
        pool.submit(os.getpid).result()  # raises where workers can't start, which is nobody's fault
        queue = list(reversed(students))
        running: dict[Future[Outcome], str] = {}
        while queue or running:
            while queue and len(running) < workers:
                student = queue.pop()
                running[pool.submit(grade_one, job, student)] = student
            bar.begin(list(running.values()))
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                student = running.pop(future)
                try:
                    done[student] = future.result()
                except BrokenExecutor:
                    return {student, *running.values()}
                bar.end(done[student])
    return set()


def _pool(workers: int) -> ProcessPoolExecutor:
    # A fork has everything imported; elsewhere, or beside threads, a fresh process is safer.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if fork else "spawn")
    return ProcessPoolExecutor(workers, mp_context=context)


def grade_one(job: Job, student: str) -> Outcome:
    """Grade one submission, in this process. What `grade` hands to its workers."""
    extra = Config()
    if job.level != "kernel":
        extra.Run.warm = job.warm or _own_warm_process(job)
        extra.Run.sandboxed = job.level == "sandbox"
    api = course_api(job.root, extra)
    return _grade_one(job.root, api, job.assignment, student, job.notebooks)


def _own_warm_process(job: Job) -> str:
    """The warm process of a worker on another machine, started once and kept until it ends."""
    if job.root not in _warm:
        _warm[job.root] = WarmProcess(job.root, job.modules, job.level == "sandbox")
        atexit.register(_warm[job.root].close)
    return str(_warm[job.root].wait())


def _lost(job: Job, student: str) -> Outcome:
    """Somebody whose submission ended two workers: 0 points, with the reason, for a human to see."""
    api = course_api(job.root)
    course = api.coursedir
    folder = Path(course.format_path(course.submitted_directory, student, job.assignment))
    why = "the grading process died twice while grading this"
    _score_nothing(api, job.assignment, student, folder, why)
    return _read_outcome(api, job.assignment, student, [why], [])


class Progress:
    """A bar with count, rate, time left and who is being graded; lines where there is no terminal."""

    def __init__(self, name: str, total: int, wanted: bool) -> None:
        self._lines = wanted and not sys.stderr.isatty()
        self._bar = tqdm(
            total=total, desc=name, unit="submission", disable=not wanted or self._lines
        )
        self._name, self._total, self._count, self._began = name, total, 0, time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def begin(self, students: list[str]) -> None:
        self._bar.set_postfix_str(", ".join(students[:4]))

    def end(self, outcome: Outcome) -> None:
        """Somebody is done."""
        self._count += 1
        self._bar.update()
        trouble = f"  {outcome.note}" if outcome.note else ""
        if self._lines:
            seconds = time.monotonic() - self._began
            left = seconds / self._count * (self._total - self._count)
            print(
                f"{self._name}: {self._count} of {self._total}, {outcome.student}, "
                f"{self._count / max(seconds, 1e-9):.1f} a second, {left:.0f} s left{trouble}",
                file=sys.stderr,
                flush=True,
            )
        elif trouble and not self._bar.disable:
            self._bar.write(f"{outcome.student}{trouble}", file=sys.stderr)


def report(table: pd.DataFrame) -> str:
    """What `grade` returned, as lines to read: a student each.

    >>> print(report(pd.DataFrame([asdict(Outcome("ada", "ps06", 12, 20, late_seconds=7200))])))
    ada  ps06  12 of 20  2.0 hours late
    """
    width = max((len(s) for s in table["student"]), default=0)
    lines = []
    for row in table.to_dict("records"):
        score = f"{row['score']:g} of {row['max_score']:g}"
        late = f"{row['late_seconds'] / 3600:.1f} hours late" if row["late_seconds"] else ""
        by_hand = "part waits to be graded by hand" if row["needs_manual_grade"] else ""
        said = [late, *row["repaired"], row["note"], by_hand]
        head = [f"{row['student']:{width}}", row["assignment"], score]
        lines.append("  ".join([*head, *filter(None, said)]))
    return "\n".join(lines)


def _record(root: Path, api: NbGraderAPI, assignment: str, student: str) -> Path:
    folder = root / api.coursedir.autograded_directory / ".cxedu" / assignment
    return folder / f"{student}.json"


def _stamp(root: Path, api: NbGraderAPI, assignment: str, student: str) -> list[Any]:
    """What the grade of a submission depends on, as times and sizes of files."""
    course = api.coursedir
    folders = [
        Path(course.format_path(course.submitted_directory, student, assignment)),
        Path(course.format_path(course.source_directory, ".", assignment)),
    ]
    files = [p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()]
    return [[p.name, p.stat().st_mtime_ns, p.stat().st_size] for p in files]


def _finished(root: Path, api: NbGraderAPI, assignment: str, student: str) -> Outcome | None:
    """The outcome of a grading that was completed and is still current."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(_record(root, api, assignment, student).read_text(encoding="utf-8"))
        if kept.pop("stamp") == _stamp(root, api, assignment, student):
            return Outcome(**kept)
    return None


def _grade_one(
    root: Path, api: NbGraderAPI, assignment: str, student: str, notebooks: list[str]
) -> Outcome:
    record = _record(root, api, assignment, student)
    record.unlink(missing_ok=True)  # from here until the end it counts as interrupted
    course = api.coursedir
    folder = Path(course.format_path(course.submitted_directory, student, assignment))
    if not folder.is_dir():
        return _read_outcome(api, assignment, student, ["nothing was submitted"], [])
    notes = [problem for name in notebooks if (problem := _unreadable(folder / f"{name}.ipynb"))]
    repaired: list[str] = []
    if notes:
        _score_nothing(api, assignment, student, folder, "; ".join(notes))
    else:
        result = api.autograde(assignment, student, force=True)
        if not result["success"]:
            error = result.get("error", "").strip()
            if "KeyboardInterrupt" in error:  # nbgrader catches even that
                raise KeyboardInterrupt
            last = error.splitlines()[-1] if error else "no reason given"
            notes.append(f"could not be graded: {last[:300]}")
            _score_nothing(api, assignment, student, folder, notes[-1])
        else:
            notes, repaired = _notes(api, assignment, student, notebooks)
    outcome = _read_outcome(api, assignment, student, notes, repaired)
    record.parent.mkdir(parents=True, exist_ok=True)
    stamp = _stamp(root, api, assignment, student)
    new = record.with_suffix(".new")
    new.write_text(json.dumps({**asdict(outcome), "stamp": stamp}), encoding="utf-8")
    new.replace(record)  # whole or not at all
    return outcome


def _unreadable(path: Path) -> str:
    """Why a submitted notebook can't be graded, or ''."""
    if not path.is_file():
        return f"{path.name} is missing"
    try:
        nb = nbformat.read(path, as_version=4)
        if not nb.cells or not all(isinstance(c.source, str) and c.cell_type for c in nb.cells):
            return f"{path.name} has no cells"
    except Exception as problem:  # whatever nbformat makes of a broken file
        return f"{path.name} is not a readable notebook ({type(problem).__name__})"
    return ""


def _score_nothing(api: NbGraderAPI, assignment: str, student: str, folder: Path, why: str) -> None:
    """Put a submission that can't be graded into the gradebook, with 0 points and the reason."""
    timestamp = api.coursedir.get_existing_timestamp(str(folder))
    extra = {"timestamp": timestamp} if timestamp else {}
    with api.gradebook as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(assignment, student, **extra)
        for notebook in submission.notebooks:
            for each in notebook.grades:
                each.auto_score = 0
                each.needs_manual_grade = each.manual_score is not None
            for comment in notebook.comments:
                comment.auto_comment = f"Not graded: {why}."
        gradebook.db.commit()


def _notes(
    api: NbGraderAPI, assignment: str, student: str, notebooks: list[str]
) -> tuple[list[str], list[str]]:
    """What the preprocessors noted in the autograded notebooks."""
    course = api.coursedir
    folder = Path(course.format_path(course.autograded_directory, student, assignment))
    notes: list[str] = []
    repaired: list[str] = []
    for name in notebooks:
        kept = nbformat.read(folder / f"{name}.ipynb", as_version=4).metadata.get(NOTES, {})
        notes += [*kept.get("trouble", []), *kept.get("reasons", [])]
        repaired += kept.get("repaired", [])
    return notes, repaired


def _read_outcome(
    api: NbGraderAPI, assignment: str, student: str, notes: list[str], repaired: list[str]
) -> Outcome:
    """The gradebook's view of a submission."""
    with api.gradebook as gradebook:
        outcome = Outcome(student, assignment, note="; ".join(notes), repaired=repaired)
        outcome.max_score = float(gradebook.find_assignment(assignment).max_score)
        with contextlib.suppress(MissingEntry):
            submission = gradebook.find_submission(assignment, student)
            outcome.score = float(submission.score)
            outcome.late_seconds = float(submission.total_seconds_late)
            outcome.needs_manual_grade = bool(submission.needs_manual_grade)
    return outcome


def grades(root: Path, gradebook: Gradebook) -> pd.DataFrame:
    """Every student's score in every problem set, sorted by student and problem set."""
    rows = []
    notes = {}
    for path in Path(root).glob("*/.cxedu/*/*.json"):
        with contextlib.suppress(OSError, ValueError):
            kept = json.loads(path.read_text(encoding="utf-8"))
            notes[kept["student"], kept["assignment"]] = "; ".join(
                [*kept["repaired"], *filter(None, [kept["note"]])]
            )
    for assignment in gradebook.assignments:
        for student in gradebook.students:
            row: dict[str, Any] = {
                "student": student.id,
                "first_name": student.first_name or "",
                "last_name": student.last_name or "",
                "assignment": assignment.name,
                "timestamp": "",
                "due": assignment.duedate or "",
                "late_seconds": 0,
                "score": 0.0,
                "max_score": assignment.max_score,
                "needs_manual_grade": False,
                "note": "nothing was submitted",
            }
            with contextlib.suppress(MissingEntry):
                submission = gradebook.find_submission(assignment.name, student.id)
                row["timestamp"] = submission.timestamp or ""
                row["late_seconds"] = round(submission.total_seconds_late)
                row["score"] = max(
                    0.0, submission.score - (submission.late_submission_penalty or 0)
                )
                row["needs_manual_grade"] = bool(submission.needs_manual_grade)
                row["note"] = notes.get((student.id, assignment.name), "")
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["student", "assignment"], ignore_index=True)


class GradesExport(ExportPlugin):
    """`nbgrader export`: one row per student and problem set, quoted where a comma needs it."""

    def export(self, gradebook: Gradebook) -> None:
        root = Path(self.parent.coursedir.root) if self.parent else Path.cwd()
        table = grades(root, gradebook)
        for column, wanted in (("student", self.student), ("assignment", self.assignment)):
            if len(wanted):
                table = table[table[column].isin([str(w) for w in wanted])]
        table.to_csv(self.to or "grades.csv", index=False)


def export(root: Path, to: Path | None = None) -> Path:
    """Write grades.csv; returns its path."""
    root = Path(root).resolve()
    to = to or root / "grades.csv"
    with course_api(root).gradebook as gradebook:
        grades(root, gradebook).to_csv(to, index=False)
    return to


def main(arguments: list[str]) -> int:
    """`cxedu grade ps06 [student …]`, at the root of the course."""
    parser = argparse.ArgumentParser(
        prog="cxedu grade",
        description="Autograde the submissions of a problem set, and write grades.csv. "
        "Goes on where an interrupted run was.",
    )
    parser.add_argument("problem_set", help="its name, such as ps06")
    parser.add_argument("students", nargs="*", help="only these students")
    parser.add_argument("--again", action="store_true", help="grade everything anew")
    parser.add_argument("--workers", type=int, help="submissions at a time (default: processors)")
    parser.add_argument(
        "--sandbox",
        choices=("auto", "required", "off"),
        default="auto",
        help="required: refuse to grade without it",
    )
    chosen = parser.parse_args(arguments)
    root = Path.cwd()
    try:
        grade(
            root,
            chosen.problem_set,
            chosen.students or None,
            force=chosen.again,
            workers=chosen.workers,
            sandbox=chosen.sandbox,
        )
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    print(f"grades: {export(root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
