"""What people do: make a key, set the roster, propose, approve, revoke, see how things stand.

Each act reads the fund's folder, signs one event with the key file given, has the authority judge it, and writes it
only if it counts. Time is an argument; results are plain dictionaries, fit for `--json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.governance import events
from hedgerow.governance.desk import Desk, Standing, fold, next_hlc
from hedgerow.governance.keys import Key, load_public


def keys_new(folder: Path | str, name: str, *, seed: bytes | None = None) -> dict[str, Any]:
    """Make a person's key: `keys/NAME.pem` stays with them, `keys/NAME.pub.pem` goes to whoever writes the roster."""
    key = Key.generate(name) if seed is None else Key.from_seed(seed, name=name)
    private = key.save(_key_file(folder, name, ".pem"))
    public = key.save_public(_key_file(folder, name, ".pub.pem"))
    return {
        "name": name,
        "public_key": key.public_hex,
        "keyid": key.keyid,
        "private_file": str(private),
        "public_file": str(public),
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
        standing = fold(genesis, [])
    else:
        genesis, standing = desk.genesis(), desk.standing()
    current = standing.state["roster"]
    envelope = events.roster(
        signers=signers,
        version=1 if current is None else current["version"] + 1,
        people=staff,
        quorum=seats,
        parents=standing.heads,
        hlc=next_hlc(standing, now_ns),
    )
    return desk.add(envelope, now_ns=now_ns) if desk.is_founded else desk.found(genesis, envelope, now_ns=now_ns)


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
    desk, standing, key = _signer(folder, key_file)
    envelope = events.proposal(
        key=key,
        strategy=strategy,
        artifact=artifact,
        tier=tier,
        limits=limits,
        universe=universe,
        valid_until_ns=valid_until_ns,
        parents=standing.heads,
        hlc=next_hlc(standing, now_ns),
        title=title,
        description=description,
        authors=authors,
    )
    return desk.add(envelope, now_ns=now_ns)


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
    desk, standing, key = _signer(folder, key_file)
    envelope = events.approval(
        key=key,
        proposal=_proposal_id(standing, proposal),
        role=role,
        decision=decision,
        parents=standing.heads,
        hlc=next_hlc(standing, now_ns),
    )
    return desk.add(envelope, now_ns=now_ns)


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
    desk, standing, key = _signer(folder, key_file)
    envelope = events.revocation(
        key=key,
        strategy=strategy,
        proposal=None if proposal is None else _proposal_id(standing, proposal),
        reason=reason,
        parents=standing.heads,
        hlc=next_hlc(standing, now_ns),
    )
    return desk.add(envelope, now_ns=now_ns)


def receive(folder: Path | str, envelope: bytes, *, now_ns: int) -> dict[str, Any]:
    """Take in an event that somebody signed elsewhere, with any DSSE tool."""
    return Desk(folder).add(envelope, now_ns=now_ns)


def status(folder: Path | str, *, now_ns: int) -> dict[str, Any]:
    """How things stand: roster, proposals and the roles they lack, mandates in force, events that do not count."""
    standing = Desk(folder).standing()
    state = standing.state
    for row in state["proposals"]:
        valid_until_ns = int(row["valid_until"])
        row["expired"] = valid_until_ns <= now_ns
        row["valid_until_utc"] = _utc(valid_until_ns)
    in_force = {s["in_force"] for s in state["strategies"]}
    state["mandates"] = [p for p in state["proposals"] if p["id"] in in_force and not p["expired"]]
    state["refused"] = [
        {"event": r.id, "type": r.event["type"], "actor": r.event["actor"], "error": str(r.refused)}
        for r in standing.recorded
        if r.refused is not None
    ]
    return state


def _signer(folder: Path | str, key_file: Path | str) -> tuple[Desk, Standing, Key]:
    """The key, under the name that the roster gives its owner."""
    desk = Desk(folder)
    standing = desk.standing()
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
    stem = "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")
    if not stem:
        raise problem("GOV_KEY_FILE", f"{name!r} has no letter or digit to name a file by")
    return Path(folder) / "keys" / f"{stem}{ending}"


def _utc(ns: int) -> str:
    seconds = ns // 1_000_000_000
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
