//! Two sessions over a link that loses, cuts and repeats: nothing that was sent is lost, nothing is taken twice.

mod fix_kit;

use fix_kit::{HEADER, message, small};
use hedgerow_wire::fix::{
    Dictionaries, Event, FileStore, Kind, MemoryStore, Numbers, Schedule, Session, Settings, Store,
};
use proptest::prelude::*;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
/// 20 November 2026, 14:30 UTC: the time in `HEADER`.
const T: i64 = 1_795_185_000 * SECOND;

type Side = Session<MemoryStore>;

fn side(us: &str, them: &str, initiator: bool) -> Side {
    side_with(us, them, initiator, |_| ())
}

fn side_with(us: &str, them: &str, initiator: bool, set: impl FnOnce(&mut Settings)) -> Side {
    let mut settings = Settings::new("FIX.4.4", us, them, initiator);
    set(&mut settings);
    Session::new(settings, Dictionaries::one(Arc::new(small())), MemoryStore::new(T))
}

fn pairs(id: u64) -> Vec<(u32, Vec<u8>)> {
    let fields =
        [(11, id.to_string()), (55, "X".into()), (54, "1".into()), (60, "20261120-14:30:00".into()), (40, "1".into())];
    fields.map(|(tag, value)| (tag, value.into_bytes())).to_vec()
}

/// Takes bytes and gives what happened, with the ClOrdID of each order.
fn events<S: Store>(side: &mut Session<S>, bytes: &[u8], now: i64) -> Vec<String> {
    side.received(bytes);
    let mut told = Vec::new();
    while let Some(event) = side.poll(now) {
        told.push(match event {
            Event::Application => String::from_utf8_lossy(side.message().get(11).unwrap_or(b"?")).into_owned(),
            other => format!("{other:?}"),
        });
    }
    told
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x01', "|")
}

/// Lets both talk until neither has anything to say.
fn settle(a: &mut Side, b: &mut Side, now: i64) -> (Vec<String>, Vec<String>) {
    let (mut told_a, mut told_b) = (Vec::new(), Vec::new());
    loop {
        let (to_b, to_a) = (a.transmit(), b.transmit());
        if to_a.is_empty() && to_b.is_empty() {
            return (told_a, told_b);
        }
        told_b.extend(events(b, &to_b, now));
        told_a.extend(events(a, &to_a, now));
    }
}

fn logged_on() -> (Side, Side) {
    let (mut a, mut b) = (side("A", "B", true), side("B", "A", false));
    a.connected(T).unwrap();
    b.connected(T).unwrap();
    assert_eq!(settle(&mut a, &mut b, T), (vec!["LoggedOn".to_owned()], vec!["LoggedOn".to_owned()]));
    (a, b)
}

#[test]
fn orders_go_over_and_the_session_ends_in_order() {
    let (mut a, mut b) = logged_on();
    assert_eq!(a.send(b"D", &pairs(7), T).unwrap(), 2);
    assert_eq!(settle(&mut a, &mut b, T), (vec![], vec!["7".to_owned()]));
    a.logout("done", T);
    let (told_a, told_b) = settle(&mut a, &mut b, T);
    assert_eq!((told_a.len(), told_b), (1, vec!["Disconnected(\"done\")".to_owned()]));
    assert_eq!((a.numbers().next_out, a.numbers().next_in), (4, 3));
    assert_eq!((b.numbers().next_out, b.numbers().next_in), (3, 4));
}

#[test]
fn nothing_is_sent_that_may_not_be() {
    let mut a = side("A", "B", true);
    assert_eq!(a.send(b"D", &pairs(1), T).unwrap_err().code, hedgerow_core::code::WIRE_SESSION);
    let (mut a, _) = logged_on();
    assert_eq!(a.send(b"0", &[], T).unwrap_err().code, hedgerow_core::code::WIRE_SESSION);
    let smuggled = [pairs(1), vec![(58, b"a\x0154=2".to_vec())]].concat();
    assert_eq!(a.send(b"D", &smuggled, T).unwrap_err().code, hedgerow_core::code::WIRE_VALUE);
    assert_eq!(a.numbers().next_out, 2);
    // Data may hold the separator; the header's fields are put where they belong and the session's own are its own.
    let data = [
        pairs(1),
        vec![(354, b"3".to_vec()), (355, b"a\x01b".to_vec()), (115, b"DESK".to_vec()), (34, b"99".to_vec())],
    ];
    a.send(b"D", &data.concat(), T).unwrap();
    let sent = text(&a.transmit());
    assert!(sent.contains("|35=D|34=2|49=A|52=20261120-14:30:00.000|56=B|115=DESK|11=1|"), "{sent}");
}

#[test]
fn a_message_counts_only_once_the_application_has_taken_it() {
    let (mut a, mut b) = logged_on();
    a.send(b"D", &pairs(1), T).unwrap();
    b.received(&a.transmit());
    assert_eq!(b.poll(T), Some(Event::Application));
    assert_eq!(b.numbers().next_in, 2);
    assert_eq!(b.poll(T), None);
    assert_eq!(b.numbers().next_in, 3);
}

#[test]
fn what_was_lost_is_sent_again_and_stale_orders_need_not_be() {
    // Whoever lets no order be sent again is told of each that the counterparty will not have.
    let withheld = vec!["Withheld(2)", "Withheld(3)", "Withheld(4)"];
    for (never, expected, told_us) in [(vec![], vec!["1", "2", "3"], vec![]), (vec!["D".to_owned()], vec![], withheld)]
    {
        let mut a = side_with("A", "B", true, |settings| settings.never_again = never);
        let mut b = side("B", "A", false);
        a.connected(T).unwrap();
        b.connected(T).unwrap();
        settle(&mut a, &mut b, T);
        a.send(b"D", &pairs(1), T).unwrap();
        a.send(b"D", &pairs(2), T).unwrap();
        let _lost = a.transmit();
        a.send(b"D", &pairs(3), T).unwrap();
        let (ours, told) = settle(&mut a, &mut b, T + SECOND);
        assert_eq!(
            (ours, told),
            (told_us.iter().map(ToString::to_string).collect(), expected.iter().map(ToString::to_string).collect())
        );
        assert_eq!(b.numbers().next_in, 5);
    }
}

#[test]
fn an_order_sent_again_says_so_and_when_it_was_sent_first() {
    let (mut a, mut b) = logged_on();
    a.send(b"D", &pairs(1), T).unwrap();
    let _lost = a.transmit();
    a.tick(T + 30 * SECOND);
    b.received(&a.transmit());
    assert_eq!(b.poll(T + 30 * SECOND), None);
    let asked = b.transmit();
    assert!(text(&asked).contains("|35=2|34=2|"), "{}", text(&asked));
    events(&mut a, &asked, T + 30 * SECOND);
    let again = text(&a.transmit());
    assert!(again.contains("|34=2|43=Y|49=A|52=20261120-14:30:30.000|56=B|122=20261120-14:30:00.000|11=1|"), "{again}");
    assert!(again.contains("|35=4|34=3|43=Y|") && again.contains("|36=4|123=Y|"), "{again}");
}

#[test]
fn a_request_without_an_answer_is_asked_again() {
    let (mut a, mut b) = logged_on();
    a.send(b"D", &pairs(1), T).unwrap();
    let _lost = a.transmit();
    a.send(b"D", &pairs(2), T).unwrap();
    events(&mut b, &a.transmit(), T);
    let _also_lost = b.transmit();
    for second in 1..70 {
        b.tick(T + second * SECOND);
        a.tick(T + second * SECOND);
        let heard = a.transmit();
        events(&mut b, &heard, T + second * SECOND);
    }
    assert_eq!(text(&b.transmit()).matches("|35=2|").count(), 1);
}

#[test]
fn a_silent_counterparty_is_tested_and_then_left() {
    let (mut a, _) = logged_on();
    let mut told = Vec::new();
    for second in 1..=72 {
        a.tick(T + second * SECOND);
        for kind in text(&a.transmit()).split("|35=").skip(1) {
            told.push((second, kind[..1].to_owned()));
        }
    }
    assert_eq!(told, [(30, "0".to_owned()), (36, "1".to_owned())]);
    assert_eq!(a.poll(T), Some(Event::Disconnected("nothing came for 2.4 heartbeats".to_owned())));
    assert!(!a.is_connected());
}

#[test]
fn a_clock_that_jumps_neither_silences_nor_confuses() {
    let hour = 3600 * SECOND;
    let (mut a, mut b) = logged_on();
    a.tick(T - hour);
    assert!(a.transmit().is_empty() && a.poll(T - hour).is_none());
    // Heartbeats go on from where the clock is now.
    a.tick(T - hour + 30 * SECOND);
    assert!(text(&a.transmit()).contains("|35=0|"));
    // What the other side sends is an hour ahead of our clock: it is told, and the session ends in order.
    b.send(b"D", &pairs(1), T).unwrap();
    events(&mut a, &b.transmit(), T - hour + 31 * SECOND);
    let said = text(&a.transmit());
    assert!(said.contains("373=10") && said.contains("|35=5|"), "{said}");
    // Ahead by hours: nothing came for that long, as far as we know.
    b.tick(T + 5 * hour);
    assert!(matches!(b.poll(T + 5 * hour), Some(Event::Disconnected(_))));
    b.connected(T + 5 * hour).unwrap();
    assert_eq!(b.numbers().next_in, 2);
}

#[test]
fn a_schedule_ends_sessions_and_begins_numbers_anew() {
    let schedule = Schedule::Daily { start_s: 14 * 3600, end_s: 15 * 3600 };
    let mut a = side_with("A", "B", true, |settings| settings.schedule = schedule);
    a.connected(T).unwrap();
    a.tick(T + 1800 * SECOND);
    assert!(matches!(a.poll(T), Some(Event::Disconnected(_))));
    assert_eq!(a.connected(T + 1800 * SECOND).unwrap_err().code, hedgerow_core::code::WIRE_SESSION);
    assert_eq!(a.numbers().next_out, 2);
    let tomorrow = T + 86_400 * SECOND;
    a.connected(tomorrow).unwrap();
    assert_eq!(a.numbers(), Numbers { next_out: 2, next_in: 1, since_ns: tomorrow });
}

#[test]
fn yesterdays_session_played_again_is_not_believed() {
    let (_, mut b) = logged_on();
    let order = "11=1|54=1|55=X|60=20261120-14:30:00|40=1|";
    let new = message("D", &format!("{HEADER}{order}"));
    let old = message("D", &format!("{}{order}", HEADER.replace("14:30", "09:00").replace("34=2", "34=3")));
    let told = events(&mut b, &[new, old].concat(), T);
    assert_eq!((told[0].as_str(), told[1].contains("SendingTime")), ("1", true), "{told:?}");
    let said = text(&b.transmit());
    assert!(said.contains("373=10") && said.contains("|35=5|"), "{said}");
}

#[test]
fn sequence_resets_never_go_back() {
    let (_, mut b) = logged_on();
    events(&mut b, &message("4", &format!("{HEADER}36=10|")), T);
    assert_eq!(b.numbers().next_in, 10);
    let told = events(&mut b, &message("4", &format!("{HEADER}36=5|")), T);
    assert!(told[0].contains(&format!("{:?}", Kind::Value)), "{told:?}");
    assert_eq!(b.numbers().next_in, 10);
}

#[test]
fn held_messages_are_bounded() {
    let mut b = side_with("B", "A", false, |settings| settings.held_max = 3);
    let mut a = side("A", "B", true);
    a.connected(T).unwrap();
    b.connected(T).unwrap();
    settle(&mut a, &mut b, T);
    a.send(b"D", &pairs(0), T).unwrap();
    let _lost = a.transmit();
    for id in 1..50 {
        a.send(b"D", &pairs(id), T).unwrap();
    }
    let (_, told) = settle(&mut a, &mut b, T);
    let expected: Vec<String> = (0..50).map(|id| id.to_string()).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_logon_that_is_not_theirs_or_not_of_now_resets_nothing() {
    let (mut a, mut b) = logged_on();
    a.send(b"D", &pairs(1), T).unwrap();
    assert_eq!(settle(&mut a, &mut b, T).1, vec!["1".to_owned()]);
    let numbers = b.numbers();
    let yesterday = "34=1|49=A|52=20261119-14:30:00.000|56=B|";
    let stranger = "34=1|49=X|52=20261120-14:30:00.000|56=B|";
    for header in [yesterday, stranger] {
        b.disconnected(T);
        b.connected(T).unwrap();
        let told = events(&mut b, &message("A", &format!("{header}98=0|108=30|141=Y|")), T);
        assert!(told.last().is_some_and(|last| last.contains("another CompID or time")), "{told:?}");
        assert_eq!(b.numbers(), numbers, "{header}");
    }
}

#[test]
fn a_store_that_never_heard_of_the_session_asks_once_to_count_from_one() {
    let mut a = side_with("A", "B", true, |settings| settings.reset_when_new = true);
    for _ in 0..2 {
        a.connected(T).unwrap();
        let sent = text(&a.transmit());
        assert!(sent.contains("|34=1|") && sent.contains("|141=Y|"), "{sent}");
        a.disconnected(T);
    }
    a.connected(T).unwrap();
    let _ = a.transmit();
    events(&mut a, &message("A", "34=1|49=B|52=20261120-14:30:00.000|56=A|98=0|108=30|141=Y|"), T);
    assert!(a.is_logged_on());
    a.disconnected(T);
    a.connected(T).unwrap();
    let sent = text(&a.transmit());
    assert!(sent.contains("|34=2|") && !sent.contains("|141="), "{sent}");
}

#[test]
fn a_reset_forgets_the_message_that_was_being_taken() {
    let mut b = side_with("B", "A", false, |settings| settings.reset_on_disconnect = true);
    b.connected(T).unwrap();
    events(&mut b, &message("A", "34=1|49=A|52=20261120-14:30:00.000|56=B|98=0|108=30|"), T);
    b.received(&message("D", &format!("{HEADER}11=1|55=X|54=1|60=20261120-14:30:00|40=1|")));
    assert_eq!(b.poll(T), Some(Event::Application));
    b.disconnected(T);
    while b.poll(T).is_some() {}
    assert_eq!((b.numbers().next_out, b.numbers().next_in), (1, 1));
}

#[test]
fn a_storm_of_resend_requests_ends_the_session_before_it_fills_the_memory() {
    let (mut a, _) = logged_on();
    for id in 0..200 {
        let mut order = pairs(id);
        order.push((58, vec![b'x'; 10_000]));
        a.send(b"D", &order, T).unwrap();
    }
    let _ = a.transmit();
    let storm: Vec<u8> = (2..400)
        .flat_map(|number| message("2", &format!("34={number}|49=B|52=20261120-14:30:00.000|56=A|7=1|16=0|")))
        .collect();
    let told = events(&mut a, &storm, T);
    assert!(told.last().is_some_and(|last| last.starts_with("Disconnected")), "{:?}", told.last());
    assert!(a.transmit().len() < 70 << 20);
}

#[test]
fn held_messages_are_bounded_in_bytes_too() {
    let (_, mut b) = logged_on();
    let text = "x".repeat(1 << 19);
    for number in 0..400 {
        let header = format!("34={}|49=A|52=20261120-14:30:00.000|56=B|", number + 10);
        let order = format!("{header}11={number}|55=X|54=1|60=20261120-14:30:00|40=1|58={text}|");
        assert_eq!(events(&mut b, &message("D", &order), T), Vec::<String>::new());
    }
    assert!(b.held_bytes() <= 64 << 20);
}

/// A file of its own for a test.
fn file(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("hedgerow-fix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn a_logon_that_asks_for_heartbeats_before_now_is_not_answered() {
    for asked in ["-5", "99999999999999999999"] {
        let mut b = side("B", "A", false);
        b.connected(T).unwrap();
        let logon = format!("34=1|49=A|52=20261120-14:30:00.000|56=B|98=0|108={asked}|");
        let told = events(&mut b, &message("A", &logon), T);
        assert!(told.len() == 1 && told[0].contains("HeartBtInt"), "{told:?}");
        assert!(b.transmit().is_empty());
    }
}

#[test]
fn a_store_that_cannot_be_reset_ends_the_logon_and_nothing_follows() {
    let folder = file("gone").with_extension("folder");
    std::fs::create_dir_all(&folder).unwrap();
    let store = FileStore::open(&folder.join("store"), T).unwrap();
    let settings = Settings::new("FIX.4.4", "B", "A", false);
    let mut b = Session::new(settings, Dictionaries::one(Arc::new(small())), store);
    b.connected(T).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let told = events(&mut b, &message("A", "34=1|49=A|52=20261120-14:30:00.000|56=B|98=0|108=30|141=Y|"), T);
    assert!(told.len() == 1 && told[0].starts_with("Disconnected"), "{told:?}");
    assert!(b.transmit().is_empty());
}

#[test]
fn a_session_goes_on_from_its_file() {
    let path = file("goes-on");
    let settings = Settings::new("FIX.4.4", "A", "B", true);
    let books = Dictionaries::one(Arc::new(small()));
    let mut b = side("B", "A", false);
    for round in 0..3_u64 {
        let store = FileStore::open(&path, T).unwrap();
        let mut a = Session::new(settings.clone(), books.clone(), store);
        a.connected(T).unwrap();
        b.connected(T).unwrap();
        let mut told = events(&mut b, &a.transmit(), T);
        events(&mut a, &b.transmit(), T);
        a.send(b"D", &pairs(round), T).unwrap();
        // Every other time the order is kept and the process ends before it is sent.
        if round % 2 == 0 {
            let _never_sent = a.transmit();
        }
        for _ in 0..6 {
            told.extend(events(&mut b, &a.transmit(), T));
            events(&mut a, &b.transmit(), T);
        }
        b.disconnected(T);
        while b.poll(T).is_some() {}
        let orders: Vec<&String> = told.iter().filter(|told| told.parse::<u64>().is_ok()).collect();
        assert_eq!(orders, [vec![], vec!["0", "1"], vec![]][round as usize].iter().collect::<Vec<_>>());
    }
}

/// What a link does with what one side sends.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Comes,
    Lost,
    Garbled,
    Twice,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    prop::collection::vec(
        prop_oneof![5 => Just(Fate::Comes), 2 => Just(Fate::Lost), 1 => Just(Fate::Garbled), 1 => Just(Fate::Twice)],
        1..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost or garbled on the way, every order arrives, once, in order, when the link is good again. One that
    /// was silent for too long (a garbled length swallows what follows) ends first, and a new one brings the rest.
    #[test]
    fn every_order_arrives_once_and_in_order(fates in fates(), flip in any::<prop::sample::Index>()) {
        let (mut a, mut b) = logged_on();
        let mut told = Vec::new();
        let mut now = T;
        for (id, fate) in fates.iter().enumerate() {
            now += SECOND;
            a.send(b"D", &pairs(id as u64), now).unwrap();
            let mut bytes = a.transmit();
            match fate {
                Fate::Comes | Fate::Twice => {}
                Fate::Lost => bytes.clear(),
                Fate::Garbled => { let at = flip.index(bytes.len()); bytes[at] ^= 0x15; }
            }
            told.extend(events(&mut b, &bytes, now));
            // What comes twice would be a number too low without PossDupFlag, for which a session must end.
            if !matches!(fate, Fate::Lost) {
                events(&mut a, &b.transmit(), now);
            }
        }
        for _ in 0..200 {
            now += SECOND;
            if !(a.is_connected() && b.is_connected()) {
                for side in [&mut a, &mut b] {
                    side.disconnected(now);
                    events(side, &[], now);
                    side.connected(now).unwrap();
                }
            }
            a.tick(now);
            b.tick(now);
            let (to_b, to_a) = (a.transmit(), b.transmit());
            told.extend(events(&mut b, &to_b, now));
            events(&mut a, &to_a, now);
        }
        let orders: Vec<u64> = told.iter().filter_map(|told| told.parse().ok()).collect();
        prop_assert_eq!(orders, (0..fates.len() as u64).collect::<Vec<_>>(), "{:?}", told);
    }

    /// Bytes of a hostile counterparty: an answer or the end, numbers that never go back, and no panic.
    #[test]
    fn hostile_bytes_leave_the_session_whole(
        kinds in prop::collection::vec((prop::sample::select(vec!["0", "1", "2", "3", "4", "5", "A", "D", "j", "zz"]), 0_u64..12, prop::sample::select(vec!["", "43=Y|", "43=Y|122=20261120-14:30:00|"]), prop::sample::select(vec!["", "7=0|16=0|", "7=9|16=3|", "7=1|16=99999999999|", "36=0|", "36=18446744073709551615|", "36=7|123=Y|", "98=0|108=30|", "98=0|108=0|141=Y|", "98=0|108=-5|", "112=|", "453=9|448=x|"])), 1..20),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
    ) {
        let (_, mut b) = logged_on();
        let mut stream = Vec::new();
        for (kind, number, flags, body) in kinds {
            stream.extend(message(kind, &format!("34={number}|{flags}49=A|52=20261120-14:30:00|56=B|{body}")));
        }
        let cut = at.index(stream.len());
        stream.splice(cut..cut, noise);
        events(&mut b, &stream, T);
        let numbers = b.numbers();
        prop_assert!(numbers.next_in >= 1 && numbers.next_out >= 1 && b.broken().is_none());
        if b.is_logged_on() {
            let _ = b.transmit();
            b.send(b"D", &pairs(1), T).ok();
        }
        b.tick(T + 100 * SECOND);
        b.disconnected(T);
        prop_assert!(!b.is_connected());
    }
}
