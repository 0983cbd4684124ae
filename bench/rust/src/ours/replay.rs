//! Books replayed with a compiled strategy: venue, gate, OMS and ledger, all in one process, without a journal.
//!
//! J2 (quotes, no delay, an imbalance strategy) and J3 (levels or orders, delays and queues, a market maker) as
//! `bench/replay` wrote them to `BENCH_REPLAY`. What they come to is printed beside the speed, for Python to judge.

use crate::clock::rest;
use crate::ours::gate::listed;
use crate::ours::people;
use crate::sample::{Sample, runs};
use hedgerow_book::{Book, Level, LevelBook, OrderBook, Rules, TopBook};
use hedgerow_core::{
    BookLevel, BookOrder, CancelRequest, CashKind, CashMovement, Currency, FirmLimits, Money, Noun, Order, OrderKind,
    Quote, ReportKind, Session, Side, StrategyStart, TimeInForce, Trade, VenueReport,
};
use hedgerow_kernel::{Capacity, Effects, Input, Kernel, Send};
use hedgerow_sim::replay::{BookConfig, BookVenue, Delay, Depth, FeedLine, Next, QueueModel, Row, next};
use std::path::Path;
use std::time::Duration;

const MS: i64 = 1_000_000;
const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// Measures all jobs.
pub fn run() {
    let Ok(folder) = std::env::var("BENCH_REPLAY") else {
        return eprintln!("replay: left out; BENCH_REPLAY names the folder of the jobs' data");
    };
    let folder = Path::new(&folder);
    let slow = |queue| BookConfig {
        queue,
        entry: Delay::Constant(5 * MS),
        response: Delay::Constant(5 * MS),
        ..BookConfig::default()
    };
    let quotes = Tape::read(&folder.join("quotes"));
    job("replay.j2", &quotes, &|| {
        let desk = Desk::new(Depth::Top, BookConfig::default(), quotes.start());
        timed(|| play(&quotes, desk, 0, top(), &mut Imbalance::default()))
    });
    let levels = Tape::read(&folder.join("levels"));
    job("replay.j3.levels", &levels, &|| {
        let desk = Desk::new(Depth::Levels, slow(QueueModel::PowerProb(2.0)), levels.start());
        timed(|| play(&levels, desk, MS, every_level(), &mut Maker::new(levels.start())))
    });
    let orders = Tape::read(&folder.join("orders"));
    job("replay.j3.orders", &orders, &|| {
        let desk = Desk::new(Depth::Orders, slow(QueueModel::TradesOnly), orders.start());
        timed(|| play(&orders, desk, MS, every_order(), &mut Maker::new(orders.start())))
    });
    floor("floor.replay.j2", &quotes, &|| timed(|| books_alone(&quotes, top())));
    floor("floor.replay.j3.levels", &levels, &|| timed(|| books_alone(&levels, every_level())));
    floor("floor.replay.j3.orders", &orders, &|| timed(|| books_alone(&orders, every_order())));
}

fn top() -> TopBook {
    TopBook::new(Rules::default()).expect("rules")
}

fn every_level() -> LevelBook {
    LevelBook::new(Rules::default()).expect("rules")
}

fn every_order() -> OrderBook {
    OrderBook::new(Rules::default()).expect("rules")
}

/// What a job came to.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Outcome {
    sent: u64,
    fills: u64,
    position: i64,
    cash_ticks: i64,
}

/// What work comes to, and the processor seconds that it took: the box may be shared.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = processor_seconds();
    let came_to = work();
    (came_to, processor_seconds() - start)
}

fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live `timespec`, which the call fills in.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn job(name: &str, tape: &Tape, work: &dyn Fn() -> (Outcome, f64)) {
    let (first, _) = work();
    let Outcome { sent, fills, position, cash_ticks } = first;
    let note = format!("{sent} orders, {fills} fills, position {position}, cash {cash_ticks} ticks");
    sampled(name, tape, &note, &|| {
        let (came_to, seconds) = work();
        assert_eq!(came_to, first, "a replay repeats");
        seconds
    });
}

fn floor(name: &str, tape: &Tape, work: &dyn Fn() -> (i64, f64)) {
    sampled(name, tape, "the same rows into one book, and nothing else", &|| std::hint::black_box(work()).1);
}

fn sampled(name: &str, tape: &Tape, note: &str, work: &dyn Fn() -> f64) {
    let mut sample = Sample::default();
    for _ in 0..runs() {
        let seconds = work();
        sample.push(tape.updates as f64 / seconds);
        rest(Duration::from_secs_f64(seconds));
    }
    sample.print(name, "updates/CPU s", tape.updates, note);
}

/// The same rows into one book: the least that a replay does.
fn books_alone<B: Local>(tape: &Tape, mut book: B) -> i64 {
    let (mut at, mut sum) = (0, 0);
    while let Some((kind, rows)) = tape.update(at) {
        at += rows.len();
        if kind != Trade::KIND {
            book.take(rows);
        }
        sum += book.best(Side::Buy).map_or(0, |level| level.lots);
    }
    sum
}

/// Rows of a job.
struct Tape {
    kinds: Vec<u8>,
    rows: Vec<Row>,
    updates: usize,
}

impl Tape {
    fn read(stem: &Path) -> Tape {
        let kinds = std::fs::read(stem.with_extension("kinds")).expect("the kinds of the rows");
        let bytes = std::fs::read(stem.with_extension("rows")).expect("the rows");
        let rows: Vec<Row> = bytes.chunks_exact(size_of::<Row>()).map(bytemuck::pod_read_unaligned).collect();
        assert_eq!(kinds.len(), rows.len());
        let mut tape = Tape { kinds, rows, updates: 0 };
        let mut at = 0;
        while let Some((_, rows)) = tape.update(at) {
            at += rows.len();
            tape.updates += 1;
        }
        tape
    }

    fn start(&self) -> i64 {
        self.rows[0][0] as i64
    }

    #[inline]
    fn update(&self, start: usize) -> Option<(u16, &[Row])> {
        let kind = u16::from(*self.kinds.get(start)?);
        let mut end = start + 1;
        while kind != Trade::KIND && self.rows[end - 1][3] >> 63 == 0 {
            end += 1;
        }
        Some((kind, &self.rows[start..end]))
    }
}

/// A book at our end.
trait Local: Book {
    fn take(&mut self, rows: &[Row]);
}

macro_rules! local {
    ($($book:ty),+) => {
        $(impl Local for $book {
            #[inline]
            fn take(&mut self, rows: &[Row]) {
                self.update(bytemuck::cast_slice(rows)).expect("the job's rows are sound");
            }
        })+
    };
}
local!(TopBook, LevelBook, OrderBook);

/// Fund and venue.
struct Desk {
    kernel: Kernel,
    effects: Effects,
    venue: BookVenue,
    now: i64,
    client_id: u64,
}

impl Desk {
    fn new(depth: Depth, config: BookConfig, start: i64) -> Desk {
        let usd = Currency::parse("USD").expect("a currency");
        let (genesis, envelopes) = people::signed_mandate(usd, &super::kernel::limits(), 1);
        let mut kernel = Kernel::new(Capacity { sectors: 11, ..Capacity::default() }, &genesis).expect("a genesis");
        let mut effects = Effects::new();
        let mut venue = BookVenue::new(config).expect("settings");
        venue.define(&listed(0, usd), depth).expect("an instrument");
        let mut inputs = vec![
            Input::Instrument(listed(0, usd)),
            Input::FirmLimits(FirmLimits { limits: super::kernel::limits(), ..FirmLimits::default() }),
        ];
        inputs.extend(envelopes.into_iter().map(|envelope| Input::Signed(0, envelope)));
        let start_of_strategy = StrategyStart { artifact: people::artifact(), on: 1, ..StrategyStart::default() };
        inputs.push(Input::StrategyStart(start_of_strategy));
        let (amount, kind) = (Money::units(1_000_000_000), CashKind::Capital as u8);
        inputs.push(Input::CashMovement(CashMovement { amount, currency: usd, kind, ..CashMovement::default() }));
        inputs.push(Input::Session(Session { closes_ts: i64::MAX, open: 1, ..Session::default() }));
        for input in &mut inputs {
            kernel.step(input, &mut effects).expect("the fund is set up");
        }
        Desk { kernel, effects, venue, now: start, client_id: 0 }
    }

    fn send(&mut self, side: Side, limit_ticks: i64, tif: TimeInForce) -> (u64, u32) {
        self.client_id += 1;
        let mut order = Order {
            ts: self.now,
            client_id: self.client_id,
            lots: 1,
            limit_ticks,
            side: side as u8,
            kind: OrderKind::Limit as u8,
            tif: tif as u8,
            ..Order::default()
        };
        self.kernel.order(&mut order, &mut self.effects).expect("the order is well formed");
        self.pass_on();
        (order.id, order.slot)
    }

    fn cancel(&mut self, (order_id, slot): (u64, u32)) {
        let mut request = CancelRequest { ts: self.now, order_id, slot, ..CancelRequest::default() };
        self.kernel.cancel(&mut request, &mut self.effects).expect("the order works");
        self.pass_on();
    }

    fn pass_on(&mut self) {
        assert!(!self.effects.sends.is_empty(), "the gate let it pass");
        for send in self.effects.sends.drain(..) {
            match send {
                Send::New(order) => self.venue.submit(order, self.now),
                Send::NewFull(full) => self.venue.submit_full(full, self.now),
                Send::Cancel(request) => self.venue.cancel(request, self.now),
                Send::Replace(request) => self.venue.replace(request, self.now),
                Send::ReplaceFull(change) => self.venue.replace_full(change, self.now),
                Send::Quote { legs, .. } => self.venue.quote(legs, self.now),
            }
        }
    }

    fn hear(&mut self) -> Option<VenueReport> {
        let mut report = self.venue.report()?;
        report.ts_init = report.ts_init.max(self.kernel.clock());
        self.kernel.report(&mut report, &mut self.effects).expect("time goes on");
        Some(report)
    }

    fn mark(&mut self, best: [Option<Level>; 2]) {
        let of = |level: Option<Level>| level.map_or((0, 0), |l| (i64::from(l.price_ticks), l.lots));
        let ((bid_ticks, bid_lots), (ask_ticks, ask_lots)) = (of(best[0]), of(best[1]));
        let (ts_event, ts_init) = (self.now, self.now.max(self.kernel.clock()));
        let mut quote = Quote { ts_event, ts_init, bid_ticks, bid_lots, ask_ticks, ask_lots, ..Quote::default() };
        self.kernel.quote(&mut quote, &mut self.effects).expect("the quote is sound");
    }
}

/// A compiled strategy.
trait Trader {
    fn on_report(&mut self, report: &VenueReport);
    fn on_best(&mut self, desk: &mut Desk, best: [Level; 2]);
    fn timer_ts(&self) -> i64;
    fn on_timer(&mut self, desk: &mut Desk, best: [Level; 2]);
    fn outcome(&self) -> Outcome;
}

/// The run: the order of things is the product's own.
fn play<B: Local>(tape: &Tape, mut desk: Desk, feed_ns: i64, mut book: B, trader: &mut impl Trader) -> Outcome {
    let (mut feed, mut rows) = (FeedLine::new(), Vec::new());
    let mut best: [Option<Level>; 2] = [None; 2];
    let mut at = 0;
    loop {
        let update = tape.update(at);
        let market_ts = update.map_or(i64::MAX, |(_, rows)| rows[0][0] as i64);
        let timer_ts = if update.is_some() { trader.timer_ts() } else { i64::MAX };
        let (what, ts) = next(market_ts, Some(&desk.venue), feed.ts(), timer_ts);
        match (what, update) {
            (Next::Market, Some((kind, rows))) => {
                match kind {
                    BookLevel::KIND => desk.venue.levels(bytemuck::cast_slice(rows), ts),
                    BookOrder::KIND => desk.venue.orders(bytemuck::cast_slice(rows), ts),
                    _ => desk.venue.trade(bytemuck::cast_ref(&rows[0]), ts),
                }
                .expect("the job's rows are sound");
                feed.send(kind, rows, 0, ts + feed_ns);
                at += rows.len();
            }
            (Next::Arrival, _) => desk.venue.arrive(),
            (Next::Report, _) => {
                desk.now = ts;
                if let Some(report) = desk.hear() {
                    trader.on_report(&report);
                }
            }
            (Next::Feed, _) => {
                desk.now = ts;
                let packet = feed.receive(&mut rows).expect("it is its time");
                if packet.kind == Trade::KIND {
                    continue;
                }
                book.take(&rows);
                let now = SIDES.map(|side| book.best(side));
                if now != best {
                    let price = |best: [Option<Level>; 2]| best.map(|level| level.map(|l| l.price_ticks));
                    let moved = price(now) != price(best);
                    best = now;
                    if moved {
                        desk.mark(best);
                    }
                    if let [Some(bid), Some(ask)] = best {
                        trader.on_best(&mut desk, [bid, ask]);
                    }
                }
            }
            (Next::Timer, _) => {
                desk.now = ts;
                let [Some(bid), Some(ask)] = best else { panic!("the job's book has two sides") };
                trader.on_timer(&mut desk, [bid, ask]);
            }
            _ => return trader.outcome(),
        }
    }
}

/// J2's rule.
#[derive(Default)]
struct Imbalance {
    working: Option<(Side, i64, (u64, u32))>,
    sent: u64,
    fills: u64,
    position: i64,
    cash_ticks: i64,
}

impl Trader for Imbalance {
    fn on_report(&mut self, report: &VenueReport) {
        if report.kind == ReportKind::Filled as u8
            && let Some((side, ..)) = self.working.take()
        {
            self.fills += 1;
            self.position += side.sign();
            self.cash_ticks -= side.sign() * report.price_ticks;
        }
    }

    fn on_best(&mut self, desk: &mut Desk, [bid, ask]: [Level; 2]) {
        let touch = |side: Side| i64::from(if side == Side::Buy { bid.price_ticks } else { ask.price_ticks });
        if let Some((side, limit, order)) = self.working {
            if limit != touch(side) {
                desk.cancel(order);
                self.working = None;
            }
            return;
        }
        let share = bid.lots as f64 / (bid.lots + ask.lots) as f64;
        let side = if share > 0.8 && self.position < 5 {
            Side::Buy
        } else if share < 0.2 && self.position > -5 {
            Side::Sell
        } else {
            return;
        };
        self.working = Some((side, touch(side), desk.send(side, touch(side), TimeInForce::Gtc)));
        self.sent += 1;
    }

    fn timer_ts(&self) -> i64 {
        i64::MAX
    }

    fn on_timer(&mut self, _: &mut Desk, _: [Level; 2]) {}

    fn outcome(&self) -> Outcome {
        let Imbalance { sent, fills, position, cash_ticks, .. } = *self;
        Outcome { sent, fills, position, cash_ticks }
    }
}

/// One of the maker's quotes.
#[derive(Clone, Copy)]
struct Quoted {
    order: (u64, u32),
    limit: i64,
    is_live: bool,
    is_leaving: bool,
}

/// J3's rule.
struct Maker {
    timer_ts: i64,
    quotes: [Option<Quoted>; 2],
    sent: u64,
    fills: u64,
    position: i64,
    cash_ticks: i64,
}

impl Maker {
    const STEP_NS: i64 = 100 * MS;

    fn new(start: i64) -> Maker {
        let timer_ts = start + Maker::STEP_NS;
        Maker { timer_ts, quotes: [None; 2], sent: 0, fills: 0, position: 0, cash_ticks: 0 }
    }
}

impl Trader for Maker {
    fn on_report(&mut self, report: &VenueReport) {
        for (side, quoted) in SIDES.into_iter().zip(&mut self.quotes) {
            let Some(known) = quoted.as_mut().filter(|known| known.order.0 == report.order_id) else { continue };
            match ReportKind::from_u8(report.kind) {
                Some(ReportKind::Accepted) => known.is_live = true,
                Some(ReportKind::CancelRejected) => known.is_leaving = false,
                Some(ReportKind::Filled) => {
                    self.fills += 1;
                    self.position += side.sign();
                    self.cash_ticks -= side.sign() * report.price_ticks;
                    *quoted = None;
                }
                _ => *quoted = None,
            }
        }
    }

    fn on_best(&mut self, _: &mut Desk, _: [Level; 2]) {}

    fn timer_ts(&self) -> i64 {
        self.timer_ts
    }

    fn on_timer(&mut self, desk: &mut Desk, best: [Level; 2]) {
        self.timer_ts += Maker::STEP_NS;
        for ((side, touch), quoted) in SIDES.into_iter().zip(best).zip(&mut self.quotes) {
            let touch = i64::from(touch.price_ticks);
            match quoted {
                Some(known) if known.limit != touch && known.is_live && !known.is_leaving => {
                    known.is_leaving = true;
                    desk.cancel(known.order);
                }
                None if self.position * side.sign() < 10 => {
                    let order = desk.send(side, touch, TimeInForce::Gtx);
                    *quoted = Some(Quoted { order, limit: touch, is_live: false, is_leaving: false });
                    self.sent += 1;
                }
                _ => {}
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let Maker { sent, fills, position, cash_ticks, .. } = *self;
        Outcome { sent, fills, position, cash_ticks }
    }
}
