//! What travels takes its time, in order, and nothing is known before it arrives.

use crate::world::World;
use hedgerow_core::ReportKind::{Accepted, Filled};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::TimeInForce::Gtc;
use hedgerow_core::{ReportKind, TradeKind};
use hedgerow_sim::replay::{BookConfig, Delay, Depth, FeedLine, Next, next};

fn slow() -> World {
    let config = BookConfig { entry: Delay::Constant(5), response: Delay::Constant(7), ..BookConfig::default() };
    let mut world = World::new(config, Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 101, 10)]);
    world
}

#[test]
fn an_order_meets_the_market_as_it_is_when_it_arrives() {
    let mut world = slow();
    world.ts = 20;
    world.send(Buy, 101, 4, Gtc);
    assert_eq!(next(22, Some(&world.venue), i64::MAX, i64::MAX), (Next::Market, 22));
    world.ts = 21;
    world.set(&[(Sell, 101, 0), (Sell, 102, 9)]);
    assert_eq!(next(30, Some(&world.venue), i64::MAX, i64::MAX), (Next::Arrival, 25));
    world.venue.arrive();
    let told = world.reports();
    assert_eq!(told.iter().map(|r| (r.kind, r.ts_event, r.ts_init)).collect::<Vec<_>>(), [(Accepted as u8, 25, 32)]);
}

#[test]
fn a_fill_is_known_after_its_answer_has_travelled() {
    let mut world = slow();
    world.ts = 20;
    world.send(Buy, 100, 4, Gtc);
    world.venue.arrive();
    world.ts = 40;
    let trade = hedgerow_core::Trade {
        lots: 2,
        price_ticks: 99,
        aggressor: Sell as u8,
        kind: TradeKind::Continuous as u8,
        ..Default::default()
    };
    world.venue.trade(&trade, 41).unwrap();
    assert_eq!(world.venue.report_ts(), 32);
    let told = world.reports();
    assert_eq!((told[1].kind, told[1].ts_event, told[1].ts_init), (Filled as u8, 41, 48));
}

#[test]
fn messages_arrive_in_the_order_in_which_they_were_sent() {
    let config = BookConfig { entry: Delay::Uniform(0, 1_000), seed: 3, ..BookConfig::default() };
    let mut world = World::new(config, Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 101, 10)]);
    for _ in 0..50 {
        world.ts += 1;
        world.send(Buy, 90, 1, Gtc);
    }
    let mut last = i64::MIN;
    for id in 1..=50 {
        assert!(world.venue.arrival_ts() >= last);
        last = world.venue.arrival_ts();
        world.venue.arrive();
        assert_eq!(world.heard(), [(id, ReportKind::Accepted, 0, 0)]);
    }
}

#[test]
fn at_equal_times_the_market_is_first_and_we_are_last() {
    let mut world = slow();
    world.ts = 20;
    world.send(Buy, 100, 1, Gtc);
    assert_eq!(next(25, Some(&world.venue), 25, 25), (Next::Market, 25));
    assert_eq!(next(26, Some(&world.venue), 25, 25), (Next::Arrival, 25));
    world.venue.arrive();
    assert_eq!(next(33, Some(&world.venue), 32, 32), (Next::Report, 32));
    world.reports();
    assert_eq!(next(33, Some(&world.venue), 32, 32), (Next::Feed, 32));
    assert_eq!(next(33, Some(&world.venue), 33, 32), (Next::Timer, 32));
    assert_eq!(next(i64::MAX, Some(&world.venue), i64::MAX, i64::MAX).0, Next::End);
}

#[test]
fn the_feed_keeps_its_order_and_holds_only_what_is_under_way() {
    let (mut feed, mut rows) = (FeedLine::new(), Vec::new());
    feed.send(29, &[[1, 0, 0, 0]], 0, 50);
    feed.send(27, &[[2, 0, 0, 0], [3, 0, 0, 0]], -3, 40);
    let first = feed.receive(&mut rows).unwrap();
    assert_eq!((first.ts, first.kind, rows.as_slice()), (50, 29, [[1, 0, 0, 0]].as_slice()));
    let second = feed.receive(&mut rows).unwrap();
    assert_eq!((second.ts, second.kind, second.shift_ticks, rows.len()), (50, 27, -3, 2));
    assert_eq!(feed.ts(), i64::MAX);
    assert!(feed.receive(&mut rows).is_none());
}
