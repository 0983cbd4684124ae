"""Stops, times in force, post-only and reduce-only from a strategy, over bars and over books."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.nouns import noun
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

DAY = 86_400 * 10**9
HOUR = 3_600 * 10**9
SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE = hr.Costs.none()
INSTANT: dict[str, Any] = {"costs": FREE, "simulation": hr.Simulation.instant()}

Rows = list[tuple[float, float, float, float]]


def bars(rows: Rows, every_ns: int = DAY, **more: Any) -> hr.Bars:
    """Bars of open, high, low, close; days, or hours of which eight make a day's session."""
    table = np.array(rows, dtype=float)
    at = np.arange(1, len(rows) + 1)
    ts = at * DAY if every_ns == DAY else (at - 1) // 8 * DAY + ((at - 1) % 8 + 9) * HOUR
    columns = {name: table[:, i] for i, name in enumerate(("open", "high", "low", "close"))}
    span = "1d" if every_ns == DAY else "1h"
    return hr.Bars.from_arrays(ts, **columns, instruments=hr.Instrument("X", **more), span=span)


class Acts(hr.Strategy):
    """Does at each bar, or at each quote, what a table says."""

    table: Any = None

    def on_start(self) -> None:
        """Nothing yet."""
        self.at, self.tickets = 0, list[Any]()

    def act(self) -> None:
        """The next row of the table."""
        if self.at in self.table:
            self.tickets.append(self.table[self.at](self))
        self.at += 1


class OnBars(Acts):
    """Over bars."""

    def on_bar(self, bar: Any) -> None:
        """Act."""
        self.act()


class OnQuotes(Acts):
    """Over books."""

    def on_quote(self, quote: Any) -> None:
        """Act."""
        self.act()


def ran(data: Any, table: dict[int, Any], **more: Any) -> tuple[Any, hr.Result]:
    """The strategy and its run."""
    strategy = OnBars() if isinstance(data, hr.Bars) else OnQuotes()
    strategy.table = table
    return strategy, hr.backtest(
        data, strategy, **(more or ({"costs": FREE} if isinstance(data, hr.Bars) else INSTANT))
    )


def fills(result: hr.Result) -> list[list[Any]]:
    """Bar (0 = the first), quantity, price."""
    day = (result.fills["ts"].astype("int64") // DAY).tolist()
    return [[d, *rest] for d, rest in zip(day, result.fills[["quantity", "price"]].values.tolist(), strict=True)]


BUY_STOP = {0: lambda s: s.buy(2, stop=12.0)}
SELL_STOP = {0: lambda s: s.sell(2, stop=8.0)}


@pytest.mark.parametrize(
    ("table", "rows", "price", "liquidity"),
    [
        (BUY_STOP, [(10, 12, 9, 11)], 12.0, "taker"),  # touched: at the stop price
        (BUY_STOP, [(13, 14, 12, 13)], 13.0, "taker"),  # opened beyond it: at the open
        (BUY_STOP, [(10, 11.99, 9, 11)], None, ""),
        (SELL_STOP, [(10, 11, 8, 9)], 8.0, "taker"),
        (SELL_STOP, [(7, 8, 6, 7)], 7.0, "taker"),
        ({0: lambda s: s.buy(2, stop=12.0, limit=12.5)}, [(10, 13, 9, 11)], 12.0, "taker"),
        # Its limit is better than its stop price: what the bar did after it was reached is not known.
        ({0: lambda s: s.buy(2, stop=12.0, limit=11.5)}, [(10, 13, 9, 11)], None, ""),
        ({0: lambda s: s.buy(2, stop=12.0, limit=11.5)}, [(10, 13, 9, 11), (12, 13, 11, 12)], 11.5, "maker"),
        ({0: lambda s: s.buy(2, stop=12.0, limit=12.5)}, [(13, 14, 12.6, 13)], None, ""),  # gapped over its limit
        ({0: lambda s: s.buy(2, stop=12.0, limit=12.5)}, [(13, 14, 12, 13)], 12.5, "maker"),
    ],
)
def test_a_stop_over_bars_trades_where_it_hurts(table: Any, rows: Rows, price: float | None, liquidity: str) -> None:
    """At its price once touched, at the open where that lies beyond, and with a limit never worse than that."""
    _, result = ran(bars([(10, 10, 10, 10), *rows]), table)
    assert result.fills["price"].tolist() == ([] if price is None else [price])
    assert price is None or result.fills["liquidity"].tolist() == [liquidity]
    assert result.orders["stop"].tolist() == [12.0 if table[0].__code__ != SELL_STOP[0].__code__ else 8.0]


def test_a_stop_pays_the_costs_of_taking() -> None:
    """Half a spread and impact on top of its price."""
    _, free = ran(bars([(10, 10, 10, 10), (10, 13, 9, 11)]), BUY_STOP)
    _, paid = ran(bars([(10, 10, 10, 10), (10, 13, 9, 11)]), BUY_STOP, costs=hr.Costs(half_spread_bps=50, volume_cap=0))
    assert paid.fills["price"][0] > free.fills["price"][0] == paid.fills["reference_price"][0] == 12.0


def test_the_bar_in_which_a_stop_was_made_does_not_reach_it() -> None:
    """Nor does the one in which its price was moved."""
    rows: Rows = [(10, 20, 5, 10), (10, 11, 9, 10), (10, 12.5, 9, 10), (10, 11, 9, 10)]
    table = {0: lambda s: s.buy(2, stop=12.0), 1: lambda s: s.replace(s.tickets[0], stop=13.0)}
    strategy, result = ran(bars(rows), table)
    assert result.fills.empty
    assert (strategy.tickets[0].stop, strategy.tickets[0].quantity) == (13.0, 2.0)


@pytest.mark.parametrize(
    ("tif", "days"), [({"tif": "gtd", "until": 3 * DAY}, [2]), ({"tif": "gtd", "until": 2 * DAY}, []), ({}, [2])]
)
def test_a_good_till_date_order_ends_with_its_time(tif: dict[str, Any], days: list[int]) -> None:
    """A bar that closes behind its end offers it nothing but its open."""
    _, result = ran(
        bars([(10, 10, 10, 10), (10, 10, 10, 10), (10, 10, 8, 10)]), {0: lambda s: s.buy(1, limit=9.0, **tif)}
    )
    assert [fill[0] - 1 for fill in fills(result)] == days
    assert result.orders["state"].tolist() == ["Filled" if days else "Expired"]


def session(opens: list[float], closes: list[float]) -> hr.Bars:
    """Days of eight hours that open and close at such prices."""
    rows: Rows = []
    for first, last in zip(opens, closes, strict=True):
        prices = [first, *[10.0] * 6, last]
        rows += [(p, p, p, p) for p in prices]
    return bars(rows, HOUR)


@pytest.mark.parametrize(
    ("order", "price"),
    [
        ({"tif": "opg"}, 10.2),
        ({"tif": "cls"}, 10.11),
        ({"tif": "opg", "limit": 10.21}, 10.2),
        ({"tif": "opg", "limit": 10.2}, None),  # at its limit others stand before it
        ({"tif": "cls", "limit": 10.15}, 10.11),
        ({"tif": "cls", "limit": 10.05}, None),
    ],
)
def test_orders_for_an_auction_trade_there_or_nowhere(order: dict[str, Any], price: float | None) -> None:
    """Made in the first hour: the open is tomorrow's, the close is today's."""
    data = session([10.0, 10.2, 10.3], [10.11, 10.21, 10.31])
    _, result = ran(data, {0: lambda s: s.buy(1, **order)})
    assert result.fills["price"].tolist() == ([] if price is None else [price])
    assert result.orders["state"].tolist() == ["Filled" if price else "Expired"]


def test_where_intraday_data_end_no_close_is_guessed() -> None:
    """The last bar of a cut day is no close; a bar of a day is one."""
    data = session([10.0], [11.0])
    _, result = ran(data, {0: lambda s: s.buy(1, tif="cls")})
    assert (result.fills.empty, result.orders["state"].tolist()) == (True, ["Live"])
    _, daily = ran(bars([(10, 10, 10, 10), (11, 12, 11, 12)]), {0: lambda s: s.buy(1, tif="cls")})
    assert daily.fills["price"].tolist() == [12.0]


@pytest.mark.parametrize("order", [{"post_only": True}, {"tif": "fok"}, {"tif": "day", "post_only": True}])
def test_what_bars_cannot_say_is_rejected_by_name(order: dict[str, Any]) -> None:
    """SIM-006, and no guess."""
    _, result = ran(bars([(10, 10, 10, 10)] * 3), {0: lambda s: s.buy(1, limit=9.0, **order)})
    assert result.orders["state"].tolist() == ["Rejected"]


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"tif": "soon"}, "RUN-002.*use one of gtc, day, ioc"),
        ({"tif": "gtd"}, "RUN-002.*the two go together"),
        ({"until": 5}, "RUN-002.*the two go together"),
        ({"stop": 9.005}, "RUN-008.*price 9.005"),
        ({"stop": -1.0}, "RUN-008"),
    ],
)
def test_words_that_cannot_be_meant_are_named(order: dict[str, Any], says: str) -> None:
    """Before anything is asked of the gate."""
    with pytest.raises(hr.HedgerowError, match=says):
        ran(bars([(10, 10, 10, 10)] * 2), {0: lambda s: s.buy(1, **order)})


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"stop": 9.0, "tif": "ioc"}, "RISK-033"),
        ({"stop": 9.0, "tif": "cls"}, "RISK-033"),
        ({"post_only": True}, "RISK-033"),
        ({"limit": 9.0, "tif": "ioc", "post_only": True}, "RISK-033"),
        ({"reduce_only": True}, "RISK-034"),
        ({"stop": 12.0, "reduce_only": True}, "RISK-034"),
    ],
)
def test_orders_that_cannot_be_meant_are_denied(order: dict[str, Any], code: str) -> None:
    """By the gate, whoever asks."""
    strategy, _ = ran(bars([(10, 10, 10, 10)] * 2), {0: lambda s: s.buy(1, **order)})
    assert strategy.tickets[0].code == code


def test_reduce_only_closes_and_never_turns() -> None:
    """Of a long of five, five can be sold and a sixth not."""
    table = {
        0: lambda s: s.buy(5),
        1: lambda s: s.sell(6, reduce_only=True),
        2: lambda s: s.sell(5, stop=9.0, reduce_only=True),
    }
    strategy, result = ran(bars([(10, 10, 10, 10)] * 3 + [(10, 10, 8, 10)]), table)
    assert [ticket.code for ticket in strategy.tickets] == [None, "RISK-034", None]
    assert result.fills[["side", "price"]].values.tolist() == [["buy", 10.0], ["sell", 9.0]]


def quoted(bids: list[int], trades: dict[int, int] | None = None, lots: int = 10) -> Books:
    """Levels a second apart: a bid, an ask two ticks above; trades at such ticks half a second after a level."""
    levels, made = [], []
    before: int | None = None
    for second, bid in enumerate(bids):
        gone = [] if before is None or before == bid else [(before, 0)]
        away = [] if before is None or before == bid else [(before + 2, 0)]
        ts = START + second * SECOND
        levels.append(level_events(bids=[(bid, lots), *gone], asks=[(bid + 2, lots), *away], ts_event=ts))
        before = bid
    for second, ticks in (trades or {}).items():
        row: Any = np.zeros(1, dtype=noun("Trade").dtype)
        row["ts_event"] = row["ts_init"] = START + second * SECOND + SECOND // 2
        row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = ticks, 1, 1, 1
        made.append(row)
    told: dict[str, Any] = {"trades": np.concatenate(made)} if made else {}
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), **told)


@pytest.mark.parametrize(
    ("bids", "trades", "price"),
    [
        ([1_000, 1_001, 1_002, 1_003, 1_004], {}, 10.06),  # its own side's best came to 10.04
        ([1_000, 1_000, 1_001, 1_001, 1_001], {1: 1_004}, 10.03),  # a trade printed there: from the next update on
        ([1_000, 1_001, 1_002, 1_003, 1_003], {}, None),
        ([1_004, 1_005, 1_004, 1_004, 1_004], {}, 10.06),  # it is there already: a market order
    ],
)
def test_a_stop_over_books_waits_for_a_trade_or_for_the_market(
    bids: list[int], trades: dict[int, int], price: float | None
) -> None:
    """And then takes what the book has, as a market order that arrives."""
    _, result = ran(quoted(bids, trades), {0: lambda s: s.buy(2, stop=10.04)})
    assert result.fills["price"].tolist() == ([] if price is None else [price])


def test_stops_over_books_are_changed_cancelled_and_end_with_their_time() -> None:
    """A stop that was moved away is not reached; one that was moved near is; the others end."""
    bids, end = [1_000, 1_001, 1_002, 1_003, 1_004, 1_003], START + 3 * SECOND
    table = {
        0: lambda s: s.buy(1, stop=10.03),
        1: lambda s: [s.replace(s.tickets[0], 2, stop=10.20), s.buy(3, stop=10.10)][1],
        2: lambda s: [s.replace(s.tickets[1], stop=10.03), s.buy(4, stop=10.04, tif="gtd", until=end)][1],
        3: lambda s: s.buy(5, stop=10.04, limit=10.05),
    }
    strategy, result = ran(quoted(bids), table)
    assert result.fills[["quantity", "price"]].values.tolist() == [[3.0, 10.05], [5.0, 10.05]]
    assert result.fills["liquidity"].tolist() == ["taker", "maker"]  # the last one's limit kept it waiting
    assert result.orders["state"].tolist() == ["Live", "Filled", "Expired", "Filled"]
    assert (strategy.tickets[0].quantity, strategy.tickets[0].stop) == (2.0, 10.20)


@pytest.mark.parametrize("order", [{"tif": "opg"}, {"tif": "cls", "limit": 10.0}])
def test_an_order_for_an_auction_that_is_not_recorded_trades_nothing(order: dict[str, Any]) -> None:
    """It waits, and ends with the session."""
    _, result = ran(quoted([1_000] * 3), {0: lambda s: s.buy(1, **order)})
    assert result.orders["state"].tolist() == ["Expired"]
    assert result.fills.empty


def test_post_only_with_a_day_is_refused_where_it_would_take_and_rests_elsewhere() -> None:
    """As `gtx`, with any time in force that rests."""
    table = {0: lambda s: s.buy(1, limit=10.02, tif="day", post_only=True)}
    table |= {1: lambda s: s.buy(1, limit=10.00, tif="day", post_only=True)}
    _, result = ran(quoted([1_000, 1_001, 1_001]), table)
    assert result.orders["state"].tolist() == ["Rejected", "Live"]


def test_equal_seeds_give_equal_journals_and_the_audit_derives_every_kind_again(tmp_path: Path) -> None:
    """Byte for byte, and replayed from the log alone."""
    simulation = hr.Simulation(entry=hr.Delay.uniform(1_000_000, 900_000_000), response=timedelta(milliseconds=3))
    table = {
        0: lambda s: s.buy(1, stop=10.03),
        1: lambda s: s.buy(2, limit=9.99, tif="gtd", until=START + 4 * SECOND),
        2: lambda s: s.replace(s.tickets[1], 3, limit=9.98),
        3: lambda s: s.sell(1, stop=10.01, limit=10.00, reduce_only=True),
        4: lambda s: s.buy(1, limit=9.97, post_only=True, tif="day"),
    }
    found = []
    for name in ("one", "two"):
        data = quoted([1_000, 1_001, 1_002, 1_003, 1_004, 1_003, 1_002, 1_001] * 3)
        _, result = ran(data, table, costs=FREE, simulation=simulation, seed=3, log=tmp_path / name)
        hr.verify(tmp_path / name)
        assert len(result.fills) > 0
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert found[0] == found[1]


def test_the_walk_from_a_fill_of_a_stop_tells_its_terms(tmp_path: Path) -> None:
    """The record of its stop price and end stands beside the order; one without terms has none."""
    until = 40 * DAY
    table = {
        0: lambda self: self.buy(10),
        1: lambda self: self.sell(10, stop=95.0, tif="gtd", until=until),
    }
    _, result = ran(bars([(100, 101, 99, 100)] * 3 + [(100, 101, 90, 92)]), table, costs=FREE, log=tmp_path)
    bought, stopped = ({cause.noun: cause.says for cause in hr.why(tmp_path, int(fill))} for fill in result.fills["id"])
    assert "OrderTerms" not in bought
    assert stopped["OrderTerms"] == "terms of the record behind it: stop 95.0000 until 1970-02-10 00:00:00 UTC in X"
