//! Keeps the records of a run in memory, one column of bytes per kind, ready to be viewed as NumPy structured arrays.

use hedgerow_core::{Money, Nanos};

const KINDS: usize = 40;

/// The records of a run, by kind, and its equity curve.
pub struct Recorder {
    rows: Vec<Vec<u8>>,
    /// Time of each equity point, UTC nanoseconds.
    pub equity_ts: Vec<i64>,
    /// Net asset value at each point, base currency. For display and statistics; the ledger holds the exact figure.
    pub equity_nav: Vec<f64>,
}

impl Recorder {
    /// An empty recorder.
    pub fn new() -> Recorder {
        Recorder { rows: vec![Vec::new(); KINDS], equity_ts: Vec::new(), equity_nav: Vec::new() }
    }

    /// Makes room for so many more equity points.
    pub fn reserve_equity(&mut self, points: usize) {
        self.equity_ts.reserve_exact(points);
        self.equity_nav.reserve_exact(points);
    }

    /// Keeps one record.
    #[inline]
    pub fn record(&mut self, kind: u16, bytes: &[u8]) {
        if let Some(rows) = self.rows.get_mut(usize::from(kind)) {
            rows.extend_from_slice(bytes);
        }
    }

    /// Keeps one equity point.
    #[inline]
    pub fn equity(&mut self, ts: Nanos, nav: Money) {
        self.equity_ts.push(ts);
        self.equity_nav.push(nav.to_f64());
    }

    /// All records of a kind, one after the other.
    pub fn rows(&self, kind: u16) -> &[u8] {
        self.rows.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }
}
