//! The fast books against their obvious twins: any feed, good or hostile, gives the same answers and the same hash.

mod obvious;

use hedgerow_book::{Book, Depth, LOTS_MAX, LevelBook, OrderBook, Rules, imbalance, weighted_mid};
use hedgerow_core::{BookLevel, BookOrder, Side};
use obvious::{ObviousLevels, ObviousOrders};
use proptest::collection::vec;
use proptest::prelude::*;

fn rules(window: u32, may_cross: bool) -> Rules {
    Rules { lowest_ticks: -50_000, highest_ticks: 50_000, may_cross, window_ticks: window }
}

/// Prices near a middle that jumps now and then, and a few anywhere.
fn price() -> impl Strategy<Value = i32> {
    prop_oneof![12 => -40_i32..40, 4 => -600_i32..600, 2 => 20_000_i32..20_100, 1 => -60_000_i32..60_000]
}

fn level() -> impl Strategy<Value = BookLevel> {
    let lots = prop_oneof![3 => Just(0_i64), 6 => 1_i64..100, 1 => Just(LOTS_MAX), 1 => -1_i64..=LOTS_MAX + 1];
    let action = prop_oneof![40 => Just(1_u8), 1 => Just(3_u8), 1 => 0_u8..5];
    let side = prop_oneof![20 => 1_u8..=2, 1 => 0_u8..4];
    (price(), lots, side, action).prop_map(|(price_ticks, lots, side, action)| {
        // Bids mostly below asks, so that most updates are taken.
        let price_ticks = if side == 1 && price_ticks.abs() < 1_000 { -price_ticks.abs() } else { price_ticks };
        BookLevel { price_ticks, lots, side, action, ..BookLevel::default() }
    })
}

fn order() -> impl Strategy<Value = BookOrder> {
    let action =
        prop_oneof![12 => Just(1_u8), 4 => Just(2_u8), 4 => Just(3_u8), 4 => Just(4_u8), 3 => Just(5_u8), 1 => 0_u8..8];
    let side = prop_oneof![20 => 1_u8..=2, 1 => 0_u8..4];
    (price(), 0_u32..6, side, action, 0_u64..24).prop_map(|(price_ticks, lots, side, action, id)| {
        let price_ticks = if side == 1 && price_ticks.abs() < 1_000 { -price_ticks.abs() } else { price_ticks };
        BookOrder { order_id: id << (id % 3 * 20), price_ticks, lots, side, action, ..BookOrder::default() }
    })
}

fn agree<A: Book, B: Book<Event = A::Event>>(fast: &mut A, plain: &mut B, updates: &[Vec<A::Event>]) {
    for update in updates {
        let taken = (fast.update(update), plain.update(update));
        assert_eq!(taken.0.map_err(|refused| refused.code), taken.1.map_err(|refused| refused.code));
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(fast.best(side), plain.best(side));
        }
        assert_eq!(fast.hash(), plain.hash());
    }
}

/// The same sums by a plain walk over the levels.
fn walked<B: Book>(book: &B, side: Side, n: usize, ticks: i64) -> Depth {
    let Some(best) = book.best(side) else { return Depth::default() };
    let mut depth = Depth::default();
    for level in book.levels(side, n) {
        let away = i64::from(level.price_ticks) - i64::from(best.price_ticks);
        if away.abs() <= ticks {
            depth.levels += 1;
            depth.lots += i128::from(level.lots);
            depth.tick_lots += i128::from(level.lots) * i128::from(away.abs());
        }
    }
    depth
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_feed_of_prices_gives_the_same_book(updates in vec(vec(level(), 1..5), 1..120), window in 8_u32..15, may_cross: bool) {
        let rules = rules(1 << window, may_cross);
        agree(&mut LevelBook::new(rules).unwrap(), &mut ObviousLevels::new(rules), &updates);
    }

    #[test]
    fn any_feed_of_orders_gives_the_same_book_and_the_same_queues(updates in vec(vec(order(), 1..5), 1..160), may_cross: bool) {
        let rules = rules(256, may_cross);
        let (mut fast, mut plain) = (OrderBook::new(rules).unwrap(), ObviousOrders::new(rules));
        agree(&mut fast, &mut plain, &updates);
        for id in (0..24_u64).map(|id| id << (id % 3 * 20)) {
            let seen = fast.order(id).map(|(side, level)| (side, level.price_ticks, level.lots));
            prop_assert_eq!(seen, plain.order(id).map(|(side, price, _, lots)| (side, price, lots.into())));
        }
    }

    #[test]
    fn sums_over_any_book_are_those_of_a_plain_walk_bit_for_bit(
        updates in vec(vec(level(), 1..5), 1..120), window in 8_u32..15, n in 0_usize..90, ticks in 0_u32..1_500,
    ) {
        let mut book = LevelBook::new(rules(1 << window, false)).unwrap();
        for update in &updates {
            let _ = book.update(update);
        }
        let depths = [Side::Buy, Side::Sell].map(|side| {
            let plain = walked(&book, side, n, i64::MAX);
            assert_eq!(book.depth(side, n), plain);
            assert_eq!(book.depth_within(side, ticks), walked(&book, side, usize::MAX, ticks.into()));
            plain
        });
        prop_assert_eq!(book.imbalance(n), imbalance(&depths[0], &depths[1]));
        let bests = book.best(Side::Buy).zip(book.best(Side::Sell)).filter(|_| n > 0);
        let mid = bests.map(|(bid, ask)| weighted_mid(bid.price_ticks, &depths[0], ask.price_ticks, &depths[1]));
        prop_assert_eq!(book.weighted_mid(n).map(f64::to_bits), mid.map(f64::to_bits));
    }
}

#[test]
fn a_full_table_of_the_largest_sizes_is_summed_exactly() {
    let mut book = LevelBook::new(rules(4096, false)).unwrap();
    for price_ticks in 1..=4_000 {
        let set = BookLevel { price_ticks, lots: LOTS_MAX, side: 2, action: 1, ..BookLevel::default() };
        book.update(&[set]).unwrap();
    }
    for n in [1, 8, 63, 64, 65, 1_000, 4_000, 5_000] {
        assert_eq!(book.depth(Side::Sell, n), walked(&book, Side::Sell, n, i64::MAX), "{n} levels");
    }
}
