//! A moving-average cross: 95 % of the book while the mean of 20 closes is above that of 100.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![no_main]

use hedgerow_strategy::{Bar, Now, Orders, Rows, Strategy};

struct Cross {
    closes: [f64; 100],
    seen: usize,
}

impl Cross {
    fn mean(&self, count: usize) -> f64 {
        (self.seen - count..self.seen).fold(0.0, |sum, at| sum + self.closes[at % 100]) / count as f64
    }
}

impl Strategy for Cross {
    fn on_bars(&mut self, _now: Now, bars: Rows<'_, Bar>, orders: &mut Orders<'_>) {
        for bar in bars {
            self.closes[self.seen % 100] = bar.close;
            self.seen += 1;
            if self.seen >= 100 {
                orders.target_weight(bar.instrument, if self.mean(20) > self.mean(100) { 0.95 } else { 0.0 });
            }
        }
    }
}

hedgerow_strategy::export!(Cross, Cross { closes: [0.0; 100], seen: 0 });
