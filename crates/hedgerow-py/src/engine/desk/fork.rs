//! A run that has been opened and has not begun, many times over: one fund, one mandate, many variants of what is wanted.
//!
//! Promises: what runs in a copy is what would have run in the first; copies share nothing. Never: a copy of what is written
//! down, or of what has begun.

use super::{Desk, Links, Parents, Tape, Tops};
use hedgerow_core::{Problem, code};
use hedgerow_kernel::Effects;

impl Desk {
    /// The same fund, as it stands before its first bar.
    ///
    /// # Errors
    /// `RUN_CONFIG` for a run that is journalled, held on margin, not over bars, or under way.
    pub fn fork(&self) -> Result<Desk, Problem> {
        let has_begun = !self.recorder.equity.is_empty() || !self.outbox.is_empty() || !self.parents.is_empty();
        let venue = self.venue.of_bars().filter(|_| !has_begun && self.journal.is_none() && self.broker.is_none());
        let Some(venue) = venue else {
            return Err(Problem::new(
                code::RUN_CONFIG,
                "only a run over bars without journal and margin, before it begins",
            ));
        };
        Ok(Desk {
            kernel: self.kernel.clone(),
            venue,
            journal: None,
            publishing: None,
            effects: Effects::new(),
            outbox: Vec::with_capacity(64),
            reports: Vec::with_capacity(64),
            recorder: self.recorder.clone(),
            fresh_fills: Vec::with_capacity(64),
            fresh_executions: Vec::new(),
            said: None,
            client_ids: self.client_ids.clone(),
            parents: Parents::default(),
            resuming: Vec::new(),
            is_away: false,
            stopped: self.stopped.clone(),
            phased: self.phased.clone(),
            looked_ts: self.looked_ts,
            links: Links::default(),
            tape: Tape::default(),
            running: self.running.clone(),
            day: self.day,
            now: self.now,
            tops: Tops::default(),
            broker: None,
        })
    }
}
