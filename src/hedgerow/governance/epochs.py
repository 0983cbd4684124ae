"""Epoch keys: one key for everything sealed in a span of time, wrapped to every device of the team.

An epoch belongs to a compartment (`journal`, `governance`, `author-private`, `compensation`) and has a number from 1.
Its event publishes a commitment to the key and an age file that holds the key for each recipient. A new epoch begins
when a device leaves the roster: whoever left keeps what they could read before and reads nothing after. An auditor gets
old keys re-wrapped in a *grant*, a file of its own; no event changes.

Promises: a key that is not the committed one opens nothing (`LOG_SEAL_COMMITMENT`); randomness comes from the operating
system, or is an argument, and only where an epoch is made. Never: writes a key down unwrapped. Source:
age-encryption.org/v1.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.governance.envelope import canonical, read_envelope
from hedgerow.governance.identity import Identity, check_recipients, spell, wrap

COMPARTMENTS: tuple[str, ...] = tuple(_core.compartments())
"""What has epoch keys of its own."""


@dataclass(frozen=True)
class Epoch:
    """An epoch with its key.

    >>> epoch = Epoch("journal", 3, bytes(32))
    >>> epoch.word, epoch.commitment.hex()[:16]
    (3, '4f3e1b62d96839af')
    """

    compartment: str
    number: int
    key: bytes = field(repr=False)

    @classmethod
    def begin(cls, compartment: str, number: int, *, entropy: bytes | None = None) -> Epoch:
        """Begin an epoch with a key from the operating system's randomness, or from `entropy`."""
        epoch = cls(compartment, number, b"")
        return cls(compartment, number, _drawn(entropy, f"key of {epoch.name}"))

    @property
    def name(self) -> str:
        """What people call it: `journal 3`."""
        return f"{self.compartment} {self.number}"

    @property
    def word(self) -> int:
        """The number that sealed entries carry; an unknown compartment is `CORE_INPUT`."""
        with named_errors():
            return int(_core.epoch_word(self.compartment, self.number))

    @property
    def commitment(self) -> bytes:
        """What its event publishes of the key, 32 bytes."""
        return bytes(_core.epoch_commitment(self.key))


@dataclass(frozen=True)
class Published:
    """An epoch as its event shows it to everybody."""

    compartment: str
    number: int
    commitment: bytes
    recipients: tuple[str, ...]
    wrapped: bytes

    @classmethod
    def of(cls, body: Any) -> Published:
        """An epoch as the body of its event says it; `GOV_BAD_BODY` if it cannot be read."""
        try:
            return cls(
                compartment=str(body["compartment"]),
                number=int(body["number"]),
                commitment=bytes.fromhex(body["commitment"]),
                recipients=tuple(body["recipients"]),
                wrapped=base64.b64decode(body["wrapped"], validate=True),
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise problem("GOV_BAD_BODY", f"the epoch event cannot be read: {error!r}") from None

    @property
    def name(self) -> str:
        """What people call it: `journal 3`."""
        return f"{self.compartment} {self.number}"

    def unwrap(self, identities: Iterable[Identity]) -> Epoch | None:
        """The epoch with its key, if one of the identities can open it; `LOG_SEAL_COMMITMENT` if it is another key."""
        for identity in identities:
            key = identity.unwrap(self.wrapped)
            if key is not None:
                return _committed(Epoch(self.compartment, self.number, key), self.commitment)
        return None


def fresh_epoch(
    compartment: str, number: int, recipients: Sequence[str], *, entropy: bytes | None = None
) -> dict[str, Any]:
    """The body of the event that begins an epoch with a new key.

    entropy: 32 bytes that nobody can guess, for equal epochs from equal runs; `None` = the operating system's
    randomness.
    """
    return epoch_body(Epoch.begin(compartment, number, entropy=entropy), recipients, entropy=entropy)


def epoch_body(epoch: Epoch, recipients: Sequence[str], *, entropy: bytes | None = None) -> dict[str, Any]:
    """The body of the event that publishes an epoch: its commitment, and its key wrapped to each recipient."""
    known = check_recipients(recipients)
    drawn = _drawn(entropy, f"wrapping of {epoch.name}")
    return {
        "compartment": epoch.compartment,
        "number": epoch.number,
        "commitment": epoch.commitment.hex(),
        "recipients": list(known),
        "wrapped": spell(wrap(epoch.key, known, entropy=drawn)),
    }


def published(envelopes: Iterable[bytes]) -> list[Published]:
    """The epochs that signed events publish, in order of the events; other events are passed over."""
    events = (read_envelope(data).event for data in envelopes)
    return [Published.of(event["body"]) for event in events if event.get("type") == "epoch"]


def newest(epochs: Iterable[Published], compartment: str) -> Published | None:
    """The epoch of a compartment that is in force: the one with the highest number."""
    own = [epoch for epoch in epochs if epoch.compartment == compartment]
    return max(own, key=lambda epoch: epoch.number, default=None)


def sealing_epoch(epochs: Iterable[Published], compartment: str, identities: Iterable[Identity]) -> Epoch:
    """The epoch that new entries of a compartment are sealed in; `LOG_SEAL_EPOCH` if none is there or it stays shut."""
    last = newest(epochs, compartment)
    if last is None:
        raise problem("LOG_SEAL_EPOCH", f"no epoch of {compartment} was begun; see `hedgerow epochs new`")
    epoch = last.unwrap(identities)
    if epoch is None:
        raise problem("LOG_SEAL_EPOCH", f"epoch {last.name} is wrapped to {len(last.recipients)} others")
    return epoch


def open_epochs(epochs: Iterable[Published], identities: Sequence[Identity]) -> list[Epoch]:
    """Every epoch that one of the identities can open."""
    return [epoch for epoch in (p.unwrap(identities) for p in epochs) if epoch is not None]


def keyring(epochs: Iterable[Epoch]) -> _core.Keyring:
    """The keys for a reader of logs.

    >>> keyring([Epoch("journal", 1, bytes(32)), Epoch("journal", 2, bytes(32))]).epochs()
    ['journal 1', 'journal 2']
    """
    keys = _core.Keyring()
    for epoch in epochs:
        with named_errors():
            keys.add(epoch.word, epoch.key, epoch.commitment)
    return keys


def grant(epochs: Iterable[Epoch], recipient: str) -> bytes:
    """Re-wrap epoch keys for somebody who is not on the roster, such as an auditor: an age file for them alone."""
    rows = [
        {"compartment": e.compartment, "number": e.number, "key": e.key.hex(), "commitment": e.commitment.hex()}
        for e in epochs
    ]
    if not rows:
        raise problem("LOG_SEAL_EPOCH", "there is no epoch that could be granted")
    return wrap(canonical({"v": 1, "type": "grant", "epochs": rows}), check_recipients([recipient]))


def open_grant(data: bytes, identities: Iterable[Identity]) -> list[Epoch]:
    """The epochs in a grant; none if it is for somebody else. What opens and is no grant is `GOV_BAD_BODY`."""
    for identity in identities:
        text = identity.unwrap(data)
        if text is None:
            continue
        try:
            rows = json.loads(text)["epochs"]
            return [
                _committed(
                    Epoch(str(row["compartment"]), int(row["number"]), bytes.fromhex(row["key"])),
                    bytes.fromhex(row["commitment"]),
                )
                for row in rows
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise problem("GOV_BAD_BODY", f"the grant cannot be read: {error!r}") from None
    return []


def _drawn(entropy: bytes | None, word: str) -> bytes:
    """32 bytes for one purpose."""
    if entropy is None:
        return secrets.token_bytes(32)
    return bytes(_core.sha256(f"hedgerow epoch {word} ".encode() + entropy))


def _committed(epoch: Epoch, commitment: bytes) -> Epoch:
    if len(epoch.key) == 32 and epoch.commitment == commitment:
        return epoch
    raise problem("LOG_SEAL_COMMITMENT", f"epoch {epoch.name}, published commitment {commitment.hex()}")
