"""Real files of every kind, as they were published: each is read with the rows and times its source tells of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.market.formats.probing import files_below, head, probe
from hedgerow.market.reading import Reading

READING = Reading()
SMALL, EACH = 60_000, 2

# path, format, records of the source, first and last time to the second, rows by kind
REAL = [
    ("crypto_l2/hyperliquid_btc_20250126.gz", "recording", 55, "2025-01-26T19:14:03", "2025-01-26T19:14:29",
     {"trades": 64, "depth": 1840}),
    ("crypto_l2/bybit_xrpusdt_ob500_20241201_head.jsonl.gz", "json", 50, "2024-12-01T00:00:00", "2024-12-01T00:00:05",
     {"depth": 3966}),
    ("ws_recordings/kraken/ws_48_0.txt.gz", "session", 51, "2021-04-17T16:48:52", "2021-04-17T16:49:22",
     {"messages": 43, "trades": 10}),
    ("ws_recordings/deribit/ws_1_0.txt.gz", "session", 138, "2021-07-22T22:42:03", "2021-07-22T22:42:34",
     {"messages": 3, "quotes": 89, "options": 89, "depth": 149}),
    ("ws_recordings/independent_reserve/ws_1_0.txt.gz", "session", 1667, "2022-04-03T22:10:07", "2022-04-03T22:10:38",
     {"messages": 4, "orders": 4156}),
    ("ws_recordings/poloniex/ws_1_0.txt.gz", "session", 305, "2022-08-21T23:11:57", "2022-08-21T23:12:27",
     {"messages": 5, "trades": 6, "depth": 948}),
    ("ws_recordings/gemini/ws_1_0.txt.gz", "session", 680, "2021-06-24T00:14:26", "2021-06-24T00:14:57",
     {"messages": 9, "trades": 16, "depth": 4574}),
    ("intraday_bars/msft_1min_202007.parquet", "parquet", 4612, "2020-07-10T11:00:00", "2020-07-20T18:09:00",
     {"bars": 4612}),
    ("macro/wti_spot_daily.csv.gz", "delimited", 10226, "1986-01-02T00:00:00", "2026-08-18T00:00:00",
     {"series": 10226}),
    ("macro/fred_md_us_government.csv.gz", "delimited", 787, "1959-01-01T00:00:00", "2024-07-01T00:00:00",
     {"series": 91333}),
    ("options/deribit_btc_chain_20260801.json.gz", "json", 882, "2026-08-01T17:58:04", "2026-08-01T17:58:04",
     {"options": 882}),
    ("options/broker_chain_f_20201209.json.gz", "json", 494, "2020-12-09T14:30:26", "2020-12-09T20:59:59",
     {"options": 494}),
    ("news/sec_daily_index_20200318.idx.gz", "edgar-index", 4084, "2019-07-18T00:00:00", "2020-03-18T00:00:00",
     {"news": 4084}),
    ("relations/sp500_membership_intervals.csv", "delimited", 1230, "1996-01-02T00:00:00", "2025-07-09T00:00:00",
     {"universe": 1957}),  # a joining each, and 727 leavings
    ("reference/symbol_properties.csv.gz", "delimited", 10821, None, None, {"reference": 10821}),
    ("binary/sbe/car_example_baseline_data.sbe", "sbe", 1, None, None, {"messages": 1}),
    ("fix/messages/order_flow_fix42_100.dat", "fix", 100, "2015-04-06T12:17:27", "2015-04-06T12:17:27",
     {"messages": 100}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "form", "rows", "first", "last", "kinds"), REAL, ids=[row[0] for row in REAL])
def test_a_published_file_is_read_as_its_source_describes_it(
    shared: Callable[[str], Path],
    name: str,
    form: str,
    rows: int,
    first: str | None,
    last: str | None,
    kinds: dict[str, int],
) -> None:
    """Records, span and kinds are those that the collection's own list tells."""
    told = probe(shared(f"data/{name}"), READING).record()
    assert (told["format"], told["rows"], told["kinds"], told["ok"]) == (form, rows, kinds, True), told["detail"]
    assert ((told["first"] or "")[:19] or None, (told["last"] or "")[:19] or None) == (first, last)


def test_a_few_files_of_every_folder_are_read_or_refused_for_a_reason(shared: Callable[[str], Path]) -> None:
    """Nothing is unreadable, and what is refused says why."""
    taken: Counter[Path] = Counter()
    for file in files_below([shared("data")]):
        if file.stat().st_size < SMALL and taken[file.parent] < EACH:
            taken[file.parent] += 1
            found = probe(file, READING)
            assert found.status != "unreadable", found.error
            assert found.error is None or found.error.detail, file
    assert sum(taken.values()) > 100


def test_each_version_of_dbn_gives_the_same_records(shared: Callable[[str], Path]) -> None:
    """Three versions, a fragment's siblings and the older container of one schema hold the same rows."""
    folder = shared("data/binary/dbn")
    for schema in ("mbo", "trades", "mbp-1", "mbp-10", "ohlcv-1s"):
        tables = []
        for ending in (".dbn", ".dbz", ".v1.dbn.zst", ".v3.dbn.zst"):
            parts = list(head(folder / f"test_data.{schema}{ending}", Reading.of({"symbol": "X"}), 100))
            tables.append([(part.kind, part.table.to_pylist()) for part in parts])
        assert tables[0] == tables[1] == tables[2] == tables[3], schema


def test_a_book_rebuilt_from_a_recording_is_never_crossed(shared: Callable[[str], Path]) -> None:
    """The levels that come out of a snapshot and its changes agree with themselves: best bid below best ask."""
    book: dict[str, dict[object, object]] = {"bid": {}, "ask": {}}
    path = shared("data/crypto_l2/bybit_xrpusdt_ob500_20241201_head.jsonl.gz")
    rows = [row for part in head(path, READING, 100_000) for row in part.table.to_pylist()]
    seen = 0
    for n, row in enumerate(rows):
        if row["snapshot"] and (not n or not rows[n - 1]["snapshot"]):
            book = {"bid": {}, "ask": {}}
        book[row["side"]][row["price"]] = row["size"]
        if not row["size"]:
            del book[row["side"]][row["price"]]
        if n + 1 == len(rows) or rows[n + 1]["record"] != row["record"]:
            seen += 1
            assert max(book["bid"]) < min(book["ask"])  # type: ignore[type-var]
    assert seen == 50


def test_the_command_prints_a_line_a_file(shared: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Macro series and licences: read, or refused as no data, and the exit status is that of success."""
    paths = [str(shared("data/macro")), str(shared("data/surveillance"))]
    assert run(["data", "probe", *paths, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(files_below([Path(path) for path in paths]))
    assert {"path", "format", "rows", "first", "last", "ok", "code"} <= lines[0].keys()
