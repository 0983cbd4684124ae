//! What a strategy sees: bars, fills and its own orders, as small read-only objects.

use super::desk::Placed;
use super::said::PEGS;
use super::shared::{Shared, Unit};
use hedgerow_core::{Bar, Code, Decision, Execution, Fill, InstrumentId, Money, Order, Peg, Side, Verdict};
use hedgerow_oms::OrderState;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// A bar that has closed. Prices are floats for research; `*_ticks` are exact.
// The engine shows bar after bar in one object as long as nobody keeps it, so the numbers are atomics: plain loads and
// stores on every processor, but they can be written to what Python holds.
#[pyclass(name = "Bar", module = "hedgerow", frozen)]
pub struct BarView {
    id: AtomicU64,
    ts: AtomicI64,
    open_ticks: AtomicI64,
    high_ticks: AtomicI64,
    low_ticks: AtomicI64,
    close_ticks: AtomicI64,
    volume_lots: AtomicI64,
    unit: Unit,
    symbol: Py<PyString>,
}

impl BarView {
    /// A view of one bar.
    pub fn new(bar: &Bar, unit: Unit, symbol: Py<PyString>) -> BarView {
        BarView {
            id: AtomicU64::new(bar.id),
            ts: AtomicI64::new(bar.ts_event),
            open_ticks: AtomicI64::new(bar.open_ticks),
            high_ticks: AtomicI64::new(bar.high_ticks),
            low_ticks: AtomicI64::new(bar.low_ticks),
            close_ticks: AtomicI64::new(bar.close_ticks),
            volume_lots: AtomicI64::new(bar.volume_lots),
            unit,
            symbol,
        }
    }

    /// The bar as it is shown, without its instrument's number, its unit, and the instrument's name.
    pub fn parts(&self) -> (Bar, Unit, &Py<PyString>) {
        let bar = Bar {
            id: self.id.load(Relaxed),
            ts_event: self.ts.load(Relaxed),
            open_ticks: self.open_ticks.load(Relaxed),
            high_ticks: self.high_ticks.load(Relaxed),
            low_ticks: self.low_ticks.load(Relaxed),
            close_ticks: self.close_ticks.load(Relaxed),
            volume_lots: self.volume_lots.load(Relaxed),
            ..Bar::default()
        };
        (bar, self.unit, &self.symbol)
    }

    /// Shows the next bar of the same instrument; only while nobody else has this object.
    #[inline]
    fn show(&self, bar: &Bar) {
        self.id.store(bar.id, Relaxed);
        self.ts.store(bar.ts_event, Relaxed);
        self.open_ticks.store(bar.open_ticks, Relaxed);
        self.high_ticks.store(bar.high_ticks, Relaxed);
        self.low_ticks.store(bar.low_ticks, Relaxed);
        self.close_ticks.store(bar.close_ticks, Relaxed);
        self.volume_lots.store(bar.volume_lots, Relaxed);
    }
}

/// The objects in which a strategy is shown its bars, one per instrument: each is used again for the next bar, unless
/// the strategy has kept it. Making an object costs as much as a cheap handler.
#[derive(Default)]
pub struct Shown<'py> {
    views: Vec<Option<Bound<'py, BarView>>>,
}

impl<'py> Shown<'py> {
    /// An object that shows this bar, and that nobody but its receivers has.
    #[inline]
    pub fn bar(&mut self, py: Python<'py>, shared: &Shared, bar: &Bar) -> PyResult<&Bound<'py, BarView>> {
        let place = bar.instrument as usize;
        if self.views.len() <= place {
            self.views.resize(place + 1, None);
        }
        let view = &mut self.views[place];
        match view {
            Some(view) if is_ours_alone(view) => view.get().show(bar),
            _ => {
                let symbol = shared.symbol(py, bar.instrument);
                *view = Some(Bound::new(py, BarView::new(bar, shared.unit(bar.instrument), symbol))?);
            }
        }
        Ok(view.as_ref().expect("it was just made, where there was none"))
    }
}

fn is_ours_alone(view: &Bound<'_, BarView>) -> bool {
    // SAFETY: the object is alive while it is borrowed, and the interpreter is attached (a `Bound` proves it).
    unsafe { pyo3::ffi::Py_REFCNT(view.as_ptr()) == 1 }
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
        self.ts.load(Relaxed)
    }
    /// First price.
    #[getter]
    fn open(&self) -> f64 {
        self.unit.price(self.open_ticks.load(Relaxed))
    }
    /// Highest price.
    #[getter]
    fn high(&self) -> f64 {
        self.unit.price(self.high_ticks.load(Relaxed))
    }
    /// Lowest price.
    #[getter]
    fn low(&self) -> f64 {
        self.unit.price(self.low_ticks.load(Relaxed))
    }
    /// Last price.
    #[getter]
    fn close(&self) -> f64 {
        self.unit.price(self.close_ticks.load(Relaxed))
    }
    /// Last price in ticks.
    #[getter]
    fn close_ticks(&self) -> i64 {
        self.close_ticks.load(Relaxed)
    }
    /// Volume in units, or `None` where it is not known.
    #[getter]
    fn volume(&self) -> Option<f64> {
        let lots = self.volume_lots.load(Relaxed);
        (lots >= 0).then(|| self.unit.quantity(lots))
    }
    /// Sequence number of the record.
    #[getter]
    fn id(&self) -> u64 {
        self.id.load(Relaxed)
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Bar({}, ts={}, close={})", self.symbol.bind(py), self.ts(), self.close())
    }
}

/// An execution of one of the strategy's orders.
#[pyclass(name = "Fill", module = "hedgerow", frozen)]
pub struct FillView {
    fill: Fill,
    unit: Unit,
    symbol: Py<PyString>,
    named: Execution,
}

impl FillView {
    /// A view of one fill.
    pub fn new(fill: Fill, unit: Unit, symbol: Py<PyString>) -> FillView {
        FillView { fill, unit, symbol, named: Execution::default() }
    }

    /// The same, as a venue elsewhere named it.
    pub fn named(self, named: Execution) -> FillView {
        FillView { named, ..self }
    }

    /// The fill and its instrument's unit.
    pub fn parts(&self) -> (&Fill, Unit) {
        (&self.fill, self.unit)
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
    /// What the venue charged (negative: paid back) in another currency than the instrument's, in units of
    /// `charge_currency`; 0 where it charged none.
    #[getter]
    fn charge(&self) -> f64 {
        self.named.charge.to_f64()
    }
    /// Currency of `charge`; empty where the venue charged none.
    #[getter]
    fn charge_currency(&self) -> &str {
        if self.named.charge == Money::ZERO { "" } else { self.named.currency.as_str() }
    }
    /// The venue's number of the trade, or its name of the report; empty where it is simulated.
    #[getter]
    fn trade_id(&self) -> &str {
        match self.named.trade.as_str() {
            "" => self.named.report.as_str(),
            trade => trade,
        }
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
    /// What it trades.
    pub instrument: InstrumentId,
    side: u8,
    verdict: Verdict,
    shared: Rc<Shared>,
}

impl OrderTicket {
    /// A ticket for one order, or for a change of one.
    pub fn new(placed: Placed, shared: Rc<Shared>) -> OrderTicket {
        let Placed { order, verdict } = placed;
        let Order { id, slot, instrument, side, .. } = order;
        OrderTicket { id, slot, instrument, side, verdict, shared }
    }

    /// Whether it buys.
    pub fn buys(&self) -> bool {
        self.side == Side::Buy as u8
    }

    fn working<T>(&self, of: impl FnOnce(&hedgerow_oms::Working, Unit) -> T) -> Option<T> {
        let desk = self.shared.desk.borrow();
        desk.kernel.oms().get(self.slot, self.id).map(|working| of(working, self.shared.unit(self.instrument)))
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
        self.working(|working, _| OrderState::name(working.state))
    }
    /// Units in all, filled ones included, under the terms in force; `None` once it no longer works.
    #[getter]
    fn quantity(&self) -> Option<f64> {
        self.working(|working, unit| unit.quantity(working.order.lots))
    }
    /// Units filled so far; `None` once it no longer works.
    #[getter]
    fn filled(&self) -> Option<f64> {
        self.working(|working, unit| unit.quantity(working.filled_lots))
    }
    /// Its limit under the terms in force; `None` for a market order, and once it no longer works.
    #[getter]
    fn limit(&self) -> Option<f64> {
        let limit = |working: &hedgerow_oms::Working, unit: Unit| match working.order.limit_ticks {
            0 => None,
            ticks => Some(unit.price(ticks)),
        };
        self.working(limit).flatten()
    }
    /// Its stop price under the terms in force; `None` where it has none, and once it no longer works.
    #[getter]
    fn stop(&self) -> Option<f64> {
        let ticks = self.shared.desk.borrow().kernel.terms_of(self.id).stop_ticks;
        (ticks > 0).then(|| self.shared.unit(self.instrument).price(ticks))
    }
    /// Units that the book shows of it at a time, under the terms in force; `None` where that is all, and once it no longer
    /// works.
    #[getter]
    fn display(&self) -> Option<f64> {
        let lots = self.shared.desk.borrow().kernel.terms_of(self.id).display_lots;
        (lots > 0).then(|| self.shared.unit(self.instrument).quantity(lots))
    }
    /// What its price follows (`primary`, `midpoint`, `market`); `None` where it follows nothing, and once it no longer works.
    #[getter]
    fn peg(&self) -> Option<&'static str> {
        let peg = Peg::from_u8(self.shared.desk.borrow().kernel.terms_of(self.id).peg)?;
        PEGS.iter().find(|(_, known)| *known == peg).map(|(name, _)| *name)
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

/// Names of the order states; the n-th is state n + 1.
#[pyfunction]
pub fn order_state_names() -> Vec<&'static str> {
    hedgerow_oms::OrderState::ALL.iter().map(|state| state.name()).collect()
}
