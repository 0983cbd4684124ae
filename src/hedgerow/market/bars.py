"""Bars: checked observations of prices in exact integers, each stamped at its close and with when it became known.

Promises that every row was checked, that nothing changes after construction, and that integer columns given by the
caller are used where they lie, without a copy. Never guesses a missing price and never looks past a row's `ts_init`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np
import numpy.typing as npt

from hedgerow.core.alike import once
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.checks import check_rows
from hedgerow.market.instruments import Instrument
from hedgerow.market.reading import Options, Reading
from hedgerow.market.times import Moment, Span, moment_ns

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
COLUMNS = (
    "ts_event",
    "ts_init",
    "instrument",
    "open_ticks",
    "high_ticks",
    "low_ticks",
    "close_ticks",
    "volume_lots",
    "span_ns",
)


@dataclass(frozen=True, eq=False, repr=False)
class Bars:
    """n bars of one or more instruments, ordered by `(ts_init, ts_event, instrument)`; read-only.

    ts_event, ts_init: (n,) int64 UTC nanoseconds, the close and when it was known. instrument: (n,) uint32 index into
    `instruments`. open_ticks .. close_ticks: (n,) int64 ticks. volume_lots: (n,) int64 lots, -1 = unknown. span_ns:
    (n,) int64 nanoseconds. source: where they came from, for people. notes: what a reader should know of how they were
    read.

    >>> bars = Bars.from_arrays([1, 2], close=[10.0, 10.5], instruments=Instrument("AAPL"), span=1)
    >>> len(bars), bars.close_ticks.tolist()
    (2, [1000, 1050])
    """

    ts_event: Ints
    ts_init: Ints
    instrument: npt.NDArray[np.uint32]
    open_ticks: Ints
    high_ticks: Ints
    low_ticks: Ints
    close_ticks: Ints
    volume_lots: Ints
    span_ns: Ints
    instruments: tuple[Instrument, ...]
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        symbols = [instrument.symbol for instrument in self.instruments]
        twice = (
            sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
            if len(set(symbols)) < len(symbols)
            else []
        )
        if twice:
            raise problem("DATA_DUPLICATE", f"instrument {twice[0]!r} is defined more than once")
        check_rows(self.columns(), self.instruments)
        rows = self._order()
        views: dict[int, npt.NDArray[Any]] = {}  # columns that are one array stay one array
        for name in COLUMNS:
            column = getattr(self, name)
            if id(column) not in views:
                view = (column if rows is None else column[rows]).view()
                view.flags.writeable = False
                views[id(column)] = view
            object.__setattr__(self, name, views[id(column)])

    def _order(self) -> Ints | None:
        """Row numbers that put the rows in order, or None if they already are."""
        known, event, code = self.ts_init, self.ts_event, self.instrument.astype(np.int64)
        step = np.diff(known)
        if known is not event:
            step = np.where(step == 0, np.diff(event), step)
        if step.size == 0 or step.min() > 0:
            return None
        if (np.where(step == 0, np.diff(code), step) > 0).all():
            return None
        return np.lexsort((code, event, known))

    @classmethod
    def from_arrays(
        cls,
        ts_event: npt.ArrayLike,
        *,
        close: npt.ArrayLike,
        open: npt.ArrayLike | None = None,
        high: npt.ArrayLike | None = None,
        low: npt.ArrayLike | None = None,
        volume: npt.ArrayLike | None = None,
        ts_init: npt.ArrayLike | None = None,
        instrument: npt.ArrayLike | None = None,
        instruments: Instrument | Sequence[Instrument] | None = None,
        symbol: str = "ASSET",
        span: Span | Ints | None = None,
        off_tick: Literal["error", "round"] = "error",
        source: str = "arrays",
        notes: tuple[str, ...] = (),
    ) -> Bars:
        """Bars from columns of NumPy, Arrow or plain sequences, each (n,).

        Integer prices are ticks and integer volume is lots, used where they lie if int64 and in order; float prices
        are currency units and float volume units, converted exactly (`off_tick="round"`: to the nearest tick).
        ts_event, ts_init: int64 UTC nanoseconds or datetime64, the close and when it was known. Give all of open, high
        and low, or none (then each bar is its close). instrument: index into `instruments`, or symbols. symbol: the
        name where `instruments` is not given. span: one length, or (n,) nanoseconds; None = the commonest step. Raises
        DATA and CORE errors that name the row.

        >>> Bars.from_arrays([1, 2], close=[1000, 1050], instruments=Instrument("AAPL")).prices().tolist()
        [10.0, 10.5]
        """
        from hedgerow.market.arrays import bars_from_arrays

        prices = {"open": open, "high": high, "low": low, "close": close}
        others = {"ts_event": ts_event, "ts_init": ts_init, "instrument": instrument, "volume": volume}
        one = (instruments,) if isinstance(instruments, Instrument) else instruments
        defined = symbol if one is None else tuple(one)
        return bars_from_arrays(prices, others, defined, span, off_tick=off_tick, source=source, notes=notes)

    @classmethod
    def from_frame(cls, data: Any, **options: Unpack[Options]) -> Bars:
        """Bars from a pandas DataFrame, an Arrow table, a polars frame or a dict of frames by symbol.

        Understands one instrument's OHLCV or closes, closes of many (a column each), long tables with a symbol column,
        and two-level columns. Column names are matched whatever their case. Options: see `Reading`. In tables with a
        column for each instrument, prices missing before its first or after its last are absence; one missing in
        between is an error unless `missing="drop"`. Raises DATA errors that name the row.

        >>> import pandas as pd
        >>> frame = pd.DataFrame({"AAPL": [10.0, 10.5]}, index=pd.to_datetime(["2020-01-02", "2020-01-03"]))
        >>> Bars.from_frame(frame).symbols
        ('AAPL',)
        """
        from hedgerow.market.frames import bars_from_frame

        return bars_from_frame(data, Reading.of(options))

    @classmethod
    def read(cls, path: str | Path, **options: Unpack[Options]) -> Bars:
        """Bars from a `.csv`, `.csv.gz` or `.parquet` file, or from a folder of them, one instrument a file.

        The file's name is the symbol where neither the table nor `symbol=` says. Options: see `Reading`.
        """
        from hedgerow.market.files import read_bars

        return read_bars(Path(path), Reading.of(options))

    @classmethod
    def joined(cls, parts: Iterable[Bars], *, source: str = "") -> Bars:
        """The bars of several sets in one; DATA-005 where two define the same instrument.

        >>> one, two = (Bars.from_arrays([1], close=[5], instruments=Instrument(s), span=1) for s in "AB")
        >>> Bars.joined([one, two]).symbols
        ('A', 'B')
        """
        sets = list(parts)
        if not sets:
            raise problem("DATA_EMPTY", "nothing to join")
        offsets = np.cumsum([0] + [len(bars.instruments) for bars in sets[:-1]])
        columns = {name: np.concatenate([getattr(bars, name) for bars in sets]) for name in COLUMNS}
        shifted = [bars.instrument + np.uint32(offset) for bars, offset in zip(sets, offsets, strict=True)]
        columns["instrument"] = np.concatenate(shifted)
        instruments = tuple(instrument for bars in sets for instrument in bars.instruments)
        notes = tuple(dict.fromkeys(note for bars in sets for note in bars.notes))
        return cls(**columns, instruments=instruments, source=source or sets[0].source, notes=notes)

    def __len__(self) -> int:
        return int(self.ts_event.size)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the instruments, in order of their index."""
        return tuple(instrument.symbol for instrument in self.instruments)

    @property
    def n_times(self) -> int:
        """How many different moments there are at which something became known."""
        return int((np.diff(self.ts_init) != 0).sum()) + 1

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The nine columns by name, as they lie; what the kernel and the catalog read."""
        return {name: getattr(self, name) for name in COLUMNS}

    def digest(self) -> str:
        """SHA-256 (hex) of the instruments and all rows: equal data give equal digests, wherever they came from."""
        told = json.dumps([i.record() for i in self.instruments], sort_keys=True, separators=(",", ":"))
        summary = hashlib.sha256(told.encode())
        for name, column in self.columns().items():
            summary.update(f"\n{name} {column.dtype.str} {column.size}\n".encode())
            summary.update(np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).data)
        return summary.hexdigest()

    def index_of(self, symbol: str) -> int:
        """Index of a symbol; CORE-007 with the closest known ones where there is none."""
        if symbol not in self.symbols:
            raise problem("CORE_UNKNOWN_INSTRUMENT", f"{symbol!r}{did_you_mean(symbol, self.symbols)}")
        return self.symbols.index(symbol)

    def select(self, symbols: str | Iterable[str]) -> Bars:
        """The bars of these instruments, indexed in the order given."""
        wanted = [self.index_of(s) for s in ([symbols] if isinstance(symbols, str) else symbols)]
        place = np.full(len(self.instruments), -1, dtype=np.int64)
        place[wanted] = np.arange(len(wanted))
        rows = place[self.instrument] >= 0
        return self._rows(rows, tuple(self.instruments[w] for w in wanted), place)

    def slice(self, start: Moment | None = None, end: Moment | None = None) -> Bars:
        """The bars whose close lies between two moments, both included; a bare date means its sessions.

        So `slice("2020-01-01", "2020-12-31")` holds the sessions of 2020 and no other, though the last of them closes
        at the midnight that ends it. Raises DATA-009 where nothing lies between.
        """
        rows = np.ones(len(self), dtype=bool)
        if start is not None:
            rows &= self.ts_event >= moment_ns(start)
        if end is not None:
            rows &= self.ts_event <= moment_ns(end, end=True)
        return self._rows(rows, self.instruments, None, f"no bars from {start} to {end}; there are {self._extent()}")

    def known_as_of(self, moment: Moment) -> Bars:
        """The bars known at a moment: `ts_init` no later than it."""
        rows = self.ts_init <= moment_ns(moment, end=True)
        return self._rows(rows, self.instruments, None, f"nothing was known at {moment}; there are {self._extent()}")

    def _rows(
        self, rows: npt.NDArray[np.bool_], instruments: tuple[Instrument, ...], place: Ints | None, empty: str = ""
    ) -> Bars:
        if not rows.any():
            raise problem("DATA_EMPTY", empty or "no bars of these instruments")
        columns = {name: column[rows] for name, column in self.columns().items()}
        if place is not None:
            columns["instrument"] = place[columns["instrument"]].astype(np.uint32)
        return Bars(**columns, instruments=instruments, source=self.source, notes=self.notes)

    def prices(self, name: Literal["open", "high", "low", "close"] = "close") -> npt.NDArray[np.float64]:
        """(n,) prices of each row in currency units: the floats nearest to the exact prices."""
        return once("prices", (self,), (name,), lambda: self._prices(name))

    def _prices(self, name: str) -> npt.NDArray[np.float64]:
        ticks = getattr(self, f"{name}_ticks")
        top, bottom = np.array([i.tick.as_integer_ratio() for i in self.instruments], dtype=np.float64).T
        if len(self.instruments) == 1:
            prices: npt.NDArray[np.float64] = ticks * top[0] / bottom[0]
        else:
            prices = ticks * top[self.instrument] / bottom[self.instrument]
        return prices

    def volumes(self) -> npt.NDArray[np.float64]:
        """(n,) volume of each row in units; not a number where unknown."""
        lot = np.array([float(i.lot) for i in self.instruments])
        return np.where(self.volume_lots < 0, np.nan, self.volume_lots * lot[self.instrument])

    def session_dates(self) -> npt.NDArray[np.datetime64]:
        """(n,) dates, the UTC day that ends at or after each close: a close at midnight belongs to the day before."""
        return (self.ts_event - 1).view("datetime64[ns]").astype("datetime64[D]")

    def frame(self) -> pd.DataFrame:
        """All rows as a long DataFrame: ts_event, ts_init, symbol, open to close (currency units), volume (units)."""
        import pandas as pd

        symbol = pd.Categorical.from_codes(self.instrument.astype(np.int64), categories=pd.Index(self.symbols))
        told = {"ts_event": _utc(self.ts_event), "ts_init": _utc(self.ts_init), "symbol": symbol}
        prices = {name: self.prices(name) for name in ("open", "high", "low", "close")}
        return pd.DataFrame({**told, **prices, "volume": self.volumes()})

    def close_frame(self) -> pd.DataFrame:
        """Closes as a wide DataFrame: a row each `ts_event` (UTC), a column each symbol, NaN where no bar is."""
        import pandas as pd

        times, row = np.unique(self.ts_event, return_inverse=True)
        closes = np.full((times.size, len(self.instruments)), np.nan)
        closes[row, self.instrument] = self.prices("close")
        return pd.DataFrame(closes, index=_utc(times).rename("ts_event"), columns=pd.Index(self.symbols))

    def describe(self) -> pd.DataFrame:
        """One row an instrument: bars, currency, tick, lot, first and last close, span, lowest and highest price."""
        import pandas as pd

        told = []
        for code, instrument in enumerate(self.instruments):
            rows = np.flatnonzero(self.instrument == code)
            about = {"symbol": instrument.symbol, "bars": rows.size, "currency": instrument.currency}
            about |= {"tick": f"{instrument.tick:f}", "lot": f"{instrument.lot:f}"}
            if rows.size:
                times = _utc(self.ts_event[rows])
                about |= {
                    "first": times.min(),
                    "last": times.max(),
                    "span": pd.Timedelta(int(self.span_ns[rows[0]]), "ns"),
                }
                low, high = self.low_ticks[rows].min(), self.high_ticks[rows].max()
                about |= {"lowest": float(instrument.price(low)), "highest": float(instrument.price(high))}
            told.append(about)
        return pd.DataFrame(told).set_index("symbol")

    def _extent(self) -> str:
        first, last = (
            np.datetime64(int(t), "ns").astype("datetime64[s]") for t in (self.ts_event.min(), self.ts_event.max())
        )
        return f"{len(self):,} bars from {first} to {last} UTC"

    def __repr__(self) -> str:
        names = ", ".join(self.symbols[:5]) + (f" and {len(self.symbols) - 5} more" if len(self.symbols) > 5 else "")
        return f"Bars({self._extent()}: {names})"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<p>{escape(repr(self))}</p>{self.describe().head(10).to_html()}" + (
            f"<ul>{notes}</ul>" if notes else ""
        )


def _utc(times: Ints) -> pd.DatetimeIndex:
    import pandas as pd

    return pd.DatetimeIndex(times.view("datetime64[ns]")).tz_localize("UTC")
