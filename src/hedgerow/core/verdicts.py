"""A verdict in one sentence: code, what happened, the value seen, whose limit, what to do next.

Promises: every number is told in the unit of the rule that spoke (money, lots, ticks, a time, an age). Never: decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hedgerow.core.errors import problem
from hedgerow.core.nouns import MONEY_UNIT, money_decimal

FIRM_LEVEL = 1
DENIED = 2
"""The decision of a verdict that denies, as its record has it."""


def verdict_sentence(code: int, value_nano: int, limit_nano: int, level: int = 0, currency: str = "") -> str:
    """What a verdict says; `approved` where no rule failed.

    code: number of the first rule that failed, 0 if none. value_nano, limit_nano: as in the record, times 10^9.

    >>> verdict_sentence(0x030E, 1_250_000 * 10**9, 1_000_000 * 10**9, currency="USD")
    'RISK-014 order exceeds the notional limit: 1,250,000 USD, strategy limit 1,000,000 USD; reduce the size or ...'
    """
    if code == 0:
        return "approved"
    show = _UNITS.get(code & 0xFF)
    if show is None or (value_nano == 0 and limit_nano == 0):
        return str(problem(code))
    owner = "firm" if level == FIRM_LEVEL else "strategy"
    unit = f" {currency}" if show is _money and currency else ""
    return str(problem(code, f"{show(value_nano)}{unit}, {owner} limit {show(limit_nano)}{unit}"))


def _money(nano: int) -> str:
    exact = money_decimal(nano)
    return f"{exact:,.2f}" if exact % 1 else f"{exact:,}"


def _count(what: str) -> Callable[[int], str]:
    return lambda nano: f"{nano // MONEY_UNIT:,} {what}".rstrip()


def _time(nano: int) -> str:
    ns = nano // MONEY_UNIT
    if not 0 < ns < 253_402_300_800 * 10**9:
        return "never"
    return f"{datetime.fromtimestamp(ns // 10**9, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"


def _age(nano: int) -> str:
    return f"{nano / MONEY_UNIT / 1e9:,.3f} s"


_UNITS: dict[int, Callable[[int], str]] = {
    1: _time,
    2: _time,
    5: _time,
    6: _count(""),
    7: _count("ticks"),
    8: _count("lots"),
    11: _count("lots"),
    12: _age,
    13: _count("lots"),
    14: _money,
    15: _count("lots"),
    16: _count("ticks"),
    17: _count("ticks"),
    18: _count("orders"),
    19: _count("orders"),
    20: _money,
    21: _money,
    22: _money,
    23: _money,
    24: _money,
    25: _money,
    26: _money,
    27: _money,
    28: _money,
    34: _count("lots"),
}
"""By number of the rule: how its numbers are told."""
