"""Columns of result tables: times and text, of one type each whether they have rows or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def times(ns: Any, name: str | None = None) -> pd.DatetimeIndex:
    """Nanoseconds since 1970 as times in UTC."""
    import pandas as pd

    return pd.DatetimeIndex(np.asarray(ns, dtype="datetime64[ns]"), tz="UTC", name=name)


def text(values: Any) -> pd.Series[Any]:
    """Words."""
    import pandas as pd

    return pd.Series(np.asarray(values, dtype=object), dtype="str")
