"""Which vendors can be named, and how a specification that names one is read.

Promises: a name that nobody has is a fault with the nearest one; a kind that a vendor has not, too. Never: asks it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow.core.errors import did_you_mean
from hedgerow.core.settings import Table
from hedgerow.market.feeds.transport import Transport
from hedgerow.market.feeds.vendors.live import LIVE
from hedgerow.market.feeds.vendors.wanted import Wanted

VENUE = "hedgerow.market.feeds.vendors.venue"
STREAM = "hedgerow.market.feeds.vendors.live"
VENUE_KINDS = ("trades", "bars", "quotes", "book", "instruments")


@dataclass(frozen=True)
class Vendor:
    """A vendor by name: what rows it has, the extra to install (empty: none), and the module that asks it.

    by_symbol: whether it is told what is wanted by symbol; if not, by address. streams: the kinds that `stream = true`
    records.
    """

    name: str
    says: str
    kinds: tuple[str, ...]
    extra: str
    module: str
    by_symbol: bool = True
    streams: tuple[str, ...] = ()


PLACE = "hedgerow.market.feeds.vendors"
OWN = (
    Vendor("fred", "FRED, from today's vintage on", ("series",), "", f"{PLACE}.fred"),
    Vendor("alfred", "ALFRED, every vintage of FRED's series", ("series",), "", f"{PLACE}.fred"),
    Vendor("rss", "RSS and Atom, by address", ("news",), "", f"{PLACE}.news", by_symbol=False),
    Vendor("json-news", "news as JSON, by address", ("news",), "", f"{PLACE}.news", by_symbol=False),
)
"""Vendors that need no library."""


def vendors() -> list[Vendor]:
    """Every vendor that can be named here; without ccxt, of the crypto venues only those that stream."""
    try:
        import ccxt
    except ImportError:
        return [*OWN, *(Vendor(name, name, (), "feeds", STREAM, streams=tuple(LIVE[name].names)) for name in LIVE)]
    return [*OWN, *(_venue(name, str(getattr(ccxt, name)().name)) for name in sorted(ccxt.exchanges))]


def _venue(name: str, says: str) -> Vendor:
    streams = tuple(LIVE[name].names) if name in LIVE else ()
    return Vendor(name, says, VENUE_KINDS, "venues", VENUE, streams=streams)


def read_vendor(name: str, top: Table, transport: Table) -> Transport | None:
    """The transport of a vendor that is named, from the keys of the specification; `None` where there is none."""
    found = next((vendor for vendor in OWN if vendor.name == name), None)
    if found is None and top.flag("stream", False):
        found = _streaming(name)
        if found is None:
            near = did_you_mean(name, LIVE)
            top.fault("stream", f"{name!r} is none of those that stream by name: {', '.join(LIVE)}{near}")
            return None
    if found is None:
        known, missing = _venues()
        if name not in known:
            near = did_you_mean(name, [*(vendor.name for vendor in OWN), *known])
            for key in ("symbols", "kinds", "since"):
                top.has(key)  # they are not what is wrong
            hint = "; crypto venues want ccxt: pip install 'hedgerow[venues]'" if missing else ""
            transport.fault("kind", f"is missing, and {name!r} is no vendor that is known by name{near}{hint}")
            return None
        found = _venue(name, name)
    wanted = Wanted.read(top, found.kinds, by_symbol=found.by_symbol)
    made: Transport | None = importlib.import_module(found.module).settings(transport, found.name, wanted)
    if found.module != STREAM:  # a websocket's own table is looked through there
        transport.done()
    return made


def _streaming(name: str) -> Vendor | None:
    if name not in LIVE:
        return None
    return Vendor(name, name, tuple(LIVE[name].names), "feeds", STREAM)


def _venues() -> tuple[Sequence[str], bool]:
    """Names of crypto venues, and whether the library that knows them is missing."""
    try:
        import ccxt
    except ImportError:
        return (), True
    return list(ccxt.exchanges), False
