"""What one person may do at once, because it only takes away: pause, demote, retire, revoke.

Promises: none of them widens a limit. Never: waits for a second person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Fund
from hedgerow.governance.keys import load_public


def pause(folder: Fund, *, key_file: Path | str, strategy: str, now_ns: int, reason: str = "") -> dict[str, Any]:
    """Let a strategy only reduce risk, until a new proposal on top of the paused one is approved."""
    return _say(events.pause, folder, key_file, now_ns, strategy, reason)


def demote(
    folder: Fund,
    *,
    key_file: Path | str,
    strategy: str,
    tier: str,
    now_ns: int,
    limits: Mapping[str, Any] | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Put a strategy on a lower tier at once; limits that are not named stay, as far as the tier allows."""
    act = Act.on(folder, now_ns)
    key, kept = act.signer(key_file), act.limits_now(strategy, tier) | dict(limits or {})
    envelope = events.demote(key=key, strategy=strategy, tier=tier, limits=kept, reason=reason, context=act.context())
    return act.submit(envelope)


def retire(folder: Fund, *, key_file: Path | str, strategy: str, now_ns: int, reason: str = "") -> dict[str, Any]:
    """End a strategy for good: its mandate is taken back, and nobody proposes under its name again."""
    return _say(events.retire, folder, key_file, now_ns, strategy, reason)


def _say(
    event: Callable[..., bytes], folder: Fund, key_file: Path | str, now_ns: int, strategy: str, reason: str
) -> dict[str, Any]:
    act = Act.on(folder, now_ns)
    return act.submit(event(key=act.signer(key_file), strategy=strategy, reason=reason, context=act.context()))


def revoke(
    folder: Fund,
    *,
    now_ns: int,
    key_file: Path | str | None = None,
    root_key_files: Sequence[Path | str] = (),
    strategy: str | None = None,
    proposal: str | None = None,
    revoked_key: Path | str | None = None,
    reason: str = "",
    draft: Path | str | None = None,
) -> dict[str, Any]:
    """Take capital back from a strategy or one proposal, or a key (hexadecimal or a public PEM file) out of service.

    A key is taken back by the root quorum, a risk officer, or its owner with another device; whatever it signs that is
    sequenced later is void. With `draft` the other root keys sign first, see `sign_draft`.
    """
    act = Act.on(folder, now_ns)
    signers = act.signers(key_file, root_key_files)
    meant = None if proposal is None else act.proposal(proposal)["id"]
    envelope = events.revocation(
        signers=signers,
        reason=reason,
        strategy=strategy,
        proposal=meant,
        revoked_key=None if revoked_key is None else load_public(revoked_key),
        context=act.context([meant]),
    )
    return act.submit(envelope, draft)
