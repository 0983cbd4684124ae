//! Keeps the records of a run in memory, one column of bytes per kind, ready to be viewed as NumPy structured arrays.

use hedgerow_core::{Fill, Forecast, FxRate, Mandate, Money, Noun, Order, OrderEvent, Posting, Target, Verdict};

/// What tables are made of; the rest stands in the journal only.
const KEPT: u32 = 1 << Order::KIND
    | 1 << Verdict::KIND
    | 1 << OrderEvent::KIND
    | 1 << Fill::KIND
    | 1 << Posting::KIND
    | 1 << FxRate::KIND
    | 1 << Forecast::KIND
    | 1 << Target::KIND
    | 1 << Mandate::KIND;
const KINDS: usize = 32;

/// The records of a run, by kind, and its equity curve.
pub struct Recorder {
    rows: Vec<Vec<u8>>,
    /// Net asset value after each time of the run, base currency. For display and statistics; the ledger is exact.
    pub equity_nav: Vec<f64>,
}

impl Recorder {
    /// An empty recorder.
    pub fn new() -> Recorder {
        Recorder { rows: vec![Vec::new(); KINDS], equity_nav: Vec::new() }
    }

    /// Makes room for so many more equity points.
    pub fn reserve_equity(&mut self, points: usize) {
        self.equity_nav.reserve_exact(points);
    }

    /// Keeps one record.
    #[inline]
    pub fn record(&mut self, kind: u16, bytes: &[u8]) {
        if KEPT.checked_shr(u32::from(kind)).unwrap_or(0) & 1 == 1 {
            self.rows[usize::from(kind)].extend_from_slice(bytes);
        }
    }

    /// Keeps one equity point.
    #[inline]
    pub fn equity(&mut self, nav: Money) {
        self.equity_nav.push(nav.to_f64());
    }

    /// All records of a kind, one after the other.
    pub fn rows(&self, kind: u16) -> &[u8] {
        self.rows.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }
}
