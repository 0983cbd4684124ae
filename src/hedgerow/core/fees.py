"""Fees and rebates as exchanges publish them: by tier of trailing volume, for whoever waited and whoever took.

Promises: one object for venue, optimiser and cost analysis; numbers go to the core as exact integers; volume counts
from the next midnight (UTC) on, so that no trade lowers its own fee; who will take is what a forecast of costs assumes.
Never: a rate of its own, or a tier that costs more for more volume without being told so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import money_nano
from hedgerow.core.settings import known

Counts = Literal["notional", "units"]
BPS_NANO = 100_000
"""One basis point in the core's 10^-9."""
_MOST = {"maker_bps": 10_000.0, "taker_bps": 10_000.0, "maker_per_unit": 1e9, "taker_per_unit": 1e9}
VOLUME_MAX = 1e18
"""Largest volume that is believed, units or currency."""


@dataclass(frozen=True, kw_only=True)
class FeeTier:
    """Rates from a trailing volume on; below zero a rebate.

    volume: notional in the instruments' currency, or units. maker_bps, taker_bps: share of notional, basis points.
    maker_per_unit, taker_per_unit: per unit (share, coin, contract), in the instrument's currency.

    Raises SIM_BAD_COST for a number that cannot be meant.
    """

    volume: float = 0.0
    maker_bps: float = 0.0
    taker_bps: float = 0.0
    maker_per_unit: float = 0.0
    taker_per_unit: float = 0.0

    def __post_init__(self) -> None:
        believed_cost(self.volume, "volume", 0.0, VOLUME_MAX)
        for name, most in _MOST.items():
            believed_cost(getattr(self, name), name, -most, most)

    def for_core(self) -> tuple[int, tuple[int, int], tuple[int, int]]:
        """As the core takes it, in 10^-9."""
        maker = (round(self.maker_bps * BPS_NANO), money_nano(self.maker_per_unit))
        return money_nano(self.volume), maker, (round(self.taker_bps * BPS_NANO), money_nano(self.taker_per_unit))


@dataclass(frozen=True, kw_only=True)
class FeeSchedule:
    """A venue's schedule of fees. Instruments under equal schedules count their volume together, as one account.

    tiers: by rising volume, the first from 0 on. days: how many whole days (UTC) before today count. counts: notional,
        or units as stock exchanges count. beside: what the account trades beside the run in that time, always counted.

    Raises SIM_BAD_COST for tiers that do not rise from 0, or a window that is none.

    >>> vip = FeeSchedule(tiers=(FeeTier(maker_bps=2, taker_bps=5), FeeTier(volume=15e6, maker_bps=1.6, taker_bps=4)))
    >>> vip.at(20e6).taker_bps
    4
    """

    tiers: tuple[FeeTier, ...]
    days: int = 30
    counts: Counts = "notional"
    beside: float = 0.0

    def __post_init__(self) -> None:
        given: Sequence[Any] = self.tiers
        object.__setattr__(self, "tiers", tuple(_tier(tier) for tier in given))
        volumes = [tier.volume for tier in self.tiers]
        if not volumes or volumes[0] != 0 or volumes != sorted(set(volumes)):
            raise problem("SIM_BAD_COST", f"tiers from {volumes}; the first from 0 on, the others rising")
        if isinstance(self.days, bool) or not 1 <= self.days <= 366:
            raise problem("SIM_BAD_COST", f"days={self.days!r}; whole days from 1 to 366")
        if self.counts not in get_args(Counts):
            hint = did_you_mean(str(self.counts), get_args(Counts))
            raise problem("SIM_BAD_COST", f"counts={self.counts!r}; it is one of {', '.join(get_args(Counts))}{hint}")
        believed_cost(self.beside, "beside", 0.0, VOLUME_MAX)

    def at(self, volume: float) -> FeeTier:
        """The tier of a trailing volume of the run, what is traded beside it counted too."""
        reached = [tier for tier in self.tiers if tier.volume <= volume + self.beside]
        return reached[-1] if reached else self.tiers[0]

    def for_core(self) -> tuple[list[Any], int, bool, int]:
        """As the core takes it."""
        return [tier.for_core() for tier in self.tiers], self.days, self.counts == "units", money_nano(self.beside)


Fees = FeeSchedule | Mapping[str, FeeSchedule] | None
"""One schedule for all instruments, one for each that has one, or none."""


def fees_of(told: Any) -> Fees:
    """Schedules from objects, or from the plain values that a record or a TOML file holds.

    >>> fees_of({"tiers": [{"taker_bps": 5.0}], "days": 7}).at(0).taker_bps
    5.0
    """
    if told is None or isinstance(told, FeeSchedule):
        return told
    if not isinstance(told, Mapping) or not told:
        raise problem("RUN_CONFIG", f"fees={told!r:.60}; a FeeSchedule, or one for each symbol")
    if isinstance(told.get("tiers"), Sequence):
        return _schedule(told)
    return {str(symbol): _schedule(schedule) for symbol, schedule in told.items()}


def _schedule(told: Any) -> FeeSchedule:
    if isinstance(told, FeeSchedule):
        return told
    given = known(FeeSchedule, told, "a fee schedule")
    if "tiers" not in given:
        raise problem("RUN_CONFIG", "a fee schedule without tiers")
    return FeeSchedule(**given)


def _tier(told: Any) -> FeeTier:
    return told if isinstance(told, FeeTier) else FeeTier(**known(FeeTier, told, "a fee tier"))


def schedule_of(fees: Fees, symbol: str | None) -> FeeSchedule | None:
    """The schedule of an instrument; SIM_BAD_COST where it depends on the instrument and none is named."""
    if not isinstance(fees, Mapping):
        return fees
    if symbol is None:
        raise problem("SIM_BAD_COST", "fees differ by instrument; say the symbols")
    return fees.get(symbol)


def fees_for_core(fees: Fees, instruments: Sequence[Any]) -> tuple[list[Any], list[int | None]] | None:
    """The schedules, each once, and the place of each instrument's; None where there is none.

    Raises RUN_CONFIG for a symbol that is no instrument, and for notional of two currencies under one schedule.
    """
    if fees is None:
        return None
    symbols = [instrument.symbol for instrument in instruments]
    for symbol in fees if isinstance(fees, Mapping) else ():
        if symbol not in symbols:
            raise problem("RUN_CONFIG", f"fees of {symbol!r}, no instrument{did_you_mean(symbol, symbols)}")
    found = [schedule_of(fees, symbol) for symbol in symbols]
    listed = [schedule for place, schedule in enumerate(found) if schedule and schedule not in found[:place]]
    for schedule in listed:
        currencies = {i.currency for i, own in zip(instruments, found, strict=True) if own == schedule}
        if len(currencies) > 1 and len(schedule.tiers) > 1 and schedule.counts == "notional":
            raise problem("RUN_CONFIG", f"one fee schedule counts notional of {', '.join(sorted(currencies))}")
    return [s.for_core() for s in listed], [None if own is None else listed.index(own) for own in found]


def believed_cost(value: Any, name: str, least: float, most: float) -> None:
    """SIM_BAD_COST for what is no number between the two."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not least <= value <= most:
        raise problem("SIM_BAD_COST", f"{name}={value!r}; it is a number from {least:,.0f} to {most:,.0f}")
