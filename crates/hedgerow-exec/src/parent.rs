//! A parent order at work: what is sent, filled and left, and what comes next.

use crate::slice::{LotRule, pov_slice, remaining_lots, twap_slice};
use hedgerow_core::{Problem, code};
use serde::{Deserialize, Serialize};

/// How a parent order is worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Schedule {
    /// Equal slices, one per bar.
    Twap {
        /// How many.
        slices: u32,
    },
    /// A share of each bar's volume, in basis points.
    Pov {
        /// The share.
        share_bps: u32,
    },
}

/// A parent order at work. A plain value: its owner tells it what happened to the children and asks it for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParentState {
    schedule: Schedule,
    rule: LotRule,
    parent_lots: i64,
    /// Lots ever sent in children; what they trade cannot exceed it.
    sent_lots: i64,
    filled_lots: i64,
    working_lots: i64,
    slices_due: u32,
    stopped: bool,
}

impl ParentState {
    /// A parent of which nothing is sent yet.
    #[must_use]
    pub fn new(schedule: Schedule, parent_lots: i64, rule: LotRule) -> ParentState {
        ParentState {
            schedule,
            rule,
            parent_lots,
            sent_lots: 0,
            filled_lots: 0,
            working_lots: 0,
            slices_due: 0,
            stopped: false,
        }
    }

    /// A bar closed with this volume (-1 = not known): the lots to send now, or 0. The caller sends them and says
    /// [`ParentState::sent`]; if the gate denies them, it says nothing and they are due
    /// again with the next slice.
    pub fn next_lots(&mut self, volume_lots: i64) -> i64 {
        if !self.sends_more() {
            return 0;
        }
        self.slices_due = self.slices_due.saturating_add(1);
        let remaining = self.remaining_lots();
        let lots = match self.schedule {
            Schedule::Twap { slices } => {
                twap_slice(self.parent_lots, self.filled_lots, self.working_lots, self.slices_due, slices)
            }
            Schedule::Pov { share_bps } => pov_slice(volume_lots, share_bps, remaining),
        };
        self.rule.fit(lots, remaining)
    }

    /// A child of this size was sent.
    ///
    /// # Errors
    /// `OMS_OVERFILL` if it is more than remains; nothing is changed.
    pub fn sent(&mut self, lots: i64) -> Result<(), Problem> {
        self.within(lots, self.remaining_lots(), "child order")?;
        self.sent_lots += lots;
        self.working_lots += lots;
        Ok(())
    }

    /// Lots of a child were filled, perhaps after we had counted it as ended.
    ///
    /// # Errors
    /// `OMS_OVERFILL` if more was filled than was ever sent; nothing is changed.
    pub fn filled(&mut self, lots: i64) -> Result<(), Problem> {
        self.within(lots, self.sent_lots - self.filled_lots, "fill")?;
        self.filled_lots += lots;
        self.working_lots = (self.working_lots - lots).max(0);
        Ok(())
    }

    /// A child ended with this many lots unfilled: cancelled, expired or rejected. They are due again.
    ///
    /// # Errors
    /// `OMS_OVERFILL` if that is more than was working; nothing is changed.
    pub fn ended(&mut self, unfilled_lots: i64) -> Result<(), Problem> {
        self.within(unfilled_lots, self.working_lots, "unfilled rest")?;
        self.working_lots -= unfilled_lots;
        Ok(())
    }

    /// Sends no more children; those that work are the caller's to cancel.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Lots filled so far.
    #[must_use]
    pub fn filled_lots(&self) -> i64 {
        self.filled_lots
    }

    /// Lots in working children.
    #[must_use]
    pub fn working_lots(&self) -> i64 {
        self.working_lots
    }

    /// Lots neither filled nor working.
    #[must_use]
    pub fn remaining_lots(&self) -> i64 {
        remaining_lots(self.parent_lots, self.filled_lots, self.working_lots)
    }

    /// Whether nothing works and nothing more will be sent: it was stopped, or its last slice has passed, or what is left is
    /// too small to be sent.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let remaining = self.remaining_lots();
        self.working_lots == 0 && (!self.sends_more() || self.rule.fit(remaining, remaining) == 0)
    }

    fn sends_more(&self) -> bool {
        let slices_left = match self.schedule {
            Schedule::Twap { slices } => self.slices_due < slices,
            Schedule::Pov { .. } => true,
        };
        slices_left && !self.stopped
    }

    fn within(&self, lots: i64, most: i64, what: &str) -> Result<(), Problem> {
        if (0..=most).contains(&lots) {
            return Ok(());
        }
        Err(Problem::new(
            code::OMS_OVERFILL,
            format!("{what} of {lots} lots; at most {most} of {} are open", self.parent_lots),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn twap(parent_lots: i64, slices: u32) -> ParentState {
        ParentState::new(Schedule::Twap { slices }, parent_lots, LotRule::WHOLE)
    }

    #[test]
    fn a_parent_is_done_after_its_last_slice_is_filled_or_cancelled() {
        let mut parent = twap(10, 2);
        assert_eq!(parent.next_lots(-1), 5);
        parent.sent(5).unwrap();
        parent.filled(5).unwrap();
        assert_eq!(parent.next_lots(-1), 5);
        parent.sent(5).unwrap();
        parent.filled(2).unwrap();
        assert!(!parent.is_done());
        parent.ended(3).unwrap();
        assert!(parent.is_done());
        assert_eq!((parent.next_lots(-1), parent.filled_lots(), parent.remaining_lots()), (0, 7, 3));
    }

    #[test]
    fn a_stopped_parent_sends_no_more_but_is_done_only_when_nothing_works() {
        let mut parent = twap(10, 5);
        let lots = parent.next_lots(-1);
        parent.sent(lots).unwrap();
        parent.stop();
        assert_eq!(parent.next_lots(-1), 0);
        assert!(!parent.is_done());
        parent.ended(lots).unwrap();
        assert!(parent.is_done());
    }

    #[test]
    fn a_fill_that_arrives_after_the_cancel_is_believed_if_it_was_ever_sent() {
        let mut parent = twap(10, 1);
        parent.sent(10).unwrap();
        parent.ended(10).unwrap();
        parent.filled(10).unwrap();
        assert_eq!((parent.filled_lots(), parent.remaining_lots()), (10, 0));
        assert_eq!(parent.filled(1).unwrap_err().code, code::OMS_OVERFILL);
    }

    #[test]
    fn more_than_remains_is_refused_and_changes_nothing() {
        let mut parent = twap(10, 1);
        let before = parent;
        for problem in [parent.sent(11), parent.sent(-1), parent.filled(1), parent.ended(1)] {
            assert_eq!(problem.unwrap_err().code, code::OMS_OVERFILL);
        }
        assert_eq!(parent, before);
    }

    #[test]
    fn a_share_of_volume_waits_while_nothing_trades() {
        let mut parent =
            ParentState::new(Schedule::Pov { share_bps: 1_000 }, 100, LotRule { min_lots: 10, step_lots: 10 });
        assert_eq!([0, -1, 99, 250].map(|volume| parent.next_lots(volume)), [0, 0, 0, 20]);
        assert!(!parent.is_done());
    }

    proptest! {
        #[test]
        fn children_never_exceed_the_parent_whatever_happens_to_them(
            parent_lots in 1..1_000i64, step in 1..4i64, min in 1..9i64, slices in 1..12u32, twap in any::<bool>(),
            steps in prop::collection::vec((-1..4_000i64, 0..5u8, 0..100i64), 1..40),
        ) {
            let rule = LotRule { min_lots: min, step_lots: step };
            let schedule = if twap { Schedule::Twap { slices } } else { Schedule::Pov { share_bps: 500 } };
            let mut parent = ParentState::new(schedule, parent_lots, rule);
            for (volume, event, percent) in steps {
                let lots = parent.next_lots(volume);
                prop_assert!(lots == 0 || (lots >= min && lots % step == 0));
                prop_assert!(parent.filled_lots() + parent.working_lots() + lots <= parent_lots);
                if event != 0 {
                    parent.sent(lots).unwrap();
                }
                let part = parent.working_lots() * percent / 100;
                match event {
                    1 => parent.filled(part).unwrap(),
                    2 => parent.ended(part).unwrap(),
                    3 => parent.filled(parent.working_lots()).unwrap(),
                    _ => {}
                }
                prop_assert!(parent.filled_lots() + parent.working_lots() + parent.remaining_lots() == parent_lots);
            }
        }

        #[test]
        fn a_schedule_that_fills_at_once_trades_exactly_the_parent(parent_lots in 1..1_000_000i64, slices in 1..500u32) {
            let mut parent = twap(parent_lots, slices);
            for _ in 0..slices {
                let lots = parent.next_lots(-1);
                parent.sent(lots).unwrap();
                parent.filled(lots).unwrap();
            }
            prop_assert_eq!(parent.filled_lots(), parent_lots);
            prop_assert!(parent.is_done());
        }
    }
}
