//! Where a thread runs, and what it does while there is nothing to do.

use hedgerow_core::{Problem, code};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::time::Duration;

/// A thread that has no work sleeps so long, unless it polls without pause.
const NAP: Duration = Duration::from_micros(50);

/// A processor to stay on, if one is named, and whether to poll without pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// The processor; without one the system chooses, and again.
    pub cpu: Option<usize>,
    /// Never sleep: news is seen at once, and a processor is spent on it.
    pub busy_poll: bool,
}

impl Seat {
    /// The calling thread stays on its processor from now on.
    ///
    /// # Errors
    /// `RUN_CONFIG`: there is no such processor, or this process may not use it.
    pub fn take(self) -> Result<(), Problem> {
        let Some(cpu) = self.cpu else { return Ok(()) };
        let refused = |why: &dyn std::fmt::Display| Problem::new(code::RUN_CONFIG, format!("cpu {cpu}: {why}"));
        if cpu >= CpuSet::MAX_CPU {
            return Err(refused(&format!("the highest is {}", CpuSet::MAX_CPU - 1)));
        }
        let mut only = CpuSet::new();
        only.set(cpu);
        sched_setaffinity(None, &only).map_err(|error| refused(&error))
    }

    /// There is nothing to do just now.
    #[inline]
    pub fn rest(self) {
        if self.busy_poll { std::hint::spin_loop() } else { std::thread::sleep(NAP) }
    }
}
