//! Counts system calls: a child asks seccomp to refuse every call with a signal, whose handler counts.
//!
//! Needs no privileges. Allowed are only the handler's own return and the child's end.

use super::Counts;
use super::child::{Shared, fork, wait};
use crate::ours::kernel::{Fund, STEPS};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Where the handler counts.
static CALLS: AtomicPtr<u64> = AtomicPtr::new(null_mut());

extern "C" fn count_call(_signal: libc::c_int) {
    let calls = CALLS.load(Ordering::Relaxed);
    if !calls.is_null() {
        // SAFETY: points into a shared page that lives as long as the program; only this thread writes it.
        unsafe { calls.write_volatile(calls.read_volatile() + 1) };
    }
}

/// What the child tells: calls so far, then by kind of step, the deliberate one, and whether it came to its end.
#[derive(Clone, Copy)]
struct Told {
    counts: Counts,
    deliberate: u64,
    refused: i32,
    ended: bool,
}

/// System calls by kind of step over so many rounds.
pub fn in_rounds(fund: &mut Fund, rounds: usize) -> Result<Counts, String> {
    let mut calls = Shared::new(0_u64)?;
    let mut told = Shared::new(Told { counts: [0; STEPS.len()], deliberate: 0, refused: 0, ended: false })?;
    CALLS.store(calls.address(), Ordering::Relaxed);
    let child = fork(|| {
        let mut now = told.get();
        if let Err(number) = refuse_all_calls() {
            now.refused = number;
            told.set(now);
            return;
        }
        for _ in 0..rounds {
            fund.round(&mut |step, work| {
                let before = calls.get();
                work();
                now.counts[step] += calls.get() - before;
            });
        }
        let before = calls.get();
        // SAFETY: asks for a number and changes nothing; here it is refused, and counted.
        unsafe { libc::syscall(libc::SYS_getppid) };
        now.deliberate = calls.get() - before;
        now.ended = true;
        told.set(now);
    })?;
    wait(child)?;
    match told.get() {
        Told { refused, .. } if refused != 0 => Err(format!("seccomp refused, error {refused}")),
        Told { ended: false, .. } => Err("the counted child did not come to its end".to_owned()),
        Told { deliberate, .. } if deliberate != 1 => Err(format!("one deliberate call was counted as {deliberate}")),
        Told { counts, .. } => Ok(counts),
    }
}

/// From here on every call but two raises SIGSYS; `Err` holds the system's error number.
fn refuse_all_calls() -> Result<(), i32> {
    let error = || std::io::Error::last_os_error().raw_os_error().unwrap_or(-1);
    let (load, equal, give) = (0x20, 0x15, 0x06);
    let op = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut rules = [
        op(load, 0, 0, 0),
        op(equal, 2, 0, libc::SYS_rt_sigreturn as u32),
        op(equal, 1, 0, libc::SYS_exit_group as u32),
        op(give, 0, 0, libc::SECCOMP_RET_TRAP),
        op(give, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: rules.len() as u16, filter: rules.as_mut_ptr() };
    // SAFETY: the handler only adds to a counter; the filter is five well-formed instructions that outlive the call.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = count_call as *const () as usize;
        if libc::sigaction(libc::SIGSYS, &raw const action, null_mut()) != 0
            || libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            || libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) != 0
        {
            return Err(error());
        }
    }
    Ok(())
}
