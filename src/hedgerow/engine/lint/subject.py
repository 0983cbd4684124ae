"""What the linter's rules look at: a run's bars, fills, trips and returns as columns, worked out once.

Promises: amounts are in base currency; each fill knows the bar it happened in. Never: changes the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.spans import DAY_NS
from hedgerow.engine.exchange import FillAmounts, fill_amounts, trip_rates
from hedgerow.engine.tearsheet.series import effective_ts
from hedgerow.ledger.series import nav_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from hedgerow.engine.result import Result
    from hedgerow.ledger.metrics import Performance
    from hedgerow.ledger.overfitting import Overfitting
    from hedgerow.market.bars import Bars
    from hedgerow.market.universes import Universe

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
YEAR_NS = 365.2425 * DAY_NS
MARKET = 1


@dataclass(frozen=True)
class Subject:
    """A run and what was told about it. grid: values that were tried of each setting. overfitting: of the variants that
    it was chosen from, or why it is not known. again: runs the strategy over other bars. universe: what it chose
    from through time."""

    result: Result
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    overfitting: Overfitting | str = "the other variants are not told; give among="
    again: Callable[[Bars], Result] | None = None
    universe: Universe | None = None

    @property
    def bars(self) -> Bars:
        """The bars of the run."""
        return self.result.data.bars

    @property
    def performance(self) -> Performance:
        """Its statistics."""
        return self.result.performance

    @cached_property
    def years(self) -> float:
        """From the first bar's opening to the last close, in years of the calendar."""
        return (self.result.data.end_ns - self.result.data.start_ns) / YEAR_NS

    @cached_property
    def returns(self) -> Floats:
        """One return a day, up to the day on which everything was lost."""
        return nav_series(self.result.daily).returns

    @cached_property
    def profits(self) -> Floats:
        """What each day earned, base currency."""
        return np.diff(self.result.daily.to_numpy(dtype=np.float64))

    @cached_property
    def fills(self) -> npt.NDArray[Any]:
        """The fills' records."""
        return np.asarray(self.result.records("Fill"))

    @cached_property
    def amounts(self) -> FillAmounts:
        """What each fill was worth and cost."""
        return fill_amounts(self.result)

    @cached_property
    def by_market(self) -> npt.NDArray[np.bool_]:
        """Which fills are of market orders."""
        orders = self.result.records("Order")
        return np.asarray(orders["kind"][np.searchsorted(orders["id"], self.fills["cause"])] == MARKET)

    @cached_property
    def rows(self) -> list[Ints]:
        """The bars of each instrument, in order."""
        order = np.argsort(self.bars.instrument, kind="stable")
        edges = np.searchsorted(self.bars.instrument[order], np.arange(len(self.bars.instruments) + 1))
        return [order[first:end] for first, end in pairwise(edges.tolist())]

    @cached_property
    def places(self) -> Ints:
        """For each fill, the place of its bar among its instrument's bars."""
        found = np.zeros(len(self.fills), dtype=np.int64)
        when = effective_ts(self.result)
        for index in self.traded:
            own, rows = self.fills["instrument"] == index, self.rows[index]
            found[own] = np.minimum(np.searchsorted(self.bars.ts_event[rows], when[own]), rows.size - 1)
        return found

    @cached_property
    def bar_rows(self) -> Ints:
        """For each fill, the row of its bar."""
        found = np.zeros(len(self.fills), dtype=np.int64)
        for index in self.traded:
            own = self.fills["instrument"] == index
            found[own] = self.rows[index][self.places[own]]
        return found

    @cached_property
    def traded(self) -> list[int]:
        """Instruments that were traded."""
        return [int(index) for index in np.unique(self.fills["instrument"])]

    @cached_property
    def trips(self) -> Floats:
        """Profit of each closed round trip after fees, base currency."""
        trips = self.result.trades
        net = ((trips["pnl"] - trips["fees"]) * trip_rates(self.result, trips))[~trips["open"]]
        return net.to_numpy(dtype=np.float64)

    def fill_text(self, place: int) -> str:
        """A fill in a few words: its time, instrument and record."""
        row = self.fills[place]
        day = np.datetime64(int(row["ts_event"]), "ns").astype("datetime64[m]")
        return f"fill {int(row['id'])} of {self.bars.symbols[int(row['instrument'])]}, {day}"

    def fill_texts(self, which: npt.NDArray[np.bool_], most: int = 3) -> tuple[str, ...]:
        """The first few of these fills."""
        return tuple(self.fill_text(int(place)) for place in np.flatnonzero(which)[:most])
