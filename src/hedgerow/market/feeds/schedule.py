"""When a feed is asked, on which days something is expected of it, and by when.

Promises: pure functions of a moment and the settings; a day is one of the schedule's time zone. Never: reads a clock.
A calendar is `always`, `weekdays`, or an exchange's code (ISO 10383, such as XNYS) as exchange_calendars knows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.names import filled, template_fault

SECOND_NS = 1_000_000_000
DAY = timedelta(days=1)
PLAIN = ("always", "weekdays")
DAYS_LOOKED_AHEAD_MAX = 400
GREENWICH = ZoneInfo("UTC")


def day_of(moment_ns: int, zone: ZoneInfo) -> date:
    """The day that it is at a moment."""
    return datetime.fromtimestamp(moment_ns // SECOND_NS, zone).date()


def at_ns(day: date, clock: time, zone: ZoneInfo) -> int:
    """The moment at which clocks show a time on a day; the first of two, where clocks are put back.

    >>> at_ns(date(1970, 1, 2), time(1), ZoneInfo("UTC")) // SECOND_NS
    90000
    """
    return int(datetime.combine(day, clock, zone).astimezone(UTC).timestamp()) * SECOND_NS


@dataclass(frozen=True)
class Calendar:
    """Days on which there is something: a rule without the holidays named."""

    rule: str = "always"
    holidays: frozenset[date] = frozenset()

    def days(self, first: date, last: date) -> list[date]:
        """Open days from `first` to `last`, both included.

        >>> [str(day) for day in Calendar("weekdays").days(date(2026, 11, 27), date(2026, 11, 30))]
        ['2026-11-27', '2026-11-30']
        """
        if self.rule in PLAIN:
            every = [first + DAY * n for n in range((last - first).days + 1)]
            found = [day for day in every if self.rule == "always" or day.weekday() < 5]
        else:
            found = _sessions(self.rule, first, last)
        return [day for day in found if day not in self.holidays]

    def last_days(self, until: date, count: int) -> list[date]:
        """The last so many open days up to a day, in order."""
        back = count
        while len(found := self.days(until - DAY * back, until)) < count and back < 40 * (count + 10):
            back *= 2
        return found[-count:]


@cache
def _exchange(code: str, year: int) -> Any:
    """An exchange's calendar of a year and the one after."""
    try:
        import exchange_calendars
    except ImportError:
        raise problem("CLI_MISSING", f"exchange_calendars, for {code}: pip install 'hedgerow[feeds]'") from None
    return exchange_calendars.get_calendar(code, start=f"{year - 1}-12-01", end=f"{year + 1}-12-31")


def _sessions(code: str, first: date, last: date) -> list[date]:
    found: list[date] = []
    for year in range(first.year, last.year + 1):
        head, tail = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        sessions = _exchange(code, year).sessions_in_range(head.isoformat(), tail.isoformat())
        found += [session.date() for session in sessions]
    return found


def read_calendar(table: Table) -> Calendar:
    """The keys `calendar` and `holidays`."""
    rule, holidays = table.text("calendar", "always"), table.days("holidays")
    if rule not in PLAIN:
        try:
            from exchange_calendars import get_calendar_names

            known = get_calendar_names()
        except ImportError:
            table.fault("calendar", f"{rule!r} wants exchange_calendars: pip install 'hedgerow[feeds]'")
            return Calendar(holidays=holidays)
        if rule not in known:
            near = did_you_mean(rule, [*PLAIN, *known])
            table.fault("calendar", f"{rule!r} is none of always, weekdays and exchanges' codes such as XNYS{near}")
            return Calendar(holidays=holidays)
    return Calendar(rule, holidays)


def read_zone(table: Table) -> ZoneInfo:
    """The key `tz`."""
    name = table.text("tz", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.fault("tz", f"{name!r} is no time zone such as 'Europe/London'")
        return GREENWICH


@dataclass(frozen=True)
class Schedule:
    """When a feed is asked: every so many seconds, or at times of day; on the calendar's days."""

    every_s: float = 3600.0
    at: tuple[time, ...] = ()
    zone: ZoneInfo = GREENWICH
    calendar: Calendar = Calendar()

    @classmethod
    def read(cls, table: Table) -> Schedule:
        """The table `[schedule]`."""
        both = table.has("every") and table.has("at")
        if both:
            table.fault("at", "there is an `every` too; say one of them")
        found = cls(
            every_s=table.span_s("every", "1h", least_s=0.1),
            at=table.times("at"),
            zone=read_zone(table),
            calendar=read_calendar(table),
        )
        table.done()
        return found

    def next_ns(self, after_ns: int) -> int:
        """The next moment at which the feed is asked, after one.

        >>> friday_evening = at_ns(date(2026, 11, 27), time(18, 30), ZoneInfo("UTC"))
        >>> after = Schedule(at=(time(18, 30),), calendar=Calendar("weekdays")).next_ns(friday_evening)
        >>> str(day_of(after, ZoneInfo("UTC")))
        '2026-11-30'
        """
        today = day_of(after_ns, self.zone)
        weeks = (today + DAY * n for n in range(0, DAYS_LOOKED_AHEAD_MAX, 7))
        for day in (day for first in weeks for day in self.calendar.days(first, first + DAY * 6)):
            begin = at_ns(day, time(0), self.zone)
            due = [at_ns(day, clock, self.zone) for clock in self.at]
            if not self.at:
                step = int(self.every_s * SECOND_NS)
                due = [max(begin, (after_ns // step + 1) * step)]
            for moment in due:
                if moment > after_ns and day_of(moment, self.zone) == day:
                    return moment
        raise problem("FEED_SPEC", f"[schedule] no day is open within {DAYS_LOOKED_AHEAD_MAX} days")


@dataclass(frozen=True)
class Expected:
    """What should come, by when, and how much like what came before."""

    files: tuple[str, ...] = ()
    by: time | None = None
    days_after: int = 0
    since: date | None = None
    look_back: int = 5
    cadence_s: float | None = None
    bytes_min: int = 1
    ratio_max: float = 3.0
    duplicates: bool = False
    skew_max_s: float = 5.0

    @classmethod
    def read(cls, table: Table) -> Expected:
        """The table `[expected]`."""
        files, by, since = table.texts("files"), table.times("by"), sorted(table.days("since"))
        for template in files:
            if fault := template_fault(template):
                table.fault("files", fault)
        if table.has("by") and not files:
            table.fault("by", "is for `files`, and there are none")
        found = cls(
            files=files,
            by=by[-1] if by else None,
            days_after=table.whole("days_after", 0, 0, 366),
            since=since[0] if since else None,
            look_back=table.whole("look_back", cls.look_back, 1, 10_000),
            cadence_s=table.span_s("every", "1d", least_s=0.001) if table.has("every") else None,
            bytes_min=table.size("bytes_min", "1"),
            ratio_max=table.number("ratio_max", cls.ratio_max, 1.0, 1e9),
            duplicates=table.flag("duplicates", False),
            skew_max_s=table.span_s("skew_max", "5s", least_s=0.001),
        )
        table.done()
        return found

    def of_day(self, day: date) -> list[str]:
        """The names that a day should have."""
        return [filled(template, day) for template in self.files]

    def deadline_ns(self, day: date, schedule: Schedule) -> int:
        """When what belongs to a day is late: at `by`, or else when the day (`days_after` later) is over."""
        last = day + DAY * self.days_after
        return at_ns(last + DAY, time(0), schedule.zone) if self.by is None else at_ns(last, self.by, schedule.zone)

    def days(self, now_ns: int, schedule: Schedule) -> Sequence[date]:
        """Days to look for at a moment: the last few, or all since the one named."""
        today = day_of(now_ns, schedule.zone)
        recent = schedule.calendar.last_days(today, self.look_back)
        if self.since is None:
            return recent
        return schedule.calendar.days(self.since, today)

    def wanted(self, now_ns: int, schedule: Schedule, known: Collection[str]) -> Iterator[str]:
        """Names to ask for: of the last few days always, since they may be restated, older ones if not `known`."""
        days = self.days(now_ns, schedule)
        recent = set(days[-self.look_back :])
        for day in days:
            yield from (name for name in self.of_day(day) if day in recent or name not in known)
