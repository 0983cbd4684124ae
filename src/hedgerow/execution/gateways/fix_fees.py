"""What an execution report says that an execution cost: its commission, and the fees of a group beside it.

Promises: amounts in one currency are added exactly; what cannot be added stands as the venue said it, all of it, and is
no amount, so that whoever books it finds it and tells people. Never: a conversion, a part booked for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation, localcontext

_ABSOLUTE = "3"
"""CommType (13) of an amount."""
_BASIS = {"": "", "0": ""}
"""MiscFeeBasis (891) of an amount; others are per unit, or a percentage."""


def with_fees(told: Mapping[int, str], fields: Sequence[tuple[int, bytes, int]]) -> dict[int, str]:
    """A report with the fees of its group (NoMiscFees, 136) added to its commission (12, 13, 479).

    >>> fees = [(137, b"0.25", 1), (138, b"USD", 1), (137, b"-0.1", 1), (138, b"USD", 1)]
    >>> with_fees({12: "1", 479: "USD"}, fees)
    {12: '1.15', 479: 'USD', 13: '3'}
    >>> with_fees({12: "1", 479: "EUR"}, fees)[12]
    '1 EUR and 0.25 USD and -0.1 USD'
    """
    entries = _entries(fields)
    if not entries:
        return dict(told)
    if told.get(12):
        kind = "" if told.get(13, _ABSOLUTE) == _ABSOLUTE else f"(CommType {told[13]})"
        entries.insert(0, (told[12], told.get(479, ""), kind))
    currencies = {currency for _, currency, _ in entries}
    amounts = [_exact(amount) for amount, _, kind in entries if not kind]
    if len(currencies) == 1 and len(amounts) == len(entries) and None not in amounts:
        with localcontext(prec=200):
            total = sum((amount for amount in amounts if amount is not None), Decimal(0))
        return {**told, 12: f"{total:f}", 479: currencies.pop(), 13: _ABSOLUTE}
    words = (" ".join(part for part in entry if part) for entry in entries)
    return {**told, 12: " and ".join(words), 13: _ABSOLUTE}


def _entries(fields: Sequence[tuple[int, bytes, int]]) -> list[tuple[str, str, str]]:
    """Amount, currency and what else it is of each fee of the group."""
    found: list[dict[int, str]] = []
    for tag, value, depth in fields:
        if depth == 1 and tag == 137:
            found.append({})
        if depth == 1 and found:
            found[-1].setdefault(tag, value.decode("latin-1"))
    return [
        (told[137], told.get(138, ""), _BASIS.get(told.get(891, ""), f"(MiscFeeBasis {told.get(891)})"))
        for told in found
    ]


def _exact(digits: str) -> Decimal | None:
    try:
        amount = Decimal(digits)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) < 60 else None
