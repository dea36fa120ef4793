"""What a problem set needs: your own company, and a check for each answer.

In a notebook::

    from cxedu.exercises import check, company

    meridian = company("ps06", "your id")
    check("ps06.1", my_answer)

In the `checks.py` beside it: `Task` and the kinds of answers `Number`, `Choice`, `Table` and
`Function`; a visible check raises `Wrong("what is expected")`.
"""

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxedu.exercises.answers import Answer, Choice, Function, Number, Table, Wrong
from cxedu.exercises.tasks import (
    ProblemSet,
    Task,
    Verdict,
    answer_in,
    collect,
    in_words,
    judge,
    load,
    once,
    questions,
    quiet,
)

if TYPE_CHECKING:
    from cxedu.world import World

__all__ = [
    "Answer",
    "Choice",
    "Function",
    "Number",
    "Points",
    "ProblemSet",
    "Table",
    "Task",
    "Verdict",
    "Wrong",
    "check",
    "collect",
    "company",
    "judge",
    "judges_company",
    "load",
    "once",
    "questions",
]

ANSWER_MIME = "application/vnd.cxedu.answer+json"
_typed: dict[str, str] = {}  # problem set → the id given to `company` in this session


class Points(float):
    """Points earned: a number for nbgrader, with the verdict attached."""

    verdict: Verdict

    def __new__(cls, verdict: Verdict) -> "Points":
        points = super().__new__(cls, verdict.points)
        points.verdict = verdict
        return points

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(float(self))}
        if self.verdict.provisional:  # 3.0 would look like a mark
            bundle["text/html"] = "<em>The points come when your work is graded.</em>"
        return bundle


class HandedIn(float):
    """What `check` returns while a class is graded: the answer as plain data, for the judge.

    The judge runs in another process, so the points aren't known here; as a number it is 0.
    """

    data: dict[str, Any]

    def __new__(cls, task: str, values: Any) -> "HandedIn":
        made = super().__new__(cls, 0.0)
        made.data = {"task": task, "values": values}
        return made

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": "handed in", ANSWER_MIME: self.data}


def _known_set(problem_set: str) -> str:
    if not isinstance(problem_set, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", problem_set):
        raise ValueError(
            f"problem_set is {problem_set!r}; it must be its short name, such as 'ps06'."
        )
    return problem_set


def _student(problem_set: str, student_id: str | None = None) -> str:
    """Whose company it is: the owner of the submission, the typed id, or JupyterHub's user."""
    for candidate in (
        os.environ.get("CXEDU_STUDENT"),
        student_id if student_id is not None else _typed.get(problem_set),
        os.environ.get("JUPYTERHUB_USER"),
    ):
        if candidate is not None and str(candidate).strip():
            return str(candidate).strip()
    raise ValueError(
        "student_id is empty; everybody studies a company of their own, so type your id in this "
        f'course into the first cell (STUDENT_ID = "…") and run it: company("{problem_set}", STUDENT_ID).'
    )


def company(problem_set: str, student_id: str | None = None) -> "World":
    """Your own Meridian Outfitters for a problem set.

    Parameters
    ----------
    problem_set : str
        "ps06".
    student_id : str, optional
        Your id in the course. When graded, the owner of the submission counts instead, whatever
        was typed; on a JupyterHub the user's name stands in for an empty id.

    Returns
    -------
    World
        The same company each time for the same student and problem set.

    Raises
    ------
    ValueError
        If nobody's id is known.

    Examples
    --------
    >>> meridian = company("ps06", "ada")
    >>> meridian.seed == company("ps06", " Ada ").seed
    True
    """
    from cxedu.world import World

    student = _student(_known_set(problem_set), student_id)
    _typed[problem_set] = student
    return World.for_student(student, problem_set)


@functools.lru_cache(maxsize=8)
def judges_company(problem_set: str, student: str) -> "World":
    """The judge's copy: nothing that a student does to theirs can change it."""
    from cxedu.world import World

    return World.for_student(student, problem_set)


def check(task: str, answer: Any) -> Points | HandedIn:
    """Check an answer, say what is right or wrong about it, and return the points it earns.

    While a class is graded, the answer is only handed to the judge, who runs elsewhere.

    Parameters
    ----------
    task : str
        The task's id: "ps06.1".
    answer : any
        Your answer. A wrong one never raises.

    Returns
    -------
    Points
        A float from 0 to the task's points.

    Raises
    ------
    ValueError
        If there is no such task.
    """
    if not isinstance(task, str) or "." not in task:
        raise ValueError(f"task is {task!r}; it must be an id such as 'ps06.1'.")
    name = _known_set(task.partition(".")[0])
    if os.environ.get("CXEDU_QUESTIONS"):
        return HandedIn(task, answer_in(task, answer, Path(os.environ["CXEDU_QUESTIONS"])))
    problem_set = load(name)
    if task not in problem_set.tasks:
        listed = ", ".join(map(repr, problem_set.tasks))
        raise ValueError(f"task is {task!r}; it must be one of {listed}.")
    found = problem_set.tasks[task]
    verdict = _verdict(found, answer)
    print(verdict.text(found.title))
    return Points(verdict)


def _verdict(task: Task, answer: Any) -> Verdict:
    def nothing(why: str) -> Verdict:
        return Verdict(task.id, 0.0, float(task.points), False, (why,))

    try:
        student = _student(task.problem_set)
    except ValueError as problem:
        return nothing(str(problem))
    try:
        with quiet():
            meridian = judges_company(task.problem_set, student)
            calls = task.calls(meridian) if isinstance(task.answer, Function) else []
    except Exception as problem:
        return nothing(f"The check itself failed ({in_words(problem)}).")
    return judge(task, collect(task.answer, answer, calls), meridian)
