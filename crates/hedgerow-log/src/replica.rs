//! A log out of its published files alone: a replica has tiles, bundles, blobs, a checkpoint and a key, and no
//! write-ahead file.
//!
//! Promises: gives the write-ahead file that holds exactly the published entries with their blobs, so that everything
//! which reads one reads a replica too, and a site is restored from it; what is missing is named. Its commits are not
//! those of the writer: tiles do not say where one ended. Never: believes an entry; `verify` proves them.

use crate::file_storage::{WAL, read_wal_in};
use crate::folder::Folder;
use crate::frame::{ENTRY_HEAD_BYTES, Frame};
use crate::image::Image;
use crate::journal::CHECKPOINT;
use crate::note::parse_body;
use crate::storage::Files;
use crate::tile::{TILE_WIDTH, TILES};
use crate::tile_reader::TileReader;
use hedgerow_core::{Problem, code};
use std::path::Path;

/// The write-ahead file that holds the first `size` published entries.
///
/// # Errors
/// `LOG_TILE` or `LOG_BLOB` for what is missing or misshapen; `LOG_IO`.
pub fn wal_of_replica<F: Files>(files: F, size: u64) -> Result<Vec<u8>, Problem> {
    let mut reader = TileReader::new(files, size);
    let mut image = Image::default();
    for index in 0..size {
        let entry = reader.entry(index)?.to_vec();
        if entry.len() < ENTRY_HEAD_BYTES {
            let detail = format!("entry {index} has {} bytes, at least 16 are its head", entry.len());
            return Err(Problem::new(code::LOG_TILE, detail));
        }
        let digest = Frame { offset: 0, entry: &entry, blob: &[] }.blob_digest();
        let blob = digest.map(|digest| reader.blob(&digest)).transpose();
        let blob = blob.map_err(|p| Problem::new(p.code, format!("{}: entry {index}", p.detail)))?;
        image.add(&entry, &blob.unwrap_or_default());
        if (index + 1).is_multiple_of(TILE_WIDTH) {
            image.commit();
        }
    }
    Ok(image.finish())
}

/// The entries of the log in a folder: its write-ahead file, or for a replica the one that its published files make.
///
/// # Errors
/// `LOG_NOT_A_LOG` if there is neither; what [`wal_of_replica`] gives.
pub fn read_log(folder: &Path) -> Result<Vec<u8>, Problem> {
    let files = Folder::new(folder);
    if !is_replica(&files)? {
        return read_wal_in(folder);
    }
    let note = files.small(CHECKPOINT)?.unwrap_or_default();
    let note = String::from_utf8_lossy(&note);
    let body = note.find("\n\n").and_then(|at| parse_body(&note[..=at]));
    let size = body.ok_or_else(|| Problem::new(code::LOG_BAD_SIGNATURE, "the checkpoint is not one"))?.size;
    wal_of_replica(files, size)
}

/// The same for a stream in `dir`.
///
/// # Errors
/// See [`read_log`].
pub fn read_log_of(dir: &Path, stream: &str) -> Result<Vec<u8>, Problem> {
    read_log(&dir.join(stream))
}

/// Whether a folder holds published files and no write-ahead file.
pub(crate) fn is_replica(files: &Folder) -> Result<bool, Problem> {
    let published = files.path().join(TILES).is_dir() && files.small(CHECKPOINT)?.is_some();
    Ok(published && !files.path().join(WAL).exists())
}
