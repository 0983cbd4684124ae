//! The driver of a run: kernel, simulated venue, journal and recorder under one clock, without a word of Python.
//!
//! Promises: every input passes the kernel; what the kernel says is recorded before anything is sent; messages leave
//! for the venue only after the journal has them. Never: decides anything about money itself.

mod past;

use super::parents::Parents;
use super::recorder::Recorder;
use super::tops::Tops;
use super::venues::{Venue, VenueSettings};
use crate::governance::is_public;
use hedgerow_core::{
    Bar, CancelRequest, Decision, Fill, Instrument, InstrumentId, KernelStart, LifecycleEvent, Money, Noun, Order,
    OrderEvent, OrderKind, OrderSlot, ParentOrder, Problem, Quote, RecordId, Session, Side, StateHash, StrategyId,
    TimeInForce, VenueReport, Verdict, code, time::FOREVER,
};
use hedgerow_exec::LotRule;
use hedgerow_kernel::{Ahead, Capacity, Effects, Input, Kernel, Send};
use hedgerow_log::{Cadence, Checkpoint, EpochKey, FileStorage, Journal, LogSigner};
use hedgerow_sim::BookVenue;
use past::day_of;
use std::ops::Range;

/// What a strategy wishes to trade.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whose.
    pub strategy: StrategyId,
    /// What.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How many lots.
    pub lots: i64,
    /// Limit in ticks, 0 = market.
    pub limit_ticks: i64,
    /// How long.
    pub tif: TimeInForce,
    /// The record that made it happen, or 0.
    pub cause: RecordId,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// The gate's decision.
    pub verdict: Verdict,
}

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
    client_ids: Vec<u64>,
    parents: Parents,
    running: Vec<StrategyId>,
    /// When the first and the last bar of the present day may close.
    day: (i64, i64),
    /// Our time in a run over books, where things happen between two inputs of the kernel.
    pub now: i64,
    /// The best prices that reached us, in a run over books.
    pub tops: Tops,
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
            client_ids: vec![0; usize::from(capacity.strategies)],
            parents: Parents::default(),
            running: Vec::new(),
            day: (i64::MAX, i64::MIN),
            now: i64::MIN,
            tops: Tops::default(),
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
                let fill: Fill = bytemuck::pod_read_unaligned(bytes);
                self.parents.filled(&fill)?;
                self.fresh_fills.push(fill);
            } else if kind == OrderEvent::KIND && !self.parents.is_empty() {
                self.parents.moved(&bytemuck::pod_read_unaligned(bytes))?;
            }
        }
        self.outbox.append(&mut self.effects.sends);
        Ok(())
    }

    #[inline]
    fn write(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        self.recorder.record(kind, bytes);
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
        // A bar brings nothing about, but for a mandate that has cooled down and finds another artifact running.
        if self.effects.is_empty() { Ok(()) } else { self.keep_effects(bar.id) }
    }

    /// Whether bars of this instrument only move marks for now: nothing works, nothing waits, no journal wants each bar.
    pub fn is_quiet(&self, strategy: StrategyId, instrument: InstrumentId) -> bool {
        let held = self.kernel.gate().holding(strategy, instrument);
        let idle = held.open_buy == 0 && held.open_sell == 0 && self.parents.is_empty() && self.outbox.is_empty();
        idle && self.journal.is_none()
    }

    /// Bars during which nobody acts, all of one day that has begun; false if they cannot be taken at once.
    pub fn stretch(&mut self, run: &Ahead<'_>, rows: Range<usize>) -> Result<bool, Problem> {
        self.kernel.stretch(run, rows, &mut self.recorder.equity_nav)
    }

    /// What trades at the open of a bar, for orders sent before it.
    #[inline]
    pub fn venue_open(&mut self, bar: &Bar) -> Result<(), Problem> {
        let reports = &mut self.reports;
        self.venue.on_open(bar, reports)?;
        self.hear()
    }

    /// What trades within a bar, once it is known.
    #[inline]
    pub fn venue_close(&mut self, bar: &Bar) -> Result<(), Problem> {
        let reports = &mut self.reports;
        self.venue.on_close(bar, reports)?;
        self.hear()
    }

    #[inline]
    fn hear(&mut self) -> Result<(), Problem> {
        if self.reports.is_empty() { Ok(()) } else { self.hear_all() }
    }

    fn hear_all(&mut self) -> Result<(), Problem> {
        for i in 0..self.reports.len() {
            let mut report = self.reports[i];
            report.ts_init = report.ts_init.max(self.kernel.clock());
            self.kernel.report(&mut report, &mut self.effects)?;
            self.write(VenueReport::KIND, report.id, bytemuck::bytes_of(&report))?;
            self.keep_effects(report.id)?;
        }
        self.reports.clear();
        Ok(())
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
        event.ts = event.ts.max(self.kernel.clock());
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
        Ok(input.as_record().1)
    }

    /// A wish becomes an order, and the gate decides on it. It is sent at the next [`Desk::flush`].
    pub fn submit(&mut self, wish: Wish) -> Result<Placed, Problem> {
        // The gate judges by the newest prices that we know, and the order names them.
        let known = self.tell_top(wish.instrument)?;
        let ts = self.time();
        let client = &mut self.client_ids[usize::from(wish.strategy)];
        *client += 1;
        let kind = if wish.limit_ticks == 0 { OrderKind::Market } else { OrderKind::Limit };
        let mut order = Order {
            cause: if wish.cause == 0 { known } else { wish.cause },
            ts,
            client_id: *client,
            lots: wish.lots,
            limit_ticks: wish.limit_ticks,
            instrument: wish.instrument,
            strategy: wish.strategy,
            side: wish.side as u8,
            kind: kind as u8,
            tif: wish.tif as u8,
            ..Order::default()
        };
        self.kernel.order(&mut order, &mut self.effects)?;
        let verdict = self.effects.of::<Verdict>().next();
        let verdict = verdict.ok_or_else(|| Problem::new(code::CORE_INPUT, "order without verdict"))?;
        self.write(Order::KIND, order.id, bytemuck::bytes_of(&order))?;
        self.keep_effects(order.id)?;
        Ok(Placed { order, verdict })
    }

    /// Asks to cancel a working order.
    pub fn cancel(
        &mut self,
        strategy: StrategyId,
        slot: OrderSlot,
        order_id: RecordId,
        cause: RecordId,
    ) -> Result<(), Problem> {
        let request = CancelRequest { cause, ts: self.time(), order_id, slot, strategy, ..CancelRequest::default() };
        self.feed(&mut Input::CancelRequest(request))
    }

    /// Makes the journal durable, then sends what waits. Acceptances come back at once.
    pub fn flush(&mut self) -> Result<(), Problem> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        self.commit()?;
        let ts = self.time();
        for send in self.outbox.drain(..) {
            self.venue.send(send, ts, &mut self.reports);
        }
        self.hear()
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

    /// A venue elsewhere speaks, and what follows is durable when this returns.
    pub fn hear_outside(&mut self, report: VenueReport) -> Result<(), Problem> {
        self.reports.push(report);
        self.hear()?;
        self.commit()
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

    /// A parent order: worked in slices, one at the end of each group of bars, from now on.
    pub fn parent(&mut self, mut parent: ParentOrder) -> Result<RecordId, Problem> {
        parent.ts = self.kernel.clock();
        let mut input = Input::ParentOrder(parent);
        self.feed(&mut input)?;
        let Input::ParentOrder(parent) = input else { unreachable!("the input keeps its kind") };
        let instrument = &self.kernel.instruments()[parent.instrument as usize];
        self.parents.add(parent, LotRule::of(instrument));
        Ok(parent.id)
    }

    /// Stops working a strategy's parent orders in an instrument and cancels their working children.
    pub fn cancel_parents(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        cause: RecordId,
    ) -> Result<(), Problem> {
        for (slot, order_id) in self.parents.stop(strategy, instrument) {
            self.cancel(strategy, slot, order_id, cause)?;
        }
        Ok(())
    }

    /// Sends the next slice of every parent order that is due.
    #[inline]
    pub fn work_parents(&mut self) -> Result<(), Problem> {
        if self.parents.is_empty() { Ok(()) } else { self.work_all_parents() }
    }

    fn work_all_parents(&mut self) -> Result<(), Problem> {
        for i in 0..self.parents.len() {
            let parent = self.parents.parent(i);
            let lots = self.parents.next_lots(i, -1);
            if lots == 0 {
                continue;
            }
            let side = Side::from_u8(parent.side);
            let side = side.ok_or_else(|| Problem::new(code::CORE_INPUT, "parent order without a side"))?;
            let placed = self.submit(Wish {
                strategy: parent.strategy,
                instrument: parent.instrument,
                side,
                lots,
                limit_ticks: parent.limit_ticks,
                tif: TimeInForce::Gtc,
                cause: parent.id,
            })?;
            if placed.verdict.decision == Decision::Approved as u8 {
                self.parents.sent(i, placed.order.slot, placed.order.id, lots)?;
            }
        }
        self.parents.retire();
        Ok(())
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
        self.recorder.equity(nav);
        Ok(())
    }

    /// Seals the run: state hash into the journal, everything durable, tiles and checkpoint published.
    pub fn close(&mut self) -> Result<(StateHash, Option<Checkpoint>), Problem> {
        self.flush()?;
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
