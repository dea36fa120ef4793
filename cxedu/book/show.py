"""Figures for the page: inline SVG that says what it shows and follows light and dark."""

import hashlib
import html
import io
import re
import sys
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from cxedu.book.text import inline
from cxedu.figures.style import COLORS, INK, PAPER

MOST_POINTS = 2000  # a scatter of more becomes an image inside the SVG, at a fraction of the weight
ID_MARK = "cxid-"  # stands before every id until the figure's own prefix is known

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_XLINK = "{http://www.w3.org/1999/xlink}href"


def show(fig: Figure, *, alt: str, caption: str) -> None:
    """Show a figure with its description and its caption.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Best made by `cxedu.figures.style.new_figure`, so that it follows light and dark pages.
    alt : str
        What a reader who cannot see the figure needs: kind of chart, axes, and what stands out.
    caption : str
        What the figure means, one or two sentences (Markdown). Numbered by the page.

    Raises
    ------
    ValueError
        If `fig` is no matplotlib Figure, a text is missing, or alt and caption are the same.

    Examples
    --------
    >>> from cxedu.figures.style import new_figure
    >>> fig, ax = new_figure()
    >>> show(fig, alt="", caption="Retention")
    Traceback (most recent call last):
    ...
    ValueError: alt is empty; say what the figure shows to a reader who cannot see it.
    """
    from IPython.display import display

    page = figure_html(fig, alt=alt, caption=caption)
    display({"text/html": page, "text/plain": f"[Figure] {alt.strip()}"}, raw=True)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)  # a pyplot figure would be shown a second time


def figure_html(fig: Figure, *, alt: str, caption: str) -> str:
    """The HTML that `show` displays."""
    alt, caption = described("alt", alt), described("caption", caption)
    if alt.casefold() == caption.casefold():
        raise ValueError(
            "alt repeats the caption; let alt say what is seen (kind of chart, axes, what stands "
            "out) and the caption what it means."
        )
    drawing = svg(fig)
    # Text and drawing make the prefix: stable from run to run, different from figure to figure.
    prefix = "f" + hashlib.sha256((drawing + alt + caption).encode()).hexdigest()[:8] + "-"
    drawing = drawing.replace(ID_MARK, prefix).replace(
        "<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1
    )
    return (
        f'<figure class="cx-figure">\n{drawing}\n'
        f"<figcaption>{inline(caption)}</figcaption>\n</figure>"
    )


def described(name: str, text: Any) -> str:
    """`text` on one line; a missing description is an error, not a detail."""
    purpose = {
        "alt": "say what the figure shows to a reader who cannot see it",
        "caption": "say what the figure means",
    }.get(name, "write a sentence that says what one sees")
    if not isinstance(text, str):
        raise ValueError(f"{name} is {text!r}; {purpose}.")
    if not text.strip():
        raise ValueError(f"{name} is empty; {purpose}.")
    return " ".join(text.split())


def svg(fig: Figure) -> str:
    """A figure as small, deterministic SVG whose text and axes take the colour of the page's text."""
    if not isinstance(fig, Figure):
        raise ValueError(f"fig is a {type(fig).__name__}; it must be a matplotlib Figure.")
    fig.patch.set_visible(False)  # the page is the ground, light or dark
    for axes in fig.axes:
        if to_hex(axes.get_facecolor()) == PAPER:
            axes.set_facecolor("none")
        for drawn in axes.collections:
            if isinstance(drawn, PathCollection) and np.shape(drawn.get_offsets())[0] > MOST_POINTS:
                drawn.set_rasterized(True)
    raw = io.StringIO()
    dpi = fig.dpi
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cxedu"}):
        # not `savefig`, which draws everything twice: an explorer has thirty frames to draw
        fig.dpi = 200  # of what is rasterised
        FigureCanvasSVG(fig).print_svg(raw, metadata={"Date": None})
        fig.dpi = dpi
    return _small(raw.getvalue())


def _small(source: str) -> str:
    """Keep of matplotlib's SVG what is seen: no metadata, no unused ids, two decimals."""
    root = ElementTree.fromstring(source)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', source))
    width, height = root.get("viewBox", "0 0 504 259").split()[2:]
    body = "".join(_element(child, used, root) for child in root)
    # `stroke-linejoin` replaces matplotlib's style element, which would reach the whole page
    # The width (a point is 4/3 pixels) is for places without our style sheet, Lab above all.
    return (
        f'<svg class="cx-svg" width="{float(width) * 4 / 3:.0f}" style="max-width:100%;height:auto" '
        f'viewBox="0 0 {_shorter(width)} {_shorter(height)}" '
        f'fill="currentColor" stroke-linejoin="round" font-family="{_FONT}">{body}</svg>'
    )


_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_KEEP_FONT = "DejaVu Sans, Verdana, sans-serif"  # formulas are set glyph by glyph to its widths


def _element(node: ElementTree.Element, used: set[str], parent: ElementTree.Element) -> str:
    tag = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    if tag in ("", "metadata", "style"):
        return ""
    children = "".join(_element(child, used, node) for child in node)
    attributes = {}
    for name, value in node.attrib.items():
        if name == "id":
            if value in used:
                attributes["id"] = ID_MARK + value
        elif name == _XLINK:
            attributes["href"] = f"#{ID_MARK}{value[1:]}" if value.startswith("#") else value
        elif name == "clip-path":
            attributes[name] = value.replace("url(#", f"url(#{ID_MARK}")
        elif name == "style":
            attributes[name] = _style(value, tag)
        elif name == "transform":
            kept = re.sub(r"rotate\(-?0(\.0)? [^)]*\)", "", value).strip()
            if kept:
                attributes[name] = _rounded(kept)
        elif name in ("d", "x", "y", "width", "height", "points"):
            attributes[name] = _rounded(value)
        else:
            attributes[name] = value
    if tag == "g" and not attributes:
        return children
    if tag in ("g", "defs") and not children:
        return ""
    if tag == "path" and attributes.get("style") == "fill:none":
        return ""  # the invisible ground of figure and axes
    # an element that its style leaves untouched takes the svg's `fill`; strokes and ids stay
    text = html.escape(
        node.text.strip("\n") if tag in ("text", "tspan") and node.text else "", False
    )
    listed = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{listed}>{text.strip() if tag == 'text' else text}{children}</{tag}>"


def _rounded(value: str) -> str:
    """Two decimals are a hundredth of a point: finer than any screen.

    >>> _rounded("M 25.903365 224.69976 L 247.4 17.0")
    'M25.9 224.7L247.4 17'
    """
    value = _NUMBER.sub(lambda match: _shorter(match[0]), " ".join(value.split()))
    return re.sub(r" ?([MLQCzZ]) ?", r"\1", value)


def _shorter(value: str) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".").replace("-0.00", "0") or "0"


_THEME = {value: name for name, value in COLORS.items()}


def _style(style: str, tag: str) -> str:
    """Colours become the page's, with the original for places that have no style sheet."""
    kept = []
    for part in style.split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name == "font-family":
            if tag == "tspan":
                kept.append(f"{name}:{_KEEP_FONT}")
            continue
        if value == INK:
            value = "currentColor"
        elif value == PAPER:
            value = f"var(--cx-paper,{PAPER})"
        elif value in _THEME:
            suffix = "-text" if tag in ("text", "tspan") else ""
            value = f"var(--cx-{_THEME[value]}{suffix},{value})"
        elif value.startswith("url(#"):
            value = value.replace("url(#", f"url(#{ID_MARK}")
        elif name in ("stroke-width", "stroke-opacity", "fill-opacity", "font-size"):
            value = _NUMBER.sub(lambda match: _shorter(match[0]), value)
        if name:
            kept.append(f"{name}:{value}")
    return ";".join(kept)
