"""The exchange on the network: its FIX sessions on one port, its time, its end.

Promises: one thread; it ends by logging every session out; started again on the same folder it goes on where it was.
Never: a signal handler, a word printed.
"""

from __future__ import annotations

from collections.abc import Callable

from hedgerow import _core
from hedgerow.core.errors import named_errors
from hedgerow.execution.fix import Acceptor, Dictionaries
from hedgerow.execution.fix.vocabulary import spoken_dictionary, transport
from hedgerow.execution.venues.control import Control
from hedgerow.execution.venues.fix_entry import FixEntry
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.maker import Maker
from hedgerow.execution.venues.ouch_port import OuchPort
from hedgerow.execution.venues.settings import Participant, VenueSettings
from hedgerow.execution.venues.ws_port import WsPort

Clock = Callable[[], int]
Names = tuple[str, str, str]

_FAREWELL_NS = 2_000_000_000
"""How long the other sides have to answer a Logout."""


class Server:
    """An exchange that serves until told to stop; `clock` gives UTC nanoseconds."""

    def __init__(self, settings: VenueSettings, clock: Clock) -> None:
        self.settings, self._clock, self._begin_ns = settings, clock, clock()
        given = settings.dictionaries
        self._dictionary = spoken_dictionary if given is None else Dictionaries(given).of
        self.venue = Venue(settings)
        self._began_ns = max(self._begin_ns, self.venue.ts)
        self._sessions: dict[Names, _core.FixSession] = {}
        self._entries: dict[Names, FixEntry] = {}
        for member in settings.participants:
            if member.protocol in ("OUCH", "WEBSOCKET") or member.name in settings.by_itself:
                continue
            names = (transport(member.protocol), settings.name, member.name)
            self._sessions[names] = session = self._session(names, member)
            self.venue.letters[self.venue.numbers[member.name]].resume(session.noted)
            self._entries[names] = FixEntry(self.venue, member, self.venue_clock)
            if member.cancel_on_disconnect:  # nobody is connected yet, whoever was before
                self._entries[names].cancel_all()
        self._acceptor = Acceptor(
            settings.host, settings.fix_port, self._sessions, lambda names: self._entries[names], clock, self.settle
        )
        self._maker = None if settings.maker is None else Maker(self.venue, settings.maker)
        self._control = Control(settings.host, settings.control_port, self.venue)
        self._ouch = OuchPort(settings.host, settings.ouch_port, self.venue, self.venue_clock)
        speaks = any(member.protocol == "WEBSOCKET" for member in settings.participants)
        self._ws: WsPort | None = None
        if speaks or settings.websocket_port is not None:
            self._ws = WsPort(settings.host, settings.websocket_port or 0, self.venue, self.venue_clock)
        self._until_ns: int | None = None

    @property
    def ports(self) -> dict[str, int]:
        """The ports that it listens on, by protocol."""
        ports = {"fix": self._acceptor.port, "ouch": self._ouch.port, "control": self._control.port}
        return ports if self._ws is None else {**ports, "websocket": self._ws.port}

    def venue_clock(self) -> int:
        """The time at the exchange: it runs `clock_speed` times as fast as ours."""
        return self._began_ns + (self._clock() - self._begin_ns) * self.settings.clock_speed

    def serve(self, stop: Callable[[], bool]) -> None:
        """Serve until `stop` says so, then log everybody out."""
        try:
            self._acceptor.serve(lambda: self._is_over(stop()))
        finally:
            self._control.close()
            if self._until_ns is None:  # it failed
                self._close_ports()
            self.venue.close()

    def settle(self) -> None:
        """Make durable what everybody asked for, then hand every report that waits to its session."""
        self.venue.settle()
        now_ns = self._clock()
        for names, entry in self._entries.items():
            entry.deliver(self._sessions[names], now_ns)

    def _is_over(self, asked: bool) -> bool:
        now_ns = self._clock()
        if not asked:
            self.venue.pass_time(self.venue_clock())
            self._control.turn(self.venue_clock())
            self._ouch.turn(now_ns)
            if self._ws is not None:
                self._ws.turn(now_ns)
            self._acceptor.watch([*self._ouch.sockets, *(self._ws.sockets if self._ws is not None else ())])
            if self._maker is not None:
                self._maker.beat(self.venue_clock())
            self.settle()
            return False
        if self._until_ns is None:
            self._until_ns = now_ns + _FAREWELL_NS
            self._acceptor.watch(())
            self._close_ports()
            for session in self._sessions.values():
                if session.logged_on:
                    session.logout(now_ns, "the exchange closes")
        return now_ns >= self._until_ns or not any(session.is_connected for session in self._sessions.values())

    def _close_ports(self) -> None:
        now_ns = self._clock()
        self._ouch.close(now_ns)
        if self._ws is not None:
            self._ws.close(now_ns)

    def _session(self, names: Names, member: Participant) -> _core.FixSession:
        store = self.settings.folder / f"{member.name}.fix"
        given = self.settings.dictionaries is not None
        with named_errors():
            return _core.FixSession(
                *names,
                self._dictionary(names[0]),
                application=self._dictionary(member.protocol),
                now_ns=self._clock(),
                store=store,
                retold=True,
                fields_known=given,
                user_fields_known=given,
            )
