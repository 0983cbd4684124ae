//! Bad input: refused with its name, and nothing has changed; never a panic, however absurd the numbers.

use crate::invariants;
use crate::people::Wish;
use crate::records::{Absurd, absurd, plausible, spoiled};
use crate::world::{CAPACITY, MOMENTUM, World, currency, instrument};
use hedgerow_core::{
    AlgoSettings, Bar, CashMovement, Code, Currency, FirmLimits, Forecast, FxRate, Instrument, KillSwitch, Limits,
    Order, ParentEvent, ParentOrder, PlanStep, Quote, Session, Slice, Symbol, Target, Trade, code, time::SECOND,
};
use hedgerow_kernel::{Capacity, Input, Kernel};
use proptest::prelude::*;
use std::sync::LazyLock;

#[track_caller]
fn refused(world: &mut World, input: Input, code: Code) {
    let shown = format!("{input:?}");
    match world.tries(input) {
        Err(problem) => assert_eq!(problem.code, code, "{problem}: {shown}"),
        Ok(told) => panic!("{told:?}: {shown}"),
    }
}

#[test]
fn a_bar_whose_prices_cannot_be_is_refused() {
    let mut world = World::trading();
    let bar = world.flat_bar("AAA", 10_000);
    for (bar, code) in [
        (Bar { low_ticks: 0, ..bar }, code::DATA_NOT_POSITIVE),
        (Bar { low_ticks: -1, ..bar }, code::DATA_NOT_POSITIVE),
        (Bar { low_ticks: i64::MIN, ..bar }, code::DATA_NOT_POSITIVE),
        (Bar { close_ticks: 0, ..bar }, code::DATA_CROSSED),
        (Bar { high_ticks: 9_999, ..bar }, code::DATA_CROSSED),
        (Bar { low_ticks: 10_001, ..bar }, code::DATA_CROSSED),
        (Bar { open_ticks: 10_001, ..bar }, code::DATA_CROSSED),
        (Bar { ts_event: bar.ts_init + 1, ..bar }, code::DATA_KNOWN_BEFORE),
        (Bar { ts_init: bar.ts_init - 2, ts_event: bar.ts_event - 2, ..bar }, code::CORE_TIME_ORDER),
        (Bar { instrument: 3, ..bar }, code::CORE_UNKNOWN_INSTRUMENT),
        (Bar { instrument: u32::MAX, ..bar }, code::CORE_UNKNOWN_INSTRUMENT),
        (Bar { cause: u64::MAX, ..bar }, code::CORE_INPUT),
    ] {
        refused(&mut world, Input::Bar(bar), code);
    }
}

#[test]
fn a_quote_whose_prices_cannot_be_is_refused() {
    let mut world = World::trading();
    let (ts, bid, ask) = (world.ts, 10_000, 10_002);
    let quote = Quote {
        ts_event: ts,
        ts_init: ts,
        bid_ticks: bid,
        bid_lots: 1,
        ask_ticks: ask,
        ask_lots: 1,
        ..Quote::default()
    };
    for (quote, code) in [
        (Quote { bid_ticks: 0, ask_ticks: 0, ..quote }, code::DATA_NOT_POSITIVE),
        (Quote { bid_ticks: -1, ..quote }, code::DATA_NOT_POSITIVE),
        (Quote { ask_ticks: i64::MIN, ..quote }, code::DATA_NOT_POSITIVE),
        (Quote { ask_lots: -1, ..quote }, code::DATA_NOT_POSITIVE),
        (Quote { bid_ticks: 10_003, ..quote }, code::DATA_CROSSED),
        (Quote { ts_event: ts + 1, ..quote }, code::DATA_KNOWN_BEFORE),
        (Quote { ts_event: ts - 2, ts_init: ts - 2, ..quote }, code::CORE_TIME_ORDER),
        (Quote { instrument: 3, ..quote }, code::CORE_UNKNOWN_INSTRUMENT),
        (Quote { cause: u64::MAX, ..quote }, code::CORE_INPUT),
    ] {
        refused(&mut world, Input::Quote(quote), code);
    }
}

#[test]
fn a_quote_marks_half_way_between_its_prices_or_at_the_one_there_is() {
    for (bid, ask, mark) in
        [(10_000, 10_002, 10_001), (10_000, 10_003, 10_001), (10_000, 10_000, 10_000), (0, 7, 7), (7, 0, 7)]
    {
        assert_eq!(Quote { bid_ticks: bid, ask_ticks: ask, ..Quote::default() }.mark_ticks(), mark);
    }
    let mut world = World::trading();
    let (bid_ticks, ask_ticks) = (10_100, 10_102);
    world.wait(SECOND);
    let (ts_event, ts_init) = (world.ts, world.ts);
    world.tries(Input::Quote(Quote { ts_event, ts_init, bid_ticks, ask_ticks, ..Quote::default() })).unwrap();
    assert_eq!(world.kernel.ledger().mark_ticks(0), Some(10_101));
    assert_eq!(world.kernel.gate().observed_ts(0), ts_event);
}

#[test]
fn a_bar_older_than_the_last_price_is_refused_however_late_it_is_known() {
    let mut world = World::trading();
    world.trades("buy 10 AAA", 10_000);
    world.wait(SECOND);
    world.bar("AAA", 10_100);
    world.wait(SECOND);
    let late = Bar { ts_event: world.ts - 2 * SECOND, ..world.flat_bar("AAA", 9_000) };
    refused(&mut world, Input::Bar(late), code::CORE_TIME_ORDER);
}

#[test]
fn a_mark_that_no_book_can_hold_is_refused() {
    let mut world = World::staffed();
    let dear = Instrument { tick_value: 100_000_000_000_000, ts: world.ts, ..instrument(3) };
    world.take(Input::Instrument(dear));
    let limits = Limits::UNLIMITED;
    world.firm(limits);
    world.grant(&Wish { universe: &["DDD"], limits, ..Wish::of("momentum") });
    world.start(MOMENTUM, 'A');
    world.bar("DDD", 1);
    world.trades("buy 90000 DDD", 1);
    world.wait(SECOND);
    world.bar("DDD", 1 << 60);
    world.wait(SECOND);
    let beyond = world.flat_bar("DDD", i64::MAX);
    refused(&mut world, Input::Bar(beyond), code::LEDGER_OVERFLOW);
    invariants::hold(&world.kernel);
    assert_eq!(world.asks("buy 1 DDD")[0], "denied RISK-029", "the gate cannot value it exactly");
}

#[test]
fn a_rate_that_cannot_be_is_refused() {
    let mut world = World::trading();
    let rate = world.rate(1_100_000_000);
    let usd = currency("USD");
    for (rate, code) in [
        (FxRate { rate_nano: 0, ..rate }, code::DATA_NOT_POSITIVE),
        (FxRate { rate_nano: -1, ..rate }, code::DATA_NOT_POSITIVE),
        (FxRate { base: usd, quote: rate.base, ..rate }, code::CORE_CURRENCY),
        (FxRate { base: usd, ..rate }, code::CORE_CURRENCY),
        (FxRate { base: Currency(*b"eur\0\0\0\0\0"), ..rate }, code::CORE_CURRENCY),
        (FxRate { base: Currency([0; 8]), ..rate }, code::CORE_CURRENCY),
        (FxRate { base: Currency(*b"E\0R\0\0\0\0\0"), ..rate }, code::CORE_CURRENCY),
        (FxRate { ts_event: rate.ts_init + 1, ..rate }, code::DATA_KNOWN_BEFORE),
        (FxRate { ts_init: rate.ts_init - 2, ts_event: 0, ..rate }, code::CORE_TIME_ORDER),
        (FxRate { rate_nano: i64::MAX, ..rate }, code::CORE_OVERFLOW),
    ] {
        refused(&mut world, Input::FxRate(rate), code);
    }
    world.take(Input::FxRate(FxRate { base: currency("JPY"), ..rate }));
    refused(&mut world, Input::FxRate(FxRate { base: currency("CHF"), ..rate }), code::LEDGER_FULL);
}

#[test]
fn an_instrument_that_cannot_be_is_refused_and_can_then_be_defined_well() {
    let mut world = World::trading();
    let good = instrument(3);
    let symbol = |text: &str| Symbol::parse(text).unwrap();
    for (bad, code) in [
        (Instrument { instrument: 4, ..good }, code::CORE_CAPACITY),
        (Instrument { instrument: u32::MAX, ..good }, code::CORE_CAPACITY),
        (Instrument { sector: 2, ..good }, code::CORE_CAPACITY),
        (Instrument { tick_value: 0, ..good }, code::CORE_TICK_VALUE),
        (Instrument { tick_value: -1, ..good }, code::CORE_TICK_VALUE),
        (Instrument { adv_lots: -1, ..good }, code::CORE_INPUT),
        (Instrument { sigma_nano: -1, ..good }, code::CORE_INPUT),
        (Instrument { sigma_nano: i64::MAX, ..good }, code::CORE_INPUT),
        (Instrument { tick_value: i64::MAX, ..good }, code::CORE_OVERFLOW),
        (Instrument { symbol: symbol("AAA"), ..good }, code::CORE_INPUT),
        (Instrument { symbol: Symbol([0; 32]), ..good }, code::CORE_SYMBOL),
        (Instrument { symbol: Symbol([0xff; 32]), ..good }, code::CORE_SYMBOL),
        (Instrument { currency: Currency([0xff; 8]), ..good }, code::CORE_CURRENCY),
        (Instrument { instrument: 0, symbol: symbol("AAX"), ..good }, code::CORE_INPUT),
        (Instrument { tick_value: 5, ..instrument(0) }, code::CORE_INPUT),
        (Instrument { lot_nano: 5, ..instrument(0) }, code::CORE_INPUT),
        (Instrument { sector: 1, ..instrument(0) }, code::CORE_INPUT),
        (Instrument { ts: 0, ..good }, code::CORE_TIME_ORDER),
    ] {
        let bad = Instrument { ts: if bad.ts == 0 { 0 } else { world.ts }, ..bad };
        refused(&mut world, Input::Instrument(bad), code);
    }
    let ts = world.ts;
    for code in ["JPY", "CHF"] {
        let foreign = Instrument { currency: currency(code), ts, ..good };
        if code == "JPY" {
            world.clone().take(Input::Instrument(foreign));
            world.take(Input::FxRate(FxRate { base: currency("JPY"), ..world.rate(7_000_000) }));
        } else {
            refused(&mut world, Input::Instrument(foreign), code::LEDGER_FULL);
        }
    }
    world.take(Input::Instrument(Instrument { ts, ..good }));
}

#[test]
fn an_order_cash_forecast_target_or_parent_order_that_cannot_be_is_refused() {
    let mut world = World::trading();
    let order = world.written(MOMENTUM, "buy 10 AAA");
    let cash = world.capital(MOMENTUM, "USD", 10);
    let ts = world.ts;
    let forecast = Forecast { ts, expected_return: 0.01, uncertainty: 0.02, ..Forecast::default() };
    let target = Target { ts, ..Target::default() };
    let parent = ParentOrder { ts, lots: 100, slices: 4, side: 1, algo: 1, ..ParentOrder::default() };
    let told = AlgoSettings { ts, cause: 1, ..AlgoSettings::default() };
    let step = PlanStep { ts, cause: 1, step: 1, due_lots: 10, ..PlanStep::default() };
    let slice = Slice { ts, cause: 1, lots: 10, reason: 1, ..Slice::default() };
    let trade = Trade { ts_init: ts, lots: 5, price_ticks: 10_000, ..Trade::default() };
    let event = ParentEvent { ts, parent: 1, lots: 10, event: 1, ..ParentEvent::default() };
    for (input, code) in [
        (Input::Order(Order { instrument: 3, ..order }), code::CORE_UNKNOWN_INSTRUMENT),
        (Input::Order(Order { strategy: 3, ..order }), code::CORE_UNKNOWN_STRATEGY),
        (Input::Order(Order { strategy: u16::MAX, ..order }), code::CORE_UNKNOWN_STRATEGY),
        (Input::Order(Order { cause: 1 << 40, ..order }), code::CORE_INPUT),
        (Input::CashMovement(CashMovement { strategy: 3, ..cash }), code::CORE_UNKNOWN_STRATEGY),
        (Input::CashMovement(CashMovement { kind: 0, ..cash }), code::CORE_INPUT),
        (Input::CashMovement(CashMovement { currency: currency("JPY"), ..cash }), code::CORE_NO_RATE),
        (Input::CashMovement(CashMovement { ts: 0, ..cash }), code::CORE_TIME_ORDER),
        (Input::Forecast(Forecast { expected_return: f64::NAN, ..forecast }), code::MODEL_NAN),
        (Input::Forecast(Forecast { uncertainty: f64::INFINITY, ..forecast }), code::MODEL_NAN),
        (Input::Forecast(Forecast { instrument: 3, ..forecast }), code::CORE_UNKNOWN_INSTRUMENT),
        (Input::Forecast(Forecast { strategy: 3, ..forecast }), code::CORE_UNKNOWN_STRATEGY),
        (Input::Forecast(Forecast { ts: ts - 2, ..forecast }), code::CORE_TIME_ORDER),
        (Input::Target(Target { instrument: 3, ..target }), code::CORE_UNKNOWN_INSTRUMENT),
        (Input::Target(Target { strategy: 3, ..target }), code::CORE_UNKNOWN_STRATEGY),
        (Input::ParentOrder(ParentOrder { lots: 0, ..parent }), code::CORE_INPUT),
        (Input::ParentOrder(ParentOrder { slices: 0, ..parent }), code::CORE_INPUT),
        (Input::ParentOrder(ParentOrder { side: 0, ..parent }), code::CORE_INPUT),
        (Input::ParentOrder(ParentOrder { algo: 9, ..parent }), code::CORE_INPUT),
        (Input::AlgoSettings(AlgoSettings { cause: 0, ..told }), code::CORE_INPUT),
        (Input::AlgoSettings(AlgoSettings { risk_aversion: f64::NAN, ..told }), code::CORE_INPUT),
        (Input::AlgoSettings(AlgoSettings { size_bps: 10_001, ..told }), code::CORE_INPUT),
        (Input::AlgoSettings(AlgoSettings { auction: 2, ..told }), code::CORE_INPUT),
        (Input::AlgoSettings(AlgoSettings { strategy: 3, ..told }), code::CORE_UNKNOWN_STRATEGY),
        (Input::PlanStep(PlanStep { step: 0, ..step }), code::CORE_INPUT),
        (Input::PlanStep(PlanStep { due_lots: -1, ..step }), code::CORE_INPUT),
        (Input::PlanStep(PlanStep { cause: 1 << 40, ..step }), code::CORE_INPUT),
        (Input::PlanStep(PlanStep { ts: ts - 2, ..step }), code::CORE_TIME_ORDER),
        (Input::Slice(Slice { lots: 0, ..slice }), code::CORE_INPUT),
        (Input::Slice(Slice { reason: 9, ..slice }), code::CORE_INPUT),
        (Input::Slice(Slice { auction: 2, ..slice }), code::CORE_INPUT),
        (Input::Slice(Slice { instrument: 3, ..slice }), code::CORE_UNKNOWN_INSTRUMENT),
        (Input::ParentEvent(ParentEvent { event: 0, ..event }), code::CORE_INPUT),
        (Input::ParentEvent(ParentEvent { parent: 0, ..event }), code::CORE_INPUT),
        (Input::ParentEvent(ParentEvent { lots: 0, ..event }), code::CORE_INPUT),
        (Input::Trade(0, Trade { lots: 0, ..trade }), code::DATA_NOT_POSITIVE),
        (Input::Trade(0, Trade { price_ticks: 0, ..trade }), code::DATA_NOT_POSITIVE),
        (Input::Trade(0, Trade { instrument: 3, ..trade }), code::CORE_UNKNOWN_INSTRUMENT),
        (Input::Trade(0, Trade { ts_init: ts - 2, ..trade }), code::CORE_TIME_ORDER),
        (Input::Session(Session { ts: 0, ..Session::default() }), code::CORE_TIME_ORDER),
        (Input::KillSwitch(KillSwitch { ts, strategy: 3, ..KillSwitch::default() }), code::CORE_UNKNOWN_STRATEGY),
        (Input::FirmLimits(FirmLimits::default()), code::CORE_TIME_ORDER),
        (Input::Genesis(0, Vec::new()), code::CORE_INPUT),
        (Input::Signed(0, b"{}".to_vec()), code::GOV_BAD_ENVELOPE),
    ] {
        refused(&mut world, input, code);
    }
}

#[test]
fn a_kernel_is_not_made_larger_than_a_machine() {
    let genesis = crate::people::genesis().to_bytes();
    for capacity in [
        Capacity { instruments: u32::MAX, ..CAPACITY },
        Capacity { orders: u32::MAX, ..CAPACITY },
        Capacity { sectors: u32::MAX, ..CAPACITY },
        Capacity { strategies: u16::MAX, currencies: u16::MAX, ..CAPACITY },
        Capacity { strategies: u16::MAX, instruments: 1 << 16, ..CAPACITY },
    ] {
        assert_eq!(Kernel::new(capacity, &genesis).unwrap_err().code, code::CORE_CAPACITY, "{capacity:?}");
    }
    assert_eq!(Kernel::new(CAPACITY, b"{}").unwrap_err().code, code::GOV_BAD_BODY);
}

#[test]
fn a_kernel_without_room_refuses_and_does_not_panic() {
    let genesis = crate::people::genesis().to_bytes();
    let none = Capacity { strategies: 0, instruments: 0, sectors: 0, currencies: 0, orders: 0, ..CAPACITY };
    let mut full = World::trading();
    let order = full.works("buy 10 AAA @ 9990");
    let inputs = plausible(&mut full, &order);
    let mut world = World { kernel: Kernel::new(none, &genesis).unwrap(), ..World::founded() };
    for input in inputs {
        let _ = world.tries(input);
        invariants::numbered(&world.tape);
    }
}

#[test]
fn a_state_with_a_byte_too_many_or_too_few_is_not_one() {
    let bytes = World::trading().kernel.to_bytes();
    assert_eq!(Kernel::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    for bad in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat(), &[]] {
        assert_eq!(Kernel::from_bytes(bad).unwrap_err().code, code::CORE_RECORD_SIZE);
    }
}

/// A fund with a position in each instrument, and an order of each kind of standing.
static AT_WORK: LazyLock<(World, Vec<Order>)> = LazyLock::new(|| {
    let mut world = World::trading();
    world.trades("buy 40 AAA", 10_000);
    world.trades("sell 30 CCC", 2_000);
    let sent = world.sends("buy 10 AAA @ 9990");
    let part = world.works("buy 20 BBB @ 4990");
    world.says(&part, "Filled 5 @ 4980");
    let replacing = world.works("sell 20 CCC @ 2010");
    world.replaces(&replacing, 40, 2_020);
    let lost = world.sends("buy 10 AAA @ 9980");
    world.says(&lost, "Lost");
    world.wait(1);
    (world, vec![sent, part, replacing, lost])
});

proptest! {
    /// Any field of any input may hold anything: the step is taken or refused by name, a refusal leaves no trace
    /// (the world sees to it), and what always holds still does.
    #[test]
    fn absurd_numbers_never_panic_and_never_half_happen(
        steps in prop::collection::vec(
            (any::<usize>(), 0_usize..4, prop::collection::vec((any::<usize>(), absurd()), 0..4)), 1..12
        )
    ) {
        let (mut world, orders) = AT_WORK.clone();
        for (which, order, changes) in &steps {
            let inputs = plausible(&mut world, &orders[*order]);
            let input = spoiled(&inputs[which % inputs.len()], changes);
            let _ = world.tries(input);
            invariants::hold(&world.kernel);
        }
        invariants::numbered(&world.tape);
    }
}

#[test]
fn every_single_field_of_every_input_may_be_absurd() {
    let (mut world, orders) = AT_WORK.clone();
    for (order, working) in orders.iter().enumerate() {
        let inputs = plausible(&mut world, working);
        for input in inputs {
            let (kind, _, bytes) = input.as_record();
            let texts = matches!(input, Input::Signed(..) | Input::Genesis(..) | Input::Remark(..));
            let places = if texts { 8.min(bytes.len()) } else { crate::records::info(kind).fields.len() };
            if texts && order > 0 {
                continue;
            }
            for place in 0..places {
                for value in
                    [Absurd::Zero, Absurd::One, Absurd::MinusOne, Absurd::Most, Absurd::Least, Absurd::NotANumber]
                {
                    let mut world = world.clone();
                    let _ = world.tries(spoiled(&input, &[(place, value)]));
                    invariants::hold(&world.kernel);
                }
            }
        }
    }
}
