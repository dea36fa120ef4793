"""Organise: the financial case, who serves whom, pilots and how to read them, capabilities, queues.

Money is in euros (€). Rates belong to the period of the numbers they are used with; the moment of the
first cash flow is always said. Standard measures and our own small models stand side by side and say
which they are.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, sparse, stats

from cxedu import validate
from cxedu.experience import wilson_interval

__all__ = [
    "CapabilityGap",
    "DifferenceInDifferences",
    "QueueWait",
    "SimulatedCase",
    "assign_customers",
    "base_used_up",
    "capability_gap",
    "capability_index",
    "difference_in_differences",
    "frontier",
    "internal_rate_of_return",
    "net_present_value",
    "payback_period",
    "picket_fence",
    "queue_wait",
    "simulate_case",
    "tornado",
]


# The financial case -------------------------------------------------------------------------------


def net_present_value(cash_flows: Any, discount: Any, first: int = 0) -> Any:
    """What a series of cash flows is worth today.

    Parameters
    ----------
    cash_flows : array of n numbers, or m series × n
        € per period, one period after the other; outlays are negative.
    discount : float or array of m, greater than -1
        Discount rate per period of the cash flows.
    first : int, at least 0
        When the first one comes: 0 (default) now, 1 one period from now, as in a spreadsheet's NPV().

    Returns
    -------
    float, or array of m
        € of today.

    Raises
    ------
    ValueError
        If a number is missing or outside its range, or the value overflows.

    Notes
    -----
    Σ cash flowₜ / (1 + discount)^(first + t) for t = 0, 1, … (Fisher 1930). A monthly rate is
    (1 + yearly rate)^(1/12) − 1, not a twelfth.

    Examples
    --------
    >>> round(net_present_value([-1000, 500, 400, 300, 100], 0.10), 2)
    78.82
    >>> round(net_present_value([-1000, 500, 400, 300, 100], 0.10, first=1), 2)
    71.65
    """
    flows = _flows(cash_flows)
    rate = validate.numbers("discount", discount, -1, low_open=True)
    wait = validate.whole("first", first, 0, 1_000_000)
    if rate.ndim > 1 or (rate.ndim == 1 and flows.ndim == 2 and len(rate) != len(flows)):
        raise ValueError(
            f"discount has shape {rate.shape}; give one rate, or as many as there are series."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        factors = np.exp(-np.log1p(rate)[..., None] * (wait + np.arange(flows.shape[-1])))
        # A flow of 0 is worth 0 however far off, even where its factor overflows.
        values = np.asarray(np.where(flows == 0, 0.0, flows * factors).sum(axis=-1))
    if not np.all(np.isfinite(values)):
        raise ValueError("cash_flows at this discount have a value too large to compute.")
    return float(values) if values.ndim == 0 else values


def _one_number(name: str, value: Any) -> bool:
    """Whether this is a number rather than an array of them."""
    try:
        return np.ndim(value) == 0
    except ValueError:
        raise ValueError(
            f"{name} has rows of different length; it must have one dimension."
        ) from None


def _flows(cash_flows: Any) -> np.ndarray:
    try:
        shape = np.shape(cash_flows)
    except ValueError:
        raise ValueError("cash_flows has rows of different length; fill them with 0.") from None
    if len(shape) not in (1, 2) or 0 in shape:
        raise ValueError(
            f"cash_flows has shape {shape}; it must be a series of numbers, or several."
        )
    return validate.numbers("cash_flows", np.asarray(cash_flows))


def internal_rate_of_return(cash_flows: Any) -> float:
    """The discount rate at which a series of cash flows is worth nothing.

    Parameters
    ----------
    cash_flows : array of n numbers
        € per period. When the first one comes doesn't matter.

    Returns
    -------
    float
        Rate per period, greater than -1; 0.1 is 10 %.

    Raises
    ------
    ValueError
        If there is no such rate (all flows of one sign, for example) or more than one.

    Notes
    -----
    Solves Σ cash flowₜ / (1 + r)ᵗ = 0. Flows that change sign once have at most one rate (Descartes' rule of
    signs); with more changes there may be several, and then none of them means anything (Lorie and Savage
    1955): use `net_present_value`. Rates are sought from −99.9999 % to 100,000,000 %.

    Examples
    --------
    >>> round(internal_rate_of_return([-1000, 500, 400, 300, 100]), 4)
    0.1449
    """
    flows = validate.vector("cash_flows", cash_flows)
    some = np.flatnonzero(flows)
    if some.size == 0 or np.all(flows[some] > 0) or np.all(flows[some] < 0):
        raise ValueError("cash_flows never change sign; no discount rate makes them worth nothing.")
    flows = flows[some[0] : some[-1] + 1]
    flows = flows / np.abs(flows).max()
    t = np.arange(flows.size)

    def worth(u: float) -> float:
        """Present value at rate e^u − 1, scaled so that nothing overflows; its sign is what counts."""
        exponents = -u * t
        return float(flows @ np.exp(exponents - exponents.max()))

    signs = np.sign(flows[flows != 0])
    once = np.count_nonzero(signs[1:] != signs[:-1]) == 1
    grid = np.linspace(math.log(1e-6), math.log(1e6), 2 if once else 4001)
    side = np.sign([worth(u) for u in grid])
    roots = [float(u) for u in grid[side == 0]]
    for at in np.flatnonzero(side[:-1] * side[1:] < 0):
        roots.append(optimize.brentq(worth, grid[at], grid[at + 1], xtol=1e-14, rtol=1e-14))
    rates = sorted(math.expm1(u) for u in roots)
    if not rates:
        raise ValueError(
            "no discount rate from -99.9999 % to 100,000,000 % makes these cash_flows worth nothing."
        )
    if len(rates) > 1:
        listed = ", ".join(f"{rate:.4g}" for rate in rates)
        raise ValueError(
            f"cash_flows have {len(rates)} internal rates of return ({listed}), because they change sign "
            "more than once; use net_present_value."
        )
    return rates[0]


def payback_period(cash_flows: Any, discount: float = 0.0) -> float:
    """Periods until what was spent has come back.

    Parameters
    ----------
    cash_flows : array of n numbers
        € per period, the first one now.
    discount : float, greater than -1
        Discount rate per period. 0, the default, gives the simple payback period.

    Returns
    -------
    float
        Periods from now until the sum of the (discounted) flows first reaches 0, a flow being spread evenly
        over the period before it; 0 if it never is below, inf if it never comes back.

    Raises
    ------
    ValueError
        If a number is missing or `discount` is outside its range.

    Notes
    -----
    The smallest t with Σ cash flow / (1 + discount)ᵏ ≥ 0 over periods k up to t. It says when, not how much:
    whatever comes later is ignored, outlays included, as Dean (1951) objects.

    Examples
    --------
    >>> round(payback_period([-1000, 500, 400, 300, 100]), 2)
    2.33
    >>> round(payback_period([-1000, 500, 400, 300, 100], discount=0.10), 2)
    2.95
    """
    flows = validate.vector("cash_flows", cash_flows)
    rate = validate.number("discount", discount, -1, low_open=True)
    with np.errstate(over="ignore", invalid="ignore"):
        today = flows * np.exp(-math.log1p(rate) * np.arange(flows.size))
        total = np.cumsum(today)
    if not np.all(np.isfinite(total)):
        raise ValueError("cash_flows at this discount have a value too large to compute.")
    # What rounding leaves of a sum that is 0 must not cost another period.
    slack = 1e-12 * np.cumsum(np.abs(today))
    below = np.flatnonzero(total < -slack)
    if below.size == 0 or below[0] > 0:
        return 0.0
    back = np.flatnonzero(total >= -slack)
    if back.size == 0:
        return math.inf
    at = int(back[0])
    return float(at - 1 + min(-total[at - 1] / today[at], 1.0))


def tornado(
    function: Callable[..., float],
    base: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Which assumption moves the result most, one at a time.

    Parameters
    ----------
    function : callable
        Called with the assumptions by name; returns a number, such as a net present value in €.
    base : mapping assumption → number
        What is assumed at first.
    ranges : mapping assumption → (low, high)
        Between which values each is varied while the others stay at `base`.

    Returns
    -------
    DataFrame indexed by assumption, widest first
        low, high (of the assumption), at_low, at_high (the result there), base (the result at `base`) and swing
        (|at_high − at_low|).

    Raises
    ------
    ValueError
        If a range names no assumption or does not hold its base value, or the function returns no number.

    Notes
    -----
    One at a time misses what happens when two go wrong together (`simulate_case`), and the order depends on
    ranges being equally (im)probable: use the 10th and 90th percentile of each, say. Howard (1988) describes the
    diagram.

    Examples
    --------
    >>> def profit(price, units):
    ...     return (price - 3) * units
    >>> tornado(profit, {"price": 5, "units": 100}, {"units": (90, 110), "price": (4, 6)})["swing"].to_dict()
    {'price': 200.0, 'units': 40.0}
    """
    assumed = _assumptions("base", base)
    if not isinstance(ranges, Mapping) or not ranges:
        raise ValueError("ranges must be a mapping from at least one assumption to (low, high).")
    middle = _call(function, assumed)
    rows = []
    for name, ends in ranges.items():
        validate.choice("a name in ranges", name, assumed)
        try:
            low, high = ends
        except (TypeError, ValueError):
            raise ValueError(f"ranges[{name!r}] is {ends!r}; it must be (low, high).") from None
        low = validate.number(f"ranges[{name!r}][0]", low)
        high = validate.number(f"ranges[{name!r}][1]", high)
        if not low <= assumed[name] <= high:
            raise ValueError(
                f"ranges[{name!r}] is {ends!r}; it must be (low, high) around the base {assumed[name]:g}."
            )
        at_low = _call(function, assumed | {name: low})
        at_high = _call(function, assumed | {name: high})
        rows.append((low, high, at_low, at_high, middle, abs(at_high - at_low)))
    table = pd.DataFrame(
        rows,
        columns=["low", "high", "at_low", "at_high", "base", "swing"],
        index=pd.Index(list(ranges), name="assumption"),
    )
    return table.sort_values("swing", ascending=False, kind="stable")


def _assumptions(name: str, values: Any) -> dict[str, float]:
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise ValueError(f"{name} must be a mapping from the names of assumptions to numbers.")
    return {key: validate.number(f"{name}[{key!r}]", x) for key, x in values.items()}


def _call(function: Any, assumed: Mapping[str, float]) -> float:
    if not callable(function):
        raise ValueError(
            f"function is {validate.shown(function)}; it must be a function of the assumptions."
        )
    try:
        result = function(**assumed)
    except TypeError as problem:
        inside = problem.__traceback__ and problem.__traceback__.tb_next
        if inside:  # a fault of the function, not of how it is called
            raise
        names = ", ".join(assumed) or "nothing"
        raise ValueError(f"function can't be called with {names}: {problem}") from None
    return validate.number("what function returns", result)


@dataclass(frozen=True)
class SimulatedCase:
    """What `simulate_case` found.

    Attributes
    ----------
    values : array of n
        The result of every run, in units of the function (€ for a net present value).
    draws : DataFrame, n rows
        The assumptions of every run, one column each.

    Examples
    --------
    >>> SimulatedCase(np.array([-1.0, 1.0, 3.0, 5.0]), pd.DataFrame()).probability_positive
    0.75
    """

    values: np.ndarray
    draws: pd.DataFrame

    @property
    def mean(self) -> float:
        """Mean result.

        Examples
        --------
        >>> SimulatedCase(np.array([-1.0, 1.0, 3.0, 5.0]), pd.DataFrame()).mean
        2.0
        """
        return float(self.values.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of the mean that comes from the finite number of runs.

        Examples
        --------
        >>> SimulatedCase(np.array([1.0, 3.0]), pd.DataFrame()).standard_error
        1.0
        """
        return float(self.values.std(ddof=1) / math.sqrt(self.values.size))

    @property
    def probability_positive(self) -> float:
        """Share of runs with a result above 0: P(NPV > 0)."""
        return float((self.values > 0).mean())

    def quantiles(self, at: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> pd.Series:
        """Quantiles of the result, indexed by `at`.

        Parameters
        ----------
        at : list of float, 0 to 1

        Returns
        -------
        Series

        Raises
        ------
        ValueError
            If a number is outside 0 to 1.

        Examples
        --------
        >>> SimulatedCase(np.arange(101.0), pd.DataFrame()).quantiles([0.1, 0.5]).tolist()
        [10.0, 50.0]
        """
        p = validate.vector("at", at, 0, 1)
        return pd.Series(np.quantile(self.values, p), index=p)


def simulate_case(
    function: Callable[..., float],
    assumptions: Mapping[str, Any],
    rng: np.random.Generator,
    n: int = 10_000,
) -> SimulatedCase:
    """A financial case under uncertainty: draw the assumptions, compute the result, many times.

    Parameters
    ----------
    function : callable
        Called with the assumptions by name, all of them numbers; returns a number, such as a net present value.
    assumptions : mapping assumption → number or distribution
        A distribution is a callable of a Generator and a count that returns so many numbers, such as
        ``lambda rng, n: rng.normal(100, 20, n)``. A number is certain.
    rng : numpy.random.Generator
        Source of chance; a whole number is taken as its seed.
    n : int, at least 2
        Number of runs.

    Returns
    -------
    SimulatedCase
        With values, draws, mean, standard_error, probability_positive and quantiles().

    Raises
    ------
    ValueError
        If an assumption is neither, a distribution returns something else than n numbers, or the function
        returns no number.

    Notes
    -----
    mean = Σ results / n with standard error s / √n; probability_positive = runs above 0 / n. Risk analysis by
    simulation: Hertz (1964). Assumptions are drawn independently of each other; where they move
    together, draw what moves them and let the function do the rest. The result is only as good as the
    distributions: many runs make it precise, not right.

    Examples
    --------
    >>> def case(outlay, yearly):
    ...     return net_present_value([-outlay, yearly, yearly, yearly], 0.10)
    >>> found = simulate_case(
    ...     case, {"outlay": 240, "yearly": lambda rng, n: rng.normal(100, 20, n)}, np.random.default_rng(1), 1000
    ... )
    >>> abs(found.mean - case(240, 100)) < 3 * found.standard_error
    True
    >>> 0.5 < found.probability_positive < 0.7
    True
    """
    if not isinstance(assumptions, Mapping) or not all(isinstance(k, str) for k in assumptions):
        raise ValueError(
            "assumptions must be a mapping from names to numbers or distributions (callables)."
        )
    runs = validate.whole("n", n, 2)
    rng = validate.generator("rng", rng)
    drawn = {}
    for name, what in assumptions.items():
        label = f"assumptions[{name!r}]"
        if callable(what):
            drawn[name] = validate.vector(f"what {label} draws", what(rng, runs), size=runs)
        else:
            drawn[name] = np.full(runs, validate.number(label, what))
    draws = pd.DataFrame(drawn, index=range(runs))
    values = np.array(
        [_call(function, {name: float(x[run]) for name, x in drawn.items()}) for run in range(runs)]
    )
    return SimulatedCase(values, draws)


# Customers and managers ---------------------------------------------------------------------------


def assign_customers(
    value: Any,
    capacity: Any,
    workload: Any = None,
    serve_all: bool = False,
) -> pd.DataFrame:
    """Which customer manager should look after which customers, so that the total value is greatest.

    Parameters
    ----------
    value : array or DataFrame, n customers × m managers
        € per period gained if that manager serves that customer.
    capacity : array of m numbers, at least 0
        How many customers each manager can serve (whole numbers), or how much work with `workload`.
    workload : array of n numbers, at least 0, optional
        What each customer takes of a manager's capacity, in hours per week, say. 1 by default.
    serve_all : bool
        False, the default: a customer is served only where that raises the total. True: all must be.

    Returns
    -------
    DataFrame, one row per customer with the index of `value`
        manager (column label of `value`, or number from 0; missing for customers who are not served) and
        value (€; 0 for those).

    Raises
    ------
    ValueError
        If shapes do not fit, a number is outside its range, or `serve_all` asks for more than there is.

    Notes
    -----
    max Σ value x, each customer with at most one manager, no manager above capacity. With equal workloads the
    assignment problem (Kuhn 1955); with unequal ones the generalised assignment problem, an integer programme
    whose optimum is proved, which takes long for many hundreds of customers. Ties are broken arbitrarily but
    always alike.

    Examples
    --------
    >>> value = pd.DataFrame({"Ada": [90, 80, 10], "Ben": [70, 20, 5]}, index=["x", "y", "z"])
    >>> assign_customers(value, capacity=[1, 1])
      manager  value
    x     Ben   70.0
    y     Ada   80.0
    z     NaN    0.0
    """
    validate.flag("serve_all", serve_all)
    gain = _value_matrix(value)
    n, m = gain.shape
    room = validate.vector("capacity", capacity, 0, size=m)
    if workload is None:
        if np.any(room != np.floor(room)):
            raise ValueError(
                "capacity must hold whole numbers of customers; give workload for anything else."
            )
        chosen = _assign_equal(gain, np.minimum(room, n).astype(int), serve_all)
    else:
        chosen = _assign_unequal(
            gain, room, validate.vector("workload", workload, 0, size=n), serve_all
        )
    if chosen is None:
        raise ValueError(
            "capacity is too small to serve all customers; raise it, or serve_all=False."
        )
    labels = value.columns if isinstance(value, pd.DataFrame) else range(m)
    served = chosen >= 0
    manager = pd.Series([labels[at] if at >= 0 else None for at in chosen], dtype=object)
    return pd.DataFrame(
        {
            "manager": manager.where(served, np.nan).to_numpy(),
            "value": np.where(served, gain[np.arange(n), np.maximum(chosen, 0)], 0.0),
        },
        index=value.index if isinstance(value, pd.DataFrame) else None,
    )


def _value_matrix(value: Any) -> np.ndarray:
    try:
        shape = np.shape(value)
    except ValueError:
        raise ValueError("value has rows of different length; it must be a table.") from None
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"value has shape {shape}; it must have a row per customer, a column per manager."
        )
    return validate.numbers("value", np.asarray(value))


def _assign_equal(gain: np.ndarray, room: np.ndarray, serve_all: bool) -> np.ndarray | None:
    """Every place of every manager is a column; so is being left alone, which is worth 0."""
    n = len(gain)
    places = np.repeat(np.arange(gain.shape[1]), room)
    table, owner = gain[:, places], places
    if serve_all:
        if places.size < n:
            return None
    else:
        table = np.hstack([table, np.zeros((n, n))])
        owner = np.concatenate([places, np.full(n, -1)])
    _, columns = optimize.linear_sum_assignment(table, maximize=True)
    return owner[columns]


def _assign_unequal(
    gain: np.ndarray, room: np.ndarray, work: np.ndarray, serve_all: bool
) -> np.ndarray | None:
    """Binary x[customer, manager], customer by customer."""
    n, m = gain.shape
    size = max(room.max(), work.max(), 1e-300)
    once = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
    load = sparse.kron((work / size)[None, :], sparse.eye_array(m))
    found = optimize.milp(
        -(gain / max(np.abs(gain).max(), 1e-300)).ravel(),
        integrality=np.ones(n * m),
        bounds=optimize.Bounds(0, (work[:, None] <= room[None, :]).ravel().astype(float)),
        constraints=[
            optimize.LinearConstraint(sparse.csr_array(once), 1 if serve_all else 0, 1),
            optimize.LinearConstraint(sparse.csr_array(load), -np.inf, room / size),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    x = found.x.reshape(n, m) > 0.5
    return np.where(x.any(axis=1), x.argmax(axis=1), -1)


def picket_fence(value: Any, cost: Any, budget: float) -> Any:
    """Which customers stand inside the fence: the most valuable ones that a budget can treat differently.

    Parameters
    ----------
    value : array, one entry per customer
        Value by which customers are ranked, €.
    cost : float or array, at least 0
        € that managing a customer individually costs.
    budget : float, at least 0
        € that may be spent on all customers inside.

    Returns
    -------
    array or Series of bool
        True inside. The ranking is kept: the first customer whom the budget cannot pay for ends it, so nobody
        inside is worth less than anybody outside. Among equals those listed first.

    Raises
    ------
    ValueError
        If a number is missing or negative, or lengths differ.

    Notes
    -----
    Inside are the first m of the ranking, with m the largest number for which Σ cost ≤ budget. The picket
    fence, moved outwards as the new way proves itself, is a transition strategy of Peppers and Rogers (2017).
    Customers inside are the best ones to begin with, so comparing their results with those outside proves
    nothing: compare changes (`difference_in_differences`) or leave some out at random.

    Examples
    --------
    >>> picket_fence([50, 900, 400, 300], cost=100, budget=250)
    array([False,  True,  True, False])
    """
    worth = validate.vector("value", value)
    if _one_number("cost", cost):
        price = np.full(worth.size, validate.number("cost", cost, 0))
    else:
        price = validate.vector("cost", cost, 0)
        validate.same_length(value=worth, cost=price)
        validate.broadcastable(value=value, cost=cost)
    limit = validate.number("budget", budget, 0)
    order = np.argsort(-worth, kind="stable")
    inside = np.empty(worth.size, dtype=bool)
    inside[order] = np.cumsum(price[order]) <= limit * (1 + 1e-12)
    return pd.Series(inside, index=value.index) if isinstance(value, pd.Series) else inside


def base_used_up(contacted: Any, converted: Any, periods: int | None = None) -> pd.DataFrame:
    """How fast campaigns use up the customers there are.

    Parameters
    ----------
    contacted : array, one entry per customer
        Period (0, 1, …) of the first contact, NaN for those never contacted.
    converted : array, one entry per customer
        Period of the conversion, not before that of the contact; NaN for those who did not convert.
    periods : int, optional
        How many periods to report; up to the last event by default.

    Returns
    -------
    DataFrame indexed by period
        Shares of the base at the end of each period, 0 to 1: contacted, converted, used_up (contacted without
        converting so far), untouched; and new_yield, the share of those first contacted in the period who have
        converted by the end of the data (NaN where nobody was).

    Raises
    ------
    ValueError
        If lengths differ, a period is no whole number, or a conversion has no earlier contact.

    Notes
    -----
    untouched + used_up + converted = 1. A campaign's response hides that every customer who says no is harder to
    ask again, so that a yield that falls while the base runs out is paid for by future campaigns. Using up
    customers: Peppers and Rogers (2017); the table is ours. The latest yields are still growing.

    Examples
    --------
    >>> nan = float("nan")
    >>> table = base_used_up([0, 0, 0, 1, 1, nan], [0, nan, 1, nan, nan, nan])
    >>> table["used_up"].round(2).tolist(), table["new_yield"].round(2).tolist()
    ([0.33, 0.5], [0.67, 0.0])
    """
    first, known = _periods("contacted", contacted)
    won, success = _periods("converted", converted)
    validate.same_length(contacted=first, converted=won)
    validate.broadcastable(contacted=contacted, converted=converted)
    early = success & (~known | (won < first))
    if early.any():
        at = int(np.argmax(early))
        raise ValueError(
            f"converted[{at}] is {won[at]:g}; it needs a contact in that period or before."
        )
    last = int(max(first[known].max(initial=0), won[success].max(initial=0))) + 1
    if last > 100_000:
        raise ValueError(
            f"contacted or converted reaches period {last - 1:,}; count from 0, at most 99,999."
        )
    n = last if periods is None else validate.whole("periods", periods, 1, 100_000)
    asked = np.bincount(first[known].astype(int), minlength=max(n, last)) / first.size
    said_yes = np.bincount(won[success].astype(int), minlength=max(n, last)) / first.size
    cohort_yes = np.bincount(first[success].astype(int), minlength=max(n, last)) / first.size
    table = pd.DataFrame(
        {"contacted": np.cumsum(asked), "converted": np.cumsum(said_yes)},
        index=pd.RangeIndex(max(n, last), name="period"),
    )
    table["used_up"] = np.maximum(table["contacted"] - table["converted"], 0)
    table["untouched"] = np.maximum(1 - table["contacted"], 0)
    table["new_yield"] = np.where(asked > 0, cohort_yes / np.where(asked > 0, asked, 1), np.nan)
    return table.iloc[:n]


def _periods(name: str, values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Periods as floats, and which are known."""
    try:
        array = np.atleast_1d(validate.floats(values))
    except TypeError:
        raise ValueError(f"{name} must hold numbers of periods only, with NaN for never.") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}; it must have an entry per customer.")
    known = ~np.isnan(array)
    given = validate.vector(name, array[known], 0, empty=True)
    if np.any(given != np.floor(given)):
        raise ValueError(f"{name} must hold whole periods: 0, 1, 2 …")
    return array, known


# Reading a pilot ----------------------------------------------------------------------------------


class DifferenceInDifferences(NamedTuple):
    """Effect of a pilot, see `difference_in_differences`.

    Parameters
    ----------
    estimate : float
        Change of the treated less change of the control group, in units of the outcome.
    standard_error, low, high : float or None
        Of the estimate; None where only means are known.
    treated_change, control_change : float
        After less before.

    Examples
    --------
    >>> difference_in_differences(10, 14, 10, 11).estimate
    3.0
    """

    estimate: float
    standard_error: float | None
    low: float | None
    high: float | None
    treated_change: float
    control_change: float


def difference_in_differences(
    treated_before: Any,
    treated_after: Any,
    control_before: Any,
    control_after: Any,
    *,
    paired: bool = False,
    standard_errors: Sequence[float] | None = None,
    level: float = 0.95,
) -> DifferenceInDifferences:
    """What a pilot changed, beyond what changed anyway.

    Parameters
    ----------
    treated_before, treated_after, control_before, control_after : float or array
        Outcome of the group with the pilot and of the one without, before and after: four means, or four arrays
        with one entry per customer.
    paired : bool
        With arrays: True if the same customers stand in the same order before and after, which makes use of how
        alike they stay. False, the default: different customers.
    standard_errors : two or four numbers, at least 0, optional
        With means: of the two changes (treated, control), or of the four means in the order of the arguments, taken
        as independent.
    level : float, between 0 and 1
        Confidence level.

    Returns
    -------
    DifferenceInDifferences
        estimate, standard_error, low, high (None where only means are known), treated_change, control_change; in
        units of the outcome.

    Raises
    ------
    ValueError
        If means and arrays are mixed, a group has fewer than 2 customers, or pairs differ in length.

    Notes
    -----
    (treated after − treated before) − (control after − control before); the variance is the sum of the variances
    s² / n of the independent parts. Arrays: Student's t with Welch's (1947) degrees of freedom; given standard
    errors: the normal distribution. It is an effect only if both groups would have changed alike without the
    pilot, which no calculation can show; look at earlier periods. Customers who share a store or a manager are
    not independent. Card and Krueger (1994, table 3) is the classic example.

    Examples
    --------
    Employment per fast-food store in New Jersey, where the minimum wage rose, and in Pennsylvania:

    >>> did = difference_in_differences(20.44, 21.03, 23.33, 21.17, standard_errors=(0.54, 1.25))
    >>> round(did.estimate, 2), round(did.standard_error, 2)
    (2.75, 1.36)
    """
    given = {
        "treated_before": treated_before,
        "treated_after": treated_after,
        "control_before": control_before,
        "control_after": control_after,
    }
    p = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    means_only = {name: _one_number(name, x) for name, x in given.items()}
    if all(means_only.values()):
        tb, ta, cb, ca = (validate.number(name, x) for name, x in given.items())
        change = ta - tb, ca - cb
        if standard_errors is None:
            return DifferenceInDifferences(change[0] - change[1], None, None, None, *change)
        errors = validate.vector("standard_errors", standard_errors, 0)
        if errors.size not in (2, 4):
            raise ValueError(f"standard_errors has {errors.size} values; it must have 2 or 4.")
        return _did(change, float(np.sqrt(np.sum(errors**2))), math.inf, p)
    if any(means_only.values()):
        one = ", ".join(name for name, single in means_only.items() if single)
        raise ValueError(f"{one} must be an array like the others; give four means or four arrays.")
    if standard_errors is not None:
        raise ValueError("standard_errors is for means; with arrays it is computed from them.")
    groups = [validate.vector(name, x) for name, x in given.items()]
    if validate.flag("paired", paired):
        for at in (0, 2):
            names = list(given)[at : at + 2]
            validate.same_length(**dict(zip(names, groups[at : at + 2], strict=True)))
            validate.broadcastable(**{name: given[name] for name in names})
        parts = [groups[1] - groups[0], groups[3] - groups[2]]
        change = float(parts[0].mean()), float(parts[1].mean())
    else:
        parts = groups
        m = [float(x.mean()) for x in groups]
        change = m[1] - m[0], m[3] - m[2]
    for name, part in zip(["treated", "control"] if paired else list(given), parts, strict=True):
        if part.size < 2:
            raise ValueError(f"{name} has {part.size} customer; a standard error needs at least 2.")
    variances = np.array([x.var(ddof=1) / x.size for x in parts])
    dof = np.array([x.size - 1 for x in parts])
    total = variances.sum()
    df = 1 / float(np.sum((variances / total) ** 2 / dof)) if total > 0 else math.inf
    return _did(change, math.sqrt(total), df, p)


def _did(
    change: tuple[float, float], error: float, df: float, level: float
) -> DifferenceInDifferences:
    estimate = change[0] - change[1]
    reach = (
        stats.norm.isf((1 - level) / 2) if math.isinf(df) else stats.t.isf((1 - level) / 2, df)
    ) * error
    return DifferenceInDifferences(
        estimate, error, estimate - float(reach), estimate + float(reach), *change
    )


# Capabilities -------------------------------------------------------------------------------------


def capability_index(
    answers: pd.DataFrame,
    groups: Mapping[str, str] | None = None,
    scale: tuple[float, float] = (1, 5),
    at_least: float = 0.5,
) -> pd.DataFrame:
    """How far a firm has come in each group of capabilities and over all, from 0 to 100.

    Parameters
    ----------
    answers : DataFrame, one row per firm
        One column per capability, in points of `scale`, NaN where there is no answer.
    groups : mapping column → group, optional
        Which columns count and which group each belongs to; one group of all columns by default.
    scale : (lowest, highest)
        Scale of the answers, high meaning able.
    at_least : float, 0 to 1
        Share of a group's capabilities that must be answered; otherwise the group is NaN.

    Returns
    -------
    DataFrame, same index as `answers`
        One column per group and "index", the mean of the groups (NaN where one is): 0 to 100.

    Raises
    ------
    ValueError
        If a column or its group is missing, an answer is outside the scale, or a group is called "index".

    Notes
    -----
    Mean of (answer − lowest) / (highest − lowest) × 100 per group, groups weighing alike however many questions
    they have. Our own plain index for capability surveys such as those on customer management (Woodcock, Stone and
    Foss 2003), not anybody's licensed score.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 5], "b": [3, 5], "c": [5, 4]})
    >>> capability_index(answers, {"a": "know", "b": "know", "c": "act"}).to_dict("list")
    {'know': [25.0, 100.0], 'act': [100.0, 75.0], 'index': [62.5, 87.5]}
    """
    low, high = validate.scale(scale)
    validate.frame("answers", answers)
    if groups is None:
        groups = dict.fromkeys(answers.columns, "all")
    if not isinstance(groups, Mapping) or not groups:
        raise ValueError("groups must be a mapping from at least one column to its group.")
    validate.frame("answers", answers, list(groups))
    if pd.Series(list(groups.values()), dtype=object).isna().any():
        raise ValueError(
            "groups leaves a column without a group; name one, or leave the column out."
        )
    validate.labels("groups", pd.Series(list(groups.values()), dtype=object))
    if "index" in groups.values():
        raise ValueError(
            "groups has a group 'index', which is the name of the total; call it otherwise."
        )
    needed = validate.number("at_least", at_least, 0, 1)
    result = {}
    for group in dict.fromkeys(groups.values()):
        columns = [name for name, its in groups.items() if its == group]
        points = np.full((len(answers), len(columns)), np.nan)
        for at, name in enumerate(columns):
            known = answers[name].notna().to_numpy()
            given = answers[name][known].to_numpy()
            points[known, at] = validate.vector(f"answers[{name!r}]", given, low, high, empty=True)
        have = (~np.isnan(points)).sum(axis=1)
        total = np.nansum(points - low, axis=1) / (high - low) * 100
        enough = (have > 0) & (have >= needed * len(columns) - 1e-12)
        result[group] = np.where(enough, total / np.maximum(have, 1), np.nan)
    table = pd.DataFrame(result, index=answers.index)
    table["index"] = table.mean(axis=1, skipna=False)
    return table


class CapabilityGap(NamedTuple):
    """Between what firms say and what they can do, see `capability_gap`.

    Parameters
    ----------
    agree, can : float
        Shares of firms, 0 to 1.
    gap : float
        agree − can.
    low, high : float
        Confidence interval of the gap.

    Examples
    --------
    >>> capability_gap([1, 1, 1, 0], [1, 0, 0, 0]).gap
    0.5
    """

    agree: float
    can: float
    gap: float
    low: float
    high: float


def capability_gap(
    agree: Any, can: Any, n: int | None = None, level: float = 0.95
) -> CapabilityGap:
    """How many more say that they do something than are able to, with a confidence interval.

    Parameters
    ----------
    agree : array of True and False (or 1 and 0), or float from 0 to 1
        Whether each respondent agrees with the claim; or the share of those who do.
    can : array like `agree`, or float from 0 to 1
        Whether the same respondent has the capability that the claim needs; or the share of those who do.
    n : int, at least 2
        Number of respondents, needed with shares and only with them.
    level : float, between 0 and 1
        Confidence level.

    Returns
    -------
    CapabilityGap
        agree, can (shares, 0 to 1), gap = agree − can, low, high (−1 to 1).

    Raises
    ------
    ValueError
        If answers are missing, lengths differ, or `n` is given or not given wrongly.

    Notes
    -----
    The same people answer both questions, so the two shares are not independent. Answers: square-and-add interval
    for paired shares with their correlation φ, corrected for continuity (Newcombe 1998, pp. 2635–2650, method 10). Shares
    from a publication: how answers go together isn't printed, so the normal interval takes the worst case,
    respondents who say yes to both being as few as the shares allow. An honest interval from a table of
    percentages is therefore wide.

    Examples
    --------
    >>> gap = capability_gap(0.60, 0.28, n=200)
    >>> round(gap.gap, 2), round(gap.low, 2), round(gap.high, 2)
    (0.32, 0.2, 0.44)
    """
    p = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    shares = _one_number("agree", agree)
    if shares != _one_number("can", can):
        raise ValueError("give two shares or two arrays of answers, not a mixture.")
    if shares:
        first, second = validate.number("agree", agree, 0, 1), validate.number("can", can, 0, 1)
        if n is None:
            raise ValueError("n is None; with shares it must be the number of respondents.")
        count = validate.whole("n", n, 2, 1e15)
        differ = min(first + second, 2 - first - second)  # at most so many answer differently
        error = math.sqrt(max(differ - (first - second) ** 2, 0) / count)
        reach = float(stats.norm.isf((1 - p) / 2)) * error
        gap = first - second
        return CapabilityGap(first, second, gap, max(gap - reach, -1.0), min(gap + reach, 1.0))
    if n is not None:
        raise ValueError(f"n is {validate.shown(n)}; with arrays of answers it must be left out.")
    a, b = _yes_no("agree", agree), _yes_no("can", can)
    validate.same_length(agree=a, can=b)
    validate.broadcastable(agree=agree, can=can)
    low, high = _paired_interval(a, b, p)
    first, second = float(a.mean()), float(b.mean())
    return CapabilityGap(first, second, first - second, low, high)


def _yes_no(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype == bool and array.ndim == 1 and array.size:
        return array
    given = validate.vector(name, array, 0, 1)
    if np.any((given != 0) & (given != 1)):
        raise ValueError(f"{name} must hold True and False (or 1 and 0) only.")
    return given == 1


def _paired_interval(a: np.ndarray, b: np.ndarray, level: float) -> tuple[float, float]:
    """Newcombe (1998, method 10): Wilson limits of both shares, joined with their correlation φ."""
    count = a.size
    both, neither = int((a & b).sum()), int((~a & ~b).sum())
    x, y = int(a.sum()), int(b.sum())
    spread = x * (count - x) * y * (count - y)
    excess = float(both * neither - (x - both) * (y - both))
    if excess > 0:  # Newcombe's correction, so that φ isn't taken for larger than it is
        excess = max(excess - count / 2, 0.0)
    phi = excess / math.sqrt(spread) if spread else 0.0
    (l1, u1), (l2, u2) = (wilson_interval(k, count, level) for k in (x, y))
    p1, p2 = x / count, y / count
    down, up = p1 - l1, u2 - p2
    below = math.sqrt(max(down**2 - 2 * phi * down * up + up**2, 0))
    down, up = u1 - p1, p2 - l2
    above = math.sqrt(max(down**2 - 2 * phi * down * up + up**2, 0))
    return float(max(p1 - p2 - below, -1)), float(min(p1 - p2 + above, 1))


def frontier(efficiency: Any, intimacy: Any) -> Any:
    """Which ways of working are on the frontier: no other is better in one and as good in the other.

    Parameters
    ----------
    efficiency, intimacy : array of n numbers
        Two goals, both the more the better, in any units.

    Returns
    -------
    array or Series of bool
        True for Pareto-efficient points. Equal points are all in or all out.

    Raises
    ------
    ValueError
        If lengths differ or a number is missing.

    Notes
    -----
    A point is inside if another has efficiency ≥ its own and intimacy ≥ its own, and one of the two greater.
    Choosing on the frontier is a matter of strategy, standing inside it a matter of waste: Porter's (1996)
    productivity frontier. It is drawn by the points that were tried, and moves when somebody finds a better way.

    Examples
    --------
    >>> frontier([1, 2, 3, 2], [9, 7, 2, 5])
    array([ True,  True,  True, False])
    """
    x, y = validate.vector("efficiency", efficiency), validate.vector("intimacy", intimacy)
    validate.same_length(efficiency=x, intimacy=y)
    validate.broadcastable(efficiency=efficiency, intimacy=intimacy)
    order = np.lexsort((-y, -x))  # best efficiency first, best intimacy first among equals
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(y[order])[:-1]])
    on = np.empty(x.size, dtype=bool)
    on[order] = y[order] > best_before
    # Twins of a point on the frontier are not better than it, and not worse either.
    at = {pair for pair in zip(x[on].tolist(), y[on].tolist(), strict=True)}
    on |= np.array([pair in at for pair in zip(x.tolist(), y.tolist(), strict=True)])
    for given in (efficiency, intimacy):
        if isinstance(given, pd.Series):
            return pd.Series(on, index=given.index)
    return on


# Waiting ------------------------------------------------------------------------------------------


class QueueWait(NamedTuple):
    """A queue in the long run, see `queue_wait`.

    Parameters
    ----------
    occupancy : float
        Share of the time that an employee is busy, 0 to 1.
    probability_of_waiting : float
        Share of customers who find nobody free.
    mean_wait : float
        Of all customers, in the unit of time of the rates.
    mean_queue : float
        Customers waiting.
    answered_in_time : float or None
        Share who wait no longer than the target; None without one.

    Examples
    --------
    >>> queue_wait(arrival_rate=3, service_rate=4, servers=1).mean_wait  # 0.75 / (4 − 3)
    0.75
    """

    occupancy: float
    probability_of_waiting: float
    mean_wait: float
    mean_queue: float
    answered_in_time: float | None


def queue_wait(
    arrival_rate: float, service_rate: float, servers: int, target: float | None = None
) -> QueueWait:
    """How long customers wait for one of several employees.

    Parameters
    ----------
    arrival_rate : float, at least 0
        Customers who arrive per unit of time (per hour, say).
    service_rate : float, greater than 0
        Customers whom one employee serves per the same unit of time: 1 ÷ mean service time.
    servers : int, at least 1
        Employees at work.
    target : float, at least 0, optional
        Wait that was promised, in the same unit of time.

    Returns
    -------
    QueueWait
        - occupancy: share of time that employees are busy, 0 to 1
        - probability_of_waiting: Erlang's C, 0 to 1
        - mean_wait: of all customers, those who don't wait included, in units of time
        - mean_queue: customers who wait, on average
        - answered_in_time: share of customers who wait at most `target`; None without one

    Raises
    ------
    ValueError
        If a number is outside its range, or customers arrive as fast as they can be served or faster.

    Notes
    -----
    M/M/c: random arrivals, exponential service times, endless patience, first come first served (Erlang 1917). With
    load a = λ/μ, B₀ = 1 and Bₖ = a Bₖ₋₁ / (k + a Bₖ₋₁): C = B / (1 − (a/c)(1 − B)); mean wait C / (cμ − λ); share within t
    1 − C e^(−(cμ − λ)t). With one employee ρ / (μ − λ). Real callers hang up, which shortens the queue for the others.

    Examples
    --------
    >>> clinic = queue_wait(arrival_rate=6, service_rate=3, servers=3)  # patients per hour
    >>> round(clinic.mean_queue, 3), round(60 * clinic.mean_wait, 2)
    (0.889, 8.89)
    """
    lam = validate.number("arrival_rate", arrival_rate, 0)
    mu = validate.number("service_rate", service_rate, 0, low_open=True)
    c = validate.whole("servers", servers, 1, 1_000_000)
    load = lam / mu
    if not (load < c and lam < c * mu):
        raise ValueError(
            f"arrival_rate is {lam:g} and {c} servers can serve {c * mu:g}; it must be less, or the queue "
            "grows for ever."
        )
    blocked = 1.0  # Erlang's B, by recursion: factorials would overflow
    for k in range(1, c + 1):
        blocked = load * blocked / (k + load * blocked)
    waits = blocked / (1 - load / c * (1 - blocked))
    spare = c * mu - lam
    in_time = None
    if target is not None:
        in_time = 1 - waits * math.exp(-spare * validate.number("target", target, 0))
    return QueueWait(load / c, waits, waits / spare, waits * lam / spare, in_time)
