"""A course of its own for a test: one problem set, the fixture's if nothing else is said."""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cxedu.course.classroom import solved, submission
from cxedu.exercises import load
from cxedu.grading.course import course_api

ROOT = Path(__file__).parents[1]
PS = "ps90"
FIXTURE = Path(__file__).parent / "fixtures" / "course"
EXCHANGE = """
c.Exchange.root = str(ROOT / "exchange")
c.Exchange.cache = str(ROOT / "cache")
"""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def new_course(folder: Path, more: str = "", source: Path = FIXTURE / "solutions" / PS) -> Path:
    """A course with a problem set and an exchange; `more` ends its configuration."""
    shutil.copytree(source, folder / "solutions" / source.name)
    (folder / "exchange").mkdir()
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(f"{config}{EXCHANGE}{more}\n", encoding="utf-8")
    return folder


def generate(course: Path, name: str = PS) -> Path:
    """Make what students get, and the gradebook; returns the course."""
    made = course_api(course).generate_assignment(name)
    assert made["success"], made
    return course


def notebooks(course: Path, name: str = PS) -> list[NotebookNode]:
    """The notebook that students get, and the instructor's."""
    return [read(course / part / name / f"{name}.ipynb") for part in ("exercises", "solutions")]


def right_answers(course: Path) -> NotebookNode:
    """What students get, with the instructor's answers in it."""
    return solved(*notebooks(course))


def submissions(
    course: Path, who: dict[str, str], name: str = PS
) -> dict[str, tuple[NotebookNode, float]]:
    """What students of these behaviours hand in, and the points that they must get."""
    problem_set = load(name, course / "solutions" / name / "checks.py")
    both = notebooks(course, name)
    made = {kind: submission(kind, *both, problem_set) for kind in set(who.values())}
    return {student: made[kind] for student, kind in who.items()}


def submit(course: Path, student: str, nb: NotebookNode, name: str = PS) -> Path:
    """Hand it in; returns the folder that it is in."""
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(nb, folder / f"{name}.ipynb")
    return folder
