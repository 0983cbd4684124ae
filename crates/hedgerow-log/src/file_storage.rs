//! A log in a folder, one folder for each stream: `DIR/journal/wal`, `DIR/journal/checkpoint`, `DIR/journal/tile/...`,
//! and the same below `DIR/governance`.
//!
//! Promises: one writer at a time (an advisory lock on `wal`); space is made ready in growing steps of written zeros,
//! so that a commit changes no metadata and costs one device flush; behind large commits a thread makes them while nothing is
//! asked; small files are written beside their place, synced, and renamed. Never: shortens a
//! file except by `truncate`.

use crate::folder::Folder;
use crate::space_thread::SpaceThread;
use crate::storage::{Files, Storage, io_problem};
use crate::walk::{Tail, Walk};
use hedgerow_core::{Problem, code};
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The folder below `DIR` of what a run writes.
pub const STREAM: &str = "journal";
/// The folder below `DIR` of what people signed.
pub const GOVERNANCE: &str = "governance";
/// Name of the write-ahead file.
pub const WAL: &str = "wal";

/// First step in which space is made ready; each further step is as long as the file, up to the largest.
const READY_BYTES_MIN: u64 = 64 << 10;
const READY_BYTES_MAX: u64 = 1 << 20;
/// Space that the thread beside keeps ready behind large commits, and the step in which it makes it.
const AHEAD_BYTES: u64 = 4 << 20;
const AHEAD_STEP_BYTES: u64 = 256 << 10;
const ZEROS: &[u8] = &[0; 64 << 10];
/// So often what is out of order is looked at, where it is another thing each time.
pub(crate) const READS_MAX: usize = 8;
/// From so many bytes on a commit is large.
const LARGE_BYTES_MIN: u64 = 64 << 10;

/// Files in a folder.
#[derive(Debug)]
pub struct FileStorage {
    folder: Folder,
    /// Before `wal`, with which the lock is let go: it writes no more once another writer can come.
    thread: Option<SpaceThread>,
    wal: File,
    len: u64,
    synced: u64,
    space: Arc<Mutex<Space>>,
    second: Option<Second>,
}

/// Bytes up to which space is ready, and up to which it is wanted.
///
/// Zeros are written behind `ready` only and with the lock held, as every append is: none falls on a record. Each change
/// is whole, so that a thread which panicked left it true.
#[derive(Debug)]
struct Space {
    ready: u64,
    wanted: u64,
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
        Ok(FileStorage {
            folder,
            thread: None,
            wal,
            len,
            synced: len,
            space: Arc::new(Mutex::new(Space { ready: len, wanted: 0 })),
            second: None,
        })
    }

    /// Has the thread beside, started when it is first needed, make space for the commits after this one.
    fn want_space(&mut self) {
        self.space.lock().unwrap_or_else(PoisonError::into_inner).wanted = self.len + AHEAD_BYTES;
        if self.thread.is_none() {
            // A description of its own: an error of the device is told once to each.
            let wal = OpenOptions::new().write(true).open(self.folder.path().join(WAL));
            let space = Arc::clone(&self.space);
            self.thread = wal.and_then(|wal| SpaceThread::start(move || make_ready(&wal, &space))).ok();
        }
        // Where the system gives no thread, space is made when it is needed.
        self.thread.iter().for_each(SpaceThread::ask);
    }
}

/// Makes a step of space ready and syncs it now, while nobody waits; says whether more is wanted.
fn make_ready(wal: &File, space: &Mutex<Space>) -> bool {
    let Ok(mut space) = space.lock() else { return false };
    let end = space.wanted.min(space.ready + AHEAD_STEP_BYTES);
    if end <= space.ready || write_zeros(wal, space.ready..end).is_err() {
        return false;
    }
    space.ready = end;
    let more = end < space.wanted;
    drop(space);
    wal.sync_data().is_ok() && more
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
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        let mut write = || -> std::io::Result<()> {
            self.wal.write_all_at(bytes, self.len)?;
            self.len += bytes.len() as u64;
            if self.len > space.ready {
                let step = self.len.clamp(READY_BYTES_MIN, READY_BYTES_MAX);
                space.ready = (self.len + step).next_multiple_of(READY_BYTES_MIN);
                write_zeros(&self.wal, self.len..space.ready)?;
            }
            Ok(())
        };
        write().map_err(|e| io_problem("cannot write", &e))
    }

    fn begin_sync(&mut self) {
        // Its first effect on Linux is to have the device begin with pages that were written; it promises nothing, and needs not.
        let bytes = NonZeroU64::new(self.len - self.synced);
        let _ = bytes.map(|bytes| fadvise(&self.wal, self.synced, Some(bytes), Advice::DontNeed));
    }

    fn sync(&mut self) -> Result<(), Problem> {
        self.wal.sync_data().map_err(|e| io_problem("cannot sync", &e))?;
        if self.len - self.synced >= LARGE_BYTES_MIN {
            self.want_space();
        }
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
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        self.wal.set_len(bytes).map_err(|e| io_problem("cannot shorten", &e))?;
        *space = Space { ready: bytes, wanted: 0 };
        (self.len, self.synced) = (bytes, bytes);
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
///
/// Beside a writer at work a read can find one page as it was and the next as it is by now, which is no state that the
/// file ever had: what is torn or out of order is read again until it stays as it is.
pub(crate) fn read_wal_in(folder: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = read_wal_once(folder)?;
    for _ in 1..READS_MAX {
        if is_in_order(&bytes) {
            break;
        }
        let again = read_wal_once(folder)?;
        if again == bytes {
            break;
        }
        bytes = again;
    }
    Ok(bytes)
}

/// The same as it is found, for who looks again by other means.
pub(crate) fn read_wal_once(folder: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(folder.join(WAL)).map_err(|e| missing_or_io(folder, &e))
}

fn is_in_order(file: &[u8]) -> bool {
    let tail = |mut walk: Walk<'_>| {
        while walk.next_group()?.is_some() {}
        Ok(walk.tail())
    };
    Walk::new(file).and_then(tail).is_ok_and(|tail| !matches!(tail, Tail::Torn(_)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn who_takes_a_log_over_finds_that_its_last_writer_writes_no_more() {
        let dir = std::env::temp_dir().join(format!("hedgerow-space-{}", std::process::id()));
        let mut storage = FileStorage::create(&dir).unwrap();
        let is_writing = Arc::new(AtomicBool::new(false));
        let (seen, (tell, begun)) = (Arc::clone(&is_writing), channel());
        let slow = move || {
            seen.store(true, Ordering::SeqCst);
            tell.send(()).unwrap();
            thread::sleep(Duration::from_millis(100));
            seen.store(false, Ordering::SeqCst);
            false
        };
        storage.thread = Some(SpaceThread::start(slow).unwrap());
        storage.want_space();
        begun.recv().unwrap();
        let leaving = thread::spawn(move || drop(storage));
        while FileStorage::open(&dir).is_err() {
            thread::yield_now();
        }
        assert!(!is_writing.load(Ordering::SeqCst));
        leaving.join().unwrap();
        fs::remove_dir_all(&dir).unwrap();
    }
}
