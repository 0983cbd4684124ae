"""What can be traded: symbol, currency, tick, lot and multiplier, all exact.

Promises that one tick of one lot is worth a whole number of 0.000000001 currency units, so that every notional, fee
and profit is an exact integer. Never holds a float where money is made: `adv`, `sigma` and `locate` only feed limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, TypeAlias

from hedgerow.core.errors import problem

NANO = 1_000_000_000
"""Money, ticks and lots are counted in units of 1/NANO."""
_INT64_MAX = 2**63 - 1
_CURRENCY = re.compile(r"[A-Z0-9]{1,8}")

Number: TypeAlias = Decimal | int | float | str


def exact(value: Number, what: str) -> Decimal:
    """The decimal that `value` is written as: `0.01` (float) means 0.01, not its binary neighbour.

    Raises CORE-002 where the text is not a finite number.

    >>> exact(0.01, "tick")
    Decimal('0.01')
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise problem("CORE_TICK_VALUE", f"{what} {value!r} is not a number") from None
    if not number.is_finite():
        raise problem("CORE_TICK_VALUE", f"{what} {value!r} is not finite")
    return number


def _whole_nano(value: Decimal, what: str) -> int:
    nano = value * NANO
    if value <= 0 or nano != nano.to_integral_value() or nano > _INT64_MAX:
        raise problem("CORE_TICK_VALUE", f"{what} {value} is not a positive multiple of 0.000000001")
    return int(nano)


@dataclass(frozen=True)
class Instrument:
    """An instrument: its name, currency, smallest price step and smallest quantity.

    tick: price of one tick, currency units; lot: size of one lot, units (shares, coins, contracts); multiplier:
    currency value of one unit per unit of price (1 for shares, 50 for an index future). lots_min, lots_step: smallest
    order and its step, lots. adv: average daily volume, units per day, None = unknown (a volume limit then denies).
    sigma: one-day standard deviation of returns, a fraction. locate: units located for short sale, None = freely
    available. Raises CORE-002 (tick, lot), CORE-003 (currency), CORE-004 (symbol), RUN-002 (other fields).

    >>> Instrument("AAPL", tick="0.01").tick_value
    10000000
    >>> Instrument("ES", tick="0.25", multiplier=50).ticks("4500.25")
    18001
    """

    symbol: str
    currency: str = "USD"
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal(1)
    multiplier: int = 1
    sector: str | None = None
    shortable: bool = True
    adv: Decimal | None = None
    sigma: float | None = None
    locate: Decimal | None = None
    lots_min: int = 1
    lots_step: int = 1

    def __init__(
        self,
        symbol: str,
        currency: str = "USD",
        *,
        tick: Number = "0.01",
        lot: Number = 1,
        multiplier: int = 1,
        sector: str | None = None,
        shortable: bool = True,
        adv: Number | None = None,
        sigma: float | None = None,
        locate: Number | None = None,
        lots_min: int = 1,
        lots_step: int = 1,
    ) -> None:
        fields: dict[str, Any] = {
            "symbol": _symbol(symbol),
            "currency": _currency(currency),
            "tick": exact(tick, "tick").normalize(),
            "lot": exact(lot, "lot").normalize(),
            "multiplier": _whole(multiplier, "multiplier"),
            "sector": sector,
            "shortable": bool(shortable),
            "adv": _amount(adv, "adv"),
            "sigma": None if sigma is None else float(sigma),
            "locate": _amount(locate, "locate"),
            "lots_min": _whole(lots_min, "lots_min"),
            "lots_step": _whole(lots_step, "lots_step"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        if self.sigma is not None and not 0 <= self.sigma < 1e9:
            raise problem("RUN_CONFIG", f"sigma {sigma!r} of {symbol} is not a fraction from 0")
        self._check_tick_value()

    def _check_tick_value(self) -> None:
        product = self.tick_nano * self.lot_nano * self.multiplier
        if product % NANO or product // NANO > _INT64_MAX:
            raise problem(
                "CORE_TICK_VALUE",
                f"{self.symbol}: tick {self.tick} x lot {self.lot} x multiplier {self.multiplier} "
                f"= {self.tick * self.lot * self.multiplier} {self.currency}",
            )

    @cached_property
    def tick_nano(self) -> int:
        """Price of one tick in 0.000000001 currency units."""
        return _whole_nano(self.tick, f"{self.symbol}: tick")

    @cached_property
    def lot_nano(self) -> int:
        """Size of one lot in 0.000000001 units."""
        return _whole_nano(self.lot, f"{self.symbol}: lot")

    @property
    def tick_value(self) -> int:
        """Exact value of one tick of one lot, in 0.000000001 currency units, multiplier included."""
        return self.tick_nano * self.lot_nano * self.multiplier // NANO

    @property
    def adv_lots(self) -> int:
        """Average daily volume, whole lots rounded down; 0 = unknown."""
        return 0 if self.adv is None else int(self.adv / self.lot)

    @property
    def locate_lots(self) -> int | None:
        """Lots located for short sale, rounded down; None = freely available."""
        return None if self.locate is None else int(self.locate / self.lot)

    def price(self, ticks: int) -> Decimal:
        """The exact price of a number of ticks.

        >>> Instrument("AAPL").price(12_345)
        Decimal('123.45')
        """
        return self.tick * int(ticks)

    def ticks(self, price: Number) -> int:
        """The ticks of a price; DATA-007 where the price is not a multiple of the tick."""
        value = exact(price, "price")
        ticks = value / self.tick
        if ticks != ticks.to_integral_value():
            raise problem("DATA_OFF_TICK", f"{self.symbol}: price {value}, tick {self.tick}")
        return int(ticks)

    def record(self) -> dict[str, Any]:
        """Its fields as JSON values, decimals as text; `from_record` reads them back.

        >>> Instrument.from_record(Instrument("AAPL").record()) == Instrument("AAPL")
        True
        """
        fields = asdict(self)
        return {k: f"{v:f}" if isinstance(v, Decimal) else v for k, v in fields.items()}

    @classmethod
    def from_record(cls, fields: Mapping[str, Any]) -> Instrument:
        """An instrument from the fields that `record` gave."""
        return cls(**fields)


def _symbol(symbol: str) -> str:
    if not isinstance(symbol, str):
        raise problem("CORE_SYMBOL", f"{symbol!r} is not text")
    size = len(symbol.encode())
    if not 1 <= size <= 32 or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in symbol):
        raise problem("CORE_SYMBOL", f"{symbol!r} ({size} bytes)")
    return symbol


def _currency(currency: str) -> str:
    code = str(currency)
    if not _CURRENCY.fullmatch(code):
        hint = f"; did you mean {code.upper()!r}?" if _CURRENCY.fullmatch(code.upper()) else ""
        raise problem("CORE_CURRENCY", f"{currency!r}{hint}")
    return code


def _whole(value: int, what: str) -> int:
    if isinstance(value, bool) or int(value) != value or not 1 <= value <= _INT64_MAX:
        raise problem("RUN_CONFIG", f"{what} {value!r} is not a whole number from 1")
    return int(value)


def _amount(value: Number | None, what: str) -> Decimal | None:
    if value is None:
        return None
    number = exact(value, what)
    if number < 0:
        raise problem("RUN_CONFIG", f"{what} {value!r} is negative")
    return number
