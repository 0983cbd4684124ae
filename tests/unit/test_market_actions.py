"""Corporate actions are known from a moment on; bars adjusted as of it use those and no others."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog
from hedgerow.market.actions import Action
from hedgerow.market.adjusted import factors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "equities_daily"
NOW = "2025-01-01"
HEAD = "symbol,ex_date,action,value,into,ratio,known_at\n"


def closes(first: str, *prices: float) -> pd.DataFrame:
    """Daily closes from a day on."""
    return pd.DataFrame({"date": pd.date_range(first, periods=len(prices)).strftime("%Y-%m-%d"), "close": prices})


def keep(catalog: Catalog, text: str, restated_at: str | None = None) -> dict[str, int]:
    """Actions into the catalog; how many are new."""
    path = catalog.path.parent / "actions.csv"
    path.write_text(HEAD + text)
    return catalog.ingest_rows(path, ingested_at=NOW, restated_at=restated_at).rows_new


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog."""
    return Catalog(tmp_path / "catalog")


def prices(catalog: Catalog, symbol: str, as_of: str | None = None, **how: object) -> list[float]:
    """Adjusted closes in order of time."""
    bars = catalog.adjusted(symbol, as_of=as_of, **how)  # type: ignore[arg-type]
    return bars.prices()[np.argsort(bars.ts_event)].round(9).tolist()


def test_a_split_scales_what_came_before_once_it_trades(catalog: Catalog) -> None:
    """Before the ex-date, known or not, nothing is scaled; from its first bar on the past is, and volume with it."""
    frame = closes("2024-03-01", 100, 104, 26, 27).assign(volume=[10, 10, 40, 44])
    catalog.ingest(frame, symbol="KO", ingested_at=NOW)
    keep(catalog, "KO,2024-03-03,split,4:1,,,2024-02-01\n")
    assert prices(catalog, "KO", "2024-03-02") == [100, 104]
    assert prices(catalog, "KO", "2024-03-03") == [25, 26, 26]
    assert prices(catalog, "KO") == [25, 26, 26, 27]
    assert prices(catalog, "KO", splits=False) == [100, 104, 26, 27]
    assert catalog.adjusted("KO").volumes().tolist() == [40, 40, 40, 44]
    assert catalog.bars("KO").prices().tolist() == [100, 104, 26, 27]


def test_an_action_told_late_changes_nothing_before(catalog: Catalog) -> None:
    """A dividend that the vendor told a month later is not in what was known in between."""
    catalog.ingest(closes("2024-03-01", 100, 100, 99), symbol="KO", ingested_at=NOW)
    keep(catalog, "KO,2024-03-03,dividend,1,,,2024-04-01\n")
    assert prices(catalog, "KO", "2024-03-20") == [100, 100, 99]
    assert prices(catalog, "KO", "2024-04-01") == [99, 99, 99]
    assert prices(catalog, "KO", dividends="ex close") == [99, 99, 99]
    assert prices(catalog, "KO", dividends=None) == [100, 100, 99]
    assert catalog.actions("KO", as_of="2024-03-20") == []


def test_a_correction_replaces_what_was_told_of_a_day(catalog: Catalog) -> None:
    """Said again it is not new; otherwise it is a conflict until its time is told; without a value it takes back."""
    catalog.ingest(closes("2024-03-01", 100, 100, 99), symbol="KO", ingested_at=NOW)
    assert keep(catalog, "KO,2024-03-03,dividend,1,,,2024-03-01\n") == {"actions": 1}
    assert keep(catalog, "KO,2024-03-03,dividend,1.00,,,2024-03-01\n") == {}
    assert keep(catalog, "KO,2024-03-03,dividend,1,,,2024-03-02\n") == {}
    with pytest.raises(HedgerowError, match=r"DATA-017.*KO dividend 2024-03-03: the value is 1.0*, now 2"):
        keep(catalog, "KO,2024-03-03,dividend,2,,,2024-03-01\n")
    assert keep(catalog, "KO,2024-03-03,dividend,2,,,2024-03-01\n", restated_at="2024-03-10") == {"actions": 1}
    assert prices(catalog, "KO", "2024-03-05") == [99, 99, 99]
    assert prices(catalog, "KO", "2024-03-10") == [98, 98, 99]
    keep(catalog, "KO,2024-03-03,dividend,,,,2024-03-12\n")
    assert prices(catalog, "KO", "2024-03-11") == [98, 98, 99]
    assert prices(catalog, "KO") == [100, 100, 99]
    assert catalog.actions("KO") == []


def test_two_dividends_of_a_day_are_told_together(catalog: Catalog) -> None:
    """An ordinary and a special one both count; the same again is not new."""
    catalog.ingest(closes("2024-03-01", 100, 100, 96), symbol="KO", ingested_at=NOW)
    both = "KO,2024-03-03,dividend,1,ordinary,,2024-03-01\nKO,2024-03-03,special dividend,3,special,,2024-03-01\n"
    assert keep(catalog, both) == {"actions": 2}
    assert keep(catalog, both) == {}
    assert prices(catalog, "KO") == [96, 96, 96]


def test_a_rename_keeps_one_instrument(catalog: Catalog) -> None:
    """One series under the name asked for; a name that another takes later means the other."""
    catalog.ingest(closes("2022-06-06", 190, 196, 198), symbol="FB", ingested_at=NOW)
    catalog.ingest(closes("2022-06-09", 184, 175), symbol="META", ingested_at=NOW)
    keep(catalog, "FB,2022-06-09,rename,,META,,2022-05-31\nFB,2022-06-08,split,2,,,2022-05-31\n")
    assert prices(catalog, "META") == [95, 98, 198, 184, 175]
    assert prices(catalog, "FB") == prices(catalog, "META")
    assert catalog.adjusted("META").symbols == ("META",)
    assert catalog.adjusted().symbols == ("META",)
    assert prices(catalog, "META", splits=False)[0] == 190
    catalog.ingest(closes("2023-01-01", 5, 6), symbol="FB", ingested_at=NOW)
    assert prices(catalog, "FB") == [5, 6]
    assert prices(catalog, "FB", "2022-12-01") == [95, 98, 198, 184, 175]
    assert sorted(catalog.adjusted().symbols) == ["FB", "META"]


def test_a_delisting_ends_a_series_with_its_last_value(catalog: Catalog) -> None:
    """With what was paid, or next to nothing; what another trades under the name later is not part of it."""
    catalog.ingest(closes("2024-03-01", 5, 2, 1), symbol="GONE", ingested_at=NOW)
    catalog.ingest(closes("2024-03-01", 5, 2, 1), symbol="DUST", ingested_at=NOW)
    keep(catalog, "GONE,2024-03-04,delisting,0.25,,,2024-03-03\nDUST,2024-03-04,delisted,0,,,2024-03-03\n")
    assert prices(catalog, "GONE") == [5, 2, 1, 0.25]
    assert prices(catalog, "GONE", "2024-03-03") == [5, 2, 1]
    assert prices(catalog, "DUST") == [5, 2, 1, 1e-9]
    assert catalog.adjusted("GONE").notes[-1] == "ends with its delisting at 0.250000000000000000"
    catalog.ingest(closes("2024-06-01", 70, 71), symbol="GONE", ingested_at=NOW)
    assert prices(catalog, "GONE") == [5, 2, 1, 0.25]


def test_a_merger_is_worth_its_cash_and_the_shares_given(catalog: Catalog) -> None:
    """The acquirer's last price up to the end counts."""
    catalog.ingest(closes("2024-03-01", 50, 51), symbol="SMALL", ingested_at=NOW)
    catalog.ingest(closes("2024-03-01", 80, 82, 84, 99), symbol="BIG", ingested_at=NOW)
    keep(catalog, "SMALL,2024-03-03,merger,10,BIG,0.5,2024-01-10\n")
    assert prices(catalog, "SMALL") == [50, 51, 52]


def test_what_cannot_be_is_named(catalog: Catalog) -> None:
    """A word for no action, a dividend that leaves nothing, a split into nothing, a symbol that is not there."""
    catalog.ingest(closes("2024-03-01", 100, 100, 99), symbol="KO", ingested_at=NOW)
    with pytest.raises(HedgerowError, match=r"DATA-015.*record 0: 'splitt'.*did you mean 'split'"):
        keep(catalog, "KO,2024-03-03,splitt,2,,,2024-03-01\n")
    with pytest.raises(HedgerowError, match=r"DATA-015.*record 0: ratio is 'half'"):
        keep(catalog, "KO,2024-03-03,merger,1,BIG,half,2024-03-01\n")
    for ratio in ("1e40", "-1", "Infinity"):
        with pytest.raises(HedgerowError, match=r"DATA-"):
            keep(catalog, f"KO,2024-03-03,merger,1,BIG,{ratio},2024-03-01\n")
    assert catalog.actions() == []
    keep(catalog, "KO,2024-03-03,dividend,100,,,2024-03-01\n")
    with pytest.raises(HedgerowError, match=r"DATA-002.*KO 2024-03-03: 100.0 a share leaves nothing of 100.0"):
        catalog.adjusted("KO")
    with pytest.raises(HedgerowError, match=r"DATA-002.*a split of -2"):
        factors(np.array([1, 3]), np.array([1.0, 1.0]), [Action("A", "split", 2, 2, Decimal(-2))])
    with pytest.raises(HedgerowError, match=r"DATA-014.*'KOO'.*did you mean 'KO'"):
        catalog.adjusted("KOO")
    with pytest.raises(HedgerowError, match=r"RUN-002.*'crsp'"):
        catalog.adjusted("KO", dividends="crsp")  # type: ignore[arg-type]


def test_renames_in_a_circle_end(catalog: Catalog) -> None:
    """A to B to A, and a rename into itself."""
    catalog.ingest(closes("2024-03-01", 1, 2, 3), symbol="A", ingested_at=NOW)
    catalog.ingest(closes("2024-03-04", 4, 5), symbol="B", ingested_at=NOW)
    catalog.ingest(closes("2024-03-06", 6), symbol="A", ingested_at=NOW)
    keep(catalog, "A,2024-03-04,rename,,B,,\nB,2024-03-06,rename,,A,,\n".replace(",,\n", ",,2024-03-01\n"))
    assert prices(catalog, "A") == [1, 2, 3, 4, 5, 6]
    keep(catalog, "C,2024-03-04,rename,,C,,2024-03-01\n")
    with pytest.raises(HedgerowError, match=r"DATA-014.*'C'"):
        catalog.adjusted("C")


def test_a_backtest_runs_on_adjusted_bars(catalog: Catalog) -> None:
    """Bought and held over a split and a dividend, the worth follows the adjusted price."""
    catalog.ingest(closes("2024-03-01", 100, 104, 26, 27, 26), symbol="KO", ingested_at=NOW)
    keep(catalog, "KO,2024-03-03,split,4,,,2024-02-01\nKO,2024-03-05,dividend,1,,,2024-02-01\n")
    bars = catalog.adjusted("KO")
    weights = pd.DataFrame({"KO": [1.0] + [np.nan] * 4}, index=bars.close_frame().index)
    result = hr.backtest(bars, weights=weights, cash=10_000, costs=hr.Costs.none())
    worth = result.equity.to_numpy()
    assert worth[-1] / worth[1] == pytest.approx(26 / 25.037037, rel=2e-3)
    assert bars.prices().round(6).tolist() == [24.074074, 25.037037, 25.037037, 26.0, 26.0]


@pytest.mark.parametrize("name", ["aapl", "ba", "cat", "f", "ge"])
def test_the_vendors_adjusted_series_is_reproduced(name: str, tmp_path: Path) -> None:
    """Half a century of raw prices, dividends and splits give the vendor's adjusted prices to its last digit.

    The vendor's last price is adjusted for what came after the file's end; ours is raw, so both begin from there.
    """
    path = SHARED / "long" / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    catalog = Catalog(tmp_path)
    catalog.ingest(path, symbol=name, ingested_at=NOW, faulty="drop")  # two rows of one file are crossed
    catalog.ingest_rows(path, symbol=name, ingested_at=NOW)
    vendor = pd.read_parquet(path)
    told = int((vendor.ex_dividend != 0).sum() + (~vendor.split_ratio.isin([0, 1])).sum())
    assert len(catalog.actions(name)) == told > 30
    raw = catalog.bars(name)
    vendor = vendor[vendor.date.isin(raw.session_dates())]
    expected = (vendor.adj_close * (vendor.close.iloc[-1] / vendor.adj_close.iloc[-1])).to_numpy()
    price, volume = factors(raw.ts_event, raw.prices(), catalog.actions(name), dividends="ex close")
    np.testing.assert_allclose(raw.prices() * price, expected, rtol=1e-12)
    np.testing.assert_allclose(raw.volumes() * volume, vendor.adj_volume, rtol=1e-3)
    np.testing.assert_allclose(catalog.adjusted(name, dividends="ex close").prices(), expected, rtol=0, atol=6e-10)
    np.testing.assert_allclose(catalog.adjusted(name).prices(), expected, rtol=0.05)


def test_the_sample_of_many_is_reproduced_between_its_gaps(tmp_path: Path) -> None:
    """Six symbols whose years have gaps: within each stretch the steps of both series are the same."""
    path = SHARED / "wiki_prices_sample.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    catalog = Catalog(tmp_path)
    catalog.ingest(path, ingested_at=NOW, missing="drop", faulty="drop")
    catalog.ingest_rows(path, ingested_at=NOW)
    vendor = pd.read_csv(path, parse_dates=["date"])
    steps = 0
    for symbol, frame in vendor.groupby("symbol"):
        bars = catalog.adjusted(str(symbol), dividends="ex close")
        assert len(bars) == len(frame)
        ours = np.log(bars.prices())
        theirs = np.log(frame.adj_close.to_numpy())
        near = (frame.date.diff().dt.days < 10).to_numpy()[1:]
        np.testing.assert_allclose(np.diff(ours)[near], np.diff(theirs)[near], atol=2e-7)
        steps += int(near.sum())
    assert steps > 4500


def test_the_commands_show_actions_and_adjusted_bars(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    """A line an action, a line a bar."""
    catalog.ingest(closes("2024-03-01", 100, 104, 26), symbol="KO", ingested_at=NOW)
    keep(catalog, "KO,2024-03-03,split,4,,,2024-02-01\n")
    where = ["--catalog", str(catalog.path), "--json"]
    assert run(["data", "actions", *where]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "instrument": "KO",
        "action": "split",
        "ex": "2024-03-03T00:00:00+00:00",
        "known": "2024-02-01T23:59:59.999999999+00:00",
        "value": "4",
        "into": None,
        "ratio": None,
    }
    assert run(["data", "adjusted", "--symbol", "KO", *where]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["close"] for line in lines] == ["25", "26", "26"]
    assert run(["data", "adjusted", "--dividends", "none", "--as-of", "2024-03-02", *where]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
