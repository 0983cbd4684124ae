"""Columns that many variants compute alike: computed once while a sweep asks for them, and handed out read-only.

Promises: outside `sharing` every call computes for itself; inside it, only what follows from the objects that were
named there, and from columns handed out before, is kept; at most so many bytes are, the oldest go first. Never: a
column that somebody else may write to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
BYTES_MAX = 1 << 27


class Alike:
    """What was computed of some objects, by what was asked."""

    def __init__(self, *roots: Any, bytes_max: int = BYTES_MAX) -> None:
        self._count = 0
        self._known: dict[int, tuple[int, Any]] = {}
        self._kept: dict[Hashable, Column] = {}
        self._bytes_left = bytes_max
        for root in roots:
            self._know(root)

    def number(self, one: Any) -> int | None:
        """A number of its own for what nobody changes, a root or a column that was handed out; `None` for the rest."""
        return self._known.get(id(one), (None,))[0]

    def _know(self, one: Any) -> None:
        # It is held here, so that nothing else can come to lie where it lies; a number is given once.
        self._count += 1
        self._known[id(one)] = (self._count, one)

    def column(self, asked: Hashable, make: Callable[[], Column]) -> Column:
        """The column for what is asked, made if it is not here."""
        column = self._kept.pop(asked, None)
        if column is None:
            column = make()
            column.flags.writeable = False
            self._know(column)
            self._bytes_left -= column.nbytes
        self._kept[asked] = column  # behind all others
        while self._bytes_left < 0 and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))
        return column

    def _forget(self, asked: Hashable) -> None:
        column = self._kept.pop(asked)
        self._bytes_left += column.nbytes
        del self._known[id(column)]


_present: list[Alike] = []


@contextmanager
def sharing(alike: Alike) -> Iterator[None]:
    """While it lasts, what is computed of the objects that `alike` knows is computed once."""
    _present.append(alike)
    try:
        yield
    finally:
        _present.pop()


def once(what: str, of: tuple[Any, ...], how: tuple[Hashable, ...], make: Callable[[], Column]) -> Column:
    """A column made of some objects: by `make`, or as it was made before.

    >>> class Root: ...
    >>> root = Root()
    >>> with sharing(Alike(root)):
    ...     first = once("ones", (root,), (3,), lambda: np.ones(3))
    ...     again = once("ones", (root,), (3,), lambda: np.ones(3))
    >>> first is again, once("ones", (root,), (3,), lambda: np.ones(3)) is first
    (True, False)
    """
    if not _present:
        return make()
    numbers = tuple(map(_present[-1].number, of))
    return make() if None in numbers else _present[-1].column((what, numbers, how), make)
