"""Acts with epochs: begin one for the team as it is now, see them, hand old ones to an auditor.

Promises: an epoch of `journal` and `governance` goes to every device of the roster that has an age recipient, so
whoever was removed is not given it; the authority checks that again. Who had the last epoch and was never on a roster
(the sequencer, an escrow) is given the next one. An epoch of a compartment for few goes to those who are named and to
nobody else. Never: shows a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance import epochs, events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.epochs import Epoch, fresh_epoch
from hedgerow.governance.identity import Identity
from hedgerow.governance.sequencer import sequencer_file

FOR_ALL = ("governance", "journal")
"""The compartments that the whole team reads."""


def epoch_new(
    folder: Fund,
    *,
    compartment: str,
    now_ns: int,
    key_file: Path | str | None = None,
    root_key_files: Sequence[Path | str] = (),
    recipients: Sequence[str] | None = None,
    entropy: bytes | None = None,
    draft: Path | str | None = None,
) -> dict[str, Any]:
    """Begin the next epoch of a compartment, signed by a risk officer, a service with the scope, or the root keys.

    recipients: age recipients that get the key; default, for what the whole team reads: every device of the roster, and
    those beside the roster that had the last one. Of `author-private` and `compensation` they must be named, or it is
    `GOV_RECIPIENTS`. Tells under `cannot_read` who is on the roster without an age recipient. entropy: see
    `fresh_epoch`. With `draft` the other root keys sign first, see `sign_draft`.
    """
    if not recipients and compartment in epochs.COMPARTMENTS and compartment not in FOR_ALL:
        raise problem("GOV_RECIPIENTS", f"an epoch of {compartment}")
    act = Act.on(folder, now_ns)
    signers = act.signers(key_file, root_key_files)
    number = max((e["number"] for e in act.state["epochs"] if e["compartment"] == compartment), default=0) + 1
    readers = recipients or [*team(act.state), *_beside_the_roster(act, compartment)]
    body = fresh_epoch(compartment, number, readers, entropy=entropy)
    outcome = act.submit(events.epoch(signers=signers, context=act.context(), **body), draft)
    told = {**outcome, "commitment": body["commitment"], "recipients": body["recipients"]}
    return told | ({"cannot_read": unreached(act.state)} if compartment in FOR_ALL else {})


def unreached(state: Mapping[str, Any]) -> list[str]:
    """Who is on the roster and has no device that could be given an epoch's key."""
    return [person["name"] for person in _people(state) if not _ages(person)]


def team(state: Mapping[str, Any]) -> list[str]:
    """The age recipients of the devices on the roster, revoked ones left out."""
    return [age for person in _people(state) for age in _ages(person)]


def _people(state: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    people: Sequence[Mapping[str, Any]] = (state["roster"] or {"people": []})["people"]
    return people


def _ages(person: Mapping[str, Any]) -> list[str]:
    return [d["age"] for d in person["devices"] if d["age"] is not None and not d["revoked"]]


def _beside_the_roster(act: Act, compartment: str) -> list[str]:
    """Who had the compartment's last epoch and is nobody's device, now or ever; and the sequencer that lies here."""
    own = sequencer_file(act.desk.folder).with_suffix(".age")
    here = [Identity.load(own).recipient] if own.exists() else []
    last = [e["recipients"] for e in act.state["epochs"] if e["compartment"] == compartment][-1:]
    rosters = [r.event["body"]["people"] for r in act.standing.recorded if r.event.get("type") == "roster"]
    devices = {device["age"] for people in rosters for person in people for device in person["devices"]}
    return [*here, *(age for recipients in last for age in recipients if age not in devices)]


def epochs_show(folder: Fund, *, identity: Path | str | None = None) -> dict[str, Any]:
    """Every epoch: compartment, number, commitment, to how many devices it went, and whether this identity opens it."""
    own = [] if identity is None else [Identity.load(identity)]
    rows = [
        {
            "epoch": epoch.name,
            "commitment": epoch.commitment.hex(),
            "recipients": len(epoch.recipients),
            "opens": epoch.unwrap(own) is not None,
        }
        for epoch in _published(Desk.at(folder))
    ]
    return {"epochs": rows}


def epochs_grant(
    folder: Fund, *, identity: Path | str, recipient: str, compartments: Sequence[str] = ()
) -> tuple[bytes, list[str]]:
    """Re-wrap the epochs that an identity opens for somebody else, by default of all compartments; and their names."""
    opened = epochs.open_epochs(_published(Desk.at(folder)), [Identity.load(identity)])
    wanted = [epoch for epoch in opened if not compartments or epoch.compartment in compartments]
    return epochs.grant(wanted, recipient), [epoch.name for epoch in wanted]


def is_sealed(folder: Fund, compartment: str) -> bool:
    """Whether an epoch of a compartment is in force."""
    return epochs.newest(_published(Desk.at(folder)), compartment) is not None


def sealing_epoch(folder: Fund, *, compartment: str, identity: Path | str | None = None) -> Epoch:
    """The epoch that a run under this fund's mandates is sealed in, opened with this identity or those of the desk."""
    desk = Desk.at(folder) if identity is None else Desk(Desk.at(folder).folder, identity=identity)
    return epochs.sealing_epoch(_published(desk), compartment, [Identity.load(file) for file in desk.identities])


def _published(desk: Desk) -> list[epochs.Published]:
    return epochs.published(desk.authority()[1])
