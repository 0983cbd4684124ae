"""The indicator that a strategy holds and the engine feeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors


def test_an_indicator_is_ready_once_its_window_is_full() -> None:
    """`value` is NaN and `ready` false until then; `reset` begins again."""
    indicator = _core.indicator("sma", {"window": 2})
    assert math.isnan(indicator.value)
    assert not indicator.ready
    assert math.isnan(indicator.update(1.0))
    assert indicator.update(2) == indicator.value == 1.5
    assert indicator.ready
    assert repr(indicator) == "Indicator('sma', window=2): 1.5"
    assert indicator.name == "sma"
    indicator.reset()
    assert not indicator.ready


def test_a_batch_continues_where_the_stream_stands() -> None:
    """Batch and update drive the same state."""
    indicator = _core.indicator("rolling_sum", {"window": 2})
    indicator.update(1.0)
    assert indicator.batch(np.array([2, 3])).tolist() == [3.0, 5.0]
    assert indicator.value == 5.0
    assert indicator.batch(np.arange(10.0)[::3]).tolist() == [3.0, 3.0, 9.0, 15.0]


def test_an_unknown_indicator_is_a_named_error() -> None:
    """The core names the known ones."""
    with pytest.raises(HedgerowError, match="'smma' is not one of") as caught, named_errors():
        _core.indicator("smma")
    assert caught.value.code.startswith("MODEL-")
