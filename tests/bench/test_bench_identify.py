"""Records made and linked: `pytest tests/bench/test_bench_identify.py -s`.

It prints seconds, peak memory and how well the links are. No other linkage library is installed to
compare with, so there is no ratio.
"""

import json
import subprocess
import sys
import time

import pytest

from cxedu import World, identify

PROBE = """
import json, resource, sys, time
from cxedu import World, identify
world = World(seed=1, n_customers=int(sys.argv[1]))
identify.link(World(0, 50).contacts)  # imports are not what is measured
world.transactions, world.memberships
start = time.perf_counter()
records = world.contacts
made = time.perf_counter() - start
owner = world.truth.contacts.set_index("record_id")["customer_id"]

def peak():
    # Megabytes. getrusage's figure survives exec: on Linux the parent's would be ours.
    try:
        with open("/proc/self/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # bytes on macOS

base, start = peak(), time.perf_counter()
cluster = identify.link(records)
seconds = time.perf_counter() - start
scores = identify.pairwise_scores(owner, cluster)
print(json.dumps({"records": len(records), "made": made, "seconds": seconds, "peak": peak(),
                  "added": peak() - base, **scores._asdict(),
                  "b_cubed": identify.b_cubed(owner, cluster).f1}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not there on Windows")
@pytest.mark.parametrize("customers", [2_000, 50_000, 100_000])
def test_bench_link(customers: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A fresh process for each size, so that peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(customers)], capture_output=True, text=True, check=True
    )
    run = json.loads(done.stdout)
    with capsys.disabled():
        print(
            f"\n{run['records']:,} records of {customers:,} customers: made in {run['made']:.2f} s, "
            f"linked in {run['seconds']:.2f} s, peak {run['peak']:,.0f} MB ({run['added']:,.0f} MB for "
            f"linking); precision {run['precision']:.4f}, recall {run['recall']:.4f}, "
            f"F1 {run['f1']:.4f}, B-cubed F1 {run['b_cubed']:.4f}",
            end="",
        )
    assert run["f1"] >= 0.95
    if customers == 2_000:
        assert run["seconds"] <= 2


def test_bench_contacts_1m(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(seed=1, n_customers=1_000_000)
    assert len(world.transactions) > 0
    assert len(world.memberships) > 0
    start = time.perf_counter()
    records = world.contacts
    with capsys.disabled():
        print(f"\n{len(records):,} records made in {time.perf_counter() - start:.2f} s", end="")
    assert len(records) > 1_500_000


def test_bench_scores(capsys: pytest.CaptureFixture[str]) -> None:
    owner = World(seed=1, n_customers=1_000_000).truth.contacts["customer_id"]
    for function in (identify.pairwise_scores, identify.b_cubed, identify.recognition_rate):
        start = time.perf_counter()
        function(owner, owner // 2)
        with capsys.disabled():
            seconds = time.perf_counter() - start
            print(f"\n{function.__name__}, {owner.size:,} records: {seconds:.2f} s", end="")
