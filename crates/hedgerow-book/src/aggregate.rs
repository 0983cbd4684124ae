//! Sums over the best prices of a book: depth, imbalance, and the mid weighted by size.
//!
//! Promises: sums are exact integers, whatever the order of summation, so the loops that the compiler turns into vector
//! instructions give what plain ones give, bit for bit; floats begin at the last division. Empty prices of the dense
//! table add nothing, so a stretch of it is summed without looking at which prices are empty.

use crate::LevelBook;
use crate::book::Book;
use crate::ladder::key_of;
use hedgerow_core::Side;

/// Lots over several levels of a side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Depth {
    /// How many levels.
    pub levels: u32,
    /// All lots there.
    pub lots: i128,
    /// Sum over the levels of lots times ticks away from the best.
    pub tick_lots: i128,
}

/// Lanes of a block, and places of a stretch: a block of sums fits vector registers, and a stretch's sums 64 bits.
const LANES: usize = 4;
const STRETCH: usize = 64;

impl LevelBook {
    /// The best `n` levels of a side; fewer where there are not so many.
    #[must_use]
    pub fn depth(&self, side: Side, n: usize) -> Depth {
        let (rungs, words, first) = self.side(side).dense();
        let (places, levels) = place_of_nth(words, first, n);
        let mut depth = sums(&rungs[..places.min(rungs.len())], levels);
        if levels < n {
            self.add_behind(side, &mut depth, n - levels, i64::MAX);
        }
        depth
    }

    /// The levels of a side up to so many ticks from its best, that included.
    #[must_use]
    pub fn depth_within(&self, side: Side, ticks: u32) -> Depth {
        let (rungs, words, first) = self.side(side).dense();
        let places = rungs.len().min(ticks as usize + 1);
        let mut depth = sums(&rungs[..places], count_to(words, first, places));
        if places == rungs.len() {
            self.add_behind(side, &mut depth, usize::MAX, ticks.into());
        }
        depth
    }

    /// Adds levels behind the dense table.
    #[cold]
    fn add_behind(&self, side: Side, depth: &mut Depth, n: usize, ticks: i64) {
        let Some(best) = self.best(side) else { return };
        let best = i64::from(key_of(side, best.price_ticks));
        for (key, lots) in self.side(side).behind().take(n) {
            let away = i64::from(key) - best;
            if away > ticks {
                break;
            }
            depth.levels += 1;
            depth.lots += i128::from(lots);
            depth.tick_lots += i128::from(lots) * i128::from(away);
        }
    }

    /// See [`weighted_mid`], over the best `n` levels of each side; nothing if a side is empty or `n` is 0.
    #[must_use]
    pub fn weighted_mid(&self, n: usize) -> Option<f64> {
        let (bid, ask) = (self.best(Side::Buy)?, self.best(Side::Sell)?);
        let [bids, asks] = [Side::Buy, Side::Sell].map(|side| self.depth(side, n));
        (n > 0).then(|| weighted_mid(bid.price_ticks, &bids, ask.price_ticks, &asks))
    }

    /// See [`imbalance`], over the best `n` levels of each side; nothing if both are empty.
    #[must_use]
    pub fn imbalance(&self, n: usize) -> Option<f64> {
        imbalance(&self.depth(Side::Buy, n), &self.depth(Side::Sell, n))
    }
}

/// The mid price in ticks: the mean price of each side's lots, weighted by the lots of the other side.
///
/// With one level a side this is the usual weighted mid (the size-imbalance estimate of Stoikov 2018, section 2).
#[must_use]
pub fn weighted_mid(best_bid: i32, bids: &Depth, best_ask: i32, asks: &Depth) -> f64 {
    let (bid_lots, ask_lots) = (nearest(bids.lots), nearest(asks.lots));
    let bid = f64::from(best_bid) - nearest(bids.tick_lots) / bid_lots;
    let ask = f64::from(best_ask) + nearest(asks.tick_lots) / ask_lots;
    (bid * ask_lots + ask * bid_lots) / (bid_lots + ask_lots)
}

/// Bids' lots less asks' lots over both: from -1 (nothing is bid) to 1 (nothing is asked).
#[must_use]
pub fn imbalance(bids: &Depth, asks: &Depth) -> Option<f64> {
    let all = bids.lots + asks.lots;
    (all > 0).then(|| nearest(bids.lots - asks.lots) / nearest(all))
}

/// The double nearest to a sum; almost every sum fits 64 bits, which one instruction converts.
#[inline(always)]
fn nearest(sum: i128) -> f64 {
    i64::try_from(sum).map_or_else(|_| sum as f64, |sum| sum as f64)
}

/// How many places of the table hold its first `n` levels, and how many levels those are.
#[inline]
fn place_of_nth(words: &[u64], first: usize, n: usize) -> (usize, usize) {
    let mut found = 0;
    for (at, word) in words.iter().enumerate() {
        let here = word.count_ones() as usize;
        if found + here >= n {
            let last = if n > found { nth_one(*word, n - found - 1) + 1 } else { 0 };
            return ((at * STRETCH + last).saturating_sub(first), n);
        }
        found += here;
    }
    (words.len() * STRETCH - first, found)
}

/// How many levels the first `places` of the table hold.
#[inline]
fn count_to(words: &[u64], first: usize, places: usize) -> usize {
    let end = first + places;
    let whole: u32 = words[..end / STRETCH].iter().map(|word| word.count_ones()).sum();
    let rest = match end % STRETCH {
        0 => 0,
        bits => (words[end / STRETCH] & ((1 << bits) - 1)).count_ones(),
    };
    (whole + rest) as usize
}

/// Place of the one with `n` ones below it; one instruction a one, which is little for the levels that people ask for.
#[inline(always)]
fn nth_one(word: u64, n: usize) -> usize {
    (0..n).fold(word, |rest, _| rest & (rest - 1)).trailing_zeros() as usize
}

/// Sums over places that hold `levels` levels.
#[inline]
fn sums(rungs: &[i64], levels: usize) -> Depth {
    let levels = levels as u32;
    if rungs.len() <= STRETCH {
        let (lots, tick_lots) = stretch_sums(rungs);
        return Depth { levels, lots: lots.into(), tick_lots: tick_lots.into() };
    }
    let mut depth = Depth { levels, ..Depth::default() };
    for (stretch, places) in rungs.chunks(STRETCH).enumerate() {
        let (lots, tick_lots) = stretch_sums(places);
        depth.lots += i128::from(lots);
        depth.tick_lots += i128::from(tick_lots) + i128::from(lots) * (stretch * STRETCH) as i128;
    }
    depth
}

/// Sum of lots, and of lots times place, over at most `STRETCH` places; `LOTS_MAX` keeps both within 63 bits.
///
/// The place of lane `l` in block `b` is `4 b + l`. Blocks are added from the last to the first: the running sum of the
/// running sums then counts each block once more than its number, so no product is needed but one a lane.
#[inline]
fn stretch_sums(places: &[i64]) -> (i64, i64) {
    let blocks = places.chunks_exact(LANES);
    let rest = blocks.remainder();
    let behind = places.len() - rest.len();
    let (mut sum, mut running) = ([0_i64; LANES], [0_i64; LANES]);
    for block in blocks.rev() {
        for lane in 0..LANES {
            running[lane] += sum[lane];
            sum[lane] += block[lane];
        }
    }
    let [one, two, three, four] = sum;
    let mut lots = one + two + three + four;
    let mut tick_lots = LANES as i64 * running.iter().sum::<i64>() + two + 2 * three + 3 * four;
    for (at, more) in rest.iter().enumerate() {
        lots += more;
        tick_lots += (behind + at) as i64 * more;
    }
    (lots, tick_lots)
}
