"""The venue of a run, or its venues, as its settings tell them: `[venue]` is one, each `[[venue]]` one of several.

Promises: names that differ, a session's file for each, one clock; what cannot be meant is a fault of the file. Never:
a default venue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hedgerow.core.errors import HedgerowError, did_you_mean
from hedgerow.core.fees import Fees, fees_of
from hedgerow.core.settings import Table
from hedgerow.engine.live.gateways import SESSION, Venue, crypto_place, place_name
from hedgerow.execution.gateways import FixLink
from hedgerow.execution.gateways.fix import VERSIONS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}")
"""It stands in a record, and in the name of a file."""


def venues_told(top: Table, here: Path, folder: Path, mode: str) -> tuple[Venue, ...]:
    """What settings say of venues; paths relative to `here`, files of sessions in the run's folder."""
    if not top.is_array("venue"):
        return (_venue(top.table("venue"), here, folder / SESSION, mode),)
    found: list[Venue] = []
    for table in top.tables("venue"):
        venue = _routed(table, here, folder, mode)
        if venue.name.lower() in [one.name.lower() for one in found]:
            table.fault("name", f"{venue.name!r} is another venue's too, whatever its capital letters")
        if venue.control_port is not None and any(one.control_port is not None for one in found):
            table.fault("control_port", "a run follows one clock: say it of one venue")
        found.append(venue)
    return tuple(found)


def check_symbols(top: Table, venues: Sequence[Venue], symbols: Sequence[str]) -> None:
    """What venues trade and charge for is an instrument of the run, and each of these is traded somewhere."""
    for venue in venues:
        named = [*venue.symbols, *(venue.fees if isinstance(venue.fees, Mapping) else ())]
        for symbol in [one for one in named if one not in symbols]:
            hint = did_you_mean(symbol, symbols)
            top.fault("[[venue]]", f"{venue.name} names {symbol!r}, no instrument of the run{hint}")
    for symbol in symbols:
        if venues and not any(venue.trades(symbol) for venue in venues):
            top.fault("[[instrument]]", f"no venue trades {symbol!r}")


def _routed(table: Table, here: Path, folder: Path, mode: str) -> Venue:
    """One of several: beside how it is reached its name, what it charges and what it trades."""
    name = table.text("name")
    if not _NAME.fullmatch(name):
        table.fault("name", f"{name!r}: letters, digits, '.', '_' and '-', at most 31")
    symbols = table.texts("symbols")
    fees = _fees(table)
    reached = _venue(table, here, folder / f"session-{name}.fix", mode)
    return Venue(name, reached.place, fees, symbols, reached.control_port)


def _fees(table: Table) -> Fees:
    if not table.has("fees"):
        return None
    try:
        return fees_of(table.table("fees").free())
    except HedgerowError as error:
        table.fault("fees", str(error))
        return None


def _venue(table: Table, here: Path, session: Path, mode: str) -> Venue:
    port = _control_port(table, mode) if table.has("control_port") else None
    place = crypto_place(table, here) if table.has("ccxt") else _fix(table, here, session, mode)
    table.done()
    return Venue(place_name(place), place, control_port=port)


def _control_port(venue: Table, mode: str) -> int:
    """Where an exchange of ours tells its clock, which the run then follows."""
    if mode == "live" or venue.has("ccxt"):
        venue.fault("control_port", "only a paper run at an exchange of `venue serve` follows its clock")
    return venue.whole("control_port", None, 1, 65_535)


def _fix(venue: Table, here: Path, session: Path, mode: str) -> FixLink:
    tls = venue.flag("tls", venue.has("ca"))
    if venue.has("ca") and not tls:
        venue.fault("ca", "of whom without tls = true nobody asks")
    return FixLink(
        host=venue.text("host"),
        port=venue.whole("port", None, 1, 65_535),
        sender=venue.text("sender"),
        target=venue.text("target"),
        store=session,
        heartbeat_s=venue.whole("heartbeat_s", 30, 0, 3_600),
        tls=tls,
        ca=here / venue.text("ca") if venue.has("ca") else None,
        user=venue.text("user", ""),
        password_env=venue.text("password_env", ""),
        account=venue.text("account", ""),
        version=venue.choice("version", VERSIONS, FixLink.version),
        resets=venue.flag("reset", mode == "paper"),
    )
