"""The kernel that a class is graded with: IPython's own, with nothing configured from elsewhere."""

import os
import sys
import threading
import time
from typing import Any

import pandas as pd
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.profiledir import ProfileDir
from jupyter_client.session import Session
from traitlets import default
from traitlets.config import Config

from cxedu.grading.confine import PORTS, TRUNCATED

MOST_TEXT = 1_000_000  # characters that one cell may print
MOST_SHOWN = 1_000  # figures, tables and their changes that one cell may show


def prepare(folder: str) -> None:
    """Make what forks will be kernels with, so that none spends time on it."""
    os.environ["IPYTHONDIR"] = f"{folder}/ipython"  # what IPython keeps, but nobody reads
    app = GradingApp.instance(
        config=Config(
            HistoryManager={"enabled": False},
            InteractiveShell={"xmode": "Plain"},
            Kernel={"_execute_sleep": 0},  # a pause after each cell
        ),
        capture_fd_output=False,
        kernel_class=GradingKernel,
        log_level=50,
        outstream_class="cxedu.grading.kernel.BoundedStream",
        profile_dir=ProfileDir.create_profile_dir(f"{folder}/ipython/profile"),
        transport="ipc",
        **PORTS,
    )
    app.log.setLevel("CRITICAL")  # no records either of what isn't logged
    shell: Any = GradingKernel.instance(parent=app, profile_dir=app.profile_dir).shell
    shell.run_cell("None", silent=True)  # what is loaded on first use is loaded now
    shell.display_formatter.format(pd.DataFrame({"shown": [0.5]}))


class QuietSession(Session):
    """Messages without those that nobody reads: that a cell begins, and what it holds."""

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Send, unless the grader knows it."""
        begins = msg_or_type == "status" and content["execution_state"] == "busy"
        if begins or msg_or_type == "execute_input":
            return None
        return super().send(stream, msg_or_type, content, *args, **kwargs)


class NoThread:
    """Stands for ipykernel's thread for messages, which each of them would pass through twice."""

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class GradingKernel(IPythonKernel):
    """An IPython kernel that is made before the fork, and connected after it."""

    _supports_kernel_subshells = False

    @classmethod
    def instance(cls, **kwargs: Any) -> "GradingKernel":
        """What `GradingApp` calls with the fork's connections."""
        made: GradingKernel = super().instance(**kwargs)
        if "iopub_socket" in kwargs:
            del kwargs["user_ns"]
            for name, value in kwargs.items():
                setattr(made, name, value)
            made._stdout, made._stderr = sys.stdout, sys.stderr
            shell: Any = made.shell
            for speaker in (shell.displayhook, shell.display_pub):
                speaker.session, speaker.pub_socket = made.session, made.iopub_socket
        return made


class GradingApp(IPKernelApp):
    """A kernel that reads neither a command line nor anybody's configuration files.

    Both take time, and a file in the professor's home must not change a mark.
    """

    @default("session")
    def _quiet(self) -> Session:
        return QuietSession(parent=self, key=b"")

    def parse_command_line(self, argv: Any = None) -> None:
        """There is none: what is configured was given to the constructor."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """There are none."""

    def init_connection_file(self) -> None:
        """There is none: where the sockets are is agreed upon."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Nobody would read it."""

    def init_code(self) -> None:
        """None that somebody left for each kernel to start with."""

    def init_heartbeat(self) -> None:
        """None: the keeper says when a kernel has ended."""

    def init_control(self, context: Any) -> None:
        """Messages come straight to the main thread: nobody opens a second shell."""
        super().init_control(context)
        self.shell_channel_thread = NoThread()

    def init_iopub(self, context: Any) -> None:
        """The channel for output, without a thread of its own."""
        socket = context.socket(zmq.PUB)
        socket.linger = 1000
        self.iopub_port = self._bind_socket(socket, self.iopub_port)
        self.iopub_thread = DirectOutput(socket)
        self.iopub_socket = self.iopub_thread.background_socket


class DirectOutput(IOPubThread):
    """Sends from whichever thread speaks, one after the other.

    To hand each message to a thread for it takes longer than to send it.
    """

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self._one = threading.Lock()

    def send_multipart(self, *args: Any, **kwargs: Any) -> None:
        """Send now."""
        with self._one:
            super().send_multipart(*args, **kwargs)


class BoundedStream(OutStream):
    """What a cell prints, up to a limit: a loop that prints for ever fills nobody's memory."""

    _left: tuple[Any, int] = (None, 0)
    _sent = 0.0

    def _schedule_flush(self) -> None:
        """Send what was written, unless some was sent just now; the rest when the cell ends."""
        if time.monotonic() > self._sent + self.flush_interval:
            self.flush()

    def flush(self) -> None:
        """Send what was written."""
        self._sent = time.monotonic()
        super().flush()

    def write(self, string: str) -> int:
        """Write as far as there is room in this cell, and say where the text was cut off."""
        cell = self.parent_header.get("msg_id")
        left = self._left[1] if self._left[0] == cell else MOST_TEXT
        self._left = (cell, left - len(string))
        if left <= 0:
            return len(string)
        if len(string) > left:
            string = string[:left] + TRUNCATED
        return super().write(string) or 0


class BoundedDisplay:
    """A hook of IPython's display: what a cell shows beyond the limit isn't sent.

    A loop that shows small things for ever would send more than the grader can read in the time
    that the cell has, and be known as one that can't be stopped.
    """

    def __init__(self) -> None:
        self._cell, self._count = None, 0

    def __call__(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The message, or None where it is one too many."""
        cell = message["parent_header"].get("msg_id")
        self._count = self._count + 1 if cell == self._cell else 1
        self._cell = cell
        if self._count == MOST_SHOWN and "data" in message["content"]:
            message["content"]["data"] = {"text/plain": TRUNCATED.strip()}
        return message if self._count <= MOST_SHOWN else None
