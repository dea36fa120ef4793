"""How fast and how large a World is: `pytest tests/bench/test_bench_world.py -s`."""

import json
import subprocess
import sys

import pytest

from cxedu import World

SECONDS, MEGABYTES = 5.0, 1_500  # for a million customers and their orders, on two cores

PROBE = """
import json, resource, sys, time
import cxedu.world
from cxedu import World
World(0, 10).transactions  # imports and quantile tables are not what is measured

def peak():
    # Megabytes. getrusage's figure survives exec: on Linux the parent's would be ours.
    try:
        with open("/proc/self/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # bytes on macOS

base, start, cpu = peak(), time.perf_counter(), time.process_time()
world = World(seed=1, n_customers=int(sys.argv[1]))
customers, orders = len(world.customers), len(world.transactions)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({"customers": customers, "orders": orders, "seconds": seconds, "cpu": cpu,
                  "peak": peak(), "added": peak() - base}))
"""


def make(n):
    world = World(seed=1, n_customers=n)
    return len(world.customers), len(world.transactions)


def test_bench_100k(benchmark):
    made = benchmark.pedantic(make, args=(100_000,), rounds=5, warmup_rounds=1)
    assert made[0] == 100_000


def test_bench_1m(benchmark):
    made = benchmark.pedantic(make, args=(1_000_000,), rounds=1)
    assert made[0] == 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not there on Windows")
def test_bench_memory_and_linearity(capsys):
    """A fresh process for each size, so that peak memory is its own."""
    runs = []
    for n in (100_000, 1_000_000):
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(n)], capture_output=True, text=True, check=True
        )
        runs.append(json.loads(done.stdout))
    few, many = (run["cpu"] / run["customers"] * 1e6 for run in runs)
    with capsys.disabled():
        print()
        for run in runs:
            print(
                f"World({run['customers']:,} customers): {run['orders']:,} orders in "
                f"{run['seconds']:.2f} s ({run['cpu']:.2f} s of processor), peak {run['peak']:,.0f} MB "
                f"({run['added']:,.0f} MB above an empty World)"
            )
        print(f"per customer: {few:.2f} and {many:.2f} µs of processor, ratio {many / few:.2f}")
    assert runs[1]["cpu"] <= SECONDS  # one thread: on a machine with nothing else to do, seconds
    assert runs[1]["peak"] <= MEGABYTES
    assert many / few < 2  # linear: ten times the customers, not twenty times the time
