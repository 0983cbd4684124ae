"""The micro-price: where the mid will be once the queues at hand have had their say, learnt from quotes.

Promises: it is the limit that Stoikov defines, of a chain of imbalances and spreads that is made symmetric, so a book
and its mirror image have opposite adjustments; the value of a quote depends on nothing but that quote, so a stream
gives what a column gives. Never: an adjustment for a state that the quotes did not show.

Source: Stoikov, The Micro-Price: A High-Frequency Estimator of Future Prices, Quantitative Finance 18(12), 2018. The
formula that others call so, from sizes alone, is `weighted_mid`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.features import Prices, like, numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

ROUNDS_MAX = 100_000
# An adjustment is known to this part of a tick.
RESOLUTION = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class MicropriceModel:
    """What to add to the mid: `adjustment[spread - 1, imbalance bucket]`, in prices.

    tick: of the price. Spreads are whole ticks from 1; imbalances `qb / (qb + qa)` in buckets of equal width. NaN for
    states that the quotes did not show.
    """

    tick: float
    adjustment: FloatArray

    def price(self, bid_price: Prices, bid_size: Prices, ask_price: Prices, ask_size: Prices) -> Prices:
        """The micro-price of quotes; NaN for a spread that the model does not know, or a side that is missing."""
        quotes = [numbers(side) for side in (bid_price, bid_size, ask_price, ask_size)]
        state = _states(quotes, self.tick, *self.adjustment.shape)
        known = np.append(self.adjustment.ravel(), np.nan)
        return like(bid_price, (quotes[0] + quotes[2]) / 2 + known[state])


def fit_microprice(
    bid_price: ArrayLike,
    bid_size: ArrayLike,
    ask_price: ArrayLike,
    ask_size: ArrayLike,
    *,
    tick: float,
    buckets: int = 10,
    spreads: int = 2,
) -> MicropriceModel:
    """Learn the micro-price from successive quotes.

    bid_price ... ask_size: columns (T), NaN where a side is missing. tick: smallest step of the price. buckets: of
    imbalance. spreads: the widest that is learnt, in ticks; quotes with wider ones are left out. Raises MODEL_SHAPE,
    MODEL_TOO_FEW_ROWS without a change of the mid, OPT_SOLVER if the adjustments do not settle, MODEL_FEATURE for a
    tick or numbers of buckets and spreads that are not positive.

    >>> bid = 10 + 0.01 * np.array([0, 1, 2, 1, 0, 1, 2, 1, 0])  # up after each heavy bid, down after each light one
    >>> size = np.array([9.0, 9.0, 1.0, 1.0, 9.0, 9.0, 1.0, 1.0, 9.0])
    >>> model = fit_microprice(bid, size, bid + 0.01, 10 - size, tick=0.01, buckets=2, spreads=1)
    >>> model.adjustment.round(6).tolist()
    [[-0.01, 0.01]]
    """
    if not tick > 0 or buckets < 1 or spreads < 1:
        raise problem("MODEL_FEATURE", f"tick {tick}, buckets {buckets}, spreads {spreads}; they are positive")
    quotes = [numbers(np.asarray(side)) for side in (bid_price, bid_size, ask_price, ask_size)]
    if len({side.shape for side in quotes}) > 1 or quotes[0].ndim != 1:
        raise problem("MODEL_SHAPE", f"quotes of {[side.shape for side in quotes]}; they are columns of one length")
    state = _states(quotes, tick, spreads, buckets)
    half_ticks = np.round((quotes[0] + quotes[2]) / tick)
    steps = np.flatnonzero((state[:-1] < spreads * buckets) & (state[1:] < spreads * buckets))
    before, after, change = state[steps], state[steps + 1], half_ticks[steps + 1] - half_ticks[steps]
    if not change.any():
        raise problem("MODEL_TOO_FEW_ROWS", f"{len(steps)} steps, none of which changes the mid")
    # Each step counts once as it is, and once in the mirror, where bids are asks and up is down.
    mirror = np.arange(spreads * buckets).reshape(spreads, buckets)[:, ::-1].ravel()
    before, after = np.concatenate([before, mirror[before]]), np.concatenate([after, mirror[after]])
    change = np.concatenate([change, -change])
    settled = _limit(before, after, change, spreads * buckets)
    return MicropriceModel(tick=tick, adjustment=settled.reshape(spreads, buckets) * tick / 2)


def _limit(before: NDArray[np.int64], after: NDArray[np.int64], change: FloatArray, states: int) -> FloatArray:
    """`G1 + B G1 + B^2 G1 + ...`: the mid's expected change at its first change, at the next, and so on."""
    seen = np.bincount(before, minlength=states).astype(float)
    rate = 1 / np.maximum(seen, 1)
    quiet, moved = np.zeros((states, states)), np.zeros((states, states))
    still = change == 0
    np.add.at(quiet, (before[still], after[still]), 1.0)
    np.add.at(moved, (before[~still], after[~still]), 1.0)
    first = np.bincount(before, weights=change, minlength=states) * rate
    waiting = np.eye(states) - quiet * rate[:, np.newaxis]
    try:
        solved = np.linalg.solve(waiting, np.column_stack([first, moved * rate[:, np.newaxis]]))
    except np.linalg.LinAlgError:
        raise problem("MODEL_TOO_FEW_ROWS", "some imbalance is never followed by a change of the mid") from None
    term, following = solved[:, 0], solved[:, 1:]
    total = term.copy()
    for _ in range(ROUNDS_MAX):
        term = following @ term
        total += term
        if np.abs(term).max() < RESOLUTION:
            return np.where(seen > 0, total, np.nan)
    raise problem(
        "OPT_SOLVER", f"adjustments still move by {np.abs(term).max():g} half ticks after {ROUNDS_MAX} rounds"
    )


def _states(quotes: list[FloatArray], tick: float, spreads: int, buckets: int) -> NDArray[np.int64]:
    """The number of each quote's state; `spreads * buckets` for one that has none."""
    bid, bid_size, ask, ask_size = quotes
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.round((ask - bid) / tick)
        share = bid_size / (bid_size + ask_size)
        known = (spread >= 1) & (spread <= spreads) & (share >= 0) & (share <= 1)
    row = np.where(known, spread - 1, 0).astype(np.int64)
    bucket = np.minimum(np.where(known, share, 0.0) * buckets, buckets - 1).astype(np.int64)
    return np.where(known, row * buckets + bucket, spreads * buckets)
