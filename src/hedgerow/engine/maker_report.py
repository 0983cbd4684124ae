"""What became of a market maker: fills, spread captured, markouts, inventory; counted as the run goes.

Promises: only mids that the maker knew count; a markout that was not due before the run ended is left out, and how many
were not is said; constant memory beside the markouts that are due. Never: a profit, which is the ledger's to say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from hedgerow.execution.tca import markouts_bps


@dataclass(frozen=True)
class MakerReport:
    """A market maker in figures; quantities in units, money as price times quantity.

    spread_captured: what fills were better than the mid that was known when they were heard of, in all. markouts_bps:
    by seconds, what fills were worth against the mid then, basis points of their price, weighted by quantity; negative
    for a maker who is run over. unjudged: markouts that were not due before the end. inventory_mean: mean of what was
    held without its sign, over the time between looks. updates: quote updates that the gate approved; denied: those
    it did not.
    """

    fills: int
    bought: float
    sold: float
    fees: float
    spread_captured: float
    markouts_bps: dict[float, float]
    unjudged: int
    inventory: float
    inventory_low: float
    inventory_high: float
    inventory_mean: float
    updates: int
    denied: int

    def __str__(self) -> str:
        """A line each."""
        marks = ", ".join(f"{value:+.3f} after {after:g} s" for after, value in self.markouts_bps.items())
        return "\n".join(
            (
                f"{self.fills:,} fills: {self.bought:,g} bought, {self.sold:,g} sold",
                f"spread captured {self.spread_captured:,.4f}, fees {self.fees:,.4f}",
                f"markouts in bps: {marks or 'none was due'}",
                f"inventory {self.inventory:g}, from {self.inventory_low:g} to {self.inventory_high:g}, "
                f"{self.inventory_mean:.3g} on average either way",
                f"{self.updates:,} quote updates, {self.denied:,} denied",
            )
        )


class MakerTally:
    """Counts as fills, looks and quotes come; times are UTC nanoseconds."""

    def __init__(self, markouts: tuple[float, ...]) -> None:
        # Of fills that were heard in order, those that wait for the same time after them are due in order.
        self._due: dict[float, deque[tuple[int, str, float, float]]] = {after: deque() for after in markouts}
        self._marks = {after: [0.0, 0.0] for after in markouts}
        self._fills = self._updates = self._denied = 0
        self._bought = self._sold = self._fees = self._spread = 0.0
        self._held = self._low = self._high = self._held_time = 0.0
        self._first = self._looked = 0

    def fill(self, now: int, fill: Any, mid: float, held: float) -> None:
        """A fill was heard of, beside this mid; `held` from now on."""
        self._pass(now)
        buys, quantity, price = fill.side == "buy", fill.quantity, fill.price
        self._fills += 1
        self._bought += quantity if buys else 0.0
        self._sold += 0.0 if buys else quantity
        self._fees += fill.fee
        self._spread += quantity * (mid - price if buys else price - mid)
        self._held, self._low, self._high = held, min(self._low, held), max(self._high, held)
        for after, waiting in self._due.items():
            waiting.append((now + round(after * 1e9), fill.side, price, quantity))

    def look(self, now: int, mid: float) -> None:
        """The mid as it is known now: markouts that are due are judged by it."""
        self._pass(now)
        for after, waiting in self._due.items():
            while waiting and waiting[0][0] <= now:
                _, side, price, quantity = waiting.popleft()
                marked = markouts_bps("buy" if side == "buy" else "sell", price, {"then": mid})["then"]
                sums = self._marks[after]
                sums[0] += quantity * marked
                sums[1] += quantity

    def quoted(self, *, approved: bool) -> None:
        """The gate decided on a quote."""
        self._updates += approved
        self._denied += not approved

    def report(self) -> MakerReport:
        """How it stands."""
        span = self._looked - self._first
        return MakerReport(
            fills=self._fills,
            bought=self._bought,
            sold=self._sold,
            fees=self._fees,
            spread_captured=self._spread,
            markouts_bps={after: sums[0] / sums[1] for after, sums in self._marks.items() if sums[1] > 0},
            unjudged=sum(len(waiting) for waiting in self._due.values()),
            inventory=self._held,
            inventory_low=self._low,
            inventory_high=self._high,
            inventory_mean=self._held_time / span if span > 0 else 0.0,
            updates=self._updates,
            denied=self._denied,
        )

    def _pass(self, now: int) -> None:
        """Time has passed since it was looked last."""
        if not self._first:
            self._first = self._looked = now
        self._held_time += abs(self._held) * (now - self._looked)
        self._looked = now
