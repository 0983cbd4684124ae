"""Fees in a coin of the venue's own, in what was bought, and finer than money: booked in their currency, to the digit.

The venues are Binance's and Poloniex's words over our own exchange, in another process; executions come by its stream
(`n`, `N`; `tradeFee`, `feeCurrency`) or by REST (`commission`, `commissionAsset`; `feeAmount`, `feeCurrency`).
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.engine.journal_costs import journal_costs
from hedgerow.engine.why import Journal, why

BOTH = pytest.mark.parametrize("crypto_place", ["binance", "poloniex"], indirect=True)
BY = pytest.mark.parametrize("by", ["stream", "rest"])
RESTS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Bids below everybody, once, waits, and writes down what it hears of its fills.'''

    def on_start(self):
        self.ticket = None

    def on_quote(self, quote):
        book = self.book()
        if book.best_bid and self.ticket is None:
            self.ticket = self.buy(0.02, limit=round(book.best_bid[0] - 5, 2))

    def on_fill(self, fill):
        with open("heard.txt", "a") as file:
            print(fill.trade_id, fill.fee, f"{fill.charge:.9f}", fill.charge_currency, file=file)
"""


def twice_hit(place: Any, by: str, settings: str = "", **told: Any) -> dict[str, Any]:
    """A run whose bid is hit twice, for 0.005 each; what it came to."""
    place.change('timeout = "1s"', 'timeout = "20s"')
    if by == "stream":
        place.change('poll = "200ms"', 'poll = "10min"')
    else:
        told["faults"] = {"event": {"lost": 1.0}}
    (place.folder / "paper.toml").write_text(settings + (place.folder / "paper.toml").read_text())
    (place.folder / "busy.py").write_text(RESTS)
    place.venue(**told)
    life = place.start("run", "paper", "paper.toml")
    if by == "stream":
        place.wait(lambda: place.ask("GET", "listening") > 0, "nobody listens")
    for _ in range(2):
        wanted = place.fills() + 1
        place.hit()
        place.wait(lambda wanted=wanted: place.fills() == wanted, "no fill")
    found: dict[str, Any] = place.end(life, stop=True)
    assert (found["working"], found["unknown"], place.differences()) == (0, 0, [])
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    return found


@BY
@BOTH
def test_a_fee_in_the_venues_own_coin_is_booked_in_it_exactly(crypto_place: Any, by: str) -> None:
    """The coin's cash falls below zero, which is said with what the account held; that nobody knows its worth, too."""
    told = twice_hit(crypto_place, by, in_coin=True)
    paid = crypto_place.paid()
    assert crypto_place.named() == paid
    assert {currency for _, currency in paid.values()} == {"BNB"}
    owed = sum((Decimal(digits) for digits, _ in paid.values()), Decimal(0))
    assert crypto_place.booked() == {"BNB": owed}
    held = Decimal("0.5")
    assert sorted(text[:8] for text in told["findings"]) == ["LIVE-010", "LIVE-011"]
    first = Decimal(next(iter(paid.values()))[0]).normalize()
    assert f"LIVE-010 BNB: the run holds {-first:f} of it, and no rate into USDT is known" in told["findings"]
    assert any(f"BNB: fees left {-first:f} of it in the run's books; the account held" in t for t in told["findings"])
    assert held - owed > 0
    heard = (crypto_place.folder / "heard.txt").read_text().splitlines()
    assert heard == [f"{number} 0.0 {Decimal(digits):.9f} BNB" for number, (digits, _) in paid.items()]


@BOTH
def test_what_is_paid_in_a_coin_whose_rate_is_told_counts_in_the_worth_and_in_the_costs(crypto_place: Any) -> None:
    """By `[fx]`; the walk from its posting leads over the venue's number of the trade to the order."""
    with_rate = twice_hit(crypto_place, "stream", "[fx]\nBNB = 600\n", in_coin=True)
    assert [text[:8] for text in with_rate["findings"]] == ["LIVE-011"]
    journal = Journal(crypto_place.folder / "run")
    rates = {bytes(row["base"]): int(row["rate_nano"]) for row in journal.of("FxRate")}
    assert rates == {b"BNB": 600 * 10**9}
    owed = float(crypto_place.booked()["BNB"]) * 600
    costs = journal_costs(crypto_place.folder / "run")
    assert costs["fees"].sum() == pytest.approx(owed, rel=1e-12)
    posting = next(row for row in journal.of("Posting") if bytes(row["currency"]) == b"BNB")
    walk = why(crypto_place.folder / "run", int(posting["id"]))
    assert [step.noun for step in walk[:4]] == ["Posting", "Execution", "Fill", "Order"]
    number, (digits, _) = next(iter(crypto_place.paid().items()))
    assert walk[1].says == f"the venue calls it trade {number}, and took {digits} BNB for it"


@BY
@BOTH
def test_a_fee_in_what_was_bought_is_taken_from_it(crypto_place: Any, by: str) -> None:
    """Journal and account hold the same of it to the last digit; it is worth what its market says."""
    told = twice_hit(crypto_place, by)
    assert told["findings"] == []
    assert crypto_place.named() == crypto_place.paid()
    assert crypto_place.booked() == {"BTC": Decimal("0.00001")}
    journal = Journal(crypto_place.folder / "run")
    received = told["positions"]["BTC/USDT"] - 0.00001
    assert received == pytest.approx(0.00999, abs=1e-15)
    twice = [int(quote["bid_ticks"] + quote["ask_ticks"]) for quote in journal.of("Quote")]
    marks = {tick * 10**7 for both in twice for tick in (both // 2, -(-both // 2))}  # half-way, to a whole tick
    rates = [int(row["rate_nano"]) for row in journal.of("FxRate") if bytes(row["base"]) == b"BTC"]
    assert rates
    assert set(rates) <= marks


@BOTH
def test_a_fee_with_more_digits_than_money_is_rounded_up_and_its_digits_are_kept(crypto_place: Any) -> None:
    """Said once; the record has what the venue said, and the books what it is at most."""
    told = twice_hit(crypto_place, "stream", fee="0.00123456789")
    paid = crypto_place.paid()
    assert crypto_place.named() == paid
    assert {digits for digits, _ in paid.values()} == {"0.0000061728394500"}
    assert crypto_place.booked() == {"BTC": Decimal("0.000012346")} == crypto_place.owed()
    assert [text[:8] for text in told["findings"]] == ["LIVE-012"]
    assert "0.0000061728394500 BTC, and others to come, are rounded up to 0.000000001" in told["findings"][0]


def test_a_statement_with_numbers_and_fees_is_matched_by_them(
    crypto_place: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the venue's statement says otherwise of a fee or a number is a difference of that execution."""
    twice_hit(crypto_place, "stream", in_coin=True)
    trades = list(crypto_place.paid().items())
    order = next(iter(crypto_place.account().orders))
    prices = [execution.price for execution in crypto_place.account().executions]
    head = "order,symbol,side,quantity,total,price,trade,fee,fee_currency"

    def compared(*fees: str) -> tuple[int, list[str]]:
        rows = [
            f"{order},BTC/USDT,buy,0.005,{0.005 * at:g},{prices[at - 1]},{number},{fee},{currency}"
            for at, ((number, (_, currency)), fee) in enumerate(zip(trades, fees, strict=True), start=1)
        ]
        (crypto_place.folder / "statement.csv").write_text("\n".join([head, *rows]) + "\n")
        capsys.readouterr()
        words = ["reconcile", str(crypto_place.folder / "paper.toml"), "--json"]
        status = run([*words, "--statement", str(crypto_place.folder / "statement.csv")])
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return status, [one["difference"]["ours"] for one in told if "difference" in one]

    first, second = (digits for _, (digits, _) in trades)
    assert compared(first, second) == (0, [])
    status, ours = compared(first, "0.1")
    assert status == 1
    assert any(f"trade {trades[1][0]}, fee {Decimal(second).normalize():f} BNB" in text for text in ours), ours
