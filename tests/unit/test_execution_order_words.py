"""Orders in FIX words: what the gateway says is what an exchange understands, for every kind and time in force."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.gateways import FixLink, OrderWords
from hedgerow.execution.gateways.fix import VERSIONS, _terms
from hedgerow.execution.venues.fix_orders import new_order, replacement
from hedgerow.execution.venues.settings import Listing

LISTING = Listing(symbol="ABC", reference=Decimal(100))
END = 1_800_000_000 * 10**9


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({}, {"order_type": "market", "time_in": "gtc", "price_ticks": 0}),
        ({"price": "9.50"}, {"order_type": "limit", "price_ticks": 950}),
        ({"stop": "9.50"}, {"order_type": "stop", "stop_ticks": 950, "price_ticks": 0}),
        ({"stop": "9.50", "price": "9.40"}, {"order_type": "stop_limit", "stop_ticks": 950, "price_ticks": 940}),
        ({"price": "9.50", "post_only": True}, {"post_only": True, "time_in": "gtc"}),
        ({"tif": "day"}, {"time_in": "day"}),
        ({"tif": "ioc"}, {"time_in": "ioc"}),
        ({"tif": "fok"}, {"time_in": "fok"}),
        ({"tif": "opg"}, {"time_in": "at_open"}),
        ({"tif": "cls", "price": "9.50"}, {"time_in": "at_close", "order_type": "limit"}),
        ({"price": "9.50", "display": "2"}, {"show_lots": 2}),
        ({"price": "9.5", "peg": "midpoint"}, {"order_type": "pegged", "peg": "Midpoint", "offset_ticks": 0}),
        ({"price": "9.5", "peg": "primary", "offset": "-0.02"}, {"peg": "Primary", "offset_ticks": -2}),
        ({"price": "9.5", "peg": "market", "offset": "0.015"}, {"peg": "Market", "offset_ticks": 1}),
        ({"tif": "gtd", "until_ts": END, "price": "9.50"}, {"time_in": "gtd", "expire_ts": END}),
    ],
)
def test_an_exchange_understands_what_the_gateway_says(
    words: dict[str, Any], told: dict[str, Any], version: str
) -> None:
    """As a new order, and said again as a change, in each version."""
    link = FixLink("", 0, "US", "THEM", Path(), version=version)
    order = OrderWords("ABC", True, "5", **{"price": "", "tif": "gtc", **words})
    fields = {tag: value.encode() for tag, value in [(11, "a"), *_terms(link, order, END)]}
    action = new_order(fields, 0, {"ABC": 0}, (LISTING,))
    assert {name: action[name] for name in told} == told
    assert (action["side"], action["lots"]) == ("Buy", 5)
    changed = replacement({**fields, 41: b"before"}, 0, LISTING, action.get("peg"))
    said = ("price_ticks", "stop_ticks", "lots", "show_lots", "offset_ticks")
    assert [changed.get(name, 0) for name in said] == [action.get(name, 0) for name in said]
