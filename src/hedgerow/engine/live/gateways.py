"""Which gateway a run trades through, and where the keys of an account lie.

Promises: keys come from the environment or from a file that only its owner reads; no setting, error or record shows
one. Never: a venue that the settings do not name.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Protocol
from urllib.parse import urlsplit

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.fees import Fees
from hedgerow.core.settings import Table
from hedgerow.engine.live.following import followed
from hedgerow.engine.live.rising import Clock, Rising
from hedgerow.execution.gateways import (
    CryptoGateway,
    CryptoHeard,
    CryptoLink,
    FixGateway,
    FixLink,
    Keys,
    Known,
    OrderWords,
)
from hedgerow.execution.latencies import Latencies
from hedgerow.governance.keys import private_text
from hedgerow.market.instruments import Instrument

SESSION = "session.fix"
_WORDS = ("key", "secret", "password")
_ENVIRONMENT = {word: f"HEDGEROW_VENUE_{word.upper()}" for word in _WORDS}


class Gateway(Protocol):
    """The way to a venue; its owner calls `turn` in a loop."""

    @property
    def is_up(self) -> bool:
        """Whether the venue is there."""

    @property
    def wakes(self) -> Sequence[socket] | None:
        """What becomes readable when something comes; None where it must be looked for."""

    def turn(self, wait_s: float) -> None:
        """Take what came within so many seconds, and let the time pass."""

    def close(self, farewell: Callable[[], bool] = ...) -> None:
        """End the session, waiting for what is due while `farewell` says so."""

    def new(self, name: str, order: OrderWords, ts: int) -> None:
        """Send an order; `WireError` where it is certain that it does not leave."""

    def replace(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to change an order to new terms; `WireError` where it is certain that the wish does not leave."""

    def cancel(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to cancel an order; `WireError` where it is certain that the wish does not leave."""

    def status(self, name: str, order: OrderWords, known: Callable[[], Known]) -> None:
        """Ask what became of an order; known: what the journal says of it, asked for where the gateway needs it."""

    def watch(self, symbols: Sequence[str], depth: int) -> None:
        """Ask for the books of some symbols, from now on."""

    def flush(self) -> None:
        """Let leave what was sent."""


@dataclass(frozen=True)
class CryptoPlace:
    """An account at a crypto venue. keys_file: TOML with key, secret, password; otherwise `environment` names them."""

    link: CryptoLink
    keys_file: Path | None
    environment: Mapping[str, str]

    @property
    def is_real_money(self) -> bool:
        """Whether what is traded there is money: neither a test network nor a server on this machine."""
        return not self.link.sandbox and not _is_here(self.link.url)

    def keys(self, environment: Mapping[str, str]) -> Keys:
        """The account's keys; FEED_SECRET names what is not there, GOV_KEY_FILE a file that others could read."""
        if self.keys_file is not None:
            try:
                told = tomllib.loads(private_text(self.keys_file))
            except tomllib.TOMLDecodeError:  # its words could be those of a key
                raise problem("RUN_CONFIG", f"{self.keys_file} is not TOML with key, secret, password") from None
            found = {word: told.get(word, "") for word in _WORDS}
        else:
            found = {word: environment.get(name, "") for word, name in self.environment.items()}
        for word in ("key", "secret"):
            if not isinstance(found[word], str) or not found[word]:
                where = f"{self.keys_file}: no {word}" if self.keys_file else f"no {self.environment[word]}"
                raise problem("FEED_SECRET", f"{where}, for {self.link.venue}")
        return Keys(found["key"], found["secret"], str(found["password"]))


def crypto_place(venue: Table, here: Path) -> CryptoPlace:
    """The keys of `[venue]` where it names one of ccxt."""
    link = CryptoLink(
        venue=venue.text("ccxt"),
        market=venue.text("market", ""),
        url=venue.text("url", ""),
        sandbox=venue.flag("sandbox", False),
        stream=venue.flag("stream", True),
        change=venue.choice("change", ("native", "cancel_first"), "native"),
        poll_s=venue.span_s("poll", "1s", least_s=0.01),
        settle_s=venue.span_s("settle", "15s", least_s=0.1),
        timeout_s=venue.span_s("timeout", "10s", least_s=0.1),
        options=venue.table("options").free(),
    )
    if link.url and urlsplit(link.url).scheme not in ("http", "https"):
        venue.fault("url", f"{link.url!r} is no address of http or https")
    environment = {word: venue.text(f"{word}_env", name) for word, name in _ENVIRONMENT.items()}
    return CryptoPlace(link, here / venue.text("keys_file") if venue.has("keys_file") else None, environment)


def gateway_of(
    venue: FixLink | CryptoPlace,
    instruments: Sequence[Instrument],
    heard: CryptoHeard,
    wall: Clock,
    rising: Clock,
    latencies: Latencies,
    environment: Mapping[str, str] = os.environ,
) -> Gateway:
    """The gateway to a venue; `wall` gives UTC nanoseconds on any thread, `rising` never less than before."""
    if isinstance(venue, FixLink):
        password = environment.get(venue.password_env, "") if venue.password_env else ""
        if venue.password_env and not password:
            raise problem("FEED_SECRET", f"no {venue.password_env}, for {venue.target}")
        return FixGateway(venue, heard, rising, latencies, password)
    wanted = [(one.symbol, one.tick, one.lot) for one in instruments]
    return CryptoGateway(venue.link, venue.keys(environment), wanted, heard, wall, latencies)


@dataclass(frozen=True)
class Venue:
    """One venue of a run. name: what it is called beside others; fees: what it charges, by which orders are routed;
    symbols: which of the run's instruments it trades, empty = all; control_port: where it tells its clock."""

    name: str
    place: FixLink | CryptoPlace
    fees: Fees = None
    symbols: tuple[str, ...] = ()
    control_port: int | None = None

    def trades(self, symbol: str) -> bool:
        """Whether it trades an instrument of the run."""
        return not self.symbols or symbol in self.symbols


def venue_at(venues: Sequence[Venue], name: str | None) -> Venue:
    """The venue of a name; without one the only venue. RUN_CONFIG where that is none."""
    names = [venue.name for venue in venues]
    if name is None and len(venues) == 1:
        return venues[0]
    if name not in names:
        hint = did_you_mean(name or "", names)
        raise problem("RUN_CONFIG", f"{name or 'no venue said'}; it is one of {', '.join(names)}{hint}")
    return venues[names.index(name)]


def run_clock(wall: Clock, venues: Sequence[Venue]) -> tuple[Rising, int]:
    """A run's clock, and how many of its seconds pass in one of ours: an exchange's, where it shall follow."""
    for venue in venues:
        if venue.control_port is not None:
            assert isinstance(venue.place, FixLink)  # the settings say so
            clock = followed(wall, venue.place.host, venue.control_port)
            return Rising(clock), clock.speed
    return Rising(wall), 1


def place_name(place: FixLink | CryptoPlace) -> str:
    """What a venue is called that has no other name."""
    return place.target if isinstance(place, FixLink) else place.link.venue


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
