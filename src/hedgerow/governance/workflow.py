"""What people do: make a key, set the roster, propose, approve, revoke, see how things stand.

Each act reads the fund's folder, signs one event with the key file given, and has the authority judge it. An event that
would count is sequenced at once where the sequencer's key lies beside the log; elsewhere it waits in `pending/`. Time
is an argument; results are plain dictionaries, fit for `--json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.governance import events
from hedgerow.governance.desk import Desk, Fold, Standing, next_hlc, parents_for
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key, load_public
from hedgerow.governance.names import file_stem
from hedgerow.governance.sequencer import SEQUENCER, sequence, sequencer_file, submit


def keys_new(folder: Path | str, name: str, *, seed: bytes | None = None) -> dict[str, Any]:
    """Make a person's key: `keys/NAME.pem` stays with them, `keys/NAME.pub.pem` goes to whoever writes the roster.

    With it goes an age identity for their device, `keys/NAME.age`: what is sealed is wrapped to its `recipient`.
    """
    key = Key.generate(name) if seed is None else Key.from_seed(seed, name=name)
    own = Identity.generate() if seed is None else Identity.from_secret(_core.sha256(b"hedgerow age identity " + seed))
    private = key.save(_key_file(folder, name, ".pem"))
    public = key.save_public(_key_file(folder, name, ".pub.pem"))
    identity = own.save(_key_file(folder, name, ".age"))
    return {
        "name": name,
        "public_key": key.public_hex,
        "keyid": key.keyid,
        "private_file": str(private),
        "public_file": str(public),
        "recipient": own.recipient,
        "identity_file": str(identity),
    }


def roster_new(
    folder: Path | str,
    *,
    people: Mapping[str, Sequence[str]],
    root_key_files: Sequence[Path | str],
    now_ns: int,
    public_keys: Mapping[str, Sequence[Path | str]] | None = None,
    quorum: Mapping[str, int] | None = None,
    fund: str = "",
    base_currency: str = "",
    root_threshold: int | None = None,
) -> dict[str, Any]:
    """Set the roster, signed with the root keys; the first one starts the fund and needs `fund` and `base_currency`.

    `people` gives each name its roles; `public_keys` gives names their keys (hexadecimal or PEM files), by default
    `keys/NAME.pub.pem`; `quorum` is by default one human of risk and one fund manager.
    """
    desk = Desk(folder)
    signers = [Key.load(file, name="root") for file in root_key_files]
    staff = [
        events.Person(name, tuple(roles), tuple(_public_keys(folder, name, public_keys or {})))
        for name, roles in people.items()
    ]
    seats = {"risk": 1, "fund_manager": 1} if quorum is None else quorum
    if not desk.is_founded:
        if not fund or not base_currency:
            raise problem("GOV_BAD_BODY", "the first roster starts the fund: give it a name and a base currency")
        threshold = len(signers) if root_threshold is None else root_threshold
        keys = [key.public for key in signers]
        genesis = events.genesis(fund=fund, base=base_currency, root_keys=keys, root_threshold=threshold)
        standing = Fold(genesis, None).standing()
    else:
        genesis, standing = desk.genesis(), desk.ahead(now_ns)
    current = standing.state["roster"]
    envelope = events.roster(
        signers=signers,
        version=1 if current is None else current["version"] + 1,
        people=staff,
        quorum=seats,
        parents=parents_for(standing),
        hlc=next_hlc(standing, now_ns),
    )
    if desk.is_founded:
        return submit(desk, envelope, now_ns=now_ns)
    desk.check_found(genesis, envelope, now_ns=now_ns)
    if not sequencer_file(folder).exists():
        keys_new(folder, SEQUENCER)
    outcome = desk.found(genesis, envelope, now_ns=now_ns)
    return sequence(folder, now_ns=now_ns).outcome(outcome["event"])


def propose(
    folder: Path | str,
    *,
    key_file: Path | str,
    strategy: str,
    artifact: str,
    tier: events.Tier,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    valid_until_ns: int,
    now_ns: int,
    title: str = "",
    description: str = "",
    authors: Sequence[str] = (),
) -> dict[str, Any]:
    """Propose that an artifact (its hash) gets capital; the key's owner is an author."""
    desk, standing, key = _signer(folder, key_file, now_ns)
    envelope = events.proposal(
        key=key,
        strategy=strategy,
        artifact=artifact,
        tier=tier,
        limits=limits,
        universe=universe,
        valid_until_ns=valid_until_ns,
        parents=parents_for(standing),
        hlc=next_hlc(standing, now_ns),
        title=title,
        description=description,
        authors=authors,
    )
    return submit(desk, envelope, now_ns=now_ns)


def approve(
    folder: Path | str,
    *,
    key_file: Path | str,
    proposal: str,
    role: str,
    now_ns: int,
    decision: Literal["approve", "reject"] = "approve",
) -> dict[str, Any]:
    """Approve or reject a proposal, given by its name, the start of its name, or its strategy if only one is open."""
    desk, standing, key = _signer(folder, key_file, now_ns)
    meant = _proposal_id(standing, proposal)
    envelope = events.approval(
        key=key,
        proposal=meant,
        role=role,
        decision=decision,
        parents=parents_for(standing, [meant]),
        hlc=next_hlc(standing, now_ns),
    )
    return submit(desk, envelope, now_ns=now_ns)


def revoke(
    folder: Path | str,
    *,
    key_file: Path | str,
    now_ns: int,
    strategy: str | None = None,
    proposal: str | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Take capital back from a strategy (and close its open proposals), or from one proposal."""
    desk, standing, key = _signer(folder, key_file, now_ns)
    meant = None if proposal is None else _proposal_id(standing, proposal)
    envelope = events.revocation(
        key=key,
        strategy=strategy,
        proposal=meant,
        reason=reason,
        parents=parents_for(standing, [meant] if meant else ()),
        hlc=next_hlc(standing, now_ns),
    )
    return submit(desk, envelope, now_ns=now_ns)


def receive(folder: Path | str, envelope: bytes, *, now_ns: int) -> dict[str, Any]:
    """Take in an event that somebody signed elsewhere, with any DSSE tool."""
    return submit(Desk(folder), envelope, now_ns=now_ns)


def status(folder: Path | str, *, now_ns: int) -> dict[str, Any]:
    """How things stand: roster, proposals and the roles they lack, mandates in force; and events that do not count yet.

    Only what is sequenced counts; `pending` holds what is signed and waits, with the reason if it would be refused.
    """
    desk = Desk(folder)
    standing = desk.standing()
    state = standing.state
    for row in state["proposals"]:
        valid_until_ns = int(row["valid_until"])
        row["expired"] = valid_until_ns <= now_ns
        row["valid_until_utc"] = _utc(valid_until_ns)
    in_force = {s["in_force"] for s in state["strategies"]}
    state["mandates"] = [p for p in state["proposals"] if p["id"] in in_force and not p["expired"]]
    state["log"] = None if standing.head is None else standing.head.to_json()
    state["pending"] = [
        {
            "event": r.id,
            "type": r.event.get("type"),
            "actor": r.event.get("actor"),
            "error": None if r.refused is None else str(r.refused),
        }
        for r in desk.ahead(now_ns).recorded
        if r.is_pending
    ]
    return state


def _signer(folder: Path | str, key_file: Path | str, now_ns: int) -> tuple[Desk, Standing, Key]:
    """The key, under the name that the roster gives its owner."""
    desk = Desk(folder)
    standing = desk.ahead(now_ns)
    key = Key.load(key_file)
    people = (standing.state["roster"] or {"people": []})["people"]
    owner = next((p["name"] for p in people if key.public_hex in p["keys"]), None)
    if owner is None:
        raise problem("GOV_UNKNOWN_KEY", f"{key_file}, public key {key.public_hex}")
    return desk, standing, Key.from_seed(key.seed, name=owner)


def _proposal_id(standing: Standing, word: str) -> str:
    rows = standing.state["proposals"]
    found = {p["id"] for p in rows if len(word) >= 4 and p["id"].startswith(word)} or {
        p["id"] for p in rows if p["strategy"] == word and p["status"] in ("open", "granted")
    }
    opened = {p["id"] for p in rows if p["id"] in found and p["status"] == "open"}
    if len(opened or found) == 1:
        return str((opened or found).pop())
    if found:
        raise problem("GOV_UNKNOWN_PROPOSAL", f"{word!r} means {len(found)} proposals: {', '.join(sorted(found))}")
    known = {p["strategy"] for p in rows} | {p["id"] for p in rows}
    raise problem("GOV_UNKNOWN_PROPOSAL", f"{word!r}{did_you_mean(word, known)}")


def _public_keys(folder: Path | str, name: str, given: Mapping[str, Sequence[Path | str]]) -> list[bytes]:
    return [load_public(source) for source in given.get(name, [_key_file(folder, name, ".pub.pem")])]


def _key_file(folder: Path | str, name: str, ending: str) -> Path:
    return Path(folder) / "keys" / f"{file_stem(name)}{ending}"


def _utc(ns: int) -> str:
    seconds = ns // 1_000_000_000
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
