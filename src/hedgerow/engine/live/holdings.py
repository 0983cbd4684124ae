"""What an account holds beside what a run's journal says, currency by currency.

Promises: positions of spot markets count as what is traded in them, with what fees took or gave. Never: a posting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from hedgerow.market.instruments import Instrument


class Holdings:
    """Of a run in a currency, over its instruments by their base currencies: `BTC` of `BTC/USDT`."""

    def __init__(self, instruments: Sequence[Instrument], currency: str) -> None:
        self._instruments, self._currency = tuple(instruments), currency
        self._amiss, self._overdrawn = set[str](), set[str]()
        self._there: Mapping[str, Decimal] | None = None

    def amiss(self, there: Mapping[str, Decimal], held: Mapping[str, Decimal]) -> Iterator[str]:
        """What the account has less of than the journal says; each once, until it is right again. held: see `held`."""
        self._there = there
        for name, size in held.items():
            if there.get(name, Decimal(0)) >= size:
                self._amiss.discard(name)
            elif name not in self._amiss:
                self._amiss.add(name)
                has = there.get(name, Decimal(0))
                yield f"{name}: the journal holds {size:f}, the account {has:f}; proposed: look at its trades"

    def overdrawn(self, held: Mapping[str, Decimal]) -> Iterator[str]:
        """Currencies of which fees took more than the run holds; each once."""
        for name, size in held.items():
            if size < 0 and name not in self._overdrawn:
                self._overdrawn.add(name)
                known = "what the account holds is not known"
                if self._there is not None:
                    known = f"the account held {self._there.get(name, Decimal(0)):f} when it was last asked"
                yield f"{name}: fees left {size:f} of it in the run's books; {known}"

    def held(self, lots: Sequence[int], cash: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """What the journal holds of each currency but the run's own. lots: the position in each instrument."""
        found = {name: size for name, size in cash.items() if name != self._currency}
        for one, position in zip(self._instruments, lots, strict=True):
            if base := base_of(one.symbol):
                found[base] = found.get(base, Decimal(0)) + position * one.lot
        return found


def base_of(symbol: str) -> str:
    """What is traded in a spot market; nothing for a contract (`BTC/USDT:USDT`), or an exchange's own symbol."""
    base, slash, rest = symbol.partition("/")
    return base if slash and ":" not in rest else ""
