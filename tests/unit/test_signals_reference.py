"""Signals give the figures of papers and of other people's libraries; the usual wrong formulas would not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.models.hawkes import HawkesModel
from hedgerow.models.pin import PinModel

Shared = Callable[[str], Path]
Entry = Callable[[str], dict[str, Any]]


@pytest.fixture
def entry(shared: Shared) -> Entry:
    """An entry of the table of published values."""
    entries = json.loads(shared("reference/expected.json").read_text("utf-8"))["entries"]
    by_id = {one["id"]: one for one in entries}
    return lambda name: by_id[name]


@pytest.fixture(scope="module")
def daily_trades(shared: Shared) -> pd.DataFrame:
    """Sixty days of buyers' and sellers' trades, from the PINstimation package."""
    return pd.read_csv(shared("refdata/dailytrades.csv"))


@pytest.fixture(scope="module")
def pin_model(daily_trades: pd.DataFrame) -> PinModel:
    """What is fitted to them."""
    return hr.pin(daily_trades["B"], daily_trades["S"])


def test_order_flow_imbalance_of_the_published_example(entry: Entry) -> None:
    """Five changes of a quote give the five contributions."""
    known = entry("microstructure.ofi.definition")
    quotes = np.array(known["inputs"]["quotes"], dtype=float)
    assert hr.ofi(*quotes.T)[1:].tolist() == known["expected"]


def test_sides_of_the_published_example(entry: Entry) -> None:
    """Quote rule, then tick test at the middle, a zero tick by the last that was not."""
    known = entry("microstructure.lee_ready")
    trades = np.array(known["inputs"]["trades"])
    assert hr.lee_ready(*trades.T).tolist() == known["expected"]


def test_illiquidity_of_the_published_example_is_a_mean_of_ratios(entry: Entry) -> None:
    """The ratio of the means is another number."""
    known = entry("microstructure.amihud")
    returns, value = (np.array(known["inputs"][name]) for name in ("returns", "dollar_volume"))
    got = hr.amihud(returns, value, len(returns))[-1]
    assert got == pytest.approx(known["expected"], rel=1e-12)
    assert np.abs(returns).mean() / value.mean() * 1e6 != pytest.approx(got, rel=0.1)


def test_the_spread_of_a_bouncing_price(entry: Entry) -> None:
    """A price that bounces by half a spread has twice that as its spread; a trend has none, not a root of |cov|."""
    known = entry("microstructure.roll1984")
    rng = np.random.default_rng(1984)
    price = 50 + known["inputs"]["half_spread"] * rng.choice([-1.0, 1.0], 200_000)
    assert hr.roll_spread(price, len(price) - 2)[-1] == pytest.approx(known["expected"], abs=known["tol"])
    changes = np.repeat([1.0, 2.0, 3.0, 4.0], 25)
    assert np.cov(changes[1:], changes[:-1])[0, 1] > 0
    assert np.isnan(hr.roll_spread(changes.cumsum(), 98)[-1])


def test_the_slope_of_kyles_equilibrium(entry: Entry) -> None:
    """In the model of 1985 the regression on signed volume finds lambda; on unsigned volume it finds nothing."""
    known = entry("microstructure.kyle1985")
    variance, noise = known["inputs"]["Sigma0"], known["inputs"]["sigma_u"]
    rng = np.random.default_rng(1985)
    value, uninformed = rng.normal(0, variance**0.5, 200_000), rng.normal(0, noise, 200_000)
    flow = value * noise / variance**0.5 + uninformed
    # Each auction stands for itself: the price moves from 0 by the value it reveals, best guessed from the flow.
    price = np.concatenate([[0.0], np.cumsum(value)])
    volume = np.concatenate([[0.0], flow])
    assert hr.kyle_lambda(price, volume, 200_000)[-1] == pytest.approx(known["expected"][0], abs=known["tol"][0])
    assert abs(hr.kyle_lambda(price, np.abs(volume), 200_000)[-1]) < known["expected"][0] / 20


def test_pin_of_sixty_days_is_that_of_the_reference_library(entry: Entry, pin_model: PinModel) -> None:
    """All five parameters, the likelihood and PIN agree with PINstimation's."""
    known = entry("microstructure.pin.dailytrades")
    model = pin_model
    got = [model.alpha, model.delta, model.mu, model.eps_buy, model.eps_sell, -model.log_likelihood, model.pin]
    for value, wanted, tolerance in zip(got, known["expected"], known["tol"], strict=True):
        assert value == pytest.approx(wanted, abs=tolerance)


def test_pin_is_not_an_order_imbalance(daily_trades: pd.DataFrame, pin_model: PinModel) -> None:
    """`|B - S| / (B + S)` of the same days is another number."""
    buys, sells = daily_trades["B"], daily_trades["S"]
    imbalance = float(((buys - sells).abs() / (buys + sells)).mean())
    assert abs(pin_model.pin - imbalance) > 0.05


def test_the_likelihood_of_pin_does_not_overflow(entry: Entry, daily_trades: pd.DataFrame) -> None:
    """At the published parameters it is the published value, and a million trades a day are as finite as a hundred."""
    known = entry("microstructure.pin.lk_equals_direct")
    names = ("alpha", "delta", "mu", "eps_buy", "eps_sell")
    theta = dict(zip(names, known["inputs"]["theta"], strict=True))
    got = hr.pin_log_likelihood(daily_trades["B"], daily_trades["S"], **theta)
    assert got == pytest.approx(known["expected"], abs=known["tol"])
    assert np.isfinite(hr.pin_log_likelihood([10**6, 0], [0, 10**6], **theta))


def bars_of(trades: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Price change and volume of each 300 s of the days that traded, empty bars included, and how many days."""
    stamps = pd.to_datetime(trades["timestamp"], unit="s")
    bars = trades.groupby(stamps.dt.floor("300s")).agg(
        first=("price", "first"), last=("price", "last"), volume=("volume", "sum")
    )
    days = bars.index.normalize().unique()
    bars = bars.asfreq("300s")
    bars = bars[bars.index.normalize().isin(days)]
    return (bars["last"] - bars["first"]).fillna(0).to_numpy(), bars["volume"].fillna(0).to_numpy(), len(days)


def test_vpin_of_a_hundred_thousand_trades_is_that_of_the_reference_library(entry: Entry, shared: Shared) -> None:
    """Quartiles, mean and extremes agree with PINstimation's; the operator says of each bar what the buckets say."""
    known = entry("microstructure.vpin.summary")
    with gzip.open(shared("refdata/hfdata.csv.gz"), "rt") as lines:
        change, volume, days = bars_of(pd.read_csv(lines))
    phi = NormalDist(0, float(change.std(ddof=1))).cdf
    buy = volume * np.array([phi(x) for x in change])
    bucket = volume.sum() / days / 50
    assert bucket == pytest.approx(4058.956, abs=1e-3)
    sides = hr.volume_buckets(buy, volume - buy, bucket)
    levels = hr.sma(np.abs(sides[:, 0] - sides[:, 1]) / bucket, 50)
    known_levels = levels[49:]
    got = [*np.quantile(known_levels, [0, 0.25, 0.5]), known_levels.mean(), *np.quantile(known_levels, [0.75, 1])]
    for value, wanted, tolerance in zip(got, known["expected"], known["tol"], strict=True):
        assert value == pytest.approx(wanted, abs=tolerance)
    streamed = hr.vpin(buy, volume - buy, bucket=bucket)
    # Not at the very end, where the last bucket is full but for rounding.
    full = np.floor(volume.cumsum() / bucket).astype(int)[:-1]
    np.testing.assert_allclose(streamed[:-1][full >= 50], levels[full[full >= 50] - 1], rtol=1e-9)


def test_the_likelihood_of_a_hawkes_process_is_that_of_the_reference_library(entry: Entry) -> None:
    """Eight events give hawkesbook's number to nine digits."""
    known = entry("lob_hawkes.hawkes.loglik_hawkesbook")
    given = known["inputs"]
    got = hr.hawkes_log_likelihood(
        given["events"], mu=given["mu"], alpha=given["alpha"], beta=given["beta"], end=given["T"]
    )
    assert got == pytest.approx(known["expected"], abs=known["tol"])


def simulated(mu: float, alpha: float, beta: float, end: float, seed: int) -> np.ndarray:
    """Events of a Hawkes process by Ogata's thinning."""
    rng = np.random.default_rng(seed)
    events, now, excited = [], 0.0, 0.0
    while True:
        bound = mu + excited
        gap = rng.exponential(1 / bound)
        now, excited = now + gap, excited * np.exp(-beta * gap)
        if now > end:
            return np.array(events)
        if rng.uniform() * bound <= mu + excited:
            events.append(now)
            excited += alpha


@pytest.fixture(scope="module")
def fitted() -> tuple[np.ndarray, HawkesModel]:
    """Some 6,000 events of a known process, and what is fitted to them."""
    events = simulated(1.2, 0.6, 0.8, 1_250.0, seed=3)
    return events, hr.fit_hawkes(events, end=1_250.0)


def test_a_fit_finds_the_process_that_made_the_events(fitted: tuple[np.ndarray, HawkesModel]) -> None:
    """Base rate, jump and decay come back within what 6,000 events tell."""
    events, model = fitted
    assert len(events) == pytest.approx(1.2 / (1 - 0.75) * 1_250, rel=0.15)
    assert (model.mu, model.alpha, model.beta) == (
        pytest.approx(1.2, abs=0.25),
        pytest.approx(0.6, abs=0.12),
        pytest.approx(0.8, abs=0.16),
    )
    truth = hr.hawkes_log_likelihood(events, mu=1.2, alpha=0.6, beta=0.8, end=1_250.0)
    assert truth < model.log_likelihood < truth + 8


def test_residuals_of_a_right_model_are_exponential_and_of_a_wrong_one_are_not(
    fitted: tuple[np.ndarray, HawkesModel],
) -> None:
    """The Kolmogorov distance to the exponential law is small for the fit and large for a Poisson process."""
    events, model = fitted

    def distance(residuals: np.ndarray) -> float:
        law = 1 - np.exp(-np.sort(residuals))
        return float(np.abs(law - (np.arange(len(law)) + 0.5) / len(law)).max())

    fit = hr.hawkes_residuals(events, mu=model.mu, alpha=model.alpha, beta=model.beta)
    poisson = hr.hawkes_residuals(events, mu=len(events) / 1_250.0, alpha=0.0, beta=1.0)
    assert distance(fit) < 1.36 / len(events) ** 0.5 < distance(poisson) / 3
