//! Counts that noise cannot touch: memory requests, system calls and atomic instructions of the kernel's steps.
//!
//! Memory requests are counted by the allocator of this program. System calls are counted in a child that asked the
//! operating system (seccomp) to refuse and report every one. Atomic instructions are counted in a child that is
//! stepped one instruction at a time: every lock begins with one, taken or not. Each counter is first shown that it
//! counts. Neither way needs privileges; where the system forbids it, the line says "not counted" and why.

mod allocations;
mod child;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod instructions;
#[cfg(target_os = "linux")]
mod system_calls;

pub use allocations::{Counting, requests};

use crate::ours::kernel::{Fund, ROUND, STEPS};
use crate::sample::print_count;

const ROUNDS: usize = 200;
/// Stepping takes about 15 microseconds an instruction, and these counts do not vary.
const STEPPED_ROUNDS: usize = 2;
const STEPPED_ROUND: (usize, usize) = (64, 16);

/// Counts everything.
pub fn run() {
    let mut fund = warm(ROUND);
    let requested = allocations::in_rounds(&mut fund, ROUNDS);
    report(&fund, "allocations", "allocations/step", ROUNDS, requested, "requests to the program's allocator");
    let called = system_calls(&mut fund);
    report(&fund, "system_calls", "calls/step", ROUNDS, called, "seccomp trap on every call, in a child process");
    let mut fund = warm(STEPPED_ROUND);
    let (locked, all) = match instructions(&mut fund) {
        Ok((locked, all)) => (Ok(locked), Ok(all)),
        Err(why) => (Err(why.clone()), Err(why)),
    };
    let note = "instructions with a LOCK prefix, or exchanging with memory; every lock needs one; single-stepped child";
    report(&fund, "locks", "atomic instructions/step", STEPPED_ROUNDS, locked, note);
    report(
        &fund,
        "instructions",
        "instructions/step",
        STEPPED_ROUNDS,
        all,
        "instructions executed; single-stepped child",
    );
}

/// A fund that has bought and sold before.
fn warm(round: (usize, usize)) -> Fund {
    let mut fund = Fund::new(round);
    for _ in 0..4 {
        fund.round(&mut |_, work| work());
    }
    fund
}

/// Counts by kind of step.
pub type Counts = [u64; STEPS.len()];

fn report(fund: &Fund, what: &str, unit: &str, rounds: usize, counted: Result<Counts, String>, note: &str) {
    for (step, name) in STEPS.iter().enumerate() {
        let n = rounds * fund.steps_of(step);
        let per_step = counted.as_ref().map(|counts| (counts[step] as f64 / n as f64, n)).map_err(Clone::clone);
        print_count(&format!("kernel.{name}.{what}"), unit, per_step, note);
    }
}

#[cfg(target_os = "linux")]
fn system_calls(fund: &mut Fund) -> Result<Counts, String> {
    system_calls::in_rounds(fund, ROUNDS)
}

#[cfg(not(target_os = "linux"))]
fn system_calls(_fund: &mut Fund) -> Result<Counts, String> {
    Err("needs Linux".to_owned())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn instructions(fund: &mut Fund) -> Result<(Counts, Counts), String> {
    instructions::in_rounds(fund, STEPPED_ROUNDS)
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn instructions(_fund: &mut Fund) -> Result<(Counts, Counts), String> {
    Err("needs Linux on x86-64".to_owned())
}
