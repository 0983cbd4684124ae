//! Sealed logs: what is opened is what was written, nothing readable is left in the file, and nothing changed opens.

use hedgerow_core::{Code, Problem, code};
use hedgerow_log::{
    EpochKey, Files, Frame, Journal, KIND_SEALED, Keyring, LogReader, LogSigner, MemoryStorage, SEALED_ENTRY_BYTES_MAX,
    epoch_name, epoch_word, sha256, unseal, verify_bytes, wal_of_replica,
};
use proptest::prelude::*;
use std::collections::HashSet;

const SECRET: &[u8] = b"the secret symbol ACME";

/// One thing written: a record of its own, rows of a segment, a record for everybody, or the end of a commit.
#[derive(Clone, Debug)]
enum Act {
    Record(u16, Vec<u8>),
    Rows(u16, Vec<Vec<u8>>),
    Plain(Vec<u8>),
    Commit,
}

fn signer() -> LogSigner {
    LogSigner::new("test.fund/journal", &[7; 32]).unwrap()
}

fn epoch(number: u32) -> EpochKey {
    EpochKey::new(epoch_word("journal", number).unwrap(), &[number as u8; 32])
}

fn written(acts: &[Act], sealer: Option<EpochKey>) -> Journal<MemoryStorage> {
    let mut journal = Journal::create(MemoryStorage::default(), signer().verifier()).unwrap();
    journal.seal_with(sealer);
    for act in acts {
        let id = journal.next_id();
        match act {
            Act::Record(kind, bytes) => journal.append(*kind, id, bytes).unwrap(),
            Act::Plain(bytes) => journal.append_plain(32, id, bytes).unwrap(),
            Act::Rows(kind, rows) => {
                (id..).zip(rows).for_each(|(id, row)| journal.append_row(*kind, id, row).unwrap());
            }
            Act::Commit => drop(journal.commit().unwrap()),
        }
    }
    journal.commit().unwrap();
    journal
}

fn sealed_log() -> Journal<MemoryStorage> {
    let secret = |n: u8| [SECRET, &[n; 40]].concat();
    let rows = (0..30).map(|n| [SECRET, &[n; 8]].concat()).collect();
    let long = SECRET.repeat(1_000);
    let acts = [
        Act::Plain(b"genesis".to_vec()),
        Act::Record(6, secret(1)),
        Act::Rows(1, rows),
        Act::Record(6, secret(1)),
        Act::Record(6, long.clone()),
        Act::Record(6, long),
    ];
    written(&acts, Some(epoch(1)))
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let bytes = |most| proptest::collection::vec(any::<u8>(), 1..most);
    let rows = (1usize..60, 1usize..50).prop_flat_map(|(len, rows)| {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), len..=len), rows..=rows)
    });
    let act = prop_oneof![
        8 => (1u16..31, bytes(600)).prop_map(|(kind, bytes)| Act::Record(kind, bytes)),
        1 => (16_280usize..16_310).prop_map(|len| Act::Record(6, vec![7; len])),
        8 => (1u16..31, rows).prop_map(|(kind, rows)| Act::Rows(kind, rows)),
        8 => bytes(200).prop_map(Act::Plain),
        8 => Just(Act::Commit),
    ];
    proptest::collection::vec(act, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The same acts with and without a key: opening the sealed file gives the plain one to the byte.
    #[test]
    fn a_sealed_log_opened_is_the_plain_log_to_the_byte(acts in acts()) {
        let plain = written(&acts, None);
        let sealed = written(&acts, Some(epoch(1)));
        let opened = unseal(sealed.storage().wal(), &Keyring::from_iter([epoch(1)])).unwrap();
        prop_assert!(opened == plain.storage().wal());
        prop_assert_eq!(sealed.entries(), plain.entries());
        prop_assert_eq!(sealed.next_id(), plain.next_id());
        let nothing = unseal(plain.storage().wal(), &Keyring::default()).unwrap();
        prop_assert!(nothing == plain.storage().wal());
    }

    #[test]
    fn equal_records_under_an_equal_key_give_equal_bytes_and_another_key_gives_others(acts in acts()) {
        let sealed = written(&acts, Some(epoch(1)));
        prop_assert!(sealed.storage().wal() == written(&acts, Some(epoch(1))).storage().wal());
        if LogReader::new(sealed.storage().wal()).unwrap().frames().any(|frame| frame.is_sealed()) {
            prop_assert!(sealed.storage().wal() != written(&acts, Some(epoch(2))).storage().wal());
        }
    }

    #[test]
    fn no_two_entries_share_a_key_even_when_they_hold_the_same(record in proptest::collection::vec(any::<u8>(), 1..40)) {
        let acts: Vec<Act> = (0..20).map(|_| Act::Record(6, record.clone())).collect();
        let sealed = written(&acts, Some(epoch(1)));
        let reader = LogReader::new(sealed.storage().wal()).unwrap();
        let keys: HashSet<[u8; 32]> = reader.frames().map(|frame| epoch(1).disclose(&frame).key).collect();
        prop_assert_eq!(keys.len(), 20);
        let seals: HashSet<&[u8]> = reader.frames().map(|frame| &frame.entry[24..]).collect();
        prop_assert_eq!(seals.len(), 20);
    }

    #[test]
    fn a_write_ahead_file_made_of_the_published_files_has_the_same_tree(acts in acts()) {
        let mut sealed = written(&acts, Some(epoch(1)));
        sealed.publish(&signer()).unwrap();
        let reader = LogReader::new(sealed.storage().wal()).unwrap();
        let rebuilt = wal_of_replica(sealed.storage(), sealed.entries()).unwrap();
        let again = LogReader::new(&rebuilt).unwrap();
        prop_assert_eq!(again.subtrees().root(sealed.entries()), reader.subtrees().root(sealed.entries()));
        prop_assert!(again.frames().map(|f| f.blob).eq(reader.frames().map(|f| f.blob)));
    }
}

#[test]
fn every_flipped_bit_of_a_sealed_entry_or_its_blob_is_refused() {
    let sealed = sealed_log();
    let reader = LogReader::new(sealed.storage().wal()).unwrap();
    let keys = Keyring::from_iter([epoch(1), epoch(2)]);
    for frame in reader.frames().filter(|frame| frame.is_sealed()) {
        assert!(keys.open(&frame).is_ok());
        let bits = 8 * (frame.entry.len() + frame.blob.len());
        // All bits of what is short; of a long blob its beginning, its end, and some between.
        for bit in (0..bits).filter(|bit| *bit < 10_000 || bits - bit < 500 || bit % 997 == 0) {
            let (mut entry, mut blob) = (frame.entry.to_vec(), frame.blob.to_vec());
            let at = bit / 8;
            if at < entry.len() {
                entry[at] ^= 1 << (bit % 8)
            } else {
                blob[at - entry.len()] ^= 1 << (bit % 8)
            }
            // What a walk refuses never comes to a key: flags, the blob's length, kinds that have no such shape.
            let walks = Frame::checked(&entry, &blob).is_ok();
            assert!(!walks || !((16..32).contains(&bit) || (160..192).contains(&bit)), "bit {bit}");
            let changed = Frame { entry: &entry, blob: &blob, ..frame };
            assert!(!walks || keys.open(&changed).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn a_seal_opens_only_where_it_was_sealed() {
    let sealed = sealed_log();
    let reader = LogReader::new(sealed.storage().wal()).unwrap();
    let frames: Vec<Frame<'_>> = reader.frames().filter(|frame| frame.is_sealed()).collect();
    // These records are equal in pairs; their seals are not, and do not fit each other's place.
    for (from, to) in [(0, 2), (3, 4)] {
        let mut entry = frames[to].entry.to_vec();
        entry[24..].copy_from_slice(&frames[from].entry[24..]);
        let moved = Frame { entry: &entry, blob: frames[from].blob, offset: 0 };
        assert_eq!(epoch(1).open(&moved).unwrap_err().code, code::LOG_SEAL_TAMPERED);
    }
}

#[test]
fn a_seal_lies_in_the_leaf_as_long_as_it_fits_and_nowhere_else() {
    let (head, limit) = (24, SEALED_ENTRY_BYTES_MAX);
    for (bytes, entry_len, blob_len) in [(1, 93, 0), (limit - 92, limit, 0), (limit - 91, 56, limit - 23)] {
        let sealed = written(&[Act::Record(6, vec![9; bytes])], Some(epoch(1)));
        let reader = LogReader::new(sealed.storage().wal()).unwrap();
        let frame = reader.frame(0).unwrap();
        assert_eq!((frame.entry.len(), frame.blob.len()), (entry_len, blob_len), "{bytes} bytes");
        assert!(epoch(1).open(&frame).unwrap().entry().ends_with(&vec![9; bytes]));
        // The same seal in the other place would be another leaf for the same record.
        let mut entry = frame.entry[..head].to_vec();
        let blob = if blob_len == 0 {
            entry[head - 4..].copy_from_slice(&((entry_len - head) as u32).to_le_bytes());
            entry.extend_from_slice(&sha256(&frame.entry[head..]));
            &frame.entry[head..]
        } else {
            entry[head - 4..].fill(0);
            entry.extend_from_slice(frame.blob);
            &[]
        };
        let (code, _) = refused(Frame::checked(&entry, blob));
        assert_eq!(code, code::LOG_UNKNOWN_KIND, "{bytes} bytes");
    }
}

#[test]
fn nothing_readable_is_left_in_a_sealed_file_but_what_was_meant_to_be() {
    let sealed = sealed_log();
    let wal = sealed.storage().wal();
    let holds = |wal: &[u8], text: &[u8]| wal.windows(text.len()).any(|window| window == text);
    assert!(holds(wal, b"genesis"));
    for length in [4, SECRET.len()] {
        assert!(SECRET.windows(length).all(|part| !holds(wal, part)), "{length} bytes of the secret");
    }
    assert!(holds(&unseal(wal, &Keyring::from_iter([epoch(1)])).unwrap(), SECRET));
}

#[test]
fn a_sealed_log_is_verified_without_a_key() {
    let mut sealed = sealed_log();
    sealed.publish(&signer()).unwrap();
    let small = |name| sealed.storage().small(name).unwrap().unwrap();
    let (note, key) = (small(hedgerow_log::CHECKPOINT), small(hedgerow_log::KEY));
    let report = verify_bytes(sealed.storage().wal(), &note, &key, None).unwrap();
    assert_eq!((report.entries, report.sealed, report.segments, report.records), (6, 5, 0, 35));
    let record = LogReader::new(sealed.storage().wal()).unwrap().record(20).unwrap().kind;
    assert_eq!(record, KIND_SEALED);
}

fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> (Code, String) {
    let problem = result.unwrap_err();
    (problem.code, problem.detail)
}

#[test]
fn a_key_that_is_missing_or_not_the_committed_one_is_named() {
    let sealed = sealed_log();
    let wal = sealed.storage().wal();
    let (code, detail) = refused(unseal(wal, &Keyring::from_iter([epoch(2)])));
    assert_eq!(code, code::LOG_SEAL_EPOCH);
    assert_eq!(detail, "record 2 is sealed in epoch journal 1; held: journal 2");
    let right = epoch(1);
    assert!(EpochKey::committed(right.epoch(), &[1; 32], right.commitment()).is_ok());
    let (code, _) = refused(EpochKey::committed(right.epoch(), &[2; 32], right.commitment()));
    assert_eq!(code, code::LOG_SEAL_COMMITMENT);
    let impostor = EpochKey::new(right.epoch(), &[2; 32]);
    let (code, _) = refused(unseal(wal, &Keyring::from_iter([impostor])));
    assert_eq!(code, code::LOG_SEAL_TAMPERED);
}

#[test]
fn after_a_rotation_the_old_key_opens_the_old_entries_only() {
    let mut journal = written(&[Act::Record(6, b"before".to_vec())], Some(epoch(1)));
    journal.append_row(1, 2, &[1; 8]).unwrap();
    journal.seal_with(Some(epoch(2)));
    journal.append_row(1, 3, &[1; 8]).unwrap();
    journal.commit().unwrap();
    let wal = journal.storage().wal();
    let reader = LogReader::new(wal).unwrap();
    let epochs: Vec<_> = reader.frames().map(|frame| frame.epoch().map(epoch_name).unwrap()).collect();
    assert_eq!(epochs, ["journal 1", "journal 1", "journal 2"]);
    let (code, detail) = refused(unseal(wal, &Keyring::from_iter([epoch(1)])));
    assert_eq!((code, detail.starts_with("record 3 ")), (code::LOG_SEAL_EPOCH, true));
    assert!(unseal(wal, &Keyring::from_iter([epoch(1), epoch(2)])).is_ok());
}

#[test]
fn a_disclosed_key_opens_its_entry_and_no_other() {
    let sealed = sealed_log();
    let reader = LogReader::new(sealed.storage().wal()).unwrap();
    let frames: Vec<Frame<'_>> = reader.frames().filter(|frame| frame.is_sealed()).collect();
    let key = epoch(1).disclose(&frames[0]);
    assert!(key.open(&frames[0]).unwrap().entry().ends_with(&[1; 40]));
    for other in &frames[1..] {
        assert_eq!(key.open(other).unwrap_err().code, code::LOG_SEAL_TAMPERED);
    }
    assert!(!format!("{key:?} {:?}", epoch(1)).contains(&hedgerow_log::hex(&key.key)));
}

#[test]
fn a_sealed_log_goes_on_after_a_crash_and_its_own_kinds_are_refused() {
    let sealed = sealed_log();
    let store =
        MemoryStorage::holding(sealed.storage().wal(), &[("key.pub", format!("{}\n", sealed.key().line()).as_bytes())]);
    let (mut journal, recovery) = Journal::open(store, signer().verifier()).unwrap();
    assert_eq!(recovery.records, 35);
    journal.seal_with(Some(epoch(1)));
    assert_eq!(journal.append(KIND_SEALED, 36, &[0; 40]).unwrap_err().code, code::LOG_UNKNOWN_KIND);
    journal.append(6, 36, SECRET).unwrap();
    journal.commit().unwrap();
    let opened = unseal(journal.storage().wal(), &Keyring::from_iter([epoch(1)])).unwrap();
    assert_eq!(LogReader::new(&opened).unwrap().record(36).unwrap().bytes, SECRET);
}
