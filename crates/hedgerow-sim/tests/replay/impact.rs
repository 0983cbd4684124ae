//! Impact that moves the replayed book.

use crate::world::{World, fills};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::TimeInForce::{Gtc, Ioc};
use hedgerow_sim::replay::{BookConfig, Depth, Impact};

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
    assert_eq!(fills(&world.order(Buy, 101, 50, Ioc)), [(1, 101, 50)]);
    assert_eq!(world.venue.shift_ticks(0), 1);
    assert_eq!(fills(&world.order(Buy, 101, 10, Ioc)), [], "what history calls 101 is 102 now");
    assert_eq!(fills(&world.order(Buy, 102, 10, Ioc)), [(3, 102, 10)]);
    assert_eq!(fills(&world.order(Sell, 100, 100, Ioc)), [(4, 100, 100)], "and the bid at 99 is at 100");
    assert_eq!(world.venue.shift_ticks(0), -1);
}

#[test]
fn the_transient_part_comes_back_and_the_permanent_part_stays() {
    let impact = Impact { permanent_nano: 10_000_000, transient_nano: 50_000_000, half_life_ns: 10 };
    let mut world = moved(impact);
    world.order(Buy, 101, 100, Ioc);
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
    world.order(Buy, 101, 50, Ioc);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 100)), []);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 3)), [(1, 100, 3)]);
    // It falls by two: history's 101 is at 100.
    assert_eq!(fills(&world.order(Sell, 1, 100, Ioc)), [(3, 100, 100), (1, 100, 2)]);
}
