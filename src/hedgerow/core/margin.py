"""The margin that positions are held on: what opens and keeps them, how long a call may wait, what is closed then.

Promises: shares of a position's value, by instrument; to open never takes less than to keep; what cannot be meant is
refused before a run begins. Never: a rate of its own; without a `Margin`, a run knows no broker.
Source: Regulation T (12 CFR 220.12) and FINRA rule 4210(c) for stocks; contracts as their venue publishes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.fees import BPS_NANO
from hedgerow.core.rates import believed
from hedgerow.core.spans import ns_of

Share: TypeAlias = float | Mapping[str, float]
Close: TypeAlias = Literal["all", "restore"]
NANO = 10**9


@dataclass(frozen=True, kw_only=True)
class Margin:
    """What an account must hold against its positions. Make one with `regulation_t`, `contracts`, or your own figures.

    initial: share of a position's value that opening it takes; maintenance: that keeping it takes; short: that keeping
        a short position takes, as `maintenance` where it is None. One number for all, or one for each symbol: what
        is not named then takes the whole of its value.
    grace: how long a call may wait. Zero: positions are closed when the worst price within a bar asks for it.
    close: what is closed then: `all`, or as much as leaves the rest its initial margin (`restore`).
    fee_bps: fee of a liquidation beside the venue's, basis points of its notional.
    paid: whether positions are paid for in cash, as stocks are; contracts (False) are not, so that `Carry` pays
        interest on the account's cash, and not on the notional of what it holds.

    Raises RUN_NUMBER for a share outside 0 to 1 or a margin to keep above that to open, RUN_CONFIG for other words.

    >>> Margin.regulation_t().rates("KO"), Margin.contracts(0.1, 0.05).close
    ((0.5, 0.25, 0.3), 'all')
    """

    initial: Share
    maintenance: Share
    short: Share | None = None
    grace: timedelta = timedelta(0)
    close: Close = "all"
    fee_bps: float = 0.0
    paid: bool = True

    @classmethod
    def regulation_t(cls, *, grace: timedelta = timedelta(days=5), fee_bps: float = 0.0) -> Margin:
        """US stocks: half to open, a quarter to keep, 30 % short; a call has days; then as much is sold as it takes."""
        return cls(initial=0.5, maintenance=0.25, short=0.3, grace=grace, close="restore", fee_bps=fee_bps)

    @classmethod
    def contracts(cls, initial: Share, maintenance: Share, *, fee_bps: float = 50.0) -> Margin:
        """Futures and perpetuals: nothing is paid but margin, and where it is missing all is closed at once."""
        return cls(initial=initial, maintenance=maintenance, fee_bps=fee_bps, paid=False)

    def __post_init__(self) -> None:
        for name in ("initial", "maintenance", "short"):
            told = getattr(self, name)
            if told is None and name == "short":
                continue
            for symbol, share in (told if isinstance(told, Mapping) else {"all instruments": told}).items():
                believed(share, f"the {name} margin of {symbol}", least=0.0, most=1.0)
        for symbol in (*self.symbols(), ""):
            opens, keeps, shorts = self.rates(symbol)
            if max(keeps, shorts) > opens:
                said = f"keeping {symbol or 'a position'} takes {max(keeps, shorts):g}, opening it only {opens:g}"
                raise problem("RUN_NUMBER", said)
        grace: Any = self.grace
        if not isinstance(grace, timedelta) or grace < timedelta(0):
            raise problem("RUN_CONFIG", f"grace={self.grace!r}; a timedelta from zero on")
        if self.close not in get_args(Close):
            hint = did_you_mean(str(self.close), get_args(Close))
            raise problem("RUN_CONFIG", f"close={self.close!r}; it is one of {', '.join(get_args(Close))}{hint}")
        believed(self.fee_bps, "the fee of a liquidation", least=0.0, most=10_000.0)

    def symbols(self) -> tuple[str, ...]:
        """The symbols that are named."""
        told = (self.initial, self.maintenance, self.short)
        return tuple(dict.fromkeys(symbol for shares in told if isinstance(shares, Mapping) for symbol in shares))

    def rates(self, symbol: str) -> tuple[float, float, float]:
        """Of an instrument: to open, to keep long, to keep short."""

        def of(shares: Share) -> float:
            return float(shares.get(symbol, 1.0) if isinstance(shares, Mapping) else shares)

        keeps = of(self.maintenance)
        return of(self.initial), keeps, keeps if self.short is None else of(self.short)

    def for_core(self, symbols: Sequence[str]) -> tuple[list[tuple[int, ...]], int, bool, int]:
        """As the core takes it; RUN_CONFIG for a symbol that is no instrument."""
        for symbol in self.symbols():
            if symbol not in symbols:
                raise problem("RUN_CONFIG", f"margin of {symbol!r}, no instrument{did_you_mean(symbol, symbols)}")
        rates = [tuple(round(share * NANO) for share in self.rates(symbol)) for symbol in symbols]
        grace_ns = ns_of(self.grace)
        return rates, grace_ns, self.close == "all", round(self.fee_bps * BPS_NANO)

    def told(self) -> dict[str, Any]:
        """As plain values, for records."""
        shares = {name: getattr(self, name) for name in ("initial", "maintenance", "short")}
        told = {name: dict(share) if isinstance(share, Mapping) else share for name, share in shares.items()}
        others = {"close": self.close, "fee_bps": self.fee_bps, "paid": self.paid}
        return {**told, "grace_s": self.grace.total_seconds(), **others}
