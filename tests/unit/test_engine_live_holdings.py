"""Fees and names of executions, balances beside the journal; fills that repeat, overlap, or leave a gap."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import money_int, records, text_of
from hedgerow.engine.live import LiveSettings
from hedgerow.engine.live.charges import charged, execution_of, named, unkept
from hedgerow.engine.live.holdings import Holdings
from hedgerow.engine.live.orders import Book, Working
from hedgerow.market.instruments import Instrument

COIN = Instrument("BTC/USDT", "USDT", tick="0.01", lot="0.00001")
PERPETUAL = Instrument("BTC/USDT:USDT", "USDT", tick="0.01", lot="0.00001")


@pytest.mark.parametrize(
    ("told", "fee", "charge", "is_finer"),
    [
        ({12: "0.6", 479: "USDT"}, 600_000_000, 0, False),
        ({12: "-0.1"}, -100_000_000, 0, False),
        ({12: "0.00001", 479: "BTC"}, 0, 10_000, False),
        ({12: "0.00037497", 479: "BNB"}, 0, 374_970, False),
        ({12: "-0.00000001", 479: "BNB"}, 0, -10, False),
        ({12: "0", 479: "BNB"}, 0, 0, False),
        ({12: "0.0000000001", 479: "USDT"}, 1, 0, True),
        ({12: "-0.0000000019", 479: "BTC"}, 0, -1, True),
        ({12: "0.0000061728394500", 479: "BTC"}, 0, 6_173, True),
        ({12: "123456789012345.000000000000001"}, 123456789012345 * 10**9 + 1, 0, True),
        ({31: "60000"}, 0, 0, False),
    ],
)
def test_a_fee_is_exact_in_its_own_currency_and_rounded_against_us_where_money_ends(
    told: dict[int, str], fee: int, charge: int, is_finer: bool
) -> None:
    """With the fill in the instrument's currency, beside it in any other; a rebate is negative, and rounded up too."""
    cost = charged(told, "USDT")
    assert (cost.fee_nano, cost.charge_nano, cost.is_finer, cost.unbooked) == (fee, charge, is_finer, "")
    assert cost.digits == told.get(12, "")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({12: "1e400", 479: "USDT"}, "that is no amount"),
        ({12: "1e-400", 479: "USDT"}, "that is no amount"),
        ({12: "NaN", 479: "USDT"}, "that is no amount"),
        ({12: "x"}, "that is no amount"),
        ({12: "0." + "1" * 31}, "that is no amount"),
        ({12: "1", 479: "1000CHEEMS"}, "one to eight capitals or digits"),
        ({12: "5", 13: "1"}, "it is a rate (CommType 1), not an amount"),
    ],
)
def test_a_fee_that_no_book_holds_is_named_whole(told: dict[int, str], says: str) -> None:
    """Nothing of it is booked, and nothing of it is on the record as if it were."""
    cost = charged(told, "USDT")
    assert (cost.fee_nano, cost.charge_nano, cost.digits) == (0, 0, "")
    assert f"a fee of {told[12]} {told.get(479, 'USDT')} was paid and is not booked" in cost.unbooked
    assert says in cost.unbooked
    assert execution_of(told, cost) is None


def test_an_execution_keeps_the_venues_words_and_no_name_is_cut() -> None:
    """One that is too long for a record is told whole; a reference finds the newest execution of that name."""
    said = {11: "h-1", 17: "E-7", 880: "28457", 12: "-0.1", 479: "BNB"}
    data = execution_of(said, charged(said, "USDT"))
    assert data is not None
    (row,) = records("Execution", data)
    names = [text_of(row[name]) for name in ("trade", "report", "fee", "currency")]
    assert (names, money_int(row["charge"])) == (["28457", "E-7", "-0.1", "BNB"], -100_000_000)
    assert list(unkept(said)) == []
    long = {11: "h-1", 17: "E" * 65, 880: "ü" * 32}
    data = execution_of(long, charged(long, "USDT"))
    assert data is not None
    (kept,) = records("Execution", data)
    assert (bytes(kept["report"]), bytes(kept["trade"]).decode()) == (b"", "ü" * 32)
    assert list(unkept(long)) == [f"h-1: its execution is called {'E' * 65!r} (17), more than a record holds"]
    rows = np.array([row, kept])
    rows["order_id"] = 7, 9
    assert text_of(named(rows, "E-7")["trade"]) == text_of(named(rows, "28457")["trade"]) == "28457"
    assert named(rows, "E-7", 7) is not None
    assert named(rows, "E-7", 9) is None
    assert named(rows, "E-8") is None
    assert named(rows, "") is None


def test_less_in_the_account_than_the_journal_holds_is_said_once() -> None:
    """What fees took of what was bought is in neither; again after it was right; a contract holds no coins."""
    one = Holdings([COIN], "USDT")
    held = one.held([100_000], {"USDT": Decimal(-60_000), "BTC": Decimal("-0.001"), "BNB": Decimal("-0.1")})
    assert held == {"BTC": Decimal("0.999"), "BNB": Decimal("-0.1")}
    assert list(one.amiss({"BTC": Decimal("0.999")}, held)) == []
    (said,) = one.amiss({"BTC": Decimal("0.9989")}, held)
    assert said == "BTC: the journal holds 0.99900, the account 0.9989; proposed: look at its trades"
    assert list(one.amiss({"BTC": Decimal("0.9989")}, held)) == []
    assert list(one.amiss({"BTC": Decimal(2)}, held)) == []
    assert len(list(one.amiss({}, held))) == 1
    assert Holdings([PERPETUAL], "USDT").held([100_000], {}) == {}


def test_a_currency_of_which_fees_took_more_than_there_is_is_said_once_with_what_the_account_held() -> None:
    """Or that nobody knows what it holds."""
    one, held = Holdings([COIN], "USDT"), {"BTC": Decimal("0.999"), "BNB": Decimal("-0.1")}
    (said,) = one.overdrawn(held)
    assert said == "BNB: fees left -0.1 of it in the run's books; what the account holds is not known"
    assert list(one.overdrawn(held)) == []
    other = Holdings([COIN], "USDT")
    assert list(other.amiss({"BTC": Decimal(1), "BNB": Decimal("0.5")}, held)) == []
    (said,) = other.overdrawn(held)
    assert said.endswith("the account held 0.5 when it was last asked")


SETTINGS = """
[run]
strategy = "busy.py:Busy"
folder = "run"
currency = "USDT"
[venue]
host = "127.0.0.1"
port = 1
sender = "DESK"
target = "EXCH"
[fx]
BNB = "612.5"
{more}
[[instrument]]
symbol = "BTC/USDT"
currency = "USDT"
tick = "0.01"
"""


def test_rates_of_coins_are_read_exactly_and_what_cannot_be_meant_is_named(tmp_path: Path) -> None:
    """All of it at once, before a run begins."""
    path = tmp_path / "paper.toml"
    path.write_text(SETTINGS.format(more="OKB = 50.25"))
    assert LiveSettings.read(path, "paper").fx == {"BNB": Decimal("612.5"), "OKB": Decimal("50.25")}
    path.write_text(SETTINGS.format(more='USDT = 1\nbtc = 60000\nETH = 0\nSOL = "much"'))
    with pytest.raises(HedgerowError) as raised:
        LiveSettings.read(path, "paper")
    for says in (
        "[fx] USDT: is the run's own currency",
        "[fx] btc: is no currency",
        "[fx] ETH: 0 is no number above 0",
        "[fx] SOL: 'much' is no number above 0",
    ):
        assert says in str(raised.value)


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
