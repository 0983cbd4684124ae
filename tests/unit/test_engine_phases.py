"""Halts, auctions and trades with the hidden in runs over books: what strategies hear, and what orders do."""

from __future__ import annotations

import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.market.books import ItchBooks, level_events, phase_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
KINDS = {"auction": 2, "hidden": 3, "opening": 4, "closing": 5}


def at(second: int) -> int:
    """A moment of the run."""
    return START + second * SECOND


def printed(*trades: tuple[int, str, int, int]) -> Any:
    """Trades of (second, how, price, lots), of no side."""
    rows: Any = np.zeros(len(trades), dtype=noun("Trade").dtype)
    for row, (second, how, price, lots) in zip(rows, trades, strict=True):
        row["ts_event"] = row["ts_init"] = at(second)
        row["price_ticks"], row["lots"], row["kind"] = price, lots, KINDS[how]
    return rows


def market(phases: list[tuple[int, str]], trades: Any = None, seconds: int = 12) -> Books:
    """A book of 10.00 to 10.02 in which a far level changes each second."""
    levels = [level_events(bids=[(1_000, 50)], asks=[(1_002, 50)], ts_event=at(0))]
    levels += [level_events(bids=[(900, second)], ts_event=at(second)) for second in range(1, seconds)]
    told = phase_events([(at(second), word) for second, word in phases])
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), trades=trades, phases=told)


class Scripted(hr.Strategy):
    """Does what a table says at each second, and notes what it hears."""

    def __init__(self, table: dict[int, Any]) -> None:
        super().__init__()
        self.table, self.heard, self.tickets = dict(table), [], []

    def on_start(self) -> None:
        """Wake every second."""
        self.every(seconds=1)

    def on_timer(self, now: int) -> None:
        """It is one of the seconds."""
        if (do := self.table.pop((now - START) // SECOND, None)) is not None:
            self.tickets.append(do(self))

    def on_phase(self, told: Any) -> None:
        """The venue said what it does."""
        self.heard.append(((told.ts - START) // SECOND, told.symbol, told.phase, self.book().phase))

    def on_trade(self, trade: Any) -> None:
        """Somebody traded."""
        self.heard.append(((trade.ts - START) // SECOND, trade.kind))


def test_strategies_hear_of_phases_and_a_halt_takes_nothing_but_cancels() -> None:
    """Strategies hear of phases and a halt takes nothing but cancels."""
    strategy = Scripted(
        {
            1: lambda s: s.buy(5, limit=10.01),
            4: lambda s: s.buy(1),
            5: lambda s: s.cancel(s.tickets[0]),
            9: lambda s: s.buy(2),
        }
    )
    result = hr.backtest(market([(3, "halted"), (7, "continuous")]), strategy, **FREE)
    assert strategy.heard == [(3, "X", "halted", "halted"), (7, "X", "continuous", "continuous")]
    assert result.orders["state"].tolist() == ["Cancelled", "Rejected", "Filled"]
    assert result.fills["price"].tolist() == [10.02]


def test_orders_for_the_open_and_the_close_fill_at_the_cross_and_no_more_than_their_share(tmp_path: Path) -> None:
    """Orders for the open and the close fill at the cross and no more than their share, and the audit derives it."""
    trades = printed((4, "opening", 1_003, 400), (10, "closing", 998, 90))
    books = market([(0, "opening_call"), (4, "continuous"), (9, "closing_call"), (10, "closed")], trades, 14)
    table = {
        1: lambda s: s.buy(30, tif="opg"),
        2: lambda s: s.buy(30, limit=10.05, tif="opg"),
        3: lambda s: s.buy(30, limit=10.03, tif="opg"),
        5: lambda s: s.sell(20, tif="cls"),
        6: lambda s: s.sell(1, tif="opg"),
        11: lambda s: s.sell(1, limit=11.0),
    }
    simulation = hr.Simulation.instant(auction_share=0.1)
    result = hr.backtest(books, Scripted(table), costs=hr.Costs.none(), simulation=simulation, log=tmp_path / "log")
    # A tenth of 400 at the open: the one without a limit first; at the printed price itself others stand ahead.
    assert result.fills[["quantity", "price"]].values.tolist() == [[30.0, 10.03], [10.0, 10.03], [9.0, 9.98]]
    assert result.orders["state"].tolist() == ["Filled", "Expired", "Expired", "Expired", "Rejected", "Rejected"]
    assert set(result.fills["liquidity"]) == {"taker"}
    assert hr.verify(tmp_path / "log").state_hash == result.state_hash


def test_a_trade_with_the_hidden_fills_only_what_is_better_than_it() -> None:
    """A trade with the hidden fills only what is better than it."""
    trades = printed((3, "hidden", 1_001, 50), (5, "hidden", 1_000, 3))
    strategy = Scripted({1: lambda s: s.buy(5, limit=10.01), 2: lambda s: s.buy(5, limit=10.00)})
    result = hr.backtest(market([], trades), strategy, **FREE)
    assert strategy.heard == [(3, "hidden"), (5, "hidden")]
    assert result.fills[["quantity", "price"]].values.tolist() == [[3.0, 10.01]]


def test_parent_orders_send_nothing_into_a_halt() -> None:
    """Parent orders send nothing into a halt, and go on behind it."""

    def work(strategy: Any) -> None:
        strategy.work(10, until=timedelta(seconds=9), slices=9)

    result = hr.backtest(market([(3, "halted"), (8, "continuous")], seconds=14), Scripted({1: work}), **FREE)
    sent = [(ts.value - START) / SECOND for ts in result.orders["ts"]]
    assert not [second for second in sent if 3 <= second < 8]
    assert len([second for second in sent if second >= 8]) > 0
    assert "Rejected" not in result.orders["state"].tolist()
    assert result.fills["quantity"].sum() == 10


def test_how_rows_are_cut_changes_nothing_with_phases_too() -> None:
    """How rows are cut changes nothing with phases too."""
    books = market([(3, "halted"), (7, "continuous")], printed((5, "auction", 1_001, 10)))
    kinds, rows = (np.concatenate(column) for column in zip(*books.pieces(), strict=True))
    ones = [(kinds[i : i + 1], rows[i : i + 1]) for i in range(len(kinds))]
    first = len(rows) - len(ones) + 2
    pieces = [(kinds[:first], rows[:first]), *ones[first:]]
    cut = Books(books.instruments, books.shown, lambda: iter(pieces), books.start_ns, books.end_ns)
    table = {1: lambda s: s.buy(5, limit=10.01), 8: lambda s: s.sell(5)}
    whole, by_one = (hr.backtest(data, Scripted(table), **FREE) for data in (books, cut))
    assert whole.state_hash == by_one.state_hash
    assert books.digest() == cut.digest()


def test_pro_rata_shares_a_trade_out_by_size_and_is_not_for_books_of_orders() -> None:
    """Pro rata shares a trade out by size and is not for books of orders."""
    sold = printed((3, "auction", 1_000, 12))
    sold["kind"], sold["aggressor"] = 1, 2
    fills = {}
    for queue in ("trades_only", "pro_rata"):
        simulation = hr.Simulation.instant(queue=queue)
        strategy = Scripted({1: lambda s: s.buy(10, limit=10.00)})
        result = hr.backtest(market([], sold), strategy, costs=hr.Costs.none(), simulation=simulation)
        fills[queue] = result.fills["quantity"].tolist()
    # Fifty are ahead; of twelve lots a sixth.
    assert fills == {"trades_only": [], "pro_rata": [2.0]}
    orders: Any = np.zeros(1, dtype=noun("BookOrder").dtype)
    orders["ts_event"], orders["order_id"], orders["lots"], orders["side"] = START, 1, 5, 1
    orders["price_ticks"], orders["action"] = 1_000, 0x81
    shown = Books.from_events(hr.Instrument("X"), orders=orders)
    with pytest.raises(HedgerowError, match="pro rata"):
        hr.backtest(shown, Scripted({}), costs=hr.Costs.none(), simulation=hr.Simulation.instant(queue="pro_rata"))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: phase_events([(1, "halt")]), "RUN-002"),
        (lambda: phase_events([(1, "halted")], instrument=70_000), "DATA-016"),
        (lambda: hr.Simulation(auction_share=1.5), "SIM-005"),
        (lambda: market([(3, "halted"), (200, "halted"), (3, "halted")]), "DATA-004"),
    ],
)
def test_what_cannot_be_a_phase_is_refused_by_name(make: Any, code: str) -> None:
    """What cannot be a phase is refused by name."""
    with pytest.raises(HedgerowError) as error:
        make()
    assert error.value.code == code


def test_a_day_of_itch_is_replayed_with_its_halt_its_cross_and_its_hidden_trades(tmp_path: Path) -> None:
    """A day of ITCH is replayed with its halt, its cross and its hidden trades."""
    encoded = runpy.run_path(str(Path(__file__).with_name("market_encoders.py")))["itch_day"]()
    day = tmp_path / "01302019.NASDAQ_ITCH50"
    day.write_bytes(encoded)
    books = Books.read(day, hr.Instrument("AAPL", tick="0.0001"))
    kinds = np.concatenate([kinds for kinds, _ in books.pieces()]).tolist()
    named = {noun(name).kind: name for name in ("BookOrder", "Trade", "MarketPhase")}
    counts = {named[kind]: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"BookOrder": 5, "Trade": 2, "MarketPhase": 3}
    fast = ItchBooks(0)
    fast.take(_listed(encoded))
    told = fast.take_phases()
    assert told["phase"].tolist() == [5, 2, 3]
    assert not len(fast.take_phases())


def test_a_halt_of_one_market_counts_in_the_feed_of_that_market() -> None:
    """A halt of one market counts in the feed of that market."""
    encoded = runpy.run_path(str(Path(__file__).with_name("market_encoders.py")))["itch_day"]()
    halt = b"\0\x15h" + bytes([0, 13, 0, 0]) + (34_200_000_000_001).to_bytes(6, "big") + b"AAPL    BH"
    for market, phases in (("Q", [5, 2, 3]), ("B", [5, 2, 3, 5])):
        books = ItchBooks(0, market=market)
        books.take(_listed(encoded + halt))
        assert books.take_phases()["phase"].tolist() == phases
    with pytest.raises(HedgerowError, match=r"RUN-002 .*market 'N'; there are Q, B and X"):
        ItchBooks(0, market="N")


def _listed(day: bytes) -> bytes:
    """The day behind a directory that lists its stock, without the end of the session in its middle."""
    import struct

    body = (
        b"R" + struct.pack(">HH", 13, 0) + bytes(6) + b"AAPL    " + b"QN" + struct.pack(">I", 100) + b"N" + b"C  PNN1N"
    )
    body = body.ljust(39, b"N")
    place, messages = 0, [struct.pack(">H", 39) + body]
    while place < len(day):
        size = int.from_bytes(day[place : place + 2], "big")
        messages += [day[place : place + 2 + size]] if size else []
        place += 2 + size
    return b"".join(messages)


@pytest.mark.skipif(not (DATA / "binary").exists(), reason="shared/data/binary is absent")
def test_a_recorded_status_of_a_future_is_phases() -> None:
    """A recorded status of a future is phases."""
    from hedgerow.market.formats.registry import opened, parts, read_rows
    from hedgerow.market.reading import Reading

    for name in ("test_data.status.dbn", "test_data.status.v3.dbn.zst"):
        found = []
        for file, form in parts(opened(DATA / "binary" / "dbn" / name)):
            found += [rows.table for rows in read_rows(file, form, Reading.of({})) if rows.kind == "phases"]
        # Trading; the pause of 16:15; and trading again from 16:30 on, told as an indication of a price.
        assert [table.column("phase").to_pylist() for table in found] == [
            ["continuous", "opening_call", "opening_call", "continuous"]
        ]


@pytest.mark.skipif(not (DATA / "binary").exists(), reason="shared/data/binary is absent")
def test_a_recorded_feed_of_an_exchange_is_replayed_with_the_status_that_it_tells() -> None:
    """A recorded feed of an exchange is replayed with the status that it tells."""
    capture = DATA / "binary" / "iex" / "iex_tops16_sample.pcap.gz"
    books = Books.read(capture, hr.Instrument("ZIEXT", tick="0.0001"), shown="quotes")
    kinds = np.concatenate([kinds for kinds, _ in books.pieces()])
    assert (kinds == noun("MarketPhase").kind).sum() > 0

    class Hears(hr.Strategy):
        """Notes every phase."""

        def on_start(self) -> None:
            self.phases: list[str] = []

        def on_phase(self, told: Any) -> None:
            self.phases.append(told.phase)

    strategy = Hears()
    hr.backtest(books, strategy, costs=hr.Costs.none(), simulation=hr.Simulation.instant(may_cross=True))
    assert set(strategy.phases) <= {"continuous", "halted", "opening_call"}
    assert strategy.phases
