"""Markdown of captions, questions and feedback → HTML that MathJax and screen readers understand."""

import html
from functools import cache
from typing import Any


@cache
def _parser() -> Any:
    """markdown-it with `$math$`, or None where it is not installed (it comes with the site's tools)."""
    try:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError:
        return None

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
    text = " ".join(text.split())
    parser = _parser()
    return str(parser.renderInline(text)) if parser else html.escape(text)


def block(text: str) -> str:
    """Markdown of one or more paragraphs.

    >>> print(block("A margin of $m$ euros."))
    <p>A margin of <span class="math inline">\\(m\\)</span> euros.</p>
    """
    parser = _parser()
    if parser:
        return str(parser.render(text)).strip().replace("<table>", '<table class="table">')
    return "".join(f"<p>{html.escape(part.strip())}</p>" for part in text.split("\n\n"))
