//! The rings of a live fund between two processors: one way, flat out, and whether anything is lost.

use crate::clock::{rest, spawn_on_first_cpu, ticks, ticks_after};
use crate::floor::ring as floor;
use crate::sample::{Sample, Singles, print_count, runs};
use hedgerow_live::{Consumer, Producer, ROOM, RingBuffer};
use std::hint::spin_loop;
use std::time::Instant;

const TRIPS: u64 = 100_000;
const MESSAGES: u64 = 1_000_000_000;
/// What a ring carries here: a cache line.
type Slot = [u64; 8];

/// Measures all. `BENCH_MESSAGES` says how many are counted through the ring.
pub fn run() {
    let [mut line, mut ring] = [Singles::default(), Singles::default()];
    for _ in 0..runs() {
        let start = Instant::now();
        line.push(halves(&floor::round_trips(TRIPS)));
        ring.push(halves(&round_trips()));
        rest(start.elapsed());
    }
    line.print("floor.ring.line", "half of a round trip of a word in a cache line, both processors spin");
    ring.print("ring.one_way", "half of a round trip of 64 bytes through two rings, both processors spin");
    let asked = std::env::var("BENCH_MESSAGES").ok().and_then(|text| text.parse().ok());
    let messages = asked.unwrap_or(MESSAGES);
    let (lost, took) = stream(messages);
    let mut each = Sample::default();
    each.push(took / messages as f64);
    each.print("ring.stream", "ns", messages as usize, "a message of 64 bytes, flat out, one taken at a time");
    let note = "each message carries its number and a check over it; out of order, twice and damaged count as lost";
    print_count("ring.lost", "messages", Ok((lost as f64, messages as usize)), note);
}

/// One way is half of both. What comes first warms the caches, and is left out.
fn halves(took: &[u64]) -> Vec<u64> {
    took[1_000..].iter().map(|ticks| ticks / 2).collect()
}

fn take(ring: &mut Consumer<Slot>) -> Slot {
    loop {
        if let Ok(slot) = ring.pop() {
            return slot;
        }
        spin_loop();
    }
}

fn give(ring: &mut Producer<Slot>, slot: Slot) {
    while ring.push(slot).is_err() {
        spin_loop();
    }
}

fn round_trips() -> Vec<u64> {
    let (mut there, mut asked) = RingBuffer::new(ROOM);
    let (mut answer, mut back) = RingBuffer::new(ROOM);
    let other = spawn_on_first_cpu(move || (0..TRIPS).for_each(|_| give(&mut answer, take(&mut asked))));
    let mut took = Vec::with_capacity(TRIPS as usize);
    for number in 0..TRIPS {
        let start = ticks();
        give(&mut there, [number; 8]);
        let slot = take(&mut back);
        took.push(ticks_after() - start);
        assert_eq!(slot[7], number, "it is the one that was sent");
    }
    other.join().expect("it ends behind the last");
    took
}

/// How many of so many messages did not come as they were sent, and the nanoseconds of all.
fn stream(messages: u64) -> (u64, f64) {
    let mark = |number: u64| [number, 1, 2, 3, 4, 5, 6, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)];
    let (mut ring, mut out) = RingBuffer::<Slot>::new(ROOM);
    let start = Instant::now();
    let other = spawn_on_first_cpu(move || (0..messages).filter(|number| take(&mut out) != mark(*number)).count());
    (0..messages).for_each(|number| give(&mut ring, mark(number)));
    let wrong = other.join().expect("it ends behind the last");
    (wrong as u64, start.elapsed().as_nanos() as f64)
}
