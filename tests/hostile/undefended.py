"""What succeeds, and is known to: with what it earns."""

from cxedu.world import World
from hostile import PS, Attempt, Submission, instead


def typed_in(s: Submission) -> None:
    """Somebody who knows how computes the numbers for this student's company."""
    orders = World.for_student(s.student, PS).transactions
    revenue = orders.groupby("category", observed=True)["revenue"].sum()
    shares = {str(k): float(v) for k, v in (revenue / revenue.sum()).items()}
    instead(1, f"mean_margin = {float(orders['margin'].mean())!r}")(s)
    instead(2, f"by_category = {shares!r}")(s)


ATTEMPTS = [
    Attempt(
        "friend",
        "types in numbers that a friend has computed for this student's company",
        typed_in,
        "They are right, so they count. Ask for the code, or ask the student.",
    ),
    Attempt(
        "library-in-advance",
        "reads what its function will be called with, asks cxedu beforehand, and returns what it noted, "
        "where the task asks for the student's own code",
        instead(
            3,
            """
import os, pickle
from cxedu.value import margin_multiple as theirs

asked = pickle.loads(open(os.environ["CXEDU_QUESTIONS"], "rb").read())["ps90.3"][0]
known = {tuple(call): float(theirs(*call)) for call in asked}

def margin_multiple(retention, discount):
    return known[retention, discount]
""",
        ),
        "Only calls while the function runs are noticed. It stands in the notebook for all to see.",
    ),
]
