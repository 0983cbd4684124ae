"""What a catalog knew at a moment of instruments through their renames, splits, dividends and ends, as bars.

It only brings the parts together: `actions` says what happened, `adjusted` computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import HedgerowError
from hedgerow.market.actions import FIRST, stretches
from hedgerow.market.adjusted import Dividends, adjusted_bars, ended, one_instrument
from hedgerow.market.bars import Bars
from hedgerow.market.times import Moment, moment_ns

if TYPE_CHECKING:
    from hedgerow.market.catalog import Catalog


def adjusted_history(
    catalog: Catalog, symbols: Sequence[str] | None, as_of: Moment | None, splits: bool, dividends: Dividends | None
) -> Bars:
    """What `Catalog.adjusted` promises, before it is cut; without symbols every instrument under its latest name."""
    actions = catalog.actions(as_of=as_of)
    known_ns = None if as_of is None else moment_ns(as_of, end=True)
    told = _Told(catalog, as_of)
    parts = []
    for symbol in catalog.symbols if symbols is None else symbols:
        names = stretches(symbol, actions, told.last_event)
        if symbols is None and (names[-1].symbol != symbol or told.bars(symbol) is None):
            continue
        held = [(stretch, bars) for stretch in names if (bars := told.bars(stretch.symbol)) is not None]
        if not held:
            catalog.bars(symbol, as_of=as_of)  # says what is missing
        own = [a for a in actions for s in names if a.instrument == s.symbol and s.start_ns < a.ts_event <= s.end_ns]
        whole = ended(one_instrument(symbol, held), own, known_ns, told.price)
        parts.append(adjusted_bars(whole, own, splits=splits, dividends=dividends))
    return Bars.joined(parts, source=str(catalog.path)) if len(parts) != 1 else parts[0]


class _Told:
    """Bars known at a moment, each symbol read once."""

    def __init__(self, catalog: Catalog, as_of: Moment | None) -> None:
        self._catalog, self._as_of = catalog, as_of
        self._bars: dict[str, Bars | None] = {}

    def bars(self, symbol: str) -> Bars | None:
        """The bars of a symbol, or None where none were known."""
        if symbol not in self._bars:
            try:
                self._bars[symbol] = self._catalog.bars(symbol, as_of=self._as_of)
            except HedgerowError as error:
                if error.row.name not in ("DATA_EMPTY", "DATA_NOT_FOUND"):
                    raise
                self._bars[symbol] = None
        return self._bars[symbol]

    def last_event(self, symbol: str) -> int:
        """When the last of them happened."""
        bars = self.bars(symbol)
        return FIRST if bars is None else int(bars.ts_event.max())

    def price(self, symbol: str, moment_ns: int) -> Decimal | None:
        """The last close up to a moment."""
        bars = self.bars(symbol)
        if bars is None or not (rows := np.flatnonzero(bars.ts_event <= moment_ns)).size:
            return None
        last = rows[np.argmax(bars.ts_event[rows])]
        return bars.instruments[0].price(int(bars.close_ticks[last]))
