//! A store in one file that is only ever added to.
//!
//! A record is its length, its kind, a number, what belongs to it, and a CRC-32C. Promises: `settle` returns when every
//! message to be sent is on the disk, with one write and one fdatasync for all that came since the last; a file that ends
//! anywhere, as after a crash, is read up to its last whole record and cut there; a damaged record with whole ones behind
//! it is an error and never skipped, also where a power cut kept the end of the last write and lost its beginning: nothing
//! here says that none of it was sent. The number expected next is written with the rest, and alone without waiting: lost
//! in a crash, it makes the counterparty send again, flagged as possible duplicates.

use super::store::{Numbers, Store};
use hedgerow_core::{Problem, code};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"HGFIX01\n";
const BEGUN: u8 = 1;
const SENT: u8 = 2;
const EXPECT: u8 = 3;
/// Length and kind and number before what belongs to a record, the sum behind it.
const FRONT: usize = 4 + 1 + 8;
const BACK: usize = 4;
/// No record is longer: what says so is damaged.
const RECORD_MAX: usize = 1 << 24;

/// A store in a file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    file: File,
    /// How much of the file is written.
    end: u64,
    /// What comes behind it with the next `settle`, and whether a message to be sent is among it.
    waiting: Vec<u8>,
    has_message: bool,
    numbers: Numbers,
    /// Where each message stands, and how long it is.
    sent: BTreeMap<u64, (u64, usize)>,
}

fn refused(path: &Path, what: impl std::fmt::Display) -> Problem {
    Problem::new(code::WIRE_STORE, format!("{}: {what}", path.display()))
}

fn record(kind: u8, number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRONT + body.len() + BACK);
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(body);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// The record at a place: kind, number, where its body is. Nothing where none is whole.
fn read(bytes: &[u8], at: usize) -> Option<(u8, u64, std::ops::Range<usize>)> {
    let front = bytes.get(at..at + FRONT)?;
    let length = u32::from_le_bytes(front[..4].try_into().ok()?) as usize;
    if length > RECORD_MAX {
        return None;
    }
    let body = at + FRONT..at + FRONT + length;
    let sum = bytes.get(body.end..body.end + BACK)?;
    let right = crc32c::crc32c(&bytes[at..body.end]).to_le_bytes() == sum;
    right.then(|| (front[4], u64::from_le_bytes(front[5..13].try_into().unwrap_or_default()), body))
}

impl FileStore {
    /// Opens the store of a file, or begins one.
    ///
    /// # Errors
    /// `WIRE_STORE`: the file cannot be read or written, or is damaged before its end.
    pub fn open(path: &Path, now_ns: i64) -> Result<FileStore, Problem> {
        if !path.exists() {
            return FileStore::begin(path, now_ns);
        }
        let bytes = std::fs::read(path).map_err(|error| refused(path, error))?;
        if !bytes.starts_with(MAGIC) {
            return Err(refused(path, "it is not a session's file"));
        }
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| refused(path, error))?;
        let numbers = Numbers { next_out: 1, next_in: 1, since_ns: now_ns };
        let mut store = FileStore::at(path, file, 0, numbers);
        let mut at = MAGIC.len();
        while let Some((kind, number, body)) = read(&bytes, at) {
            match kind {
                BEGUN => store.numbers.since_ns = number as i64,
                SENT => {
                    store.sent.insert(number, (body.start as u64, body.len()));
                    store.numbers.next_out = number + 1;
                }
                EXPECT => store.numbers.next_in = number,
                _ => return Err(refused(path, format!("a record of kind {kind} at byte {at}"))),
            }
            at = body.end + BACK;
        }
        // What a crash leaves is the beginning of a record. A whole record behind a damaged one is something else.
        if (at + 1..bytes.len()).any(|later| bytes[later..].len() >= FRONT && read(&bytes, later).is_some()) {
            return Err(refused(path, format!("the record at byte {at} is damaged, and whole ones follow it")));
        }
        store.end = at as u64;
        store.file.set_len(store.end).and_then(|()| store.file.sync_data()).map_err(|error| refused(path, error))?;
        Ok(store)
    }

    /// Writes a new file beside the old one and puts it in its place.
    fn begin(path: &Path, now_ns: i64) -> Result<FileStore, Problem> {
        let beside = path.with_extension("begun");
        let failed = |error: std::io::Error| refused(path, error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside).map_err(failed)?;
        let bytes = [&MAGIC[..], &record(BEGUN, now_ns as u64, b"")].concat();
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        let numbers = Numbers { next_out: 1, next_in: 1, since_ns: now_ns };
        Ok(FileStore::at(path, file, bytes.len() as u64, numbers))
    }

    fn at(path: &Path, file: File, end: u64, numbers: Numbers) -> FileStore {
        let (path, waiting, sent) = (path.to_owned(), Vec::new(), BTreeMap::new());
        FileStore { path, file, end, waiting, has_message: false, numbers, sent }
    }
}

impl Store for FileStore {
    fn numbers(&self) -> Numbers {
        self.numbers
    }
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem> {
        let body = self.end + (self.waiting.len() + FRONT) as u64;
        self.waiting.extend_from_slice(&record(SENT, number, message));
        self.has_message = true;
        self.sent.insert(number, (body, message.len()));
        self.numbers.next_out = number + 1;
        Ok(())
    }
    fn expect(&mut self, number: u64) -> Result<(), Problem> {
        self.waiting.extend_from_slice(&record(EXPECT, number, b""));
        self.numbers.next_in = number;
        Ok(())
    }
    fn settle(&mut self) -> Result<(), Problem> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.file.write_all_at(&self.waiting, self.end).map_err(|error| refused(&self.path, error))?;
        if self.has_message {
            self.file.sync_data().map_err(|error| refused(&self.path, error))?;
        }
        self.end += self.waiting.len() as u64;
        self.waiting.clear();
        self.has_message = false;
        Ok(())
    }
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem> {
        *self = FileStore::begin(&self.path, now_ns)?;
        Ok(())
    }
    fn replay(&self, first: u64, last: u64, give: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
        if first > last {
            return Ok(());
        }
        let mut message = Vec::new();
        for (number, (place, length)) in self.sent.range(first..=last) {
            message.resize(*length, 0);
            match place.checked_sub(self.end) {
                None => self.file.read_exact_at(&mut message, *place).map_err(|error| refused(&self.path, error))?,
                Some(at) => message.copy_from_slice(&self.waiting[at as usize..][..*length]),
            }
            give(*number, &message);
        }
        Ok(())
    }
}
