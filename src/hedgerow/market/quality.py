"""A look at bars before they are believed: gaps, spikes, stale prices and missing volume, counted by instrument.

It only reports: a spike may be a crash and a gap a holiday. Nothing is repaired, and a figure that cannot be had from
so few bars is left empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.spans import DAY_NS
from hedgerow.market.bars import Bars

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
MAD_TO_SIGMA = 1.4826
"""Median absolute deviation of a normal distribution to its standard deviation."""


def quality_report(
    bars: Bars, *, spike_z: float = 12.0, stale_bars: int = 5, gap_spans: float | None = None
) -> pd.DataFrame:
    """One row an instrument: how many gaps, spikes and stale runs, and where the worst are.

    spike_z: robust z-score (median and MAD) of a log return that counts as a spike; stale_bars: bars in a row with the
    same price that count as stale; gap_spans: step between bars, in spans, that counts as a gap, None = more than five
    for daily bars (a long weekend is four), more than one for shorter ones. Columns: bars, gaps, gap_max_ns, spikes,
    spike_max_z, spike_at (UTC), stale_runs, stale_max (bars), volume_unknown, volume_zero (bars).

    >>> from hedgerow.market import Instrument
    >>> bars = Bars.from_arrays([1, 2, 9], close=[10, 11, 12], instruments=Instrument("A"), span=1)
    >>> int(quality_report(bars).loc["A", "gaps"])
    1
    """
    import pandas as pd

    told = [
        {"symbol": symbol, **_of_one(bars, np.flatnonzero(bars.instrument == code), spike_z, stale_bars, gap_spans)}
        for code, symbol in enumerate(bars.symbols)
    ]
    return pd.DataFrame(told).set_index("symbol")


def _of_one(bars: Bars, rows: Ints, spike_z: float, stale_bars: int, gap_spans: float | None) -> dict[str, Any]:
    rows = rows[np.argsort(bars.ts_event[rows], kind="stable")]
    times, closes, volume = bars.ts_event[rows], bars.close_ticks[rows], bars.volume_lots[rows]
    return {
        "bars": rows.size,
        **_gaps(times, bars.span_ns[rows], gap_spans),
        **_spikes(times, closes, spike_z),
        **_stale(bars, rows, stale_bars),
        "volume_unknown": int((volume < 0).sum()),
        "volume_zero": int((volume == 0).sum()),
    }


def _gaps(times: Ints, spans: Ints, gap_spans: float | None) -> dict[str, Any]:
    steps = np.diff(times)
    allowed = np.where(spans[1:] >= DAY_NS, 5.0, 1.0) if gap_spans is None else gap_spans
    gaps = steps > spans[1:] * allowed
    return {"gaps": int(gaps.sum()), "gap_max_ns": int(steps[gaps].max()) if gaps.any() else 0}


def _spikes(times: Ints, closes: Ints, spike_z: float) -> dict[str, Any]:
    import pandas as pd

    returns = np.diff(np.log(closes.astype(np.float64)))
    deviation = np.abs(returns - np.median(returns)) if returns.size else returns
    scale = MAD_TO_SIGMA * float(np.median(deviation)) if returns.size else 0.0
    if scale == 0.0:  # fewer than two returns, or a price that hardly moves: no scale to judge by
        return {"spikes": 0, "spike_max_z": np.nan, "spike_at": pd.NaT}
    scores = deviation / scale
    worst = int(np.argmax(scores))
    at = pd.Timestamp(int(times[worst + 1]), unit="ns", tz="UTC")
    return {"spikes": int((scores > spike_z).sum()), "spike_max_z": float(scores[worst]), "spike_at": at}


def _stale(bars: Bars, rows: Ints, stale_bars: int) -> dict[str, Any]:
    same = np.ones(max(rows.size - 1, 0), dtype=bool)
    for column in (bars.open_ticks, bars.high_ticks, bars.low_ticks, bars.close_ticks):
        same &= np.diff(column[rows]) == 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    lengths = edges[1::2] - edges[::2] + 1
    return {"stale_runs": int((lengths >= stale_bars).sum()), "stale_max": int(lengths.max(initial=min(rows.size, 1)))}
