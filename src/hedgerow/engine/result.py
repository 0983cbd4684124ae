"""What a run leaves behind, as DataFrames: equity, orders, fills, trades, positions, verdicts, postings.

Promises: every table is a view of the run's records and every row carries its record id; money is exact in the records
and a float only in the tables. Tables are built when they are asked for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, error_table, problem
from hedgerow.core.nouns import MONEY_UNIT, money_floats, money_int, noun, records
from hedgerow.core.verdicts import verdict_sentence
from hedgerow.engine.held import carry_table, restated
from hedgerow.engine.order_table import terms_columns
from hedgerow.engine.table_columns import text, times

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hedgerow.core.costs import Costs
    from hedgerow.engine.comparison import Comparison
    from hedgerow.engine.evidence.capacity import Capacity
    from hedgerow.engine.lint import Lint
    from hedgerow.engine.parent_costs import By
    from hedgerow.engine.run_data import RunData
    from hedgerow.ledger.metrics import Performance, Relative
    from hedgerow.ledger.trades import TradeStatistics
    from hedgerow.market.actions import Action

SIDES = np.array(["", "buy", "sell"])
DECISIONS = np.array(["", "approved", "denied"])
ACTIONS = np.array(["", "new", "replace", "cancel", "quote"])
ORDER_KINDS = np.array(["", "market", "limit", "stop", "stop_limit", "pegged"])
TIMES_IN_FORCE = np.array(["", "gtc", "day", "ioc", "fok", "gtx", "gtd", "opg", "cls"])
Table = Literal[
    "equity",
    "exposure",
    "returns",
    "orders",
    "parents",
    "fills",
    "trades",
    "positions",
    "verdicts",
    "findings",
    "postings",
    "carry",
]
"""Tables of a result, by name."""
ACCOUNTS = np.array(["", "cash", "position", "realised", "fees", "capital", "exchange", "income"])


@dataclass(frozen=True)
class RunInfo:
    """What was run: enough to run it again."""

    name: str
    strategy: str
    artifact: str
    config: dict[str, Any]
    seed: int
    cash: float
    currency: str
    data_digest: str
    symbols: tuple[str, ...]
    costs: dict[str, Any]
    log: str | None
    trials: int = 1
    trial_variance: float | None = None
    notes: tuple[str, ...] = ()
    number: int = 0
    simulation: dict[str, Any] = field(default_factory=dict)
    holding: dict[str, Any] = field(default_factory=dict)


class Result:
    """The outcome of a backtest."""

    def __init__(
        self, engine: Any, data: RunData, info: RunInfo, sealed: dict[str, Any], actions: tuple[Action, ...] = ()
    ) -> None:
        self._engine, self._data = engine, data
        self.info, self.sealed, self.actions = info, sealed, actions

    @cached_property
    def _nav(self) -> npt.NDArray[np.float64]:
        """Net asset value after each time of the run."""
        return np.asarray(self._engine.equity_curve())

    def keep(self) -> Result:
        """The same, with the equity curve told now: between trades it follows from columns that are their owner's."""
        _ = self._nav
        return self

    def records(self, name: str) -> Any:
        """All records of a noun that the run made, exact, as a structured array."""
        return records(name, self._engine.records(noun(name).kind))

    @property
    def equity_points(self) -> int:
        """How many of the run's times have a net asset value."""
        return int(self._engine.equity_points)

    @property
    def data(self) -> RunData:
        """The bars that were run on."""
        return self._data

    @property
    def final_nav(self) -> float:
        """Net asset value at the end, in base currency."""
        return float(self._engine.nav_nano() / MONEY_UNIT)

    @property
    def nav_nano(self) -> int:
        """Net asset value at the end, exact, in 10^-9 units of the base currency."""
        return int(self._engine.nav_nano())

    @property
    def book(self) -> dict[str, float]:
        """Capital, cash, realised and unrealised profit, fees, income and NAV at the end, in base currency."""
        return {name: amount / MONEY_UNIT for name, amount in self.book_nano.items()}

    @property
    def book_nano(self) -> dict[str, int]:
        """`book`, exact, in 10^-9 units of the base currency."""
        return dict(self._engine.book(self.info.number))

    @property
    def trial_balance(self) -> dict[str, int]:
        """Sum of all accounts by currency, in 10^-9 units: the kernel's own count, and always zero."""
        return dict(self._engine.trial_balance())

    @property
    def state_hash(self) -> str:
        """SHA-256 of the kernel's final state, hex."""
        return str(self.sealed["state_hash"].hex())

    @cached_property
    def equity(self) -> pd.DataFrame:
        """Net asset value after each time of the run; the first row is the capital before the first bar."""
        import pandas as pd

        start = self._data.start_ns
        ts = np.concatenate([[start], self._data.times_ns[: len(self._nav)]])
        nav = np.concatenate([[self.info.cash], self._nav])
        return pd.DataFrame({"nav": nav}, index=times(ts, "ts"))

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every decision of the gate, with the first rule that failed, what it saw and what it allows."""
        import pandas as pd

        rows = self.records("Verdict")
        texts = {r.number: r.code for r in error_table()}
        return pd.DataFrame(
            {
                "id": rows["id"],
                "ts": times(rows["ts"]),
                "order_id": rows["order_id"],
                "symbol": self._symbols(rows["instrument"]),
                "action": text(ACTIONS[rows["action"]]),
                "decision": text(DECISIONS[rows["decision"]]),
                "code": _objects([texts.get(c) for c in rows["code"].tolist()]),
                "value": money_floats(rows["value"]),
                "limit": money_floats(rows["limit"]),
                "level": text(np.where(rows["level"] == 1, "firm", "strategy")),
                "reducing": rows["reducing"] == 1,
                "failed": _objects([rules_of(bits) for bits in rows["failed"].tolist()]),
                "waived": _objects([rules_of(bits) for bits in rows["waived"].tolist()]),
                "message": text([verdict_message(row, self.info.currency) for row in rows]),
            }
        )

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Breaches and breaks: what was found, about whom, with the record that was being handled."""
        import pandas as pd

        rows = self.records("Finding")
        texts = {r.number: (r.code, r.says) for r in error_table()}
        return pd.DataFrame(
            {
                "id": rows["id"],
                "ts": times(rows["ts"]),
                "cause": rows["cause"],
                "strategy": rows["strategy"],
                "code": _objects([texts[c][0] for c in rows["code"].tolist()]),
                "says": _objects([texts[c][1] for c in rows["code"].tolist()]),
                "value": money_floats(rows["value"]),
                "limit": money_floats(rows["limit"]),
            }
        )

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every order, approved or denied, with its last state and what was filled."""
        import pandas as pd

        rows, events, terms = (self.records(name) for name in ("Order", "OrderEvent", "OrderTerms"))
        last = pd.Series(events["to"], index=events["order_id"]).groupby(level=0).last()
        fills = self.records("Fill")
        value = fills["lots"] * fills["price_ticks"].astype(float)
        by_order = pd.DataFrame({"lots": fills["lots"], "value": value})
        totals = by_order.groupby(fills["cause"]).sum().reindex(rows["id"], fill_value=0)
        lots, instrument = totals["lots"].to_numpy(), rows["instrument"]
        average_ticks = (totals["value"] / totals["lots"]).to_numpy()
        return pd.DataFrame(
            {
                "id": rows["id"],
                "ts": times(rows["ts"]),
                "symbol": self._symbols(instrument),
                "side": text(SIDES[rows["side"]]),
                "kind": text(ORDER_KINDS[rows["kind"]]),
                "tif": text(TIMES_IN_FORCE[rows["tif"]]),
                "quantity": self._data.quantities(instrument, rows["lots"]),
                "limit": np.where(rows["limit_ticks"] > 0, self._data.prices(instrument, rows["limit_ticks"]), np.nan),
                **terms_columns(self._data, rows, terms),
                "state": text(
                    np.array(["", *_core.order_state_names()])[last.reindex(rows["id"], fill_value=0).to_numpy()]
                ),
                "filled": self._data.quantities(instrument, lots),
                "average_price": self._data.prices(instrument, average_ticks),
                "cause": rows["cause"],
            }
        )

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Every execution: price, the price before spread and impact, fee."""
        import pandas as pd

        rows = self.records("Fill")
        instrument = rows["instrument"]
        return pd.DataFrame(
            {
                "id": rows["id"],
                "ts": times(rows["ts_event"]),
                "symbol": self._symbols(instrument),
                "side": text(SIDES[rows["side"]]),
                "quantity": self._data.quantities(instrument, rows["lots"]),
                "price": self._data.prices(instrument, rows["price_ticks"]),
                "reference_price": self._data.prices(instrument, rows["reference_ticks"]),
                "fee": money_floats(rows["fee"]),
                "liquidity": text(np.where(rows["liquidity"] == 2, "maker", "taker")),
                "order_id": rows["cause"],
            }
        )

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Round trips at average cost, as the ledger books them."""
        from hedgerow.ledger.trades import round_trips

        multipliers = {i.symbol: i.multiplier for i in self._data.instruments}
        return round_trips(self.fills, multipliers, restated(self))

    @cached_property
    def carry(self) -> pd.DataFrame:
        """What holding brought and cost: each dividend, split, end, borrow fee and funding, as booked.

        kind, `quantity` that came or left, and in the instrument's currency `cash`, `realised` profit, and `income`.
        """
        return carry_table(self)

    @cached_property
    def trade_statistics(self) -> TradeStatistics:
        """Win rate, profit factor, expectancy and the like of the closed round trips, in base currency."""
        from hedgerow.engine.exchange import trip_rates
        from hedgerow.ledger.trades import trade_statistics

        return trade_statistics(self.trades, trip_rates(self, self.trades))

    @cached_property
    def postings(self) -> pd.DataFrame:
        """The double-entry journal: the amounts of one cause sum to zero in every currency."""
        import pandas as pd

        rows = self.records("Posting")
        return pd.DataFrame(
            {
                "id": rows["id"],
                "ts": times(rows["ts"]),
                "account": text(ACCOUNTS[rows["account"]]),
                "symbol": self._symbols(rows["instrument"]),
                "currency": text(np.char.decode(rows["currency"])),
                "amount": money_floats(rows["amount"]),
                "lots": rows["lots"],
                "cause": rows["cause"],
            }
        )

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Position in each instrument after every fill, splits counted, and its value at the fill's price."""
        import pandas as pd

        from hedgerow.engine.tearsheet.series import lot_moves

        rows = self.records("Fill")
        instrument = rows["instrument"]
        moves = lot_moves(self)
        after = pd.Series(moves.lots.astype(np.int64)).groupby(moves.instrument).cumsum().to_numpy()
        held = after[np.searchsorted(moves.id, rows["id"])]
        quantity = self._data.quantities(instrument, held)
        multiplier = np.array([float(i.multiplier) for i in self._data.instruments])[instrument]
        price = self._data.prices(instrument, rows["price_ticks"])
        return pd.DataFrame(
            {
                "fill_id": rows["id"],
                "ts": times(rows["ts_event"]),
                "symbol": self._symbols(instrument),
                "price": price,
                "quantity": quantity,
                "value": quantity * price * multiplier,
            }
        )

    @cached_property
    def performance(self) -> Performance:
        """Statistics of the equity curve, the first day included; figures that the sample cannot carry are left out."""
        shares = self.exposure
        finite = np.isfinite(shares.to_numpy()).all()
        return self.measured((shares["gross"], shares["net"]) if finite else None)

    def measured(self, exposure: tuple[Any, Any] | None = None) -> Performance:
        """`performance` with these shares, gross and net, or without the figures of exposure, which take longest."""
        from hedgerow.engine.exchange import fill_amounts
        from hedgerow.ledger.metrics import performance

        return performance(
            self.daily,
            trials=self.info.trials,
            trial_variance=self.info.trial_variance,
            traded_notional=float(fill_amounts(self).value.sum()),
            exposure=exposure,
            currency=self.info.currency,
        )

    @cached_property
    def exposure(self) -> pd.DataFrame:
        """Gross and net value of the positions at each time, as shares of net asset value; NaN where that is lost."""
        import pandas as pd

        from hedgerow.engine.tearsheet.series import exposure

        equity = self.equity["nav"]
        nav = equity.to_numpy(dtype=np.float64)
        held = (np.concatenate([[0.0], value])[: nav.size] for value in exposure(self)[1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            gross, net = (np.where(nav > 0, value / nav, np.nan) for value in held)
        return pd.DataFrame({"gross": gross, "net": net}, index=equity.index)

    def attribution(self, by: Literal["instrument", "side", "strategy"] = "instrument") -> pd.DataFrame:
        """Where the profit comes from, by instrument, long and short, or strategy; see `hedgerow.attribution`."""
        from hedgerow.engine.attribution import attribution

        return attribution(self, by)

    @cached_property
    def parents(self) -> pd.DataFrame:
        """Every order that an algorithm worked: what became of it and what it cost; see `parent_orders`."""
        from hedgerow.engine.parent_costs import parent_orders

        return parent_orders(self)

    def tca(self, by: By | None = None) -> pd.DataFrame:
        """Transaction cost analysis: the shortfall of each approved order, or `by` algorithm, symbol or side."""
        from hedgerow.engine.execution_costs import execution_costs
        from hedgerow.engine.parent_costs import costs_by

        return execution_costs(self) if by is None else costs_by(self, by)

    def fitted_costs(self) -> Costs:
        """The cost model that the run's own fills show; RUN_NO_DATA for fewer than 30 of them."""
        from hedgerow.engine.execution_costs import fitted_costs

        return fitted_costs(self)

    @cached_property
    def capacity(self) -> Capacity:
        """The capital at which costs eat half of gross profit, and the one that earns most; or why it is not known."""
        from hedgerow.engine.evidence.capacity import capacity_of

        return capacity_of(self)

    def against(self, benchmark: Result) -> Relative:
        """Beta, alpha, tracking error and information ratio against another run; RUN_CONFIG for another currency."""
        from hedgerow.engine.tearsheet.benchmark import relative_to

        return relative_to(self, benchmark)

    @cached_property
    def lint(self) -> Lint:
        """What looks too good, too thin or too cheap to be believed; `hedgerow.lint` takes more evidence."""
        from hedgerow.engine.lint import lint

        return lint(self)

    @cached_property
    def daily(self) -> pd.Series[Any]:
        """Net asset value at the end of each UTC day, the capital first; a bar closing at midnight ends its day."""
        import pandas as pd

        ends = self._data.day_ends(self.equity_points)
        return pd.Series(self.nav_at(ends.rows), index=ends.index, name="nav")

    def nav_at(self, rows: Any) -> npt.NDArray[np.float64]:
        """Net asset value after some of the run's times, the capital first."""
        return np.concatenate([[self.info.cash], self._engine.equity_curve(rows)])

    @cached_property
    def returns(self) -> pd.Series[Any]:
        """Simple return of each session day, the first from the capital; dates without a zone, named as the run.

        What quantstats, pyfolio, empyrical and the like take. The returns compound to the total return.
        """
        import pandas as pd

        daily = self.daily
        values = daily.to_numpy(dtype=np.float64)
        days = pd.DatetimeIndex(daily.index[1:]).tz_localize(None).normalize()
        with np.errstate(divide="ignore", invalid="ignore"):
            return pd.Series(values[1:] / values[:-1] - 1, index=days.rename("date"), name=self.info.name)

    def table(self, name: Table) -> pa.Table:
        """One of the tables as Arrow, for Polars (`polars.from_arrow`), DuckDB and the like; times and ids as columns.

        RUN_CONFIG, with a suggestion, for a name that is no table.
        """
        import pyarrow

        if name not in get_args(Table):
            hint = did_you_mean(str(name), get_args(Table))
            raise problem("RUN_CONFIG", f"no table {name!r}{hint}; {', '.join(get_args(Table))}")
        frame = getattr(self, name)
        frame = frame.to_frame() if name == "returns" else frame
        named = name in ("equity", "exposure", "returns")
        return pyarrow.Table.from_pandas(frame.reset_index() if named else frame, preserve_index=False)

    def report(
        self, path: str | None = None, *, benchmark: Result | None = None, among: Comparison | None = None
    ) -> str:
        """Write a self-contained interactive HTML tear sheet; returns its path.

        benchmark: what to compare with; `None` means the same universe bought in equal parts and held. among: the
        variants that this one was chosen from, as `hedgerow.compare` gives them.
        """
        from hedgerow.engine.tearsheet import write_tearsheet

        return write_tearsheet(self, path or f"{self.info.name}.html", benchmark, among)

    def with_trials(self, trials: int, variance: float | None) -> Result:
        """This result, its Sharpe ratio deflated by so many trials of that variance (of Sharpe ratios per day)."""
        self.info = dataclasses.replace(self.info, trials=trials, trial_variance=variance)
        for worked_out in ("performance", "lint"):
            vars(self).pop(worked_out, None)
        return self

    def _symbols(self, instrument: Any) -> pd.Series[Any]:
        names = np.array([*self._data.symbols, ""], dtype=object)
        return text(names[np.minimum(instrument, len(names) - 1)])

    def __repr__(self) -> str:
        gain = self.final_nav / self.info.cash - 1
        return (
            f"Result({self.info.name}: {self.info.cash:,.2f} -> {self.final_nav:,.2f} {self.info.currency} "
            f"({gain:+.2%}), {len(self.records('Fill')):,} fills)"
        )

    def _repr_html_(self) -> str:
        from hedgerow.engine.tearsheet import notebook_html

        return notebook_html(self)


def _objects(values: list[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(values, dtype=object)


def rules_of(bits: int) -> tuple[str, ...]:
    """The rules a verdict's bit mask names, such as `("RISK-014",)`."""
    return tuple(f"RISK-{n:03d}" for n in range(64) if bits >> n & 1)


def verdict_message(row: Any, currency: str = "") -> str:
    """A verdict record in one sentence: code, what happened, value seen, limit, what to do."""
    value, limit = money_int(row["value"]), money_int(row["limit"])
    return verdict_sentence(int(row["code"]), value, limit, int(row["level"]), currency)
