//! One strategy's position and working orders in one instrument, in lots.
//!
//! Numbers are *directed*: seen from a side, so that buying and selling are one arithmetic. From the buying side the
//! position counts as it is, from the selling side negated.

use crate::rules::exposure::worst_lots;
use serde::{Deserialize, Serialize};

/// Index of the buying side.
pub(crate) const BUY: usize = 0;
/// Index of the selling side.
pub(crate) const SELL: usize = 1;

/// +1 for the buying side, -1 for the selling side.
#[inline(always)]
pub(crate) const fn sign(side: usize) -> i64 {
    1 - 2 * (side as i64)
}

/// Half a cache line per strategy and instrument.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[repr(C, align(32))]
pub(crate) struct Row {
    pub position: i64,
    /// Reserved for working orders, by side.
    pub open: [i64; 2],
    /// The mandate grants this instrument.
    pub granted: bool,
}

impl Row {
    /// Position in the direction of a side after all working orders of that side.
    #[inline(always)]
    pub const fn net(&self, side: usize) -> i64 {
        sign(side) * self.position + self.open[side]
    }

    #[inline(always)]
    pub const fn worst(&self) -> i64 {
        worst_lots(self.net(BUY), self.net(SELL))
    }

    /// How short it can become.
    #[inline(always)]
    pub const fn short(&self) -> i64 {
        let short = self.net(SELL);
        if short > 0 { short } else { 0 }
    }

    #[inline(always)]
    pub const fn empty(&self) -> bool {
        self.position | self.open[BUY] | self.open[SELL] == 0
    }

    /// With this many lots more (or, negative, fewer) reserved on one side.
    #[inline(always)]
    pub const fn reserved(mut self, side: usize, lots: i64) -> Row {
        self.open[side] += lots;
        self
    }

    /// With this many lots moved from the reservation of one side into the position.
    #[inline(always)]
    pub const fn filled(mut self, side: usize, lots: i64) -> Row {
        self.open[side] -= lots;
        self.position += sign(side) * lots;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_moves_the_reservation_into_the_position_and_leaves_nothing_behind() {
        let start = Row { position: -3, ..Row::default() };
        for side in [BUY, SELL] {
            let filled = start.reserved(side, 7).filled(side, 7);
            assert_eq!(filled.open, [0, 0]);
            assert_eq!(filled.position, if side == BUY { 4 } else { -10 });
        }
        assert_eq!(start.reserved(SELL, 2).short(), 5);
        assert_eq!(start.reserved(BUY, 10).worst(), 7);
        assert!(!start.empty() && Row::default().empty());
    }
}
