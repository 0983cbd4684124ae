//! Orders with terms: a stop is valued at its worst and waits, reduce-only only reduces, orders beside each other share.

mod desk;

use desk::*;
use hedgerow_core::{FullOrder, FullReplace, Limits, Money, Order, OrderKind, OrderTerms, REDUCE_ONLY, ReplaceRequest};
use hedgerow_core::{Side, TimeInForce, WITH_TERMS, code};
use hedgerow_risk::Gate;
use hedgerow_risk::rules::bit;

/// An order of ten with terms; limit 0 = none, stop 0 = none.
fn full(id: u64, side: Side, limit_ticks: i64, stop_ticks: i64) -> FullOrder {
    let kind = match (limit_ticks, stop_ticks) {
        (0, 0) => OrderKind::Market,
        (_, 0) => OrderKind::Limit,
        (0, _) => OrderKind::Stop,
        _ => OrderKind::StopLimit,
    };
    let terms = OrderTerms { id: id + 100, stop_ticks, ..OrderTerms::default() };
    let order = Order { limit_ticks, kind: kind as u8, flags: WITH_TERMS, ..order(id, side, 10) };
    FullOrder { order, terms }
}

fn failed(gate: &mut Gate, full: &FullOrder) -> u64 {
    let verdict = gate.check_full(full, OPEN).0;
    proves(gate);
    verdict.failed
}

#[test]
fn a_stop_is_valued_at_the_worst_of_stop_limit_and_mark() {
    // The mark is 10,000 ticks of 0.01.
    for (limit, stop, notional) in [(0, 11_000, 1_100), (0, 9_000, 1_000), (11_200, 11_000, 1_120)] {
        let mut gate = desk_with(Limits { order_notional: Money::units(notional - 1), ..wide() });
        let (verdict, _) = gate.check_full(&full(1, Side::Buy, limit, stop), OPEN);
        assert_eq!((verdict.failed, verdict.value), (bit(code::RISK_ORDER_NOTIONAL), Money::units(notional)));
    }
}

#[test]
fn the_limit_of_a_stop_is_held_against_its_stop_price() {
    let mut gate = desk_with(Limits { collar_bps: 500, ..wide() });
    assert_eq!(failed(&mut gate, &full(1, Side::Buy, 12_100, 12_000)), 0, "far from the mark, near its stop price");
    assert_eq!(failed(&mut gate, &full(2, Side::Buy, 10_100, 12_000)), bit(code::RISK_COLLAR));
    assert_eq!(failed(&mut gate, &full(3, Side::Buy, 0, 12_000)), 0);
}

#[test]
fn a_stop_that_waits_meets_nobody_and_one_that_is_reached_is_a_market_order() {
    let mut gate = desk();
    pass(&mut gate, &order(1, Side::Buy, 10));
    assert_eq!(failed(&mut gate, &full(2, Side::Sell, 0, 9_500)), 0);
    assert_eq!(failed(&mut gate, &full(3, Side::Sell, 0, 10_000)), bit(code::RISK_SELF_MATCH));
    assert_eq!(failed(&mut gate, &full(4, Side::Sell, 10_001, 10_000)), 0, "its limit keeps it away");
}

#[test]
fn terms_that_cannot_be_meant_are_denied() {
    let mut gate = desk();
    let good = full(1, Side::Buy, 0, 11_000);
    let bad = |order: Order, terms: OrderTerms| FullOrder { order, terms };
    let (o, t) = (good.order, good.terms);
    for wrong in [
        bad(Order { kind: OrderKind::Market as u8, ..o }, t),
        bad(o, OrderTerms { stop_ticks: -1, ..t }),
        bad(o, OrderTerms { stop_ticks: 0, ..t }),
        bad(Order { tif: TimeInForce::Ioc as u8, ..o }, t),
        bad(Order { tif: TimeInForce::Gtd as u8, ..o }, t),
        bad(o, OrderTerms { until_ts: 5, ..t }),
        bad(Order { flags: 0, ..o }, t),
        bad(Order { kind: 9, ..o }, t),
    ] {
        assert_ne!(failed(&mut gate, &wrong) & bit(code::RISK_BAD_FIELD), 0, "{wrong:?}");
    }
    let far = bad(o, OrderTerms { stop_ticks: i64::MAX, ..t });
    assert_ne!(failed(&mut gate, &far) & bit(code::RISK_BAD_PRICE), 0);
    let (verdict, _) = gate.check_new(&Order { client_id: 50, ..o }, OPEN);
    assert_ne!(verdict.failed & bit(code::RISK_BAD_FIELD), 0, "a stop without its terms");
    let (verdict, _) = gate.check_new(&Order { tif: TimeInForce::Gtx as u8, ..market(60, Side::Buy, 1) }, OPEN);
    assert_eq!(verdict.failed, bit(code::RISK_BAD_FIELD), "at the market it would take");
}

#[test]
fn reduce_only_passes_only_what_shrinks_the_position() {
    let mut gate = desk();
    let only = |id, side, lots| Order { flags: REDUCE_ONLY, ..order(id, side, lots) };
    let denied = bit(code::RISK_REDUCE_ONLY);
    assert_eq!(gate.check_new(&only(1, Side::Sell, 1), OPEN).0.failed, denied, "there is none");
    let held = pass(&mut gate, &order(2, Side::Buy, 10));
    gate.fill(&held, 10).unwrap();
    assert_eq!(gate.check_new(&only(3, Side::Buy, 1), OPEN).0.failed, denied);
    let (verdict, _) = gate.check_new(&only(4, Side::Sell, 11), OPEN);
    assert_eq!((verdict.failed, verdict.value, verdict.limit), (denied, count(11), count(10)));
    pass(&mut gate, &only(5, Side::Sell, 7));
    let (verdict, _) = gate.check_new(&only(6, Side::Sell, 4), OPEN);
    assert_eq!((verdict.failed, verdict.limit), (denied, count(3)), "what works on its side counts");
    assert_eq!(gate.check_new(&only(7, Side::Sell, 3), OPEN).0.failed, 0);
    proves(&gate);
}

#[test]
fn beside_what_does_not_work_nothing_stands() {
    let mut gate = desk();
    let held = pass(&mut gate, &order(1, Side::Buy, 10));
    gate.fill(&held, 10).unwrap();
    let first = full(2, Side::Sell, 10_500, 0);
    assert_eq!(failed(&mut gate, &first), 0);
    let beside = |id: u64, beside: u64| {
        let mut other = full(id, Side::Sell, 0, 9_500);
        other.terms.beside = beside;
        other
    };
    let unknown = 1 << 31;
    assert_eq!(failed(&mut gate, &beside(3, 77)), unknown, "77 never was");
    assert_eq!(failed(&mut gate, &beside(4, 2)), 0);
    gate.release(&first.order);
    assert_eq!(failed(&mut gate, &beside(5, 2)), 0, "4 stands beside 2, which has ended");
    let other = FullOrder { order: Order { strategy: 1, ..beside(6, 2).order }, ..beside(6, 2) };
    assert_eq!(failed(&mut gate, &other) & unknown, unknown, "another strategy's");
    gate.release(&beside(4, 2).order);
    gate.release(&beside(5, 2).order);
    assert_eq!(failed(&mut gate, &beside(7, 2)), unknown);
    proves(&gate);
}

#[test]
fn orders_beside_each_other_of_two_instruments_are_let_pass_and_reserve_each_its_own() {
    let mut gate = desk();
    let first = full(1, Side::Sell, 10_500, 0);
    assert_eq!(failed(&mut gate, &first), 0);
    let mut other = full(2, Side::Sell, 10_500, 0);
    (other.order.instrument, other.terms.beside) = (1, 1);
    assert_eq!(failed(&mut gate, &other), 0);
    assert_eq!([0, 1].map(|instrument| gate.holding(0, instrument).open_sell), [10, 10]);
    gate.release(&first.order);
    let mut third = full(3, Side::Sell, 10_500, 0);
    third.terms.beside = 1;
    assert_eq!(failed(&mut gate, &third), 0, "what stands beside it works still");
    proves(&gate);
}

#[test]
fn a_reduce_only_order_may_always_be_made_smaller_and_larger_only_if_it_still_reduces() {
    let mut gate = desk();
    let held = pass(&mut gate, &order(1, Side::Buy, 10));
    gate.fill(&held, 10).unwrap();
    let mut stop = full(2, Side::Sell, 0, 9_500);
    stop.order.flags |= REDUCE_ONLY;
    assert_eq!(failed(&mut gate, &stop), 0);
    let plain = pass(&mut gate, &order(3, Side::Sell, 10));
    gate.fill(&plain, 4).unwrap();
    for (id, lots, failed) in [(4, 11, bit(code::RISK_REDUCE_ONLY)), (5, 6, 0)] {
        let request = ReplaceRequest { id, order_id: 2, client_id: id, ts: OPEN, lots, ..ReplaceRequest::default() };
        let (verdict, _) = gate.check_full_replace(&stop, 0, &FullReplace::plain(request), OPEN);
        assert_eq!(verdict.failed, failed, "{lots} of a position of six, where six more are for sale");
    }
    proves(&gate);
}

fn count(lots: i64) -> Money {
    Money::units(lots)
}

#[test]
fn what_stands_beside_another_reserves_nothing_more_and_frees_nothing_before_both_are_smaller() {
    let mut gate = desk();
    let held = pass(&mut gate, &order(1, Side::Buy, 10));
    gate.fill(&held, 10).unwrap();
    let first = full(2, Side::Sell, 10_500, 0);
    let flags = WITH_TERMS | REDUCE_ONLY;
    let mut second = full(3, Side::Sell, 0, 9_500);
    (second.terms.beside, second.order.flags) = (2, flags);
    assert_eq!(failed(&mut gate, &first), 0);
    assert_eq!(failed(&mut gate, &second), 0, "together they sell ten, not twenty");
    assert_eq!(gate.holding(0, 0).open_sell, 10);
    gate.fill(&first.order, 4).unwrap();
    assert_eq!((gate.holding(0, 0).position, gate.holding(0, 0).open_sell), (6, 10), "the other may sell ten still");
    proves(&gate);
    let request = ReplaceRequest { id: 9, order_id: 3, client_id: 9, ts: OPEN, lots: 6, ..ReplaceRequest::default() };
    let (verdict, _) = gate.check_full_replace(&second, 0, &FullReplace::plain(request), OPEN);
    assert_eq!(verdict.failed, 0);
    gate.replaced(&second.order).unwrap();
    assert_eq!(gate.holding(0, 0).open_sell, 6);
    gate.release(&first.order);
    assert_eq!(gate.holding(0, 0).open_sell, 6);
    gate.fill(&second.order, 6).unwrap();
    assert_eq!((gate.holding(0, 0).position, gate.holding(0, 0).open_sell), (0, 0));
    proves(&gate);
}

#[test]
fn what_is_shown_is_a_part_of_the_order_in_whole_steps() {
    let mut gate = desk();
    let mut showing = |id, display_lots| {
        let mut iceberg = full(id, Side::Buy, 9_900, 0);
        iceberg.terms.display_lots = display_lots;
        let verdict = gate.check_full(&iceberg, OPEN).0;
        proves(&gate);
        (verdict.failed, verdict.value, verdict.limit)
    };
    assert_eq!(showing(1, 10).0, 0);
    assert_eq!(showing(2, 1).0, 0);
    assert_eq!(showing(3, 11), (bit(code::RISK_BAD_LOTS), count(11), count(10)));
    assert_ne!(showing(4, -1).0 & bit(code::RISK_BAD_FIELD), 0);
}

#[test]
fn a_peg_is_valued_and_held_at_its_cap_and_without_one_is_denied() {
    let pegged = |id, cap| {
        let mut peg = full(id, Side::Buy, cap, 0);
        (peg.order.kind, peg.terms.peg) = (OrderKind::Pegged as u8, 1);
        peg
    };
    let mut gate = desk_with(Limits { order_notional: Money::units(1_050), collar_bps: 2_000, ..wide() });
    assert_eq!(failed(&mut gate, &pegged(1, 10_500)), 0, "ten at 105.00");
    assert_eq!(failed(&mut gate, &pegged(2, 10_501)), bit(code::RISK_ORDER_NOTIONAL));
    assert_ne!(failed(&mut gate, &pegged(3, 12_001)) & bit(code::RISK_COLLAR), 0);
    assert_eq!(failed(&mut gate, &pegged(4, 0)), bit(code::RISK_BAD_PRICE) | bit(code::RISK_COLLAR));
    assert_eq!(
        failed(&mut gate, &full(5, Side::Sell, 10_500, 0)),
        bit(code::RISK_SELF_MATCH),
        "it may come to its cap"
    );
}
