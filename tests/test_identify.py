"""`cxedu.identify`: record linkage step by step, and its measures."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxedu import World, identify
from cxedu.world import contacts as silos

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
labels = st.lists(st.integers(0, 6), min_size=1, max_size=25)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1, n_customers=2000)


@pytest.fixture(scope="module")
def owner(world: World) -> pd.Series:
    return world.truth.contacts.set_index("record_id")["customer_id"]


@pytest.fixture(scope="module")
def records(world: World) -> pd.DataFrame:
    return identify.normalise(world.contacts)


# Normalise ------------------------------------------------------------------------------------


def test_four_silos_write_one_person_in_four_ways() -> None:
    table = pd.DataFrame(
        [
            ("web", "kasia", "wójcik", "Kasia.W@Example.ORG ", "+999 612 345 678",
             "12 rue de l'église", "pontivray", "40105", "1984-05-07"),
            ("store", "Kasia", "Wójcik", "kasia.w@example.org", "0612 345 678",
             "12 R. de l'Église", "Pontivray", "40105", "07.05.1984"),
            ("call centre", None, "WOJCIK, KASIA", "KASIA.W@EXAMPLE.ORG", "00999-612345678",
             "12 RUE DE L'EGLISE", "PONTIVRAY", "40105", "07/05/1984"),
            ("loyalty", "Kasia", "Wójcik", "kasia.w@example.org", "+999612345678",
             "12 Rue de l’Église", "Pontivray", " 40105", "7 May 1984"),
        ],
        columns=["silo", *identify.FIELDS],
    )  # fmt: skip
    done = identify.normalise(table)
    for field in identify.FIELDS:
        assert len(set(done[field])) == 1, field
    assert done["silo"].tolist() == list(silos.SILOS)
    assert done.loc[0, "street"] == "r de leglise 12"
    assert done.loc[0, "birth_date"] == "1984-05-07"


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("Hauptstraße 7", "Hauptstr. 7"),
        ("Calle Mayor 5", "C/ Mayor 5"),
        ("Piazza San Marco 1", "P.za San Marco 1"),
        ("Kossuth utca 3", "Kossuth u. 3"),
        ("9 Mill Lane", "9 MILL LN"),
        ("Storgatan 44", "Storg. 44"),
        ("8 Boulevard Voltaire", "8 Blvd Voltaire"),
    ],
)
def test_streets_are_shortened_alike(long: str, short: str) -> None:
    done = identify.normalise(pd.DataFrame({"street": [long, short]}))["street"]
    assert done[0] == done[1]
    assert done[0].split()[-1].isdigit()


def test_what_normalise_keeps_and_drops(world: World, records: pd.DataFrame) -> None:
    assert records.index.name == "record_id"
    assert list(records.columns) == ["silo", "created", *identify.FIELDS]
    assert len(records) == len(world.contacts)
    before = world.contacts.set_index("record_id")
    for field in ("email", "phone", "street", "city", "postcode", "birth_date"):
        assert (records[field].isna() == before[field].isna()).all(), field
    assert records["phone"].dropna().str.fullmatch(r"6\d{8}").all()
    again = identify.normalise(records)
    pd.testing.assert_frame_equal(again, records)  # what is normal stays as it is


def test_without_damage_normal_records_of_a_customer_are_equal(
    world: World, records: pd.DataFrame
) -> None:
    truth = world.truth.contacts.set_index("record_id")
    fine = truth[
        (truth["typo"].astype(str) == "none")
        & ~truth[["nickname", "former_address", "former_surname", "family_email"]].any(axis=1)
    ].index
    own = records.loc[fine].assign(customer=truth.loc[fine, "customer_id"])
    for field in ("first_name", "last_name", "street", "city", "postcode", "birth_date"):
        assert own.groupby("customer")[field].nunique().max() == 1, field


@pytest.mark.parametrize("text", ["soon", "1984-13-01", "30.02.1984", "29/02/1983", "7 Foo 1984"])
def test_unreadable_dates_are_told_or_missing(text: str) -> None:
    table = pd.DataFrame({"record_id": [8], "birth_date": [text]})
    with pytest.raises(ValueError, match=r"birth_date of record 8 is .*; it cannot be read"):
        identify.normalise(table)
    assert identify.normalise(table, unreadable="missing")["birth_date"].isna().all()


def test_a_leap_day_and_a_phone_without_digits() -> None:
    table = pd.DataFrame({"birth_date": ["29/02/1984"], "phone": ["none"]})
    with pytest.raises(ValueError, match="phone of record 0 is 'none'"):
        identify.normalise(table)
    done = identify.normalise(table, unreadable="missing")
    assert done.loc[0, "birth_date"] == "1984-02-29"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("names", "contacts is a str; it must be a pandas DataFrame"),
        (pd.DataFrame({"name": ["x"]}), "contacts has 'name'; it must have at least one of first"),
        (pd.DataFrame({"phone": [612345678]}), r"contacts\['phone'\] holds 612345678; .* texts"),
        (pd.DataFrame({"phone": ["1", 2.5]}), r"contacts\['phone'\] holds 2.5; .* texts"),
        (pd.DataFrame({"record_id": [1, 1], "email": ["a", "b"]}), "record_id 1 is there twice"),
        (pd.DataFrame([["a", "b"]], columns=["email", "email"]), "the column 'email' twice"),
    ],
)
def test_bad_contacts(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identify.normalise(table)
    with pytest.raises(ValueError, match=message):
        identify.link(table)


# Block ----------------------------------------------------------------------------------------


@quick
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2", "3", None])),
        min_size=1, max_size=15,
    )
)  # fmt: skip
def test_candidates_are_the_pairs_that_share_a_key(rows: list) -> None:
    table = pd.DataFrame(rows, columns=["email", "phone"], dtype="str")
    table.index = table.index[::-1] + 100
    got = identify.candidate_pairs(table, [["email", "phone"], ["phone"]])
    expected = [
        (100 + len(rows) - 1 - i, 100 + len(rows) - 1 - j)
        for i, j in itertools.combinations(range(len(rows)), 2)
        if rows[i][1] is not None and rows[i][1] == rows[j][1]
    ]
    assert list(got.itertuples(index=False, name=None)) == expected


def test_a_placeholder_shared_by_all_brings_nobody_together() -> None:
    table = pd.DataFrame({"email": ["none"] * 30 + ["a", "a"]})
    assert len(identify.candidate_pairs(table, [["email"]], largest=29)) == 1
    assert len(identify.candidate_pairs(table, [["email"]], largest=30)) == 30 * 29 / 2 + 1


def test_blocking_keeps_nearly_all_matches_and_hardly_any_pair(
    records: pd.DataFrame, owner: pd.Series
) -> None:
    pairs = identify.candidate_pairs(records)
    assert not pairs.duplicated().any()
    size = owner.value_counts()
    matches = (size * (size - 1) // 2).sum()
    same = owner.loc[pairs["left"]].to_numpy() == owner.loc[pairs["right"]].to_numpy()
    assert same.sum() / matches > 0.98
    assert len(pairs) < 0.001 * len(records) * (len(records) - 1) / 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("email", "keys is 'email'; it must be a list of lists"),
        (["email"], "it must be a list of lists"),
        ([], "it must be a list of lists"),
        ([[]], "it must be a list of lists"),
        ([["fax"]], "records lacks the column 'fax'"),
    ],
)
def test_bad_keys(keys: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identify.candidate_pairs(pd.DataFrame({"email": ["a"]}), keys)  # type: ignore[arg-type]


def test_bad_block_size_and_index() -> None:
    with pytest.raises(ValueError, match="largest is 1; it must be a whole number at least 2"):
        identify.candidate_pairs(pd.DataFrame({"email": ["a"]}), [["email"]], largest=1)
    with pytest.raises(ValueError, match="records has an index label twice"):
        identify.candidate_pairs(pd.DataFrame({"email": ["a", "b"]}, index=[1, 1]), [["email"]])


# Compare --------------------------------------------------------------------------------------


def similarity(field: str, one: str | None, other: str | None) -> float:
    column = "street" if field == "address" else field
    table = pd.DataFrame({column: pd.Series([one, other], dtype="str")})
    pair = pd.DataFrame({"left": [0], "right": [1]})
    return float(identify.compare(table, pair)[field].iloc[0])


def test_similarities_by_hand() -> None:
    # Winkler's own examples: Jaro 0.944 and 0.767, raised by the common prefix.
    assert similarity("last_name", "martha", "marhta") == pytest.approx(0.9611, abs=1e-4)
    assert similarity("last_name", "dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert similarity("phone", "612345678", "612345687") == pytest.approx(1 - 1 / 9)
    assert similarity("email", "ann@example.org", "amn@example.org") == pytest.approx(1 - 1 / 15)
    assert similarity("birth_date", "1984-05-07", "1984-07-05") == 0.95
    assert similarity("birth_date", "1984-05-07", "1985-05-07") == 0.9
    assert similarity("first_name", "kasia", "katarzyna") == 0.95
    assert similarity("first_name", "alex", "alexandra") >= 0.95
    assert similarity("first_name", "lola", "dolores") == 0.95
    assert similarity("first_name", "jan", "piotr") < 0.6
    assert math.isnan(similarity("phone", "612345678", None))
    assert similarity("phone", "6", "6") == 1


def test_the_same_street_in_another_town_is_another_address() -> None:
    table = pd.DataFrame(
        {"street": ["mill ln 1"] * 3, "postcode": pd.Series(["10101", "43999", None], dtype="str")}
    )
    pairs = pd.DataFrame({"left": [0, 0], "right": [1, 2]})
    got = identify.compare(table, pairs)["address"]
    assert got.tolist() == [0, 1]


@settings(quick, max_examples=25)
@given(
    one=st.text("abc -1", min_size=1, max_size=8), other=st.text("abc -1", min_size=1, max_size=8)
)
def test_similarity_is_symmetric_between_0_and_1(one: str, other: str) -> None:
    for field in identify.COMPARED:
        there, back = similarity(field, one, other), similarity(field, other, one)
        assert there == pytest.approx(back)
        assert 0 <= there <= 1
        assert similarity(field, one, one) == 1


def test_bad_pairs() -> None:
    table = pd.DataFrame({"email": ["a", "b"]})
    with pytest.raises(ValueError, match=r"pairs\['right'\] has 7; it must be an index label"):
        identify.compare(table, pd.DataFrame({"left": [0], "right": [7]}))
    with pytest.raises(ValueError, match="records has none of the columns"):
        identify.compare(pd.DataFrame({"fax": ["a"]}), pd.DataFrame({"left": [0], "right": [0]}))


def test_levels_of_agreement() -> None:
    table = pd.DataFrame({"phone": [1, 0.85, 0.84, 0, math.nan], "email": [0.93, 0.92, 1, 0, 1]})
    got = identify.agreement(table)
    assert got["phone"].tolist()[:4] == [2, 1, 0, 0]
    assert math.isnan(got["phone"][4])
    assert got["email"].tolist() == [1, 0, 2, 0, 2]
    with pytest.raises(ValueError, match=r"similarity\['phone'\]\[0\] is 1.5"):
        identify.agreement(pd.DataFrame({"phone": [1.5]}))
    with pytest.raises(ValueError, match="close lacks 'fax'"):
        identify.agreement(pd.DataFrame({"fax": [1.0]}))
    with pytest.raises(ValueError, match=r"close is 0\.9; it must map"):
        identify.agreement(table, 0.9)  # type: ignore[arg-type]


# Weigh ----------------------------------------------------------------------------------------


def test_weights_by_hand() -> None:
    """Month of birth as in the textbooks: m 0.95, u 1 ÷ 12; and a sex that half agree on."""
    m, u = {"month": 0.95, "sex": 0.98}, {"month": 1 / 12, "sex": 0.5}
    pairs = pd.DataFrame(
        {"month": [1, 1, 0, 0, np.nan], "sex": [1, 0, 1, 0, np.nan]}, index=[*"abcde"]
    )
    got = identify.fellegi_sunter(pairs, m, u)
    month, sex = (
        (math.log2(0.95 * 12), math.log2(0.05 / (11 / 12))),
        (math.log2(1.96), math.log2(0.04)),
    )
    expected = [month[0] + sex[0], month[0] + sex[1], month[1] + sex[0], month[1] + sex[1], 0]
    assert got.tolist() == pytest.approx(expected)
    assert list(got.index) == [*"abcde"]
    matrix = identify.fellegi_sunter(pairs.to_numpy(), [0.95, 0.98], [1 / 12, 0.5])
    assert isinstance(matrix, np.ndarray)
    assert matrix.tolist() == pytest.approx(expected)


def test_three_levels_by_hand() -> None:
    m, u = {"name": [0.1, 0.2, 0.7]}, {"name": [0.9, 0.08, 0.02]}
    got = identify.fellegi_sunter(pd.DataFrame({"name": [0, 1, 2]}), m, u)
    assert got.tolist() == pytest.approx(np.log2([0.1 / 0.9, 2.5, 35]).tolist())


@quick
@given(m=st.floats(0.01, 0.99), u=st.floats(0.01, 0.99))
def test_agreement_speaks_for_a_match_where_m_is_above_u(m: float, u: float) -> None:
    yes, no = identify.fellegi_sunter([[1], [0]], [m], [u])
    assert (yes > 0) == (m > u) or yes == pytest.approx(0, abs=1e-9)
    assert np.sign(yes) == -np.sign(no) or m == pytest.approx(u)
    swapped = identify.fellegi_sunter([[1], [0]], [u], [m])
    assert swapped.tolist() == pytest.approx([-yes, -no])


@pytest.mark.parametrize(
    ("agreement", "m", "u", "message"),
    [
        ([[1, 0]], [0.9], [0.1, 0.1], "m has 1 entries; it must have one per field, 2"),
        ([[1]], [1.0], [0.1], r"m\[0\] is 1.0; .* less than 1"),
        ([[1]], 0.9, [0.1], "m is 0.9; it must map each field"),
        ([[2]], [0.9], [0.1], "holds level 2; m and u have levels 0 to 1"),
        ([[0.5]], [0.9], [0.1], "agreement holds 0.5; it must hold levels"),
        ([[-1]], [0.9], [0.1], "agreement holds -1"),
        ([["x"]], [0.9], [0.1], "agreement must hold levels"),
        ([1, 0], [0.9], [0.1], "agreement has shape"),
        ([[1]], [[0.5, 0.4]], [0.1], r"m\[0\] sums to 0.9"),
        ([[1]], [[0.5, 0.3, 0.2]], [0.1], r"m\[0\] has 3 levels, u\[0\] has 2"),
        (pd.DataFrame({"a": [1]}), {"b": 0.9}, {"a": 0.1}, "m lacks 'a'; it has 'b'"),
    ],
)
def test_bad_weights(agreement: object, m: object, u: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identify.fellegi_sunter(agreement, m, u)


M = {"name": [0.05, 0.15, 0.80], "phone": [0.25, 0.75], "city": [0.1, 0.9], "year": [0.02, 0.98]}
U = {"name": [0.95, 0.04, 0.01], "phone": [0.999, 0.001], "city": [0.9, 0.1], "year": [0.98, 0.02]}


def patterns(same: np.ndarray, rng: np.random.Generator, missing: float = 0.2) -> pd.DataFrame:
    """Levels of agreement as the model says."""
    table = {}
    for field in M:
        uniform = rng.random(same.size)
        levels = np.where(
            same,
            np.searchsorted(np.cumsum(M[field])[:-1], uniform),
            np.searchsorted(np.cumsum(U[field])[:-1], uniform),
        )
        table[field] = np.where(rng.random(same.size) < missing, np.nan, levels)
    return pd.DataFrame(table)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_em_recovers_what_made_the_patterns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    same = rng.random(40_000) < 0.15
    found = identify.estimate_weights(
        patterns(same, rng), patterns(np.zeros(200_000, dtype=bool), rng)
    )
    assert found.match_share == pytest.approx(0.15, abs=0.01)
    for field in M:
        n = 0.8 * 0.15 * 40_000
        for k, m in enumerate(M[field]):
            error = math.sqrt(m * (1 - m) / n)
            assert abs(found.m[field][k] - m) < 4.5 * error, (
                field,
                k,
            )  # a little more than known labels
            assert found.u[field][k] == pytest.approx(U[field][k], abs=0.003)
    scores = patterns(same[:2000], rng)
    chance = found.probability(scores)
    assert chance.mean() == pytest.approx(same[:2000].mean(), abs=0.02)  # calibrated


def test_em_with_blocking_finds_the_same_m() -> None:
    """Pairs that agree on nothing are left out, and counted in `n_pairs` alone."""
    rng = np.random.default_rng(4)
    same = rng.random(200_000) < 0.02
    everything = patterns(same, rng, missing=0)
    kept = (everything[["phone", "year"]] == 1).any(axis=1)
    found = identify.estimate_weights(
        everything[kept], patterns(np.zeros(200_000, dtype=bool), rng), n_pairs=200_000
    )
    assert kept.sum() < 15_000
    assert found.match_share == pytest.approx(0.02, abs=0.002)
    for field in M:
        assert found.m[field] == pytest.approx(np.array(M[field]), abs=0.04), field


def test_em_climbs_and_stops() -> None:
    rng = np.random.default_rng(5)
    pairs = patterns(rng.random(3000) < 0.3, rng)
    others = patterns(np.zeros(3000, dtype=bool), rng)
    rough = identify.estimate_weights(pairs, others, tolerance=0.05)
    fine = identify.estimate_weights(pairs, others)
    assert rough.iterations < fine.iterations < 1000
    assert fine.log_likelihood >= rough.log_likelihood - 1e-6
    shuffled = identify.estimate_weights(pairs.sample(frac=1, random_state=1), others)
    assert shuffled.match_share == pytest.approx(fine.match_share)


def test_a_table_of_weights_and_a_prior_for_few_pairs() -> None:
    prior = identify.Weights({"name": np.array([0.1, 0.9])}, {"name": np.array([0.99, 0.01])}, 0.1)
    assert prior.table["weight"].tolist() == pytest.approx(np.log2([0.1 / 0.99, 90]).tolist())
    assert list(prior.table.columns) == ["field", "level", "m", "u", "weight"]
    one = pd.DataFrame({"name": [1.0]})
    found = identify.estimate_weights(one, one, prior=prior)
    assert found.u["name"][1] == pytest.approx(21 / 2001)
    assert found.m["name"][1] == pytest.approx(0.9, abs=0.01)
    wider = pd.DataFrame({"name": [2.0]})
    with pytest.raises(ValueError, match="prior lacks 'name' with 3 levels"):
        identify.estimate_weights(wider, wider, prior=prior)
    with pytest.raises(ValueError, match=r"log_likelihood is \[nan\]; it must be a number"):
        identify.Weights(prior.m, prior.u, 0.1, [math.nan])
    with pytest.raises(ValueError, match=r"iterations is 0.5; it must be a whole number"):
        identify.Weights(prior.m, prior.u, 0.1, -1.0, 0.5)


def test_bad_input_of_estimate_weights() -> None:
    pairs = pd.DataFrame({"a": [1.0, 0.0]})
    with pytest.raises(ValueError, match="random_agreement lacks the column 'a'"):
        identify.estimate_weights(pairs, pd.DataFrame({"b": [1.0]}))
    with pytest.raises(ValueError, match="agreement has no rows"):
        identify.estimate_weights(pairs.iloc[:0], pairs)
    with pytest.raises(ValueError, match="n_pairs is 1; it must be a number at least 2"):
        identify.estimate_weights(pairs, pairs, n_pairs=1)
    with pytest.raises(ValueError, match="tolerance is 0"):
        identify.estimate_weights(pairs, pairs, tolerance=0)


# Link -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_meridian_s_records_are_linked_well(seed: int) -> None:
    world = World(seed=seed, n_customers=2000)
    owner = world.truth.contacts.set_index("record_id")["customer_id"]
    cluster = identify.link(world.contacts)
    scores = identify.pairwise_scores(owner, cluster)
    assert scores.f1 > 0.97
    assert min(scores.precision, scores.recall) > 0.95
    assert identify.b_cubed(owner, cluster).f1 > 0.98
    naive = pd.factorize(identify.normalise(world.contacts)["email"], use_na_sentinel=False)[0]
    naive = np.where(world.contacts["email"].isna(), 10**6 + np.arange(naive.size), naive)
    assert identify.pairwise_scores(owner.to_numpy(), naive).f1 < 0.75  # e-mail alone won't do
    seen = identify.recognition_rate(owner, cluster, world.contacts["created"])
    assert seen > 0.95


def test_families_stay_apart(world: World, owner: pd.Series) -> None:
    loose = identify.link(world.contacts, must_not_differ=())
    strict = identify.link(world.contacts)
    assert (
        identify.pairwise_scores(owner, strict).precision
        > identify.pairwise_scores(owner, loose).precision
    )


def test_the_order_of_the_records_does_not_matter(world: World) -> None:
    pairs = identify.score_pairs(world.contacts)
    fields = [f for f in identify.COMPARED if f in pairs]
    weights = identify.Weights(
        {f: np.array([0.05, 0.05, 0.9]) for f in fields},
        {f: np.array([0.99, 0.005, 0.005]) for f in fields},
        3e-4,
    )
    cluster = identify.link(world.contacts, weights=weights)
    shuffled = identify.link(world.contacts.sample(frac=1, random_state=1), weights=weights)
    assert identify.pairwise_scores(cluster, shuffled).f1 == 1
    again = identify.link(world.contacts, weights=weights)
    pd.testing.assert_series_equal(again, cluster)


def test_cluster_ids_are_in_the_order_of_the_records(world: World) -> None:
    cluster = identify.link(world.contacts)
    assert cluster.name == "cluster"
    assert cluster.index.tolist() == world.contacts["record_id"].tolist()
    first = cluster.drop_duplicates()
    assert first.tolist() == list(range(len(first)))


def test_links_are_joined_up() -> None:
    """Ann by phone, by phone and e-mail, by e-mail: the first and the last share nothing but a name."""
    table = pd.DataFrame(
        {
            "record_id": [5, 6, 7, 8],
            "first_name": ["Ann", "Ann", "Ann", "Bo"],
            "last_name": ["Holloway", "Holloway", "Holloway", "Holloway"],
            "phone": ["0612345678", "0612345678", None, None],
            "email": [None, "ann@example.org", "ann@example.org", "ann@example.org"],
        }
    )
    assert identify.link(table).to_dict() == {5: 0, 6: 0, 7: 0, 8: 1}


def test_few_records_are_no_problem() -> None:
    empty = pd.DataFrame({"email": pd.Series([], dtype="str")})
    assert identify.link(empty).tolist() == []
    assert identify.link(pd.DataFrame({"email": ["a@example.org"]})).tolist() == [0]
    assert identify.link(pd.DataFrame({"email": [None, None]})).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 1.5}, "threshold is 1.5; it must be a number at least 0 and at most 1"),
        ({"threshold": math.nan}, "threshold is nan"),
        ({"must_not_differ": "email"}, "must_not_differ is 'email'; it must be a list"),
        ({"must_not_differ": ["fax"]}, "must_not_differ is 'fax'; it must be one of 'first_name'"),
        ({"keys": [["fax"]]}, "keys is 'fax'; it must be one of 'first_name'"),
        ({"keys": "email"}, "keys is 'email'; it must be a list of lists"),
        ({"rng": "x"}, "rng is 'x'"),
    ],
)
def test_bad_input_of_link(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identify.link(pd.DataFrame({"email": ["a@example.org", "b@example.org"]}), **arguments)


# Judge ----------------------------------------------------------------------------------------

# The example of Bagga and Baldwin (1998): three chains of 5, 2 and 5 mentions, and two answers.
KEY = [1] * 5 + [2] * 2 + [3] * 5
FIRST = [1] * 5 + [2] * 7
SECOND = [1] * 5 + [2] * 2 + [1] * 5


def test_b_cubed_as_in_the_paper() -> None:
    one, two = identify.b_cubed(KEY, FIRST), identify.b_cubed(KEY, SECOND)
    assert one.precision == pytest.approx(16 / 21)  # 76 %
    assert two.precision == pytest.approx(7 / 12)  # 58 %
    assert one.recall == two.recall == 1


def test_pairwise_scores_by_hand() -> None:
    got = identify.pairwise_scores(KEY, FIRST)
    assert got.precision == pytest.approx(21 / 31)  # 10 + 1 + 10 of 10 + 21
    assert got.recall == 1
    assert got.f1 == pytest.approx(2 * 21 / (31 + 21))
    assert identify.pairwise_scores([1, 2], [1, 2]) == (1, 1, 1)
    assert identify.pairwise_scores([1, 1], [1, 2]) == (1, 0, 0)
    assert identify.pairwise_scores([1, 2], [1, 1]) == (0, 1, 0)


@quick
@given(st.integers(1, 30).flatmap(lambda n: st.tuples(
    *[st.lists(st.integers(0, 6), min_size=n, max_size=n)] * 2)))  # fmt: skip
def test_scores_are_what_counting_every_pair_gives(both: tuple[list[int], list[int]]) -> None:
    true, found = both
    together = [
        (true[i] == true[j], found[i] == found[j])
        for i, j in itertools.combinations(range(len(true)), 2)
    ]
    hit = sum(t and f for t, f in together)
    ours, theirs = sum(f for _, f in together), sum(t for t, _ in together)
    got = identify.pairwise_scores(true, found)
    assert got.precision == pytest.approx(hit / ours if ours else 1)
    assert got.recall == pytest.approx(hit / theirs if theirs else 1)
    back = identify.pairwise_scores(found, true)
    assert (back.precision, back.recall) == (got.recall, got.precision)
    cost = identify.cost_of_errors(true, found, 10, 1)
    assert cost == (ours - hit, theirs - hit, 10 * (ours - hit) + theirs - hit)
    items = range(len(true))
    own = [
        [
            sum(true[j] == true[i] and found[j] == found[i] for j in items)
            / sum(other[j] == other[i] for j in items)
            for i in items
        ]
        for other in (found, true)
    ]
    cubed = identify.b_cubed(true, found)
    assert cubed.precision == pytest.approx(np.mean(own[0]))
    assert cubed.recall == pytest.approx(np.mean(own[1]))
    noticed = [
        any(true[j] == true[i] and found[j] == found[i] for j in range(i))
        for i in items
        if true[i] in true[:i]
    ]
    rate = identify.recognition_rate(true, found)
    assert rate == pytest.approx(np.mean(noticed) if noticed else 1)


@quick
@given(labels)
def test_names_of_clusters_and_order_do_not_matter(true: list[int]) -> None:
    found = [-7 * label for label in true]
    assert identify.pairwise_scores(true, found) == (1, 1, 1)
    assert identify.b_cubed(true, [f"c{label}" for label in found]).f1 == 1
    assert identify.recognition_rate(true, found) == 1
    turned = identify.b_cubed(true[::-1], [0] * len(true))
    assert turned.precision == pytest.approx(identify.b_cubed(true, [0] * len(true)).precision)


def test_series_are_matched_by_their_index() -> None:
    true = pd.Series([1, 1, 2], index=["a", "b", "c"])
    found = pd.Series([9, 8, 8], index=["c", "b", "a"])
    assert identify.pairwise_scores(true, found) == (1, 1, 1)
    with pytest.raises(ValueError, match="true and predicted hold different records"):
        identify.pairwise_scores(true, found.rename({"c": "d"}))
    with pytest.raises(ValueError, match="true or predicted has a record twice"):
        identify.pairwise_scores(true, pd.Series([1, 1, 1], index=["a", "a", "c"]))


@pytest.mark.parametrize(
    "function", [identify.pairwise_scores, identify.b_cubed, identify.recognition_rate]
)
@pytest.mark.parametrize(
    ("true", "found", "message"),
    [
        ([1, 2], [1], "lengths differ: true has 2, predicted has 1"),
        ([1, None], [1, 2], r"true\[1\] is missing"),
        ([1.0, 2.0], [1.0, math.nan], r"predicted\[1\] is missing"),
        ([], [], "true is empty"),
        (7, [1], "true must be one label per record"),
        ("ab", [1, 2], "true must be one label per record"),
        ([[1], [2]], [1, 2], "true must be one label per record"),
        ([{}, {}], [1, 2], "true must be one label per record"),
    ],
)
def test_bad_labels(function: object, true: object, found: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(true, found)  # type: ignore[operator]


def test_costs_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match="false_merge is -1; it must be a number at least 0"):
        identify.cost_of_errors([1], [1], -1, 1)
    with pytest.raises(ValueError, match="missed_match is nan"):
        identify.cost_of_errors([1], [1], 1, math.nan)


def test_a_higher_threshold_trades_recall_for_precision(world: World, owner: pd.Series) -> None:
    pairs = identify.score_pairs(world.contacts)
    curve = identify.threshold_curve(pairs, owner)
    assert (curve["recall"].diff().dropna() <= 0).all()
    assert (curve["clusters"].diff().dropna() >= 0).all()
    assert curve["precision"].iloc[-1] > curve["precision"].iloc[0]
    assert (curve["cost"] == 50 * curve["false_merges"] + 2 * curve["missed_matches"]).all()
    at = curve.set_index("threshold").loc[0.99]
    assert tuple(at[["precision", "recall", "f1"]]) == pytest.approx(
        tuple(identify.pairwise_scores(owner, identify.link(world.contacts, 0.99)))
    )
    dear = identify.threshold_curve(pairs, owner, false_merge=500, missed_match=1)
    cheap = identify.threshold_curve(pairs, owner, false_merge=1, missed_match=500)
    best = [c.loc[c["cost"].idxmin(), "threshold"] for c in (dear, cheap)]
    assert best[0] > best[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"thresholds": [0.5, 1.2]}, r"thresholds\[1\] is 1.2"),
        ({"true": [1, 2]}, "true is a list; it must be a Series"),
        ({"true": pd.Series([1], index=[1])}, "true lacks the record 2, which pairs has"),
        ({"true": pd.Series([1, 1], index=[1, 1])}, "true has a record twice"),
        ({"pairs": pd.DataFrame({"left": [1]})}, "pairs lacks the columns 'right', 'probability'"),
        ({"must_not_differ": ["fax"]}, "must_not_differ is 'fax'"),
    ],
)
def test_bad_input_of_threshold_curve(arguments: dict, message: str) -> None:
    base = {
        "pairs": pd.DataFrame({"left": [1], "right": [2], "probability": [0.5]}),
        "true": pd.Series([1, 2], index=[1, 2]),
    }
    with pytest.raises(ValueError, match=message):
        identify.threshold_curve(**(base | arguments))


# What the firm gets out of it ------------------------------------------------------------------


def test_recognition_follows_the_calendar() -> None:
    true, found = [1, 1, 1], [7, 8, 8]
    assert identify.recognition_rate(true, found) == 0.5  # not noticed, noticed
    assert identify.recognition_rate(true, found, [3, 1, 2]) == 0.5  # noticed, not noticed
    days = pd.to_datetime(["2025-01-03", "2025-01-01", "2025-01-02"])
    assert identify.recognition_rate(true, found, days) == 0.5
    assert identify.recognition_rate([1, 1, 1, 1], [7, 8, 8, 7], [1, 2, 3, 4]) == pytest.approx(
        2 / 3
    )
    assert identify.recognition_rate([1, 2], [5, 5]) == 1
    with pytest.raises(ValueError, match="lengths differ: true has 3, order has 2"):
        identify.recognition_rate(true, found, [1, 2])
    with pytest.raises(ValueError, match=r"order\[1\] is missing"):
        identify.recognition_rate(true, found, [1, None, 2])
    with pytest.raises(ValueError, match="order must be one number or date"):
        identify.recognition_rate(true, found, "abc")


def test_duplicates_in_all_and_within_a_silo(world: World, owner: pd.Series) -> None:
    truth = world.truth.contacts
    got = identify.duplicate_rate(truth["customer_id"], world.contacts["silo"])
    assert got == pytest.approx(truth["duplicate"].mean(), abs=0.002)  # a third copy is rare
    assert identify.duplicate_rate(owner) == pytest.approx(1 - 2000 / len(owner))
    assert identify.duplicate_rate([1, 2, 3]) == 0
    with pytest.raises(ValueError, match="lengths differ: clusters has 2, silo has 1"):
        identify.duplicate_rate([1, 2], ["web"])
    with pytest.raises(ValueError, match="clusters is empty"):
        identify.duplicate_rate([])


def test_profiles_grow_by_linking(records: pd.DataFrame, owner: pd.Series, world: World) -> None:
    alone = identify.profile_completeness(records)
    linked = identify.profile_completeness(records, owner)
    assert len(alone) == len(records)
    assert len(linked) == 2000
    assert linked.between(alone.groupby(owner).max() - 1e-12, 1).all()
    assert linked.mean() > alone.mean() + 0.05
    missing = world.truth.contacts.set_index("record_id")["missing"]
    assert (alone == 1 - missing / len(identify.FIELDS)).all()
    shuffled = identify.profile_completeness(records, owner.sample(frac=1, random_state=1))
    pd.testing.assert_series_equal(shuffled, linked)
    some = identify.profile_completeness(
        pd.DataFrame({"email": ["a", " ", "", None]}), fields=["email"]
    )
    assert some.tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fields": "email"}, "fields is 'email'; it must be a list"),
        ({"fields": []}, r"fields is \[\]; it must be a list"),
        ({"fields": ["fax"]}, "contacts lacks the column 'fax'"),
        ({"clusters": [1]}, "lengths differ: contacts has 2, clusters has 1"),
        ({"clusters": [1, None]}, r"clusters\[1\] is missing"),
        ({"clusters": pd.Series([1, 2], index=[0, 7])}, "hold different records"),
        ({"contacts": pd.DataFrame({"fax": ["1"]})}, "contacts has none of the columns"),
    ],
)
def test_bad_input_of_profile_completeness(arguments: dict, message: str) -> None:
    base = {"contacts": pd.DataFrame({"email": ["a", None]})}
    with pytest.raises(ValueError, match=message):
        identify.profile_completeness(**(base | arguments))


def test_global_random_state_is_left_alone(world: World) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    identify.link(world.contacts)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_every_public_name_is_documented() -> None:
    for name in identify.__all__:
        thing = getattr(identify, name)
        if not callable(thing):
            continue
        wanted = ["Parameters", "Returns", "Raises", "Notes", "Examples"]
        for section in wanted if name[0].islower() else []:
            assert f"\n    {section}\n    ---" in thing.__doc__, (name, section)
