"""Times and numbers as FIX writes them.

Promises: exact both ways; what is no time, or no number, is None. Never: a float, a time zone other than UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POWER_MAX = 40
"""Powers of ten between which a number lies that can be meant."""


def moment(ts: int) -> bytes:
    """UTC nanoseconds as FIX writes a time, to the millisecond.

    >>> moment(1_795_185_000_123_456_789)
    b'20261120-14:30:00.123'
    """
    second, rest_ns = divmod(ts, 10**9)
    return b"%s.%03d" % (_second(second), rest_ns // 10**6)


@lru_cache(maxsize=64)
def _second(second: int) -> bytes:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y%m%d-%H:%M:%S").encode()


def moment_ns(text: str) -> int | None:
    """UTC nanoseconds of a FIX time; None where it is none.

    >>> moment_ns("20261120-14:30:00.123")
    1795185000123000000
    """
    whole, _, fraction = text.partition(".")
    second = _second_of(whole)
    if second is None or (fraction and not fraction.isdecimal()):
        return None
    return second * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)


@lru_cache(maxsize=64)
def _second_of(whole: str) -> int | None:
    try:
        return int(datetime.strptime(whole, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def number(text: str) -> Decimal | None:
    """A price, a size or an amount; None where it is none, or none that can be meant.

    >>> number("-0.10"), number("1e999"), number("NaN")
    (Decimal('-0.10'), None, None)
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _POWER_MAX else None


@lru_cache(maxsize=65_536)
def decimal(value: Decimal) -> bytes:
    """A number without exponent and without idle zeros.

    >>> decimal(Decimal("10.5000")), decimal(Decimal("1E+3"))
    (b'10.5', b'1000')
    """
    said = format(value, "f")
    return (said.rstrip("0").rstrip(".") if "." in said else said).encode() or b"0"
