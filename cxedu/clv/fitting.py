"""What the four models share: the optimiser, the doubts about a fit, the fitted object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import ndtri

from cxedu.validate import number

# All parameters are positive, so that we search over their logarithms. Time and money are scaled
# before the search: e^±15 is far beyond anything that data can tell apart.
BOUND = 15.0
# A standard error of a log-parameter above this: the 95 % interval spans a factor of 350.
FLAT = 1.5

# log-parameters → mean log-likelihood and its gradient
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
# log-parameters → Hessian of the mean log-likelihood
Curvature = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Diagnostics:
    """How a fit went, and the reasons not to believe it.

    Attributes
    ----------
    converged : bool
        Whether the search ended at a maximum.
    iterations : int
        Steps of the search.
    n : float
        Customers (the sum of the weights).
    rows : int
        Different rows among them: equal customers are computed once.
    messages : tuple of str
        One sentence for each reason why the fit can't be trusted; empty if none was found.
    extra : dict of str to float
        What a model adds: the gamma-gamma model the correlation of frequency and spend.

    Notes
    -----
    Which doubts are worth a sentence is our choice.

    Examples
    --------
    >>> print(Diagnostics(converged=True, iterations=9, n=1000, rows=400))
    converged in 9 iterations on 1,000 customers
    """

    converged: bool
    iterations: int
    n: float
    rows: int
    messages: tuple[str, ...] = ()
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def trustworthy(self) -> bool:
        """Whether no doubt was found.

        Examples
        --------
        >>> Diagnostics(True, 9, 1000, 400, messages=("No dropout is seen.",)).trustworthy
        False
        """
        return self.converged and not self.messages

    def __str__(self) -> str:
        head = "converged" if self.converged else "did not converge"
        lines = [f"{head} in {self.iterations} iterations on {self.n:,.10g} customers"]
        return "\n".join(lines + [f"- {m}" for m in self.messages])


@dataclass(frozen=True)
class Optimum:
    """Where a search ended: log-parameters, mean log-likelihood and its Hessian there."""

    theta: np.ndarray
    value: float
    hessian: np.ndarray
    converged: bool
    iterations: int


def dot(first: np.ndarray, second: np.ndarray) -> float:
    """The inner product in one thread: long ones in several only wait on a busy machine."""
    return float(np.einsum("i,i->", first, second))


def differences(objective: Objective, theta: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """The Hessian by central differences of the analytic gradient."""
    rows = []
    for i in range(theta.size):
        shift = np.zeros(theta.size)
        shift[i] = step
        rows.append((objective(theta + shift)[1] - objective(theta - shift)[1]) / (2 * step))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2


def _newton(hessian: np.ndarray, gradient: np.ndarray, free: np.ndarray) -> np.ndarray:
    """An uphill Newton step on the free parameters, at most 2 on the log scale."""
    step = np.zeros(gradient.size)
    if not free.any():
        return step
    values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
    values = np.maximum(np.abs(values), 1e-10 * max(1.0, np.abs(values).max()))
    step[free] = vectors @ ((vectors.T @ gradient[free]) / values)
    return step / max(1.0, np.abs(step).max() / 2)


def maximise(
    objective: Objective,
    start: np.ndarray,
    n: float,
    curvature: Curvature | None = None,
    coarse: Objective | None = None,
) -> Optimum:
    """Maximise a mean log-likelihood over log-parameters.

    L-BFGS-B comes near (on a part of the data, `coarse`, where there is much of it), Newton's
    method finishes. It stops when the log-likelihood of all `n` customers can rise by less than
    1e-8: a rule that needs no unit.
    """
    near = coarse or objective
    # Without a formula the part of the data tells how the likelihood bends, well enough to step
    bends = curvature or (lambda theta: differences(near, theta))

    def downhill(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = near(theta)
        return -value, -gradient

    first = minimize(
        downhill,
        np.clip(start, -BOUND, BOUND),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * start.size,
        options={"maxiter": 500, "gtol": 1e-6, "ftol": 1e-11},
    )
    theta = np.asarray(first.x, dtype=float)
    iterations, converged = int(first.nit), False
    value, gradient = objective(theta)
    hessian = bends(theta)
    for _ in range(50):
        free = ~(((theta >= BOUND) & (gradient >= 0)) | ((theta <= -BOUND) & (gradient <= 0)))
        step = _newton(hessian, gradient, free)
        if n * abs(gradient @ step) / 2 < 1e-8:
            converged = True
            break
        length, better = 1.0, False
        while length > 1e-6:
            trial = np.clip(theta + length * step, -BOUND, BOUND)
            new_value, new_gradient = objective(trial)
            if new_value >= value:
                better = True
                break
            length /= 4
        if not better:  # rounding hides any further rise
            converged = n * abs(gradient @ step) / 2 < 1e-4
            break
        iterations += 1
        theta, value, gradient = trial, new_value, new_gradient
        hessian = bends(theta)
    if coarse is not None and curvature is None:
        hessian = differences(objective, theta)
    return Optimum(theta, value, hessian, converged, iterations)


def log_errors(optimum: Optimum, n: float) -> np.ndarray:
    """Standard errors of the log-parameters; NaN where the information isn't positive definite."""
    unknown = np.full(optimum.theta.size, np.nan)
    information = -n * optimum.hessian
    if not np.isfinite(information).all() or (np.abs(optimum.theta) > BOUND - 1e-6).any():
        return unknown
    values = np.linalg.eigvalsh(information)
    if values[0] <= 1e-11 * values[-1]:
        return unknown
    return np.sqrt(np.diag(np.linalg.inv(information)))


def doubts(names: tuple[str, ...], optimum: Optimum, errors: np.ndarray) -> list[str]:
    """The reasons, common to all models, why a fit can't be trusted."""
    messages = []
    if not optimum.converged:
        messages.append("The search stopped before it reached a maximum: do not use the estimates.")
    for name, theta in zip(names, optimum.theta, strict=True):
        if abs(theta) > BOUND - 1e-6:
            end = "upper" if theta > 0 else "lower"
            messages.append(
                f"{name} ran to the {end} bound of the search: the data do not determine it."
            )
    if np.isnan(errors).any():
        messages.append(
            "The information matrix is not positive definite, so that there are no standard "
            "errors: different parameters fit equally well."
        )
    for name, error in zip(names, errors, strict=True):
        if error > FLAT:
            messages.append(
                f"The likelihood is nearly flat in {name}: its 95 % interval spans a factor of "
                f"{_factor(error)}."
            )
    return messages


def _factor(error: float) -> str:
    exponent = 2 * 1.96 * error
    return f"{np.exp(exponent):,.0f}" if exponent < 14 else "more than a million"


class Model:
    """A model that can be fitted, or built from known parameters."""

    names: ClassVar[tuple[str, ...]]
    fit_example: ClassVar[str]

    def __init__(self) -> None:
        self._params: dict[str, float] | None = None
        self._log_errors: np.ndarray | None = None
        self._log_likelihood: float | None = None
        self._diagnostics: Diagnostics | None = None

    @classmethod
    def from_params(cls, **params: float) -> Self:
        """Build the model from known parameters, without data.

        Parameters
        ----------
        **params : float
            Every parameter of the model by its name; all positive.

        Returns
        -------
        A model that predicts and simulates; it has no log-likelihood and no standard errors.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a value isn't positive.

        Examples
        --------
        >>> from cxedu.clv import ShiftedBetaGeometric
        >>> ShiftedBetaGeometric.from_params(alpha=0.704, beta=1.182)
        ShiftedBetaGeometric(alpha=0.704, beta=1.182)
        """
        if set(params) != set(cls.names):
            got = ", ".join(map(repr, params)) or "nothing"
            wanted = ", ".join(map(repr, cls.names))
            raise ValueError(f"{cls.__name__}.from_params got {got}; it must get {wanted}.")
        model = cls()
        model._params = {k: number(k, params[k], 0, low_open=True) for k in cls.names}
        return model

    @property
    def params_(self) -> dict[str, float]:
        """The parameters by the names of the paper.

        Examples
        --------
        >>> from cxedu.clv import ShiftedBetaGeometric
        >>> ShiftedBetaGeometric.from_params(alpha=0.704, beta=1.182).params_
        {'alpha': 0.704, 'beta': 1.182}
        """
        if self._params is None:
            raise RuntimeError(
                f"this {type(self).__name__} has no parameters yet; call {self.fit_example} first, "
                f"or build it with {type(self).__name__}.from_params(…)."
            )
        return dict(self._params)

    @property
    def log_likelihood_(self) -> float:
        """The log-likelihood at the maximum, in the units of the data given.

        Examples
        --------
        >>> from cxedu.clv import ShiftedBetaGeometric
        >>> round(ShiftedBetaGeometric().fit([1000, 631, 468, 382]).log_likelihood_, 2)
        -1242.31
        """
        return self._fitted(self._log_likelihood)

    @property
    def diagnostics_(self) -> Diagnostics:
        """How the fit went: see `Diagnostics`.

        Examples
        --------
        >>> from cxedu.clv import ShiftedBetaGeometric
        >>> ShiftedBetaGeometric().fit([1000, 631, 468, 382]).diagnostics_.trustworthy
        True
        """
        return self._fitted(self._diagnostics)

    def _fitted(self, value: Any) -> Any:
        if value is None:
            raise RuntimeError(
                f"this {type(self).__name__} was not fitted to data; call {self.fit_example} first."
            )
        return value

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Estimates with their standard errors and confidence intervals.

        The standard errors come from the observed information of the log-parameters (delta
        method); the interval is computed on the log scale, so that it stays positive.

        Parameters
        ----------
        level : float
            Confidence of the interval, between 0 and 1.

        Returns
        -------
        DataFrame
            One row a parameter: estimate, standard_error, lower, upper. NaN where the data give
            no standard error (`diagnostics_` says why) or the parameters were given.

        Raises
        ------
        ValueError
            If `level` isn't between 0 and 1.
        RuntimeError
            If the model has no parameters yet.

        Examples
        --------
        >>> from cxedu.clv import ShiftedBetaGeometric
        >>> ShiftedBetaGeometric().fit([1000, 631, 468, 382]).summary().round(2).rename_axis(None)
               estimate  standard_error  lower  upper
        alpha      0.78            0.12   0.58   1.07
        beta       1.33            0.26   0.92   1.94
        """
        level = number("level", level, 0, 1, low_open=True, high_open=True)
        estimate = np.array(list(self.params_.values()))
        errors = self._log_errors
        if errors is None:
            errors = np.full(estimate.size, np.nan)
        reach = np.minimum(ndtri(0.5 + level / 2) * errors, 700)
        return pd.DataFrame(
            {
                "estimate": estimate,
                "standard_error": estimate * errors,
                "lower": estimate * np.exp(-reach),
                "upper": estimate * np.exp(reach),
            },
            index=pd.Index(self.names, name="parameter"),
        )

    def _store(
        self,
        optimum: Optimum,
        log_scale: np.ndarray,
        log_likelihood: float,
        n: float,
        rows: int,
        extra: dict[str, float] | None = None,
    ) -> list[str]:
        """Keep the result of a search; returns the doubts, to be completed by `_doubt`."""
        self._params = dict(
            zip(self.names, map(float, np.exp(optimum.theta + log_scale)), strict=True)
        )
        self._log_errors = log_errors(optimum, n)
        self._log_likelihood = float(log_likelihood)
        messages = doubts(self.names, optimum, self._log_errors)
        self._diagnostics = Diagnostics(
            optimum.converged, optimum.iterations, float(n), rows, tuple(messages), extra or {}
        )
        return messages

    def _doubt(self, *messages: str) -> None:
        """Add reasons of the model's own, ahead of the technical ones that follow from them."""
        d = self.diagnostics_
        self._diagnostics = Diagnostics(
            d.converged, d.iterations, d.n, d.rows, (*messages, *d.messages), d.extra
        )

    def __repr__(self) -> str:
        if self._params is None:
            return f"{type(self).__name__}(not fitted)"
        inside = ", ".join(f"{k}={v:.4g}" for k, v in self._params.items())
        return f"{type(self).__name__}({inside})"
