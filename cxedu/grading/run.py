"""Grade a class with nbgrader, one student at a time, so that one failure never stops the rest."""

import contextlib
import gc
import multiprocessing
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, fields, replace
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import pandas as pd
from traitlets.config import Config

from cxedu import validate
from cxedu.exercises.tasks import in_words
from cxedu.grading import confine, record, warm
from cxedu.grading.course import add_indices, course_api, folder, notebooks_of
from cxedu.grading.grader import Grader, read_outcome
from cxedu.grading.record import Outcome
from cxedu.grading.report import Progress, grades, report
from cxedu.grading.warm import WarmProcess
from cxedu.world import World  # noqa: F401  (so that workers, which are forks, have it)

__all__ = ["Outcome", "export", "grade", "report"]


def grade(
    root: Path,
    assignment: str,
    students: Iterable[str] | None = None,
    progress: bool = True,
    force: bool = True,
    workers: int | None = None,
    sandbox: str = "auto",
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Autograde the submissions of a problem set, several at a time.

    Parameters
    ----------
    root : Path
        The course, with `submitted/<student>/<assignment>/` in it.
    assignment : str
        The problem set; it must have been generated (`nbgrader generate_assignment`).
    students : iterable of str, optional
        Whose; everybody who submitted unless given, but those that nbgrader's `student_id_exclude`
        names. Somebody who is named here and submitted nothing gets a row that says so.
    progress : bool
        Show a progress bar (a line per student where there is no terminal).
    force : bool
        Grade everything again. Otherwise only what is new, was interrupted, or changed.
    workers : int, optional
        How many submissions at a time; one more than there are processors unless given, since
        each waits for its kernel now and then. With an executor:
        how many may wait there for their turn, 256 unless given; more than its workers.
    sandbox : {"auto", "required", "off"}
        "auto" takes the strongest that this machine has, and says so if that isn't the sandbox;
        "required" refuses then; "off" uses ordinary Jupyter kernels.
    executor : concurrent.futures.Executor, optional
        Where the work is done instead of local processes: a `ProcessPoolExecutor`, or
        `dask.distributed`'s `Client.get_executor()` for several machines, which must see `root`
        under the same path and share a gradebook (PostgreSQL). Not threads: nbgrader changes the
        working folder of the whole process, and the judge its warnings.

    Returns
    -------
    DataFrame
        A row per student: score, max_score, late_seconds, needs_manual_grade, note (what
        happened) and repaired. `submitted/` is left as it is.

    Raises
    ------
    ValueError
        If the problem set isn't in the gradebook, the sandbox is required and can't be had, or the
        executor's workers are threads.
    RuntimeError
        If the executor broke and can't go on. What was graded by then is kept.
    """
    if isinstance(executor, ThreadPoolExecutor):
        raise ValueError(
            "executor is a ThreadPoolExecutor; its workers must be processes, since nbgrader keeps "
            "one state (such as the working folder) for a whole process. Give none for local "
            "processes, a ProcessPoolExecutor, or dask.distributed's Client.get_executor()."
        )
    if workers is not None:
        workers = validate.whole("workers", workers, low=1)
    root = Path(root).resolve()
    api = course_api(root)
    notebooks_of(api, assignment)  # it is in the gradebook
    add_indices(api)
    submitted = root / api.coursedir.submitted_directory
    everybody = {p.parent.name for p in submitted.glob(f"*/{assignment}") if p.is_dir()}
    everybody -= {*api.coursedir.student_id_exclude.split(",")}
    chosen = sorted(everybody if students is None else set(students))
    if force:
        for student in chosen:  # all at once, so that an interrupted run goes on without force
            record.forget(api.coursedir, assignment, student)
    finished = {s: record.finished(api.coursedir, assignment, s) for s in chosen}
    waiting = [student for student, outcome in finished.items() if outcome is None]
    now = record.label(record.made_with(root))
    level, why = confinement(sandbox)
    if why and progress and waiting:
        print(f"Student code runs outside the sandbox: {why}.", file=sys.stderr)
    modules = warm.imports(folder(api.coursedir, "source", assignment))
    job = Job(root, assignment, level, modules)
    at_a_time = workers or ((os.cpu_count() or 1) + 1 if executor is None else AHEAD)
    done = _grade_all(job, waiting, at_a_time, executor, progress)
    # Somebody may have graded by hand since, or granted an extension.
    with api.gradebook as gradebook:
        done |= {s: read_outcome(gradebook, o) for s, o in finished.items() if o}
    table = pd.DataFrame([done[s] for s in chosen], columns=[f.name for f in fields(Outcome)])
    if progress:
        print(report(table, now))
    return table


def confinement(sandbox: str) -> tuple[str, str]:
    """Which level of `confine.level` is used, and why not a better one."""
    validate.choice("sandbox", sandbox, ("auto", "required", "off"))
    if sandbox == "off":
        return "kernel", "you asked for that"
    level, why = confine.level()
    if sandbox == "required" and level != "sandbox":
        raise ValueError(f"sandbox is 'required'; it must be possible on this machine, but {why}.")
    return level, why


# --- many at a time ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """What a worker must know to grade somebody's submission."""

    root: Path
    assignment: str
    level: str
    modules: tuple[str, ...]
    warm: str = ""  # the socket of a warm process that this machine's workers share
    attempt: str = ""  # so that no two are equal: Dask answers an equal call from memory


AHEAD = 256  # submissions that wait in somebody else's executor, however many there are
_turn = threading.Lock()  # a Dask worker may have several threads


def _grade_all(
    job: Job, students: list[str], workers: int, executor: Executor | None, progress: bool
) -> dict[str, Outcome]:
    """Grade these students' submissions; an accident costs nobody a grade, unless it comes twice."""
    done: dict[str, Outcome] = {}
    if not students:
        return done
    process: WarmProcess | None = None
    with contextlib.ExitStack() as stack:
        stack.callback(_close_own)  # where this process grades
        bar = stack.enter_context(Progress(job.assignment, len(students), progress))
        suspects: set[str] = set()  # whom an accident happened to
        while left := [s for s in students if s not in done]:
            if executor is None and job.level != "kernel" and not (process and process.alive):
                process = warm.take(job.root, job.modules, job.level == "sandbox")
                stack.callback(process.close)
                job = replace(job, warm=str(process.wait()))
            alone = [s for s in left if s in suspects][:1]
            accidents = _round(job, alone or left, workers, executor, process, bar, done)
            for student, why in accidents.items() if alone else ():  # once more
                done[student] = _lost(job, student, why)
                bar.end(done[student])
            suspects |= {*accidents}
    return done


def _round(
    job: Job,
    students: list[str],
    workers: int,
    executor: Executor | None,
    process: WarmProcess | None,
    bar: Progress,
    done: dict[str, Outcome],
) -> dict[str, str]:
    """Hand out work until all is done or there is an accident; to whom, and what happened."""
    accidents: dict[str, str] = {}
    closed = False
    with contextlib.ExitStack() as stack:
        pool = executor or Here()
        if executor is None and workers > 1:
            pool = stack.enter_context(local_pool(min(workers, len(students))))
        try:
            pool.submit(os.getpid).result()  # where workers can't start, that is nobody's fault
        except BrokenExecutor as problem:
            raise RuntimeError(
                f"The executor's workers ended ({problem}). What was graded is kept: call again "
                "with force=False and another executor, and grading goes on from there."
            ) from problem
        job = replace(job, attempt=secrets.token_hex(8))
        queue = list(reversed(students))
        running: dict[Future[Outcome], str] = {}
        stack.callback(lambda: [future.cancel() for future in running])  # when interrupted
        while running or (queue and not closed):
            while queue and not closed and len(running) < workers:
                bar.begin([*running.values(), queue[-1]])
                try:
                    running[pool.submit(grade_one, job, queue[-1])] = queue[-1]
                    queue.pop()
                except BrokenExecutor:
                    closed = True
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                student = running.pop(future)
                try:
                    outcome = future.result()
                    if process and not process.alive:
                        raise Accident(KERNELS_DIED)
                except Exception as problem:
                    # In a broken pool the others follow; Dask finishes them.
                    accidents[student] = _accident(problem)
                    closed = True
                else:
                    done[student] = outcome
                    bar.end(outcome)
    return accidents


KERNELS_DIED = "could not be graded (the process that makes kernels died)"


class Accident(Exception):
    """A submission couldn't be graded, and that needn't be its fault."""


def _accident(problem: Exception) -> str:
    """What happened to a submission; where it is nobody's accident, it is raised."""
    if isinstance(problem, Accident):
        return str(problem)
    # Dask tries again by itself, and says KilledWorker when several workers died of one task.
    if isinstance(problem, BrokenExecutor) or type(problem).__name__ == "KilledWorker":
        return "its grading process died twice"
    raise problem


class Here(Executor):
    """Works in this process, at once."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result, which is there already."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as problem:
            future.set_exception(problem)
        return future


@contextlib.contextmanager
def local_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes on this machine; a pool's own are ended with it, even by Ctrl-C."""
    # A fork has everything imported; elsewhere, or beside threads, a fresh process is safer.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if fork else "spawn")
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_be_worker) as pool:
        try:
            yield pool
        except KeyboardInterrupt:  # what is under way will be graded again
            for process in multiprocessing.active_children():
                if process not in others:
                    process.terminate()
            raise


def _be_worker() -> None:
    gc.freeze()  # what was imported stays: no need to look through it for garbage
    confine.die_with_parent()  # otherwise it would go on grading when somebody kills that
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to decide about


def grade_one(job: Job, student: str) -> Outcome:
    """Grade one submission, in this process. What `grade` hands to its workers."""
    with _turn:
        own = _own(job)  # where it can't be had, that is nobody's fault
        try:
            outcome = own.grader.grade(student)
        except Exception as problem:
            _close_own()  # whatever it was in the middle of
            raise Accident(f"could not be graded ({in_words(problem)})") from None
        if not own.alive:
            raise Accident(KERNELS_DIED)
        return outcome


class Own:
    """What a process grades with: a grader, and a warm process where none is shared."""

    def __init__(self, job: Job) -> None:
        self._warm: WarmProcess | None = None
        with contextlib.ExitStack() as stack:
            if not job.warm and job.level != "kernel":
                self._warm = WarmProcess(job.root, job.modules, job.level == "sandbox")
                stack.callback(self._warm.close)
                Finalize(None, _close_own, exitpriority=0)  # pools' workers skip atexit
            socket = str(self._warm.wait()) if self._warm else job.warm
            self.grader = Grader(job.root, job.assignment, Config(Run={"warm": socket}))
            stack.callback(self.grader.close)
            self.close = stack.pop_all().close

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        return self._warm is None or self._warm.alive


_kept: dict[Job, Own] = {}  # at most one


def _own(job: Job) -> Own:
    """What this process grades with, kept until it ends or has other work."""
    if job not in _kept or not _kept[job].alive:
        _close_own()
        _kept[job] = Own(job)
    return _kept[job]


def _close_own() -> None:
    while _kept:
        _kept.popitem()[1].close()


def _lost(job: Job, student: str, why: str) -> Outcome:
    with contextlib.closing(Grader(job.root, job.assignment)) as grader:
        return grader.give_up(student, why)


def export(root: Path) -> Path:
    """Write grades.csv; returns its path."""
    to = Path(root).resolve() / "grades.csv"
    api = course_api(root)
    with api.gradebook as gradebook:
        grades(api.coursedir, gradebook).to_csv(to, index=False)
    return to
