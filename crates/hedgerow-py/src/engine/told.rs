//! What an engine tells of its books and of its equity curve.

use super::columns::CLOSE;
use super::desk::Desk;
use super::shared::Shared;
use crate::words::raise;
use hedgerow_core::{Money, StrategyId};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

type Closes<'py> = PyReadonlyArray1<'py, i64>;

/// The columns of bars that the next lines of the equity curve follow from.
pub fn run_over(shared: &Shared, columns: &Bound<'_, PyAny>) -> PyResult<()> {
    shared.curve_columns.borrow_mut().push(columns.get_item(CLOSE)?.unbind());
    Ok(())
}

/// The equity curve, whole or at some places, out of the closes that its lines follow.
pub fn curve<'py>(py: Python<'py>, shared: &Shared, places: Option<Vec<usize>>) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let columns = shared.curve_columns.borrow();
    let closes = columns.iter().map(|column| column.extract(py)).collect::<PyResult<Vec<Closes<'py>>>>()?;
    let closes = closes.iter().map(PyReadonlyArray1::as_slice).collect::<Result<Vec<_>, _>>()?;
    let curve = &shared.desk.borrow().recorder.equity;
    let values = places.map_or_else(|| curve.values(&closes), |places| curve.values_at(&places, &closes));
    Ok(values.into_pyarray(py))
}

/// See `Engine.close`.
pub fn sealed<'py>(py: Python<'py>, desk: &mut Desk) -> PyResult<Bound<'py, PyDict>> {
    let (seal, checkpoint) = desk.close().map_err(raise)?;
    let sealed = PyDict::new(py);
    sealed.set_item("records", seal.id)?;
    sealed.set_item("state_hash", PyBytes::new(py, &seal.hash))?;
    sealed.set_item("entries", checkpoint.as_ref().map(|c| c.size))?;
    sealed.set_item("root", checkpoint.as_ref().map(|c| PyBytes::new(py, &c.root)))?;
    Ok(sealed)
}

/// A strategy's book by name, 10^-9 units of the base currency.
pub fn book<'py>(py: Python<'py>, desk: &Desk, strategy: StrategyId) -> PyResult<Bound<'py, PyDict>> {
    let ledger = desk.kernel.ledger();
    let statement = ledger.statement(strategy).map_err(raise)?;
    let mut cash = Money::ZERO;
    for (currency, book) in ledger.books(strategy) {
        cash += book.cash().convert(ledger.rate_nano(currency).unwrap_or_default());
    }
    let book = PyDict::new(py);
    for (name, amount) in [
        ("capital", statement.capital),
        ("cash", cash),
        ("realised", statement.realised),
        ("unrealised", statement.unrealised),
        ("income", statement.income),
        ("exchanged", statement.exchanged),
        ("fees", statement.fees),
        ("currency_effect", statement.currency_effect),
        ("nav", statement.nav),
    ] {
        book.set_item(name, amount.0)?;
    }
    Ok(book)
}

/// Records of a kind as bytes, without the first ones.
pub fn records<'py>(py: Python<'py>, desk: &Desk, kind: u16, mut skip: usize) -> PyResult<Bound<'py, PyBytes>> {
    let pieces = desk.recorder.rows(kind);
    let all = pieces.iter().map(Vec::len).sum::<usize>();
    PyBytes::new_with(py, all.saturating_sub(skip), |mut wanted| {
        for piece in pieces {
            let (_, rows) = piece.split_at(skip.min(piece.len()));
            skip -= piece.len() - rows.len();
            let (here, rest) = wanted.split_at_mut(rows.len());
            here.copy_from_slice(rows);
            wanted = rest;
        }
        Ok(())
    })
}
