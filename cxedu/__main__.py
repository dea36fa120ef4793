"""The commands of the course: `python -m cxedu course` and its sisters.

Runs on any Python, with nothing installed: it finds a Python that the course supports, makes the
environment `.venv` from the lock file if it isn't there or has changed, and hands the command over
to it. Old Pythons must be able to read this file, hence the plain syntax.
"""

import os
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
COMMANDS = [
    ("course", "run what changed, build the site, release the problem sets, grade a sample class"),
    ("test", "run every test (words that follow go to pytest: python -m cxedu test -k whale)"),
    ("book", "run what changed among the chapters and build the site"),
    ("serve", "build the site and show it on http://127.0.0.1:8000"),
    ("lab", "open JupyterLab on the chapters, with full feedback in the problem sets"),
    ("grade", "grade what was handed in: python -m cxedu grade ps06 (make grade PS=ps06)"),
    ("similar", "show whose notebooks are alike: python -m cxedu similar ps06"),
    ("datasets", "write the data files of datasets/ and their description anew"),
    ("bench", "measure the speed of what makes a claim about speed"),
    ("clean", "remove everything that the commands above made, except the environment"),
    ("help", "say this"),
]


def main():
    """Check the command and the Python, then hand over to the environment."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in ("help", "-h", "--help"):
        print(usage())
        return 0
    if command not in [name for name, _ in COMMANDS]:
        sys.stderr.write("There is no command {!r}.\n\n{}\n".format(command, usage()))
        return 2
    if not supported(sys.version_info):
        return use_another_python()

    from cxedu.course import environment

    return environment.hand_over(sys.argv[1:])


def usage():
    """The commands, a line each."""
    lines = ["make COMMAND, or without make: python -m cxedu COMMAND", ""]
    lines += ["  {:8} {}".format(name, what) for name, what in COMMANDS]
    return "\n".join(lines)


def supported(version):
    """Whether the course runs on this version of Python, given as a tuple."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def use_another_python():
    """Run the same command with a supported Python from the PATH, or say what is missing."""
    nowhere = open(os.devnull, "w")
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)
        try:
            found = subprocess.call([name, "-c", "import venv"], stderr=nowhere) == 0
        except OSError:
            found = False
        if found:
            return subprocess.call([name, "-m", "cxedu"] + sys.argv[1:])
    sys.stderr.write(
        "This is Python {}.{} ({}), and the course needs Python {}.{} to {}.{}.\n"
        "Install one from https://www.python.org/downloads/ (or your system's package manager),\n"
        "then say which:  make course PYTHON=python3.12   or   python3.12 -m cxedu course\n".format(
            *(sys.version_info[:2] + (sys.executable,) + OLDEST + NEWEST)
        )
    )
    return 1


if __name__ == "__main__":
    if not os.path.exists("nbgrader_config.py"):  # else: a course of its own, which is graded here
        os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.exit(main())
