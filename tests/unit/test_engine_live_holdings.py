"""Fees and balances of an account beside the journal; fills that repeat, overlap, or leave a gap."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from hedgerow.core.nouns import noun
from hedgerow.engine.live.holdings import Holdings
from hedgerow.engine.live.orders import Book, Working
from hedgerow.market.instruments import Instrument

COIN = Instrument("BTC/USDT", "USDT", tick="0.01", lot="0.00001")
PERPETUAL = Instrument("BTC/USDT:USDT", "USDT", tick="0.01", lot="0.00001")


@pytest.mark.parametrize(
    ("told", "nano"),
    [
        ({12: "0.6", 479: "USDT", 31: "60000"}, 600_000_000),
        ({12: "-0.1", 479: "USDT", 31: "60000"}, -100_000_000),
        ({12: "0.00001", 479: "BTC", 31: "60000.01"}, 600_000_100),
        ({12: "0.0000000001", 479: "USDT", 31: "1"}, 1),  # rounded against us
        ({12: "0.01", 479: "BNB", 31: "60000"}, None),
        ({12: "0", 479: "BNB", 31: "60000"}, 0),
        ({12: "1e400", 479: "USDT", 31: "60000"}, None),
        ({12: "NaN", 479: "USDT", 31: "60000"}, None),
        ({12: "x", 31: "60000"}, None),
        ({12: "0.6", 31: ""}, None),
        ({12: "5", 13: "1", 31: "60000"}, 0),  # a rate a unit, not an amount
        ({31: "60000"}, 0),
    ],
)
def test_a_fee_is_exact_in_the_instruments_currency_or_nobody_can_say(told: dict[int, str], nano: int | None) -> None:
    """In what was bought at the execution's price; in any other currency not at all."""
    assert Holdings([COIN]).fee_nano(told, 0) == nano


def fills(fee_nano: int, price_ticks: int) -> np.ndarray:
    """One fill."""
    row = np.zeros(1, noun("Fill").dtype)
    row["fee"]["lo"], row["price_ticks"] = fee_nano, price_ticks
    return row


def test_less_in_the_account_than_the_journal_holds_is_said_once() -> None:
    """But for what may have gone into fees; again after it was right; a contract holds no coins."""
    one, none = Holdings([COIN]), lambda: np.zeros(0, noun("Fill").dtype)
    assert list(one.amiss({"BTC": Decimal(1)}, [100_000], none)) == []
    assert len(list(one.amiss({"BTC": Decimal("0.9")}, [100_000], none))) == 1
    assert list(one.amiss({"BTC": Decimal("0.9")}, [100_000], none)) == []
    assert list(one.amiss({"BTC": Decimal(2)}, [100_000], none)) == []
    assert len(list(one.amiss({}, [100_000], none))) == 1
    assert (
        list(Holdings([COIN]).amiss({"BTC": Decimal("0.999")}, [100_000], lambda: fills(60 * 10**9, 6_000_000))) == []
    )
    assert list(Holdings([PERPETUAL]).amiss({}, [100_000], none)) == []


@pytest.mark.parametrize(
    ("lots", "total", "misses"),
    [
        ("0.00002", "0.00005", False),
        ("0.00002", "0.00007", True),
        ("0.00004", "0.00005", True),
        ("0.00003", "0.00003", False),
    ],
)
def test_a_fill_must_count_what_is_booked_and_itself(lots: str, total: str, misses: bool) -> None:
    """More, and one before it did not come; less than that, and it overlaps; no more than is booked is a repetition."""
    book, working = Book("h", [COIN]), Working(1, 0, 0, 1, 1, 9, 1, 1, 0, 3, "PartiallyFilled", 0, 0)
    assert book.misses({150: "F", 32: lots, 14: total}, working) is misses
    assert book.repeats({150: "F", 32: lots, 14: total, 97: "Y"}, working) is (total == "0.00003")
    assert not book.repeats({150: "F", 32: lots, 14: total}, working)
