"""Membership at a time rests on what was known then; sessions are those of the exchange, half days included."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.market import Bars, Catalog
from hedgerow.market.calendars import sessions
from hedgerow.market.universes import Change, Universe

RELATIONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "relations"
NOW = "2025-01-01"


def keep(catalog: Catalog, text: str, name: str = "idx") -> None:
    """A list of members into the catalog."""
    path = catalog.path.parent / f"{name}.csv"
    path.write_text(text)
    catalog.ingest_rows(path, ingested_at=NOW)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """One index: B is replaced by C, and A comes back under its old name."""
    found = Catalog(tmp_path / "catalog")
    keep(found, "ticker,start_date,end_date\nA,2010-01-04,2012-03-01\nB,2010-01-04,2015-06-01\n"
                "C,2015-06-01,\nA,2020-01-02,\n")  # fmt: skip
    return found


def test_members_are_those_of_the_time(catalog: Catalog) -> None:
    """On the day of a change the new one belongs; what was removed since was there before."""
    index = catalog.universe()
    assert index.name == "idx"
    assert index.symbols == ("A", "B", "C")
    told = {
        day: index.at(day)
        for day in ("2010-01-03", "2010-01-04", "2012-03-01", "2015-05-31", "2015-06-01", "2021-01-01")
    }
    assert list(told.values()) == [(), ("A", "B"), ("B",), ("B",), ("C",), ("A", "C")]
    assert index.between("2012-06-01", "2016-01-01") == ("B", "C")


def test_an_end_is_not_known_before_it_comes(catalog: Catalog) -> None:
    """Neither through the universe, nor through rows, nor in SQL, is there a leaving that lies ahead."""
    assert catalog.universe(as_of="2013-01-01").at("2030-01-01") == ("B",)
    for rows in (catalog.rows("universe", as_of="2013-01-01"), catalog.sql("FROM universe", as_of="2013-01-01").table):
        assert max(row["member_to"] or row["member_from"] for row in rows.to_pylist()).year == 2012
        assert rows.num_rows == 3


def test_an_announced_change_is_known_before_it_counts(tmp_path: Path) -> None:
    """With a time of knowledge an interval is one row; it counts once it is both known and in effect."""
    catalog = Catalog(tmp_path / "catalog")
    keep(
        catalog, "ticker,start_date,end_date,announced\nA,2020-01-10,2020-06-01,2020-01-03\nB,2020-01-01,,2020-02-01\n"
    )
    index = catalog.universe(as_of="2020-01-05")
    assert (index.at("2020-01-09"), index.at("2020-01-10"), index.at("2020-06-01")) == ((), ("A",), ())
    assert catalog.universe().at("2020-02-01") == ("A",)  # told by the end of that day
    assert catalog.universe().at("2020-02-03") == ("A", "B")


def test_a_mask_keeps_weights_to_members(catalog: Catalog) -> None:
    """A bar that closes at the midnight before a change does not see it; one that closes after it does."""
    times = np.array(["2015-05-31", "2015-06-01", "2015-06-02"], dtype="datetime64[ns]")
    mask = catalog.universe().mask(times, ["B", "C", "Z"])
    assert mask.tolist() == [[True, False, False], [True, False, False], [False, True, False]]
    index = pd.DatetimeIndex(times, tz="UTC")
    assert catalog.universe().mask(index, ["C"]).ravel().tolist() == [False, False, True]


def test_several_universes_are_told_apart(catalog: Catalog) -> None:
    """One must be named; a wrong name gets the nearest."""
    keep(catalog, 'date,add,remove\n2019-01-18,"T, U",\n2019-02-01,V,T\n', "changes")
    assert catalog.universe("changes").at("2019-02-01") == ("U", "V")
    with pytest.raises(HedgerowError, match=r"DATA-014.*say which universe; it holds changes, idx"):
        catalog.universe()
    with pytest.raises(HedgerowError, match=r"DATA-014.*'change'.*did you mean 'changes'"):
        catalog.universe("change")
    with pytest.raises(HedgerowError, match=r"DATA-014"):
        Catalog(catalog.path.parent / "none").universe()


@pytest.mark.skipif(not RELATIONS.exists(), reason=f"{RELATIONS} is not here")
def test_a_real_index_through_thirty_years(tmp_path: Path) -> None:
    """About five hundred at every time, and those that are gone: no survivorship."""
    catalog = Catalog(tmp_path)
    done = catalog.ingest_rows(RELATIONS / "sp500_membership_intervals.csv", ingested_at=NOW)
    assert done.rows_new["universe"] > 1230
    index = catalog.universe()
    for year in range(1997, 2026):
        assert 480 <= len(index.at(f"{year}-07-01")) <= 510
    assert {"LEHMQ", "ENRNQ"} < {*index.at("2001-07-01")}
    assert not {"LEHMQ", "ENRNQ"} & {*index.at("2010-07-01")}
    assert len(index.symbols) > 1100


def test_the_linter_counts_members_without_bars() -> None:
    """A backtest over two of three members says so; over all of them it does not."""
    days = pd.date_range("2020-01-01", periods=30)
    prices = pd.DataFrame({"A": np.linspace(10, 12, 30), "B": np.linspace(10, 11, 30)}, index=days)
    result = hr.backtest(Bars.from_frame(prices.round(2)), weights=pd.DataFrame(0.3, index=days, columns=["A", "B"]))
    start = pd.Timestamp("2020-01-05").value
    members = tuple(Change(symbol, start, start, True) for symbol in "ABC")
    (found,) = [s for s in hr.lint(result, universe=Universe("abc", members)).suspicions if s.rule == "survivorship"]
    assert found.says == "1 of 3 members of abc during the run have no bars: C"
    assert "survivorship" not in hr.lint(result, universe=Universe("ab", members[:2])).names


def test_sessions_know_half_days_and_clock_changes() -> None:
    """The day after Thanksgiving ends at one; London's close moves with its clocks; holidays are not there."""
    week = sessions("XNYS", "2023-11-20", "2023-11-24")
    assert week.index.strftime("%d").tolist() == ["20", "21", "22", "24"]
    assert week.close.dt.strftime("%H:%M").tolist() == ["21:00", "21:00", "21:00", "18:00"]
    assert week.half.tolist() == [False, False, False, True]
    london = sessions("XLON", "2024-03-28", "2024-04-02")
    assert london.close.dt.strftime("%d %H:%M").tolist() == ["28 16:30", "02 15:30"]
    with pytest.raises(HedgerowError, match=r"RUN-002.*'XNYX'.*did you mean"):
        sessions("XNYX", "2024-01-01", "2024-01-02")


def test_bars_labelled_by_dates_close_when_the_exchange_did() -> None:
    """`session_close` takes an exchange's code; a date on which it was shut is named."""
    frame = pd.DataFrame({"date": ["2023-11-22", "2023-11-24", "2024-03-11"], "close": [1.0, 2.0, 3.0]})
    bars = Bars.from_frame(frame, session_close="XNYS")
    assert [str(t)[:16] for t in bars.ts_event.view("datetime64[ns]")] == [
        "2023-11-22T21:00", "2023-11-24T18:00", "2024-03-11T20:00"]  # fmt: skip
    with pytest.raises(HedgerowError, match=r"DATA-013.*2023-11-23 is no session of XNYS"):
        Bars.from_frame(frame.assign(date=["2023-11-22", "2023-11-23", "2024-03-11"]), session_close="XNYS")
    with pytest.raises(HedgerowError, match=r"RUN-002.*'ABCD'"):
        Bars.from_frame(frame, session_close="ABCD")


def test_the_commands_list_members_and_sessions(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    """Members on a date, sessions of a week."""
    assert run(["data", "universe", "--catalog", str(catalog.path), "--on", "2012-06-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["symbols"] == ["B"]
    assert run(["data", "universe", "--catalog", str(catalog.path)]) == 0
    assert capsys.readouterr().out == "A C\n"
    assert run(["data", "sessions", "XNYS", "--start", "2023-11-23", "--end", "2023-11-24", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "session": "2023-11-24",
        "open": "2023-11-24T14:30:00+00:00",
        "close": "2023-11-24T18:00:00+00:00",
        "half": True,
    }
