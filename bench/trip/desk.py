"""A participant of the measured exchange, with the product's own gateway; run as a program, it is the other load.

Promises: an order is timed from when it was due, so that one sent late counts as slow; the first word about an order is
its acknowledgement. Never: a run behind it, so that what is timed is the way and not the strategy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from hedgerow.core.errors import WireError  # noqa: E402 (run as a program, the folder above must be found first)
from hedgerow.execution.gateways import FixGateway, FixLink, OrderWords  # noqa: E402

PATIENCE_S = 60.0
FAR, NEAR = "50", "100"
"""A price at which nobody sells, and one at which the load trades with itself."""


class Desk:
    """Logged on as `name`; its session goes on in a file of `folder`."""

    def __init__(self, port: int, name: str, folder: Path) -> None:
        self.due: dict[str, int] = {}
        self.took_us: list[float] = []
        self._is_up = False
        self._gateway = FixGateway(FixLink("127.0.0.1", port, name, "EXCH", folder / f"{name}.fix"), self, time.time_ns)
        self.wait(lambda: self._is_up)

    def send(self, prefix: str, rate: int, total: int) -> list[float]:
        """Send orders that cannot trade, each when it is due; microseconds from due to acknowledged, for each."""
        begin, gap_ns, number = time.monotonic_ns() + 20_000_000, 10**9 // rate, 0
        while number < total:
            number = self._order_due(prefix, number, total, begin, gap_ns, FAR)
        self.wait(lambda: len(self.took_us) == total)
        return self.took_us

    def trade(self, prefix: str, rate: int) -> None:
        """Trade with itself and watch the books, until the exchange ends the session."""
        self._gateway.watch(["ABC"], 10)
        for side, price in ((True, "98"), (False, "102")):  # so that there always is a market
            self._gateway.new(f"{prefix}{price}", OrderWords("ABC", side, "100", price, "gtc"), time.time_ns())
        begin, gap_ns, number = time.monotonic_ns(), 10**9 // rate, 0
        while self._is_up:
            number = self._order_due(prefix, number, sys.maxsize, begin, gap_ns, NEAR)

    def wait(self, until: Callable[[], bool]) -> None:
        """Turn until it is so; TimeoutError after a minute."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("the exchange did not answer for a minute")
            self._gateway.turn(0.01)

    def on_unsure(self, name: str, why: str, *, asks: bool = False) -> None:
        """Of the gateway; it would be seen as an order without an answer."""

    def on_remark(self, text: str) -> None:
        """Of the gateway."""

    def close(self) -> None:
        """Log out."""
        end = time.monotonic() + 5
        self._gateway.close(lambda: time.monotonic() < end)

    def _order_due(self, prefix: str, number: int, total: int, begin: int, gap_ns: int, price: str) -> int:
        """Wait for the next order's time, hearing what comes; then send all that are due. The next order's number."""
        while (left := begin + number * gap_ns - time.monotonic_ns()) > 0:
            self._gateway.turn(left / 1e9)
        tif, until = "ioc" if price == FAR else "day", time.monotonic_ns()
        while number < total and (due := begin + number * gap_ns) <= until:
            self.due[f"{prefix}{number}"] = due
            words = OrderWords("ABC", number % 2 == 0 or price == FAR, "1", price, tif)
            self._gateway.new(f"{prefix}{number}", words, time.time_ns())
            number += 1
        self._gateway.flush()
        self._gateway.turn(0.0)
        return number

    def on_up(self) -> None:
        """Of the gateway: logged on."""
        self._is_up = True

    def on_down(self, why: str) -> None:
        """Of the gateway: logged off."""
        self._is_up = False

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Of the gateway: the first word about each order counts."""
        due = self.due.pop(told.get(11, ""), None)
        if due is not None:
            self.took_us.append((time.monotonic_ns() - due) / 1_000)

    def on_book(self, symbol: str, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> None:
        """Of the gateway: a book, which costs whoever reads it."""

    def on_phase(self, symbol: str, phase: str) -> None:
        """Of the gateway: what the instrument does, which is always continuous here."""

    def on_trade(self, symbol: str, price: str, quantity: str) -> None:
        """Of the gateway: a trade, which costs whoever reads it."""

    def on_refused(self, kind: str, why: str) -> None:
        """Of the gateway: nothing here may be refused."""
        raise ValueError(f"the exchange refused a message ({kind}): {why}")

    def settle(self) -> None:
        """Of the gateway: what came is counted, and nothing else is kept."""


def main() -> int:
    """`desk.py PORT NAME FOLDER RATE`: trade until the exchange closes."""
    port, name, folder, rate = sys.argv[1:]
    try:
        Desk(int(port), name, Path(folder)).trade(f"{name}-{time.time_ns()}-", int(rate))
    except WireError:  # it logged us out between two orders
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
