"""The feedback page: what `nbgrader generate_feedback` makes of a graded notebook.

`Explain` gathers what the page says, `FeedbackPage` fills the template beside this file with it.
One file a student, a few kB of styles inside, no script, and nothing is asked of any other server.
"""

import html
import itertools
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from jinja2 import Template
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Literal, Number, String
from traitlets import List, Unicode, default

from cxedu.grading.notebook import NOT_RUN, NOTES, Resources, checked_task
from cxedu.grading.sanitize import clean

TEMPLATE = Path(__file__).parent / "template"
TEXT = 5_000  # characters shown of one output; the notebook has the rest
HTML = 500_000
NO_ALT = "A figure without a description"
LONG = 25  # lines; what is longer is folded
NO_RESPONSE = "No response."  # how nbgrader comments on an answer that wasn't touched
_ANSI = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


# --- pieces of HTML: each function escapes what it is given -------------------------------------


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # strict, so that prices stay prices; a label would be an id of who wrote the text
    parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        allow_blank_lines=False,
        double_inline=True,
    )
    for kind in ("math_inline", "math_inline_double", "math_block"):
        parser.add_render_rule(kind, _math)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("table_open", _table)
    parser.add_render_rule("table_close", _table)
    return parser


def _math(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A formula; what MathML can't say, or is too much for a page, is shown as it was typed."""
    token = tokens[index]
    tex, block = " ".join(plain(token.content).split()), token.type != "math_inline"
    if " " in tex and _PROSE.search(tex) and not _MATHS.search(tex):
        return html.escape(f"{token.markup}{tex}{token.markup}")
    env["formulas"] -= len(tex)
    made, wide = formula(tex, block) if env["formulas"] >= 0 else ("", False)
    tag = "div" if token.type == "math_block" else "span"
    names = f"math {'block' if block else 'inline'}{' wide' if wide else ''}"
    scrolls = ' tabindex="0" role="group" aria-label="Formula"' if wide else ""
    inside = made or f"<code>{html.escape(tex)}</code>"
    return f'<{tag} class="{names}"{scrolls}>{inside}</{tag}>' + "\n" * (tag == "div")


def _table(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A table scrolls by itself where it is wider than the page."""
    if tokens[index].nesting < 0:
        return "</table></div>\n"
    return '<div class="rich" tabindex="0" role="group" aria-label="Table"><table>\n'


def _image(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    alt, source = html.escape(token.content), html.escape(str(token.attrs.get("src", "")))
    if source.startswith("data:image/"):
        return f'<img alt="{alt}" src="{source}">'
    return f"[image: {alt or source}]"


def markdown(text: str, level: int = 4) -> Markup:
    """Markdown as HTML: tags are shown as text, headings begin at `level`, pictures stay inside.

    >>> markdown("# Why\\n\\nBecause it costs $5 <script>")
    Markup('<h4>Why</h4>\\n<p>Because it costs $5 &lt;script&gt;</p>\\n')
    """
    tokens = _parser().parse(text)
    last = level - 1
    for token in tokens:
        if token.type == "heading_open":
            last = min(int(token.tag[1]) + level - 1, last + 1, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{last}"
        for part in [token, *(token.children or [])]:
            if part.type.startswith(("code_", "fence", "math_")):
                # `Sanitize` has defused tags everywhere; code shows them as they were typed
                part.content = re.sub(r"&lt;(?=[a-zA-Z/!])", "<", part.content)
    return Markup(_parser().renderer.render(tokens, _parser().options, {"formulas": TEXT}))


# --- formulas: TeX as MathML, which a browser typesets without a script --------------------------

TEX = 1_000  # characters of a formula
MADE = 12_000
DEEP = 25  # elements inside one another
WIDE = 25  # signs; a telephone shows no more side by side, so that the formula scrolls
# macros and what is converted twice could grow without end, a comment would be lost, and a sign
# by its number may be one that turns the text around it
_REFUSED = re.compile(
    r"\\(def|newcommand|newenvironment|DeclareMathOperator|sideset|unicode)(?![a-zA-Z])|(?<!\\)%"
)
_PROSE = re.compile(r"^\d|[^\W\d_]{2}")  # a price or a word, where a blank is near
_MATHS = re.compile(r"[\\^_=<>+{}|]")
_REFERENCE = re.compile(r"&#x[0-9A-Fa-f]+;")  # how latex2mathml writes a sign
_LEAVES = {"mi", "mn", "mo", "mtext", "mspace"}
_ROWS = {"mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtable", "mtr", "mtd"}
_PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "mroot": 2}
_PARTS |= {"msubsup": 3, "munderover": 3}
_WORDS = {
    **dict.fromkeys(["displaystyle", "stretchy", "fence", "accent", "movablelimits"], "true|false"),
    **dict.fromkeys(["largeop", "separator"], "true|false"),
    "form": "prefix|infix|postfix",
    "scriptlevel": "[0-3]",
    "columnalign": "left|center|right",
    "mathvariant": "normal|bold|italic|bold-italic|monospace|sans-serif",
}
_LENGTHS = {"width", "height", "depth", "lspace", "rspace", "linethickness", "minsize", "maxsize"}
_LENGTH = re.compile(r"(-?\d*\.?\d+)(em|ex|px|pt|cm)?")
_SPACES = {
    "negativethinmathspace": "-0.167em",
    "negativemediummathspace": "-0.222em",
    "negativethickmathspace": "-0.278em",
    "thinmathspace": "0.167em",
    "thickmathspace": "0.278em",
}
_LOST = {"rowspacing", "columnspacing", "rowlines", "columnlines"}  # browsers show none of these


@lru_cache(maxsize=1024)
def formula(tex: str, block: bool = False) -> tuple[str, bool]:
    """TeX as MathML, or '' if that can't be had; and whether it is wider than a telephone.

    Only known elements and attributes get through, each text is escaped here: latex2mathml's own
    `convert` lets `\\text{<script>}` be a tag, and `\\href`, `\\class` and `\\style` be attributes.

    >>> formula("m > 0")
    ('<math alttext="m &gt; 0"><mi>m</mi><mo>&gt;</mo><mn>0</mn></math>', False)
    >>> formula(r"\\href{https://example.org}{x}")
    ('', False)
    """
    if len(tex) > TEX or _REFUSED.search(tex):
        return "", False
    known = re.sub(r"\{align(ed)?\}", "{align*}", tex)  # without numbers, as in a notebook
    known = known.replace("{,}", r"\text{,}")  # the comma in 1{,}000 has no space after it
    try:
        (made,) = convert_to_element(known, display="block" if block else "inline")
        inside, signs = _row(list(made), 0)
    except Exception:  # the parser raises whatever comes, RecursionError too
        return "", False
    if not signs or len(inside) > MADE:
        return "", False
    display = ' display="block"' if block else ""
    return f'<math{display} alttext="{html.escape(tex)}">{inside}</math>', signs > WIDE


def _row(elements: list[Element], depth: int) -> tuple[str, float]:
    """Elements side by side as text, and about how many signs wide they are."""
    inside, signs = "", 0.0
    for before, element in itertools.pairwise([None, *elements]):
        assert element is not None
        if before is not None and _are_apart(before, element):
            inside += '<mspace width="0.167em"></mspace>'
        text, width = _element(element, depth + 1)
        inside, signs = inside + text, signs + width
    return inside, signs


def _are_apart(before: Element, after: Element) -> bool:
    """Whether there is a space between the two, since one is a function's name, as in log x."""

    def name(element: Element) -> bool:
        first = element[0] if element.tag in ("msub", "msup", "msubsup") else element
        return first.tag in ("mi", "mo") and _is_word(first)

    signs = ("mo", "mspace", "mtext", "mrow")
    return (name(before) and (name(after) or after.tag not in signs)) or (
        name(after) and before.tag not in signs
    )


def _is_word(element: Element) -> bool:
    return bool(re.fullmatch(r"[^\W\d_]{2,}", element.text or "")) and not element.attrib


def _element(element: Element, depth: int) -> tuple[str, float]:
    tag, text, inner = element.tag, element.text or "", list(element)
    attributes, signs = _attributes(element)
    if depth > DEEP or (text and inner):
        raise ValueError("too deep, or a sign with parts")
    if tag == "mpadded" and element.attrib != {"width": "0"}:
        raise ValueError("it could lie upon its neighbours")
    if tag in _LEAVES and not inner:
        inside = _signs(text, tag)
        signs += len(inside)
        if tag == "mo" and _is_word(element):
            tag = "mi"  # the name of a function stands close to its brackets
        inside = html.escape(inside, quote=False)
    elif tag in _ROWS and not text:
        inside, width = _row(inner, depth)
        signs += width
        if tag == "mrow" and len(inner) == 1 and not attributes:
            return inside, signs  # one element still
    elif len(inner) == _PARTS.get(tag) and not text:
        parts = [_element(part, depth + 1) for part in inner]
        inside = "".join(part for part, _ in parts)
        over = tag in ("mfrac", "mover", "munder", "munderover")
        signs += max(s for _, s in parts) if over else sum(s for _, s in parts)
    else:
        raise ValueError(f"{tag} isn't for this page")
    return f"<{tag}{attributes}>{inside}</{tag}>", signs


def _signs(text: str, tag: str) -> str:
    """What a leaf shows; a command that is left in it is one that isn't known."""
    if tag == "mtext":
        text = re.sub(r"\\([_%&#])", r"\1", text)
    if "\\" in text or (tag == "mtext" and "$" in text):
        raise ValueError("a command that isn't known")
    return plain(_REFERENCE.sub(lambda found: html.unescape(found[0]), text))


def _attributes(element: Element) -> tuple[str, float]:
    """The attributes that a browser understands, and how many signs a space is wide."""
    kept: dict[str, str] = {}
    style, signs = "", 0.0
    for name, value in element.items():
        value = _SPACES.get(value, value)
        if name in _LENGTHS:
            length = _LENGTH.fullmatch(value)
            if not length or not (-0.3 if element.tag == "mspace" else 0) <= float(length[1]) <= 4:
                raise ValueError(f"{name} is {value}")
            signs += 2 * abs(float(length[1])) if name == "width" else 0
        elif name in _LOST:
            continue
        elif not re.fullmatch(_WORDS.get(name, "(?!)"), value):
            raise ValueError(f"{name} is {value}")
        elif name == "columnalign":  # browsers know this one by its style only
            style += f"text-align:{value};" if value != "center" else ""
            continue
        elif name == "mathvariant" and value != "normal":
            style += "font-weight:bold;" if "bold" in value else ""
            style += "font-style:italic;" if "italic" in value else ""
            style += f"font-family:{value};" if value in ("monospace", "sans-serif") else ""
            if element.tag != "mi" or "italic" in value:
                continue
            value = "normal"
        kept[name] = value
    if style:
        kept["style"] = style.rstrip(";")
    return "".join(f' {name}="{value}"' for name, value in kept.items()), signs


_COLOURS = [(Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Literal, "n")]


def code(text: str) -> Markup:
    """Python with keywords, text, numbers and comments told apart.

    >>> code("return '<b>'")
    Markup('<b class="k">return</b> <i class="s">&#39;&lt;b&gt;&#39;</i>')
    """
    made: list[list[str]] = []
    for kind, part in PythonLexer(stripnl=False, ensurenl=False).get_tokens(plain(text)):
        name = next((name for colour, name in _COLOURS if kind in colour), "")
        if made and made[-1][0] == name:
            made[-1][1] += part
        else:
            made.append([name, part])
    tags = {"": "", "k": "b"}
    return Markup("").join(
        Markup('<{0} class="{1}">{2}</{0}>').format(tags.get(name, "i"), name, part)
        if name
        else escape(part)
        for name, part in made
    )


def plain(text: str) -> str:
    """Text without terminal colours and control characters.

    >>> plain("\\x1b[31mred\\x1b[0m\\x07")
    'red'
    """
    return _CONTROL.sub("", _ANSI.sub("", "".join(text)).replace("\r\n", "\n"))


def shortened(text: str, keep_end: bool = False) -> str:
    """At most `TEXT` characters, with a word about the rest."""
    text = plain(text).strip("\n")
    left = len(text) - TEXT
    if left <= 0:
        return text
    if keep_end:
        return f"… {left:,} characters left out …\n{text[-TEXT:]}"
    return f"{text[:TEXT]}\n… {left:,} characters left out …"


def output_html(output: NotebookNode) -> Markup:
    """One output of a cell, or '' if there is nothing that a page can show."""
    if output.output_type == "stream":
        text = shortened(output.text)
        return Markup("<pre>{}</pre>").format(text) if text else Markup("")
    if output.output_type == "error":
        if output.get("ename") == NOT_RUN:
            return Markup('<p class="error">Not run.</p>')
        said = plain(f"{output.get('ename', '')}: {output.get('evalue', '')}")[:500]
        trace = shortened("\n".join(output.get("traceback", [])), keep_end=True)
        head = Markup('<p class="error"><strong>Error</strong> {}</p>').format(said.strip(": \n"))
        if not trace or trace == said:
            return head
        folded = "<details><summary>Where it happened</summary><pre>{}</pre></details>"
        return head + Markup(folded).format(trace)
    data = output.get("data", {})
    if "text/html" in data:
        raw = "".join(data["text/html"])
        if len(raw) > HTML:
            return Markup("<p>An output of {:,} characters was left out.</p>").format(len(raw))
        # headings of an output would stand beside those of the page
        safe = re.sub(r"<(/?)h[1-6]\b[^>]*>", r"<\1p>", clean(raw))
        safe = safe.replace("<th></th>", "<td></td>")  # the corner of a DataFrame heads nothing
        safe = _IMG.sub(_described, safe)
        region = '<div class="rich" tabindex="0" role="group" aria-label="Output">{}</div>'
        return Markup(region).format(Markup(safe))
    for kind in ("image/png", "image/jpeg"):
        encoded = re.sub(r"\s", "", "".join(data.get(kind, "")))
        if re.fullmatch(r"[A-Za-z0-9+/]+=*", encoded):
            picture = '<img alt="{}" src="data:{};base64,{}">'
            return Markup(picture).format(NO_ALT, kind, encoded)
    text = shortened("".join(data.get("text/plain", "")))
    return Markup("<pre>{}</pre>").format(text) if text else Markup("")


_IMG = re.compile(r'<img\b((?:[^>"]|"[^"]*")*)>')


def _described(image: re.Match[str]) -> str:
    """A picture says something to who can't see it; one that `clean` left without a source goes."""
    attributes = image.group(1)
    if " src=" not in attributes:
        return ""
    alt = "" if " alt=" in attributes else f' alt="{NO_ALT}"'
    return f"<img{alt}{attributes}>"


def points(number: float) -> str:
    """
    >>> points(2.0), points(1 / 3), points(-0.001)
    ('2', '0.33', '0')
    """
    return f"{round(float(number), 2) + 0.0:g}".replace("-0", "0") if number else "0"


def duration(seconds: float) -> str:
    """
    >>> duration(7200), duration(90), duration(200_000)
    ('2 hours', '2 minutes', '2.3 days')
    """
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size or unit == "minute":
            count = round(seconds / size, 1 if unit != "minute" else None)
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    return ""


# --- what the page says ------------------------------------------------------------------------

STATES = {
    "passed": ("✓", "passed"),
    "partly": ("◐", "partly"),
    "not": ("✗", "not passed"),
    "waiting": ("…", "not graded yet"),
}


class Explain(NbGraderPreprocessor):
    """Gather what the page says from the graded notebook and the gradebook.

    Comes after nbgrader's GetGrades. What is hidden stays hidden: hidden tests and mark schemes
    are cut out of the cells, and a cell that has some shows no traceback and nothing printed.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        names, notes = resources["nbgrader"], nb.metadata.get(NOTES, {})
        secret = self._hide(nb)
        with Gradebook(names["db_url"]) as gradebook:
            submission = gradebook.find_submission(names["assignment"], names["student"])
            book = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            self._waiting = {g.name for g in book.grades if g.needs_manual_grade}
            self._by_hand = {g.name for g in book.grades if g.manual_score is not None}
            self._extra = {g.name: g.extra_credit for g in book.grades if g.extra_credit}
            who, late = submission.student, submission.total_seconds_late
            person = " ".join(filter(None, [who.first_name, who.last_name]))
            handed_in = submission.timestamp
        tasks, cells = self._walk(nb, notes)
        waiting = [t for t in tasks if t["state"] == "waiting"]
        resources["feedback"] = {
            "title": _first_heading(nb) or names["notebook"],
            "problem_set": names["assignment"],
            "student": names["student"],
            "person": person,
            "handed_in": f"{handed_in:%d %B %Y, %H:%M} UTC" if handed_in else "",
            "late": duration(late) if late else "",
            "score": points(max(0.0, names["score"])),
            "max_score": points(names["max_score"]),
            "penalty": points(names["late_penalty"]) if names["late_penalty"] else "",
            "tasks": tasks,
            "waiting": points(sum(t["max"] for t in waiting)) if waiting else "",
            "repaired": notes.get("repaired", []),
            "trouble": notes.get("trouble", []),
            "in_process": [t for t in tasks if t["in_process"]],
            "cells": [] if "stand_in" in notes else [c for c in cells if c["html"] or c["outputs"]],
            "secret": secret,
        }
        return nb, resources

    # --- hidden parts ---

    def _hide(self, nb: NotebookNode) -> bool:
        """Cut hidden tests and mark schemes out of the cells; whether there were any."""
        tests, scheme = ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)
        regions = [
            (tests.begin_test_delimeter, tests.end_test_delimeter),
            (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
        ]
        hidden: set[str] = set()
        for cell in nb.cells:
            if not (utils.is_locked(cell) or utils.is_task(cell)):
                continue
            kept, cut = _without(cell.source, regions)
            if cut:
                hidden |= {line.strip() for line in cut if len(line.strip()) > 8}
                cell.source = kept
                cell.outputs = [_only_what(o) for o in cell.get("outputs", []) if _is_error(o)]
        if hidden:  # code that prints what is on the stack, say
            for cell in nb.cells:
                for output in cell.get("outputs", []):
                    _redact(output, hidden)
        return bool(hidden)

    # --- tasks and cells ---

    def _walk(
        self, nb: NotebookNode, notes: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        tasks: list[dict[str, Any]] = []
        cells: list[dict[str, Any]] = []
        heading = ""
        answers: list[dict[str, Any]] = []  # since the last graded cell
        comments: list[str] = []
        for number, cell in enumerate(nb.cells, 1):
            about = cell.metadata.get("nbgrader", {})
            shown = _cell(cell, number)
            cells.append(shown)
            if cell.cell_type == "markdown" and not utils.is_solution(cell):
                heading = _last_heading(cell.source) or heading
            if about.get("comment"):
                comments.append(about["comment"])
            if utils.is_solution(cell):
                shown["answer"] = True
                answers.append(shown)
            if not (utils.is_grade(cell) or utils.is_task(cell)):
                continue
            task = self._task(cell, heading, notes, len(tasks) + 1)
            task["comments"] = [
                markdown(c, 5)
                for c in dict.fromkeys(comments)
                if c != NO_RESPONSE or not checked_task(cell.source)
            ]
            task["answers"] = answers
            if not utils.is_solution(cell):
                shown["task"] = task
                if checked_task(cell.source):
                    shown["outputs"] = []  # the verdict, which stands above
            tasks.append(task)
            answers, comments = [], []
        return tasks, cells

    def _task(
        self, cell: NotebookNode, heading: str, notes: dict[str, Any], number: int
    ) -> dict[str, Any]:
        about = cell.metadata.nbgrader
        name = about.grade_id
        verdict = cell.metadata.get(NOTES, {})
        score, most = float(about.score or 0), float(about.points or 0)
        state = "passed" if score >= most else "partly" if score > 0 else "not"
        messages = list(verdict.get("messages", []))
        if not verdict:
            messages += [
                reason.partition(": ")[2]
                for reason in notes.get("reasons", [])
                if reason.partition(": ")[0] == name
            ]
        return {
            "anchor": f"task-{number}",
            "name": verdict.get("task") or name,
            "title": verdict.get("title") or heading or name,
            "state": "waiting" if name in self._waiting else state,
            "score": score,
            "max": most,
            "messages": messages,
            "asks": verdict.get("asks", ""),
            "by_hand": name in self._by_hand and not utils.is_solution(cell),
            "extra": points(self._extra[name]) if name in self._extra else "",
            "in_process": name in notes.get("in_process", []),
        }


def _cell(cell: NotebookNode, number: int) -> dict[str, Any]:
    is_code = cell.cell_type == "code"
    lines = cell.source.count("\n") + 1
    if is_code:
        made = Markup("<pre><code>{}</code></pre>").format(code(cell.source))
    elif cell.cell_type == "markdown":
        made = markdown(cell.source)
    else:
        made = Markup("<pre>{}</pre>").format(plain(cell.source))
    outputs = [o for o in map(output_html, cell.get("outputs", [])) if o]
    return {
        "anchor": f"cell-{number}",
        "kind": "code" if is_code else "text",
        "html": made if cell.source.strip() else "",
        "lines": lines,
        "folded": is_code and lines > LONG,
        "outputs": outputs,
        "answer": False,
        "task": None,
    }


_MAYBE_HEADING = re.compile(r"^\s*(#|=+\s*$|-+\s*$)", re.M)


def _heading_texts(source: str) -> list[str]:
    if not _MAYBE_HEADING.search(source):
        return []
    tokens = _parser().parse(source)
    after = [b for a, b in itertools.pairwise(tokens) if a.type == "heading_open"]
    return ["".join(c.content for c in token.children or []) for token in after]


def _last_heading(source: str) -> str:
    """The last heading, without "Task 3" before it and the points in brackets after it."""
    found = _heading_texts(source)[-1:]
    words = re.sub(r"\s*\([\d.]+ points?\)$", "", found[0]) if found else ""
    return re.sub(r"^Task \d+\W+(?=\w)", "", words)


def _first_heading(nb: NotebookNode) -> str:
    texts = (t for c in nb.cells if c.cell_type == "markdown" for t in _heading_texts(c.source))
    return next(texts, "")


def _without(source: str, regions: list[tuple[str, str]]) -> tuple[str, list[str]]:
    """The lines outside of hidden regions, and those inside; one that never ends hides the rest."""
    kept: list[str] = []
    cut: list[str] = []
    until = ""
    for line in source.split("\n"):
        starts = next((end for begin, end in regions if begin in line), "")
        if until or starts:
            cut.append(line)
            until = "" if until and until in line else until or starts
        else:
            kept.append(line)
    return "\n".join(kept), cut


def _is_error(output: NotebookNode) -> bool:
    return bool(output.output_type == "error")


def _only_what(error: NotebookNode) -> NotebookNode:
    """An error without its traceback, which quotes the source."""
    error.traceback = []
    return error


def _redact(output: NotebookNode, hidden: set[str]) -> None:
    def cut(text: Any) -> str:
        text = "".join(text)
        for line in hidden:
            for form in (line, repr(line)[1:-1], html.escape(line)):
                text = text.replace(form, "[hidden]")
        return text

    if "text" in output:
        output.text = cut(output.text)
    if output.output_type == "error":
        output.evalue = cut(output.get("evalue", ""))
        output.traceback = [cut(plain(line)) for line in output.get("traceback", [])]
    for kind in ("text/plain", "text/html"):
        if kind in output.get("data", {}):
            output.data[kind] = cut(output.data[kind])


# --- the page ----------------------------------------------------------------------------------


_compiled: dict[tuple[str | None, ...], Template] = {}  # once in a process, not for every page


class FeedbackPage(TemplateExporter):
    """nbconvert's exporter with our template; another one is chosen in nbgrader_config.py.

    `c.FeedbackPage.extra_template_basedirs` and `c.FeedbackPage.template_name` are nbconvert's.
    """

    output_mimetype = "text/html"
    file_extension = Unicode(".html").tag(affects_environment=True)
    template_name = Unicode("cxedu-feedback").tag(config=True, affects_template=True)
    extra_template_basedirs = List(Unicode()).tag(config=True, affects_environment=True)

    @property
    def template(self) -> Template:
        key = (self.template_file, *self.template_paths)
        if key not in _compiled:
            _compiled[key] = super().template
        return _compiled[key]

    @default("extra_template_basedirs")
    def _ours(self) -> list[str]:
        return [str(TEMPLATE)]

    def default_filters(self) -> Any:
        yield from super().default_filters()
        yield "points", points
        yield "state", STATES.__getitem__
