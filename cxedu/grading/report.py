"""What a grading says: progress while it runs, a line per submission after it, and grades.csv."""

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin
from tqdm import tqdm

from cxedu.grading.record import Outcome

COLUMNS = [
    "student",
    "first_name",
    "last_name",
    "assignment",
    "timestamp",
    "due",
    "late_seconds",
    "score",
    "max_score",
    "needs_manual_grade",
    "graded_with",
    "note",
]


class _Bar(tqdm):
    monitor_interval = 0  # the monitor is a thread, and beside threads workers can't be forked


class Progress:
    """A bar with count, rate, time left and who is being graded; lines where there is no terminal."""

    def __init__(self, name: str, total: int, wanted: bool) -> None:
        self._lines = wanted and not sys.stderr.isatty()
        self._bar = _Bar(
            total=total, desc=name, unit="submission", disable=not wanted or self._lines
        )
        self._name, self._total, self._count, self._began = name, total, 0, time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def begin(self, students: list[str]) -> None:
        self._bar.set_postfix_str(", ".join(students[:4]))

    def end(self, outcome: Outcome) -> None:
        """Somebody is done."""
        self._count += 1
        self._bar.update()
        trouble = f"  {outcome.note}" if outcome.note else ""
        if self._lines:
            seconds = time.monotonic() - self._began
            left = seconds / self._count * (self._total - self._count)
            print(
                f"{self._name}: {self._count} of {self._total}, {outcome.student}, "
                f"{self._count / max(seconds, 1e-9):.1f} a second, {left:.0f} s left{trouble}",
                file=sys.stderr,
                flush=True,
            )
        elif trouble and not self._bar.disable:
            self._bar.write(f"{outcome.student}{trouble}", file=sys.stderr)


def report(table: pd.DataFrame, now: str = "") -> str:
    """What `grade` returned, as lines to read: a student each.

    Parameters
    ----------
    table : DataFrame
        A row per submission, with the fields of an `Outcome`.
    now : str, optional
        What marks are made with now; those that were made with something else are named.

    >>> row = {"student": "ada", "assignment": "ps06", "score": 12, "max_score": 20}
    >>> row |= {"late_seconds": 7200, "needs_manual_grade": False, "note": ""}
    >>> row |= {"repaired": [], "in_process": ["extra"], "graded_with": "cxedu 0.1.0 (a871fc46)"}
    >>> print(report(pd.DataFrame([row])))
    ada  ps06  12 of 20  2.0 hours late  judged in the student's process: extra
    """
    width = max((len(s) for s in table["student"]), default=0)
    lines = []
    for row in table.to_dict("records"):
        score = f"{row['score']:g} of {row['max_score']:g}"
        late = f"{row['late_seconds'] / 3600:.1f} hours late" if row["late_seconds"] else ""
        by_hand = "part waits to be graded by hand" if row["needs_manual_grade"] else ""
        said = [late, *row["repaired"], row["note"], in_their_process(row["in_process"]), by_hand]
        head = [f"{row['student']:{width}}", row["assignment"], score]
        lines.append("  ".join([*head, *filter(None, said)]))
    made = table["graded_with"]
    for other in sorted(set(made) - {now, ""}) if now else ():
        count = (made == other).sum()
        lines.append(
            f"{count} of these marks {'was' if count == 1 else 'were'} made with {other}; now it is "
            f"{now}. They stay as they are; --again grades everything anew."
        )
    return "\n".join(lines)


def in_their_process(cells: list[str]) -> str:
    """Which cells hold ordinary nbgrader tests: code of the student's could deceive those."""
    return f"judged in the student's process: {', '.join(cells)}" if cells else ""


def grades(root: Path, gradebook: Gradebook) -> pd.DataFrame:
    """Every student's score in every problem set, sorted by student and problem set."""
    rows = []
    records = {}
    for path in Path(root).glob("*/.cxedu/*/*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(path.read_text(encoding="utf-8"))
            said = [*kept["repaired"], kept["note"], in_their_process(kept["in_process"])]
            note = "; ".join(filter(None, said))
            records[kept["student"], kept["assignment"]] = (kept["graded_with"], note)
    for assignment in gradebook.assignments:
        for student in gradebook.students:
            row: dict[str, Any] = {
                "student": student.id,
                "first_name": student.first_name or "",
                "last_name": student.last_name or "",
                "assignment": assignment.name,
                "timestamp": "",
                "due": assignment.duedate or "",
                "late_seconds": 0,
                "score": 0.0,
                "max_score": assignment.max_score,
                "needs_manual_grade": False,
                "graded_with": "",
                "note": "nothing was submitted",
            }
            with contextlib.suppress(MissingEntry):
                submission = gradebook.find_submission(assignment.name, student.id)
                row["timestamp"] = submission.timestamp or ""
                row["late_seconds"] = round(submission.total_seconds_late)
                row["score"] = max(
                    0.0, submission.score - (submission.late_submission_penalty or 0)
                )
                row["needs_manual_grade"] = bool(submission.needs_manual_grade)
                row["graded_with"], row["note"] = records.get(
                    (student.id, assignment.name), ("", "")
                )
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["student", "assignment"], ignore_index=True)


class GradesExport(ExportPlugin):
    """`nbgrader export`: one row per student and problem set, quoted where a comma needs it."""

    def export(self, gradebook: Gradebook) -> None:
        root = Path(self.parent.coursedir.root) if self.parent else Path.cwd()
        table = grades(root, gradebook)
        for column, wanted in (("student", self.student), ("assignment", self.assignment)):
            if len(wanted):
                table = table[table[column].isin([str(w) for w in wanted])]
        table.to_csv(self.to or "grades.csv", index=False)
