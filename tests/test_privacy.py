"""`cxedu.privacy`: tables from the papers, plain counting, the law of the noise, bad input."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import privacy

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

people = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]), st.integers(0, 3), st.booleans(), st.integers(0, 3)
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: pd.DataFrame(rows, columns=["town", "age", "parent", "secret"]))
COLUMNS = ["town", "age", "parent"]


def patients() -> pd.DataFrame:
    """The twelve in-patients of Machanavajjhala et al. (2007), figure 1."""
    heart, viral, cancer = "heart disease", "viral infection", "cancer"
    rows = [("13053", 28, heart), ("13068", 29, heart), ("13068", 21, viral), ("13053", 23, viral)]
    rows += [
        ("14853", 50, cancer),
        ("14853", 55, heart),
        ("14850", 47, viral),
        ("14850", 49, viral),
    ]
    rows += [
        ("13053", 31, cancer),
        ("13053", 37, cancer),
        ("13068", 36, cancer),
        ("13068", 35, cancer),
    ]
    return pd.DataFrame(rows, columns=["zip", "age", "condition"])


# Hiding among others --------------------------------------------------------------------------


def test_four_anonymous_and_still_homogeneous() -> None:
    """Figure 2 of the paper: 4-anonymous, but everybody in their thirties has cancer."""
    table = patients()
    assert privacy.k_anonymity(table, ["zip", "age"]) == 1
    table["zip"] = privacy.generalise(table["zip"], prefix=3)
    table["age"] = privacy.generalise(table["age"], bins=[0, 30, 40, 100])
    assert table["zip"].unique().tolist() == ["130**", "148**"]
    assert privacy.k_anonymity(table, ["zip", "age"]) == 4
    assert privacy.l_diversity(table, ["zip", "age"], "condition") == 1
    assert privacy.l_diversity(table, ["zip", "age"], "condition", "entropy") == 1
    assert privacy.reidentification_risk(table, ["zip", "age"]).tolist() == [0.25, 0.25]


def test_three_diverse() -> None:
    """Figure 3 of the paper: the same patients, 3-diverse."""
    table = patients()
    table["zip"] = privacy.generalise(table["zip"], prefix=4)
    table["zip"] = table["zip"].replace("1485*", "148**")
    table["age"] = privacy.generalise(table["age"], bins=[0, 41, 100])
    assert privacy.k_anonymity(table, ["zip", "age"]) == 4
    assert privacy.l_diversity(table, ["zip", "age"], "condition") == 3
    # in each class one illness twice and two once
    entropy = math.exp(0.5 * math.log(2) + 0.5 * math.log(4))
    got = privacy.l_diversity(table, ["zip", "age"], "condition", "entropy")
    assert got == pytest.approx(entropy)


def test_two_anonymous_example_of_sweeney() -> None:
    """Sweeney (2002), figure 2: k = 2 for race, birth, gender and ZIP."""
    rows = [("black", 1965, "m", "0214*")] * 2 + [("black", 1965, "f", "0213*")] * 2
    rows += [("black", 1964, "f", "0213*")] * 2 + [("white", 1964, "m", "0213*")] * 3
    rows += [("white", 1967, "m", "0213*")] * 2
    table = pd.DataFrame(rows, columns=["race", "birth", "gender", "zip"])
    assert privacy.k_anonymity(table, list(table.columns)) == 2
    risk = privacy.reidentification_risk(table, list(table.columns))
    assert risk.to_dict() == {"prosecutor": 0.5, "marketer": 5 / 11}


@quick
@given(table=people, data=st.data())
def test_classes_by_plain_counting(table: pd.DataFrame, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    keys = [tuple(str(x) for x in row) for row in table[names].itertuples(index=False)]
    count = Counter(keys)
    sizes = privacy.class_sizes(table, names)
    assert sizes.tolist() == [count[key] for key in keys]
    assert privacy.k_anonymity(table, names) == min(count.values())
    assert privacy.uniqueness(table, names) == sum(n == 1 for n in count.values()) / len(table)
    risk = privacy.reidentification_risk(table, names)
    assert risk["prosecutor"] == 1 / min(count.values())
    assert risk["marketer"] == pytest.approx((1 / sizes).mean())
    assert privacy.uniqueness(table, names) <= risk["marketer"] + 1e-12 <= risk["prosecutor"] + 1e-9

    secrets: dict = {}
    for key, secret in zip(keys, table["secret"], strict=True):
        secrets.setdefault(key, []).append(secret)
    distinct = privacy.l_diversity(table, names, "secret")
    assert distinct == min(len(set(values)) for values in secrets.values())
    effective = [math.exp(stats.entropy(list(Counter(v).values()))) for v in secrets.values()]
    entropy = privacy.l_diversity(table, names, "secret", kind="entropy")
    assert entropy == pytest.approx(min(effective))
    assert 1 <= entropy <= distinct + 1e-9 <= privacy.k_anonymity(table, names) + 1e-9


@quick
@given(table=people, k=st.integers(1, 6))
def test_more_columns_hide_less_and_coarser_ones_more(table: pd.DataFrame, k: int) -> None:
    levels = [privacy.k_anonymity(table, COLUMNS[:n]) for n in (1, 2, 3)]
    assert levels == sorted(levels, reverse=True)
    assert privacy.k_anonymity(table, COLUMNS[::-1]) == levels[-1]
    assert privacy.k_anonymity(table.iloc[::-1], COLUMNS) == levels[-1]
    coarse = table.assign(age=privacy.generalise(table["age"], bins=2))
    assert privacy.k_anonymity(coarse, COLUMNS) >= levels[-1]
    kept = privacy.suppress(table, COLUMNS, k)
    sizes = privacy.class_sizes(table, COLUMNS)
    assert len(kept) == (sizes >= k).sum()
    if len(kept):
        assert privacy.k_anonymity(kept, COLUMNS) >= k


def test_types_of_columns_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"x": rng.integers(0, 4, 200), "y": rng.choice(["a", "b"], 200)})
    k = privacy.k_anonymity(table, ["x", "y"])
    for kind in ("category", "Int64", "float", "object"):
        assert privacy.k_anonymity(table.assign(x=table["x"].astype(kind)), ["x", "y"]) == k
    dates = table.assign(x=pd.Timestamp("2025-01-01") + pd.to_timedelta(table["x"], unit="D"))
    assert privacy.k_anonymity(dates, ["x", "y"]) == k
    spare = table.assign(y=pd.Categorical(table["y"], categories=["z", "b", "a"]))
    assert privacy.k_anonymity(spare, "x") == privacy.k_anonymity(table, ["x"])
    assert privacy.k_anonymity(spare, ["x", "y"]) == k
    labelled = table.set_axis(table.index * 7 + 3)
    assert privacy.class_sizes(labelled, ["x"]).index.equals(labelled.index)


def test_many_columns_of_many_values_do_not_overflow() -> None:
    """Forty columns of a thousand values: 10¹²⁰ possible combinations."""
    rng = np.random.default_rng(2)
    wide = pd.DataFrame(rng.integers(0, 1000, (500, 40))).set_axis(
        [f"c{i}" for i in range(40)], axis=1
    )
    twice = pd.concat([wide, wide.sample(frac=1, random_state=0)])
    assert privacy.k_anonymity(twice, list(wide.columns)) == 2
    assert privacy.reidentification_risk(twice, list(wide.columns))["marketer"] == 0.5
    assert privacy.l_diversity(twice.assign(s=range(1000)), list(wide.columns), "s") == 2


@pytest.mark.parametrize(
    "function",
    [privacy.k_anonymity, privacy.class_sizes, privacy.uniqueness, privacy.reidentification_risk],
)
@pytest.mark.parametrize(
    ("frame", "names", "message"),
    [
        ([[1]], ["a"], "frame is a list; it must be a pandas DataFrame"),
        (pd.DataFrame({"a": []}), ["a"], "frame has no rows"),
        (pd.DataFrame({"a": [1]}), ["b"], "frame lacks the column 'b'; it has 'a'"),
        (pd.DataFrame({"a": [1]}), [], "quasi_identifiers is empty"),
        (pd.DataFrame({"a": [1]}), 5, "quasi_identifiers is 5; it must be a list"),
        (pd.DataFrame({"a": [1]}), [["a"]], "quasi_identifiers is .* list of column names"),
        (pd.DataFrame({"a": [1]}), ["a", "a"], "must name no column twice"),
        (pd.DataFrame({"a": [[1], [2]]}), ["a"], r"frame\['a'\] holds lists"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a"], "frame has the column 'a' twice"),
    ],
)
def test_bad_input_of_classes(function, frame, names, message) -> None:
    with pytest.raises(ValueError, match=message):
        function(frame, names)


def test_other_bad_input_of_classes() -> None:
    table = patients()
    with pytest.raises(ValueError, match="sensitive is 'age', one of the quasi-identifiers"):
        privacy.l_diversity(table, ["zip", "age"], "age")
    with pytest.raises(ValueError, match="frame lacks the column 'name'"):
        privacy.l_diversity(table, ["zip"], "name")
    with pytest.raises(ValueError, match="kind is 'recursive'; it must be one of 'distinct'"):
        privacy.l_diversity(table, ["zip"], "condition", "recursive")
    with pytest.raises(ValueError, match=r"sensitive is .* column names"):
        privacy.l_diversity(table, ["zip"], ["condition"])
    with pytest.raises(ValueError, match="k is 0"):
        privacy.suppress(table, ["zip"], 0)


@quick
@given(
    x=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    width=st.sampled_from([0.5, 3, 10, 1e4]),
)
def test_classes_of_a_width_hold_their_values(x: list, width: float) -> None:
    for value, label in zip(x, privacy.generalise(x, bins=width), strict=True):
        low, high = (float(part) for part in label[1:-1].split(","))
        slack = 1e-9 * max(1, abs(value))
        assert low - slack <= value <= high + slack
        assert high - low == pytest.approx(width, abs=1e-5)


def test_generalise_keeps_index_name_and_gaps() -> None:
    ages = pd.Series([23, None, 65, 40], index=list("abcd"), name="age")
    got = privacy.generalise(ages, bins=[18, 40, 65])
    assert got.fillna("?").to_dict() == {
        "a": "[18, 40)",
        "b": "?",
        "c": "[40, 65]",
        "d": "[40, 65]",
    }
    assert got.name == "age"
    towns = pd.Series(pd.Categorical(["Jena", "Ulm", None], categories=["Bonn", "Jena", "Ulm"]))
    mapped = privacy.generalise(towns, mapping={"Jena": 1, "Ulm": 2})
    assert mapped.iloc[:2].tolist() == [1, 2]
    assert mapped.isna().tolist() == [False, False, True]
    assert privacy.generalise(["Jena"], mapping={"Jena": 7}).dtype.kind == "i"
    assert privacy.generalise(["10115", "7"], prefix=3).tolist() == ["101**", "7"]
    assert privacy.generalise(["10115"], prefix=0).tolist() == ["*****"]
    assert privacy.generalise([None, None], prefix=1).isna().all()
    assert privacy.generalise([-0.5, 0.5], bins=1).tolist() == ["[-1, 0)", "[0, 1)"]


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([1], {}, "none given; give one of bins, prefix, mapping"),
        ([1], {"bins": 1, "prefix": 1}, "bins and prefix given"),
        ([1], {"bins": 0}, "bins is 0; .* greater than 0"),
        ([1], {"bins": [1]}, r"bins is \[1.0\]; there must be at least two borders"),
        ([1], {"bins": [1, 3, 2]}, "they must increase"),
        ([1], {"bins": [[1], [1, 2]]}, "bins is .* numbers only"),
        ([1], {"bins": "wide"}, "bins is 'wide'"),
        ([1, 70], {"bins": [0, 65]}, "values has 70; the borders go from 0 to 65"),
        ([1, math.inf], {"bins": 5}, "values has inf"),
        (["old"], {"bins": 5}, "values is .* numbers only"),
        ([1e100], {"bins": 1}, "too many to tell apart"),
        ([10115], {"prefix": 2}, "values has 10115; prefix needs codes written as text"),
        (["10115"], {"prefix": -1}, "prefix is -1"),
        (["Jena", "Ulm"], {"mapping": {"Ulm": "south"}}, "mapping lacks 'Jena'"),
        (["Jena"], {"mapping": ["Jena"]}, "mapping is a list"),
        ([[1], [2]], {"bins": 5}, "values holds lists"),
        (np.ones((2, 2)), {"bins": 5}, "values must be one column"),
    ],
)
def test_bad_input_of_generalise(values: object, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        privacy.generalise(values, **arguments)


# Noise that protects --------------------------------------------------------------------------


@pytest.mark.parametrize(("sensitivity", "epsilon"), [(1, 0.1), (1, 1), (20, 0.5)])
def test_noise_is_laplace(sensitivity: float, epsilon: float) -> None:
    rng = np.random.default_rng(7)
    noise = privacy.laplace_mechanism(np.full(20_000, 5.0), sensitivity, epsilon, rng) - 5
    scale = sensitivity / epsilon
    assert stats.kstest(noise, stats.laplace(scale=scale).cdf).pvalue > 0.001
    mean, large = np.abs(noise).mean(), np.quantile(np.abs(noise), 0.95)
    assert mean == pytest.approx(privacy.laplace_error(sensitivity, epsilon), rel=0.03)
    assert large == pytest.approx(privacy.laplace_error(sensitivity, epsilon, 0.95), rel=0.05)


def test_the_promise_of_differential_privacy() -> None:
    """With or without one person, no range of answers is more than exp(ε) times as probable."""
    rng, epsilon = np.random.default_rng(8), 0.7
    n = 400_000
    with_one = privacy.laplace_mechanism(np.full(n, 101.0), 1, epsilon, rng)
    without = privacy.laplace_mechanism(np.full(n, 100.0), 1, epsilon, rng)
    borders = np.arange(97, 105, 0.5)
    a, b = np.histogram(with_one, borders)[0], np.histogram(without, borders)[0]
    ratio = a / b
    slack = 1 + 5 / np.sqrt(np.minimum(a, b))
    assert (ratio <= math.exp(epsilon) * slack).all()
    assert (ratio >= math.exp(-epsilon) / slack).all()
    assert ratio[-1] == pytest.approx(math.exp(epsilon), rel=0.05)  # and the bound is reached


def test_noise_comes_from_the_generator_and_keeps_the_form() -> None:
    one = privacy.laplace_mechanism(3, 1, 1, np.random.default_rng(1))
    assert isinstance(one, float)
    assert one == privacy.laplace_mechanism(3, 1, 1, np.random.default_rng(1))
    series = pd.Series([1.0, 2.0], index=["north", "south"])
    got = privacy.laplace_mechanism(series, 1, 1, np.random.default_rng(1))
    assert got.index.tolist() == ["north", "south"]
    assert got["north"] - 1 != got["south"] - 2


def test_private_count_and_mean() -> None:
    rng = np.random.default_rng(3)
    having = np.arange(100) < 30
    counts = [privacy.private_count(having, 0.5, rng) for _ in range(4000)]
    assert np.mean(counts) == pytest.approx(30, abs=0.25)
    assert np.std(counts) == pytest.approx(math.sqrt(2) / 0.5, rel=0.06)
    assert privacy.private_count([], 1e9, rng) == pytest.approx(0, abs=1e-6)
    assert privacy.private_count(pd.Series([True, False, True]), 1e9, rng) == pytest.approx(2)
    assert privacy.private_count([1, 0, 1.0], 1e9, rng) == pytest.approx(2)

    values = np.linspace(0, 10, 101)
    means = [privacy.private_mean(values, 0, 10, 0.2, rng) for _ in range(4000)]
    assert np.mean(means) == pytest.approx(5, abs=0.04)
    scale = privacy.laplace_error(10 / 101, 0.2)
    assert np.mean(np.abs(np.array(means) - 5)) == pytest.approx(scale, rel=0.06)
    clipped = privacy.private_mean([-50, 5, 1000], 0, 10, 1e9, rng)
    assert clipped == pytest.approx(5)  # (0 + 5 + 10) / 3
    huge = privacy.private_mean([1e99] * 1000, 0, 1.5e99, 1e6, rng)
    assert huge == pytest.approx(1e99, rel=1e-3)


@quick
@given(
    sensitivity=st.floats(0.01, 100),
    epsilon=st.floats(0.01, 10),
    q=st.floats(0, 0.999),
    f=st.floats(1.1, 9),
)
def test_laplace_error_is_that_of_scipy(sensitivity, epsilon, q, f) -> None:
    law = stats.laplace(scale=sensitivity / epsilon)
    mean = privacy.laplace_error(sensitivity, epsilon)
    assert mean == pytest.approx(law.std() / math.sqrt(2))
    at = privacy.laplace_error(sensitivity, epsilon, q)
    assert law.cdf(at) - law.cdf(-at) == pytest.approx(q, abs=1e-9)
    assert privacy.laplace_error(sensitivity, epsilon * f) == pytest.approx(mean / f)
    assert privacy.laplace_error(sensitivity * f, epsilon) == pytest.approx(mean * f)


@quick
@given(budgets=st.lists(st.floats(0, 10), max_size=20))
def test_epsilon_adds_up_or_is_the_largest(budgets: list) -> None:
    total = privacy.epsilon_spent(budgets)
    assert total == pytest.approx(sum(budgets))
    most = privacy.epsilon_spent(budgets, "parallel")
    assert most == max(budgets, default=0)
    assert most <= total + 1e-12
    assert privacy.epsilon_spent(budgets[::-1]) == total


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (privacy.laplace_mechanism, (1, 0, 1, RNG), "sensitivity is 0; .* greater than 0"),
        (privacy.laplace_mechanism, (1, 1, 0, RNG), "epsilon is 0; .* greater than 0"),
        (privacy.laplace_mechanism, (math.nan, 1, 1, RNG), "value is nan"),
        (privacy.laplace_mechanism, (1, 1, 1, None), "rng is None"),
        (
            privacy.laplace_mechanism,
            (1, 1e100, 1e-220, RNG),
            "epsilon is 1e-220; .* not smaller than",
        ),
        (
            privacy.laplace_mechanism,
            (1, 1e-220, 1e100, RNG),
            "sensitivity is 1e-220; .* not smaller than",
        ),
        (
            privacy.private_count,
            ([True, None], 1, RNG),
            "having is .* numbers only|having.1. is nan",
        ),
        (privacy.private_count, ([0, 2], 1, RNG), r"having\[1\] is 2"),
        (privacy.private_count, ([0, 0.5], 1, RNG), r"having\[1\] is 0.5; .* True or False"),
        (privacy.private_count, ([[1], [1, 0]], 1, RNG), "having is"),
        (privacy.private_mean, ([], 0, 1, 1, RNG), "values is empty"),
        (
            privacy.private_mean,
            ([1], 5, 5, 1, RNG),
            "low is 5 and high is 5; low must be below high",
        ),
        (privacy.private_mean, ([1], -1.7e308, 1.7e308, 1, RNG), "low is -1.7e.*not larger than"),
        (privacy.private_mean, ([1, math.nan], 0, 5, 1, RNG), r"values\[1\] is nan"),
        (privacy.epsilon_spent, ([0.1, -0.1],), r"epsilons\[1\] is -0.1"),
        (privacy.epsilon_spent, ([1e308, 1e308],), "not larger than"),
        (privacy.epsilon_spent, ([1], "advanced"), "composition is 'advanced'"),
        (privacy.laplace_error, (1, 1, 1), "quantile is 1; .* less than 1"),
        (privacy.laplace_error, (1, [1, 0]), r"epsilon\[1\] is 0"),
        (privacy.laplace_error, ([1, 2], [1, 2, 3]), "shapes do not fit"),
    ],
)
def test_bad_input_of_noise(function, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)


# Permission -----------------------------------------------------------------------------------


def test_consent_coverage_by_plain_counting() -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "email": rng.random(300) < 0.6,
            "profile": rng.random(300) < 0.3,
            "region": pd.Categorical(
                rng.choice(["west", "east"], 300), categories=["west", "east", "sea"]
            ),
        }
    )
    got = privacy.consent_coverage(table, ["email", "profile"], by="region")
    assert got.index.tolist() == ["all", "west", "east"]  # in the order of the categories
    for name, part in [("all", table), *table.groupby("region", observed=True)]:
        row = got.loc[name]
        assert row["customers"] == len(part)
        assert row["email"] == pytest.approx(part["email"].mean())
        assert row["profile"] == pytest.approx(part["profile"].mean())
        assert row["every"] == pytest.approx((part["email"] & part["profile"]).mean())
    assert (got["every"] <= got[["email", "profile"]].min(axis=1)).all()
    weights = got["customers"].iloc[1:] / 300
    assert (got["email"].iloc[1:] * weights).sum() == pytest.approx(got.loc["all", "email"])
    alone = privacy.consent_coverage(table, "email")
    assert alone.columns.tolist() == ["customers", "email", "every"]
    assert alone["customers"].tolist() == [300]
    nullable = table.astype({"email": "boolean"})
    pd.testing.assert_frame_equal(
        privacy.consent_coverage(nullable, ["email", "profile"], by="region"), got
    )


def test_consent_coverage_of_meridian() -> None:
    from cxedu import World

    customers = World(seed=1, n_customers=200).customers
    got = privacy.consent_coverage(customers, ["email_consent", "profiling_consent"], "region")
    assert got.loc["all", "email_consent"] == customers["email_consent"].mean()
    assert got["customers"].iloc[1:].sum() == 200


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        ({"email": [True, None]}, (["email"],), "values other than True and False; .* is none"),
        ({"email": [1, 0]}, (["email"],), r"customers\['email'\] has values other than"),
        ({"email": [True]}, (["post"],), "customers lacks the column 'post'"),
        ({"email": [True]}, ([],), "consents is empty"),
        ({"every": [True]}, (["every"],), "a consent is called 'every'"),
        (
            {"email": [True], "by": [None]},
            (["email"], "by"),
            r"customers\['by'\] is missing in row 0",
        ),
        ({"email": [True], "by": ["all"]}, (["email"], "by"), 'has a group "all"'),
        ({"email": [True], "by": [[1]]}, (["email"], "by"), "cannot be grouped"),
        ({"email": [True]}, (["email"], ["email"]), "by is .* column names"),
    ],
)
def test_bad_input_of_consent_coverage(table: dict, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        privacy.consent_coverage(pd.DataFrame(table), *arguments)


@quick
@given(benefit=st.floats(0, 1e4), cost=st.floats(0, 1e4), trust=st.floats(0, 1))
def test_privacy_calculus(benefit: float, cost: float, trust: float) -> None:
    row = privacy.privacy_calculus(benefit, cost, trust).iloc[0]
    assert row["net"] == pytest.approx(benefit - (1 - trust) * cost, abs=1e-9)
    assert row["shares"] == (row["net"] > 0)
    assert 0 <= row["trust_needed"] <= 1
    if abs(trust - row["trust_needed"]) > 1e-6 and benefit > 0 and cost > 1e-3:
        assert row["shares"] == (trust > row["trust_needed"])
    more = privacy.privacy_calculus(benefit, cost, [trust, 1]).loc[1]
    assert more["net"] >= row["net"]  # trust never puts anybody off


def test_privacy_calculus_keeps_rows_and_says_what_is_wrong() -> None:
    trust = pd.Series([0.1, 0.9], index=["ann", "ben"])
    table = privacy.privacy_calculus([5.0], 20, trust)
    assert table.index.tolist() == ["ann", "ben"]
    assert privacy.privacy_calculus(0, 0, 0).iloc[0].tolist() == [0, 0, 0, False, 0]
    with pytest.raises(ValueError, match="benefit is -1"):
        privacy.privacy_calculus(-1, 1, 1)
    with pytest.raises(ValueError, match=r"trust is 1\.2"):
        privacy.privacy_calculus(1, 1, 1.2)
    with pytest.raises(ValueError, match="it must be one row each"):
        privacy.privacy_calculus(np.ones((2, 2)), 1, 1)
