//! One record with all that a stranger needs to believe it: its entry, the blob that the entry names, and the path to a
//! signed checkpoint.
//!
//! Promises: read from published files alone, so that a replica proves as well as the writer; a record that is durable
//! but not signed yet is said to be so. Never: opens a sealed entry; whoever holds its key adds that.

use crate::cosigning::WITNESSED;
use crate::folder::Folder;
use crate::frame::{ENTRY_HEAD_BYTES, Frame, Record};
use crate::journal::KEY;
use crate::merkle::sha256;
use crate::note::{Checkpoint, VerifierKey};
use crate::reader::LogReader;
use crate::replica::read_log;
use crate::storage::Files;
use crate::tile_reader::TileReader;
use crate::tlog_proof::TlogProof;
use hedgerow_core::{Problem, RecordId, code};
use std::path::Path;

/// What proves a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// The Merkle leaf that holds it.
    pub entry: Vec<u8>,
    /// The bytes to which the entry commits, if it does.
    pub blob: Option<Vec<u8>>,
    /// The path from the entry to the checkpoint, and the checkpoint with its cosignatures.
    pub proof: TlogProof,
    /// The key line that checks the checkpoint.
    pub key: String,
}

/// Which checkpoint a record is proved to be under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Under {
    /// The newest one.
    Newest,
    /// The last one that had the cosignatures that a policy demands.
    Witnessed,
}

/// Proves record `id` of the log in a stream's folder.
///
/// # Errors
/// `LOG_NOT_A_LOG`; `LOG_NO_CHECKPOINT` if there is none of the kind; `LOG_UNKNOWN_ID`; `LOG_UNSIGNED` if its entry is
/// behind the checkpoint;
/// `LOG_TILE` or `LOG_BLOB` if a published file is missing or does not lead to the checkpoint.
pub fn prove(folder: &Path, id: RecordId, under: Under) -> Result<Proved, Problem> {
    let files = Folder::new(folder);
    let missing = || Problem::new(code::LOG_NOT_A_LOG, format!("no {KEY} in {}", folder.display()));
    let line = files.small(KEY)?.ok_or_else(missing)?;
    let key = VerifierKey::parse(&String::from_utf8_lossy(&line))?;
    let (mut tiles, newest, text) = TileReader::published(files, &key)?;
    let (checkpoint, note) = match under {
        Under::Newest => (newest.clone(), text),
        Under::Witnessed => witnessed(tiles.files(), &key)?,
    };
    let index = tiles.entry_of(id).map_err(|problem| unsigned(folder, id, newest.size).unwrap_or(problem))?;
    if index >= checkpoint.size {
        return Err(behind(id, index, checkpoint.size));
    }
    let entry = tiles.entry(index)?.to_vec();
    let blob =
        Frame { offset: 0, entry: &entry, blob: &[] }.blob_digest().map(|digest| tiles.blob(&digest)).transpose()?;
    let proof = TlogProof { extra: None, index, siblings: tiles.inclusion(index, checkpoint.size)?, checkpoint: note };
    let unproved =
        |p: Problem| Problem::new(code::LOG_TILE, format!("the tiles do not lead to the checkpoint: {}", p.detail));
    proof.check(&entry, &key).map_err(unproved)?;
    Ok(Proved { entry, blob, proof, key: key.line() })
}

/// The record in an entry and its blob, once they were found to fit together.
///
/// # Errors
/// `LOG_PROOF` if the blob is not the one that the entry commits to, or the record is not in it.
pub fn record_in<'a>(entry: &'a [u8], blob: &'a [u8], id: RecordId) -> Result<Record<'a>, Problem> {
    let bad = |what: String| Problem::new(code::LOG_PROOF, what);
    if entry.len() < ENTRY_HEAD_BYTES {
        return Err(bad(format!("the entry has {} bytes, at least 16 are its head", entry.len())));
    }
    let frame = Frame { offset: 0, entry, blob };
    frame.check_shape().map_err(|p| bad(format!("the entry is misshapen: {}", p.detail)))?;
    if frame.blob_digest().is_some_and(|digest| digest != sha256(blob)) {
        return Err(bad("the blob is not the one that the entry commits to".into()));
    }
    let row = id.checked_sub(frame.first_id()).and_then(|row| u32::try_from(row).ok());
    let held = || format!("record {id} is not among the {} of the entry, from {}", frame.count(), frame.first_id());
    row.and_then(|row| frame.record(row)).ok_or_else(|| bad(held()))
}

/// The last witnessed checkpoint and its text.
fn witnessed(files: &Folder, key: &VerifierKey) -> Result<(Checkpoint, String), Problem> {
    let none = || Problem::new(code::LOG_NO_CHECKPOINT, format!("no {}", files.path().join(WITNESSED).display()));
    let note = files.small(WITNESSED)?.ok_or_else(none)?;
    Ok((key.open(&note)?, String::from_utf8_lossy(&note).into_owned()))
}

/// Whether the record is in the write-ahead file and only not signed yet.
fn unsigned(folder: &Path, id: RecordId, signed: u64) -> Option<Problem> {
    let index = LogReader::new(read_log(folder).ok()?).ok()?.entry_of(id).ok()?;
    Some(behind(id, index as u64, signed))
}

fn behind(id: RecordId, index: u64, size: u64) -> Problem {
    Problem::new(code::LOG_UNSIGNED, format!("record {id} is in entry {index}, the checkpoint is of {size} entries"))
}
