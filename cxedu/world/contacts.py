"""Who each silo thinks the customer is: contact records, and the damage done to them.

Four systems keep records that nobody ever brought together: the web shop's accounts (with the
app's), the tills, the call centre and the Trail Club. Whoever orders through a channel gets a record
there (a till only asks three in four), some people get one without ordering, members always
have a club card, and now and then a silo files the same person twice. A record is what was true on
the day it was made, as far as it was asked for, written down the way that silo writes:

- people move and change their surname: older records keep the former address or name;
- couples and grown-up children share an address, often a surname, sometimes an e-mail address;
- fields stay empty, nicknames go in, fingers slip to a neighbouring key or swap two letters;
- the web shop keeps what was typed, the till shortens streets, the call centre writes
  capitals without accents and “LAST, FIRST”; each has its own way with dates and phone numbers.

Everything is put together from pools, column by column (`cxedu.world.names`). Codes cost little
and texts much, so a column is codes for as long as it can be, a text of many rows is written once,
of few parts, and what nobody was asked for is not written at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cxedu.world import names
from cxedu.world.people import CHANNELS, DAYS, REGIONS, TODAY, People

SILOS = ("web", "store", "call centre", "loyalty")
WEB, STORE, CALLS, LOYALTY = range(4)
FIELDS = (
    "first_name", "last_name", "email", "phone", "street", "city", "postcode", "birth_date",
)  # fmt: skip
#: Where a finger slips, at most once a record.
TYPOS = ("none", "first_name", "last_name", "email", "phone", "street", "birth_date")

# Rates by silo, in the order of SILOS.
UNASKED = (0.30, 0.08, 0.12, 0.0)  # has a record there without having ordered there
NOT_ASKED = 0.25  # of store customers who came from elsewhere leave no name at the till
DUPLICATE = (0.07, 0.05, 0.09, 0.01)  # records that are filed a second time
SLIP = (0.10, 0.12, 0.18, 0.05)  # records with a typo
NICKNAMED = (0.50, 0.40, 0.25, 0.12)  # records of people who go by a nickname that say so
#: Empty fields; street, city and postcode are asked for together.
MISSING = {
    "first_name": (0.010, 0.020, 0.020, 0.002),
    "last_name": (0.010, 0.020, 0.000, 0.002),
    "email": (0.010, 0.400, 0.450, 0.080),
    "phone": (0.250, 0.350, 0.020, 0.150),
    "address": (0.080, 0.450, 0.250, 0.020),
    "street": (0.010, 0.020, 0.030, 0.010),
    "city": (0.010, 0.010, 0.020, 0.000),
    "postcode": (0.020, 0.030, 0.050, 0.010),
    "birth_date": (0.350, 0.600, 0.450, 0.030),
}

# Rates by person.
GOES_BY_NICKNAME = 0.40  # of those whose name has one
HOUSEHOLD = 0.12  # live with another customer
COUPLES = 0.70  # of households are couples, the others parent and grown-up child
SAME_SURNAME = 0.75  # of couples
NAMESAKE = 0.05  # of children of the same sex bear the parent's given name
FAMILY_EMAIL = 0.40  # of households have an address for all
MOVED = 0.12  # moved house in the four years
NEW_NUMBER = 0.08  # got a new phone number in the four years
CHANGED_NAME = (0.06, 0.01)  # changed their surname in the four years: women, men
SECOND_EMAIL = 0.12  # have another e-mail address, and give it one time in three
HOMELAND = 0.75  # bear a name of their own region

TOWNS, DISTRICTS, HOUSES = 20, 20, 150  # towns of a region, districts of a town, houses of a street

_NEVER = -1
_OLDEST = 82  # years
_FIRST_YEAR = 1930
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb",
    "h": "gjyn", "j": "hkum", "k": "jlio", "l": "kop", "z": "asx", "x": "zcsd", "c": "xvdf",
    "v": "cbfg", "b": "vngh", "n": "bmhj", "m": "njk", "1": "2", "2": "13", "3": "24", "4": "35",
    "5": "46", "6": "57", "7": "68", "8": "79", "9": "80", "0": "9",
}  # fmt: skip


def _strings(values: Sequence[str | None]) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@dataclass
class Texts:
    """A column of texts: those there are, and which of them each row has.

    Attributes
    ----------
    there
        Texts as objects; the first is None, an empty field.
    code
        Place in `there` of each row's text (int32).
    """

    there: np.ndarray
    code: np.ndarray

    @classmethod
    def of(cls, n: int, rows: np.ndarray, texts: np.ndarray) -> "Texts":
        """Return a column of `n` rows, empty but for the `texts` at `rows`."""
        column = cls(_strings([None]), np.zeros(n, dtype=np.int32))
        column.put(rows, texts)
        return column

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Return the texts of some rows."""
        return self.there[self.code[rows]]

    def put(self, rows: np.ndarray, texts: np.ndarray) -> None:
        """Give some rows texts of their own."""
        self.code[rows] = np.arange(self.there.size, self.there.size + rows.size)
        self.there = np.concatenate([self.there, texts])


@dataclass(frozen=True)
class _Pool:
    """Texts as they are, in small letters, and in capitals without accents; and plain for e-mail."""

    styles: np.ndarray  # None, then all texts in one style after the other
    plain: np.ndarray

    @classmethod
    def of(cls, texts: list[str]) -> "_Pool":
        plain = ["".join(c for c in names.fold(t).lower() if c.isalnum()) for t in texts]
        return cls(_strings([None, *_styles(texts)]), _strings(plain))

    def column(self, style: np.ndarray, entry: np.ndarray, gone: np.ndarray) -> Texts:
        """Return a column with an `entry` of the pool in each row that is not `gone`."""
        code = 1 + style * self.plain.size + entry
        return Texts(self.styles, np.where(gone, 0, code).astype(np.int32))


def _styles(texts: list[str]) -> list[str]:
    return [*texts, *(t.lower() for t in texts), *(names.fold(t).upper() for t in texts)]


@dataclass(frozen=True)
class _Weighted:
    """Draws an entry of one of several lists; the first entries come most often.

    Group k's share of the line from k to k + 1 is cut at `edges`. To look a number up, one starts at the
    entry where its 1024th of a unit begins, seldom more than one short: a third of a search's time.
    """

    edges: np.ndarray
    begins: np.ndarray

    @classmethod
    def of(cls, sizes: list[int], flatness: float) -> "_Weighted":
        steps = [1 / (np.arange(size) + flatness) for size in sizes]
        edges = [k + np.cumsum(s) / s.sum() for k, s in enumerate(steps)]
        for k, edge in enumerate(edges):
            edge[-1] = k + 1
        joined = np.concatenate(edges)
        line = np.arange(len(sizes) * 1024) / 1024
        return cls(joined, np.searchsorted(joined, line, side="right"))

    def __call__(self, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        place = group + rng.random(group.size)
        entry = self.begins[(place * 1024).astype(np.int64)]
        while (short := self.edges[entry] <= place).any():
            entry += short
        return entry


@dataclass(frozen=True)
class _Pools:
    given: _Pool  # given names, then all nicknames
    draw_given: _Weighted  # group: 2 × region + (0 for women, 1 for men)
    nick_start: np.ndarray
    nick_count: np.ndarray
    surname: _Pool
    draw_surname: _Weighted
    street: np.ndarray  # all in the three styles, then shortened; at last the house numbers
    number_first: np.ndarray
    street_start: np.ndarray
    street_count: np.ndarray
    town: _Pool
    postcode: np.ndarray  # None, then one for each district of each town


@cache
def _pools() -> _Pools:
    given: list[str] = []
    nicks: list[tuple[str, ...]] = []
    sizes = []
    for region in REGIONS:
        for pool in (names.WOMEN[region], names.MEN[region]):
            given += pool
            nicks += pool.values()
            sizes.append(len(pool))
    counts = np.array([len(n) for n in nicks])
    surnames = [names.SURNAMES[r] for r in REGIONS]
    streets = [names.STREETS[r] for r in REGIONS]
    flat = [street for pool in streets for street in pool]
    named = [street.replace("#", "") for street in flat]
    numbers = [str(i) for i in range(HOUSES + 1)]
    postcodes = [
        f"{region}{town:02d}{district:02d}"
        for region in range(1, len(REGIONS) + 1)
        for town in range(TOWNS)
        for district in range(DISTRICTS)
    ]
    per_region = np.array([len(s) for s in streets])
    return _Pools(
        given=_Pool.of(given + [nick for many in nicks for nick in many]),
        draw_given=_Weighted.of(sizes, 12),
        nick_start=len(given) + np.cumsum(counts) - counts,
        nick_count=counts,
        surname=_Pool.of([name for pool in surnames for name in pool]),
        draw_surname=_Weighted.of([len(s) for s in surnames], 25),
        street=_strings([*_styles(named), *map(_shorten, named), *numbers]),
        number_first=np.array([street.startswith("#") for street in flat]),
        street_start=np.cumsum(per_region) - per_region,
        street_count=per_region,
        town=_Pool.of([town for r in REGIONS for town in names.TOWNS[r]]),
        postcode=_strings([None, *postcodes]),
    )


def _shorten(street: str) -> str:
    for word, short in names.ABBREVIATIONS.items():
        if word in street:
            return street.replace(word, short)
    return street


# Who people are -------------------------------------------------------------------------------


@dataclass
class _Address:
    """Codes of an address, one entry per person."""

    town: np.ndarray
    district: np.ndarray
    street: np.ndarray
    number: np.ndarray

    @classmethod
    def draw(cls, region: np.ndarray, rng: np.random.Generator) -> "_Address":
        p, n = _pools(), region.size
        town = np.minimum((rng.random(n) ** 1.5 * TOWNS).astype(np.int64), TOWNS - 1)
        return cls(
            town=region * TOWNS + town,
            district=rng.integers(0, DISTRICTS, n),
            street=p.street_start[region]
            + (rng.random(n) * p.street_count[region]).astype(np.int64),
            number=1 + (rng.random(n) ** 2 * HOUSES).astype(np.int64),
        )

    def give(self, to: np.ndarray, from_: np.ndarray) -> None:
        for codes in (self.town, self.district, self.street, self.number):
            codes[to] = codes[from_]

    def at(self, row: np.ndarray, outdated: np.ndarray, former: "_Address") -> "_Address":
        """The address of each `row`, or the `former` one where it is `outdated`."""
        pairs = zip(vars(self).values(), vars(former).values(), strict=True)
        return _Address(*(_known(row, outdated, now, then) for now, then in pairs))


def _known(row: np.ndarray, outdated: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """What each record's owner has `now`, or had `then` where that is `outdated`."""
    return np.concatenate([now, then])[row + now.size * outdated]


@dataclass
class _Persons:
    given: np.ndarray
    nickname: np.ndarray  # the one they go by, else the given name
    surname: np.ndarray
    former_surname: np.ndarray
    renamed: np.ndarray  # day, _NEVER if not
    home: _Address
    former_home: _Address
    moved: np.ndarray
    phone: np.ndarray  # 9 digits
    former_phone: np.ndarray
    new_phone: np.ndarray  # day, _NEVER if not
    born: np.ndarray  # days before TODAY
    emails: np.ndarray  # None, everybody's, second ones, families'
    second_email: np.ndarray  # place in `emails`, 0 if there is none
    family_email: np.ndarray


def _some_day(share: np.ndarray | float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a day of the four years for a `share` of the people, `_NEVER` for the others."""
    return np.where(rng.random(n) < share, rng.integers(1, DAYS, n), _NEVER)


def _households(region: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows that live together, both in the same region."""
    order = rng.permutation(region.size)
    chosen = order[: int(HOUSEHOLD * region.size)]
    chosen = chosen[np.argsort(region[chosen], kind="stable")]
    one, other = chosen[: chosen.size // 2 * 2].reshape(-1, 2).T
    same = region[one] == region[other]
    return one[same], other[same]


def _draw_persons(first_id: int, region: np.ndarray, rng: np.random.Generator) -> _Persons:
    p, n = _pools(), region.size
    region = region.astype(np.int64)
    origin = np.where(rng.random(n) < HOMELAND, region, rng.integers(0, 4, n))
    man = rng.integers(0, 2, n)
    given = p.draw_given(2 * origin + man, rng)
    surname, former = p.draw_surname(origin, rng), p.draw_surname(origin, rng)
    age = 18 + 62 * rng.beta(1.6, 2.2, n)
    home = _Address.draw(region, rng)
    left = np.where(rng.random(n) < HOMELAND, region, rng.integers(0, 4, n))
    former_home = _Address.draw(left, rng)
    moved = _some_day(MOVED, n, rng)
    renamed = _some_day(np.asarray(CHANGED_NAME)[man], n, rng)

    one, other = _households(region, rng)
    couple = rng.random(one.size) < COUPLES
    surname[other] = np.where(
        ~couple | (rng.random(one.size) < SAME_SURNAME), surname[one], surname[other]
    )
    namesake = ~couple & (man[one] == man[other]) & (rng.random(one.size) < NAMESAKE)
    given[other] = np.where(namesake, given[one], given[other])
    partner = np.clip(age[one] + rng.normal(0, 3, one.size), 18, 80)
    parent = 44 + 0.6 * (age[one] - 18)
    child = np.maximum(parent - 26 - 8 * rng.random(one.size), 18)
    age[other] = np.where(couple, partner, child)
    age[one] = np.where(couple, age[one], parent)
    home.give(other, one)
    former_home.give(other, one)
    moved[other] = moved[one]

    count = p.nick_count[given]
    short = p.nick_start[given] + (rng.random(n) * count).astype(np.int64)
    goes_by = (rng.random(n) < GOES_BY_NICKNAME) & (count > 0)
    usual = _Emails.draw(n, first_id, ("org", "com"), rng)
    another = _Emails.draw(n, first_id, ("net",), rng)
    has_second = np.flatnonzero(rng.random(n) < SECOND_EMAIL)
    shared = rng.random(one.size) < FAMILY_EMAIL
    email = usual.write(given, surname, np.arange(n))
    second = another.write(given, surname, has_second)
    family = "family." + email[one[shared]]
    second_email, family_email = np.zeros((2, n), dtype=np.int32)
    second_email[has_second] = 1 + n + np.arange(second.size)
    family_email[one[shared]] = 1 + n + second.size + np.arange(family.size)
    family_email[other] = np.where(shared, family_email[one], 0)
    return _Persons(
        given=given,
        nickname=np.where(goes_by, short, given),
        surname=surname,
        former_surname=former,
        renamed=np.where(former == surname, _NEVER, renamed),
        home=home,
        former_home=former_home,
        moved=moved,
        phone=600_000_000 + rng.integers(0, 100_000_000, n),
        former_phone=600_000_000 + rng.integers(0, 100_000_000, n),
        new_phone=_some_day(NEW_NUMBER, n, rng),
        born=(age * 365.25).astype(np.int64),
        emails=np.concatenate([_strings([None]), email, second, family]),
        second_email=second_email,
        family_email=family_email,
    )


@dataclass
class _Emails:
    """Addresses that differ between any two people: name, a shuffled number, example.*

    They are drawn for all and written for those who are asked: texts cost more than chances.
    """

    form: np.ndarray
    number: np.ndarray
    ending: np.ndarray
    endings: np.ndarray

    @classmethod
    def draw(
        cls, n: int, first_id: int, domains: Sequence[str], rng: np.random.Generator
    ) -> "_Emails":
        return cls(
            form=rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1]),
            number=100 + first_id + rng.permutation(n),
            ending=rng.integers(0, len(domains), n),
            endings=_strings(["@example." + domain for domain in domains]),
        )

    def write(self, given: np.ndarray, surname: np.ndarray, rows: np.ndarray) -> np.ndarray:
        p = _pools()
        first, last, form = given[rows], surname[rows], self.form[rows]
        initial = _strings([name[0] for name in p.given.plain])
        # anna.berg, aberg, berg.anna or anna: two parts, found in all that a part can be.
        heads = [p.given.plain + ".", initial, p.surname.plain + ".", p.given.plain]
        tails = [p.surname.plain, p.surname.plain, p.given.plain, _strings([""])]
        entries = (first, first, last, first), (last, last, first, np.zeros_like(first))
        head, tail = (
            _part(parts, form, entry) for parts, entry in zip((heads, tails), entries, strict=True)
        )
        ending = self.endings[self.ending[rows]]
        four = zip(*(x.tolist() for x in (head, tail, self.number[rows], ending)), strict=True)
        return _strings([f"{a}{b}{number}{end}" for a, b, number, end in four])


def _part(parts: list[np.ndarray], kind: np.ndarray, entries: Sequence[np.ndarray]) -> np.ndarray:
    """Return from `parts[kind]` the one of `entries[kind]`, for each row."""
    start = np.cumsum([0, *(part.size for part in parts[:-1])])
    return np.concatenate(parts)[start[kind] + np.choose(kind, entries)]


# What the silos write down --------------------------------------------------------------------


def first_seen(n: int, row: np.ndarray, channel: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the day of the first order per customer and silo (n × 4), `-1` where there is none.

    Orders come sorted by customer and day; the app's orders belong to the web account.
    """
    silo = np.array([{"store": STORE, "call centre": CALLS}.get(c, WEB) for c in CHANNELS])
    seen = np.full(n * len(SILOS), _NEVER, dtype=np.int64)
    cell = row.astype(np.int64) * len(SILOS) + silo[channel]
    seen[cell[::-1]] = day[::-1]  # the last one written stays: the earliest
    return seen.reshape(n, len(SILOS))


def _draw_filed(
    people: People, seen: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw which records there are: (row of the customer, silo, day of making, is a duplicate)."""
    n = people.since.size
    since = people.since[:, None].astype(np.int64)
    forgotten = np.zeros((n, len(SILOS)), dtype=bool)
    forgotten[:, STORE] = (rng.random(n) < NOT_ASKED) & (seen[:, STORE] != people.since)
    extra = (seen == _NEVER) & (rng.random(seen.shape) < np.asarray(UNASKED))
    later = since + (rng.random(seen.shape) * (DAYS - since)).astype(np.int64)
    day = np.where(extra, later, seen)
    row, silo = np.nonzero((day != _NEVER) & ~forgotten)
    made = day[row, silo]
    again = np.flatnonzero(rng.random(row.size) < np.asarray(DUPLICATE)[silo])
    second = made[again] + (rng.random(again.size) * (DAYS - made[again])).astype(np.int64)
    size = row.size
    order = rng.permutation(size + again.size)  # a record's number says nothing about its owner
    row, silo = np.append(row, row[again])[order], np.append(silo, silo[again])[order]
    return row, silo, np.append(made, second)[order], order >= size


def draw_contacts(
    people: People,
    region: np.ndarray,
    seen: np.ndarray,
    rng: np.random.Generator,
    before: int = 0,
) -> tuple[dict[str, Texts], dict[str, np.ndarray]]:
    """Draw the records of all silos: their texts by field, and everything else about them.

    What says whose a record is and what befell it has a key that begins with "truth.".

    Parameters
    ----------
    people
        Customers (one chunk).
    region
        Code of each customer's region.
    seen
        Day of the first order per customer and silo, as `first_seen` gives it, with the start of
        the first membership in the column of the loyalty silo.
    before
        Customers of the company whom `people` doesn't number: no e-mail address comes twice.
    """
    p = _pools()
    who = _draw_persons(before + int(people.customer_id[0]), region, rng)
    row, silo, created, duplicate = _draw_filed(people, seen, rng)
    n = row.size

    def rate(rates: tuple[float, ...]) -> np.ndarray:
        return rng.random(n) < np.asarray(rates)[silo]

    # What was true on that day.
    nicknamed = rate(NICKNAMED) & (who.nickname != who.given)[row]
    old_name, old_home = created < who.renamed[row], created < who.moved[row]
    old_phone = created < who.new_phone[row]
    given = np.where(nicknamed, who.nickname[row], who.given[row])
    surname = _known(row, old_name, who.surname, who.former_surname)
    home = who.home.at(row, old_home, who.former_home)
    phone = _known(row, old_phone, who.phone, who.former_phone)
    other = (rng.random(n) < 1 / 3) & (who.second_email[row] > 0)
    email = np.where(other, who.second_email[row], 1 + row)
    family = (rng.random(n) < 0.6) & (who.family_email[row] > 0)
    email = np.where(family, who.family_email[row], email)

    # What was not asked for. A record has at least a phone number to reach somebody by.
    gone = {field: rate(rates) for field, rates in MISSING.items()}
    no_address = gone.pop("address")
    for field in ("street", "city", "postcode"):
        gone[field] |= no_address
    gone["phone"] &= ~(gone["email"] & gone["street"])
    gone["last_name"] &= ~gone["first_name"]

    # How the silo writes it.
    style = np.where(silo == CALLS, 2, 0)
    style = np.where((silo == WEB) & (rng.random(n) < 0.08), 1, style)
    table = {
        "first_name": p.given.column(style, given, gone["first_name"]),
        "last_name": p.surname.column(style, surname, gone["last_name"]),
        "email": Texts(who.emails, np.where(gone["email"], 0, email).astype(np.int32)),
        "street": _streets(home, np.where(silo == STORE, 3, style), ~gone["street"]),
        "city": p.town.column(style, home.town, gone["city"]),
        "postcode": _postcodes(home, gone["postcode"]),
    }
    slipped = _slip(table, phone, gone, silo, rng)
    table["phone"] = _phones(phone, silo, ~gone["phone"], rng)
    wrong = slipped == TYPOS.index("birth_date")
    table["birth_date"] = _birth_dates(who.born[row], wrong, silo, ~gone["birth_date"])
    _shout(table, silo == CALLS)

    empty = np.sum([gone[field] for field in FIELDS], axis=0, dtype=np.int64)
    return {field: table[field] for field in FIELDS}, {
        "silo": silo,
        "created": created,
        "truth.customer_id": people.customer_id[row],
        "truth.typo": slipped,
        "truth.nickname": nicknamed & ~gone["first_name"],
        "truth.former_address": old_home & ~(gone["street"] & gone["city"] & gone["postcode"]),
        "truth.former_surname": old_name & ~gone["last_name"],
        "truth.family_email": family & ~gone["email"],
        "truth.missing": empty,
        "truth.duplicate": duplicate,
    }


def _shout(table: dict[str, Texts], calls: np.ndarray) -> None:
    """Let the call centre write e-mail addresses in capitals, and both names in one field."""
    first, last, email = (table[field] for field in ("first_name", "last_name", "email"))
    written = np.flatnonzero(calls & (email.code > 0))
    email.put(written, _strings([address.upper() for address in email.at(written).tolist()]))
    whole = np.flatnonzero(calls & (first.code > 0))
    both = zip(last.at(whole).tolist(), first.at(whole).tolist(), strict=True)
    last.put(whole, _strings([f"{a}, {b}" for a, b in both]))
    first.code[calls] = 0


def _streets(home: _Address, style: np.ndarray, asked: np.ndarray) -> Texts:
    """A street has its name in one of three styles or shortened, before or after the number."""
    p, rows = _pools(), np.flatnonzero(asked)
    street = home.street[rows]
    name = style[rows] * p.number_first.size + street
    number = 4 * p.number_first.size + home.number[rows]
    turned = p.number_first[street]
    one, other = np.where(turned, number, name), np.where(turned, name, number)
    return Texts.of(asked.size, rows, p.street[one] + p.street[other])


def _postcodes(home: _Address, gone: np.ndarray) -> Texts:
    """Five digits: the region, the town, the district."""
    code = np.where(gone, 0, 1 + home.town * DISTRICTS + home.district)
    return Texts(_pools().postcode, code.astype(np.int32))


def _slip(
    table: dict[str, Texts],
    phone: np.ndarray,
    gone: dict[str, np.ndarray],
    silo: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Put typos into `table` and `phone` and return which field each record has one in (a code of `TYPOS`)."""
    n = silo.size
    slipped = np.where(
        rng.random(n) < np.asarray(SLIP)[silo], rng.integers(1, len(TYPOS), n), 0
    ).astype(np.int8)
    key, place = rng.random(n), rng.random(n)
    for code, field in enumerate(TYPOS[1:], start=1):
        slipped[(slipped == code) & gone[field]] = 0
        hit = np.flatnonzero(slipped == code)
        if field == "phone":
            digits = mistype(phone[hit].astype(str), key[hit], place[hit])
            phone[hit] = digits.astype(np.int64)
        elif field != "birth_date":
            table[field].put(hit, mistype(table[field].at(hit), key[hit], place[hit]))
    return slipped


def mistype(texts: np.ndarray, key: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return each text with one slip: two neighbouring signs swapped, or a neighbouring key hit.

    `key` and `place`, from 0 to 1, choose the slip and where it happens; in an e-mail address that is
    before the @, in a number never at the first digit. Signs beyond the Latin letters stay.

    >>> mistype(np.array(["Keller", "keller"]), np.array([0.9, 0.1]), np.array([0.0, 0.5]))
    array(['Jeller', 'kelelr'], dtype=object)
    """
    typed = np.asarray(texts).astype(str)
    signs = typed.view(np.uint32).reshape(typed.size, typed.itemsize // 4)  # 0 after the end
    keys = _keyboard()
    spot = np.arange(signs.shape[1])
    at_sign = signs == ord("@")
    end = np.where(at_sign.any(axis=1), at_sign.argmax(axis=1), np.strings.str_len(typed))
    start = np.strings.isdigit(typed).astype(np.int64)
    inside = (spot >= start[:, None]) & (spot < end[:, None])

    lower = keys.lower.take(signs, mode="clip")  # signs beyond have the last one's answers
    follows = np.zeros_like(lower)
    follows[:, :-1] = lower[:, 1:]
    pairs = inside & (spot > 0) & (lower > 0) & (follows > 0) & (lower != follows)
    row, i = _one_of(pairs & (key < 0.45)[:, None], place)
    signs[row, i], signs[row, i + 1] = signs[row, i + 1], signs[row, i]

    inside[row] = False  # one slip is enough
    row, i = _one_of(inside & (keys.count.take(signs, mode="clip") > 0), place)
    sign = signs[row, i]
    near = keys.near[sign, (key[row] * 1000).astype(np.int64) % keys.count[sign]]
    signs[row, i] = near - 32 * keys.upper[sign]  # in ASCII capitals come 32 before small letters
    return typed.astype(object)


def _one_of(possible: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows where something is possible, and for each the column that `place` chooses."""
    rank = possible.cumsum(axis=1, dtype=np.int16)
    some = np.flatnonzero(rank[:, -1])
    rank = rank[some]
    wanted = (place[some] * rank[:, -1]).astype(np.int16)
    return some, (rank > wanted[:, None]).argmax(axis=1)


@dataclass(frozen=True)
class _Keyboard:
    """What fingers need to know of each sign up to the last Latin letter, by its code point."""

    lower: np.ndarray  # the small letter or the digit, 0 if it is neither
    upper: np.ndarray  # is a capital
    count: np.ndarray  # neighbouring keys
    near: np.ndarray  # their code points, in a row for each sign


@cache
def _keyboard() -> _Keyboard:
    signs = [chr(code) for code in range(0x250)] + ["\0"]  # the last stands for all others
    near = np.zeros((len(signs), max(map(len, _NEIGHBOURS.values()))), dtype=np.uint32)
    for code, sign in enumerate(signs):
        keys = _near(sign)
        near[code, : len(keys)] = [ord(key) for key in keys]
    return _Keyboard(
        lower=np.array([ord(s.lower()[0]) if s.isalnum() else 0 for s in signs], dtype=np.uint32),
        upper=np.array([s.isupper() for s in signs]),
        count=np.count_nonzero(near, axis=1).astype(np.uint8),
        near=near,
    )


def _near(sign: str) -> str:
    """The keys around a letter (accented or not) or digit; nothing for any other sign."""
    return _NEIGHBOURS.get(names.fold(sign).lower()[:1], "")


@cache
def _calendar() -> np.ndarray:
    """Year, month and day (three rows) of the days before TODAY, latest first."""
    date = TODAY - np.arange(_OLDEST * 366)
    year, month = date.astype("datetime64[Y]"), date.astype("datetime64[M]")
    return np.stack(
        [
            year.astype(np.int64) + 1970,
            (month - year.astype("datetime64[M]")).astype(np.int64) + 1,
            (date - month.astype("datetime64[D]")).astype(np.int64) + 1,
        ]
    )


def _mistyped(y: np.ndarray, m: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Return year, month and day with day and month swapped, or the year next to it."""
    swap = (d <= 12) & (d != m)
    near = np.array([9, 2, 1, 2, 3, 4, 5, 6, 7, 8])
    year = np.where(swap, y, y // 10 * 10 + near[y % 10])
    day = np.where(~swap & (m == 2), np.minimum(d, 28), d)
    return np.stack([year, np.where(swap, d, m), np.where(swap, m, day)])


@cache
def _date_parts() -> tuple[np.ndarray, np.ndarray]:
    """What dates begin and end with, in each silo: years, or days of the year (31 a month)."""
    years = [str(year) for year in range(_FIRST_YEAR, _FIRST_YEAR + 100)]
    days = [(m, d) for m in range(1, 13) for d in range(1, 32)]
    heads = [f"{year}-" for year in years]
    heads += [f"{d:02d}.{m:02d}." for m, d in days]
    heads += [f"{d:02d}/{m:02d}/" for m, d in days]
    heads += [f"{d} {_MONTHS[m - 1]} " for m, d in days]
    return _strings(heads), _strings([*years, *(f"{m:02d}-{d:02d}" for m, d in days)])


def _birth_dates(born: np.ndarray, wrong: np.ndarray, silo: np.ndarray, asked: np.ndarray) -> Texts:
    """1984-05-07, 07.05.1984, 07/05/1984 or 7 May 1984, as the silo has it."""
    rows = np.flatnonzero(asked)
    date = _calendar()[:, born[rows]]
    slips = np.flatnonzero(wrong[rows])
    date[:, slips] = _mistyped(*date[:, slips])
    y, m, d = date
    year, day, silo = y - _FIRST_YEAR, (m - 1) * 31 + d - 1, silo[rows]
    heads, tails = _date_parts()
    head = np.where(silo == WEB, year, 100 + (silo - 1) * 372 + day)
    tail = np.where(silo == WEB, 100 + day, year)
    return Texts.of(asked.size, rows, heads[head] + tails[tail])


@cache
def _phone_parts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Beginnings with the first three digits in five forms, next three with and without gap, last."""
    code = names.DIALLING_CODE
    digits = [f"{i:03d}" for i in range(1000)]
    forms = (f"+{code} ", " "), ("0", " "), (f"00{code}-", ""), (f"+{code}", ""), ("0", "")
    heads = [start + three + gap for start, gap in forms for three in digits]
    return _strings(heads), _strings([t + " " for t in digits] + digits), _strings(digits)


def _phones(
    number: np.ndarray, silo: np.ndarray, asked: np.ndarray, rng: np.random.Generator
) -> Texts:
    """Nine digits in the silo's own form; at the web shop, one of two."""
    form = np.where((silo == WEB) & (rng.random(silo.size) < 0.4), len(SILOS), silo)
    rows = np.flatnonzero(asked)
    number, form = number[rows].astype(np.int32), form[rows]  # small integers divide faster
    thousands = number // 1000
    first = thousands // 1000
    heads, middles, tails = _phone_parts()
    middle = thousands - 1000 * first + 1000 * (form > STORE)
    texts = heads[1000 * form + first] + middles[middle] + tails[number - 1000 * thousands]
    return Texts.of(asked.size, rows, texts)
