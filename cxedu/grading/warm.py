"""The warm process: it has imported what problem sets import, and forks a kernel for each submission.

A kernel that starts from nothing spends more than a second importing; a fork has all of that
already. `WarmProcess` starts it (inside the sandbox, where there is one); the rest of this module
runs in it. Three kinds of processes share the code: the warm one only forks keepers; a keeper
prepares the private view of one kernel, forks it, passes signals on to it, and ends it when the
grader hangs up; the kernel is an ordinary IPython kernel.
"""

import ast
import atexit
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from cxedu.grading import confine

SOCKET = "warm"
LOOK = 0.5  # seconds between looks at the memory of a kernel
ALWAYS = [
    *("numpy", "pandas", "matplotlib", "cxedu", "cxedu.exercises", "cxedu.world"),
    *("ipykernel.kernelapp", "ipykernel.debugger", "tornado.platform.asyncio"),
    *("cxedu.grading.kernel", "IPython.core.debugger", "IPython.core.completerlib"),
    *("IPython.core.oinspect", "IPython.extensions.storemagic"),
]


# --- in the grader -----------------------------------------------------------------------------


class WarmProcess:
    """A warm process and the folder that it shares with the grader; `close` it when done.

    Parameters
    ----------
    course : Path
        The root of the course, which no kernel may see.
    modules : iterable of str
        What else to import: what the problem set's own cells import.
    sandboxed : bool
        Inside bubblewrap, or with limits only.
    """

    def __init__(self, course: Path, modules: Iterable[str], sandboxed: bool) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cx", ignore_cleanup_errors=True)
        self.boxes = Path(self._folder.name) / "b"
        self.boxes.mkdir(mode=0o711)
        if sandboxed:
            self.boxes.chmod(0o777)  # for nobody; the folder around it is ours alone
        self.sandboxed = sandboxed
        inside = confine.BOXES if sandboxed else str(self.boxes)
        order = json.dumps({"boxes": inside, "modules": [*modules], "sandboxed": sandboxed})
        arguments = ["-m", "cxedu.grading.warm", order]
        command = [sys.executable, *arguments]
        environment = {**os.environ, **confine.steady()}
        if sandboxed:
            command = confine.command(self.boxes, course, arguments)
        self.log = Path(self._folder.name) / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait(self, seconds: float = 60) -> Path:
        """Wait until it takes orders; its socket."""
        path = self.boxes / SOCKET
        deadline = time.monotonic() + seconds
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace").strip()[-2000:]
                raise RuntimeError(f"the warm process did not start:\n{said}")
            time.sleep(0.01)
        return path

    def close(self) -> None:
        """End it and every kernel of its."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


_begun: dict[Path, WarmProcess] = {}  # started ahead, by course; at most one


def begin(course: Path, problem_set: str, sandbox: str) -> None:
    """Start a warm process before it is known whether it will be needed.

    It imports its libraries while this process imports nbgrader, which takes as long. `take` hands
    it out; what nobody took ends with this process. Whether the sandbox works is tried later: most
    often it does where there is bubblewrap.
    """
    source = course / "solutions" / problem_set
    if sandbox != "off" and hasattr(os, "fork") and source.is_dir():
        _begun[course] = WarmProcess(course, imports(source), bool(shutil.which("bwrap")))
        atexit.register(_close_begun)


def _close_begun() -> None:
    while _begun:
        _begun.popitem()[1].close()


def take(course: Path, modules: Iterable[str], sandboxed: bool) -> WarmProcess:
    """A warm process: the one that was begun for this course, or a new one."""
    begun = _begun.pop(course, None)
    if begun and begun.sandboxed == sandboxed and begun.alive:
        return begun
    if begun:
        begun.close()
    return WarmProcess(course, modules, sandboxed)


def imports(source: Path) -> tuple[str, ...]:
    """What the cells of a problem set's own notebooks import, and so every submission."""
    found: dict[str, None] = {}
    for path in sorted(source.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            code = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
            with suppress(SyntaxError):  # a cell with magics
                for node in ast.walk(ast.parse(code)):
                    if isinstance(node, ast.Import):
                        found.update(dict.fromkeys(alias.name for alias in node.names))
                    elif isinstance(node, ast.ImportFrom) and node.module:
                        whole = [f"{node.module}.{alias.name}" for alias in node.names]
                        found.update(dict.fromkeys([node.module, *whole]))
    return tuple(found)


# --- in the warm process -----------------------------------------------------------------------


def serve(boxes: str, modules: list[str], sandboxed: bool) -> NoReturn:
    """Import, then fork a keeper for each connection, for ever."""
    confine.die_with_parent()
    gc.disable()
    for name in [*ALWAYS, *modules]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the student's cell will say so
    _use_once()
    from cxedu.grading import kernel  # IPython, which the grader can do without

    kernel.prepare("/tmp" if sandboxed else boxes)
    if sandboxed:
        confine.drop_root()
    gc.freeze()  # the collector would touch, and so copy, every page after a fork
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers report for themselves
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{boxes}/{SOCKET}.new")
    listener.listen(64)
    os.rename(f"{boxes}/{SOCKET}.new", f"{boxes}/{SOCKET}")  # it is there only when it works
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            code = 1
            try:
                code = _keep(connection, boxes, sandboxed)
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        connection.close()


def _use_once() -> None:
    """Make a small company: whatever is loaded on first use is loaded now."""
    from cxedu.world import World

    world = World(seed=0, n_customers=100)
    for name in world.tables:
        getattr(world, name)
    world.transactions.groupby("customer_id")["margin"].sum()


def _keep(connection: socket.socket, boxes: str, sandboxed: bool) -> int:
    """Prepare the view of one kernel, fork it, and answer for it until it or the grader ends."""
    confine.die_with_parent()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines = connection.makefile("rwb", buffering=0)
    order = {**json.loads(lines.readline()), "already": confine.address_space()}
    limits = confine.Limits(**order["limits"])
    proc = os.open("/proc", os.O_RDONLY) if sandboxed else None
    try:
        if sandboxed:
            confine.enter(order["box"], limits.scratch)
        else:
            os.chdir(f"{boxes}/{order['box']}/files")
    except OSError as problem:
        _say(connection, error=str(problem))
        return 1
    ready, tell = os.pipe()
    kernel = os.fork()
    if kernel == 0:
        try:
            os.close(ready)
            lines.close()
            connection.close()
            folder = confine.KERNEL if sandboxed else f"{boxes}/{order['box']}/kernel"
            _be_kernel(order, limits, folder, tell, sandboxed)
        except BaseException:  # ipykernel exits where it can't start
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(1)
    os.close(tell)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    watched: list[Any] = [connection, ready, woken]
    while True:
        pid, status = os.waitpid(kernel, os.WNOHANG)
        if pid:
            _say(connection, exit=os.waitstatus_to_exitcode(status))
            return 0
        happened, _, _ = select.select(watched, [], [], LOOK)
        if proc is not None and not happened and confine.held(proc, kernel) > limits.together:
            os.kill(kernel, signal.SIGKILL)
        if ready in happened:
            if os.read(ready, 1):
                if sandboxed:
                    confine.close_kernel_folder()
                _say(connection, ready=True)
            watched.remove(ready)
        if connection in happened:
            words = b""
            with suppress(ConnectionError):  # it hung up, and had not read everything
                words = lines.readline()
            number = json.loads(words)["signal"] if words else signal.SIGKILL
            os.kill(kernel, number)
            if number == signal.SIGKILL:
                with suppress(ProcessLookupError):  # what it started ends with it
                    os.killpg(kernel, number)
            if not words:
                os.waitpid(kernel, 0)
                return 0
        if woken in happened:
            os.read(woken, 512)


def _say(connection: socket.socket, **words: Any) -> None:
    with suppress(OSError):  # the grader may have gone
        connection.sendall(json.dumps(words).encode() + b"\n")


def _be_kernel(
    order: dict[str, Any], limits: confine.Limits, folder: str, tell: int, sandboxed: bool
) -> None:
    """What the kernel process does: limits, a fresh state, then an ordinary IPython kernel."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    confine.die_with_parent()
    os.setsid()
    os.closerange(tell + 1, 4096)
    os.closerange(3, tell)
    if sandboxed:
        confine.drop_privileges()
    os.environ.update(order["environment"], CXEDU_QUESTIONS=f"{folder}/questions")
    random.seed(order["seed"])
    sys.modules["numpy"].random.seed(order["seed"])
    confine.limit(limits, order["already"], sandboxed)
    sys.argv, sys.path[0] = ["kernel"], ""

    from cxedu.grading.kernel import BoundedDisplay, GradingApp

    app = GradingApp.instance()
    app.ip = f"{folder}/k"
    app.initialize()
    shell: Any = app.shell
    shell.display_pub.register_hook(BoundedDisplay())
    shell.ask_exit = lambda: None  # `exit()` ends a cell, not what comes after it
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):  # until here, trouble goes to the log
        os.dup2(null, standard)
    os.close(null)
    os.write(tell, b"1")
    os.close(tell)
    app.start()


if __name__ == "__main__":
    from cxedu.grading.warm import serve as serve_as_module  # so that no fork imports it again

    serve_as_module(**json.loads(sys.argv[1]))
