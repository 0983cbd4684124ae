"""The evidence pack: equal inputs give equal bytes, a change is found, what is too short is left out by name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError, ModelError, RunError
from hedgerow.engine.evidence import (
    Pack,
    Ran,
    check_evidence,
    evidence_body,
    html_page,
    make_evidence,
    refuse_cut_ledger,
    run_in_process,
    text_page,
)
from hedgerow.engine.evidence.recipe import Recipe
from hedgerow.governance import artifact_hash, manifest
from hedgerow.governance.envelope import canonical
from hedgerow.models.trials import TrialLedger

DAYS = 300
TIERS = [
    {"name": "paper", "capital": 1_000_000, "gross": 2_000_000, "loss": 20_000, "adv_share_bps": 500},
    {"name": "full", "capital": "50000000", "gross": "50000000", "loss": "200000", "adv_share_bps": 100},
]


def market(days: int = DAYS, seed: int = 3) -> hr.Bars:
    """Two instruments with volume."""
    rng = np.random.default_rng(seed)
    times = np.array(pd.bdate_range("2019-10-01", periods=days) + pd.Timedelta(hours=21), dtype="datetime64[ns]")
    closes = np.round(50 * np.exp(np.cumsum(rng.normal(0.0006, 0.012, (days, 2)), axis=0)), 2)
    parts = [
        hr.Bars.from_arrays(
            times,
            close=closes[:, n],
            volume=np.full(days, 200_000),
            instruments=hr.Instrument(symbol, sector=sector),
            span="1d",
        )
        for n, (symbol, sector) in enumerate([("AAA", "tech"), ("BBB", "energy")])
    ]
    return hr.Bars.joined(parts)


class Turns(hr.Strategy):
    """Long above the mean, flat below."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        """How long the mean is, and a word that nobody needs to know."""

        window: int = 20
        secret: str = "the-authors-idea"

    def on_start(self) -> None:
        """A mean for each."""
        self.mean = {s: self.sma(self.config.window, symbol=s) for s in ("AAA", "BBB")}

    def on_bar(self, bar: Any) -> None:
        """Follow it."""
        if self.mean[bar.symbol].ready:
            self.order_target(3_000 if bar.close > self.mean[bar.symbol].value else 0, bar.symbol)


class Learns(Turns):
    """Chooses its window on what it is given, and remembers until when that was."""

    seen: list[tuple[int, int]] = []  # noqa: RUF012 - what the test looks at

    def fit(self, bars: hr.Bars) -> Turns:
        """A longer mean the more there is to see."""
        Learns.seen.append((int(bars.ts_init.max()), len(bars)))
        return Turns(window=5 + len(bars) // 100)


@pytest.fixture(scope="module")
def bars() -> hr.Bars:
    """The market of all tests here."""
    return market()


@pytest.fixture(scope="module")
def pack(bars: hr.Bars) -> Pack:
    """One pack."""
    return make_evidence(Turns, bars, trials=TrialLedger(), tiers=TIERS)


def test_equal_inputs_give_equal_bytes_and_running_again_is_no_new_trial(bars: hr.Bars, pack: Pack) -> None:
    """Also when the same ledger is asked twice."""
    ledger = TrialLedger()
    first = make_evidence(Turns, bars, trials=ledger, tiers=TIERS)
    assert first.data == make_evidence(Turns, bars, trials=ledger, tiers=TIERS).data == pack.data
    assert ledger.count == 1


PROCESS = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("evidence_market", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["evidence_market"] = module
spec.loader.exec_module(module)
pack = module.make_evidence(module.Turns, module.market(), trials=module.TrialLedger(), tiers=module.TIERS)
print(pack.sha256)
"""


def test_two_processes_with_other_hash_seeds_make_the_same_pack() -> None:
    """Nothing in it depends on the order of a set or on the process."""
    made = set()
    for seed in ("1", "4242"):
        words = [sys.executable, "-c", PROCESS, __file__]
        done = subprocess.run(words, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made.add(done.stdout.strip())
    assert len(made) == 1


def test_a_pack_holds_no_float_no_code_and_no_setting(pack: Pack) -> None:
    """Reviewers see what it did, not how."""

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        if isinstance(value, list):
            return all(plain(item) for item in value)
        return value is None or isinstance(value, str | int)

    assert plain(json.loads(pack.data))
    for page in (pack.data.decode(), text_page(pack), html_page(pack)):
        assert "the-authors-idea" not in page
        assert "order_target" not in page
        assert str(Path(__file__).parent) not in page


def test_a_stored_pack_is_read_back_and_any_changed_byte_is_refused(pack: Pack, tmp_path: Path) -> None:
    """Changed, cut, re-spelt or renamed: RUN-009 each time."""
    path = pack.save(tmp_path)
    assert path == tmp_path / "evidence" / f"{pack.sha256}.json"
    assert Pack.load(path).data == pack.data
    data = pack.data
    for place in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(RunError, match="RUN-009"):
            Pack.load(path)
    path.write_bytes(data[:-1])
    with pytest.raises(RunError, match=r"RUN-009.*changed or renamed"):
        Pack.load(path)
    for text in (json.dumps(json.loads(data), indent=1), '{"v":1.5}', '{"v":2,"kind":"evidence"}', "[]", "{"):
        with pytest.raises(RunError, match="RUN-009"):
            Pack.read(text.encode())
    with pytest.raises(RunError, match=r"RUN-009.*No such file"):
        Pack.load(tmp_path / "none.json")


def test_a_pack_is_made_again_byte_for_byte(bars: hr.Bars, tmp_path: Path) -> None:
    """With the ledger as it was then, though trials have come since; and without the ledger, saying so."""
    ledger = TrialLedger(tmp_path / "trials.jsonl")
    make_evidence(Turns(window=10), bars, trials=ledger, name="turns")
    pack = make_evidence(Turns(window=20), bars, trials=ledger, name="turns", tiers=TIERS)
    make_evidence(Turns(window=30), bars, trials=ledger, name="turns")
    assert (pack.content["trials"]["count"], ledger.family("turns").count) == (2, 3)
    said = check_evidence(pack, Turns(window=20), bars, trials=tmp_path)
    assert said == {"pack": pack.sha256, "repeated": True, "trials_checked": True}
    assert not check_evidence(pack, Turns(window=20), bars)["trials_checked"]
    assert TrialLedger(tmp_path / "trials.jsonl").count == 3


@pytest.mark.parametrize("by_symbol", [False, True])
def test_a_pack_with_fees_by_tier_is_made_again_byte_for_byte(bars: hr.Bars, by_symbol: bool) -> None:
    """Whole numbers and fractions, one schedule for all or one for each symbol."""
    tiers = (hr.FeeTier(taker_bps=3), hr.FeeTier(volume=1_000_000, maker_bps=-0.25, taker_bps=1.5))
    schedule = hr.FeeSchedule(tiers=tiers, counts="units", beside=5.5)
    costs = hr.Costs(fee_bps=1, fees={"AAA": schedule, "BBB": schedule} if by_symbol else schedule)
    pack = make_evidence(Turns, bars, trials=TrialLedger(), costs=costs)
    assert check_evidence(Pack.read(pack.data), Turns, bars)["repeated"]
    assert Recipe.of(pack).settings.costs == costs


def edited(pack: Pack, *path: str, value: Any) -> Pack:
    """The pack with one figure changed, canonical and hashed again."""
    content = json.loads(pack.data)
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return Pack.read(Pack(content).data)


def test_a_prettier_figure_is_found_though_the_pack_was_hashed_again(bars: hr.Bars, pack: Pack) -> None:
    """The first place that differs is named, with both figures."""
    for path, value in (
        (("performance", "sharpe"), "9.9"),
        (("gate", "denied"), 1),
        (("run", "isolation"), "full"),
        (("drawdown", "depth"), "0"),
    ):
        with pytest.raises(RunError, match=rf"RUN-010.*{'.'.join(path)}: .*{value}"):
            check_evidence(edited(pack, *path, value=value), Turns, bars)
    cheaper = edited(pack, "settings", "costs", "impact", value="0.0")
    with pytest.raises(RunError, match="RUN-010"):
        check_evidence(cheaper, Turns, bars)
    with pytest.raises(RunError, match="RUN-009"):
        check_evidence(edited(pack, "settings", "costs", "impact", value="cheap"), Turns, bars)


def test_other_data_another_artifact_and_another_book_are_named(bars: hr.Bars, pack: Pack) -> None:
    """Nothing is run: the hashes say it."""
    with pytest.raises(RunError, match=r"RUN-010.*data.digest"):
        check_evidence(pack, Turns, market(seed=4))
    with pytest.raises(RunError, match=r"RUN-010.*content"):
        check_evidence(pack, Turns(window=21), bars)
    with pytest.raises(RunError, match=r"RUN-010.*book.digest"):
        check_evidence(pack, Turns, bars, book=hr.backtest(bars, weights=np.full((DAYS, 2), 0.4)))


def test_a_ledger_that_was_cut_is_found_by_the_packs_of_the_fund(bars: hr.Bars, tmp_path: Path) -> None:
    """Both files made anew, and the head that the pack names is not in them."""
    ledger = TrialLedger(tmp_path / "trials.jsonl")
    for window in (10, 20):
        make_evidence(Turns(window=window), bars, trials=ledger, name="turns").save(tmp_path)
    assert refuse_cut_ledger(ledger, tmp_path) == 2
    for file in tmp_path.glob("trials.jsonl*"):
        file.unlink()
    anew = TrialLedger(tmp_path / "trials.jsonl")
    with pytest.raises(ModelError, match=r"MODEL-008.*never reached"):
        refuse_cut_ledger(anew, tmp_path)


def test_trials_deflate_the_sharpe_ratio_of_the_pack(bars: hr.Bars) -> None:
    """Forty variants before it, and it is believed less."""
    ledger = TrialLedger()
    for window in range(5, 45):
        hr.backtest(bars, Turns(window=window), name="turns", trials=ledger)
    alone = make_evidence(Turns(window=50), bars, trials=TrialLedger(), name="turns")
    after = make_evidence(Turns(window=50), bars, trials=ledger, name="turns")
    assert after.content["trials"]["count"] == 41
    assert "deflated_sharpe" not in alone.content["performance"]
    believed = float(after.content["performance"]["deflated_sharpe"])
    assert believed < float(alone.content["performance"]["probabilistic_sharpe"])
    assert evidence_body(after)["trials"] == 41


def test_a_backtest_and_the_evidence_of_the_same_settings_are_one_trial(bars: hr.Bars) -> None:
    """The platform's own run is not held against the strategy twice."""
    ledger = TrialLedger()
    make_evidence(Turns, bars, trials=ledger)
    hr.backtest(bars, Turns, trials=ledger)
    assert ledger.family("Turns").count == 1


def test_a_strategy_that_trains_never_saw_its_fold(bars: hr.Bars) -> None:
    """Each fold is traded by what was fitted on the bars known before it, and all returns are out of sample."""
    Learns.seen.clear()
    pack = make_evidence(Learns, bars, trials=TrialLedger(), folds=3)
    folds = pack.content["walk_forward"]["folds"]
    assert [fold["trained_to_ns"] for fold in folds] == [str(seen) for seen, _ in Learns.seen]
    for fold in folds:
        assert int(fold["trained_to_ns"]) <= pd.Timestamp(fold["from"]).value + 21 * 3_600 * 10**9
        assert fold["out_of_sample"] == "yes"
    assert len({count for _, count in Learns.seen}) == 3
    assert pack.content["performance"]["periods"] == sum(fold["periods"] for fold in folds) == DAYS * 3 // 4
    assert len(pack.content["run"]["runs"]) == 3
    product = np.prod([1 + float(fold["total_return"]) for fold in folds]) - 1
    assert float(pack.content["performance"]["total_return"]) == pytest.approx(product, abs=1e-7)


def test_folds_of_a_fixed_strategy_say_whether_its_author_had_seen_them(bars: hr.Bars) -> None:
    """Nobody said, or the day is named."""
    said = make_evidence(Turns, bars, trials=TrialLedger(), made_until="2020-05-01").content["walk_forward"]["folds"]
    assert [fold["out_of_sample"] for fold in said] == ["no", "no", "no", "yes", "yes"]
    silent = make_evidence(Turns, bars, trials=TrialLedger(), folds=2).content["walk_forward"]["folds"]
    assert [fold["out_of_sample"] for fold in silent] == ["not stated", "not stated"]


def test_what_a_short_sample_does_not_carry_is_left_out_by_name() -> None:
    """No figure is invented, and each missing one has its reason."""
    pack = make_evidence(Turns, market(15), trials=TrialLedger(), folds=2, tiers=TIERS)
    left_out = {row["figure"]: row["reason"] for row in pack.content["left_out"]}
    for figure in ("sharpe", "cagr", "capacity", "market shocks", "volatility shocks", "historical windows"):
        assert left_out[figure]
    assert "value_at_risk_95, expected_shortfall_95" in left_out
    assert "sharpe" not in pack.content["performance"]
    assert pack.content["capacity"] is None
    assert "value_at_risk_95" not in pack.content["tail"]
    assert all(reason in text_page(pack) for reason in left_out.values())


def test_a_strategy_that_never_trades_has_a_pack() -> None:
    """Zero is an answer; ratios and costs are left out."""
    pack = make_evidence(Turns(window=10_000), market(100), trials=TrialLedger(), tiers=TIERS)
    assert pack.content["costs"]["fills"] == 0
    assert pack.content["exposure"]["gross_max"] == "0"
    assert {"capacity", "costs_share_of_gross"} <= {row["figure"] for row in pack.content["left_out"]}
    assert html_page(pack)


def test_denials_and_findings_of_the_run_stand_in_the_pack(bars: hr.Bars) -> None:
    """A strategy that runs against its limits is seen to."""
    limits = hr.Limits.scaled(capital=1_000_000, order_notional="0.0001")
    pack = make_evidence(Turns, bars, trials=TrialLedger(), limits=limits)
    gate = pack.content["gate"]
    assert gate["denied"] == gate["denied_by_rule"]["RISK-014"] > 0
    assert evidence_body(pack)["summary"]["denied"] == str(gate["denied"])


def test_the_isolation_of_the_runner_is_on_record(bars: hr.Bars) -> None:
    """Whatever ran the strategy says how well it was shut in."""

    def jail(strategy: Any, bars: hr.Bars, settings: Any) -> Ran:
        return Ran(run_in_process(strategy, bars, settings).result, "namespaces+seccomp")

    pack = make_evidence(Turns, bars, trials=TrialLedger(), run=jail)
    assert pack.content["run"]["isolation"] == "namespaces+seccomp"
    assert evidence_body(pack)["summary"]["isolation"] == "namespaces+seccomp"
    with pytest.raises(RunError, match=r"RUN-010.*isolation"):
        check_evidence(pack, Turns, bars)


def test_the_body_of_the_event_is_text_and_names_the_proposed_artifact(bars: hr.Bars, pack: Pack) -> None:
    """What a service signs: artifact, pack, trials, summary."""
    body = evidence_body(make_evidence(Turns, bars, trials=TrialLedger(), proposed="ab" * 32))
    assert body["artifact"] == "ab" * 32
    assert evidence_body(pack)["artifact"] == artifact_hash(Turns, dataclasses.asdict(Turns().config))
    assert set(body) == {"artifact", "pack", "trials", "summary"}
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in body["summary"].items())


def test_a_manifest_is_hashed_if_its_content_is_what_runs(bars: hr.Bars) -> None:
    """The proposal's hash stands in the pack; a manifest of something else is refused."""
    content = manifest(Turns, dataclasses.asdict(Turns().config))
    whole = {"v": 2, "content": content, "title": "turns"}
    pack = make_evidence(Turns, bars, trials=TrialLedger(), proposed=whole)
    assert pack.content["artifact"] == hashlib.sha256(canonical(whole)).hexdigest()
    assert pack.content["content"] == artifact_hash(Turns, dataclasses.asdict(Turns().config))
    for other in ({**whole, "content": {"v": 1}}, {"v": 2}):
        with pytest.raises(HedgerowError, match=r"GOV-012.*what runs is"):
            make_evidence(Turns, bars, trials=TrialLedger(), proposed=other)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"folds": 0}, "RUN-002.*folds=0"),
        ({"folds": 200}, "RUN-002.*folds=200"),
        ({"tiers": [{"name": "x"}]}, "RUN-002.*lacks capital"),
        ({"tiers": [{**TIERS[0], "capital": 0}]}, "RUN-002.*positive"),
        ({"tiers": [{**TIERS[0], "loss": 0.5}]}, "GOV-010.*loss"),
        ({"capital": -1}, "RUN-002.*capital"),
        ({"book": 3}, "RUN-002.*the book is a int"),
        ({"proposed": "short"}, "GOV-012.*64"),
    ],
)
def test_settings_that_mean_nothing_are_refused(bars: hr.Bars, settings: dict[str, Any], match: str) -> None:
    """Named, before anything is stored."""
    with pytest.raises(HedgerowError, match=match):
        make_evidence(Turns, bars, trials=TrialLedger(), **settings)
