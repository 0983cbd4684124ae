"""Messages of a websocket (RFC 6455): subscribed to, kept alive, and recorded as they come.

Promises: what was subscribed to is a note in the recording; a connection that says nothing for longer than
`silence_max`, or does not answer a ping, counts as broken; a venue that sends faster than we write is slowed down by
TCP. Never: understands a message.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.recording import Segments
from hedgerow.market.feeds.transport import Note, Received, World

LOOK_S = 0.1
"""How long a silent connection is waited at before something else is looked at."""


def settings(table: Table) -> WebsocketTransport:
    """The keys of `kind = "websocket"`."""
    url = table.text("url")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("ws", "wss") or not parts.hostname or parts.username is not None):
        table.fault("url", f"{url!r} is not a ws:// or wss:// address")
    heartbeat = table.text("heartbeat", "")
    return WebsocketTransport(
        url=url,
        subscribe=table.texts("subscribe"),
        headers_env=tuple(table.pairs("headers_env").items()),
        heartbeat=heartbeat,
        heartbeat_s=table.span_s("heartbeat_every", "20s", least_s=0.01),
        ping_s=table.span_s("ping_every", "20s", least_s=0.01),
        silence_s=table.span_s("silence_max", "60s", least_s=0.01),
        timeout_s=table.span_s("timeout", "15s", least_s=0.01),
        message_bytes_max=table.size("message_bytes_max", "16 MB"),
        ca_file=table.text("ca_file", ""),
        segments=Segments.read(table, "lines"),
    )


@dataclass(frozen=True)
class WebsocketTransport:
    """A venue's address, and what to say to it."""

    url: str
    subscribe: tuple[str, ...]
    headers_env: tuple[tuple[str, str], ...]
    heartbeat: str
    heartbeat_s: float
    ping_s: float
    silence_s: float
    timeout_s: float
    message_bytes_max: int
    ca_file: str
    segments: Segments
    shape: Literal["stream"] = "stream"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address without its query."""
        return self.url.partition("?")[0]

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> WebsocketStream:
        """Get ready; the connection is made when messages are asked for."""
        return WebsocketStream(self, world)


class WebsocketStream:
    """One connection."""

    def __init__(self, transport: WebsocketTransport, world: World) -> None:
        self._transport, self._world = transport, world
        self._headers = {name: world.secret(variable) for name, variable in transport.headers_env}
        self._stack = ExitStack()

    def events(self, cursor: str | None = None) -> Iterator[Received | Note | None]:
        """Connect, subscribe, and say what comes."""
        connection, origin = self._connected(), self._transport.origin
        from websockets.exceptions import ConnectionClosed

        yield Note(self._world.now_ns(), {"connected": origin})
        try:
            yield from self._said(connection)
        except ConnectionClosed as error:
            raise problem("FEED_UNREACHABLE", f"{origin}: {error}") from None

    def close(self) -> None:
        """End the connection."""
        self._stack.close()

    def _said(self, connection: Any) -> Iterator[Received | Note | None]:
        told, now_ns = self._transport, self._world.now_ns
        for text in told.subscribe:
            connection.send(text)
            yield Note(now_ns(), {"sent": text})
        heard_ns = beat_ns = now_ns()
        while True:
            try:
                message = connection.recv(timeout=LOOK_S)
                heard_ns = now_ns()
                yield Received(heard_ns, (message,))
            except TimeoutError:
                yield None
            if now_ns() - heard_ns > told.silence_s * 1e9:
                raise problem("FEED_UNREACHABLE", f"{told.origin} is silent, limit silence_max {told.silence_s:g} s")
            if told.heartbeat and now_ns() - beat_ns > told.heartbeat_s * 1e9:
                beat_ns = now_ns()
                connection.send(told.heartbeat)

    def _connected(self) -> Any:
        try:
            from websockets.exceptions import InvalidStatus, WebSocketException
            from websockets.sync.client import connect
        except ImportError:
            raise problem("CLI_MISSING", "websockets: pip install 'hedgerow[feeds]'") from None
        told = self._transport
        secured = told.url.startswith("wss:")
        try:
            made = connect(
                told.url,
                additional_headers=self._headers,
                ssl=ssl.create_default_context(cafile=told.ca_file or None) if secured else None,
                open_timeout=told.timeout_s,
                close_timeout=1.0,
                ping_interval=told.ping_s,
                ping_timeout=told.ping_s,
                max_size=told.message_bytes_max,
                proxy=None,
            )
            return self._stack.enter_context(made)
        except InvalidStatus as error:
            status = error.response.status_code
            code = "FEED_UNREACHABLE" if status >= 500 or status == 429 else "FEED_REFUSED"
            raise problem(code, f"{told.origin} answers {status}") from None
        except WebSocketException as error:
            raise problem("FEED_PROTOCOL", f"{told.origin}: {error}") from None
