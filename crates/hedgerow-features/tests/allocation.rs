//! Counts memory requests: once made, no operator asks for any.

use hedgerow_features::{AnyOperator, Bank, Feature, INPUTS_MAX, OPERATORS};
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
fn no_update_of_any_operator_or_of_a_bank_of_all_asks_for_memory() {
    let mut operators: Vec<_> = OPERATORS
        .iter()
        .map(|def| {
            let params: Vec<_> = def.params.iter().map(|p| (p.name, p.default.unwrap_or(8.0))).collect();
            (AnyOperator::new(def.name, &params).unwrap(), def.inputs.len())
        })
        .collect();
    let features: Vec<_> = operators
        .iter()
        .map(|(operator, width)| Feature { operator: operator.clone(), fields: (0..*width).collect(), ranked: true })
        .collect();
    let mut bank = Bank::new(&features, 3);
    let (mut rows, mut out) = ([0.0; INPUTS_MAX * 3], vec![0.0; 3 * features.len()]);
    let before = REQUESTS.get();
    for step in 0..10_000u32 {
        for (place, x) in rows.iter_mut().enumerate() {
            let noise = f64::from((step * 31 + place as u32 * 7).wrapping_mul(2_654_435_761) >> 22);
            *x = if step % 97 == 0 { f64::NAN } else { f64::from(step) + noise };
        }
        for (operator, width) in &mut operators {
            operator.update(&rows[..*width]);
        }
        bank.update(&rows, &mut out);
    }
    operators.iter_mut().for_each(|(operator, _)| operator.reset());
    bank.reset();
    assert_eq!(REQUESTS.get() - before, 0);
}
