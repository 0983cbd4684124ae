//! Epoch keys for Python: hold them, name their epochs, show one entry to an outsider.

use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_log::{COMPARTMENTS, EntryKey, EpochKey, Frame, epoch_name};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

/// The key of one entry as Python sees it: epoch, commitment, key.
pub(crate) type DisclosedTuple<'py> = (String, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// A record as Python sees it: kind, id, bytes.
type RecordTuple<'py> = (u16, u64, Bound<'py, PyBytes>);

fn digest(bytes: &[u8], what: &str) -> PyResult<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| raise(Problem::new(code::GOV_KEY_FILE, format!("{what} is 32 bytes, these are {}", bytes.len()))))
}

/// The compartments that have epoch keys of their own.
#[pyfunction]
pub fn compartments() -> Vec<&'static str> {
    COMPARTMENTS.to_vec()
}

/// The number that sealed entries carry for an epoch (from 1) of a compartment.
#[pyfunction]
pub fn epoch_word(compartment: &str, number: u32) -> PyResult<u32> {
    hedgerow_log::epoch_word(compartment, number).ok_or_else(|| {
        let known = COMPARTMENTS.join(", ");
        raise(Problem::new(code::CORE_INPUT, format!("no epoch {number} of {compartment:?}; compartments are {known}")))
    })
}

/// What an epoch event publishes of its key (32 bytes): the commitment that every reader checks.
#[pyfunction]
pub fn epoch_commitment<'py>(py: Python<'py>, key: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, EpochKey::new(0, &digest(key, "an epoch key")?).commitment()))
}

/// The epoch keys that one reader holds; readers of logs take one.
#[pyclass(module = "hedgerow._core", frozen)]
#[derive(Default)]
pub struct Keyring {
    inner: Mutex<hedgerow_log::Keyring>,
}

impl Keyring {
    pub(crate) fn keys(&self) -> hedgerow_log::Keyring {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[pymethods]
impl Keyring {
    #[new]
    fn new() -> Keyring {
        Keyring::default()
    }

    /// Takes the key (32 bytes) of the epoch `word`; if it is not the one committed to, that is LOG_SEAL_COMMITMENT.
    fn add(&self, word: u32, key: &[u8], commitment: &[u8]) -> PyResult<()> {
        let (key, commitment) = (digest(key, "an epoch key")?, digest(commitment, "a commitment")?);
        let key = EpochKey::committed(word, &key, &commitment).map_err(raise)?;
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).add(key);
        Ok(())
    }

    /// The epochs whose keys are here, as people call them: `journal 3`.
    fn epochs(&self) -> Vec<String> {
        self.keys().epochs().map(epoch_name).collect()
    }

    fn __len__(&self) -> usize {
        self.keys().epochs().count()
    }
}

/// What opens one sealed entry and no other, out of the keys that a reader holds: `(epoch, commitment, key)`; `None` if
/// the entry is plain. Whoever has it reads every record of that entry: `open_entry` uses it.
///
/// `entry` is the Merkle leaf, `blob` what lies behind it. Raises LOG_SEAL_EPOCH if the epoch's key is not held, and
/// LOG_SEAL_TAMPERED if the entry does not open.
#[pyfunction]
pub fn disclose_entry<'py>(
    py: Python<'py>,
    entry: &[u8],
    blob: &[u8],
    keys: &Keyring,
) -> PyResult<Option<DisclosedTuple<'py>>> {
    let sealed = Frame::checked(entry, blob).map_err(raise)?;
    if !sealed.is_sealed() {
        return Ok(None);
    }
    let keys = keys.keys();
    let key = keys.key_of(&sealed).map_err(raise)?;
    key.open(&sealed).map_err(raise)?;
    Ok(Some(disclosed(py, &key.disclose(&sealed))))
}

/// An entry's key for Python.
pub(crate) fn disclosed<'py>(py: Python<'py>, key: &EntryKey) -> DisclosedTuple<'py> {
    (epoch_name(key.epoch), PyBytes::new(py, &key.commitment), PyBytes::new(py, &key.key))
}

/// Opens one sealed entry with the key that was disclosed for it: the records in it as `(kind, id, bytes)`.
///
/// `entry` is the Merkle leaf, `blob` the bytes it commits to (None or empty if its ciphertext stands in the leaf itself),
/// `commitment` the epoch's as its event publishes it.
#[pyfunction]
#[pyo3(signature = (entry, blob, commitment, key))]
pub fn open_entry<'py>(
    py: Python<'py>,
    entry: &[u8],
    blob: Option<&[u8]>,
    commitment: &[u8],
    key: &[u8],
) -> PyResult<Vec<RecordTuple<'py>>> {
    let sealed = Frame::checked(entry, blob.unwrap_or_default()).map_err(raise)?;
    let key = EntryKey {
        epoch: sealed.epoch().unwrap_or_default(),
        commitment: digest(commitment, "a commitment")?,
        key: digest(key, "an entry's key")?,
    };
    let opened = key.open(&sealed).map_err(raise)?;
    let plain = Frame::checked(opened.entry(), opened.blob()).map_err(raise)?;
    Ok(plain.records().map(|r| (r.kind, r.id, PyBytes::new(py, r.bytes))).collect())
}
