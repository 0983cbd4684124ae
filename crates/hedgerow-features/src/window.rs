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
    /// An observation: a number, or several that belong together.
    type Item: Copy;
    /// An observation that is not known.
    const GAP: Self::Item;
    /// Of no observation.
    const EMPTY: Self;
    /// Of observations that are not known: joining it gives NaN.
    const MISSING: Self;
    /// Of one observation, measured from `pivot`.
    fn of(x: Self::Item, pivot: Self::Item) -> Self;
    /// Of both.
    fn join(self, newer: Self) -> Self;
}

/// The last `n` observations.
#[derive(Clone, Debug)]
pub(crate) struct Window<S: Summary> {
    /// The observations, oldest overwritten first.
    raw: Box<[S::Item]>,
    /// `suffix[i]` summarises the old block from `i` on; one longer than the block, so that its last entry is empty.
    suffix: Box<[S]>,
    prefix: S,
    pivot: S::Item,
    at: usize,
}

impl<S: Summary> Window<S> {
    /// An empty window of `n >= 1` observations; the only allocation.
    pub(crate) fn new(n: usize) -> Window<S> {
        assert!(n >= 1, "a window holds at least one observation");
        let mut suffix = vec![S::MISSING; n + 1];
        suffix[n] = S::EMPTY;
        Window { raw: vec![S::GAP; n].into(), suffix: suffix.into(), prefix: S::EMPTY, pivot: S::GAP, at: 0 }
    }

    /// Takes an observation and summarises the window that ends with it.
    #[inline]
    pub(crate) fn push(&mut self, x: S::Item) -> S {
        if self.at == 0 {
            self.start_block(x);
        }
        let at = self.at;
        self.raw[at] = x;
        self.prefix = self.prefix.join(S::of(x, self.pivot));
        self.at = if at + 1 == self.raw.len() { 0 } else { at + 1 };
        self.suffix[at + 1].join(self.prefix)
    }

    /// The value the summaries are measured from: the first of the newest block, hence always inside the window.
    #[inline]
    pub(crate) fn pivot(&self) -> S::Item {
        self.pivot
    }

    /// How many observations it holds when full.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Forgets every observation.
    pub(crate) fn reset(&mut self) {
        let n = self.len();
        self.raw.fill(S::GAP);
        self.suffix[..n].fill(S::MISSING);
        (self.prefix, self.pivot, self.at) = (S::EMPTY, S::GAP, 0);
    }

    fn start_block(&mut self, x: S::Item) {
        self.pivot = x;
        self.prefix = S::EMPTY;
        let mut tail = S::EMPTY;
        for (slot, old) in self.suffix.iter_mut().zip(&self.raw).rev() {
            tail = S::of(*old, x).join(tail);
            *slot = tail;
        }
    }
}

impl<S: Summary<Item = f64>> Window<S> {
    /// Takes a column, and writes what `value` makes of the summary and the pivot of the window that ends with each
    /// observation: the same sums in the same order as [`Window::push`] makes, so the same bits. Blocks do not wait for
    /// each other, so [`LANES`] of them are summarised side by side.
    pub(crate) fn push_all(&mut self, xs: &[f64], out: &mut [f64], value: impl Fn(S, f64) -> f64) {
        let n = self.len();
        let head = if self.at == 0 { 0 } else { (n - self.at).min(xs.len()) };
        let tail = xs.len() - (xs.len() - head) % (LANES * n);
        self.push_each(&xs[..head], &mut out[..head], &value);
        let height = if tail > head { n } else { 0 };
        let (mut rows, mut suffixes) = (vec![Row::default(); height], vec![[S::EMPTY; LANES]; height + 1]);
        let places = out[head..tail].chunks_exact_mut(LANES * n);
        for (blocks, places) in xs[head..tail].chunks_exact(LANES * n).zip(places) {
            let pivots: [f64; LANES] = from_fn(|lane| blocks[lane * n]);
            for (i, row) in rows.iter_mut().enumerate() {
                *row = from_fn(|block| if block == 0 { self.raw[i] } else { blocks[(block - 1) * n + i] });
            }
            summarise_back(&rows, &mut suffixes[..n], &pivots);
            summarise_on(&mut rows, &suffixes[1..], &pivots, &value);
            for (lane, places) in places.chunks_exact_mut(n).enumerate() {
                for (place, row) in places.iter_mut().zip(&rows) {
                    *place = row[lane];
                }
            }
            self.raw.copy_from_slice(&blocks[(LANES - 1) * n..]);
        }
        self.push_each(&xs[tail..], &mut out[tail..], &value);
    }

    fn push_each(&mut self, xs: &[f64], out: &mut [f64], value: impl Fn(S, f64) -> f64) {
        for (x, place) in xs.iter().zip(out) {
            let summary = self.push(*x);
            *place = value(summary, self.pivot);
        }
    }
}

/// A row of the side-by-side sweep: one observation of each block, that of the block before them first.
type Row = [f64; 1 + LANES];

/// From the last row back: what each old block holds from a row on. A function of its own, so that the compiler sees that
/// rows and suffixes are not the same memory, and takes all lanes at once.
#[inline(never)]
fn summarise_back<S: Summary<Item = f64>>(rows: &[Row], suffixes: &mut [[S; LANES]], pivots: &[f64; LANES]) {
    let mut tails = [S::EMPTY; LANES];
    for (row, suffix) in rows.iter().zip(suffixes).rev() {
        tails = from_fn(|lane| S::of(row[lane], pivots[lane]).join(tails[lane]));
        *suffix = tails;
    }
}

/// From the first row on: the value of the window that ends with each observation takes the place of an old one.
#[inline(never)]
fn summarise_on<S: Summary<Item = f64>>(
    rows: &mut [Row],
    suffixes: &[[S; LANES]],
    pivots: &[f64; LANES],
    value: &impl Fn(S, f64) -> f64,
) {
    let mut prefixes = [S::EMPTY; LANES];
    for (row, suffix) in rows.iter_mut().zip(suffixes) {
        prefixes = from_fn(|lane| prefixes[lane].join(S::of(row[lane + 1], pivots[lane])));
        let values: [f64; LANES] = from_fn(|lane| value(suffix[lane].join(prefixes[lane]), pivots[lane]));
        row[..LANES].copy_from_slice(&values);
    }
}
