"""A market maker, ready to run over books: it quotes both sides around a price that leans against what it holds.

Promises: reservation price and spread are those of the published models, in ticks, from figures learnt as the run goes;
both sides change by one decision of the gate; a side whose price stays keeps its place in the queue; beyond its most a
side is not quoted. Never: takes; knows what was not known; says that a profit in a made-up market means anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hedgerow.core.errors import problem
from hedgerow.engine.maker_report import MakerReport, MakerTally
from hedgerow.engine.strategy import Strategy
from hedgerow.execution.maker_estimates import MakerEstimates
from hedgerow.execution.quoting import AvellanedaStoikov, GueantLehalleTapia, Quotes

MakerModel = Literal["glft", "avellaneda_stoikov"]


class MarketMaker(Strategy):
    """Quotes by Gueant, Lehalle & Fernandez-Tapia or by Avellaneda & Stoikov, over books, on paper or at a venue.

    quantity: units of one quote. inventory_max: quotes' worth that is held at most, either way. model: `glft` quotes
    without an end in sight, `avellaneda_stoikov` as if it ended `horizon` seconds from now. gamma: risk aversion, per
    tick gained or lost on one quote. memory: seconds after which what was seen counts for 1/e. lean: ticks by which
    the centre moves when all order flow is on one side. hold_ticks: a side stays where it is while the model wants it
    no further away than this, and keeps its place in the queue. every: seconds between two looks. markouts: after how
    many seconds fills are judged. symbol: what it quotes; the only instrument without one.
    Raises RUN_NUMBER for a number that is out of range, RUN_CONFIG for a model that there is not.
    Sources: as `AvellanedaStoikov`, `GueantLehalleTapia` and `MakerEstimates`.

    >>> import hedgerow as hr
    >>> from hedgerow.market.generated import generated_books
    >>> maker = hr.MarketMaker(quantity=1.0, inventory_max=5, gamma=0.02)
    >>> result = hr.backtest(generated_books(20_000, seed=7), maker)
    >>> maker.report().fills == len(result.fills) > 0
    True
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What it is told; see above."""

        quantity: float = 1.0
        inventory_max: int = 10
        model: MakerModel = "glft"
        gamma: float = 0.01
        horizon: float = 60.0
        memory: float = 60.0
        lean: float = 1.0
        hold_ticks: int = 0
        every: float = 0.1
        markouts: tuple[float, ...] = (1.0, 10.0, 60.0)
        symbol: str | None = None

    def on_start(self) -> None:
        """Check what was told, and look from now on."""
        told = self.config
        positive = (told.quantity, told.inventory_max, told.gamma, told.horizon, told.every, *told.markouts)
        if not all(0 < number < 1e12 for number in positive) or told.hold_ticks < 0 or not abs(told.lean) < 1e12:
            raise problem("RUN_NUMBER", f"{told}: sizes, times and gamma are positive, hold_ticks is not negative")
        if told.model not in ("glft", "avellaneda_stoikov"):
            raise problem("RUN_CONFIG", f"model={told.model!r}; use glft or avellaneda_stoikov")
        self.estimates = MakerEstimates(told.memory)
        self._tally = MakerTally(told.markouts)
        self._top: Any = None
        self.every(seconds=told.every)

    def on_quote(self, quote: Any) -> None:
        """The best prices as they are known now; where a side is missing there is nothing to quote around."""
        if self.config.symbol not in (None, quote.symbol):
            return
        self._top = quote if quote.bid_ticks and quote.ask_ticks else None
        if self._top is not None:
            sizes = quote.bid_size, quote.ask_size
            self.estimates.quote(quote.ts_init, quote.bid_ticks, quote.ask_ticks, *sizes)

    def on_trade(self, trade: Any) -> None:
        """Others traded."""
        if self.config.symbol in (None, trade.symbol) and self._top is not None:
            self.estimates.trade(self.now, trade.price / self._tick)

    def on_fill(self, fill: Any) -> None:
        """One of ours traded."""
        held = self.position_of(self.config.symbol)
        mid = self.estimates.mid * self._tick if self._top is not None else fill.price
        self._tally.fill(self.now, fill, mid, held)

    def on_timer(self, now: int) -> None:
        """Judge what is due, and quote anew."""
        symbol = self.config.symbol
        if self._top is None:
            if self.quoted(symbol).is_settled:
                self.quote(symbol)
            return
        self._tally.look(now, self.estimates.mid * self._tick)
        if self.estimates.ready:
            self._requote(symbol)

    def report(self) -> MakerReport:
        """What became of it until now: fills, spread, markouts, inventory, quotes."""
        return self._tally.report()

    @property
    def _tick(self) -> float:
        return float(self._top.bid / self._top.bid_ticks)

    def _requote(self, symbol: str | None) -> None:
        """Both sides as the model wants them, none of them through the market."""
        told, held, standing = self.config, self.position_of(symbol), self.quoted(symbol)
        bid, ask = self._wanted(held / told.quantity).in_ticks(1.0)
        most = (told.inventory_max - 1) * told.quantity * (1 + 1e-9)
        sides: dict[str, float] = {}
        for name, ticks, may, price, quantity in (
            ("bid", min(bid or 0, self._top.ask_ticks - 1), held <= most, standing.bid, standing.bid_quantity),
            ("ask", max(ask or 0, self._top.bid_ticks + 1), held >= -most, standing.ask, standing.ask_quantity),
        ):
            if not may or ticks < 1:
                continue
            stays = price is not None and abs(round(price / self._tick) - ticks) <= told.hold_ticks
            sides[name] = price if stays and price is not None else ticks * self._tick
            # What is left of a quote that was filled in part keeps its place; a full one would go behind everyone.
            sides[f"{name}_quantity"] = quantity if stays else told.quantity
        ticket = self.quote(symbol, **sides)
        if ticket is not None:
            self._tally.quoted(approved=ticket.approved)
            if not ticket.approved:
                self.quote(symbol)

    def _wanted(self, inventory: float) -> Quotes:
        """The model's quotes, ticks."""
        told, seen = self.config, self.estimates
        lean = told.lean * seen.imbalance
        if told.model == "glft":
            glft = GueantLehalleTapia(gamma=told.gamma, sigma=seen.sigma, k=seen.k, intensity=seen.intensity)
            return glft.closed_form(seen.mid, inventory=inventory, lean=lean)
        stoikov = AvellanedaStoikov(gamma=told.gamma, sigma=seen.sigma, k=seen.k)
        return stoikov.quotes(seen.mid, inventory=inventory, time_left=told.horizon, lean=lean)
