"""How what was let pass leaves: made durable together, handed to the gateway one by one, off together.

Promises: nothing is handed over before its records are on the disk; what cannot leave counts as refused, and is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hedgerow.core.errors import WireError, named_errors
from hedgerow.engine.live.findings import Findings
from hedgerow.engine.live.names import Names
from hedgerow.engine.live.orders import CANCEL_REJECTED, REJECTED, REPLACE_REJECTED, Book, working
from hedgerow.engine.live.router import Router


class Sender:
    """What leaves a run, and under which names."""

    def __init__(
        self,
        engine: Any,
        book: Book,
        findings: Findings,
        names: Names,
        now: Callable[[], int],
        router: Router | None = None,
    ) -> None:
        self._engine, self._book, self._names = engine, book, names
        self._findings, self._now, self._router = findings, now, router

    def send(self, gateway: Any, handlers: Any) -> None:
        """Make all that happened durable, then hand what was let pass to the gateway, to leave together.

        What cannot leave was refused here, and is told so.
        """
        sent = False
        while sends := self._durable_sends():
            sent = True
            for what, record, terms in sends:
                try:
                    self._send_one(gateway, what, record, terms)
                except WireError as error:
                    self._findings.add("LIVE_NOT_SENT", f"not sent: {error}")
                    self._refuse(what, record, handlers, error.row.number)
        if sent:
            gateway.flush()

    def _durable_sends(self) -> Any:
        with named_errors():
            self._engine.flush()
        sends = self._engine.take_sends()
        if self._router is not None and self._router.route(sends):
            with named_errors():
                self._engine.flush()  # where they go stands on the disk too
        return sends

    def _send_one(self, gateway: Any, what: str, record: bytes, terms: bytes) -> None:
        if what == "new":
            number, words = self._book.order(record, terms)
            gateway.new(self._book.name(number), words, self._now())
        elif what == "cancel":
            number, order_id = self._book.cancel(record)
            order = working(self._engine, order_id)
            if order is None:
                return  # it ended in what came together with the request: there is nothing left to cancel
            words = self._book.words(order)
            gateway.cancel(self._book.name(number), self._names.last(order_id), words, self._now())
        else:
            change = self._book.change(record, terms)
            order = working(self._engine, change.order_id)
            if order is None:
                return
            self._names.ask(change)
            words = self._book.words(change.of(order))
            name = self._book.changed_name(change)
            gateway.replace(name, self._names[order.id], words, self._now())

    def _refuse(self, what: str, record: bytes, handlers: Any, code: int) -> None:
        """It is certain that it did not leave, and why: the order, or the wish to cancel or change it, is over."""
        if what == "new":
            number, kind = self._book.order(record)[0], REJECTED
        elif what == "cancel":
            number, kind = self._book.cancel(record)[1], CANCEL_REJECTED
        else:
            number, kind = self._book.change(record).order_id, REPLACE_REJECTED
            self._names.answer(number, taken=False)
        order = working(self._engine, number)
        if kind == CANCEL_REJECTED and order is not None and order.state == "Unknown":
            return  # that our wish did not leave says nothing of the order
        with named_errors():
            self._engine.report(self._book.report(kind, order, self._now(), code=code), handlers)
