"""Opens a fund for a run: kernel, simulated venue, journal, instruments, authority, capital.

Promises: every run, research too, stands under a mandate that the kernel verified; a research run signs its own with
throw-away keys derived from the seed, for the tier of simulated money only. Never: an order before a mandate.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow import _core
from hedgerow.core.costs import Costs
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.fees import BPS_NANO, fees_for_core
from hedgerow.core.nouns import money_nano
from hedgerow.core.spans import ns_of

if TYPE_CHECKING:
    from hedgerow.core.margin import Margin
    from hedgerow.engine.run_data import RunData
    from hedgerow.governance.epochs import Epoch
    from hedgerow.governance.stream import Sequencing
    from hedgerow.market.instruments import Instrument
    from hedgerow.risk.limits import Limits

FOREVER_NS = 2**63 - 1
FEE_CURRENCIES = 4
"""Currencies beside those of a run's markets for which its books have room: venues take fees in coins of their own."""
PUBLISH_EVERY = 65_536
"""Entries of a journal that wait at most until tiles and checkpoint are published: some 10 MiB."""


@dataclass(frozen=True)
class Authority:
    """What gives a run its authority: the fund's genesis and the signed events that grant the mandate.

    Events of a governance log come as they were sequenced, with the log behind them; a research run's own have no log.
    """

    genesis: bytes
    envelopes: tuple[bytes, ...] = ()
    sequencings: tuple[Sequencing, ...] = ()


@dataclass(frozen=True)
class RunStanding:
    """A run's authority, the strategy's number in it, how many strategies it knows, and what may run under which name.

    `artifacts` gives the hash of a content (32 bytes) the hash of the manifest that people signed it under.
    """

    authority: Authority
    number: int = 0
    strategies: int = 1
    artifacts: Mapping[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class LogSettings:
    """Where a run's journal goes, under which name, signed with which key, sealed in which epoch (`None` = plain).

    `publish_every`: after so many durable entries, or so much of the run's own time, tiles and checkpoint are published
    while the run goes on; its end publishes always. The write-ahead file is the same whatever it says.
    """

    folder: Path
    origin: str
    seed: bytes
    epoch: Epoch | None = None
    publish_every: int | timedelta = PUBLISH_EVERY

    def __post_init__(self) -> None:
        """Refuse a cadence that is none before anything is begun."""
        _cadence(self.publish_every)

    def for_core(self) -> tuple[str, str, bytes, tuple[int, bytes] | None, tuple[int, int]]:
        """As the core takes it."""
        epoch = None if self.epoch is None else (self.epoch.word, self.epoch.key)
        return str(self.folder), self.origin, self.seed, epoch, _cadence(self.publish_every)


def _cadence(every: int | timedelta) -> tuple[int, int]:
    """Nanoseconds and entries, of which one never comes."""
    interval_ns = ns_of(every) if isinstance(every, timedelta) else FOREVER_NS
    entries = FOREVER_NS if isinstance(every, timedelta) else every
    if isinstance(every, bool) or not 0 < entries <= FOREVER_NS or not 0 < interval_ns <= FOREVER_NS:
        raise problem("RUN_CONFIG", f"publish_every={every!r}; use entries from 1, or a timedelta above zero")
    return interval_ns, entries


def research_limits(cash: float | int | Decimal, *, leverage: float = 2.5) -> Limits:
    """Limits of a research run: positions and working orders up to `leverage` times the book's value, no other bound.

    The gate counts what a rebalance buys before it counts as sold what the same rebalance sells, so turning a fully
    paid book over in one step takes twice the book's value, and a little more where the last opening was dear.
    """
    from hedgerow.risk.limits import Limits

    return Limits.for_research(capital=cash, leverage=leverage)


def research_authority(
    name: str, artifact: bytes, limits: Limits, data: RunData, currency: str, seed: int
) -> RunStanding:
    """Sign a mandate for simulated money with throw-away keys derived from the seed."""
    from hedgerow.governance.simulation import simulated_artifact, simulation_authority

    genesis, envelopes = simulation_authority(
        seed=seed,
        strategy=name,
        artifact=artifact,
        limits=limits.to_json(),
        universe=list(data.symbols),
        base_currency=currency,
        fund="research",
        # No mandate lasts longer than that from when it is signed, and prices may begin before 1970.
        valid_until_ns=FOREVER_NS + min(0, data.start_ns),
    )
    return RunStanding(Authority(genesis, tuple(envelopes)), artifacts={artifact: simulated_artifact(artifact)})


def open_engine(
    data: RunData,
    *,
    standing: RunStanding,
    artifact: bytes,
    firm_limits: Limits,
    cash: float | int | Decimal,
    currency: str,
    costs: Costs,
    fx: Mapping[str, int],
    log: LogSettings | None,
    books: Mapping[str, Any] | None = None,
    outside: str | None = None,
    margin: Margin | None = None,
) -> Any:
    """A fund ready for its first bar: the strategy's artifact started, its book holding the cash.

    artifact: the hash of the content that runs; it starts under the manifest by which people signed it, if any.
    fx: rates in force at the start, 10^-9 of the base currency, for every other currency of the instruments.
    books: what the core is told of a run over books; `None` = over bars.
    outside: of a venue elsewhere, the kind of its money (`simulation`, `paper`, `live`); `None` = simulated here.
    margin: what the account is held on; `None` = no broker asks.
    What cannot be opened leaves no journal behind.
    """
    sectors = {name: i for i, name in enumerate(sorted({i.sector or "" for i in data.instruments}))}
    currencies = {i.currency for i in data.instruments} | {currency}
    # A venue elsewhere charges in what it likes: in what is bought, or in a coin of its own.
    others = 0 if outside is None else len({i.symbol.partition("/")[0] for i in data.instruments}) + FEE_CURRENCIES
    config = {
        "strategies": standing.strategies,
        "instruments": max(1, len(data.instruments), others + len(currencies) - 1),
        "sectors": max(1, len(sectors)),
        "currencies": len(currencies) + others,
        "orders": max(1024, 16 * len(data.instruments)),
        **venue_settings(costs, data.instruments),
        **({} if books is None else {"books": dict(books)}),
        **({} if margin is None else {"margin": margin.for_core(data.symbols)}),
        **({} if outside is None else {"outside": True, "venue": outside}),
    }
    for code in sorted(currencies - {currency, *fx}):
        raise problem("CORE_NO_RATE", f"{code} into {currency}")
    journal = None if log is None else log.for_core()
    with named_errors():
        engine = _core.Engine(standing.authority.genesis, config, journal)
    try:
        with named_errors():
            start = data.start_ns
            for code, rate_nano in sorted(fx.items()):
                engine.fx_rate(code, rate_nano, start)
            # Impact and a bounded value at risk rest on volatility; runs that use neither are not slowed by it.
            estimate = costs.impact > 0 or not firm_limits.is_var_unbounded
            for index, instrument in enumerate(data.instruments):
                sector = sectors[instrument.sector or ""]
                fields = (*data.core_fields(index, sector, estimate=estimate), start)
                engine.instrument(*fields)
            engine.firm_limits(firm_limits.to_json_text(), start)
            _sign(engine, standing.authority)
            engine.start(standing.number, standing.artifacts.get(artifact, artifact), start)
            engine.capital(standing.number, currency, money_nano(cash), start)
    except BaseException:
        if log is not None:
            _discard(log.folder)
        raise
    return engine


def _sign(engine: Any, authority: Authority) -> None:
    """Hand over what people signed; from the governance log with its times, and the state of the log it came from."""
    hand_over(engine, authority.sequencings)
    for envelope in authority.envelopes:
        engine.signed(envelope)


def hand_over(engine: Any, sequencings: Iterable[Sequencing]) -> None:
    """Give an engine what was sequenced, with its times and the state of the log at each."""
    for sequencing in sequencings:
        engine.sequenced(sequencing.ts, sequencing.size, sequencing.root)
        for _, envelope in sequencing.envelopes:
            engine.signed(envelope)


def _discard(folder: Path) -> None:
    """Take back the journal that was just begun: a run that cannot open leaves nothing half-written."""
    shutil.rmtree(folder / "journal")
    if not any(folder.iterdir()):
        folder.rmdir()


def venue_settings(costs: Costs, instruments: Sequence[Instrument]) -> dict[str, Any]:
    """The simulated venue's integers for a cost model."""
    fees = fees_for_core(costs.fees, instruments)
    return {
        **({} if fees is None else {"fees": fees}),
        "half_spread_nano": round(costs.half_spread_bps * BPS_NANO),
        "impact_nano": round(costs.impact * 1e9),
        "fee_nano": round(costs.fee_bps * BPS_NANO),
        "fee_per_unit_nano": money_nano(costs.fee_per_share),
        "fee_min_nano": money_nano(costs.fee_min),
        "volume_cap_bps": round(costs.volume_cap * 10_000),
        "assume_volume": costs.assume_volume,
        "fill": costs.fill,
    }
