"""What vendors get wrong is found where it stands; what is merely unusual stays silent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hedgerow.cli.main import run
from hedgerow.market import Catalog
from hedgerow.market.judging import of_catalog, of_file
from hedgerow.market.reading import Reading
from hedgerow.market.suspects import Series, suspects
from hedgerow.market.tick_suspects import tick_suspects

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
REPAIR = SHARED / "equities_daily" / "repair"
DAY = 86_400 * 10**9
MISSED = {"TENT-L-1d-bad-div"}
"""Eleven dividends, all a hundred times too small, adjusted for accordingly: nothing in the file contradicts itself."""
STILL_FAULTY = {
    "CLC-L-1d-bad-div-fixed": "six closes in pounds among pence",
    "LSC-L-1d-bad-div-fixed": "nine blocks of closes in pence among pounds",
    "NVT-L-1d-bad-div-fixed": "35 closes in pounds among pence",
    "SAND-1d-bad-div-fixed": "the adjusted close takes one dividend out twice",
    "SSNLF-1d-bad-div-fixed": "fifteen bars and one before a split of 50; a dividend that is not taken out",
}
"""Repaired twins with faults that their repair, which was about something else, left in."""


def rules(path: Path) -> list[str]:
    """The rules that speak about a file."""
    return [one.rule for _, one in of_file(path, Reading())]


@pytest.mark.skipif(not REPAIR.exists(), reason=f"{REPAIR} is not here")
def test_real_faults_are_found_and_clean_files_are_silent() -> None:
    """Of 28 damaged series 27 are found, of 5 clean ones none, of 28 repaired ones those that are still faulty."""
    found, silent = set(), set()
    for path in sorted(REPAIR.glob("*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        (found if rules(path) else silent).add(name)
    damaged = {name for name in found | silent if "fixed" not in name and "no-bad" not in name}
    assert len(found | silent) == 61
    assert len(damaged) == 28
    assert damaged & silent == MISSED
    assert found - damaged == set(STILL_FAULTY)


@pytest.mark.skipif(not REPAIR.exists(), reason=f"{REPAIR} is not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1398-HK-1d-bad-div", {"adjusted": 1}),
        ("4063-T-1d-bad-stock-split", {"level": 1}),
        ("ABDP-L-1d-bad-div", {"adjusted": 5, "dividend": 5}),
        ("AET-L-1d-100x-error", {"level": 1}),
        ("ASAI-L-1h-bad-unit", {"level": 1, "print": 1}),
        ("CNE-L-1d-bad-stock-split", {"level": 1}),
        ("JENYX-1d-cg-double-count", {"adjusted": 5}),
        ("KME-MI-1d-bad-div", {"dividend": 1}),
        ("SPM-MI-1d-bad-stock-split", {"level": 1}),
        ("TEP-PA-1d-bad-div", {"told twice": 1}),
    ],
)
def test_each_kind_of_fault_is_named_for_what_it_is(name: str, expected: dict[str, int]) -> None:
    """A line a place, by the rule that it breaks."""
    assert Counter(rules(REPAIR / f"{name}.csv.gz")) == expected


@pytest.mark.skipif(not REPAIR.exists(), reason=f"{REPAIR} is not here")
@pytest.mark.parametrize("name", ["aapl", "ba", "cat", "f", "ge"])
def test_half_a_century_of_raw_prices_is_silent(name: str) -> None:
    """Raw prices fall at a split and crash without one; dividends are reckoned in another way: nothing is suspect."""
    assert rules(SHARED / "equities_daily" / "long" / f"{name}.parquet") == []


@pytest.mark.skipif(not REPAIR.exists(), reason=f"{REPAIR} is not here")
def test_five_years_of_417_stocks_are_silent() -> None:
    """Half a million bars with no fault of these kinds; in another file, dividends of years that are missing."""
    assert rules(SHARED / "equities_daily" / "sp500_5y_ohlcv.parquet") == []
    found = [
        (name, one.rule) for name, one in of_file(SHARED / "equities_daily" / "wiki_prices_sample.csv.gz", Reading())
    ]
    assert found == [("IBM", "adjusted"), ("ORCL", "adjusted")]


def series(closes: list[float], **more: list[float]) -> Series:
    """Daily bars that are their close."""
    prices = np.array(closes)
    beside = {name: np.array(values) for name, values in more.items()}
    return Series(np.arange(prices.size) * DAY, prices, prices, prices, prices, **beside)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (series([10, 11, 1000, 1010, 10.5, 10]), [("level", 2)]),
        (series([10, 11, 10, 9, 10, 1050]), [("level", 1)]),
        (series([10, 11, 4, 4.1, 4]), []),  # a crash
        (series([10, 20, 10.5, 11]), [("level", 1)]),  # up by two and back
        (series([100, 101, 25, 26], split=[0, 0, 4, 0]), []),  # raw prices over a split
        (series([25, 25.2, 25, 26], split=[0, 0, 4, 0]), []),  # adjusted for it
        (series([10] * 4, dividend=[0, 0, 2, 0]), [("dividend", 1)]),
        (series([10, 10, 8, 8], dividend=[0, 0, 2, 0]), []),  # a large one that was paid
        (series([10, 10, 9.9, 9.9], dividend=[0, 0.1, 0.1, 0]), [("told twice", 1)]),
        (series([10, 10, 9.9], dividend=[0, 0, 0.1], adjusted=[10, 10, 9.9]), [("adjusted", 1)]),
        (series([10, 10, 9.9], dividend=[0, 0, 0.1], adjusted=[9.9, 9.9, 9.9]), []),
        (series([10, np.nan, 9.9], dividend=[0, 0.1, 0], adjusted=[9.9, np.nan, 9.9]), []),
        (series([10, 10, 10], adjusted=[-1, 10, 10]), [("adjusted", 1)]),
        (series([]), []),
        (series([10]), []),
    ],
)
def test_rules_on_small_series(given: Series, expected: list[tuple[str, int]]) -> None:
    """A fault, and beside it what only resembles it."""
    assert [(one.rule, one.bars) for one in suspects(given)] == expected


def test_ticks_crossed_alone_and_silent(tmp_path: Path) -> None:
    """A run of crossed quotes is one suspect; a print far off is one; a silence is one, a weekend none."""
    friday = pd.Timestamp("2024-01-05T20:00:00Z")
    times = [friday + pd.Timedelta(n, "s") for n in range(200)]
    times += [pd.Timestamp("2024-01-07T23:00:00Z") + pd.Timedelta(n, "s") for n in range(200)]
    times += [times[-1] + pd.Timedelta(1, "h")]
    bid = np.full(len(times), 100.0)
    ask = bid + 0.1
    ask[50:53] = 99.0
    path = tmp_path / "quotes.csv"
    pd.DataFrame({"ts": times, "symbol": "X", "bid": bid, "ask": ask}).to_csv(path, index=False)
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(path, ingested_at="2024-02-01", faulty="drop")
    assert [(one.rule, one.bars) for _, one in of_file(path, Reading())] == [("crossed", 3), ("silent", 0)]
    assert [(name, one.rule) for name, one in of_catalog(catalog)] == [("X", "silent")]
    prices = np.full(60, 50.0)
    prices[30] = 55.0
    prices[45:] = 53.0  # a level that stays is no bad print
    path = tmp_path / "trades.csv"
    frame = pd.DataFrame({"timestamp": times[:60], "symbol": "X", "price": prices, "size": 1.0})
    frame.to_csv(path, index=False)
    (found,) = [one for _, one in of_file(path, Reading())]
    assert (found.rule, found.seen, found.expected) == ("print", 55.0, 50.0)


def test_a_crossed_book_is_found_once_all_of_a_moment_is_in() -> None:
    """Within an update a book may be crossed; after it, it may not; a snapshot begins anew."""
    import pyarrow as pa

    from hedgerow.market.formats.rows import rows

    told = [  # time, side, price, size, snapshot
        (1, "bid", "10", "1", True), (1, "ask", "11", "1", True),
        (2, "bid", "11", "1", False), (2, "ask", "11", "0", False), (2, "ask", "12", "1", False),
        (3, "bid", "12", "1", False), (4, "bid", "13", "1", False),
        (5, "bid", "9", "1", True), (5, "ask", "10", "1", True),
    ]  # fmt: skip
    time, side, price, size, snapshot = (list(column) for column in zip(*told, strict=True))
    columns = {"ts_event": time, "instrument": "X", "record": list(range(len(told))), "side": side}
    table = rows("depth", {**columns, "price": price, "size": size, "snapshot": pa.array(snapshot)}).table
    (found,) = [one for _, one in tick_suspects("depth", table)]
    assert (found.rule, found.ts_event, found.bars, found.seen, found.expected) == ("crossed", 3, 2, 12.0, 12.0)


@pytest.mark.skipif(not REPAIR.exists(), reason=f"{REPAIR} is not here")
def test_real_ticks(tmp_path: Path) -> None:
    """A venue with crossed quotes, one without; a recorded book that never crosses."""
    crossed = Counter(rules(SHARED / "fx_ticks" / "fxcm_eurusd_20140501_20140507.parquet"))
    assert crossed.keys() == {"crossed"}
    assert rules(SHARED / "fx_ticks" / "oanda_eurusd_20140501_20140507.parquet") == []
    assert rules(SHARED / "crypto_l2" / "binance_spot_btcusdt_20240808.gz") == []


def test_the_command_names_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a file, and from a catalog whose dividends lie beside its bars."""
    frame = pd.DataFrame({"Date": pd.date_range("2024-01-01", periods=5), "Close": [10, 10, 10, 10, 10]})
    frame["Dividends"] = [0, 0, 2, 0, 0]
    path = tmp_path / "KO.csv"
    frame.to_csv(path, index=False)
    assert run(["data", "suspects", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["instrument"], told["rule"], told["at"][:10], told["seen"]) == ("KO", "dividend", "2024-01-03", 2.0)
    catalog = str(tmp_path / "catalog")
    assert (
        run(["data", "ingest", str(path), "--catalog", catalog]) == run(["data", "keep", str(path), "-c", catalog]) == 0
    )
    capsys.readouterr()
    assert run(["data", "suspects", "--catalog", catalog, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "dividend"
    assert run(["data", "suspects", "--catalog", catalog, "--as-of", "2024-01-02"]) == 0
    assert capsys.readouterr().out == "nothing suspicious\n"
