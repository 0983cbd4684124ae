//! Tampering drills: a closed, signed log in which anything was changed does not verify, and the report names where.

use crate::shared::{append, records_of, signer, written};
use hedgerow_core::{Problem, code};
use hedgerow_log::{CHECKPOINT, Files, Journal, KEY, LogSigner, MemoryStorage, Report, verify_bytes};

struct Written {
    wal: Vec<u8>,
    note: Vec<u8>,
    key: Vec<u8>,
}

fn files() -> Written {
    let mut all = written(5, |commit| commit == 1);
    all.journal.publish(&signer()).unwrap();
    let store = all.journal.close().unwrap();
    let small = |name| store.small(name).unwrap().unwrap();
    Written { wal: store.wal().to_vec(), note: small(CHECKPOINT), key: small(KEY) }
}

fn verify(files: &Written, wal: &[u8]) -> Result<Report, Problem> {
    verify_bytes(wal, &files.note, &files.key, Some(&signer().verifier()))
}

#[test]
fn an_untouched_log_verifies_and_the_report_counts_what_was_given() {
    let files = files();
    let all = written(5, |_| false);
    let report = verify(&files, &files.wal).unwrap();
    assert_eq!(report.origin, "test.fund/journal");
    assert_eq!(report.records, all.given.len() as u64);
    assert_eq!((report.first_id, report.last_id), (1, report.records));
    assert_eq!(report.checkpoint_size, report.entries);
    assert_eq!(report.unsigned_tail_entries, 0);
    assert_eq!(report.root, all.journal.root());
    assert_eq!((report.size_bytes, report.ready_bytes), (files.wal.len() as u64, 0));
    assert!(report.segments > 0 && report.segments < report.entries);
}

#[test]
fn any_one_changed_byte_of_the_file_checkpoint_or_key_is_caught() {
    let files = files();
    for at in 0..files.wal.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = files.wal.clone();
            changed[at] ^= change;
            assert!(verify(&files, &changed).is_err(), "byte {at} of the file");
        }
    }
    for at in 0..files.note.len() {
        let mut note = files.note.clone();
        note[at] ^= 1;
        assert!(verify_bytes(&files.wal, &note, &files.key, None).is_err(), "byte {at} of the checkpoint");
    }
    for at in 0..files.key.len() {
        let mut key = files.key.clone();
        key[at] ^= 1;
        assert!(verify_bytes(&files.wal, &files.note, &key, None).is_err(), "byte {at} of the key");
    }
}

#[test]
fn any_cut_is_caught() {
    let files = files();
    for cut in 0..files.wal.len() {
        let problem = verify(&files, &files.wal[..cut]).unwrap_err();
        assert_eq!(problem.code, code::LOG_SHORTER, "cut at {cut}: {problem}");
    }
}

#[test]
fn a_doubled_a_moved_and_a_swapped_commit_are_caught() {
    let all = written(5, |_| false);
    let files = files();
    let ends: Vec<usize> = all.commits.iter().map(|(end, _)| *end).collect();
    let part = |n: usize| &files.wal[ends[n]..ends[n + 1]];
    let doubled = [&files.wal[..ends[2]], part(1), &files.wal[ends[2]..]].concat();
    let swapped = [&files.wal[..ends[1]], part(2), part(1), &files.wal[ends[3]..]].concat();
    let removed = [&files.wal[..ends[1]], &files.wal[ends[2]..]].concat();
    let again_at_end = [&files.wal[..], part(4)].concat();
    for (what, changed) in [("doubled", doubled), ("swapped", swapped), ("removed", removed), ("added", again_at_end)] {
        assert!(verify(&files, &changed).is_err(), "{what}");
    }
}

/// Rewrites a log with other records and right checksums throughout, as one with write access could.
fn forged(change: impl Fn(&mut Vec<(u16, u64, Vec<u8>)>)) -> Vec<u8> {
    let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    for commit in 0..5 {
        let mut given = records_of(commit, journal.next_id());
        change(&mut given);
        append(&mut journal, &given);
        journal.commit().unwrap();
    }
    journal.close().unwrap().wal().to_vec()
}

#[test]
fn a_forger_who_repairs_every_checksum_is_still_caught_by_the_root() {
    let files = files();
    assert!(verify(&files, &forged(|_| {})).is_ok());
    for kind in [1, 6, 32] {
        let changed = forged(|given| {
            given.iter_mut().filter(|g| g.0 == kind).for_each(|g| g.2[0] ^= 1);
        });
        assert_eq!(verify(&files, &changed).unwrap_err().code, code::LOG_BAD_ROOT, "kind {kind}");
    }
    let reordered = forged(|given| {
        let first = given[0].2.clone();
        given[0].2 = given.last().unwrap().2.clone();
        given.last_mut().unwrap().2 = first;
    });
    assert_eq!(verify(&files, &reordered).unwrap_err().code, code::LOG_BAD_ROOT);
}

#[test]
fn rows_that_differ_from_their_digest_are_caught_even_with_right_checksums() {
    let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    journal.append_row(1, 1, &[5; 88]).unwrap();
    journal.publish(&signer()).unwrap();
    let store = journal.close().unwrap();
    let mut wal = store.wal().to_vec();
    let (head, rows) = (16, 16 + 16 + 16 + 40);
    wal[rows] ^= 1;
    let crc = crc32c::crc32c(&wal[head + 16..rows + 88]);
    let old = u32::from_le_bytes(wal[head + 8..head + 12].try_into().unwrap());
    let check = u32::from_le_bytes(wal[head + 12..head + 16].try_into().unwrap()) ^ old ^ crc;
    wal[head + 8..head + 12].copy_from_slice(&crc.to_le_bytes());
    wal[head + 12..head + 16].copy_from_slice(&check.to_le_bytes());
    let (note, key) = (store.small(CHECKPOINT).unwrap().unwrap(), store.small(KEY).unwrap().unwrap());
    let problem = verify_bytes(&wal, &note, &key, None).unwrap_err();
    assert_eq!(problem.code, code::LOG_BLOB);
    assert_eq!(problem.detail, "segment in entry 0, records from 1, byte 16");
}

#[test]
fn the_problem_names_the_first_bad_entry_record_and_byte() {
    let files = files();
    let all = written(5, |_| false);
    let (end, records) = all.commits[2];
    let mut changed = files.wal.clone();
    changed[end + 40] ^= 1;
    let problem = verify(&files, &changed).unwrap_err();
    assert_eq!(problem.code, code::LOG_BAD_CRC);
    assert!(problem.detail.ends_with(&format!("record {}, byte {end}", records + 1)), "{problem}");
}

#[test]
fn another_key_is_refused_even_if_it_signed_the_same_log() {
    let files = files();
    let other = LogSigner::new("test.fund/journal", &[8; 32]).unwrap();
    let report = verify(&files, &files.wal).unwrap();
    let note = other.sign(report.entries, &report.root).into_bytes();
    let key = format!("{}\n", other.verifier().line()).into_bytes();
    assert!(verify_bytes(&files.wal, &note, &key, None).is_ok(), "consistent in itself");
    let problem = verify_bytes(&files.wal, &note, &key, Some(&signer().verifier())).unwrap_err();
    assert_eq!(problem.code, code::LOG_BAD_SIGNATURE);
}

#[test]
fn what_lies_behind_the_checkpoint_is_reported_as_unsigned() {
    let all = written(4, |commit| commit == 1);
    let store = all.journal.close().unwrap();
    let (note, key) = (store.small(CHECKPOINT).unwrap().unwrap(), store.small(KEY).unwrap().unwrap());
    let report = verify_bytes(store.wal(), &note, &key, None).unwrap();
    assert!(report.unsigned_tail_entries > 0);
    assert_eq!(report.checkpoint_size + report.unsigned_tail_entries, report.entries);
    let torn = &store.wal()[..store.wal().len() - 1];
    assert_eq!(verify_bytes(torn, &note, &key, None).unwrap_err().code, code::LOG_TORN_TAIL);
}
