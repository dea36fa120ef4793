"""The data files of `datasets/`: every table of one Meridian as CSV, and the package that describes them.

Names, types, units and meanings come from `cxedu.world.DICTIONARY`; a new table of the company is
here without a word in this file. What a file shares with the others (keys, ranges, decimals) is
worked out by the rules below.
"""

import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import cxedu
from cxedu.world import DICTIONARY, World

SEED, CUSTOMERS = 1, 2000
LARGEST = 2_000_000  # bytes of a file that a spreadsheet opens at once
MOST_DECIMALS = 6

# Columns that hold a key of another table under another name.
OTHER_NAMES = {"referrer_id": "customer_id", "referred_id": "customer_id"}

# What a unit allows, beside the scales, which say it themselves (“1–5”).
RANGES: dict[str, dict[str, int]] = {
    "count": {"minimum": 0},
    "fields": {"minimum": 0},
    "minutes": {"minimum": 0},
    "orders": {"minimum": 0},
    "orders per week": {"minimum": 0},
    "1 = average": {"minimum": 0},
    "€ per order": {"minimum": 0},
    "€ per year": {"minimum": 0},
    "probability": {"minimum": 0, "maximum": 1},
    "per repeat order": {"minimum": 0, "maximum": 1},
    "per yearly renewal": {"minimum": 0, "maximum": 1},
    "difference of probabilities": {"minimum": -1, "maximum": 1},
    "share": {"minimum": 0, "maximum": 1},
    "share of orders": {"minimum": 0, "maximum": 1},
    "share of revenue": {"maximum": 1},
}

TYPES = {
    "int64": "integer",
    "float64": "number",
    "bool": "boolean",
    "category": "string",
    "str": "string",
    "datetime64[s]": "date",
}


def write(folder: Path) -> list[Path]:
    """Write all files into the folder, and remove tables that the company no longer has."""
    made = files(World(SEED, CUSTOMERS))
    for path in folder.glob("**/*.csv"):
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()
    for name, content in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [folder / name for name in made]


def files(world: World) -> dict[str, bytes]:
    """Return every file, by its path in `datasets/`: the same bytes for the same company.

    Raises
    ------
    ValueError
        If a table would be larger than 2 MB.

    Examples
    --------
    >>> made = files(World(seed=1, n_customers=20))
    >>> made["memberships.csv"].splitlines()[0]
    b'customer_id,start,renewals,end,fee'
    >>> "truth/customers.csv" in made, "datapackage.json" in made
    (True, True)
    """
    tables = {name: getattr(world, name) for name in world.tables}
    tables |= {f"truth.{name}": getattr(world.truth, name) for name in world.truth.tables}
    made = {path_of(name): csv(table, name) for name, table in tables.items()}
    for path, content in made.items():
        if len(content) > LARGEST:
            raise ValueError(
                f"{path} has {len(content):,} bytes; a file of datasets/ has at most {LARGEST:,}."
            )
    package = describe(world, tables, made)
    made["datapackage.json"] = (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()
    return made


def path_of(table: str) -> str:
    """The file of a table.

    >>> path_of("wallet"), path_of("truth.wallet")
    ('wallet.csv', 'truth/wallet.csv')
    """
    return table.replace("truth.", "truth/") + ".csv"


def csv(table: pd.DataFrame, name: str) -> bytes:
    """The table as CSV: comma, quotes where needed (RFC 4180), LF, UTF-8, empty where missing.

    Only a file with letters beyond ASCII begins with a byte order mark: Excel needs it there to
    read the letters, and the other files are better off without.
    """
    columns = {column: texts(table[column], about[1]) for column, about in DICTIONARY[name].items()}
    text = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def texts(values: pd.Series, unit: str) -> pd.Series:
    """Write each value of a column as the file has it; missing ones stay missing.

    >>> texts(pd.Series([2.5, -0.001, None]), "€").fillna("").tolist()
    ['2.50', '0.00', '']
    >>> texts(pd.Series([True, False]), "").tolist()
    ['true', 'false']
    """
    there = values.dropna()
    if values.dtype == "bool":
        written = there.map({True: "true", False: "false"})
    elif values.dtype.kind == "M":
        written = there.dt.strftime("%Y-%m-%d" if unit == "date" else "%Y-%m-%d %H:%M:%S")
    elif values.dtype.kind == "f":
        places = decimals(values, unit)
        # adding 0 makes a plain zero of a negative one
        written = (there.round(places) + 0.0).map(lambda number: f"{number:.{places}f}")
    else:
        written = there.astype(str)
    return written.astype(object).reindex(values.index)


def decimals(values: pd.Series, unit: str) -> int:
    """How many decimals a column is written with: cents for money, else what it needs, at most six.

    >>> decimals(pd.Series([0.5, 12.25]), "minutes"), decimals(pd.Series([3.0]), "€ per year")
    (2, 2)
    """
    if unit.startswith("€"):
        return 2
    numbers = values.dropna().to_numpy()
    exact = (np.allclose(numbers, numbers.round(k), rtol=0, atol=1e-12) for k in range(7))
    return next((places for places, fits in enumerate(exact) if fits), MOST_DECIMALS)


# The description -----------------------------------------------------------------------------


def describe(
    world: World, tables: dict[str, pd.DataFrame], made: dict[str, bytes]
) -> dict[str, Any]:
    """The Frictionless data package: which files, which columns, what they mean and how they fit."""
    keys = {name: key(table) for name, table in tables.items()}
    # the first observed table that a single column numbers is what that column means elsewhere
    homes = {keys[name][0]: name for name in reversed(world.tables) if len(keys[name]) == 1}
    resources = []
    for name, table in tables.items():
        content = made[path_of(name)]
        owner = world.truth if name.startswith("truth.") else world
        resource: dict[str, Any] = {
            "name": name,
            "title": name.replace("truth.", "truth: ").capitalize(),
            "description": one_row(owner, name.removeprefix("truth.")),
            "truth": owner is not world,
            "profile": "tabular-data-resource",
            "path": path_of(name),
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "dialect": {"lineTerminator": "\n"},
            "bytes": len(content),
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "rows": len(table),
            "schema": {
                "fields": [field(table[column], name, keys[name]) for column in table],
                "missingValues": [""],
                "primaryKey": keys[name],
            },
        }
        if links := references(name, tables, keys, homes):
            resource["schema"]["foreignKeys"] = links
        resources.append(resource)
    return {
        "profile": "tabular-data-package",
        "name": "meridian-outfitters",
        "title": f"Meridian Outfitters: {world.n_customers:,} customers, seed {world.seed}",
        "description": (
            "The tables of a company made by a program, and, apart from them, the truth behind "
            "them, which no company sees. Generated by `python -m cxedu datasets`."
        ),
        "version": cxedu.__version__,
        "seed": world.seed,
        "customers": world.n_customers,
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
        "contributors": [{"title": "The cxedu authors", "role": "author"}],
        "resources": resources,
    }


def one_row(owner: object, table: str) -> str:
    """What a row is: the beginning of the table's own docstring."""
    said = (getattr(type(owner), table).__doc__ or "").strip().splitlines()[0]
    return said.split(":")[0].rstrip(".") + "."


def field(values: pd.Series, table: str, primary: list[str]) -> dict[str, Any]:
    """One column: its type, unit, meaning, and what its values keep to."""
    column = str(values.name)
    kind, unit, meaning = DICTIONARY[table][column]
    about: dict[str, Any] = {"name": column, "type": TYPES[kind]}
    if about["type"] == "date" and unit != "date":
        # with a blank, not a T, between day and time: spreadsheets know it so
        about |= {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"}
    if about["type"] == "number" and not (places := decimals(values, unit)):
        about["type"] = "integer"  # whole numbers with gaps
    elif about["type"] == "number":
        about["decimals"] = places
    about["description"] = meaning.replace("NaT", "empty")
    if unit:
        about["unit"] = unit
    limits: dict[str, Any] = {"required": not values.isna().any()}
    if primary == [column]:
        limits["unique"] = True
    if kind == "category":
        limits["enum"] = list(values.cat.categories)
    elif scale := re.match(r"(−?\d+)(?:–| … )(−?\d+)", unit):
        low, high = (int(end.replace("−", "-")) for end in scale.groups())
        limits |= {"minimum": low, "maximum": high}
    elif kind == "int64" and not unit:
        limits["minimum"] = 1  # numbers that name something begin at 1
    else:
        limits |= RANGES.get(unit, {})
    return about | {"constraints": limits}


def key(table: pd.DataFrame) -> list[str]:
    """The fewest, leftmost columns that tell the rows apart.

    >>> key(pd.DataFrame({"customer_id": [1, 1, 2], "category": ["tents", "packs", "tents"]}))
    ['customer_id', 'category']
    """
    names = [str(column) for column in table if table[column].dtype.kind not in "bf"]
    for size in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, size):
            if not table.duplicated(list(chosen)).any():
                return list(chosen)
    raise ValueError(f"No columns of {list(table)} tell the rows apart.")


def references(
    name: str,
    tables: dict[str, pd.DataFrame],
    keys: dict[str, list[str]],
    homes: dict[str, str],
) -> list[dict[str, Any]]:
    """The foreign keys of a table: columns that number another one's rows, and truth's own table."""
    links: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for column in DICTIONARY[name]:
        meant = OTHER_NAMES.get(column, column)
        home = homes.get(meant)
        if home is not None and home != name:
            links[(column,)] = (home, [meant])
    seen = name.removeprefix("truth.")
    # truth of the same rows belongs to them; where truth knows more than was observed, it doesn't
    if (
        seen in tables
        and seen != name
        and keys[seen] == keys[name]
        and len(tables[name]) <= len(tables[seen])
    ):
        links[tuple(keys[name])] = (seen, keys[seen])
    return [
        {"fields": list(columns), "reference": {"resource": other, "fields": fields}}
        for columns, (other, fields) in links.items()
    ]
