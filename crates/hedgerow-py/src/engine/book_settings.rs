//! What Python says of a run over books: how deep, which models, how often it is looked at.

use super::book_run::BookRun;
use super::settings::{fee_schedules, get};
use crate::words::raise;
use hedgerow_book::Rules;
use hedgerow_core::{Money, Problem, code};
use hedgerow_sim::BookConfig;
use hedgerow_sim::replay::{Delay, Depth, Fees, Impact, QueueModel};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Settings of a run over books.
pub struct BookSettings {
    /// How deep history shows the books.
    pub depth: Depth,
    /// The venue.
    pub venue: BookConfig,
    feed_delay_ns: i64,
    sample_ns: i64,
}

impl BookSettings {
    /// A run over so many instruments that has not begun.
    pub fn run(&self, instruments: usize) -> Result<BookRun, Problem> {
        BookRun::new(self.depth, self.venue.rules, instruments, self.feed_delay_ns, self.sample_ns)
    }
}

/// The settings, if the run is one over books.
pub fn read(config: &Bound<'_, PyDict>) -> PyResult<Option<BookSettings>> {
    let Some(books) = config.get_item("books")? else { return Ok(None) };
    let books = books.cast_into::<PyDict>()?;
    let (feed_delay_ns, sample_ns): (i64, i64) = (get(&books, "feed_delay_ns")?, get(&books, "sample_ns")?);
    if feed_delay_ns < 0 || sample_ns <= 0 {
        let detail = format!("feed_delay_ns {feed_delay_ns}, sample_ns {sample_ns}");
        return Err(raise(Problem::new(code::RUN_CONFIG, detail)));
    }
    let venue = BookConfig {
        queue: queue(&get::<String>(&books, "queue")?, get(&books, "power")?)?,
        entry: delay(get(&books, "entry")?)?,
        response: delay(get(&books, "response")?)?,
        fees: Fees {
            maker_nano: get(&books, "maker_nano")?,
            taker_nano: get(config, "fee_nano")?,
            per_unit: Money(get(config, "fee_per_unit_nano")?),
            min: Money(get(config, "fee_min_nano")?),
        },
        schedules: fee_schedules(config)?,
        impact: Impact {
            permanent_nano: get(&books, "permanent_nano")?,
            transient_nano: get(&books, "transient_nano")?,
            half_life_ns: get(&books, "half_life_ns")?,
        },
        auction_share_nano: get(&books, "auction_share_nano")?,
        rules: Rules { may_cross: get(&books, "may_cross")?, ..Rules::default() },
        seed: get(&books, "seed")?,
    };
    Ok(Some(BookSettings { depth: depth(&get::<String>(&books, "depth")?)?, venue, feed_delay_ns, sample_ns }))
}

fn depth(text: &str) -> PyResult<Depth> {
    match text {
        "quotes" => Ok(Depth::Top),
        "levels" => Ok(Depth::Levels),
        "orders" => Ok(Depth::Orders),
        other => Err(unknown("depth", other)),
    }
}

fn queue(text: &str, power: f64) -> PyResult<QueueModel> {
    match text {
        "trades_only" => Ok(QueueModel::TradesOnly),
        "power" => Ok(QueueModel::PowerProb(power)),
        "log" => Ok(QueueModel::LogProb),
        "pro_rata" => Ok(QueueModel::ProRata),
        other => Err(unknown("queue", other)),
    }
}

/// A delay as Python says it: its kind, two numbers, and the points of a measured one.
fn delay((kind, a, b, points): (String, i64, i64, Vec<(i64, i64)>)) -> PyResult<Delay> {
    match kind.as_str() {
        "constant" => Ok(Delay::Constant(a)),
        "uniform" => Ok(Delay::Uniform(a, b)),
        "exponential" => Ok(Delay::Exponential(a, b)),
        "measured" => Ok(Delay::Measured(points)),
        other => Err(unknown("delay", other)),
    }
}

fn unknown(what: &str, text: &str) -> PyErr {
    raise(Problem::new(code::RUN_CONFIG, format!("{what} {text:?} is unknown")))
}
