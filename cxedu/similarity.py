"""Who wrote alike, and whose numbers an answer fits: something to look at, never a penalty.

Copydetect compares the code that students wrote themselves, as tokens in which every name is the
same. Since every student studies a company of their own, a number that was copied is wrong for
who handed it in and right for somebody else: that is found by computing everybody's right answers.
"""

import argparse
import contextlib
import functools
import html
import io
import itertools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from copydetect import CodeFingerprint, compare_files
from copydetect.utils import get_token_coverage
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String
from scipy import sparse

from cxedu import validate
from cxedu.exercises import Function, ProblemSet, Table, Task, collect, load
from cxedu.exercises.plain import decode
from cxedu.exercises.tasks import quiet
from cxedu.grading.course import course_api, folder, notebooks_of
from cxedu.grading.notebook import checked_task
from cxedu.grading.record import answers_file, read
from cxedu.grading.run import local_pool
from cxedu.world import World

Ranges = list[tuple[int, int]]
Marks = tuple[Ranges, Ranges]

THRESHOLD = 0.6  # see `alike`
WORDS = 10  # tokens in a row that two must share
LEAST = 80  # tokens: who shares less shares nothing that says anything
COMMON = 10  # what more students than that wrote is how one writes it
DIGITS = 5  # what fewer digits than that say, anybody may hit by chance

PAIRS = ["student", "other", "alike", "student_share", "other_share", "shared", "own", "other_own"]
FITS = ["student", "fits", "task", "digits"]


# --- the code that a student wrote -------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """The code of one notebook that isn't as it was handed out, with its tokens."""

    text: str
    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]  # where each token is in the text


def tokens(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """What Python reads of a text: no comments, no layout, and all names the same.

    Names of methods and attributes stay, for they belong to the libraries. A string is one token
    whatever its quotes, and 0.10 is 0.1.

    Examples
    --------
    >>> tokens("total = sales['margin'].sum()  # all of it")[0] == tokens('x=y["margin"] . sum()')[0]
    True
    """
    kinds: list[str] = []
    spans: list[tuple[int, int]] = []
    in_string = False
    for start, kind, word in PythonLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(
        text
    ):
        end = start + len(word)
        string = kind in String and kind not in String.Interpol
        if string and kind is not String.Doc and in_string:
            kinds[-1], spans[-1] = kinds[-1] + word.strip("\"'"), (spans[-1][0], end)
        elif string and kind is not String.Doc:
            if kind in String.Affix:
                continue
            kinds.append("s:" + word.strip("\"'"))
            spans.append((start, end))
        elif kind in Name and kinds[-1:] == ["."]:
            kinds.append("a:" + word)
            spans.append((start, end))
        elif kind in Name and (kind not in Name.Builtin or kind in Name.Builtin.Pseudo):
            kinds.append("name")
            spans.append((start, end))
        elif kind in Number:
            kinds.append("n:" + _plain_number(word))
            spans.append((start, end))
        elif any(kind in k for k in (Keyword, Operator, Punctuation, Name)) and kind not in Comment:
            kinds.append(word)
            spans.append((start, end))
        in_string = string
    return tuple(kinds), tuple(spans)


def _plain_number(word: str) -> str:
    try:
        return repr(float(word.replace("_", "")))
    except ValueError:  # hexadecimal, imaginary …
        return word


def program(cells: Iterable[str], starter: Iterable[str] = ()) -> Program:
    """Join the cells that aren't as they were handed out."""
    given = {_squeezed(cell) for cell in starter}
    text = "\n\n".join(c.strip("\n") for c in cells if _squeezed(c) not in given and c.strip())
    return Program(text, *tokens(text))


@functools.lru_cache(maxsize=10_000)  # most students leave most cells as they were handed out
def _squeezed(cell: str) -> str:
    return " ".join(tokens(cell)[0])


def code_cells(path: Path) -> list[str]:
    """The code of a notebook, but for its checks; a Python file is one cell.

    Read as plain JSON: what nbformat finds wrong in a notebook doesn't matter here.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return [text]
    try:
        cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
        sources = ["".join(c["source"]) for c in cells]
    except (ValueError, LookupError, TypeError, RecursionError) as problem:
        raise ValueError(f"{path.name} is not a readable notebook") from problem
    return [source for source in sources if not checked_task(source)]


# --- comparing it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alike:
    """Which students' code is alike, and where."""

    pairs: pd.DataFrame
    marks: dict[tuple[str, str], Marks]


def alike(
    programs: dict[str, Program],
    starter: Sequence[str] = (),
    threshold: float = THRESHOLD,
    common: int = COMMON,
) -> Alike:
    """Find the pairs of students whose own code is alike.

    Parameters
    ----------
    programs : dict of str to Program
        Each student's code.
    starter : sequence of str
        Code that everybody was given; what is in it counts for nobody.
    threshold : float
        The share of the code, beyond the starter code, from which on a pair is told: the larger
        of the two shares counts.
    common : int
        What more students than that wrote is left out, too.

    Returns
    -------
    Alike
        `pairs`: student, other, alike (the larger share), student_share (of the student's own
        tokens, the share that the other has as well), other_share (the same the other way round),
        shared (how many of the student's tokens that is), own and other_own (tokens that count),
        most alike first. `marks`: per pair, where in both texts the shared parts are.

    Raises
    ------
    ValueError
        If the threshold isn't a share, or `common` isn't a whole number above 1.

    Notes
    -----
    Runs of 10 tokens are compared: winnowing (Schleimer, Wilkerson & Aiken 2003) with a window of
    1. The threshold comes from problem sets 4, 6 and 11. Solutions that were written another way
    on purpose share 2 to 34 % (the larger share); a copy of half the tasks shares 60 to 66 %; whole
    copies with other names, order, layout and with statements put between share 85 to 100 %. It
    isn't proof: in classes of 30 to 60 simulated students who each took every answer at random from
    the same few texts, 0.5 to 4 % of the pairs passed it although nobody copied from the other.
    """
    validate.number("threshold", threshold, low=0, high=1)
    validate.whole("common", common, low=2)
    alphabet: dict[str, str] = {}
    prints = {student: _fingerprint(p.tokens, alphabet) for student, p in programs.items()}
    given: set[int] = set()
    for text in starter:
        given |= _fingerprint(tokens(text)[0], alphabet).hashes
    times = Counter(itertools.chain.from_iterable(p.hashes for p in prints.values()))
    given |= {mark for mark, count in times.items() if count > common}
    for each in prints.values():
        _discount(each, given)
    rows, marks = [], {}
    for one, other in _candidates(prints):
        shared, (mine, theirs), slices = compare_files(prints[one], prints[other])
        if max(mine, theirs) < threshold or shared < LEAST:
            continue
        own = int(prints[one].token_coverage), int(prints[other].token_coverage)
        rows.append([one, other, max(mine, theirs), mine, theirs, int(shared), *own])
        first, second = (_ranges(s, programs[w]) for s, w in zip(slices, (one, other), strict=True))
        marks[one, other] = first, second
    table = pd.DataFrame(rows, columns=PAIRS).sort_values(
        ["alike", "shared", "student", "other"], ascending=[False, False, True, True]
    )
    return Alike(table.reset_index(drop=True), marks)


def _fingerprint(words: Sequence[str], alphabet: dict[str, str]) -> CodeFingerprint:
    """Copydetect's fingerprint of a text in which each token is one letter.

    Every run of `WORDS` tokens is kept (a window of 1): winnowing would choose among them by
    Python's own hashes, which differ from one run to the next.
    """
    text = "".join(alphabet.setdefault(w, chr(0x10000 + len(alphabet))) for w in words)
    return CodeFingerprint("", WORDS, 1, filter=False, fp=io.StringIO(text))


def _discount(each: CodeFingerprint, given: set[int]) -> None:
    """Take out what counts for nobody (copydetect's own way errs where a hash occurs twice)."""
    each.hashes = each.hashes - given
    each.hash_idx = {mark: where for mark, where in each.hash_idx.items() if mark in each.hashes}
    each.token_coverage = get_token_coverage(each.hash_idx, WORDS, len(each.filtered_code))


def _candidates(prints: dict[str, CodeFingerprint]) -> list[tuple[str, str]]:
    """The pairs that share anything worth a look: one sparse product instead of N² comparisons."""
    students = sorted(prints)
    numbers: dict[int, int] = {}
    rows, columns = [], []
    for row, student in enumerate(students):
        for mark in prints[student].hashes:
            rows.append(row)
            columns.append(numbers.setdefault(mark, len(numbers)))
    shape = len(students), max(len(numbers), 1)
    has = sparse.csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=shape)
    together = sparse.triu(has @ has.T, k=1).tocoo()
    found = zip(together.row, together.col, together.data, strict=True)
    # A run of marks covers WORDS tokens more than it has marks; LEAST tokens need a few at least.
    few = LEAST // WORDS
    return sorted((students[i], students[j]) for i, j, count in found if count >= few)


def _ranges(slices: np.ndarray, owner: Program) -> Ranges:
    """Slices of tokens as places in the text."""
    if not slices.size:
        return []
    ends = zip(slices[0].astype(int), slices[1].astype(int), strict=True)
    return [(owner.spans[a][0], owner.spans[min(b, len(owner.spans)) - 1][1]) for a, b in ends]


# --- whose numbers -----------------------------------------------------------------------------


def fits(
    problem_set: ProblemSet, answers: dict[str, dict[str, Any]], workers: int = 1
) -> pd.DataFrame:
    """Find wrong answers that are right for the company of exactly one other student.

    Parameters
    ----------
    problem_set : ProblemSet
        With its hidden part.
    answers : dict of str to dict
        Per student, task id → what was handed in, as plain data (`collect`); an empty dict for
        somebody of whom only the company counts.
    workers : int
        How many processes compute the right answers.

    Returns
    -------
    DataFrame
        student, fits (whose data), task, digits (how many the answer has: the fewer, the likelier
        is chance). Tasks that ask for a function or have no reference are left out.
    """
    validate.whole("workers", workers, low=1)
    tasks = {
        name: task
        for name, task in problem_set.tasks.items()
        if task.has_reference()
        and not isinstance(task.answer, Function)
        and any(name in given for given in answers.values())
    }
    right = _everybodys(problem_set, sorted(answers), list(tasks), workers)
    rows = []
    for name, task in tasks.items():
        expected = {student: each[name] for student, each in right.items() if name in each}
        for student in sorted(expected):
            value = _read(task, answers[student].get(name))
            if value is None or task.answer.same(value, expected[student]):
                continue
            other = [s for s, e in expected.items() if s != student and _same(task, value, e)]
            if len(other) == 1 and digits(value) >= DIGITS:
                rows.append([student, other[0], name, digits(value)])
    table = pd.DataFrame(rows, columns=FITS)
    return table.sort_values(["student", "fits", "task"], ignore_index=True)


def _everybodys(
    problem_set: ProblemSet, students: list[str], tasks: list[str], workers: int
) -> dict[str, dict[str, Any]]:
    """The right answers for each student's company, computed once."""
    if not tasks or len(students) < 2:
        return {}
    work = [(problem_set.name, problem_set.path, student, tasks) for student in students]
    if workers == 1:
        return dict(zip(students, map(_right_answers, work), strict=True))
    with local_pool(min(workers, len(students))) as pool:
        return dict(zip(students, pool.map(_right_answers, work, chunksize=4), strict=True))


def _right_answers(work: tuple[str, Path, str, list[str]]) -> dict[str, Any]:
    name, path, student, tasks = work
    known = load(name, path).tasks
    meridian = World.for_student(student, name)
    found = {}
    for task in tasks:
        with contextlib.suppress(Exception), quiet():  # a reference that fails fits nobody
            made = known[task].right_answer(meridian)
            found[task] = known[task].answer.read(decode(collect(known[task].answer, made)))
    return found


def _read(task: Task, values: Any) -> Any:
    """An answer in the form that its kind compares, or None; made-up data may break anything."""
    try:
        return None if values is None else task.answer.read(decode(values))
    except Exception:
        return None


def _same(task: Task, value: Any, expected: Any) -> bool:
    """`Answer.same`, which looks at one entry first where there are many."""
    if isinstance(task.answer, Table):
        for column, entries in expected.items():
            key = next(iter(entries), None)
            mine = value.get(column, {})
            if len(mine) != len(entries) or (entries and key not in mine):
                return False
            if entries and not task.answer.same(
                {column: {key: mine[key]}}, {column: {key: entries[key]}}
            ):
                return False
    return task.answer.same(value, expected)


def digits(value: Any) -> float:
    """How much an answer says, in decimal digits: six at most for a number, a third for a label.

    >>> digits(0.25), digits(195.0), digits({"": {"peak": 1.1438215, "share": 0.8}})
    (2, 3, 7)
    """
    if isinstance(value, float):
        return len(f"{abs(value):.5e}".partition("e")[0].replace(".", "").strip("0"))
    if isinstance(value, dict):
        return sum(digits(v) for v in value.values())
    if isinstance(value, (list, tuple, frozenset)):
        return sum(digits(v) for v in value)
    return 0.3 if isinstance(value, str) else 0


# --- a class -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Similarity:
    """What was found in a class; `page` shows it."""

    assignment: str
    threshold: float
    common: int
    pairs: pd.DataFrame
    fits: pd.DataFrame
    skipped: dict[str, str]  # student → why nothing could be compared
    programs: dict[str, Program]
    marks: dict[tuple[str, str], Marks]
    unknown: list[str]  # whose answers aren't kept, since they weren't graded


def similar(
    root: Path,
    assignment: str,
    threshold: float = THRESHOLD,
    common: int = COMMON,
    given: Iterable[Path] = (),
    workers: int | None = None,
) -> Similarity:
    """Compare what a class handed in: the code of each two, and whose data the answers fit.

    Parameters
    ----------
    root : Path
        The course, with `submitted/<student>/<assignment>/` in it.
    assignment : str
        The problem set; it must have been generated.
    threshold, common
        See `alike`.
    given : iterable of Path
        More notebooks or Python files whose code was everybody's to use, such as a chapter.
    workers : int, optional
        Processes for the right answers; one for each processor unless given.

    Returns
    -------
    Similarity
        Tables of pairs and of fitting numbers, and what `page` needs. Nothing is changed in the
        gradebook: whether two worked together, only a conversation can tell.

    Raises
    ------
    ValueError
        If the problem set isn't in the gradebook, wasn't released, or nobody handed it in.
    """
    root = Path(root).resolve()
    api = course_api(root)
    course = api.coursedir
    names = notebooks_of(api, assignment)
    release = folder(course, "release", assignment)
    handed_out = [release / f"{name}.ipynb" for name in names]
    for path in handed_out:
        if not path.is_file():
            raise ValueError(
                f"assignment is {assignment!r}; what was handed out must be at {path}. "
                f"Run: nbgrader generate_assignment {assignment}"
            )
    starter = [cell for path in [*handed_out, *given] for cell in code_cells(path)]
    starter += [cell for path in sorted(release.glob("*.py")) for cell in code_cells(path)]
    submitted = root / course.submitted_directory
    programs: dict[str, Program] = {}
    skipped: dict[str, str] = {}
    students = sorted(folder.parent.name for folder in submitted.glob(f"*/{assignment}"))
    if not students:
        raise ValueError(f"assignment is {assignment!r}; nobody has handed it in at {submitted}.")
    for student in students:
        try:
            programs[student] = program(_written(submitted / student / assignment, names), starter)
        except (OSError, ValueError) as problem:
            missing = isinstance(problem, FileNotFoundError)
            skipped[student] = "its notebook is missing" if missing else str(problem)
    found = alike(programs, starter, threshold, common)
    source = folder(course, "source", assignment)
    problem_set = load(assignment, source / "checks.py")
    answers = {student: _answers(course, assignment, student) for student in students}
    numbers = fits(problem_set, answers, workers or os.cpu_count() or 1)
    unknown = [student for student, known in answers.items() if not known and student in programs]
    return Similarity(
        assignment, threshold, common, found.pairs, numbers, skipped, programs, found.marks, unknown
    )


def _written(folder: Path, names: list[str]) -> list[str]:
    """The code of a submission; of its only notebook, if that was renamed."""
    paths = [folder / f"{name}.ipynb" for name in names]
    there = sorted(folder.glob("*.ipynb"))
    if len(paths) == len(there) == 1:
        paths = there
    return [cell for path in paths for cell in code_cells(path)]


def _answers(course: Any, assignment: str, student: str) -> dict[str, Any]:
    """Task → what was handed in, from all notebooks of a submission."""
    kept = read(answers_file(course, assignment, student))
    with contextlib.suppress(AttributeError):  # somebody else wrote it
        return {task: v for each in kept.values() for task, v in each.items()}
    return {}


# --- the report --------------------------------------------------------------------------------

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
  max-width: 90rem; padding: 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border: 1px solid #767676; padding: .25rem .6rem; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
pre { border: 1px solid #767676; padding: .5rem; overflow: auto; max-height: 40rem; margin: 0; }
mark { background: #ffe08a; color: #000; text-decoration: underline; }
a { color: #0b4f9e; }
@media (max-width: 50rem) { .sides { grid-template-columns: 1fr; } }
"""
_CANNOT = """
<h2 id="limits">What this can and can't tell</h2>
<p>This report points at what a human should look at. It changes no mark, and on its own it proves
nothing: students may have worked together where they were allowed to, found the same page, asked
the same program, or been taught the same way to do it.</p>
<ul>
<li>Names, comments, layout and the order of cells and statements make no difference. Code that was
rewritten another way isn't seen, nor is text: memos and other written answers aren't compared.</li>
<li>Who copied from whom isn't known.</li>
<li>In short tasks honest work is alike. Shares are of what a student wrote beyond what was handed
out; what more than {common} students wrote is left out, so that a solution that the whole class
passed round is left out as well.</li>
<li>Numbers: an answer is listed if it is wrong for its owner, right for exactly one other student's
company, and long enough not to be chance. A copied answer that was wrong for its author fits
nobody.</li>
</ul>
"""


def page(found: Similarity, most: int = 100) -> str:
    """The report as a page of its own: no script, nothing fetched from elsewhere.

    Parameters
    ----------
    found : Similarity
        What `similar` returned.
    most : int
        How many pairs are shown side by side, the most alike first.

    Returns
    -------
    str
        HTML.
    """
    validate.whole("most", most, low=0)
    say = html.escape
    columns = (found.pairs[c].head(most) for c in PAIRS[:3])
    shown = [(str(a), str(b), float(share)) for a, b, share in zip(*columns, strict=True)]
    pairs = found.pairs.assign(
        alike=[
            f'<a href="#pair-{i}">{share:.0%}</a>' if i < most else f"{share:.0%}"
            for i, share in enumerate(found.pairs["alike"])
        ],
        student_share=found.pairs["student_share"].map("{:.0%}".format),
        other_share=found.pairs["other_share"].map("{:.0%}".format),
        student=found.pairs["student"].map(say),
        other=found.pairs["other"].map(say),
    )
    head = {
        "student": "Student",
        "other": "Other student",
        "alike": "Alike",
        "student_share": "Of the student's code",
        "other_share": "Of the other's code",
        "shared": "Student's shared tokens",
        "own": "Student's tokens",
        "other_own": "Other's tokens",
    }
    caption = f"Pairs who share at least {found.threshold:.0%} of the code of one of them"
    parts = [f"<h2>Code</h2>{_table(pairs, head, caption)}"]
    numbers = found.fits.assign(**{c: found.fits[c].astype(str).map(say) for c in FITS[:3]})
    numbers["digits"] = found.fits["digits"].map("{:.0f}".format)
    head = {"student": "Answer of", "fits": "Fits the data of", "task": "Task", "digits": "Digits"}
    caption = "Wrong answers that are right for somebody else's company"
    parts.append(f"<h2>Numbers</h2>{_table(numbers, head, caption)}")
    missing = {**found.skipped, **dict.fromkeys(found.unknown, "no answers are kept: not graded")}
    if missing:
        rows = "".join(f"<li>{say(s)}: {say(why)}</li>" for s, why in sorted(missing.items()))
        parts.append(f"<h2>Not compared</h2><ul>{rows}</ul>")
    parts.append(_CANNOT.format(common=found.common))
    if shown:
        parts.append("<h2>Side by side</h2><p>What both have is marked and underlined.</p>")
    for i, (student, other, share) in enumerate(shown):
        sides = zip((student, other), found.marks[student, other], strict=True)
        boxes = "".join(
            f"<div><h4>{say(who)}</h4><pre tabindex=0 role=region aria-label="
            f'"Code of {say(who)}, pair {i + 1}">{_marked(found.programs[who].text, where)}</pre>'
            "</div>"
            for who, where in sides
        )
        title = f"{say(student)} and {say(other)}: {share:.0%}"
        parts.append(f'<h3 id="pair-{i}">{title}</h3><div class="sides">{boxes}</div>')
    title = f"{say(found.assignment)}: who wrote alike"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{len(found.programs)} notebooks were compared. Nothing here is a verdict: "
        'read <a href="#limits">what this can and can\'t tell</a> first.</p>'
        f"{''.join(parts)}</main></body></html>\n"
    )


def _table(frame: pd.DataFrame, head: dict[str, str], caption: str) -> str:
    """A table of cells that are HTML already."""
    if frame.empty:
        return f"<p>{caption}: none.</p>"
    names = "".join(f'<th scope="col">{html.escape(words)}</th>' for words in head.values())
    numbers = {"alike", "student_share", "other_share", "shared", "own", "other_own", "digits"}
    rows = []
    for row in frame.to_dict("records"):
        cells = [f"<td{' class=number' * (c in numbers)}>{row[c]}</td>" for c in head]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f"<table><caption>{caption}</caption><thead><tr>{names}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _marked(text: str, ranges: Ranges) -> str:
    parts, at = [], 0
    for start, end in ranges:
        shared = html.escape(text[max(start, at) : end])
        parts += [html.escape(text[at:start]), f"<mark>{shared}</mark>" if shared else ""]
        at = max(at, end)
    return "".join([*parts, html.escape(text[at:])])


def write(found: Similarity, folder: Path) -> list[Path]:
    """Write report.html, pairs.csv and numbers.csv; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("report.html", "pairs.csv", "numbers.csv")]
    paths[0].write_text(page(found), encoding="utf-8")
    found.pairs.to_csv(paths[1], index=False, float_format="%.4f")
    found.fits.to_csv(paths[2], index=False)
    return paths


def main(arguments: list[str]) -> int:
    """`cxedu similar ps06`, at the root of the course."""
    parser = argparse.ArgumentParser(
        prog="cxedu similar",
        description="Whose notebooks are alike, and whose data an answer fits. Something to look "
        "at: no mark is changed. Grade first, so that there are answers to compare.",
    )
    parser.add_argument("problem_set", help="its name, such as ps06")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help=f"share of the code ({THRESHOLD})"
    )
    parser.add_argument(
        "--common",
        type=int,
        default=COMMON,
        help=f"leave out what more students than this wrote ({COMMON})",
    )
    parser.add_argument(
        "--given",
        type=Path,
        nargs="*",
        default=[],
        help="more notebooks or Python files whose code everybody may use",
    )
    parser.add_argument("--workers", type=int, help="processes (default: processors)")
    chosen = parser.parse_args(arguments)
    root, began = Path.cwd(), time.monotonic()
    try:
        found = similar(
            root,
            chosen.problem_set,
            chosen.threshold,
            chosen.common,
            chosen.given,
            chosen.workers,
        )
    except (ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    for student, why in sorted(found.skipped.items()):
        print(f"{student}: not compared, {why}", file=sys.stderr)
    if found.unknown:
        print(
            f"{len(found.unknown)} submissions aren't graded, so their numbers weren't compared. "
            f"Run: cxedu grade {chosen.problem_set}",
            file=sys.stderr,
        )
    paths = write(found, root / "_build" / "similar" / found.assignment)
    print(
        f"{len(found.programs)} notebooks, {len(found.pairs)} pairs alike, {len(found.fits)} answers "
        f"that fit somebody else's data ({time.monotonic() - began:.1f} s)"
    )
    print("\n".join(map(str, paths)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
