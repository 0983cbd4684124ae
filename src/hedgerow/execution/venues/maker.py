"""A maker that quotes when nobody else does, so that an order meets a book: for paper trading and demonstrations.

Promises: prices wander by whole ticks, drawn from a seed; it quotes as any participant does, through the same door and
into the same log; a taker, where one is named, trades with what is best there. Never: a price that knows who trades
with it; what is earned against it shows nothing.
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
        self._taker = None if settings.taker is None else venue.numbers[settings.taker]

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
                if self._taker is not None:
                    self._take(self._taker, at, ts)

    def _quote(self, at: int, ts: int) -> None:
        told = self._settings
        for level in range(told.levels):
            for side, ticks in self._prices(at, told.half_spread + level):
                self._send(self._number, at, f"m{ts}-{at}-{side}{level}", side, told.lots, ticks, "gtc", ts)

    def _take(self, taker: int, at: int, ts: int) -> None:
        """One lot of what is best on a side that the seed draws: a last price, and stops that it reaches."""
        (_, bid), (_, ask) = self._prices(at, self._settings.half_spread)
        side, ticks = self._draws.choice((("Buy", ask), ("Sell", bid)))
        self._send(taker, at, f"t{ts}-{at}", side, 1, ticks, "ioc", ts)

    def _prices(self, at: int, off: int) -> tuple[tuple[str, int], tuple[str, int]]:
        middle = self._venue.settings.listings[at].reference_ticks + self._away[at]
        return ("Buy", middle - off), ("Sell", middle + off)

    def _send(
        self, participant: int, at: int, name: str, side: str, lots: int, ticks: int, time_in: str, ts: int
    ) -> None:
        """A limit order, where its price is one that the exchange takes."""
        if 0 < ticks <= self._venue.settings.listings[at].ticks_max:
            order = {"client_id": name, "side": side, "lots": lots, "price_ticks": ticks}
            order |= {"order_type": "limit", "time_in": time_in}
            self._venue.submit(ts, {"do": "new", "participant": participant, "instrument": at, **order})
