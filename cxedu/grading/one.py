"""One submission, from what was handed in to its record: repaired, graded by nbgrader, noted."""

import contextlib
import functools
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import nbformat
import orjson
from nbformat import NotebookNode, v4
from nbformat.v4.rwbase import split_lines, strip_transient
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import rmtree, setenv, temp_attrs
from sqlalchemy import text
from traitlets.config import Config, PyFileConfigLoader
from traitlets.utils.importstring import import_item

from cxedu.grading import record, sqlite
from cxedu.grading.preprocessors import NOTES, note
from cxedu.grading.record import Outcome
from cxedu.grading.submission import NBGRADERS, Prepared, ignored, prepared


def course_api(root: Path, extra: Config | None = None) -> NbGraderAPI:
    """nbgrader's own interface to the course at `root`, by its nbgrader_config.py."""
    root = Path(root).resolve()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.merge(extra or Config())
    log = logging.getLogger("traitlets")  # nbgrader adds a handler of its own to return the log
    log.propagate, log.handlers = False, [logging.NullHandler()]
    return NbGraderAPI(config=config, log_level="ERROR")


def patient(db_url: str) -> str:
    """The gradebook's address for many at a time: with SQLite, each waits a minute for its turn,
    and queries are compiled once (`cxedu.grading.sqlite`).

    Not for `nbgrader db upgrade`, which can't read this. SQLite's journal stays as it is: its
    write-ahead log made nothing faster, and who copies a gradebook without the log's file, as one
    does after a power cut, loses what was in it.

    >>> patient("sqlite:////course/gradebook.db")
    'sqlite+shared:////course/gradebook.db?timeout=60'
    """
    if not db_url.startswith("sqlite:") or "timeout=" in db_url:
        return db_url
    address = db_url.replace("sqlite:", f"{sqlite.NAME}:", 1)
    return f"{address}{'&' if '?' in db_url else '?'}timeout=60"


_FOUND_BY = {"grade": "notebook_id", "comment": "notebook_id", "base_cell": "notebook_id"}
_FOUND_BY |= {"submitted_notebook": "assignment_id", "submitted_assignment": "student_id"}


def add_indices(api: NbGraderAPI) -> None:
    """Let the gradebook find one submission's rows without reading everybody's.

    nbgrader makes no indices for that. With 10,000 submissions in it each took half as long again.
    """
    with api.gradebook as gradebook:
        for table, column in _FOUND_BY.items():
            name = f"cxedu_{table}_{column}"
            gradebook.db.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
        gradebook.db.commit()


def grade_submission(
    api: NbGraderAPI, assignment: str, student: str, notebooks: list[str]
) -> Outcome:
    """Grade what somebody submitted, and keep a record of it.

    Parameters
    ----------
    api : NbGraderAPI
        Of `course_api`.
    assignment, student : str
    notebooks : list of str
        The problem set's notebooks, without `.ipynb`.
    """
    course = api.coursedir
    record.forget(course, assignment, student)  # from here until the end it counts as interrupted
    stamp = record.stamp(course, assignment, student)
    with api.gradebook as gradebook:
        if not Path(course.format_path(course.submitted_directory, student, assignment)).is_dir():
            nothing = Outcome(student, assignment, note="nothing was submitted")
            return read_outcomes(gradebook, [nothing])[0]
        with prepared(course, student, assignment, notebooks) as ready:
            notes = [*ready.missing.values(), *ready.notes]
            failed = _autograde(api, gradebook, assignment, student, notebooks, ready)
            if failed:
                notes.append(f"could not be graded: {failed}")
                ready.missing = dict.fromkeys(notebooks, notes[-1])
            score_nothing(course, gradebook, assignment, student, ready.missing)
        graded = [name for name in notebooks if name not in ready.missing]
        outcome = _noted(api, assignment, student, graded)
        outcome.note = "; ".join(filter(None, [*notes, outcome.note]))
        outcome.graded_with = record.label(record.made_with(Path(course.root)))
        read_outcomes(gradebook, [outcome])
    record.keep(course, outcome, stamp)
    return outcome


def _autograde(
    api: NbGraderAPI,
    gradebook: Gradebook,
    assignment: str,
    student: str,
    notebooks: list[str],
    ready: Prepared,
) -> str:
    """Grade what is ready as nbgrader's Autograde is told to; returns why it couldn't, or ''."""
    course = api.coursedir
    graded = Path(course.format_path(course.autograded_directory, student, assignment))
    if graded.exists():
        rmtree(str(graded))  # of an earlier submission
    names = [name for name in notebooks if name not in ready.missing]
    if not names:
        return ""
    about = {"assignment_id": assignment, "student_id": student}
    try:
        with temp_attrs(course, **about), setenv(NBGRADER_EXECUTION="autograde"):
            _convert(api, gradebook, assignment, student, names, ready)
    except Exception as problem:
        gradebook.db.rollback()  # whatever it had begun to save
        if graded.exists():
            rmtree(str(graded))
        return f"{type(problem).__name__}: {str(problem)[:300]}"
    return ""


def _convert(
    api: NbGraderAPI,
    gradebook: Gradebook,
    assignment: str,
    student: str,
    names: list[str],
    ready: Prepared,
) -> None:
    """What nbgrader's converter does: prepare the folder, then each notebook, step by step.

    It writes and reads a notebook again between repair and running, makes each step anew for each
    submission, and opens the gradebook for each thing that it wants to know.
    """
    course = api.coursedir
    autograde, steps = _steps(api)
    mine = Path(course.format_path(ready.submitted, student, assignment))
    graded = Path(course.format_path(course.autograded_directory, student, assignment))
    autograde.notebooks = [str(mine / f"{name}.ipynb") for name in names]
    autograde.run_pre_convert_hook()
    _overwrite(course, autograde.exclude_overwriting.get(assignment, []), assignment, mine)
    shutil.copytree(mine, graded, ignore=shutil.ignore_patterns("*.ipynb"))
    timestamp = course.get_existing_timestamp(str(mine))
    gradebook.update_or_create_student(student)
    extra = {"timestamp": timestamp} if timestamp else {}
    gradebook.update_or_create_submission(assignment, student, **extra)
    about = {"assignment": assignment, "student": student, "db_url": course.db_url}
    for name in names:
        nb = nbformat.read(mine / f"{name}.ipynb", as_version=4)
        resources: Any = {"unique_key": name, "metadata": {"name": name, "path": str(mine)}}
        resources |= {"nbgrader": {**about, "notebook": name}, "gradebook": gradebook}
        resources["repaired"] = ready.repaired.get(name, [])
        for step in steps:
            nb, resources = step(nb, resources)
        nbformat.validate(nb, relax_add_props=True)
        (graded / f"{name}.ipynb").write_text(_text(nb), encoding="utf-8")
    autograde.set_permissions(assignment, student)
    autograde.run_post_convert_hook()


@functools.lru_cache(maxsize=1)  # the same for everybody
def _steps(api: NbGraderAPI) -> tuple[Autograde, list[Any]]:
    """nbgrader's Autograde as nbgrader_config.py has it, and its preprocessors."""
    autograde = Autograde(coursedir=api.coursedir, parent=api)
    chosen = [*autograde.sanitize_preprocessors, *autograde.autograde_preprocessors]
    kinds = [import_item(kind) if isinstance(kind, str) else kind for kind in chosen]
    return autograde, [kind(parent=autograde) for kind in kinds]


def _overwrite(course: CourseDirectory, kept: list[str], assignment: str, mine: Path) -> None:
    """Put the instructor's files over the student's, but those that students are to write."""
    source = Path(course.format_path(course.source_directory, ".", assignment))
    patterns = [*course.ignore, "*.ipynb"]
    for path in source.rglob("*"):
        inside = path.relative_to(source)
        if path.is_file() and str(inside) not in kept and not ignored(path, source, patterns):
            (mine / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, mine / inside)


def _text(nb: NotebookNode) -> str:
    """A notebook's file, as nbformat writes it, by a faster library."""
    try:
        as_usual = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        return orjson.dumps(split_lines(strip_transient(nb)), option=as_usual).decode() + "\n"
    except TypeError:  # it is stricter about numbers, depth and text
        return f"{nbformat.writes(nb)}\n"


def score_nothing(
    course: CourseDirectory,
    gradebook: Gradebook,
    assignment: str,
    student: str,
    missing: dict[str, str],
) -> None:
    """Put notebooks that can't be graded into the gradebook, with 0 points and the reason.

    A notebook that says so stands in for each in `autograded/`, so that it can be looked at, graded
    by hand and get feedback as any other.
    """
    if not missing:
        return
    folder = course.format_path(course.submitted_directory, student, assignment)
    extra = {}
    with contextlib.suppress(Exception):  # nbgrader fails in ways of its own on a damaged file
        timestamp = course.get_existing_timestamp(folder)
        extra = {"timestamp": timestamp} if timestamp else {}
    graded = Path(course.format_path(course.autograded_directory, student, assignment))
    graded.mkdir(parents=True, exist_ok=True)
    for name in NBGRADERS:  # nbgrader's release_feedback looks for them
        source, target = Path(folder) / name, graded / name
        if source.is_file() and not source.is_symlink() and not target.exists():
            shutil.copyfile(source, target)
    gradebook.update_or_create_student(student)
    submission = gradebook.update_or_create_submission(assignment, student, **extra)
    for notebook in submission.notebooks:
        if notebook.name not in missing:
            continue
        for each in notebook.grades:
            each.auto_score = 0
            each.needs_manual_grade = each.manual_score is not None
        for comment in notebook.comments:
            comment.auto_comment = f"Not graded: {missing[notebook.name]}."
        path = graded / f"{notebook.name}.ipynb"
        path.unlink(missing_ok=True)
        nbformat.write(_stand_in(notebook, missing[notebook.name]), path)
    gradebook.db.commit()


def _stand_in(notebook: SubmittedNotebook, why: str) -> NotebookNode:
    """The graded cells of a notebook that couldn't be graded, empty, and the reason."""
    nb = v4.new_notebook()
    note(nb, "trouble", f"Not graded: {why}.")
    nb.metadata[NOTES]["stand_in"] = True
    # As output, since that is shown as it is: the reason may quote a file's name.
    said = v4.new_output("stream", name="stdout", text=f"Not graded: {why}.\n")
    nb.cells.append(v4.new_code_cell(outputs=[said]))
    for grade in notebook.grades:
        cell = v4.new_code_cell()
        kind = {"grade": True, "solution": False, "task": False, "locked": True}
        about = {"schema_version": 3, "grade_id": grade.name, "points": grade.max_score}
        cell.metadata["nbgrader"] = {**about, **kind, "cell_type": "code"}
        nb.cells.append(cell)
    return nb


def _noted(api: NbGraderAPI, assignment: str, student: str, notebooks: list[str]) -> Outcome:
    """What the preprocessors noted in the autograded notebooks."""
    course = api.coursedir
    folder = Path(course.format_path(course.autograded_directory, student, assignment))
    outcome = Outcome(student, assignment)
    notes: list[str] = []
    for name in notebooks:
        nb = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))
        kept = nb["metadata"].get(NOTES, {})
        outcome.repaired += kept.get("repaired", [])
        outcome.in_process += kept.get("in_process", [])
        notes += [*kept.get("trouble", []), *kept.get("reasons", []), *_not_installed(nb)]
    outcome.note = "; ".join(notes)
    return outcome


def _not_installed(nb: dict[str, Any]) -> list[str]:
    """The imports that failed: perhaps the course should have the package."""
    outputs = [output for cell in nb["cells"] for output in cell.get("outputs", [])]
    failed = [o for o in outputs if o.get("ename") == "ModuleNotFoundError"]
    return list(dict.fromkeys(o["evalue"][:100] for o in failed))


def read_outcomes(gradebook: Gradebook, outcomes: list[Outcome]) -> list[Outcome]:
    """Fill in the gradebook's view of submissions."""
    for outcome in outcomes:
        outcome.max_score = float(gradebook.find_assignment(outcome.assignment).max_score)
        with contextlib.suppress(MissingEntry):
            submission = gradebook.find_submission(outcome.assignment, outcome.student)
            outcome.score = float(submission.score)
            outcome.late_seconds = float(submission.total_seconds_late)
            outcome.needs_manual_grade = bool(submission.needs_manual_grade)
    return outcomes
