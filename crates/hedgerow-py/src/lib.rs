//! The bindings: one extension module, `hedgerow._core`. Only this crate knows Python.

use pyo3::prelude::*;

mod costs;
mod engine;
mod features;
mod governance;
mod log;
mod words;

/// Rust core of Hedgerow; the public face is the `hedgerow` package.
#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    words::register(m)?;
    features::register(m)?;
    costs::register(m)?;
    engine::register(m)?;
    governance::register(m)?;
    log::register(m)
}
