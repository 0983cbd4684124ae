"""The manifest of a proposal: what the artifact is by hash, what it needs, what it risks, and who made it.

Its SHA-256 in canonical JSON is the artifact's hash: people approve it, a mandate names it, every order cites it.

Promises: pure functions; shares add up to the whole. Never: code; the content stands in it by hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance.limits import limits_body

_WHOLE_BPS = 10_000


def proposal_manifest(
    content: Mapping[str, Any],
    *,
    credits: Mapping[str, int],
    title: str = "",
    description: str = "",
    universe: Sequence[str] = (),
    data: Sequence[str] = (),
    horizon_ns: int = 0,
    capacity: int | str | Decimal = 0,
    risk: Mapping[str, str] | None = None,
    commitments: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The manifest, version 2, of what `hedgerow.governance.manifest` says of the content.

    `credits` gives each author a share in basis points, 10,000 together; `capacity` is in currency units.

    >>> proposal_manifest({"v": 1, "kind": "bytes", "sha256": "00" * 32}, credits={"Ada": 10_000})["credits"]
    [{'name': 'Ada', 'share_bps': 10000}]
    """
    whole = sum(credits.values())
    if whole != _WHOLE_BPS:
        raise problem(
            "GOV_BAD_BODY", f"the shares of {', '.join(credits) or 'nobody'} are {whole} bps, not {_WHOLE_BPS:,}"
        )
    return {
        "v": 2,
        "content": dict(content),
        "title": title,
        "description": description,
        "universe": list(universe),
        "data": list(data),
        "horizon_ns": str(horizon_ns),
        "capacity": limits_body({"capital": capacity})["capital"],
        "risk": dict(risk or {}),
        "credits": [{"name": name, "share_bps": share} for name, share in credits.items()],
        "commitments": dict(commitments or {}),
    }
