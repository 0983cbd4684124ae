//! Books ask for no memory once they are warm, and hold no more after a long feed than after a short one: counted.

use hedgerow_book::{Book, LevelBook, OrderBook, Rules, TopBook};
use hedgerow_core::{BookLevel, BookOrder, LevelAction, OrderAction, Side};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

const RULES: Rules = Rules { lowest_ticks: 1, highest_ticks: 1_000_000, may_cross: false, window_ticks: 1024 };

struct Counting;

// SAFETY: every call is passed on unchanged to the system allocator; counting touches only thread-local cells.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        HELD.set(HELD.get() + layout.size() as i64);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        HELD.set(HELD.get() - layout.size() as i64);
        // SAFETY: `memory` came from `alloc` above with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Memory asked for or given back, and bytes held more than before.
fn counted(work: impl FnOnce()) -> (u64, i64) {
    let before = (CALLS.get(), HELD.get());
    work();
    (CALLS.get() - before.0, HELD.get() - before.1)
}

/// A seeded generator (xorshift64*), so that every run sees the same feed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) * end) >> 32
    }
}

/// The middle walks over 8,000 ticks and back, so that the dense table moves and far levels come and go.
fn middle(step: u64) -> i32 {
    let place = (step / 5 % 16_000) as i32;
    10_000 + if place < 8_000 { place } else { 16_000 - place }
}

fn level_updates(book: &mut LevelBook, random: &mut Random, steps: std::ops::Range<u64>) {
    for step in steps {
        let (side, away) = (1 + random.below(2) as u8, 1 + random.below(6) as i32);
        let away = if random.below(20) == 0 { away * 700 } else { away };
        let price = middle(step) + if side == Side::Buy as u8 { -away } else { away };
        // Levels that the middle has reached are taken away first, as a venue would.
        let other = 3 - side;
        let best = book.best(Side::from_u8(other).unwrap()).map(|level| level.price_ticks);
        let set = |side, price_ticks, lots| BookLevel {
            side,
            price_ticks,
            lots,
            action: LevelAction::Set as u8,
            ..BookLevel::default()
        };
        let crossed = best.is_some_and(|best| if side == 1 { price >= best } else { price <= best });
        if crossed {
            book.update(&[set(other, best.unwrap(), 0)]).unwrap();
        } else {
            book.update(&[set(side, price, random.below(3) as i64), set(side, price, 1 + random.below(9) as i64)])
                .unwrap();
        }
        let far = set(other, middle(step) + if other == 1 { -3_000 } else { 3_000 }, random.below(2) as i64);
        book.update(&[far]).unwrap();
        let _ = (book.weighted_mid(20), book.imbalance(5), book.depth_within(Side::Buy, 500));
    }
}

fn order_updates(book: &mut OrderBook, steps: std::ops::Range<u64>) {
    for step in steps {
        let side = 1 + (step % 2) as u8;
        let away = 1 + (step * 7_919 % 97) as i32 * if step % 16 == 0 { 100 } else { 1 };
        let add = BookOrder {
            order_id: step,
            side,
            price_ticks: 200_000 + if side == 1 { -away } else { away },
            lots: 2,
            action: OrderAction::Add as u8,
            ..BookOrder::default()
        };
        book.update(&[add]).unwrap();
        if step >= 5_000 {
            let gone = BookOrder { order_id: step - 5_000, action: OrderAction::Delete as u8, ..add };
            let less = BookOrder { order_id: step - 100, lots: 1, action: OrderAction::Cancel as u8, ..add };
            book.update(&[gone, less]).unwrap();
        }
    }
}

#[test]
fn a_book_of_prices_asks_for_no_memory_once_warm_wherever_the_market_goes() {
    let (mut book, mut random) = (LevelBook::new(RULES).unwrap(), Random(7));
    level_updates(&mut book, &mut random, 0..160_000);
    let more = counted(|| level_updates(&mut book, &mut random, 160_000..320_000));
    assert_eq!(more, (0, 0));
}

#[test]
fn a_book_of_orders_asks_for_no_memory_once_warm() {
    let mut book = OrderBook::new(RULES).unwrap();
    order_updates(&mut book, 0..20_000);
    assert_eq!(counted(|| order_updates(&mut book, 20_000..220_000)), (0, 0));
    assert_eq!(book.len(), 5_000);
}

#[test]
fn a_book_of_best_prices_never_asks_for_memory() {
    let mut book = TopBook::new(Rules::default()).unwrap();
    let top = |side, price_ticks| BookLevel { side, price_ticks, lots: 1, action: 2, ..BookLevel::default() };
    let more = counted(|| {
        for price in 1..10_000 {
            book.update(&[top(1, price), top(2, price + 1)]).unwrap();
        }
    });
    assert_eq!(more, (0, 0));
}

#[test]
fn the_counter_counts() {
    assert!(counted(|| drop(std::hint::black_box(Box::new([0_u8; 64])))).0 >= 2);
}
