"""Grading a class: `pytest tests/bench/test_bench_grading.py -s`, or a part of it.

- `-k ratio`: `cxedu grade` beside `nbgrader autograde`, whole commands, in one run, with equal
  scores; and beside the floor, which is what the students' cells alone take: the same cells, one
  after the other, through the shell of one warm interpreter, nothing isolated and nothing graded.
  30 submissions of ps06 (two minutes); 120 as well with CXEDU_BENCH_LONG=1.
- `-k curve`: 30, 100 and 300 submissions of the small problem set of the tests, 1,000 as well with
  CXEDU_BENCH_LONG=1, by local processes into SQLite and by two Dask workers into PostgreSQL:
  seconds, and memory as it is while the class is graded.

Memory is what the processes have for themselves (USS), so not what a fork shares with the warm
process: that of the workers, and of the kernels that they wait for, divided by the workers. A Dask
worker is no fork, so that its whole interpreter counts. Of the command itself, all that it holds.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbgrader.api import Gradebook

from cxedu.exercises import judges_company, load, questions
from cxedu.grading import confine

sys.path.insert(0, str(Path(__file__).parents[1]))

import postgres
from courses import FIXTURE, ROOT, generate, new_course, submissions, submit

LONG = bool(os.environ.get("CXEDU_BENCH_LONG"))
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MIX = ["perfect"] * 4 + ["other right way", "warnings"]  # of ten; all of it stock nbgrader survives
MIX += ["partly wrong, odd tasks", "partly wrong, even tasks", "a cell raises", "blank"]
COUNTS = (30, 100, 300, 1000) if LONG else (30, 100, 300)
MEGABYTES = 250  # for each worker, above the warm process

pytestmark = pytest.mark.skipif(
    confine.level()[0] != "sandbox", reason=f"no sandbox: {confine.level()[1]}"
)


def a_class(folder: Path, solutions: Path, name: str, count: int, more: str = "") -> Path:
    """A course in which so many have handed in a problem set."""
    generate(new_course(folder, more, solutions / name), name)
    who = {f"s{number:04}": MIX[number % len(MIX)] for number in range(count)}
    for student, (nb, _) in submissions(folder, who, name).items():
        submit(folder, student, nb, name)
    return folder


def scores(course: Path) -> dict[str, dict[str, float]]:
    """What each graded cell of each student earned."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cxedu") as gradebook:
        return {
            s.student_id: {g.name: g.auto_score for n in s.notebooks for g in n.grades}
            for a in gradebook.assignments
            for s in a.submissions
        }


def command(course: Path, *words: str) -> float:
    """Run a command in the course; its seconds."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=course, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr[-2000:]
    return seconds


OURS = ("-m", "cxedu.grading.command")  # cxedu grade

CELLS = """
import json, os, sys, time
import matplotlib, nbformat, numpy, pandas
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
import cxedu.exercises, cxedu.world
os.environ["CXEDU_QUESTIONS"] = sys.argv[1]
shell, seconds = InteractiveShell.instance(), 0.0
with capture_output():
    shell.run_line_magic("xmode", "Plain")
for folder, name in json.loads(sys.argv[2]):
    cells = nbformat.read(f"{folder}/{name}.ipynb", as_version=4).cells
    os.chdir(folder)
    os.environ["CXEDU_STUDENT"] = folder.split("/")[-2]
    shell.reset(new_session=True)
    start = time.perf_counter()
    for cell in cells:
        if cell.cell_type == "code":
            with capture_output():
                shell.run_cell(cell.source, store_history=True)
    seconds += time.perf_counter() - start
print(seconds)
"""


def floor(course: Path, name: str) -> float:
    """Seconds for the cells alone, in one interpreter that has everything imported."""
    everybody = sorted(path for path in course.glob(f"submitted/*/{name}"))
    checks = load(name, course / "solutions" / name / "checks.py")
    asked = course / "questions"  # so that functions are called as they are in grading
    company = judges_company(name, everybody[0].parent.name)
    asked.write_bytes(questions(list(checks.tasks.values()), company))
    work = json.dumps([(str(path), name) for path in everybody])
    done = subprocess.run(
        [sys.executable, "-c", CELLS, str(asked), work],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **confine.steady()},
    )
    return float(done.stdout)


@pytest.mark.parametrize(
    "count",
    [
        30,
        pytest.param(120, marks=pytest.mark.skipif(not LONG, reason="CXEDU_BENCH_LONG isn't set")),
    ],
)
def test_ratio(tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int) -> None:
    ours = a_class(tmp_path / "ours", ROOT / "solutions", "ps06", count)
    stock = shutil.copytree(ours, tmp_path / "stock")
    single = a_class(tmp_path / "single", ROOT / "solutions", "ps06", 1)
    least = floor(ours, "ps06")
    start = command(single, *OURS, "ps06", "--sandbox", "required")
    quick = command(ours, *OURS, "ps06", "--sandbox", "required")
    slow = command(stock, "-m", "nbgrader", "autograde", "ps06", "--log-level=ERROR")
    aim = 6 if count < 120 else 8
    with capsys.disabled():
        print(
            f"\n{count} submissions of ps06, {CORES} processors, sandbox on, whole commands:\n"
            f"  nbgrader autograde {slow:.1f} s, cxedu grade {quick:.1f} s: "
            f"{slow / quick:.2f} times as fast (aim: {aim})\n"
            f"  the cells alone {least:.1f} s: {quick / least:.2f} times that (aim: 2); "
            f"{(quick - start) / least:.2f} without the {start:.1f} s that a class of one takes"
        )
    graded = scores(ours)
    assert len(graded) == count
    assert graded == scores(stock)
    assert slow / quick > aim / 2
    assert quick / least < 15  # nbgrader, its database and the judge cost several times the cells


# --- the curve ---------------------------------------------------------------------------------

GRADE = """
import json, sys, time
from pathlib import Path

def main():
    from cxedu.grading.run import grade
    course, name, dask = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "dask"
    if not dask:
        start = time.perf_counter()
        table = grade(course, name, progress=False, sandbox="required")
    else:
        from dask.distributed import Client, LocalCluster
        with (
            LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            start = time.perf_counter()
            table = grade(course, name, progress=False, sandbox="required", executor=client.get_executor())
            seconds = time.perf_counter() - start
    seconds = seconds if dask else time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "students": len(table), "score": float(table["score"].sum())}))

if __name__ == "__main__":
    main()
"""


class Memory:
    """Megabytes of a command's processes while it runs, a few times a second."""

    def __init__(self, pid: int, workers: int) -> None:
        self.main, self.workers = psutil.Process(pid), workers
        self.each: list[float] = []  # a worker and its kernel
        self.main_alone: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.3):
            private = self._private()
            if private is not None:
                self.each.append(private / self.workers)

    def _private(self) -> float | None:
        """What workers and kernels have beside the warm process; None before there is work."""
        total, kernels = 0.0, 0
        try:
            self.main_alone.append(self.main.memory_info().rss / 1e6)
            for process in self.main.children(recursive=True):
                try:
                    words = process.cmdline()
                    above = process.parent()
                    bubble = "bwrap" in words[:1] or (above and "bwrap" in above.cmdline()[:1])
                    if not words or bubble or "resource_tracker" in " ".join(words):
                        continue  # bubblewrap, and the warm process itself
                    kernels += "cxedu.grading.warm" in words
                    total += process.memory_full_info().uss / 1e6
                except psutil.Error:
                    continue  # ended in the meantime
        except psutil.Error:
            return None
        return total if kernels else None

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def graded(course: Path, name: str, how: str) -> dict[str, Any]:
    """Grade a class in a process of its own, watched."""
    words = [sys.executable, "-c", GRADE, str(course), name, how]
    env = {**os.environ, "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as process:
        memory = Memory(process.pid, 2 if how == "dask" else CORES + 1)
        said, _ = process.communicate()
        memory.end()
    assert process.returncode == 0
    found = {**json.loads(said.splitlines()[-1]), "each": max(memory.each)}
    tail = memory.main_alone[-max(1, len(memory.main_alone) // 4) :]
    return {**found, "typical": statistics.median(memory.each), "main": statistics.median(tail)}


@contextmanager
def gradebook(how: str) -> Iterator[str]:
    """The line of configuration that says where grades are kept: PostgreSQL for Dask."""
    with postgres.server() if how == "dask" else nullcontext("") as url:
        yield f'c.CourseDirectory.db_url = "{url}"' if url else ""


@pytest.mark.parametrize("how", ["local", "dask"])
def test_curve(tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    if how == "dask" and postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    where = "two Dask workers, PostgreSQL" if how == "dask" else f"{CORES + 1} processes, SQLite"
    with capsys.disabled():
        print(f"\nthe small problem set, {where}, sandbox on:")
    runs = []
    for count in COUNTS:
        with gradebook(how) as line:
            course = a_class(tmp_path / str(count), FIXTURE / "solutions", "ps90", count, line)
            run = graded(course, "ps90", how)
        shutil.rmtree(course)
        runs.append(run)
        with capsys.disabled():
            print(
                f"  {count:5,} submissions: {run['seconds']:6.1f} s, "
                f"{run['seconds'] / count * 1000:.0f} ms each; a worker with its kernel "
                f"{run['each']:.0f} MB above the warm process (typically {run['typical']:.0f}), "
                f"the command itself {run['main']:.0f} MB"
            )
        assert run["students"] == count
        assert run["score"] == pytest.approx(runs[0]["score"] * count / COUNTS[0], rel=0.05)
    few, many = runs[1], runs[-1]
    assert many["seconds"] / many["students"] < 1.5 * few["seconds"] / few["students"]  # linear
    assert many["main"] < few["main"] + 50  # and flat
    assert max(run["each"] for run in runs) < 1.5 * MEGABYTES
