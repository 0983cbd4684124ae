"""Messages by the names of their fields: what an application writes, and what it reads.

Promises: an unknown name is an error with the nearest known ones; what is written is exact (no floats), and what is
read is the text that came. Never: a check of a message against its dictionary (the session does that).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem

Value = str | bytes | int | bool | Decimal | datetime | Sequence[Mapping[str, "Value"]]
"""What a field may be given; a list is the entries of the repeating group that the field counts."""
Told = str | list[dict[str, "Told"]]
"""What a field says; a list is the entries of a repeating group."""
Field = tuple[int, bytes, int]
"""Tag, value, depth within groups: as `FixSession.fields` gives them."""


def fields_of(dictionary: _core.FixDictionary, values: Mapping[str, Value]) -> list[tuple[int, bytes]]:
    """Fields for `FixSession.send` from values by name, in their order; entries of groups behind their count.

    `True` and `False` become `Y` and `N`, an aware `datetime` a UTC timestamp. Raises `WireError`: a name that the
    dictionary does not have, a value that is not exact (a float), has no time zone, or no place in Latin-1.
    """
    return list(_written(dictionary, values))


def _written(dictionary: _core.FixDictionary, values: Mapping[str, Value]) -> Iterator[tuple[int, bytes]]:
    for name, value in values.items():
        tag = dictionary.tag(name)
        if tag is None:
            raise problem("WIRE_TAG", f"field '{name}'{did_you_mean(name, dictionary.names()[0])}")
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            yield tag, b"%d" % len(value)
            for entry in value:
                yield from _written(dictionary, entry)
        else:
            yield tag, _text(name, value)


def _text(name: str, value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"Y" if value else b"N"
    if isinstance(value, str) and all(ord(sign) < 256 for sign in value):
        return value.encode("latin-1")
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f").encode()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3].encode()
    raise problem(
        "WIRE_VALUE", f"{name} = {value!r}; give Latin-1 text, an int, a Decimal, or a datetime with its zone"
    )


def values_of(dictionary: _core.FixDictionary, fields: Sequence[Field]) -> dict[str, Told]:
    """What a message says, by name; a tag that the dictionary does not have keeps its number.

    >>> book = _core.FixDictionary(
    ...     "<fix major='4' minor='4'><fields><field number='453' name='NoPartyIDs' type='NUMINGROUP'/>"
    ...     "<field number='448' name='PartyID' type='STRING'/></fields></fix>"
    ... )
    >>> values_of(book, [(453, b"2", 0), (448, b"a", 1), (448, b"b", 1), (58, b"hi", 0)])
    {'NoPartyIDs': [{'PartyID': 'a'}, {'PartyID': 'b'}], '58': 'hi'}
    """
    return _read(dictionary, fields, 0, 0, None)[0]


def _read(
    dictionary: _core.FixDictionary, fields: Sequence[Field], at: int, depth: int, first: int | None
) -> tuple[dict[str, Told], int]:
    """The fields of one depth from a place on, up to the next entry of their group; and the place behind them."""
    told: dict[str, Told] = {}
    begin = at
    while at < len(fields) and fields[at][2] == depth and (at == begin or fields[at][0] != first):
        tag, value, _ = fields[at]
        name = dictionary.name(tag) or str(tag)
        at += 1
        if at < len(fields) and fields[at][2] > depth:
            entries: list[dict[str, Told]] = []
            while at < len(fields) and fields[at][2] > depth:
                entry, at = _read(dictionary, fields, at, depth + 1, fields[at][0])
                entries.append(entry)
            told[name] = entries
        else:
            told[name] = value.decode("latin-1")
    return told, at
