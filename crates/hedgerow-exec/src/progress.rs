//! How far a parent order is: what was ever sent, what works, what is filled.

use crate::slice::{LotRule, remaining_lots};
use hedgerow_core::{Problem, code};
use serde::{Deserialize, Serialize};

/// How far a parent order is. A plain value: its owner tells it what happened to the children.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Progress {
    rule: LotRule,
    parent_lots: i64,
    /// Lots ever sent in children; what they trade cannot exceed it.
    sent_lots: i64,
    filled_lots: i64,
    working_lots: i64,
}

impl Progress {
    /// A parent of which nothing is sent yet.
    #[must_use]
    pub fn new(parent_lots: i64, rule: LotRule) -> Progress {
        Progress { rule, parent_lots, sent_lots: 0, filled_lots: 0, working_lots: 0 }
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

    /// Another total; what is filled or works already stays.
    pub fn resize(&mut self, parent_lots: i64) {
        self.parent_lots = parent_lots;
    }

    /// Total, lots.
    #[must_use]
    pub fn parent_lots(&self) -> i64 {
        self.parent_lots
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

    /// The size of a child, when so many lots are wanted: what remains is the most, and the venue's sizes are kept.
    #[must_use]
    pub fn fit(&self, lots: i64) -> i64 {
        let remaining = self.remaining_lots();
        self.rule.fit(lots.clamp(0, remaining), remaining)
    }

    /// Whether what is left is nothing, or too small to be sent.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.fit(self.remaining_lots()) == 0
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

    #[test]
    fn a_fill_that_arrives_after_the_cancel_is_believed_if_it_was_ever_sent() {
        let mut parent = Progress::new(10, LotRule::WHOLE);
        parent.sent(10).unwrap();
        parent.ended(10).unwrap();
        parent.filled(10).unwrap();
        assert_eq!((parent.filled_lots(), parent.remaining_lots()), (10, 0));
        assert_eq!(parent.filled(1).unwrap_err().code, code::OMS_OVERFILL);
    }

    #[test]
    fn more_than_remains_is_refused_and_changes_nothing() {
        let mut parent = Progress::new(10, LotRule::WHOLE);
        let before = parent;
        for problem in [parent.sent(11), parent.sent(-1), parent.filled(1), parent.ended(1)] {
            assert_eq!(problem.unwrap_err().code, code::OMS_OVERFILL);
        }
        assert_eq!(parent, before);
    }

    #[test]
    fn a_total_that_is_made_smaller_than_what_is_done_leaves_nothing() {
        let mut parent = Progress::new(10, LotRule::WHOLE);
        parent.sent(6).unwrap();
        parent.filled(4).unwrap();
        parent.resize(5);
        assert_eq!((parent.remaining_lots(), parent.fit(3), parent.is_spent()), (0, 0, true));
        parent.filled(2).unwrap();
        assert_eq!(parent.filled_lots(), 6, "what works may still fill");
    }

    proptest! {
        #[test]
        fn children_never_exceed_the_parent_whatever_happens_to_them(
            parent_lots in 1..1_000i64, step in 1..4i64, min in 1..9i64,
            steps in prop::collection::vec((-5..400i64, 0..5u8, 0..100i64), 1..40),
        ) {
            let mut parent = Progress::new(parent_lots, LotRule { min_lots: min, step_lots: step });
            for (wanted, event, percent) in steps {
                let lots = parent.fit(wanted);
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
    }
}
