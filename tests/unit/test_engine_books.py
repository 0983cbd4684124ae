"""Runs over books: what a strategy hears and when, what is refused, and that the log proves it all."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}


def quotes(n: int = 40, every_ns: int = SECOND) -> Books:
    """A bid that goes up a tick every four quotes and down again."""
    i = np.arange(n)
    bid = 1_000 + np.abs(i // 4 % 10 - 5)
    return Books.from_quotes(START + i * every_ns, bid=bid, ask=bid + 2, bid_size=10, ask_size=10, symbol="X")


def trade(ts: int, price: int, lots: int, aggressor: int) -> Any:
    """One `Trade` row."""
    row: Any = np.zeros(1, dtype=noun("Trade").dtype)
    row["ts_event"] = row["ts_init"] = ts
    row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = price, lots, aggressor, 1
    return row


class Listener(hr.Strategy):
    """Hears everything and notes when."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.heard: list[tuple[str, int]] = []

    def on_quote(self, quote: Any) -> None:
        """One quote."""
        self.heard.append(("quote", quote.ts))
        assert self.now == quote.ts_init >= quote.ts

    def on_trade(self, trade: Any) -> None:
        """One trade."""
        self.heard.append(("trade", trade.ts))

    def on_book(self, book: Any) -> None:
        """One update."""
        self.heard.append(("book", self.now))

    def on_timer(self, now: int) -> None:
        """It is time."""
        self.heard.append(("timer", now))


def test_quotes_trades_and_books_are_heard_each_in_its_turn() -> None:
    """Quotes trades and books are heard each in its turn."""
    levels = np.concatenate(
        [
            level_events(bids=[(999, 5)], asks=[(1_001, 5)], ts_event=START),
            level_events(bids=[(990, 1)], ts_event=START + 1),
            level_events(bids=[(999, 4)], ts_event=START + 3),
        ]
    )
    books = Books.from_events(hr.Instrument("X"), levels=levels, trades=trade(START + 2, 999, 1, 2))
    strategy = Listener()
    hr.backtest(books, strategy, **FREE)
    # The second update changes no best price: a book without a quote.
    assert strategy.heard == [
        ("book", START), ("quote", START), ("book", START + 1), ("trade", START + 2), ("book", START + 3),
        ("quote", START + 3),
    ]  # fmt: skip


def test_nothing_is_heard_before_its_delay_is_over_and_the_book_is_no_newer() -> None:
    """Nothing is heard before its delay is over and the book is no newer."""

    class Late(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            assert self.now == quote.ts + 3 * SECOND
            assert self.book().best_bid == (quote.bid, quote.bid_size)
            seen.append(quote.ts)

    seen: list[int] = []
    hr.backtest(quotes(), Late, costs=hr.Costs.none(), simulation=hr.Simulation(feed=timedelta(seconds=3)))
    assert len(seen) > 8
    assert seen == sorted(seen)


def test_an_order_meets_the_market_of_its_arrival_and_its_fill_is_heard_later() -> None:
    """An order meets the market of its arrival and its fill is heard later."""

    class Taker(hr.Strategy):
        def on_start(self) -> None:
            self.sent = self.filled = 0

        def on_quote(self, quote: Any) -> None:
            if not self.sent and quote.ts >= START + 7 * SECOND:
                self.sent = self.now
                self.buy(1)

        def on_fill(self, fill: Any) -> None:
            fills.append((self.now - self.sent, fill.ts - self.sent, fill.price))

    fills: list[tuple[int, int, float]] = []
    simulation = hr.Simulation(entry=timedelta(seconds=1, milliseconds=500), response=timedelta(seconds=2))
    books = quotes()
    hr.backtest(books, Taker, costs=hr.Costs.none(), simulation=simulation)
    # Heard at 8 s, when the ask fell to 10.05; at 9.5 s it is there still.
    assert fills == [(3_500_000_000, 1_500_000_000, 10.05)]


def test_a_timer_comes_exactly_when_it_was_asked_for() -> None:
    """A timer comes exactly when it was asked for."""

    class Woken(hr.Strategy):
        def on_start(self) -> None:
            self.every(seconds=2.5)

        def on_timer(self, now: int) -> None:
            assert self.now == now
            woken.append((now - START) / SECOND)

    woken: list[float] = []
    hr.backtest(quotes(12), Woken, **FREE)
    assert woken == [2.5, 5.0, 7.5, 10.0]


class Trader(hr.Strategy):
    """Buys at the touch and sells at the touch, in turns."""

    def on_quote(self, quote: Any) -> None:
        """One quote."""
        if self.position <= 0:
            self.buy(2, limit=quote.ask, tif="ioc")
        else:
            self.sell(2, limit=quote.bid, tif="fok")


def test_how_the_rows_are_cut_changes_nothing() -> None:
    """How the rows are cut changes nothing."""
    whole = quotes(400)

    def small() -> Any:
        """small."""
        for kinds, rows in whole.pieces():
            for start in range(0, len(kinds), 6):
                yield kinds[start : start + 6], rows[start : start + 6]

    cut = Books(whole.instruments, whole.shown, small, whole.start_ns, whole.end_ns)
    settings: dict[str, Any] = {
        "costs": hr.Costs.none(),
        "simulation": hr.Simulation(entry=hr.Delay.uniform(0, SECOND)),
    }
    first, second = (hr.backtest(books, Trader, **settings) for books in (whole, cut))
    assert first.state_hash == second.state_hash
    assert len(first.fills) > 10
    assert whole.digest() == cut.digest()


def test_the_log_proves_the_run_and_an_order_names_the_quote_it_answers(tmp_path: Path) -> None:
    """The log proves the run and an order names the quote it answers."""
    result = hr.backtest(quotes(), Trader, log=tmp_path / "log", **FREE)
    hr.verify(tmp_path / "log")
    order = int(result.orders["id"].iloc[0])
    chain = hr.why(tmp_path / "log", order)
    assert [cause.noun for cause in chain[:3]] == ["Order", "Verdict", "Quote"]
    assert "10.0500 bid, 10.0700 asked" in chain[2].says


def test_two_processes_with_other_hash_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    """Two processes with other hash seeds give the same bytes."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_engine_books import *\n"
        "simulation = hr.Simulation(entry=hr.Delay.exponential(1, SECOND), queue='power')\n"
        "print(hr.backtest(quotes(300), Trader, simulation=simulation, seed=7).state_hash)\n"
    )
    said = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        words = [sys.executable, "-c", program, str(Path(__file__).parent)]
        said.append(subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout)
    assert said[0] == said[1] != ""


def test_memory_does_not_grow_with_the_length_of_the_replay() -> None:
    """Eighteen hundred thousand rows more, 115 MB of them, and the same peak but for what the run keeps of itself."""
    program = (
        "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_engine_books import *\n"
        "def pieces():\n"
        "    for at in range(int(sys.argv[2])):\n"
        "        part = quotes(50_000)\n"
        "        for kinds, rows in part.pieces():\n"
        "            rows[:, :2] += np.uint64(at * 50_000 * SECOND)\n"
        "            yield kinds, rows\n"
        "books = Books((hr.Instrument('X'),), 'quotes', pieces, START, START)\n"
        "simulation = hr.Simulation(sample=timedelta(hours=1))\n"
        "hr.backtest(books, Rare, simulation=simulation)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peak_kib = []
    for count in ("2", "20"):
        words = [sys.executable, "-c", program, str(Path(__file__).parent), count]
        peak_kib.append(int(subprocess.run(words, capture_output=True, text=True, check=True).stdout))
    assert peak_kib[1] - peak_kib[0] < 25 * 1024


class Rare(hr.Strategy):
    """Buys once a day."""

    def on_start(self) -> None:
        """Once a day."""
        self.every(days=1)

    def on_timer(self, now: int) -> None:
        """One lot."""
        self.buy(1)


def test_who_waits_pays_the_makers_fee_and_a_rebate_is_one() -> None:
    """Who waits pays the makers fee and a rebate is one."""

    class Maker(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            if not self.position and not sent:
                sent.append(self.buy(1, limit=quote.bid, tif="gtx"))

    sent: list[Any] = []
    stop = START + 4 * SECOND
    fallen = Books.from_quotes([START, stop], bid=[1_000, 990], ask=[1_002, 995], bid_size=10, ask_size=10, symbol="X")
    result = hr.backtest(fallen, Maker, simulation=hr.Simulation.instant(maker_fee_bps=-1.0), costs=hr.Costs())
    assert result.fills["liquidity"].tolist() == ["maker"]
    assert result.fills["fee"].tolist() == [-0.001]
    assert "half-spread" in result.info.notes[0]


def test_a_post_only_order_that_would_take_is_rejected() -> None:
    """A post only order that would take is rejected."""

    class Crossing(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            tickets.append(self.buy(1, limit=quote.ask, tif="gtx"))

    tickets: list[Any] = []
    result = hr.backtest(quotes(4), Crossing, **FREE)
    assert set(result.orders["state"]) == {"Rejected"}
    assert not len(result.fills)


def test_bars_know_no_order_that_must_find_a_size_at_once() -> None:
    """Bars know no order that must find a size at once."""

    class Whole(hr.Strategy):
        def on_bar(self, bar: Any) -> None:
            self.buy(1, tif="fok")

    bars = hr.Bars.from_arrays(np.arange(5).astype("datetime64[D]"), close=[10.0, 11.0, 12.0, 11.0, 13.0])
    result = hr.backtest(bars, Whole, costs=hr.Costs.none())
    assert set(result.orders["state"]) == {"Rejected"}


def test_a_report_a_lint_and_a_count_of_trials_are_made_of_a_run_over_books(tmp_path: Path) -> None:
    """The page says what was assumed; another assumption is another trial."""
    ledger = tmp_path / "trials.jsonl"
    for queue in ("trades_only", "power", "power"):
        simulation = hr.Simulation.instant(queue=queue)
        result = hr.backtest(quotes(4_000), Trader, simulation=simulation, trials=ledger)
    assert result.info.trials == 2
    page = result.report(tmp_path / "report.html")
    assert "power" in Path(page).read_text()
    assert "too-short" in hr.lint(result).names


def test_instruments_have_each_their_own_book() -> None:
    """Two of them, in two currencies, in one feed."""
    rows = []
    for i in range(200):
        for k in (0, 1):
            price = 1_000 + 100 * k + i // 7 % 5
            at = START + i * SECOND + k
            rows.append(level_events(bids=[(price, 5)], asks=[(price + 2, 5)], ts_event=at, instrument=k, top=True))

    class Two(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            assert self.book(quote.symbol).best_bid == (quote.bid, quote.bid_size)
            if self.position_of(quote.symbol) <= 0:
                self.buy(1, quote.symbol)
            else:
                self.sell(1, quote.symbol)

    books = Books.from_events([hr.Instrument("A"), hr.Instrument("B", "EUR")], levels=np.concatenate(rows))
    result = hr.backtest(books, Two, fx={"EUR": 1.1}, simulation=hr.Simulation.instant())
    assert result.fills["symbol"].value_counts().to_dict() == {"A": 29, "B": 29}
    assert result.trial_balance == {"USD": 0, "EUR": 0}
    with pytest.raises(HedgerowError, match="EUR into USD"):
        hr.backtest(books, Two)


def test_a_trade_of_nothing_is_refused_with_its_time() -> None:
    """Named, and when."""
    books = Books.from_events(
        hr.Instrument("X"), levels=level_events(bids=[(999, 5)], ts_event=START), trades=trade(START + 5, 999, 0, 2)
    )
    with pytest.raises(HedgerowError, match=f"a trade of 0 lots at {START + 5}"):
        hr.backtest(books, Listener, **FREE)


def test_time_that_goes_back_is_played_late_or_refused_with_its_row() -> None:
    """A clock that steps back a second is a clock; an hour is rows in the wrong order."""
    columns = {"bid": [1_000, 1_001, 1_002], "ask": [1_002, 1_003, 1_004], "bid_size": 1, "ask_size": 1}
    times = [START + SECOND, START, START + 2 * SECOND]
    strategy = Listener()
    hr.backtest(Books.from_quotes(times, ts_init=[START + SECOND] * 3, **columns), strategy, **FREE)
    assert [what for what, _ in strategy.heard].count("quote") == 3
    with pytest.raises(HedgerowError, match=r"DATA-004 .*row 1 of BookLevel|DATA-004 .*row 2 of BookLevel"):
        Books.from_quotes([START + 3_600 * SECOND, START, START + 1], **columns)


def test_times_that_no_run_can_hold_are_refused() -> None:
    """The ends of 64 bits mean `never` in a run."""
    for ts in (2**63 - 1, -(2**63)):
        with pytest.raises(HedgerowError, match="row 0"):
            Books.from_quotes([ts], bid=[1], ask=[2], bid_size=1, ask_size=1)
        with pytest.raises(HedgerowError, match="row 0: ts_init"):
            Books.from_quotes([START], ts_init=[ts], bid=[1], ask=[2], bid_size=1, ask_size=1, trades=trade(1, 1, 1, 1))


def in_pieces(*pieces: Any) -> Books:
    """Books whose pieces somebody made by hand."""
    kind = noun("BookLevel").kind
    cut = [(np.full(len(piece), kind, dtype=np.uint8), piece.view("<u8").reshape(-1, 4)) for piece in pieces]
    return Books((hr.Instrument("X"),), "levels", lambda: cut, START, START + SECOND)


def test_time_that_goes_back_in_pieces_made_by_hand_is_refused_with_its_row() -> None:
    """What `from_events` asks of rows is asked of every source."""
    first = level_events(bids=[(999, 5)], asks=[(1_001, 5)], ts_event=START)
    late = level_events(bids=[(999, 4)], ts_event=START - 3_600 * SECOND)
    with pytest.raises(HedgerowError, match=r"DATA-004 .*row 2: 3600.000 s before"):
        hr.backtest(in_pieces(first, late), Listener, **FREE)
    a_little = level_events(bids=[(999, 4)], ts_event=START - SECOND)
    hr.backtest(in_pieces(first, a_little), Listener, **FREE)
    with pytest.raises(HedgerowError, match=r"DATA-016 .*row 2: time"):
        hr.backtest(in_pieces(first, level_events(bids=[(999, 4)], ts_event=2**63 - 1)), Listener, **FREE)


def test_before_1970_a_timer_comes_when_it_was_asked_for_too() -> None:
    """Times below zero are times."""

    class Woken(Listener):
        def on_start(self) -> None:
            super().on_start()
            self.every(seconds=3)

    times = -10_000 * SECOND + SECOND * np.arange(8)
    books = Books.from_quotes(times, bid=1_000 + np.arange(8), ask=1_010, bid_size=1, ask_size=1)
    strategy = Woken()
    hr.backtest(books, strategy, **FREE)
    assert [ts for what, ts in strategy.heard if what == "timer"] == [int(times[0]) + 3 * SECOND * n for n in (1, 2)]


def test_a_bid_that_our_impact_sinks_below_one_tick_is_none_and_the_run_goes_on() -> None:
    """Nobody bids less than a tick."""

    class Seller(hr.Strategy):
        def on_start(self) -> None:
            self.bids: list[tuple[int, Any]] = []

        def on_quote(self, quote: Any) -> None:
            self.bids.append((quote.bid_ticks, self.book().best_bid))
            if len(self.bids) == 1:
                self.sell(10)

    n = np.arange(6)
    books = Books.from_quotes(START + n * SECOND, bid=20 + n % 2, ask=30, bid_size=50, ask_size=50)
    strategy = Seller()
    moved = hr.Simulation.instant(permanent_impact=3.0)
    result = hr.backtest(books, strategy, costs=hr.Costs.none(), simulation=moved)
    assert result.fills["quantity"].tolist() == [6.0]
    assert strategy.bids[0] == (20, (0.2, 50.0))
    assert {bid for bid, _ in strategy.bids[1:]} == {2, 3}
    deep = hr.Simulation.instant(permanent_impact=19.0)
    strategy = Seller()
    result = hr.backtest(books, strategy, costs=hr.Costs.none(), simulation=deep)
    assert result.fills["price"].tolist() == [0.01]
    assert (1, (0.01, 50.0)) in strategy.bids


def test_books_that_never_show_a_price_are_no_data_and_the_reason_is_the_true_one() -> None:
    """However short the run, it is not its delays."""
    empty = Books.from_quotes([START], bid=[1_000], ask=[1_002], bid_size=0, ask_size=0)
    with pytest.raises(HedgerowError, match=r"RUN-005 .*no book ever showed a price"):
        hr.backtest(empty, Listener, **FREE)
    one = Books.from_quotes([START], bid=[1_000], ask=[1_002], bid_size=1, ask_size=1)
    slow = hr.Simulation(feed=3_600 * SECOND)
    assert len(hr.backtest(one, Listener, costs=hr.Costs.none(), simulation=slow).data.times_ns) == 1


def test_tables_and_statistics_stand_on_what_the_run_saw() -> None:
    """Tables and statistics stand on what the run saw."""
    result = hr.backtest(quotes(400), Trader, simulation=hr.Simulation.instant())
    assert len(result.equity) == len(result.data.times_ns) + 1
    assert result.equity["nav"].iloc[-1] == pytest.approx(result.final_nav)
    assert len(result.trades)
    assert set(result.trial_balance.values()) == {0}
    assert result.info.simulation["entry"] == "0"


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (lambda: hr.backtest(quotes(), type("Bars", (hr.Strategy,), {"on_bar": print})), "RUN-002", "on_bar"),
        (lambda: hr.backtest(quotes(), type("Odd", (hr.Strategy,), {"on_quotes": print})), "RUN-002", "on_quote"),
        (lambda: hr.backtest(quotes(), signals=[1]), "RUN-002", "signals"),
        (lambda: hr.backtest(quotes()), "RUN-002", "no strategy"),
        (lambda: hr.backtest(quotes(), Trader, simulation=3), "RUN-002", "Simulation"),
        (lambda: hr.Simulation(queue="powr"), "RUN-002", "power"),
        (lambda: hr.Simulation(entry=-1), "SIM-005", "-1"),
        (lambda: hr.Simulation(permanent_impact=float("nan")), "SIM-005", "permanent_impact"),
        (lambda: hr.Delay.measured([(2, 1), (1, 1)]), "SIM-005", "rising"),
        (lambda: hr.Delay.measured([(-(2**63), 1), (2**63 - 1, 1)]), "SIM-005", "times from"),
        (lambda: hr.Simulation(feed=hr.Delay.uniform(1, 2)), "SIM-005", "feed"),  # type: ignore[arg-type]
        (lambda: hr.Simulation(half_life=timedelta.max), "SIM-005", "half_life"),
        (lambda: hr.Simulation(sample=1), "SIM-005", "sample"),  # type: ignore[arg-type]
        (lambda: hr.Simulation(maker_fee_bps="1"), "SIM-002", "maker_fee_bps"),  # type: ignore[arg-type]
        (lambda: hr.Simulation(maker_fee_bps=float("inf")), "SIM-002", "maker_fee_bps"),
        (lambda: Books.from_quotes([1], bid=[9.995], ask=[10.0], bid_size=1, ask_size=1), "DATA-", "9.995"),
        (lambda: Books.from_quotes([1], bid=[-1], ask=[10], bid_size=1, ask_size=1), "DATA-016", "-1"),
        (lambda: Books.from_quotes([1], bid=[np.nan], ask=[10.0], bid_size=1, ask_size=1), "DATA-", "row 0"),
        (lambda: Books.from_quotes(["a"], bid=[1], ask=[2], bid_size=1, ask_size=1), "DATA-", "ts_event"),
        (lambda: Books.from_events(hr.Instrument("X"), trades=trade(1, 1, 1, 1)), "RUN-002", "levels or orders"),
        (
            lambda: Books.from_events(hr.Instrument("X"), levels=level_events(bids=[(1, 1)], ts_event=1, instrument=4)),
            "CORE-007",
            "instrument 4",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(call: Any, code: str, said: str) -> None:
    """What cannot be meant is refused by name."""
    with pytest.raises(HedgerowError) as caught:
        call()
    assert caught.value.code.startswith(code)
    assert said in str(caught.value)


def test_bars_have_no_queue() -> None:
    """Bars have no queue."""
    bars = hr.Bars.from_arrays([1, 2], close=[10.0, 10.5], span=1)
    with pytest.raises(HedgerowError, match="bars show no queue"):
        hr.backtest(bars, signals=[1, 1], simulation=hr.Simulation())


def test_crossed_quotes_are_refused_with_their_time_unless_they_may_be() -> None:
    """Crossed quotes are refused with their time unless they may be."""
    books = Books.from_quotes([1, 2], bid=[1_000, 1_003], ask=[1_002, 1_002], bid_size=1, ask_size=1)
    with pytest.raises(HedgerowError, match=r"BOOK-001 .*1003.*at 2"):
        hr.backtest(books, Listener, **FREE)
    hr.backtest(books, Listener, costs=hr.Costs.none(), simulation=hr.Simulation.instant(may_cross=True))


def test_what_a_handler_raises_comes_out_as_it_is() -> None:
    """What a handler raises comes out as it is."""

    class Broken(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        hr.backtest(quotes(), Broken, **FREE)
