"""Models of customer lifetime value, fitted by maximum likelihood.

- `BetaGeoNBD`, `ParetoNBD`: repeat purchases of customers who leave without saying so
- `GammaGamma`: spend per order
- `ShiftedBetaGeometric`: renewals of a contract
- `rfm_summary`: from transactions to histories; `lifetime_value`: from models to money

*Frequency* always means repeat purchases, *recency* the age at the last one, *T* the age now.
"""

from cxedu.clv.beta_geo import BetaGeoNBD
from cxedu.clv.contracts import ShiftedBetaGeometric
from cxedu.clv.data import load_cdnow, load_cdnow_transactions, rfm_summary
from cxedu.clv.fitting import Diagnostics
from cxedu.clv.future import lifetime_value
from cxedu.clv.gamma_gamma import GammaGamma
from cxedu.clv.pareto import ParetoNBD

__all__ = [
    "BetaGeoNBD",
    "Diagnostics",
    "GammaGamma",
    "ParetoNBD",
    "ShiftedBetaGeometric",
    "lifetime_value",
    "load_cdnow",
    "load_cdnow_transactions",
    "rfm_summary",
]
