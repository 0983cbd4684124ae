"""A run publishes while it goes on: who proves or witnesses what it did need not wait for its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import HedgerowError, Strategy, _core, backtest, verify
from hedgerow.cli.main import run
from hedgerow.core.errors import named_errors
from hedgerow.engine.proof_file import check, prove
from hedgerow.governance import witness as witnesses

BARS = pd.DataFrame({"close": 100.0 + np.arange(60) % 7}, index=pd.bdate_range("2024-01-01", periods=60))


class Turning(Strategy):
    """Turns its position at every bar, and lets somebody look at the log meanwhile."""

    look: Callable[[int], None] | None = None

    def on_start(self) -> None:
        """Begin at bar 0."""
        self.bars = 0

    def on_bar(self, bar: Any) -> None:
        """Buy, then sell."""
        self.bars += 1
        self.buy(10) if self.bars % 2 else self.sell(10)
        if self.look is not None:
            self.look(self.bars)


@pytest.fixture
def witnessing(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Starts a witness of the log with a key line, and gives the policy that asks for it."""
    servers: list[witnesses.WitnessServer] = []

    def start(key: str) -> Path:
        line = witnesses.new(tmp_path / "witness", "w.example/run")
        server = witnesses.serve(tmp_path / "witness", [key], ("127.0.0.1", 0), report=no_report)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "policy").write_text(witnesses.default_policy([key], [(line, server.url)]))
        return tmp_path / "policy"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def no_report(_row: Mapping[str, Any]) -> None:
    """Nobody reads the witness's rows here."""


def test_records_are_proved_and_witnessed_while_the_run_goes_on(
    tmp_path: Path,
    witnessing: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twice during the run the log is longer than before, proves a record, and its checkpoint is cosigned."""
    log, seen, policies = tmp_path / "log", [], []

    def look(bar: int) -> None:
        if bar not in (20, 50):
            return
        policies.append(policies[0] if policies else witnessing((log / "journal" / "key.pub").read_text().strip()))
        asked = witnesses.ask(log, witnesses.read_policy(policies[0]))
        (tmp_path / "record.json").write_bytes(prove(log, bar))
        proved = check(tmp_path / "record.json", policy=policies[0])
        assert proved.standing is not None
        seen.append((asked.standing.says, proved.standing.says, proved.id, asked.standing.size == proved.size))
        seen.append(proved.size)
        with pytest.raises(HedgerowError, match="another process is writing"), named_errors():
            _core.JournalWriter.open(log, proved.origin, bytes(32))

    monkeypatch.setattr(Turning, "look", staticmethod(look))
    backtest(BARS, Turning, log=log, publish_every=40)
    said = "witnessed by 1 of 1"
    assert seen[::2] == [(said, said, 20, True), (said, said, 50, True)]
    assert 0 < seen[1] < seen[3] < verify(log).entries
    # The run's end was not witnessed: the log stands by the last checkpoint that was, for as long as that one is true.
    standing = verify(log, policy=policies[0]).standing
    assert standing is not None
    assert (standing.size, standing.says) == (seen[3], said)
    assert run(["audit", "verify", str(log), "--policy", str(policies[0])]) == 0
    assert f"{said} up to entry {seen[3]}; " in capsys.readouterr().out
    kept = log / "journal" / "witnessed"
    kept.write_bytes(kept.read_bytes().rpartition("\u2014 w.example/run".encode())[0])
    with pytest.raises(HedgerowError, match="LOG-019"):
        verify(log, policy=policies[0])


def test_the_write_ahead_file_and_the_last_checkpoint_are_the_same_under_every_cadence(tmp_path: Path) -> None:
    """Entries, time of the run, or only the end: they differ in the partial tiles that are left, else in nothing."""
    cadences: list[int | timedelta] = [65_536, 40, timedelta(days=7)]
    logs = [tmp_path / str(number) for number in range(len(cadences))]
    for log, cadence in zip(logs, cadences, strict=True):
        backtest(BARS, Turning, log=log, publish_every=cadence)
        verify(log)
    for name in ("wal", "checkpoint", "signed", "key.pub"):
        assert len({(log / "journal" / name).read_bytes() for log in logs}) == 1, name
    left = [len(list(log.glob("journal/tile/entries/*.p/*"))) for log in logs]
    assert left[0] == 1
    assert min(left[1:]) > 4


@pytest.mark.parametrize("every", [0, -1, True, timedelta(0), timedelta(days=-1)])
def test_a_cadence_that_is_none_is_refused_before_anything_is_begun(tmp_path: Path, every: Any) -> None:
    """Named with what it was, and no log is left."""
    with pytest.raises(HedgerowError, match="publish_every"):
        backtest(BARS, Turning, log=tmp_path / "log", publish_every=every)
    assert not (tmp_path / "log").exists()
