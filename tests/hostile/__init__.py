"""A corpus of hostile and damaged submissions of the fixture problem set: what each tries, and what it must get.

Every submission starts as a right one, worth 8 points, and is changed by one attempt. Read
`attempts()`; `tests/test_hostile.py` grades them all, and the table on the instructors' page is
made from them (`python tests/test_hostile.py` writes it anew).
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

GROUPS = {
    "forging": "Forging the judge's verdict",
    "reading": "Reading what isn't theirs",
    "network": "Reaching out",
    "resources": "Using up the machine",
    "processes": "Playing tricks with processes",
    "damage": "Damaged notebooks",
    "pages": "Scripts for who reads the feedback",
    "honest": "Honest, but odd",
    "undefended": "What is not defended",
}
PS = "ps90"
ALL = (2, 3, 2, 1)  # points of the four tasks
MARK = "cxedu-hostile"  # in the name of everything that an attempt tries to leave behind
SECRET = "cxedu-hostile-secret"  # in everything that no attempt may learn
FOR_EVER = "# takes for ever"  # in cells that must be stopped soon

# Says how a try ended, so that the test can see that it was made, and what stopped it.
TRIED = '''
def tried(what):
    """Say how it ended."""
    try:
        print("tried:", what())
    except BaseException as problem:
        print("tried:", type(problem).__name__, problem)
'''


@dataclass(frozen=True)
class Bait:
    """What the author of an attempt is taken to know about the grader's machine."""

    course: Path
    secret: Path  # a file outside of the course
    tcp: int
    udp: int
    abstract: str  # name of a unix socket without a file
    path: str  # of a unix socket
    grader: int  # its process


@dataclass
class Submission:
    """What is handed in: a notebook that earns everything, until an attempt changes it."""

    student: str
    nb: NotebookNode
    folder: Path
    bait: Bait

    @property
    def file(self) -> Path:
        return self.folder / f"{PS}.ipynb"

    def place(self, cell: str) -> int:
        """Where the cell of this id is."""
        return next(i for i, c in enumerate(self.nb.cells) if c.id == cell)

    def cell(self, cell: str) -> NotebookNode:
        """The cell of this id."""
        return self.nb.cells[self.place(cell)]

    def fill(self, code: str) -> str:
        """Code with the names of the bait in it."""
        for name, value in vars(self.bait).items():
            code = code.replace(f"@{name.upper()}@", str(value))
        return code.replace("@SECRET_WORD@", SECRET).replace("@MARK@", MARK)


Change = Callable[[Submission], Any]


@dataclass(frozen=True)
class Attempt:
    """One submission.

    Parameters
    ----------
    name : str
        Short; with the group's it is the student's id.
    tries : str
        What it tries, for the table.
    change : callable
        Turns the right submission into this one. A function that it returns is called once the
        notebook is written, to damage that.
    happens : str
        What becomes of it, for the table.
    earns : tuple of float
        The points that it must get for each task.
    note : str
        Words that the summary must have.
    shows : str
        A regular expression for what its cells must show: how its tries ended.
    sandbox : bool
        It is only tried where there is one: elsewhere it could do what it tries.
    """

    name: str
    tries: str
    change: Change
    happens: str
    earns: tuple[float, ...] = ALL
    note: str = ""
    shows: str = ""
    sandbox: bool = False


def instead(task: int, code: str) -> Change:
    """Code in place of the answer to a task."""

    def change(s: Submission) -> None:
        s.cell(f"{PS}-{task}-answer").source = s.fill((TRIED if "tried(" in code else "") + code)

    return change


def after(task: int, code: str) -> Change:
    """Code after the right answer to a task, in the same cell."""

    def change(s: Submission) -> None:
        added = s.fill((TRIED if "tried(" in code else "") + code)
        s.cell(f"{PS}-{task}-answer").source += f"\n{added}"

    return change


def both(*changes: Change) -> Change:
    """Several changes of one submission."""

    def change(s: Submission) -> None:
        for each in changes:
            each(s)

    return change


def attempts() -> dict[str, Attempt]:
    """All of them, by the id of the student who hands it in."""
    found = {}
    for group in GROUPS:
        for attempt in importlib.import_module(f"{__name__}.{group}").ATTEMPTS:
            found[f"{group}-{attempt.name}"] = attempt
    return found
