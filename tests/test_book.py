"""The helpers that a chapter's cells call, and the bank of questions."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from IPython.display import display
from matplotlib.figure import Figure

from cxedu.book import explore, pick, quiz, show, slider
from cxedu.book.bank import BankError, bank_folder, check_bank, load_bank
from cxedu.book.explore import MOST_FRAMES, Frames, explorer_html
from cxedu.book.quiz import quiz_html
from cxedu.book.show import figure_html, svg
from cxedu.book.sphinx import mend, wordless
from cxedu.figures.style import COLORS, PlainAxes, new_figure

ROOT = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The MIME bundles that are displayed."""
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle))
    assert display is not None
    return bundles


def line(height: float = 1.0) -> Figure:
    fig, ax = new_figure()
    ax.plot([0, 1, 2], [height, 0.8, 0.64], label="stay")
    ax.text(1, 0.9, "80 % stay", color=COLORS["orange"])
    ax.set_title("Survival")
    ax.legend()
    return fig


# Figures -------------------------------------------------------------------------------------


def test_style_leaves_matplotlib_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    svg(line())
    assert dict(matplotlib.rcParams) == before


def test_new_figure_gives_one_axes_or_several() -> None:
    _, one = new_figure()
    assert isinstance(one, PlainAxes)
    _, several = new_figure(ncols=2, nrows=2)
    assert several.shape == (2, 2)


@pytest.mark.parametrize("wrong", [{"width": 0}, {"height": -1}, {"ncols": 0}, {"nrows": 1.5}])
def test_new_figure_names_what_is_wrong(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        new_figure(**wrong)  # type: ignore[arg-type]


def test_drawing_takes_the_colours_of_the_page() -> None:
    drawing = svg(line())
    assert "#000000" not in drawing
    assert "stroke:currentColor" in drawing
    assert f"var(--cx-blue,{COLORS['blue']})" in drawing
    assert f"fill:var(--cx-orange-text,{COLORS['orange']})" in drawing
    assert "<metadata" not in drawing
    assert "<style" not in drawing  # it would reach the whole page


def test_drawing_is_the_same_every_time() -> None:
    page = [figure_html(line(), alt="A line.", caption="It falls.") for _ in range(2)]
    assert page[0] == page[1]


def test_figures_of_a_page_have_no_id_in_common() -> None:
    first = figure_html(line(), alt="A line.", caption="It falls.")
    second = figure_html(line(0.9), alt="Another.", caption="It falls.")
    ids = [set(re.findall(r'\bid="([^"]+)"', page)) for page in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for page, known in zip((first, second), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= known


def test_a_cloud_of_points_becomes_an_image() -> None:
    fig, ax = new_figure()
    ax.scatter(*np.random.default_rng(1).normal(size=(2, 5000)), s=3)
    drawing = svg(fig)
    assert "data:image/png;base64" in drawing
    assert len(drawing) < 200_000
    small, ax = new_figure()
    ax.scatter([1, 2], [3, 4])
    assert "data:image" not in svg(small)


def test_show_says_what_is_seen(shown: list[dict[str, Any]]) -> None:
    show(line(), alt='A line that falls, "slowly" & surely.', caption="*It* falls.")
    page = shown[0]["text/html"]
    assert 'role="img" aria-label="A line that falls, &quot;slowly&quot; &amp; surely."' in page
    assert "<figcaption><em>It</em> falls.</figcaption>" in page
    assert wordless(page) == []
    assert shown[0]["text/plain"].startswith("[Figure] A line")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"alt": " ", "caption": "It falls."}, "alt is empty"),
        ({"alt": "A line.", "caption": ""}, "caption is empty"),
        ({"alt": None, "caption": "It falls."}, "alt is None"),
        ({"alt": "It falls.", "caption": "it falls."}, "alt repeats the caption"),
    ],
)
def test_show_wants_words(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        show(line(), **words)


def test_show_wants_a_figure() -> None:
    with pytest.raises(ValueError, match="fig is a str"):
        show("figure", alt="A line.", caption="It falls.")  # type: ignore[arg-type]


def test_show_closes_a_pyplot_figure(shown: list[dict[str, Any]]) -> None:
    import matplotlib.pyplot as plt

    fig = plt.figure()
    fig.add_subplot().plot([1, 2])
    show(fig, alt="A line.", caption="It rises.")
    assert fig.number not in plt.get_fignums()


# Explorers -----------------------------------------------------------------------------------


def frames(**controls: Any) -> Frames:
    def draw(retention: float = 0.5, offer: str = "") -> Figure:
        return line(retention)

    def describe(retention: float = 0.5, offer: str = "") -> str:
        return f"{retention:.0%} stay {offer}".strip()

    return Frames(draw, describe, controls)


RETENTION = slider(0.5, 0.9, step=0.2, value=0.7, label="Retention", unit="per year")
OFFER = pick(["none", "amends"], value="amends", label="Offer")


def test_frames_come_in_the_order_of_the_controls() -> None:
    made = frames(retention=RETENTION, offer=OFFER)
    assert made.sentences == [
        f"{r} stay {offer}" for r in ("50%", "70%", "90%") for offer in ("none", "amends")
    ]
    assert made.start == 3
    assert made.index([2, 0]) == 4


def test_packed_frames_are_the_drawings() -> None:
    made = frames(retention=RETENTION)
    packed = made.packed()
    unpacked = ["".join(packed["parts"][i] for i in frame) for frame in packed["frames"]]
    assert unpacked == made.drawings
    assert len(json.dumps(packed)) < 0.9 * sum(map(len, made.drawings))


def test_explorer_is_complete_and_the_same_every_time() -> None:
    pages = [explorer_html(frames(retention=RETENTION, offer=OFFER), "Move it.") for _ in range(2)]
    assert pages[0] == pages[1]
    page = pages[0]
    assert '<div class="cx-frame" role="img" aria-label="70% stay amends">' in page
    assert '<p class="cx-sentence" aria-live="polite">70% stay amends</p>' in page
    assert 'aria-valuetext="0.7 per year"' in page
    assert "<option selected>amends</option>" in page
    assert not re.search(r"\son\w+=", page)  # no inline handlers
    assert wordless(page) == []


def test_explorer_escapes_what_would_end_its_data() -> None:
    made = frames(retention=RETENTION)
    made.sentences[0] = "</script><script>alert(1)</script>"
    assert "</script><script>alert" not in explorer_html(made, "Move it.")


def test_explore_shows_page_and_widgets(shown: list[dict[str, Any]]) -> None:
    explore(
        line, describe=lambda height: f"It starts at {height}.", caption="Move it.",
        height=slider(0.5, 1, step=0.5, value=1, label="Height"),
    )  # fmt: skip
    assert set(shown[0]) == {"text/html", "text/plain", WIDGET}
    assert shown[0]["text/plain"] == "[Explorer] It starts at 1.0."


def test_widgets_follow_the_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    import ipywidgets

    boxes: list[Any] = []
    original = ipywidgets.VBox.__init__

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        boxes.append(self)

    monkeypatch.setattr(ipywidgets.VBox, "__init__", keep)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    explore(
        lambda retention: line(retention),
        describe=lambda retention: f"{retention:.0%} stay",
        caption="Move it.",
        retention=RETENTION,
    )
    control, picture = boxes[0].children
    assert "70% stay" in picture.value
    control.value = 2
    assert "90% stay" in picture.value
    assert "70% stay" not in picture.value


def test_too_many_frames_are_counted() -> None:
    wide = slider(0, 1, step=0.1, value=0, label="Wide")
    with pytest.raises(ValueError, match=rf"121 frames \(a 11 × b 11\), and {MOST_FRAMES}"):
        Frames(lambda **_: line(), lambda **_: "x", {"a": wide, "b": wide})


@pytest.mark.parametrize(
    ("controls", "describe", "message"),
    [
        ({}, lambda: "x", "at least one control"),
        ({"retention": 0.8}, lambda retention: "x", "retention is 0.8; make it with slider"),
        ({"retention": RETENTION}, lambda retention: "", "describe.* is empty"),
        ({"retention": RETENTION}, lambda retention: 3, "describe.* is 3"),
    ],
)
def test_explore_says_what_is_missing(controls: Any, describe: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explore(lambda **_: line(), describe=describe, caption="Move it.", **controls)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 1, "high": 0, "step": 1, "value": 1}, "high is 0"),
        ({"low": 0, "high": 1, "step": 0, "value": 1}, "step is 0"),
        ({"low": 0, "high": 1, "step": 0.3, "value": 0}, "does not lead to high"),
        ({"low": 0, "high": 1, "step": 0.5, "value": 2}, "value is 2"),
        ({"low": 0, "high": 1, "step": 0.5, "value": 0.3}, "stops at 0, 0.5, 1"),
        ({"low": float("nan"), "high": 1, "step": 0.5, "value": 0.3}, "low is nan"),
    ],
)
def test_slider_says_what_is_wrong(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slider(**arguments, label="Retention")  # type: ignore[arg-type]


def test_slider_values_are_clean() -> None:
    assert slider(0.1, 0.7, step=0.1, value=0.3, label="Rate").values[2] == 0.3
    assert slider(1, 5, step=2, value=1, label="Years").values == (1, 3, 5)
    assert isinstance(slider(1, 5, step=2, value=1, label="Years").values[0], int)


# Questions -----------------------------------------------------------------------------------

OPTIONS = [
    {"text": "first", "correct": True, "feedback": "Yes."},
    {"text": "second", "feedback": "No."},
]


def question(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "6-q01", "kind": "single", "outcome": "6.1", "section": "Value", "difficulty": 1,
        "where": ["page"], "stem": "Which?", "options": OPTIONS, **changes,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


NUMERIC = {
    "kind": "numeric",
    "options": None,
    "answer": {"value": 2.5, "tolerance": 0.01},
    "feedback": {"correct": "Yes.", "wrong": "No."},
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": None}, "needs `options:`"),
        ({"options": OPTIONS[:1]}, "at least two"),
        (
            {"options": [{"text": "a", "feedback": "x"}, {"text": "b", "feedback": "y"}]},
            "no option is",
        ),
        (
            {"options": [OPTIONS[0], {**OPTIONS[1], "correct": True}]},
            "2 options are marked correct",
        ),
        ({"options": [OPTIONS[0], OPTIONS[0]]}, "same text"),
        ({"options": [OPTIONS[0], {"text": "b"}]}, "option 2 needs a `feedback:`"),
        ({"options": [OPTIONS[0], {"text": True, "feedback": "x"}]}, "option 2 needs a `text:`"),
        (
            {"kind": "true_false", "options": [*OPTIONS, {"text": "c", "feedback": "z"}]},
            "has 3 options",
        ),
        ({"kind": "riddle"}, "kind is 'riddle'; it must be one of single"),
        ({"kind": None}, "kind is None"),
        ({"stem": None}, "`stem:` is missing"),
        ({"outcome": 6.1}, "write it in quotes"),
        ({**NUMERIC, "answer": None}, "needs `answer:"),
        ({**NUMERIC, "answer": {"value": "2.5", "tolerance": 0}}, "with numbers"),
        ({**NUMERIC, "answer": {"value": 2.5}}, "tolerance"),
        ({**NUMERIC, "feedback": None}, "needs `feedback:"),
        ({**NUMERIC, "near": [{"value": 2.505, "feedback": "x"}]}, "within the tolerance"),
        ({"kind": "open", "options": None}, "needs a `model_answer:`"),
        ({"difficulty": 4}, "4 is not one of"),
        ({"where": ["blackboard"]}, "where.0: 'blackboard' is not one of"),
        ({"hint": "x"}, "'hint' was unexpected"),
    ],
)
def test_a_broken_question_is_named(changes: dict[str, Any], message: str) -> None:
    raw = {"chapter": 6, "questions": [question(**changes)]}
    with pytest.raises(BankError, match=message) as error:
        check_bank(raw, "06.yml", 6)
    assert str(error.value).startswith("06.yml, question 6-q01")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, "list `questions:`"),
        ({"chapter": 7, "questions": []}, "chapter is 7"),
        ({"chapter": 6, "questions": []}, "06.yml: "),
        ({"chapter": 6, "questions": [{"kind": "open"}]}, "question number 1 has no `id:`"),
        ({"chapter": 6, "questions": [question(), question()]}, "6-q01: this id occurs twice"),
        ({"chapter": 6, "questions": [question(id="4-q01")]}, "must start with 6-q"),
    ],
)
def test_a_broken_bank_is_named(raw: Any, message: str) -> None:
    with pytest.raises(BankError, match=message):
        check_bank(raw, "06.yml", 6)


def test_bad_yaml_and_unknown_chapters_are_named(tmp_path: Path) -> None:
    (tmp_path / "06.yml").write_text("chapter: [6")
    with pytest.raises(BankError, match=r"06.yml is not valid YAML"):
        load_bank(6, tmp_path)
    with pytest.raises(
        ValueError, match=r"chapter is 7; it has no question file 07.yml \(there: 6\)"
    ):
        load_bank(7, tmp_path)


@pytest.mark.parametrize("path", sorted(bank_folder().glob("[0-9][0-9].yml")), ids=lambda p: p.stem)
def test_every_bank_of_the_course_is_sound(path: Path) -> None:
    questions = load_bank(int(path.stem))
    assert len(questions) >= 12
    assert sum("page" in q.where for q in questions) >= 8


def write_bank(folder: Path, *questions: dict[str, Any]) -> Path:
    bank = {"chapter": 6, "questions": list(questions)}
    (folder / "06.yml").write_text(yaml.safe_dump(bank, allow_unicode=True), encoding="utf-8")
    return folder


def test_quiz_is_plain_accessible_html(tmp_path: Path) -> None:
    folder = write_bank(
        tmp_path,
        question(stem="Is $r < 1$ *always*? <b>"),
        question(id="6-q02", **NUMERIC),
        question(id="6-q03", kind="open", options=None, model_answer="Ask.", rubric=["asks"]),
        question(id="6-q04", where=["exam"]),
    )
    page, number = quiz_html(6, folder=folder)
    assert number == 3
    assert page == quiz_html(6, folder=folder)[0]
    assert page.count("<fieldset") == page.count("<legend>") == page.count("</fieldset>") == 2
    assert page.count('role="status"') == 2
    assert page.count("<details") == page.count("</details>") == 3
    assert "<em>always</em>? &lt;b&gt;" in page
    assert r'<span class="math inline">\(r &lt; 1\)</span>' in page
    assert "6-q04" not in page
    assert quiz_html(6, "6-q02", folder)[1] == 1
    with pytest.raises(ValueError, match=r"question is '6-q04'; .* are 6-q01, 6-q02, 6-q03"):
        quiz_html(6, "6-q04", folder)


def test_quiz_shows_the_bank_of_the_course(shown: list[dict[str, Any]]) -> None:
    chapters = sorted(bank_folder().glob("[0-9][0-9].yml"))
    quiz(int(chapters[0].stem))
    assert shown[0]["text/html"].startswith('<div class="cx-quiz">')


# Pages ---------------------------------------------------------------------------------------


def test_tables_are_mended() -> None:
    import pandas as pd

    table = pd.DataFrame({"margin": [1.0]}, index=pd.Index([7], name="customer")).to_html()
    mended = mend(table)
    assert "<th>customer</th>\n      <th>margin</th>" in mended
    assert not re.search(r"<th[^>]*></th>", mended)
    assert mended.startswith('<div class="cx-table" role="region" aria-label="Table" tabindex="0">')


def test_nbval_blanks_drawings_and_nothing_else() -> None:
    rules = re.findall(
        r"^regex: (.*)$\n^replace: (.*)$",
        (ROOT / "tests" / "nbval-sanitize.cfg").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )

    def sanitized(text: str) -> str:
        for regex, replacement in rules:
            text = re.sub(regex, replacement, text)
        return text

    def page(height: float, alt: str = "A line.") -> str:
        return sanitized(figure_html(line(height), alt=alt, caption="It falls."))

    assert page(1) == page(0.9)
    assert page(1) != page(1, "Another line.")
    made = frames(retention=RETENTION)
    before = sanitized(explorer_html(made, "Move it."))
    assert before.count("<path") == 0
    made.sentences[0] = "A tampered number: 51 %."
    assert sanitized(explorer_html(made, "Move it.")) != before
    kept = textwrap.dedent("""
        The Gini is 0.6310, at 0x7f2e.. the value is 12345678 €
    """)
    assert sanitized(kept) == kept
    assert sanitized("<object at 0x7f0462b53f60>") == "<object at ADDRESS>"
