//! Counts memory requests: once made, the slab asks for none.

use hedgerow_core::Order;
use hedgerow_oms::{Oms, OrderInput};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;
thread_local! {
    // Per thread, so that the test runner's own thread does not count.
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: the caller keeps `alloc`'s conditions, which are those of the system allocator.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `alloc` above, that is from the system allocator, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn nothing_is_allocated_after_construction() {
    let mut oms = Oms::new(64);
    let before = REQUESTS.get();
    for round in 0..200_u64 {
        for k in 0..64 {
            let id = 1 + round * 64 + k;
            let slot = oms.open(Order { id, lots: 100, limit_ticks: 9, ..Order::default() }).unwrap();
            oms.apply(slot, id, OrderInput::Approve, 0, 0).unwrap();
            oms.apply(slot, id, OrderInput::Accept, 0, 0).unwrap();
            oms.fill(slot, id, 1, 40, 9).unwrap();
        }
        let filled: i64 = oms.iter().map(|working| working.filled_lots).sum();
        assert_eq!(filled, 64 * 40);
        for slot in 0..64 {
            let id = oms.iter().find(|working| working.order.slot == slot).unwrap().order.id;
            oms.apply(slot, id, OrderInput::AskReplace, 90, 9).unwrap();
            oms.apply(slot, id, OrderInput::Replaced, 90, 9).unwrap();
            oms.apply(slot, id, OrderInput::Fill, 50, 9).unwrap();
        }
    }
    assert_eq!(REQUESTS.get() - before, 0);
    assert!(oms.is_empty());
}
