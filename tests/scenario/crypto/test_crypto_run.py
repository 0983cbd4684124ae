"""A paper run at crypto venues of loopback: Binance's and Poloniex's words over our own exchange, in another process.

What is proved is read from two places that share nothing: the run's journal and the log of the exchange.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError, error_table
from hedgerow.engine.live import LiveSettings
from hedgerow.engine.why import Journal
from hedgerow.execution.venues import read_log

KILLS = int(os.environ.get("HEDGEROW_KILLS", "3"))
BOTH = pytest.mark.parametrize("crypto_place", ["binance", "poloniex"], indirect=True)
FAULTS = {
    "place": {"lost": 0.08, "error": 0.08, "slow": 0.05, "never": 0.08, "late": 0.08, "ban": 0.02, "twice": 0.08},
    "cancel": {"lost": 0.1, "error": 0.1, "never": 0.1, "late": 0.05},
    "status": {"lost": 0.1, "error": 0.1},
    "open": {"lost": 0.1},
    "trades": {"error": 0.1},
}
ONCE = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Buys more than is offered, once.'''

    def on_start(self):
        self.is_done = False

    def on_quote(self, quote):
        book = self.book()
        if book.best_ask and not self.is_done:
            self.is_done = True
            self.buy(100, limit=book.best_ask[0])
"""


def sent(place: Any) -> Counter[str]:
    """How often each order of ours reached the exchange."""
    inputs = [line.get("input", {}) for line in read_log(place.folder / "venue" / "venue.jsonl")]
    return Counter(one["client_id"] for one in inputs if one.get("do") == "new" and one["participant"] == 0)


def drawn(place: Any) -> list[dict[str, str]]:
    """What went wrong on purpose."""
    return [json.loads(line) for line in (place.folder / "venue" / "faults.jsonl").read_text().splitlines()]


@BOTH
def test_a_run_trades_pays_fees_and_ends_with_nothing_working(crypto_place: Any) -> None:
    """Orders, fills, positions and fees are what the exchange says; no file of the run holds a secret."""
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    crypto_place.venue()
    told = crypto_place.paper(10.0)
    assert told["fills"] > 0
    assert (told["working"], told["unknown"]) == (0, 0)
    assert {text[:28] for text in told["findings"]} <= {"LIVE-011 BTC: fees left -0.0"}, told["findings"]
    assert crypto_place.differences() == []
    assert crypto_place.named() == crypto_place.paid()
    assert crypto_place.booked() == crypto_place.owed()
    assert set(crypto_place.booked()) == {"BTC", "USDT"}
    assert run(["audit", "verify", str(crypto_place.folder / "run")]) == 0
    for path in (crypto_place.folder / "run").rglob("*"):
        assert path.is_dir() or b"the-secret" not in path.read_bytes()


@BOTH
def test_what_is_shown_of_an_order_is_said_where_the_venue_knows_it_and_refused_where_not(crypto_place: Any) -> None:
    """Binance has icebergs; at Poloniex such an order does not leave, and never as another one than was meant."""
    crypto_place.change('currency = "USDT"\n[venue]', 'currency = "USDT"\ncash = 1_000_000_000\n[venue]')
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    (crypto_place.folder / "busy.py").write_text(ONCE.replace("best_ask[0])", "best_bid[0], display=10)"))
    crypto_place.venue()
    crypto_place.paper(5.0)
    inputs = [line.get("input", {}) for line in read_log(crypto_place.folder / "venue" / "venue.jsonl")]
    shown = [one["show_lots"] for one in inputs if one.get("do") == "new" and one["participant"] == 0]
    lot = crypto_place.exchange().listings[0].lot
    assert shown == ([int(10 / lot)] if crypto_place.kind == "binance" else [])
    states = set(crypto_place.account().orders.values())
    assert states == {"ended"}, states


@BOTH
def test_a_pegged_order_is_refused_by_name_before_anything_leaves(crypto_place: Any) -> None:
    """The exchange hears nothing, the order is rejected with its code, and a person is told why."""
    crypto_place.change('currency = "USDT"\n[venue]', 'currency = "USDT"\ncash = 1_000_000_000\n[venue]')
    (crypto_place.folder / "busy.py").write_text(ONCE.replace("best_ask[0])", 'best_ask[0], peg="primary")'))
    crypto_place.venue()
    told = crypto_place.paper(5.0)
    assert sent(crypto_place) == {}
    (said,) = told["findings"]
    assert f"WIRE-018 this venue is not sent such an order: pegged orders are not sent to {crypto_place.kind}" in said
    number = next(row.number for row in error_table() if row.name == "WIRE_ORDER")
    reports = Journal(crypto_place.folder / "run").of("VenueReport")
    assert reports["code"].tolist() == [number]


@BOTH
def test_whatever_becomes_of_an_answer_nothing_is_lost_or_sent_twice(crypto_place: Any) -> None:
    """Answers lost, late, refused with 503 or 429, requests lost, late, or done twice on the way."""
    crypto_place.venue(faults=FAULTS, seed=3)
    life = crypto_place.start("run", "paper", "paper.toml", "--for", "14")
    told = crypto_place.end(life)
    assert told["fills"] > 0
    faults = drawn(crypto_place)
    assert {fault["fault"] for fault in faults if fault["request"] == "place"} >= {"lost", "error", "late"}
    twice = {fault["about"] for fault in faults if fault["fault"] == "twice"}
    assert all(times == 1 + (name in twice) for name, times in sent(crypto_place).items())
    crypto_place.started[0].kill()  # and a venue without faults settles what is left
    crypto_place.started[0].wait()
    crypto_place.venue()
    told = crypto_place.paper(5.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert crypto_place.differences() == []


def test_killed_anywhere_nothing_is_lost_and_nothing_is_doubled(crypto_place: Any) -> None:
    """The run by kill -9, the venue too; what was on its way is asked for by its name and never sent again."""
    draws, venue = random.Random(7), crypto_place.venue(faults={"place": {"lost": 0.1, "late": 0.1}})
    for kill in range(KILLS):
        life = crypto_place.start("run", "paper", "paper.toml")
        crypto_place.traded()
        time.sleep(draws.random())
        if kill % 3 == 2:
            venue.kill()
            venue.wait()
            venue = crypto_place.venue(faults={"place": {"lost": 0.1, "late": 0.1}})
        life.kill()
        life.wait()
    venue.kill()
    venue.wait()
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')  # a machine that is slow is no venue that is away
    crypto_place.venue()
    told = crypto_place.settled()
    assert (told["working"], told["unknown"]) == (0, 0)
    assert crypto_place.differences() == []
    assert crypto_place.named() == crypto_place.paid()
    assert crypto_place.booked() == crypto_place.owed()
    assert max(sent(crypto_place).values()) == 1
    assert run(["audit", "verify", str(crypto_place.folder / "run")]) == 0


def test_a_venue_that_goes_and_comes_back_finds_the_run_as_it_was(crypto_place: Any) -> None:
    """While it is away nothing leaves; when it is back it is asked what became of everything."""
    venue = crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.traded()
    venue.kill()
    venue.wait()
    time.sleep(2.5)
    crypto_place.venue()
    crypto_place.traded()
    told = crypto_place.end(life, stop=True)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert any("session ended" in text for text in told["findings"])
    assert crypto_place.differences() == []


@pytest.mark.parametrize("skew_ms", [-20_000, 20_000])
def test_a_venue_whose_clock_is_another_is_followed(crypto_place: Any, skew_ms: int) -> None:
    """Requests carry the venue's own time, or it would refuse each; the skew is said, give or take an answer's way."""
    crypto_place.venue(skew_ms=skew_ms)
    told = crypto_place.paper(4.0)
    assert told["fills"] > 0
    assert crypto_place.differences() == []
    (text,) = [text for text in told["findings"] if "clock" in text]
    said = re.fullmatch(r"LIVE-009 the clock of binance is ([+-]\d+\.\d) s from ours; it is followed", text)
    assert said is not None
    assert abs(float(said[1]) * 1000 - skew_ms) < 2_000


def test_a_trade_that_is_taken_back_and_an_order_of_others_are_found(crypto_place: Any) -> None:
    """Neither moves anything here; a person is told."""
    (crypto_place.folder / "busy.py").write_text(ONCE)
    crypto_place.change('currency = "USDT"\n[venue]', 'currency = "USDT"\ncash = 1_000_000_000\n[venue]')
    crypto_place.change('settle = "3s"', 'settle = "1s"')
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: crypto_place.fills() > 0, "no fill")
    crypto_place.ask("POST", "foreign")
    crypto_place.ask("POST", "bust")
    crypto_place.unsure()
    told = crypto_place.end(life, stop=True)
    assert any("somebody-else works there" in text for text in told["findings"])
    assert any("was taken back" in text for text in told["findings"]), told["findings"]


def test_what_is_taken_back_hides_no_execution_that_comes_behind_it(crypto_place: Any) -> None:
    """As much traded as was taken back, and the order has ended: the venue's count is right, and its list says more."""
    (crypto_place.folder / "busy.py").write_text(
        ONCE.replace("buy(100, limit=book.best_ask[0])", "buy(0.01, limit=59_000)")
    )
    crypto_place.change("[venue]", "[venue]\nstream = false")
    crypto_place.change('settle = "3s"', 'settle = "1s"')
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 1, "no fill")
    crypto_place.ask("POST", "bust_and_hit")
    crypto_place.wait(lambda: "was taken back" in crypto_place.words(), "nobody was told")
    crypto_place.end(life, stop=True)
    assert crypto_place.fills() == 2
    assert crypto_place.named() == crypto_place.paid()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("http://127.0.0.1:", "https://venue.invalid:"), "without either it is real money"),
        (('ccxt = "binance"', 'ccxt = "binanse"'), "did you mean 'binance'"),
        (('poll = "200ms"', 'pol = "200ms"'), "did you mean 'poll'"),
        (('url = "http', 'url = "ftp'), "no address of http"),
        (('settle = "3s"', 'settle = "3s"\nkeys_file = "keys.toml"'), "others could read it"),
        (('settle = "3s"', 'settle = "3s"\nkey_env = "NO_SUCH"'), "no NO_SUCH"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(crypto_place: Any, change: tuple[str, str], says: str) -> None:
    """With what would be right; a file of keys that others can read is not read."""
    (crypto_place.folder / "keys.toml").write_text('key = "a"\nsecret = "b"\n')
    (crypto_place.folder / "keys.toml").chmod(0o644)
    crypto_place.change(*change)
    life = crypto_place.start("run", "paper", "paper.toml", "--for", "1")
    _, warned = life.communicate(timeout=60)
    assert life.returncode != 0
    assert says in warned.decode()


def test_what_the_venue_does_not_trade_or_not_in_such_steps_ends_the_run_by_name(crypto_place: Any) -> None:
    """Before an order: a tick that it would round, a symbol that it has not, a key that it does not know."""
    crypto_place.venue()
    for change, says in [
        (('tick = "0.01"', 'tick = "0.005"'), "tick 0.005 is no multiple of binance's, 0.01"),
        (('tick = "0.005"', 'tick = "0.01"'), None),
        (('symbol = "BTC/USDT"', 'symbol = "BTC/USD"'), "binance has no 'BTC/USD'; did you mean 'BTC/USDT'"),
    ]:
        crypto_place.change(*change)
        if says is not None:
            life = crypto_place.start("run", "paper", "paper.toml", "--for", "20")
            _, warned = life.communicate(timeout=60)
            assert life.returncode != 0
            assert says in warned.decode()
    crypto_place.change('symbol = "BTC/USD"', 'symbol = "BTC/USDT"')
    life = crypto_place.start("run", "paper", "paper.toml", "--for", "20", HEDGEROW_VENUE_KEY="another")
    _, warned = life.communicate(timeout=60)
    assert life.returncode != 0
    assert "binance refuses: AuthenticationError" in warned.decode()
    assert "another" not in warned.decode().replace("another session", "")


def test_live_is_not_for_play_money(crypto_place: Any) -> None:
    """A mandate and a test network contradict each other."""
    crypto_place.change('folder = "run"', 'folder = "run"\nmandate = "fund"')
    with pytest.raises(HedgerowError, match="is for paper"):
        LiveSettings.read(crypto_place.folder / "paper.toml", "live")
    assert LiveSettings.read(crypto_place.folder / "paper.toml", "paper", trades=False).mandate is not None


def test_our_venues_speak_as_those_that_were_recorded(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    """Whatever stands in a recorded answer about an order or a trade stands in ours too."""
    from crypto_account import Account, Faults
    from crypto_binance import Binance
    from crypto_poloniex import Poloniex

    account = Account(tmp_path)
    order, _ = account.place("one", buys=True, size="0.1", price="60000", tif="gtc", post_only=False)
    spot = shared("data/rest_fixtures/nautilus_lgpl3/binance")
    recorded = json.loads((spot / "spot__http_json__order_response.json").read_bytes())
    assert set(recorded) <= set(Binance(account, Faults(tmp_path, {}, 1)).words(order))
    with gzip.open(shared("data/rest_fixtures/recorded_http/poloniex.json.gz")) as file:
        routes = json.load(file)["routes"]
    assert set(routes["/orders/12345"]["GET"][0]["data"]) <= set(
        Poloniex(account, Faults(tmp_path, {}, 1)).words(order)
    )
    sale = {"client_id": "x", "side": "Sell", "lots": 5, "price_ticks": 1, "order_type": "limit", "time_in": "gtc"}
    account.venue.submit(time.time_ns(), {"do": "new", "participant": 1, "instrument": 0, **sale})
    trade = account.trades()[-1]
    told = json.loads((spot / "spot__http_json__account_trades_response.json").read_bytes())
    assert set(told[0]) <= set(Binance.trade_words(trade))
    assert set(routes["/orders/1234/trades"]["GET"][0]["data"][0]) <= set(Poloniex.trade_words(trade))
