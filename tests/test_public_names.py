"""Every public name of the modules of metrics says what it is, in one manner.

The rule, as the modules have it:

- a summary of one line; `Parameters` where there are any, `Returns`, and `Raises` wherever an
  argument can be wrong
- a doctest that pytest collects
- a formula, in the text, `Returns` or `Notes`
- a source as “Author (year)”, or in full in `References`; each is in book/references.bib

A method has its formula and source from its class, and what a function returns (a named tuple, a
data class) from that function, which its docstring names in backticks.
"""

import doctest
import importlib
import importlib.util
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    "value",
    "clv",
    "trust",
    "identify",
    "needs",
    "interact",
    "privacy",
    "customise",
    "experience",
    "loyalty",
    "analytics",
    "organise",
]

#: Names that have no formula, and why.
NO_FORMULA = {
    "clv.load_cdnow": "reads a file",
    "clv.load_cdnow_transactions": "reads a file",
    "clv.Diagnostics": "a report, without arithmetic",
    "identify.normalise": "rewrites texts",
}

#: Names whose definition is our own, and what says so in the docstring.
OURS = re.compile(r"\b(?:[Oo]urs|[Oo]ur own|[Oo]ur plain)\b|\bour choice\b")


class Public(NamedTuple):
    """A public name, what it stands for, and the class it is a method of."""

    name: str
    thing: Any
    owner: Any = None

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.thing) or ""

    @property
    def is_property(self) -> bool:
        return isinstance(self.thing, property)


def public(module: str) -> Iterator[Public]:
    home = importlib.import_module(f"cxedu.{module}")
    for name in home.__all__:
        thing = getattr(home, name)
        if inspect.isclass(thing):
            yield Public(f"{module}.{name}", thing)
            for method in sorted(vars_of(thing)):
                member = inspect.getattr_static(thing, method)
                member = member.__func__ if isinstance(member, classmethod) else member
                yield Public(f"{module}.{name}.{method}", member, thing)
        elif inspect.isfunction(thing):
            yield Public(f"{module}.{name}", thing)


def vars_of(thing: type) -> set[str]:
    """Public methods and properties that a class of ours brings along."""
    found = set()
    for kind in thing.__mro__:
        if kind.__module__.startswith("cxedu."):
            for name, member in vars(kind).items():
                made_here = isinstance(member, (classmethod, property)) or inspect.isfunction(
                    member
                )
                if made_here and not name.startswith("_"):
                    found.add(name)
    return found


NAMES = [name for module in MODULES for name in public(module)]
BY_NAME = {name.name: name for name in NAMES}
every_name = pytest.mark.parametrize("name", NAMES, ids=lambda n: n.name)

# Sections -------------------------------------------------------------------------------------

HEADING = re.compile(r"^(\w+)\n-{3,}$", re.M)


def sections(doc: str) -> dict[str, str]:
    """The text before any heading under "", then each section by its name."""
    parts = HEADING.split(doc)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def arguments(thing: Any) -> list[str]:
    if not inspect.isfunction(thing):
        return []
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]


@every_name
def test_sections(name: Public) -> None:
    has = sections(name.doc)
    summary = has[""].split("\n\n")[0].strip()
    assert summary, "no docstring"
    assert "\n" not in summary, f"the summary takes more than a line: {summary}"
    assert summary[-1] in ".?:)", f"the summary is no sentence: {summary}"
    if inspect.isclass(name.thing):
        has.setdefault("Parameters", has.get("Attributes", ""))
        models = not hasattr(name.thing, "_fields") and not hasattr(
            name.thing, "__dataclass_fields__"
        )
        assert has["Parameters"].strip() or models, "a record must explain its fields"
    elif not name.is_property:
        for argument in arguments(name.thing):
            # “m, u : …” explains two; * and ** stand before the name
            listed = re.search(
                rf"^(?:[*\w]+, )*\**{argument}(?:, [*\w]+)*(?: :|$)",
                has.get("Parameters", ""),
                re.M,
            )
            assert listed, f"Parameters lacks {argument}"
        assert has.get("Returns", "").strip(), "Returns is missing"
        assert not arguments(name.thing) or has.get("Raises", "").strip(), "Raises is missing"


# Doctests -------------------------------------------------------------------------------------


def examples(doc: str) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(doc)


@every_name
def test_doctest(name: Public) -> None:
    """A doctest of its own; a method may be shown in that of its class."""
    own = examples(name.doc)
    if not own and name.owner is not None:
        method = name.name.rsplit(".", 1)[1]
        shown = examples(inspect.getdoc(name.owner) or "")
        own = [e for e in shown if re.search(rf"\.{method}\b", e.source)]
    assert own, "no doctest shows it"
    assert not any(doctest.SKIP in e.options for e in own), (
        "a doctest that is skipped shows nothing"
    )
    assert any(e.want for e in own) or name.owner is not None, "the doctest shows no result"


def test_pytest_collects_doctests() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    settings = options["tool"]["pytest"]["ini_options"]
    assert "--doctest-modules" in settings["addopts"]
    assert "cxedu" in settings["testpaths"]


# Formula and source ---------------------------------------------------------------------------

FORMULA = re.compile(r"[=÷×Σ√Π∫^≥≤<>⌈|]| − | / ")
NAME = r"(?:(?:de|De|El|van|von) )?[A-ZÁÉÖÜ][\w’'–-]+?"
CITED = re.compile(
    rf"(?P<names>{NAME}(?:, {NAME})*(?:,? (?:and|&) (?:{NAME}|others))?)(?:[’']s?)? \(?"
    r"(?P<year>1[789]\d\d|20[0-2]\d)\b(?!-)"
)
IN_FULL = re.compile(r"^(?P<names>\S.*?) \((?P<year>\d{4})\)\.", re.M)
INITIALS = re.compile(r",? ?\b(?:[A-ZÁÉÖÜ]\.[ -]?)+,?")


def prose(doc: str) -> str:
    """Text, `Returns` and `Notes` on one line: where formulas stand."""
    has = sections(doc)
    return " ".join(" ".join(has.get(part, "") for part in ("", "Returns", "Notes")).split())


def citations(doc: str) -> list[tuple[list[str], str]]:
    """Surnames and year of every work that a docstring names."""
    has = sections(doc)
    has.pop("Examples", None)
    full = has.pop("References", "")
    text = " ".join(" ".join(has.values()).split())
    found = []
    for match in CITED.finditer(text):
        names = re.split(r", and |, & |, | and | & ", match["names"])
        if names[-1] not in MONTHS:
            found.append((names, match["year"]))
    for match in IN_FULL.finditer(full):
        plain = re.sub(r"\s+", " ", INITIALS.sub(",", match["names"]))
        names = [part.strip() for part in re.split(r",|\band ", plain) if part.strip()]
        found.append((names, match["year"]))
    return found


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def bibliography() -> set[tuple[tuple[str, ...], str]]:
    """Surnames of the authors (or editors) and year of every entry."""
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    works = set()
    for entry in re.split(r"^@", text, flags=re.M)[1:]:
        people = re.search(r"^\s*(?:author|editor)\s*=\s*\{(.+?)\},?\s*$", entry, re.M)
        year = re.search(r"^\s*year\s*=\s*\{?(\d{4})", entry, re.M)
        if people and year:
            surnames = [one.split(",")[0] for one in people[1].split(" and ")]
            works.add((tuple(map(plainly, surnames)), year[1]))
    return works


def plainly(name: str) -> str:
    """A surname without braces, TeX accents and particles, in small letters."""
    name = re.sub(r"\\[`'^\"~=.cvH]\s?", "", name).translate(str.maketrans("", "", "{}"))
    return re.sub(r"^(?:de|el|van|von) ", "", name.lower().strip()).replace("’", "'")


WORKS = bibliography()


def known(names: list[str], year: str) -> bool:
    surnames = [plainly(name) for name in names]
    if surnames[-1] == "others":
        first = tuple(surnames[:-1])
        return any(w[: len(first)] == first and len(w) > 1 for w, y in WORKS if y == year)
    return (tuple(surnames), year) in WORKS


def inherited(name: Public) -> list[str]:
    """Docstrings that speak for this name too: of its class, or of the functions it names."""
    texts = []
    if name.owner is not None:
        texts = [inspect.getdoc(kind) or "" for kind in name.owner.__mro__ if kind is not object]
    module = name.name.split(".")[0]
    named = re.findall(r"`(\w+)`", " ".join([name.doc, *texts[:1]]))
    makers = [BY_NAME[f"{module}.{n}"] for n in named if f"{module}.{n}" in BY_NAME]
    return texts + [maker.doc for maker in makers if inspect.isfunction(maker.thing)]


@every_name
def test_formula(name: Public) -> None:
    if name.name in NO_FORMULA or (name.owner and name.name.rsplit(".", 1)[0] in NO_FORMULA):
        return
    record = inspect.isclass(name.thing) or name.owner is not None
    texts = [name.doc, *(inherited(name) if record else [])]
    assert any(FORMULA.search(prose(text)) for text in texts), "no formula"


@every_name
def test_source(name: Public) -> None:
    """A source or the word that it is our own; a function may name the one that has the source."""
    texts = [name.doc, *inherited(name)]
    assert any(citations(text) or OURS.search(text) for text in texts), "no source"


@pytest.mark.parametrize("module", MODULES)
def test_every_cited_work_is_in_the_bibliography(module: str) -> None:
    home = importlib.import_module(f"cxedu.{module}")
    texts = [home.__doc__ or "", *(name.doc for name in public(module))]
    cited = {(tuple(names), year) for text in texts for names, year in citations(text)}
    assert cited, f"{module} cites nobody"
    missing = sorted(
        f"{', '.join(names)} {year}" for names, year in cited if not known(list(names), year)
    )
    assert not missing, f"not in book/references.bib: {'; '.join(missing)}"


# The rules themselves -------------------------------------------------------------------------


def test_citations_are_read_as_people_write_them() -> None:
    text = (
        "Score of Brier (1950); Murphy and Winkler 1977. See Fader and Hardie (2010, eq. 7), Gelman and "
        "others (2013, ch. 2), Welch's (1947) degrees, de Matos, Henrique and Rossi (2007), and "
        "Newcombe, Kennedy, Axford & James 1959. Dates such as 7 May 1984 or 2025-12-29 are none."
    )
    assert citations(text) == [
        (["Brier"], "1950"),
        (["Murphy", "Winkler"], "1977"),
        (["Fader", "Hardie"], "2010"),
        (["Gelman", "others"], "2013"),
        (["Welch"], "1947"),
        (["de Matos", "Henrique", "Rossi"], "2007"),
        (["Newcombe", "Kennedy", "Axford", "James"], "1959"),
    ]
    full = (
        "A.\n\nReferences\n----------\nFader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM.\n"
    )
    assert citations(full) == [(["Fader", "Hardie", "Lee"], "2005")]


def test_an_unknown_work_is_noticed() -> None:
    assert known(["Brier"], "1950")
    assert known(["Gelman", "others"], "2013")
    assert not known(["Brier"], "1951")
    assert not known(["Brier", "Nobody"], "1950")


def test_exceptions_are_still_needed() -> None:
    for exception in NO_FORMULA:
        assert not FORMULA.search(prose(BY_NAME[exception].doc)), exception
