"""Instruments: exact ticks and lots, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedgerow.core.errors import CoreError, DataError, RunError
from hedgerow.market.instruments import Instrument


@pytest.mark.parametrize(
    ("settings", "tick_value"),
    [
        ({"tick": "0.01"}, 10_000_000),
        ({"tick": 0.01}, 10_000_000),
        ({"tick": "0.25", "multiplier": 50}, 12_500_000_000),
        ({"tick": "0.01", "lot": "0.0001"}, 1_000),
        ({"tick": "0.00001", "lot": 1000}, 10_000_000),
    ],
)
def test_one_tick_of_one_lot_is_a_whole_number_of_money_units(settings, tick_value):
    """tick x lot x multiplier, in 0.000000001 currency units."""
    assert Instrument("X", **settings).tick_value == tick_value


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"tick": 0}, "CORE-002"),
        ({"tick": "-0.01"}, "CORE-002"),
        ({"tick": "nan"}, "CORE-002"),
        ({"tick": "a penny"}, "CORE-002"),
        ({"tick": "0.0000000001"}, "CORE-002"),
        ({"tick": "0.00001", "lot": "0.00001"}, "CORE-002"),
        ({"currency": "usd"}, "CORE-003"),
        ({"currency": "US DOLLAR"}, "CORE-003"),
    ],
)
def test_a_tick_or_currency_that_money_cannot_hold_is_refused_by_name(settings, code):
    """The message names the instrument's value."""
    with pytest.raises(CoreError) as caught:
        Instrument("X", **settings)
    assert caught.value.code == code


@pytest.mark.parametrize("symbol", ["", "A\nB", "x" * 33, "é" * 17, 5])
def test_a_symbol_is_one_to_32_bytes_of_plain_text(symbol):
    """As in the kernel's records."""
    with pytest.raises(CoreError) as caught:
        Instrument(symbol)
    assert caught.value.code == "CORE-004"


@pytest.mark.parametrize(
    "settings", [{"multiplier": 0}, {"lots_min": 0}, {"sigma": -1.0}, {"adv": -5}, {"lots_step": 1.5}]
)
def test_other_fields_out_of_range_are_refused(settings):
    """RUN-002 with the field's name."""
    with pytest.raises(RunError) as caught:
        Instrument("X", **settings)
    assert next(iter(settings)) in str(caught.value)


def test_a_lower_case_currency_gets_a_suggestion():
    """Most often it is only the case."""
    with pytest.raises(CoreError, match="did you mean 'USD'"):
        Instrument("X", "usd")


def test_prices_and_ticks_convert_exactly_both_ways():
    """And a price between ticks is refused."""
    future = Instrument("ES", tick="0.25", multiplier=50)
    assert future.ticks("4500.25") == 18_001
    assert future.price(18_001) == Decimal("4500.25")
    with pytest.raises(DataError) as caught:
        future.ticks("4500.30")
    assert caught.value.code == "DATA-007"


def test_units_become_lots_rounded_down():
    """Average daily volume and locates are limits: they are never rounded up."""
    coin = Instrument("BTC", lot="0.1", adv=12.37, locate=3)
    assert (coin.adv_lots, coin.locate_lots) == (123, 30)
    assert (Instrument("A").adv_lots, Instrument("A").locate_lots) == (0, None)


def test_a_record_reads_back_as_the_same_instrument():
    """Decimals travel as text."""
    coin = Instrument(
        "BTC", "USDT", tick="0.01", lot="0.00001", sector="Coins", adv="1000.5", sigma=0.03, shortable=False
    )
    assert Instrument.from_record(coin.record()) == coin
    assert coin.record()["tick"] == "0.01"
