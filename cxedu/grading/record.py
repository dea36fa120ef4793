"""What is kept of each grading: what became of a submission, from what, and made with what.

A record is removed before its submission is graded and written when the grades are in the
gradebook, so that whatever stops a run leaves those that were under way without one: the next run
grades exactly them. A power cut is no worse. SQLite forces each commit to the disk, and that comes
first; a record that was not written whole is no JSON; and one whose graded notebooks are not there
in the size that it names doesn't count. So nothing else need wait for the disk.
"""

import functools
import hashlib
import json
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cxedu
from cxedu.grading.course import folder
from cxedu.world import World

PACKAGES = ("numpy", "pandas", "scipy", "nbgrader", "nbclient", "ipykernel")


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
    in_process: list[str] = field(default_factory=list)  # cells judged in the student's process
    graded_with: str = ""


# --- made with what ----------------------------------------------------------------------------


@functools.cache
def made_with(root: Path) -> dict[str, str]:
    """The versions that marks in the course at `root` are made with.

    Returns
    -------
    dict
        cxedu and python: versions. packages: digest of the versions of those that compute. world:
        digest of a small company's tables, so that it changes when the data do, and not with a
        comment. lock: digest of the course's requirements.txt, or "" where there is none.
    """
    lock = Path(root) / "requirements.txt"
    return {
        "cxedu": cxedu.__version__,
        "python": platform.python_version(),
        "packages": _digest("\n".join(f"{name} {_version(name)}" for name in PACKAGES).encode()),
        "world": _world(),
        "lock": _digest(lock.read_bytes()) if lock.is_file() else "",
    }


def label(made: dict[str, str]) -> str:
    """In short: the version of cxedu, and a digest of all that can change a mark.

    The lock file is not among it: what is installed counts, and most of what it names computes
    nothing.

    >>> label({"cxedu": "0.1.0", "python": "3.11.2", "packages": "a", "world": "b", "lock": "c"})
    'cxedu 0.1.0 (a871fc46)'
    """
    counts = {k: v for k, v in sorted(made.items()) if k != "lock"}
    return f"cxedu {made['cxedu']} ({_digest(json.dumps(counts).encode())[:8]})"


@functools.cache
def _world() -> str:
    world = World(1, n_customers=50)
    tables = (world.customers, world.transactions, world.memberships, world.surveys, world.wallet)
    return _digest(b"".join(t.to_csv(index=False, float_format="%.8g").encode() for t in tables))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


# --- records -----------------------------------------------------------------------------------


def place(course: Any, assignment: str, student: str) -> Path:
    """Where the record of a submission is; `course` is nbgrader's CourseDirectory."""
    return Path(course.root, course.autograded_directory, ".cxedu", assignment, f"{student}.json")


def answers_file(course: Any, assignment: str, student: str) -> Path:
    """Where the answers that were handed in are kept, beside the record."""
    return place(course, assignment, student).with_suffix(".answers.json")


def read(path: Path) -> dict[str, Any]:
    """What was written there; nothing if that was not completed, or never begun."""
    with suppress(OSError, ValueError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    return {}


def write(path: Path, kept: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(kept), encoding="utf-8")
    new.replace(path)


def stamp(course: Any, assignment: str, student: str) -> list[Any]:
    """What the grade of a submission depends on, as times and sizes of files."""
    ours = (folder(course, step, assignment, student) for step in ("submitted", "source"))
    files = [path for each in ours for path in sorted(each.rglob("*")) if not path.is_dir()]
    counts = [p for p in files if not {".ipynb_checkpoints", "__pycache__"} & {*p.parts}]
    about = [(p.name, p.lstat()) for p in counts]  # of a link, and not of what it leads to
    return [[name, stat.st_mtime_ns, stat.st_size] for name, stat in about]


def _graded(course: Any, assignment: str, student: str) -> dict[str, int]:
    found = sorted(folder(course, "autograded", assignment, student).glob("*.ipynb"))
    return {path.name: path.stat().st_size for path in found}


def keep(course: Any, outcome: Outcome, stamped: list[Any] | None) -> None:
    """Write the record: from here on the grading is finished, unless there is no stamp."""
    names = (course, outcome.assignment, outcome.student)
    made = made_with(Path(course.root))
    more = {"stamp": stamped, "graded": _graded(*names), "made_with": made}
    write(place(*names), {**asdict(outcome), **more})


def forget(course: Any, assignment: str, student: str) -> None:
    """Remove the record: until there is a new one, the grading counts as interrupted."""
    place(course, assignment, student).unlink(missing_ok=True)
    answers_file(course, assignment, student).unlink(missing_ok=True)


def finished(course: Any, assignment: str, student: str) -> Outcome | None:
    """The outcome of a grading that was completed and is still current.

    It is current while the submission and the problem set are as they were. One that was made with
    other versions stays: a mark doesn't change because somebody updated a package. The report
    names those, and grading them again is the instructor's decision.
    """
    names = (course, assignment, student)
    kept = read(place(*names))
    with suppress(OSError, TypeError, KeyError):
        if kept["stamp"] == stamp(*names) and kept["graded"] == _graded(*names):
            return Outcome(**{f.name: kept[f.name] for f in fields(Outcome)})
    return None
