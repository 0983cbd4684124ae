//! A turn of a live fund's thread, whole: a change of a book out of a ring; strategy, quote, order, gate and order state in the
//! kernel; every record of it, and the message that may leave, into the ring of the journal's thread.
//!
//! One processor; nobody writes the records here. What the venue would say is said between the turns, outside the timing.

use super::kernel::opened;
use crate::clock::{rest, ticks, ticks_after};
use crate::count::requests;
use crate::floor::book::feed;
use crate::sample::{Singles, print_count, runs};
use hedgerow_book::{Book, LevelBook, Rules};
use hedgerow_core::{InstrumentId, ReportKind, Side, TimeInForce, VenueReport};
use hedgerow_kernel::{Effects, Input, Send};
use hedgerow_live::{Consumer, Fund, Note, Orders, Producer, RingBuffer, Trader};
use std::time::Instant;

const CHANGES: usize = 1 << 15;
const COUNTED: usize = 1 << 10;

/// Wants a lot at the best bid at every change.
struct Eager;

impl Trader for Eager {
    fn on_book(&mut self, instrument: InstrumentId, book: &LevelBook, orders: &mut Orders) {
        if let Some(best) = book.best(Side::Buy) {
            orders.limit(instrument, Side::Buy, 1, best.price_ticks.into(), TimeInForce::Day);
        }
    }
}

/// Measures and counts.
pub fn run() {
    let changes = feed(CHANGES, 0, 77);
    let mut turns = Singles::default();
    let (mut asked, mut n) = (Ok(0), 0);
    for _ in 0..runs() {
        let start = Instant::now();
        let mut desk = Desk::new();
        let mut took = Vec::with_capacity(CHANGES);
        for (at, change) in changes[..CHANGES].iter().enumerate() {
            desk.feed.push(*change).expect("there is room");
            let start = ticks();
            // The last are counted and not timed: everything is warm by then.
            if at < CHANGES - COUNTED {
                desk.turn();
                took.push(ticks_after() - start);
            } else {
                asked = asked.and_then(|before: u64| Ok(before + requests(|| desk.turn())?));
                n += 1;
            }
            assert!(desk.end_orders() == 1 || at < 100, "each change brings one order about");
        }
        turns.push(took);
        rest(start.elapsed());
    }
    turns.print("tick.turn", "a whole turn: book, strategy, kernel with gate and order states, records into the ring");
    let each = asked.map(|all| (all as f64 / f64::from(n), n as usize));
    print_count("tick.turn.allocations", "allocations/turn", each, "requests to the program's allocator");
}

struct Desk {
    fund: Fund<Eager>,
    feed: Producer<hedgerow_core::BookLevel>,
    inputs: Producer<Input>,
    noted: Consumer<Note>,
}

impl Desk {
    fn new() -> Desk {
        let kernel = opened(&mut Effects::new());
        let (feed, fed) = RingBuffer::new(16);
        let (inputs, said) = RingBuffer::new(16);
        let (notes, noted) = RingBuffer::new(256);
        let books = vec![LevelBook::new(Rules::default()).expect("the rules can be kept")];
        Desk { fund: Fund::new(kernel, books, 0, Eager, (fed, said, notes)), feed, inputs, noted }
    }

    fn turn(&mut self) {
        assert!(self.fund.turn().expect("nothing fails here"), "there was something to do");
    }

    /// Has the venue refuse what left, so that no order works on; how many there were.
    fn end_orders(&mut self) -> usize {
        let mut left = 0;
        while let Ok(note) = self.noted.pop() {
            let Note::Leaves(Send::New(order)) = note else { continue };
            let (order, kind) = (order.get(), ReportKind::Rejected as u8);
            let (order_id, slot, instrument) = (order.id, order.slot, order.instrument);
            let (ts_event, ts_init) = (order.ts, order.ts);
            let said = VenueReport { ts_event, ts_init, order_id, slot, instrument, kind, ..VenueReport::default() };
            self.inputs.push(Input::VenueReport(said)).expect("there is room");
            self.turn();
            left += 1;
        }
        left
    }
}
