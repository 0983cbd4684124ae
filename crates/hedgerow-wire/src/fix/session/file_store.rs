//! A store in one file that is only ever added to.
//!
//! A record is its length, its kind, a number, what belongs to it, and a CRC-32C. Promises: `settle` returns when every
//! message to be sent is on the disk, with one write and one fdatasync for all that came since the last; a file that ends
//! anywhere, as after a crash, is read up to its last whole record and cut there; a damaged record with whole ones behind
//! it is an error and never skipped, also where a power cut kept the end of the last write and lost its beginning: nothing
//! here says that none of it was sent. The number expected next is written with the rest, and alone without waiting: lost
//! in a crash, it makes the counterparty send again, flagged as possible duplicates.
//!
//! Where the application tells anew whatever is lost (`retold`), only numbers are waited for, many ahead of their use. What is
//! written outlasts the process; after a power cut the file is a beginning of what was written, and goes on behind every
//! number that may have been used.

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
/// Every number in use is below this one; its body says up to where the file was on the disk before.
const AHEAD: u8 = 4;
const NOTED: u8 = 5;
/// Length and kind and number before what belongs to a record, the sum behind it.
const FRONT: usize = 4 + 1 + 8;
const BACK: usize = 4;
/// No record is longer: what says so is damaged.
const RECORD_MAX: usize = 1 << 24;
/// So many numbers are kept ahead with one wait, and again once half of them are used: a whole message beyond them, behind a
/// damaged record, is no crash.
const AHEAD_NUMBERS: u64 = 8192;

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
    noted: u64,
    is_retold: bool,
    /// Every number in use is below, and the file says so on the disk; 0 where it never did.
    ahead: u64,
    /// How much of the file is on the disk for certain.
    durable: u64,
    has_parted: bool,
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

/// What the body of an `AHEAD` says; of one that says nothing, the end of every file.
fn place(body: &[u8]) -> u64 {
    body.try_into().map_or(u64::MAX, u64::from_le_bytes)
}

impl FileStore {
    /// Opens the store of a file, or begins one.
    ///
    /// # Errors
    /// `WIRE_STORE`: the file cannot be read or written, or is damaged before its end.
    pub fn open(path: &Path, now_ns: i64) -> Result<FileStore, Problem> {
        if !path.exists() {
            return FileStore::begin(path, now_ns, 0);
        }
        let bytes = std::fs::read(path).map_err(|error| refused(path, error))?;
        if !bytes.starts_with(MAGIC) {
            return Err(refused(path, "it is not a session's file"));
        }
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| refused(path, error))?;
        let numbers = Numbers { next_out: 1, next_in: 1, since_ns: now_ns };
        let mut store = FileStore::at(path, file, 0, numbers);
        store.end = store.take(&bytes)?;
        store.durable = store.end;
        store.file.set_len(store.end).and_then(|()| store.file.sync_data()).map_err(|error| refused(path, error))?;
        Ok(store)
    }

    /// The application tells anew what a power cut takes: messages do not wait for the disk, only their numbers do.
    #[must_use]
    pub fn retold(mut self) -> FileStore {
        self.is_retold = true;
        self
    }

    /// Takes the records of the file; gives where the whole ones end.
    fn take(&mut self, bytes: &[u8]) -> Result<u64, Problem> {
        let mut at = MAGIC.len();
        while let Some((kind, number, body)) = read(bytes, at) {
            match kind {
                BEGUN => self.numbers.since_ns = number as i64,
                SENT => {
                    self.sent.insert(number, (body.start as u64, body.len()));
                    self.numbers.next_out = number + 1;
                }
                EXPECT => self.numbers.next_in = number,
                AHEAD => (self.ahead, self.durable) = (number, place(&bytes[body.clone()])),
                NOTED => self.noted = number,
                _ => return Err(refused(&self.path, format!("a record of kind {kind} at byte {at}"))),
            }
            at = body.end + BACK;
        }
        // What a crash leaves is the beginning of a record. Whole ones behind a damaged one are something else, but where
        // it was not waited for, and nothing behind it says that it was.
        let (mut highest, mut is_broken) = (self.ahead, false);
        for later in at + 1..(bytes.len() + 1).saturating_sub(FRONT) {
            let Some((kind, number, body)) = read(bytes, later) else { continue };
            is_broken |= (at as u64) < self.durable || (kind == SENT && number >= highest);
            if kind == AHEAD {
                highest = highest.max(number);
                is_broken |= (at as u64) < place(&bytes[body]);
            }
        }
        if is_broken {
            return Err(refused(&self.path, format!("the record at byte {at} is damaged, and whole ones follow it")));
        }
        self.ahead = highest;
        self.numbers.next_out = self.numbers.next_out.max(highest);
        Ok(at as u64)
    }

    /// Writes a new file beside the old one and puts it in its place.
    fn begin(path: &Path, now_ns: i64, noted: u64) -> Result<FileStore, Problem> {
        let beside = path.with_extension("begun");
        let failed = |error: std::io::Error| refused(path, error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside).map_err(failed)?;
        let bytes = [&MAGIC[..], &record(BEGUN, now_ns as u64, b""), &record(NOTED, noted, b"")].concat();
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        let numbers = Numbers { next_out: 1, next_in: 1, since_ns: now_ns };
        Ok(FileStore { noted, durable: bytes.len() as u64, ..FileStore::at(path, file, bytes.len() as u64, numbers) })
    }

    fn at(path: &Path, file: File, end: u64, numbers: Numbers) -> FileStore {
        let (path, waiting, sent) = (path.to_owned(), Vec::new(), BTreeMap::new());
        FileStore {
            path,
            file,
            end,
            waiting,
            has_message: false,
            numbers,
            noted: 0,
            is_retold: false,
            ahead: 0,
            durable: u64::MAX,
            has_parted: false,
            sent,
        }
    }

    /// Below which number all are to be kept now, if they are; where the connection is over, below the next one.
    fn due_ahead(&self) -> Option<u64> {
        let next = self.numbers.next_out;
        match (self.is_retold, self.has_parted) {
            (false, _) => None,
            (true, true) => (self.ahead != next).then_some(next),
            (true, false) => (self.ahead < next + AHEAD_NUMBERS / 2).then_some(next + AHEAD_NUMBERS),
        }
    }
}

impl Store for FileStore {
    fn numbers(&self) -> Numbers {
        self.numbers
    }
    fn noted(&self) -> u64 {
        self.noted
    }
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem> {
        let body = self.end + (self.waiting.len() + FRONT) as u64;
        self.waiting.extend_from_slice(&record(SENT, number, message));
        (self.has_message, self.has_parted) = (true, false);
        self.sent.insert(number, (body, message.len()));
        self.numbers.next_out = number + 1;
        Ok(())
    }
    fn expect(&mut self, number: u64) -> Result<(), Problem> {
        self.waiting.extend_from_slice(&record(EXPECT, number, b""));
        self.numbers.next_in = number;
        Ok(())
    }
    fn note(&mut self, number: u64) {
        self.waiting.extend_from_slice(&record(NOTED, number, b""));
        self.noted = number;
    }
    fn part(&mut self) {
        self.has_parted = true;
    }
    fn settle(&mut self) -> Result<(), Problem> {
        let ahead = self.due_ahead();
        if let Some(ahead) = ahead {
            self.waiting.extend_from_slice(&record(AHEAD, ahead, &self.durable.to_le_bytes()));
        }
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.file.write_all_at(&self.waiting, self.end).map_err(|error| refused(&self.path, error))?;
        let waits = ahead.is_some() || (self.has_message && !self.is_retold);
        if waits {
            self.file.sync_data().map_err(|error| refused(&self.path, error))?;
        }
        self.end += self.waiting.len() as u64;
        self.durable = if waits { self.end } else { self.durable };
        self.ahead = ahead.unwrap_or(self.ahead);
        self.waiting.clear();
        self.has_message = false;
        Ok(())
    }
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem> {
        *self = FileStore { is_retold: self.is_retold, ..FileStore::begin(&self.path, now_ns, self.noted)? };
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
