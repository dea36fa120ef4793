"""What students get: the notebook as nbgrader generates it, and the visible part of its checks."""

import ast
import filecmp
import shutil
import tempfile
from pathlib import Path
from typing import Any

BEGIN, END = "### BEGIN HIDDEN", "### END HIDDEN"


def visible_part(source: str, name: str = "checks.py") -> str:
    """The source of a checks.py without its hidden regions.

    Parameters
    ----------
    source : str
        The whole file.
    name : str
        How to call it in an error.

    Raises
    ------
    ValueError
        If the markers don't come in pairs, or if what is left isn't Python; names file and line.

    Examples
    --------
    >>> print(visible_part("a = 1\\n### BEGIN HIDDEN\\nb = 2\\n### END HIDDEN\\n"))
    a = 1
    <BLANKLINE>
    """
    kept: list[str] = []
    opened = 0
    for number, line in enumerate(source.splitlines(), 1):
        marker = line.strip()
        if marker.startswith(BEGIN):
            if opened:
                raise ValueError(
                    f"{name}, line {number}: “{BEGIN}” inside the one of line {opened}."
                )
            opened = number
        elif marker.startswith(END):
            if not opened:
                raise ValueError(f"{name}, line {number}: “{END}” without “{BEGIN}”.")
            opened = 0
        elif "HIDDEN" in marker and marker.startswith("#"):
            raise ValueError(
                f"{name}, line {number}: {marker!r} looks like a marker but isn't one."
            )
        elif not opened:
            kept.append(line)
    if opened:
        raise ValueError(f"{name}, line {opened}: “{BEGIN}” without “{END}”.")
    text = "\n".join(kept).rstrip() + "\n"
    try:
        ast.parse(text)
    except SyntaxError as problem:
        raise ValueError(
            f"{name}: without its hidden part, line {problem.lineno} isn't Python ({problem.msg})."
        ) from None
    return text


def put_checks(sources: Path, releases: Path, assignment: str, **_: Any) -> None:
    """Put the visible part of a problem set's checks beside its released notebook.

    nbgrader calls it after `generate_assignment`.
    """
    source = Path(sources) / assignment / "checks.py"
    target = Path(releases) / assignment / "checks.py"
    target.unlink(missing_ok=True)
    if source.is_file():
        text = visible_part(source.read_text(encoding="utf-8"), f"{assignment}/checks.py")
        target.write_text(text, encoding="utf-8")


def problem_sets(root: Path) -> list[str]:
    """The problem sets that have a source: folders of `solutions/` with a notebook and checks."""
    found = Path(root).glob("solutions/*/checks.py")
    return sorted(p.parent.name for p in found if (p.parent / f"{p.parent.name}.ipynb").is_file())


def release_all(root: Path) -> list[str]:
    """Generate `exercises/` from `solutions/`; only files that differ are written.

    Parameters
    ----------
    root : Path
        The course: where nbgrader_config.py, solutions/ and exercises/ are.

    Returns
    -------
    list of str
        The released problem sets.
    """
    root = Path(root).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        fresh = generate(root, Path(scratch))
        for relative in _difference(fresh, root / "exercises"):
            source, target = fresh / relative, root / "exercises" / relative
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            else:
                target.unlink()
    for folder in (root / "exercises").glob("*"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return problem_sets(root)


def release(root: Path, assignment: str) -> Path:
    """Generate one problem set; returns its folder in `exercises/`."""
    if assignment not in problem_sets(root):
        listed = ", ".join(problem_sets(root)) or "none yet"
        raise ValueError(f"assignment is {assignment!r}; it must be one of {listed}.")
    release_all(root)
    return Path(root) / "exercises" / assignment


def drift(root: Path) -> list[str]:
    """The files in `exercises/` that a fresh generation would change; empty when all is well."""
    root = Path(root).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        return [str(p) for p in _difference(generate(root, Path(scratch)), root / "exercises")]


def generate(root: Path, scratch: Path) -> Path:
    """Generate every problem set in a scratch course, without a gradebook."""
    from traitlets.config import Config

    from cxedu.grading.course import course_api

    shutil.copy(root / "nbgrader_config.py", scratch)
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(root / "solutions", scratch / "solutions", ignore=ignore)
    (scratch / "exercises").mkdir()
    names = problem_sets(scratch)
    for name in names:  # before nbgrader, which only logs what goes wrong in a hook
        source = scratch / "solutions" / name / "checks.py"
        visible_part(source.read_text(encoding="utf-8"), f"{name}/checks.py")
    if not names:
        return scratch / "exercises"
    no_gradebook = Config()  # what `nbgrader generate_assignment --no-db` sets
    no_gradebook.SaveCells.enabled = False
    no_gradebook.GenerateAssignment.no_database = True
    api = course_api(scratch, no_gradebook)
    for name in names:
        made = api.generate_assignment(name)
        if not made["success"]:
            raise RuntimeError(
                f"{name} could not be generated:\n{made.get('log', '')}\n{made['error']}"
            )
    return scratch / "exercises"


def _difference(fresh: Path, current: Path) -> list[Path]:
    """Relative paths of the files that differ, or are on one side only."""

    def files(folder: Path) -> set[Path]:
        skip = ("__pycache__", ".ipynb_checkpoints", ".gitkeep", "README.md")
        found = (p for p in folder.rglob("*") if p.is_file())
        return {p.relative_to(folder) for p in found if not set(skip) & set(p.parts)}

    made, there = files(fresh), files(current) if current.is_dir() else set()
    changed = {p for p in made & there if not filecmp.cmp(fresh / p, current / p, shallow=False)}
    return sorted(changed | (made ^ there))
