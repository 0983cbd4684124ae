"""What a run at a venue elsewhere is told, from one TOML file.

Promises: every key is known, or named with the nearest one; paths are relative to the file; what is dangerous is said
in so many words: `live` needs the governance folder whose people signed for the strategy. Never: a default venue.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table, read_toml, settings_of
from hedgerow.engine.live.charges import is_currency
from hedgerow.engine.live.gateways import CryptoPlace, Venue
from hedgerow.engine.live.settings import PaperSettings, run_told
from hedgerow.engine.live.venues_told import check_symbols, venues_told
from hedgerow.engine.live.watchman import Patience
from hedgerow.market.instruments import Instrument

Mode = Literal["paper", "live"]
OF_THE_VENUE = {
    "costs": "each fill comes with what the venue charged for it",
    "carry": "borrow, funding, interest and margin are what the venue books and its statement says",
    "simulation": "nothing is simulated here",
    "data": "prices come from the venue; recordings, and a catalog's corporate actions, are for runs over a recording",
}
"""Tables of a run over a recording that a run at a venue elsewhere is not told, and where it has it from instead."""


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """A run: which strategy, under whose authority, with how much, at which venue, or at which several.

    on_restart: what becomes of orders that an earlier life of the run left working, once the venue has said what they
    are: `cancel` or `keep`; parent orders go on with either, and `stop` cancels both. on_return: what becomes of what
    fell due of parent orders while the venue was away: `spread` over the time left, or `catch_up` at once. fx: what one
    unit of a currency that fees are charged in is worth in the run's own, where no instrument of the run says it.
    busy_poll: never sleep while waiting for the venue. cpu: the processor to stay on.
    """

    mode: Mode
    strategy: str
    name: str | None
    config: Mapping[str, Any]
    folder: Path
    venues: tuple[Venue, ...]
    is_routed: bool
    instruments: tuple[Instrument, ...]
    cash: Decimal
    currency: str
    seed: int
    mandate: Path | None
    on_restart: str
    on_return: str
    depth: int
    patience: Patience
    fx: Mapping[str, Decimal]
    busy_poll: bool
    cpu: int | None

    @property
    def venue_names(self) -> str | tuple[str, ...]:
        """The venue's name, or those of several."""
        return tuple(venue.name for venue in self.venues) if self.is_routed else self.venues[0].name

    @classmethod
    def read(cls, path: Path, mode: Mode, *, trades: bool = True) -> LiveSettings:
        """From a file. RUN_CONFIG names what cannot be meant, or not in this mode if it is to trade."""
        found = settings_of(path, lambda top: cls._of(top, path.resolve().parent, mode))
        if not trades:
            return found
        if mode == "live" and found.mandate is None:
            raise problem("RUN_CONFIG", f"{path}: live trades only what people signed: mandate = GOVERNANCE FOLDER")
        for venue in found.venues:
            if isinstance(venue.place, CryptoPlace) and venue.place.is_real_money != (mode == "live"):
                says = "sandbox = true, or an address on this machine, is for paper; without either it is real money"
                raise problem("RUN_CONFIG", f"{path}: {mode} at {venue.name}: {says}: run live")
        return found

    @classmethod
    def _of(cls, top: Table, here: Path, mode: Mode) -> LiveSettings:
        run = top.table("run")
        for name, says in OF_THE_VENUE.items():
            if top.has(name):
                top.fault(f"[{name}]", f"not at a venue elsewhere: {says}")
        instruments = [one.made(Instrument) for one in top.tables("instrument")]
        venues = venues_told(top, here, here / run.text("folder"), mode)
        check_symbols(top, venues, [one.symbol for one in instruments if one is not None])
        made = cls(
            mode=mode,
            **run_told(run, here),
            on_restart=run.choice("on_restart", ("cancel", "keep", "stop"), "cancel"),
            on_return=run.choice("on_return", ("spread", "catch_up"), "spread"),
            depth=run.whole("depth", 10, 0, 10_000),
            patience=Patience(
                run.span_s("dead_man", "0s"),
                run.span_s("operator_every", "0s"),
            ),
            fx=_rates(top.table("fx"), run.text("currency", PaperSettings.currency)),
            busy_poll=run.flag("busy_poll", False),
            cpu=_cpu(run) if run.has("cpu") else None,
            config=top.table("config").free(),
            venues=venues,
            is_routed=top.is_array("venue"),
            instruments=tuple(instruments),
        )
        run.done()
        return made


def _cpu(run: Table) -> int:
    cpu, usable = run.whole("cpu", None, 0, 4_095), sorted(os.sched_getaffinity(0))
    if cpu not in usable:
        run.fault("cpu", f"one that this process may use: {', '.join(map(str, usable))}")
    return cpu


def _rates(table: Table, currency: str) -> dict[str, Decimal]:
    """What one unit of other currencies is worth in the run's own."""
    found = {name: table.decimal(name, None) for name in table.free()}
    for name in found:
        if name == currency:
            table.fault(name, "is the run's own currency")
        elif not is_currency(name):
            table.fault(name, "is no currency: one to eight capitals or digits, such as BNB")
    return found


def names_venue(path: Path) -> bool:
    """Whether a file of settings names a venue elsewhere."""
    return "venue" in read_toml(path)
