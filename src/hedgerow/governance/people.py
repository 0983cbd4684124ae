"""Keys and the roster: who the people are, what they sign with, which programs serve the fund, and its root.

Promises: a roster names every human, device and service in force; the first one starts the fund (see `founding.py`).
Never: a private key in an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.founding import Founding, without_recipient
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key, keyid, load_public
from hedgerow.governance.names import file_stem


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


def keys_show(source: Path | str) -> dict[str, Any]:
    """What a key file is: its public key and its name in envelopes; a private file is read, its secret is not told."""
    path = Path(source)
    is_private = path.exists() and "PRIVATE KEY" in path.read_text(encoding="ascii", errors="replace")
    public = Key.load(path).public if is_private else load_public(source)
    return {
        "source": str(source),
        "kind": "private" if is_private else "public",
        "public_key": public.hex(),
        "keyid": keyid(public),
    }


def roster_new(
    folder: Fund,
    *,
    people: Mapping[str, Sequence[str]],
    root_key_files: Sequence[Path | str],
    now_ns: int,
    public_keys: Mapping[str, Sequence[Path | str]] | None = None,
    recipients: Mapping[str, str] | None = None,
    services: Sequence[events.Service] | None = None,
    root_public: Sequence[Path | str] | None = None,
    root_threshold: int | None = None,
    fund: str = "",
    base_currency: str = "",
    policy: Path | str | Mapping[str, Any] | None = None,
    entropy: bytes | None = None,
    draft: Path | str | None = None,
) -> dict[str, Any]:
    """Set the roster, signed with the root keys; the first one starts the fund and needs `fund` and `base_currency`.

    `people` gives each name its roles; `public_keys` gives names their devices' keys (hexadecimal or PEM files), by
    default `keys/NAME.pub.pem`; `recipients` gives names the age recipient of their first device, by default that of
    `keys/NAME.age` where it lies, and services theirs; `services` the programs, by default those in force.
    `root_public` and `root_threshold` rotate the root: the roster then needs the threshold of the old root and of the
    new one among its signers. The first roster comes with its `policy` (a file or data; default: paper, canary, full),
    makes the sequencer's key, and begins the epochs that the logs are sealed in if anybody has an age recipient
    (`entropy`: see `fresh_epoch`). Tells under `cannot_read` who has none and so cannot read a sealed log. With `draft`
    nothing counts yet: that file goes to the other root keys, see `sign_draft`.
    """
    signers = [Key.load(file, name="root") for file in root_key_files]
    if not signers:
        raise problem("GOV_QUORUM", "no root key signs; give at least one")
    desk = Desk.at(folder)
    staff = [
        events.Person(name, tuple(roles), tuple(_devices(desk.folder, name, public_keys or {}, recipients or {})))
        for name, roles in people.items()
    ]
    given = None if root_public is None else [load_public(source) for source in root_public]
    if not desk.is_founded:
        root = given or [key.public for key in signers]
        founding = Founding(
            fund=fund,
            base_currency=base_currency,
            signers=signers,
            root=root,
            threshold=len(root) if root_threshold is None else root_threshold,
            staff=staff,
            services=services or (),
            policy=policy,
            recipients=recipients or {},
            entropy=entropy,
            now_ns=now_ns,
        )
        return founding.begin(desk, draft)
    act = Act.on(desk, now_ns)
    current, in_force = act.state["roster"], act.state["root"]
    envelope = events.roster(
        signers=signers,
        version=1 if current is None else current["version"] + 1,
        root_keys=given or [bytes.fromhex(key) for key in in_force["keys"]],
        root_threshold=in_force["threshold"] if root_threshold is None else root_threshold,
        people=staff,
        services=_services_of(current) if services is None else services,
        context=act.context(),
    )
    is_sealed = bool(act.state["epochs"])
    return {**act.submit(envelope, draft), "cannot_read": without_recipient(staff) if is_sealed else []}


def roster_show(folder: Fund, *, now_ns: int) -> dict[str, Any]:
    """The people, devices, services and root in force, and the keys that were revoked."""
    state = Desk.at(folder).standing().state
    return {
        "fund": state["fund"],
        "base": state["base"],
        "root": state["root"],
        **(state["roster"] or {"version": 0, "people": [], "services": []}),
        "revoked_keys": state["revoked_keys"],
        "expired_services": [
            s["name"] for s in (state["roster"] or {"services": []})["services"] if int(s["valid_until"]) <= now_ns
        ],
    }


def services_of(folder: Fund) -> list[events.Service]:
    """The services in force; none in a folder without a fund."""
    desk = Desk.at(folder)
    return _services_of(desk.standing().state["roster"]) if desk.is_founded else []


def _services_of(roster: Mapping[str, Any] | None) -> list[events.Service]:
    rows = [] if roster is None else roster["services"]
    return [events.Service(s["name"], bytes.fromhex(s["key"]), tuple(s["scopes"]), int(s["valid_until"])) for s in rows]


def _devices(
    folder: Path | str, name: str, given: Mapping[str, Sequence[Path | str]], recipients: Mapping[str, str]
) -> list[events.Device | bytes]:
    """The devices of a person: the first one has the age recipient, if one is known."""
    sources = given.get(name)
    keys = [load_public(source) for source in sources or [_key_file(folder, name, ".pub.pem")]]
    own = _key_file(folder, name, ".age")
    age = recipients.get(name)
    if age is None and sources is None and own.exists():
        age = Identity.load(own).recipient
    return [events.Device(key, age if place == 0 else None) for place, key in enumerate(keys)]


def _key_file(folder: Path | str, name: str, ending: str) -> Path:
    return Path(folder) / "keys" / f"{file_stem(name)}{ending}"
