"""The acts that are not of one kind of event: receive what was signed elsewhere, and vouch for an evidence pack.

Promises: what comes from outside is judged like everything else. Never: a signature added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.sequencer import submit


def receive(folder: Fund, envelope: bytes, *, now_ns: int) -> dict[str, Any]:
    """Take in an event that somebody signed elsewhere, with any DSSE tool."""
    return submit(Desk.at(folder), envelope, now_ns=now_ns)


def vouch(
    folder: Fund,
    *,
    key_file: Path | str,
    body: Mapping[str, Any],
    now_ns: int,
    keep: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Sign an evidence pack as a service with the scope `evidence`.

    `body` is what `hedgerow.engine.evidence.evidence_body` says of the pack. If its artifact is the hash of a content,
    the event names the latest proposed manifest of that content; an artifact that nobody proposed yet is named as it
    is. `keep` is called before the event is taken in, to store what it speaks of.
    """
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    if key.name not in [service["name"] for service in act.state["roster"]["services"]]:
        raise problem("GOV_UNKNOWN_KEY", f"{key_file} is no service of the roster, public key {key.public_hex}")
    rows = [p for p in act.state["proposals"] if body["artifact"] in (p["content"], p["artifact"])]
    named = {"artifact": rows[-1]["artifact"]} if rows else {}
    context = act.context([rows[-1]["id"]] if rows else [])
    envelope = events.evidence(key=key, context=context, **(dict(body) | named))
    keep()
    return act.submit(envelope)
