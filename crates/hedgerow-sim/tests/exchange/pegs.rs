//! Pegged orders: by example, and against prices that are counted anew after every step.

use crate::{amend, enter, exchange, limit, market, trades};
use hedgerow_core::{Peg, Side};
use hedgerow_sim::exchange::{
    Action, Amend, Event, Exchange, NewOrder, OrderStatus, OrderType, Phase, Reason, SelfTrades, TimeIn, What,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A pegged order; cap 0 = none.
fn pegged(who: u32, name: &str, side: Side, lots: i64, peg: Peg, offset_ticks: i64, cap: i64) -> NewOrder {
    let order_type = OrderType::Pegged;
    NewOrder { order_type, peg: Some(peg), offset_ticks, ..limit(who, name, side, lots, cap) }
}

fn depth(venue: &Exchange, side: Side) -> Vec<(i64, i64)> {
    venue.depth(0, side, 99).iter().map(|level| (level.price_ticks.into(), level.lots)).collect()
}

#[test]
fn a_peg_follows_the_best_price_of_others_and_stands_behind_who_is_there() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, pegged(1, "peg", Side::Buy, 10, Peg::Primary, 0, 101));
    assert_eq!(depth(&venue, Side::Buy), [], "there is nothing to follow yet");
    enter(&mut venue, limit(2, "a", Side::Buy, 5, 99));
    assert_eq!(depth(&venue, Side::Buy), [(99, 15)]);
    enter(&mut venue, limit(2, "b", Side::Buy, 5, 100));
    assert_eq!(depth(&venue, Side::Buy), [(100, 15), (99, 5)]);
    assert_eq!(trades(&enter(&mut venue, market(3, "s", Side::Sell, 7))), [(3, 4, 5, 100), (1, 4, 2, 100)]);
    assert_eq!(depth(&venue, Side::Buy), [(99, 13)], "the one that it followed is gone");
    enter(&mut venue, limit(2, "c", Side::Buy, 5, 103));
    assert_eq!(depth(&venue, Side::Buy), [(103, 5), (101, 8), (99, 5)], "its cap holds");
}

#[test]
fn pegs_do_not_follow_each_other() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, pegged(1, "one", Side::Buy, 10, Peg::Primary, 1, 0));
    enter(&mut venue, pegged(2, "two", Side::Buy, 10, Peg::Primary, 1, 0));
    enter(&mut venue, limit(3, "a", Side::Buy, 5, 99));
    assert_eq!(depth(&venue, Side::Buy), [(100, 20), (99, 5)]);
}

#[test]
fn half_a_tick_is_left_to_the_other_side_and_a_market_peg_takes() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, limit(3, "b", Side::Buy, 5, 99));
    enter(&mut venue, limit(3, "s", Side::Sell, 5, 102));
    enter(&mut venue, pegged(1, "m", Side::Buy, 10, Peg::Midpoint, 0, 0));
    enter(&mut venue, pegged(2, "n", Side::Sell, 10, Peg::Midpoint, 0, 0));
    assert_eq!((depth(&venue, Side::Buy)[0], depth(&venue, Side::Sell)[0]), ((100, 10), (101, 10)));
    let events = enter(&mut venue, pegged(1, "x", Side::Buy, 12, Peg::Market, 0, 102));
    assert_eq!(trades(&events), [(5, 4, 10, 101), (5, 2, 2, 102)]);
}

#[test]
fn outside_continuous_trading_a_peg_is_parked_and_takes_no_part_in_the_auction() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    let phase = |phase| Action::SetPhase { instrument: 0, phase };
    enter(&mut venue, limit(2, "a", Side::Buy, 5, 99));
    enter(&mut venue, pegged(1, "peg", Side::Buy, 10, Peg::Primary, 0, 0));
    venue.take(2, &phase(Phase::Halted));
    assert_eq!(depth(&venue, Side::Buy), [(99, 5)]);
    venue.take(3, &phase(Phase::OpeningCall));
    enter(&mut venue, limit(3, "s", Side::Sell, 8, 98));
    assert_eq!(trades(&venue.take(4, &phase(Phase::Continuous))).iter().map(|trade| trade.2).sum::<i64>(), 5);
    assert_eq!(depth(&venue, Side::Buy), [], "whom it followed has traded");
    enter(&mut venue, limit(2, "b", Side::Buy, 1, 97));
    assert_eq!(depth(&venue, Side::Buy), [(97, 11)]);
}

#[test]
fn another_offset_moves_a_peg_and_belongs_to_pegs_alone() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    enter(&mut venue, limit(2, "best", Side::Buy, 5, 99));
    enter(&mut venue, pegged(1, "peg", Side::Buy, 10, Peg::Primary, 0, 101));
    let change = |amend: Amend, offset_ticks| Action::Replace(Amend { offset_ticks, ..amend });
    venue.take(2, &change(amend(1, "p2", "peg", 10, 101), Some(1)));
    assert_eq!(venue.depth(0, Side::Buy, 5).iter().map(|level| level.price_ticks).collect::<Vec<_>>(), [100, 99]);
    venue.take(3, &change(amend(1, "p3", "p2", 10, 101), None));
    assert_eq!(venue.status(1, "p3").expect("it works").order.offset_ticks, 1, "as it was");
    let events = venue.take(4, &change(amend(2, "b2", "best", 5, 99), Some(1)));
    let Some(Event::Order(report)) = events.last() else { panic!("{events:?}") };
    assert_eq!((report.what, report.reason), (What::ChangeRefused, Some(Reason::Combination)));
}

#[test]
fn what_cannot_be_pegged_is_refused_by_name() {
    let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
    let good = || pegged(1, "p", Side::Buy, 10, Peg::Primary, 0, 0);
    for (name, bad) in [
        ("a", NewOrder { peg: None, ..good() }),
        ("b", NewOrder { time_in: TimeIn::Ioc, ..good() }),
        ("c", NewOrder { time_in: TimeIn::AtClose, ..good() }),
        ("d", NewOrder { post_only: true, ..good() }),
        ("e", NewOrder { order_type: OrderType::Limit, price_ticks: 9, ..good() }),
    ] {
        let events = enter(&mut venue, NewOrder { client_id: name.to_owned(), ..bad });
        let Some(Event::Order(report)) = events.last() else { panic!("{events:?}") };
        assert_eq!((report.status, report.reason), (OrderStatus::Rejected, Some(Reason::Combination)), "{name}");
    }
}

type Drawn = (u8, bool, u8, i64, i64, i64);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    prop::collection::vec((0_u8..9, any::<bool>(), 0_u8..3, 1_i64..20, 95_i64..106, -3_i64..4), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_peg_stands_where_it_belongs_trades_within_its_cap_and_loses_nothing(steps in drawn()) {
        let mut venue = exchange(Phase::Continuous, SelfTrades::Allow);
        let mut again = exchange(Phase::Continuous, SelfTrades::Allow);
        let mut sent: Vec<NewOrder> = Vec::new();
        for (number, (kind, is_buy, peg, lots, price, offset)) in steps.into_iter().enumerate() {
            let (name, side) = (format!("n{number}"), if is_buy { Side::Buy } else { Side::Sell });
            let peg = Peg::ALL[usize::from(peg)];
            let action = match kind {
                0 if !sent.is_empty() => {
                    let client_id = sent[price as usize % sent.len()].client_id.clone();
                    Action::Cancel { participant: 1, client_id: name, orig_client_id: client_id }
                }
                1..=3 => Action::New(pegged(1, &name, side, lots, peg, offset, price)),
                4 => Action::New(market(1, &name, side, lots)),
                _ => Action::New(limit(1, &name, side, lots, price)),
            };
            if let Action::New(order) = &action {
                sent.push(order.clone());
            }
            let events = venue.take(number as i64, &action);
            prop_assert_eq!(&events, &again.take(number as i64, &action));
            for event in &events {
                let Event::Order(report) = event else { continue };
                let (order, ticks) = (&report.order, report.last_ticks);
                let is_within = if order.side == Side::Buy { ticks <= order.price_ticks } else { ticks >= order.price_ticks };
                prop_assert!(report.last_lots == 0 || order.price_ticks == 0 || is_within, "{:?}", report);
                prop_assert!(report.leaves_lots == 0 || report.leaves_lots + report.cum_lots == order.lots);
            }
            let open: Vec<(&NewOrder, i64)> = sent
                .iter()
                .map(|order| (order, venue.status(1, &order.client_id).expect("it was taken").leaves_lots))
                .filter(|(_, leaves)| *leaves > 0)
                .collect();
            let plain = |side: Side| {
                let of_side = open.iter().filter(move |(order, _)| order.side == side && order.peg.is_none());
                of_side.map(|(order, _)| order.price_ticks)
            };
            let best = [plain(Side::Buy).max(), plain(Side::Sell).min()];
            for side in [Side::Buy, Side::Sell] {
                let mut wanted: BTreeMap<i64, i64> = BTreeMap::new();
                for (order, leaves) in open.iter().filter(|(order, _)| order.side == side) {
                    let price = match order.peg {
                        Some(peg) => peg.price(side, best, order.offset_ticks, order.price_ticks),
                        None => Some(order.price_ticks),
                    };
                    if let Some(price) = price {
                        *wanted.entry(price).or_default() += leaves;
                    }
                }
                let shown: BTreeMap<i64, i64> = depth(&venue, side).into_iter().collect();
                prop_assert_eq!(shown, wanted, "step {}", number);
            }
        }
        prop_assert_eq!(venue.state_hash(), again.state_hash());
    }
}
