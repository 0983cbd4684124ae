"""A crypto venue on loopback and a paper run there, each in a process of its own."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from hedgerow.core.nouns import money_int
from hedgerow.engine.live.accounts import of_exchange, of_journal
from hedgerow.engine.live.findings import findings_of
from hedgerow.engine.result import ACCOUNTS
from hedgerow.engine.why import Journal
from hedgerow.execution.reconciliation import WORKING, Account, differences
from hedgerow.execution.venues import VenueSettings, read_log

sys.path.insert(0, str(Path(__file__).parent))

HERE = Path(__file__).parent
FEES = ACCOUNTS.tolist().index("fees")
KEYS = {"HEDGEROW_VENUE_KEY": "the-key", "HEDGEROW_VENUE_SECRET": "the-secret-of-the-key"}
SHARED = runpy.run_path(str(HERE.parent / "live_place.py"))
STRATEGY = SHARED["busy"](
    """
    if self.ticket is not None and self.ticket.state == "Live":
        self.cancel(self.ticket)
    self.ticket = self.buy(0.005, limit=round(book.best_bid[0] - 50, 2))
    """,
    every_ns=100_000_000,
    size="0.01",
)
"""It also leaves a bid behind and takes it away."""
PAPER = """
[run]
strategy = "busy.py:Busy"
folder = "run"
currency = "USDT"
[venue]
ccxt = "{kind}"
url = "http://127.0.0.1:{port}"
poll = "200ms"
settle = "3s"
timeout = "1s"
[venue.options]
fetchMarkets = {{types = ["spot"]}}
[[instrument]]
symbol = "BTC/USDT"
currency = "USDT"
tick = "0.01"
lot = "0.00001"
"""


class CryptoPlace(SHARED["RunPlace"]):  # type: ignore[misc]
    """A folder with the settings of a run, a venue's exchange in `venue`, and the processes that work there."""

    environment, size = KEYS, "0.01"

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(folder)
        self.kind, (self.port,) = kind, SHARED["free_ports"](1)

    def venue(self, **told: Any) -> subprocess.Popen[bytes]:
        """The venue, ready; `faults`, `seed` and `skew_ms` as it takes them."""
        (self.folder / "venue").mkdir(exist_ok=True)
        words = [self.kind, str(self.folder / "venue"), str(self.port), json.dumps(told)]
        found: subprocess.Popen[bytes] = self.launch([str(HERE / "crypto_serve.py"), *words])
        assert found.stdout is not None
        assert found.stdout.readline() == b"ready\n"
        return found

    def heard(self, told: bytes) -> None:
        """A life never says a secret."""
        for secret in KEYS.values():
            assert secret.encode() not in told

    def exchange(self) -> VenueSettings:
        """The exchange behind the venue."""
        from crypto_account import settings

        return settings(self.folder / "venue")

    def differences(self) -> list[str]:
        """Between journal and exchange: an order goes by its first name, and executions in whatever order they came."""
        sides = (of_journal(self.folder / "run"), of_exchange(self.exchange(), "DESK"))
        return [str(found) for found in differences(*map(_by_first_names, sides))]

    def paid(self) -> dict[str, tuple[str, str]]:
        """What the exchange says of each trade: its number, the fee as it tells it, and the fee's currency."""
        return {number: (digits, currency) for number, digits, currency in self.ask("GET", "trades")}

    def named(self) -> dict[str, tuple[str, str]]:
        """The same by the journal, of whose fills each has one name and no other has it."""
        journal = Journal(self.folder / "run")
        rows = journal.of("Execution")
        assert sorted(rows["cause"].tolist()) == journal.of("Fill")["id"].tolist()
        return {text(row["trade"]): (text(row["fee"]), text(row["currency"])) for row in rows}

    def booked(self) -> dict[str, Decimal]:
        """What the journal has booked as fees, by currency; what it took from cash is the same."""
        found = dict[str, Decimal]()
        for row in Journal(self.folder / "run").of("Posting"):
            if row["account"] == FEES:
                name = text(row["currency"])
                found[name] = found.get(name, Decimal(0)) + Decimal(money_int(row["amount"])).scaleb(-9)
        return found

    def owed(self) -> dict[str, Decimal]:
        """The fees of the exchange's trades, by currency, each rounded up to the ninth decimal."""
        found = dict[str, Decimal]()
        for digits, name in self.paid().values():
            up = Decimal(digits).quantize(Decimal("1e-9"), ROUND_CEILING)
            found[name] = found.get(name, Decimal(0)) + up
        return found

    def too_much(self, lots: int) -> set[str]:
        """Orders of which two stood at the exchange at once, or that could have traded more than so many lots."""
        left, done, found = dict[str, dict[int, int]](), Counter[str](), set[str]()
        for line in read_log(self.folder / "venue" / "venue.jsonl"):
            event = line.get("event", {})
            if event.get("event") != "order" or event["participant"] != 0:
                continue
            name = event.get("orig_client_id", event["client_id"]).partition(".")[0]
            left.setdefault(name, {})[event["order_id"]] = event["leaves_lots"]
            done[name] += event["last_lots"] if event["what"] == "traded" else 0
            working = [size for size in left[name].values() if size]
            if len(working) > 1 or done[name] + sum(working) > lots:
                found.add(name)
        return found

    def trades(self) -> int:
        """How many trades the venue has made with the run."""
        return len(self.ask("GET", "trades"))

    def traded(self, more: int = 1) -> None:
        """Wait until the venue has made so many trades more with the run."""
        wanted = self.trades() + more
        self.wait(lambda: self.trades() >= wanted, "no trade")

    def words(self) -> str:
        """What the run has found, in words."""
        return " ".join(found.says for found in findings_of(self.folder / "run"))

    def hit(self) -> None:
        """Have somebody sell 0.005 to a bid of the run's, as soon as there is one."""
        self.wait(lambda: self.ask("POST", "hit"), "no bid")

    def ask(self, method: str, what: str) -> Any:
        """Ask the account behind the venue, or do something to it, past the venue's words."""
        with urlopen(Request(f"http://127.0.0.1:{self.port}/_/{what}", method=method), timeout=10) as answer:
            return json.load(answer)

    def change(self, old: str, new: str) -> None:
        """Write the settings differently."""
        path = self.folder / "paper.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def text(cell: Any) -> str:
    """A name in a record."""
    return bytes(cell).rstrip(b"\0").decode()


def _by_first_names(account: Account) -> Account:
    orders = dict[str, str]()
    for name, state in account.orders.items():
        first = name.partition(".")[0]
        orders[first] = WORKING if WORKING in (state, orders.get(first)) else state
    # The exchange behind the venue numbers reports, the venue trades.
    bare = {"total": Decimal(0), "trade": "", "fee": None, "currency": ""}
    executions = [replace(one, order=one.order.partition(".")[0], **bare) for one in account.executions]
    return replace(account, orders=orders, executions=tuple(executions))


@pytest.fixture
def crypto_place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CryptoPlace]:
    """Settings on a free port; of Binance where the test asks for no other kind."""
    pytest.importorskip("ccxt")
    kind = getattr(request, "param", "binance")
    found = CryptoPlace(tmp_path, kind)
    (tmp_path / "busy.py").write_text(STRATEGY)
    (tmp_path / "paper.toml").write_text(PAPER.format(kind=kind, port=found.port))
    yield found
    found.close()
