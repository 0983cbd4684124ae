//! The journal in a folder: what lies there, who may write, and how it is found again.

use crate::shared::{append, records_of, signer};
use hedgerow_core::code;
use hedgerow_log::{
    CHECKPOINT, FileStorage, Journal, KEY, LogReader, MemoryStorage, SIGNED, STREAM, Tail, WAL, read_wal, verify,
};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn append_next(journal: &mut Journal<FileStorage>, commit: u64) {
    let next = records_of(commit, journal.next_id());
    append(journal, &next);
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn a_log_on_disk_is_written_closed_verified_and_continued() {
    let dir = folder("continued");
    let mut journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    append(&mut journal, &records_of(0, 1));
    journal.publish(&signer()).unwrap();
    drop(journal.close().unwrap());
    let first = verify(&dir, Some(&signer().verifier())).unwrap();
    assert_eq!(first.ready_bytes, 0);
    assert_eq!(first.size_bytes, fs::metadata(dir.join(STREAM).join(WAL)).unwrap().len());

    let (mut journal, recovery) = Journal::open(FileStorage::open(&dir).unwrap(), signer().verifier()).unwrap();
    assert_eq!((recovery.tail, recovery.entries), (Tail::Clean, first.entries));
    append_next(&mut journal, 1);
    journal.publish(&signer()).unwrap();
    drop(journal.close().unwrap());
    let second = verify(&dir, None).unwrap();
    assert!(second.entries > first.entries);
    let mut names: Vec<_> =
        fs::read_dir(dir.join(STREAM)).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["blob", CHECKPOINT, KEY, SIGNED, "tile", WAL]);
}

#[test]
fn large_commits_with_space_made_behind_them_are_those_of_a_log_in_memory_to_the_byte() {
    let dir = folder("large");
    let mut disk = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    let mut memory = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    // Commits shorter and longer than what has a thread make space, and longer than the space that it makes.
    for records in [3, 2_000, 700, 1, 2_000, 2_000, 40, 60_000, 2_000, 1] {
        for _ in 0..records {
            let id = memory.next_id();
            let record = [(id % 251) as u8; 64];
            memory.append(6, id, &record).unwrap();
            disk.append(6, id, &record).unwrap();
        }
        assert_eq!(disk.commit().unwrap(), memory.commit().unwrap());
        assert_eq!(disk.root(), memory.root());
        let wal = read_wal(&dir).unwrap();
        let (log, ready) = wal.split_at(memory.storage().wal().len());
        assert!(log == memory.storage().wal() && ready.iter().all(|byte| *byte == 0), "{records} records");
        assert!(ready.len() <= 4 << 20);
    }
    drop(disk);
    let (disk, recovery) = Journal::open(FileStorage::open(&dir).unwrap(), signer().verifier()).unwrap();
    assert_eq!((recovery.entries, disk.root()), (memory.entries(), memory.root()));
    drop(disk.close().unwrap());
    assert!(read_wal(&dir).unwrap() == memory.storage().wal());
}

#[test]
fn a_writer_that_died_leaves_ready_space_which_readers_pass_over_and_opening_takes_back() {
    let dir = folder("died");
    let mut journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    let given = records_of(0, 1);
    append(&mut journal, &given);
    journal.publish(&signer()).unwrap();
    append_next(&mut journal, 1); // never committed
    drop(journal);
    let report = verify(&dir, None).unwrap();
    assert!(report.ready_bytes > 0);
    assert_eq!(report.records, given.len() as u64);
    let reader = LogReader::new(read_wal(&dir).unwrap()).unwrap();
    assert!(matches!(reader.tail(), Tail::Zeros(_)));
    let (journal, recovery) = Journal::open(FileStorage::open(&dir).unwrap(), signer().verifier()).unwrap();
    assert_eq!(recovery.records, given.len() as u64);
    drop(journal.close().unwrap());
    assert_eq!(fs::metadata(dir.join(STREAM).join(WAL)).unwrap().len(), report.size_bytes);
}

#[test]
fn closing_and_dying_give_the_same_committed_bytes() {
    let (one, two) = (folder("closed"), folder("dropped"));
    for (dir, closes) in [(&one, true), (&two, false)] {
        let mut journal = Journal::create(FileStorage::create(dir).unwrap(), signer().verifier()).unwrap();
        for commit in 0..40 {
            append_next(&mut journal, commit);
            journal.commit().unwrap();
        }
        journal.publish(&signer()).unwrap();
        if closes {
            drop(journal.close().unwrap());
        }
    }
    let (first, second) = (verify(&one, None).unwrap(), verify(&two, None).unwrap());
    assert_eq!((first.size_bytes, first.root, first.ready_bytes), (second.size_bytes, second.root, 0));
    let committed = first.size_bytes as usize;
    assert_eq!(read_wal(&one).unwrap()[..committed], read_wal(&two).unwrap()[..committed]);
}

#[test]
fn only_one_writer_at_a_time_has_the_log() {
    let dir = folder("locked");
    let journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    assert_eq!(FileStorage::open(&dir).unwrap_err().code, code::LOG_LOCKED);
    assert_eq!(FileStorage::create(&dir).unwrap_err().code, code::LOG_LOCKED);
    LogReader::new(read_wal(&dir).unwrap()).unwrap();
    drop(journal);
    FileStorage::open(&dir).unwrap();
}

#[test]
fn who_reads_beside_a_writer_at_work_finds_whole_commits_and_no_damage() {
    let dir = folder("beside");
    let mut journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    journal.publish(&signer()).unwrap();
    let writes = Arc::new(AtomicBool::new(true));
    let reading: Vec<_> = (0..8)
        .map(|_| {
            let (dir, writes) = (dir.clone(), Arc::clone(&writes));
            thread::spawn(move || {
                let (mut seen, mut reads) = (0, 0);
                while writes.load(Ordering::Relaxed) {
                    let records = LogReader::new(read_wal(&dir).unwrap()).unwrap().records_total();
                    assert!(records >= seen);
                    (seen, reads) = (records, reads + 1);
                    if reads % 16 == 0 {
                        verify(&dir, None).unwrap();
                    }
                }
                reads
            })
        })
        .collect();
    for commit in 0..800 {
        append_next(&mut journal, commit);
        journal.commit().unwrap();
        if commit % 100 == 0 {
            journal.publish(&signer()).unwrap();
        }
    }
    writes.store(false, Ordering::Relaxed);
    assert!(reading.into_iter().all(|reader| reader.join().unwrap() > 0));
}

#[test]
fn a_folder_without_a_log_and_a_log_without_a_checkpoint_are_named() {
    let dir = folder("nothing");
    assert_eq!(verify(&dir, None).unwrap_err().code, code::LOG_NOT_A_LOG);
    assert_eq!(verify(&dir.join("missing"), None).unwrap_err().code, code::LOG_NOT_A_LOG);
    assert_eq!(FileStorage::open(&dir).unwrap_err().code, code::LOG_NOT_A_LOG);
    let journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    assert_eq!(verify(&dir, None).unwrap_err().code, code::LOG_NO_CHECKPOINT);
    drop(journal);
    fs::write(dir.join(STREAM).join(WAL), b"PK\x03\x04 something else entirely").unwrap();
    assert_eq!(LogReader::new(read_wal(&dir).unwrap()).unwrap_err().code, code::LOG_NOT_A_LOG);
}

#[test]
fn a_crash_between_two_checkpoints_leaves_the_old_one_and_a_leftover_is_no_harm() {
    let dir = folder("leftover");
    let mut journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
    append(&mut journal, &records_of(0, 1));
    journal.publish(&signer()).unwrap();
    fs::create_dir(dir.join(STREAM).join(".new")).unwrap();
    fs::write(dir.join(STREAM).join(".new/0"), b"half a no").unwrap();
    drop(journal);
    verify(&dir, None).unwrap();
    let (mut journal, _) = Journal::open(FileStorage::open(&dir).unwrap(), signer().verifier()).unwrap();
    append_next(&mut journal, 1);
    journal.publish(&signer()).unwrap();
    assert!(!dir.join(STREAM).join(".new").exists());
}
