"""A stream as it is recorded: connected, written down, connected anew when it breaks, until its time is over.

Promises: each break is noted, with what broke and when, and is a gap unless the other side can be asked again; the
waits between tries grow and begin anew once something was received; what was received before an error is delivered.
Never: receives faster than it writes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol, cast

from hedgerow.core.errors import HedgerowError
from hedgerow.market.feeds.fetching import Ran, Tell, network_errors
from hedgerow.market.feeds.landing import Came, Landing
from hedgerow.market.feeds.recording import Recording, Segments, salvaged
from hedgerow.market.feeds.retry import RETRIED
from hedgerow.market.feeds.transport import Note, Received, Resumes, Stream, World


class StreamTransport(Protocol):
    """A transport whose messages are recorded in segments."""

    @property
    def segments(self) -> Segments:
        """When a segment is full."""


def record(landing: Landing, world: World, until_ns: int | None, tell: Tell) -> Iterator[Ran]:
    """Record until a moment (`None`: until there is no more); each delivered segment as it comes."""
    begun_ns = world.now_ns()
    if rows := list(salvaged(landing, world)):
        yield Ran(rows=rows)
    recording = Recording(landing, cast(StreamTransport, landing.spec.transport).segments, world)
    try:
        landing.asked(begun_ns, ())
        yield from _recorded(landing, recording, world, until_ns, tell)
        yield Ran(rows=recording.end())
    except HedgerowError as error:
        failed = landing.failed(Came(landing.spec.name, begun_ns), error, known_ns=world.now_ns())
        landing.asked(begun_ns, (failed.name,))
        rows = []
        with contextlib.suppress(HedgerowError):
            rows = recording.end()
        yield Ran(rows=[*rows, failed], errors=[error])
    finally:
        recording.end()


def _recorded(landing: Landing, recording: Recording, world: World, until_ns: int | None, tell: Tell) -> Iterator[Ran]:
    retries, name, count = landing.spec.retries, landing.spec.name, 0
    waits = retries.waits_s(name)
    while True:
        heard = False
        try:
            for event in _events(landing, world, recording.cursor):
                if event is not None:
                    recording.take(event)
                if isinstance(event, Received):
                    heard, count = True, count + len(event.messages)
                    tell(name, count, None)
                now_ns = world.now_ns()
                if rows := recording.due(now_ns):
                    yield Ran(rows=rows)
                if until_ns is not None and now_ns >= until_ns:
                    return
            return
        except HedgerowError as error:
            if error.row.name not in RETRIED:
                raise
            lost = not isinstance(landing.spec.transport, Resumes)
            recording.take(Note(world.now_ns(), {"broke": error.detail}, gap=lost))
            waits = retries.waits_s(name) if heard else waits
            pause = next(waits, None)
            if pause is None:
                raise
        world.sleep(pause)
        if until_ns is not None and world.now_ns() >= until_ns:
            return


def _events(landing: Landing, world: World, cursor: str | None) -> Iterator[Received | Note | None]:
    """What one connection says; its errors by their names."""
    with network_errors(landing.spec.transport.origin):
        stream = cast(Stream, landing.spec.transport.open(world, list))
        try:
            yield from stream.events(cursor)
        finally:
            stream.close()
