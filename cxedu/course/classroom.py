"""A simulated class: twelve students of known behaviour, from release to gradebook.

It shows a professor what a graded class looks like, and proves that each kind of submission gets
exactly the score that it should.
"""

import ast
import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat import NotebookNode
from nbgrader import utils

from cxedu.course.release import problem_sets
from cxedu.exercises import ProblemSet, Task, load
from cxedu.feedback import feedback
from cxedu.grading.course import course_api
from cxedu.grading.notebook import checked_task
from cxedu.grading.run import export, grade

DUE, ON_TIME, LATE = "2026-03-06 18:00:00", "2026-03-05 12:00:00", "2026-03-06 20:00:00"
LATE_SECONDS = 2 * 60 * 60


@dataclass(frozen=True)
class Student:
    """A simulated student and what they do."""

    id: str
    behaviour: str
    first_name: str
    last_name: str


BEHAVIOURS = [
    "perfect",
    "partly wrong, odd tasks",
    "partly wrong, even tasks",
    "other right way",
    "blank",
    "a cell raises",
    "the kernel dies",
    "late",
    "missing",
    "deleted check",
    "duplicated check",
    "warnings",
]


def students() -> list[Student]:
    """The class; the same names each time.

    >>> [s.behaviour for s in students()][:2]
    ['perfect', 'partly wrong, odd tasks']
    """
    from faker import Faker

    names = Faker("en_US")
    names.seed_instance(2026)
    return [
        Student(f"s{number:02}", behaviour, names.first_name(), names.last_name())
        for number, behaviour in enumerate(BEHAVIOURS, 1)
    ]


# --- the problem set as a student sees it ------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a task is in a notebook."""

    task: str
    variable: str  # what the check cell checks
    answer: int  # index of the answer cell
    check: int  # index of the check cell


def places(nb: NotebookNode) -> list[Place]:
    """The tasks of a notebook with their answer and check cells, in order."""
    found = []
    answer = -1
    for index, cell in enumerate(nb.cells):
        if utils.is_solution(cell) and not utils.is_grade(cell):
            answer = index
        task = checked_task(cell.source) if utils.is_grade(cell) else ""
        if task and cell.cell_type == "code":
            found.append(Place(task, _checked_variable(cell.source), answer, index))
    return found


def _checked_variable(source: str) -> str:
    """The second argument of `check(…)`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            return ast.unparse(node.args[1])
    raise ValueError(f"{source!r} holds no check(task, answer).")


def student_code(problem_set: ProblemSet, make: Callable[..., Any], variable: str) -> str:
    """One of a task's own answers as code that a student could have written.

    Parameters
    ----------
    problem_set : ProblemSet
        Where `make` comes from.
    make : callable
        A misconception, other way or reference: `(meridian)` → answer, made by `def`.
    variable : str
        The variable that the check cell names.
    """
    tree = ast.parse(problem_set.path.read_text(encoding="utf-8"))
    tasks = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and "Task(" in ast.unparse(node)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    preamble: list[ast.stmt] = []
    answer = None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            _names(decorator) & tasks for decorator in node.decorator_list
        ):
            if node.decorator_list[0].lineno == make.__code__.co_firstlineno:
                answer = copy.deepcopy(node)
        elif isinstance(node, ast.FunctionDef):
            helper = copy.deepcopy(node)
            helper.decorator_list = []  # no student writes `@once`
            preamble.append(helper)
        elif isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef)) or (
            isinstance(node, (ast.Assign, ast.AnnAssign)) and not _names(node) & tasks
        ):
            preamble.append(node)
    if answer is None:
        raise ValueError(f"{make!r} isn't a decorated function of {problem_set.path.name}.")
    answer.decorator_list, answer.name = [], "my_answer"
    lines = [*_needed(preamble, answer), ast.unparse(answer), f"{variable} = my_answer(meridian)"]
    return "\n".join(lines)


def _needed(preamble: list[ast.stmt], answer: ast.FunctionDef) -> list[str]:
    """The helpers that an answer uses, and those that they use: no student writes the rest."""
    wanted, kept = _names(answer), []
    for node in reversed(preamble):
        aliases = node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        made = {a.asname or a.name for a in aliases} | {getattr(node, "name", "")}
        made |= _names(node, ast.Store)
        if made & wanted:
            wanted |= _names(node)
            kept.append(ast.unparse(node))
    return kept[::-1]


def _names(tree: ast.AST, context: type[ast.expr_context] = ast.expr_context) -> set[str]:
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, context)}


def solved(released: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """The released notebook with the instructor's answers in it."""
    nb = copy.deepcopy(released)
    answers = {c.metadata.nbgrader.grade_id: c for c in solution.cells if utils.is_solution(c)}
    for cell in nb.cells:
        if utils.is_solution(cell):
            lines = answers[cell.metadata.nbgrader.grade_id].source.splitlines()
            cell.source = "\n".join(x for x in lines if "### BEGIN" not in x and "### END" not in x)
    return nb


def submission(
    behaviour: str, released: NotebookNode, solution: NotebookNode, problem_set: ProblemSet
) -> tuple[NotebookNode | None, float]:
    """What a student of this behaviour hands in, and the points that the checks must give.

    Returns
    -------
    notebook or None, float
        None for who hands in nothing.
    """
    everything = problem_set.points
    tasks = problem_set.tasks
    if behaviour == "missing":
        return None, 0.0
    if behaviour == "blank":
        return copy.deepcopy(released), 0.0
    nb = solved(released, solution)
    where = places(nb)
    half = len(where) // 2

    def write(place: Place, make: Callable[..., Any]) -> None:
        nb.cells[place.answer].source = student_code(problem_set, make, place.variable)

    if behaviour.startswith("partly wrong"):
        odd = behaviour.endswith("odd tasks")
        for number, place in enumerate(where):
            task = tasks[place.task]
            if (number % 2 == 0) == odd and task.misconceptions:
                wrong = task.misconceptions[0 if odd else -1]
                write(place, wrong.make)
                everything -= task.points - wrong.earns
    elif behaviour == "other right way":
        for place in where:
            for make in tasks[place.task].other_ways[:1]:
                write(place, make)
    elif behaviour == "a cell raises":
        nb.cells[where[half].answer].source = 'raise RuntimeError("I gave up here")'
        everything -= tasks[where[half].task].points
    elif behaviour == "the kernel dies":
        nb.cells[where[half].answer].source = "import os\n\nos._exit(1)"
        everything = _points(tasks, where[:half])
    elif behaviour == "deleted check":
        for place in reversed(where[:2]):
            del nb.cells[place.check]
    elif behaviour == "duplicated check":
        for place in reversed(where[:2]):
            again = copy.deepcopy(nb.cells[place.check])
            again["id"] += "-again"
            nb.cells.insert(place.check, again)
    elif behaviour == "warnings":
        for place in where:
            lines = ["import sys, warnings", 'warnings.warn("mind this", RuntimeWarning)']
            lines += ['print("noise", file=sys.stderr)', nb.cells[place.answer].source]
            nb.cells[place.answer].source = "\n".join(lines)
    return nb, float(everything)


def _points(tasks: dict[str, Task], where: list[Place]) -> float:
    return sum(tasks[place.task].points for place in where)


# --- the class ---------------------------------------------------------------------------------

_CLASS_CONFIG = """
# --- this copy belongs to the sample class: an exchange of its own, everything in one folder
c.Exchange.root = str(ROOT / "exchange")
c.Exchange.cache = str(ROOT / "cache")
c.CollectApp.check_owner = False
"""


def make_class(
    root: Path, workdir: Path, progress: bool = True, workers: int | None = None
) -> pd.DataFrame:
    """Take a simulated class through everything: release, submit, collect, grade, feedback, export.

    Parameters
    ----------
    root : Path
        The course: nbgrader_config.py and solutions/ are read, nothing is written.
    workdir : Path
        Made anew. Afterwards it is an nbgrader course of its own, with gradebook.db, grades.csv,
        submitted/, autograded/ and feedback/.
    progress : bool
        Show a progress bar.
    workers : int, optional
        Processes that grade side by side; as many as there are processors unless given.

    Returns
    -------
    DataFrame
        A row per student and problem set: what `grade` returns, with the student's behaviour and
        the score that was expected.
    """
    root, workdir = Path(root).resolve(), Path(workdir).resolve()
    sets = problem_sets(root)
    course = _new_course(root, workdir)
    everybody = students()
    expected = {}
    api = course_api(course)
    for name in sets:
        _must(api.generate_assignment(name))
        _must(api.release_assignment(name))
        expected.update(_submit_all(course, name, everybody))
        _must(api.collect(name))
        _set_times(course, name, everybody)
    with api.gradebook as gradebook:
        for name in sets:
            gradebook.update_or_create_assignment(name, duedate=DUE)
        for student in everybody:
            names = {"first_name": student.first_name, "last_name": student.last_name}
            gradebook.update_or_create_student(student.id, **names)
    graded = []
    for name in sets:
        ids = [student.id for student in everybody]
        graded.append(grade(course, name, ids, progress, workers=workers))
        made = feedback(course, name, workers=workers, progress=progress)
        if made["note"].any():
            raise RuntimeError(f"There are students without feedback:\n{made[made['note'] != '']}")
        _must(api.release_feedback(name))
    export(course)
    if not graded:
        return pd.DataFrame()
    table = pd.concat(graded).sort_values(["assignment", "student"], ignore_index=True)
    behaviours = {s.id: s.behaviour for s in everybody}
    keys = zip(table["student"], table["assignment"], strict=True)
    table.insert(1, "behaviour", table["student"].map(behaviours))
    table.insert(4, "expected", [expected[key] for key in keys])
    return table


def _must(result: dict[str, Any]) -> None:
    if not result["success"]:
        raise RuntimeError(f"nbgrader failed:\n{result.get('log', '')}\n{result.get('error', '')}")


def _new_course(root: Path, workdir: Path) -> Path:
    if workdir.exists():
        if any(workdir.iterdir()) and not (workdir / "nbgrader_config.py").exists():
            raise ValueError(f"workdir is {workdir}; it must be new, empty or an earlier class.")
        shutil.rmtree(workdir)
    (workdir / "exchange").mkdir(parents=True)
    config = (root / "nbgrader_config.py").read_text(encoding="utf-8") + _CLASS_CONFIG
    (workdir / "nbgrader_config.py").write_text(config, encoding="utf-8")
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(root / "solutions", workdir / "solutions", ignore=ignore)
    return workdir


def _submit_all(course: Path, name: str, everybody: list[Student]) -> dict[tuple[str, str], float]:
    """Each student fetches the problem set, works on it, and submits; returns what is expected."""
    problem_set = load(name, course / "solutions" / name / "checks.py")
    solution = nbformat.read(course / "solutions" / name / f"{name}.ipynb", as_version=4)
    expected = {}
    for student in everybody:
        home = course / "students" / student.id
        home.mkdir(parents=True, exist_ok=True)
        api = course_api(course)
        api.coursedir.student_id = student.id
        api.coursedir.assignment_id = name
        with_them = {"coursedir": api.coursedir, "authenticator": api.authenticator, "parent": api}
        api.exchange.FetchAssignment(assignment_dir=str(home), **with_them).start()
        mine = home / name / f"{name}.ipynb"
        nb, points = submission(
            student.behaviour, nbformat.read(mine, as_version=4), solution, problem_set
        )
        expected[student.id, name] = points
        if nb is not None:
            nbformat.write(nb, mine)
            api.exchange.Submit(assignment_dir=str(home), **with_them).start()
    return expected


def _set_times(course: Path, name: str, everybody: list[Student]) -> None:
    """Everybody hands in the day before it is due, but for who is late."""
    for student in everybody:
        path = course / "submitted" / student.id / name / "timestamp.txt"
        if path.exists():
            path.write_text(f"{LATE if student.behaviour == 'late' else ON_TIME} UTC")
