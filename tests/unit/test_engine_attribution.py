"""Where profit comes from, what was held, what a strategy can carry: every table sums to the ledger."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError

RANDOM = np.random.default_rng(4)
TIMES = pd.bdate_range("2022-01-03", periods=260)
CLOSES = np.round(60 * np.exp(np.cumsum(RANDOM.normal(0.0006, 0.015, (260, 3)), axis=0)), 2)
FRAME = pd.DataFrame(CLOSES, columns=["AAA", "BBB", "CCC"], index=TIMES)
SIGNALS = np.repeat(RANDOM.integers(-2, 3, (26, 3)), 10, axis=0)


def volumes() -> hr.Bars:
    """The same prices with a volume, in a long table."""
    rows = FRAME.rename_axis("time").reset_index().melt(id_vars="time", var_name="symbol", value_name="close")
    return hr.Bars.from_frame(rows.assign(volume=2_000_000).set_index("time").sort_index())


@pytest.fixture(scope="module")
def run() -> hr.Result:
    """Three instruments, long and short, under the default costs."""
    return hr.backtest(FRAME, signals=SIGNALS, size=1_000, name="one")


@pytest.fixture(scope="module")
def euro() -> hr.Result:
    """Two currencies, with a rate that moves."""
    instruments = [hr.Instrument("AAA", "USD"), hr.Instrument("BBB", "EUR")]
    bars = hr.Bars.from_frame(FRAME[["AAA", "BBB"]], instruments=instruments)
    rate = pd.Series(1.1 + 0.1 * np.sin(np.arange(260) / 20), index=TIMES)
    return hr.backtest(bars, signals=SIGNALS[:, :2], size=1_000, fx={"EUR": rate}, name="two")


@pytest.mark.parametrize("by", ["instrument", "side", "strategy"])
def test_every_attribution_sums_to_what_the_ledger_earned(run: hr.Result, euro: hr.Result, by: str) -> None:
    """To the cent, with one currency and with two; what no trade made stands in a line of its own."""
    for result in (run, euro):
        table = result.attribution(by)  # type: ignore[arg-type]
        assert table["profit"].sum() == pytest.approx(result.final_nav - result.info.cash, abs=0.005)
        assert table["contribution"].sum() == pytest.approx(result.final_nav / result.info.cash - 1, abs=1e-9)
        assert table.index[-1] == "other"
        assert table["trips"].sum() == (~result.trades["open"]).sum()
    assert run.attribution(by).loc["other", "profit"] == 0.0  # type: ignore[arg-type]
    assert euro.attribution(by).loc["other", "profit"] != 0.0  # type: ignore[arg-type]


def test_parts_are_those_of_the_books(run: hr.Result) -> None:
    """Realised, unrealised and fees of the ledger; long and short by the side of the round trip."""
    table = run.attribution()
    for part in ("realised", "unrealised", "fees"):
        assert table[part].sum() == pytest.approx(run.book[part], abs=0.005)
    sides = run.attribution("side")
    long = run.trades[(run.trades["side"] == "long") & ~run.trades["open"]]
    assert sides.loc["long", "realised"] == pytest.approx(long["pnl"].sum(), abs=0.005)
    assert list(sides.index) == ["long", "short", "other"]


def test_strategies_stand_beside_each_other(run: hr.Result) -> None:
    """One line for each, over the capital of all."""
    other = hr.backtest(FRAME, signals=-SIGNALS, size=500, name="contrary", cash=500_000)
    table = hr.attribution([run, other], by="strategy")
    assert list(table.index) == ["one", "contrary", "other"]
    assert table.loc["contrary", "profit"] == pytest.approx(other.final_nav - 500_000, abs=0.005)
    assert table.loc["one", "contribution"] == pytest.approx((run.final_nav - 1_000_000) / 1_500_000)


def test_what_cannot_be_attributed_is_named(run: hr.Result) -> None:
    """Two base currencies, no run, and a word that is none."""
    yen = hr.backtest(FRAME["AAA"].to_frame(), signals=SIGNALS[:, 0], currency="JPY", fx={"USD": 150.0})
    with pytest.raises(HedgerowError, match=r"RUN-002.*JPY and USD"):
        hr.attribution([run, yen])
    with pytest.raises(HedgerowError, match="RUN-005"):
        hr.attribution([])
    with pytest.raises(HedgerowError, match=r"RUN-002.*did you mean 'side'"):
        run.attribution("sides")  # type: ignore[arg-type]


def test_exposure_is_positions_over_value_at_each_time(run: hr.Result) -> None:
    """Worked out again from the fills; the report holds its mean, its largest, and the share of time invested."""
    fills = run.fills
    signed = fills["quantity"].where(fills["side"] == "buy", -fills["quantity"])
    held = pd.DataFrame({"ts": fills["ts"], "symbol": fills["symbol"], "signed": signed})
    for place in (5, 100, 260):
        when = run.equity.index[place]
        lots = held[held["ts"] < when].groupby("symbol")["signed"].sum()
        value = lots * FRAME.iloc[place - 1][lots.index]
        nav = run.equity["nav"].iloc[place]
        assert run.exposure["gross"].iloc[place] == pytest.approx(value.abs().sum() / nav)
        assert run.exposure["net"].iloc[place] == pytest.approx(value.sum() / nav)
    report = run.performance
    assert report.gross_exposure == pytest.approx(run.exposure["gross"].mean())
    assert report.gross_exposure_max == pytest.approx(run.exposure["gross"].max())
    assert report.net_exposure == pytest.approx(run.exposure["net"].mean())
    assert report.time_invested == pytest.approx((run.exposure["gross"] > 0).mean())
    assert report.currency == "USD"


def test_statistics_without_exposure_are_the_same_statistics(run: hr.Result) -> None:
    """What a sweep asks for, which has no use for exposure."""
    names = {"gross_exposure", "gross_exposure_max", "net_exposure", "time_invested"}
    told = run.measured().to_dict()
    assert {name for name in told if told[name] != run.performance.to_dict()[name]} == names
    assert all(told[name] is None for name in names)


def test_trade_statistics_are_of_trips_after_fees(run: hr.Result, euro: hr.Result) -> None:
    """Each figure again, written out; in two currencies, in base currency."""
    closed = run.trades[~run.trades["open"]]
    net = closed["pnl"] - closed["fees"]
    told = run.trade_statistics
    assert told.trips == len(closed)
    assert told.win_rate == pytest.approx((net > 0).mean())
    assert told.profit_factor == pytest.approx(net[net > 0].sum() / -net[net < 0].sum())
    assert told.expectancy == pytest.approx(net.mean())
    assert told.payoff == pytest.approx(net[net > 0].mean() / -net[net < 0].mean())
    assert told.best == pytest.approx(net.max())
    assert euro.trade_statistics.expectancy != pytest.approx(
        float((euro.trades["pnl"] - euro.trades["fees"])[~euro.trades["open"]].mean()), rel=1e-6
    )


def test_the_tear_sheet_tells_sides_trips_and_capacity(run: hr.Result, tmp_path: Path) -> None:
    """Long and short, gains over losses, and why there is no capacity without volume."""
    page = Path(run.report(str(tmp_path / "one.html"))).read_text()
    sides = run.attribution("side")
    for side in ("long", "short"):
        assert f"{sides.loc[side, 'profit']:,.2f}" in page
    assert f"Gains over losses {run.trade_statistics.profit_factor:,.2f}" in page
    assert "volume is not known" in page
    assert "capital at which costs eat half of the profit" in page


def test_an_idle_run_has_no_trade_statistics() -> None:
    """Nothing is divided by nothing."""
    idle = hr.backtest(FRAME, signals=np.zeros((260, 3)))
    told = idle.trade_statistics
    assert (told.trips, told.win_rate, told.profit_factor, told.expectancy, told.best) == (0, None, None, None, None)
    assert idle.attribution("side")["profit"].tolist() == [0.0, 0.0, 0.0]
    assert (idle.performance.gross_exposure, idle.performance.time_invested) == (0.0, 0.0)


def test_capacity_is_a_figure_or_a_reason() -> None:
    """Where the costs at the capacity are half of gross profit; without volume, or without profit, why not."""
    drift = np.where(np.diff(CLOSES, axis=0, append=CLOSES[-1:]) > 0, 1, 0)
    made = hr.backtest(volumes(), signals=drift, size=1_000).capacity
    assert made.reason == ""
    assert made.costs_eat_half is not None
    assert made.most_profit is not None
    assert 0 < made.costs_eat_half < made.most_profit
    assert made.currency == "USD"
    unknown = hr.backtest(FRAME, signals=SIGNALS, size=1_000).capacity
    assert unknown.costs_eat_half is None
    assert "volume is not known" in unknown.reason


def test_beta_and_alpha_are_against_another_run(run: hr.Result) -> None:
    """A run against itself has beta one; a run in another currency is refused."""
    itself = run.against(run)
    assert itself.beta == pytest.approx(1.0)
    assert itself.alpha == pytest.approx(0.0, abs=1e-12)
    yen = hr.backtest(FRAME["AAA"].to_frame(), signals=SIGNALS[:, 0], currency="JPY", fx={"USD": 150.0})
    with pytest.raises(HedgerowError, match=r"RUN-002.*benchmark in JPY"):
        run.against(yen)
