//! Proofs of single records for Python, out of published files.

use crate::words::raise;
use hedgerow_log::{Folder, TileReader, TlogProof, Under, VerifierKey, check_consistency, hex, prove, record_in};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;

/// Proves one record of the log in a folder from its published files, under the newest checkpoint or the last witnessed
/// one.
///
/// Returns `index` and `entry` (the Merkle leaf), `blob` (the bytes that the entry commits to, or None), `kind` and
/// `record` (the record's own bytes), `proof` (C2SP tlog-proof text, with the checkpoint and its cosignatures) and `key`
/// (the verifier key line). Raises LOG_NO_CHECKPOINT, LOG_UNKNOWN_ID, LOG_UNSIGNED, LOG_TILE or LOG_BLOB.
#[pyfunction]
#[pyo3(signature = (dir, record, stream="journal", *, witnessed=false))]
pub fn prove_record<'py>(
    py: Python<'py>,
    dir: PathBuf,
    record: u64,
    stream: &str,
    witnessed: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let under = if witnessed { Under::Witnessed } else { Under::Newest };
    let proved = py.detach(|| prove(&dir.join(stream), record, under)).map_err(raise)?;
    let found = record_in(&proved.entry, proved.blob.as_deref().unwrap_or_default(), record).map_err(raise)?;
    let dict = PyDict::new(py);
    dict.set_item("index", proved.proof.index)?;
    dict.set_item("entry", PyBytes::new(py, &proved.entry))?;
    dict.set_item("blob", proved.blob.as_ref().map(|blob| PyBytes::new(py, blob)))?;
    dict.set_item("kind", found.kind)?;
    dict.set_item("record", PyBytes::new(py, found.bytes))?;
    dict.set_item("proof", proved.proof.to_string())?;
    dict.set_item("key", &proved.key)?;
    Ok(dict)
}

/// Checks that an entry is in the log that a key signed, by a C2SP tlog-proof text and nothing else.
///
/// Returns `origin`, `index`, `size` and `root` (hex) of the checkpoint. Raises LOG_PROOF if the text has another form,
/// LOG_BAD_SIGNATURE if the key did not sign the checkpoint, LOG_BAD_ROOT if the entry is not under it.
#[pyfunction]
pub fn check_proof<'py>(py: Python<'py>, proof: &str, entry: &[u8], key: &str) -> PyResult<Bound<'py, PyDict>> {
    let key = VerifierKey::parse(key).map_err(raise)?;
    let proof = TlogProof::parse(proof).map_err(raise)?;
    let checkpoint = proof.check(entry, &key).map_err(raise)?;
    let dict = PyDict::new(py);
    dict.set_item("origin", &checkpoint.origin)?;
    dict.set_item("index", proof.index)?;
    dict.set_item("size", checkpoint.size)?;
    dict.set_item("root", hex(&checkpoint.root))?;
    Ok(dict)
}

/// The record in an entry and the blob that the entry commits to, as `(kind, id, bytes)`; LOG_PROOF if they do not fit.
#[pyfunction]
pub fn record_of_entry<'py>(
    py: Python<'py>,
    entry: &[u8],
    blob: Option<&[u8]>,
    record: u64,
) -> PyResult<(u16, u64, Bound<'py, PyBytes>)> {
    let found = record_in(entry, blob.unwrap_or_default(), record).map_err(raise)?;
    Ok((found.kind, found.id, PyBytes::new(py, found.bytes)))
}

/// Proves that the log of `new` entries begins with the log of `old` entries (RFC 9162): hashes, read from the tiles of a
/// folder and checked against their roots.
#[pyfunction]
#[pyo3(signature = (dir, old, new, stream="journal"))]
pub fn consistency_proof<'py>(
    py: Python<'py>,
    dir: PathBuf,
    old: u64,
    new: u64,
    stream: &str,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let read = || {
        let mut tiles = TileReader::new(Folder::new(dir.join(stream)), new);
        let proof = tiles.consistency(old, new)?;
        check_consistency(old, &tiles.root(old)?, new, &tiles.root(new)?, &proof)?;
        Ok(proof)
    };
    let proof = py.detach(read).map_err(raise)?;
    Ok(proof.iter().map(|hash| PyBytes::new(py, hash)).collect())
}
