"""Markdown of captions, questions and feedback → HTML that MathJax and screen readers understand."""

import html
import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin


@cache
def _parser() -> MarkdownIt:
    """CommonMark with `$math$`, tables and strikethrough; HTML is shown as text."""

    def math(content: str, settings: dict[str, Any]) -> str:
        left, right = (r"\[", r"\]") if settings["display_mode"] else (r"\(", r"\)")
        # the plugin's class "math" lets Sphinx' MathJax in; Lab typesets it by its delimiters
        return f"{left}{html.escape(content)}{right}"

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return parser.use(dollarmath_plugin, renderer=math, allow_space=False, allow_digits=False)


def inline(text: str) -> str:
    """One line of Markdown without a surrounding paragraph.

    >>> inline("*Frequency* counts **repeat** days")
    '<em>Frequency</em> counts <strong>repeat</strong> days'
    """
    return str(_parser().renderInline(_keep_units(" ".join(text.split()))))


def block(text: str) -> str:
    """Markdown of one or more paragraphs.

    >>> print(block("A margin of $m$ euros."))
    <p>A margin of <span class="math inline">\\(m\\)</span> euros.</p>
    """
    made = str(_parser().render(_keep_units(text))).strip()
    return made.replace("<table>", '<table class="table">')


def _keep_units(text: str) -> str:
    """A number and its per cent sign stay on one line."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)
