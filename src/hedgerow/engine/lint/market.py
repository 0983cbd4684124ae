"""Rules about the data and the market: what could not have been known, bought, sold or paid as the run says.

Promises: each rule is a pure function of the run; its limit and why it stands there are beside it. Never: a fault of
the data repaired.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hedgerow.core.spans import DAY_NS
from hedgerow.engine.lint.rule import Answer, Seen
from hedgerow.engine.lint.subject import YEAR_NS, Subject
from hedgerow.market.universes import Universe

STALE_BARS = 5
"""Equal bars in a row from which on a price is taken to be no price."""
STALE_FILLS = 0.01
SPIKE = 0.4
"""A move of this share that the next bar takes back is a bad print, not a market."""
VOLUME_SHARE = 0.10
"""A tenth of a bar's volume: beyond it the square-root law of impact was not measured."""
COST_BPS = 0.5
"""Costs of half a basis point of what is traded: less than the tightest spread leaves anybody who takes liquidity."""
COSTS_EATEN = 0.5
DELISTED_A_YEAR = 0.04
"""Share of listed companies that vanish in a year, at the low end of what is published (Loughran and Ritter; CRSP)."""
DELISTED_MISSED = 3.0
"""Expected disappearances from which on none at all has a chance below one in twenty."""
FIXED_RATE_YEARS = 0.25
STAMPS_LOOKED_AT = 20_000
"""Bars whose local times are looked at; the stamps of a feed are all alike."""
SUNDAY_MARKETS = {"ILS", "SAR", "KWD", "QAR", "BHD", "OMR", "JOD", "EGP", "BDT"}
SESSIONS = {
    "USD": ("America/New_York", 570, 960),
    "EUR": ("Europe/Berlin", 540, 1050),
    "GBP": ("Europe/London", 480, 990),
    "JPY": ("Asia/Tokyo", 540, 930),
}
"""Minutes after midnight at which a currency's main exchange opens and closes."""


def stale_prices(subject: Subject) -> Answer:
    """Fills at bars that repeat the one before them, again and again."""
    if not len(subject.fills):
        return "nothing was traded"
    bars, longest, where, stale_row = subject.bars, 0, "", np.zeros(len(subject.bars), dtype=bool)
    for index in subject.traded:
        rows = subject.rows[index]
        run = _repeats(np.stack([column[rows] for column in (bars.high_ticks, bars.low_ticks, bars.close_ticks)]))
        stale_row[rows] = run >= STALE_BARS
        if run.size and run.max() > longest:
            longest, where = int(run.max()), bars.symbols[index]
    stale = stale_row[subject.bar_rows]
    share = float(stale.mean())
    if share <= STALE_FILLS:
        return None
    says = (
        f"{stale.sum():,} of {stale.size:,} fills at prices that had not moved for {STALE_BARS} bars or more; the "
        f"longest such stretch is {longest} bars of {where}"
    )
    return Seen(share, STALE_FILLS, says, subject.fill_texts(stale))


def _repeats(columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each bar, how many bars before it in a row are equal to it, a bar that moved within itself equal to none."""
    high, low, _ = columns
    same = np.concatenate([[False], (np.diff(columns, axis=1) == 0).all(axis=0)]) & (high == low)
    counted = np.cumsum(same)
    return np.asarray(counted - np.maximum.accumulate(np.where(same, 0, counted)), dtype=np.int64)


def bad_prints(subject: Subject) -> Answer:
    """Fills at prices that jumped away and came back at once."""
    if not len(subject.fills):
        return "nothing was traded"
    printed = np.zeros(len(subject.bars), dtype=bool)
    for index in subject.traded:
        rows = subject.rows[index]
        step = np.diff(np.log(subject.bars.close_ticks[rows]))
        limit = np.log1p(SPIKE)
        back = (np.abs(step[:-1]) > limit) & (np.abs(step[:-1] + step[1:]) < 0.25 * np.abs(step[:-1]))
        printed[rows[1:-1][back]] = True
    # A bar that opens at the bad close, and the one that has it, give fills that nobody would have got.
    hit = printed[subject.bar_rows]
    for index in subject.traded:
        own, rows = subject.fills["instrument"] == index, subject.rows[index]
        hit[own] |= printed[rows[np.maximum(subject.places[own] - 1, 0)]]
    if not hit.any():
        return None
    says = f"{hit.sum():,} fills at or right behind a price that jumped by more than {SPIKE:.0%} and came back at once"
    return Seen(float(hit.sum()), 0.0, says, subject.fill_texts(hit))


def unfillable_size(subject: Subject) -> Answer:
    """Trading of more than a tenth of what traded at all."""
    if not len(subject.fills):
        return "nothing was traded"
    rows, places = np.unique(subject.bar_rows, return_inverse=True)
    lots = np.bincount(places, weights=subject.fills["lots"], minlength=rows.size)
    volume = subject.bars.volume_lots[rows].astype(np.float64)
    spans = np.minimum(subject.bars.span_ns[rows] / DAY_NS, 1.0)
    adv = np.array([float(i.adv_lots or 0) for i in subject.bars.instruments])[subject.bars.instrument[rows]]
    volume = np.where(volume < 0, adv * spans, volume)
    known = (volume > 0) | (subject.bars.volume_lots[rows] == 0)
    if not known.any():
        return "volume is not known"
    with np.errstate(divide="ignore"):
        share = np.where(known, lots / np.where(known, volume, 1.0), 0.0)
    # What is rounded up to one lot is not too much.
    beyond = (share > VOLUME_SHARE * (1 + 1e-9)) & (lots > 1)
    if not beyond.any():
        return None
    worst = int(np.argmax(np.where(beyond, share, 0.0)))
    size = "there was no volume at all" if np.isinf(share[worst]) else f"{share[worst]:.0%} of the volume"
    says = f"{beyond.sum():,} of {rows.size:,} bars traded beyond {VOLUME_SHARE:.0%} of their volume; at worst {size}"
    value = float(share[worst]) if np.isfinite(share[worst]) else 1.0
    return Seen(value, VOLUME_SHARE, says, subject.fill_texts(beyond[places]))


def cost_free(subject: Subject) -> Answer:
    """Trading for nothing, or next to it."""
    value = float(subject.amounts.value.sum())
    if value <= 0:
        return "nothing was traded"
    bps = float((subject.amounts.fee + subject.amounts.slippage).sum()) / value * 1e4
    if bps >= COST_BPS:
        return None
    return Seen(bps, COST_BPS, f"trading {value:,.0f} cost {bps:.2f} bp of it, spread, impact and fees together")


def costs_eat_profit(subject: Subject) -> Answer:
    """A profit that is the small rest of a large one: a little more cost and it is gone."""
    paid = float((subject.amounts.fee + subject.amounts.slippage).sum())
    net = subject.result.final_nav - subject.result.info.cash
    gross = net + paid
    if net <= 0 or paid / gross <= COSTS_EATEN:
        return None
    says = f"costs of {paid:,.0f} ate {paid / gross:.0%} of the profit of {gross:,.0f} before them"
    return Seen(paid / gross, COSTS_EATEN, says)


def survivorship(subject: Subject) -> Answer:
    """A universe from which nothing ever disappeared, or members of the one that is told who are not there."""
    if subject.universe is not None:
        return _absent(subject, subject.universe)
    notes = [note for note in subject.result.info.notes if "survivor" in note.lower()]
    ends = np.array([int(subject.bars.ts_event[rows[-1]]) for rows in subject.rows if rows.size])
    firsts = np.array([int(subject.bars.ts_event[rows[0]]) for rows in subject.rows if rows.size])
    last = subject.result.data.end_ns
    ended = int((ends < last - 7 * DAY_NS).sum())
    years = float((ends - firsts).sum()) / YEAR_NS
    expected = DELISTED_A_YEAR * years
    if notes:
        return Seen(float(ended), expected, f"the data say so themselves: {notes[0]}")
    if ended or len(ends) < 5 or expected < DELISTED_MISSED:
        return None
    says = (
        f"none of {len(ends)} instruments ended in {years:.0f} years of listing together, where about {expected:.0f} "
        f"companies would have"
    )
    return Seen(0.0, expected, says)


def _absent(subject: Subject, universe: Universe) -> Answer:
    """Members during the run of which there are no bars."""
    members = universe.between(subject.result.data.start_ns, subject.result.data.end_ns)
    absent = sorted({*members} - {*subject.bars.symbols})
    if not absent:
        return None
    shown = ", ".join(absent[:5]) + (", ..." if len(absent) > 5 else "")
    says = f"{len(absent)} of {len(members)} members of {universe.name} during the run have no bars: {shown}"
    return Seen(float(len(absent)), 0.0, says)


def constant_rate(subject: Subject) -> Answer:
    """Positions in another currency at an exchange rate that never moved."""
    base = subject.result.info.currency
    foreign = sorted({subject.bars.instruments[index].currency for index in subject.traded} - {base})
    if not foreign or subject.years <= FIXED_RATE_YEARS:
        return None
    rates = subject.result.records("FxRate")
    codes = np.char.decode(rates["base"])
    fixed = [code for code in foreign if np.unique(rates["rate_nano"][codes == code]).size <= 1]
    if not fixed:
        return None
    says = f"{', '.join(fixed)} stood at one rate to {base} for {subject.years:.1f} years"
    return Seen(subject.years, FIXED_RATE_YEARS, says)


def open_stamps(subject: Subject) -> Answer:
    """Bars stamped when they opened: their closes were known a bar too early."""
    for index, rows in enumerate(subject.rows):
        if rows.size < 10:
            continue
        seen = _by_weekday(subject, index, rows) or _by_session(subject, index, rows[:STAMPS_LOOKED_AT])
        if seen is not None:
            return seen
    return None


def _by_weekday(subject: Subject, index: int, rows: npt.NDArray[np.int64]) -> Seen | None:
    """Where a market trades on weekdays, bars that lie on Sundays and never on Fridays are a day early."""
    instrument = subject.bars.instruments[index]
    span = subject.bars.span_ns[rows]
    if instrument.currency in SUNDAY_MARKETS or not (span == DAY_NS).all():
        return None
    middle = (subject.bars.ts_event[rows] - span // 2) // DAY_NS
    weekday = (middle + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    sundays, fridays = float(np.mean(weekday == 6)), int((weekday == 4).sum())
    if fridays or sundays < 0.1:
        return None
    says = f"bars of {instrument.symbol} span {sundays:.0%} Sundays and no Friday: each is stamped a day early"
    return Seen(sundays, 0.0, says, (str(np.datetime64(int(subject.bars.ts_event[rows[0]]), "ns")),))


def _by_session(subject: Subject, index: int, rows: npt.NDArray[np.int64]) -> Seen | None:
    """Where a day's first stamp is the exchange's opening and its last comes a bar before the close."""
    import pandas as pd

    instrument, spans = subject.bars.instruments[index], subject.bars.span_ns[rows]
    span_minutes = int(np.median(spans)) // (60 * 10**9)
    if instrument.currency not in SESSIONS or not 1 <= span_minutes <= 180:
        return None
    zone, opens, closes = SESSIONS[instrument.currency]
    local = pd.DatetimeIndex(subject.bars.ts_event[rows].astype("datetime64[ns]"), tz="UTC").tz_convert(zone)
    minutes = pd.Series(local.hour * 60 + local.minute).groupby(local.date)
    first, last = minutes.min(), minutes.max()
    early = float(((first == opens) & (last == closes - span_minutes)).mean())
    if len(first) < 5 or early <= 0.5:
        return None
    says = (
        f"on {early:.0%} of days the first bar of {instrument.symbol} is stamped at the exchange's opening and the "
        f"last {span_minutes} minutes before its close"
    )
    return Seen(early, 0.5, says, (str(local[0]),))
