//! The journal for Python: verify a log, read its records, write one of one's own.

use crate::seal::{DisclosedTuple, Keyring, disclosed};
use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_log::{
    EpochKey, FileStorage, Frame, Frontier, Journal, LogSigner, Report, Tail, VerifierKey, Walk, hex, leaf_hash,
    read_log_of, sha256, unseal, verify_stream,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::{Path, PathBuf};

/// A record as Python sees it: kind, id, bytes.
type RecordTuple<'py> = (u16, u64, Bound<'py, PyBytes>);
/// An inclusion proof as Python sees it: index, size, entry, siblings from leaf to root.
type InclusionTuple<'py> = (u64, u64, Bound<'py, PyBytes>, Vec<Bound<'py, PyBytes>>);

fn signer(origin: &str, seed: &[u8]) -> PyResult<LogSigner> {
    let seed = <&[u8; 32]>::try_from(seed).map_err(|_| {
        raise(Problem::new(code::GOV_KEY_FILE, format!("a private seed is 32 bytes, these are {}", seed.len())))
    })?;
    LogSigner::new(origin, seed).map_err(raise)
}

/// Verifies the log in a folder from its files alone: checksums, record numbers, blob digests, Merkle root, signature,
/// published tiles, bundles and blobs. A replica that has no write-ahead file is verified from the published files.
///
/// `key` is the verifier key line (`origin+id+base64`) that must have signed the checkpoint; without it the key that lies
/// beside the log is believed. `stream` is the log's folder below `dir`. Returns what the log holds: `origin`, `key`,
/// `entries`, `records`, `segments`, `sealed`, `first_id`, `last_id`, `size_bytes`, `ready_bytes`, `root`,
/// `checkpoint_size`, `unsigned_tail_entries`, `published_files`, `is_replica` (then sizes are of the file that
/// its bundles make); hashes in hex. Raises the first problem found, naming entry, record and byte.
#[pyfunction]
#[pyo3(signature = (dir, key=None, stream="journal"))]
pub fn verify_log<'py>(py: Python<'py>, dir: PathBuf, key: Option<&str>, stream: &str) -> PyResult<Bound<'py, PyDict>> {
    let key = key.map(VerifierKey::parse).transpose().map_err(raise)?;
    let report = py.detach(|| verify_stream(&dir, stream, key.as_ref())).map_err(raise)?;
    report_dict(py, &report)
}

/// SHA-256, in hex, of the write-ahead file of the log in a folder up to the end of its last commit: equal runs have equal
/// ones. Of a replica: of the file that its bundles make.
#[pyfunction]
#[pyo3(signature = (dir, stream="journal"))]
pub fn wal_sha256(py: Python<'_>, dir: PathBuf, stream: &str) -> PyResult<String> {
    let digest = || {
        let wal = read_log_of(&dir, stream)?;
        let mut walk = Walk::new(&wal)?;
        while walk.next_group()?.is_some() {}
        Ok(hex(&sha256(&wal[..walk.committed_bytes() as usize])))
    };
    py.detach(digest).map_err(raise)
}

fn report_dict<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("origin", &report.origin)?;
    dict.set_item("key", &report.key)?;
    let numbers = [
        ("entries", report.entries),
        ("records", report.records),
        ("segments", report.segments),
        ("sealed", report.sealed),
        ("first_id", report.first_id),
        ("last_id", report.last_id),
        ("size_bytes", report.size_bytes),
        ("ready_bytes", report.ready_bytes),
        ("checkpoint_size", report.checkpoint_size),
        ("unsigned_tail_entries", report.unsigned_tail_entries),
        ("published_files", report.published_files),
    ];
    for (name, number) in numbers {
        dict.set_item(name, number)?;
    }
    dict.set_item("is_replica", report.is_replica)?;
    dict.set_item("root", hex(&report.root))?;
    Ok(dict)
}

/// The verifier key line of the log `origin` whose checkpoints a private seed (32 bytes) signs.
#[pyfunction]
pub fn log_key(origin: &str, seed: &[u8]) -> PyResult<String> {
    Ok(signer(origin, seed)?.verifier().line())
}

/// Reads the records of the log in a folder, also while another process writes it: whole commits only. A replica that
/// has no write-ahead file is read from its bundles and blobs.
///
/// Iterating gives `(kind, id, bytes)` in order of the ids, which run from 1 to `len(reader)`. Checksums and numbers are
/// checked, signatures are not: that is `verify_log`. With a keyring sealed entries are opened, and one that it cannot
/// open is an error; without one their records show as what they are: kind 35.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct LogReader {
    inner: hedgerow_log::LogReader<Vec<u8>>,
    /// The log as it lies there, if `inner` is an opened one.
    sealed: Option<(hedgerow_log::LogReader<Vec<u8>>, hedgerow_log::Keyring)>,
}

impl LogReader {
    fn read(dir: &Path, stream: &str, keys: Option<hedgerow_log::Keyring>) -> Result<LogReader, Problem> {
        let wal = read_log_of(dir, stream)?;
        match keys {
            Some(keys) => LogReader::unsealed(wal, keys),
            None => Ok(LogReader { inner: hedgerow_log::LogReader::new(wal)?, sealed: None }),
        }
    }

    fn unsealed(wal: Vec<u8>, keys: hedgerow_log::Keyring) -> Result<LogReader, Problem> {
        let inner = hedgerow_log::LogReader::new(unseal(&wal, &keys)?)?;
        Ok(LogReader { inner, sealed: Some((hedgerow_log::LogReader::new(wal)?, keys)) })
    }

    /// The log whose entries are the Merkle leaves.
    fn leaves(&self) -> &hedgerow_log::LogReader<Vec<u8>> {
        self.sealed.as_ref().map_or(&self.inner, |(sealed, _)| sealed)
    }

    fn leaf(&self, id: u64) -> Result<(u64, Frame<'_>), Problem> {
        let index = self.leaves().entry_of(id)?;
        Ok((index as u64, self.leaves().frame(index).expect("the index covers every id")))
    }
}

#[pymethods]
impl LogReader {
    #[new]
    #[pyo3(signature = (dir, stream="journal", keys=None))]
    fn new(py: Python<'_>, dir: PathBuf, stream: &str, keys: Option<&Keyring>) -> PyResult<LogReader> {
        let keys = keys.map(Keyring::keys);
        py.detach(|| LogReader::read(&dir, stream, keys)).map_err(raise)
    }

    /// The same log, read no second time, with its sealed entries opened.
    fn opened(&self, py: Python<'_>, keys: &Keyring) -> PyResult<LogReader> {
        let keys = keys.keys();
        py.detach(|| LogReader::unsealed(self.leaves().file().to_vec(), keys)).map_err(raise)
    }

    /// Whether a sealed entry is among its entries.
    #[getter]
    fn is_sealed(&self) -> bool {
        self.leaves().frames().any(|frame| frame.is_sealed())
    }

    fn __len__(&self) -> usize {
        self.inner.records_total() as usize
    }

    fn __iter__(slf: Py<LogReader>) -> LogRecords {
        LogRecords { reader: slf, frame: 0, row: 0 }
    }

    /// One record by its id, as `(kind, id, bytes)`.
    fn record<'py>(&self, py: Python<'py>, id: u64) -> PyResult<RecordTuple<'py>> {
        let record = self.inner.record(id).map_err(raise)?;
        Ok((record.kind, record.id, PyBytes::new(py, record.bytes)))
    }

    /// The bytes of all records of one kind, one behind the other, ready for `numpy.frombuffer` with the noun's dtype.
    fn records<'py>(&self, py: Python<'py>, kind: u16) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.inner.rows_of(kind)))
    }

    /// All records of one kind as `(id, bytes)`, for kinds whose records differ in length.
    fn entries<'py>(&self, py: Python<'py>, kind: u16) -> Vec<(u64, Bound<'py, PyBytes>)> {
        let of_kind = self.inner.records().filter(|record| record.kind == kind);
        of_kind.map(|record| (record.id, PyBytes::new(py, record.bytes))).collect()
    }

    /// Merkle roots of the log when it held 0, 1, 2, ... entries, up to all of them.
    fn roots<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let mut tree = Frontier::default();
        let mut roots = vec![PyBytes::new(py, &tree.root())];
        for frame in self.leaves().frames() {
            tree.push(leaf_hash(frame.entry));
            roots.push(PyBytes::new(py, &tree.root()));
        }
        roots
    }

    /// Proves that a record's entry is in the log (RFC 6962): `(index, size, entry, siblings from leaf to root)`.
    fn inclusion<'py>(&self, py: Python<'py>, id: u64) -> PyResult<InclusionTuple<'py>> {
        let (index, frame) = self.leaf(id).map_err(raise)?;
        let tree = py.detach(|| self.leaves().subtrees());
        let proof = tree.inclusion(index, tree.size()).map_err(raise)?;
        let siblings = proof.iter().map(|hash| PyBytes::new(py, hash)).collect();
        Ok((index, tree.size(), PyBytes::new(py, frame.entry), siblings))
    }

    /// The Merkle leaf that holds a record, and the bytes that it commits to, empty if there are none: `(entry, blob)`.
    fn entry<'py>(&self, py: Python<'py>, id: u64) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let (_, frame) = self.leaf(id).map_err(raise)?;
        Ok((PyBytes::new(py, frame.entry), PyBytes::new(py, frame.blob)))
    }

    /// What opens the sealed entry of a record, and no other entry: `(epoch, commitment, key)`; `None` if it is plain.
    ///
    /// Whoever has it reads every record of that entry. `open_entry` uses it.
    fn disclose<'py>(&self, py: Python<'py>, id: u64) -> PyResult<Option<DisclosedTuple<'py>>> {
        let (_, frame) = self.leaf(id).map_err(raise)?;
        let Some((_, keys)) = self.sealed.as_ref().filter(|_| frame.is_sealed()) else { return Ok(None) };
        Ok(Some(disclosed(py, &keys.key_of(&frame).map_err(raise)?.disclose(&frame))))
    }
}

/// The records of a log in order, as `(kind, id, bytes)`.
#[pyclass(module = "hedgerow._core")]
pub struct LogRecords {
    reader: Py<LogReader>,
    frame: usize,
    row: u32,
}

#[pymethods]
impl LogRecords {
    fn __iter__(slf: Py<LogRecords>) -> Py<LogRecords> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> Option<RecordTuple<'py>> {
        let reader = self.reader.get();
        loop {
            let frame = reader.inner.frame(self.frame)?;
            if let Some(record) = frame.record(self.row) {
                self.row += 1;
                return Some((record.kind, record.id, PyBytes::new(py, record.bytes)));
            }
            (self.frame, self.row) = (self.frame + 1, 0);
        }
    }
}

/// Writes a log in a folder: records wait in memory until `commit` makes them durable together; `publish` signs them.
///
/// `JournalWriter(dir, origin, seed)` starts one; `JournalWriter.open` continues one, after a clean end or a crash alike.
/// `stream` is the log's folder below `dir`.
/// Ids run from 1 without gaps. In a `with` block it is signed and closed at the end, unless an exception ended it.
#[pyclass(module = "hedgerow._core")]
pub struct JournalWriter {
    journal: Option<Journal<FileStorage>>,
    signer: LogSigner,
    /// Bytes of a commit that a crash cut short and opening removed.
    #[pyo3(get)]
    torn_bytes: u64,
    /// Published tiles, bundles and blobs that were missing or damaged and opening wrote anew.
    #[pyo3(get)]
    mended_files: u64,
}

impl JournalWriter {
    fn live(&mut self) -> PyResult<&mut Journal<FileStorage>> {
        self.journal.as_mut().ok_or_else(closed)
    }
}

fn closed() -> PyErr {
    raise(Problem::new(code::LOG_IO, "the journal is closed"))
}

#[pymethods]
impl JournalWriter {
    #[new]
    #[pyo3(signature = (dir, origin, seed, stream="journal"))]
    fn new(dir: PathBuf, origin: &str, seed: &[u8], stream: &str) -> PyResult<JournalWriter> {
        let signer = signer(origin, seed)?;
        let create = || Journal::create(FileStorage::create_stream(&dir, stream)?, signer.verifier());
        Ok(JournalWriter { journal: Some(create().map_err(raise)?), signer, torn_bytes: 0, mended_files: 0 })
    }

    /// Continues the log in a folder; a commit that a crash cut short is removed, see `torn_bytes`; published files are
    /// mended, see `mended_files`.
    #[staticmethod]
    #[pyo3(signature = (dir, origin, seed, stream="journal"))]
    fn open(py: Python<'_>, dir: PathBuf, origin: &str, seed: &[u8], stream: &str) -> PyResult<JournalWriter> {
        let signer = signer(origin, seed)?;
        let open = || Journal::resume(FileStorage::open_stream(&dir, stream)?, &signer);
        let (journal, recovery) = py.detach(open).map_err(raise)?;
        let torn_bytes = if let Tail::Torn(bytes) = recovery.tail { bytes } else { 0 };
        Ok(JournalWriter { journal: Some(journal), signer, torn_bytes, mended_files: recovery.mended })
    }

    /// Appends one record as an entry of its own, in memory; its id must be `next_id`.
    fn append(&mut self, kind: u16, id: u64, data: &[u8]) -> PyResult<()> {
        self.live()?.append(kind, id, data).map_err(raise)
    }

    /// Appends one record to the open segment, which rows of the same kind and length share; for market data.
    fn append_row(&mut self, kind: u16, id: u64, data: &[u8]) -> PyResult<()> {
        self.live()?.append_row(kind, id, data).map_err(raise)
    }

    /// Appends one record that everybody may read, in a sealed log too.
    fn append_plain(&mut self, kind: u16, id: u64, data: &[u8]) -> PyResult<()> {
        self.live()?.append_plain(kind, id, data).map_err(raise)
    }

    /// From here on entries are sealed with the key (32 bytes) of the epoch `word`, see `epoch_word`.
    fn seal_with(&mut self, word: u32, key: [u8; 32]) -> PyResult<()> {
        self.live()?.seal_with(Some(EpochKey::new(word, &key)));
        Ok(())
    }

    /// Makes everything appended durable; returns the entries now durable.
    fn commit(&mut self, py: Python<'_>) -> PyResult<u64> {
        let journal = self.live()?;
        py.detach(|| journal.commit()).map_err(raise)
    }

    /// Commits, publishes tiles, bundles and blobs, signs the whole log and replaces the checkpoint; returns the entries
    /// signed and their root in hex.
    fn publish(&mut self, py: Python<'_>) -> PyResult<(u64, String)> {
        let journal = self.journal.as_mut().ok_or_else(closed)?;
        let checkpoint = py.detach(|| journal.publish(&self.signer)).map_err(raise)?;
        Ok((checkpoint.size, hex(&checkpoint.root)))
    }

    /// Commits and closes; without `publish` before, what was added since the last time stays unsigned.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.journal.take() {
            Some(journal) => py.detach(|| journal.close()).map(drop).map_err(raise),
            None => Ok(()),
        }
    }

    /// The id that the next record must have.
    #[getter]
    fn next_id(&mut self) -> PyResult<u64> {
        Ok(self.live()?.next_id())
    }

    /// The verifier key line that checks this log.
    #[getter]
    fn key(&self) -> String {
        self.signer.verifier().line()
    }

    fn __enter__(slf: Py<JournalWriter>) -> Py<JournalWriter> {
        slf
    }

    #[pyo3(signature = (kind=None, _value=None, _traceback=None))]
    fn __exit__(
        &mut self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if kind.is_some() || self.journal.is_none() {
            self.journal = None;
            return Ok(());
        }
        self.publish(py)?;
        self.close(py)
    }
}
