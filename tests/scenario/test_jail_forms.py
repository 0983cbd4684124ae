"""One strategy in every form: the same trades; sealed and executed again: the same orders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow import Bars, backtest
from hedgerow.core.errors import HedgerowError, JailError, LogError
from hedgerow.engine.jail_replay import replay_strategy
from hedgerow.engine.jailed import JailedStrategy, tape_path
from hedgerow.governance import epochs, jail
from hedgerow.governance.artifacts.forms import read_artifact
from hedgerow.governance.artifacts.kit import new_strategy
from hedgerow.governance.artifacts.sealing import ROLES, open_sealed, read_sealed, seal, write_sealed
from hedgerow.governance.epochs import Epoch
from hedgerow.governance.identity import Identity
from hedgerow.governance.jail import Isolation, JailedProcess, JailLimits, Layer, launch
from hedgerow.governance.jail.levels import are_limited

Build = Callable[..., Path]
LAUNCHER = Path(jail.__file__).parent


class Cross(hr.Strategy):
    """The example without walls: what every form must do."""

    def on_start(self) -> None:
        """No closes yet."""
        self.closes: list[float] = []

    def on_bar(self, bar: Any) -> None:
        """As examples/strategies do it."""
        self.closes = [*self.closes[-99:], bar.close]
        if len(self.closes) == 100:
            fast, slow = sum(self.closes[-20:]) / 20, sum(self.closes) / 100
            self.order_target_weight(0.95 if fast > slow else 0.0)


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Four years of days of one instrument that trends and turns, from a seed."""
    random = np.random.default_rng(11)
    closes = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.01, 400) + 0.006 * np.sin(np.arange(400) / 25))), 2)
    return Bars.from_arrays(
        np.datetime64("2020-01-01") + np.arange(400), close=closes, volume=np.full(400, 1e7), symbol="ABC"
    )


@pytest.fixture(scope="module")
def built(root: Path, build_c: Build, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example in each form and language, built by the kit's own makefiles where it has any."""
    folder = tmp_path_factory.mktemp("kit")
    made = {"python": root / "examples" / "strategies" / "python" / "cross"}
    for form in ("wasm", "native"):
        made[f"c {form}"] = build_c(root / "examples" / "strategies" / "c" / "cross.c", form)
        place = folder / f"rust-{form}"
        new_strategy(place, form, "rust")
        subprocess.run(["make", "-s", "-C", str(place)], check=True, capture_output=True)
        made[f"rust {form}"] = place / (f"rust-{form}.wasm" if form == "wasm" else f"rust-{form}")
    return made


FORMS = ("python", "c wasm", "c native", "rust wasm", "rust native")


@pytest.fixture(scope="module")
def wanted(bars: Bars) -> hr.Result:
    """What the strategy does without walls."""
    return backtest(bars, Cross, seed=3)


def trades(result: hr.Result) -> list[tuple[Any, ...]]:
    """What was traded, when and at which price."""
    fills = result.fills
    return list(zip(fills["ts"], fills["side"], fills["quantity"], fills["price"], strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_makes_the_same_trades(form: str, bars: Bars, built: dict[str, Path], wanted: hr.Result) -> None:
    """WebAssembly, native and Python, from C and from Rust: fill for fill what the strategy does without walls."""
    result = backtest(bars, built[form], seed=3)
    assert len(result.fills) > 10
    assert trades(result) == trades(wanted)
    assert result.final_nav == wanted.final_nav
    assert len(result.findings) == 0
    start = result.records("JailStart")[0]
    assert int(start["isolation"]) == 3
    assert int(start["form"]) == {"wasm": 1, "native": 2, "python": 3}[form.split()[-1]]


@pytest.mark.parametrize("form", FORMS)
def test_the_log_and_its_tape_are_executed_again(form: str, bars: Bars, built: dict[str, Path], tmp_path: Path) -> None:
    """The artifact gives the taped answers again, they lead to the log's orders, and equal runs write equal bytes."""
    logs = [tmp_path / "one", tmp_path / "two"]
    results = [backtest(bars, built[form], seed=3, log=log) for log in logs]
    assert (logs[0] / "journal" / "wal").read_bytes() == (logs[1] / "journal" / "wal").read_bytes()
    assert tape_path(logs[0], 0).read_bytes() == tape_path(logs[1], 0).read_bytes()
    replayed = replay_strategy(logs[0], built[form])
    assert replayed.orders == len(results[0].orders) > 10
    assert replayed.questions >= len(bars)
    chain = hr.why(logs[0], int(results[0].fills["id"].iloc[-1]))
    assert [cause.noun for cause in chain[:5]] == ["Fill", "Order", "Verdict", "JailAnswer", "Bar"]


def test_the_tape_of_a_sealed_run_is_sealed_too(bars: Bars, built: dict[str, Path], tmp_path: Path) -> None:
    """Nothing of it is readable; with a grant of the epoch it is run again, without one it stays shut."""
    epoch = Epoch("journal", 1, bytes(range(32)))
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    result = backtest(bars, built["c wasm"], seed=3, log=plain)
    backtest(bars, built["c wasm"], seed=3, log=sealed, epoch=epoch)
    frames, shut = tape_path(plain, 0).read_bytes(), tape_path(sealed, 0).read_bytes()
    assert b"ABC" in frames
    assert b"ABC" not in shut
    chunks = [frames[at : at + 24] for at in range(0, len(frames) - 24, 24)]
    assert not any(chunk in shut for chunk in chunks if any(chunk))
    with pytest.raises(LogError, match="LOG-022"):
        replay_strategy(sealed, built["c wasm"])
    auditor = Identity.generate()
    file = auditor.save(tmp_path / "auditor" / "auditor.age")
    (file.parent / "team.grant").write_bytes(epochs.grant([epoch], auditor.recipient))
    replayed = replay_strategy(sealed, built["c wasm"], log_identity=file)
    assert replayed == replay_strategy(plain, built["c wasm"])
    assert replayed.orders == len(result.orders) > 10
    changed = bytearray(shut)
    changed[len(shut) // 2] ^= 1
    tape_path(sealed, 0).write_bytes(changed)
    with pytest.raises(LogError, match="LOG-024"):
        replay_strategy(sealed, built["c wasm"], log_identity=file)


def test_another_artifact_or_another_tape_is_not_what_ran(bars: Bars, built: dict[str, Path], tmp_path: Path) -> None:
    """Every kind of change to tape or artifact is a named error: other bytes, a bit, a cut, an answer more."""
    log = tmp_path / "log"
    backtest(bars, built["c wasm"], seed=3, log=log)
    with pytest.raises(JailError, match=r"JAIL-013 .*the log's artifact is"):
        replay_strategy(log, built["rust wasm"])
    tape, whole = tape_path(log, 0), tape_path(log, 0).read_bytes()
    last_answer = whole[-16:]
    for changed in (
        whole[:-1],
        whole[: len(whole) // 2],
        whole + last_answer * 2,
        b"",
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (40, 5_000, len(whole) // 2, len(whole) - 3)),
    ):
        tape.write_bytes(changed)
        with pytest.raises(JailError, match="JAIL-013"):
            replay_strategy(log, built["c wasm"])
    tape.write_bytes(whole)
    assert replay_strategy(log, built["c wasm"]).orders > 0


def test_a_batch_holds_many_times_and_acts_after_the_last(bars: Bars, built: dict[str, Path]) -> None:
    """With ten times in a question native and module still agree, and never act before a batch's end."""
    results = [backtest(bars, JailedStrategy(built[form], batch=10), seed=3) for form in ("c wasm", "rust native")]
    assert trades(results[0]) == trades(results[1])
    one = backtest(bars, built["c wasm"], seed=3)
    assert 0 < len(results[0].orders) < len(one.orders) + 10
    days = [int(ts) for ts in results[0].orders["ts"].astype("int64").unique()]
    known = {int(ts): n for n, ts in enumerate(bars.ts_event)}
    scale = int(bars.ts_event[0]) // days[0] if days[0] else 1
    assert all((known[day * max(scale, 1)] + 1) % 10 == 0 for day in days)


def test_many_instruments_come_in_one_question(built: dict[str, Path], build_c: Build, tmp_path: Path) -> None:
    """Bars of one time are one question, rows in order of the instruments, positions beside them."""
    source = tmp_path / "spread.c"
    source.write_text(
        '#include "hedgerow_strategy.h"\n'
        "static void on_bars(const hr_now *now, const hr_bar *bars, uint32_t count) {\n"
        "  (void)now;\n"
        "  for (uint32_t row = 0; row < count; row++)\n"
        "    if (count == 3 && bars[row].instrument == row && bars[row].position == 0) hr_buy(row, 1 + row);\n"
        "}\n"
        "static const hr_strategy S = {.on_bars = on_bars};\nHR_EXPORT(S)\n"
    )
    import pandas as pd

    days = pd.date_range("2024-01-01", periods=6, tz="UTC")
    closes = pd.DataFrame({"A": [10.0] * 6, "B": [20.0] * 6, "C": [30.0] * 6}, index=days)
    result = backtest(closes, build_c(source, "wasm"))
    assert result.orders["symbol"].tolist()[:3] == ["A", "B", "C"]
    assert result.orders["quantity"].tolist()[:3] == [1.0, 2.0, 3.0]
    assert len(result.orders) == 3


@pytest.mark.parametrize("isolation", ["jail", "filtered"])
def test_a_package_has_numpy_and_its_own_modules(
    isolation: str, bars: Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are imported behind either wall, and what it prints is not taken for an answer."""
    if isolation == "filtered":
        monkeypatch.setattr("hedgerow.governance.jail.process.why_no_jail", lambda: "bubblewrap is not installed")
    folder = tmp_path / "own"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "size.py").write_text("import numpy as np\n\ndef size(x):\n    return float(np.sign(x))\n")
    (folder / "strategy.py").write_text(
        "from hedgerow_strategy import Strategy\n\nfrom parts.size import size\n\n"
        "class Own(Strategy):\n    def on_bars(self, now, bars, orders):\n        print('not a frame')\n"
        "        orders.target(0, 7 * size(bars[0].close - 100))\n"
    )
    try:
        result = backtest(bars, JailedStrategy(folder, isolation=isolation), seed=3)
    except HedgerowError as error:
        if isolation == "filtered" and "reached limits" in str(error):
            pytest.skip("this kernel has no Landlock")
        raise
    assert set(result.fills["quantity"]) <= {7.0, 14.0}
    assert (len(result.fills) > 0, len(result.findings)) == (True, 0)


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Files of three age identities by role, and a stranger's."""
    return {role: Identity.generate().save(tmp_path / f"{role}.age") for role in (*ROLES, "stranger")}


def sealed_at(path: Path, artifact: Path, keys: dict[str, Path]) -> Path:
    """A sealed copy of an artifact."""
    to = {role: Identity.load(keys[role]).recipient for role in ROLES}
    write_sealed(seal(read_artifact(artifact), to, JailLimits()), path)
    return path


@pytest.mark.parametrize("form", ["python", "c wasm", "c native"])
def test_a_sealed_artifact_runs_and_is_executed_again_by_whoever_holds_a_key(
    form: str, bars: Bars, built: dict[str, Path], keys: dict[str, Path], wanted: hr.Result, tmp_path: Path
) -> None:
    """Runner, author and escrow open it; the trades are the same; an auditor with a key gets the same orders."""
    path = sealed_at(tmp_path / "cross.age", built[form], keys)
    strategy = JailedStrategy(path, identity=keys["runner"])
    result = backtest(bars, strategy, seed=3, log=tmp_path / "log")
    assert trades(result) == trades(wanted)
    replayed = replay_strategy(tmp_path / "log", path, identity=keys["escrow"])
    assert (replayed.orders, replayed.artifact) == (len(result.orders), strategy.digest)
    with pytest.raises(JailError, match=r"JAIL-011 .*it is not sealed to age1"):
        open_sealed(read_sealed(path), Identity.load(keys["stranger"]))
    assert b"Cross" not in path.read_bytes()


def test_without_a_jail_the_run_is_refused_unless_a_weaker_level_is_allowed(
    bars: Bars, built: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bubblewrap: the default refuses by name; `filtered` runs, reaches it, and it is on the record."""
    monkeypatch.setattr("hedgerow.governance.jail.process.why_no_jail", lambda: "bubblewrap is not installed")
    with pytest.raises(JailError, match=r"JAIL-001 .*bubblewrap is not installed"):
        backtest(bars, built["c native"])
    for form in ("c native", "c wasm", "python"):
        try:
            result = backtest(bars, JailedStrategy(built[form], isolation="filtered"), seed=3)
        except HedgerowError as error:
            if "reached limits" in str(error):
                pytest.skip("this kernel has no Landlock")
            raise
        start = result.records("JailStart")[0]
        assert (int(start["isolation"]), len(result.findings)) == (2, 0), form
        assert int(start["layers"]) & 4 == 0
        assert len(result.fills) > 10


@pytest.mark.parametrize("lang", ["rust", "c"])
@pytest.mark.parametrize("form", ["wasm", "native"])
def test_what_the_kit_writes_builds_and_nothing_of_it_is_refused(form: Any, lang: Any, tmp_path: Path) -> None:
    """`strategy new`, `make`, `strategy check`: exit status 0, and no name of the author's in the bytes."""
    from hedgerow.cli.main import run

    place = tmp_path / "secretive"
    assert run(["strategy", "new", str(place), f"--{form}", "--lang", lang]) == 0
    subprocess.run(["make", "-s", "-C", str(place)], check=True, capture_output=True)
    built = place / ("secretive.wasm" if form == "wasm" else "secretive")
    assert run(["strategy", "check", str(built)]) == 0
    assert str(tmp_path).encode() not in built.read_bytes()
    shutil.rmtree(place)


def test_a_weaker_level_that_is_allowed_is_enough_and_a_stronger_one_is_demanded(
    built: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was reached is compared with what is allowed, and with nothing else."""
    monkeypatch.setattr("hedgerow.governance.jail.process.why_no_jail", lambda: "bubblewrap is not installed")
    monkeypatch.setattr("hedgerow.governance.jail.process.level_of", lambda layers: Isolation.LIMITS)
    program = built["c native"].read_bytes()
    process = JailedProcess("native", program, JailLimits(), Isolation.LIMITS)
    process.close()
    with pytest.raises(JailError, match=r"JAIL-001 .*reached limits, demanded is filtered"):
        JailedProcess("native", program, JailLimits(), Isolation.FILTERED)


def test_every_layer_of_the_level_is_measured(built: dict[str, Path]) -> None:
    """The kernel is asked about the limits of the process, and Landlock counts once it has refused something."""
    process = JailedProcess("native", built["c native"].read_bytes(), JailLimits(memory_mib=300))
    try:
        assert Layer.LIMITS in process.layers
        assert are_limited(process.pid, {"AS": 300 << 20, "NPROC": 0, "FSIZE": 0, "NOFILE": 64})
        for tighter in ({"AS": 299 << 20}, {"CPU": 1}, {"NOFILE": 63}):
            assert not are_limited(process.pid, tighter)
        assert not are_limited(os.getpid(), {"FSIZE": 0})
    finally:
        process.close()
    assert not are_limited(process.pid, {"AS": 300 << 20})
    tries = "import launch; print(launch._is_refused(launch._take_port), launch.landlock([], []))"
    said = subprocess.run([sys.executable, "-c", tries], cwd=LAUNCHER, check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["False", str(launch.landlock_version() > 0)]
