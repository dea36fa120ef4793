"""The feedback page: what it says of each kind of submission, that it is safe, small and current."""

import copy
import datetime
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import courses
import nbformat
import pytest
from courses import PS, ROOT, read
from nbformat import v4
from nbgrader.api import Gradebook
from traitlets.config import Config

from cxedu.feedback import feedback, page
from cxedu.grading.command import main
from cxedu.grading.course import course_api
from cxedu.grading.run import grade

BEHAVIOURS = {
    "s1": "perfect",
    "s2": "partly wrong, odd tasks",
    "s3": "partly wrong, even tasks",
    "s4": "the kernel dies",
    "s5": "late",
    "s6": "deleted check",
}
CONFIG = """
import sys
sys.path.insert(0, str(ROOT))
c.AssignLatePenalties.plugin_class = "feedback_penalty.Some"
"""
PENALTY = """
from nbgrader.plugins import BasePlugin

class Some(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.5 if total_seconds_late > 0 else None
"""
HIDDEN = "assert mean_margin > 0, 'the margin must be positive'  # sentinel-in-process"
ORDINARY = (
    f'assert "mean_margin" in globals()\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS'
)
EVIL = "<script>alert(1)</script><img src=//evil.example/x onerror=alert(2)>\"'&"
FORMULAS = r"""
$$
\text{CLV} = \sum_{t=0}^{T} \frac{m\,r^t}{(1+d)^t} \qquad \text{<b onclick=x()>a margin each year that stays</b>}
$$

and $\href{javascript:x}{y} \class{score}{z} \style{position:fixed}{w}$, at $5 to $10: $\hat{r}$, $m > 0$
"""
HOSTILE = f"""
from IPython.display import HTML, Image, Markdown, display
evil = {EVIL!r}
print(evil, "\\x1b[31mred\\x1b[0m")
display(HTML(evil + '<h1 onclick="x()">Top</h1><a href="javascript:x()">a</a><form action="/x">'))
display(HTML('<link rel=stylesheet href="//evil.example/a.css"><img src="http://evil.example/p">'))
display(Markdown("![x](http://evil.example/y)"), Image(url="http://evil.example/z"))
display({{"text/plain": evil, "image/png": '"><script>x</script>'}}, raw=True)
print("long " * 5000)
"""


def new_course(folder: Path) -> Path:
    """The fixture with one more cell: an ordinary nbgrader test, part of it hidden."""
    courses.new_course(folder, CONFIG)
    (folder / "feedback_penalty.py").write_text(PENALTY, encoding="utf-8")
    path = folder / "solutions" / PS / f"{PS}.ipynb"
    nb = read(path)
    extra = v4.new_code_cell(ORDINARY, id="ps90-6")
    keys = {"grade": True, "solution": False, "task": False, "locked": True, "schema_version": 3}
    extra.metadata["nbgrader"] = {**keys, "grade_id": "ps90-6", "points": 1}
    nb.cells.append(extra)
    nbformat.write(nb, path)
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that has been graded, with its feedback."""
    course = courses.generate(new_course(tmp_path_factory.mktemp("feedback") / "course"))

    def submit(student: str, nb: nbformat.NotebookNode) -> Path:
        folder = courses.submit(course, student, nb)
        hour = 14 if student == "s5" else 10
        (folder / "timestamp.txt").write_text(f"2026-03-06 {hour}:00:00 UTC")
        (folder / "submission_secret.txt").write_text(student)  # nbgrader's, from the exchange
        return folder / f"{PS}.ipynb"

    with course_api(course).gradebook as gradebook:
        due = datetime.datetime(2026, 3, 6, 12)
        gradebook.update_or_create_assignment(PS, duedate=due)
        gradebook.update_or_create_student("s1", first_name="Ada", last_name="Lovelace")
        gradebook.update_or_create_student("hostile", first_name=EVIL, last_name=EVIL)
        gradebook.update_or_create_student("nobody")
    for student, (nb, _) in courses.submissions(course, BEHAVIOURS).items():
        submit(student, nb)
    right = courses.right_answers(course)
    at = {c.id: i for i, c in enumerate(right.cells)}

    nb = copy.deepcopy(right)
    nb.cells[at["ps90-1-answer"]].source += HOSTILE
    nb.cells[at["ps90-2-answer"]].source = f"raise ValueError({EVIL!r})"
    nb.cells[at["ps90-5"]].source = f"### Mine\n\n{EVIL} ![x](http://evil.example/m) $m > 0$"
    nb.cells.append(v4.new_markdown_cell(FORMULAS))
    nb.cells.append(v4.new_raw_cell(EVIL))
    submit("hostile", nb)

    nb = copy.deepcopy(right)  # prints what it finds on the stack when the hidden test looks at it
    nb.cells[at["ps90-4-answer"]].source += (
        "\nclass Spy(float):\n    def __gt__(self, other):\n"
        "        print(get_ipython().user_ns['In'][-1], repr(get_ipython().user_ns['In'][-1]))\n"
        "        return False\nmean_margin = Spy(1)"
    )
    submit("spy", nb)
    submit("broken", right).write_text('{"cells": [')
    grade(course, PS, progress=False, workers=1)
    made = feedback(course, PS, workers=1, progress=False)
    assert made["note"].eq("").all()
    assert made["made"].all()
    assert set(made["student"]) == {*BEHAVIOURS, "hostile", "spy", "broken"}
    return course


def html(course: Path, student: str) -> str:
    return (course / "feedback" / student / PS / f"{PS}.html").read_text(encoding="utf-8")


def text(course: Path, student: str) -> str:
    """What one reads: without the head and tags, blanks made one."""
    body = html(course, student).partition("<body>")[2]
    return re.sub(r" (?=[,.])", "", " ".join(re.sub(r"<[^>]+>", " ", body).split()))


# --- what it says ------------------------------------------------------------------------------


def test_a_perfect_submission(course: Path) -> None:
    said = text(course, "s1")
    assert said.startswith("Feedback Problem set 90: a fixture Student Ada Lovelace (s1)")
    assert "Score 9 of 11 points" in said
    assert "2 of these points are still to be given by hand." in said
    assert "Mean margin per order ps90.1 ✓ passed 2 of 2" in said
    assert "5. In words ps90-5 … not graded yet – of 2" in said
    assert "not passed" not in said
    assert "Asked for" not in said
    assert "Judged in your notebook" in said  # the ordinary test
    assert "late" not in said


def test_a_wrong_answer_is_explained(course: Path) -> None:
    said = text(course, "s2")
    assert "◐ partly 0.5 of 2 points" in said
    assert "That is the mean revenue; the task asks for the margin." in said
    assert "Asked for: a number (€ per order) from -1000 to 10000." in said
    assert "Asked for: a function of (retention, discount) that returns a number" in said
    assert "✗ not passed 0 of 2 points ps90.3" in said
    assert "These are euros; divide by the total to get shares." in text(course, "s3")


def test_a_dead_kernel(course: Path) -> None:
    said = text(course, "s4")
    assert "Went wrong The kernel died in a cell; what comes after it was not run." in said
    assert "What was earned before is kept." in said
    assert "The cell was not run." in said
    assert "✓ passed 2 of 2" in said


def test_a_late_submission(course: Path) -> None:
    said = text(course, "s5")
    assert "06 March 2026, 14:00 UTC, 2 hours late" in said
    assert "Handed in 2 hours late deducted −1.5" in said
    assert "Together 7.5 of 11" in said


def test_a_repaired_submission(course: Path) -> None:
    said = text(course, "s6")
    assert "Repaired before grading The deleted cell “ps90-1” was put back." in said


def test_a_submission_that_cannot_be_graded(course: Path) -> None:
    said = text(course, "broken")
    assert "Score 0 of 11 points" in said
    assert "is not a readable notebook" in said
    assert said.count("✗ not passed") >= 6
    assert "earned before" not in said
    assert "Your notebook" not in said
    assert "Points Task Result Points ps90-1 ✗ not passed 0 of 2 ps90-2 ✗" in said


def test_comments_and_points_by_hand(course: Path) -> None:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        found = gradebook.find_grade("ps90-5", PS, PS, "s1")
        found.manual_score, found.needs_manual_grade = 1.5, False
        gradebook.find_comment("ps90-5", PS, PS, "s1").manual_comment = f"**Why?** {EVIL}"
        gradebook.find_grade("ps90-6", PS, PS, "s1").manual_score = 0.5
        gradebook.db.commit()
    made = feedback(course, PS, workers=1, progress=False)
    assert made.loc[made["made"], "student"].tolist() == ["s1"]  # and nobody else's
    said = text(course, "s1")
    assert "Score 10 of 11 points" in said
    assert "still to be given" not in said
    assert "◐ partly 1.5 of 2 points ps90-5 Comment Why? &lt;script&gt;" in said
    assert "points set by your instructor" in said
    assert "<strong>Why?</strong> &lt;script&gt;" in html(course, "s1")


# --- safe --------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


ASKS = {"src", "srcset", "background", "poster", "action", "formaction", "data", "xlink:href"}


def dangers(page: str) -> list[Any]:
    tags = Tags()
    tags.feed(page)
    bad: list[Any] = [
        tag
        for tag, _ in tags.found
        if tag in ("script", "link", "iframe", "object", "embed", "form", "base", "svg")
        or tag in ("annotation-xml", "maction", "mglyph", "semantics", "menclose")
    ]
    for tag, attributes in tags.found:
        for name, value in attributes.items():
            if name.startswith("on") or (name in ASKS and not str(value).startswith("data:image/")):
                bad.append((tag, name, value))
            if name == "href" and not str(value).startswith(("#", "http", "mailto:")):
                bad.append((tag, name, value))
            if name == "style" and "url" in str(value):
                bad.append((tag, name, value))
    return bad


def test_nothing_runs_and_nothing_is_asked_of_anybody(course: Path) -> None:
    assert dangers('<img src="http://x" onerror=1><a href="javascript:x"><script>')  # it would see
    for path in course.glob("feedback/*/*/*.html"):
        found = path.read_text(encoding="utf-8")
        assert dangers(found) == [], path
        head, _, body = found.partition("</style>")
        assert "default-src 'none'; img-src data:" in head
        assert "http://" not in head + body.replace("http://evil.example", "")
        assert "https://" not in found
        assert "url(" not in found
        assert "@import" not in found


def test_what_a_hostile_student_wrote_is_shown_as_text(course: Path) -> None:
    found = html(course, "hostile")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert "alert(1)</script>" not in found
    assert found.count("<h1>") == 1  # no heading of theirs beside ours
    assert " x (http://evil.example/m) " in text(course, "hostile")  # not a picture of theirs
    assert "<h4>Mine</h4>" in found
    assert '<math alttext="m &gt; 0"><mi>m</mi><mo>&gt;</mo><mn>0</mn></math>' in found
    assert "<mtext>&lt;b onclick=x()&gt;a margin" in found.replace("\xa0", " ")
    assert "at $5 to $10: <span" in found
    left = "<mtext>javascript:x</mtext><mi>y</mi>"  # `Sanitize` makes text of a link
    assert left in found
    assert "characters left out" in found
    assert "\x1b" not in found
    assert len(found) < 45_000


def test_hidden_source_is_never_shown(course: Path) -> None:
    for path in course.glob("feedback/*/*/*.html"):
        found = path.read_text(encoding="utf-8")
        assert "sentinel" not in found, path
        assert "HIDDEN TESTS" not in found
        assert "mean_margin &gt; 0" not in found
    said = text(course, "spy")
    assert "Error AssertionError: the margin must be positive" in said
    assert "✗ not passed, 0 of 1 points" in said
    assert "Hidden tests are left out." in said


def test_hidden_regions() -> None:
    both = [("BEGIN A", "END A"), ("BEGIN B", "END B")]
    kept, cut = page._without("1\n# BEGIN A\n2\n# END A\n3\n# BEGIN B\n4", both)
    assert kept == "1\n3"  # what never ends hides the rest
    assert cut == ["# BEGIN A", "2", "# END A", "# BEGIN B", "4"]


def test_pieces() -> None:
    assert str(page.markdown("![a<b](data:image/png;base64,AA)")) == (
        '<p><img alt="a&lt;b" src="data:image/png;base64,AA"></p>\n'
    )
    assert "evil" not in page.markdown("![a](http://evil.example)")
    headings = re.findall(r"<h\d", page.markdown("# a\n### b\n# c\n###### d"))
    assert headings == ["<h4", "<h5", "<h4", "<h5"]  # none is skipped
    table = '<div class="rich" tabindex="0" role="group" aria-label="Table"><table>\n<thead>'
    assert page.markdown("|a|\n|-|\n|b|").startswith(table)
    assert page.markdown("|a|\n|-|\n|b|").endswith("</tbody>\n</table></div>\n")
    assert page.markdown("`a &lt;b`") == "<p><code>a &lt;b</code></p>\n"  # Sanitize's, undone
    error = v4.new_output("error", ename="E", evalue="<b>", traceback=["\x1b[31m<i>\x1b[0m"])
    assert "&lt;b&gt;" in page.output_html(error)
    assert "<pre>&lt;i&gt;</pre>" in page.output_html(error)
    large = v4.new_output("display_data", {"text/html": "<p>" * 200_000})
    assert page.output_html(large) == "<p>An output of 600,000 characters was left out.</p>"
    table = v4.new_output("display_data", {"text/html": "<table><tr><th></th></tr></table>"})
    assert "<th></th>" not in page.output_html(table)
    pictures = '<img src="data:image/png;base64,AA"><img src="http://evil.example/x" alt="gone">'
    made = page.output_html(v4.new_output("display_data", {"text/html": pictures}))
    assert re.findall("<img.*?>", made) == [
        '<img alt="A figure without a description" src="data:image/png;base64,AA">'
    ]


# --- formulas ----------------------------------------------------------------------------------


def signs(tex: str) -> str:
    """What one reads of a formula."""
    return re.sub(r"<[^>]+>", "", page.formula(tex)[0])


def test_formulas_of_the_course_are_typeset() -> None:
    found = []
    for path in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        for cell in read(path).cells:
            if cell.cell_type == "markdown" and "$" in cell.source:
                made = page.markdown(cell.source)
                assert "<code>\\" not in made, cell.id
                assert "$" not in re.sub("<code>.*?</code>", "", made), cell.id
                found += re.findall("<math.*?</math>", made)
    assert len(found) >= 15
    assert max(map(len, found)) < 3_000


def test_formulas() -> None:
    made = str(
        page.markdown("At $x$:\n$$\n\\frac{a}{b} = 1\n$$ (points)\n\n$$y$$\n\n> $$\n> z\n> $$")
    )
    assert made.startswith(
        '<p>At <span class="math inline"><math alttext="x"><mi>x</mi></math></span>'
    )
    block = '<math display="block" alttext="\\frac{a}{b} = 1"><mfrac><mi>a</mi><mi>b</mi></mfrac>'
    assert f'<span class="math block">{block}<mo>=</mo><mn>1</mn></math></span> (points)' in made
    assert '<div class="math block"><math display="block" alttext="y">' in made
    assert '<blockquote>\n<div class="math block"><math display="block" alttext="z">' in made
    assert "id=" not in made  # a label would be an anchor of theirs
    assert signs(r"\alpha \le 10\,\%, 1{,}000, \mathbb{R}") == "α≤10%,1,000,ℝ"
    assert signs(r"\text{churn\_rate} \neq \$5") == "churn_rate≠$5"
    assert signs(r"\left(\begin{aligned} a &= b \\ c &= d \end{aligned}\right)") == "(a=bc=d)"
    apart = '<mi>log</mi><mspace width="0.167em"></mspace><mi>x</mi>'
    assert apart in page.formula(r"\log x")[0]
    assert "<mi>var</mi><mo" in page.formula(r"\operatorname{var}(x)")[0]
    assert page.formula("a + b = c") == page.formula("a + b = c", False)
    assert not page.formula("a + b = c")[1]
    assert page.formula("a + b = c" * 6)[1]
    wide = '<span class="math inline wide" tabindex="0" role="group" aria-label="Formula"><math'
    assert wide in page.markdown("$" + "a + b = c" * 6 + "$")
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in page.markdown("$a &lt;b$")  # Sanitize's, undone


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "from $5 to 10$, (5$) and ($6), 10$",
        "US$5/$10, US$6-$7",
        "**$5** off $1,200",
        "CAC is $120,LTV is $340",
        "US$ sales and EUR$ sales",
        "\\$5 and $6\\$",
        "`$x$`",
    ],
)
def test_prices_are_no_formulas(text: str) -> None:
    made = page.markdown(text)
    assert "math" not in made
    assert re.sub("<[^>]*>", "", made).strip() == re.sub(r"[\\*`]", "", text)


LEFT_AS_TEX = r"""
\href{javascript:alert(1)}{x}
\class{score}{x}
\style{position:fixed}{x}
\cssId{points}{x}
\color{red}{x}
\textcolor{url(//evil.example)}{x}
\colorbox{red}{x}
\colorbox{}{x}
\fcolorbox{red}{blue}{x}
\rule{99em}{99em}
\hspace{-50em}x
\kern9999pt x
\raise9em{x}
\llap{x}
\rlap{x}
\smash{x}
\Huge\Huge\Huge x
\unicode{x202E}
\genfrac{<}{>}{9em}{0}{a}{b}
\hbox{$\href{x}{y}$}
\cancel{x}
\frac{a}
\foo x
{\left( x}
a % b
\def\a{xx}\a
\newcommand{\a}{xx}\a
x_1_2
x \\ y
"""


@pytest.mark.parametrize("tex", LEFT_AS_TEX.strip().splitlines())
def test_what_mathml_cannot_say_stays_tex(tex: str) -> None:
    assert page.formula(tex) == ("", False)
    shown = f'<span class="math inline"><code>{page.escape(tex)}</code></span>'
    if "$" not in tex:
        assert page.markdown(f"${tex}$") == f"<p>{shown}</p>\n"


STYLES = {
    f"{name}:{value}"
    for name, values in {
        "text-align": ("left", "right"),
        "font-weight": ("bold",),
        "font-style": ("italic",),
        "font-family": ("monospace", "sans-serif"),
    }.items()
    for value in values
}


def test_formulas_become_no_other_tags_and_attributes() -> None:
    """Whatever commands are put together: known elements, known attributes, no text among them."""
    from latex2mathml import commands

    names = [v for v in vars(commands).values() if isinstance(v, str) and v.startswith("\\")]
    arguments = [
        '{<b onclick=x>}{" onclick=x}',
        "{red}{url(x)}{x}",
        "{99em}{-9em}{x}",
        " x",
        "{x}{y}{z}{w}",
        "|<script>|",
        "{}{}{}",
        "<x\\right>",
        "{&lt;b>&#x3c;b>}{'}",
    ]
    made = 0
    for name in sorted({n.partition("{")[0] for n in names}):
        for argument in arguments:
            tags = Tags()
            tags.feed(text := page.formula(name + argument)[0])
            made += bool(text)
            for tag, attributes in tags.found:
                assert tag in page._LEAVES | page._ROWS | set(page._PARTS) | {"math"}, text
                style = attributes.pop("style", None)
                assert style is None or STYLES.issuperset(style.split(";")), text
                known = set(page._WORDS) | page._LENGTHS | {"alttext", "display"}
                assert known.issuperset(attributes), text
    assert made > 300


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("{", "}"),
        (r"\frac{1}{", "}"),
        ("x^{", "}"),
        (r"\left(", r"\right)"),
        (r"\begin{array}{c}", r"\end{array}"),
        (r"\sideset{_1}{_1}", ""),
        (r"\newcommand{\a}{\a\a}", r"\a"),
        (r"\mathrm{", "}"),
        (r"\mathbf x", ""),
        (r"\operatorname{a ", ""),
        ("&", ""),
        ("'", ""),
        ("^", ""),
        ("x ", ""),
    ],
)
def test_a_huge_formula_is_bounded(begin: str, end: str) -> None:
    times = page.TEX // len(begin + end)
    assert len(page.formula(begin * times + "x" + end * times)[0]) < 15_000
    assert page.formula("x + " * 10 * page.TEX)[0] == ""
    many = page.markdown(f"${begin * times + 'x' + end * times}$ " * 20 + "$y$ " * 5_000)
    assert len(many) < 500_000
    assert many.count("<code>") >= 2_500  # the rest is shown as it was typed


# --- small, current, the same ------------------------------------------------------------------


def test_it_is_small(course: Path) -> None:
    for student in BEHAVIOURS:
        assert len(html(course, student).encode()) < 25_000
    empty = len(html(course, "broken").encode())
    assert empty < 14_000  # styles and all


def test_only_what_changed_is_made_anew(course: Path, tmp_path: Path) -> None:
    there = shutil.copytree(course, tmp_path / "course")
    feedback(there, PS, workers=1, progress=False)  # another folder, another configuration

    def made_anew() -> list[str]:
        made = feedback(there, PS, workers=1, progress=False)
        assert made["pages"].map(len).eq(1).all()
        return list(made.loc[made["made"], "student"])

    assert made_anew() == []
    (there / "feedback" / "s2" / PS / f"{PS}.html").unlink()
    assert made_anew() == ["s2"]
    graded = there / "autograded" / "s3" / PS / f"{PS}.ipynb"
    os.utime(graded, (1, 1))
    assert made_anew() == ["s3"]
    with Gradebook(f"sqlite:///{there}/gradebook.db") as gradebook:
        gradebook.update_or_create_student("s4", first_name="Zoë")
    assert made_anew() == ["s4"]
    assert "Zoë (s4)" in text(there, "s4")


def test_stock_commands_make_the_same_page(course: Path) -> None:
    before = html(course, "s2")
    assert course_api(course).generate_feedback(PS, "s2")["success"]
    assert html(course, "s2") == before
    formgrader = Config()  # which shows submissions with a template of its own
    formgrader.HTMLExporter.template_name = "formgrade"
    formgrader.HTMLExporter.extra_template_basedirs = ["elsewhere"]
    assert course_api(course, formgrader).generate_feedback(PS, "s2")["success"]
    assert html(course, "s2") == before


def test_several_at_a_time(course: Path) -> None:
    before = {s: html(course, s) for s in ("s1", "s2", "broken")}
    for student in before:
        (course / "feedback" / student / PS / f"{PS}.html").unlink()
    made = feedback(course, PS, [*before, "nobody"], workers=2, progress=False)
    assert made.set_index("student")["made"].to_dict() == {
        **dict.fromkeys(before, True),
        "nobody": False,
    }
    assert made.set_index("student").loc["nobody", "note"] == "nothing was graded"
    assert before == {s: html(course, s) for s in before}


@pytest.mark.filterwarnings("ignore:Passing unrecognized arguments")
def test_the_pages_can_be_released(course: Path) -> None:
    assert course_api(course).release_feedback(PS)["success"]
    released = {p.read_text(encoding="utf-8") for p in course.glob("exchange/*/feedback/*.html")}
    assert released == {p.read_text(encoding="utf-8") for p in course.glob("feedback/*/*/*.html")}


def test_bad_arguments(course: Path) -> None:
    with pytest.raises(ValueError, match="assignment is 'ps77'; it must be in the gradebook"):
        feedback(course, "ps77")
    with pytest.raises(ValueError, match="workers is 0"):
        feedback(course, PS, workers=0)


def test_the_command(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    assert main([PS, "s1"]) == 0
    assert f"feedback: cxedu grade {PS} --feedback" in capsys.readouterr().out
    (course / "feedback" / "s1" / PS / f"{PS}.html").unlink()
    assert main([PS, "s1", "s2", "nobody", "--feedback", "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert "feedback: 1 of 3 pages made anew" in said.out
    assert "nobody: no feedback page, nothing was graded" in said.err
    assert html(course, "s1")


# --- in a browser ------------------------------------------------------------------------------


def test_in_a_browser(course: Path) -> None:
    """axe finds nothing, nothing is asked for, nothing overflows, and print shows what is folded."""
    from test_site import FLAGS, find_chromium

    path = find_chromium()
    if path is None:
        reason = "no Chromium found: install it, or set CXEDU_CHROMIUM to its path"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    from axe_playwright_python.base import AXE_SCRIPT
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        for student in ("s2", "hostile", "broken"):
            url = (course / "feedback" / student / PS / f"{PS}.html").as_uri()
            asked: list[str] = []
            said: list[str] = []
            visit = running.new_page(viewport={"width": 390, "height": 844})
            visit.on("request", lambda request, asked=asked: asked.append(request.url))
            visit.on("console", lambda message, said=said: said.append(message.text))
            visit.on("dialog", lambda dialog, said=said: (said.append("dialog"), dialog.dismiss()))
            visit.goto(url)
            assert [u for u in asked if not u.startswith("data:")] == [url]
            assert said == []
            assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            folded = "[...document.querySelectorAll('details pre')].map(e => e.checkVisibility({contentVisibilityAuto: true}))"
            shown = visit.evaluate(folded)
            assert not any(shown)
            assert shown or student != "hostile"
            wide = "[...document.querySelectorAll('.math.block.wide')].map(e => e.scrollWidth > e.clientWidth)"
            assert visit.evaluate(wide) == [True] * (student == "hostile")  # it scrolls by itself
            visit.emulate_media(media="print")
            visit.evaluate(
                "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
            )
            assert visit.evaluate(folded) == [True] * len(shown)
            visit.close()
            for scheme in ("light", "dark"):
                context = running.new_context(color_scheme=scheme, bypass_csp=True)
                looked = context.new_page()
                looked.goto(url)
                looked.evaluate(AXE_SCRIPT)
                found = looked.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
                assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], (student, scheme)
                context.close()
        running.close()
