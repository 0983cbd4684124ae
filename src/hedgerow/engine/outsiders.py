"""What others hold of a fund's logs: witnesses' cosignatures, the proof of one record, a replica in ciphertext.

Promises: the witnesses are real servers on this machine's loopback with keys of their own; the replica is proved
before it is stored, and the site rebuilt from it has the same root. Never: reaches beyond loopback and the folders
given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.engine import proof_file
from hedgerow.engine.audit import Proof, verify
from hedgerow.engine.stamping import Stamped, stamp_here
from hedgerow.governance import replicas, witness

WITNESSES = ("administrator", "auditor", "prime-broker", "off-site")
POLICY = "policy"


@dataclass(frozen=True)
class Outside:
    """What was handed out, and what it proved."""

    witnessed: str
    policy: Path
    stamped: Stamped
    record_proof: Path | None
    replica: Path
    replica_files: int
    restored: Proof

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "witnessed": self.witnessed,
            "policy": str(self.policy),
            "time_stamp": self.stamped.says,
            "time_stamp_certificates": None if self.stamped.certificates is None else str(self.stamped.certificates),
            "record_proof": None if self.record_proof is None else str(self.record_proof),
            "replica": str(self.replica),
            "replica_files": self.replica_files,
            "restored_root": self.restored.root,
        }


def hand_out(site: Path, folder: Path, record: int | None, auditor: Path) -> Outside:
    """Have a sealed journal witnessed and time-stamped, one record of it proved, and the whole replicated and rebuilt.

    auditor: identity file of whoever rebuilds it.

    Raises what `WitnessStanding.demand`, `replicate`, `restore` and `verify` raise; nothing is handed out unproved.
    """
    policy = folder / "witnesses" / POLICY
    with _witnesses(site, policy):
        asked = witness.ask(site, witness.read_policy(policy))
    asked.standing.demand()
    replica = folder / "replica"
    logs = replicas.prove_site(site, only=("journal",))
    [copied] = replicas.replicate(logs, [replicas.open_target(str(replica), now_ns=0)])
    if copied.error is not None:
        raise copied.error
    return Outside(
        witnessed=asked.standing.says,
        policy=policy,
        stamped=stamp_here(site, folder / "time-stamping"),
        record_proof=None if record is None else _proved(site, folder, record, policy),
        replica=replica,
        replica_files=copied.files_sent,
        restored=_rebuilt(replica, auditor),
    )


def _rebuilt(replica: Path, auditor: Path) -> Proof:
    """What an auditor makes of a replica with an identity of their own and a grant of the fund's epoch keys."""
    restored = auditor.parent / "log"
    replicas.restore(replicas.open_target(str(replica), now_ns=0), restored)
    return verify(restored, identity=auditor)


def _proved(site: Path, folder: Path, record: int, policy: Path) -> Path:
    """The proof of one record, checked as whoever receives it would."""
    path = folder / f"record-{record}.proof.json"
    path.write_bytes(proof_file.prove(site, record))
    proof_file.check(path, policy=policy)
    return path


@contextmanager
def _witnesses(site: Path, policy: Path) -> Iterator[None]:
    """Four witnesses that serve while this lasts, and the policy that asks for three of them."""
    key = (site / "journal" / "key.pub").read_text(encoding="utf-8").strip()
    servers, rows = [], []
    try:
        for name in WITNESSES:
            line = witness.new(policy.parent / name, f"{name}.example/witness")
            server = witness.serve(policy.parent / name, [key], ("127.0.0.1", 0), report=lambda _: None)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.append(server)
            rows.append((line, server.url))
        policy.write_text(witness.default_policy([key], rows), encoding="utf-8")
        yield
    finally:
        for server in servers:
            server.stop()
            server.server_close()
