"""Crypto venues by name, through ccxt, against a server on loopback that says what the venues once said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog
from hedgerow.market.feeds import run_once
from hedgerow.market.feeds.keeping import keep_deliveries
from hedgerow.market.feeds.spec import parse_spec

pytest.importorskip("ccxt", reason="ccxt is not installed")

MAY_2020_MS = 1_588_749_117_459
"""When Binance's recorded trade happened."""
Make = Callable[..., Any]


def body(reply: Any) -> bytes:
    """A recorded answer as bytes."""
    return json.dumps(reply).encode()


class Venue:
    """A venue as it was recorded: its routes, and trades of which it has more than it gives at once."""

    def __init__(self, web: Any, routes: dict[str, Any], now_ms: Callable[[], int]) -> None:
        self.web, self.trades = web, list[dict[str, Any]]()
        for route, methods in routes.items():
            if replies := methods.get("GET"):
                web.files[route.lstrip("/")] = self._recorded(replies)
        web.files["api/v3/time"] = lambda _, __: (200, {}, body({"serverTime": now_ms()}))

    @staticmethod
    def _recorded(replies: list[dict[str, Any]]) -> Callable[..., Any]:
        return lambda _, __: (200, {}, body(replies[0]["data"]))

    def sell(self, count: int, first: int = 0, *, step_ms: int = 1000) -> None:
        """Trades, a second apart, each with its number."""
        for number in range(first, first + count):
            at_ms = MAY_2020_MS + number * step_ms
            told = {"a": number, "p": f"{9039.74 + number / 100:.8f}", "q": "0.00017600", "f": number, "l": number}
            self.trades.append({**told, "T": at_ms, "m": number % 2 == 0, "M": True})
        self.web.files["api/v3/aggTrades"] = self.page

    def page(self, query: dict[str, str], _: Any) -> tuple[int, dict[str, str], bytes]:
        """What Binance says: the first trades from a time on, no more than asked for."""
        begin, end = int(query["startTime"]), int(query["endTime"])
        found = [trade for trade in self.trades if begin <= trade["T"] <= end]
        return 200, {}, body(found[: int(query["limit"])])


@pytest.fixture
def recorded(shared: Callable[[str], Path]) -> Callable[[str], dict[str, Any]]:
    """The recorded routes of a venue."""

    def read(name: str) -> dict[str, Any]:
        with gzip.open(shared(f"data/rest_fixtures/recorded_http/{name}.json.gz")) as file:
            return dict(json.load(file)["routes"])

    return read


@pytest.fixture
def venue(feed: Make, web: Any, recorded: Callable[[str], dict[str, Any]]) -> Make:
    """A feed of a venue by name, and the venue."""

    def make(kinds: str, *, name: str = "binance", symbol: str = "BTC/USDT", keys: str = "", more: str = "") -> Any:
        here = feed("", more)
        here.text = (
            f'name = "venue"\nvendor = "{name}"\nsymbols = ["{symbol}"]\nkinds = {kinds}\n'
            f'[transport]\nurl = "{web.url}"\n{keys}\n{more}\n'
        )
        here.now_ns = (MAY_2020_MS + 600_000) * 1_000_000
        return here, Venue(web, recorded(name), lambda: here.now_ns // 1_000_000)

    return make


def pages(here: Any) -> list[dict[str, Any]]:
    """Every delivered answer."""
    return [json.loads(data) for data in here.files().values()]


def ids(here: Any) -> list[str]:
    """Numbers of the trades that were delivered, in the order of the record."""
    files = here.files()
    told = [json.loads(files[line["file"]]) for line in here.lines() if line.get("file")]
    return [row[4] for page in told for row in page["rows"]]


def test_a_venue_by_name_gives_every_kind_without_an_address(venue: Make, tmp_path: Path) -> None:
    """Bars, trades, quotes, a book and the instrument, each as the venue wrote it, all into the catalog."""
    here, _ = venue('["trades", "bars", "quotes", "book", "instruments"]', keys='bars = "5m"\nlook_back = "900d"')
    assert here.codes() == []
    told = {page["kind"]: page for page in pages(here)}
    assert set(told) == {"trades", "bars", "quotes", "book", "instruments"}
    assert told["trades"]["rows"][0][:3] == [MAY_2020_MS, "9039.74000000", "0.17700100"]
    assert told["bars"]["span_ns"] == 300 * 10**9
    assert told["book"]["rows"][0]["asks"][0] == ["32085.66000000", "2.04843700"]
    assert told["instruments"]["rows"][0]["tick"] == 0.01
    assert json.loads(told["trades"]["replies"][-1]["text"])[0]["p"] == "9039.74000000"
    catalog = Catalog(tmp_path / "catalog")
    kept = list(keep_deliveries(here.spec, here.folder, catalog))
    assert [one.error for one in kept] == [None] * 5
    assert {kind for one in kept for kind in one.rows_new} == {"trades", "bars", "quotes", "depth", "reference"}
    assert list(keep_deliveries(here.spec, here.folder, catalog)) == []
    assert catalog.bars("BTC/USDT").ts_init[0] > MAY_2020_MS * 1_000_000
    trade = catalog.rows("trades").to_pylist()[0]
    assert str(trade["price"]) == "9039.740000000000000000"
    assert trade["ts_event"].value == MAY_2020_MS * 1_000_000 < trade["ts_init"].value


def test_a_poloniex_pair_comes_the_same_way(venue: Make) -> None:
    """Another venue, another language of replies, the same rows."""
    here, market = venue('["trades", "bars", "book"]', name="poloniex", keys='bars = "5m"\nlook_back = "30d"')
    here.now_ns = 1_720_200_000_000 * 1_000_000
    market.web.files["timestamp"] = lambda _, __: (200, {}, body({"serverTime": here.now_ns // 1_000_000}))
    assert here.codes() == []
    told = {page["kind"]: page for page in pages(here)}
    assert set(told) == {"trades", "bars", "book"}
    assert told["book"]["rows"][0]["asks"][0] == ["88350.22", "0.019937"]
    assert told["bars"]["rows"][0][1] == "0.000004964"


def test_pages_follow_each_other_and_the_next_pass_goes_on(venue: Make) -> None:
    """Every trade once, in order, over pages and passes, and after hours in which nothing was traded."""
    here, market = venue('["trades"]', keys="page_rows = 10")
    market.sell(35)
    here.run()
    assert ids(here) == [str(number) for number in range(35)]
    assert here.kinds() == []
    market.sell(5, 35)
    market.sell(5, 20_000)
    here.days_later(1)
    here.run()
    assert ids(here) == [str(number) for number in (*range(40), *range(20_000, 20_005))]
    assert {line["gaps"] for line in here.lines()} == {0}


def test_hours_in_which_nothing_was_traded_are_asked_for_once(venue: Make, tmp_path: Path) -> None:
    """A pair that nobody trades any more costs a service one question a pass, and not one for each hour since."""
    here, market = venue('["trades"]', keys='look_back = "4h"')
    market.sell(0)
    spec, folder = here.spec, here.folder
    asked = []
    for _ in range(3):
        before = len([path for path, _ in market.web.asked if "aggTrades" in path])
        run_once(spec, folder, here.world)
        asked.append(len([path for path, _ in market.web.asked if "aggTrades" in path]) - before)
    assert asked[0] > 3
    assert asked[1:] == [1, 1]
    market.sell(3, 590)
    run_once(spec, folder, here.world)
    assert ids(here) == ["590", "591", "592"]


def test_a_pass_that_broke_goes_on_where_it_broke(venue: Make) -> None:
    """What came is kept, and is not asked for again."""
    here, market = venue('["trades"]', keys="page_rows = 10")
    market.sell(35)
    fine, calls = market.page, list[str]()

    def broken(query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], bytes]:
        calls.append(query["startTime"])
        return fine(query, headers) if len(calls) < 3 else (403, {}, b'{"code": -1, "msg": "no"}')

    market.web.files["api/v3/aggTrades"] = broken
    assert here.codes() == ["FEED_REFUSED"] or here.codes() == ["FEED_UNREACHABLE"]
    before = len(ids(here))
    assert 0 < before < 35
    market.web.files["api/v3/aggTrades"] = market.page
    here.run()
    assert ids(here) == [str(number) for number in range(35)]


@pytest.mark.parametrize("how", ["reversed", "twice", "overlapping", "backwards"])
def test_what_a_venue_says_out_of_order_comes_once_and_in_order(venue: Make, how: str) -> None:
    """Reordered pages, trades that are said twice, pages that say again what was said, and times that go back."""
    here, market = venue('["trades"]', keys="page_rows = 10")
    market.sell(30)
    fine = market.page

    def said(query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], bytes]:
        status, told, data = fine(query, headers)
        trades = json.loads(data)
        if how == "reversed":
            trades.reverse()
        elif how == "twice":
            trades = [trade for trade in trades for _ in range(2)]
        elif how == "overlapping" and trades:
            trades = [*market.trades[max(0, trades[0]["a"] - 3) : trades[0]["a"]], *trades]
        elif how == "backwards" and trades:
            trades = [*trades, {**trades[0], "a": 10**6, "T": trades[0]["T"] - 60_000}]
        return status, told, body(trades)

    market.web.files["api/v3/aggTrades"] = said
    here.now_ns = (MAY_2020_MS + 3_500_000) * 1_000_000
    here.run()
    found = [name for name in ids(here) if name != str(10**6)]
    assert found == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((500, {}, b"oh"), "FEED_UNREACHABLE"),
        ((502, {}, b"<html>"), "FEED_UNREACHABLE"),
        ((429, {"Retry-After": "7"}, b"{}"), "FEED_PATIENCE"),
        ((418, {"Retry-After": "7"}, b"{}"), "FEED_PATIENCE"),
        ((200, {}, b'[{"a": 1, "p": "90'), "FEED_TRUNCATED"),
        ((200, {}, b"<html>maintenance</html>"), "FEED_PROTOCOL"),
        ((200, {}, b"[1, 2]"), "FEED_PROTOCOL"),
        ((200, {}, b"[" * 100_000), "FEED_TRUNCATED"),
        ((200, {}, b'[{"pad": "' + b"x" * 300_000 + b'"}]'), "FEED_QUOTA"),
        ((400, {}, b'{"code": -1121, "msg": "Invalid symbol."}'), "FEED_REFUSED"),
    ],
)
def test_a_venue_that_fails_is_named_and_tried_again_where_that_may_help(venue: Make, fault: Any, code: str) -> None:
    """Nothing is delivered of what cannot be believed; the next pass has everything."""
    here, market = venue('["trades"]', keys='page_bytes_max = "200 kB"')
    market.sell(5)
    fine, calls = market.page, list[int]()

    def failing(query: dict[str, str], headers: Any) -> Any:
        calls.append(1)
        return fault

    market.web.files["api/v3/aggTrades"] = failing
    assert here.codes() == [code]
    assert here.files() == {}
    assert len(calls) == (3 if code in ("FEED_UNREACHABLE", "FEED_PATIENCE", "FEED_TRUNCATED") else 1)
    if code == "FEED_PATIENCE":
        assert here.slept.count(7.0) == 2
    market.web.files["api/v3/aggTrades"] = fine
    here.run()
    assert ids(here) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("kind", "route", "said", "code"),
    [
        ("book", "depth", {"lastUpdateId": 1, "bids": [], "asks": [[None, "1"]]}, "FEED_PROTOCOL"),
        ("book", "depth", {"lastUpdateId": 1, "bids": [["dear", "1"]], "asks": []}, "FEED_PROTOCOL"),
        ("book", "depth", [1, 2], "FEED_REFUSED"),
        ("quotes", "ticker/24hr", {"symbol": "BTCUSDT", "lastPrice": "1"}, "FEED_REFUSED"),
        ("bars", "klines", [["soon", "1", "1", "1", "1", "1"]], None),
        ("bars", "klines", {"a": {"b": []}}, None),
    ],
)
def test_an_answer_of_another_shape_is_named_and_delivers_nothing(
    venue: Make, kind: str, route: str, said: Any, code: str | None
) -> None:
    """Whatever is in it; what ccxt leaves out is not there."""
    here, market = venue(f'["{kind}"]')
    market.web.files[f"api/v3/{route}"] = lambda *_: (200, {}, body(said))
    assert here.codes() == ([code] if code else [])
    assert here.files() == {}


def test_an_answer_that_does_not_reach_back_is_a_gap(venue: Make) -> None:
    """A venue that only gives its newest trades loses those between, and the delivery says so."""
    here, market = venue('["trades"]', keys="page_rows = 10")
    market.sell(5)
    here.run()
    market.sell(40, 5)
    market.web.files["api/v3/aggTrades"] = lambda _, __: (200, {}, body(market.trades[-10:]))
    here.run()
    assert [line["gaps"] for line in here.lines()] == [0, 1]
    assert ("gaps", here.lines()[-1]["name"]) in here.amiss()


def test_bars_come_when_they_are_closed(venue: Make, tmp_path: Path) -> None:
    """The open one waits; stamped at the close; known when it came."""
    here, market = venue('["bars"]', keys='look_back = "10min"')
    minute, begin = 60_000, MAY_2020_MS - MAY_2020_MS % 60_000

    def klines(query: dict[str, str], _: Any) -> tuple[int, dict[str, str], bytes]:
        now = here.now_ns // 1_000_000
        opens = [begin + minute * n for n in range(60)]
        told = [[at, "1.5", "2", "1", "1.75", str(n), at + minute - 1, "0", 1, "0", "0", "0"]
                for n, at in enumerate(opens) if int(query["startTime"]) <= at <= now]  # fmt: skip
        return 200, {}, body(told[: int(query["limit"])])

    market.web.files["api/v3/klines"] = klines
    here.run()
    here.days_later(3 / 1440)
    here.run()
    opened = [row[0] for page in pages(here) for row in page["rows"]]
    assert sorted(opened) == [begin + minute * n for n in range(len(opened))]
    assert max(opened) + minute <= here.now_ns // 1_000_000 < max(opened) + 2 * minute
    catalog = Catalog(tmp_path / "catalog")
    for path in sorted((here.here / "files").rglob("*.json")):
        catalog.ingest(path, ingested_at=here.now_ns)
    bars = catalog.bars("BTC/USDT")
    assert bars.ts_event[0] == (begin + minute) * 1_000_000 < bars.ts_init[0]


def test_the_clock_of_a_venue_is_compared_with_ours(venue: Make) -> None:
    """By how much it is ahead stands in the record, and too much is amiss."""
    here, market = venue('["quotes"]', more='[expected]\nskew_max = "2s"')
    market.web.files["api/v3/time"] = lambda _, __: (200, {}, body({"serverTime": here.now_ns // 1_000_000 + 5000}))
    here.run()
    assert here.lines()[-1]["skew_ns"] == pytest.approx(5e9, abs=1e7)
    assert [what for what, _ in here.amiss()] == ["skewed"]


def test_a_trade_of_tomorrow_does_not_become_where_the_next_pass_goes_on(venue: Make) -> None:
    """It is refused, and what comes once the venue has mended itself is delivered."""
    here, market = venue('["trades"]')
    market.sell(3)
    late = dict(market.trades[-1], T=here.now_ns // 1_000_000 + 2 * 3_600_000, a=99)
    whole = market.page
    market.web.files["api/v3/aggTrades"] = lambda query, _: (200, {}, body([*market.trades, late]))
    (error,) = here.run().errors
    assert error.row.name == "FEED_REFUSED"
    assert here.files() == {}
    market.web.files["api/v3/aggTrades"] = whole
    here.run()
    assert ids(here) == ["0", "1", "2"]


def test_a_venue_is_asked_no_faster_than_it_allows(venue: Make) -> None:
    """ccxt knows the weight of each question; our own limit may be lower."""
    here, market = venue('["trades"]', keys="page_rows = 10\nrate_per_second = 2")
    market.sell(30)
    here.run()
    assert here.slept == pytest.approx([0.5] * (len(market.web.asked) - 1), abs=0.01)


def test_what_a_venue_refuses_hinders_no_other_symbol(venue: Make) -> None:
    """A pair that it has not is named with the nearest one, and the other still comes."""
    here, market = venue('["trades"]', symbol='BTC/USTD", "BTC/USDT')
    market.sell(3)
    (error,) = here.run().errors
    assert error.row.name == "FEED_REFUSED"
    assert "did you mean" in str(error)
    assert "BTC/USDT" in str(error)
    assert ids(here) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('vendor = "binanec"\nsymbols = ["A/B"]\nkinds = ["trades"]', "did you mean 'binance'"),
        ('vendor = "binance"\nkinds = ["trades"]', "symbols: 0 symbols"),
        ('vendor = "binance"\nsymbols = ["A/B"]', "kinds: is missing: some of trades, bars"),
        ('vendor = "binance"\nsymbols = ["A/B"]\nkinds = ["tarde"]', "'tarde' is none of trades"),
        ('vendor = "binance"\nsymbols = ["A/B"]\nkinds = ["bars"]\n[transport]\nbars = "7m"', "'7m' is none of"),
        ('vendor = "binance"\nsymbols = ["A/B"]\nkinds = ["bars"]\n[transport]\nkeys = "x"', "keys: no such key"),
        ('vendor = "binance"\nsymbols = ["A/B"]\nkinds = ["bars"]\n[transport]\nurl = "ftp://x"', "not an http"),
    ],
)
def test_a_specification_that_names_a_vendor_is_checked(text: str, says: str) -> None:
    """Every key that is wrong is named, and nothing is opened."""
    with pytest.raises(HedgerowError, match="FEED-001") as caught:
        parse_spec(f'name = "v"\n{text}\n'.encode(), "v.toml")
    assert says in str(caught.value)


def test_a_venue_is_asked_over_tls(venue: Make, web: Any, web_tls: Any, certificate: Path) -> None:
    """Its certificate is checked: against the authorities of the machine, or against those of a file."""
    here, market = venue('["trades"]')
    market.sell(3)
    web_tls.files = web.files
    plain = here.text
    here.text = plain.replace(web.url, web_tls.url)
    (error,) = here.run().errors
    assert error.row.name in ("FEED_UNREACHABLE", "FEED_REFUSED")
    assert "certificate" in str(error).lower()
    here.text = plain.replace(f'"{web.url}"', f'"{web_tls.url}"\nca_file = "{certificate}"')
    assert here.codes() == []
    assert ids(here) == ["0", "1", "2"]


def test_an_answer_that_was_changed_is_refused(venue: Make, tmp_path: Path) -> None:
    """Its digest is the vendor's bytes'."""
    here, market = venue('["trades"]')
    market.sell(1)
    here.run()
    (data,) = here.files().values()
    path = tmp_path / "changed.json"
    path.write_bytes(data.replace(b'\\"p\\": \\"9039', b'\\"p\\": \\"8039'))
    with pytest.raises(HedgerowError, match="digest"):
        Catalog(tmp_path / "catalog").ingest_rows(path, ingested_at=here.now_ns)


OTHERS: dict[str, tuple[str, dict[str, str], int, dict[str, Any]]] = {
    "bybit": (
        "BTC/USDT",
        {
            "v5/market/recent-trade": "http_get_trades_recent.json",
            "v5/market/kline": "http_get_klines_linear.json",
            "v5/market/orderbook": "http_get_orderbook.json",
        },
        1_709_899_999_000,
        {"trades": "27450.50", "bars": "27450", "book": "27451.00"},
    ),
    "kraken": (
        "BTC/USDT",
        {
            "0/public/AssetPairs": "http_asset_pairs.json",
            "0/public/Trades": "http_trades.json.gz",
            "0/public/OHLC": "http_ohlc.json.gz",
            "0/public/Depth": "http_order_book.json",
            "0/public/Ticker": "http_ticker.json",
        },
        1_762_900_000_000,
        {"trades": "105433.60000", "bars": "106038.2", "book": "105944.30000", "quotes": "105944.20000"},
    ),
    "okx": (
        "BTC/USDT",
        {
            "api/v5/market/trades": "http_get_trades.json",
            "api/v5/market/history-trades": "http_get_trades.json",
            "api/v5/market/candles": "http_get_candlesticks.json",
            "api/v5/market/history-candles": "http_get_candlesticks.json",
            "api/v5/market/books": "http_get_order_book.json",
        },
        1_747_090_000_000,
        {"trades": "102537.9", "book": "41006.8"},
    ),
}
LISTS = {
    "bybit": ("v5/market/instruments-info", "category", "spot", "http_get_instruments_spot.json",
              {"retCode": 0, "result": {"list": [], "nextPageCursor": ""}}),
    "okx": ("api/v5/public/instruments", "instType", "SPOT", "http_get_instruments_spot.json",
            {"code": "0", "data": []}),
}  # fmt: skip


def recorded_reply(path: Path) -> bytes:
    """A recorded answer, packed or not."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("name", OTHERS)
def test_other_venues_come_by_their_names_too(
    feed: Make, web: Any, shared: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    """The same specification with another name: recorded answers become rows of the same kinds."""
    symbol, routes, now_ms, wanted = OTHERS[name]
    folder = shared(f"data/rest_fixtures/nautilus_lgpl3/{name}")
    for route, file in routes.items():
        web.files[route] = lambda _, __, file=file: (200, {}, recorded_reply(folder / file))
    if name in LISTS:
        route, key, value, file, nothing = LISTS[name]
        spot = json.loads(recorded_reply(folder / file))
        if name == "okx":
            spot["data"][0] |= {"instId": "BTC-USDT", "quoteCcy": "USDT", "uly": "", "state": "live"}
        web.files[route] = lambda query, _: (200, {}, body(spot if query[key] == value else nothing))
    here = feed("")
    kinds = json.dumps(list(wanted))
    here.text = f'name = "v"\nvendor = "{name}"\nsymbols = ["{symbol}"]\nkinds = {kinds}\n'
    here.text += f'[transport]\nurl = "{web.url}"\nlook_back = "2d"\n'
    here.now_ns = now_ms * 1_000_000
    now = lambda: here.now_ns // 1_000_000  # noqa: E731
    web.files["v5/market/time"] = lambda *_: (200, {}, body({"retCode": 0, "time": now()}))
    web.files["0/public/Time"] = lambda *_: (200, {}, body({"error": [], "result": {"unixtime": now() // 1000}}))
    web.files["0/public/Assets"] = lambda *_: (200, {}, body({"error": [], "result": {}}))
    web.files["api/v5/public/time"] = lambda *_: (200, {}, body({"code": "0", "data": [{"ts": str(now())}]}))
    ran = here.run()
    assert [str(error) for error in ran.errors] == []
    told = {page["kind"]: page["rows"][0] for page in reversed(pages(here))}
    first = {"trades": lambda row: row[1], "bars": lambda row: row[1], "quotes": lambda row: row[1],
             "book": lambda row: row["asks"][0][0]}  # fmt: skip
    assert {kind: first[kind](row) for kind, row in told.items()} == wanted
    catalog = Catalog(tmp_path / "catalog")
    assert [kept.error for kept in keep_deliveries(here.spec, here.folder, catalog) if kept.error] == []
