"""How data come in: three small protocols, one for each shape, and the transports that keep them.

`Files` are listed and fetched from an offset; `Pages` are asked for one after the other, each answer saying where the
next begins; a `Stream` says messages until it is left. What stays when the process ends is the landing's work, and how
often a thing is tried is the runner's.

Promises of every transport: what fails is a `FEED_...` error, an `OSError` of the network, or `Patience`; time,
secrets and the places it may touch are arguments. Never: retries, writes, turns bytes into rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol, runtime_checkable

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.settings import Table

CHUNK_BYTES = 1 << 16
FOLDERS_DEEP_MAX = 32
KINDS = {
    "folder": "hedgerow.market.feeds.folder",
    "http": "hedgerow.market.feeds.http",
    "rest": "hedgerow.market.feeds.rest",
    "sftp": "hedgerow.market.feeds.sftp",
    "ftp": "hedgerow.market.feeds.ftp",
    "s3": "hedgerow.market.feeds.s3",
    "websocket": "hedgerow.market.feeds.websocket",
    "kafka": "hedgerow.market.feeds.kafka",
    "moldudp64": "hedgerow.market.feeds.multicast",
}
"""Which module keeps which transport: it has a function `settings(table)`."""


@dataclass(frozen=True)
class World:
    """What lies outside: the clock in UTC nanoseconds, how to wait, and the environment's variables."""

    now_ns: Callable[[], int]
    sleep: Callable[[float], None]
    environment: Mapping[str, str]

    def secret(self, variable: str) -> str:
        """A secret from the environment, or `FEED_SECRET` with the variable's name."""
        if not self.environment.get(variable):
            raise problem("FEED_SECRET", f"the environment has no {variable}")
        return self.environment[variable]


@dataclass(frozen=True)
class Remote:
    """A file of the other side; `version` is what changes when its bytes do, where the other side says so."""

    name: str
    version: str | None = None


class Answer(Enum):
    """What there is instead of bytes."""

    UNCHANGED = "unchanged"
    ABSENT = "absent"


@dataclass(frozen=True)
class Opened:
    """A file as it comes in: its version, its whole length where known, and chunks from `offset` on."""

    version: str | None
    whole: int | None
    offset: int
    chunks: Iterator[bytes]


class Files(Protocol):
    """Files of the other side."""

    def listed(self) -> Iterable[Remote]:
        """What there is, or what there may be; names are as the other side gives them."""

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """A file's bytes. `offset` bytes of version `part` are here already: they are skipped if it still is that one.

        known: the version that was delivered; if it still is that one, `UNCHANGED`, where the protocol can tell.
        """

    def close(self) -> None:
        """Let the connection go."""


@dataclass(frozen=True)
class Page:
    """One answer of an interface that is polled.

    cursor: where the next page begins (`None`: nothing more now). resume: where the next pass begins. version: two
    pages of one name and version are the same. gaps: places where something is missing. skew_ns: by how much the other
    side's clock is ahead of ours.
    """

    name: str
    body: bytes
    version: str | None
    cursor: str | None
    resume: str | None
    empty: bool
    gaps: int = 0
    skew_ns: int | None = None


class Pages(Protocol):
    """An interface that is asked page by page, at most so many times in a pass."""

    pages_max: int

    def resumed(self, cursors: Sequence[str]) -> str | None:
        """Where a pass begins, from what every delivery so far said (`resume`), oldest first."""

    def page(self, cursor: str | None, *, number: int, asked_ns: int, known: str | None) -> Page | Answer:
        """The page that begins at `cursor` (`None`: where the specification says), the `number`th of this run."""

    def close(self) -> None:
        """Let the connection go."""


@dataclass(frozen=True)
class Received:
    """Messages that came together, when, and the sequence number of the first where there is one.

    says: what the recording must say of them before they stand. cursor: where the other side goes on behind them, and
    settle: what it is told once they are on disk, where it can be asked again from a place.
    """

    ns: int
    messages: Sequence[bytes | str]
    sequence: int | None = None
    says: Mapping[str, Any] | None = None
    cursor: str | None = None
    settle: Callable[[], None] | None = None


@dataclass(frozen=True)
class Note:
    """Something that the recording must say besides messages: a gap, a connection opened, an end."""

    ns: int
    says: Mapping[str, str | int]
    gap: bool = False


class Stream(Protocol):
    """Messages as they come."""

    def events(self, cursor: str | None) -> Iterator[Received | Note | None]:
        """Connect and say what comes; `None` at least every second, so that the caller can do something else.

        cursor: where to go on, from the last delivery, where the other side can be asked again from a place. It ends
        where the other side says that there is no more. A connection that breaks is an `OSError`.
        """

    def close(self) -> None:
        """Let the connection go."""


@runtime_checkable
class Resumes(Protocol):
    """A stream's transport whose other side can be asked again from a place: a break loses nothing."""

    def cursor_in(self, segment: bytes, before: str | None) -> str | None:
        """Where to go on behind a segment that a crash cut, from where it went on before it."""


class Transport(Protocol):
    """The settings of a transport as they were read, checked, and able to open it."""

    @property
    def shape(self) -> Literal["files", "pages", "stream"]:
        """Which protocol `open` gives."""

    @property
    def origin(self) -> str:
        """From whom, without secrets."""

    @property
    def needs_names(self) -> bool:
        """Whether the other side cannot list, so that the specification must say what to ask for."""

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> Files | Pages | Stream:
        """Get ready; `names` gives what the specification expects around now, oldest first."""


def read_transport(table: Table) -> Transport | None:
    """The table `[transport]` with a `kind`; `None` where it is unknown, which is noted as a fault."""
    kind = table.text("kind")
    if kind not in KINDS:
        if kind:
            table.fault("kind", f"{kind!r} is none of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}")
        return None
    transport: Transport = importlib.import_module(KINDS[kind]).settings(table)
    table.done()
    return transport
