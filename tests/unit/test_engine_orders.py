"""Orders through `backtest`: when and where they fill, what is left of them, and what a strategy is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, HedgerowError, Instrument, Strategy, backtest
from hedgerow.engine.why import Journal

DAY_NS = 86_400 * 10**9
FREE = Costs.none()


def ohlc(rows: list[tuple[float, float, float, float]], volume: Any = None, **instrument: Any) -> Bars:
    """Daily bars of one instrument from rows of open, high, low, close."""
    table = np.array(rows, dtype=float)
    return Bars.from_arrays(
        np.arange(1, len(rows) + 1) * DAY_NS,
        open=table[:, 0],
        high=table[:, 1],
        low=table[:, 2],
        close=table[:, 3],
        volume=None if volume is None else np.asarray(volume, dtype=float),
        instruments=Instrument("ABC", **instrument),
        span="1d",
    )


RISING = ohlc([(10, 11, 9, 10.5), (11, 12, 10, 11.5), (12, 13, 11, 12.5), (13, 14, 12, 13.5), (14, 15, 13, 14.5)])


class Scripted(Strategy):
    """Does what a table says at each bar, and keeps what it hears."""

    script: dict[int, Any] = {}  # noqa: RUF012 (a test's table, never changed)

    def on_start(self) -> None:
        """Begin at bar 0."""
        self.bar_number = 0
        self.tickets: list[Any] = []
        self.heard: list[tuple[str, Any]] = []

    def on_fill(self, fill: Any) -> None:
        """Keep the fill."""
        self.heard.append(("fill", (fill.side, fill.quantity, fill.price)))

    def on_bar(self, bar: Any) -> None:
        """Act by the script."""
        self.heard.append(("bar", bar.close))
        act = self.script.get(self.bar_number)
        if act is not None:
            self.tickets.append(act(self))
        self.bar_number += 1


def scripted(script: dict[int, Any]) -> Scripted:
    """A strategy that acts by a table of bar number to action."""
    strategy = Scripted()
    strategy.script = script
    return strategy


def test_a_decision_at_a_close_trades_at_the_next_open() -> None:
    """Neither the bar that was seen nor its close is ever traded."""
    result = backtest(RISING, scripted({0: lambda s: s.buy(3), 2: lambda s: s.close()}), costs=FREE)
    assert result.fills[["side", "quantity", "price"]].values.tolist() == [["buy", 3.0, 11.0], ["sell", 3.0, 13.0]]
    assert (result.fills["ts"].dt.day == [2, 4]).all()


def test_a_decision_at_the_last_close_never_trades() -> None:
    """There is no next bar, so the order stays live and unfilled."""
    result = backtest(RISING, scripted({4: lambda s: s.buy(3)}), costs=FREE)
    assert result.fills.empty
    assert result.orders["state"].tolist() == ["Live"]


def test_data_of_closes_only_fill_at_the_next_close() -> None:
    """Where there is no open, the next price that is known is the next close."""
    bars = Bars.from_arrays(np.arange(1, 5) * DAY_NS, close=[10.0, 11.0, 12.0, 13.0])
    result = backtest(bars, scripted({0: lambda s: s.buy(1)}), costs=FREE)
    assert result.fills["price"].tolist() == [11.0]


def test_vwap_fills_trade_at_the_mean_of_the_next_bar() -> None:
    """With `fill="vwap"` an order trades within the next bar's range, at (high + low + close) / 3 to the tick."""
    costs = Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0, fill="vwap")
    result = backtest(RISING, scripted({0: lambda s: s.buy(1), 2: lambda s: s.close()}), costs=costs)
    assert result.fills["price"].tolist() == [11.17, 13.16]  # 11.1666.. and 13.1666.., rounded against us


def test_costs_are_on_unless_switched_off() -> None:
    """The default pays half a spread against the open and a fee; without costs both are zero."""
    script = {0: lambda s: s.buy(1000), 2: lambda s: s.close()}
    costly, free = backtest(RISING, scripted(script)), backtest(RISING, scripted(script), costs=FREE)
    bought, sold = costly.fills["price"]
    assert bought > 11.0
    assert sold < 13.0
    assert (costly.fills["fee"] > 0).all()
    assert costly.fills["reference_price"].tolist() == free.fills["price"].tolist() == [11.0, 13.0]
    assert (free.fills["fee"] == 0).all()
    assert costly.final_nav < free.final_nav == 1_002_000.0


def test_a_limit_order_waits_for_its_price_and_never_pays_more() -> None:
    """A buy at 9.50 fills on the first bar that trades through it, at the limit or better."""
    bars = ohlc([(10, 10, 10, 10), (10, 11, 9.8, 10), (10, 10.5, 9, 10), (9, 9.5, 8, 9)])
    result = backtest(bars, scripted({0: lambda s: s.buy(2, limit=9.5)}), costs=FREE)
    assert result.fills["price"].tolist() == [9.5]
    assert result.fills["ts"].tolist() == [result.equity.index[3]]
    assert result.orders[["kind", "limit", "state"]].values.tolist() == [["limit", 9.5, "Filled"]]


def test_a_limit_order_that_is_only_touched_does_not_fill() -> None:
    """We stand at the end of the queue: the price must trade through."""
    bars = ohlc([(10, 10, 10, 10), (10, 10.5, 9.5, 10), (10, 10.5, 9.49, 10)])
    result = backtest(bars, scripted({0: lambda s: s.buy(2, limit=9.5)}), costs=FREE)
    assert result.fills["ts"].tolist() == [result.equity.index[3]]


def test_a_limit_off_the_tick_is_a_named_error() -> None:
    """RUN-008 with the price and the tick."""
    with pytest.raises(HedgerowError, match=r"RUN-008.*price 9.505, tick 0.01"):
        backtest(RISING, scripted({0: lambda s: s.buy(2, limit=9.505)}), costs=FREE)


def test_a_cancelled_order_does_not_fill() -> None:
    """The cancel stands in the verdicts as approved, the order ends as cancelled, the ticket no longer works."""
    script = {0: lambda s: s.buy(2, limit=9.5), 1: lambda s: s.cancel(s.tickets[0])}
    bars = ohlc([(10, 10, 10, 10), (10, 11, 9.8, 10), (10, 10.5, 9, 10), (9, 9.5, 8, 9)])
    strategy = scripted(script)
    result = backtest(bars, strategy, costs=FREE)
    assert result.fills.empty
    assert result.orders["state"].tolist() == ["Cancelled"]
    assert result.verdicts["action"].tolist() == ["new", "cancel"]
    assert strategy.tickets[0].state is None


def test_cancelling_what_has_ended_is_a_named_error() -> None:
    """RISK-031: only working orders can be cancelled, and a ticket's state says whether it works."""
    script = {
        0: lambda s: s.buy(2, limit=9.0),
        1: lambda s: s.cancel(s.tickets[0]),
        2: lambda s: s.cancel(s.tickets[0]),
    }
    with pytest.raises(HedgerowError, match="RISK-031"):
        backtest(RISING, scripted(script), costs=FREE)


def test_a_changed_order_trades_on_its_new_terms_and_only_on_the_next_bar() -> None:
    """A better price misses the bar in which it was made; the ticket says what is in force."""
    bars = ohlc([(10, 10, 10, 10), (10, 11, 9.8, 10), (10, 10.5, 9.6, 10), (10, 10.5, 9.4, 10), (9, 9.5, 8, 9)])
    terms: list[tuple[float | None, float | None]] = []

    def change(strategy: Any) -> Any:
        changed = strategy.replace(strategy.tickets[0], 3, limit=9.7)
        terms.append((changed.quantity, changed.limit))
        return changed

    def look(strategy: Any) -> Any:
        terms.append((strategy.tickets[0].quantity, strategy.tickets[0].limit))
        return strategy.tickets[0]

    strategy = scripted({0: lambda s: s.buy(2, limit=9.5), 1: change, 2: look})
    result = backtest(bars, strategy, costs=FREE)
    assert result.fills[["quantity", "price"]].values.tolist() == [[3.0, 9.7]]
    assert result.fills["ts"].tolist() == [result.equity.index[3]]
    assert result.verdicts["action"].tolist() == ["new", "replace"]
    assert terms == [(2.0, 9.5), (None, None)]
    assert strategy.tickets[1].id == strategy.tickets[0].id


def test_the_gate_judges_the_difference_that_a_change_makes() -> None:
    """Denied, the order works on as it was; made smaller, it needs no more room."""
    codes: list[str | None] = []

    def change(quantity: float) -> Any:
        def act(strategy: Any) -> Any:
            changed = strategy.replace(strategy.tickets[0], quantity)
            codes.append(changed.code)
            return changed

        return act

    script = {0: lambda s: s.buy(100_000, limit=9.0), 1: change(1_000_000), 2: change(150_000), 3: change(50_000)}
    result = backtest(RISING, scripted(script), costs=FREE)
    assert codes == ["RISK-025", None, None]
    assert result.orders["state"].tolist() == ["Live"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.replace(s.tickets[0]), "RUN-002.*nothing is to change"),
        (lambda s: s.replace(s.tickets[0], -3), "RUN-008.*quantity -3"),
        (lambda s: s.replace(s.tickets[0], 0.5), "RUN-008.*quantity 0.5"),
        (lambda s: s.replace(s.tickets[0], limit=9.505), "RUN-008.*price 9.505"),
        (lambda s: [s.cancel(s.tickets[0]), s.replace(s.tickets[0], 3)], "OMS-001"),
    ],
)
def test_a_change_that_cannot_be_meant_is_a_named_error(change: Any, says: str) -> None:
    """With what was wrong with it."""
    with pytest.raises(HedgerowError, match=says):
        backtest(RISING, scripted({0: lambda s: s.buy(2, limit=9.0), 1: change}), costs=FREE)


def test_a_cancel_that_is_on_its_way_is_not_asked_for_again(tmp_path: Path) -> None:
    """Said three times, it is one request, and the run goes on."""
    script = {0: lambda s: s.buy(2, limit=9.0), 1: lambda s: [s.cancel(s.tickets[0]) for _ in range(3)]}
    result = backtest(RISING, scripted(script), costs=FREE, log=tmp_path / "run")
    assert result.orders["state"].tolist() == ["Cancelled"]
    assert len(Journal(tmp_path / "run").of("CancelRequest")) == 1


def test_an_order_that_has_ended_cannot_be_changed() -> None:
    """RISK-031, as for a cancel."""
    script = {0: lambda s: s.buy(2), 2: lambda s: s.replace(s.tickets[0], 3)}
    with pytest.raises(HedgerowError, match="RISK-031"):
        backtest(RISING, scripted(script), costs=FREE)


def test_day_orders_expire_with_their_day() -> None:
    """A day order made at a close lives for the next session and no longer."""
    bars = ohlc([(10, 10, 10, 10), (10, 11, 9.8, 10), (10, 10.5, 9, 10), (9, 9.5, 8, 9)])
    result = backtest(bars, scripted({0: lambda s: s.buy(2, limit=9.5, tif="day")}), costs=FREE)
    assert result.fills.empty
    assert result.orders[["tif", "state"]].values.tolist() == [["day", "Expired"]]


def test_an_unknown_time_in_force_is_a_named_error() -> None:
    """RUN-002 with the values that exist."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*use one of gtc, day, ioc, fok, gtx, gtd, opg, cls"):
        backtest(RISING, scripted({0: lambda s: s.buy(2, tif="soon")}), costs=FREE)


def test_the_volume_cap_fills_in_parts() -> None:
    """A tenth of each bar's volume is ours, bar after bar, until the order is done."""
    bars = ohlc([(10, 11, 9, 10)] * 6, volume=[1000, 1000, 500, 1000, 1000, 1000])
    costs = Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    result = backtest(bars, scripted({0: lambda s: s.buy(220)}), costs=costs)
    assert result.fills["quantity"].tolist() == [100.0, 50.0, 70.0]
    assert result.orders[["filled", "state"]].values.tolist() == [[220.0, "Filled"]]


def test_an_order_that_runs_out_of_bars_stays_partially_filled() -> None:
    """What was not filled is still working at the end."""
    bars = ohlc([(10, 11, 9, 10)] * 3, volume=[1000, 1000, 1000])
    costs = Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    result = backtest(bars, scripted({0: lambda s: s.buy(500)}), costs=costs)
    assert result.orders[["filled", "state"]].values.tolist() == [[200.0, "PartiallyFilled"]]


def test_a_volume_cap_without_volume_is_a_named_error() -> None:
    """SIM-001 tells what to do; the default costs leave the cap out and say so instead."""
    with pytest.raises(HedgerowError, match=r"SIM-001"):
        backtest(RISING, scripted({0: lambda s: s.buy(1)}), costs=Costs(volume_cap=0.1))
    assert any("volume is unknown" in note for note in backtest(RISING, scripted({})).info.notes)


def test_shorts_earn_when_prices_fall_and_lose_when_they_rise() -> None:
    """A short of 100 from 11 to 13 loses 200, to the cent."""
    result = backtest(RISING, scripted({0: lambda s: s.sell(100), 2: lambda s: s.close()}), costs=FREE)
    assert result.final_nav == 999_800.0
    assert result.trades[["side", "quantity", "pnl"]].values.tolist() == [["short", 100.0, -200.0]]


def test_an_instrument_that_may_not_be_shorted_denies_the_short() -> None:
    """RISK-011: no stock is located."""
    bars = ohlc([(10, 11, 9, 10)] * 3, shortable=False)
    result = backtest(bars, scripted({0: lambda s: s.sell(100)}), costs=FREE)
    assert result.verdicts["code"].tolist() == ["RISK-011"]
    assert result.orders["state"].tolist() == ["Denied"]


def test_coins_trade_in_fractions_of_their_lot_and_no_finer() -> None:
    """With a lot of 0.001, 0.125 coins trade exactly and 0.0005 is RUN-008."""
    bars = ohlc([(10, 11, 9, 10)] * 4, lot="0.001")
    result = backtest(bars, scripted({0: lambda s: s.buy(0.125), 2: lambda s: s.sell(0.025)}), costs=FREE)
    assert result.fills["quantity"].tolist() == [0.125, 0.025]
    assert result.positions["quantity"].tolist() == [0.125, 0.1]
    with pytest.raises(HedgerowError, match=r"RUN-008.*quantity 0.0005, lot 0.001"):
        backtest(bars, scripted({0: lambda s: s.buy(0.0005)}), costs=FREE)


def test_tickets_say_what_the_gate_decided() -> None:
    """An approved ticket has no code and a state while it works; a denied one has its code and no state."""
    script = {0: lambda s: s.buy(1), 1: lambda s: s.buy(10**9)}
    seen: list[Any] = []

    class Watching(Scripted):
        def on_bar(self, bar: Any) -> None:
            super().on_bar(bar)
            seen.append([ticket.state for ticket in self.tickets])

    strategy = Watching()
    strategy.script = script
    result = backtest(RISING, strategy, costs=FREE)
    good, bad = strategy.tickets
    assert (good.approved, good.code) == (True, None)
    assert (bad.approved, bad.code) == (False, "RISK-025")
    assert [good.id, bad.id] == result.orders["id"].tolist()
    assert seen[0] == ["PendingNew"]
    assert seen[1] == [None, None]
    assert "approved" in repr(good)
    assert "denied RISK-025" in repr(bad)


def test_orders_of_nothing_make_no_order() -> None:
    """A target that is reached, working orders counted, asks for nothing and returns None."""
    script = {0: lambda s: s.order_target(5), 1: lambda s: s.order_target(5), 2: lambda s: s.close()}
    strategy = scripted(script)
    result = backtest(RISING, strategy, costs=FREE)
    assert [ticket is None for ticket in strategy.tickets] == [False, True, False]
    assert len(result.orders) == 2


def test_a_target_counts_what_still_works() -> None:
    """Two targets within one bar send one order and the difference."""
    result = backtest(RISING, scripted({0: lambda s: (s.order_target(5), s.order_target(8))}), costs=FREE)
    assert result.orders["quantity"].tolist() == [5.0, 3.0]
    assert result.positions["quantity"].tolist() == [5.0, 8.0]


def test_fills_are_told_before_the_bar_they_happened_in() -> None:
    """A fill at a bar's open comes before that bar's `on_bar`, when position and book already know it."""
    seen: list[Any] = []

    class Told(Scripted):
        def on_fill(self, fill: Any) -> None:
            super().on_fill(fill)
            seen.append((self.position, fill.order_id == self.tickets[0].id, fill.symbol, fill.fee, fill.ts))

    strategy = Told()
    strategy.script = {0: lambda s: s.buy(2)}
    backtest(RISING, strategy, costs=FREE)
    assert strategy.heard[:3] == [("bar", 10.5), ("fill", ("buy", 2.0, 11.0)), ("bar", 11.5)]
    assert seen == [(2.0, True, "ABC", 0.0, DAY_NS)]  # the second bar opened when the first closed


@pytest.mark.parametrize("quantity", [0, -1, float("nan"), float("inf")])
def test_buying_and_selling_take_positive_quantities(quantity: float) -> None:
    """RUN-008 with the quantity, and the strategy's own line in the traceback."""
    with pytest.raises(HedgerowError, match=r"RUN-008") as caught:
        backtest(RISING, scripted({0: lambda s: s.buy(quantity)}), costs=FREE)
    assert "on_bar" in [entry.name for entry in caught.traceback]


def test_a_handler_can_catch_a_named_error_and_go_on() -> None:
    """What a strategy calls raises the same classes as the rest of Hedgerow."""
    caught: list[str] = []

    def try_it(strategy: Strategy) -> None:
        try:
            strategy.buy(-1)
        except HedgerowError as error:
            caught.append(error.code)

    backtest(RISING, scripted({0: try_it, 1: lambda s: s.buy(1)}), costs=FREE)
    assert caught == ["RUN-008"]


def test_an_unknown_symbol_is_a_named_error_with_the_known_ones() -> None:
    """CORE-007 tells what there is."""
    with pytest.raises(HedgerowError, match=r"CORE-007.*ABC"):
        backtest(RISING, scripted({0: lambda s: s.buy(1, "ABX")}), costs=FREE)


def test_a_strategy_outside_a_run_is_a_named_error() -> None:
    """Asking for a position before any run is RUN, not a crash."""
    with pytest.raises(HedgerowError, match=r"RUN-"):
        _ = Scripted().position


def test_nothing_trades_before_it_was_known() -> None:
    """Bars that are known three days late: a decision trades at the first opening after it was made, not before."""
    days = np.arange(1, 9) * DAY_NS
    first = np.arange(8) + 10.0
    late = Bars.from_arrays(
        days, open=first, high=first + 0.9, low=first - 0.5, close=first + 0.5, ts_init=days + 3 * DAY_NS, span="1d"
    )
    result = backtest(late, signals=[1] * 8, costs=FREE)
    assert result.orders["ts"].tolist() == [pd.Timestamp("1970-01-05", tz="UTC")]
    assert result.fills[["ts", "price"]].values.tolist() == [[pd.Timestamp("1970-01-05", tz="UTC"), 14.0]]


def test_an_order_in_what_no_longer_trades_waits() -> None:
    """After its last bar an instrument can be ordered, and nothing fills; its last price stays its mark."""

    class Leaves(Strategy):
        def on_bar(self, bar: Any) -> None:
            if bar.symbol == "OLD" and bar.ts == 2 * DAY_NS:
                self.buy(10, "OLD")
            if bar.ts == 6 * DAY_NS:
                self.close("OLD")

    stays = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=np.arange(10.0, 18.0), symbol="STAYS")
    old = Bars.from_arrays(np.arange(1, 5) * DAY_NS, close=[10.0, 11.0, 12.0, 13.0], symbol="OLD")
    result = backtest(Bars.joined([stays, old]), Leaves, costs=FREE)
    assert result.orders["state"].tolist() == ["Filled", "Live"]
    assert result.final_nav == 1_000_010.0


def test_a_weight_of_what_has_no_price_yet_is_a_named_error() -> None:
    """RISK-012 names the instrument."""

    class Early(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.order_target_weight(0.1, "NEW")

    here = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=np.arange(10.0, 18.0), symbol="HERE")
    new = Bars.from_arrays(np.arange(5, 9) * DAY_NS, close=np.arange(10.0, 14.0), symbol="NEW")
    with pytest.raises(HedgerowError, match=r"RISK-012.*NEW has no price yet"):
        backtest(Bars.joined([here, new]), Early)
