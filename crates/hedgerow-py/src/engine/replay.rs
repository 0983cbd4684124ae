//! Replay of a journal on disk, for Python.

use crate::words::raise;
use hedgerow_core::Problem;
use hedgerow_kernel::{Kernel, Replay, ReplayReport};
use hedgerow_log::{LogReader, read_wal};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::Path;

fn replay(folder: &Path) -> Result<(Kernel, ReplayReport), Problem> {
    let reader = LogReader::new(read_wal(folder)?)?;
    let mut replay = Replay::new();
    for record in reader.records() {
        replay.push(record.kind, record.id, record.bytes)?;
    }
    replay.finish()
}

/// Derives every effect of a journal again from its inputs; returns what was compared and the final state's hash.
#[pyfunction]
pub fn replay_log(py: Python<'_>, folder: String) -> PyResult<Bound<'_, PyDict>> {
    let (kernel, report) = py.detach(|| replay(Path::new(&folder))).map_err(raise)?;
    let found = PyDict::new(py);
    found.set_item("inputs", report.inputs)?;
    found.set_item("effects", report.effects)?;
    found.set_item("hashes", report.hashes)?;
    found.set_item("state_hash", PyBytes::new(py, &kernel.state_hash()))?;
    Ok(found)
}
