//! The driver of a run: kernel, simulated venue, journal and recorder under one clock, without a word of Python.
//!
//! Promises: every input passes the kernel; what the kernel says is recorded before anything is sent; messages leave
//! for the venue only after the journal has them. Never: decides anything about money itself.

mod fork;
mod links;
mod margin;
mod orders;
mod parents;
mod past;
mod quotes;

use super::recorder::Recorder;
use super::tops::Tops;
use super::venues::{Venue, VenueSettings};
use crate::governance::is_public;
use hedgerow_core::{
    Bar, Execution, Fill, HALTED, Instrument, InstrumentId, KernelStart, LifecycleEvent, Money, Noun, Problem, Quote,
    RecordId, Session, StateHash, StrategyId, VenueReport,
    time::{DAY, FOREVER},
};
use hedgerow_exec::{Links, Parents, Tape};
use hedgerow_kernel::{Ahead, Capacity, Effects, Input, Kernel, Send};
use hedgerow_log::{Cadence, Checkpoint, EpochKey, FileStorage, Journal, LogSigner};
use hedgerow_sim::BookVenue;
pub use links::positions;
pub use orders::{Change, Placed, Wish};
pub use parents::NO_DEPTH;
use past::day_of;
pub use quotes::{QuoteWish, Quoted};
use std::ops::Range;

/// Who signs the journal's checkpoints, and when.
pub struct Publishing {
    /// The journal's key.
    pub signer: LogSigner,
    /// When the run publishes while it goes on, in its own time.
    pub cadence: Cadence,
}

/// A fund in a run.
pub struct Desk {
    /// The kernel.
    pub kernel: Kernel,
    venue: Venue,
    journal: Option<Journal<FileStorage>>,
    publishing: Option<Publishing>,
    effects: Effects,
    outbox: Vec<Send>,
    reports: Vec<VenueReport>,
    /// What happened, for tables.
    pub recorder: Recorder,
    /// Fills since the strategy was last told.
    pub fresh_fills: Vec<Fill>,
    /// How a venue elsewhere named them.
    pub fresh_executions: Vec<Execution>,
    /// What it says of the fill of the report that is heard next.
    said: Option<Execution>,
    client_ids: Vec<u64>,
    /// Parent orders at work.
    pub parents: Parents,
    /// Those that have not looked at a market in this life of the run, or since the venue was away.
    resuming: Vec<RecordId>,
    /// The venue is not there: of itself the desk sends nothing.
    is_away: bool,
    /// Instruments whose venue takes no orders now, as far as we know.
    stopped: Vec<InstrumentId>,
    /// Of which their venue has said what they do.
    phased: Vec<InstrumentId>,
    /// When they were looked at last.
    looked_ts: i64,
    /// Orders that hang together.
    pub links: Links,
    /// What was seen to trade, where somebody may ask.
    pub tape: Tape,
    running: Vec<StrategyId>,
    /// When the first and the last bar of the present day may close.
    day: (i64, i64),
    /// Our time in a run over books, where things happen between two inputs of the kernel.
    pub now: i64,
    /// The best prices that reached us, in a run over books.
    pub tops: Tops,
    /// Who asks for margin, if the account is held on it.
    broker: Option<margin::Broker>,
}

impl Desk {
    /// A fund at its beginning.
    pub fn new(
        capacity: Capacity,
        genesis: &[u8],
        venue: VenueSettings,
        journal: Option<(Journal<FileStorage>, Publishing)>,
    ) -> Result<Desk, Problem> {
        let (journal, publishing) = journal.unzip();
        let mut desk = Desk {
            kernel: Kernel::new(capacity, genesis)?,
            venue: Venue::new(venue)?,
            journal,
            publishing,
            effects: Effects::new(),
            outbox: Vec::with_capacity(64),
            reports: Vec::with_capacity(64),
            recorder: Recorder::new(),
            fresh_fills: Vec::with_capacity(64),
            fresh_executions: Vec::new(),
            said: None,
            client_ids: vec![0; usize::from(capacity.strategies)],
            parents: Parents::default(),
            resuming: Vec::new(),
            is_away: false,
            links: Links::default(),
            stopped: Vec::new(),
            phased: Vec::new(),
            looked_ts: i64::MIN,
            tape: Tape::default(),
            running: Vec::new(),
            day: (i64::MAX, i64::MIN),
            now: i64::MIN,
            tops: Tops::default(),
            broker: None,
        };
        desk.keep(&Input::Genesis(1, genesis.to_vec()))?;
        let start = capacity.as_record();
        desk.write(KernelStart::KIND, start.id, bytemuck::bytes_of(&start))?;
        Ok(desk)
    }

    /// The key that the journal is sealed with, if it is.
    pub fn sealing(&self) -> Option<&EpochKey> {
        self.journal.as_ref().and_then(Journal::sealing)
    }

    /// One input through the kernel, and everything that follows from it into recorder and journal.
    pub fn feed(&mut self, input: &mut Input) -> Result<(), Problem> {
        self.kernel.step(input, &mut self.effects)?;
        self.keep(input)?;
        match input {
            Input::Instrument(instrument) => self.venue.define(instrument)?,
            Input::StrategyStart(start) if !self.running.contains(&start.strategy) => self.running.push(start.strategy),
            _ => {}
        }
        Ok(())
    }

    /// Defines an instrument or changes it.
    pub fn define(&mut self, instrument: Instrument) -> Result<(), Problem> {
        self.feed(&mut Input::Instrument(instrument))
    }

    /// Writes the input, then its effects.
    fn keep(&mut self, input: &Input) -> Result<(), Problem> {
        let (kind, id, bytes) = input.as_record();
        self.write(kind, id, bytes)?;
        self.keep_effects(id)
    }

    fn keep_effects(&mut self, input_id: RecordId) -> Result<(), Problem> {
        let mut id = input_id;
        for (kind, bytes) in self.effects.records() {
            id += 1;
            self.recorder.record(kind, bytes);
            if let Some(journal) = &mut self.journal {
                journal.append(kind, id, bytes)?;
            }
            if kind == Fill::KIND {
                self.fresh_fills.push(bytemuck::pod_read_unaligned(bytes));
            }
            if !self.parents.is_empty() {
                self.parents.take(kind, bytes)?;
            }
            self.links.take(kind, bytes, self.kernel.oms(), &positions(&self.kernel));
        }
        self.outbox.append(&mut self.effects.sends);
        Ok(())
    }

    #[inline]
    fn write(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        self.recorder.record(kind, bytes);
        self.parents.take(kind, bytes)?;
        self.links.take(kind, bytes, self.kernel.oms(), &positions(&self.kernel));
        match &mut self.journal {
            Some(journal) if is_public(kind, bytes) => journal.append_plain(kind, id, bytes),
            Some(journal) => journal.append(kind, id, bytes),
            None => Ok(()),
        }
    }

    /// A bar closed. Bars go into the journal's segments and are not kept by the recorder.
    #[inline]
    pub fn bar(&mut self, bar: &mut Bar) -> Result<(), Problem> {
        self.kernel.bar(bar, &mut self.effects)?;
        if let Some(journal) = &mut self.journal {
            journal.append_row(Bar::KIND, bar.id, bytemuck::bytes_of(bar))?;
        }
        if !self.parents.is_empty() {
            self.parents.traded(bar.instrument, bar.close_ticks, bar.volume_lots);
        }
        // A bar brings nothing about, but for a mandate that has cooled down and finds another artifact running.
        if self.effects.is_empty() { Ok(()) } else { self.keep_effects(bar.id) }
    }

    /// Whether bars of this instrument only move marks for now: nothing works, nothing waits, no journal wants each bar.
    pub fn is_quiet(&self, strategy: StrategyId, instrument: InstrumentId) -> bool {
        let held = self.kernel.gate().holding(strategy, instrument);
        let idle = held.open_buy == 0 && held.open_sell == 0 && self.parents.is_empty() && self.outbox.is_empty();
        let is_free = self.broker.is_none() || held.position == 0;
        idle && is_free && self.journal.is_none()
    }

    /// Bars during which nobody acts, all of one day that has begun; false if they cannot be taken at once.
    pub fn stretch(&mut self, run: &Ahead<'_>, rows: Range<usize>) -> Result<bool, Problem> {
        self.kernel.stretch(run, rows, &mut self.recorder.equity)
    }

    /// What trades at the open of a bar, for orders sent before it.
    #[inline]
    pub fn venue_open(&mut self, bar: &Bar) -> Result<(), Problem> {
        self.bound_reducing(bar.instrument);
        let reports = &mut self.reports;
        self.venue.on_open(bar, reports)?;
        self.hear()
    }

    /// What trades within a bar, once it is known, and at the close of a session.
    #[inline]
    pub fn venue_close(&mut self, bar: &Bar, is_last: bool) -> Result<(), Problem> {
        self.bound_reducing(bar.instrument);
        let reports = &mut self.reports;
        self.venue.on_close(bar, reports)?;
        if is_last {
            self.venue.close_session(bar, reports);
        }
        self.hear()
    }

    #[inline]
    fn hear(&mut self) -> Result<(), Problem> {
        if self.reports.is_empty() { Ok(()) } else { self.hear_all() }
    }

    fn hear_all(&mut self) -> Result<(), Problem> {
        let mut next = 0;
        while let Some(report) = self.reports.get(next) {
            let mut report = *report;
            next += 1;
            report.ts_init = report.ts_init.max(self.kernel.clock());
            if let (Some(broker), Some(about)) =
                (&self.broker, self.kernel.instruments().get(report.instrument as usize))
            {
                broker.charge(&mut report, about.tick_value);
            }
            self.kernel.report(&mut report, &mut self.effects)?;
            self.write(VenueReport::KIND, report.id, bytemuck::bytes_of(&report))?;
            self.keep_effects(report.id)?;
            self.name_fill(report.id)?;
            self.follow_links()?;
            self.venue.heard(&report, &self.kernel, &mut self.reports);
        }
        self.reports.clear();
        Ok(())
    }

    /// What the venue said of a fill in its own words stands right behind it, if the fill was believed.
    fn name_fill(&mut self, report: RecordId) -> Result<(), Problem> {
        let Some(said) = self.said.take() else { return Ok(()) };
        let Some(fill) = self.fresh_fills.last().filter(|fill| fill.report == report) else { return Ok(()) };
        let Fill { id: cause, cause: order_id, instrument, strategy, .. } = *fill;
        let named = Execution { cause, order_id, instrument, strategy, ts: self.kernel.clock(), ..said };
        let mut input = Input::Execution(named);
        self.feed(&mut input)?;
        self.fresh_executions.push(named);
        Ok(())
    }

    /// Whether the present day has no bars after these, of such a span; the next ones come at that time. Where the data end,
    /// only a bar of a whole day is sure to be its last.
    #[inline]
    pub fn is_last_of_day(&self, span_ns: i64, next_ts: Option<i64>) -> bool {
        next_ts.map_or(span_ns >= DAY, |ts| !(self.day.0..=self.day.1).contains(&ts))
    }

    /// A new day: day orders expire, loss limits start again.
    #[inline]
    pub fn roll_day(&mut self, ts_event: i64, span_ns: i64) -> Result<(), Problem> {
        if (self.day.0..=self.day.1).contains(&ts_event) { Ok(()) } else { self.new_day(ts_event, ts_event - span_ns) }
    }

    fn new_day(&mut self, ts_event: i64, opens_ts: i64) -> Result<(), Problem> {
        self.day = day_of(ts_event);
        let ts = opens_ts.max(self.kernel.clock());
        let reports = &mut self.reports;
        self.venue.end_session(ts, reports);
        self.hear()?;
        let session = Session { ts, closes_ts: FOREVER, open: 1, new_day: 1, ..Session::default() };
        self.feed(&mut Input::Session(session))
    }

    /// Something happens to every holder of an instrument. Where its lots change, its orders expire first.
    pub fn lifecycle(&mut self, mut event: LifecycleEvent) -> Result<RecordId, Problem> {
        self.tell_top(event.instrument)?;
        event.ts = event.ts.max(self.time());
        if event.new_lots != event.old_lots {
            self.flush()?;
            self.venue.end_all(event.instrument, event.ts, &mut self.reports)?;
            self.hear()?;
            for i in 0..self.running.len() {
                self.cancel_parents(self.running[i], event.instrument, 0)?;
            }
        }
        let mut input = Input::LifecycleEvent(event);
        self.feed(&mut input)?;
        if event.new_lots == 0 {
            self.stop_for_good(event.instrument)?;
        }
        if event.new_lots > 0 && event.new_lots != event.old_lots {
            self.tops.restate(event.instrument, event.old_lots, event.new_lots);
        }
        Ok(input.as_record().1)
    }

    /// An instrument has ended: whatever its prices do from now on, no order in it passes the gate.
    fn stop_for_good(&mut self, instrument: InstrumentId) -> Result<(), Problem> {
        let about = self.kernel.instruments()[instrument as usize];
        self.define(Instrument { id: 0, cause: 0, ts: self.time(), flags: about.flags | HALTED, ..about })
    }

    /// Makes the journal durable, then sends what waits. Acceptances come back at once.
    pub fn flush(&mut self) -> Result<(), Problem> {
        // What a venue answers at once may lead to more.
        while !self.outbox.is_empty() {
            self.commit()?;
            let ts = self.time();
            for send in self.outbox.drain(..) {
                let let_pass = match &mut self.broker {
                    Some(broker) => broker.let_pass(send, ts, &mut self.reports),
                    None => Some(send),
                };
                if let Some(send) = let_pass {
                    self.venue.send(send, ts, &mut self.reports);
                }
            }
            self.hear()?;
        }
        Ok(())
    }

    /// Sends what waits for a simulated venue. What goes elsewhere waits for [`Desk::flush`]: one sync does for all of it.
    pub fn flush_near(&mut self) -> Result<(), Problem> {
        if self.venue.is_outside() { Ok(()) } else { self.flush() }
    }

    /// Our time: the kernel's, or later where nothing reached the kernel since.
    #[inline]
    pub fn time(&self) -> i64 {
        self.kernel.clock().max(self.now)
    }

    /// The simulated venue of a run over books; none where the venue is elsewhere.
    pub fn books(&mut self) -> Option<&mut BookVenue> {
        self.venue.books()
    }

    /// The next report of the simulated venue of books is here.
    pub fn hear_next(&mut self) -> Result<(), Problem> {
        let report = self.venue.books().and_then(BookVenue::report);
        self.reports.extend(report);
        self.hear()
    }

    /// A venue elsewhere speaks, of a fill in its own words too. What follows is durable with the next [`Desk::commit`].
    pub fn hear_outside(&mut self, report: VenueReport, said: Option<Execution>) -> Result<(), Problem> {
        self.reports.push(report);
        self.said = said;
        self.hear()
    }

    /// What waits for the gateway of a venue elsewhere; all of it is durable.
    pub fn take_waiting(&mut self) -> Vec<Send> {
        self.venue.take_waiting()
    }

    /// Makes durable what was said and done, whether or not anything is to be sent.
    pub fn commit(&mut self) -> Result<(), Problem> {
        match &mut self.journal {
            Some(journal) => journal.commit().map(drop),
            None => Ok(()),
        }
    }

    /// Tells the kernel the best prices of an instrument, unless it knows them; gives the id of their record, 0 in a run
    /// over bars.
    pub fn tell_top(&mut self, instrument: InstrumentId) -> Result<RecordId, Problem> {
        let Some(mut quote) = self.tops.untold(instrument) else { return Ok(self.tops.told_id(instrument)) };
        quote.ts_init = quote.ts_init.max(self.kernel.clock());
        self.kernel.quote(&mut quote, &mut self.effects)?;
        if let Some(journal) = &mut self.journal {
            journal.append_row(Quote::KIND, quote.id, bytemuck::bytes_of(&quote))?;
        }
        if !self.effects.is_empty() {
            self.keep_effects(quote.id)?;
        }
        self.tops.told(instrument, quote.id);
        Ok(quote.id)
    }

    /// Publishes what is durable, if it is time.
    #[inline]
    pub fn publish_due(&mut self) -> Result<(), Problem> {
        match (&mut self.journal, &mut self.publishing) {
            (Some(journal), Some(Publishing { signer, cadence })) => {
                journal.publish_due(signer, cadence, self.kernel.clock()).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The position plus everything working, signed lots.
    pub fn expected_lots(&self, strategy: StrategyId, instrument: InstrumentId) -> i64 {
        let held = self.kernel.gate().holding(strategy, instrument);
        held.position + held.open_buy - held.open_sell
    }

    /// The position, signed lots.
    #[inline]
    pub fn position(&self, strategy: StrategyId, instrument: InstrumentId) -> i64 {
        self.kernel.ledger().position(strategy, instrument).map_or(0, |p| p.lots)
    }

    /// Net asset value of all running strategies, base currency.
    #[inline]
    pub fn nav(&self) -> Result<Money, Problem> {
        let mut nav = Money::ZERO;
        for strategy in &self.running {
            nav += self.kernel.ledger().nav(*strategy)?;
        }
        Ok(nav)
    }

    /// Records a point of the equity curve.
    #[inline]
    pub fn mark_equity(&mut self) -> Result<(), Problem> {
        let nav = self.nav()?;
        self.recorder.equity.push(nav);
        Ok(())
    }

    /// Seals the run: state hash into the journal, everything durable, tiles and checkpoint published.
    pub fn close(&mut self) -> Result<(StateHash, Option<Checkpoint>), Problem> {
        self.flush()?;
        self.tell_races()?;
        self.leave_parents()?;
        let mut seal = Input::StateHash(StateHash { ts: self.kernel.clock(), ..StateHash::default() });
        self.feed(&mut seal)?;
        let Input::StateHash(seal) = seal else { unreachable!("the input keeps its kind") };
        // What is sealed is let go: its lock must not outlive the run.
        let checkpoint = match (self.journal.take(), self.publishing.take()) {
            (Some(mut journal), Some(publishing)) => Some(journal.publish(&publishing.signer)?),
            _ => None,
        };
        Ok((seal, checkpoint))
    }
}
