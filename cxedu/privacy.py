"""Privacy that can be measured: how well customers hide among others, and what noise protects.

Two ideas that complement each other. *Quasi-identifiers* (columns such as postcode, age and sex that
others know as well) can single somebody out: k-anonymity, l-diversity and re-identification risk
measure it, `generalise` and `suppress` reduce it. *Differential privacy* promises that an answer would
be about the same without any one customer: `laplace_mechanism` and what follows from it. The functions
are for learning and for planning; publishing personal data takes more than a function.

A class is the set of rows that agree in all quasi-identifiers. A missing value counts as a value of its
own, so that two missing ones agree.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxedu import validate

__all__ = [
    "class_sizes",
    "consent_coverage",
    "epsilon_spent",
    "generalise",
    "k_anonymity",
    "l_diversity",
    "laplace_error",
    "laplace_mechanism",
    "privacy_calculus",
    "private_count",
    "private_mean",
    "reidentification_risk",
    "suppress",
    "uniqueness",
]

# Hiding among others ---------------------------------------------------------------------------


def k_anonymity(frame: pd.DataFrame, quasi_identifiers: Sequence[str]) -> int:
    """Size of the smallest class: everybody hides among at least k − 1 others.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What somebody else may know about a person.

    Returns
    -------
    int
        k, from 1 (somebody is alone) to n.

    Raises
    ------
    ValueError
        If a column is missing, the frame is empty or a column holds lists or other containers.

    Notes
    -----
    k = minimum of the class sizes (Sweeney 2002). It says nothing about what all k have in common: see
    `l_diversity`. More columns never raise it.

    Examples
    --------
    >>> people = pd.DataFrame({"postcode": ["10115", "10115", "10117"], "sex": ["f", "f", "m"]})
    >>> k_anonymity(people, ["postcode", "sex"])
    1
    >>> k_anonymity(people[:2], ["postcode", "sex"])
    2
    """
    return int(np.bincount(_classes(frame, quasi_identifiers)).min())


def class_sizes(frame: pd.DataFrame, quasi_identifiers: Sequence[str]) -> pd.Series:
    """For every row, how many rows (itself included) look the same.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What somebody else may know about a person.

    Returns
    -------
    Series of int, same index as `frame`
        Size of the class of the row.

    Raises
    ------
    ValueError
        As `k_anonymity`.

    Notes
    -----
    Its minimum is k of `k_anonymity` (Sweeney 2002); the mean of 1 ÷ size is the marketer risk of
    `reidentification_risk`.

    Examples
    --------
    >>> class_sizes(pd.DataFrame({"sex": ["f", "f", "m"]}), ["sex"]).tolist()
    [2, 2, 1]
    """
    group = _classes(frame, quasi_identifiers)
    return pd.Series(np.bincount(group)[group], index=frame.index, name="class_size")


def l_diversity(
    frame: pd.DataFrame,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    kind: Literal["distinct", "entropy"] = "distinct",
) -> float:
    """How many different secrets each class holds at least: knowing the class must not tell the secret.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What somebody else may know about a person.
    sensitive : str
        Column that must stay secret; not one of the quasi-identifiers.
    kind : {"distinct", "entropy"}
        Number of different values in the class, or the effective number exp(H), which is lower if a few
        values are frequent and the others rare.

    Returns
    -------
    int (distinct) or float (entropy)
        l, at least 1; 1 means that some class gives its secret away.

    Raises
    ------
    ValueError
        If a column is missing, the frame is empty or `sensitive` is a quasi-identifier.

    Notes
    -----
    Minimum over the classes, with H = −Σ p ln p of the shares p of the values in a class: a table is
    entropy l-diverse if H ≥ ln l in every class (Machanavajjhala, Kifer, Gehrke and Venkitasubramaniam
    2007). Always entropy l ≤ distinct l ≤ k.

    Examples
    --------
    >>> people = pd.DataFrame({"age": ["30s"] * 4, "illness": ["flu", "flu", "flu", "asthma"]})
    >>> l_diversity(people, ["age"], "illness")
    2
    >>> round(l_diversity(people, ["age"], "illness", kind="entropy"), 3)
    1.755
    """
    validate.choice("kind", kind, ["distinct", "entropy"])
    names = _names("quasi_identifiers", quasi_identifiers)
    group = _classes(frame, names)
    validate.frame("frame", frame, _names("sensitive", [sensitive]))
    if sensitive in names:
        raise ValueError(
            f"sensitive is {sensitive!r}, one of the quasi-identifiers; it must not be."
        )
    secret, n_secrets = _codes(frame, sensitive)
    # Pairs of class and secret that occur, and how often: never a table of all possible pairs.
    pair, count = _compress(group * n_secrets + secret)
    holder = np.empty(count.size, dtype=np.int64)
    holder[pair] = group  # every row of a pair writes the same class
    if kind == "distinct":
        return int(np.bincount(holder).min())
    share = count / np.bincount(group)[holder]
    entropy = np.bincount(holder, -share * np.log(share))
    return float(np.exp(max(entropy.min(), 0.0)))


def uniqueness(frame: pd.DataFrame, quasi_identifiers: Sequence[str]) -> float:
    """Share of people who are the only one of their kind.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What somebody else may know about a person.

    Returns
    -------
    float
        0 to 1: rows in a class of size 1 ÷ all rows.

    Raises
    ------
    ValueError
        As `k_anonymity`.

    Notes
    -----
    Unique *in the data*; where these are a sample, somebody unique in it may have doubles outside.
    Sweeney (2002) opens with how few columns make most people unique.

    Examples
    --------
    >>> uniqueness(pd.DataFrame({"sex": ["f", "f", "m", "x"]}), ["sex"])
    0.5
    """
    return float((np.bincount(_classes(frame, quasi_identifiers)) == 1).sum() / len(frame))


def reidentification_risk(frame: pd.DataFrame, quasi_identifiers: Sequence[str]) -> pd.Series:
    """Probability of putting the right name to a row, for two kinds of attackers.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What the attacker knows about everybody whom he looks for.

    Returns
    -------
    Series
        prosecutor: looks for one person who is known to be in the data; the highest risk of anybody,
        1 ÷ smallest class. marketer: puts names to all rows; the share expected to be right, the mean of
        1 ÷ class size, which is classes ÷ rows.

    Raises
    ------
    ValueError
        As `k_anonymity`.

    Notes
    -----
    El Emam and Dankar (2008), for data that are the whole population which the attacker knows. Guessing
    within a class is at random.

    Examples
    --------
    >>> reidentification_risk(pd.DataFrame({"sex": ["f", "f", "f", "m"]}), ["sex"]).to_dict()
    {'prosecutor': 1.0, 'marketer': 0.5}
    """
    sizes = np.bincount(_classes(frame, quasi_identifiers))
    return pd.Series({"prosecutor": 1 / sizes.min(), "marketer": sizes.size / sizes.sum()})


def generalise(
    values: Any,
    *,
    bins: Any = None,
    prefix: int | None = None,
    mapping: Mapping[Any, Any] | None = None,
) -> pd.Series:
    """Make values coarser, so that more people share them. Say how by exactly one argument.

    Parameters
    ----------
    values : Series or array
        One column, such as age, postcode or town. Missing values stay missing.
    bins : number greater than 0, or increasing list of numbers
        For numbers: the width of the classes, which then start at multiples of it, or their borders. A
        border belongs to the class that it opens, the last one to the class that it closes.
    prefix : int, at least 0
        For codes written as text: how many first characters stay; the others become ``*``.
    mapping : dict value → coarser value
        For names; every value must occur in it.

    Returns
    -------
    Series of text, or of the mapping's values; same index as `values`
        Classes are written ``[20, 30)``: 20 belongs to it, 30 does not.

    Raises
    ------
    ValueError
        If not exactly one of the three is given, values are of the wrong kind, outside the borders or not
        in the mapping.

    Notes
    -----
    The levels of a generalisation hierarchy (Sweeney 2002). Generalising never makes k smaller: classes
    only join, so k after ≥ k before.

    Examples
    --------
    >>> generalise([23, 30, 37.5], bins=10).tolist()
    ['[20, 30)', '[30, 40)', '[30, 40)']
    >>> generalise([23, 30, 65], bins=[18, 40, 65]).tolist()
    ['[18, 40)', '[18, 40)', '[40, 65]']
    >>> generalise(["10115", "20095"], prefix=2).tolist()
    ['10***', '20***']
    >>> generalise(["Jena", "Ulm"], mapping={"Jena": "east", "Ulm": "south"}).tolist()
    ['east', 'south']
    """
    given = [
        name
        for name, x in (("bins", bins), ("prefix", prefix), ("mapping", mapping))
        if x is not None
    ]
    if len(given) != 1:
        raise ValueError(
            f"{' and '.join(given) or 'none'} given; give one of bins, prefix, mapping."
        )
    try:
        column = values if isinstance(values, pd.Series) else pd.Series(values)
    except (TypeError, ValueError):
        raise ValueError("values must be one column of values.") from None
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
    codes, distinct = _factorize("values", column)
    if not len(distinct):  # nothing, or nothing but missing values
        return pd.Series(np.full(len(column), None), index=column.index, name=column.name)
    if bins is not None:
        coarse = _binned(distinct, bins)
    elif prefix is not None:
        coarse = _prefixes(distinct, validate.whole("prefix", prefix))
    else:
        coarse = _mapped(distinct, mapping)
    table = pd.Series(coarse if (codes >= 0).all() else [*coarse, None])  # code −1 takes the last
    return pd.Series(table.take(codes).array, index=column.index, name=column.name)


def suppress(frame: pd.DataFrame, quasi_identifiers: Sequence[str], k: int) -> pd.DataFrame:
    """Leave out everybody who hides among fewer than k.

    Parameters
    ----------
    frame : DataFrame, n rows
        One row per person.
    quasi_identifiers : list of column names
        What somebody else may know about a person.
    k : int, at least 1
        Smallest class that may stay.

    Returns
    -------
    DataFrame
        The rows of the classes with at least k rows, in their order; k-anonymous, or empty. No value is
        changed: what is missing in `frame` is missing here, and missing ones are alike.

    Raises
    ------
    ValueError
        As `k_anonymity`, or if `k` is less than 1.

    Notes
    -----
    A row stays if its class size ≥ k. Sweeney (2002) suppresses where generalising everybody would
    cost more. The price is the share of rows that is lost, and those are not lost at random: the
    unusual customers go first.

    Examples
    --------
    >>> suppress(pd.DataFrame({"sex": ["f", "m", "f"]}), ["sex"], k=2).index.tolist()
    [0, 2]
    """
    least = validate.whole("k", k, 1)
    return frame[class_sizes(frame, quasi_identifiers).to_numpy() >= least]


# Noise that protects ---------------------------------------------------------------------------


def laplace_mechanism(
    value: Any, sensitivity: float, epsilon: float, rng: np.random.Generator
) -> Any:
    """Answer with noise, such that nobody can tell whether any one person is in the data.

    Parameters
    ----------
    value : float or array
        True answer. Each number of an array gets its own noise.
    sensitivity : float, greater than 0
        By how much one person can change the answer at most; of an array, the sum of the absolute changes
        of all its numbers.
    epsilon : float, greater than 0
        Privacy budget of this answer: the smaller, the more private and the noisier. Each answer's
        probability changes at most by the factor exp(ε) with or without one person.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    float, array or Series
        value + noise.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    Noise has the Laplace density exp(−|x|/b) / 2b with b = sensitivity / ε (Dwork, McSherry, Nissim and
    Smith 2006). For learning: the digits of floating-point noise leak (Mironov 2012), so real releases
    need a library made for it.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> noisy = laplace_mechanism(np.full(100_000, 50.0), sensitivity=1, epsilon=0.5, rng=rng)
    >>> bool(abs(noisy.mean() - 50) < 0.05 and abs(abs(noisy - 50).mean() - 2) < 0.05)
    True
    """
    true = validate.numbers("value", value)
    scale = _scale(
        validate.number("sensitivity", sensitivity, 0, low_open=True),
        validate.number("epsilon", epsilon, 0, low_open=True),
    )
    noise = validate.generator("rng", rng).laplace(0.0, scale, true.shape)
    with np.errstate(over="ignore"):
        answer = np.asarray(true + noise)
    if not np.isfinite(answer).all():
        raise ValueError("value is so large that its sum with the noise overflows.")
    return validate.like(answer, value)


def private_count(having: Any, epsilon: float, rng: np.random.Generator) -> float:
    """How many people have something, with the protection of the Laplace mechanism.

    Parameters
    ----------
    having : array of n bool (or 0 and 1)
        Whether each person has it. May be empty.
    epsilon : float, greater than 0
        Privacy budget of this answer.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    float
        Neither rounded nor cut at 0: that may be done afterwards and costs no privacy, but zeros cut off
        make a mean of many counts too high.

    Raises
    ------
    ValueError
        If `having` holds something else or a number is outside its range.

    Notes
    -----
    One person changes a count by at most 1, so b = 1 / ε (Dwork, McSherry, Nissim and Smith 2006).

    Examples
    --------
    >>> consents = np.arange(1000) < 400
    >>> bool(abs(private_count(consents, epsilon=1, rng=np.random.default_rng(1)) - 400) < 10)
    True
    """
    try:
        raw = np.asarray(having)
        flags = raw.astype(float) if raw.dtype.kind == "b" else having
    except ValueError:
        flags = having  # of uneven lengths; said below
    x = validate.vector("having", flags, 0, 1, empty=True)
    bad = np.flatnonzero((x != 0) & (x != 1))
    if bad.size:
        raise ValueError(f"having[{bad[0]}] is {x[bad[0]]:g}; every value must be True or False.")
    return float(laplace_mechanism(float(x.sum()), 1.0, epsilon, rng))


def private_mean(
    values: Any, low: float, high: float, epsilon: float, rng: np.random.Generator
) -> float:
    """Mean of bounded values with the protection of the Laplace mechanism.

    Parameters
    ----------
    values : array of n numbers
        One per person. Those outside the bounds are moved to the nearer bound.
    low, high : float, low < high
        Bounds, fixed *without* looking at the data: bounds taken from the data give somebody away.
    epsilon : float, greater than 0
        Privacy budget of this answer.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    float
        In the unit of the values; may lie outside the bounds.

    Raises
    ------
    ValueError
        If there are no values or a number is outside its range.

    Notes
    -----
    If n is public and one person's value is replaced, the mean changes by at most (high − low) / n, so
    b = (high − low) / (n ε) (Dwork, McSherry, Nissim and Smith 2006). Tight bounds mean little noise but
    cut the extremes off: a bias that no further data cures.

    Examples
    --------
    >>> ages = np.linspace(20, 60, 1000)
    >>> bool(abs(private_mean(ages, 18, 90, epsilon=1, rng=np.random.default_rng(1)) - 40) < 1)
    True
    """
    x = validate.vector("values", values)
    least, most = validate.number("low", low), validate.number("high", high)
    if least >= most:
        raise ValueError(f"low is {low} and high is {high}; low must be below high.")
    sensitivity = most / x.size - least / x.size
    if not 1 / validate.LARGEST <= sensitivity < math.inf:
        raise ValueError(f"low is {low} and high is {high}; their distance is out of range.")
    # Divided before summing, so that huge values cannot overflow.
    mean = float((np.clip(x, least, most) / x.size).sum())
    return float(laplace_mechanism(mean, sensitivity, epsilon, rng))


def epsilon_spent(
    epsilons: Any, composition: Literal["sequential", "parallel"] = "sequential"
) -> float:
    """Privacy budget that several answers have used up together.

    Parameters
    ----------
    epsilons : array of numbers, at least 0
        Budget of each answer. May be empty: nothing was asked.
    composition : {"sequential", "parallel"}
        Answers about the same people add up. Answers about groups of which nobody is in two cost as much
        as the dearest of them.

    Returns
    -------
    float
        Σ ε or max ε.

    Raises
    ------
    ValueError
        If a budget is negative or `composition` unknown.

    Notes
    -----
    Sequential: Dwork, McSherry, Nissim and Smith (2006); parallel: McSherry (2009). The sum is an upper
    bound; sharper ones exist for many answers (Dwork and Roth 2014, ch. 3).

    Examples
    --------
    >>> epsilon_spent([0.5, 0.25, 0.25])
    1.0
    >>> epsilon_spent([0.5, 0.25, 0.25], "parallel")
    0.5
    """
    budgets = validate.vector("epsilons", epsilons, 0, empty=True)
    validate.choice("composition", composition, ["sequential", "parallel"])
    if composition == "parallel":
        return float(budgets.max(initial=0.0))
    try:
        return math.fsum(budgets)
    except OverflowError:
        raise ValueError("epsilons are so large that their sum overflows.") from None


def laplace_error(sensitivity: Any, epsilon: Any, quantile: Any = None) -> Any:
    """How wrong an answer of the Laplace mechanism is: on average, or almost always at most.

    Parameters
    ----------
    sensitivity : float or array, greater than 0
        By how much one person can change the answer at most.
    epsilon : float or array, greater than 0
        Privacy budget of the answer.
    quantile : float or array, 0 to below 1, optional
        Probability that the absolute error is at most the result. None, the default, asks for the
        expected absolute error.

    Returns
    -------
    float, array or Series
        In the unit of the answer.

    Raises
    ------
    ValueError
        If a number is outside its range or shapes do not fit.

    Notes
    -----
    The absolute value of Laplace noise is exponential with mean b = sensitivity / ε: E|noise| = b, and
    P(|noise| ≤ b ln(1 / (1 − q))) = q (Dwork and Roth 2014, fact 3.7). Half the ε, twice the error.

    Examples
    --------
    >>> laplace_error(1, [0.1, 1])
    array([10.,  1.])
    >>> round(laplace_error(1, 0.1, quantile=0.95), 2)
    29.96
    """
    q = 0.0 if quantile is None else quantile
    validate.broadcastable(sensitivity=sensitivity, epsilon=epsilon, quantile=q)
    scale = _scale(
        validate.numbers("sensitivity", sensitivity, 0, low_open=True),
        validate.numbers("epsilon", epsilon, 0, low_open=True),
    )
    if quantile is not None:
        scale = -np.log1p(-validate.numbers("quantile", q, 0, 1, high_open=True)) * scale
    return validate.like(np.asarray(scale), sensitivity, epsilon, q)


# Permission ------------------------------------------------------------------------------------


def consent_coverage(
    customers: pd.DataFrame, consents: Sequence[str], by: str | None = None
) -> pd.DataFrame:
    """Share of the customers who gave their consent: each kind and all kinds together.

    Parameters
    ----------
    customers : DataFrame
        One row per customer, consents as columns of True and False.
    consents : list of column names
        Such as ``["email_consent", "profiling_consent"]``.
    by : str, optional
        Column of groups, such as region or channel.

    Returns
    -------
    DataFrame, one row "all" and one per group
        customers (number), a share from 0 to 1 for each consent, and every (share who gave all of them).

    Raises
    ------
    ValueError
        If a column is missing, a consent is neither True nor False, or a group is missing or called "all".

    Notes
    -----
    share = customers with the consent / customers. A consent that is not known is not a consent:
    replace missing ones by False. Permission as the asset that a firm earns purpose by purpose:
    Godin (1999).

    Examples
    --------
    >>> people = pd.DataFrame({"email": [True, True, False, True], "profile": [True, False, False, False],
    ...                        "region": ["north", "north", "south", "south"]})
    >>> consent_coverage(people, ["email", "profile"], by="region")
           customers  email  profile  every
    all            4   0.75     0.25   0.25
    north          2   1.00     0.50   0.50
    south          2   0.50     0.00   0.00
    """
    names = _names("consents", consents)
    others = [] if by is None else _names("by", [by])
    table = validate.frame("customers", customers, [*names, *others])
    given = {}
    for name in names:
        column = table[name]
        if column.isna().any() or not pd.api.types.is_bool_dtype(column.infer_objects()):
            raise ValueError(
                f"customers[{name!r}] has values other than True and False; a consent not known is none."
            )
        given[name] = column.to_numpy(dtype=bool)
    for name in ("customers", "every"):
        if name in given:
            raise ValueError(f"a consent is called {name!r}; that is a column of the result.")
    given["every"] = np.logical_and.reduce(list(given.values()))
    shares = pd.DataFrame(given).astype(float)
    shares.insert(0, "customers", 1)
    how = {name: "sum" if name == "customers" else "mean" for name in shares}
    total = pd.DataFrame(shares.agg(how)).T.set_axis(["all"])
    if by is not None:
        groups = table[by]
        if groups.isna().any():
            at = int(np.argmax(groups.isna()))
            raise ValueError(f"customers[{by!r}] is missing in row {at}; every row needs a group.")
        try:
            parts = shares.groupby(groups.array, observed=True).agg(how)
        except TypeError:
            raise ValueError(f"customers[{by!r}] holds values that cannot be grouped.") from None
        if "all" in list(parts.index):
            raise ValueError(
                f'customers[{by!r}] has a group "all"; that is the name of the first row.'
            )
        parts.index = pd.Index(list(parts.index), dtype=object)
        total = pd.concat([total.set_axis(pd.Index(["all"], dtype=object)), parts])
    return total.astype({"customers": int})


def privacy_calculus(benefit: Any, cost: Any, trust: Any) -> pd.DataFrame:
    """Would a customer share the data? What it brings against what might be done with them.

    Parameters
    ----------
    benefit : float or array of n, at least 0
        What the customer gets for the data, €.
    cost : float or array of n, at least 0
        What a misuse would cost the customer, € as he feels it.
    trust : float or array of n, 0 to 1
        How probable the customer thinks it that the firm will *not* misuse them.

    Returns
    -------
    DataFrame, n rows
        benefit, expected_cost ((1 − trust) × cost, €), net (benefit − expected_cost, €), shares (True if
        net is above 0), trust_needed (0 to 1: above it the customer shares; 1 − benefit ÷ cost, at least
        0).

    Raises
    ------
    ValueError
        If a number is outside its range or shapes do not fit.

    Notes
    -----
    Culnan and Armstrong (1999) found that people weigh what they get against the risk, and that fair
    procedures, by building trust, let them share. Putting this into an expected value in euros is *our*
    operationalisation: for thinking, not for quoting. It says why a pledge that is kept can be worth more
    than a voucher.

    Examples
    --------
    >>> privacy_calculus(benefit=5, cost=20, trust=[0.5, 0.9])
       benefit  expected_cost  net  shares  trust_needed
    0      5.0           10.0 -5.0   False          0.75
    1      5.0            2.0  3.0    True          0.75
    """
    validate.broadcastable(benefit=benefit, cost=cost, trust=trust)
    gain = validate.numbers("benefit", benefit, 0)
    harm = validate.numbers("cost", cost, 0)
    faith = validate.numbers("trust", trust, 0, 1)
    gain, harm, faith = np.broadcast_arrays(*(np.atleast_1d(x) for x in (gain, harm, faith)))
    if gain.ndim != 1:
        raise ValueError(
            f"benefit, cost and trust make a shape of {gain.shape}; it must be one row each."
        )
    expected = (1 - faith) * harm
    # Who gets more than the harm itself needs no trust; and so nothing is divided by 0.
    needed = 1 - np.divide(gain, harm, out=np.ones(gain.shape), where=gain < harm)
    rows = (x.index for x in (benefit, cost, trust) if isinstance(x, pd.Series))
    index = next((labels for labels in rows if len(labels) == gain.size), None)
    return pd.DataFrame(
        {
            "benefit": gain,
            "expected_cost": expected,
            "net": gain - expected,
            "shares": gain > expected,
            "trust_needed": needed,
        },
        index=index,
    )


# Classes ---------------------------------------------------------------------------------------


def _names(name: str, columns: Any) -> list[Any]:
    """One column name or several different ones, as a list."""
    if isinstance(columns, str):
        return [columns]
    names = validate.listed(name, columns)
    if not names:
        raise ValueError(f"{name} is empty; it must name at least one column.")
    try:
        several = len(set(names)) == len(names)
    except TypeError:
        raise ValueError(
            f"{name} is {validate.shown(names)}; it must be a list of column names."
        ) from None
    if not several:
        raise ValueError(f"{name} is {names!r}; it must name no column twice.")
    return names


def _classes(frame: Any, quasi_identifiers: Any) -> np.ndarray:
    """Number of its class for every row, from 0 on without gaps."""
    names = _names("quasi_identifiers", quasi_identifiers)
    table = validate.frame("frame", frame, names)
    group, count = _codes(table, names[0])
    for name in names[1:]:
        codes, n = _codes(table, name)
        group = group * n + codes
        count *= n
        # Kept small: whole numbers must not overflow, however many columns there are.
        if count > 4 * len(table):
            group, sizes = _compress(group)
            count = sizes.size
    return _compress(group)[0]


def _compress(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same codes without gaps, and how often each of them occurs."""
    compact, _ = pd.factorize(codes)
    return compact, np.bincount(compact)


def _codes(table: pd.DataFrame, column: Any) -> tuple[np.ndarray, int]:
    """A whole number for each value of a column (a missing one has its own) and how many there are."""
    codes, distinct = _factorize(f"frame[{column!r}]", table[column])
    return np.where(codes < 0, len(distinct), codes).astype(np.int64), len(distinct) + 1


def _factorize(name: str, column: pd.Series) -> tuple[np.ndarray, Any]:
    """Codes with −1 for what is missing, and the distinct values."""
    try:
        if isinstance(column.dtype, pd.CategoricalDtype):
            return column.cat.codes.to_numpy(np.int64), column.cat.categories
        return pd.factorize(column)
    except TypeError:
        raise ValueError(f"{name} holds lists or the like; it must hold single values.") from None


# Generalising ----------------------------------------------------------------------------------


def _binned(distinct: Any, bins: Any) -> list[str]:
    # Positions among the distinct values would mislead, so a wrong one is told by its value.
    raw = np.asarray(distinct)
    if raw.dtype.kind == "f" and np.isinf(raw).any():
        raise ValueError("values has inf; classes need numbers that are finite.")
    x = validate.vector("values", distinct)
    if not isinstance(bins, (list, tuple, np.ndarray, pd.Series, pd.Index, range)):
        width = validate.number("bins", bins, 0, low_open=True)
        with np.errstate(over="ignore"):
            lowest = np.floor(x / width)
        if not np.all(np.abs(lowest) < 2**53):
            raise ValueError(
                f"bins is {width:g}; classes of this width are too many to tell apart."
            )
        # Multiples of the width, so that neighbouring classes write their border alike.
        return [f"[{n * width:.12g}, {(n + 1) * width:.12g})" for n in lowest.tolist()]
    edges = validate.vector("bins", bins)
    if edges.size < 2 or np.any(np.diff(edges) <= 0):
        raise ValueError(
            f"bins is {edges.tolist()}; there must be at least two borders, and they must increase."
        )
    outside = (x < edges[0]) | (x > edges[-1])
    if outside.any():
        raise ValueError(
            f"values has {x[np.argmax(outside)]:g}; the borders go from {edges[0]:g} to {edges[-1]:g}."
        )
    last = edges.size - 2
    at = np.minimum(np.searchsorted(edges, x, side="right") - 1, last)
    ends = ["]" if n == last else ")" for n in range(last + 1)]
    return [f"[{edges[n]:.12g}, {edges[n + 1]:.12g}{ends[n]}" for n in at]


def _prefixes(distinct: Any, length: int) -> list[str]:
    for value in distinct:
        if not isinstance(value, str):
            raise ValueError(
                f"values has {value!r}; prefix needs codes written as text, where leading zeros count."
            )
    return [value[:length] + "*" * len(value[length:]) for value in distinct]


def _mapped(distinct: Any, mapping: Any) -> list[Any]:
    if not isinstance(mapping, Mapping):
        raise ValueError(
            f"mapping is a {type(mapping).__name__}; it must map values to coarser ones."
        )
    lacking = [value for value in distinct if value not in mapping]
    if lacking:
        shown = ", ".join(map(repr, lacking[:5])) + (" …" if len(lacking) > 5 else "")
        raise ValueError(f"mapping lacks {shown}; every value needs a coarser one.")
    return [mapping[value] for value in distinct]


def _scale(sensitivity: Any, epsilon: Any) -> Any:
    """Scale of the Laplace noise."""
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        scale = np.divide(sensitivity, epsilon)
    # No noise at all would be no protection at all.
    if np.any(scale > 1e300) or np.any(scale < 1e-300):
        raise ValueError("sensitivity ÷ epsilon is out of range; take an epsilon nearer to 1.")
    return scale
