//! Impact that moves the replayed book.

use crate::world::{Line, World, fills};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::TimeInForce::{Fok, Gtc, Gtx, Ioc};
use hedgerow_core::{Side, TimeInForce};
use hedgerow_sim::replay::{BookConfig, Depth, Impact};
use proptest::collection::vec;
use proptest::prelude::*;

fn moved(impact: Impact) -> World {
    let mut world = World::new(BookConfig { impact, ..BookConfig::default() }, Depth::Levels);
    world.set(&[(Buy, 99, 100), (Buy, 98, 100), (Sell, 101, 100), (Sell, 102, 100), (Sell, 103, 100)]);
    world
}

#[test]
fn without_impact_history_does_not_answer_us() {
    let mut world = moved(Impact::default());
    world.order(Buy, 101, 50, Ioc);
    assert_eq!(world.venue.shift_ticks(0), 0);
}

#[test]
fn a_purchase_makes_the_next_one_dearer_and_a_sale_after_it_cheaper() {
    let permanent = Impact { permanent_nano: 20_000_000, ..Impact::default() };
    let mut world = moved(permanent);
    assert_eq!(fills(&world.order(Buy, 101, 50, Ioc)), [(1, 101, 24)], "the next lot would lift the book above 101");
    assert_eq!(fills(&world.order(Buy, 102, 26, Ioc)), [(2, 102, 26)]);
    assert_eq!(world.venue.shift_ticks(0), 1);
    assert_eq!(fills(&world.order(Buy, 101, 10, Ioc)), [], "what history calls 101 is 102 now");
    assert_eq!(
        fills(&world.order(Sell, 100, 100, Ioc)),
        [(4, 100, 25)],
        "and the bid at 99 is at 100, down to its rim"
    );
    assert_eq!(fills(&world.order(Sell, 98, 75, Ioc)), [(5, 98, 75)]);
    assert_eq!(world.venue.shift_ticks(0), -1);
}

#[test]
fn an_order_pays_for_its_own_move_and_fills_whole_only_if_that_is_within_its_limit() {
    let mut world = moved(Impact { permanent_nano: 20_000_000, ..Impact::default() });
    assert_eq!(fills(&world.order(Buy, 102, 100, Fok)), [], "a hundred lots lift the book by two");
    assert_eq!(fills(&world.order(Buy, 0, 150, Ioc)), [(2, 103, 100), (2, 105, 50)]);
}

#[test]
fn a_market_order_after_a_long_silence_meets_decayed_impact() {
    let mut world = moved(Impact { transient_nano: 50_000_000, half_life_ns: 10, ..Impact::default() });
    world.order(Buy, 0, 60, Ioc);
    assert_eq!(world.venue.shift_ticks(0), 3);
    world.ts += 1_000_000;
    assert_eq!(fills(&world.order(Sell, 0, 1, Ioc)), [(2, 99, 1)], "not 102");
    // A trade of history finds our order where it stands by then.
    let mut world = moved(Impact { transient_nano: 50_000_000, half_life_ns: 10, ..Impact::default() });
    world.order(Buy, 0, 60, Ioc);
    world.order(Sell, 104, 1, Gtc);
    world.ts += 1_000_000;
    assert_eq!(fills(&world.trade(Some(Buy), 103, 1_000)), [], "history's 103 is no higher than ours any more");
    assert_eq!(fills(&world.trade(Some(Buy), 105, 1_000)), [(2, 104, 1)]);
}

#[test]
fn our_own_move_does_not_sell_our_orders_at_rest_for_more_than_it_leaves() {
    let mut world = moved(Impact { permanent_nano: 50_000_000, ..Impact::default() });
    world.order(Sell, 104, 90, Gtc);
    // A hundred lots lift the book by five ticks: the bid, history's 99, is at 104. Selling lowers it again.
    assert_eq!(fills(&world.order(Buy, 0, 100, Ioc)), [(2, 106, 100), (1, 104, 10)]);
}

#[test]
fn prices_end_at_one_tick() {
    let mut world = moved(Impact { permanent_nano: 2_000_000_000, ..Impact::default() });
    assert_eq!(fills(&world.order(Sell, 0, 100, Ioc)), [(1, 1, 49)], "99 - 2 * 49");
    assert_eq!(fills(&world.order(Sell, 0, 9, Ioc)), [], "nobody bids less than a tick");
    assert_eq!(fills(&world.order(Sell, 1, 9, Gtc)), []);
    assert_eq!(fills(&world.order(Buy, 0, 1, Ioc)), [(4, 5, 1), (3, 1, 1)], "it lifts the bid to our ask at rest");
}

/// What our trades cost and brought, in ticks and lots.
#[derive(Default)]
struct Account {
    sides: Vec<Side>,
    cash: i64,
    position: i64,
}

impl Account {
    fn order(&mut self, world: &mut World, side: Side, limit: i64, lots: i64, tif: TimeInForce) {
        self.sides.push(side);
        let lines = world.order(side, limit, lots, tif);
        self.hear(&lines);
    }

    fn hear(&mut self, lines: &[Line]) {
        for (id, price, lots) in fills(lines) {
            let signed = if self.sides[id as usize - 1] == Buy { lots } else { -lots };
            (self.cash, self.position) = (self.cash - signed * price, self.position + signed);
        }
    }
}

proptest! {
    /// Huberman & Stanzl's condition: over a book that stands still nothing is earned by going there and back.
    #[test]
    fn no_sequence_of_trades_earns_anything_by_its_own_impact(
        permanent in 0..300_000_000_i64,
        transient in 0..300_000_000_i64,
        half_life in 1..1_000_i64,
        orders in vec((any::<bool>(), 0..4_u8, 900..1_100_i64, 1..60_i64, 0..2_000_i64), 1..40),
    ) {
        let impact = Impact { permanent_nano: permanent, transient_nano: transient, half_life_ns: half_life };
        let mut world = World::new(BookConfig { impact, ..BookConfig::default() }, Depth::Levels);
        // Bid and ask are one tick apart, and deeper than everything that is traded.
        world.set(&[(Buy, 999, 1 << 40), (Sell, 1_000, 1 << 40)]);
        let mut account = Account::default();
        for (is_buy, how, limit, lots, wait) in orders {
            world.ts += wait;
            let (limit, tif) = [(0, Ioc), (limit, Ioc), (limit, Gtc), (limit, Gtx)][usize::from(how)];
            account.order(&mut world, if is_buy { Buy } else { Sell }, limit, lots, tif);
        }
        for id in 1..=account.sides.len() as u64 {
            let lines = world.cancel(id);
            account.hear(&lines);
        }
        let side = if account.position > 0 { Sell } else { Buy };
        if account.position != 0 {
            account.order(&mut world, side, 0, account.position.abs(), Ioc);
        }
        prop_assert_eq!(account.position, 0);
        prop_assert!(account.cash <= 0, "earned {}", account.cash);
    }
}

#[test]
fn the_transient_part_comes_back_and_the_permanent_part_stays() {
    let impact = Impact { permanent_nano: 10_000_000, transient_nano: 50_000_000, half_life_ns: 10 };
    let mut world = moved(impact);
    world.order(Buy, 0, 100, Ioc);
    assert_eq!(world.venue.shift_ticks(0), 6);
    for (ts, ticks) in [(20, 4), (30, 2), (40, 2), (60, 1), (1_000, 1)] {
        world.ts = ts;
        world.set(&[(Buy, 90, 1)]);
        assert_eq!(world.venue.shift_ticks(0), ticks, "at {ts}");
    }
}

#[test]
fn an_order_at_rest_meets_the_moved_book_and_queues_anew() {
    let mut world = moved(Impact { permanent_nano: 20_000_000, ..Impact::default() });
    world.order(Buy, 100, 5, Gtc);
    // The whole book rises by a tick: our 100 is history's 99 now, where a hundred stand.
    world.order(Buy, 102, 50, Ioc);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 100)), []);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 3)), [(1, 100, 3)]);
    // It falls by two, so that history's 101 is at 100.
    assert_eq!(fills(&world.order(Sell, 1, 100, Ioc)), [(3, 98, 100), (1, 100, 2)]);
}
