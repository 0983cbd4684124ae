//! Replay of a journal on disk, for Python.

use crate::seal::Keyring;
use crate::words::raise;
use hedgerow_core::Problem;
use hedgerow_kernel::{Kernel, Replay, ReplayReport};
use hedgerow_log::{LogReader, STREAM, read_log_of, unseal};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::Path;

fn replay(folder: &Path, keys: &hedgerow_log::Keyring) -> Result<(Kernel, ReplayReport), Problem> {
    let reader = LogReader::new(unseal(&read_log_of(folder, STREAM)?, keys)?)?;
    let mut replay = Replay::new();
    for record in reader.records() {
        replay.push(record.kind, record.id, record.bytes)?;
    }
    replay.finish()
}

/// Derives every effect of a journal again from its inputs; returns what was compared and the final state's hash.
///
/// A sealed journal is opened with the keyring; an entry that it cannot open is an error.
#[pyfunction]
#[pyo3(signature = (folder, keys=None))]
pub fn replay_log<'py>(py: Python<'py>, folder: &str, keys: Option<&Keyring>) -> PyResult<Bound<'py, PyDict>> {
    let keys = keys.map(Keyring::keys).unwrap_or_default();
    let (kernel, report) = py.detach(|| replay(Path::new(folder), &keys)).map_err(raise)?;
    let found = PyDict::new(py);
    found.set_item("inputs", report.inputs)?;
    found.set_item("effects", report.effects)?;
    found.set_item("hashes", report.hashes)?;
    found.set_item("state_hash", PyBytes::new(py, &kernel.state_hash()))?;
    Ok(found)
}
