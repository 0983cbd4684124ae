"""Our engine as the acceptance definitions assume it: the sessions they log on to, and an application that echoes.

Source: the settings that stand beside the published definitions: SenderCompID ISLD, ResetOnLogon, no schedule, one
counterparty a version, ValidateFieldsHaveValues=N for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from hedgerow import _core
from hedgerow.core.errors import WireError, named_errors
from hedgerow.execution.fix.acceptors import Acceptor, Names
from hedgerow.execution.fix.connections import Clock
from hedgerow.execution.fix.dictionaries import Dictionaries

US = "ISLD"
FIX_4 = {"TW40": "FIX.4.0", "TW41": "FIX.4.1", "TW42": "FIX.4.2", "TW43": "FIX.4.3", "TW44": "FIX.4.4", "TW": "FIX.4.4"}
"""Counterparties whose session and application have one version."""
FIXT = {"TW50": "FIX.5.0", "TW50SP1": "FIX.5.0SP1", "TW50SP2": "FIX.5.0SP2"}
"""Counterparties over FIXT.1.1, by the version of their application messages."""
NO_VALUES = "NO_CHECK_FIELDS_HAVE_VALUES"
"""The counterparty that may send a tag without a value."""

UNSUPPORTED = 3
"""BusinessRejectReason: unsupported message type."""

Field = tuple[int, bytes, int]


class Echo:
    """Sends orders, security definitions and emails back; drops an order sent again that it has seen."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def on_logon(self, session: _core.FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: _core.FixSession, now_ns: int) -> None:
        """Answer one message."""
        kind = session.msg_type
        if kind not in ("D", "d", "C"):
            session.business_reject(UNSUPPORTED, now_ns)
            return
        fields = session.fields()
        if kind == "D":
            known = {tag: value for tag, value, depth in fields if depth == 0}
            order = known.get(11, b"")
            if known.get(97) == b"Y" and order in self._seen:
                return
            self._seen.add(order)
        # After our own Logout nothing more is sent; what still comes is taken and not answered.
        with suppress(WireError), named_errors():
            session.send(kind, [(tag, value) for tag, value, _ in in_tag_order(fields)], now_ns)

    def on_logout(self, session: _core.FixSession, why: str) -> None:
        """Forget the orders."""
        self._seen.clear()


def in_tag_order(fields: Sequence[Field]) -> list[Field]:
    """Fields as QuickFIX writes them: by tag, the entries of a group behind the field that counts them.

    >>> in_tag_order([(55, b"X", 0), (453, b"1", 0), (448, b"p", 1), (11, b"id", 0)])
    [(11, b'id', 0), (55, b'X', 0), (453, b'1', 0), (448, b'p', 1)]
    """
    blocks: list[list[Field]] = []
    for field in fields:
        if field[2] == 0 or not blocks:
            blocks.append([field])
        else:
            blocks[-1].append(field)
    return [field for block in sorted(blocks, key=lambda block: block[0][0]) for field in block]


def echo_acceptor(host: str, port: int, dictionaries: Dictionaries, clock: Clock) -> Acceptor:
    """The engine, listening; the versions are those that the folder has dictionaries for."""
    sessions: dict[Names, _core.FixSession] = {}
    make = partial(_core.FixSession, now_ns=clock(), reset_on_logon=True)
    for target, version in FIX_4.items():
        if dictionaries.has(version):
            sessions[version, US, target] = make(version, US, target, dictionaries.of(version))
    if dictionaries.has("FIX.4.4"):
        book = dictionaries.of("FIX.4.4")
        sessions["FIX.4.4", US, NO_VALUES] = make("FIX.4.4", US, NO_VALUES, book, values_present=False)
    if dictionaries.has("FIX.4.2"):  # the definitions that QuickFIX keeps for its future
        sessions["FIX.4.2", US, "TW"] = make("FIX.4.2", US, "TW", dictionaries.of("FIX.4.2"))
    if dictionaries.has("FIXT.1.1"):
        transport, bodies = dictionaries.of("FIXT.1.1"), [v for v in FIXT.values() if dictionaries.has(v)]
        others = [dictionaries.of(version) for version in bodies]
        for target, version in FIXT.items():
            if version in bodies:
                application = dictionaries.of(version)
                sessions["FIXT.1.1", US, target] = make(
                    "FIXT.1.1", US, target, transport, application=application, others=others
                )
    return Acceptor(host, port, sessions, lambda names: Echo(), clock)
