"""The files in datasets/: those that the package makes today, whole, valid, and truth kept apart."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import frictionless
import numpy as np
import pandas as pd
import pytest

from cxedu import World
from cxedu.course import datasets
from cxedu.world import DICTIONARY

FOLDER = Path(__file__).resolve().parents[1] / "datasets"
PACKAGE = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
BOM = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    world = World(datasets.SEED, datasets.CUSTOMERS)
    observed = {name: getattr(world, name) for name in world.tables}
    return observed | {f"truth.{name}": getattr(world.truth, name) for name in world.truth.tables}


def tables_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}


# --- the files are those of today's package -----------------------------------------------------


def test_files_are_what_the_command_writes(tmp_path: Path) -> None:
    made = datasets.write(tmp_path)
    assert tables_in(FOLDER) == tables_in(tmp_path), "run: make datasets"
    behind = [
        path.name
        for path in made
        if path.read_bytes() != (FOLDER / path.relative_to(tmp_path)).read_bytes()
    ]
    assert behind == [], "run: make datasets"


def test_a_table_that_is_gone_goes_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "CUSTOMERS", 20)
    (tmp_path / "gossip.csv").write_text("who,whom\n")
    (tmp_path / "README.md").write_text("# Datasets\n")
    datasets.write(tmp_path)
    assert not (tmp_path / "gossip.csv").exists()
    assert (tmp_path / "README.md").exists()


def test_every_table_has_its_file_and_no_file_is_large() -> None:
    assert list(RESOURCES) == [
        *World.tables,
        *(f"truth.{name}" for name in World(1, 1).truth.tables),
    ]
    assert tables_in(FOLDER) == {resource["path"] for resource in RESOURCES.values()}
    assert max(path.stat().st_size for path in FOLDER.rglob("*")) <= 2_000_000


def test_a_table_that_grows_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "LARGEST", 500)
    with pytest.raises(ValueError, match=r"customers.csv has [\d,]+ bytes; .* at most 500"):
        datasets.files(World(1, 20))


# --- how they are written -----------------------------------------------------------------------


@pytest.mark.parametrize("name", DICTIONARY)
def test_plain_readers_get_every_cell(name: str) -> None:
    content = (FOLDER / RESOURCES[name]["path"]).read_bytes()
    text = content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == list(DICTIONARY[name])
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == RESOURCES[name]["rows"] + 1
    assert "\r" not in text
    assert text.endswith("\n")
    assert content.startswith(BOM) is not text.isascii(), "a mark where letters need it, only there"


@pytest.mark.parametrize("name", DICTIONARY)
def test_pandas_reads_what_the_company_has(tables: dict[str, pd.DataFrame], name: str) -> None:
    wanted = tables[name]
    dates = [column for column in wanted if wanted[column].dtype.kind == "M"]
    texts = dict.fromkeys((c for c in wanted if wanted[c].dtype in ("str", "category")), "str")
    found = pd.read_csv(FOLDER / RESOURCES[name]["path"], parse_dates=dates, dtype=texts)
    for field in RESOURCES[name]["schema"]["fields"]:
        column = field["name"]
        if wanted[column].dtype.kind == "f":
            error = 0.501 * 10.0 ** -field.get("decimals", 0)
            if field["type"] == "integer":
                error = 0
            np.testing.assert_allclose(found[column], wanted[column], rtol=0, atol=error)
        else:
            kind = "str" if column in texts else wanted[column].dtype
            expected = wanted[column].astype(kind)
            pd.testing.assert_series_equal(found[column].astype(kind), expected)
        if wanted[column].dtype.kind == "b":
            assert found[column].dtype == "bool", "true and false are read as such"


def test_money_has_cents_and_zero_no_sign() -> None:
    text = (FOLDER / "memberships.csv").read_text(encoding="utf-8")
    assert re.search(r",49\.00\n", text)
    for resource in RESOURCES.values():
        text = (FOLDER / resource["path"]).read_text(encoding="utf-8")
        assert not re.search(r"(?<=,)-0(\.0*)?(?=[,\n])", text), resource["path"]


# --- how they are described ---------------------------------------------------------------------


def test_frictionless_finds_no_fault() -> None:
    report = frictionless.validate(FOLDER / "datapackage.json")
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]
    assert report.stats["tasks"] == len(DICTIONARY)
    for task in report.tasks:  # every row was looked at
        assert task.stats["rows"] == RESOURCES[task.name]["rows"]


def test_meanings_are_those_of_the_dictionary() -> None:
    for name, columns in DICTIONARY.items():
        fields = {field["name"]: field for field in RESOURCES[name]["schema"]["fields"]}
        for column, (_, unit, meaning) in columns.items():
            assert fields[column]["description"] == meaning.replace("NaT", "empty")
            assert fields[column].get("unit", "") == unit


def test_package_says_where_it_comes_from() -> None:
    assert (PACKAGE["seed"], PACKAGE["customers"]) == (1, 2000)
    assert PACKAGE["licenses"][0]["name"] == "CC-BY-4.0"
    for resource in RESOURCES.values():
        assert resource["description"].startswith("One row per ")


def test_keys_are_those_that_are_meant() -> None:
    keys = {name: resource["schema"]["primaryKey"] for name, resource in RESOURCES.items()}
    assert keys["customers"] == ["customer_id"]
    assert keys["transactions"] == keys["truth.failures"] == ["transaction_id"]
    assert keys["wallet"] == keys["truth.wallet"] == ["customer_id", "category"]
    assert keys["campaigns"] == ["campaign", "customer_id"]
    assert keys["referrals"] == ["referred_id"]
    assert keys["interactions"] == ["interaction_id"]
    assert keys["journeys"] == ["case", "step"]
    assert keys["contacts"] == ["record_id"]
    assert keys["ratings"] == ["customer_id", "product_id"]
    assert keys["firms"] == ["firm_id", "year"]


def links(name: str) -> dict[tuple[str, ...], str]:
    given = RESOURCES[name]["schema"].get("foreignKeys", [])
    return {tuple(link["fields"]): link["reference"]["resource"] for link in given}


def test_tables_lead_to_each_other() -> None:
    assert links("customers") == links("products") == links("firms") == {}
    assert links("referrals") == {("referrer_id",): "customers", ("referred_id",): "customers"}
    assert links("interactions") == {
        ("customer_id",): "customers",
        ("transaction_id",): "transactions",
    }
    assert links("ratings") == {("customer_id",): "customers", ("product_id",): "products"}
    assert links("truth.memberships") == {("customer_id",): "memberships"}
    assert links("truth.contacts") == {("record_id",): "contacts", ("customer_id",): "customers"}
    assert links("truth.campaigns")["campaign", "customer_id"] == "campaigns"
    assert links("truth.wallet") == {("customer_id",): "customers"}, "it knows more than was asked"
    for name, resource in RESOURCES.items():
        columns = {field["name"] for field in resource["schema"]["fields"]}
        if "customer_id" in columns and name != "customers":
            assert ("customer_id",) in links(name), name


def test_truth_is_marked_and_apart() -> None:
    observed: set[str] = set()
    hidden: set[str] = set()
    for name, resource in RESOURCES.items():
        columns = {field["name"] for field in resource["schema"]["fields"]}
        assert resource["truth"] is name.startswith("truth.")
        assert resource["truth"] is resource["path"].startswith("truth/")
        if not resource["truth"]:
            observed |= columns
            targets = set(links(name).values())
            assert not [target for target in targets if RESOURCES[target]["truth"]]
        else:
            keys = set(resource["schema"]["primaryKey"]).union(*links(name))
            hidden |= columns - keys
    assert len(hidden) > 30
    assert hidden & observed == set(), "a column of the truth is in an observed file"


# --- the validation can fail --------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_files() -> dict[str, bytes]:
    return datasets.files(World(1, 60))


@pytest.fixture
def small(small_files: dict[str, bytes], tmp_path: Path) -> Path:
    """A small package, without the firms, which are many however few customers there are."""
    for name, content in small_files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    package = read(tmp_path)
    package["resources"] = [r for r in package["resources"] if not r["name"].endswith("firms")]
    save(tmp_path, package)
    return tmp_path


def read(folder: Path) -> dict[str, Any]:
    package: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return package


def save(folder: Path, package: dict[str, Any]) -> None:
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")


def faults(folder: Path) -> set[tuple[str, str]]:
    report = frictionless.validate(folder / "datapackage.json")
    assert not report.errors
    return {(task.name, error.type) for task in report.tasks for error in task.errors}


def unsealed(folder: Path) -> None:
    """Leave out sizes and hashes, so that only what the columns say can find a fault."""
    package = read(folder)
    for resource in package["resources"]:
        del resource["bytes"], resource["hash"], resource["rows"]
    save(folder, package)


def replace(path: Path, pattern: bytes, new: bytes) -> None:
    content = path.read_bytes()
    changed = re.sub(pattern, new, content, count=1)
    assert changed != content
    path.write_bytes(changed)


def test_one_changed_byte_is_found(small: Path) -> None:
    assert faults(small) == set()
    replace(small / "customers.csv", rb",north,", b",south,")
    assert faults(small) == {("customers", "hash-count")}


@pytest.mark.parametrize(
    ("path", "pattern", "new", "fault"),
    [
        ("transactions.csv", rb"\n1,1,", b"\n1,999,", "foreign-key"),
        ("truth/memberships.csv", rb"\n(\d+),", b"\n999,", "foreign-key"),
        ("customers.csv", rb"\n2,", b"\n1,", "primary-key"),
        ("customers.csv", rb",(true|false)\n", b",perhaps\n", "type-error"),
        ("customers.csv", rb"(north|south|east|west)", b"centre", "constraint-error"),
        ("transactions.csv", rb"\n1,1,[\d-]+,", b"\n1,1,,", "constraint-error"),
        ("truth/customers.csv", rb"(?<=,)0\.\d{6}", b"-0.5", "constraint-error"),
        ("journeys.csv", rb",[1-7],(-?\d)\n", b",8,\\1\n", "constraint-error"),
        ("wallet.csv", rb"customer_id", b"customer", "incorrect-label"),
    ],
)
def test_what_does_not_fit_is_found(
    small: Path, path: str, pattern: bytes, new: bytes, fault: str
) -> None:
    unsealed(small)
    replace(small / path, pattern, new)
    name = path.removesuffix(".csv").replace("/", ".")
    assert (name, fault) in faults(small)
