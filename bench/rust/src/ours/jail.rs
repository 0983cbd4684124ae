//! A call of a WebAssembly module from Rust, with a frame of 64 doubles, beside the same work done natively.

use crate::floor::jail as floor;
use crate::sample::{Sample, runs};
use hedgerow_jail::{HostLimits, Module, WasmHost};
use std::hint::black_box;

const CALLS: usize = 100_000;
const LIMITS: HostLimits = HostLimits { fuel: 1_000_000, memory_bytes: 1 << 20, answer_bytes: 65_536 };
/// Sums 64 doubles behind the head of the question, and answers with one intent that holds the sum.
const SUMS: &str = r#"(module (memory (export "memory") 8)
  (func (export "hedgerow_abi") (result i32) i32.const 1)
  (func (export "hedgerow_question") (result i32) i32.const 1024)
  (func (export "hedgerow_answer") (result i32) i32.const 512)
  (func (export "hedgerow_call") (param i32) (result i32) (local i32 f64)
    (local.set 1 (i32.const 1040))
    (loop
      (local.set 2 (f64.add (local.get 2) (f64.load (local.get 1))))
      (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 8))) (i32.const 1552))))
    (f64.store (i32.const 528) (local.get 2))
    i32.const 48))"#;

/// Measures both.
pub fn run() {
    let module =
        Module::new(&wat::parse_str(SUMS).expect("a module"), LIMITS.memory_bytes).expect("it keeps the protocol");
    let mut host = WasmHost::new(&module, LIMITS).expect("it keeps the protocol");
    let mut question = [0; 528];
    question[16..].copy_from_slice(&1.5_f64.to_le_bytes().repeat(64));
    let (mut least, mut ours) = (Sample::default(), Sample::default());
    let frame: [u8; 512] = question[16..].try_into().expect("64 doubles");
    let (mut held, mut out) = ([0; 512], [0; 8]);
    for _ in 0..runs() {
        least.time(CALLS, || {
            (0..CALLS).for_each(|_| floor::sum_frame(black_box(&frame), &mut held, black_box(&mut out)))
        });
        ours.time(CALLS, || {
            for _ in 0..CALLS {
                let answer = host.call(black_box(&question)).expect("it answers");
                assert_eq!(answer[16..24], 96.0_f64.to_le_bytes());
            }
        });
    }
    least.print("floor.wasm.call", "ns", CALLS, "512 bytes copied, 64 doubles summed, natively");
    ours.print("wasm.call", "ns", CALLS, "frame of 64 doubles in, their sum out, steps counted (wasmi)");
}
