//! Halts, auctions and trades with the hidden: what our orders do while others trade otherwise than as they come.

use crate::world::{World, fills};
use hedgerow_core::Phase::{Closed, ClosingCall, Continuous, Halted, OpeningCall};
use hedgerow_core::ReportKind::{
    Accepted, CancelRejected, Cancelled, Expired, Filled, Rejected, ReplaceRejected, Replaced,
};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::TimeInForce::{Cls, Day, Fok, Gtc, Gtx, Ioc, Opg};
use hedgerow_core::TradeKind::{Auction, Closing, Hidden, Opening};
use hedgerow_core::{OrderAction, code};
use hedgerow_sim::replay::{BookConfig, Depth};

/// A tenth of an auction is the most that we trade in it.
fn shown(depth: Depth) -> World {
    let mut world = World::new(BookConfig { auction_share_nano: 100_000_000, ..BookConfig::default() }, depth);
    match depth {
        Depth::Orders => {
            world.event(OrderAction::Add, 1_001, Buy, 99, 10);
            world.event(OrderAction::Add, 1_002, Sell, 101, 10);
        }
        _ => {
            world.set(&[(Buy, 99, 10), (Sell, 101, 10)]);
        }
    }
    world
}

#[test]
fn in_a_halt_nothing_matches_nothing_new_is_taken_and_a_cancel_works() {
    let mut world = shown(Depth::Levels);
    world.order(Buy, 100, 5, Gtc);
    world.order(Buy, 98, 5, Gtc);
    assert_eq!(world.phase(Halted), []);
    assert_eq!(world.trade(Some(Sell), 98, 50), [], "what is printed in a halt was traded before it or elsewhere");
    assert_eq!(world.set(&[(Sell, 100, 5)]), [], "the other side comes to our price, and nobody trades");
    assert_eq!(world.print(Hidden, None, 97, 50), []);
    world.send(Buy, 99, 1, Gtc);
    world.venue.arrive();
    let refused = world.reports();
    assert_eq!((refused[0].kind, refused[0].code), (Rejected as u8, code::SIM_PHASE.0));
    assert_eq!(world.replace(2, Buy, 97, 5, Gtc), [(2, ReplaceRejected, 0, 0)], "elsewhere would be a new arrival");
    assert_eq!(world.replace(2, Buy, 98, 3, Gtc), [(2, Replaced, 98, 3)], "smaller, and at its place");
    assert_eq!(world.cancel(2), [(2, Cancelled, 0, 0)]);
    assert_eq!(world.phase(Continuous), [(1, Filled, 100, 5)], "trading resumes, and the lots at our price meet us");
}

#[test]
fn while_orders_gather_they_rest_whatever_the_other_side_shows() {
    let mut world = shown(Depth::Levels);
    world.phase(OpeningCall);
    assert_eq!(world.order(Buy, 101, 4, Gtc), [(1, Accepted, 0, 0)]);
    assert_eq!(world.order(Buy, 101, 4, Gtx), [(2, Accepted, 0, 0)], "post-only takes nothing where nothing is taken");
    assert_eq!(world.order(Sell, 0, 4, Gtc), [(3, Accepted, 0, 0)], "without a limit it waits for the auction");
    for tif in [Ioc, Fok] {
        assert_eq!(fills(&world.order(Buy, 101, 1, tif)), [], "{tif:?}");
    }
    assert_eq!(world.set(&[(Buy, 102, 10)]), [], "the book may cross");
    assert_eq!(world.cancel(2), [(2, Cancelled, 0, 0)]);
    world.set(&[(Buy, 102, 0)]);
    // No auction was printed: what waits arrives as trading resumes.
    assert_eq!(world.phase(Continuous), [(1, Filled, 101, 4), (3, Filled, 99, 4)]);
}

#[test]
fn orders_for_an_auction_trade_at_its_price_and_no_more_than_their_share() {
    let mut world = shown(Depth::Levels);
    world.phase(OpeningCall);
    world.order(Buy, 102, 30, Opg);
    world.order(Buy, 0, 50, Opg);
    world.order(Buy, 100, 7, Opg);
    world.order(Sell, 99, 5, Opg);
    world.order(Sell, 0, 6, Cls);
    assert_eq!(
        world.print(Opening, None, 100, 600),
        [
            // A tenth of 600 lots: first those without a limit, then the better limit; at the price itself nobody.
            (2, Filled, 100, 50),
            (1, Filled, 100, 10),
            (4, Filled, 100, 5),
            (1, Expired, 0, 0),
            (3, Expired, 0, 0),
        ]
    );
    world.phase(Continuous);
    assert_eq!(world.order(Buy, 0, 1, Opg), [(6, Rejected, 0, 0)], "the opening auction of the session is over");
    world.phase(ClosingCall);
    assert_eq!(world.order(Buy, 0, 2, Opg), [(7, Rejected, 0, 0)]);
    assert_eq!(
        world.print(Auction, None, 98, 10),
        [(5, Filled, 98, 1), (5, Expired, 0, 0)],
        "not named: the closing one"
    );
    assert_eq!(world.order(Sell, 0, 1, Cls), [(8, Rejected, 0, 0)]);
    world.venue.end_session(world.ts);
    assert_eq!(world.phase(OpeningCall), []);
    assert_eq!(world.order(Buy, 0, 1, Opg), [(9, Accepted, 0, 0)], "another session, another auction");
}

#[test]
fn an_auction_is_held_in_continuous_trading_too_and_serves_what_rests_above_its_price() {
    for depth in [Depth::Levels, Depth::Orders] {
        let mut world = shown(depth);
        assert_eq!(world.order(Buy, 0, 4, Opg), [(1, Accepted, 0, 0)], "before the opening: it waits");
        assert_eq!(world.order(Buy, 100, 8, Gtc), [(2, Accepted, 0, 0)]);
        assert_eq!(world.print(Opening, None, 99, 100), [(1, Filled, 99, 4), (2, Filled, 99, 6)]);
        assert_eq!(world.order(Sell, 0, 5, Cls), [(3, Accepted, 0, 0)]);
        assert_eq!(world.cancel(3), [(3, Cancelled, 0, 0)]);
        assert_eq!(world.order(Sell, 90, 5, Cls), [(4, Accepted, 0, 0)], "it meets no bid before its auction");
        assert_eq!(world.order(Sell, 0, 5, Cls), [(5, Accepted, 0, 0)]);
        assert_eq!(world.replace(4, Sell, 100, 4, Cls), [(4, Replaced, 100, 4)]);
        assert_eq!(world.replace(5, Sell, 90, 5, Cls), [(5, ReplaceRejected, 0, 0)], "it has no limit to change");
        assert_eq!(world.print(Closing, None, 103, 80), [(5, Filled, 103, 5), (4, Filled, 103, 3), (4, Expired, 0, 0)]);
    }
}

#[test]
fn without_a_share_no_auction_fills_and_a_share_beyond_all_is_refused() {
    let mut world = World::new(BookConfig::default(), Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 101, 10)]);
    world.order(Buy, 0, 4, Opg);
    assert_eq!(world.print(Opening, None, 100, 1_000), [(1, Expired, 0, 0)]);
    let config = BookConfig { auction_share_nano: 1_000_000_001, ..BookConfig::default() };
    assert_eq!(config.checked().unwrap_err().code, code::SIM_BAD_MODEL);
}

#[test]
fn as_the_market_closes_day_orders_end_and_no_order_is_taken() {
    let mut world = shown(Depth::Levels);
    for (limit, tif) in [(98, Day), (97, Gtc), (96, Cls)] {
        world.order(Buy, limit, 1, tif);
    }
    assert_eq!(world.phase(Closed), [(3, Expired, 0, 0), (1, Expired, 0, 0)]);
    assert_eq!(world.order(Buy, 98, 1, Gtc), [(4, Rejected, 0, 0)]);
    assert_eq!(world.cancel(1), [(0, CancelRejected, 0, 0)].map(|line| (1, line.1, line.2, line.3)));
    assert_eq!(world.cancel(2), [(2, Cancelled, 0, 0)]);
}

#[test]
fn what_an_auction_executes_of_the_book_moves_those_ahead_and_fills_nobody() {
    let mut world = shown(Depth::Orders);
    world.order(Buy, 99, 5, Gtc);
    world.phase(Halted);
    assert_eq!(world.event(OrderAction::Execute, 1_001, Buy, 99, 10), []);
    world.event(OrderAction::Add, 1_003, Buy, 99, 10);
    world.phase(Continuous);
    assert_eq!(world.event(OrderAction::Execute, 1_003, Buy, 99, 2), [(1, Filled, 99, 2)], "nobody is ahead any more");
}

#[test]
fn a_trade_with_the_hidden_meets_our_better_prices_and_passes_nobody() {
    for depth in [Depth::Levels, Depth::Orders] {
        let mut world = shown(depth);
        world.order(Buy, 100, 5, Gtc);
        world.order(Buy, 99, 5, Gtc);
        assert_eq!(
            world.print(Hidden, None, 100, 50),
            [],
            "at our price: the shown come first, and the side is not told"
        );
        assert_eq!(world.print(Hidden, Some(Sell), 101, 50), [], "at a better price than ours");
        assert_eq!(world.print(Hidden, None, 99, 3), [(1, Filled, 100, 3)], "through our price: it would have met us");
        assert_eq!(world.print(Hidden, None, 99, 9), [(1, Filled, 100, 2)], "and nobody at 99 has come forward");
        world.order(Sell, 100, 4, Gtx);
        assert_eq!(world.print(Hidden, None, 101, 9), [(3, Filled, 100, 4)]);
        match depth {
            Depth::Orders => {
                assert_eq!(world.event(OrderAction::Execute, 1_001, Buy, 99, 10), [], "ten are ahead of us still");
            }
            _ => assert_eq!(world.trade(Some(Sell), 99, 10), [], "ten are ahead of us still"),
        }
    }
}
