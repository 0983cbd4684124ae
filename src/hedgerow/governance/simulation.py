"""A mandate for simulated money: research passes the same gate as real money, under keys that anybody can derive.

Promises: equal arguments give equal bytes; the tier is `simulation`, which no venue with real money accepts.
Never: a key of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.governance import events
from hedgerow.governance.keys import Key


def simulation_authority(
    *,
    seed: int,
    strategy: str,
    artifact: bytes,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    base_currency: str,
    fund: str,
    valid_until_ns: int,
) -> tuple[bytes, list[bytes]]:
    """Genesis and signed events (roster, proposal, two approvals) that grant `limits` to `artifact` (32 bytes).

    >>> genesis, envelopes = simulation_authority(
    ...     seed=7, strategy="momentum", artifact=bytes(32), limits={"capital": "1000000.00"}, universe=["AAA"],
    ...     base_currency="USD", fund="research", valid_until_ns=2**63 - 1)
    >>> from hedgerow import _core
    >>> authority = _core.Authority(genesis)
    >>> [authority.apply(envelope, 2 + i, 0)["outcome"] for i, envelope in enumerate(envelopes)]
    ['roster_set', 'proposed', 'approved', 'granted']
    """
    root, author, risk, manager = (_key(seed, name) for name in ("root", "researcher", "risk", "fund manager"))
    first = events.genesis(fund=fund, base=base_currency, root_keys=[root.public], root_threshold=1)
    people = [
        events.Person(author.name, ("researcher",), (author.public,)),
        events.Person(risk.name, ("risk",), (risk.public,)),
        events.Person(manager.name, ("fund_manager",), (manager.public,)),
    ]
    quorum = {"risk": 1, "fund_manager": 1}
    start = [hashlib.sha256(first).hexdigest()]
    roster = events.roster(signers=[root], version=1, people=people, quorum=quorum, parents=start, hlc=(0, 0))
    proposal = events.proposal(
        key=author,
        strategy=strategy,
        artifact=artifact.hex(),
        tier="simulation",
        limits=limits,
        universe=universe,
        valid_until_ns=valid_until_ns,
        parents=[events.event_id(roster)],
        hlc=(0, 1),
        title="simulated run",
    )
    name = events.event_id(proposal)
    yes = [
        events.approval(key=key, proposal=name, role=role, parents=[name], hlc=(0, 2))
        for key, role in ((risk, "risk"), (manager, "fund_manager"))
    ]
    return first, [roster, proposal, *yes]


def _key(seed: int, name: str) -> Key:
    private = hashlib.sha256(f"hedgerow simulation {seed} {name}".encode()).digest()
    return Key.from_seed(private, name=f"simulated {name}")
