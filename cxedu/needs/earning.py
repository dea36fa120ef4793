"""What needs are worth: the value of segments, and the profit of acting on what one knows."""

from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.needs.inputs import codes_of, same_rows


def segment_value(labels: Any, value: Any, cost_per_segment: float = 0.0) -> pd.DataFrame:
    """What each segment is worth, and whether it is large enough to be served on its own.

    Parameters
    ----------
    labels : n names or numbers of segments
        Segment of each customer.
    value : n numbers, €
        Value of each customer, such as lifetime value; can be negative. Two Series must have the same index.
    cost_per_segment : float, at least 0, €
        Cost of serving one more segment in its own way, over the time that `value` looks at.

    Returns
    -------
    DataFrame, one row per segment, the most valuable first
        size (customers), share_of_customers, value (€), value_per_customer (€), share_of_value (NaN if all
        values sum to 0 or less, when shares mean nothing), after_cost (€, value − cost) and size_needed (customers
        at which the value pays the cost; inf if the mean value is 0 or less and there is a cost).

    Raises
    ------
    ValueError
        If lengths or rows differ, a label is missing or a value is not finite.

    Notes
    -----
    size_needed = cost ÷ mean value. `after_cost` counts all the value of the segment, as if it were lost without
    an offer of its own; what the offer *adds* is in `needs_profit`.

    Examples
    --------
    >>> segment_value(["a", "a", "b"], [100, 200, 50], cost_per_segment=75)[["value", "after_cost", "size_needed"]]
       value  after_cost  size_needed
    a  300.0       225.0          0.5
    b   50.0       -25.0          1.5
    """
    codes, names = codes_of("labels", labels)
    worth = validate.vector("value", value, size=len(codes))
    if isinstance(labels, pd.Series) and isinstance(value, pd.Series):
        same_rows("value", value, "labels", labels)
    cost = validate.number("cost_per_segment", cost_per_segment, 0)
    size = np.bincount(codes, minlength=len(names))
    total = np.bincount(codes, weights=worth, minlength=len(names))
    mean, everything = total / size, total.sum()
    if not np.isfinite(total).all() or not np.isfinite(everything):
        raise ValueError("value is too large to be added up.")
    needed = np.full(len(names), np.inf if cost > 0 else 0.0)
    needed[mean > 0] = np.array([cost / m for m in mean[mean > 0].tolist()])
    table = pd.DataFrame(
        {
            "size": size,
            "share_of_customers": size / size.sum(),
            "value": total,
            "value_per_customer": mean,
            "share_of_value": total / everything if everything > 0 else np.nan,
            "after_cost": total - cost,
            "size_needed": needed,
        },
        index=names,
    )
    return table.sort_values("value", ascending=False, kind="stable")


def needs_profit(
    profit: Any, customers: Any, cost_per_version: float = 0.0, cost_per_customer: float = 0.0
) -> pd.Series:
    """The profit of acting on needs: offers by segment against one offer for all.

    Parameters
    ----------
    profit : DataFrame or array, s segments × m offers, €
        Contribution of a customer with the true needs of the row who gets the offer of the column.
    customers : DataFrame or array, s true segments × s assigned segments
        How many customers of each true segment are taken for each segment, such as from `match_segments`;
        or s numbers, the sizes of the segments, if everybody is known. A DataFrame must have the row names of
        `profit` (if that is a DataFrame) and the columns in the same order.
    cost_per_version : float, at least 0, €
        Cost of having one offer, whoever gets it.
    cost_per_customer : float, at least 0, €
        Cost of finding out one customer's segment.

    Returns
    -------
    Series, €
        uniform (the best single offer for all), differentiated (to each assigned segment the offer that is
        best for those needs), gain (differentiated − uniform), perfect (the same if everybody's segment were
        known for nothing) and perfect_knowledge (perfect − uniform, the most that knowing needs can be
        worth); and versions (how many different offers differentiated and perfect use, a count).

    Raises
    ------
    ValueError
        If the shapes do not fit, a number of customers is negative, or there are none.

    Notes
    -----
    The firm believes its labels, as firms do: whoever is taken for a segment gets that segment's best offer.
    With bad labels that can be worse than one offer for all. Costs of versions are counted for the offers that
    are used; a version is dropped for nobody's sake, even where a cheaper range would earn more.
    perfect_knowledge is the expected value of perfect information of decision theory (Raiffa & Schlaifer
    1961; Howard 1966), less the cost of the versions that it takes to use it.

    Examples
    --------
    >>> profit = [[10, 2, 6], [1, 8, 6]]
    >>> needs_profit(profit, [[90, 10], [20, 80]], cost_per_version=50).to_dict()
    {'uniform': 1150.0, 'differentiated': 1480.0, 'gain': 330.0, 'perfect': 1700.0, 'perfect_knowledge': 550.0, 'versions': 2.0}
    """
    table, counts = _profit_and_customers(profit, customers)
    version = validate.number("cost_per_version", cost_per_version, 0)
    finding = validate.number("cost_per_customer", cost_per_customer, 0)
    size = counts.sum(axis=1)
    best = table.argmax(axis=1)
    versions = np.unique(best).size
    uniform = float((size @ table).max()) - version
    differentiated = float((counts * table[:, best]).sum())
    differentiated -= version * versions + finding * float(size.sum())
    perfect = float(size @ table.max(axis=1)) - version * versions
    result = {
        "uniform": uniform,
        "differentiated": differentiated,
        "gain": differentiated - uniform,
        "perfect": perfect,
        "perfect_knowledge": perfect - uniform,
        "versions": float(versions),
    }
    if not np.isfinite(list(result.values())).all():
        raise ValueError("profit, customers and costs are too large to be multiplied.")
    return pd.Series(result)


def break_even_noise(
    profit: Any, sizes: Any, cost_per_version: float = 0.0, cost_per_customer: float = 0.0
) -> float:
    """How wrong the segments may be before one offer for all earns as much.

    Parameters
    ----------
    profit : DataFrame or array, s segments × m offers, €
        As in `needs_profit`.
    sizes : s numbers
        Customers in each segment, or their shares (then `cost_per_version` is per customer as well).
    cost_per_version, cost_per_customer : float, at least 0, €
        As in `needs_profit`.

    Returns
    -------
    float
        Share of customers, 0 to 1, whose segment is a random draw (see `noisy_segments`) at which the gain is
        0. 0 if acting on needs doesn't pay with perfect labels; 1 if it pays with any.

    Raises
    ------
    ValueError
        As `needs_profit`.

    Notes
    -----
    The gain falls in a straight line from G₀ (perfect labels) to G₁ (random labels), both less costs:
    break-even at G₀ ÷ (G₀ − G₁).

    Examples
    --------
    >>> round(break_even_noise([[10, 2, 6], [1, 8, 6]], [100, 100], cost_per_version=50), 3)
    0.733
    """
    table, counts = _profit_and_customers(profit, sizes, "sizes")
    size = np.diag(counts)
    if not np.array_equal(counts, np.diag(size)):
        raise ValueError("sizes has two dimensions; it must hold one number per segment.")
    known = needs_profit(table, size, cost_per_version, cost_per_customer)["gain"]
    guessed = np.outer(size, size / size.sum())
    random = needs_profit(table, guessed, cost_per_version, cost_per_customer)["gain"]
    if known <= 0:
        return 0.0
    if random >= 0:
        return 1.0
    return float(known / (known - random))


def noisy_segments(labels: Any, noise: float, rng: np.random.Generator) -> Any:
    """Segments as a firm might know them: some are a random draw.

    Parameters
    ----------
    labels : n names or numbers of segments
        True segments.
    noise : float, 0 to 1
        Probability that a customer's label is replaced by that of a customer drawn at random.
    rng : numpy.random.Generator or seed
        Source of chance.

    Returns
    -------
    The same form as `labels` (Series, or else an array)
        Labels of which about the share noise says nothing. Segments keep their sizes on average.

    Raises
    ------
    ValueError
        If a label is missing or `noise` is outside 0 to 1.

    Notes
    -----
    A label stays right with probability 1 − noise + noise × share of its segment. The experiment is our own.

    Examples
    --------
    >>> noisy_segments(["a", "b", "a", "b"], 0.0, np.random.default_rng(1)).tolist()
    ['a', 'b', 'a', 'b']
    """
    codes, names = codes_of("labels", labels)
    share = validate.number("noise", noise, 0, 1)
    rng = validate.generator("rng", rng)
    lost = rng.random(codes.size) < share
    drawn = np.where(lost, codes[rng.integers(0, codes.size, codes.size)], codes)
    told = pd.Index(names).take(drawn)
    if isinstance(labels, pd.Series):
        return pd.Series(told, index=labels.index, name=labels.name).astype(labels.dtype)
    return told.to_numpy()


def _profit_and_customers(
    profit: Any, customers: Any, name: str = "customers"
) -> tuple[np.ndarray, np.ndarray]:
    table = validate.numbers("profit", profit)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"profit has shape {table.shape}; it must be segments × offers.")
    s = len(table)
    counts = validate.numbers(name, customers, 0)
    if counts.shape == (s,):
        counts = np.diag(counts)
    if counts.shape != (s, s):
        raise ValueError(f"{name} has shape {counts.shape}; it must be ({s},) or ({s}, {s}).")
    named = isinstance(profit, pd.DataFrame) and isinstance(customers, (pd.DataFrame, pd.Series))
    if named and not customers.index.equals(profit.index):
        raise ValueError(f"the rows of {name} are not those of profit; give the same segments.")
    if named and isinstance(customers, pd.DataFrame):
        columns = customers.columns
        if set(columns) == set(profit.index) and not columns.equals(profit.index):
            raise ValueError(f"the columns of {name} are not in the order of the rows of profit.")
    if counts.sum() == 0:
        raise ValueError(f"{name} sums to 0; there must be some.")
    return table, counts
