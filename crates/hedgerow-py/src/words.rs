//! The vocabulary for Python: the error table, the nouns and their layouts, and the one way an error crosses.

use hedgerow_core::{Code, Problem, TABLE, nouns};
use pyo3::prelude::*;
use pyo3::types::PyDict;

pyo3::create_exception!(
    hedgerow._core,
    CoreProblem,
    pyo3::exceptions::PyException,
    "A named error from the core: args are (code number, detail)."
);

/// Turns a [`Problem`] into the Python exception that carries its code and particulars.
pub fn raise(problem: Problem) -> PyErr {
    CoreProblem::new_err((problem.code.0, problem.detail))
}

/// The same as `hedgerow.core.errors` names it, for words that strategies call: they may catch it by its class.
pub fn named(problem: Problem) -> PyErr {
    let made = Python::attach(|py| {
        let errors = py.import("hedgerow.core.errors")?;
        errors.call_method1("problem", (problem.code.0, problem.detail.as_str())).map(PyErr::from_value)
    });
    made.unwrap_or_else(|_| raise(problem))
}

/// Refuses an interpreter whose global lock was switched off by force: `gil_used` switches it on for good, unless that was
/// forbidden, and `features::Indicator` is safe behind it only.
pub fn demand_lock(py: Python<'_>) -> PyResult<()> {
    // An interpreter that cannot do without the lock has no such word.
    let Ok(is_locked) = py.import("sys")?.getattr("_is_gil_enabled") else { return Ok(()) };
    if is_locked.call0()?.is_truthy()? {
        return Ok(());
    }
    let detail = "hedgerow needs the interpreter's global lock; start Python without PYTHON_GIL=0 and without -X gil=0";
    Err(pyo3::exceptions::PyImportError::new_err(detail))
}

/// Every error code: (number, code, constant's name, what happened, what to do, area, exit status).
#[pyfunction]
pub fn error_table() -> Vec<(u16, String, &'static str, &'static str, &'static str, &'static str, u8)> {
    TABLE
        .iter()
        .map(|d| {
            let (area, exit) = d.code.area().map_or(("", 1), |a| (a.name, a.exit));
            (d.code.0, d.code.to_string(), d.name, d.says, d.remedy, area, exit)
        })
        .collect()
}

/// The text of a code number, such as `RISK-014`.
#[pyfunction]
pub fn code_text(number: u16) -> String {
    Code(number).to_string()
}

/// Every noun: name, kind, size, doc, and its fields as (name, kind, offset, size, doc).
#[pyfunction]
pub fn noun_table(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    nouns()
        .iter()
        .map(|n| {
            let row = PyDict::new(py);
            row.set_item("name", n.name)?;
            row.set_item("kind", n.kind)?;
            row.set_item("size", n.size)?;
            row.set_item("doc", n.doc.trim())?;
            let fields: Vec<_> = n.fields.iter().map(|f| (f.name, f.kind, f.offset, f.size, f.doc.trim())).collect();
            row.set_item("fields", fields)?;
            Ok(row)
        })
        .collect()
}
