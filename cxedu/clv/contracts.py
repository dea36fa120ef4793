"""Shifted-beta-geometric: customers who renew a contract or don't (Fader & Hardie 2007)."""

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import betaln, digamma, hyp2f1

from cxedu.clv.fitting import FLAT, Model, maximise
from cxedu.clv.inputs import like
from cxedu.validate import flag, generator, number, vector, whole


class ShiftedBetaGeometric(Model):
    """The shifted-beta-geometric model of contract renewal.

    At the end of each period a customer leaves with their own constant probability θ; over
    customers θ is beta with parameters α and β. Retention of the cohort rises with time although
    nobody's own does: those who leave easily have left.

    S(t) = B(α, β+t) / B(α, β); retention r(t) = (β+t−1) / (α+β+t−1).

    Attributes
    ----------
    params_ : dict
        `alpha`, `beta`.

    References
    ----------
    Fader, P. S. and Hardie, B. G. S. (2007). How to project customer retention. Journal of
    Interactive Marketing 21(1), 76–90, eq. 5–8.

    Examples
    --------
    The paper's “Regular” customers, in percent after 0, 1 … 7 years:

    >>> survivors = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
    >>> model = ShiftedBetaGeometric().fit(survivors)
    >>> {name: round(value, 3) for name, value in model.params_.items()}
    {'alpha': 0.704, 'beta': 1.182}
    >>> round(model.survival(12), 3)
    0.17
    >>> round(model.retention(1), 3), round(model.retention(8), 3)
    (0.627, 0.921)
    """

    names = ("alpha", "beta")
    fit_example = "fit(survivors)"

    def fit(self, survivors: Any, customers: float | None = None) -> Self:
        """Fit by maximum likelihood to the survivors of one cohort.

        Parameters
        ----------
        survivors : array of shape (periods + 1,)
            Customers left after 0, 1, 2 … renewals: counts, shares or percentages; never rising,
            at least two renewals.
        customers : float, optional
            How many customers the first entry stands for, if `survivors` are shares or
            percentages. Without it they are taken as counts: the estimates are the same, the
            standard errors and the log-likelihood are not.

        Returns
        -------
        self
            With `params_`, `log_likelihood_` and `diagnostics_`. Standard errors are NaN, and
            `diagnostics_.messages` says why, where the data leave a parameter undetermined.

        Raises
        ------
        ValueError
            If survivors rise, start at 0, cover fewer than two renewals, or nobody left.
        """
        left = vector("survivors", survivors, 0)
        if left.size < 3:
            raise ValueError(
                f"survivors has {left.size} values; two parameters need at least 3: the start and "
                "two renewals."
            )
        if left[0] <= 0:
            raise ValueError("survivors[0] is 0; there must be customers to begin with.")
        rising = np.flatnonzero(np.diff(left) > 0)
        if rising.size:
            i = rising[0] + 1
            raise ValueError(
                f"survivors[{i}] is {left[i]:g}, more than the {left[i - 1]:g} before; customers "
                "of one cohort can only become fewer."
            )
        if left[-1] == left[0]:
            raise ValueError(
                f"survivors stay at {left[0]:g}; without anybody leaving there is no churn to learn."
            )
        uncounted = customers is None and left[0] in (1, 100) and (left % 1 != 0).any()
        if customers is not None:
            left = left * (number("customers", customers, 0, low_open=True) / left[0])
        n, lost, last = float(left[0]), -np.diff(left), float(left[-1])
        t = np.arange(1, left.size)

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            a, b = np.exp(theta)
            value = lost @ betaln(a + 1, b + t - 1) + last * betaln(a, b + t[-1])
            value -= n * betaln(a, b)
            end, both = digamma(a + b + t), digamma(a + b)
            in_a = lost @ (digamma(a + 1) - end) + last * (digamma(a) - end[-1])
            in_b = lost @ (digamma(b + t - 1) - end) + last * (digamma(b + t[-1]) - end[-1])
            gradient = np.array([in_a - n * (digamma(a) - both), in_b - n * (digamma(b) - both)])
            return value / n, gradient * np.array([a, b]) / n

        churn = min(max(lost[0] / n, 1e-3), 1 - 1e-3)
        best = maximise(objective, np.log(np.array([2 * churn, 2 * (1 - churn)])), n)
        self._store(best, np.zeros(2), n * best.value, n, left.size)
        if uncounted:
            self._doubt(
                f"survivors look like {'percentages' if left[0] == 100 else 'shares'}: the "
                "standard errors are right only if you give the number of customers."
            )
        errors = self.summary()["standard_error"].to_numpy() / np.exp(best.theta)
        flat = np.isnan(errors) | (errors > FLAT)
        if (best.theta > 3).all() and flat.all():
            self._doubt(
                "The churn rate hardly differs between customers: only alpha/(alpha+beta) is "
                "determined, a constant retention rate would do."
            )
        return self

    def survival(self, t: Any) -> Any:
        """The share of customers left after `t` renewals, S(t) = B(α, β+t) / B(α, β).

        Parameters
        ----------
        t : number or array of shape (n,)
            Renewals, at least 0.

        Returns
        -------
        float, array or Series, like the input

        Raises
        ------
        ValueError
            If `t` is negative.
        """
        alpha, beta = self.params_.values()
        times = vector("t", t, 0)
        return like(np.exp(betaln(alpha, beta + times) - betaln(alpha, beta)), t)

    def retention(self, t: Any) -> Any:
        """The share that renews for the t-th time among those who could, S(t) / S(t−1).

        Parameters
        ----------
        t : number or array of shape (n,)
            Which renewal, from 1.

        Returns
        -------
        float, array or Series, like the input

        Raises
        ------
        ValueError
            If `t` is below 1.
        """
        alpha, beta = self.params_.values()
        times = vector("t", t, 1)
        return like((beta + times - 1) / (alpha + beta + times - 1), t)

    def expected_residual_lifetime(self, discount: float, renewals: Any = 0) -> Any:
        """Discounted expected residual lifetime (DERL), in periods that are still to be paid.

        We stand just before the next renewal decision of a customer who has renewed `renewals`
        times. If they renew, the first payment comes now and isn't discounted:

        DERL = Σ over j ≥ 0 of S(k+1+j)/S(k) / (1+d)^j
        = (β+k)/(α+β+k) · ₂F₁(1, β+k+1; α+β+k+1; 1/(1+d)), with k renewals so far.

        Times the contribution margin per period it is the residual lifetime value. A new customer
        who pays now is worth 1 + DERL(0)/(1+d) margins: that payment and what follows.

        Parameters
        ----------
        discount : float
            Discount rate d per contract period (annual for yearly contracts), greater than 0.
        renewals : number or array of shape (n,)
            Renewals so far, k.

        Returns
        -------
        float, array or Series, like the input

        Raises
        ------
        ValueError
            If `discount` isn't greater than 0 or `renewals` is negative.

        References
        ----------
        Fader, P. S. and Hardie, B. G. S. (2010). Customer-base valuation in a contractual setting:
        the perils of ignoring heterogeneity. Marketing Science 29(1), 85–93, eq. 7 (their n is
        `renewals` + 1).

        Examples
        --------
        >>> model = ShiftedBetaGeometric.from_params(alpha=0.704, beta=1.182)
        >>> round(model.expected_residual_lifetime(0.10), 2)  # hardly anybody known yet
        2.96
        >>> round(model.expected_residual_lifetime(0.10, renewals=4), 2)
        5.89
        """
        alpha, beta = self.params_.values()
        d = number("discount", discount, 0, low_open=True)
        if 1 + d == 1:
            raise ValueError(f"discount is {d:g}; it must be large enough to make a difference.")
        k = vector("renewals", renewals, 0)
        stay = (beta + k) / (alpha + beta + k)
        return like(stay * hyp2f1(1, beta + k + 1, alpha + beta + k + 1, 1 / (1 + d)), renewals)

    def simulate(self, n: int, T: int, rng: Any, *, truth: bool = False) -> Any:
        """Draw one cohort.

        Parameters
        ----------
        n : int
            Customers at the start.
        T : int
            Renewals to follow them for.
        rng : numpy.random.Generator or int
            Source of randomness (or its seed).
        truth : bool
            Also return what nobody would see.

        Returns
        -------
        array of shape (T + 1,), or (array, DataFrame) with `truth=True`
            Survivors after 0, 1 … T renewals, and each customer's churn_probability and renewals
            (up to T; how often they renewed before they left).

        Raises
        ------
        ValueError
            If `n` or `T` isn't a whole number from 1.

        Examples
        --------
        >>> model = ShiftedBetaGeometric.from_params(alpha=0.704, beta=1.182)
        >>> model.simulate(100_000, 2, rng=1) / 100_000  # near the shares that survive
        array([1.     , 0.62505, 0.47201])
        """
        alpha, beta = self.params_.values()
        n, T, rng = whole("n", n, 1), whole("T", T, 1), generator("rng", rng)
        churn = rng.beta(alpha, beta, n)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            renewed = np.floor(-rng.standard_exponential(n) / np.log1p(-churn))
        renewed = np.minimum(np.nan_to_num(renewed, nan=np.inf, posinf=np.inf), T).astype(np.int64)
        survivors = n - np.concatenate([[0], np.cumsum(np.bincount(renewed, minlength=T)[:T])])
        index = pd.RangeIndex(1, n + 1, name="customer_id")
        hidden = pd.DataFrame({"churn_probability": churn, "renewals": renewed}, index=index)
        return (survivors, hidden) if flag("truth", truth) else survivors
