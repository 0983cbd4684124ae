//! What becomes of orders, in the notation of the desk: bars as `open high low close volume`, fills as `lots@price`.

use super::*;
use hedgerow_core::{ReplaceRequest, time::HOUR};
use proptest::prelude::*;

mod costs;

const ONE_SHARE_CENT: i64 = 10_000_000; // Value of a tick of 0.01 on a lot of one share.

fn instrument() -> Instrument {
    Instrument {
        tick_nano: 10_000_000,
        lot_nano: 1_000_000_000,
        tick_value: ONE_SHARE_CENT,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1_000_000,
        sigma_nano: 20_000_000,
        ..Instrument::default()
    }
}

/// A venue with one instrument, and bars of a day, one after the other.
struct Floor {
    matching: Matching,
    heard: Vec<VenueReport>,
    orders: u64,
    now: i64,
}

impl Floor {
    fn new(config: VenueConfig) -> Floor {
        Floor::with(config, instrument())
    }

    fn with(config: VenueConfig, instrument: Instrument) -> Floor {
        let mut matching = Matching::new(config, FeeSchedules::default()).unwrap();
        matching.define(&instrument);
        Floor { matching, heard: Vec::new(), orders: 0, now: 0 }
    }

    fn send(&mut self, order: Order) -> u64 {
        self.orders += 1;
        let order = Order { id: self.orders, slot: self.orders as u32 - 1, ts: self.now, ..order };
        let heard = &mut self.heard;
        self.matching
            .submit(&FullOrder { order, ..FullOrder::default() }, self.now, &mut |said| heard.push(said.report));
        self.orders
    }

    fn bar(&mut self, [open_ticks, high_ticks, low_ticks, close_ticks, volume_lots]: [i64; 5]) -> Result<(), Problem> {
        self.now += DAY;
        let bar = Bar {
            ts_event: self.now,
            ts_init: self.now,
            open_ticks,
            high_ticks,
            low_ticks,
            close_ticks,
            volume_lots,
            span_ns: DAY,
            ..Bar::default()
        };
        let heard = &mut self.heard;
        self.matching.on_open(&bar, &mut |said| heard.push(said.report))?;
        self.matching.on_close(&bar, &mut |said| heard.push(said.report))
    }

    fn end_session(&mut self) {
        let heard = &mut self.heard;
        self.matching.end_session(self.now, &mut |said| heard.push(said.report));
    }

    fn cancel(&mut self, order_id: u64) {
        let request = CancelRequest { order_id, slot: order_id as u32 - 1, ..CancelRequest::default() };
        let heard = &mut self.heard;
        self.matching.cancel(&request, self.now, &mut |said| heard.push(said.report));
    }

    fn replace(&mut self, order_id: u64, lots: i64, limit_ticks: i64) {
        let slot = order_id as u32 - 1;
        let request = ReplaceRequest { order_id, slot, lots, limit_ticks, ts: self.now, ..ReplaceRequest::default() };
        let (heard, change) = (&mut self.heard, FullReplace::plain(request));
        self.matching.replace(&change, self.now, &mut |said| heard.push(said.report));
    }

    /// What was heard since the last call: `1 accepted`, `1 30@101`, ...
    fn tape(&mut self) -> Vec<String> {
        let lines = self.heard.iter().map(|r| match ReportKind::from_u8(r.kind).unwrap() {
            ReportKind::Filled => format!("{} {}@{}", r.order_id, r.lots, r.price_ticks),
            kind => format!("{} {}", r.order_id, kind.name().to_lowercase()),
        });
        let tape = lines.collect();
        self.heard.clear();
        tape
    }
}

fn order(side: Side, lots: i64, limit_ticks: i64, tif: TimeInForce) -> Order {
    let kind = if limit_ticks > 0 { OrderKind::Limit } else { OrderKind::Market };
    Order { side: side as u8, lots, limit_ticks, kind: kind as u8, tif: tif as u8, ..Order::default() }
}

fn buy(lots: i64) -> Order {
    order(Side::Buy, lots, 0, TimeInForce::Gtc)
}

fn capped(volume_cap_bps: i64) -> VenueConfig {
    VenueConfig { volume_cap_bps, ..VenueConfig::FREE }
}

#[test]
fn a_market_order_trades_at_the_next_open_with_the_exact_fee() {
    let mut floor = Floor::new(VenueConfig { fee_nano: 100_000, ..VenueConfig::FREE });
    floor.send(buy(10_000));
    floor.bar([10_044, 10_100, 10_000, 10_050, -1]).unwrap();
    let fill = floor.heard[1];
    assert_eq!((fill.price_ticks, fill.reference_ticks, fill.lots), (10_044, 10_044, 10_000));
    assert_eq!((fill.fee, fill.ts_event), (Money(100_440_000_000), 0), "100.44, when the bar opened");
    assert_eq!(floor.tape(), ["1 accepted", "1 10000@10044"]);
}

#[test]
fn a_market_order_for_the_average_trades_when_the_bar_has_closed() {
    let mut floor = Floor::new(VenueConfig { fill_rule: FillRule::BarVwap, ..VenueConfig::FREE });
    floor.send(buy(1));
    floor.send(order(Side::Sell, 1, 0, TimeInForce::Gtc));
    floor.send(Order { fill_rule: FillRule::NextOpen as u8, ..buy(1) });
    floor.bar([100, 110, 98, 105, -1]).unwrap();
    // (110 + 98 + 105) / 3 = 104.33, rounded against each side.
    assert_eq!(floor.tape()[3..], ["3 1@100", "1 1@105", "2 1@104"]);
}

#[test]
fn an_order_does_not_trade_on_the_bar_during_which_it_was_sent() {
    let mut floor = Floor::new(VenueConfig::FREE);
    floor.now = HOUR;
    floor.send(buy(1));
    floor.now = 0;
    floor.bar([100, 110, 90, 105, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 accepted"]);
    floor.bar([101, 110, 90, 105, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 1@101"]);
}

#[test]
fn an_order_sent_at_the_open_does_not_use_what_happens_in_that_bar() {
    let mut floor = Floor::new(VenueConfig::FREE);
    let bar = Bar {
        ts_event: DAY,
        span_ns: DAY,
        open_ticks: 100,
        high_ticks: 110,
        low_ticks: 90,
        close_ticks: 100,
        ..Bar::default()
    };
    let mut heard = 0;
    floor.matching.on_open(&bar, &mut |_| heard += 1).unwrap();
    floor.send(order(Side::Buy, 1, 95, TimeInForce::Gtc));
    floor.matching.on_close(&bar, &mut |_| heard += 1).unwrap();
    assert_eq!(heard, 0);
}

#[test]
fn a_bar_cannot_open_before_the_one_before_it_closed() {
    let mut floor = Floor::new(VenueConfig::FREE);
    floor.bar([100, 100, 100, 100, -1]).unwrap();
    floor.send(buy(1));
    // The clocks went forward: the day has 23 hours, the bar still says 24.
    floor.now -= HOUR;
    floor.bar([101, 101, 101, 101, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 accepted", "1 1@101"]);
}

#[test]
fn the_volume_cap_splits_an_order_over_bars_and_is_shared_in_order_of_arrival() {
    let mut floor = Floor::new(capped(1_000));
    floor.send(buy(150));
    floor.send(order(Side::Sell, 80, 0, TimeInForce::Gtc));
    floor.bar([100, 100, 100, 100, 1_000]).unwrap();
    floor.bar([101, 101, 101, 101, 1_000]).unwrap();
    floor.bar([102, 102, 102, 102, 0]).unwrap();
    floor.bar([103, 103, 103, 103, 1_009]).unwrap();
    assert_eq!(floor.tape()[2..], ["1 100@100", "1 50@101", "2 50@101", "2 30@103"]);
}

#[test]
fn a_capped_fill_is_a_multiple_of_the_lot_step() {
    let mut floor = Floor::with(capped(1_000), Instrument { lots_step: 10, ..instrument() });
    floor.send(buy(50));
    floor.bar([100, 100, 100, 100, 259]).unwrap();
    assert_eq!(floor.tape()[1..], ["1 20@100"]);
}

#[test]
fn unknown_volume_under_a_cap_is_an_error_unless_a_volume_is_assumed() {
    let mut floor = Floor::new(capped(1_000));
    floor.bar([100, 100, 100, 100, -1]).unwrap();
    floor.send(buy(200_000));
    assert_eq!(floor.bar([100, 100, 100, 100, -1]).unwrap_err().code, code::SIM_NO_VOLUME);
    assert_eq!(floor.tape(), ["1 accepted"]);

    let mut floor = Floor::new(VenueConfig { assume_volume: true, ..capped(1_000) });
    floor.send(buy(200_000));
    floor.bar([100, 100, 100, 100, -1]).unwrap();
    assert_eq!(floor.tape()[1..], ["1 100000@100"]);
}

#[test]
fn what_is_left_expires_at_once_or_with_the_session_or_never() {
    for (tif, tape) in [
        (TimeInForce::Ioc, vec!["1 accepted", "1 10@100", "1 expired"]),
        (TimeInForce::Day, vec!["1 accepted", "1 10@100", "1 expired"]),
        (TimeInForce::Gtc, vec!["1 accepted", "1 10@100", "1 10@101"]),
    ] {
        let mut floor = Floor::new(capped(1_000));
        floor.send(order(Side::Buy, 20, 0, tif));
        floor.bar([100, 100, 100, 100, 100]).unwrap();
        floor.end_session();
        floor.bar([101, 101, 101, 101, 100]).unwrap();
        assert_eq!(floor.tape(), tape, "{tif:?}");
    }
}

#[test]
fn a_day_order_made_after_the_last_bar_belongs_to_the_next_session() {
    let mut floor = Floor::new(VenueConfig::FREE);
    floor.bar([100, 100, 100, 100, -1]).unwrap();
    floor.send(order(Side::Buy, 1, 90, TimeInForce::Day));
    floor.end_session();
    floor.bar([100, 100, 95, 100, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 accepted"]);
    floor.replace(1, 1, 91);
    floor.end_session();
    assert_eq!(floor.tape(), ["1 replaced", "1 expired"]);
}

#[test]
fn an_immediate_order_for_the_average_waits_for_the_close_only() {
    let mut floor = Floor::new(VenueConfig { fill_rule: FillRule::BarVwap, ..capped(1_000) });
    floor.send(order(Side::Buy, 20, 0, TimeInForce::Ioc));
    floor.bar([100, 100, 100, 100, 100]).unwrap();
    assert_eq!(floor.tape()[1..], ["1 10@100", "1 expired"]);
}

#[test]
fn a_resting_limit_trades_only_if_the_market_goes_through_it() {
    for (side, limit, bar, tape) in [
        (Side::Buy, 95, [100, 105, 95, 100, -1], None),
        (Side::Buy, 95, [100, 105, 94, 100, -1], Some("1 1@95")),
        (Side::Sell, 105, [100, 105, 95, 100, -1], None),
        (Side::Sell, 105, [100, 106, 95, 100, -1], Some("1 1@105")),
        (Side::Buy, 95, [95, 105, 95, 100, -1], None),
        (Side::Buy, 95, [92, 105, 91, 100, -1], Some("1 1@92")),
        (Side::Sell, 105, [108, 109, 100, 100, -1], Some("1 1@108")),
    ] {
        let mut floor = Floor::new(VenueConfig::FREE);
        floor.send(order(side, 1, limit, TimeInForce::Gtc));
        floor.bar(bar).unwrap();
        assert_eq!(floor.tape().get(1).map(String::as_str), tape, "{side:?} {limit} {bar:?}");
    }
}

#[test]
fn a_limit_that_takes_pays_costs_up_to_its_limit_and_one_that_makes_pays_none() {
    let costly = VenueConfig { half_spread_nano: 10_000_000, ..VenueConfig::FREE };
    for (limit, open, price, liquidity) in [
        (1_010, 900, 909, Liquidity::Taker),
        (1_005, 1_000, 1_005, Liquidity::Taker),
        (950, 1_000, 950, Liquidity::Maker),
    ] {
        let mut floor = Floor::new(costly);
        floor.send(order(Side::Buy, 1, limit, TimeInForce::Gtc));
        floor.bar([open, 1_100, 800, 1_000, -1]).unwrap();
        let fill = floor.heard[1];
        assert_eq!((fill.price_ticks, fill.liquidity), (price, liquidity as u8));
    }
}

#[test]
fn executions_are_numbered_from_one_within_each_order() {
    let mut floor = Floor::new(capped(1_000));
    let (first, second) = (floor.send(buy(30)), floor.send(buy(20)));
    floor.bar([100, 100, 100, 100, 200]).unwrap();
    floor.replace(first, 50, 0);
    for _ in 0..3 {
        floor.bar([100, 100, 100, 100, 200]).unwrap();
    }
    let filled = floor.heard.iter().filter(|r| r.kind == ReportKind::Filled as u8);
    let told: Vec<_> = filled.map(|r| (r.order_id, r.execution, r.lots)).collect();
    assert_eq!(told, [(first, 1, 20), (second, 1, 20), (first, 2, 20), (first, 3, 10)]);
    assert!(floor.heard.iter().all(|r| (r.execution == 0) == (r.kind != ReportKind::Filled as u8)));
}

#[test]
fn the_smallest_fee_is_charged_once_per_order() {
    let mut floor =
        Floor::new(VenueConfig { fee_per_unit: Money(30_000_000), fee_min: Money::units(1), ..capped(1_000) });
    floor.send(buy(50));
    for _ in 0..3 {
        floor.bar([100, 100, 100, 100, 200]).unwrap();
    }
    let fees: Vec<_> = floor.heard[1..].iter().map(|r| r.fee).collect();
    // 20 + 20 + 10 lots at 0.03: 0.60, 1.20, 1.50 in all; at least 1.
    assert_eq!(fees, [Money::units(1), Money(200_000_000), Money(300_000_000)]);
}

#[test]
fn a_second_order_pays_for_the_liquidity_the_first_consumed() {
    let mut floor = Floor::new(VenueConfig { impact_nano: 1_000_000_000, ..VenueConfig::FREE });
    floor.send(buy(10_000));
    floor.send(buy(10_000));
    floor.send(order(Side::Sell, 10_000, 0, TimeInForce::Gtc));
    floor.bar([100_000, 100_000, 100_000, 100_000, 500]).unwrap();
    // sigma 2 % * sqrt(1 %) = 0.2 %; the second: 0.2 % * (2 sqrt 2 - 1) = 0.36569 %; the other side is untouched.
    assert_eq!(floor.tape()[3..], ["1 10000@100200", "2 10000@100366", "3 10000@99800"]);
}

#[test]
fn a_cancelled_order_trades_no_more_and_cannot_be_cancelled_again() {
    let mut floor = Floor::new(VenueConfig::FREE);
    let id = floor.send(buy(1));
    floor.cancel(id);
    floor.cancel(id);
    floor.replace(id, 2, 0);
    assert_eq!(floor.heard[2].code, code::OMS_UNKNOWN_ORDER.0);
    floor.bar([100, 100, 100, 100, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 accepted", "1 cancelled", "1 cancelrejected", "1 replacerejected"]);
}

#[test]
fn only_a_smaller_size_keeps_its_place_in_the_queue() {
    let mut floor = Floor::new(capped(1_000));
    let (first, second) = (floor.send(buy(30)), floor.send(buy(30)));
    floor.replace(first, 20, 0);
    floor.bar([100, 100, 100, 100, 100]).unwrap();
    assert_eq!(floor.tape()[2..], ["1 replaced", "1 10@100"]);
    floor.replace(first, 40, 0);
    floor.bar([100, 100, 100, 100, 100]).unwrap();
    assert_eq!(floor.tape(), ["1 replaced", "2 10@100"]);
    floor.replace(second, 10, 0);
    floor.replace(second, 20, 99);
    assert_eq!(floor.tape(), ["2 replacerejected", "2 replacerejected"]);
}

#[test]
fn a_changed_limit_first_counts_on_the_next_bar() {
    let mut floor = Floor::new(VenueConfig::FREE);
    let id = floor.send(order(Side::Buy, 1, 80, TimeInForce::Gtc));
    let bar = Bar {
        ts_event: DAY,
        span_ns: DAY,
        open_ticks: 100,
        high_ticks: 110,
        low_ticks: 90,
        close_ticks: 100,
        ..Bar::default()
    };
    let mut heard = 0;
    floor.matching.on_open(&bar, &mut |_| heard += 1).unwrap();
    floor.replace(id, 1, 95);
    floor.matching.on_close(&bar, &mut |_| heard += 1).unwrap();
    assert_eq!(heard, 0);
    floor.now = DAY;
    floor.bar([100, 110, 90, 100, -1]).unwrap();
    assert_eq!(floor.tape(), ["1 accepted", "1 replaced", "1 1@95"]);
}

#[test]
fn what_cannot_be_understood_is_rejected_and_changes_nothing() {
    let good = buy(1);
    for bad in [
        Order { side: 9, ..good },
        Order { tif: 0, ..good },
        Order { kind: 0, ..good },
        Order { fill_rule: 7, ..good },
        Order { lots: 0, ..good },
        Order { limit_ticks: 5, ..good },
        Order { instrument: 3, ..good },
    ] {
        let mut floor = Floor::new(VenueConfig::FREE);
        floor.send(bad);
        assert_eq!(floor.heard[0].code, code::CORE_INPUT.0);
        floor.bar([100, 100, 100, 100, -1]).unwrap();
        assert_eq!(floor.tape(), ["1 rejected"]);
    }
    let mut floor = Floor::new(VenueConfig::FREE);
    let bar = Bar { instrument: 3, ..Bar::default() };
    assert_eq!(floor.matching.on_open(&bar, &mut |_| ()).unwrap_err().code, code::CORE_UNKNOWN_INSTRUMENT);
    assert_eq!(floor.matching.on_close(&bar, &mut |_| ()).unwrap_err().code, code::CORE_UNKNOWN_INSTRUMENT);
    floor.orders = 0;
    floor.send(good);
    floor.orders = 0;
    floor.send(good);
    assert_eq!(floor.tape(), ["1 accepted", "1 rejected"]);
}

fn any_order() -> impl Strategy<Value = Order> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let tif = prop_oneof![Just(TimeInForce::Gtc), Just(TimeInForce::Day), Just(TimeInForce::Ioc)];
    let limit = prop_oneof![Just(0i64), 900..1_100i64];
    (side, 1..2_000i64, limit, tif, 0..3u8)
        .prop_map(|(side, lots, limit, tif, fill_rule)| Order { fill_rule, ..order(side, lots, limit, tif) })
}

fn any_bar() -> impl Strategy<Value = [i64; 5]> {
    (950..1_050i64, 0..60i64, 0..60i64, 0..10_000i64, 0..120i64).prop_map(|(open, up, down, volume, at)| {
        let (high, low) = (open + up, open - down);
        [open, high, low, (low + at).min(high), volume]
    })
}

proptest! {
    #[test]
    fn the_venue_never_gives_more_or_better_than_it_may(
        days in prop::collection::vec((prop::collection::vec(any_order(), 0..4), any_bar()), 1..20),
        cap_bps in prop_oneof![Just(0i64), 1..10_001i64], half_spread_nano in 0..5_000_000i64, impact in 0..3i64, fee_min in 0..3i64,
    ) {
        let config = VenueConfig {
            half_spread_nano, impact_nano: impact * 1_000_000_000, fee_nano: 100_000, fee_min: Money::units(fee_min),
            ..capped(cap_bps)
        };
        let mut floor = Floor::new(config);
        let (mut sent, mut filled, mut executions): (Vec<Order>, Vec<i64>, Vec<u32>) = (vec![], vec![], vec![]);
        let mut ended = std::collections::BTreeSet::new();
        for (orders, bar) in days {
            for order in orders {
                floor.send(order);
                sent.push(order);
                filled.push(0);
                executions.push(0);
            }
            floor.bar(bar).unwrap();
            floor.end_session();
            let mut in_bar = 0;
            for report in std::mem::take(&mut floor.heard) {
                let place = report.order_id as usize - 1;
                let order = sent[place];
                prop_assert!(!ended.contains(&place), "nothing follows an order's end");
                match ReportKind::from_u8(report.kind).unwrap() {
                    ReportKind::Filled => {
                        in_bar += report.lots;
                        filled[place] += report.lots;
                        executions[place] += 1;
                        prop_assert_eq!(report.execution, executions[place]);
                        let sign = if order.side == Side::Buy as u8 { 1 } else { -1 };
                        prop_assert!(report.lots > 0 && report.price_ticks > 0 && report.fee >= Money::ZERO);
                        prop_assert!(sign * (report.price_ticks - report.reference_ticks) >= 0, "costs never help");
                        prop_assert!(order.limit_ticks == 0 || sign * (order.limit_ticks - report.price_ticks) >= 0);
                        if filled[place] == order.lots {
                            ended.insert(place);
                        }
                    }
                    ReportKind::Expired => { ended.insert(place); }
                    kind => prop_assert_eq!(kind, ReportKind::Accepted),
                }
                prop_assert!(filled[place] <= order.lots);
            }
            prop_assert!(cap_bps == 0 || in_bar <= bar[4] * cap_bps / 10_000, "the cap is shared by all orders");
        }
        // Conservation: every order has ended or still rests with exactly what was not filled.
        for (place, order) in sent.iter().enumerate() {
            let resting = floor.matching.shelf.get(place as u32, place as u64 + 1).map(|r| r.open_lots());
            let expected = (!ended.contains(&place)).then_some(order.lots - filled[place]);
            prop_assert_eq!(resting, expected);
        }
    }

    #[test]
    fn a_venue_restored_from_its_bytes_goes_on_as_if_nothing_happened(
        orders in prop::collection::vec(any_order(), 1..8), bars in prop::collection::vec(any_bar(), 2..6),
    ) {
        let mut floor = Floor::new(capped(700));
        for order in orders {
            floor.send(order);
        }
        floor.bar(bars[0]).unwrap();
        let bytes = postcard::to_stdvec(&floor.matching).unwrap();
        let matching = postcard::from_bytes(&bytes).unwrap();
        let mut twin = Floor { matching, heard: floor.heard.clone(), orders: floor.orders, now: floor.now };
        for bar in &bars[1..] {
            floor.bar(*bar).unwrap();
            twin.bar(*bar).unwrap();
        }
        prop_assert_eq!(&floor.heard, &twin.heard);
    }
}
