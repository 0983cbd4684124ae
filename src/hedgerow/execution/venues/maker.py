"""A maker that quotes when nobody else does, so that an order meets a book: for paper trading and demonstrations.

Promises: prices wander by whole ticks, drawn from a seed; it quotes as any participant does, through the same door and
into the same log. Never: a price that knows who trades with it; what is earned against it shows nothing.
"""

from __future__ import annotations

from random import Random

from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.settings import MakerSettings


class Maker:
    """Quotes in every instrument that is in continuous trading, anew whenever it is due."""

    def __init__(self, venue: Venue, settings: MakerSettings) -> None:
        self._venue, self._settings = venue, settings
        self._number = venue.numbers[settings.participant]
        self._draws, self._due_ts = Random(settings.seed), 0
        self._away = [0] * len(venue.settings.listings)

    def beat(self, ts: int) -> None:
        """Let the time pass."""
        if ts < self._due_ts:
            return
        self._due_ts = ts + self._settings.every_ms * 1_000_000
        self._venue.submit(ts, {"do": "mass_cancel", "participant": self._number})
        for at in range(len(self._away)):
            self._away[at] += self._draws.randint(-1, 1)
            if (self._venue.core.market(at) or ("",))[0] == "continuous":
                self._quote(at, ts)

    def _quote(self, at: int, ts: int) -> None:
        told, listing = self._settings, self._venue.settings.listings[at]
        middle = listing.reference_ticks + self._away[at]
        for level in range(told.levels):
            off = told.half_spread + level
            for side, ticks in (("Buy", middle - off), ("Sell", middle + off)):
                order = {
                    "client_id": f"m{ts}-{at}-{side}{level}",
                    "side": side,
                    "lots": told.lots,
                    "price_ticks": ticks,
                }
                order |= {"order_type": "limit", "time_in": "gtc"}
                if 0 < ticks <= listing.ticks_max:
                    self._venue.submit(ts, {"do": "new", "participant": self._number, "instrument": at, **order})
