"""What must hold for all signed events: Python and Rust spell alike, and no tampering ever grants."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.core.errors import GovernanceError
from hedgerow.governance import events, limits_body, simulation_authority
from hedgerow.governance.envelope import canonical, normalise, read_envelope, verify
from hedgerow.governance.keys import Key
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.order import in_order

NOW = 1_700_000_000_000_000_000

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
leaves = st.none() | st.booleans() | st.integers(-(2**53 - 1), 2**53 - 1) | text
values = st.recursive(leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(text, v, max_size=4), max_leaves=20)


def authority_of(seed: int = 1) -> tuple[bytes, list[bytes]]:
    """Genesis and the five events of a simulated mandate."""
    return simulation_authority(
        seed=seed,
        strategy="momentum",
        artifact=bytes(range(32)),
        limits={"capital": "1000000.00"},
        universe=["AAA", "BBB"],
        base_currency="USD",
        fund="research",
        valid_until_ns=2**63 - 1,
    )


def concurrent() -> tuple[bytes, list[bytes]]:
    """A simulated mandate's events, and beside its approvals a rejection, a pause and a rival, all signed at once."""
    genesis, envelopes = authority_of()
    proposal, rules = events.event_id(envelopes[2]), events.event_id(envelopes[1])
    risk = Key.from_seed(hashlib.sha256(b"hedgerow simulation 1 risk").digest(), name="simulated risk")
    author = Key.from_seed(hashlib.sha256(b"hedgerow simulation 1 researcher").digest(), name="simulated researcher")
    context = events.Context([proposal], (0, 3), rules)
    manifest = proposal_manifest({"v": 1, "kind": "digest", "sha256": "ab" * 32}, credits={author.name: 10_000})
    rival = events.proposal(
        key=author,
        strategy="momentum",
        manifest=manifest,
        tier="simulation",
        limits={"capital": 1},
        universe=["AAA"],
        valid_until_ns=2**63 - 1,
        prev=None,
        context=events.Context([rules], (0, 2), rules),
    )
    extra = [
        rival,
        events.approval(key=risk, proposal=proposal, role="risk", context=context, decision="reject"),
        events.pause(key=risk, strategy="momentum", reason="", context=context),
        events.retire(key=author, strategy="momentum", reason="", context=events.Context([proposal], (0, 4), rules)),
    ]
    return genesis, [*envelopes, *extra]


CONCURRENT = concurrent()


def fold(genesis: bytes, envelopes: list[bytes]) -> tuple[Any, list[str]]:
    """The state, and what each event brought about, refusals as their code."""
    authority = _core.Authority(genesis)
    outcomes = []
    for i, envelope in enumerate(envelopes):
        try:
            outcomes.append(authority.apply(envelope, i + 2, NOW)["outcome"])
        except _core.CoreProblem as error:
            outcomes.append(_core.code_text(error.args[0]))
    return json.loads(authority.state()), outcomes


@given(st.dictionaries(text, values, max_size=5))
def test_python_and_rust_spell_every_value_alike(value: dict[str, Any]) -> None:
    """Ours and another library's canonical JSON are the same bytes."""
    spelt = canonical(value)
    assert spelt == rfc8785.dumps(value)
    assert json.loads(spelt) == value


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_a_signature_holds_for_its_message_and_no_flipped_bit(seed: bytes, message: bytes, bit: int) -> None:
    """Every bit of a signature matters."""
    key = Key.from_seed(seed)
    signature = bytearray(key.sign(message))
    assert _core.ed25519_verify(key.public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not _core.ed25519_verify(key.public, message, bytes(signature))


@given(st.integers(0, 2**32))
def test_a_simulated_mandate_is_granted_and_equal_for_equal_seeds(seed: int) -> None:
    """Every seed grants; the same seed gives the same bytes, another seed other keys."""
    genesis, envelopes = authority_of(seed)
    assert (genesis, envelopes) == authority_of(seed)
    assert genesis != authority_of(seed + 1)[0]
    state, outcomes = fold(genesis, envelopes)
    assert outcomes == ["roster_set", "policy_set", "proposed", "approved", "granted"]
    assert state["proposals"][0]["tier"] == "simulation"


@given(st.data())
def test_no_changed_byte_of_any_event_grants(data: st.DataObject) -> None:
    """A flipped bit anywhere in any of the five events means no mandate."""
    genesis, envelopes = authority_of()
    which = data.draw(st.integers(0, 4))
    changed = bytearray(envelopes[which])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    envelopes[which] = bytes(changed)
    state, outcomes = fold(genesis, envelopes)
    assert "granted" not in outcomes
    assert outcomes[which].startswith("GOV-")
    assert all(s["last_change"] is None for s in state["strategies"])


@given(st.permutations(range(5)))
def test_events_out_of_order_never_grant_more(order: list[int]) -> None:
    """Only the order roster, policy, proposal, approvals grants; the two approvals may come in either order."""
    genesis, envelopes = authority_of()
    _, outcomes = fold(genesis, [envelopes[i] for i in order])
    assert ("granted" in outcomes) == (order[:3] == [0, 1, 2])


@given(st.permutations(range(len(CONCURRENT[1]))))
def test_any_order_of_delivery_merges_into_the_same_state(order: list[int]) -> None:
    """Everybody signs at the same time; however the events arrive, the merged log folds to the same state and hash."""
    genesis, envelopes = CONCURRENT
    merged = [data for _, data in in_order([(read_envelope(envelopes[i]), envelopes[i]) for i in order])]
    state, outcomes = fold(genesis, merged)
    straight, told = fold(genesis, [data for _, data in in_order([(read_envelope(e), e) for e in envelopes])])
    assert outcomes == told
    assert outcomes.count("granted") <= 1
    assert canonical(state) == canonical(straight)


@given(st.binary(max_size=300))
def test_random_bytes_are_a_named_error(data: bytes) -> None:
    """Neither reader panics on foreign bytes."""
    genesis, _ = authority_of()
    assert fold(genesis, [data])[1][0].startswith("GOV-")
    try:
        read_envelope(data)
    except GovernanceError as error:
        assert error.code.startswith("GOV-")  # noqa: PT017


@given(st.binary(max_size=200), st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=3, unique=True))
def test_normalising_is_idempotent_and_keeps_every_signature(payload: bytes, seeds: list[bytes]) -> None:
    """An envelope in our spelling stays as it is."""
    from hedgerow.governance.envelope import seal

    keys = [Key.from_seed(seed) for seed in seeds]
    sealed = seal(payload, keys)
    assert normalise(sealed) == sealed
    assert verify(read_envelope(sealed), [k.public for k in keys]) == {k.public for k in keys}


@settings(max_examples=50)
@given(st.integers(0, 10**24), st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))
def test_limits_cross_from_python_to_the_core_and_back_without_a_change(money: int, lots: int, bps: int) -> None:
    """What people sign is what the kernel reads, to the last digit."""
    from decimal import Decimal

    limits = limits_body({"capital": Decimal(money).scaleb(-9), "order_lots": lots, "collar_bps": bps})
    genesis, envelopes = simulation_authority(
        seed=1,
        strategy="s",
        artifact=bytes(32),
        limits=limits,
        universe=["A"],
        base_currency="USD",
        fund="f",
        valid_until_ns=NOW + 1,
    )
    state, _ = fold(genesis, envelopes)
    assert state["proposals"][0]["limits"] == {k: v for k, v in limits.items() if v not in (0, "0.00")}
