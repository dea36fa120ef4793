"""nbgrader preprocessor that puts back what a student's editing broke inside a notebook."""

import contextlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from cxedu.grading.notebook import NOTES, Resources, coursedir, note, source_cells
from cxedu.grading.record import made_with


@dataclass
class Generated:
    """What `nbgrader generate_assignment` put into the gradebook about a notebook."""

    kernelspec: dict[str, Any]
    source: dict[str, Any]  # by the cells' ids: cell_type, source, locked, checksum
    points: dict[str, float]
    tasks: dict[str, float]
    solutions: set[str]


def generated(preprocessor: Any, names: dict[str, str]) -> Generated:
    """What the gradebook has of a notebook; remembered until it is generated anew."""
    key = (names["db_url"], names["assignment"], names["notebook"])
    course = coursedir(preprocessor)
    with contextlib.suppress(AttributeError, OSError):  # no course, or its release was removed
        folder = Path(course.format_path(course.release_directory, ".", names["assignment"]))
        return _generated(*key, (folder / f"{names['notebook']}.ipynb").stat().st_mtime_ns)
    return _generated.__wrapped__(*key)


@lru_cache(maxsize=4)  # the same for every student
def _generated(db_url: str, assignment: str, notebook: str, changed: int = 0) -> Generated:
    with Gradebook(db_url) as gradebook:
        book = gradebook.find_notebook(notebook, assignment)
        fields = ("cell_type", "source", "locked", "checksum")
        return Generated(
            json.loads(book.kernelspec or "{}"),
            {
                c.name: SimpleNamespace(**{f: getattr(c, f) for f in fields})
                for c in book.source_cells
            },
            {c.name: c.max_score for c in book.grade_cells},
            {c.name: c.max_score for c in book.task_cells},
            {c.name for c in book.solution_cells},
        )


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

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        course = coursedir(self)
        made = made_with(Path(course.root if course else ".").resolve())
        nb.metadata[NOTES] = {"made_with": made}
        names = resources["nbgrader"]
        for text in resources.get("repaired", []):  # before this
            note(nb, "repaired", text)
        right = generated(self, names)
        self.source, self.points = right.source, right.points
        self.solutions, self.tasks = right.solutions, right.tasks
        self.order = self._order(resources)
        self._restore_kernel(nb, right.kernelspec)
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

    def _order(self, resources: Resources) -> list[str]:
        """The ids in the order of the source notebook; the gradebook doesn't promise one."""
        known = list(self.source)
        cells = source_cells(self, resources)
        ids = [c.get("metadata", {}).get("nbgrader", {}).get("grade_id") for c in cells]
        return [i for i in ids if i in self.source] + [i for i in known if i not in ids]

    def _metadata(self, name: str) -> NotebookNode:
        cell = self.source[name]
        data: dict[str, Any] = {
            "schema_version": 3,
            "grade_id": name,
            "grade": name in self.points,
            "solution": name in self.solutions,
            "task": name in self.tasks,
            "locked": bool(cell.locked),
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
        }
        if name in self.points or name in self.tasks:
            data["points"] = self.points.get(name, self.tasks.get(name))
        return NotebookNode(data)

    def _restore_metadata(self, nb: NotebookNode) -> None:
        hidden = ClearHiddenTests(parent=self).begin_test_delimeter
        for index, cell in enumerate(nb.cells):
            if "nbgrader" not in cell.metadata:
                continue
            data = cell.metadata["nbgrader"]
            name = str(data.get("grade_id")) if isinstance(data, dict) else ""
            if name not in self.source:
                del cell.metadata["nbgrader"]
                continue
            right = self._metadata(name)
            if any(data.get(k) != right[k] for k in ("grade", "solution", "locked", "task")):
                note(nb, "repaired", f"The grading data of cell “{name}” was restored.")
            source = self.source[name]
            if cell.cell_type != source.cell_type:
                note(nb, "repaired", f"Cell “{name}” is {source.cell_type} again.")
                nb.cells[index] = self._cell(source.cell_type, cell.source)
            if right["locked"] and cell.source != source.source:
                if hidden not in source.source:  # the release of such a cell had another text
                    note(nb, "repaired", f"The text of the locked cell “{name}” was restored.")
                nb.cells[index].source = source.source
            nb.cells[index].metadata["nbgrader"] = right

    @staticmethod
    def _cell(kind: str, source: str) -> NotebookNode:
        make = {"code": v4.new_code_cell, "raw": v4.new_raw_cell}
        return make.get(kind, v4.new_markdown_cell)(source)

    @staticmethod
    def _name(cell: NotebookNode) -> str:
        return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))

    def _places(self, nb: NotebookNode, name: str) -> list[int]:
        return [i for i, cell in enumerate(nb.cells) if self._name(cell) == name]

    def _drop_duplicates(self, nb: NotebookNode) -> None:
        for position, name in enumerate(self.order):
            places = self._places(nb, name)
            if len(places) < 2:
                continue
            first, *others = places
            if name not in self.solutions:
                # The copy that counts comes after the answer that it checks.
                before = self._places(nb, self.order[position - 1]) if position else []
                keep = next((i for i in places if not before or i > before[0]), places[-1])
                nb.cells = [c for i, c in enumerate(nb.cells) if i == keep or i not in places]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; one was kept.")
            elif name in self.points:
                texts = [nb.cells[i].source for i in places]
                nb.cells[first].source = "\n\n".join(dict.fromkeys(texts))
                nb.cells = [c for i, c in enumerate(nb.cells) if i not in others]
                note(nb, "repaired", f"The {len(places)} parts of “{name}” were joined.")
            else:
                for i in others:
                    del nb.cells[i].metadata["nbgrader"]
                note(nb, "repaired", f"Cell “{name}” occurred {len(places)} times; all were run.")

    def _restore_cells(self, nb: NotebookNode) -> None:
        for position, name in enumerate(self.order):
            if name not in self.points or self._places(nb, name):
                continue
            source = self.source[name]
            cell = self._cell(source.cell_type, source.source)
            cell.metadata["nbgrader"] = self._metadata(name)
            # As late as its neighbours allow: whatever was written for the task comes before.
            later = [p for n in self.order[position + 1 :] for p in self._places(nb, n)]
            nb.cells.insert(min(later, default=len(nb.cells)), cell)
            note(nb, "repaired", f"The deleted cell “{name}” was put back.")
