//! Crash drills of publication: at every write, sync and rename, and whatever was lost or damaged afterwards, start-up
//! finds a log whose tiles are right and goes on, or names what is wrong.

use crate::shared::{read, signer};
use hedgerow_core::code;
use hedgerow_log::{
    BLOBS, CHECKPOINT, Files, Journal, MemoryStorage, SIGNED, TILES, Tile, TileReader, WAL, verify_folder,
};
use std::fs;
use std::path::Path;

/// Appends so many entries, one of them a segment, without a commit.
fn append_some(journal: &mut Journal<MemoryStorage>, entries: u64) {
    for n in 0..entries {
        let id = journal.next_id();
        if n == 1 { journal.append_row(1, id, &[id as u8; 88]) } else { journal.append(6, id, &id.to_le_bytes()) }
            .unwrap();
    }
}

fn published(entries: u64) -> Journal<MemoryStorage> {
    let mut journal = Journal::create(MemoryStorage::with_crashes(), signer().verifier()).unwrap();
    append_some(&mut journal, entries);
    journal.publish(&signer()).unwrap();
    journal
}

/// Everything that the checkpoint needs is there and leads to its root.
fn assert_published(store: &MemoryStorage) {
    let (mut tiles, checkpoint, _) = TileReader::published(store, &signer().verifier()).unwrap();
    assert_eq!(tiles.root(checkpoint.size).unwrap(), checkpoint.root);
    for tile in Tile::added(0, checkpoint.size) {
        assert!(store.small(&tile.path()).unwrap().is_some(), "{}", tile.path());
    }
    (0..checkpoint.size).for_each(|index| assert!(tiles.entry(index).unwrap().len() >= 16));
}

/// Before: 254 entries published. Then two are added and published, which fills the first tile of two levels.
#[test]
fn a_crash_at_any_step_of_publication_is_recovered_by_opening_whatever_names_were_lost() {
    let before = published(254).into_storage();
    let mut states = [0; 3];
    for steps in 0.. {
        let mut store = before.clone();
        store.fail_after_steps(steps + 1); // opening syncs once
        let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
        append_some(&mut journal, 3);
        let done = journal.publish(&signer()).is_ok();
        if !done {
            assert_eq!(journal.commit().unwrap_err().code, code::LOG_IO, "halted after {steps} steps");
        }
        let crashed = journal.into_storage();
        for lost in 0..4 {
            let loses = |name: &str| lost > 0 && (name.len() + name.bytes().map(usize::from).sum::<usize>()) % 4 < lost;
            let after = crashed.crash_losing(512, |sector| sector % 2 == lost % 2, loses);
            let behind = Journal::open(after.clone(), signer().verifier()).unwrap().1.is_checkpoint_behind();
            let (journal, recovery) = Journal::resume(after, &signer()).unwrap();
            assert!(recovery.records == 254 || recovery.records == 257, "{recovery:?} after {steps} steps");
            assert_eq!(recovery.is_checkpoint_behind(), behind);
            states[if recovery.records == 254 {
                0
            } else if behind {
                1
            } else {
                2
            }] += 1;
            assert_eq!(recovery.mended, 0, "what was signed had its tiles");
            assert_published(journal.storage());
            let (signed, shown) = (
                journal.storage().small(SIGNED).unwrap().unwrap(),
                journal.storage().small(CHECKPOINT).unwrap().unwrap(),
            );
            assert!(shown.starts_with(&signed));
        }
        if done {
            assert!(states.iter().all(|times| *times > 0), "{states:?}");
            return;
        }
    }
}

#[test]
fn a_crash_at_any_step_of_recovery_is_recovered_again() {
    let mut damaged = published(300).into_storage();
    for name in damaged.names(TILES).unwrap() {
        damaged.lay(&name, None);
    }
    for steps in 0.. {
        let mut store = damaged.clone();
        store.fail_after_steps(steps);
        if Journal::open(store.clone(), signer().verifier()).is_ok() {
            assert!(steps > 10);
            return;
        }
        let after = store.crash(512, |_| true);
        let (journal, recovery) = Journal::open(after, signer().verifier()).unwrap();
        assert!(recovery.mended > 0);
        assert_published(journal.storage());
    }
}

#[test]
fn every_missing_cut_or_flipped_published_file_is_written_anew_and_counted() {
    let whole = published(300).into_storage();
    let names = [whole.names(TILES).unwrap(), whole.names(BLOBS).unwrap()].concat();
    assert_eq!(names.len(), 2 + 2 + 1 + 1, "{names:?}");
    for name in &names {
        let bytes = whole.small(name).unwrap().unwrap();
        let flipped: Vec<u8> =
            bytes.iter().enumerate().map(|(at, b)| if at == bytes.len() / 2 { b ^ 1 } else { *b }).collect();
        for damage in [
            None,
            Some(&bytes[..bytes.len() / 2]),
            Some(&[][..]),
            Some(&flipped[..]),
            Some(&[&bytes[..], b"more"].concat()[..]),
        ] {
            let mut store = whole.clone();
            store.lay(name, damage);
            let (journal, recovery) = Journal::open(store, signer().verifier()).unwrap();
            assert_eq!(recovery.mended, 1, "{name}");
            assert_eq!(journal.storage().small(name).unwrap().as_ref(), Some(&bytes));
        }
    }
    let mut store = whole.clone();
    names.iter().for_each(|name| store.lay(name, None));
    let (journal, recovery) = Journal::open(store, signer().verifier()).unwrap();
    assert_eq!(recovery.mended, names.len() as u64);
    assert_published(journal.storage());
}

#[test]
fn partial_tiles_of_earlier_checkpoints_are_mended_where_they_lie() {
    let mut journal = published(100);
    append_some(&mut journal, 200);
    journal.publish(&signer()).unwrap();
    let mut store = journal.into_storage();
    let earlier = "tile/0/000.p/100";
    let bytes = store.small(earlier).unwrap().unwrap();
    store.lay(earlier, Some(&bytes[1..]));
    let (journal, recovery) = Journal::open(store, signer().verifier()).unwrap();
    assert_eq!((recovery.mended, journal.storage().small(earlier).unwrap()), (1, Some(bytes)));
}

#[test]
fn a_record_of_what_was_signed_that_the_log_cannot_meet_is_named_and_nothing_is_guessed() {
    let (short, long) = (published(10).into_storage(), published(12).into_storage());
    let mut rolled_back = short.clone();
    rolled_back.lay(SIGNED, long.small(SIGNED).unwrap().as_deref());
    let problem = Journal::resume(rolled_back, &signer()).unwrap_err();
    assert_eq!(problem.code, code::LOG_SHORTER, "{problem}");
    let mut forked = Journal::create(MemoryStorage::with_crashes(), signer().verifier()).unwrap();
    (1..=12).for_each(|id| forked.append(6, id, b"another history").unwrap());
    forked.commit().unwrap();
    let mut forked = forked.into_storage();
    forked.lay(SIGNED, short.small(SIGNED).unwrap().as_deref());
    assert_eq!(Journal::resume(forked, &signer()).unwrap_err().code, code::LOG_BAD_ROOT);
}

#[test]
fn tiles_beyond_the_log_are_evidence_that_it_lost_its_end() {
    let (mut short, long) = (published(10).into_storage(), published(12).into_storage());
    let before = short.names(TILES).unwrap();
    short.lay("tile/0/000.p/12", long.small("tile/0/000.p/12").unwrap().as_deref());
    let problem = Journal::open(short, signer().verifier()).unwrap_err();
    assert_eq!(problem.code, code::LOG_SHORTER);
    assert_eq!(problem.detail, "10 entries, tile/0/000.p/12 holds more");
    assert_eq!(before.len(), 2);
}

#[test]
fn what_was_lost_with_the_disk_but_signed_elsewhere_is_not_signed_again() {
    let dir = folder("second-place");
    let (home, away) = (dir.join("home"), dir.join("away"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&away).unwrap();
    let kept = away.join("signed");
    let create = || hedgerow_log::FileStorage::create(&home).unwrap().keeping(SIGNED, &kept);
    let open = || hedgerow_log::FileStorage::open(&home).unwrap().keeping(SIGNED, &kept);
    let mut journal = Journal::create(create(), signer().verifier()).unwrap();
    journal.append(6, 1, b"one").unwrap();
    journal.publish(&signer()).unwrap();
    drop(journal.close().unwrap());
    copy(&home, &dir.join("backup"));
    let (mut journal, _) = Journal::open(open(), signer().verifier()).unwrap();
    journal.append(6, 2, b"two").unwrap();
    journal.publish(&signer()).unwrap();
    drop(journal.close().unwrap());
    assert_eq!(fs::read(&kept).unwrap(), fs::read(home.join("journal").join(SIGNED)).unwrap());
    fs::remove_dir_all(&home).unwrap();
    copy(&dir.join("backup"), &home);
    assert!(Journal::open(hedgerow_log::FileStorage::open(&home).unwrap(), signer().verifier()).is_ok());
    assert_eq!(Journal::open(open(), signer().verifier()).unwrap_err().code, code::LOG_SHORTER);
    fs::remove_dir_all(&away).unwrap();
    let (mut journal, _) = Journal::open(open(), signer().verifier()).unwrap();
    journal.append(6, 2, b"two").unwrap();
    assert_eq!(journal.publish(&signer()).unwrap_err().code, code::LOG_IO, "the second place is gone: no signature");
}

#[test]
fn a_replica_without_a_write_ahead_file_verifies_and_names_the_first_bad_entry_of_any_change() {
    let dir = folder("replica");
    let (home, replica) = (dir.join("home"), dir.join("replica"));
    fs::create_dir_all(&home).unwrap();
    let mut journal = Journal::create(hedgerow_log::FileStorage::create(&home).unwrap(), signer().verifier()).unwrap();
    for id in 1..=300 {
        if id % 100 == 0 { journal.append_row(1, id, &[7; 88]) } else { journal.append(6, id, &id.to_le_bytes()) }
            .unwrap();
    }
    journal.publish(&signer()).unwrap();
    drop(journal.close().unwrap());
    let source = verify_folder(&home.join("journal"), None).unwrap();
    assert_eq!((source.is_replica, source.published_files), (false, 8));
    copy(&home.join("journal"), &replica);
    fs::remove_file(replica.join(WAL)).unwrap();
    let report = verify_folder(&replica, Some(&signer().verifier())).unwrap();
    assert_eq!((report.entries, report.records, report.root), (source.entries, source.records, source.root));
    assert!(report.is_replica && report.published_files == source.published_files);
    let wal = hedgerow_log::read_log(&replica).unwrap();
    assert_eq!(read(&wal), read(&fs::read(home.join("journal").join(WAL)).unwrap()));
    for (name, at, expected, ends) in [
        ("tile/entries/000", 3 * 26 + 2 + 16, code::LOG_TILE, "entry 3"),
        ("tile/0/000", 32 * 200 + 3, code::LOG_TILE, "entry 200"),
        ("tile/0/001.p/44", 32 * 43, code::LOG_TILE, "entry 299"),
        ("tile/1/000.p/1", 0, code::LOG_TILE, "entry 0"),
        ("tile/entries/001.p/44", 3, code::LOG_TILE, "entry 256"),
        (&blob_name(&replica), 0, code::LOG_BLOB, "entry 99"),
        ("checkpoint", 25, code::LOG_BAD_SIGNATURE, ""),
        ("key.pub", 2, code::LOG_BAD_SIGNATURE, ""),
    ] {
        for folder in [&replica, &home.join("journal")] {
            let path = folder.join(name);
            let bytes = fs::read(&path).unwrap();
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            let problem = verify_folder(folder, None).unwrap_err();
            assert_eq!(problem.code, expected, "{name}: {problem}");
            assert!(problem.detail.ends_with(ends), "{name}: {problem}");
            fs::remove_file(&path).unwrap();
            assert!(verify_folder(folder, None).is_err(), "{name} missing");
            fs::write(&path, &bytes).unwrap();
        }
    }
}

fn blob_name(folder: &Path) -> String {
    hedgerow_log::Folder::new(folder).names(BLOBS).unwrap().remove(0)
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> std::path::PathBuf {
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}
