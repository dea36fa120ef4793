"""Tasks: what a problem set's `checks.py` is made of, how answers are collected and judged.

`collect` runs where the student's code runs and returns plain data. `judge` needs only that data,
the task and the student's company, so it can run anywhere else.
"""

import contextlib
import copy
import functools
import inspect
import io
import os
import pickle
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from cxedu.exercises.answers import Answer, Call, Choice, Function, Number, Wrong
from cxedu.exercises.plain import Opaque, TooLarge, decode, encode

Made = TypeVar("Made", bound=Callable[..., Any])

Calls = Sequence[tuple[Any, ...]]

NOTHING_YET = "Nothing here yet."
HAND_BACK = "A function hands its result back with `return`; what it prints doesn't count."
ONLY_VISIBLE = (
    "Type, shape and range are as asked for. Whether the values are right is judged when your "
    "work is graded."
)


def once(make: Made) -> Made:
    """Let a helper of `checks.py` work out something about a company once, however often it is asked.

    Parameters
    ----------
    make : callable
        `(meridian)` → Series or DataFrame. Each caller gets a copy.

    Examples
    --------
    >>> from cxedu.world import World
    >>> @once
    ... def joined(meridian):
    ...     print("counting")
    ...     return meridian.customers["since"]
    >>> meridian = World(n_customers=100)
    >>> len(joined(meridian)), len(joined(meridian))
    counting
    (100, 100)
    """
    kept = functools.lru_cache(maxsize=2)(make)

    @functools.wraps(make)
    def copied(meridian: Any) -> Any:
        return kept(meridian).copy()

    return cast(Made, copied)


@dataclass(frozen=True)
class Misconception:
    """A usual wrong answer: code, the sentence that helps, and what it earns all the same."""

    sentence: str
    make: Callable[..., Any]
    earns: float = 0.0


@dataclass(eq=False)
class Task:
    """One graded task of a problem set.

    Parameters
    ----------
    id : str
        The problem set and a number: "ps06.3".
    points : float
        What it can earn.
    outcome : str
        The learning outcome that it tests: "6.3".
    answer : Answer
        What kind of answer it asks for: `Number`, `Choice`, `Table` or `Function`.
    title : str
        A few words for the feedback.

    Examples
    --------
    >>> task = Task("ps99.1", points=2, outcome="99.1", answer=Number(unit="€"), title="Mean")
    >>> @task.reference
    ... def _(meridian):
    ...     return 10.0
    >>> @task.misconception("That is the sum; the task asks for the mean.")
    ... def _(meridian):
    ...     return 30.0
    >>> judge(task, encode(30), meridian=None).messages
    ('That is the sum; the task asks for the mean.',)
    """

    id: str
    points: float
    outcome: str = ""
    answer: Answer = field(default_factory=Number)
    title: str = ""
    _visible: list[Callable[..., Any]] = field(default_factory=list, init=False, repr=False)
    _inputs: list[Callable[..., Any]] = field(default_factory=list, init=False, repr=False)
    _hidden_inputs: list[Callable[..., Any]] = field(default_factory=list, init=False, repr=False)
    misconceptions: list[Misconception] = field(default_factory=list, init=False, repr=False)
    other_ways: list[Callable[..., Any]] = field(default_factory=list, init=False, repr=False)
    _reference: Callable[..., Any] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        head, dot, tail = self.id.partition(".")
        if not (head and dot and tail):
            raise ValueError(
                f"id is {self.id!r}; it must be the problem set, a point and a number."
            )
        if not self.points > 0:
            raise ValueError(f"points is {self.points!r}; it must be a number greater than 0.")

    @property
    def problem_set(self) -> str:
        return self.id.partition(".")[0]

    # --- what checks.py decorates -------------------------------------------------------------

    def visible(self, check: Made) -> Made:
        """A check that students see: `(answer, meridian)`, raises `Wrong("what is expected")`.

        `answer` is plain data: a number, the option, a Series or DataFrame as the student gave
        it. For a `Function` it can be called with the task's inputs.
        """
        self._visible.append(check)
        return check

    def inputs(self, make: Made) -> Made:
        """What a `Function` is called with: `(meridian)` → list of argument tuples."""
        self._inputs.append(make)
        return make

    def hidden_inputs(self, make: Made) -> Made:
        """More of them, never shown."""
        self._hidden_inputs.append(make)
        return make

    def reference(self, make: Made) -> Made:
        """The right answer: `(meridian)` → answer (for a `Function`: the function)."""
        self._reference = make
        return make

    def misconception(self, sentence: str, *, earns: float = 0.0) -> Callable[[Made], Made]:
        """A usual wrong answer: `(meridian)` → answer; `sentence` says what went wrong."""

        def add(make: Made) -> Made:
            self.misconceptions.append(Misconception(sentence, make, float(earns)))
            return make

        return add

    def other_way(self, make: Made) -> Made:
        """Another right way: `(meridian)` → answer. Only the tests use it."""
        self.other_ways.append(make)
        return make

    # --- what the judge uses ------------------------------------------------------------------

    def has_reference(self) -> bool:
        return self._reference is not None

    def right_answer(self, meridian: Any) -> Any:
        """The reference answer for this company."""
        if self._reference is None:
            raise ValueError(f"{self.id} has no reference here.")
        return self._reference(meridian)

    def calls(self, meridian: Any) -> list[tuple[Any, ...]]:
        """The argument tuples for a `Function`; visible ones first. Empty for other kinds."""
        made = [m(meridian) for m in [*self._inputs, *self._hidden_inputs]]
        return [tuple(a) if isinstance(a, (tuple, list)) else (a,) for call in made for a in call]

    def n_visible_calls(self, meridian: Any) -> int:
        return sum(len(list(m(meridian))) for m in self._inputs)


@dataclass(frozen=True)
class Verdict:
    """What the judge says about one answer.

    `provisional` means that only the visible part could be checked, as in the released version.
    """

    task: str
    points: float
    max_points: float
    passed: bool
    messages: tuple[str, ...] = ()
    provisional: bool = False

    def text(self, title: str = "") -> str:
        """The feedback, as printed under the cell."""
        head = f"{self.task} {title}".strip()
        if self.provisional:
            head += f": so far so good (worth {self.max_points:g} points)"
        else:
            head += f": {self.points:g} of {self.max_points:g} points"
        return "\n".join([head, *(f"  – {m}" for m in self.messages)])


# --- collect: on the student's side ------------------------------------------------------------


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that the student's function or a reference prints or warns about gets out.

    nbgrader gives 0 points to a cell with anything on stderr, a mere RuntimeWarning included.
    """
    sink = io.StringIO()
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


def collect(kind: Answer, answer: Any, calls: Sequence[tuple[Any, ...]] = ()) -> Any:
    """Turn a student's answer into plain data.

    Parameters
    ----------
    kind : Answer
        What the task asks for.
    answer : any
        What the student has.
    calls : sequence of tuple
        What to call it with, if the task asks for a function.

    Returns
    -------
    JSON-able data
        The encoded answer; for a function `{"$": "calls", "v": [...]}` with what each call
        returned or how it failed. Never raises on account of the answer.
    """
    if isinstance(answer, type) and issubclass(answer, BaseException):
        return None
    try:
        with quiet():
            if isinstance(kind, Function) and callable(answer):
                with _watch(kind.own_code) as used:
                    results = [_call(answer, args) for args in calls]
                return {"$": "calls", "v": results, "used": sorted(used)}
            if callable(answer):
                return {"$": "opaque", "type": "function"}
            return encode(answer)
    except TooLarge as problem:
        return {"$": "refused", "why": f"Your answer is too large: {problem}"}
    except (Exception, SystemExit) as problem:  # an odd object may do anything when looked at
        return {"$": "refused", "why": f"Your answer can't be read: {in_words(problem)}"}


@contextlib.contextmanager
def _watch(wanted: bool) -> Iterator[set[str]]:
    """Which of cxedu's modules a student's function calls, where it should do without.

    What a task gives as an argument (the company) is not meant.
    """
    used: set[str] = set()

    def look(frame: types.FrameType, event: str, _: Any) -> None:
        name = str(frame.f_globals.get("__name__", ""))
        given = ("cxedu.world", "cxedu.exercises", "cxedu.validate")
        if event == "call" and name.startswith("cxedu.") and not name.startswith(given):
            used.add(name)

    before = sys.getprofile()
    if wanted:
        sys.setprofile(look)
    try:
        yield used
    finally:
        if wanted:
            sys.setprofile(before)


def questions(tasks: Iterable[Task], meridian: Any) -> bytes:
    """What the student's side must know to answer: for each task about a function, its inputs.

    Made by the judge, read by `answer_in`; nothing in it says what is right. Pickled, since the
    arguments must arrive as they are; only the student's side ever reads it.
    """
    asked = {}
    for task in tasks:
        if isinstance(task.answer, Function):
            asked[task.id] = (task.calls(meridian), task.answer.own_code)
    return pickle.dumps(asked)


def answer_in(task: str, answer: Any, path: Path) -> Any:
    """Collect an answer where only the `questions` at `path` are known."""
    asked = pickle.loads(path.read_bytes()).get(task)
    if asked is None:
        return collect(Answer(), answer)
    calls, own_code = asked
    return collect(Function(own_code=own_code), answer, calls)


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """Call once with a copy of the arguments, so that one call can't spoil the next."""
    mine = copy.deepcopy(args)
    try:
        inspect.signature(function).bind(*mine)
    except TypeError:
        wants = f"it must accept {len(args)} argument{'s' if len(args) != 1 else ''}"
        return {"error": f"Your function has the wrong parameters; {wants}."}
    except ValueError:
        pass  # a builtin without a signature
    try:
        value = function(*mine)
    except NotImplementedError:
        return {"blank": True}
    except (Exception, SystemExit) as problem:
        return {"error": f"Your function stops with {in_words(problem)}"}
    try:
        encoded = encode(value)
    except TooLarge as problem:
        return {"error": f"Your function returns too much: {problem}"}
    return {"value": encoded, "changed": encode(mine) != encode(args)}


def in_words(problem: BaseException) -> str:
    """An error in a few words."""
    return f"{type(problem).__name__}: {str(problem)[:200]}".rstrip(": ")


# --- judge: plain data only --------------------------------------------------------------------


class Replay:
    """In visible checks, stands for the student's function: it knows what each input gave."""

    def __init__(self, calls: Sequence[tuple[Any, ...]], results: Sequence[Call]) -> None:
        self._known = [(encode(list(args)), r) for args, r in zip(calls, results, strict=True)]

    def __call__(self, *args: Any) -> Any:
        wanted = encode(list(args))
        for known, result in self._known:
            if known == wanted:
                if result.problem:
                    raise Wrong(result.problem)
                return result.value
        raise ValueError("a visible check can only call the function with the task's inputs")


def _results(kind: Function, values: Any) -> list[Call]:
    """What the calls gave, each read by the kind that the function returns."""
    results = []
    for record in values:
        changed = bool(record.get("changed"))
        if record.get("blank"):
            results.append(Call(problem=NOTHING_YET, blank=True))
        elif "error" in record:
            results.append(Call(problem=str(record["error"])[:500]))
        else:
            value = decode(record.get("value"))
            try:
                results.append(Call(value=kind.returns.read(value), changed=changed))
            except Wrong as wrong:
                problem = str(wrong).replace("your answer is", "your function returns")
                results.append(Call(problem=problem, blank=value is None, changed=changed))
    return results


def _is_blank(value: Any) -> bool:
    if isinstance(value, list) and value and isinstance(value[0], Call):
        return all(c.blank for c in value)
    return value is None or (isinstance(value, str) and not value.strip())


def _plain(task: Task, values: Any) -> Any:
    """Decode what `collect` made; raises Wrong where it was refused."""
    if isinstance(values, dict) and values.get("$") == "refused":
        raise Wrong(str(values.get("why", "Your answer can't be read."))[:500])
    if isinstance(values, dict) and values.get("$") == "calls":
        if not isinstance(task.answer, Function):
            return Opaque("function")
        if task.answer.own_code and values.get("used"):
            modules = ", ".join(str(name)[:60] for name in list(values["used"])[:5])
            raise Wrong(f"The task asks for your own code; your function calls {modules}.")
        return _results(task.answer, values["v"])
    return decode(values)


def _own(task: Task, make: Callable[..., Any], meridian: Any, calls: Calls) -> Any:
    """The answer that one of the task's own functions gives, read like a student's."""
    with quiet():
        answer = make(meridian)
    kind = task.answer
    if isinstance(kind, Function):
        kind = replace(kind, own_code=False)  # the judge may use what students may not
    return task.answer.read(_plain(task, collect(kind, answer, calls)))


def judge(task: Task, values: Any, meridian: Any) -> Verdict:
    """Judge plain data.

    Parameters
    ----------
    task : Task
        The task, with or without its hidden part.
    values : JSON-able data
        What `collect` returned.
    meridian : World
        The company of the student who owns the submission.

    Returns
    -------
    Verdict
        Never raises on account of the answer.
    """

    def verdict(points: float, *messages: str, provisional: bool = False) -> Verdict:
        points = min(max(points, 0.0), float(task.points))
        passed = points >= task.points
        kept = tuple(m for m in messages if m)
        return Verdict(task.id, float(points), float(task.points), passed, kept, provisional)

    try:
        calls = task.calls(meridian)
    except Exception as failed:  # our fault, not the student's: say so
        why = f"The check itself failed ({in_words(failed)}). Please tell your instructor."
        return verdict(0, why)
    try:
        plain = _plain(task, values)
        if _is_blank(plain):
            results = plain if isinstance(plain, list) else []
            silent = any(result.problem != NOTHING_YET for result in results)
            return verdict(0, NOTHING_YET, HAND_BACK if silent else "")
        value = task.answer.read(plain)
        if isinstance(task.answer, Function) and len(value) != len(calls):
            raise Wrong("Your function wasn't called as often as it must be.")
    except Wrong as wrong:
        return verdict(0, str(wrong))
    except Exception:  # made-up data may break anything that reads them
        return verdict(0, "Your answer can't be read as plain values.")

    expected = None
    if task.has_reference():
        try:
            expected = _own(task, task.right_answer, meridian, calls)
        except Exception as failed:  # our fault, not the student's: say so
            why = f"The check itself failed ({in_words(failed)}). Please tell your instructor."
            return verdict(0, why)
    right = expected is not None and task.answer.same(value, expected)
    problem = _visible_problem(task, value, plain, meridian, calls)
    changed = any(c.changed for c in value) if isinstance(task.answer, Function) else False
    note = "Your function changes what it is given; better work on a copy." if changed else ""
    if right and not problem:
        return verdict(task.points, note)
    if not right:
        for misconception in task.misconceptions:
            with contextlib.suppress(Exception):
                if task.answer.same(value, _own(task, misconception.make, meridian, calls)):
                    return verdict(misconception.earns, misconception.sentence)
    if problem:
        return verdict(0, problem)
    if expected is None:
        return verdict(task.points, ONLY_VISIBLE, note, provisional=True)
    hint = task.answer.hint(value, expected)
    return verdict(
        0, *_wrong_words(task, value, expected, calls[: task.n_visible_calls(meridian)]), hint
    )


def _visible_problem(task: Task, value: Any, plain: Any, meridian: Any, calls: Calls) -> str:
    """What the visible part has to say against an answer, or ''."""
    problem = task.answer.outside(value)
    if problem:
        return problem
    shown: Any = value if isinstance(task.answer, (Number, Choice)) else plain
    try:
        with quiet():
            if isinstance(task.answer, Function):
                shown = Replay(calls, value)
            for check in task._visible:
                check(copy.deepcopy(shown), meridian)
    except Wrong as wrong:
        return str(wrong)
    except Exception as failed:
        return f"The answer can't be checked as it is: {in_words(failed)}"
    return ""


def _wrong_words(task: Task, value: Any, expected: Any, visible: Calls) -> Iterator[str]:
    """What was expected, in words, and where a function goes wrong."""
    if isinstance(task.answer, Choice):
        yield "The numbers of your company speak for another choice."
        return
    yield f"The task asks for {task.answer.asks()}; the type is right, the value isn't yet."
    if isinstance(task.answer, Function):
        right = task.answer.right(value, expected)
        for args, ok in zip(visible, right, strict=False):
            words = ", ".join(repr(a) for a in args)
            if not ok and len(words) <= 80:
                yield f"Look at the call with ({words})."
                return


# --- problem sets ------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProblemSet:
    """The tasks of one `checks.py`."""

    name: str
    path: Path
    title: str
    tasks: dict[str, Task]

    @property
    def points(self) -> float:
        return sum(t.points for t in self.tasks.values())


def find_checks(problem_set: str) -> Path:
    """Where the checks of a problem set are: $CXEDU_CHECKS/psNN, else the working directory."""
    tried = []
    folder = os.environ.get("CXEDU_CHECKS")
    if folder:
        tried.append(Path(folder) / problem_set / "checks.py")
    else:
        tried.append(Path.cwd() / "checks.py")
    for path in tried:
        if path.is_file():
            return path
    raise ValueError(
        f"there is no checks.py for {problem_set!r} (looked for {tried[0]}); "
        "keep the file beside the notebook, as it was released."
    )


_loaded: dict[tuple[str, int, int], ProblemSet] = {}


def load(problem_set: str, path: Path | None = None) -> ProblemSet:
    """Read the tasks of a problem set.

    Parameters
    ----------
    problem_set : str
        Its name: "ps06".
    path : Path, optional
        Its checks.py; found by `find_checks` if it isn't given.

    Raises
    ------
    ValueError
        If there is no such file, or if two tasks share an id or belong to another set.
    """
    path = Path(path or find_checks(problem_set)).resolve()
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size)
    if key not in _loaded:
        _loaded[key] = _load(problem_set, path)
    return _loaded[key]


def _load(problem_set: str, path: Path) -> ProblemSet:
    module = types.ModuleType(f"checks_{problem_set}")
    module.__file__ = str(path)
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    exec(code, module.__dict__)
    tasks: dict[str, Task] = {}
    for task in vars(module).values():
        if not isinstance(task, Task) or tasks.get(task.id) is task:
            continue
        if task.id in tasks:
            raise ValueError(f"{path.name} of {problem_set}: two tasks have the id {task.id!r}.")
        if task.problem_set != problem_set:
            raise ValueError(
                f"{path.name} of {problem_set}: task {task.id!r} belongs to another set."
            )
        tasks[task.id] = task
    if not tasks:
        raise ValueError(f"{path.name} of {problem_set} defines no task.")
    title = (module.__doc__ or problem_set).strip().splitlines()[0]
    return ProblemSet(problem_set, path, title, tasks)
