"""From keys to trades: what people sign with the governance commands is what a run may do, and nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow import governance
from hedgerow.core.errors import GovernanceError, JailError
from hedgerow.engine.audit import verify
from hedgerow.engine.isolation import Demand
from hedgerow.engine.why import Journal, why

NOW_NS = 1_700_000_000 * 10**9
SOURCE = """
import hedgerow as hr

class Buyer(hr.Strategy):
    def on_bar(self, bar):
        if self.position == 0:
            self.buy(100)
"""


class Buyer(hr.Strategy):
    """Buys a hundred at once."""

    def on_bar(self, bar: object) -> None:
        """Buy while there is nothing."""
        if self.position == 0:
            self.buy(100)


class Sized(hr.Strategy):
    """Buys as many as it is set to."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        """How many."""

        quantity: float = 100.0

    def on_bar(self, bar: object) -> None:
        """Buy while there is nothing."""
        if self.position == 0:
            self.buy(self.config.quantity)


@pytest.fixture
def fund(tmp_path: Path) -> Path:
    """A fund with three people and one proposal that nobody has approved yet."""
    return founded(tmp_path)


def founded(tmp_path: Path, policy: dict[str, Any] | None = None) -> Path:
    """The same under this policy, or the one that a new fund has."""
    for name in ("root", "ada", "rita", "max"):
        governance.keys_new(tmp_path, name)
    governance.roster_new(
        tmp_path,
        fund="Hedge One",
        base_currency="USD",
        root_key_files=[tmp_path / "keys" / "root.pem"],
        people={"ada": ["researcher"], "rita": ["risk"], "max": ["fund_manager"]},
        policy=policy,
        now_ns=NOW_NS,
    )
    (tmp_path / "buyer.py").write_text(SOURCE)
    limits = hr.Limits.for_research(capital=100_000).to_json()
    governance.propose(
        tmp_path,
        key_file=tmp_path / "keys" / "ada.pem",
        strategy="buyer",
        artifact=governance.artifact_hash(tmp_path / "buyer.py"),
        tier="paper",
        limits=limits,
        universe=["ABC"],
        valid_until_ns=2**62,
        title="buys a hundred",
        now_ns=NOW_NS + 1,
    )
    return tmp_path


def approve(fund: Path, name: str, role: str) -> None:
    """One person signs the proposal."""
    key = fund / "keys" / f"{name}.pem"
    governance.approve(fund, key_file=key, proposal="buyer", role=role, now_ns=NOW_NS + 2)


def run(fund: Path, strategy: Any = Buyer, *, log: Path | None = None, artifact: str = "buyer.py") -> hr.Result:
    """The strategy over five days, under what was signed."""
    days = np.arange(5).astype("datetime64[D]")
    bars = hr.Bars.from_arrays(days, close=[10.0, 11.0, 12.0, 11.0, 13.0], symbol="ABC")
    costs = hr.Costs.none()
    return hr.backtest(
        bars, strategy, cash=100_000, costs=costs, name="buyer", mandate=fund, artifact=fund / artifact, log=log
    )


def test_engine_mandates_no_signature_no_order(fund: Path) -> None:
    """Proposed is not approved: every order is denied, with one signature too."""
    assert set(run(fund).verdicts["code"]) == {"RISK-004"}
    approve(fund, "rita", "risk")
    result = run(fund)
    assert set(result.verdicts["code"]) == {"RISK-004"}
    assert len(result.fills) == 0


def test_engine_mandates_the_quorum_opens_the_gate_and_the_log_names_the_people(fund: Path, tmp_path: Path) -> None:
    """With both signatures it trades; the log proves it and `why` ends at the people."""
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    result = run(fund, log=tmp_path / "log")
    assert len(result.fills) == 1
    assert verify(tmp_path / "log").state_hash == result.state_hash
    told = [cause.says for cause in why(tmp_path / "log", int(result.fills["id"].iloc[0]))]
    assert "rita signed approve as risk" in told
    assert "max signed approve as fund_manager" in told


def test_engine_mandates_the_journal_names_the_governance_log_it_stood_under(fund: Path, tmp_path: Path) -> None:
    """Size and root of the log at the start of the run, and the time at which each event took effect."""
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    run(fund, log=tmp_path / "log")
    head = governance.Desk(fund).standing().head
    assert head is not None
    named = Journal(tmp_path / "log").of("Sequenced")
    assert (int(named["size"][-1]), bytes(named["root"][-1]).hex()) == (head.size, head.root)
    assert [int(ts) for ts in named["ts"]] == [NOW_NS, NOW_NS + 1, NOW_NS + 2, NOW_NS + 2, NOW_NS + 2]


def test_engine_mandates_another_artifact_is_not_the_one_that_was_signed(fund: Path) -> None:
    """One changed byte of the strategy's file, and the mandate does not count."""
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    (fund / "other.py").write_text(SOURCE + "\n")
    assert len(run(fund, artifact="other.py").fills) == 0


def test_engine_mandates_settings_that_nobody_signed_are_another_artifact(fund: Path) -> None:
    """As by default the file alone was signed; a changed setting trades nothing until it is proposed with it."""
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    assert [len(run(fund, Sized(quantity=q)).fills) for q in (100.0, 50.0)] == [1, 0]
    governance.propose(
        fund,
        key_file=fund / "keys" / "ada.pem",
        strategy="buyer",
        artifact=governance.manifest(fund / "buyer.py", {"quantity": 50.0}),
        limits=hr.Limits.for_research(capital=100_000).to_json(),
        universe=["ABC"],
        valid_until_ns=2**62,
        now_ns=NOW_NS + 3,
    )
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    assert [len(run(fund, Sized(quantity=q)).fills) for q in (100.0, 50.0)] == [0, 1]


def test_engine_mandates_a_strategy_nobody_proposed_is_named(fund: Path) -> None:
    """A misspelt name is an error with the known ones."""
    bars = hr.Bars.from_arrays(np.arange(2).astype("datetime64[D]"), close=[1.0, 2.0], symbol="ABC")
    with pytest.raises(GovernanceError, match=r"GOV-006.*buyr.*did you mean 'buyer'"):
        hr.backtest(bars, Buyer, name="buyr", mandate=fund)


def test_engine_mandates_a_tier_that_demands_walls_takes_nothing_from_the_platforms_own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class is refused before it starts; what comes to the kernel in spite of that is denied and found, once."""
    tiers = governance.default_policy().to_json()["tiers"][:1]
    del tiers[0]["isolation"]
    fund = founded(tmp_path, {"tiers": tiers})
    approve(fund, "rita", "risk")
    approve(fund, "max", "fund_manager")
    with pytest.raises(JailError, match=r"JAIL-001 .*own process, none; demanded is jail by the tier 'paper'"):
        run(fund, log=tmp_path / "refused")
    assert verify(tmp_path / "refused").records > 0
    monkeypatch.setattr(Demand, "refuse_in_process", lambda demand, title: None)
    result = run(fund, log=tmp_path / "log")
    assert set(result.verdicts["code"]) == {"RISK-004"}
    assert len(result.verdicts) > 1
    assert list(result.findings["code"]) == ["GOV-031"]
    assert verify(tmp_path / "log").state_hash == result.state_hash
    told = [cause.says for cause in why(tmp_path / "log", int(result.findings["id"].iloc[0]))]
    assert told[0].startswith("GOV-031 ")
    assert told[0].endswith(": none, demanded is jail")
