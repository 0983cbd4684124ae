//! Keeps the records of a run in memory, one column of bytes per kind, ready to be viewed as NumPy structured arrays.

use hedgerow_core::{
    AlgoSettings, ContingentOrder, Execution, Fill, Finding, Forecast, FxRate, JailStart, KillSwitch, LifecycleEvent,
    Mandate, Noun, Order, OrderEvent, OrderTerms, ParentEvent, ParentOrder, PlanStep, Posting, QuoteUpdate,
    ReplaceRequest, Route, Slice, Target, Verdict,
};
use hedgerow_kernel::Curve;

/// What tables are made of; the rest stands in the journal only.
const KEPT: u64 = 1 << Order::KIND
    | 1 << OrderTerms::KIND
    | 1 << Verdict::KIND
    | 1 << OrderEvent::KIND
    | 1 << ReplaceRequest::KIND
    | 1 << QuoteUpdate::KIND
    | 1 << Fill::KIND
    | 1 << Execution::KIND
    | 1 << Posting::KIND
    | 1 << FxRate::KIND
    | 1 << Forecast::KIND
    | 1 << Target::KIND
    | 1 << Mandate::KIND
    | 1 << Finding::KIND
    | 1 << JailStart::KIND
    | 1 << KillSwitch::KIND
    | 1 << LifecycleEvent::KIND
    | 1 << ParentOrder::KIND
    | 1 << AlgoSettings::KIND
    | 1 << PlanStep::KIND
    | 1 << Slice::KIND
    | 1 << ParentEvent::KIND
    | 1 << ContingentOrder::KIND
    | 1 << Route::KIND;
const KINDS: usize = 64;

/// Bytes of a piece of memory for records. Pieces are filled one after the other and never moved, so that what was kept
/// is not copied when there is more.
const PIECE: usize = 1 << 18;

/// The records of a run, by kind, and its equity curve.
#[derive(Clone)]
pub struct Recorder {
    rows: [Vec<Vec<u8>>; KINDS],
    /// Net asset value after each time of the run, base currency. For display and statistics; the ledger is exact.
    pub equity: Curve,
}

impl Recorder {
    /// An empty recorder.
    pub fn new() -> Recorder {
        Recorder { rows: [const { Vec::new() }; KINDS], equity: Curve::default() }
    }

    /// Keeps one record.
    #[inline]
    pub fn record(&mut self, kind: u16, bytes: &[u8]) {
        if KEPT.checked_shr(u32::from(kind)).unwrap_or(0) & 1 == 1 {
            let pieces = &mut self.rows[usize::from(kind)];
            match pieces.last_mut() {
                Some(piece) if piece.len() + bytes.len() <= piece.capacity() => piece.extend_from_slice(bytes),
                _ => pieces.push(first_of_piece(bytes)),
            }
        }
    }

    /// All records of a kind, one after the other, in pieces.
    pub fn rows(&self, kind: u16) -> &[Vec<u8>] {
        self.rows.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }
}

#[cold]
fn first_of_piece(bytes: &[u8]) -> Vec<u8> {
    let mut piece = Vec::with_capacity(PIECE.max(bytes.len()));
    piece.extend_from_slice(bytes);
    piece
}
