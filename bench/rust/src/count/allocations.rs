//! Counts requests for memory: the program's allocator is the system's with a counter in front.

use super::Counts;
use crate::ours::kernel::{Fund, STEPS};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

/// The system's allocator, counted.
pub struct Counting;

thread_local! {
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: the caller keeps `alloc`'s conditions, which are those of the system allocator.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: `block` came from this allocator with this layout, that is from the system's.
        unsafe { System.realloc(block, layout, bytes) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Requests that one piece of work makes.
pub fn requests(work: impl FnOnce()) -> Result<u64, String> {
    let before = REQUESTS.get();
    drop(black_box(Box::new([0_u8; 64])));
    if REQUESTS.get() - before != 1 {
        return Err("one request for memory was not counted as one".to_owned());
    }
    let before = REQUESTS.get();
    work();
    Ok(REQUESTS.get() - before)
}

/// Requests by kind of step over so many rounds.
pub fn in_rounds(fund: &mut Fund, rounds: usize) -> Result<Counts, String> {
    requests(|| ())?;
    let mut counts = [0; STEPS.len()];
    for _ in 0..rounds {
        fund.round(&mut |step, work| {
            let before = REQUESTS.get();
            work();
            counts[step] += REQUESTS.get() - before;
        });
    }
    Ok(counts)
}
