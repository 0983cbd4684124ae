"""Suspects of whole files and catalogs: each instrument's series brought to the rules of `suspects`, `tick_suspects`.

Promises that what a source says beside its prices (dividends, splits, an adjusted close) is judged with them. Never
refuses a row: what cannot be true at all is refused where data are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.actions import Action
from hedgerow.market.bars import Bars
from hedgerow.market.columns import plain, recognise
from hedgerow.market.files import table_of
from hedgerow.market.formats.registry import opened, parts, read_rows
from hedgerow.market.reading import Reading
from hedgerow.market.suspects import Floats, Series, Suspect, suspects
from hedgerow.market.tick_suspects import JUDGED, tick_suspects
from hedgerow.market.times import Moment, read_times

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.market.catalog import Catalog

_BESIDE = {
    "dividend": ("dividends", "ex_dividend", "dividend"),
    "gain": ("capital_gains",),
    "split": ("stock_splits", "split_ratio", "split"),
    "adjusted": ("adj_close", "adjclose", "adjusted_close", "close_adj", "adj_close_price"),
}


def of_file(path: Path, reading: Reading) -> Iterator[tuple[str, Suspect]]:
    """(instrument, suspect) of one file: a table of bars with what stands beside them, or ticks of any format."""
    kinds: dict[str, list[pa.Table]] = {}
    for file, form in parts(opened(path)):
        for rows in read_rows(file, form, reading):
            kinds.setdefault(rows.kind, []).append(rows.table)
    if "bars" in kinds:
        frame = table_of(path, reading)
        yield from (
            of_bars(Bars.read(path, **_plainly(reading)), []) if frame is None else of_frame(frame, path, reading)
        )
    elif not kinds.keys() & {*JUDGED}:
        raise problem("DATA_MISSING_COLUMN", f"prices in {path.name}: it holds {', '.join(sorted(kinds)) or 'nothing'}")
    for kind in JUDGED:
        if kind in kinds:
            yield from tick_suspects(kind, pa.concat_tables(kinds[kind]))


def of_catalog(
    catalog: Catalog, instruments: Iterable[str] | None = None, as_of: Moment | None = None
) -> Iterator[tuple[str, Suspect]]:
    """(instrument, suspect) of all that a catalog knew at a moment: bars with their actions, quotes, trades, depth."""
    wanted = None if instruments is None else list(instruments)
    held = {str(kind) for kind in catalog.list().kind}
    actions = catalog.actions(wanted, as_of)
    if "bars" in held:
        known = catalog.symbols
        for symbol in known if wanted is None else [name for name in wanted if name in known]:
            yield from of_bars(catalog.bars(symbol, as_of=as_of), [a for a in actions if a.instrument == symbol])
    for kind in JUDGED:
        if kind in held:
            yield from tick_suspects(kind, catalog.seen(kind, wanted, as_of))


def of_bars(bars: Bars, actions: Iterable[Action]) -> Iterator[tuple[str, Suspect]]:
    """(instrument, suspect) of bars and what went ex with them."""
    for code, symbol in enumerate(bars.symbols):
        rows = np.flatnonzero(bars.instrument == code)
        rows = rows[np.argsort(bars.ts_event[rows], kind="stable")]
        times = bars.ts_event[rows]
        beside = {word: np.zeros(rows.size) for word in ("dividend", "gain", "split")}
        for action in actions:
            place = int(np.searchsorted(times, action.ts_event, side="right"))
            if action.instrument == symbol and action.action in beside and action.value and place < rows.size:
                beside[action.action][place] += float(action.value)
        prices: dict[str, Floats] = {name: bars.prices(name)[rows] for name in ("open", "high", "low", "close")}
        yield from ((symbol, one) for one in suspects(Series(times, **prices, **beside)))


def of_frame(frame: pd.DataFrame, path: Path, reading: Reading) -> Iterator[tuple[str, Suspect]]:
    """(instrument, suspect) of a vendor's table, whose rows may lack prices and come in either order."""
    import pandas as pd

    frame = frame.reset_index() if not isinstance(frame.index, pd.RangeIndex) else frame
    names = recognise(frame.columns, reading.column_map, stamped=reading.stamped)
    named = {plain(name): name for name in frame.columns}
    time = names.get("time") if names.get("time") is not None else frame.columns[0]
    stamps = read_times(frame[time].reset_index(drop=True), time_unit=reading.time_unit, tz=reading.tz).utc_ns
    columns: dict[str, Any] = {}
    for word in ("open", "high", "low", "close"):
        name = names.get(word) if names.get(word) is not None else names.get("close")
        columns[word] = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    for word, aliases in _BESIDE.items():
        name = next((named[alias] for alias in aliases if alias in named), None)
        if name is not None:
            columns[word] = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    if "split" in columns:
        columns["split"] = np.where(columns["split"] == 1.0, 0.0, columns["split"])
    owner = names.get("symbol")
    who = np.full(len(frame), reading.symbol or path.name.split(".")[0]) if owner is None else frame[owner].astype(str)
    for symbol in sorted(set(np.asarray(who).tolist())):
        rows = np.flatnonzero(np.asarray(who) == symbol)
        rows = rows[np.argsort(stamps[rows], kind="stable")]
        mine = {word: column[rows] for word, column in columns.items()}
        yield from ((str(symbol), one) for one in suspects(Series(stamps[rows], **mine)))


def _plainly(reading: Reading) -> Any:
    """The settings with which bars are read although some of them are suspect."""
    return {"symbol": reading.symbol, "tz": reading.tz, "faulty": "drop", "missing": "drop", "sort": True}
