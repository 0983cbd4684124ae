"""What trading cost by a journal alone, whichever run wrote it: backtest, paper or live; order by order, or summed up.

Promises: the market is what the run itself recorded of it, quotes' mids or bars' closes, and no price is taken from
beyond its end; what is not known is NaN. A cost is positive for buyer and seller alike. Never: changes the journal.
Sources: Perold (1988); Wagner & Edwards (1993); Huang & Stoll (1996), whose spreads are twice the distances here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import MONEY_UNIT, text_of
from hedgerow.engine.execution_costs import FILLS_MIN, regressed
from hedgerow.engine.fees_paid import fees_paid
from hedgerow.engine.live.beside import run_venue
from hedgerow.engine.live.routes import venues_of
from hedgerow.engine.parent_costs import AMENDED, DIRECT, ENDED, LEFT, NAMES
from hedgerow.engine.result import SIDES
from hedgerow.engine.table_columns import text, times
from hedgerow.engine.why import Journal

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.core.costs import Costs

By = Literal["run", "venue", "strategy", "algorithm", "symbol", "side", "liquidity"]
AFTER = {"1s": 10**9, "10s": 10 * 10**9, "60s": 60 * 10**9}
"""How long after a fill the mid is looked at again, nanoseconds; the last one is that of realised spread and impact."""
MONEY = ["delay", "trading", "opportunity", "fees", "total"]
_BPS = 1e4
Floats = npt.NDArray[np.float64]


def journal_costs(
    folders: str | Path | Sequence[str | Path],
    *,
    after: Mapping[str, int] = AFTER,
    identity: str | Path | None = None,
) -> pd.DataFrame:
    """Every order that passed the gate in one run or several, and what it cost: the expanded implementation shortfall.

    An order of an algorithm has the size that was filled, since the rest went back to its parent; what a parent order
    did not get done is a row of its own, in the state `unfilled`.

    after: names of stretches after a fill, each in nanoseconds. identity: file of the age identity that opens a sealed
    journal.

    Columns, money in the instrument's `currency`: `run`, the folder's name; `venue`, where it trades, `simulated` for a
    run over bars or a recording; `strategy`, by its proposal; `algorithm`, or `direct`; `decision`, the mid known when
    the order or its parent was made; `arrival`, that when the order was; `delay`, the move between on what was filled;
    `trading`, what fills were worse than arrival; `opportunity`, the move until the end on what was first ordered and
    not filled; `fees`, those charged in another currency at the rate known by then (in what was traded at the fill's
    price), NaN where there is none; their `total`, and `total_bps` of the `value` at the decision. Of the fills, in
    basis points: `effective_bps`, from the mid before each; `realised_bps`, from the mid the longest stretch after it;
    `impact_bps`, the mid's move between; `after_1s_bps` and so on, what each was worth then, negative where it was run
    over; `reversion_bps`, how far the price came back behind the last one; `vwap_bps`, against the trades that the run
    saw from the order to its end. `maker_share` of what was filled.

    Raises LOG errors for what is no journal, RUN_CONFIG for no stretch or one that is not positive.

    >>> import tempfile, numpy as np, hedgerow as hr
    >>> bars = hr.Bars.from_arrays(np.arange(3).astype("datetime64[D]"), close=[10.0, 11.0, 12.0])
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = hr.backtest(bars, signals=[1, 1, 1], size=100, costs=hr.Costs.none(), log=folder)
    >>> journal_costs(folder).loc[0, ["arrival", "trading", "fees", "total"]].to_list()
    [10.0, 100.0, 0.0, 100.0]
    """
    import pandas as pd

    if not after or any(ns <= 0 for ns in after.values()):
        raise problem("RUN_CONFIG", f"after={dict(after)!r}; lengths of time, each longer than none")
    tables = [_of(journal, run, after) for run, journal in _journals(folders, identity)]
    return pd.concat(tables, ignore_index=True)


def costs_by(table: pd.DataFrame, by: By) -> pd.DataFrame:
    """The orders of `journal_costs` summed up, by currency and one of their columns; basis points weighted by value."""
    import pandas as pd

    if by not in get_args(By):
        raise problem("RUN_CONFIG", f"by={by!r}{did_you_mean(str(by), get_args(By))}; {', '.join(get_args(By))}")
    keys = [by, "currency"]
    rows = table.assign(orders=1, done=table["value"] * table["filled"] / table["quantity"])
    sums = rows.groupby(keys, sort=True)[["orders", "fills", "value", "done", *MONEY]].sum()
    sums.insert(3, "filled_share", sums["done"] / sums["value"])
    sums["total_bps"] = sums["total"] / sums["value"] * _BPS
    weighted = [name for name in map(str, table) if name.endswith("_bps") and name != "total_bps"] + ["maker_share"]
    for name in weighted:
        known = rows[name].notna() & (rows["done"] > 0)
        worth = rows["done"].where(known, 0.0)
        parts = pd.DataFrame({"sum": rows[name].where(known, 0.0) * worth, "worth": worth}).join(rows[keys])
        mean = parts.groupby(keys, sort=True)[["sum", "worth"]].sum()
        with np.errstate(invalid="ignore", divide="ignore"):
            sums[name] = mean["sum"] / mean["worth"]
    return sums.drop(columns="done").reset_index()


def journal_fitted_costs(
    folders: str | Path | Sequence[str | Path], *, costs: Costs | None = None, identity: str | Path | None = None
) -> Costs:
    """The cost model that the fills of one run or several show: what was paid is what is expected next time.

    Each fill's distance from the mid before it is taken for `half_spread + impact * sigma * sqrt(Q / ADV)`, with the
    volatility and daily volume of the instruments in the journal, which a run at a venue takes from its settings.
    costs: what all else is taken from. Raises RUN_NO_DATA for fewer than 30 fills beside a known mid, or where an
    instrument's daily volume or volatility is not known, and LOG errors.
    """
    from hedgerow.core.costs import Costs

    moved, pressure, worth, fees = ([np.zeros(0)] for _ in range(4))  # a run that died at once knows no instrument
    for _, journal in _journals(folders, identity):
        rows, mids = journal.of("Fill"), _mids(journal)
        for instrument, about in journal.instruments.items():
            mine = rows[rows["instrument"] == instrument]
            before, sign = mids[instrument].before(mine["ts_event"]), np.where(mine["side"] == 1, 1.0, -1.0)
            adv, sigma = int(about["adv_lots"]), int(about["sigma_nano"]) / MONEY_UNIT
            if len(mine) and (adv <= 0 or sigma <= 0):
                symbol = journal.symbol(instrument)
                said = f"{symbol}: a daily volume of {adv} lots and a volatility of {sigma:g}"
                raise problem("RUN_NO_DATA", f"{said}; say `adv` and `sigma` of the instrument")
            moved.append(sign * (mine["price_ticks"] / before - 1))
            pressure.append(sigma * np.sqrt(mine["lots"] / max(adv, 1)))
            worth.append(mine["lots"] * mine["price_ticks"] * (int(about["tick_value"]) / MONEY_UNIT))
            fees.append(fees_paid(journal, mine))
    against, size, value, paid = (np.concatenate(part) for part in (moved, pressure, worth, fees))
    known = ~np.isnan(against)
    if known.sum() < FILLS_MIN:
        raise problem("RUN_NO_DATA", f"{known.sum()} fills beside a known mid; a cost model takes {FILLS_MIN}")
    return regressed(costs or Costs(), against[known], size[known], fee_share=float(paid.sum() / value.sum()))


def _journals(folders: Any, identity: Any) -> Iterator[tuple[Path, Journal]]:
    several = [folders] if isinstance(folders, str | Path) else [*folders]
    if not several:
        raise problem("RUN_NO_DATA", "no run's folder")
    for folder in several:
        yield Path(folder).resolve(), Journal(folder, identity=identity)


@dataclass(frozen=True)
class _Mids:
    """The mids of one instrument, by their records and when they were; ticks."""

    ids: npt.NDArray[np.uint64]
    happened: npt.NDArray[np.int64]
    ticks: Floats
    stands: bool
    """Whether one holds until the next, as a quote does and a bar's close does not."""

    def known_at(self, record: Any) -> Floats:
        """The last one that was known when a record was made."""
        return self._at(np.searchsorted(self.ids, record))

    def before(self, ts: Any) -> Floats:
        """The last one that stood before a moment."""
        return self._at(np.searchsorted(self.happened, ts, side="left"))

    def after(self, ts: Any, ns: int) -> Floats:
        """The last one by so long after a moment; NaN behind the end of what is known, or where none came since."""
        place, then = np.searchsorted(self.happened, ts + ns, side="right"), np.searchsorted(self.happened, ts)
        is_known = (ts + ns <= self.happened[-1]) if self.happened.size else np.zeros(len(ts), dtype=bool)
        return np.where(is_known & (self.stands | (place > then)), self._at(place), np.nan)

    def _at(self, place: Any) -> Floats:
        told = np.append(np.nan, self.ticks)
        return np.asarray(told[place], dtype=np.float64)


def _mids(journal: Journal) -> dict[int, _Mids]:
    quotes, bars = journal.of("Quote"), journal.of("Bar")
    quotes = quotes[(quotes["bid_ticks"] > 0) & (quotes["ask_ticks"] > 0)]
    ticks = np.concatenate([(quotes["bid_ticks"] + quotes["ask_ticks"]) / 2, bars["close_ticks"].astype(np.float64)])
    # A bar ends with its last trade: what trades at that moment, as the next open does, comes behind it.
    happened = np.concatenate([quotes["ts_event"], bars["ts_event"] - 1])
    ids, index = (np.concatenate([quotes[name], bars[name]]) for name in ("id", "instrument"))
    found = {}
    for instrument in journal.instruments:
        mine = np.flatnonzero(index == instrument)
        mine = mine[np.argsort(ids[mine])]
        stands = bool((mine < len(quotes)).all())
        # What came late counts from the latest moment before it: no look-up goes back in time.
        found[instrument] = _Mids(ids[mine], np.maximum.accumulate(happened[mine]), ticks[mine], stands)
    return found


def _of(journal: Journal, run: Path, after: Mapping[str, int]) -> pd.DataFrame:
    import pandas as pd

    events, orders = journal.of("OrderEvent"), journal.of("Order")
    states = pd.Series(events["to"], index=events["order_id"]).groupby(level=0).last()
    state = np.array(["", *_core.order_state_names()], dtype=object)[states.reindex(orders["id"], fill_value=0)]
    orders, state = orders[state != "Denied"], state[state != "Denied"]
    ended = pd.DataFrame({"ts": events["ts"], "end": events["id"]}, index=events["order_id"]).groupby(level=0).last()
    until, end = (ended[name].reindex(orders["id"], fill_value=0).to_numpy() for name in ("ts", "end"))
    mids, parents = _mids(journal), _parents(journal)
    fills = _fills(journal, orders, mids, after)
    lots = orders["lots"].astype(np.float64)
    parent = [parents.get(int(cause)) for cause in orders["cause"]]
    lots = np.where([one is not None for one in parent], fills["filled"], lots)
    made = [number if one is None else one.row["id"] for one, number in zip(parent, orders["id"], strict=True)]
    table = {
        "order_id": orders["id"],
        "ts": orders["ts"],
        "strategy": orders["strategy"],
        "algorithm": np.array([DIRECT if one is None else one.algorithm for one in parent], dtype=object),
        "instrument": orders["instrument"],
        "side": orders["side"],
        "state": state,
        "made": np.array(made, dtype=np.uint64),
        "until": until,
        "end": end,
        "lots": lots,
        **fills,
    }
    told = pd.DataFrame(table)
    done = told.groupby(orders["cause"])["filled"].sum()
    missed = [one.missed(float(done.get(number, 0.0))) for number, one in parents.items()]
    if left := [one for one in missed if one["lots"] > 0]:
        told = pd.concat([told, pd.DataFrame(left)], ignore_index=True)
    return _priced(journal, told.fillna({"filled": 0.0, "paid": 0.0, "fills": 0}), mids, run)


@dataclass(frozen=True)
class _Parent:
    """A parent order: what ended it and when, by which algorithm it went, and how much it wanted in the end."""

    row: Any
    end: int
    until: int
    algorithm: str
    lots: int

    def missed(self, done: float) -> dict[str, Any]:
        """What it did not get done, as an order."""
        told = {name: self.row[name] for name in ("strategy", "instrument", "side")}
        times = {"ts": self.row["ts"], "made": self.row["id"], "until": self.until, "end": self.end}
        left = {"order_id": self.row["id"], "algorithm": self.algorithm, "state": "unfilled", "lots": self.lots - done}
        return told | times | left | {"fees": 0.0}


def _parents(journal: Journal) -> dict[int, _Parent]:
    found, last = {}, {}
    for event in journal.of("ParentEvent"):
        if event["event"] in (AMENDED, ENDED, LEFT):
            last[int(event["parent"])] = event
    for row in journal.of("ParentOrder"):
        end = last.get(int(row["id"]))
        ended = 2 * (np.iinfo(np.int64).max,)
        if end is not None and end["event"] != AMENDED:
            ended = int(end["id"]), int(end["ts"])
        lots = int(row["lots"] if end is None else end["lots"])
        found[int(row["id"])] = _Parent(row, *ended, NAMES[int(row["algo"])], lots)
    return found


def _priced(journal: Journal, rows: pd.DataFrame, mids: Mapping[int, _Mids], run: Path) -> pd.DataFrame:
    """Orders in units and money, with the prices that the market had."""
    import pandas as pd

    index, trades = rows["instrument"].to_numpy(), journal.of("Trade")
    decision, arrival, end, vwap, units, worth, tick = (np.full(len(rows), np.nan) for _ in range(7))
    since, until = (rows[name].to_numpy(np.int64) for name in ("ts", "until"))
    made, sent, ended = (rows[name].to_numpy(np.uint64) for name in ("made", "order_id", "end"))
    for instrument, about in journal.instruments.items():
        mine, known = np.flatnonzero(index == instrument), mids[instrument].known_at
        decision[mine], arrival[mine], end[mine] = known(made[mine]), known(sent[mine]), known(ended[mine])
        vwap[mine] = _vwap(trades[trades["instrument"] == instrument], since[mine], until[mine])
        units[mine], tick[mine] = int(about["lot_nano"]) / MONEY_UNIT, int(about["tick_nano"]) / MONEY_UNIT
        worth[mine] = int(about["tick_value"]) / MONEY_UNIT
    lots, filled, paid = (rows[name].to_numpy(np.float64) for name in ("lots", "filled", "paid"))
    sign = np.where(rows["side"] == 1, worth, -worth)
    with np.errstate(divide="ignore", invalid="ignore"):
        average = paid / filled
    missed, some = np.maximum(lots - filled, 0.0), filled > 0
    homes, elsewhere = venues_of(journal.of("Route")), run_venue(run)
    strategies = _strategies(journal)
    named = [strategies.get(int(number), f"strategy {int(number)}") for number in rows["strategy"]]
    table = pd.DataFrame(
        {
            "run": text([run.name] * len(rows)),
            "venue": text([homes.get(int(order), elsewhere) for order in sent]),
            "order_id": sent,
            "ts": times(since),
            "strategy": text(named),
            "algorithm": text(rows["algorithm"]),
            "symbol": text([journal.symbol(int(i)) for i in index]),
            "currency": text([_currency(journal, int(i)) for i in index]),
            "side": text(SIDES[rows["side"].to_numpy(np.int64)]),
            "liquidity": text(_liquidity(rows["maker_share"].to_numpy(np.float64))),
            "state": text(rows["state"]),
            "quantity": lots * units,
            "filled": filled * units,
            "fills": rows["fills"].to_numpy(np.int64),
            "decision": decision * tick,
            "arrival": arrival * tick,
            "average_price": average * tick,
            "value": lots * decision * worth,
            "delay": np.where(some, sign * filled * (arrival - decision), 0.0),
            "trading": np.where(some, sign * (paid - filled * arrival), 0.0),
            "opportunity": np.where(missed > 0, sign * missed * (end - decision), 0.0),
            "fees": rows["fees"].to_numpy(np.float64),
        }
    )
    table["total"] = table[MONEY[:-1]].sum(axis=1, skipna=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["total_bps"] = table["total"] / table["value"] * _BPS
        table["vwap_bps"] = np.sign(sign) * (average / vwap - 1) * _BPS
    shares = [name for name in map(str, rows) if name.endswith("_bps") or name == "maker_share"]
    return table.join(rows[shares].reset_index(drop=True))


def _fills(journal: Journal, orders: Any, mids: Mapping[int, _Mids], after: Mapping[str, int]) -> dict[str, Floats]:
    """By order: lots filled, price times lots, fees, and the means of what each fill cost, weighted by lots."""
    import pandas as pd

    rows = journal.of("Fill")
    price, sign = rows["price_ticks"].astype(np.float64), np.where(rows["side"] == 1, 1.0, -1.0)
    before, later = np.full(len(rows), np.nan), {name: np.full(len(rows), np.nan) for name in after}
    for instrument in journal.instruments:
        mine = np.flatnonzero(rows["instrument"] == instrument)
        at = rows["ts_event"][mine]
        before[mine] = mids[instrument].before(at)
        for name, ns in after.items():
            later[name][mine] = mids[instrument].after(at, ns)
    longest = later[max(after, key=lambda name: after[name])]
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = {
            "effective_bps": sign * (price - before) / before * _BPS,
            "realised_bps": sign * (price - longest) / before * _BPS,
            "impact_bps": sign * (longest - before) / before * _BPS,
            **{f"after_{name}_bps": sign * (mid - price) / price * _BPS for name, mid in later.items()},
        }
        reversion = -sign * (longest / price - 1) * _BPS
    lots = rows["lots"].astype(np.float64)
    by_order = pd.DataFrame({"filled": lots, "paid": lots * price, "fees": fees_paid(journal, rows), "fills": 1.0})
    by_order["maker"] = np.where(rows["liquidity"] == 2, lots, 0.0)
    for name, cost in costs.items():
        known = ~np.isnan(cost)
        by_order[name], by_order[f"{name} lots"] = np.where(known, cost * lots, 0.0), np.where(known, lots, 0.0)
    known = by_order.groupby(rows["cause"])["fees"].agg(lambda fees: fees.sum(skipna=False))
    sums = by_order.groupby(rows["cause"]).sum().assign(fees=known).reindex(orders["id"], fill_value=0.0)
    final = pd.Series(reversion, index=rows["cause"]).groupby(level=0).last().reindex(orders["id"])
    found = {name: sums[name].to_numpy(np.float64) for name in ("filled", "paid", "fees", "fills")}
    with np.errstate(divide="ignore", invalid="ignore"):
        found |= {name: (sums[name] / sums[f"{name} lots"]).to_numpy(np.float64) for name in costs}
        found["maker_share"] = (sums["maker"] / sums["filled"]).to_numpy(np.float64)
    return found | {"reversion_bps": final.to_numpy(np.float64)}


def _vwap(trades: Any, since: Any, until: Any) -> Floats:
    """What the market paid from one moment to another, ticks; NaN where it did not trade."""
    trades = trades[np.argsort(trades["ts_init"], kind="stable")]
    lots = np.append(0.0, np.cumsum(trades["lots"].astype(np.float64)))
    paid = np.append(0.0, np.cumsum(trades["lots"] * trades["price_ticks"].astype(np.float64)))
    first = np.searchsorted(trades["ts_init"], since, side="right")
    last = np.maximum(np.searchsorted(trades["ts_init"], until, side="right"), first)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((paid[last] - paid[first]) / (lots[last] - lots[first]), dtype=np.float64)


def _strategies(journal: Journal) -> dict[int, str]:
    """The names in the proposals behind the mandates, by number."""
    named = {e: event["body"]["strategy"] for _, e, event in journal.signed_events() if event["type"] == "proposal"}
    told = ((int(m["strategy"]), named.get(bytes(m["proposal"]).hex())) for m in journal.mandates)
    return {number: name for number, name in told if name is not None}


def _currency(journal: Journal, instrument: int) -> str:
    return text_of(journal.instruments[instrument]["currency"])


def _liquidity(maker_share: Floats) -> Any:
    """Whether an order's fills made the market, took from it, or both."""
    words = np.select([maker_share == 1, maker_share == 0, maker_share > 0], ["maker", "taker", "both"], "none")
    return words.astype(object)
