//! The pre-trade gate against eight checks: in a loop, and each decision timed alone; tables in and out of the caches.

use crate::clock::{rest, ticks, ticks_after};
use crate::floor::gate as floor;
use crate::random::Random;
use crate::sample::{Sample, Singles, runs};
use hedgerow_core::{
    Currency, Instrument, Limits, MONEY_UNIT, Mandate, Order, OrderKind, SHORTABLE, Session, Side, Symbol, TimeInForce,
};
use hedgerow_risk::{Gate, GateConfig};
use std::hint::black_box;
use std::time::{Duration, Instant};

const ORDERS: usize = 1 << 16;
/// Orders that work at the same time; then they are released, outside the timing.
const BATCH: usize = 1024;
const SECTORS: u32 = 11;

/// Name, strategies, our instruments, the floor's instruments. Out of the caches both have 128 MiB of rows.
const SIZES: [(&str, usize, usize, usize); 2] = [("hot", 1, 64, 64), ("cold", 4096, 1024, 512)];

/// Measures both sizes.
pub fn run() {
    for (name, strategies, instruments, floor_instruments) in SIZES {
        let mut least = floor::Gate::new(strategies, floor_instruments);
        let least_orders = floor::orders(ORDERS, strategies, floor_instruments);
        let mut desk = Desk::new(strategies, instruments);
        let mut loops = [Sample::default(), Sample::default()];
        let mut singles = [Singles::default(), Singles::default()];
        black_box(least.check_all(&least_orders));
        desk.pass(decide);
        for _ in 0..runs() {
            loops[0].time(ORDERS * 4, || {
                for _ in 0..4 {
                    assert!(black_box(least.check_all(black_box(&least_orders))) > 0);
                }
            });
            loops[1].push(desk.pass(decide).as_nanos() as f64 / ORDERS as f64);
            singles[0].push(least_orders.iter().map(|order| single(|| least.check(black_box(order)))).collect());
            let mut times = Vec::with_capacity(ORDERS);
            let took = desk.pass(|gate, order| {
                let start = ticks();
                let passed = decide(gate, order);
                times.push(ticks_after() - start);
                passed
            });
            singles[1].push(times);
            rest(took);
        }
        desk.gate.recount().expect("the gate's own sums agree after the run");
        let size = format!("{strategies} x {floor_instruments}, {} MiB", least.bytes() >> 20);
        loops[0].print(
            &format!("floor.gate.{name}.loop"),
            "ns",
            ORDERS * 4,
            &format!("eight checks with 8-factor variance; {size}"),
        );
        singles[0].print(&format!("floor.gate.{name}.single"), "one decision, clock cost included");
        let size = format!("{strategies} strategies x {instruments} instruments, {} of {ORDERS} denied", desk.denied);
        loops[1].print(
            &format!("gate.{name}.loop"),
            "ns",
            ORDERS,
            &format!("every rule, reservation, verdict; {size}"),
        );
        singles[1].print(&format!("gate.{name}.single"), "one decision, clock cost included");
    }
}

/// One decision; verdict and approval are made whole, as a caller needs them.
#[inline(always)]
fn decide(gate: &mut Gate, order: &Order) -> bool {
    let (verdict, approved) = gate.check_new(black_box(order), order.ts);
    black_box((&verdict, &approved));
    approved.is_some()
}

fn single<T>(call: impl FnOnce() -> T) -> u64 {
    let start = ticks();
    black_box(call());
    ticks_after() - start
}

/// A gate with everything granted, and a stream of orders like the floor's.
pub(super) struct Desk {
    pub(super) gate: Gate,
    orders: Vec<Order>,
    last_id: u64,
    clock: i64,
    /// Orders denied in the last pass.
    denied: usize,
}

impl Desk {
    pub(super) fn new(strategies: usize, instruments: usize) -> Desk {
        let usd = Currency::parse("USD").expect("a currency");
        let (strategies_n, instruments_n) = (strategies as u16, instruments as u32);
        let mut gate = Gate::new(GateConfig::new(strategies_n, instruments_n, SECTORS, usd));
        for instrument in 0..instruments_n {
            gate.define(&listed(instrument, usd)).expect("the instrument is possible");
            gate.observe(instrument, 1_000_000, 0).expect("the instrument is known");
        }
        gate.session(&Session { closes_ts: i64::MAX, open: 1, ..Session::default() });
        let limits = Limits { collar_bps: 500, ..Limits::UNLIMITED };
        gate.set_firm(&limits);
        let universe: Vec<u32> = (0..instruments_n).collect();
        for strategy in 0..strategies_n {
            gate.register(strategy).expect("there is room");
            let mandate = Mandate { strategy, limits, expires_ts: i64::MAX, ..Mandate::default() };
            gate.grant(&mandate, &universe).expect("the universe is known");
        }
        Desk { gate, orders: orders(strategies as u64, instruments as u64), last_id: 0, clock: 0, denied: 0 }
    }

    /// Has every order decided on, in batches that are released again; returns the time of the decisions only.
    fn pass(&mut self, mut decide: impl FnMut(&mut Gate, &Order) -> bool) -> Duration {
        let (mut took, mut passed) = (Duration::ZERO, [false; BATCH]);
        self.denied = 0;
        for batch in self.orders.chunks_mut(BATCH) {
            for order in batch.iter_mut() {
                self.last_id += 1;
                self.clock += 1000;
                (order.id, order.client_id, order.ts) = (self.last_id, self.last_id, self.clock);
            }
            let start = Instant::now();
            for (order, passed) in batch.iter().zip(&mut passed) {
                *passed = decide(&mut self.gate, order);
            }
            took += start.elapsed();
            for (order, passed) in batch.iter().zip(passed) {
                if passed {
                    self.gate.release(order);
                } else {
                    self.denied += 1;
                }
            }
        }
        took
    }
}

/// Ours buy below and sell above the mark, so that they do not meet each other.
fn orders(strategies: u64, instruments: u64) -> Vec<Order> {
    let mut random = Random(3);
    let make = |_| {
        let (outside, buy, away) = (random.below(100) < 3, random.below(2) == 0, random.below(20_000) as i64);
        Order {
            lots: 1 + random.below(100) as i64,
            limit_ticks: if outside {
                1_090_000
            } else if buy {
                1_000_000 - away
            } else {
                1_000_001 + away
            },
            strategy: random.below(strategies) as u16,
            instrument: random.below(instruments) as u32,
            side: if buy { Side::Buy } else { Side::Sell } as u8,
            kind: OrderKind::Limit as u8,
            tif: TimeInForce::Day as u8,
            ..Order::default()
        }
    };
    (0..ORDERS).map(make).collect()
}

/// A share that anyone may trade in any size.
pub fn listed(instrument: u32, currency: Currency) -> Instrument {
    Instrument {
        instrument,
        tick_nano: 10_000_000,
        lot_nano: MONEY_UNIT as i64,
        tick_value: 10_000_000,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1 << 40,
        locate_lots: 1 << 40,
        sigma_nano: 20_000_000,
        currency,
        symbol: Symbol::parse(&format!("S{instrument}")).expect("a symbol"),
        sector: instrument % SECTORS,
        flags: SHORTABLE,
        ..Instrument::default()
    }
}
