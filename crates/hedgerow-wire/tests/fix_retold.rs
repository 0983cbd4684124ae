//! A store whose application tells anew what is lost: whatever a power cut leaves of what was not waited for, the file
//! opens as a beginning of it, no number is used twice, and the other side goes on with us.

mod fix_kit;

use fix_kit::small;
use hedgerow_core::code;
use hedgerow_wire::fix::{Dictionaries, Event, FileStore, MemoryStore, Numbers, Session, Settings, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 20 November 2026, 14:30 UTC.
const T: i64 = 1_795_185_000_000_000_000;
const SECTOR: usize = 512;

/// A file of its own for a test.
fn file(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hedgerow-fix-retold-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn open(path: &Path) -> FileStore {
    FileStore::open(path, T).unwrap().retold()
}

fn length(path: &Path) -> usize {
    std::fs::metadata(path).unwrap().len() as usize
}

/// Sends and settles one message, noting its number.
fn send(store: &mut FileStore, number: u64) {
    store.sent(number, format!("message {number} ").repeat(20).as_bytes()).unwrap();
    store.note(number);
    store.settle().unwrap();
}

fn kept(store: &FileStore) -> Vec<u64> {
    let mut kept = Vec::new();
    store.replay(1, 100_000, &mut |number, _| kept.push(number)).unwrap();
    kept
}

#[test]
fn whichever_sectors_a_power_cut_takes_of_what_was_not_waited_for_no_number_is_used_twice() {
    let path = file("cut");
    let mut store = open(&path);
    send(&mut store, 1);
    let durable = length(&path);
    (2..=12).for_each(|number| send(&mut store, number));
    drop(store);
    let bytes = std::fs::read(&path).unwrap();
    let whole = open(&path);
    assert_eq!((kept(&whole), whole.noted()), ((1..=12).collect(), 12), "a process that was killed loses nothing");
    let first = durable.next_multiple_of(SECTOR);
    let sectors = (bytes.len() - first).div_ceil(SECTOR);
    assert!(sectors >= 5);
    let cut = file("cut-at");
    for lost in 0..1_usize << sectors {
        let mut left = bytes.clone();
        for sector in (0..sectors).filter(|sector| lost >> sector & 1 == 1) {
            let end = (first + (sector + 1) * SECTOR).min(left.len());
            left[first + sector * SECTOR..end].fill(0);
        }
        for end in [left.len(), durable, durable + 1, first + SECTOR + lost % SECTOR] {
            std::fs::write(&cut, &left[..end]).unwrap();
            let mut store = open(&cut);
            let told = kept(&store);
            assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>(), "a beginning");
            assert!((told.len() as u64).abs_diff(store.noted()) <= 1, "the note goes with the messages");
            let next = store.numbers().next_out;
            assert!(next > 12, "{next} was used, with {lost:b} lost");
            send(&mut store, next);
            assert!(open(&cut).numbers().next_out > next);
        }
    }
}

#[test]
fn damage_in_what_was_waited_for_is_an_error_and_not_a_crash() {
    let path = file("damaged");
    let mut store = open(&path);
    send(&mut store, 1);
    let durable = length(&path);
    (2..=9).for_each(|number| send(&mut store, number));
    let bytes = std::fs::read(&path).unwrap();
    for place in 8..durable {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(FileStore::open(&path, T).unwrap_err().code, code::WIRE_STORE, "byte {place}");
    }
}

#[test]
fn numbers_are_kept_ahead_anew_before_they_end_and_a_damaged_word_of_it_uses_none_twice() {
    let path = file("ahead");
    let mut store = open(&path);
    let (mut grown, mut ahead) = (Vec::new(), Vec::new());
    for number in 1..=8_400 {
        let before = length(&path);
        store.sent(number, b"message").unwrap();
        store.settle().unwrap();
        grown.push(length(&path) - before);
        if number > 1 && grown.last() != grown.get(1) {
            ahead.push((number, length(&path)));
        }
    }
    assert_eq!(ahead.len(), 2, "one wait for thousands of messages: {ahead:?}");
    let bytes = std::fs::read(&path).unwrap();
    let mut damaged = bytes.clone();
    damaged[ahead[0].1 - 1] ^= 1;
    // Nothing behind it says more than what was kept ahead before: it could be a crash, and no number is used twice.
    let last = ahead[1].1 - 100;
    std::fs::write(&path, &damaged[..last]).unwrap();
    assert!(FileStore::open(&path, T).unwrap().numbers().next_out > 8_190);
    for second in [false, true] {
        damaged[ahead[1].1 - 1] ^= u8::from(second);
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(FileStore::open(&path, T).unwrap_err().code, code::WIRE_STORE, "a number beyond it was used");
    }
    std::fs::write(&path, bytes).unwrap();
    assert!(FileStore::open(&path, T).unwrap().numbers().next_out > 8_400);
}

#[test]
fn an_orderly_end_leaves_no_gap_and_a_reset_keeps_the_note() {
    let path = file("parted");
    let mut store = open(&path);
    (1..=3).for_each(|number| send(&mut store, number));
    store.part();
    store.settle().unwrap();
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.numbers(), Numbers { next_out: 4, next_in: 1, since_ns: T });
    send(&mut store, 4);
    assert!(open(&path).numbers().next_out > 1_000, "on the next connection it may have gone on");
    store.reset(T + 5).unwrap();
    drop(store);
    let store = open(&path);
    assert_eq!((store.numbers(), store.noted()), (Numbers { next_out: 1, next_in: 1, since_ns: T + 5 }, 4));
}

type Ours = Session<FileStore>;
type Theirs = Session<MemoryStore>;

fn ours(path: &Path) -> Ours {
    Session::new(Settings::new("FIX.4.4", "A", "B", true), Dictionaries::one(Arc::new(small())), open(path))
}

fn order(id: u64) -> Vec<(u32, Vec<u8>)> {
    let fields =
        [(11, id.to_string()), (55, "X".into()), (54, "1".into()), (60, "20261120-14:30:00".into()), (40, "1".into())];
    fields.map(|(tag, value)| (tag, value.into_bytes())).to_vec()
}

/// Lets both talk until neither has anything to say; the orders that they took.
fn talk(a: &mut Ours, b: &mut Theirs) -> Vec<String> {
    let mut orders = Vec::new();
    loop {
        let (to_b, to_a) = (a.transmit(), b.transmit());
        if to_a.is_empty() && to_b.is_empty() {
            return orders;
        }
        a.received(&to_a);
        while a.poll(T).is_some() {}
        b.received(&to_b);
        while let Some(event) = b.poll(T) {
            if event == Event::Application {
                orders.push(String::from_utf8_lossy(b.message().get(11).unwrap()).into_owned());
            }
        }
    }
}

#[test]
fn the_other_side_goes_on_with_a_session_of_which_a_power_cut_took_what_it_had_sent() {
    let path = file("session");
    let settings = Settings::new("FIX.4.4", "B", "A", false);
    let mut b = Session::new(settings, Dictionaries::one(Arc::new(small())), MemoryStore::new(T));
    let mut a = ours(&path);
    a.connected(T).unwrap();
    b.connected(T).unwrap();
    assert!(talk(&mut a, &mut b).is_empty());
    let durable = length(&path);
    for id in 1..=3 {
        a.send(b"D", &order(id), T).unwrap();
    }
    assert_eq!(talk(&mut a, &mut b), ["1", "2", "3"]);
    a.send(b"D", &order(4), T).unwrap();
    let _lost_on_the_way = a.transmit();
    drop(a);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(durable as u64).unwrap();
    b.disconnected(T);
    while b.poll(T).is_some() {}
    let mut a = ours(&path);
    a.connected(T).unwrap();
    b.connected(T).unwrap();
    assert!(talk(&mut a, &mut b).is_empty(), "nothing comes twice, and the gap is filled");
    a.send(b"D", &order(5), T).unwrap();
    assert_eq!(talk(&mut a, &mut b), ["5"]);
    a.logout("", T);
    assert!(talk(&mut a, &mut b).is_empty() && !a.is_connected());
    let numbers = (a.numbers().next_out, b.numbers().next_in);
    assert_eq!(numbers.0, numbers.1);
    drop(a);
    assert_eq!(ours(&path).numbers().next_out, numbers.0, "it ended in order: nothing is skipped");
}
