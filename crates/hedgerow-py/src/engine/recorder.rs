//! Keeps the records of a run in memory, one column of bytes per kind, ready to be viewed as NumPy structured arrays.

use hedgerow_core::{
    Fill, Finding, Forecast, FxRate, JailStart, LifecycleEvent, Mandate, Money, Noun, Order, OrderEvent, Posting,
    Target, Verdict,
};
use rustix::mm::{Advice, madvise};
use std::mem::MaybeUninit;

/// What tables are made of; the rest stands in the journal only.
const KEPT: u32 = 1 << Order::KIND
    | 1 << Verdict::KIND
    | 1 << OrderEvent::KIND
    | 1 << Fill::KIND
    | 1 << Posting::KIND
    | 1 << FxRate::KIND
    | 1 << Forecast::KIND
    | 1 << Target::KIND
    | 1 << Mandate::KIND
    | 1 << Finding::KIND
    | 1 << JailStart::KIND
    | 1 << LifecycleEvent::KIND;
const KINDS: usize = 32;

/// Bytes of a piece of memory for records. Pieces are filled one after the other and never moved, so that what was kept
/// is not copied when there is more.
const PIECE: usize = 1 << 18;

/// The records of a run, by kind, and its equity curve.
pub struct Recorder {
    rows: [Vec<Vec<u8>>; KINDS],
    /// Net asset value after each time of the run, base currency. For display and statistics; the ledger is exact.
    pub equity_nav: Vec<f64>,
}

impl Recorder {
    /// An empty recorder.
    pub fn new() -> Recorder {
        Recorder { rows: [const { Vec::new() }; KINDS], equity_nav: Vec::new() }
    }

    /// Makes room for so many more equity points.
    pub fn reserve_equity(&mut self, points: usize) {
        self.equity_nav.reserve_exact(points);
        back_with_large_pages(self.equity_nav.spare_capacity_mut());
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

    /// Keeps one equity point.
    #[inline]
    pub fn equity(&mut self, nav: Money) {
        self.equity_nav.push(nav.to_f64());
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

/// Asks the system to back memory with large pages where it fills some, so that a column of a million numbers is not two
/// thousand page faults. It makes no other difference whether the system does.
fn back_with_large_pages<T>(memory: &mut [MaybeUninit<T>]) {
    const PAGE: usize = 1 << 12;
    const LARGE_PAGE: usize = 1 << 21;
    let start = memory.as_mut_ptr().cast::<u8>();
    let (skipped, room) = (start.align_offset(PAGE), size_of_val(memory));
    if room >= 2 * LARGE_PAGE {
        // SAFETY: `skipped` is less than a page, so the range is whole pages of the memory that was handed in; this advice
        // leaves what is in them as it is.
        let _ = unsafe { madvise(start.add(skipped).cast(), (room - skipped) / PAGE * PAGE, Advice::LinuxHugepage) };
    }
}
