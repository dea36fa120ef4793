"""Garbage thrown at every public function: a sentence of ours or a right result, never a traceback.

`CALLS` has one valid call for every public function, constructor and method, found by looking
through the modules: a new name without one fails a test. Each argument in turn is replaced by what
`garbage.py` holds, then several at once by what hypothesis makes up.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from garbage import GARBAGE, damaged, finite, trouble
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cxedu
from cxedu import World, clv, customise, identify, needs, organise, trust, value

#: Parts of the package that are not metrics: they have tests of bad input of their own.
OTHERS = {
    "__main__",
    "book",
    "course",
    "exercises",
    "figures",
    "feedback",
    "grading",
    "similarity",
    "validate",
    "world",
}
MODULES = [found.name for found in pkgutil.iter_modules(cxedu.__path__) if found.name not in OTHERS]

# A valid call of everything public ------------------------------------------------------------

X, TX, T = [2.0, 0.0, 5.0, 1.0], [30.4, 0.0, 20.0, 9.0], [38.9, 38.9, 30.0, 38.9]
HISTORY = {"frequency": X, "recency": TX, "T": T}
BETA_GEO = clv.BetaGeoNBD.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
PARETO = clv.ParetoNBD.from_params(r=0.553, alpha=10.578, s=0.606, beta=11.669)
SPEND = clv.GammaGamma.from_params(p=6.25, q=3.74, gamma=15.44)
CONTRACT = clv.ShiftedBetaGeometric.from_params(alpha=0.7, beta=1.2)
ORDERS = pd.DataFrame(
    {
        "customer_id": [1, 1, 2, 3],
        "date": pd.to_datetime(["2025-01-10", "2025-12-20", "2025-06-30", "2025-12-01"]),
        "revenue": [80.0, 40.0, 300.0, 20.0],
    }
)
ITEMS = {
    "q1": ("credibility", "They know their trade.", False),
    "q2": ("credibility", "I doubt what they say.", True),
}
ANSWERS = pd.DataFrame({"q1": [5.0, 4.0, 2.0], "q2": [2.0, 1.0, 3.0]})
ALPHA = [[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]]

CONTACTS = pd.DataFrame(
    {
        "record_id": [11, 12, 13],
        "first_name": ["Katarzyna", "Kasia", "Jan"],
        "last_name": ["Nowak", "Nowak", "Nowak"],
        "email": ["k@example.org", None, "k@example.org"],
        "birth_date": ["1984-05-07", "07/05/1984", "1982-01-30"],
    }
)
RECORDS = identify.normalise(CONTACTS)
SIMILAR = pd.DataFrame({"phone": [1.0, 0.9, 0.1, 1.0], "email": [1.0, 0.2, 0.2, 1.0]})
LEVELS = identify.agreement(SIMILAR)
WEIGHTS = identify.Weights(
    {"phone": np.array([0.1, 0.1, 0.8]), "email": np.array([0.1, 0.1, 0.8])},
    {"phone": np.array([0.9, 0.05, 0.05]), "email": np.array([0.9, 0.05, 0.05])},
    0.1,
)
CHANCES = {"phone": [0.1, 0.1, 0.8], "email": [0.1, 0.2, 0.7]}
LABELS = {"true": ["ann", "ann", "ann", "bo"], "predicted": [1, 1, 2, 2]}
PAIRS = pd.DataFrame({"left": [1, 2], "right": [2, 3], "probability": [0.9, 0.6]})

CASES = pd.DataFrame(
    {
        "case": [1, 2, 2, 3],
        "contact": [1, 1, 2, 1],
        "channel": ["web", "web", "phone", "phone"],
        "cost": [1.0, 1.0, 8.0, 8.0],
        "resolved": [True, False, True, True],
    }
)
PRIOR, PAYOFF = [0.5, 0.5], [[30, 0], [0, 20]]
PEOPLE = pd.DataFrame({"town": ["x", "x", "y"], "age": [1, 1, 2], "ok": [True, False, True]})
RULES = [
    customise.Rule("value", "at least", 500, "call", priority=2, name="big"),
    customise.Rule("angry", "is", True, "make good", name="angry"),
]
CUSTOMERS = pd.DataFrame({"value": [900, 900, 20], "angry": [False, True, True]})
BOOT = {"sole": ["trail", "snow"], "lining": ["none", "wool"]}
FORBIDDEN = [{"sole": "snow", "lining": "none"}]
LOG = pd.DataFrame(
    {
        "case": [1, 1, 1, 2],
        "step": ["order", "call", "call", "order"],
        "time": [0, 2, 5, 1],
        "effort": [1.0, 4.0, 2.0, 1.0],
        "channel": ["web", "web", "app", "web"],
    }
)
RETURNS = pd.DataFrame([[0.5, 0.5], [-0.2, 0.1], [0.1, 0.1], [0.1, 0.3]])
Y, TREATED, SCORE, CHANCE = [1, 0, 1, 0], [1, 1, 0, 0], [1, 2, 1, 2], [0.9, 0.4, 0.4, 0.1]
VISITS = pd.DataFrame({"t": [0, 1, 0, 1], "g": ["x", "x", "y", "y"], "y": [1, 2, 3, 5]})
PROFILE = pd.DataFrame({"speed": [2.0, 2, 1, -2, -2], "comfort": [-2.0, -1, -1, 2, 1]})
STARS = pd.DataFrame(
    {
        "customer_id": [1, 1, 1, 2, 2, 2, 3, 3],
        "product_id": [10, 11, 12, 10, 11, 13, 10, 12],
        "rating": [5.0, 3, 4, 4, 2, 5, 1, 2],
    }
)
SEEN = STARS[["customer_id", "product_id"]]
RANKED = pd.DataFrame(
    {"customer_id": [1, 1, 2, 2], "rank": [1, 2, 1, 2], "product_id": [10, 11, 10, 11]}
)
CLUSTERS = pd.DataFrame(
    {"silhouette": [0.0, 0.3, 0.5], "gap": [0.2, 0.5, 0.45], "gap_error": [0.02, 0.02, 0.02]},
    index=[1, 2, 3],
)
LIKE_ME = needs.NeighbourRecommender(shrink=1).fit(STARS)
WORLD = World(seed=1, n_customers=20)


def worth(price: float, units: float) -> float:
    return (price - 3) * units


def drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(100, 20, n)


CALLS: dict[str, dict[str, Any]] = {
    "value.customer_equity": {
        "present": [250.0, 90.0],
        "new_customers": [2, 2],
        "new_value": 100,
        "discount": 0.1,
        "acquisition_cost": 5,
    },
    "value.decile_table": {"values": [1, 2, 3, 4], "groups": 2},
    "value.gini": {"values": [0, 1, 2, 8]},
    "value.hill_exponent": {"values": [1, 2, 4, 8], "minimum": 1},
    "value.lifetime_value": {
        "margin": [100, 50],
        "retention": 0.8,
        "discount": 0.12,
        "horizon": 5,
        "growth": 0.01,
    },
    "value.lorenz": {"values": [1, 1, 2]},
    "value.margin_multiple": {"retention": [0.8, 0.7], "discount": 0.12, "growth": 0.01},
    "value.referral_value": {
        "margin": [100, 100],
        "acquisition_saving": 20,
        "would_have_joined": [False, True],
        "period": 1,
        "discount": 0.2,
        "reward": 5,
        "referrer": [7, 8],
    },
    "value.return_on_customer": {"cash_flow": 120, "equity_start": 1000, "equity_end": [980, 990]},
    "value.rfm": {"transactions": ORDERS, "as_of": "2025-12-31", "bins": 3},
    "value.share_of_customer": {"spend_with_us": [30, 50], "spend_total": [120, 50]},
    "value.tail_fits": {"values": [1.0, 2.0, 3.5, 6.0, 9.0, 20.0], "minimum": 1},
    "value.top_share": {"values": [10, 10, 160], "top": 0.2},
    "value.unrealised_value": {"actual": [200.0, 50.0], "potential": [260.0, 400.0]},
    "value.value_tiers": {"actual": [900, 40, 30, -60], "potential": [950, 700, 60, -10]},
    "value.whale_curve": {"profit": [50, -40, 90, 0]},
    "clv.BetaGeoNBD": {},
    "clv.BetaGeoNBD.expected_purchases": {"self": BETA_GEO, "t": 39, **HISTORY},
    "clv.BetaGeoNBD.fit": {"self": clv.BetaGeoNBD, **HISTORY},
    "clv.BetaGeoNBD.from_params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "clv.BetaGeoNBD.log_likelihood": {"self": BETA_GEO, **HISTORY, "weights": [1, 2, 1, 1]},
    "clv.BetaGeoNBD.probability_alive": {"self": BETA_GEO, **HISTORY},
    "clv.BetaGeoNBD.simulate": {"self": BETA_GEO, "n": 3, "T": 20, "rng": 1},
    "clv.GammaGamma": {},
    "clv.GammaGamma.expected_spend": {"self": SPEND, "frequency": [0, 1], "monetary_value": [0, 9]},
    "clv.GammaGamma.fit": {
        "self": clv.GammaGamma,
        "frequency": [1, 2, 3, 1],
        "monetary_value": [20.0, 35.0, 10.0, 60.0],
    },
    "clv.GammaGamma.from_params": {"p": 6.25, "q": 3.74, "gamma": 15.44},
    "clv.GammaGamma.simulate": {"self": SPEND, "frequency": [1, 2], "rng": 1},
    "clv.ParetoNBD": {},
    "clv.ParetoNBD.discounted_expected_purchases": {"self": PARETO, "discount": 0.1, **HISTORY},
    "clv.ParetoNBD.expected_purchases": {"self": PARETO, "t": 39, **HISTORY},
    "clv.ParetoNBD.fit": {"self": clv.ParetoNBD, **HISTORY},
    "clv.ParetoNBD.from_params": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
    "clv.ParetoNBD.log_likelihood": {"self": PARETO, **HISTORY, "weights": [1, 2, 1, 1]},
    "clv.ParetoNBD.probability_alive": {"self": PARETO, **HISTORY},
    "clv.ParetoNBD.simulate": {"self": PARETO, "n": 3, "T": 20, "rng": 1},
    "clv.ShiftedBetaGeometric": {},
    "clv.ShiftedBetaGeometric.expected_residual_lifetime": {
        "self": CONTRACT,
        "discount": 0.1,
        "renewals": [0, 2],
    },
    "clv.ShiftedBetaGeometric.fit": {
        "self": clv.ShiftedBetaGeometric,
        "survivors": [100, 63.1, 46.8, 38.2],
        "customers": 1000,
    },
    "clv.ShiftedBetaGeometric.from_params": {"alpha": 0.7, "beta": 1.2},
    "clv.ShiftedBetaGeometric.retention": {"self": CONTRACT, "t": [1, 2]},
    "clv.ShiftedBetaGeometric.simulate": {"self": CONTRACT, "n": 3, "T": 5, "rng": 1},
    "clv.ShiftedBetaGeometric.survival": {"self": CONTRACT, "t": [1, 2]},
    "clv.lifetime_value": {
        "model": BETA_GEO,
        "spend": [35, 20, 10, 50],
        **HISTORY,
        "margin": 0.3,
        "discount_rate": 0.1,
        "horizon": 52,
    },
    "clv.load_cdnow": {},
    "clv.load_cdnow_transactions": {},
    "clv.rfm_summary": {"transactions": ORDERS, "observation_end": "2025-12-31"},
    "trust.TrustDynamics": {"gain": 0.1, "loss": 0.5},
    "trust.TrustDynamics.long_run_trust": {
        "self": trust.TrustDynamics(scar=0),
        "failure_rate": 0.1,
    },
    "trust.TrustDynamics.periods_to_recover": {
        "self": trust.TrustDynamics(),
        "trust": 0.5,
        "remedies": ["apology"],
    },
    "trust.TrustDynamics.run": {
        "self": trust.TrustDynamics(),
        "events": ["good", "breach", "apology"],
        "start": 0.6,
    },
    "trust.TrustDynamics.simulate": {
        "self": trust.TrustDynamics(),
        "n": 3,
        "periods": 4,
        "failure_rate": 0.1,
        "rng": 1,
        "remedies": ["apology"],
    },
    "trust.cronbach_alpha": {"items": ALPHA},
    "trust.cronbach_interval": {"items": ALPHA},
    "trust.reverse_code": {"answers": [1, 2, 5]},
    "trust.score_items": {"answers": ANSWERS, "items": ITEMS},
    "trust.trust_score": {
        "credibility": [8, 4],
        "reliability": [7, 5],
        "intimacy": 6,
        "self_orientation": [3, 4],
    },
    "trust.trust_tax": {"trust": [0.2, 0.5, 0.9]},
    "trust.trustability_index": {
        "do_things_right": [80, 60],
        "do_right_thing": 80,
        "proactive": 10,
        "weights": [1, 1, 2],
    },
    "identify.Weights": {"m": WEIGHTS.m, "u": WEIGHTS.u, "match_share": 0.1},
    "identify.Weights.probability": {"self": WEIGHTS, "agreement": LEVELS},
    "identify.Weights.weight": {"self": WEIGHTS, "agreement": LEVELS},
    "identify.agreement": {"similarity": SIMILAR},
    "identify.b_cubed": LABELS,
    "identify.candidate_pairs": {"records": RECORDS, "keys": [["email"], ["last_name"]]},
    "identify.compare": {
        "records": RECORDS,
        "pairs": pd.DataFrame({"left": [11, 11], "right": [12, 13]}),
    },
    "identify.cost_of_errors": {**LABELS, "false_merge": 50.0, "missed_match": 2.0},
    "identify.duplicate_rate": {"clusters": [1, 1, 2, 2], "silo": ["web", "store", "web", "web"]},
    "identify.estimate_weights": {
        "agreement": LEVELS,
        "random_agreement": LEVELS,
        "n_pairs": 100,
        "prior": WEIGHTS,
    },
    "identify.fellegi_sunter": {"agreement": LEVELS, "m": CHANCES, "u": CHANCES},
    "identify.link": {"contacts": CONTACTS, "keys": [["email"], ["last_name"]]},
    "identify.normalise": {"contacts": CONTACTS},
    "identify.pairwise_scores": LABELS,
    "identify.profile_completeness": {
        "contacts": CONTACTS,
        "clusters": [0, 0, 1],
        "fields": ["email", "last_name"],
    },
    "identify.recognition_rate": {**LABELS, "order": [1, 2, 3, 4]},
    "identify.score_pairs": {"contacts": CONTACTS},
    "identify.threshold_curve": {
        "pairs": PAIRS,
        "true": pd.Series(["ann", "ann", "bo"], index=[1, 2, 3]),
        "thresholds": [0.5, 0.8],
    },
    "interact.advocacy_reach": {"advocates": 100, "branching": [0.5, 0.7], "generations": 2},
    "interact.bargain_value": {
        "information": [12.0, 4.0],
        "reward": 5.0,
        "response": 0.3,
        "offer_cost": 1,
    },
    "interact.channel_cost": {
        "contacts": [1000, 9000],
        "minutes": [6, 0],
        "cost_per_hour": 30,
        "occupancy": 0.75,
        "fixed": [500, 1800],
    },
    "interact.complaint_discovery_rate": {"voiced": [5, 6], "dissatisfied": 100},
    "interact.cost_per_resolution": {"interactions": CASES},
    "interact.expected_value_of_information": {
        "prior": PRIOR,
        "likelihood": [[0.9, 0.1], [0.2, 0.8]],
        "payoff": PAYOFF,
    },
    "interact.first_contact_resolution": {"interactions": CASES, "by": "channel"},
    "interact.golden_question": {
        "prior": PRIOR,
        "questions": {"Children?": [[0.9, 0.1], [0.2, 0.8]], "Colour?": [[0.5, 0.5], [0.5, 0.5]]},
        "payoff": PAYOFF,
        "cost": 0.5,
    },
    "interact.posterior": {"prior": PRIOR, "likelihood": [[0.9, 0.1], [0.3, 0.7]], "answer": 0},
    "interact.recovery_paradox": {
        "kept_without_failure": 0.8,
        "kept_unrecovered": 0.4,
        "kept_recovered": [0.85, 0.7],
        "success": 0.75,
        "voiced": 0.3,
    },
    "interact.recovery_value": {
        "value": [50.0, 300.0],
        "kept_unrecovered": 0.4,
        "kept_recovered": 0.8,
        "cost": 30.0,
        "success": 0.75,
    },
    "interact.silent_complaints": {
        "voiced": 200,
        "surveyed_dissatisfied": 50,
        "of_whom_voiced": 10,
    },
    "interact.value_of_perfect_information": {"prior": PRIOR, "payoff": PAYOFF},
    **{
        f"privacy.{name}": {"frame": PEOPLE, "quasi_identifiers": ["town"]}
        for name in ("k_anonymity", "class_sizes", "uniqueness", "reidentification_risk")
    },
    "privacy.consent_coverage": {"customers": PEOPLE, "consents": ["ok"], "by": "town"},
    "privacy.epsilon_spent": {"epsilons": [0.5, 0.25]},
    "privacy.generalise": {"values": [1, 2], "bins": 5},
    "privacy.l_diversity": {"frame": PEOPLE, "quasi_identifiers": ["town"], "sensitive": "age"},
    "privacy.laplace_error": {"sensitivity": 1, "epsilon": [0.1, 1], "quantile": 0.5},
    "privacy.laplace_mechanism": {"value": [1, 2], "sensitivity": 1, "epsilon": 1, "rng": 1},
    "privacy.privacy_calculus": {"benefit": 5, "cost": 20, "trust": [0.5, 0.9]},
    "privacy.private_count": {"having": [True, False], "epsilon": 1, "rng": 1},
    "privacy.private_mean": {"values": [1, 2], "low": 0, "high": 5, "epsilon": 1, "rng": 1},
    "privacy.suppress": {"frame": PEOPLE, "quasi_identifiers": ["town"], "k": 2},
    "customise.Rule": {"field": "value", "operator": "at least", "value": 500, "action": "call"},
    "customise.Rule.applies": {"self": RULES[0], "customers": CUSTOMERS},
    "customise.apply_rules": {"rules": RULES, "customers": CUSTOMERS},
    "customise.best_configuration": {
        "needs": [[4, 2], [1, 5]],
        "configuration": pd.DataFrame({"weight": [5, 2], "room": [1, 5]}, index=["solo", "family"]),
        "weights": [1, 2],
    },
    "customise.configurations": {"modules": BOOT, "forbidden": FORBIDDEN},
    "customise.count_variants": {"modules": BOOT, "forbidden": FORBIDDEN},
    "customise.gross_revenue_retention": {"start": [1000, 90], "contraction": 50, "churn": 10},
    "customise.health_score": {
        "signals": pd.DataFrame({"logins": [10, 0, 5], "idle_days": [3, 60, 10]}),
        "ranges": {"logins": (0, 10), "idle_days": (30, 0)},
        "weights": {"logins": 2, "idle_days": 1},
    },
    "customise.match_quality": {
        "needs": [5, 1, 3],
        "configuration": [4, 1, 5],
        "weights": [1, 2, 1],
    },
    "customise.net_revenue_retention": {
        "start": [1000, 90],
        "expansion": 250,
        "contraction": 50,
        "churn": 10,
    },
    "customise.production_cost": {"units": 10_000, "options": [4, 3, 5, 2]},
    "customise.revenue_movements": {"before": [100, 100, 50, 0], "after": [150, 60, 0, 30]},
    "customise.rule_conflicts": {"rules": RULES, "customers": CUSTOMERS},
    "customise.value_stream": {
        "product_margin": -5.0,
        "services": {"waxing": (0.4, 20.0, 0.8), "insurance": (0.1, 30.0, 0.9)},
        "discount": 0.12,
    },
    "experience.bootstrap_difference": {
        "first": [3, 4, 5],
        "second": [1, 2, 3, 4],
        "rng": 1,
        "draws": 100,
    },
    "experience.compare_portfolios": {
        "returns": RETURNS,
        "leader": [True, True, False, False],
        "rng": 1,
        "draws": 100,
    },
    "experience.customer_effort_score": {"answers": [7, 6, 2, 4]},
    "experience.customer_satisfaction": {"answers": [5, 4, 2, 3]},
    "experience.funnel": {"events": LOG, "steps": ["order", "call"]},
    "experience.journey_effort": {"log": LOG, "channel": "channel"},
    "experience.net_promoter_score": {"ratings": [10, 8, 3, 9]},
    "experience.pain_points": {"log": LOG, "threshold": 3},
    "experience.wilson_interval": {"successes": [7, 3], "n": 10},
    "loyalty.churn_rate": {"start": [400, 500], "kept": [340, 450]},
    "loyalty.cohort_table": {
        "start": ["2023-02-01", "2023-03-01", "2024-05-01"],
        "end": ["2024-01-31", None, None],
        "as_of": "2025-12-31",
    },
    "loyalty.convert_churn": {"rate": [0.02, 0.1], "per": "M", "to": "Y"},
    "loyalty.convert_retention": {"rate": [0.98, 0.9], "per": "M", "to": "Y"},
    "loyalty.decompose_growth": {
        "before": pd.Series({"ann": 100, "ben": 50, "cem": 80}),
        "after": pd.Series({"ann": 130, "cem": 70, "dora": 60}),
    },
    "loyalty.differential_profit": {
        "profit": pd.DataFrame({"a": [8, 2], "b": [3, 12]}, index=["bargain", "expert"]),
        "assigned": ["a", "b"],
        "size": [100, 50],
        "cost": 1.0,
    },
    "loyalty.expected_lifetime": {"retention": [0.8, 0.5]},
    "loyalty.kaplan_meier": {"durations": [1, 2, 2, 3], "left": [True, True, False, False]},
    "loyalty.loyalty_matrix": {
        "attitude": [5, 5, 2, 1],
        "behaviour": [0.9, 0.1, 0.8, 0.2],
        "attitude_cut": 3,
        "behaviour_cut": 0.5,
    },
    "loyalty.market_share": {"sales": [30, 40], "market": [120, 100]},
    "loyalty.preference_learning": {"interactions": 3, "horizon": 10},
    "loyalty.project_base": {
        "customers": 1000,
        "acquired": 100,
        "retention": 0.9,
        "margin": 20,
        "discount": 0.1,
        "periods": 2,
    },
    "loyalty.retention_elasticity": {"retention": [0.6, 0.8], "discount": 0.12, "horizon": 5},
    "loyalty.retention_rate": {"start": [400, 500], "kept": [340, 450]},
    "loyalty.update_preference": {"answers": [1, 1, 0]},
    "analytics.ab_test": {"successes_a": 1, "n_a": 9, "successes_b": 2, "n_b": 9},
    "analytics.ab_test_means": {"a": CHANCE, "b": SCORE},
    "analytics.auc": {"outcome": Y, "score": SCORE},
    "analytics.bayes_posterior": {"prior": [0.5, 0.5], "likelihood": [0.9, 0.1]},
    "analytics.brier_decomposition": {"outcome": Y, "probability": CHANCE, "bins": 2},
    "analytics.brier_score": {"outcome": Y, "probability": CHANCE},
    "analytics.calibration_table": {"outcome": Y, "probability": CHANCE, "groups": 2},
    "analytics.gains_curve": {"outcome": Y, "score": SCORE},
    "analytics.incremental_profit": {
        "outcome": Y,
        "treated": TREATED,
        "score": SCORE,
        "margin": 9,
        "cost": 1,
        "fixed_cost": 1,
        "steps": 2,
    },
    "analytics.lift_table": {"outcome": Y, "score": SCORE, "groups": 2},
    "analytics.next_best_offer": {
        "probability": [[0.1, 0.2], [0.3, 0.1]],
        "margin": [9, 5],
        "cost": 1,
        "eligible": [[True, True], [False, True]],
    },
    "analytics.peeking_false_positive_rate": {"looks": [1, 2], "rng": 1, "simulations": 100},
    "analytics.positive_predictive_value": {
        "base_rate": [0.1, 0.2],
        "sensitivity": 0.9,
        "specificity": 0.9,
    },
    "analytics.power": {"p_a": 0.1, "p_b": [0.2, 0.3], "n": 100},
    "analytics.qini_coefficient": {"outcome": Y, "treated": TREATED, "score": SCORE},
    "analytics.qini_curve": {"outcome": Y, "treated": TREATED, "score": SCORE},
    "analytics.regression_to_the_mean": {"first": [1, 3], "mean": 2, "reliability": 0.5},
    "analytics.sample_size": {"p_a": 0.1, "p_b": [0.2, 0.3]},
    "analytics.simpson_table": {"frame": VISITS, "outcome": "y", "treatment": "t", "group": "g"},
    "analytics.uplift_by_decile": {
        "outcome": Y,
        "treated": [1, 0, 1, 0],
        "score": [1, 1, 2, 2],
        "groups": 2,
    },
    "organise.SimulatedCase.quantiles": {
        "self": organise.SimulatedCase(np.array([-1.0, 1.0, 3.0, 5.0]), pd.DataFrame()),
    },
    "organise.assign_customers": {
        "value": pd.DataFrame({"Ada": [90, 80, 10], "Ben": [70, 20, 5]}, index=["x", "y", "z"]),
        "capacity": [2, 1],
        "workload": [1, 1, 1],
    },
    "organise.base_used_up": {"contacted": [0, 0, 0, 1, 1], "converted": [0, 1, 1, 1, 1]},
    "organise.capability_gap": {"agree": [1, 1, 1, 0], "can": [1, 0, 0, 0]},
    "organise.capability_index": {
        "answers": pd.DataFrame({"a": [1, 5], "b": [3, 5], "c": [5, 4]}),
        "groups": {"a": "know", "b": "know", "c": "act"},
    },
    "organise.difference_in_differences": {
        "treated_before": [1.0, 2.0, 3.0],
        "treated_after": [2.0, 3.5, 4.0],
        "control_before": [1.0, 2.0, 3.0],
        "control_after": [1.5, 2.0, 3.0],
        "paired": True,
    },
    "organise.frontier": {"efficiency": [1, 2, 3, 2], "intimacy": [9, 7, 2, 5]},
    "organise.internal_rate_of_return": {"cash_flows": [-1000, 500, 400, 300, 100]},
    "organise.net_present_value": {"cash_flows": [-1000, 500, 400], "discount": 0.1},
    "organise.payback_period": {"cash_flows": [-1000, 500, 400, 300, 100]},
    "organise.picket_fence": {"value": [50, 900, 400, 300], "cost": [100] * 4, "budget": 250},
    "organise.queue_wait": {"arrival_rate": 6, "service_rate": 3, "servers": 3, "target": 0.1},
    "organise.simulate_case": {
        "function": worth,
        "assumptions": {"price": 5.0, "units": drawn},
        "rng": 1,
        "n": 50,
    },
    "organise.tornado": {
        "function": worth,
        "base": {"price": 5, "units": 100},
        "ranges": {"units": (90, 110), "price": (4, 6)},
    },
    "needs.NeedsSegmentation": {"n_segments": 2},
    "needs.NeedsSegmentation.fit": {
        "self": needs.NeedsSegmentation(2, n_starts=2),
        "profile": PROFILE,
    },
    "needs.NeedsSegmentation.predict": {
        "self": needs.NeedsSegmentation(2, n_starts=2).fit(PROFILE),
        "profile": PROFILE,
    },
    "needs.NeighbourRecommender": {"n_neighbours": 2},
    "needs.NeighbourRecommender.fit": {"self": needs.NeighbourRecommender(), "ratings": STARS},
    "needs.NeighbourRecommender.predict": {"self": LIKE_ME, "pairs": SEEN},
    "needs.NeighbourRecommender.recommend": {"self": LIKE_ME, "customers": [1, 3], "n": 2},
    "needs.NeighbourRecommender.similarity": {"self": LIKE_ME, "one": 1, "other": 2},
    "needs.PopularityRecommender": {},
    "needs.PopularityRecommender.fit": {"self": needs.PopularityRecommender(), "ratings": STARS},
    "needs.PopularityRecommender.predict": {
        "self": needs.PopularityRecommender().fit(STARS),
        "pairs": SEEN,
    },
    "needs.PopularityRecommender.recommend": {
        "self": needs.PopularityRecommender().fit(STARS),
        "customers": [1, 3],
        "n": 2,
    },
    "needs.adjusted_rand_index": {"labels": ["a", "a", "b", "b"], "truth": [1, 1, 0, 0]},
    "needs.break_even_noise": {
        "profit": [[10, 2, 6], [1, 8, 6]],
        "sizes": [100, 100],
        "cost_per_version": 50,
    },
    "needs.choose_segments": {
        "profile": PROFILE,
        "numbers": [1, 2],
        "n_references": 2,
        "n_starts": 1,
    },
    "needs.encode_attributes": {"customers": PEOPLE, "columns": ["town", "age"]},
    "needs.match_segments": {"labels": [7, 7, 3, 3, 3], "truth": ["a", "a", "a", "b", "b"]},
    "needs.needs_profile": {
        "answers": ANSWERS,
        "items": ["q1", "q2"],
        "reverse": ["q2"],
    },
    "needs.needs_profit": {
        "profit": [[10, 2, 6], [1, 8, 6]],
        "customers": [[90, 10], [20, 80]],
        "cost_per_version": 50,
    },
    "needs.noisy_segments": {"labels": ["a", "b", "a", "b"], "noise": 0.5, "rng": 1},
    "needs.recommendation_quality": {"recommended": RANKED, "held_out": STARS, "n": 2, "liked": 3},
    "needs.rmse": {"predicted": [3, 4, 5], "actual": [4, 4, 3]},
    "needs.segment_profiles": {"table": PEOPLE, "labels": ["fast", "fast", "slow"]},
    "needs.segment_value": {"labels": ["a", "a", "b"], "value": [100, 200, 50]},
    "needs.split_ratings": {"ratings": STARS, "random_state": 1, "share": 0.5, "at_least": 2},
    "needs.suggest_segments": {"table": CLUSTERS},
    "World": {"seed": 1, "n_customers": 20},
    "World.describe": {"self": WORLD, "table": "customers"},
    "World.to_parquet": {
        "self": WORLD,
        "folder": "company",
        "tables": ["customers"],
        "progress": False,
    },
    "World.for_student": {"student_id": "ann", "problem_set": "ps06", "n_customers": 20},
}
for _model, _sample in (
    ("BetaGeoNBD", BETA_GEO),
    ("ParetoNBD", PARETO),
    ("GammaGamma", SPEND),
    ("ShiftedBetaGeometric", CONTRACT),
):
    CALLS[f"clv.{_model}.summary"] = {"self": _sample}

#: Where a missing or infinite number is the documented answer.
GAPS = {
    "clv.BetaGeoNBD.summary",  # no standard errors without a fit
    "clv.ParetoNBD.summary",
    "clv.GammaGamma.summary",
    "clv.ShiftedBetaGeometric.summary",
    "clv.BetaGeoNBD.fit",  # nor where the data can't tell; the diagnostics say so
    "clv.ParetoNBD.fit",
    "clv.GammaGamma.fit",
    "clv.ShiftedBetaGeometric.fit",
    "customise.Rule",  # it may compare with infinity
    "customise.health_score",  # too few signals give no score
    "experience.funnel",  # a step that nobody enters has no conversion
    "identify.Weights",  # no likelihood without an estimate
    "identify.agreement",  # a field that one record lacks can't agree
    "identify.compare",
    "identify.score_pairs",
    "loyalty.cohort_table",  # ages that a cohort has not reached
    "needs.choose_segments",  # a single segment has no silhouette
    "needs.segment_profiles",  # no mean where no answer
    "organise.base_used_up",  # no yield where nobody is asked
    "organise.capability_index",  # too few answers give no index
    "organise.payback_period",  # never, if it does not pay
    "privacy.suppress",  # rows as they were given
    "trust.reverse_code",  # missing answers stay missing
}


#: Fits that take long where the data are right after all: only each third piece of garbage, since
#: their checks are those of BetaGeoNBD.fit.
SLOW = {"clv.ParetoNBD.fit": 3}


def public() -> Iterator[tuple[str, Callable]]:
    """Every public function, method and checking constructor, with its name."""
    for module in MODULES:
        found = importlib.import_module(f"cxedu.{module}")
        for name in found.__all__:
            yield from _callables(f"{module}.{name}", getattr(found, name))
    yield from _callables("World", World)


def _callables(name: str, thing: Any) -> Iterator[tuple[str, Callable]]:
    if inspect.isclass(thing):
        # Tuples and records without checks are results: nobody but us makes them.
        result = issubclass(thing, tuple) or hasattr(thing, "__dataclass_fields__")
        if not result or hasattr(thing, "__post_init__"):
            yield name, thing
        for key in dir(thing):
            kept = inspect.getattr_static(thing, key)
            inherited = issubclass(thing, tuple) and hasattr(tuple, key)
            if key[0] != "_" and not inherited and isinstance(kept, (*METHODS,)):
                yield f"{name}.{key}", getattr(thing, key)
    elif callable(thing):
        yield name, thing


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken for the name of a file is written where it can be thrown away."""
    monkeypatch.chdir(tmp_path)


METHODS = (type(public), classmethod, staticmethod)
PUBLIC = dict(public())
NAMES = [name for name in CALLS if name in PUBLIC]


def call(name: str) -> tuple[Callable, dict[str, Any], dict[str, Any]]:
    """The function (bound, if a method), its valid arguments, and what may be replaced in them."""
    arguments = dict(CALLS[name])
    function = PUBLIC[name]
    owner = arguments.pop("self", None)
    if owner is not None:
        method = name.rsplit(".", 1)[1]
        bound = owner() if inspect.isclass(owner) else owner  # a model is fitted anew each time
        function = getattr(bound, method)
    values = dict(arguments)
    for key, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            values.setdefault(key, parameter.default)
    return function, arguments, values


def test_every_public_name_has_a_valid_call() -> None:
    assert set(CALLS) == set(PUBLIC)


@pytest.mark.parametrize(
    ("function", "arguments", "seen"),
    [
        (np.linalg.inv, {"a": np.zeros((2, 2))}, "LinAlgError"),
        (lambda x: float("nan"), {"x": 1}, "a silent gap"),
        (lambda x: pd.DataFrame({"a": [1, x]}), {"x": None}, "a silent gap"),
        (lambda x: 1 / np.float64(x), {"x": 0}, "RuntimeWarning"),
        (lambda x: int(x), {"x": "a"}, "ValueError"),
        (lambda z: value.gini("x"), {"z": 1}, "names no parameter"),
        (value.gini, {"values": "x"}, ""),
        (value.gini, {"values": [1, 2]}, ""),
    ],
)
def test_trouble_is_seen(function: Callable, arguments: dict, seen: str) -> None:
    found = trouble(function, arguments)
    assert seen in found if seen else not found


@pytest.mark.parametrize("name", sorted(GAPS))
def test_a_gap_is_documented(name: str) -> None:
    doc = inspect.getdoc(PUBLIC[name]) or ""
    assert re.search(r"\bNaN\b|\binf\b|\binfinity\b|\bmissing here\b", doc)


@pytest.mark.parametrize("name", NAMES)
def test_the_valid_call_works(name: str) -> None:
    function, arguments, _ = call(name)
    result = function(**arguments)
    assert name in GAPS or finite(result)


@pytest.mark.parametrize("name", [name for name in NAMES if call(name)[2]])
def test_one_argument_is_garbage(name: str) -> None:
    function, arguments, values = call(name)
    found = {}
    for key, usual in values.items():
        for label, thing in [*GARBAGE.items(), *damaged(usual)][:: SLOW.get(name, 1)]:
            answer = trouble(function, arguments | {key: thing}, name in GAPS)
            if answer:
                found[f"{key}: {label}"] = answer
    assert not found, "\n".join(f"{key} → {answer}" for key, answer in found.items())


#: What hypothesis makes up; sizes are small, for a simulation of a billion is no mistake.
NUMBERS = st.integers(-5, 50) | st.floats(-10, 10) | st.sampled_from([1e308, 1e-308, 10**400])
SINGLE = st.none() | st.booleans() | NUMBERS | st.text(max_size=2) | st.just(float("nan"))
NESTED = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=1), inner),
    max_leaves=6,
)
ANYTHING = st.sampled_from(list(GARBAGE.values())) | NESTED


@pytest.mark.parametrize("name", [name for name in NAMES if call(name)[2]])
@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_several_arguments_are_garbage(name: str, data: st.DataObject) -> None:
    function, arguments, values = call(name)
    for key in data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True)):
        arguments[key] = data.draw(ANYTHING, label=key)
    answer = trouble(function, arguments, name in GAPS)
    assert not answer, answer
