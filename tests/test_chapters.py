"""Every chapter keeps the chapter contract: the same parts, in the same order, finished."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
import yaml

from cxedu.course.notebooks import chapters

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = [p for p in chapters(ROOT) if p.name[:2].isdigit()]
LAST_PARTS = [
    "Lifting the curtain",
    "Check yourself",
    "Food for thought",
    "Summary",
    "Terms",
    "Further reading",
]


class Chapter:
    """A chapter as the checks below need it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = int(path.name[:2])
        self.notebook = nbformat.read(path, as_version=4)
        self.code = [c for c in self.notebook.cells if c.cell_type == "code"]
        self.text = "\n\n".join(c.source for c in self.notebook.cells if c.cell_type == "markdown")
        self.source = "\n\n".join(c.source for c in self.code)
        self.headings = re.findall(r"^## (.+)$", self.text, re.MULTILINE)

    def part(self, heading: str) -> str:
        """The Markdown below one of the chapter's second-level headings."""
        match = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", self.text, re.S | re.M)
        assert match, f"{self.path.name} has no part “## {heading}”"
        return match[1]

    @property
    def opening(self) -> str:
        return re.split(r"^## ", self.text, maxsplit=1, flags=re.M)[0]

    @property
    def outcomes(self) -> dict[str, str]:
        part = self.part("What you will be able to do")
        return dict(re.findall(r"^- \*\*(\d+\.\d+)\*\* (.+?) \*\(\d+ minutes\)\*$", part, re.M))

    @property
    def questions(self) -> list[dict]:
        bank = ROOT / "book" / "testbank" / f"{self.number:02d}.yml"
        return yaml.safe_load(bank.read_text(encoding="utf-8"))["questions"]

    def outputs(self, mime: str) -> list[str]:
        return [
            "".join(out.data[mime])
            for cell in self.code
            for out in cell.outputs
            if mime in out.get("data", {})
        ]


@pytest.fixture(params=CHAPTERS, ids=lambda p: p.stem, scope="module")
def chapter(request: pytest.FixtureRequest) -> Chapter:
    return Chapter(request.param)


def words(text: str) -> int:
    return len(re.findall(r"\w+(?:[’'-]\w+)*", text))


def test_there_are_chapters_to_check() -> None:
    assert {4, 6, 11} <= {int(p.name[:2]) for p in CHAPTERS}


def test_opens_with_a_situation(chapter: Chapter) -> None:
    first = chapter.opening.strip().splitlines()[0]
    assert re.match(rf"# {chapter.number}\. \S", first), "the title is “# N. Title”"
    assert 60 <= words(chapter.opening) <= 260


def test_outcomes_are_checkable(chapter: Chapter) -> None:
    assert 3 <= len(chapter.outcomes) <= 5
    for number, outcome in chapter.outcomes.items():
        assert number.startswith(f"{chapter.number}.")
        assert outcome.split()[0][0].isupper(), "an outcome starts with its verb"
        vague = {"Understand", "Know", "Learn", "Appreciate"}
        assert outcome.split()[0] not in vague, f"{outcome}: nobody can check that"


def test_parts_stand_in_order(chapter: Chapter) -> None:
    assert chapter.headings[0] == "What you will be able to do"
    assert [h for h in chapter.headings if h in LAST_PARTS] == LAST_PARTS
    ideas = chapter.headings.index("Lifting the curtain") - 1
    assert ideas >= 3, "at least three sections of ideas come before the curtain is lifted"


def test_parts_are_filled(chapter: Chapter) -> None:
    assert len(re.findall(r"^\d+\. ", chapter.part("Food for thought"), re.M)) >= 5
    assert 60 <= words(chapter.part("Summary")) <= 320
    assert re.search(r"[Cc]hapter \d+", chapter.part("Summary")), "the summary bridges onward"
    assert len(re.findall(r"\{term\}`", chapter.part("Terms"))) >= 8
    assert len(re.findall(r"\{cite:\w+\}`", chapter.part("Further reading"))) >= 4
    assert ":class: sidebar-case" in chapter.text, "a sidebar tells a case"


def test_is_a_sitting_of_reading(chapter: Chapter) -> None:
    minutes = words(chapter.text) / 200
    assert 15 <= minutes <= 45, f"{minutes:.0f} minutes at 200 words a minute"


def test_terms_are_bold_and_linked_at_first_use(chapter: Chapter) -> None:
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").lower()
    linked = re.findall(r"\{term\}`([^`<]+?)(?: ?<([^>]+)>)?`", chapter.text)
    for shown, target in linked:
        term = (target or shown).strip().lower()
        assert re.search(rf"^ *{re.escape(term)}$", glossary, re.M), (
            f"“{term}” is not in the glossary"
        )
    for shown, target in set(linked):
        role = f"{{term}}`{shown}" + (f" <{target}>`" if target else "`")
        first = chapter.text.find(role)
        if first >= 0 and first < chapter.text.index("## Terms"):
            assert chapter.text[first - 2 : first] == "**", f"“{shown}” is bold at first use"


def test_sources_exist(chapter: Chapter) -> None:
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{([^,]+),", bibliography, re.M))
    cited = {
        key.strip()
        for group in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", chapter.text)
        for key in group.split(",")
    }
    assert cited <= keys, f"not in references.bib: {cited - keys}"


def test_cells_are_short(chapter: Chapter) -> None:
    for cell in chapter.code:
        plain = re.sub(r"^(\s*)%.*$", r"\1pass", cell.source, flags=re.M)
        statements = sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(plain)))
        assert statements <= 12, f"plumbing belongs in cxedu:\n{cell.source}"
        assert len(cell.source.splitlines()) <= 24, f"too long to read:\n{cell.source}"
        assert "plt." not in cell.source, "plotting belongs in cxedu.figures"


def test_was_run_and_kept_clean(chapter: Chapter) -> None:
    counts = [c.execution_count for c in chapter.code if c.source.strip()]
    assert counts == list(range(1, len(counts) + 1)), "run top to bottom in one go"
    for cell in chapter.code:
        for out in cell.outputs:
            assert out.output_type != "error"
            assert out.get("name") != "stderr", f"nothing on stderr:\n{cell.source}"
            assert "application/vnd.jupyter.widget-view+json" not in out.get("data", {})
    assert set(chapter.notebook.metadata) == {"kernelspec", "language_info"}


def test_shows_figures_that_can_be_heard(chapter: Chapter) -> None:
    pages = chapter.outputs("text/html")
    figures = [p for p in pages if "<figure" in p]
    assert len(figures) >= 4, "at least three figures and an explorer"
    for figure in figures:
        assert "<figcaption" in figure
        assert 'role="img"' in figure or "alt=" in figure


def test_has_explorers_and_a_quiz(chapter: Chapter) -> None:
    assert 1 <= chapter.source.count("explore(") <= 3
    assert f"quiz({chapter.number})" in chapter.source


def test_questions_test_every_outcome(chapter: Chapter) -> None:
    on_page = [q for q in chapter.questions if "page" in q["where"]]
    assert len(on_page) >= 5
    assert len(chapter.questions) >= 12
    assert {q["outcome"] for q in chapter.questions} == set(chapter.outcomes)
    assert {q["section"] for q in chapter.questions} <= set(chapter.headings)


def test_lifts_the_curtain(chapter: Chapter) -> None:
    cells = chapter.notebook.cells
    start = next(i for i, c in enumerate(cells) if c.source.startswith("## Lifting the curtain"))
    end = next(i for i, c in enumerate(cells) if c.source.startswith("## Check yourself"))
    after = "\n".join(c.source for c in cells[start:end] if c.cell_type == "code")
    assert ".truth" in after, "the estimate is set against the truth"
