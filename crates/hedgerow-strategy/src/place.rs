//! Where a strategy lives while it runs: its state and two buffers, and the two ways in which frames reach it.
//!
//! Used by [`export!`](crate::export) only.

use crate::frame::{answer, FRAME_BYTES_MAX};
use crate::Strategy;
use core::cell::UnsafeCell;

/// Bytes of an answer that fit.
pub const OUT_BYTES: usize = 64 * 1024;

struct Buffers<S> {
    strategy: Option<S>,
    question: [u8; FRAME_BYTES_MAX],
    answer: [u8; OUT_BYTES],
}

/// State and buffers, as one static.
pub struct Place<S>(UnsafeCell<Buffers<S>>);

// SAFETY: a module of WebAssembly without the threads proposal has one thread, and so has a native program of this crate,
// whose `main` is `serve`; the jail lets neither start another.
unsafe impl<S> Sync for Place<S> {}

impl<S: Strategy> Place<S> {
    /// An empty place.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Place<S> {
        Place(UnsafeCell::new(Buffers { strategy: None, question: [0; FRAME_BYTES_MAX], answer: [0; OUT_BYTES] }))
    }

    /// Where the runner writes the question.
    pub fn question(&self) -> *mut u8 {
        // SAFETY: only the address is taken; nothing is read or written through it here.
        unsafe { core::ptr::addr_of_mut!((*self.0.get()).question).cast() }
    }

    /// Where the runner reads the answer.
    pub fn answer(&self) -> *const u8 {
        // SAFETY: only the address is taken; nothing is read or written through it here.
        unsafe { core::ptr::addr_of!((*self.0.get()).answer).cast() }
    }

    /// Answers the question of so many bytes; returns the answer's bytes.
    pub fn call(&self, bytes: usize, make: fn() -> S) -> usize {
        // SAFETY: there is one thread (see `Sync` above), `call` is entered by the runner or by `serve` alone and never from
        // within a strategy, which does not see its place; so this is the only reference to the buffers while it lives.
        let place = unsafe { &mut *self.0.get() };
        let strategy = place.strategy.get_or_insert_with(make);
        answer(strategy, place.question.get(..bytes).unwrap_or(&[]), &mut place.answer)
    }

    /// Reads questions from descriptor 0 and writes answers to descriptor 1, until nothing more comes.
    #[cfg(all(unix, not(target_arch = "wasm32")))]
    pub fn serve(&self, make: fn() -> S) -> i32 {
        loop {
            // SAFETY: as in `call`; the reference ends before `call` makes its own.
            let question = unsafe { &mut (*self.0.get()).question };
            if !read_all(&mut question[..4]) {
                return 0;
            }
            let bytes = u32::from_le_bytes([question[0], question[1], question[2], question[3]]) as usize;
            if bytes > FRAME_BYTES_MAX - 4 || !read_all(&mut question[4..4 + bytes]) {
                return 1;
            }
            let told = self.call(4 + bytes, make);
            // SAFETY: as above.
            let answer = unsafe { &(*self.0.get()).answer };
            if !write_all(&answer[..told]) {
                return 1;
            }
        }
    }
}

#[cfg(all(unix, not(target_arch = "wasm32")))]
extern "C" {
    fn read(descriptor: i32, bytes: *mut u8, count: usize) -> isize;
    fn write(descriptor: i32, bytes: *const u8, count: usize) -> isize;
}

#[cfg(all(unix, not(target_arch = "wasm32")))]
fn read_all(mut bytes: &mut [u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the pointer is valid for writes of `len` bytes, and the call keeps neither.
        let got = unsafe { read(0, bytes.as_mut_ptr(), bytes.len()) };
        if got <= 0 {
            return false;
        }
        bytes = &mut bytes[got as usize..];
    }
    true
}

#[cfg(all(unix, not(target_arch = "wasm32")))]
fn write_all(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the pointer is valid for reads of `len` bytes, and the call keeps neither.
        let put = unsafe { write(1, bytes.as_ptr(), bytes.len()) };
        if put <= 0 {
            return false;
        }
        bytes = &bytes[put as usize..];
    }
    true
}

/// Makes a strategy runnable: the exports of a WebAssembly module, or the `main` of a native program.
///
/// `export!(Type, expression)`: the expression makes the strategy at the first call. The file begins with `#![no_main]`,
/// and as WebAssembly also with `#![no_std]`.
#[macro_export]
macro_rules! export {
    ($strategy:ty, $make:expr) => {
        static HEDGEROW_PLACE: $crate::place::Place<$strategy> = $crate::place::Place::new();

        fn hedgerow_make() -> $strategy {
            $make
        }

        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[no_mangle]
        pub extern "C" fn hedgerow_abi() -> u32 {
            $crate::ABI as u32
        }

        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[no_mangle]
        pub extern "C" fn hedgerow_question() -> *mut u8 {
            HEDGEROW_PLACE.question()
        }

        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[no_mangle]
        pub extern "C" fn hedgerow_answer() -> *const u8 {
            HEDGEROW_PLACE.answer()
        }

        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[no_mangle]
        pub extern "C" fn hedgerow_call(bytes: usize) -> usize {
            HEDGEROW_PLACE.call(bytes, hedgerow_make)
        }

        #[cfg(target_arch = "wasm32")]
        #[panic_handler]
        fn hedgerow_panic(_: &core::panic::PanicInfo<'_>) -> ! {
            core::arch::wasm32::unreachable()
        }

        #[cfg(not(target_arch = "wasm32"))]
        #[doc(hidden)]
        #[no_mangle]
        pub extern "C" fn main() -> i32 {
            HEDGEROW_PLACE.serve(hedgerow_make)
        }
    };
}
