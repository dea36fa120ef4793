"""The site as its readers get it: in Chromium, from a server and from the disk, light and dark, wide and narrow.

The pages are those of the book plus one trial page that has every kind of output, so that nothing
here depends on which chapters are written.
"""

import functools
import gzip
import http.server
import io
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml

from cxedu.book.explore import Frames, explorer_html, pick, slider
from cxedu.book.quiz import quiz_html
from cxedu.book.show import figure_html
from cxedu.course import site as course_site
from cxedu.figures.style import COLORS, new_figure

ROOT = Path(__file__).resolve().parents[1]
TRIAL = "chapters/00-trial"
SENTINEL = "not for the eyes of students"
SECRET = ("BEGIN SOLUTION", "BEGIN HIDDEN", SENTINEL)
HEAVIEST = 1_500_000  # bytes, gzipped, of a first visit
# WCAG 2.1 AA by day; at night only what colours can break (axe takes seconds on a chapter).
RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
# What axe may find: rule → the reason why we leave it. Empty, and meant to stay so.
ALLOWED: dict[str, str] = {}
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync"),
]
# A euro sign outside \text{…}, say: MathJax shows an error and tells nobody.
BROKEN_FORMULAS = """
window.MathJax ? [...MathJax.startup.document.math]
  .filter((formula) => formula.typesetRoot?.querySelector("mjx-merror"))
  .map((formula) => formula.math) : []
"""
BANK = """
chapter: 1
questions:
- {id: 1-q01, kind: single, outcome: "1.1", section: Value, difficulty: 1, where: [page],
   stem: "With $r = 0.8$, which is *right*?",
   options: [{text: "first", feedback: "First is wrong."},
             {text: "second, $x^2$", correct: true, feedback: "Second is right."}]}
- {id: 1-q02, kind: multiple, outcome: "1.1", section: Value, difficulty: 2, where: [page, exam],
   stem: "Which are even?",
   options: [{text: "2", correct: true, feedback: "Two is even."},
             {text: "3", feedback: "Three is odd."},
             {text: "4", correct: true, feedback: "Four is even."}]}
- {id: 1-q03, kind: true_false, outcome: "1.1", section: Value, difficulty: 1, where: [page],
   stem: "Trust pays.",
   options: [{text: "True", correct: true, feedback: "It does."}, {text: "False", feedback: "It does."}]}
- {id: 1-q04, kind: numeric, outcome: "1.1", section: Value, difficulty: 2, where: [page],
   stem: "The multiple?", answer: {value: 2.5, tolerance: 0.01, unit: "times the margin"},
   feedback: {correct: "Just so.", wrong: "Divide by one plus d minus r."},
   near: [{value: 4, feedback: "You forgot to discount."}]}
- {id: 1-q05, kind: open, outcome: "1.1", section: Value, difficulty: 3, where: [page],
   stem: "What would you do?", model_answer: "Ask them.", rubric: ["asks", "listens"]}
- {id: 1-q06, kind: open, outcome: "1.1", section: Value, difficulty: 3, where: [exam],
   stem: "Kept for the exam.", model_answer: "Nobody sees this."}
"""


# The site ------------------------------------------------------------------------------------


def trial_page(folder: Path) -> nbformat.NotebookNode:
    """A chapter with a figure, a cloud of points, a table, explorers and all kinds of questions."""
    (folder / "01.yml").write_text(BANK, encoding="utf-8")
    fig, (left, right) = new_figure(ncols=2)
    left.plot([0, 1, 2], [1, 0.8, 0.64], label="80 % stay")
    left.legend()
    points = np.random.default_rng(1).normal(size=(2500, 2))
    right.scatter(points[:, 0], points[:, 1], s=3, color=COLORS["purple"])

    def draw(retention: float) -> Any:
        fig, ax = new_figure()
        ax.bar(range(8), [retention**t for t in range(8)])
        return fig

    def recovered(offer: str) -> Any:
        return draw({"nothing": 0.5, "an apology": 0.9}[offer])

    control = slider(0.6, 0.9, step=0.1, value=0.8, label="Retention", unit="per year")
    by_retention = Frames(draw, lambda retention: f"{retention:.0%} stay.", {"retention": control})
    choice = pick(["nothing", "an apology"], value="nothing", label="After the breach")
    by_offer = Frames(recovered, lambda offer: f"They offer {offer}.", {"offer": choice})
    table = pd.DataFrame({f"a wide column, number {i}": [i] for i in range(9)}).rename_axis("who")
    pages = [
        figure_html(fig, alt="A falling line, and a cloud of points.", caption="Two *panels*."),
        f"<div>{table.to_html()}</div>",
        explorer_html(by_retention, "Move it."),
        explorer_html(by_offer, "Choose one."),
        quiz_html(1, folder=folder)[0],
    ]
    text = (
        "# 0. A trial page\n\nA **{term}`lifetime value`** of $m\\,r/(1+d-r)$.\n\n"
        "$$\\sum_{t=1}^{\\infty} \\frac{m\\,r^t}{(1+d)^t}$$\n\n"
        "## What you will be able to do\n\n- **0.1** Try *(1 minute)*\n\n"
        ":::{admonition} Sidebar: a case\n:class: sidebar-case\n\nOnce upon a time.\n:::\n\n"
        "| Tier | What to do |\n|---|---|\n| Below zero | talk |\n"
    )
    cells = [nbformat.v4.new_markdown_cell(text)]
    for page in pages:
        output = nbformat.v4.new_output("display_data", data={"text/html": page})
        code = "show(" + "a_rather_long_argument, " * 8 + ")"
        cells.append(nbformat.v4.new_code_cell(code, outputs=[output], execution_count=1))
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the site is made from, with the trial page and with secrets beside it."""
    tree = tmp_path_factory.mktemp("site")
    for name in ("_config.yml", "_toc.yml", "README.md"):
        shutil.copy(ROOT / name, tree)
    for name in ("book", "chapters", "datasets", "solutions", "exercises"):
        shutil.copytree(ROOT / name, tree / name)
    contents = yaml.safe_load((tree / "_toc.yml").read_text(encoding="utf-8"))
    for part in contents["parts"]:
        for page in part["chapters"]:
            if not list(tree.glob(page["file"] + ".*")):  # a chapter still to be written
                stub = nbformat.v4.new_notebook(
                    cells=[nbformat.v4.new_markdown_cell("# 0. To come")]
                )
                nbformat.write(stub, tree / (page["file"] + ".ipynb"))
    contents["parts"][0]["chapters"].append({"file": TRIAL})
    (tree / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    nbformat.write(trial_page(tree), tree / f"{TRIAL}.ipynb")
    for name in (
        "solutions/ps00/ps00.md",
        "solutions/ps00.md",
        ".hidden/notes.md",
        "tests/notes.md",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(f"# Secret\n\n{SENTINEL}\n", encoding="utf-8")
    return tree


@pytest.fixture(scope="session")
def html(tree: Path) -> Path:
    """The built site: warnings are errors."""
    return course_site.build(tree)


@pytest.fixture(scope="session")
def server(html: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def pages(html: Path) -> list[str]:
    """All pages but the redirect at the root."""
    found = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    return [page for page in found if page != "index.html" and not page.startswith("_static/")]


# The browser ---------------------------------------------------------------------------------


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("CXEDU_CHROMIUM") or next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = find_chromium()
    if path is None:
        reason = "no Chromium found: install it, or set CXEDU_CHROMIUM to its path"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@dataclass
class Visit:
    """What one page asked for, complained of and weighed, and what axe found in it."""

    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    weight: int = 0
    axe: dict[str, list[str]] = field(default_factory=dict)
    overflow: int = 0


def watch(page: Any, visit: Visit) -> None:
    def requested(request: Any) -> None:
        if not re.match(r"(file|data|blob):|http://127\.0\.0\.1[:/]", request.url):
            visit.outside.append(request.url)

    page.on("request", requested)
    page.on(
        "response",
        lambda response: (
            response.ok or visit.complaints.append(f"{response.status} {response.url}")
        ),
    )
    page.on("requestfailed", lambda request: visit.complaints.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: said.type in ("error", "warning") and visit.complaints.append(said.text),
    )


def gzipped(response: Any) -> int:
    body = response.body() if response.ok else b""
    kind = response.headers.get("content-type", "")
    packed = "font" in kind or ("image" in kind and "svg" not in kind)
    return len(body) if packed else len(gzip.compress(body))


@pytest.fixture(scope="session")
def visits(browser: Any, server: str, html: Path) -> dict[str, Visit]:
    """Every page, visited for the first time: light, then dark, then as narrow as a telephone."""
    from axe_playwright_python.base import AXE_SCRIPT

    result = {}
    for name in pages(html):
        visit = result[name] = Visit()
        context = browser.new_context(color_scheme="light", reduced_motion="reduce")
        page = context.new_page()
        watch(page, visit)
        responses: list[Any] = []
        keep = responses.append
        page.on("response", lambda response, keep=keep: keep(response))
        page.goto(f"{server}/{name}", wait_until="networkidle")
        visit.weight = sum(map(gzipped, responses))
        visit.complaints += [f"formula: {formula}" for formula in page.evaluate(BROKEN_FORMULAS)]
        page.evaluate(AXE_SCRIPT)
        for theme, rules in RULES.items():
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            page.wait_for_timeout(250)  # the theme fades
            options = {"runOnly": rules, "resultTypes": ["violations"], "selectors": False}
            found = page.evaluate("options => axe.run(options)", {**options, "preload": False})
            visit.axe[theme] = [
                f"{rule['id']}: {node['html'][:160]} — {node['failureSummary'][:200]}"
                for rule in found["violations"]
                if rule["id"] not in ALLOWED
                for node in rule["nodes"][:3]
            ]
        page.set_viewport_size({"width": 390, "height": 844})
        visit.overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        context.close()
    return result


# What must hold ------------------------------------------------------------------------------


def test_every_chapter_is_in_the_contents() -> None:
    listed = set(re.findall(r"file: (chapters/\S+)", (ROOT / "_toc.yml").read_text("utf-8")))
    there = {f"chapters/{path.stem}" for path in (ROOT / "chapters").glob("*.ipynb")}
    assert there <= listed


def test_nothing_but_the_book_is_published(html: Path) -> None:
    published = [path.relative_to(html) for path in html.rglob("*") if path.is_file()]
    odd = [p for p in published if {"solutions", "exercises", "tests", ".hidden"} & set(p.parts)]
    assert odd == []
    for path in published:
        content = (html / path).read_bytes()
        assert not [word for word in SECRET if word.encode() in content], path


def test_data_page_has_every_table_and_its_file(html: Path, browser: Any) -> None:
    package = json.loads((ROOT / "datasets" / "datapackage.json").read_text("utf-8"))
    page = browser.new_page()
    page.goto((html / "book" / "data.html").as_uri())
    for resource in package["resources"]:
        path, fields = resource["path"], resource["schema"]["fields"]
        table = page.locator("#data-" + resource["name"].replace(".", "-"))
        assert (html / "datasets" / path).read_bytes() == (ROOT / "datasets" / path).read_bytes()
        assert table.locator("a[download]").get_attribute("href") == f"../datasets/{path}"
        assert table.locator("tbody code").all_text_contents() == [f["name"] for f in fields]
        hidden = resource["truth"]  # folded and marked
        assert table.locator("table").is_visible() is not hidden
        assert table.get_by_text("hidden truth").count() == hidden
    page.close()
    assert {path.suffix for path in (html / "datasets").rglob("*.*")} == {".csv", ".json"}


def test_a_picture_without_words_is_a_warning(tmp_path: Path) -> None:
    from sphinx.application import Sphinx

    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "index.md").write_text(
        "# Page\n\n![](a.svg)\n\n![Rising](a.svg)\n\n"
        "```{raw} html\n<img src='a.svg'>\n<svg></svg>\n```\n"
    )
    warnings = io.StringIO()
    folders = (tmp_path, None, tmp_path / "made", tmp_path / "trees")
    settings = {"extensions": ["myst_parser", "cxedu.book.sphinx"]}
    Sphinx(*folders, "text", settings, status=None, warning=warnings).build()
    assert warnings.getvalue().count("picture a.svg has no alternative text") == 1
    assert warnings.getvalue().count("a picture without words") == 2


def test_no_link_leads_nowhere(html: Path) -> None:
    for name in pages(html):
        for link in re.findall(r'(?:href|src)="([^"#?]+)', (html / name).read_text("utf-8")):
            if not re.match(r"[a-z]+:", link):
                assert ((html / name).parent / link).exists(), f"{name}: {link}"


def test_no_page_asks_another_server(visits: dict[str, Visit]) -> None:
    assert {name: visit.outside for name, visit in visits.items() if visit.outside} == {}


def test_no_page_complains(visits: dict[str, Visit]) -> None:
    assert {name: visit.complaints for name, visit in visits.items() if visit.complaints} == {}


def test_pages_work_from_the_disk(browser: Any, html: Path) -> None:
    for name in pages(html):
        visit = Visit()
        page = browser.new_page()
        watch(page, visit)
        page.goto((html / name).as_uri(), wait_until="load")
        page.close()
        assert (visit.outside, visit.complaints) == ([], []), name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(visits: dict[str, Visit], theme: str) -> None:
    found = {name: visit.axe[theme] for name, visit in visits.items() if visit.axe[theme]}
    assert found == {}, json.dumps(found, indent=1, ensure_ascii=False)


def test_nothing_scrolls_sideways_on_a_telephone(visits: dict[str, Visit]) -> None:
    assert {name: visit.overflow for name, visit in visits.items() if visit.overflow > 0} == {}


def test_pages_are_light(visits: dict[str, Visit]) -> None:
    assert {name: v.weight for name, v in visits.items() if v.weight > HEAVIEST} == {}


def test_explorer_follows_the_keyboard(browser: Any, html: Path) -> None:
    page = browser.new_page()
    page.goto((html / f"{TRIAL}.html").as_uri())
    explorer = page.locator("figure.cx-explore").first
    control = explorer.get_by_label("Retention")
    picture, sentence = explorer.locator(".cx-frame"), explorer.locator(".cx-sentence")
    before = picture.inner_html()
    assert sentence.inner_text() == "80% stay."
    assert sentence.get_attribute("aria-live") == "polite"
    control.focus()
    page.keyboard.press("ArrowRight")
    assert sentence.inner_text() == "90% stay."
    assert picture.get_attribute("aria-label") == "90% stay."
    assert control.get_attribute("aria-valuetext") == "0.9 per year"
    assert picture.inner_html() != before
    page.keyboard.press("ArrowLeft")
    assert picture.inner_html() == before
    other = page.locator("figure.cx-explore").nth(1)
    other.get_by_label("After the breach").select_option("an apology")
    assert other.locator(".cx-sentence").inner_text() == "They offer an apology."
    page.close()


def test_explorer_shows_its_start_without_javascript(browser: Any, html: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((html / f"{TRIAL}.html").as_uri())
    explorer = page.locator("figure.cx-explore").first
    assert explorer.locator(".cx-frame svg").is_visible()
    assert explorer.locator(".cx-sentence").inner_text() == "80% stay."
    assert not explorer.locator(".cx-controls").is_visible()
    page.locator(".cx-answer > summary").first.click()
    assert page.get_by_text("Second is right.").is_visible()
    context.close()


def test_questions_answer_at_once(browser: Any, html: Path) -> None:
    page = browser.new_page()
    page.goto((html / f"{TRIAL}.html").as_uri())

    def question(number: int) -> tuple[Any, Any]:
        box = page.locator(".cx-question").nth(number)
        return box, box.get_by_role("status")

    single, said = question(0)
    single.get_by_label("first").check()
    assert said.inner_text().split() == ["Not", "yet.", "First", "is", "wrong."]
    single.get_by_label("second").check()
    assert "Right." in said.inner_text()
    assert "Second is right." in said.inner_text()

    multiple, said = question(1)
    multiple.get_by_role("button", name="Check").click()
    assert "at least one" in said.inner_text()
    multiple.get_by_label("2").check()
    multiple.get_by_role("button", name="Check").click()
    assert "1 more is too" in said.inner_text()
    multiple.get_by_label("3").check()
    multiple.get_by_role("button", name="Check").click()
    assert "Three is odd." in said.inner_text()
    multiple.get_by_label("3").uncheck()
    multiple.get_by_label("4").check()
    multiple.get_by_role("button", name="Check").click()
    assert "Right." in said.inner_text()

    numeric, said = question(3)
    box = numeric.get_by_label("Your answer")
    for answer, feedback in [("2.51", "Just so."), ("4", "forgot to discount"), ("7", "Divide by")]:
        box.fill(answer)
        box.press("Enter")
        assert feedback in said.inner_text()
    assert page.locator(".cx-question").count() == 5  # the exam's question stays away
    page.close()


def test_search_finds_a_word(browser: Any, server: str) -> None:
    page = browser.new_page()
    page.goto(f"{server}/search.html?q=Meridian")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("#search-results li").count() >= 1
    page.close()


def test_chapters_can_be_launched(html: Path) -> None:
    for path in sorted((html / "chapters").glob("*.html")):
        page = path.read_text(encoding="utf-8")
        notebook = f"chapters/{path.stem}.ipynb"
        colab = f"https://colab.research.google.com/github/cxedu/cxedu/blob/main/{notebook}"
        binder = f"https://mybinder.org/v2/gh/cxedu/cxedu/main?urlpath=lab/tree/{notebook}"
        assert f'href="{colab}"' in page
        assert f'href="{binder}"' in page
