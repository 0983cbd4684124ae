"""Limits as they stand in a signed proposal: money as decimal strings, the rest as integers.

Promises: nothing is rounded; an unknown field is an error with a suggestion; a missing field grants nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from functools import cache
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem

_JSON_INTEGER_MAX = 2**53 - 1
# The default context would round the largest amounts; money is never rounded here.
_EXACT = Context(prec=100)


@cache
def limit_fields() -> dict[str, str]:
    """The fields of limits and their types: `money`, `i64` or `u32`.

    >>> limit_fields()["capital"], limit_fields()["order_lots"]
    ('money', 'i64')
    """
    return dict(_core.limit_fields())


def limits_body(limits: Mapping[str, Any]) -> dict[str, str | int]:
    """Spell limits for signing; money in currency units as int, str or Decimal, never as float.

    >>> limits_body({"capital": 1_000_000, "collar_bps": 300})
    {'capital': '1000000.00', 'collar_bps': 300}
    """
    body: dict[str, str | int] = {}
    for name, value in limits.items():
        kind = limit_fields().get(name)
        if kind is None:
            raise problem("GOV_BAD_BODY", f"limits has no field {name!r}{did_you_mean(name, limit_fields())}")
        body[name] = _money(name, value) if kind == "money" else _integer(name, value)
    return body


def _money(name: str, value: Any) -> str:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise InvalidOperation
        amount = Decimal(value)
        nano = amount.scaleb(9, _EXACT)
        if not amount.is_finite() or amount < 0 or nano != nano.to_integral_value(context=_EXACT):
            raise InvalidOperation
    except InvalidOperation:
        wanted = "a decimal string or integer of currency units, from 0, with at most nine decimals"
        raise problem("GOV_BAD_BODY", f"limits: {name} is {value!r}, not {wanted}") from None
    whole, fraction = divmod(int(nano), 10**9)
    return f"{whole}.{f'{fraction:09d}'.rstrip('0'):0<2}"


def _integer(name: str, value: Any) -> str | int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise problem("GOV_BAD_BODY", f"limits: {name} is {value!r}, not a whole number from 0")
    return number if number <= _JSON_INTEGER_MAX else str(number)
