//! How what we take moves the replayed book: a part that stays, and a part that decays.
//!
//! Linear permanent impact (Almgren & Chriss 2000) and exponential resilience (Obizhaeva & Wang 2013). The whole replayed
//! book moves by whole ticks, both sides alike. Off (zero) unless asked for: then history does not answer us at all.
//!
//! Promises: while history stands still, no sequence of our trades earns anything by its own moves (Huberman & Stanzl
//! 2004, Gatheral 2010). Three rules make it so. Lots trade at the price after the move that they themselves make. Each
//! part is rounded to ticks by itself: what a trade pays for a part is then at least the rise of a convex function of
//! that part, which a round trip brings back to where it was and decay only lowers (Alfonsi & Schied 2010). And our orders
//! at rest move the book by what they trade with lots shown, as those that arrive do.

use hedgerow_core::{Problem, code};

/// Ticks are counted in 10^-9.
const NANO: f64 = 1e9;
/// A book lies no further from history than this, so that the way from one end to the other still fits.
const FARTHEST: f64 = ((1 << 30) - 1) as f64;

/// A model of impact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Impact {
    /// Ticks that the book moves for good for each lot we take, 10^-9.
    pub permanent_nano: i64,
    /// Ticks that it moves at once for each lot and comes back from, 10^-9.
    pub transient_nano: i64,
    /// After how many nanoseconds half of the transient part is gone.
    pub half_life_ns: i64,
}

impl Impact {
    /// Whether the book moves at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.permanent_nano != 0 || self.transient_nano != 0
    }

    pub(crate) fn check(&self) -> Result<(), Problem> {
        let most = 1_000_000_000_000_000;
        let good = (0..=most).contains(&self.permanent_nano)
            && (0..=most).contains(&self.transient_nano)
            && (self.transient_nano == 0 || self.half_life_ns > 0);
        if good {
            return Ok(());
        }
        let detail = format!("{self:?}; zero or positive, and a half-life where a part is transient");
        Err(Problem::new(code::SIM_BAD_MODEL, detail))
    }
}

/// How far one book has been moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    permanent: f64,
    transient: f64,
    ts: i64,
}

impl Moved {
    fn decay(&mut self, model: &Impact, ts: i64) {
        if self.transient != 0.0 && ts > self.ts {
            self.transient *= libm::exp2(-((ts - self.ts) as f64) / model.half_life_ns as f64);
        }
        self.ts = self.ts.max(ts);
    }

    /// We took so many lots: bought (positive) or sold (negative).
    pub(crate) fn took(&mut self, model: &Impact, signed_lots: i64, ts: i64) {
        self.decay(model, ts);
        self.permanent += model.permanent_nano as f64 / NANO * signed_lots as f64;
        self.transient += model.transient_nano as f64 / NANO * signed_lots as f64;
    }

    /// Whole ticks by which the book lies higher than in history at `ts`.
    pub(crate) fn ticks(&mut self, model: &Impact, ts: i64) -> i32 {
        self.decay(model, ts);
        self.whole()
    }

    /// The same if we took so many lots more at this moment; it rises with them.
    pub(crate) fn after(mut self, model: &Impact, signed_lots: i64) -> i32 {
        self.took(model, signed_lots, self.ts);
        self.whole()
    }

    fn whole(&self) -> i32 {
        (libm::round(self.permanent) + libm::round(self.transient)).clamp(-FARTHEST, FARTHEST) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transient_part_halves_with_its_half_life_and_the_permanent_part_stays() {
        let model = Impact { permanent_nano: 100_000_000, transient_nano: 400_000_000, half_life_ns: 1_000 };
        let mut moved = Moved::default();
        moved.took(&model, 100, 0);
        for (ts, ticks) in [(0, 50), (1_000, 30), (2_000, 20), (3_000, 15), (1_000_000, 10)] {
            assert_eq!(moved.ticks(&model, ts), ticks, "at {ts}");
        }
        assert_eq!(moved.after(&model, -100), -40);
        moved.took(&model, -100, 1_000_000);
        assert_eq!(moved.ticks(&model, 1_000_000), -40);
    }

    #[test]
    fn from_one_end_to_the_other_it_still_fits() {
        let model = Impact { permanent_nano: 1_000_000_000_000_000, ..Impact::default() };
        let mut moved = Moved::default();
        moved.took(&model, 1 << 50, 0);
        let highest = moved.ticks(&model, 0);
        moved.took(&model, -(1 << 52), 0);
        assert!(moved.ticks(&model, 0).checked_sub(highest).is_some());
    }

    #[test]
    fn what_comes_back_needs_a_half_life() {
        assert!(Impact { transient_nano: 1, ..Impact::default() }.check().is_err());
        assert!(Impact::default().check().is_ok());
    }
}
