"""What one person may do at once, because it only takes away: pause, demote, retire, revoke.

Promises: none of them widens a limit. Never: waits for a second person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.keys import Key, load_public


def pause(folder: Path | str, *, key_file: Path | str, strategy: str, now_ns: int, reason: str = "") -> dict[str, Any]:
    """Let a strategy only reduce risk, until a new proposal on top of the paused one is approved."""
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    return act.submit(events.pause(key=key, strategy=strategy, reason=reason, context=act.context()))


def demote(
    folder: Path | str,
    *,
    key_file: Path | str,
    strategy: str,
    tier: str,
    limits: Mapping[str, Any],
    now_ns: int,
    reason: str = "",
) -> dict[str, Any]:
    """Put a strategy on a lower tier at once, under limits that are nowhere wider than now."""
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    envelope = events.demote(key=key, strategy=strategy, tier=tier, limits=limits, reason=reason, context=act.context())
    return act.submit(envelope)


def retire(folder: Path | str, *, key_file: Path | str, strategy: str, now_ns: int, reason: str = "") -> dict[str, Any]:
    """End a strategy for good: its mandate is taken back, and nobody proposes under its name again."""
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    return act.submit(events.retire(key=key, strategy=strategy, reason=reason, context=act.context()))


def revoke(
    folder: Path | str,
    *,
    now_ns: int,
    key_file: Path | str | None = None,
    root_key_files: Sequence[Path | str] = (),
    strategy: str | None = None,
    proposal: str | None = None,
    revoked_key: Path | str | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Take capital back from a strategy or one proposal, or a key (hexadecimal or a public PEM file) out of service.

    A key is taken back by the root quorum, a risk officer, or its owner with another device; whatever it signs that is
    sequenced later is void.
    """
    act = Act.on(folder, now_ns)
    signers = [Key.load(file, name="root") for file in root_key_files]
    if key_file is not None:
        signers = [act.signer(key_file)]
    meant = None if proposal is None else act.proposal(proposal)["id"]
    envelope = events.revocation(
        signers=signers,
        reason=reason,
        strategy=strategy,
        proposal=meant,
        revoked_key=None if revoked_key is None else load_public(revoked_key),
        context=act.context([meant]),
    )
    return act.submit(envelope)
