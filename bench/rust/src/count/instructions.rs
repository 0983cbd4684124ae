//! Counts instructions, and among them the atomic ones, by stepping a child one instruction at a time (ptrace).
//!
//! A lock cannot be taken on x86-64 without an atomic read-modify-write: an instruction with a LOCK prefix, or an
//! exchange with memory. None executed means none taken. Stepping one's own child needs no privileges.

use super::Counts;
use super::child::{Shared, fork, wait};
use crate::ours::kernel::{Fund, STEPS};
use std::io::Error;
use std::ptr::null_mut;
use std::sync::Mutex;

/// What the child is doing: nothing that counts, a kind of step, or taking a lock on purpose.
const IDLE: usize = usize::MAX;
const DELIBERATE: usize = STEPS.len();
const ENDED: usize = usize::MAX - 1;
/// Byte offset of the instruction pointer in the system's user area.
const RIP: usize = std::mem::offset_of!(libc::user, regs) + std::mem::offset_of!(libc::user_regs_struct, rip);

/// Atomic instructions and all instructions by kind of step over so many rounds.
pub fn in_rounds(fund: &mut Fund, rounds: usize) -> Result<(Counts, Counts), String> {
    let mut doing = Shared::new(IDLE)?;
    let child = fork(|| {
        // SAFETY: asks to be stepped by the parent, and waits for it.
        unsafe {
            if libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) != 0 {
                return;
            }
            libc::raise(libc::SIGSTOP);
        }
        let lock = Mutex::new(0);
        doing.set(DELIBERATE);
        *lock.lock().expect("nobody else has it") += 1;
        doing.set(IDLE);
        for _ in 0..rounds {
            fund.round(&mut |step, work| {
                doing.set(step);
                work();
                doing.set(IDLE);
            });
        }
        doing.set(ENDED);
    })?;
    let counted = follow(child, &doing);
    // SAFETY: ends our own child, which may wait stopped.
    unsafe { libc::kill(child, libc::SIGKILL) };
    wait(child)?;
    let (locked, all) = counted?;
    if locked[DELIBERATE] == 0 {
        return Err("a lock taken on purpose was not counted".to_owned());
    }
    let steps = |counts: [u64; DELIBERATE + 1]| std::array::from_fn(|step| counts[step]);
    Ok((steps(locked), steps(all)))
}

type WithDeliberate = [u64; DELIBERATE + 1];

/// Steps the child to its end.
fn follow(child: libc::pid_t, doing: &Shared<usize>) -> Result<(WithDeliberate, WithDeliberate), String> {
    let (mut locked, mut all) = ([0; DELIBERATE + 1], [0; DELIBERATE + 1]);
    let refused = || format!("ptrace refused: {}", Error::last_os_error());
    if !libc::WIFSTOPPED(wait(child)?) {
        return Err("ptrace refused to the child".to_owned());
    }
    loop {
        let now = doing.get();
        if now == ENDED {
            return Ok((locked, all));
        }
        if now <= DELIBERATE {
            // SAFETY: reads one word of the stopped child's registers.
            let at = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, child, RIP, null_mut::<u8>()) };
            all[now] += 1;
            // SAFETY: the child is a fork, so its code lies at the same place in this process.
            locked[now] += u64::from(unsafe { is_atomic(at as *const u8) });
        }
        // SAFETY: lets the stopped child execute one instruction.
        if unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child, null_mut::<u8>(), null_mut::<u8>()) } != 0 {
            return Err(refused());
        }
        if !libc::WIFSTOPPED(wait(child)?) {
            return Err("the stepped child did not come to its end".to_owned());
        }
    }
}

/// Whether the instruction at this place is an atomic read-modify-write.
///
/// # Safety
/// `at` points to a whole instruction.
unsafe fn is_atomic(at: *const u8) -> bool {
    let mut place = at;
    loop {
        // SAFETY: prefixes and the opcode after them belong to the instruction.
        let byte = unsafe { place.read() };
        match byte {
            0xf0 => return true,
            0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf2 | 0xf3 => {
                // SAFETY: a prefix is never an instruction's last byte.
                place = unsafe { place.add(1) };
            }
            // SAFETY: these two opcodes are followed by a byte that says whether the operand is memory.
            0x86 | 0x87 => return unsafe { place.add(1).read() } < 0xc0,
            _ => return false,
        }
    }
}
