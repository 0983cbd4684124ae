"""An hour of a real recording within half a minute: the same orders as the backtest over it, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.cli.strategies import load_class
from hedgerow.engine.live import read_settings
from hedgerow.engine.why import Journal

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
START = datetime(2014, 5, 1, 12, tzinfo=UTC)
PAPER = """
[run]
strategy = "{strategy}"
folder = "paper"
speed = 120
[data]
source = "hour.parquet"
shown = "quotes"
quote_size = 1_000_000    # FXCM tells none
faulty = "drop"           # and quotes bids at their asks now and then
[instrument]
symbol = "EURUSD"
tick = "0.00001"
lot = "0.001"
"""


@pytest.mark.slow
def test_a_demo_strategy_trades_an_hour_of_real_quotes_as_its_backtest_did(
    tmp_path: Path, shared: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """FXCM's EUR/USD at noon, a hundred and twenty times as fast: files of both logs are equal, and the log proves."""
    quotes = pq.read_table(shared("data/fx_ticks/fxcm_eurusd_20140501_20140507.parquet"))
    times = quotes["ts"]
    hour = quotes.filter(pc.and_(pc.greater_equal(times, START), pc.less(times, START + timedelta(hours=1))))
    pq.write_table(hour, tmp_path / "hour.parquet")
    strategy = f"{EXAMPLES / 'book_maker.py'}:Maker"
    (tmp_path / "paper.toml").write_text(PAPER.format(strategy=strategy))
    assert run(["run", "paper", str(tmp_path / "paper.toml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == told["of_rows"] > 1_000
    assert told["orders"] > 50
    assert told["fills"] > 5
    settings = read_settings(tmp_path / "paper.toml")
    sent = Journal(settings.folder).of("Order")["ts"]
    assert int(sent[-1]) - int(sent[0]) > 3_400 * 10**9
    books = settings.books()
    assert any("1000000 is assumed to stand there" in note for note in books.notes)
    log = tmp_path / "backtest"
    hr.backtest(books, load_class(strategy)(), cash=settings.cash, seed=settings.seed, log=log)
    files = [path.relative_to(log) for path in log.rglob("*") if path.is_file()]
    assert all((settings.folder / file).read_bytes() == (log / file).read_bytes() for file in files)
    assert run(["audit", "verify", str(settings.folder)]) == 0
