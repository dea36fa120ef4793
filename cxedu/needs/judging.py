"""How good recommendations are: ratings held out, and what is found again among them."""

from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.needs.inputs import keys, stars_of


def split_ratings(
    ratings: pd.DataFrame, random_state: int, share: float = 0.2, at_least: int = 5
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split ratings into those to learn from and those held out to judge by.

    Parameters
    ----------
    ratings : DataFrame with customer_id, product_id, rating
        At most one row per customer and product.
    random_state : int, at least 0
        Seed of the choice.
    share : float, 0 to 1, both excluded
        Probability that a rating is held out.
    at_least : int, at least 2
        Only of customers with so many ratings anything is held out; one rating each always stays.

    Returns
    -------
    (DataFrame, DataFrame)
        Rows of `ratings` to learn from, and rows held out.

    Raises
    ------
    ValueError
        If a column is missing, a rating is no finite number, or a customer rated a product twice.

    Notes
    -----
    Each rating of a customer with ≥ at_least ratings is held out with probability share, all but one. The
    rule is our own.

    Examples
    --------
    >>> ratings = pd.DataFrame({"customer_id": [1] * 8 + [2], "product_id": [*range(8), 0], "rating": 4})
    >>> train, test = split_ratings(ratings, random_state=1, share=0.5)
    >>> len(train) + len(test), set(test["customer_id"])
    (9, {1})
    """
    stars_of("ratings", ratings)
    rng = np.random.default_rng(validate.whole("random_state", random_state, 0, 2**32 - 1))
    part = validate.number("share", share, 0, 1, low_open=True, high_open=True)
    minimum = validate.whole("at_least", at_least, 2)
    count = ratings.groupby("customer_id", sort=False)["rating"].transform("size").to_numpy()
    luck = pd.Series(rng.random(len(ratings)), index=np.arange(len(ratings)))
    stays = luck.groupby(ratings["customer_id"].to_numpy(), sort=False).transform("max") == luck
    out = ((luck < part) & ~stays).to_numpy() & (count >= minimum)
    return ratings[~out], ratings[out]


def recommendation_quality(
    recommended: pd.DataFrame, held_out: pd.DataFrame, n: int = 10, liked: float | None = None
) -> pd.Series:
    """Precision, recall and hit rate at n: do the recommended products occur among those held out?

    Parameters
    ----------
    recommended : DataFrame with customer_id, rank, product_id
        From `recommend`.
    held_out : DataFrame with customer_id, product_id, rating
        From `split_ratings`.
    n : int, at least 1
        How many recommendations count, by rank.
    liked : float, optional
        Only products held out with at least so many stars are right; all of them by default.

    Returns
    -------
    Series
        precision (right ÷ n), recall (right ÷ held out) and hit_rate (share of customers with at least one
        right), each a mean over the customers with something held out; and customers, how many these are.

    Raises
    ------
    ValueError
        If a column is missing, or nothing is left to be found.

    Notes
    -----
    Herlocker, Konstan, Terveen & Riedl (2004). Measured against what somebody chose anyway: a recommendation
    that is wrong here may still have been welcome.

    Examples
    --------
    >>> recommended = pd.DataFrame({"customer_id": [1, 1, 2, 2], "rank": [1, 2, 1, 2],
    ...                             "product_id": [10, 11, 10, 11]})
    >>> held_out = pd.DataFrame({"customer_id": [1, 1, 2], "product_id": [11, 12, 13], "rating": [5, 4, 4]})
    >>> recommendation_quality(recommended, held_out, n=2).to_dict()
    {'precision': 0.25, 'recall': 0.25, 'hit_rate': 0.5, 'customers': 2.0}
    """
    validate.frame("recommended", recommended, ["customer_id", "rank", "product_id"], empty=True)
    stars = stars_of("held_out", held_out)
    top = validate.whole("n", n, 1)
    wanted = held_out[["customer_id", "product_id"]]
    if liked is not None:
        wanted = wanted[stars >= validate.number("liked", liked)]
        if wanted.empty:
            raise ValueError(f"held_out has no rating of at least {liked:g}; nothing can be found.")
    keys("recommended['customer_id']", recommended["customer_id"], empty=True)
    keys("recommended['product_id']", recommended["product_id"], empty=True)
    ranks = validate.vector("recommended['rank']", recommended["rank"], 1, empty=True)
    shown = set(
        zip(
            recommended["customer_id"][ranks <= top],
            recommended["product_id"][ranks <= top],
            strict=True,
        )
    )
    right = [
        pair in shown for pair in zip(wanted["customer_id"], wanted["product_id"], strict=True)
    ]
    by = pd.Series(right, dtype=float).groupby(wanted["customer_id"].to_numpy(), sort=False)
    found = by.sum()
    return pd.Series(
        {
            "precision": float(found.mean() / top),
            "recall": float(by.mean().mean()),
            "hit_rate": float((found > 0).mean()),
            "customers": float(len(found)),
        }
    )


def rmse(predicted: Any, actual: Any) -> float:
    """Root mean squared error of predictions.

    Parameters
    ----------
    predicted, actual : n numbers, the same unit
        Two Series must have the same index.

    Returns
    -------
    float
        √(mean of squared differences), in that unit; 0 if all predictions are right.

    Raises
    ------
    ValueError
        If the lengths or rows differ or a value is not finite.

    Notes
    -----
    √(Σ (predicted − actual)² / n), by which the Netflix Prize was awarded (Bennett & Lanning 2007).

    Examples
    --------
    >>> rmse([3, 4, 5], [4, 4, 3])
    1.2909944487358056
    """
    told, right = validate.vector("predicted", predicted), validate.vector("actual", actual)
    validate.same_length(predicted=told, actual=right)
    validate.broadcastable(predicted=predicted, actual=actual)
    worst = float(np.abs(told - right).max())
    if not np.isfinite(worst):
        raise ValueError("predicted and actual lie too far apart; their difference is not finite.")
    return worst * float(np.sqrt(np.mean(((told - right) / worst) ** 2))) if worst > 0 else 0.0
