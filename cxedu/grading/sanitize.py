"""What a graded notebook shows, without anything that would run in the browser of who reads it."""

import base64
import html
import re

import nh3
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from cxedu.grading.notebook import NOTES, Resources, source_cells

_SVG = re.compile(r"<svg\b.*?</svg\s*>", re.S | re.I)
_TAGS = re.findall(
    r"\w+",
    "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 h4 "
    "h5 h6 hr i img ins kbd li mark ol p pre s span strong sub summary sup table tbody td tfoot "
    "th thead tr u ul",
)
_ATTRIBUTES = {"title", "lang", "scope", "colspan", "rowspan", "style", "border", "open"}


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Pictures only from the page itself, links only within it."""
    if name == "src":
        return value if value.startswith("data:image/") else None
    if name == "href":
        return value if value.startswith(("mailto:", "#")) else None
    return value


_CLEANER = nh3.Cleaner(
    tags={*_TAGS},
    clean_content_tags={"script", "style", "iframe", "object"},
    attributes={"*": _ATTRIBUTES, "img": {"src", "alt", "width", "height"}, "a": {"href"}},
    attribute_filter=_allowed,
    url_schemes={"mailto", "data"},
    filter_style_properties={"text-align", "font-weight", "font-style", "width"},
    link_rel=None,
)


def _as_image(svg: str) -> str:
    """A figure as an image: drawn as before, but scripts inside an <img> never run."""
    title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.S) or re.search(
        r"aria-label=\"([^\"]*)\"", svg
    )
    alt = html.escape(html.unescape(title.group(1)) if title else "figure")
    if "xmlns=" not in svg[:2000]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


def clean(text: str) -> str:
    """HTML without anything that runs: figures become images, scripts vanish.

    >>> clean('<b onclick="x()">bold</b><script>alert(1)</script>')
    '<b>bold</b>'
    """
    return _CLEANER.clean(_SVG.sub(lambda found: _as_image(found.group(0)), text))


def _only(metadata: NotebookNode, *names: str) -> NotebookNode:
    """What pages need of it: templates trust the rest, and it may hold anything."""
    return NotebookNode({name: metadata[name] for name in names if name in metadata})


class Sanitize(NbGraderPreprocessor):
    """Nothing that a student wrote runs in the browser of who reads the feedback.

    Comes after the grades are saved, since it changes the text of cells. In Markdown only the
    HTML that would run is touched, so that `a < b` and quotes stay as they were written. Addresses
    are shown and not linked: where formgrader runs, one that is merely visited can do harm.
    """

    _RUNS = re.compile(r"<(?=[a-zA-Z/!])")
    _LINK = re.compile(r"\]\(\s*<?\s*(javascript|data|vbscript)\s*:", re.I)

    _ATTACHED = re.compile(r"attachment:([^\s)>\]\"']*)")
    _BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
    _TEX = re.compile(
        r"\\(href|url|style|class|cssId|require|data)\b"
    )  # they lead out of a formula
    _NAMED = re.compile(r'<\w[^<>]*?\s(href|src|id)="([^"]*)"')
    # A path without a host would lead into the server that shows the page.
    _SAFE = re.compile(r"href (mailto:|#)|src (data:image/|#)|id ", re.I)
    _LINKED = re.compile(r"!?\[([^\]]*)\]\(\s*<?\s*(https?://[^)\s>]*)[^)]*\)", re.I)
    _ADDRESS = re.compile(r"(https?|ftp)://|www\.", re.I)
    _taken: frozenset[str] = frozenset()  # ids of formgrader's boxes
    _ours: frozenset[str] = frozenset()  # texts that were handed out

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        nb.metadata = _only(nb.metadata, "kernelspec", "language_info", NOTES)
        cells = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
        ends = ("", "-comment", "_extra_credit")
        self._taken = frozenset(f"{name}{end}" for name in cells if name for end in ends)
        ours = [c for c in source_cells(self, resources) if c["cell_type"] == "markdown"]
        self._ours = frozenset("".join(c["source"]) for c in ours)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, index: int
    ) -> tuple[NotebookNode, Resources]:
        cell.metadata = _only(cell.metadata, "nbgrader", NOTES)
        if cell.cell_type == "code":
            cell.outputs = [self._output(output) for output in cell.outputs]
            return cell, resources
        ours = cell.cell_type == "markdown" and cell.source in self._ours
        if not ours:
            cell.source = self._RUNS.sub("&lt;", cell.source)  # tags are shown as text
        if cell.cell_type == "markdown":
            cell.source = cell.source if ours else self._harmless(cell.source)
            self._pictures(cell)
        return cell, resources

    def _harmless(self, text: str) -> str:
        """Markdown whose links are shown and lead nowhere; as plain text where it misleads."""
        text = self._TEX.sub(r"\\text", self._LINK.sub("](#", text))
        text = self._LINKED.sub(r"\1 (\2)", text)
        text = self._ADDRESS.sub(
            lambda it: re.sub("[:.]", lambda c: f"&#{ord(c[0])};", it[0]), text
        )
        if not self._misleads(text):
            return text
        fence = "`" * (3 + max(map(len, re.findall("`+", text)), default=0))
        return f"{fence}\n{text}\n{fence}"

    def _misleads(self, text: str) -> bool:
        """Whether Markdown, as nbconvert reads it, has a link or picture that acts, or takes the
        id of one of formgrader's boxes, which then would save nothing."""
        made = markdown2html(text.replace("attachment:", "#"))
        for name, value in self._NAMED.findall(made):
            value = re.sub(r"[\x00-\x20]", "", html.unescape(value))
            if not self._SAFE.match(f"{name} {value}") or (name == "id" and value in self._taken):
                return True
        return False

    def _pictures(self, cell: NotebookNode) -> None:
        """Keep attached pictures; nbconvert would fail at one that is mentioned and isn't there."""
        pictures = {}
        for name, bundle in dict(cell.pop("attachments", None) or {}).items():
            for kind, data in dict(bundle).items():
                if kind in ("image/png", "image/jpeg") and self._BASE64.fullmatch(str(data)):
                    pictures[name] = {kind: data}
        if pictures:
            cell.attachments = NotebookNode(pictures)
        cell.source = self._ATTACHED.sub(
            lambda found: found[0] if found[1] in pictures else "#", cell.source
        )

    @staticmethod
    def _output(output: NotebookNode) -> NotebookNode:
        if output.output_type in ("stream", "error"):
            return output
        data = output.data
        if "image/svg+xml" in data and "text/html" not in data:
            data["text/html"] = "".join(data["image/svg+xml"])
        safe = {
            kind: value
            for kind, value in data.items()
            if kind == "text/plain"
            or (kind in ("image/png", "image/jpeg") and Sanitize._BASE64.fullmatch(str(value)))
        }
        if "text/html" in data:
            safe["text/html"] = Sanitize._TEX.sub(r"\\text", clean("".join(data["text/html"])))
        output.metadata = NotebookNode()
        output.data = NotebookNode(safe)
        return output
