//! Inputs as they could come: one plausible record of each kind, and the same with absurd fields.

use crate::people::Wish;
use crate::world::{CARRY, MOMENTUM, World, capital_limits, instrument};
use hedgerow_core::{
    AlgoSettings, ContingentOrder, Currency, Execution, Finding, FirmLimits, Forecast, JailAnswer, JailStart,
    KillSwitch, LifecycleEvent, LifecycleKind, Money, NounInfo, Order, ParentEvent, ParentOrder, PlanStep, Quote,
    Route, Sequenced, Session, Slice, StateHash, StrategyStart, Symbol, Target, Trade, code, nouns, time::FOREVER,
};
use hedgerow_kernel::Input;
use proptest::prelude::*;

/// An event of a cent a lot that leaves the lots alone.
pub fn happens(kind: LifecycleKind, instrument: u32) -> LifecycleEvent {
    let (kind, cash) = (kind as u8, Money(10_000_000));
    LifecycleEvent { kind, cash, instrument, old_lots: 1, new_lots: 1, ..LifecycleEvent::default() }
}

/// A venue compared for an order.
pub fn route(ts: i64, order: &Order) -> Route {
    let (instrument, strategy, venue) = (order.instrument, order.strategy, Symbol::parse("EXCH").unwrap());
    Route {
        ts,
        cause: order.id,
        venue,
        chance_ppm: 500_000,
        instrument,
        strategy,
        way: 1,
        chosen: 1,
        ..Route::default()
    }
}

/// An execution that cost so many units of 10^-9 of a currency.
pub fn charged(currency: &str, nano: i128) -> Execution {
    Execution { charge: Money(nano), currency: Currency::parse(currency).unwrap(), ..Execution::default() }
}

/// A value to put into a field, whatever its type.
#[derive(Clone, Copy, Debug)]
pub enum Absurd {
    Zero,
    One,
    MinusOne,
    Most,
    Least,
    NotANumber,
    Small(u8),
    Any(u64),
}

impl Absurd {
    fn fill(self, field: &mut [u8]) {
        let size = field.len();
        let low = |value: u64| move |at: usize| value.to_le_bytes().get(at).copied().unwrap_or(0);
        let byte: Box<dyn Fn(usize) -> u8> = match self {
            Absurd::Zero => Box::new(|_| 0),
            Absurd::One => Box::new(low(1)),
            Absurd::MinusOne => Box::new(|_| 0xff),
            Absurd::Most => Box::new(move |at| if at + 1 == size { 0x7f } else { 0xff }),
            Absurd::Least => Box::new(move |at| if at + 1 == size { 0x80 } else { 0 }),
            Absurd::NotANumber => Box::new(low(f64::NAN.to_bits())),
            Absurd::Small(value) => Box::new(low(u64::from(value))),
            Absurd::Any(value) => Box::new(move |at| value.to_le_bytes()[at % 8]),
        };
        field.iter_mut().enumerate().for_each(|(at, slot)| *slot = byte(at));
    }
}

pub fn absurd() -> impl Strategy<Value = Absurd> {
    prop_oneof![
        Just(Absurd::Zero),
        Just(Absurd::One),
        Just(Absurd::MinusOne),
        Just(Absurd::Most),
        Just(Absurd::Least),
        Just(Absurd::NotANumber),
        any::<u8>().prop_map(Absurd::Small),
        any::<u64>().prop_map(Absurd::Any),
    ]
}

pub fn info(kind: u16) -> &'static NounInfo {
    nouns().iter().find(|noun| noun.kind == kind).expect("a noun")
}

/// An input that the world would accept, of every kind; reports speak of `working`.
pub fn plausible(world: &mut World, working: &Order) -> Vec<Input> {
    let ts = world.ts;
    vec![
        Input::Bar(world.flat_bar("AAA", 10_010)),
        Input::Quote(Quote { ts_event: ts, ts_init: ts, bid_ticks: 9_999, ask_ticks: 10_001, ..Quote::default() }),
        Input::FxRate(world.rate(1_200_000_000)),
        Input::Forecast(Forecast { ts, expected_return: 0.01, uncertainty: 0.02, ..Forecast::default() }),
        Input::Target(Target { ts, lots: 100, ..Target::default() }),
        Input::ParentOrder(ParentOrder { ts, lots: 100, slices: 4, side: 1, algo: 1, ..ParentOrder::default() }),
        Input::AlgoSettings(AlgoSettings { ts, cause: 1, size_bps: 500, ..AlgoSettings::default() }),
        Input::PlanStep(PlanStep { ts, cause: 1, step: 1, due_ts: ts, due_lots: 10, ..PlanStep::default() }),
        Input::Slice(Slice { ts, cause: 1, lots: 10, reason: 1, ..Slice::default() }),
        Input::ParentEvent(ParentEvent { ts, parent: 1, lots: 10, event: 1, ..ParentEvent::default() }),
        Input::Route(route(ts, working)),
        Input::ContingentOrder(ContingentOrder {
            ts,
            after: working.id,
            side: 2,
            tif: 1,
            strategy: working.strategy,
            ..ContingentOrder::default()
        }),
        Input::LifecycleEvent(LifecycleEvent { ts, ..happens(LifecycleKind::Dividend, 0) }),
        Input::LifecycleEvent(LifecycleEvent { ts, ..happens(LifecycleKind::Borrow, 2) }),
        Input::Execution(Execution { ts, cause: 1, ..charged("BNB", 7) }),
        Input::Order(world.written(MOMENTUM, "buy 10 AAA @ 10000")),
        Input::CancelRequest(world.cancel(working)),
        Input::ReplaceRequest(world.replace(working, 30, 9_990)),
        Input::VenueReport(world.reported(working, "Filled 4 @ 9990")),
        Input::VenueReport(world.reported(working, "Replaced 12 @ 0")),
        Input::VenueReport(world.reported(working, "Lost")),
        Input::VenueReport(world.reported(working, "Cancelled")),
        Input::Instrument(instrument(3)),
        Input::Instrument(instrument(0)),
        Input::CashMovement(world.capital(CARRY, "EUR", 10)),
        Input::Session(Session { ts, closes_ts: FOREVER, open: 1, new_day: 1, ..Session::default() }),
        Input::KillSwitch(KillSwitch { ts, strategy: CARRY, on: 1, ..KillSwitch::default() }),
        Input::FirmLimits(FirmLimits { ts, limits: capital_limits(), ..FirmLimits::default() }),
        Input::StateHash(StateHash { ts, ..StateHash::default() }),
        Input::StrategyStart(StrategyStart { ts, strategy: CARRY, on: 1, ..StrategyStart::default() }),
        Input::Sequenced(Sequenced { ts, size: 7, ..Sequenced::default() }),
        Input::Finding(Finding { ts, strategy: CARRY, code: code::JAIL_LATE.0, ..Finding::default() }),
        Input::JailStart(JailStart { ts, strategy: CARRY, abi: 1, form: 1, ..JailStart::default() }),
        Input::JailAnswer(JailAnswer { ts, strategy: CARRY, intents: 1, ..JailAnswer::default() }),
        Input::Signed(0, Wish::of("carry").proposal()),
        Input::Trade(0, Trade { ts_init: ts, lots: 5, price_ticks: 10_000, ..Trade::default() }),
        Input::Genesis(0, crate::people::genesis().to_bytes()),
    ]
}

/// The same input with some bytes written over: fields of a record, or bytes of a text.
pub fn spoiled(input: &Input, changes: &[(usize, Absurd)]) -> Input {
    let (kind, id, bytes) = input.as_record();
    let mut bytes = bytes.to_vec();
    for (place, value) in changes {
        match input {
            Input::Signed(..) | Input::Genesis(..) | Input::Remark(..) => {
                let at = place % bytes.len();
                value.fill(&mut bytes[at..=at]);
            }
            _ => {
                let fields = info(kind).fields;
                let field = &fields[place % fields.len()];
                value.fill(&mut bytes[field.offset..field.offset + field.size]);
            }
        }
    }
    Input::from_record(kind, id, &bytes).unwrap().expect("an input stays one")
}
