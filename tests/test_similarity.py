"""Similarity: disguised copies are found, honest work isn't, and numbers say whose data they fit."""

import ast
import itertools
import json
import re

import pandas as pd
import pytest
from courses import FIXTURE, PS, ROOT, generate, new_course, notebooks, read, submit

from cxedu import similarity
from cxedu.course.classroom import student_code
from cxedu.exercises import collect, load
from cxedu.grading import record
from cxedu.grading.course import course_api
from cxedu.grading.record import answers_file
from cxedu.grading.run import grade
from cxedu.similarity import (
    FITS,
    LEAST,
    PAIRS,
    THRESHOLD,
    alike,
    code_cells,
    digits,
    fits,
    main,
    page,
    program,
    similar,
    tokens,
)
from cxedu.world import World


def without_markers(source):
    return "\n".join(x for x in source.splitlines() if "### BEGIN" not in x and "### END" not in x)


def handed_out(name):
    folder = ROOT / "exercises" / name
    return [*code_cells(folder / f"{name}.ipynb"), *code_cells(folder / "checks.py")]


def solution(name):
    """The instructor's answers, a cell each."""
    nb = read(ROOT / "solutions" / name / f"{name}.ipynb")
    cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")]
    return [without_markers(c.source) for c in cells if c.cell_type == "code"]


@pytest.fixture(scope="module")
def ps06():
    return solution("ps06"), handed_out("ps06")


# --- disguises ---------------------------------------------------------------------------------


class Renamed(ast.NodeTransformer):
    """Other names for everything that a student named."""

    def visit_Name(self, node):
        node.id = f"another_{node.id}" if not hasattr(__builtins__, node.id) else node.id
        return node

    def visit_arg(self, node):
        node.arg = f"another_{node.arg}"
        return node

    def visit_FunctionDef(self, node):
        node.name = f"another_{node.name}"
        self.generic_visit(node)
        return node


def renamed(cell):
    return ast.unparse(Renamed().visit(ast.parse(cell)))


def commented(cell):
    return "\n\n".join(f"{line}  # my own idea" for line in cell.splitlines())


def reordered(cell):
    """The statements of a cell backwards: nonsense to Python, but the same work."""
    return "\n".join(ast.unparse(node) for node in reversed(ast.parse(cell).body))


DISGUISES = {
    "none": lambda cells: cells,
    "other names, other layout, no comments": lambda cells: [renamed(c) for c in cells],
    "comments and blank lines": lambda cells: [commented(c) for c in cells],
    "cells reordered": lambda cells: cells[::-1],
    "statements reordered": lambda cells: [reordered(c) for c in cells],
    "all in one cell": lambda cells: ["\n".join(cells)],
    "everything": lambda cells: [commented(reordered(renamed(c))) for c in cells[::-1]],
    "statements between": lambda cells: [
        "\n".join(f"{ast.unparse(node)}\nunused = 0" for node in ast.parse(c).body) for c in cells
    ],
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguised_copy_is_found(ps06, disguise):
    cells, starter = ps06
    copied = DISGUISES[disguise](cells)
    found = alike({"ada": program(cells, starter), "bo": program(copied, starter)}, starter)
    assert found.pairs[["student", "other"]].to_numpy().tolist() == [["ada", "bo"]]
    row = found.pairs.iloc[0]
    assert row["alike"] == max(row["student_share"], row["other_share"]) >= 0.8
    assert min(row["student_share"], row["other_share"]) > 0.7


def test_half_a_copy_is_found_and_what_is_copied_is_marked(ps06):
    cells, starter = ps06
    mine = program(cells, starter)
    theirs = program([*cells[:6], "def quite(different):\n    return [x for x in different]"], [])
    found = alike({"ada": mine, "bo": theirs}, starter)
    assert len(found.pairs) == 1
    assert found.pairs.loc[0, "other_share"] > found.pairs.loc[0, "student_share"]
    left, right = found.marks["ada", "bo"]
    marked = "".join(theirs.text[a:b] for a, b in right)
    assert "quite" not in marked
    assert "customer_id" in marked
    share = sum(b - a for a, b in left) / len(mine.text)
    assert 0.4 < share < 0.95


def other_ways(name):
    """Programs of people who didn't know each other: the solution, the reference, other ways."""
    problem_set = load(name, ROOT / "solutions" / name / "checks.py")
    nb = read(ROOT / "solutions" / name / f"{name}.ipynb")
    checks = [c.source for c in nb.cells if c.source.startswith("check(")]
    programs = {"solution": solution(name)}
    for number in range(3):
        cells = []
        for check in checks:
            task = problem_set.tasks[re.search(r'"([\w.]+)"', check).group(1)]
            ways = [task._reference, *task.other_ways]
            if number < len(ways):
                code = ast.parse(student_code(problem_set, ways[number], "answer"))
                made = [n for n in code.body if getattr(n, "name", "") == "my_answer"]
                cells.append("\n".join(map(ast.unparse, made[0].body)))
        programs[f"way {number}"] = cells
    return programs


@pytest.mark.parametrize("name", ["ps04", "ps06", "ps11"])
def test_honest_solutions_are_not_alike(name, monkeypatch):
    starter = handed_out(name)
    programs = {who: program(cells, starter) for who, cells in other_ways(name).items()}
    assert len(programs["way 1"].tokens) > 2 * LEAST  # enough for something to be found
    assert alike(programs, starter).pairs.empty
    monkeypatch.setattr(similarity, "LEAST", 1)
    measured = alike(programs, starter, threshold=0).pairs
    assert 0 < measured["alike"].max() < THRESHOLD - 0.2


def test_starter_code_counts_for_nobody(ps06):
    cells, starter = ps06
    # Both added a line to each cell that was handed out, and wrote something of their own.
    ada = program([*(f"{c}\nprint()" for c in starter), cells[5]], starter)
    bo = program([*(f"{c}\nlen([])" for c in starter), cells[7]], starter)
    assert len(set(ada.tokens)) > 50
    assert alike({"ada": ada, "bo": bo}, starter).pairs.empty
    assert len(alike({"ada": ada, "bo": bo}).pairs) == 1  # it is the discount that does it


def test_what_many_wrote_is_left_out(ps06):
    cells, starter = ps06
    everybody = {f"s{i:02}": program(cells, starter) for i in range(12)}
    assert alike(everybody, starter, common=11).pairs.empty
    assert len(alike(everybody, starter, common=12).pairs) == 66
    with pytest.raises(ValueError, match="threshold is 60"):
        alike(everybody, starter, threshold=60)
    with pytest.raises(ValueError, match="common is 1"):
        alike(everybody, starter, common=1)


def test_few_students(ps06):
    cells, starter = ps06
    assert alike({}, starter).pairs.columns.tolist() == PAIRS
    assert alike({"ada": program(cells, starter)}, starter).pairs.empty
    blank = program([], starter)
    assert alike({"ada": blank, "bo": blank}, starter).pairs.empty
    short = program(["x = 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8"])
    assert alike({"ada": short, "bo": short}).pairs.empty  # anybody could have written that


def test_tokens():
    def words(text):
        return tokens(text)[0]

    assert words("a = 1") == words("b=1.0 # one") == ("name", "=", "n:1.0")
    assert words("x['k']") == words('y["k"]') != words("x['j']")
    assert words("x.sum()") != words("x.mean()")
    assert words("sum(x)") != words("max(x)")
    assert words('f"{x:.2f}"') == words("f'{y:.2f}'")
    assert words('def f(a):\n    """Says."""\n    return a')[:3] == ("def", "name", "(")
    text = "first = second  # third"
    assert [text[a:b] for a, b in tokens(text)[1]] == ["first", "=", "second"]
    assert words("%matplotlib inline\nfor in ((") is not None  # nonsense is no problem


# --- whose numbers -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ps90():
    return load(PS, FIXTURE / "solutions" / PS / "checks.py")


@pytest.fixture(scope="module")
def right(ps90):
    """Everybody's right answers, as they are handed in."""
    made = {}
    for who in ("ada", "bo", "cy", "di"):
        meridian = World.for_student(who, PS)
        tasks = [t for t in ps90.tasks.values() if not t.calls(meridian)]
        made[who] = {t.id: collect(t.answer, t.right_answer(meridian)) for t in tasks}
    return made


class TestNumbers:
    def test_an_honest_class(self, ps90, right):
        found = fits(ps90, right)
        assert found.empty
        assert found.columns.tolist() == FITS

    def test_copied_numbers(self, ps90, right):
        answers = {**right, "bo": right["di"], "cy": {"ps90.1": right["ada"]["ps90.1"]}}
        found = fits(ps90, answers)
        assert found[["student", "fits", "task"]].to_numpy().tolist() == [
            ["bo", "di", "ps90.1"],
            ["bo", "di", "ps90.2"],
            ["cy", "ada", "ps90.1"],
        ]
        assert (found["digits"] >= 5).all()
        pd.testing.assert_frame_equal(found, fits(ps90, answers, workers=2))

    def test_a_shared_mistake_is_not_somebody_elses_data(self, ps90, right):
        task = ps90.tasks["ps90.1"]
        for mistake in task.misconceptions:
            wrong = {
                who: {task.id: collect(task.answer, mistake.make(World.for_student(who, PS)))}
                for who in right
            }
            assert fits(ps90, wrong).empty
        assert fits(ps90, {who: {task.id: 12.3456789} for who in right}).empty

    def test_a_choice_says_nothing(self, ps90, right):
        other = {"web": "store", "store": "web"}
        answers = {who: {"ps90.4": other[a["ps90.4"]]} for who, a in right.items()}
        assert fits(ps90, answers).empty

    def test_made_up_answers_break_nothing(self, ps90, right):
        odd = [None, [], {"$": "series"}, {"$": "refused"}, "text", [[[]]], 10**400]
        for value in odd:
            assert fits(ps90, {**right, "bo": dict.fromkeys(ps90.tasks, value)}).empty

    def test_few_students(self, ps90, right):
        two = {"ada": right["ada"], "bo": right["ada"]}
        assert set(fits(ps90, two)["fits"]) == {"ada"}
        assert fits(ps90, {"ada": right["bo"]}).empty
        assert fits(ps90, {}).empty

    def test_digits(self):
        assert digits(0.0) == 0
        assert digits(100.0) == 1
        assert digits(1234.5678) == 6
        assert digits("web") < 1
        assert digits(frozenset({"a", "b"})) == 0.6


# --- a class -----------------------------------------------------------------------------------

LONG = """
orders = meridian.transactions
sizes = orders.groupby("customer_id")["margin"].agg(["sum", "count"])
checked = 0.0
for customer, row in sizes.iterrows():
    if row["count"] > 2 and row["sum"] / row["count"] < 1000:
        checked = checked + row["sum"]
rest = orders.loc[~orders["customer_id"].isin(sizes.index[sizes["count"] > 2]), "margin"].sum()
total = sizes["sum"].sum()
assert abs(total - orders["margin"].sum()) < 0.01, (checked, rest, total)
mean_margin = total / len(orders)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Ada works alone; Bo renames what Cy wrote; Di copies Cy's numbers; two can't be read."""
    course = generate(new_course(tmp_path_factory.mktemp("similar") / "course"))
    done, _ = notebooks(course)
    at = {c.id: i for i, c in enumerate(done.cells)}
    cys = load(PS, course / "solutions" / PS / "checks.py").tasks["ps90.1"]
    number = float(cys.right_answer(World.for_student("cy", PS)))
    answers = {
        "ada": 'mean_margin = meridian.transactions["margin"].mean()',
        "bo": LONG.replace("sizes", "groesse").replace("row", "zeile") + "# <script>alert(1)",
        "cy": LONG,
        "di": f"mean_margin = {number!r}",
    }
    for student, source in answers.items():
        done.cells[at["ps90-1-answer"]].source = source
        submit(course, student, done)
    for student, text in (("eli", '{"cells": ['), ("fay", None)):
        folder = course / "submitted" / student / PS
        folder.mkdir(parents=True)
        if text:
            (folder / f"{PS}.ipynb").write_text(text)
    grade(course, PS, ["cy", "di"], progress=False, workers=1)
    return course


@pytest.fixture(scope="module")
def found(course):
    return similar(course, PS, workers=1)


class TestClass:
    def test_answers_are_kept_beside_the_record(self, course):
        path = answers_file(course_api(course).coursedir, PS, "cy")
        assert path == course / "autograded" / ".cxedu" / PS / "cy.answers.json"
        kept = json.loads(path.read_text())[PS]
        assert sorted(kept) == ["ps90.1", "ps90.2", "ps90.3", "ps90.4"]
        assert kept["ps90.2"] is None
        assert isinstance(kept["ps90.1"], float)
        assert not list(path.parent.glob("*.new"))

    def test_answers_go_with_the_record(self, course):
        where = course_api(course).coursedir, PS, "gus"
        answers_file(*where).write_text("{}")
        record.forget(*where)
        assert not answers_file(*where).exists()

    def test_who_wrote_alike(self, found):
        assert found.pairs[["student", "other"]].to_numpy().tolist() == [["bo", "cy"]]
        assert found.pairs.loc[0, "alike"] > 0.95

    def test_whose_numbers(self, found):
        assert found.fits.to_numpy().tolist() == [["di", "cy", "ps90.1", 6]]

    def test_who_cannot_be_compared(self, found):
        assert found.skipped == {
            "eli": f"{PS}.ipynb is not a readable notebook",
            "fay": "its notebook is missing",
        }
        assert found.unknown == ["ada", "bo"]

    def test_the_page_is_safe_and_self_contained(self, found):
        text = page(found)
        assert "&lt;script&gt;alert(1)" in text
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert not re.search(r"https?://|src=|@import|url\(", text)
        assert "Nothing here is a verdict" in text
        assert "Who copied from whom isn't known" in text
        left, right = re.findall(r"<pre[^>]*>(.*?)</pre>", text, re.S)
        assert "<mark>" in left
        assert "<mark>" in right
        assert text.count("<h1>") == 1
        headings = [int(level) for level in re.findall(r"<h(\d)", text)]
        assert all(b - a <= 1 for a, b in itertools.pairwise(headings))
        assert text.count("<caption>") == text.count("<table>") == 2
        assert "#pair-0" not in page(found, most=0)

    def test_the_gradebook_is_as_it_was(self, course):
        before = (course / "gradebook.db").read_bytes()
        similar(course, PS, workers=1)
        assert (course / "gradebook.db").read_bytes() == before

    def test_the_command(self, course, monkeypatch, capsys):
        monkeypatch.chdir(course)
        assert main([PS, "--workers", "1"]) == 0
        said = capsys.readouterr()
        assert "4 notebooks, 1 pairs alike, 1 answers" in said.out
        assert "eli: not compared" in said.err
        assert "2 submissions aren't graded" in said.err
        folder = course / "_build" / "similar" / PS
        assert pd.read_csv(folder / "pairs.csv").columns.tolist() == PAIRS
        assert pd.read_csv(folder / "numbers.csv").loc[0, "fits"] == "cy"
        assert "<mark>" in (folder / "report.html").read_text(encoding="utf-8")
        assert main(["ps77"]) == 1
        assert "'ps77'; it must be in the gradebook" in capsys.readouterr().err
        assert main([PS, "--threshold", "60"]) == 1
        assert "threshold" in capsys.readouterr().err

    def test_code_that_everybody_could_use(self, course, tmp_path):
        (tmp_path / "shown_in_class.py").write_text(LONG)
        given = [tmp_path / "shown_in_class.py"]
        assert similar(course, PS, given=given, workers=1).pairs.empty
