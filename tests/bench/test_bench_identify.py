"""Records made and linked: `pytest tests/bench/test_bench_identify.py -s`.

It prints seconds, peak memory and how well the links are, and sets `recordlinkage` beside
`identify.link` in one run: the same normalised records, blocking keys and compared fields, a probability
of ½ or more to match, matched pairs joined up to clusters. Its EM classifier takes a missing value for
disagreement and does not find the matches among these pairs, so it also gets what `identify.link`
does not get: a logistic regression trained on another company whose truth is known. Its F1 is given
over the pairs that it matches, and over the clusters that come of them.
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
of_pairs = lambda owner: {}
# their link
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
print(json.dumps({**of_pairs(owner), "records": len(records), "made": made, "seconds": seconds, "peak": peak(),
                  "added": peak() - base, **scores._asdict(),
                  "b_cubed": identify.b_cubed(owner, cluster).f1}))
"""


BESIDE = """
import warnings
warnings.simplefilter("ignore")
import jellyfish, numpy as np, pandas as pd, recordlinkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
jellyfish.jaro_winkler = jellyfish.jaro_winkler_similarity  # the name recordlinkage 0.14 knows

def compared(contacts):
    records, candidates = identify.normalise(contacts), None
    records["address"] = records["street"] + " " + records["postcode"]
    for key in identify.BLOCKS:
        index = recordlinkage.Index()
        index.block(list(key))
        found = index.index(records.dropna(subset=list(key)))
        candidates = found if candidates is None else candidates.union(found)
    tool = recordlinkage.Compare()
    for field in identify.COMPARED:
        how = "jarowinkler" if field.endswith("name") else "damerau_levenshtein"
        tool.string(field, field, how, missing_value=np.nan, label=field)
    return records.index, tool.compute(candidates, records)

def features(likeness):
    return np.hstack([likeness.fillna(0), likeness.isna()])

def of_one(owner, pairs):
    one, other = (owner.loc[pairs.get_level_values(k)].to_numpy() for k in (0, 1))
    return one == other

def training():
    other = World(seed=2, n_customers=2000)
    owner = other.truth.contacts.set_index("record_id")["customer_id"]
    _, likeness = compared(other.contacts)
    classifier = recordlinkage.LogisticRegressionClassifier()
    # its own fit fails with pandas 3; this is the scikit-learn model inside
    classifier.kernel.fit(features(likeness), of_one(owner, likeness.index))
    return classifier.kernel

def em(likeness):
    agree = likeness.ge(pd.Series(identify.CLOSE)).astype(int)
    return recordlinkage.ECMClassifier(max_iter=500).fit_predict(agree)

def regression(likeness):
    return likeness.index[model.predict(features(likeness))]

def their_link(contacts):
    global matches
    labels, likeness = compared(contacts)
    matches = classify(likeness)
    one, other = (labels.get_indexer(matches.get_level_values(k)) for k in (0, 1))
    graph = coo_array((np.ones(len(matches)), (one, other)), shape=(len(labels),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1], index=labels)

def of_pairs(owner):
    right, size = of_one(owner, matches).sum(), owner.value_counts()
    return {"pairs_f1": float(2 * right / (len(matches) + (size * (size - 1) // 2).sum()))}

model, classify = training(), CLASSIFY
identify.link = their_link
"""


def measured(program: str, customers: int) -> dict:
    """What the program prints, in a process of its own, so that peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(customers)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not there on Windows")
@pytest.mark.parametrize("customers", [5_000, 50_000])
def test_bench_beside_recordlinkage(customers: int, capsys: pytest.CaptureFixture[str]) -> None:
    """About two records a customer: 50,000 customers have some 100,000."""
    ours = measured(PROBE, customers)
    theirs = {
        name: measured(PROBE.replace("# their link", BESIDE.replace("CLASSIFY", name)), customers)
        for name in ("em", "regression")
    }
    with capsys.disabled():
        for name, run in {"cxedu": ours, **theirs}.items():
            print(
                f"\n{name if run is ours else f'recordlinkage, {name}'}, {run['records']:,} records: "
                f"{run['seconds']:.2f} s, peak {run['peak']:,.0f} MB ({run['added']:,.0f} MB for "
                f"linking); F1 of clusters {run['f1']:.4f}",
                end="" if run is ours else f", of matched pairs {run['pairs_f1']:.4f}",
            )
    trained = theirs["regression"]
    with capsys.disabled():
        print(f"; it takes {trained['seconds'] / ours['seconds']:.1f} times as long", end="")
    assert trained["pairs_f1"] > 0.8  # or it is no comparison
    assert ours["f1"] > max(run[f1] for run in theirs.values() for f1 in ("f1", "pairs_f1"))
    # A fixed part of ours (pairs at random, for u) makes both alike where there are few records.
    assert ours["seconds"] < trained["seconds"] * (2 if customers < 10_000 else 0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not there on Windows")
@pytest.mark.parametrize("customers", [2_000, 50_000, 100_000])
def test_bench_link(customers: int, capsys: pytest.CaptureFixture[str]) -> None:
    run = measured(PROBE, customers)
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
