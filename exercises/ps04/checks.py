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
