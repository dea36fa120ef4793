"""nbgrader preprocessor that runs a notebook, whatever its cells do to the kernel."""

import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, from_dict, v4
from nbgrader.preprocessors import Execute
from nbgrader.preprocessors.execute import UnresponsiveKernelError
from traitlets import Bool, Dict, Integer, Unicode, default

from cxedu.exercises import ANSWER_MIME, questions
from cxedu.exercises.tasks import in_words
from cxedu.grading.confine import TRUNCATED, steady
from cxedu.grading.notebook import NOT_RUN, Resources, checked_task, note
from cxedu.grading.provisioner import BlockingKernelManager, WarmKernelManager
from cxedu.grading.verdicts import Bench

SHOWN = ("data", "metadata")
FIELDS = {  # of messages that a notebook keeps as output
    "stream": ("name", "text"),
    "error": ("ename", "evalue", "traceback"),
    "display_data": SHOWN,
    "update_display_data": SHOWN,
    "execute_result": (*SHOWN, "execution_count"),
}
LOOK = 1.0  # seconds between looks whether a silent kernel still lives


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
            return super().preprocess(nb, resources, km)

    def _ask(self, nb: NotebookNode, resources: Resources) -> bytes:
        """The inputs for the functions that the problem set asks for."""
        try:
            bench = resources["bench"] = Bench(self, self._names)
            return bench.questions({checked_task(c.source) for c in nb.cells})
        except Exception as problem:
            note(nb, "trouble", f"The checks could not be read ({in_words(problem)}).")
            return questions([], None)

    def environment(self) -> dict[str, str]:
        """What the kernel's environment says about this submission."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("CXEDU_")}
        env |= steady() | {"NBGRADER_EXECUTION": "autograde"}
        env |= {"CXEDU_STUDENT": self._names["student"], "CXEDU_QUESTIONS": str(self._questions)}
        return env

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
            why = f"A cell could not be run ({in_words(problem)}); what comes after it was not run."
        self._lost = why
        note(self.nb, "trouble", why)
        self._not_run(cell)
        return cell, resources

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
        for field in FIELDS.get(kind, ()):
            content[field] = _plain(field, content.get(field))
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
        elif "data" in FIELDS.get(kind, ()):
            self._shown += len(str(content["data"]))
            if self._shown > self.max_data:
                content["data"] = {"text/plain": TRUNCATED.strip()}
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: Any, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take what a cell shows. The notebook is validated as a whole, and not each output."""
        kind, content = msg["msg_type"], msg["content"]
        if kind not in FIELDS:
            return None
        fields = {field: content[field] for field in FIELDS[kind]}
        made: NotebookNode = from_dict({"output_type": kind, **fields})
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


def _plain(field: str, value: Any) -> Any:
    """A field of a message as notebooks have it, whatever a student's code sends."""
    if field == "metadata":
        return {}
    if field == "data":
        return {k: v if k.endswith("json") else str(v) for k, v in value.items()}
    if field == "traceback":
        return [str(line) for line in value]
    return int(value) if field == "execution_count" else str(value)
