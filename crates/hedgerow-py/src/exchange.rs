//! The simulated exchange for Python: inputs and events cross as the JSON that its log holds.

use crate::words::named;
use hedgerow_core::{Problem, Side, code};
use hedgerow_sim::exchange::{self, Action, Listing, SelfTrades};
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An exchange of several instruments and participants, without sockets, clock or files; see `hedgerow venue serve`.
#[pyclass(module = "hedgerow._core")]
pub struct Exchange(exchange::Exchange);

#[pymethods]
impl Exchange {
    /// `listings` is JSON: a list of `reference_ticks`, `lots_max`, `ticks_max` and `phase`. `self_trades` is `allow`,
    /// `cancel_incoming` or `cancel_resting`. Raises `BookError` or `WireError` for what no book can keep.
    #[new]
    #[pyo3(signature = (listings, self_trades="allow"))]
    fn new(listings: &str, self_trades: &str) -> PyResult<Exchange> {
        let listings: Vec<Listing> = read(listings)?;
        let self_trades: SelfTrades = read(&format!("\"{self_trades}\""))?;
        exchange::Exchange::new(&listings, self_trades).map(Exchange).map_err(named)
    }

    /// Takes one input, as JSON, at a time in UTC nanoseconds; gives the events that follow, each as JSON.
    fn take(&mut self, ts: i64, action: &str) -> PyResult<Vec<String>> {
        let action: Action = read(action)?;
        Ok(self.0.take(ts, &action).iter().map(written).collect())
    }

    /// How an order stands, by any name it has had, as JSON; nothing where the name names none.
    fn status(&self, participant: u32, client_id: &str) -> Option<String> {
        self.0.status(participant, client_id).as_ref().map(written)
    }

    /// A participant's orders that work, each as JSON.
    fn working(&self, participant: u32) -> Vec<String> {
        self.0.working(participant).iter().map(written).collect()
    }

    /// The best levels of a side, best first: price in ticks, displayed lots.
    fn depth(&self, instrument: u32, is_buy: bool, levels: usize) -> Vec<(i32, i64)> {
        let side = if is_buy { Side::Buy } else { Side::Sell };
        self.0.depth(instrument, side, levels).iter().map(|level| (level.price_ticks, level.lots)).collect()
    }

    /// An instrument's phase, and the price of its last trade, in ticks.
    fn market(&self, instrument: u32) -> Option<(String, i64)> {
        let (phase, last_ticks) = self.0.market(instrument)?;
        Some((written(&phase).trim_matches('"').to_owned(), last_ticks))
    }

    /// SHA-256 of everything that the next input could depend on.
    #[pyo3(signature = () -> "bytes")]
    fn state_hash(&self) -> Vec<u8> {
        self.0.state_hash().to_vec()
    }
}

fn read<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| named(Problem::new(code::WIRE_FIELD, error.to_string())))
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers are JSON")
}
