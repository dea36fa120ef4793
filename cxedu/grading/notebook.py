"""What the preprocessors share: what a notebook says of itself, and the course that it belongs to."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook

from cxedu.grading.course import folder

Resources = dict[str, Any]  # what nbgrader's preprocessors hand on beside the notebook
CHECK = re.compile(r"\bcheck\(\s*[\"']([\w-]+\.[\w.-]+)[\"']")
NOT_RUN = "NotRun"  # the error that stands in a cell that was not run
NOTES = "cxedu"  # notebook metadata: what was repaired and what went wrong


def checked_task(source: str) -> str:
    """The task that a graded cell checks, or '' for one with ordinary nbgrader tests."""
    found = CHECK.search(source)
    return found.group(1) if found else ""


def note(nb: NotebookNode, kind: str, text: str) -> None:
    """Remember for the summary what was repaired or what went wrong."""
    kept = nb.metadata.setdefault(NOTES, {}).setdefault(kind, [])
    if text not in kept:
        kept.append(text)


def coursedir(preprocessor: Any) -> Any:
    """The course directory of the converter that runs this preprocessor."""
    while getattr(preprocessor, "coursedir", None) is None:
        preprocessor = preprocessor.parent
    return preprocessor.coursedir


@contextmanager
def gradebook_of(resources: Resources) -> Iterator[Gradebook]:
    """The gradebook: the one that `Grader` has open or, under nbgrader's own command, one for now."""
    if "gradebook" in resources:
        yield resources["gradebook"]
    else:
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            yield gradebook


def source_cells(preprocessor: Any, resources: Resources) -> list[dict[str, Any]]:
    """The cells of the instructor's version of the notebook; none where there is no such file."""
    names = resources["nbgrader"]
    source = folder(coursedir(preprocessor), "source", names["assignment"])
    path = source / f"{names['notebook']}.ipynb"
    return _cells(path, path.stat().st_mtime_ns) if path.is_file() else []


@lru_cache(maxsize=4)  # the same for every student
def _cells(path: Path, changed: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found
