"""One submission, from what was handed in to its record: repaired, graded by nbgrader, noted."""

import contextlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import orjson
from nbformat import NotebookNode, v4
from nbformat.v4.rwbase import split_lines, strip_transient
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.utils import rmtree, setenv, temp_attrs
from sqlalchemy import text
from traitlets.config import Config, PyFileConfigLoader
from traitlets.utils.importstring import import_item

from cxedu.exercises.tasks import in_words
from cxedu.grading import record
from cxedu.grading.notebook import NOTES, note
from cxedu.grading.record import Outcome
from cxedu.grading.submission import NBGRADERS, Prepared, ignored, prepared


def course_api(root: Path, extra: Config | None = None) -> NbGraderAPI:
    """nbgrader's own interface to the course at `root`, by its nbgrader_config.py."""
    root = Path(root).resolve()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.merge(extra or Config())
    log = logging.getLogger("traitlets")  # nbgrader adds a handler of its own to return the log
    log.propagate, log.handlers = False, [logging.NullHandler()]
    return NbGraderAPI(config=config, log_level="ERROR")


def patient(db_url: str) -> str:
    """The gradebook's address for many at a time: with SQLite, each waits a minute for its turn.

    Not for `nbgrader db upgrade`, which can't read this. SQLite's journal stays as it is: its
    write-ahead log made nothing faster, it doesn't work on network drives, where many courses are,
    and who copies a gradebook without the log's file, as after a power cut, loses what was in it.

    >>> patient("sqlite:////course/gradebook.db")
    'sqlite:////course/gradebook.db?timeout=60'
    """
    if not db_url.startswith("sqlite:") or "timeout=" in db_url:
        return db_url
    return f"{db_url}{'&' if '?' in db_url else '?'}timeout=60"


_FOUND_BY = {"grade": "notebook_id", "comment": "notebook_id", "base_cell": "notebook_id"}
_FOUND_BY |= {"submitted_notebook": "assignment_id", "submitted_assignment": "student_id"}


def add_indices(api: NbGraderAPI) -> None:
    """Let the gradebook find one submission's rows without reading everybody's.

    nbgrader makes no indices for that. With 10,000 submissions in it each took half as long again.
    """
    with api.gradebook as gradebook:
        for table, column in _FOUND_BY.items():
            name = f"cxedu_{table}_{column}"
            gradebook.db.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
        gradebook.db.commit()


class Grader:
    """Grades what students submitted of one problem set, one after another.

    What is the same for all is made once: the connection to the gradebook, and nbgrader's Autograde
    with its preprocessors, as nbgrader_config.py has them.

    Parameters
    ----------
    api : NbGraderAPI
        Of `course_api`.
    assignment : str
        The problem set.
    notebooks : sequence of str
        Its notebooks, without `.ipynb`.
    """

    def __init__(self, api: NbGraderAPI, assignment: str, notebooks: Sequence[str]) -> None:
        self.course, self.assignment, self.notebooks = api.coursedir, assignment, notebooks
        self.gradebook = api.gradebook
        self.autograde = Autograde(coursedir=api.coursedir, parent=api)
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
        if not self._folder(course.submitted_directory, student).is_dir():
            return self._read(Outcome(student, assignment, note="nothing was submitted"))
        with prepared(course, student, assignment, [*self.notebooks]) as ready:
            notes = [*ready.missing.values(), *ready.notes]
            graded, failed = self._autograde(student, ready)
            if failed:
                notes.append(f"could not be graded: {failed}")
                ready.missing = dict.fromkeys(self.notebooks, notes[-1])
            self._score_nothing(student, ready.missing)
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
        """Somebody whose submission can't be graded: 0 points and the reason, for a human to see."""
        self._score_nothing(student, dict.fromkeys(self.notebooks, why))
        return self._read(Outcome(student, self.assignment, note=why))

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.course.format_path(step, student, self.assignment))

    def _read(self, outcome: Outcome) -> Outcome:
        read_outcomes(self.gradebook, [outcome])
        self.gradebook.db.rollback()  # nobody waits for what was only read
        return outcome

    def _autograde(self, student: str, ready: Prepared) -> tuple[list[NotebookNode], str]:
        """Grade what is ready as nbgrader does; the graded notebooks, or why it couldn't."""
        graded = self._folder(self.course.autograded_directory, student)
        if graded.exists():
            rmtree(str(graded))  # of an earlier submission
        if not ready.notebooks:
            return [], ""
        about = {"assignment_id": self.assignment, "student_id": student}
        try:
            with temp_attrs(self.course, **about), setenv(NBGRADER_EXECUTION="autograde"):
                return self._convert(student, ready, graded), ""
        except Exception as problem:
            self.gradebook.db.rollback()  # whatever it had begun to save
            if graded.exists():
                rmtree(str(graded))
            return [], in_words(problem)

    def _convert(self, student: str, ready: Prepared, graded: Path) -> list[NotebookNode]:
        """What nbgrader's converter does: prepare the folder, then each notebook, step by step.

        It writes and reads a notebook again between repair and running, makes each step anew for
        each submission, and opens the gradebook for each thing that it wants to know.
        """
        mine = self._folder(ready.submitted, student)
        self.autograde.notebooks = [str(mine / f"{name}.ipynb") for name in ready.notebooks]
        self.autograde.run_pre_convert_hook()
        self._overwrite(mine)
        shutil.copytree(mine, graded, ignore=shutil.ignore_patterns("*.ipynb"))
        self._submission(student, mine)
        self.gradebook.db.commit()
        about = {"assignment": self.assignment, "student": student, "db_url": self.course.db_url}
        done = []
        for name, nb in ready.notebooks.items():
            resources: Any = {"unique_key": name, "metadata": {"name": name, "path": str(mine)}}
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
        source = self._folder(self.course.source_directory, ".")
        kept = self.autograde.exclude_overwriting.get(self.assignment, [])
        patterns = [*self.course.ignore, "*.ipynb"]
        for path in source.rglob("*"):
            inside = path.relative_to(source)
            if path.is_file() and str(inside) not in kept and not ignored(path, source, patterns):
                (mine / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, mine / inside)

    def _submission(self, student: str, folder: Path) -> SubmittedAssignment:
        """The gradebook's entry for what somebody submitted, with the time if it is known."""
        extra = {}
        with contextlib.suppress(Exception):  # nbgrader fails in ways of its own on a damaged file
            timestamp = self.course.get_existing_timestamp(str(folder))
            extra = {"timestamp": timestamp} if timestamp else {}
        self.gradebook.update_or_create_student(student)
        return self.gradebook.update_or_create_submission(self.assignment, student, **extra)

    def _score_nothing(self, student: str, missing: dict[str, str]) -> None:
        """Put notebooks that can't be graded into the gradebook, with 0 points and the reason.

        A notebook that says so stands in for each in `autograded/`, so that it can be looked at,
        graded by hand and get feedback as any other.
        """
        if not missing:
            return
        folder = self._folder(self.course.submitted_directory, student)
        graded = self._folder(self.course.autograded_directory, student)
        graded.mkdir(parents=True, exist_ok=True)
        for name in NBGRADERS:  # nbgrader's release_feedback looks for them
            source, target = folder / name, graded / name
            if source.is_file() and not source.is_symlink() and not target.exists():
                shutil.copyfile(source, target)
        for notebook in self._submission(student, folder).notebooks:
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


def read_outcomes(gradebook: Gradebook, outcomes: list[Outcome]) -> list[Outcome]:
    """Fill in the gradebook's view of submissions."""
    for outcome in outcomes:
        outcome.max_score = float(gradebook.find_assignment(outcome.assignment).max_score)
        with contextlib.suppress(MissingEntry):
            submission = gradebook.find_submission(outcome.assignment, outcome.student)
            outcome.score = float(submission.score)
            outcome.late_seconds = float(submission.total_seconds_late)
            outcome.needs_manual_grade = bool(submission.needs_manual_grade)
    return outcomes
