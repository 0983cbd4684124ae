"""Vectors of signed events: what Rust, Python and JavaScript must compute alike, each on its own.

`UPDATE_GOLDEN=1 pytest tests/golden/test_golden_events.py` writes the files again; a change of them is a change of what
people sign. Rust reads them in `crates/hedgerow-kernel/src/authority/tests/vectors.rs`.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import GovernanceError
from hedgerow.governance.envelope import canonical, read_envelope
from hedgerow.governance.expressions import expression, expression_text

FOLDER = Path(__file__).parent / "events"
sys.path.insert(0, str(FOLDER))

import ed25519  # noqa: E402
import expressions  # noqa: E402
import history  # noqa: E402

SPELT = (
    {"b": [True, False, None], "a": {"": 0, "é": -1, "€": 2, "😀": 3, "ﬀ": 4}},
    {"text": '\u0000\u0008\t\n\u000c\r\u001f "\\/\u007f\u2028ﬀ😀'},
    {"least": -(2**53 - 1), "most": 2**53 - 1, "money": "0.000000001", "ns": "9223372036854775807"},
)
REFUSED = (
    '{"a": 1}',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1.0}',
    '{"a":1e2}',
    '{"a":-0}',
    '{"a":9007199254740992}',
    '{"a":18446744073709551615}',
    '{"a":"\\u0041"}',
    '{"a":"\\/"}',
    '{"a":1}\n',
    "",
    "{",
)


def plain(value: Any) -> str:
    """Canonical JSON (RFC 8785) by the standard library: its strings are escaped alike, keys are sorted here."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{plain(key)}:{plain(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(plain, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        raise ValueError(value)
    if isinstance(value, float):
        raise TypeError(value)
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u007f", "\u007f")


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = b"application/vnd.hedgerow.event+json"
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def merged(payloads: dict[str, dict[str, Any]]) -> list[str]:
    """Ids in order: parents first, ties by the signers' clocks, then by id."""
    awaited = {name: set(event["parents"]) & payloads.keys() for name, event in payloads.items()}
    ready = [(payloads[name]["hlc"], name) for name, parents in awaited.items() if not parents]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        order.append(heapq.heappop(ready)[1])
        for name, parents in awaited.items():
            if order[-1] in parents:
                parents.remove(order[-1])
                if not parents:
                    heapq.heappush(ready, (payloads[name]["hlc"], name))
    return order


def payload_of(envelope: str) -> bytes:
    """The signed bytes."""
    return base64.b64decode(json.loads(envelope)["payload"])


def fold(genesis: str, envelopes: list[str]) -> tuple[list[str], Any]:
    """What each event brought about, a day apart, refusals as their code; and the authority after them."""
    authority = _core.Authority(genesis.encode())
    outcomes = []
    for i, envelope in enumerate(envelopes):
        try:
            ts = history.DAY_ONE + i * history.DAY_NS
            outcomes.append(authority.apply(envelope.encode(), i + 3, ts)["outcome"])
        except _core.CoreProblem as error:
            outcomes.append(_core.code_text(error.args[0]))
    return outcomes, authority


def fund() -> dict[str, Any]:
    """The history as vectors; the events stand as they were signed, not in order."""
    told = history.told()
    texts = [envelope.decode() for envelope in told.envelopes]
    payloads = {read_envelope(text.encode()).id: json.loads(payload_of(text)) for text in texts}
    order = merged(payloads)
    by_id = {read_envelope(text.encode()).id: text for text in texts}
    outcomes, authority = fold(told.genesis.decode(), [by_id[name] for name in order])
    names = ["root 1", "root 2", "root 3", "Ada", "Rita", "Rita's phone", "Raj", "Fay", "Duo"]
    publics = [history.key(name).public.hex() for name in names] + [s.key.hex() for s in history.services()]
    keyids = {hashlib.sha256(bytes.fromhex(public)).hexdigest(): public for public in publics}
    return {
        "genesis": told.genesis.decode(),
        "genesis_id": hashlib.sha256(told.genesis).hexdigest(),
        "public_keys": publics,
        "events": [
            {
                "id": name,
                "envelope": by_id[name],
                "pae_sha256": hashlib.sha256(pae(payload_of(by_id[name]))).hexdigest(),
                "signers": [keyids[s["keyid"]] for s in json.loads(by_id[name])["signatures"]],
            }
            for name in sorted(by_id)
        ],
        "order": order,
        "sequenced": {"first_record": 3, "first_ns": str(history.DAY_ONE), "step_ns": str(history.DAY_NS)},
        "outcomes": outcomes,
        "state": json.loads(authority.state()),
        "state_hash": bytes(authority.state_hash()).hex(),
    }


def seats() -> list[dict[str, Any]]:
    """Every expression with every set of votes, and what the core says is missing."""
    return [
        {
            "text": text,
            "expression": expression(text),
            "votes": votes,
            "missing": _core.missing_seats(json.dumps(expression(text)), votes),
        }
        for text in expressions.TEXTS
        for votes in map(list, expressions.VOTES)
    ]


def vectors(name: str) -> Any:
    """A file of vectors, written anew first if that was asked for."""
    file = FOLDER / f"{name}.json"
    if "UPDATE_GOLDEN" in os.environ:
        spelt = [{"value": value, "text": canonical(value).decode()} for value in SPELT]
        made: dict[str, Any] = {
            "canonical": {"spelt": spelt, "refused": REFUSED},
            "expressions": seats(),
            "fund": fund(),
        }
        file.write_text(json.dumps(made[name], ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return json.loads(file.read_text())


def test_the_vectors_are_what_the_builders_sign() -> None:
    """The files are fresh: building the history again gives the same bytes and the same state."""
    assert vectors("fund") == json.loads(json.dumps(fund()))
    assert vectors("expressions") == json.loads(json.dumps(seats()))


def test_canonical_form_is_computed_alike_without_the_core() -> None:
    """Two writers agree on every value, and no second spelling is accepted."""
    told = vectors("canonical")
    for case in told["spelt"]:
        assert plain(case["value"]) == case["text"] == canonical(case["value"]).decode()
    for text in told["refused"]:
        with pytest.raises(_core.CoreProblem):
            _core.Authority(text.encode())


def test_ids_encoding_signatures_and_order_are_computed_alike_without_the_core() -> None:
    """Hash, PAE, Ed25519 and the order of merging, each by a few lines of Python that share nothing with the core."""
    told = vectors("fund")
    payloads: dict[str, dict[str, Any]] = {}
    for event in told["events"]:
        outer, payload = json.loads(event["envelope"]), payload_of(event["envelope"])
        assert plain(outer) == event["envelope"]
        assert plain(json.loads(payload)) == payload.decode()
        assert hashlib.sha256(payload).hexdigest() == event["id"]
        assert hashlib.sha256(pae(payload)).hexdigest() == event["pae_sha256"]
        for public, row in zip(event["signers"], outer["signatures"], strict=True):
            signature = base64.b64decode(row["sig"])
            assert hashlib.sha256(bytes.fromhex(public)).hexdigest() == row["keyid"]
            assert ed25519.verify(bytes.fromhex(public), pae(payload), signature)
            assert not ed25519.verify(bytes.fromhex(public), pae(payload + b" "), signature)
        payloads[event["id"]] = json.loads(payload)
    assert merged(payloads) == told["order"]
    assert merged(dict(reversed(payloads.items()))) == told["order"]


def test_the_state_is_hashed_alike_without_the_core() -> None:
    """SHA-256 of the state's canonical JSON."""
    told = vectors("fund")
    assert hashlib.sha256(plain(told["state"]).encode()).hexdigest() == told["state_hash"]


def test_every_type_of_event_is_in_the_history_and_some_do_not_count() -> None:
    """What was refused left no trace in the state."""
    told = vectors("fund")
    kinds = {json.loads(payload_of(event["envelope"]))["type"] for event in told["events"]}
    assert len(kinds) == 10
    refused = [outcome for outcome in told["outcomes"] if outcome.startswith("GOV-")]
    assert refused == ["GOV-005", "GOV-025", "GOV-014", "GOV-027"]
    assert [m["state"] for m in told["state"]["mandates"]] == ["paused", "granted", "revoked", "revoked"]
    assert told["state"]["strategies"] == [{"last_change": told["order"][-1], "name": "trend", "retired_by": "Ada"}]


def test_expressions_read_print_and_decide_alike() -> None:
    """Text and JSON are the same expression, and an obvious judge agrees on who satisfies it."""
    for case in vectors("expressions"):
        assert expression(case["text"]) == case["expression"]
        assert expression(expression_text(case["expression"])) == case["expression"]
        votes = [(human, role) for human, role in case["votes"]]
        assert expressions.is_satisfied(case["expression"], votes) == (case["missing"] == [])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("risk", "a number"),
        ("all(risk 1", "'\\)'"),
        ("risk 1 of", "a number"),
        ("2 (risk 1)", "'of'"),
        ("Risk 1", "a role"),
    ],
)
def test_an_expression_that_cannot_be_read_is_named_with_its_place(text: str, wanted: str) -> None:
    """The message shows what stands there and what belongs there."""
    with pytest.raises(GovernanceError, match=f"GOV-010 .*{wanted}"):
        expression(text)


def test_javascript_computes_the_same() -> None:
    """Node with nothing but WebCrypto: forms, ids, signatures, order, expressions, and the fold of any delivery."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    told = subprocess.run([node, FOLDER / "verify.mjs", FOLDER], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    counts = json.loads(told.stdout)
    assert counts["events"] == len(vectors("fund")["events"])
    assert counts["expressions"] == len(expressions.TEXTS) * len(expressions.VOTES)
    assert counts["outcomes"] == len(vectors("fund")["outcomes"])
    assert counts["deliveries"] == 5
    assert counts["others"] == 2 * counts["events"]


@pytest.mark.parametrize("part", ["outcomes", "mandates", "proposals", "policy_proposals"])
def test_javascript_folds_and_does_not_only_hash(part: str, tmp_path: Path) -> None:
    """One other word in the outcomes, or in a state that is hashed anew, is found by its part's name."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for name in ("canonical", "expressions"):
        shutil.copy(FOLDER / f"{name}.json", tmp_path)
    told = json.loads((FOLDER / "fund.json").read_text())
    if part == "outcomes":
        told["outcomes"][4] = "approved"
    else:
        told["state"][part][0]["record" if "proposals" in part else "cause"] += 1
        told["state_hash"] = hashlib.sha256(plain(told["state"]).encode()).hexdigest()
    (tmp_path / "fund.json").write_text(json.dumps(told))
    run = subprocess.run([node, FOLDER / "verify.mjs", tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(part if part == "outcomes" else f"state, {part}: ")


@pytest.mark.parametrize("at", [0.1, 0.4, 0.7, 0.9])
def test_javascript_catches_one_changed_character(at: float, tmp_path: Path) -> None:
    """Somewhere in the first event's payload, or in the state."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for name in ("canonical", "expressions", "fund"):
        shutil.copy(FOLDER / f"{name}.json", tmp_path)
    told = json.loads((tmp_path / "fund.json").read_text())
    envelope = told["events"][int(len(told["events"]) * at)]
    payload = bytearray(payload_of(envelope["envelope"]))
    payload[int(len(payload) * at)] ^= 1
    outer = json.loads(envelope["envelope"])
    outer["payload"] = base64.b64encode(bytes(payload)).decode()
    envelope["envelope"] = plain(outer)
    (tmp_path / "fund.json").write_text(json.dumps(told))
    run = subprocess.run([node, FOLDER / "verify.mjs", tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 1
