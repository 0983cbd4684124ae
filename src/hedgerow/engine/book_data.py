"""Books as a run needs them: units and times for the core, and afterwards the bars that its tables rest on.

Promises: the run sees every row and no bar; bars are made of what the run itself saw half-way between the best prices,
at the times at which its equity was looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.engine.run_data import RunData, instrument_fields
from hedgerow.market.bars import Bars

if TYPE_CHECKING:
    from hedgerow.market.replay import Books


class BookData:
    """The books of one run; what a run asks of `RunData` before it begins."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.symbols = books.symbols
        self.instruments = books.instruments
        self.start_ns = books.start_ns
        self.end_ns = books.end_ns

    @property
    def bars(self) -> Books:
        """What is hashed as the run's data."""
        return self.books

    def core_fields(self, index: int, sector: int, *, estimate: bool) -> tuple[Any, ...]:
        """What the core's `Engine.instrument` takes for one instrument: as it is stated, nothing is estimated."""
        instrument = self.instruments[index]
        return instrument_fields(instrument, sector, instrument.sigma, instrument.adv_lots)

    def sampled(self, engine: Any, every_ns: int) -> RunData:
        """Bars of the half-way prices that the run saw, one a look; RUN_NO_DATA where no price ever reached it."""
        times, marks = engine.book_samples()
        by_time = marks.reshape(len(times), len(self.instruments))
        looks, instrument = np.nonzero(by_time)
        if not len(looks):
            raise problem("RUN_NO_DATA", "no book ever showed a price: a run over books needs one bid or ask at least")
        close = by_time[looks, instrument]
        bars = Bars.from_arrays(
            times[looks],
            close=close,
            instrument=instrument.astype(np.uint32),
            instruments=self.instruments,
            span=every_ns,
            source="books",
            notes=("bars are half-way between the best prices, at the times at which the run was looked at",),
        )
        return RunData(bars)
