"""Grade a sample again with nbgrader's own command, and say where the marks differ.

What is compared is everything that is ours and not nbgrader's: the warm process, the sandbox, many
at a time, resuming. The course's preprocessors, which judge, are part of both.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pandas as pd
from nbgrader.api import Gradebook, MissingEntry
from traitlets.config import Config

from cxedu import validate
from cxedu.grading import confine
from cxedu.grading.course import course_api, folder
from cxedu.grading.submission import prepare

COLUMNS = ["student", "task", "score", "stock"]
# In the sandbox only the copy of the course and /tmp can be written to.
_START = """
import os, sys
os.chdir(sys.argv.pop(1))
os.environ.update(HOME="/tmp", JUPYTER_RUNTIME_DIR="/tmp/runtime", IPYTHONDIR="/tmp/ipython")
from nbgrader.apps import NbGraderApp
NbGraderApp.launch_instance()
"""


def verify(
    root: Path, assignment: str, number: int, sandboxed: bool
) -> tuple[list[str], pd.DataFrame]:
    """Grade some submissions with `nbgrader autograde`, in a course and gradebook of its own.

    Parameters
    ----------
    root : Path
        The course.
    assignment : str
        The problem set, which has been graded.
    number : int
        How many submissions, at least 1, the same ones each time; all where there are fewer.
    sandboxed : bool
        Whether nbgrader as a whole is run in the sandbox. Its kernels are ordinary ones: outside,
        students' code sees what you see.

    Returns
    -------
    list of str, DataFrame
        Whose submissions were graded, and the tasks whose automatic score differs: student, task,
        score (in the gradebook), stock (what nbgrader gave, 0 where it gave nothing).

    Raises
    ------
    ValueError
        If `number` is no whole number of at least 1, or nothing was graded before.
    RuntimeError
        If nbgrader graded nothing at all.
    """
    number = validate.whole("number", number, low=1)
    root = Path(root).resolve()
    api = course_api(root)
    with api.gradebook as gradebook:
        graded = sorted(s.student.id for s in gradebook.assignment_submissions(assignment))
        graded = [s for s in graded if folder(api.coursedir, "submitted", assignment, s).is_dir()]
        if not graded:
            raise ValueError(
                f"assignment is {assignment!r}; it must be graded before it can be verified."
            )
        students = sorted(random.Random(f"1/{assignment}").sample(graded, min(number, len(graded))))
        with tempfile.TemporaryDirectory(prefix="cx") as place:
            address = stock(root, assignment, students, Path(place) / "course", sandboxed)
            with Gradebook(address) as other:
                rows = []
                for student in students:
                    theirs = _marks(other, assignment, student)
                    for (notebook, task), score in _marks(gradebook, assignment, student).items():
                        given = theirs.get((notebook, task), 0.0)
                        if abs(score - given) > 1e-9:
                            rows.append((student, task, score, given))
    return students, pd.DataFrame(rows, columns=COLUMNS)


def stock(root: Path, assignment: str, students: list[str], copy: Path, sandboxed: bool) -> str:
    """Run `nbgrader autograde` on these submissions in a new course at `copy`.

    Submissions are handed over with their files put right, as `grade` does.

    Returns
    -------
    str
        The address of the new course's gradebook.
    """
    api = course_api(root)
    copy.mkdir()
    shutil.copy(root / "nbgrader_config.py", copy)
    address = f"sqlite:///{copy}/gradebook.db"
    other = course_api(copy, Config(CourseDirectory={"db_url": address}))
    mine, theirs = api.coursedir, other.coursedir
    source = folder(theirs, "source", assignment)
    if not source.exists():
        shutil.copytree(folder(mine, "source", assignment), source)
    made = other.generate_assignment(assignment)
    if not made["success"]:
        raise RuntimeError(f"nbgrader could not generate {assignment}:\n{made.get('error', '')}")
    with api.gradebook as gradebook, other.gradebook as new:
        was = gradebook.find_assignment(assignment)
        new.update_or_create_assignment(assignment, duedate=was.duedate)
        names = [notebook.name for notebook in was.notebooks]
    for student in students:
        handed_in = folder(theirs, "submitted", assignment, student)
        prepare(mine, student, assignment, names, handed_in)
    place = confine.BOXES if sandboxed else str(copy)
    words = ["-c", _START, place, "autograde", assignment, f"--CourseDirectory.root={place}"]
    words += [f"--CourseDirectory.db_url=sqlite:///{place}/gradebook.db"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CXEDU_")}
    command = confine.command(copy, root, words) if sandboxed else [sys.executable, *words]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        env={**environment, **confine.steady()},
    )
    with Gradebook(address) as new:
        if not new.assignment_submissions(assignment):
            raise RuntimeError(f"nbgrader graded nothing:\n{done.stderr.strip()[-2000:]}")
    return address


def _marks(gradebook: Gradebook, assignment: str, student: str) -> dict[tuple[str, str], float]:
    """What a submission's tasks earned by themselves, by notebook and task."""
    with suppress(MissingEntry):
        notebooks = gradebook.find_submission(assignment, student).notebooks
        return {(n.name, g.name): g.auto_score or 0.0 for n in notebooks for g in n.grades}
    return {}
