"""Problem set 4: Can Meridian's customers trust it?"""

import itertools
import math

import numpy as np
import pandas as pd

from cxedu import trust
from cxedu.exercises import Function, Number, Table, Task, Wrong
from cxedu.world.surveys import TRUST_ITEMS

YEAR = pd.Timedelta(weeks=52)
TASKS_OF_IDIC = (
    "identify",
    "differentiate by value",
    "differentiate by needs",
    "interact",
    "customise",
)
PROGRAMMES = {
    "training": ("credibility", 0.5),
    "delivery": ("reliability", 0.5),
    "data pledge": ("intimacy", 0.5),
    "no commission": ("self_orientation", -0.25),
}
PACKAGES = {
    "nothing": [],
    "apology": ["apology"],
    "amends": ["apology", "amends"],
    "proof": ["apology", "amends", "proof"],
}
SCARS = {"slip": 0.0, "carelessness": 0.1, "deceit": 0.3}
BREACHES = {  # channel and first day of the orders that were affected
    "slip": ("app", "2025-10-01"),
    "carelessness": ("web", "2025-11-01"),
    "deceit": ("store", "2025-12-01"),
}

audit = Task(
    "ps04.1",
    points=2,
    outcome="4.1",
    answer=Table(key="task", unit="share", low=0, high=1),
    title="With how many could we go how far?",
)
term_score = Task(
    "ps04.2",
    points=3,
    outcome="4.2",
    answer=Function(
        returns=Table(key="respondent", unit="points of the scale", low=0, high=10, missing=True),
        parameters=("answers", "reverse", "scale"),
        own_code=True,
    ),
    title="From answers to a term",
)
profile = Task(
    "ps04.3",
    points=2,
    outcome="4.2",
    answer=Table(key="customer_id", columns=(*trust.TERMS, "trust"), low=0, high=15),
    title="Trust, customer by customer",
)
gains = Task(
    "ps04.4",
    points=2,
    outcome="4.2",
    answer=Table(key="programme", unit="change of the mean trust score", low=-15, high=15),
    title="Four programmes",
)
alpha = Task(
    "ps04.5",
    points=3,
    outcome="4.3",
    answer=Function(returns=Number(), parameters=("answers",), own_code=True),
    title="Can the answers be believed?",
)
net_saving = Task(
    "ps04.6",
    points=2,
    outcome="4.4",
    answer=Number(unit="€ per year"),
    title="The trust tax",
)
package = Task(
    "ps04.7",
    points=2,
    outcome="4.5",
    answer=Table(key="breach", labels=tuple(PACKAGES)),
    title="An answer to each breach",
)
to_keep = Task(
    "ps04.8",
    points=2,
    outcome="4.4",
    answer=Number(unit="members", low=0),
    title="What the reminder must achieve",
)

# --- 1: IDIC audit -------------------------------------------------------------------------------


@audit.visible
def _(answer, meridian):
    shares = audit.answer.read(answer)[""]
    if set(shares) != set(TASKS_OF_IDIC):
        raise Wrong(f"The five entries are called {', '.join(TASKS_OF_IDIC)}.")
    in_order = [shares[name] for name in TASKS_OF_IDIC]
    if any(later > sooner + 1e-9 for sooner, later in itertools.pairwise(in_order)):
        raise Wrong(
            "A later share is larger than an earlier one. Each counts those who pass this task and "
            "all tasks before it, of the same active customers, so along the pipeline it can only fall."
        )


### BEGIN HIDDEN
def steps_of(meridian):
    """Who passes which task: a row per active customer."""
    recent = meridian.transactions[meridian.transactions["date"] > meridian.today - YEAR]
    orders = recent.groupby("customer_id").size()
    people = meridian.customers.set_index("customer_id").loc[orders.index]
    running = meridian.memberships.loc[meridian.memberships["end"].isna(), "customer_id"]
    return pd.DataFrame(
        {
            "identify": people["email_consent"] | people.index.isin(running),
            "differentiate by value": orders >= 2,
            "differentiate by needs": people.index.isin(meridian.surveys["customer_id"]),
            "interact": people["email_consent"],
            "customise": people["profiling_consent"],
        }
    )


@audit.reference
def _(meridian):
    return steps_of(meridian).cummin(axis=1).mean()


@audit.misconception(
    "These are the shares that pass each task alone. In a pipeline, who was lost at an earlier task "
    "can't be served at a later one: count those who pass this task and all before it."
)
def _(meridian):
    return steps_of(meridian).mean()


@audit.misconception(
    "These are shares of those who got to the task (the chapter's last column). The task asks for "
    "shares of all active customers."
)
def _(meridian):
    passed = steps_of(meridian).cummin(axis=1).mean()
    return passed / passed.shift(fill_value=1)


@audit.misconception(
    "You divided by everybody who ever bought; the audit is about customers who ordered in the past year."
)
def _(meridian):
    return steps_of(meridian).cummin(axis=1).sum() / len(meridian.customers)


@audit.misconception(
    "“Differentiate by value” here needs two orders in the past year. You seem to have counted the orders "
    "of all years, as the chapter does.",
    earns=1,
)
def _(meridian):
    steps = steps_of(meridian)
    ever = meridian.transactions["customer_id"].value_counts()
    steps["differentiate by value"] = ever.reindex(steps.index) >= 2
    return steps.cummin(axis=1).mean()


@audit.misconception(
    "Somebody whose membership has ended no longer shows a card. For “identify” only running "
    "memberships count, those without an end."
)
def _(meridian):
    steps = steps_of(meridian)
    steps["identify"] |= steps.index.isin(meridian.memberships["customer_id"])
    return steps.cummin(axis=1).mean()


@audit.misconception(
    "You left the running memberships out of “identify”: a card is enough to be recognised."
)
def _(meridian):
    steps = steps_of(meridian)
    steps["identify"] = steps["interact"]
    return steps.cummin(axis=1).mean()


@audit.other_way
def _(meridian):
    """With sets that get smaller and smaller."""
    bought = meridian.transactions
    orders = bought.loc[bought["date"] > meridian.today - YEAR, "customer_id"].tolist()
    people = meridian.customers
    writable = set(people.loc[people["email_consent"], "customer_id"])
    left = set(orders)
    conditions = {
        "identify": writable | set(meridian.memberships.query("end.isna()")["customer_id"]),
        "differentiate by value": {c for c, n in pd.Series(orders).value_counts().items() if n > 1},
        "differentiate by needs": set(meridian.surveys["customer_id"]),
        "interact": writable,
        "customise": set(people.loc[people["profiling_consent"], "customer_id"]),
    }
    shares = {}
    for name, passing in conditions.items():
        left &= passing
        shares[name] = len(left) / len(set(orders))
    return shares


### END HIDDEN
# --- 2: from answers to a term -------------------------------------------------------------------

EXAMPLE = (
    {"Anna": [4, 4, 2], "Bo": [5, None, 1], "Cy": [None, None, 3]},
    [False, False, True],
    (1, 5),
)
SIMPLE = ({"Dee": [3, 7], "Eli": [7, 1]}, [False, False], (1, 7))
SILENT = ({"Flo": [None, None]}, [True, False], (1, 5))


@term_score.inputs
def _(meridian):
    return [EXAMPLE, SIMPLE, SILENT]


@term_score.visible
def _(answer, meridian):
    scores = answer(*EXAMPLE)[""]
    if set(scores) != {"Anna", "Bo", "Cy"}:
        raise Wrong("In the example there are three respondents: Anna, Bo and Cy, and nobody else.")
    if abs(scores["Anna"] - 4) > 1e-9:
        raise Wrong(
            "Anna's answers 4, 4 and 2 become 4, 4 and 4 when the reverse-coded one is turned round, "
            "so her score is 4."
        )
    if math.isnan(scores["Bo"]) or abs(scores["Bo"] - 5) > 1e-9:
        raise Wrong(
            "Bo answered two of three items, 5 and, turned round, 5. A blank is neither a 0 nor a 3; "
            "it is left out, and the score is 5."
        )
    if not math.isnan(scores["Cy"]):
        raise Wrong("Cy answered one item of three, fewer than half: the score is None.")
    simple = answer(*SIMPLE)[""]
    if abs(simple.get("Dee", 0) - 5) > 1e-9 or abs(simple.get("Eli", 0) - 4) > 1e-9:
        raise Wrong(
            "With 3 and 7, and nothing to turn round, the score is 5; with 7 and 1 it is 4."
        )
    if not math.isnan(answer(*SILENT)[""].get("Flo", 0)):
        raise Wrong("Flo left everything blank, `[None, None]`: her score is None.")


### BEGIN HIDDEN
@term_score.hidden_inputs
def _(meridian):
    four = {
        "half": [None, 2, 4, None],
        "three": [1, None, 2, 5],
        "all": [5, 4, 1, 2],
        "one": [None, None, None, 5],
        "none": [None, None, None, None],
    }
    block = TRUST_ITEMS.index[TRUST_ITEMS["term"] == "intimacy"]
    own = meridian.surveys.head(120).set_index("customer_id")[block]
    rows = {int(c): [None if pd.isna(a) else int(a) for a in own.loc[c]] for c in own.index}
    return [
        (four, [False, True, True, False], (1, 5)),
        ({"a": [0, 10, 7], "b": [10, None, 2], "c": [3, None, None]}, [True, False, True], (0, 10)),
        ({"a": [7, None], "b": [2, 6]}, [True, False], (1, 7)),
        (rows, [False, True, False], (1, 5)),
    ]


def scorer(turn=None, blank=None, enough=lambda given, asked: 2 * given >= asked):
    """A `term_score` whose steps can be done differently."""
    turn = turn or (lambda a, low, high: low + high - a)

    def score(answers, reverse, scale):
        low, high = scale
        scores = {}
        for who, row in answers.items():
            filled = [blank if a is None else a for a in row]
            turned = [
                turn(a, low, high) if r else a
                for a, r in zip(filled, reverse, strict=True)
                if a is not None
            ]
            counted = turned and enough(len(turned), len(row))
            scores[who] = sum(turned) / len(turned) if counted else None
        return scores

    return score


@term_score.reference
def _(meridian):
    return scorer()


@term_score.misconception(
    "You return the plain mean: no item was turned round. Where `reverse` is True, the lowest answer "
    "becomes the highest."
)
def _(meridian):
    return scorer(turn=lambda a, low, high: a)


@term_score.misconception(
    "A blank was counted as 0. Nobody said 0: leave it out, and divide by the number of answers given."
)
def _(meridian):
    def with_zeros(answers, reverse, scale):
        low, high = scale
        scores = {}
        for who, row in answers.items():
            pairs = zip(row, reverse, strict=True)
            turned = [0 if a is None else low + high - a if r else a for a, r in pairs]
            enough = 2 * sum(a is not None for a in row) >= len(row)
            scores[who] = sum(turned) / len(turned) if enough else None
        return scores

    return with_zeros


@term_score.misconception(
    "A blank was counted as the middle of the scale. That is an opinion nobody gave: leave it out."
)
def _(meridian):
    def with_middle(answers, reverse, scale):
        middle = sum(scale) / 2
        scores = scorer(blank=middle)(answers, reverse, scale)
        few = [who for who, row in answers.items() if 2 * row.count(None) > len(row)]
        return scores | dict.fromkeys(few)

    return with_middle


@term_score.misconception(
    "The turning works for a scale from 1 to 5 only. On another scale it isn't 6 − answer; use `scale`.",
    earns=1.5,
)
def _(meridian):
    return scorer(turn=lambda a, low, high: 6 - a)


@term_score.misconception(
    "You turned with highest − answer. On a scale that starts at 1 the ends would not meet: 5 would "
    "become 0. It is lowest + highest − answer."
)
def _(meridian):
    return scorer(turn=lambda a, low, high: high - a)


@term_score.misconception(
    "Whoever left one item blank has no score in your function. The rule asks for at least half."
)
def _(meridian):
    return scorer(enough=lambda given, asked: given == asked)


@term_score.misconception(
    "Exactly half is enough: “at least half of the items” includes two answers out of four.",
    earns=2,
)
def _(meridian):
    return scorer(enough=lambda given, asked: 2 * given > asked)


@term_score.misconception(
    "You score everybody who answered anything; with fewer than half of the items the score is None."
)
def _(meridian):
    return scorer(enough=lambda given, asked: True)


@term_score.other_way
def _(meridian):
    def with_pandas(answers, reverse, scale):
        table = pd.DataFrame.from_dict(answers, orient="index").astype(float)
        turned = table.mul([-1 if r else 1 for r in reverse]).add([sum(scale) * r for r in reverse])
        return turned.mean(axis=1).where(table.notna().mean(axis=1) >= 0.5)

    return with_pandas


### END HIDDEN
# --- 3: trust, customer by customer --------------------------------------------------------------


@profile.visible
def _(answer, meridian):
    columns = profile.answer.read(answer)
    terms = [columns[name] for name in trust.TERMS]
    for name, column in zip(trust.TERMS, terms, strict=True):
        if any(not 1 <= value <= 5 for value in column.values()):
            raise Wrong(f"A mean of answers from 1 to 5 lies between 1 and 5; look at {name!r}.")
    for who, score in columns["trust"].items():
        c, r, i, s = (column[who] for column in terms)
        if abs(score - (c + r + i) / s) > 1e-6 * score:
            raise Wrong(
                f"At customer {who} the trust score isn't (credibility + reliability + intimacy) ÷ "
                "self-orientation of your own four columns."
            )


@profile.misconception(
    "Your terms are plain means: items 03 and 08 were not turned round. Look at the column `reverse` "
    "of TRUST_ITEMS."
)
def _(meridian):
    as_told = TRUST_ITEMS.assign(reverse=False)
    terms = trust.score_items(meridian.surveys.set_index("customer_id"), as_told).dropna()
    return terms.assign(trust=terms.iloc[:, :3].sum(axis=1) / terms["self_orientation"])


### BEGIN HIDDEN
def terms_of(meridian, turned=("trust_03", "trust_08"), answered=2, blank=None):
    """The four terms and the score, by hand: at least `answered` of three items."""
    people = meridian.surveys.set_index("customer_id").filter(like="trust_")
    if blank is not None:
        people = people.fillna(blank)
    people = people.assign(**{item: 6 - people[item] for item in turned})
    terms = {}
    for number, term in enumerate(trust.TERMS):
        three = people.iloc[:, 3 * number : 3 * number + 3]
        terms[term] = three.mean(axis=1).where(three.notna().sum(axis=1) >= answered)
    table = pd.DataFrame(terms).dropna()
    table["trust"] = table[list(trust.TERMS[:3])].sum(axis=1) / table["self_orientation"]
    return table


@profile.reference
def _(meridian):
    return terms_of(meridian)


@profile.misconception(
    "You turned items 10 to 12 round as well. Agreeing with them already means more self-orientation, "
    "which is what their term is called; `reverse` is False there."
)
def _(meridian):
    return terms_of(meridian, ("trust_03", "trust_08", "trust_10", "trust_11", "trust_12"))


@profile.misconception(
    "You left out everybody with a single blank. A term needs only two of its three answers; drop those "
    "who lack a whole term.",
    earns=1,
)
def _(meridian):
    return terms_of(meridian, answered=3)


@profile.misconception(
    "A term counts although only one of its three answers was given. At least half are needed, so two; "
    "who has fewer lacks that term.",
    earns=1,
)
def _(meridian):
    return terms_of(meridian, answered=1)


@profile.misconception("A blank was counted as 0. Leave it out of the mean of its term.")
def _(meridian):
    return terms_of(meridian, blank=0)


@profile.misconception("A blank was counted as a 3. Leave it out of the mean of its term.")
def _(meridian):
    return terms_of(meridian, blank=3)


@profile.misconception(
    "Your score divides the mean of the first three terms by self-orientation; the trust equation "
    "takes their sum."
)
def _(meridian):
    table = terms_of(meridian)
    return table.assign(trust=table["trust"] / 3)


@profile.other_way
def _(meridian):
    """As the chapter does, with the customer as a column."""
    answers = meridian.surveys.set_index("customer_id")
    terms = trust.score_items(answers, TRUST_ITEMS, scale=(1, 5)).dropna()
    terms["trust"] = trust.trust_score(*[terms[t] for t in trust.TERMS], scale=(1, 5))
    return terms.reset_index().sample(frac=1, random_state=4)


### END HIDDEN
# --- 4: four programmes --------------------------------------------------------------------------


@gains.visible
def _(answer, meridian):
    changes = gains.answer.read(answer)[""]
    if set(changes) != set(PROGRAMMES):
        raise Wrong(f"The four entries are called {', '.join(PROGRAMMES)}.")
    if any(change < 0 for change in changes.values()):
        raise Wrong(
            "Every programme raises the score. Where the change is negative, self-orientation went up "
            "instead of down, or the two means are the wrong way round."
        )


### BEGIN HIDDEN
def after(table, term, by, low=1, high=5):
    """The terms when one of them has moved, and cannot leave the scale."""
    return table.assign(**{term: (table[term] + by).clip(low, high)})


def score_of(table):
    return (table["credibility"] + table["reliability"] + table["intimacy"]) / table[
        "self_orientation"
    ]


@gains.reference
def _(meridian):
    now = terms_of(meridian)
    new = {name: score_of(after(now, *change)).mean() for name, change in PROGRAMMES.items()}
    return pd.Series(new) - score_of(now).mean()


@gains.misconception(
    "These are the new mean scores; the task asks by how much each differs from today's."
)
def _(meridian):
    now = terms_of(meridian)
    return {name: score_of(after(now, *change)).mean() for name, change in PROGRAMMES.items()}


@gains.misconception(
    "You put the four average ratings into the equation. A ratio of means isn't the mean of the ratios: "
    "give every customer a new score first, then take the mean."
)
def _(meridian):
    now = terms_of(meridian)
    means = {name: after(now, *change).mean() for name, change in PROGRAMMES.items()}
    return {name: score_of(mean) - score_of(now.mean()) for name, mean in means.items()}


@gains.misconception(
    "You moved the four average ratings and put them into the equation. Every customer has a rating of "
    "their own: new scores first, then the mean, and nobody leaves the scale."
)
def _(meridian):
    now = terms_of(meridian).mean()
    moved = {
        name: now + pd.Series({t: by}).reindex(now.index).fillna(0)
        for name, (t, by) in PROGRAMMES.items()
    }
    return {name: score_of(mean) - score_of(now) for name, mean in moved.items()}


@gains.misconception(
    "Somebody left the scale: a rating of 4.8 can't rise by half a point, and self-orientation can't "
    "fall below 1.",
    earns=1,
)
def _(meridian):
    now = terms_of(meridian)
    free = {"low": -np.inf, "high": np.inf}
    new = {name: score_of(after(now, *to, **free)).mean() for name, to in PROGRAMMES.items()}
    return pd.Series(new) - score_of(now).mean()


@gains.misconception("Self-orientation went up; without commission it falls by a quarter point.")
def _(meridian):
    now = terms_of(meridian)
    new = {
        name: score_of(after(now, term, abs(by))).mean() for name, (term, by) in PROGRAMMES.items()
    }
    return pd.Series(new) - score_of(now).mean()


@gains.misconception(
    "Self-orientation fell by half a point like the others rose; this programme moves it by a quarter only."
)
def _(meridian):
    now = terms_of(meridian)
    steps = {name: (term, math.copysign(0.5, by)) for name, (term, by) in PROGRAMMES.items()}
    new = {name: score_of(after(now, *step)).mean() for name, step in steps.items()}
    return pd.Series(new) - score_of(now).mean()


@gains.other_way
def _(meridian):
    """Customer by customer, in plain Python, with the package's scores."""
    answers = meridian.surveys.set_index("customer_id")
    rows = trust.score_items(answers, TRUST_ITEMS).dropna().to_dict("records")
    changes = {}
    for name, (term, by) in PROGRAMMES.items():
        total = 0.0
        for row in rows:
            new = dict(row)
            new[term] = min(max(row[term] + by, 1), 5)
            before, then = (trust.trust_score(**r, scale=(1, 5)) for r in (row, new))
            total += then - before
        changes[name] = total / len(rows)
    return changes


### END HIDDEN
# --- 5: Cronbach's alpha -------------------------------------------------------------------------

AGREE = [[1, 1], [3, 3], [5, 5]]
UNRELATED = [[1, 1], [1, 5], [5, 1], [5, 5]]
ONE_BLANK = [[1, 1], [3, 3], [None, 4], [5, 5]]


@alpha.inputs
def _(meridian):
    return [(AGREE,), (UNRELATED,), (ONE_BLANK,), ([[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]],)]


@alpha.visible
def _(answer, meridian):
    if abs(answer(AGREE) - 0.5) < 1e-9 and abs(answer(UNRELATED)) < 1e-9:
        raise Wrong(
            "Two items that always agree have an alpha of 1, and you get half of it: the factor "
            "k / (k − 1) is missing."
        )
    if abs(answer(AGREE) - 0.5) < 1e-9 or answer(AGREE) > 1 + 1e-9:
        raise Wrong(
            f"Two items that always agree have an alpha of 1: {AGREE}. Did you mix two kinds of "
            "variance? NumPy divides by n, pandas by n − 1; take the same for the items and for their sum."
        )
    if abs(answer(AGREE) - 1) > 1e-9:
        raise Wrong(f"Two items that always agree have an alpha of 1: {AGREE}.")
    if abs(answer(UNRELATED)) > 1e-9:
        raise Wrong(f"Two items that have nothing in common have an alpha of 0: {UNRELATED}.")
    if abs(answer(ONE_BLANK) - 1) > 1e-9:
        raise Wrong(
            "Whoever left an item blank is left out altogether, so these two items still agree and "
            f"their alpha is 1: {ONE_BLANK}."
        )


### BEGIN HIDDEN
@alpha.hidden_inputs
def _(meridian):
    answers = meridian.surveys.filter(like="trust_")
    turned = answers.assign(trust_03=6 - answers["trust_03"], trust_08=6 - answers["trust_08"])
    blocks = [turned.iloc[:, :3], answers.iloc[:, :3], turned.iloc[:, 3:6], turned]
    tables = [b.head(150).astype(object).where(b.notna(), None).to_numpy().tolist() for b in blocks]
    small = [
        [2, 3, None, 4],
        [4, 4, 5, 5],
        [1, 2, 1, 1],
        [5, 4, 5, 4],
        [None, 1, 5, 2],
        [3, 2, 2, 4],
    ]
    return [(small,), *[(table,) for table in tables]]


def parts_of(answers):
    """Variances of the items and of the total, number of items, number of people."""
    complete = np.array([row for row in answers if None not in row], dtype=float)
    people, k = complete.shape
    return complete.var(axis=0, ddof=1), complete.sum(axis=1).var(ddof=1), k, people


@alpha.reference
def _(meridian):
    def by_definition(answers):
        items, total, k, _ = parts_of(answers)
        return k / (k - 1) * (1 - items.sum() / total)

    return by_definition


@alpha.misconception("The factor k / (k − 1) is missing, with k the number of items.")
def _(meridian):
    def without_factor(answers):
        items, total, _, _ = parts_of(answers)
        return 1 - items.sum() / total

    return without_factor


@alpha.misconception(
    "The factor is k / (k − 1) with k the number of items; you took the number of respondents."
)
def _(meridian):
    def with_people(answers):
        items, total, _, people = parts_of(answers)
        return people / (people - 1) * (1 - items.sum() / total)

    return with_people


@alpha.misconception("Alpha compares variances; you used standard deviations.")
def _(meridian):
    def with_deviations(answers):
        items, total, k, _ = parts_of(answers)
        return k / (k - 1) * (1 - np.sqrt(items).sum() / np.sqrt(total))

    return with_deviations


@alpha.misconception(
    "The variances of the items were divided by n and that of the sum by n − 1 (NumPy and pandas differ "
    "in this). Either is fine, but take the same for both."
)
def _(meridian):
    def mixed(answers):
        items, total, k, people = parts_of(answers)
        return k / (k - 1) * (1 - items.sum() * (people - 1) / people / total)

    return mixed


@alpha.misconception(
    "The variances of the items were divided by n − 1 and that of the sum by n (pandas and NumPy differ "
    "in this). Either is fine, but take the same for both."
)
def _(meridian):
    def mixed(answers):
        items, total, k, people = parts_of(answers)
        return k / (k - 1) * (1 - items.sum() * people / (people - 1) / total)

    return mixed


@alpha.misconception(
    "The blanks got in: pandas takes the sum of what is there, so that who skipped an item has a smaller "
    "total. Leave out every respondent with a blank first.",
    earns=1.5,
)
def _(meridian):
    def with_blanks(answers):
        table = pd.DataFrame(answers).astype(float)
        k = table.shape[1]
        return k / (k - 1) * (1 - table.var().sum() / table.sum(axis=1).var())

    return with_blanks


@alpha.misconception("The blanks were counted as 0. Leave out every respondent with a blank.")
def _(meridian):
    def with_zeros(answers):
        table = pd.DataFrame(answers).astype(float).fillna(0)
        k = table.shape[1]
        return k / (k - 1) * (1 - table.var().sum() / table.sum(axis=1).var())

    return with_zeros


@alpha.misconception(
    "For the total you took the mean of the items; the formula has the variance of their sum."
)
def _(meridian):
    def with_mean(answers):
        items, total, k, _ = parts_of(answers)
        return k / (k - 1) * (1 - items.sum() / (total / k**2))

    return with_mean


@alpha.other_way
def _(meridian):
    def from_covariances(answers):
        matrix = pd.DataFrame(answers).astype(float).dropna().cov().to_numpy()
        k = len(matrix)
        return k / (k - 1) * (1 - matrix.trace() / matrix.sum())

    return from_covariances


@alpha.other_way
def _(meridian):
    import statistics

    def without_libraries(answers):
        rows = [row for row in answers if all(a is not None for a in row)]
        items = sum(statistics.pvariance(column) for column in zip(*rows, strict=True))
        total = statistics.pvariance([sum(row) for row in rows])
        k = len(rows[0])
        return k / (k - 1) * (1 - items / total)

    return without_libraries


### END HIDDEN
# --- 6: the trust tax ----------------------------------------------------------------------------


@net_saving.visible
def _(answer, meridian):
    if answer < 0:
        raise Wrong(
            "A negative number says that Ada's plan would lose money. Before you tell her: 0.5 % is "
            "0.005, and what is saved is today's cost less tomorrow's."
        )
    if answer > 2.7 * len(meridian.transactions):
        raise Wrong(
            "That is more than checking every order of four years costs. A check and its delay come to "
            "€2.70; how many of them fall away in one year?"
        )


### BEGIN HIDDEN
def saving(orders, now=0.55, then=0.85, check=1.80, wait=0.90, fraud=0.005, amount="revenue"):
    more = then - now
    return more * (len(orders) * (check + wait) - fraud * orders[amount].sum())


def online(meridian, years=True, channels=("web", "app")):
    every = meridian.transactions
    chosen = every["channel"].isin(channels)
    if years:
        chosen &= every["date"] > meridian.today - YEAR
    return every[chosen]


@net_saving.reference
def _(meridian):
    return saving(online(meridian))


@net_saving.misconception(
    "That is before fraud. What goes through unchecked costs something too, when it should not have "
    "been trusted: take off what is lost in addition.",
    earns=1,
)
def _(meridian):
    return saving(online(meridian), fraud=0)


@net_saving.misconception("Half a percent is 0.005; you took half of the revenue.")
def _(meridian):
    return saving(online(meridian), fraud=0.5)


@net_saving.misconception("You counted the orders of four years; the task asks for the past year.")
def _(meridian):
    return saving(online(meridian, years=False))


@net_saving.misconception("Only orders through the web and the app are checked in this way.")
def _(meridian):
    return saving(online(meridian, channels=("web", "app", "store", "call centre")))


@net_saving.misconception("The app is missing: the checks are made on web and app orders.")
def _(meridian):
    return saving(online(meridian, channels=("web",)))


@net_saving.misconception(
    "You left out what waiting costs: each checked order is held up for a day."
)
def _(meridian):
    return saving(online(meridian), wait=0)


@net_saving.misconception(
    "That is as if nobody were trusted today. More than half of the orders already go through: what "
    "counts is the change from 0.55 to 0.85."
)
def _(meridian):
    return saving(online(meridian), now=0)


@net_saving.misconception(
    "You took off the fraud on everything that will go through unchecked. Part of it is lost today as "
    "well; only what comes on top counts."
)
def _(meridian):
    orders = online(meridian)
    return saving(orders, fraud=0) - 0.85 * 0.005 * orders["revenue"].sum()


@net_saving.misconception(
    "That is what checks, waiting and fraud would still cost at a trust of 0.85; the task asks what is saved."
)
def _(meridian):
    orders = online(meridian)
    return 0.15 * len(orders) * 2.70 + 0.85 * 0.005 * orders["revenue"].sum()


@net_saving.misconception(
    "Fraud takes the whole order: half a percent of the revenue is lost, not of the margin."
)
def _(meridian):
    return saving(online(meridian), amount="margin")


@net_saving.other_way
def _(meridian):
    """Two years side by side, with the package's trust tax."""
    orders = meridian.transactions.query("channel in ['web', 'app']")
    orders = orders.set_index("date").sort_index().loc["2024-12-31":]
    costs = trust.trust_tax([0.55, 0.85], checking_cost=1.8, delay_days=1, cost_per_day=0.9)
    lost = pd.Series([0.55, 0.85]) * 0.005 * orders["revenue"].sum()
    yearly = costs["total"] * orders.shape[0] + lost
    return yearly[0] - yearly[1]


### END HIDDEN
# --- 7: an answer to each breach -----------------------------------------------------------------


@package.visible
def _(answer, meridian):
    if set(package.answer.read(answer)[""]) != set(SCARS):
        raise Wrong(f"The three entries are called {', '.join(SCARS)}.")


@package.misconception(
    "Nothing is the cheapest to buy. But as long as customers trust less, they cost Meridian something "
    "with every good experience that is still needed; that belongs to the bill."
)
def _(meridian):
    return dict.fromkeys(SCARS, "nothing")


@package.misconception(
    "Proof every time is the quickest way back, but not always the cheapest. Weigh its price against "
    "what it saves, and count each affected customer once, however often she ordered."
)
def _(meridian):
    return dict.fromkeys(SCARS, "proof")


### BEGIN HIDDEN
def affected(meridian):
    """How many customers each breach has hit."""
    hit = {}
    for breach, (channel, day) in BREACHES.items():
        since = meridian.transactions[meridian.transactions["date"] >= day]
        hit[breach] = since.loc[since["channel"] == channel, "customer_id"].nunique()
    return hit


def bills(meridian, wary=6.0, never=math.inf, once=True):
    """€ by package (rows) and breach (columns)."""
    table = pd.DataFrame(index=list(PACKAGES), columns=list(SCARS), dtype=float)
    for breach, n in affected(meridian).items():
        times = 1 if once else n
        price = {"nothing": 0, "apology": 2 * n, "amends": 5 * n + 350 * times}
        price["proof"] = price["amends"] + 2000 * times
        model = trust.TrustDynamics(scar=SCARS[breach])
        for name, remedies in PACKAGES.items():
            needed = model.periods_to_recover(0.75, remedies)
            waiting = never if math.isinf(needed) else n * wary * needed
            table.loc[name, breach] = price[name] + waiting
    return table


@package.reference
def _(meridian):
    return bills(meridian).idxmin()


@package.misconception(
    "You chose the cheapest to buy of those that bring trust back at all. The good experiences that are "
    "still needed cost €6 each as well, and a package shortens them."
)
def _(meridian):
    return bills(meridian, wary=0).idxmin()


@package.misconception(
    "“Never” isn't free. Where trust doesn't come back (inf), the waiting has no end, and neither has "
    "the bill.",
    earns=1,
)
def _(meridian):
    return bills(meridian, never=0).idxmin()


@package.misconception(
    "After deceit neither words nor money bring trust back to where it was: the ceiling has dropped "
    "below it, and only proof lifts the ceiling."
)
def _(meridian):
    return {**bills(meridian).idxmin(), "deceit": "amends"}


@package.misconception(
    "The €350 and the €2,350 are paid once, not for every customer: the more are affected, the less "
    "they weigh."
)
def _(meridian):
    return bills(meridian, once=False).idxmin()


@package.other_way
def _(meridian):
    """By living through it: good experiences one by one, at most 200."""
    best = {}
    for breach, (channel, day) in BREACHES.items():
        who = set()
        for order in meridian.transactions.itertuples():
            if order.channel == channel and order.date >= pd.Timestamp(day):
                who.add(order.customer_id)
        totals = {}
        for name, remedies in PACKAGES.items():
            events = ["breach", *remedies]
            model = trust.TrustDynamics(scar=SCARS[breach])
            path = model.run([*events, *["good"] * 200], start=0.75)["trust"].to_numpy()
            back = path[len(events) :] >= 0.75 - 1e-12
            waiting = int(back.argmax()) if back.any() else math.inf
            each = 6 * waiting + 2 * ("apology" in remedies) + 3 * ("amends" in remedies)
            extra = 350 * ("amends" in remedies) + 2000 * ("proof" in remedies)
            totals[name] = len(who) * each + extra
        best[breach] = min(totals, key=totals.get)
    return best


### END HIDDEN
# --- 8: what the reminder must achieve -----------------------------------------------------------


@to_keep.visible
def _(answer, meridian):
    if answer == 0:
        raise Wrong(
            "Then the reminder would cost nothing, or nobody would be asleep. Whether a member sleeps is "
            "judged by the orders of the past year, not of all years."
        )
    if answer > meridian.memberships["end"].isna().sum():
        raise Wrong(
            "That is more members than the Trail Club has. The task asks for a number of members, not "
            "of euros: what the reminder costs, divided by what one awake member is worth a year."
        )


### BEGIN HIDDEN
def club(meridian):
    """Running memberships: start, whether the member ordered in the past year, margin of that year."""
    every = meridian.transactions
    year = every[every["date"] > meridian.today - YEAR].groupby("customer_id")["margin"].sum()
    members = meridian.memberships[meridian.memberships["end"].isna()].set_index("customer_id")
    old = members["start"] <= meridian.today - YEAR
    awake = members.index.isin(year.index)
    return pd.DataFrame({"old": old, "awake": awake, "margin": year.reindex(members.index)})


def break_even(asleep, margin, cancel=0.35, back=0.15, worth=None):
    return asleep * (cancel * 49 - back * margin) / (49 + margin if worth is None else worth)


@to_keep.reference
def _(meridian):
    members = club(meridian)
    return break_even((members["old"] & ~members["awake"]).sum(), members["margin"].mean())


@to_keep.misconception(
    "You left out those who wake up: some of the sleeping members buy again, and their margin comes off "
    "the cost.",
    earns=1,
)
def _(meridian):
    members = club(meridian)
    asleep = (members["old"] & ~members["awake"]).sum()
    return break_even(asleep, members["margin"].mean(), back=0)


@to_keep.misconception(
    "An awake member who stays brings more than the fee: the margin of a year's orders belongs to what "
    "you divide by."
)
def _(meridian):
    members = club(meridian)
    asleep = (members["old"] & ~members["awake"]).sum()
    return break_even(asleep, members["margin"].mean(), worth=49)


@to_keep.misconception(
    "You divided by the margin alone; an awake member who stays also pays the fee."
)
def _(meridian):
    members = club(meridian)
    margin = members["margin"].mean()
    return break_even((members["old"] & ~members["awake"]).sum(), margin, worth=margin)


@to_keep.misconception(
    "You count members as asleep who joined within the past year; they have not had a year to sleep."
)
def _(meridian):
    members = club(meridian)
    return break_even((~members["awake"]).sum(), members["margin"].mean())


@to_keep.misconception(
    "You count memberships that have already ended. Only running ones, without an end, can be reminded."
)
def _(meridian):
    orders, members = meridian.transactions, meridian.memberships
    recent = orders[orders["date"] > meridian.today - YEAR]
    old = members[members["start"] <= meridian.today - YEAR]
    asleep = (~old["customer_id"].isin(recent["customer_id"])).sum()
    return break_even(asleep, club(meridian)["margin"].mean())


@to_keep.misconception(
    "The margin is that of awake members in the past year; you took the mean of all active customers, "
    "members or not."
)
def _(meridian):
    members, orders = club(meridian), meridian.transactions
    recent = orders[orders["date"] > meridian.today - YEAR]
    margin = recent["margin"].sum() / recent["customer_id"].nunique()
    return break_even((members["old"] & ~members["awake"]).sum(), margin)


@to_keep.misconception(
    "You took the margin of one order; an awake member places several orders a year. Add them up first."
)
def _(meridian):
    members, orders = club(meridian), meridian.transactions
    awake = members.index[members["awake"]]
    recent = orders[(orders["date"] > meridian.today - YEAR) & orders["customer_id"].isin(awake)]
    return break_even((members["old"] & ~members["awake"]).sum(), recent["margin"].mean())


@to_keep.misconception(
    "You took the margin of awake members over all years; what counts is one year, like the fee."
)
def _(meridian):
    members, orders = club(meridian), meridian.transactions
    awake = members.index[members["awake"]]
    ever = orders.loc[orders["customer_id"].isin(awake), "margin"].sum() / len(awake)
    return break_even((members["old"] & ~members["awake"]).sum(), ever)


@to_keep.other_way
def _(meridian):
    """As the chapter does, from weeks since the last order."""
    memberships, orders = meridian.memberships, meridian.transactions
    running = memberships[memberships["end"].isna()]
    last = orders.groupby("customer_id")["date"].max()
    weeks = (meridian.today - running["customer_id"].map(last)).dt.days / 7
    asleep = ((weeks >= 52) & (running["start"] <= meridian.today - YEAR)).sum()
    awake = running.loc[weeks < 52, "customer_id"]
    last_year = orders["date"] > meridian.today - YEAR
    margin = orders.loc[last_year & orders["customer_id"].isin(awake), "margin"].sum() / len(awake)
    return float(asleep * (21 / 60 * 49 - 9 / 60 * margin) / (49 + margin))


### END HIDDEN
