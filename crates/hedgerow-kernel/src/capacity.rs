//! How much room the kernel has, and what kind of money it trades. All memory is taken at the start, so the sizes are part of the journal.
//!
//! Promises: sizes that no machine should be asked for are refused by name. Never: grows.

use crate::RULES_VERSION;
use hedgerow_core::{KernelStart, Problem, TierKind, code};
use serde::{Deserialize, Serialize};

/// Most instruments and working orders, and most places of a table that has one for each pair (strategy and instrument,
/// sector or currency): two gigabytes of state at the very most.
const INSTRUMENTS_MAX: u64 = 1 << 17;
const ORDERS_MAX: u64 = 1 << 20;
const PAIRS_MAX: u64 = 1 << 22;

/// How many of each thing the kernel has room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Capacity {
    /// Strategies.
    pub strategies: u16,
    /// Instruments.
    pub instruments: u32,
    /// Sectors.
    pub sectors: u32,
    /// Currencies.
    pub currencies: u16,
    /// Working orders.
    pub orders: u32,
    /// The kind of money that the venues trade; a mandate of a lesser kind counts for nothing there.
    pub venue: TierKind,
}

impl Capacity {
    /// The record that keeps it in the journal.
    #[must_use]
    pub fn as_record(&self) -> KernelStart {
        let Capacity { strategies, instruments, sectors, currencies, orders, venue } = *self;
        KernelStart {
            id: 2,
            cause: 1,
            ts: 0,
            instruments,
            sectors,
            orders,
            currencies,
            strategies,
            rules_version: RULES_VERSION,
            venue: venue as u8,
            ..KernelStart::default()
        }
    }

    /// Read back from its record.
    ///
    /// # Errors
    /// `LOG_REPLAY` if another version of the rules wrote it, or if it is not a record that [`Capacity::as_record`] makes.
    pub fn from_record(record: &KernelStart) -> Result<Capacity, Problem> {
        if record.rules_version != RULES_VERSION {
            let detail = format!("rules version {}, this kernel has {RULES_VERSION}", record.rules_version);
            return Err(Problem::new(code::LOG_REPLAY, detail));
        }
        let KernelStart { strategies, instruments, sectors, currencies, orders, .. } = *record;
        let Some(venue) = TierKind::from_u8(record.venue) else {
            return Err(Problem::new(code::LOG_REPLAY, format!("kernel start at a venue of kind {}", record.venue)));
        };
        let capacity = Capacity { strategies, instruments, sectors, currencies, orders, venue };
        if capacity.as_record() != *record {
            let KernelStart { id, cause, ts, .. } = record;
            let detail = format!("kernel start with id {id}, cause {cause}, time {ts}; these are 2, 1 and 0");
            return Err(Problem::new(code::LOG_REPLAY, detail));
        }
        Ok(capacity)
    }

    /// The same sizes, if a machine can be asked for them.
    ///
    /// # Errors
    /// `CORE_CAPACITY` with the size and the most there can be.
    pub fn checked(self) -> Result<Capacity, Problem> {
        let rows = (u64::from(self.strategies) + 1) * u64::from(self.instruments.max(self.sectors));
        for (what, size, most) in [
            ("instruments", u64::from(self.instruments), INSTRUMENTS_MAX),
            ("working orders", u64::from(self.orders), ORDERS_MAX),
            ("strategies times instruments or sectors", rows, PAIRS_MAX),
            ("strategies times currencies", u64::from(self.strategies) * u64::from(self.currencies), PAIRS_MAX),
        ] {
            if size > most {
                return Err(Problem::new(code::CORE_CAPACITY, format!("room for {size} {what}; the most is {most}")));
            }
        }
        Ok(self)
    }
}

impl Default for Capacity {
    fn default() -> Capacity {
        let venue = TierKind::Simulation;
        Capacity { strategies: 8, instruments: 64, sectors: 16, currencies: 8, orders: 1024, venue }
    }
}
