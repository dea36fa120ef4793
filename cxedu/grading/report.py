"""What a grading says: progress while it runs, a line per submission after it, and grades.csv."""

import sys
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd
from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from tqdm import tqdm

from cxedu.grading.record import Outcome, place, read

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


class Progress(tqdm):
    """A bar with count, rate, time left and who is being graded; lines where there is no terminal."""

    monitor_interval = 0  # the monitor is a thread, and beside threads workers can't be forked

    def __init__(self, name: str, total: int, wanted: bool) -> None:
        self._lines = wanted and not sys.stderr.isatty()
        self._name, self._total, self._count, self._began = name, total, 0, time.monotonic()
        silent = not wanted or self._lines
        super().__init__(total=total, desc=name, unit="submission", disable=silent)

    def begin(self, students: list[str]) -> None:
        """Somebody is next."""
        self.set_postfix_str(", ".join(students[:4]))

    def end(self, outcome: Outcome) -> None:
        """Somebody is done."""
        self._count += 1
        self.update()
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
        elif trouble and not self.disable:
            self.write(f"{outcome.student}{trouble}", file=sys.stderr)


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
        said = [f"{row['student']:{width}}", row["assignment"], score, late, *_said(row), by_hand]
        lines.append("  ".join(filter(None, said)))
    made = table["graded_with"]
    for other in sorted(set(made) - {now, ""}) if now else ():
        count = (made == other).sum()
        lines.append(
            f"{count} of these marks {'was' if count == 1 else 'were'} made with {other}; now it is "
            f"{now}. They stay as they are; --again grades everything anew."
        )
    return "\n".join(lines)


def _said(kept: Mapping[Any, Any]) -> list[str]:
    """What the summary and grades.csv say of a submission."""
    cells = ", ".join(kept.get("in_process", []))  # a student's code could deceive those
    in_theirs = f"judged in the student's process: {cells}" if cells else ""
    return [*kept.get("repaired", []), *filter(None, [kept.get("note"), in_theirs])]


def grades(course: Any, gradebook: Gradebook) -> pd.DataFrame:
    """Every student's score in every problem set, sorted by student and problem set.

    `course` is nbgrader's CourseDirectory.
    """
    rows = []
    for assignment in gradebook.assignments:
        handed_in = {submission.student_id: submission for submission in assignment.submissions}
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
            if submission := handed_in.get(student.id):
                kept = read(place(course, assignment.name, student.id))
                penalty = submission.late_submission_penalty or 0
                row |= {
                    "timestamp": submission.timestamp or "",
                    "due": submission.duedate if assignment.duedate else "",  # with an extension
                    "late_seconds": round(submission.total_seconds_late),
                    "score": max(0.0, submission.score - penalty),
                    "needs_manual_grade": bool(submission.needs_manual_grade),
                    "graded_with": kept.get("graded_with", ""),
                    "note": "; ".join(_said(kept)),
                }
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["student", "assignment"], ignore_index=True)


class GradesExport(ExportPlugin):
    """`nbgrader export`: one row per student and problem set, quoted where a comma needs it."""

    def export(self, gradebook: Gradebook) -> None:
        table = grades(self.parent.coursedir, gradebook)
        for column, wanted in (("student", self.student), ("assignment", self.assignment)):
            if len(wanted):
                table = table[table[column].isin([str(w) for w in wanted])]
        table.to_csv(self.to or "grades.csv", index=False)
