"""One step of a walk from a record to its causes, and what the fund's first record and people's signed events say.

Promises: plain values, each with its record's id. Never: reads a log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cause:
    """One step of the walk: a record, what it is, and what it says in a sentence."""

    id: int
    noun: str
    ts: int
    says: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"id": self.id, "noun": self.noun, "ts": self.ts, "says": self.says}


def genesis_of(record_id: int, data: bytes) -> Cause:
    """A fund's first record."""
    fund = json.loads(data)
    return Cause(record_id, "Genesis", 0, f"the fund {fund['fund']} begins, counting in {fund['base']}")


def event_of(record_id: int, event: dict[str, Any]) -> Cause:
    """A signed event: who signed what."""
    body, kind = event["body"], event["type"]
    sentences = {
        "approval": lambda: f"signed {body['decision']} as {body['role']}",
        "proposal": lambda: f"proposed {body['strategy']}: {body['manifest']['title']}",
        "roster": lambda: f"signed version {body['version']} of the roster",
        "policy": lambda: f"signed version {body['version']} of the policy",
        "evidence": lambda: f"found evidence {body['pack'][:12]} of artifact {body['artifact'][:12]}",
        "pause": lambda: f"paused {body['strategy']}: {body['reason']}",
        "demote": lambda: f"demoted {body['strategy']} to {body['tier']}: {body['reason']}",
        "retire": lambda: f"retired {body['strategy']}: {body['reason']}",
        "revocation": lambda: f"took back {body.get('strategy') or body.get('proposal') or body.get('key')}",
        "epoch": lambda: f"began epoch {body['compartment']} {body['number']}",
    }
    return Cause(
        record_id, kind.capitalize(), int(event["hlc"][0]) * 1_000_000, f"{event['actor']} {sentences[kind]()}"
    )
