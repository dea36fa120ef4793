"""`World.contacts`: records in four silos, and whether the damage is what the truth says."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxedu import World
from cxedu.world import contacts, names
from cxedu.world.people import DAYS, REGIONS


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, n_customers=20_000)


@pytest.fixture(scope="module")
def table(world: World) -> pd.DataFrame:
    """Records with their truth."""
    return world.contacts.merge(world.truth.contacts, on="record_id", validate="one_to_one")


def near(observed: pd.Series, expected: pd.Series | float, errors: float = 4) -> bool:
    """The mean of `observed` is that of `expected` within some standard errors."""
    gap = np.asarray(observed, dtype=float) - expected
    return abs(gap.mean()) < errors * gap.std() / np.sqrt(gap.size)


# Which records there are ----------------------------------------------------------------------


def test_the_records_have_no_owner_and_the_truth_has(world: World) -> None:
    seen, truth = world.contacts, world.truth.contacts
    assert "customer_id" not in seen
    assert seen["record_id"].tolist() == list(range(1, len(seen) + 1))
    assert truth["record_id"].equals(seen["record_id"])
    assert set(truth["customer_id"]) == set(range(1, world.n_customers + 1))
    order = np.corrcoef(truth["record_id"], truth["customer_id"])[0, 1]
    assert abs(order) < 4 / np.sqrt(len(truth))


def test_one_to_four_silos_each_once_but_for_duplicates(table: pd.DataFrame) -> None:
    once = table[~table["duplicate"]]
    assert not once.duplicated(["customer_id", "silo"]).any()
    silos = once.groupby("customer_id").size().value_counts()
    assert sorted(silos.index) == [1, 2, 3, 4]
    again = table[table["duplicate"]].merge(once, on=["customer_id", "silo"])
    assert len(again) == table["duplicate"].sum()
    assert (again["created_x"] >= again["created_y"]).all()
    rate = dict(zip(contacts.SILOS, contacts.DUPLICATE, strict=True))
    doubled = once.merge(
        table.loc[table["duplicate"], ["customer_id", "silo"]], how="left", indicator=True
    )
    assert near(doubled["_merge"] == "both", doubled["silo"].map(rate).astype(float))


def test_channels_make_records_and_members_have_a_card(world: World, table: pd.DataFrame) -> None:
    silo_of = {"app": "web"}
    orders = world.transactions.astype({"channel": str})
    orders["silo"] = orders["channel"].map(silo_of).fillna(orders["channel"])
    first = orders.drop_duplicates(["customer_id", "silo"])[["customer_id", "silo", "date"]]
    once = table[~table["duplicate"]].astype({"silo": str})
    both = first.merge(once, on=["customer_id", "silo"], how="left")
    told = both["silo"].isin(["web", "call centre"])
    assert (both.loc[told, "created"] == both.loc[told, "date"]).all()
    assert both.loc[~told, "record_id"].isna().mean() < contacts.NOT_ASKED
    met = world.customers[["customer_id", "since", "channel"]].astype({"channel": str})
    met["silo"] = met["channel"].map(silo_of).fillna(met["channel"])
    met = met.merge(once, on=["customer_id", "silo"], how="left")
    assert (met["created"] == met["since"]).all()  # nobody's first silo forgets them
    card = once[once["silo"] == "loyalty"].sort_values("customer_id")
    assert card["customer_id"].tolist() == world.memberships["customer_id"].tolist()
    assert card["created"].tolist() == world.memberships["start"].tolist()
    since = table.merge(world.customers[["customer_id", "since"]], on="customer_id")
    assert (since["created"] >= since["since"]).all()
    assert table["created"].between(world.start, world.today).all()


def test_any_record_reaches_somebody(table: pd.DataFrame) -> None:
    assert table[["email", "phone", "street"]].notna().any(axis=1).all()
    assert table[["first_name", "last_name"]].notna().any(axis=1).all()


# How they are written -------------------------------------------------------------------------

FORMS = {
    "web": (r"\+999 6\d\d \d{3} \d{3}|06\d{8}", r"\d{4}-\d\d-\d\d"),
    "store": (r"06\d\d \d{3} \d{3}", r"\d\d\.\d\d\.\d{4}"),
    "call centre": (r"00999-6\d{8}", r"\d\d/\d\d/\d{4}"),
    "loyalty": (r"\+9996\d{8}", r"\d{1,2} [A-Z][a-z]{2} \d{4}"),
}


@pytest.mark.parametrize("silo", contacts.SILOS)
def test_every_silo_has_its_own_forms(table: pd.DataFrame, silo: str) -> None:
    own = table[table["silo"] == silo]
    phone, born = FORMS[silo]
    assert own["phone"].dropna().str.fullmatch(phone).all()
    assert own["birth_date"].dropna().str.fullmatch(born).all()
    assert own["postcode"].dropna().str.fullmatch(r"[1-4][01]\d[01]\d").all()
    assert own["email"].dropna().str.fullmatch(r"(?i)[^@\s]+@example\.(com|org|net)").all()
    if silo == "call centre":
        assert own["first_name"].isna().all()
        assert (own["last_name"] == own["last_name"].str.upper()).all()
        assert own["last_name"].str.contains(", ").mean() == pytest.approx(0.98, abs=0.01)
        assert own["last_name"].map(str.isascii).all()
    else:
        assert not own["last_name"].dropna().str.contains(",").any()
        assert not own["first_name"].dropna().map(str.isupper).any()
    parts = {"%d.%m.%Y": "store", "%Y-%m-%d": "web", "%d/%m/%Y": "call centre", "%d %b %Y": ""}
    form = next((f for f, s in parts.items() if s == silo), "%d %b %Y")
    dates = pd.to_datetime(own["birth_date"].dropna(), format=form)  # typos leave real dates
    clean = dates[own.loc[dates.index, "typo"] != "birth_date"]
    assert clean.between("1945-01-01", "2008-01-01").all()


def test_towns_lie_in_the_region_of_their_postcode(table: pd.DataFrame) -> None:
    where = {names.fold(t).upper(): i for i, r in enumerate(REGIONS) for t in names.TOWNS[r]}
    whole = table.dropna(subset=["city", "postcode"])
    region = whole["city"].map(lambda town: where[names.fold(town).upper()])
    assert (region + 1 == whole["postcode"].str[0].astype(int)).all()


# Is the truth true? ---------------------------------------------------------------------------


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Our own undoing of the silos' forms, independent of `cxedu.identify`."""
    done = table.copy()
    called = done["silo"] == "call centre"
    done["birth_date"] = pd.to_datetime(
        done["birth_date"].where(done["silo"] == "web", None), format="%Y-%m-%d"
    ).fillna(pd.to_datetime(done["birth_date"].where(~done["silo"].isin(["web"])), dayfirst=True,
                            format="mixed"))  # fmt: skip
    done["phone"] = done["phone"].str.replace(r"\D", "", regex=True).str[-9:]
    done["email"] = done["email"].str.lower()
    split = done["last_name"].str.split(", ", expand=True).reindex(columns=[0, 1])
    done["first_name"] = done["first_name"].where(~called, split[1])
    done["last_name"] = split[0]
    for field in ("first_name", "last_name", "city"):
        done[field] = done[field].map(lambda t: names.fold(t).lower(), na_action="ignore")
    return done


def test_without_damage_the_records_of_a_customer_agree(table: pd.DataFrame) -> None:
    done = plain(table)
    rules = {
        "first_name": ~done["nickname"],
        "last_name": ~done["former_surname"],
        "city": ~done["former_address"],
        "postcode": ~done["former_address"],
        "birth_date": pd.Series(True, index=done.index),
    }
    for field, fine in rules.items():
        own = done[fine & (done["typo"].astype(str) != field)].dropna(subset=[field])
        spellings = own.groupby("customer_id")[field].nunique()
        assert (spellings == 1).all(), field
        assert own.groupby("customer_id").size().max() > 2
        damaged = done[~fine].dropna(subset=[field])
        if len(damaged):
            usual = own.groupby("customer_id")[field].first()
            both = damaged.join(usual.rename("usual"), on="customer_id").dropna(subset=["usual"])
            assert (both[field] != both["usual"]).mean() > 0.9, field


def test_an_address_for_email_is_one_person_s_or_a_family_s(table: pd.DataFrame) -> None:
    done = plain(table)
    clean = done[done["typo"].astype(str) != "email"].dropna(subset=["email"])
    owners = clean.groupby(["email", "family_email"])["customer_id"].nunique()
    assert owners.xs(False, level="family_email").max() == 1
    family = owners.xs(True, level="family_email")
    assert set(family) == {1, 2}
    shared = clean[clean["family_email"]].groupby("email")["last_name"].nunique()
    assert (shared == 1).mean() > 0.5  # most families bear one surname
    number = clean["email"].str.extract(r"(\d+)@")[0].astype(int)
    assert abs(np.corrcoef(number, clean["customer_id"])[0, 1]) < 0.03  # no key in disguise


def test_missing_fields_are_counted_and_come_at_their_rates(table: pd.DataFrame) -> None:
    done = plain(table)
    empty = done[list(contacts.FIELDS)].isna()
    assert (empty.sum(axis=1) == table["missing"]).all()
    silo = table["silo"].cat.codes.to_numpy()
    for field in ("first_name", "email", "birth_date"):
        assert near(empty[field], np.asarray(contacts.MISSING[field])[silo]), field
    miss = {f: np.asarray(r)[silo] for f, r in contacts.MISSING.items()}
    for field in ("street", "city", "postcode"):
        assert near(empty[field], 1 - (1 - miss["address"]) * (1 - miss[field])), field


def test_slips_come_at_their_rate(table: pd.DataFrame) -> None:
    slip = np.asarray(contacts.SLIP)[table["silo"].cat.codes]
    done = plain(table)
    for field in contacts.TYPOS[1:]:
        expected = np.where(done[field].notna(), slip / (len(contacts.TYPOS) - 1), 0)
        assert near(table["typo"] == field, expected), field


def test_moves_and_new_surnames_come_at_their_rates(table: pd.DataFrame, world: World) -> None:
    """A record is out of date with the probability that the event came after it."""
    after = 1 - ((table["created"] - world.start).dt.days / (DAYS - 1)).clip(upper=1)
    there = table[["street", "city", "postcode"]].notna().any(axis=1)
    expected = contacts.MOVED * after * there
    person = (table["former_address"] - expected).groupby(table["customer_id"]).sum()
    assert near(person, 0, errors=5)  # households move together
    low, high = min(contacts.CHANGED_NAME), max(contacts.CHANGED_NAME)
    share = table["former_surname"].sum() / after.sum()
    assert low < share < high
    assert share == pytest.approx(np.mean(contacts.CHANGED_NAME), rel=0.15)


def test_nicknames_stand_for_the_name_that_others_have(table: pd.DataFrame) -> None:
    done = plain(table)
    known = {
        names.fold(nick).lower(): {names.fold(n).lower() for n in full}
        for nick, full in names.NICKNAMES.items()
    }
    fine = done[done["typo"].astype(str) != "first_name"].dropna(subset=["first_name"])
    full = fine[~fine["nickname"]].drop_duplicates("customer_id")
    both = fine[fine["nickname"]].merge(full[["customer_id", "first_name"]], on="customer_id")
    assert len(both) > 500
    for nick, name in zip(both["first_name_x"], both["first_name_y"], strict=True):
        assert name in known[nick]
    by_silo = table.groupby("silo", observed=True)["nickname"].mean()
    assert by_silo["web"] > by_silo["call centre"] > by_silo["loyalty"] > 0


def test_namesakes_are_common_enough_to_need_more_than_a_name(table: pd.DataFrame) -> None:
    done = plain(table).dropna(subset=["first_name", "last_name"])
    owners = done.groupby(["first_name", "last_name"])["customer_id"].nunique()
    assert 0.05 < (owners > 1).mean() < 0.5


@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_the_smallest_companies_have_records_too(n: int) -> None:
    world = World(seed=n, n_customers=n)
    assert set(world.truth.contacts["customer_id"]) == set(range(1, n + 1))
    assert len(world.contacts) == len(world.truth.contacts)


# Pieces ---------------------------------------------------------------------------------------


def slip(text: str, key: float, place: float) -> str:
    return str(contacts.mistype(np.array([text]), np.array([key]), np.array([place]))[0])


@settings(max_examples=200, deadline=None)
@given(
    text=st.sampled_from(
        [
            "Keller",
            "Özgür",
            "Li",
            "aa",
            "612345678",
            "anna.k12@example.org",
            "Hauptstr. 12",
            "O'Brien",
        ]
    ),
    key=st.floats(0, 1, exclude_max=True),
    place=st.floats(0, 1, exclude_max=True),
)
def test_a_slip_swaps_two_signs_or_hits_a_neighbour(text: str, key: float, place: float) -> None:
    made = slip(text, key, place)
    assert len(made) == len(text)
    wrong = [i for i, (a, b) in enumerate(zip(text, made, strict=True)) if a != b]
    if len(wrong) == 2:
        i, j = wrong
        assert j == i + 1
        assert (made[i], made[j]) == (text[j], text[i])
    else:
        assert len(wrong) == 1
    if "@" in text:
        assert made.endswith("@example.org")
    if text.isdigit():
        assert made[0] == text[0]
        assert made.isdigit()


def test_slips_of_many_texts_are_those_of_each() -> None:
    texts = ["Keller", "Łódź", "", "--", "612345678", "li.x9@example.org", "C/ 7", "O'Brien"] * 50
    rng = np.random.default_rng(1)
    key, place = rng.random((2, len(texts)))
    made = contacts.mistype(np.array(texts), key, place)
    assert made.tolist() == [slip(*each) for each in zip(texts, key, place, strict=True)]


def test_no_letters_no_slip() -> None:
    assert slip("--", 0.9, 0.5) == slip("--", 0.1, 0.5) == "--"
    assert slip("aa", 0.1, 0.5) != "aa"  # nothing to swap, a key to miss
    assert [slip(text, 0.1, 0.5) for text in ("", "-", "q")] == ["", "-", "w"]
    nothing = np.array([], dtype=object)
    assert contacts.mistype(nothing, np.zeros(0), np.zeros(0)).size == 0


def test_first_seen_is_the_first_order_of_each_silo() -> None:
    row = np.array([0, 0, 0, 2, 2])
    channel = np.array([3, 1, 0, 2, 2])  # app, web, store, call centre twice
    seen = contacts.first_seen(3, row, channel, np.array([5, 7, 9, 3, 4]))
    assert seen.tolist() == [[5, 9, -1, -1], [-1, -1, -1, -1], [-1, -1, 3, -1]]


def test_pools_are_clean() -> None:
    for region in REGIONS:
        for pool in (names.WOMEN, names.MEN, names.SURNAMES, names.STREETS, names.TOWNS):
            texts = list(pool[region])
            assert len(set(texts)) == len(texts) >= 20
            assert all(text == text.strip() and text for text in texts)
        for street in names.STREETS[region]:  # the number comes first or last
            assert street.count("#") == 1
            assert "#" in (street[0], street[-1])
        for text in [*names.WOMEN[region], *names.MEN[region], *names.SURNAMES[region]]:
            assert re.fullmatch(r"[^\W\d_]+([ '][^\W\d_]+)*", text), text
            assert names.fold(text).isascii()
    assert names.NICKNAMES["Alex"] >= {"Alexander", "Alexandra"}
