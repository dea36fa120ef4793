"""Meridian's contacts beside Faker and mimesis: `pytest tests/bench/test_bench_names.py -s`.

The same eight fields of a person as a table of texts, time per row, all in one run: first and last
name, e-mail address, phone, street with number, city, postcode, birth date. Faker and mimesis make
them row by row, which is how they work; ours come as columns from pools, and then get what the
others don't have: persons with several records, households, moves, and the damage of four silos.

What is measured is the process's own time on the processors (all threads), not the clock on the wall:
on a busy machine the wall also shows how long one waited for others, and whoever works in short
bursts would seem the faster. Of several rounds, in turns, the best of each is compared.
"""

import time
from collections.abc import Callable

import pandas as pd
import pytest
from faker import Faker
from mimesis import Generic, Locale

from cxedu import World
from cxedu.world.contacts import FIELDS

ROUNDS = 5
CUSTOMERS = 100_000


def by_faker(n: int, weighted: bool) -> pd.DataFrame:
    """Weighted is how Faker comes: frequent names are drawn more often."""
    fake = Faker(use_weighting=weighted)
    fake.seed_instance(1)
    rows = [
        (
            fake.first_name(), fake.last_name(), fake.email(), fake.phone_number(),
            fake.street_address(), fake.city(), fake.postcode(), fake.date_of_birth().isoformat(),
        )
        for _ in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(FIELDS), dtype="str")


def by_mimesis(n: int) -> pd.DataFrame:
    fake = Generic(Locale.EN, seed=1)
    person, place = fake.person, fake.address
    rows = [
        (
            person.first_name(), person.last_name(), person.email(), person.phone_number(),
            place.address(), place.city(), place.postal_code(), person.birthdate().isoformat(),
        )
        for _ in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(FIELDS), dtype="str")


OTHERS: dict[str, tuple[int, Callable[[int], pd.DataFrame]]] = {
    "Faker": (2_000, lambda n: by_faker(n, weighted=True)),
    "Faker without weights": (5_000, lambda n: by_faker(n, weighted=False)),
    "mimesis": (20_000, by_mimesis),
}


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def test_contacts_beside_faker_and_mimesis(capsys: pytest.CaptureFixture[str]) -> None:
    World(0, 50).contacts  # noqa: B018  imports and pools are not what is measured
    best: dict[str, float] = {}
    rows = 0
    for _ in range(ROUNDS):  # in turns, so that a busy moment of the machine meets all of them
        world = World(seed=1, n_customers=CUSTOMERS)
        under = seconds(lambda world=world: (world.transactions, world.memberships))
        took = seconds(lambda world=world: world.contacts)
        rows = len(world.contacts)
        assert set(FIELDS) <= set(world.contacts)
        runs = {"contacts": took / rows, "all": (under + took) / rows}
        for name, (n, make) in OTHERS.items():
            runs[name] = seconds(lambda make=make, n=n: make(n)) / n
        best = {name: min(each, best.get(name, each)) for name, each in runs.items()}
    times = {name: best[name] / best["contacts"] for name in OTHERS}
    with capsys.disabled():
        print(
            f"\n{rows:,} contacts: {1e6 * best['contacts']:.2f} µs a row; "
            f"with the customers, orders and members they rest on {1e6 * best['all']:.2f} µs"
        )
        for name, (n, _) in OTHERS.items():
            print(
                f"{name}, {n:,} rows: {1e6 * best[name]:.1f} µs a row, {times[name]:.1f} times as "
                f"long as contacts ({best[name] / best['all']:.1f} times, all included)"
            )
    assert times["Faker"] >= 100
    assert times["mimesis"] >= 10
