"""The examples run as they stand, from any folder, and print a result."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAYS = {
    "market_making.py": ["gamma 0.001: ", "spread captured ", "markouts in bps: ", "quote updates, 0 denied"],
    "book_maker.py": ["Books(BTCUSDT, levels, ", "trades_only ", "power ", "log ", "BTC in all"],
    "brackets.py": ["Result(Breakout: ", "stopped ", "took profit ", "ContingentOrder as order ", "derived again: "],
    "execution_algorithms.py": ["twap, disguised ", "twap, waiting ", "vwap ", "pov ", "is ", " 40,000 ", " bps"],
    "momentum_weights.py": ["Result(momentum: 1,000,000.00 -> ", "Result(held: ", "Sharpe", "denied orders: 0"],
    "order_flow.py": ["12000 quotes; order flow explains 84% of", "and 0% of that of the next"],
    "own_csv.py": ["MADEUP", "Result(BuyTheDip: 100,000.00 -> ", "entry_price"],
    "sma_cross_events.py": ["Result(SmaCross: ", "Cancelled", "Mandate", "verified "],
    "sma_cross_simple.py": ["Result(SmaCross: 1,000,000.00 -> "],
}


def run(name: str, folder: Path, *arguments: str) -> str:
    """What an example prints; any warning is an error."""
    pytest.importorskip("skfolio")
    command = [sys.executable, "-W", "error::UserWarning", str(EXAMPLES / name), *arguments]
    said = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    assert said.stderr == ""
    return said.stdout


def test_every_example_is_tested() -> None:
    """A new example without a line here fails this test."""
    assert sorted(SAYS) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs_and_prints_its_result(name: str, tmp_path: Path) -> None:
    """From another folder, leaving nothing there."""
    printed = run(name, tmp_path)
    for text in SAYS[name]:
        assert text in printed
    assert list(tmp_path.iterdir()) == []


def test_the_csv_example_reads_a_file_of_your_own(tmp_path: Path) -> None:
    """A file with other columns and other numbers."""
    rows = [f"2024-01-{day:02d};{100 + day % 7}.5" for day in range(1, 31)]
    (tmp_path / "mine.csv").write_text("\n".join(["date,close", *(row.replace(";", ",") for row in rows)]))
    assert "mine" in run("own_csv.py", tmp_path, "mine.csv")


def test_the_order_flow_example_reads_a_recording(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    """Real quotes: the flow of a second explains a good part of its own change and nearly nothing of the next."""
    printed = run("order_flow.py", tmp_path, str(shared("data/crypto_l2/binance_usdm_btcusdt_20240808.gz")))
    assert "66089 quotes; order flow explains 38% of the price change of its own second" in printed
    assert "and 0% of that of the next" in printed
    assert "with quotes 0 ms old Lee and Ready find 87% of the true sides" in printed
    assert "with quotes 50 ms old Lee and Ready find 95% of the true sides" in printed


def test_the_maker_replays_a_recording(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    """The less is believed of the queue, the fewer fills."""
    printed = run("book_maker.py", tmp_path, str(shared("data/crypto_l2/binance_usdm_btcusdt_20240808.gz")))
    assert "Books(BTCUSDT, levels, 466,520 rows)" in printed
    fills = [int(fills) for fills in re.findall(r"(\d+) fills", printed)]
    assert len(fills) == 3
    assert 0 < fills[0] < fills[1] < fills[2]


def test_the_event_example_leaves_its_log_where_told(tmp_path: Path) -> None:
    """And the log proves itself."""
    from hedgerow import verify

    run("sma_cross_events.py", tmp_path, "log")
    assert verify(tmp_path / "log").records > 1_000
