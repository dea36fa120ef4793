"""The commands, run inside the environment: what each does, in the order it does it."""

import glob
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cxedu.course import notebooks, site
from cxedu.course.environment import ROOT

SITE = ROOT / "_build" / "html"
CLASS = ROOT / "_build" / "class"


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    command, *rest = arguments
    functions: dict[str, Callable[..., int]] = {
        "course": course,
        "test": test,
        "book": book,
        "serve": serve,
        "lab": lab,
        "datasets": datasets,
        "grade": grade,
        "similar": similar,
        "bench": bench,
        "clean": clean,
    }
    try:
        return functions[command](*rest)
    except notebooks.ChapterFailed as error:
        print(f"\nA chapter did not run:\n{error}", file=sys.stderr)
        return 1
    except site.SiteFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def course() -> int:
    """Everything from the sources to a graded class; what hasn't changed is left as it is."""
    _chapters()
    _site()
    _release()
    _class()
    print(f"\nThe site:    {SITE / 'index.html'}   (make serve shows it in a browser)")
    print(f"The grades:  {CLASS / 'grades.csv'}   (12 simulated students)")
    return 0


def book() -> int:
    """The chapters and the site."""
    _chapters()
    _site()
    print(f"\nThe site: {SITE / 'index.html'}")
    return 0


def serve(port: str = "8000") -> int:
    """Build the site and show it on this machine only."""
    book()
    return site.serve(SITE, int(port))


def lab(*arguments: str) -> int:
    """JupyterLab; the problem sets give full feedback, since this clone holds their solutions."""
    environment = dict(os.environ, CXEDU_CHECKS=str(ROOT / "solutions"))
    # JupyterLab strips the pictures out of notebooks that it doesn't trust.
    chapters = [str(path) for path in notebooks.chapters(ROOT)]
    subprocess.call([sys.executable, "-m", "jupyter", "trust", *chapters])
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.root_dir", str(ROOT)]
    # Nothing here asks the network anything, JupyterLab's look for newer versions included.
    command += ["--LabApp.check_for_updates_class", "jupyterlab.NeverCheckForUpdate", *arguments]
    return subprocess.call(command, env=environment)


def datasets() -> int:
    """Write the data files anew; nothing else does, and a test says when they are behind."""
    from cxedu.course import datasets as files

    for path in files.write(ROOT / "datasets"):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
    return 0


def grade(*arguments: str) -> int:
    """The submissions of a problem set, in the course that the command was given in."""
    from cxedu.grading import command

    return command.main(list(arguments))


def similar(*arguments: str) -> int:
    """Whose notebooks are alike, in the course that the command was given in."""
    from cxedu import similarity

    return similarity.main(list(arguments))


def bench(*arguments: str) -> int:
    """Every claim about speed, measured side by side in one run."""
    command = [
        "-m",
        "pytest",
        "tests/bench",
        "-o",
        "addopts=",
        "-s",
        "--benchmark-columns=min,median,rounds",
    ]
    return subprocess.call([sys.executable, *command, *arguments], cwd=ROOT)


def clean() -> int:
    """Remove what was made, all of which can be made again."""
    for folder in (
        "_build",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".benchmarks",
    ):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    print(
        "Removed _build and the tools' caches. The environment stays: delete .venv to make it anew."
    )
    return 0


def test(*arguments: str) -> int:
    """Style, types, every test, and every chapter run again and compared with what it shows."""
    python = [sys.executable, "-m"]
    pytest = [*python, "pytest", "-n", "2", "--dist", "loadfile", "-q", *arguments]
    checks = {
        "style": [*python, "ruff", "check", "."],
        "format": [*python, "ruff", "format", "--check", "."],
        "types": [*python, "mypy"],
        "chapters": [*pytest, *NBVAL, "chapters"],
        "tests": pytest,
    }
    if arguments:  # a choice among the tests: only those
        checks = {"tests": pytest}
    _ensure_programs()
    failed = []
    for name, command in checks.items():
        print(f"\n== {name}", flush=True)
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nEverything passed.")
    return 1 if failed else 0


NBVAL = [
    "--nbval",
    "--nbval-sanitize-with",
    "tests/nbval-sanitize.cfg",
    "--nbval-cell-timeout",
    "120",
]


# Debian's package, the programs of which one must be there, and what is skipped without.
PROGRAMS = [
    ("chromium", ("chromium", "chromium-browser", "google-chrome"), "the browser tests"),
    ("bubblewrap", ("bwrap",), "the tests of the sandbox"),
    ("postgresql", ("postgres", "/usr/lib/postgresql/*/bin/postgres"), "the PostgreSQL test"),
]


def _ensure_programs() -> None:
    """Programs that some tests need; where Debian's can be installed without asking, they are."""
    missing = [(package, what) for package, names, what in PROGRAMS if not any(map(_found, names))]
    if not missing:
        return
    packages = [package for package, _ in missing]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing {', '.join(packages)} for the tests …", flush=True)
        subprocess.call(["apt-get", "update", "-qq"])
        subprocess.call(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"),
            stdout=subprocess.DEVNULL,
        )
        return
    for package, what in missing:
        print(f"No {package} here: {what} will be skipped. On Debian: sudo apt install {package}")


def _found(program: str) -> bool:
    return bool(shutil.which(program) or glob.glob(program))


@contextmanager
def _timed(what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{what} ({time.perf_counter() - start:.1f} s)", flush=True)


def _step(name: str, sources: list[str], make: Callable[[], object], result: Path) -> None:
    """Do a step unless its result is there and its sources are as they were."""
    key = notebooks.fingerprint(ROOT, [ROOT / s for s in sources if (ROOT / s).exists()])
    if result.exists() and notebooks.state(ROOT).get(name) == key:
        print(f"{name}: unchanged")
        return
    with _timed(name):
        make()
    # A step may rewrite its own sources (the release does), so the key is taken afresh.
    key = notebooks.fingerprint(ROOT, [ROOT / s for s in sources if (ROOT / s).exists()])
    notebooks.remember(ROOT, name, key)


def _chapters() -> None:
    with _timed("chapters"):
        notebooks.run_changed(ROOT)


def _site() -> None:
    sources = ["_config.yml", "_toc.yml", "book", "chapters", "datasets"]
    sources += ["cxedu/book", "cxedu/course/site.py"]
    _step("site", [*sources, "requirements.txt"], lambda: site.build(ROOT), SITE / "index.html")


def _release() -> None:
    from cxedu.course import release

    sources = [
        "solutions",
        "exercises",
        "nbgrader_config.py",
        "cxedu/course/release.py",
        "cxedu/grading",
        "cxedu/exercises",
    ]
    _step("problem sets released", sources, lambda: release.release_all(ROOT), ROOT / "exercises")


def _class() -> None:
    from cxedu.course import classroom

    def grade_the_class() -> None:
        table = classroom.make_class(ROOT, CLASS)  # says a line for each submission
        odd = table[(table["score"] - table["expected"]).abs() > 1e-9]
        for row in odd.to_dict("records"):
            got = f"{row['score']:g} points, where {row['expected']:g} were expected"
            print(f"{row['student']} ({row['behaviour']}), {row['assignment']}: {got}")

    sources = ["solutions", "nbgrader_config.py", "cxedu", "requirements.txt"]
    _step("sample class graded", sources, grade_the_class, CLASS / "grades.csv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
