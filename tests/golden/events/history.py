"""A fund's life in signed events, from its first roster to a retired strategy: what the vectors are written from.

Every type of event is in it, some of them concurrent, and some that must not count. Promises: equal bytes every time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from hedgerow.core.spans import DAY_NS
from hedgerow.governance import events
from hedgerow.governance.events import Context, Device, Live, Person, Service, event_id
from hedgerow.governance.keys import Key
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.tiers import Tier, simulation_tier

DAY_ONE = 1_700_000_000_000_000_000
QUORUM = "all(risk 1, fund_manager 1)"
WRAPPED = base64.b64encode(b"age-encryption.org/v1\n-> X25519 example\n").decode()


def key(name: str, owner: str = "") -> Key:
    """A key that anybody can derive; `owner` is whose device it is."""
    return Key.from_seed(hashlib.sha256(f"vector {name}".encode()).digest(), name=owner or name)


def people() -> list[Person]:
    """The team: Ada writes, Rita and Raj mind risk, Fay manages, Duo does both."""
    rita = (Device(key("Rita").public, "age1rita0"), Device(key("Rita's phone").public, "age1rita1"))
    return [
        Person("Ada", ("researcher",), (key("Ada").public,)),
        Person("Rita", ("risk",), rita),
        Person("Raj", ("risk",), (Device(key("Raj").public, "age1raj00"),)),
        Person("Fay", ("fund_manager",), (key("Fay").public,)),
        Person("Duo", ("risk", "fund_manager"), (key("Duo").public,)),
    ]


def services() -> list[Service]:
    """The programs that sign."""
    scopes: list[Any] = ["sequence", "evidence", "epoch"]
    return [Service(f"{s} service", key(f"{s} service").public, (s,), DAY_ONE + 1_000 * DAY_NS) for s in scopes]


class Silent(Tier):
    """A tier as it was written before tiers said how isolated their strategies are."""

    def body(self, rank: int) -> dict[str, Any]:
        """Without a word about isolation: the strongest is demanded."""
        told = super().body(rank)
        del told["isolation"]
        return told


def tiers(paper: int) -> list[Tier]:
    """Simulated, paper, and a first amount of real money after ten days of paper."""
    sign = 'any(all(risk 1, fund_manager 1), 2 of (risk 1, compliance 1, person "Duo"))'
    return [
        simulation_tier(QUORUM),
        Tier("paper", "paper", paper, 2 * paper, paper, 100, QUORUM, pack=True, isolation="filtered"),
        Silent(
            "canary", "live", 100_000, 200_000, 5_000, 50, sign, ("AAA", "BBB"), cool_down_ns=DAY_NS, live_ns=4 * DAY_NS
        ),
    ]


class History:
    """Signs one event after another; each rests on the last, unless it says on what."""

    def __init__(self) -> None:
        self.roots = [key("root 1"), key("root 2")]
        self.genesis = events.genesis(
            fund="Vector Fund", base="USD", root_keys=[root.public for root in self.roots], root_threshold=2
        )
        self.envelopes: list[bytes] = []
        self.head = [hashlib.sha256(self.genesis).hexdigest()]
        self.rules: str | None = None
        self.clock = DAY_ONE // 1_000_000

    def context(self, parents: Sequence[str] | None = None, ms: int | None = None) -> Context:
        """What the next event rests on."""
        self.clock += 1_000
        seen = {"origin": "vector-fund/governance", "size": len(self.envelopes), "root": "5e" * 32}
        return Context(parents or self.head, (ms or self.clock, 0), self.rules, seen if self.rules else None)

    def add(self, envelope: bytes, *, is_head: bool = True) -> str:
        """Keep an event; the next one rests on it."""
        self.envelopes.append(envelope)
        name = event_id(envelope)
        self.head = [name] if is_head else self.head
        return name

    def begin(self) -> None:
        """Roster, policy, and the evidence of two artifacts."""
        names = [root.public for root in self.roots]
        roster: dict[str, Any] = {"root_keys": names, "root_threshold": 2, "services": services()}
        self.add(events.roster(signers=self.roots, version=1, people=people(), context=self.context(), **roster))
        first = events.policy(
            signers=self.roots,
            version=1,
            change="all(risk 2 of 3, fund_manager 1)",
            tiers=tiers(1_000_000),
            context=self.context(),
        )
        self.rules = self.add(first)

    def manifest(self, word: str) -> dict[str, Any]:
        """The manifest of an artifact that a word names."""
        content = {"v": 1, "kind": "bytes", "sha256": hashlib.sha256(word.encode()).hexdigest()}
        return proposal_manifest(
            content,
            credits={"Ada": 7_500, "Duo": 2_500},
            title=f"Trend «{word}» – naïve",
            universe=["AAA", "BBB"],
            data=["daily closes"],
            horizon_ns=DAY_NS,
            capacity="25000000.00",
            risk={"style": "trend", "β": "0.3"},
            commitments={"test vectors": "c0" * 32},
        )

    def evidence(self, word: str) -> str:
        """The platform ran the artifact."""
        artifact = events.artifact_of(self.manifest(word))
        signer = key("evidence service")
        figures = {"sharpe": "1.21", "max_drawdown": "0.08"}
        return self.add(
            events.evidence(
                key=signer, artifact=artifact, pack="ed" * 32, trials=17, summary=figures, context=self.context()
            )
        )

    def propose(self, word: str, tier: str, capital: int, prev: str | None, **more: Any) -> str:
        """Ada proposes."""
        return self.add(
            events.proposal(
                key=key("Ada"),
                strategy="trend",
                manifest=self.manifest(word),
                tier=tier,
                limits={"capital": capital, "gross": capital, "order_lots": 500},
                universe=["AAA", "BBB"],
                valid_until_ns=DAY_ONE + 200 * DAY_NS,
                prev=prev,
                context=self.context(),
                **more,
            )
        )

    def decide(self, who: str, role: str, proposal: str, **more: Any) -> str:
        """Somebody decides on a proposal, at the same time as others who saw only the proposal."""
        device = more.pop("device", who)
        context = self.context([proposal], more.pop("ms", None))
        signed = events.approval(key=key(device, who), proposal=proposal, role=role, context=context, **more)
        return self.add(signed, is_head=False)


def told() -> History:
    """The whole history."""
    history = History()
    history.begin()
    shown = {"evidence_event": history.evidence("one"), "evidence_pack": "ed" * 32}
    first = history.propose("one", "paper", 1_000_000, None, **shown)
    late = history.clock + 9_000
    history.decide("Duo", "risk", first)  # an author: does not count
    history.head = [history.decide("Rita", "risk", first, ms=late), history.decide("Fay", "fund_manager", first)]
    history.clock = late
    paused = history.add(events.pause(key=key("Rita"), strategy="trend", reason="drawdown", context=history.context()))
    history.propose("one", "paper", 950_000, first, **shown)  # follows what was before the pause: does not count
    history.head = [paused]
    resumed = history.propose("one", "paper", 900_000, paused, **shown)
    for who, role in (("Raj", "risk"), ("Fay", "fund_manager")):
        history.head = [history.decide(who, role, resumed)]
    changed = history.add(
        events.policy(signers=[key("Ada")], version=2, change=QUORUM, tiers=tiers(500_000), context=history.context())
    )
    for who, role in (("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager")):
        history.head = [history.decide(who, role, changed)]
    history.rules = changed
    live = Live("paper", DAY_ONE, DAY_ONE + 14 * DAY_NS, "11" * 32)
    canary = history.propose("one", "canary", 100_000, resumed, live=live)
    history.head = [history.decide("Rita", "risk", canary, device="Rita's phone")]
    history.head = [history.decide("Fay", "fund_manager", canary)]
    end(history, canary)
    return history


def end(history: History, canary: str) -> None:
    """A demotion, a lost phone, an epoch, a roster under other root keys, and the end of the strategy."""
    stale = history.propose("two", "simulation", 1_000, canary)
    history.add(
        events.demote(
            key=key("Raj"),
            strategy="trend",
            tier="paper",
            limits={"capital": 50_000, "gross": 50_000},
            reason="late fills",
            context=history.context(),
        )
    )
    history.decide("Raj", "risk", stale)  # closed by the demotion: does not count
    lost = key("Rita's phone").public
    history.add(
        events.revocation(signers=[key("Rita")], reason="phone lost", revoked_key=lost, context=history.context())
    )
    phone = key("Rita's phone", "Rita")
    history.add(
        events.pause(key=phone, strategy="trend", reason="not mine any more", context=history.context()), is_head=False
    )
    history.add(
        events.epoch(
            signers=[key("epoch service")],
            compartment="governance",
            number=1,
            commitment="c1" * 32,
            recipients=["age1rita0", "age1raj00", "age1escrow"],
            wrapped=WRAPPED,
            context=history.context(),
        )
    )
    others = [key("root 2"), key("root 3")]
    history.add(
        events.roster(
            signers=[*history.roots, key("root 3")],
            version=2,
            root_keys=[root.public for root in others],
            root_threshold=2,
            people=people(),
            services=services(),
            context=history.context(),
        )
    )
    history.add(events.retire(key=key("Ada"), strategy="trend", reason="out of edge", context=history.context()))
