"""The event by which a service of the fund vouches for a pack: artifact, pack, trials, and a summary for lists.

Promises: every figure of the summary is the pack's; a pack that is signed lies in the fund's folder. Never: decides
whether the key may sign; the authority does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import problem
from hedgerow.governance import vouch
from hedgerow.governance.desk import Desk, Fund

if TYPE_CHECKING:
    from hedgerow.engine.evidence.pack import Pack

_SUMMARY = (
    ("performance", "total_return"),
    ("performance", "sharpe"),
    ("performance", "deflated_sharpe"),
    ("performance", "volatility"),
    ("drawdown", "depth"),
    ("tail", "expected_shortfall_95"),
    ("exposure", "gross_max"),
    ("costs", "costs_share_of_gross"),
    ("capacity", "capital_where_costs_eat_half"),
    ("book", "correlation"),
)


def evidence_body(pack: Pack) -> dict[str, Any]:
    """The body of an `evidence` event; RUN_EVIDENCE for a pack that is not evidence for an artifact."""
    content = pack.content
    if content["kind"] != "evidence":
        raise problem("RUN_EVIDENCE", f"a pack of kind {content['kind']!r} is not signed as evidence")
    return {
        "artifact": content["artifact"],
        "pack": pack.sha256,
        "trials": int(content["trials"]["count"]),
        "summary": summary(pack),
    }


def sign_evidence(folder: Fund, pack: Pack, *, key_file: str | Path, now_ns: int) -> dict[str, Any]:
    """Sign, as a service of the fund, that a pack is the platform's, and store the pack; returns what it brought about.

    key_file: of a service that the roster lets say so (scope `evidence`). The event is sequenced at once where the
    sequencer's key lies, otherwise it waits. Raises GOV_UNKNOWN_KEY, GOV errors of the authority, RUN_EVIDENCE.
    """
    body = evidence_body(pack)
    return vouch(folder, key_file=key_file, body=body, now_ns=now_ns, keep=lambda: pack.save(Desk.at(folder).folder))


def fund_tiers(folder: Fund) -> list[dict[str, Any]]:
    """The tiers of the policy in force; none where no fund is kept or no policy is in force.

    >>> fund_tiers("no-fund-here")
    []
    """
    desk = Desk.at(folder)
    policy = desk.standing().state["policy"] if desk.is_founded else None
    return [] if policy is None else list(policy["tiers"])


def summary(pack: Pack) -> dict[str, str]:
    """A few lines of the pack, text to text; what the sample did not carry is not there."""
    content = pack.content
    told = {
        "strategy": str(content["strategy"]),
        "period": f"{content['data']['first_day']} to {content['data']['last_day']}",
        "isolation": str(content["run"]["isolation"]),
        "denied": str(content["gate"]["denied"]),
        "findings": str(content["gate"]["findings"]),
    }
    for section, name in _SUMMARY:
        value = (content[section] or {}).get(name)
        if value is not None:
            told["max_drawdown" if name == "depth" else name] = str(value)
    return told
