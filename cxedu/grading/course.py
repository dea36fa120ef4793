"""The course as nbgrader has it: its configuration, its folders and its gradebook."""

import logging
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.apps import NbGraderAPI
from sqlalchemy import text
from traitlets.config import Config, PyFileConfigLoader


def course_api(root: Path, extra: Config | None = None) -> NbGraderAPI:
    """nbgrader's own interface to the course at `root`, by its nbgrader_config.py."""
    root = Path(root).resolve()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.merge(extra or Config())
    log = logging.getLogger("traitlets")  # nbgrader adds a handler of its own to return the log
    log.propagate, log.handlers = False, [logging.NullHandler()]
    return NbGraderAPI(config=config, log_level="ERROR")


def folder(course: Any, step: str, assignment: str, student: str = ".") -> Path:
    """Where files are at a step of nbgrader's: source, release, submitted, autograded, feedback.

    `course` is nbgrader's CourseDirectory; source and release are the same for every student.
    """
    return Path(course.format_path(getattr(course, f"{step}_directory"), student, assignment))


def notebooks_of(api: NbGraderAPI, assignment: str) -> list[str]:
    """The problem set's notebooks, by the gradebook; a ValueError where it isn't in there."""
    with api.gradebook as gradebook:
        try:
            return [n.name for n in gradebook.find_assignment(assignment).notebooks]
        except MissingEntry:
            known = ", ".join(a.name for a in gradebook.assignments) or "none yet"
            raise ValueError(
                f"assignment is {assignment!r}; it must be in the gradebook (there: {known}). "
                f"Run: nbgrader generate_assignment {assignment}"
            ) from None


def patient(db_url: str) -> str:
    """The gradebook's address for many at a time: with SQLite, each waits a minute for its turn.

    Not for `nbgrader db upgrade`, which can't read this. SQLite's journal stays as it is: its
    write-ahead log made nothing faster, it doesn't work on network drives, where many courses are,
    and who copies a gradebook without the log's file, as after a power cut, loses what was in it.

    >>> patient("sqlite:////course/gradebook.db")
    'sqlite:////course/gradebook.db?timeout=60'
    """
    if not db_url.startswith("sqlite:") or "timeout=" in db_url:
        return db_url
    return f"{db_url}{'&' if '?' in db_url else '?'}timeout=60"


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
