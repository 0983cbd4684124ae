//! A quantile of a window in logarithmic time: two heaps that meet at the rank asked for, and swap their tops.
//!
//! Both heaps always hold the whole window between them, NaN where nothing is known yet, and NaN counts as the largest. An
//! observation takes the place of the oldest wherever that lies, so nothing is ever removed and nothing allocated.

use std::cmp::Ordering;

/// Quantile `q` of the last `n` observations, interpolated between neighbours (type 7 of Hyndman & Fan 1996; NumPy's and
/// pandas' default); 0.5 is the median.
#[derive(Clone, Debug)]
pub struct RollingQuantile {
    /// The observations, oldest overwritten first.
    xs: Box<[f64]>,
    /// Slots of `xs`: up to `split` a heap with the largest on top, from there one with the smallest on top.
    heap: Box<[u32]>,
    /// Where each slot lies in `heap`.
    place: Box<[u32]>,
    split: usize,
    share: f64,
    gaps: usize,
    at: usize,
    value: f64,
}

impl RollingQuantile {
    /// Over `window >= 1` observations, with `q` from 0 to 1.
    #[must_use]
    pub fn new(window: usize, q: f64) -> RollingQuantile {
        assert!(
            window >= 1 && (0.0..=1.0).contains(&q),
            "a quantile lies between 0 and 1, of at least one observation"
        );
        let rank = (window - 1) as f64 * q;
        let slots: Box<[u32]> = (0..window as u32).collect();
        RollingQuantile {
            xs: vec![f64::NAN; window].into(),
            heap: slots.clone(),
            place: slots,
            split: rank.floor() as usize + 1,
            share: rank.fract(),
            gaps: window,
            at: 0,
            value: f64::NAN,
        }
    }

    fn take(&mut self, x: f64) -> f64 {
        let slot = self.at;
        self.at = if slot + 1 == self.xs.len() { 0 } else { slot + 1 };
        self.gaps = self.gaps - usize::from(self.xs[slot].is_nan()) + usize::from(x.is_nan());
        // One NaN for all, since the order of numbers tells their signs apart.
        self.xs[slot] = if x.is_nan() { f64::NAN } else { x };
        let n = self.xs.len();
        self.settle(self.place[slot] as usize);
        if self.split < n && self.compare(0, self.split) == Ordering::Greater {
            self.swap(0, self.split);
            self.settle(0);
            self.settle(self.split);
        }
        if self.gaps > 0 {
            return f64::NAN;
        }
        let below = self.xs[self.heap[0] as usize];
        if self.share <= 0.0 {
            return below;
        }
        below + self.share * (self.xs[self.heap[self.split] as usize] - below)
    }

    fn forget(&mut self) {
        self.xs.fill(f64::NAN);
        (self.gaps, self.at) = (self.xs.len(), 0);
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        self.xs[self.heap[a] as usize].total_cmp(&self.xs[self.heap[b] as usize])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.place[self.heap[a] as usize] = a as u32;
        self.place[self.heap[b] as usize] = b as u32;
    }

    /// Moves what lies at `at` up or down its heap until it lies right.
    fn settle(&mut self, mut at: usize) {
        let (base, end, wanted) = if at < self.split {
            (0, self.split, Ordering::Greater)
        } else {
            (self.split, self.xs.len(), Ordering::Less)
        };
        while at > base {
            let parent = base + (at - base - 1) / 2;
            if self.compare(at, parent) != wanted {
                break;
            }
            self.swap(at, parent);
            at = parent;
        }
        loop {
            let mut best = at;
            for child in [2 * (at - base) + 1, 2 * (at - base) + 2] {
                if base + child < end && self.compare(base + child, best) == wanted {
                    best = base + child;
                }
            }
            if best == at {
                return;
            }
            self.swap(at, best);
            at = best;
        }
    }
}
operator!(RollingQuantile, f64);
