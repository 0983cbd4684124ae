"""The demonstration: the whole fund on real prices in under a minute, told so that a fund manager can follow it.

Promises: every figure is of this run; net of costs, beside buy-and-hold of the same universe under the same costs; it
may lose money and says so. Never: a canned number.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.engine.audit import Proof, tamper_drill, verify
from hedgerow.engine.backtest import default_costs
from hedgerow.engine.causes import Cause
from hedgerow.engine.fund import FundPlan, FundRun, run_fund
from hedgerow.engine.opaque import Opaque, run_opaque
from hedgerow.engine.outsiders import Outside, hand_out
from hedgerow.engine.run_data import RunData
from hedgerow.engine.team import Team
from hedgerow.engine.why import Journal, why_in

if TYPE_CHECKING:
    from hedgerow.engine.result import Result
    from hedgerow.market.bars import Bars

TRADE_FROM = "2021-01-01"
MARKER = "hedgerow-demo.json"


@dataclass(frozen=True)
class Demo:
    """What a demonstration did."""

    folder: Path
    run: FundRun
    report: Path
    proof: Proof
    tamper_error: str
    largest_loss: dict[str, Any]
    causes: tuple[Cause, ...]
    outside: Outside
    opaque: Opaque | str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The line that ends `hedgerow demo --json`."""
        return {
            "log": str(self.folder / "log"),
            "report": str(self.report),
            "seconds": round(self.seconds, 2),
            "peak_rss_mb": round(_peak_rss_mb(), 1),
            "denied_order": self.run.oversized_order.to_json(),
            "unsigned_order": self.run.unsigned_order.to_json(),
            "largest_loss": {**self.largest_loss, "why": [c.to_json() for c in self.causes]},
            "verified": self.proof.state_hash == self.run.result.state_hash,
            "tamper_caught": bool(self.tamper_error),
            **self.outside.to_json(),
            "opaque": self.opaque if isinstance(self.opaque, str) else self.opaque.to_json(),
            "journal_sha256": self.proof.sha256,
            "state_hash": self.proof.state_hash,
            "final_nav": self.run.result.final_nav,
            "benchmark_nav": self.run.benchmark.final_nav,
            "trials": self.run.trials,
            "suspicions": list(self.run.result.lint.names),
        }


def run_demo(
    out: Path,
    *,
    seed: int = 7,
    data: Path | None = None,
    trade_from: str | None = None,
    algorithm: str = "twap",
    tell: Callable[[str], None] = lambda _: None,
) -> Demo:
    """Run the demonstration into a folder; a folder of an earlier demonstration is replaced, any other must be empty.

    data: bars of the user's own instead of the packaged prices; without `trade_from` the last fifth of their times is
    traded. algorithm: the name of the one that works its orders. Raises CLI_EXISTS for a folder with other content,
    and what bad data raise.
    """
    started = time.perf_counter()
    bars, start = _prices(data, trade_from, tell)
    _clear(out)
    notes: list[str] = []
    costs = default_costs(RunData(bars), notes)
    plan = FundPlan(trade_from=start, seed=seed, name="demo", costs=costs, notes=tuple(notes), algorithm=algorithm)
    auditor = out / "outside" / "auditor"
    run = run_fund(bars, plan, log=out / "log", auditor=auditor, tell=tell)
    opaque = _opaque(bars, plan, run.team, out / "opaque", tell)
    tell("proving the journal, and a copy with one flipped bit")
    proof = verify(out / "log")
    tamper_error = tamper_drill(out / "log", out / "tampered-copy")
    loss, causes = _largest_loss(run.result, Journal(out / "log"))
    tell("four witnesses, a time-stamp, one record proved to a stranger, the sealed journal rebuilt by an auditor")
    outside = hand_out(out / "log", out / "outside", loss.get("id"), run.team.auditor_file)
    tell("writing the report")
    from hedgerow.engine.tearsheet import write_tearsheet

    report = Path(write_tearsheet(run.result, str(out / "report.html"), benchmark=run.benchmark))
    demo = Demo(
        folder=out,
        run=run,
        report=report,
        proof=proof,
        tamper_error=tamper_error,
        largest_loss=loss,
        causes=tuple(causes),
        outside=outside,
        opaque=opaque,
        seconds=time.perf_counter() - started,
    )
    (out / MARKER).write_text(json.dumps(demo.to_json(), indent=1) + "\n")
    return demo


def _opaque(bars: Bars, plan: FundPlan, team: Team, folder: Path, tell: Callable[[str], None]) -> Opaque | str:
    """The opaque strategy; where nothing can be shut in, why it was left out."""
    try:
        return run_opaque(bars, plan, team, folder, tell)
    except HedgerowError as error:
        if error.row.name != "JAIL_UNAVAILABLE":
            raise
        return str(error)


def _prices(data: Path | None, trade_from: str | None, tell: Callable[[str], None]) -> tuple[Bars, str]:
    """The bars to run on, and the day from which they are traded."""
    if data is None:
        from hedgerow.market.sources import skfolio_sp500

        tell("reading real daily prices of twenty S&P 500 stocks, 1990 to 2022")
        return skfolio_sp500(), trade_from or TRADE_FROM
    from hedgerow.market.bars import Bars

    tell(f"reading {data}")
    bars = Bars.read(data)
    days = bars.session_dates()
    return bars, trade_from or str(days[len(days) * 4 // 5])


def _clear(out: Path) -> None:
    """Make the folder a demonstration's own: what an earlier one left goes, anything else is left alone and refused.

    The marker is written first, so that a demonstration that was interrupted is known as one.
    """
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise problem("CLI_EXISTS", f"{out} holds other files")
        for name in ("log", "tampered-copy", "outside", "opaque"):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / "report.html").unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text("{}\n")


def _largest_loss(result: Result, journal: Journal) -> tuple[dict[str, Any], list[Cause]]:
    """The round trip that lost most, and the walk from its last posting back to the people who signed."""
    trades = result.trades
    closed = trades[~trades["open"]]
    if not len(closed):
        return {}, []
    worst = closed.iloc[int((closed["pnl"] - closed["fees"]).to_numpy().argmin())]
    postings = result.postings
    booked = postings[(postings["cause"] == worst["exit_id"]) & (postings["account"] == "realised")]
    start = int(booked["id"].iloc[0]) if len(booked) else int(worst["exit_id"])
    loss = {
        "id": start,
        "symbol": worst["symbol"],
        "pnl": round(float(worst["pnl"] - worst["fees"]), 2),
        "exit_ts": str(worst["exit_ts"]),
    }
    return loss, why_in(journal, start)


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
