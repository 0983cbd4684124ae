"""The tables of a result: columns, types, ids, and agreement with the ledger to the last digit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, HedgerowError, Instrument, Limits, Result, backtest

DAY_NS = 86_400 * 10**9
RANDOM = np.random.default_rng(11)
CLOSES = np.round(50 * np.exp(np.cumsum(RANDOM.normal(0, 0.02, (120, 2)), axis=0)), 2)
FRAME = pd.DataFrame(CLOSES, columns=["AAA", "BBB"], index=pd.bdate_range("2023-01-02", periods=120))
SIGNALS = RANDOM.integers(-2, 3, (120, 2))


@pytest.fixture(scope="module")
def result() -> Result:
    """Two instruments, long and short, with costs and some orders denied."""
    limits = Limits.for_research(capital=1_000_000)
    return backtest(FRAME, signals=SIGNALS, size=5_000, limits=limits, seed=3)


@pytest.fixture(scope="module")
def idle() -> Result:
    """A run in which nothing was ordered."""
    return backtest(FRAME, signals=np.zeros((120, 2)))


@pytest.fixture(scope="module")
def denied() -> Result:
    """A run in which every order was denied."""
    return backtest(FRAME, signals=np.ones((120, 2)), size=10, limits=Limits())


TABLES = ("equity", "orders", "fills", "trades", "postings", "positions", "verdicts")


@pytest.mark.parametrize("table", TABLES)
def test_tables_keep_columns_and_types_when_they_are_empty(table: str, result: Result, idle: Result) -> None:
    """What works on a full table works on one without rows."""
    full, empty = getattr(result, table), getattr(idle, table)
    assert list(full.columns) == list(empty.columns)
    differ = {n: (str(full[n].dtype), str(empty[n].dtype)) for n in full.columns if full[n].dtype != empty[n].dtype}
    assert differ == {}


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("equity", "nav"),
        ("orders", "id ts symbol side kind tif quantity limit stop display peg state filled average_price cause"),
        ("fills", "id ts symbol side quantity price reference_price fee liquidity order_id"),
        ("positions", "fill_id ts symbol price quantity value"),
        ("postings", "id ts account symbol currency amount lots cause"),
        (
            "verdicts",
            "id ts order_id symbol action decision code value limit level reducing failed waived message",
        ),
    ],
)
def test_tables_have_the_columns_they_promise(table: str, columns: str, result: Result) -> None:
    """By name and in order."""
    assert list(getattr(result, table).columns) == columns.split()


def test_times_are_instants_in_utc_to_the_nanosecond(result: Result) -> None:
    """In every table."""
    for table in (result.orders, result.fills, result.postings, result.positions, result.verdicts):
        assert str(table["ts"].dtype) == "datetime64[ns, UTC]"
    assert str(result.equity.index.dtype) == "datetime64[ns, UTC]"


def test_every_record_has_its_own_id_and_names_its_cause(result: Result) -> None:
    """Ids are unique across tables; fills name orders, orders name bars, postings name fills."""
    ids = pd.concat([t["id"] for t in (result.orders, result.verdicts, result.fills, result.postings)])
    assert ids.is_unique
    assert result.fills["order_id"].isin(result.orders["id"]).all()
    assert (result.orders["cause"] < result.orders["id"]).all()
    assert result.verdicts["order_id"].isin(result.orders["id"]).all()
    caused = set(result.postings["cause"]) - set(result.fills["id"])
    assert len(caused) == 1  # the capital paid in


def test_the_equity_begins_with_the_capital_and_counts_day_one(result: Result) -> None:
    """A row before the first bar, then one for each time, the last of them the value of the book."""
    equity = result.equity["nav"]
    assert equity.iloc[0] == 1_000_000
    assert len(equity) == 121
    assert equity.index[0] == pd.Timestamp("2023-01-02", tz="UTC")
    assert equity.index[1] == pd.Timestamp("2023-01-03", tz="UTC")
    assert equity.is_monotonic_increasing is False
    assert equity.index.is_monotonic_increasing
    assert equity.iloc[-1] == pytest.approx(result.final_nav, abs=1e-6)
    assert result.final_nav == result.nav_nano / 1e9
    assert len(result.daily) == 121
    assert result.daily.iloc[0] == 1_000_000


def test_equity_is_cash_and_positions_at_every_close(result: Result) -> None:
    """Recomputed from the fills alone, in floats, the curve is the same to the cent."""
    fills, cash, held = result.fills, 1_000_000.0, {"AAA": 0.0, "BBB": 0.0}
    signed = fills["quantity"].where(fills["side"] == "buy", -fills["quantity"])
    fills = fills.assign(signed=signed)
    for when, nav in result.equity["nav"].iloc[1:].items():
        session = when - pd.Timedelta(days=1)  # type: ignore[operator]
        for row in fills[(fills["ts"] >= session) & (fills["ts"] < when)].itertuples():
            cash -= row.signed * row.price + row.fee  # type: ignore[operator]
            held[str(row.symbol)] += row.signed  # type: ignore[operator]
        marks = FRAME.loc[session.tz_localize(None)]
        assert nav == pytest.approx(cash + sum(held[s] * marks[s] for s in held), abs=0.005)


def test_round_trips_agree_with_the_books_to_the_cent(result: Result) -> None:
    """Profit and fees of all trips are the ledger's realised profit and fees."""
    assert result.trades["pnl"].sum() == pytest.approx(result.book["realised"], abs=0.005)
    assert result.trades["fees"].sum() == pytest.approx(result.book["fees"], abs=0.005)
    assert result.fills["fee"].sum() == pytest.approx(result.book["fees"], abs=1e-6)


def test_postings_of_a_cause_sum_to_zero(result: Result) -> None:
    """In every currency, and so does the whole."""
    sums = result.postings.groupby(["cause", "currency"])["amount"].sum()
    assert (sums.abs() < 1e-6).all()
    assert result.trial_balance == {"USD": 0}


def test_postings_carry_the_positions(result: Result) -> None:
    """Lots moved through the position accounts are what is held at the end."""
    held = result.postings.query("account == 'position'").groupby("symbol")["lots"].sum()
    last = result.positions.groupby("symbol")["quantity"].last()
    assert (held == last).all()


def test_an_order_adds_up(result: Result) -> None:
    """Its state, what was filled, and at what average, agree with its fills."""
    orders, fills = result.orders.set_index("id"), result.fills
    assert set(orders["state"]) <= {"Filled", "Denied", "Live", "PartiallyFilled"}
    filled = orders[orders["filled"] > 0]
    assert (filled["state"] == "Filled").all()
    assert (filled["filled"] == filled["quantity"]).all()
    by_order = fills.groupby("order_id")["price"].first()
    assert (filled["average_price"] == by_order.loc[filled.index]).all()
    assert orders.loc[orders["filled"] == 0, "average_price"].isna().all()
    assert orders["limit"].isna().all()


def test_prices_are_the_floats_nearest_to_the_exact_ones(result: Result) -> None:
    """No 11.170000000000002: a price printed is the price traded."""
    for column in ("price", "reference_price"):
        assert (result.fills[column].map(lambda p: round(p, 2)) == result.fills[column]).all()


def test_positions_are_whole_where_lots_are() -> None:
    """Buying 0.1 ten times makes exactly one, and selling it exactly none."""
    bars = Bars.from_arrays(
        np.arange(1, 14) * DAY_NS, close=[100] * 13, instruments=Instrument("COIN", lot="0.1"), span="1d"
    )
    signals = [*(np.arange(1, 11) / 10), 0, 0, 0]
    result = backtest(bars, signals=signals, costs=Costs.none())
    assert result.positions["quantity"].tolist() == [*(n / 10 for n in range(1, 11)), 0.0]


def test_a_denied_order_says_why_in_one_sentence(denied: Result) -> None:
    """Code, value seen, limit and remedy, in the unit of the rule."""
    assert denied.orders["state"].eq("Denied").all()
    assert denied.fills.empty
    assert denied.trades.empty
    row = denied.verdicts.iloc[0]
    assert row["decision"] == "denied"
    assert row["code"] == row["failed"][0]
    assert row["message"].startswith(row["code"])
    assert row["level"] == "strategy"


def test_an_approved_order_has_no_code(result: Result) -> None:
    """Nothing failed, nothing to explain."""
    good = result.verdicts[result.verdicts["decision"] == "approved"]
    assert good["code"].isna().all()
    assert good["message"].eq("approved").all()
    assert good["failed"].map(len).eq(0).all()


@pytest.mark.parametrize("which", ["idle", "denied"])
def test_runs_without_fills_have_flat_books(which: str, request: pytest.FixtureRequest) -> None:
    """Capital in, capital out; figures that the run cannot carry are left out, and it can be shown."""
    run: Result = request.getfixturevalue(which)
    assert (run.equity["nav"] == 1_000_000).all()
    assert run.positions.empty
    assert run.book["nav"] == run.book["cash"] == run.book["capital"] == 1_000_000
    assert run.performance.total_return == 0
    assert "0 fills" in repr(run)


@pytest.mark.parametrize("signals", [[1], [0], [float("nan")]])
def test_a_run_of_one_bar_trades_nothing(signals: Any) -> None:
    """There is no next bar; the curve has two points."""
    bars = Bars.from_arrays([DAY_NS], close=[100.0], span="1d")
    result = backtest(bars, signals=signals)
    assert result.fills.empty
    assert result.equity["nav"].tolist() == [1_000_000.0, 1_000_000.0]
    assert result.performance.sharpe is None


def test_a_result_prints_what_matters(result: Result) -> None:
    """Name, money, currency, gain and number of fills."""
    text = repr(result)
    assert text.startswith("Result(signals: 1,000,000.00 -> ")
    assert "USD" in text
    assert f"{len(result.fills)} fills" in text


def test_what_was_run_can_be_run_again(result: Result) -> None:
    """The info names symbols, costs, seed and artifact; the same again has the same state."""
    again = backtest(FRAME, signals=SIGNALS, size=5_000, limits=Limits.for_research(capital=1_000_000), seed=3)
    assert again.info == result.info
    assert again.state_hash == result.state_hash
    assert result.info.symbols == ("AAA", "BBB")
    assert result.info.costs["half_spread_bps"] == 2.0


def test_another_seed_changes_keys_and_not_trades(result: Result) -> None:
    """The seed signs the mandate; nothing else is random in a run over bars."""
    other = backtest(FRAME, signals=SIGNALS, size=5_000, limits=Limits.for_research(capital=1_000_000), seed=4)
    pd.testing.assert_frame_equal(other.fills, result.fills)
    pd.testing.assert_frame_equal(other.equity, result.equity)
    assert other.state_hash != result.state_hash


def test_records_are_exact(result: Result) -> None:
    """The structured arrays hold integers, and the tables are views of them."""
    fills = result.records("Fill")
    assert fills["price_ticks"].dtype == np.int64
    assert (fills["id"] == result.fills["id"]).all()
    assert result.book_nano["nav"] == result.nav_nano


def test_every_table_comes_out_as_arrow(result: Result, idle: Result) -> None:
    """For Polars, DuckDB and the like: the same columns and rows, with and without rows; an unknown name is named."""
    for name in ("equity", "exposure", "returns", *TABLES, "findings"):
        for run in (result, idle):
            table, frame = run.table(name), getattr(run, name)
            assert table.num_rows == len(frame)
    assert result.table("fills").column_names == list(result.fills.columns)
    assert result.table("equity").column_names == ["ts", "nav"]
    assert result.table("returns").column_names == ["date", result.info.name]
    with pytest.raises(HedgerowError, match=r"RUN-002.*did you mean 'fills'"):
        result.table("fill")  # type: ignore[arg-type]
