"""The queue model that one's own fills speak for: recorded orders put into the replayed books again, model by model.

The distance of a model is the mean over orders of the area between two curves, filled share against time, as it was and
as the model says, in seconds: the difference of the fill times where both filled, and the time that was left where only
one did. Promises: orders are sent and taken back when they were; nothing but the queue changes between models. Never: a
model chosen from orders that no model tells apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.costs import Costs
from hedgerow.core.errors import problem
from hedgerow.core.simulation import Simulation
from hedgerow.engine.strategy import Strategy

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result
    from hedgerow.market.replay import Books

POWERS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Exponents that are tried where none are named."""
CASH = 1_000_000_000_000
"""So much that no limit stands between an order and its queue."""


@dataclass(frozen=True)
class OwnOrder:
    """A limit order of ours at rest: when it was sent, what it wanted, when it was taken back (`None` = never), and its
    fills (UTC nanoseconds, quantity) in order.
    """

    ts: int
    side: str
    limit: float
    quantity: float
    cancelled: int | None = None
    fills: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class QueueFit:
    """What `calibrate_queue` found. simulation: the assumptions with the best model. distance_s: its distance, seconds.
    table: every model with its distance, best first. orders: how many spoke.
    """

    simulation: Simulation
    distance_s: float
    table: pd.DataFrame
    orders: int


def calibrate_queue(
    own: Result | Iterable[OwnOrder],
    books: Books,
    *,
    simulation: Simulation | None = None,
    powers: Sequence[float] = POWERS,
) -> QueueFit:
    """The queue model whose fills are nearest to our own, among `trades_only`, `log` and `power` with each exponent.

    own: a run over the books, or orders as a venue told them. books: what the venue showed meanwhile. simulation:
    delays as they were; its queue is what is sought. Orders are sent at the first update after their time. Source:
    Rigtorp 2013 of the models. Raises RUN_NO_DATA without orders at rest, RUN_TOO_SHORT where all models say the same.
    """
    import pandas as pd

    from hedgerow.engine.result import Result

    orders = _own(own) if isinstance(own, Result) else list(own)
    if not orders:
        raise problem("RUN_NO_DATA", "no limit order of ours; a queue is where one waits")
    assumed = Simulation() if simulation is None else simulation
    models: list[dict[str, Any]] = [{"queue": "trades_only"}, {"queue": "log"}]
    models += [{"queue": "power", "power": float(power)} for power in powers]
    rows = []
    for model in models:
        said = _replayed(orders, books, dataclasses.replace(assumed, **model))
        distance = float(
            np.mean([_apart(order, fills, books.end_ns) for order, fills in zip(orders, said, strict=True)])
        )
        rows.append({"queue": model["queue"], "power": model.get("power"), "distance_s": distance})
    table = pd.DataFrame(rows).sort_values("distance_s", kind="stable", ignore_index=True)
    if table["distance_s"].nunique() == 1:
        raise problem("RUN_TOO_SHORT", f"{len(orders)} orders, and every queue model says the same of them")
    best = rows[min(range(len(rows)), key=lambda row: rows[row]["distance_s"])]
    chosen = {name: value for name, value in best.items() if name != "distance_s" and value is not None}
    return QueueFit(dataclasses.replace(assumed, **chosen), best["distance_s"], table, len(orders))


def _own(result: Result) -> list[OwnOrder]:
    """The limit orders of a run, with their cancels and fills."""
    cancels = result.records("CancelRequest")
    back = dict(zip(cancels["order_id"].tolist(), cancels["ts"].tolist(), strict=True))
    fills: dict[int, list[tuple[int, float]]] = {}
    for order_id, ts, quantity in zip(*(result.fills[name] for name in ("order_id", "ts", "quantity")), strict=True):
        fills.setdefault(int(order_id), []).append((ts.value, float(quantity)))
    limits: Any = result.orders[result.orders["kind"] == "limit"]
    return [
        OwnOrder(row.ts.value, row.side, row.limit, row.quantity, back.get(row.id), tuple(fills.get(row.id, ())))
        for row in limits.itertuples()
    ]


class Repeated(Strategy):
    """Sends orders and takes them back when that was done before."""

    def __init__(self, orders: Sequence[OwnOrder]) -> None:
        super().__init__()
        self.own = orders
        sent = [(order.ts, 0, number) for number, order in enumerate(orders)]
        back = [(order.cancelled, 1, number) for number, order in enumerate(orders) if order.cancelled is not None]
        self.due = sorted((*sent, *back), reverse=True)
        self.tickets: dict[int, Any] = {}
        self.told: list[list[tuple[int, float]]] = [[] for _ in orders]
        self.numbers: dict[int, int] = {}

    def _act(self) -> None:
        while self.due and self.due[-1][0] <= self.now:
            _, what, number = self.due.pop()
            order = self.own[number]
            if what == 0:
                trade = self.buy if order.side == "buy" else self.sell
                self.tickets[number] = trade(order.quantity, limit=order.limit, tif="gtx")
            elif self.tickets[number].state is not None:
                self.cancel(self.tickets[number])

    def on_book(self, book: Any) -> None:
        """Act."""
        self._act()

    def on_trade(self, trade: Any) -> None:
        """Act."""
        self._act()


def _replayed(orders: Sequence[OwnOrder], books: Books, simulation: Simulation) -> list[list[tuple[int, float]]]:
    """The fills of each order under a model."""
    from hedgerow.engine.backtest import backtest

    strategy = Repeated(orders)
    currency = books.instruments[0].currency
    result = backtest(books, strategy, cash=CASH, currency=currency, costs=Costs.none(), simulation=simulation)
    by_id = {int(order_id): number for number, order_id in enumerate(result.orders["id"])}
    sent = sorted(range(len(orders)), key=lambda number: (orders[number].ts, number))
    told: list[list[tuple[int, float]]] = [[] for _ in orders]
    for order_id, ts, quantity in zip(*(result.fills[name] for name in ("order_id", "ts", "quantity")), strict=True):
        told[sent[by_id[int(order_id)]]].append((ts.value, float(quantity)))
    return told


def _apart(order: OwnOrder, fills: Sequence[tuple[int, float]], end_ns: int) -> float:
    """Seconds between two courses of an order, each fill weighed by its share."""
    end = max(end_ns if order.cancelled is None else order.cancelled, order.ts)
    steps = [(min(ts, end), quantity / order.quantity) for ts, quantity in order.fills]
    steps += [(min(ts, end), -quantity / order.quantity) for ts, quantity in fills]
    area, ahead, last = 0.0, 0.0, order.ts
    for ts, share in [*sorted(steps), (end, 0.0)]:
        area += abs(ahead) * (ts - last) / 1e9
        ahead, last = ahead + share, ts
    return area
