"""Small files of every format that is read, written from the published layouts; shares no code with the readers.

`FAMILIES` maps a file's name to the function that makes its bytes, the format that must claim it, and the rows by kind
that must come out of it.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NS = 1_723_161_254_000_000_000


def csv_bars() -> bytes:
    """Three daily bars."""
    return b"date,open,high,low,close,volume\n2024-01-02,10.10,10.5,9.9,10.4,100\n2024-01-03,10.4,10.6,10.3,10.55,120\n"


def tardis_trades() -> bytes:
    """Tardis' trades."""
    head = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    rows = ["binance,BTCUSDT,1591574399413000,1591574400196008,1,buy,9762.75,0.001",
            "binance,BTCUSDT,1591574404454000,1591574404460000,2,sell,9762.74,0.25"]  # fmt: skip
    return (head + "\n".join(rows) + "\n").encode()


def tardis_quotes() -> bytes:
    """Tardis' best quotes."""
    head = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
    return (head + "ftx,BTC-PERP,1591574399413000,1591574400196008,0.5,9762.75,9762.5,1.25\n").encode()


def tardis_depth() -> bytes:
    """Tardis' incremental books."""
    head = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    times = "d,X,1591574399413000,1591574400196008"
    rows = [f"{times},true,bid,9762.5,1", f"{times},true,ask,9763,2", f"{times},false,ask,9763,0"]
    return (head + "\n".join(rows) + "\n").encode()


def tardis_books() -> bytes:
    """Tardis' snapshots of the best levels."""
    levels = [f"{side}[{n}].{what}" for n in range(2) for side in ("asks", "bids") for what in ("price", "amount")]
    head = "exchange,symbol,timestamp,local_timestamp," + ",".join(levels)
    return f"{head}\nd,X,1591574399413000,1591574400196008,10.1,1,10.0,2,10.2,3,9.9,4\n".encode()


def macro_vintages() -> bytes:
    """A series whose values have the day from which they were known."""
    return (
        b"date,realtime_start,realtime_end,value\n2024-01-01,2024-02-10,2024-03-09,1.5\n"
        b"2024-01-01,2024-03-10,9999-12-31,1.7\n2024-02-01,2024-03-10,9999-12-31,-2.25\n"
    )


def parquet_quotes() -> bytes:
    """Quotes as Parquet."""
    out = io.BytesIO()
    pq.write_table(_quotes(), out)
    return out.getvalue()


def arrow_quotes() -> bytes:
    """Quotes as an Arrow file."""
    out = io.BytesIO()
    with pa.ipc.new_file(out, _quotes().schema) as writer:
        writer.write_table(_quotes())
    return out.getvalue()


def arrow_stream() -> bytes:
    """Quotes as an Arrow stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, _quotes().schema) as writer:
        writer.write_table(_quotes())
    return out.getvalue()


def _quotes() -> pa.Table:
    times = pa.array([1_700_000_000_000_000, 1_700_000_001_000_000], pa.timestamp("us", "UTC"))
    return pa.table({"ts": times, "bid": [1.1, 1.2], "ask": [1.1001, 1.2001]})


def npz() -> bytes:
    """Events of hftbacktest: a snapshot's level, a change and a trade."""
    fields = [("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8")]
    fields += [("order_id", "<u8"), ("ival", "<i8"), ("fval", "<f8")]
    both, buy, sell = 3 << 30, 1 << 29, 1 << 28
    data = np.array(
        [(both | buy | 4, NS, NS + 5, 100.1, 2, 0, 0, 0), (both | sell | 1, NS + 10, NS + 15, 100.2, 0, 0, 0, 0),
         (both | sell | 2, NS + 20, NS + 25, 100.1, 1.5, 0, 0, 0)], dtype=fields)  # fmt: skip
    out = io.BytesIO()
    np.savez_compressed(out, data=data)
    return out.getvalue()


def dbn_trades() -> bytes:
    """Two trades in the third version of DBN, with a mapping of the instrument's number."""
    cstr = 71
    mapping = b"ESH1".ljust(cstr, b"\0") + struct.pack("<I", 1) + struct.pack("<II", 20201228, 20201229)
    mapping += b"5482".ljust(cstr, b"\0")
    fixed = b"GLBX.MDP3".ljust(16, b"\0") + struct.pack("<HQQQBBBH", 4, NS, NS, 0, 0, 0, 0, cstr)
    fixed = fixed.ljust(100, b"\0")
    body = fixed + struct.pack("<I", 0) + struct.pack("<I", 0) * 3 + struct.pack("<I", 1) + mapping
    body = body.ljust((len(body) + 7) // 8 * 8, b"\0")
    return b"DBN\x03" + struct.pack("<I", len(body)) + body + _dbn_trade(0) + _dbn_trade(1)


def dbn_fragment() -> bytes:
    """Two trades without metadata."""
    return _dbn_trade(0) + _dbn_trade(1)


def _dbn_trade(n: int) -> bytes:
    header = struct.pack("<BBHIQ", 12, 0, 1, 5482, NS + n)
    body = struct.pack("<qIccBBQiI", 3_720_250_000_000 + n, 5, b"T", b"A", 0, 0, NS + 100 + n, 13, 1170362 + n)
    return header + body


def dbn_bars() -> bytes:
    """Two one-minute bars, as a fragment."""
    bars = [
        struct.pack("<BBHIQqqqqQ", 14, 0x21, 1, 5482, NS + n * 60 * 10**9, *(3_720_000_000_000,) * 4, 57)
        for n in (0, 1)
    ]
    return b"".join(bars)


def dbn_status() -> bytes:
    """Trading, a rule for short sales, a halt, a pre-opening, and two indications of a price: the second of trading."""

    def status(n: int, action: int, is_trading: bytes) -> bytes:
        return struct.pack(
            "<BBHIQQHHHccc7x", 10, 0x12, 1, 5482, NS + n, NS + n + 5, action, 1, 0, is_trading, b"Y", b"~"
        )

    actions = ((7, b"Y"), (14, b"Y"), (8, b"N"), (1, b"N"), (6, b"N"), (6, b"Y"))
    return b"".join(status(n, action, is_trading) for n, (action, is_trading) in enumerate(actions))


def iex_tops() -> bytes:
    """A quote, a trade and a status in one packet of TOPS 1.6."""
    quote = struct.pack("<BBq8sIqqI", 0x51, 0, NS, b"ZIEXT".ljust(8), 100, 990_500, 990_700, 300)
    trade = struct.pack("<BBq8sIqq", 0x54, 0, NS + 1, b"ZIEXT".ljust(8), 50, 990_600, 429974)
    status = struct.pack("<BBq8s4s", 0x48, 0x54, NS + 2, b"ZIEXT".ljust(8), b"    ")
    return _pcap(_iex(0x8003, [quote, trade, status], 1))


def iex_deep() -> bytes:
    """Two levels and a trade of DEEP."""
    levels = [struct.pack("<BBq8sIq", kind, 1, NS + kind, b"ZIEXT".ljust(8), 100, 990_500) for kind in (0x38, 0x35)]
    trade = struct.pack("<BBq8sIqq", 0x54, 0, NS + 99, b"ZIEXT".ljust(8), 50, 990_500, 429975)
    return _pcap(_iex(0x8004, [*levels, trade], 1))


def _iex(protocol: int, messages: list[bytes], sequence: int) -> bytes:
    body = b"".join(struct.pack("<H", len(message)) + message for message in messages)
    return struct.pack("<BBHIIHHqqq", 1, 0, protocol, 1, 77, len(body), len(messages), 0, sequence, NS) + body


def _pcap(payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 10378, 10378, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x01" * 4, b"\x02" * 4) + udp
    frame = b"\0" * 12 + b"\x08\x00" + ip
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + struct.pack("<IIII", NS // 10**9, 5, len(frame), len(frame)) + frame


def itch_day() -> bytes:
    """An order that is added, executed in part, replaced and deleted, a print, a halt, and an opening."""

    def message(kind: bytes, body: bytes) -> bytes:
        whole = kind + struct.pack(">HH", 13, 0) + (34_200_000_000_000).to_bytes(6, "big") + body
        return struct.pack(">H", len(whole)) + whole

    return b"".join((
        message(b"S", b"O"),
        message(b"A", struct.pack(">Qc I8sI", 1, b"B", 100, b"AAPL".ljust(8), 1_501_200)),
        message(b"E", struct.pack(">QIQ", 1, 40, 9)),
        message(b"U", struct.pack(">QQII", 1, 2, 60, 1_501_300)),
        message(b"D", struct.pack(">Q", 2)),
        b"\0\0",
        message(b"P", struct.pack(">Qc I8sIQ", 0, b"B", 10, b"AAPL".ljust(8), 1_501_250, 10)),
        message(b"H", b"AAPL    " + b"H" + b" " + b"T1  "),
        message(b"H", b"AAPL    " + b"Q" + b" " + b"    "),
        message(b"Q", struct.pack(">Q8sIQc", 500, b"AAPL".ljust(8), 1_501_100, 11, b"O")),
        message(b"H", b"AAPL    " + b"T" + b" " + b"    "),
    ))  # fmt: skip


def lobster() -> bytes:
    """Three of LOBSTER's messages."""
    rows = ("34200.004241176,1,16113575,18", "34200.025551909,4,16113575,8", "34200.2,3,16113575,10")
    return "".join(f"{row},5853300,1\n" for row in rows).encode()


def lobster_book() -> bytes:
    """One of LOBSTER's books with one level."""
    return b"5859400,200,5853300,18\n5859400,200,5853300,10\n"


def binance_klines() -> bytes:
    """Two of the archive's klines."""
    row = "{0},42283.58,42554.57,42261.02,42475.23,1271.68,{1},53957248.9,47134,682.57,28957416.8,0\n"
    return "".join(row.format(1704067200000 + n * 3600000, 1704070799999 + n * 3600000) for n in (0, 1)).encode()


def binance_trades() -> bytes:
    """Two of the archive's trades, in microseconds as since 2025."""
    return b"1,93576.00,0.001,93.576,1735689600008082,True,True\n2,93576.01,0.002,187.15,1735689600012345,False,True\n"


def binance_zip() -> bytes:
    """The archive's trades as they are downloaded."""
    return _zip("BTCUSDT-trades-2025-01-01.csv", binance_trades())


def lean_ticks() -> bytes:
    """Lean's quote ticks of a currency pair."""
    return _zip("20140501_eurusd_tick_quote.csv", b"18000000,1.38701,1.38711\n18000500,1.38702,1.38712\n")


def lean_minutes() -> bytes:
    """Lean's minute trades of a share, in ten-thousandths."""
    return _zip(
        "20131007_spy_minute_trade.csv",
        b"34200000,1674500,1674800,1674400,1674700,1200\n34260000,1674700,1674700,1674300,1674400,900\n",
    )


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def fix_log() -> bytes:
    """An order and a refresh of market data, with right checksums."""
    order = "8=FIX.4.4|9=65|35=D|49=A|56=B|34=1|52=20240102-10:00:00.123|11=1|55=KO|54=1|"
    data = "8=FIX.4.4|9=90|35=X|49=A|56=B|34=2|52=20240102-10:00:01|268=2|279=0|269=0|55=KO|270=59.10|271=5|"
    data += "279=0|269=2|55=KO|270=59.11|271=3|"
    return b"".join(_summed(text) for text in (order, data))


def _summed(text: str) -> bytes:
    raw = text.replace("|", "\x01").encode()
    return raw + f"10={sum(raw) % 256:03d}\x01".encode()


def recording() -> bytes:
    """A book's change, a best quote, a trade and a snapshot as a collector received them."""
    messages = [
        {"stream": "btcusdt@depth", "data": {"e": "depthUpdate", "E": 1723161255208, "s": "BTCUSDT", "U": 1, "u": 2,
                                             "b": [["61737.63", "0.5"]], "a": [["61837.64", "0"]]}},
        {"stream": "btcusdt@bookTicker", "data": {"u": 3, "s": "BTCUSDT", "b": "61737.63", "B": "0.5",
                                                  "a": "61837.65", "A": "1"}},
        {"stream": "btcusdt@trade", "data": {"e": "trade", "E": 1, "s": "BTCUSDT", "t": 7, "p": "61837.65", "q": "0.02",
                                             "T": 1723161255342, "m": True}},
        {"lastUpdateId": 9, "bids": [["61737.63", "0.5"]], "asks": [["61837.65", "1"]]},
    ]  # fmt: skip
    return b"".join(f"{NS + n} {json.dumps(message)}\n".encode() for n, message in enumerate(messages))


def session() -> bytes:
    """A session: opened, subscribed, answered, traded; and a reply to a request."""
    return b"""wss://ws-feed.exchange.example <-> 1618677816.8434298
wss://ws-feed.exchange.example <- 1618677817.020616: {"type":"subscribe","channels":["level2"]}
1618677817.061845: {"type":"subscriptions","channels":[]}
1618677817.116766: {"type":"match","trade_id":1,"side":"sell","size":"0.07","price":"0.00033458","product_id":"X",\
"time":"2021-04-17T16:43:37.089723Z"}
1618677817.216766: {"type":"l2update","product_id":"X","changes":[["sell","0.00033460","660.5"]],\
"time":"2021-04-17T16:43:37.189723Z"}
https://api.exchange.example/depth?symbol=BANDBTC -> 1618677818.1: {"lastUpdateId":3,"bids":[["0.1","2"]],"asks":[]}
"""


def json_lines() -> bytes:
    """Bars, an object a line."""
    bar = {"date": "2021-01-05T10:00:00", "open": 219.0, "high": 219.5, "low": 218.5, "close": 219.25, "volume": 2}
    return b"".join(json.dumps(bar | {"date": f"2021-01-05T1{n}:00:00"}).encode() + b"\n" for n in range(3))


def json_reply() -> bytes:
    """A vendor's reply with trades in single letters."""
    trades = [{"T": "AAPL", "t": 1651179319310617300 + n, "p": 166.25, "s": 2, "i": str(n), "x": 4} for n in range(2)]
    return json.dumps({"status": "OK", "results": trades}).encode()


def json_chain() -> bytes:
    """A chain of options by expiry."""
    call = {"strike": 100, "bid": 1.25, "ask": 1.5, "openInterest": 3, "volume": 1}
    part = {"expirationDate": 1785715200, "calls": [call], "puts": [call | {"strike": 90}]}
    quote = {"regularMarketTime": 1785532932, "regularMarketPrice": 101.5}
    return json.dumps({"underlyingSymbol": "KO", "quote": quote, "options": [part]}).encode()


def vendor_reply() -> bytes:
    """Two trades as a vendor's feed delivers them, with the bytes that they came in."""
    said = '[{"a":1,"p":"61837.63000000","q":"0.00017600"},{"a":2,"p":"61837.64000000","q":"0.5"}]'
    digest = hashlib.sha256(said.encode()).hexdigest()
    rows = [
        [NS // 10**6, "61837.63000000", "0.00017600", "buy", "1"],
        [NS // 10**6 + 1, "61837.64000000", "0.5", "sell", "2"],
    ]
    told = {
        "reply": 1,
        "vendor": "binance",
        "kind": "trades",
        "symbol": "BTC/USDT",
        "asked_ns": NS,
        "known_ns": NS + 10**9,
    }
    told |= {
        "replies": [{"from": "https://venue.example/", "status": 200, "sha256": digest, "text": said}],
        "rows": rows,
    }
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def edgar() -> bytes:
    """An index of two filings."""
    head = "Form Type   Company Name                  CIK         Date Filed  File Name\n" + "-" * 90 + "\n"
    rows = [f"{form:<12}{name:<30}{cik:<12}{day:<12}edgar/data/{cik}/x.txt" for form, name, cik, day in
            (("8-K", "Buckle Inc", "885245", "20200318"), ("10-K", "Ford Motor", "37996", "20200318"))]  # fmt: skip
    return ("Description: Daily Index\n \n" + head + "\n".join(rows) + "\n").encode()


def xz_csv() -> bytes:
    """Bars compressed with xz."""
    return lzma.compress(csv_bars())


def rss() -> bytes:
    """Two items of a news feed, one of them without a date."""
    item = "<item><title>{0}</title>{1}</item>"
    dated = item.format("Fed raises rates", "<pubDate>Wed, 22 Mar 2023 18:00:00 GMT</pubDate>")
    items = dated + item.format("Ford &amp; GM", "")
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()


def atom() -> bytes:
    """An entry that was updated after it was published."""
    times = "<published>2023-03-22T18:00:00Z</published><updated>2023-03-22T19:30:00+01:00</updated>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title>{times}</entry></feed>'.encode()


Family = tuple[Callable[[], bytes], str, dict[str, int]]
FAMILIES: dict[str, Family] = {
    "KO.csv": (csv_bars, "delimited", {"bars": 2}),
    "KO.csv.gz": (lambda: gzip.compress(csv_bars()), "delimited", {"bars": 2}),
    "KO.csv.bz2": (lambda: bz2.compress(csv_bars()), "delimited", {"bars": 2}),
    "KO.csv.xz": (xz_csv, "delimited", {"bars": 2}),
    "KO.tsv": (lambda: csv_bars().replace(b",", b"\t"), "delimited", {"bars": 2}),
    "trades.csv": (tardis_trades, "delimited", {"trades": 2}),
    "quotes.csv": (tardis_quotes, "delimited", {"quotes": 1}),
    "incremental.csv": (tardis_depth, "delimited", {"depth": 3}),
    "snapshots.csv": (tardis_books, "delimited", {"depth": 4}),
    "gdp.csv": (macro_vintages, "delimited", {"series": 3}),
    "quotes.parquet": (parquet_quotes, "parquet", {"quotes": 2}),
    "quotes.arrow": (arrow_quotes, "arrow", {"quotes": 2}),
    "quotes.arrows": (arrow_stream, "arrow", {"quotes": 2}),
    "quotes.feather": (arrow_quotes, "arrow", {"quotes": 2}),
    "events.npz": (npz, "hftbacktest", {"depth": 2, "trades": 1}),
    "BTC-USDT.json": (vendor_reply, "reply", {"trades": 2}),
    "trades.dbn": (dbn_trades, "dbn", {"trades": 2}),
    "trades.dbn.frag": (dbn_fragment, "dbn", {"trades": 2}),
    "bars.dbn.frag": (dbn_bars, "dbn", {"bars": 2}),
    "status.dbn.frag": (dbn_status, "dbn", {"phases": 4, "messages": 6}),
    "tops.pcap": (iex_tops, "iex", {"quotes": 1, "trades": 1, "phases": 1}),
    "deep.pcap.gz": (lambda: gzip.compress(iex_deep()), "iex", {"trades": 1, "depth": 2}),
    "01302019.NASDAQ_ITCH50": (itch_day, "itch", {"orders": 5, "trades": 2, "phases": 3, "messages": 1}),
    "AAPL_2012-06-21_34200000_57600000_message_1.csv": (lobster, "lobster", {"orders": 3}),
    "AAPL_2012-06-21_34200000_57600000_orderbook_1.csv": (lobster_book, "lobster", {"depth": 4}),
    "BTCUSDT-1h-2024-01-01.csv": (binance_klines, "binance-archive", {"bars": 2}),
    "BTCUSDT-trades-2025-01-01.csv": (binance_trades, "binance-archive", {"trades": 2}),
    "BTCUSDT-trades-2025-01-01.zip": (binance_zip, "binance-archive", {"trades": 2}),
    "forex/oanda/tick/eurusd/20140501_quote.zip": (lean_ticks, "lean", {"quotes": 2}),
    "equity/usa/minute/spy/20131007_trade.zip": (lean_minutes, "lean", {"bars": 2}),
    "order.fix": (fix_log, "fix", {"messages": 2, "trades": 1, "depth": 1}),
    "btcusdt.gz": (lambda: gzip.compress(recording()), "recording", {"depth": 4, "quotes": 1, "trades": 1}),
    "ws_1.txt": (session, "session", {"messages": 3, "trades": 1, "depth": 2}),
    "bars.jsonl": (json_lines, "json", {"bars": 3}),
    "reply.json": (json_reply, "json", {"trades": 2}),
    "chain.json": (json_chain, "json", {"options": 2}),
    "news.rss": (rss, "news-feed", {"news": 2}),
    "news.atom": (atom, "news-feed", {"news": 1}),
    "form.20200318.idx": (edgar, "edgar-index", {"news": 2}),
}  # fmt: skip
