//! Faults on purpose, for tests of what must survive them: refusals, lost answers, answers that come twice.
//!
//! Off unless asked for; seeded, so that a run with faults can be repeated.

use crate::draw::draw;
use serde::{Deserialize, Serialize};

/// How often the venue fails: on average once in so many, 0 = never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Refuses one new order in so many.
    pub reject_every: u32,
    /// Loses one acknowledgement in so many: the order works, but all we hear is `Lost`.
    pub lose_every: u32,
    /// Says one report in so many twice; the copy of a fill has the same execution number.
    pub double_every: u32,
    /// Where the random numbers go on; at first the seed.
    pub seed: u64,
}

impl Faults {
    /// No faults yet; set the fields for those wanted.
    #[must_use]
    pub fn seeded(seed: u64) -> Faults {
        Faults { reject_every: 0, lose_every: 0, double_every: 0, seed }
    }

    pub(crate) fn rejects(&mut self) -> bool {
        self.strikes(self.reject_every)
    }

    pub(crate) fn loses(&mut self) -> bool {
        self.strikes(self.lose_every)
    }

    pub(crate) fn doubles(&mut self) -> bool {
        self.strikes(self.double_every)
    }

    fn strikes(&mut self, every: u32) -> bool {
        every != 0 && draw(&mut self.seed).is_multiple_of(u64::from(every))
    }
}
