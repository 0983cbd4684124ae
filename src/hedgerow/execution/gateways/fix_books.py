"""Books and trades as a FIX venue tells them: whole books (W), and what changes of them (X), by level or by entry.

Promises: a book is what the venue's words make of it, best first, sizes of one price added; one that was told in words
that cannot be followed is empty from then on, until it is told whole. Never: a price or a size of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from hedgerow.execution.fix.groups import Field, entries
from hedgerow.execution.fix.values import number

Level = tuple[str, str]
"""Price and quantity, in the venue's digits."""
_BID, _OFFER, _TRADE = "0", "1", "2"
"""MDEntryType (269)."""
_NEW, _DELETE, _SETS = "0", "2", ("0", "1", "5")
"""MDUpdateAction (279); new, changed and laid over say what stands there from now on."""
_ENTRY, _ACTION, _NAME = 269, 279, 278
"""The first field of an entry of a whole book, that of a change, and what an entry is called."""
_ENTRIES_MAX = 100_000
"""More than this many orders or levels in one book are not followed."""


class Entry(NamedTuple):
    """What stands in a book: an order or a level; price and size as they were told, and as numbers."""

    side: str
    level: Level
    price: Decimal
    size: Decimal


class FixBooks:
    """The books of one session, of the symbols that are `watched`; `lost` is told of one that cannot be followed."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        self._tell = lost
        self._books: dict[str, dict[str, Entry]] = {}
        self._whole: dict[str, Sequence[Field]] = {}
        """Whole books of which no change came yet."""
        self._lost = set[str]()
        self.watched = frozenset[str]()
        self.depth = 0
        """How many levels of a side are wanted; 0: all."""

    def forget(self) -> None:
        """The session is over: what comes next is told whole."""
        self._books.clear()
        self._whole.clear()
        self._lost.clear()

    def image(self, symbol: str, fields: Sequence[Field]) -> tuple[list[Level], list[Level]]:
        """A whole book (W): by levels it is as it was told, and taken apart only when a change of it comes."""
        self._lost.discard(symbol)
        self._books.pop(symbol, None)
        sides = _as_told(fields)
        if symbol not in self.watched:
            return sides
        self._whole[symbol] = fields
        has_names = any(tag == _NAME for tag, _, _ in fields)
        if not has_names and all(len({price for price, _ in side}) == len(side) for side in sides):
            return sides
        self._take_apart(symbol)
        return self._sides(symbol)

    def _take_apart(self, symbol: str) -> None:
        """Have the entries of a whole book, or none."""
        fields = self._whole.pop(symbol, ())
        book = self._books.setdefault(symbol, {})
        try:
            for told in entries(fields, _ENTRY):
                if told[_ENTRY] in (_BID, _OFFER):
                    entry = _entry(told[_ENTRY], told.get(270, ""), told.get(271, ""))
                    book[_key(entry, told.get(_NAME, ""))] = entry
        except ValueError as error:
            self._lose(symbol, str(error))

    def moved(self, fields: Sequence[Field]) -> list[tuple[str, list[Level], list[Level]]]:
        """The books that changes (X) make others; one that nobody watches is empty."""
        moved, symbol = dict[str, None](), ""
        for told in entries(fields, _ACTION):
            symbol = told.get(55, symbol)
            if symbol in self._whole:
                self._take_apart(symbol)
            try:
                is_other = symbol not in self._lost and self._applies(symbol, told)
            except ValueError as error:
                is_other = self._lose(symbol, str(error))
            if is_other:
                moved[symbol] = None
        return [(one, *self._sides(one)) for one in moved]

    def _applies(self, symbol: str, told: dict[int, str]) -> bool:
        """Change a book; whether it is another than before."""
        side, name = told.get(_ENTRY, ""), told.get(_NAME, "")
        book = self._books.setdefault(symbol, {}) if symbol in self.watched else {}
        if not side and name:
            side = next((one for one in (_BID, _OFFER) if f"{one}#{name}" in book), "")
        if side not in (_BID, _OFFER):
            return False  # a trade, an index, an imbalance
        if name and told[_ACTION] == _DELETE:
            return book.pop(f"{side}#{name}", None) is not None or symbol not in self.watched
        before = book.get(f"{side}#{name}")
        price, size = before.level if before is not None else ("", "0")
        entry = _entry(side, told.get(270, price), told.get(271, size))
        key = _key(entry, name)
        if told[_ACTION] == _DELETE or (told[_ACTION] in _SETS and not entry.size):
            return book.pop(key, None) is not None or symbol not in self.watched
        if told[_ACTION] not in _SETS:
            raise ValueError(f"MDUpdateAction (279) is {told[_ACTION]!r}")
        book[key] = entry
        if len(book) > _ENTRIES_MAX:
            raise ValueError(f"it has more than {_ENTRIES_MAX:,} entries")
        return True

    def _sides(self, symbol: str) -> tuple[list[Level], list[Level]]:
        sides: dict[str, dict[Decimal, tuple[Level, Decimal]]] = {_BID: {}, _OFFER: {}}
        for one in self._books.get(symbol, {}).values():
            level, total = sides[one.side].get(one.price, (one.level, Decimal(0)))
            total += one.size
            sides[one.side][one.price] = (level if total == one.size else (level[0], f"{total:f}"), total)
        bids, offers = sorted(sides[_BID], reverse=True), sorted(sides[_OFFER])
        wanted = self.depth or None
        return (
            [sides[_BID][price][0] for price in bids[:wanted]],
            [sides[_OFFER][price][0] for price in offers[:wanted]],
        )

    def _lose(self, symbol: str, why: str) -> bool:
        self._books.pop(symbol, None)
        self._lost.add(symbol)
        self._tell(f"the book of {symbol} cannot be followed: {why}: it counts as empty until it is told whole")
        return True


def trades(fields: Sequence[Field]) -> list[tuple[str, str, str]]:
    """Symbol, price and quantity of each trade that changes (X) tell."""
    found, symbol = [], ""
    for told in entries(fields, _ACTION):
        symbol = told.get(55, symbol)
        if (told[_ACTION], told.get(_ENTRY)) == (_NEW, _TRADE):
            found.append((symbol, told.get(270, ""), told.get(271, "")))
    return found


def _as_told(fields: Sequence[Field]) -> tuple[list[Level], list[Level]]:
    """Bids and offers of a whole book, each as it came."""
    sides: dict[str, list[Level]] = {_BID: [], _OFFER: []}
    kind, price = "", ""
    for tag, value, depth in fields:
        if depth != 1:
            continue
        if tag == _ENTRY:
            kind, price = value.decode("latin-1"), ""
        elif tag == 270:
            price = value.decode("latin-1")
        elif tag == 271 and kind in sides:
            sides[kind].append((price, value.decode("latin-1")))
    return sides[_BID], sides[_OFFER]


def _entry(side: str, price: str, size: str) -> Entry:
    return Entry(side, (price, size), _number(price), _number(size))


def _key(entry: Entry, name: str) -> str:
    """What later changes call an entry: its own id, else its price."""
    return f"{entry.side}#{name}" if name else f"{entry.side}@{entry.price}"


def _number(text: str) -> Decimal:
    found = number(text)
    if found is None:
        raise ValueError(f"{text!r} is no price or size")
    return found.normalize()
