"""An as-of join of ten million rows with ten million, beside Polars and DuckDB on the same columns in the same run.

Promises: all three join the same rows, take turns, and give the same column, or there is no speed. Ours runs on Polars:
what it costs more is sorting, empty cells and joining by row number, which it does not leave to the caller.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core import CannotMeasure
from bench.figures import Figure

ROWS, NAMES = 10_000_000, 500


def measure(*, runs: int) -> Iterator[Figure]:
    """Seconds of each, with and without a key."""
    left, right = _tables()
    for by in (None, "instrument"):
        yield from _figures("asof.join" if by is None else "asof.join.by", _jobs(left, right, by), min(runs, 3))


def _jobs(left: pa.Table, right: pa.Table, by: str | None) -> dict[str, Callable[[], Any]]:
    try:
        import duckdb
        import polars as pl
    except ImportError as error:
        raise CannotMeasure(f"{error.name} is not installed (pip install 'hedgerow[frames]')") from None
    from hedgerow.market.asof import asof_join

    also = "" if by is None else f" AND l.{by} = r.{by}"
    query = f"SELECT r.bid FROM l ASOF LEFT JOIN r ON l.ts_init >= r.ts_init{also}"
    ours, theirs = pl.DataFrame(left), pl.DataFrame(right)
    connection = duckdb.connect(":memory:")
    connection.register("l", left)
    connection.register("r", right)
    return {
        "asof_join": lambda: asof_join(left, right, by=by).table.column("bid"),
        "Polars": lambda: ours.join_asof(theirs, on="ts_init", by=by, check_sortedness=False)["bid"].to_arrow(),
        "DuckDB": lambda: connection.sql(query).to_arrow_table().column("bid"),
    }


def _figures(name: str, jobs: dict[str, Callable[[], Any]], runs: int) -> Iterator[Figure]:
    took: dict[str, list[float]] = {job: [] for job in jobs}
    found: dict[str, Any] = {}
    for _ in range(runs):
        for job, work in jobs.items():
            start = time.perf_counter()
            found[job] = work()
            took[job].append(time.perf_counter() - start)
    seconds = {job: statistics.median(times) for job, times in took.items()}
    values = {job: column.to_numpy(zero_copy_only=False) for job, column in found.items() if job != "DuckDB"}
    wrong = not np.array_equal(values["asof_join"], values["Polars"], equal_nan=True)
    # DuckDB promises no order of rows, so its sum is compared.
    wrong |= not np.isclose(np.nansum(values["asof_join"]), np.nansum(found["DuckDB"].to_numpy()), rtol=1e-9)
    own = None if wrong else seconds["asof_join"]
    for peer in ("Polars", "DuckDB"):
        note = f"{ROWS:,} rows each side, {NAMES} instruments, runs {runs}; ours is Polars' join with its edges settled"
        yield Figure(f"{name}.{peer.lower()}", own, "s", peer, seconds[peer], note=note, wrong=wrong)


def _tables() -> tuple[pa.Table, pa.Table]:
    """Trades and quotes in order of time, the same at every run."""
    random = np.random.default_rng(7)
    names = np.array([f"S{number:03d}" for number in range(NAMES)])
    times = [np.sort(random.integers(0, 10**13, ROWS)) for _ in range(2)]
    who = [pa.array(names[random.integers(0, NAMES, ROWS)]) for _ in range(2)]
    left = pa.table({"ts_init": times[0], "instrument": who[0], "size": random.integers(1, 100, ROWS)})
    return left, pa.table({"ts_init": times[1], "instrument": who[1], "bid": random.random(ROWS)})
