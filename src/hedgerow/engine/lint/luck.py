"""Rules about chance: samples too small, profits of one day, the best of many, and figures too good to be true.

Promises: each rule is a pure function of the run; its limit and why it stands there are beside it. Never: a figure of
its own where the statistics have one.
"""

from __future__ import annotations

import numpy as np

from hedgerow.core.verdicts import DENIED
from hedgerow.engine.lint.rule import Answer, Seen
from hedgerow.engine.lint.subject import Floats, Subject
from hedgerow.ledger import ratios

TRIPS_MIN = 30
YEARS_MIN = 1.0
SHARE_OF_ONE = 0.5
TRIPS_FOR_SHARE = 10
DAYS_FOR_SHARE = 20
OUTLIER = 2.0
"""Times the largest of so many normal ones: beyond it a day or a trip is not of the same kind as the others."""
NOISE = 0.5
"""Standard errors of the sum of the others: a smaller profit is within the noise, and no one day or trip made it."""
DEPENDENT = 0.25
DEPENDENT_ERRORS = 3.0
SMOOTH_DAYS_MIN = 60
SHARPE_MAX = 3.0
"""Yearly; what the best audited funds do not reach over years, and what errors reach in a minute."""
BELIEVED = 0.95
OVERFIT_MAX = 0.5
DENIED_MAX = 0.25
FORESEEN_MIN = 30
FORESEEN = 0.75
"""Share of bars that a strategy may be right about right after it traded: three in four is no skill anybody has."""
FORESEEN_ERRORS = 5.0


def look_ahead(subject: Subject) -> Answer:
    """Orders that change when later bars are taken away; where nobody can run it again, trades that know what comes."""
    if subject.again is not None:
        from hedgerow.engine.lint.again import changed_by_later_bars

        return changed_by_later_bars(subject, subject.again)
    gains = _gains_at_once(subject)
    gains = gains[gains != 0]
    if gains.size < FORESEEN_MIN:
        return f"{gains.size} fills that the next bar could judge, at least {FORESEEN_MIN}; or give again="
    right = float(np.mean(gains > 0))
    if right <= FORESEEN or (right - 0.5) * 2 * gains.size**0.5 < FORESEEN_ERRORS:
        return None
    says = f"{right:.0%} of {gains.size:,} market orders were in the right before their bar, or the next, was over"
    return Seen(right, FORESEEN, says)


def _gains_at_once(subject: Subject) -> Floats:
    """What each market order's price moved its way until its bar's close, or the next one where that did not move."""
    bars, gains = subject.bars, np.zeros(len(subject.fills))
    for index in subject.traded:
        own = np.flatnonzero((subject.fills["instrument"] == index) & subject.by_market)
        closes, places = bars.close_ticks[subject.rows[index]], subject.places[own]
        before = subject.fills["reference_ticks"][own]
        now = closes[places]
        later = closes[np.minimum(places + 1, closes.size - 1)]
        move = np.where(now != before, now, later) - before
        gains[own] = np.where(subject.fills["side"][own] == 1, move, -move)
    return gains


def too_few_trades(subject: Subject) -> Answer:
    """Round trips that can be counted on the fingers."""
    count = subject.trips.size
    if count >= TRIPS_MIN:
        return None
    what = f"{count} closed round trips" if len(subject.fills) else "no fill at all"
    return Seen(float(count), TRIPS_MIN, f"{what}; a mean of fewer than {TRIPS_MIN} says little")


def too_short(subject: Subject) -> Answer:
    """Less than a year."""
    if subject.years >= YEARS_MIN - 0.02:
        return None
    says = f"{subject.years:.2f} years, {subject.returns.size} days: no season, no other kind of market"
    return Seen(subject.years, YEARS_MIN, says)


def one_lucky_day(subject: Subject) -> Answer:
    """A profit that one day made, such a day as none of the others."""
    profits, returns = subject.profits, subject.returns
    total, best = float(profits.sum()), int(np.argmax(profits))
    if returns.size < DAYS_FOR_SHARE:
        return f"{returns.size} days, at least {DAYS_FOR_SHARE}"
    if total <= 0 or not _stands_alone(returns):
        return None
    share = float(profits[best]) / total
    if share <= SHARE_OF_ONE:
        return None
    day = f"{subject.result.daily.index[best + 1]:%Y-%m-%d}"
    says = (
        f"{day} made {share:.0%} of the whole profit; without it {total - profits[best]:,.0f} is left of {total:,.0f}"
    )
    return Seen(share, SHARE_OF_ONE, says, (day,))


def _stands_alone(values: Floats) -> bool:
    """Whether the best value is beyond what the others would bring forth, one by one and together."""
    best = int(np.argmax(values))
    others = np.delete(values, best)
    usual = max(OUTLIER * ratios.expected_best_sharpe(values.size, 1.0), NOISE * others.size**0.5)
    return bool(values[best] - others.mean() > usual * others.std(ddof=1))


def one_lucky_trade(subject: Subject) -> Answer:
    """A profit that one round trip made."""
    trips = subject.trips
    total = float(trips.sum())
    if trips.size < TRIPS_FOR_SHARE or total <= 0:
        return None
    share = float(trips.max()) / total
    if share <= SHARE_OF_ONE or not _stands_alone(trips):
        return None
    closed = subject.result.trades[~subject.result.trades["open"]]
    best = closed.iloc[int(np.argmax(trips))]
    says = f"one of {trips.size:,} round trips made {share:.0%} of their profit"
    return Seen(share, SHARE_OF_ONE, says, (f"fill {best['exit_id']} of {best['symbol']}",))


def contradictory_signs(subject: Subject) -> Answer:
    """Figures that point different ways, as the statistics' own notes say."""
    notes = [note for note in subject.performance.notes if note.startswith("contradictory signs")]
    return Seen(float(len(notes)), 0.0, notes[0].partition(": ")[2]) if notes else None


def grid_edge(subject: Subject) -> Answer:
    """A setting at the end of the values that were tried."""
    config, grid = subject.result.info.config, subject.grid
    if not grid:
        return "the values that were tried are not told; give grid= or among="
    edges, asked = [], False
    for name, tried in grid.items():
        values = sorted({float(v) for v in tried if isinstance(v, int | float) and not isinstance(v, bool)})
        chosen = config.get(name)
        if len(values) < 3 or not isinstance(chosen, int | float):
            continue
        asked = True
        if chosen in (values[0], values[-1]):
            edges.append(f"{name}={chosen:g}, of {values[0]:g} to {values[-1]:g}")
    if not asked:
        return f"the run's own value among three or more is not told, of {', '.join(grid)}; signals have no settings"
    if not edges:
        return None
    return Seen(float(len(edges)), 0.0, f"the best value lies at the end of what was tried: {'; '.join(edges)}")


def too_smooth(subject: Subject) -> Answer:
    """Returns that repeat the ones before them, as prices that are not traded make them."""
    returns = subject.returns
    if returns.size < SMOOTH_DAYS_MIN:
        return f"{returns.size} days, at least {SMOOTH_DAYS_MIN}"
    first = ratios.autocorrelation(returns)
    # A steady loss, as of costs, is smooth and deceives nobody.
    if first is None or float(subject.profits.sum()) <= 0:
        return None
    if first <= DEPENDENT or first * returns.size**0.5 < DEPENDENT_ERRORS:
        return None
    says = f"a day's return goes with that of the day before (autocorrelation {first:+.2f} of {returns.size:,} days)"
    return Seen(first, DEPENDENT, says)


def too_good(subject: Subject) -> Answer:
    """A Sharpe ratio that nobody has."""
    sharpe = subject.performance.sharpe
    if sharpe is None:
        return "the sample is too short for a Sharpe ratio"
    return Seen(sharpe, SHARPE_MAX, f"a yearly Sharpe ratio of {sharpe:.1f}") if sharpe > SHARPE_MAX else None


def best_of_many(subject: Subject) -> Answer:
    """A ratio that is believed alone, and not as the best of all trials."""
    told = subject.performance
    if told.trials is None or told.trials < 2:
        return "one trial is told; count every variant (trials=)"
    if told.probabilistic_sharpe is None or told.deflated_sharpe is None:
        return "the sample is too short for belief in a Sharpe ratio"
    if told.probabilistic_sharpe < BELIEVED or told.deflated_sharpe >= BELIEVED:
        return None
    says = (
        f"believed with {told.probabilistic_sharpe:.0%} if it were the only one, with {told.deflated_sharpe:.0%} as "
        f"the best of {told.trials:,} trials"
    )
    return Seen(told.deflated_sharpe, BELIEVED, says)


def overfitted(subject: Subject) -> Answer:
    """The best of one half of the days lies below the middle in the other half, more often than not."""
    found = subject.overfitting
    if isinstance(found, str):
        return found
    if found.probability <= OVERFIT_MAX:
        return None
    says = f"probability of overfitting {found.probability:.0%} over {found.splits:,} halvings of the days"
    return Seen(found.probability, OVERFIT_MAX, says)


def mostly_denied(subject: Subject) -> Answer:
    """A strategy that the gate let do only part of what it wanted is not the one that was tested."""
    verdicts = subject.result.records("Verdict")
    if not len(verdicts):
        return "no order was made"
    share = float(np.mean(verdicts["decision"] == DENIED))
    if share <= DENIED_MAX:
        return None
    return Seen(share, DENIED_MAX, f"{share:.0%} of {len(verdicts):,} decisions of the gate were denials")
