"""A World as Parquet: the same tables as in memory, the same bytes whoever writes, whatever happens."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxedu.world
from cxedu import World
from cxedu.world import DICTIONARY, chance, parquet

pytest.importorskip("pyarrow")

SEED, N, SMALL = 6, 1000, 300  # chunks of 300, 300, 300 and 100 customers
FEW = ["customers", "transactions", "journeys"]
WHOLE = {"products", "firms", "truth.firms", "truth.friction"}  # whatever the customers


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Workers are told what to draw, so it is enough that this process has small chunks."""
    monkeypatch.setattr(cxedu.world, "CHUNK", SMALL)


def in_memory(world, name):
    owner = world.truth if name.startswith("truth.") else world
    return getattr(owner, name.removeprefix("truth."))


def in_folder(folder, name):
    """All files of a table, one after the other; dates in seconds again."""
    parts = sorted((folder / name.replace(".", "/")).glob("part-*.parquet"))
    tables = [pd.read_parquet(part) for part in parts]
    # A file without rows doesn't keep the names of its categories.
    tables = [table for table in tables if len(table)] or tables[:1]
    return seconds(pd.concat(tables, ignore_index=True))


def assert_same(left, right, name=""):
    """Equal to the last bit, type by type (pandas' own comparison of large tables takes seconds)."""
    assert left.dtypes.equals(right.dtypes), name
    assert left.index.equals(right.index), name
    assert left.equals(right), name


def seconds(table):
    return table.astype(dict.fromkeys(table.select_dtypes("datetime").columns, "datetime64[s]"))


def digests(folder):
    """The SHA-256 of everything that lies in the folder, hidden files as well."""
    paths = sorted(p for p in Path(folder).rglob("*") if p.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run gives that nobody disturbs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cxedu.world, "CHUNK", SMALL)
        folder = tmp_path_factory.mktemp("undisturbed")
        return digests(World(SEED, N).to_parquet(folder, FEW, progress=False))


# --- the same tables ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [N, 3 * SMALL + 1])  # a last chunk of one customer has empty tables
def test_files_together_are_the_table_in_memory_with_its_types(tmp_path, n):
    world = World(SEED, n)
    folder = world.to_parquet(tmp_path / "new" / "company", truth=True, progress=False)
    assert folder == tmp_path / "new" / "company"
    for name in DICTIONARY:
        place, expected = folder / name.replace(".", "/"), in_memory(world, name)
        assert_same(in_folder(folder, name), expected, name)
        assert len(list(place.iterdir())) == (1 if name in WHOLE else -(-n // SMALL)), name

        table = pd.read_parquet(place)  # the folder as one table
        types = {column: str(dtype) for column, dtype in table.dtypes.items()}
        as_told = {c: about[0].replace("64[s]", "64[ms]") for c, about in DICTIONARY[name].items()}
        assert types == as_told, name
        assert_same(seconds(table), expected, name)


def test_a_company_of_one(tmp_path):
    """Tables without rows keep their columns and types, but not the names of categories."""
    world = World(SEED, 1)
    folder = world.to_parquet(tmp_path, truth=True, progress=False)
    for name in DICTIONARY:
        made, expected = in_folder(folder, name), in_memory(world, name)
        assert len(made) == len(expected), name
        if len(made):
            assert_same(made, expected, name)
        else:
            assert made.dtypes.astype(str).equals(expected.dtypes.astype(str)), name


def test_files_together_are_the_table_in_memory_at_the_true_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(cxedu.world, "CHUNK", chance.CHUNK)
    world = World(3, chance.CHUNK + 5)
    names = ["customers", "transactions", "memberships", "truth.customers"]
    folder = world.to_parquet(tmp_path, names, progress=False)
    for name in names:
        assert len(list((folder / name.replace(".", "/")).iterdir())) == 2
        assert_same(in_folder(folder, name), in_memory(world, name))


def test_a_chunk_depends_only_on_its_own_seed():
    """Neither on the chunks before it nor on how many come after it."""
    part = slice(SMALL, 2 * SMALL)
    alone = parquet._Chunk(SEED, 1, part).truth.customers
    whole = World(SEED, N).truth.customers
    assert_same(
        alone.drop(columns="customer_id"),
        whole[part].reset_index(drop=True).drop(columns="customer_id"),
    )


def test_every_number_that_runs_through_the_company_is_known_as_one():
    """A new table with a key of its own is written right, or this test says that it isn't."""
    keys = {"product_id", "firm_id"}  # of catalogues that are the same in every chunk
    for table, columns in DICTIONARY.items():
        for column in columns:
            if column.endswith("_id") or column == "case":
                assert column in keys or parquet._counter(table, column), (table, column)


def test_only_what_is_asked_for_is_written(tmp_path):
    world = World(SEED, N)
    one = world.to_parquet(tmp_path / "one", "truth.surveys", progress=False)
    assert sorted(p.name for p in one.iterdir()) == ["manifest.json", "truth"]
    assert_same(in_folder(one, "truth.surveys"), world.truth.surveys)
    observed = world.to_parquet(tmp_path / "observed", progress=False)
    assert {p.name for p in observed.iterdir()} == {*world.tables, "manifest.json"}


def test_the_manifest_tells_what_is_there(tmp_path):
    folder = World(SEED, N).to_parquet(tmp_path, [*FEW, "products"], progress=False)
    told = json.loads((folder / "manifest.json").read_text())
    assert (told["seed"], told["n_customers"]) == (SEED, N)
    assert told["tables"] == [*FEW, "products"]
    assert told["made_with"]["cxedu"] == cxedu.__version__
    assert told["rows"] == {name: len(in_folder(folder, name)) for name in told["tables"]}
    sums = {path: f["sha256"] for chunk in told["chunks"] for path, f in chunk["files"].items()}
    there = digests(folder)
    del there["manifest.json"]
    assert sums == there


# --- others read it ----------------------------------------------------------------------------


@pytest.fixture
def company(tmp_path):
    return World(SEED, N).to_parquet(tmp_path, ["transactions"], progress=False)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Dask's own, for the next pandas
def test_dask_reads_it(company):
    frames = pytest.importorskip("dask.dataframe")
    orders = frames.read_parquet(company / "transactions")
    assert orders.npartitions > 1
    world = World(SEED, N)
    made = orders.compute(scheduler="sync").reset_index(drop=True)
    assert_same(seconds(made), world.transactions)
    by_channel = orders.groupby("channel", observed=True)["revenue"].sum()
    expected = world.transactions.groupby("channel", observed=True)["revenue"].sum()
    told = by_channel.compute(scheduler="sync")
    assert np.allclose(told.loc[expected.index], expected)


def test_pyarrow_reads_it_lazily(company):
    from pyarrow import dataset

    orders = dataset.dataset(company / "transactions")
    expected = World(SEED, N).transactions
    assert orders.count_rows() == len(expected)
    late = orders.to_table(filter=dataset.field("customer_id") > 2 * SMALL)
    assert late.num_rows == (expected["customer_id"] > 2 * SMALL).sum()


# --- the same bytes ----------------------------------------------------------------------------


def test_the_same_bytes_by_threads_and_processes(tmp_path, undisturbed):
    world = World(SEED, N)
    with ThreadPoolExecutor(3) as pool:
        folder = world.to_parquet(tmp_path / "threads", FEW, executor=pool, progress=False)
    assert digests(folder) == undisturbed
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        folder = world.to_parquet(tmp_path / "processes", FEW, executor=pool, progress=False)
    assert digests(folder) == undisturbed


def test_the_same_bytes_by_dask_workers(tmp_path, undisturbed):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        local_directory=tmp_path / "dask",
    )
    with cluster, distributed.Client(cluster) as client:
        world = World(SEED, N)
        folder = world.to_parquet(tmp_path / "client", FEW, executor=client, progress=False)
        assert digests(folder) == undisturbed
        pool = client.get_executor()
        folder = world.to_parquet(tmp_path / "executor", FEW, executor=pool, progress=False)
        assert digests(folder) == undisturbed


class Counting(ThreadPoolExecutor):
    """Counts how many tasks were ever handed in and not yet done."""

    def __init__(self, workers):
        super().__init__(workers)
        self.open = self.most = self.all = 0
        self._lock = threading.Lock()

    def submit(self, *task):
        with self._lock:
            self.open, self.all = self.open + 1, self.all + 1
            self.most = max(self.most, self.open)
        future = super().submit(*task)
        future.add_done_callback(self._one_less)
        return future

    def _one_less(self, _):
        with self._lock:
            self.open -= 1


def test_only_a_few_chunks_are_handed_in_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(cxedu.world, "CHUNK", 50)
    with Counting(2) as pool:
        World(SEED, N).to_parquet(tmp_path, ["customers"], executor=pool, progress=False)
    assert pool.all == 20  # nothing has to be counted for customers
    assert pool.most <= 4


def test_counting_is_done_only_where_it_is_needed(tmp_path):
    with Counting(2) as pool:
        World(SEED, N).to_parquet(tmp_path, ["transactions"], executor=pool, progress=False)
    assert pool.all == 4 + 3  # what the last chunk holds, nobody needs to know


# --- whatever happens --------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import cxedu.world
from cxedu.world import parquet

cxedu.world.CHUNK = {chunk}
moment, left = sys.argv[2], int(sys.argv[3])
replace, append = parquet.Path.replace, parquet._Ledger.take

def maybe(here):
    global left
    left -= moment == here
    if left < 0:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

def replacing(self, target):
    if self.name.startswith(".part"):
        maybe("before a file has its name")
    replace(self, target)

def taking(self, record):
    maybe("before it is noted")
    if moment == "while it is noted" and left == 0:
        with (self.folder / parquet.JOURNAL).open("a") as journal:
            journal.write(parquet._line(record)[:30])
    maybe("while it is noted")
    append(self, record)

parquet.Path.replace, parquet._Ledger.take = replacing, taking
cxedu.World({seed}, {n}).to_parquet(sys.argv[1], {tables}, progress=False)
"""


@pytest.mark.parametrize(
    ("moment", "after", "files"),
    [
        ("before a file has its name", 4, 4),
        ("before it is noted", 2, 9),
        ("while it is noted", 1, 6),
    ],
)
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    tmp_path, undisturbed, moment, after, files
):
    folder = tmp_path / "killed"
    code = KILLED.format(chunk=SMALL, seed=SEED, n=N, tables=FEW)
    command = [sys.executable, "-c", code, str(folder), moment, str(after)]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
    left = digests(folder)
    assert sum(path.endswith(".parquet") for path in left) == files
    assert left != undisturbed
    World(SEED, N).to_parquet(folder, FEW, progress=False)
    assert digests(folder) == undisturbed


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch, undisturbed):
    folder = World(SEED, N).to_parquet(tmp_path / "again", FEW, progress=False)
    drawn = []
    make = parquet._Chunk
    monkeypatch.setattr(parquet, "_Chunk", lambda *given: drawn.append(given[1]) or make(*given))
    World(SEED, N).to_parquet(folder, FEW, progress=False)
    assert drawn == []
    (folder / "transactions" / "part-00002.parquet").write_bytes(b"cut off")
    (folder / "customers" / "part-00001.parquet").unlink()
    World(SEED, N).to_parquet(folder, FEW, progress=False)
    assert drawn == [1, 2]
    assert digests(folder) == undisturbed


class Failing(ThreadPoolExecutor):
    """Its workers give up after a few tasks."""

    def __init__(self, good):
        super().__init__(1)
        self.good = good

    def submit(self, *task):
        if self.good:
            self.good -= 1
            return super().submit(*task)
        lost = Future()
        lost.set_exception(OSError("the disk is full"))
        return lost


@pytest.mark.parametrize("good", [0, 2, 5])
def test_an_error_of_a_worker_is_told_and_the_next_run_goes_on(tmp_path, undisturbed, good):
    folder = tmp_path / "failed"
    with Failing(good) as pool, pytest.raises(OSError, match="the disk is full"):
        World(SEED, N).to_parquet(folder, FEW, executor=pool, progress=False)
    with ThreadPoolExecutor(2) as pool:
        World(SEED, N).to_parquet(folder, FEW, executor=pool, progress=False)
    assert digests(folder) == undisturbed


class Elsewhere(ThreadPoolExecutor):
    """Its workers write into a folder of their own."""

    def submit(self, task, *given):
        return super().submit(lambda: self.and_lose(task(*given)))

    def and_lose(self, record):
        for path in record["files"]:
            os.unlink(self.folder / path)
        return record


def test_workers_that_see_another_folder_are_found_out(tmp_path):
    with Elsewhere(1) as pool:
        pool.folder = tmp_path
        with pytest.raises(FileNotFoundError, match="all workers must see the same folder"):
            World(SEED, N).to_parquet(tmp_path, ["customers"], executor=pool, progress=False)


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "n", "tables", "said"),
    [
        (7, N, FEW, r"with seed 6 \(asked for: 7\)"),
        (SEED, N + 1, FEW, r"with n_customers 1000 \(asked for: 1001\)"),
        (SEED, N, ["customers"], r"with tables \['customers', 'transactions', 'journeys'\]"),
        (7, 1, FEW, r"seed 6 \(asked for: 7\) and n_customers 1000 \(asked for: 1\)"),
    ],
)
def test_a_folder_holds_one_dataset(tmp_path, seed, n, tables, said):
    World(SEED, N).to_parquet(tmp_path, FEW, progress=False)
    before = digests(tmp_path)
    with pytest.raises(ValueError, match=said) as told:
        World(seed, n).to_parquet(tmp_path, tables, progress=False)
    assert "Choose another folder, or delete this one" in str(told.value)
    assert digests(tmp_path) == before


def test_another_version_of_the_package_does_not_go_on(tmp_path, monkeypatch):
    World(SEED, 5).to_parquet(tmp_path, FEW, progress=False)
    monkeypatch.setattr(cxedu, "__version__", "0.0.1")
    with pytest.raises(ValueError, match="it holds another dataset, with made_with"):
        World(SEED, 5).to_parquet(tmp_path, FEW, progress=False)


def test_the_order_of_the_tables_does_not_matter(tmp_path, undisturbed):
    folder = World(SEED, N).to_parquet(tmp_path / "o", [*FEW[::-1], FEW[0]], progress=False)
    assert digests(folder) == undisturbed


def test_a_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ValueError, match=r"must be empty or hold .* it holds 'thesis.docx'"):
        World(SEED, 5).to_parquet(tmp_path)
    assert list(digests(tmp_path)) == ["thesis.docx"]
    with pytest.raises(ValueError, match=r"must be a folder, and there is a file"):
        World(SEED, 5).to_parquet(tmp_path / "thesis.docx")


@pytest.mark.parametrize("text", ["[]", "not JSON", ""])
def test_a_manifest_of_others_is_left_alone(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"its manifest.json is not one of ours"):
        World(SEED, 5).to_parquet(tmp_path)
    assert (tmp_path / "manifest.json").read_text() == text


@pytest.mark.parametrize("folder", [None, 7, "", "  ", ["a"]])
def test_bad_folder(folder):
    with pytest.raises(ValueError, match=r"folder is .*; it must be the path of a folder"):
        World(SEED, 5).to_parquet(folder)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tables": ["gossip"]}, r"tables is 'gossip'; it must be one of 'customers', "),
        ({"tables": "gossip"}, r"tables is 'gossip'; it must be one of 'customers', "),
        ({"tables": [None]}, r"tables is None; it must be one of 'customers', "),
        ({"tables": [["customers"]]}, r"tables is \['customers'\]; it must be one of"),
        ({"tables": []}, r"tables is empty; name at least one table"),
        ({"tables": 7}, r"tables is 7; it must be a list of names of tables"),
        ({"truth": "yes"}, r"truth is 'yes'; it must be True or False"),
        ({"executor": 2}, r"executor is a int; it must be a concurrent.futures executor"),
    ],
)
def test_bad_arguments(tmp_path, given, said):
    with pytest.raises(ValueError, match=said):
        World(SEED, 5).to_parquet(tmp_path / "new", **given)
    assert not (tmp_path / "new").exists()


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r'pip install "cxedu\[scale\]"'):
        World(SEED, 5).to_parquet(tmp_path)


# --- how large -----------------------------------------------------------------------------------


def test_tables_that_no_memory_holds_are_not_begun():
    world = World(SEED, 20_000_000)
    for make in (lambda: world.customers, lambda: world.truth.wallet, lambda: world.journeys):
        with pytest.raises(ValueError, match=r"n_customers is 20,000,000; .* with to_parquet"):
            make()
    assert len(world.firms) > 0
    assert len(world.truth.friction) > 0


def test_the_last_customers_of_the_largest_company(tmp_path):
    """Numbers of nine digits and beyond are numbers like others."""
    last = cxedu.world.MOST_CUSTOMERS
    names = ("customers", "transactions", "contacts", "truth.contacts")
    counters = ("contacts.record_id", "transactions.transaction_id")
    job = parquet._Job(str(tmp_path), SEED, names, counters)
    before = dict.fromkeys(counters, 5 * 10**9) | {parquet.CUSTOMERS: last - 100}
    record = job.write(1999, last - 100, last, before)
    made = {name: in_folder(tmp_path, name) for name in names}
    assert made["customers"]["customer_id"].tolist() == list(range(last - 99, last + 1))
    assert made["transactions"]["transaction_id"].iloc[0] == 5 * 10**9 + 1
    assert record["counts"]["transactions.transaction_id"] == len(made["transactions"])
    assert set(made["truth.contacts"]["customer_id"]) <= set(made["customers"]["customer_id"])


# --- how far we are ------------------------------------------------------------------------------


def test_a_log_gets_a_line_for_each_chunk(tmp_path, capsys):
    World(SEED, N).to_parquet(tmp_path, FEW)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [f"writing: {k} of 4 chunks (chunk {k - 1})" for k in (1, 2, 3, 4)]  # fmt: skip
    World(SEED, N).to_parquet(tmp_path, FEW)
    assert capsys.readouterr().err == ""  # there was nothing to do


def test_workers_count_first(tmp_path, capsys):
    with ThreadPoolExecutor(2) as pool:
        World(SEED, N).to_parquet(tmp_path, FEW, executor=pool)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" chunks")[0] for line in lines] == [
        *(f"counting: {k} of 3" for k in (1, 2, 3)),
        *(f"writing: {k} of 4" for k in (1, 2, 3, 4)),
    ]


def test_a_terminal_gets_a_bar_and_silence_is_silent(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    World(SEED, N).to_parquet(tmp_path / "bar", FEW)
    assert "4/4" in capsys.readouterr().err
    World(SEED, N).to_parquet(tmp_path / "silent", FEW, progress=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    World(SEED, N).to_parquet(tmp_path / "lines", FEW)
    assert "writing: 4 of 4 chunks" in capsys.readouterr().err
