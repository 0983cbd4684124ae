//! Who began a trade: tick test, Lee-Ready, bulk classification; and what the sides sum to.
//!
//! A side is 1 for a buyer, -1 for a seller, 0 for neither.

use crate::window::{Summary, Window};
use crate::{Operator, RollingStd};
use std::f64::consts::FRAC_1_SQRT_2;

/// Tick test: the side of each trade is the sign of the last change of the trade price that was not zero; NaN before any. A
/// NaN is skipped: it gives NaN and changes nothing.
#[derive(Clone, Debug)]
pub struct TickTest {
    price: f64,
    side: f64,
    value: f64,
}

impl TickTest {
    /// Before the first trade.
    #[must_use]
    pub fn new() -> TickTest {
        TickTest { price: f64::NAN, side: f64::NAN, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, price: f64) -> f64 {
        if price.is_nan() {
            return f64::NAN;
        }
        if price > self.price {
            self.side = 1.0;
        } else if price < self.price {
            self.side = -1.0;
        }
        self.price = price;
        self.side
    }
    fn forget(&mut self) {
        *self = TickTest::new();
    }
}
operator!(TickTest, f64);

impl Default for TickTest {
    fn default() -> Self {
        Self::new()
    }
}

/// Lee-Ready: a trade `[price, bid price, ask price]` above the middle of the quote is a buyer's, below it a seller's, at the
/// middle the tick test decides (Lee & Ready, Journal of Finance 46(2), 1991). The quote is the one given `lag` trades
/// before: 0 for the quote in force at the trade. NaN without a price or that quote; the price still counts for the tick test.
#[derive(Clone, Debug)]
pub struct LeeReady {
    tick: TickTest,
    /// The last `lag + 1` quotes, oldest overwritten first.
    quotes: Box<[[f64; 2]]>,
    at: usize,
    value: f64,
}

impl LeeReady {
    /// With the quote of `lag` trades before.
    #[must_use]
    pub fn new(lag: usize) -> LeeReady {
        LeeReady { tick: TickTest::new(), quotes: vec![[f64::NAN; 2]; lag + 1].into(), at: 0, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, [price, bid, ask]: [f64; 3]) -> f64 {
        self.quotes[self.at] = [bid, ask];
        self.at = if self.at + 1 == self.quotes.len() { 0 } else { self.at + 1 };
        let [bid, ask] = self.quotes[self.at];
        let tick = self.tick.update(price);
        let above_mid = (price - bid) - (ask - price);
        // Prices are decimals and their doubles are not: a middle is met within some rounding.
        let rounding = 4.0 * f64::EPSILON * (bid.abs() + ask.abs());
        if above_mid.abs() <= rounding {
            tick
        } else if above_mid.is_nan() {
            f64::NAN
        } else {
            above_mid.signum()
        }
    }
    fn forget(&mut self) {
        self.tick.reset();
        self.quotes.fill([f64::NAN; 2]);
        self.at = 0;
    }
}
operator!(LeeReady, [f64; 3]);

/// Volume of one side less that of the other, and of both.
#[derive(Clone, Copy, Debug)]
struct Flow {
    signed: f64,
    total: f64,
}

impl Summary for Flow {
    type Item = [f64; 2];
    const GAP: [f64; 2] = [f64::NAN; 2];
    const EMPTY: Flow = Flow { signed: 0.0, total: 0.0 };
    const MISSING: Flow = Flow { signed: f64::NAN, total: f64::NAN };
    #[inline]
    fn of([side, volume]: [f64; 2], _pivot: [f64; 2]) -> Flow {
        let signed = side * volume;
        Flow { signed, total: if signed.is_nan() { f64::NAN } else { volume } }
    }
    #[inline]
    fn join(self, newer: Flow) -> Flow {
        Flow { signed: self.signed + newer.signed, total: self.total + newer.total }
    }
}

/// Trade imbalance: buyers' less sellers' volume of the last `n` trades `[side, volume]` (Cont, Kukanov & Stoikov 2014,
/// section 3.4); as a share of all their volume if `normalise`, NaN where that is zero. Not order flow imbalance.
#[derive(Clone, Debug)]
pub struct TradeImbalance {
    window: Window<Flow>,
    normalise: bool,
    value: f64,
}

impl TradeImbalance {
    /// Over `window >= 1` trades.
    #[must_use]
    pub fn new(window: usize, normalise: bool) -> TradeImbalance {
        TradeImbalance { window: Window::new(window), normalise, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, trade: [f64; 2]) -> f64 {
        let flow = self.window.push(trade);
        match (self.normalise, flow.total > 0.0) {
            (false, _) => flow.signed,
            (true, true) => flow.signed / flow.total,
            (true, false) => f64::NAN,
        }
    }
    fn forget(&mut self) {
        self.window.reset();
    }
}
operator!(TradeImbalance, [f64; 2]);

/// Bulk classification: the share of a bar's volume that buyers began, `Phi(change / sd)`, with `change` that of the price
/// over the bar and `sd` the sample standard deviation of the last `n` changes (Easley, Lopez de Prado & O'Hara, Review of
/// Financial Studies 25(5), 2012, section 1.3). One half where the price did not change.
#[derive(Clone, Debug)]
pub struct BulkBuyShare {
    deviation: RollingStd,
    value: f64,
}

impl BulkBuyShare {
    /// Over `window >= 2` changes.
    #[must_use]
    pub fn new(window: usize) -> BulkBuyShare {
        BulkBuyShare { deviation: RollingStd::new(window, 1), value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, change: f64) -> f64 {
        let deviation = self.deviation.update(change);
        if deviation.is_nan() {
            return f64::NAN;
        }
        if change.abs() > 0.0 { normal_share(change / deviation) } else { 0.5 }
    }
    fn forget(&mut self) {
        self.deviation.reset();
    }
}
operator!(BulkBuyShare, f64);

/// The share of a normal law below `z` standard deviations.
fn normal_share(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}
