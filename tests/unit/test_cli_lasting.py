"""How long the garbage collector stops a process that keeps much."""

from __future__ import annotations

import gc

from hedgerow.cli.lasting import lasting


def test_what_outlives_a_full_collection_is_not_looked_at_again_until_the_end() -> None:
    """Nor is what was there before; younger collections leave nothing out."""
    with lasting():
        before = gc.get_freeze_count()
        assert before > 0
        kept = [[number] for number in range(1_000)]
        gc.collect(1)
        assert gc.get_freeze_count() == before
        gc.collect()
        assert gc.get_freeze_count() > before + 1_000
        assert not any(held is kept[0] for held in gc.get_objects(generation=2))
    assert gc.get_freeze_count() == 0
    assert any(held is kept[0] for held in gc.get_objects(generation=2))
