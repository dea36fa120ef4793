"""Customise: configurations from modules, what variety costs, matching, rules, health and retention.

Mass customisation means that a product is put together for one customer from modules that were made for
all. Money is in euros (€), the period is whatever the caller uses throughout. `production_cost`,
`match_quality` and `health_score` are our own illustrative models and say so; the retention measures are
those of the trade.
"""

import math
import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.value import FirstMargin
from cxedu.value import lifetime_value as _lifetime_value

__all__ = [
    "OPERATORS",
    "Rule",
    "apply_rules",
    "best_configuration",
    "configurations",
    "count_variants",
    "gross_revenue_retention",
    "health_score",
    "match_quality",
    "net_revenue_retention",
    "production_cost",
    "revenue_movements",
    "rule_conflicts",
    "value_stream",
]

Modules = Mapping[str, Sequence[Hashable]]
Combination = Mapping[str, Hashable]
Rules = frozenset[frozenset[tuple[str, Hashable]]]


# Configuration ------------------------------------------------------------------------------------


def count_variants(modules: Modules, forbidden: Iterable[Combination] = ()) -> int:
    """How many different products a set of modules makes.

    Parameters
    ----------
    modules : mapping module → list of its options
        Every product has exactly one option of each module ("none" can be an option).
    forbidden : list of mappings module → option
        Combinations that cannot be built or are not offered. A product is out if it contains all of any one.

    Returns
    -------
    int
        Exact, however large.

    Raises
    ------
    ValueError
        If a module has no options or the same one twice, or a combination names what does not exist.

    Notes
    -----
    Without forbidden combinations Π nⱼ over modules j with nⱼ options. With them the count branches on
    one module at a time and forgets what no longer matters, so nothing is listed; dozens of combinations that
    hang together take long, because counting is hard in general. Modularity as the source of variety:
    Pine (1993).

    Examples
    --------
    >>> boot = {"sole": ["trail", "rock", "snow"], "shaft": ["low", "high"], "lining": ["none", "wool"]}
    >>> count_variants(boot)
    12
    >>> count_variants(boot, [{"sole": "snow", "lining": "none"}, {"sole": "snow", "shaft": "low"}])
    9
    """
    options, rules = _modules(modules, forbidden)
    return _counter()(frozenset(rules), _sizes(options))


def _sizes(options: Mapping[str, Sequence[Hashable]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, len(choices)) for name, choices in options.items())


def _after(rules: Rules, module: str, option: Hashable) -> Rules:
    """What the rules still forbid once this option has been chosen."""
    return frozenset(
        rule - {(module, option)}
        for rule in rules
        if (module, option) in rule or all(name != module for name, _ in rule)
    )


def _connected(rules: Rules) -> list[Rules]:
    """The rules in groups that share no module, so that their counts multiply."""
    groups: list[tuple[set[str], set[frozenset[tuple[str, Hashable]]]]] = []
    for rule in rules:
        names, together = {name for name, _ in rule}, {rule}
        apart = []
        for others, group in groups:
            if names & others:
                names |= others
                together |= group
            else:
                apart.append((others, group))
        groups = [*apart, (names, together)]
    return [frozenset(group) for _, group in groups]


def _counter() -> Callable[[Rules, tuple[tuple[str, int], ...]], int]:
    """A counter of products that remembers what it has counted."""

    @cache
    def count(rules: Rules, sizes: tuple[tuple[str, int], ...]) -> int:
        if frozenset() in rules:
            return 0
        spoken_of = Counter(name for rule in rules for name, _ in rule)
        total = math.prod(n for name, n in sizes if name not in spoken_of)
        for group in _connected(rules):
            among = {name for rule in group for name, _ in rule}
            total *= branch(group, tuple((name, n) for name, n in sizes if name in among))
        return total

    @cache
    def branch(rules: Rules, sizes: tuple[tuple[str, int], ...]) -> int:
        """Products of modules that hang together, by the options of the one most spoken of."""
        spoken_of = Counter(name for rule in rules for name, _ in rule)
        module = min(spoken_of, key=lambda name: (-spoken_of[name], str(name)))
        rest = tuple((name, n) for name, n in sizes if name != module)
        named = {option for rule in rules for name, option in rule if name == module}
        silent = frozenset(rule for rule in rules if all(name != module for name, _ in rule))
        total = (dict(sizes)[module] - len(named)) * count(silent, rest)
        return total + sum(count(_after(rules, module, option), rest) for option in named)

    return count


def configurations(
    modules: Modules, forbidden: Iterable[Combination] = (), limit: int = 1000
) -> pd.DataFrame:
    """List every product that a set of modules makes, if there are not too many.

    Parameters
    ----------
    modules, forbidden
        As in `count_variants`.
    limit : int, at least 1
        How many rows are welcome at most.

    Returns
    -------
    DataFrame, one row per product, one column per module
        In the order of the options, the last module changing fastest. No row if all is forbidden.

    Raises
    ------
    ValueError
        As `count_variants`, or if there are more products than `limit`.

    Notes
    -----
    Π (options of a module) combinations of one option per module, less those that contain a forbidden one: what
    a configurator lets a customer choose from (Pine 1993).

    Examples
    --------
    >>> configurations({"sole": ["trail", "snow"], "lining": ["none", "wool"]},
    ...                forbidden=[{"sole": "snow", "lining": "none"}])
        sole lining
    0  trail   none
    1  trail   wool
    2   snow   wool
    """
    most = validate.whole("limit", limit, 1)
    options, rules = _modules(modules, forbidden)
    count, sizes = _counter(), _sizes(options)
    n = count(frozenset(rules), sizes)
    if n > most:
        raise ValueError(
            f"there are {n:,} configurations, more than the limit of {most:,}; forbid more combinations, "
            "raise the limit, or count them with count_variants."
        )
    # Only beginnings that lead to a product are kept, so there are never more of them than products.
    begun: list[tuple[tuple[Hashable, ...], Rules]] = [((), frozenset(rules))] if n else []
    for at, (name, choices) in enumerate(options.items()):
        begun = [
            ((*row, option), left)
            for row, before in begun
            for option in choices
            if count(left := _after(before, name, option), sizes[at + 1 :])
        ]
    return pd.DataFrame([row for row, _ in begun], columns=list(options))


def _modules(
    modules: Any, forbidden: Any
) -> tuple[dict[str, list[Hashable]], set[frozenset[tuple[str, Hashable]]]]:
    """Modules and forbidden combinations, checked."""
    if not isinstance(modules, Mapping) or not modules:
        raise ValueError("modules must be a mapping from at least one module to its options.")
    options: dict[str, list[Hashable]] = {}
    for name, choices in modules.items():
        if isinstance(choices, (str, bytes)) or not isinstance(choices, Iterable):
            raise ValueError(f"modules[{name!r}] is {choices!r}; it must be a list of options.")
        listed = list(choices)
        if not listed or any(not isinstance(option, Hashable) for option in listed):
            raise ValueError(f"modules[{name!r}] must have at least one option, such as a word.")
        if len(set(listed)) < len(listed):
            raise ValueError(f"modules[{name!r}] has an option twice; each must be there once.")
        options[name] = listed
    if isinstance(forbidden, (str, bytes, Mapping)) or not isinstance(forbidden, Iterable):
        raise ValueError("forbidden must be a list of mappings from modules to options.")
    rules = set()
    for at, combination in enumerate(validate.listed("forbidden", forbidden)):
        if not isinstance(combination, Mapping) or not combination:
            raise ValueError(f"forbidden[{at}] must map at least one module to an option.")
        for name, option in combination.items():
            validate.choice(f"a module of forbidden[{at}]", name, options)
            validate.choice(f"forbidden[{at}][{name!r}]", option, options[name])
        rules.add(frozenset(combination.items()))
    return options, rules


def production_cost(
    units: float,
    options: Sequence[int],
    *,
    variants: int | None = None,
    craft_unit: float = 200.0,
    standard_unit: float = 40.0,
    standard_setup: float = 20_000.0,
    modular_unit: float = 55.0,
    modular_setup: float = 8_000.0,
) -> pd.DataFrame:
    """What it costs to offer a variety: by craft, as so many standard products, or from modules.

    Parameters
    ----------
    units : float, greater than 0
        Products made per period.
    options : list of int, at least 1 each
        Number of options of each module.
    variants : int, optional
        How many different products are offered; the product of `options` by default. Give
        `count_variants` where some are forbidden.
    craft_unit, standard_unit, modular_unit : float, at least 0
        € per product: made one by one, made in a row of the same, put together from modules.
    standard_setup : float, at least 0
        € per period and *product* kept ready: tooling, design, stock.
    modular_setup : float, at least 0
        € per period and *option* kept ready.

    Returns
    -------
    DataFrame indexed by way: craft, standard, modular
        setup, making, total (€ per period) and per_unit (€).

    Raises
    ------
    ValueError
        If a number is outside its range or there are more variants than the options make.

    Notes
    -----
    An illustrative model of our own; the defaults are for thinking, not for quoting. Setup: craft 0, standard
    variants × standard_setup, modular Σ options × modular_setup. Making: units × cost of one. Variety is the
    *product* of the options and what must be kept ready their *sum*: that difference is the economy of mass
    customisation (Pine 1993). Left out: what customers pay for a better match, and the work of choosing.

    Examples
    --------
    >>> production_cost(10_000, [4, 3, 5, 2])["per_unit"].round(1).to_dict()  # 120 products, 14 options
    {'craft': 200.0, 'standard': 280.0, 'modular': 66.2}
    """
    n = validate.number("units", units, 0, low_open=True)
    sizes = [
        validate.whole(f"options[{at}]", k, 1, 1_000_000) for at, k in enumerate(_listed(options))
    ]
    most = math.prod(sizes)
    kinds = most if variants is None else validate.whole("variants", variants, 1, most)
    costs = {
        name: validate.number(name, x, 0)
        for name, x in {
            "craft_unit": craft_unit,
            "standard_unit": standard_unit,
            "standard_setup": standard_setup,
            "modular_unit": modular_unit,
            "modular_setup": modular_setup,
        }.items()
    }
    if kinds > 1e100:
        raise ValueError(
            "options make more than 1e100 products; give the number of variants offered."
        )
    setup = [0.0, kinds * costs["standard_setup"], sum(sizes) * costs["modular_setup"]]
    making = [n * costs[f"{way}_unit"] for way in ("craft", "standard", "modular")]
    table = pd.DataFrame(
        {"setup": setup, "making": making},
        index=pd.Index(["craft", "standard", "modular"], name="way"),
    )
    table["total"] = table["setup"] + table["making"]
    table["per_unit"] = table["total"] / n
    return table


def _listed(options: Any) -> list[Any]:
    if not isinstance(options, (Sequence, np.ndarray, pd.Series)) or isinstance(options, str):
        raise ValueError(
            f"options is {validate.shown(options)}; it must be a list of whole numbers, one per module."
        )
    listed = list(np.atleast_1d(options)) if isinstance(options, np.ndarray) else list(options)
    if not listed:
        raise ValueError("options is empty; it must have a number per module.")
    return listed


# Matching -----------------------------------------------------------------------------------------


def match_quality(
    needs: Any,
    configuration: Any,
    weights: Any = None,
    scale: tuple[float, float] = (1, 5),
    miss: Literal["distance", "shortfall"] = "distance",
) -> Any:
    """How well a configuration fits what a customer needs.

    Parameters
    ----------
    needs : array of k numbers, or n customers × k
        What is wanted on each attribute, in points of `scale`.
    configuration : array of k numbers, or m configurations × k
        What is delivered on each attribute, in points of `scale`.
    weights : array of k numbers, at least 0, optional
        Importance of the attributes; equal by default. Only their ratios matter.
    scale : (lowest, highest)
        Scale of needs and configurations.
    miss : {"distance", "shortfall"}
        "distance" (default): too much is as bad as too little (warmth of a sleeping bag). "shortfall": more
        than is needed does no harm (strength of a rope).

    Returns
    -------
    float, or array: (m,) for one customer, (n,) for one configuration, (n, m) for many of both
        0 (all wrong) to 1 (all as wanted).

    Raises
    ------
    ValueError
        If a number is missing or outside the scale, or the attributes do not fit.

    Notes
    -----
    1 − Σ w |need − delivered| / [Σ w × (highest − lowest)], with max(need − delivered, 0) for "shortfall". A
    Gower (1971) similarity; taking it for the quality of a match is our choice.

    Examples
    --------
    >>> round(match_quality([5, 1, 3], [4, 1, 5]), 2)
    0.75
    >>> match_quality([5, 1, 3], [[4, 1, 5], [5, 1, 3]], miss="shortfall").round(3)
    array([0.917, 1.   ])
    """
    low, high = validate.scale(scale)
    validate.choice("miss", miss, ["distance", "shortfall"])
    wanted = _table("needs", needs, low, high)
    made = _table("configuration", configuration, low, high)
    k = wanted.shape[-1]
    if made.shape[-1] != k:
        raise ValueError(
            f"needs has {k} attributes and configuration {made.shape[-1]}; give the same."
        )
    w = np.ones(k) if weights is None else validate.vector("weights", weights, 0, size=k)
    if w.sum() == 0:
        raise ValueError("weights are all 0; at least one attribute must matter.")
    w = w / w.max()  # so that weights of any size neither vanish nor overflow
    w = w / w.sum()
    customers, offers = np.atleast_2d(wanted), np.atleast_2d(made)
    lost = np.zeros((len(customers), len(offers)))
    for at in range(k):  # one attribute at a time: no n × m × k array
        gap = customers[:, at, None] - offers[None, :, at]
        lost += w[at] * (np.abs(gap) if miss == "distance" else np.maximum(gap, 0))
    quality = np.clip(1 - lost / (high - low), 0, 1)
    quality = quality.reshape(wanted.shape[:-1] + made.shape[:-1])
    return float(quality) if quality.ndim == 0 else quality


def best_configuration(
    needs: Any,
    configuration: Any,
    weights: Any = None,
    scale: tuple[float, float] = (1, 5),
    miss: Literal["distance", "shortfall"] = "distance",
) -> pd.DataFrame:
    """The configuration that fits each customer best.

    Parameters
    ----------
    needs : array or DataFrame, n customers × k
        What each customer wants, in points of `scale` (k numbers for one customer).
    configuration : array or DataFrame, m configurations × k
        What each configuration delivers.
    weights, scale, miss
        As in `match_quality`.

    Returns
    -------
    DataFrame, one row per customer with the index of `needs`
        configuration (label of its row in a DataFrame, otherwise its number from 0) and quality (0 to 1).
        Of equally good ones the first.

    Raises
    ------
    ValueError
        As `match_quality`.

    Notes
    -----
    argmax over configurations of `match_quality` = 1 − distance. Best means nearest to the needs as stated; not
    everybody can say what they need. Nearest by Gower's (1971) similarity.

    Examples
    --------
    >>> tents = pd.DataFrame({"weight": [5, 2], "room": [1, 5]}, index=["solo", "family"])
    >>> best_configuration([[4, 2], [1, 5], [2, 2]], tents)
      configuration  quality
    0          solo    0.750
    1        family    0.875
    2        family    0.625
    """
    offers = np.atleast_2d(np.asarray(configuration, dtype=object))
    labels = configuration.index if isinstance(configuration, pd.DataFrame) else range(len(offers))
    customers = needs if isinstance(needs, pd.DataFrame) else _as_rows("needs", needs)
    quality = match_quality(
        customers, _as_rows("configuration", configuration), weights, scale, miss
    )
    best = quality.argmax(axis=1)
    return pd.DataFrame(
        {
            "configuration": [labels[at] for at in best],
            "quality": quality[np.arange(len(best)), best],
        },
        index=needs.index if isinstance(needs, pd.DataFrame) else None,
    )


def _table(name: str, values: Any, low: float, high: float) -> np.ndarray:
    """One row or a table of numbers on the scale."""
    try:
        shape = np.shape(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different length; it must be a table.") from None
    if len(shape) not in (1, 2) or 0 in shape:
        raise ValueError(f"{name} has shape {shape}; it must be a row or a table of numbers.")
    return validate.numbers(name, np.asarray(values), low, high)


def _as_rows(name: str, values: Any) -> Any:
    try:
        return np.atleast_2d(np.asarray(values))
    except ValueError:
        raise ValueError(f"{name} has rows of different length; it must be a table.") from None


# Business rules -----------------------------------------------------------------------------------

#: What a `Rule` can ask of a field.
OPERATORS = ("is", "is not", "one of", "at least", "more than", "at most", "less than")

_COMPARE = {
    "at least": operator.ge,
    "more than": operator.gt,
    "at most": operator.le,
    "less than": operator.lt,
}


@dataclass(frozen=True)
class Rule:
    """A business rule that a manager can read: if field operator value, then action.

    Parameters
    ----------
    field : str
        Column of the table of customers.
    operator : one of `OPERATORS`
        "is", "is not", "one of", "at least", "more than", "at most", "less than".
    value : anything comparable with the column
        A list for "one of". Never missing; infinity is allowed, so that "less than" it is every number known.
    action : str
        What is done for the customers to whom the rule applies.
    priority : float
        Among several rules that apply, the highest counts.
    name : str, optional
        How reports call the rule; its sentence by default.

    Raises
    ------
    ValueError
        If the operator is unknown, a name is empty, or the value is of the wrong kind.

    Notes
    -----
    "at least" is ≥, "more than" >, "at most" ≤, "less than" <. A missing value in the field never meets a rule,
    "is not" included: nothing is known, so nothing follows. The form is ours; `apply_rules` says what for.

    Examples
    --------
    >>> print(Rule("lifetime_value", "at least", 500, "call in person", priority=2))
    if lifetime_value at least 500, then call in person (priority 2)
    """

    field: str
    operator: str
    value: Any
    action: str
    priority: float = 0
    name: str = ""

    def __post_init__(self) -> None:
        for label in ("field", "action"):
            text = getattr(self, label)
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{label} is {validate.shown(text)}; it must be a word.")
        validate.choice("operator", self.operator, OPERATORS)
        validate.number("priority", self.priority)
        if self.operator == "one of":
            if not isinstance(self.value, (list, tuple, set, frozenset)) or not self.value:
                raise ValueError(
                    f"value is {validate.shown(self.value)}; 'one of' needs a list with something in it."
                )
        elif not pd.api.types.is_scalar(self.value) or pd.isna(self.value):
            raise ValueError(
                f"value is {validate.shown(self.value)}; {self.operator!r} needs a single value."
            )
        if not isinstance(self.name, str):
            raise ValueError(f"name is {validate.shown(self.name)}; it must be a word.")

    def __str__(self) -> str:
        value = ", ".join(map(str, self.value)) if self.operator == "one of" else self.value
        return f"if {self.field} {self.operator} {value}, then {self.action} (priority {self.priority:g})"

    def applies(self, customers: pd.DataFrame) -> pd.Series:
        """Say for each customer whether the rule applies.

        Parameters
        ----------
        customers : DataFrame
            With the column `field`.

        Returns
        -------
        Series of bool, same index as `customers`

        Raises
        ------
        ValueError
            If the column is missing or cannot be compared with the value.

        Examples
        --------
        >>> rule = Rule("region", "is not", "north", "send catalogue")
        >>> rule.applies(pd.DataFrame({"region": ["north", "south", None]})).tolist()
        [False, True, False]
        """
        column = validate.frame("customers", customers, [self.field], empty=True)[self.field]
        if self.operator == "one of":
            met = column.isin(list(self.value))
        elif self.operator in ("is", "is not"):
            met = column.astype(object) == self.value
            met = ~met if self.operator == "is not" else met
        else:
            known = column[column.notna()]
            if isinstance(known.dtype, pd.CategoricalDtype) and not known.cat.ordered:
                known = known.astype(object)
            try:
                result = _COMPARE[self.operator](known, self.value)
            except TypeError:
                raise ValueError(
                    f"customers[{self.field!r}] cannot be compared with {self.value!r}; "
                    f"{self.operator!r} needs two of a kind, such as numbers."
                ) from None
            met = pd.Series(False, index=column.index)
            met[column.notna()] = np.asarray(result, dtype=bool)
        return (met.astype(bool) & column.notna()).rename(None)


def apply_rules(
    rules: Sequence[Rule], customers: pd.DataFrame, otherwise: str = "nothing"
) -> pd.DataFrame:
    """What is done for each customer, by which rule, and where rules contradict each other.

    Parameters
    ----------
    rules : list of Rule
        Of those that apply the one with the highest priority counts, among equals the first in the list.
    customers : DataFrame, one row per customer
        With the fields that the rules ask about.
    otherwise : str
        Action where no rule applies.

    Returns
    -------
    DataFrame, same index as `customers`
        action, rule (its name or sentence, "" where none applies), rules_met (how many apply) and conflict
        (True where rules of the same highest priority want different actions, so that only their order in the
        list decided).

    Raises
    ------
    ValueError
        If a rule is none, or a field is missing or cannot be compared.

    Notes
    -----
    The rule that decides has priority = max of the priorities of the rules that apply, and is the first of
    those. Rules that people can read, discuss and change are what turns insight into different treatment:
    Peppers and Rogers (2017). `rule_conflicts` counts which pairs contradict each other.

    Examples
    --------
    >>> rules = [
    ...     Rule("value", "at least", 500, "call", priority=2),
    ...     Rule("complaint", "is", True, "make good", priority=2),
    ...     Rule("value", "more than", 0, "write"),
    ... ]
    >>> people = pd.DataFrame({"value": [900, 900, 20, -5], "complaint": [False, True, False, False]})
    >>> apply_rules(rules, people)[["action", "rules_met", "conflict"]]
        action  rules_met  conflict
    0     call          2     False
    1     call          3      True
    2    write          1     False
    3  nothing          0     False
    """
    listed = _rules(rules)
    validate.frame("customers", customers, empty=True)
    if not isinstance(otherwise, str):
        raise ValueError(f"otherwise is {validate.shown(otherwise)}; it must be a word.")
    n = len(customers)
    action = np.full(n, otherwise, dtype=object)
    by = np.full(n, "", dtype=object)
    top = np.full(n, -np.inf)
    met, conflict = np.zeros(n, dtype=int), np.zeros(n, dtype=bool)
    for rule in listed:
        applies = rule.applies(customers).to_numpy()
        met += applies
        higher = applies & (rule.priority > top)
        level = applies & (rule.priority == top) & (action != rule.action)
        conflict[level] = True
        action[higher], by[higher], top[higher] = rule.action, rule.name or str(rule), rule.priority
        conflict[higher] = False
    return pd.DataFrame(
        {"action": action, "rule": by, "rules_met": met, "conflict": conflict},
        index=customers.index,
    )


def rule_conflicts(rules: Sequence[Rule], customers: pd.DataFrame) -> pd.DataFrame:
    """Pairs of rules of equal priority that want different actions for the same customers.

    Parameters
    ----------
    rules : list of Rule
    customers : DataFrame, one row per customer

    Returns
    -------
    DataFrame, one row per pair that meets
        first, second (names or sentences) and customers (how many meet both), most customers first.

    Raises
    ------
    ValueError
        As `apply_rules`.

    Notes
    -----
    Pairs (a, b) with equal priority and different actions; customers = those to whom both apply. Whether a rule of
    higher priority settles the matter for some of them is shown by `apply_rules`. Our own audit of what Peppers
    and Rogers (2017) call business rules.

    Examples
    --------
    >>> rules = [Rule("value", "at least", 500, "call", name="big"),
    ...          Rule("angry", "is", True, "make good", name="angry")]
    >>> rule_conflicts(rules, pd.DataFrame({"value": [900, 900, 20], "angry": [False, True, True]}))
      first second  customers
    0   big  angry          1
    """
    listed = _rules(rules)
    applies = [rule.applies(customers).to_numpy() for rule in listed]
    rows = []
    for j, b in enumerate(listed):
        for i, a in enumerate(listed[:j]):
            both = int((applies[i] & applies[j]).sum())
            if both and a.priority == b.priority and a.action != b.action:
                rows.append((a.name or str(a), b.name or str(b), both))
    table = pd.DataFrame(rows, columns=["first", "second", "customers"])
    return table.sort_values("customers", ascending=False, kind="stable", ignore_index=True)


def _rules(rules: Any) -> list[Rule]:
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise ValueError(f"rules is {validate.shown(rules)}; it must be a list of Rule.")
    listed = list(rules)
    for at, rule in enumerate(listed):
        if not isinstance(rule, Rule):
            raise ValueError(f"rules[{at}] is {rule!r}; it must be a Rule.")
    return listed


# Customer success ---------------------------------------------------------------------------------


def health_score(
    signals: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    weights: Mapping[str, float] | None = None,
    at_least: float = 0.5,
) -> pd.Series:
    """How well a customer is doing with what they bought, from 0 to 100.

    Parameters
    ----------
    signals : DataFrame, one row per customer
        One column per signal, NaN where it is unknown. Columns that `ranges` does not name are ignored.
    ranges : mapping signal → (worst, best)
        Between which values a signal counts from 0 to 1; outside it counts as the nearer end. Worst may be
        greater than best, as for days since the last visit.
    weights : mapping signal → float, at least 0, optional
        Importance; equal by default. Only their ratios matter.
    at_least : float, 0 to 1
        Share of the weight that must be known for a score; otherwise it is NaN.

    Returns
    -------
    Series, same index as `signals`
        0 to 100, NaN where too little is known.

    Raises
    ------
    ValueError
        If a column or weight is missing, a range is empty, or a signal holds something that is no number.

    Notes
    -----
    100 × Σ w s / Σ w over the known signals, s = (x − worst) / (best − worst) cut off at 0 and 1. Never falls
    when a signal gets better. The idea is the trade's (Mehta, Steinman and Murphy 2016), this form is ours;
    whether a score foretells renewal must be tested, not assumed.

    Examples
    --------
    >>> signals = pd.DataFrame({"logins": [10, 0, 5], "idle_days": [3, 60, None]})
    >>> health_score(signals, {"logins": (0, 10), "idle_days": (30, 0)}, {"logins": 2, "idle_days": 1}).round(1).tolist()
    [96.7, 0.0, 50.0]
    """
    if not isinstance(ranges, Mapping) or not ranges:
        raise ValueError("ranges must be a mapping from at least one signal to (worst, best).")
    table = validate.frame("signals", signals, list(ranges), empty=True)
    given = dict.fromkeys(ranges, 1.0) if weights is None else weights
    if not isinstance(given, Mapping) or set(given) != set(ranges):
        raise ValueError("weights must name the same signals as ranges.")
    w = np.array([validate.number(f"weights[{name!r}]", given[name], 0) for name in ranges])
    if w.sum() == 0:
        raise ValueError("weights are all 0; at least one signal must count.")
    w = w / w.max()
    w = w / w.sum()
    needed = validate.number("at_least", at_least, 0, 1)
    points = np.empty((len(table), len(ranges)))
    for at, (name, ends) in enumerate(ranges.items()):
        try:
            worst, best = ends
        except (TypeError, ValueError):
            raise ValueError(f"ranges[{name!r}] is {ends!r}; it must be (worst, best).") from None
        worst = validate.number(f"ranges[{name!r}][0]", worst)
        best = validate.number(f"ranges[{name!r}][1]", best)
        if worst == best:
            raise ValueError(f"ranges[{name!r}] is {ends!r}; worst and best must differ.")
        known = table[name].notna().to_numpy()
        points[~known, at] = np.nan
        x = validate.vector(f"signals[{name!r}]", table[name][known].to_numpy(), empty=True)
        points[known, at] = np.clip((x - worst) / (best - worst), 0, 1)
    have = ~np.isnan(points)
    weight = (have * w).sum(axis=1)
    total = (np.where(have, points, 0) * w).sum(axis=1)
    enough = (weight >= needed - 1e-12) & (weight > 0)
    score = np.where(enough, 100 * total / np.where(weight > 0, weight, 1), np.nan)
    return pd.Series(np.clip(score, 0, 100), index=table.index, name="health_score")


def gross_revenue_retention(start: Any, contraction: Any, churn: Any) -> Any:
    """Share of recurring revenue that was kept, whatever else the same customers bought.

    Parameters
    ----------
    start : float or array, greater than 0
        Recurring revenue at the start of the period from the customers of that moment, €.
    contraction : float or array, at least 0
        Recurring revenue lost in the period by customers of the start who stay and pay less, €.
    churn : float or array, at least 0
        Recurring revenue lost by customers of the start who left, €.

    Returns
    -------
    float, array or Series
        0 to 1 (never above 100 %).

    Raises
    ------
    ValueError
        If a number is negative, `start` is 0, or more is lost than there was.

    Notes
    -----
    (start − contraction − churn) / start, per period. Customers won in the period do not count. A usual measure
    of subscription firms, as in Mehta, Steinman and Murphy (2016); definitions differ between firms.

    Examples
    --------
    >>> gross_revenue_retention(start=1000, contraction=50, churn=100)
    0.85
    """
    return _retained(start, 0.0, contraction, churn)


def net_revenue_retention(start: Any, expansion: Any, contraction: Any, churn: Any) -> Any:
    """Recurring revenue from the customers of the start, a period later, as a share of what it was.

    Parameters
    ----------
    start : float or array, greater than 0
        Recurring revenue at the start of the period from the customers of that moment, €.
    expansion : float or array, at least 0
        Recurring revenue added in the period by those customers who pay more, €.
    contraction, churn : float or array, at least 0
        Recurring revenue lost by those who pay less and by those who left, €.

    Returns
    -------
    float, array or Series
        At least 0; above 1 the base grows without a new customer.

    Raises
    ------
    ValueError
        If a number is negative, `start` is 0, or more is lost than there was.

    Notes
    -----
    (start + expansion − contraction − churn) / start = gross retention + expansion / start, per period. A few
    growing customers can hide that many leave: read it beside gross retention. Mehta, Steinman and Murphy
    (2016).

    Examples
    --------
    >>> net_revenue_retention(start=1000, expansion=250, contraction=50, churn=100)
    1.1
    """
    return _retained(start, expansion, contraction, churn)


def _retained(start: Any, expansion: Any, contraction: Any, churn: Any) -> Any:
    validate.broadcastable(start=start, expansion=expansion, contraction=contraction, churn=churn)
    s = validate.numbers("start", start, 0, low_open=True)
    more = validate.numbers("expansion", expansion, 0)
    less = validate.numbers("contraction", contraction, 0)
    gone = validate.numbers("churn", churn, 0)
    if np.any(less + gone > s * (1 + 1e-12)):
        lost, had = (np.ravel(x) for x in np.broadcast_arrays(less + gone, s))
        at = int(np.argmax(lost > had * (1 + 1e-12)))
        raise ValueError(
            f"contraction + churn is {lost[at]:g}, more than start {had[at]:g}; "
            "only revenue of the start can be lost."
        )
    kept = np.maximum(s - less - gone, 0)
    return validate.like(np.asarray((kept + more) / s), start, expansion, contraction, churn)


def revenue_movements(before: Any, after: Any) -> pd.Series:
    """Split the change of recurring revenue into expansion, contraction, churn and new customers.

    Parameters
    ----------
    before, after : array, one entry per customer, at least 0
        Recurring revenue of each customer at the start and at the end of the period, €; 0 is no customer.

    Returns
    -------
    Series
        start, expansion, contraction, churn, new and end, €: end = start + expansion − contraction − churn + new.

    Raises
    ------
    ValueError
        If lengths differ or a number is negative or missing.

    Notes
    -----
    Per customer: expansion max(after − before, 0) and contraction max(before − after, 0) of those with revenue at
    both ends, churn = before where after is 0, new = after where before is 0. Usual in subscription firms (Mehta,
    Steinman and Murphy 2016).

    Examples
    --------
    >>> moved = revenue_movements(before=[100, 100, 50, 0], after=[150, 60, 0, 30])
    >>> moved.to_dict()
    {'start': 250.0, 'expansion': 50.0, 'contraction': 40.0, 'churn': 50.0, 'new': 30.0, 'end': 240.0}
    >>> net_revenue_retention(*moved[["start", "expansion", "contraction", "churn"]])
    0.84
    """
    a = validate.vector("before", before, 0)
    b = validate.vector("after", after, 0)
    validate.same_length(before=a, after=b)
    validate.broadcastable(before=before, after=after)
    change = b - a
    stays = (a > 0) & (b > 0)
    parts = {
        "start": a.sum(),
        "expansion": change[stays & (change > 0)].sum(),
        "contraction": -change[stays & (change < 0)].sum() + 0.0,
        "churn": a[b == 0].sum(),
        "new": b[a == 0].sum(),
        "end": b.sum(),
    }
    return pd.Series(parts, dtype=float)


def value_stream(
    product_margin: float,
    services: Mapping[str, tuple[float, float, float]],
    discount: float,
    horizon: int | None = None,
    first_margin: FirstMargin = "end",
) -> pd.DataFrame:
    """What one product sold is worth with the services that follow it.

    Parameters
    ----------
    product_margin : float
        Contribution margin of the product itself, € now. Below 0 it is sold at a loss.
    services : mapping service → (attach, margin, retention)
        Share of buyers who take the service (0 to 1), its contribution margin per period (€), and the
        probability that a user of this period is one in the next (0 to 1).
    discount : float, at least 0
        Discount rate per period.
    horizon : int, optional
        How many periods are counted at most; for ever by default.
    first_margin : {"end", "now", "assured"}
        When the first margin of a service comes, as in `cxedu.value.margin_multiple`.

    Returns
    -------
    DataFrame indexed by source: "product", the services, "total"
        value (€ of today per product sold).

    Raises
    ------
    ValueError
        If a number is outside its range, a service is called "product" or "total", or a value is infinite.

    Notes
    -----
    product margin + Σ attach × lifetime value(margin, retention, discount). A product as the beginning of a
    stream of value, not its end: Peppers and Rogers (2017). Services are taken as independent of each other.

    Examples
    --------
    >>> services = {"waxing": (0.4, 20.0, 0.8), "insurance": (0.1, 30.0, 0.9)}
    >>> value_stream(-5.0, services, discount=0.12)["value"].round(2).to_dict()
    {'product': -5.0, 'waxing': 20.0, 'insurance': 12.27, 'total': 27.27}
    """
    values = {"product": validate.number("product_margin", product_margin)}
    if horizon is not None:
        validate.number("horizon", horizon)
    if not isinstance(services, Mapping):
        raise ValueError(
            "services must be a mapping from a service to (attach, margin, retention)."
        )
    for name, parts in services.items():
        if name in ("product", "total"):
            raise ValueError(
                f"services has {name!r}, which is the name of another row; call it otherwise."
            )
        try:
            attach, margin, retention = parts
        except (TypeError, ValueError):
            raise ValueError(
                f"services[{name!r}] is {parts!r}; it must be (attach, margin, retention)."
            ) from None
        share = validate.number(f"services[{name!r}][0] (attach)", attach, 0, 1)
        money = validate.number(f"services[{name!r}][1] (margin)", margin)
        stays = validate.number(f"services[{name!r}][2] (retention)", retention, 0, 1)
        rate = validate.number("discount", discount, 0)
        values[name] = share * _lifetime_value(money, stays, rate, horizon, first_margin)
    validate.number("discount", discount, 0)
    table = pd.DataFrame({"value": values}).rename_axis("source")
    table.loc["total"] = table["value"].sum()
    return table
