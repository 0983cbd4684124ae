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
from hedgerow.governance.events import Context
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key, load_public
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.names import file_stem
from hedgerow.governance.sequencer import SEQUENCER, sequence, sequencer_file, submit
from hedgerow.governance.tiers import DAY_NS, FOREVER_NS, UNLIMITED, Tier, simulation_tier


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
    `keys/NAME.pub.pem`; `quorum` of the first policy is by default one human of risk and one fund manager.
    """
    desk = Desk(folder)
    signers = [Key.load(file, name="root") for file in root_key_files]
    staff = [
        events.Person(name, tuple(roles), tuple(_public_keys(folder, name, public_keys or {})))
        for name, roles in people.items()
    ]
    if desk.is_founded:
        return _next_roster(desk, signers, staff, now_ns)
    if not fund or not base_currency:
        raise problem("GOV_BAD_BODY", "the first roster starts the fund: give it a name and a base currency")
    sign = ", ".join(f"{role} {count}" for role, count in (quorum or {"risk": 1, "fund_manager": 1}).items())
    file = sequencer_file(folder)
    sequencer = Key.load(file, name=SEQUENCER) if file.exists() else Key.generate(SEQUENCER)
    threshold = len(signers) if root_threshold is None else root_threshold
    keys = [key.public for key in signers]
    genesis = events.genesis(fund=fund, base=base_currency, root_keys=keys, root_threshold=threshold)
    standing = Fold(genesis, None).standing()
    hlc = next_hlc(standing, now_ns)
    roster = events.roster(
        signers=signers,
        version=1,
        root_keys=keys,
        root_threshold=threshold,
        people=staff,
        services=[events.Service(SEQUENCER, sequencer.public, ("sequence",), FOREVER_NS)],
        context=Context(parents_for(standing), hlc),
    )
    policy = events.policy(
        signers=signers,
        version=1,
        change=f"all({sign})",
        tiers=_first_tiers(f"all({sign})"),
        context=Context([events.event_id(roster)], (hlc[0], hlc[1] + 1)),
    )
    desk.check_found(genesis, [roster, policy], now_ns=now_ns)
    if not file.exists():
        keys_new(folder, SEQUENCER, seed=sequencer.seed)
    outcome = desk.found(genesis, [roster, policy], now_ns=now_ns)
    return sequence(folder, now_ns=now_ns).outcome(outcome["event"])


def _first_tiers(sign: str) -> list[Tier]:
    """Tiers to begin with: simulated and paper money without bounds, then a small and a full amount of real money."""
    much: dict[str, Any] = {"capital": UNLIMITED, "gross": UNLIMITED, "loss": UNLIMITED, "adv_share_bps": 2**32 - 1}
    return [
        simulation_tier(sign),
        Tier("paper", "paper", **much, sign=sign, valid_ns=FOREVER_NS),
        Tier("canary", "live", 1_000_000, 2_000_000, 50_000, 100, sign, cool_down_ns=DAY_NS, live_ns=30 * DAY_NS),
        Tier("full", "live", **much, sign=sign, cool_down_ns=2 * DAY_NS, live_ns=60 * DAY_NS),
    ]


def _next_roster(desk: Desk, signers: Sequence[Key], staff: Sequence[events.Person], now_ns: int) -> dict[str, Any]:
    """A later roster keeps the root and the services of the one in force."""
    standing = desk.ahead(now_ns)
    state = standing.state
    services = [
        events.Service(s["name"], bytes.fromhex(s["key"]), tuple(s["scopes"]), int(s["valid_until"]))
        for s in (state["roster"] or {"services": []})["services"]
    ]
    envelope = events.roster(
        signers=signers,
        version=1 if state["roster"] is None else state["roster"]["version"] + 1,
        root_keys=[bytes.fromhex(key) for key in state["root"]["keys"]],
        root_threshold=state["root"]["threshold"],
        people=staff,
        services=services,
        context=_context(standing, now_ns),
    )
    return submit(desk, envelope, now_ns=now_ns)


def _context(standing: Standing, now_ns: int, resting_on: Sequence[str] = ()) -> Context:
    """What a new event rests on: the last events that count, the clock, and the policy in force."""
    policy = standing.state["policy"]
    in_force = None if policy is None else policy["id"]
    return Context(parents_for(standing, resting_on), next_hlc(standing, now_ns), in_force)


def propose(
    folder: Path | str,
    *,
    key_file: Path | str,
    strategy: str,
    artifact: str | Mapping[str, Any],
    tier: str,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    valid_until_ns: int,
    now_ns: int,
    title: str = "",
    description: str = "",
    authors: Sequence[str] = (),
) -> dict[str, Any]:
    """Propose that an artifact gets capital: what `manifest` says of it, or its hash; the key's owner is an author."""
    desk, standing, key = _signer(folder, key_file, now_ns)
    content = {"v": 1, "kind": "digest", "sha256": artifact} if isinstance(artifact, str) else artifact
    names = list(authors) or [key.name]
    share, rest = divmod(10_000, len(names))
    manifest = proposal_manifest(
        content,
        credits={name: share + (rest if i == 0 else 0) for i, name in enumerate(names)},
        title=title,
        description=description,
        universe=universe,
    )
    in_force = {row["name"]: row["in_force"] for row in standing.state["strategies"]}
    envelope = events.proposal(
        key=key,
        strategy=strategy,
        manifest=manifest,
        tier=tier,
        limits=limits,
        universe=universe,
        valid_until_ns=valid_until_ns,
        prev=in_force.get(strategy),
        context=_context(standing, now_ns),
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
        context=_context(standing, now_ns, [meant]),
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
        signers=[key],
        strategy=strategy,
        proposal=meant,
        reason=reason,
        context=_context(standing, now_ns, [meant] if meant else ()),
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
    owner = next((p["name"] for p in people if key.public_hex in [d["key"] for d in p["devices"]]), None)
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
