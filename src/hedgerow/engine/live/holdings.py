"""What an account holds beside what a run's journal says, and what was paid for trading in another currency.

Promises: a fee in the instrument's currency is exact; one in what was bought is booked at the price of its execution,
rounded up, and so much less may be there. Never: a price for any other currency, a posting of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.market.instruments import Instrument

FEE_NANO_MAX = 10**24


class Holdings:
    """Of the instruments of a run, by their base currencies: `BTC` of `BTC/USDT`."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._instruments = tuple(instruments)
        self._amiss: set[str] = set()

    def fee_nano(self, told: Mapping[int, str], instrument: int) -> int | None:
        """What an execution cost (12, 13, 479), in 10^-9 of the instrument's currency; None where nobody can say."""
        about = self._instruments[instrument]
        if not told.get(12) or told.get(13, "3") != "3":
            return 0
        try:
            fee, price = Decimal(told[12]), Decimal(told.get(31, ""))
        except InvalidOperation:
            return None
        currency = told.get(479, "") or about.currency
        if not fee.is_finite() or not price.is_finite():
            return None
        if currency == _base(about.symbol):
            fee *= price
        elif currency != about.currency and fee:
            return None
        nano = int((fee * MONEY_UNIT).to_integral_value(ROUND_CEILING))
        return nano if abs(nano) < FEE_NANO_MAX else None

    def amiss(self, held: Mapping[str, Decimal], lots: Sequence[int], fills: Callable[[], Any]) -> Iterator[str]:
        """What the account has less of than the journal says; each once, until it is right again.

        lots: the position in each instrument; fills: the journal's, read only where something seems to be missing.
        """
        wanted: dict[str, Decimal] = {}
        for one, position in zip(self._instruments, lots, strict=True):
            if base := _base(one.symbol):
                wanted[base] = wanted.get(base, Decimal(0)) + position * one.lot
        for base, size in wanted.items():
            there = held.get(base, Decimal(0))
            if there >= size or there >= size - self._paid(base, fills()):
                self._amiss.discard(base)
            elif base not in self._amiss:
                self._amiss.add(base)
                yield f"{base}: the journal holds {size:f}, the account {there:f}; proposed: look at its trades"

    def _paid(self, base: str, fills: Any) -> Decimal:
        """At most so much of a currency went into fees."""
        paid = Decimal(0)
        for fill in fills:
            one = self._instruments[int(fill["instrument"])]
            if _base(one.symbol) == base:
                fee = int(fill["fee"]["lo"]) + (int(fill["fee"]["hi"]) << 64)
                paid += Decimal(fee) / MONEY_UNIT / (int(fill["price_ticks"]) * one.tick)
        return paid


def _base(symbol: str) -> str:
    """What is traded in a spot market; nothing for a contract (`BTC/USDT:USDT`), or an exchange's own symbol."""
    base, slash, rest = symbol.partition("/")
    return base if slash and ":" not in rest else ""
