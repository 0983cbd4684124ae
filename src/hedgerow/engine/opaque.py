"""The demonstration's other strategy: one that nobody at the fund can read, from its author to its auditor.

It is the example `examples/strategies/c/cross.c` as the authors' kit builds it, and it trades the first instrument of
the data. Promises: what is opened, run and executed again is what people signed for, by its hash; its log and its tape
are sealed; where the jail cannot be had, it runs at the level that can, and the record says which, or it is left out by
name. Never: a plaintext on disk.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import write_whole
from hedgerow.engine.backtest import backtest
from hedgerow.engine.evidence import Pack, fund_tiers, html_page, make_evidence, sign_evidence
from hedgerow.engine.fund import FundPlan, volume_share_bps
from hedgerow.engine.jail_replay import Replayed, replay_strategy
from hedgerow.engine.jailed import JailedStrategy
from hedgerow.engine.run_data import RunData
from hedgerow.engine.team import PAPER_CAPITAL, RUNNER, Team
from hedgerow.governance.artifacts import read_artifact, seal
from hedgerow.governance.artifacts.sealing import open_sealed, read_sealed, write_sealed
from hedgerow.governance.identity import Identity
from hedgerow.governance.jail import JailLimits
from hedgerow.governance.jail.command import why_no_jail
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.models.trials import FILE_NAME
from hedgerow.risk.limits import Limits

if TYPE_CHECKING:
    from hedgerow.engine.result import Result
    from hedgerow.market.bars import Bars

MODULE = Path(__file__).parent / "assets" / "cross.wasm"
"""The example as the kit's makefile builds it with clang 14; a test builds it again and compares every byte."""

STRATEGY = "cross"
EVIDENCE_DAYS = 1_500
"""Days before the first trade on which the platform runs it for its evidence."""


@dataclass(frozen=True)
class Opaque:
    """What became of it. refused: what an approver reads who tries to open it. without_jail: why the jail could not be
    had, or nothing."""

    symbol: str
    artifact: str
    sealed: Path
    pack: Pack
    page: Path
    refused: str
    without_jail: str
    result: Result
    replayed: Replayed

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "symbol": self.symbol,
            "artifact": self.artifact,
            "sealed": str(self.sealed),
            "evidence": self.pack.sha256,
            "evidence_page": str(self.page),
            "approver_refused": self.refused,
            "isolation": self.replayed.isolation,
            "without_jail": self.without_jail,
            "log": str(self.result.info.log),
            "fills": len(self.result.fills),
            "final_nav": self.result.final_nav,
            "replay": self.replayed.to_json(),
        }


def run_opaque(bars: Bars, plan: FundPlan, team: Team, folder: Path, tell: Callable[[str], None]) -> Opaque:
    """Seal, show, sign, run in the jail, and execute again; files go to `folder` and to the fund's.

    Raises JAIL_UNAVAILABLE where no process can be shut in at all.
    """
    symbol = bars.symbols[0]
    own = bars.select(symbol)
    traded = own.slice(plan.trade_from)
    path = _sealed(team, folder / f"{STRATEGY}.wasm.age")
    why = why_no_jail()
    tell(f"an opaque strategy on {symbol}, sealed by its author; the platform makes evidence of it in the jail")
    pack, proposal = _shown(_before(own, plan.trade_from), symbol, plan, team, _strategy(team, path, why))
    refused = _refused(path, team.identity_file("bob"))
    for name in ("bob", "carol"):
        team.approve(name, proposal)
    tell("the opaque strategy trades under its mandate, and its auditor executes it again")
    result = backtest(
        traded,
        _strategy(team, path, why),
        cash=PAPER_CAPITAL,
        currency=plan.currency,
        costs=plan.costs,
        seed=plan.seed,
        name=STRATEGY,
        mandate=team.folder,
        log=folder / "log",
        epoch=team.epoch,
    )
    number = result.info.number
    page = team.folder / "evidence" / f"{pack.sha256}.html"
    write_whole(page, html_page(pack).encode())
    return Opaque(
        symbol=symbol,
        artifact=result.info.artifact,
        sealed=path,
        pack=pack,
        page=page,
        refused=refused,
        without_jail=why,
        result=result,
        replayed=replay_strategy(
            folder / "log", path, identity=team.auditor_file, number=number, isolation=_level(why)
        ),
    )


def _sealed(team: Team, path: Path) -> Path:
    """The module, sealed to the fund's runner, its author and the auditor, who keeps the escrow."""
    files = {"runner": team.identity_file(RUNNER), "author": team.identity_file("alice"), "escrow": team.auditor_file}
    to = {role: Identity.load(file).recipient for role, file in files.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sealed(seal(read_artifact(MODULE), to, JailLimits(), entropy=team.secret("sealing of cross")), path)
    return path


def _strategy(team: Team, path: Path, why: str) -> JailedStrategy:
    return JailedStrategy(path, identity=team.identity_file(RUNNER), isolation=_level(why))


def _level(why: str) -> str:
    """The weakest level allowed here: the demonstration's money is none, and what was reached is on the record."""
    return "none" if why else "jail"


def _before(bars: Bars, trade_from: str) -> Bars:
    """The last days before the first trade."""
    days = np.unique(bars.session_dates())
    days = days[days < np.datetime64(trade_from)][-EVIDENCE_DAYS:]
    return bars.slice(str(days[0]), str(days[-1]))


def _shown(bars: Bars, symbol: str, plan: FundPlan, team: Team, strategy: JailedStrategy) -> tuple[Pack, str]:
    """Evidence that a service of the fund vouches for, and the proposal that rests on it; the tier demands it."""
    told: dict[str, Any] = {"title": "moving averages that cross, sealed", "universe": [symbol], "data": ["daily bars"]}
    content = strategy.manifest
    pack = make_evidence(
        strategy,
        bars,
        trials=team.folder / FILE_NAME,
        name=STRATEGY,
        proposed=proposal_manifest(content, credits={"alice": 10_000}, **told),
        tiers=fund_tiers(team.folder),
        capital=PAPER_CAPITAL,
        currency=plan.currency,
        costs=plan.costs,
        seed=plan.seed,
    )
    sign_evidence(team.folder, pack, key_file=team.key_file(RUNNER), now_ns=team.now_ns)
    proposal = team.propose(
        content,
        _limits(bars).to_json(),
        strategy=STRATEGY,
        tier="paper",
        evidence=team.folder / "evidence" / f"{pack.sha256}.json",
        **told,
    )
    return pack, proposal


def _limits(bars: Bars) -> Limits:
    """Nearly all of the book in one instrument, and room to turn it over."""
    room = {"gross": 2, "net": 2, "position": 2, "sector": 2, "order_notional": 1}
    limits = Limits.scaled(capital=PAPER_CAPITAL, **room, loss="0.10", drawdown="0.35", var="0.15")
    return dataclasses.replace(limits, adv_share_bps=volume_share_bps(RunData(bars)))


def _refused(path: Path, identity: Path) -> str:
    """What somebody gets to see who approves it and is none of its recipients: an error, and nothing else."""
    try:
        open_sealed(read_sealed(path), Identity.load(identity))
    except HedgerowError as error:
        return f"{error.code} {error.row.says}"
    raise problem("JAIL_SEALED", f"{identity.name} opens {path}, and must not")
