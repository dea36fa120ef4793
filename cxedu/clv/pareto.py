"""Pareto/NBD: customers may leave at any moment (Schmittlein, Morrison & Colombo 1987)."""

from typing import Any

import numpy as np
from scipy.special import digamma, exprel, gamma, gammaln, hyp2f1, hyperu, rgamma

from cxedu.clv.buying import BuyTillYouDie
from cxedu.clv.fitting import Curvature, Objective, dot
from cxedu.clv.inputs import Histories, like, one_history, pairs
from cxedu.validate import number

STEP = 3e-5  # relative step of the one derivative that has no closed form


class ParetoNBD(BuyTillYouDie):
    """The Pareto/NBD model of repeat purchases.

    While alive, a customer buys at a constant rate λ; they leave for ever after an exponential
    lifetime with rate μ. Over customers λ is gamma with shape r and rate α, μ is gamma with shape
    s and rate β, independent of each other. A one-time buyer may have left: P(alive) is below 1.

    Likelihood of x repeat purchases, the last at t_x, in (0, T]:

    L = Γ(r+x) α^r β^s / Γ(r) · [(α+T)^−(r+x) (β+T)^−s
    + ∫ from t_x to T of s (α+u)^−(r+x) (β+u)^−(s+1) du]

    Attributes
    ----------
    params_ : dict
        `r`, `alpha`, `s`, `beta` (`alpha` and `beta` in the unit of time).

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987). Counting your customers: who are
    they and what will they do next? Management Science 33(1), 1–24.
    Fader, P. S. and Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model and related
    expressions (brucehardie.com/notes/009).

    Examples
    --------
    Customers of the online shop CDNOW, weeks:

    >>> model = ParetoNBD.from_params(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> round(model.probability_alive(2, 30.43, 38.86), 3)
    0.869
    >>> model.probability_alive(0, 0, 38.86) < 0.5  # a one-time buyer
    True
    >>> round(model.expected_purchases(39, 2, 30.43, 38.86), 3)
    1.455
    """

    names = ("r", "alpha", "s", "beta")
    time_params = ("alpha", "beta")
    dropout_params = ("s", "beta")

    def _start(self, rate: float) -> np.ndarray:
        return np.log(np.array([0.6, 0.6 / rate, 0.6, 0.5]))

    def _functions(self, data: Histories) -> tuple[Objective, Curvature | None]:
        n, tally = data.weights.sum(), _Tally(data)

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            natural = np.exp(theta)
            value, gradient = tally.likelihood(natural)
            return value / n, gradient * natural / n

        return objective, None

    def _alive(self, x: np.ndarray, tx: np.ndarray, T: np.ndarray) -> np.ndarray:
        r, alpha, s, beta = self.params_.values()
        ratio = (r + x) * np.log((alpha + T) / (alpha + tx)) + s * np.log((beta + T) / (beta + tx))
        left_then = _leaves_first(r + x, alpha + tx, s, beta + tx)
        left_now = _leaves_first(r + x, alpha + T, s, beta + T)
        with np.errstate(over="ignore"):
            odds = np.exp(ratio + np.log(left_then)) - left_now
        return 1 / (1 + np.maximum(odds, 0.0))

    def _future(self, t: np.ndarray, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        r, alpha, s, beta = self.params_.values()
        u = np.log1p(t / (beta + T))
        return (r + x) * (beta + T) / (alpha + T) * u * exprel((1 - s) * u)

    def _draw(self, n: int, T: np.ndarray, rng: np.random.Generator) -> tuple[Any, ...]:
        r, alpha, s, beta = self.params_.values()
        rate = rng.gamma(r, 1 / alpha, n)
        dropout = rng.gamma(s, 1 / beta, n)
        with np.errstate(divide="ignore", over="ignore"):
            lifetime = rng.standard_exponential(n) / dropout
        active = np.minimum(lifetime, T)
        x = rng.poisson(rate * active)
        tx = np.zeros(n)
        some = x > 0
        tx[some] = active[some] * rng.random(some.sum()) ** (1 / x[some])  # latest of x uniforms
        tx[some] = np.maximum(tx[some], np.finfo(float).tiny)
        hidden = {"purchase_rate": rate, "dropout_rate": dropout, "alive": lifetime > T}
        return x, tx, hidden

    def discounted_expected_purchases(
        self, discount: float, frequency: Any, recency: Any, T: Any
    ) -> Any:
        """Expected future purchases, each discounted from its moment to now, for ever (DET).

        DET = P(alive) · (r+x)/(α+T) · (β+T)^s δ^(s−1) Ψ(s, s; δ(β+T)), Ψ being the confluent
        hypergeometric function of the second kind.

        Parameters
        ----------
        discount : float
            Continuously compounded discount rate δ per unit of time; greater than 0. An annual
            rate d gives ln(1+d)·7/365.25 per week.
        frequency, recency, T : number or array of shape (n,)
            The history (see `fit`).

        Returns
        -------
        float, array or Series, like the input
            Discounted number of purchases; times margin per order it is lifetime value.

        Raises
        ------
        ValueError
            If `discount` isn't greater than 0, or for numbers that can't be a history.

        References
        ----------
        Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using iso-value curves
        for customer base analysis. Journal of Marketing Research 42(4), 415–430, eq. 2.

        Examples
        --------
        >>> model = ParetoNBD.from_params(r=0.553, alpha=10.578, s=0.606, beta=11.669)
        >>> round(model.discounted_expected_purchases(0.0027, 2, 30.43, 38.86), 2)
        6.48
        """
        r, alpha, s, beta = self.params_.values()
        delta = number("discount", discount, 0, low_open=True)
        (x, tx, age), given = one_history(frequency, recency, T)
        z = delta * (beta + age)
        stream = (beta + age) * z ** (s - 1) * hyperu(s, s, z)
        return like(self._alive(x, tx, age) * (r + x) / (alpha + age) * stream, *given)


def _leaves_first(n: Any, alpha: Any, s: Any, beta: Any, slope: bool = False) -> Any:
    """The probability q that a customer leaves before buying again, given the present rates.

    λ ~ gamma(n, alpha), μ ~ gamma(s, beta), but the two compete: q = s/(n+s) · ₂F₁(1, n; n+s+1; z)
    with z = (alpha−beta)/alpha, or the mirror image when alpha < beta. (Euler's transformation of
    the function in the paper, whose powers overflow.) With `slope` also the derivative of log q in
    log alpha (that in log beta is its opposite: only the ratio counts).
    """
    first = alpha >= beta
    z = np.abs(alpha - beta) / np.maximum(alpha, beta)
    b, c = np.where(first, n, s + 1), n + s + 1
    ratio = alpha / beta
    core = _hypergeometric(b, c, z)
    lost = ~np.isfinite(core)
    if lost.any():  # scipy gives up for many purchases and z next to 1
        parts = (v[lost] for v in np.broadcast_arrays(n, alpha, s, beta, first))
        core[lost] = _core_by_quadrature(*parts)
    q = s / (n + s) * np.where(first, 1.0, ratio) * core
    if not slope:
        return q
    tiny = z < 1e-5  # the closed form of dF/dz is 0/0 at z = 0
    safe = np.where(tiny, 0.5, z)
    steep = ((c - 1) * (1 - core) + b * safe * core) / (safe * (1 - safe))
    steep = np.where(tiny, b / c * (1 + 2 * (b + 1) / (c + 1) * z), steep)
    # dz/d log alpha is beta/alpha in the first case, −alpha/beta in its mirror image
    turn = np.where(first, 1 / ratio, -ratio)
    return q, steep / core * turn + np.where(first, 0.0, 1.0)


def _hypergeometric(b: np.ndarray, c: np.ndarray, z: np.ndarray) -> np.ndarray:
    """₂F₁(1, b; c; z) for 0 ≤ z < 1, also where scipy sums ten thousand terms."""
    b, c, z = np.broadcast_arrays(b, c, z)
    result, gap = np.empty(z.shape), c - 1 - b
    # Near z = 1 the series in 1 − z is short (Abramowitz & Stegun 15.3.6, where one of the two
    # functions is elementary), unless `gap` is near a whole number, where two poles cancel.
    far = (z > 0.9) & (np.abs(gap) < 3) & (c < 60) & (np.abs(gap - np.round(gap)) > 0.02)
    if far.any():
        B, n, g, w = b[far], c[far], gap[far], 1 - z[far]
        one = (n - 1) / g * hyp2f1(1.0, B, 1 - g, w)
        two = w**g * z[far] ** (1 - n) * gamma(n) * gamma(-g) * rgamma(B)
        result[far] = one + two
        far[far] = np.maximum(np.abs(one), np.abs(two)) < 20 * np.abs(one + two)
    near = ~far
    result[near] = hyp2f1(1.0, b[near], c[near], z[near])
    return result


def _core_by_quadrature(
    n: np.ndarray, alpha: np.ndarray, s: np.ndarray, beta: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """The same ₂F₁ from q = ∫ s (1+u/alpha)^−n (1+u/beta)^−s / (beta+u) du.

    Over log u the integrand falls off on both sides, where the trapezoidal rule converges
    exponentially.
    """
    result = np.empty(n.size)
    for i in range(n.size):
        near = np.log(min(alpha[i] / n[i], beta[i] / s[i]))
        far = np.log(max(alpha[i], beta[i]))
        y = np.linspace(near - 45, far + 45 / (n[i] + s[i]), 4001)
        u = np.exp(y)
        log_f = -n[i] * np.log1p(u / alpha[i]) - s[i] * np.log1p(u / beta[i])
        q = s[i] * np.sum(np.exp(log_f + y) / (beta[i] + u)) * (y[1] - y[0])
        result[i] = q * (n[i] + s[i]) / s[i] * (1 if first[i] else beta[i] / alpha[i])
    return result


class _Tally:
    """The log-likelihood and its gradient."""

    def __init__(self, data: Histories) -> None:
        self.weights = data.weights
        # ₂F₁ depends on (x, T) and on (x, t_x): far fewer different pairs than triples
        self.now_x, self.now_T, self.now_of = pairs(data.x, data.T)
        self.then_x, self.then_t, self.then_of = pairs(data.x, data.tx)
        self.counts, index = np.unique(data.x, return_inverse=True)
        self.count_weights = np.bincount(index, weights=data.weights)

    def likelihood(self, natural: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood and gradient in (r, α, s, β)."""
        r, alpha, s, beta = natural
        w, total, x = self.weights, self.weights.sum(), self.counts
        value = self.count_weights @ (gammaln(r + x) - gammaln(r))
        value += total * (r * np.log(alpha) + s * np.log(beta))
        gradient = np.array(
            [
                self.count_weights @ (digamma(r + x) - digamma(r)) + total * np.log(alpha),
                total * r / alpha,
                total * np.log(beta),
                total * s / beta,
            ]
        )
        now = _Moment(r + self.now_x, alpha + self.now_T, s, beta + self.now_T)
        then = _Moment(r + self.then_x, alpha + self.then_t, s, beta + self.then_t)
        q = np.minimum(now.q, 1 - 1e-16)
        stay = (now.survive + np.log1p(-q))[self.now_of]
        leave = (then.survive + np.log(then.q))[self.then_of]
        both = np.logaddexp(stay, leave)
        value += dot(w, both)
        alive = w * np.exp(stay - both)
        here = np.bincount(self.now_of, weights=alive)
        left = np.bincount(self.then_of, weights=w - alive)
        odds = q / (1 - q)  # d log(1−q) = −odds · d log q
        for i in range(4):
            gradient[i] += here @ (now.survive_slope[i] - odds * now.q_slope[i])
            gradient[i] += left @ (then.survive_slope[i] + then.q_slope[i])
        return float(value), gradient


class _Moment:
    """Survival to a moment and q from there on, in logs, with slopes in (r, α, s, β)."""

    def __init__(self, n: np.ndarray, alpha: np.ndarray, s: float, beta: np.ndarray) -> None:
        log_alpha, log_beta = np.log(alpha), np.log(beta)
        self.survive = -n * log_alpha - s * log_beta
        self.survive_slope = (-log_alpha, -n / alpha, -log_beta, -s / beta)
        self.q, turn = _leaves_first(n, alpha, s, beta, slope=True)
        # ₂F₁ has no closed derivative in its parameters: central differences, n then s
        dn, ds = STEP * n, STEP * s
        in_n = (
            np.log(_leaves_first(n + dn, alpha, s, beta))
            - np.log(_leaves_first(n - dn, alpha, s, beta))
        ) / (2 * dn)
        in_s = (
            np.log(_leaves_first(n, alpha, s + ds, beta))
            - np.log(_leaves_first(n, alpha, s - ds, beta))
        ) / (2 * ds)
        self.q_slope = (in_n, turn / alpha, in_s, -turn / beta)
