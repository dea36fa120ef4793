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
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, from_dict, v4
from nbgrader.preprocessors import Execute
from nbgrader.preprocessors.execute import UnresponsiveKernelError
from traitlets import Dict, Integer, Unicode, default

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
MOST_DATA = 10_000_000  # bytes of figures and tables that are kept of each cell
LOOK = 1.0  # seconds between looks whether a silent kernel still lives


class Run(Execute):
    """nbgrader's Execute, which keeps what ran when a kernel dies, and hands no secret to it.

    The kernel learns whose company it is about and what to call students' functions with. What is
    right only `Verdicts` knows, in this process.
    """

    warm = Unicode("", help="Socket of the warm process; an ordinary kernel if empty.").tag(
        config=True
    )
    limits = Dict(help="Those limits of confine.Limits that aren't as usual, by name.").tag(
        config=True
    )
    clear_before_next_output = False
    patience = Integer(10, help="Seconds that an interrupted cell has to stop.").tag(config=True)
    max_output = Integer(1_000_000, help="Characters of output that are kept of each cell.").tag(
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
            self.km = WarmKernelManager(config=self.config, warm=self.warm, limits=self.limits)
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
            printed = [o for o in cell.get("outputs", []) if o.output_type == "stream"]
            cell.outputs = [*printed, said]
            cell.execution_count = None  # whether it came before the end is chance

    def _take(self, msg: Any, cell: NotebookNode, cell_index: int) -> bool:
        """Take what a cell shows, up to the limits, as it comes; whether that was all."""
        kind, content, outs = msg["msg_type"], msg["content"], cell.outputs
        if kind == "status":
            return bool(content["execution_state"] == "idle")
        if kind == "clear_output":
            self.clear_output(outs, msg, cell_index)
        if kind not in FIELDS:
            return False  # widgets have nobody to talk to here
        fields = {field: _plain(field, content.get(field)) for field in FIELDS[kind]}
        made = from_dict({"output_type": kind, **fields})
        if kind == "stream" and not self._room_for(made, outs):
            return False
        if kind == "execute_result" and ANSWER_MIME in made.data:
            for earlier in outs:  # only the last one counts
                earlier.get("data", {}).pop(ANSWER_MIME, None)
            made.data = NotebookNode({"text/plain": "", ANSWER_MIME: made.data[ANSWER_MIME]})
        elif "data" in made:
            self._shown += len(str(made.data))
            if self._shown > MOST_DATA:
                made.data = NotebookNode({"text/plain": TRUNCATED.strip()})
        display_id = (content.get("transient") or {}).get("display_id")
        places = self._display_id_map.setdefault(display_id, {}) if display_id else {}
        for index, positions in places.items():  # shown before, and changed now
            for position in positions:
                self.nb.cells[index].outputs[position]["data"] = made.data
        if kind == "update_display_data":
            return False
        if self.clear_before_next_output:
            outs.clear()
            self.clear_display_id_mapping(cell_index)
            self.clear_before_next_output = False
        if display_id:
            places.setdefault(cell_index, []).append(len(outs))
        outs.append(made)
        return False

    def _room_for(self, made: NotebookNode, outs: list[NotebookNode]) -> bool:
        """Whether text becomes an output of its own: in how many pieces it came is chance."""
        room = self.max_output - self._kept
        self._kept += len(made.text)
        if room <= 0:
            return False
        if len(made.text) > room:
            made.text = made.text[:room] + TRUNCATED
        last = outs[-1] if outs else {}
        if last.get("name") == made.name and not self.clear_before_next_output:
            last["text"] += made.text
            return False
        return True

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


def _plain(field: str, value: Any) -> Any:
    """A field of a message as notebooks have it, whatever a student's code sends."""
    if field == "metadata":
        return {}
    if field == "data":
        return {k: v if k.endswith("json") else str(v) for k, v in value.items()}
    if field == "traceback":
        return [str(line) for line in value]
    return int(value) if field == "execution_count" else str(value)
