"""The people of the demonstration: a fund's folder with keys, roster, policy and a first epoch, and what they sign.

One service, `runner`, runs what was approved and vouches for the evidence that it makes; an auditor outside the fund
keeps an identity of their own.

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
from hedgerow.governance.identity import GRANT_ENDING, IDENTITY_FILE, Identity
from hedgerow.governance.keys import Key
from hedgerow.governance.rotation import team
from hedgerow.governance.sequencer import SEQUENCER, sequencer_file
from hedgerow.governance.tiers import FOREVER_NS, Tier, simulation_tier

PEOPLE = {"alice": ["researcher"], "bob": ["risk"], "carol": ["fund_manager"]}
QUORUM = "all(risk 1, fund_manager 1)"
STRATEGY = "forecasting"
RUNNER = "runner"
PAPER_CAPITAL = 1_000_000
"""The most that a strategy gets at the tier which demands evidence of the platform's own."""


class Team:
    """A founded fund: `folder` is the site, with `governance/` beside the `journal/` that a run will write.

    `auditor` is the folder of somebody outside, who has an identity there and a grant of the journal's epoch.
    """

    def __init__(self, folder: Path, *, fund: str, currency: str, seed: int, now_ns: int, auditor: Path) -> None:
        self.folder, self.now_ns, self._seed = folder, max(0, now_ns), seed
        for name in ("root", *PEOPLE, RUNNER):
            governance.keys_new(folder, name, seed=self.secret(name))
        Key.from_seed(self.secret(SEQUENCER), name=SEQUENCER).save(sequencer_file(folder))
        self.auditor_file = Identity.from_secret(self.secret("auditor")).save(auditor / IDENTITY_FILE)
        key = Key.from_seed(self.secret(RUNNER), name=RUNNER)
        policy = {"change": QUORUM, "tiers": [simulation_tier(QUORUM).body(0), _paper().body(1)]}
        governance.roster_new(
            folder,
            people=PEOPLE,
            root_key_files=[self.key_file("root")],
            fund=fund,
            base_currency=currency,
            services=[events.Service(RUNNER, key.public, ("evidence", "run"), FOREVER_NS)],
            policy=policy,
            now_ns=self.now_ns,
        )
        self.epoch = self._begin_epoch()
        granted, recipient = [self.epoch], Identity.load(self.auditor_file).recipient
        (auditor / f"journal{GRANT_ENDING}").write_bytes(epochs.grant(granted, recipient))
        # What lies beside a journal opens it for whoever sits at this machine: it is bob's.
        Identity.load(self.identity_file("bob")).save(folder / IDENTITY_FILE)

    def key_file(self, name: str) -> Path:
        """Somebody's private key."""
        return self.folder / "keys" / f"{name}.pem"

    def identity_file(self, name: str) -> Path:
        """The age identity of somebody's device."""
        return self.folder / "keys" / f"{name}.age"

    def propose(
        self,
        artifact: str | Mapping[str, Any],
        limits: Mapping[str, Any],
        universe: Sequence[str],
        title: str,
        *,
        strategy: str = STRATEGY,
        **more: Any,
    ) -> str:
        """Alice asks for capital; `more` goes to `governance.propose`. Returns the proposal's id."""
        outcome = governance.propose(
            self.folder,
            key_file=self.key_file("alice"),
            strategy=strategy,
            artifact=artifact,
            limits=limits,
            universe=universe,
            valid_until_ns=FOREVER_NS,
            now_ns=self.now_ns,
            title=title,
            **more,
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
        epoch = epochs.Epoch("journal", 1, self.secret("epoch journal 1"))
        body = epochs.epoch_body(epoch, team(act.state), entropy=self.secret("wrapping of journal 1"))
        act.submit(events.epoch(signers=[act.signer(self.key_file("bob"))], context=act.context(), **body))
        return epoch

    def secret(self, word: str) -> bytes:
        """Thirty-two bytes for one purpose, out of the seed."""
        return hashlib.sha256(f"hedgerow demo {self._seed} {word}".encode()).digest()


def _paper() -> Tier:
    """The tier above simulated money, which takes no proposal without evidence that the platform made itself."""
    capital, gross, loss = PAPER_CAPITAL, 2 * PAPER_CAPITAL, PAPER_CAPITAL // 10
    return Tier("paper", "paper", capital, gross, loss, 2**32 - 1, QUORUM, valid_ns=FOREVER_NS, pack=True)
