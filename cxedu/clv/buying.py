"""What BG/NBD and Pareto/NBD have in common: purchases that end without a word."""

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from cxedu.clv.fitting import Curvature, Model, Objective, maximise
from cxedu.clv.inputs import Histories, collapse, histories, horizon_of, like, one_history
from cxedu.validate import flag, generator, vector, whole

# Above this many different rows the search begins on a part of them.
MANY = 40_000


class BuyTillYouDie(Model):
    """Repeat purchases at a rate λ until the customer silently leaves."""

    fit_example = "fit(frequency, recency, T)"
    time_params: tuple[str, ...]  # parameters that carry the unit of time
    dropout_params: tuple[str, str]  # mean nothing when nobody ever leaves

    # --- what each model supplies -------------------------------------------------------------
    def _functions(self, data: Histories) -> tuple[Objective, Curvature | None]:
        """The log-likelihood of these customers, and its Hessian if there is a formula."""
        raise NotImplementedError

    def _start(self, rate: float) -> np.ndarray:
        raise NotImplementedError

    def _alive(self, x: np.ndarray, tx: np.ndarray, T: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _future(self, t: np.ndarray, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Expected purchases in the next t of a customer known to be alive at age T."""
        raise NotImplementedError

    def _draw(self, n: int, T: np.ndarray, rng: np.random.Generator) -> tuple[Any, ...]:
        raise NotImplementedError

    # --- what users call ----------------------------------------------------------------------
    def fit(self, frequency: Any, recency: Any, T: Any, weights: Any = None) -> Self:
        """Fit by maximum likelihood.

        Parameters
        ----------
        frequency : array of shape (n,)
            Repeat purchases x of each customer (the first purchase isn't counted).
        recency : array of shape (n,)
            Age t_x at the last purchase: time from the first purchase to the last; 0 if x = 0.
        T : array of shape (n,)
            Age at the end of the observation, in the same unit as `recency`.
        weights : array of shape (n,), optional
            How many customers each row stands for; 1 if not given.

        Returns
        -------
        self
            With `params_`, `log_likelihood_` and `diagnostics_`. Read `diagnostics_.messages`
            before you believe the estimates. Standard errors are NaN, and a message says why,
            where the data leave a parameter undetermined.

        Raises
        ------
        ValueError
            For numbers that can't be a history, if nobody bought again, or if all T are 0.

        Examples
        --------
        >>> from cxedu.clv import BetaGeoNBD
        >>> truth = BetaGeoNBD.from_params(r=0.25, alpha=4.0, a=0.8, b=2.5)
        >>> seen = truth.simulate(5000, 52, rng=1)
        >>> model = BetaGeoNBD().fit(seen["frequency"], seen["recency"], seen["T"])
        >>> {name: round(value, 2) for name, value in model.params_.items()}
        {'r': 0.25, 'alpha': 3.88, 'a': 0.78, 'b': 2.32}
        """
        data = histories(frequency, recency, T, weights)
        n = float(data.weights.sum())
        purchases = float(data.weights @ data.x)
        scale = float(data.weights @ data.T) / n
        data = data.scaled(scale)
        objective, curvature = self._functions(data)
        coarse = None
        if data.x.size > MANY:
            coarse = self._functions(data.every(data.x.size // (MANY // 4)))[0]
        start = self._start(purchases / n)
        best = maximise(objective, start, n, curvature, coarse)
        if not best.converged:
            for shift in (1.5, -1.5):
                other = maximise(objective, start + shift, n, curvature)
                if (other.converged, other.value) > (best.converged, best.value):
                    best = other
        log_scale = np.array([np.log(scale) if k in self.time_params else 0 for k in self.names])
        log_likelihood = n * best.value - purchases * np.log(scale)
        self._store(best, log_scale, log_likelihood, n, data.x.size)
        self._doubt_dropout(data, best.theta, best.value, n)
        if self.params_["r"] > 50:
            self._doubt(
                f"r is {self.params_['r']:,.0f}: customers hardly differ in how often they buy, "
                "and only r/alpha, the rate they share, is determined."
            )
        return self

    def _doubt_dropout(self, data: Histories, theta: np.ndarray, value: float, n: float) -> None:
        """Compare with the model in which nobody ever leaves, where the fit comes near it."""
        errors = self._log_errors
        if errors is None or (np.isfinite(errors).all() and (errors < 1).all()):
            return
        limit = maximise(_nobody_leaves(data), theta[:2], n)
        if n * (value - limit.value) < 1.92:  # half the 95 % point of χ² with one degree
            self._doubt(
                f"No dropout is seen in the data: the model without any fits as well, and "
                f"{' and '.join(self.dropout_params)} mean nothing by themselves."
            )

    def log_likelihood(self, frequency: Any, recency: Any, T: Any, weights: Any = None) -> float:
        """The log-likelihood of (other) customers under these parameters.

        Use it to compare models on customers that neither has seen.

        Parameters
        ----------
        frequency, recency, T, weights : array of shape (n,)
            As those of `fit`.

        Returns
        -------
        float
            Natural logarithm, summed over customers.

        Raises
        ------
        ValueError
            For numbers that can't be a history.

        Examples
        --------
        >>> from cxedu.clv import BetaGeoNBD
        >>> model = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> round(model.log_likelihood([2, 0], [30.43, 0], [38.86, 38.86]), 3)
        -10.013
        """
        theta = np.log(np.array(list(self.params_.values())))
        data = histories(frequency, recency, T, weights)
        return float(self._functions(data)[0](theta)[0] * data.weights.sum())

    def probability_alive(self, frequency: Any, recency: Any, T: Any) -> Any:
        """The probability that a customer with this history is still a customer.

        Parameters
        ----------
        frequency, recency, T : number or array of shape (n,)
            Repeat purchases, age at the last purchase, age now (see `fit`).

        Returns
        -------
        float, array or Series, like the input
            Between 0 and 1.

        Raises
        ------
        ValueError
            For numbers that can't be a history, or if lengths differ.
        """
        self.params_  # noqa: B018  an unfitted model says so before anything else
        (x, tx, age), given = one_history(frequency, recency, T)
        return like(self._alive(x, tx, age), *given)

    def expected_purchases(
        self, t: Any, frequency: Any = None, recency: Any = None, T: Any = None
    ) -> Any:
        """Expected purchases in a time span of length `t`.

        With `t` alone: repeat purchases of a new customer in the time `t` after the first
        purchase. With a history: purchases in the time `t` after now, that is, in (T, T + t].

        Parameters
        ----------
        t : number or array of shape (n,)
            Length of the time span, in the unit the model was fitted in.
        frequency, recency, T : number or array of shape (n,), optional
            The history (all three or none; see `fit`).

        Returns
        -------
        float, array or Series, like the input
            Expected number of purchases.

        Raises
        ------
        ValueError
            For numbers that can't be a history, a part of one, or a negative `t`.
        """
        self.params_  # noqa: B018
        given = [v is not None for v in (frequency, recency, T)]
        if not any(given):
            ahead = horizon_of(t)
            nothing = np.zeros(ahead.size)
            return like(self._future(ahead, nothing, nothing), t)
        if not all(given):
            raise ValueError(
                "a history needs frequency, recency and T together; leave out all three for a "
                "new customer."
            )
        (ahead, x, tx, age), inputs = one_history(frequency, recency, T, t=t)
        return like(self._alive(x, tx, age) * self._future(ahead, x, age), *inputs)

    def simulate(self, n: int, T: Any, rng: Any, *, truth: bool = False) -> Any:
        """Draw customers from the model.

        Parameters
        ----------
        n : int
            Number of customers.
        T : number or array of shape (n,)
            Age of each at the end of the observation; customers need not start together.
        rng : numpy.random.Generator or int
            Source of randomness (or its seed).
        truth : bool
            Also return what nobody would see.

        Returns
        -------
        DataFrame, or (DataFrame, DataFrame) with `truth=True`
            The history (frequency, recency, T), and each customer's truth: purchase_rate (per
            unit of time), the dropout parameter of the model, alive at T.

        Raises
        ------
        ValueError
            If `n` isn't a whole number from 1, or T is negative or of another length.

        Examples
        --------
        >>> from cxedu.clv import BetaGeoNBD
        >>> model = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> seen, hidden = model.simulate(1000, 39, rng=1, truth=True)
        >>> list(seen), list(hidden)
        (['frequency', 'recency', 'T'], ['purchase_rate', 'dropout_probability', 'alive'])
        """
        self.params_  # noqa: B018
        n = whole("n", n, 1)
        age = vector("T", T, 0)
        if age.size not in (1, n):
            raise ValueError(f"T has {age.size} values; it must have 1 or n, which is {n}.")
        ages = np.broadcast_to(age, n)
        x, tx, hidden = self._draw(n, ages, generator("rng", rng))
        index = pd.RangeIndex(1, n + 1, name="customer_id")
        seen = pd.DataFrame(
            {"frequency": x.astype(np.int64), "recency": np.minimum(tx, ages), "T": ages},
            index=index,
        )
        return (seen, pd.DataFrame(hidden, index=index)) if flag("truth", truth) else seen


def _nobody_leaves(data: Histories) -> Objective:
    """The negative binomial model: gamma rates, no dropout. Only x and T count."""
    (x, T), w = collapse([data.x, data.T], data.weights)
    n = w.sum()

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha = np.exp(theta)
        log_age = np.log(alpha + T)
        value = w @ (gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * log_age)
        in_r = w @ (digamma(r + x) - digamma(r) + np.log(alpha) - log_age)
        in_alpha = w @ (r / alpha - (r + x) / (alpha + T))
        return value / n, np.array([r * in_r, alpha * in_alpha]) / n

    return objective
