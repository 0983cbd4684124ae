//! What publication promises while nothing goes wrong: tiles that prove, one signature a tree, nothing taken away.

use crate::shared::{append, records_of, signer, written};
use hedgerow_core::{Problem, code};
use hedgerow_log::{
    BundleEntries, CHECKPOINT, Cadence, Files, Frontier, Journal, KEY, LogReader, MemoryStorage, SIGNED, Storage,
    TILE_WIDTH, TILES, Tile, TileReader, TileRow, blob_path, check_consistency, check_inclusion, leaf_hash, sha256,
    verify_bytes,
};

/// A log of entries, each fiftieth a segment of one row, published at each of the sizes.
fn published(sizes: &[u64]) -> Journal<MemoryStorage> {
    let mut journal = Journal::create(MemoryStorage::with_crashes(), signer().verifier()).unwrap();
    for size in sizes {
        while journal.next_id() <= *size {
            let id = journal.next_id();
            if id.is_multiple_of(50) {
                journal.append_row(1, id, &[id as u8; 88])
            } else {
                journal.append(6, id, &id.to_le_bytes())
            }
            .unwrap();
            if id.is_multiple_of(64) {
                journal.commit().unwrap();
            }
        }
        journal.publish(&signer()).unwrap();
    }
    journal
}

fn reader(journal: &Journal<MemoryStorage>) -> TileReader<&MemoryStorage> {
    TileReader::published(journal.storage(), &signer().verifier()).unwrap().0
}

#[test]
fn tiles_hold_the_tree_of_every_published_size_and_their_proofs_check() {
    let sizes = [1, 2, 3, 255, 256, 257, 300, 512, 700];
    let journal = published(&sizes);
    let log = LogReader::new(journal.storage().wal()).unwrap();
    let tree = log.subtrees();
    for size in sizes {
        for tile in Tile::added(0, size) {
            assert!(journal.storage().small(&tile.path()).unwrap().is_some(), "{} of {size}", tile.path());
        }
        let mut tiles = TileReader::new(journal.storage(), size);
        assert_eq!(tiles.root(size).unwrap(), tree.root(size).unwrap());
        for index in 0..size {
            let proof = tiles.inclusion(index, size).unwrap();
            assert_eq!(proof, tree.inclusion(index, size).unwrap());
            let leaf = leaf_hash(tiles.entry(index).unwrap());
            check_inclusion(&leaf, index, size, &proof, &tree.root(size).unwrap()).unwrap();
        }
        for old in sizes.into_iter().filter(|old| *old <= size) {
            let proof = tiles.consistency(old, size).unwrap();
            check_consistency(old, &tree.root(old).unwrap(), size, &tree.root(size).unwrap(), &proof).unwrap();
        }
    }
}

#[test]
fn a_record_is_found_in_bundles_and_its_rows_in_the_blob_that_its_entry_names() {
    let mut journal = published(&[600]);
    for _ in 0..5 {
        let id = journal.next_id();
        journal.append_row(1, id, &[3; 88]).unwrap();
    }
    journal.publish(&signer()).unwrap();
    let log = LogReader::new(journal.storage().wal()).unwrap();
    let mut tiles = reader(&journal);
    for id in 1..=log.records_total() {
        let index = tiles.entry_of(id).unwrap();
        assert_eq!(index, log.entry_of(id).unwrap() as u64);
        let frame = log.frame(index as usize).unwrap();
        assert_eq!(tiles.entry(index).unwrap(), frame.entry);
        if let Some(digest) = frame.blob_digest() {
            assert_eq!(tiles.blob(&digest).unwrap(), frame.blob);
        }
    }
    for id in [0, log.records_total() + 1, u64::MAX] {
        assert_eq!(tiles.entry_of(id).unwrap_err().code, code::LOG_UNKNOWN_ID, "{id}");
    }
    assert_eq!(tiles.entry(601).unwrap_err().code, code::LOG_UNKNOWN_ID);
    assert_eq!(tiles.inclusion(601, 601).unwrap_err().code, code::LOG_UNKNOWN_ID);
    assert_eq!(tiles.blob(&[0; 32]).unwrap_err().code, code::LOG_BLOB);
}

#[test]
fn a_missing_or_misshapen_tile_or_blob_is_named_when_it_is_read() {
    let journal = published(&[300]);
    for (name, bytes) in
        [("tile/0/000", None), ("tile/0/000", Some(&[0; 31][..])), ("tile/entries/000", Some(&[0, 9, 1][..]))]
    {
        let mut store = journal.storage().clone();
        store.lay(name, bytes);
        let mut tiles = TileReader::new(&store, 300);
        let problem =
            if name.contains("entries") { tiles.entry(3).map(drop) } else { tiles.inclusion(3, 300).map(drop) };
        let problem = problem.unwrap_err();
        assert_eq!(problem.code, code::LOG_TILE);
        assert!(problem.detail.starts_with(name), "{problem}");
    }
    let mut store = journal.storage().clone();
    let digest = sha256(&[50; 88]);
    store.lay(&blob_path(&digest), Some(&[51; 88]));
    assert_eq!(TileReader::new(&store, 300).blob(&digest).unwrap_err().code, code::LOG_BLOB);
}

#[test]
fn where_a_partial_tile_is_gone_the_full_one_of_its_place_is_read() {
    let journal = published(&[100, 256]);
    let mut store = journal.storage().clone();
    for tile in Tile::added(0, 100) {
        store.lay(&tile.path(), None);
    }
    let mut tiles = TileReader::new(&store, 100);
    let log = LogReader::new(store.wal()).unwrap();
    assert_eq!(tiles.root(100).unwrap(), log.subtrees().root(100).unwrap());
    assert_eq!(tiles.entry(99).unwrap(), log.frame(99).unwrap().entry);
}

#[test]
fn publishing_adds_files_and_never_changes_one() {
    let mut journal = published(&[10]);
    let mut before: Vec<(String, Vec<u8>)> = Vec::new();
    for size in [11, 200, 256, 300] {
        while journal.entries() < size {
            let next = records_of(size, journal.next_id());
            append(&mut journal, &next);
            journal.commit().unwrap();
        }
        journal.publish(&signer()).unwrap();
        for (name, bytes) in &before {
            assert_eq!(journal.storage().small(name).unwrap().as_ref(), Some(bytes), "{name}");
        }
        let names = journal.storage().names(TILES).unwrap();
        before =
            names.into_iter().map(|name| (name.clone(), journal.storage().small(&name).unwrap().unwrap())).collect();
    }
}

#[test]
fn bundles_hold_the_entries_with_their_lengths_before_them() {
    let journal = published(&[TILE_WIDTH + 3]);
    let log = LogReader::new(journal.storage().wal()).unwrap();
    let tile = Tile { row: TileRow::Entries, index: 1, width: 3 };
    let bundle = journal.storage().small(&tile.path()).unwrap().unwrap();
    let entries: Vec<_> = BundleEntries::new(&bundle).map(|entry| entry.unwrap()).collect();
    assert_eq!(entries, (256..259).map(|n| log.frame(n).unwrap().entry).collect::<Vec<_>>());
    assert_eq!(bundle[..2], (entries[0].len() as u16).to_be_bytes());
}

#[test]
fn the_last_signed_record_says_what_the_checkpoint_says_and_is_written_first() {
    let mut journal = published(&[5]);
    let record = journal.storage().small(SIGNED).unwrap().unwrap();
    let note = journal.storage().small(CHECKPOINT).unwrap().unwrap();
    assert!(note.starts_with(&record) && note[record.len()..].starts_with(b"\n\xe2\x80\x94 "));
    let next = records_of(1, journal.next_id());
    append(&mut journal, &next);
    journal.commit().unwrap();
    let mut store = journal.into_storage();
    // Steps: opening syncs once; then two tiles (write and sync each, rename, names), then the record, then the note.
    for steps in 1..40 {
        store.fail_after_steps(steps);
        let (mut journal, _) = Journal::open(store.clone(), signer().verifier()).unwrap();
        let done = journal.publish(&signer()).is_ok();
        let after = journal.into_storage();
        let (now, shown) = (after.small(SIGNED).unwrap().unwrap(), after.small(CHECKPOINT).unwrap().unwrap());
        assert!(shown.starts_with(&now) || shown == note, "a signature without its record after {steps} steps");
        if done {
            assert!(shown.starts_with(&now) && now != record);
            return;
        }
    }
    panic!("publication took more than forty steps");
}

#[test]
fn a_last_signed_record_of_another_log_or_form_is_refused() {
    let journal = published(&[5]);
    let own = String::from_utf8(journal.storage().small(SIGNED).unwrap().unwrap()).unwrap();
    let foreign = own.replace("test.fund", "other.fund");
    for (bytes, expected) in [
        (foreign.as_bytes(), code::LOG_SIGNED),
        (b"", code::LOG_SIGNED),
        (&own.as_bytes()[..own.len() - 1], code::LOG_SIGNED),
        (own.replace("\n5\n", "\n05\n").as_bytes(), code::LOG_SIGNED),
        (own.replace("\n5\n", "\n6\n").as_bytes(), code::LOG_SHORTER),
        (own.replace("\n5\n", "\n4\n").as_bytes(), code::LOG_BAD_ROOT),
        (with_another_root(&own).as_bytes(), code::LOG_BAD_ROOT),
    ] {
        let mut store = journal.storage().clone();
        store.lay(SIGNED, Some(bytes));
        assert_eq!(Journal::open(store, signer().verifier()).map(drop).unwrap_err().code, expected);
    }
}

fn with_another_root(record: &str) -> String {
    let root = record.lines().nth(2).unwrap();
    let other = if root.starts_with('A') { "B" } else { "A" };
    record.replace(root, &format!("{other}{}", &root[1..]))
}

#[test]
fn a_lost_record_is_taken_from_the_checkpoint_and_a_rolled_back_one_is_overtaken() {
    let journal = published(&[5, 9]);
    for record in [None, Some(signed_at(&journal, 5))] {
        let mut store = journal.storage().clone();
        store.lay(SIGNED, record.as_deref());
        let (mut opened, recovery) = Journal::open(store, signer().verifier()).unwrap();
        assert_eq!(recovery.signed.unwrap().size, 9);
        opened.append(6, 10, b"ten").unwrap();
        assert_eq!(opened.publish(&signer()).unwrap().size, 10);
        assert_eq!(opened.storage().small(SIGNED).unwrap().unwrap(), signed_at(&opened, 10));
    }
}

fn signed_at(journal: &Journal<MemoryStorage>, size: u64) -> Vec<u8> {
    let mut tree = Frontier::default();
    let log = LogReader::new(journal.storage().wal()).unwrap();
    log.frames().take(size as usize).for_each(|frame| tree.push(leaf_hash(frame.entry)));
    let note = signer().sign(size, &tree.root());
    note[..note.find("\n\n").unwrap() + 1].into()
}

#[test]
fn a_writer_publishes_on_its_cadence_what_is_durable_and_never_without_news() {
    let mut journal = written(1, |_| false).journal;
    let mut cadence = Cadence::new(1_000, 4);
    journal.publish(&signer()).unwrap();
    let published = journal.entries();
    let mut due = |journal: &mut Journal<MemoryStorage>, now_ns| {
        let published = journal.publish_due(&signer(), &mut cadence, now_ns).unwrap();
        let shown = signer().verifier().open(&journal.storage().small(CHECKPOINT).unwrap().unwrap()).unwrap().size;
        assert!(!published || shown == journal.entries());
        published
    };
    assert!(!due(&mut journal, 50), "nothing new, and time counts from here");
    let id = journal.next_id();
    journal.append(6, id, b"one").unwrap();
    assert!(!due(&mut journal, 1_050), "it is time, but nothing is durable");
    assert_eq!(journal.entries(), published, "a cadence does not commit");
    journal.commit().unwrap();
    assert!(!due(&mut journal, 1_049), "too early");
    assert!(due(&mut journal, 1_050));
    for n in 0..4 {
        assert!(!due(&mut journal, 1_051));
        journal.append(6, id + 1 + n, b"more").unwrap();
        journal.commit().unwrap();
    }
    assert!(due(&mut journal, 1_052), "four wait");
    assert!(!due(&mut journal, i64::MIN), "a clock that goes back is no time");
}

#[test]
fn what_waits_in_memory_when_others_are_published_is_committed_and_published_later() {
    let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    let mut cadence = Cadence::new(i64::MAX, 1);
    let mut twin = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    for id in 1..700 {
        for journal in [&mut journal, &mut twin] {
            if id % 7 == 3 { journal.append(6, id, b"one") } else { journal.append_row(1, id, &[id as u8; 88]) }
                .unwrap();
            if id.is_multiple_of(16) {
                journal.commit().unwrap();
            }
        }
        assert_eq!(journal.publish_due(&signer(), &mut cadence, 0).unwrap(), id.is_multiple_of(16));
    }
    assert_eq!(journal.publish(&signer()), twin.publish(&signer()));
    assert_eq!(journal.storage().wal(), twin.storage().wal(), "the write-ahead file knows of no cadence");
    let report = verify_bytes(
        journal.storage().wal(),
        &journal.storage().small(CHECKPOINT).unwrap().unwrap(),
        &journal.storage().small(KEY).unwrap().unwrap(),
        None,
    );
    assert_eq!(report.unwrap().records, 699);
}

#[test]
fn an_empty_log_is_published_as_the_empty_tree() {
    let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    let checkpoint = journal.publish(&signer()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (0, hedgerow_log::empty_root()));
    assert!(journal.storage().names(TILES).unwrap().is_empty());
    let (journal, recovery) = Journal::open(journal.into_storage(), signer().verifier()).unwrap();
    assert!(!recovery.is_checkpoint_behind());
    assert_eq!(journal.entries(), 0);
}

#[test]
fn a_write_ahead_file_that_reads_back_otherwise_is_not_signed() {
    let journal = published(&[5]);
    let before = journal.storage().small(CHECKPOINT).unwrap();
    let changed = Rotten { inner: journal.into_storage(), reads: |_| {} };
    let (mut journal, _) = Journal::open(changed, signer().verifier()).unwrap();
    let id = journal.next_id();
    journal.append(6, id, &[1; 64]).unwrap();
    journal.commit().unwrap();
    let mut store = journal.into_storage();
    store.reads = |bytes| bytes[bytes.len() / 2] ^= 1;
    // What was committed is still in the journal's tree; the file below it changed.
    let (mut journal, _) = Journal::open(store, signer().verifier()).unwrap();
    assert_eq!(journal.publish(&signer()).unwrap_err().code, code::LOG_BAD_CRC);
    assert_eq!(journal.append(6, id + 1, &[]).unwrap_err().code, code::LOG_IO, "halted");
    assert_eq!(journal.storage().inner.small(CHECKPOINT).unwrap(), before);
}

#[test]
fn an_entry_that_was_forged_with_right_checksums_before_it_was_published_is_not_signed() {
    // Few entries are compared one by one, many by the root of all.
    for (entries, said) in [(3, "entry 0"), (262_145, "root")] {
        let forged = |bytes: &mut [u8]| {
            let (head, body) = bytes[..16 + 80].split_at_mut(16);
            if body[8..16] != 1_u64.to_le_bytes() {
                return;
            }
            body[20] ^= 1;
            let words = [8, 12].map(|at| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()));
            let crc = crc32c::crc32c(body);
            head[8..12].copy_from_slice(&crc.to_le_bytes());
            head[12..].copy_from_slice(&(words[1] ^ words[0] ^ crc).to_le_bytes());
        };
        let store = Rotten { inner: MemoryStorage::default(), reads: forged };
        let mut journal = Journal::create(store, signer().verifier()).unwrap();
        for id in 1..=entries {
            journal.append(6, id, &[1; 64]).unwrap();
            if id % 100_000 == 1 {
                journal.commit().unwrap();
            }
        }
        let problem = journal.publish(&signer()).unwrap_err();
        assert_eq!(problem.code, code::LOG_BAD_CRC);
        assert!(problem.detail.contains(said), "{problem}");
        assert_eq!(journal.storage().inner.small(CHECKPOINT).unwrap(), None);
    }
}

/// A store whose bytes change between writing and reading back.
struct Rotten {
    inner: MemoryStorage,
    reads: fn(&mut [u8]),
}
impl Files for Rotten {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.inner.small(name)
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.inner.names(folder)
    }
}
impl Storage for Rotten {
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.inner.append(bytes)
    }
    fn sync(&mut self) -> Result<(), Problem> {
        self.inner.sync()
    }
    fn read(&self) -> Result<Vec<u8>, Problem> {
        self.inner.read()
    }
    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        let mut read = self.inner.read_at(at, bytes)?;
        (self.reads)(&mut read);
        Ok(read)
    }
    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.inner.truncate(bytes)
    }
    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        self.inner.put(files)
    }
}
