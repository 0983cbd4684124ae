"""A crypto venue on loopback and a paper run there, each in a process of its own."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from hedgerow.execution.venues import VenueSettings

sys.path.insert(0, str(Path(__file__).parent))

HERE = Path(__file__).parent
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

    def trades(self) -> int:
        """How many trades the venue has made with the run."""
        return len(self.ask("GET", "trades"))

    def traded(self, more: int = 1) -> None:
        """Wait until the venue has made so many trades more with the run."""
        wanted = self.trades() + more
        self.wait(lambda: self.trades() >= wanted, "no trade")

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
