"""The command `cxedu grade`.

The warm process is started before nbgrader and its libraries are imported, hence the imports inside
functions: both take more than a second, and go on side by side.
"""

import argparse
import gc
import sys
from pathlib import Path

from cxedu.grading import warm


def main(arguments: list[str]) -> int:
    """`cxedu grade ps06 [student …]`, at the root of the course."""
    parser = argparse.ArgumentParser(
        prog="cxedu grade",
        description="Autograde the submissions of a problem set, and write grades.csv. "
        "Goes on where an interrupted run was.",
    )
    parser.add_argument("problem_set", help="its name, such as ps06")
    parser.add_argument("students", nargs="*", help="only these students")
    parser.add_argument("--again", action="store_true", help="grade everything anew")
    parser.add_argument(
        "--workers", type=int, help="submissions at a time (default: processors + 1)"
    )
    parser.add_argument(
        "--sandbox",
        choices=("auto", "required", "off"),
        default="auto",
        help="required: refuse to grade without it",
    )
    parser.add_argument(
        "--verify",
        type=int,
        metavar="N",
        help="grade N of them again with nbgrader's own command; exit code 3 if a mark differs",
    )
    parser.add_argument("--feedback", action="store_true", help="make the feedback pages as well")
    chosen = parser.parse_args(arguments)
    root = Path.cwd().resolve()
    warm.begin(root, chosen.problem_set, chosen.sandbox)
    # jsonschema, which reads notebooks for nbgrader, would take a second to build a grammar for a
    # kind of address that no notebook has; it does without where this can't be imported.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    gc.disable()  # what is imported stays: no need to look through it, then or later
    from cxedu.grading.run import export, grade

    gc.freeze()
    gc.enable()
    try:
        grade(
            root,
            chosen.problem_set,
            chosen.students or None,
            force=chosen.again,
            workers=chosen.workers,
            sandbox=chosen.sandbox,
        )
        print(f"grades: {export(root)}")
        differs = chosen.verify is not None and _verify(root, chosen)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "without --again " if chosen.again else ""
        print(f"\nInterrupted; the same command {again}goes on from here.", file=sys.stderr)
        return 130
    if differs:
        return 3
    if not chosen.feedback:
        print(f"feedback: cxedu grade {chosen.problem_set} --feedback")
        return 0
    return _feedback(root, chosen)


def _verify(root: Path, chosen: argparse.Namespace) -> bool:
    """Whether some marks of a sample are not those that nbgrader's own command gives."""
    from cxedu.grading.run import confinement
    from cxedu.grading.verify import verify

    sandboxed, why = confinement(chosen.sandbox)
    if why:
        print(f"nbgrader runs student code outside the sandbox: {why}.", file=sys.stderr)
    inside = sandboxed == "sandbox"
    students, differences = verify(root, chosen.problem_set, chosen.verify, sandboxed=inside)
    for row in differences.to_dict("records"):
        marks = f"{row['score']:g} here, {row['stock']:g} with nbgrader autograde"
        print(f"{row['student']}  {row['task']}: {marks}")
    count = len(differences) or "no"
    print(f"verified: {count} differences in the tasks of {', '.join(students)}")
    return len(differences) > 0


def _feedback(root: Path, chosen: argparse.Namespace) -> int:
    from cxedu.feedback import feedback
    from cxedu.grading.course import course_api

    made = feedback(root, chosen.problem_set, chosen.students or None, chosen.workers)
    without = made[made["pages"].map(len) == 0]
    for row in without.to_dict("records"):
        print(f"{row['student']}: no feedback page, {row['note']}", file=sys.stderr)
    where = course_api(root).coursedir.feedback_directory
    print(f"feedback: {made['made'].sum()} of {len(made)} pages made anew, in {root / where}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
