"""Messages of a real websocket server on loopback: subscribed to, recorded unchanged, and gaps where it broke."""

from __future__ import annotations

import base64
import gzip
import http
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog
from hedgerow.market.feeds import World, run_until
from hedgerow.market.feeds.keeping import keep_deliveries

Make = Callable[..., Any]
Talk = Callable[[ServerConnection], None]


class Venue:
    """A server whose connections go one after the other through a list of talks; the last one is repeated."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.talks: list[Talk] = []
        self.heard: list[str] = []
        self.status: http.HTTPStatus | None = None
        self.headers: list[Any] = []
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        self._server = serve(self._handle, "127.0.0.1", 0, process_request=self._judge, compression=None, ssl=context)
        home = "ws://127.0.0.1" if certificate is None else "wss://localhost"
        self.port = self._server.socket.getsockname()[1]
        self.url = f"{home}:{self.port}/stream"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _judge(self, connection: ServerConnection, request: Any) -> Any:
        self.headers.append(request.headers)
        return None if self.status is None else connection.respond(self.status, "no")

    def _handle(self, connection: ServerConnection) -> None:
        talk = self.talks.pop(0) if len(self.talks) > 1 else self.talks[0]
        try:
            talk(connection)
        except ConnectionClosed:
            return

    def subscribed(self, *messages: str | bytes, then: Talk | None = None) -> Talk:
        """Wait for a subscription, send these, and then go on or listen."""

        def talk(connection: ServerConnection) -> None:
            self.heard.append(str(connection.recv()))
            for message in messages:
                connection.send(message)
            (then or self.listen)(connection)

        return talk

    def listen(self, connection: ServerConnection) -> None:
        """Hear what is said until the line is closed."""
        for message in connection:
            self.heard.append(str(message))

    def stop(self) -> None:
        """Close every line."""
        self._server.shutdown()
        self._thread.join()


@pytest.fixture
def venue() -> Iterator[Venue]:
    """A venue that is closed at the end."""
    found = Venue()
    yield found
    found.stop()


def transport(venue: Venue, more: str = "") -> str:
    """The keys of a feed from the venue."""
    return f"""kind = "websocket"\nurl = "{venue.url}?token=x"\nsubscribe = '{{"op":"subscribe"}}'\n{more}"""


def messages(here: Any) -> list[bytes]:
    """Every recorded message, as the guide says how to read them."""
    found = []
    for data in here.files().values():
        for line in data.splitlines():
            _, _, rest = line.partition(b" ")
            if rest.startswith((b"#text ", b"#binary ")):
                found.append(base64.b64decode(rest.split(b" ")[1]))
            elif not rest.startswith(b"#note "):
                found.append(rest)
    return found


def text(here: Any) -> str:
    """All recordings, one behind the other."""
    return b"".join(here.files().values()).decode()


def test_messages_are_recorded_unchanged_with_when_they_came(feed: Make, venue: Venue) -> None:
    """Text as it is; what would break a line, or is binary, so that it comes back to the byte."""
    said = ['{"p": 1.0,  "q":"é"}', "two\nlines", "#looks like a note", b"\x00\xffbinary", ""]
    venue.talks = [venue.subscribed(*said)]
    here = feed(transport(venue))
    before = time.time_ns()
    (ran,) = here.record(messages=5)
    assert [row.kind for row in ran.rows] == ["new"]
    assert messages(here) == [one.encode() if isinstance(one, str) else one for one in said]
    times = [int(line.split()[0]) for line in text(here).splitlines()]
    assert before < times[0]
    assert times == sorted(times)
    assert venue.heard == ['{"op":"subscribe"}']
    (line,) = here.lines()
    assert (line["gaps"], line["origin"]) == (0, venue.url)
    assert '#note {"sent": "{\\"op\\":\\"subscribe\\"}"}' in text(here)


def test_a_line_that_breaks_is_made_anew_and_the_gap_noted(feed: Make, venue: Venue) -> None:
    """Cut without a word, and closed in order: subscribed again, and status tells of two gaps."""

    def cut(connection: ServerConnection) -> None:
        connection.socket.shutdown(2)

    venue.talks = [
        venue.subscribed("first", then=cut),
        venue.subscribed("second", then=lambda connection: connection.close(1001, "maintenance")),
        venue.subscribed("third"),
    ]
    here = feed(transport(venue))
    here.record(messages=3)
    assert messages(here) == [b"first", b"second", b"third"]
    assert text(here).count('"broke"') == 2
    assert "maintenance" in text(here)
    assert len(venue.heard) == 3
    assert [what for what, _ in here.amiss()] == ["gaps"]


def test_a_silent_venue_counts_as_broken_and_heartbeats_are_sent(feed: Make, venue: Venue) -> None:
    """One says nothing any more: connected anew. Another answers heartbeats: kept."""
    venue.talks = [venue.subscribed("first"), venue.subscribed("second")]
    here = feed(transport(venue, 'silence_max = "600ms"'))
    here.record(messages=2)
    assert messages(here)[:2] == [b"first", b"second"]
    assert "is silent, limit silence_max 0.6 s" in text(here)

    def pong(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(f"pong to {message}")

    venue.talks = [venue.subscribed(then=pong)]
    there = feed(transport(venue, 'silence_max = "1500ms"\nheartbeat = "ping"\nheartbeat_every = "100ms"'))
    there.folder = there.folder / "kept"
    there.record(messages=18)
    assert messages(there)[0] == b"pong to ping"
    assert '"broke"' not in text(there)


def test_a_venue_that_refuses_is_named_and_one_that_is_away_is_tried(feed: Make, venue: Venue) -> None:
    """403 once; 503 as often as the feed has patience; the secret goes into the header and nowhere else."""
    venue.status = http.HTTPStatus.FORBIDDEN
    here = feed(transport(venue, 'headers_env = { "X-Api-Key" = "KEY" }'))
    here.environment["KEY"] = "hush"
    assert [error.row.name for ran in here.record(5) for error in ran.errors] == ["FEED_REFUSED"]
    assert [headers["X-Api-Key"] for headers in venue.headers] == ["hush"]
    venue.status = http.HTTPStatus.SERVICE_UNAVAILABLE
    assert [error.row.name for ran in here.record(5) for error in ran.errors] == ["FEED_UNREACHABLE"]
    assert len(venue.headers) == 5
    assert "hush" not in text(here)
    assert ("failed", "prices") in here.amiss()


def test_segments_are_delivered_while_the_recording_goes_on(feed: Make, venue: Venue) -> None:
    """By size: each message lies in exactly one of them, in order, and the names are in order too."""
    said = [f"message {number:04d}" for number in range(300)]
    venue.talks = [venue.subscribed(*said)]
    here = feed(transport(venue, 'segment_bytes = "2 kB"'))
    passes = here.record(messages=300)
    assert len(passes) > 3
    assert messages(here) == [one.encode() for one in said]
    assert len(here.files()) == sum(len(ran.rows) for ran in passes)


KILLED = """
import os, sys, time
from pathlib import Path
from hedgerow.market.feeds import World, read_spec, run_until
count = 0
def told(name, so_far, whole):
    global count
    count += 1
    if count == 30:
        os._exit(9)
for _ in run_until(read_spec(sys.argv[1]), Path(sys.argv[2]), World(time.time_ns, time.sleep, {}), None, told):
    pass
"""


def test_a_recorder_that_is_killed_loses_what_was_not_synced_and_no_more(
    feed: Make, venue: Venue, tmp_path: Path
) -> None:
    """The next run delivers the rest of the segment, up to a whole message, and says that its end is lost."""
    venue.talks = [venue.subscribed(*[f"message {number}" for number in range(50)])]
    here = feed(transport(venue, 'sync = "0s"'))
    (tmp_path / "feed.toml").write_bytes(here.spec.source)
    words = [sys.executable, "-c", KILLED, str(tmp_path / "feed.toml"), str(here.folder)]
    assert subprocess.run(words, check=False, timeout=60).returncode == 9
    assert here.files() == {}
    venue.talks = [venue.subscribed("after")]
    here.record(messages=1)
    found = messages(here)
    assert found[:-1] == [b"message %d" % number for number in range(29)]
    assert found[-1] == b"after"
    first, second = here.lines()
    assert (first["gaps"], second["gaps"]) == (1, 0)
    assert "crashed" in first["detail"]


def test_a_full_quota_ends_the_recording_and_keeps_what_came(feed: Make, venue: Venue) -> None:
    """Named, and what was received before is delivered."""
    venue.talks = [venue.subscribed(*["x" * 90] * 100)]
    here = feed(transport(venue), '[limits]\nlanding_bytes_max = "5 kB"\ndisk_free_bytes_min = "0"\n')
    assert [error.row.name for ran in here.record(5) for error in ran.errors] == ["FEED_QUOTA"]
    assert 20 < len(messages(here)) < 60


def test_a_venue_that_sends_faster_than_we_write_is_slowed_down(feed: Make, venue: Venue) -> None:
    """While the writer is busy the sender is stopped by TCP after a few of its megabytes; then all of them come."""
    sent: list[int] = []
    stopped_at: list[int] = []

    def flood(connection: ServerConnection) -> None:
        for number in range(60):
            connection.send(os.urandom(500_000).hex())
            sent.append(number)
        venue.listen(connection)

    def busy(name: str, so_far: int, whole: int | None) -> None:
        before = -1
        while not stopped_at and len(sent) != before:
            before = len(sent)
            time.sleep(0.4)
        stopped_at.append(len(sent))

    venue.talks = [venue.subscribed(then=flood)]
    here = feed(transport(venue))
    until_ns = time.time_ns() + 60 * 10**9
    world = World(lambda: until_ns if len(sent) == 60 else time.time_ns(), time.sleep, {})
    passes = list(run_until(here.spec, here.folder, world, until_ns, busy))
    assert 0 < stopped_at[0] < 50
    assert [error for ran in passes for error in ran.errors] == []


def test_real_sessions_come_back_to_the_byte(feed: Make, venue: Venue, shared: Callable[[str], Path]) -> None:
    """What venues really said, said again by our server."""
    said = []
    for name in ("kraken", "okx", "bitmex"):
        path = next(iter(sorted((shared("data/ws_recordings") / name).glob("ws_*.txt.gz"))))
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            when, colon, rest = line.partition(": ")
            if colon and when.replace(".", "").isdecimal():
                said.append(rest)
    assert len(said) > 300
    venue.talks = [venue.subscribed(*said[:2000])]
    here = feed(transport(venue))
    here.record(messages=2000)
    assert messages(here) == [one.encode() for one in said[:2000]]


def test_over_tls_the_certificate_is_checked(feed: Make, certificate: Path) -> None:
    """With the authority of the venue messages come; without it, or under another name of the host, nothing."""
    venue = Venue(certificate)
    venue.talks = [venue.subscribed("one", "two")]
    try:
        keys = f'kind = "websocket"\nsubscribe = "all"\nca_file = "{certificate}"\n'
        here = feed(f'{keys}url = "{venue.url}"')
        here.record(messages=2)
        assert [line.split(b" ", 1)[1] for data in here.files().values() for line in data.splitlines()][-2:] == [
            b"one",
            b"two",
        ]
        for url, words in ((venue.url, keys.replace("ca_file", "#")), (f"wss://127.0.0.1:{venue.port}/stream", keys)):
            here = feed(f'{words}url = "{url}"')
            errors = [error for ran in here.record(5, messages=1) for error in ran.errors]
            assert [error.row.name for error in errors] == ["FEED_UNREACHABLE"]
            assert "certificate" in str(errors[0]).lower()
        assert venue.heard == ["all"]
    finally:
        venue.stop()


SUBSCRIBED = {
    "binance": ["BTC/USDT", '{"method":"SUBSCRIBE","id":1,"params":["btcusdt@aggTrade"]}'],
    "bitmex": ["XBTUSD", '{"op":"subscribe","args":["trade:XBTUSD"]}'],
    "bitstamp": ["BTC/USD", '{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}'],
    "bybit": ["BTC/USDT", '{"op":"subscribe","args":["publicTrade.BTCUSDT"]}'],
    "coinbaseexchange": ["BTC/USD", '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches"]}'],
    "deribit": [
        "BTC-PERPETUAL",
        '{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":["trades.BTC-PERPETUAL.100ms"]}}',
    ],
    "hyperliquid": ["BTC", '{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}'],
    "kraken": ["XBT/USD", '{"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}'],
    "okx": ["BTC/USDT", '{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}'],
    "poloniex": ["BTC/USDT", '{"event":"subscribe","channel":["trades"],"symbols":["BTC_USDT"]}'],
}


@pytest.mark.parametrize("name", SUBSCRIBED)
def test_a_venue_by_name_is_subscribed_to_in_its_own_words(feed: Make, venue: Venue, name: str) -> None:
    """No address, no words of the venue: those that recorded sessions were opened with are sent."""
    symbol, wanted = SUBSCRIBED[name]
    venue.talks = [venue.subscribed("{}")]
    here = feed("")
    here.text = f'name = "v"\nvendor = "{name}"\nstream = true\nsymbols = ["{symbol}"]\nkinds = ["trades"]\n'
    assert here.spec.transport.origin.startswith("wss://")
    here.text += f'[transport]\nurl = "{venue.url}"\n'
    here.record(messages=1)
    assert venue.heard[0] == wanted
    assert here.spec.format == "recording"


@pytest.mark.parametrize("name", ["binance", "bybit", "okx", "poloniex", "kraken", "deribit", "bitmex"])
def test_what_a_venue_streams_becomes_rows(
    feed: Make, venue: Venue, shared: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    """Its recorded messages, said again by a server, recorded by name, kept in a catalog with when they came."""
    path = sorted(shared(f"data/ws_recordings/{name}").glob("ws_*.txt.gz"))[-1]
    lines = [
        line for line in gzip.decompress(path.read_bytes()).splitlines() if b": {" in line[:24] or b": [" in line[:24]
    ]
    said = [line.split(b": ", 1)[1].decode() for line in lines[:200]]
    venue.talks = [venue.subscribed(*said)]
    here = feed("")
    kinds = '["trades"]'
    here.text = f'name = "v"\nvendor = "{name}"\nstream = true\nsymbols = ["BTC/USDT"]\nkinds = {kinds}\n'
    here.text += f'[transport]\nurl = "{venue.url}"\n'
    here.record(messages=len(said))
    catalog = Catalog(tmp_path / "catalog")
    (kept,) = keep_deliveries(here.spec, here.folder, catalog)
    assert kept.error is None, kept.error
    assert {"depth", "trades", "quotes", "orders"} & set(kept.rows_new)


def test_a_name_that_does_not_stream_is_named(feed: Make) -> None:
    """With those that do."""
    here = feed("")
    here.text = 'name = "v"\nvendor = "okex"\nstream = true\nsymbols = ["A/B"]\nkinds = ["trades"]\n'
    with pytest.raises(HedgerowError, match="none of those that stream by name: binance"):
        _ = here.spec
