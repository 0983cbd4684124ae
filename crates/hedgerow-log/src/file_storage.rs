//! A log in a folder, one folder for each stream: `DIR/journal/wal`, `DIR/journal/checkpoint`, `DIR/journal/key.pub`,
//! and the same below `DIR/governance`.
//!
//! Promises: one writer at a time (an advisory lock on `wal`); space is made ready in growing steps of written zeros,
//! so that a commit changes no metadata and costs one device flush. Never: shortens a file except by `truncate`.

use crate::storage::{Storage, io_problem};
use hedgerow_core::{Problem, code};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The folder below `DIR` of what a run writes.
pub const STREAM: &str = "journal";
/// The folder below `DIR` of what people signed.
pub const GOVERNANCE: &str = "governance";
/// Name of the write-ahead file.
pub const WAL: &str = "wal";

/// First step in which space is made ready; each further step is as long as the file, up to the largest.
const READY_BYTES_MIN: u64 = 64 << 10;
const READY_BYTES_MAX: u64 = 1 << 20;
const ZEROS: &[u8] = &[0; 64 << 10];

/// Files in a folder.
#[derive(Debug)]
pub struct FileStorage {
    folder: PathBuf,
    wal: File,
    len: u64,
    ready: u64,
}

impl FileStorage {
    /// Makes `dir/journal` with an empty write-ahead file, or takes one that is there.
    ///
    /// # Errors
    /// `LOG_IO`; `LOG_LOCKED` if another writer has it.
    pub fn create(dir: &Path) -> Result<FileStorage, Problem> {
        FileStorage::create_stream(dir, STREAM)
    }

    /// The same for a stream of another name.
    ///
    /// # Errors
    /// See [`FileStorage::create`].
    pub fn create_stream(dir: &Path, stream: &str) -> Result<FileStorage, Problem> {
        let folder = dir.join(stream);
        fs::create_dir_all(&folder).map_err(|e| io_problem("cannot make the folder", &e))?;
        let storage = FileStorage::at(folder, true)?;
        sync_folder(&storage.folder)?;
        sync_folder(dir)?;
        Ok(storage)
    }

    /// Takes the journal that is in `dir`.
    ///
    /// # Errors
    /// `LOG_NOT_A_LOG` if there is none; `LOG_IO`; `LOG_LOCKED` if another writer has it.
    pub fn open(dir: &Path) -> Result<FileStorage, Problem> {
        FileStorage::open_stream(dir, STREAM)
    }

    /// The same for a stream of another name.
    ///
    /// # Errors
    /// See [`FileStorage::open`].
    pub fn open_stream(dir: &Path, stream: &str) -> Result<FileStorage, Problem> {
        FileStorage::at(dir.join(stream), false)
    }

    fn at(folder: PathBuf, create: bool) -> Result<FileStorage, Problem> {
        let wal = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(folder.join(WAL))
            .map_err(|e| missing_or_io(&folder, &e))?;
        wal.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => Problem::new(code::LOG_LOCKED, folder.display().to_string()),
            TryLockError::Error(e) => io_problem("cannot lock the write-ahead file", &e),
        })?;
        let len = wal.metadata().map_err(|e| io_problem("cannot read the write-ahead file", &e))?.len();
        Ok(FileStorage { folder, wal, len, ready: len })
    }

    /// Writes zeros behind the bytes just appended, if they used up the space made ready.
    fn make_ready(&mut self) -> std::io::Result<()> {
        if self.len <= self.ready {
            return Ok(());
        }
        let step = self.len.clamp(READY_BYTES_MIN, READY_BYTES_MAX);
        self.ready = (self.len + step).next_multiple_of(READY_BYTES_MIN);
        let mut left = self.ready - self.len;
        while left > 0 {
            let now = left.min(ZEROS.len() as u64);
            self.wal.write_all(&ZEROS[..now as usize])?;
            left -= now;
        }
        Ok(())
    }
}

impl Storage for FileStorage {
    fn len(&self) -> u64 {
        self.len
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let mut write = || {
            self.wal.seek(SeekFrom::Start(self.len))?;
            self.wal.write_all(bytes)?;
            self.len += bytes.len() as u64;
            self.make_ready()
        };
        write().map_err(|e| io_problem("cannot write", &e))
    }

    fn sync(&mut self) -> Result<(), Problem> {
        self.wal.sync_data().map_err(|e| io_problem("cannot sync", &e))
    }

    fn read(&self) -> Result<Vec<u8>, Problem> {
        fs::read(self.folder.join(WAL)).map_err(|e| io_problem("cannot read", &e))
    }

    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.wal.set_len(bytes).map_err(|e| io_problem("cannot shorten", &e))?;
        (self.len, self.ready) = (bytes, bytes);
        Ok(())
    }

    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        read_small(&self.folder, name)
    }

    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        let (new, old) = (self.folder.join(format!("{name}.new")), self.folder.join(name));
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &old)
        };
        write().map_err(|e| io_problem(&format!("cannot replace {name}"), &e))?;
        sync_folder(&self.folder)
    }
}

/// Reads the write-ahead file of the journal in `dir` without being its writer.
///
/// # Errors
/// `LOG_NOT_A_LOG` if there is none; `LOG_IO`.
pub fn read_wal(dir: &Path) -> Result<Vec<u8>, Problem> {
    read_wal_of(dir, STREAM)
}

/// Reads the write-ahead file of a stream in `dir` without being its writer.
///
/// # Errors
/// See [`read_wal`].
pub fn read_wal_of(dir: &Path, stream: &str) -> Result<Vec<u8>, Problem> {
    let folder = dir.join(stream);
    let mut bytes = Vec::new();
    let read = File::open(folder.join(WAL)).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(|e| missing_or_io(&folder, &e))?;
    Ok(bytes)
}

/// Reads a small file of a stream in `dir` without being its writer.
///
/// # Errors
/// `LOG_IO`.
pub fn read_small_of(dir: &Path, stream: &str, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    read_small(&dir.join(stream), name)
}

fn read_small(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    match fs::read(folder.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_problem(&format!("cannot read {name}"), &e)),
    }
}

fn missing_or_io(folder: &Path, error: &std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Problem::new(code::LOG_NOT_A_LOG, format!("no {}", folder.join(WAL).display()))
        }
        _ => io_problem("cannot open the write-ahead file", error),
    }
}

/// A new name in a folder survives a crash only once the folder is synced.
fn sync_folder(folder: &Path) -> Result<(), Problem> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| io_problem("cannot sync the folder", &e))?;
    }
    Ok(())
}
