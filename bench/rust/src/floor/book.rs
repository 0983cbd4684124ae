//! The least an order book can do: a quantity array with a bitmap over a fixed range of prices, a slab of orders by their
//! number, an ordered map, and sums over arrays. No range is checked, nothing is refused, no order stands in a queue.

use crate::random::Random;
use hedgerow_core::BookLevel;
use std::collections::BTreeMap;

/// Prices of the dense floor.
pub const TICKS: usize = 4096;
/// The lowest of them.
pub const BASE: i32 = 24 * TICKS as i32;

/// A seeded feed of one instrument: the middle walks a tick now and then, levels near it change most, a level that the
/// middle reaches is taken away first. One in `far_in` changes (0 = none) is 2,000 to 60,000 ticks away. The last changes
/// take away what is left, so that the feed can begin again.
pub fn feed(n: usize, far_in: u64, seed: u64) -> Vec<BookLevel> {
    let mut random = Random(seed);
    let mut middle = BASE + TICKS as i32 / 2;
    let mut lots: BTreeMap<(u8, i32), i64> = BTreeMap::new();
    let mut feed = Vec::with_capacity(n);
    while feed.len() < n {
        let set = |side, price_ticks, lots| BookLevel { side, price_ticks, lots, action: 0x81, ..BookLevel::default() };
        if random.below(50) == 0 {
            let up = random.below(2) == 0;
            middle = (middle + if up { 1 } else { -1 }).clamp(BASE + 300, BASE + TICKS as i32 - 300);
            let side = if up { 2 } else { 1 };
            if lots.remove(&(side, middle)).is_some() {
                feed.push(set(side, middle, 0));
            }
            continue;
        }
        let side = 1 + random.below(2) as u8;
        let mut away = (random.bits() | 1 << 40).trailing_zeros() as i32 * 2 + random.below(3) as i32 + 1;
        if far_in > 0 && random.below(far_in) == 0 {
            away = 2_000 + (random.below(580) * 100) as i32;
        }
        let price = if side == 1 { middle - away } else { middle + away };
        let known = lots.contains_key(&(side, price));
        let now = if known && random.below(3) == 0 { 0 } else { 1 + random.below(1_000) as i64 };
        if now == 0 {
            lots.remove(&(side, price))
        } else {
            lots.insert((side, price), now)
        };
        feed.push(set(side, price, now));
    }
    let set = |side, price_ticks| BookLevel { side, price_ticks, action: 0x81, ..BookLevel::default() };
    feed.extend(lots.keys().map(|(side, price)| set(*side, *price)));
    feed
}

/// Quantity by tick, a bit for each that is not empty, a word over those; the best price is kept.
pub struct Dense {
    lots: [Vec<u32>; 2],
    words: [[u64; TICKS / 64]; 2],
    summary: [u64; 2],
    /// Best bid and best ask, as places.
    pub best: [i32; 2],
}

impl Dense {
    /// An empty book.
    pub fn new() -> Dense {
        Dense {
            lots: [vec![0; TICKS], vec![0; TICKS]],
            words: [[0; TICKS / 64]; 2],
            summary: [0; 2],
            best: [-1, TICKS as i32],
        }
    }

    /// Lots at a place of a side.
    #[inline(always)]
    pub fn lots_of(&self, side: usize, place: usize) -> i64 {
        // SAFETY: the mask keeps the place within TICKS, which is the length of the array.
        i64::from(unsafe { *self.lots[side & 1].get_unchecked(place & (TICKS - 1)) })
    }

    /// Takes a change, whatever it says.
    #[inline(always)]
    pub fn apply(&mut self, event: &BookLevel) {
        let side = usize::from(event.side - 1) & 1;
        let place = event.price_ticks as usize & (TICKS - 1);
        // SAFETY: the mask keeps the place within TICKS, which is the length of the array.
        unsafe { *self.lots[side].get_unchecked_mut(place) = event.lots as u32 };
        let (word, bit) = (place >> 6, 1_u64 << (place & 63));
        if event.lots != 0 {
            self.words[side][word] |= bit;
            self.summary[side] |= 1 << word;
            let best = self.best[side];
            self.best[side] = if side == 0 { best.max(place as i32) } else { best.min(place as i32) };
            return;
        }
        self.words[side][word] &= !bit;
        if self.words[side][word] == 0 {
            self.summary[side] &= !(1 << word);
        }
        if self.best[side] == place as i32 {
            self.best[side] = self.find(side);
        }
    }

    #[inline(always)]
    fn find(&self, side: usize) -> i32 {
        let summary = self.summary[side];
        match (side, summary) {
            (0, 0) => -1,
            (_, 0) => TICKS as i32,
            (0, _) => {
                let word = 63 - summary.leading_zeros() as usize;
                (word * 64 + 63 - self.words[0][word].leading_zeros() as usize) as i32
            }
            _ => {
                let word = summary.trailing_zeros() as usize;
                (word * 64 + self.words[1][word].trailing_zeros() as usize) as i32
            }
        }
    }
}

/// An ordered map a side, the best read after each change.
#[derive(Default)]
pub struct Maps {
    sides: [BTreeMap<i32, u32>; 2],
}

impl Maps {
    /// Takes a change; gives the best of its side.
    #[inline(always)]
    pub fn apply(&mut self, event: &BookLevel) -> Option<i32> {
        let map = &mut self.sides[usize::from(event.side - 1) & 1];
        if event.lots == 0 {
            map.remove(&event.price_ticks);
        } else {
            map.insert(event.price_ticks, event.lots as u32);
        }
        let best = if event.side == 1 { map.last_key_value() } else { map.first_key_value() };
        best.map(|(price, _)| *price)
    }
}

/// Orders by number in a table of a power of two, the number as the guard.
pub struct Slab {
    orders: Vec<[u64; 4]>,
}

impl Slab {
    /// Room for `capacity` (a power of two) orders with numbers that lie close together.
    pub fn new(capacity: usize) -> Slab {
        assert!(capacity.is_power_of_two());
        Slab { orders: vec![[0; 4]; capacity] }
    }

    /// An order comes.
    #[inline(always)]
    pub fn add(&mut self, id: u64, price_ticks: i32, lots: u32) {
        let place = id as usize & (self.orders.len() - 1);
        self.orders[place] = [id + 1, price_ticks as u64, lots.into(), 0];
    }

    /// An order goes; gives its lots.
    #[inline(always)]
    pub fn cancel(&mut self, id: u64) -> u64 {
        let place = id as usize & (self.orders.len() - 1);
        let order = &mut self.orders[place];
        if order[0] == id + 1 {
            order[0] = 0;
        }
        order[2]
    }
}

/// One side of a book as arrays of single floats, best first.
#[repr(C, align(64))]
pub struct Prices {
    price: [f32; 64],
    lots: [f32; 64],
}

impl Prices {
    /// Sixty-four levels going away from a price.
    pub fn new(from: f32, step: f32, random: &mut Random) -> Prices {
        let mut side = Prices { price: [0.0; 64], lots: [0.0; 64] };
        for at in 0..64 {
            side.price[at] = from + step * at as f32;
            side.lots[at] = 1.0 + random.below(500) as f32;
        }
        side
    }
}

/// The mid of `n` (a multiple of eight) levels a side, each side's mean weighted by the other's size, in AVX2 and FMA.
///
/// # Safety
/// The processor has both.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub unsafe fn weighted_mid(bids: &Prices, asks: &Prices, n: usize) -> f32 {
    use core::arch::x86_64::{_mm256_add_ps, _mm256_fmadd_ps, _mm256_load_ps, _mm256_setzero_ps, _mm256_storeu_ps};
    let side = |side: &Prices| {
        let (mut worth, mut lots) = (_mm256_setzero_ps(), _mm256_setzero_ps());
        for at in (0..n.min(64)).step_by(8) {
            // SAFETY: `at + 8 <= 64`, and the arrays are aligned to 32 bytes at every eighth place.
            let (price, here) =
                unsafe { (_mm256_load_ps(side.price.as_ptr().add(at)), _mm256_load_ps(side.lots.as_ptr().add(at))) };
            worth = _mm256_fmadd_ps(price, here, worth);
            lots = _mm256_add_ps(lots, here);
        }
        let (mut worths, mut all) = ([0.0_f32; 8], [0.0_f32; 8]);
        // SAFETY: both arrays hold eight floats.
        unsafe {
            _mm256_storeu_ps(worths.as_mut_ptr(), worth);
            _mm256_storeu_ps(all.as_mut_ptr(), lots);
        }
        (worths.iter().sum::<f32>(), all.iter().sum::<f32>())
    };
    let ((bid_worth, bid_lots), (ask_worth, ask_lots)) = (side(bids), side(asks));
    (bid_worth / bid_lots * ask_lots + ask_worth / ask_lots * bid_lots) / (bid_lots + ask_lots)
}
