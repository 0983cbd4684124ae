//! Measures floors and figures side by side and prints one JSON line per measurement; `bench/core.py` judges them.
//!
//! Usage: `hedgerow-bench [gate] [state] [journal] [log] [book] [itch] [fix] [kernel] [replay] [wasm] [trip] [ring] [tick]
//! [counts]`, all without arguments. Environment: `BENCH_RUNS` (7), `BENCH_FOLDER` (where the logs' files go; the system's
//! temporary folder), `BENCH_MESSAGES` (through the ring; ten million). Promises: a floor and its figure take turns within
//! one process; a count is a count, not an estimate. Never: a goal, an opinion.

mod clock;
mod count;
mod floor;
mod ours;
mod random;
mod sample;

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

const GROUPS: [(&str, fn()); 14] = [
    ("gate", ours::gate::run),
    ("state", ours::state::run),
    ("journal", ours::journal::run),
    ("log", ours::log::run),
    ("book", ours::book::run),
    ("itch", ours::itch::run),
    ("fix", ours::fix::run),
    ("kernel", ours::kernel::run),
    ("replay", ours::replay::run),
    ("wasm", ours::jail::run),
    ("trip", floor::trip::run),
    ("ring", ours::ring::run),
    ("tick", ours::tick::run),
    ("counts", count::run),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for name in &asked {
        if !GROUPS.iter().any(|(known, _)| known == name) {
            eprintln!("no group {name}; there are {:?}", GROUPS.map(|(known, _)| known));
            std::process::exit(2);
        }
    }
    clock::pin_to_last_cpu();
    for (name, run) in GROUPS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            run();
        }
    }
}
