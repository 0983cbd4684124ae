"""How a fund begins: genesis, first roster, first policy, and the epochs that its two logs are sealed in.

The log is sealed from its first entry on where the sequencer has an age recipient and one person of the first roster
has: a person without one cannot read it, and is named. Where nobody has, it stays plain until `epoch_new`, and its
copies leave the site only if that is said.

Promises: all of it counts together or nothing is written; the sequencer's key and identity are made once, beside the
log. Never: a private key in an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance import events
from hedgerow.governance.desk import Desk
from hedgerow.governance.drafts import Draft
from hedgerow.governance.epochs import fresh_epoch
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key
from hedgerow.governance.policy import default_policy, read_policy
from hedgerow.governance.sequencer import SCOPE, SEQUENCER, found, sequencer_file
from hedgerow.governance.tiers import FOREVER_NS

_SEALED: tuple[events.Compartment, ...] = ("governance", "journal")


@dataclass(frozen=True)
class Founding:
    """What a fund begins with.

    recipients: age recipients of services by name. entropy: 32 bytes that nobody can guess, for equal epochs from equal
    runs; `None` = the operating system's randomness.
    """

    fund: str
    base_currency: str
    signers: Sequence[Key]
    root: Sequence[bytes]
    threshold: int
    staff: Sequence[events.Person]
    services: Sequence[events.Service]
    policy: Path | str | Mapping[str, Any] | None
    recipients: Mapping[str, str]
    entropy: bytes | None
    now_ns: int

    def begin(self, desk: Desk, draft: Path | str | None) -> dict[str, Any]:
        """Start the fund, or write a draft of it for the other root keys to sign."""
        if not self.fund or not self.base_currency:
            raise problem("GOV_BAD_BODY", "the first roster starts the fund: give it a name and a base currency")
        site = _Site.of(desk, self.services)
        genesis = events.genesis(
            fund=self.fund, base=self.base_currency, root_keys=self.root, root_threshold=self.threshold
        )
        first = self._events(genesis, site)
        if draft is None:
            desk.check_found(genesis, first, now_ns=self.now_ns)
        site.keep()
        if draft is not None:
            done = Draft(tuple(first), genesis).save(draft)
        else:
            done = found(desk, genesis, first, now_ns=self.now_ns)
        return {**done, "cannot_read": without_recipient(self.staff) if self._readers(site) else []}

    def _events(self, genesis: bytes, site: _Site) -> list[bytes]:
        """Roster, policy and epochs, each resting on the one before it."""
        roster = events.roster(
            signers=self.signers,
            version=1,
            root_keys=self.root,
            root_threshold=self.threshold,
            people=self.staff,
            services=[*self.services, *site.services],
            context=events.Context([events.genesis_id(genesis)], self._clock(0)),
        )
        terms = default_policy() if self.policy is None else read_policy(self.policy)
        policy = events.policy(
            signers=self.signers,
            version=1,
            change=terms.change,
            pause=terms.pause,
            tiers=terms.tiers,
            context=events.Context([events.event_id(roster)], self._clock(1)),
        )
        first = [roster, policy]
        for compartment in _SEALED if (readers := self._readers(site)) else ():
            body = fresh_epoch(compartment, 1, readers, entropy=self.entropy)
            context = events.Context([events.event_id(first[-1])], self._clock(len(first)))
            first.append(events.epoch(signers=self.signers, context=context, **body))
        return first

    def _readers(self, site: _Site) -> list[str]:
        """The age recipients of everybody who may read the log; none if its writer or each of the people has none."""
        services = {s.name: self.recipients[s.name] for s in self.services if s.name in self.recipients}
        writer = site.recipient or next((services.get(s.name) for s in self.services if SCOPE in s.scopes), None)
        people = [age for person in self.staff for age in _ages(person)]
        return [] if writer is None or not people else [writer, *services.values(), *people]

    def _clock(self, count: int) -> events.Hlc:
        return self.now_ns // 1_000_000, count


def without_recipient(staff: Sequence[events.Person]) -> list[str]:
    """Who has no device that could be given an epoch's key."""
    return [person.name for person in staff if not _ages(person)]


def _ages(person: events.Person) -> list[str]:
    return [d.age for d in person.devices if isinstance(d, events.Device) and d.age]


@dataclass(frozen=True)
class _Site:
    """The sequencer's key and identity beside the log, unless a named service sequences elsewhere."""

    file: Path
    key: Key | None
    identity: Identity | None
    is_named: bool

    @classmethod
    def of(cls, desk: Desk, services: Sequence[events.Service]) -> _Site:
        """Those that lie there, else new ones that are not written yet."""
        file, is_named = sequencer_file(desk.folder), any(SCOPE in service.scopes for service in services)
        if is_named and not file.exists():
            return cls(file, None, None, is_named)
        own = file.with_suffix(".age")
        return cls(
            file,
            Key.load(file, name=SEQUENCER) if file.exists() else Key.generate(SEQUENCER),
            Identity.load(own) if own.exists() else Identity.generate(),
            is_named,
        )

    @property
    def services(self) -> list[events.Service]:
        """The sequencer for the roster, if it is not named there."""
        return (
            []
            if self.key is None or self.is_named
            else [events.Service(SEQUENCER, self.key.public, (SCOPE,), FOREVER_NS)]
        )

    @property
    def recipient(self) -> str | None:
        """What the epochs of the log are wrapped to, so that its writer can read it."""
        return None if self.identity is None else self.identity.recipient

    def keep(self) -> None:
        """Write what is new."""
        if self.key is None or self.identity is None:
            return
        if not self.file.exists():
            self.key.save(self.file)
            self.key.save_public(self.file.with_suffix(".pub.pem"))
        if not self.file.with_suffix(".age").exists():
            self.identity.save(self.file.with_suffix(".age"))
