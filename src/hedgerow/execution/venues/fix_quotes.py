"""MassQuote (i) at the exchange: both sides of a quote at once, as orders that are named after it.

Promises: an entry is looked at as a whole before anything of it is done, so that both sides change or neither; nothing
of anybody else comes between them; a side whose price and open quantity stay keeps its place. Never: two sides of one
quote that meet on their way. Source: FIX 4.4 errata 20030618, volume 3, `MassQuote`, `MassQuoteAcknowledgement`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hedgerow.execution.venues.fix_orders import Action, Refusal, steps
from hedgerow.execution.venues.fix_reports import Event, Pairs
from hedgerow.execution.venues.house import Venue

_REASONS = {"unknown_instrument": 1, "phase": 2, "lots": 3, "duplicate_client_id": 6, "spread": 7}
"""QuoteEntryRejectReason (368); what else is wrong is its price, 8."""
_SIDES = (("Buy", "B", 132, 134), ("Sell", "S", 133, 135))
"""Side, its letter in an order's name, and the tags of its price and size."""
_OPEN = ("opening_call", "continuous", "closing_call")


@dataclass
class Entry:
    """A quote in one instrument, as it came, and what was wrong with it."""

    set_id: bytes
    fields: dict[int, bytes] = field(default_factory=dict)
    reason: int = 0


def entries_of(fields: Sequence[tuple[int, bytes, int]]) -> list[Entry]:
    """The entries of a MassQuote, in the order told."""
    found: list[Entry] = []
    set_id = b""
    for tag, value, depth in fields:
        if tag == 302:
            set_id = value
        elif tag == 299:
            found.append(Entry(set_id, {tag: value}))
        elif depth == 2 and found:
            found[-1].fields[tag] = value
    return found


def legs(venue: Venue, member: str, quote_id: str, entry: Entry, *, is_again: bool = False) -> list[Action]:
    """What an entry asks of the exchange, in the order in which its sides never meet; raises `Refusal` if it cannot.

    is_again: it was sent before, and a crash may have come between its sides: what was heard is not done again.
    """
    at = venue.symbols.get(entry.fields.get(55, b"").decode("latin-1"))
    if at is None:
        raise Refusal("unknown_instrument")
    if (venue.core.market(at) or ("",))[0] not in _OPEN:
        raise Refusal("phase")
    stands = {
        order["side"]: order
        for order in venue.working(member)
        if order["instrument"] == at and order["client_id"].startswith("q:")
    }
    wanted = {side: _wanted(venue, at, entry, price, size) for side, _, price, size in _SIDES}
    bid, ask = wanted["Buy"], wanted["Sell"]
    if bid and ask and bid[0] >= ask[0]:
        raise Refusal("spread")
    names = names_of(quote_id, entry)
    made = {side: _leg(at, side, names[side], wanted[side], stands.get(side)) for side in names}
    heard = {side for side, name in names.items() if venue.has_heard(member, name)}
    if (heard and not is_again) or max(map(len, names.values())) > 64:
        raise Refusal("duplicate_client_id")
    rises = bid is not None and "Sell" in stands and bid[0] >= stands["Sell"]["price_ticks"]
    number, in_turn = venue.numbers[member], ("Sell", "Buy") if rises else ("Buy", "Sell")
    todo = [made[side] for side in in_turn if side not in heard]
    return [{"participant": number, **one} for one in todo if one]


def names_of(quote_id: str, entry: Entry) -> dict[str, str]:
    """The ClOrdID of each side's order."""
    return {side: f"q:{quote_id}.{entry.fields[299].decode('latin-1')}.{letter}" for side, letter, *_ in _SIDES}


def _wanted(venue: Venue, at: int, entry: Entry, price: int, size: int) -> tuple[int, int] | None:
    """Price and size of a side, in ticks and lots; none where it is withdrawn. Raises `Refusal`."""
    listing = venue.settings.listings[at]
    lots = steps(entry.fields.get(size), listing.lot, "lots", absent=0)
    if not 0 <= lots <= listing.lots_max:
        raise Refusal("lots")
    if lots == 0:
        return None
    ticks = steps(entry.fields.get(price), listing.tick, "off_tick")
    if not 0 < ticks <= listing.ticks_max:
        raise Refusal("price")
    return ticks, lots


def _leg(at: int, side: str, name: str, wanted: tuple[int, int] | None, stands: Event | None) -> Action | None:
    """What makes a side as it shall be; none where it is so."""
    if wanted is None:
        return None if stands is None else {"do": "cancel", "client_id": name, "orig_client_id": stands["client_id"]}
    price, lots = wanted
    terms = {"client_id": name, "price_ticks": price, "stop_ticks": 0}
    if stands is None:
        how = {"order_type": "limit", "time_in": "gtc", "show_lots": 0, "post_only": False, "expire_ts": 0}
        return {"do": "new", "instrument": at, "side": side, "lots": lots, **terms, **how}
    if (stands["price_ticks"], stands["leaves_lots"]) == (price, lots):
        return None
    return {"do": "replace", "orig_client_id": stands["client_id"], "lots": stands["cum_lots"] + lots, **terms}


def reason_of(why: Refusal) -> int:
    """QuoteEntryRejectReason (368) of what cannot be."""
    return _REASONS.get(why.args[0], 8)


def acknowledgement(quote_id: bytes, entries: Sequence[Entry]) -> Pairs:
    """MassQuoteAcknowledgement (b): accepted but for entries that say why not, or rejected where all of them are."""
    refused = [entry for entry in entries if entry.reason]
    is_refused = len(refused) == len(entries)
    pairs: Pairs = [(117, quote_id), (297, b"5" if is_refused else b"0")]
    if is_refused:
        pairs.append((300, b"%d" % (refused[0].reason if refused else 8)))
    sets: dict[bytes, list[Entry]] = {}
    for entry in refused:
        sets.setdefault(entry.set_id, []).append(entry)
    pairs += [(296, b"%d" % len(sets))] if sets else []
    for set_id, own in sets.items():
        pairs += [(302, set_id), (304, b"%d" % len(own)), (295, b"%d" % len(own))]
        for entry in own:
            pairs += [(299, entry.fields[299]), (55, entry.fields.get(55, b"NONE")), (368, b"%d" % entry.reason)]
    return pairs


def wants_answer(level: bytes | None, entries: Sequence[Entry]) -> bool:
    """Whether an acknowledgement is wanted: QuoteResponseLevel (301) 2 = always, 1 = where something was refused."""
    return level == b"2" or (level == b"1" and any(entry.reason for entry in entries))
