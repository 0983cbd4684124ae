"""A run whose journal is sealed: the team reads it, proves it and asks it why; nobody else sees a name in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from hedgerow import Result, backtest, verify, why
from hedgerow.cli.main import app
from hedgerow.core.errors import LogError, RunError
from hedgerow.governance import epochs
from hedgerow.governance.epochs import Epoch
from hedgerow.governance.identity import IDENTITY_FILE, Identity

DAYS = pd.bdate_range("2024-01-01", periods=120)
CLOSES = pd.DataFrame({"ZEBRAFISH": (50 + 5 * np.sin(np.arange(120) / 9)).round(2)}, index=DAYS)
SIGNALS = np.sin(np.arange(120) / 9 + 1) > 0
EPOCH = Epoch("journal", 1, bytes(range(32)))


def run(folder: Path, epoch: Epoch | None) -> Result:
    """The same run, sealed or plain."""
    return backtest(CLOSES, signals=SIGNALS, size=100, seed=3, log=folder, epoch=epoch)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path, Path, Path]:
    """A result, its sealed log, the same run's plain log, and an identity that holds a grant for the epoch."""
    folder = tmp_path_factory.mktemp("sealed")
    result = run(folder / "sealed", EPOCH)
    run(folder / "plain", None)
    identity = Identity.generate()
    file = identity.save(folder / "auditor" / "auditor.age")
    (file.parent / "team.grant").write_bytes(epochs.grant([EPOCH], identity.recipient))
    return result, folder / "sealed", folder / "plain", file


def test_a_sealed_run_is_the_plain_run_and_its_files_show_no_name(logs: tuple[Result, Path, Path, Path]) -> None:
    """Same records, same state; the symbol stands in the plain file and not in the sealed one."""
    _, sealed, plain, identity = logs
    ours, theirs = verify(sealed, identity=identity), verify(plain)
    assert (ours.records, ours.entries, ours.state_hash) == (theirs.records, theirs.entries, theirs.state_hash)
    assert ours.root != theirs.root
    assert b"ZEBRAFISH" in (plain / "journal" / "wal").read_bytes()
    for file in (path for path in sealed.rglob("*") if path.is_file()):
        assert b"ZEBRAFISH" not in file.read_bytes(), file


def test_equal_runs_under_an_equal_key_write_equal_sealed_bytes(
    logs: tuple[Result, Path, Path, Path], tmp_path: Path
) -> None:
    """Sealing draws nothing at random."""
    run(tmp_path / "again", EPOCH)
    assert (tmp_path / "again/journal/wal").read_bytes() == (logs[1] / "journal/wal").read_bytes()


def test_why_walks_a_sealed_log_with_the_key_and_names_the_epoch_without(logs: tuple[Result, Path, Path, Path]) -> None:
    """The walk is the plain log's walk."""
    result, sealed, plain, identity = logs
    fill = int(result.fills["id"].iloc[0])
    assert why(sealed, fill, identity=identity) == why(plain, fill)
    with pytest.raises(LogError, match="sealed in epoch journal 1; held: none"):
        why(sealed, fill)
    with pytest.raises(LogError, match="held: none"):
        verify(sealed)


def test_the_identity_beside_the_log_and_the_environment_are_found(
    logs: tuple[Result, Path, Path, Path], tmp_path: Path
) -> None:
    """`identity.age` beside the journal serves by itself; HEDGEROW_IDENTITY and --identity name another file."""
    result, sealed, _, identity = logs
    fill = str(int(result.fills["id"].iloc[0]))
    runner = CliRunner()
    shown = runner.invoke(app, ["audit", "show", fill, "--log", str(sealed), "--identity", str(identity)])
    assert (shown.exit_code, "Fill" in shown.output) == (0, True)
    environment = {"HEDGEROW_IDENTITY": str(identity)}
    assert runner.invoke(app, ["audit", "verify", str(sealed)], env=environment).exit_code == 0
    assert isinstance(runner.invoke(app, ["why", fill, "--log", str(sealed)]).exception, LogError)
    own = sealed / IDENTITY_FILE
    own.write_bytes(identity.read_bytes())
    own.chmod(0o600)
    (sealed / "team.grant").write_bytes((identity.parent / "team.grant").read_bytes())
    try:
        assert runner.invoke(app, ["why", fill, "--log", str(sealed)]).exit_code == 0
    finally:
        own.unlink()


def test_an_epoch_without_a_log_is_refused() -> None:
    """There would be nothing to seal."""
    with pytest.raises(RunError, match="nothing to seal"):
        backtest(CLOSES, signals=SIGNALS, epoch=EPOCH)
