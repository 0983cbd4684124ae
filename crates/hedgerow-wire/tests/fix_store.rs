//! Where a session keeps what it must not forget: whole after a cut at any byte, one wait for what came together, and
//! nothing sent that is not kept.

mod fix_kit;

use fix_kit::small;
use hedgerow_core::{Problem, code};
use hedgerow_wire::fix::{Dictionaries, Event, FileStore, MemoryStore, Numbers, Session, Settings, Store};
use std::sync::Arc;

/// 20 November 2026, 14:30 UTC.
const T: i64 = 1_795_185_000_000_000_000;

/// A file of its own for a test.
fn file(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("hedgerow-fix-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn a_store_cut_at_any_byte_has_every_message_that_was_whole() {
    let path = file("cut");
    let mut store = FileStore::open(&path, T).unwrap();
    let mut whole = vec![(std::fs::metadata(&path).unwrap().len(), 1, 1)];
    for number in 1..=6_u64 {
        store.sent(number, format!("message {number}").repeat(number as usize).as_bytes()).unwrap();
        store.settle().unwrap();
        whole.push((std::fs::metadata(&path).unwrap().len(), number + 1, number));
        store.expect(number + 1).unwrap();
        store.settle().unwrap();
        whole.push((std::fs::metadata(&path).unwrap().len(), number + 1, number + 1));
    }
    let bytes = std::fs::read(&path).unwrap();
    let cut = file("cut-at");
    for length in whole[0].0..=bytes.len() as u64 {
        std::fs::write(&cut, &bytes[..length as usize]).unwrap();
        let mut store = FileStore::open(&cut, T).unwrap();
        let (_, next_out, next_in) = *whole.iter().rev().find(|(end, ..)| *end <= length).unwrap();
        assert_eq!(store.numbers(), Numbers { next_out, next_in, since_ns: T }, "cut at {length}");
        let mut kept = 0;
        let right = |number: u64, raw: &[u8]| raw == format!("message {number}").repeat(number as usize).as_bytes();
        store.replay(1, 100, &mut |number, raw| kept += u64::from(right(number, raw))).unwrap();
        assert_eq!(kept, next_out - 1);
        store.sent(next_out, b"goes on").unwrap();
        store.settle().unwrap();
        assert_eq!(FileStore::open(&cut, T).unwrap().numbers().next_out, next_out + 1);
    }
    // A byte changed before the end is no crash.
    let mut damaged = bytes.clone();
    damaged[40] ^= 1;
    std::fs::write(&cut, damaged).unwrap();
    assert_eq!(FileStore::open(&cut, T).unwrap_err().code, code::WIRE_STORE);
    std::fs::write(&cut, b"something else").unwrap();
    assert!(FileStore::open(&cut, T).is_err());
    let mut store = FileStore::open(&path, T).unwrap();
    store.reset(T + 5).unwrap();
    assert_eq!(FileStore::open(&path, T).unwrap().numbers(), Numbers { next_out: 1, next_in: 1, since_ns: T + 5 });
}

#[test]
fn messages_kept_together_are_there_before_and_after_their_one_wait_and_not_without_it() {
    let path = file("together");
    let mut store = FileStore::open(&path, T).unwrap();
    let told = |store: &FileStore| {
        let mut told = Vec::new();
        store.replay(1, 9, &mut |number, raw| told.push((number, raw.to_vec()))).unwrap();
        told
    };
    store.sent(1, b"one").unwrap();
    store.settle().unwrap();
    store.sent(2, b"two").unwrap();
    store.expect(7).unwrap();
    store.sent(3, b"three").unwrap();
    let all = vec![(1, b"one".to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())];
    assert_eq!(told(&store), all);
    assert_eq!(told(&FileStore::open(&path, T).unwrap()), all[..1]);
    assert_eq!(FileStore::open(&path, T).unwrap().numbers(), Numbers { next_out: 2, next_in: 1, since_ns: T });
    store.settle().unwrap();
    let again = FileStore::open(&path, T).unwrap();
    assert_eq!((told(&store), told(&again)), (all.clone(), all));
    assert_eq!(again.numbers(), Numbers { next_out: 4, next_in: 7, since_ns: T });
}

/// A store that keeps nothing: every wait for it fails.
struct Full(MemoryStore);

impl Store for Full {
    fn numbers(&self) -> Numbers {
        self.0.numbers()
    }
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem> {
        self.0.sent(number, message)
    }
    fn expect(&mut self, number: u64) -> Result<(), Problem> {
        self.0.expect(number)
    }
    fn note(&mut self, number: u64) {
        self.0.note(number);
    }
    fn noted(&self) -> u64 {
        self.0.noted()
    }
    fn settle(&mut self) -> Result<(), Problem> {
        Err(Problem::new(code::WIRE_STORE, "the disk is full"))
    }
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem> {
        self.0.reset(now_ns)
    }
    fn replay(&self, first: u64, last: u64, give: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
        self.0.replay(first, last, give)
    }
}

#[test]
fn what_cannot_be_kept_is_not_sent_and_the_session_ends_there() {
    let settings = Settings::new("FIX.4.4", "A", "B", true);
    let mut a = Session::new(settings, Dictionaries::one(Arc::new(small())), Full(MemoryStore::new(T)));
    a.connected(T).unwrap();
    assert!(a.transmit().is_empty());
    let told = a.poll(T);
    assert!(matches!(&told, Some(Event::Disconnected(why)) if why.contains("the disk is full")), "{told:?}");
    assert_eq!(a.settle().unwrap_err().code, code::WIRE_STORE);
    assert_eq!(a.send(b"D", &[(11, b"1".to_vec())], T).unwrap_err().code, code::WIRE_SESSION);
    assert!(a.transmit().is_empty() && !a.is_connected() && a.poll(T).is_none());
}
