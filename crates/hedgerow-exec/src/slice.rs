//! The size of one slice.

use hedgerow_core::Instrument;
use serde::{Deserialize, Serialize};

/// Lots of the next slice of a time-weighted schedule, when `slices_due` of `slices` are due (1 for the first).
///
/// What should be done by now is `parent * due / slices`, rounded down; the slice is what is missing from it, filled and
/// working lots counted. So lots that were not filled in time are caught up, and the last slice asks for all that is left.
#[must_use]
pub fn twap_slice(parent_lots: i64, filled_lots: i64, working_lots: i64, slices_due: u32, slices: u32) -> i64 {
    let due = i128::from(slices_due.min(slices));
    let target = i128::from(parent_lots) * due / i128::from(slices.max(1));
    let target = if slices == 0 { parent_lots } else { target as i64 };
    (target - filled_lots - working_lots).clamp(0, remaining_lots(parent_lots, filled_lots, working_lots))
}

/// Lots of a share-of-volume schedule that are due once so much has traded since it began: `share_bps` basis points of it,
/// rounded down, and at most the parent. A volume of zero, or one that is not known (-1), makes nothing due.
#[must_use]
pub fn pov_slice(volume_lots: i64, share_bps: u32, parent_lots: i64) -> i64 {
    let share = i128::from(volume_lots.max(0)) * i128::from(share_bps) / 10_000;
    share.min(i128::from(parent_lots.max(0))) as i64
}

/// Lots of a parent that are neither filled nor working; never negative, even after more fills than were asked for.
#[must_use]
pub(crate) fn remaining_lots(parent_lots: i64, filled_lots: i64, working_lots: i64) -> i64 {
    (parent_lots - filled_lots - working_lots).max(0)
}

/// Which sizes a venue takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LotRule {
    /// Smallest order.
    pub min_lots: i64,
    /// Orders are multiples of this.
    pub step_lots: i64,
}

impl Default for LotRule {
    fn default() -> LotRule {
        LotRule::WHOLE
    }
}

impl LotRule {
    /// Any whole number of lots.
    pub const WHOLE: LotRule = LotRule { min_lots: 1, step_lots: 1 };

    /// The rule of an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument) -> LotRule {
        LotRule { min_lots: instrument.lots_min.max(1), step_lots: instrument.lots_step.max(1) }
    }

    /// The largest size up to `lots` that may work, or 0.
    #[must_use]
    pub fn down(self, lots: i64) -> i64 {
        let whole = lots - lots % self.step_lots;
        if whole < self.min_lots { 0 } else { whole }
    }

    /// The largest size up to `lots` that may be sent, or 0. If the rest of `remaining_lots` would then be too small to be
    /// sent alone, it goes along.
    #[must_use]
    pub fn fit(self, lots: i64, remaining_lots: i64) -> i64 {
        let whole = |lots: i64| lots - lots % self.step_lots;
        let (lots, all) = (whole(lots.min(remaining_lots)), whole(remaining_lots));
        if lots < self.min_lots {
            return 0;
        }
        if all - lots < self.min_lots { all } else { lots }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_slices_differ_by_one_lot_at_most_and_sum_to_the_parent() {
        let mut filled = 0;
        let slices: Vec<_> = (1..=4)
            .map(|due| {
                let lots = twap_slice(10, filled, 0, due, 4);
                filled += lots;
                lots
            })
            .collect();
        assert_eq!(slices, [2, 3, 2, 3]);
    }

    #[test]
    fn what_was_not_filled_in_time_is_caught_up() {
        assert_eq!(twap_slice(100, 10, 15, 2, 4), 25);
        assert_eq!(twap_slice(100, 10, 0, 4, 4), 90);
        assert_eq!(twap_slice(100, 60, 0, 2, 4), 0, "ahead of the schedule");
    }

    #[test]
    fn a_late_fill_beyond_the_parent_asks_for_nothing() {
        assert_eq!(twap_slice(100, 110, 0, 4, 4), 0);
        assert_eq!(pov_slice(1_000, 1_000, -10), 0);
    }

    #[test]
    fn a_share_of_volume_is_rounded_down_and_needs_a_volume() {
        for (volume, lots) in [(1_009, 100), (9, 0), (0, 0), (-1, 0), (1_000_000, 500)] {
            assert_eq!(pov_slice(volume, 1_000, 500), lots);
        }
    }

    #[test]
    fn a_size_fits_the_step_and_leaves_no_tail_that_cannot_be_sent() {
        let rule = LotRule { min_lots: 20, step_lots: 10 };
        for (lots, remaining, fit) in [(35, 100, 30), (15, 100, 0), (80, 95, 90), (50, 60, 60), (50, 15, 0)] {
            assert_eq!(rule.fit(lots, remaining), fit, "{lots} of {remaining}");
        }
    }
}
