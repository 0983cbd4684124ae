"""What trading costs, and how much of the market may be ours: one object for research, optimiser and simulated venue.

Promises: `Costs()` is pessimistic and `Costs.none()` is the only way to trade for free; `expected_cost` is the formula
by which the simulated venue moves prices, before it rounds to ticks against us. Never a guess that helps: where a day's
volume is not known, a trade is taken for the whole of it.
Source: square-root law of impact, Toth et al. (2011), Almgren et al. (2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.fees import Fees, believed_cost, fees_of, schedule_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FloatArray: TypeAlias = NDArray[np.float64]

BPS = 1e-4
Fill = Literal["next_open", "vwap"]

_BOUNDS: dict[str, float] = {
    "half_spread_bps": 10_000.0,
    "impact": 1_000.0,
    "fee_bps": 10_000.0,
    "fee_per_share": 1e9,
    "fee_min": 1e9,
    "volume_cap": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Cost model of a run; every field says why one would change it.

    half_spread_bps: half of the bid-ask spread. Bars show trades, not quotes, so whoever takes liquidity pays it; 2 is
        wide for large US stocks and narrow for small ones.
    impact: `Y` of the square-root law `Y * sigma * sqrt(Q / ADV)`; about 1 in the literature, 0 switches impact off.
    fee_bps: fee as a share of notional, in basis points; 1 is a dear broker.
    fee_per_share: fee per unit (share, coin, contract), in the instrument's currency.
    fee_min: smallest fee of an order that trades, in the instrument's currency.
    volume_cap: largest share of a bar's volume that our orders together may trade; 0 = no cap, volume is not looked at.
    fill: where market orders trade: the next bar's open, or the next bar's volume-weighted average price.
    fees: schedules by tier (`FeeSchedule`), one for all instruments or one for each symbol, in place of `fee_bps` and
        `fee_per_share`; `fee_min` counts beside them. Forecasts assume the taker's rate.
    assume_volume: with a cap, count a bar of unknown volume as the instrument's average daily volume, scaled to the
        bar's length, instead of stopping with SIM_NO_VOLUME.

    Raises SIM_BAD_COST for a number that is negative, not finite or too large, RUN_CONFIG for an unknown `fill`.

    >>> Costs(fee_bps=0.5).half_spread_bps
    2.0
    """

    half_spread_bps: float = 2.0
    impact: float = 1.0
    fee_bps: float = 1.0
    fee_per_share: float = 0.0
    fee_min: float = 0.0
    volume_cap: float = 0.10
    fill: Fill = "next_open"
    assume_volume: bool = False
    fees: Fees = None

    def __post_init__(self) -> None:
        for name, most in _BOUNDS.items():
            believed_cost(getattr(self, name), name, 0.0, most)
        if self.fill not in get_args(Fill):
            hint = did_you_mean(str(self.fill), get_args(Fill))
            raise problem("RUN_CONFIG", f"fill={self.fill!r}; it is one of {', '.join(get_args(Fill))}{hint}")
        object.__setattr__(self, "fees", fees_of(self.fees))

    def told(self) -> dict[str, Any]:
        """As plain values, for records; `Costs(**costs.told())` is the same."""
        return {name: value for name, value in asdict(self).items() if name != "fees" or value is not None}

    @classmethod
    def none(cls) -> Costs:
        """No cost and no cap: for tests and for comparison with engines that have none.

        >>> float(Costs.none().expected_cost(1e6, sigma=0.02, adv_notional=1e7))
        0.0
        """
        return cls(half_spread_bps=0.0, impact=0.0, fee_bps=0.0, volume_cap=0.0)

    def without_fees(self, *, half_spread_bps: float = 0.0) -> Costs:
        """The same impact, with another half spread and no fees.

        >>> Costs(half_spread_bps=2, fee_bps=1, impact=0.5).without_fees().impact
        0.5
        """
        return replace(self, half_spread_bps=half_spread_bps, fee_bps=0.0, fee_per_share=0.0, fee_min=0.0, fees=None)

    def taker(self, symbols: Sequence[str] | None, traded: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """What who takes is charged, by symbol: basis points of notional, and money a unit.

        symbols: None = all alike, with (1,) of each. traded: trailing volume of the run, which chooses the tier.

        >>> Costs(fee_bps=3).taker(["A", "B"])[0].tolist()
        [3.0, 3.0]
        """
        rates = []
        for symbol in [None] if symbols is None else symbols:
            schedule = schedule_of(self.fees, symbol)
            tier = None if schedule is None else schedule.at(traded)
            flat = (self.fee_bps, self.fee_per_share)
            rates.append(flat if tier is None else (tier.taker_bps, tier.taker_per_unit))
        bps, per_unit = np.array(rates, dtype=np.float64).reshape(-1, 2).T
        return bps, per_unit

    def expected_cost(
        self,
        notional: ArrayLike,
        *,
        sigma: ArrayLike,
        adv_notional: ArrayLike,
        price: ArrayLike | None = None,
        symbols: Sequence[str] | None = None,
        traded: float = 0.0,
    ) -> NDArray[np.float64]:
        """Cost of trading `notional` of each instrument as one order each, in its currency; arrays broadcast.

        notional: value traded, its sign does not matter. sigma: one-day standard deviation of the return.
        adv_notional: value that trades in a day; zero or NaN = not known. price: of one unit, for fees per share.
        symbols: one for each entry, where fees differ by instrument. traded: trailing volume, which chooses the tier.
        `|notional| * (half_spread + fee + impact * sigma * sqrt(|notional| / adv)) + shares * fee_per_share`, the fees
        at least `fee_min` where anything is traded.

        Raises SIM_BAD_COST if sigma or ADV is negative, or if fees per share are asked for without a positive price.

        >>> costs = Costs(half_spread_bps=2, impact=1, fee_bps=1)
        >>> costs.expected_cost([1e6, -1e6], sigma=0.02, adv_notional=1e8).tolist()  # 2 bp + 1 bp + 2 % * sqrt(1 %)
        [2300.0, 2300.0]
        """
        size = np.abs(np.asarray(notional, dtype=np.float64))
        deviation, volume = np.asarray(sigma, dtype=np.float64), np.asarray(adv_notional, dtype=np.float64)
        for name, values in (("sigma", deviation), ("adv_notional", volume)):
            if (values < 0).any():
                raise problem("SIM_BAD_COST", f"{name} is {values.min()}; it is zero or positive")
        known = volume > 0
        participation = np.where(known, size / np.where(known, volume, 1.0), np.where(size > 0, 1.0, 0.0))
        moved = size * (self.half_spread_bps * BPS + self.impact * deviation * np.sqrt(participation))
        bps, per_unit = self.taker(symbols, traded)
        if symbols is None:
            bps, per_unit = bps[0], per_unit[0]
        fees = size * bps * BPS + _unit_fees(size, price, per_unit)
        charged = np.where(size > 0, np.maximum(fees, self.fee_min), 0.0)
        return np.asarray(moved + charged, dtype=np.float64)


def _unit_fees(size: FloatArray, price: ArrayLike | None, per_unit: FloatArray) -> FloatArray:
    if (per_unit == 0).all():
        return np.zeros_like(size)
    unit = np.asarray(np.nan if price is None else price, dtype=np.float64)
    if not (unit > 0).all():
        raise problem("SIM_BAD_COST", f"a fee of {per_unit.max()} a unit needs a positive price of every instrument")
    return np.asarray(size / unit * per_unit, dtype=np.float64)
