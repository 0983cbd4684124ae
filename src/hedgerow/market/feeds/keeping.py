"""Delivered files into a catalog: each once, in the order in which they came.

Promises: what a delivery restates is a new row, known when that delivery was; a delivery that cannot be read is named
and hinders no other; how far the catalog has come stands in it (`feeds/NAME.json`) and survives a crash, which can only
repeat a delivery whose rows are then known already. Never: changes the landing folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import write_whole
from hedgerow.market.catalog import Catalog
from hedgerow.market.feeds.record import Delivery, Record
from hedgerow.market.feeds.spec import Spec
from hedgerow.market.holdings import BARS_APART


@dataclass(frozen=True)
class Kept:
    """What became of a delivery: new rows by kind, rows that were known, what was taken for granted, or its error."""

    delivery: Delivery
    rows_new: dict[str, int] = field(default_factory=dict)
    rows_unchanged: int = 0
    notes: tuple[str, ...] = ()
    error: HedgerowError | None = None


def keep_deliveries(spec: Spec, folder: Path, catalog: Catalog) -> Iterator[Kept]:
    """Take what is new of a feed into a catalog; what was refused before is tried again. folder: the landing folder."""
    here, state = folder / spec.name, catalog.path / "feeds" / f"{spec.name}.json"
    reached, refused = _read(state)
    for row in Record(here / "deliveries.jsonl"):
        if (
            row.kind not in ("new", "restated")
            or row.file is None
            or (row.number <= reached and row.number not in refused)
        ):
            continue
        kept = _keep(row, here / row.file, catalog)
        refused = refused | {row.number} if kept.error else refused - {row.number}
        reached = max(reached, row.number)
        state.parent.mkdir(parents=True, exist_ok=True)
        write_whole(state, json.dumps({"number": reached, "refused": sorted(refused)}).encode())
        yield kept


def _keep(row: Delivery, path: Path, catalog: Catalog) -> Kept:
    try:
        held = catalog.ingest_rows(path, ingested_at=row.known_ns, restated_at=row.known_ns, sort=True)
        new, unchanged, notes = dict(held.rows_new), held.rows_unchanged, held.notes
        if BARS_APART in held.notes:
            bars = catalog.ingest(path, ingested_at=row.known_ns, restated_at=row.known_ns, name=row.name)
            new["bars"] = bars.rows_new + bars.rows_restated
            unchanged += bars.rows_unchanged
    except HedgerowError as error:
        return Kept(row, error=error)
    return Kept(row, new, unchanged, tuple(note for note in notes if note != BARS_APART))


def _read(state: Path) -> tuple[int, frozenset[int]]:
    """The last delivery that was taken, and those that were refused."""
    try:
        told = json.loads(state.read_bytes())
        return int(told["number"]), frozenset(told["refused"])
    except FileNotFoundError:
        return 0, frozenset()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise problem("FEED_RECORD", f"{state}: {error!r}") from None
