"""Evidence for a strategy that nobody here reads: it runs in the jail, and the level stands in the pack."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import RunError
from hedgerow.engine.evidence import check_evidence, make_evidence, text_page
from hedgerow.engine.evidence.pack import Pack
from hedgerow.engine.jailed import JailedStrategy
from hedgerow.governance import artifact_hash
from hedgerow.governance.jail import Isolation
from hedgerow.models.trials import TrialLedger


def prices(days: int = 260) -> pd.DataFrame:
    """A stock's year, with volume."""
    rng = np.random.default_rng(2)
    close = (60 * np.exp(np.cumsum(rng.normal(0.0004, 0.013, days)))).round(2)
    index = pd.bdate_range("2023-01-02", periods=days, name="date")
    return pd.DataFrame({"close": close, "volume": 400_000}, index=index)


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    """The example's package, as its author hands it over, and prices beside it."""
    prices().to_csv(tmp_path / "ABC.csv")
    folder = tmp_path / "cross"
    folder.mkdir()
    for file in (root / "examples" / "strategies" / "python" / "cross").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_package_is_run_in_the_jail_and_the_level_is_in_the_pack(package: Path, tmp_path: Path) -> None:
    """What the records of the run say; equal bytes when it is made again."""
    data, ledger = tmp_path / "ABC.csv", TrialLedger()
    pack = make_evidence(package, data, trials=ledger)
    assert pack.content["run"]["isolation"] in {level.name.lower() for level in Isolation} - {"none"}
    assert pack.content["strategy"] == "cross"
    assert pack.content["content"] == artifact_hash(package)
    assert pack.content["costs"]["fills"] > 0
    assert f"isolation {pack.content['run']['isolation']}" in text_page(pack)
    said = check_evidence(pack, JailedStrategy(package), data, trials=ledger)
    assert said == {"pack": pack.sha256, "repeated": True, "trials_checked": True}
    assert ledger.count == 1


def test_another_file_in_the_package_is_another_artifact(package: Path, tmp_path: Path) -> None:
    """The hash says so before anything runs."""
    pack = make_evidence(package, tmp_path / "ABC.csv", trials=TrialLedger())
    (package / "notes.txt").write_text("one more thing")
    with pytest.raises(RunError, match=r"RUN-010.*content"):
        check_evidence(pack, package, tmp_path / "ABC.csv")


def test_the_command_takes_an_opaque_artifact(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made and checked by the same words as any other."""
    monkeypatch.chdir(tmp_path)
    assert run(["evidence", "make", "cross", "ABC.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["isolation"] == Pack.load(told["file"]).content["run"]["isolation"] != "none"
    assert run(["evidence", "check", told["pack"], "--artifact", "cross", "--data", "ABC.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["repeated"]
