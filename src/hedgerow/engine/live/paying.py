"""What a run at a venue pays, and what it and its account hold: told to the kernel, and to people where it is amiss.

Promises: the rate of a currency is on the record before what was charged in it; whatever cannot be booked, has more
digits than money, is not valued, below zero or missing in the account is a finding. Never: a posting of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hedgerow.engine.live.charges import charged, execution_of, named, unkept
from hedgerow.engine.live.holdings import Holdings
from hedgerow.engine.live.orders import Working
from hedgerow.engine.live.outcome import cash_of, rows_of
from hedgerow.engine.live.worth import Worth
from hedgerow.market.instruments import Instrument

LOOKED_EVERY_NS = 60 * 10**9
"""How often the rates of what is held are looked at; each charge looks too."""
_TAKEN_BACK = {"H": "takes back", "G": "corrects"}


class Paying:
    """Of a strategy's run. find: tells people, by the name of a code, words, and the record meant."""

    def __init__(
        self,
        engine: Any,
        strategy: int,
        instruments: Sequence[Instrument],
        currency: str,
        stated: Mapping[str, Decimal],
        find: Callable[[str, str, int], None],
    ) -> None:
        self._engine, self._strategy, self._instruments, self._find = engine, strategy, tuple(instruments), find
        self._holdings = Holdings(instruments, currency)
        self._worth = Worth(engine, instruments, currency, stated)
        self._finer = set[str]()
        self._looked_ns = 0

    def told(self, told: Mapping[int, str], order: Working, now_ns: int) -> tuple[int, bytes | None]:
        """Of an execution report: the fee that goes with its fill, 10^-9, and the venue's words about it, a record."""
        cost = charged(told, self._instruments[order.instrument].currency)
        if cost.unbooked:
            self._find("LIVE_FEE", f"{told.get(11)}: {cost.unbooked}", order.id)
        if cost.is_finer and cost.currency not in self._finer:
            self._finer.add(cost.currency)
            words = f"{told.get(11)}: {cost.digits} {cost.currency}, and others to come, are rounded up to 0.000000001"
            self._find("LIVE_FINER", words, order.id)
        for words in unkept(told):
            self._find("LIVE_WORDS", words, order.id)
        if cost.charge_nano:
            self._worth.tell(cost.currency, now_ns)
            self._looked_ns = 0
        return cost.fee_nano, execution_of(told, cost)

    def look(self, now_ns: int) -> None:
        """Whatever is held has its newest rate, once a minute and behind each charge."""
        if now_ns - self._looked_ns < LOOKED_EVERY_NS:
            return
        self._looked_ns = now_ns
        cash = cash_of(self._engine, self._strategy)
        for words in self._worth.look(cash, now_ns):
            self._find("LIVE_UNVALUED", words, 0)
        for words in self._holdings.overdrawn(self._held(cash)):
            self._find("LIVE_OVERDRAWN", words, 0)

    def close(self, now_ns: int) -> None:
        """The same once more, at the end of a run."""
        self._looked_ns = 0
        self.look(now_ns)

    def balances(self, there: Mapping[str, Decimal]) -> None:
        """The account holds so much: less than the journal says is a difference."""
        for words in self._holdings.amiss(there, self._held(cash_of(self._engine, self._strategy))):
            self._find("LIVE_DIFFERS", words, 0)

    def takes_back(self, told: Mapping[int, str], order: int) -> bool:
        """Whether a report takes an execution back or corrects it (150=H, G): people are told which of ours it is."""
        if (does := _TAKEN_BACK.get(told.get(150, ""))) is None:
            return False
        reference = told.get(19, "")
        row = named(rows_of(self._engine, "Execution"), reference, order)
        which = "none of ours is called so" if row is None else f"fill {int(row['cause'])} of {told.get(11)}"
        words = f"the venue {does} execution {reference!r}: {which}; proposed: the same, once confirmed in writing"
        self._find("LIVE_DIFFERS", words, 0 if row is None else int(row["cause"]))
        return True

    def _held(self, cash: Mapping[str, Decimal]) -> dict[str, Decimal]:
        lots = [self._engine.position_lots(self._strategy, at) for at in range(len(self._instruments))]
        return self._holdings.held(lots, cash)
