//! When an order trades with a replayed book, and when it does not.

use crate::world::{World, fills};
use hedgerow_core::ReportKind::{
    Accepted, CancelRejected, Cancelled, Expired, Filled, Rejected, ReplaceRejected, Replaced,
};
use hedgerow_core::Side::{Buy, Sell};
use hedgerow_core::TimeInForce::{Day, Fok, Gtc, Gtx, Ioc};
use hedgerow_core::{Money, OrderAction, ReportKind, code};
use hedgerow_sim::replay::{BookConfig, Delay, Depth, Fees, QueueModel};

fn levels() -> World {
    let mut world = World::new(BookConfig::default(), Depth::Levels);
    world.set(&[(Buy, 99, 10), (Buy, 98, 20), (Sell, 101, 10), (Sell, 102, 20)]);
    world
}

#[test]
fn a_taker_walks_the_book_and_what_it_took_stays_taken() {
    let mut world = levels();
    assert_eq!(world.order(Buy, 102, 12, Gtc), [(1, Accepted, 0, 0), (1, Filled, 101, 10), (1, Filled, 102, 2)]);
    // History still shows 10 and 20; 18 are left at 102.
    assert_eq!(fills(&world.order(Buy, 0, 100, Ioc)), [(2, 102, 18)]);
    // 101 loses 4 that we had taken already; then 3 come anew.
    assert_eq!(world.set(&[(Sell, 101, 6)]), []);
    assert_eq!(fills(&world.order(Buy, 101, 5, Ioc)), []);
    world.set(&[(Sell, 101, 9)]);
    assert_eq!(fills(&world.order(Buy, 101, 5, Ioc)), [(4, 101, 3)]);
    // Nothing is shown at 101, and then 7 are new.
    world.set(&[(Sell, 101, 0)]);
    world.set(&[(Sell, 101, 7)]);
    assert_eq!(fills(&world.order(Buy, 101, 9, Ioc)), [(5, 101, 7)]);
}

#[test]
fn what_is_left_rests_or_ends_as_the_order_says() {
    let mut world = levels();
    assert_eq!(world.order(Buy, 0, 40, Gtc).last(), Some(&(1, Expired, 0, 0)), "a market order never rests");
    let mut world = levels();
    assert_eq!(world.order(Sell, 98, 25, Ioc), [(1, Accepted, 0, 0), (1, Filled, 99, 10), (1, Filled, 98, 15)]);
    assert_eq!(world.order(Sell, 98, 25, Ioc), [(2, Accepted, 0, 0), (2, Filled, 98, 5), (2, Expired, 0, 0)]);
    let mut world = levels();
    assert_eq!(world.order(Sell, 99, 11, Fok), [(1, Accepted, 0, 0), (1, Expired, 0, 0)], "not whole, so not at all");
    assert_eq!(world.order(Sell, 99, 10, Fok), [(2, Accepted, 0, 0), (2, Filled, 99, 10)]);
    // The lots at 99 are taken, and history shows them still: a post-only order does not rest there.
    assert_eq!(world.order(Sell, 99, 1, Gtx), [(3, Rejected, 0, 0)]);
    assert_eq!(world.order(Sell, 100, 1, Gtx), [(4, Accepted, 0, 0)]);
}

#[test]
fn a_post_only_order_says_why_it_was_refused() {
    let mut world = levels();
    world.send(Buy, 101, 1, Gtx);
    world.venue.arrive();
    assert_eq!(world.reports()[0].code, code::SIM_WOULD_TAKE.0);
}

#[test]
fn on_levels_trades_serve_the_queue_from_its_front() {
    let mut world = levels();
    world.order(Buy, 99, 5, Gtc);
    assert_eq!(world.trade(Some(Sell), 99, 10), [], "ten stood ahead");
    assert_eq!(world.set(&[(Buy, 99, 3)]), [], "what traded left the book");
    assert_eq!(world.trade(Some(Sell), 99, 2), [(1, Filled, 99, 2)]);
    assert_eq!(world.trade(Some(Buy), 99, 2), [], "a buyer does not meet bids");
    assert_eq!(world.trade(Some(Sell), 98, 9), [(1, Filled, 99, 3)], "whoever trades at a worse price met us first");
}

#[test]
fn a_trade_without_a_side_met_the_side_that_it_reached() {
    let mut world = levels();
    world.order(Buy, 100, 5, Gtc);
    assert_eq!(world.trade(None, 100, 4), [], "between the prices shown it met nobody that we know of");
    assert_eq!(world.trade(None, 99, 4), [(1, Filled, 100, 4)]);
}

#[test]
fn pro_rata_a_trade_is_shared_out_by_size_in_whole_lots() {
    let config = BookConfig { queue: QueueModel::ProRata, ..BookConfig::default() };
    let mut world = World::new(config.clone(), Depth::Levels);
    world.set(&[(Buy, 99, 90), (Sell, 101, 10)]);
    world.order(Buy, 99, 10, Gtc);
    world.order(Buy, 99, 5, Gtc);
    // 90 are shown and 15 are ours: of 21, 21 * 10 / 105 and 21 * 5 / 105, at once and whoever came first.
    assert_eq!(world.trade(Some(Sell), 99, 21), [(1, Filled, 99, 2), (2, Filled, 99, 1)]);
    assert_eq!(world.set(&[(Buy, 99, 50)]), []);
    // 62 now, 12 of them ours: of 5, less than a lot each.
    assert_eq!(world.trade(Some(Sell), 99, 5), []);
    assert_eq!(world.trade(Some(Sell), 99, 40), [(1, Filled, 99, 5), (2, Filled, 99, 2)]);
    assert_eq!(
        world.trade(Some(Sell), 98, 9),
        [(1, Filled, 99, 3), (2, Filled, 99, 2)],
        "through our price: all of it"
    );
    // Alone at a price there is nobody to share with; where nobody can see how much is shown, nothing is had.
    world.order(Buy, 100, 4, Gtc);
    assert_eq!(world.trade(Some(Sell), 100, 3), [(3, Filled, 100, 3)]);
    // More than stands there takes what stands there.
    assert_eq!(world.trade(Some(Sell), 100, 9), [(3, Filled, 100, 1)]);
    let mut world = World::new(config, Depth::Top);
    world.top((99, 10), (101, 10));
    world.order(Buy, 98, 5, Gtc);
    assert_eq!(world.trade(Some(Sell), 98, 9), []);
    assert_eq!(world.top((98, 5), (101, 10)), []);
    assert_eq!(world.trade(Some(Sell), 98, 4), [(1, Filled, 98, 2)]);
}

#[test]
fn our_orders_at_one_price_share_what_comes_in_order_of_arrival() {
    let mut world = levels();
    world.order(Buy, 99, 3, Gtc);
    world.set(&[(Buy, 99, 14)]);
    world.order(Buy, 99, 9, Gtc);
    assert_eq!(world.trade(Some(Sell), 99, 15), [(1, Filled, 99, 3)], "ten ahead of the first, fourteen of the second");
    assert_eq!(world.trade(Some(Sell), 99, 4), [(2, Filled, 99, 2)], "of fifteen, three were ours: twelve of fourteen");
}

#[test]
fn lots_that_come_to_our_price_trade_with_us_once() {
    let mut world = levels();
    world.order(Buy, 100, 8, Gtc);
    assert_eq!(world.set(&[(Sell, 100, 5)]), [(1, Filled, 100, 5)]);
    assert_eq!(world.set(&[(Sell, 102, 21)]), [], "the same five are not met again");
    assert_eq!(world.set(&[(Sell, 100, 6)]), [(1, Filled, 100, 1)]);
    assert_eq!(world.set(&[(Sell, 100, 0), (Sell, 101, 4)]), [], "and nobody trades at a price that was only near");
}

#[test]
fn on_orders_those_ahead_are_known_by_name() {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    for (id, side, price) in [(1, Buy, 99), (2, Buy, 99), (3, Sell, 101)] {
        world.event(OrderAction::Add, id, side, price, 10);
    }
    world.order(Buy, 99, 5, Gtc);
    world.event(OrderAction::Add, 4, Buy, 99, 10);
    assert_eq!(world.event(OrderAction::Execute, 1, Buy, 99, 10), []);
    assert_eq!(world.event(OrderAction::Cancel, 4, Buy, 99, 5), [], "a cancel behind us");
    assert_eq!(world.event(OrderAction::Execute, 2, Buy, 99, 9), [], "one lot is still ahead");
    // The one ahead grows, and goes behind us.
    assert_eq!(world.event(OrderAction::Modify, 2, Buy, 99, 8), []);
    assert_eq!(world.event(OrderAction::Execute, 4, Buy, 99, 3), [(1, Filled, 99, 3)], "it would have met us first");
    assert_eq!(world.event(OrderAction::Execute, 2, Buy, 99, 3), [(1, Filled, 99, 2)]);
}

#[test]
fn an_image_of_the_book_puts_everyone_ahead() {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.event(OrderAction::Add, 1, Buy, 99, 10);
    world.order(Buy, 99, 5, Gtc);
    world.image(&[(1, Buy, 99, 10)]);
    world.event(OrderAction::Add, 9, Buy, 99, 4);
    assert_eq!(
        world.event(OrderAction::Execute, 9, Buy, 99, 4),
        [(1, Filled, 99, 4)],
        "it came after the image: behind"
    );
}

#[test]
fn on_quotes_an_order_behind_the_touch_waits_until_its_price_is_shown() {
    let mut world = World::new(BookConfig::default(), Depth::Top);
    world.top((99, 10), (101, 10));
    world.order(Buy, 98, 5, Gtc);
    assert_eq!(world.top((98, 7), (100, 3)), []);
    assert_eq!(world.trade(Some(Sell), 98, 9), [(1, Filled, 98, 2)], "seven were shown, and stood ahead");
    assert_eq!(world.top((97, 7), (98, 2)), [(1, Filled, 98, 2)], "the other side came to us with two lots");
}

#[test]
fn what_was_taken_stays_taken_while_a_better_price_hides_it() {
    let mut world = World::new(BookConfig::default(), Depth::Top);
    world.top((99, 10), (101, 10));
    assert_eq!(fills(&world.order(Buy, 101, 10, Ioc)), [(1, 101, 10)]);
    world.top((99, 10), (100, 1));
    world.top((99, 10), (101, 12));
    assert_eq!(fills(&world.order(Buy, 101, 20, Ioc)), [(2, 101, 2)], "ten of twelve are ours already");
    world.top((101, 3), (102, 1));
    world.top((99, 10), (101, 5));
    assert_eq!(fills(&world.order(Buy, 101, 20, Ioc)), [(3, 101, 5)], "the price was passed: nobody stood there");
}

#[test]
fn a_gap_brings_nobody_forward_and_gives_nothing_back() {
    let mut world = levels();
    world.order(Buy, 99, 5, Gtc);
    assert_eq!(fills(&world.order(Buy, 101, 10, Ioc)), [(2, 101, 10)]);
    assert_eq!(world.clear(), []);
    world.order(Buy, 98, 5, Gtc);
    assert_eq!(world.trade(Some(Sell), 98, 1), [(1, Filled, 99, 1)], "only whoever trades beyond our price meets us");
    world.set(&[(Buy, 99, 8), (Buy, 98, 20), (Sell, 101, 10)]);
    assert_eq!(fills(&world.order(Buy, 101, 10, Ioc)), [], "the same ten");
    assert_eq!(world.trade(Some(Sell), 99, 8), [], "eight of the ten are ahead still");
    assert_eq!(world.trade(Some(Sell), 99, 1), [(1, Filled, 99, 1)]);
    assert_eq!(world.trade(Some(Sell), 98, 23), [(1, Filled, 99, 3)], "twenty stood ahead of the order at 98");
}

#[test]
fn a_touched_price_is_no_fill() {
    let mut world = World::new(BookConfig::default(), Depth::Top);
    world.top((99, 10), (101, 10));
    world.order(Buy, 99, 5, Gtc);
    assert_eq!(world.top((98, 10), (100, 10)), []);
    assert_eq!(world.top((99, 1), (100, 10)), []);
}

#[test]
fn models_differ_in_who_is_thought_to_have_cancelled() {
    let filled = |queue| {
        let mut world = World::new(BookConfig { queue, ..BookConfig::default() }, Depth::Levels);
        world.set(&[(Buy, 99, 30), (Sell, 101, 10)]);
        world.order(Buy, 99, 40, Gtc);
        world.set(&[(Buy, 99, 40)]);
        world.set(&[(Buy, 99, 32)]);
        fills(&world.trade(Some(Sell), 99, 40)).iter().map(|f| f.2).sum::<i64>()
    };
    assert_eq!(filled(QueueModel::TradesOnly), 10);
    assert_eq!(filled(QueueModel::PowerProb(1.0)), 16);
    assert_eq!(filled(QueueModel::PowerProb(2.0)), 17, "whole lots only: 17.2 passed");
}

#[test]
fn only_a_smaller_size_keeps_its_place() {
    let mut world = levels();
    world.order(Buy, 99, 5, Gtc);
    world.set(&[(Buy, 99, 30)]);
    assert_eq!(world.replace(1, Buy, 99, 4, Gtc), [(1, Replaced, 99, 4)]);
    assert_eq!(world.trade(Some(Sell), 99, 11), [(1, Filled, 99, 1)]);
    assert_eq!(world.replace(1, Buy, 99, 9, Gtc), [(1, Replaced, 99, 9)]);
    assert_eq!(world.trade(Some(Sell), 99, 19), [], "it grew, and stands behind the thirty shown");
    assert_eq!(world.replace(1, Buy, 101, 9, Gtc), [(1, Replaced, 101, 9), (1, Filled, 101, 8)]);
    assert_eq!(world.replace(1, Buy, 101, 9, Gtc), [(1, ReplaceRejected, 0, 0)], "it does not work any more");
}

#[test]
fn a_cancel_ends_an_order_once_and_a_session_ends_those_of_the_day() {
    let mut world = levels();
    world.order(Buy, 99, 5, Gtc);
    assert_eq!(world.cancel(1), [(1, Cancelled, 0, 0)]);
    assert_eq!(world.cancel(1), [(1, CancelRejected, 0, 0)]);
    world.order(Buy, 99, 5, Day);
    world.order(Buy, 98, 5, Gtc);
    world.venue.end_session(50);
    assert_eq!(world.heard(), [(2, Expired, 0, 0)]);
    assert_eq!(world.trade(Some(Sell), 97, 9), [(3, Filled, 98, 5)]);
}

#[test]
fn fees_are_exact_and_rounded_against_us() {
    let smallest = Fees { taker_nano: 700_000, min: Money(10_000_000), ..Fees::default() };
    let mut world = World::new(BookConfig { fees: smallest, ..BookConfig::default() }, Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 101, 10), (Sell, 102, 10)]);
    world.send(Buy, 102, 20, Gtc);
    world.venue.arrive();
    let paid: Vec<i128> = world.reports().iter().skip(1).map(|r| r.fee.0).collect();
    // The smallest fee covers the first fill and a part of the second.
    assert_eq!(paid, [10_000_000, 7_070_000 + 7_140_000 - 10_000_000]);
}

#[test]
fn after_a_clear_what_comes_back_order_by_order_was_there_before_us_and_what_we_took_stays_taken() {
    use hedgerow_core::OrderAction::{Add, Clear, Execute};
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.event(Add, 1, Buy, 99, 5);
    world.event(Add, 2, Sell, 101, 4);
    world.order(Buy, 99, 3, Gtc);
    assert_eq!(fills(&world.order(Buy, 101, 4, Ioc)), [(2, 101, 4)]);
    // The image comes as a bare clear and one order after the other.
    world.event(Clear, 0, Buy, 0, 0);
    world.event(Add, 1, Buy, 99, 5);
    world.event(Add, 3, Buy, 99, 2);
    world.event(Add, 2, Sell, 101, 4);
    assert_eq!(fills(&world.order(Buy, 101, 4, Ioc)), [], "they are ours already");
    assert_eq!(fills(&world.event(Execute, 1, Buy, 99, 5)), [], "it stood ahead");
    // Anything but an order ends the image: who comes now stands behind us, and the third still ahead.
    world.event(Add, 4, Buy, 99, 9);
    assert_eq!(fills(&world.event(Execute, 3, Buy, 99, 2)), []);
    assert_eq!(fills(&world.event(Execute, 4, Buy, 99, 9)), [(1, 99, 3)]);
}

#[test]
fn where_the_lots_change_all_orders_end_and_what_is_under_way_is_heard() {
    let config = BookConfig { entry: Delay::Constant(5), response: Delay::Constant(50), ..BookConfig::default() };
    let mut world = World::new(config, Depth::Levels);
    world.set(&[(Buy, 99, 10), (Sell, 101, 10)]);
    let resting = world.send(Buy, 98, 4, Gtc);
    let taking = world.send(Buy, 101, 3, Gtc);
    world.venue.arrive();
    world.venue.arrive();
    world.ts += 10;
    let travelling = world.send(Sell, 101, 2, Gtc);
    world.cancel_later(resting, world.ts);
    let mut said = Vec::new();
    world.venue.end_all(0, world.ts, &mut |report| said.push(report));
    let lines: Vec<_> = said.iter().map(|r| (r.order_id, ReportKind::from_u8(r.kind).unwrap())).collect();
    let ended = [(resting, ReportKind::Expired), (travelling, ReportKind::Expired)];
    let known = [(resting, ReportKind::Accepted), (taking, ReportKind::Accepted), (taking, ReportKind::Filled)];
    assert_eq!(lines, [&known[..], &ended[..]].concat());
    assert!(said.iter().all(|report| report.ts_init == world.ts));
    assert_eq!((world.venue.arrival_ts(), world.venue.report_ts()), (i64::MAX, i64::MAX));
    // What we had taken of the old lots is there again in the new ones.
    assert_eq!(fills(&world.order(Buy, 101, 10, Gtc)).len(), 1);
}

#[test]
fn a_slice_is_shown_and_the_next_one_stands_behind_everyone() {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.event(OrderAction::Add, 1, Buy, 99, 10);
    world.iceberg(Buy, 99, 30, 10);
    world.event(OrderAction::Add, 2, Buy, 99, 20);
    assert_eq!(fills(&world.event(OrderAction::Execute, 1, Buy, 99, 10)), [], "it stood before us");
    let said = world.event(OrderAction::Execute, 2, Buy, 99, 15);
    assert_eq!(fills(&said), [(1, 99, 10)], "our slice, and of the hidden nothing before what is shown");
    assert_eq!(fills(&world.event(OrderAction::Execute, 2, Buy, 99, 5)), [], "the next slice came behind it");
    world.event(OrderAction::Add, 3, Buy, 99, 10);
    assert_eq!(fills(&world.event(OrderAction::Execute, 3, Buy, 99, 4)), [(1, 99, 4)]);
    world.event(OrderAction::Add, 4, Buy, 98, 50);
    let said = world.event(OrderAction::Execute, 4, Buy, 98, 50);
    assert_eq!(fills(&said), [(1, 99, 16)], "who trades beyond a price has taken all of it, the hidden too");
}

#[test]
fn on_levels_a_trade_serves_one_slice_and_the_next_one_waits_for_all_that_is_shown() {
    let mut world = World::new(BookConfig::default(), Depth::Levels);
    world.set(&[(Buy, 99, 20), (Sell, 101, 20)]);
    world.iceberg(Buy, 99, 30, 10);
    world.set(&[(Buy, 99, 50)]);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 40)), [(1, 99, 10)], "20 stood before us");
    world.set(&[(Buy, 99, 10)]);
    assert_eq!(fills(&world.trade(Some(Sell), 99, 5)), [], "what is shown stands before the next slice");
    assert_eq!(fills(&world.trade(Some(Sell), 99, 12)), [(1, 99, 7)]);
    assert_eq!(fills(&world.trade(Some(Sell), 98, 100)), [(1, 99, 13)]);
}

#[test]
fn an_iceberg_takes_with_all_of_it_and_shows_a_slice_of_the_rest() {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.event(OrderAction::Add, 1, Sell, 101, 15);
    assert_eq!(fills(&world.iceberg(Buy, 101, 40, 10)), [(1, 101, 15)]);
    world.event(OrderAction::Execute, 1, Sell, 101, 15);
    world.event(OrderAction::Add, 2, Buy, 101, 30);
    assert_eq!(fills(&world.event(OrderAction::Execute, 2, Buy, 101, 30)), [(1, 101, 10)]);
}

#[test]
fn made_smaller_in_its_place_an_iceberg_shows_no_more_than_there_is() {
    let mut world = World::new(BookConfig::default(), Depth::Orders);
    world.iceberg(Buy, 99, 30, 10);
    world.event(OrderAction::Add, 2, Buy, 99, 50);
    world.replace(1, Buy, 99, 4, Gtc);
    assert_eq!(fills(&world.event(OrderAction::Execute, 2, Buy, 99, 9)), [(1, 99, 4)]);
}
