"""nbgrader preprocessors that judge what a notebook's checks handed in, and save the scores.

Stock nbgrader gives full points to a graded cell that printed nothing, and none to one with a
warning on stderr. Here only the judge's verdicts earn points.
"""

import contextlib
import json
from functools import cached_property
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.api import BaseCell, Grade, Gradebook
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor

from cxedu.exercises import ANSWER_MIME, Task, judge, judges_company, load, questions
from cxedu.exercises.tasks import in_words
from cxedu.grading.course import folder
from cxedu.grading.notebook import (
    NOT_RUN,
    NOTES,
    Resources,
    checked_task,
    coursedir,
    gradebook_of,
    note,
)
from cxedu.grading.record import answers_file, read, write

MAX_KEPT = 200_000  # characters of an answer that is kept


class Bench:
    """The judge's bench: the tasks of a problem set with their hidden part, and one company."""

    def __init__(self, preprocessor: Any, names: dict[str, str]) -> None:
        self.problem_set, self.student = names["assignment"], names["student"]
        self.checks = folder(coursedir(preprocessor), "source", self.problem_set) / "checks.py"

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks, by the ids that check cells name."""
        return load(self.problem_set, self.checks).tasks

    @cached_property
    def company(self) -> Any:
        """The judge's own copy of the owner's company; no task changes it."""
        return judges_company(self.problem_set, self.student)

    def questions(self, names: set[str]) -> bytes:
        """What functions are called with; a student's own cells may name what is no task."""
        asked = [self.tasks[name] for name in sorted(names - {""}) if name in self.tasks]
        return questions(asked, self.company)


def about(bench: Bench, task: str) -> dict[str, Any]:
    """What the feedback page says of a task whatever the answer, kept beside the verdict."""
    kept: dict[str, Any] = {"task": task, "messages": []}
    with contextlib.suppress(Exception):
        kept |= {"title": bench.tasks[task].title, "asks": bench.tasks[task].answer.asks()}
    return kept


class Verdicts(NbGraderPreprocessor):
    """Judge what each check handed in, and write the verdict over whatever the cell printed.

    A cell whose check handed in nothing that can be judged earns 0, with the reason. Text on
    stderr costs nothing: it is shown as ordinary output. Cells with ordinary nbgrader tests (no
    `check`) keep nbgrader's rules, except that one that was not run earns nothing.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        bench = resources.get("bench") or Bench(self, resources["nbgrader"])
        self._handed_in: dict[str, Any] = {}
        for cell in nb.cells:
            cell.metadata.pop(NOTES, None)  # only the judge speaks here
            if cell.cell_type == "code" and utils.is_grade(cell):
                reason = self._decide(cell, bench)
                if reason:
                    note(nb, "reasons", f"{cell.metadata.nbgrader.grade_id}: {reason}")
                if not checked_task(cell.source) and not utils.is_solution(cell):
                    note(nb, "in_process", cell.metadata.nbgrader.grade_id)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                output.get("data", {}).pop(ANSWER_MIME, None)
        with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
            # Where they can't be kept it costs nobody a point.
            self._keep(resources["nbgrader"])
        return nb, resources

    def _keep(self, names: dict[str, str]) -> None:
        """Keep what was handed in, by notebook and task, to see later whose data it fits."""
        path = answers_file(coursedir(self), names["assignment"], names["student"])
        short = {t: v for t, v in self._handed_in.items() if len(json.dumps(v)) <= MAX_KEPT}
        write(path, {**read(path), names.get("notebook", ""): short})

    def _decide(self, cell: NotebookNode, bench: Bench) -> str:
        """Rewrite the cell's outputs; returns why it earns nothing, if that isn't the verdict."""
        for output in cell.outputs:
            if output.output_type == "stream":
                output.name = "stdout"
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        task = checked_task(cell.source)
        if not task:  # an ordinary test, or an answer in code that is graded by hand
            if not utils.is_solution(cell) and cell.execution_count is None and not errors:
                return self._zero(cell, "The cell was not run.")
            return ""
        cell.metadata[NOTES] = about(bench, task)
        if NOT_RUN in errors:
            self._zero(cell, "The cell was not run.")
            return ""  # why is noted once, for the whole notebook
        if errors:
            return self._zero(cell, f"The check could not be run ({errors[0][:100]}).")
        answers = [
            output.data[ANSWER_MIME]
            for output in cell.outputs
            if output.output_type == "execute_result" and ANSWER_MIME in output.data
        ]
        answer = answers[-1] if answers else None
        if not isinstance(answer, dict) or answer.get("task") != task:
            return self._zero(cell, "The check of this cell handed nothing to the judge.")
        self._handed_in[task] = answer.get("values")
        try:
            verdict = judge(bench.tasks[task], answer.get("values"), bench.company)
        except Exception as problem:
            return self._zero(
                cell, f"The judge failed ({in_words(problem)}): tell your instructor."
            )
        if verdict.provisional:
            return self._zero(cell, "The check has no reference: tell your instructor.")
        cell.metadata[NOTES]["messages"] = list(verdict.messages)
        cell.outputs = []
        points = min(verdict.points, float(cell.metadata.nbgrader["points"]))
        self._result(cell, points, verdict.text(bench.tasks[task].title))
        return ""

    def _zero(self, cell: NotebookNode, why: str) -> str:
        cell.metadata.setdefault(NOTES, {})["messages"] = [why]
        self._result(cell, 0.0, f"0 points. {why}")
        return why

    def _result(self, cell: NotebookNode, points: float, text: str) -> None:
        kept = [o for o in cell.outputs if o.output_type != "execute_result"]
        said = {"output_type": "stream", "name": "stdout", "text": f"{text}\n"}
        number = {"output_type": "execute_result", "execution_count": cell.execution_count}
        result = {**number, "data": {"text/plain": repr(points)}, "metadata": {}}
        cell.outputs = [*kept, from_dict(said), from_dict(result)]


class Save(NbGraderPreprocessor):
    """Write a notebook's scores into the gradebook, all of them or, if killed, none.

    What nbgrader's SaveAutoGrades does, cell by cell, in one transaction.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        with gradebook_of(resources) as gradebook:
            self._save(nb, gradebook, resources)
        return nb, resources

    def _save(self, nb: NotebookNode, gradebook: Gradebook, resources: Resources) -> None:
        names = resources["nbgrader"]
        book = gradebook.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        cells = gradebook.db.query(BaseCell.id, BaseCell.name)
        ids = dict(cells.filter(BaseCell.notebook_id == book.notebook_id).all())
        grades = {ids[grade.cell_id]: grade for grade in book.grades}
        comments = {ids[comment.cell_id]: comment for comment in book.comments}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if utils.is_grade(cell):
                self._save_score(cell, grades[name])
            if utils.is_solution(cell) or utils.is_task(cell):
                empty = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                said = "No response." if empty and not utils.is_task(cell) else None
                comments[name].auto_comment = said
        book.late_submission_penalty = None
        resources["late"] = book.assignment.total_seconds_late > 0
        gradebook.db.commit()

    def _save_score(self, cell: NotebookNode, grade: Grade) -> None:
        grade.auto_score, _ = utils.determine_grade(cell, self.log)
        # A mark given by hand stays; whether it still fits is for who gave it to say.
        by_hand = grade.manual_score is not None
        grade.needs_manual_grade = by_hand or grade.auto_score is None


class Late(AssignLatePenalties):
    """nbgrader's penalties for who is late; who is not costs no second look into the gradebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        return super().preprocess(nb, resources) if resources.get("late", True) else (nb, resources)
