"""SQL and frames see what the catalog knew at a moment, and no query reaches anything else."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.market import Bars, Catalog, Instrument
from hedgerow.market.answers import Answer, rows_of_bars
from hedgerow.market.asof import asof_join

TRADES = """symbol,timestamp,local_timestamp,id,side,price,amount
BTCUSDT,1591574399413000,1591574400196008,1,buy,9762.75,0.001
BTCUSDT,1591574404454000,1591574404460000,2,sell,9762.74,0.25
ETHUSDT,1591574404454000,1591574404470000,3,sell,240.123456789,1
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Trades, a series with a correction, and bars with one."""
    found = Catalog(tmp_path / "catalog")
    for name, text, at in (
        ("trades.csv", TRADES, None),
        ("gdp.csv", "date,value\n2024-01-01,1.5\n2024-02-01,1.6\n", None),
        ("gdp.csv", "date,value\n2024-01-01,1.5\n2024-02-01,1.7\n", "2024-03-10"),
    ):
        (tmp_path / name).write_text(text)
        found.ingest_rows(tmp_path / name, ingested_at="2024-06-01", restated_at=at)
    closes = pd.DataFrame({"date": ["2024-01-02", "2024-01-03"], "close": [10.40, 10.55]})
    found.ingest(closes, symbol="KO", ingested_at="2024-01-04")
    found.ingest(closes.assign(close=[10.40, 10.65]), symbol="KO", ingested_at="2024-01-10", restated_at="2024-01-10")
    return found


def test_a_query_sees_corrections_only_from_the_moment_they_were_known(catalog: Catalog) -> None:
    """Bars and series alike; before anything was known a view is empty, not absent."""
    closes = "SELECT close FROM bars ORDER BY ts_event"
    assert catalog.sql(closes, as_of="2024-01-05").arrow().column("close").to_pylist() == [10.40, 10.55]
    assert catalog.sql(closes).arrow().column("close").to_pylist() == [10.40, 10.65]
    assert len(catalog.sql(closes, as_of="2023-01-01")) == 0
    values = "SELECT value FROM series ORDER BY ts_event"
    assert catalog.sql(values, as_of="2024-03-05").arrow().column("value").to_pylist() == [1.5, 1.6]
    assert catalog.sql(values).arrow().column("value").to_pylist() == [1.5, 1.7]
    assert len(catalog.sql("SELECT * FROM trades", as_of="2020-06-08T00:00:01Z")) == 1


def test_a_query_says_what_rows_say(catalog: Catalog) -> None:
    """Joins, windows and arithmetic over kinds; times keep their nanoseconds, values their digits."""
    found = catalog.sql(
        "SELECT instrument, sum(price * size) / sum(size) AS vwap, max(ts_init) AS last FROM trades "
        "GROUP BY ALL ORDER BY 1"
    ).pandas()
    assert found.instrument.tolist() == ["BTCUSDT", "ETHUSDT"]
    assert found.vwap[1] == 240.123456789
    assert found["last"][0] == pd.Timestamp("2020-06-08T00:00:04.460Z")
    assert len(catalog.sql("SELECT * FROM trades t JOIN bars b ON t.ts_event > b.ts_event")) == 0
    assert len(catalog.sql("SELECT * FROM trades", instruments="ETHUSDT")) == 1
    assert len(catalog.sql("SELECT * FROM bars", instruments="ETHUSDT")) == 0
    assert len(catalog.sql("SELECT * FROM trades WHERE price > $least", given={"least": 1000})) == 2
    assert len(catalog.sql("SUMMARIZE trades")) == len(catalog.rows("trades").column_names)


def test_no_query_reaches_what_was_not_shown(catalog: Catalog, tmp_path: Path) -> None:
    """Neither the catalog's own files, nor others, nor variables, nor settings; nothing is written."""
    stored = next(catalog.path.rglob("bars/**/*.parquet"))
    (tmp_path / "later.csv").write_text("a\n1\n")
    secret = pa.table({"close": [10.65]})
    assert secret.num_rows == 1
    before = sorted(tmp_path.rglob("*"))
    for query in (
        f"SELECT * FROM read_parquet('{stored}')",
        f"SELECT * FROM '{stored}'",
        f"SELECT * FROM parquet_scan('{stored}')",
        f"SELECT * FROM read_blob('{stored}')",
        f"SELECT * FROM read_text('{catalog.path}/manifest.json')",
        f"SELECT * FROM read_csv('{tmp_path}/later.csv')",
        f"SELECT * FROM glob('{catalog.path}/**')",
        f"SELECT * FROM query('SELECT * FROM read_parquet(''{stored}'')')",
        f"WITH x AS (SELECT * FROM read_parquet('{stored}')) SELECT * FROM x",
        f"SELECT * FROM parquet_metadata('{stored}')",
        f"SELECT * FROM sniff_csv('{tmp_path}/later.csv')",
        "SELECT * FROM secret",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/x.db'",
        f"EXPORT DATABASE '{tmp_path}/x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE t AS SELECT 1",
        "DELETE FROM bars",
        "PRAGMA database_list",
        "SELEC 1",
        "",
    ):
        with pytest.raises(HedgerowError, match=r"RUN-002"):
            catalog.sql(query, as_of="2024-01-05")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_not_held_is_named(catalog: Catalog, tmp_path: Path) -> None:
    """A kind that the catalog has not, and a catalog that holds nothing."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*quotes.*it holds bars, series, trades"):
        catalog.sql("SELECT * FROM quotes")
    with pytest.raises(HedgerowError, match=r"it holds nothing"):
        Catalog(tmp_path / "none").sql("SELECT * FROM bars")
    with pytest.raises(HedgerowError, match=r"DATA-013.*yesterday"):
        catalog.sql("SELECT 1", as_of="yesterday")
    with pytest.raises(HedgerowError, match=r"RUN-002.*half a character"):
        catalog.sql("SELECT '\ud800'")
    with pytest.raises(HedgerowError, match=r"RUN-002.*clos"):
        catalog.sql("SELECT clos FROM bars")


def test_columns_of_one_name_are_numbered(catalog: Catalog) -> None:
    """A row of JSON has one value a name, and none is lost."""
    found = catalog.sql("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a")
    assert found.arrow().to_pylist() == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]


def test_names_may_come_from_a_generator_or_be_one_word(catalog: Catalog) -> None:
    """One instrument is not its letters, and names are gone through as often as it takes."""
    assert catalog.seen("bars", "KO").num_rows == catalog.rows("bars", "KO").num_rows > 0
    assert catalog.rows("trades", (name for name in ["ETHUSDT"])).num_rows == 1
    assert catalog.bars(name for name in ["KO"]).symbols == ("KO",)


def test_a_changed_file_stops_a_query_too(catalog: Catalog) -> None:
    """The digest is checked on this way as on every other."""
    stored = next(catalog.path.rglob("trades/**/*.parquet"))
    stored.write_bytes(stored.read_bytes() + b"x")
    with pytest.raises(HedgerowError, match=r"DATA-017"):
        catalog.sql("SELECT * FROM trades")


def test_every_kind_in_every_frame(catalog: Catalog) -> None:
    """Arrow is exact, Polars and pandas compute in floats unless told otherwise; all agree."""
    for kind in ("bars", "trades", "series"):
        answer = catalog.frame(kind)
        assert answer.arrow() == catalog.rows(kind)
        assert answer.pandas().shape == answer.polars().shape == (len(answer), len(answer.columns))
        assert answer.polars().to_arrow().num_rows == pa.table(answer).num_rows
    prices = catalog.frame("trades", "ETHUSDT")
    assert prices.arrow().column("price")[0].as_py() == Decimal("240.123456789")
    assert prices.pandas(exact=True).price[0] == Decimal("240.123456789")
    assert prices.pandas().price[0] == prices.polars()["price"][0] == 240.123456789
    assert str(prices.pandas().ts_init.dtype) == "datetime64[ns, UTC]"
    assert prices.polars(exact=True).schema["price"] == pl.Decimal(38, 18)


def test_bars_as_rows_are_exact() -> None:
    """Ticks and lots of different instruments, unknown volume, and values beyond 64 bits of billionths."""
    coin = Instrument("COIN", tick="0.000001", lot="0.001")
    dear = Instrument("DEAR", tick=1000)
    bars = Bars.from_arrays(
        [1, 1],
        close=np.array([7, 12_000_000]),
        volume=np.array([1500, -1]),
        instrument=np.array([0, 1], dtype=np.uint32),
        instruments=[coin, dear],
        span=1,
    )
    rows = rows_of_bars(bars).to_pylist()
    assert [row["close"] for row in rows] == [Decimal("0.000007"), Decimal(12_000_000_000)]
    assert [row["volume"] for row in rows] == [Decimal("1.5"), None]
    assert [row["instrument"] for row in rows] == ["COIN", "DEAR"]


def test_floats_are_the_nearest() -> None:
    """A decimal becomes the float that its text would be."""
    texts = ["0.1", "9762.74", "240.123456789012345678", "0.000000000000000001", "12345678901234567.123"]
    table = pa.table({"x": pa.array(texts).cast(pa.decimal128(38, 18))})
    assert Answer(table).pandas().x.tolist() == [float(text) for text in texts]
    random.seed(3)
    for places, top in ((0, 10**15), (2, 10**13), (4, 10**10), (9, 10**6), (9, 10**9), (12, 10**3)):
        drawn = [f"{random.uniform(-top, top):.{places}f}" for _ in range(400)]
        column = pa.chunked_array(
            [pa.array([*drawn, None]).cast(pa.decimal128(38, 18)), pa.array([], pa.decimal128(38, 18))]
        )
        found = Answer(pa.table({"x": column.slice(3)})).arrow(exact=False).column("x").to_pylist()
        assert found == [*(float(text) for text in drawn[3:]), None]


def test_an_asof_join_finds_the_last_row_that_was_known() -> None:
    """Against the obvious loop: unsorted input, equal times, empty keys and times, several keys, limits of age."""
    random.seed(7)
    for trial in range(60):
        size, other = random.randrange(0, 25), random.randrange(0, 25)
        keys = [None, "A", "B", "C"]
        left = [(random.choice([None, *range(12)]), random.choice(keys), random.choice(keys)) for _ in range(size)]
        right = [(random.choice([None, *range(12)]), random.choice(keys), random.choice(keys)) for _ in range(other)]
        within, equal = random.choice([None, 0, 3]), random.random() < 0.7
        by = random.choice([None, "k", ("k", "m")])
        width = 0 if by is None else 1 if isinstance(by, str) else 2
        found = asof_join(_table(left), _table(right), on="t", by=by, within_ns=within, equal=equal).arrow()
        expected = [_obvious(row, right, width, within, equal) for row in left]
        assert found.column("n_right").to_pylist() == expected, trial
        assert found.column("t").to_pylist() == [row[0] for row in left]


def _table(rows: list[tuple[int | None, str | None, str | None]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    arrays = [pa.array(columns[0], pa.int64()), pa.array(columns[1], pa.string()), pa.array(columns[2], pa.string())]
    return pa.table([*arrays, pa.array(range(len(rows)), pa.int64())], names=["t", "k", "m", "n"])


def _obvious(row: tuple, right: list[tuple], width: int, within: int | None, equal: bool) -> int | None:  # type: ignore[type-arg]
    best: int | None = None
    for number, other in enumerate(right):
        if row[0] is None or other[0] is None or other[0] > row[0] or (other[0] == row[0] and not equal):
            continue
        if within is not None and row[0] - other[0] > within:
            continue
        if None in row[1 : 1 + width] or row[1 : 1 + width] != other[1 : 1 + width]:
            continue
        if best is None or other[0] >= right[best][0]:
            best = number
    return best


def test_an_asof_join_takes_any_frame_and_names_what_it_cannot(catalog: Catalog) -> None:
    """Polars beside pandas, times of different units; columns that are not there, and times that are none."""
    left = catalog.frame("trades").polars()
    right = pd.DataFrame({"known": pd.to_datetime(["2020-06-08T00:00:02Z"]), "instrument": ["BTCUSDT"], "x": [1.5]})
    right["instrument"] = right["instrument"].astype("category")
    assert asof_join(left, right, right_on="known").pandas().x.tolist()[1] == 1.5
    assert asof_join(left, right, right_on="known").arrow().column("x").null_count == 2
    with pytest.raises(HedgerowError, match=r"DATA-008.*'ts_int'.*ts_init"):
        asof_join(left, right, on="ts_int")
    with pytest.raises(HedgerowError, match=r"DATA-015.*price"):
        asof_join(left, left, on="price")
    with pytest.raises(HedgerowError, match=r"DATA-015.*list"):
        asof_join([1], left)
    with pytest.raises(HedgerowError, match=r"DATA-015.*key 1 is large_string on the left and int64 on the right"):
        asof_join(left, pd.DataFrame({"ts_init": right["known"], "instrument": [1]}))
    with pytest.raises(HedgerowError, match=r"RUN-002.*suffix"):
        asof_join(left, left, suffix="")
    twice = asof_join(pa.table({"t": [1], "a": [1], "a_right": [2]}), pa.table({"t": [1], "a": [3]}), on="t", by=None)
    assert twice.columns == ("t", "a", "a_right", "t_right", "a_right_right")


def test_the_command_prints_what_the_query_says(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON a row, as of a moment; a refused query ends with the status of its area."""
    words = ["data", "sql", "SELECT instrument, close FROM bars ORDER BY ts_event DESC", "--catalog", str(catalog.path)]
    assert run([*words, "--as-of", "2024-01-05", "--head", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"instrument": "KO", "close": 10.55}
    assert run(words) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["instrument  close", "KO          10.65"]
    assert run(["data", "sql", "SELECT", "--catalog", str(catalog.path)]) == 20
