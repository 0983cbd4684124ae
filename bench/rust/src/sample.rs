//! Measurements and the line each becomes: median, best and worst over the runs, percentiles only from enough timings.

use crate::clock;
use std::time::Instant;

/// A percentile of p99.9 from fewer timings means nothing.
const TIMINGS_MIN: usize = 10_000;

/// How often everything is repeated.
pub fn runs() -> usize {
    std::env::var("BENCH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(7).max(1)
}

/// One value per run of one measurement.
#[derive(Default)]
pub struct Sample {
    values: Vec<f64>,
}

impl Sample {
    /// Adds a run's value.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Times `work`, which does `n` things, and adds nanoseconds per thing; then rests.
    pub fn time(&mut self, n: usize, work: impl FnOnce()) {
        let start = Instant::now();
        work();
        let took = start.elapsed();
        self.push(took.as_nanos() as f64 / n as f64);
        clock::rest(took);
    }

    /// Prints the measurement. `n` is how many repetitions stand behind one run's value.
    pub fn print(&self, name: &str, unit: &str, n: usize, note: &str) {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let Some((least, most)) = sorted.first().zip(sorted.last()) else { return };
        let median = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
        let line = serde_json::json!({
            "name": name, "unit": unit, "value": median, "least": least, "most": most,
            "runs": sorted.len(), "n": n, "note": note
        });
        println!("{line}");
    }
}

/// Single timings, from which each run takes its percentiles.
#[derive(Default)]
pub struct Singles {
    p50: Sample,
    p99: Sample,
    p999: Sample,
    n: usize,
}

impl Singles {
    /// Adds a run's timings, in ticks.
    pub fn push(&mut self, mut ticks: Vec<u64>) {
        assert!(ticks.len() >= TIMINGS_MIN, "p99.9 from {} timings", ticks.len());
        ticks.sort_unstable();
        let at = |share: f64| ticks[((ticks.len() - 1) as f64 * share) as usize] as f64 * clock::ns_per_tick();
        self.p50.push(at(0.5));
        self.p99.push(at(0.99));
        self.p999.push(at(0.999));
        self.n = ticks.len();
    }

    /// Prints the percentiles.
    pub fn print(&self, name: &str, note: &str) {
        self.p50.print(&format!("{name}.p50"), "ns", self.n, note);
        self.p99.print(&format!("{name}.p99"), "ns", self.n, note);
        self.p999.print(&format!("{name}.p999"), "ns", self.n, note);
    }
}

/// Prints a count that was taken, or says why it was not.
pub fn print_count(name: &str, unit: &str, counted: Result<(f64, usize), String>, note: &str) {
    let line = match counted {
        Ok((value, n)) => {
            serde_json::json!({"name": name, "unit": unit, "value": value, "runs": 1, "n": n, "note": note})
        }
        Err(why) => {
            let note = format!("not counted: {why}");
            serde_json::json!({"name": name, "unit": unit, "value": null, "runs": 0, "n": 0, "note": note})
        }
    };
    println!("{line}");
}
