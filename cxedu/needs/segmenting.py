"""Segments by k-means, and how many of them the data speak for."""

from collections.abc import Iterable
from functools import cache
from typing import Literal, Self

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import ThreadpoolController

from cxedu import validate
from cxedu.needs.inputs import fitted, matrix, wholes

_SILHOUETTE_ROWS = 2000  # the silhouette compares every pair: more rows are sampled down to this


class NeedsSegmentation:
    """Segments by k-means: everybody belongs to the nearest of k mean profiles.

    Parameters
    ----------
    n_segments : int, at least 1
        How many segments (k).
    random_state : int, at least 0
        Seed of the starting points. The same seed and rows give the same segments, in any order of rows.
    n_starts : int, at least 1
        The best of so many starts is kept.

    Attributes
    ----------
    labels_ : Series of int
        Segment of each row of the fitted profile, 0 to k − 1; 0 is the largest.
    centers_ : DataFrame, k × columns
        Mean profile of each segment.
    within_ : float
        Sum of squared distances of the rows to the mean profile of their segment.
    explained_ : float
        1 − within ÷ total sum of squares, 0 to 1 (1 if all rows are equal).

    Raises
    ------
    ValueError
        If a parameter is out of range; from `fit`, if the profile has other than finite numbers or fewer
        different rows than segments.

    Notes
    -----
    The profiles minimise within = Σ over rows of the squared distance to the nearest of them, by Lloyd's
    algorithm with k-means++ starts from scikit-learn (Lloyd 1982; Arthur & Vassilvitskii 2007).
    k-means looks for round segments of similar size; it always finds k, whether there are any or not.

    Examples
    --------
    >>> profile = pd.DataFrame({"speed": [2, 2, 1, -2, -2], "comfort": [-2, -1, -1, 2, 1]})
    >>> model = NeedsSegmentation(2, random_state=0).fit(profile)
    >>> model.labels_.tolist()
    [0, 0, 0, 1, 1]
    >>> model.centers_.loc[1].round(2).tolist()
    [-2.0, 1.5]
    >>> model.predict(pd.DataFrame({"speed": [-1.0], "comfort": [0.0]})).tolist()
    [1]
    """

    labels_: pd.Series
    centers_: pd.DataFrame
    within_: float
    explained_: float

    def __init__(self, n_segments: int = 4, random_state: int = 0, n_starts: int = 10) -> None:
        self.n_segments = validate.whole("n_segments", n_segments, 1)
        self.random_state = validate.whole("random_state", random_state, 0, 2**32 - 1)
        self.n_starts = validate.whole("n_starts", n_starts, 1)

    def __repr__(self) -> str:
        return f"NeedsSegmentation(n_segments={self.n_segments}, random_state={self.random_state})"

    def fit(self, profile: pd.DataFrame) -> Self:
        """Find the segments of a profile.

        Parameters
        ----------
        profile : DataFrame of numbers, one row per customer
            What customers are told apart by, such as `needs_profile` makes it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a number isn't finite, or fewer rows differ than there are segments.
        """
        values = matrix("profile", profile)
        # In a fixed order of rows, so that the order in which they come changes nothing.
        order = np.lexsort(values.T[::-1])
        with _threads().limit(limits=1):
            model = _kmeans(
                "n_segments", values[order], self.n_segments, self.random_state, self.n_starts
            )
        found = np.empty(len(values), dtype=np.int64)
        found[order] = model.labels_
        size = np.bincount(found, minlength=self.n_segments)
        # The largest first; of equal ones the one with the higher centre in the first column.
        rank = np.lexsort((*-np.round(model.cluster_centers_, 9).T[::-1], -size))
        place = np.argsort(rank)
        self.labels_ = pd.Series(place[found], index=profile.index, name="segment")
        self.centers_ = pd.DataFrame(
            model.cluster_centers_[rank],
            columns=profile.columns,
            index=pd.RangeIndex(self.n_segments, name="segment"),
        )
        self.within_ = float(model.inertia_)
        total = float(((values - values.mean(axis=0)) ** 2).sum())
        self.explained_ = 1 - self.within_ / total if total > 0 else 1.0
        return self

    def predict(self, profile: pd.DataFrame) -> pd.Series:
        """Return the segment of each row of a profile: that of the nearest mean profile.

        Parameters
        ----------
        profile : DataFrame of numbers
            With the columns of the fitted one.

        Returns
        -------
        Series of int, same index

        Raises
        ------
        ValueError
            If a column is missing, a number isn't finite, or `fit` has not been called.
        """
        fitted(self, "centers_")
        validate.frame("profile", profile, self.centers_.columns)
        values = matrix("profile", profile[list(self.centers_.columns)])
        centers = self.centers_.to_numpy()
        distance = (values**2).sum(axis=1)[:, None] - 2 * values @ centers.T
        distance += (centers**2).sum(axis=1)
        return pd.Series(distance.argmin(axis=1), index=profile.index, name="segment")


def choose_segments(
    profile: pd.DataFrame,
    numbers: Iterable[int] = range(1, 9),
    random_state: int = 0,
    n_references: int = 20,
    n_starts: int = 10,
) -> pd.DataFrame:
    """What speaks for which number of segments: elbow, silhouette and gap statistic.

    Parameters
    ----------
    profile : DataFrame of numbers, n rows
        Such as from `needs_profile`.
    numbers : list of int, at least 1 and below n
        Numbers of segments to compare.
    random_state : int, at least 0
        Seed of starts, samples and reference data.
    n_references : int, at least 2
        Data sets without segments with which the gap statistic compares.
    n_starts : int, at least 1
        Starts of k-means for each number.

    Returns
    -------
    DataFrame, one row per number of segments, ascending
        within (sum of squares in the segments: look for the elbow), explained (0 to 1), silhouette (−1 to 1,
        high is good; NaN where it is not defined: for one segment, or where the rows it is taken over all
        fall into one or each into its own), gap (high is good) and gap_error (its standard error, s_k).

    Raises
    ------
    ValueError
        If a number of segments is not below the number of different rows, or another argument is off.

    Notes
    -----
    Silhouette: Rousseeuw (1987), mean over all rows, or over a sample of 2,000 if there are more. Gap:
    Tibshirani, Walther & Hastie (2001): mean of log W of data drawn uniformly over the box of the principal
    components, less log W of the profile; s_k = sd × √(1 + 1 ÷ references).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> centres = np.repeat([[0, 0], [6, 0], [0, 6]], 30, axis=0)
    >>> profile = pd.DataFrame(centres + rng.standard_normal((90, 2)), columns=["speed", "comfort"])
    >>> table = choose_segments(profile, range(1, 6))
    >>> int(table["silhouette"].idxmax()), suggest_segments(table)
    (3, 3)
    """
    values = matrix("profile", profile)
    values = values[np.lexsort(values.T[::-1])]
    wanted = wholes("numbers", numbers, 1)
    seed = validate.whole("random_state", random_state, 0, 2**32 - 1)
    references = validate.whole("n_references", n_references, 2)
    starts = validate.whole("n_starts", n_starts, 1)
    if wanted[-1] >= len(values):
        raise ValueError(f"numbers has {wanted[-1]}; it must be below the {len(values)} rows.")
    rng = np.random.default_rng(seed)
    mean = values.mean(axis=0)
    _, _, axes = np.linalg.svd(values - mean, full_matrices=False)
    rotated = (values - mean) @ axes.T
    low, high = rotated.min(axis=0), rotated.max(axis=0)
    boxes = [low + (high - low) * rng.random(rotated.shape) for _ in range(references)]
    total = float((rotated**2).sum())
    rows = []
    for k in wanted:
        with _threads().limit(limits=1):
            model = _kmeans("numbers", values, k, seed, starts)
            boxed = [_kmeans("numbers", box, k, seed, 1).inertia_ for box in boxes]
        within = float(model.inertia_)
        if within <= 1e-12 * total:
            raise ValueError(
                f"profile falls into {k} segments without any rest; give fewer numbers."
            )
        logs = np.log(boxed)
        silhouette = np.nan
        if k > 1:
            pick = np.arange(len(values))
            if len(values) > _SILHOUETTE_ROWS:
                pick = np.random.default_rng(seed).choice(pick, _SILHOUETTE_ROWS, replace=False)
            if 2 <= np.unique(model.labels_[pick]).size < pick.size:
                silhouette = float(silhouette_score(values[pick], model.labels_[pick]))
        error = float(np.std(logs) * np.sqrt(1 + 1 / references))
        gap = float(np.mean(logs) - np.log(within))
        rows.append((within, 1 - within / total, silhouette, gap, error))
    names = ["within", "explained", "silhouette", "gap", "gap_error"]
    return pd.DataFrame(rows, columns=names, index=pd.Index(wanted, name="segments"))


def suggest_segments(table: pd.DataFrame, rule: Literal["gap", "silhouette"] = "gap") -> int:
    """The number of segments that a rule takes from the table of `choose_segments`.

    Parameters
    ----------
    table : DataFrame
        From `choose_segments`.
    rule : {"gap", "silhouette"}
        "gap": the smallest k with gap(k) ≥ gap(k′) − s(k′), k′ the next number in the table, or else the last.
        "silhouette": the k with the highest mean silhouette.

    Returns
    -------
    int
        A suggestion. Whether a segment can be reached and served differently is not in the data.

    Raises
    ------
    ValueError
        If the table has other columns, or no silhouette.

    Notes
    -----
    The smallest k with gap(k) ≥ gap(k′) − s(k′): Tibshirani, Walther & Hastie (2001), step 3. The largest mean
    silhouette: Rousseeuw (1987).

    Examples
    --------
    >>> table = pd.DataFrame({"silhouette": [float("nan"), 0.3, 0.5], "gap": [0.2, 0.5, 0.45],
    ...                       "gap_error": [0.02, 0.02, 0.02]}, index=[1, 2, 3])
    >>> suggest_segments(table), suggest_segments(table, "silhouette")
    (2, 3)
    """
    validate.choice("rule", rule, ["gap", "silhouette"])
    if rule == "silhouette":
        column = validate.frame("table", table, ["silhouette"])["silhouette"].dropna()
        if column.empty:
            raise ValueError("table has no silhouette; compare at least two numbers of segments.")
        values = validate.vector("silhouette", column, -1, 1)
        return validate.whole("table.index", column.index[int(values.argmax())], 1)
    validate.frame("table", table, ["gap", "gap_error"])
    gap, error = (validate.vector(name, table[name]) for name in ("gap", "gap_error"))
    stop = np.append(gap[:-1] >= gap[1:] - error[1:], True)
    return validate.whole("table.index", table.index[int(stop.argmax())], 1)


@cache
def _threads() -> ThreadpoolController:
    """Tables of this size are clustered faster by one thread than by several that wait for each other."""
    return ThreadpoolController()


def _kmeans(name: str, values: np.ndarray, k: int, seed: int, starts: int) -> KMeans:
    different = len(np.unique(values, axis=0))
    if k > different:
        raise ValueError(
            f"{name} is {k}; it must be at most {different}, the different rows of profile."
        )
    return KMeans(k, n_init=starts, random_state=seed).fit(values)
