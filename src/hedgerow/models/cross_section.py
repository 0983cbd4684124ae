"""Neutral cross-sections: what a group has in common, or what exposures explain, taken off the values of one moment.

Promises: each moment is computed by itself, so a history and a stream of its rows give the same bits; what is missing
stays missing and is not counted. Never: it fills a gap, or looks at another moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.models.features import Prices, like, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence


def demean(x: Prices, groups: Sequence[Any] | None = None) -> Prices:
    """Each value less the mean of its group at that moment; of all, without groups.

    x: a cross-section (N), or one in each row (T x N). groups: a label for each of the N; `None` or NaN for no group,
    whose values become NaN. Raises MODEL_SHAPE if there is not one label for each.

    >>> demean(np.array([1.0, 3.0, 10.0, np.nan, 20.0]), ["bank", "bank", "oil", "oil", "oil"]).tolist()
    [-1.0, 1.0, -5.0, nan, 5.0]
    """
    values = numbers(x)
    table = np.atleast_2d(values)
    labels = ["all"] * table.shape[1] if groups is None else list(groups)
    known = {label: place for place, label in enumerate(dict.fromkeys(label for label in labels if label == label))}
    known.pop(None, None)
    codes = [known.get(label, len(labels) + 1) for label in labels]
    with named_errors():
        return like(x, _core.demean_rows(table, codes, len(labels)).reshape(values.shape))


def neutralise(x: Prices, exposures: Any) -> Prices:
    """What exposures do not explain: residuals of a least-squares regression with an intercept, at each moment.

    x: a cross-section (N), or one in each row (T x N). exposures: one of each instrument (N), several (N x K), or
    several at each moment (T x N x K). NaN where the value or an exposure is missing, and everywhere if there are not
    more values than columns; exposures that are mixtures of others count once. Raises MODEL_SHAPE if they do not fit
    `x`.

    >>> size = np.array([1.0, 2.0, 3.0, 4.0])
    >>> neutralise(np.array([5.0, 7.0, 9.0, 15.0]), size).round(9).tolist()
    [0.8, -0.4, -1.6, 1.2]
    """
    values = numbers(x)
    loads = np.asarray(exposures, dtype=np.float64)
    if loads.ndim == 1:
        loads = loads[:, np.newaxis]
    if loads.ndim == 2:
        loads = loads[np.newaxis]
    if loads.ndim != 3:
        raise problem("MODEL_SHAPE", f"exposures of shape {loads.shape}; they are N, N x K or T x N x K")
    with named_errors():
        return like(x, _core.neutralise_rows(np.atleast_2d(values), loads).reshape(values.shape))
