"""Strategies as events: subclass `Strategy`, say what it needs in a frozen `Config`, and write the handlers you want.

Promises: a handler sees only what was known at its time; every order goes through the kernel's gate; an exception in a
handler stops the run with its own traceback. Never: reads a clock or the future.
"""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem

if TYPE_CHECKING:
    from datetime import timedelta

    from hedgerow.engine.bracket import Bracket
    from hedgerow.engine.isolation import Demand
    from hedgerow.engine.liquidity import LiquidityWatch
    from hedgerow.engine.opening import RunStanding
    from hedgerow.engine.routing import Cutter
    from hedgerow.engine.working import Moment, ParentTicket
    from hedgerow.execution.algorithms import Algorithm


class Strategy(_core.StrategyCore):
    """A trading strategy that hears events: `on_start, on_bar, on_fill, on_timer, on_stop`.

    Over books it hears `on_quote, on_trade, on_book, on_phase` instead of `on_bar`, each when the news has reached it,
    and `self.book(symbol)` is the book as it is known then.

    Inside a handler: `self.buy(quantity, symbol, limit=..., stop=..., display=..., peg=...)`, `self.sell(...)`,
    `self.close(symbol)`, `self.order_target(quantity, symbol)`, `self.order_target_weight(weight, symbol)`,
    `self.cancel(ticket)`,
    `self.replace(ticket, quantity, limit=..., stop=...)`,
    `self.quote(symbol, bid=..., bid_quantity=..., ask=..., ask_quantity=...)` for both sides of a maker's quote as one,
    `self.bracket(quantity, stop_loss=..., take_profit=...)`,
    `self.route(quantity, symbol, limit=...)` for an order cut over the venues of a run,
    `self.after(entry, quantity, stop=...)` for an order that follows another one's fills,
    `self.work(quantity, symbol, algorithm="vwap", until=...)` for a large order in slices, `self.parents` for those at
    work,
    `self.position`, `self.position_of(symbol)`, `self.nav`, `self.now`; in `on_start` also the indicators
    (`self.sma(20)`, `self.ema(20)`, ...), which the engine feeds before each `on_bar`.

    >>> class Hold(Strategy):
    ...     @dataclasses.dataclass(frozen=True)
    ...     class Config:
    ...         quantity: float = 100.0
    ...     def on_bar(self, bar):
    ...         if self.position == 0:
    ...             self.buy(self.config.quantity)
    >>> Hold(quantity=5.0).config
    Hold.Config(quantity=5.0)
    """

    cutter: Cutter | None = None
    """Who knows the venues of a run over several; the run's to set."""
    Config: ClassVar[type[Any]] = dataclasses.make_dataclass("Config", [], frozen=True)
    config: Any

    def __init__(self, config: Any = None, **settings: Any) -> None:
        self.config = read_config(type(self), config, settings)

    def on_start(self) -> None:
        """Called once, before the first bar: make indicators, set timers."""

    def on_stop(self) -> None:
        """Called once, after the last bar."""

    @property
    def title(self) -> str:
        """What it is called where no other name is given."""
        return type(self).__name__

    @property
    def digest(self) -> str | None:
        """Its artifact's hash, where that is not the hash of its source; 64 hexadecimal digits."""
        return None

    def running(self, log: Path | None, standing: RunStanding, demand: Demand) -> AbstractContextManager[None]:
        """What surrounds a whole run of this strategy; `log` is its journal's folder, `standing` its authority.

        It runs in the platform's own process: `JAIL_UNAVAILABLE` where a mandate's tier demands more.
        """
        demand.refuse_in_process(self.title)
        return nullcontext()

    def indicator(self, kind: str, *, symbol: str | None = None, field: str = "close", **parameters: float) -> Any:
        """Make an indicator that the engine feeds with one price of one instrument; read `.value` and `.ready`."""
        made = _core.indicator(kind, parameters)
        self.feed(made, symbol, field)
        return made

    def sma(self, window: int, symbol: str | None = None, field: str = "close") -> Any:
        """Simple moving average over `window` bars; `.value` is NaN until `.ready`."""
        return self.indicator("sma", symbol=symbol, field=field, window=window)

    def ema(self, span: int, symbol: str | None = None, field: str = "close") -> Any:
        """Exponential moving average with decay `2 / (span + 1)`."""
        return self.indicator("ema", symbol=symbol, field=field, span=span)

    def rolling_std(self, window: int, symbol: str | None = None, field: str = "close") -> Any:
        """Sample standard deviation over `window` bars."""
        return self.indicator("rolling_std", symbol=symbol, field=field, window=window)

    def zscore(self, window: int, symbol: str | None = None, field: str = "close") -> Any:
        """Distance from the rolling mean in rolling standard deviations."""
        return self.indicator("zscore", symbol=symbol, field=field, window=window)

    def work(
        self,
        quantity: float,
        symbol: str | None = None,
        *,
        algorithm: str | Algorithm = "twap",
        until: Moment | None = None,
        start: Moment | None = None,
        limit: float | None = None,
        **settings: Any,
    ) -> ParentTicket | None:
        """Hand an order of signed units (positive buys) to an execution algorithm; `None` for nothing to trade.

        algorithm: its name (`twap`, `vwap`, `pov`, `is`, `iceberg`, `sniper`, `close`) with its settings as keywords,
        or its object (`hedgerow.execution.algorithms`). until: when the order ends and what still works is cancelled;
        a time, or a length of time from now. start: when it begins; now without one. limit: the worst price of every
        child. Raises RUN_CONFIG, RUN_NUMBER or RUN_NO_DATA where no plan can be made of these.
        """
        from hedgerow.engine.working import work

        return work(self, quantity, symbol, algorithm, until=until, start=start, limit=limit, **settings)

    def route(self, quantity: float, symbol: str | None = None, *, limit: float) -> tuple[_core.OrderTicket, ...]:
        """Cut an order of signed units (positive buys) over the venues of the run: one order for each part.

        What the venues show within the limit is taken at once (`ioc`), the cheapest first, fees counted, and of a venue
        no more than it usually has of what it shows; the rest waits at the limit, where a fill is worth most. What one
        of them did not have is not looked for elsewhere by itself. At one venue, or a simulated one, it is one order.
        """
        from hedgerow.engine.routing import route

        return route(self, quantity, symbol, limit=limit)

    @property
    def parents(self) -> tuple[ParentTicket, ...]:
        """The strategy's parent orders that are being worked, oldest first.

        In `on_start` of a run that was taken up again those that go on: ask before making another.
        """
        from hedgerow.engine.working import at_work

        return at_work(self)

    def bracket(
        self, quantity: float, symbol: str | None = None, *, stop_loss: float, take_profit: float, **entry: Any
    ) -> Bracket:
        """Enter with signed units (positive buys), and let a stop loss and a take profit follow what is filled.

        entry: the words of `buy` (`limit`, `stop`, `tif`, ...). Both exits are reduce-only, as large as what was filled
        and not closed, and beside each other. Cancelled before anything is filled, the entry takes them along. Raises
        RUN_CONFIG for exits on the wrong side.
        """
        from hedgerow.engine.bracket import bracket

        return bracket(self, quantity, symbol, stop_loss=stop_loss, take_profit=take_profit, **entry)

    def liquidity(self, symbol: str | None = None, *, every: timedelta) -> LiquidityWatch:
        """Watch an instrument's liquidity in intervals of this length, learning from what the run sees of it.

        `.forecast()` foretells volume and spread of the next interval, and says how far off it has been until now.
        """
        from hedgerow.engine.liquidity import watch

        return watch(self, symbol, every)

    def every(
        self, *, days: float = 0.0, hours: float = 0.0, minutes: float = 0.0, seconds: float = 0.0, ns: int = 0
    ) -> None:
        """Have `on_timer(now)` called whenever this much time has passed: over bars after those of a time, over books
        exactly then."""
        self.set_timer(round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1e9) + ns)


HANDLERS = ("on_bar", "on_fill", "on_timer")
"""Handlers that a run over bars calls, where a strategy has them."""
BOOK_HANDLERS = ("on_quote", "on_trade", "on_book", "on_phase", "on_fill", "on_timer")
"""Handlers that a run over books calls, where a strategy has them."""

_ALL_HANDLERS = ("on_start", "on_stop", *dict.fromkeys((*HANDLERS, *BOOK_HANDLERS)))


def handlers_of(strategy: Strategy, called: tuple[str, ...] = HANDLERS) -> tuple[Any, ...]:
    """The strategy and its bound handlers, `None` for those it does not have.

    Misspelt ones are an error, and those that a run over this kind of data never calls.
    """
    kind, data = type(strategy).__name__, "bars" if called is HANDLERS else "books"
    for name in dir(type(strategy)):
        if name in _ALL_HANDLERS and name not in (*called, "on_start", "on_stop"):
            raise problem(
                "RUN_CONFIG", f"{kind}.{name}: a run over {data} has no such events; it has {', '.join(called)}"
            )
        if name.startswith("on_") and name not in _ALL_HANDLERS:
            raise problem("RUN_CONFIG", f"{kind}.{name} is no handler{did_you_mean(name, _ALL_HANDLERS)}")
    handlers = [getattr(strategy, name, None) for name in called]
    if not any(handlers):
        hint = "; next() belongs to SimpleStrategy" if hasattr(strategy, "next") else ""
        raise problem("RUN_CONFIG", f"{kind} hears nothing; write one of {', '.join(called)}{hint}")
    if not hasattr(strategy, "config"):
        raise problem("RUN_CONFIG", f"{kind}.__init__ does not call super().__init__(...)")
    return (strategy, *handlers)


def changed(config: Any) -> dict[str, Any] | None:
    """The settings that are not as they are by default: what a file's manifest names beside it; `None` if all are.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     fast: int = 20
    ...     slow: int = 100
    >>> changed(Config(fast=10)), changed(Config())
    ({'fast': 10}, None)
    """
    told = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    defaults = {f.name: f.default for f in dataclasses.fields(config)}
    return {name: value for name, value in told.items() if value != defaults[name]} or None


def read_config(strategy: type, config: Any, settings: dict[str, Any]) -> Any:
    """Build a strategy's frozen configuration from an object or from keyword settings; unknown names are an error."""
    config_class: Any = strategy.Config  # type: ignore[attr-defined]
    if not getattr(getattr(config_class, "__dataclass_params__", None), "frozen", False):
        raise problem("RUN_CONFIG", f"{strategy.__name__}.Config must be a dataclass with frozen=True")
    if config is not None:
        if settings or not isinstance(config, config_class):
            raise problem("RUN_CONFIG", f"{strategy.__name__} takes one {config_class.__qualname__} or settings")
        return config
    known = [f.name for f in dataclasses.fields(config_class)]
    for name in settings:
        if name not in known:
            raise problem("RUN_CONFIG", f"{strategy.__name__} has no setting {name!r}{did_you_mean(name, known)}")
    try:
        return config_class(**settings)
    except TypeError as error:
        raise problem("RUN_CONFIG", f"{strategy.__name__}: {error}") from None
