//! One side of a book: a dense table of prices around the best, and a sorted list of those further away.
//!
//! Prices are kept as keys of which the best is the least: the price itself for asks, its negative for bids.
//! Promises: the best of a side that is not empty lies in the dense table; a change there takes constant time, and the
//! next best is found with two bit scans; all that lies behind the table is ordered too. Never: a scan over prices.

use crate::far::Far;
use hedgerow_core::Side;

/// What stands at one price.
pub(crate) trait Rung: Copy + Default {
    /// Whether a price seldom becomes empty or ceases to be: then the bitmap is touched only when it does.
    const IS_CROWDED: bool;
    /// Lots there; 0 = the price is empty.
    fn lots(&self) -> i64;
}

impl Rung for i64 {
    const IS_CROWDED: bool = false;
    #[inline(always)]
    fn lots(&self) -> i64 {
        *self
    }
}

/// Places that one word of the bitmap covers; the table's first key is a multiple of it, so that it moves by whole words.
const WORD: i64 = 64;
/// The best of an empty side.
const EMPTY: i64 = i64::MAX;

/// One side of a book.
#[derive(Clone, Debug)]
pub(crate) struct Ladder<V> {
    /// Key of the first place.
    low: i64,
    /// The least key that is not empty, or `EMPTY`.
    best: i64,
    /// One bit a word of `summary` that is not zero.
    top: u64,
    /// One bit a word of `words` that is not zero.
    summary: Box<[u64]>,
    /// One bit a place that is not empty.
    words: Box<[u64]>,
    rungs: Box<[V]>,
    far: Far<V>,
}

/// The key of a price.
#[inline(always)]
pub(crate) fn key_of(side: Side, price_ticks: i32) -> i32 {
    if side as u8 == Side::Buy as u8 { -price_ticks } else { price_ticks }
}

impl<V: Rung> Ladder<V> {
    pub(crate) fn new(window: u32) -> Ladder<V> {
        let window = window as usize;
        Ladder {
            low: 0,
            best: EMPTY,
            top: 0,
            summary: vec![0; window.div_ceil(WORD as usize * WORD as usize)].into(),
            words: vec![0; window / WORD as usize].into(),
            rungs: vec![V::default(); window].into(),
            far: Far::new(),
        }
    }

    /// The least key that is not empty.
    #[inline(always)]
    pub(crate) fn best(&self) -> Option<i32> {
        if self.best == EMPTY { None } else { Some(self.best as i32) }
    }

    /// The least key, or one above every key.
    #[inline(always)]
    pub(crate) fn best_or_above(&self) -> i64 {
        self.best
    }

    /// What stands at the best price.
    #[inline]
    pub(crate) fn best_rung(&self) -> V {
        self.near(self.best).map_or_else(V::default, |place| self.rungs[place])
    }

    #[inline(always)]
    fn near(&self, key: i64) -> Option<usize> {
        let place = key.wrapping_sub(self.low) as u64;
        if place < self.rungs.len() as u64 { Some(place as usize) } else { None }
    }

    /// What stands at a key.
    #[inline]
    pub(crate) fn get(&self, key: i32) -> V {
        match self.near(key.into()) {
            Some(place) => self.rungs[place],
            None => self.far.get(key).unwrap_or_default(),
        }
    }

    /// Changes what stands at a key.
    #[inline(always)]
    pub(crate) fn change(&mut self, key: i32, work: impl FnOnce(&mut V)) {
        let wide = i64::from(key);
        let Some(place) = self.near(wide) else { return self.change_far(key, work) };
        let rung = &mut self.rungs[place];
        let was_empty = V::IS_CROWDED && rung.lots() == 0;
        work(rung);
        let is_empty = rung.lots() == 0;
        if V::IS_CROWDED && was_empty == is_empty {
            return;
        }
        if !is_empty {
            self.mark(place);
            if wide < self.best {
                self.new_best(wide);
            }
        } else {
            let word = place / WORD as usize;
            self.words[word] &= !(1 << (place % 64));
            if self.words[word] == 0 {
                self.summary[word / 64] &= !(1 << (word % 64));
                if self.summary[word / 64] == 0 {
                    self.top &= !(1 << (word / 64));
                }
            }
            if wide == self.best {
                self.next_best();
            }
        }
    }

    /// Notes that a place is not empty.
    #[inline(always)]
    fn mark(&mut self, place: usize) {
        let word = place / 64;
        self.words[word] |= 1 << (place % 64);
        self.summary[word / 64] |= 1 << (word % 64);
        self.top |= 1 << (word / 64);
    }

    /// A better price in the table; the table is moved only if the side was empty and this is far behind.
    #[inline(always)]
    fn new_best(&mut self, key: i64) {
        let was_empty = self.best == EMPTY;
        self.best = key;
        if was_empty {
            self.keep_in_front(key);
        }
    }

    /// The best price is gone: find the next.
    #[inline]
    fn next_best(&mut self) {
        if self.top == 0 {
            return self.next_from_far();
        }
        let word = self.top.trailing_zeros() as usize;
        let word = word * 64 + self.summary[word].trailing_zeros() as usize;
        let place = word * 64 + self.words[word].trailing_zeros() as usize;
        self.best = self.low + place as i64;
        self.keep_in_front(self.best);
    }

    /// Moves the table when the best has got into its second half, so that what lies behind the best is dense.
    #[inline(always)]
    fn keep_in_front(&mut self, key: i64) {
        if (key - self.low) as usize > self.rungs.len() / 2 {
            self.move_to(key);
        }
    }

    #[cold]
    fn next_from_far(&mut self) {
        self.best = self.far.first_key().map_or(EMPTY, i64::from);
        if self.best != EMPTY {
            self.move_to(self.best);
        }
    }

    /// A change outside the table: behind it, or better than its first price.
    #[cold]
    #[inline(never)]
    fn change_far(&mut self, key: i32, work: impl FnOnce(&mut V)) {
        let wide = i64::from(key);
        if wide > self.best {
            return self.far.change(key, work, |rung| rung.lots() == 0);
        }
        // Better than all, or the first: the table comes to it.
        let mut rung = V::default();
        work(&mut rung);
        if rung.lots() != 0 {
            self.move_to(wide);
            let place = (wide - self.low) as usize;
            self.rungs[place] = rung;
            self.mark(place);
            self.best = wide;
        }
    }

    /// Moves the table so that `best` lies a quarter behind its front; levels left behind go to the far list, and far
    /// levels that the table now covers come in.
    #[cold]
    #[inline(never)]
    fn move_to(&mut self, best: i64) {
        let window = self.rungs.len() as i64;
        let low = (best - window / 4).div_euclid(WORD) * WORD;
        let up = low - self.low;
        for place in marked(&self.words) {
            let key = self.low + place as i64;
            if !(low..low + window).contains(&key) {
                let left = self.rungs[place];
                self.far.change(key as i32, |rung| *rung = left, |_| false);
            }
        }
        shift(&mut self.rungs, up);
        shift(&mut self.words, up / WORD);
        self.low = low;
        while let Some(key) = self.far.first_key().filter(|key| i64::from(*key) < low + window) {
            let place = (i64::from(key) - low) as usize;
            self.rungs[place] = self.far.pop_first().expect("there is a first").1;
            self.words[place / 64] |= 1 << (place % 64);
        }
        let told = |word: &u64| u64::from(*word != 0);
        for (summary, words) in self.summary.iter_mut().zip(self.words.chunks(64)) {
            *summary = words.iter().rev().fold(0, |bits, word| bits << 1 | told(word));
        }
        self.top = self.summary.iter().rev().fold(0, |bits, word| bits << 1 | told(word));
    }

    /// Empties the side.
    pub(crate) fn clear(&mut self) {
        self.rungs.fill(V::default());
        self.words.fill(0);
        self.summary.fill(0);
        self.far.clear();
        (self.top, self.best) = (0, EMPTY);
    }

    /// Tells every key and what stands there, least first, while it is answered `true`.
    #[inline]
    pub(crate) fn each(&self, mut tell: impl FnMut(i32, V) -> bool) {
        for place in marked(&self.words) {
            if !tell((self.low + place as i64) as i32, self.rungs[place]) {
                return;
            }
        }
        for (key, rung) in self.far.iter() {
            if !tell(key, rung) {
                return;
            }
        }
    }

    /// The table from the best on, with the bitmap that covers it: (rungs, words, place of the best in the first word).
    #[inline]
    pub(crate) fn dense(&self) -> (&[V], &[u64], usize) {
        let place = self.near(self.best).unwrap_or(self.rungs.len());
        let word = place / WORD as usize;
        (&self.rungs[place..], &self.words[word..], place % WORD as usize)
    }

    /// Every key behind the table and what stands there, least first.
    pub(crate) fn behind(&self) -> impl Iterator<Item = (i32, V)> + '_ {
        self.far.iter()
    }
}

/// The places whose bit is set, in order.
fn marked(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(word, bits)| {
        let mut bits = *bits;
        std::iter::from_fn(move || {
            let place = bits.trailing_zeros() as usize;
            bits &= bits.checked_sub(1)?;
            Some(word * 64 + place)
        })
    })
}

/// Moves a table's places up by `by` keys: what leaves is lost, what enters is empty.
fn shift<T: Copy + Default>(places: &mut [T], by: i64) {
    let len = places.len();
    let moved = by.unsigned_abs().min(len as u64) as usize;
    if by > 0 {
        places.copy_within(moved.., 0);
        places[len - moved..].fill(T::default());
    } else {
        places.copy_within(..len - moved, moved);
        places[..moved].fill(T::default());
    }
}
