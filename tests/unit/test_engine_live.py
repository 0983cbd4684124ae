"""Paper runs: the recording comes when it is time, and the orders are those of the backtest, byte for byte."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.live import PaperSettings, paper, read_settings
from hedgerow.engine.live.pacing import Pace, PacedBooks
from hedgerow.market.replay import Books

COMMAND = "import sys; from hedgerow.cli.main import main; sys.exit(main())"
START_MS = 1_723_075_200_000
STRATEGY = '''
import hedgerow as hr


class Maker(hr.Strategy):
    """One order on each side, five times a second."""

    def on_start(self):
        self.every(seconds=0.2)
        self.seen = 0
        self.sent = []

    def on_timer(self, now):
        book = self.book()
        if book.best_bid is None or book.best_ask is None:
            return
        self.seen += 1
        if self.seen % 7 == 0:
            for ticket in self.sent:
                if ticket.state in ("Live", "PartiallyFilled"):
                    self.cancel(ticket)
            self.sent.clear()
        if self.position < 0.03:
            self.sent += [self.buy(0.001, limit=book.best_bid[0], tif="gtx")]
        if self.position > -0.03:
            self.sent += [self.sell(0.001, limit=book.best_ask[0], tif="gtx")]
        if self.seen % 11 == 0:
            self.buy(0.002)
'''
SETTINGS = """
[run]
strategy = "maker.py:Maker"
folder = "journal"
cash = "100000"
currency = "USDT"
speed = 0

[data]
source = "session.txt"
rule = "binance_futures"

[instrument]
symbol = "BTCUSDT"
currency = "USDT"
tick = "0.1"
lot = "0.001"

[simulation]
entry = "2ms"
response = "3ms"
"""


def line(ms: int, message: dict[str, Any]) -> str:
    """A line of a recording."""
    return f"{ms * 10**6 + 10**6} {json.dumps(message, separators=(',', ':'))}\n"


def session(updates: int, start_ms: int = START_MS) -> str:
    """A book that breathes and drifts, a tenth of a second between two updates, and a trade before each."""
    levels = (
        [[f"{61_000 - i / 10:.1f}", "0.010"] for i in range(20)],
        [[f"{61_000.1 + i / 10:.1f}", "0.010"] for i in range(20)],
    )
    lines = [line(start_ms, {"lastUpdateId": 1, "T": start_ms, "bids": levels[0], "asks": levels[1]})]
    for i in range(1, updates):
        at, side = start_ms + 100 * i, "b" if i % 2 else "a"
        price = "61000.0" if i % 2 else "61000.1"
        sold = {"e": "trade", "s": "BTCUSDT", "T": at, "p": price, "q": "0.004", "m": bool(i % 2)}
        update = {"e": "depthUpdate", "s": "BTCUSDT", "T": at, "U": i, "u": i + 1, "pu": i, "b": [], "a": []}
        lines += [line(at, sold), line(at, {**update, side: [[price, "0.006" if i % 4 < 2 else "0.010"]]})]
    return "".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a strategy, a recording and settings."""
    (tmp_path / "maker.py").write_text(STRATEGY)
    (tmp_path / "session.txt").write_text(session(400))
    (tmp_path / "paper.toml").write_text(SETTINGS)
    return tmp_path


def maker(folder: Path) -> Any:
    """The strategy of the settings."""
    from hedgerow.cli.strategies import load_class

    return load_class(str(folder / "maker.py"))()


class Clock:
    """A wall clock that moves only while somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = 1_000.0, 0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Sleep."""
        assert seconds > 0
        self.now += seconds
        self.waits += 1


def journal_bytes(folder: Path) -> dict[str, bytes]:
    """Every file of a journal."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def backtested(folder: Path, settings: PaperSettings) -> hr.Result:
    """The same strategy over the same books in a backtest, with a journal."""
    books = Books.read(settings.source, settings.instrument, rule=settings.rule)
    told: dict[str, Any] = {"cash": settings.cash, "currency": "USDT", "simulation": settings.simulation}
    told |= {"costs": settings.costs, "carry": settings.carry}
    if settings.actions is not None:
        told["actions"] = hr.Catalog(settings.actions).actions()
    return hr.backtest(books, maker(folder), seed=settings.seed, log=folder / "backtest", **told)


@pytest.mark.parametrize("speed", [0.0, 1.0, 37.5, 5_000.0])
def test_paper_gives_the_journal_of_the_backtest_byte_for_byte_at_any_speed(folder: Path, speed: float) -> None:
    """Equal latency, equal data, equal strategy: the journals are equal, whatever the clock did."""
    settings, clock = read_settings(folder / "paper.toml", speed=speed), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    assert len(again.orders) > 100
    assert len(again.fills) > 10
    assert done.result.records("Order").tobytes() == again.records("Order").tobytes()
    assert done.result.state_hash == again.state_hash
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    assert (done.rows, done.stopped) == (done.of_rows, False)
    assert clock.waits > 0 or speed == 0
    if speed == 1.0:
        assert clock.now - 1_000.0 == pytest.approx(39.9, abs=0.3)
    hr.verify(folder / "journal")


def test_icebergs_trade_on_paper_as_in_the_backtest_byte_for_byte(folder: Path) -> None:
    """Slices, their places in the queue and the changes of them."""
    text = STRATEGY.replace(
        'self.buy(0.001, limit=book.best_bid[0], tif="gtx")', "self.buy(0.003, limit=book.best_bid[0], display=0.001)"
    )
    assert text != STRATEGY
    (folder / "maker.py").write_text(text)
    settings, clock = read_settings(folder / "paper.toml", speed=37.5), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    shown = again.orders[again.orders["display"] > 0]
    assert (shown["filled"] > 0).any()
    assert done.result.state_hash == again.state_hash
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    hr.verify(folder / "journal")


WORKER = '''
from datetime import timedelta

import hedgerow as hr


class Worker(hr.Strategy):
    """Five algorithms at once; each has its own clock, and the last one an auction that nobody holds."""

    def on_book(self, book):
        if not hasattr(self, "orders") and book.best_bid and book.best_ask:
            end = timedelta(seconds=30)
            told = {"slices": 12, "random_times": True, "size_jitter": 0.5, "seed": 9}
            self.orders = [
                self.work(0.02, algorithm="twap", until=end, **told),
                self.work(0.02, algorithm="pov", participation=0.05, until=end, every=timedelta(seconds=2)),
                self.work(0.01, algorithm="iceberg", display=0.002, limit=book.best_bid[0]),
                self.work(0.01, algorithm="sniper", limit=book.best_ask[0], min_size=0.008),
                self.work(0.01, algorithm="close", auction=0.5, until=end, lead=timedelta(seconds=15), slices=3),
            ]
'''


def test_algorithms_decide_on_paper_as_in_the_backtest_byte_for_byte(folder: Path) -> None:
    """Plans, slices and children are those of the backtest, and each slice is derived again from the journal."""
    (folder / "maker.py").write_text(WORKER)
    (folder / "paper.toml").write_text(SETTINGS.replace("maker.py:Maker", "maker.py:Worker"))
    settings, clock = read_settings(folder / "paper.toml", speed=20.0), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    assert set(again.parents["children"] > 0) == {True}
    assert hr.verify(folder / "journal").slices == len(done.result.records("Slice")) > 20


MAKER = """
from dataclasses import dataclass

import hedgerow as hr


class Maker(hr.MarketMaker):
    @dataclass(frozen=True, kw_only=True)
    class Config(hr.MarketMaker.Config):
        quantity: float = 0.002
        inventory_max: int = 3
        gamma: float = 0.3
        memory: float = 10.0
"""


def test_the_ready_market_maker_quotes_on_paper_as_in_the_backtest_byte_for_byte(folder: Path) -> None:
    """Both sides by one verdict each time, the same in both journals, and derived again from either."""
    (folder / "maker.py").write_text(MAKER)
    settings, clock = read_settings(folder / "paper.toml", speed=20.0), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    assert len(done.result.records("QuoteUpdate")) == len(done.result.records("Verdict")) > 20
    assert len(again.fills) > 5
    hr.verify(folder / "journal")


BRACKETS = '''
import hedgerow as hr


class Brackets(hr.Strategy):
    """A bid with two exits near by, again as soon as it is over; offers beside each other that it takes back."""

    def on_start(self):
        self.held, self.offers, self.seen = None, [], 0

    def on_book(self, book):
        if not book.best_bid or not book.best_ask:
            return
        self.seen += 1
        for offer in self.offers:
            if self.seen % 25 == 0 and offer.state == "Live":
                self.cancel(offer)
        bid, ask = book.best_bid[0], book.best_ask[0]
        if self.held is None or self.held.take_profit is None or self.held.take_profit.state == "ended":
            near = {"stop_loss": round(bid - 0.1, 1), "take_profit": round(ask + 0.1, 1)}
            self.held = self.bracket(0.003, limit=bid, **near)
        if not any(offer.state for offer in self.offers):
            first = self.sell(0.002, limit=ask)
            self.offers = [first, self.sell(0.003, limit=round(ask + 0.1, 1), beside=first)]
'''


def test_brackets_on_paper_are_those_of_the_backtest_byte_for_byte(folder: Path) -> None:
    """What follows, what is made smaller and what is cancelled stands in both journals alike, and is derived again."""
    (folder / "maker.py").write_text(BRACKETS)
    (folder / "paper.toml").write_text(SETTINGS.replace("maker.py:Maker", "maker.py:Brackets"))
    settings, clock = read_settings(folder / "paper.toml", speed=20.0), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    assert len(done.result.records("ContingentOrder")) > 2
    assert {"RUN-017", "RUN-018"} <= set(again.findings["code"])  # the offers close first what the exits would
    assert hr.verify(folder / "journal").linked > 4


def test_no_row_comes_before_its_time_and_updates_stay_whole() -> None:
    """Whatever the clock does, a piece holds what is due, up to the end of an update."""
    n = 50
    at = 10**18 + np.arange(n) * 10**9
    books = Books.from_quotes(at, bid=np.full(n, 10), ask=np.full(n, 12), bid_size=1, ask_size=1, symbol="X")
    clock = Clock()
    paced, rows = PacedBooks.of(books, Pace(10.0, clock, threading.Event(), clock.wait)), 0
    for kinds, words in paced.pieces():
        rows += len(kinds)
        assert rows % 2 == 0
        latest = int(words[-1, 0])
        assert latest - 10**18 <= (clock.now - 1_000.0) * 10 * 1e9 + 1_000
    assert rows == 2 * n
    assert paced.digest() == books.digest()


def test_a_run_that_is_told_to_stop_is_sealed_with_what_it_did(folder: Path) -> None:
    """Nothing comes after the wish; what was under way arrives; the journal proves itself."""
    settings, clock, stop = read_settings(folder / "paper.toml", speed=1.0), Clock(), threading.Event()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if clock.now > 1_020.0:
            stop.set()

    done = paper(settings, maker(folder), clock=clock, wait=wait, stop=stop)
    status = done.to_json()
    assert status["stopped"]
    assert 0 < status["rows"] < status["of_rows"]
    assert status["working"] > 0
    again = backtested(folder, settings)
    orders = done.result.records("Order").tobytes()
    assert 0 < len(orders) < len(again.records("Order").tobytes())
    assert again.records("Order").tobytes().startswith(orders)
    hr.verify(folder / "journal")


HELD = """
[costs.fees]
beside = 15000000
tiers = [{maker_bps = 2, taker_bps = 5}, {volume = 15000000, maker_bps = 1, taker_bps = 4}]

[carry]
borrow = 0.1
debit = 0.05

[carry.funding]
BTCUSDT = "funding.csv"

[carry.margin]
style = "contracts"
initial = 0.1
maintenance = 0.05
"""


def test_what_holding_and_trading_cost_is_said_in_settings_and_gives_the_journal_of_the_backtest(folder: Path) -> None:
    """Fees by tier, funding, interest, margin and a split of a catalog: byte for byte, at any speed."""
    (folder / "funding.csv").write_text("ts,rate\n2024-08-07T23:59:50Z,0.0001\n2024-08-08T00:00:10Z,-0.0002\n")
    listed = folder / "actions.csv"
    listed.write_text("symbol,ex_date,action,value,known_at\nBTCUSDT,2024-08-08,split,2,2024-08-01\n")
    (folder / "session.txt").write_text(session(400, START_MS - 20_000))
    (folder / "paper.toml").write_text(SETTINGS.replace('rule = "bin', 'actions = "catalog"\nrule = "bin') + HELD)
    hr.Catalog(folder / "catalog").ingest_rows(listed, ingested_at="2024-08-08T00:00:20Z")
    settings, clock = read_settings(folder / "paper.toml", speed=37.5), Clock()
    done = paper(settings, maker(folder), clock=clock, wait=clock.wait)
    again = backtested(folder, settings)
    assert journal_bytes(folder / "journal") == journal_bytes(folder / "backtest")
    assert {"funding", "split"} <= set(again.carry["kind"])
    assert done.result.final_nav == again.final_nav
    paid = again.fills["fee"] / (again.fills["price"] * again.fills["quantity"])
    assert set(again.fills["liquidity"]) == {"maker"}
    assert paid.tolist() == pytest.approx([1e-4] * len(paid))  # of the second tier
    hr.verify(folder / "journal")


def test_what_happens_behind_the_moment_of_a_stop_is_not_told(folder: Path) -> None:
    """A run that is told to stop has paid no funding of later."""
    (folder / "funding.csv").write_text("ts,rate\n2024-08-08T00:00:02Z,0.0001\n2024-08-08T00:00:30Z,0.0001\n")
    (folder / "paper.toml").write_text(SETTINGS + '[carry.funding]\nBTCUSDT = "funding.csv"\n')
    settings, clock, stop = read_settings(folder / "paper.toml", speed=1.0), Clock(), threading.Event()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if clock.now > 1_010:
            stop.set()

    done = paper(settings, maker(folder), clock=clock, wait=wait, stop=stop)
    assert done.stopped
    assert len(done.result.carry) == 1


def test_the_status_says_what_was_traded(folder: Path) -> None:
    """Orders, fills, positions and profit as the ledger has them."""
    done = paper(read_settings(folder / "paper.toml"), maker(folder), clock=time.monotonic)
    status, result = done.to_json(), done.result
    assert status["orders"] == len(result.orders)
    assert status["fills"] == len(result.fills)
    assert status["pnl"] == pytest.approx(result.final_nav - 100_000)
    assert status["positions"]["BTCUSDT"] == pytest.approx(float(result.positions["quantity"].iloc[-1]))
    assert status["findings"] == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("speed = 0", "spede = 0", "did you mean 'speed'"),
        ("speed = 0", "speed = -1", r"speed: -1 is not a number from 0"),
        ("speed = 0", "speed = nan", "speed: nan"),
        ("speed = 0", 'seed = "x"', r"\[run\] seed: 'x'"),
        ('cash = "100000"', 'cash = "0"', "cash: '0' is no number above 0"),
        ('folder = "journal"', "", "folder: is missing"),
        ("session.txt", "other.txt", "there is no .*other.txt"),
        ("[data]", "[datum]", "datum: no such key; did you mean 'data'"),
        ('entry = "2ms"', 'entry = "2 furlongs"', "entry="),
        ('tick = "0.1"', 'tik = "0.1"', "did you mean 'tick'"),
        ("[run]", "run = 3\n[x]", "x|run"),
        ("[run]", "[run", "paper.toml"),
        ('rule = "', 'actions = "nowhere"\nrule = "', "there is no catalog .*nowhere"),
        ("[simulation]", "[carry]\nborow = 0.1\n[simulation]", "did you mean 'borrow'"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(folder: Path, old: str, new: str, says: str) -> None:
    """A misspelt key is an error with the key that was meant."""
    assert old in SETTINGS
    (folder / "paper.toml").write_text(SETTINGS.replace(old, new, 1))
    with pytest.raises(HedgerowError, match=says):
        read_settings(folder / "paper.toml")


def test_a_journal_that_is_there_is_not_touched(folder: Path) -> None:
    """A second run into the same folder is refused."""
    settings = read_settings(folder / "paper.toml")
    paper(settings, maker(folder), clock=time.monotonic)
    before = journal_bytes(folder / "journal")
    with pytest.raises(HedgerowError, match="LOG-"):
        paper(settings, maker(folder), clock=time.monotonic)
    assert journal_bytes(folder / "journal") == before


def test_the_command_ends_on_sigterm_and_seals_its_log(folder: Path) -> None:
    """A process that trades by the real clock, told to stop in the middle."""
    words = [sys.executable, "-c", COMMAND, "run", "paper", str(folder / "paper.toml"), "--speed", "2", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not list((folder / "journal").glob("**/*")) and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(1.0)
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    status = json.loads(said)
    assert process.returncode == 0
    assert status["stopped"] is True
    assert 0 < status["rows"] < status["of_rows"]
    assert hr.verify(folder / "journal").records > 0
