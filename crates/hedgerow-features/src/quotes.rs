//! Signals of the best quotes: order flow imbalance, queue imbalance, weighted mid.
//!
//! A quote is `[bid price, bid size, ask price, ask size]`; a side that is not there is NaN, and so is what rests on it.

use crate::Operator;
use crate::average::RollingSum;

/// Order flow imbalance: the sum of the contributions of the last `n` changes of the best quotes,
/// `e = 1{Pb >= Pb'} qb - 1{Pb <= Pb'} qb' - 1{Pa <= Pa'} qa + 1{Pa >= Pa'} qa'`, with `'` the quote before (Cont, Kukanov &
/// Stoikov, Journal of Financial Econometrics 12(1), 2014, section 2). It needs quotes only, and explains the price change
/// of the same interval; it is no forecast.
#[derive(Clone, Debug)]
pub struct Ofi {
    before: [f64; 4],
    sum: RollingSum,
    value: f64,
}

impl Ofi {
    /// Over `window >= 1` changes.
    #[must_use]
    pub fn new(window: usize) -> Ofi {
        Ofi { before: [f64::NAN; 4], sum: RollingSum::new(window), value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, quote: [f64; 4]) -> f64 {
        let before = std::mem::replace(&mut self.before, quote);
        self.sum.update(contribution(before, quote))
    }
    fn forget(&mut self) {
        self.before = [f64::NAN; 4];
        self.sum.reset();
    }
}
operator!(Ofi, [f64; 4]);

#[inline]
fn contribution(before: [f64; 4], now: [f64; 4]) -> f64 {
    // Comparisons with NaN are false, which would make a missing side a change of nothing.
    if before.iter().chain(&now).any(|number| number.is_nan()) {
        return f64::NAN;
    }
    let ([bid0, bid_size0, ask0, ask_size0], [bid, bid_size, ask, ask_size]) = (before, now);
    let when = |holds: bool, size: f64| if holds { size } else { 0.0 };
    when(bid >= bid0, bid_size) - when(bid <= bid0, bid_size0) - when(ask <= ask0, ask_size)
        + when(ask >= ask0, ask_size0)
}

/// Queue imbalance: `(qb - qa) / (qb + qa)` of `[bid size, ask size]`, from -1 to 1 (Gould & Bonart, Market Microstructure
/// and Liquidity 2(2), 2016); NaN where both queues are empty.
#[derive(Clone, Debug)]
pub struct QueueImbalance {
    value: f64,
}

impl QueueImbalance {
    /// Of each quote by itself.
    #[must_use]
    pub fn new() -> QueueImbalance {
        QueueImbalance { value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, [bid_size, ask_size]: [f64; 2]) -> f64 {
        let both = bid_size + ask_size;
        if both > 0.0 { (bid_size - ask_size) / both } else { f64::NAN }
    }
    fn forget(&mut self) {}
}
operator!(QueueImbalance, [f64; 2]);

/// Weighted mid: both prices, each weighted with the size of the *other* side, `(Pb qa + Pa qb) / (qb + qa)`, so that it
/// leans towards the price that is about to give way (Gatheral & Oomen, Finance and Stochastics 14, 2010, who call it the
/// micro-price); NaN where both queues are empty.
#[derive(Clone, Debug)]
pub struct WeightedMid {
    value: f64,
}

impl WeightedMid {
    /// Of each quote by itself.
    #[must_use]
    pub fn new() -> WeightedMid {
        WeightedMid { value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, [bid, bid_size, ask, ask_size]: [f64; 4]) -> f64 {
        let both = bid_size + ask_size;
        if both > 0.0 { bid + (ask - bid) * (bid_size / both) } else { f64::NAN }
    }
    fn forget(&mut self) {}
}
operator!(WeightedMid, [f64; 4]);

macro_rules! default_is_new {
    ($($name:ident),+) => { $(impl Default for $name { fn default() -> Self { Self::new() } })+ };
}
default_is_new!(QueueImbalance, WeightedMid);
