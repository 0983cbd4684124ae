"""Orders beside each other (OCO) from a strategy: over bars, over books, in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.market.books import image_events, level_events
from hedgerow.market.replay import Books

DAY = 86_400 * 10**9
SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE: dict[str, Any] = {"costs": hr.Costs.none()}

Rows = list[tuple[float, float, float, float]]
Found = list[list[Any]]


class Exits(hr.Strategy):
    """Holds ten, and then a stop at 9.90 and a target at 10.10 beside each other; notes what stands where."""

    beside = True

    def on_start(self) -> None:
        """Nothing yet."""
        self.exits: list[Any] = []
        self.seen: Found = []
        self.asked = False

    def act(self) -> None:
        """Enter once, protect once."""
        if not self.asked:
            self.asked = True
            self.buy(10)
        elif self.position == 10 and not self.exits:
            stop = self.sell(10, stop=9.90, reduce_only=True)
            self.exits = [stop, self.sell(10, limit=10.10, reduce_only=True, beside=stop)]
        elif self.exits:
            self.seen.append([ticket.quantity for ticket in self.exits])


class OnBars(Exits):
    """Over bars."""

    def on_bar(self, bar: Any) -> None:
        """Act."""
        self.act()


class OnQuotes(Exits):
    """Over books."""

    def on_quote(self, quote: Any) -> None:
        """Act."""
        self.act()


def bars(rows: Rows, volume: list[int] | None = None) -> hr.Bars:
    """Days behind three at ten."""
    table = np.array([(10.0, 10.05, 9.95, 10.0)] * 3 + rows)
    columns = {name: table[:, i] for i, name in enumerate(("open", "high", "low", "close"))}
    more: dict[str, Any] = {} if volume is None else {"volume": [1_000_000] * 3 + volume}
    return hr.Bars.from_arrays(np.arange(1, len(table) + 1) * DAY, **columns, **more, instruments=hr.Instrument("X"))


def quoted(bids: list[int], lots: int = 50) -> Books:
    """Levels a second apart: a bid, and an ask one tick above it."""
    levels, before = [], None
    for second, bid in enumerate(bids):
        gone = [] if before is None or before == bid else [before]
        ts = START + second * SECOND
        asks = [(bid + 1, lots), *((ticks + 1, 0) for ticks in gone if ticks + 1 != bid + 1)]
        levels.append(level_events(bids=[(bid, lots), *((ticks, 0) for ticks in gone)], asks=asks, ts_event=ts))
        before = bid
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels))


def states(result: hr.Result) -> Found:
    """Kind, state and filled lots of each order."""
    found: Found = result.orders[["kind", "state", "filled"]].values.tolist()
    return found


STOPPED = [["market", "Filled", 10.0], ["stop", "Filled", 10.0], ["limit", "Cancelled", 0.0]]
TAKEN = [["market", "Filled", 10.0], ["stop", "Cancelled", 0.0], ["limit", "Filled", 10.0]]


@pytest.mark.parametrize(
    ("rows", "found", "price"),
    [
        ([(10, 10.02, 9.80, 9.9), (9.9, 10.5, 9.8, 10)], STOPPED, 9.90),
        ([(10, 10.20, 9.95, 10.1), (10.1, 10.5, 9.5, 10)], TAKEN, 10.10),
        ([(10, 10.20, 9.80, 10), (10, 10.5, 9.5, 10)], STOPPED, 9.90),  # both within one bar: the stop came first
        ([(9.7, 10.20, 9.60, 10), (10, 10.5, 9.5, 10)], STOPPED, 9.70),  # opened beyond the stop
        ([(10.3, 10.40, 9.50, 10), (10, 10.5, 9.5, 10)], TAKEN, 10.30),  # opened beyond the target
    ],
)
def test_over_bars_one_fills_and_the_other_never_does(rows: Rows, found: Found, price: float) -> None:
    """However the bars go: where both could trade, it is the worse one."""
    result = hr.backtest(bars(rows), OnBars, **FREE)
    assert states(result) == found
    assert result.fills["price"].tolist() == [10.0, price]
    assert len(result.records("Finding")) == 0


@pytest.mark.parametrize(
    ("bids", "found", "price"),
    [
        ([1_000] * 5 + [995, 989, 985, 1_020, 1_020], STOPPED, 9.89),
        ([1_000] * 5 + [1_005, 1_012, 1_012, 980, 980], TAKEN, 10.10),
    ],
)
def test_over_books_the_other_is_cancelled_when_the_fill_is_heard(bids: list[int], found: Found, price: float) -> None:
    """As over bars, one after the other."""
    result = hr.backtest(quoted(bids), OnQuotes, simulation=hr.Simulation.instant(may_cross=True), **FREE)
    assert states(result) == found
    assert result.fills["price"].tolist()[1] == price
    assert len(result.records("Finding")) == 0


def test_what_one_of_them_trades_in_part_makes_the_other_smaller() -> None:
    """Six of the target trade; four of the stop are left, and trade later."""
    rows = [(10, 10.20, 9.95, 10.05), (10, 10.05, 9.95, 10.0), (10, 10.05, 9.80, 9.9), (9.9, 10.2, 9.8, 10)]
    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    strategy = OnBars()
    result = hr.backtest(bars(rows, [60, 1_000, 1_000, 1_000]), strategy, costs=costs)
    assert result.fills[["quantity", "price"]].values.tolist() == [[10.0, 10.0], [6.0, 10.10], [4.0, 9.90]]
    assert [4.0, 10.0] in strategy.seen
    assert states(result)[1:] == [["stop", "Filled", 4.0], ["limit", "Cancelled", 6.0]]


def test_two_that_trade_in_a_race_are_a_finding_and_the_position_is_what_it_is() -> None:
    """The cancel takes two seconds to the venue; the market turns in one. Two sales, where one was meant."""

    class Both(OnQuotes):
        def act(self) -> None:
            """Two offers beside each other, with nothing held; the higher is reached right behind the lower."""
            if not self.exits:
                low = self.sell(5, limit=10.05)
                self.exits = [low, self.sell(5, limit=10.06, beside=low)]

    slow = hr.Simulation(entry=hr.Delay.constant(2 * SECOND), response=1_000_000, may_cross=True)
    result = hr.backtest(quoted([1_000] * 5 + [1_007] * 6), Both, simulation=slow, **FREE)
    assert result.fills["quantity"].tolist() == [5.0, 5.0]
    (finding,) = result.findings.to_dict("records")
    assert finding["code"] == "RUN-012"
    assert (finding["value"], finding["limit"]) == (10.0, 5.0)


def test_one_race_is_one_finding_however_many_reports_it_takes() -> None:
    """Both are filled in parts of two while the cancel travels: told once, of all of it."""

    class Both(OnQuotes):
        def act(self) -> None:
            """Two offers beside each other, with nothing held."""
            if not self.exits:
                low = self.sell(6, limit=10.05)
                self.exits = [low, self.sell(6, limit=10.06, beside=low)]

    slow = hr.Simulation(entry=hr.Delay.constant(20 * SECOND), response=1_000_000, may_cross=True)
    bids = [1_000] * 25 + [1_007 + step for step in range(10)] + [1_016] * 30
    result = hr.backtest(quoted(bids, 2), Both, simulation=slow, **FREE)
    assert len(result.fills) > 3
    (finding,) = result.findings.to_dict("records")
    assert finding["code"] == "RUN-012"
    assert (finding["value"], finding["limit"]) == (result.fills["quantity"].sum(), 6.0)


def test_an_order_beside_one_that_does_not_work_is_denied() -> None:
    """One that was denied itself, and one that is filled: the group is denied with it, and nothing stands alone."""

    class Denied(OnBars):
        def act(self) -> None:
            """Beside a stop that cannot be meant; later beside what was filled."""
            if not self.exits:
                first = self.buy(10, stop=12.0, tif="ioc")
                self.exits = [first, self.sell(10, limit=12.0, beside=first), self.buy(1)]
            elif len(self.exits) == 3:
                self.exits.append(self.sell(1, limit=12.0, beside=self.exits[2]))

    strategy = Denied()
    hr.backtest(bars([]), strategy, **FREE)
    assert [ticket.code for ticket in strategy.exits] == ["RISK-033", "RISK-031", None, "RISK-031"]


def test_three_beside_each_other_are_one_group_whichever_was_named() -> None:
    """The third is put beside the second, and stands beside the first as well."""

    class Three(OnBars):
        def act(self) -> None:
            """Bids at three prices; one of them is enough."""
            if not self.exits:
                first = self.buy(10, limit=9.90)
                second = self.buy(10, limit=9.80, beside=first)
                self.exits = [first, second, self.buy(10, limit=9.70, beside=second)]

    result = hr.backtest(bars([(10, 10, 9.5, 9.6), (9.6, 9.7, 9.0, 9.5)]), Three, **FREE)
    assert [state for _, state, _ in states(result)] == ["Filled", "Cancelled", "Cancelled"]


class Either(hr.Strategy):
    """Bids for ten X and twenty Y, beside each other: one of the two is enough."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.bids: list[Any] = []
        self.seen: Found = []

    def act(self) -> None:
        """Bid once."""
        if not self.bids:
            first = self.buy(10, "X", limit=9.90)
            self.bids = [first, self.buy(20, "Y", limit=9.90, beside=first)]
        self.seen.append([ticket.quantity for ticket in self.bids])


class EitherOnBars(Either):
    """Over bars."""

    def on_bar(self, bar: Any) -> None:
        """Act."""
        self.act()


def two(x: Rows, y: Rows, volume: int = 1_000_000) -> hr.Bars:
    """Days of two instruments."""
    frames = []
    for symbol, rows in (("X", x), ("Y", y)):
        frame = pd.DataFrame(rows, columns=["open", "high", "low", "close"]).assign(symbol=symbol, volume=volume)
        frames.append(frame.set_index(pd.date_range("2024-01-01", periods=len(rows))))
    return hr.Bars.from_frame(pd.concat(frames), instruments=[hr.Instrument("X"), hr.Instrument("Y")])


CALM, DIPS, GAPS = (10.0, 10.05, 9.95, 10.0), (10.0, 10.05, 9.80, 10.0), (9.7, 9.8, 9.6, 9.7)


@pytest.mark.parametrize(
    ("x", "y", "left"),
    [
        ([CALM, DIPS, CALM, DIPS], [CALM, CALM, CALM, DIPS], ["Filled", "Cancelled"]),
        ([CALM, CALM, CALM, DIPS], [CALM, DIPS, CALM, CALM], ["Cancelled", "Filled"]),
        ([CALM, DIPS, CALM], [CALM, DIPS, CALM], ["Filled", "Cancelled"]),  # both within one bar: the first in the data
        ([CALM, GAPS, GAPS], [CALM, GAPS, GAPS], ["Filled", "Cancelled"]),  # both at one open
    ],
)
def test_of_two_instruments_one_is_bought_and_never_both(x: Rows, y: Rows, left: list[str], tmp_path: Path) -> None:
    """However the bars go, nothing is found, and the audit derives the cancel."""
    result = hr.backtest(two(x, y), EitherOnBars, log=tmp_path / "run", **FREE)
    assert [state for _, state, _ in states(result)] == left
    assert len(result.findings) == 0
    assert hr.verify(tmp_path / "run").linked == 1
    cancel = records(tmp_path / "run", "CancelRequest")[0]
    assert hr.why(tmp_path / "run", cancel)[0].says.endswith("because what it hangs together with traded")


def test_of_two_instruments_a_part_of_one_takes_its_share_of_the_other() -> None:
    """Four of ten X are bought: three fifths of the twenty Y are left, of which four are bought."""
    strategy = EitherOnBars()
    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    result = hr.backtest(two([CALM, DIPS, CALM, CALM], [CALM] * 3 + [DIPS], volume=40), strategy, costs=costs)
    assert [10.0, 12.0] in strategy.seen
    assert strategy.seen[-1] == [8.0, 12.0]  # four of the Y came, a fifth: two of the X are gone
    assert result.fills[["symbol", "quantity"]].values.tolist() == [["X", 4.0], ["Y", 4.0]]
    assert len(result.findings) == 0


def test_of_two_instruments_a_race_is_told_in_the_one_that_traded_last() -> None:
    """Over books the cancel travels: twenty Y are bought, of which none was meant any more."""

    class OnQuotesOfTwo(Either):
        def on_quote(self, quote: Any) -> None:
            """Act, once both are known."""
            if self.book("X").best_bid and self.book("Y").best_bid:
                self.act()

    levels = []
    for second, bid in enumerate([1_000, 1_001, 1_000, 980, 980, 980]):
        for instrument in (0, 1):
            book = {"bids": [(bid, 50)], "asks": [(bid + 1, 50)]}
            ts = START + second * SECOND + instrument * 1_000_000
            levels.append(image_events(**book, ts_event=ts, instrument=instrument))
    books = Books.from_events([hr.Instrument("X"), hr.Instrument("Y")], levels=np.concatenate(levels))
    slow = hr.Simulation(entry=hr.Delay.constant(SECOND // 2), response=1_000_000, may_cross=True)
    result = hr.backtest(books, OnQuotesOfTwo, simulation=slow, **FREE)
    assert result.fills[["symbol", "quantity"]].values.tolist() == [["X", 10.0], ["Y", 20.0]]
    (finding,) = result.findings.to_dict("records")
    assert (finding["code"], finding["value"], finding["limit"]) == ("RUN-012", 20.0, 0.0)


def journal(folder: Path) -> dict[str, bytes]:
    """Every file of a journal."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("over_books", [False, True])
def test_the_log_says_what_hung_together_and_the_audit_derives_it_again(tmp_path: Path, over_books: bool) -> None:
    """Equal journals of equal runs; the walk from the cancel leads to the order that traded."""
    for name in ("one", "two"):
        if over_books:
            data: Any = quoted([1_000] * 5 + [995, 990, 985, 1_020, 1_020])
            told: dict[str, Any] = {"simulation": hr.Simulation.instant(may_cross=True)}
        else:
            data, told = bars([(10, 10.02, 9.80, 9.9), (9.9, 10.5, 9.8, 10)]), {}
        hr.backtest(data, OnQuotes if over_books else OnBars, log=tmp_path / name, **told, **FREE)
        assert hr.verify(tmp_path / name).linked == 1
    assert journal(tmp_path / "one") == journal(tmp_path / "two")
    cancels = records(tmp_path / "one", "CancelRequest")
    walk = [cause.says for cause in hr.why(tmp_path / "one", cancels[0])]
    assert walk[0].startswith("cancel order ")
    assert walk[0].endswith("because what it hangs together with traded")
    assert walk[1].startswith("sell 10 X, stop")


def records(folder: Path, name: str) -> list[int]:
    """Numbers of the records of a noun."""
    from hedgerow import _core

    kind = noun(name).kind
    return [number for kind_, number, _ in _core.LogReader(str(folder)) if kind_ == kind]


def test_a_ticket_of_another_kind_is_no_neighbour() -> None:
    """`beside` takes a ticket of an order."""

    class Wrong(OnBars):
        def act(self) -> None:
            """Beside a number."""
            self.buy(1, beside=7)  # type: ignore[arg-type]

    with pytest.raises((TypeError, HedgerowError)):
        hr.backtest(bars([]), Wrong, **FREE)
