"""BG/NBD side by side with `lifetimes`: the same log-likelihood, many times faster.

Run with `make bench` or `pytest tests/bench/test_bench_clv.py`. Both are measured in one run, since
only the ratio means anything on a machine that does other things too.
"""

import time
import warnings

import numpy as np
import pytest

from cxedu.clv import BetaGeoNBD, load_cdnow

pytest.importorskip("pytest_benchmark")


@pytest.fixture(scope="module")
def fitter():
    """The other package, whose deprecation warnings are its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("lifetimes", reason="needs: pip install cxedu[cdnow]")
    return module.BetaGeoFitter


@pytest.fixture(scope="module")
def million():
    """A million customers who came in the course of four years, dates to the day."""
    rng = np.random.default_rng(1)
    model = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    T = rng.integers(1, 208 * 7, 1_000_000) / 7
    seen = model.simulate(1_000_000, T, rng)
    recency = np.where(seen["frequency"] > 0, np.ceil(seen["recency"] * 7) / 7, 0)
    return seen["frequency"].to_numpy(), np.minimum(recency, T), T


def their_fit(fitter, history, rounds):
    """Seconds (the best round) and log-likelihood of the other package."""
    seconds = np.inf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for _ in range(rounds):
            begin = time.perf_counter()
            theirs = fitter(penalizer_coef=0.0).fit(*history)
            seconds = min(seconds, time.perf_counter() - begin)
    r, alpha, a, b = (theirs.params_[k] for k in ("r", "alpha", "a", "b"))
    # computed by our formula, so that two optimisers are compared and not two conventions
    model = BetaGeoNBD.from_params(r=r, alpha=alpha, a=a, b=b)
    return seconds, model.log_likelihood(*history)


def compare(benchmark, fitter, history, rounds, their_rounds):
    """Benchmark our fit, time theirs beside it, demand the same maximum."""
    model = benchmark.pedantic(
        lambda: BetaGeoNBD().fit(*history), rounds=rounds, iterations=1, warmup_rounds=1
    )
    seconds, log_likelihood = their_fit(fitter, history, their_rounds)
    ours = benchmark.stats.stats.min if benchmark.stats else float("nan")
    n = len(history[0])
    gap = model.log_likelihood_ - log_likelihood
    benchmark.extra_info.update(
        customers=n, lifetimes_seconds=seconds, times_faster=seconds / ours, log_likelihood_gap=gap
    )
    print(
        f"\n{n:,} customers: cxedu {ours:.3f} s, lifetimes {seconds:.3f} s, "
        f"{seconds / ours:.1f} times faster; log-likelihood higher by {gap:.4f}"
    )
    assert -0.01 <= gap <= max(0.01, 1e-6 * n)  # never lower; theirs stops a little short
    assert model.diagnostics_.trustworthy
    return ours, seconds / ours


def test_bg_nbd_on_cdnow(benchmark, fitter):
    table = load_cdnow()
    history = [table[k].to_numpy() for k in ("frequency", "recency", "T")]
    _, ratio = compare(benchmark, fitter, history, rounds=20, their_rounds=5)
    assert ratio > 5


def test_bg_nbd_on_a_million_customers(benchmark, fitter, million):
    seconds, ratio = compare(benchmark, fitter, million, rounds=5, their_rounds=1)
    assert ratio >= 10
    assert seconds <= 2
