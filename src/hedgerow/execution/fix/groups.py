"""The entries of a repeating group, as a session hands over a message's fields.

Never: a group within a group.
"""

from __future__ import annotations

from collections.abc import Sequence

Field = tuple[int, bytes, int]
"""Tag, value, and how many groups it stands in."""


def entries(fields: Sequence[Field], first: int) -> list[dict[int, str]]:
    """The entries of the group whose first field is this, by tag.

    >>> entries([(268, b"2", 0), (269, b"0", 1), (270, b"10", 1), (269, b"1", 1), (10, b"000", 0)], 269)
    [{269: '0', 270: '10'}, {269: '1'}]
    """
    found: list[dict[int, str]] = []
    for tag, value, depth in fields:
        if depth == 1 and tag == first:
            found.append({})
        if depth == 1 and found:
            found[-1].setdefault(tag, value.decode("latin-1"))
    return found
