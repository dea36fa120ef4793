"""Notebooks that editing, uploading or ill will has damaged."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import v4

from hostile import Attempt, Submission, after

BACK = "It is put back, and the summary says so."
LIKE_SOURCE = (
    "The grading data of cells come from the instructor's notebook, whatever is in the file."
)
UNREADABLE = "0 points, with the reason; the file is kept."
NOTHING = (0, 0, 0, 0)


def edit(change: Callable[[Submission], object]) -> Callable[[Submission], None]:
    """A change of the notebook whose result doesn't matter."""

    def changed(s: Submission) -> None:
        change(s)

    return changed


def file(write: Callable[[Path], object]) -> Callable[[Submission], object]:
    """A change of the file once it is written."""
    return lambda s: lambda: write(s.file)


def raw(change: Callable[[dict], object]) -> Callable[[Submission], object]:
    """A change of the JSON in the file, valid or not."""

    def write(path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    return file(write)


def to_markdown(s: Submission) -> None:
    for name in ("ps90-2", "ps90-1-answer"):
        old = s.cell(name)
        new = v4.new_markdown_cell(old.source, metadata=old.metadata, id=name)
        s.nb.cells[s.place(name)] = new


def no_metadata(s: Submission) -> None:
    for cell in s.nb.cells:
        cell.metadata = {}


def swapped(s: Submission) -> None:
    one, two = s.cell("ps90-1").metadata.nbgrader, s.cell("ps90-2").metadata.nbgrader
    one.grade_id, two.grade_id = two.grade_id, one.grade_id


def worth_more(s: Submission) -> None:
    for cell in s.nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 1000
    s.cell("ps90-2-answer").source = "by_category = None"


def manual_as_code(s: Submission) -> None:
    old = s.cell("ps90-5")
    new = v4.new_code_cell("2.0", metadata=old.metadata, id="ps90-5")
    new.metadata.nbgrader.cell_type = "code"
    s.nb.cells[s.place("ps90-5")] = new


def split_answer(s: Submission) -> None:
    place = s.place("ps90-2-answer")
    second = copy.deepcopy(s.nb.cells[place])
    lines = second.source.splitlines()
    s.nb.cells[place].source = "\n".join(lines[:-1])
    second.source, second["id"] = lines[-1], "second"
    s.nb.cells.insert(place + 1, second)


def duplicated(s: Submission) -> None:
    twin = copy.deepcopy(s.cell("ps90-2"))
    twin["id"] = "twin"
    twin.source = "2.0"
    s.nb.cells.insert(2, twin)


def reversed_order(s: Submission) -> None:
    s.nb.cells[2:] = s.nb.cells[:1:-1]


def version_3(path: Path) -> None:
    nb = nbformat.read(path, as_version=4)
    path.write_text(nbformat.v3.writes_json(nbformat.convert(nb, 3)), encoding="utf-8")


def conflict(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"cells"', '<<<<<<< HEAD\n"cells"', 1), encoding="utf-8")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def same_ids(data: dict) -> None:
    for cell in data["cells"]:
        cell["id"] = "same"


ATTEMPTS = [
    Attempt(
        "check-removed",
        "deletes a graded cell",
        edit(lambda s: s.nb.cells.pop(s.place("ps90-2"))),
        BACK,
    ),
    Attempt(
        "all-checks-removed",
        "deletes all graded cells",
        edit(lambda s: [s.nb.cells.pop(s.place(f"ps90-{i}")) for i in range(1, 6)]),
        BACK,
    ),
    Attempt(
        "check-emptied",
        "empties graded cells: no output used to mean full points",
        edit(
            lambda s: [
                s.cell("ps90-1").update(source=""),
                s.cell("ps90-1-answer").update(source="mean_margin = 1"),
                s.cell("ps90-2").update(source="# nothing"),
            ]
        ),
        "Graded cells are run as they were handed out.",
        (0, 3, 2, 1),
    ),
    Attempt(
        "check-retyped",
        "types `2.0` into a graded cell",
        edit(
            lambda s: [
                s.cell("ps90-1").update(source="2.0"),
                s.cell("ps90-1-answer").update(source="mean_margin = 1"),
            ]
        ),
        "Graded cells are run as they were handed out.",
        (0, 3, 2, 1),
    ),
    Attempt("check-duplicated", "copies a graded cell", duplicated, "One is kept."),
    Attempt(
        "check-skipped",
        "tags all cells, so that none is run",
        edit(
            lambda s: [
                c.metadata.update(tags=["skip-execution", "remove-cell", "raises-exception"])
                for c in s.nb.cells
            ]
        ),
        "No tag keeps a cell from being run.",
    ),
    Attempt(
        "check-as-markdown",
        "turns a graded cell and an answer into Markdown",
        to_markdown,
        "Each cell gets back the type that it was handed out with.",
    ),
    Attempt(
        "points-changed", "makes each cell worth 1000 points", worth_more, LIKE_SOURCE, (2, 0, 2, 1)
    ),
    Attempt(
        "ids-swapped",
        "swaps the ids of two graded cells",
        swapped,
        "Each id gets the cell that was handed out for it: the one that now comes before its answer "
        "earns 0.",
        (2, 0, 2, 1),
    ),
    Attempt("no-metadata", "loses all metadata, as some editors do", no_metadata, BACK),
    Attempt(
        "metadata-made-up",
        "declares an ordinary cell to be graded, and damages others' data",
        edit(
            lambda s: [
                s.cell("setup").metadata.update(
                    nbgrader={
                        "grade": True,
                        "grade_id": "bonus",
                        "points": 50,
                        "solution": False,
                        "locked": False,
                        "schema_version": 3,
                        "cell_type": "code",
                        "task": False,
                    }
                ),
                s.cell("ps90-2").metadata.update(nbgrader={"grade_id": "ps90-2"}),
                s.cell("title").metadata.update(nbgrader="nonsense"),
            ]
        ),
        LIKE_SOURCE,
    ),
    Attempt(
        "manual-as-code",
        "turns the question that is graded by hand into code that prints 2.0",
        manual_as_code,
        "It waits for a human, as before.",
    ),
    Attempt("answer-split", "splits an answer into two cells", split_answer, "Both are run."),
    Attempt(
        "answer-removed",
        "deletes the cell of an answer",
        edit(lambda s: s.nb.cells.pop(s.place("ps90-2-answer"))),
        "That task earns 0.",
        (2, 0, 2, 1),
    ),
    Attempt(
        "upside-down",
        "reverses the order of all cells",
        reversed_order,
        "Cells are run in the order of the file: checks that come before their answers earn 0.",
        NOTHING,
    ),
    Attempt(
        "kernel-name",
        "was made with another kernel: Julia",
        edit(
            lambda s: s.nb.metadata.update(
                kernelspec={"name": "julia-1.9", "display_name": "Julia", "language": "julia"},
                language_info={"name": "julia"},
            )
        ),
        "Problem sets are Python: it is run as such.",
    ),
    Attempt(
        "missing-package",
        "imports a package that isn't installed",
        after(1, "import tensorflow_of_tomorrow"),
        "An error in its cell, and what was assigned before it counts.",
    ),
    Attempt(
        "syntax-error",
        "has a cell that isn't Python",
        edit(lambda s: s.cell("ps90-2-answer").update(source="by_category = (\nanswer: 12 €")),
        "That task earns 0.",
        (2, 0, 2, 1),
    ),
    Attempt(
        "bad-json",
        "is cut off in the middle",
        file(lambda p: p.write_text(p.read_text()[:1500])),
        UNREADABLE,
        NOTHING,
        note="not a readable notebook",
    ),
    Attempt(
        "empty-file",
        "is empty",
        file(lambda p: p.write_text("")),
        UNREADABLE,
        NOTHING,
        note="not a readable notebook",
    ),
    Attempt(
        "binary",
        "is binary garbage",
        file(lambda p: p.write_bytes(bytes(range(256)) * 100)),
        UNREADABLE,
        NOTHING,
        note="not a readable notebook",
    ),
    Attempt(
        "other-json",
        "is JSON, but no notebook",
        file(lambda p: p.write_text('[1, {"cells": 3}]')),
        UNREADABLE,
        NOTHING,
        note="not a readable notebook",
    ),
    Attempt(
        "merge-conflict",
        "has the marks of a merge conflict in it",
        file(conflict),
        UNREADABLE,
        NOTHING,
        note="not a readable notebook",
    ),
    Attempt(
        "no-notebook",
        "has no notebook in it",
        file(lambda p: p.unlink()),
        UNREADABLE,
        NOTHING,
        note="is missing",
    ),
    Attempt(
        "folder-as-notebook",
        "has a folder where the notebook should be",
        file(folder_instead),
        UNREADABLE,
        NOTHING,
        note="is missing",
    ),
    Attempt(
        "renamed",
        "has the notebook under another name",
        file(lambda p: p.rename(p.with_name("ps90 (1) final.ipynb"))),
        "It is found by its cells.",
        note="",
    ),
    Attempt("version-3", "is in the format of 2014", file(version_3), "It is brought up to date."),
    Attempt(
        "byte-order-mark",
        "was saved by an editor that puts a byte order mark first",
        file(lambda p: p.write_bytes(b"\xef\xbb\xbf" + p.read_bytes())),
        "It is read all the same.",
    ),
    Attempt("same-ids", "has cells that all have the same id", raw(same_ids), "New ids are made."),
    Attempt(
        "null-cells",
        "has cells that are null, text, or lack their parts",
        raw(lambda d: d["cells"].extend([None, "print(1)", {"cell_type": "code"}])),
        "What is no cell is left out, and the summary says so.",
    ),
    Attempt(
        "no-cells",
        "has no cells",
        raw(lambda d: d.update(cells=[])),
        UNREADABLE,
        NOTHING,
        note="no cells",
    ),
    Attempt(
        "odd-parts",
        "has cells without outputs, metadata that are lists, sources that are numbers",
        raw(
            lambda d: (
                d["cells"][1].pop("outputs"),
                d["cells"][4].pop("execution_count"),
                d.update(metadata={"kernelspec": [1, 2], "language_info": None}),
            )
        ),
        "What is missing is added.",
    ),
    Attempt(
        "not-a-number",
        "has NaN and infinity in its metadata, which JSON doesn't know",
        raw(lambda d: d["metadata"].update(cxedu=float("nan"), x=[float("inf")])),
        "It is graded like any other.",
    ),
]
