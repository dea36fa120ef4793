"""Where Jupyter's kernels come from in grading: forks of the warm process, spoken to over unix sockets.

`WarmKernelManager` is an ordinary kernel manager whose kernel specification names the provisioner
(entry point "cxedu-warm" of `jupyter_client.kernel_provisioners`); nbclient takes it as its
`kernel_manager_class`.
"""

import asyncio
import json
import select
import shutil
import signal
import socket
import time
import zlib
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client import AsyncKernelManager, BlockingKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_client.session import Session, orjson_unpacker
from traitlets import Dict, Type, Unicode, default

from cxedu.grading.confine import PORTS

# The environment that a kernel gets to see; whatever else is set may hold a password.
OURS = ("CXEDU_STUDENT", "NBGRADER_EXECUTION")
MOST_BYTES = 64 << 20  # of one message; a kernel that sends more is cut off
START = 60.0  # seconds


class WarmProvisioner(KernelProvisionerBase):
    """Asks the warm process for a kernel, and speaks for it until it ends."""

    _connection: socket.socket | None = None
    _exit: int | None = None

    @property
    def has_process(self) -> bool:
        return self._connection is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the kernel's folder: a copy of the submission, and a place for the sockets."""
        manager: Any = self.parent
        self._box = Path(manager.warm).parent / self.kernel_id
        shutil.copytree(kwargs.pop("cwd"), self._box / "files")
        (self._box / "kernel").mkdir()
        address = {"transport": "ipc", "ip": str(self._box / "kernel" / "k"), **PORTS}
        self.connection_info = manager.get_connection_info() | address
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        manager: Any = self.parent
        environment = kwargs["env"]
        shutil.copy(environment["CXEDU_QUESTIONS"], self._box / "kernel" / "questions")
        for path in [self._box, *self._box.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        order = {
            "box": self.kernel_id,
            "environment": {name: environment[name] for name in OURS},
            "limits": manager.limits,
            "seed": zlib.crc32(environment["CXEDU_STUDENT"].encode()),
        }
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(manager.warm)
        self._connection.sendall(json.dumps(order).encode() + b"\n")
        self._heard = b""
        said = self._listen(START)
        if not said.get("ready"):
            why = said.get("error") or f"it ended with {said.get('exit', 'no answer')}"
            raise RuntimeError(f"the kernel did not start: {why}")
        return self.connection_info

    def _listen(self, seconds: float = 0) -> dict[str, Any]:
        """The next thing that the keeper says within the time, or {}."""
        assert self._connection is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._heard:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._connection], [], [], left)[0]:
                return {}
            heard = self._connection.recv(4096)
            self._heard += heard or b'{"exit": -9}\n'  # the keeper itself is gone
        line, _, self._heard = self._heard.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        self._exit = said.get("exit", self._exit)
        return said

    async def poll(self) -> int | None:
        if self._connection is not None and self._exit is None:
            self._listen()
        return self._exit

    async def wait(self) -> int | None:
        while self._connection is not None and await self.poll() is None:
            await asyncio.sleep(0.003)
        self._hang_up()
        return self._exit

    async def send_signal(self, signum: int) -> None:
        if self._connection is not None and self._exit is None:
            with suppress(OSError):  # the keeper may have ended just now
                self._connection.sendall(json.dumps({"signal": int(signum)}).encode() + b"\n")

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)
        await self.wait()  # the manager would look only ten times a second

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        self._hang_up()
        shutil.rmtree(self._box, ignore_errors=True)

    def _hang_up(self) -> None:
        """The keeper ends the kernel when nobody listens any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class BlockingKernelManager(AsyncKernelManager):
    """A kernel manager whose clients wait in place for a message, as `execute.Run` does."""

    client_factory = Type(BlockingKernelClient)


def undated(text: bytes) -> Any:
    """A part of a message, without the time when it was sent.

    jupyter_client would read four of them for each message, which takes longer than all the rest.
    """
    part = orjson_unpacker(text)
    if isinstance(part, dict):
        part.pop("date", None)
    return part


class QuickClient(BlockingKernelClient):
    """A client for kernels whose sockets are there as soon as they are started."""

    @default("context")
    def _bounded(self) -> zmq.Context[zmq.Socket[bytes]]:
        self._created_context = True
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
        return context

    def start_channels(self, *args: bool, **kwargs: bool) -> None:
        """Those that are used: nobody types an answer, and the keeper says when a kernel ended."""
        super().start_channels(stdin=False, hb=False, control=False)

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return once the kernel answers and its output arrives; no fixed pauses."""
        deadline = time.monotonic() + (timeout or START)
        while time.monotonic() < deadline:
            self.kernel_info()
            try:
                self.iopub_channel.get_msg(timeout=0.1)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel died before it was ready") from None
                continue
            self._handle_kernel_info_reply(self.shell_channel.get_msg(timeout=START))
            return
        raise RuntimeError("the kernel did not answer in time")


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager whose kernels come from the warm process."""

    client_factory = Type(QuickClient)
    warm = Unicode(help="The socket of the warm process.")
    limits = Dict(help="Those of `confine.Limits` that aren't as usual.")

    @default("session")
    def _undated(self) -> Session:
        return Session(parent=self, unpack=undated, key=b"")

    @property
    def kernel_spec(self) -> KernelSpec:
        """Python, whatever the notebook says."""
        stanza = {"provisioner_name": "cxedu-warm", "config": {}}
        return KernelSpec(language="python", metadata={"kernel_provisioner": stanza})
