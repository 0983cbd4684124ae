"""What every act of a person has in common: the fund as it stands, whose key signs, and what the new event rests on.

Promises: an event names the last sequenced events, the waiting ones that it speaks of, the policy in force and the last
checkpoint that its signer has verified. Time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.governance.desk import Desk, Fold, Fund, Standing, next_hlc, parents_for
from hedgerow.governance.drafts import Draft
from hedgerow.governance.events import Context
from hedgerow.governance.keys import Key
from hedgerow.governance.sequencer import submit
from hedgerow.governance.tiers import FOREVER_NS


@dataclass(frozen=True)
class Act:
    """One act on a fund's folder: its desk, the log as it was read, what is known with what waits, and when."""

    desk: Desk
    folded: Fold
    standing: Standing
    state: Mapping[str, Any]
    now_ns: int

    @classmethod
    def on(cls, folder: Fund, now_ns: int) -> Act:
        """Begin an act."""
        desk = Desk.at(folder)
        folded = desk.fold()
        standing = desk.ahead(now_ns, folded)
        return cls(desk, folded, standing, standing.state, now_ns)

    def context(self, resting_on: Sequence[str | None] = ()) -> Context:
        """What a new event rests on."""
        policy = self.state["policy"]["id"] if self.state["policy"] else None
        rules = [r.id for r in self.standing.recorded if r.is_pending and r.event.get("type") in ("roster", "policy")]
        named = [name for name in (policy, *rules, *resting_on) if name is not None]
        seen = None if self.standing.head is None else self.standing.head.to_json()
        return Context(parents_for(self.standing, named), next_hlc(self.standing, self.now_ns), policy, seen)

    def signer(self, key_file: Path | str) -> Key:
        """A person's or service's key, under the name that the roster gives its owner."""
        key = Key.load(key_file)
        roster = self.state["roster"] or {"people": [], "services": []}
        owners = {d["key"]: p["name"] for p in roster["people"] for d in p["devices"]}
        owners |= {s["key"]: s["name"] for s in roster["services"]}
        if key.public_hex not in owners:
            raise problem("GOV_UNKNOWN_KEY", f"{key_file}, public key {key.public_hex}")
        return Key.from_seed(key.seed, name=owners[key.public_hex])

    def signers(self, key_file: Path | str | None, root_key_files: Sequence[Path | str]) -> list[Key]:
        """Who signs what one person or the root may sign; `GOV_QUORUM` if nobody does."""
        if key_file is not None:
            return [self.signer(key_file)]
        if not root_key_files:
            raise problem("GOV_QUORUM", "nobody signs; give a person's key or the root keys")
        return [Key.load(file, name="root") for file in root_key_files]

    def person(self, name: str) -> Mapping[str, Any]:
        """A human of the roster."""
        people = (self.state["roster"] or {"people": []})["people"]
        return next((p for p in people if p["name"] == name), {"name": name, "roles": [], "devices": []})

    def tier(self, name: str | None) -> Mapping[str, Any]:
        """A tier of the policy in force; the lowest for `None`."""
        if self.state["policy"] is None:
            raise problem("GOV_POLICY", "no policy is in force yet; the root keys sign the first")
        tiers = self.state["policy"]["tiers"]
        found = next((tier for tier in tiers if name in (None, tier["name"])), None)
        if found is None:
            names = [tier["name"] for tier in tiers]
            raise problem(
                "GOV_BAD_BODY", f"tier {name!r}, not one of {', '.join(names)}{did_you_mean(str(name), names)}"
            )
        return dict(found)

    def latest_end_ns(self, tier: Mapping[str, Any]) -> int:
        """The latest end of a mandate at a tier, if granted now."""
        return min(self.now_ns + int(tier["valid_ns"]), FOREVER_NS)

    def limits_now(self, strategy: str, tier: str | None = None) -> dict[str, Any]:
        """The limits granted last to a strategy, if there are any; cut to what a tier allows, if one is named."""
        granted = [m["limits"] for m in self.state["mandates"] if m["strategy"] == strategy]
        limits: dict[str, Any] = dict(granted[-1]) if granted else {}
        rules = {} if tier is None else self.tier(tier)
        for name in ("capital", "gross", "loss", "adv_share_bps"):
            if name in limits and name in rules and Decimal(str(limits[name])) > Decimal(str(rules[name])):
                limits[name] = rules[name]
        return limits

    def last_change(self, strategy: str) -> str | None:
        """The last change of the strategy's allocation, which the next one must name; a pause is one too."""
        return next((s["last_change"] for s in self.state["strategies"] if s["name"] == strategy), None)

    def proposal(self, word: str) -> dict[str, Any]:
        """A proposal of capital or of a policy: by its id, the start of it, its strategy, or `policy`."""
        capital = [dict(p) for p in self.state["proposals"]]
        amendments = [dict(a, strategy="policy") for a in self.state["policy_proposals"]]
        rows = capital + amendments
        found = [p for p in rows if len(word) >= 4 and p["id"].startswith(word)]
        found = found or [p for p in rows if p["strategy"] == word and p["status"] in ("open", "granted")]
        opened = [p for p in found if p["status"] == "open"]
        if len(opened or found) == 1:
            return dict((opened or found)[0])
        if found:
            names = ", ".join(sorted(p["id"] for p in opened or found))
            raise problem("GOV_UNKNOWN_PROPOSAL", f"{word!r} means {len(opened or found)} proposals: {names}")
        known = {p["strategy"] for p in rows} | {p["id"] for p in rows}
        raise problem("GOV_UNKNOWN_PROPOSAL", f"{word!r}{did_you_mean(word, known)}")

    def body_of(self, event: str) -> dict[str, Any]:
        """The signed body of an event of this fund."""
        body: dict[str, Any] = next(r.event["body"] for r in self.standing.recorded if r.id == event)
        return body

    def submit(self, envelope: bytes, draft: Path | str | None = None) -> dict[str, Any]:
        """Take in what was signed; with `draft` write it there instead, for others to sign as well."""
        if draft is not None:
            return Draft((envelope,)).save(draft)
        return submit(self.desk, envelope, now_ns=self.now_ns, folded=self.folded)
