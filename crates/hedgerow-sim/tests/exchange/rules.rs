//! Rules by example.

use crate::{amend, enter, exchange, limit, market, trades};
use hedgerow_core::Side;
use hedgerow_sim::exchange::{
    Action, Amend, Event, NewOrder, OrderStatus, Phase, Reason, Report, SelfTrades, TimeIn, What,
};

fn last(events: &[Event]) -> &Report {
    let of_order = |event: &Event| matches!(event, Event::Order(_));
    let Some(Event::Order(report)) = events.iter().rfind(|event| of_order(event)) else { panic!("{events:?}") };
    report
}

#[test]
fn an_iceberg_is_refilled_behind_those_who_wait() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, NewOrder { show_lots: 10, ..limit(1, "ice", Side::Sell, 30, 101) });
    enter(&mut venue, limit(2, "plain", Side::Sell, 10, 101));
    assert_eq!(venue.depth(0, Side::Sell, 5)[0].lots, 20);
    let events = enter(&mut venue, market(3, "taker", Side::Buy, 35));
    assert_eq!(trades(&events), [(3, 1, 10, 101), (3, 2, 10, 101), (3, 1, 10, 101), (3, 1, 5, 101)]);
}

#[test]
fn another_slice_is_shown_behind_everyone_and_never_more_than_there_is() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, NewOrder { show_lots: 10, ..limit(1, "ice", Side::Sell, 30, 101) });
    enter(&mut venue, limit(2, "plain", Side::Sell, 10, 101));
    let show = |name: &str, show_lots| Action::Replace(Amend { show_lots, ..amend(1, name, "ice", 30, 101) });
    for (name, show_lots) in [("all", 31), ("less", -1)] {
        let refused = venue.take(2, &show(name, show_lots));
        assert_eq!((last(&refused).what, last(&refused).reason), (What::ChangeRefused, Some(Reason::ShowLots)));
    }
    let told = venue.take(3, &show("ice'", 4));
    assert_eq!((last(&told).what, last(&told).order.show_lots), (What::Replaced, 4));
    assert_eq!(venue.depth(0, Side::Sell, 5)[0].lots, 14);
    let events = enter(&mut venue, market(3, "taker", Side::Buy, 20));
    assert_eq!(trades(&events), [(3, 2, 10, 101), (3, 1, 4, 101), (3, 1, 4, 101), (3, 1, 2, 101)]);
}

#[test]
fn fewer_lots_keep_the_place_and_a_better_price_does_not() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    for (participant, name) in [(1, "first"), (2, "second")] {
        enter(&mut venue, limit(participant, name, Side::Buy, 10, 99));
    }
    let change =
        |name: &str, lots, price_ticks| Action::Replace(amend(1, &format!("{name}'"), name, lots, price_ticks));
    venue.take(2, &change("first", 4, 99));
    assert_eq!(trades(&enter(&mut venue, market(3, "a", Side::Sell, 5))), [(1, 3, 4, 99), (2, 3, 1, 99)]);
    let late = venue.take(3, &change("first'", 9, 99));
    assert_eq!((last(&late).what, last(&late).reason), (What::ChangeRefused, Some(Reason::TooLate)));
}

#[test]
fn an_auction_trades_most_then_leaves_least_then_stays_near_the_last_price() {
    let mut venue = exchange(Phase::OpeningCall, SelfTrades::Allow);
    enter(&mut venue, limit(1, "b1", Side::Buy, 50, 103));
    enter(&mut venue, limit(2, "s1", Side::Sell, 50, 98));
    enter(&mut venue, NewOrder { time_in: TimeIn::AtOpen, ..market(3, "moo", Side::Buy, 10) });
    let events = venue.take(2, &Action::SetPhase { instrument: 0, phase: Phase::Continuous });
    // 50 trade at any price from 98 to 103; ten more are wanted at each; the last price was 100.
    assert_eq!(trades(&events), [(3, 2, 10, 100), (1, 2, 40, 100)]);
    assert_eq!(venue.status(1, "b1").expect("it rests").leaves_lots, 10);
}

#[test]
fn a_halt_stops_trading_and_a_reopening_auction_begins_it_again() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, limit(1, "b", Side::Buy, 10, 99));
    let phase = |phase| Action::SetPhase { instrument: 0, phase };
    venue.take(2, &phase(Phase::Halted));
    let refused = enter(&mut venue, market(2, "s", Side::Sell, 10));
    assert_eq!((last(&refused).status, last(&refused).reason), (OrderStatus::Rejected, Some(Reason::Phase)));
    let cancel = Action::Cancel { participant: 1, client_id: "c".into(), orig_client_id: "b".into() };
    assert_eq!(last(&venue.take(3, &cancel)).status, OrderStatus::Cancelled);
    venue.take(4, &phase(Phase::OpeningCall));
    enter(&mut venue, limit(1, "b2", Side::Buy, 10, 105));
    enter(&mut venue, limit(2, "s2", Side::Sell, 4, 95));
    assert_eq!(trades(&venue.take(5, &phase(Phase::Continuous))), [(2, 3, 4, 100)]);
    assert_eq!(venue.take(6, &phase(Phase::OpeningCall)), [Event::Refused { reason: Reason::Phase }]);
}

#[test]
fn a_busted_trade_is_told_to_both_once_and_its_lots_do_not_work_again() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, limit(1, "b", Side::Buy, 10, 99));
    enter(&mut venue, market(2, "s", Side::Sell, 4));
    let events = venue.take(2, &Action::Bust { trade: 1 });
    assert_eq!(events.len(), 3);
    let (buyer, seller) = (venue.status(1, "b").unwrap(), venue.status(2, "s").unwrap());
    assert_eq!((buyer.status, buyer.leaves_lots, buyer.cum_lots, buyer.traded_ticks), (OrderStatus::New, 6, 0, 0));
    assert_eq!((seller.status, seller.leaves_lots, seller.cum_lots), (OrderStatus::Cancelled, 0, 0));
    for trade in [1, 2, 0, u64::MAX] {
        assert_eq!(venue.take(3, &Action::Bust { trade }), [Event::Refused { reason: Reason::UnknownTrade }]);
    }
}

#[test]
fn absurd_numbers_are_refused_by_name_and_change_no_book() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    let absurd = [0, -1, i64::MIN, i64::MAX, 1_000_001];
    for (number, value) in absurd.into_iter().enumerate() {
        let name = |kind: &str| format!("{kind}{number}");
        let good = limit(1, "", Side::Buy, 10, 99);
        let cases = [
            (NewOrder { lots: value, client_id: name("l"), ..good.clone() }, Reason::Lots),
            (NewOrder { price_ticks: value, client_id: name("p"), ..good.clone() }, Reason::Price),
            (NewOrder { show_lots: value | 16, client_id: name("s"), ..good.clone() }, Reason::ShowLots),
            (NewOrder { instrument: value as u32 | 1, client_id: name("i"), ..good }, Reason::UnknownInstrument),
        ];
        for (order, reason) in cases {
            let events = enter(&mut venue, order);
            assert_eq!((last(&events).what, last(&events).reason), (What::Rejected, Some(reason)));
        }
    }
    assert!(venue.depth(0, Side::Buy, 9).is_empty());
    let again = enter(&mut venue, limit(1, "l0", Side::Buy, 10, 99));
    assert_eq!(last(&again).reason, Some(Reason::DuplicateClientId));
}

#[test]
fn an_order_ends_with_its_time_or_with_the_day() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    let dated = |name: &str, time_in, expire_ts| NewOrder { time_in, expire_ts, ..limit(1, name, Side::Buy, 1, 99) };
    assert_eq!(last(&enter(&mut venue, dated("past", TimeIn::Gtd, 1))).reason, Some(Reason::Expiry));
    enter(&mut venue, dated("gtd", TimeIn::Gtd, 50));
    enter(&mut venue, dated("day", TimeIn::Day, 0));
    enter(&mut venue, dated("gtc", TimeIn::Gtc, 0));
    assert_eq!(venue.take(49, &Action::Clock), []);
    assert_eq!(last(&venue.take(50, &Action::Clock)).status, OrderStatus::Expired);
    venue.take(60, &Action::SetPhase { instrument: 0, phase: Phase::Closed });
    let status = |name| venue.status(1, name).expect("known").status;
    assert_eq!((status("day"), status("gtc")), (OrderStatus::Expired, OrderStatus::New));
}
