"""Macro series with vintages, from a server on loopback that keeps FRED's rules; no real answer was at hand.

The server is written from FRED's public specification and shares no code with the reader: it holds values with the days
on which they were published, and answers for a real-time period, clipped to it, page by page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from hedgerow.market import Catalog
from hedgerow.market.feeds.keeping import keep_deliveries

Make = Callable[..., Any]
END = date(9999, 12, 31)


class Fred:
    """Series by name: (day it is of, day of publication, value or None where it was taken back)."""

    def __init__(self) -> None:
        self.said: dict[str, list[tuple[str, str, str | None]]] = {}

    def vintages(self, query: dict[str, str], _: Any) -> tuple[int, dict[str, str], bytes]:
        """The answer of series/vintagedates."""
        days = sorted({published for _, published, _ in self.said[query["series_id"]]})
        days = [day for day in days if query["realtime_start"] <= day <= query["realtime_end"]]
        return self._answer(query, "vintage_dates", days)

    def observations(self, query: dict[str, str], _: Any) -> tuple[int, dict[str, str], bytes]:
        """The answer of series/observations, output type 1."""
        if query["series_id"] not in self.said:
            return 400, {}, b'{"error_code": 400, "error_message": "Bad Request. The series does not exist."}'
        begin, end = (date.fromisoformat(query[key]) for key in ("realtime_start", "realtime_end"))
        rows, said = [], self.said[query["series_id"]]
        for day in sorted({day for day, _, _ in said}):
            versions = sorted((date.fromisoformat(at), value) for of, at, value in said if of == day)
            for number, (at, value) in enumerate(versions):
                until = versions[number + 1][0] - timedelta(1) if number + 1 < len(versions) else END
                if value is not None and at <= end and until >= begin:
                    told = {"realtime_start": str(max(at, begin)), "realtime_end": str(min(until, end))}
                    rows.append({**told, "date": day, "value": value})
        return self._answer(query, "observations", rows)

    @staticmethod
    def _answer(query: dict[str, str], key: str, rows: list[Any]) -> tuple[int, dict[str, str], bytes]:
        if query.get("api_key") != "secret" or query.get("file_type") != "json":
            return 400, {}, b'{"error_code": 400, "error_message": "Bad Request. The value for variable api_key..."}'
        offset, limit = int(query["offset"]), int(query["limit"])
        told = {name: query[name] for name in ("realtime_start", "realtime_end")}
        told |= {"count": len(rows), "offset": offset, "limit": limit, key: rows[offset : offset + limit]}
        return 200, {}, json.dumps(told).encode()


GDP = [
    ("2023-10-01", "2024-01-25", "27938.8"),
    ("2023-10-01", "2024-02-28", "27944.6"),
    ("2023-10-01", "2024-03-28", "27957.0"),
    ("2024-01-01", "2024-04-25", "28284.5"),
    ("2024-01-01", "2024-05-30", "28255.9"),
]


@pytest.fixture
def fred(feed: Make, web: Any) -> Make:
    """A feed of a series, and the server."""

    def make(vendor: str = "alfred", keys: str = "", top: str = "", series: str = "GDP") -> Any:
        here, server = feed(""), Fred()
        here.text = (
            f'name = "macro"\nvendor = "{vendor}"\nsymbols = ["{series}"]\n{top}\n'
            f'[transport]\nurl = "{web.url}fred"\nrate_per_second = 1000\n{keys}\n'
        )
        here.environment["FRED_API_KEY"] = "secret"
        server.said["GDP"] = list(GDP)
        web.files["fred/series/vintagedates"] = server.vintages
        web.files["fred/series/observations"] = server.observations
        return here, server

    return make


def values(here: Any, catalog: Catalog, as_of: str) -> dict[str, float | None]:
    """Each day's value as it was known."""
    rows = catalog.rows("series", "GDP", as_of=as_of).to_pylist()
    return {str(row["ts_event"])[:10]: row["value"] for row in rows}


@pytest.mark.parametrize("page_rows", [1, 2, 1000])
def test_as_of_a_day_the_value_is_the_one_of_that_day(fred: Make, tmp_path: Any, page_rows: int) -> None:
    """Every vintage, whatever the size of the pages."""
    here, _ = fred(keys=f"page_rows = {page_rows}")
    assert here.codes() == []
    catalog = Catalog(tmp_path / "catalog")
    assert [kept.error for kept in keep_deliveries(here.spec, here.folder, catalog) if kept.error] == []
    for day, published, value in GDP:
        before = str(date.fromisoformat(published) - timedelta(1))
        assert values(here, catalog, published)[day] == float(value)
        if before > "2024-01-25":
            assert values(here, catalog, before).get(day) != float(value)
    assert values(here, catalog, "2024-01-24") == {}


def test_the_next_pass_asks_for_new_vintages_only(fred: Make, web: Any, tmp_path: Any) -> None:
    """A new value, a revision, and one that was taken back; what is as it was makes no row."""
    here, server = fred()
    here.run()
    assert here.kinds() == []
    asked = len(web.asked)
    server.said["GDP"] += [("2024-04-01", "2024-07-25", "28629.2"), ("2024-01-01", "2024-07-25", "28269.2")]
    server.said["GDP"] += [("2023-10-01", "2024-08-29", None), ("2024-04-01", "2024-08-29", "28652.3")]
    here.run()
    assert "realtime_start=2024-07-25&realtime_end=2024-08-29" in web.asked[-2][0] + web.asked[-1][0]
    assert len(web.asked) - asked <= 3
    catalog = Catalog(tmp_path / "catalog")
    kept = list(keep_deliveries(here.spec, here.folder, catalog))
    assert sum(one.rows_new.get("series", 0) for one in kept) == len(GDP) + 4
    assert values(here, catalog, "2024-07-25") == {"2023-10-01": 27957.0, "2024-01-01": 28269.2, "2024-04-01": 28629.2}
    assert values(here, catalog, "2024-08-29") == {"2023-10-01": None, "2024-01-01": 28269.2, "2024-04-01": 28652.3}


@pytest.mark.parametrize("page_rows", [2, 3, 1000])
def test_a_value_taken_back_is_missing_wherever_its_page_ends(fred: Make, tmp_path: Any, page_rows: int) -> None:
    """The last row of a page comes again with the row behind it."""
    here, server = fred(keys=f"page_rows = {page_rows}")
    server.said["GDP"] = [(f"2024-0{n}-01", "2024-05-01", f"{n}.5") for n in (1, 2, 3, 4)]
    server.said["GDP"] += [(f"2024-0{n}-01", "2024-06-01", None) for n in (1, 2, 3)]
    server.said["GDP"] += [("2024-05-01", "2024-07-01", "5.5")]
    here.run()
    catalog = Catalog(tmp_path / "catalog")
    assert [one.error for one in keep_deliveries(here.spec, here.folder, catalog) if one.error] == []
    assert values(here, catalog, "2024-05-02")["2024-02-01"] == 2.5
    now = values(here, catalog, "2024-07-02")
    assert [now[f"2024-0{n}-01"] for n in (1, 2, 3, 4, 5)] == [None, None, None, 4.5, 5.5]


def test_fred_begins_with_the_vintage_of_today_and_alfred_where_it_is_told(fred: Make) -> None:
    """`since` names the first vintage that is wanted."""
    here, _ = fred("fred")
    here.run()
    (line,) = here.lines()
    assert json.loads(line["cursor"]) == {"GDP": "2024-05-30"}
    (data,) = here.files().values()
    assert [row["value"] for row in json.loads(json.loads(data)["replies"][0]["text"])["observations"]] == [
        "27957.0",
        "28255.9",
    ]


def test_since_names_the_first_vintage(fred: Make) -> None:
    """Those before are not asked for."""
    here, _ = fred("alfred", top="since = 2024-03-01")
    here.run()
    assert b"27944.6" not in b"".join(here.files().values()).replace(b"2024-03-28", b"")


def test_what_is_published_today_is_known_when_it_came(fred: Make, tmp_path: Any) -> None:
    """Not at the end of the day, for it is here."""
    here, server = fred()
    today = "2026-11-28"
    server.said["GDP"] = [("2026-07-01", today, "31000.5")]
    here.run()
    catalog = Catalog(tmp_path / "catalog")
    list(keep_deliveries(here.spec, here.folder, catalog))
    (row,) = catalog.rows("series").to_pylist()
    assert abs(row["ts_init"].value - here.now_ns) < 10**9


def test_the_key_is_on_no_record(fred: Make) -> None:
    """Neither in the deliveries nor in an error."""
    here, server = fred()
    here.run()
    server.said.pop("GDP")
    errors = here.run().errors
    everything = b"".join(path.read_bytes() for path in here.folder.rglob("*") if path.is_file())
    assert b"secret" not in everything
    assert not any("secret" in str(error) for error in errors)
    here.environment.clear()
    assert here.codes() == ["FEED_SECRET"]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'{"vintage_dates": ["2024', "FEED_TRUNCATED"), (b"<html>", "FEED_PROTOCOL"), (b'{"x": 1}', "FEED_PROTOCOL")],
)
def test_an_answer_that_is_none_is_named(fred: Make, web: Any, body: bytes, code: str) -> None:
    """Nothing is delivered of it."""
    here, _ = fred()
    web.files["fred/series/vintagedates"] = lambda *_: (200, {}, body)
    assert here.codes() == [code]
    assert here.files() == {}


@pytest.mark.parametrize("count", ["null", '"many"', "1e999", "[]", "true"])
def test_a_count_that_is_none_is_named(fred: Make, web: Any, count: str) -> None:
    """Of vintages and of values."""
    for what in ("vintagedates", "observations"):
        here, _ = fred()
        told = f'{{"count": {count}, "vintage_dates": ["2024-01-25"], "observations": [{{}}]}}'
        web.files[f"fred/series/{what}"] = lambda *_, told=told: (200, {}, told.encode())
        assert here.codes() == ["FEED_PROTOCOL"]
        assert here.files() == {}


@pytest.mark.parametrize("day", ["soon", {"a": 1}, None, 20240125])
def test_a_vintage_that_is_no_day_is_named(fred: Make, web: Any, day: Any) -> None:
    """Else it would be the last one that is here, and no other would be asked for."""
    here, _ = fred()
    web.files["fred/series/vintagedates"] = lambda *_: (200, {}, json.dumps({"vintage_dates": [day]}).encode())
    assert here.codes() == ["FEED_PROTOCOL"]


def test_vintages_without_an_end_are_named(fred: Make, web: Any) -> None:
    """A list that always has more."""
    here, _ = fred()
    body = json.dumps({"count": 10**12, "vintage_dates": ["2024-01-25"] * 10_000}).encode()
    web.files["fred/series/vintagedates"] = lambda *_: (200, {}, body)
    assert here.codes() == ["FEED_PROTOCOL"]


def test_values_that_were_announced_and_do_not_come_are_asked_for_again(fred: Make, web: Any) -> None:
    """The vintage is not taken for one that is here."""
    here, server = fred()
    web.files["fred/series/observations"] = lambda *_: (200, {}, b'{"count": 5, "observations": []}')
    assert here.codes() == ["FEED_PROTOCOL"]
    web.files["fred/series/observations"] = server.observations
    assert here.codes() == []
    assert len(here.files()) == 1
