"""Scripts, styles and links for whoever reads the feedback or grades by hand.

Whatever runs sets `window.hostile`, and the test looks at the pages in a browser.
"""

from nbformat import v4

from hostile import Attempt, Submission, after

RUN = "window.hostile=1"
CLEANED = "It is taken out; what can't run stays."
TEXT = "It is shown as text."


def display(mime: str, data: str, metadata: str = "{}") -> object:
    return after(
        2,
        f"from IPython.display import display\n"
        f"display({{{mime!r}: {data!r}, 'text/plain': 'shown'}}, metadata={metadata}, raw=True)",
    )


def markdown(text: str) -> object:
    def change(s: Submission) -> None:
        s.cell("ps90-5").source = f"An answer.\n\n{text}"
        s.nb.cells.append(v4.new_markdown_cell(text))

    return change


def raw_cell(s: Submission) -> None:
    s.nb.cells.append(v4.new_raw_cell(f"<script>{RUN}</script>", metadata={"format": "text/html"}))


def names(s: Submission) -> None:
    evil = f'"><img src=x onerror={RUN}><script>{RUN}</script>'
    s.nb.metadata.title = evil
    s.nb.metadata.authors = [{"name": evil}]
    s.nb.metadata.language_info = {"name": evil, "pygments_lexer": evil}
    s.nb.metadata.widgets = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": f"</script>{evil}"}}
    }
    for cell in s.nb.cells:
        cell.metadata.tags = [evil]
        cell.metadata.name = evil


def metadata(s: Submission) -> None:
    for cell in s.nb.cells:
        cell.metadata |= {"transient": {"remove_source": True}, "magics_language": 5}
    s.nb.cells.append(v4.new_raw_cell("x", metadata={"raw_mimetype": 5}))
    s.nb.cells.append(v4.new_code_cell("1", metadata={"transient": 5}))


def attached(s: Submission) -> None:
    cell = s.cell("ps90-5")
    cell.source = "![x](attachment:x.png) ![y](attachment:y.svg)"
    evil = f'x" onerror="{RUN}'
    cell.attachments = {"x.png": {"image/png": evil}, "y.svg": {"image/svg+xml": evil}}


def widgets(s: Submission) -> None:
    evil = f"</script><script>{RUN}</script>"
    content = {
        "comm_id": evil,
        "target_name": "jupyter.widget",
        "data": {"state": {"_model_name": evil, "_model_module": evil, "x": evil}},
    }
    after(
        2,
        f"kernel = get_ipython().kernel\n"
        f"kernel.session.send(kernel.iopub_socket, 'comm_open', {content!r}, parent=kernel.get_parent('shell'))",
    )(s)


ATTEMPTS = [
    Attempt(
        "script",
        "displays HTML with scripts",
        display("text/html", f"<b>bold</b><script>{RUN}</script><SCRIPT src=data:,{RUN}></SCRIPT>"),
        CLEANED,
    ),
    Attempt(
        "handlers",
        "displays HTML whose elements run something when they load or fail",
        display(
            "text/html",
            f"<img src=x onerror={RUN}><svg onload={RUN}></svg><body onload={RUN}>"
            f"<details open ontoggle={RUN}><summary>x</summary></details>"
            f"<video><source onerror={RUN}></video><style onload={RUN}></style>"
            f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}>",
        ),
        CLEANED,
    ),
    Attempt(
        "svg",
        "displays SVG with scripts in it",
        display(
            "image/svg+xml",
            f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script></svg>',
        ),
        "It becomes an image, in which nothing runs.",
    ),
    Attempt(
        "javascript",
        "displays JavaScript",
        display("application/javascript", RUN),
        CLEANED,
    ),
    Attempt(
        "frames",
        "displays frames, objects, forms, and a page that leads elsewhere",
        display(
            "text/html",
            f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>"
            f"<object data='data:text/html,<script>parent.{RUN}</script>'></object>"
            f"<embed src='data:text/html,x'><form action='https://example.org'><input name=a></form>"
            f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'><base href='https://example.org/'>"
            "<link rel=stylesheet href='https://example.org/x.css'>",
        ),
        CLEANED,
    ),
    Attempt(
        "styles",
        "displays styles that hide the points and write others",
        display(
            "text/html",
            "<style>body{display:none}</style><div style='position:fixed;top:0;left:0;"
            "width:100%;height:100%;background:url(https://example.org/x.png)'>8 of 8 points</div>",
        ),
        "Styles are taken out, but for alignment and weight.",
    ),
    Attempt(
        "picture-data",
        "displays pictures whose data and sizes end the attribute and go on",
        display(
            "image/png",
            f'x" onerror="{RUN}"',
            f"{{'image/png': {{'width': '1\" onerror=\"{RUN}'}}}}",
        ),
        CLEANED,
    ),
    Attempt(
        "links",
        "displays links that run something when one clicks on them",
        display(
            "text/html",
            f"<a href='javascript:{RUN}'>a</a><a href='java\tscript:{RUN}'>b</a>"
            f"<a href=' &#106;avascript:{RUN}'>c</a><a href='data:text/html,<script>{RUN}</script>'>d</a>",
        ),
        CLEANED,
    ),
    Attempt(
        "text",
        "prints HTML, and raises an error with HTML and terminal codes in it",
        after(
            2,
            f"print('\\x1b[31m<script>{RUN}</script>\\x1b]8;;javascript:{RUN}\\x07link\\x1b]8;;\\x07')\n"
            f"raise ValueError('<img src=x onerror={RUN}>')",
        ),
        TEXT,
    ),
    Attempt(
        "markdown-html",
        "writes HTML with scripts into Markdown",
        markdown(
            f"<script>{RUN}</script> <img src=x onerror={RUN}> <svg/onload={RUN}> <!-- > --> <a\nhref=x>"
        ),
        TEXT,
    ),
    Attempt(
        "markdown-links",
        "writes links into Markdown that run something when one clicks on them",
        markdown(
            f"[a](javascript:{RUN}) [b][1] <javascript:{RUN}> [c](  JaVaScRiPt:{RUN}) "
            f"[d](&#106;avascript:{RUN}) ![e](javascript:{RUN}) [f](<javascript:{RUN}>) "
            f"[g](java&Tab;script:{RUN}) [h](data:text/html,x)\n\n[1]: javascript:{RUN}\n"
        ),
        "They lead nowhere.",
    ),
    Attempt(
        "formulas",
        "writes formulas that hold links and styles",
        markdown(
            f"$\\href{{javascript:{RUN}}}{{x}}$ $$\\href{{javascript:{RUN}}}{{y}}$$ "
            f"\\\\(\\style{{position:fixed}}{{z}}\\\\) $a<script>{RUN}</script>b$"
        ),
        "They lead nowhere.",
    ),
    Attempt(
        "code-blocks",
        "writes code blocks in Markdown whose language is a script",
        markdown(f'```"><script>{RUN}</script>\nx\n```\n\n```html\n<script>{RUN}</script>\n```\n'),
        TEXT,
    ),
    Attempt("raw-cell", "adds a raw cell of HTML", raw_cell, TEXT),
    Attempt(
        "names",
        "writes scripts into titles, authors, tags, languages and the state of widgets",
        names,
        "None of it reaches the page as markup.",
    ),
    Attempt(
        "metadata",
        "gives cells metadata that break pages, or hide its code from who marks it",
        metadata,
        "Cells keep nbgrader's metadata only.",
    ),
    Attempt(
        "attachments",
        "attaches pictures whose data are markup",
        attached,
        "Only pictures stay.",
    ),
    Attempt(
        "widgets",
        "opens widgets whose state ends the script that holds it",
        widgets,
        "No widgets are kept.",
    ),
]
