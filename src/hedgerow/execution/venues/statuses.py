"""Who watches what instruments do at the exchange (FIX SecurityStatus): told when asked for, and at each change.

Promises: a watcher is told the phase as it is now, and again once it is another. Never: one that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hedgerow.execution.venues.fix_reports import Pairs
from hedgerow.execution.venues.house import Venue

_UNKNOWN = b"20"
_STATUS = {"closed": b"18", "opening_call": b"21", "continuous": b"17", "closing_call": b"21", "halted": b"2"}
"""SecurityTradingStatus (326): not available, pre-open, ready to trade, pre-open, halt."""
_STAGE = {"opening_call": b"2", "continuous": b"3", "closing_call": b"4"}
"""TradingSessionSubID (625), since FIX 4.4: opening auction, continuous trading, closing auction."""


class Statuses:
    """The requests of one participant's session; they end with it."""

    def __init__(self, venue: Venue, *, is_old: bool) -> None:
        self._venue, self._is_old = venue, is_old
        self._asked: dict[bytes, int] = {}
        self._told: dict[bytes, str] = {}

    def ask(self, fields: Mapping[int, bytes]) -> Pairs | None:
        """SecurityStatusRequest (e): 263 is 0 for now alone, 1 to begin, 2 to end. The answer that is due at once."""
        name, symbol = fields.get(324, b""), fields.get(55, b"")
        at = self._venue.symbols.get(symbol.decode("latin-1"))
        self._told.pop(name, None)
        if fields.get(263) == b"2":
            self._asked.pop(name, None)
        elif at is None or fields.get(263) not in (b"0", b"1"):
            why = b"no such instrument" if at is None else b"SubscriptionRequestType 0, 1 and 2 are known"
            return [(324, name), (55, symbol), (326, _UNKNOWN), (58, why)]
        elif fields[263] == b"0":
            return self._status(name, at, self._phase(at))
        else:
            self._asked[name] = at
        return None

    def show(self, send: Callable[[str, Pairs], bool]) -> None:
        """Tell every phase that is another than the one told last (f)."""
        for name, at in self._asked.items():
            phase = self._phase(at)
            if self._told.get(name) != phase and send("f", self._status(name, at, phase)):
                self._told[name] = phase

    def forget(self) -> None:
        """The session is over."""
        self._asked.clear()
        self._told.clear()

    def _phase(self, at: int) -> str:
        phase, _ = self._venue.core.market(at) or ("closed", 0)
        return phase

    def _status(self, name: bytes, at: int, phase: str) -> Pairs:
        pairs: Pairs = [(324, name), (55, self._venue.settings.listings[at].symbol.encode())]
        stage = [] if self._is_old or phase not in _STAGE else [(625, _STAGE[phase])]
        return [*pairs, *stage, (326, _STATUS[phase])]
