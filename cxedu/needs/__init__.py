"""Needs: segments from what customers want, people like you, and the profit of acting on both.

Three things are easily taken for one another: who customers are (demographics), what they do (behaviour)
and what they need. The functions below segment by any of them, so that the three can be compared with
each other and, in a synthetic firm, with the truth; they recommend from the ratings of like-minded
customers; and they count what it earns to treat different needs differently. Money is in euros (€).

Segments, in the order in which to read them:

1. `needs_profile`, `encode_attributes`: customers as numbers that can be compared (profiling)
2. `NeedsSegmentation`, `choose_segments`, `suggest_segments`: segments, and how many (segmenting)
3. `segment_profiles`, `adjusted_rand_index`, `match_segments`: what they are like, and whether they
   are the true ones (comparing)

Community knowledge:

- `NeighbourRecommender`, `PopularityRecommender`: people like you, and everybody (recommending)
- `split_ratings`, `recommendation_quality`, `rmse`: how good that is (judging)

What it is worth:

- `segment_value`, `needs_profit`, `break_even_noise`, `noisy_segments`: in euros, even where the
  firm knows needs only in part (earning)
"""

from cxedu.needs.comparing import adjusted_rand_index, match_segments, segment_profiles
from cxedu.needs.earning import break_even_noise, needs_profit, noisy_segments, segment_value
from cxedu.needs.judging import recommendation_quality, rmse, split_ratings
from cxedu.needs.profiling import encode_attributes, needs_profile
from cxedu.needs.recommending import NeighbourRecommender, PopularityRecommender
from cxedu.needs.segmenting import NeedsSegmentation, choose_segments, suggest_segments

__all__ = [
    "NeedsSegmentation",
    "NeighbourRecommender",
    "PopularityRecommender",
    "adjusted_rand_index",
    "break_even_noise",
    "choose_segments",
    "encode_attributes",
    "match_segments",
    "needs_profile",
    "needs_profit",
    "noisy_segments",
    "recommendation_quality",
    "rmse",
    "segment_profiles",
    "segment_value",
    "split_ratings",
    "suggest_segments",
]
