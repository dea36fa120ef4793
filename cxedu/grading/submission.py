"""What somebody submitted, as a private copy in which damaged files are put right.

nbgrader finds notebooks by their names in `submitted/`, and reads them as they are. So each
submission is graded from a copy that has what should be there under the name that it should have;
`submitted/` is left as it is. What is done inside notebooks is `repair.Repair`.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from cxedu.grading.course import folder

NBGRADERS = ("timestamp.txt", "submission_secret.txt")  # what its submit adds
FITS = 0.5  # of the ids of a notebook's cells; less, and it may be another problem set's
MOST_BYTES = 400 << 20  # of a notebook, with all the output that it was submitted with
KINDS = ("code", "markdown", "raw")


@dataclass
class Prepared:
    """A submission that is ready to be graded."""

    folder: Path  # where the copy is
    notebooks: dict[str, NotebookNode] = field(default_factory=dict)  # as they are in there
    time: datetime | None = None  # when it was handed in, if that is known
    repaired: dict[str, list[str]] = field(default_factory=dict)  # by notebook
    missing: dict[str, str] = field(default_factory=dict)  # notebook → why it can't be graded
    notes: list[str] = field(default_factory=list)


@contextmanager
def prepared(course: Any, student: str, assignment: str, names: list[str]) -> Iterator[Prepared]:
    """Copy a submission to where nobody looks, for as long as it is being graded.

    Parameters
    ----------
    course : nbgrader's CourseDirectory
    student, assignment : str
        Whose submission of which problem set.
    names : list of str
        The problem set's notebooks.
    """
    # A name of its own, the same each time: what a killed run leaves is removed by the next one.
    key = hashlib.sha256(f"{assignment}/{student}".encode()).hexdigest()[:16]
    place = Path(course.root, course.autograded_directory, ".cxedu", "under_way", key)
    shutil.rmtree(place, ignore_errors=True)
    try:
        yield prepare(course, student, assignment, names, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def prepare(course: Any, student: str, assignment: str, names: list[str], copy: Path) -> Prepared:
    """Put a copy of a submission there."""
    source = folder(course, "source", assignment)
    copy.mkdir(parents=True)
    ready = Prepared(copy)
    found = folder(course, "submitted", assignment, student)
    files = _files(found, course, ready.notes)
    notebooks = {p: t for p, t in files.items() if _may_be_notebook(p, names)}
    ready.notebooks = _notebooks(notebooks, names, source, ready)
    for name, nb in ready.notebooks.items():
        (copy / f"{name}.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    others = {p: t for p, t in files.items() if p not in notebooks}
    for path, target in others.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copy / path)
    ready.time = _time(copy / "timestamp.txt", ready.notes)
    extra = [p for p in others if str(p) not in NBGRADERS and not (source / p).exists()]
    if extra:
        ready.notes.append(f"extra files, which are not graded: {_list(extra)}")
    return ready


def _files(folder: Path, course: Any, notes: list[str]) -> dict[Path, Path]:
    """What is to be copied: ordinary files that nbgrader doesn't ignore, by path in the folder."""
    files = {}
    left_out = []
    for path in sorted(folder.rglob("*")):
        if ignored(path, folder, course.ignore):
            continue
        inside = path.relative_to(folder)
        # A link could name anything that the grader may read, and a pipe would never end.
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            left_out.append(inside)
        elif path.is_file():
            most = MOST_BYTES if path.suffix == ".ipynb" else course.max_file_size * 1000
            if path.stat().st_size > most or not os.access(path, os.R_OK):
                left_out.append(inside)
            else:
                files[inside] = path
    if left_out:
        notes.append(
            f"left out, because too large, unreadable or no ordinary file: {_list(left_out)}"
        )
    return files


def ignored(path: Path, folder: Path, patterns: list[str]) -> bool:
    """Whether a file of a folder is to be ignored, by its name or that of a folder around it.

    nbgrader's own function looks through everybody's submissions for each file that it is asked
    about, since one of the course's patterns names them.
    """
    above = [path, *(folder / p for p in path.relative_to(folder).parents if p.name)]
    return any(fnmatch(p.name, i) or fnmatch(str(p), i) for p in above for i in patterns)


def _may_be_notebook(path: Path, names: list[str]) -> bool:
    # Browsers save “ps06.ipynb.txt”, “ps06.json” and “ps06 (1).ipynb”.
    return ".ipynb" in path.name.lower() or (path.suffix == ".json" and path.stem in names)


def _time(path: Path, notes: list[str]) -> datetime | None:
    """When it was handed in. A timestamp that is none would stop nbgrader."""
    if path.is_file():
        try:
            return parse_utc(path.read_text().strip() or "now?")
        except Exception:  # in ways of its own on odd text
            notes.append("timestamp.txt holds no time, so whether it was late isn't known")
            path.unlink()
    return None


def _list(paths: list[Path]) -> str:
    shown = ["".join(c if c.isprintable() else "�" for c in p.as_posix()) for p in paths[:5]]
    return ", ".join(shown) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


# --- which notebook is which -------------------------------------------------------------------


def _notebooks(
    found: dict[Path, Path], names: list[str], source: Path, ready: Prepared
) -> dict[str, NotebookNode]:
    """The problem set's notebooks: by name, or by their cells where a name is missing."""
    usable = {}
    for name in names:
        target = found.get(Path(f"{name}.ipynb"))
        if target is None:
            ready.missing[name] = f"{name}.ipynb is missing"
            continue
        try:
            usable[name], changes = read(target.read_bytes())
        except Unreadable as problem:
            ready.missing[name] = f"{name}.ipynb {problem}"
        else:
            if changes:
                ready.repaired[name] = changes
    others = {p: t for p, t in found.items() if p not in [Path(f"{n}.ipynb") for n in names]}
    taken = set()
    for name in list(ready.missing):
        fits = _fitting(others, source / f"{name}.ipynb")
        if len(fits) > 1:
            ready.missing[name] += f", and it could be any of {_list([path for path, *_ in fits])}"
        elif fits:
            path, usable[name], changes = fits[0]
            why = ready.missing.pop(name)
            said = f"{why}; “{_list([path])}” was graded, because it has the ids of its cells."
            ready.repaired[name] = [said, *changes]
            taken.add(path)
    extra = [path for path in others if path not in taken]
    if extra:
        ready.notes.append(f"extra notebooks, which are not graded: {_list(extra)}")
    return usable


def _fitting(others: dict[Path, Path], source: Path) -> list[tuple[Path, NotebookNode, list[str]]]:
    """The notebooks that have most of the cells of `source`; identical files count once."""
    fits: dict[bytes, tuple[Path, NotebookNode, list[str]]] = {}
    wanted = _ids(nbformat.read(source, as_version=4)) if source.is_file() else []
    for path, target in others.items():
        try:
            nb, changes = read(data := target.read_bytes())
        except Unreadable:
            continue
        pairs = zip(wanted, _ids(nb), strict=False)
        if any(want and len(want & have) >= FITS * len(want) for want, have in pairs):
            fits.setdefault(data, (path, nb, changes))
    return list(fits.values())


def _ids(nb: NotebookNode) -> list[set[str]]:
    """The ids that nbgrader gave to cells, and those that Jupyter gave."""
    given = [c.metadata.get("nbgrader") for c in nb.cells]
    by_nbgrader = {str(g.get("grade_id")) for g in given if isinstance(g, dict)}
    return [by_nbgrader, {c.id for c in nb.cells if "id" in c}]


# --- a notebook that is none -------------------------------------------------------------------


class Unreadable(Exception):
    """Why a file can't be read as a notebook."""


def read(data: bytes) -> tuple[NotebookNode, list[str]]:
    """Read a notebook, however odd its cells are. Outputs are left out: it is going to be run.

    Returns
    -------
    NotebookNode, list of str
        In the current format; and what had to be put right, in words.

    Raises
    ------
    Unreadable
        If it isn't JSON, or has no cells.
    """
    try:
        raw = json.loads(data)
        if b"\\ud" in data.lower():  # half of a character: it can't be written again
            raw = json.loads(json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"))
        if not isinstance(raw, dict):
            raise Unreadable("is not a readable notebook (no notebook at all)")
        changes = []
        if "worksheets" in raw and "cells" not in raw:
            changes.append(
                f"The notebook was in an old format ({raw.get('nbformat')}); it was upgraded."
            )
            raw = nbformat.convert(nbformat.from_dict({"nbformat": 3, **raw}), 4)
        nb = nbformat.from_dict(raw)
        changes += _mend(nb)
        if not nb.cells:
            raise Unreadable("has no cells")
        return nb, changes
    except (Unreadable, MemoryError):
        raise
    except Exception as problem:  # whatever a broken file leads to
        raise Unreadable(f"is not a readable notebook ({type(problem).__name__})") from None


def _mend(nb: NotebookNode) -> list[str]:
    """Make a notebook what nbformat expects; returns what was changed, in words."""
    done = []
    if nb.get("nbformat") != 4:
        nb.update(nbformat=4, nbformat_minor=5)
        done.append("Its format was missing or odd; the usual one was taken.")
    if not isinstance(nb.get("nbformat_minor"), int):
        nb["nbformat_minor"] = 0
    if not isinstance(nb.get("metadata"), dict):
        nb["metadata"] = NotebookNode()
    for key in ("kernelspec", "language_info"):
        if not isinstance(nb.metadata.get(key, {}), dict):
            del nb.metadata[key]
    cells = nb.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("has no cells")
    nb.cells = [cell for cell in cells if isinstance(cell, dict)]
    if len(nb.cells) < len(cells):
        done.append("What stood in place of a cell and was none was left out.")
    used: set[str] = set()
    for cell in nb.cells:
        done += _mend_cell(cell)
        if nb.nbformat_minor >= 5:
            done += _mend_id(cell, used)
    return list(dict.fromkeys(done))


def _mend_cell(cell: NotebookNode) -> list[str]:
    done = []
    text = cell.get("source")
    parts = text if isinstance(text, list) else [text]
    cell.source = "".join(part for part in parts if isinstance(part, str))
    if not all(isinstance(part, str) for part in parts):
        done.append("A cell whose text was missing or odd was taken as far as it could be read.")
    if not isinstance(cell.get("metadata"), dict):
        cell.metadata = NotebookNode()
        done.append("The lost metadata of a cell was made anew.")
    tags = cell.metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        del cell.metadata["tags"]
        done.append("Odd tags of a cell were dropped.")
    if cell.get("cell_type") not in KINDS:
        cell.cell_type = "code" if "outputs" in cell else "markdown"
        done.append("A cell of no known type was taken for text or code by what it holds.")
    if cell.cell_type == "code":
        cell.update(outputs=[], execution_count=None)
    return done


def _mend_id(cell: NotebookNode, used: set[str]) -> list[str]:
    name = cell.get("id")
    valid = isinstance(name, str) and bool(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name))
    if not valid or name in used:
        cell["id"] = next(i for n in range(10**6) if (i := f"cell-{n}") not in used)
    used.add(cell["id"])
    if valid and name != cell["id"]:
        return [f"Two cells had the id “{name}”; one got a new one."]
    return []
