//! Verification of a log from its files alone: checksums, record numbers, digests of blobs, Merkle root, signature,
//! and the published tiles, bundles and blobs; the last witnessed checkpoint too, if one is kept. A replica without a write-ahead file is verified from those alone.
//!
//! Promises: a log that passes holds what its key signed, plus what the report calls unsigned; a change of any one byte
//! of the write-ahead file, a tile, bundle or blob, the checkpoint or the key, a cut, a swapped or doubled frame, a
//! missing file is a named problem that says the first bad entry where there is one.
//! Never: repairs, and never says what the records mean; the kernel's replay does.

use crate::agreement::check_key;
use crate::compare::{Comparison, Difference, Place};
use crate::cosigning::WITNESSED;
use crate::file_storage::{READS_MAX, STREAM, read_wal_once};
use crate::folder::Folder;
use crate::frame::Frame;
use crate::journal::{CHECKPOINT, KEY};
use crate::merkle::{Hash, sha256};
use crate::note::{Checkpoint, VerifierKey};
use crate::replica::{is_replica, wal_of_replica};
use crate::storage::Files;
use crate::walk::{Tail, Walk};
use hedgerow_core::{Problem, RecordId, code};
use std::path::Path;

/// What a verified log holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Which log.
    pub origin: String,
    /// The key line that its checkpoint was checked with.
    pub key: String,
    /// Entries, the leaves of the Merkle tree.
    pub entries: u64,
    /// Records, rows of segments included.
    pub records: u64,
    /// Segments among the entries that can be read without a key.
    pub segments: u64,
    /// Sealed entries among them.
    pub sealed: u64,
    /// Id of the first record, 0 if there is none.
    pub first_id: RecordId,
    /// Id of the last record, 0 if there is none.
    pub last_id: RecordId,
    /// Bytes of the write-ahead file up to the end of the last commit.
    pub size_bytes: u64,
    /// Zeros behind them: space a writer made ready; 0 once the log was closed.
    pub ready_bytes: u64,
    /// Merkle root over all entries.
    pub root: Hash,
    /// Entries that the checkpoint signs.
    pub checkpoint_size: u64,
    /// Entries behind the checkpoint: durable, but not yet signed.
    pub unsigned_tail_entries: u64,
    /// Published tiles, bundles and blobs that were compared with the entries.
    pub published_files: u64,
    /// Whether there is no write-ahead file; then `size_bytes` is of the one that is made of bundles.
    pub is_replica: bool,
}

/// Verifies the journal in `dir`, against `expected` or else against the key that lies beside it.
///
/// # Errors
/// See [`verify_folder`].
pub fn verify(dir: &Path, expected: Option<&VerifierKey>) -> Result<Report, Problem> {
    verify_stream(dir, STREAM, expected)
}

/// The same for the log of another stream in `dir`.
///
/// # Errors
/// See [`verify_folder`].
pub fn verify_stream(dir: &Path, stream: &str, expected: Option<&VerifierKey>) -> Result<Report, Problem> {
    verify_folder(&dir.join(stream), expected)
}

/// Verifies the log in a stream's folder, say `dir/governance`, with or without a write-ahead file.
///
/// # Errors
/// `LOG_NOT_A_LOG`, `LOG_NO_CHECKPOINT`, `LOG_TILE`, `LOG_BLOB`, `LOG_IO`, and what [`verify_bytes`] gives. Where a
/// published file differs and more is wrong, it is the write-ahead file that was changed; a replica has none to blame.
pub fn verify_folder(folder: &Path, expected: Option<&VerifierKey>) -> Result<Report, Problem> {
    let mut found = verify_once(folder, expected);
    // Beside a writer at work, files are read that are of different moments; what is wrong is so when looked at again.
    for _ in 1..READS_MAX {
        let Err(problem) = &found else { break };
        let again = verify_once(folder, expected);
        if again.as_ref().is_err_and(|again| again == problem) {
            break;
        }
        found = again;
    }
    found
}

fn verify_once(folder: &Path, expected: Option<&VerifierKey>) -> Result<Report, Problem> {
    let files = Folder::new(folder);
    let is_replica = is_replica(&files)?;
    // Signed first, entries after: what a writer at work adds meanwhile stands behind what it had signed.
    let (witnessed, note) = (files.small(WITNESSED)?, files.small(CHECKPOINT)?);
    let wal = if is_replica { None } else { Some(read_wal_once(folder)?) };
    let line = files.small(KEY)?.ok_or_else(|| Problem::new(code::LOG_NOT_A_LOG, "no key.pub"))?;
    let note = note.ok_or_else(|| Problem::new(code::LOG_NO_CHECKPOINT, folder.display().to_string()))?;
    let checkpoint = opened(&note, &line, expected)?;
    let witnessed = witnessed.map(|note| opened(&note, &line, expected)).transpose()?;
    let signed = Signed { checkpoint: &checkpoint, witnessed: witnessed.as_ref() };
    let file = wal.map_or_else(|| wal_of_replica(&files, checkpoint.size), Ok)?;
    let mut first = None;
    let mut differs = |difference: Difference<'_>| {
        if first.is_none() && !stands_in_full_tile(&files, &difference)? {
            first = Some(difference.problem());
        }
        Ok(())
    };
    let proved = prove(&file, &signed, &line, Some(&files), &mut differs);
    match (proved, first) {
        (Err(problem), Some(first)) if !is_replica => {
            Err(Problem::new(problem.code, format!("{}; {}", problem.detail, first.detail)))
        }
        (Ok(_) | Err(_), Some(first)) => Err(first),
        (Err(problem), None) => Err(problem),
        (Ok((_, Some(beyond))), None) if !is_replica => Err(beyond),
        (Ok((report, _)), None) => Ok(Report { is_replica, ..report }),
    }
}

/// Whether a partial tile is gone and the full one of its place, which may replace it in a replica, begins with it.
fn stands_in_full_tile(files: &Folder, difference: &Difference<'_>) -> Result<bool, Problem> {
    match difference.place {
        Place::Tile(tile) if difference.found.is_none() && !tile.is_full() => {
            let full = files.small(&tile.full().path())?;
            Ok(full.is_some_and(|full| full.starts_with(difference.expected)))
        }
        _ => Ok(false),
    }
}

fn opened(note: &[u8], key_line: &[u8], expected: Option<&VerifierKey>) -> Result<Checkpoint, Problem> {
    let key = match expected {
        Some(key) => key.clone(),
        None => VerifierKey::parse(&String::from_utf8_lossy(key_line))?,
    };
    check_key(key_line, &key)?;
    key.open(note)
}

/// Verifies a log from the bytes of its write-ahead file, its checkpoint and its key line.
///
/// # Errors
/// `LOG_BAD_SIGNATURE`, `LOG_BAD_ROOT`, `LOG_SHORTER`, `LOG_TORN_TAIL`, `LOG_BLOB`, and what [`Walk::next_group`] gives.
pub fn verify_bytes(
    file: &[u8],
    note: &[u8],
    key_line: &[u8],
    expected: Option<&VerifierKey>,
) -> Result<Report, Problem> {
    let checkpoint = opened(note, key_line, expected)?;
    let signed = Signed { checkpoint: &checkpoint, witnessed: None };
    prove(file, &signed, key_line, None, &mut |_| Ok(())).map(|(report, _)| report)
}

/// The checkpoints that a log must agree with.
struct Signed<'a> {
    checkpoint: &'a Checkpoint,
    witnessed: Option<&'a Checkpoint>,
}

/// One pass over the entries, beside the published files if there are any: what they are, and the problem that a tile
/// holds more than they do.
fn prove(
    file: &[u8],
    signed: &Signed<'_>,
    key_line: &[u8],
    files: Option<&Folder>,
    differs: &mut impl FnMut(Difference<'_>) -> Result<(), Problem>,
) -> Result<(Report, Option<Problem>), Problem> {
    let mut walk = Walk::new(file)?;
    let (mut segments, mut sealed) = (0, 0);
    let checkpoint = signed.checkpoint;
    let published = files.map_or(0, |_| checkpoint.size);
    let mut comparison = Comparison::new(&files, published, [checkpoint].into_iter().chain(signed.witnessed))?;
    while let Some(group) = walk.next_group()? {
        for (index, frame) in (comparison.size()..).zip(group.frames()) {
            check_blob(index, &frame)?;
            segments += u64::from(frame.is_segment());
            sealed += u64::from(frame.is_sealed());
        }
        comparison.grow(&files, group, differs)?;
    }
    let compared = comparison.finish(&files, differs)?;
    let (entries, records, size_bytes) = (compared.tree.size(), walk.next_id() - 1, walk.committed_bytes());
    let ready_bytes = match walk.tail() {
        Tail::Clean => 0,
        Tail::Zeros(bytes) => bytes,
        Tail::Torn(bytes) => {
            let detail = format!("{bytes} bytes behind entry {entries}, from byte {size_bytes}");
            return Err(Problem::new(code::LOG_TORN_TAIL, detail));
        }
    };
    let report = Report {
        origin: checkpoint.origin.clone(),
        key: String::from_utf8_lossy(key_line).trim_end().to_owned(),
        entries,
        records,
        segments,
        sealed,
        first_id: records.min(1),
        last_id: records,
        size_bytes,
        ready_bytes,
        root: compared.tree.root(),
        checkpoint_size: checkpoint.size,
        unsigned_tail_entries: entries - checkpoint.size,
        published_files: compared.files,
        is_replica: false,
    };
    Ok((report, compared.beyond))
}

/// Compares what lies behind an entry with the digest in it.
fn check_blob(index: u64, frame: &Frame<'_>) -> Result<(), Problem> {
    match frame.blob_digest() {
        Some(digest) if digest != sha256(frame.blob) => {
            let (id, at) = (frame.first_id(), frame.offset);
            let what = if frame.is_sealed() { "ciphertext" } else { "segment" };
            Err(Problem::new(code::LOG_BLOB, format!("{what} in entry {index}, records from {id}, byte {at}")))
        }
        _ => Ok(()),
    }
}
