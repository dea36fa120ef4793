"""The environment `.venv`, made from the lock file; standard library only, since nothing is installed yet."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "made-from"  # says which lock file and Python the environment was made from


def python() -> Path:
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted() -> str:
    """What the environment must have been made from: lock file, package definition, Python."""
    digest = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{sys.version_info.major}.{sys.version_info.minor} {digest.hexdigest()}"


def ensure() -> None:
    """Make the environment, or bring it up to date, unless it is as the lock file says."""
    made_from = STAMP.read_text() if STAMP.exists() else ""
    if made_from == wanted():
        return
    print(
        f"Making the environment in {VENV.name} from requirements.txt (once; a few minutes) …",
        flush=True,
    )
    same_python = made_from.split(" ")[0] == wanted().split(" ")[0]
    if not same_python or not python().exists():
        _make_venv()
    pip = [str(python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.txt")])
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    STAMP.write_text(wanted())


def _make_venv() -> None:
    try:
        import ensurepip  # noqa: F401  (Debian packs it apart)
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"Python {version} came without `venv`. On Debian and Ubuntu: sudo apt install python{version}-venv"
        )
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _run(command: list[str]) -> None:
    code = subprocess.call(command, cwd=ROOT)
    if code:
        shown = " ".join(command)
        sys.exit(
            f"\nThe environment could not be made: this command failed (exit code {code}):\n  {shown}"
        )


def hand_over(arguments: list[str]) -> int:
    """Run the command inside the environment and return its exit code."""
    interpreter = sys.executable
    if (ROOT / "requirements.txt").exists():  # a clone; elsewhere cxedu was installed with pip
        ensure()
        interpreter = str(python())
    environment = dict(os.environ, PYTHONHASHSEED="0")
    # The environment's tools (jupyter, nbgrader) are found first, as if it had been activated.
    environment["PATH"] = str(Path(interpreter).parent) + os.pathsep + environment.get("PATH", "")
    command = [interpreter, "-m", "cxedu.course.commands", *arguments]
    here = Path.cwd()  # a course of its own, or the clone
    folder = here if (here / "nbgrader_config.py").exists() else ROOT
    try:
        return subprocess.call(command, cwd=folder, env=environment)
    except KeyboardInterrupt:
        return 130
