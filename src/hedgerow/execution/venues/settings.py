"""What an exchange is told before it opens: its instruments, its participants, its ports.

Promises: what is read is complete and can be meant, or `RUN_CONFIG` names the table, the key, the value and the limit.
Never: a default that makes an order safer than a real exchange would.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from hedgerow.core.errors import did_you_mean, problem

PHASES = ("closed", "opening_call", "continuous", "closing_call", "halted")
SELF_TRADES = ("allow", "cancel_incoming", "cancel_resting")
SESSIONS = ("FIX.4.2", "FIX.4.4", "FIX.5.0SP2", "OUCH")
"""Versions of the application messages, FIX 5.0 SP2 over FIXT 1.1; or OUCH 4.2 over SoupBinTCP."""

Made = TypeVar("Made")


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
    self_trades: str = "allow"
    clock_speed: int = 1
    """How many seconds pass at the exchange in one of ours."""
    maker: MakerSettings | None = None


def read_settings(path: Path) -> VenueSettings:
    """Read a settings file: `[venue]`, `[[instrument]]`, `[[participant]]`, `[maker]`; paths relative to the file."""
    try:
        said = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise problem("RUN_CONFIG", f"{path}: {error}") from error
    _known(said, ("venue", "instrument", "participant", "maker"), str(path))
    listings = tuple(_made(Listing, row, f"[[instrument]] {at}") for at, row in enumerate(_rows(said, "instrument"), 1))
    members = _rows(said, "participant")
    participants = tuple(_made(Participant, row, f"[[participant]] {at}") for at, row in enumerate(members, 1))
    table = said.get("venue", {})
    if not isinstance(table, Mapping):
        raise problem("RUN_CONFIG", f"[venue] {table!r} is no table")
    maker = _made(MakerSettings, said["maker"], "[maker]") if isinstance(said.get("maker"), Mapping) else None
    if "maker" in table or (maker is None and "maker" in said):
        raise problem("RUN_CONFIG", "[maker] is a table of its own")
    settings = _made(
        VenueSettings, {**table, "maker": maker, "listings": listings, "participants": participants}, "[venue]"
    )
    return _checked(_beside(settings, path.parent))


def _beside(settings: VenueSettings, folder: Path) -> VenueSettings:
    books = settings.dictionaries and folder / settings.dictionaries
    return replace(settings, folder=folder / settings.folder, dictionaries=books)


def _rows(said: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = said.get(key, [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise problem("RUN_CONFIG", f"no [[{key}]]; there must be one at least")
    return rows


def _known(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for key in row:
        if key not in names:
            raise problem("RUN_CONFIG", f"{where}: no such key '{key}'{did_you_mean(key, names)}")


def _made(kind: type[Made], row: Mapping[str, Any], where: str) -> Made:
    """One table as its settings object; each value in the type of its field."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    _known(row, tuple(known), where)
    for name, field in known.items():
        if field.default is MISSING and name not in row:
            raise problem("RUN_CONFIG", f"{where} {name}: is missing")
    return kind(**{key: _value(str(known[key].type), value, f"{where} {key}") for key, value in row.items()})


def _value(kind: str, value: Any, where: str) -> Any:
    if kind.startswith("Decimal"):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(value, bool) or not number.is_finite() or not 0 < number < 10**12:
            raise problem("RUN_CONFIG", f"{where}: {value!r} is no number above 0 and below 10^12")
        return number
    if kind.startswith("MakerSettings"):
        return value
    if kind.startswith("Path") and isinstance(value, str):
        return Path(value)
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    wanted = {"str": str, "int": int, "bool": bool}.get(kind, tuple)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise problem("RUN_CONFIG", f"{where}: {value!r} is no {wanted.__name__}")
    return value


def _checked(settings: VenueSettings) -> VenueSettings:
    _choice("[venue] self_trades", settings.self_trades, SELF_TRADES)
    for key in ("fix_port", "ouch_port", "control_port"):
        port = getattr(settings, key)
        if not 0 <= port <= 65_535:
            raise problem("RUN_CONFIG", f"[venue] {key}: {port}, from 0 (any) to 65535")
    if not 1 <= settings.clock_speed <= 100_000:
        raise problem("RUN_CONFIG", f"[venue] clock_speed: {settings.clock_speed}, from 1 to 100,000")
    for listing in settings.listings:
        _choice(f"[[instrument]] {listing.symbol} phase", listing.phase, PHASES)
        for price in (listing.reference, listing.price_max or listing.reference):
            if price % listing.tick:
                raise problem("RUN_CONFIG", f"[[instrument]] {listing.symbol}: {price} is off the tick {listing.tick}")
    names = [member.name for member in settings.participants]
    for kind, seen in (("symbol", [listing.symbol for listing in settings.listings]), ("name", names)):
        twice = sorted({one for one in seen if seen.count(one) > 1})
        if twice or not all(seen):
            raise problem("RUN_CONFIG", f"{kind} {twice or seen!r} stands twice or is empty")
    if settings.maker is not None:
        _check_maker(settings.maker, names)
    for member in settings.participants:
        _choice(f"[[participant]] {member.name} protocol", member.protocol, SESSIONS)
        for other in member.drop_copy_of:
            _choice(f"[[participant]] {member.name} drop_copy_of", other, tuple(names))
        if member.protocol == "OUCH":
            _check_ouch(member, settings.listings)
        if "/" in member.name or member.name.startswith("."):
            raise problem("RUN_CONFIG", f"[[participant]] name: {member.name!r} cannot name a file")
    return settings


def _check_ouch(member: Participant, listings: tuple[Listing, ...]) -> None:
    """Names, prices and sizes must fit into the fields of OUCH."""
    if len(member.name) > 6 or len(member.password) > 10 or not (member.name + member.password).isascii():
        raise problem("RUN_CONFIG", f"[[participant]] {member.name}: OUCH has 6 letters for a name, 10 for a password")
    if member.drop_copy_of:
        raise problem("RUN_CONFIG", f"[[participant]] {member.name}: OUCH has no drop copies; take FIX")
    for listing in listings:
        is_long = len(listing.symbol) > 8 or not listing.symbol.isascii()
        if (
            is_long
            or listing.tick % Decimal("0.0001")
            or listing.lot % 1
            or listing.price(listing.ticks_max) >= 200_000
        ):
            says = "symbol of 8 letters, tick of 0.0001, whole lots, price_max below 200,000"
            raise problem("RUN_CONFIG", f"[[instrument]] {listing.symbol} does not fit into OUCH: {says}")


def _check_maker(maker: MakerSettings, names: list[str]) -> None:
    _choice("[maker] participant", maker.participant, tuple(names))
    for key, least, most in (("half_spread", 1, 10**6), ("levels", 1, 100), ("lots", 1, 10**9), ("every_ms", 1, 10**9)):
        if not least <= getattr(maker, key) <= most:
            raise problem("RUN_CONFIG", f"[maker] {key}: {getattr(maker, key)}, from {least} to {most:,}")


def _choice(where: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise problem("RUN_CONFIG", f"{where}: {value!r} is none of {', '.join(known)}{did_you_mean(value, known)}")
