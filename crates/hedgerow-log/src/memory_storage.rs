//! A journal in memory, for research runs that keep nothing and for tests that crash.
//!
//! Promises: `crash` leaves what a power cut would: everything synced, and of the bytes since then whichever sectors
//! the caller says. Never: touches a disk.

use crate::storage::Storage;
use hedgerow_core::{Problem, code};
use std::collections::BTreeMap;

/// Bytes in memory, with faults on demand.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    wal: Vec<u8>,
    synced: Vec<u8>,
    tracks_synced: bool,
    small: BTreeMap<String, Vec<u8>>,
    bytes_until_fault: Option<u64>,
    syncs_until_fault: Option<u64>,
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

    /// After so many more syncs, every sync fails.
    pub fn fail_after_syncs(&mut self, syncs: u64) {
        self.syncs_until_fault = Some(syncs);
    }

    /// The store after a power cut: what was synced, plus those unsynced sectors (numbered from the file's start)
    /// that `keeps`; the others are as they were before. Faults are gone. Call on a store made to crash.
    #[must_use]
    pub fn crash(&self, sector_bytes: usize, mut keeps: impl FnMut(usize) -> bool) -> MemoryStorage {
        let mut wal = self.synced.clone();
        for sector in 0..self.wal.len().div_ceil(sector_bytes) {
            let range = sector * sector_bytes..((sector + 1) * sector_bytes).min(self.wal.len());
            if range.end > self.synced.len() && keeps(sector) {
                wal.resize(wal.len().max(range.end), 0);
                wal[range.clone()].copy_from_slice(&self.wal[range]);
            }
        }
        MemoryStorage { synced: wal.clone(), wal, small: self.small.clone(), tracks_synced: true, ..Default::default() }
    }

    /// The write-ahead file.
    #[must_use]
    pub fn wal(&self) -> &[u8] {
        &self.wal
    }

    fn fault(what: &str) -> Problem {
        Problem::new(code::LOG_IO, format!("{what} failed as the test demands"))
    }
}

impl Storage for MemoryStorage {
    fn len(&self) -> u64 {
        self.wal.len() as u64
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
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

    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.wal.truncate(bytes as usize);
        Ok(())
    }

    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.small.get(name).cloned())
    }

    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        if self.bytes_until_fault.is_some_and(|left| left < bytes.len() as u64) {
            return Err(Self::fault("replace"));
        }
        self.small.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}
