"""One participant's FIX session at the exchange: orders, cancels, changes, quotes, questions.

Promises: every report goes out once, in order, when the session is there for it; after a crash what may have been sent
is sent again with PossResend and the same ExecID. What came again is not done again. Never: an answer that is not in
the log, except to a question.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import WireError, named_errors
from hedgerow.execution.fix.values import moment
from hedgerow.execution.venues.fix_orders import Action, Fields, Refusal, new_order, replacement, text
from hedgerow.execution.venues.fix_quotes import acknowledgement, entries_of, legs, reason_of, wants_answer
from hedgerow.execution.venues.fix_reports import Event, Pairs, cancel_reject, execution_report
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.market_data import Watching
from hedgerow.execution.venues.settings import Participant
from hedgerow.execution.venues.statuses import Statuses

UNSUPPORTED = 3
"""BusinessRejectReason (380): unsupported message type."""
NOT_AUTHORISED = 6

Clock = Callable[[], int]


class FixEntry:
    """The application of a participant's session."""

    def __init__(self, venue: Venue, member: Participant, clock: Clock) -> None:
        self._venue, self._member, self._clock = venue, member, clock
        self._number = venue.numbers[member.name]
        self._letters = venue.letters[self._number]
        self._answers: dict[str, Callable[[_core.FixSession, Fields, int], None]] = {
            "D": self._new,
            "F": self._cancel,
            "G": self._replace,
            "H": self._status,
            "AF": self._mass_status,
            "q": self._mass_cancel,
            "i": self._mass_quote,
            "V": self._watch,
            "e": self._watch_status,
        }
        self._watching = Watching(venue)
        self._statuses = Statuses(venue, is_old=member.protocol == "FIX.4.2")
        self._noted, self._held_ns = -1, 0

    def on_logon(self, session: _core.FixSession) -> None:
        """What waited is sent with the next tick."""

    def on_message(self, session: _core.FixSession, now_ns: int) -> None:
        """Do what a message asks, and answer."""
        answer = self._answers.get(session.msg_type)
        if answer is None:
            session.business_reject(UNSUPPORTED, now_ns)
        elif self._member.drop_copy_of and session.msg_type not in ("V", "e"):
            session.business_reject(NOT_AUTHORISED, now_ns, "a drop copy session sends no orders")
        else:
            answer(session, {tag: value for tag, value, depth in session.fields() if depth == 0}, now_ns)
            self._hand_over(session, now_ns)

    def on_logout(self, session: _core.FixSession, why: str) -> None:
        """The line is gone."""
        self._watching.forget()
        self._statuses.forget()
        if self._member.cancel_on_disconnect:
            self.cancel_all()

    def cancel_all(self) -> None:
        """Cancel whatever works."""
        if self._venue.working(self._member.name):
            self._venue.submit(self._clock(), {"do": "mass_cancel", "participant": self._number})

    def deliver(self, session: _core.FixSession, now_ns: int) -> None:
        """Hand over the reports that wait, then phases and books that are watched, while the session takes them."""
        self._hand_over(session, now_ns)
        if session.logged_on:
            self._statuses.show(lambda kind, pairs: _sent(session, kind, pairs, now_ns))
            self._watching.show(lambda kind, pairs: _sent(session, kind, pairs, now_ns))
            with suppress(WireError), named_errors():  # where it fails, the session ends and says so itself
                session.settle()

    def _hand_over(self, session: _core.FixSession, now_ns: int) -> None:
        before = self._letters.sent
        self._hand_over_all(session, now_ns)
        if self._letters.sent != before:
            session.note(self._letters.sent)

    def _hand_over_all(self, session: _core.FixSession, now_ns: int) -> None:
        letters = self._letters
        while letters.sent < len(letters.reports) and session.logged_on:
            fault, number = self._fault(now_ns), letters.sent
            if fault == "hold":
                return
            order = [number] * (2 if fault == "duplicate" else 0 if fault == "lose" else 1)
            if fault == "reorder":
                order = [number + 1, number]
            for at in order:
                head: Pairs = [(97, b"Y")] if at < letters.doubtful else []
                if not self._send(session, letters.reports[at], head, now_ns):
                    return
            letters.sent += 2 if fault == "reorder" else 1
            if fault == "drop":
                session.disconnected(now_ns)

    def _fault(self, now_ns: int) -> str:
        """The fault of the next report, once it is written down; `hold` while it is to wait."""
        faults, letters = self._venue.settings.faults, self._letters
        if faults is None:
            return ""
        name, number = self._member.name, letters.sent
        fault = faults.of_report(name, number)
        if fault == "reorder" and number + 1 >= len(letters.reports):
            return ""
        if fault and self._noted < number:
            self._noted, self._held_ns = number, now_ns
            self._venue.note_fault(name, fault, number + 1)
        return "hold" if fault == "delay" and now_ns - self._held_ns < faults.delay_ms * 1_000_000 else fault

    def _send(self, session: _core.FixSession, event: Event, extra: Pairs, now_ns: int) -> bool:
        version = self._member.protocol
        refused = event["what"] == "change_refused"
        pairs = cancel_reject(event, version) if refused else self._report(event)
        return _sent(session, "9" if refused else "8", extra + pairs, now_ns)

    def _report(self, event: Event) -> Pairs:
        listings, at = self._venue.settings.listings, event["instrument"]
        return execution_report(event, listings[at] if at < len(listings) else None, self._member.protocol)

    def _submit(self, action: Action, echo: dict[str, str] | None = None) -> list[Event]:
        return self._venue.submit(self._clock(), action, echo)

    def _came_before(self, fields: Fields) -> bool:
        """Whether a message that was sent again was done already: its answers are on their way or were given."""
        is_again = fields.get(43) == b"Y" or fields.get(97) == b"Y"
        return is_again and self._venue.has_heard(self._member.name, text(fields, 11))

    def _new(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        if self._came_before(fields):
            return
        echo = {str(tag): text(fields, tag) for tag in (55, 54, 38) if tag in fields}
        try:
            action = new_order(fields, self._number, self._venue.symbols, self._venue.settings.listings)
        except Refusal as why:
            name = text(fields, 11)
            action = {"do": "refuse", "participant": self._number, "client_id": name, "reason": why.args[0]}
        faults, name = self._venue.settings.faults, text(fields, 11)
        if faults is not None and action["do"] == "new" and faults.rejects(self._member.name, name):
            self._venue.note_fault(self._member.name, "reject", name)
            action = {"do": "refuse", "participant": self._number, "client_id": name, "reason": "unsupported"}
        self._submit(action, echo)

    def _cancel(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        if not self._came_before(fields):
            names = {"client_id": text(fields, 11), "orig_client_id": text(fields, 41)}
            self._submit({"do": "cancel", "participant": self._number, **names}, {"434": "1"})

    def _replace(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        if self._came_before(fields):
            return
        order = self._venue.status(self._member.name, text(fields, 41))
        listing = self._venue.settings.listings[order["instrument"]] if order else None
        try:
            action = replacement(fields, self._number, listing, order.get("peg") if order else None)
            self._must_agree(fields, order)
        except Refusal as why:
            names = {"client_id": text(fields, 11), "orig_client_id": text(fields, 41)}
            action = {"do": "refuse_change", "participant": self._number, **names, "reason": why.args[0]}
        self._submit(action, {"434": "2"})

    def _must_agree(self, fields: Fields, order: Event | None) -> None:
        """A change names the order's own side and instrument; they stay."""
        if order is None:
            return
        side = {b"1": "Buy", b"2": "Sell"}.get(fields.get(54, b""))
        if side != order["side"] or self._venue.symbols.get(text(fields, 55)) != order["instrument"]:
            raise Refusal("combination")

    def _mass_quote(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        """MassQuote (i): each entry as a whole, or not at all."""
        entries, quote_id = entries_of(session.fields()), text(fields, 117)
        is_again = fields.get(43) == b"Y" or fields.get(97) == b"Y"
        for entry in entries:
            try:
                for action in legs(self._venue, self._member.name, quote_id, entry, is_again=is_again):
                    self._submit(action, {"434": "1" if action["do"] == "cancel" else "2"})
            except Refusal as why:
                entry.reason = reason_of(why)
        self._hand_over(session, now_ns)
        if wants_answer(fields.get(301), entries):
            _sent(session, "b", acknowledgement(fields.get(117, b""), entries), now_ns)

    def _status(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        self._hand_over(session, now_ns)  # how an order stands is told after what brought it there
        order = self._venue.status(self._member.name, text(fields, 11))
        asked: Pairs = [(790, fields[790])] if 790 in fields and self._member.protocol != "FIX.4.2" else []
        _sent(session, "8", asked + (self._report(order) if order else self._unknown(fields)), now_ns)

    def _unknown(self, fields: Fields) -> Pairs:
        is_old = self._member.protocol == "FIX.4.2"
        pairs: Pairs = [(37, b"NONE"), (17, b"0")] + ([(11, fields[11])] if 11 in fields else [])
        pairs += [(20, b"3"), (150, b"8")] if is_old else [(150, b"I")]
        pairs += [(39, b"8"), (103, b"5"), (55, fields.get(55, b"NONE")), (54, fields.get(54, b"1"))]
        return [*pairs, (151, b"0"), (14, b"0"), (6, b"0"), (58, b"no such order")]

    def _watch(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        refused = self._watching.ask(session.fields())
        if refused is not None:
            _sent(session, "Y", refused, now_ns)

    def _watch_status(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        answer = self._statuses.ask(fields)
        if answer is not None:
            _sent(session, "f", answer, now_ns)

    def _mass_status(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        """OrderMassStatusRequest (AF): all working orders (585=7), or those of an instrument (1)."""
        if fields.get(585) not in (b"1", b"7"):
            session.business_reject(5, now_ns, "MassStatusReqType 1 and 7 are known")
            return
        self._hand_over(session, now_ns)
        wanted = self._venue.symbols.get(text(fields, 55)) if fields[585] == b"1" else None
        found = [one for one in self._venue.working(self._member.name) if wanted in (None, one["instrument"])]
        found = [] if fields[585] == b"1" and wanted is None else found
        head: Pairs = [(584, fields.get(584, b"")), (911, b"%d" % len(found))]
        for at, order in enumerate(found, 1):
            last: Pairs = [(912, b"Y" if at == len(found) else b"N")]
            _sent(session, "8", head + last + self._report(order), now_ns)
        if not found:
            _sent(session, "8", [*head, (912, b"Y"), *self._unknown({})], now_ns)

    def _mass_cancel(self, session: _core.FixSession, fields: Fields, now_ns: int) -> None:
        """OrderMassCancelRequest (q): all orders (530=7), those of an instrument (1), of a side where it is named."""
        action: dict[str, Any] = {"do": "mass_cancel", "participant": self._number}
        kind = fields.get(530, b"")
        if kind == b"1":
            action["instrument"] = self._venue.symbols.get(text(fields, 55), -1)
        if fields.get(54) in (b"1", b"2"):
            action["side"] = "Buy" if fields[54] == b"1" else "Sell"
        refused = kind not in (b"1", b"7") or action.get("instrument") == -1
        events = [] if refused else self._submit(action)
        self._hand_over(session, now_ns)
        ended = sum(event["event"] == "order" for event in events)
        number = b"%d" % self._venue.ts
        pairs: Pairs = [(11, fields.get(11, b"")), (37, number), (530, kind), (531, b"0" if refused else kind)]
        if self._member.protocol == "FIX.5.0SP2":
            pairs.append((1369, number))
        pairs += [(532, b"99")] if refused else [(533, b"%d" % ended)]
        _sent(session, "r", [*pairs, (60, moment(self._venue.ts))], now_ns)


def _sent(session: _core.FixSession, kind: str, pairs: Pairs, now_ns: int) -> bool:
    """Send; a session that is about to end takes no more, and what waits goes on waiting."""
    try:
        with named_errors():
            session.send(kind, pairs, now_ns)
    except WireError as error:
        if error.row.name == "WIRE_SESSION":
            return False
        raise
    return True
