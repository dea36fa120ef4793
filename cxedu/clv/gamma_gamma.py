"""Gamma-gamma: how much customers spend per order (Fader & Hardie 2013)."""

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from cxedu.clv.fitting import Model, dot, maximise
from cxedu.clv.inputs import aligned, check_counts, check_weights, collapse, like, spread
from cxedu.validate import LARGEST, flag, floats, generator, same_length, vector


class GammaGamma(Model):
    """The gamma-gamma model of spend per order.

    A customer's orders vary as a gamma with shape p and rate ν around their own mean p/ν; over
    customers ν is gamma with shape q and rate γ. Spend doesn't depend on how often a customer
    buys: `diagnostics_` says when the data contradict that.

    f(z̄ | x) = Γ(px+q) / (Γ(px) Γ(q)) · γ^q z̄^(px−1) x^(px) / (γ + x z̄)^(px+q)

    Attributes
    ----------
    params_ : dict
        `p`, `q`, `gamma` (`gamma` in the unit of money).

    References
    ----------
    Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary value
    (brucehardie.com/notes/025), eq. 1a and 5.

    Examples
    --------
    Customers of the online shop CDNOW (the note's estimates):

    >>> model = GammaGamma.from_params(p=6.25, q=3.74, gamma=15.44)
    >>> round(model.expected_spend(0, 0), 2)  # nothing known: the mean of all customers
    35.22
    >>> round(model.expected_spend(1, 100), 2)  # one order of 100: pulled towards that mean
    80.26
    """

    names = ("p", "q", "gamma")
    fit_example = "fit(frequency, monetary_value)"

    def fit(self, frequency: Any, monetary_value: Any, weights: Any = None) -> Self:
        """Fit by maximum likelihood to the customers who bought again.

        Parameters
        ----------
        frequency : array of shape (n,)
            Orders that `monetary_value` is the mean of: repeat purchases. (With the first order
            included the estimates for CDNOW change a lot: first orders differ from later ones.)
        monetary_value : array of shape (n,)
            Mean spend per repeat order, in money; greater than 0 where frequency is. Rows with
            frequency 0 take no part, whatever stands there.
        weights : array of shape (n,), optional
            How many customers each row stands for; 1 if not given.

        Returns
        -------
        self
            With `params_`, `log_likelihood_` and `diagnostics_`. Standard errors are NaN, and
            `diagnostics_.messages` says why, where the data leave a parameter undetermined.

        Raises
        ------
        ValueError
            For a mean spend of 0 or less among repeat buyers: a gamma has none. Such orders are
            gifts or returns (CDNOW has some first orders of 0): decide what they are, and leave
            them out before you average.

        Examples
        --------
        >>> truth = GammaGamma.from_params(p=6.25, q=3.74, gamma=15.44)
        >>> orders = np.random.default_rng(1).integers(1, 6, 5000)
        >>> model = GammaGamma().fit(orders, truth.simulate(orders, rng=2))
        >>> round(model.expected_spend(0, 0))  # 35 in truth
        35
        """
        aligned(frequency=frequency, monetary_value=monetary_value)
        x = vector("frequency", frequency, 0)
        check_counts(x)
        money = _money(monetary_value)
        same_length(frequency=x, monetary_value=money)
        w = check_weights(weights, x.size)
        check_money(x, money)
        keep = (x > 0) & (w > 0)
        if not keep.any():
            raise ValueError(
                "frequency is 0 for every customer; spend is learned from repeat purchases."
            )
        x, money, w = x[keep], money[keep], w[keep]
        if np.ptp(money) == 0:
            raise ValueError(
                f"monetary_value is {money[0]:g} for every repeat buyer; without differences "
                "there is no distribution of spend to learn."
            )
        correlation = _correlation(x, money, w)
        (x, money), w = collapse([x, money], w)
        n = float(w.sum())
        scale = float(w @ money) / n
        z = money / scale
        log_scale = float(np.log(scale))
        counts, index = np.unique(x, return_inverse=True)
        tally = np.bincount(index, weights=w)
        log_z, log_sum = dot(w, np.log(z)), dot(w, x * np.log(x * z))

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            p, q, g = np.exp(theta)
            total = g + x * z
            log_total = np.log(total)
            px = p * counts
            value = tally @ (gammaln(px + q) - gammaln(px)) - n * (gammaln(q) - q * np.log(g))
            value += p * log_sum - log_z - dot(w, (p * x + q) * log_total)
            slope = digamma(px + q)
            gradient = np.array(
                [
                    tally @ (counts * (slope - digamma(px))) + log_sum - dot(w, x * log_total),
                    tally @ slope + n * (np.log(g) - digamma(q)) - dot(w, log_total),
                    n * q / g - dot(w, (p * x + q) / total),
                ]
            )
            return value / n, gradient * np.array([p, q, g]) / n

        best = maximise(objective, np.log(np.array([4.0, 4.0, 0.75])), n)
        if not best.converged:
            other = maximise(objective, np.log(np.array([1.0, 1.5, 0.5])), n)
            best = max(best, other, key=lambda o: (o.converged, o.value))
        self._store(
            best,
            np.array([0.0, 0.0, log_scale]),
            n * (best.value - log_scale),
            n,
            x.size,
            {"frequency_spend_correlation": correlation},
        )
        if self.params_["q"] <= 1:
            self._doubt(
                f"q is {self.params_['q']:.3g}, at most 1: spend has no finite mean over customers."
            )
        if abs(correlation) > 0.2 and abs(correlation) * np.sqrt(n) > 3:
            self._doubt(
                f"Frequency and spend correlate ({correlation:+.2f}), but the model takes them as "
                "independent: lifetime values built on both will be biased."
            )
        return self

    def expected_spend(self, frequency: Any, monetary_value: Any) -> Any:
        """Expected mean spend per order of a customer, given what was seen.

        E = p (γ + x z̄) / (p x + q − 1): a weighted mean of the customer's average and that of
        all customers, p γ / (q − 1), which the customer without a repeat order gets.

        Parameters
        ----------
        frequency : number or array of shape (n,)
            Repeat orders x.
        monetary_value : number or array of shape (n,)
            Mean spend z̄ per repeat order; ignored where frequency is 0.

        Returns
        -------
        float, array or Series, like the input
            Money per order.

        Raises
        ------
        ValueError
            If q is so small that the mean isn't finite (q ≤ 1 for a customer without repeat
            orders).
        """
        p, q, gamma = self.params_.values()
        aligned(frequency=frequency, monetary_value=monetary_value)
        x, money = vector("frequency", frequency, 0), _money(monetary_value)
        check_counts(x)
        x, money = spread(frequency=x, monetary_value=money)
        check_money(x, money)
        below = p * x + q - 1
        bad = np.flatnonzero(below <= 0)
        if bad.size:
            raise ValueError(
                f"q is {q:.3g}; with frequency[{bad[0]}] = {x[bad[0]]:g} expected spend isn't "
                "finite, it needs p·frequency + q greater than 1."
            )
        seen = np.where(x > 0, x * np.where(x > 0, money, 0), 0)
        return like(p * (gamma + seen) / below, frequency, monetary_value)

    def simulate(self, frequency: Any, rng: Any, *, truth: bool = False) -> Any:
        """Draw each customer's mean spend per repeat order.

        Parameters
        ----------
        frequency : array of shape (n,)
            Repeat orders of each customer, as drawn by `BetaGeoNBD.simulate`, say.
        rng : numpy.random.Generator or int
            Source of randomness (or its seed).
        truth : bool
            Also return what nobody would see.

        Returns
        -------
        Series, or (Series, DataFrame) with `truth=True`
            monetary_value (0 where frequency is 0), and the customer's true mean, spend_mean.

        Raises
        ------
        ValueError
            If a frequency isn't a whole number from 0.

        Examples
        --------
        >>> model = GammaGamma.from_params(p=6.25, q=3.74, gamma=15.44)
        >>> model.simulate([0, 2, 5], rng=1).gt(0).tolist()
        [False, True, True]
        """
        p, q, gamma = self.params_.values()
        rng = generator("rng", rng)
        x = vector("frequency", frequency, 0)
        check_counts(x)
        index = frequency.index if isinstance(frequency, pd.Series) else pd.RangeIndex(x.size)
        rate = rng.gamma(q, 1 / gamma, x.size)
        money = np.zeros(x.size)
        some = x > 0
        money[some] = rng.gamma(p * x[some]) / (rate[some] * x[some])
        money[some] = np.maximum(money[some], np.finfo(float).tiny)
        seen = pd.Series(money, index=index, name="monetary_value")
        return (
            (seen, pd.DataFrame({"spend_mean": p / rate}, index=index))
            if flag("truth", truth)
            else seen
        )


def _money(values: Any) -> np.ndarray:
    """Mean spend; NaN stands for “no repeat order” in some tables and is then ignored."""
    try:
        array = np.atleast_1d(floats(values))
    except TypeError:
        array = vector("monetary_value", values)
    if array.ndim != 1 or array.size == 0:
        return vector("monetary_value", values)
    return array


def check_money(x: np.ndarray, money: np.ndarray) -> None:
    """Repeat buyers have a positive mean spend."""
    bad = np.flatnonzero((x > 0) & ~((money > 0) & (money <= LARGEST)))
    if bad.size:
        i = bad[0]
        raise ValueError(
            f"monetary_value[{i}] is {money[i]:g} with frequency[{i}] = {x[i]:g}; repeat buyers "
            "must have a mean spend greater than 0: leave gifts and returns out of the average."
        )


def _correlation(x: np.ndarray, money: np.ndarray, w: np.ndarray) -> float:
    """Weighted correlation of repeat orders and mean spend; 0 if either is constant."""
    dx = x - np.average(x, weights=w)
    dm = money - np.average(money, weights=w)
    spread_ = np.sqrt((w @ dx**2) * (w @ dm**2))
    return float((w * dx) @ dm / spread_) if spread_ > 0 else 0.0
