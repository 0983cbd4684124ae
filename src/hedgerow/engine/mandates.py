"""Under whose authority a run stands: people's signed events in a folder, or throw-away keys for simulated money.

Promises: what people signed is handed to the kernel as it is, and the kernel decides; a strategy that nobody proposed
is an error here, one that was not approved runs and is denied. Never: adds, repairs or interprets a signature.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, named_errors, problem
from hedgerow.engine.opening import Authority, Standing


def signed_standing(folder: str | Path, strategy: str, currency: str) -> Standing:
    """What people signed in a governance folder, for the strategy of this name.

    Raises GOV_UNKNOWN_PROPOSAL if nobody proposed it, CORE_CURRENCY if the fund counts in another currency.
    """
    from hedgerow.governance.desk import Desk

    genesis, envelopes = Desk(folder).authority()
    base = json.loads(genesis)["base"]
    if base != currency:
        raise problem("CORE_CURRENCY", f"currency={currency!r}, the fund in {folder} counts in {base}")
    names = _strategies(genesis, envelopes)
    if strategy not in names:
        known = ", ".join(names) or "none"
        raise problem(
            "GOV_UNKNOWN_PROPOSAL", f"strategy {strategy!r}; proposed: {known}{did_you_mean(strategy, names)}"
        )
    return Standing(Authority(genesis, tuple(envelopes)), names.index(strategy), len(names))


def _strategies(genesis: bytes, envelopes: list[bytes]) -> list[str]:
    """Names of the strategies in order of first proposal: the numbers that the kernel will give them."""
    with named_errors():
        authority: Any = _core.Authority(genesis)
        for record, envelope in enumerate(envelopes, start=2):
            authority.apply(envelope, record, 0)
    return [strategy["name"] for strategy in json.loads(authority.state())["strategies"]]
