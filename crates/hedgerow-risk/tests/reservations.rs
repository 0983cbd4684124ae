//! What happens to a reservation: it is replaced, filled, released, revalued, written down and read again.

mod desk;

use desk::*;
use hedgerow_core::{Instrument, Limits, Money, Order, ReplaceRequest, SHORTABLE, Side, code};
use hedgerow_risk::rules::bit;
use hedgerow_risk::{Approved, Gate, GateConfig};

#[test]
fn a_replace_reserves_only_what_it_adds_and_both_terms_count_until_the_venue_answers() {
    let mut gate = desk_with(Limits { position: Money::units(2_000), ..wide() });
    let working = pass(&mut gate, &order(1, Side::Buy, 15));
    let request = |id, lots, limit_ticks| ReplaceRequest {
        id,
        order_id: 1,
        client_id: id,
        ts: OPEN,
        lots,
        limit_ticks,
        ..ReplaceRequest::default()
    };
    let (denied, nothing) = gate.check_replace(&working, 0, &request(2, 21, 10_000), OPEN);
    assert_eq!((denied.failed, denied.value), (bit(code::RISK_POSITION), Money::units(2_100)));
    assert!(nothing.is_none());
    assert_eq!(gate.holding(0, 0).open_buy, 15, "the old reservation stands");
    let (passed, approved) = gate.check_replace(&working, 0, &request(3, 20, 9_900), OPEN);
    assert_eq!((passed.failed, passed.cause, passed.order_id), (0, 3, 1));
    assert_eq!(approved.map(Approved::into_inner), Some(request(3, 20, 9_900)));
    assert_eq!(gate.holding(0, 0).open_buy, 20);
    let (again, _) = gate.check_replace(&working, 0, &request(4, 16, 9_900), OPEN);
    assert_eq!(again.failed, bit(code::RISK_RESERVATION), "one replace at a time");
    assert_eq!(code_of(&mut gate, &order(5, Side::Sell, 1)), "RISK_SELF_MATCH", "the old price may still work");
    gate.replaced(&working).unwrap();
    assert_eq!(gate.holding(0, 0).open_buy, 20);
    assert_eq!(code_of(&mut gate, &order(6, Side::Sell, 1)), "", "only the new price works");
    proves(&gate);
}

#[test]
fn a_replace_that_shrinks_frees_lots_only_when_the_venue_took_it() {
    let request = ReplaceRequest {
        id: 2,
        order_id: 1,
        client_id: 2,
        ts: OPEN,
        lots: 5,
        limit_ticks: 10_000,
        ..ReplaceRequest::default()
    };
    for (taken, left) in [(true, 3), (false, 8)] {
        let mut gate = desk();
        let working = pass(&mut gate, &order(1, Side::Buy, 10));
        gate.fill(&working, 2).unwrap();
        let (verdict, _) = gate.check_replace(&working, 2, &request, OPEN);
        assert_eq!(verdict.failed, 0);
        assert_eq!(gate.holding(0, 0).open_buy, 8);
        if taken { gate.replaced(&working) } else { gate.replace_rejected(&working) }.unwrap();
        assert_eq!(gate.holding(0, 0).open_buy, left);
        assert_eq!(gate.replaced(&working).unwrap_err().code, code::RISK_UNKNOWN_ORDER, "nothing is on its way");
        assert_eq!(gate.release(&working), left);
        proves(&gate);
    }
}

#[test]
fn only_a_working_order_of_ones_own_can_be_replaced() {
    let mut gate = desk();
    let working = pass(&mut gate, &order(1, Side::Buy, 10));
    let good = ReplaceRequest {
        id: 2,
        order_id: 1,
        client_id: 2,
        ts: OPEN,
        lots: 5,
        limit_ticks: 10_000,
        ..ReplaceRequest::default()
    };
    for (index, (order, filled, request, expected)) in [
        (working, 0, ReplaceRequest { order_id: 9, ..good }, code::RISK_UNKNOWN_ORDER),
        (working, 0, ReplaceRequest { strategy: 1, ..good }, code::RISK_UNKNOWN_ORDER),
        (Order { id: 9, ..working }, 0, ReplaceRequest { order_id: 9, ..good }, code::RISK_UNKNOWN_ORDER),
        (working, -1, good, code::RISK_UNKNOWN_ORDER),
        (working, 5, good, code::RISK_BAD_LOTS),
        (working, 0, ReplaceRequest { lots: i64::MIN, ..good }, code::RISK_BAD_LOTS),
        (working, 0, ReplaceRequest { limit_ticks: 0, ..good }, code::RISK_BAD_PRICE),
        (Order { instrument: u32::MAX, ..working }, 0, good, code::RISK_UNIVERSE),
    ]
    .into_iter()
    .enumerate()
    {
        let client_id = index as u64 + 10;
        let (verdict, approved) = gate.check_replace(&order, filled, &ReplaceRequest { client_id, ..request }, OPEN);
        assert_eq!(verdict.code, expected.0, "{request:?}");
        assert!(approved.is_none());
        assert_eq!(gate.holding(0, 0).open_buy, 10);
    }
    proves(&gate);
}

#[test]
fn a_fill_beyond_the_reservation_or_of_an_unknown_order_changes_nothing() {
    let mut gate = desk();
    let working = pass(&mut gate, &order(1, Side::Buy, 10));
    for (order, lots, expected) in [
        (working, 11, code::OMS_OVERFILL),
        (working, 0, code::OMS_OVERFILL),
        (working, i64::MIN, code::OMS_OVERFILL),
        (Order { id: 2, ..working }, 1, code::RISK_UNKNOWN_ORDER),
        (Order { strategy: 1, ..working }, 1, code::RISK_UNKNOWN_ORDER),
        (Order { instrument: 99, ..working }, 1, code::RISK_UNKNOWN_ORDER),
    ] {
        assert_eq!(gate.fill(&order, lots).unwrap_err().code, expected);
        assert_eq!((gate.holding(0, 0).position, gate.holding(0, 0).open_buy), (0, 10));
    }
    gate.fill(&working, 10).unwrap();
    assert_eq!(gate.release(&working), 0, "nothing is left of a filled order");
    proves(&gate);
}

#[test]
fn prices_and_rates_move_every_sum_that_rests_on_them() {
    let mut gate = desk();
    hold(&mut gate, &Order { instrument: 3, ..order(1, Side::Buy, 100) });
    pass(&mut gate, &order(2, Side::Buy, 10));
    let euro = |gate: &Gate| gate.exposure(Some(0)).gross.to_f64() - 1_000.0;
    assert!((euro(&gate) - 9_000.0).abs() < 0.001);
    gate.observe(3, 20_000, OPEN + 1).unwrap();
    assert!((euro(&gate) - 18_000.0).abs() < 0.001);
    gate.set_rate(currency("EUR"), 1_100_000_000).unwrap();
    assert!((euro(&gate) - 22_000.0).abs() < 0.001);
    proves(&gate);
    assert_eq!(gate.observe(3, 20_000, OPEN).unwrap_err().code, code::CORE_TIME_ORDER);
    assert_eq!(gate.observe(9, 20_000, OPEN).unwrap_err().code, code::CORE_UNKNOWN_INSTRUMENT);
    assert_eq!(gate.set_rate(currency("USD"), 1).unwrap_err().code, code::CORE_INPUT);
    assert_eq!(gate.define(&Instrument { sector: 2, ..share(0) }).unwrap_err().code, code::CORE_CAPACITY);
    assert_eq!(gate.register(2).unwrap_err().code, code::CORE_CAPACITY);
    assert_eq!(gate.grant(&mandate(0, wide()), &[4]).unwrap_err().code, code::CORE_UNKNOWN_INSTRUMENT);
    assert_eq!(gate.equity(7, Money::ZERO).unwrap_err().code, code::CORE_UNKNOWN_STRATEGY);
}

#[test]
fn gains_and_losses_move_buying_power_and_payments_do_not() {
    let mut gate = desk();
    gate.equity(0, Money::units(1_000_000)).unwrap();
    gate.equity(1, Money::units(500_000)).unwrap();
    gate.flow(0, Money::units(-200_000)).unwrap();
    gate.equity(0, Money::units(800_000)).unwrap();
    assert_eq!(gate.exposure(Some(0)).buying_power, Money::units(1_000_000));
    assert_eq!(
        gate.exposure(None).buying_power,
        Money::units(2_000_000),
        "a second strategy's start is no gain or loss"
    );
    gate.equity(0, Money::units(830_000)).unwrap();
    assert_eq!(gate.exposure(Some(0)).buying_power, Money::units(1_030_000));
    gate.equity(0, Money::units(770_000)).unwrap();
    assert_eq!(gate.exposure(Some(0)).buying_power, Money::units(970_000));
    assert_eq!(gate.exposure(None).buying_power, Money::units(1_970_000));
    assert_eq!(code_of(&mut gate, &order(1, Side::Buy, 1)), "");
}

#[test]
fn an_equity_after_a_high_is_both_told_one_after_the_other() {
    for (before, speaks) in [(None, "RISK_LOSS"), (Some(900_000), "RISK_DRAWDOWN")] {
        let (mut both, mut each) = (desk(), desk());
        for gate in [&mut both, &mut each] {
            gate.equity(1, Money::units(500_000)).unwrap();
            before.into_iter().for_each(|units| gate.equity(0, Money::units(units)).unwrap());
        }
        let (high, now) = (Money::units(1_000_000), Money::units(895_000));
        both.equity_after(0, high, now).unwrap();
        each.equity(0, high).unwrap();
        each.equity(0, now).unwrap();
        assert_eq!(postcard::to_stdvec(&both).unwrap(), postcard::to_stdvec(&each).unwrap());
        assert_eq!(code_of(&mut both, &order(1, Side::Buy, 1)), speaks, "the high counts");
        assert_eq!(both.equity_after(7, high, now).unwrap_err().code, code::CORE_UNKNOWN_STRATEGY);
    }
}

#[test]
fn the_gate_survives_its_own_bytes() {
    let mut gate = desk();
    hold(&mut gate, &order(1, Side::Buy, 10));
    let working = pass(&mut gate, &order(2, Side::Buy, 20));
    let bytes = postcard::to_stdvec(&gate).unwrap();
    let mut again: Gate = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(postcard::to_stdvec(&again).unwrap(), bytes);
    assert_eq!(again.check_new(&order(3, Side::Sell, 5), OPEN), gate.check_new(&order(3, Side::Sell, 5), OPEN));
    again.fill(&working, 20).unwrap();
    assert_eq!(again.holding(0, 0).position, 30);
    proves(&again);
}

#[test]
fn a_gate_of_no_size_denies_and_does_not_panic() {
    let mut gate = Gate::new(GateConfig { working_per_instrument: 0, ..GateConfig::new(0, 0, 0, currency("USD")) });
    assert_eq!(code_of(&mut gate, &order(1, Side::Buy, 1)), "RISK_NO_MANDATE");
    assert_eq!(gate.define(&Instrument { flags: SHORTABLE, ..share(0) }).unwrap_err().code, code::CORE_CAPACITY);
    assert_eq!(gate.limits(Some(3)), Limits::default());
    proves(&gate);
}
