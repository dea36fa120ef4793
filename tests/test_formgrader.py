"""Formgrader, nbgrader's pages for professors, in a browser: on a class of which some are damaged or hostile."""

import copy
import datetime
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from courses import generate, right_answers
from hostile import Bait, Submission, after, attempts, both
from nbformat import v4
from nbgrader.api import Gradebook
from test_feedback import EVIL, HOSTILE, PS, new_course
from test_site import FLAGS, find_chromium

from cxedu.grading.course import course_api
from cxedu.grading.run import grade

# All that nbgrader's own page asks of another server: MathJax, for which it gets a stand-in here.
MATHJAX = (
    "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/latest.js?config=TeX-AMS_CHTML-full,Safe"
)
STAND_IN = "MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest(f) {f('End')}}}}}"
OTHERS = ["jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "jupyterlab_myst", "notebook"]
OTHERS += ["notebook_shim"]
UNREADABLE = "damage-bad-json"


# The class -------------------------------------------------------------------------------------


def hostile(s: Submission) -> None:
    s.cell("ps90-1-answer").source += HOSTILE
    s.cell("ps90-2-answer").source = f"raise ValueError({EVIL!r})"
    s.cell("ps90-5").source = f"### Mine\n\n{EVIL} $m > 0$"


def shows(html: str) -> Any:
    return after(1, f"from IPython.display import HTML, display\ndisplay(HTML({html!r}))")


def writes(text: str) -> Any:
    return lambda s: s.nb.cells.insert(0, v4.new_markdown_cell(text))


def tagged(s: Submission) -> None:
    s.cell("setup").metadata.tags = ["x modal-backdrop in"]


ATTEMPTS = attempts()
PAGES = sorted((name for name in ATTEMPTS if name.startswith("pages-")), key="pages-text".__eq__)
DAMAGED = ["bad-json", "null-cells", "upside-down"]
CLASS: dict[str, Any] = {
    "well": lambda s: None,
    "hostile": hostile,
    "all-pages": both(*(ATTEMPTS[name].change for name in PAGES)),  # pages-text, an error, last
    **{f"damage-{name}": ATTEMPTS[f"damage-{name}"].change for name in DAMAGED},
    "picture": writes("![x](http://evil.example/x.png)"),
    "action": writes("![x](/formgrader?path=submitted/action/ps90)"),
    "logout": writes("![x][1]\n\n[1]: /logout"),
    "page": writes("[x](report.html)"),
    "link": writes("[x](http://localhost/formgrader?path=y) <https://x.example> www.x.example"),
    "ids": shows("<b id=ps90-5>x</b><b id=ps90-5-comment>"),
    "headings": writes("# ps90-5\n\n# ps90-5-comment"),
    "classes": shows('<b class="modal-backdrop in">'),
    "tags": tagged,
    "metadata": ATTEMPTS["pages-metadata"].change,
}


@dataclass
class Formgrader:
    """A Jupyter server with formgrader, at a course that has been graded."""

    course: Path
    address: str
    token: str

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.course}/gradebook.db")


def new_class(course: Path) -> None:
    """Everybody's submission."""
    right = right_answers(generate(course))
    bait = Bait(course, course, 0, 0, "", "", 0)
    for student, change in CLASS.items():
        folder = course / "submitted" / student / PS
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-03-06 10:00:00 UTC")
        submission = Submission(student, copy.deepcopy(right), folder, bait)
        damage = change(submission)
        submission.file.write_text(json.dumps(submission.nb), encoding="utf-8")
        if callable(damage):
            damage()
    with course_api(course).gradebook as gradebook:
        gradebook.update_or_create_assignment(PS, duedate=datetime.datetime(2026, 3, 6, 12))
        gradebook.update_or_create_student("well", first_name="Ada", last_name="Lovelace")


@contextmanager
def serving(course: Path, home: Path) -> Iterator[Formgrader]:
    """Jupyter as a professor starts it in the course's folder, with nothing but formgrader."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    token = secrets.token_hex(8)
    extensions = {**dict.fromkeys(OTHERS, False), "nbgrader.server_extensions.formgrader": True}
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={course}", f"--ServerApp.jpserver_extensions={extensions}"),
    ]
    env = {**os.environ, **folders, "IPYTHONDIR": str(home), "JUPYTER_TOKEN": token}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=course, env=env, stdout=log, stderr=log)
    try:
        patience = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                alive = server.poll() is None and time.monotonic() < patience
                assert alive, (home / "log").read_text()
                time.sleep(0.1)
        yield Formgrader(course, f"http://127.0.0.1:{port}", token)
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Formgrader]:
    if find_chromium() is None:
        reason = "no Chromium found: install it, or set CXEDU_CHROMIUM to its path"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    base = tmp_path_factory.mktemp("formgrader")
    course = new_course(base / "course")
    new_class(course)
    grade(course, PS, progress=False, workers=1)
    with serving(course, base) as running:
        yield running


# The browser -----------------------------------------------------------------------------------


@dataclass
class Visit:
    """A professor's browser: what its pages ask for beyond formgrader, and what they say."""

    page: Any
    formgrader: Formgrader
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def go(self, path: str, ready: str) -> None:
        """Open one of formgrader's pages; `ready` is true once it has its data."""
        self.asked.clear()
        self.said.clear()
        self.page.goto(f"{self.formgrader.address}/formgrader{path}", wait_until="load")
        self.page.wait_for_function(ready)

    def table(self, path: str) -> list[list[str]]:
        """What the table of a page shows."""
        self.go(path, "models && models.loaded")
        rows = self.page.locator("#main-table tr")
        return rows.evaluate_all("all => all.map(r => [...r.cells].map(c => c.innerText.trim()))")

    def submission(self, student: str) -> None:
        """Open somebody's graded notebook."""
        with self.formgrader.gradebook() as gradebook:
            number = gradebook.find_submission_notebook(PS, PS, student).id
        ready = "formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"
        self.go(f"/submissions/{number}/", ready)

    def route(self, route: Any) -> None:
        """Let through what formgrader needs; whatever else is asked for is noted, and not done."""
        request = route.request
        ours = f"{self.formgrader.address}/formgrader"
        own = ("/static/",) if request.resource_type == "image" else ("/", "?token=")
        itself = self.page.url.partition("?")[0]  # `![x](#)`, what becomes of unsafe pictures
        if request.url == MATHJAX:
            route.fulfill(content_type="text/javascript", body=STAND_IN)
        elif request.url.startswith(tuple(ours + path for path in own)) or request.url == itself:
            route.continue_()
        else:
            self.asked.append(request.url)
            route.abort()


@contextmanager
def browsing(formgrader: Formgrader) -> Iterator[Visit]:
    """A browser that has logged in."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = running.new_page()
        page.set_default_timeout(10_000)
        visit = Visit(page, formgrader)
        page.route("**/*", visit.route)
        page.on("console", lambda message: visit.said.append(message.text))
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.on("dialog", lambda dialog: (visit.said.append("dialog"), dialog.dismiss()))
        visit.go(f"?token={formgrader.token}", "models && models.loaded")
        yield visit
        running.close()


# Code that can't be seen, a form that can't be used, a link that leads into this server or runs.
LOOK = """() => {
    const found = window.hostile ? ["a script has run"] : [];
    if (!document.querySelector("#notebook-container .highlight")) found.push("code is hidden");
    for (const box of document.querySelectorAll("input.score, textarea.comment")) {
        box.scrollIntoView({block: "center"});
        const {x, y, width, height} = box.getBoundingClientRect();
        const there = document.elementFromPoint(x + width / 2, y + height / 2);
        if (there !== box) found.push(`${box.id} is covered by ${there?.outerHTML}`);
    }
    for (const box of document.querySelectorAll("input.extra-credit, textarea.comment"))
        if (!box.placeholder) found.push(`${box.id} is never saved`);
    for (const link of document.querySelectorAll("#notebook-container a[href]"))
        if (!/^(https?|mailto):/.test(link.protocol)
            || (link.origin === location.origin && !link.getAttribute("href").startsWith("#")))
            found.push(`a link to ${link.href}`);
    return found;
}"""
SCORES = "all => Object.fromEntries(all.map(box => [box.id, box.placeholder]))"


@dataclass
class Seen:
    """What a professor saw: tables by path, each student's points, and what was wrong."""

    right: dict[str, str]
    average: str
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    points: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def points(formgrader: Formgrader) -> dict[str, str]:
    """Everybody's points, as formgrader writes them."""
    with formgrader.gradebook() as gradebook:
        submissions = gradebook.assignment_submissions(PS)
        return {s.student.id: f"{s.score:g} / {s.max_score:g}" for s in submissions}


@pytest.fixture(scope="module")
def seen(formgrader: Formgrader) -> Seen:
    """Every page, visited once."""
    with formgrader.gradebook() as gradebook:
        average = round(gradebook.average_assignment_score(PS), 2)
    seen = Seen(points(formgrader), f"{average:g} / 11")
    students = [f"/manage_students/{student}" for student in ("well", "hostile")]
    lists = [f"/manage_submissions/{PS}", "/gradebook", f"/gradebook/{PS}", f"/gradebook/{PS}/{PS}"]
    with browsing(formgrader) as visit:
        for path in ("/manage_assignments", *lists, "/manage_students", *students):
            seen.tables[path] = visit.table(path)
            seen.wrong[path] = visit.asked + visit.said
        for student in CLASS:
            visit.submission(student)
            seen.points[student] = visit.page.locator("input.score").evaluate_all(SCORES)
            seen.wrong[student] = visit.page.evaluate(LOOK) + visit.asked + visit.said
    return seen


# What must hold --------------------------------------------------------------------------------


def test_the_lists_show_the_points_of_the_gradebook(seen: Seen) -> None:
    right = seen.right
    assert {right[s] for s in ("well", "hostile", UNREADABLE)} == {"9 / 11", "6 / 11", "0 / 11"}
    submissions = {row[1]: row[3:5] for row in seen.tables[f"/manage_submissions/{PS}"]}
    assert {student: shown for student, (_, shown) in submissions.items()} == right
    assert {status for status, _ in submissions.values()} == {"needs manual grading", "graded"}
    assert {row[1]: row[3] for row in seen.tables["/manage_students"]} == right
    numbered = seen.tables[f"/gradebook/{PS}/{PS}"]
    assert sorted(row[2] for row in numbered) == sorted(right[s] for s in CLASS)
    [row] = seen.tables["/gradebook"]
    assert (row[0], row[2], row[3]) == (PS, str(len(CLASS)), seen.average)
    assert seen.tables[f"/gradebook/{PS}"][0][:2] == [PS, seen.average]
    [row] = seen.tables["/manage_assignments"]
    assert row[0] == PS
    assert str(len(CLASS)) in row
    for student in ("well", "hostile"):
        assert seen.tables[f"/manage_students/{student}"][0][:2] == [PS, right[student]]


def test_the_pages_show_the_points_of_the_gradebook(formgrader: Formgrader, seen: Seen) -> None:
    with formgrader.gradebook() as gradebook:
        for student in CLASS:
            grades = gradebook.find_submission_notebook(PS, PS, student).grades
            right = {g.name: "" if g.auto_score is None else f"{g.auto_score:g}" for g in grades}
            assert seen.points[student] == right, student


def test_nothing_is_wrong_with_the_lists(seen: Seen) -> None:
    assert {path: wrong for path, wrong in seen.wrong.items() if path not in CLASS if wrong} == {}


@pytest.mark.parametrize("student", list(CLASS))
def test_nothing_runs_or_is_asked_for_and_the_form_works(student: str, seen: Seen) -> None:
    assert seen.wrong[student] == []


def check_by_hand(visit: Visit, by_hand: dict[str, str]) -> dict[str, str]:
    """The marks are in the gradebook and on the pages; everybody's points."""
    right = points(visit.formgrader)
    shown = {row[1]: row[4] for row in visit.table(f"/manage_submissions/{PS}")}
    with visit.formgrader.gradebook() as gradebook:
        for student, mark in by_hand.items():
            found = gradebook.find_grade("ps90-5", PS, PS, student)
            assert found.manual_score == found.score == float(mark)
            comment = gradebook.find_comment("ps90-5", PS, PS, student)
            assert comment.comment == f"Why {mark}? <b>"
            assert shown[student] == right[student]
            visit.submission(student)
            assert visit.page.input_value("#ps90-5") == mark
            assert visit.page.input_value("#ps90-5-comment") == f"Why {mark}? <b>"
    return right


def test_marks_and_comments_by_hand_are_kept(formgrader: Formgrader, seen: Seen) -> None:
    by_hand = {"well": "1.5", "hostile": "0.5", "damage-upside-down": "2"}
    with browsing(formgrader) as visit:
        for student, mark in by_hand.items():
            visit.submission(student)
            for box, text in (("#ps90-5", mark), ("#ps90-5-comment", f"Why {mark}? <b>")):
                with visit.page.expect_response(lambda said: said.request.method == "PUT") as said:
                    visit.page.fill(box, text)
                    visit.page.press(box, "Tab")
                assert said.value.ok
        marked = check_by_hand(visit, by_hand)
    assert {s for s in CLASS if marked[s] != seen.right[s]} == set(by_hand)
    again = grade(formgrader.course, PS, by_hand, progress=False, workers=1, force=True)
    with browsing(formgrader) as visit:
        assert check_by_hand(visit, by_hand) == marked, list(again["note"])
