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

Everything is put together from pools, column by column (`cxedu.world.names`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

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

_NEVER = -1
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb",
    "h": "gjyn", "j": "hkum", "k": "jlio", "l": "kop", "z": "asx", "x": "zcsd", "c": "xvdf",
    "v": "cbfg", "b": "vngh", "n": "bmhj", "m": "njk", "1": "2", "2": "13", "3": "24", "4": "35",
    "5": "46", "6": "57", "7": "68", "8": "79", "9": "80", "0": "9",
}  # fmt: skip


def _strings(values: list[str]) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@dataclass(frozen=True)
class _Pool:
    """Texts as they are, in small letters, and in capitals without accents; and plain for e-mail."""

    styles: np.ndarray  # 3 × texts
    plain: np.ndarray

    @classmethod
    def of(cls, texts: list[str]) -> "_Pool":
        styles = [texts, [t.lower() for t in texts], [names.fold(t).upper() for t in texts]]
        plain = ["".join(c for c in names.fold(t).lower() if c.isalnum()) for t in texts]
        return cls(np.stack([_strings(s) for s in styles]), _strings(plain))


@dataclass(frozen=True)
class _Weighted:
    """Draws an entry of one of several lists; the first entries come most often."""

    starts: np.ndarray
    edges: np.ndarray

    @classmethod
    def of(cls, sizes: list[int], flatness: float) -> "_Weighted":
        steps = [1 / (np.arange(size) + flatness) for size in sizes]
        edges = [k + np.cumsum(s) / s.sum() for k, s in enumerate(steps)]
        for k, edge in enumerate(edges):
            edge[-1] = k + 1
        return cls(np.cumsum([0, *sizes[:-1]]), np.concatenate(edges))

    def __call__(self, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.searchsorted(self.edges, group + rng.random(group.size), side="right")


@dataclass(frozen=True)
class _Pools:
    given: _Pool  # given names, then all nicknames
    draw_given: _Weighted  # group: 2 × region + (0 for women, 1 for men)
    nick_start: np.ndarray
    nick_count: np.ndarray
    surname: _Pool
    draw_surname: _Weighted
    before: _Pool  # of the house number
    after: _Pool
    short_before: np.ndarray
    short_after: np.ndarray
    street_start: np.ndarray
    street_count: np.ndarray
    town: _Pool
    digits2: np.ndarray
    digits3: np.ndarray
    numbers: np.ndarray


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
    before, after = zip(*(s.split("#") for s in flat), strict=True)
    short_before, short_after = zip(*(_shorten(s).split("#") for s in flat), strict=True)
    per_region = np.array([len(s) for s in streets])
    return _Pools(
        given=_Pool.of(given + [nick for many in nicks for nick in many]),
        draw_given=_Weighted.of(sizes, 12),
        nick_start=len(given) + np.cumsum(counts) - counts,
        nick_count=counts,
        surname=_Pool.of([name for pool in surnames for name in pool]),
        draw_surname=_Weighted.of([len(s) for s in surnames], 25),
        before=_Pool.of(list(before)),
        after=_Pool.of(list(after)),
        short_before=_strings(list(short_before)),
        short_after=_strings(list(short_after)),
        street_start=np.cumsum(per_region) - per_region,
        street_count=per_region,
        town=_Pool.of([town for r in REGIONS for town in names.TOWNS[r]]),
        digits2=_strings([f"{i:02d}" for i in range(100)]),
        digits3=_strings([f"{i:03d}" for i in range(1000)]),
        numbers=_strings([str(i) for i in range(50_000)]),
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
        town = np.minimum((rng.random(n) ** 1.5 * 20).astype(np.int64), 19)
        return cls(
            town=region * 20 + town,
            district=rng.integers(0, 20, n),
            street=p.street_start[region]
            + (rng.random(n) * p.street_count[region]).astype(np.int64),
            number=1 + (rng.random(n) ** 2 * 150).astype(np.int64),
        )

    def give(self, to: np.ndarray, from_: np.ndarray) -> None:
        for codes in (self.town, self.district, self.street, self.number):
            codes[to] = codes[from_]

    def at(self, row: np.ndarray, former: np.ndarray, other: "_Address") -> "_Address":
        """The address of each `row`, or the `other` one where it is the `former`."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Address(*(np.where(former, old[row], new[row]) for new, old in pairs))


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
    born: np.ndarray  # datetime64[D]
    email: np.ndarray
    second_email: np.ndarray  # None if there is none
    family_email: np.ndarray  # None if there is none


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
    email = _emails(given, surname, first_id, ("org", "com"), rng)(np.arange(n))
    another = _emails(given, surname, first_id, ("net",), rng)
    has_second = np.flatnonzero(rng.random(n) < SECOND_EMAIL)
    second = np.full(n, None, dtype=object)
    second[has_second] = another(has_second)
    family = np.full(n, None, dtype=object)
    shared = rng.random(one.size) < FAMILY_EMAIL
    theirs = "family." + email[one[shared]]
    family[one[shared]] = family[other[shared]] = theirs
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
        born=TODAY - (age * 365.25).astype(np.int64).astype("timedelta64[D]"),
        email=email,
        second_email=second,
        family_email=family,
    )


def _emails(
    given: np.ndarray,
    surname: np.ndarray,
    first_id: int,
    domains: tuple[str, ...],
    rng: np.random.Generator,
) -> Callable[[np.ndarray], np.ndarray]:
    """Draw addresses that differ between any two people: name, a shuffled number, example.*

    What is returned writes those of the people at the rows asked for: texts cost more than chances.
    """
    n = given.size
    form = rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])
    number = 100 + first_id + rng.permutation(n)
    ending = rng.integers(0, len(domains), n)
    return partial(_write_emails, given, surname, form, number, ending, domains)


def _write_emails(
    given: np.ndarray,
    surname: np.ndarray,
    form: np.ndarray,
    number: np.ndarray,
    ending: np.ndarray,
    domains: tuple[str, ...],
    rows: np.ndarray,
) -> np.ndarray:
    p = _pools()
    initial = _strings([name[0] for name in p.given.plain])
    local = np.empty(rows.size, dtype=object)
    for code in range(4):
        at = np.flatnonzero(form[rows] == code)
        first, last = given[rows[at]], p.surname.plain[surname[rows[at]]]
        if code == 0:
            local[at] = p.given.plain[first] + "." + last
        elif code == 1:
            local[at] = initial[first] + last
        elif code == 2:
            local[at] = last + "." + p.given.plain[first]
        else:
            local[at] = p.given.plain[first]
    ends = _strings(["@example." + domain for domain in domains])
    return local + _strings(list(map(str, number[rows].tolist()))) + ends[ending[rows]]


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
) -> dict[str, np.ndarray]:
    """Draw the records of all silos and, under "truth." keys, whose they are and what befell them.

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
    surname = np.where(old_name, who.former_surname[row], who.surname[row])
    home = who.home.at(row, old_home, who.former_home)
    phone = np.where(old_phone, who.former_phone[row], who.phone[row])
    born = who.born[row]
    other = (rng.random(n) < 1 / 3) & (who.second_email[row] != None)  # noqa: E711
    email = np.where(other, who.second_email[row], who.email[row])
    family = (rng.random(n) < 0.6) & (who.family_email[row] != None)  # noqa: E711
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
        "first_name": p.given.styles[style, given],
        "last_name": p.surname.styles[style, surname],
        "email": email,
        "phone": phone.astype(object),
        "street": _streets(home, style, silo == STORE),
        "city": p.town.styles[style, home.town],
        "postcode": _postcodes(home),
    }
    slipped = _slip(table, gone, silo, rng)
    y, m, d = _mistyped(born, slipped == TYPOS.index("birth_date"))
    table["birth_date"] = _birth_dates(y, m, d, silo)
    table["phone"] = _phones(table["phone"].astype(np.int64), silo, rng)
    shout = np.flatnonzero(silo == CALLS)
    table["email"][shout] = _strings([mail.upper() for mail in table["email"][shout]])
    for field in FIELDS:
        table[field][gone[field]] = None
    whole = shout[~gone["first_name"][shout]]
    table["last_name"][whole] += ", " + table["first_name"][whole]
    table["first_name"][shout] = None

    empty = np.sum([gone[field] for field in FIELDS], axis=0, dtype=np.int64)
    return {
        "silo": silo,
        **{field: table[field] for field in FIELDS},
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


def _streets(home: _Address, style: np.ndarray, short: np.ndarray) -> np.ndarray:
    p = _pools()
    before, after = p.before.styles[style, home.street], p.after.styles[style, home.street]
    before = np.where(short, p.short_before[home.street], before)
    after = np.where(short, p.short_after[home.street], after)
    return before + p.numbers[home.number] + after


def _postcodes(home: _Address) -> np.ndarray:
    """Five digits: the region, the town, the district."""
    region, town = np.divmod(home.town, 20)
    return _pools().numbers[(region + 1) * 10_000 + town * 100 + home.district]


def _slip(
    table: dict[str, np.ndarray],
    gone: dict[str, np.ndarray],
    silo: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Put typos into `table` and return which field each record has one in (a code of `TYPOS`)."""
    n = silo.size
    slipped = np.where(
        rng.random(n) < np.asarray(SLIP)[silo], rng.integers(1, len(TYPOS), n), 0
    ).astype(np.int8)
    key, place = rng.random(n), rng.random(n)
    for code, field in enumerate(TYPOS):
        if code == 0:
            continue
        slipped[(slipped == code) & gone[field]] = 0
        hit = np.flatnonzero(slipped == code)
        if field != "birth_date":
            before = table[field][hit]
            typed = zip(before.tolist(), key[hit].tolist(), place[hit].tolist(), strict=True)
            made = [mistype(str(text), k, x) for text, k, x in typed]
            table[field][hit] = _strings(made)
    return slipped


def mistype(text: str, key: float, place: float) -> str:
    """Return `text` with one slip: two neighbouring signs swapped, or a neighbouring key hit.

    `key` and `place`, from 0 to 1, choose the slip and where it happens; in an e-mail address that is
    before the @, in a number never at the first digit.

    >>> mistype("Keller", 0.9, 0.0), mistype("keller", 0.1, 0.5)
    ('Jeller', 'kelelr')
    """
    end = text.find("@") if "@" in text else len(text)
    start = 1 if text.isdigit() else 0
    if key < 0.45:
        swaps = [
            i
            for i in range(max(start, 1), end - 1)
            if text[i].isalnum()
            and text[i + 1].isalnum()
            and text[i].lower() != text[i + 1].lower()
        ]
        if swaps:
            i = swaps[int(place * len(swaps))]
            return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    keys = [i for i in range(start, end) if _near(text[i])]
    if not keys:
        return text
    i = keys[int(place * len(keys))]
    near = _near(text[i])
    hit = near[int(key * 1000) % len(near)]
    return text[:i] + (hit.upper() if text[i].isupper() else hit) + text[i + 1 :]


@cache
def _near(sign: str) -> str:
    """The keys around a letter (accented or not) or digit; nothing for any other sign."""
    return _NEIGHBOURS.get(names.fold(sign).lower()[:1], "")


def _mistyped(born: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return year, month and day; where `wrong`, day and month swapped or the year next to it."""
    month = born.astype("datetime64[M]")
    y = born.astype("datetime64[Y]").astype(np.int64) + 1970
    m = month.astype(np.int64) % 12 + 1
    d = (born - month.astype("datetime64[D]")).astype(np.int64) + 1
    swap = wrong & (d <= 12) & (d != m)
    near = np.array([9, 2, 1, 2, 3, 4, 5, 6, 7, 8])
    year = np.where(wrong & ~swap, y // 10 * 10 + near[y % 10], y)
    day = np.where(wrong & ~swap & (m == 2), np.minimum(d, 28), d)
    return year, np.where(swap, d, m), np.where(swap, m, day)


def _birth_dates(y: np.ndarray, m: np.ndarray, d: np.ndarray, silo: np.ndarray) -> np.ndarray:
    """1984-05-07, 07.05.1984, 07/05/1984 or 7 May 1984, as the silo has it."""
    p, made = _pools(), np.empty(silo.size, dtype=object)
    words = _strings(list(_MONTHS))
    for code in range(len(SILOS)):
        at = np.flatnonzero(silo == code)
        year, month, day = p.numbers[y[at]], p.digits2[m[at]], p.digits2[d[at]]
        if code == WEB:
            made[at] = year + "-" + month + "-" + day
        elif code == LOYALTY:
            made[at] = p.numbers[d[at]] + " " + words[m[at] - 1] + " " + year
        else:
            sign = "." if code == STORE else "/"
            made[at] = day + sign + month + sign + year
    return made


def _phones(number: np.ndarray, silo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nine digits in the silo's own form; at the web shop, one of two."""
    p, made = _pools(), np.empty(silo.size, dtype=object)
    code = names.DIALLING_CODE
    form = np.where((silo == WEB) & (rng.random(silo.size) < 0.4), len(SILOS), silo)
    starts = (f"+{code} ", "0", f"00{code}-", f"+{code}", "0")
    gaps = (" ", " ", "", "", "")
    for k, (start, gap) in enumerate(zip(starts, gaps, strict=True)):
        at = np.flatnonzero(form == k)
        parts = np.divmod(number[at], 1_000_000)
        one, (two, three) = p.digits3[parts[0]], (p.digits3[x] for x in np.divmod(parts[1], 1000))
        made[at] = start + one + gap + two + gap + three
    return made
