//! The sliding window under every rolling operator: the last `n` observations, summarised in constant time.
//!
//! The window is cut at block boundaries, every `n` observations (van Herk 1992, Gil & Werman 1993). What is left of the
//! old block is a ready-made suffix; what came of the new block is a running prefix; the window is both joined. Nothing is
//! ever subtracted, so an outlier or a NaN leaves no trace once it is out, and no rounding error piles up.

use std::array::from_fn;

/// Blocks that are summarised at the same time: as many doubles as a vector register holds.
const LANES: usize = 4;

/// A summary of some observations that joins with the summary of their neighbours.
pub(crate) trait Summary: Copy {
    /// Of no observation.
    const EMPTY: Self;
    /// Of observations that are not known: joining it gives NaN.
    const MISSING: Self;
    /// Of one observation, measured from `pivot`.
    fn of(x: f64, pivot: f64) -> Self;
    /// Of both.
    fn join(self, newer: Self) -> Self;
}

/// The last `n` observations.
#[derive(Clone, Debug)]
pub(crate) struct Window<S> {
    /// The observations, oldest overwritten first.
    raw: Box<[f64]>,
    /// `suffix[i]` summarises the old block from `i` on; one longer than the block, so that its last entry is empty.
    suffix: Box<[S]>,
    prefix: S,
    pivot: f64,
    at: usize,
}

impl<S: Summary> Window<S> {
    /// An empty window of `n >= 1` observations; the only allocation.
    pub(crate) fn new(n: usize) -> Window<S> {
        assert!(n >= 1, "a window holds at least one observation");
        let mut suffix = vec![S::MISSING; n + 1];
        suffix[n] = S::EMPTY;
        Window { raw: vec![f64::NAN; n].into(), suffix: suffix.into(), prefix: S::EMPTY, pivot: f64::NAN, at: 0 }
    }

    /// Takes an observation and summarises the window that ends with it.
    #[inline]
    pub(crate) fn push(&mut self, x: f64) -> S {
        if self.at == 0 {
            self.start_block(x);
        }
        let at = self.at;
        self.raw[at] = x;
        self.prefix = self.prefix.join(S::of(x, self.pivot));
        self.at = if at + 1 == self.raw.len() { 0 } else { at + 1 };
        self.suffix[at + 1].join(self.prefix)
    }

    /// Takes a column, and hands the place, summary and pivot of the window that ends with each observation to `each`:
    /// the same sums in the same order as [`Window::push`] makes, so the same bits. Blocks do not wait for each other,
    /// so [`LANES`] of them are summarised side by side.
    pub(crate) fn push_all(&mut self, xs: &[f64], mut each: impl FnMut(usize, S, f64)) {
        let n = self.len();
        let head = if self.at == 0 { 0 } else { (n - self.at).min(xs.len()) };
        for (i, x) in xs[..head].iter().enumerate() {
            let summary = self.push(*x);
            each(i, summary, self.pivot);
        }
        let mut at = head;
        let mut suffixes = vec![[S::EMPTY; LANES]; if xs.len() >= LANES * n { n + 1 } else { 0 }];
        while let Some(blocks) = xs.get(at..at + LANES * n) {
            let pivots: [f64; LANES] = from_fn(|lane| blocks[lane * n]);
            let mut tails = [S::EMPTY; LANES];
            for i in (0..n).rev() {
                tails = from_fn(|lane| {
                    let old = if lane == 0 { self.raw[i] } else { blocks[(lane - 1) * n + i] };
                    S::of(old, pivots[lane]).join(tails[lane])
                });
                suffixes[i] = tails;
            }
            let mut prefixes = [S::EMPTY; LANES];
            for (i, suffix) in suffixes[1..].iter().enumerate() {
                prefixes = from_fn(|lane| prefixes[lane].join(S::of(blocks[lane * n + i], pivots[lane])));
                for lane in 0..LANES {
                    each(at + lane * n + i, suffix[lane].join(prefixes[lane]), pivots[lane]);
                }
            }
            self.raw.copy_from_slice(&blocks[(LANES - 1) * n..]);
            at += LANES * n;
        }
        for (i, x) in xs.iter().enumerate().skip(at) {
            let summary = self.push(*x);
            each(i, summary, self.pivot);
        }
    }

    /// The value the summaries are measured from: the first of the newest block, hence always inside the window.
    #[inline]
    pub(crate) fn pivot(&self) -> f64 {
        self.pivot
    }

    /// How many observations it holds when full.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Forgets every observation.
    pub(crate) fn reset(&mut self) {
        let n = self.len();
        self.raw.fill(f64::NAN);
        self.suffix[..n].fill(S::MISSING);
        (self.prefix, self.pivot, self.at) = (S::EMPTY, f64::NAN, 0);
    }

    fn start_block(&mut self, x: f64) {
        self.pivot = x;
        self.prefix = S::EMPTY;
        let mut tail = S::EMPTY;
        for (slot, old) in self.suffix.iter_mut().zip(&self.raw).rev() {
            tail = S::of(*old, x).join(tail);
            *slot = tail;
        }
    }
}
