"""The published estimates on the CDNOW customers, where the package that ships the data is there."""

import importlib.metadata
import subprocess
import sys

import numpy as np
import pytest

from cxedu.clv import (
    BetaGeoNBD,
    GammaGamma,
    ParetoNBD,
    lifetime_value,
    load_cdnow,
    load_cdnow_transactions,
    rfm_summary,
)

try:
    importlib.metadata.version("lifetimes")
    INSTALLED = True
except importlib.metadata.PackageNotFoundError:
    INSTALLED = False

needs_data = pytest.mark.skipif(not INSTALLED, reason="CDNOW comes with: pip install cxedu[cdnow]")


@pytest.fixture(scope="module")
def cdnow():
    return load_cdnow()


@pytest.fixture(scope="module")
def bg(cdnow):
    return BetaGeoNBD().fit(cdnow["frequency"], cdnow["recency"], cdnow["T"])


@needs_data
def test_the_data_are_read_without_importing_lifetimes():
    code = (
        "import sys; from cxedu.clv import load_cdnow; load_cdnow(); "
        "sys.exit('lifetimes' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_data
def test_the_data_are_those_of_the_papers(cdnow):
    assert len(cdnow) == 2357
    assert (cdnow["frequency"] > 0).sum() == 946
    assert list(cdnow.columns) == ["frequency", "recency", "T", "monetary_value"]


@needs_data
def test_bg_nbd_meets_fader_hardie_and_lee_2005(bg):
    assert bg.log_likelihood_ == pytest.approx(-9582.43, abs=0.01)  # printed as −9582.4
    expected = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    assert bg.params_ == pytest.approx(expected, abs=0.001)
    assert bg.diagnostics_.trustworthy
    assert bg.diagnostics_.n == 2357


@needs_data
def test_pareto_nbd_meets_the_literature(cdnow):
    model = ParetoNBD().fit(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    assert model.log_likelihood_ == pytest.approx(-9594.98, abs=0.01)  # printed as −9595.0
    estimates = model.params_
    beta = estimates.pop("beta")
    assert estimates == pytest.approx({"r": 0.553, "alpha": 10.578, "s": 0.606}, abs=0.001)
    assert beta == pytest.approx(11.669, abs=0.02)
    assert model.diagnostics_.trustworthy


@needs_data
def test_gamma_gamma_meets_fader_and_hardie_2013(cdnow):
    model = GammaGamma().fit(cdnow["frequency"], cdnow["monetary_value"])
    assert model.params_["p"] == pytest.approx(6.25, abs=0.005)
    assert model.params_["q"] == pytest.approx(3.74, abs=0.005)
    assert model.params_["gamma"] == pytest.approx(15.44, abs=0.01)
    assert model.diagnostics_.n == 946
    assert model.diagnostics_.trustworthy  # the correlation of 0.11 is no reason to doubt


@needs_data
def test_transactions_give_the_summary(cdnow):
    orders = load_cdnow_transactions()
    summary = rfm_summary(orders, "1997-09-30")
    assert (summary["frequency"] == cdnow["frequency"]).all()
    for column in ("recency", "T", "monetary_value"):  # the file has two decimals
        assert np.abs(summary[column] - cdnow[column]).max() <= 0.0051
    assert (orders["revenue"] <= 0).sum() == 8
    fitted = GammaGamma().fit(summary["frequency"], summary["monetary_value"])
    assert fitted.params_["p"] == pytest.approx(6.25, abs=0.005)


@needs_data
def test_forecast_of_the_39_weeks_that_followed(bg, cdnow):
    """1,882 repeat purchases came; the model expects an eighth less."""
    orders = load_cdnow_transactions()
    both = rfm_summary(orders, "1998-06-30")["frequency"].sum()
    came = both - cdnow["frequency"].sum()
    assert came == 1882
    forecast = bg.expected_purchases(39, cdnow["frequency"], cdnow["recency"], cdnow["T"]).sum()
    assert forecast == pytest.approx(came, rel=0.13)


@needs_data
def test_lifetime_value_of_cdnow_is_plausible(bg, cdnow):
    spend = GammaGamma().fit(cdnow["frequency"], cdnow["monetary_value"])
    money = spend.expected_spend(cdnow["frequency"], cdnow["monetary_value"])
    history = (cdnow["frequency"], cdnow["recency"], cdnow["T"])
    value = lifetime_value(bg, money, *history, margin=0.3, discount_rate=0.15)
    assert (value >= 0).all()
    assert value.index.equals(cdnow.index)
    assert 10 < value.mean() < 100


def test_missing_data_say_how_to_get_them(monkeypatch):
    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", nothing)
    for load in (load_cdnow, load_cdnow_transactions):
        with pytest.raises(ImportError, match=r'pip install "cxedu\[cdnow\]"'):
            load()
