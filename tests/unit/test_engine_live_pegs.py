"""Pegged orders on paper: they follow the recording as it comes, and are those of the backtest, byte for byte."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow.engine.live import paper, read_settings

LIVE = runpy.run_path(str(Path(__file__).with_name("test_engine_live.py")))
START_MS, SETTINGS = LIVE["START_MS"], LIVE["SETTINGS"]
STRATEGY = '''
import hedgerow as hr


class Follower(hr.Strategy):
    """Two bids for two seconds, then two offers, and so on; the first of them changes meanwhile."""

    def on_start(self):
        self.every(seconds=0.2)
        self.sent, self.seen = [], 0

    def on_timer(self, now):
        book = self.book()
        if book.best_bid is None or book.best_ask is None:
            return
        self.seen += 1
        live = [ticket for ticket in self.sent if ticket.state in ("Live", "PartiallyFilled")]
        high, low = book.best_ask[0] + 0.5, book.best_bid[0] - 0.5
        if self.seen % 20 == 1:
            self.sent = [
                self.buy(0.004, limit=high, peg="primary", display=0.002),
                self.buy(0.002, limit=high, peg="midpoint", offset_ticks=-1),
            ]
        elif self.seen % 20 == 11:
            self.sent = [
                self.sell(0.004, limit=low, peg="primary"),
                self.sell(0.002, limit=low, peg="market", offset_ticks=2),
            ]
        elif self.seen % 10 == 2 and live:
            self.replace(live[0], 0.003, offset_ticks=-1)
        elif self.seen % 20 == 3 and live and live[0].display:
            self.replace(live[0], display=0.001)
        elif self.seen % 10 == 9:
            for ticket in live:
                self.cancel(ticket)
'''


def drifting(updates: int) -> str:
    """A book three ticks wide that goes up and down ten times a second, and a trade before each update."""
    line = LIVE["line"]
    at = [0, 1, 2, 1, 0, -1, -2, -1]
    bids = [[f"{61_000 - i / 10:.1f}", "0.010"] for i in range(20)]
    asks = [[f"{61_000.3 + i / 10:.1f}", "0.010"] for i in range(20)]
    lines = [line(START_MS, {"lastUpdateId": 1, "T": START_MS, "bids": bids, "asks": asks})]
    for i in range(1, updates):
        before, now, ms = at[(i - 1) // 3 % 8], at[i // 3 % 8], START_MS + 100 * i
        bid, ask, size = 610_000 + now, 610_003 + now, "0.006" if i % 2 else "0.010"
        gone = 610_003 + before if now > before else 610_000 + before
        moved = {"b": [[bid, size]], "a": [[ask, size]]}
        if now != before:
            moved["a" if now > before else "b"].append([gone, "0"])
        told = {side: [[f"{ticks / 10:.1f}", lots] for ticks, lots in rows] for side, rows in moved.items()}
        price = f"{(610_000 if i % 4 < 2 else 610_003) / 10 + before / 10:.1f}"
        sold = {"e": "trade", "s": "BTCUSDT", "T": ms, "p": price, "q": "0.007", "m": i % 4 < 2}
        update = {"e": "depthUpdate", "s": "BTCUSDT", "T": ms, "U": i, "u": i + 1, "pu": i, **told}
        lines += [line(ms, sold), line(ms, update)]
    return "".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the strategy, a recording and settings."""
    (tmp_path / "maker.py").write_text(STRATEGY.replace("Follower", "Maker"))
    (tmp_path / "session.txt").write_text(drifting(400))
    (tmp_path / "paper.toml").write_text(SETTINGS)
    return tmp_path


@pytest.mark.parametrize("speed", [0, 37.5])
def test_pegged_orders_trade_on_paper_as_in_the_backtest_byte_for_byte(folder: Path, speed: float) -> None:
    """Each kind of peg fills at several prices that it came to, and is changed, at any speed."""
    settings, clock = read_settings(folder / "paper.toml", speed=speed), LIVE["Clock"]()
    done = paper(settings, LIVE["maker"](folder), clock=clock, wait=clock.wait)
    again: Any = LIVE["backtested"](folder, settings)
    assert LIVE["journal_bytes"](folder / "journal") == LIVE["journal_bytes"](folder / "backtest")
    assert done.result.state_hash == again.state_hash
    pegs = again.orders.set_index("id")["peg"]
    prices = again.fills.groupby(again.fills["order_id"].map(pegs))["price"].nunique()
    assert set(prices.index) == {"primary", "midpoint -1", "market +2"}
    assert (prices > 1).all()
    changes = again.verdicts[again.verdicts["action"] == "replace"]
    assert set(changes["decision"]) == {"approved"}
    terms = again.records("OrderTerms")
    assert {(int(one["display_lots"]), int(one["peg"]), int(one["offset_ticks"])) for one in terms} >= {
        (0, 1, -1),
        (1, 0, 0),
    }
    hr.verify(folder / "journal")
