"""Order flow on quotes: how much of each second's price change it explains, and how little of the next one's.

Without an argument the quotes are made up; with one they are read from a recording of Binance's stream (a line = time
in nanoseconds, a space, the message; gzipped), whose trades also show how often Lee and Ready find the true side. A
quote that arrives before the trade that made it gives the wrong one, hence their lag:

    python examples/order_flow.py binance_usdm_btcusdt_20240808.gz
"""

from __future__ import annotations

import gzip
import json
import sys

import numpy as np

import hedgerow as hr


def made_up(seconds: int = 600, a_second: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Times (T) and quotes (4 x T) of a book whose price moves when a queue of about 100 is used up."""
    level = np.random.default_rng(1).normal(0, 0.3, seconds * a_second).cumsum()
    tick, done = np.floor(level), level - np.floor(level)
    quotes = np.stack([100 + tick / 100, 100 * done, 100.01 + tick / 100, 100 * (1 - done)])
    return np.arange(len(level)) * 10**9 // a_second, quotes


def recorded(path: str, stream: str, *keys: str) -> tuple[np.ndarray, np.ndarray]:
    """Times of receipt (T) and the values of some keys (K x T) of a stream's messages, in order of receipt."""
    times, rows = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            time, message = line.split(" ", 1)
            if f'@{stream}"' in message:
                data = json.loads(message)["data"]
                times.append(int(time))
                rows.append([float(data[key]) for key in keys])
    order = np.argsort(times, kind="stable")
    return np.array(times)[order], np.array(rows)[order].T


def explained(times: np.ndarray, quotes: np.ndarray) -> tuple[float, float]:
    """R2 of each second's change of the mid on the order flow of that second, and on that of the second before."""
    flow = np.nan_to_num(hr.ofi(*quotes)).cumsum()
    mid = (quotes[0] + quotes[2]) / 2
    flow, mid = hr.quotes_at(np.arange(times[0] + 10**9, times[-1], 10**9), times, flow, mid)
    flow, change = np.diff(flow), np.diff(mid)
    return np.corrcoef(flow, change)[0, 1] ** 2, np.corrcoef(flow[:-1], change[1:])[0, 1] ** 2


path = sys.argv[1] if len(sys.argv) > 1 else None
times, quotes = recorded(path, "bookTicker", *"bBaA") if path else made_up()
same, following = explained(times, quotes)
print(f"{len(times)} quotes; order flow explains {same:.0%} of the price change of its own second")
print(f"and {following:.0%} of that of the next: it explains, it does not predict")
if path:
    traded, (price, sold) = recorded(path, "trade", "p", "m")
    side = 1 - 2 * sold
    for milliseconds in (0, 5, 50):
        bid, _, ask, _ = hr.quotes_at(traded, times, *quotes, lag_ns=milliseconds * 10**6)
        right = np.mean(hr.lee_ready(price, bid, ask) == side)
        print(
            f"{len(traded)} trades; with quotes {milliseconds} ms old Lee and Ready find {right:.0%} of the true sides"
        )
