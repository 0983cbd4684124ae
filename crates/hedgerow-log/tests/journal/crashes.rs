//! Crash drills: whatever a power cut or a failing disk leaves, opening gives every acknowledged record and no other,
//! or names what is wrong; and the log goes on from there.

use crate::shared::{append, read, records_of, signer, written};
use hedgerow_core::{Problem, code};
use hedgerow_log::{CHECKPOINT, Files, Journal, KEY, MemoryStorage, Storage, Tail};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn key_line() -> String {
    format!("{}\n", signer().verifier().line())
}

#[test]
fn a_log_cut_at_any_byte_opens_with_exactly_the_commits_before_the_cut() {
    let all = written(6, |_| false);
    let wal = all.journal.storage().wal();
    for zeros in [0, 1, 700] {
        for cut in 0..=wal.len() {
            let mut bytes = wal[..cut].to_vec();
            bytes.resize(cut + zeros, 0);
            let (_, records) = *all.commits.iter().rev().find(|(end, _)| *end <= cut).unwrap_or(&(0, 0));
            let store = MemoryStorage::holding(&bytes, &[(KEY, key_line().as_bytes())]);
            let (mut journal, recovery) = match Journal::open(store, signer().verifier()) {
                Ok(opened) => opened,
                // The mark lacks fewer bytes than one damaged byte could explain: refused rather than guessed.
                Err(problem) => {
                    assert_eq!(problem.code, code::LOG_BAD_CRC);
                    assert!(zeros > 0 && all.commits.iter().any(|(end, _)| (cut + 1..cut + 8).contains(end)), "{cut}");
                    continue;
                }
            };
            assert_eq!(recovery.records, records as u64, "cut at {cut} and {zeros} zeros");
            assert_eq!(read(journal.storage().wal()), all.given[..records]);
            if cut % 16 == 0 {
                append(&mut journal, &records_of(9, recovery.records + 1));
                journal.commit().unwrap();
                assert_eq!(read(journal.storage().wal()).len() as u64, journal.next_id() - 1);
            }
        }
    }
}

#[test]
fn a_signed_log_cut_below_its_checkpoint_is_never_opened_as_if_it_were_whole() {
    let all = written(4, |commit| commit == 2);
    let note = all.journal.storage().small(CHECKPOINT).unwrap().unwrap();
    let (signed_end, _) = all.commits[3];
    let wal = all.journal.storage().wal();
    for cut in 0..=wal.len() {
        let store = MemoryStorage::holding(&wal[..cut], &[(KEY, key_line().as_bytes()), (CHECKPOINT, &note)]);
        match Journal::open(store, signer().verifier()) {
            Ok((_, recovery)) => assert!(cut >= signed_end && recovery.checkpoint.is_some(), "cut at {cut}"),
            Err(problem) => assert!(cut < signed_end && problem.code == code::LOG_SHORTER, "cut at {cut}: {problem}"),
        }
    }
}

#[test]
fn every_changed_bit_of_an_acknowledged_log_is_named_and_nothing_is_dropped_for_it() {
    // Entries are kept off sector edges and on them: the shift moves every frame against the 512-byte grid.
    for shift in [0usize, 3, 20] {
        let mut all = written(0, |_| false);
        for n in 0..shift {
            all.journal.append(40, n as u64 + 1, &[1; 8]).unwrap();
        }
        for commit in 0..5 {
            let next = records_of(commit, all.journal.next_id());
            append(&mut all.journal, &next);
            all.journal.commit().unwrap();
        }
        let wal = all.journal.storage().wal();
        for zeros in [0, 700] {
            let opens = |at: usize, to: u8| {
                let mut changed = [wal, &vec![0; zeros]].concat();
                changed[at] = to;
                let store = MemoryStorage::holding(&changed, &[(KEY, key_line().as_bytes())]);
                Journal::open(store, signer().verifier()).is_ok()
            };
            for (at, byte) in wal.iter().copied().enumerate() {
                for to in [byte ^ 1, byte ^ 8, byte ^ 0x80, 0, 0xff] {
                    assert_eq!(opens(at, to), to == byte, "byte {at} of {} from {byte} to {to}", wal.len());
                }
            }
        }
    }
}

#[test]
fn a_write_that_fails_at_any_byte_acknowledges_nothing_and_halts_the_journal() {
    let before = written(2, |_| false);
    let committed = before.given.len();
    let next = records_of(2, committed as u64 + 1);
    for bytes in 0..900 {
        let mut store = before.journal.storage().clone();
        store.fail_after_bytes(bytes);
        let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
        append(&mut journal, &next);
        if journal.commit().is_ok() {
            assert!(bytes > 300, "the commit cannot fit {bytes} bytes");
            return;
        }
        assert_eq!(journal.append(6, 99, &[0; 64]).unwrap_err().code, code::LOG_IO);
        assert_eq!(journal.commit().unwrap_err().code, code::LOG_IO);
        assert_eq!(journal.publish(&signer()).unwrap_err().code, code::LOG_IO);
        let after = journal.into_storage().crash(512, |_| true);
        let (journal, recovery) = Journal::open(after, signer().verifier()).unwrap();
        assert_eq!(recovery.records, committed as u64, "failed after {bytes} bytes");
        assert_eq!(read(journal.storage().wal()), before.given);
    }
    panic!("the commit never fitted");
}

#[test]
fn a_sync_that_fails_acknowledges_nothing_and_the_commit_is_found_whole_or_not_at_all() {
    let before = written(2, |_| false);
    let mut store = before.journal.storage().clone();
    store.fail_after_syncs(1); // opening syncs once
    let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
    let next = records_of(2, journal.next_id());
    append(&mut journal, &next);
    assert_eq!(journal.commit().unwrap_err().code, code::LOG_IO);
    assert_eq!(journal.entries(), before.journal.entries());
    let store = journal.into_storage();
    let (lost, _) = Journal::open(store.crash(512, |_| false), signer().verifier()).unwrap();
    assert_eq!(read(lost.storage().wal()), before.given);
    let (kept, recovery) = Journal::open(store.crash(512, |_| true), signer().verifier()).unwrap();
    assert_eq!(recovery.tail, Tail::Clean);
    assert!(read(kept.storage().wal()).len() > before.given.len());
}

/// A store whose syncs after the first, which opening makes, end as the test says.
struct Ending {
    inner: MemoryStorage,
    panics: bool,
    syncs: u32,
}

impl Files for Ending {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.inner.small(name)
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.inner.names(folder)
    }
}
impl Storage for Ending {
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.inner.append(bytes)
    }
    fn sync(&mut self) -> Result<(), Problem> {
        self.syncs += 1;
        if self.syncs == 1 {
            return self.inner.sync();
        }
        assert!(!self.panics, "as the test demands");
        Err(Problem::new(code::LOG_IO, "as the test demands"))
    }
    fn read(&self) -> Result<Vec<u8>, Problem> {
        self.inner.read()
    }
    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        self.inner.read_at(at, bytes)
    }
    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.inner.truncate(bytes)
    }
    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        self.inner.put(files)
    }
}

#[test]
fn a_sync_that_fails_or_panics_while_leaves_are_hashed_leaves_the_tree_as_it_was_and_halts_the_journal() {
    for (panics, rows) in [(false, 5), (true, 5), (false, 2000), (true, 2000)] {
        let before = written(2, |_| false);
        let store = Ending { inner: before.journal.storage().clone(), panics, syncs: 0 };
        let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
        for _ in 0..rows {
            journal.append(6, journal.next_id(), &[5; 64]).unwrap();
        }
        let committed = catch_unwind(AssertUnwindSafe(|| journal.commit()));
        assert_eq!(committed.is_err(), panics);
        assert_eq!((journal.entries(), journal.root()), (before.journal.entries(), before.journal.root()));
        let id = journal.next_id();
        assert_eq!(journal.append(6, id, &[0; 64]).unwrap_err().code, code::LOG_IO);
        assert_eq!(journal.commit().unwrap_err().code, code::LOG_IO);
        assert_eq!(journal.publish(&signer()).unwrap_err().code, code::LOG_IO);
        let after = journal.into_storage().inner.crash(512, |_| false);
        assert_eq!(read(Journal::open(after, signer().verifier()).unwrap().0.storage().wal()), before.given);
    }
}

#[test]
fn large_commits_give_the_same_log_as_small_ones() {
    let logs = [1, 3000].map(|group| {
        let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
        for id in 1..=6001 {
            journal.append(6, id, &[id as u8; 64]).unwrap();
            if id % group == 0 {
                journal.commit().unwrap();
            }
        }
        journal.commit().unwrap();
        (journal.entries(), journal.root(), read(journal.storage().wal()))
    });
    assert_eq!(logs[0], logs[1]);
}

#[test]
fn a_crash_while_the_log_is_made_leaves_an_empty_log() {
    let header = hedgerow_log::file_header();
    for cut in 0..=header.len() {
        let store = MemoryStorage::holding(&header[..cut], &[(KEY, key_line().as_bytes())]);
        let (mut journal, recovery) = Journal::open(store, signer().verifier()).unwrap();
        assert_eq!((recovery.records, journal.next_id()), (0, 1));
        journal.append(33, 1, b"begins").unwrap();
        journal.commit().unwrap();
        assert_eq!(read(journal.storage().wal()), [(33, 1, b"begins".to_vec())]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The last commit was written but not synced; the disk kept any of its sectors, and space behind them reads as zeros.
    #[test]
    fn whichever_sectors_of_the_last_commit_survive_no_acknowledged_record_is_lost(
        commits in 1u64..5, rows in 1u64..60, kept in any::<u64>(), zeros in 0usize..2000,
    ) {
        let all = written(commits, |_| false);
        let acknowledged = all.given.clone();
        let mut store = all.journal.into_storage();
        store.fail_after_syncs(1);
        let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
        let mut next = Vec::new();
        for n in 0..rows {
            let id = journal.next_id();
            next.push((if n % 7 == 0 { 6u16 } else { 1 }, id, vec![(id % 255) as u8 + 1; 88]));
            append(&mut journal, &next[n as usize..]);
        }
        prop_assert!(journal.commit().is_err());
        let crashed = journal.into_storage().crash(512, |sector| kept >> (sector % 64) & 1 == 1);
        let mut bytes = crashed.wal().to_vec();
        bytes.resize(bytes.len() + zeros, 0);
        let store = MemoryStorage::holding(&bytes, &[(KEY, key_line().as_bytes())]);
        match Journal::open(store, signer().verifier()) {
            Ok((journal, recovery)) => {
                let found = read(journal.storage().wal());
                let whole = [acknowledged.as_slice(), &next].concat();
                prop_assert!(found == acknowledged || found == whole, "{recovery:?}");
            }
            // Less than 16 bytes of an unwritten sector belong to the commit: refused rather than guessed.
            Err(problem) => prop_assert_eq!(problem.code, code::LOG_BAD_CRC),
        }
    }

    #[test]
    fn opening_reading_and_verifying_never_panic_on_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let all = written(2, |_| true);
        let wal = all.journal.storage().wal();
        let note = all.journal.storage().small(CHECKPOINT).unwrap().unwrap();
        let mut file = wal[..at.index(wal.len())].to_vec();
        file.append(&mut bytes);
        let _ = hedgerow_log::LogReader::new(file.as_slice()).map(|r| r.records().count());
        let _ = hedgerow_log::verify_bytes(&file, &note, key_line().as_bytes(), None);
        let _ = Journal::open(MemoryStorage::holding(&file, &[(KEY, key_line().as_bytes())]), signer().verifier());
    }
}
