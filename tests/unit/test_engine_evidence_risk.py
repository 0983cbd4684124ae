"""Capacity, liquidity, stress and the running book, against sums worked by hand on one position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import RunError
from hedgerow.engine.evidence import Pack, make_evidence
from hedgerow.engine.evidence.book import Book
from hedgerow.engine.evidence.capacity import Scaling
from hedgerow.engine.evidence.stress import WINDOWS
from hedgerow.models.trials import TrialLedger

DAYS = 252
LOTS = 5_000
ADV, SIGMA = 1_000_000, 0.02
COSTS = hr.Costs(half_spread_bps=2, fee_bps=1, impact=1, volume_cap=0)
CLOSES = np.round(100 + 0.1 * np.arange(DAYS) + np.sin(np.arange(DAYS) / 3), 2)
TIERS = [
    {"name": "same", "capital": 1_000_000, "gross": 700_000, "loss": 20_000, "adv_share_bps": 50},
    {"name": "ten", "capital": 10_000_000, "gross": 1_000_000, "loss": 1_000, "adv_share_bps": 100},
]


class Holds(hr.Strategy):
    """Buys once and sells once."""

    def on_start(self) -> None:
        """Count bars."""
        self.bars = 0

    def on_bar(self, bar: Any) -> None:
        """In on the first day, out before the last."""
        self.bars += 1
        if self.bars == 1:
            self.buy(LOTS)
        elif self.bars == DAYS - 1:
            self.sell(LOTS)


def market(**about: Any) -> hr.Bars:
    """One stock that rises and trembles, its volume stated."""
    times = np.array(pd.bdate_range("2020-01-02", periods=DAYS) + pd.Timedelta(hours=21), dtype="datetime64[ns]")
    instrument = hr.Instrument("ABC", sector="tech", **({"adv": ADV, "sigma": SIGMA} | about))
    return hr.Bars.from_arrays(times, close=CLOSES, instruments=instrument, span="1d")


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The pack of that one position."""
    return make_evidence(Holds, market(), trials=TrialLedger(), costs=COSTS, tiers=TIERS)


@pytest.fixture(scope="module")
def run() -> hr.Result:
    """The same run, to work the sums on."""
    return hr.backtest(market(), Holds, costs=COSTS)


def test_capacity_is_the_square_root_law_worked_by_hand(pack: Pack, run: hr.Result) -> None:
    """Half of a day's hundredth of ADV is 0.5 %: impact 2 % * sqrt(0.5 %) of each trade; a year is these 252 days."""
    daily = run.daily.to_numpy()
    nav = np.array([daily[0], daily[-2]])  # before the first day's close, and before the last day
    value = (run.fills["quantity"] * run.fills["price"]).to_numpy()
    slippage = ((run.fills["price"] - run.fills["reference_price"]).abs() * LOTS).to_numpy()
    fees = run.fills["fee"].to_numpy()
    assert nav.size == value.size == 2
    gross = 1_000_000 * ((daily[1:] / daily[:-1] - 1).sum() + ((slippage + fees) / nav).sum())
    linear = 1_000_000 * ((fees + value * 2e-4) / nav).sum()
    scaled = LOTS * 1_000_000 / nav
    impact = (value * 1_000_000 / nav * SIGMA * np.sqrt(scaled / ADV)).sum()
    half = 1_000_000 * ((0.5 * gross - linear) / impact) ** 2
    most = 1_000_000 * (2 * (gross - linear) / (3 * impact)) ** 2
    told = pack.content["capacity"]
    assert float(told["gross_profit_per_year"]) == pytest.approx(gross, rel=1e-8)
    assert float(told["spread_and_fees_per_year"]) == pytest.approx(linear, rel=1e-8)
    assert float(told["impact_per_year"]) == pytest.approx(impact, rel=1e-8)
    assert float(told["capital_where_costs_eat_half"]) == pytest.approx(half, rel=1e-8)
    assert float(told["capital_of_most_profit"]) == pytest.approx(most, rel=1e-8)


def test_at_its_capacity_costs_eat_exactly_half() -> None:
    """And beyond the best capital, more of it earns less."""
    scale = Scaling(capital=1e6, gross=120_000, linear=9_000, impact=14_000)
    at = scale.capital_at(0.5)
    assert scale.costs(at) == pytest.approx(0.5 * scale.gross_profit(at))
    best = scale.capital_of_most_profit()
    profit = [scale.gross_profit(c) - scale.costs(c) for c in (0.99 * best, best, 1.01 * best)]
    assert profit[1] == max(profit)
    assert Scaling(1e6, gross=10, linear=6, impact=1).capital_at(0.5) == 0
    assert Scaling(1e6, gross=10, linear=11, impact=1).capital_of_most_profit() == 0


def test_tiers_scale_trades_positions_and_losses(pack: Pack, run: hr.Result) -> None:
    """Ten times the capital: ten times the share of volume, the days to sell and the losses; costs by the law."""
    same, ten = pack.content["tiers"]
    assert (same["adv_share_needed_bps"], ten["adv_share_needed_bps"]) == ("50", "500")
    assert (same["adv_share_within_limit"], ten["adv_share_within_limit"]) == (True, False)
    lowest = run.daily.to_numpy()[1:-1].min()  # the position weighs most on the day the fund is worth least
    assert float(same["days_to_liquidate"]) == pytest.approx(LOTS * 1_000_000 / lowest / (ADV * 0.005), rel=1e-7)
    assert float(ten["days_to_liquidate"]) == pytest.approx(5 * float(same["days_to_liquidate"]), rel=1e-7)
    assert same["slowest_symbol"] == "ABC"
    worst = -run.daily.pct_change().min()
    assert float(ten["worst_day_loss"]) == pytest.approx(10_000_000 * worst, rel=1e-7)
    assert ten["days_beyond_loss_limit"] == int((-run.daily.pct_change().dropna() * 1e7 > 1_000).sum()) > 0
    assert (same["gross_within_limit"], ten["gross_within_limit"]) == (True, False)
    told = {name: float(pack.content["capacity"][f"{name}_per_year"]) for name in ("gross_profit", "spread_and_fees")}
    impact = float(pack.content["capacity"]["impact_per_year"])
    eaten = (told["spread_and_fees"] * 10 + impact * 10**1.5) / (told["gross_profit"] * 10)
    assert float(ten["costs_share_of_gross"]) == pytest.approx(eaten, rel=1e-7)


def test_a_tier_without_a_bound_is_left_out() -> None:
    """Simulated money has no capital to scale to."""
    endless = {**TIERS[0], "name": "simulation", "capital": "170141183460469231.00"}
    pack = make_evidence(Holds, market(), trials=TrialLedger(), costs=COSTS, tiers=[endless, TIERS[0]])
    assert [row["tier"] for row in pack.content["tiers"]] == ["same"]
    assert {"figure": "tier simulation", "reason": "its capital has no bound"} in pack.content["left_out"]


def test_shocks_hit_the_day_on_which_most_was_held(pack: Pack) -> None:
    """One instrument is the universe, so its beta is one: a tenth down costs a tenth of the largest share."""
    largest = float(pack.content["exposure"]["gross_max"])
    losses = {row["move"]: row for row in pack.content["stress"]["market"]}
    assert float(losses["-0.1"]["loss"]) == pytest.approx(0.1 * largest, rel=1e-8)
    assert float(losses["0.2"]["loss"]) == 0
    (sector,) = pack.content["stress"]["sectors"]
    assert float(sector["loss"]) == pytest.approx(0.25 * largest, rel=1e-8)
    thin = largest * (3 * 2e-4 + SIGMA * np.sqrt(LOTS / (ADV / 2)))
    assert float(pack.content["stress"]["liquidity"]["loss"]) == pytest.approx(thin, rel=1e-8)
    deviation = (CLOSES[1:] / CLOSES[:-1] - 1).std(ddof=1)
    doubled = next(row for row in pack.content["stress"]["volatility"] if row["shock"] == "volatility times 2")
    assert float(doubled["loss"]) == pytest.approx(2 * 2.3263478740408408 * deviation * largest, rel=1e-7)


def test_positions_at_the_ends_of_days_are_those_of_the_tear_sheet(run: hr.Result) -> None:
    """One definition of exposure: gross and net agree on every day."""
    from hedgerow.engine.evidence.exposure import held
    from hedgerow.engine.evidence.sample import whole
    from hedgerow.engine.tearsheet.series import exposure

    _, gross, net = exposure(run)
    values = held(whole(run)).values
    assert np.allclose(np.abs(values).sum(axis=1), gross, atol=1e-6)
    assert np.allclose(values.sum(axis=1), net, atol=1e-6)


def test_historical_windows_count_only_when_the_sample_holds_them_whole(pack: Pack, run: hr.Result) -> None:
    """2020 holds two of them; each says what strategy and universe did."""
    told = pack.content["stress"]["windows"]
    assert [row["window"] for row in told] == ["Covid crash", "vaccine rotation"]
    daily = run.daily.set_axis(pd.DatetimeIndex(run.daily.index).tz_localize(None).floor("D"))
    moved = daily.loc["2020-03-23"] / daily.loc["2020-02-18"] - 1
    assert float(told[0]["return"]) == pytest.approx(moved, rel=1e-7)
    assert all(first < last for _, first, last in WINDOWS)


def test_without_volume_there_is_no_capacity_but_a_reason() -> None:
    """The rest of the pack stands."""
    pack = make_evidence(Holds, market(adv=None, sigma=None), trials=TrialLedger(), tiers=TIERS)
    left_out = {row["figure"]: row["reason"] for row in pack.content["left_out"]}
    assert left_out["capacity"] == "volume is not known: ABC"
    assert left_out["liquidity at tier same"] == "volume is not known: ABC"
    assert pack.content["capacity"] is None
    assert "days_to_liquidate" not in pack.content["tiers"][0]
    assert pack.content["stress"]["liquidity"] is None


def test_a_strategy_that_lost_before_costs_has_no_capacity() -> None:
    """There is nothing for costs to eat."""

    class Shorts(Holds):
        """The wrong way round."""

        def on_bar(self, bar: Any) -> None:
            """Sell what rises."""
            if self.position == 0:
                self.sell(LOTS)

    pack = make_evidence(Shorts, market(), trials=TrialLedger(), costs=COSTS, tiers=TIERS)
    assert pack.content["capacity"] is None
    assert {"capacity", "costs at tier same"} <= {row["figure"] for row in pack.content["left_out"]}


def test_a_strategy_moves_with_itself_and_against_its_mirror(run: hr.Result) -> None:
    """Correlation and beta one with its own result; minus one with a book that lost what it won."""
    itself = make_evidence(Holds, market(), trials=TrialLedger(), costs=COSTS, book=run).content["book"]
    assert (itself["correlation"], itself["beta"], itself["correlation_on_worst_days"]) == ("1", "1", "1")
    assert itself["common_days"] == DAYS
    mirrored = (1 - run.daily.pct_change().fillna(0.0)).cumprod() * 5e6
    against = make_evidence(Holds, market(), trials=TrialLedger(), costs=COSTS, book=mirrored).content["book"]
    assert (against["correlation"], against["beta"]) == ("-1", "-1")


def test_a_book_of_several_runs_is_their_sum(run: hr.Result) -> None:
    """Two equal halves move as one."""
    assert np.allclose(Book.of({"a": run, "b": run}).returns, Book.of(run).returns)
    assert Book.of({"a": run, "b": run}).digest != ""


def test_a_book_with_too_few_common_days_gives_no_correlation(run: hr.Result) -> None:
    """Nineteen days are left out by name."""
    book = run.daily.iloc[:20]
    pack = make_evidence(Holds, market(), trials=TrialLedger(), costs=COSTS, book=book)
    left_out = {row["figure"]: row["reason"] for row in pack.content["left_out"]}
    assert left_out["correlation"] == "19 common days, at least 20"
    assert "correlation" not in pack.content["book"]


@pytest.mark.parametrize("nav", [[100.0], [100.0, -5.0], [100.0, float("nan"), 3.0]])
def test_a_book_that_cannot_be_is_refused(nav: list[float]) -> None:
    """Values are positive and more than one."""
    index = pd.date_range("2020-01-01", periods=len(nav), tz="UTC")
    with pytest.raises(RunError, match=r"RUN-002.*book"):
        Book.of(pd.Series(nav, index=index))
