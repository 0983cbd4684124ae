//! The least that news needs from one processor to another: a word in a cache line, there and back.

use crate::clock::{spawn_on_first_cpu, ticks, ticks_after};
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Two lines, far enough apart that neither is fetched with the other.
#[repr(align(128))]
struct Line(AtomicU64);

/// Ticks of so many round trips, both sides spinning.
pub fn round_trips(n: u64) -> Vec<u64> {
    let there = Arc::new(Line(AtomicU64::new(0)));
    let back = Arc::new(Line(AtomicU64::new(0)));
    let (asked, answer) = (there.clone(), back.clone());
    let other = spawn_on_first_cpu(move || {
        for number in 1..=n {
            while asked.0.load(Ordering::Acquire) != number {
                spin_loop();
            }
            answer.0.store(number, Ordering::Release);
        }
    });
    let mut took = Vec::with_capacity(n as usize);
    for number in 1..=n {
        let start = ticks();
        there.0.store(number, Ordering::Release);
        while back.0.load(Ordering::Acquire) != number {
            spin_loop();
        }
        took.push(ticks_after() - start);
    }
    other.join().expect("it ends behind the last");
    took
}
