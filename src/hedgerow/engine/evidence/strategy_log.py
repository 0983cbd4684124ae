"""A verified journal read as a run: the fills, bars and instruments of one strategy, in the shape of a result.

Promises: everything is read from the log; only the named strategy's fills, verdicts and findings are seen. Never: a
price or a fill that the log does not hold.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.run_data import RunData
from hedgerow.market.bars import COLUMNS, Bars
from hedgerow.market.instruments import Instrument

if TYPE_CHECKING:
    from hedgerow.engine.why import Journal

FIRM = 2**16 - 1
_KINDS: dict[str, Any] = {"money": [("lo", "<u8"), ("hi", "<i8")], "i64": "<i8", "u32": "<u4"}


class StrategyLog:
    """One strategy in a journal; stands where a `Result` stands for fills, amounts and exposures."""

    def __init__(self, journal: Journal, strategy: str) -> None:
        self._journal = journal
        self.strategy = strategy
        self.events = {event_id: event for _, event_id, event in journal.signed_events()}
        names = list(dict.fromkeys(e["body"]["strategy"] for e in self.events.values() if e["type"] == "proposal"))
        if strategy not in names:
            known = ", ".join(names) or "none"
            raise problem("GOV_UNKNOWN_PROPOSAL", f"{strategy!r}; in this log: {known}{did_you_mean(strategy, names)}")
        self.number = names.index(strategy)
        self.info = SimpleNamespace(currency=json.loads(journal.record(1)[2])["base"], costs={"fill": "next_open"})

    def records(self, name: str) -> Any:
        """Records of a noun; of the strategy where they say whose they are, findings about the firm among them."""
        rows = self._journal.of(name)
        if "strategy" not in (rows.dtype.names or ()):
            return rows
        own = rows["strategy"] == self.number
        return rows[own | (rows["strategy"] == FIRM)] if name == "Finding" else rows[own]

    @cached_property
    def data(self) -> RunData:
        """The bars of the log, with their instruments."""
        rows = self._journal.of("Bar")
        if not len(rows):
            raise problem("RUN_NO_DATA", "the log holds no bars")
        columns: dict[str, Any] = {name: np.ascontiguousarray(rows[name]) for name in COLUMNS}
        defined = self._journal.instruments
        return RunData(Bars(**columns, instruments=tuple(_instrument(defined[n]) for n in sorted(defined))))

    def tier_of(self, mandate: Any) -> str:
        """The name of the tier that a mandate is of: the proposal's, or that of the demotion which made it."""
        made = next((e for n, _, e in self._journal.signed_events() if n == int(mandate["cause"])), None)
        if made is not None and made["type"] == "demote":
            return str(made["body"]["tier"])
        proposal = self.events.get(bytes(mandate["proposal"]).hex())
        return str(proposal["body"]["tier"]) if proposal is not None else ""


def limits_of(mandate: Any) -> npt.NDArray[Any]:
    """The limits inside a mandate's record, by name."""
    fields = [(name, _KINDS[kind]) for name, kind in _core.limit_fields()]
    return np.frombuffer(bytes(mandate["limits"]), dtype=np.dtype([*fields, ("spare", "<u8")]))[0]  # type: ignore[no-any-return]


def _instrument(row: Any) -> Instrument:
    tick, lot = (Decimal(int(row[name])) / MONEY_UNIT for name in ("tick_nano", "lot_nano"))
    multiplier = int(row["tick_value"]) * MONEY_UNIT // (int(row["tick_nano"]) * int(row["lot_nano"]))
    adv_lots = int(row["adv_lots"])
    return Instrument(
        bytes(row["symbol"]).rstrip(b"\0").decode(),
        bytes(row["currency"]).rstrip(b"\0").decode(),
        tick=tick,
        lot=lot,
        multiplier=multiplier,
        adv=None if adv_lots == 0 else lot * adv_lots,
        sigma=int(row["sigma_nano"]) / MONEY_UNIT or None,
    )
