"""Meridian Outfitters: a synthetic company whose truth is known.

>>> from cxedu import World
>>> world = World(seed=1, n_customers=2000)
>>> world
World(seed=1, n_customers=2000): Meridian Outfitters, 3 Jan 2022 – 29 Dec 2025
>>> world.tables
('customers', 'transactions', 'memberships', 'surveys', 'wallet', 'campaigns', 'referrals', 'interactions', 'journeys', 'contacts', 'ratings', 'products', 'firms')
>>> world.truth.tables
('customers', 'memberships', 'surveys', 'wallet', 'campaigns', 'referrals', 'failures', 'friction', 'contacts', 'ratings', 'firms')
"""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.world import (
    campaigns,
    contacts,
    firms,
    interactions,
    journeys,
    memberships,
    people,
    purchases,
    ratings,
    referrals,
    surveys,
)
from cxedu.world.chance import CHUNK, child
from cxedu.world.dictionary import DICTIONARY
from cxedu.world.people import MERIDIAN, People

__all__ = ["DICTIONARY", "MERIDIAN", "Truth", "World"]

MOST_CUSTOMERS = 100_000_000
MOST_IN_MEMORY = 10_000_000  # customers and orders take some 500 MB a million
HIGHEST_SEED = 10**18

Arrays = dict[str, np.ndarray]


class World:
    """The whole company: what it observes, and (under `truth`) what no company ever sees.

    Tables are made on first use and kept. The same seed and number of customers give the same
    tables for ever: each chunk of 50,000 customers in each table has its own child seed, so no
    table depends on which others were asked for. What a table returns is the caller's own: changes to it
    stay there, so `orders = world.transactions` first, then add columns to `orders`.

    Parameters
    ----------
    seed
        A whole number from 0 to 10¹⁸.
    n_customers
        How many customers ever bought from the company, from 1 to 100 million. Tables of more than
        10 million are not made in memory: `to_parquet` writes them.

    Attributes
    ----------
    start, today
        First and last day of observation: 3 January 2022 and, 208 weeks later, 29 December 2025.
    truth
        The hidden tables (`Truth`).

    Raises
    ------
    ValueError
        If `seed` or `n_customers` is not a whole number in its range.

    Examples
    --------
    >>> world = World(seed=1, n_customers=2000)
    >>> len(world.customers)
    2000
    >>> list(world.memberships.columns)
    ['customer_id', 'start', 'renewals', 'end', 'fee']
    """

    tables = (
        "customers",
        "transactions",
        "memberships",
        "surveys",
        "wallet",
        "campaigns",
        "referrals",
        "interactions",
        "journeys",
        "contacts",
        "ratings",
        "products",
        "firms",
    )
    start = pd.Timestamp(people.START)
    today = pd.Timestamp(people.TODAY)
    _before = 0  # customers of the company before those drawn here (see `cxedu.world.parquet`)

    def __init__(self, seed: int = 1, n_customers: int = 2000) -> None:
        self.seed = validate.whole("seed", seed, 0, HIGHEST_SEED)
        self.n_customers = validate.whole("n_customers", n_customers, 1, MOST_CUSTOMERS)

    @classmethod
    def for_student(cls, student_id: str, problem_set: str, n_customers: int = 2000) -> "World":
        """Return the company that belongs to one student in one problem set.

        The seed is a hash of both names; case and blanks around them don't matter.

        >>> World.for_student(" Ada@example.org", "ps06").seed
        51391542041785
        """
        names = []
        for name, value in (("student_id", student_id), ("problem_set", problem_set)):
            if not isinstance(value, str) or not value.strip():
                raise ValueError(
                    f"{name} is {validate.shown(value)}; it must be a text that is not empty."
                )
            names.append(unicodedata.normalize("NFC", value).strip().lower())
        digest = hashlib.sha256(f"{names[1]}/{names[0]}".encode()).digest()
        return cls(int.from_bytes(digest[:6], "big"), n_customers)

    def __repr__(self) -> str:
        span = f"{_day(self.start)} – {_day(self.today)}"
        return (
            f"World(seed={self.seed}, n_customers={self.n_customers}): Meridian Outfitters, {span}"
        )

    def describe(self, table: str) -> pd.DataFrame:
        """Return what each column of a table is: its type, unit and meaning.

        `table` is one of `tables`, or a hidden one such as "truth.customers".

        >>> World().describe("memberships").loc["fee", "unit"]
        '€ per year'
        """
        validate.choice("table", table, DICTIONARY)
        rows = [(name, *about) for name, about in DICTIONARY[table].items()]
        return pd.DataFrame(rows, columns=["column", "type", "unit", "meaning"]).set_index("column")

    def to_parquet(
        self,
        folder: str | os.PathLike[str],
        tables: Sequence[str] | None = None,
        *,
        truth: bool = False,
        executor: Any = None,
        progress: bool = True,
    ) -> Path:
        """Write tables to Parquet, chunk by chunk: for a company larger than memory.

        Each table becomes a folder of files `part-00000.parquet`, `part-00001.parquet` …, one for
        each 50,000 customers; read in this order they are the table that the attribute of the same
        name returns. Hidden tables lie under `truth`. pandas, Dask, Polars or DuckDB read such a folder
        as one table. All columns come back with their types but dates: Parquet has no seconds, so
        they come back as datetime64[ms].

        An interrupted run goes on where it was when it is called again. The same call writes
        the same bytes, whoever does the work (as long as cxedu, numpy, pandas and pyarrow are the same);
        `manifest.json` has the SHA-256 and the rows of every file.

        Parameters
        ----------
        folder
            An empty folder, one that is yet to be made, or the one of an interrupted run.
        tables
            Names as in `describe`, such as "customers" or "truth.customers"; None for all of `tables`.
        truth
            Whether to write every hidden table as well.
        executor
            Who draws and writes: None for this process, any executor of `concurrent.futures`, or a
            `dask.distributed` Client whose workers see `folder` under the same path. A worker needs
            some 300 MB for each chunk that it works on (700 MB for all tables).
        progress
            Whether to show a progress bar (a line for each chunk where there is no terminal).

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        ValueError
            If an argument is none of these, or the folder holds anything else, such as another company.
        ImportError
            If pyarrow is missing: it comes with `pip install "cxedu[scale]"`.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> world = World(seed=1, n_customers=2000)
        >>> with TemporaryDirectory() as folder:
        ...     written = world.to_parquet(folder, ["customers", "memberships"], progress=False)
        ...     customers = pd.read_parquet(written / "customers")
        >>> customers["region"].equals(world.customers["region"])
        True
        """
        from cxedu.world import parquet

        return parquet.write(self, folder, tables, truth, executor, progress)

    # The observed tables. Each hands out a shallow copy: pandas copies on write, so it costs
    # nothing, and nobody's new column changes what the next one reads.

    @property
    def customers(self) -> pd.DataFrame:
        """One row per customer: customer_id, since (date), region, channel, two consents."""
        return self._customers.copy(deep=False)

    @property
    def transactions(self) -> pd.DataFrame:
        """One row per order: transaction_id, customer_id, date, channel, category, revenue (€), margin (€)."""
        return self._transactions.copy(deep=False)

    @property
    def memberships(self) -> pd.DataFrame:
        """One row per Trail Club contract: customer_id, start, renewals (count), end (date or NaT), fee (€ a year)."""
        return self._memberships[0].copy(deep=False)

    @property
    def surveys(self) -> pd.DataFrame:
        """One row per answer: customer_id, date, nps (0–10), csat (1–5), ces (1–7), trust_01 … trust_12 and need_01 … need_06 (1–5)."""
        return self._surveys[0].copy(deep=False)

    @property
    def wallet(self) -> pd.DataFrame:
        """One row per customer asked and category: spend_with_us, spend_with_rivals (€, last 52 weeks)."""
        return self._wallet[0].copy(deep=False)

    @property
    def campaigns(self) -> pd.DataFrame:
        """One row per customer in an offer: campaign (randomised or targeted), date, treated, cost (€), responded, margin (€, 28 days, in the offer's own test shop)."""
        return self._campaigns[0].copy(deep=False)

    @property
    def referrals(self) -> pd.DataFrame:
        """One row per customer whom another one brought: referrer_id, referred_id, date, reward (€)."""
        return self._referrals[0].copy(deep=False)

    @property
    def interactions(self) -> pd.DataFrame:
        """One row per contact: case, contact (1, 2 … in the case), order it is about, channel, reason, minutes, cost (€), resolved, complaint, recovery."""
        return self._interactions.copy(deep=False)

    @property
    def journeys(self) -> pd.DataFrame:
        """One row per event on the way to an order and after: case, customer_id, step, channel, time, effort (1–7), emotion (−2 … 2)."""
        return self._journeys.copy(deep=False)

    @property
    def contacts(self) -> pd.DataFrame:
        """One row per record in a silo: record_id, silo, first_name, last_name, email, phone, street, city, postcode, birth_date (texts as that silo writes them), created (date)."""
        return self._contacts[0].copy(deep=False)

    @property
    def ratings(self) -> pd.DataFrame:
        """One row per customer and product rated: customer_id, product_id, date, rating (1–5 stars)."""
        return self._ratings[0].copy(deep=False)

    @property
    def products(self) -> pd.DataFrame:
        """One row per product of the catalogue, the same for every seed: product_id, name, category, price (€)."""
        return ratings.PRODUCTS.copy()

    @property
    def firms(self) -> pd.DataFrame:
        """One row per firm and year (2020–2024; 400 other companies, however many customers): industry, size, nine questions (yes or no), 49 items (1–5), four results (shares a year)."""
        return self._firms[0].copy(deep=False)

    @cached_property
    def truth(self) -> "Truth":
        """What no company sees: the tables of `Truth`."""
        return Truth(self)

    # How they are made, chunk by chunk.

    @cached_property
    def _people(self) -> People:
        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            return people.draw_people(rows.start + 1, rows.stop - rows.start, rng)

        return People(**self._gather("people", draw))

    @cached_property
    def _customers(self) -> pd.DataFrame:
        made = self._gather(
            "customers", lambda rows, rng: people.draw_customers(self._people.part(rows), rng)
        )
        return pd.DataFrame(
            {
                "customer_id": made["customer_id"],
                "since": _dates(made["since"]),
                "region": _labels(made["region"], people.REGIONS),
                "channel": _labels(made["channel"], people.CHANNELS),
                "email_consent": made["email_consent"],
                "profiling_consent": made["profiling_consent"],
            },
            copy=False,
        )

    @cached_property
    def _orders(self) -> Arrays:
        """Arrays of all orders, and `alive` and `last_day` of each customer."""
        return self._gather(
            "transactions", lambda rows, rng: purchases.draw_purchases(self._people.part(rows), rng)
        )

    @cached_property
    def _transactions(self) -> pd.DataFrame:
        made = self._orders
        return pd.DataFrame(
            {
                "transaction_id": np.arange(1, made["customer_id"].size + 1, dtype=np.int64),
                "customer_id": made["customer_id"],
                "date": _dates(made["date"]),
                "channel": _labels(made["channel"], people.CHANNELS),
                "category": _labels(made["category"], people.CATEGORIES),
                "revenue": made["revenue"],
                "margin": made["margin"],
            },
            copy=False,
        )

    @cached_property
    def _memberships(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        made = self._gather(
            "memberships",
            lambda rows, rng: memberships.draw_memberships(self._people.part(rows), rng),
        )
        seen = pd.DataFrame(
            {
                "customer_id": made["customer_id"],
                "start": made["start"].astype("datetime64[s]"),
                "renewals": made["renewals"],
                "end": made["end"].astype("datetime64[s]"),
                "fee": np.full(made["start"].size, memberships.FEE),
            }
        )
        return seen, pd.DataFrame(
            {"customer_id": made["customer_id"], "churn_probability": made["churn"]}
        )

    @cached_property
    def _surveys(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        last_day = self._orders["last_day"]
        made = self._gather(
            "surveys",
            lambda rows, rng: surveys.draw_surveys(self._people.part(rows), last_day[rows], rng),
        )
        seen, truth = _split(made)
        seen["date"] = _dates(seen["date"])
        whole = ["nps", "csat", "ces", *surveys.NEED_ITEMS.index]
        return pd.DataFrame(seen).astype(dict.fromkeys(whole, np.int64)), pd.DataFrame(truth)

    @cached_property
    def _wallet(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        ends = np.searchsorted(self._orders["customer_id"], np.arange(self.n_customers + 2))

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            part = self._people.part(rows)
            own = slice(ends[rows.start + 1], ends[rows.stop + 1])
            wanted = ("customer_id", "date", "category", "revenue")
            orders = {name: self._orders[name][own] for name in wanted}
            return purchases.draw_wallet(part, purchases.spent_last_year(part, orders), rng)

        seen, truth = _split(self._gather("wallet", draw))
        for table in (seen, truth):
            table["category"] = _labels(table["category"], people.CATEGORIES)
        return pd.DataFrame(seen), pd.DataFrame(truth)

    @cached_property
    def _campaigns(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        made, consent = self._orders, self._customers["email_consent"].to_numpy()
        ends = np.searchsorted(made["customer_id"], np.arange(self.n_customers + 2))

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            own = slice(ends[rows.start + 1], ends[rows.stop + 1])
            orders = {name: made[name][own] for name in ("customer_id", "date")}
            alive, last_day = made["alive"][rows], made["last_day"][rows]
            part = self._people.part(rows)
            return campaigns.draw_campaigns(part, orders, alive, last_day, consent[rows], rng)

        seen, truth = _split(self._gather("campaigns", draw))
        for table in (seen, truth):
            table["campaign"] = _labels(table["campaign"], campaigns.CAMPAIGNS)
        seen["date"] = _dates(seen["date"])
        truth["response_type"] = _labels(truth["response_type"], campaigns.TYPES)
        return _frame("campaigns", seen), _frame("truth.campaigns", truth)

    @cached_property
    def _referrals(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        made = self._orders

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            alive, last_day = made["alive"][rows], made["last_day"][rows]
            return referrals.draw_referrals(self._people.part(rows), alive, last_day, rng)

        seen, truth = _split(self._gather("referrals", draw))
        seen["date"] = _dates(seen["date"])
        seen["reward"] = np.full(seen["date"].size, referrals.REWARD)
        return _frame("referrals", seen), _frame("truth.referrals", truth)

    @cached_property
    def _service(self) -> Arrays:
        """Arrays of contacts, of what happened at every order, and of its first contact."""
        made, club = self._orders, self._memberships[0]
        ends = np.searchsorted(made["customer_id"], np.arange(self.n_customers + 2))
        begins, stops = np.ones(self.n_customers, np.int64), np.zeros(self.n_customers, np.int64)
        rows = club["customer_id"].to_numpy() - 1
        begins[rows] = (club["start"] - self.start).dt.days
        stops[rows] = (club["end"].fillna(self.today) - self.start).dt.days

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            own = slice(ends[rows.start + 1], ends[rows.stop + 1])
            wanted = ("customer_id", "date", "channel", "category", "margin")
            orders = {name: made[name][own] for name in wanted}
            orders["transaction_id"] = np.arange(own.start + 1, own.stop + 1, dtype=np.int64)
            part, alive = self._people.part(rows), made["alive"][rows]
            return interactions.draw_interactions(
                part, orders, alive, (begins[rows], stops[rows]), rng
            )

        return self._gather("interactions", draw)

    @cached_property
    def _interactions(self) -> pd.DataFrame:
        made = self._service
        # A case is numbered within its chunk; together with the chunk that is a number of its own.
        chunk = (made["customer_id"] - 1) // CHUNK
        case = pd.factorize(chunk * (1 << 32) + made["case"])[0]
        seen = made | {
            "interaction_id": np.arange(1, case.size + 1, dtype=np.int64),
            "case": (case + 1).astype(np.int64),
            "date": _dates(made["date"]),
            "channel": _labels(made["channel"], interactions.CONTACT_CHANNELS),
            "reason": _labels(made["reason"], interactions.REASONS),
            "recovery": _labels(made["recovery"], interactions.RECOVERIES),
        }
        return _frame("interactions", seen)

    @cached_property
    def _failures(self) -> pd.DataFrame:
        truth = _split(self._service)[1]
        truth["severity"] = _labels(truth["severity"], interactions.SEVERITIES)
        return _frame("truth.failures", truth)

    @cached_property
    def _journeys(self) -> pd.DataFrame:
        made, service = self._orders, self._service
        consent = self._customers["profiling_consent"].to_numpy()
        ends = np.searchsorted(made["customer_id"], np.arange(self.n_customers + 2))

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            own = slice(ends[rows.start + 1], ends[rows.stop + 1])
            orders = {name: made[name][own] for name in ("customer_id", "date", "channel")}
            orders |= {name: service[f"truth.{name}"][own] for name in ("failed", "recovered")}
            orders |= {f"contact_{k}": service[f"order.{k}"][own] for k in ("day", "channel")}
            part = self._people.part(rows)
            alive, last_day = made["alive"][rows], made["last_day"][rows]
            return journeys.draw_journeys(part, consent[rows], alive, last_day, orders, rng)

        seen: dict[str, Any] = dict(self._gather("journeys", draw))
        seen["case"] = np.cumsum(seen.pop("new"), dtype=np.int64)
        seen["step"] = _labels(seen["step"], journeys.STEPS)
        seen["channel"] = _labels(seen["channel"], people.CHANNELS)
        start = people.START.astype("datetime64[s]")
        seen["time"] = start + seen["time"].astype("timedelta64[s]")
        return _frame("journeys", seen)

    @cached_property
    def _contacts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        region = self._customers["region"].cat.codes.to_numpy()
        orders, members = self._orders, self._memberships[0]
        joined = (members["start"] - self.start).dt.days.to_numpy()
        member = members["customer_id"].to_numpy()

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            part, n = self._people.part(rows), rows.stop - rows.start
            own = slice(*np.searchsorted(orders["customer_id"], [rows.start + 1, rows.stop + 1]))
            row, channel, date = (orders[k][own] for k in ("customer_id", "channel", "date"))
            seen = contacts.first_seen(n, row - rows.start - 1, channel, date)
            own = slice(*np.searchsorted(member, [rows.start + 1, rows.stop + 1]))
            seen[member[own] - rows.start - 1, contacts.LOYALTY] = joined[own]
            columns, made = contacts.draw_contacts(part, region[rows], seen, rng, self._before)
            # Chunk by chunk: loose texts take several times the memory of a column's.
            texts.append({field: _texts(column) for field, column in columns.items()})
            return made

        texts: list[dict[str, pd.Series]] = []
        seen, truth = _split(self._gather("contacts", draw))
        record_id = np.arange(1, seen["created"].size + 1, dtype=np.int64)
        table = {"record_id": record_id, "silo": _labels(seen["silo"], contacts.SILOS)}
        for field in contacts.FIELDS:
            table[field] = pd.concat([part.pop(field) for part in texts], ignore_index=True)
        table["created"] = _dates(seen["created"])
        truth["typo"] = _labels(truth["typo"], contacts.TYPOS)
        return pd.DataFrame(table, copy=False), pd.DataFrame({"record_id": record_id, **truth})

    @cached_property
    def _ratings(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        made = self._orders
        ends = np.searchsorted(made["customer_id"], np.arange(self.n_customers + 2))

        def draw(rows: slice, rng: np.random.Generator) -> Arrays:
            own = slice(ends[rows.start + 1], ends[rows.stop + 1])
            orders = {name: made[name][own] for name in ("customer_id", "date", "category")}
            return ratings.draw_ratings(self._people.part(rows), orders, rng)

        seen, truth = _split(self._gather("ratings", draw))
        seen["date"] = _dates(seen["date"])
        keys = {name: seen[name] for name in ("customer_id", "product_id")}
        return _frame("ratings", seen), _frame("truth.ratings", keys | truth)

    @cached_property
    def _firms(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        seen, truth = _split(firms.draw_firms(child(self.seed, "firms")))
        seen["industry"] = _labels(seen["industry"], firms.INDUSTRIES)
        seen["size"] = _labels(seen["size"], firms.SIZES)
        return _frame("firms", seen), _frame("truth.firms", truth)

    def _chunks(self) -> Iterator[tuple[int, slice]]:
        for number, first in enumerate(range(0, self.n_customers, CHUNK)):
            yield number, slice(first, min(first + CHUNK, self.n_customers))

    def _gather(self, table: str, draw: Callable[[slice, np.random.Generator], Arrays]) -> Arrays:
        """Draw a table chunk by chunk, each with its own seed, and join the columns."""
        if self.n_customers > MOST_IN_MEMORY:
            raise ValueError(
                f"n_customers is {self.n_customers:,}; tables in memory have at most "
                f"{MOST_IN_MEMORY:,} customers. Write this company with to_parquet."
            )
        parts = [draw(rows, child(self.seed, table, k)) for k, rows in self._chunks()]
        # Column by column, letting go of the parts: the table is never in memory twice.
        return {name: np.concatenate([p.pop(name) for p in parts]) for name in list(parts[0])}


class Truth:
    """The hidden tables of a `World`: reach them by `world.truth`.

    >>> from cxedu import World
    >>> World(seed=1, n_customers=10).truth.gossip
    Traceback (most recent call last):
    ...
    AttributeError: truth has no table 'gossip'; it has customers, memberships, surveys, wallet, campaigns, referrals, failures, friction, contacts, ratings, firms.
    """

    tables = (
        "customers",
        "memberships",
        "surveys",
        "wallet",
        "campaigns",
        "referrals",
        "failures",
        "friction",
        "contacts",
        "ratings",
        "firms",
    )

    def __init__(self, world: World) -> None:
        self._world = world

    def __repr__(self) -> str:
        return f"Truth of {self._world!r}; tables: {', '.join(self.tables)}"

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"truth has no table {name!r}; it has {', '.join(self.tables)}.")

    @property
    def customers(self) -> pd.DataFrame:
        """One row per customer: needs_segment, purchase_rate (per week), dropout_probability (per repeat order), spend_mean (€ per order), margin_rate (share of revenue), …, lifetime_value (€), expected_orders_52."""
        return self._customers.copy(deep=False)

    @property
    def memberships(self) -> pd.DataFrame:
        """One row per contract: customer_id, churn_probability (at each yearly renewal)."""
        return self._world._memberships[1].copy(deep=False)

    @property
    def surveys(self) -> pd.DataFrame:
        """One row per answer: customer_id, satisfaction and trust (z-scores), the four trust terms (1–5)."""
        return self._world._surveys[1].copy(deep=False)

    @property
    def wallet(self) -> pd.DataFrame:
        """One row per customer and category: wallet (€, with us and with rivals, last 52 weeks)."""
        return self._world._wallet[1].copy(deep=False)

    @property
    def campaigns(self) -> pd.DataFrame:
        """One row per customer in an offer: probability to respond without and with it, uplift, margin_uplift (€), response_type."""
        return self._world._campaigns[1].copy(deep=False)

    @property
    def referrals(self) -> pd.DataFrame:
        """One row per customer: referral_propensity (1 on average), would_have_joined (without a referral)."""
        return self._world._referrals[1].copy(deep=False)

    @property
    def failures(self) -> pd.DataFrame:
        """One row per order: failed, severity, voiced (or swallowed), recovered, leave_probability, effect (of the failure on it), left."""
        return self._world._failures.copy(deep=False)

    @property
    def friction(self) -> pd.DataFrame:
        """One row per step × channel: whether friction is planted, drop_off with and without it, effort_level."""
        table = journeys.cells()
        table["step"] = pd.Categorical(table["step"], journeys.STEPS)
        table["channel"] = pd.Categorical(table["channel"], people.CHANNELS)
        return table

    @property
    def contacts(self) -> pd.DataFrame:
        """One row per record: record_id, customer_id (whose it is), and what befell it: typo (field), nickname, former_address, former_surname, family_email, missing (fields), duplicate."""
        return self._world._contacts[1].copy(deep=False)

    @property
    def ratings(self) -> pd.DataFrame:
        """One row per rating: customer_id, product_id, utility (stars expected before noise and rounding)."""
        return self._world._ratings[1].copy(deep=False)

    @property
    def firms(self) -> pd.DataFrame:
        """One row per firm and year until it fails: management, culture and capability (z-scores), growth_from_capability, actual_growth, actual_return, failed, in_panel."""
        return self._world._firms[1].copy(deep=False)

    @cached_property
    def _customers(self) -> pd.DataFrame:
        who, alive = self._world._people, self._world._orders["alive"]
        return pd.DataFrame(
            {
                "customer_id": who.customer_id,
                "needs_segment": _labels(who.segment, people.SEGMENTS),
                "purchase_rate": who.rate,
                "dropout_probability": who.dropout,
                "spend_mean": who.spend,
                "margin_rate": purchases.margin_rate(who),
                "trust_disposition": who.trust,
                "alive": alive,
                "lifetime_value": purchases.lifetime_value(who, alive),
                "expected_orders_52": purchases.expected_orders(who, alive, people.DAYS_PER_YEAR),
                "gross_margin_rate": purchases.gross_margin_rate(who),
                "return_propensity": who.returns,
                "service_cost": who.service,
            },
            copy=False,
        )


def _split(made: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the columns of an observed table from those of its truth."""
    truth = {k.removeprefix("truth."): v for k, v in made.items() if k.startswith("truth.")}
    return {k: v for k, v in made.items() if not k.startswith("truth.")}, truth


def _frame(table: str, columns: dict[str, Any]) -> pd.DataFrame:
    """Return the columns as a table, in the order of the dictionary."""
    return pd.DataFrame({name: columns[name] for name in DICTIONARY[table]}, copy=False)


def _dates(days: np.ndarray) -> np.ndarray:
    return (people.START.astype("datetime64[s]").astype(np.int64) + days * np.int64(86_400)).view(
        "datetime64[s]"
    )


def _texts(column: contacts.Texts) -> pd.Series:
    """Return texts as pandas keeps them; to Arrow each text goes once, in the order it lies in memory."""
    dtype = pd.StringDtype(na_value=np.nan)
    if dtype.storage == "pyarrow":
        import pyarrow

        there = pyarrow.array(column.there, pyarrow.large_string())
        return pd.Series(pd.array(there.take(pyarrow.array(column.code)), dtype=dtype), copy=False)
    return pd.Series(column.there[column.code], dtype=dtype)


def _labels(codes: np.ndarray, names: Sequence[str]) -> "pd.Categorical[Any]":
    return pd.Categorical.from_codes(codes.astype(np.int8), dtype=pd.CategoricalDtype(list(names)))


def _day(date: pd.Timestamp) -> str:
    return f"{date.day} {date:%b %Y}"
