"""nbgrader preprocessors: repair a submission, run it, and let only verdicts earn points.

Stock nbgrader gives full points to a graded cell that printed nothing, none to one with a warning
on stderr, and drops the whole submission when the kernel dies. These three classes close that.
"""

import contextlib
import json
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

import zmq
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, from_dict, v4
from nbgrader import utils
from nbgrader.api import BaseCell, Grade, Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    ClearHiddenTests,
    Execute,
    NbGraderPreprocessor,
)
from nbgrader.preprocessors.execute import UnresponsiveKernelError
from traitlets import Bool, Dict, Integer, Unicode, default

from cxedu.exercises import ANSWER_MIME, Task, judge, judges_company, load, questions
from cxedu.grading.confine import TRUNCATED, steady
from cxedu.grading.provisioner import BlockingKernelManager, WarmKernelManager
from cxedu.grading.record import answers_file, made_with

Resources = dict[str, Any]
CHECK = re.compile(r"\bcheck\(\s*[\"']([\w-]+\.[\w.-]+)[\"']")
NOT_RUN = "NotRun"
LOOK = 1.0  # seconds between looks whether a silent kernel still lives
MAX_KEPT = 200_000  # characters of an answer that is kept
NOTES = "cxedu"  # notebook metadata: what was repaired and what went wrong


def checked_task(source: str) -> str:
    """The task that a graded cell checks, or '' for one with ordinary nbgrader tests."""
    found = CHECK.search(source)
    return found.group(1) if found else ""


def note(nb: NotebookNode, kind: str, text: str) -> None:
    """Remember for the summary what was repaired or what went wrong."""
    kept = nb.metadata.setdefault(NOTES, {}).setdefault(kind, [])
    if text not in kept:
        kept.append(text)


def _said(problem: BaseException) -> str:
    """An error in a few words."""
    return f"{type(problem).__name__}: {str(problem)[:200]}".rstrip(": ")


def _coursedir(preprocessor: Any) -> Any:
    """The course directory of the converter that runs this preprocessor."""
    parent = preprocessor
    while parent is not None:
        if getattr(parent, "coursedir", None) is not None:
            return parent.coursedir
        parent = getattr(parent, "parent", None)
    return None


def source_cells(preprocessor: Any, resources: Resources) -> list[dict[str, Any]]:
    """The cells of the instructor's version of the notebook; none where there is no such file."""
    names, course = resources["nbgrader"], _coursedir(preprocessor)
    if course is None:
        return []
    folder = course.format_path(course.source_directory, ".", names["assignment"])
    path = Path(folder) / f"{names['notebook']}.ipynb"
    return _cells(path, path.stat().st_mtime_ns) if path.is_file() else []


@lru_cache(maxsize=4)  # the same for every student
def _cells(path: Path, changed: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


@dataclass
class Generated:
    """What `nbgrader generate_assignment` put into the gradebook about a notebook."""

    kernelspec: dict[str, Any]
    source: dict[str, Any]  # by the cells' ids: cell_type, source, locked, checksum
    points: dict[str, float]
    tasks: dict[str, float]
    solutions: set[str]


def generated(preprocessor: Any, names: dict[str, str]) -> Generated:
    """What the gradebook has of a notebook; remembered until it is generated anew."""
    key = (names["db_url"], names["assignment"], names["notebook"])
    course = _coursedir(preprocessor)
    with contextlib.suppress(AttributeError, OSError):  # no course, or its release was removed
        folder = Path(course.format_path(course.release_directory, ".", names["assignment"]))
        return _generated(*key, (folder / f"{names['notebook']}.ipynb").stat().st_mtime_ns)
    return _generated.__wrapped__(*key)


@lru_cache(maxsize=4)  # the same for every student
def _generated(db_url: str, assignment: str, notebook: str, changed: int = 0) -> Generated:
    with Gradebook(db_url) as gradebook:
        book = gradebook.find_notebook(notebook, assignment)
        fields = ("cell_type", "source", "locked", "checksum")
        return Generated(
            json.loads(book.kernelspec or "{}"),
            {
                c.name: SimpleNamespace(**{f: getattr(c, f) for f in fields})
                for c in book.source_cells
            },
            {c.name: c.max_score for c in book.grade_cells},
            {c.name: c.max_score for c in book.task_cells},
            {c.name for c in book.solution_cells},
        )


class Repair(NbGraderPreprocessor):
    """Put back what a student's editing broke, before the notebook is run.

    - nbgrader's data on a cell is restored from the gradebook, and dropped where it is unknown;
    - a locked cell, such as a test, gets its own kind and text back;
    - a graded cell that occurs twice is kept once, after its answer cell;
    - an answer that was split is joined again, or keeps its second part as an ordinary cell;
    - a graded cell that was deleted comes back;
    - the course's kernel is taken whatever the notebook names.

    What was done is said at the top of the notebook, and in the summary. It does the work of
    nbgrader's OverwriteCells, OverwriteKernelspec and DeduplicateIds, and asks the gradebook once
    where those ask for each cell.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        course = _coursedir(self)
        made = made_with(Path(course.root if course else ".").resolve())
        nb.metadata[NOTES] = {"made_with": made}
        names = resources["nbgrader"]
        for text in resources.get("repaired", []):  # before this
            note(nb, "repaired", text)
        right = generated(self, names)
        self.source, self.points = right.source, right.points
        self.solutions, self.tasks = right.solutions, right.tasks
        self.order = self._order(resources)
        self._restore_kernel(nb, right.kernelspec)
        self._restore_metadata(nb)
        self._drop_duplicates(nb)
        self._restore_cells(nb)
        repaired = nb.metadata.get(NOTES, {}).get("repaired", [])
        if repaired:
            words = "\n".join(f"- {text}" for text in repaired)
            said = f"**Repaired before grading** (your own file is unchanged):\n\n{words}"
            nb.cells.insert(0, v4.new_markdown_cell(said))
        return nb, resources

    @staticmethod
    def _restore_kernel(nb: NotebookNode, right: dict[str, Any]) -> None:
        given = nb.metadata.get("kernelspec", right)
        if right:
            nb.metadata["kernelspec"] = right
        name = given.get("name") if isinstance(given, dict) else given
        if right and name != right.get("name"):
            said = (
                f"The notebook was made for the kernel “{str(name)[:50]}”; {right['name']} ran it."
            )
            note(nb, "repaired", said)

    def _order(self, resources: Resources) -> list[str]:
        """The ids in the order of the source notebook; the gradebook doesn't promise one."""
        known = list(self.source)
        cells = source_cells(self, resources)
        ids = [c.get("metadata", {}).get("nbgrader", {}).get("grade_id") for c in cells]
        return [i for i in ids if i in self.source] + [i for i in known if i not in ids]

    def _metadata(self, name: str) -> NotebookNode:
        cell = self.source[name]
        data: dict[str, Any] = {
            "schema_version": 3,
            "grade_id": name,
            "grade": name in self.points,
            "solution": name in self.solutions,
            "task": name in self.tasks,
            "locked": bool(cell.locked),
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
        }
        if name in self.points or name in self.tasks:
            data["points"] = self.points.get(name, self.tasks.get(name))
        return NotebookNode(data)

    def _restore_metadata(self, nb: NotebookNode) -> None:
        hidden = ClearHiddenTests(parent=self).begin_test_delimeter
        for index, cell in enumerate(nb.cells):
            if "nbgrader" not in cell.metadata:
                continue
            data = cell.metadata["nbgrader"]
            name = str(data.get("grade_id")) if isinstance(data, dict) else ""
            if name not in self.source:
                del cell.metadata["nbgrader"]
                continue
            right = self._metadata(name)
            if any(data.get(k) != right[k] for k in ("grade", "solution", "locked", "task")):
                note(nb, "repaired", f"The grading data of cell “{name}” was restored.")
            source = self.source[name]
            if cell.cell_type != source.cell_type:
                note(nb, "repaired", f"Cell “{name}” is {source.cell_type} again.")
                nb.cells[index] = self._cell(source.cell_type, cell.source)
            if right["locked"] and cell.source != source.source:
                if hidden not in source.source:  # the release of such a cell had another text
                    note(nb, "repaired", f"The text of the locked cell “{name}” was restored.")
                nb.cells[index].source = source.source
            nb.cells[index].metadata["nbgrader"] = right

    @staticmethod
    def _cell(kind: str, source: str) -> NotebookNode:
        make = {"code": v4.new_code_cell, "raw": v4.new_raw_cell}
        return make.get(kind, v4.new_markdown_cell)(source)

    @staticmethod
    def _name(cell: NotebookNode) -> str:
        return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))

    def _places(self, nb: NotebookNode, name: str) -> list[int]:
        return [i for i, cell in enumerate(nb.cells) if self._name(cell) == name]

    def _drop_duplicates(self, nb: NotebookNode) -> None:
        for position, name in enumerate(self.order):
            places = self._places(nb, name)
            if len(places) < 2:
                continue
            first, *others = places
            if name not in self.solutions:
                # The copy that counts comes after the answer that it checks.
                before = self._places(nb, self.order[position - 1]) if position else []
                keep = next((i for i in places if not before or i > before[0]), places[-1])
                nb.cells = [c for i, c in enumerate(nb.cells) if i == keep or i not in places]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; one was kept.")
            elif name in self.points:
                texts = [nb.cells[i].source for i in places]
                nb.cells[first].source = "\n\n".join(dict.fromkeys(texts))
                nb.cells = [c for i, c in enumerate(nb.cells) if i not in others]
                note(nb, "repaired", f"The {len(places)} parts of “{name}” were joined.")
            else:
                for i in others:
                    del nb.cells[i].metadata["nbgrader"]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; all were run.")

    def _restore_cells(self, nb: NotebookNode) -> None:
        for position, name in enumerate(self.order):
            if name not in self.points or self._places(nb, name):
                continue
            source = self.source[name]
            cell = self._cell(source.cell_type, source.source)
            cell.metadata["nbgrader"] = self._metadata(name)
            # As late as its neighbours allow: whatever was written for the task comes before.
            later = [p for n in self.order[position + 1 :] for p in self._places(nb, n)]
            nb.cells.insert(min(later, default=len(nb.cells)), cell)
            note(nb, "repaired", f"The deleted cell “{name}” was put back.")


class Run(Execute):
    """nbgrader's Execute, which keeps what ran when a kernel dies, and hands no secret to it.

    The kernel learns whose company it is about and what to call students' functions with. What is
    right only `Verdicts` knows, in this process.
    """

    warm = Unicode("", help="Socket of the warm process; an ordinary kernel if empty.").tag(
        config=True
    )
    sandboxed = Bool(False, help="Whether that is in the sandbox.").tag(config=True)
    limits = Dict(help="Those limits of confine.Limits that aren't as usual, by name.").tag(
        config=True
    )
    clear_before_next_output = False
    patience = Integer(10, help="Seconds that an interrupted cell has to stop.").tag(config=True)
    max_output = Integer(1_000_000, help="Characters of output that are kept of each cell.").tag(
        config=True
    )
    max_data = Integer(10_000_000, help="Bytes of figures and tables that are kept of each.").tag(
        config=True
    )

    @default("extra_arguments")
    def _no_banner(self) -> list[str]:
        return ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]

    @default("record_timing")
    def _same_notebook_each_time(self) -> bool:
        return False

    @default("shutdown_kernel")
    def _immediately(self) -> str:
        return "immediate"

    def create_kernel_manager(self) -> Any:
        if self.warm:
            self.km = WarmKernelManager(
                config=self.config, warm=self.warm, sandboxed=self.sandboxed, limits=self.limits
            )
        else:
            self.kernel_manager_class = BlockingKernelManager
            super().create_kernel_manager()
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Resources]:
        self._lost = ""
        self._names = resources["nbgrader"]
        with tempfile.TemporaryDirectory(prefix="cx") as folder:
            self._questions = Path(folder) / "questions"
            self._questions.write_bytes(self._ask(nb, resources))
            try:
                done, resources = super().preprocess(nb, resources, km)
            except Exception as problem:
                self._give_up(nb, None, f"The kernel could not be run ({_said(problem)}).")
                done = nb
        if self._lost:
            note(done, "trouble", self._lost)
        return done, resources

    def _ask(self, nb: NotebookNode, resources: Resources) -> bytes:
        """The inputs for the functions that the problem set asks for."""
        try:
            bench = resources["bench"] = Bench(self, self._names)
            return bench.questions({checked_task(c.source) for c in nb.cells})
        except Exception as problem:
            note(nb, "trouble", f"The checks could not be read ({_said(problem)}).")
            return questions([], None)

    def environment(self) -> dict[str, str]:
        """What the kernel's environment says about this submission."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("CXEDU_")}
        env.update(steady(), CXEDU_STUDENT=self._names["student"])
        return {**env, "CXEDU_QUESTIONS": str(self._questions)}

    @contextmanager
    def setup_kernel(self, **kwargs: Any) -> Iterator[None]:
        with super().setup_kernel(env=self.environment(), **kwargs):
            self._channels = {c.socket: c for c in (self.kc.shell_channel, self.kc.iopub_channel)}
            self._poller = zmq.Poller()
            for socket in self._channels:
                self._poller.register(socket, zmq.POLLIN)
            yield

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, index: int
    ) -> tuple[NotebookNode, Resources]:
        if self._lost:
            self._not_run(cell)
            return cell, resources
        self._kept = self._shown = 0
        try:
            return super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            why = "The kernel died in a cell; what comes after it was not run."
        except (CellTimeoutError, UnresponsiveKernelError, TimeoutError, Empty):
            why = "A cell ran too long and could not be stopped; what comes after it was not run."
        except Exception as problem:  # made-up messages from the kernel may break what reads them
            why = f"A cell could not be run ({_said(problem)}); what comes after it was not run."
        self._give_up(self.nb, cell, why)
        return cell, resources

    def _give_up(self, nb: NotebookNode, cell: NotebookNode | None, why: str) -> None:
        self._lost = why
        note(nb, "trouble", why)
        for each in nb.cells if cell is None else [cell]:
            self._not_run(each)

    def _not_run(self, cell: NotebookNode) -> None:
        if cell.cell_type == "code":
            said = v4.new_output("error", ename=NOT_RUN, evalue=self._lost, traceback=[self._lost])
            cell.outputs = [o for o in cell.get("outputs", []) if o.output_type == "stream"] + [
                said
            ]
            cell.execution_count = None  # whether it came before the end is chance

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        """Drop output beyond the limits as it comes, before it fills memory and notebook."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "stream":
            text = content["text"]
            room = self.max_output - self._kept
            self._kept += len(text)
            if room <= 0:
                return None
            if len(text) > room:
                content["text"] = text[:room] + TRUNCATED
            last = cell.outputs[-1] if cell.outputs else {}
            if last.get("name") == content["name"] and not self.clear_before_next_output:
                last["text"] += content["text"]  # in how many pieces it came is chance
                return None
        elif kind == "execute_result" and ANSWER_MIME in content["data"]:
            for earlier in cell.outputs:  # only the last one counts
                earlier.get("data", {}).pop(ANSWER_MIME, None)
            content["data"] = {"text/plain": "", ANSWER_MIME: content["data"][ANSWER_MIME]}
        elif "data" in content:
            self._shown += len(str(content["data"]))
            if self._shown > self.max_data:
                content["data"] = {"text/plain": TRUNCATED.strip()}
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: Any, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take what a cell shows. The notebook is validated as a whole, and not each output."""
        made = _output(msg["msg_type"], msg["content"])
        if made is None:
            return None
        if self.clear_before_next_output:
            outs.clear()
            self.clear_display_id_mapping(cell_index)
            self.clear_before_next_output = False
        if display_id:  # a later message may change it
            places = self._display_id_map.setdefault(display_id, {})
            places.setdefault(cell_index, []).append(len(outs))
        outs.append(made)
        return made

    def handle_comm_msg(self, outs: Any, msg: Any, cell_index: int) -> None:
        """Widgets have nobody to talk to here; what they would keep, the notebook needn't hold."""

    def execute_cell(
        self,
        cell: NotebookNode,
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> NotebookNode:
        """Run a cell and take what it sends: one loop, where nbclient has three tasks a cell."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        cell.outputs, self.clear_before_next_output = [], False
        asked = self.kc.execute(cell.source, store_history=store_history, stop_on_error=False)
        self.code_cells_executed += 1
        reply = self._follow(asked, cell, cell_index)
        cell.execution_count = reply["content"].get("execution_count")
        self.on_cell_executed(cell=cell, cell_index=cell_index, execute_reply=reply)
        return cell

    def _follow(self, asked: str, cell: NotebookNode, index: int) -> dict[str, Any]:
        """What the kernel replies in the end; an error where the cell had to be stopped."""
        reply, done, stopped = None, False, None
        seconds = self._get_timeout(cell)
        until = time.monotonic() + (seconds or math.inf)
        while not (reply and done):
            left = until - time.monotonic()
            if left <= 0 and (reply or stopped):
                raise CellTimeoutError("It didn't stop.")
            if left <= 0:
                note(self.nb, "trouble", f"A cell ran longer than {seconds} s and was stopped.")
                run_sync(self.km.interrupt_kernel)()
                stopped = {"content": {**self.error_on_timeout, "status": "error"}}
                until = time.monotonic() + self.patience
            ready = self._poller.poll(int(1000 * min(max(left, 0), LOOK)) + 1)
            if not ready and not self.kc.is_alive():
                raise DeadKernelError("The kernel died.")
            for socket, _ in ready:
                channel = self._channels[socket]
                message = channel.get_msg(timeout=0)
                if message["parent_header"].get("msg_id") != asked:
                    continue
                if channel is self.kc.shell_channel:
                    reply = message
                    until = time.monotonic() + self.iopub_timeout
                else:
                    done = done or self._take(message, cell, index)
        return stopped or reply

    def _take(self, message: dict[str, Any], cell: NotebookNode, index: int) -> bool:
        """Take output; whether it was the last."""
        try:
            self.process_message(message, cell, index)
        except CellExecutionComplete:
            return True
        return False


def _output(kind: str, content: dict[str, Any]) -> NotebookNode | None:
    """An output as notebooks have it, whatever a student's code sends; None if it is no output."""
    if kind == "stream":
        made: dict[str, Any] = {"name": str(content["name"]), "text": str(content["text"])}
    elif kind == "error":
        said = [str(line) for line in content["traceback"]]
        made = {"ename": str(content["ename"]), "evalue": str(content["evalue"]), "traceback": said}
    elif kind in ("execute_result", "display_data"):
        data = {k: v if k.endswith("json") else str(v) for k, v in content["data"].items()}
        made = {"data": data, "metadata": {}}
    else:
        return None
    if kind == "execute_result":
        made["execution_count"] = int(content["execution_count"])
    return from_dict({"output_type": kind, **made})


class Bench:
    """The judge's bench: the tasks of a problem set with their hidden part, and one company."""

    def __init__(self, preprocessor: Any, names: dict[str, str]) -> None:
        course = _coursedir(preprocessor)
        self.problem_set, self.student = names["assignment"], names["student"]
        folder = course.format_path(course.source_directory, ".", self.problem_set)
        self.checks = Path(folder) / "checks.py"

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks, by the ids that check cells name."""
        return load(self.problem_set, self.checks).tasks

    @cached_property
    def company(self) -> Any:
        """The judge's own copy of the owner's company; no task changes it."""
        return judges_company(self.problem_set, self.student)

    def questions(self, names: set[str]) -> bytes:
        tasks = [self.tasks[name] for name in sorted(names - {""})]
        return questions(tasks, self.company)


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
        path = answers_file(_coursedir(self), names["assignment"], names["student"])
        kept: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            kept = json.loads(path.read_text(encoding="utf-8"))
        short = {t: v for t, v in self._handed_in.items() if len(json.dumps(v)) <= MAX_KEPT}
        kept[names.get("notebook", "")] = short
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(path)  # whole or not at all

    def _decide(self, cell: NotebookNode, bench: Bench) -> str:
        """Rewrite the cell's outputs; returns why it earns nothing, if that isn't the verdict."""
        for output in cell.outputs:
            if output.output_type == "stream":
                output.name = "stdout"
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        task = checked_task(cell.source)
        if not task and not utils.is_solution(cell):
            if cell.execution_count is None and not errors:
                return self._zero(cell, "The cell was not run.")
            return ""
        if not task:
            return ""  # a manually graded answer in code
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
            return self._zero(cell, f"The judge failed ({_said(problem)}): tell your instructor.")
        if verdict.provisional:
            return self._zero(cell, "The check has no reference: tell your instructor.")
        cell.metadata[NOTES]["messages"] = list(verdict.messages)
        cell.outputs = [_printed(verdict.text(bench.tasks[task].title) + "\n")]
        self._result(cell, min(verdict.points, float(cell.metadata.nbgrader["points"])))
        return ""

    def _result(self, cell: NotebookNode, points: float) -> None:
        kept = [o for o in cell.outputs if o.output_type != "execute_result"]
        data = {"text/plain": repr(points)}
        result = {"output_type": "execute_result", "data": data, "metadata": {}}
        result = from_dict({**result, "execution_count": cell.execution_count})
        cell.outputs = [*kept, result]

    def _zero(self, cell: NotebookNode, why: str) -> str:
        cell.metadata.setdefault(NOTES, {})["messages"] = [why]
        said = _printed(f"0 points. {why}\n")
        cell.outputs = [*(o for o in cell.outputs if o.output_type != "execute_result"), said]
        self._result(cell, 0.0)
        return why


def _printed(text: str) -> NotebookNode:
    return from_dict({"output_type": "stream", "name": "stdout", "text": text})


class Save(NbGraderPreprocessor):
    """Write a notebook's scores into the gradebook, all of them or, if killed, none.

    What nbgrader's SaveAutoGrades does, cell by cell, in one transaction.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        if "gradebook" in resources:
            self._save(nb, resources["gradebook"], resources)
        else:
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
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
        return super().preprocess(nb, resources) if resources["late"] else (nb, resources)
