//! From a change of a book to an order's bytes: our book, a compiled strategy, the gate, FIX; each leg alone and all at once.
//!
//! The same processor, rings at both ends, nothing sent: the order's bytes lie in memory. Legs are timed in passes of their
//! own, because a look at the clock costs as much as some of them.

use crate::clock::{ns_per_tick, rest, ticks, ticks_after};
use crate::floor::book::{BASE, feed};
use crate::floor::tick as floor;
use crate::ours::gate::Desk;
use crate::sample::{Sample, Singles, runs};
use hdrhistogram::Histogram;
use hedgerow_book::{Book, LevelBook, Rules};
use hedgerow_core::{BookLevel, Order, OrderKind, Side, TimeInForce};
use hedgerow_live::{ROOM, RingBuffer};
use hedgerow_risk::Gate;
use hedgerow_wire::fix::Writer;
use std::hint::black_box;
use std::time::Instant;

const CHANGES: usize = 1 << 16;
const LEVELS: usize = 8;
/// A leg that takes longer counts as this: a second.
const LEG_PS_MAX: u64 = 1_000_000_000_000;
const LEGS: [&str; 4] = ["book", "strategy", "gate", "bytes"];
const TIME_NS: i64 = 1_795_185_000_123_456_000;

/// Measures all.
pub fn run() {
    let changes = feed(CHANGES, 0, 77);
    let [mut least, mut ours] = [Singles::default(), Singles::default()];
    let mut legs: [Histogram<u64>; 4] =
        std::array::from_fn(|_| Histogram::new_with_bounds(1, LEG_PS_MAX, 3).expect("in order"));
    let mut shares: [[Sample; 2]; 4] = Default::default();
    for _ in 0..runs() {
        let start = Instant::now();
        least.push(floors(&changes));
        ours.push(orders(&changes, &mut |line, change| line.take(change, &mut ())));
        for leg in &mut legs {
            leg.reset();
        }
        orders(&changes, &mut |line, change| line.take(change, &mut legs));
        for (leg, [p50, p99]) in legs.iter().zip(&mut shares) {
            p50.push(leg.value_at_quantile(0.5) as f64 / 1_000.0);
            p99.push(leg.value_at_quantile(0.99) as f64 / 1_000.0);
        }
        rest(start.elapsed());
    }
    least.print(
        "floor.tick.order",
        "a bare book, sums, eight checks, a prepared FIX order; rings at both ends, clock cost included",
    );
    ours.print(
        "tick.order",
        "book, compiled strategy, every rule of the gate, a FIX order; rings at both ends, clock cost included",
    );
    for ((name, [p50, p99]), leg) in LEGS.iter().zip(&shares).zip(&legs) {
        let note = "the leg alone, from an HDR histogram, clock cost included";
        p50.print(&format!("tick.{name}.p50"), "ns", leg.len() as usize, note);
        p99.print(&format!("tick.{name}.p99"), "ns", leg.len() as usize, note);
    }
    super::turn::run();
}

fn floors(changes: &[BookLevel]) -> Vec<u64> {
    let mut line = floor::Line::new();
    timed(changes, |change| line.take(change).map(|bytes| bytes.len()), || ())
}

/// Our line over all changes; its gate is given back what it reserved, outside the timing.
fn orders(changes: &[BookLevel], take: &mut dyn FnMut(&mut Line, &BookLevel) -> Option<usize>) -> Vec<u64> {
    let line = std::cell::RefCell::new(Line::new());
    let took = timed(changes, |change| take(&mut line.borrow_mut(), change), || line.borrow_mut().release());
    line.borrow().gate.recount().expect("the gate's own sums agree after the run");
    took
}

/// Ticks of each change that brought an order about: out of a ring, through `take`, and into another.
fn timed(
    changes: &[BookLevel],
    mut take: impl FnMut(&BookLevel) -> Option<usize>,
    mut between: impl FnMut(),
) -> Vec<u64> {
    let (mut feed, mut fed) = RingBuffer::new(ROOM);
    let (mut out, mut left) = RingBuffer::new(ROOM);
    let mut took = Vec::with_capacity(changes.len());
    for change in changes {
        feed.push(*change).expect("there is room");
        let start = ticks();
        let change = fed.pop().expect("it was just put in");
        if let Some(length) = take(black_box(&change)) {
            out.push(length).expect("there is room");
            black_box(left.pop().expect("it was just put in"));
            took.push(ticks_after() - start);
        }
        between();
    }
    took
}

/// What is told how long each leg took: nobody, or histograms of picoseconds.
trait Legs {
    fn look(&self) -> u64;
    fn leg(&mut self, leg: usize, since: u64) -> u64;
}

impl Legs for () {
    #[inline(always)]
    fn look(&self) -> u64 {
        0
    }
    #[inline(always)]
    fn leg(&mut self, _: usize, _: u64) -> u64 {
        0
    }
}

impl Legs for [Histogram<u64>; 4] {
    #[inline(always)]
    fn look(&self) -> u64 {
        ticks()
    }
    #[inline(always)]
    fn leg(&mut self, leg: usize, since: u64) -> u64 {
        let now = ticks_after();
        self[leg].saturating_record(((now - since) as f64 * ns_per_tick() * 1_000.0) as u64);
        ticks()
    }
}

/// Book, strategy, gate and writer of one instrument.
struct Line {
    book: LevelBook,
    gate: Gate,
    writer: Writer,
    last: f64,
    sent: u64,
    working: Option<Order>,
}

impl Line {
    fn new() -> Line {
        let book = LevelBook::new(Rules::default()).expect("the rules can be kept");
        let mut gate = Desk::new(1, 64).gate;
        gate.observe(0, i64::from(BASE) + 2048, 0).expect("the instrument is known");
        Line { book, gate, writer: Writer::new(), last: 0.0, sent: 0, working: None }
    }

    /// A change in, an order's bytes out where the weighted mid of eight levels a side moved.
    #[inline(always)]
    fn take(&mut self, change: &BookLevel, legs: &mut impl Legs) -> Option<usize> {
        let start = legs.look();
        self.book.update(std::slice::from_ref(change)).expect("the feed is sound");
        let start = legs.leg(0, start);
        let order = self.decide()?;
        let start = legs.leg(1, start);
        let (verdict, approved) = self.gate.check_new(black_box(&order), order.ts);
        black_box(&verdict);
        approved.as_ref()?;
        let start = legs.leg(2, start);
        let length = self.write(&order);
        legs.leg(3, start);
        self.working = Some(order);
        Some(length)
    }

    /// The strategy: with the mid, at the best price of its side.
    #[inline(always)]
    fn decide(&mut self) -> Option<Order> {
        let mid = self.book.weighted_mid(LEVELS)?;
        let moved = mid - std::mem::replace(&mut self.last, mid);
        if moved == 0.0 {
            return None;
        }
        let side = if moved > 0.0 { Side::Buy } else { Side::Sell };
        self.sent += 1;
        Some(Order {
            id: self.sent,
            client_id: self.sent,
            ts: self.sent as i64 * 1_000,
            lots: 1 + (self.sent & 7) as i64,
            limit_ticks: self.book.best(side)?.price_ticks.into(),
            side: side as u8,
            kind: OrderKind::Limit as u8,
            tif: TimeInForce::Day as u8,
            ..Order::default()
        })
    }

    #[inline(always)]
    fn write(&mut self, order: &Order) -> usize {
        let side: &[u8] = if order.side == Side::Buy as u8 { b"1" } else { b"2" };
        let writer = &mut self.writer;
        writer.begin(b"D").text(49, b"CLIENT12").text(56, b"EXCH0001").number(34, order.id % 1_000_000);
        writer.timestamp(52, TIME_NS, 6).number(11, order.id).text(55, b"BTCUSD").text(54, side);
        writer.timestamp(60, TIME_NS, 6).number(38, order.lots as u64).text(40, b"2");
        writer.decimal(44, order.limit_ticks, 2).text(59, b"0");
        black_box(writer.finish(b"FIX.4.4")).len()
    }

    /// The order ends, so that the next does not meet it in the book.
    fn release(&mut self) {
        if let Some(order) = self.working.take() {
            self.gate.release(&order);
        }
    }
}
