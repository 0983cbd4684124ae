//! The ticket of an order that follows another one's fills, for strategies.

use super::shared::{Shared, Unit};
use super::views::OrderTicket;
use crate::words::named;
use hedgerow_core::{InstrumentId, OrderSlot, Problem, RecordId, code};
use hedgerow_exec::Standing;
use hedgerow_oms::Working;
use pyo3::prelude::*;
use std::rc::Rc;

/// An order that is sent as another one fills: what stands for it now.
#[pyclass(name = "ContingentTicket", module = "hedgerow", unsendable, frozen)]
pub struct ContingentTicket {
    /// Number of the wish.
    pub id: RecordId,
    instrument: InstrumentId,
    shared: Rc<Shared>,
}

impl ContingentTicket {
    /// A ticket for one wish.
    pub fn new(id: RecordId, instrument: InstrumentId, shared: Rc<Shared>) -> ContingentTicket {
        ContingentTicket { id, instrument, shared }
    }

    fn standing(&self) -> Option<Standing> {
        self.shared.desk.borrow().links.standing(self.id)
    }

    fn unit(&self) -> Unit {
        self.shared.unit(self.instrument)
    }

    fn working<T>(&self, of: impl FnOnce(&Working, Unit) -> T) -> Option<T> {
        let standing = self.standing().filter(|standing| standing.works)?;
        let desk = self.shared.desk.borrow();
        desk.kernel.oms().get(standing.slot, standing.order_id).map(|working| of(working, self.unit()))
    }
}

#[pymethods]
impl ContingentTicket {
    /// Sequence number of the record that says what shall follow.
    #[getter]
    fn id(&self) -> u64 {
        self.id
    }
    /// `waiting` (nothing of it is in the market), `working`, or `ended`.
    #[getter]
    fn state(&self) -> &'static str {
        match self.standing() {
            Some(Standing { works: true, .. }) => "working",
            Some(Standing { is_over: false, .. }) => "waiting",
            _ => "ended",
        }
    }
    /// Number of the order that works for it; `None` while none does.
    #[getter]
    fn order_id(&self) -> Option<u64> {
        self.standing().filter(|standing| standing.works).map(|standing| standing.order_id)
    }
    /// Units that it traded.
    #[getter]
    fn filled(&self) -> f64 {
        self.unit().quantity(self.standing().map_or(0, |standing| standing.traded_lots))
    }
    /// Units open in the market; 0 while nothing works.
    #[getter]
    fn open(&self) -> f64 {
        self.working(|working, unit| unit.quantity(working.order.lots - working.filled_lots)).unwrap_or(0.0)
    }
    fn __repr__(&self) -> String {
        format!("ContingentTicket({}, {})", self.id, self.state())
    }
}

/// Either ticket, as `cancel` and `replace` take it.
#[derive(FromPyObject)]
pub enum Ticket<'py> {
    /// Of an order.
    Order(PyRef<'py, OrderTicket>),
    /// Of one that follows another.
    Contingent(PyRef<'py, ContingentTicket>),
}

impl Ticket<'_> {
    /// Number, place and instrument of the order that works for it; `RISK_UNKNOWN_ORDER` where none does.
    pub fn order(&self) -> PyResult<(RecordId, OrderSlot, InstrumentId)> {
        match self {
            Ticket::Order(ticket) => Ok((ticket.id, ticket.slot, ticket.instrument)),
            Ticket::Contingent(ticket) => {
                let standing = ticket.standing().filter(|standing| standing.works).ok_or_else(|| {
                    let detail = format!("contingent order {}: nothing of it works now", ticket.id);
                    named(Problem::new(code::RISK_UNKNOWN_ORDER, detail))
                })?;
                Ok((standing.order_id, standing.slot, ticket.instrument))
            }
        }
    }
}
