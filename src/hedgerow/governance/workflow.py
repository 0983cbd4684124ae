"""The acts that are not of one kind of event: receive what was signed elsewhere, and vouch for an evidence pack.

Promises: what comes from outside is judged like everything else. Never: a signature added.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk
from hedgerow.governance.sequencer import submit


def receive(folder: Path | str, envelope: bytes, *, now_ns: int) -> dict[str, Any]:
    """Take in an event that somebody signed elsewhere, with any DSSE tool."""
    return submit(Desk(folder), envelope, now_ns=now_ns)


def vouch(folder: Path | str, *, key_file: Path | str, body: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """Sign an evidence pack as a service with the scope `evidence`.

    `body` is what `hedgerow.engine.evidence.evidence_body` says of the pack; its artifact is the hash of the content
    that ran, and the event names the latest proposed artifact with that content, by its manifest's hash.
    """
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    wanted = body["artifact"]
    rows = [p for p in act.state["proposals"] if wanted in (p["content"], p["artifact"])]
    if not rows:
        raise problem("GOV_ARTIFACT", f"nobody proposed the artifact {wanted}; propose it at the lowest tier first")
    row = rows[-1]
    envelope = events.evidence(
        key=key,
        artifact=row["artifact"],
        pack=body["pack"],
        trials=body["trials"],
        summary=body["summary"],
        context=act.context([row["id"]]),
    )
    return act.submit(envelope)
