"""From a table of prices to checked bars: the one path that all sources take.

A `Table` is what a source says, in floats and in its own row order. `assemble` turns it into exact ticks and lots,
stamps it at the close, and checks every row; all that is wrong is reported in the source's own row numbers before
anything is built. It never drops, fills or reorders a row without being told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.bars import Bars
from hedgerow.market.exact import believable, crossed_rows, prices_in_words, to_lots, to_ticks
from hedgerow.market.faults import Faults
from hedgerow.market.instruments import Instrument
from hedgerow.market.reading import Reading
from hedgerow.market.ticks import auto_tick, rounding_tick
from hedgerow.market.times import Stamps, commonest_steps, label_at_open, session_ends, span_ns

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


_DROPPABLE = frozenset({"DATA_NAN", "DATA_NOT_POSITIVE", "DATA_CROSSED", "DATA_VOLUME"})


@dataclass
class Table:
    """Prices as a source gives them, n rows.

    prices: `close` and either all or none of `open`, `high`, `low`, each (n,) currency units; volume: (n,) units, or
    None. codes: (n,) index into symbols. row_numbers: (n,) the source's own; line_first: line of its row 0, if it has
    lines.
    """

    stamps: Stamps
    prices: dict[str, Floats]
    codes: Ints
    symbols: list[str]
    volume: Floats | None = None
    known_ns: Ints | None = None
    row_numbers: Ints | None = None
    source: str = "the table"
    line_first: int | None = None
    stamped_open_column: str | None = None
    notes: list[str] = field(default_factory=list)

    def where(self, row: int) -> str:
        """A row in words: its number in the source, its line, its instrument and time."""
        number = row if self.row_numbers is None else int(self.row_numbers[row])
        line = "" if self.line_first is None else f", line {number + self.line_first}"
        moment = np.datetime64(int(self.stamps.wall_ns[row]), "ns")
        text = str(moment.astype("datetime64[D]" if self.stamps.are_dates else "datetime64[s]"))
        return f"row {number} of {self.source}{line} ({self.symbols[int(self.codes[row])]} {text})"

    def take(self, rows: Ints | Mask) -> Table:
        """The same table with some of its rows, in the order given."""
        numbers = np.arange(self.codes.size) if self.row_numbers is None else self.row_numbers
        return Table(
            stamps=Stamps(self.stamps.utc_ns[rows], self.stamps.wall_ns[rows]),
            prices={name: column[rows] for name, column in self.prices.items()},
            codes=self.codes[rows],
            symbols=self.symbols,
            volume=None if self.volume is None else self.volume[rows],
            known_ns=None if self.known_ns is None else self.known_ns[rows],
            row_numbers=numbers[rows],
            source=self.source,
            line_first=self.line_first,
            stamped_open_column=self.stamped_open_column,
            notes=self.notes,
        )


def assemble(table: Table, reading: Reading) -> Bars:
    """Checked bars from a table; raises one DATA error that names every kind of fault and its first row."""
    if table.stamped_open_column and reading.stamped is None:
        raise problem(
            "DATA_STAMPED_AT_OPEN", f"the times are in column {table.stamped_open_column!r} of {table.source}"
        )
    table = _without_missing(table, reading)
    if table.codes.size == 0:
        raise problem("DATA_EMPTY", table.source)
    table, groups = _by_instrument(table, sort=reading.sort)
    faults = Faults(table.where)
    sound = believable(table.prices, faults)
    _check_times(table, faults)
    instruments = []
    for symbol, group in zip(table.symbols, groups, strict=True):
        rows = sound[group]
        columns = [column[group] if rows.all() else column[group][rows] for column in table.prices.values()]
        instruments.append(_instrument(symbol, columns, reading))
    ticks = to_ticks(table.prices, table.codes, instruments, sound, faults, rounds=reading.rounds)
    if "open" in ticks:
        crossed = crossed_rows(ticks["open"], ticks["high"], ticks["low"], ticks["close"])
        crossed &= sound
        faults.add("DATA_CROSSED", crossed, lambda r: prices_in_words(ticks, r, instruments[int(table.codes[r])]))
    volume_lots = None
    if table.volume is not None:
        volume_lots, rounded = to_lots(table.volume, table.codes, instruments, faults)
        if rounded:
            table.notes.append("volume is not in whole lots; it was rounded down (set lot= to keep the fraction)")
    if reading.faulty == "drop" and (dropped := faults.of(_DROPPABLE)):
        table.notes += [
            f"{fault.name}: {fault.count} rows dropped, first {table.where(fault.row)}" for fault in dropped
        ]
        keep = np.ones(table.codes.size, dtype=bool)
        keep[np.concatenate([fault.rows for fault in dropped])] = False
        return assemble(table.take(keep), reading)
    if faults.of(frozenset({"DATA_UNSORTED"})):  # of which the length of a bar cannot be told
        faults.raise_if_any()
    spans = _spans(table, reading)
    ts_event = _stamp(table, spans, reading)
    if table.known_ns is not None:
        known = table.known_ns
        faults.add("DATA_KNOWN_BEFORE", known < ts_event, lambda r: f"ts_init {known[r]} < ts_event {ts_event[r]}")
    faults.raise_if_any()
    codes = table.codes
    if reading.instruments is not None:  # keep the order in which they were given
        order = {id(instrument): n for n, instrument in enumerate(reading.instruments)}
        rank = sorted(range(len(instruments)), key=lambda n: order[id(instruments[n])])
        codes = np.argsort(np.array(rank))[codes]
        instruments = [instruments[n] for n in rank]
    return Bars.from_arrays(
        ts_event,
        open=ticks.get("open"),
        high=ticks.get("high"),
        low=ticks.get("low"),
        close=ticks["close"],
        volume=volume_lots,
        ts_init=table.known_ns,
        instrument=codes.astype(np.uint32),
        instruments=instruments,
        span=spans,
        source=table.source,
        notes=tuple(table.notes),
    )


def _without_missing(table: Table, reading: Reading) -> Table:
    if reading.missing != "drop":
        return table
    missing = np.zeros(table.codes.size, dtype=bool)
    for column in table.prices.values():
        missing |= np.isnan(column)
    if not missing.any():
        return table
    table.notes.append(f"{int(missing.sum())} rows without a price were dropped")
    return table.take(~missing)


def _by_instrument(table: Table, *, sort: bool) -> tuple[Table, list[slice]]:
    """The table grouped by instrument, rows of one instrument in the source's order or, with `sort`, in time order."""
    if sort:
        order = np.lexsort((table.stamps.utc_ns, table.codes))
        table = table.take(order) if (np.diff(order) != 1).any() else table
    elif (np.diff(table.codes) < 0).any():
        narrow = table.codes.astype(np.uint16) if len(table.symbols) < 2**16 else table.codes
        table = table.take(np.argsort(narrow, kind="stable"))
    used, starts = np.unique(table.codes, return_index=True)
    ends = np.append(starts[1:], table.codes.size)
    if used.size < len(table.symbols):  # symbols whose rows were all absent
        table.codes = np.searchsorted(used, table.codes)
        table.symbols = [table.symbols[int(code)] for code in used]
    return table, [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _check_times(table: Table, faults: Faults) -> None:
    times = table.stamps.utc_ns
    same = np.diff(table.codes) == 0
    step = np.diff(times)
    backwards = np.concatenate(([False], same & (step < 0)))
    order = np.lexsort((times, table.codes)) if backwards.any() else np.arange(times.size)
    twins = (np.diff(table.codes[order]) == 0) & (np.diff(times[order]) == 0)
    repeated = np.zeros(times.size, dtype=bool)
    repeated[order[1:][twins]] = True

    def before(row: int) -> str:
        return f"comes after {table.where(row - 1)}"

    def twin(row: int) -> str:
        return f"the same time as {table.where(int(order[np.flatnonzero(order == row)[0] - 1]))}"

    faults.add("DATA_UNSORTED", backwards, before)
    faults.add("DATA_DUPLICATE", repeated, twin)


def _instrument(symbol: str, columns: list[Floats], reading: Reading) -> Instrument:
    """The instrument given for a symbol, or one whose tick follows from its believable prices."""
    defined = reading.defined(symbol)
    if defined is not None:
        return defined
    tick = reading.for_symbol("tick", symbol)
    if tick == "auto":
        tick = auto_tick(columns)
        if tick is None:  # the finest there is; the rows that do not fit it are faults unless rounding was asked for
            tick = rounding_tick(np.concatenate(columns)) if reading.rounds else "0.000000001"
    lot, currency = reading.for_symbol("lot", symbol), reading.for_symbol("currency", symbol)
    return Instrument(symbol, currency, tick=tick, lot=lot)


def _spans(table: Table, reading: Reading) -> Ints:
    """Length of each row's bar: as told, or the commonest step of its instrument; a lone session lasts a day."""
    if reading.span is not None:
        return np.full(table.codes.size, span_ns(reading.span), dtype=np.int64)
    dates = table.stamps.are_dates
    clock = table.stamps.wall_ns if dates else table.stamps.utc_ns
    return commonest_steps(clock, table.codes, table.where(0), single=DAY_NS if dates else 0)


def _stamp(table: Table, spans: Ints, reading: Reading) -> Ints:
    """UTC nanoseconds at which each bar closed."""
    if reading.stamped is None and (why := label_at_open(table.stamps, int(spans.min()))):
        raise problem("DATA_STAMPED_AT_OPEN", f"{table.source}: {why}")
    stamped = reading.stamped or ("session" if table.stamps.are_dates else "close")
    if stamped == "session":
        return session_ends(table.stamps.wall_ns, reading.session_close, reading.tz)
    return table.stamps.utc_ns + spans if stamped == "open" else table.stamps.utc_ns
