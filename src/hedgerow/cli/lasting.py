"""What a process of ours keeps for as long as it lives is looked at by the garbage collector once, and not again."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Collects once; what outlives that, or a full collection within, is left out of later ones until the end.

    A full collection stops everything, for longer the more is kept. For a process that keeps a record and makes no
    circles: what becomes garbage in a circle later would stay.
    """

    def keep(phase: str, told: Mapping[str, int]) -> None:
        if phase == "stop" and told["generation"] == 2:
            gc.freeze()

    gc.callbacks.append(keep)
    try:
        gc.collect()
        yield
    finally:
        gc.callbacks.remove(keep)
        gc.unfreeze()
