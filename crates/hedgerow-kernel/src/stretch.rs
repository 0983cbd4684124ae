//! Many bars at once: a stretch of one instrument during which nobody acts. Only the marks move.
//!
//! Promises: the state after a stretch is the state after its bars one by one, to the byte; the property test holds the
//! two against each other. Never: takes a stretch that it cannot prove quiet; `Kernel::bar` is the twin for those.

use crate::Kernel;
use hedgerow_core::{InstrumentId, MONEY_UNIT, Money, Problem, StrategyId, code};

/// Columns of a stretch, equally long, in order of time, at most one bar a moment.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// When each bar closed.
    pub ts_event: &'a [i64],
    /// When each was known.
    pub ts_init: &'a [i64],
    /// First prices, ticks.
    pub open: &'a [i64],
    /// Highest prices, ticks.
    pub high: &'a [i64],
    /// Lowest prices, ticks.
    pub low: &'a [i64],
    /// Last prices, ticks.
    pub close: &'a [i64],
}

impl Kernel {
    /// Whether stretches of this instrument can be taken at once: one strategy runs, its worth in the base currency moves
    /// by a whole number for every tick, and the gate has heard of it before.
    #[must_use]
    pub fn is_steady(&self, instrument: InstrumentId) -> bool {
        self.steady_strategy().is_some_and(|s| self.ledger.worth_per_tick(s, instrument).is_some())
    }

    fn steady_strategy(&self) -> Option<StrategyId> {
        let mut running = self.running();
        let only = running.next()?;
        running.next().is_none().then_some(only)
    }

    /// Takes the bars of a stretch in which nobody acts, and pushes what the fund is worth after each.
    ///
    /// # Errors
    /// The first bar that cannot be accepted; those before it were taken. `CORE_INPUT` if the stretch is not steady.
    pub fn stretch(&mut self, rows: &Stretch<'_>, nav: &mut Vec<f64>) -> Result<(), Problem> {
        let steady = self.steady_strategy().and_then(|s| {
            let per_tick = self.ledger.worth_per_tick(s, rows.instrument)?;
            Some((s, per_tick, i128::from(self.ledger.mark_ticks(rows.instrument)?)))
        });
        let Some((strategy, per_tick, mark)) = steady else {
            return Err(Problem::new(code::CORE_INPUT, "a stretch of bars with more than one book or currency"));
        };
        let good = self.good_rows(rows);
        if good > 0 {
            self.settle_before(rows.ts_init[0])?;
            let start = self.ledger.nav(strategy)?.0;
            let worth = |close: i64| start + per_tick * (i128::from(close) - mark);
            push_worths(&rows.close[..good], start, per_tick, mark, nav);
            let last = good - 1;
            if last > 0 {
                // All but the last have been reported by the time the last is known; only the highest leaves a trace.
                let ends = rows.close[..last].iter().fold((i64::MAX, 0), |(l, h), c| (l.min(*c), h.max(*c)));
                let highest = worth(ends.0).max(worth(ends.1));
                self.gate.equity(strategy, Money(highest))?;
                self.gate.equity(strategy, Money(worth(rows.close[last - 1])))?;
            }
            self.ledger.mark(rows.instrument, rows.close[last])?;
            self.gate.observe(rows.instrument, rows.close[last], rows.ts_event[last])?;
            self.take_ids(good as u64, rows.ts_init[last]);
        }
        if good == rows.close.len() { Ok(()) } else { Err(self.refusal(rows, good)) }
    }

    /// How many rows from the start can be accepted. The first pass has no branch, so that it runs many rows at a time.
    fn good_rows(&self, rows: &Stretch<'_>) -> usize {
        let n = rows.close.len();
        let (event, known) = (&rows.ts_event[..n], &rows.ts_init[..n]);
        let (open, high, low, close) = (&rows.open[..n], &rows.high[..n], &rows.low[..n], &rows.close[..n]);
        let good = |i: usize| {
            let prices = (low[i] > 0) & (low[i] <= open[i]) & (low[i] <= close[i]);
            prices & (high[i] >= open[i]) & (high[i] >= close[i]) & (known[i] >= event[i])
        };
        let rising = |i: usize| known[i] > known[i - 1];
        let starts = n > 0 && known[0] >= self.clock();
        if starts && (0..n).fold(true, |all, i| all & good(i)) && (1..n).fold(true, |all, i| all & rising(i)) {
            return n;
        }
        (0..n).take_while(|i| good(*i) && if *i == 0 { starts } else { rising(*i) }).count()
    }

    /// Why a row cannot be accepted: the words of `Kernel::bar`.
    #[cold]
    fn refusal(&mut self, rows: &Stretch<'_>, i: usize) -> Problem {
        let mut bar = hedgerow_core::Bar {
            instrument: rows.instrument,
            ts_event: rows.ts_event[i],
            ts_init: rows.ts_init[i],
            open_ticks: rows.open[i],
            high_ticks: rows.high[i],
            low_ticks: rows.low[i],
            close_ticks: rows.close[i],
            ..hedgerow_core::Bar::default()
        };
        let refused = self.clone().bar(&mut bar, &mut crate::Effects::new());
        refused.err().unwrap_or(Problem::new(code::CORE_INPUT, "two bars of a stretch at the same moment"))
    }
}

/// Worth after each close, as floats for display: exact integers until the last step.
fn push_worths(close: &[i64], start: i128, per_tick: i128, mark: i128, nav: &mut Vec<f64>) {
    let unit = MONEY_UNIT as f64;
    let farthest = close.iter().map(|c| (i128::from(*c) - mark).unsigned_abs()).max().unwrap_or(0);
    let reach = farthest.saturating_mul(per_tick.unsigned_abs()).saturating_add(start.unsigned_abs());
    if reach < i64::MAX as u128 {
        let (start, per_tick, mark) = (start as i64, per_tick as i64, mark as i64);
        nav.extend(close.iter().map(|c| (start + per_tick * (c - mark)) as f64 / unit));
    } else {
        nav.extend(close.iter().map(|c| (start + per_tick * (i128::from(*c) - mark)) as f64 / unit));
    }
}
