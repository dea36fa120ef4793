"""Grading that is interrupted, damaged submissions, and marks that can be checked."""

import contextlib
import copy
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import psutil
import pytest
from courses import PS, generate, new_course, read, right_answers, submissions
from nbformat import v4
from nbgrader.api import Gradebook

import cxedu
from cxedu.grading import confine, record, run
from cxedu.grading import warm as warming
from cxedu.grading.command import main
from cxedu.grading.course import course_api, patient
from cxedu.grading.grader import Grader
from cxedu.grading.notebook import NOTES
from cxedu.grading.report import report
from cxedu.grading.run import export, grade
from cxedu.grading.submission import Unreadable, prepared
from cxedu.grading.submission import read as read_oddly
from cxedu.grading.verify import stock
from cxedu.grading.warm import WarmProcess

STUDENTS = ["ada", "bob", "cyd", "dee", "eve"]


def submit(course: Path, student: str, nb, name: str = f"{PS}.ipynb") -> Path:
    folder = course / "submitted" / student / PS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timestamp.txt").write_text("2026-03-05 12:00:00 UTC")
    (folder / name).write_text(json.dumps(nb), encoding="utf-8")
    return folder


def gradebook(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course}/gradebook.db")


def everything(address: str | Path) -> dict[str, object]:
    """All that a gradebook says about submissions."""
    address = address if isinstance(address, str) else f"sqlite:///{address}/gradebook.db"
    said: dict[str, object] = {}
    with Gradebook(address) as book:
        for one in book.assignment_submissions(PS):
            said[one.student.id] = (one.score, one.max_score, one.timestamp, one.total_seconds_late)
            for nb in one.notebooks:
                for g in nb.grades:
                    scores = (g.auto_score, g.manual_score, g.extra_credit, g.max_score)
                    said[f"{one.student.id} {g.name}"] = (*scores, g.needs_manual_grade)
                for c in nb.comments:
                    said[f"{one.student.id} {c.name} said"] = (c.auto_comment, c.manual_comment)
    return said


# --- damaged submissions, and cells judged in the student's process ---------------------------


def odd(nb):
    nb = json.loads(json.dumps(nb))
    at = {c["id"]: c for c in nb["cells"]}
    at["ps90-1-task"]["source"] = None
    at["ps90-2-task"]["metadata"] = None
    at["ps90-3-task"]["cell_type"] = "heading 2"
    at["ps90-4-task"]["id"] = at["ps90-3-task"]["id"]
    at["ps90-2-answer"]["source"] = [*at["ps90-2-answer"]["source"].splitlines(True), None]
    at["ps90-2-answer"]["outputs"] = None
    at["ps90-1"]["metadata"]["tags"] = None
    nb["cells"] = [None, *nb["cells"], 7]
    nb["metadata"] = {"kernelspec": None, "language_info": []}
    return nb


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    course = new_course(tmp_path_factory.mktemp("damaged") / "course")
    path = course / "solutions" / PS / f"{PS}.ipynb"
    source = read(path)
    extra = v4.new_code_cell(
        "### BEGIN HIDDEN TESTS\nassert channel in ('web', 'store')\n### END HIDDEN TESTS"
    )
    extra.metadata["nbgrader"] = {
        "grade": True, "grade_id": "added", "locked": True, "points": 2, "schema_version": 3,
        "solution": False, "task": False, "cell_type": "code",
    }  # fmt: skip
    source.cells.append(extra)
    nbformat.write(source, path)
    generate(course)
    right = right_answers(course)
    at = {c.id: i for i, c in enumerate(right.cells)}

    def changed(**sources):
        nb = copy.deepcopy(right)
        for name, text in sources.items():
            nb.cells[at[name.replace("_", "-")]].source = text
        return nb

    submit(course, "plain", right)
    folder = submit(course, "renamed", right, "PS90 (1).ipynb")
    (folder / "scratch.ipynb").write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell()])))
    (folder / "helper.py").write_text("x = 1")
    folder = submit(course, "twice", right, "PS90 (1).ipynb")
    (folder / "copy of it.ipynb").write_bytes((folder / "PS90 (1).ipynb").read_bytes())
    submit(course, "ambiguous", right, "mine.ipynb")
    submit(course, "ambiguous", changed(ps90_1_answer="mean_margin = 1"), "mine too.ipynb")
    submit(course, "another", v4.new_notebook(cells=[v4.new_code_cell("1")]), "ps91.ipynb")
    submit(course, "old", nbformat.convert(copy.deepcopy(right), 3))
    submit(course, "odd", odd(right))
    foreign = copy.deepcopy(right)
    foreign.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    submit(course, "foreign", foreign)
    submit(course, "package", changed(ps90_3_answer="import not_on_this_machine"))
    stray = copy.deepcopy(right)
    stray.cells += [v4.new_code_cell('check("ps90.99", 3)'), v4.new_code_cell('check("ps99.1", 3)')]
    submit(course, "stray", stray)
    folder = submit(course, "linked", right)
    (folder / "gradebook.db").symlink_to(course / "gradebook.db")
    (folder / "timestamp.txt").write_text("yesterday, I think")
    piped = course / "submitted" / "piped" / PS
    piped.mkdir(parents=True)
    os.mkfifo(piped / "timestamp.txt")
    before = tree(course / "submitted")
    table = grade(course, PS, progress=False)
    assert tree(course / "submitted") == before
    return course, table.set_index("student")


def tree(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


class TestDamaged:
    def test_what_can_be_read_is_graded(self, damaged):
        _, table = damaged
        nothing = table["score"] == 0
        assert list(table.index[nothing]) == ["ambiguous", "another", "piped"]
        assert table.loc["package", "score"] == 8
        assert (table.loc[~nothing].drop(index="package")["score"] == 10).all()
        assert table.loc["plain", "repaired"] == []
        assert table.loc["plain", "note"] == ""

    def test_a_renamed_notebook_is_known_by_its_cells(self, damaged):
        course, table = damaged
        assert "“PS90 (1).ipynb” was graded" in table.loc["renamed", "repaired"][0]
        assert "not graded: scratch.ipynb" in table.loc["renamed", "note"]
        assert "not graded: helper.py" in table.loc["renamed", "note"]
        assert (course / "autograded" / "renamed" / PS / "helper.py").exists()
        assert len(table.loc["twice", "repaired"]) == 1
        top = read(course / "autograded" / "renamed" / PS / f"{PS}.ipynb").cells[0].source
        assert "“PS90 (1).ipynb” was graded" in top

    def test_a_doubtful_one_is_not(self, damaged):
        course, table = damaged
        assert "could be any of mine too.ipynb, mine.ipynb" in table.loc["ambiguous", "note"]
        assert f"{PS}.ipynb is missing" in table.loc["another", "note"]
        with gradebook(course) as book:
            comment = book.find_submission(PS, "another").notebooks[0].comments[0].auto_comment
        assert comment == f"Not graded: {PS}.ipynb is missing."

    @pytest.mark.parametrize(
        ("student", "words"),
        [
            ("old", "old format (3)"),
            ("odd", "none was left out"),
            ("odd", "text was missing"),
            ("odd", "lost metadata"),
            ("odd", "no known type"),
            ("odd", "Two cells had the id “ps90-3-task”"),
            ("odd", "Odd tags"),
            ("foreign", "made for the kernel “ir”; python3 ran it"),
        ],
    )
    def test_what_was_repaired_is_said(self, damaged, student, words):
        assert words in " ".join(damaged[1].loc[student, "repaired"])

    def test_what_went_wrong_is_said(self, damaged):
        _, table = damaged
        assert "No module named 'not_on_this_machine'" in table.loc["package", "note"]
        assert "no ordinary file: gradebook.db" in table.loc["linked", "note"]
        assert "timestamp.txt holds no time" in table.loc["linked", "note"]
        assert "no ordinary file: timestamp.txt" in table.loc["piped", "note"]

    def test_a_check_of_what_is_no_task_costs_nothing(self, damaged):
        assert damaged[1].loc["stray", ["score", "note"]].tolist() == [10, ""]

    def test_only_what_matters_makes_a_grade_out_of_date(self, damaged):
        course, _ = damaged
        names = (course_api(course).coursedir, PS, "linked")
        assert record.finished(*names)  # the gradebook that it leads to has changed since
        seen = course / "solutions" / PS / ".ipynb_checkpoints" / f"{PS}.ipynb"
        seen.parent.mkdir()
        seen.write_text("{}")
        assert record.finished(*names)
        shutil.rmtree(seen.parent)

    def test_nothing_is_left(self, damaged):
        course, _ = damaged
        assert list((course / "autograded" / ".cxedu" / "under_way").iterdir()) == []
        assert not (course / "autograded" / "linked" / PS / "gradebook.db").exists()

    def test_ordinary_hidden_tests_run_and_are_named(self, damaged):
        course, table = damaged
        with gradebook(course) as book:
            grades = book.find_submission(PS, "plain").notebooks[0].grades
            assert {g.name: g.score for g in grades}["added"] == 2
        assert table.loc["plain", "in_process"] == ["added"]
        assert "judged in the student's process: added" in report(table.reset_index())
        csv = pd.read_csv(export(course), keep_default_na=False).set_index("student")
        assert csv.loc["plain", "note"] == "judged in the student's process: added"
        assert "assert channel" not in (course / "exercises" / PS / f"{PS}.ipynb").read_text()

    def test_marks_say_what_they_were_made_with(self, damaged, monkeypatch):
        course, table = damaged
        made = record.made_with(course)
        now = record.label(made)
        assert set(table["graded_with"]) == {now}
        assert set(made) == {"cxedu", "python", "packages", "world", "lock"}
        assert made["lock"] == ""
        kept = json.loads((course / "autograded" / ".cxedu" / PS / "plain.json").read_text())
        assert kept["made_with"] == made
        nb = read(course / "autograded" / "plain" / PS / f"{PS}.ipynb")
        assert nb.metadata[NOTES]["made_with"] == made

        # With another version nothing changes silently: only --again makes new marks.
        monkeypatch.setattr(cxedu, "__version__", "9.9.9")
        record.made_with.cache_clear()
        try:
            (course / "requirements.txt").write_text("numpy==2.4\n")
            later = record.label(record.made_with(course))
            assert later.startswith("cxedu 9.9.9 (")
            assert record.made_with(course)["lock"]
            some = grade(course, PS, ["plain", "odd"], progress=False, force=False)
            assert set(some["graded_with"]) == {now}
            assert f"2 of these marks were made with {now}" in report(some, later)
            assert "made with" not in report(some, now)
            again = grade(course, PS, ["plain"], progress=False, force=True, workers=1)
            assert set(again["graded_with"]) == {later}
        finally:
            monkeypatch.undo()
            record.made_with.cache_clear()
        csv = pd.read_csv(export(course), keep_default_na=False).set_index("student")
        assert csv.loc[["plain", "odd"], "graded_with"].tolist() == [later, now]

    def test_a_record_counts_only_with_its_notebook(self, damaged):
        course, _ = damaged
        api = course_api(course)
        assert record.finished(api.coursedir, PS, "foreign").score == 10
        graded = course / "autograded" / "foreign" / PS / f"{PS}.ipynb"
        graded.chmod(0o644)
        graded.write_text("")  # what a power cut may leave
        assert record.finished(api.coursedir, PS, "foreign") is None
        place = record.place(api.coursedir, PS, "old")
        place.write_text(place.read_text()[:100])
        assert record.finished(api.coursedir, PS, "old") is None

    def test_a_later_manual_grade_is_in_the_table(self, damaged):
        course, _ = damaged
        with gradebook(course) as book:
            given = book.find_grade("ps90-5", PS, PS, "twice")
            given.manual_score, given.needs_manual_grade = 1.5, False
            book.db.commit()
        row = grade(course, PS, ["twice"], progress=False, force=False).loc[0]
        assert (row["score"], row["needs_manual_grade"]) == (11.5, False)

    def test_a_failure_of_the_grader_is_said_and_tried_again(self, damaged, monkeypatch):
        def fails(*_):
            raise OSError("no space left on device")

        course, _ = damaged
        warm = SimpleNamespace(wait=lambda: Path("none"), close=lambda: None, alive=True)
        with monkeypatch.context() as patch:
            patch.setattr(warming, "take", lambda *_: warm)
            patch.setattr(Grader, "grade", fails)
            table = grade(course, PS, ["package"], progress=False, workers=1)
        assert table.loc[0, "score"] == 0
        assert table.loc[0, "note"] == "could not be graded (OSError: no space left on device)"
        row = grade(course, PS, ["package"], progress=False, force=False).loc[0]
        assert row["score"] == 8

    def test_an_unreadable_resubmission_replaces_the_earlier_one(self, damaged):
        course, _ = damaged
        (course / "submitted" / "odd" / PS / f"{PS}.ipynb").write_text("{")
        row = grade(course, PS, ["odd"], progress=False, force=False).loc[0]
        assert row["score"] == 0
        assert "not a readable notebook" in row["note"]
        [stand_in] = (course / "autograded" / "odd" / PS).glob("*.ipynb")
        assert read(stand_in).metadata.cxedu.stand_in


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "7", '{"cells": []}', '{"cells": {}}', "{}", "[" * 100_000, "\0"]
)
def test_what_is_no_notebook_is_said_to_be_none(text):
    with pytest.raises(Unreadable, match=r"is not a readable notebook|has no cells"):
        read_oddly(text.encode())


def test_encodings_and_half_characters():
    nb = v4.new_notebook(cells=[v4.new_markdown_cell("Größe")])
    for encoding in ("utf-8-sig", "utf-16", "utf-32-le"):
        assert read_oddly(json.dumps(nb, ensure_ascii=False).encode(encoding))[0] == nb
    half, _ = read_oddly(json.dumps(nb).replace("Gr", "\\ud800").encode())
    assert half.cells[0].source == "?öße"


def test_one_missing_notebook_leaves_the_others(tmp_path):
    course = SimpleNamespace(
        root=str(tmp_path), submitted_directory="in", source_directory="from", max_file_size=1,
        autograded_directory="out", ignore=["*.pyc"],
        format_path=lambda step, student, assignment: str(tmp_path / step / student / assignment),
    )  # fmt: skip
    nb = v4.new_notebook(cells=[v4.new_code_cell("1")])
    folder = tmp_path / "in" / "ada" / "ps1"
    folder.mkdir(parents=True)
    (folder / "a.ipynb").write_text(json.dumps(nb))
    (folder / "b.ipynb").write_text("{")
    (folder / "data.bin").write_bytes(bytes(2000))
    (folder / "x.pyc").write_bytes(b"x")
    with prepared(course, "ada", "ps1", ["a", "b", "c"]) as ready:
        copied = ready.folder
        assert [p.name for p in copied.iterdir()] == ["a.ipynb"]
        assert list(ready.missing) == ["b", "c"]
        assert ready.notes == [
            "left out, because too large, unreadable or no ordinary file: data.bin"
        ]
    assert not copied.exists()


def test_what_was_generated_anew_counts(tmp_path):
    """A worker remembers the problem set's cells, but not longer than they are true."""
    course = generate(new_course(tmp_path / "course"))
    submit(course, "ada", right_answers(course))
    before = grade(course, PS, progress=False, workers=1).loc[0]
    source = course / "solutions" / PS / f"{PS}.ipynb"
    nb = read(source)
    test = next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "ps90-1")
    test.metadata.nbgrader.points -= 1
    nbformat.write(nb, source)
    generate(course)
    after = grade(course, PS, progress=False, workers=1).loc[0]
    assert after["score"] == before["score"] - 1 > 0
    assert after["max_score"] == before["max_score"] - 1


def test_sqlite_waits_for_its_turn():
    assert patient("sqlite:///g.db?mode=rw") == "sqlite:///g.db?mode=rw&timeout=60"
    assert patient("postgresql://host/g") == "postgresql://host/g"


# --- interruptions -----------------------------------------------------------------------------
# Each run is a process of its own, forked from a server that has everything imported.


@pytest.fixture(scope="module")
def children():
    """Where graders are started from, with a temporary folder whose name is short enough."""
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "TMPDIR")}
    folder = tempfile.mkdtemp(prefix="cx")
    os.environ.update(PYTHONPATH=str(Path(__file__).parent), TMPDIR=folder)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "nbgrader.apps"])
    context.Process(target=int).start()  # so that the server starts with this environment
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    yield context
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory):
    course = generate(new_course(tmp_path_factory.mktemp("ungraded") / "course"))
    behaviours = ["perfect", "the kernel dies", "a cell raises", "blank", "deleted check"]
    made = submissions(course, dict(zip(STUDENTS, behaviours, strict=True)))
    for student, (nb, _) in made.items():
        submit(course, student, nb)
    (course / "submitted" / "bob" / PS / "timestamp.txt").write_text("2026-03-06 20:00:00 UTC")
    with gradebook(course) as book:
        book.update_or_create_assignment(PS, duedate="2026-03-06 18:00:00")
        for number, student in enumerate(STUDENTS[:3]):
            book.update_or_create_student(student)
            book.update_or_create_submission(PS, student)
            given = book.find_grade("ps90-5", PS, PS, student)
            given.manual_score, given.extra_credit = number + 0.5, 0.25
            book.find_comment("ps90-5", PS, PS, student).manual_comment = f"By hand: {student}"
            book.db.commit()
    return course


@pytest.fixture
def start(ungraded, tmp_path):
    """A course that nobody graded yet, but for what was entered by hand for some."""
    return Path(shutil.copytree(ungraded, tmp_path / "course"))


def by_hand(course: Path) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        grades = "SELECT id, manual_score, extra_credit FROM grade WHERE manual_score IS NOT NULL"
        comments = "SELECT id, manual_comment FROM comment WHERE manual_comment IS NOT NULL"
        return [*connection.execute(f"{grades} ORDER BY id"), *connection.execute(comments)]


def records(course: Path) -> dict[str, int]:
    found = (course / "autograded" / ".cxedu" / PS).glob("*.json")
    return {p.stem: p.stat().st_mtime_ns for p in found if p.stem in STUDENTS}


def grade_on(course: Path, warm: str = "", workers: int = 2) -> None:
    """In a child: go on grading, with the warm process of somebody else if there is one."""
    if warm:
        shared = SimpleNamespace(wait=lambda: Path(warm), close=lambda: None, alive=True)
        warming.take = lambda *_: shared
    grade(course, PS, progress=False, force=False, workers=workers)


def family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alive = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        if not alive:
            return True
        time.sleep(0.01)
    return False


def test_killed_at_fifty_moments(start, children, tmp_path):
    """`kill -9` whenever it may come: the gradebook is intact, and ends as if nothing had been."""
    course, level = start, confine.level()[0]
    shutil.copy(course / "gradebook.db", tmp_path / "before.db")
    hand = by_hand(course)
    assert len(hand) == 6

    def anew() -> None:
        shutil.rmtree(course / "autograded", ignore_errors=True)
        shutil.copy(tmp_path / "before.db", course / "gradebook.db")

    def go_on(warm: str, seconds: float | None = None) -> float:
        """Grade, for so long at most; returns how long it took."""
        began, had = time.monotonic(), records(course)
        child = children.Process(target=grade_on, args=(course, warm))
        child.start()
        child.join(seconds)
        if child.exitcode is None:
            processes = family(child.pid)
            whole = dice.random() < 0.5  # its workers as well, or do they follow by themselves?
            for process in processes if whole else processes[:1]:
                if process.is_running():
                    process.kill()
            child.join()
            assert gone(processes)
        else:
            assert child.exitcode == 0
        assert by_hand(course) == hand
        assert records(course).items() >= had.items()  # what was finished isn't done again
        return time.monotonic() - began if child.exitcode == 0 else 0.0

    dice = random.Random(4)
    modules = warming.imports(course / "solutions" / PS)
    warm = WarmProcess(course, modules, level == "sandbox")
    try:
        socket = str(warm.wait())
        longest = {socket: go_on(socket)}  # undisturbed
        expected = everything(course)
        assert expected["ada"][0] == 8 + 0.5 + 0.25
        assert expected["bob"][3] == 7200
        anew()
        longest[""] = go_on("")
        assert everything(course) == expected
        anew()
        kills = 0
        print(
            f"undisturbed: {longest[socket]:.1f} s, with its own warm process {longest['']:.1f} s"
        )
        while kills < 50:
            its = "" if kills % 10 == 9 else socket  # some with a warm process of their own
            if go_on(its, dice.uniform(0, longest[its])) == 0.0:
                kills += 1
                print(f"{kills}: {len(records(course))} of {len(STUDENTS)} are done")
            else:
                assert set(records(course)) == set(STUDENTS)
                assert everything(course) == expected
                anew()
        go_on(socket)
        assert everything(course) == expected
        assert list((course / "autograded" / ".cxedu" / "under_way").iterdir()) == []
    finally:
        warm.close()


def test_nothing_runs_beside_what_is_forked(start):
    """A library's thread might hold a lock, or be amid something, when a kernel is forked."""
    modules = warming.imports(start / "solutions" / PS)
    warm = WarmProcess(start, ["pyarrow", *modules], confine.level()[0] == "sandbox")
    try:
        warm.wait()
        forking = [p for p in family(warm._process.pid) if "cxedu.grading.warm" in p.cmdline()]
        assert {p.num_threads() for p in forking if p.name() != "bwrap"} == {1}
    finally:
        warm.close()


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
def test_a_sandbox_that_fails_is_said(start, tmp_path):
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'no namespaces here' >&2\nexit 1\n")
    fake.chmod(0o755)
    env = {**os.environ, "PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}"}
    # Not `python -m cxedu`, which may renew the environment that the other tests are using.
    words = [sys.executable, "-m", "cxedu.grading.command", PS, "ada"]
    said = dict(cwd=start, env=env, capture_output=True, text=True)
    weaker = subprocess.run(words, **said)
    assert weaker.returncode == 0
    assert "outside the sandbox: this system doesn't allow the sandbox (no names" in weaker.stderr
    assert weaker.stdout.startswith(f"ada  {PS}  8.75 of 10")
    refused = subprocess.run([*words, "--sandbox", "required"], **said)
    assert refused.returncode == 1
    assert "sandbox is 'required'; it must be possible on this machine" in refused.stderr


def command(course: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests may ignore it
    os.chdir(course)
    sys.exit(main([PS, "--workers", "2"]))


def test_who_is_excluded_is_not_graded(start):
    with (start / "nbgrader_config.py").open("a") as config:
        print(f"c.CourseDirectory.student_id_exclude = '{STUDENTS[0]},{STUDENTS[1]}'", file=config)
    table = grade(start, PS, progress=False, force=False, workers=1)
    assert set(STUDENTS[2:]) <= set(table["student"])
    assert not {*STUDENTS[:2]} & {*table["student"]}


def test_control_c_is_resumed(start, children):
    last = start / "submitted" / STUDENTS[-1] / PS / f"{PS}.ipynb"
    nb = read(last)
    nb.cells.insert(0, v4.new_code_cell("import time; time.sleep(2)"))  # Ctrl-C comes before that
    nbformat.write(nb, last)
    child = children.Process(target=command, args=(start,))
    child.start()
    deadline = time.monotonic() + 60
    while not records(start) and time.monotonic() < deadline:
        time.sleep(0.005)
    processes = family(child.pid)
    os.kill(child.pid, signal.SIGINT)
    child.join(20)
    assert child.exitcode == 130
    assert gone(processes)
    had = records(start)
    assert 0 < len(had) < len(STUDENTS)
    again = children.Process(target=command, args=(start,))
    again.start()
    again.join()
    assert again.exitcode == 0
    now = records(start)
    assert set(now) == set(STUDENTS)
    assert had.items() <= now.items()


def grade_with_accidents(course: Path, student: str, times: int, to: Path) -> None:
    """In a child: the worker that grades this student is killed, so many times."""
    ordinary = Grader.grade

    def deadly(grader, who):
        with to.with_name(f"{who}.tries").open("a") as tries:
            print("x", end="", file=tries)
        if who == student and to.with_name(f"{who}.tries").stat().st_size <= times:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        return ordinary(grader, who)

    Grader.grade = deadly
    grade(course, PS, progress=False, workers=2).to_json(to)


@pytest.mark.parametrize("times", [1, 2])
def test_a_killed_worker_costs_the_others_nothing(start, children, tmp_path, times):
    to = tmp_path / "table.json"
    child = children.Process(target=grade_with_accidents, args=(start, "ada", times, to))
    child.start()
    child.join()
    assert child.exitcode == 0
    table = pd.read_json(to).set_index("student")
    assert table["score"].drop("ada").tolist() == [5 + 1.75, 6 + 2.75, 0, 8]
    assert to.with_name("ada.tries").read_text() == "xx"
    if times == 1:
        assert table.loc["ada", "score"] == 8.75
    else:
        assert "died twice" in table.loc["ada", "note"]
        assert table.loc["ada", "score"] == 0.75  # what was given by hand
        course = course_api(start).coursedir
        done = {who for who in STUDENTS if record.finished(course, PS, who)}
        assert done == set(STUDENTS) - {"ada"}  # so the next run tries again
        csv = pd.read_csv(export(start)).set_index("student")
        assert "died twice" in csv.loc["ada", "note"]


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_warm_process_that_dies_is_replaced(start, monkeypatch, when):
    take, ordinary = warming.take, Grader.grade
    processes = []

    def begin(*args):
        processes.append(take(*args))
        return processes[-1]

    def dies(grader, student):
        first_of_bob = student == "bob" and len(processes) == 1
        if first_of_bob and when == "before":
            processes[0].close()
        outcome = ordinary(grader, student)
        if first_of_bob:  # what looks like a kernel that its own cell has killed
            processes[0].close()
            outcome.note = "The kernel died in a cell; what comes after it was not run."
        return outcome

    monkeypatch.setattr(warming, "take", begin)
    monkeypatch.setattr(Grader, "grade", dies)
    table = grade(start, PS, progress=False, workers=1)
    assert len(processes) == 2
    assert table["score"].tolist() == [8.75, 6.75, 8.75, 0, 8]
    assert not table["note"].str.contains("could not be graded").any()


def test_what_failed_by_accident_is_graded_the_next_time(start, monkeypatch):
    copy_files = Grader._overwrite

    def fails_for_one(grader, folder):
        if grader.course.student_id == "ada":
            raise OSError(28, "No space left on device")
        copy_files(grader, folder)

    monkeypatch.setattr(Grader, "_overwrite", fails_for_one)
    table = grade(start, PS, progress=False, workers=1).set_index("student")
    assert table.loc["ada", "note"] == (
        "could not be graded (OSError: [Errno 28] No space left on device)"
    )
    assert table.loc["ada", "score"] == 0.75  # what was given by hand
    assert table["score"].drop("ada").tolist() == [5 + 1.75, 6 + 2.75, 0, 8]
    csv = pd.read_csv(export(start)).set_index("student")
    assert "No space left" in csv.loc["ada", "note"]
    monkeypatch.undo()
    again = grade(start, PS, progress=False, force=False, workers=1).set_index("student")
    assert again.loc["ada", "score"] == 8.75


def test_grades_say_why_and_until_when_wherever_graded_notebooks_are(tmp_path):
    place = "c.CourseDirectory.autograded_directory = '_build/autograded'"
    course = generate(new_course(tmp_path / "course", place))
    submit(course, "ada", right_answers(course), "another name.ipynb")
    with gradebook(course) as book:
        book.update_or_create_assignment(PS, duedate="2026-03-04 12:00:00")
        book.update_or_create_student("ada")
        book.update_or_create_submission(PS, "ada")
        book.grant_extension(PS, "ada", days=1)
    grade(course, PS, progress=False)
    row = pd.read_csv(export(course)).loc[0]
    assert "“another name.ipynb” was graded" in row["note"]
    assert (row["due"], row["late_seconds"]) == ("2026-03-05 12:00:00", 0)


@pytest.mark.skipif(confine.level()[0] != "sandbox", reason=f"no sandbox: {confine.level()[1]}")
def test_the_course_sets_the_limits(tmp_path):
    course = generate(new_course(tmp_path / "course", "c.Run.limits = {'scratch': 2 << 20}"))
    for student, size in (("ada", 1 << 20), ("bob", 4 << 20)):
        nb = right_answers(course)
        answer = next(c for c in nb.cells if c.get("id") == "ps90-1-answer")
        answer.source = f"open('scratch', 'wb').write(bytes({size}))\n{answer.source}"
        submit(course, student, nb)
    assert grade(course, PS, progress=False)["score"].tolist() == [8, 6]


# --- the same marks, however they are made -----------------------------------------------------


def outputs(course: Path) -> dict[str, list]:
    """What the graded notebooks say, without when it was run."""
    said = {}
    for student in STUDENTS:
        cells = read(course / "autograded" / student / PS / f"{PS}.ipynb").cells
        said[student] = [(c.source, c.get("outputs"), c.get("execution_count")) for c in cells]
    return said


def test_workers_and_confinement_change_nothing(start, monkeypatch):
    seen = []
    levels = [("limits", "a test")] + [confine.level()] * (confine.level()[0] == "sandbox")
    for workers, level in [(1, levels[0]), (2, levels[-1]), (3, levels[-1])]:
        monkeypatch.setattr(run, "confinement", lambda sandbox, level=level: level)
        table = grade(start, PS, progress=False, workers=workers)
        seen.append((table.to_dict(), outputs(start), everything(start)))
    assert seen[0] == seen[1]
    assert seen[1] == seen[2]


def test_stock_nbgrader_fills_the_gradebook_alike(tmp_path, monkeypatch, capsys):
    """`nbgrader autograde` and `cxedu grade`, over well-behaved submissions of all kinds."""
    course = generate(new_course(tmp_path / "course"))
    behaviours = [
        *("perfect", "partly wrong, odd tasks", "partly wrong, even tasks", "other right way"),
        *("blank", "a cell raises", "late", "warnings"),
    ]
    who = {f"s{number}": behaviour for number, behaviour in enumerate(behaviours)}
    made = submissions(course, who)
    expected = {student: points for student, (_, points) in made.items()}
    for student, (nb, _) in made.items():
        folder = submit(course, student, nb)
        if who[student] == "late":
            (folder / "timestamp.txt").write_text("2026-03-06 20:00:00 UTC")
    with gradebook(course) as book:
        book.update_or_create_assignment(PS, duedate="2026-03-06 18:00:00")
    monkeypatch.chdir(course)
    assert main([PS]) == 0
    with gradebook(course) as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(PS)}
    assert scores == expected
    inside = confine.level()[0] == "sandbox"
    address = stock(course, PS, list(expected), tmp_path / "stock", inside)
    assert everything(address) == everything(course)

    # And the command that compares a sample finds a mark that was changed.
    with gradebook(course) as book:
        for submitted in book.assignment_submissions(PS):
            if submitted.student.id != "s4":
                book.find_grade("ps90-1", PS, PS, submitted.student.id).auto_score = 0.125
        book.db.commit()
    capsys.readouterr()
    assert main([PS, "--verify", "2"]) == 3
    said = capsys.readouterr().out
    assert "ps90-1: 0.125 here, " in said
    assert "verified: 2 differences in the tasks of s" in said
