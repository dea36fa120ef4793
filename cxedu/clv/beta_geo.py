"""BG/NBD: customers may leave after any purchase (Fader, Hardie & Lee 2005)."""

from typing import Any

import numpy as np
from scipy.special import digamma, expit, gamma, gammaln, hyp2f1, polygamma, rgamma

from cxedu.clv.buying import BuyTillYouDie
from cxedu.clv.fitting import Curvature, Objective
from cxedu.clv.inputs import Histories

# Rows handled at a time: they stay in the processor's cache, and below 10,000 numpy's products
# use one thread (on a busy machine threads that wait for each other cost twenty times more).
BLOCK = 8192


class BetaGeoNBD(BuyTillYouDie):
    """The beta-geometric/NBD model of repeat purchases.

    While alive, a customer buys at a constant rate λ; after each repeat purchase they leave for
    ever with probability p. Over customers λ is gamma with shape r and rate α, p is beta with
    parameters a and b, and the two are independent. A customer without a repeat purchase has had
    no occasion to leave: P(alive) is 1.

    Likelihood of x repeat purchases, the last at t_x, in (0, T]:

    L = Γ(r+x) α^r / Γ(r) · B(a, b+x) / B(a, b) · (α+T)^−(r+x)
    + [x > 0] Γ(r+x) α^r / Γ(r) · B(a+1, b+x−1) / B(a, b) · (α+t_x)^−(r+x)

    Attributes
    ----------
    params_ : dict
        `r`, `alpha` (in the unit of time), `a`, `b`.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). “Counting your customers” the easy way:
    an alternative to the Pareto/NBD model. Marketing Science 24(2), 275–284, eq. 6–10.

    Examples
    --------
    Customers of the online shop CDNOW (the paper's estimates), weeks:

    >>> model = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> round(model.expected_purchases(52), 3)
    1.446
    >>> round(model.probability_alive(2, 30.43, 38.86), 3)
    0.727
    >>> round(model.expected_purchases(39, 2, 30.43, 38.86), 3)
    1.226
    >>> model.probability_alive(0, 0, 38.86)  # a one-time buyer
    1.0
    """

    names = ("r", "alpha", "a", "b")
    time_params = ("alpha",)
    dropout_params = ("a", "b")

    def _start(self, rate: float) -> np.ndarray:
        return np.log(np.array([0.5, 0.5 / rate, 0.7, 2.5]))

    def _functions(self, data: Histories) -> tuple[Objective, Curvature | None]:
        n, tally = data.weights.sum(), _Tally(data)

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            natural = np.exp(theta)
            value, gradient, _ = tally.likelihood(natural, bends=False)
            return value / n, gradient * natural / n

        def curvature(theta: np.ndarray) -> np.ndarray:
            natural = np.exp(theta)
            _, gradient, hessian = tally.likelihood(natural, bends=True)
            return (hessian * np.outer(natural, natural) + np.diag(gradient * natural)) / n

        return objective, curvature

    def _alive(self, x: np.ndarray, tx: np.ndarray, T: np.ndarray) -> np.ndarray:
        r, alpha, a, b = self.params_.values()
        repeat = x > 0
        odds = np.log(a / (b + np.where(repeat, x, 1) - 1))
        odds = odds + (r + x) * (np.log(alpha + T) - np.log(alpha + tx))
        return np.where(repeat, expit(-odds), 1.0)

    def _future(self, t: np.ndarray, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        r, alpha, a, b = self.params_.values()
        return _mean_purchases(t / (alpha + T), r + x, a, b + x)

    def _draw(self, n: int, T: np.ndarray, rng: np.random.Generator) -> tuple[Any, ...]:
        r, alpha, a, b = self.params_.values()
        rate = rng.gamma(r, 1 / alpha, n)
        dropout = rng.beta(a, b, n)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            last = np.ceil(-rng.standard_exponential(n) / np.log1p(-dropout))  # geometric
        last = np.nan_to_num(np.maximum(last, 1), nan=np.inf, posinf=np.inf)
        if rate.size and (rate * T).max() > 1e18:
            raise ValueError("T is so long that purchases can't be counted; give a shorter time.")
        would = rng.poisson(rate * T)  # purchases if nobody left
        alive = last > would
        x = np.minimum(last, would)
        # Given their number the moments of a Poisson process are uniform, sorted: the x-th of
        # them is beta, so that no single purchase has to be drawn.
        tx = np.zeros(n)
        some = x > 0
        tx[some] = T[some] * rng.beta(x[some], would[some] - x[some] + 1)
        tx[some] = np.maximum(tx[some], np.finfo(float).tiny)
        return x, tx, {"purchase_rate": rate, "dropout_probability": dropout, "alive": alive}


def _mean_purchases(tau: np.ndarray, r: np.ndarray, a: float, b: np.ndarray) -> np.ndarray:
    """E over p ~ Beta(a, b) of (1 − (1 + pτ)^−r) / p: purchases still to come if alive.

    Euler's transformation of eq. 10 of the paper: (a+b−1)/(a−1) · (1 − (1−z)^(a−1) ·
    ₂F₁(a−1, a+b−1−r; a+b−1; z)) with z = τ/(1+τ): no term grows with the number of purchases
    (r is r + x and b is b + x once there is a history).
    """
    tau, r, b = np.broadcast_arrays(tau, r, b)
    result = np.empty(tau.shape)
    soon = tau * (1 + r) < 0.1
    mixed = ~soon & (a + b < 1.05)
    rest = ~soon & ~mixed
    if soon.any():
        result[soon] = _soon(tau[soon], r[soon], a, b[soon])
    if mixed.any():  # a+b−1 near 0 or below: Beta(a, b) is a mixture of two safe ones
        t, n, c = tau[mixed], r[mixed], b[mixed]
        up, down = _mean_purchases(t, n, a + 1, c), _mean_purchases(t, n, a, c + 1)
        result[mixed] = (a * up + c * down) / (a + c)
    if rest.any():
        result[rest] = _later(tau[rest], r[rest], a, b[rest])
    return result


def _soon(tau: np.ndarray, r: np.ndarray, a: float, b: np.ndarray) -> np.ndarray:
    """The power series in τ, for a short time ahead: nothing cancels."""
    term = r * tau
    total = term.copy()
    for k in range(1, 18):
        term = -term * tau * (r + k) / (k + 1) * (a + k - 1) / (a + b + k - 1)
        total += term
    return total


def _later(tau: np.ndarray, r: np.ndarray, a: float, b: np.ndarray) -> np.ndarray:
    """The closed form."""
    if abs(a - 1) < 5e-4:  # 0/0 at a = 1: interpolate between values on both sides
        points = 1 + 1e-3 * np.array([-2.0, -1.0, 1.0, 2.0])
        result = np.zeros(tau.shape)
        for i, point in enumerate(points):
            others = np.delete(points, i)
            result += np.prod((a - others) / (point - others)) * _later(tau, r, point, b)
        return result
    z = tau / (1 + tau)
    inside = (1 + tau) ** (1 - a) * _hypergeometric(r, a, b, z)
    return np.maximum((a + b - 1) / (a - 1) * (1 - inside), 0.0)


def _hypergeometric(r: np.ndarray, a: float, b: np.ndarray, z: np.ndarray) -> np.ndarray:
    """₂F₁(a−1, a+b−1−r; a+b−1; z) for 0 ≤ z < 1, where scipy is slow or gives up too."""
    first, second, third, gap = a - 1, a + b - 1 - r, a + b - 1, r - a + 1
    result = np.empty(z.shape)
    # Far ahead (z near 1) scipy sums thousands of terms; in 1 − z a few are enough
    # (Abramowitz & Stegun 15.3.6), unless `gap` is a whole number, where two poles cancel.
    far = (z > 0.9) & (np.abs(gap) < 3) & (third < 60) & (np.abs(gap - np.round(gap)) > 0.02)
    if far.any():
        n, c, g, w, B = third[far], b[far], gap[far], 1 - z[far], second[far]
        one = gamma(g) * rgamma(c) * rgamma(r[far]) * hyp2f1(first, B, 1 - g, w)
        two = gamma(-g) * rgamma(first) * rgamma(B) * hyp2f1(c, r[far], 1 + g, w)
        two = two * w**g
        result[far] = gamma(n) * (one + two)
        far[far] = np.maximum(np.abs(one), np.abs(two)) < 20 * np.abs(one + two)
    near = ~far
    result[near] = hyp2f1(first, second[near], third[near], z[near])
    lost = ~np.isfinite(result)
    if lost.any():  # thousands of purchases: the series converges at once
        B, n, at = second[lost], third[lost], z[lost]
        term = np.ones(n.size)
        total = term.copy()
        for k in range(2000):
            term = term * (first + k) * (B + k) / ((n + k) * (k + 1)) * at
            total += term
            if (np.abs(term) <= 1e-17 * np.abs(total)).all():
                break
        result[lost] = total
    return result


class _Tally:
    """The log-likelihood with its derivatives, arranged so that little is computed twice."""

    def __init__(self, data: Histories) -> None:
        self.counts, index = np.unique(data.x, return_inverse=True)
        self.count_weights = np.bincount(index, weights=data.weights)
        self.total = data.weights.sum()
        none = data.x == 0
        self.ages, index = np.unique(data.T[none], return_inverse=True)
        self.age_weights = np.bincount(index, weights=data.weights[none])
        some = ~none
        self.x, self.tx, self.T = data.x[some], data.tx[some], data.T[some]
        self.weights = data.weights[some]

    def likelihood(self, natural: np.ndarray, bends: bool) -> tuple[float, np.ndarray, np.ndarray]:
        """Log-likelihood, gradient and (if asked for) Hessian in (r, α, a, b)."""
        value, gradient, hessian = self._counts(natural, bends)
        for part in (self._one_time(natural, bends), *self._repeat(natural, bends)):
            value += part[0]
            gradient += part[1]
            hessian += part[2]
        return value, gradient, hessian

    def _counts(self, natural: np.ndarray, bends: bool) -> tuple[float, np.ndarray, np.ndarray]:
        """Γ(r+x) α^r / Γ(r) · B(a, b+x) / B(a, b): it depends on x only."""
        r, alpha, a, b = natural
        x, w, n = self.counts, self.count_weights, self.total
        rising = gammaln(r + x) - gammaln(r) + gammaln(b + x) - gammaln(b)
        value = w @ (rising + gammaln(a + b) - gammaln(a + b + x)) + n * r * np.log(alpha)
        both = w @ (digamma(a + b) - digamma(a + b + x))
        gradient = np.array(
            [
                w @ (digamma(r + x) - digamma(r)) + n * np.log(alpha),
                n * r / alpha,
                both,
                both + w @ (digamma(b + x) - digamma(b)),
            ]
        )
        hessian = np.zeros((4, 4))
        if bends:
            hessian[0, 0] = w @ (polygamma(1, r + x) - polygamma(1, r))
            hessian[0, 1] = hessian[1, 0] = n / alpha
            hessian[1, 1] = -n * r / alpha**2
            hessian[2:, 2:] = w @ (polygamma(1, a + b) - polygamma(1, a + b + x))
            hessian[3, 3] += w @ (polygamma(1, b + x) - polygamma(1, b))
        return value, gradient, hessian

    def _one_time(self, natural: np.ndarray, bends: bool) -> tuple[float, np.ndarray, np.ndarray]:
        """(α+T)^−r of those without a repeat purchase: it depends on T only."""
        r, alpha = natural[:2]
        w, age = self.age_weights, alpha + self.ages
        logs = w @ np.log(age)
        inverse = w @ (1 / age)
        gradient = np.array([-logs, -r * inverse, 0.0, 0.0])
        hessian = np.zeros((4, 4))
        if bends:
            hessian[0, 1] = hessian[1, 0] = -inverse
            hessian[1, 1] = r * (w @ age**-2.0)
        return -r * logs, gradient, hessian

    def _repeat(self, natural: np.ndarray, bends: bool) -> Any:
        """The sum of “still here” and “left at t_x” of those with repeat purchases."""
        r, alpha, a, b = natural
        for start in range(0, self.x.size, BLOCK):
            part = slice(start, start + BLOCK)
            x, w = self.x[part], self.weights[part]
            now, then, n = alpha + self.T[part], alpha + self.tx[part], r + x
            log_now, log_then, before = np.log(now), np.log(then), b + x - 1
            stay = -n * log_now
            leave = np.log(a / before) - n * log_then
            alive = expit(stay - leave)
            gone = 1 - alive
            value = w @ np.logaddexp(stay, leave)
            here, left = w * alive, w * gone
            gradient = np.array(
                [
                    -(here @ log_now + left @ log_then),
                    -(here @ (n / now) + left @ (n / then)),
                    left.sum() / a,
                    -(left @ (1 / before)),
                ]
            )
            hessian = np.zeros((4, 4))
            if bends:
                gap = np.array([log_then - log_now, n / then - n / now, 0 * x - 1 / a, 1 / before])
                hessian = (gap * (here * gone)) @ gap.T
                cross = here @ (1 / now) + left @ (1 / then)
                hessian[0, 1] -= cross
                hessian[1, 0] -= cross
                hessian[1, 1] += here @ (n / now**2) + left @ (n / then**2)
                hessian[2, 2] -= left.sum() / a**2
                hessian[3, 3] += left @ before**-2.0
            yield value, gradient, hessian
