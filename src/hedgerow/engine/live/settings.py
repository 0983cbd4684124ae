"""What a paper run is told, in one TOML file: whose strategy, with what money, over which books, how fast.

Promises: what is read is complete and can be meant, or `RUN_CONFIG` names every table, key and value that is not; paths
are relative to the file. Never: reads data, makes a folder, or fills in a key that was misspelt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hedgerow.core.carry import Carry
from hedgerow.core.costs import Costs
from hedgerow.core.settings import Table, settings_of
from hedgerow.core.simulation import Simulation
from hedgerow.engine.assumptions import simulation_told
from hedgerow.engine.terms import carry_told
from hedgerow.market.instruments import Instrument
from hedgerow.market.replay import Books

SPEED_MAX = 1_000_000.0
CASH_MAX = 10**15


@dataclass(frozen=True, kw_only=True)
class PaperSettings:
    """A paper run: whose strategy, with what money, over which recording, how fast."""

    strategy: str
    """`FILE.py:Class`; the file as it is found from the settings."""
    config: Mapping[str, Any]
    """Settings of the strategy's `Config`."""
    folder: Path
    """The journal's folder; there must be none yet."""
    source: tuple[Path, ...]
    """Files of books or recordings of one venue, one after the other; or a catalog."""
    instrument: Instrument
    rule: str | None = None
    """How the venue of a recording numbers its updates."""
    shown: Any = None
    """How deep the books are read; `None` = as deep as the source shows them."""
    quote_size: Decimal | None = None
    """Units assumed to stand at best prices whose size the recording does not tell."""
    faulty: Any = "error"
    """Quotes whose bid is not below their ask: an error, or left out (`drop`)."""
    cash: Decimal = Decimal(1_000_000)
    currency: str = "USD"
    seed: int = 7
    name: str | None = None
    """The strategy's name in its proposal; `None` = the class."""
    speed: float = 1.0
    """Seconds of the recording that pass in one of ours; 0 = no waiting."""
    mandate: Path | None = None
    """The fund's folder, under whose signed mandate it runs; `None` = a mandate for simulated money of its own."""
    costs: Costs | None = None
    carry: Carry | None = None
    actions: Path | None = None
    """A catalog whose corporate actions positions meet."""
    simulation: Simulation | None = None

    def books(self) -> Books:
        """The books that its source shows."""
        told: dict[str, Any] = {"shown": self.shown, "rule": self.rule}
        return Books.read(self.source, self.instrument, **told, quote_size=self.quote_size, faulty=self.faulty)


def read_settings(path: Path, *, speed: float | None = None) -> PaperSettings:
    """Read a settings file; `speed` speaks over the file's.

    Raises RUN_CONFIG for what cannot be meant, and what `Instrument`, `Costs`, `Carry`, `Simulation` raise for theirs.
    """
    return settings_of(path, lambda top: _paper(top, path.parent, {} if speed is None else {"speed": speed}))


def _paper(top: Table, here: Path, spoken: Mapping[str, Any]) -> PaperSettings:
    run, data, assumed = top.table("run").over(spoken), top.table("data"), top.table("simulation")
    held = top.table("carry")
    made = PaperSettings(
        **run_told(run, here),
        speed=run.number("speed", PaperSettings.speed, 0, SPEED_MAX),
        source=_paths(data, here),
        rule=data.text("rule", "") or None,
        shown=data.text("shown", "") or None,
        faulty=data.choice("faulty", ("error", "drop"), "error"),
        quote_size=data.decimal("quote_size", None, CASH_MAX) if data.has("quote_size") else None,
        instrument=top.table("instrument").made(Instrument),
        config=top.table("config").free(),
        costs=top.table("costs").made(Costs) if top.has("costs") else None,
        carry=carry_told(held.free(), here) if top.has("carry") else None,
        actions=_catalog(data, here) if data.has("actions") else None,
        simulation=simulation_told(assumed.free(), here) if top.has("simulation") else None,
    )
    run.done()
    data.done()
    return made


def run_told(run: Table, here: Path) -> dict[str, Any]:
    """What every run is told: strategy, name, folder, cash, currency, seed, mandate."""
    file, colon, kind = run.text("strategy").partition(":")
    return {
        "strategy": f"{here / file}{colon}{kind}",
        "name": run.text("name", "") or None,
        "folder": here / run.text("folder"),
        "cash": run.decimal("cash", PaperSettings.cash, CASH_MAX),
        "currency": run.text("currency", PaperSettings.currency),
        "seed": run.whole("seed", PaperSettings.seed, -(2**63), 2**63 - 1),
        "mandate": here / run.text("mandate") if run.has("mandate") else None,
    }


def _catalog(data: Table, here: Path) -> Path:
    path = here / data.text("actions")
    if not path.is_dir():
        data.fault("actions", f"there is no catalog {path}")
    return path


def _paths(data: Table, here: Path) -> tuple[Path, ...]:
    paths = tuple(here / one for one in data.texts("source"))
    if not paths:
        data.fault("source", "a path, or a list of paths, one at least")
    for path in paths:
        if not path.exists():
            data.fault("source", f"there is no {path}")
    return paths
