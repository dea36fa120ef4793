"""nbgrader preprocessor that puts back what a student's editing broke inside a notebook."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict, v4
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from cxedu.grading.notebook import (
    NOTES,
    Resources,
    coursedir,
    gradebook_of,
    note,
    source_cells,
)
from cxedu.grading.record import made_with


@dataclass
class Released:
    """A notebook as the gradebook has it since `nbgrader generate_assignment`."""

    kernelspec: dict[str, Any]
    cells: dict[str, NotebookNode]  # cell_type, source and nbgrader's data, by id, in order


def released(gradebook: Gradebook, assignment: str, notebook: str, order: list[str]) -> Released:
    """Ask the gradebook, which doesn't promise an order of the cells."""
    book = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: cell.max_score for cell in [*book.grade_cells, *book.task_cells]}
    grades, tasks, solutions = (
        {cell.name for cell in cells}
        for cells in (book.grade_cells, book.task_cells, book.solution_cells)
    )
    cells = {}
    for known in sorted(book.source_cells, key=lambda c: [*order, c.name].index(c.name)):
        name = known.name
        kinds = {"grade": name in grades, "solution": name in solutions, "task": name in tasks}
        about = {"locked": bool(known.locked), "cell_type": known.cell_type}
        data = {"schema_version": 3, "grade_id": name, "checksum": known.checksum, **kinds, **about}
        if name in points:
            data["points"] = points[name]
        cells[name] = NotebookNode(
            cell_type=known.cell_type, source=known.source, data=from_dict(data)
        )
    return Released(json.loads(book.kernelspec or "{}"), cells)


def _cell(kind: str, source: str) -> NotebookNode:
    return (v4.new_code_cell if kind == "code" else v4.new_markdown_cell)(source)


class Repair(NbGraderPreprocessor):
    """Put back what a student's editing broke, before the notebook is run.

    - nbgrader's data on a cell is restored from the gradebook, and dropped where it is unknown;
    - a locked cell, such as a test, gets its own kind and text back;
    - a graded cell that occurs twice is kept once, after its answer cell;
    - an answer that was split is joined again, or keeps its second part as an ordinary cell;
    - a graded cell that was deleted comes back;
    - the course's kernel is taken whatever the notebook names.

    What was done is said at the top of the notebook, and in the summary. It does the work of
    nbgrader's OverwriteCells, OverwriteKernelspec and DeduplicateIds, and asks the gradebook once
    where those ask for each cell.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[str, Released] = {}  # by notebook; the same for every student

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        made = made_with(Path(coursedir(self).root).resolve())
        nb.metadata[NOTES] = {"made_with": made}
        names = resources["nbgrader"]
        for text in resources.get("repaired", []):  # before this
            note(nb, "repaired", text)
        name = names["notebook"]
        if name not in self._known:
            cells = source_cells(self, resources)
            order = [c.get("metadata", {}).get("nbgrader", {}).get("grade_id") for c in cells]
            with gradebook_of(resources) as gradebook:
                self._known[name] = released(gradebook, names["assignment"], name, order)
        self.cells = self._known[name].cells
        self._restore_kernel(nb, self._known[name].kernelspec)
        self._restore_metadata(nb)
        self._drop_duplicates(nb)
        self._restore_cells(nb)
        repaired = nb.metadata.get(NOTES, {}).get("repaired", [])
        if repaired:
            words = "\n".join(f"- {text}" for text in repaired)
            said = f"**Repaired before grading** (your own file is unchanged):\n\n{words}"
            nb.cells.insert(0, v4.new_markdown_cell(said))
        return nb, resources

    @staticmethod
    def _restore_kernel(nb: NotebookNode, right: dict[str, Any]) -> None:
        given = nb.metadata.get("kernelspec", right)
        if right:
            nb.metadata["kernelspec"] = right
        name = given.get("name") if isinstance(given, dict) else given
        if right and name != right.get("name"):
            said = (
                f"The notebook was made for the kernel “{str(name)[:50]}”; {right['name']} ran it."
            )
            note(nb, "repaired", said)

    def _restore_metadata(self, nb: NotebookNode) -> None:
        hidden = ClearHiddenTests(parent=self).begin_test_delimeter
        for index, cell in enumerate(nb.cells):
            if "nbgrader" not in cell.metadata:
                continue
            data = cell.metadata["nbgrader"]
            name = str(data.get("grade_id")) if isinstance(data, dict) else ""
            if name not in self.cells:
                del cell.metadata["nbgrader"]
                continue
            right = self.cells[name]
            if any(data.get(k) != right.data[k] for k in ("grade", "solution", "locked", "task")):
                note(nb, "repaired", f"The grading data of cell “{name}” was restored.")
            if cell.cell_type != right.cell_type:
                note(nb, "repaired", f"Cell “{name}” is {right.cell_type} again.")
                nb.cells[index] = cell = _cell(right.cell_type, cell.source)
            if right.data.locked and cell.source != right.source:
                if hidden not in right.source:  # the release of such a cell had another text
                    note(nb, "repaired", f"The text of the locked cell “{name}” was restored.")
                cell.source = right.source
            cell.metadata["nbgrader"] = NotebookNode(right.data)

    @staticmethod
    def _name(cell: NotebookNode) -> str:
        return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))

    def _places(self, nb: NotebookNode, name: str) -> list[int]:
        return [i for i, cell in enumerate(nb.cells) if self._name(cell) == name]

    def _drop_duplicates(self, nb: NotebookNode) -> None:
        order = list(self.cells)
        for position, (name, right) in enumerate(self.cells.items()):
            places = self._places(nb, name)
            if len(places) < 2:
                continue
            first, *others = places
            if not right.data.solution:
                # The copy that counts comes after the answer that it checks.
                before = self._places(nb, order[position - 1]) if position else []
                keep = next((i for i in places if not before or i > before[0]), places[-1])
                nb.cells = [c for i, c in enumerate(nb.cells) if i == keep or i not in places]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; one was kept.")
            elif right.data.grade:
                texts = [nb.cells[i].source for i in places]
                nb.cells[first].source = "\n\n".join(dict.fromkeys(texts))
                nb.cells = [c for i, c in enumerate(nb.cells) if i not in others]
                note(nb, "repaired", f"The {len(places)} parts of “{name}” were joined.")
            else:
                for i in others:
                    del nb.cells[i].metadata["nbgrader"]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; all were run.")

    def _restore_cells(self, nb: NotebookNode) -> None:
        order = list(self.cells)
        for position, (name, right) in enumerate(self.cells.items()):
            if not right.data.grade or self._places(nb, name):
                continue
            # As late as its neighbours allow: whatever was written for the task comes before.
            later = [p for n in order[position + 1 :] for p in self._places(nb, n)]
            cell = _cell(right.cell_type, right.source)
            cell.metadata["nbgrader"] = NotebookNode(right.data)
            nb.cells.insert(min(later, default=len(nb.cells)), cell)
            note(nb, "repaired", f"The deleted cell “{name}” was put back.")
