"""Envelopes and limits: one spelling, no floats, other tools' spellings taken in, damage named."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import pytest

from hedgerow.core.errors import GovernanceError
from hedgerow.governance import Key, limits_body
from hedgerow.governance.envelope import canonical, normalise, pae, read_envelope, seal, sign_event, verify

RITA, FAY = Key.from_seed(b"r" * 32, name="Rita"), Key.from_seed(b"f" * 32, name="Fay")


def test_the_signed_bytes_are_those_of_the_dsse_specification() -> None:
    """The example of the specification, and lengths counted in bytes."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("t", "é".encode()) == b"DSSEv1 1 t 2 \xc3\xa9"


def test_an_envelope_opens_to_what_was_signed_and_says_who_signed() -> None:
    """Payload, id and signers come back; a stranger's key is not among them."""
    envelope = read_envelope(sign_event({"b": "ü", "a": 1}, [RITA, FAY]))
    assert envelope.payload == '{"a":1,"b":"ü"}'.encode()
    assert envelope.event == {"a": 1, "b": "ü"}
    assert verify(envelope, [RITA.public, FAY.public, bytes(32)]) == {RITA.public, FAY.public}


def test_a_changed_payload_is_signed_by_nobody() -> None:
    """One changed byte and no signature holds."""
    outer = json.loads(sign_event({"a": 1}, [RITA]))
    outer["payload"] = base64.b64encode(b'{"a":2}').decode()
    assert verify(read_envelope(json.dumps(outer).encode()), [RITA.public]) == frozenset()


def test_another_tools_spelling_becomes_ours_without_touching_what_was_signed() -> None:
    """White space, key order and the URL-safe alphabet vanish; payload and signatures stay."""
    ours = seal(b'{"a":"\xc2\xbf\xc3\xbf"}', [RITA])
    outer = json.loads(ours)
    url_safe = str.maketrans("+/", "-_")
    signatures = [{"sig": s["sig"].translate(url_safe), "keyid": s["keyid"]} for s in outer["signatures"]]
    payload = outer["payload"].translate(url_safe)
    rest = {"payloadType": outer["payloadType"], "payload": payload}
    theirs = json.dumps({"signatures": signatures, **rest}, indent=2).encode()
    assert theirs != ours
    assert normalise(theirs) == ours


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Expecting value"),
        (b"[]", "indices"),
        (b"{}", "'payloadType' is missing"),
        (b'{"payloadType":"text/plain"}', "payloadType is 'text/plain'"),
        (b'{"payloadType":"application/vnd.hedgerow.event+json","payload":"!","signatures":[]}', "not base64"),
        (b'{"payloadType":"application/vnd.hedgerow.event+json","payload":7,"signatures":[]}', "no attribute"),
        (b'{"payloadType":"application/vnd.hedgerow.event+json","payload":"","signatures":7}', "not iterable"),
        (b"[" * 100_000, "GOV-001"),
    ],
)
def test_what_is_no_envelope_is_named(data: bytes, words: str) -> None:
    """Every kind of damage is GOV-001 with its reason."""
    with pytest.raises(GovernanceError, match="GOV-001") as caught:
        read_envelope(data)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"body": {"limits": {"capital": 1.5}}}, "body.limits.capital is the float 1.5"),
        ({"list": [1, (2, 3.0)]}, r"list\[1\]\[1\] is the float 3.0"),
        ({"n": 2**53}, "GOV-010"),
        ({"n": float("nan")}, "n is the float nan"),
        ({"s": "\ud800"}, "GOV-010"),
    ],
)
def test_what_every_reader_could_not_read_alike_is_not_signed(value: dict[str, Any], words: str) -> None:
    """Floats, integers beyond 2^53 - 1 and broken text are GOV-010 with the field."""
    with pytest.raises(GovernanceError, match=f"GOV-010.*{words}" if words != "GOV-010" else words):
        canonical(value)


@pytest.mark.parametrize("payload", [b"no json", b"[1]"])
def test_a_payload_that_is_no_object_is_named(payload: bytes) -> None:
    """Reading the event of such an envelope is GOV-010."""
    with pytest.raises(GovernanceError, match="GOV-010"):
        _ = read_envelope(seal(payload, [RITA])).event


def test_an_envelope_too_long_for_the_journal_is_not_made() -> None:
    """The limit and the remedy stand in the message."""
    with pytest.raises(GovernanceError, match="at most 65519; name fewer instruments"):
        seal(b" " * 60_000, [RITA])


def test_limits_are_spelt_exactly() -> None:
    """Money of every exact type becomes a decimal string; large integers become strings."""
    body = limits_body(
        {
            "capital": 1_000_000,
            "gross": "2000000.5",
            "net": Decimal("0.000000001"),
            "loss": "170141183460469231731687.303715884",
            "order_lots": 2**62,
            "data_age_ns": "60000000000",
            "collar_bps": 300,
        }
    )
    assert body == {
        "capital": "1000000.00",
        "gross": "2000000.50",
        "net": "0.000000001",
        "loss": "170141183460469231731687.303715884",
        "order_lots": str(2**62),
        "data_age_ns": 60_000_000_000,
        "collar_bps": 300,
    }


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"capital": 1_000_000.0}, "capital is 1000000.0"),
        ({"capital": "-1"}, "capital is '-1'"),
        ({"capital": "1e-10"}, "nine decimals"),
        ({"capital": "NaN"}, "capital is 'NaN'"),
        ({"capital": "much"}, "capital is 'much'"),
        ({"capital": True}, "capital is True"),
        ({"order_lots": 1.5}, "order_lots is 1.5"),
        ({"order_lots": -1}, "order_lots is -1"),
        ({"captial": 1}, "did you mean 'capital'?"),
    ],
)
def test_a_limit_that_is_not_exact_is_refused(limits: dict[str, Any], words: str) -> None:
    """The field and the value seen stand in the message."""
    with pytest.raises(GovernanceError, match="GOV-010") as caught:
        limits_body(limits)
    assert words in str(caught.value)
