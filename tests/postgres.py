"""A PostgreSQL server for a test: its own data in a temporary folder, on a socket there."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "no PostgreSQL server programs here (on Debian: apt install postgresql)"


def programs() -> Path | None:
    """The folder of the server's programs, if there is one."""
    found = shutil.which("initdb")
    folders = [str(Path(found).resolve().parent)] if found else []
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    wanted = ("initdb", "pg_ctl", "postgres")
    usable = [Path(f) for f in folders if all((Path(f) / w).exists() for w in wanted)]
    return usable[0] if usable and sys.platform == "linux" else None


def _account() -> dict:
    """Somebody else, if we are root: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # there is none on Windows

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def server() -> Iterator[str]:
    """Start one, and end it; its URL for nbgrader."""
    binaries, who = programs(), _account()
    assert binaries is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket needs a short name

    def call(name: str, *arguments: str) -> None:
        out = subprocess.DEVNULL  # not a pipe: the server would keep it open
        subprocess.run(
            [str(binaries / name), "-D", str(folder / "data"), *arguments],
            check=True, cwd=folder, stdout=out, stderr=out, timeout=300,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, **who,
        )  # fmt: skip

    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        call("initdb", "-U", "cxedu", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        call("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg://cxedu@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
