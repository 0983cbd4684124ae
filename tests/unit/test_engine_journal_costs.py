"""What a journal says that trading cost is what the run's own tables say, and what the measures say fill by fill."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.journal_costs import costs_by, journal_costs, journal_fitted_costs
from hedgerow.execution import tca
from hedgerow.market.generated import generated_books

S = 10**9
PARTS = ["delay", "trading", "opportunity", "fees"]


class Mixed(hr.Strategy):
    """Orders of its own now and then, one for an algorithm, and one that an algorithm cannot get done."""

    def on_start(self) -> None:
        """Every twenty seconds."""
        self.every(seconds=20)
        self.n = 0

    def on_timer(self, now: int) -> None:
        """To and fro, and twice by an algorithm."""
        self.n += 1
        (self.buy if self.n % 2 else self.sell)(3)
        if self.n == 3:
            self.work(40, algorithm="twap", slices=5, until=timedelta(seconds=60))
        if self.n == 10:
            self.work(-500, algorithm="pov", participation=0.05, until=timedelta(seconds=90))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[hr.Result, Path]:
    """A run over a made-up book, and its log."""
    folder = tmp_path_factory.mktemp("costs") / "mixed"
    return hr.backtest(generated_books(60_000, seed=3), Mixed, log=folder), folder


def test_a_journal_alone_says_what_the_run_says_algorithms_cost(worked: tuple[hr.Result, Path]) -> None:
    """The total of each algorithm, what it left undone included, and of the orders beside them."""
    result, folder = worked
    table = journal_costs(folder)
    assert np.allclose(table[PARTS].sum(axis=1), table["total"])
    ours, theirs = costs_by(table, "algorithm").set_index("algorithm"), result.tca(by="algorithm")
    for name in ("twap", "pov"):
        here, there = ours.loc[name], theirs.loc[name]
        traded = there[["spread_and_impact", "timing"]].sum()
        assert here[["delay", "trading"]].sum() == pytest.approx(traded)
        assert here["fees"] == pytest.approx(there["fees"])
        # The run's own table has the last mid as a price on the grid: half a tick on what was left.
        assert here["opportunity"] == pytest.approx(there["opportunity"], abs=0.005 * 408 + 1e-9)
        assert ours.loc[name, "value"] == pytest.approx(theirs.loc[name, "value"])
        assert ours.loc[name, "filled_share"] == pytest.approx(theirs.loc[name, "filled_share"])
    assert ours.loc["direct", "fees"] == pytest.approx(theirs.loc["direct", "fees"])
    left = table[table["state"] == "unfilled"]
    assert left["algorithm"].tolist() == ["pov"]
    assert left["opportunity"].iloc[0] != 0
    assert ours["fills"].sum() == len(result.fills)
    assert set(table["strategy"]) == {"Mixed"}


def test_over_bars_the_total_of_every_order_is_that_of_the_run(tmp_path: Path) -> None:
    """Closes are the mids that are known, and there is none between two of them."""
    random = np.random.default_rng(3)
    close = (100 * np.exp(np.cumsum(random.normal(0, 0.01, 120)))).round(2)
    bars = hr.Bars.from_arrays(np.arange(120).astype("datetime64[D]"), close=close, volume=np.full(120, 1e6))
    costs = hr.Costs(half_spread_bps=4, impact=1, volume_cap=0)
    result = hr.backtest(bars, weights=random.uniform(-1, 1, 120), cash=1e8, costs=costs, log=tmp_path / "bars")
    table, told = journal_costs(tmp_path / "bars"), result.tca()
    known = told["arrival"].notna().to_numpy() & (table["state"] == "Filled").to_numpy()
    assert known.sum() > 100
    assert np.allclose(table["total"][known], told["total"][known], atol=1e-4)
    assert np.allclose(table["arrival"][known], told["arrival"][known])
    assert table["after_1s_bps"].isna().all()
    assert journal_costs(tmp_path / "bars", after={"1d": 86_400 * S})["after_1d_bps"].notna().sum() > 100
    fitted, ours = result.fitted_costs(), journal_fitted_costs(tmp_path / "bars", costs=costs)
    assert ours.fee_bps == pytest.approx(fitted.fee_bps)
    assert ours.volume_cap == 0


def quoted(tmp_path: Path) -> Path:
    """One buy of ten at the ask, in a market that falls a second later and comes back after a minute."""
    at = [0, 1, 2, 12, 70, 200]
    bid = [99.0, 99.0, 98.0, 98.5, 99.0, 97.0]
    books = hr.Books.from_quotes(
        (np.array(at) * S).astype("datetime64[ns]"),
        bid=bid,
        ask=[price + 1 for price in bid],
        bid_size=500.0,
        ask_size=500.0,
        symbol="ACME",
    )

    class Once(hr.Strategy):
        def on_quote(self, quote: object) -> None:
            if not self.orders_sent:
                self.orders_sent = True
                self.buy(10)

        def on_start(self) -> None:
            self.orders_sent = False

    hr.backtest(books, Once, costs=hr.Costs(fee_bps=5), log=tmp_path / "quoted")
    return tmp_path / "quoted"


def test_spreads_and_what_fills_were_worth_are_those_of_the_measures(tmp_path: Path) -> None:
    """A fill at 100 beside a mid of 99.5: 98.5 a second after it, 99 after ten, 99.5 after seventy."""
    row = journal_costs(quoted(tmp_path), after={"2s": 2 * S, "15s": 15 * S, "80s": 80 * S}).iloc[0]
    assert (row["arrival"], row["average_price"], row["filled"]) == (99.5, 100.0, 10.0)
    half = 0.5 / 99.5 * 1e4
    assert row["effective_bps"] == pytest.approx(half)
    assert row["effective_bps"] == pytest.approx(tca.effective_spread("buy", 100, 99.5) / 2 / 99.5 * 1e4)
    worth = tca.markouts_bps("buy", 100.0, {"2s": 98.5, "15s": 99.0, "80s": 99.5})
    assert {name: row[f"after_{name}_bps"] for name in worth} == pytest.approx(worth)
    assert row["realised_bps"] == pytest.approx(half)
    assert row["impact_bps"] == pytest.approx(0)
    assert row["reversion_bps"] == pytest.approx(tca.reversion_bps("buy", 100.0, 99.5))
    assert row["fees"] == pytest.approx(0.5)
    assert row["total"] == pytest.approx(5.5)


def test_what_lies_beyond_the_end_of_a_run_is_not_known(tmp_path: Path) -> None:
    """No mid of an hour later, so no realised spread; what is known within a second stands."""
    row = journal_costs(quoted(tmp_path), after={"1s": S, "1h": 3_600 * S}).iloc[0]
    assert not np.isnan(row["after_1s_bps"])
    assert np.isnan([row["after_1h_bps"], row["realised_bps"], row["impact_bps"], row["reversion_bps"]]).all()


def test_several_runs_stand_beside_each_other(worked: tuple[hr.Result, Path], tmp_path: Path) -> None:
    """By the names of their folders; weights of basis points are values."""
    table = costs_by(journal_costs([worked[1], quoted(tmp_path)]), "run").set_index("run")
    assert table.index.tolist() == ["mixed", "quoted"]
    assert table.loc["quoted", "total_bps"] == pytest.approx(5.5 / 995 * 1e4)


def test_runs_are_summed_up_by_the_venue_that_stands_beside_their_journals(
    worked: tuple[hr.Result, Path], tmp_path: Path
) -> None:
    """Over bars it is simulated; a run begun before it was written down, or whose file is damaged, says none."""
    elsewhere = quoted(tmp_path)
    for kept, venue in (
        ('{"v": 1, "prefix": "h1", "clock_speed": 1, "venue": "binance"}', "binance"),
        ('{"v": 1, "prefix": "h1", "clock_speed": 1}', ""),
        ("[1]", ""),
        ("{", ""),
    ):
        (elsewhere / "run.json").write_text(kept)
        table = costs_by(journal_costs([worked[1], elsewhere]), "venue").set_index("venue")
        assert set(table.index) == {"simulated", venue}
        assert table.loc[venue, "total_bps"] == pytest.approx(5.5 / 995 * 1e4)


def test_settings_that_cannot_be_meant_and_folders_without_a_run_are_named(tmp_path: Path) -> None:
    """No stretch, an unknown column, no folder, no journal; too few fills for a cost model."""
    folder = quoted(tmp_path)
    with pytest.raises(HedgerowError, match="RUN-002"):
        journal_costs(folder, after={})
    with pytest.raises(HedgerowError, match="algorithm"):
        costs_by(journal_costs(folder), "algoritm")  # type: ignore[arg-type]
    with pytest.raises(HedgerowError, match="no run's folder"):
        journal_costs([])
    with pytest.raises(HedgerowError, match="LOG-006"):
        journal_costs(tmp_path / "nothing")
    with pytest.raises(HedgerowError, match="say `adv` and `sigma`"):
        journal_fitted_costs(folder)


def test_a_run_that_did_nothing_and_one_that_died_at_once_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No order, or not even an instrument: said so, and no cost model is made of it."""
    bars = hr.Bars.from_arrays(np.arange(4).astype("datetime64[D]"), close=[10.0, 11.0, 12.0, 11.0])
    hr.backtest(bars, signals=np.zeros(4), size=1, log=tmp_path / "idle")
    (tmp_path / "dead").mkdir()
    with _core.JournalWriter(str(tmp_path / "dead"), "fund/journal", b"e" * 32, stream="journal") as writer:
        writer.publish()
    for name in ("idle", "dead"):
        assert journal_costs(tmp_path / name).empty
        assert run(["tca", str(tmp_path / name)]) == 0
        assert "no order passed the gate" in capsys.readouterr().out
        with pytest.raises(HedgerowError, match="0 fills"):
            journal_fitted_costs(tmp_path / name)


def test_the_command_tells_people_and_programs(
    worked: tuple[hr.Result, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A table for people, an object a row for programs, a cost model for settings."""
    folder = str(worked[1])
    assert run(["tca", folder]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].split()[:3] == ["algorithm", "orders", "fills"]
    assert "money in USD" in said
    assert run(["tca", folder, "--by", "order", "--after", "500ms,1m", "--json"]) == 0
    rows = pd.DataFrame([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert rows["total"].sum() == pytest.approx(journal_costs(folder)["total"].sum())
    assert {"after_500ms_bps", "after_1m_bps"} <= set(rows)
    assert run(["tca", folder, "--after", "soon"]) != 0
    assert "no stretch" in capsys.readouterr().err
    bars = hr.Bars.from_arrays(
        np.arange(90).astype("datetime64[D]"), close=np.linspace(50, 60, 90).round(2), volume=np.full(90, 1e6)
    )
    hr.backtest(bars, signals=np.arange(90) % 2, size=100, log=tmp_path / "many")
    assert run(["tca", str(tmp_path / "many"), "--fit"]) == 0
    assert capsys.readouterr().out.startswith("[costs]\nhalf_spread_bps = ")
