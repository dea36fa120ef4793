"""Identify: find the records of one customer among all silos, and measure how well that went.

A *record* is a row of contacts; a *pair* is two records; a *cluster* is what the firm takes for one
customer. The steps of record linkage, in the order in which to read them:

1. `normalise`: one form for names, addresses, numbers and dates (normalising)
2. `candidate_pairs`: the pairs worth comparing (blocking)
3. `compare`, `agreement`: how alike two records are (comparing)
4. `fellegi_sunter`, `estimate_weights`: what agreement tells, in bits (weighing)
5. `score_pairs`, `link`: all steps in a row, pairs joined up to clusters (linking)

Then how well it went:

- `pairwise_scores`, `b_cubed`, `cost_of_errors`, `threshold_curve`: against the truth (scores)
- `recognition_rate`, `duplicate_rate`, `profile_completeness`: for the firm (recognition)

Probabilities are between 0 and 1, weights are in bits, costs in euros (€).
"""

from cxedu.identify.blocking import BLOCKS, candidate_pairs
from cxedu.identify.comparing import CLOSE, COMPARED, agreement, compare
from cxedu.identify.inputs import FIELDS
from cxedu.identify.linking import link, score_pairs
from cxedu.identify.normalising import normalise
from cxedu.identify.recognition import duplicate_rate, profile_completeness, recognition_rate
from cxedu.identify.scores import (
    BCubed,
    ErrorCost,
    PairScores,
    b_cubed,
    cost_of_errors,
    pairwise_scores,
    threshold_curve,
)
from cxedu.identify.weighing import Weights, estimate_weights, fellegi_sunter

__all__ = [
    "BLOCKS",
    "CLOSE",
    "COMPARED",
    "FIELDS",
    "BCubed",
    "ErrorCost",
    "PairScores",
    "Weights",
    "agreement",
    "b_cubed",
    "candidate_pairs",
    "compare",
    "cost_of_errors",
    "duplicate_rate",
    "estimate_weights",
    "fellegi_sunter",
    "link",
    "normalise",
    "pairwise_scores",
    "profile_completeness",
    "recognition_rate",
    "score_pairs",
    "threshold_curve",
]
