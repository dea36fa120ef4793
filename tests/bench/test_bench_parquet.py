"""A World larger than memory to Parquet: `pytest tests/bench/test_bench_parquet.py -s` (1 to 4 minutes).

Ten million customers and their orders, written by one process and by two, against one million. It
writes half a gigabyte at a time into the folder for temporary files and takes it away again.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

MEGABYTES = 2_000  # peak of all processes together, however many customers
FREE = 2 * 2**30  # bytes of disk that must be free

PROBE = """
import json, resource, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from cxedu import World

def peak():
    # Megabytes. getrusage's figure survives exec: on Linux the parent's would be ours.
    try:
        with open("/proc/self/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # bytes on macOS

def cpu(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime

if __name__ == "__main__":
    n, workers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    World(0, 10).to_parquet(folder + "-warm", ["transactions"], progress=False)  # imports
    start, before = time.perf_counter(), cpu(resource.RUSAGE_SELF)
    world, tables = World(seed=1, n_customers=n), ["customers", "transactions"]
    if workers:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            world.to_parquet(folder, tables, executor=pool, progress=False)
    else:
        world.to_parquet(folder, tables, progress=False)
    seconds = time.perf_counter() - start
    used = cpu(resource.RUSAGE_SELF) - before + cpu(resource.RUSAGE_CHILDREN)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the largest one
    children = workers * children / (1024 if sys.platform == "linux" else 1024**2)
    print(json.dumps({"customers": n, "workers": workers, "seconds": seconds, "cpu": used,
                      "peak": peak() + children}))
"""


def run(n: int, workers: int = 0) -> dict:
    """Write a company in a fresh process, look at what it left, and take that away."""
    with tempfile.TemporaryDirectory() as place:
        probe, folder = Path(place, "probe.py"), Path(place, "company")
        probe.write_text(PROBE)
        command = [sys.executable, str(probe), str(n), str(workers), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads((folder / "manifest.json").read_text())
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
        manifest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    return json.loads(done.stdout) | {"rows": told["rows"], "size": size, "manifest": manifest}


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not there on Windows")
def test_bench_parquet(capsys):
    pytest.importorskip("pyarrow")
    if shutil.disk_usage(tempfile.gettempdir()).free < FREE:
        pytest.skip("less than 2 GB of disk are free")
    few, many, shared = runs = [run(1_000_000), run(10_000_000), run(10_000_000, workers=2)]
    with capsys.disabled():
        print()
        for made in runs:
            print(
                f"{made['customers']:,} customers and {made['rows']['transactions']:,} orders to "
                f"Parquet by {made['workers'] or 'one'} process{'es' * (made['workers'] > 0)}: "
                f"{made['seconds']:.1f} s ({made['cpu']:.1f} s of processor), peak "
                f"{made['peak']:,.0f} MB, {made['size'] / 1e6:,.0f} MB on disk"
            )
        print(
            f"ten times the customers: {many['seconds'] / few['seconds']:.1f} times the time "
            f"({many['cpu'] / few['cpu']:.1f} of processor), "
            f"{many['peak'] / few['peak']:.2f} times the memory"
        )
    assert many["rows"]["customers"] == 10_000_000
    assert shared["manifest"] == many["manifest"]  # it has the SHA-256 of every file
    assert max(made["peak"] for made in runs) <= MEGABYTES
    assert many["peak"] <= 1.25 * few["peak"]  # flat
    assert many["cpu"] <= 15 * few["cpu"]  # linear; a busy machine may disturb one of them
