//! Replay of a journal on disk, for Python.

use crate::engine::desk::positions;
use crate::seal::Keyring;
use crate::words::raise;
use hedgerow_core::Problem;
use hedgerow_exec::{Derivation, Links};
use hedgerow_kernel::{Kernel, Replay, ReplayReport};
use hedgerow_log::{LogReader, STREAM, read_log_of, unseal};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::Path;

/// The kernel, what it compared, and how many slices and how many steps of orders that hang together were derived again.
type Found = (Kernel, ReplayReport, u64, u64);

fn replay(folder: &Path, keys: &hedgerow_log::Keyring) -> Result<Found, Problem> {
    let reader = LogReader::new(unseal(&read_log_of(folder, STREAM)?, keys)?)?;
    let (mut replay, mut algorithms, mut links, mut linked) =
        (Replay::new(), Derivation::default(), Links::default(), 0);
    for record in reader.records() {
        if replay.expects_input()
            && let Some(kernel) = replay.kernel()
        {
            linked += u64::from(links.check(record.kind, record.bytes, kernel.oms(), &positions(kernel))?);
        }
        replay.push(record.kind, record.id, record.bytes)?;
        if let Some(kernel) = replay.kernel() {
            links.take(record.kind, record.bytes, kernel.oms(), &positions(kernel));
        }
        algorithms.push(record.kind, record.bytes)?;
    }
    let (kernel, report) = replay.finish()?;
    Ok((kernel, report, algorithms.slices(), linked))
}

/// Derives every effect of a journal again from its inputs, every slice of its parent orders from their plans, and what was done about orders that hang together; returns what was compared and the final state's hash.
///
/// A sealed journal is opened with the keyring; an entry that it cannot open is an error.
#[pyfunction]
#[pyo3(signature = (folder, keys=None))]
pub fn replay_log<'py>(py: Python<'py>, folder: &str, keys: Option<&Keyring>) -> PyResult<Bound<'py, PyDict>> {
    let keys = keys.map(Keyring::keys).unwrap_or_default();
    let (kernel, report, slices, linked) = py.detach(|| replay(Path::new(folder), &keys)).map_err(raise)?;
    let found = PyDict::new(py);
    found.set_item("inputs", report.inputs)?;
    found.set_item("effects", report.effects)?;
    found.set_item("hashes", report.hashes)?;
    found.set_item("slices", slices)?;
    found.set_item("linked", linked)?;
    found.set_item("state_hash", PyBytes::new(py, &kernel.state_hash()))?;
    Ok(found)
}
