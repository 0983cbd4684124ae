"""What an execution cost at a venue, in the venue's own digits, and how the venue names it.

Promises: what is charged in the instrument's currency goes with the fill, in any other currency beside it, both exact;
a fee with more digits than money has is rounded up, against us, and its digits are kept. Never: a price, a conversion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np

from hedgerow.core.nouns import MONEY_UNIT, noun

ABSOLUTE = "3"
"""CommType (13) of an amount; the others are rates."""
_DIGITS_MAX, _NAME_MAX = 32, 64
_CODE = re.compile(r"[A-Z0-9]{1,8}")
_LARGEST, _SMALLEST = 15, -40
"""Powers of ten between which a fee lies that can be meant."""


@dataclass(frozen=True)
class Charged:
    """What an execution cost.

    fee_nano: of it in the instrument's currency, charge_nano: in another one, both in 10^-9. currency, digits: as the
    venue said it; empty where it said none, or what no record holds. is_finer: it has more digits than money, and was
    rounded up. unbooked: what of it cannot be booked; empty where all of it is.
    """

    fee_nano: int = 0
    charge_nano: int = 0
    currency: str = ""
    digits: str = ""
    is_finer: bool = False
    unbooked: str = ""


def charged(told: Mapping[int, str], currency: str) -> Charged:
    """What an execution report (12, 13, 479) says that it cost, in an instrument of a currency.

    >>> charged({12: "0.6", 479: "USDT"}, "USDT")
    Charged(fee_nano=600000000, charge_nano=0, currency='USDT', digits='0.6', is_finer=False, unbooked='')
    >>> charged({12: "0.0000114", 479: "BNB"}, "USDT").charge_nano
    11400
    """
    digits, named = told.get(12, ""), told.get(479, "") or currency
    if not digits:
        return Charged()
    amount = _exact(digits)
    words = f"a fee of {digits} {named} was paid and is not booked"
    if told.get(13, ABSOLUTE) != ABSOLUTE:
        return Charged(unbooked=f"{words}: it is a rate (CommType {told[13]}), not an amount")
    if amount is None:
        return Charged(unbooked=f"{words}: that is no amount")
    if not is_currency(named):
        return Charged(unbooked=f"{words}: a currency has one to eight capitals or digits") if amount else Charged()
    nano = -(-amount.numerator * MONEY_UNIT // amount.denominator)
    is_finer, is_own = nano != amount * MONEY_UNIT, named == currency
    return Charged(nano if is_own else 0, 0 if is_own else nano, named, digits, is_finer)


def is_currency(code: str) -> bool:
    """Whether books can hold a currency of this name."""
    return _CODE.fullmatch(code) is not None


def execution_of(told: Mapping[int, str], cost: Charged) -> bytes | None:
    """The venue's words about a fill as the kernel takes them; None where it said neither names nor a fee."""
    names = {"trade": told.get(880, ""), "report": told.get(17, "")}
    kept = {name: text for name, text in names.items() if text and _fits(text)}
    if not kept and not cost.digits:
        return None
    row = np.zeros(1, noun("Execution").dtype)
    row["charge"] = cost.charge_nano & (2**64 - 1), cost.charge_nano >> 64
    for name, text in {**kept, "currency": cost.currency, "fee": cost.digits}.items():
        row[name] = text.encode()
    return row.tobytes()


def unkept(told: Mapping[int, str]) -> Iterator[str]:
    """Names of an execution that no record holds; whole, for people."""
    for tag in (880, 17):
        if told.get(tag) and not _fits(told[tag]):
            yield f"{told.get(11)}: its execution is called {told[tag]!r} ({tag}), more than a record holds"


def named(executions: Any, reference: str, order: int = 0) -> Any:
    """The record of an execution that a venue refers to (19), by its report's name or its trade's; None of another.

    order: whose it is, where that is known: two venues may call two trades alike.
    """
    wanted = reference.encode()
    for row in executions[::-1] if not order else executions[executions["order_id"] == order][::-1]:
        if wanted and wanted in (bytes(row["report"]), bytes(row["trade"])):
            return row
    return None


def _fits(text: str) -> bool:
    return len(text.encode()) <= _NAME_MAX and text.isprintable()


def _exact(digits: str) -> Fraction | None:
    try:
        amount = Decimal(digits)
    except InvalidOperation:
        return None
    if not amount.is_finite() or len(digits) > _DIGITS_MAX or not digits.isascii():
        return None
    return Fraction(amount) if not amount or _SMALLEST < amount.adjusted() < _LARGEST else None
