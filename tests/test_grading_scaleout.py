"""Grading beyond one process pool: other executors, Dask's workers, and PostgreSQL as the gradebook."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import postgres
import psutil
import pytest
from courses import PS, generate, new_course, submissions, submit
from nbgrader.api import Gradebook

from cxedu.grading import confine, run
from cxedu.grading.run import AHEAD, Outcome, grade

CLASS = {
    "ada": "perfect",
    "ben": "partly wrong, odd tasks",
    "cleo": "blank",
    "dan": "the kernel dies",
    "eve": "a cell raises",
    "fay": "warnings",
}

FEW = {student: CLASS[student] for student in ("ada", "ben", "cleo")}

pytestmark = pytest.mark.skipif(
    confine.level()[0] == "kernel", reason=f"no warm processes: {confine.level()[1]}"
)


def a_class(folder: Path, more: str = "", who: dict[str, str] = CLASS) -> tuple[Path, dict]:
    """A course in which these students have handed in; and the scores that they must get."""
    made = submissions(generate(new_course(folder, more)), who)
    for student, (nb, _) in made.items():
        submit(folder, student, nb)
    return folder, {student: points for student, (_, points) in made.items()}


def scores(table) -> dict[str, float]:
    return dict(zip(table["student"], table["score"], strict=True))


def everything(url: str) -> dict:
    """What the gradebook holds about each student's submission."""
    with Gradebook(url, "cxedu") as gradebook:
        return {
            (s.student_id, s.assignment.name): (
                s.score,
                s.max_score,
                s.needs_manual_grade,
                {
                    g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
                    for n in s.notebooks
                    for g in n.grades
                },
                {
                    c.name: (c.auto_comment, c.manual_comment)
                    for n in s.notebooks
                    for c in n.comments
                },
            )
            for a in gradebook.assignments
            for s in a.submissions
        }


@contextmanager
def own_temporary_folder():
    """Processes started inside leave nothing there. (A short name: sockets need one.)"""
    before, folder = os.environ.get("TMPDIR"), tempfile.mkdtemp(prefix="so", dir="/tmp")
    os.environ["TMPDIR"] = folder
    try:
        yield Path(folder)
    finally:
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before
        shutil.rmtree(folder)


def started_by(pids) -> list[psutil.Process]:
    """The warm processes, with the sandbox around them, of these workers."""
    return [child for pid in pids for child in psutil.Process(pid).children(recursive=True)]


def must_end(processes: list[psutil.Process]) -> None:
    gone, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive
    assert len(gone) == len(processes)


# --- any executor ------------------------------------------------------------------------------


class AtOnce(run.Here):
    """Grades in this process; a submission for which `dies` has something to raise dies."""

    def __init__(self, dies):
        self.dies, self.asked = dies, []

    def submit(self, function, /, *args):
        return super().submit(self._or_die if function is run.grade_one else function, *args)

    def _or_die(self, job, student):
        self.asked.append(student)
        problem = self.dies(self)
        if problem:
            raise problem
        return run.grade_one(job, student)


class KilledWorker(Exception):
    """What Dask's scheduler says, by its name."""


@pytest.fixture
def in_this_process():
    yield
    run._close_own()


def test_threads_are_refused_with_the_reason(tmp_path):
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="must be processes"):
        grade(tmp_path, PS, executor=pool)


def test_how_many_at_a_time_is_a_whole_number(tmp_path):
    with pytest.raises(ValueError, match="workers is 0; it must be a whole number at least 1"):
        grade(tmp_path, PS, workers=0)


def test_a_pool_of_somebody_elses(tmp_path):
    course, expected = a_class(tmp_path / "course", who=FEW)
    with own_temporary_folder() as folder:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            table = grade(course, PS, executor=pool, progress=False)
            warm = started_by(pool._processes)
            assert len(warm) >= 1
        must_end(warm)
        assert not list(folder.glob("cx*"))
    assert scores(table) == expected


def test_a_broken_pool_says_how_to_go_on(tmp_path, in_this_process):
    course, expected = a_class(tmp_path / "course", who=FEW)

    def breaks(pool):
        return BrokenProcessPool("a process ended") if len(pool.asked) > 1 else None

    class Broken(AtOnce):
        def submit(self, function, /, *args):
            if self.dies(self):
                raise BrokenProcessPool("unusable")
            return super().submit(function, *args)

    with pytest.raises(RuntimeError, match="force=False and another executor"):
        grade(course, PS, executor=Broken(breaks), workers=1, progress=False)
    kept = {p.name.split(".")[0] for p in (course / "autograded" / ".cxedu" / PS).glob("*.json")}
    assert kept == {"ada"}
    second = AtOnce(lambda pool: None)
    table = grade(course, PS, executor=second, force=False, progress=False)
    assert second.asked == ["ben", "cleo"]
    assert scores(table) == expected


def test_who_kills_every_worker_loses_alone(tmp_path, in_this_process):
    course, expected = a_class(tmp_path / "course", who=FEW)

    def killed_by_ben(pool):
        return KilledWorker("ben") if pool.asked[-1] == "ben" else None

    executor = AtOnce(killed_by_ben)
    table = grade(course, PS, executor=executor, progress=False)
    assert scores(table) == expected | {"ben": 0}
    assert "died twice" in table.set_index("student").loc["ben", "note"]
    assert executor.asked.count("ben") == 2
    assert len(executor.asked) == len(FEW) + 1

    def once(pool):
        return KilledWorker("ben") if pool.asked == ["ada", "ben"] else None

    executor = AtOnce(once)
    assert scores(grade(course, PS, executor=executor, progress=False)) == expected


def test_ten_thousand_wait_outside(tmp_path, monkeypatch):
    course, _ = a_class(tmp_path / "course", who={})
    most = []

    class Counted(Executor):
        """Threads, since nothing is graded here."""

        def __init__(self):
            self.pool, self.waiting, self.lock = ThreadPoolExecutor(2), 0, threading.Lock()

        def submit(self, function, /, *args):
            with self.lock:
                self.waiting += 1
                most.append(self.waiting)
            future = self.pool.submit(function, *args)
            future.add_done_callback(self.done)
            return future

        def done(self, _):
            with self.lock:
                self.waiting -= 1

    monkeypatch.setattr(run, "grade_one", lambda job, student: Outcome(student, PS, 1.0, 10.0))
    everybody = [f"s{number:05}" for number in range(10_000)]
    executor = Counted()
    table = grade(course, PS, everybody, executor=executor, progress=False)
    executor.pool.shutdown()
    assert len(table) == 10_000
    assert table["student"].tolist() == everybody
    assert max(most) <= AHEAD


# --- Dask --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread, whose scheduler gives up a task at the first death."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("dask.distributed")
    with (
        own_temporary_folder(),
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def workers(client) -> list[int]:
    return list(client.run(os.getpid).values())


def test_a_killed_dask_worker_costs_nobody_a_point(tmp_path, cluster):
    course, expected = a_class(tmp_path / "course")
    done = course / "autograded" / ".cxedu" / PS
    killed = []

    def kill():
        deadline = time.monotonic() + 60
        while not list(done.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in before[:1]:
            killed.extend(started_by([pid]))
            os.kill(pid, signal.SIGKILL)

    before = workers(cluster)
    watcher = threading.Thread(target=kill)
    watcher.start()
    table = grade(course, PS, executor=cluster.get_executor(), progress=False)
    watcher.join()
    assert scores(table) == expected, table["note"].tolist()
    assert killed
    must_end(killed)
    assert set(everything(f"sqlite:///{course}/gradebook.db")) == {(s, PS) for s in CLASS}


@pytest.fixture
def server():
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as url:
        yield url


def test_two_dask_workers_and_postgresql(tmp_path, cluster, server):
    course, expected = a_class(tmp_path / "one", f'c.CourseDirectory.db_url = "{server}"')
    table = grade(course, PS, executor=cluster.get_executor(), progress=False)
    assert scores(table) == expected
    assert not (course / "gradebook.db").exists()

    other, _ = a_class(tmp_path / "other")
    local = grade(other, PS, progress=False)
    assert local.equals(table)
    in_postgres = everything(server)
    assert in_postgres == everything(f"sqlite:///{other}/gradebook.db")
    assert len(in_postgres) == len(CLASS)

    # nbgrader's own commands work on it too.
    with Gradebook(server, "cxedu") as gradebook:
        grades = gradebook.find_submission(PS, "ada").notebooks[0].grades
        by_hand = next(g for g in grades if g.needs_manual_grade)
        by_hand.manual_score = 2
        gradebook.db.commit()
    upgraded = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "upgrade"],
        cwd=course, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert upgraded.returncode == 0, upgraded.stderr
    again = grade(course, PS, ["ada"], executor=cluster.get_executor(), progress=False)
    assert scores(again) == {"ada": expected["ada"] + 2}  # a grade given by hand stays


def test_a_changed_submission_is_graded_anew(tmp_path, cluster):
    course, expected = a_class(tmp_path / "course", who={"ada": "perfect"})
    executor = cluster.get_executor()  # Dask would answer the same call with the same result
    assert scores(grade(course, PS, executor=executor, progress=False)) == expected
    mine = course / "submitted" / "ada" / PS / f"{PS}.ipynb"
    shutil.copy(course / "exercises" / PS / f"{PS}.ipynb", mine)
    assert scores(grade(course, PS, executor=executor, progress=False)) == {"ada": 0}


def test_the_workers_end_what_they_started(tmp_path, cluster):
    course, expected = a_class(tmp_path / "course", who={"ada": "perfect"})
    table = grade(course, PS, executor=cluster.get_executor(), progress=False)
    assert scores(table) == expected
    warm = started_by(workers(cluster))
    assert warm
    cluster.close()
    cluster.cluster.close()  # by force, where that takes a worker more than four seconds
    must_end(warm)
