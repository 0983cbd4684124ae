"""The signed envelope: DSSE around canonical JSON (RFC 8785) without floats.

Promises: what is signed is the stored payload; the envelope itself is canonical too, so one event has one spelling;
a float anywhere is an error that names the field. Never: decides who may sign what. Source: DSSE protocol v1.0.2.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.governance.keys import Key, keyid

PAYLOAD_TYPE = "application/vnd.hedgerow.event+json"
"""What the payload is, in every envelope of the fund."""

ENVELOPE_BYTES_MAX = 65_519
"""The longest envelope: an entry of a log holds 65,535 bytes, 16 of them its head."""


@dataclass(frozen=True)
class Envelope:
    """An envelope taken apart: the signed bytes and, by key name, the signatures; nothing verified yet."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def id(self) -> str:
        """The event's name: SHA-256 of the signed bytes, hexadecimal."""
        return bytes(_core.sha256(self.payload)).hex()

    @property
    def event(self) -> dict[str, Any]:
        """The payload as a dictionary; `GOV_BAD_BODY` if it is not a JSON object."""
        try:
            event = json.loads(self.payload)
        except ValueError as error:
            raise problem("GOV_BAD_BODY", f"payload is not JSON: {error}") from None
        if not isinstance(event, dict):
            raise problem("GOV_BAD_BODY", f"payload is a {type(event).__name__}, not an object")
        return event


def canonical(value: Mapping[str, Any]) -> bytes:
    """Spell a value as canonical JSON; a float, or an integer beyond 2^53 - 1, is `GOV_BAD_BODY`.

    >>> canonical({"b": 1, "a": "1000000.00"})
    b'{"a":"1000000.00","b":1}'
    """
    try:
        return _core.canonical_json(json.dumps(dict(value), allow_nan=False)).encode()
    except (TypeError, ValueError, _core.CoreProblem) as error:
        _refuse_floats(value, "")
        raise problem("GOV_BAD_BODY", str(error.args[-1])) from None


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the exact bytes that are signed.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signers: Sequence[Key]) -> bytes:
    """Sign a payload with each key and spell the envelope."""
    message = pae(PAYLOAD_TYPE, payload)
    return _spell(payload, [(key.keyid, key.sign(message)) for key in signers])


def sign_event(event: Mapping[str, Any], signers: Sequence[Key]) -> bytes:
    """Sign an event: canonical JSON, then the envelope."""
    return seal(canonical(event), signers)


def read_envelope(data: bytes) -> Envelope:
    """Take an envelope apart, whichever DSSE tool spelt it; `GOV_BAD_ENVELOPE` says what is malformed."""
    try:
        outer = json.loads(data)
        if outer["payloadType"] != PAYLOAD_TYPE:
            raise problem("GOV_BAD_ENVELOPE", f"payloadType is {outer['payloadType']!r}, not {PAYLOAD_TYPE!r}")
        signatures = tuple((str(s["keyid"]), _unbase64(s["sig"])) for s in outer["signatures"])
        return Envelope(_unbase64(outer["payload"]), signatures)
    except KeyError as error:
        raise problem("GOV_BAD_ENVELOPE", f"the field {error} is missing") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise problem("GOV_BAD_ENVELOPE", str(error)) from None


def normalise(data: bytes) -> bytes:
    """Spell another tool's envelope as ours: the signed payload stays byte for byte, only its wrapper is re-spelt."""
    envelope = read_envelope(data)
    return _spell(envelope.payload, envelope.signatures)


def countersign(data: bytes, key: Key) -> bytes:
    """The envelope with a signature by one more key; a key that has signed already changes nothing."""
    envelope = read_envelope(data)
    signature = (key.keyid, key.sign(pae(PAYLOAD_TYPE, envelope.payload)))
    return _spell(envelope.payload, dict([*envelope.signatures, signature]).items())


def join(data: bytes, other: bytes) -> bytes:
    """Two copies of an envelope with the signatures of both; `GOV_BAD_ENVELOPE` if their payloads differ."""
    ours, theirs = read_envelope(data), read_envelope(other)
    if ours.payload != theirs.payload:
        raise problem("GOV_BAD_ENVELOPE", f"event {theirs.id} is not {ours.id}: copies of one event have one payload")
    return _spell(ours.payload, dict([*theirs.signatures, *ours.signatures]).items())


def verify(envelope: Envelope, public_keys: Iterable[bytes]) -> frozenset[bytes]:
    """Which of these public keys signed the envelope; strict Ed25519, a bad signature counts for nothing."""
    message = pae(PAYLOAD_TYPE, envelope.payload)
    by_name = dict(envelope.signatures)
    return frozenset(
        public for public in public_keys if _core.ed25519_verify(public, message, by_name.get(keyid(public), b""))
    )


def _spell(payload: bytes, signatures: Iterable[tuple[str, bytes]]) -> bytes:
    rows = [{"keyid": name, "sig": base64.b64encode(sig).decode()} for name, sig in signatures]
    body = {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": rows}
    # Only ASCII strings and sorted keys: the standard library's spelling is canonical here, and ten times as fast.
    data = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    if len(data) > ENVELOPE_BYTES_MAX:
        raise problem("GOV_BAD_ENVELOPE", f"{len(data)} bytes, at most {ENVELOPE_BYTES_MAX}; name fewer instruments")
    return data


def _unbase64(text: str) -> bytes:
    # DSSE lets a signer choose either alphabet.
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text[:20]!r} is not base64: {error}") from None


def _refuse_floats(value: Any, where: str) -> None:
    if isinstance(value, float):
        raise problem("GOV_BAD_BODY", f"{where} is the float {value!r}; signed data hold decimal strings and integers")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_floats(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            _refuse_floats(item, f"{where}[{i}]")
