//! The kernel's steps: a bar, an order through the gate, an acknowledgement, a fill booked.
//!
//! No floor does all of this. The gate's floor stands beside them, so that their ratio to it can be held against the
//! saved baseline; their counts are held to zero.

use crate::clock::rest;
use crate::floor::gate as floor;
use crate::ours::gate::listed;
use crate::ours::people;
use crate::sample::{Sample, runs};
use hedgerow_core::{
    Bar, CashKind, CashMovement, Currency, FirmLimits, Limits, Money, Order, OrderKind, ReportKind, Session, Side,
    StrategyStart, TimeInForce, VenueReport,
};
use hedgerow_kernel::{Capacity, Effects, Input, Kernel, Send};
use std::hint::black_box;
use std::time::{Duration, Instant};

const INSTRUMENTS: u32 = 64;
/// Bars and orders of a round.
pub const ROUND: (usize, usize) = (INSTRUMENTS as usize * 8, 512);
const ROUNDS: usize = 40;
/// Decisions of the floor in one go.
const DECISIONS: usize = 1 << 16;
const MARK: i64 = 10_000;

/// What a round consists of, in order.
pub const STEPS: [&str; 4] = ["bar", "order", "acknowledgement", "fill"];

/// Measures each kind of step.
pub fn run() {
    let mut fund = Fund::new(ROUND);
    let mut samples = STEPS.map(|_| Sample::default());
    let mut least = floor::Gate::new(1, INSTRUMENTS as usize);
    let decisions = floor::orders(DECISIONS, 1, INSTRUMENTS as usize);
    let mut floor = Sample::default();
    fund.round(&mut |_, work| work());
    black_box(least.check_all(&decisions));
    for _ in 0..runs() {
        floor.time(DECISIONS * 4, || decide_often(&mut least, &decisions));
        let mut took = [Duration::ZERO; STEPS.len()];
        for _ in 0..ROUNDS {
            fund.round(&mut |step, work| {
                let start = Instant::now();
                work();
                took[step] += start.elapsed();
            });
        }
        for (step, sample) in samples.iter_mut().enumerate() {
            sample.push(took[step].as_nanos() as f64 / (ROUNDS * fund.steps_of(step)) as f64);
        }
        rest(took.iter().sum());
    }
    floor.print("floor.kernel", "ns", DECISIONS * 4, "the gate's floor: eight checks, the measure of this processor");
    let notes = [
        "checks, mark, freshness, equity; 64 instruments, one running strategy",
        "all rules, reservation; writes Verdict and OrderEvent",
        "venue report checked and believed; writes OrderEvent",
        "venue report to Fill, OrderEvent, Postings, limits and books moved",
    ];
    for (step, sample) in samples.iter().enumerate() {
        sample.print(&format!("kernel.{}", STEPS[step]), "ns", ROUNDS * fund.steps_of(step), notes[step]);
    }
}

/// The floor's work; so often that a stretch is long enough to time.
fn decide_often(gate: &mut floor::Gate, orders: &[floor::Order]) {
    for _ in 0..4 {
        black_box(gate.check_all(black_box(orders)));
    }
}

/// A fund whose people signed a mandate for one strategy, buying and selling in turns.
pub struct Fund {
    kernel: Kernel,
    effects: Effects,
    bars: Vec<Input>,
    orders: Vec<Input>,
    accepted: Vec<Input>,
    filled: Vec<Input>,
    clock: i64,
    client_id: u64,
    side: Side,
}

/// Gets the kind of step, and the work of doing all of this kind.
pub type Around<'a> = &'a mut dyn FnMut(usize, &mut dyn FnMut());

/// A kernel whose people signed a mandate for its one strategy, with cash, in an open session.
pub(super) fn opened(effects: &mut Effects) -> Kernel {
    let usd = Currency::parse("USD").expect("a currency");
    let (genesis, envelopes) = people::signed_mandate(usd, &limits(), INSTRUMENTS);
    let capacity = Capacity { instruments: INSTRUMENTS, sectors: 11, ..Capacity::default() };
    let mut kernel = Kernel::new(capacity, &genesis).expect("the genesis is well formed");
    let mut inputs: Vec<Input> = (0..INSTRUMENTS).map(|i| Input::Instrument(listed(i, usd))).collect();
    inputs.push(Input::FirmLimits(FirmLimits { limits: limits(), ..FirmLimits::default() }));
    inputs.extend(envelopes.into_iter().map(|envelope| Input::Signed(0, envelope)));
    inputs.push(Input::StrategyStart(StrategyStart {
        artifact: people::artifact(),
        on: 1,
        ..StrategyStart::default()
    }));
    let (amount, kind) = (Money::units(1_000_000_000), CashKind::Capital as u8);
    inputs.push(Input::CashMovement(CashMovement { amount, currency: usd, kind, ..CashMovement::default() }));
    inputs.push(Input::Session(Session { closes_ts: i64::MAX, open: 1, ..Session::default() }));
    for input in &mut inputs {
        kernel.step(input, effects).expect("the fund is set up");
    }
    kernel
}

impl Fund {
    /// A fund ready to trade so many bars and orders a round.
    pub fn new((bars, orders): (usize, usize)) -> Fund {
        let mut effects = Effects::new();
        let kernel = opened(&mut effects);
        let blank = |n| vec![Input::VenueReport(VenueReport::default()); n];
        Fund {
            kernel,
            effects,
            bars: vec![Input::Bar(Bar::default()); bars],
            orders: vec![Input::Order(Order::default()); orders],
            accepted: blank(orders),
            filled: blank(orders),
            clock: 1,
            client_id: 0,
            side: Side::Buy,
        }
    }

    /// How many steps of a kind one round has.
    pub fn steps_of(&self, step: usize) -> usize {
        if step == 0 { self.bars.len() } else { self.orders.len() }
    }

    /// One round: bars, orders, acknowledgements, fills; `around` is called with each kind's work.
    pub fn round(&mut self, around: Around<'_>) {
        self.prepare();
        let Fund { kernel, effects, bars, orders, accepted, filled, .. } = self;
        around(0, &mut || take(kernel, effects, bars));
        around(1, &mut || {
            for (i, input) in orders.iter_mut().enumerate() {
                kernel.step(input, effects).expect("the order is well formed");
                let Some(Send::New(approved)) = effects.sends.first() else { panic!("the order was denied") };
                let report = report(approved.get());
                accepted[i] = Input::VenueReport(VenueReport { kind: ReportKind::Accepted as u8, ..report });
                filled[i] = Input::VenueReport(report);
            }
        });
        around(2, &mut || take(kernel, effects, accepted));
        around(3, &mut || take(kernel, effects, filled));
        assert!(kernel.oms().is_empty(), "every order was filled");
    }

    fn prepare(&mut self) {
        for (i, input) in self.bars.iter_mut().enumerate() {
            let instrument = i as u32 % INSTRUMENTS;
            self.clock += i64::from(instrument == 0);
            let close = MARK + (self.clock * 7 + i64::from(instrument)) % 13;
            *input = Input::Bar(Bar {
                ts_event: self.clock,
                ts_init: self.clock,
                open_ticks: close,
                high_ticks: close + 1,
                low_ticks: close - 1,
                close_ticks: close,
                instrument,
                ..Bar::default()
            });
        }
        for (i, input) in self.orders.iter_mut().enumerate() {
            self.client_id += 1;
            *input = Input::Order(Order {
                ts: self.clock,
                client_id: self.client_id,
                lots: 1 + (i as i64 % 5),
                instrument: (i as u32 * 37) % INSTRUMENTS,
                side: self.side as u8,
                kind: OrderKind::Market as u8,
                tif: TimeInForce::Day as u8,
                ..Order::default()
            });
        }
        self.side = if self.side == Side::Buy { Side::Sell } else { Side::Buy };
    }
}

fn take(kernel: &mut Kernel, effects: &mut Effects, inputs: &mut [Input]) {
    for input in inputs {
        kernel.step(black_box(input), effects).expect("the input is well formed");
        black_box(&effects);
    }
}

/// The venue's report that an order was filled.
fn report(order: &Order) -> VenueReport {
    VenueReport {
        fee: Money(1_000_000),
        ts_event: order.ts,
        ts_init: order.ts,
        order_id: order.id,
        price_ticks: MARK,
        lots: order.lots,
        reference_ticks: MARK,
        instrument: order.instrument,
        slot: order.slot,
        kind: ReportKind::Filled as u8,
        liquidity: 1,
        ..VenueReport::default()
    }
}

/// So much that no limit speaks, in amounts that people could sign.
pub(super) fn limits() -> Limits {
    let much = Money::units(1_000_000_000_000);
    Limits {
        capital: much,
        gross: much,
        net: much,
        position: much,
        sector: much,
        order_notional: much,
        loss: much,
        drawdown: much,
        var: much,
        order_lots: 1 << 40,
        data_age_ns: 1 << 50,
        ..Limits::UNLIMITED
    }
}
