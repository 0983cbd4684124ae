"""Vendors' files as they publish them: what each layout means, down to units, lengths of bars, sides and names."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.market import Bars
from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

READING = Reading()
NS = 1_723_161_254_000_000_000
DAY = 86_400 * 10**9


def laid(folder: Path, name: str, data: str | bytes) -> Path:
    """A file of these bytes; a name that ends in `.zip!member` makes an archive with one member."""
    outer, _, member = name.partition("!")
    path = folder / outer
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = data.encode() if isinstance(data, str) else data
    if member:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, raw)
    else:
        path.write_bytes(raw)
    return path


def rows_in(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """All rows, each with its kind."""
    return [(part.kind, row) for part in head(path, READING, 99) for row in part.table.to_pylist()]


KLINE = "{0},10,11,9,10.5,5,{1},1,1,1,1,0\n"


@pytest.mark.parametrize(
    ("span", "opened", "last", "length"),
    [
        ("1s", 1_735_689_600_000_000, 1_735_689_600_999_999, 10**9),
        ("3d", 1_735_689_600_000, 1_735_948_799_999, 3 * DAY),
        ("1w", 1_735_516_800_000, 1_736_121_599_999, 7 * DAY),
        ("1mo", 1_704_067_200_000, 1_706_745_599_999, 31 * DAY),
    ],
)
def test_a_kline_is_as_long_as_the_name_of_its_file_says(
    tmp_path: Path, span: str, opened: int, last: int, length: int
) -> None:
    """Also where it stands alone, at midnight, in microseconds, or for a month."""
    path = laid(tmp_path, f"BTCUSDT-{span}-2025-01-01.csv", KLINE.format(opened, last))
    ((_, bar),) = rows_in(path)
    opened_ns = opened * (1_000 if opened > 10**14 else 10**6)
    assert (bar["ts_event"].value, bar["span_ns"]) == (opened_ns + length, length)
    assert Bars.read(path, lot="0.1").ts_event.astype(np.int64).tolist() == [opened_ns + length]


def test_updates_of_a_binance_book_are_depth_and_no_trades(tmp_path: Path) -> None:
    """Sides `a` and `b` are those of a book; `snap` begins a whole one."""
    head_line = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n"
    text = (
        head_line + "BTCUSDT,1660176000000,1,100,a,snap,23900.1,1.5,-1\nBTCUSDT,1660176000010,101,102,b,set,9,0,100\n"
    )
    told = rows_in(laid(tmp_path, "BTCUSDT_T_DEPTH_2022-08-11_depth_snap.csv", text))
    assert [kind for kind, _ in told] == ["depth", "depth"]
    assert [(row["side"], row["snapshot"], row["sequence"]) for _, row in told] == [
        ("ask", True, 100),
        ("bid", False, 102),
    ]


def test_figures_of_the_binance_archive_are_series_by_name(tmp_path: Path) -> None:
    """Depth within some percent of the middle, funding, open interest."""
    depth = "timestamp,percentage,depth,notional\n2024-01-01 00:00:05,-5.00,5000.1,2e8\n2024-01-01 00:00:05,5.00,1,2\n"
    told = rows_in(laid(tmp_path, "BTCUSDT-bookDepth-2024-01-01.csv", depth))
    assert [(row["instrument"], row["value"]) for _, row in told] == [
        ("BTCUSDT.depth.-5", 5000.1), ("BTCUSDT.depth.5", 1.0), ("BTCUSDT.notional.-5", 2e8), ("BTCUSDT.notional.5", 2),
    ]  # fmt: skip
    assert probe(tmp_path / "BTCUSDT-bookDepth-2024-01-01.csv", READING).status == "ok"
    funding = "calc_time,funding_interval_hours,last_funding_rate\n1704067200000,8,0.00037409\n"
    told = rows_in(laid(tmp_path, "BTCUSDT-fundingRate-2024-01.csv", funding))
    assert ("series", "BTCUSDT.last_funding_rate") in [(kind, row["instrument"]) for kind, row in told]


def test_liquidations_are_no_trades(tmp_path: Path) -> None:
    """They have the columns of Tardis' trades; what of them traded is told there, and must not count twice."""
    text = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    text += "x,BTC,1598918403123000,1598918403130123,1,buy,9,1\n"
    for name in ("deribit_liquidations_2020-09-01_BTC.csv", "liquidations/2020/09/01/BTC.csv"):
        ((kind, row),) = rows_in(laid(tmp_path, name, text))
        assert (kind, row["type"], row["instrument"]) == ("messages", "liquidation", "BTC")
    ((kind, _),) = rows_in(laid(tmp_path, "deribit_trades_2020-09-01_BTC.csv", text))
    assert kind == "trades"


LOBSTER = "AMZN_2012-06-21_34200000_57600000_message_2.csv"


def test_lobster_tells_halts_crosses_and_hidden_trades(tmp_path: Path) -> None:
    """A halt is a phase, a cross and a hidden execution trades; a cross in which nothing met is none."""
    text = (
        "34200.0,6,-1,0,0,-1\n34200.1,1,7,21,2238100,1\n34200.2,5,0,1,2238200,-1\n34210.0,7,0,0,-1,-1\n"
        "34220.0,7,0,0,0,-1\n34230.0,7,0,0,1,-1\n34240.5,6,-1,500,2238000,-1\n"
    )
    path = laid(tmp_path, LOBSTER, text)
    found = probe(path, READING)
    assert (found.status, found.rows, found.kinds) == ("ok", 7, {"orders": 1, "trades": 2, "phases": 3}), found.error
    told = rows_in(path)
    assert [row["phase"] for kind, row in told if kind == "phases"] == ["halted", "opening_call", "continuous"]
    assert [(row["how"], row["price"], row["side"]) for kind, row in told if kind == "trades"] == [
        ("hidden", Decimal("223.82"), None), ("auction", Decimal("223.8"), None)]  # fmt: skip
    books = hr.Books.read(path, hr.Instrument("AMZN", tick="0.01"))
    assert sum(len(kinds) for kinds, _ in books.pieces()) == 6


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("34200.1,1,5,1,2238200,9", "DATA-022", "record 0: direction '9' is not 1, -1"),
        ("34200.1,8,5,1,2238200,1", "DATA-022", "record 0: type '8' is not"),
        ("34200.1,7,0,0,5,-1", "DATA-022", "record 0: price of a halt '5'"),
        ("34200.1,1,5,1,-2238200,1", "DATA-002", "record 0: price -2238200"),
        ("34200.1,1,5,1,22.5,1", "DATA-015", "record 0: price is '22.5', no whole number"),
        ("134200.1,1,5,1,2238200,1", "DATA-013", "record 0: '134200.1' seconds are more than a day has"),
    ],
)
def test_a_lobster_message_that_cannot_be_is_named(tmp_path: Path, line: str, code: str, says: str) -> None:
    """Never another side, day or price than the message states."""
    found = probe(laid(tmp_path, LOBSTER, line + "\n"), READING).record()
    assert (found["code"], says in found["detail"]) == (code, True), found


LEAN = [
    ("equity/usa/tick/spy/20131007_trade.zip!20131007_spy_Trade_Tick.csv", "34200002.5,1674600,100,P,@,0\n",
     "trades", "SPY", {"price": Decimal("167.46"), "size": 100}),
    ("equity/usa/tick/spy/20131007_quote.zip!20131007_spy_Quote_Tick.csv", "34200002,0,0,1674600,4,P,R,0\n",
     "quotes", "SPY", {"bid": None, "ask": Decimal("167.46"), "ask_size": 4}),
    ("forex/oanda/daily/eurusd.zip!eurusd.csv", "20140501 00:00,1.1,1.4,1.0,1.2,0,1.2,1.5,1.1,1.3,0\n",
     "quotes", "EURUSD", {"bid": Decimal("1.2"), "ask": Decimal("1.3")}),
    ("future/cme/tick/es/20131007_trade.zip!20131007_es_tick_trade_201312_20131220.csv", "34200000,1674.5,10,,,0\n",
     "trades", "ESZ13", {"price": Decimal("1674.5"), "size": 10}),
    ("future/cme/second/es/20131007_trade.zip!20131007_es_second_trade_201312_20131220.csv",
     "34200000,1674.5,1675,1674,1674.25,10\n", "bars", "ESZ13", {"close": Decimal("1674.25"), "span_ns": 10**9}),
    ("option/usa/minute/aapl/20131224_trade_american.zip!20131224_aapl_minute_trade_american_put_4500000_20140118.csv",
     "34200000,3400,3500,3300,3400,5\n", "bars", "AAPL140118P00450000", {"close": Decimal("0.34")}),
    ("option/usa/minute/aapl/20131224_openinterest_american.zip!"
     "20131224_aapl_minute_openinterest_american_call_4500000_20140118.csv", "34200000,1234\n",
     "series", "AAPL140118C00450000.open_interest", {"value": 1234.0}),
    ("indexoption/usa/minute/spx/20210104_trade_european.zip!20210104_spx_minute_trade_european_call_34000000_20210115.csv",
     "34200000,1213400,1213500,1213300,1213400,5\n", "bars", "SPX210115C03400000", {"close": Decimal("121.34")}),
    ("equity/usa/factor_files/aapl.csv", "19980102,0.88,0.0357143,0\n20501231,1,1,0\n", "reference", "AAPL", {}),
    ("equity/usa/map_files/aaa.csv", "20020522,aaa\n20070518,aaa\n", "reference", "AAA", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "kind", "who", "holds"), LEAN, ids=[row[0].split("!")[0] for row in LEAN])
def test_a_file_of_lean_is_what_its_folders_and_names_say(
    tmp_path: Path, name: str, text: str, kind: str, who: str, holds: dict[str, Any]
) -> None:
    """Resolution, kind, contract and scale; a zero price in a quote is none."""
    path = laid(tmp_path, name, text)
    told = rows_in(path)
    assert probe(path, READING).status == "ok", probe(path, READING).error
    assert {(kind, who)} == {(found, row["instrument"]) for found, row in told}
    assert len(told) == text.count("\n")
    assert {key: told[0][1][key] for key in holds} == holds


def test_a_day_of_lean_ends_at_the_midnight_of_its_zone(tmp_path: Path) -> None:
    """Also on the days when clocks change, which are shorter or longer."""
    text = "20131102 00:00,1,2,1,2,5\n20131103 00:00,1,2,1,2,5\n"
    told = rows_in(laid(tmp_path, "equity/usa/daily/spy.zip!spy.csv", text))
    assert [str(row["ts_event"]) for _, row in told] == ["2013-11-03 04:00:00+00:00", "2013-11-04 05:00:00+00:00"]


FIELDS = [("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8")]


def npz(array: Any) -> bytes:
    """An archive of hftbacktest."""
    out = io.BytesIO()
    np.savez_compressed(out, data=array)
    return out.getvalue()


def test_an_event_that_stands_twice_for_its_two_orders_is_read_once(tmp_path: Path) -> None:
    """Venue and receiver saw two trades in another order: the first stands twice in the file."""
    venue, own, sell = 1 << 31, 1 << 30, 1 << 28
    events = [(venue | sell | 2, NS + 5, NS + 300, 10.5, 1), (venue | own | sell | 2, NS + 50, NS + 200, 10.25, 2),
              (own | sell | 2, NS + 5, NS + 300, 10.5, 1)]  # fmt: skip
    path = laid(tmp_path, "split.npz", npz(np.array(events, dtype=FIELDS)))
    assert probe(path, READING).status == "ok", probe(path, READING).error
    assert [(row["price"], row["record"]) for _, row in rows_in(path)] == [(Decimal("10.25"), 1), (Decimal("10.5"), 2)]


def test_events_of_the_first_version_are_columns_of_numbers(tmp_path: Path) -> None:
    """Event, both times in the unit of their size, side, price, quantity; what we did not see is not read."""
    us = NS // 1000
    columns = [[1, us, us + 100, 1, 10.0, 1], [2, us + 5, us + 300, -1, 10.5, 2], [2, us + 6, -1, -1, 10.5, 2]]
    told = rows_in(laid(tmp_path, "first.npz", npz(np.array(columns))))
    assert [(kind, row["side"], row["ts_init"].value - NS) for kind, row in told] == [
        ("depth", "bid", 100_000), ("trades", "sell", 300_000)]  # fmt: skip
    wrong = probe(laid(tmp_path, "wrong.npz", npz(np.array([[1, np.nan, 1, 1, 1, 1]]))), READING)
    assert wrong.error is not None
    assert wrong.error.code == "DATA-013"


ZONES = [
    ("future/cme/second/es/20131007_trade.zip!20131007_es_second_trade_201312_20131220.csv", "2013-10-07 09:30:01"),
    (
        "option/usa/minute/aapl/20131007_trade_american.zip!20131007_aapl_minute_trade_american_put_4500000_20140118.csv",
        "2013-10-07 13:31:00",
    ),
    ("20131007_trade_american.zip!20131007_aapl_minute_trade_american_put_4500000_20140118.csv", "2013-10-07 13:31:00"),
    ("forex/fxcm/minute/eurusd/20131007_quote.zip!20131007_eurusd_minute_trade.csv", "2013-10-07 14:31:00"),
    ("crypto/kraken/minute/btcusd/20131007_trade.zip!20131007_btcusd_minute_trade.csv", "2013-10-07 09:31:00"),
    ("future/eurex/minute/fdax/20131007_trade.zip!20131007_fdax_minute_trade_201312.csv", "2013-10-07 07:31:00"),
]


@pytest.mark.parametrize(("name", "wanted"), ZONES, ids=[row[0].split("!")[0] for row in ZONES])
def test_times_of_lean_are_of_the_zone_of_their_market(tmp_path: Path, name: str, wanted: str) -> None:
    """As its market hours database has them: futures of Chicago in UTC, FXCM at five hours behind all year."""
    ((_, row),) = rows_in(laid(tmp_path, name, "34200000,1,2,1,2,5\n"))
    assert str(row["ts_event"])[:19] == wanted


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("20131007_trade.zip!20131007_spy_minute_trade.csv", "DATA-018"),
        ("cfd/fxcm/minute/de30/20131007_trade.zip!20131007_de30_minute_trade.csv", "DATA-013"),
    ],
)
def test_a_file_of_lean_whose_scale_or_zone_nothing_tells_is_refused(tmp_path: Path, name: str, code: str) -> None:
    """A price ten thousand times too large, or a time hours off, would be worse than none."""
    found = probe(laid(tmp_path, name, "34200000,1674500,1674800,1674400,1674700,5\n"), READING)
    assert found.error is not None
    assert (found.error.code, "equity/usa" in found.error.detail) == (code, True)


def test_best_prices_of_hftbacktest_are_quotes_whose_other_side_stands(tmp_path: Path) -> None:
    """A side is told at a time; before the first telling of a side it is absent."""
    both, buy, sell = (1 << 31) | (1 << 30), 1 << 29, 1 << 28
    events = [(both | buy | 5, NS, NS + 1, 10.5, 1), (both | sell | 5, NS + 2, NS + 3, 10.75, 2),
              (both | buy | 5, NS + 4, NS + 5, 10.25, 3)]  # fmt: skip
    told = rows_in(laid(tmp_path, "best.npz", npz(np.array(events, dtype=FIELDS))))
    assert [(kind, row["bid"], row["bid_size"], row["ask"], row["ask_size"]) for kind, row in told] == [
        ("quotes", Decimal("10.5"), 1, None, None),
        ("quotes", Decimal("10.5"), 1, Decimal("10.75"), 2),
        ("quotes", Decimal("10.25"), 3, Decimal("10.75"), 2),
    ]


def test_an_event_of_hftbacktest_that_goes_back_in_time_is_named(tmp_path: Path) -> None:
    """Also where it is of another kind than the one ahead of it; sorted it loads."""
    both, buy = (1 << 31) | (1 << 30), 1 << 29
    events = [(both | buy | 1, NS, NS + 9, 10.5, 1), (both | buy | 2, NS, NS + 5, 10.5, 1)]
    path = laid(tmp_path, "back.npz", npz(np.array(events, dtype=FIELDS)))
    found = probe(path, READING)
    assert found.error is not None
    assert (found.error.code, "event 1" in found.error.detail) == ("DATA-004", True)
    assert probe(path, Reading(sort=True)).status == "ok"


SHAPES = [
    ("1735776000000000,1,4,0.5,2,7,1735779599999999,9,3,1,1,0\n1735779600000000,2,4,0.5,3,7,1735783199999999,9,3,1,1,0\n",
     "bars", {"close": Decimal(2), "span_ns": 3600 * 10**9}),
    ("4359135183,94591.78,0.0001,16.08,1735776000123456,True,True\n", "trades",
     {"price": Decimal("94591.78"), "side": "sell", "trade_id": "4359135183"}),
    ("335,93576.0,0.00112,43,44,1735689600012,False\n", "trades", {"size": Decimal("0.00112"), "side": "buy"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "holds"), SHAPES, ids=["klines", "trades", "aggTrades"])
def test_binances_lines_are_known_whatever_their_file_is_called(
    tmp_path: Path, text: str, kind: str, holds: dict[str, Any]
) -> None:
    """Without a header and under another name; the instrument is the file's."""
    path = laid(tmp_path, "BTCUSDT_renamed.csv", text)
    found = probe(path, READING)
    assert (found.status, found.format, found.rows) == ("ok", "binance-archive", text.count("\n")), found.error
    told, row = rows_in(path)[0]
    assert (told, row["instrument"]) == (kind, "BTCUSDT_renamed")
    assert {word: row[word] for word in holds} == holds


def test_numbers_that_only_resemble_binances_lines_are_not_claimed(tmp_path: Path) -> None:
    """A second line of another layout, or times in seconds."""
    for text in ("1,2.5,3,4.5,1735776000123,True\nend of file\n", "1,2.5,3,4.5,1735776000,True\n"):
        found = probe(laid(tmp_path, "a.csv", text), READING)
        assert found.error is not None
        assert found.error.code == "DATA-008"
