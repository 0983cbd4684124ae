"""What is wanted of a vendor: which symbols, which kinds of rows, since when.

Promises: what is read is complete, or the faults say what is missing. Never: knows a vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from hedgerow.core.settings import Table

SYMBOLS_MAX = 1000


@dataclass(frozen=True)
class Wanted:
    """Symbols as the vendor (or ccxt) writes them, kinds of rows, and the beginning, UTC nanoseconds."""

    symbols: tuple[str, ...]
    kinds: tuple[str, ...]
    since_ns: int | None = None

    @classmethod
    def read(cls, top: Table, kinds: Sequence[str], *, by_symbol: bool = True) -> Wanted:
        """The keys `symbols`, `kinds` and `since` of a specification; `kinds`: those that the vendor has."""
        symbols = tuple(dict.fromkeys(top.texts("symbols"))) if by_symbol else ()
        if by_symbol and not 0 < len(symbols) <= SYMBOLS_MAX:
            top.fault("symbols", f"{len(symbols):,} symbols, from 1 to {SYMBOLS_MAX:,} can be asked for")
        given = tuple(dict.fromkeys(top.texts("kinds"))) or (tuple(kinds) if len(kinds) == 1 else ())
        if not given:
            top.fault("kinds", f"is missing: some of {', '.join(kinds)}")
        for kind in given:
            if kind not in kinds:
                top.fault("kinds", f"{kind!r} is none of {', '.join(kinds)}")
        since = sorted(top.days("since")) if by_symbol else []
        since_ns = int(datetime.combine(since[0], time(0), UTC).timestamp()) * 10**9 if since else None
        return cls(symbols, given, since_ns)
