//! A small desk to test the gate on: two strategies, four shares of which one is in euro, everything open and wide.
#![allow(dead_code, reason = "each test file uses the part of the desk it needs")]

use hedgerow_core::time::SECOND;
use hedgerow_core::{
    Currency, FirmLimits, Instrument, Limits, MONEY_UNIT, Mandate, Money, Order, OrderKind, SHORTABLE, Session, Side,
    Symbol, TimeInForce,
};
use hedgerow_risk::{Approved, Gate, GateConfig};

pub const STRATEGIES: u16 = 2;
pub const INSTRUMENTS: u32 = 4;
pub const UNIVERSE: [u32; 4] = [0, 1, 2, 3];
/// When the desk opens.
pub const OPEN: i64 = 1_000 * SECOND;
pub const CLOSE: i64 = 1_000_000 * SECOND;
/// 0.9 dollars for one euro.
pub const EUR_RATE: i64 = 900_000_007;

pub fn currency(text: &str) -> Currency {
    Currency::parse(text).unwrap()
}

/// A share with a tick of one cent: instruments 0 and 1 in sector 0, 2 in sector 1, 3 in euro and sector 1.
pub fn share(instrument: u32) -> Instrument {
    Instrument {
        tick_nano: 10_000_000,
        lot_nano: MONEY_UNIT as i64,
        tick_value: 10_000_000,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1_000_000,
        locate_lots: 500,
        sigma_nano: 20_000_000,
        currency: currency(if instrument == 3 { "EUR" } else { "USD" }),
        symbol: Symbol::parse(&format!("S{instrument}")).unwrap(),
        instrument,
        sector: instrument / 2,
        flags: SHORTABLE,
        ..Instrument::default()
    }
}

/// Limits that none of the tests' ordinary orders reaches.
pub fn wide() -> Limits {
    Limits {
        capital: Money::units(1_000_000),
        gross: Money::units(1_000_000),
        net: Money::units(1_000_000),
        position: Money::units(500_000),
        sector: Money::units(800_000),
        order_notional: Money::units(200_000),
        loss: Money::units(50_000),
        drawdown: Money::units(100_000),
        var: Money::units(100_000),
        order_lots: 1_000,
        data_age_ns: 10 * SECOND,
        collar_bps: 1_000,
        orders_per_second: 50,
        repeats_per_second: 10,
        concentration_bps: 10_000,
        margin_bps: 10_000,
        adv_share_bps: 100,
        spare: 0,
    }
}

pub fn config() -> GateConfig {
    GateConfig {
        working_per_instrument: 4,
        repeat_slots: 1 << 12,
        ..GateConfig::new(STRATEGIES, INSTRUMENTS, 2, currency("USD"))
    }
}

pub fn session(open: bool, ts: i64) -> Session {
    Session { ts, closes_ts: CLOSE, open: u8::from(open), new_day: 1, ..Session::default() }
}

pub fn mandate(strategy: u16, limits: Limits) -> Mandate {
    Mandate { index: u32::from(strategy) + 1, strategy, limits, expires_ts: CLOSE, ..Mandate::default() }
}

/// An open desk, every price at 100.00, both strategies under `limits`, the firm with twice as wide ones.
pub fn desk_with(limits: Limits) -> Gate {
    let mut gate = Gate::new(config());
    gate.set_rate(currency("EUR"), EUR_RATE).unwrap();
    for instrument in UNIVERSE {
        gate.define(&share(instrument)).unwrap();
        gate.observe(instrument, 10_000, OPEN).unwrap();
    }
    gate.session(&session(true, OPEN));
    let twice = |m: Money| Money(m.0 * 2);
    let firm = Limits { capital: twice(wide().capital), gross: twice(wide().gross), net: twice(wide().net), ..wide() };
    gate.set_firm_limits(&FirmLimits { limits: firm, ..FirmLimits::default() });
    for strategy in 0..STRATEGIES {
        gate.register(strategy).unwrap();
        gate.grant(&mandate(strategy, limits), &UNIVERSE).unwrap();
    }
    gate
}

pub fn desk() -> Gate {
    desk_with(wide())
}

/// A limit order at 100.00; its id serves as client order id, too.
pub fn order(id: u64, side: Side, lots: i64) -> Order {
    Order {
        id,
        ts: OPEN,
        client_id: id,
        lots,
        limit_ticks: 10_000,
        side: side as u8,
        kind: OrderKind::Limit as u8,
        tif: TimeInForce::Day as u8,
        ..Order::default()
    }
}

pub fn market(id: u64, side: Side, lots: i64) -> Order {
    Order { kind: OrderKind::Market as u8, limit_ticks: 0, ..order(id, side, lots) }
}

/// Sends an order that must pass.
pub fn pass(gate: &mut Gate, order: &Order) -> Order {
    let (verdict, approved) = gate.check_new(order, order.ts);
    assert_eq!(verdict.failed, 0, "denied: {verdict:?}");
    approved.map(Approved::into_inner).unwrap()
}

/// Sends an order that must pass and fills it whole.
pub fn hold(gate: &mut Gate, order: &Order) {
    let sent = pass(gate, order);
    gate.fill(&sent, sent.lots).unwrap();
}

/// The name of the code that an order is denied with; empty if it passes.
pub fn code_of(gate: &mut Gate, order: &Order) -> &'static str {
    let (verdict, _) = gate.check_new(order, order.ts.max(OPEN));
    hedgerow_core::TABLE.iter().find(|def| def.code.0 == verdict.code).map_or("", |def| def.name)
}

/// Every sum agrees with what it sums.
pub fn proves(gate: &Gate) {
    gate.recount().unwrap();
}

/// For an order that is only sent for its reservation.
pub fn note(_: Order) {}
