//! Counts allocations: appending and committing need none once the buffer has grown.

use hedgerow_log::{Files, Journal, LogSigner, Storage};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;
thread_local!(static ALLOCATIONS: Cell<u64> = const { Cell::new(0) });

// SAFETY: every call goes to the system allocator unchanged; counting touches only a thread-local number without a
// destructor, which itself never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A store that forgets the bytes: what is counted is the journal's own work.
struct Forgetful(u64);
impl Files for Forgetful {
    fn small(&self, _: &str) -> Result<Option<Vec<u8>>, hedgerow_core::Problem> {
        Ok(None)
    }
    fn names(&self, _: &str) -> Result<Vec<String>, hedgerow_core::Problem> {
        Ok(Vec::new())
    }
}
impl Storage for Forgetful {
    fn len(&self) -> u64 {
        self.0
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), hedgerow_core::Problem> {
        self.0 += bytes.len() as u64;
        Ok(())
    }
    fn sync(&mut self) -> Result<(), hedgerow_core::Problem> {
        Ok(())
    }
    fn read(&self) -> Result<Vec<u8>, hedgerow_core::Problem> {
        Ok(Vec::new())
    }
    fn read_at(&self, _: u64, bytes: usize) -> Result<Vec<u8>, hedgerow_core::Problem> {
        Ok(vec![0; bytes])
    }
    fn truncate(&mut self, bytes: u64) -> Result<(), hedgerow_core::Problem> {
        self.0 = bytes;
        Ok(())
    }
    fn put(&mut self, _: &[(String, Vec<u8>)]) -> Result<(), hedgerow_core::Problem> {
        Ok(())
    }
}

#[test]
fn appending_and_committing_allocate_nothing_after_warm_up() {
    let key = LogSigner::new("test.fund/journal", &[7; 32]).unwrap().verifier();
    let mut journal = Journal::create(Forgetful(0), key).unwrap();
    let mut round = |commits: u64| {
        for _ in 0..commits {
            for n in 0..300 {
                let id = journal.next_id();
                if n % 3 == 0 { journal.append_row(1, id, &[1; 88]) } else { journal.append(6, id, &[2; 64]) }.unwrap();
            }
            journal.commit().unwrap();
        }
    };
    round(1);
    let before = ALLOCATIONS.get();
    round(50);
    assert_eq!(ALLOCATIONS.get() - before, 0);
}
