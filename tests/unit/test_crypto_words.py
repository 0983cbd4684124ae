"""What the own stream of a crypto venue says, as messages that the venues' pages show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedgerow.engine.live.charges import charged
from hedgerow.execution.gateways.crypto_words import Event, Trade, event_of, once

REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "h1-17", "S": "BUY", "o": "LIMIT", "f": "GTC",
    "q": "1.00000000", "p": "0.10264410", "C": "", "x": "NEW", "X": "NEW", "r": "NONE", "i": 4293153,
    "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None, "T": 1499405658657, "t": -1,
    "m": False, "O": 1499405658657,
}  # fmt: skip
TRADE = {"x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.25000000", "z": "0.75000000", "L": "0.10264400", "t": 77}
FEE = {"n": "0.00001800", "N": "BNB", "m": True}
ORDER: dict[str, Any] = {
    "symbol": "ADA_USDT", "orderId": "186250258089635840", "tradeId": "62036513", "clientOrderId": "h1-17",
    "accountType": "SPOT", "eventType": "trade", "side": "SELL", "type": "MARKET", "price": "0", "quantity": "5",
    "state": "PARTIALLY_FILLED", "createTime": 1685371921891, "tradeTime": 1685371921908, "tradePrice": "0.37694",
    "tradeQty": "3", "feeCurrency": "USDT", "tradeFee": "0.00226164", "filledQuantity": "4", "matchRole": "TAKER",
}  # fmt: skip


def told(venue: str, info: dict[str, Any]) -> Event:
    """An event of the spot stream."""
    found = event_of(venue, {"symbol": "BTC/USDT", "info": info})
    assert found is not None
    return found


def test_an_execution_of_binance_has_its_own_size_and_the_order_s_total() -> None:
    """Digits, fee in whatever currency, and who made the price are the venue's."""
    event = told("binance", {**REPORT, **TRADE, **FEE})
    assert event.trade == Trade("77", 1499405658657, "0.10264400", "0.25000000", True, "0.00001800", "BNB")
    assert event.stand is not None
    assert (event.name, event.stand.status, event.stand.filled) == ("h1-17", "open", Decimal("0.75"))


@pytest.mark.parametrize(
    ("paid", "fee"),
    [
        ({"fee": {"cost": "0.1", "currency": "BNB"}, "fees": [{"cost": "0.1", "currency": "BNB"}]}, ("0.1", "BNB")),
        ({"fee": None, "fees": [{"cost": "0.1", "currency": "BNB"}]}, ("0.1", "BNB")),
        ({"fee": {"cost": None, "currency": None}, "fees": []}, ("", "")),
        ({}, ("", "")),
        (
            {"fees": [{"cost": "0.1", "currency": "BNB"}, {"cost": "2", "currency": "USDT"}]},
            ("0.1 BNB and 2 USDT", "in all"),
        ),
    ],
)
def test_what_ccxt_tells_of_a_fee_is_kept_and_several_are_never_taken_for_none(
    paid: dict[str, Any], fee: tuple[str, str]
) -> None:
    """Of two fees of one execution people are told both; neither is booked."""
    (trade,) = once([{"id": "7", "price": "1", "amount": "2", **paid}])
    assert (trade.fee, trade.fee_currency) == fee
    if fee[1] == "in all":
        cost = charged({12: trade.fee, 479: trade.fee_currency}, "USDT")
        assert cost.unbooked == "a fee of 0.1 BNB and 2 USDT in all was paid and is not booked: that is no amount"


def test_a_cancel_of_binance_is_about_the_order_and_not_about_the_cancel_s_own_name() -> None:
    """Its `c` names the request."""
    event = told("binance", {**REPORT, "x": "CANCELED", "X": "CANCELED", "c": "x-9", "C": "h1-17"})
    assert event.stand is not None
    assert (event.name, event.stand.status, event.trade) == ("h1-17", "canceled", None)


def test_an_execution_of_poloniex_is_what_traded_then_and_not_what_is_filled_in_all() -> None:
    """ccxt 4.5 says the sum (`filledQuantity`) of each."""
    event = told("poloniex", ORDER)
    assert event.trade == Trade("62036513", 1685371921908, "0.37694", "3", False, "0.00226164", "USDT")
    assert event.stand is not None
    assert (event.stand.status, event.stand.filled) == ("open", Decimal(4))


@pytest.mark.parametrize(
    ("state", "kind", "status"),
    [
        ("FILLED", "trade", "closed"),
        ("CANCELED", "canceled", "canceled"),
        ("PARTIALLY_CANCELED", "canceled", "canceled"),
    ],
)
def test_ends_at_poloniex(state: str, kind: str, status: str) -> None:
    """A part that was filled makes a cancelled order no open one."""
    stand = told("poloniex", {**ORDER, "state": state, "eventType": kind}).stand
    assert stand is not None
    assert stand.status == status


def test_that_an_order_was_placed_is_no_news_at_poloniex() -> None:
    """Its sender has the answer."""
    assert event_of("poloniex", {"symbol": "ADA/USDT", "info": {**ORDER, "eventType": "place"}}) is None


@pytest.mark.parametrize(
    ("venue", "message"),
    [
        ("kraken", {"symbol": "BTC/USD", "id": "OX-1", "clientOrderId": "h1-17", "info": {}}),
        ("binance", {"symbol": "BTC/USDT:USDT", "id": "OX-1", "clientOrderId": "h1-17", "info": REPORT}),
        ("binance", {"symbol": "BTC/USDT", "id": "OX-1", "clientOrderId": "h1-17", "info": {"x": "TRADE"}}),
        ("poloniex", {"symbol": "ADA/USDT", "id": "7", "order": "OX-1", "clientOrderId": "h1-17", "info": {"q": 1}}),
    ],
)
def test_words_that_are_not_known_only_say_which_order_to_ask_about(venue: str, message: dict[str, Any]) -> None:
    """Nothing is booked of them."""
    assert event_of(venue, message) == Event("h1-17", "OX-1")
