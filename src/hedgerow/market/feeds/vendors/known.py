"""Which vendors can be named, and how a specification that names one is read.

Promises: a name that nobody has is a fault with the nearest one; a kind that a vendor has not, too. Never: asks it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow.core.errors import did_you_mean
from hedgerow.market.feeds.table import Table
from hedgerow.market.feeds.transport import Transport
from hedgerow.market.feeds.vendors.wanted import Wanted

VENUE = "hedgerow.market.feeds.vendors.venue"
VENUE_KINDS = ("trades", "bars", "quotes", "book", "instruments")


@dataclass(frozen=True)
class Vendor:
    """A vendor by name: what rows it has, the extra to install (empty: none), and the module that asks it.

    by_symbol: whether it is told what is wanted by symbol; if not, by address.
    """

    name: str
    says: str
    kinds: tuple[str, ...]
    extra: str
    module: str
    by_symbol: bool = True


PLACE = "hedgerow.market.feeds.vendors"
OWN = (
    Vendor("fred", "FRED, from today's vintage on", ("series",), "", f"{PLACE}.fred"),
    Vendor("alfred", "ALFRED, every vintage of FRED's series", ("series",), "", f"{PLACE}.fred"),
    Vendor("rss", "RSS and Atom, by address", ("news",), "", f"{PLACE}.news", by_symbol=False),
    Vendor("json-news", "news as JSON, by address", ("news",), "", f"{PLACE}.news", by_symbol=False),
)
"""Vendors that need no library."""


def vendors() -> list[Vendor]:
    """Every vendor that can be named here; crypto venues only where ccxt is installed."""
    try:
        import ccxt
    except ImportError:
        return list(OWN)
    venues = [
        Vendor(name, str(getattr(ccxt, name)().name), VENUE_KINDS, "venues", VENUE) for name in sorted(ccxt.exchanges)
    ]
    return [*OWN, *venues]


def read_vendor(name: str, top: Table, transport: Table) -> Transport | None:
    """The transport of a vendor that is named, from the keys of the specification; `None` where there is none."""
    found = next((vendor for vendor in OWN if vendor.name == name), None)
    if found is None:
        known, missing = _venues()
        if name not in known:
            near = did_you_mean(name, [*(vendor.name for vendor in OWN), *known])
            hint = "; crypto venues want ccxt: pip install 'hedgerow[venues]'" if missing else ""
            transport.fault("kind", f"is missing, and {name!r} is no vendor that is known by name{near}{hint}")
            return None
        found = Vendor(name, name, VENUE_KINDS, "venues", VENUE)
    wanted = Wanted.read(top, found.kinds, by_symbol=found.by_symbol)
    made: Transport | None = importlib.import_module(found.module).settings(transport, found.name, wanted)
    transport.done()
    return made


def _venues() -> tuple[Sequence[str], bool]:
    """Names of crypto venues, and whether the library that knows them is missing."""
    try:
        import ccxt
    except ImportError:
        return (), True
    return list(ccxt.exchanges), False
