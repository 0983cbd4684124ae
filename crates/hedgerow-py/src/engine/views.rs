//! What a strategy sees: bars, fills and its own orders, as small read-only objects.

use super::shared::{Shared, Unit};
use hedgerow_core::{Bar, Code, Decision, Fill, Side, Verdict};
use hedgerow_oms::OrderState;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::rc::Rc;

/// A bar that has closed. Prices are floats for research; `*_ticks` are exact.
#[pyclass(name = "Bar", module = "hedgerow", frozen)]
pub struct BarView {
    bar: Bar,
    unit: Unit,
    symbol: Py<PyString>,
}

impl BarView {
    /// A view of one bar.
    pub fn new(bar: Bar, unit: Unit, symbol: Py<PyString>) -> BarView {
        BarView { bar, unit, symbol }
    }
}

#[pymethods]
impl BarView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }
    /// When the bar closed, UTC nanoseconds.
    #[getter]
    fn ts(&self) -> i64 {
        self.bar.ts_event
    }
    /// First price.
    #[getter]
    fn open(&self) -> f64 {
        self.unit.price(self.bar.open_ticks)
    }
    /// Highest price.
    #[getter]
    fn high(&self) -> f64 {
        self.unit.price(self.bar.high_ticks)
    }
    /// Lowest price.
    #[getter]
    fn low(&self) -> f64 {
        self.unit.price(self.bar.low_ticks)
    }
    /// Last price.
    #[getter]
    fn close(&self) -> f64 {
        self.unit.price(self.bar.close_ticks)
    }
    /// Last price in ticks.
    #[getter]
    fn close_ticks(&self) -> i64 {
        self.bar.close_ticks
    }
    /// Volume in units, or `None` where it is not known.
    #[getter]
    fn volume(&self) -> Option<f64> {
        (self.bar.volume_lots >= 0).then(|| self.unit.quantity(self.bar.volume_lots))
    }
    /// Sequence number of the record.
    #[getter]
    fn id(&self) -> u64 {
        self.bar.id
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Bar({}, ts={}, close={})", self.symbol.bind(py), self.bar.ts_event, self.close())
    }
}

/// An execution of one of the strategy's orders.
#[pyclass(name = "Fill", module = "hedgerow", frozen)]
pub struct FillView {
    fill: Fill,
    unit: Unit,
    symbol: Py<PyString>,
}

impl FillView {
    /// A view of one fill.
    pub fn new(fill: Fill, unit: Unit, symbol: Py<PyString>) -> FillView {
        FillView { fill, unit, symbol }
    }
}

#[pymethods]
impl FillView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }
    /// `buy` or `sell`.
    #[getter]
    fn side(&self) -> &'static str {
        side_name(self.fill.side)
    }
    /// Units traded, positive.
    #[getter]
    fn quantity(&self) -> f64 {
        self.unit.quantity(self.fill.lots)
    }
    /// Price per unit.
    #[getter]
    fn price(&self) -> f64 {
        self.unit.price(self.fill.price_ticks)
    }
    /// Fee paid (negative: rebate), in the instrument's currency.
    #[getter]
    fn fee(&self) -> f64 {
        self.fill.fee.to_f64()
    }
    /// When it happened, UTC nanoseconds.
    #[getter]
    fn ts(&self) -> i64 {
        self.fill.ts_event
    }
    /// Sequence number of the record.
    #[getter]
    fn id(&self) -> u64 {
        self.fill.id
    }
    /// The order filled.
    #[getter]
    fn order_id(&self) -> u64 {
        self.fill.cause
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Fill({} {} {} @ {})", self.side(), self.quantity(), self.symbol.bind(py), self.price())
    }
}

/// An order the strategy has made: its verdict, and its state as it is now.
#[pyclass(name = "OrderTicket", module = "hedgerow", unsendable, frozen)]
pub struct OrderTicket {
    /// Number of the order.
    pub id: u64,
    /// Its place in the OMS slab.
    pub slot: u32,
    verdict: Verdict,
    shared: Rc<Shared>,
}

impl OrderTicket {
    /// A ticket for one order.
    pub fn new(id: u64, slot: u32, verdict: Verdict, shared: Rc<Shared>) -> OrderTicket {
        OrderTicket { id, slot, verdict, shared }
    }
}

#[pymethods]
impl OrderTicket {
    /// Sequence number of the order's record.
    #[getter]
    fn id(&self) -> u64 {
        self.id
    }
    /// Whether the gate approved it.
    #[getter]
    fn approved(&self) -> bool {
        self.verdict.decision == Decision::Approved as u8
    }
    /// Code of the first rule that denied it, such as `RISK-014`, or `None`.
    #[getter]
    fn code(&self) -> Option<String> {
        (self.verdict.code != 0).then(|| Code(self.verdict.code).to_string())
    }
    /// The order's state by name, `None` once it no longer works.
    #[getter]
    fn state(&self) -> Option<&'static str> {
        let desk = self.shared.desk.borrow();
        desk.kernel.oms().get(self.slot, self.id).map(|w| OrderState::name(w.state))
    }
    fn __repr__(&self) -> String {
        match self.code() {
            None => format!("OrderTicket({}, approved)", self.id),
            Some(code) => format!("OrderTicket({}, denied {code})", self.id),
        }
    }
}

fn side_name(side: u8) -> &'static str {
    if side == Side::Buy as u8 { "buy" } else { "sell" }
}
