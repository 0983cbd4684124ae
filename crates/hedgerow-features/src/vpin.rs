//! VPIN: how one-sided the last volume buckets were.

use crate::{Operator, RollingSum};

/// Volume-synchronised probability of informed trading: the mean over the last `n` buckets of `|buy - sell|` over the bucket's
/// volume, from `[buy volume, sell volume]` (Easley, Lopez de Prado & O'Hara, Review of Financial Studies 25(5), 2012). Volume
/// that does not fit a bucket begins the next. The value is that of the last full buckets; NaN until there are `n`. It is no
/// estimate of PIN. A NaN or a negative volume is skipped: it gives NaN and changes nothing.
#[derive(Clone, Debug)]
pub struct Vpin {
    bucket: f64,
    buckets: usize,
    /// Of the last full buckets, `|buy - sell|`.
    imbalance: RollingSum,
    buy: f64,
    sell: f64,
    level: f64,
    value: f64,
}

impl Vpin {
    /// Over `buckets >= 1` buckets of volume `bucket > 0`.
    #[must_use]
    pub fn new(bucket: f64, buckets: usize) -> Vpin {
        assert!(bucket > 0.0, "a bucket has a volume");
        Vpin {
            bucket,
            buckets,
            imbalance: RollingSum::new(buckets),
            buy: 0.0,
            sell: 0.0,
            level: f64::NAN,
            value: f64::NAN,
        }
    }

    fn take(&mut self, [buy, sell]: [f64; 2]) -> f64 {
        let volume = buy + sell;
        if !(buy >= 0.0 && sell >= 0.0 && volume < f64::INFINITY) {
            return f64::NAN;
        }
        let mut left = volume;
        let room = self.bucket - (self.buy + self.sell);
        if left >= room && volume > 0.0 {
            let share = room / volume;
            self.close(self.buy + share * buy - (self.sell + share * sell));
            left -= room;
            // Full buckets of one observation are alike: more than the window holds need not be counted.
            let full = (left / self.bucket).floor();
            for _ in 0..full.min(self.buckets as f64) as usize {
                self.close((buy - sell) / volume * self.bucket);
            }
            left = (left - full * self.bucket).clamp(0.0, self.bucket);
            (self.buy, self.sell) = (0.0, 0.0);
        }
        if left > 0.0 {
            self.buy += buy / volume * left;
            self.sell += sell / volume * left;
        }
        self.level
    }

    fn close(&mut self, imbalance: f64) {
        self.level = self.imbalance.update(imbalance.abs()) / (self.buckets as f64 * self.bucket);
    }

    fn forget(&mut self) {
        self.imbalance.reset();
        (self.buy, self.sell, self.level) = (0.0, 0.0, f64::NAN);
    }
}
operator!(Vpin, [f64; 2]);
