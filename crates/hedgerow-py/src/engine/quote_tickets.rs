//! What a market maker sees of its quote: the decision on both sides, and how the quote stands.

use super::desk::{QuoteWish, Quoted};
use super::shared::{Shared, Unit};
use crate::words::named;
use hedgerow_core::{Code, Decision, InstrumentId, Problem, StrategyId, code};
use hedgerow_kernel::Standing;
use pyo3::prelude::*;
use std::rc::Rc;

/// A change of a two-sided quote: one verdict on both sides.
#[pyclass(name = "QuoteTicket", module = "hedgerow", frozen)]
pub struct QuoteTicket {
    quoted: Quoted,
}

#[pymethods]
impl QuoteTicket {
    /// Sequence number of the update's record.
    #[getter]
    fn id(&self) -> u64 {
        self.quoted.update.id
    }
    /// Whether the gate approved both sides; denied, the quote stands as it was.
    #[getter]
    fn approved(&self) -> bool {
        self.quoted.verdict.decision == Decision::Approved as u8
    }
    /// Code of the first rule that denied them, such as `RISK-014`, or `None`.
    #[getter]
    fn code(&self) -> Option<String> {
        (self.quoted.verdict.code != 0).then(|| Code(self.quoted.verdict.code).to_string())
    }
    fn __repr__(&self) -> String {
        match self.code() {
            None => format!("QuoteTicket({}, approved)", self.id()),
            Some(code) => format!("QuoteTicket({}, denied {code})", self.id()),
        }
    }
}

/// A maker's quote as it stands; what the venue has not answered counts as done.
#[pyclass(name = "StandingQuote", module = "hedgerow", frozen)]
pub struct StandingQuote {
    bid: (i64, i64),
    ask: (i64, i64),
    is_settled: bool,
    unit: Unit,
}

impl StandingQuote {
    fn price(&self, (ticks, _): (i64, i64)) -> Option<f64> {
        (ticks > 0).then(|| self.unit.price(ticks))
    }
}

#[pymethods]
impl StandingQuote {
    /// Price bid, or `None`.
    #[getter]
    fn bid(&self) -> Option<f64> {
        self.price(self.bid)
    }
    /// Units open at it.
    #[getter]
    fn bid_quantity(&self) -> f64 {
        self.unit.quantity(self.bid.1)
    }
    /// Price asked, or `None`.
    #[getter]
    fn ask(&self) -> Option<f64> {
        self.price(self.ask)
    }
    /// Units open at it.
    #[getter]
    fn ask_quantity(&self) -> f64 {
        self.unit.quantity(self.ask.1)
    }
    /// Whether the venue has answered all that was asked.
    #[getter]
    fn is_settled(&self) -> bool {
        self.is_settled
    }
    fn __repr__(&self) -> String {
        let side = |price: Option<f64>, quantity: f64| price.map_or("-".to_owned(), |p| format!("{quantity} @ {p}"));
        let (bid, ask) = (side(self.bid(), self.bid_quantity()), side(self.ask(), self.ask_quantity()));
        format!("StandingQuote({bid}, {ask})")
    }
}

/// A side as a strategy says it: a price with a quantity, or neither.
pub type SaidSide = (Option<f64>, Option<f64>);

/// Both sides of a quote change by one decision.
pub fn quote(
    shared: &Shared,
    strategy: StrategyId,
    symbol: Option<&str>,
    bid: SaidSide,
    ask: SaidSide,
) -> PyResult<Option<QuoteTicket>> {
    let instrument = shared.instrument(symbol).map_err(named)?;
    let unit = shared.unit(instrument);
    let (bid, ask) = (side_of(unit, "bid", bid)?, side_of(unit, "ask", ask)?);
    let wish = QuoteWish { strategy, instrument, bid, ask, cause: shared.cause.get() };
    let quoted = shared.desk.borrow_mut().quote(wish).map_err(named)?;
    Ok(quoted.map(|quoted| QuoteTicket { quoted }))
}

/// How the quote of a strategy stands.
pub fn standing(shared: &Rc<Shared>, strategy: StrategyId, instrument: InstrumentId) -> StandingQuote {
    let standing = shared.desk.borrow().standing_quote(strategy, instrument);
    StandingQuote {
        bid: Standing::quoted(standing.bid.as_ref()),
        ask: Standing::quoted(standing.ask.as_ref()),
        is_settled: standing.is_settled(),
        unit: shared.unit(instrument),
    }
}

/// Ticks and lots of a side; nothing where it is not quoted.
fn side_of(unit: Unit, name: &str, (price, quantity): SaidSide) -> PyResult<(i64, i64)> {
    match (price, quantity) {
        (None, _) => Ok((0, 0)),
        (Some(price), Some(quantity)) if quantity > 0.0 => {
            Ok((unit.ticks(price).map_err(named)?, unit.lots(quantity).map_err(named)?))
        }
        (Some(price), quantity) => {
            let detail = format!("{name}={price} with {name}_quantity={quantity:?}");
            Err(named(Problem::new(code::RUN_QUOTE, detail)))
        }
    }
}
