"""Brackets: an entry with a stop loss and a take profit that follow its fills and stand beside each other.

Promises: the exits are reduce-only and never larger than what the entry filled and they have not closed; what one of
them trades the other trades no more. Never: an exit of an entry that was denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow import _core
    from hedgerow.engine.strategy import Strategy


@dataclass(frozen=True)
class Bracket:
    """The tickets of a bracket; the exits are `None` where the entry was denied."""

    entry: _core.OrderTicket
    stop_loss: _core.ContingentTicket | None
    take_profit: _core.ContingentTicket | None


def bracket(
    strategy: Strategy, quantity: float, symbol: str | None, *, stop_loss: float, take_profit: float, **entry: Any
) -> Bracket:
    """Enter, and let both exits follow; see `Strategy.bracket`."""
    side = 1 if quantity > 0 else -1
    prices = [stop_loss, *(entry[word] for word in ("stop", "limit") if entry.get(word) is not None), take_profit]
    if quantity == 0 or any((b - a) * side <= 0 for a in prices[:1] for b in prices[1:]):
        raise problem("RUN_CONFIG", f"a bracket of {quantity:g} with its stop loss at {stop_loss:g}: it lies beyond")
    if any((take_profit - price) * side <= 0 for price in prices[:-1]):
        raise problem("RUN_CONFIG", f"a bracket of {quantity:g} with its take profit at {take_profit:g}: it is none")
    send = strategy.buy if quantity > 0 else strategy.sell
    ticket = send(abs(quantity), symbol, **entry)
    assert ticket is not None
    loss = strategy.after(ticket, stop=stop_loss, reduce_only=True)
    profit = None if loss is None else strategy.after(ticket, limit=take_profit, reduce_only=True, beside=loss)
    return Bracket(ticket, loss, profit)
