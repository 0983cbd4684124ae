"""An interface that is polled: pages by cursor, number, offset and link, documents with vintages, and its rate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


def rows_from(first: int, count: int, last: int) -> list[dict[str, int]]:
    """Rows of an interface that has `last` of them."""
    return [{"id": number} for number in range(first, min(first + count, last + 1))]


class Trades:
    """An interface that gives two rows a page, and grows."""

    def __init__(self, last: int) -> None:
        self.last = last

    def __call__(self, query: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """A page, however it is asked for."""
        first = int(query.get("from", query.get("offset", "0")))
        if "page" in query:
            first = 2 * (int(query["page"]) - 1)
        if "offset" not in query and "page" not in query and "from" in query:
            first += 1
        rows = rows_from(first, 2, self.last)
        link = f'</trades?offset={first + 2}&key=k>; rel="next"' if first + 2 <= self.last else ""
        return 200, {"Link": link}, json.dumps({"data": rows}).encode()


PAGING = {
    "cursor": 'paging = "cursor"\nparameter = "from"\ncursor_from = "data.-1.id"\nrows_from = "data"',
    "number": 'paging = "number"\nparameter = "page"\nrows_from = "data"',
    "offset": 'paging = "offset"\nparameter = "offset"\nrows_from = "data"',
    "link": 'paging = "link"\nquery_env = { "key" = "KEY" }',
}


def ids(here: Any) -> list[int]:
    """Rows of all delivered pages."""
    return [row["id"] for data in here.files().values() for row in json.loads(data)["data"]]


@pytest.mark.parametrize("paging", PAGING)
def test_pages_follow_each_other_to_the_end_and_the_next_pass_goes_on(feed: Make, web: Any, paging: str) -> None:
    """Each row comes, the pages lie in order, and what came before is not asked for from the beginning again."""
    web.files["trades"] = Trades(6)
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\nrate_per_second = 1000\n{PAGING[paging]}')
    here.environment["KEY"] = "k"
    assert {row.kind for row in here.run().rows} == {"new"}
    assert ids(here) == [0, 1, 2, 3, 4, 5, 6]
    web.asked.clear()
    assert here.kinds() == []
    assert len(web.asked) <= 2
    web.files["trades"].last = 9
    here.run()
    assert sorted(set(ids(here))) == list(range(10))
    assert not any("key" in (line.get("cursor") or "") for line in here.lines())


def test_a_pass_that_broke_goes_on_at_the_page_that_it_broke_at(feed: Make, web: Any) -> None:
    """The cursor stands in the record with the page."""
    web.files["trades"] = Trades(6)
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\nrate_per_second = 1000\n{PAGING["cursor"]}')
    web.faults = [None, None, (403, {}, b"over your quota")]
    assert here.codes() == ["FEED_REFUSED"]
    assert ids(here) == [0, 1, 2, 3]
    web.asked.clear()
    here.run()
    assert ids(here) == [0, 1, 2, 3, 4, 5, 6]
    assert web.asked[0][0] == "/trades?from=3"


def test_a_document_keeps_its_vintages(feed: Make, web: Any) -> None:
    """A macro series that is revised is a restatement; one that is not, nothing at all."""
    here = feed(f'kind = "rest"\nurl = "{web.url}gdp"\ndocument = "gdp.json"')
    for value in ("1.0", "1.0", "1.2", "1.0"):
        web.files["gdp"] = json.dumps({"gdp": value}).encode()
        here.run()
        here.days_later(30)
    assert [(line["kind"], line["file"]) for line in here.lines()] == [
        ("new", "files/gdp.json"),
        ("restated", "restated/2/gdp.json"),
        ("restated", "files/gdp.json"),
    ]
    assert web.header("If-None-Match")[1] is not None


def test_the_rate_is_kept_and_patience_had(feed: Make, web: Any) -> None:
    """Two questions a second, and as long as the other side asks for."""
    web.files["trades"] = Trades(5)
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\nrate_per_second = 2\n{PAGING["number"]}')
    web.faults = [(429, {"Retry-After": "3"})]
    here.run()
    assert len(web.asked) == 5
    assert here.slept[0] == 3.0
    assert here.slept[1:] == pytest.approx([0.5, 0.5, 0.5], abs=0.01)


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"", b'{"data": [1'])
def test_an_answer_that_is_no_json_is_not_delivered(feed: Make, web: Any, body: bytes) -> None:
    """It is named with how it begins."""
    web.files["trades"] = body
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\n{PAGING["cursor"]}')
    assert here.codes() == ["FEED_PROTOCOL"]
    assert here.files() == {}


def test_pages_without_end_are_stopped(feed: Make, web: Any) -> None:
    """A limit that the feed sets itself."""
    web.files["trades"] = Trades(10**6)
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\nrate_per_second = 1000\npages_max = 3\n{PAGING["number"]}')
    assert here.codes() == ["FEED_QUOTA"]
    assert len(here.files()) == 3


def test_a_next_page_at_another_host_is_refused(feed: Make, web: Any) -> None:
    """Secrets and deliveries stay with the host that the specification names."""
    web.files["trades"] = lambda _, __: (200, {"Link": '<http://elsewhere.invalid/>; rel="next"'}, b'{"data": []}')
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\npaging = "link"\nrate_per_second = 1000')
    assert here.codes() == ["FEED_PROTOCOL"]


def test_an_answer_that_is_too_long_is_refused(feed: Make, web: Any) -> None:
    """No more is read than allowed."""
    web.files["trades"] = b"[" + b"1," * 10_000 + b"1]"
    here = feed(f'kind = "rest"\nurl = "{web.url}trades"\npage_bytes_max = "10 kB"')
    assert here.codes() == ["FEED_QUOTA"]


def test_recorded_answers_of_venues_come_to_the_byte(feed: Make, web: Any, shared: Callable[[str], Any]) -> None:
    """Each JSON answer of the reference data is one document."""
    found = [path for path in sorted(shared("data/rest_fixtures").rglob("*.json")) if path.stat().st_size < 1 << 20][:5]
    assert found
    for path in found:
        web.files["doc"] = path.read_bytes()
        here = feed(f'kind = "rest"\nurl = "{web.url}doc"', top="")
        here.folder = here.folder / path.stem
        assert here.kinds() == [("new", "document.json")]
        assert here.files() == {"files/document.json": path.read_bytes()}
