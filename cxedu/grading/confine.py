"""What holds student code: bubblewrap around the warm process, namespaces and limits around each kernel.

In the sandbox there is no network and no course: only the system's programs and libraries, this
Python and the `cxedu` package, all read-only. Each kernel gets, on top of that, its own view of
files (a copy of the submission in memory, an empty /tmp), processes and shared memory, and limits
on memory, processor time, processes, files and open files. Nothing that it writes outlives it.

Where bubblewrap or user namespaces are missing, `level` says so, and only the limits hold.
"""

import ctypes
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Inside the sandbox; names that no system has, since they cover what is there.
BOXES, KERNEL, WORK = "/cxedu/boxes", "/cxedu/kernel", "/cxedu/work"
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "hb_port": 4, "control_port": 5}
NOBODY = 65534
TRUNCATED = "\n… output truncated …\n"  # stands where output is cut off
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]
SYSTEM += [f"/etc/{n}" for n in ("ld.so.cache", "localtime", "fonts", "passwd", "group")]
_USER, _MOUNT, _PID, _IPC, _NET, _UTS = (
    0x10000000, 0x20000, 0x20000000, 0x8000000, 0x40000000, 0x4000000,
)  # fmt: skip
_READ_ONLY, _NO_SUID, _NO_DEV, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = (
    1, 2, 4, 32, 4096, 16384, 1 << 18,
)  # fmt: skip
_DEATH_SIGNAL, _DUMPABLE, _DROP_CAPABILITY, _NO_NEW_PRIVILEGES = 1, 4, 24, 38


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Memory counts above what the warm process has."""

    memory: int = 2 << 30  # bytes of address space, for each process
    together: int = 3 << 30  # bytes that all its processes may hold; only seen in the sandbox
    cpu: int = 900  # seconds, for each process
    processes: int = 64
    file_size: int = 64 << 20
    scratch: int = 256 << 20  # bytes in the working copy; as much again in /tmp and shared memory
    open_files: int = 512


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _done(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    made = _libc().mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _done(made, f"mount {target}")


# --- the sandbox around the warm process -------------------------------------------------------


def command(boxes: Path, hidden: Path, arguments: list[str]) -> list[str]:
    """The bubblewrap command that runs this Python with `arguments`.

    Parameters
    ----------
    boxes : Path
        The folder where kernels get their files; the only one that is shared with the grader.
    hidden : Path
        The course, which must not be seen even where it lies inside one of the system's folders.
    """
    course, seen = str(hidden.resolve()), _seen()
    above = {str(p) for path in [course, *seen] for p in Path(path).parents}
    above = {path for path in above if path != "/" and not _under(path, [*SYSTEM, *seen])}
    cover = [word for path in sorted(above) for word in ("--dir", path)]
    cover += ["--tmpfs", course]  # before what is seen, since that may lie in it
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": WORK,
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        **steady(),
    }
    setenv = [word for pair in environment.items() for word in ("--setenv", *pair)]
    return [
        "bwrap", *_privileges(), "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--unshare-cgroup-try", "--hostname", "grading", "--die-with-parent",
        "--new-session", "--clearenv", *setenv, *_binds(SYSTEM), "--tmpfs", "/tmp", *cover,
        *_binds(seen), "--remount-ro", course, "--proc", "/proc", "--dev", "/dev",
        "--dir", KERNEL, "--dir", WORK,
        "--bind", str(boxes), BOXES, "--remount-ro", "/", "--chdir", "/",
        sys.executable, *arguments,
    ]  # fmt: skip


def _seen() -> list[str]:
    """Where this Python, its packages and cxedu are, as far as that isn't among the system's."""
    paths = [sys.base_prefix, sys.prefix, str(Path(__file__).resolve().parents[1])]
    return [path for path in dict.fromkeys(paths) if not _under(path, SYSTEM)]


def _binds(paths: list[str]) -> list[str]:
    return [word for path in paths for word in ("--ro-bind-try", path, path)]


def _under(path: str, folders: list[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def steady() -> dict[str, str]:
    """What makes runs alike: one hash seed, one thread for each numeric library, one time zone."""
    threads = ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
    return {
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # forks want no threads beside them
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no word about debuggers
        "TZ": "UTC",
        **{f"{name}_NUM_THREADS": "1" for name in threads},
    }


@functools.cache
def _privileges() -> list[str]:
    """As root where we can, so as to run students as nobody inside; or else as who we are."""
    root = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    trial = ["bwrap", "--unshare-pid", *root, "--bind", "/", "/", "true"]
    with suppress(OSError, subprocess.SubprocessError):
        if os.geteuid() == 0:
            subprocess.run(trial, capture_output=True, timeout=30, check=True)
            return root
    return ["--unshare-user"]


@functools.cache
def level() -> tuple[str, str]:
    """How well this machine can hold student code, and why not better.

    Returns
    -------
    str, str
        "sandbox", "limits" (a process of its own with limits, but it sees what you see), or
        "kernel" (an ordinary Jupyter kernel); and the reason, empty for "sandbox".
    """
    if not hasattr(os, "fork"):
        return "kernel", "this system can't fork processes"
    if sys.platform != "linux":
        return "limits", f"bubblewrap needs Linux, and this is {sys.platform}"
    if not shutil.which("bwrap"):
        return "limits", "bubblewrap isn't installed (on Debian and Ubuntu: apt install bubblewrap)"
    trial = "from cxedu.grading import confine; confine.drop_root(); confine.enter(None, 1 << 20)"
    with tempfile.TemporaryDirectory() as folder:
        words = command(Path(folder), Path(folder) / "course", ["-c", trial])
        try:
            tried = subprocess.run(words, capture_output=True, text=True, timeout=60)
        except subprocess.SubprocessError as problem:
            return "limits", f"bubblewrap doesn't start ({type(problem).__name__})"
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        return "limits", f"this system doesn't allow the sandbox ({last})"
    return "sandbox", ""


# --- inside: each kernel's own view, and its limits --------------------------------------------


def drop_root() -> None:
    """Become nobody, if we are root: limits on processes don't bind root."""
    # The third number says how many users there are; nobody may not be among them.
    users = int(Path("/proc/self/uid_map").read_text().split()[2])
    if os.getuid() == 0 and users > NOBODY:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _libc().prctl(_DUMPABLE, 1)  # otherwise /proc/self belongs to root, and stays closed


def enter(box: str | None, scratch: int) -> None:
    """Leave the sandbox's common view for a private one; the next fork is its first process.

    Parameters
    ----------
    box : str or None
        The name of this kernel's folder in the boxes; its `files` are copied to the working
        folder, and its `kernel` folder holds the sockets.
    scratch : int
        Bytes that the working folder, /tmp and shared memory may hold each.
    """
    uid, gid = os.getuid(), os.getgid()
    _done(_libc().unshare(_USER | _MOUNT | _PID | _IPC | _NET | _UTS), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    safe = _NO_SUID | _NO_DEV
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    # A course that was cloned into /tmp has its Python there: hold on to it, then put it back.
    kept = {path: os.open(path, os.O_PATH) for path in _seen() if _under(path, ["/tmp"])}
    for folder in ("/tmp", "/dev/shm", WORK):
        _mount("tmpfs", folder, "tmpfs", safe, f"size={scratch},mode=777")
    for path, held in kept.items():
        os.makedirs(path)
        _mount(f"/proc/self/fd/{held}", path, None, _BIND | _RECURSIVE)
        os.close(held)
    if box is not None:
        shutil.copytree(f"{BOXES}/{box}/files", WORK, dirs_exist_ok=True)
        _mount(f"{BOXES}/{box}/kernel", KERNEL, None, _BIND)
    _mount("tmpfs", BOXES, "tmpfs", safe | _READ_ONLY)
    # The sandbox's /proc shows the warm process and its other kernels; nothing here needs one.
    _mount("tmpfs", "/proc", "tmpfs", safe | _READ_ONLY)
    os.chdir(WORK)


def close_kernel_folder() -> None:
    """Once the sockets are there, nothing more is written beside them: no way to fill the disk."""
    _mount("none", KERNEL, None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEV)


def drop_privileges() -> None:
    """Give up the powers over the private view, for good."""
    for capability in range(64):
        if _libc().prctl(_DROP_CAPABILITY, capability):
            break  # beyond the last one that this system knows
    _done(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _done(_libc().capset(header, (ctypes.c_uint32 * 6)()), "capset")


def die_with_parent() -> None:
    """Nothing here outlives the process that started it."""
    if sys.platform == "linux":
        _libc().prctl(_DEATH_SIGNAL, 9)


def address_space() -> int:
    """What this process has of it now, in bytes."""
    if sys.platform != "linux":
        return 0
    import resource

    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def held(proc: int, kernel: int) -> int:
    """Bytes of memory that a kernel and all processes under it hold, beside what files hold.

    Not what none of them has mapped, such as a file in memory that is only written to.

    Parameters
    ----------
    proc : int
        The folder /proc, opened; the keeper's own view no longer has it.
    kernel : int
        The first process of the kernel's namespace, and so above every other one in it.
    """
    above: dict[int, int] = {}
    for pid in map(int, filter(str.isdigit, os.listdir(proc))):
        with suppress(OSError):  # it has ended
            above[pid] = int(_read(proc, f"{pid}/stat").rpartition(")")[2].split()[1])
    mine = [kernel]
    for pid in mine:  # grows while it is read
        mine += [child for child, parent in above.items() if parent == pid]
    return sum(_private(proc, pid) for pid in mine) if len(mine) > 1 else 0  # one has its own limit


def _private(proc: int, pid: int) -> int:
    with suppress(OSError):  # what processes share counts once
        rolled = _read(proc, f"{pid}/smaps_rollup")
        return sum(int(kb) << 10 for kb in re.findall(r"Pss_(?:Anon|Shmem):\s+(\d+) kB", rolled))
    with suppress(OSError):  # it hides from that, or the system is old
        return int(_read(proc, f"{pid}/statm").split()[1]) * os.sysconf("SC_PAGESIZE")
    return 0


def _read(folder: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY, dir_fd=folder)) as file:
        return file.read()


def limit(limits: Limits, already: int, sandboxed: bool) -> None:
    """Set what this process and its children may use; `already` is the warm process's memory.

    Outside of the sandbox, all processes of who grades would count, and leave room for none.
    """
    import resource  # there is none on Windows

    wanted = {
        resource.RLIMIT_CPU: limits.cpu,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        wanted[resource.RLIMIT_AS] = already + limits.memory
        if sandboxed:
            wanted[resource.RLIMIT_NPROC] = limits.processes
    for name, most in wanted.items():
        hard = resource.getrlimit(name)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (most, most))
