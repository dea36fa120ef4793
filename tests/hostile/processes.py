"""Playing tricks with processes: dying, hiding, outliving, becoming somebody else."""

from hostile import Attempt, Submission, after, instead

DIED = "The kernel died"
KEPT = (
    "What was earned before counts, the rest earns 0, the summary says why, and the others go on."
)
FIRST = (2, 0, 0, 0)


def shadows(s: Submission) -> object:
    def write() -> None:
        for name in ("numpy.py", "pandas.py", "random.py", "json.py", "cxedu.py", "IPython.py"):
            (s.folder / name).write_text("raise SystemExit('shadowed')")
        for name in ("sitecustomize.py", "usercustomize.py", "ipython_config.py"):
            (s.folder / name).write_text(f"open('/tmp/cxedu-hostile-{name}', 'w')")
        (s.folder / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
        startup = s.folder / ".ipython" / "profile_default" / "startup" / "0.py"
        startup.write_text("check = lambda *a: 2.0")

    return write


ATTEMPTS = [
    Attempt(
        "exit-now",
        "ends the kernel at once, without a word: exit code 0",
        after(2, "import os\nos._exit(0)"),
        KEPT,
        FIRST,
        note=DIED,
    ),
    Attempt(
        "exit",
        "calls `exit()` and raises SystemExit",
        after(2, "exit()\nraise SystemExit(0)"),
        "The cell ends; the kernel goes on.",
    ),
    Attempt(
        "shutdown",
        "has the kernel shut itself down",
        after(
            2,
            "import asyncio\nkernel = get_ipython().kernel\n"
            "asyncio.get_running_loop().call_soon(kernel.io_loop.stop)",
        ),
        KEPT,
        FIRST,
        note=DIED,
    ),
    Attempt(
        "segfault",
        "reads memory that isn't there",
        after(2, "import ctypes\nctypes.string_at(0)"),
        KEPT,
        FIRST,
        note=DIED,
    ),
    Attempt(
        "abort",
        "aborts in C",
        after(2, "import ctypes\nctypes.CDLL(None).abort()"),
        KEPT,
        FIRST,
        note=DIED,
    ),
    Attempt(
        "kill-itself",
        "kills itself",
        after(2, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)"),
        KEPT,
        FIRST,
        note=DIED,
        sandbox=True,
    ),
    Attempt(
        "kill-everybody",
        "kills all processes that it may",
        after(2, "import os\ntried(lambda: os.kill(-1, 9))"),
        "There is none but its own.",
        sandbox=True,
    ),
    Attempt(
        "kill-the-grader",
        "kills its parent, the first process, and the grader, whose number it knows",
        after(
            2,
            "import os\nfor pid in (os.getppid(), @GRADER@, 1):\n"
            "    tried(lambda: pid and os.kill(pid, 9))",
        ),
        "Its parent and the grader have no number here; the first process is itself.",
        shows=r"tried: 0\ntried: ProcessLookupError.*\ntried: None",
        sandbox=True,
    ),
    Attempt(
        "stop-itself",
        "stops itself and blocks signals, so that it hears no interrupt",
        after(
            2,
            "# takes for ever\nimport os, signal, time\nos.kill(os.getpid(), signal.SIGSTOP)\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\ntime.sleep(60)",
        ),
        "The first process of a namespace can't stop itself; but then the kernel is ended. " + KEPT,
        FIRST,
        note="could not be stopped",
        sandbox=True,
    ),
    Attempt(
        "daemon",
        "leaves a daemon behind: two forks, a session of its own, standard streams closed",
        after(
            2,
            """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 4096)
        while True:
            time.sleep(0.1)
            try:
                open("/tmp/@MARK@-daemon", "w").close()
            except OSError:
                pass
    os._exit(0)
""",
        ),
        "It ends with its kernel.",
        sandbox=True,
    ),
    Attempt(
        "background-commands",
        "starts commands in the background by the shell, nohup and subprocess",
        after(
            2,
            """
import subprocess
subprocess.Popen("nohup sleep 471 >/dev/null 2>&1 & disown", shell=True, executable="/bin/bash")
subprocess.Popen(["sleep", "471"], start_new_session=True)
get_ipython().system("(sleep 471 &) ; true")
print("tried: started")
""",
        ),
        "They end with the kernel.",
        shows="tried: started",
        sandbox=True,
    ),
    Attempt(
        "become-root",
        "sets its user to root, and tries programs that do",
        after(
            2,
            "import os, subprocess\ntried(lambda: os.setuid(0))\ntried(lambda: os.setgid(0))\n"
            "tried(lambda: subprocess.run(['su', '-c', 'id'], capture_output=True, stdin=-3).returncode)",
        ),
        "It has no powers, and can get none.",
        shows=r"tried: \w*Error.*\ntried: \w*Error.*\ntried: ([1-9]|FileNotFoundError)",
        sandbox=True,
    ),
    Attempt(
        "mount",
        "mounts, changes its root, makes device files",
        after(
            2,
            """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
tried(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
tried(lambda: libc.umount2(b"/proc", 2))
tried(lambda: os.chroot("/tmp"))
tried(lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)))
tried(lambda: libc.setns(0, 0))
""",
        ),
        "It has no powers, and can get none.",
        shows=r"tried: -1\ntried: -1\ntried: PermissionError.*\ntried: PermissionError.*\ntried: -1",
        sandbox=True,
    ),
    Attempt(
        "root-of-its-own",
        "becomes root in a user namespace of its own, and mounts there",
        after(
            2,
            """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
uid = os.getuid()

def mount():
    made = libc.unshare(0x10000000 | 0x20000)
    try:
        open("/proc/self/setgroups", "w").write("deny")
        open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
    except OSError:
        pass
    flags = 1 | 32 | 4096
    writable = libc.mount(None, b"/usr", None, flags & ~1, None)
    return made, writable, os.access("/usr", os.W_OK), os.path.exists("@COURSE@/solutions")

tried(mount)
""",
        ),
        "Even so, it can't make writable what is read-only, nor see what isn't there.",
        shows=r"tried: \(-?\d, -1, False, False\)",
        sandbox=True,
    ),
    Attempt(
        "limits-raised",
        "raises its own limits",
        after(
            2,
            "import resource\nfor name in ('AS', 'NPROC', 'FSIZE', 'CPU'):\n"
            "    tried(lambda: resource.setrlimit(getattr(resource, f'RLIMIT_{name}'), (-1, -1)))",
        ),
        "They can only be lowered.",
        shows=r"(tried: (ValueError|PermissionError).*\n){4}",
        sandbox=True,
    ),
    Attempt(
        "shadowing",
        "hands in numpy.py, pandas.py, sitecustomize.py, a startup file for IPython, and more",
        shadows,
        "What problem sets need is imported already; nothing of it is read.",
        sandbox=True,
    ),
    Attempt(
        "signals-ignored",
        "ignores all signals that it can, and hangs",
        instead(
            2,
            """
# takes for ever
import signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    time.sleep(60)
""",
        ),
        KEPT,
        FIRST,
        note="could not be stopped",
    ),
    Attempt(
        "channels-closed",
        "closes all its files, sockets and threads' included",
        after(2, "# takes for ever\nimport os, time\nos.closerange(3, 4096)\ntime.sleep(60)"),
        KEPT,
        FIRST,
        note="The kernel died",
    ),
]
