"""The exchange with its log and its participants' letters: what every protocol speaks to.

Promises: what was submitted before `settle` returned is in the log, on the disk; whoever tells anybody outside what
came of it calls that first. Opened again from its log it has the same books, the same orders and the same undelivered
letters. Never: a socket, a clock of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.execution.venues.letters import Event, Letters
from hedgerow.execution.venues.settings import VenueSettings
from hedgerow.execution.venues.venue_log import VenueLog

Watcher = Callable[[list[Event]], None]


class Venue:
    """An exchange that remembers."""

    def __init__(self, settings: VenueSettings) -> None:
        self.settings = settings
        settings.folder.mkdir(parents=True, exist_ok=True)
        listings = [
            {
                "reference_ticks": listing.reference_ticks,
                "lots_max": listing.lots_max,
                "ticks_max": listing.ticks_max,
                "phase": listing.phase,
            }
            for listing in settings.listings
        ]
        with named_errors():
            self.core = _core.Exchange(json.dumps(listings), settings.self_trades)
        self.symbols = {listing.symbol: at for at, listing in enumerate(settings.listings)}
        self.numbers = {member.name: at for at, member in enumerate(settings.participants)}
        self.letters = [Letters() for _ in settings.participants]
        self.watchers: list[Watcher] = []
        self.ts = 0
        self._made: dict[tuple[int, int], int] = {}
        self._used: set[tuple[int, str]] = set()
        self._unheard = {at for name, at in self.numbers.items() if name in settings.by_itself}
        """Whose letters nobody reads, and who use no name twice."""
        self._ends: set[int] = set()
        self._log = VenueLog(settings.folder / "venue.jsonl")
        self._rebuild({"listings": listings, "self_trades": settings.self_trades, "participants": list(self.numbers)})

    def submit(self, ts: int, action: Mapping[str, Any], echo: Mapping[str, str] | None = None) -> list[Event]:
        """Take one input, note it and what followed; gives the events. Nobody outside may hear of them before `settle`.

        `echo` are words of the request that its answers repeat.
        """
        self.ts = max(self.ts, ts)
        events = self._take(self.ts, action, echo)
        first = {"ts": self.ts, "input": action, **({"echo": echo} if echo else {})}
        self._log.append([first, *({"event": event} for event in events)])
        self._hear(events)
        for watcher in self.watchers:
            watcher(events)
        return events

    def note_fault(self, name: str, fault: str, about: int | str) -> None:
        """Write down a fault on purpose: of a participant's report by its number, or of an order by its name."""
        self._log.append([{"fault": {"participant": name, "fault": fault, "of": about}}])

    def settle(self) -> None:
        """Make durable what was submitted: one wait for all of it. Raises `WireError` where the log cannot be kept."""
        self._log.settle()

    def pass_time(self, ts: int) -> None:
        """Let orders end whose time is over; written down only if one did."""
        if any(self.ts < end <= ts for end in self._ends):
            self.submit(ts, {"do": "clock"})

    def status(self, name: str, client_id: str) -> Event | None:
        """How an order of a participant stands, by any name that it has had."""
        told = self.core.status(self.numbers[name], client_id)
        return None if told is None else json.loads(told)

    def has_heard(self, name: str, client_id: str) -> bool:
        """Whether a participant has used a name before, for whatever became of it."""
        return (self.numbers[name], client_id) in self._used

    def working(self, name: str) -> list[Event]:
        """A participant's orders that work."""
        return [json.loads(told) for told in self.core.working(self.numbers[name])]

    def close(self) -> None:
        """Give the files back."""
        self._log.close()

    def _take(self, ts: int, action: Mapping[str, Any], echo: Mapping[str, str] | None) -> list[Event]:
        with named_errors():
            told = self.core.take(ts, json.dumps(action))
        events: list[Event] = [json.loads(line) for line in told]
        for event in events:
            if event["event"] == "order":
                if echo and event["client_id"] == action.get("client_id"):
                    event["echo"] = dict(echo)
                self._refer(event)
        return events

    def _refer(self, event: Event) -> None:
        """Remember the report of each trade; the one that busts it names it."""
        key = (event["trade"], event["order_id"])
        if event["what"] == "traded":
            self._made[key] = event["exec"]
        elif event["what"] == "busted":
            event["ref_exec"] = self._made.get(key, 0)

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "order":
                if event["participant"] not in self._unheard:
                    self._used.add((event["participant"], event["client_id"]))
                    self.letters[event["participant"]].reports.append(event)
                for at, member in enumerate(self.settings.participants):
                    if self.settings.participants[event["participant"]].name in member.drop_copy_of:
                        self.letters[at].reports.append(event)
                if event["what"] == "accepted" and event["expire_ts"]:
                    self._ends.add(event["expire_ts"])

    def _rebuild(self, opened: Mapping[str, Any]) -> None:
        """Take every input of the log again; what followed must be what the log says."""
        lines, at = self._log.lines, 1
        if not lines:
            self._log.append([{"opened": opened}])
        elif lines[0].get("opened") != opened:
            raise problem("RUN_CONFIG", f"{self.settings.folder} is that of an exchange with other settings")
        while at < len(lines):
            line = lines[at]
            at += 1
            if "fault" in line:
                continue
            if "input" not in line:
                raise problem("WIRE_STORE", f"venue.jsonl: line {at} follows from nothing")
            events = self._take(line["ts"], line["input"], line.get("echo"))
            told = lines[at : at + len(events)]
            at += len(told)
            if [one.get("event") for one in told] != events[: len(told)]:
                raise problem("WIRE_STORE", f"venue.jsonl: what follows line {line['n']} is not what followed")
            if len(told) < len(events):  # cut while it was written: nobody heard of it yet
                self._log.append([{"event": event} for event in events[len(told) :]])
            self.ts = line["ts"]
            self._hear(events)
        self._log.settle()
        self._log.lines = []
