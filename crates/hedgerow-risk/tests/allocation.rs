//! The gate decides, fills, releases and marks without touching the allocator: counted, not believed.

mod desk;

use desk::*;
use hedgerow_core::time::SECOND;
use hedgerow_core::{CancelRequest, Money, Order, ReplaceRequest, Side};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on unchanged to the system allocator; counting touches only a thread-local cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: `memory` came from `alloc` above with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

#[test]
fn no_decision_and_no_fact_touches_the_allocator() {
    let mut gate = desk();
    let counted = allocations(|| {
        for round in 0..1_000_u64 {
            let ts = OPEN + round as i64 * SECOND;
            let id = round * 10 + 1;
            gate.observe(0, 10_000 + (round % 7) as i64, ts).unwrap();
            gate.equity(0, Money::units(1_000_000 - round as i64)).unwrap();
            let buy = Order { ts, ..order(id, Side::Buy, 10) };
            let (_, approved) = gate.check_new(&buy, ts);
            let working = approved.unwrap().into_inner();
            let request = ReplaceRequest {
                id: id + 1,
                order_id: id,
                client_id: id + 1,
                ts,
                lots: 12,
                limit_ticks: 9_990,
                ..ReplaceRequest::default()
            };
            let (_, replace) = gate.check_replace(&working, 0, &request, ts);
            assert!(replace.is_some());
            gate.replaced(&working).unwrap();
            gate.fill(&working, 5).unwrap();
            let (denied, _) = gate.check_new(&Order { lots: i64::MAX, client_id: id + 2, ..buy }, ts);
            assert_ne!(denied.failed, 0);
            let cancel = CancelRequest { order_id: id, ..CancelRequest::default() };
            let _ = gate.check_cancel(&cancel, &working, ts);
            gate.release(&working);
            let (_, sold) = gate.check_new(&Order { ts, client_id: id + 3, ..order(id + 3, Side::Sell, 5) }, ts);
            gate.fill(sold.unwrap().get(), 5).unwrap();
        }
    });
    assert_eq!(counted, 0);
    proves(&gate);
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new([0_u8; 64])))) >= 2);
}
