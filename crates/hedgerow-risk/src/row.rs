//! One strategy's position and working orders in one instrument, in lots.

use crate::rules::exposure::worst_lots;
use serde::{Deserialize, Serialize};

/// Half a cache line per strategy and instrument.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[repr(C, align(32))]
pub(crate) struct Row {
    pub position: i64,
    pub open_buy: i64,
    pub open_sell: i64,
    /// The mandate grants this instrument.
    pub granted: bool,
}

impl Row {
    #[inline(always)]
    pub const fn worst(self) -> i64 {
        worst_lots(self.position, self.open_buy, self.open_sell)
    }

    /// Position after all buys.
    #[inline(always)]
    pub const fn up(self) -> i64 {
        self.position + self.open_buy
    }

    /// Position after all sells.
    #[inline(always)]
    pub const fn down(self) -> i64 {
        self.position - self.open_sell
    }

    /// How short it can become.
    #[inline(always)]
    pub const fn short(self) -> i64 {
        if self.down() < 0 { -self.down() } else { 0 }
    }

    #[inline(always)]
    pub const fn empty(self) -> bool {
        self.position == 0 && self.open_buy == 0 && self.open_sell == 0
    }

    /// With this many lots more (or, negative, fewer) reserved on one side.
    #[inline(always)]
    pub const fn reserved(mut self, buy: bool, lots: i64) -> Row {
        self.open_buy += if buy { lots } else { 0 };
        self.open_sell += if buy { 0 } else { lots };
        self
    }

    /// With this many lots moved from the reservation of one side into the position.
    #[inline(always)]
    pub const fn filled(self, buy: bool, lots: i64) -> Row {
        let mut row = self.reserved(buy, -lots);
        row.position += if buy { lots } else { -lots };
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_moves_the_reservation_into_the_position_and_leaves_nothing_behind() {
        let start = Row { position: -3, ..Row::default() };
        for buy in [true, false] {
            let filled = start.reserved(buy, 7).filled(buy, 7);
            assert_eq!((filled.open_buy, filled.open_sell), (0, 0));
            assert_eq!(filled.position, if buy { 4 } else { -10 });
        }
        assert_eq!(start.reserved(false, 2).short(), 5);
        assert!(!start.empty() && Row::default().empty());
    }
}
