//! Time: the monotonic clock for stretches, the processor's counter for single calls.
//!
//! A single timing includes the counter's own cost (about 10 ns) and its step (10 ns on some machines).

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Counter before a timed call.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn ticks() -> u64 {
    // SAFETY: reads a register that every x86-64 processor has.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Counter after a timed call: waits until the call has really ended.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn ticks_after() -> u64 {
    let mut cpu = 0;
    // SAFETY: as `ticks`; `cpu` is a place for the processor's number.
    unsafe { core::arch::x86_64::__rdtscp(&raw mut cpu) }
}

#[cfg(not(target_arch = "x86_64"))]
static START: OnceLock<Instant> = OnceLock::new();

/// Nanoseconds where there is no counter that we know.
#[cfg(not(target_arch = "x86_64"))]
pub fn ticks() -> u64 {
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The same.
#[cfg(not(target_arch = "x86_64"))]
pub fn ticks_after() -> u64 {
    ticks()
}

/// Nanoseconds of one tick: the median of five comparisons with the monotonic clock.
pub fn ns_per_tick() -> f64 {
    static NS: OnceLock<f64> = OnceLock::new();
    *NS.get_or_init(|| {
        let mut seen: Vec<f64> = (0..5)
            .map(|_| {
                let (start, first) = (Instant::now(), ticks());
                while start.elapsed() < Duration::from_millis(20) {}
                start.elapsed().as_nanos() as f64 / (ticks() - first) as f64
            })
            .collect();
        seen.sort_by(f64::total_cmp);
        seen[2]
    })
}

/// Rests after a timed stretch: a real-time caller stays under the system's cap for such processes, and others run.
pub fn rest(worked: Duration) {
    std::thread::sleep(worked / 8 + Duration::from_millis(2));
}

/// Keeps the process on one processor (the last, which serves fewer interrupts), where the system allows it.
pub fn pin_to_last_cpu() {
    static CPUS: OnceLock<usize> = OnceLock::new();
    pin_to(*CPUS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from)) - 1);
}

fn pin_to(cpu: usize) {
    // SAFETY: the set is a plain bit field that lives through the call; a refusal is harmless.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

/// Starts a thread on the first processor. The mask is inherited, so that it never has to run on the caller's first: under
/// a real-time policy a caller that spins would keep it out for ever.
pub fn spawn_on_first_cpu<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    pin_to(0);
    let thread = std::thread::spawn(work);
    pin_to_last_cpu();
    thread
}

/// Undoes the pin, and a real-time policy with it: what sleeps and wakes on several threads is measured as a user has it.
pub fn unpin() {
    // SAFETY: both structures are plain data that live through the calls; a refusal is harmless.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        (0..libc::CPU_SETSIZE as usize).for_each(|cpu| libc::CPU_SET(cpu, &mut set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
        let ordinary: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const ordinary);
    }
}
