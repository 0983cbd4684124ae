"""A market that is made up: a book of orders that come, trade and go at random, to try things in and to break them.

Promises: equal settings and seed give equal events on every machine; the events are those of a real feed of orders, so
that whatever takes one takes the other. Which facts of real markets it shows is tested fact by fact (`stylised_facts`,
`order_flow_facts`). Never: evidence that a strategy earns money; what pays for a profit here is a random number.
Sources: Cont, Stoikov & Talreja (2010); Lillo, Mike & Farmer (2005); Hardiman, Bercot & Bouchaud (2013); Huang, Lehalle
& Rosenbaum (2015).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hedgerow._core import MarketGenerator, ReactiveGenerator
from hedgerow.core.errors import problem
from hedgerow.market.books import Events
from hedgerow.market.instruments import Instrument
from hedgerow.market.times import Moment, moment_ns

if TYPE_CHECKING:
    from hedgerow.market.replay import Books

EVENTS_MAX = 100_000_000
"""Most events that are made at once: 3.2 GB."""


@dataclass(frozen=True, kw_only=True)
class MarketModel:
    """What a made-up market is like; the defaults are those of a liquid share whose flow shows the stylised facts.

    limit_rates: limit orders a second and side, at 1, 2, ... ticks from the opposite best. market_rate: market
    orders. cancel_rates: cancels of each resting order, by the same distance. size_tail: exponent of the tail of
    sizes; 0 = one lot each. branching: how many trades a trade brings, below 1. fear: how much more one that moves
    the mid down brings. split_tail: exponent of the lengths of the large orders whose pieces market orders are; 0 =
    each stands alone. split_orders: how many of them are worked at a time. refill: how much faster limit orders
    come where lots will be taken, and slower on the other side; about a third takes the memory of signs out of the
    returns.
    """

    limit_rates: tuple[float, ...] = (1.85, 1.51, 1.09, 0.88, 0.77)
    market_rate: float = 0.94
    cancel_rates: tuple[float, ...] = (0.71, 0.81, 0.68, 0.56, 0.47)
    size_tail: float = 1.2
    branching: float = 0.8
    fear: float = 0.4
    split_tail: float = 1.5
    split_orders: int = 5
    refill: float = 0.33

    @classmethod
    def zero_intelligence(cls) -> MarketModel:
        """The published model alone: orders of one lot, Poisson arrivals, no memory (Cont, Stoikov & Talreja 2010)."""
        return cls(size_tail=0.0, branching=0.0, fear=0.0, split_tail=0.0, split_orders=1, refill=0.0)


Rates = tuple[tuple[float, ...], ...]
"""Of each queue, the one next to the reference price first, a rate for each length."""


def _cancels() -> Rates:
    """Ever less more the longer the queue is; by queue, the most and how fast it is reached."""
    shapes = ((1.5, 8.0), (1.4, 10.0), (1.2, 10.0))
    return tuple(tuple(most * (1 - math.exp(-many / orders)) for many in range(1, 41)) for most, orders in shapes)


def _takers() -> Rates:
    """Who takes from a queue hurries where it is short."""
    return 3 * (tuple(0.8 * math.exp(-many / 6) for many in range(1, 41)),)


@dataclass(frozen=True, kw_only=True)
class QueueReactive:
    """A made-up market of queues around a reference price, what comes to each and goes depending on its length.

    limit_rates: limit orders a second into a queue of 0, 1, ... orders, a row for each queue of a side. cancel_rates:
    cancels in a queue of 1, 2, ... orders. market_rates: market orders that take from it while it is the best of its
    side. Beyond a row's end its last rate holds; every order has one lot. theta: how likely the reference price
    follows the mid by a tick where that has moved. redraw: how likely all queues are drawn anew then.

    The defaults have the shapes of the paper's figures: limit orders come at about one rate, cancels grow ever less
    with the queue, market orders fall with it. The numbers are round ones; put in those of your own share.
    Source: Huang, Lehalle & Rosenbaum (2015), "Simulating and analyzing order book data: the queue-reactive model".

    >>> orders, trades = generated_events(5_000, seed=7, model=QueueReactive())
    >>> set(trades["lots"].tolist())
    {1}
    """

    limit_rates: Rates = ((1.6, 1.2), (1.0,), (0.8,))
    cancel_rates: Rates = field(default_factory=_cancels)
    market_rates: Rates = field(default_factory=_takers)
    theta: float = 0.7
    redraw: float = 0.85


def generated_events(
    events: int,
    *,
    seed: int,
    model: MarketModel | QueueReactive | None = None,
    start: Moment = 0,
    start_ticks: int = 10_000,
    instrument: int = 0,
) -> tuple[Events, Events]:
    """Events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade` rows.

    seed: equal seeds give equal events. start: when it begins. start_ticks: the mid then. instrument: index of the
    rows. Raises SIM_BAD_COST for a setting that cannot be meant, DATA_OVERFLOW for more than 100,000,000 events.

    >>> orders, trades = generated_events(10_000, seed=7)
    >>> len(orders) >= 10_000, bool((trades["lots"] > 0).all())
    (True, True)
    """
    if not 0 < events <= EVENTS_MAX:
        raise problem("DATA_OVERFLOW", f"{events:,} events, at most {EVENTS_MAX:,}; ask for them piece by piece")
    made = generated_pieces(events, seed=seed, model=model, start=start, start_ticks=start_ticks, instrument=instrument)
    return next(made)


def generated_pieces(
    events: int,
    *,
    seed: int,
    model: MarketModel | QueueReactive | None = None,
    start: Moment = 0,
    start_ticks: int = 10_000,
    instrument: int = 0,
) -> Iterator[tuple[Events, Events]]:
    """The same market without an end, about `events` events at a time: memory does not grow with its length."""
    model = model or MarketModel()
    made = ReactiveGenerator if isinstance(model, QueueReactive) else MarketGenerator
    market = made(
        seed=seed,
        instrument=instrument,
        start_ticks=start_ticks,
        start_ns=start if isinstance(start, int) else moment_ns(start),
        **vars(model),
    )
    while True:
        yield market.run(events)


def generated_books(
    events: int,
    *,
    seed: int,
    model: MarketModel | QueueReactive | None = None,
    start: Moment = 0,
    start_ticks: int = 10_000,
    instrument: Instrument | None = None,
) -> Books:
    """The made-up market as books to run a backtest on: every order and every trade.

    >>> generated_books(5_000, seed=7).shown
    'orders'
    """
    from hedgerow.market.replay import Books

    orders, trades = generated_events(events, seed=seed, model=model, start=start, start_ticks=start_ticks)
    note = "made up: what is earned here shows that a strategy runs, and nothing else"
    return Books.from_events(instrument or Instrument("MADEUP"), orders=orders, trades=trades, notes=(note,))
