"""The hostile corpus, graded as a class: each attempt gets its points, and nobody else notices.

Run as a program (`python tests/test_hostile.py`), this writes the table of attempts for the
instructors' pages.
"""

import contextlib
import copy
import ctypes
import hashlib
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from courses import ROOT, generate, new_course, read, right_answers
from hostile import ALL, FOR_EVER, GROUPS, MARK, PS, SECRET, Attempt, Bait, Submission, attempts
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook

from cxedu.course.release import release_all
from cxedu.feedback import feedback
from cxedu.grading import confine
from cxedu.grading.run import grade

ATTEMPTS = attempts()
# Who does nothing wrong, beside the worst: students are graded in the order of their names.
INNOCENT = [
    *("forging-innocent", "processes-daemon-innocent", "processes-kill-innocent"),
    *("resources-disk-innocent", "resources-fork-innocent", "resources-thread-innocent"),
]
# Ordinary Jupyter kernels end at `exit()`, and hand on all that is printed.
OUR_KERNELS = {"processes-exit", "resources-output-at-once"}
CONFIG = f"""
c.Execute.timeout_func = lambda cell: (
    2 if {FOR_EVER!r} in cell.source else 8 if "check(" in cell.source else 60
)
c.Execute.iopub_timeout = 10
c.Run.patience = 8
"""
# What an honest student may need: threads, processes, files, memory.
BUSY = """
import subprocess, tempfile, threading
threads = [threading.Thread(target=sum, args=([1, 2],)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as file: file.write(bytes(1_000_000))
open("notes.txt", "w").write("mine")
block = bytearray(200_000_000)
print(subprocess.run(["echo", "all is well"], capture_output=True, text=True).stdout)
"""


@dataclass
class Graded:
    """What is left after the class was graded."""

    course: Path
    table: pd.DataFrame
    points: dict[str, tuple[float, ...]]
    alone: dict[str, Any]
    seconds: float
    changed: list[str]
    reached: list[str]

    def notebook(self, student: str) -> nbformat.NotebookNode:
        path = self.course / "autograded" / student / PS / f"{PS}.ipynb"
        return read(path)

    def shown(self, student: str) -> str:
        """All text that the cells show."""
        text = ""
        for cell in self.notebook(student).cells:
            for output in cell.get("outputs", []):
                if output.output_type == "stream":  # which may come in parts
                    text += output.text
                else:
                    said = output.get("data", {}).get("text/plain", "")
                    text += "\n".join(["", said, *output.get("traceback", []), ""])
        return text


def own_code(folder: Path) -> Path:
    """A course, one of whose tasks asks for the student's own code."""
    new_course(folder, CONFIG)
    checks = folder / "solutions" / PS / "checks.py"
    text = checks.read_text(encoding="utf-8")
    assert "answer=Function(returns" in text
    checks.write_text(text.replace("answer=Function(", "answer=Function(own_code=True, "))
    (folder / "roster.txt").write_text(SECRET)
    release_all(folder)
    return generate(folder)


def submit(course: Path, student: str, attempt: Attempt | None, right: Any, bait: Bait) -> None:
    """Write what a student hands in."""
    folder = course / "submitted" / student / PS
    folder.mkdir(parents=True)
    shutil.copy(course / "exercises" / PS / "checks.py", folder)
    submission = Submission(student, copy.deepcopy(right), folder, bait)
    damage = attempt.change(submission) if attempt else None
    if attempt is None:
        submission.cell("setup").source += BUSY
    submission.file.write_text(json.dumps(submission.nb), encoding="utf-8")
    if callable(damage):
        damage()


def files(folder: Path, *but: str) -> dict[str, str]:
    """Every file under a folder, with its contents as a digest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(but):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def children() -> set[int]:
    """This process's children and theirs, orphans included: see `adopt`."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if b"resource_tracker" in path.with_name("cmdline").read_bytes():
                continue  # Python's own, where workers aren't forks
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":  # what is dead only waits to be counted
                parents[int(path.parent.name)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def command(pid: int) -> str:
    """What a process was started as."""
    with contextlib.suppress(OSError):
        return f"{pid} " + Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    return ""


def adopt() -> None:
    """Orphans among our descendants become our children, so that none can get away."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1)


def marks() -> list[str]:
    """What attempts left on this machine, where anybody can write."""
    places = {"/tmp", "/var/tmp", "/dev/shm", "/", os.getcwd(), sys.prefix, Path.home()}
    places |= {Path(confine.__file__).parents[1], Path(os.__file__).parent}
    found = [str(p) for place in places for p in Path(place).glob(f"*{MARK}*")]
    with contextlib.suppress(OSError):
        found += [x for x in Path("/proc/net/unix").read_text().splitlines() if MARK in x]
        found += [x for x in Path("/proc/net/tcp").read_text().splitlines() if ":B7A3 " in x]
    return found


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[tuple[Bait, dict[str, socket.socket]]]:
    """Servers that nobody may reach, and what else an attempt may know."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        listeners = {"tcp": tcp, "udp": udp}
        abstract, path = f"cxedu-bait-{os.getpid()}", folder / "socket"
        for name, address in (("abstract", f"\0{abstract}"), ("path", str(path))):
            if name == "path" or sys.platform == "linux":
                listeners[name] = stack.enter_context(socket.socket(socket.AF_UNIX))
                listeners[name].bind(address)
                listeners[name].listen()
        secret = folder / "secret.txt"
        secret.write_text(SECRET)
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        yield Bait(folder / "course", secret, *ports, abstract, str(path), os.getpid()), listeners


def reached(listeners: dict[str, socket.socket]) -> list[str]:
    """The servers that somebody has reached."""
    found = []
    for name, listener in listeners.items():
        listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            listener.recv(10) if name == "udp" else listener.accept()
            found.append(name)
    return found


def points(course: Path) -> dict[str, tuple[float, ...]]:
    """The points of each task, by student."""
    found = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(PS):
            got = {g.name: g.score for g in submission.notebooks[0].grades}
            found[submission.student.id] = tuple(got[f"{PS}-{i}"] for i in range(1, 5))
    return found


def plain(nb: Any) -> Any:
    """A graded notebook without times."""
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
    return nb


def chosen() -> dict[str, Attempt]:
    """What is tried here: without a sandbox only what harms nobody.

    CXEDU_HOSTILE_ONLY, a regular expression, picks some while one works on them.
    """
    only = os.environ.get("CXEDU_HOSTILE_ONLY", "")
    level = confine.level()[0]
    return {
        student: attempt
        for student, attempt in ATTEMPTS.items()
        if (level == "sandbox" or not attempt.sandbox)
        and (level != "kernel" or student not in OUR_KERNELS)
        and re.search(only, student)
    }


@pytest.fixture(scope="module")
def graded() -> Iterator[Graded]:
    """The whole corpus, graded in one run beside the innocent, who were graded alone before."""
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="h")))
        temporary = base / "t"
        temporary.mkdir()
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("CXEDU_HOSTILE", SECRET)
        patch.setenv("NBGRADER_PASSWORD", SECRET)
        bait, listeners = stack.enter_context(listening(base))
        course = own_code(bait.course)
        right = right_answers(course)
        for student, attempt in [*chosen().items(), *((s, None) for s in INNOCENT)]:
            submit(course, student, attempt, right, bait)
        grade(course, PS, INNOCENT, progress=False, workers=2)
        alone = {s: plain(read(course / "autograded" / s / PS / f"{PS}.ipynb")) for s in INNOCENT}
        theirs = ("autograded/", "gradebook.db")
        before = files(course, *theirs), children(), marks()
        adopt()
        began = time.monotonic()
        table = grade(course, PS, progress=False, workers=2).set_index("student")
        seconds = time.monotonic() - began
        patience = time.monotonic() + 10  # what was killed needs a moment to vanish
        while children() - before[1] and time.monotonic() < patience:
            time.sleep(0.1)
        after = files(course, *theirs), children(), marks()
        changed = [f"course: {f}" for f, _ in set(before[0].items()) ^ set(after[0].items())]
        changed += [f"process: {command(pid)}" for pid in after[1] - before[1]]
        changed += [f"machine: {mark}" for mark in set(after[2]) - set(before[2])]
        changed += [f"temporary: {p}" for p in temporary.rglob("*")]
        handed_in = {p.name for p in (course / "submitted").iterdir()}
        made = {p.name for p in (course / "autograded").iterdir()} - {".cxedu"}
        changed += [f"autograded: {name}" for name in made - handed_in]
        yield Graded(course, table, points(course), alone, seconds, changed, reached(listeners))


@pytest.mark.parametrize("student", ATTEMPTS)
def test_it_gets_what_it_must(student, graded):
    attempt = ATTEMPTS[student]
    if student not in chosen():
        pytest.skip(f"not tried here: {confine.level()[1] or 'not picked'}")
    note = str(graded.table.loc[student, "note"])
    assert graded.points[student] == attempt.earns, note
    assert attempt.note in note
    if attempt.shows:
        shown = graded.shown(student)
        assert re.search(attempt.shows, shown), shown[-2000:]


def test_nothing_is_left_behind(graded):
    assert graded.changed == []


def test_nobody_was_reached(graded):
    assert graded.reached == []


def test_nothing_was_learnt(graded):
    for path in (graded.course / "autograded").rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert SECRET.encode() not in text, path
            assert b"sentinel-ps90-hidden" not in text, path


@pytest.mark.parametrize("student", INNOCENT)
def test_the_innocent_notice_nothing(student, graded):
    assert graded.points[student] == ALL
    assert graded.table.loc[student, "note"] == ""
    assert plain(graded.notebook(student)) == graded.alone[student]
    assert "all is well" in graded.shown(student)


def test_nobody_fills_the_disk(graded):
    for path in (graded.course / "autograded").rglob("*.ipynb"):
        assert path.stat().st_size < 12_000_000, path


# --- pages -------------------------------------------------------------------------------------

PAGES = [student for student in ATTEMPTS if student.startswith("pages-")]
LOOK = """() => {
    const runs = [];
    for (const element of document.querySelectorAll("*")) {
        if (["SCRIPT", "IFRAME", "OBJECT", "EMBED", "BASE", "FORM"].includes(element.tagName))
            if (!["application/json", "math/mml"].includes(element.type)) runs.push(element.tagName);
        for (const {name, value} of element.attributes) {
            const text = value.replace(/[\\s\\x00-\\x20]/g, "").toLowerCase();
            if (name.startsWith("on") || /^(javascript|vbscript|data:text)/.test(text))
                runs.push(`${element.tagName} ${name}=${value}`);
        }
    }
    for (const link of document.querySelectorAll("a[href]"))
        if (/^(javascript|data|vbscript):/.test(link.protocol)) runs.push(link.outerHTML);
    if (window.hostile || document.title.includes("hostile")) runs.push("a script has run");
    return runs;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = os.environ.get("CXEDU_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = "no Chromium found: install it, or set CXEDU_CHROMIUM to its path"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ]
        running = play.chromium.launch(executable_path=found, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="module")
def pages(graded) -> dict[str, dict[str, str]]:
    """The feedback, and what formgrader makes of the notebooks, of who tries to run scripts."""
    students = [s for s in PAGES if s in chosen()]
    feedback(graded.course, PS, students, progress=False, workers=2)
    found = {}
    for student in students:
        page = (graded.course / "feedback" / student / PS / f"{PS}.html").read_text("utf-8")
        shown, _ = HTMLExporter(template_name="basic").from_notebook_node(graded.notebook(student))
        found[student] = {"feedback": page, "notebook": f"<!doctype html><title>x</title>{shown}"}
    return found


@pytest.mark.parametrize("student", PAGES)
@pytest.mark.parametrize("kind", ["feedback", "notebook"])
def test_nothing_runs_in_the_browser(student, kind, pages, browser):
    if student not in chosen():
        pytest.skip("not picked")
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    try:
        page.set_content(pages[student][kind], wait_until="load")
        for summary in page.query_selector_all("details:not([open])"):
            summary.evaluate("element => { element.open = true }")
        assert page.evaluate(LOOK) == []
        assert [url for url in asked if not url.startswith(("data:image/", "about:"))] == []
    finally:
        page.close()


def test_it_takes_minutes_at_most(graded):
    assert graded.seconds < 600


# --- the table for instructors -----------------------------------------------------------------

PAGE = ROOT / "book" / "attempts.md"
BEFORE = """\
<!-- Made from tests/hostile by `python tests/test_hostile.py`: change it there. -->
# What was tried against the grading

Student code is a stranger's program on your machine, and a notebook is a file that anybody can edit. These {count} submissions of a small problem set with four tasks, worth {points} points, try to get more points than they deserve,
to look where they shouldn't, to use up the machine, or are simply damaged. A test grades all of them in one run, two at a time, beside innocent submissions, and checks for each that it gets exactly the points in the table, that nothing of it is left, neither a process nor a file
nor an open socket, and that the innocent get the same notebooks and points as without it.

Most attempts are made in the answer to one task, and leave right answers to the others, worth 2, 3, 2 and 1 points: 5 points, for instance, say that an attempt on the second task earned nothing there, and did no harm to the rest.

An asterisk marks what is held off only in the sandbox, that is, on Linux with bubblewrap (`cxedu grade --sandbox required` refuses to grade without it). All the rest is tested with limits only, too.
"""
AFTER = """\

No test can show the following, and you should know it:

- **The kernel of the operating system.** The sandbox is made of its namespaces and limits. Who knows a way out of these gets out. Grade on a machine whose system is up to date, and not on one that holds more than a course.
- **Memory for a moment.** What a submission's processes hold together is looked at twice a second; in between, sixty-four of them can take some gigabytes more than the 3 that they may have.
- **Memory that no process has mapped.** Code can write into files that are in memory only and have no name (`memfd_create`), or leave System V segments behind, and neither is counted. That fills the machine's memory, and the system ends some process; start the same command again, and it goes on from there.
- **The processor.** A submission may keep all cores busy until its cells' time is over. The others get slower, and if you set short time limits, may run out of time.
- **Side channels.** Submissions that are graded at the same time share processor and caches, and can signal to each other by load. There is nothing to signal, since none of them knows what is right.
- **Inputs of functions.** What a student's function will be called with can be read, hidden inputs too; what it must return can't.
- **Ordinary nbgrader tests.** Hidden tests that you add as code run in the student's process, where they can be read and fooled. The summary names these cells. `check` doesn't have that weakness.
- **Names in your list of students.** formgrader shows them as they are; a name with a script in it would run. Look through a list that students could write to.
- **The rest of the machine, where there is no sandbox.** With limits only (macOS, or a system without user namespaces) or ordinary kernels (Windows, `--sandbox off`), student code sees your files as you do, the solutions included.
"""


def page() -> str:
    """The table of all attempts, in Markdown."""
    lines = [BEFORE.format(count=len(ATTEMPTS), points=sum(ALL))]
    for group, title in GROUPS.items():
        lines += [
            f"## {title}",
            "",
            "| A submission … | Points | What becomes of it |",
            "|---|---|---|",
        ]
        for student, attempt in ATTEMPTS.items():
            if student.startswith(f"{group}-"):
                tries = attempt.tries.replace("|", "\\|") + ("\u202f*" if attempt.sandbox else "")
                lines.append(f"| {tries} | {sum(attempt.earns)} | {attempt.happens} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n" + AFTER


def test_the_page_shows_todays_corpus():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_hostile.py"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
