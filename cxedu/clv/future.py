"""Lifetime value from a model of purchases: discounted expected orders times margin."""

from typing import Any

import numpy as np

from cxedu.clv.buying import BuyTillYouDie
from cxedu.clv.inputs import UNITS_PER_YEAR, aligned, like, one_history, pairs, spread
from cxedu.validate import choice, number, vector

SHIFTS = {"start": 1.0, "mid": 0.5, "end": 0.0}
EXACT = 16  # periods summed one by one; later ones in blocks that double
NODES = 12  # points at which a block is evaluated
NEGLIGIBLE = 1e-9  # an infinite horizon ends where a unit of money is worth less than this


def lifetime_value(
    model: BuyTillYouDie,
    spend: Any,
    frequency: Any,
    recency: Any,
    T: Any,
    *,
    margin: Any,
    discount_rate: float,
    horizon: float | None = None,
    unit: str = "W",
    timing: str = "mid",
) -> Any:
    """Lifetime value of existing customers: discounted expected margin of their *future* orders.

    LTV = margin · spend · Σ over k ≥ 1 of [E(k) − E(k−1)] / (1+d)^(τ(k)/n), where E(k) are the
    purchases expected in the next k periods given the history, n periods make a year, and τ is
    the moment at which the purchases of period k are paid (`timing`).

    Conventions: the value looks forward from T; orders up to now, the first one included, don't
    count. Discounting begins now. Acquisition cost isn't subtracted: compare it with the result.
    Spend per order is taken as independent of the number of orders.

    Parameters
    ----------
    model : BetaGeoNBD or ParetoNBD
        Fitted in the time unit `unit`.
    spend : number or array of shape (n,)
        Expected revenue per order, in money: `GammaGamma.expected_spend`, say.
    frequency, recency, T : number or array of shape (n,)
        The history, in `unit`s (see `rfm_summary`).
    margin : number or array of shape (n,)
        Contribution margin as a share of revenue, 0.3 for 30 %. With `spend` already in margin
        per order: 1.
    discount_rate : float
        Annual effective discount rate d, 0.10 for 10 % a year; at least 0.
    horizon : int or None
        Number of periods (`unit`s) ahead that count. None: for ever; the sum is cut where a unit
        of money is worth less than a billionth of it now (at 10 % a year, after 217 years), which
        needs a positive discount rate.
    unit : {"W", "D", "M", "Y"}
        The model's time unit, which is also the period of discounting.
    timing : {"mid", "end", "start"}
        Whether the purchases of a period are discounted from its middle, its end or its start.

    Returns
    -------
    float, array or Series, like the input
        Money per customer.

    Raises
    ------
    ValueError
        If an argument is out of range, or an infinite horizon isn't discounted.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using iso-value curves for
    customer base analysis. Journal of Marketing Research 42(4), 415–430.

    Examples
    --------
    A customer with 2 repeat orders, the last at the age of 30 weeks, now 39 weeks old; 35 € an
    order, 30 % margin, 10 % a year:

    >>> from cxedu.clv import BetaGeoNBD
    >>> model = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> value = lifetime_value(model, 35, 2, 30.43, 38.86, margin=0.3, discount_rate=0.10)
    >>> year = lifetime_value(
    ...     model, 35, 2, 30.43, 38.86, margin=0.3, discount_rate=0.10, horizon=52)
    >>> round(year, 2), year < value
    (15.67, True)
    """
    if not isinstance(model, BuyTillYouDie):
        raise ValueError(
            f"model is a {type(model).__name__}; it must be a fitted BetaGeoNBD or ParetoNBD."
        )
    model.params_  # noqa: B018  an unfitted model says so before anything else
    per_year = UNITS_PER_YEAR[choice("unit", unit, UNITS_PER_YEAR)]
    shift = SHIFTS[choice("timing", timing, SHIFTS)]
    rate = number("discount_rate", discount_rate, 0)
    aligned(spend=spend, margin=margin, frequency=frequency, recency=recency, T=T)
    worth = {"spend": vector("spend", spend, 0), "margin": vector("margin", margin)}
    (x, tx, age), given = one_history(frequency, recency, T)
    money, share, x, tx, age = spread(**worth, frequency=x, recency=tx, T=age)

    log_v = -np.log1p(rate) / per_year
    if horizon is None:
        if rate == 0:
            raise ValueError(
                "discount_rate is 0; without a horizon it must be greater than 0, or the sum has "
                "no end."
            )
        periods = int(np.ceil(np.log(NEGLIGIBLE) / log_v))
    else:
        periods = int(number("horizon", horizon, 1))
        if periods != horizon:
            raise ValueError(f"horizon is {horizon!r}; it must be a whole number of periods.")
    # Purchases to come if alive depend on (x, T) only, and few customers differ in both.
    kinds_x, kinds_T, which = pairs(x, age)
    orders = np.zeros(kinds_x.size)
    for t, weight in zip(*_weights(periods, log_v), strict=True):
        orders += weight * model._future(np.full(kinds_x.size, t), kinds_x, kinds_T)
    orders = orders[which] * model._alive(x, tx, age) * np.exp(-shift * log_v)
    return like(share * money * orders, *given, spend, margin)


def _weights(periods: int, log_v: float) -> tuple[np.ndarray, np.ndarray]:
    """Moments t and weights w so that Σ w·E(t) is the sum of discounted increments of E.

    By parts, Σ v^k [E(k) − E(k−1)] = v^N E(N) + (1 − v) Σ over k < N of v^k E(k). E is smooth, so
    in blocks that double in length it is replaced by the polynomial through a few points; their
    weights are the same for every customer, and 10,000 weeks cost 120 evaluations instead.
    """
    k = np.arange(1, periods, dtype=float)
    share = -np.expm1(log_v) * np.exp(log_v * k)
    moments, weights = [np.array([float(periods)])], [np.array([np.exp(log_v * periods)])]
    start = 1
    while start < periods:
        stop = min(2 * start if start >= EXACT else EXACT, periods)
        block = slice(start - 1, stop - 1)  # k = start … stop−1
        if stop <= EXACT or stop - start <= NODES:
            moments.append(k[block])
            weights.append(share[block])
        else:
            angle = (2 * np.arange(NODES) + 1) * np.pi / (2 * NODES)
            basis = np.cos(angle)
            moments.append((start + stop - 1) / 2 + (stop - 1 - start) / 2 * basis)
            inside = (2 * k[block] - start - stop + 1) / (stop - 1 - start)
            weights.append(_lagrange(basis, inside) @ share[block])
        start = stop
    return np.concatenate(moments), np.concatenate(weights)


def _lagrange(points: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Row j: the polynomial that is 1 at `points[j]` and 0 at the others, evaluated `at`."""
    rows = []
    for j, point in enumerate(points):
        others = np.delete(points, j)
        rows.append(np.prod((at[:, None] - others) / (point - others), axis=1))
    return np.array(rows)
