"""Acts with epochs: begin one for the team as it is now, see them, hand old ones to an auditor.

Promises: an epoch of `journal` and `governance` goes to every device of the roster that has an age recipient, so
whoever was removed is not given it; the authority checks that again. Never: shows a key, makes one of anything but the
operating system's randomness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance import epochs, events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk
from hedgerow.governance.epochs import Epoch, epoch_body
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key


def epoch_new(
    folder: Path | str,
    *,
    compartment: str,
    now_ns: int,
    key_file: Path | str | None = None,
    root_key_files: Sequence[Path | str] = (),
    recipients: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Begin the next epoch of a compartment, signed by a risk officer, a service with the scope, or the root keys.

    recipients: age recipients that get the key; default: every device of the roster.
    """
    act = Act.on(folder, now_ns)
    signers = [Key.load(file, name="root") for file in root_key_files]
    if key_file is not None:
        signers = [act.signer(key_file)]
    if not signers:
        raise problem("GOV_QUORUM", "nobody signs; give a risk officer's key or the root keys")
    number = max((e["number"] for e in act.state["epochs"] if e["compartment"] == compartment), default=0) + 1
    body = epoch_body(Epoch.begin(compartment, number), recipients or team(act.state))
    envelope = events.epoch(
        signers=signers,
        compartment=body["compartment"],
        number=body["number"],
        commitment=body["commitment"],
        recipients=body["recipients"],
        wrapped=body["wrapped"],
        context=act.context(),
    )
    outcome = act.submit(envelope)
    return {**outcome, "commitment": body["commitment"], "recipients": body["recipients"]}


def team(state: Mapping[str, Any]) -> list[str]:
    """The age recipients of the devices on the roster, revoked ones left out."""
    people = (state["roster"] or {"people": []})["people"]
    devices = [device for person in people for device in person["devices"] if not device["revoked"]]
    return [device["age"] for device in devices if device["age"] is not None]


def epochs_show(folder: Path | str, *, identity: Path | str | None = None) -> dict[str, Any]:
    """Every epoch: compartment, number, commitment, to how many devices it went, and whether this identity opens it."""
    own = [] if identity is None else [Identity.load(identity)]
    rows = [
        {
            "epoch": epoch.name,
            "commitment": epoch.commitment.hex(),
            "recipients": len(epoch.recipients),
            "opens": epoch.unwrap(own) is not None,
        }
        for epoch in _published(folder)
    ]
    return {"epochs": rows}


def epochs_grant(
    folder: Path | str, *, identity: Path | str, recipient: str, compartments: Sequence[str] = ()
) -> tuple[bytes, list[str]]:
    """Re-wrap the epochs that an identity opens for somebody else, by default of all compartments; and their names."""
    opened = epochs.open_epochs(_published(folder), [Identity.load(identity)])
    wanted = [epoch for epoch in opened if not compartments or epoch.compartment in compartments]
    return epochs.grant(wanted, recipient), [epoch.name for epoch in wanted]


def sealing_epoch(folder: Path | str, *, compartment: str, identity: Path | str) -> Epoch:
    """The epoch that a run under this fund's mandates is sealed in."""
    return epochs.sealing_epoch(_published(folder), compartment, [Identity.load(identity)])


def _published(folder: Path | str) -> list[epochs.Published]:
    return epochs.published(Desk(folder).authority()[1])
