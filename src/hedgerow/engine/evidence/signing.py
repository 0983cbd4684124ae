"""The event by which a service of the fund vouches for a pack: artifact, pack, trials, and a summary for lists.

Promises: every figure of the summary is the pack's. Never: decides whether the key may sign; the authority does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import problem

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
