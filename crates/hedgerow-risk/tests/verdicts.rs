//! What the gate decides, rule by rule, on a desk where everything else is in order.

mod desk;

use desk::*;
use hedgerow_core::time::SECOND;
use hedgerow_core::{
    CancelRequest, Decision, HALTED, Instrument, KillSwitch, Limits, Mandate, Money, Order, RESTRICTED, Side, code,
};
use hedgerow_risk::Gate;
use hedgerow_risk::rules::bit;

/// What has happened to a desk before an order comes.
type Change = fn(&mut Gate);

fn kill(strategy: u16, on: bool) -> KillSwitch {
    KillSwitch { strategy, on: u8::from(on), ..KillSwitch::default() }
}

#[test]
fn an_ordinary_order_passes_and_its_worst_case_is_reserved() {
    let mut gate = desk();
    let (verdict, approved) = gate.check_new(&order(1, Side::Buy, 10), OPEN);
    assert_eq!((verdict.decision, verdict.failed, verdict.waived, verdict.code), (Decision::Approved as u8, 0, 0, 0));
    assert_eq!((verdict.cause, verdict.order_id, verdict.ts), (1, 1, OPEN));
    assert_eq!(approved.unwrap().with_slot(7).into_inner(), Order { slot: 7, ..order(1, Side::Buy, 10) });
    assert_eq!(gate.holding(0, 0).open_buy, 10);
    assert_eq!(gate.exposure(Some(0)).gross, Money::units(1_000));
    assert_eq!(gate.exposure(None).gross, Money::units(1_000));
    proves(&gate);
}

#[test]
fn each_rule_denies_with_its_own_code() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = wide();
        change(&mut limits);
        desk_with(limits)
    };
    let buy = order(5, Side::Buy, 10);
    let table: Vec<(Gate, Order, &str)> = vec![
        (with(|g| g.session(&session(false, OPEN))), buy, "RISK_SESSION_CLOSED"),
        (desk(), Order { ts: OPEN - 1, ..buy }, "RISK_CLOCK"),
        (with(|g| g.kill(&kill(0, true)).unwrap()), buy, "RISK_KILLED"),
        (with(|g| g.kill(&kill(u16::MAX, true)).unwrap()), buy, "RISK_KILLED"),
        (desk(), Order { strategy: 2, ..buy }, "RISK_NO_MANDATE"),
        (with(|g| g.revoke(0).unwrap()), buy, "RISK_MANDATE_EXPIRED"),
        (with(|g| g.grant(&mandate(0, wide()), &[1]).unwrap()), buy, "RISK_UNIVERSE"),
        (desk(), Order { instrument: 4, ..buy }, "RISK_UNIVERSE"),
        (with(|g| hold(g, &order(5, Side::Buy, 1))), buy, "RISK_DUPLICATE"),
        (desk(), Order { side: 0, ..buy }, "RISK_BAD_FIELD"),
        (desk(), Order { kind: 9, ..buy }, "RISK_BAD_FIELD"),
        (desk(), Order { tif: 0, ..buy }, "RISK_BAD_FIELD"),
        (desk(), Order { limit_ticks: 0, ..buy }, "RISK_BAD_PRICE"),
        (desk(), Order { lots: 0, ..buy }, "RISK_BAD_LOTS"),
        (with(|g| g.define(&Instrument { lots_step: 100, ..share(0) }).unwrap()), buy, "RISK_BAD_LOTS"),
        (with(|g| g.define(&Instrument { flags: HALTED, ..share(0) }).unwrap()), buy, "RISK_HALTED"),
        (with(|g| g.define(&Instrument { flags: RESTRICTED, ..share(0) }).unwrap()), buy, "RISK_RESTRICTED"),
        (desk(), order(5, Side::Sell, 501), "RISK_NO_LOCATE"),
        (with(|g| g.define(&Instrument { flags: 0, ..share(0) }).unwrap()), order(5, Side::Sell, 1), "RISK_NO_LOCATE"),
        (desk(), Order { ts: OPEN + 10 * SECOND + 1, ..buy }, "RISK_STALE_DATA"),
        (desk(), Order { lots: 1_001, ..buy }, "RISK_ORDER_LOTS"),
        (limits(|l| l.order_notional = Money(999_999_999_999)), buy, "RISK_ORDER_NOTIONAL"),
        (with(|g| g.define(&Instrument { adv_lots: 999, ..share(0) }).unwrap()), buy, "RISK_ADV_SHARE"),
        (with(|g| g.define(&Instrument { adv_lots: 0, ..share(0) }).unwrap()), buy, "RISK_ADV_SHARE"),
        (desk(), Order { limit_ticks: 11_001, ..buy }, "RISK_COLLAR"),
        (with(|g| note(pass(g, &order(1, Side::Sell, 1)))), buy, "RISK_SELF_MATCH"),
        (limits(|l| l.orders_per_second = 0), buy, "RISK_RATE"),
        (limits(|l| l.repeats_per_second = 0), buy, "RISK_REPEAT"),
        (limits(|l| l.position = Money::units(999)), buy, "RISK_POSITION"),
        (limits(|l| l.gross = Money::units(999)), buy, "RISK_GROSS"),
        (limits(|l| l.net = Money::units(999)), buy, "RISK_NET"),
        (limits(|l| l.sector = Money::units(999)), buy, "RISK_SECTOR"),
        (limits(|l| l.concentration_bps = 9), buy, "RISK_CONCENTRATION"),
        (limits(|l| l.capital = Money::units(999)), buy, "RISK_BUYING_POWER"),
        (limits(|l| l.margin_bps = 0), buy, "RISK_BUYING_POWER"),
        (with(|g| lose(g, 50_000)), buy, "RISK_LOSS"),
        (
            with(|g| {
                lose(g, 100_000);
                g.session(&session(true, OPEN))
            }),
            buy,
            "RISK_DRAWDOWN",
        ),
        (limits(|l| l.var = Money::units(32)), buy, "RISK_VAR"),
        (
            with(|g| (1..=4).for_each(|id| note(pass(g, &order(id, Side::Buy, 1))))),
            Order { client_id: 9, ..buy },
            "RISK_RESERVATION",
        ),
    ];
    for (mut gate, order, expected) in table {
        assert_eq!(code_of(&mut gate, &order), expected, "{order:?}");
        proves(&gate);
    }
}

fn with(change: impl FnOnce(&mut Gate)) -> Gate {
    let mut gate = desk();
    change(&mut gate);
    gate
}

fn lose(gate: &mut Gate, units: i64) {
    gate.equity(0, Money::units(1_000_000)).unwrap();
    gate.equity(0, Money::units(1_000_000 - units)).unwrap();
}

#[test]
fn without_a_mandate_every_order_is_denied_even_a_reducing_one() {
    let mut gate = Gate::new(config());
    gate.define(&share(0)).unwrap();
    gate.observe(0, 10_000, OPEN).unwrap();
    gate.session(&session(true, OPEN));
    gate.set_firm(&Limits::UNLIMITED);
    gate.register(0).unwrap();
    assert_eq!(code_of(&mut gate, &order(1, Side::Buy, 1)), "RISK_NO_MANDATE");
    assert_eq!(code_of(&mut gate, &market(2, Side::Sell, 1)), "RISK_NO_MANDATE");
}

#[test]
fn limits_of_zero_grant_nothing_on_either_level() {
    let mut gate = desk_with(Limits::default());
    let (verdict, _) = gate.check_new(&order(1, Side::Buy, 1), OPEN);
    let limited = [
        code::RISK_STALE_DATA,
        code::RISK_ORDER_LOTS,
        code::RISK_ORDER_NOTIONAL,
        code::RISK_ADV_SHARE,
        code::RISK_COLLAR,
        code::RISK_RATE,
        code::RISK_REPEAT,
        code::RISK_POSITION,
        code::RISK_GROSS,
        code::RISK_NET,
        code::RISK_SECTOR,
        code::RISK_CONCENTRATION,
        code::RISK_BUYING_POWER,
        code::RISK_LOSS,
        code::RISK_DRAWDOWN,
        code::RISK_VAR,
    ];
    assert_eq!(
        verdict.failed,
        limited.iter().fold(0, |all, code| all | bit(*code)),
        "every rule that has a limit spoke"
    );
    assert_eq!(verdict.level, 0);
    let mut gate = desk_with(Limits::UNLIMITED);
    gate.set_firm(&Limits::default());
    let (verdict, _) = gate.check_new(&order(1, Side::Buy, 1), OPEN);
    assert_eq!((verdict.code, verdict.level), (code::RISK_STALE_DATA.0, 1));
}

#[test]
fn one_verdict_names_every_rule_that_spoke_and_gives_value_and_limit_of_the_first() {
    let mut gate = desk();
    let bad = Order { lots: 2_000, limit_ticks: 12_000, ..order(1, Side::Buy, 1) };
    let (verdict, approved) = gate.check_new(&bad, OPEN);
    assert!(approved.is_none());
    assert_eq!(verdict.failed, bit(code::RISK_ORDER_LOTS) | bit(code::RISK_ORDER_NOTIONAL) | bit(code::RISK_COLLAR));
    assert_eq!(
        (verdict.code, verdict.value, verdict.limit),
        (code::RISK_ORDER_LOTS.0, Money::units(2_000), Money::units(1_000))
    );
    let (verdict, _) = gate.check_new(&Order { client_id: 2, lots: 999, limit_ticks: 22_000, ..bad }, OPEN);
    assert_eq!(verdict.code, code::RISK_ORDER_NOTIONAL.0);
    assert_eq!((verdict.value, verdict.limit), (Money::units(999 * 220), Money::units(200_000)), "valued at its limit");
}

#[test]
fn a_denied_order_reserves_nothing_but_uses_up_its_client_order_id() {
    let mut gate = desk();
    let before = (gate.holding(0, 0), gate.exposure(Some(0)), gate.exposure(None));
    assert_eq!(code_of(&mut gate, &Order { lots: 1_001, ..order(1, Side::Buy, 1) }), "RISK_ORDER_LOTS");
    assert_eq!((gate.holding(0, 0), gate.exposure(Some(0)), gate.exposure(None)), before);
    assert_eq!(code_of(&mut gate, &order(1, Side::Buy, 1)), "RISK_DUPLICATE");
    assert_eq!(code_of(&mut gate, &order(2, Side::Buy, 1)), "");
}

#[test]
fn what_stops_new_risk_lets_risk_reducing_orders_through_and_says_so() {
    let stops: [(Change, u64); 7] = [
        (|g| g.kill(&kill(0, true)).unwrap(), bit(code::RISK_KILLED)),
        (|g| g.kill(&kill(u16::MAX, true)).unwrap(), bit(code::RISK_KILLED)),
        (|g| g.revoke(0).unwrap(), bit(code::RISK_MANDATE_EXPIRED)),
        (|g| g.define(&Instrument { flags: RESTRICTED, ..share(0) }).unwrap(), bit(code::RISK_RESTRICTED)),
        (|g| g.grant(&mandate(0, wide()), &[1]).unwrap(), bit(code::RISK_UNIVERSE)),
        (|g| lose(g, 50_000), bit(code::RISK_LOSS)),
        (|g| lose(g, 100_000), bit(code::RISK_LOSS) | bit(code::RISK_DRAWDOWN)),
    ];
    for (stop, spoke) in stops {
        let mut gate = desk();
        hold(&mut gate, &order(1, Side::Buy, 10));
        stop(&mut gate);
        let (more, _) = gate.check_new(&order(2, Side::Buy, 1), OPEN);
        assert_eq!((more.failed, more.reducing), (spoke, 0));
        let (crossing, _) = gate.check_new(&order(3, Side::Sell, 11), OPEN);
        assert_eq!(
            (crossing.failed & spoke, crossing.reducing),
            (spoke, 0),
            "an order that crosses zero does not reduce"
        );
        let (part, approved) = gate.check_new(&order(4, Side::Sell, 6), OPEN);
        assert_eq!((part.failed, part.waived, part.reducing), (0, spoke, 1));
        assert!(approved.is_some());
        let (rest, _) = gate.check_new(&order(5, Side::Sell, 5), OPEN);
        assert_eq!(rest.reducing, 0, "six of ten are already on their way out");
        proves(&gate);
    }
}

#[test]
fn nothing_else_is_waived_for_a_risk_reducing_order() {
    let never: [(Change, Order, &str); 6] = [
        (|g| g.session(&session(false, OPEN)), order(2, Side::Sell, 5), "RISK_SESSION_CLOSED"),
        (|_| (), order(1, Side::Sell, 5), "RISK_DUPLICATE"),
        (|g| g.define(&Instrument { flags: HALTED, ..share(0) }).unwrap(), order(2, Side::Sell, 5), "RISK_HALTED"),
        (|_| (), Order { ts: OPEN + 11 * SECOND, ..order(2, Side::Sell, 5) }, "RISK_STALE_DATA"),
        (|_| (), Order { limit_ticks: 1, ..order(2, Side::Sell, 5) }, "RISK_COLLAR"),
        (
            |g| note(pass(g, &Order { strategy: 1, ..order(1, Side::Buy, 1) })),
            order(2, Side::Sell, 5),
            "RISK_SELF_MATCH",
        ),
    ];
    for (stop, order, expected) in never {
        let mut gate = desk();
        hold(&mut gate, &self::order(1, Side::Buy, 10));
        stop(&mut gate);
        assert_eq!(code_of(&mut gate, &order), expected);
    }
}

#[test]
fn the_firm_counts_all_strategies_without_netting_them() {
    let mut gate = desk();
    let mut firm = wide();
    firm.position = Money::units(1_500);
    gate.set_firm(&firm);
    hold(&mut gate, &order(1, Side::Buy, 10));
    let short = Order { strategy: 1, ..order(1, Side::Sell, 10) };
    let (verdict, _) = gate.check_new(&short, OPEN);
    assert_eq!((verdict.failed, verdict.level), (bit(code::RISK_POSITION), 1));
    assert_eq!((verdict.value, verdict.limit), (Money::units(2_000), Money::units(1_500)));
    assert_eq!(code_of(&mut gate, &Order { client_id: 2, lots: 5, ..short }), "");
    proves(&gate);
}

#[test]
fn stock_located_for_short_sale_is_shared_by_the_firm() {
    let mut gate = desk();
    hold(&mut gate, &order(1, Side::Sell, 300));
    let other = Order { strategy: 1, ..order(1, Side::Sell, 201) };
    let (verdict, _) = gate.check_new(&other, OPEN);
    assert_eq!(
        (verdict.failed, verdict.value, verdict.limit),
        (bit(code::RISK_NO_LOCATE), Money::units(501), Money::units(500))
    );
    assert_eq!(code_of(&mut gate, &Order { client_id: 2, lots: 200, ..other }), "");
}

#[test]
fn a_market_order_matches_any_own_order_on_the_other_side_and_is_matched_by_all() {
    let mut gate = desk();
    let far = Order { limit_ticks: 10_900, ..order(1, Side::Sell, 1) };
    pass(&mut gate, &far);
    assert_eq!(code_of(&mut gate, &order(2, Side::Buy, 1)), "", "a limit below our own sell");
    assert_eq!(code_of(&mut gate, &market(3, Side::Buy, 1)), "RISK_SELF_MATCH");
    gate.release(&far);
    gate.release(&order(2, Side::Buy, 1));
    pass(&mut gate, &market(4, Side::Buy, 1));
    assert_eq!(code_of(&mut gate, &Order { limit_ticks: 10_900, ..order(5, Side::Sell, 1) }), "RISK_SELF_MATCH");
}

#[test]
fn the_rate_is_a_bucket_of_one_second_on_both_levels() {
    let limits = Limits { orders_per_second: 2, ..wide() };
    let mut gate = desk_with(limits);
    let names: Vec<&str> = (1..=3).map(|id| code_of(&mut gate, &order(id, Side::Buy, id as i64))).collect();
    assert_eq!(names, ["", "", "RISK_RATE"]);
    let later = Order { ts: OPEN + SECOND / 2, ..order(4, Side::Buy, 4) };
    assert_eq!(code_of(&mut gate, &later), "");
    gate.set_firm(&limits);
    let other = |id| Order { ts: OPEN + SECOND / 2, strategy: 1, instrument: 1, ..order(id, Side::Buy, id as i64) };
    let names: Vec<&str> = (1..=2).map(|id| code_of(&mut gate, &other(id))).collect();
    assert_eq!(names, ["", ""]);
    let (verdict, _) =
        gate.check_new(&Order { strategy: 0, ts: OPEN + SECOND, ..order(6, Side::Buy, 6) }, OPEN + SECOND);
    assert_eq!(verdict.failed, 0, "half a second brought one back");
    let (verdict, _) = gate
        .check_new(&Order { strategy: 1, instrument: 1, ts: OPEN + SECOND, ..order(7, Side::Buy, 7) }, OPEN + SECOND);
    assert_eq!((verdict.failed, verdict.level), (bit(code::RISK_RATE), 1));
    assert_eq!((verdict.value, verdict.limit), (Money::units(3), Money::units(2)));
}

#[test]
fn equal_orders_are_throttled_even_with_others_between() {
    let mut gate = desk_with(Limits { repeats_per_second: 1, ..wide() });
    let sell = |id| Order { limit_ticks: 10_100, ..order(id, Side::Sell, 1) };
    assert_eq!(code_of(&mut gate, &order(1, Side::Buy, 1)), "");
    assert_eq!(code_of(&mut gate, &sell(2)), "");
    assert_eq!(code_of(&mut gate, &order(3, Side::Buy, 1)), "RISK_REPEAT");
    assert_eq!(code_of(&mut gate, &sell(4)), "RISK_REPEAT");
    assert_eq!(code_of(&mut gate, &Order { ts: OPEN + SECOND, ..order(5, Side::Buy, 1) }), "");
}

#[test]
fn every_verdict_cites_the_mandate_it_was_judged_under() {
    let mut gate = desk();
    assert_eq!(gate.check_new(&order(1, Side::Buy, 1), OPEN).0.mandate, 1);
    gate.grant(&Mandate { index: 7, ..mandate(0, wide()) }, &UNIVERSE).unwrap();
    assert_eq!(gate.check_new(&order(2, Side::Buy, 1), OPEN).0.mandate, 7);
    gate.revoke(0).unwrap();
    let (denied, _) = gate.check_new(&order(3, Side::Buy, 1), OPEN);
    assert_eq!((denied.code, denied.mandate), (code::RISK_MANDATE_EXPIRED.0, 7), "an ended mandate is still the one");
    let stranger = Order { strategy: 9, ..order(4, Side::Buy, 1) };
    assert_eq!(gate.check_new(&stranger, OPEN).0.mandate, 0);
}

#[test]
fn a_cancel_always_passes() {
    let mut gate = desk();
    let working = pass(&mut gate, &order(1, Side::Buy, 10));
    gate.kill(&kill(u16::MAX, true)).unwrap();
    gate.session(&session(false, OPEN));
    gate.revoke(0).unwrap();
    let request = CancelRequest { id: 2, order_id: 1, ..CancelRequest::default() };
    let (verdict, approved) = gate.check_cancel(&request, &working, i64::MIN);
    assert_eq!((verdict.decision, verdict.failed, verdict.order_id), (Decision::Approved as u8, 0, 1));
    assert_eq!(verdict.mandate, 1);
    assert_eq!(approved.into_inner(), request);
    assert_eq!(gate.holding(0, 0).open_buy, 10, "reserved until the venue confirms");
}
