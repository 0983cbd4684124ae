"""Signals of quotes and trades: order flow, sides of trades, what trading costs, how one-sided it is.

Promises: as `hedgerow.models.rolling`; a definition has one name here, and names that are often confused (order flow
and trade imbalance, VPIN and PIN, Roll's spread of a trend) are kept apart. Never: an average over what is missing.

A quote is bid price, bid size, ask price, ask size; a side is 1 for a buyer's trade, -1 for a seller's, 0 for neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.features import Prices, columns, numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


def weighted_mid(bid_price: Prices, bid_size: Prices, ask_price: Prices, ask_size: Prices) -> Prices:
    """Both prices, each weighted with the size of the *other* side: `(Pb qa + Pa qb) / (qb + qa)`.

    It leans towards the price that is about to give way. NaN where both queues are empty. Source: Gatheral and Oomen,
    Zero-Intelligence Realized Variance Estimation, Finance and Stochastics 14, 2010 (who call it the micro-price).

    >>> weighted_mid(*np.array([[10.0], [3.0], [10.04], [1.0]])).round(9).tolist()
    [10.03]
    """
    return columns("weighted_mid", bid_price, bid_size, ask_price, ask_size)


def queue_imbalance(bid_size: Prices, ask_size: Prices) -> Prices:
    """`(qb - qa) / (qb + qa)` of the best queues, from -1 to 1; NaN where both are empty.

    Source: Gould and Bonart, Queue Imbalance as a One-Tick-Ahead Price Predictor in a Limit Order Book, Market
    Microstructure and Liquidity 2(2), 2016.

    >>> queue_imbalance(np.array([3.0]), np.array([1.0])).tolist()
    [0.5]
    """
    return columns("queue_imbalance", bid_size, ask_size)


def ofi(bid_price: Prices, bid_size: Prices, ask_price: Prices, ask_size: Prices, *, window: int = 1) -> Prices:
    """Order flow imbalance of the last `window` changes of the best quotes; no trades are needed.

    Each change adds `1{Pb >= Pb'} qb - 1{Pb <= Pb'} qb' - 1{Pa <= Pa'} qa + 1{Pa >= Pa'} qa'`, with `'` the quote
    before. It explains the price change of the *same* interval (the published R2 of 65 % is of that); it is no
    forecast. Source: Cont, Kukanov and Stoikov, The Price Impact of Order Book Events, Journal of Financial
    Econometrics 12(1), 2014.

    >>> ofi(*np.array([[10.0, 10.0, 10.01], [5, 8, 3], [10.01, 10.01, 10.02], [7, 7, 6]])).tolist()
    [nan, 3.0, 10.0]
    """
    return columns("ofi", bid_price, bid_size, ask_price, ask_size, window=window)


def trade_imbalance(side: Prices, volume: Prices, window: int, *, normalise: bool = False) -> Prices:
    """Buyers' less sellers' volume of the last `window` trades; as a share of all their volume if `normalise`.

    Source: Cont, Kukanov and Stoikov (2014), section 3.4, who find that it explains half of what order flow does.

    >>> trade_imbalance(np.array([1.0, -1.0, 1.0]), np.array([5.0, 2.0, 6.0]), 2).tolist()
    [nan, 3.0, 4.0]
    """
    return columns("trade_imbalance", side, volume, window=window, normalise=float(normalise))


def tick_test(price: Prices) -> Prices:
    """Side of each trade by the last change of the trade price that was not zero; NaN before any.

    >>> tick_test(np.array([10.0, 10.1, 10.1, 10.0])).tolist()
    [nan, 1.0, 1.0, -1.0]
    """
    return columns("tick_test", price)


def lee_ready(price: Prices, bid_price: Prices, ask_price: Prices, *, lag: int = 0) -> Prices:
    """Side of each trade: a buyer's above the middle of the quote, a seller's below, by the tick test at the middle.

    bid_price, ask_price: the quote in force at each trade, which `quotes_at` finds, with a lag in time if wanted. lag:
    how many trades before the quote to use is. NaN without a price, a quote, or any change to go by. Source: Lee and
    Ready, Inferring Trade Direction from Intraday Data, Journal of Finance 46(2), 1991 (who lag by five seconds).

    >>> lee_ready(np.array([10.01, 10.0, 10.005]), np.full(3, 10.0), np.full(3, 10.01)).tolist()
    [1.0, -1.0, 1.0]
    """
    return columns("lee_ready", price, bid_price, ask_price, lag=lag)


def quotes_at(times: ArrayLike, quote_times: ArrayLike, *quotes: ArrayLike, lag_ns: int = 0) -> tuple[FloatArray, ...]:
    """The quotes in force at some times: each column as of the last quote before `time - lag_ns`.

    times (T), quote_times (Q, ascending): UTC nanoseconds, or datetime64. quotes: columns (Q) of the quotes. A quote
    stamped with the very time does not count, because it may be what the trade left. NaN before the first. Raises
    MODEL_SHAPE if lengths differ or times go back.

    >>> [bid] = quotes_at([10, 20, 31], [10, 20, 30], np.array([1.0, 2.0, 3.0]))
    >>> bid.tolist()
    [nan, 1.0, 3.0]
    """
    at, known = _nanoseconds(times) - lag_ns, _nanoseconds(quote_times)
    if np.any(np.diff(known) < 0):
        raise problem("MODEL_SHAPE", f"quote {int(np.argmax(np.diff(known) < 0)) + 1} is earlier than the one before")
    found = np.searchsorted(known, at, side="left") - 1
    out = []
    for column in quotes:
        values = numbers(np.asarray(column))
        if values.shape != known.shape:
            raise problem("MODEL_SHAPE", f"{values.shape} quotes for {known.shape} times")
        out.append(np.where(found >= 0, values[found], np.nan) if len(values) else np.full(at.shape, np.nan))
    return tuple(out)


def bulk_buy_share(change: Prices, window: int) -> Prices:
    """The share of a bar's volume that buyers began: `Phi(change / sd)`, sd that of the last `window` changes.

    change: of the price over each bar. One half where it is zero. The published method takes one deviation of the whole
    sample, which looks ahead; here it rolls. Source: Easley, Lopez de Prado and O'Hara, Flow Toxicity and Liquidity in
    a High-Frequency World, Review of Financial Studies 25(5), 2012, section 1.3.

    >>> bulk_buy_share(np.array([1.0, -1.0, 0.0, 1.0]), 3).round(4).tolist()
    [nan, nan, 0.5, 0.8413]
    """
    return columns("bulk_buy_share", change, window=window)


def vpin(buy_volume: Prices, sell_volume: Prices, *, bucket: float, buckets: int = 50) -> Prices:
    """Mean of `|buy - sell| / bucket` over the last full volume buckets; NaN until there are `buckets`.

    buy_volume, sell_volume: of each bar or trade, by bulk classification (`bulk_buy_share`) or by true sides. What does
    not fit a bucket begins the next. Not an estimate of PIN, and close to volume and volatility (Andersen and
    Bondarenko, VPIN and the Flash Crash, Journal of Financial Markets 17, 2014). Source: as `bulk_buy_share`.

    >>> vpin(np.array([6.0, 2.0, 10.0]), np.array([0.0, 2.0, 0.0]), bucket=10, buckets=2).tolist()
    [nan, nan, 0.8]
    """
    return columns("vpin", buy_volume, sell_volume, bucket=bucket, buckets=buckets)


def volume_buckets(buy_volume: ArrayLike, sell_volume: ArrayLike, bucket: float) -> FloatArray:
    """Volume (T) cut into full buckets: bought and sold in each (K x 2); what is left over is left out.

    Raises MODEL_FEATURE if the bucket is not positive, or a volume negative or missing.

    >>> volume_buckets([6.0, 2.0, 12.0], [0.0, 2.0, 0.0], 10).tolist()
    [[8.0, 2.0], [10.0, 0.0]]
    """
    sides = np.stack([numbers(np.asarray(buy_volume)), numbers(np.asarray(sell_volume))])
    if not bucket > 0 or not np.all(sides >= 0):
        raise problem("MODEL_FEATURE", f"bucket {bucket}, smallest volume {sides.min(initial=0)}; volumes are positive")
    flowed = np.concatenate([[0.0], sides.sum(axis=0).cumsum()])
    edges = bucket * np.arange(int(flowed[-1] / bucket) + 1)
    return np.stack(
        [np.diff(np.interp(edges, flowed, np.concatenate([[0.0], side.cumsum()]))) for side in sides], axis=1
    )


def kyle_lambda(price: Prices, signed_volume: Prices, window: int) -> Prices:
    """Price change per unit of *signed* volume: a least-squares slope, with an intercept, over the last intervals.

    price: at the end of each interval, best a mid. signed_volume: buyers' less sellers' volume in it. NaN where the
    volume does not vary. Source: Kyle, Continuous Auctions and Insider Trading, Econometrica 53(6), 1985, in whose
    equilibrium the slope is `sqrt(Sigma0) / (2 sigma_u)`.

    >>> kyle_lambda(np.array([5.0, 5.2, 5.1, 5.4]), np.array([0.0, 2.0, -1.0, 3.0]), 3).round(9).tolist()
    [nan, nan, nan, 0.1]
    """
    return columns("kyle_lambda", price, signed_volume, window=window)


def amihud(returns: Prices, traded_value: Prices, window: int, *, scale: float = 1e6) -> Prices:
    """Illiquidity: the mean of `|return| / traded value` over the last `window` periods, times `scale`.

    A mean of ratios, not a ratio of means. Periods without trades are left out of it. Source: Amihud, Illiquidity and
    Stock Returns, Journal of Financial Markets 5(1), 2002.

    >>> amihud(np.array([0.01, -0.02, 0.005]), np.array([1e6, 4e6, 5e5]), 3).round(9).tolist()
    [nan, nan, 0.008333333]
    """
    return columns("amihud", returns, traded_value, window=window, scale=scale)


def roll_spread(price: Prices, window: int) -> Prices:
    """Spread from the bounce of trade prices: `2 sqrt(-cov)` of the last `window` pairs of successive changes.

    NaN where the covariance is not negative: the estimate is undefined there, and a root of its absolute value would
    call a trend a spread. Source: Roll, A Simple Implicit Measure of the Effective Bid-Ask Spread, Journal of Finance
    39(4), 1984.

    >>> roll_spread(np.array([10.0, 10.1, 10.0, 10.1, 10.1, 10.0]), 4).round(4).tolist()
    [nan, nan, nan, nan, nan, 0.1528]
    """
    return columns("roll_spread", price, window=window)


def _nanoseconds(times: Any) -> NDArray[np.int64]:
    values = times.to_numpy() if hasattr(times, "to_numpy") else np.asarray(times)
    if values.dtype.kind == "M":
        return values.astype("datetime64[ns]").astype(np.int64)
    if values.dtype.kind not in "iu":
        raise problem("DATA_TYPE", f"times of type {values.dtype}; they are nanoseconds or datetime64")
    return values.astype(np.int64)
