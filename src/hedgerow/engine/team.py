"""The people of the demonstration: a fund's folder with keys, roster, policy and a first epoch, and what they sign.

Promises: everything is derived from the seed, so equal seeds give equal bytes; every act goes the way of any fund's
acts, through the authority into the governance log. Never: a key that guards anything real.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow import governance
from hedgerow.governance import epochs, events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk
from hedgerow.governance.keys import Key
from hedgerow.governance.rotation import team
from hedgerow.governance.sequencer import SEQUENCER, sequencer_file
from hedgerow.governance.tiers import FOREVER_NS, simulation_tier

PEOPLE = {"alice": ["researcher"], "bob": ["risk"], "carol": ["fund_manager"]}
QUORUM = "all(risk 1, fund_manager 1)"
STRATEGY = "forecasting"


class Team:
    """A founded fund: `folder` is the site, with `governance/` beside the `journal/` that a run will write."""

    def __init__(self, folder: Path, *, fund: str, currency: str, seed: int, now_ns: int) -> None:
        self.folder, self.now_ns, self._seed = folder, max(0, now_ns), seed
        for name in ("root", *PEOPLE):
            governance.keys_new(folder, name, seed=self._secret(name))
        Key.from_seed(self._secret(SEQUENCER), name=SEQUENCER).save(sequencer_file(folder))
        policy = {"change": QUORUM, "tiers": [simulation_tier(QUORUM).body(0)]}
        governance.roster_new(
            folder,
            people=PEOPLE,
            root_key_files=[self.key_file("root")],
            fund=fund,
            base_currency=currency,
            policy=policy,
            now_ns=self.now_ns,
        )
        self.epoch = self._begin_epoch()

    def key_file(self, name: str) -> Path:
        """Somebody's private key."""
        return self.folder / "keys" / f"{name}.pem"

    def propose(self, artifact: str, limits: Mapping[str, Any], universe: Sequence[str], title: str) -> str:
        """Alice asks for capital; returns the proposal's id."""
        outcome = governance.propose(
            self.folder,
            key_file=self.key_file("alice"),
            strategy=STRATEGY,
            artifact=artifact,
            limits=limits,
            universe=universe,
            valid_until_ns=FOREVER_NS,
            now_ns=self.now_ns,
            title=title,
        )
        return str(outcome["proposal"])

    def approve(self, name: str, proposal: str, *, now_ns: int | None = None) -> None:
        """Somebody approves, at `now_ns` or at once."""
        at_ns = self.now_ns if now_ns is None else now_ns
        governance.approve(self.folder, key_file=self.key_file(name), proposal=proposal, now_ns=at_ns)

    def hand_over_last(self, engine: Any) -> None:
        """Give a running engine what was sequenced last, and the state of the governance log after it."""
        for sequencing in Desk(self.folder).sequencings()[-2:]:
            engine.sequenced(sequencing.ts, sequencing.size, sequencing.root)
            for _, envelope in sequencing.envelopes:
                engine.signed(envelope)

    def _begin_epoch(self) -> epochs.Epoch:
        """The journal's first epoch, wrapped to everybody's device; `epoch_new` with its randomness from the seed."""
        act = Act.on(self.folder, self.now_ns)
        epoch = epochs.Epoch("journal", 1, self._secret("epoch journal 1"))
        body = epochs.epoch_body(epoch, team(act.state), entropy=self._secret("wrapping of journal 1"))
        act.submit(events.epoch(signers=[act.signer(self.key_file("bob"))], context=act.context(), **body))
        return epoch

    def _secret(self, word: str) -> bytes:
        return hashlib.sha256(f"hedgerow demo {self._seed} {word}".encode()).digest()
