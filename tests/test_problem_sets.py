"""Every problem set proved: what is right earns all, what is wrong exactly what it should.

Finds each `solutions/ps*/` by itself, and runs over the fixture set as well, so that the proof is
proved too.
"""

import contextlib
import io
import json
import os
import re
from functools import cache
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbgrader import utils
from nbgrader.validator import Validator

from cxedu import World
from cxedu.course.classroom import places, solved
from cxedu.course.release import drift, problem_sets, release_all, visible_part
from cxedu.exercises import Choice, Function, collect, judge, load
from cxedu.grading.notebook import checked_task

ROOT = Path(__file__).parents[1]
FIXTURE = Path(__file__).parent / "fixtures" / "course"
STUDENTS = ["ada", "grace", "katherine", "mary", "s05"]
SETS = [(ROOT, name) for name in problem_sets(ROOT)] + [(FIXTURE, "ps90")]
TABLES = ["customers", "transactions", "memberships", "surveys", "wallet"]


def name_of(case):
    return case[1]


def tasks():
    return [
        pytest.param(course, name, task, id=task)
        for course, name in SETS
        for task in load(name, course / "solutions" / name / "checks.py").tasks
    ]


@cache
def world(student: str, name: str) -> World:
    return World.for_student(student, name)


@cache
def problem_set(course: Path, name: str):
    return load(name, course / "solutions" / name / "checks.py")


@cache
def source(course: Path, name: str) -> nbformat.NotebookNode:
    return nbformat.read(course / "solutions" / name / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The fixture's release; the real ones are in exercises/ and are checked for drift."""
    import shutil

    course = tmp_path_factory.mktemp("fixture") / "course"
    shutil.copytree(FIXTURE, course)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    release_all(course)

    def folder(root: Path, name: str) -> Path:
        return (course if root == FIXTURE else root) / "exercises" / name

    return folder


def says(task, answer, meridian):
    """The verdict, by the way that a student's answer takes: plain data, through JSON."""
    calls = task.calls(meridian) if isinstance(task.answer, Function) else []
    values = json.loads(json.dumps(collect(task.answer, answer, calls), allow_nan=False))
    return judge(task, values, meridian)


def fingerprint(meridian):
    hashed = pd.util.hash_pandas_object
    return [int(hashed(getattr(meridian, table)).sum() % 2**63) for table in TABLES]


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize(("course", "name", "task"), tasks())
def test_right_and_wrong_answers(course, name, task, student):
    task = problem_set(course, name).tasks[task]
    meridian = world(student, name)

    verdict = says(task, task.right_answer(meridian), meridian)
    assert verdict.passed, f"the reference of {task.id}: {verdict.messages}"
    assert verdict.points == task.points
    assert not verdict.messages, verdict.messages

    for blank in (None, ...):
        assert says(task, blank, meridian).points == 0

    for other in task.other_ways:
        verdict = says(task, other(meridian), meridian)
        line = other.__code__.co_firstlineno
        assert verdict.passed, f"the other way in line {line} of {task.id}: {verdict.messages}"

    sentences = [m.sentence for m in task.misconceptions]
    for wrong in task.misconceptions:
        verdict = says(task, wrong.make(meridian), meridian)
        assert not verdict.passed, f"{task.id} lets through: {wrong.sentence}"
        assert verdict.points == wrong.earns
        said = sentences if isinstance(task.answer, Choice) else [wrong.sentence]
        assert verdict.messages[0] in said, f"{task.id}, {student}: {verdict.messages}"


@pytest.mark.parametrize(("course", "name", "task"), tasks())
def test_every_task_has_its_corpus(course, name, task):
    task = problem_set(course, name).tasks[task]
    assert len(task.misconceptions) >= 2
    assert len(task.other_ways) >= 1
    assert task.title
    number = int(re.sub(r"\D", "", name))
    assert re.fullmatch(rf"{number}\.\d+", task.outcome), task.outcome
    sentences = [m.sentence for m in task.misconceptions]
    for sentence in sentences:
        assert len(sentence) >= 20
    if isinstance(task.answer, Function):
        assert task.n_visible_calls(world(STUDENTS[0], name)) >= 1
        hidden = len(task.calls(world(STUDENTS[0], name)))
        assert hidden > task.n_visible_calls(world(STUDENTS[0], name)), "no hidden inputs"


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_judging_leaves_the_company_alone(course, name):
    meridian = World.for_student("ada", name)
    before = fingerprint(meridian)
    for task in problem_set(course, name).tasks.values():
        for make in [task.right_answer, *task.other_ways, *(m.make for m in task.misconceptions)]:
            says(task, make(meridian), meridian)
    assert fingerprint(meridian) == before


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_notebook_and_checks_agree(course, name):
    nb, checks = source(course, name), problem_set(course, name)
    where = places(nb)
    assert [p.task for p in where] == list(checks.tasks)
    for place in where:
        answer, check = nb.cells[place.answer], nb.cells[place.check]
        number = place.task.partition(".")[2]
        assert check.source.strip() == f'check("{place.task}", {place.variable})'
        assert check.metadata.nbgrader.grade_id == f"{name}-{number}"
        assert check.metadata.nbgrader.points == checks.tasks[place.task].points
        assert answer.metadata.nbgrader.grade_id == f"{name}-{number}-answer"
        assert place.answer < place.check
        assert "### BEGIN SOLUTION" in answer.source
    first = next(c for c in nb.cells if c.cell_type == "code")
    assert "from cxedu.exercises import" in first.source
    assert re.search(r'^STUDENT_ID = ""', first.source, re.M), "the id is left for the student"
    assert f'company("{name}", STUDENT_ID)' in first.source


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_points_and_manual_question(course, name):
    nb, checks = source(course, name), problem_set(course, name)
    manual = [c for c in nb.cells if utils.is_grade(c) and utils.is_solution(c)]
    assert manual, "a manually graded question is missing"
    everything = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown").lower()
    assert "rubric" in everything
    if course == ROOT:
        assert checks.points + sum(c.metadata.nbgrader.points for c in manual) == 20
        assert 5 <= len(checks.tasks) <= 8
        assert len(manual) <= 2


def run(nb, folder: Path, env: dict[str, str]) -> dict[str, float]:
    """Run a notebook's code in this process; points by task. Nothing may reach stderr."""
    space: dict[str, object] = {"__name__": "__main__"}
    points, noise = {}, io.StringIO()
    before, here = dict(os.environ), Path.cwd()
    os.environ.update(env)
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(noise):
            for cell in nb.cells:
                if cell.cell_type != "code":
                    continue
                if task := checked_task(cell.source):
                    points[task] = float(eval(cell.source, space))
                else:
                    exec(cell.source, space)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    assert not noise.getvalue(), noise.getvalue()
    return points


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_solution_scores_all_and_release_nothing(course, name, released):
    checks = problem_set(course, name)
    folder = released(course, name)
    env = {"CXEDU_CHECKS": str(course / "solutions"), "CXEDU_STUDENT": "ada"}
    release = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    right = run(solved(release, source(course, name)), folder, env)
    assert right == {t.id: t.points for t in checks.tasks.values()}
    assert set(run(release, folder, env).values()) == {0.0}


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_a_student_gets_visible_feedback_only(course, name, released):
    """With what was released, right answers pass the visible checks and blanks don't."""
    visible = load(name, released(course, name) / "checks.py")
    meridian = world(STUDENTS[0], name)
    assert list(visible.tasks) == list(problem_set(course, name).tasks)
    for shown, whole in zip(
        visible.tasks.values(), problem_set(course, name).tasks.values(), strict=True
    ):
        assert not shown.has_reference()
        assert not shown.other_ways
        assert says(shown, whole.right_answer(meridian), meridian).provisional, shown.id
        assert says(shown, None, meridian).points == 0


@pytest.mark.parametrize(("course", "name"), SETS, ids=map(name_of, SETS))
def test_the_release_holds_nothing_hidden(course, name, released):
    """Markers, references, and every telling line of what is hidden or a solution."""
    whole = (course / "solutions" / name / "checks.py").read_text(encoding="utf-8")
    shown = visible_part(whole)
    secret = set(whole.splitlines()) - set(shown.splitlines())
    for cell in source(course, name).cells:
        inside = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S)
        secret.update(line for part in inside for line in part.splitlines())
    secret = {line.strip() for line in secret if len(line.strip()) > 25}
    texts = {}
    for path in sorted(released(course, name).rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            texts[path.name] = text
            if path.suffix == ".ipynb":
                cells = json.loads(text)["cells"]
                assert not any(c.get("outputs") for c in cells)
                texts[path.name] = "\n".join("".join(c["source"]) for c in cells)
    assert set(texts) >= {"checks.py", f"{name}.ipynb"}
    for file, text in texts.items():
        for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN", ".reference", ".other_way"):
            assert word not in text, f"{word} in {file}"
        lines = {line.strip() for line in text.splitlines()}
        assert not secret & lines, f"in {file}: {sorted(secret & lines)[:3]}"


def test_exercises_are_what_nbgrader_generates():
    differing = drift(ROOT)
    assert not differing, f"run `make course`: exercises/ differs from solutions/ in {differing}"


@pytest.mark.parametrize("name", problem_sets(ROOT))
def test_nbgrader_validates_the_solution_and_not_the_stub(name, monkeypatch):
    monkeypatch.setenv("CXEDU_STUDENT", "ada")
    monkeypatch.setenv("CXEDU_CHECKS", str(ROOT / "solutions"))
    graded = len(places(source(ROOT, name)))
    assert not Validator().validate(str(ROOT / "solutions" / name / f"{name}.ipynb"))
    stub = Validator().validate(str(ROOT / "exercises" / name / f"{name}.ipynb"))
    assert len(stub["failed"]) >= graded
