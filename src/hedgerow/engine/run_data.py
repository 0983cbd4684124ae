"""Bars as a run needs them: columns for the core, times, units, and the liquidity figures that costs rest on.

Promises: columns are the very arrays of the bars, not copies. Where an instrument does not state its volatility or
average daily volume, the run's own data give them: they price costs, they never reach a strategy.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.table_columns import times
from hedgerow.market.bars import Bars
from hedgerow.market.instruments import Instrument

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SHORTABLE = 1
FREELY_AVAILABLE = 2**62


class RunData:
    """The bars of one run."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.symbols = bars.symbols
        self.instruments = bars.instruments
        self.columns: tuple[npt.NDArray[Any], ...] = (
            bars.ts_event,
            bars.ts_init,
            bars.instrument,
            bars.open_ticks,
            bars.high_ticks,
            bars.low_ticks,
            bars.close_ticks,
            bars.volume_lots,
            bars.span_ns,
        )
        self.start_ns = int(bars.ts_event[0] - bars.span_ns[0])
        self.end_ns = int(bars.ts_init[-1])
        self.looked_at: Any = None
        """That the core found every row good, for runs that share these columns; a run alone looks as it goes."""

    def __len__(self) -> int:
        return len(self.bars)

    def look(self) -> None:
        """Have the core look at all rows, once for every run over them; of several instruments it proves nothing."""
        self.looked_at = _core.look_at(self.columns)

    @cached_property
    def lot_sizes(self) -> Floats:
        """Units per lot, by instrument."""
        return np.array([i.lot_nano / 1e9 for i in self.instruments])

    @cached_property
    def time_index(self) -> Ints:
        """For each row, which of the run's times it belongs to."""
        return np.concatenate([[0], np.cumsum(np.diff(self.bars.ts_init) != 0)])

    @cached_property
    def times_ns(self) -> Ints:
        """The run's times, UTC nanoseconds."""
        known: Ints = self.bars.ts_init
        return np.asarray(known[np.concatenate([[True], np.diff(known) != 0])])

    def day_ends(self, count: int) -> DayEnds:
        """Where each UTC day of the run's start and its first `count` times ends."""
        if count == len(self.times_ns):
            return self._day_ends
        return DayEnds.of(self.start_ns, self.times_ns[:count])

    @cached_property
    def _day_ends(self) -> DayEnds:
        return DayEnds.of(self.start_ns, self.times_ns)

    def prices(self, instrument: Any, ticks: Any) -> Floats:
        """Prices of so many ticks, by instrument: the floats nearest to the exact prices."""
        above, below = self._tick_ratios
        return np.asarray(ticks * above[instrument] / below[instrument])

    def quantities(self, instrument: Any, lots: Any) -> Floats:
        """Units of so many lots, by instrument: the floats nearest to the exact quantities."""
        above, below = self._lot_ratios
        return np.asarray(lots * above[instrument] / below[instrument])

    @cached_property
    def _tick_ratios(self) -> tuple[Floats, Floats]:
        return _ratios([i.tick for i in self.instruments])

    @cached_property
    def _lot_ratios(self) -> tuple[Floats, Floats]:
        return _ratios([i.lot for i in self.instruments])

    def float_columns(self) -> dict[str, Floats]:
        """Prices and volume as floats, row by row."""
        bars = self.bars
        prices = {"open": bars.prices("open"), "high": bars.prices("high"), "low": bars.prices("low")}
        return {**prices, "close": bars.prices("close"), "volume": bars.volumes()}

    def core_fields(self, index: int, sector: int, *, estimate: bool) -> tuple[Any, ...]:
        """What the core's `Engine.instrument` takes for one instrument, all exact integers."""
        instrument: Instrument = self.instruments[index]
        liquidity = self.liquidity(index) if estimate else (instrument.sigma, instrument.adv_lots)
        return instrument_fields(instrument, sector, *liquidity)

    def liquidity(self, index: int) -> tuple[float, int]:
        """One-day standard deviation of returns and average daily volume in lots (0 = unknown): as the instrument
        states them, otherwise as these data show them."""
        instrument: Instrument = self.instruments[index]
        sigma, adv_lots = instrument.sigma, instrument.adv_lots
        if sigma is None or not adv_lots:
            own_sigma, own_adv = self._estimates(index)
            sigma = own_sigma if sigma is None else sigma
            adv_lots = adv_lots or own_adv
        return sigma, adv_lots

    def _estimates(self, index: int) -> tuple[float, int]:
        """One-day standard deviation of log returns, and average daily volume in lots (0 = unknown)."""
        rows = np.flatnonzero(self.bars.instrument == index) if len(self.instruments) > 1 else slice(None)
        closes = self.bars.close_ticks[rows]
        if len(closes) < 3:
            return 0.0, 0
        days_per_bar = float(np.median(np.diff(self.bars.ts_event[rows]))) / DAY_NS
        sigma = float(np.diff(np.log(closes)).std()) / max(days_per_bar, 1e-9) ** 0.5
        volumes = self.bars.volume_lots[rows]
        known = volumes[volumes >= 0]
        adv = int(known.mean() / min(days_per_bar, 1.0)) if len(known) else 0
        return sigma, adv


@dataclass(frozen=True)
class DayEnds:
    """Where each UTC day of a run ends; a bar closing at midnight ends its day.

    rows: places among the run's times, one a day. ends_ns: the last moment of each day, the run's start first.
    """

    rows: npt.NDArray[np.intp]
    ends_ns: Ints

    @classmethod
    def of(cls, start_ns: int, times_ns: Ints) -> DayEnds:
        """The days of a start and the times behind it."""
        from hedgerow.ledger.series import last_of_days

        ends = np.concatenate([[start_ns], times_ns]) - 1
        kept = last_of_days(ends // DAY_NS)
        return cls(kept[1:] - 1, ends[kept])

    @cached_property
    def index(self) -> pd.DatetimeIndex:
        """The moments, as daily values are labelled."""
        return times(self.ends_ns, "ts")

    @cached_property
    def periods_per_year(self) -> float | None:
        """How many such days make a year; `None` where one day says nothing."""
        from hedgerow.ledger.series import periods_per_year_of

        return periods_per_year_of(self.index)


def instrument_fields(instrument: Instrument, sector: int, sigma: float | None, adv_lots: int) -> tuple[Any, ...]:
    """What the core's `Engine.instrument` takes: sigma, one-day deviation; adv_lots, a day's volume; 0 = not known."""
    return (
        instrument.symbol,
        instrument.currency,
        instrument.tick_nano,
        instrument.lot_nano,
        instrument.multiplier,
        instrument.lots_min,
        instrument.lots_step,
        sector,
        adv_lots,
        round((sigma or 0.0) * 1e9),
        SHORTABLE if instrument.shortable else 0,
        FREELY_AVAILABLE if instrument.locate_lots is None else instrument.locate_lots,
    )


def _ratios(steps: list[Decimal]) -> tuple[Floats, Floats]:
    """Numerators and denominators: one division rounds once, a product of rounded factors twice."""
    pairs = [step.as_integer_ratio() for step in steps]
    return np.array([p[0] for p in pairs], dtype=np.float64), np.array([p[1] for p in pairs], dtype=np.float64)
