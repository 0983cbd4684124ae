//! A hundred thousand damaged messages: each gets a named error or the protocol's answer, and the session goes on.

mod fix_kit;

use fix_kit::{message, small};
use hedgerow_wire::fix::{Dictionaries, Event, MemoryStore, Session, Settings};
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
const T: i64 = 1_795_185_000 * SECOND;
const MESSAGES: usize = 100_000;

/// A seeded generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

const KINDS: [(&str, &str); 9] = [
    ("D", "11=1|54=1|55=X|60=20261120-14:30:00|40=1|"),
    ("D", "11=1|453=2|448=a|802=1|523=s|448=b|452=3|54=1|55=X|60=20261120-14:30:00|40=2|44=1.5|"),
    ("D", "11=1|54=1|55=X|60=20261120-14:30:00|40=1|354=3|355=a=b|58=text|"),
    ("0", "112=x|"),
    ("1", "112=x|"),
    ("2", "7=1|16=0|"),
    ("3", "45=1|"),
    ("4", "36=9|123=Y|"),
    ("5", ""),
];

/// A message that was right, damaged in one or two ways; half of the time its length and checksum are made right again.
fn damaged(random: &mut Random, number: u64) -> Vec<u8> {
    let (kind, body) = KINDS[random.below(KINDS.len())];
    let number = if random.below(8) == 0 { random.below(40) as u64 } else { number };
    let mut raw = message(kind, &format!("34={number}|49=A|52=20261120-14:30:00.000|56=B|{body}"));
    for _ in 0..=random.below(2) {
        let at = random.below(raw.len());
        match random.below(8) {
            0 => raw[at] = random.below(256) as u8,
            1 => drop(raw.remove(at)),
            2 => raw.insert(at, [1, b'=', b'8', b'9', 0, 255][random.below(6)]),
            3 => raw.truncate(at.max(1)),
            4 => raw.extend_from_within(..at),
            5 => {
                let fields: Vec<&[u8]> = raw.split_inclusive(|&b| b == 1).collect();
                let field = fields[random.below(fields.len())].to_vec();
                drop(raw.splice(at..at, field));
            }
            6 => drop(raw.splice(at..at, *b"9=99999999\x01")),
            _ => drop(raw.splice(at..at, *b"-2147483648=\x01")),
        }
    }
    if random.below(2) == 0 { rightened(&raw) } else { raw }
}

/// The same fields with a true length and checksum, so that the damage is looked at and not passed over.
fn rightened(raw: &[u8]) -> Vec<u8> {
    let fields = raw.split(|&b| b == 1).filter(|field| !field.is_empty());
    let kept =
        fields.filter(|field| !field.starts_with(b"8=") && !field.starts_with(b"9=") && !field.starts_with(b"10="));
    let body: Vec<u8> = kept.flat_map(|field| field.iter().copied().chain([1])).collect();
    let mut whole = [format!("8=FIX.4.4\x019={}\x01", body.len()).as_bytes(), &body].concat();
    let sum = whole.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    whole.extend(format!("10={sum:03}\x01").bytes());
    whole
}

#[test]
fn a_hundred_thousand_damaged_messages_leave_the_session_whole() {
    let books = Dictionaries::one(Arc::new(small()));
    let settings = Settings::new("FIX.4.4", "B", "A", false);
    let mut session = Session::new(settings.clone(), books.clone(), MemoryStore::new(T));
    let mut random = Random(0x5eed);
    let (mut passed, mut refused, mut ended, mut taken, mut answered) = (0, 0, 0, 0, 0);
    for round in 0..MESSAGES {
        if round % 2_000 == 0 {
            // A new store, so that what is asked for again stays short.
            session = Session::new(settings.clone(), books.clone(), MemoryStore::new(T));
        }
        if !session.is_connected() {
            session.connected(T).unwrap();
        }
        if !session.is_logged_on() {
            let number = session.numbers().next_in;
            session.received(&message("A", &format!("34={number}|49=A|52=20261120-14:30:00|56=B|98=0|108=30|")));
            while let Some(event) = session.poll(T) {
                assert!(!matches!(event, Event::Refused(..)), "{event:?}");
            }
            assert!(session.is_logged_on(), "it takes a good Logon after whatever came before");
        }
        let before = session.numbers();
        let raw = damaged(&mut random, before.next_in);
        session.received(&raw);
        while let Some(event) = session.poll(T) {
            match event {
                Event::Passed(fault) => {
                    assert!(fault.is_garbled() || !session.is_logged_on());
                    passed += 1;
                }
                Event::Refused(_, fault) => {
                    assert!(fault.code().def().is_some());
                    refused += 1;
                }
                Event::Disconnected(why) => {
                    assert!(!why.is_empty());
                    ended += 1;
                }
                Event::Application => taken += 1,
                Event::LoggedOn | Event::Rejected | Event::Withheld(_) => {}
            }
        }
        let after = session.numbers();
        assert!(after.next_in >= before.next_in && after.next_out >= before.next_out, "numbers never go back");
        assert!(session.broken().is_none());
        answered += usize::from(!session.transmit().is_empty());
        // What waits for the rest of a message is given up with its connection.
        if random.below(16) == 0 {
            session.disconnected(T);
            while session.poll(T).is_some() {}
        }
    }
    assert!(
        passed.min(refused).min(ended).min(taken).min(answered) > 1_000,
        "{passed} {refused} {ended} {taken} {answered}"
    );
}
