"""What lies beyond the bounds of a clock or a count is named, or left out, and never something else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog
from hedgerow.market.asof import asof_join
from hedgerow.market.feeds.http_client import retry_after_s
from hedgerow.market.formats.syndication import items

NOW = "2025-01-01"
TIMES = ["TIMESTAMP '9999-12-31'", "'infinity'::TIMESTAMP", "make_timestamp(1, 1, 1, 0, 0, 0)"]


@pytest.mark.parametrize("moment", TIMES)
def test_a_query_for_a_time_beyond_nanoseconds_is_refused(tmp_path: Path, moment: str) -> None:
    """The engine knows more years than rows do."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*1677 to 2262"):
        Catalog(tmp_path).sql(f"SELECT {moment}")


@pytest.mark.parametrize("times", [pa.array([2**40], pa.timestamp("s")), pa.array([2**63 + 5], pa.uint64())])
def test_a_join_at_a_time_beyond_nanoseconds_is_refused(times: pa.Array) -> None:
    """Of either side."""
    far, near = pa.table({"ts_init": times}), pa.table({"ts_init": [1]})
    for left, right in ((far, near), (near, far)):
        with pytest.raises(HedgerowError, match=r"DATA-013.*ts_init"):
            asof_join(left, right, by=None)


@pytest.mark.parametrize(("price", "split"), [(100, "0.000000001"), (2e10, "2")])
def test_an_adjusted_price_beyond_every_count_is_refused(tmp_path: Path, price: float, split: str) -> None:
    """It was one tick, or below zero."""
    catalog = Catalog(tmp_path / "catalog")
    days = pd.DataFrame({"date": ["2024-03-01", "2024-03-04", "2024-03-05"], "close": [price] * 3})
    catalog.ingest(days, symbol="OV", ingested_at=NOW)
    path = tmp_path / "actions.csv"
    path.write_text(f"symbol,ex_date,action,value,known_at\nOV,2024-03-04,split,{split},2024-03-01\n")
    catalog.ingest_rows(path, ingested_at=NOW)
    with pytest.raises(HedgerowError, match="DATA-016"):
        catalog.adjusted("OV")


@pytest.mark.parametrize("date", ["2024-01-01T00:00:00.\u00b2Z", "Mon, 01 Jan 99999999999999 00:00:00 GMT"])
def test_an_item_of_news_with_a_date_that_is_none_has_no_time(date: str) -> None:
    """One item does not make its whole document unreadable."""
    text = f"<rss><channel><item><title>x</title><pubDate>{date}</pubDate></item></channel></rss>"
    ((told, at, updated),) = items(text.encode(), "x.xml")
    assert (told["title"], at, updated) == ("x", None, None)


def test_a_server_that_asks_for_patience_until_no_year_is_not_believed() -> None:
    """As one that writes nonsense."""
    assert retry_after_s("Mon, 01 Jan 99999999999999 00:00:00 GMT", 0) == 0.0


def test_a_negative_reach_is_refused() -> None:
    """It would join rows of equal time and no others."""
    with pytest.raises(HedgerowError, match="within_ns=-1"):
        asof_join(pa.table({"ts_init": [1]}), pa.table({"ts_init": [1], "bid": [1.0]}), by=None, within_ns=-1)
