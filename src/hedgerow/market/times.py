"""Times of bars: reading them, in UTC nanoseconds, and finding out what they label.

A column of midnights is a column of dates: each labels a trading session and is not a time. Such bars are stamped at
the end of their session (`session_close`, at midnight UTC after the date unless told). Anything finer is taken as a
UTC instant, or as local time where `tz` says so. An ambiguous date (02/03/2020) is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.core.spans import DAY_NS

if TYPE_CHECKING:
    import pandas as pd

Ints: TypeAlias = npt.NDArray[np.int64]
Span: TypeAlias = "int | str | timedelta"
Moment: TypeAlias = "int | str | date | datetime | np.datetime64"

_UNIT_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_SPAN_NS = {**_UNIT_NS, "min": 60 * 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": DAY_NS, "w": 7 * DAY_NS}
_CALENDAR = (
    ("%Y%m%d", 19_000_101, 22_001_231),
    ("%Y%m%d%H%M", 190_001_010_000, 220_012_312_359),
    ("%Y%m%d%H%M%S", 19_000_101_000_000, 22_001_231_235_959),
)
"""Numbers whose digits are a date, or a date and a time of day; as milliseconds, those of minutes would be of 1976."""
_UNIT_FROM = {"ns": 10**17, "us": 10**14, "ms": 10**11, "s": -(2**63)}
"""The smallest epoch number that is taken to be of a unit."""
_EPOCH_SURE = 10**8
"""An epoch number from which on its size tells its unit: the year 1973, in seconds."""
_SPREADSHEET = (20_000, 80_000)
"""Days since 1900 from 1954 to 2119, as spreadsheets count them; in seconds they would be the first of 1970."""
_PERIODS = (("a year", 1_700, 2_200), ("a year and a month", 170_001, 220_012))
"""Numbers that name a period, not an instant; in seconds they would be the first days of 1970."""
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?"


@dataclass(frozen=True)
class Stamps:
    """Times as they were read: `utc_ns` instants, and `wall_ns`, the same on the clock of the source's own zone."""

    utc_ns: Ints
    wall_ns: Ints

    @property
    def are_dates(self) -> bool:
        """True where every time is a midnight, so that the column holds dates of sessions."""
        return bool(self.wall_ns.size) and not (self.wall_ns % DAY_NS).any()


def span_ns(span: Span) -> int:
    """Nanoseconds of a span: an integer of nanoseconds, a timedelta, or text such as `1min`, `4h`, `1d`.

    >>> span_ns("4h") == 4 * 3600 * 10**9
    True
    """
    if isinstance(span, timedelta):
        whole = (span.days * 86_400 + span.seconds) * 10**9 + span.microseconds * 1000
        found = whole + getattr(span, "nanoseconds", 0)
    elif isinstance(span, str):
        match = re.fullmatch(r"\s*(\d*)\s*(ns|us|ms|s|min|m|h|d|w)\s*", span.lower())
        found = int(match[1] or 1) * _SPAN_NS[match[2]] if match else 0
    else:
        found = int(span)
    if found <= 0:
        raise problem("RUN_CONFIG", f"span {span!r} is not a length of time such as '1min', '4h', '1d' or nanoseconds")
    return found


def commonest_step(times: Ints) -> int:
    """The commonest positive difference of consecutive times (the shorter where two tie), or 0 where there is none."""
    steps = np.diff(times)
    lengths, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(lengths[np.argmax(counts)]) if lengths.size else 0


def commonest_steps(times: Ints, codes: npt.NDArray[np.integer[Any]], where: str, single: int = 0) -> Ints:
    """(n,) the commonest step of each row's instrument, nanoseconds.

    An instrument with one row takes the commonest of the others, or `single` where there are none; DATA-013 where that
    is 0 too, with `where` to name the row.
    """
    groups = [times[codes == code] for code in range(int(codes.max()) + 1)] if codes.size and codes.any() else [times]
    steps = [commonest_step(group) for group in groups]
    known = [step for step in steps if step]
    fallback = max(sorted(set(known)), key=known.count) if known else single
    if not fallback and times.size:
        raise problem("DATA_TIME", f"{where}: the length of a bar cannot be told from one row; say span='1min'")
    return np.array([step or fallback for step in steps], dtype=np.int64)[
        codes if len(groups) > 1 else np.zeros_like(codes)
    ]


def moment_ns(moment: Moment, *, end: bool = False) -> int:
    """UTC nanoseconds of one moment; naive times are UTC.

    A bare date means its sessions: as a start, the first instant after its midnight; with `end`, its last.

    >>> moment_ns("2020-01-01", end=True) - moment_ns("2020-01-01")
    86399999999999
    """
    if isinstance(moment, int | np.integer):
        return int(moment)
    import pandas as pd

    bare = isinstance(moment, date) and not isinstance(moment, datetime)
    bare = bare or (isinstance(moment, str) and re.fullmatch(r"\s*\d{4}-?\d\d-?\d\d\s*", moment) is not None)
    try:
        stamp = pd.Timestamp(moment)
    except (ValueError, TypeError, OverflowError) as error:
        raise problem("DATA_TIME", f"{moment!r}: {error}") from None
    if pd.isna(stamp):
        raise problem("DATA_TIME", f"{moment!r} is not a time")
    found = int((stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp).as_unit("ns").value)
    if not bare:
        return found
    return found + DAY_NS if end else found + 1


def known_by_ns(moment: Moment, *, sessions: bool) -> int:
    """The last instant of which something asked as of a moment may know, UTC nanoseconds.

    A bare date ends with its sessions, which may close at the midnight that ends it; what is no session and bears that
    midnight is labelled by the date after it, and was not known.

    >>> known_by_ns("2020-01-01", sessions=True) - known_by_ns("2020-01-01", sessions=False)
    1
    """
    end = moment_ns(moment, end=True)
    return end if sessions or end == moment_ns(moment) else end - 1


def read_times(column: pd.Series[Any], *, time_unit: str | None, tz: str | None) -> Stamps:
    """Read a column of times: datetimes, dates, ISO 8601 text, epoch numbers or numbers such as YYYYMMDD.

    time_unit: unit of epoch numbers, `s ms us ns`; None = by their size. tz: zone of naive times; None = UTC.
    Raises DATA-013 with the first row that cannot be read.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _from_datetimes(column, tz)
    if pd.api.types.is_bool_dtype(column.dtype):
        raise problem("DATA_TIME", f"column {column.name!r} holds true and false")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _from_numbers(column, time_unit, tz)
    return _from_text(column, tz)


def clock_texts(cells: Sequence[str], what: str) -> list[str] | None:
    """Times of day as `HH:MM` and on: of `9:30`, of `093000`, of numbers such as 930; None where some are neither.

    DATA-013 where digits are no time of day, or could be hours as well as minutes. what: their column, for messages.

    >>> clock_texts(["930", "1600"], "time")
    ['09:30:00', '16:00:00']
    """
    if all(":" in cell for cell in cells):
        padded = [f"0{cell}" if cell[1:2] == ":" else cell for cell in cells]
        return padded if all(map(re.compile(r"\d\d:\d\d").match, padded)) else None
    if not all(map(re.compile(r"\d{1,6}").fullmatch, cells)):
        return None
    widths, largest = {len(cell) for cell in cells}, max(map(int, cells))
    if 0 < largest <= 24 and widths not in ({4}, {6}):
        told = f"{largest} could be an hour or a minute; write times of day as 09:30"
        raise problem("DATA_TIME", f"column {what!r}: {told}")
    seconds = widths != {4} and (widths == {6} or largest > 2359)
    written = [cell.zfill(6) if seconds else f"{cell.zfill(4)}00" for cell in cells]
    for row, (cell, digits) in enumerate(zip(cells, written, strict=True)):
        if not (digits[:2] < "24" and digits[2:4] < "60" and digits[4:] < "60"):
            raise problem("DATA_TIME", f"row {row}, column {what!r}: {cell!r} is no time of day")
    return [f"{digits[:2]}:{digits[2:4]}:{digits[4:]}" for digits in written]


def _from_datetimes(column: pd.Series[Any], tz: str | None) -> Stamps:
    _refuse_missing(column, column.isna().to_numpy())
    if column.dt.tz is not None:
        utc_ns = _nanoseconds(column.dt.tz_convert("UTC").dt.tz_localize(None))
        return Stamps(utc_ns, _nanoseconds(column.dt.tz_localize(None)) if tz is None else _on_clock(utc_ns, tz))
    wall_ns = _nanoseconds(column)
    if tz is None:
        return Stamps(wall_ns, wall_ns)
    return Stamps(local_to_utc(wall_ns, tz, str(column.name), column.index), wall_ns)


def local_to_utc(wall_ns: Ints, tz: str, what: str, labels: Any = None) -> Ints:
    """UTC instants of local times in a zone; DATA-013 for an unknown zone or an hour that clocks skip or repeat.

    labels: (n,) numbers that the rows bear, where they are not those of the array.
    """
    import pandas as pd

    wall = pd.Series(wall_ns.astype("datetime64[ns]"), name=what, index=labels)
    aware = wall.dt.tz_localize(_zone(tz), ambiguous="NaT", nonexistent="NaT")
    bad = aware.isna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        shifted = wall.iloc[row : row + 1].dt.tz_localize(_zone(tz), ambiguous="NaT", nonexistent="shift_forward")
        how = "show twice" if shifted.isna().iloc[0] else "skip"
        raise problem("DATA_TIME", f"{_place(wall, row)}: {wall.iloc[row]} is in an hour that clocks of {tz} {how}")
    return _nanoseconds(aware.dt.tz_convert("UTC").dt.tz_localize(None))


def label_at_open(stamps: Stamps, step_ns: int) -> str:
    """Why times of bars `step_ns` apart look like the starts of their spans; empty where they do not.

    Mondays of weekly bars, firsts of monthly ones, and days stamped at New York's midnight are how vendors label a span
    by its start; taken as closes they would show a day, a week or a month before it happened.
    """
    if stamps.utc_ns.size < 2 or step_ns < DAY_NS:
        return ""
    if not stamps.are_dates:
        hour = stamps.utc_ns % DAY_NS // (3600 * 10**9)
        near_midnight = not (stamps.utc_ns % (3600 * 10**9)).any() and bool(np.isin(hour, (4, 5)).all())
        midnight = near_midnight and not (_on_clock(stamps.utc_ns, "America/New_York") % DAY_NS).any()
        return "every time is a midnight in New York; stamped='session' takes them as dates" if midnight else ""
    days = stamps.wall_ns.astype("datetime64[ns]").astype("datetime64[D]")
    if step_ns >= 28 * DAY_NS and (days == days.astype("datetime64[M]")).all():
        return "bars of a month or more, and every date is the first of one; stamped='session' takes it as the end"
    if step_ns == 7 * DAY_NS and ((days.astype(np.int64) + 3) % 7 == 0).all():
        return "bars of a week, and every date is a Monday; stamped='session' takes it as the end"
    return ""


def session_ends(wall_ns: Ints, close: str, tz: str | None) -> Ints:
    """UTC instants at which the sessions labelled by these dates close: `close` is `HH:MM` in zone `tz` (None = UTC).

    `24:00` is the midnight that ends the date, the default: never before the real close of an exchange session, and
    exact for markets that trade around the clock. An exchange's code, such as `XNYS`, means the close of each session
    by its calendar, half days and clock changes included.

    >>> int(session_ends(np.array([0]), "24:00", None)[0]) == DAY_NS
    True
    """
    from hedgerow.market.calendars import closes, is_code

    if is_code(close):
        return closes(close, wall_ns)
    match = re.fullmatch(r"(\d\d):(\d\d)", close)
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if not 0 < minutes <= 24 * 60:
        raise problem(
            "RUN_CONFIG", f"session_close {close!r} is neither a time of day from 00:01 to 24:00 nor an exchange's code"
        )
    ends = wall_ns // DAY_NS * DAY_NS + minutes * 60 * 10**9
    return ends if tz is None else local_to_utc(ends, tz, "session close")


def _on_clock(utc_ns: Ints, tz: str) -> Ints:
    """What the clocks of a zone show at UTC instants."""
    import pandas as pd

    instants = pd.DatetimeIndex(utc_ns.astype("datetime64[ns]")).tz_localize("UTC")
    shown: Ints = instants.tz_convert(_zone(tz)).tz_localize(None).as_unit("ns").asi8
    return shown


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        raise problem("DATA_TIME", f"unknown time zone {tz!r}{did_you_mean(tz, available_timezones())}") from None


def _nanoseconds(naive: pd.Series[Any]) -> Ints:
    coarse = naive.to_numpy()
    found: Ints = coarse.astype("datetime64[ns]").astype(np.int64, copy=False)
    beyond = found.astype("datetime64[ns]").astype(coarse.dtype) != coarse  # NumPy lets them wrap around
    if beyond.any():
        row = int(np.argmax(beyond))
        raise problem("DATA_TIME", f"{_place(naive, row)}: {coarse[row]} is beyond the years 1677 to 2262")
    return found


def _from_numbers(column: pd.Series[Any], time_unit: str | None, tz: str | None) -> Stamps:

    values = column.to_numpy(dtype=np.float64, na_value=np.nan) if column.isna().any() else column.to_numpy()
    _refuse_missing(column, ~np.isfinite(values))
    low, high = int(values.min()), int(values.max())
    if time_unit is None and (form := _calendar_form(column, low, high)):
        return _from_datetimes(_parse(column.astype(np.int64).astype(str), form, column), tz)
    unit = time_unit or _unit_by_size(high)
    if unit not in _UNIT_NS:
        raise problem("RUN_CONFIG", f"time_unit {time_unit!r} is not one of s, ms, us, ns")
    if time_unit is None:
        _refuse_guesses(column, values, low, high)
    if high > np.iinfo(np.int64).max // _UNIT_NS[unit]:
        raise problem("DATA_TIME", f"{high} {unit} since 1970 is out of range; the largest is in the year 2262")
    if np.issubdtype(values.dtype, np.floating):  # fractions of a second survive to the microsecond
        utc = (
            np.rint(values * (_UNIT_NS[unit] // 1000)).astype(np.int64) * 1000
            if unit != "ns"
            else values.astype(np.int64)
        )
    else:
        utc = values.astype(np.int64) * _UNIT_NS[unit]
    return Stamps(utc, utc if tz is None else _on_clock(utc, tz))  # an epoch is UTC whatever the zone of the venue


def _calendar_form(column: pd.Series[Any], low: int, high: int) -> str | None:
    """How the digits of numbers make dates; None where they do not: of the longer ones, most must be dates."""
    import pandas as pd

    form = next((form for form, least, most in _CALENDAR if least <= low and high <= most), None)
    if form is None or form == _CALENDAR[0][0]:
        return form
    parsed = pd.to_datetime(column.astype(np.int64).astype(str), format=form, errors="coerce")
    return form if parsed.notna().mean() > 0.5 else None


def _refuse_guesses(column: pd.Series[Any], values: Any, low: int, high: int) -> None:
    """DATA-013 where the size of numbers does not tell what they count: two units, periods, days of a spreadsheet."""
    if _SPREADSHEET[0] <= low and high <= _SPREADSHEET[1]:
        told = f"{values[0]:g} is a day of a spreadsheet; write dates as 2020-12-31, or say the unit"
        raise problem("DATA_TIME", f"{_place(column, 0)}: {told}")
    period = next((what for what, least, most in _PERIODS if least <= low and high <= most), None)
    if period is not None:
        told = f"{values[0]:.0f} is {period}, not a day; write dates as 2020-12-31, or say the unit"
        raise problem("DATA_TIME", f"{_place(column, 0)}: {told}")
    unit, other = _unit_by_size(high), _unit_by_size(low)
    if low >= _EPOCH_SURE and unit != other:
        first = int(np.argmax(values >= _UNIT_FROM[unit])) if values[0] < _UNIT_FROM[unit] else int(np.argmin(values))
        told = f"{values[first]:.0f} is in another unit than the rows before it ({other} and {unit})"
        raise problem("DATA_TIME", f"{_place(column, first)}: {told}")


def _unit_by_size(largest: int) -> str:
    """Unit of an epoch number: seconds to the year 5138, then milliseconds, microseconds, nanoseconds."""
    return next(unit for unit in ("ns", "us", "ms", "s") if largest >= _UNIT_FROM[unit])


def _from_text(column: pd.Series[Any], tz: str | None) -> Stamps:
    import pandas as pd

    text = column.astype("str").str.strip()
    _refuse_missing(column, column.isna().to_numpy() | (text == "").to_numpy())
    first = str(text.iloc[0])
    if re.fullmatch(r"\d{8}", first):
        return _from_datetimes(_parse(text, "%Y%m%d", column), tz)
    if re.fullmatch(r"\d{8}[ T]\d\d:?\d\d:?\d\d", first):
        compact = text.str.replace(r"[:T ]", "", regex=True)
        return _from_datetimes(_parse(compact, "%Y%m%d%H%M%S", column), tz)
    if (exact := _of_decimals(text, tz)) is not None:
        return exact
    if re.fullmatch(r"\d+(\.\d+)?", first):
        return _from_numbers(pd.to_numeric(text, errors="coerce").rename(str(column.name)), None, tz)
    if re.match(r"\d{4}-\d\d-\d\dD\d", first):
        text = text.str.replace(r"^(\d{4}-\d\d-\d\d)D", r"\1T", regex=True)
    if re.match(r"\d{4}[-./]", first):
        return _from_iso(text.str.replace(r"^(\d{4})[./](\d\d?)[./]", r"\1-\2-", regex=True), column, tz)
    if re.match(r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}", first):
        return _from_datetimes(_day_or_month_first(text, column), tz)
    return _from_datetimes(_parse(text, "mixed", column), tz)


def _of_decimals(text: pd.Series[Any], tz: str | None) -> Stamps | None:
    """Epoch numbers with fractions, to their last digit; None where some are written otherwise or in another unit."""
    if not text.str.fullmatch(r"\d{9,19}(?:\.\d*)?").all() or not text.str.contains(".", regex=False).any():
        return None
    parts = [cell.partition(".") for cell in text]
    numbers = [int(whole) for whole, _, _ in parts]
    if (unit := _unit_by_size(max(numbers))) != _unit_by_size(min(numbers)):
        return None
    step = _UNIT_NS[unit]
    utc = np.array(
        [n * step + int(digits.ljust(9, "0")[:9] or 0) * step // 10**9
         for n, (_, _, digits) in zip(numbers, parts, strict=True)], dtype=object,
    )  # fmt: skip
    if max(utc) > np.iinfo(np.int64).max:
        return None
    ns = utc.astype(np.int64)
    return Stamps(ns, ns if tz is None else _on_clock(ns, tz))


def _from_iso(text: pd.Series[Any], column: pd.Series[Any], tz: str | None) -> Stamps:
    zoned = text.str.contains(r"[T ].*(?:Z|[+-]\d\d:?\d\d)$", regex=True).to_numpy(dtype=bool)
    clocked = text.str.contains(r"[T ]", regex=True).to_numpy(dtype=bool)
    if zoned.any() and (clocked & ~zoned).any():
        row = int(np.argmax(clocked & ~zoned))
        raise problem("DATA_TIME", f"{_place(column, row)}: {column.iloc[row]!r} names no zone, and others do")
    if not zoned.any():
        return _from_datetimes(_parse(text, "ISO8601", column), tz)
    utc = _parse(text, "ISO8601", column, utc=True)
    wall = _parse(text.str.replace(r"\s*(?:Z|[+-]\d\d:?\d\d)$", "", regex=True), "ISO8601", column)
    utc_ns = _nanoseconds(utc.dt.tz_localize(None))
    return Stamps(utc_ns, _nanoseconds(wall) if tz is None else _on_clock(utc_ns, tz))


def _day_or_month_first(text: pd.Series[Any], column: pd.Series[Any]) -> pd.Series[Any]:
    parts = text.str.extract(r"^(\d{1,2})[-./](\d{1,2})[-./]").astype(np.float64)
    day_first, month_first = bool((parts[0] > 12).any()), bool((parts[1] > 12).any())
    if not month_first and text.str.match(r"\d{1,2}\.\d{1,2}\.").all():
        day_first = True  # nobody writes the month first with points
    if day_first == month_first:
        why = (
            "no row tells the day from the month"
            if not day_first
            else "some rows start with the day, some with the month"
        )
        raise problem("DATA_TIME", f"row 0, column {column.name!r}: {text.iloc[0]!r}: {why}; write dates as 2020-12-31")
    return _parse(text, "mixed", column, dayfirst=day_first)


def _parse(text: pd.Series[Any], form: str, column: pd.Series[Any], **how: bool) -> pd.Series[Any]:
    import pandas as pd

    if form == "mixed" and (bare := text.str.fullmatch(_CLOCK).to_numpy(dtype=bool)).any():
        row = int(np.argmax(bare))  # pandas would take today's date for it
        raise problem("DATA_TIME", f"{_place(column, row)}: {column.iloc[row]!r} is a time of day without its date")
    options: dict[str, Any] = {"format": form, **how}
    try:
        return pd.to_datetime(text, **options)
    except (ValueError, TypeError, OverflowError):
        parsed = pd.to_datetime(text, errors="coerce", **{**options, "utc": True})
        raise _unreadable(column, parsed.isna().to_numpy()) from None


def _refuse_missing(column: pd.Series[Any], missing: npt.NDArray[np.bool_]) -> None:
    if missing.any():
        raise _unreadable(column, missing)


def _unreadable(column: pd.Series[Any], bad: npt.NDArray[np.bool_]) -> HedgerowError:
    row = int(np.argmax(bad))
    more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
    return problem("DATA_TIME", f"{_place(column, row)}: {column.iloc[row]!r}{more}")


def _place(column: pd.Series[Any], row: int) -> str:
    """Where a time stands: the number that its row bears, else its place in the column."""
    label = column.index[row]
    return f"row {label if isinstance(label, int | np.integer) else row}, column {column.name!r}"
