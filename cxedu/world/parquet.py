"""A company larger than memory, written to Parquet chunk by chunk.

In every table each chunk of 50,000 customers has a child seed of its own and needs nothing of the
other chunks. So a chunk is drawn as a small company (`_Chunk`) by whoever has time, in any order, and
one chunk is all that a worker has in memory. What a chunk can't know alone is where the
numbers that run through the company begin in it: how many orders, records, contacts and journeys there
were before. One after the other, each chunk tells the next. Several workers can't wait for each other,
so they first draw all chunks only to count, then again to write: half as much work again, in return
for which no worker waits and no file is ever rewritten.

What is done is noted line by line in `progress.jsonl`, and at the end in `manifest.json`. A file
gets its name only when it is whole. So whatever is interrupted, at whatever moment, goes on where
it was and ends with the same bytes.
"""

import hashlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import cxedu
from cxedu import validate
from cxedu.world import DICTIONARY, World

Record = dict[str, Any]  # of one chunk: its number, its counts and (once written) its files

MANIFEST, JOURNAL = "manifest.json", "progress.jsonl"
ROW_GROUP = 1 << 20  # rows: a file is one row group
CUSTOMERS = "customers.customer_id"
#: Columns that count through the company: where each number is given out. A `case` is the table's own.
_COUNTERS = {
    "customer_id": CUSTOMERS,
    "referrer_id": CUSTOMERS,
    "referred_id": CUSTOMERS,
    "transaction_id": "transactions.transaction_id",
    "record_id": "contacts.record_id",
    "interaction_id": "interactions.interaction_id",
}


class _Chunk(World):
    """One chunk of a company as a company of its own, in which all numbers start from 1."""

    def __init__(self, seed: int, number: int, rows: slice) -> None:
        super().__init__(seed, rows.stop - rows.start)
        self._number, self._before = number, rows.start

    def _chunks(self) -> Iterator[tuple[int, slice]]:
        yield self._number, slice(0, self.n_customers)


@dataclass(frozen=True)
class _Job:
    """What all chunks of one dataset have in common; travels to the workers."""

    folder: str
    seed: int
    tables: tuple[str, ...]
    counters: tuple[str, ...]

    def count(self, number: int, first: int, stop: int) -> Record:
        """Draw a chunk only to know how many numbers it uses."""
        chunk = _Chunk(self.seed, number, slice(first, stop))
        return {"chunk": number, "counts": self._counts(chunk)}

    def write(self, number: int, first: int, stop: int, before: dict[str, int]) -> Record:
        """Draw a chunk and write its files; `before` is where its numbers go on from."""
        chunk = _Chunk(self.seed, number, slice(first, stop))
        files = {}
        for name in self.tables:
            table = _table(chunk, name)
            for column in table.columns:
                if counter := _counter(name, column):
                    table[column] += before[counter]
            path = _path(name, number)
            files[path] = _store(table, Path(self.folder) / path)
        return {"chunk": number, "counts": self._counts(chunk), "files": files}

    def _counts(self, chunk: World) -> dict[str, int]:
        """The highest number that the chunk gives out, by counter: they run from 1 without gaps."""
        counts = {}
        for counter in self.counters:
            name, column = counter.rsplit(".", 1)
            numbers = _table(chunk, name)[column]
            counts[counter] = int(numbers.max()) if len(numbers) else 0
        return counts


def write(
    world: World,
    folder: str | os.PathLike[str],
    tables: Sequence[str] | None,
    truth: bool,
    executor: Any,
    progress: bool,
) -> Path:
    """Write a company as `World.to_parquet` says."""
    _needs_pyarrow()
    names = _names(world, tables, truth)
    if not (executor is None or hasattr(executor, "submit")):
        raise ValueError(
            f"executor is a {type(executor).__name__}; it must be a concurrent.futures executor, "
            "a dask.distributed Client, or None."
        )
    by_chunk = tuple(n for n in names if any(_counter(n, c) for c in DICTIONARY[n]))
    used = {_counter(n, c) for n in by_chunk for c in DICTIONARY[n]}
    counters = tuple(sorted(c for c in used if c and c != CUSTOMERS))
    ledger = _Ledger(_folder(folder), _about(world, names))
    job = _Job(str(ledger.folder), world.seed, by_chunk, counters)

    whole = [name for name in names if name not in by_chunk]  # the same for any number of customers
    if whole and not ledger.written(None):
        files = {_path(n, 0): _store(_table(world, n), ledger.folder / _path(n, 0)) for n in whole}
        ledger.take({"chunk": None, "counts": {}, "files": files})

    chunks = [(number, rows.start, rows.stop) for number, rows in world._chunks() if by_chunk]
    open_ = [chunk for chunk in chunks if not ledger.written(chunk[0])]
    if executor is not None and counters and open_:
        unknown = [chunk for chunk in chunks[: open_[-1][0]] if not ledger.counted(chunk[0])]
        for record in _told(_run(executor, job.count, unknown), "counting", len(unknown), progress):
            ledger.take(record)

    def tasks() -> Iterator[tuple[Any, ...]]:
        before = dict.fromkeys(counters, 0)
        for number, first, stop in chunks[: open_[-1][0] + 1 if open_ else 0]:
            if not ledger.written(number):
                yield number, first, stop, before | {CUSTOMERS: first}
            if number < open_[-1][0]:
                before = {c: before[c] + ledger.counts(number)[c] for c in counters}

    for record in _told(_run(executor, job.write, tasks()), "writing", len(open_), progress):
        ledger.take(record)
    ledger.close()
    return ledger.folder


# What is done -----------------------------------------------------------------------------------


class _Ledger:
    """The records of a dataset's chunks: kept in a journal while it grows, in the manifest at the end."""

    def __init__(self, folder: Path, about: Record) -> None:
        self.folder, self._about = folder, about
        self._records: dict[int | None, Record] = {}
        manifest = folder / MANIFEST
        if manifest.exists():
            known = _known(manifest)
            _must_be_the_same(folder, about, known)
            records = known.get("chunks", []) + _lines(folder / JOURNAL)
            self._records = {record["chunk"]: record for record in records if self._stands(record)}
        else:
            _replace(manifest, _json(about))
        # Written anew: the last line may be torn, and files may have gone.
        _replace(folder / JOURNAL, "".join(_line(r) for r in self._records.values()))

    def take(self, record: Record) -> None:
        """Note what is done, for this run and for the next."""
        if not self._stands(record):
            raise FileNotFoundError(
                f"a file of chunk {record['chunk']} is not in {str(self.folder)!r} although a worker wrote "
                "it; all workers must see the same folder, under the same path."
            )
        self._records[record["chunk"]] = record
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(_line(record))

    def written(self, number: int | None) -> bool:
        return "files" in self._records.get(number, {})

    def counted(self, number: int) -> bool:
        return number in self._records

    def counts(self, number: int) -> dict[str, int]:
        return self._records[number]["counts"]

    def close(self) -> None:
        """Turn the journal into the manifest, the same whoever wrote what when."""
        records = sorted(
            self._records.values(), key=lambda r: -1 if r["chunk"] is None else r["chunk"]
        )
        rows = dict.fromkeys(self._about["tables"], 0)
        for record in records:
            for path, file in record["files"].items():
                rows[_name(path)] += file["rows"]
        _replace(self.folder / MANIFEST, _json(self._about | {"rows": rows, "chunks": records}))
        (self.folder / JOURNAL).unlink()
        for left in self.folder.rglob(".*.unfinished"):  # by runs that were killed
            left.unlink(missing_ok=True)

    def _stands(self, record: Record) -> bool:
        """Whether the files of a record are there, as long as they were."""
        files = record.get("files", {}).items()
        paths = [(self.folder / path, file["bytes"]) for path, file in files]
        return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def _about(world: World, names: Sequence[str]) -> Record:
    import numpy
    import pyarrow

    made_with = {m.__name__: m.__version__ for m in (cxedu, numpy, pd, pyarrow)}
    return {
        "seed": world.seed,
        "n_customers": world.n_customers,
        "tables": list(names),
        "made_with": made_with,
    }


def _known(manifest: Path) -> Record:
    try:
        known = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise ValueError(
            f"folder is {str(manifest.parent)!r}; its {MANIFEST} is not one of ours. Choose another folder."
        )
    return known


def _must_be_the_same(folder: Path, about: Record, known: Record) -> None:
    differ = [
        f"{name} {known.get(name)!r} (asked for: {value!r})"
        for name, value in about.items()
        if known.get(name) != value
    ]
    if differ:
        raise ValueError(
            f"folder is {str(folder)!r}; it holds another dataset, with {' and '.join(differ)}. "
            "Choose another folder, or delete this one to start afresh."
        )


def _lines(journal: Path) -> list[Record]:
    """The records of a journal; a line that was being written when the run was killed is left out."""
    records = []
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"


def _json(content: Record) -> str:
    return json.dumps(content, indent=1) + "\n"


# Files --------------------------------------------------------------------------------------------


def _path(table: str, number: int) -> str:
    """Where a chunk of a table lies: customers/part-00000.parquet, truth/customers/part-00000.parquet."""
    return f"{table.replace('.', '/')}/part-{number:05d}.parquet"


def _name(path: str) -> str:
    return path.rsplit("/", 1)[0].replace("/", ".")


def _store(table: pd.DataFrame, path: Path) -> Record:
    """Write one file: the same table gives the same bytes, as long as pyarrow and pandas are the same."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False, nthreads=1),
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP,
    )
    content = sink.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    return {
        "rows": len(table),
        "bytes": content.size,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _replace(path: Path, content: Any) -> None:
    """Put a whole file in the place of whatever is there; never a part of one."""
    # A name of its own for each attempt; readers of the folder pass over names that begin with a dot.
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


# Tables -------------------------------------------------------------------------------------------


def _table(world: World, name: str) -> pd.DataFrame:
    hidden = name.startswith("truth.")
    return getattr(world.truth if hidden else world, name.removeprefix("truth."))


def _counter(table: str, column: str) -> str | None:
    """Where the numbers in a column are given out; None if they are no numbers of anything."""
    return f"{table}.case" if column == "case" else _COUNTERS.get(column)


def _names(world: World, tables: Sequence[str] | None, truth: bool) -> list[str]:
    """The names of the tables to write, in the order of the dictionary."""
    validate.flag("truth", truth)
    if tables is None:
        wanted = set(world.tables)
    elif isinstance(tables, Iterable):
        listed = [tables] if isinstance(tables, str) else validate.listed("tables", tables)
        wanted = {validate.choice("tables", name, DICTIONARY) for name in listed}
    else:
        raise ValueError(f"tables is {tables!r}; it must be a list of names of tables.")
    if truth:
        wanted |= {f"truth.{name}" for name in world.truth.tables}
    if not wanted:
        raise ValueError("tables is empty; name at least one table.")
    return [name for name in DICTIONARY if name in wanted]


def _folder(folder: Any) -> Path:
    """Return the folder, made if need be; it is empty or holds a dataset that we began."""
    if not isinstance(folder, (str, os.PathLike)) or not str(folder).strip():
        raise ValueError(f"folder is {validate.shown(folder)}; it must be the path of a folder.")
    path = Path(folder).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ValueError(f"folder is {str(folder)!r}; it must be a folder, and there is a file.")
    path.mkdir(parents=True, exist_ok=True)
    seen = [p.name for p in path.iterdir() if not p.name.startswith(".")]
    if seen and MANIFEST not in seen:
        raise ValueError(
            f"folder is {str(folder)!r}; it must be empty or hold a dataset of a World, "
            f"and it holds {sorted(seen)[0]!r}."
        )
    return path


def _needs_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ImportError(
            'to_parquet needs pyarrow, which is not installed: pip install "cxedu[scale]"'
        ) from None


# Who does it --------------------------------------------------------------------------------------


def _run(
    executor: Any, task: Callable[..., Record], arguments: Iterable[tuple[Any, ...]]
) -> Iterator[Record]:
    """Do the tasks and return their records as they come; only as many wait as keep all workers busy."""
    if executor is None:
        yield from (task(*given) for given in arguments)
        return
    if hasattr(executor, "get_executor"):  # a Dask client
        workers = sum(executor.nthreads().values())
        executor = executor.get_executor()
    else:
        workers = getattr(executor, "_max_workers", None)
    most = 2 * (workers or os.cpu_count() or 1)
    waiting: set[Future[Record]] = set()
    try:
        for given in arguments:
            waiting.add(executor.submit(task, *given))
            if len(waiting) >= most:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in as_completed(waiting))
    finally:
        for future in waiting:  # after an error or Ctrl-C: what has not begun never will
            future.cancel()


def _told(records: Iterator[Record], what: str, total: int, wanted: bool) -> Iterator[Record]:
    """Pass the records on and show how far we are: a bar, or in a log a line for each chunk."""
    if wanted and sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            pass  # lines will do
        else:
            yield from tqdm(records, desc=what, total=total, unit="chunk", disable=not total)
            return
    for done, record in enumerate(records, 1):
        if wanted:
            said = f"{what}: {done} of {total} chunks (chunk {record['chunk']})"
            print(said, file=sys.stderr, flush=True)
        yield record
