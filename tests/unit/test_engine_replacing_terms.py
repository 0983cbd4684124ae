"""Changes of what an iceberg shows, and of what is added to what a pegged order follows."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError

HERE = Path(__file__).parent
ICE = runpy.run_path(str(HERE / "test_engine_icebergs.py"))
INSTANT, ran, traded = ICE["INSTANT"], ICE["ran"], ICE["traded"]
queue = runpy.run_path(str(HERE / "test_engine_replacing.py"))["queue"]
moving = runpy.run_path(str(HERE / "test_engine_pegs.py"))["moving"]


def test_another_slice_is_shown_behind_everyone() -> None:
    """Twenty stand before it; then ten of its own are shown first, and a change to show four comes behind all again."""
    _, before = ran(traded([0, 35, 0]), {0: lambda s: s.buy(30, limit=10.00, display=10)})
    changed = {0: lambda s: s.buy(30, limit=10.00, display=10), 1: lambda s: s.replace(s.tickets[0], display=4)}
    strategy, after = ran(traded([0, 0, 35, 0]), changed | {3: lambda s: s.tickets[0].display})
    assert (before.fills["quantity"].tolist(), after.fills["quantity"].tolist()) == ([10.0], [4.0])
    assert strategy.tickets[1].approved
    assert strategy.tickets[2] == 4.0


@pytest.mark.parametrize(
    ("change", "filled"),
    [({"quantity": 3}, 2.0), ({"quantity": 3, "display": 2}, 2.0), ({"display": 3}, 0.0), ({"display": 1}, 0.0)],
)
def test_only_a_change_that_shows_as_much_keeps_the_place(change: dict[str, Any], filled: float) -> None:
    """Six of ten ahead trade, it changes, and eight more trade: its slice is among them where it kept its place."""

    class Hides(hr.Strategy):
        """Shows two of four."""

        ticket: Any = None
        changed: Any = None

        def on_trade(self, trade: Any) -> None:
            """After the first trade."""
            self.changed = self.changed or self.replace(self.ticket, **change)

        def on_book(self, book: Any) -> None:
            """Once."""
            self.ticket = self.ticket or self.buy(4, limit=9.99, display=2)

    result = hr.backtest(queue([6, 8]), Hides, **INSTANT)
    assert result.fills["quantity"].sum() == filled


def test_another_offset_moves_the_order_at_once() -> None:
    """It bids with the best bid, then two ticks above it, and is sold into there."""
    table = {
        0: lambda s: s.buy(3, limit=10.10, peg="primary"),
        1: lambda s: s.replace(s.tickets[0], offset_ticks=2),
        2: lambda s: s.replace(s.tickets[0], peg="primary", offset_ticks=1),
        3: lambda s: s.tickets[0].peg,
    }
    book = moving([1_000, 1_000, 1_001, 1_002, 1_002], {3: 990})
    strategy, result = ran(book, table)
    assert [ticket.approved for ticket in strategy.tickets[1:3]] == [True, True]
    assert strategy.tickets[3] == "primary"
    assert result.fills[["quantity", "price"]].values.tolist() == [[3.0, 10.03]]


@pytest.mark.parametrize(
    ("order", "change", "code"),
    [
        ({"limit": 10.0, "display": 5}, {"display": 31}, "RISK-008"),
        ({"limit": 10.0, "display": 5}, {"quantity": 4, "display": 5}, "RISK-008"),
        ({"limit": 10.0}, {"display": 5}, "RISK-033"),
        ({"limit": 10.0, "display": 5}, {"offset_ticks": 1}, "RISK-033"),
        ({"limit": 10.0}, {"offset_ticks": 0}, "RISK-033"),
        ({"limit": 10.0, "peg": "primary"}, {"peg": "midpoint"}, "RISK-033"),
        ({"limit": 10.0, "peg": "primary"}, {"peg": "midpoint", "offset_ticks": 1}, "RISK-033"),
        ({"limit": 10.0, "peg": "primary"}, {"display": 5}, "RISK-033"),
        ({"limit": 10.0, "peg": "primary"}, {"stop": 9.0}, "RISK-007"),
    ],
)
def test_what_the_order_has_not_cannot_be_changed_and_is_denied_by_name(
    order: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    """Denied, it works on as it was."""
    table = {
        0: lambda s: s.buy(30, **order),
        1: lambda s: s.replace(s.tickets[0], **change),
        2: lambda s: (s.tickets[0].state, s.tickets[0].quantity, s.tickets[0].display),
    }
    strategy, _ = ran(traded([0, 0, 0, 0]), table)
    assert (strategy.tickets[1].approved, strategy.tickets[1].code) == (False, code)
    assert strategy.tickets[2] == ("Live", 30.0, order.get("display"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "RUN-002.*nothing is to change"),
        ({"peg": "primry"}, "RUN-002.*primary, midpoint, market"),
        ({"display": 0}, "quantities are positive"),
        ({"display": 1.5}, "lot"),
    ],
)
def test_words_that_cannot_be_meant_are_named(change: dict[str, Any], says: str) -> None:
    """Before there is a request."""
    table = {0: lambda s: s.buy(30, limit=10.0, display=5), 1: lambda s: s.replace(s.tickets[0], **change)}
    with pytest.raises(HedgerowError, match=says):
        ran(traded([0, 0, 0]), table)


def test_the_audit_derives_the_changes_again_and_the_walk_tells_them(tmp_path: Path) -> None:
    """Equal inputs give equal journals, byte for byte."""
    table = {
        0: lambda s: s.buy(9, limit=10.10, peg="primary", offset_ticks=-1, display=3),
        1: lambda s: s.replace(s.tickets[0], 8, display=2, offset_ticks=1),
    }
    found = []
    for name in ("one", "two"):
        book = moving([1_000, 1_001, 1_002, 1_001, 1_000], {1: 998, 3: 990})
        _, result = ran(book, table, costs=hr.Costs.none(), seed=3, log=tmp_path / name)
        hr.verify(tmp_path / name)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert found[0] == found[1]
    request = result.verdicts.loc[result.verdicts["action"] == "replace", "id"].iloc[0]
    says = {cause.noun: cause.says for cause in hr.why(tmp_path / "two", int(request))}
    assert says["OrderTerms"].endswith("showing 2 at a time pegged to primary +1 in X")
