//! Many bars at once: a stretch of one instrument during which nobody acts. Only the marks move.
//!
//! Promises: the state after a stretch is the state after its bars one by one, to the byte; the property test holds the
//! two against each other. Never: takes a stretch that it cannot prove quiet; `Kernel::bar` is the twin for those.

use crate::{Curve, Effects, Kernel};
use hedgerow_core::{Bar, InstrumentId, MONEY_UNIT, Money, Nanos, Problem, StrategyId, code};
use std::ops::Range;

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

/// Columns of a run, of which some rows are proved good: each by itself, and after the one before. Whoever takes many
/// short stretches proves them many rows at a time, which also brings their memory near in one sweep.
#[derive(Clone, Debug)]
pub struct Ahead<'a> {
    rows: Stretch<'a>,
    proved: Range<usize>,
}

/// That whole columns were looked at and every row is good, by where they lie. For columns that nobody changes: then many
/// runs over them look once.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    columns: [usize; 6],
    rows: usize,
}

/// A book and a price within which every number of a stretch is exact and every mark can be taken: 10^27 currency units,
/// and 288 million of them for one lot.
const WORTH_TAME: u128 = 1 << 120;
const LOT_TAME: i128 = 1 << 58;
/// One-day standard deviation up to which the value at risk of one lot has no bound of its own: 100 %.
const SIGMA_TAME: i64 = MONEY_UNIT as i64;

/// The one book that a stretch moves.
#[derive(Clone, Copy)]
struct Book {
    strategy: StrategyId,
    /// Worth before the stretch.
    start: i128,
    /// What a tick is worth to it.
    per_tick: i128,
    mark: i64,
}

impl Book {
    #[inline]
    fn worth(&self, close: i64) -> i128 {
        self.start + self.per_tick * i128::from(close - self.mark)
    }
}

/// What `Kernel::bar` asks of the prices of a bar.
#[inline(always)]
fn prices_fit(open: i64, high: i64, low: i64, close: i64) -> bool {
    (low > 0) & (low <= open) & (low <= close) & (high >= open) & (high >= close)
}

/// The lowest and the highest of some prices.
#[inline]
fn ends(close: &[i64]) -> (i64, i64) {
    close.iter().fold((i64::MAX, 0), |(low, high), c| (low.min(*c), high.max(*c)))
}

impl Kernel {
    /// The only book that stretches of this instrument move: one strategy runs or has run, its worth in the base currency
    /// moves by a whole number for every tick, a price is known, and no mandate cools down.
    fn steady_book(&self, instrument: InstrumentId) -> Option<Book> {
        let strategy = self.only_started().filter(|_| self.ripe_ts == Nanos::MAX)?;
        let per_tick = self.ledger.worth_per_tick(strategy, instrument)?;
        let mark = self.ledger.mark_ticks(instrument)?;
        Some(Book { strategy, start: self.ledger.nav(strategy).ok()?.0, per_tick, mark })
    }

    /// Takes bars of a run in which nobody acts, and adds what the fund is worth after each; what is proved of them is
    /// not looked at again. False, and nothing is taken, if more than one book or a rate would move with them, or a mandate
    /// could begin; then the bars come one by one.
    ///
    /// # Errors
    /// The first bar that cannot be accepted; those before it were taken.
    ///
    /// # Panics
    /// If the run has no such rows.
    pub fn stretch(&mut self, run: &Ahead<'_>, rows: Range<usize>, curve: &mut Curve) -> Result<bool, Problem> {
        let first = rows.start;
        let proved = run.proved.start <= rows.start && rows.end <= run.proved.end;
        let rows = &run.rows.part(rows);
        let n = rows.close.len();
        let Some(book) = self.steady_book(rows.instrument) else { return Ok(false) };
        let good = self.good_rows(rows, proved);
        if good > 0 {
            let close = &rows.close[..good];
            let passed = ends(&close[..good - 1]);
            let last = close[good - 1];
            match self.reach(&book, rows.instrument, (passed.0.min(last), passed.1.max(last))) {
                Some(reach) => {
                    let is_small = reach < i64::MAX as u128;
                    curve.line(first..first + good, book.start, book.per_tick, book.mark, is_small);
                    self.take(rows, &book, passed, good - 1)?;
                }
                None => self.take_one_by_one(rows, &book, good, curve)?,
            }
        }
        if good == n { Ok(true) } else { Err(self.refusal(rows, good)) }
    }

    /// How large the book's worth can become, if nothing overflows on the way and every mark is as good as the last.
    fn reach(&self, book: &Book, instrument: InstrumentId, (low, high): (i64, i64)) -> Option<u128> {
        let about = &self.instruments()[instrument as usize];
        let far = (book.mark - low).unsigned_abs().max((high - book.mark).unsigned_abs());
        let moved = u128::from(far).checked_mul(book.per_tick.unsigned_abs())?;
        let held = self.ledger.book(book.strategy, self.base())?.market_value().0.unsigned_abs();
        let reach = moved.checked_add(book.start.unsigned_abs())?;
        let lots_fit = about.sigma_nano <= SIGMA_TAME && i128::from(high) * i128::from(about.tick_value) <= LOT_TAME;
        (lots_fit && reach.max(moved + held) <= WORTH_TAME).then_some(reach)
    }

    /// Takes the rows up to the last, before which closes lay between `low` and `high`.
    fn take(&mut self, rows: &Stretch<'_>, book: &Book, (low, high): (i64, i64), last: usize) -> Result<(), Problem> {
        self.advance(rows.ts_init[0]);
        if last > 0 {
            // Each but the last has passed by the time the last is known.
            self.keep_high(book.strategy, Money(book.worth(low).max(book.worth(high))));
        }
        self.ledger.mark(rows.instrument, rows.close[last])?;
        self.gate.observe(rows.instrument, rows.close[last], rows.ts_event[last])?;
        self.take_ids(last as u64 + 1, rows.ts_init[last]);
        Ok(())
    }

    /// The twin, for numbers so large that the stretch cannot be proved quiet.
    #[cold]
    fn take_one_by_one(
        &mut self,
        rows: &Stretch<'_>,
        book: &Book,
        good: usize,
        curve: &mut Curve,
    ) -> Result<(), Problem> {
        let mut effects = Effects::new();
        for i in 0..good {
            self.bar(&mut rows.bar(i), &mut effects)?;
            curve.push(self.ledger.nav(book.strategy)?);
        }
        Ok(())
    }

    /// How many rows from the start can be accepted. The first pass has no branch, so that it runs many rows at a time.
    fn good_rows(&self, rows: &Stretch<'_>, proved: bool) -> usize {
        let starts = rows.close.is_empty()
            || rows.ts_init[0] >= self.clock() && rows.ts_event[0] >= self.gate.observed_ts(rows.instrument);
        if starts && (proved || rows.are_good()) {
            return rows.close.len();
        }
        (0..rows.close.len()).take_while(|i| rows.is_good(*i) && if *i == 0 { starts } else { rows.rises(*i) }).count()
    }

    /// Why a row cannot be accepted: the words of `Kernel::bar`.
    #[cold]
    fn refusal(&self, rows: &Stretch<'_>, i: usize) -> Problem {
        let refused = self.clone().bar(&mut rows.bar(i), &mut Effects::new());
        refused.err().unwrap_or_else(|| Problem::new(code::CORE_INPUT, "two bars of a stretch at the same moment"))
    }
}

impl Looked {
    /// Looks at every row; `None` where one cannot be proved good.
    #[must_use]
    pub fn at(rows: &Stretch<'_>) -> Option<Looked> {
        rows.are_good().then(|| Looked { columns: rows.places(), rows: rows.close.len() })
    }

    /// Whether these are rows of what was looked at, all from the same row on.
    fn covers(&self, rows: &Stretch<'_>) -> bool {
        let (bytes, places) = (self.rows * size_of::<i64>(), rows.places());
        let from = places[0].wrapping_sub(self.columns[0]);
        let are_one_row = places.iter().zip(&self.columns).all(|(place, column)| place.wrapping_sub(*column) == from);
        are_one_row && from <= bytes && size_of_val(rows.close) <= bytes - from
    }
}

impl<'a> Ahead<'a> {
    /// Columns of which nothing is proved yet.
    ///
    /// # Errors
    /// `CORE_INPUT` if the columns are not equally long.
    pub fn new(rows: Stretch<'a>) -> Result<Ahead<'a>, Problem> {
        let n = rows.close.len();
        if [rows.ts_event, rows.ts_init, rows.open, rows.high, rows.low].iter().any(|column| column.len() != n) {
            return Err(Problem::new(code::CORE_INPUT, "a stretch of bars with columns of different lengths"));
        }
        Ok(Ahead { rows, proved: 0..0 })
    }

    /// Takes the word of whoever looked at these columns before; without effect where they are others.
    #[must_use]
    pub fn knowing(self, looked: Option<&Looked>) -> Ahead<'a> {
        match looked {
            Some(looked) if looked.covers(&self.rows) => Ahead { proved: 0..self.rows.close.len(), ..self },
            _ => self,
        }
    }

    /// How far the rows are proved.
    #[must_use]
    pub fn proved_to(&self) -> usize {
        self.proved.end
    }

    /// Looks at the rows up to `end`. Those that cannot be proved are left to the stretch that meets them.
    pub fn look_to(&mut self, end: usize) {
        let end = end.min(self.rows.close.len()).max(self.proved.end);
        // The last row that is proved stands before the next.
        let before = self.proved.end.saturating_sub(1).max(self.proved.start);
        self.proved = if self.rows.part(before..end).are_good() { self.proved.start..end } else { end..end };
    }
}

impl<'a> Stretch<'a> {
    #[inline]
    fn part(&self, rows: Range<usize>) -> Stretch<'a> {
        let column = |values: &'a [i64]| &values[rows.clone()];
        Stretch {
            instrument: self.instrument,
            ts_event: column(self.ts_event),
            ts_init: column(self.ts_init),
            open: column(self.open),
            high: column(self.high),
            low: column(self.low),
            close: column(self.close),
        }
    }

    /// Where the columns lie.
    fn places(&self) -> [usize; 6] {
        [self.ts_event, self.ts_init, self.open, self.high, self.low, self.close].map(|column| column.as_ptr().addr())
    }

    /// Whether every row is good by itself and comes after the one before.
    fn are_good(&self) -> bool {
        let n = self.close.len();
        let (event, known) = (&self.ts_event[..n], &self.ts_init[..n]);
        let (open, high, low, close) = (&self.open[..n], &self.high[..n], &self.low[..n], &self.close[..n]);
        let mut good = true;
        for i in 0..n {
            good &= prices_fit(open[i], high[i], low[i], close[i]) & (known[i] >= event[i]);
        }
        let m = n.saturating_sub(1);
        let (event_before, known_before) = (&event[..m], &known[..m]);
        let (event, known) = (&event[n - m..][..m], &known[n - m..][..m]);
        for i in 0..m {
            good &= (known[i] > known_before[i]) & (event[i] >= event_before[i]);
        }
        good
    }

    fn is_good(&self, i: usize) -> bool {
        prices_fit(self.open[i], self.high[i], self.low[i], self.close[i]) && self.ts_init[i] >= self.ts_event[i]
    }

    fn rises(&self, i: usize) -> bool {
        self.ts_init[i] > self.ts_init[i - 1] && self.ts_event[i] >= self.ts_event[i - 1]
    }

    fn bar(&self, i: usize) -> Bar {
        Bar {
            instrument: self.instrument,
            ts_event: self.ts_event[i],
            ts_init: self.ts_init[i],
            open_ticks: self.open[i],
            high_ticks: self.high[i],
            low_ticks: self.low[i],
            close_ticks: self.close[i],
            ..Bar::default()
        }
    }
}
