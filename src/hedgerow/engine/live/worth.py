"""Rates of the currencies that fees are charged in: from a market of the run itself, or as its settings say.

Promises: a rate rests on the newest mark of `X/BASE` among the run's instruments, else on `[fx]`; it is on the record
before what it values, and again as it moves; a currency without one is told once. Never: a rate that nobody said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors
from hedgerow.core.nouns import MONEY_UNIT, text_of
from hedgerow.engine.live.outcome import rows_of
from hedgerow.market.instruments import Instrument


class Worth:
    """Of a run in a currency; stated: rates of other currencies into it, by the settings."""

    def __init__(
        self, engine: Any, instruments: Sequence[Instrument], currency: str, stated: Mapping[str, Decimal]
    ) -> None:
        self._engine, self._currency, self._stated = engine, currency, stated
        self._markets = {one.symbol: (at, one.tick) for at, one in enumerate(instruments) if one.currency == currency}
        self._told = {text_of(row["base"]): int(row["rate_nano"]) for row in rows_of(engine, "FxRate")}
        self._unvalued = set[str]()

    def tell(self, currency: str, now_ns: int) -> None:
        """Put the rate of a currency on the record, where it is known and another than before."""
        rate_nano = self._rate_nano(currency)
        if currency in ("", self._currency) or rate_nano in (0, self._told.get(currency)):
            return
        try:
            with named_errors():
                self._engine.fx_rate(currency, rate_nano, max(now_ns, self._engine.clock))
        except HedgerowError:
            return  # its books have no room for it: `unvalued` says so
        self._told[currency] = rate_nano

    def look(self, cash: Mapping[str, Decimal], now_ns: int) -> Iterator[str]:
        """Tell the rates of what is held that moved; what is held and has none, each once."""
        for currency, size in cash.items():
            if size:
                self.tell(currency, now_ns)
            if size and currency != self._currency and currency not in self._told and currency not in self._unvalued:
                self._unvalued.add(currency)
                yield f"{currency}: the run holds {size:f} of it, and no rate into {self._currency} is known"

    def _rate_nano(self, currency: str) -> int:
        at, tick = self._markets.get(f"{currency}/{self._currency}", (-1, Decimal(0)))
        with named_errors():
            ticks = None if at < 0 else _core.known_mark(self._engine, at)
        rate_nano = round((ticks * tick if ticks else self._stated.get(currency, Decimal(0))) * MONEY_UNIT)
        return rate_nano if rate_nano < 2**63 else 0
