//! Orders of ours whose price follows the replayed book.

use crate::world::{World, fills};
use hedgerow_core::ReportKind::{Accepted, Cancelled, Filled, Replaced};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::{OrderAction, Peg, Phase, TimeInForce};
use hedgerow_sim::replay::{BookConfig, Depth};

fn orders() -> World {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.event(OrderAction::Add, 1, Buy, 99, 10);
    world.event(OrderAction::Add, 2, Sell, 103, 10);
    world
}

#[test]
fn a_primary_peg_goes_with_its_side_and_to_the_end_of_the_queue_there() {
    let mut world = orders();
    assert_eq!(world.peg(Buy, 101, 5, Peg::Primary, 0), [(1, Accepted, 0, 0)]);
    assert_eq!(fills(&world.event(OrderAction::Execute, 1, Buy, 99, 2)), [], "one stands before it");
    world.event(OrderAction::Add, 3, Buy, 100, 10);
    assert_eq!(
        fills(&world.event(OrderAction::Execute, 3, Buy, 100, 10)),
        [],
        "it came behind the one that it followed"
    );
    // Back at 99 it stands behind who was there, though it had been there before.
    world.event(OrderAction::Add, 4, Buy, 99, 10);
    assert_eq!(fills(&world.event(OrderAction::Execute, 1, Buy, 99, 8)), []);
    assert_eq!(fills(&world.event(OrderAction::Execute, 4, Buy, 99, 3)), [(1, 99, 3)]);
}

#[test]
fn it_never_follows_an_order_of_ours_and_never_passes_its_cap() {
    let mut world = orders();
    world.order(Buy, 101, 5, TimeInForce::Gtc);
    world.peg(Buy, 100, 5, Peg::Primary, 0);
    world.event(OrderAction::Add, 3, Buy, 98, 10);
    let said = world.event(OrderAction::Execute, 3, Buy, 98, 10);
    assert_eq!(fills(&said), [(1, 101, 5), (2, 99, 5)]);
    let mut world = orders();
    world.peg(Buy, 100, 5, Peg::Primary, 0);
    world.event(OrderAction::Add, 3, Buy, 102, 10);
    world.event(OrderAction::Add, 4, Buy, 98, 10);
    assert_eq!(fills(&world.event(OrderAction::Execute, 4, Buy, 98, 4)), [(1, 100, 4)]);
}

#[test]
fn a_midpoint_leaves_half_a_tick_to_the_other_side() {
    for (side, at) in [(Buy, 101), (Sell, 102)] {
        let mut world = World::new(BookConfig::default(), Depth::Levels);
        world.set(&[(Buy, 100, 10), (Sell, 103, 10)]);
        world.peg(side, if side == Buy { 200 } else { 1 }, 5, Peg::Midpoint, 0);
        let (beyond, other) = if side == Buy { (100, Sell) } else { (103, Buy) };
        assert_eq!(fills(&world.trade(Some(other), beyond, 3)), [(1, at, 3)]);
    }
}

#[test]
fn a_market_peg_takes_up_to_its_cap_and_comes_after_the_other_side() {
    let mut world = orders();
    assert_eq!(fills(&world.peg(Buy, 103, 15, Peg::Market, 0)), [(1, 103, 10)]);
    let mut world = orders();
    world.peg(Buy, 105, 5, Peg::Market, -2);
    assert_eq!(fills(&world.event(OrderAction::Execute, 1, Buy, 99, 4)), [(1, 101, 4)]);
}

#[test]
fn what_came_to_its_old_price_has_traded_before_it_moves() {
    let mut world = World::new(BookConfig::default(), Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 103, 10)]);
    world.peg(Buy, 103, 5, Peg::Primary, 0);
    let said = world.set(&[(Buy, 99, 0), (Buy, 97, 10), (Sell, 99, 4)]);
    assert_eq!(fills(&said), [(1, 99, 4)]);
}

#[test]
fn without_a_price_to_follow_it_waits_and_is_cancelled_and_changed_there() {
    let mut world = World::new(BookConfig::default(), Depth::Levels);
    world.set(&[(Sell, 103, 10)]);
    world.peg(Buy, 101, 5, Peg::Primary, 0);
    assert_eq!(fills(&world.trade(Some(Sell), 50, 100)), []);
    world.set(&[(Buy, 99, 10)]);
    assert_eq!(fills(&world.trade(Some(Sell), 98, 2)), [(1, 99, 2)]);
    world.phase(Phase::Halted);
    assert_eq!(world.cancel(1), [(1, Cancelled, 0, 0)]);
}

#[test]
fn another_cap_is_another_arrival_and_fewer_lots_are_none() {
    let mut world = orders();
    world.peg(Buy, 101, 5, Peg::Primary, 0);
    world.event(OrderAction::Add, 3, Buy, 99, 10);
    assert_eq!(world.replace(1, Buy, 101, 4, TimeInForce::Gtc), [(1, Replaced, 101, 4)]);
    world.event(OrderAction::Execute, 1, Buy, 99, 10);
    assert_eq!(fills(&world.event(OrderAction::Execute, 3, Buy, 99, 1)), [(1, 99, 1)], "it kept its place");
    world.replace(1, Buy, 98, 4, TimeInForce::Gtc);
    let said = world.event(OrderAction::Execute, 3, Buy, 99, 1);
    assert_eq!(said.iter().filter(|line| line.1 == Filled).count(), 0, "its cap is worse than the best price now");
}
