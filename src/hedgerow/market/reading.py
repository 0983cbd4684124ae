"""How a table of prices is to be read: one typed object, each choice with its reason.

Every way in (`Bars.from_frame`, `Bars.read`, `Catalog.ingest`) takes these as keywords. The defaults refuse rather than
repair: what they refuse is named in an error that says which of these settings would allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.instruments import Instrument, Number
from hedgerow.market.times import Span


class Options(TypedDict, total=False):
    """The keywords of `Bars.from_frame` and its relatives; `Reading` says what each means."""

    symbol: str | None
    instruments: Instrument | Iterable[Instrument] | None
    tick: Number | Mapping[str, Number]
    lot: Number | Mapping[str, Number]
    currency: str | Mapping[str, str]
    off_tick: Literal["error", "round"]
    stamped: Literal["close", "open", "session"] | None
    span: Span | None
    session_close: str
    tz: str | None
    time_unit: Literal["s", "ms", "us", "ns"] | None
    columns: Mapping[str, Any] | Sequence[str] | None
    missing: Literal["error", "drop"]
    faulty: Literal["error", "drop"]
    adjusted: bool
    sort: bool


@dataclass(frozen=True)
class Reading:
    """How to read a table of prices.

    symbol: name of the instrument where the table does not say. instruments: their definitions; None = from `tick`,
    `lot` and `currency`, each one value or a mapping by symbol. tick: `"auto"` = the coarsest power of ten, from 0.01
    down, that holds every price exactly. off_tick: `"round"` accepts prices between ticks. stamped: what the times
    mean; None = dates label sessions, anything finer is the close, and a column named like an open is refused. span:
    length of a bar; None = the commonest step of each instrument. session_close, tz: when sessions labelled by dates
    end, `"24:00"` UTC unless told; tz is also the zone of naive times. time_unit: of epoch numbers; None = by their
    size. columns: `{"close": "Last"}` maps our word to theirs; a list names the columns of a file without a header.
    missing: `"drop"` leaves out rows whose price is not a number, faulty: `"drop"` also those whose price is not
    positive or crossed or whose volume is negative; the bars' notes count them. adjusted: scale prices to the adjusted
    close (implies rounding to the tick). sort: put rows in time order instead of refusing.
    """

    symbol: str | None = None
    instruments: tuple[Instrument, ...] | None = None
    tick: Number | Mapping[str, Number] = "auto"
    lot: Number | Mapping[str, Number] = 1
    currency: str | Mapping[str, str] = "USD"
    off_tick: str = "error"
    stamped: str | None = None
    span: Span | None = None
    session_close: str = "24:00"
    tz: str | None = None
    time_unit: str | None = None
    columns: Mapping[str, Any] | Sequence[str] | None = None
    missing: str = "error"
    faulty: str = "error"
    adjusted: bool = False
    sort: bool = False

    @classmethod
    def of(cls, options: Options) -> Reading:
        """Checked settings from keywords; RUN-002 for an unknown name or value.

        >>> Reading.of({"off_tick": "round"}).off_tick
        'round'
        """
        known = [field.name for field in fields(cls)]
        given: dict[str, Any] = dict(options)
        for name in given:
            if name not in known:
                raise problem("RUN_CONFIG", f"{name!r} is not a setting for reading prices{did_you_mean(name, known)}")
        defined = given.get("instruments")
        if isinstance(defined, Instrument):
            given["instruments"] = (defined,)
        elif defined is not None:
            given["instruments"] = tuple(defined)
        reading = cls(**given)
        _one_of("off_tick", reading.off_tick, "error", "round")
        _one_of("stamped", reading.stamped, None, "close", "open", "session")
        _one_of("missing", reading.missing, "error", "drop")
        _one_of("faulty", reading.faulty, "error", "drop")
        _one_of("time_unit", reading.time_unit, None, "s", "ms", "us", "ns")
        return reading

    @property
    def rounds(self) -> bool:
        """True where prices between ticks are rounded to the nearest."""
        return self.off_tick == "round" or self.adjusted

    @property
    def column_map(self) -> Mapping[str, Any]:
        """Our word to theirs, as far as it was given."""
        return self.columns if isinstance(self.columns, Mapping) else {}

    def defined(self, symbol: str) -> Instrument | None:
        """The instrument given for a symbol; None where none were given; CORE-007 where others were."""
        if self.instruments is None:
            return None
        for instrument in self.instruments:
            if instrument.symbol == symbol:
                return instrument
        known = [instrument.symbol for instrument in self.instruments]
        raise problem("CORE_UNKNOWN_INSTRUMENT", f"{symbol!r}{did_you_mean(symbol, known)}")

    def for_symbol(self, setting: str, symbol: str) -> Any:
        """The value of `tick`, `lot` or `currency` for a symbol."""
        value = getattr(self, setting)
        if not isinstance(value, Mapping):
            return value
        if symbol not in value:
            raise problem(
                "CORE_UNKNOWN_INSTRUMENT", f"{setting} is not given for {symbol!r}{did_you_mean(symbol, value)}"
            )
        return value[symbol]


def _one_of(name: str, value: str | None, *allowed: str | None) -> None:
    if value not in allowed:
        hint = did_you_mean(str(value), [a for a in allowed if a])
        raise problem("RUN_CONFIG", f"{name} {value!r} is not one of {', '.join(map(repr, allowed))}{hint}")
