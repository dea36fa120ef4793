"""Community knowledge: products from the ratings of everybody, or of people like you."""

from collections.abc import Iterable
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse

from cxedu import validate
from cxedu.needs.inputs import fitted, keys, sorted_codes, stars_of

_CELLS = 4_000_000  # pairs of customers compared at once: bounds the memory


class _Recommender:
    """What both recommenders share: the ratings as two sparse tables, customers × products."""

    products_: pd.DataFrame
    _rated: sparse.csr_array  # 1 where there is a rating
    _stars: sparse.csr_array
    _who: pd.Index
    _what: pd.Index
    _means: np.ndarray

    def fit(self, ratings: pd.DataFrame) -> Self:
        """Learn from ratings.

        Parameters
        ----------
        ratings : DataFrame with customer_id, product_id, rating
            At most one row per pair.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column is missing, a rating is no finite number, or a customer rated a product twice.
        """
        stars = stars_of("ratings", ratings)
        row, who = sorted_codes("customer_id", ratings["customer_id"])
        column, what = sorted_codes("product_id", ratings["product_id"])
        shape = (len(who), len(what))
        self._who, self._what = who, what
        self._rated = sparse.csr_array((np.ones(len(stars)), (row, column)), shape=shape)
        self._stars = sparse.csr_array((stars, (row, column)), shape=shape)
        self._range = (stars.min(), stars.max())
        count = np.bincount(column, minlength=shape[1])
        self._means = np.bincount(column, weights=stars, minlength=shape[1]) / count
        self._overall = float(stars.mean())
        order = np.argsort(-count, kind="stable")
        self.products_ = pd.DataFrame(
            {"count": count[order], "mean": self._means[order]},
            index=pd.Index(self._what[order], name="product_id"),
        )
        self._learn()
        return self

    def _learn(self) -> None:
        """What a recommender needs beyond the two tables."""

    def recommend(self, customers: Iterable[Any], n: int = 10) -> pd.DataFrame:
        """Return the n products with the highest score of those that the customer hasn't rated.

        Parameters
        ----------
        customers : sequence of customer ids
            Known or not.
        n : int, at least 1
            How many products each.

        Returns
        -------
        DataFrame
            customer_id, rank (from 1), product_id and score; fewer rows for whoever has rated nearly
            everything. Of equal scores the more popular product comes first.

        Raises
        ------
        ValueError
            If `n` is below 1, an id is no label, or `fit` has not been called.

        Examples
        --------
        >>> ratings = pd.DataFrame({"customer_id": [1, 2, 2], "product_id": [10, 10, 11], "rating": 4})
        >>> PopularityRecommender().fit(ratings).recommend([1], n=1)["product_id"].tolist()
        [11]
        """
        fitted(self, "products_")
        ids, top = keys("customers", customers), validate.whole("n", n, 1)
        rows = self._who.get_indexer(ids)
        popularity = np.asarray(self._rated.sum(axis=0))
        parts = []
        for first in range(0, len(ids), self._block()):
            own = rows[first : first + self._block()]
            score = self._scores(own)
            done = (self._rated[np.maximum(own, 0)].toarray() > 0) & (own >= 0)[:, None]
            # Popularity breaks ties: it is far below the smallest difference that means anything.
            ranked = np.where(done, -np.inf, score + 1e-12 * popularity)
            order = np.argsort(-ranked, axis=1, kind="stable")[:, :top]
            at = np.arange(len(own))[:, None]
            left = ~done[at, order]
            line, rank = np.nonzero(left)
            product = order[line, rank]
            parts.append(
                pd.DataFrame(
                    {
                        "customer_id": ids[first + line],
                        "rank": rank + 1,
                        "product_id": self._what[product],
                        "score": score[line, product],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def _block(self) -> int:
        return max(1, _CELLS // len(self._who))

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _base(self, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows and columns of the pairs (−1: unknown) and the mean stars of their products."""
        fitted(self, "products_")
        validate.frame("pairs", pairs, ["customer_id", "product_id"])
        row = self._who.get_indexer(keys("pairs['customer_id']", pairs["customer_id"]))
        column = self._what.get_indexer(keys("pairs['product_id']", pairs["product_id"]))
        return row, column, np.where(column >= 0, self._means[column], self._overall)


class PopularityRecommender(_Recommender):
    """What everybody gets: the products that most customers rated. The baseline to beat.

    `fit(ratings)` learns, `predict(pairs)` gives stars, `recommend(customers, n)` gives products.

    Parameters
    ----------
    None

    Attributes
    ----------
    products_ : DataFrame indexed by product_id
        count (ratings) and mean (stars), most rated first.

    Raises
    ------
    ValueError
        From the methods, if a table is not as described there, or `fit` has not been called.

    Notes
    -----
    score = number of ratings, whatever their stars; stars expected = Σ rating / number of ratings of the
    product. It is a baseline that is hard to beat: Cremonesi, Koren & Turrin (2010).

    Examples
    --------
    >>> ratings = pd.DataFrame({"customer_id": [1, 2, 2, 3], "product_id": [10, 10, 11, 12],
    ...                         "rating": [5, 3, 4, 2]})
    >>> model = PopularityRecommender().fit(ratings)
    >>> model.recommend([1], n=2)
       customer_id  rank  product_id  score
    0            1     1          11    1.0
    1            1     2          12    1.0
    >>> model.predict(ratings).tolist()
    [4.0, 4.0, 4.0, 2.0]
    """

    def predict(self, pairs: pd.DataFrame) -> pd.Series:
        """Return the mean stars of the product of each pair.

        Parameters
        ----------
        pairs : DataFrame with customer_id, product_id
            Customers and products, known or not.

        Returns
        -------
        Series of float, same index
            For a product without ratings the mean of all ratings.

        Raises
        ------
        ValueError
            If a column is missing or `fit` has not been called.
        """
        return pd.Series(self._base(pairs)[2], index=pairs.index, name="rating")

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        return np.tile(np.asarray(self._rated.sum(axis=0), dtype=float), (len(rows), 1))


class NeighbourRecommender(_Recommender):
    """People like you: recommendation from the ratings of the most similar customers.

    `fit(ratings)` learns, `similarity(one, other)` compares, `predict(pairs)` gives stars,
    `recommend(customers, n)` gives products.

    Parameters
    ----------
    n_neighbours : int, at least 1
        How many similar customers are asked.
    shrink : float, at least 0
        Distrust of similarities that rest on few products: each is multiplied by
        common ÷ (common + shrink). 0 trusts them all.
    against : {"product", "customer"}
        What a rating is held against. "product" (default): the mean stars of the product, so that liking
        what everybody likes makes nobody alike; only similarities above 0 count. "customer": the customer's
        mean over the products that both rated, the rule of GroupLens; opposites count as well.

    Attributes
    ----------
    products_ : DataFrame indexed by product_id
        count (ratings) and mean (stars), most rated first.

    Raises
    ------
    ValueError
        If a parameter is out of range; from the methods, if a table is not as described there, or `fit` has
        not been called.

    Notes
    -----
    With d a rating's deviation, the similarity of two customers is Σ dₐdᵦ ÷ √(Σ dₐ² Σ dᵦ²) over the products
    that both rated; for "customer" that is Pearson's correlation. The predicted stars are

        base + Σ wⱼdⱼ ÷ Σ |wⱼ|   over the most similar of those who rated the product,

    base being the product's mean or, for "customer", the own mean (Resnick, Iacovou, Suchak, Bergstrom & Riedl
    1994). They are held within the lowest and highest stars seen. Distrusting what rests on few products:
    Herlocker, Konstan, Borchers & Riedl (1999), who use another formula.

    `recommend` ranks by Σ wⱼ over those of the most similar customers who rated the product: by what people
    like you *choose*. Where ratings are not missing at random, choice says more than stars.

    Whoever is unknown or has no neighbours gets the product's mean, and the most popular products.

    Examples
    --------
    The example of the GroupLens paper: what will Ken think of message 6?

    >>> stars = {"Ken": [1, 5, None, 2, 4, None], "Lee": [4, 2, None, 5, 1, 2],
    ...          "Meg": [2, 4, 3, None, None, 5], "Nan": [2, 4, None, 5, 1, None]}
    >>> table = pd.DataFrame(stars, index=range(1, 7)).rename_axis("product_id").melt(
    ...     var_name="customer_id", value_name="rating", ignore_index=False).dropna().reset_index()
    >>> model = NeighbourRecommender(shrink=0, against="customer").fit(table)
    >>> round(model.similarity("Ken", "Lee"), 2), round(model.similarity("Ken", "Meg"), 2)
    (-0.8, 1.0)
    >>> model.predict(pd.DataFrame({"customer_id": ["Ken"], "product_id": [6]})).round(2).tolist()
    [4.56]
    """

    def __init__(
        self,
        n_neighbours: int = 40,
        shrink: float = 10.0,
        against: Literal["product", "customer"] = "product",
    ) -> None:
        self.n_neighbours = validate.whole("n_neighbours", n_neighbours, 1)
        self.shrink = validate.number("shrink", shrink, 0)
        self.against = validate.choice("against", against, ["product", "customer"])

    def _learn(self) -> None:
        own = np.asarray(self._rated.sum(axis=1))
        self._own_mean = np.asarray(self._stars.sum(axis=1)) / own
        self._off = self._stars.copy()
        self._off.data = self._stars.data - self._means[self._stars.indices]

    def similarity(self, one: Any, other: Any) -> float:
        """Return the similarity of two customers who were fitted.

        Parameters
        ----------
        one, other : customer ids
            Of the ratings that were learnt from.

        Returns
        -------
        float
            −1 to 1; 0 if they have too little in common.

        Raises
        ------
        ValueError
            If a customer is unknown or `fit` has not been called.
        """
        fitted(self, "products_")
        rows = self._who.get_indexer(keys("one", [one]).append(keys("other", [other])))
        for name, value, row in (("one", one, rows[0]), ("other", other, rows[1])):
            if row < 0:
                raise ValueError(f"{name} is {value!r}; it must be a customer with ratings.")
        return float(self._similar(rows[:1])[0][0, rows[1]])

    def predict(self, pairs: pd.DataFrame) -> pd.Series:
        """Return the stars to be expected for each pair.

        Parameters
        ----------
        pairs : DataFrame with customer_id, product_id
            Customers and products, known or not.

        Returns
        -------
        Series of float, same index

        Raises
        ------
        ValueError
            If a column is missing or `fit` has not been called.
        """
        row, column, told = self._base(pairs)
        known = np.flatnonzero((row >= 0) & (column >= 0))
        by_product = self._stars.tocsc()
        raters = self._rated.tocsc()
        starts = by_product.indptr
        everybody = np.unique(row[known])
        told = told.copy()
        for first in range(0, len(everybody), self._block()):
            block = everybody[first : first + self._block()]
            similar, means = self._similar(block)
            inside = known[np.isin(row[known], block)]
            for at, u, i in zip(
                inside, np.searchsorted(block, row[inside]), column[inside], strict=True
            ):
                span = slice(starts[i], starts[i + 1])
                who = raters.indices[span]
                weight = similar[u, who]
                keep = (weight != 0) & (who != row[at])
                if not keep.any():
                    continue
                who, weight, stars = who[keep], weight[keep], by_product.data[span][keep]
                if len(who) > self.n_neighbours:
                    most = np.argsort(-np.abs(weight), kind="stable")[: self.n_neighbours]
                    who, weight, stars = who[most], weight[most], stars[most]
                if self.against == "product":
                    base, off = self._means[i], stars - self._means[i]
                else:
                    base, off = self._own_mean[row[at]], stars - means[u, who]
                told[at] = base + weight @ off / np.abs(weight).sum()
        return pd.Series(np.clip(told, *self._range), index=pairs.index, name="rating")

    def _similar(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Similarities (rows × everybody), and everybody's mean stars over what both rated."""
        rated, values = self._rated, self._off if self.against == "product" else self._stars
        a, own = rated[rows], values[rows]
        common = (a @ rated.T).toarray()
        cross = (own @ values.T).toarray()
        left = (own.power(2) @ rated.T).toarray()
        right = (a @ values.power(2).T).toarray()
        means = np.zeros_like(common)
        if self.against == "customer":
            some = np.maximum(common, 1)
            means = (a @ values.T).toarray() / some
            mine = (own @ rated.T).toarray() / some
            cross = cross - common * mine * means
            left = left - common * mine**2
            right = right - common * means**2
        # Whoever gives all the same stars is like nobody: of that sum of squares only rounding is left.
        least = 1e-9 * max(1.0, float(np.abs(self._range).max())) ** 2
        some = (left > least) & (right > least)
        similar = np.where(some, cross / np.sqrt(np.where(some, left * right, 1)), 0.0)
        if self.against == "product":
            similar = np.maximum(similar, 0)
        similar = np.clip(similar, -1, 1) * common / np.maximum(common + self.shrink, 1)
        return np.round(similar, 12), means  # so that rounding doesn't choose between equals

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        known = np.flatnonzero(rows >= 0)
        score = np.zeros((len(rows), len(self._what)))
        if known.size:
            similar, _ = self._similar(rows[known])
            similar[np.arange(known.size), rows[known]] = 0
            near = np.maximum(similar, 0)
            if near.shape[1] > self.n_neighbours:
                edge = -np.partition(-near, self.n_neighbours - 1, axis=1)[:, self.n_neighbours - 1]
                near = np.where(near >= edge[:, None], near, 0)
            score[known] = near @ self._rated
        return score
