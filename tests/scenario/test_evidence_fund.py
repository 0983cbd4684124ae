"""Evidence from the command line: made, shown, checked; and live evidence from a log under what people signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import GovernanceError, LogError, RunError
from hedgerow.engine.evidence import Pack, live_claim, make_live_evidence
from hedgerow.engine.evidence.live import daily_profit, log_values
from hedgerow.engine.evidence.strategy_log import StrategyLog
from hedgerow.engine.why import Journal
from hedgerow.governance.epochs import Epoch, grant
from hedgerow.governance.identity import Identity

DAYS = 260
SOURCE = """
import dataclasses

import hedgerow as hr


class Turns(hr.Strategy):
    @dataclasses.dataclass(frozen=True)
    class Config:
        window: int = 20

    def on_start(self):
        self.mean = self.sma(self.config.window)

    def on_bar(self, bar):
        if self.mean.ready:
            self.order_target(2_000 if bar.close > self.mean.value else -1_000)
"""
TIERS = [{"name": "paper", "capital": "1000000", "gross": "900000", "loss": "9000", "adv_share_bps": 100}]


class Turns(hr.Strategy):
    """The same strategy in this process."""

    def on_start(self) -> None:
        """A mean of twenty bars."""
        self.mean = self.sma(20)

    def on_bar(self, bar: Any) -> None:
        """Follow it."""
        if self.mean.ready:
            self.order_target(2_000 if bar.close > self.mean.value else -1_000)


def frame(seed: int = 2) -> pd.DataFrame:
    """A stock's year, with volume."""
    rng = np.random.default_rng(seed)
    close = (60 * np.exp(np.cumsum(rng.normal(0.0004, 0.013, DAYS)))).round(2)
    index = pd.bdate_range("2023-01-02", periods=DAYS, name="date")
    return pd.DataFrame({"close": close, "volume": 400_000}, index=index)


@pytest.fixture
def fund(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fund's folder with a strategy and prices in it."""
    monkeypatch.chdir(tmp_path)
    frame().to_csv("ABC.csv")
    frame(seed=9).to_csv("XYZ.csv")
    Path("turns.py").write_text(SOURCE)
    Path("tiers.json").write_text(json.dumps(TIERS))
    return tmp_path


MAKE = ["evidence", "make", "turns.py:Turns", "ABC.csv", "--name", "turns", "--tiers", "tiers.json", "--json"]


def made(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """Make a pack and read what was said."""
    assert run([*MAKE, *more]) == 0, capsys.readouterr()
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_evidence_is_made_shown_and_made_again(fund: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One pack, one page, one trial; checking it repeats every byte."""
    first = made(capsys, "--set", "window=10")
    told = made(capsys)
    assert (first["trials"], told["trials"]) == (1, 2)
    assert Pack.load(told["file"]).sha256 == told["pack"]
    assert "default-src &#x27;none&#x27;" in Path(told["page"]).read_text()
    assert made(capsys)["pack"] == told["pack"]
    assert run(["evidence", "show", told["pack"][:12], "--html", "page.html"]) == 0
    assert "Capacity and liquidity" in capsys.readouterr().out
    assert Path("page.html").read_text() == Path(told["page"]).read_text()
    words = ["evidence", "check", told["pack"], "--artifact", "turns.py:Turns", "--data"]
    assert run([*words, "ABC.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pack": told["pack"], "repeated": True, "trials_checked": True}
    assert run([*words, "XYZ.csv", "--json"]) == 20
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "RUN-010"


def test_a_changed_pack_and_a_cut_ledger_are_refused(fund: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither is shown, checked, or built upon."""
    told = made(capsys)
    Path("trials.jsonl").unlink()
    Path("trials.jsonl.head").unlink()
    assert run(MAKE) == 18
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "MODEL-008"
    file = Path(told["file"])
    file.write_bytes(file.read_bytes().replace(b'"denied":0', b'"denied":9'))
    for words in (["show", told["pack"]], ["check", told["pack"], "--artifact", "turns.py:Turns", "--data", "ABC.csv"]):
        assert run(["evidence", *words, "--json"]) == 20
        assert json.loads(capsys.readouterr().err)["error"]["code"] == "RUN-009"
    assert run(MAKE) == 20
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "abcdef12"], "CLI-001"),
        (["make", "turns.py:Turns", "ABC.csv", "--tiers", "none.json"], "CLI-001"),
        (["make", "turns.py:Turns", "ABC.csv", "--tiers", "turns.py"], "CLI-001"),
        (["make", "turns.py:Turns", "ABC.csv", "--cash", "much"], "CLI-001"),
        (["make", "turns.py:Turns", "ABC.csv", "--book", "none.csv"], "CLI-001"),
        (["make", "turns.py:Turns", "ABC.csv", "--book", "."], "LOG-006"),
        (["make", "turns.py:Turns", "ABC.csv", "--folds", "0"], "RUN-002"),
        (
            ["live", ".", "--strategy", "x", "--tier", "y", "--from", "2023-01-02", "--to", "2023-02-01"],
            "LOG-006",
        ),
    ],
)
def test_words_that_mean_nothing_are_named(
    fund: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    """A code, and nothing written."""
    assert run(["evidence", *words, "--json"]) != 0
    assert json.loads(capsys.readouterr().err)["error"]["code"] == code
    assert not Path("evidence").exists()


def test_a_log_in_force_is_the_book_that_a_newcomer_is_compared_with(
    fund: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same strategy correlates with its own log by one; a CSV of values serves as well."""
    hr.backtest("ABC.csv", Turns, log="running", name="running")
    log_values("running").rename("value").to_csv("running.csv", index_label="date")
    for book in ("running", "running.csv"):
        pack = Pack.load(made(capsys, "--book", book)["file"])
        assert float(pack.content["book"]["correlation"]) == pytest.approx(1.0, abs=1e-6)
    assert run(["evidence", "check", pack.sha256, "--artifact", "turns.py:Turns", "--data", "ABC.csv"]) == 20
    assert "book.digest" in capsys.readouterr().err


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, hr.Result]:
    """A journal of a run whose limits it meets: small orders only, a loss limit of a few bad days."""
    folder = tmp_path_factory.mktemp("live") / "log"
    limits = hr.Limits.scaled(
        capital=1_000_000,
        gross="1.5",
        position="1.5",
        sector="1.5",
        order_notional="0.15",
        loss="0.002",
        drawdown="0.5",
        var="1",
    )
    return folder, hr.backtest(hr.Bars.from_frame(frame(), symbol="ABC"), Turns, limits=limits, log=folder)


def test_live_evidence_agrees_with_the_run_it_is_read_from(log: tuple[Path, hr.Result]) -> None:
    """Costs, denials and profit by day, from the journal's bytes alone."""
    folder, result = log
    pack = make_live_evidence(folder, "Turns", "simulation", "2023-01-01", "2024-12-31")
    told = pack.content
    slippage = float(((result.fills["price"] - result.fills["reference_price"]).abs() * result.fills["quantity"]).sum())
    assert float(told["realised_costs"]["spread_and_impact"]) == pytest.approx(slippage, rel=1e-8)
    assert float(told["realised_costs"]["fees"]) == pytest.approx(result.fills["fee"].sum(), rel=1e-8)
    denied = result.verdicts[result.verdicts["decision"] == "denied"]
    assert told["denied"] == len(denied) > 0
    assert told["denied_by_rule"] == denied["code"].value_counts().sort_index().to_dict()
    days, profit = daily_profit(StrategyLog(Journal(folder), "Turns"))
    assert np.allclose(profit + 1_000_000, result.daily.to_numpy()[1:], atol=1e-6)
    assert float(told["losses"]["profit"]) == pytest.approx(result.final_nav - 1_000_000, rel=1e-7)
    steps = np.diff(np.concatenate([[0.0], profit]))
    assert told["losses"]["days_beyond_loss_limit"] == int((-steps > 2_000).sum()) > 0
    assert float(told["losses"]["worst_day"]) == pytest.approx(-steps.min(), rel=1e-7)
    assert told["losses"]["loss_limit"] == "2000"
    assert told["losses"]["within_limits"] is False
    assert days.size == told["losses"]["days"] == DAYS
    assert told["artifact"] == bytes(Journal(folder).mandates[-1]["artifact"]).hex()
    assert 0.5 < float(told["realised_over_modelled"]) < 2


class Both(hr.Strategy):
    """Turns in two stocks, one of them in another currency."""

    def on_start(self) -> None:
        """A mean of a day for each."""
        self.mean = {symbol: self.sma(24, symbol=symbol) for symbol in ("HERE", "THERE")}

    def on_bar(self, bar: Any) -> None:
        """Long above, short below."""
        if self.mean[bar.symbol].ready:
            self.order_target(500 if bar.close > self.mean[bar.symbol].value else -300, bar.symbol)


def hourly() -> hr.Bars:
    """Sixty days of hours, in dollars and in euros."""
    rng, count = np.random.default_rng(5), 24 * 60
    times = np.array(pd.date_range("2023-03-01", periods=count, freq="h"), dtype="datetime64[ns]")
    parts = [
        hr.Bars.from_arrays(
            times,
            close=np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.004, count))), 2),
            volume=np.full(count, 50_000),
            instruments=hr.Instrument(symbol, currency=currency),
            span="1h",
        )
        for symbol, currency in (("HERE", "USD"), ("THERE", "EUR"))
    ]
    return hr.Bars.joined(parts)


def test_profit_by_day_is_the_ledgers_when_exchange_rates_move(tmp_path: Path) -> None:
    """Read back from the log: hourly bars, two currencies, three rates, to the cent on every day."""
    days = pd.to_datetime(["2023-02-01", "2023-03-20", "2023-04-10"], utc=True)
    rates = pd.Series([1.10, 1.25, 1.05], index=days)
    result = hr.backtest(hourly(), Both, fx={"EUR": rates}, log=tmp_path / "log")
    read = log_values(tmp_path / "log").to_numpy()
    assert np.allclose(read, result.daily.to_numpy()[1:], atol=1e-6)


def test_a_part_of_the_period_counts_by_itself(log: tuple[Path, hr.Result]) -> None:
    """Two halves have the fills and the profit of the whole."""
    folder, _ = log
    periods = [("2023-01-01", "2023-06-30"), ("2023-07-01", "2024-12-31"), ("2023-01-01", "2024-12-31")]
    first, second, whole = (make_live_evidence(folder, "Turns", "simulation", *p).content for p in periods)
    assert first["fills"] + second["fills"] == whole["fills"]
    halves = float(first["losses"]["profit"]) + float(second["losses"]["profit"])
    assert halves == pytest.approx(float(whole["losses"]["profit"]), rel=1e-6)
    claim = live_claim(make_live_evidence(folder, "Turns", "simulation", *periods[0]))
    assert (claim["from_tier"], claim["from"], claim["to"]) == ("simulation", first["from_ns"], first["to_ns"])


def test_live_evidence_is_equal_bytes_and_stored_by_the_command(
    log: tuple[Path, hr.Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command stores is what the function gives."""
    folder, _ = log
    words = ["--strategy", "Turns", "--tier", "simulation", "--from", "2023-01-01", "--to", "2023-12-31"]
    assert run(["evidence", "live", str(folder), *words, "--dir", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    again = make_live_evidence(folder, "Turns", "simulation", "2023-01-01", "2023-12-31")
    assert Pack.load(told["file"]).data == again.data
    assert told["live"]["digest"] == again.sha256
    assert run(["evidence", "show", told["file"]]) == 0
    assert "within its limits  NO" in capsys.readouterr().out


def test_what_was_not_in_force_is_no_live_evidence(log: tuple[Path, hr.Result]) -> None:
    """Another tier, another strategy, a time before: refused by name."""
    folder, _ = log
    with pytest.raises(RunError, match=r"RUN-005.*not in force at tier 'canary'"):
        make_live_evidence(folder, "Turns", "canary", "2023-01-01", "2023-12-31")
    with pytest.raises(GovernanceError, match=r"GOV-006.*'Turn'.*did you mean 'Turns'"):
        make_live_evidence(folder, "Turn", "simulation", "2023-01-01", "2023-12-31")
    with pytest.raises(RunError, match=r"RUN-005.*not in force"):
        make_live_evidence(folder, "Turns", "simulation", "2020-01-01", "2020-12-31")
    with pytest.raises(RunError, match=r"RUN-002.*not before"):
        make_live_evidence(folder, "Turns", "simulation", "2023-12-31", "2023-01-01")


def test_a_changed_journal_is_no_evidence(log: tuple[Path, hr.Result], tmp_path: Path) -> None:
    """One flipped bit, and there is no pack."""
    import shutil

    folder, _ = log
    shutil.copytree(folder, tmp_path / "copy")
    wal = tmp_path / "copy" / "journal" / "wal"
    data = bytearray(wal.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 1
    wal.write_bytes(bytes(data))
    with pytest.raises(LogError):
        make_live_evidence(tmp_path / "copy", "Turns", "simulation", "2023-01-01", "2023-12-31")


def test_a_sealed_journal_gives_the_same_live_evidence_to_whoever_opens_it(
    fund: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the identity the figures are those of the plain journal; without it there are none."""
    bars, epoch, reader = hr.Bars.from_frame(frame(), symbol="ABC"), Epoch("journal", 1, bytes(32)), Identity.generate()
    hr.backtest(bars, Turns, log="plain")
    hr.backtest(bars, Turns, log="sealed", epoch=epoch)
    file = reader.save(Path("auditor/auditor.age"))
    Path("auditor/team.grant").write_bytes(grant([epoch], reader.recipient))
    words = ["--strategy", "Turns", "--tier", "simulation", "--from", "2023-01-01", "--to", "2023-12-31", "--json"]
    told = []
    for place, more in (("plain", []), ("sealed", ["--identity", str(file)])):
        assert run(["evidence", "live", place, *words, *more]) == 0
        pack = Pack.load(json.loads(capsys.readouterr().out)["file"])
        told.append({name: value for name, value in pack.content.items() if name != "journal"})
    assert told[0] == told[1]
    assert run(["evidence", "live", "sealed", *words]) == 15
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "LOG-022"
    assert log_values("sealed", identity=file).equals(log_values("plain"))
