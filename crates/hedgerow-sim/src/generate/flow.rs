//! Who sends market orders: pieces of larger orders, so that their signs have a long memory.

use super::random::Random;
use hedgerow_core::Side;

/// Pieces of the longest order.
const PIECES_MAX: u32 = 100_000;

/// A larger order: its side, and pieces that are left.
#[derive(Clone, Copy, Debug)]
struct Parent {
    side: Side,
    left: u32,
}

/// The larger orders at work, of which each market order is a piece.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    tail: f64,
    parents: Vec<Parent>,
    /// How many of them buy.
    buyers: usize,
}

impl Flow {
    pub fn new(tail: f64, parents: usize, random: &mut Random) -> Flow {
        let parents: Vec<Parent> = (0..parents).map(|_| parent(tail, random)).collect();
        let buyers = parents.iter().filter(|parent| parent.side == Side::Buy).count();
        Flow { tail, parents, buyers }
    }

    /// The side of the next market order.
    pub fn next(&mut self, random: &mut Random) -> Side {
        let place = random.place(self.parents.len());
        let parent_now = &mut self.parents[place];
        let side = parent_now.side;
        parent_now.left -= 1;
        if parent_now.left == 0 {
            *parent_now = parent(self.tail, random);
            self.buyers = self.parents.iter().filter(|parent| parent.side == Side::Buy).count();
        }
        side
    }

    /// How one-sidedly the limit orders of a side will be taken, from -1 (not at all) to 1 (they alone): bids are taken by
    /// sellers.
    pub fn taken(&self, side: Side) -> f64 {
        let buying = 2.0 * self.buyers as f64 / self.parents.len() as f64 - 1.0;
        if side == Side::Sell { buying } else { -buying }
    }
}

fn parent(tail: f64, random: &mut Random) -> Parent {
    let side = if random.bits() & 1 == 0 { Side::Buy } else { Side::Sell };
    Parent { side, left: random.pareto(tail, PIECES_MAX) }
}
