"""One submission, from what was handed in to its record: repaired, graded by nbgrader, noted."""

import contextlib
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import orjson
from nbformat import NotebookNode, v4
from nbformat.v4.rwbase import split_lines, strip_transient
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.utils import rmtree
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from cxedu.grading import record
from cxedu.grading.course import course_api, folder, patient
from cxedu.grading.notebook import NOTES, note
from cxedu.grading.record import Outcome
from cxedu.grading.submission import NBGRADERS, Prepared, ignored, prepared


class Grader:
    """Grades what students submitted of one problem set, one after another.

    What is the same for all is made once: the connection to the gradebook, and nbgrader's Autograde
    with its preprocessors, as nbgrader_config.py has them.

    Parameters
    ----------
    root : Path
        The course.
    assignment : str
        The problem set; it is in the gradebook.
    kernels : Config, optional
        Where `execute.Run` gets its kernels from; ordinary ones unless given.
    """

    def __init__(self, root: Path, assignment: str, kernels: Config | None = None) -> None:
        api = course_api(root, kernels)
        self.course, self.assignment = api.coursedir, assignment
        self.course.assignment_id = assignment
        self.course.db_url = patient(self.course.db_url)
        self.gradebook = api.gradebook
        self.notebooks = [n.name for n in self.gradebook.find_assignment(assignment).notebooks]
        self.gradebook.db.rollback()  # nobody waits for what was only read
        self.autograde = Autograde(coursedir=self.course, parent=api)
        chosen = [*self.autograde.sanitize_preprocessors, *self.autograde.autograde_preprocessors]
        kinds = [import_item(kind) if isinstance(kind, str) else kind for kind in chosen]
        self.steps = [kind(parent=self.autograde) for kind in kinds]

    def close(self) -> None:
        """Let go of the gradebook."""
        self.gradebook.close()

    def grade(self, student: str) -> Outcome:
        """Grade what somebody submitted, and keep a record of it."""
        course, assignment = self.course, self.assignment
        record.forget(course, assignment, student)  # until the end it counts as interrupted
        stamp = record.stamp(course, assignment, student)
        if not self._folder("submitted", student).is_dir():
            return self._read(Outcome(student, assignment, note="nothing was submitted"))
        with prepared(course, student, assignment, self.notebooks) as ready:
            graded = self._convert(student, ready)
            self._score_nothing(student, ready.missing, ready.time)
        notes = [*ready.missing.values(), *ready.notes]
        outcome = Outcome(student, assignment)
        for nb in graded:
            kept = nb.metadata.get(NOTES, {})
            outcome.repaired += kept.get("repaired", [])
            outcome.in_process += kept.get("in_process", [])
            notes += [*kept.get("trouble", []), *kept.get("reasons", []), *_not_installed(nb)]
        outcome.note = "; ".join(notes)
        outcome.graded_with = record.label(record.made_with(Path(course.root)))
        self._read(outcome)
        record.keep(course, outcome, stamp)
        return outcome

    def give_up(self, student: str, why: str) -> Outcome:
        """Somebody whose submission can't be graded: 0 points and the reason, for a human to see.

        The record says why, and is of nothing that was submitted: the next run tries again.
        """
        self._score_nothing(student, dict.fromkeys(self.notebooks, why))
        outcome = self._read(Outcome(student, self.assignment, note=why))
        record.keep(self.course, outcome, None)
        return outcome

    def _folder(self, step: str, student: str = ".") -> Path:
        return folder(self.course, step, self.assignment, student)

    def _read(self, outcome: Outcome) -> Outcome:
        read_outcome(self.gradebook, outcome)
        self.gradebook.db.rollback()  # nobody waits for what was only read
        return outcome

    def _convert(self, student: str, ready: Prepared) -> list[NotebookNode]:
        """What nbgrader's converter does: prepare the folder, then each notebook, step by step.

        It writes and reads a notebook again between repair and running, makes each step anew for
        each submission, and opens the gradebook for each thing that it wants to know.
        """
        graded = self._folder("autograded", student)
        if graded.exists():
            rmtree(str(graded))  # of an earlier submission
        if not ready.notebooks:
            return []
        self.course.student_id = student
        self.autograde.notebooks = [str(ready.folder / f"{name}.ipynb") for name in ready.notebooks]
        self.autograde.run_pre_convert_hook()
        self._overwrite(ready.folder)
        shutil.copytree(ready.folder, graded, ignore=shutil.ignore_patterns("*.ipynb"))
        self._submission(student, ready.time)
        about = {"assignment": self.assignment, "student": student, "db_url": self.course.db_url}
        done = []
        for name, nb in ready.notebooks.items():
            resources: Any = {
                "unique_key": name,
                "metadata": {"name": name, "path": str(ready.folder)},
            }
            resources |= {"nbgrader": {**about, "notebook": name}, "gradebook": self.gradebook}
            resources["repaired"] = ready.repaired.get(name, [])
            for step in self.steps:
                nb, resources = step(nb, resources)
            nbformat.validate(nb, relax_add_props=True)
            (graded / f"{name}.ipynb").write_text(_text(nb), encoding="utf-8")
            done.append(nb)
        self.autograde.set_permissions(self.assignment, student)
        self.autograde.run_post_convert_hook()
        return done

    def _overwrite(self, mine: Path) -> None:
        """Put the instructor's files over the student's, but those that students are to write."""
        source = self._folder("source")
        kept = self.autograde.exclude_overwriting.get(self.assignment, [])
        patterns = [*self.course.ignore, "*.ipynb"]
        for path in source.rglob("*"):
            inside = path.relative_to(source)
            if path.is_file() and str(inside) not in kept and not ignored(path, source, patterns):
                (mine / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, mine / inside)

    def _submission(self, student: str, time: datetime | None) -> SubmittedAssignment:
        """The gradebook's entry for what somebody submitted, with the time if it is known."""
        when = {"timestamp": time} if time else {}
        self.gradebook.update_or_create_student(student)
        return self.gradebook.update_or_create_submission(self.assignment, student, **when)

    def _score_nothing(
        self, student: str, missing: dict[str, str], time: datetime | None = None
    ) -> None:
        """Put notebooks that can't be graded into the gradebook, with 0 points and the reason.

        A notebook that says so stands in for each in `autograded/`, so that it can be looked at,
        graded by hand and get feedback as any other.
        """
        if not missing:
            return
        graded = self._folder("autograded", student)
        graded.mkdir(parents=True, exist_ok=True)
        for name in NBGRADERS:  # nbgrader's release_feedback looks for them
            source, target = self._folder("submitted", student) / name, graded / name
            if source.is_file() and not source.is_symlink() and not target.exists():
                shutil.copyfile(source, target)
        for notebook in self._submission(student, time).notebooks:
            if notebook.name not in missing:
                continue
            for each in notebook.grades:
                each.auto_score = 0
                each.needs_manual_grade = each.manual_score is not None
            for comment in notebook.comments:
                comment.auto_comment = f"Not graded: {missing[notebook.name]}."
            path = graded / f"{notebook.name}.ipynb"
            path.unlink(missing_ok=True)
            nbformat.write(_stand_in(notebook, missing[notebook.name]), path)
        self.gradebook.db.commit()


def _text(nb: NotebookNode) -> str:
    """A notebook's file, as nbformat writes it, by a faster library."""
    try:
        as_usual = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        return orjson.dumps(split_lines(strip_transient(nb)), option=as_usual).decode() + "\n"
    except TypeError:  # it is stricter about numbers, depth and text
        return f"{nbformat.writes(nb)}\n"


def _stand_in(notebook: SubmittedNotebook, why: str) -> NotebookNode:
    """The graded cells of a notebook that couldn't be graded, empty, and the reason."""
    nb = v4.new_notebook()
    note(nb, "trouble", f"Not graded: {why}.")
    nb.metadata[NOTES]["stand_in"] = True
    # As output, since that is shown as it is: the reason may quote a file's name.
    said = v4.new_output("stream", name="stdout", text=f"Not graded: {why}.\n")
    nb.cells.append(v4.new_code_cell(outputs=[said]))
    for grade in notebook.grades:
        cell = v4.new_code_cell()
        kind = {"grade": True, "solution": False, "task": False, "locked": True}
        about = {"schema_version": 3, "grade_id": grade.name, "points": grade.max_score}
        cell.metadata["nbgrader"] = {**about, **kind, "cell_type": "code"}
        nb.cells.append(cell)
    return nb


def _not_installed(nb: NotebookNode) -> list[str]:
    """The imports that failed: perhaps the course should have the package."""
    outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
    failed = [o for o in outputs if o.get("ename") == "ModuleNotFoundError"]
    return list(dict.fromkeys(o.evalue[:100] for o in failed))


def read_outcome(gradebook: Gradebook, outcome: Outcome) -> Outcome:
    """Fill in the gradebook's view of a submission."""
    outcome.max_score = float(gradebook.find_assignment(outcome.assignment).max_score)
    with contextlib.suppress(MissingEntry):
        submission = gradebook.find_submission(outcome.assignment, outcome.student)
        outcome.score = float(submission.score)
        outcome.late_seconds = float(submission.total_seconds_late)
        outcome.needs_manual_grade = bool(submission.needs_manual_grade)
    return outcome
