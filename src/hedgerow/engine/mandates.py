"""Under whose authority a run stands: people's signed events in a folder, or throw-away keys for simulated money.

Promises: what people signed is handed to the kernel as it is, and the kernel decides; a strategy that nobody proposed
is an error here, one that was not approved runs and is denied. Never: adds, repairs or interprets a signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.engine.opening import Authority, RunStanding

if TYPE_CHECKING:
    from hedgerow.governance.desk import Fund


def signed_standing(folder: Fund, strategy: str, currency: str) -> RunStanding:
    """What people signed in a governance folder, for the strategy of this name.

    Raises GOV_UNKNOWN_PROPOSAL if nobody proposed it, CORE_CURRENCY if the fund counts in another currency.
    """
    from hedgerow.governance.desk import Desk

    desk = Desk.at(folder)
    genesis = desk.genesis()
    base = json.loads(genesis)["base"]
    if base != currency:
        raise problem("CORE_CURRENCY", f"currency={currency!r}, the fund in {desk.folder} counts in {base}")
    folded = desk.fold()
    state = folded.standing().state
    names = [row["name"] for row in state["strategies"]]
    if strategy not in names:
        known = ", ".join(names) or "none"
        raise problem(
            "GOV_UNKNOWN_PROPOSAL", f"strategy {strategy!r}; proposed: {known}{did_you_mean(strategy, names)}"
        )
    # In order of first proposal: the numbers that the kernel will give them.
    authority = Authority(genesis, sequencings=() if folded.stream is None else folded.stream.since(0))
    return RunStanding(authority, names.index(strategy), len(names), _artifacts(state, strategy))


def _artifacts(state: Mapping[str, Any], strategy: str) -> dict[bytes, bytes]:
    """By the hash of a content, the manifest that names it: of the last mandate granted, else of the proposal."""
    proposals = {row["id"]: row for row in state["proposals"] if row["strategy"] == strategy}
    granted = [proposals[row["proposal"]] for row in state["mandates"] if row["strategy"] == strategy]
    rows = [*proposals.values(), *granted]
    return {bytes.fromhex(row["content"]): bytes.fromhex(row["artifact"]) for row in rows}
