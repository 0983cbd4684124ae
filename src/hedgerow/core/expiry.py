"""The last moment of a contract that is settled in cash: a future at its settlement price, an option at its worth.

Promises: exact decimals; an option is worth its intrinsic value and never less than nothing; what cannot be meant is
refused before a run begins. Never: an exercise before the end, or a delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from hedgerow.core.errors import did_you_mean, problem

Right: TypeAlias = Literal["call", "put"]
RIGHTS = ("call", "put")


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """When a contract ends, and at what; among the `actions` of a run.

    instrument: symbol of the contract. ts_event: its last moment, UTC nanoseconds. settlement: the settlement price, of
        an option that of its underlying; None = the last price of `underlying`, or of the future itself, that the run
        has by then. strike, right: of an option, `call` or `put`.

    Raises RUN_CONFIG for an option without strike, settlement and underlying, RUN_NUMBER for a price that is none.

    >>> Expiry(instrument="SPX C100", ts_event=1, strike="100", right="call", settlement=104.5).worth(Fraction(209, 2))
    Fraction(9, 2)
    """

    instrument: str
    ts_event: int
    settlement: Decimal | float | str | None = None
    underlying: str | None = None
    strike: Decimal | float | str | None = None
    right: Right | None = None

    def __post_init__(self) -> None:
        for name in ("settlement", "strike"):
            object.__setattr__(self, name, _price(getattr(self, name), f"the {name} of {self.instrument}"))
        ts: Any = self.ts_event
        if isinstance(ts, bool) or not isinstance(ts, int):
            raise problem("RUN_CONFIG", f"{self.instrument} expires at {ts!r:.40}; UTC nanoseconds")
        if self.right is not None and self.right not in RIGHTS:
            hint = did_you_mean(str(self.right), RIGHTS)
            raise problem("RUN_CONFIG", f"right={self.right!r} of {self.instrument}; call or put{hint}")
        if (self.right is None) != (self.strike is None):
            raise problem("RUN_CONFIG", f"{self.instrument}: an option has a right and a strike, a future has neither")
        if self.right is not None and self.settlement is None and self.underlying is None:
            raise problem("RUN_CONFIG", f"{self.instrument}: say the settlement of its underlying, or which that is")

    def worth(self, settlement: Fraction) -> Fraction:
        """What a unit is closed at, by the price that settles it."""
        if self.strike is None:
            return settlement
        above = settlement - Fraction(self.strike)
        return max(above if self.right == "call" else -above, Fraction(0))


def _price(told: Any, what: str) -> Decimal | None:
    if told is None:
        return None
    try:
        price = Decimal(str(told))
    except ArithmeticError:
        price = Decimal("NaN")
    if isinstance(told, bool) or not price.is_finite() or abs(price) > 10**12:
        raise problem("RUN_NUMBER", f"{what} is {told!r:.40}; a price")
    return price
