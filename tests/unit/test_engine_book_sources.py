"""Ways to a run over books: files, recordings, catalogs, words of a command, and sweeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.cli.main import run as command
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.assumptions import simulation_of
from hedgerow.engine.sweep import sweep
from hedgerow.engine.sweep.sharing import attach, share
from hedgerow.market.formats.rows import rows
from hedgerow.market.replay import Books
from hedgerow.models.trials import TrialLedger

SECOND = 10**9
START = 1_577_836_800 * SECOND
XYZ = hr.Instrument("XYZ")


def order_rows(*told: tuple[Any, ...]) -> Any:
    """Rows of orders: action, id, side, price, size, and the venue's number of the message."""
    action, order_id, side, price, size, sequence = zip(*told, strict=True)
    times = [START + i * SECOND for i in range(len(told))]
    columns = {"ts_event": times, "ts_init": [t + 1_500 for t in times], "instrument": ["XYZ"] * len(told)}
    columns |= {"record": list(range(len(told))), "action": list(action), "order_id": list(order_id)}
    columns |= {"side": list(side), "price": list(price), "size": list(size), "sequence": list(sequence)}
    return rows("orders", columns).table


def events(books: Books) -> Any:
    """The `BookOrder` rows of books."""
    words = np.concatenate([words for _, words in books.pieces()])
    return np.ascontiguousarray(words).reshape(-1).view(noun("BookOrder").dtype)


def test_rows_of_orders_are_events_of_a_book_whatever_words_the_venue_has() -> None:
    """Adds, reductions, executions told once or twice, replacements without a side, and letters for numbers."""
    table = order_rows(
        ("add", "7", "bid", "9.99", 5, 1),
        ("reduce", "7", None, None, 2, 2),
        ("execute", "7", None, None, 1, 3),
        ("cancel", "7", None, None, 1, 3),  # the same message: the execution again
        ("cancel", "7", None, None, None, 4),
        ("replace", "8", None, "9.98", 4, 4),
        ("add", "letters", "ask", "10.01", 6, 5),
        ("modify", "letters", None, "10.02", 3, 6),
        ("cancel", "nobody", None, None, 1, 7),
        ("trade", None, None, "10.00", 1, 8),
        ("clear", None, None, None, None, 9),
    )
    books = Books.from_rows(XYZ, orders=table)
    told = events(books)
    assert books.shown == "orders"
    assert [row & 127 for row in told["action"].tolist()] == [1, 2, 3, 4, 1, 1, 5, 6]
    assert told["order_id"].tolist()[:5] == [7, 7, 7, 7, 8]
    assert told["order_id"][5] == told["order_id"][6] == 2**64 - 1
    assert told["side"].tolist()[4] == 1
    assert told["lots"].tolist() == [5, 2, 1, 0, 4, 6, 3, 0]
    assert set(told["delay_us"].tolist()) == {2}
    assert books.notes == (
        "1 rows of orders that were never entered are passed over",
        "1 rows that move no shown order are passed over",
    )


def test_an_update_of_orders_is_a_message_of_the_venue() -> None:
    """What one message of the venue says is one update, so that a replaced order is never out of the book."""
    columns: dict[str, Any] = {"ts_event": [START, START + 1, START + 1], "instrument": ["XYZ"] * 3}
    columns |= {"action": ["add", "cancel", "replace"], "order_id": ["1", "1", "2"], "side": ["bid", None, None]}
    columns |= {"price": ["9.99", None, "9.98"], "size": [5, None, 5], "sequence": [1, 2, 2], "record": [1, 2, 3]}
    told = events(Books.from_rows(XYZ, orders=rows("orders", columns).table))
    assert [bool(action & 128) for action in told["action"].tolist()] == [True, False, True]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("add", "1", None, "9.99", 5, 1), "row 0: add without side"),
        (("add", "1", "bid", None, 5, 1), "row 0: add without side"),
        (("add", "1", "bid", "9.995", 5, 1), "row 0: price 9.995"),
        (("ad", "1", "bid", "9.99", 5, 1), "did you mean"),
        (("cancel", "1", "bid", "9.99", 5, 1), "no order of XYZ is entered; 1 rows of orders that were never entered"),
    ],
)
def test_rows_of_orders_that_cannot_be_meant_are_named(told: tuple[Any, ...], said: str) -> None:
    """Rows of orders that cannot be meant are named."""
    with pytest.raises(HedgerowError, match=said):
        Books.from_rows(XYZ, orders=order_rows(told))
    with pytest.raises(HedgerowError, match="stands already"):
        Books.from_rows(XYZ, orders=order_rows(*[("add", "1", "bid", "9.99", 5, 1)] * 2))


MAKER = """
import hedgerow as hr
from dataclasses import dataclass


class Maker(hr.Strategy):
    @dataclass(frozen=True)
    class Config:
        away: int = 0

    def on_start(self):
        self.ticket = None

    def on_quote(self, quote):
        if self.ticket is None or self.ticket.state is None:
            back = self.config.away / 100
            if self.position <= 0:
                self.ticket = self.buy(1, limit=round(quote.bid - back, 2), tif="gtx")
            else:
                self.ticket = self.sell(1, limit=round(quote.ask + back, 2), tif="gtx")
"""


def recording(path: Path) -> Path:
    """Binance's image, updates and trades, a line a message."""
    start = 1_723_075_200_000
    lines: list[tuple[int, Any]] = [
        (start, {"lastUpdateId": 1, "T": start, "bids": [["10.00", "10"]], "asks": [["10.01", "10"]]})
    ]
    for i in range(1, 300):
        at = start + 100 * i
        price, sells = ("10.00", True) if i % 2 else ("10.01", False)
        lines.append((at, {"e": "trade", "s": "XYZ", "T": at, "p": price, "q": "12", "m": sells}))
        update: dict[str, Any] = {"e": "depthUpdate", "s": "XYZ", "T": at, "U": i, "u": i + 1, "pu": i}
        update |= {"b": [], "a": [], "b" if sells else "a": [[price, "6" if i % 4 < 2 else "10"]]}
        lines.append((at, update))
    path.write_text("".join(f"{at * 10**6} {json.dumps(message)}\n" for at, message in lines))
    return path


def test_a_command_runs_over_a_recording_and_what_it_prints_is_the_same_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words of the command and arguments of the function are one run."""
    from hedgerow.cli.strategies import load_class

    (tmp_path / "maker.py").write_text(MAKER)
    data = recording(tmp_path / "session.txt")
    (tmp_path / "assumed.toml").write_text('[simulation]\nqueue = "power"\npower = 3.0\nentry = "9ms"\n')
    words = ["backtest", f"{tmp_path / 'maker.py'}:Maker", str(data), "--books", "levels", "--symbol", "XYZ"]
    words += ["--currency", "USDT", "--rule", "binance_futures", "--simulation", str(tmp_path / "assumed.toml")]
    assert command([*words, "--assume", "entry=2ms..3ms", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fills"] > 10
    books = Books.read(data, hr.Instrument("XYZ", "USDT"), rule="binance_futures")
    assumed = hr.Simulation(queue="power", power=3.0, entry=hr.Delay.uniform(2_000_000, 3_000_000))
    made = load_class(words[1])
    assert hr.backtest(books, made, currency="USDT", simulation=assumed).state_hash == told["state_hash"]
    for more, said in (
        (["--assume", "entri=2ms"], "entry"),
        (["--assume", "entry=2"], "its unit"),
        (["--books", "depth"], "one of"),
        (["--rule", "binance_future"], "binance_futures"),
    ):
        assert command([*words, *more]) != 0
        assert said in capsys.readouterr().err
    assert command(["backtest", words[1], str(data), "--assume", "entry=2ms"]) != 0
    assert "--books" in capsys.readouterr().err


def test_a_recording_that_is_none_or_of_another_instrument_is_named(tmp_path: Path) -> None:
    """An image of Binance bears no name, and is not taken for whatever was asked for."""
    data = recording(tmp_path / "session.txt")
    (tmp_path / "empty.txt").touch()
    for path, code, said in (
        (data, "DATA-014", "says nothing of ABC"),
        (tmp_path / "no.txt", "DATA-014", "no.txt"),
        (tmp_path, "DATA-014", tmp_path.name),
        (tmp_path / "empty.txt", "DATA-009", "no bytes"),
    ):
        with pytest.raises(HedgerowError, match=f"{code} .*{said}"):
            Books.read(path, hr.Instrument("ABC"), rule="binance_futures")


def test_a_sweep_over_books_is_its_backtests_counts_them_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each variant is the run and the trial that a backtest of it is."""
    from hedgerow.cli.strategies import load_class

    (tmp_path / "maker.py").write_text(MAKER)
    data = recording(tmp_path / "session.txt")
    words = ["sweep", f"{tmp_path / 'maker.py'}:Maker", str(data), "--grid", "away=0,1,2", "--books", "levels"]
    words += ["--symbol", "XYZ", "--rule", "binance_futures", "--assume", "entry=1ms", "--out", str(tmp_path / "out")]
    words += ["--workers", "2", "--trials", str(tmp_path / "trials.jsonl"), "--json"]
    assert command(words) == 0
    first = json.loads(capsys.readouterr().out)
    assert command(words) == 0
    assert json.loads(capsys.readouterr().out) == first
    ledger = TrialLedger(tmp_path / "trials.jsonl")
    assert ledger.family("Maker").count == 3
    books = Books.read(data, XYZ, rule="binance_futures")
    maker = load_class(words[1])
    settings: dict[str, Any] = {"simulation": simulation_of(words=["entry=1ms"]), "trials": ledger}
    fills = [len(hr.backtest(books, maker(away=away), **settings).fills) for away in (0, 1, 2)]
    assert ledger.family("Maker").count == 3, "a backtest of a variant is the same trial"
    done = sweep(books, maker, {"away": [0, 1, 2]}, workers=1, simulation=settings["simulation"])
    assert done.table["fills"].tolist() == fills
    assert fills[0] > fills[1] == 0


class Once(hr.SimpleStrategy):
    """A strategy for bars."""

    def init(self) -> None:
        """Nothing."""

    def next(self) -> None:
        """Nothing."""


def test_forms_for_bars_are_refused_over_books_by_name() -> None:
    """init/next, signals and windows want bars."""
    books = Books.from_quotes([START], bid=[10.0], ask=[10.01], bid_size=1, ask_size=1)

    def wanted(bars: Any, a: int) -> Any:
        return [a]

    calls: list[tuple[Any, str]] = [
        (lambda: hr.backtest(books, Once), "init/next strategies are for bars"),
        (lambda: hr.backtest(books, signals=[1]), "signals"),
        (lambda: sweep(books, Once, {"a": [1]}), "init/next are for bars"),
        (lambda: sweep(books, signals=wanted, grid={"a": [1]}), "signals"),
        (lambda: sweep(books, hr.Strategy, {}, windows=[(None, None)]), "windows"),
    ]
    for call, said in calls:
        with pytest.raises(HedgerowError, match=f"RUN-002 .*{said}"):
            call()


def test_shared_books_are_the_books_and_keep_their_pieces(tmp_path: Path) -> None:
    """Cut by hand, they stay cut as they were."""
    whole = Books.from_quotes(START + np.arange(50), bid=1_000, ask=1_002, bid_size=1, ask_size=1)
    ((kinds, words),) = whole.pieces()
    pieces = [(kinds[:40], words[:40]), (kinds[40:], words[40:])]
    cut = Books(whole.instruments, "quotes", lambda: pieces, START, START + 49)
    share(cut, tmp_path)
    shared = attach(tmp_path)
    assert isinstance(shared, Books)
    assert shared.digest() == cut.digest()
    assert [len(kind) for kind, _ in shared.pieces()] == [40, 60]


def test_orders_of_a_catalog_are_replayed(tmp_path: Path) -> None:
    """LOBSTER's messages, through the catalog, to a book of orders."""
    file = tmp_path / "XYZ_2012-06-21_34200000_34260000_message_1.csv"
    messages = ["34200.1,1,11,10,99900,1", "34200.2,1,12,10,100100,-1", "34200.3,2,11,4,99900,1"]
    messages += ["34200.4,4,11,6,99900,1", "34200.5,3,12,10,100100,-1"]
    file.write_text("\n".join(messages) + "\n")
    hr.Catalog(tmp_path / "catalog").ingest_rows(file, ingested_at=START)
    books = Books.read(tmp_path / "catalog", XYZ)
    assert books.shown == "orders"
    assert [row & 127 for row in events(books)["action"].tolist()] == [1, 1, 2, 3, 4]
    assert Books.read(file, XYZ).digest() == books.digest()
    with pytest.raises(HedgerowError, match=r"DATA-014 .*no quotes of XYZ"):
        Books.read(tmp_path / "catalog", XYZ, shown="quotes")


def test_a_measured_log_is_read_with_its_line(tmp_path: Path) -> None:
    """Two whole numbers a line, times rising."""
    log = tmp_path / "latency.csv"
    log.write_text("ts,delay\n100,10\n200,30\n")
    (tmp_path / "assumed.toml").write_text('entry = "measured:latency.csv"\nhalf_life = "2.5s"\nmay_cross = true\n')
    assumed = simulation_of(tmp_path / "assumed.toml")
    assert assumed.entry_delay.points == ((100, 10), (200, 30))
    assert assumed.half_life.total_seconds() == 2.5
    assert simulation_of(words=["response=1ms+500us"]).response_delay == hr.Delay.exponential(1_000_000, 500_000)
    assert simulation_of(words=["maker_fee_bps=-0.5", "may_cross=true"]).maker_fee_bps == -0.5
    log.write_text("100,10\n200,x\n")
    with pytest.raises(HedgerowError, match=r"latency.csv, line 2: '200,x'"):
        simulation_of(tmp_path / "assumed.toml")
