//! The run over books: history happens at the venue, travels to us, and only then can anybody hear of it.
//!
//! Promises: strict order of time at both ends, as `hedgerow_sim::replay::next` says; what a strategy can see is what has
//! reached us; memory holds the books and what is under way, whatever the length of the replay, and beside them a sample of
//! the equity and a row of the tape each few seconds.

use super::desk::Desk;
use super::known::{Known, Local, moved_level};
use super::run::breathe;
use super::shared::Shared;
use crate::words::raise;
use hedgerow_book::{Level, Rules};
use hedgerow_core::{
    BookLevel, BookOrder, Fill, InstrumentId, LAST_OF_UPDATE, MarketPhase, Noun, Phase, Problem, Quote, Side, Trade,
    code, time,
};
use hedgerow_sim::BookVenue;
use hedgerow_sim::replay::{Depth, FeedLine, Next, Row, next};
use pyo3::prelude::*;

/// Venues' clocks step back by less between two events of one recording; more is rows in the wrong order.
const BACK_NS_MAX: i64 = time::MINUTE;
/// No event of a run lies further from 1970, nanoseconds.
const TS_MAX: i64 = 1 << 62;
/// Rows between two looks at Ctrl-C and the progress bar.
const BREATH: usize = 1 << 16;

/// Whoever listens at our end.
pub trait Listener {
    /// An update has reached us.
    fn on_update(&mut self, told: &Told) -> PyResult<()>;
    /// Fills have reached us.
    fn on_fills(&mut self, fills: &[Fill]) -> PyResult<()>;
    /// When to be woken next; it is `now`. `i64::MAX` = never.
    fn due(&mut self, now: i64) -> i64;
    /// It is that time.
    fn on_timer(&mut self, ts: i64) -> PyResult<()>;
}

/// An update that has reached us.
#[derive(Clone, Copy)]
pub struct Told {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// A trade, if it is one.
    pub trade: Option<Trade>,
    /// What the instrument does at the venue from now on, if it is that; else the book changed.
    pub phase: Option<MarketPhase>,
    /// The best prices, if they or their sizes changed.
    pub quote: Option<Quote>,
}

/// Net asset value and half-way prices, looked at in equal steps of time.
struct Samples {
    every_ns: i64,
    next_ts: i64,
    ts: Vec<i64>,
    marks: Vec<i64>,
}

/// What lives as long as the run.
pub struct BookRun {
    feed: FeedLine,
    delay_ns: i64,
    /// By instrument.
    pub known: Vec<Known>,
    rows: Vec<Row>,
    may_cross: bool,
    market_ts: i64,
    /// Rows of history until now, over all pieces.
    row: usize,
    samples: Samples,
}

/// One update of history, as it lies in the columns.
struct Update<'a> {
    kind: u16,
    rows: &'a [Row],
}

impl<'a> Update<'a> {
    /// The update that begins at a row: a trade, a phase, or changes of one book up to the one marked as last.
    fn at(kinds: &[u8], rows: &'a [Row], start: usize) -> Option<Update<'a>> {
        let kind = u16::from(*kinds.get(start)?);
        let mut end = start + 1;
        while ![Trade::KIND, MarketPhase::KIND].contains(&kind)
            && rows[end - 1][3] >> 56 & u64::from(LAST_OF_UPDATE) == 0
            && end < kinds.len()
            && u16::from(kinds[end]) == kind
            && instrument_of(&rows[end]) == instrument_of(&rows[start])
        {
            end += 1;
        }
        Some(Update { kind, rows: &rows[start..end] })
    }

    #[inline]
    fn ts_event(&self) -> i64 {
        self.rows[0][0] as i64
    }

    /// When it was known, as recorded.
    fn ts_init(&self) -> i64 {
        if self.kind == BookOrder::KIND {
            bytemuck::cast_ref::<Row, BookOrder>(&self.rows[0]).ts_init()
        } else {
            self.rows[0][1] as i64
        }
    }
}

/// The events have their instrument at the same place.
#[inline]
fn instrument_of(row: &Row) -> InstrumentId {
    InstrumentId::from((row[3] >> 32) as u16)
}

impl BookRun {
    /// Nothing has happened yet. `delay_ns` is added to when each event was known as recorded.
    pub fn new(
        depth: Depth,
        rules: Rules,
        instruments: usize,
        delay_ns: i64,
        every_ns: i64,
    ) -> Result<BookRun, Problem> {
        let known = || -> Result<Known, Problem> {
            let (book, phase) = (Local::new(depth, rules)?, Phase::Continuous);
            Ok(Known { book, shift_ticks: 0, best: [None; 2], phase, ts_event: i64::MIN })
        };
        Ok(BookRun {
            feed: FeedLine::new(),
            delay_ns,
            known: (0..instruments).map(|_| known()).collect::<Result<_, _>>()?,
            rows: Vec::new(),
            may_cross: rules.may_cross,
            market_ts: i64::MIN,
            row: 0,
            samples: Samples { every_ns, next_ts: i64::MIN, ts: Vec::new(), marks: Vec::new() },
        })
    }

    /// Times and half-way prices (one for each instrument and time, 0 = none yet) at which the run was looked at.
    pub fn samples(&self) -> (&[i64], &[i64]) {
        (&self.samples.ts, &self.samples.marks)
    }

    /// History's next update happens at the venue and leaves for us.
    fn happen(&mut self, desk: &mut Desk, update: &Update<'_>, ts: i64) -> Result<(), Problem> {
        let row = self.row;
        self.market_ts = ts;
        desk.roll_day(ts, 0)?;
        let mut shift_ticks = 0;
        if let Some(venue) = desk.books() {
            match update.kind {
                BookLevel::KIND => venue.levels(bytemuck::cast_slice(update.rows), ts),
                BookOrder::KIND => venue.orders(bytemuck::cast_slice(update.rows), ts),
                Trade::KIND => venue.trade(bytemuck::cast_ref(&update.rows[0]), ts),
                MarketPhase::KIND => venue.phase(bytemuck::cast_ref(&update.rows[0]), ts),
                kind => Err(Problem::new(code::CORE_INPUT, format!("a row of kind {kind} among those of books"))),
            }
            .map_err(|problem| Problem::new(problem.code, format!("row {row}: {} at {ts}", problem.detail)))?;
            shift_ticks = venue.shift_ticks(instrument_of(&update.rows[0]));
        }
        let arrives = update.ts_init().saturating_add(self.delay_ns).max(ts);
        self.feed.send(update.kind, update.rows, shift_ticks, arrives);
        self.row += update.rows.len();
        Ok(())
    }

    /// Times of history do not go back by more than clocks do, wherever its rows come from.
    #[inline]
    fn check_time(&self, update: &Update<'_>) -> Result<(), Problem> {
        let (ts, row) = (update.ts_event(), self.row);
        if !(-TS_MAX..=TS_MAX).contains(&ts) || !(-TS_MAX..=TS_MAX).contains(&update.ts_init()) {
            let detail = format!("row {row}: time {ts}, known {} is beyond what a run can hold", update.ts_init());
            return Err(Problem::new(code::DATA_OVERFLOW, detail));
        }
        let behind_ns = self.market_ts.saturating_sub(ts);
        if self.market_ts != i64::MIN && behind_ns > BACK_NS_MAX {
            let behind_s = behind_ns as f64 / time::SECOND as f64;
            let detail =
                format!("row {row}: {behind_s:.3} s before a row ahead of it; at most 60 s are a venue's clock");
            return Err(Problem::new(code::DATA_UNSORTED, detail));
        }
        Ok(())
    }

    /// The next update reaches us.
    fn receive(&mut self) -> Result<Option<Told>, Problem> {
        let Some(packet) = self.feed.receive(&mut self.rows) else { return Ok(None) };
        let instrument = instrument_of(&self.rows[0]);
        let known = &mut self.known[instrument as usize];
        let moved = packet.shift_ticks != known.shift_ticks;
        known.shift_ticks = packet.shift_ticks;
        let trade = (packet.kind == Trade::KIND).then(|| {
            let trade: Trade = bytemuck::cast(self.rows[0]);
            let moved = trade.price_ticks.saturating_add(packet.shift_ticks);
            Trade { price_ticks: if packet.shift_ticks == 0 { moved } else { moved.max(1) }, ..trade }
        });
        let phase = (packet.kind == MarketPhase::KIND).then(|| bytemuck::cast::<Row, MarketPhase>(self.rows[0]));
        if let Some(entered) = phase.and_then(|told| Phase::from_u8(told.phase)) {
            known.phase = entered;
            known.book.set_may_cross(self.may_cross || entered != Phase::Continuous);
        }
        if trade.is_none() && phase.is_none() {
            known.book.update(packet.kind, &self.rows)?;
        }
        let best = [known.book.best(Side::Buy), known.book.best(Side::Sell)];
        let quote = (moved || best != known.best).then(|| {
            known.best = best;
            let of = |side, level: Option<Level>| {
                let level = level.and_then(|level| moved_level(side, level, packet.shift_ticks));
                level.map_or((0, 0), |level| (i64::from(level.price_ticks), level.lots))
            };
            let ((bid_ticks, bid_lots), (ask_ticks, ask_lots)) = (of(Side::Buy, best[0]), of(Side::Sell, best[1]));
            known.ts_event = (self.rows[0][0] as i64).min(packet.ts).max(known.ts_event);
            let (ts_event, ts_init) = (known.ts_event, packet.ts);
            Quote { ts_event, ts_init, bid_ticks, bid_lots, ask_ticks, ask_lots, instrument, ..Quote::default() }
        });
        Ok(Some(Told { instrument, trade, phase, quote }))
    }

    /// Looks at the run if it is time, before anything happens at `ts`.
    #[inline]
    fn look(&mut self, desk: &mut Desk, ts: i64) -> Result<(), Problem> {
        if ts < self.samples.next_ts { Ok(()) } else { self.sample(desk, ts) }
    }

    fn sample(&mut self, desk: &mut Desk, ts: i64) -> Result<(), Problem> {
        let every_ns = self.samples.every_ns;
        let next_ts = ts.div_euclid(every_ns).saturating_add(1).saturating_mul(every_ns);
        let at = std::mem::replace(&mut self.samples.next_ts, next_ts);
        if at == i64::MIN {
            return Ok(());
        }
        self.sample_at(desk, at)?;
        desk.check_margin_at(at)
    }

    fn sample_at(&mut self, desk: &mut Desk, ts: i64) -> Result<(), Problem> {
        let instruments = 0..self.known.len() as InstrumentId;
        // Before the first price there is nothing to look at.
        if instruments.clone().all(|instrument| desk.tops.get(instrument).is_none()) {
            return Ok(());
        }
        for instrument in instruments {
            desk.tell_top(instrument)?;
            self.samples.marks.push(desk.tops.get(instrument).map_or(0, Quote::mark_ticks));
        }
        self.samples.ts.push(ts);
        desk.mark_equity()
    }

    /// The run is over: one last look.
    fn finish(&mut self, desk: &mut Desk) -> Result<(), Problem> {
        let ts = desk.now.max(self.market_ts);
        self.samples.next_ts = i64::MAX;
        if ts == i64::MIN || self.samples.ts.last().is_some_and(|last| *last >= ts) {
            return Ok(());
        }
        self.sample_at(desk, ts)
    }
}

/// What has happened, for whoever calls handlers.
enum Step {
    /// History's next update, at the venue.
    Happened,
    /// Nothing that is heard here.
    Quiet,
    /// Fills have reached us.
    Fills,
    /// An update has reached us.
    Told(Told),
    /// It is the time at which somebody wanted to be woken.
    Timer(i64),
    /// Nothing is left.
    End,
}

impl BookRun {
    /// The time of whatever comes first: of history's next update, or of anything under way.
    fn market_ts(&self, update: Option<&Update<'_>>) -> i64 {
        update.map_or(i64::MAX, |update| update.ts_event().max(self.market_ts))
    }

    /// The next thing happens, but nothing later than `until_ts` once there are no more updates.
    fn step(
        &mut self,
        desk: &mut Desk,
        update: Option<&Update<'_>>,
        timer_ts: i64,
        until_ts: i64,
    ) -> Result<Step, Problem> {
        if let Some(update) = update {
            self.check_time(update)?;
        }
        let market_ts = self.market_ts(update);
        let (what, ts) = next(market_ts, desk.books().map(|venue| &*venue), self.feed.ts(), timer_ts);
        if update.is_none() && until_ts != i64::MAX && until_ts < ts {
            return Ok(Step::End);
        }
        if what == Next::End {
            return self.finish(desk).map(|()| Step::End);
        }
        self.look(desk, ts)?;
        if let (Next::Market, Some(update)) = (what, update) {
            return self.happen(desk, update, ts).map(|()| Step::Happened);
        }
        if what == Next::Arrival {
            desk.books().map(BookVenue::arrive);
            return Ok(Step::Quiet);
        }
        desk.now = ts;
        match what {
            Next::Report => {
                desk.hear_next()?;
                if !desk.fresh_fills.is_empty() {
                    desk.check_margin_at(ts)?;
                }
                desk.flush_links()?;
                Ok(if desk.fresh_fills.is_empty() { Step::Quiet } else { Step::Fills })
            }
            Next::Feed => {
                let Some(told) = self.receive()? else { return Ok(Step::Quiet) };
                if let Some(told) = told.phase {
                    desk.enter_phase(told.instrument.into(), Phase::from_u8(told.phase).is_some_and(Phase::is_open));
                }
                if let Some(trade) = told.trade {
                    desk.traded(trade)?;
                    desk.tape.trade(told.instrument, ts, trade.lots);
                }
                if let Some(Quote { bid_ticks, ask_ticks, bid_lots, ask_lots, .. }) = told.quote {
                    let width = if bid_ticks > 0 && ask_ticks > 0 { ask_ticks - bid_ticks } else { -1 };
                    desk.tape.width(told.instrument, ts, width, bid_lots.saturating_add(ask_lots));
                }
                if let Some(quote) = told.quote
                    && desk.tops.learn(quote)
                {
                    desk.tell_top(told.instrument)?;
                    desk.check_margin_of(told.instrument, ts)?;
                }
                Ok(Step::Told(told))
            }
            _ => Ok(Step::Timer(ts)),
        }
    }
}

/// Kinds and rows of history, from columns of bytes and of words, four a row.
pub fn columns<'a>(kinds: &'a [u8], words: &'a [u64]) -> Result<(&'a [u8], &'a [Row]), Problem> {
    let (rows, rest) = words.as_chunks::<4>();
    if rows.len() != kinds.len() || !rest.is_empty() {
        return Err(Problem::new(code::DATA_TYPE, format!("{} words for {} rows", words.len(), kinds.len())));
    }
    Ok((kinds, rows))
}

/// Plays rows of history, and then whatever else happens up to `until_ts`: `i64::MIN` = nothing, the run waits in the
/// middle of things for the next call; `i64::MAX` = everything, the run is over. Gives when something is due next: a timer, or a
/// parent order that looks at the market.
pub fn play(
    py: Python<'_>,
    shared: &Shared,
    (kinds, rows): (&[u8], &[Row]),
    until_ts: i64,
    listener: &mut impl Listener,
    progress: Option<&Py<PyAny>>,
) -> PyResult<i64> {
    // What happened to positions between two calls may have brought fills forward.
    if !shared.desk.borrow().fresh_fills.is_empty() {
        tell_fills(shared, listener)?;
    }
    let (mut at, mut breath, mut steps) = (0, BREATH, 0);
    loop {
        // A timer may come more often than rows do, and Ctrl-C must be heard then too.
        steps += 1;
        if steps % BREATH == 0 {
            py.check_signals()?;
        }
        let update = Update::at(kinds, rows, at);
        if update.is_none() && until_ts == i64::MIN {
            return Ok(i64::MAX);
        }
        let step = {
            let (mut desk, mut run) = (shared.desk.borrow_mut(), shared.books.borrow_mut());
            let run = run.as_mut().ok_or_else(not_opened)?;
            // When history ends nobody is woken any more; what is under way still arrives.
            let now = match &update {
                _ if desk.now != i64::MIN => desk.now,
                Some(_) => run.market_ts(update.as_ref()),
                None => until_ts,
            };
            let is_over = update.is_none() && until_ts == i64::MAX;
            let timer_ts = if is_over { i64::MAX } else { listener.due(now).min(desk.parents_wake().max(now)) };
            run.step(&mut desk, update.as_ref(), timer_ts, until_ts).map_err(raise)?
        };
        match step {
            Step::End if until_ts == i64::MAX => return Ok(i64::MAX),
            Step::End => return Ok(listener.due(until_ts).min(shared.desk.borrow().parents_wake())),
            Step::Quiet => continue,
            Step::Happened => {
                at += update.map_or(0, |update| update.rows.len());
                if at >= breath {
                    breath = at + BREATH;
                    breathe(py, at, progress)?;
                }
                continue;
            }
            Step::Told(told) => listener.on_update(&told)?,
            Step::Timer(ts) => listener.on_timer(ts)?,
            Step::Fills => {
                tell_fills(shared, listener)?;
                continue;
            }
        }
        send(shared)?;
    }
}

/// Parent orders look at what is known now, and what was ordered leaves.
fn send(shared: &Shared) -> PyResult<()> {
    let (mut desk, run) = (shared.desk.borrow_mut(), shared.books.borrow());
    let depth = |instrument: InstrumentId, side: Side, limit_ticks: i64| {
        let known = run.as_ref().and_then(|run| run.known.get(instrument as usize));
        known.map_or(0, |known| known.depth(side, limit_ticks))
    };
    desk.work_parents(&depth).map_err(raise)?;
    desk.flush_near().map_err(raise)?;
    desk.publish_due().map_err(raise)
}

/// Tells the fills that are new, and sends what follows from them.
pub fn tell_fills(shared: &Shared, listener: &mut impl Listener) -> PyResult<()> {
    let fills = std::mem::take(&mut shared.desk.borrow_mut().fresh_fills);
    if !fills.is_empty() {
        listener.on_fills(&fills)?;
    }
    send(shared)
}

fn not_opened() -> PyErr {
    raise(Problem::new(code::RUN_CONFIG, "the run was not opened for books"))
}
