"""What an execution report says that an execution cost: its commission, and the fees of a group beside it.

Promises: amounts in one currency are added exactly; what cannot be added stands as the venue said it, all of it, and is
no amount, so that whoever books it finds it and tells people. Never: a conversion, a part booked for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from hedgerow.execution.fix.groups import Field, entries
from hedgerow.execution.fix.values import number

_ABSOLUTE = "3"
"""CommType (13) of an amount."""
_BASIS = {"": "", "0": ""}
"""MiscFeeBasis (891) of an amount; others are per unit, or a percentage."""


def with_fees(told: Mapping[int, str], fields: Sequence[Field]) -> dict[int, str]:
    """A report with the fees of its group (NoMiscFees, 136) added to its commission (12, 13, 479).

    >>> group = [(137, b"0.25", 1), (138, b"USD", 1), (137, b"-0.1", 1), (138, b"USD", 1)]
    >>> with_fees({12: "1", 479: "USD"}, group)
    {12: '1.15', 479: 'USD', 13: '3'}
    >>> with_fees({12: "1", 479: "EUR"}, group)[12]
    '1 EUR and 0.25 USD and -0.1 USD'
    """
    fees = _misc(fields)
    if not fees:
        return dict(told)
    if told.get(12):
        kind = "" if told.get(13, _ABSOLUTE) == _ABSOLUTE else f"(CommType {told[13]})"
        fees.insert(0, (told[12], told.get(479, ""), kind))
    currencies = {currency for _, currency, _ in fees}
    amounts = [number(amount) for amount, _, kind in fees if not kind]
    if len(currencies) == 1 and len(amounts) == len(fees) and None not in amounts:
        with localcontext(prec=200):
            total = sum((amount for amount in amounts if amount is not None), Decimal(0))
        return {**told, 12: f"{total:f}", 479: currencies.pop(), 13: _ABSOLUTE}
    words = (" ".join(part for part in entry if part) for entry in fees)
    return {**told, 12: " and ".join(words), 13: _ABSOLUTE}


def _misc(fields: Sequence[Field]) -> list[tuple[str, str, str]]:
    """Amount, currency and what else it is of each fee of the group."""
    return [
        (told[137], told.get(138, ""), _BASIS.get(told.get(891, ""), f"(MiscFeeBasis {told.get(891)})"))
        for told in entries(fields, 137)
    ]
