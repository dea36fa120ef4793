"""The models of lifetime value against closed forms, quadrature, simulation and bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import beta as beta_function
from scipy.special import expit, gamma, gammaln, log_expit
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

from cxedu.clv import (
    BetaGeoNBD,
    GammaGamma,
    ParetoNBD,
    ShiftedBetaGeometric,
    lifetime_value,
    rfm_summary,
)
from cxedu.clv.beta_geo import _mean_purchases
from cxedu.clv.fitting import differences
from cxedu.clv.future import _weights
from cxedu.clv.inputs import histories
from cxedu.clv.pareto import _leaves_first

BG = BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
PARETO = ParetoNBD.from_params(r=0.553, alpha=10.578, s=0.606, beta=11.669)
SPEND = GammaGamma.from_params(p=6.25, q=3.74, gamma=15.44)
CONTRACT = ShiftedBetaGeometric.from_params(alpha=0.704, beta=1.182)
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1]
HISTORIES = [(0, 0, 38.86), (1, 0.5, 38.86), (2, 30.43, 38.86), (7, 38.86, 38.86), (26, 5, 30)]


@pytest.fixture(autouse=True)
def no_warnings():
    """No model may leak a numerical warning: it would cost a student's graded cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def customers():
    return BG.simulate(2000, np.linspace(10, 60, 2000), np.random.default_rng(7))


def log_trapezoid(log_f, low=-700.0, high=700.0):
    """∫ exp(log_f) over the line, by the trapezoidal rule where it matters."""
    y = np.linspace(low, high, 28_001)
    values = log_f(y)
    top = values.max()
    inside = y[values > top - 80]
    y = np.linspace(inside[0] - 0.1, inside[-1] + 0.1, 100_001)
    return np.exp(top) * np.exp(log_f(y) - top).sum() * (y[1] - y[0])


# --- published values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta"), [(REGULAR, 0.704, 1.182), (HIGH_END, 0.668, 3.806)]
)
def test_shifted_beta_geometric_meets_fader_and_hardie_2007(survivors, alpha, beta):
    model = ShiftedBetaGeometric().fit(survivors, customers=1000)
    assert model.params_["alpha"] == pytest.approx(alpha, abs=0.001)
    assert model.params_["beta"] == pytest.approx(beta, abs=0.001)
    assert model.diagnostics_.trustworthy


def test_shifted_beta_geometric_log_likelihoods():
    regular = ShiftedBetaGeometric().fit(REGULAR, customers=1000)
    high_end = ShiftedBetaGeometric().fit(HIGH_END, customers=1000)
    assert regular.log_likelihood_ == pytest.approx(-1680.27, abs=0.01)
    assert high_end.log_likelihood_ == pytest.approx(-1611.16, abs=0.01)


def test_conditional_expectation_of_the_bg_nbd_paper():
    # a customer with x = 2, t_x = 30.43, T = 38.86: 1.226 purchases in the next 39 weeks
    assert BG.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.001)


# --- likelihoods and predictions from first principles --------------------------------------------


def bg_by_quadrature(model, x, tx, T):
    """Likelihood and P(alive) by integrating over λ and p on a grid."""
    r, alpha, a, b = model.params_.values()
    log_rate = np.linspace(-60, 12, 3000)[:, None]
    logit = np.linspace(-50, 50, 1500)[None, :]
    rate, p, q = np.exp(log_rate), expit(logit), expit(-logit)
    prior = gamma_distribution.pdf(rate, r, scale=1 / alpha) * rate
    prior = prior * np.exp(a * log_expit(logit) + b * log_expit(-logit)) / beta_function(a, b)
    here = q**x * rate**x * np.exp(-rate * T)
    left = p * q ** (x - 1) * rate**x * np.exp(-rate * tx) if x > 0 else 0.0
    cell = (log_rate[1, 0] - log_rate[0, 0]) * (logit[0, 1] - logit[0, 0])
    alive, gone = (prior * here).sum() * cell, (prior * left).sum() * cell
    return alive + gone, alive / (alive + gone)


def pareto_by_quadrature(model, x, tx, T):
    """Likelihood and P(alive) by integrating over λ and μ on a grid."""
    r, alpha, s, beta = model.params_.values()
    log_rate, log_mu = np.linspace(-45, 8, 2000)[:, None], np.linspace(-45, 8, 2000)[None, :]
    rate, mu = np.exp(log_rate), np.exp(log_mu)
    prior = gamma_distribution.pdf(rate, r, scale=1 / alpha) * rate
    prior = prior * gamma_distribution.pdf(mu, s, scale=1 / beta) * mu
    here = rate**x * np.exp(-(rate + mu) * T)
    total = rate**x / (rate + mu) * mu * np.exp(-(rate + mu) * tx)
    total = total + rate ** (x + 1) / (rate + mu) * np.exp(-(rate + mu) * T)
    cell = (log_rate[1, 0] - log_rate[0, 0]) * (log_mu[0, 1] - log_mu[0, 0])
    return (prior * total).sum() * cell, (prior * here).sum() / (prior * total).sum()


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize(
    ("model", "by_quadrature"), [(BG, bg_by_quadrature), (PARETO, pareto_by_quadrature)]
)
def test_likelihood_and_probability_alive_by_quadrature(model, by_quadrature, history):
    likelihood, alive = by_quadrature(model, *history)
    assert model.probability_alive(*history) == pytest.approx(alive, rel=1e-6)
    if history[0] > 0:  # `log_likelihood` wants at least one repeat purchase
        computed = model.log_likelihood(*([v] for v in history))
        assert computed == pytest.approx(np.log(likelihood), abs=1e-6)


@pytest.mark.parametrize("beta", [3.0, 10.578, 40.0])  # below, at and above alpha
def test_pareto_branches_meet(beta):
    model = ParetoNBD.from_params(r=0.6, alpha=10.578, s=1.0, beta=beta)
    _, alive = pareto_by_quadrature(model, 3, 10, 25)
    assert model.probability_alive(3, 10, 25) == pytest.approx(alive, rel=1e-6)


def test_probability_of_leaving_first_for_extreme_rates():
    rng = np.random.default_rng(5)
    for _ in range(60):
        n, s = 10 ** rng.uniform(-0.5, 3.7), 10 ** rng.uniform(-0.5, 1.5)
        alpha, beta = 10 ** rng.uniform(-3, 4, 2)

        def log_f(y, n=n, s=s, alpha=alpha, beta=beta):
            u = np.exp(y)
            ends = -n * np.log1p(u / alpha) - s * np.log1p(u / beta) - np.log(beta + u)
            return np.log(s) + ends + y

        exact = log_trapezoid(log_f)
        (got,) = _leaves_first(np.array([n]), np.array([alpha]), s, np.array([beta]))
        assert got == pytest.approx(exact, rel=1e-9)


def test_probability_of_leaving_first_where_scipy_gives_nan():
    got = _leaves_first(np.array([1071.0]), np.array([128.1]), 0.123, np.array([0.01697]))
    assert np.isfinite(got).all()
    assert 0 < got[0] < 1


@pytest.mark.parametrize("a", [0.1, 0.3, 0.9, 0.9999, 1.0, 1.0 + 1e-9, 1.0004, 1.7, 20.0])
@pytest.mark.parametrize("x", [0, 1, 40, 2000])
def test_expected_purchases_for_any_dropout(a, x):
    for tau, r, b in [(1e-3, 0.2, 2.4), (0.7, 3.0, 0.05), (30.0, 0.2, 0.9), (500.0, 8.0, 6.0)]:

        def log_f(y, tau=tau, r=r + x, b=b + x):
            p = expit(y)
            with np.errstate(divide="ignore"):
                some = np.log(-np.expm1(-r * np.log1p(p * tau)))
            both = gammaln(a + b) - gammaln(a) - gammaln(b)
            value = some + (a - 1) * log_expit(y) + b * log_expit(-y) + both
            return np.where(np.isfinite(value), value, -1e4)

        got = _mean_purchases(np.array([tau]), np.array([r + x]), a, np.array([b + x]))[0]
        assert got == pytest.approx(log_trapezoid(log_f), rel=2e-8)


def test_pareto_expectation_at_s_equal_to_one():
    at = [
        ParetoNBD.from_params(r=0.6, alpha=10, s=s, beta=12).expected_purchases(30, 2, 10, 20)
        for s in (1 - 1e-7, 1.0, 1 + 1e-7)
    ]
    assert at[0] == pytest.approx(at[1], rel=1e-6)
    assert at[2] == pytest.approx(at[1], rel=1e-6)
    new = ParetoNBD.from_params(r=0.6, alpha=10, s=1.0, beta=12).expected_purchases(30)
    assert new == pytest.approx(0.6 * 12 / 10 * np.log(42 / 12))


def test_one_time_buyers_are_alive_under_bg_nbd_only():
    assert BG.probability_alive(0, 0, 500) == 1.0
    assert PARETO.probability_alive(0, 0, 500) < 0.2


def test_heavy_buyers_do_not_overflow():
    for model in (BG, PARETO):
        for x in (2000, 5000):
            assert 0 <= model.probability_alive(x, 150, 208) < 1e-6
            assert model.probability_alive(x, 208, 208) > 0.99
            orders = model.expected_purchases(52, x, 208, 208)
            assert 0 < orders < x * 52 / 208


@pytest.mark.parametrize("model", [BG, PARETO])
def test_gradient_and_hessian(model, customers):
    data = histories(customers["frequency"], customers["recency"], customers["T"], None)
    objective, curvature = model._functions(data.scaled(30.0))
    for theta in np.log([[0.3, 0.2, 0.9, 2.0], [1.5, 0.4, 1.2, 0.1]]):
        numeric = [
            (objective(theta + e)[0] - objective(theta - e)[0]) / 2e-5 for e in np.eye(4) * 1e-5
        ]
        assert objective(theta)[1] == pytest.approx(numeric, abs=1e-7)
        if curvature:
            assert curvature(theta) == pytest.approx(differences(objective, theta), abs=1e-6)


def test_shifted_beta_geometric_closed_forms():
    alpha, beta = CONTRACT.params_.values()
    t = np.arange(12)
    p = np.array(  # by integrating (1−θ)^t over the beta density
        [beta_distribution.expect(lambda q, k=k: (1 - q) ** k, (alpha, beta)) for k in t]
    )
    assert CONTRACT.survival(t) == pytest.approx(p, abs=1e-6)
    assert CONTRACT.survival(0) == 1
    assert CONTRACT.retention(t[1:]) == pytest.approx(p[1:] / p[:-1], abs=1e-5)
    assert CONTRACT.retention(1) == pytest.approx(beta / (alpha + beta))


@pytest.mark.parametrize("discount", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("renewals", [0, 1, 5])
def test_residual_lifetime_is_the_discounted_sum(discount, renewals):
    t = np.arange(1, 4000)
    terms = CONTRACT.survival(renewals + t) / CONTRACT.survival(renewals)
    expected = (terms * (1 + discount) ** (1.0 - t)).sum()
    assert CONTRACT.expected_residual_lifetime(discount, renewals) == pytest.approx(expected)


def test_expected_spend_is_a_weighted_mean():
    p, q, g = SPEND.params_.values()
    population = p * g / (q - 1)
    assert SPEND.expected_spend(0, 0) == pytest.approx(population)
    weight = p * 3 / (p * 3 + q - 1)
    assert SPEND.expected_spend(3, 80) == pytest.approx(weight * 80 + (1 - weight) * population)


def test_gamma_gamma_likelihood_by_quadrature():
    p, q, g = 2.0, 3.0, 4.0
    x, money = np.array([1, 3]), np.array([2.0, 5.0])
    rate = np.linspace(1e-6, 40, 400_001)
    density = []
    for k, z in zip(x, money, strict=True):
        mean = gamma_distribution.pdf(z, p * k, scale=1 / (rate * k))
        prior = gamma_distribution.pdf(rate, q, scale=1 / g)
        density.append((mean * prior).sum() * (rate[1] - rate[0]))
    formula = (
        gamma(p * x + q) / gamma(p * x) / gamma(q) * g**q * money ** (p * x - 1) * x ** (p * x)
    ) / (g + x * money) ** (p * x + q)
    assert density == pytest.approx(formula, rel=1e-6)
    fitted = GammaGamma().fit(x, money)
    assert fitted.log_likelihood_ >= np.log(formula).sum()  # a maximum beats any other point


# --- simulation -----------------------------------------------------------------------------------


def event_by_event(n, T, rng):
    """BG/NBD as its story tells it: one purchase after another."""
    r, alpha, a, b = BG.params_.values()
    rate, p = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, tx, alive = np.zeros(n), np.zeros(n), np.ones(n, dtype=bool)
    clock, active = np.zeros(n), np.ones(n, dtype=bool)
    while active.any():
        clock[active] += rng.exponential(1 / np.maximum(rate[active], 1e-300))
        active &= clock <= T
        x[active] += 1
        tx[active] = clock[active]
        leaves = active & (rng.random(n) < p)
        alive[leaves] = False
        active &= ~leaves
    return x, tx, alive


def test_bg_nbd_simulation_follows_its_story():
    n, T = 60_000, 39.0
    x, tx, alive = event_by_event(n, T, np.random.default_rng(1))
    seen, truth = BG.simulate(n, T, np.random.default_rng(2), truth=True)
    for slow, quick in [
        (x, seen["frequency"]),
        (tx, seen["recency"]),
        (alive, truth["alive"]),
        (x == 0, seen["frequency"] == 0),
        (x**2, seen["frequency"] ** 2),
    ]:
        error = np.sqrt((np.var(slow) + np.var(np.asarray(quick, dtype=float))) / n)
        assert abs(np.mean(slow) - np.mean(quick)) < 4 * error


@pytest.mark.parametrize("model", [BG, PARETO])
def test_expectations_hold_in_simulation(model):
    n = 60_000
    seen, truth = model.simulate(n, 39.0, np.random.default_rng(3), truth=True)
    error = seen["frequency"].std() / np.sqrt(n)
    assert seen["frequency"].mean() == pytest.approx(model.expected_purchases(39), abs=4 * error)
    # P(alive) is calibrated: among those given 0.x, a share of 0.x is alive
    alive = model.probability_alive(seen["frequency"], seen["recency"], seen["T"])
    for low in (0.0, 0.25, 0.5, 0.75):
        group = (alive > low) & (alive <= low + 0.25)
        gap = truth["alive"][group].mean() - alive[group].mean()
        assert abs(gap) < 4 * 0.5 / np.sqrt(group.sum())


def test_conditional_expectation_holds_in_simulation():
    """What follows a history: continue the survivors with their own rate and dropout."""
    rng = np.random.default_rng(4)
    n, T, ahead = 60_000, 30.0, 20.0
    for model in (BG, PARETO):
        seen, truth = model.simulate(n, T, rng, truth=True)
        expected = model.expected_purchases(ahead, seen["frequency"], seen["recency"], seen["T"])
        rate = truth["purchase_rate"].to_numpy()
        if model is BG:
            would = rng.poisson(rate * ahead)
            last = rng.geometric(np.maximum(truth["dropout_probability"], 1e-12))
            future = np.minimum(would, last)
        else:
            left = rng.exponential(1 / np.maximum(truth["dropout_rate"], 1e-12))
            future = rng.poisson(rate * np.minimum(left, ahead))
        future = future * truth["alive"]
        for group in (seen["frequency"] == 0, seen["frequency"] == 1, seen["frequency"] > 4):
            gap = (future - expected)[group]
            assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(group.sum())


def test_simulations_repeat_and_leave_the_global_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert BG.simulate(50, 20, 1).equals(BG.simulate(50, 20, np.random.default_rng(1)))
    assert (CONTRACT.simulate(50, 4, 1) == CONTRACT.simulate(50, 4, 1)).all()
    assert SPEND.simulate([0, 1, 5], 1).equals(SPEND.simulate([0, 1, 5], 1))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_simulated_histories_are_valid():
    seen = BG.simulate(5000, np.linspace(0, 50, 5000), 1)
    histories(seen["frequency"], seen["recency"], seen["T"], None)
    assert seen.index.name == "customer_id"
    assert (seen["frequency"][seen["T"] == 0] == 0).all()


def test_simulated_cohort():
    survivors, truth = CONTRACT.simulate(100_000, 8, 5, truth=True)
    assert survivors[0] == 100_000
    assert survivors / 1e5 == pytest.approx(CONTRACT.survival(np.arange(9)), abs=0.005)
    assert (truth["renewals"] >= 8).sum() == survivors[8]


def test_simulated_spend():
    x = np.repeat([0, 1, 4], 50_000)
    money, truth = SPEND.simulate(x, 6, truth=True)
    assert (money[x == 0] == 0).all()
    assert money[x == 4].mean() == pytest.approx(SPEND.expected_spend(0, 0), rel=0.02)
    assert truth["spend_mean"].mean() == pytest.approx(SPEND.expected_spend(0, 0), rel=0.02)


# --- recovery -------------------------------------------------------------------------------------


def within(model, truth, errors=3.0):
    """Each parameter within so many standard errors of the truth, on the log scale."""
    table = model.summary()
    true = np.array([truth[name] for name in table.index])
    distance = np.log(table["estimate"] / true) / (table["standard_error"] / table["estimate"])
    return (distance.abs() < errors).all()


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
@pytest.mark.parametrize("model", [BG, PARETO])
def test_parameters_come_back(model, seed):
    rng = np.random.default_rng(seed)
    seen = model.simulate(6000, rng.uniform(20, 80, 6000), rng)
    fitted = type(model)().fit(seen["frequency"], seen["recency"], seen["T"])
    assert within(fitted, model.params_)
    assert fitted.diagnostics_.trustworthy
    table = fitted.summary()
    assert (table["lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["upper"]).all()


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_spend_and_contract_parameters_come_back(seed):
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.4, 5000)
    spend = GammaGamma().fit(x, SPEND.simulate(x, rng))
    assert within(spend, SPEND.params_)
    contract = ShiftedBetaGeometric().fit(CONTRACT.simulate(5000, 8, rng))
    assert within(contract, CONTRACT.params_)


# --- invariance -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
class TestInvariance:
    def test_unit_of_time(self, kind, customers):
        x, tx, T = (customers[k] for k in ("frequency", "recency", "T"))
        weeks = kind().fit(x, tx, T)
        for factor in (7 * 86_400.0, 7 / 365.25):  # seconds, years
            other = kind().fit(x, tx * factor, T * factor)
            for name, value in weeks.params_.items():
                times = factor if name in kind.time_params else 1.0
                assert other.params_[name] == pytest.approx(value * times, rel=1e-4)
            shift = x.sum() * np.log(factor)
            assert other.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift, abs=1e-4)
            assert other.probability_alive(2, 20 * factor, 30 * factor) == pytest.approx(
                weeks.probability_alive(2, 20, 30), rel=1e-4
            )

    def test_order_of_rows(self, kind, customers):
        mixed = customers.sample(frac=1, random_state=1)
        one, other = (kind().fit(t["frequency"], t["recency"], t["T"]) for t in (customers, mixed))
        assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)
        assert list(one.params_.values()) == pytest.approx(list(other.params_.values()), rel=1e-6)

    def test_weights_are_repetitions(self, kind, customers):
        few = customers.head(800)
        weights = np.arange(800) % 4  # 0 leaves a customer out
        repeated = few.loc[few.index.repeat(weights)]
        one = kind().fit(few["frequency"], few["recency"], few["T"], weights=weights)
        other = kind().fit(repeated["frequency"], repeated["recency"], repeated["T"])
        assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)
        assert one.diagnostics_.n == weights.sum()
        pd.testing.assert_frame_equal(one.summary(), other.summary(), rtol=1e-4)

    def test_customers_seen_for_no_time_change_nothing(self, kind, customers):
        x, tx, T = (customers[k].to_numpy() for k in ("frequency", "recency", "T"))
        zeros = np.zeros(300)
        one = kind().fit(x, tx, T)
        other = kind().fit(np.r_[x, zeros], np.r_[tx, zeros], np.r_[T, zeros])
        assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-5)

    def test_log_likelihood_method_agrees_with_the_fit(self, kind, customers):
        x, tx, T = (customers[k] for k in ("frequency", "recency", "T"))
        model = kind().fit(x, tx, T)
        assert model.log_likelihood(x, tx, T) == pytest.approx(model.log_likelihood_, abs=1e-6)

    def test_search_on_a_part_ends_where_the_whole_does(self, kind, customers, monkeypatch):
        x, tx, T = (customers[k] for k in ("frequency", "recency", "T"))
        whole = kind().fit(x, tx, T)
        monkeypatch.setattr("cxedu.clv.buying.MANY", 400)
        part = kind().fit(x, tx, T)
        assert part.log_likelihood_ == pytest.approx(whole.log_likelihood_, abs=1e-6)
        pd.testing.assert_frame_equal(part.summary(), whole.summary(), rtol=1e-4)


def test_unit_of_money():
    rng = np.random.default_rng(1)
    x = rng.geometric(0.4, 1500)
    money = SPEND.simulate(x, rng).to_numpy()
    euros, cents = GammaGamma().fit(x, money), GammaGamma().fit(x, money * 100)
    assert cents.params_["gamma"] == pytest.approx(100 * euros.params_["gamma"], rel=1e-5)
    assert cents.params_["p"] == pytest.approx(euros.params_["p"], rel=1e-5)
    shift = x.size * np.log(100)
    assert cents.log_likelihood_ == pytest.approx(euros.log_likelihood_ - shift, abs=1e-5)
    twice = GammaGamma().fit(x, money, weights=np.full(x.size, 2))
    assert twice.log_likelihood_ == pytest.approx(2 * euros.log_likelihood_, abs=1e-5)


def test_survivors_as_counts_shares_and_percentages():
    percent = ShiftedBetaGeometric().fit(REGULAR, customers=1000)
    counts = ShiftedBetaGeometric().fit(np.array(REGULAR) * 10)
    shares = ShiftedBetaGeometric().fit(np.array(REGULAR) / 100, customers=1000)
    for other in (counts, shares):
        pd.testing.assert_frame_equal(percent.summary(), other.summary(), rtol=1e-6)
    assert any(
        "percentages" in m for m in ShiftedBetaGeometric().fit(REGULAR).diagnostics_.messages
    )


# --- properties -----------------------------------------------------------------------------------

positive = st.floats(0.02, 50)
ages = st.floats(0.1, 500)


@st.composite
def models(draw):
    kind = draw(st.sampled_from([BetaGeoNBD, ParetoNBD]))
    return kind.from_params(**{name: draw(positive) for name in kind.names})


@settings(deadline=None, max_examples=60)
@given(models(), st.integers(1, 400), ages)
def test_probability_alive_is_a_probability_that_grows_with_recency(model, x, T):
    recency = T * np.linspace(0.01, 1, 9)
    alive = model.probability_alive(x, recency, T)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (np.diff(alive) >= -1e-9).all()


@settings(deadline=None, max_examples=60)
@given(models(), st.integers(0, 400), ages)
def test_expected_purchases_start_at_zero_and_grow_ever_more_slowly(model, x, T):
    t = np.linspace(0, 300, 13)
    orders = model.expected_purchases(t, x, T if x else 0, T)
    steps = np.diff(orders)
    assert orders[0] == 0
    assert (steps >= -1e-9 * orders[-1]).all()
    assert (np.diff(steps) <= 1e-7 * orders[-1]).all()


@settings(deadline=None, max_examples=60)
@given(positive, positive, st.integers(0, 30))
def test_survival_falls_and_retention_rises(alpha, beta, t):
    model = ShiftedBetaGeometric.from_params(alpha=alpha, beta=beta)
    assert 0 <= model.survival(t + 1) <= model.survival(t) <= 1
    assert model.retention(t + 1) <= model.retention(t + 2) + 1e-12
    assert model.expected_residual_lifetime(0.1, t) >= model.expected_residual_lifetime(0.2, t)


@settings(deadline=None, max_examples=60)
@given(positive, st.floats(1.05, 50), positive, st.integers(1, 100), st.floats(0.1, 1e4))
def test_expected_spend_lies_between_the_customer_and_the_population(p, q, g, x, money):
    model = GammaGamma.from_params(p=p, q=q, gamma=g)
    everybody = model.expected_spend(0, 0)
    low, high = sorted([everybody, money])
    assert low * (1 - 1e-9) <= model.expected_spend(x, money) <= high * (1 + 1e-9)


# --- doubts ---------------------------------------------------------------------------------------


def said(model):
    return " ".join(model.diagnostics_.messages)


def test_a_sound_fit_raises_no_doubt(customers):
    model = BetaGeoNBD().fit(customers["frequency"], customers["recency"], customers["T"])
    d = model.diagnostics_
    assert d.trustworthy
    assert d.n == 2000
    assert d.rows <= 2000
    assert "converged" in str(d)


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
def test_no_dropout_is_said(kind):
    rng = np.random.default_rng(2)
    T = rng.uniform(20, 60, 400)
    x = rng.poisson(rng.gamma(1, 0.2, 400) * T)
    tx = np.where(x > 0, T * rng.random(400) ** (1 / np.maximum(x, 1)), 0)
    model = kind().fit(x, tx, T)
    assert "No dropout is seen" in said(model)
    assert not model.diagnostics_.trustworthy
    assert "- No dropout" in str(model.diagnostics_)


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
def test_a_handful_of_customers_is_not_trusted(kind):
    assert kind().fit([1, 0, 3], [2, 0, 8], [10, 10, 10]).diagnostics_.messages
    assert "hardly differ in how often" in said(kind().fit([2] * 9, [5] * 9, [10] * 9))


def test_parameter_at_a_bound_is_said_and_has_no_standard_error():
    model = GammaGamma().fit([1, 2, 3], [10, 20, 15])
    assert "q ran to the upper bound" in said(model)
    assert "no standard errors" in said(model)
    assert model.summary()["standard_error"].isna().all()


def test_spend_without_a_finite_mean_is_said():
    rng = np.random.default_rng(1)
    x = rng.integers(1, 9, 2000)
    model = GammaGamma().fit(x, GammaGamma.from_params(p=3, q=0.7, gamma=5).simulate(x, rng))
    assert "no finite mean" in said(model)
    with pytest.raises(ValueError, match=r"q is 0\.\d+; with frequency\[0\] = 0 expected spend"):
        model.expected_spend(0, 0)


def test_spend_that_goes_with_frequency_is_said():
    rng = np.random.default_rng(1)
    x = rng.integers(1, 9, 1000)
    model = GammaGamma().fit(x, rng.gamma(4, 3 * x))
    assert "Frequency and spend correlate (+0." in said(model)
    assert model.diagnostics_.extra["frequency_spend_correlation"] > 0.5


def test_constant_churn_is_said():
    assert "constant retention" in said(ShiftedBetaGeometric().fit([1000, 800, 640, 512, 410]))
    assert "bound" in said(ShiftedBetaGeometric().fit([1000, 500, 500, 500]))


# --- bad input ------------------------------------------------------------------------------------

NAN = float("nan")
BAD_HISTORIES = [
    (([1, NAN], [1, 1], [2, 2]), r"frequency\[1\] is nan"),
    (([-1, 1], [1, 1], [2, 2]), r"frequency\[0\] is -1; every value must be a number at least 0"),
    (([1.5, 1], [1, 1], [2, 2]), r"frequency\[0\] is 1.5; repeat purchases are counted in whole"),
    (([1, 1], [-1, 1], [2, 2]), r"recency\[0\] is -1"),
    (([1, 1], [1, 1], [2, float("inf")]), r"T\[1\] is inf"),
    (([1, 1], [1, 3], [2, 2]), r"recency\[1\] is 3, T\[1\] is 2; recency is the age at the last"),
    (([1, 0], [1, 1], [2, 2]), r"recency\[1\] is 1, frequency\[1\] is 0; without a repeat"),
    (([1, 2], [1, 0], [2, 2]), r"recency\[1\] is 0, frequency\[1\] is 2; with a repeat"),
    (([1, 1, 1], [1, 1], [2, 2]), "lengths differ: frequency has 3, recency has 2, T has 2"),
    (([], [], []), "frequency is empty"),
    ((["a"], [1], [2]), "frequency is .* numbers only"),
]


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
@pytest.mark.parametrize(("arguments", "message"), BAD_HISTORIES)
def test_bad_histories(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind().fit(*arguments)
    model = BG if kind is BetaGeoNBD else PARETO
    with pytest.raises(ValueError, match=message.split(", T has")[0].split("frequency has 3")[0]):
        model.probability_alive(*arguments)


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 0], [0, 0], [2, 2]), "frequency is 0 for every customer; without repeat purchases"),
        (([0, 0], [0, 0], [0, 0]), "T is 0 for every customer"),
        (([1, 0], [1, 0], [2, 2], [1]), "weights has 1 values; it must have 2"),
        (([1, 0], [1, 0], [2, 2], [0, 0]), "weights are all 0"),
        (([1, 0], [1, 0], [2, 2], [0, 1]), "frequency is 0 for every customer"),
        (([1, 0], [1, 0], [2, 2], [-1, 1]), r"weights\[0\] is -1"),
    ],
)
def test_what_cannot_be_fitted(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind().fit(*arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: GammaGamma().fit([1, 2], [10, 0]),
            r"monetary_value\[1\] is 0 with frequency\[1\]",
        ),
        (lambda: GammaGamma().fit([1, 2], [10, -5]), r"monetary_value\[1\] is -5"),
        (lambda: GammaGamma().fit([1, 2], [10, NAN]), r"monetary_value\[1\] is nan"),
        (lambda: GammaGamma().fit([0, 0], [0, 0]), "spend is learned from repeat purchases"),
        (lambda: GammaGamma().fit([1, 2], [10]), "lengths differ"),
        (lambda: GammaGamma().fit([1, 2], [10, 10]), "monetary_value is 10 for every repeat buyer"),
        (lambda: GammaGamma().fit([1, 2], ["a", "b"]), "monetary_value is .* numbers only"),
        (lambda: GammaGamma().fit([], []), "frequency is empty"),
        (lambda: SPEND.expected_spend(1, -1), r"monetary_value\[0\] is -1"),
        (lambda: SPEND.expected_spend(0.5, 1), r"frequency\[0\] is 0.5"),
        (lambda: ShiftedBetaGeometric().fit([100, 60]), "survivors has 2 values"),
        (
            lambda: ShiftedBetaGeometric().fit([100, 60, 61]),
            r"survivors\[2\] is 61, more than the 60",
        ),
        (lambda: ShiftedBetaGeometric().fit([0, 0, 0]), r"survivors\[0\] is 0"),
        (lambda: ShiftedBetaGeometric().fit([100, 100, 100]), "without anybody leaving"),
        (lambda: ShiftedBetaGeometric().fit([100, NAN, 50]), r"survivors\[1\] is nan"),
        (lambda: ShiftedBetaGeometric().fit([100, 50, -1]), r"survivors\[2\] is -1"),
        (lambda: ShiftedBetaGeometric().fit([9, 5, 3], customers=0), "customers is 0"),
        (lambda: CONTRACT.retention(0), r"t\[0\] is 0; every value must be a number at least 1"),
        (lambda: CONTRACT.survival(-1), r"t\[0\] is -1"),
        (lambda: CONTRACT.expected_residual_lifetime(0), "discount is 0; .* greater than 0"),
        (lambda: CONTRACT.expected_residual_lifetime(0.1, -1), r"renewals\[0\] is -1"),
        (lambda: BG.expected_purchases(-1), r"t\[0\] is -1"),
        (
            lambda: BG.expected_purchases(1, 2, 3),
            "a history needs frequency, recency and T together",
        ),
        (lambda: BG.summary(level=1), "level is 1"),
        (lambda: BG.simulate(0, 10, 1), "n is 0"),
        (lambda: BG.simulate(3, [1, 2], 1), "T has 2 values; it must have 1 or n, which is 3"),
        (lambda: BG.simulate(3, 10, None), "rng is None"),
        (lambda: CONTRACT.simulate(10, 0, 1), "T is 0"),
        (lambda: SPEND.simulate([0.5], 1), r"frequency\[0\] is 0.5"),
        (lambda: PARETO.discounted_expected_purchases(0, 1, 1, 2), "discount is 0"),
        (lambda: BetaGeoNBD.from_params(r=1, alpha=1, a=1), "got 'r', 'alpha', 'a'; it must get"),
        (lambda: BetaGeoNBD.from_params(r=1, alpha=1, a=1, b=-1), "b is -1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: BetaGeoNBD().params_,
        lambda: BetaGeoNBD().summary(),
        lambda: BetaGeoNBD().log_likelihood_,
        lambda: BetaGeoNBD().diagnostics_,
        lambda: BG.log_likelihood_,  # has parameters, but nobody fitted them
        lambda: BG.diagnostics_,
        lambda: BetaGeoNBD().expected_purchases(1),
        lambda: ParetoNBD().probability_alive(1, 1, 2),
        lambda: ParetoNBD().simulate(1, 1, 1),
        lambda: GammaGamma().expected_spend(1, 1),
        lambda: ShiftedBetaGeometric().survival(1),
        lambda: lifetime_value(BetaGeoNBD(), 1, 1, 1, 2, margin=1, discount_rate=0.1),
    ],
)
def test_an_unfitted_model_says_what_to_do(call):
    with pytest.raises(RuntimeError, match=r"call fit\("):
        call()


def test_series_of_different_customers_are_not_matched():
    one, other = pd.Series([1, 2], index=[1, 2]), pd.Series([1.0, 2.0], index=[2, 1])
    with pytest.raises(ValueError, match="frequency and recency have different indexes"):
        BetaGeoNBD().fit(one, other, [5, 5])
    with pytest.raises(ValueError, match="frequency and monetary_value have different indexes"):
        GammaGamma().fit(one, other)


def test_answers_come_as_asked():
    x, tx, T = pd.Series([0, 2], index=[7, 9]), pd.Series([0, 3.0], index=[7, 9]), 5
    answer = BG.expected_purchases(10, x, tx, T)
    assert isinstance(answer, pd.Series)
    assert list(answer.index) == [7, 9]
    assert isinstance(BG.probability_alive(2, 3, 5), float)
    assert BG.expected_purchases(np.array([1, 2, 3]), 2, 3, 5).shape == (3,)
    assert isinstance(CONTRACT.survival(3), float)
    assert "not fitted" in repr(BetaGeoNBD())
    assert "r=0.243" in repr(BG)


# --- from transactions to histories ---------------------------------------------------------------


def slow_summary(orders, end, days):
    """Customer by customer, as one would do it by hand."""
    rows = {}
    for customer, table in orders[orders["date"] <= end].groupby("customer_id"):
        spend = table.groupby(table["date"].dt.normalize())["revenue"].sum()
        first, last = spend.index[0], spend.index[-1]
        mean = spend.iloc[1:].mean() if len(spend) > 1 else 0.0
        age = (end - first).days / days
        rows[customer] = (len(spend) - 1, (last - first).days / days, age, mean)
    columns = ["frequency", "recency", "T", "monetary_value"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


@pytest.fixture
def orders():
    rng = np.random.default_rng(1)
    n = 3000
    days = rng.integers(0, 700, n)
    return pd.DataFrame(
        {
            "customer_id": rng.integers(1, 300, n),
            "date": pd.Timestamp("2022-01-03") + pd.to_timedelta(days, unit="D"),
            "revenue": rng.gamma(4, 20, n).round(2),
        }
    )


@pytest.mark.parametrize(("unit", "days"), [("W", 7), ("D", 1), ("M", 365.25 / 12), ("Y", 365.25)])
def test_rfm_summary_by_hand(orders, unit, days):
    end = pd.Timestamp("2023-06-30")
    result = rfm_summary(orders, end, unit=unit)
    expected = slow_summary(orders, end, days)
    pd.testing.assert_frame_equal(result, expected, check_names=False, check_dtype=False)
    assert result.index.name == "customer_id"
    histories(result["frequency"], result["recency"], result["T"], None)


def test_rfm_summary_takes_any_order_and_text_dates(orders):
    expected = rfm_summary(orders, "2023-06-30")
    pd.testing.assert_frame_equal(
        rfm_summary(orders.sample(frac=1, random_state=1), "2023-06-30"), expected
    )
    text = orders.assign(date=orders["date"].dt.strftime("%Y-%m-%d"))
    pd.testing.assert_frame_equal(rfm_summary(text, "2023-06-30"), expected)
    named = orders.assign(customer_id=orders["customer_id"].map("c{:03d}".format))
    assert (rfm_summary(named, "2023-06-30")["T"].to_numpy() == expected["T"].to_numpy()).all()
    zoned = orders.assign(date=orders["date"].dt.tz_localize("UTC"))
    pd.testing.assert_frame_equal(rfm_summary(zoned, "2023-06-30"), expected)


def test_rfm_summary_averages_what_it_is_told(orders):
    orders = orders.assign(margin=orders["revenue"] * 0.4)
    margin = rfm_summary(orders, "2023-06-30", value="margin")["monetary_value"]
    revenue = rfm_summary(orders, "2023-06-30")["monetary_value"]
    assert margin.to_numpy() == pytest.approx(revenue.to_numpy() * 0.4)
    assert "monetary_value" not in rfm_summary(orders, "2023-06-30", value=None)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda t: t.drop(columns="date"), {}, "transactions lacks the column 'date'"),
        (lambda t: t, {"value": "margin"}, "transactions lacks the column 'margin'"),
        (lambda t: t.head(0), {}, "transactions has no rows"),
        (lambda t: t["revenue"], {}, "transactions is a Series"),
        (lambda t: t, {"unit": "Q"}, "unit is 'Q'; it must be one of 'D', 'W', 'M', 'Y'"),
        (lambda t: t, {"observation_end": "2020-01-01"}, "no transaction happened up to that day"),
        (lambda t: t, {"observation_end": "soon"}, "observation_end is 'soon'; it must be a date"),
        (lambda t: t, {"observation_end": 38}, "observation_end is 38; it must be a date"),
        (lambda t: t, {"observation_end": pd.NaT}, "observation_end is NaT"),
        (lambda t: t.assign(date=pd.NaT), {}, "is missing in row 0"),
        (lambda t: t.assign(date="x"), {}, r"transactions\['date'\] must hold dates only"),
        (lambda t: t.assign(revenue=NAN), {}, r"transactions\['revenue'\] is nan in row 0"),
        (lambda t: t.assign(revenue="x"), {}, r"transactions\['revenue'\] must hold numbers only"),
        (lambda t: t.assign(customer_id=NAN), {}, r"transactions\['customer_id'\] has missing"),
    ],
)
def test_rfm_summary_bad_input(orders, change, arguments, message):
    with pytest.raises(ValueError, match=message):
        rfm_summary(change(orders), **{"observation_end": "2023-06-30"} | arguments)


# --- lifetime value -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [BG, PARETO])
@pytest.mark.parametrize(("timing", "shift"), [("start", 1.0), ("mid", 0.5), ("end", 0.0)])
@pytest.mark.parametrize("horizon", [1, 16, 52, 777])
def test_lifetime_value_is_the_discounted_sum(model, timing, shift, horizon):
    k = np.arange(horizon + 1)
    orders = np.diff(model.expected_purchases(k, 5, 20, 38.86))
    paid = orders * 1.10 ** (-(k[1:] - shift) * 7 / 365.25)
    value = lifetime_value(
        model, 40, 5, 20, 38.86, margin=0.3, discount_rate=0.10, horizon=horizon, timing=timing
    )
    assert value == pytest.approx(0.3 * 40 * paid.sum(), rel=1e-8)


@pytest.mark.parametrize("model", [BG, PARETO])
def test_infinite_horizon_is_the_limit_of_long_ones(model):
    arguments = (model, 1, [0, 5, 40], [0, 20, 38], 38.86)
    forever = lifetime_value(*arguments, margin=1, discount_rate=0.1)
    long = lifetime_value(*arguments, margin=1, discount_rate=0.1, horizon=9000)
    longer = lifetime_value(*arguments, margin=1, discount_rate=0.1, horizon=20_000)
    assert forever == pytest.approx(longer, rel=1e-6)
    assert (long <= forever).all()


def test_lifetime_value_meets_the_closed_form_of_pareto_nbd():
    x, tx, T = np.array([(0, 0, 38.86), (5, 20, 38.86), (26, 5, 30.0)]).T
    summed = lifetime_value(PARETO, 1, x, tx, T, margin=1, discount_rate=0.15)
    delta = np.log(1.15) * 7 / 365.25
    closed = PARETO.discounted_expected_purchases(delta, x, tx, T)
    assert summed == pytest.approx(closed, rel=1e-5)


def test_lifetime_value_without_discount_is_expected_orders():
    value = lifetime_value(BG, 1, 5, 20, 38.86, margin=1, discount_rate=0, horizon=52)
    assert value == pytest.approx(BG.expected_purchases(52, 5, 20, 38.86))


def test_units_of_the_model_and_of_the_rate_agree():
    """A model in years and one in days give the value of the model in weeks, roughly."""
    for unit, days in [("D", 1.0), ("M", 365.25 / 12)]:
        f = 7 / days
        model = BetaGeoNBD.from_params(r=0.243, alpha=4.414 * f, a=0.793, b=2.426)
        value = lifetime_value(
            model, 1, 5, 20 * f, 38.86 * f, margin=1, discount_rate=0.1, unit=unit
        )
        weeks = lifetime_value(BG, 1, 5, 20, 38.86, margin=1, discount_rate=0.1)
        assert value == pytest.approx(weeks, rel=1e-4)


def test_lifetime_value_is_linear_in_margin_and_spend(customers):
    history = (customers["frequency"], customers["recency"], customers["T"])
    one = lifetime_value(BG, 1, *history, margin=1, discount_rate=0.1)
    spend = pd.Series(np.linspace(10, 90, 2000), index=customers.index)
    value = lifetime_value(BG, spend, *history, margin=0.25, discount_rate=0.1)
    assert isinstance(value, pd.Series)
    assert value.to_numpy() == pytest.approx(one.to_numpy() * spend.to_numpy() * 0.25)


@pytest.mark.parametrize("periods", [1, 2, 16, 17, 40, 1000, 11_373])
def test_weights_of_the_sum(periods):
    log_v = -np.log1p(0.1) * 7 / 365.25
    moments, weights = _weights(periods, log_v)
    k = np.arange(1, periods + 1)
    for f in (np.sqrt, np.log1p, lambda t: t):
        exact = (np.diff(f(np.r_[0.0, k])) * np.exp(log_v * k)).sum()
        assert weights @ f(moments) == pytest.approx(exact, rel=1e-8)
    assert moments.size < 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"discount_rate": 0.0}, "discount_rate is 0; without a horizon it must be greater than 0"),
        ({"discount_rate": -0.1}, "discount_rate is -0.1"),
        ({"horizon": 0}, "horizon is 0"),
        ({"horizon": 1.5}, "horizon is 1.5; it must be a whole number of periods"),
        ({"unit": "Q"}, "unit is 'Q'"),
        ({"timing": "never"}, "timing is 'never'; it must be one of 'start', 'mid', 'end'"),
        ({"margin": NAN}, r"margin\[0\] is nan"),
        ({"spend": -1}, r"spend\[0\] is -1"),
        ({"spend": [1, 2, 3]}, "lengths differ: spend has 3, frequency has 2"),
        ({"model": SPEND}, "model is a GammaGamma; it must be a fitted BetaGeoNBD or ParetoNBD"),
    ],
)
def test_lifetime_value_bad_input(change, message):
    arguments = {
        "model": BG,
        "spend": 40,
        "frequency": [0, 2],
        "recency": [0, 5],
        "T": [9, 9],
        "margin": 0.3,
        "discount_rate": 0.1,
    }
    with pytest.raises(ValueError, match=message):
        lifetime_value(**arguments | change)
