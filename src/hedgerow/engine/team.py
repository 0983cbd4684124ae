"""The people of the demonstration: a fund's folder with keys, roster, policy and first epochs, and what they sign.

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
from hedgerow.engine.mandates import signed_standing
from hedgerow.engine.opening import RunStanding, hand_over
from hedgerow.governance import epochs, events
from hedgerow.governance.desk import Desk
from hedgerow.governance.identity import GRANT_ENDING, IDENTITY_FILE, Identity
from hedgerow.governance.keys import Key
from hedgerow.governance.rotation import sealing_epoch
from hedgerow.governance.sequencer import SEQUENCER
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
        for name in ("root", SEQUENCER, *PEOPLE, RUNNER):
            governance.keys_new(folder, name, seed=self.secret(name))
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
            entropy=self.secret("epochs"),
            now_ns=self.now_ns,
        )
        self.epoch = sealing_epoch(folder, compartment="journal")
        self._handed_over = 0
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

    def standing(self, currency: str) -> RunStanding:
        """What a run starts under: everything that is sequenced by now."""
        standing = signed_standing(self.folder, STRATEGY, currency)
        self._handed_over = standing.authority.sequencings[-1].size
        return standing

    def hand_over_more(self, engine: Any) -> None:
        """Give a running engine what was sequenced since it started, and the state of the governance log after it."""
        stream = Desk(self.folder).stream()
        if stream is not None:
            hand_over(engine, stream.since(self._handed_over))
            self._handed_over = stream.size

    def secret(self, word: str) -> bytes:
        """Thirty-two bytes for one purpose, out of the seed."""
        return hashlib.sha256(f"hedgerow demo {self._seed} {word}".encode()).digest()


def _paper() -> Tier:
    """The tier above simulated money, which takes no proposal without evidence that the platform made itself.

    Its money is none, so it demands no walls: the demonstration runs where a jail cannot be had too, and the record
    says what was reached.
    """
    capital, gross, loss = PAPER_CAPITAL, 2 * PAPER_CAPITAL, PAPER_CAPITAL // 10
    share = 2**32 - 1
    return Tier("paper", "paper", capital, gross, loss, share, QUORUM, valid_ns=FOREVER_NS, pack=True, isolation="none")
