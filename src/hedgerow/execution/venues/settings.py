"""What an exchange is told before it opens: its instruments, its participants, its ports.

Promises: what is read is complete and can be meant, or `RUN_CONFIG` names every table, key, value and limit that is
wrong. Never: a default that makes an order safer than a real exchange would.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hedgerow.core.settings import Table, settings_of
from hedgerow.execution.venues.faults import Faults, faults_told

PHASES = ("closed", "opening_call", "continuous", "closing_call", "halted")
SELF_TRADES = ("allow", "cancel_incoming", "cancel_resting")
SESSIONS = ("FIX.4.2", "FIX.4.4", "FIX.5.0SP2", "OUCH", "WEBSOCKET")
"""Versions of the application messages, FIX 5.0 SP2 over FIXT 1.1; OUCH 4.2 over SoupBinTCP; or JSON by websocket."""

LOTS_MAX = 2**63 - 1
"""As many lots as the exchange can count."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An instrument: what its ticks and lots are worth, and between which bounds it is traded."""

    symbol: str
    reference: Decimal
    """The price before the first trade."""
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal(1)
    lots_max: int = 1_000_000
    price_max: Decimal | None = None
    """Highest price of an order; a hundred times the reference price without one."""
    phase: str = "continuous"

    @property
    def reference_ticks(self) -> int:
        """The reference price in ticks."""
        return int(self.reference / self.tick)

    @property
    def ticks_max(self) -> int:
        """The highest price in ticks."""
        return int((self.price_max or self.reference * 100) / self.tick)

    def price(self, ticks: int) -> Decimal:
        """A price of so many ticks."""
        return ticks * self.tick

    def quantity(self, lots: int) -> Decimal:
        """A quantity of so many lots."""
        return lots * self.lot


@dataclass(frozen=True, kw_only=True)
class Participant:
    """Someone who trades: the name that their session has, its protocol, and what happens when the line is cut."""

    name: str
    protocol: str = "FIX.4.4"
    password: str = ""
    """What an OUCH login must say; at most ten characters."""
    cancel_on_disconnect: bool = False
    drop_copy_of: tuple[str, ...] = ()
    """Participants whose reports this one gets copies of; it sends no orders itself."""


@dataclass(frozen=True, kw_only=True)
class MakerSettings:
    """Who quotes when nobody else does: around a price that wanders by whole ticks from the reference price, seeded."""

    participant: str
    """One of the participants; nobody needs to log on for it."""
    seed: int = 7
    half_spread: int = 2
    """Ticks from the middle to its best prices; behind them come `levels` in all, a tick apart, `lots` at each."""
    levels: int = 5
    lots: int = 100
    every_ms: int = 1000
    taker: str | None = None
    """Another participant, who each time takes one lot from the best price, of a side that the seed draws. Without one
    there are trades, and last prices that trigger stops, only where those who are logged on trade."""


@dataclass(frozen=True, kw_only=True)
class VenueSettings:
    """An exchange."""

    name: str
    folder: Path
    """Where the log and the sessions are kept."""
    listings: tuple[Listing, ...]
    participants: tuple[Participant, ...]
    dictionaries: Path | None = None
    """A folder of FIX data dictionaries, as QuickFIX names them; without it, what the exchange speaks and no more."""
    host: str = "127.0.0.1"
    fix_port: int = 0
    ouch_port: int = 0
    control_port: int = 0
    websocket_port: int | None = None
    """Without one there is a port only where a participant speaks by websocket."""
    self_trades: str = "allow"
    clock_speed: int = 1
    """How many seconds pass at the exchange in one of ours."""
    maker: MakerSettings | None = None
    faults: Faults | None = None

    @property
    def by_itself(self) -> frozenset[str]:
        """Participants whom the maker trades for: nobody logs on as one of them, and nobody is told what they did."""
        return frozenset() if self.maker is None else frozenset({self.maker.participant, self.maker.taker or ""})


def read_settings(path: Path) -> VenueSettings:
    """Read a settings file: `[venue]`, `[[instrument]]`, `[[participant]]`, `[maker]`; paths relative to the file."""
    return settings_of(path, lambda top: _venue(top, path.parent))


def _venue(top: Table, here: Path) -> VenueSettings:
    table = top.table("venue")
    listings = tuple(_listing(row) for row in top.tables("instrument"))
    members = tuple(_participant(row, listings) for row in top.tables("participant"))
    _stand_once(top, "instrument", "symbol", [listing.symbol for listing in listings])
    names = _stand_once(top, "participant", "name", [member.name for member in members])
    made = VenueSettings(
        name=table.text("name"),
        folder=here / table.text("folder"),
        listings=listings,
        participants=members,
        dictionaries=here / table.text("dictionaries") if table.has("dictionaries") else None,
        host=table.text("host", VenueSettings.host),
        fix_port=table.whole("fix_port", VenueSettings.fix_port, 0, 65_535),
        ouch_port=table.whole("ouch_port", VenueSettings.ouch_port, 0, 65_535),
        control_port=table.whole("control_port", VenueSettings.control_port, 0, 65_535),
        websocket_port=table.whole("websocket_port", 0, 0, 65_535) if table.has("websocket_port") else None,
        self_trades=table.choice("self_trades", SELF_TRADES, VenueSettings.self_trades),
        clock_speed=table.whole("clock_speed", VenueSettings.clock_speed, 1, 100_000),
        faults=faults_told(top.table("faults")) if top.has("faults") else None,
        maker=_maker(top.table("maker"), names) if top.has("maker") else None,
    )
    for at, member in enumerate(members, start=1):
        for other in member.drop_copy_of:
            if other not in names:
                top.fault(f"[[participant]] {at} drop_copy_of", f"{other!r} is none of {', '.join(names)}")
    table.done()
    return made


def _listing(table: Table) -> Listing:
    made = Listing(
        symbol=table.text("symbol"),
        reference=table.decimal("reference", None),
        tick=table.decimal("tick", Listing.tick),
        lot=table.decimal("lot", Listing.lot),
        lots_max=table.whole("lots_max", Listing.lots_max, 1, LOTS_MAX),
        price_max=table.decimal("price_max", None) if table.has("price_max") else None,
        phase=table.choice("phase", PHASES, Listing.phase),
    )
    for key, price in (("reference", made.reference), ("price_max", made.price_max)):
        if price is not None and price % made.tick:
            table.fault(key, f"{price} is off the tick {made.tick}")
    table.done()
    return made


def _participant(table: Table, listings: tuple[Listing, ...]) -> Participant:
    made = Participant(
        name=table.text("name"),
        protocol=table.choice("protocol", SESSIONS, Participant.protocol),
        password=table.text("password", Participant.password),
        cancel_on_disconnect=table.flag("cancel_on_disconnect", Participant.cancel_on_disconnect),
        drop_copy_of=table.texts("drop_copy_of"),
    )
    if "/" in made.name or made.name.startswith("."):
        table.fault("name", f"{made.name!r} cannot name a file")
    if made.protocol == "OUCH":
        _check_ouch(table, made, listings)
    table.done()
    return made


def _check_ouch(table: Table, member: Participant, listings: tuple[Listing, ...]) -> None:
    """Names, prices and sizes must fit into the fields of OUCH."""
    if len(member.name) > 6 or len(member.password) > 10 or not (member.name + member.password).isascii():
        table.fault("name", f"{member.name}: OUCH has 6 letters for a name, 10 for a password")
    if member.drop_copy_of:
        table.fault("drop_copy_of", "OUCH has no drop copies; take FIX")
    for listing in listings:
        is_long = len(listing.symbol) > 8 or not listing.symbol.isascii()
        is_fine = listing.tick % Decimal("0.0001") or listing.lot % 1
        if is_long or is_fine or listing.price(listing.ticks_max) >= 200_000:
            says = "symbol of 8 letters, tick of 0.0001, whole lots, price_max below 200,000"
            table.fault("protocol", f"{listing.symbol} does not fit into OUCH: {says}")


def _maker(table: Table, names: list[str]) -> MakerSettings:
    made = MakerSettings(
        participant=(participant := table.choice("participant", names)),
        taker=table.choice("taker", [name for name in names if name != participant]) if table.has("taker") else None,
        seed=table.whole("seed", MakerSettings.seed, -(2**63), 2**63 - 1),
        half_spread=table.whole("half_spread", MakerSettings.half_spread, 1, 10**6),
        levels=table.whole("levels", MakerSettings.levels, 1, 100),
        lots=table.whole("lots", MakerSettings.lots, 1, 10**9),
        every_ms=table.whole("every_ms", MakerSettings.every_ms, 1, 10**9),
    )
    table.done()
    return made


def _stand_once(top: Table, key: str, name: str, seen: list[str]) -> list[str]:
    """The names of the tables, of which none may stand twice."""
    twice = sorted({one for one in seen if seen.count(one) > 1})
    if twice:
        top.fault(f"[[{key}]] {name}", f"{twice} stands twice")
    return seen
