//! Order books against bare tables: changes of prices near and far, orders in and out, the weighted mid.

use crate::floor::book as floor;
use crate::random::Random;
use crate::sample::{Sample, runs};
use hedgerow_book::{Book, LevelBook, OrderBook, Rules};
use hedgerow_core::{BookLevel, BookOrder, OrderAction, Side};
use std::hint::black_box;

const CHANGES: usize = 1 << 16;
const ROUNDS: usize = 10;
/// One in twenty changes lies far behind the dense table.
const FAR_IN: u64 = 20;
const LIVE: u64 = 200_000;
const ORDERS: u64 = 800_000;
const SUMS: usize = 400_000;

/// Measures everything.
pub fn run() {
    prices();
    orders(LIVE, "");
    orders(2_000, ".small");
    mids();
}

fn book(window_ticks: u32) -> LevelBook {
    LevelBook::new(Rules { window_ticks, ..Rules::default() }).expect("the rules can be kept")
}

/// Every change as an update of its own.
#[inline(always)]
fn take(book: &mut LevelBook, feed: &[BookLevel]) {
    for event in feed {
        book.update(std::slice::from_ref(event)).expect("the feed is sound");
    }
}

fn prices() {
    let (near, far) = (floor::feed(CHANGES, 0, 13), floor::feed(CHANGES, FAR_IN, 13));
    let (mut dense, mut maps, mut far_maps) = (floor::Dense::new(), floor::Maps::default(), floor::Maps::default());
    let (mut ours, mut ours_far, mut ours_wide) = (book(4096), book(4096), book(1 << 17));
    let mut samples: [Sample; 6] = std::array::from_fn(|_| Sample::default());
    let (n, n_far) = (near.len() * ROUNDS, far.len() * ROUNDS);
    for _ in 0..=runs() {
        samples[0].time(n, || (0..ROUNDS).for_each(|_| black_box(&near).iter().for_each(|event| dense.apply(event))));
        samples[1].time(n, || (0..ROUNDS).for_each(|_| take(&mut ours, black_box(&near))));
        samples[2].time(n, || {
            for event in (0..ROUNDS).flat_map(|_| black_box(&near)) {
                black_box(maps.apply(event));
            }
        });
        samples[3].time(n_far, || (0..ROUNDS).for_each(|_| take(&mut ours_far, black_box(&far))));
        samples[4].time(n_far, || {
            for event in (0..ROUNDS).flat_map(|_| black_box(&far)) {
                black_box(far_maps.apply(event));
            }
        });
        samples[5].time(n_far, || (0..ROUNDS).for_each(|_| take(&mut ours_wide, black_box(&far))));
    }
    agree(&near);
    assert_eq!(ours_far.hash(), ours_wide.hash());
    samples[0].print("floor.book.l2", "ns", n, "quantity array, bitmap, best kept; 4096 ticks, nothing checked");
    samples[1].print("book.l2", "ns", n, "LevelBook::update, every change an update; checked, uncrossed");
    samples[2].print("floor.book.l2_maps", "ns", n, "an ordered map a side, best read after each change");
    samples[3].print(
        "book.l2_far",
        "ns",
        n_far,
        "the same, one change in 20 up to 60,000 ticks away, behind a table of 4096",
    );
    samples[4].print("floor.book.l2_far_maps", "ns", n_far, "ordered maps, one change in 20 far away");
    samples[5].print("book.l2_wide", "ns", n_far, "the same far changes in a table of 131,072 ticks");
}

/// The floor's best prices are ours after every change.
fn agree(feed: &[BookLevel]) {
    let (mut dense, mut ours) = (floor::Dense::new(), book(4096));
    for event in feed {
        dense.apply(event);
        take(&mut ours, std::slice::from_ref(event));
        let best = |side, none| ours.best(side).map_or(none, |level| level.price_ticks - floor::BASE);
        assert_eq!(dense.best, [best(Side::Buy, -1), best(Side::Sell, floor::TICKS as i32)]);
    }
}

/// Adds the newest order and cancels the oldest, with so many resting.
fn orders(live: u64, name: &str) {
    let mut random = Random(17);
    let feed: Vec<BookOrder> = (0..live + ORDERS)
        .map(|order_id| {
            let side = 1 + random.below(2) as u8;
            let away = (random.bits() | 1 << 40).trailing_zeros() as i32 * 2 + random.below(3) as i32 + 1;
            let price_ticks = 10_000 + if side == 1 { -away } else { away };
            BookOrder {
                order_id,
                side,
                price_ticks,
                lots: 1,
                action: OrderAction::Add as u8 | 0x80,
                ..BookOrder::default()
            }
        })
        .collect();
    let (mut least, mut ours) = (Sample::default(), Sample::default());
    for _ in 0..=runs() {
        let mut slab = floor::Slab::new((live as usize * 2).next_power_of_two());
        feed[..live as usize].iter().for_each(|order| slab.add(order.order_id, order.price_ticks, order.lots));
        least.time(ORDERS as usize, || {
            for (old, new) in feed.iter().zip(&feed[live as usize..]) {
                slab.add(new.order_id, new.price_ticks, new.lots);
                black_box(slab.cancel(old.order_id));
            }
        });
        let mut book = OrderBook::new(Rules::default()).expect("the rules can be kept");
        feed[..live as usize].iter().for_each(|order| book.update(&[*order]).expect("it is new"));
        ours.time(ORDERS as usize, || {
            for (old, new) in feed.iter().zip(&feed[live as usize..]) {
                book.update(std::slice::from_ref(new)).expect("it is new");
                let gone = BookOrder { order_id: old.order_id, action: OrderAction::Delete as u8 | 0x80, ..*old };
                book.update(std::slice::from_ref(&gone)).expect("it rests");
            }
        });
        assert_eq!(book.len() as u64, live);
    }
    let n = ORDERS as usize;
    least.print(
        &format!("floor.book.l3{name}"),
        "ns",
        n,
        "a table by order number; no price, no queue, nothing checked",
    );
    let note = format!("OrderBook: an order in, the oldest out; {live} rest, every queue kept");
    ours.print(&format!("book.l3{name}"), "ns", n, &note);
}

#[cfg(target_arch = "x86_64")]
fn mids() {
    if !crate::floor::has_v3() {
        return;
    }
    let mut random = Random(21);
    let bids: Vec<_> = (0..16).map(|_| floor::Prices::new(99.99, -0.01, &mut random)).collect();
    let asks: Vec<_> = (0..16).map(|_| floor::Prices::new(100.01, 0.01, &mut random)).collect();
    let books: Vec<LevelBook> = (0..16)
        .map(|_| {
            let mut book = book(256);
            for at in 0..64 {
                for (side, price_ticks) in [(1, 9_999 - at), (2, 10_001 + at)] {
                    let lots = 1 + random.below(500) as i64;
                    let set = BookLevel { side, price_ticks, lots, action: 0x81, ..BookLevel::default() };
                    book.update(&[set]).expect("the book is sound");
                }
            }
            book
        })
        .collect();
    for n in [8, 16, 32, 64] {
        let (mut least, mut ours) = (Sample::default(), Sample::default());
        for _ in 0..=runs() {
            least.time(SUMS, || {
                for at in 0..SUMS {
                    // SAFETY: the processor has AVX2 and FMA, see `has_v3` above.
                    black_box(unsafe { floor::weighted_mid(black_box(&bids[at & 15]), &asks[at & 15], black_box(n)) });
                }
            });
            ours.time(SUMS, || {
                for at in 0..SUMS {
                    black_box(black_box(&books[at & 15]).weighted_mid(black_box(n)));
                }
            });
        }
        least.print(
            &format!("floor.book.mid.{n}"),
            "ns",
            SUMS,
            "single floats gathered before, AVX2 and FMA; 16 books",
        );
        let note = "LevelBook::weighted_mid: exact sums over the dense table, levels found by bitmap; 16 books";
        ours.print(&format!("book.mid.{n}"), "ns", SUMS, note);
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn mids() {}
