"""From author to auditor: a sealed strategy is proposed, reviewed, approved, run and run again, by the commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow import governance
from hedgerow.cli.main import run
from hedgerow.core.errors import GovernanceError, RunError, error_table
from hedgerow.engine.isolation import Demand
from hedgerow.engine.jailed import JailedStrategy
from hedgerow.engine.opaque import MODULE
from hedgerow.engine.why import Journal
from hedgerow.governance.artifacts.kit import new_strategy
from hedgerow.governance.jail import Isolation

Say = Callable[..., Any]
PEOPLE = ("root", "ada", "rita", "max", "runner", "escrow")
LIMITS = hr.Limits.for_research(capital=1_000_000).to_json()


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in a fund's folder; gives what it says as JSON, or its error. The exit status must be as told."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str, status: int = 0) -> Any:
        assert run([*words, "--json"]) == status
        told = capsys.readouterr()
        return json.loads(told.err)["error"] if status else json.loads(told.out)

    return command


@pytest.fixture
def sealed(say: Say) -> dict[str, Any]:
    """A founded fund, prices, and a module that its author sealed to the runner, themself and an escrow."""
    keys = found(say)
    to = [f"--to={role}={keys[name]}" for role, name in (("runner", "runner"), ("author", "ada"), ("escrow", "escrow"))]
    return dict(say("strategy", "seal", "cross.wasm", *to), to=to)


def found(say: Say, *more: str) -> dict[str, str]:
    """A fund, prices and a module; gives the recipients of its people."""
    keys = {name: say("keys", "new", name)["recipient"] for name in PEOPLE}
    people = ["--person", "ada=researcher", "--person", "rita=risk", "--person", "max=fund_manager"]
    say("roster", "new", "--fund", "One", "--base", "USD", "--root", "keys/root.pem", *people, *more)
    step = np.arange(260)
    frame = pd.DataFrame({"close": (100 + 10 * np.sin(step / 25)).round(2), "volume": 10_000_000})
    frame.index = pd.date_range("2021-01-01", periods=260, name="timestamp")
    frame.to_csv("WAVE.csv")
    shutil.copy(MODULE, "cross.wasm")
    return keys


def propose(say: Say, place: str, *more: str) -> Any:
    """Ada asks for capital for what lies there."""
    limits = [f"--limit={name}={value}" for name, value in LIMITS.items()]
    return say("propose", place, "--strategy", "cross", "--key", "keys/ada.pem", "--universe", "WAVE", *limits, *more)


def trade(say: Say, place: str, *more: str, identity: str = "runner", status: int = 0) -> Any:
    """The runner runs what lies there under the fund's mandates."""
    words = ["backtest", place, "WAVE.csv", "--mandate", ".", "--name", "cross", "--identity", f"keys/{identity}.age"]
    return say(*words, *more, status=status)


def test_a_sealed_strategy_goes_from_its_author_through_the_quorum_to_runner_and_auditor(
    say: Say, sealed: dict[str, Any]
) -> None:
    """Nobody who approves can open it; without all signatures it stays shut; with them it trades and is run again."""
    assert propose(say, "cross.wasm.age")["outcome"] == "proposed"
    shown = say("review", "cross")
    assert shown["content"] == {"kind": "sealed", "hash": sealed["artifact"]}
    for approver in ("rita", "max"):
        refused = say("strategy", "check", "cross.wasm.age", "--identity", f"keys/{approver}.age", status=21)
        assert refused["code"] == "JAIL-011"
    # An identity that opens nothing would be found out if it were used before the signatures are there.
    assert trade(say, "cross.wasm.age", identity="rita", status=16)["code"] == "GOV-012"
    say("approve", "cross", "--key", "keys/rita.pem")
    assert trade(say, "cross.wasm.age", status=16)["code"] == "GOV-012"
    say("approve", "cross", "--key", "keys/max.pem")
    assert trade(say, "cross.wasm.age", identity="rita", status=21)["code"] == "JAIL-011"
    done = trade(say, "cross.wasm.age", "--log", "log")
    assert (done["fills"] > 0, done["denied"], done["findings"]) == (True, 0, 0)
    replayed = say("strategy", "replay", "log", "cross.wasm.age", "--identity", "keys/escrow.age")
    assert (replayed["orders"], replayed["artifact"]) == (done["fills"], sealed["artifact"])
    assert say("strategy", "replay", "log", "cross.wasm", status=21)["code"] == "JAIL-013"
    plain = say("backtest", "cross.wasm", "WAVE.csv")
    assert plain["final_nav"] == done["final_nav"]


def test_what_was_not_signed_stays_shut_though_it_holds_the_same_strategy(say: Say, sealed: dict[str, Any]) -> None:
    """The same module sealed again is another artifact: the mandate does not name it, and it is not opened."""
    propose(say, "cross.wasm.age")
    for name in ("rita", "max"):
        say("approve", "cross", "--key", f"keys/{name}.pem")
    again = say("strategy", "seal", "cross.wasm", *sealed["to"], "--out", "again.age")
    assert again["artifact"] != sealed["artifact"]
    assert trade(say, "again.age", identity="rita", status=16)["code"] == "GOV-012"
    whole = Path("cross.wasm.age").read_bytes()
    Path("cross.wasm.age").write_bytes(Path("again.age").read_bytes())
    assert trade(say, "cross.wasm.age", status=21)["code"] == "JAIL-011"
    Path("cross.wasm.age").write_bytes(whole)
    assert trade(say, "cross.wasm.age")["fills"] > 0
    signed = bytearray(Path("governance/wal").read_bytes())
    signed[len(signed.rstrip(b"\0")) // 2] ^= 1
    Path("governance/wal").write_bytes(signed)
    # Roster and policy are folded again from the log, and a log that was changed is none.
    assert trade(say, "cross.wasm.age", identity="rita", status=15)["code"].startswith("LOG-")


def test_sealing_says_what_is_wrong_and_writes_nothing(say: Say, sealed: dict[str, Any]) -> None:
    """A missing recipient, a limit that is none, an artifact that would be refused, a file that is there already."""
    for words, status in (
        (["cross.wasm", *sealed["to"][:2]], 21),
        (["cross.wasm", *sealed["to"], "--limit", "fuel=little"], 2),
        (["cross.wasm", *sealed["to"], "--limit", "fule=5"], 20),
        (["WAVE.csv", *sealed["to"]], 16),
        (["cross.wasm", *sealed["to"], "--out", "cross.wasm.age"], 2),
    ):
        say("strategy", "seal", *words, *([] if "--out" in words else ["--out", "new.age"]), status=status)
    assert not list(Path().glob("new*"))
    made = say("strategy", "seal", "cross.wasm", *sealed["to"], "--limit", "fuel=5_000_000", "--out", "new.age")
    assert json.loads(Path(made["manifest"]).read_text())["limits"]["fuel"] == 5_000_000


def test_settings_that_change_what_a_strategy_does_are_part_of_what_is_signed(
    say: Say, sealed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Batches were not signed: denied. Proposed with them it trades; a parameter that it has not is named."""
    propose(say, "cross.wasm")
    for name in ("rita", "max"):
        say("approve", "cross", "--key", f"keys/{name}.pem")
    one = trade(say, "cross.wasm")
    many = trade(say, "cross.wasm", "--set", "batch=5")
    assert (one["denied"], many["fills"]) == (0, 0)
    assert many["denied"] > 0
    propose(say, "cross.wasm", "--set", "batch=5")
    assert say("review", "cross")["settings"] == {"batch": 5}
    assert run(["review", "cross"]) == 0
    assert "Settings that are not as by default\nbatch  5\n" in capsys.readouterr().out
    for name in ("rita", "max"):
        say("approve", "cross", "--key", f"keys/{name}.pem")
    done = trade(say, "cross.wasm", "--set", "batch=5", "--log", "log")
    assert (done["fills"] > 0, done["denied"]) == (True, 0)
    assert say("strategy", "replay", "log", "cross.wasm")["orders"] == done["fills"]
    weaker = trade(say, "cross.wasm", "--set", "batch=5", "--set", "isolation=filtered")
    assert (weaker["fills"], weaker["denied"] > 0) == (0, True), "nobody signed that it may run behind less"
    for word in ("fast=20", "batsh=5"):
        wrong = [
            "--set",
            word,
            "--strategy",
            "cross",
            "--key",
            "keys/ada.pem",
            "--universe",
            "WAVE",
            "--limit",
            "gross=1",
        ]
        assert say("propose", "cross.wasm", *wrong, status=20)["code"] == "RUN-002"
    refused = trade(say, "cross.wasm", "--set", "fast=20", status=20)
    assert "its parameters within" in refused["detail"]


def test_an_opaque_strategy_runs_under_no_other_artifacts_name(say: Say, sealed: dict[str, Any]) -> None:
    """What was approved cannot be named in the place of what runs."""
    bars = hr.Bars.read("WAVE.csv")
    with pytest.raises(RunError, match="is its own artifact"):
        hr.backtest(bars, JailedStrategy("cross.wasm"), artifact="cross.wasm.age")
    propose(say, "cross.wasm.age")
    with pytest.raises(GovernanceError, match=r"GOV-012 .*no mandate in force names the manifest"):
        hr.backtest(bars, JailedStrategy("cross.wasm.age", identity="keys/rita.age"), mandate=".", name="cross")
    assert governance.artifact_hash("cross.wasm.age") == sealed["artifact"]


def test_the_demonstrations_module_is_what_the_example_makes(root: Path, tmp_path: Path) -> None:
    """Built again by the kit's own makefile with the compiler that it was made with, byte for byte."""
    clang = shutil.which("clang-14")
    if clang is None:
        pytest.skip("the module was made with clang 14, which is not here")
    new_strategy(tmp_path / "cross", "wasm", "c")
    example = (root / "examples" / "strategies" / "c" / "cross.c").read_text()
    assert (tmp_path / "cross" / "strategy.c").read_text() == example
    subprocess.run(["make", "-s", "-C", str(tmp_path / "cross"), f"CLANG={clang}"], check=True, capture_output=True)
    assert (tmp_path / "cross" / "cross.wasm").read_bytes() == MODULE.read_bytes()


def test_the_policy_says_how_weak_a_jail_may_be_and_the_level_is_on_the_record(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only limits can be had, the tier that allows them runs it; the tier that says nothing refuses by name."""
    much = (
        "\n".join(f"{name} = 1000000000000000" for name in ("capital", "gross", "loss"))
        + "\nadv_share_bps = 4294967295"
    )
    tiers = [f"[[tiers]]\nname = '{name}'\nkind = 'paper'\n{much}\n" for name in ("loose", "silent")]
    Path("policy.toml").write_text(f"{tiers[0]}isolation = 'limits'\n{tiers[1]}")
    found(say, "--policy", "policy.toml")
    assert [tier["isolation"] for tier in say("policy", "show")["tiers"]] == ["limits", "jail"]
    monkeypatch.setattr("hedgerow.governance.jail.process.why_no_jail", lambda: "bubblewrap is not installed")
    monkeypatch.setattr("hedgerow.governance.jail.process.level_of", lambda layers: Isolation.LIMITS)
    setting = ("--set", "isolation=none")

    def signed(tier: str) -> None:
        propose(say, "cross.wasm", "--tier", tier, *setting)
        assert f"isolation {'jail' if tier == 'silent' else 'limits'}" in say("review", "cross")["tier_says"]
        for name in ("rita", "max"):
            say("approve", "cross", "--key", f"keys/{name}.pem")

    signed("loose")
    done = trade(say, "cross.wasm", *setting, "--log", "log")
    assert (done["fills"] > 0, done["denied"], done["findings"]) == (True, 0, 0)
    assert [int(start["isolation"]) for start in Journal("log").of("JailStart")] == [Isolation.LIMITS]
    assert say("audit", "verify", "log")["state_hash"] == done["state_hash"]
    signed("silent")
    refused = trade(say, "cross.wasm", *setting, "--log", "none", status=21)
    assert refused["code"] == "JAIL-001"
    assert refused["detail"].endswith("demanded is jail: none by its settings, jail by the tier 'silent'")
    assert [len(Journal("none").of(noun)) for noun in ("JailStart", "Order", "Finding")] == [0, 0, 1]
    say("audit", "verify", "none")
    # A runner that asks for less is found out by the kernel.
    monkeypatch.setattr(Demand, "with_settings", lambda demand, level: (level, ""))
    denied = trade(say, "cross.wasm", *setting, "--log", "denied")
    assert (denied["fills"], denied["denied"] > 0, denied["findings"]) == (0, True, 1)
    found_out = {row.number: row.code for row in error_table()}
    assert [found_out[int(row["code"])] for row in Journal("denied").of("Finding")] == ["GOV-031"]
    say("audit", "verify", "denied")
