//! What the writer promises while nothing goes wrong, and how it refuses what does not fit.

use crate::shared::{append, read, records_of, signer, written};
use hedgerow_core::{Bar, KIND_SEGMENT, Noun, Order, Problem, code};
use hedgerow_log::{
    CHECKPOINT, Files, Journal, LogReader, LogSigner, MemoryStorage, SEGMENT_ROWS_MAX, Storage, check_inclusion,
    leaf_hash,
};

fn empty() -> Journal<MemoryStorage> {
    Journal::create(MemoryStorage::with_crashes(), signer().verifier()).unwrap()
}

#[test]
fn nouns_come_back_as_they_were_written_whether_entry_or_row() {
    let mut journal = empty();
    let bar = Bar { id: 1, close_ticks: 10_050, ..Bar::default() };
    let order = Order { id: 3, cause: 1, lots: 7, ..Order::default() };
    journal.append_row_noun(&bar).unwrap();
    journal.append_row_noun(&Bar { id: 2, ..bar }).unwrap();
    journal.append_noun(&order).unwrap();
    journal.commit().unwrap();
    let reader = LogReader::new(journal.storage().wal()).unwrap();
    assert_eq!(reader.record(1).unwrap().noun::<Bar>().unwrap(), bar);
    assert_eq!(reader.record(3).unwrap().noun::<Order>().unwrap(), order);
    assert_eq!(reader.record(2).unwrap().noun::<Order>().unwrap_err().code, code::LOG_UNKNOWN_KIND);
    assert_eq!((reader.entries(), reader.records_total()), (2, 3));
    assert_eq!((reader.entry_of(2).unwrap(), reader.entry_of(3).unwrap()), (0, 1));
    assert_eq!(reader.rows_of(Bar::KIND).len(), 2 * Bar::INFO.size);
    assert_eq!(reader.rows_of(Order::KIND), bytemuck::bytes_of(&order));
    assert!(reader.rows_of(99).is_empty());
    for id in [0, 4, u64::MAX] {
        assert_eq!(reader.record(id).unwrap_err().code, code::LOG_UNKNOWN_ID);
    }
}

#[test]
fn a_noun_of_the_wrong_length_is_a_named_error() {
    let mut journal = empty();
    journal.append(Order::KIND, 1, &[0; 63]).unwrap();
    journal.commit().unwrap();
    let reader = LogReader::new(journal.storage().wal()).unwrap();
    assert_eq!(reader.record(1).unwrap().noun::<Order>().unwrap_err().code, code::CORE_RECORD_SIZE);
}

#[test]
fn a_refused_record_changes_nothing() {
    let mut journal = empty();
    journal.append(6, 1, &[1; 64]).unwrap();
    let before = (journal.pending_bytes(), journal.next_id());
    let refused = [
        (journal.append(6, 3, &[0; 64]), code::LOG_SEQUENCE),
        (journal.append(6, 1, &[0; 64]), code::LOG_SEQUENCE),
        (journal.append(6, 2, &vec![0; 65_535 - 15]), code::LOG_ENTRY_SIZE),
        (journal.append(KIND_SEGMENT, 2, &[0; 40]), code::LOG_UNKNOWN_KIND),
        (journal.append_row(1, 5, &[0; 88]), code::LOG_SEQUENCE),
        (journal.append_row(1, 2, &[]), code::LOG_ENTRY_SIZE),
        (journal.append_row(KIND_SEGMENT, 2, &[0; 88]), code::LOG_UNKNOWN_KIND),
    ];
    for (result, code) in refused {
        assert_eq!(result.unwrap_err().code, code);
    }
    assert_eq!((journal.pending_bytes(), journal.next_id()), before);
    journal.append(6, 2, &vec![0; 65_535 - 16]).unwrap();
    journal.commit().unwrap();
    assert_eq!(LogReader::new(journal.storage().wal()).unwrap().frame(1).unwrap().entry.len(), 65_535);
}

#[test]
fn rows_share_a_segment_until_another_record_kind_length_or_the_bound_ends_it() {
    let mut journal = empty();
    for id in 1..=u64::from(SEGMENT_ROWS_MAX) + 1 {
        journal.append_row(1, id, &[1; 8]).unwrap();
    }
    let id = journal.next_id();
    journal.append_row(2, id, &[1; 8]).unwrap();
    journal.append_row(2, id + 1, &[1; 16]).unwrap();
    journal.append(6, id + 2, b"entry").unwrap();
    journal.append_row(2, id + 3, &[1; 16]).unwrap();
    journal.commit().unwrap();
    journal.append_row(2, id + 4, &[1; 16]).unwrap();
    journal.commit().unwrap();
    let reader = LogReader::new(journal.storage().wal()).unwrap();
    let counts: Vec<u32> = reader.frames().map(|f| f.count()).collect();
    assert_eq!(counts, [SEGMENT_ROWS_MAX, 1, 1, 1, 1, 1, 1]);
    assert_eq!(reader.records().count() as u64, reader.records_total());
}

#[test]
fn a_commit_of_nothing_writes_nothing() {
    let mut journal = empty();
    let before = journal.storage().wal().to_vec();
    assert_eq!(journal.commit().unwrap(), 0);
    assert_eq!(journal.storage().wal(), before);
}

#[test]
fn the_journal_commits_by_itself_before_its_buffer_outgrows_the_bound() {
    let mut journal = empty();
    let row = vec![3u8; 60_000];
    for id in 1..=1_200 {
        journal.append(40, id, &row).unwrap();
        assert!(journal.pending_bytes() <= hedgerow_log::PENDING_BYTES_MAX);
    }
    assert!(journal.entries() > 0);
    journal.commit().unwrap();
    assert_eq!(journal.entries(), 1_200);
}

#[test]
fn equal_records_give_equal_files_and_checkpoints() {
    let (one, two) = (written(5, |c| c % 2 == 0), written(5, |c| c % 2 == 0));
    assert_eq!(one.journal.storage().wal(), two.journal.storage().wal());
    let note = |j: &Journal<MemoryStorage>| j.storage().small(CHECKPOINT).unwrap();
    assert_eq!(note(&one.journal), note(&two.journal));
}

#[test]
fn a_log_is_not_started_over_another_nor_opened_with_another_key() {
    let store = empty().into_storage();
    let problem = Journal::create(store.clone(), signer().verifier()).unwrap_err();
    assert_eq!(problem.code, code::LOG_EXISTS);
    let other = LogSigner::new("test.fund/journal", &[9; 32]).unwrap();
    assert_eq!(Journal::open(store, other.verifier()).unwrap_err().code, code::LOG_BAD_SIGNATURE);
    let nothing = MemoryStorage::default();
    assert_eq!(Journal::open(nothing, signer().verifier()).unwrap_err().code, code::LOG_EMPTY);
    let mut foreign = MemoryStorage::default();
    foreign.append(b"someone else's bytes").unwrap();
    assert_eq!(Journal::open(foreign, signer().verifier()).unwrap_err().code, code::LOG_NOT_A_LOG);
    assert_eq!(empty().publish(&other).unwrap_err().code, code::LOG_BAD_SIGNATURE);
}

#[test]
fn no_checkpoint_is_signed_that_is_smaller_than_or_contradicts_the_last_one() {
    let long = written(3, |_| true);
    let note = long.journal.storage().small(CHECKPOINT).unwrap().unwrap();
    let mut short = empty();
    append(&mut short, &records_of(0, 1));
    short.commit().unwrap();
    let mut store = short.into_storage();
    let (mut journal, _) = Journal::open(store.clone(), signer().verifier()).unwrap();
    // Another process signed a longer log meanwhile.
    store.replace(CHECKPOINT, &note).unwrap();
    let problem = Journal::open(store, signer().verifier()).unwrap_err();
    assert_eq!(problem.code, code::LOG_SHORTER);
    journal.publish(&signer()).unwrap();

    let wal = journal.storage().wal().to_vec();
    let fork = signer().sign(1, &[9; 32]);
    let key = format!("{}\n", signer().verifier().line());
    let forked = MemoryStorage::holding(&wal, &[("key.pub", key.as_bytes()), (CHECKPOINT, fork.as_bytes())]);
    assert_eq!(Journal::open(forked, signer().verifier()).unwrap_err().code, code::LOG_BAD_ROOT);
}

/// A store in which another process replaces the checkpoint behind the journal's back.
#[test]
fn the_stored_checkpoint_is_compared_before_every_signature() {
    let (longer, same_size) = (signer().sign(99, &[1; 32]), signer().sign(1, &[1; 32]));
    for (note, code) in [(longer, code::LOG_SHORTER), (same_size, code::LOG_BAD_ROOT)] {
        let mut journal =
            Journal::create(Intruded { inner: MemoryStorage::default(), note }, signer().verifier()).unwrap();
        journal.append(6, 1, b"one").unwrap();
        let before = journal.storage().inner.small(CHECKPOINT).unwrap();
        assert_eq!(journal.publish(&signer()).unwrap_err().code, code);
        assert_eq!(journal.storage().inner.small(CHECKPOINT).unwrap(), before);
    }
}

struct Intruded {
    inner: MemoryStorage,
    note: String,
}
impl Files for Intruded {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        if name == CHECKPOINT { Ok(Some(self.note.clone().into_bytes())) } else { self.inner.small(name) }
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.inner.names(folder)
    }
}
impl Storage for Intruded {
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
fn an_older_checkpoint_is_accepted_when_it_is_a_prefix_and_then_moved_forward() {
    let all = written(4, |commit| commit == 0);
    let given = all.given.clone();
    let (mut journal, recovery) = Journal::open(all.journal.into_storage(), signer().verifier()).unwrap();
    assert!(recovery.checkpoint.unwrap().size < recovery.entries);
    assert_eq!(read(journal.storage().wal()), given);
    let checkpoint = journal.publish(&signer()).unwrap();
    assert_eq!(checkpoint.size, recovery.entries);
    assert_eq!(journal.publish(&signer()).unwrap(), checkpoint, "signing twice changes nothing");
}

#[test]
fn an_entry_is_proved_to_be_under_the_checkpoint_by_hashes_alone() {
    let mut all = written(6, |_| false);
    let checkpoint = all.journal.publish(&signer()).unwrap();
    let reader = LogReader::new(all.journal.storage().wal()).unwrap();
    let tree = reader.subtrees();
    assert_eq!(tree.root(checkpoint.size).unwrap(), checkpoint.root);
    for id in 1..=reader.records_total() {
        let index = reader.entry_of(id).unwrap();
        let leaf = leaf_hash(reader.frame(index).unwrap().entry);
        let proof = tree.inclusion(index as u64, checkpoint.size).unwrap();
        check_inclusion(&leaf, index as u64, checkpoint.size, &proof, &checkpoint.root).unwrap();
    }
}
