"""Run the chapters that changed, side by side, and store their outputs in the notebooks.

A chapter has changed when its code, its questions, the package or the datasets differ from those of
its last good run. Stored outputs hold nothing that differs from run to run, so a run that changes
nothing leaves the file as it was.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

STATE = Path("_build/state.json")
WIDGET = "application/vnd.jupyter.widget-view+json"  # refers to a kernel that is gone
SECONDS_PER_CELL = 120


class ChapterFailed(Exception):
    """A chapter did not run to its end; the message says which cell, and why."""


def run_changed(root: Path, workers: int | None = None) -> list[Path]:
    """Run the chapters that changed and return them; one failure doesn't stop the others."""
    changed = {
        path: key
        for path in chapters(root)
        if state(root).get(path.name) != (key := _key(root, path))
    }
    failures = []
    fresh = multiprocessing.get_context("spawn")  # the progress bar has a thread: no forking
    with (
        ProcessPoolExecutor(workers or os.cpu_count(), mp_context=fresh) as pool,
        tqdm(total=len(changed), desc="chapters", unit="chapter", disable=not changed) as bar,
    ):
        running = {pool.submit(run, path): path for path in changed}
        for done in as_completed(running):
            path = running[done]
            bar.update()
            if error := done.exception():
                failures.append(f"{path.relative_to(root)}: {error}")
            else:
                remember(root, path.name, changed[path])
    if failures:
        raise ChapterFailed("\n\n".join(failures))
    return list(changed)


def chapters(root: Path) -> list[Path]:
    """The chapters and cases, in reading order."""
    return sorted((root / "chapters").glob("*.ipynb"))


def run(path: Path) -> None:
    """Run one notebook from top to bottom and store its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # how prints are cut into messages differs from run to run
        store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no talk of ports in the progress bar
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterFailed(str(error)) from None
    settle(notebook)
    text = nbformat.writes(notebook) + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")


def settle(notebook: nbformat.NotebookNode) -> None:
    """Take out of a notebook what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def fingerprint(root: Path, paths: Iterable[Path]) -> str:
    """A digest of the files at and below the given paths: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if (
                file.is_file()
                and "__pycache__" not in file.parts
                and ".ipynb_checkpoints" not in file.parts
            ):
                digest.update(
                    str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0"
                )
    return digest.hexdigest()


def state(root: Path) -> dict[str, str]:
    """What was made last time, and from what: step → fingerprint."""
    file = root / STATE
    return json.loads(file.read_text()) if file.exists() else {}


def remember(root: Path, step: str, key: str) -> None:
    """Note that a step is done for this state of its sources."""
    file = root / STATE
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(state(root) | {step: key}, indent=1, sort_keys=True))


def _key(root: Path, path: Path) -> str:
    """What a chapter's outputs depend on: its code, its questions, the package, data and pins."""
    notebook = nbformat.read(path, as_version=4)
    code = "\0".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    package = [
        p
        for p in (root / "cxedu").glob("*")
        if p.name not in ("course", "feedback", "grading", "similarity.py", "__main__.py")
    ]
    questions = root / "book" / "testbank" / f"{path.name[:2]}.yml"
    sources = [*package, questions, root / "datasets", root / "requirements.txt"]
    return hashlib.sha256(
        (code + fingerprint(root, [p for p in sources if p.exists()])).encode()
    ).hexdigest()
