"""Icebergs and pegged orders among those that follow another order's fills, and as the entry of a bracket."""

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
moving = runpy.run_path(str(HERE / "test_engine_pegs.py"))["moving"]


def following(**words: Any) -> dict[int, Any]:
    """A bid of thirty, and a sale that follows it and shows four at a time."""
    told = {"limit": 10.05, "display": 4, "reduce_only": True, **words}
    return {0: lambda s: s.buy(30, limit=10.00), 1: lambda s: s.after(s.tickets[0], **told)}


def shown(log: Path) -> list[int]:
    """Lots shown, as each record of terms says."""
    from hedgerow.engine.why import Journal

    return [int(lots) for lots in Journal(log).of("OrderTerms")["display_lots"]]


def test_what_follows_shows_a_part_of_what_was_filled_and_never_more_than_it_is(tmp_path: Path) -> None:
    """Two of the entry fill, then five, then six: it is sent with two, and grows; the audit derives it again."""
    books = traded([0, 22, 5, 6, 0])
    found = []
    for name in ("one", "two"):
        strategy, _ = ran(books, following(), costs=hr.Costs.none(), log=tmp_path / name)
        assert hr.verify(tmp_path / name).linked == 3
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert found[0] == found[1]
    assert shown(tmp_path / "one") == [2, 4, 4]
    wish = strategy.tickets[1]
    says = {cause.noun: cause.says for cause in hr.why(tmp_path / "one", wish.id)}
    assert says["ContingentOrder"].endswith("at 10.0500 showing 4 at a time")


def test_a_change_of_what_works_holds_for_what_is_sent_later(tmp_path: Path) -> None:
    """It is told to show three once five work, and shows three when it grows."""
    table = following() | {3: lambda s: s.replace(s.tickets[1], display=3)}
    strategy, _ = ran(traded([0, 25, 0, 6, 0]), table, costs=hr.Costs.none(), log=tmp_path)
    assert strategy.tickets[2].approved
    assert shown(tmp_path) == [4, 3, 3]
    hr.verify(tmp_path)


def test_what_follows_can_be_pegged() -> None:
    """Bought at 10.00, it is sold at the best bid, wherever that is, and not below its cap."""
    table = {
        0: lambda s: s.buy(3, limit=10.00),
        1: lambda s: s.after(s.tickets[0], peg="market", limit=9.90, reduce_only=True),
    }
    _, result = ran(moving([1_000, 1_000, 1_001, 1_001], {1: 990}), table)
    assert result.orders[["kind", "peg"]].values.tolist() == [["limit", ""], ["pegged", "market"]]
    assert result.fills[["side", "quantity"]].values.tolist() == [["buy", 3.0], ["sell", 3.0]]
    assert result.fills["price"].iloc[1] >= 9.90


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"limit": 10.05, "display": 4, "tif": "ioc"}, "RISK-033.*Limit"),
        ({"display": 4}, "RISK-033.*Market"),
        ({"stop": 9.0, "display": 4}, "RISK-033.*Stop"),
        ({"limit": 10.05, "peg": "primary", "post_only": True}, "RISK-033.*Pegged"),
        ({"peg": "primary"}, "RISK-007.*cap"),
        ({"quantity": -3, "limit": 10.05, "display": 4}, "RISK-008.*3 lots that shows 4"),
        ({"limit": 10.05, "peg": "primry"}, "RUN-002.*primary, midpoint, market"),
        ({"limit": 10.05, "offset_ticks": 1}, "RUN-002.*alone an offset"),
        ({"limit": 10.05, "display": 0}, "quantities are positive"),
    ],
)
def test_what_cannot_be_meant_is_named_when_it_is_said(words: dict[str, Any], says: str) -> None:
    """Not once the entry has filled and stands without it."""
    table = {0: lambda s: s.buy(30, limit=10.00), 1: lambda s: s.after(s.tickets[0], **words)}
    with pytest.raises(HedgerowError, match=says):
        ran(traded([0, 0]), table)


@pytest.mark.parametrize("words", [{"display": 2}, {"peg": "primary", "offset_ticks": -1}])
def test_a_bracket_enters_by_the_words_of_buy(words: dict[str, Any]) -> None:
    """Its exits are plain; what trades below the entry's price fills it whole, and both exits follow."""
    table = {0: lambda s: s.bracket(3, limit=10.00, stop_loss=9.50, take_profit=10.50, **words)}
    strategy, result = ran(moving([1_000, 1_000, 1_000, 1_000], {1: 990}), table)
    assert result.orders["state"].iloc[0] == "Filled"
    assert result.orders["kind"].tolist()[1:] == ["stop", "limit"]
    assert strategy.tickets[0].take_profit.state in ("working", "ended")
