//! The kernel's thread: book changes and inputs in, notes out; the strategy is called in between.
//!
//! Promises: one thing at a time, whole; a change of a book that cannot be is counted, leaves the book as it was and tells
//! nobody; the kernel hears the best prices before an order that rests on them; every order passes the gate. Never: a
//! clock (what comes brings its time), an allocation in an ordinary turn, a lock, a system call.

use crate::note::{gone, put};
use crate::{Note, Seat};
use hedgerow_book::{Book, Level, LevelBook};
use hedgerow_core::{
    BookLevel, CancelRequest, InstrumentId, LAST_OF_UPDATE, Nanos, Noun, Order, OrderKind, Problem, Quote, RecordId,
    Side, StrategyId, TimeInForce, VenueReport,
};
use hedgerow_kernel::{Effects, Input, Kernel};
use rtrb::{Consumer, Producer};
use std::sync::atomic::{AtomicBool, Ordering};

/// A compiled strategy. It runs on the kernel's thread: what it takes, everything waits for.
pub trait Trader {
    /// A book changed.
    fn on_book(&mut self, instrument: InstrumentId, book: &LevelBook, orders: &mut Orders);

    /// The gate has decided on an order of ours; its id and slot are in it.
    fn on_verdict(&mut self, order: &Order, passed: bool) {
        let _ = (order, passed);
    }

    /// The venue spoke about an order of ours.
    fn on_report(&mut self, report: &VenueReport, orders: &mut Orders) {
        let _ = (report, orders);
    }
}

#[derive(Clone, Copy)]
enum Wish {
    New(Order),
    Cancel(CancelRequest),
}

/// Where a strategy says what it wants; it is done when its handler has returned, in the same order.
#[derive(Default)]
pub struct Orders {
    strategy: StrategyId,
    client_id: u64,
    wishes: Vec<Wish>,
}

impl Orders {
    /// An order with a limit in ticks; gives its number, which `on_verdict` tells again as `client_id`.
    pub fn limit(&mut self, instrument: InstrumentId, side: Side, lots: i64, ticks: i64, tif: TimeInForce) -> u64 {
        self.client_id += 1;
        self.wishes.push(Wish::New(Order {
            client_id: self.client_id,
            lots,
            limit_ticks: ticks,
            instrument,
            strategy: self.strategy,
            side: side as u8,
            kind: OrderKind::Limit as u8,
            tif: tif as u8,
            ..Order::default()
        }));
        self.client_id
    }

    /// Cancels a working order, by the id and slot that its verdict told.
    pub fn cancel(&mut self, order_id: RecordId, slot: u32) {
        let strategy = self.strategy;
        self.wishes.push(Wish::Cancel(CancelRequest { order_id, slot, strategy, ..CancelRequest::default() }));
    }
}

/// One instrument's book, and whether the kernel knows its best prices.
struct Known {
    book: LevelBook,
    best: [Option<Level>; 2],
    is_told: bool,
}

/// All that the kernel's thread owns.
pub struct Fund<T> {
    kernel: Kernel,
    effects: Effects,
    trader: T,
    known: Vec<Known>,
    /// The update in hand, until its last change is here.
    update: Vec<BookLevel>,
    orders: Orders,
    feed: Consumer<BookLevel>,
    inputs: Consumer<Input>,
    notes: Producer<Note>,
    now: Nanos,
    /// Updates that no book could take.
    pub refused: u64,
}

impl<T: Trader> Fund<T> {
    /// A fund whose kernel is set up and whose journal holds all of that; a book for each of its instruments.
    pub fn new(
        kernel: Kernel,
        books: Vec<LevelBook>,
        strategy: StrategyId,
        trader: T,
        (feed, inputs, notes): (Consumer<BookLevel>, Consumer<Input>, Producer<Note>),
    ) -> Fund<T> {
        let known = |book| Known { book, best: [None; 2], is_told: true };
        Fund {
            now: kernel.clock(),
            kernel,
            effects: Effects::new(),
            trader,
            known: books.into_iter().map(known).collect(),
            update: Vec::with_capacity(1024),
            orders: Orders { strategy, client_id: 0, wishes: Vec::with_capacity(64) },
            feed,
            inputs,
            notes,
            refused: 0,
        }
    }

    /// The kernel, to look at.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The strategy, to look at.
    pub fn trader(&self) -> &T {
        &self.trader
    }

    /// Kernel and strategy; the rings are closed, and the journal's thread ends once it has kept what is in them.
    pub fn into_parts(self) -> (Kernel, T) {
        (self.kernel, self.trader)
    }

    /// Takes the next thing that came: an input before a book change, for what the venue says about our orders is the news
    /// that binds. False where there is none.
    ///
    /// # Errors
    /// What the kernel gives for an input that cannot be; `LOG_IO` once the journal's thread has ended.
    #[inline]
    pub fn turn(&mut self) -> Result<bool, Problem> {
        if let Ok(input) = self.inputs.pop() {
            self.take(input)?;
        } else if let Ok(change) = self.feed.pop() {
            self.change(&change)?;
        } else if self.notes.is_abandoned() {
            return Err(gone("the journal's thread"));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Whoever fed the rings is gone, and what they left is done.
    fn is_over(&self) -> bool {
        self.feed.is_abandoned() && self.inputs.is_abandoned() && self.feed.is_empty() && self.inputs.is_empty()
    }

    fn take(&mut self, mut input: Input) -> Result<(), Problem> {
        if let Input::VenueReport(report) = &mut input {
            report.ts_init = report.ts_init.max(self.kernel.clock());
        }
        self.kernel.step(&mut input, &mut self.effects)?;
        let (kind, id, bytes) = input.as_record();
        self.note(kind, id, bytes)?;
        if let Input::VenueReport(report) = &input {
            self.trader.on_report(report, &mut self.orders);
            self.obey()?;
        }
        Ok(())
    }

    #[inline]
    fn change(&mut self, change: &BookLevel) -> Result<(), Problem> {
        self.now = self.now.max(change.ts_event);
        let is_last = change.action & LAST_OF_UPDATE != 0;
        if is_last && self.update.is_empty() {
            return self.updated(change.instrument.into(), std::slice::from_ref(change));
        }
        if self.update.first().is_some_and(|first| first.instrument != change.instrument) {
            self.refused += 1; // one that never ended, and another instrument's begins
            self.update.clear();
        }
        self.update.push(*change);
        if !is_last {
            return Ok(());
        }
        let update = std::mem::take(&mut self.update);
        let done = self.updated(change.instrument.into(), &update);
        self.update = update;
        self.update.clear();
        done
    }

    #[inline]
    fn updated(&mut self, instrument: InstrumentId, update: &[BookLevel]) -> Result<(), Problem> {
        let Some(known) = self.known.get_mut(instrument as usize) else {
            self.refused += 1;
            return Ok(());
        };
        if known.book.update(update).is_err() {
            self.refused += 1;
            return Ok(());
        }
        let best = [known.book.best(Side::Buy), known.book.best(Side::Sell)];
        known.is_told &= best == known.best;
        known.best = best;
        self.trader.on_book(instrument, &known.book, &mut self.orders);
        if self.orders.wishes.is_empty() { Ok(()) } else { self.obey() }
    }

    /// Does what the strategy said; what stands behind a failure is not done, and nothing is done again.
    fn obey(&mut self) -> Result<(), Problem> {
        let mut wishes = std::mem::take(&mut self.orders.wishes);
        let done = wishes.drain(..).try_for_each(|wish| match wish {
            Wish::New(order) => self.send(order),
            Wish::Cancel(request) => self.cancel(request),
        });
        self.orders.wishes = wishes; // its memory
        done
    }

    fn send(&mut self, mut order: Order) -> Result<(), Problem> {
        self.tell_best(order.instrument)?;
        order.ts = self.now.max(self.kernel.clock());
        self.kernel.order(&mut order, &mut self.effects)?;
        let passed = !self.effects.sends.is_empty();
        self.note(Order::KIND, order.id, bytemuck::bytes_of(&order))?;
        self.trader.on_verdict(&order, passed);
        Ok(())
    }

    fn cancel(&mut self, mut request: CancelRequest) -> Result<(), Problem> {
        request.ts = self.now.max(self.kernel.clock());
        // An order that ended meanwhile needs no cancel, and the kernel took nothing in.
        match self.kernel.cancel(&mut request, &mut self.effects) {
            Ok(()) => self.note(CancelRequest::KIND, request.id, bytemuck::bytes_of(&request)),
            Err(_) => Ok(()),
        }
    }

    /// The gate judges by the newest prices that we know.
    fn tell_best(&mut self, instrument: InstrumentId) -> Result<(), Problem> {
        let Some(known) = self.known.get_mut(instrument as usize).filter(|known| !known.is_told) else {
            return Ok(());
        };
        known.is_told = true;
        let of = |level: Option<Level>| level.map_or((0, 0), |level| (i64::from(level.price_ticks), level.lots));
        let ((bid_ticks, bid_lots), (ask_ticks, ask_lots)) = (of(known.best[0]), of(known.best[1]));
        if bid_ticks == 0 && ask_ticks == 0 {
            return Ok(());
        }
        let (ts_event, ts_init) = (self.now, self.now.max(self.kernel.clock()));
        let mut quote =
            Quote { ts_event, ts_init, bid_ticks, bid_lots, ask_ticks, ask_lots, instrument, ..Quote::default() };
        self.kernel.quote(&mut quote, &mut self.effects)?;
        self.note(Quote::KIND, quote.id, bytemuck::bytes_of(&quote))
    }

    /// An input, what followed from it, and what may leave behind that.
    #[inline]
    fn note(&mut self, kind: u16, mut id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        const WHOSE: &str = "the journal's thread";
        put(&mut self.notes, Note::record(kind, id, bytes), WHOSE)?;
        for (kind, bytes) in self.effects.records() {
            id += 1;
            put(&mut self.notes, Note::record(kind, id, bytes), WHOSE)?;
        }
        for send in self.effects.sends.drain(..) {
            put(&mut self.notes, Note::Leaves(send), WHOSE)?;
        }
        put(&mut self.notes, Note::Whole, WHOSE)
    }
}

/// Turns a fund on the calling thread until it is told to stop, or nobody feeds it any more; what came is done first.
///
/// # Errors
/// What [`Fund::turn`] gives, at once; `RUN_CONFIG` as [`Seat::take`].
pub fn run<T: Trader>(fund: &mut Fund<T>, seat: Seat, stop: &AtomicBool) -> Result<(), Problem> {
    seat.take()?;
    loop {
        // Looked at before the rings are: what came before it is done.
        let is_told = stop.load(Ordering::Acquire);
        if fund.turn()? {
            continue;
        }
        if is_told || fund.is_over() {
            return Ok(());
        }
        seat.rest();
    }
}
