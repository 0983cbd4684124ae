//! What happens to every holder of an instrument, as Python tells it.

use hedgerow_core::{LifecycleEvent, Money};
use pyo3::FromPyObject;

/// Kind, instrument; lots before and after, cash for the lots before (10^-9 units), ticks paid for what is left of a lot.
#[derive(FromPyObject)]
pub struct Told(u8, u32, i64, i64, i128, i64);

impl Told {
    /// The event, at its time.
    pub fn at(self, ts: i64) -> LifecycleEvent {
        let Told(kind, instrument, old_lots, new_lots, cash, fraction_ticks) = self;
        let cash = Money(cash);
        LifecycleEvent { cash, ts, old_lots, new_lots, fraction_ticks, instrument, kind, ..LifecycleEvent::default() }
    }
}
