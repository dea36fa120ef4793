"""nbgrader end to end, at its own interfaces, on a temporary course, home and exchange."""

import copy
import json
import os
import re
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from courses import FIXTURE, PS, ROOT, generate, new_course, read, right_answers, submit
from jupyter_core.application import NoStart
from nbformat import v4
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from nbgrader.validator import Validator

from cxedu.course.classroom import BEHAVIOURS, make_class, solved, student_code, students
from cxedu.course.release import put_checks, release_all
from cxedu.exercises import ANSWER_MIME, judges_company, load
from cxedu.grading.command import main
from cxedu.grading.execute import Run
from cxedu.grading.notebook import checked_task
from cxedu.grading.run import export, grade
from cxedu.grading.sanitize import Sanitize, clean
from cxedu.grading.verdicts import Verdicts
from cxedu.world import World


@pytest.fixture
def nbgrader(monkeypatch):
    """Run a stock nbgrader command in a folder; returns what it printed."""

    def run(folder: Path, *args: str) -> str:
        monkeypatch.chdir(folder)
        printed = StringIO()
        monkeypatch.setattr(sys, "stdout", printed)
        monkeypatch.setattr(Validator, "stream", printed)
        app = NbGraderApp.instance()
        code: object = 0
        try:
            quiet = [] if args[0] == "validate" else ["--log-level=ERROR"]
            app.initialize([*args, *quiet])
            app.start()
        except NoStart:  # how a subcommand ends
            pass
        except SystemExit as stop:
            code = stop.code
        finally:
            app.reset()
            NbGraderApp.clear_instance()
            monkeypatch.undo()
        assert not code, f"nbgrader {' '.join(args)}: {printed.getvalue()}"
        return printed.getvalue()

    return run


def scores(course: Path, student: str) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission(PS, student).notebooks[0]
        return {g.name: g.score for g in notebook.grades}


def test_the_whole_way_by_the_stock_commands(tmp_path, nbgrader):
    course, home = new_course(tmp_path / "course"), tmp_path / "home"
    home.mkdir()
    mine = ["--course", "cxedu", f"--Exchange.root={course}/exchange"]
    mine += [f"--Exchange.cache={home}/cache"]

    nbgrader(course, "generate_assignment", PS)
    assert "HIDDEN" not in (course / "exercises" / PS / "checks.py").read_text()
    nbgrader(course, "release_assignment", PS)
    nbgrader(home, "list", *mine)
    nbgrader(home, "fetch_assignment", PS, *mine)
    assert (home / PS / "checks.py").read_text() == (
        course / "exercises" / PS / "checks.py"
    ).read_text()

    notebook = home / PS / f"{PS}.ipynb"
    done = solved(read(notebook), read(course / "solutions" / PS / f"{PS}.ipynb"))
    nbformat.write(done, notebook)
    nbgrader(home, "submit", PS, "--student=ada", *mine)
    nbgrader(course, "collect", PS)
    before = (course / "submitted" / "ada" / PS / f"{PS}.ipynb").read_bytes()
    nbgrader(course, "autograde", PS)
    graded = course / "autograded" / "ada" / PS
    assert not (graded / "checks.py").exists()
    assert scores(course, "ada") == {
        "ps90-1": 2,
        "ps90-2": 3,
        "ps90-3": 2,
        "ps90-4": 1,
        "ps90-5": 0,
    }
    assert (course / "submitted" / "ada" / PS / f"{PS}.ipynb").read_bytes() == before

    nbgrader(course, "generate_feedback", PS)
    page = (course / "feedback" / "ada" / PS / f"{PS}.html").read_text(encoding="utf-8")
    assert "Mean margin per order</a> <small>ps90.1</small>" in page
    assert "sentinel-ps90-hidden" not in page
    nbgrader(course, "release_feedback", PS)
    nbgrader(home, "fetch_feedback", PS, *mine)
    assert list((home / PS / "feedback").rglob("*.html"))

    nbgrader(course, "export")
    table = pd.read_csv(course / "grades.csv")
    assert table.loc[0, ["student", "assignment", "score", "max_score"]].tolist() == [
        "ada",
        PS,
        8,
        10,
    ]
    assert table.loc[0, "needs_manual_grade"]


def test_validate_passes_on_the_solution_and_fails_on_the_stub(tmp_path, nbgrader, monkeypatch):
    course = new_course(tmp_path / "course")
    release_all(course)
    assert not (course / "gradebook.db").exists()
    os.environ["CXEDU_STUDENT"] = "demo"
    try:
        passed = nbgrader(course, "validate", f"solutions/{PS}/{PS}.ipynb")
        failed = nbgrader(course, "validate", f"exercises/{PS}/{PS}.ipynb")
    finally:
        del os.environ["CXEDU_STUDENT"]
    assert "Success! Your notebook passes all the tests." in passed
    assert "VALIDATION FAILED ON 5 CELL(S)" in failed.replace("\n", " ")


# --- a class whose scores are known ------------------------------------------------------------


@pytest.fixture(scope="module")
def sample_class(tmp_path_factory):
    course = new_course(tmp_path_factory.mktemp("class") / "course")
    workdir = course.parent / "work"
    return workdir, make_class(course, workdir, progress=False)


class TestClass:
    def test_everybody_has_the_expected_score(self, sample_class):
        _, table = sample_class
        assert table["behaviour"].tolist() == BEHAVIOURS
        assert table["score"].tolist() == table["expected"].tolist()
        by = table.set_index("behaviour")
        assert by.loc["perfect", "score"] == 8
        assert by.loc["blank", "score"] == 0
        assert by.loc["late", "late_seconds"] == 7200
        assert by.loc["missing", "note"] == "nothing was submitted"
        assert "kernel died" in by.loc["the kernel dies", "note"]
        assert "ps90-1" in by.loc["deleted check", "repaired"][0]
        assert "2 times" in by.loc["duplicated check", "repaired"][0]
        assert by["needs_manual_grade"].sum() == 10  # not the blank one, not the missing one

    def test_grades_csv(self, sample_class):
        course, _ = sample_class
        table = pd.read_csv(course / "grades.csv", keep_default_na=False)
        assert table["student"].tolist() == [s.id for s in students()]
        assert table["last_name"].tolist() == [s.last_name for s in students()]
        assert table.set_index("student").loc["s08", "late_seconds"] == 7200

    def test_submissions_are_kept_and_feedback_is_there(self, sample_class):
        course, _ = sample_class
        handed_in = {p.parent.name for p in course.glob(f"submitted/*/{PS}")}
        assert len(handed_in) == 11
        assert {p.parents[1].name for p in course.glob(f"feedback/*/{PS}/{PS}.html")} == handed_in

    def test_no_checks_beside_the_graded_notebooks(self, sample_class):
        course, _ = sample_class
        assert not list(course.glob("autograded/**/checks.py"))
        for path in course.glob("feedback/**/*.html"):
            assert "sentinel-ps90-hidden" not in path.read_text(encoding="utf-8")

    def test_a_rerun_grades_only_what_was_interrupted(self, sample_class, monkeypatch, capsys):
        course, _ = sample_class
        monkeypatch.chdir(course)
        record = course / "autograded" / ".cxedu" / PS / "s01.json"
        kept = record.parent.glob("*.json")
        others = {p: p.stat().st_mtime_ns for p in kept if not p.name.startswith("s01.")}
        record.unlink()  # as if the grader had been killed at that student
        assert main([PS]) == 0
        assert re.search(r"^s01 +ps90 +8 of ", capsys.readouterr().out, re.M)
        assert record.exists()
        assert others == {p: p.stat().st_mtime_ns for p in others}

    def test_the_command_says_how_it_is_used(self, sample_class, monkeypatch, capsys):
        monkeypatch.chdir(sample_class[0])
        with pytest.raises(SystemExit):
            main([])
        assert "problem_set" in capsys.readouterr().err
        assert main(["ps77"]) == 1
        assert "assignment is 'ps77'; it must be in the gradebook" in capsys.readouterr().err

    def test_an_earlier_class_is_replaced_but_nothing_else(self, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(ValueError, match="must be new, empty"):
            make_class(ROOT, tmp_path)


# --- traps -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traps(tmp_path_factory):
    """Submissions that go wrong in every way, graded in one go."""
    more = (
        "c.Execute.timeout_func = lambda cell: 2 if 'while True' in cell.source else 60\n"
        "c.Execute.iopub_timeout = 2\n"
    )
    course = new_course(tmp_path_factory.mktemp("traps") / "course", more)
    release_all(course)
    right = right_answers(generate(course))
    at = {c.id: i for i, c in enumerate(right.cells)}

    def submitted(student, change):
        nb = copy.deepcopy(right)
        change(nb.cells)
        folder = submit(course, student, nb)
        (folder / "checks.py").write_text("raise SystemExit('not this one')")
        return folder

    def silent(cells):
        cells[at["ps90-1"]].metadata.tags = ["skip-execution"]
        cells[at["ps90-2-answer"]].source += "\ncheck = lambda task, answer: None"

    def replaced(cells):
        cells[
            at["ps90-1-answer"]
        ].source = "check_ = check\nclass check:\n    def __new__(cls, *a): return 99.0"
        cells[at["ps90-2"]].source = "7.0"  # a locked cell, retyped
        cells[at["ps90-2"]].metadata.nbgrader.points = 100
        cells[
            at["ps90-3-answer"]
        ].source += "\nget_ipython().ast_transformers.clear()\ncheck = check_"
        cells[at["ps90-3"]].metadata.pop("nbgrader")
        cells[at["ps90-3"]].source = "print('3.0')"

    def loops(cells):
        cells[at["ps90-3-answer"]].source = "while True:\n    pass"

    def swallows(cells):
        cells[at["ps90-3-answer"]].source = (
            "while True:\n    try:\n        while True:\n            pass\n"
            "    except BaseException:\n        pass"
        )

    def somebody_else(cells):
        cells[1].source = cells[1].source.replace('""', '"other"', 1)

    def borrowed(cells):
        for task in ("ps90-1", "ps90-2", "ps90-4"):
            cells[at[f"{task}-answer"]].source = cells[at[f"{task}-answer"]].source.replace(
                "meridian", "others"
            )
        cells[1].source += '\nfrom cxedu import World\nothers = World.for_student("other", "ps90")'

    def split(cells):
        answer = cells[at["ps90-5"]]
        second = copy.deepcopy(answer)
        second["id"], second["source"] = "second", "And a second part."
        cells.append(second)

    def scripts(cells):
        cells[at["ps90-1-answer"]].source += (
            "\nfrom IPython.display import HTML, display\n"
            "display(HTML('<b>bold</b><script>alert(1)</script><img src=x onerror=alert(2)>'))"
        )
        cells[at["ps90-5"]].source = "a < b <script>alert(3)</script> [x](javascript:alert(4))"

    for change in (silent, replaced, loops, swallows, somebody_else, borrowed, split, scripts):
        submitted(change.__name__, change)
    folder = submitted("broken_json", lambda cells: None)
    (folder / f"{PS}.ipynb").write_text('{"cells": [')
    folder = submitted("empty_file", lambda cells: None)
    (folder / f"{PS}.ipynb").write_text("")
    folder = submitted("missing_notebook", lambda cells: None)
    (folder / f"{PS}.ipynb").unlink()
    table = grade(course, PS, progress=False).set_index("student")
    return course, table


class TestTraps:
    def test_nobody_stops_the_others(self, traps):
        _, table = traps
        assert len(table) == 11

    def test_no_output_earns_nothing(self, traps):
        course, table = traps
        got = scores(course, "silent")
        assert got["ps90-1"] == 2  # the tag that would skip the cell is ignored
        assert [got[f"ps90-{i}"] for i in (2, 3, 4)] == [0, 0, 0]
        assert "handed nothing" in table.loc["silent", "note"]

    def test_replaced_output_earns_nothing(self, traps):
        course, _ = traps
        got = scores(course, "replaced")
        assert [got[f"ps90-{i}"] for i in (1, 2, 3, 4)] == [0, 0, 2, 1]
        nb = read(course / "autograded" / "replaced" / PS / f"{PS}.ipynb")
        cell = next(
            c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "ps90-2"
        )
        assert cell.source == 'check("ps90.2", by_category)'
        assert "handed nothing" in cell.outputs[0].text

    @pytest.mark.parametrize(
        ("student", "words"), [("loops", "ran longer than"), ("swallows", "could not be stopped")]
    )
    def test_a_loop_keeps_what_was_earned_before(self, traps, student, words):
        course, table = traps
        got = scores(course, student)
        assert (got["ps90-1"], got["ps90-2"], got["ps90-3"]) == (2, 3, 0)
        assert got["ps90-4"] == (1 if student == "loops" else 0)
        assert words in table.loc[student, "note"]

    def test_the_owner_counts(self, traps):
        _, table = traps
        assert table.loc["somebody_else", "score"] == 8
        assert table.loc["borrowed", "score"] < 8

    def test_unreadable_submissions_score_nothing_with_the_reason(self, traps):
        course, table = traps
        for student, words in (
            ("broken_json", "not a readable notebook"),
            ("empty_file", "not a readable notebook"),
            ("missing_notebook", "is missing"),
        ):
            assert table.loc[student, "score"] == 0
            assert words in table.loc[student, "note"]
            assert (course / "submitted" / student / PS).is_dir()
            with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
                notebook = gradebook.find_submission(PS, student).notebooks[0]
                assert words in notebook.comments[0].auto_comment
                assert not notebook.needs_manual_grade

    def test_a_split_answer_is_joined(self, traps):
        course, table = traps
        assert table.loc["split", "repaired"] == ["The 2 parts of “ps90-5” were joined."]
        nb = read(course / "autograded" / "split" / PS / f"{PS}.ipynb")
        assert "Repaired before grading" in nb.cells[0].source
        joined = [c for c in nb.cells if "And a second part." in c.source]
        assert "Invest" in joined[0].source

    def test_no_script_reaches_the_reader(self, traps):
        course, table = traps
        assert table.loc["scripts", "score"] == 8
        text = (course / "autograded" / "scripts" / PS / f"{PS}.ipynb").read_text()
        outputs = [
            o["data"]["text/html"]
            for c in json.loads(text)["cells"]
            for o in c.get("outputs", [])
            if "text/html" in o.get("data", {})
        ]
        assert ["".join(o) for o in outputs] == ["<b>bold</b><img>"]
        nb = json.loads(text)
        answer = "".join(next(c["source"] for c in nb["cells"] if c["id"] == "ps90-5"))
        assert answer == "a < b &lt;script>alert(3)&lt;/script> [x](#alert(4))"

    def test_grades_say_why(self, traps):
        course, _ = traps
        path = export(course)
        table = pd.read_csv(path, keep_default_na=False).set_index("student")
        assert "is missing" in table.loc["missing_notebook", "note"]
        assert table.index.is_monotonic_increasing

    def test_unknown_problem_set(self, traps):
        course, _ = traps
        with pytest.raises(ValueError, match="'ps91'; it must be in the gradebook"):
            grade(course, "ps91", progress=False)


# --- the preprocessors by themselves -----------------------------------------------------------


def cell(source, outputs, points=2, count=1):
    made = v4.new_code_cell(source, outputs=outputs, execution_count=count)
    made.metadata["nbgrader"] = {
        "grade": True, "solution": False, "locked": True, "grade_id": "x", "points": points,
        "schema_version": 3, "task": False,
    }  # fmt: skip
    return made


def answer(values=None, task="ps90.1", **more):
    """What a check hands in: the right answer of Ada's company unless said otherwise."""
    values = RIGHT if values is None else values
    data = {"text/plain": "handed in", ANSWER_MIME: {"task": task, "values": values}, **more}
    return v4.new_output("execute_result", data, execution_count=1)


def decided(made):
    from nbgrader.utils import determine_grade

    class Course:
        @staticmethod
        def format_path(folder, student, assignment):
            return str(FIXTURE / "solutions" / assignment)

        source_directory = "solutions"
        root, autograded_directory = os.devnull, "autograded"  # where nothing can be kept

    nb = v4.new_notebook(cells=[made])
    preprocessor = Verdicts()
    preprocessor.coursedir = Course()
    preprocessor.preprocess(nb, {"nbgrader": {"assignment": PS, "student": "ada"}})
    assert ANSWER_MIME not in str(made.outputs)
    return determine_grade(made)[0]


CHECKED = 'check("ps90.1", x)'
RIGHT = (
    load(PS, FIXTURE / "solutions" / PS / "checks.py")
    .tasks["ps90.1"]
    .right_answer(World.for_student("ada", PS))
)
STDERR = v4.new_output("stream", name="stderr", text="RuntimeWarning: mind this")


class TestVerdicts:
    def test_the_judges_verdict_counts(self):
        assert decided(cell(CHECKED, [answer()])) == 2
        assert decided(cell(CHECKED, [STDERR, answer()])) == 2
        assert decided(cell(CHECKED, [answer(values=RIGHT + 1)])) == 0
        assert decided(cell(CHECKED, [answer(values=0.0), answer()])) == 2  # the last one

    def test_whatever_was_printed_gives_way_to_the_verdict(self):
        made = cell(CHECKED, [v4.new_output("stream", name="stdout", text="2.0"), answer()])
        decided(made)
        assert [o.output_type for o in made.outputs] == ["stream", "execute_result"]
        assert made.outputs[0].text.startswith("ps90.1 Mean margin per order: 2 of 2 points")

    @pytest.mark.parametrize(
        "outputs",
        [
            [],
            [v4.new_output("stream", name="stdout", text="2.0")],
            [v4.new_output("execute_result", {"text/plain": "2.0"})],
            [v4.new_output("execute_result", {"text/plain": "2.0", ANSWER_MIME: 2.0})],
            [v4.new_output("execute_result", {"text/plain": "2.0", ANSWER_MIME: {"points": 2}})],
            [v4.new_output("display_data", {ANSWER_MIME: {"task": "ps90.1", "values": RIGHT}})],
            [answer(task="ps90.2")],
            [answer(values={"$": "series"})],
            [answer(), v4.new_output("error", ename="E", evalue="", traceback=[])],
        ],
    )
    def test_everything_else_earns_nothing(self, outputs):
        assert decided(cell(CHECKED, copy.deepcopy(outputs))) == 0

    def test_ordinary_nbgrader_tests_keep_their_rules(self):
        assert decided(cell("assert x == 1", [])) == 2
        assert decided(cell("assert x == 1", [copy.deepcopy(STDERR)])) == 2
        assert (
            decided(cell("score(x)", [v4.new_output("execute_result", {"text/plain": "0.5"})]))
            == 0.5
        )
        error = v4.new_output("error", ename="AssertionError", evalue="", traceback=[])
        assert decided(cell("assert x == 1", [error])) == 0
        assert decided(cell("assert x == 1", [], count=None)) == 0

    def test_which_cells_are_checks(self):
        assert checked_task("check('ps06.3', y)") == "ps06.3"
        assert checked_task("assert recheck(3)") == ""


def test_text_beyond_the_limit_is_dropped():
    run = Run(max_output=10)
    run._kept, run.nb = 0, v4.new_notebook(cells=[v4.new_code_cell("x")])
    run.reset_execution_trackers()
    run.clear_before_next_output = False
    for _ in range(3):
        content = {"name": "stdout", "text": "12345678"}
        run._take({"msg_type": "stream", "content": content}, run.nb.cells[0], 0)
    text = "".join(o.text for o in run.nb.cells[0].outputs)
    assert text.startswith("1234567812")
    assert "truncated" in text
    assert len(text) < 50


def test_cleaning_keeps_tables_and_figures():
    table = "<table><tbody><tr><td>1</td></tr></tbody></table>"
    assert clean(table) == table
    figure = clean(
        '<figure><svg viewBox="0 0 1 1"><title>A line</title><script>x</script></svg></figure>'
    )
    assert figure.startswith('<figure><img alt="A line" src="data:image/svg+xml;base64,')
    assert clean('<a href="javascript:x()">a</a>') == "<a>a</a>"
    assert clean("<script>x") == ""
    made = v4.new_code_cell(
        "x", outputs=[v4.new_output("display_data", {"image/svg+xml": "<svg></svg>"})]
    )
    Sanitize().preprocess_cell(made, {}, 0)
    assert list(made.outputs[0].data) == ["text/html"]


def test_answers_as_student_code():
    ps90 = load(PS, FIXTURE / "solutions" / PS / "checks.py")
    make = ps90.tasks["ps90.1"].misconceptions[1].make
    code = student_code(ps90, make, "mean_margin")
    assert code.endswith("mean_margin = my_answer(meridian)")
    assert "def total(meridian, column)" in code
    assert "Task(" not in code
    with pytest.raises(ValueError, match="decorated function"):
        student_code(ps90, lambda meridian: 1, "x")


@pytest.mark.parametrize("name", sorted(p.parent.name for p in ROOT.glob("solutions/*/checks.py")))
def test_what_simulated_students_write_runs(name):
    problem_set = load(name, ROOT / "solutions" / name / "checks.py")
    meridian = judges_company(name, "ada")
    for task in problem_set.tasks.values():
        for make in [*task.other_ways, *(wrong.make for wrong in task.misconceptions)]:
            exec(student_code(problem_set, make, "answer"), {"meridian": meridian})


def test_the_hook_takes_the_hidden_part_out(tmp_path):
    (tmp_path / "exercises" / PS).mkdir(parents=True)
    put_checks(
        FIXTURE / "solutions", tmp_path / "exercises", assignment=PS, student=".", notebooks=[]
    )
    assert "sentinel" not in (tmp_path / "exercises" / PS / "checks.py").read_text()
