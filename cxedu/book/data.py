"""The page about the data files, made from their own description, and the files beside it."""

import json
import shutil
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "datasets"
PACKAGE = "datapackage.json"
WORDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "date": "date",
    "datetime": "date and time",
}


class DataPackage(SphinxDirective):
    """`{data-package} observed` or `{data-package} truth`: a section for each table, with its file."""

    required_arguments = 1
    option_spec: ClassVar[Any] = {}

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx."""
        wanted = directives.choice(self.arguments[0], ("observed", "truth")) == "truth"
        path = Path(self.env.srcdir) / FOLDER / PACKAGE
        self.env.note_dependency(str(path))
        package = json.loads(path.read_text(encoding="utf-8"))
        up = "../" * self.env.docname.count("/") + FOLDER
        return [section(r, up) for r in package["resources"] if r["truth"] == wanted]


def section(resource: dict[str, Any], folder: str) -> nodes.section:
    """One table: a heading that can be linked to, and what is under it."""
    made = nodes.section(ids=[anchor(resource["name"])], names=[resource["name"]])
    made += nodes.title("", "", nodes.Text(resource["title"]))
    made += nodes.raw("", table_html(resource, folder), format="html")
    return made


def anchor(table: str) -> str:
    """The id of a table's section.

    >>> anchor("truth.customers")
    'data-truth-customers'
    """
    return "data-" + table.replace(".", "-")


def table_html(resource: dict[str, Any], folder: str) -> str:
    """What a row is, how many there are, the file, and every column; a hidden table's are folded."""
    path, schema = escape(resource["path"]), resource["schema"]
    hidden = '<span class="cx-truth">hidden truth</span> ' if resource["truth"] else ""
    columns = "".join(map(column_html, schema["fields"]))
    # the roles are said aloud, since narrow screens get the rows as blocks
    table = (
        f'<div class="cx-table" role="region" aria-label="Columns of {path}" tabindex="0">'
        '<table class="cx-columns" role="table"><thead role="rowgroup"><tr role="row">'
        '<th role="columnheader">Column</th><th role="columnheader">Holds</th>'
        '<th role="columnheader">Meaning</th></tr></thead>'
        f'<tbody role="rowgroup">{columns}</tbody></table></div>'
    )
    if resource["truth"]:
        count = len(schema["fields"])
        table = f"<details><summary>The {count} columns of {path}</summary>{table}</details>"
    return (
        f'<div class="cx-data"><p>{hidden}{escape(resource["description"])}</p>'
        f'<p class="cx-file"><a href="{folder}/{path}" download>{path}</a> '
        f"{resource['rows']:,} rows, {resource['bytes'] / 1000:,.0f} kB. {keys_html(schema)}</p>"
        f"{table}</div>"
    )


def keys_html(schema: dict[str, Any]) -> str:
    """What tells the rows apart, and which other tables the columns lead to.

    >>> keys_html({"primaryKey": ["case", "step"]})
    'Key: <code>case</code>, <code>step</code>.'
    """
    links = ""
    for link in schema.get("foreignKeys", []):
        other = link["reference"]["resource"]
        columns = names_html(link["fields"])
        links += f'; {columns} leads to <a href="#{anchor(other)}">{escape(other)}</a>'
    return f"Key: {names_html(schema['primaryKey'])}{links}."


def names_html(columns: list[str]) -> str:
    return ", ".join(f"<code>{escape(column)}</code>" for column in columns)


def column_html(field: dict[str, Any]) -> str:
    """One column as a row: name, type and unit, meaning.

    >>> fee = {"name": "fee", "type": "number", "unit": "€ per year", "description": "what it costs"}
    >>> column_html({**fee, "constraints": {"required": False}}).split("</td>")[0].split("<td")[1]
    ' role="cell">number, € per year; may be empty'
    """
    holds = WORDS[field["type"]]
    if field.get("unit") not in (None, holds):
        holds += f", {field['unit']}"
    if not field["constraints"]["required"]:
        holds += "; may be empty"
    return (
        f'<tr role="row"><th role="rowheader"><code>{escape(field["name"])}</code></th>'
        f'<td role="cell">{escape(holds)}</td><td role="cell">{escape(field["description"])}</td></tr>'
    )


def copy_data(app: Sphinx, error: Exception | None) -> None:
    """Put the files beside the pages, where the links look for them: the package's, and no others."""
    source = Path(app.srcdir) / FOLDER
    if error is not None or app.builder.format != "html" or not (source / PACKAGE).exists():
        return
    package = json.loads((source / PACKAGE).read_text(encoding="utf-8"))
    for name in [PACKAGE, *(resource["path"] for resource in package["resources"])]:
        target = Path(app.outdir) / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
