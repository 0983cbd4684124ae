"""What happens to an account's orders is told by the venue's own stream, and by REST after a gap: each execution once.

The venues are Binance's and Poloniex's words over our own exchange, in another process, which signs for nobody.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.engine.why import Journal

BOTH = pytest.mark.parametrize("crypto_place", ["binance", "poloniex"], indirect=True)
NEVER_POLLED = ('poll = "200ms"', 'poll = "10min"')
RESTS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Bids below everybody, once, and waits.'''

    def on_start(self):
        self.ticket = None

    def on_quote(self, quote):
        book = self.book()
        if book.best_bid and self.ticket is None:
            self.ticket = self.buy(0.02, limit=round(book.best_bid[0] - 5, 2))
"""
EVENT_FAULTS = {"event": {"lost": 0.15, "twice": 0.25, "late": 0.2, "cut": 0.04}}


@BOTH
def test_what_rests_is_filled_as_the_venue_s_own_stream_tells(crypto_place: Any) -> None:
    """Orders are looked at every ten minutes; both executions are there at once, made by us, with what they cost."""
    crypto_place.change(*NEVER_POLLED)
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    (crypto_place.folder / "busy.py").write_text(RESTS)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: crypto_place.ask("GET", "listening") > 0, "nobody listens")
    for _ in range(2):
        wanted = crypto_place.fills() + 1
        crypto_place.hit()
        crypto_place.wait(lambda wanted=wanted: crypto_place.fills() == wanted, "no fill")
    told = crypto_place.end(life, stop=True)
    assert (told["working"], told["unknown"], told["findings"]) == (0, 0, [])
    assert crypto_place.differences() == []
    fills = Journal(crypto_place.folder / "run").of("Fill")
    assert fills["lots"].tolist() == [500, 500]
    assert set(fills["liquidity"].tolist()) == {2}
    assert crypto_place.named() == crypto_place.paid()
    assert crypto_place.booked() == crypto_place.owed()


@BOTH
def test_whatever_becomes_of_the_stream_each_execution_is_booked_once(crypto_place: Any) -> None:
    """Its messages are lost, come twice, late and out of order, and it is cut: REST says what it did not."""
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    crypto_place.venue(faults=EVENT_FAULTS, seed=5)
    told = crypto_place.paper(12.0)
    assert told["fills"] > 0
    assert (told["working"], told["unknown"]) == (0, 0)
    assert crypto_place.differences() == []
    faults = [json.loads(line) for line in (crypto_place.folder / "venue" / "faults.jsonl").read_text().splitlines()]
    assert {fault["fault"] for fault in faults} == set(EVENT_FAULTS["event"])
    assert crypto_place.named() == crypto_place.paid()
    assert crypto_place.booked() == crypto_place.owed()
    assert any("own stream has a gap" in text for text in told["findings"])
    assert run(["audit", "verify", str(crypto_place.folder / "run")]) == 0


def test_after_a_gap_everything_is_asked_for_before_the_stream_is_relied_on_again(crypto_place: Any) -> None:
    """An execution while the stream is cut is found by REST at once, and the next one comes by the stream."""
    crypto_place.change(*NEVER_POLLED)
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    (crypto_place.folder / "busy.py").write_text(RESTS)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 1, "no fill")
    crypto_place.ask("POST", "cut")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 2, "no fill of the gap")
    told = crypto_place.end(life, stop=True)
    assert any("own stream has a gap" in text for text in told["findings"])
    assert crypto_place.differences() == []


@BOTH
def test_a_stream_that_says_nothing_of_an_execution_is_given_up_and_begun_anew(crypto_place: Any) -> None:
    """It is up and mute: a look finds what it did not tell, and from the next connection on it tells again."""
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    (crypto_place.folder / "busy.py").write_text(RESTS)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: crypto_place.ask("GET", "listening") > 0, "nobody listens")
    for fills in (1, 2):  # a look may find the first before its message has left; by the second the stream has spoken
        crypto_place.hit()
        crypto_place.wait(lambda fills=fills: crypto_place.fills() == fills, "no fill")
    crypto_place.ask("POST", "mute")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 3, "the look found nothing")
    crypto_place.wait(lambda: "gap" in crypto_place.words(), "nothing was said")
    crypto_place.wait(lambda: crypto_place.ask("GET", "listening") > 0, "nobody listens again")
    told = crypto_place.end(life, stop=True)
    assert any("it did not tell of an execution" in text for text in told["findings"])
    assert (told["working"], told["unknown"], crypto_place.differences()) == (0, 0, [])


@pytest.mark.parametrize("crypto_place", ["binanceusdm"], indirect=True)
def test_a_venue_whose_words_are_not_read_says_which_order_to_look_at(crypto_place: Any) -> None:
    """Contracts of Binance, whose stream wants a listen key: what it tells is looked up at once and booked by REST."""
    crypto_place.change(*NEVER_POLLED)
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    crypto_place.change('types = ["spot"]', 'types = ["linear"]')
    crypto_place.change('symbol = "BTC/USDT"', 'symbol = "BTC/USDT:USDT"')
    (crypto_place.folder / "busy.py").write_text(RESTS)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: crypto_place.ask("GET", "listening") > 0, "nobody listens")
    for fills in (1, 2):
        crypto_place.hit()
        crypto_place.wait(lambda fills=fills: crypto_place.fills() == fills, "no fill")
    told = crypto_place.end(life, stop=True)
    assert (told["working"], told["unknown"], told["findings"]) == (0, 0, [])
    fills = Journal(crypto_place.folder / "run").of("Fill")
    assert (fills["lots"].tolist(), set(fills["liquidity"].tolist())) == ([500, 500], {2})
    traded = [fill["price_ticks"] * 500 for fill in fills]  # a tick is a cent, a lot 10^-5: in 10^-7 of a dollar
    assert [int(fill["fee"]["lo"]) for fill in fills] == [lots * 100 // 1_000 for lots in traded]


def test_without_a_stream_orders_are_looked_at(crypto_place: Any) -> None:
    """`stream = false`: nothing but questions, and the same account of what happened."""
    crypto_place.change('settle = "3s"', 'settle = "3s"\nstream = false')
    crypto_place.change('timeout = "1s"', 'timeout = "20s"')
    crypto_place.venue()
    told = crypto_place.paper(6.0)
    assert told["fills"] > 0
    assert crypto_place.differences() == []
    assert crypto_place.named() == crypto_place.paid()
    assert {text[:28] for text in told["findings"]} <= {"LIVE-011 BTC: fees left -0.0"}, told["findings"]
