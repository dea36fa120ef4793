"""Where chance comes from: child seeds, exact quantiles at speed, and draws from percentages."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import special

CHUNK = 50_000  # customers drawn together: bounds the memory, and fits 16-bit numbers

Inverse = Callable[[np.ndarray], np.ndarray]

_EDGE, _PER_UNIT = 8, 500  # the grid of normal scores behind `Quantile`: −8 to 8 by 1/500


def child(seed: int, table: str, chunk: int = 0) -> np.random.Generator:
    """Return the generator that belongs to one chunk of one table of one company.

    The three names are hashed, so a new table or one more chunk changes no other.

    >>> child(1, "people", 0).integers(1000) == child(1, "people", 0).integers(1000)
    np.True_
    """
    digest = hashlib.sha256(f"{seed}/{table}/{chunk}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


class Quantile:
    """A positive distribution's quantile function, taken at normal scores (a copula's last step).

    Quantiles of gamma and beta take about a microsecond each; here the logarithm (for shares, the
    log-odds) is interpolated between 8,001 normal scores from −8 to 8, each tail from its own end so
    that nothing is lost near 1. The error is below 1e-5 of the value between scores −7 and 7 (a test
    compares); scores beyond ±8 are held at ±8.

    Parameters
    ----------
    below, above : callable
        The values that stand above a share p of all, and below a share p of all.
    scale : float
        What they are multiplied by.
    share : bool
        Whether the distribution is one of shares, on (0, 1).
    """

    def __init__(
        self, below: Inverse, above: Inverse, scale: float = 1.0, *, share: bool = False
    ) -> None:
        scores = np.arange(-_EDGE * _PER_UNIT, _EDGE * _PER_UNIT + 1) / _PER_UNIT
        low = below(special.ndtr(scores[scores < 0])) * scale
        high = above(special.ndtr(-scores[scores >= 0])) * scale
        values = np.concatenate([low, high])
        tiny = np.finfo(float).tiny
        self._table = np.log(np.maximum(values, tiny))
        self._share = share
        if share:
            rest = np.concatenate([1 - low, 1 - high])
            self._table -= np.log(np.maximum(rest, np.finfo(float).eps))
        self._steps = np.diff(self._table)

    # `scipy.special` has what these four need; importing `scipy.stats` takes half a second.

    @classmethod
    def gamma(cls, shape: float, scale: float) -> "Quantile":
        """Of a gamma distribution."""
        return cls(
            lambda p: special.gammaincinv(shape, p), lambda p: special.gammainccinv(shape, p), scale
        )

    @classmethod
    def inverse_gamma(cls, shape: float, scale: float) -> "Quantile":
        """Of an inverse gamma distribution."""
        return cls(
            lambda p: 1 / special.gammainccinv(shape, p),
            lambda p: 1 / special.gammaincinv(shape, p),
            scale,
        )

    @classmethod
    def beta(cls, a: float, b: float) -> "Quantile":
        """Of a beta distribution."""
        return cls(
            lambda p: special.betaincinv(a, b, p),
            lambda p: special.betainccinv(a, b, p),
            share=True,
        )

    @classmethod
    def lognormal(cls, sigma: float, scale: float) -> "Quantile":
        """Of a lognormal distribution with this median (`scale`)."""
        return cls(
            lambda p: np.exp(sigma * special.ndtri(p)),
            lambda p: np.exp(-sigma * special.ndtri(p)),
            scale,
        )

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return the values that stand where the normal `scores` stand."""
        place = (np.clip(scores, -_EDGE, _EDGE - 1e-9) + _EDGE) * _PER_UNIT
        below = place.astype(np.int32)  # the grid is even: no search, ten times np.interp's speed
        value = np.exp(self._table[below] + (place - below) * self._steps[below])
        return value / (1 + value) if self._share else value


def correlated(scores: np.ndarray, loading: float, rng: np.random.Generator) -> np.ndarray:
    """Return new standard normal scores whose correlation with `scores` is `loading`."""
    noise = rng.standard_normal(scores.size)
    return loading * scores + np.sqrt(1 - loading**2) * noise


class Percentages:
    """Draws of a code 0, 1, 2 … by whole percentages, one row of percentages for each group.

    A hundred slots in a row make the draw one look-up, however many codes there are.

    >>> coin = Percentages([[100, 0], [0, 100]])
    >>> coin(np.array([0, 1, 1]), np.random.default_rng(1))
    array([0, 1, 1], dtype=int8)
    """

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        self.shares = np.asarray(rows) / 100
        codes = np.arange(len(rows[0]), dtype=np.int8)
        self._slots = np.concatenate([np.repeat(codes, row) for row in rows])
        if self._slots.size != 100 * len(rows):
            raise ValueError("every row of percentages must sum to 100.")

    def __call__(self, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return one code (int8) for each entry of `group`, the row to draw from."""
        slot = rng.integers(0, 100, group.size, dtype=np.uint8)
        return self._slots[group.astype(np.int32) * 100 + slot]


def by_segment(table: Mapping[str, Sequence[int]]) -> Percentages:
    """Return draws for a mapping of segment → percentages (in the order of the segments)."""
    return Percentages(list(table.values()))
