"""Pegged orders from a strategy: through the gate, over books, bars, in the log, in FIX words."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError, error_table
from hedgerow.core.nouns import noun
from hedgerow.engine.why import Journal
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

ICE = runpy.run_path(str(Path(__file__).with_name("test_engine_icebergs.py")))
INSTANT, SECOND, START, ran = ICE["INSTANT"], ICE["SECOND"], ICE["START"], ICE["ran"]


def moving(bids: list[int], trades: dict[int, int] | None = None) -> Books:
    """A bid of ten lots that moves, an ask four ticks above; trades of three at such ticks, half a second later."""
    levels, made, before = [], [], None
    for second, bid in enumerate(bids):
        gone = [] if before in (None, bid) else [(before, 0)]
        away = [] if before in (None, bid) else [(before + 4, 0)]
        ts = START + second * SECOND
        # The ask changes its size each second, so that each second has a quote.
        asks = [(bid + 4, 10 + second), *away]
        levels.append(level_events(bids=[(bid, 10), *gone], asks=asks, ts_event=ts))
        before = bid
    for second, ticks in (trades or {}).items():
        row: Any = np.zeros(1, dtype=noun("Trade").dtype)
        row["ts_event"] = row["ts_init"] = START + second * SECOND + SECOND // 2
        row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = ticks, 3, 2, 1
        made.append(row)
    told: dict[str, Any] = {"trades": np.concatenate(made)} if made else {}
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), **told)


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ({"peg": "primary"}, 10.02),
        ({"peg": "primary", "offset_ticks": 1}, 10.03),
        ({"peg": "midpoint"}, 10.04),
        ({"peg": "market", "offset_ticks": -1}, 10.05),
        ({"peg": "market", "offset_ticks": -1, "limit": 10.01}, 10.01),
    ],
)
def test_over_books_it_goes_with_what_it_follows(words: dict[str, Any], price: float) -> None:
    """Sent while the bid is at 10.00; sold into once the bid is at 10.02, by a trade below all of it."""
    book = moving([1_000, 1_000, 1_001, 1_002, 1_002], {3: 990})
    _, result = ran(book, {0: lambda s: s.buy(3, **{"limit": 10.10, **words})})
    assert result.fills[["quantity", "price"]].values.tolist() == [[3.0, price]]


def test_a_peg_without_a_cap_is_denied_by_name() -> None:
    """It could cost anything: the gate has no price to value it at."""
    strategy, result = ran(moving([1_000]), {0: lambda s: s.buy(3, peg="primary")})
    assert (strategy.tickets[0].code, result.orders["state"].tolist()) == ("RISK-007", ["Denied"])


def test_over_bars_it_is_rejected_by_name(tmp_path: Path) -> None:
    """Bars show no book to follow."""
    close = np.array([10.0, 9.5, 9.0])
    bars = hr.Bars.from_arrays(np.arange(1, 4) * 86_400 * SECOND, close=close, instruments=hr.Instrument("X"))

    class Buys(hr.Strategy):
        """Once."""

        ticket: Any = None

        def on_bar(self, bar: Any) -> None:
            """Buy once."""
            if self.ticket is None:
                self.ticket = self.buy(10, limit=12.0, peg="primary")

    result = hr.backtest(bars, Buys, costs=hr.Costs.none(), log=tmp_path)
    assert result.orders["state"].tolist() == ["Rejected"]
    number = next(row.number for row in error_table() if row.name == "SIM_PEG")
    assert Journal(tmp_path).of("VenueReport")["code"].tolist() == [number]


@pytest.mark.parametrize(
    "words",
    [
        {"peg": "primry"},
        {"offset_ticks": 1},
        {"peg": "primary", "stop": 9.0},
    ],
)
def test_words_that_cannot_be_meant_are_named(words: dict[str, Any]) -> None:
    """Before there is an order."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*primary, midpoint, market"):
        ran(moving([1_000]), {0: lambda s: s.buy(3, limit=10.0, **words)})


@pytest.mark.parametrize("words", [{"tif": "ioc"}, {"tif": "cls"}, {"post_only": True}, {"tif": "gtx"}])
def test_what_cannot_be_pegged_is_denied_by_name(words: dict[str, Any]) -> None:
    """A peg rests, and may take when it moves."""
    strategy, _ = ran(moving([1_000]), {0: lambda s: s.buy(3, limit=10.0, peg="primary", **words)})
    assert strategy.tickets[0].code == "RISK-033"


def test_equal_inputs_give_equal_journals_and_the_audit_derives_a_peg_again(tmp_path: Path) -> None:
    """Byte for byte; the walk, the ticket and the table say what was followed."""
    table = {
        0: lambda s: s.buy(9, limit=10.10, peg="primary", offset_ticks=-1, display=3),
        1: lambda s: s.sell(2, limit=9.90, peg="midpoint"),
        2: lambda s: s.tickets[0].peg,
        3: lambda s: s.replace(s.tickets[0], 8, limit=10.05),
        5: lambda s: s.buy(1, limit=9.80, peg="market"),
    }
    found: list[Any] = []
    for name in ("one", "two"):
        book = moving([1_000, 1_001, 1_002, 1_001, 1_000, 1_001, 1_002], {1: 998, 3: 990, 4: 995, 5: 990})
        strategy, result = ran(book, table, costs=hr.Costs.none(), seed=3, log=tmp_path / name)
        hr.verify(tmp_path / name)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert found[0] == found[1]
    assert strategy.tickets[2] == "primary"
    assert result.orders[["kind", "peg"]].values.tolist() == [
        ["pegged", "primary -1"],
        ["pegged", "midpoint"],
        ["pegged", "market"],
    ]
    first = result.fills["id"].iloc[0]
    says = {cause.noun: cause.says for cause in hr.why(tmp_path / "two", int(first))}
    assert says["OrderTerms"].endswith("showing 3 at a time pegged to primary -1 in X")
