"""News by address: RSS, Atom and JSON, updates as new rows, and documents that are meant to do harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.market import Catalog
from hedgerow.market.feeds.keeping import keep_deliveries

Make = Callable[..., Any]
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Fed</title>{}</channel></rss>'
ITEM = "<item><guid>{0}</guid><title>{1}</title><pubDate>Fri, 27 Nov 2026 {2}:00:00 GMT</pubDate></item>"


@pytest.fixture
def news(feed: Make, web: Any) -> Make:
    """A feed of documents by name."""

    def make(vendor: str = "rss", names: tuple[str, ...] = ("fed",), keys: str = "") -> Any:
        here = feed("")
        urls = ", ".join(f'{name} = "{web.url}{name}"' for name in names)
        here.text = f'name = "news"\nvendor = "{vendor}"\n[transport]\nurls = {{ {urls} }}\n{keys}\n'
        return here

    return make


def kept(here: Any, folder: Path) -> list[dict[str, Any]]:
    """The rows that the catalog has, in the order in which they were known."""
    catalog = Catalog(folder)
    assert [one.error for one in keep_deliveries(here.spec, here.folder, catalog) if one.error] == []
    return list(catalog.rows("news").to_pylist())


def test_an_item_dated_beyond_time_spoils_no_other(news: Make, web: Any, tmp_path: Path) -> None:
    """Nanoseconds end in 2262; such a date is none."""
    here = news()
    far = ITEM.format(1, "Far", 10).replace("2026", "2999")
    web.files["fed"] = RSS.format(far + ITEM.format(2, "Minutes", 11)).encode()
    here.run()
    rows = kept(here, tmp_path / "catalog")
    assert {row["title"] for row in rows} == {"Far", "Minutes"}


def test_an_item_is_known_when_it_was_seen_and_a_changed_one_is_a_new_row(news: Make, web: Any, tmp_path: Path) -> None:
    """Of three passes: two items, nothing, one more item and a correction."""
    here = news()
    web.files["fed"] = RSS.format(ITEM.format(1, "Rates held", 10) + ITEM.format(2, "Minutes", 11)).encode()
    here.run()
    first_ns = here.now_ns
    assert here.kinds() == []
    assert web.header("If-None-Match")[-1] is not None
    here.days_later(1)
    web.files["fed"] = RSS.format(
        ITEM.format(3, "Speech", 12) + ITEM.format(1, "Rates raised", 10) + ITEM.format(2, "Minutes", 11)
    ).encode()
    here.run()
    rows = kept(here, tmp_path / "catalog")
    assert [row["title"] for row in rows] == ["Rates held", "Minutes", "Rates raised", "Speech"]
    assert str(rows[0]["ts_event"]) == "2026-11-27 10:00:00+00:00"
    assert abs(rows[0]["ts_init"].value - first_ns) < 10**9
    assert rows[2]["ts_init"].value > first_ns + 86_399 * 10**9
    seen = Catalog(tmp_path / "catalog").rows("news", as_of=first_ns + 10**9).to_pylist()
    assert [row["title"] for row in seen] == ["Rates held", "Minutes"]


def test_atom_and_the_json_of_an_interface_are_news_too(
    news: Make, web: Any, tmp_path: Path, shared: Callable[[str], Path]
) -> None:
    """An entry by its publication, and a vendor's recorded answer, with a key that is on no record."""
    entry = "<entry><id>a</id><title>8-K</title><published>2026-11-27T10:00:00Z</published></entry>"
    web.files["fed"] = f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'.encode()
    here = news()
    here.run()
    (row,) = kept(here, tmp_path / "atom")
    assert (row["title"], row["instrument"]) == ("8-K", "fed")
    path = shared("data/rest_fixtures/us_market_data_vendor/v2__reference__news__ticker=NFLX.json")
    web.files["fed"] = path.read_bytes()
    other = news("json-news", keys='query_env = { apiKey = "NEWS_KEY" }')
    other.folder = tmp_path / "other"
    other.environment["NEWS_KEY"] = "secret"
    other.run()
    assert "apiKey=secret" in web.asked[-1][0]
    rows = kept(other, tmp_path / "json")
    assert rows[0]["title"].startswith("Theres a big hole")
    assert str(rows[0]["ts_event"]) == "2022-04-28 17:08:00+00:00"
    assert not any(b"secret" in file.read_bytes() for file in other.folder.rglob("*") if file.is_file())


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
NAMED = '<?xml version="1.0"{}?><!DOCTYPE r [<!ENTITY {}>]><rss><item><title>&x;</title></item></rss>'
HOSTILE = {
    "laughs": f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><rss><item>&l9;</item></rss>'.encode(),
    "laughs in UTF-16": NAMED.format(' encoding="UTF-16"', 'x "ha"').encode("utf-16"),
    "a file of ours": NAMED.format("", 'x SYSTEM "file:///etc/passwd"').encode(),
    "a parameter": b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><rss><item/></rss>',
    "depth": b"<rss>" + b"<item>" * 100_000 + b"</item>" * 100_000 + b"</rss>",
    "cut": b"<rss><channel><item><title>Rates",
    "no XML": b"<html><body>blocked<br></body>",
    "nothing": b"<rss><channel></channel></rss>",
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_document_that_does_harm_is_refused_when_it_is_read(news: Make, web: Any, tmp_path: Path, how: str) -> None:
    """It is delivered, for it is what came; the catalog refuses it by name, and takes what comes after it."""
    here = news()
    web.files["fed"] = HOSTILE[how]
    here.run()
    catalog = Catalog(tmp_path / "catalog")
    (bad,) = keep_deliveries(here.spec, here.folder, catalog)
    assert bad.error is not None
    assert bad.error.row.name in ("DATA_EXPANSION", "DATA_DAMAGED", "DATA_EMPTY")
    web.files["fed"] = RSS.format(ITEM.format(1, "Rates held", 10)).encode()
    here.run()
    assert [one.rows_new for one in keep_deliveries(here.spec, here.folder, catalog) if not one.error] == [{"news": 1}]


def test_one_document_that_is_not_there_hinders_no_other(news: Make, web: Any) -> None:
    """It is named, and the other comes; one that is too long is not read to its end."""
    here = news(names=("gone", "fed", "long"), keys='document_bytes_max = "1 kB"')
    web.files["fed"] = RSS.format(ITEM.format(1, "Rates held", 10)).encode()
    web.files["long"] = b"x" * 5000
    (error,) = here.run().errors
    assert error.row.name == "FEED_REFUSED"
    assert [json.loads(data)["symbol"] for data in here.files().values()] == ["fed"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("", "urls: is missing"),
        ('urls = { a = "file:///etc/passwd" }', "not an http or https address"),
        ('urls = { "../a" = "https://h/a" }', "is no name of letters"),
        ('urls = { a = "https://h/a", b = "https://i/b" }\nquery_env = { k = "K" }', "of several hosts"),
    ],
)
def test_a_specification_of_news_is_checked(feed: Make, keys: str, says: str) -> None:
    """Every key that is wrong is named."""
    here = feed("")
    here.text = f'name = "news"\nvendor = "rss"\n[transport]\n{keys}\n'
    with pytest.raises(Exception, match="FEED-001") as caught:
        _ = here.spec
    assert says in str(caught.value)
