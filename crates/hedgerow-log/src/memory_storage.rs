//! A log in memory, for research runs that keep nothing and for tests that crash.
//!
//! Promises: `crash` leaves what a power cut would: everything synced, of the bytes since then whichever sectors the
//! caller says, and of the small files renamed since whichever names the caller says. Never: touches a disk.

use crate::storage::{Files, Storage};
use hedgerow_core::{Problem, code};
use std::collections::BTreeMap;

/// Small files by name.
type Small = BTreeMap<String, Vec<u8>>;

/// Bytes in memory, with faults on demand.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    wal: Vec<u8>,
    synced: Vec<u8>,
    tracks_synced: bool,
    small: Small,
    /// Of the files renamed since names were last synced: what they were before.
    unsynced: BTreeMap<String, Option<Vec<u8>>>,
    bytes_until_fault: Option<u64>,
    syncs_until_fault: Option<u64>,
    steps_until_fault: Option<u64>,
}

impl MemoryStorage {
    /// An empty store that remembers what was synced, so that it can crash.
    #[must_use]
    pub fn with_crashes() -> MemoryStorage {
        MemoryStorage { tracks_synced: true, ..MemoryStorage::default() }
    }

    /// A store that holds these bytes, all of them synced.
    #[must_use]
    pub fn holding(wal: &[u8], small: &[(&str, &[u8])]) -> MemoryStorage {
        let small = small.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        MemoryStorage { wal: wal.to_vec(), synced: wal.to_vec(), small, tracks_synced: true, ..Default::default() }
    }

    /// After so many more bytes written, every write fails; the one that reaches the limit is torn there.
    pub fn fail_after_bytes(&mut self, bytes: u64) {
        self.bytes_until_fault = Some(bytes);
    }

    /// After so many more syncs of the write-ahead file, every sync fails.
    pub fn fail_after_syncs(&mut self, syncs: u64) {
        self.syncs_until_fault = Some(syncs);
    }

    /// After so many more steps, every step fails; a step is one append or sync of the write-ahead file, or one
    /// write, sync or rename of a small file, or one sync of names.
    pub fn fail_after_steps(&mut self, steps: u64) {
        self.steps_until_fault = Some(steps);
    }

    /// Lays a small file there, or takes it away, behind the journal's back.
    pub fn lay(&mut self, name: &str, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.small.insert(name.to_owned(), bytes.to_vec()),
            None => self.small.remove(name),
        };
    }

    /// The store after a power cut: what was synced, plus those unsynced sectors (numbered from the file's start)
    /// that `keeps`; the others are as they were before. Faults are gone. Call on a store made to crash.
    #[must_use]
    pub fn crash(&self, sector_bytes: usize, keeps: impl FnMut(usize) -> bool) -> MemoryStorage {
        self.crash_losing(sector_bytes, keeps, |_| false)
    }

    /// As [`MemoryStorage::crash`]; of the renames that were not synced, those are undone that it `loses`.
    #[must_use]
    pub fn crash_losing(
        &self,
        sector_bytes: usize,
        mut keeps: impl FnMut(usize) -> bool,
        mut loses: impl FnMut(&str) -> bool,
    ) -> MemoryStorage {
        let mut wal = self.synced.clone();
        for sector in 0..self.wal.len().div_ceil(sector_bytes) {
            let range = sector * sector_bytes..((sector + 1) * sector_bytes).min(self.wal.len());
            if range.end > self.synced.len() && keeps(sector) {
                wal.resize(wal.len().max(range.end), 0);
                wal[range.clone()].copy_from_slice(&self.wal[range]);
            }
        }
        let synced = wal.clone();
        let mut after =
            MemoryStorage { wal, synced, small: self.small.clone(), tracks_synced: true, ..Default::default() };
        for (name, before) in self.unsynced.iter().filter(|(name, _)| loses(name)) {
            after.lay(name, before.as_deref());
        }
        after
    }

    /// The write-ahead file.
    #[must_use]
    pub fn wal(&self) -> &[u8] {
        &self.wal
    }

    fn step(&mut self, what: &str) -> Result<(), Problem> {
        match self.steps_until_fault.as_mut() {
            Some(0) => Err(Self::fault(what)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn fault(what: &str) -> Problem {
        Problem::new(code::LOG_IO, format!("{what} failed as the test demands"))
    }
}

impl Files for MemoryStorage {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.small.get(name).cloned())
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        let inside = |name: &&String| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        Ok(self.small.keys().filter(inside).cloned().collect())
    }
}

impl Storage for MemoryStorage {
    fn len(&self) -> u64 {
        self.wal.len() as u64
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.step("write")?;
        let Some(left) = self.bytes_until_fault.as_mut() else {
            self.wal.extend_from_slice(bytes);
            return Ok(());
        };
        let written = (bytes.len() as u64).min(*left) as usize;
        *left -= written as u64;
        self.wal.extend_from_slice(&bytes[..written]);
        if written == bytes.len() { Ok(()) } else { Err(Self::fault("write")) }
    }

    fn sync(&mut self) -> Result<(), Problem> {
        self.step("sync")?;
        match self.syncs_until_fault.as_mut() {
            Some(0) => return Err(Self::fault("sync")),
            Some(left) => *left -= 1,
            None => {}
        }
        if self.tracks_synced {
            self.synced.truncate(self.wal.len());
            self.synced.extend_from_slice(&self.wal[self.synced.len()..]);
        }
        Ok(())
    }

    fn read(&self) -> Result<Vec<u8>, Problem> {
        Ok(self.wal.clone())
    }

    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        let part = self.wal.get(at as usize..at as usize + bytes);
        part.map(<[u8]>::to_vec).ok_or_else(|| Problem::new(code::LOG_IO, "read beyond the end"))
    }

    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.wal.truncate(bytes as usize);
        Ok(())
    }

    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        if self.bytes_until_fault.is_some_and(|left| left < bytes as u64) {
            return Err(Self::fault("replace"));
        }
        for _ in files {
            self.step("write of a small file")?;
            self.step("sync of a small file")?;
        }
        for (name, bytes) in files {
            self.step("rename")?;
            let before = self.small.insert(name.clone(), bytes.clone());
            if self.tracks_synced {
                self.unsynced.entry(name.clone()).or_insert(before);
            }
        }
        self.step("sync of names")?;
        self.unsynced.clear();
        Ok(())
    }
}
