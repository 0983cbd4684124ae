//! A log in a folder, one folder for each stream: `DIR/journal/wal`, `DIR/journal/checkpoint`, `DIR/journal/tile/...`,
//! and the same below `DIR/governance`.
//!
//! Promises: one writer at a time (an advisory lock on `wal`); space is made ready in growing steps of written zeros,
//! so that a commit changes no metadata and costs one device flush; while a large commit is synced, on a thread of its own,
//! the writer goes on with other work; small files are written beside their place, synced, and renamed. Never: shortens a
//! file except by `truncate`.

use crate::folder::Folder;
use crate::storage::{Files, Storage, io_problem};
use crate::sync_thread::{Device, SyncThread};
use hedgerow_core::{Problem, code};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt;
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
/// From so many bytes on, work beside a sync takes longer than handing the sync to another thread.
const BESIDE_BYTES_MIN: u64 = 64 << 10;

/// Files in a folder.
#[derive(Debug)]
pub struct FileStorage {
    folder: Folder,
    wal: File,
    len: u64,
    /// Bytes that were synced, and bytes up to which space is ready.
    synced: u64,
    ready: u64,
    thread: Option<SyncThread>,
    second: Option<Second>,
}

/// A small file that is kept at a second place, best on another device.
#[derive(Debug)]
struct Second {
    name: String,
    path: PathBuf,
}

impl FileStorage {
    /// Makes `dir/journal` with an empty write-ahead file, or takes one that is there.
    ///
    /// # Errors
    /// `LOG_IO`; `LOG_LOCKED` if another writer has it.
    pub fn create(dir: &Path) -> Result<FileStorage, Problem> {
        FileStorage::create_stream(dir, STREAM)
    }

    /// Takes the log that is in `dir/journal`.
    ///
    /// # Errors
    /// `LOG_NOT_A_LOG` if there is none; `LOG_IO`; `LOG_LOCKED` if another writer has it.
    pub fn open(dir: &Path) -> Result<FileStorage, Problem> {
        FileStorage::open_stream(dir, STREAM)
    }

    /// Makes the folder of a stream, say `dir/governance`, as [`FileStorage::create`] does.
    ///
    /// # Errors
    /// `LOG_IO`; `LOG_LOCKED` if another writer has it.
    pub fn create_stream(dir: &Path, stream: &str) -> Result<FileStorage, Problem> {
        let folder = Folder::new(dir.join(stream));
        fs::create_dir_all(folder.path()).map_err(|e| io_problem("cannot make the folder", &e))?;
        let storage = FileStorage::at(folder, true)?;
        storage.folder.sync()?;
        Folder::new(dir).sync()?;
        Ok(storage)
    }

    /// Takes the log of a stream.
    ///
    /// # Errors
    /// See [`FileStorage::open`].
    pub fn open_stream(dir: &Path, stream: &str) -> Result<FileStorage, Problem> {
        FileStorage::at(Folder::new(dir.join(stream)), false)
    }

    /// Keeps the small file `name` at a second place too; meant for the last-signed record, on another device.
    #[must_use]
    pub fn keeping(mut self, name: &str, path: impl Into<PathBuf>) -> FileStorage {
        self.second = Some(Second { name: name.to_owned(), path: path.into() });
        self
    }

    fn at(folder: Folder, create: bool) -> Result<FileStorage, Problem> {
        let wal = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(folder.path().join(WAL))
            .map_err(|e| missing_or_io(folder.path(), &e))?;
        wal.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => Problem::new(code::LOG_LOCKED, folder.path().display().to_string()),
            TryLockError::Error(e) => io_problem("cannot lock the write-ahead file", &e),
        })?;
        drop(folder.writing()?);
        let len = wal.metadata().map_err(|e| io_problem("cannot read the write-ahead file", &e))?.len();
        Ok(FileStorage { folder, wal, len, synced: len, ready: len, thread: None, second: None })
    }

    /// Writes zeros behind the bytes just appended, if they used up the space made ready.
    fn make_ready(&mut self) -> std::io::Result<()> {
        if self.len <= self.ready {
            return Ok(());
        }
        let step = self.len.clamp(READY_BYTES_MIN, READY_BYTES_MAX);
        self.ready = (self.len + step).next_multiple_of(READY_BYTES_MIN);
        write_zeros(&self.wal, self.len..self.ready)
    }

    /// Takes note of the space that the thread made ready; there is no other user of the file then.
    fn settle(&mut self) {
        let ready = self.thread.as_mut().and_then(SyncThread::settle);
        self.ready = ready.unwrap_or(self.ready);
    }

    /// The thread beside, started when it is first needed; `None` where the system gives none.
    fn thread(&mut self) -> Option<&mut SyncThread> {
        if self.thread.is_none() {
            self.thread = self.wal.try_clone().and_then(SyncThread::start).ok();
        }
        self.thread.as_mut()
    }
}

/// The write-ahead file as the thread beside has it.
impl Device for File {
    fn sync(&mut self) -> std::io::Result<()> {
        self.sync_data()
    }

    fn zero(&mut self, range: Range<u64>) -> std::io::Result<()> {
        write_zeros(self, range)
    }
}

fn write_zeros(file: &File, mut range: Range<u64>) -> std::io::Result<()> {
    while !range.is_empty() {
        let now = (range.end - range.start).min(ZEROS.len() as u64);
        file.write_all_at(&ZEROS[..now as usize], range.start)?;
        range.start += now;
    }
    Ok(())
}

impl Files for FileStorage {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.folder.small(name)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.folder.names(folder)
    }
}

impl Storage for FileStorage {
    fn len(&self) -> u64 {
        self.len
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if self.len + bytes.len() as u64 > self.ready {
            self.settle();
        }
        let mut write = || {
            self.wal.write_all_at(bytes, self.len)?;
            self.len += bytes.len() as u64;
            self.make_ready()
        };
        write().map_err(|e| io_problem("cannot write", &e))
    }

    fn sync(&mut self) -> Result<(), Problem> {
        self.wal.sync_data().map_err(|e| io_problem("cannot sync", &e))?;
        self.synced = self.len;
        Ok(())
    }

    fn sync_beside(&mut self, work: impl FnOnce()) -> Result<(), Problem> {
        let bytes = self.len - self.synced;
        self.settle();
        // As much space as this commit used, until the largest step is ready.
        let end = (self.ready + bytes.next_multiple_of(READY_BYTES_MIN)).min(self.len + READY_BYTES_MAX);
        let zeros = self.ready..end.max(self.ready);
        let Some(thread) = (bytes >= BESIDE_BYTES_MIN).then(|| self.thread()).flatten() else {
            work();
            return self.sync();
        };
        let syncing = thread.begin(zeros);
        // The scheduler may have put the thread behind us on this processor: it shall ask the device before we work.
        std::thread::yield_now();
        work();
        syncing.wait().map_err(|e| io_problem("cannot sync", &e))?;
        self.synced = self.len;
        Ok(())
    }

    fn read(&self) -> Result<Vec<u8>, Problem> {
        fs::read(self.folder.path().join(WAL)).map_err(|e| io_problem("cannot read", &e))
    }

    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        let mut buffer = vec![0; bytes];
        self.wal.read_exact_at(&mut buffer, at).map_err(|e| io_problem("cannot read", &e))?;
        Ok(buffer)
    }

    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.settle();
        self.wal.set_len(bytes).map_err(|e| io_problem("cannot shorten", &e))?;
        (self.len, self.synced, self.ready) = (bytes, bytes, bytes);
        Ok(())
    }

    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        if let Some(Second { name, path }) = &self.second
            && let Some((_, bytes)) = files.iter().find(|(file, _)| file == name)
        {
            let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
            Folder::new(folder).writing()?.put(&[(name.to_string_lossy().into_owned(), bytes.clone())])?;
        }
        self.folder.writing()?.put(files)
    }

    fn copies(&self, name: &str) -> Result<Vec<Vec<u8>>, Problem> {
        let mut copies = Vec::from_iter(self.small(name)?);
        if let Some(second) = self.second.as_ref().filter(|second| second.name == name) {
            match fs::read(&second.path) {
                Ok(bytes) => copies.push(bytes),
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(io_problem(&format!("cannot read {}", second.path.display()), &e)),
            }
        }
        Ok(copies)
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
    read_wal_in(&dir.join(stream))
}

/// Reads the write-ahead file in a stream's folder.
pub(crate) fn read_wal_in(folder: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(folder.join(WAL)).map_err(|e| missing_or_io(folder, &e))
}

/// Reads a small file of a stream in `dir` without being its writer.
///
/// # Errors
/// `LOG_IO`.
pub fn read_small_of(dir: &Path, stream: &str, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    Folder::new(dir.join(stream)).small(name)
}

fn missing_or_io(folder: &Path, error: &std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Problem::new(code::LOG_NOT_A_LOG, format!("no {}", folder.join(WAL).display()))
        }
        _ => io_problem("cannot open the write-ahead file", error),
    }
}
