"""The journal of a run: it verifies, it answers why, it catches every change, and equal seeds give equal bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow
from hedgerow import Costs, HedgerowError, Limits, Result, Strategy, backtest, verify, why
from hedgerow.core.errors import LogError
from hedgerow.engine.audit import tamper_drill
from hedgerow.governance.simulation import simulated_artifact

DAYS = pd.bdate_range("2024-01-01", periods=40)
CLOSES = pd.DataFrame(
    np.round(30 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.02, (40, 2)), axis=0)), 2),
    columns=["AAA", "BBB"],
    index=DAYS,
)


class Rotating(Strategy):
    """Buys and sells with limits, cancels, and asks once for far too much."""

    def on_start(self) -> None:
        """Begin at bar 0."""
        self.bars, self.tickets = 0, []
        self.every(days=7)

    def on_bar(self, bar: Any) -> None:
        """A little of everything."""
        self.bars += 1
        if self.bars % 9 == 1:
            self.tickets.append(self.buy(100, bar.symbol, limit=round(bar.close * 0.99, 2)))
        if self.bars % 9 == 5 and self.tickets[-1].state:
            self.cancel(self.tickets[-1])
        if self.bars == 12:
            self.buy(10**9, bar.symbol)

    def on_timer(self, now: int) -> None:
        """Weekly, back to a tenth each."""
        for symbol in ("BBB", "AAA"):
            self.order_target_weight(0.1, symbol)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A run and its log; nobody writes to it."""
    folder = tmp_path_factory.mktemp("run") / "log"
    return backtest(CLOSES, Rotating, log=folder, seed=5), folder


def test_a_log_proves_itself(logged: tuple[Result, Path]) -> None:
    """Hashes, signature, sequence, and every decision derived again to the same state."""
    result, folder = logged
    proof = verify(folder)
    assert proof.state_hash == result.state_hash
    assert proof.records == result.sealed["records"]
    assert proof.root == result.sealed["root"].hex()
    names = sorted(p.name for p in (folder / "journal").iterdir())
    assert names == ["blob", "checkpoint", "key.pub", "signed", "tile", "wal"]
    assert json.loads(json.dumps(proof.to_json())) == proof.to_json()


def test_a_log_is_verified_under_its_key_and_no_other(logged: tuple[Result, Path], tmp_path: Path) -> None:
    """The key line that was published proves it; the key of another run does not."""
    _, folder = logged
    key = (folder / "journal" / "key.pub").read_text().strip()
    assert verify(folder, key).records > 0
    backtest(CLOSES, Rotating, log=tmp_path / "other", seed=6)
    with pytest.raises(LogError, match=r"LOG-004"):
        verify(folder, (tmp_path / "other" / "journal" / "key.pub").read_text().strip())


def test_why_walks_from_a_posting_to_the_people_who_allowed_it(logged: tuple[Result, Path]) -> None:
    """Posting, fill, order, verdict, observation, mandate, proposal, two approvals: every id is in the log."""
    result, folder = logged
    posting = result.postings.iloc[-1]
    chain = why(folder, int(posting["id"]))
    told = [cause.noun for cause in chain]
    assert told == ["Posting", "Fill", "Order", "Verdict", "Bar", "Mandate", "Proposal", "Approval", "Approval"]
    fill = result.fills.set_index("id").loc[int(posting["cause"])]
    assert chain[1].id == posting["cause"]
    assert chain[2].id == fill["order_id"]
    assert f"{fill['quantity']:,g} {fill['symbol']} at {fill['price']:,.4f}" in chain[1].says
    assert chain[4].id == result.orders.set_index("id").loc[chain[2].id, "cause"]
    assert simulated_artifact(bytes.fromhex(result.info.artifact)).hex()[:12] in chain[5].says
    assert [c.says.split(" signed ")[1] for c in chain[7:]] == ["approve as risk", "approve as fund_manager"]
    assert all(set(cause.to_json()) == {"id", "noun", "ts", "says"} for cause in chain)


def test_why_tells_of_a_denied_order_what_was_seen_and_allowed(logged: tuple[Result, Path]) -> None:
    """The verdict stands in the walk, with its code and remedy."""
    result, folder = logged
    denied = result.verdicts[result.verdicts["decision"] == "denied"].iloc[0]
    said = " ".join(cause.says for cause in why(folder, int(denied["order_id"])))
    assert denied["code"] in said
    assert "denied" in said or "exceeds" in said or "not enough" in said


def test_every_record_can_be_asked_why(logged: tuple[Result, Path]) -> None:
    """No id of any table, and no id at all, makes the walk fail."""
    result, folder = logged
    for record in range(1, result.sealed["records"] + 1):
        assert why(folder, record)[0].id == record


@pytest.mark.parametrize("record", [0, -1, 10**9, 2**70])
def test_a_record_that_is_not_there_is_a_named_error(record: int, logged: tuple[Result, Path]) -> None:
    """LOG-014 says where ids are shown."""
    with pytest.raises(HedgerowError, match=r"LOG-014"):
        why(logged[1], record)


@pytest.mark.parametrize("name", ["wal", "checkpoint", "key.pub"])
def test_any_changed_byte_is_caught_and_named(name: str, logged: tuple[Result, Path], tmp_path: Path) -> None:
    """Two hundred places of each file, one bit each: never a silent proof, never another exception."""
    _, folder = logged
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / "journal" / name
    original = path.read_bytes()
    chosen = random.Random(name)
    places = range(len(original)) if len(original) <= 200 else sorted(chosen.sample(range(len(original)), 200))
    key = (folder / "journal" / "key.pub").read_text().strip()
    missed = []
    for place in places:
        changed = bytearray(original)
        changed[place] ^= 1 << chosen.randrange(8)
        path.write_bytes(bytes(changed))
        try:
            verify(copy, key if name != "key.pub" else None)
        except LogError:
            continue
        missed.append(place)
    assert missed == []


def test_the_drill_changes_a_copy_only(logged: tuple[Result, Path], tmp_path: Path) -> None:
    """It returns the error in words, for any offset, and the original still verifies."""
    _, folder = logged
    before = (folder / "journal" / "wal").read_bytes()
    for offset in (None, 0, 9, len(before) - 1):
        assert tamper_drill(folder, tmp_path / "copy", offset=offset).startswith("LOG-")
    assert (folder / "journal" / "wal").read_bytes() == before
    assert verify(folder).records > 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_shortened_log_is_caught(share: float, logged: tuple[Result, Path], tmp_path: Path) -> None:
    """Cut anywhere, it holds fewer entries than its checkpoint signed."""
    _, folder = logged
    shutil.copytree(folder, tmp_path / "copy")
    wal = tmp_path / "copy" / "journal" / "wal"
    written = wal.read_bytes().rstrip(b"\0")  # the file is made longer ahead of what is written
    wal.write_bytes(written[: int(len(written) * share)])
    with pytest.raises(LogError, match=r"LOG-"):
        verify(tmp_path / "copy")


def test_a_log_without_its_write_ahead_file_is_proved_from_what_was_published(
    logged: tuple[Result, Path], tmp_path: Path
) -> None:
    """Tiles, bundles and blobs alone give the same root, the same records and the same replay."""
    shutil.copytree(logged[1], tmp_path / "replica")
    (tmp_path / "replica" / "journal" / "wal").unlink()
    whole, replica = verify(logged[1]), verify(tmp_path / "replica")
    assert (replica.root, replica.records, replica.state_hash) == (whole.root, whole.records, whole.state_hash)
    (blob, *_) = (tmp_path / "replica" / "journal" / "blob").rglob("*/*")
    blob.unlink()
    with pytest.raises(LogError, match=r"LOG-009.*is missing: entry"):
        verify(tmp_path / "replica")


@pytest.mark.parametrize("missing", ["journal", "journal/tile", "journal/checkpoint", "journal/key.pub"])
def test_a_log_with_a_missing_part_is_a_named_error(missing: str, logged: tuple[Result, Path], tmp_path: Path) -> None:
    """Not a log, or no checkpoint: never a Python error of files."""
    shutil.copytree(logged[1], tmp_path / "copy")
    part = tmp_path / "copy" / missing
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    with pytest.raises(LogError, match=r"LOG-"):
        verify(tmp_path / "copy")


def test_a_log_is_never_written_over(logged: tuple[Result, Path]) -> None:
    """LOG-007, and the log that is there is not touched by a byte."""
    _, folder = logged
    before = {p: p.read_bytes() for p in (folder / "journal").rglob("*") if p.is_file()}
    with pytest.raises(LogError, match=r"LOG-007"):
        backtest(CLOSES, Rotating, log=folder)
    assert {p: p.read_bytes() for p in (folder / "journal").rglob("*") if p.is_file()} == before
    assert [p.name for p in folder.iterdir()] == ["journal"]


def test_a_folder_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LogError, match=r"LOG-"):
        backtest(CLOSES, Rotating, log=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    """A log may live beside notes; only `journal/` is its own."""
    (tmp_path / "notes.txt").write_text("mine")
    backtest(CLOSES, Rotating, log=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal", "notes.txt"]


@pytest.mark.parametrize("name", ["my run", "a/b", "Läufe 2024 +1", "\n", "x" * 300])
def test_a_run_may_have_any_name(name: str, tmp_path: Path) -> None:
    """What a checkpoint's first line cannot hold is left out of the log's name."""
    backtest(CLOSES, Rotating, log=tmp_path / "log", name=name)
    origin = verify(tmp_path / "log").origin
    assert origin.startswith("hedgerow.example/")
    assert not set(origin) & set(" \n+")


def test_a_run_without_authority_trades_nothing_and_says_so(tmp_path: Path) -> None:
    """Limits of zero are a mandate of zero: every order is denied, and the log proves that too."""
    result = backtest(CLOSES, Rotating, limits=Limits(), log=tmp_path / "log")
    assert result.verdicts.query("action == 'new'")["decision"].eq("denied").all()
    assert verify(tmp_path / "log").state_hash == result.state_hash


def test_a_run_that_ended_early_is_sealed_as_far_as_it_came(tmp_path: Path) -> None:
    """The log of a failed strategy holds the bars up to the failure and verifies."""

    class Fails(Rotating):
        def on_bar(self, bar: Any) -> None:
            super().on_bar(bar)
            if self.bars == 31:
                raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        backtest(CLOSES, Fails, log=tmp_path / "log")
    from hedgerow.engine.why import Journal

    assert len(Journal(tmp_path / "log").of("Bar")) == 32  # two instruments a day
    assert verify(tmp_path / "log").state_hashes == 1


PROGRAM = """
import hashlib, json, sys
from pathlib import Path
import numpy as np, pandas as pd
from hedgerow import Bars, Instrument, Limits, backtest
seed, folder = int(sys.argv[1]), sys.argv[2]
random = np.random.default_rng(8)
days = pd.bdate_range("2024-01-01", periods=30)
names = {"zeta", "alpha", "Mu", "beta", "x9"}   # a set: its order is the process's own
walks = np.round(20 * np.exp(np.cumsum(random.normal(0, .02, (30, 5)), axis=0)), 2)
frame = pd.DataFrame(walks, columns=sorted(names), index=days)
sectors = dict(zip(sorted(names), ["growth", "value", "value", "other", "growth"]))
tools = [Instrument(n, ("EUR" if n == "beta" else "USD"), sector=sectors[n]) for n in sorted(names)]
bars = Bars.from_frame(frame, instruments=tools)
weights = pd.DataFrame(random.dirichlet(np.ones(5), 30), index=days, columns=sorted(names))
fx = {"EUR": pd.Series(np.linspace(1.0, 1.1, 30), index=days)}
result = backtest(bars, weights=weights, fx=fx, seed=seed, log=folder)
journal = Path(folder) / "journal"
files = sorted(p for p in journal.rglob("*") if p.is_file())
print(json.dumps({str(p.relative_to(journal)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}))
"""


def journal_of(seed: int, hash_seed: str, folder: Path) -> dict[str, str]:
    """Digests of the journal's files, written by a process with this PYTHONHASHSEED."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", PROGRAM, str(seed), str(folder)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    digests: dict[str, str] = json.loads(said.stdout)
    return digests


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """With other hash seeds of Python, the journals are equal in every file."""
    one, two = (journal_of(1, hash_seed, tmp_path / hash_seed) for hash_seed in ("0", "4242"))
    assert one == two
    own = {name for name in one if not name.startswith(("tile/", "blob/"))}
    assert own == {"wal", "checkpoint", "key.pub", "signed"}
    assert len(one) > len(own)


def test_another_seed_writes_other_keys_and_the_same_trades(tmp_path: Path) -> None:
    """Signatures differ; orders, verdicts, fills and postings are the same records."""
    from hedgerow.engine.why import Journal

    first, second = journal_of(1, "0", tmp_path / "a"), journal_of(2, "0", tmp_path / "b")
    assert all(first[name] != second[name] for name in ("wal", "checkpoint", "key.pub", "signed"))
    one, two = Journal(tmp_path / "a"), Journal(tmp_path / "b")
    for noun in ("Order", "Verdict", "OrderEvent", "Fill", "Posting", "Bar", "Instrument", "FxRate"):
        assert (one.of(noun) == two.of(noun)).all(), noun
    assert not (one.of("Mandate")["proposal"] == two.of("Mandate")["proposal"]).all()


def test_a_log_slows_nothing_down_in_what_it_says(tmp_path: Path) -> None:
    """The same run with and without a log: same fills, same state."""
    plain, logged = backtest(CLOSES, Rotating, seed=5), backtest(CLOSES, Rotating, seed=5, log=tmp_path / "log")
    pd.testing.assert_frame_equal(plain.fills, logged.fills)
    assert plain.state_hash == logged.state_hash
    assert hedgerow.verify(tmp_path / "log").state_hash == plain.state_hash


def test_costs_and_data_are_named_in_what_is_kept(logged: tuple[Result, Path]) -> None:
    """A result with a log holds the digest of its data and where the log lies."""
    result, folder = logged
    assert result.info.log == str(folder)
    assert len(result.info.data_digest) == 64
    assert result.info.costs["fee_bps"] == Costs().fee_bps
