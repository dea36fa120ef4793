"""The site's own Sphinx extension: pictures need words, data their page, and MathJax comes from this machine.

Warnings are errors in our builds, so that a figure without alternative text stops them.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from cxedu.book.data import DataPackage, copy_data

logger = logging.getLogger(__name__)

# What pages load of the MathJax wheel (24 MB): the program, the fonts, what it fetches when needed.
MATHJAX = ["tex-chtml.js", "a11y/assistive-mml.js", "input/tex/extensions", "output/chtml/fonts"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    # jupyter-book sets these for extensions that we leave out
    app.add_config_value("comments_config", {}, "")
    app.add_config_value("use_jupyterbook_latex", False, "")
    app.connect("doctree-resolved", on_page)
    app.connect("html-page-context", on_html)
    app.add_directive("data-package", DataPackage)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", copy_data)
    app.connect("build-finished", drop_icon_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def on_page(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Check that pictures have words and mend what notebooks' HTML lacks, page by page."""
    for image in doctree.findall(nodes.image):
        # docutils stands in the file's path for a missing alt, which no screen reader should hear
        if not image.get("alt", "").strip() or image["alt"] == image.get("uri"):
            logger.warning(
                "picture %s has no alternative text; write ![what it shows](…), or `show(fig, alt=…)`",
                image.get("uri", "of a cell"),
                location=image,
                type="cxedu",
                subtype="alt",
            )
    for raw in doctree.findall(nodes.raw):
        if "html" not in raw.get("format", ""):
            continue
        text = raw.astext()
        for tag in wordless(text):
            logger.warning(
                "HTML of a cell has a picture without words: %s", tag, location=raw, type="cxedu"
            )
        mended = mend(text)
        if mended != text:
            raw.replace_self(nodes.raw("", mended, **raw.attributes))
        if 'class="math' in text:  # formulas that only a question holds need MathJax, too
            domain = app.env.get_domain("math")
            domain.data["has_equations"][name] = True


def wordless(text: str) -> list[str]:
    """The opening tags of pictures that say nothing to a reader who cannot see them.

    >>> wordless('<img src="a.png"><img src="b.png" alt="A curve">')
    ['<img src="a.png">']
    >>> wordless('<div role="img" aria-label="A curve"><svg class="cx-svg"></svg></div>')
    []
    """
    text = re.sub(r"<script\b.*?</script>", "", text, flags=re.S)
    tags = re.findall(r"<img\b[^>]*>", text)
    bad = [tag for tag in tags if not re.search(r'\balt="\s*\S', tag)]
    # an svg inside an element that is an image with a label is described by that element
    text = re.sub(r'<div[^>]*role="img" aria-label="[^"]+">\s*<svg\b', "", text)
    tags = re.findall(r"<svg\b[^>]*>", text)
    return bad + [
        tag for tag in tags if not re.search(r'aria-label="\s*\S|aria-hidden="true"', tag)
    ]


def mend(text: str) -> str:
    """Tables of pandas: no empty header cells, and a frame that scrolls on narrow screens.

    >>> mend("<th></th>")
    '<td></td>'
    """
    # the index' name moves from a header row of its own to the corner
    text = re.sub(
        r"(<thead>\s*<tr[^>]*>\s*)<th></th>(.*?</tr>)\s*"
        r"<tr>\s*<th>([^<]+)</th>(?:\s*<th></th>)*\s*</tr>(?=\s*</thead>)",
        r"\1<th>\3</th>\2",
        text,
        flags=re.S,
    )
    text = re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", text)
    return re.sub(
        r'(<table[^>]*class="dataframe.*?</table>)',
        r'<div class="cx-table" role="region" aria-label="Table" tabindex="0">\1</div>',
        text,
        flags=re.S,
    )


def on_html(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Mend what docutils writes itself."""
    if "body" in context:
        # entries of a bibliography stand in a list, so they are its items
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Put the needed part of MathJax beside the pages, so that no page asks another server."""
    if error is not None or app.builder.format != "html":
        return
    import importlib.util

    from sphinx.util.fileutil import copy_asset

    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        logger.warning("sphinx-mathjax-offline is not installed: formulas would not show")
        return
    source = Path(package.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        inside = target / name if (source / name).is_dir() else (target / name).parent
        inside.mkdir(parents=True, exist_ok=True)
        copy_asset(source / name, inside)


def drop_icon_script(app: Sphinx, error: Exception | None) -> None:
    """The theme brings its icons twice, as fonts and as a script of half a megabyte: fonts will do."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if error is None and script.exists():
        script.write_text("// The icons come from the fonts.\n", encoding="utf-8")
