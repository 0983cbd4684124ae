//! Witnesses for Python: the memory that serves, the policy that judges, and what a log needs to ask.

use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_log::{
    Checkpoint, Cosigner, CosignerKey, Files, Folder, KEY, TileReader, VerifierKey, WitnessFolder, hex, request,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

fn cosigner(name: &str, seed: &[u8]) -> PyResult<Cosigner> {
    let seed = <&[u8; 32]>::try_from(seed).map_err(|_| {
        raise(Problem::new(code::GOV_KEY_FILE, format!("a private seed is 32 bytes, these are {}", seed.len())))
    })?;
    Cosigner::new(name, seed).map_err(raise)
}

fn log_keys(lines: &[String]) -> PyResult<Vec<VerifierKey>> {
    lines.iter().map(|line| VerifierKey::parse(line)).collect::<Result<_, _>>().map_err(raise)
}

/// Makes the memory of a new witness in a folder; returns its key line (`name+id+base64`, type 0x04).
#[pyfunction]
pub fn witness_new(dir: PathBuf, name: &str, seed: &[u8]) -> PyResult<String> {
    let cosigner = cosigner(name, seed)?;
    WitnessFolder::create(&dir, &cosigner).map_err(raise)?;
    Ok(cosigner.verifier().line())
}

/// A witness (C2SP tlog-witness) that remembers in a folder the last checkpoint it cosigned of each log.
///
/// `origin_keys` are the key lines of the logs it watches. A folder whose memory is missing or damaged is refused.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct Witness {
    inner: WitnessFolder,
    /// The key line that checks its cosignatures.
    #[pyo3(get)]
    key: String,
}

#[pymethods]
impl Witness {
    #[new]
    fn new(dir: PathBuf, name: &str, seed: &[u8], origin_keys: Vec<String>) -> PyResult<Witness> {
        let cosigner = cosigner(name, seed)?;
        let key = cosigner.verifier().line();
        let inner = WitnessFolder::open(&dir, cosigner, log_keys(&origin_keys)?).map_err(raise)?;
        Ok(Witness { inner, key })
    }

    /// Answers an `add-checkpoint` request at a time in seconds since the Epoch: HTTP status, content type, body.
    ///
    /// The checkpoint is persisted before its cosignature is returned; concurrent calls are taken one after the other.
    fn add_checkpoint(&self, py: Python<'_>, request: &[u8], time_s: u64) -> PyResult<(u16, &'static str, String)> {
        let answer = py.detach(|| self.inner.add_checkpoint(request, time_s)).map_err(raise)?;
        Ok((answer.status(), answer.content_type(), answer.body()))
    }

    /// The last cosigned checkpoint of each log: (origin, size, root in hex).
    fn cosigned(&self) -> Vec<(String, u64, String)> {
        self.inner.cosigned().into_iter().map(|c| (c.origin, c.size, hex(&c.root))).collect()
    }
}

/// Which cosignatures make a checkpoint witnessed, from the bytes of a C2SP tlog-policy file.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct WitnessPolicy {
    inner: hedgerow_log::WitnessPolicy,
}

#[pymethods]
impl WitnessPolicy {
    #[new]
    fn new(text: &[u8]) -> PyResult<WitnessPolicy> {
        Ok(WitnessPolicy { inner: hedgerow_log::WitnessPolicy::parse(text).map_err(raise)? })
    }

    /// The witnesses in the file's order: (name, key line, URL or None).
    fn witnesses(&self) -> Vec<(String, String, Option<String>)> {
        self.inner.witnesses().iter().map(|w| (w.name.clone(), w.key.line(), w.url.clone())).collect()
    }

    /// Judges a signed note of the log with this key line: `met`, `by` ((name, seconds since the Epoch)), `missing`.
    fn judge<'py>(&self, py: Python<'py>, note: &[u8], log_key: &str) -> PyResult<Bound<'py, PyDict>> {
        let key = VerifierKey::parse(log_key).map_err(raise)?;
        self.inner.check_log(&key).map_err(raise)?;
        key.open(note).map_err(raise)?;
        let judged = self.inner.judge(note).map_err(raise)?;
        let dict = PyDict::new(py);
        dict.set_item("met", judged.met)?;
        dict.set_item("by", judged.by)?;
        dict.set_item("missing", judged.missing)?;
        Ok(dict)
    }
}

/// The text of a policy that asks for n - (n - 1) / 3 of these witnesses, 3 of 4: (key line, URL or None) each.
#[pyfunction]
pub fn witness_policy_text(log_key_lines: Vec<String>, witnesses: Vec<(String, Option<String>)>) -> PyResult<String> {
    let parsed = witnesses.into_iter().map(|(line, url)| Ok((CosignerKey::parse(&line)?, url)));
    let witnesses: Vec<_> = parsed.collect::<Result<_, Problem>>().map_err(raise)?;
    hedgerow_log::WitnessPolicy::text_of(&log_keys(&log_key_lines)?, &witnesses).map_err(raise)
}

/// Checks a signed note with a log's key line and reads it: (origin, size, root in hex).
#[pyfunction]
pub fn open_checkpoint(note: &[u8], log_key: &str) -> PyResult<(String, u64, String)> {
    let checkpoint = VerifierKey::parse(log_key).and_then(|key| key.open(note)).map_err(raise)?;
    Ok((checkpoint.origin, checkpoint.size, hex(&checkpoint.root)))
}

/// When the witness with this key line cosigned a signed note, in seconds since the Epoch; None if it did not.
#[pyfunction]
pub fn cosigned_at(note: &[u8], witness_key: &str) -> PyResult<Option<u64>> {
    CosignerKey::parse(witness_key).and_then(|key| key.cosigned(note)).map_err(raise)
}

/// The published tree of the log in a folder, read from its tiles, for those who ask witnesses.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct LogTree {
    inner: Mutex<TileReader<Folder>>,
    origin: String,
}

#[pymethods]
impl LogTree {
    /// The tree that the checkpoint signs; `stream` is the log's folder below `dir`.
    #[new]
    #[pyo3(signature = (dir, stream="journal"))]
    fn new(dir: PathBuf, stream: &str) -> PyResult<LogTree> {
        let folder = Folder::new(dir.join(stream));
        let key = key_of(&folder).map_err(raise)?;
        let (reader, checkpoint, _) = TileReader::published(folder, &key).map_err(raise)?;
        Ok(LogTree { inner: Mutex::new(reader), origin: checkpoint.origin })
    }

    /// The body of an `add-checkpoint` request for a signed note of `new` entries, to a witness that knows `old`.
    fn request<'py>(&self, py: Python<'py>, old: u64, new: u64, note: &str) -> PyResult<Bound<'py, PyBytes>> {
        let proof = py.detach(|| self.reader().consistency(old, new)).map_err(raise)?;
        Ok(PyBytes::new(py, request(old, &proof, note).as_bytes()))
    }

    /// The body of the checkpoint that the log has at `size` entries.
    fn body<'py>(&self, py: Python<'py>, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let root = py.detach(|| self.reader().root(size)).map_err(raise)?;
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root };
        Ok(PyBytes::new(py, checkpoint.body().as_bytes()))
    }
}

impl LogTree {
    fn reader(&self) -> MutexGuard<'_, TileReader<Folder>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_of(folder: &Folder) -> Result<VerifierKey, Problem> {
    let missing = || Problem::new(code::LOG_NOT_A_LOG, format!("no {}", folder.path().join(KEY).display()));
    VerifierKey::parse(&String::from_utf8_lossy(&folder.small(KEY)?.ok_or_else(missing)?))
}

/// Adds the signature lines of a note over the same body to the checkpoint of the log in a folder, also while another
/// process writes that log; `False` if it has published a later checkpoint by now, and nothing was added.
#[pyfunction]
#[pyo3(signature = (dir, note, stream="journal"))]
pub fn add_cosignatures(py: Python<'_>, dir: PathBuf, note: &str, stream: &str) -> PyResult<bool> {
    let folder = Folder::new(dir.join(stream));
    py.detach(|| folder.add_cosignatures(&key_of(&folder)?, note)).map_err(raise)
}

/// Keeps a checkpoint that has the cosignatures that a policy demands, in the file `witnessed` of the log in a folder,
/// unless a later one is kept; of the same one the lines are added.
#[pyfunction]
#[pyo3(signature = (dir, note, stream="journal"))]
pub fn keep_witnessed(py: Python<'_>, dir: PathBuf, note: &str, stream: &str) -> PyResult<()> {
    let folder = Folder::new(dir.join(stream));
    py.detach(|| folder.keep_witnessed(&key_of(&folder)?, note)).map_err(raise)
}
