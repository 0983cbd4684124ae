"""Limits as policy: what a mandate grants, in exact decimals, in the form that people sign.

Promises: field names are the core's; a field that is not given is zero and grants nothing; money is exact. Never: a
limit that loosens itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS

Amount = int | str | Decimal | float

MONEY_FIELDS = ("capital", "gross", "net", "position", "sector", "order_notional", "loss", "drawdown", "var")
_SMALLEST = Decimal("0.000000001")
_UNBOUNDED = Decimal(10**12)
_MONEY_MAX = Decimal(10**18)
_INTEGER_MAX = 2**53 - 1
# Throttles, shares and rates are 32 bits wide in the core; sizes and ages 64, of which JSON carries 53.
_WIDE_FIELDS = ("order_lots", "data_age_ns")
_NARROW_MAX = 2**32 - 1
_BPS = 10_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a strategy, or the firm, may do; zero grants nothing.

    capital: money granted. gross, net, position, sector: exposure, working orders at their worst. order_notional,
    order_lots: one order. loss: since the day began. drawdown: from the highest equity. var: one day at 95 %.
    data_age_ns: oldest price an order may rest on. collar_bps: distance of a limit price from the market.
    orders_per_second, repeats_per_second: throttles. concentration_bps: one instrument's share of gross. margin_bps:
    margin on exposure, 10,000 = fully paid. adv_share_bps: one order's share of average daily volume.
    Money is in the fund's base currency: an int, a decimal text or a Decimal (a float counts as the decimal it prints).

    >>> Limits(capital="1000000.50").to_json()["capital"]
    '1000000.5'
    """

    capital: Amount = 0
    gross: Amount = 0
    net: Amount = 0
    position: Amount = 0
    sector: Amount = 0
    order_notional: Amount = 0
    loss: Amount = 0
    drawdown: Amount = 0
    var: Amount = 0
    order_lots: int = 0
    data_age_ns: int = 0
    collar_bps: int = 0
    orders_per_second: int = 0
    repeats_per_second: int = 0
    concentration_bps: int = 0
    margin_bps: int = 0
    adv_share_bps: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in MONEY_FIELDS:
                object.__setattr__(self, field.name, _money(field.name, value))
                continue
            highest = _INTEGER_MAX if field.name in _WIDE_FIELDS else _NARROW_MAX
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
                raise problem("RUN_CONFIG", f"limit {field.name}={value!r}; a whole number from 0 to {highest}")

    @property
    def is_var_unbounded(self) -> bool:
        """Whether the value-at-risk limit is so high that no limit is meant."""
        return _money("var", self.var) >= _UNBOUNDED

    def to_json(self) -> dict[str, str | int]:
        """Plain values as they stand in a signed proposal: money as decimal text, the rest integers."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _text(value) if isinstance(value, Decimal) else value for name, value in values.items()}

    def to_json_text(self) -> str:
        """The same as one JSON object."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Limits:
        """Read what `to_json` wrote; a missing name grants nothing, an unknown one is an error with suggestions.

        >>> Limits.from_json({"capital": "1000", "order_lots": 5}) == Limits(capital=1000, order_lots=5)
        True
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise problem("RUN_CONFIG", f"no limit {name!r}{did_you_mean(name, known)}")
        return cls(**values)

    @classmethod
    def scaled(
        cls,
        *,
        capital: Amount,
        gross: Amount = 1,
        net: Amount = 1,
        position: Amount = "0.10",
        sector: Amount = "0.40",
        order_notional: Amount = "0.05",
        loss: Amount = "0.02",
        drawdown: Amount = "0.10",
        var: Amount = "0.05",
    ) -> Limits:
        """Limits as shares of the capital, with throttles of a fund that trades daily bars.

        What is not named is cautious: no leverage, ten positions at least, ten per cent to lose. Working orders count
        at their worst, so a fully invested book needs a gross above 1 to buy before its sales are filled.

        >>> Limits.scaled(capital=1000).position
        Decimal('100')
        >>> Limits.scaled(capital=1000, gross="1.5", net=1, position="0.1", sector="0.3", order_notional="0.05",
        ...               loss="0.02", drawdown="0.1", var="0.03").gross
        Decimal('1500')
        """
        total = _money("capital", capital)
        shares = {
            "gross": gross,
            "net": net,
            "position": position,
            "sector": sector,
            "order_notional": order_notional,
            "loss": loss,
            "drawdown": drawdown,
            "var": var,
        }
        money = {name: _round(total * _money(name, share)) for name, share in shares.items()}
        return cls(
            capital=total,
            **money,
            order_lots=_INTEGER_MAX,
            data_age_ns=10 * DAY_NS,
            collar_bps=1_000,
            orders_per_second=1_000,
            repeats_per_second=1,
            concentration_bps=10_000,
            margin_bps=10_000,
            adv_share_bps=1_000,
        )

    @classmethod
    def for_research(cls, *, capital: Amount, leverage: Amount = 1) -> Limits:
        """Limits of a research run: what the capital can buy; nothing else is bounded, so no limit trades instead."""
        total = _money("capital", capital)
        times = _money("leverage", leverage)
        if not 0 < times <= _BPS:
            raise problem("RUN_CONFIG", f"leverage={leverage!r}; above 0, at most {_BPS}")
        whole = 10**9
        return cls(
            capital=total,
            **dict.fromkeys(MONEY_FIELDS[1:], max(_UNBOUNDED, total * 1000)),
            order_lots=_INTEGER_MAX,
            data_age_ns=_INTEGER_MAX,
            collar_bps=10_000,
            orders_per_second=whole,
            repeats_per_second=whole,
            concentration_bps=10_000,
            margin_bps=int(_BPS / times),
            adv_share_bps=whole,
        )


def _money(name: str, value: Amount) -> Decimal:
    try:
        if isinstance(value, bool):
            raise TypeError
        exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise problem("RUN_CONFIG", f"limit {name}={value!r} is not a number") from None
    if not exact.is_finite() or not 0 <= exact <= _MONEY_MAX or exact != _round(exact):
        raise problem("RUN_CONFIG", f"limit {name}={value!r}; from 0 to 10^18, at most nine decimals")
    return _round(exact)


def _round(value: Decimal) -> Decimal:
    return value.quantize(_SMALLEST).normalize() if value % 1 else value.to_integral_value()


def _text(value: Decimal) -> str:
    return f"{value:f}"
