"""One pass over the files of a feed: what is new or changed is fetched, checked and delivered.

Promises: a try goes on where the last one stopped, if it still is the same version; what fails is recorded with its
reason and hinders no other file, unless the other side is gone or a quota used up. Never: delivers what is shorter or
longer than announced, or has another checksum than its vendor published.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.feeds.landing import Came, Landing, Part
from hedgerow.market.feeds.names import checked, matches
from hedgerow.market.feeds.record import Delivery
from hedgerow.market.feeds.retry import RETRIED, Patience
from hedgerow.market.feeds.spec import ALGORITHMS
from hedgerow.market.feeds.transport import Answer, Files, Opened, Remote, World

CHECKSUMS_BYTES_MAX = 4 << 20
LISTED_MAX = 1_000_000
ENDS_THE_RUN = frozenset({"FEED_UNREACHABLE", "FEED_PATIENCE", "FEED_QUOTA", "FEED_DISK", "FEED_RECORD"})

T = TypeVar("T")
Tell = Callable[[str, int, int | None], None]
"""Told how far a file is: name, bytes so far, bytes in all."""


@dataclass
class Ran:
    """What a pass brought."""

    rows: list[Delivery] = field(default_factory=list)
    errors: list[HedgerowError] = field(default_factory=list)
    asked: int = 0
    came: int = 0

    def count(self, kind: str) -> int:
        """How many deliveries of a kind."""
        return sum(row.kind == kind for row in self.rows)


@contextlib.contextmanager
def network_errors(origin: str) -> Iterator[None]:
    """Give the network's errors their name."""
    try:
        yield
    except OSError as error:
        says = str(error) or type(error).__name__
        raise problem("FEED_UNREACHABLE", f"{origin}: {says}") from None


def pass_over_files(landing: Landing, files: Files, world: World, tell: Tell) -> Ran:
    """Fetch what is new or changed, in order of name."""
    ran, spec = Ran(), landing.spec
    published = Published(landing, files)
    listed = retried(landing, world, "list", lambda: list(islice(files.listed(), LISTED_MAX + 1)))
    if len(listed) > LISTED_MAX:
        raise problem("FEED_QUOTA", f"more than {LISTED_MAX:,} files are there; name a smaller folder")
    names: dict[str, Remote] = {remote.name: remote for remote in listed}
    for name in sorted(names):
        remote = names[name]
        if not matches(name, spec.match) or spec.checksums.is_one(name):
            continue
        last = landing.record.last(name)
        if last is not None and last.version == remote.version is not None:
            continue
        ran.asked += 1
        came = Came(name, asked_ns=world.now_ns())
        try:
            checked(name)
            if ran.came >= spec.limits.run_files_max:
                raise problem("FEED_QUOTA", f"{name}: limit run_files_max {spec.limits.run_files_max:,}")
            row = retried(landing, world, name, partial(_fetched, published, world, came, tell, remote))
            if row is not None:
                ran.rows.append(row)
                ran.came += 1
        except HedgerowError as error:
            ran.errors.append(error)
            ran.rows.append(landing.failed(came, error, known_ns=world.now_ns()))
            if error.row.name in ENDS_THE_RUN:
                break
    return ran


def retried(landing: Landing, world: World, key: str, act: Callable[[], T]) -> T:
    """What `act` returns at the first try that does not fail in a way that another try may cure."""
    retries, origin = landing.spec.retries, landing.spec.transport.origin
    waits = retries.waits_s(f"{landing.spec.name} {key}")
    while True:
        try:
            with network_errors(origin):
                return act()
        except Patience as asked:
            wait_s, error = asked.wait_s, problem("FEED_PATIENCE", f"{asked}, and to wait {asked.wait_s:g} s")
            if wait_s > retries.wait_max_s:
                raise error from None
        except HedgerowError as failed:
            if failed.row.name not in RETRIED:
                raise
            wait_s, error = 0.0, failed
        pause = next(waits, None)
        if pause is None:
            raise error
        world.sleep(max(wait_s, pause))


def _fetched(published: Published, world: World, came: Came, tell: Tell, remote: Remote) -> Delivery | None:
    """One try at one file; `None` where it is not there, or as it was."""
    landing, files = published.landing, published.files
    part, last = landing.part(came.name), landing.record.last(came.name)
    if not part.complete:
        known = None if last is None or part.bytes else last.version
        try:
            opened = files.open(came.name, offset=part.bytes, part=part.version, known=known)
            if opened is Answer.ABSENT and remote.version is not None:
                raise problem("FEED_CHANGED", f"{came.name} was listed, and is gone")
            if isinstance(opened, Answer):
                return None
            _take(part, opened, landing, world, tell)
        except HedgerowError as error:
            if error.row.name == "FEED_CHANGED":
                part.drop()
            raise
    algorithm, digest = published.of(came.name)
    found = part.digests(algorithm, "sha256")[algorithm] if algorithm else digest
    if found != digest:
        part.drop()
        published.forget()
        raise problem("FEED_CHECKSUM", f"{came.name}: {algorithm} is {found}, published is {digest}")
    return landing.deliver(part, replace(came, version=part.version), known_ns=world.now_ns())


def _take(part: Part, opened: Opened, landing: Landing, world: World, tell: Tell) -> None:
    """Write what comes, no faster than allowed, and see that it is all of it."""
    if opened.offset and opened.version != part.version:
        raise problem("FEED_CHANGED", f"{part.name}: its beginning is of version {part.version}, now {opened.version}")
    limits, begun_ns = landing.spec.limits, world.now_ns()
    with part.writing(offset=opened.offset, version=opened.version, whole=opened.whole) as writer:
        for chunk in opened.chunks:
            writer.write(chunk)
            tell(part.name, writer.bytes, opened.whole)
            took_s = (world.now_ns() - begun_ns) / 1e9
            if took_s > limits.attempt_s_max:
                raise problem(
                    "FEED_UNREACHABLE", f"{part.name} is too slow: limit attempt_max {limits.attempt_s_max:g} s"
                )
            if limits.bytes_per_second_max:
                due_s = (writer.bytes - opened.offset) / limits.bytes_per_second_max
                world.sleep(max(0.0, due_s - took_s))
        came = writer.bytes
    if opened.whole is not None and came < opened.whole:
        raise problem("FEED_TRUNCATED", f"{part.name}: {came:,} bytes of {opened.whole:,}")
    if opened.whole is not None and came > opened.whole:
        raise problem("FEED_CHANGED", f"{part.name}: {came:,} bytes, {opened.whole:,} were announced")


class Published:
    """The checksums that the vendor published; a file that holds those of a folder is fetched once a pass."""

    def __init__(self, landing: Landing, files: Files) -> None:
        self.landing, self.files = landing, files
        self._texts: dict[str, str] = {}

    def of(self, name: str) -> tuple[str, str]:
        """Which digest was published for a file, and of which kind; empty where none are asked for."""
        checksums = self.landing.spec.checksums
        place = checksums.place_of(name)
        if place is None:
            return "", ""
        if place not in self._texts:
            if checksums.sidecar:
                self._texts.clear()
            self._texts[place] = self._text(place, name)
        digest = published_digest(self._texts[place], name, alone=bool(checksums.sidecar))
        if digest is None:
            self.forget()
            raise problem("FEED_CHECKSUM", f"{name}: {place} has no checksum for it")
        return ALGORITHMS[len(digest)], digest

    def forget(self) -> None:
        """Fetch anew what was published: it did not fit."""
        self._texts.clear()

    def _text(self, place: str, name: str) -> str:
        opened = self.files.open(place)
        if isinstance(opened, Answer):
            raise problem("FEED_CHECKSUM", f"{name}: there is no {place}")
        data = bytearray()
        for chunk in opened.chunks:
            data += chunk
            if len(data) > CHECKSUMS_BYTES_MAX:
                raise problem("FEED_QUOTA", f"{place}: more than {CHECKSUMS_BYTES_MAX:,} bytes, the limit")
        return data.decode(errors="replace")


def published_digest(text: str, name: str, *, alone: bool) -> str | None:
    """The digest of a file in the text of `sha256sum` and its like; `alone`: the text is about this file only.

    >>> published_digest("d41d8cd98f00b204e9800998ecf8427e *a.csv", "eod/a.csv", alone=False)
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    last = name.rpartition("/")[2]
    for line in text.splitlines():
        found = re.match(r"\s*([0-9A-Fa-f]+)(?:\s+\*?(.*?))?\s*$", line)
        if (
            found
            and len(found[1]) in ALGORITHMS
            and (found[2] or "").rpartition("/")[2] in (last, "" if alone else last)
        ):
            return found[1].lower()
    return None
