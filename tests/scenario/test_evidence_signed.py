"""Evidence in the governance log: a service of the fund signs a pack, and a proposal that demands one rests on it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import GovernanceError, RunError
from hedgerow.engine.evidence import fund_tiers, make_evidence, sign_evidence
from hedgerow.engine.evidence.pack import Pack
from hedgerow.governance import events, manifest
from hedgerow.governance.desk import Desk
from hedgerow.governance.keys import Key
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.sequencer import SEQUENCER, sequence
from hedgerow.governance.tiers import FOREVER_NS, Tier
from hedgerow.models.trials import TrialLedger

NOW_NS = 1_700_000_000 * 10**9
SIGN = "all(risk 1, fund_manager 1)"


class Turns(hr.Strategy):
    """Long above the mean, flat below."""

    def on_start(self) -> None:
        """A mean of twenty bars."""
        self.mean = self.sma(20)

    def on_bar(self, bar: Any) -> None:
        """Follow it."""
        if self.mean.ready:
            self.order_target(1_000 if bar.close > self.mean.value else 0)


def bars() -> hr.Bars:
    """A stock's year."""
    rng = np.random.default_rng(2)
    close = (60 * np.exp(np.cumsum(rng.normal(0.0004, 0.013, 260)))).round(2)
    frame = pd.DataFrame({"close": close, "volume": 400_000}, index=pd.bdate_range("2023-01-02", periods=260))
    return hr.Bars.from_frame(frame, symbol="ABC")


@pytest.fixture
def fund(tmp_path: Path) -> Path:
    """A fund whose only tier demands a pack, and whose roster has a service for it and one for something else."""
    keys = {
        name: Key.from_seed(bytes([n]) * 32, name=name)
        for n, name in enumerate(("root", "ada", "rita", "max", SEQUENCER, "bench", "runner"))
    }
    for name, key in keys.items():
        key.save(tmp_path / "keys" / f"{name}.pem")
    root = keys["root"]
    genesis = events.genesis(fund="One", base="USD", root_keys=[root.public], root_threshold=1)
    people = [
        events.Person(name, (role,), (keys[name].public,))
        for name, role in (("ada", "researcher"), ("rita", "risk"), ("max", "fund_manager"))
    ]
    scopes: list[tuple[str, Any]] = [(SEQUENCER, "sequence"), ("bench", "evidence"), ("runner", "run")]
    services = [events.Service(name, keys[name].public, (scope,), FOREVER_NS) for name, scope in scopes]
    start = [hashlib.sha256(genesis).hexdigest()]
    roster = events.roster(
        signers=[root],
        version=1,
        root_keys=[root.public],
        root_threshold=1,
        people=people,
        services=services,
        context=events.Context(start, (NOW_NS // 10**6, 0)),
    )
    tier = Tier("paper", "paper", 1_000_000, 1_000_000, 20_000, 200, SIGN, pack=True)
    policy = events.policy(
        signers=[root],
        version=1,
        change=SIGN,
        tiers=[tier],
        context=events.Context([events.event_id(roster)], (NOW_NS // 10**6, 1)),
    )
    Desk(tmp_path).found(genesis, [roster, policy], now_ns=NOW_NS)
    sequence(tmp_path, now_ns=NOW_NS)
    return tmp_path


def whole_manifest() -> dict[str, Any]:
    """What is proposed."""
    content = manifest(Turns, dataclasses.asdict(Turns().config))
    return proposal_manifest(content, credits={"ada": 10_000}, title="turns", universe=["ABC"])


def evidence_of(fund: Path) -> Pack:
    """The pack for that manifest, at the tiers of the fund."""
    return make_evidence(
        Turns, bars(), trials=TrialLedger(), name="turns", proposed=whole_manifest(), tiers=fund_tiers(fund)
    )


def propose(fund: Path, event: str | None, pack: str | None) -> dict[str, Any]:
    """Propose it, naming this evidence."""
    from hedgerow.governance.desk import next_hlc, parents_for
    from hedgerow.governance.sequencer import submit

    desk = Desk(fund)
    standing = desk.ahead(NOW_NS + 10**9)
    limits = {"capital": 1_000_000, "gross": 900_000, "loss": 10_000, "adv_share_bps": 100}
    envelope = events.proposal(
        key=Key.load(fund / "keys" / "ada.pem"),
        strategy="turns",
        manifest=whole_manifest(),
        tier="paper",
        limits=limits,
        universe=["ABC"],
        valid_until_ns=NOW_NS + 10**15,
        prev=None,
        evidence_event=event,
        evidence_pack=pack,
        context=events.Context(parents_for(standing), next_hlc(standing, NOW_NS), standing.state["policy"]["id"]),
    )
    return submit(desk, envelope, now_ns=NOW_NS + 10**9)


def test_a_tier_that_demands_a_pack_opens_with_the_services_signature(fund: Path) -> None:
    """Without evidence the proposal is refused; with the pack that the service signed it is taken."""
    pack = evidence_of(fund)
    assert [row["tier"] for row in pack.content["tiers"]] == ["paper"]
    with pytest.raises(GovernanceError, match="demands an evidence pack"):
        propose(fund, None, None)
    signed = sign_evidence(fund, pack, key_file=fund / "keys" / "bench.pem", now_ns=NOW_NS + 1)
    assert signed["outcome"] == "evidence_known"
    assert (fund / "evidence" / f"{pack.sha256}.json").exists()
    (known,) = Desk(fund).standing().state["evidence"]
    assert (known["service"], known["pack"], known["trials"]) == ("bench", pack.sha256, 1)
    assert known["summary"]["total_return"] == pack.content["performance"]["total_return"]
    assert propose(fund, signed["event"], pack.sha256)["outcome"] == "proposed"


def test_only_a_service_for_evidence_may_sign_one(fund: Path) -> None:
    """Neither a person nor a service with another scope; and nothing is stored for them."""
    pack = evidence_of(fund)
    with pytest.raises(GovernanceError, match=r"GOV-003.*no service"):
        sign_evidence(fund, pack, key_file=fund / "keys" / "ada.pem", now_ns=NOW_NS + 1)
    with pytest.raises(GovernanceError):
        sign_evidence(fund, pack, key_file=fund / "keys" / "runner.pem", now_ns=NOW_NS + 1)
    assert Desk(fund).standing().state["evidence"] == []
    with pytest.raises(RunError, match="RUN-009"):
        sign_evidence(fund, Pack({"v": 1, "kind": "live"}), key_file=fund / "keys" / "bench.pem", now_ns=NOW_NS + 1)


def test_the_command_makes_and_signs_at_the_tiers_of_the_policy(
    fund: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command: run, store, sign, sequence; signing again is a duplicate by its name."""
    monkeypatch.chdir(fund)
    Path("turns.py").write_text(
        "import hedgerow as hr\n\n\nclass Turns(hr.Strategy):\n    def on_bar(self, bar):\n"
        "        if self.position == 0:\n            self.buy(100)\n"
    )
    bars().frame().rename(columns={"ts_event": "date"})[["date", "close", "volume"]].to_csv("ABC.csv", index=False)
    assert run(["evidence", "make", "turns.py", "ABC.csv", "--key", "keys/bench.pem", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["signed"]["outcome"] == "evidence_known"
    assert [row["tier"] for row in Pack.load(told["file"]).content["tiers"]] == ["paper"]
    assert run(["evidence", "sign", told["pack"][:16], "--key", "keys/ada.pem", "--json"]) == 16
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "GOV-003"
