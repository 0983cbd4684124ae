//! Messages framed, split and checked: what is right is read, what is wrong has its name, nothing panics.

mod fix_kit;

use fix_kit::{HEADER, message, published, shared, small};
use hedgerow_wire::fix::{Books, Dictionary, Fault, Framer, Kind, MESSAGE_MAX, Parser, Rules, Writer};
use proptest::prelude::*;

const ORDER: &str = "11=ID|54=1|55=INTC|60=20261120-14:30:00|40=1|";

fn checked(raw: &[u8], dictionary: &Dictionary) -> Result<(), Fault> {
    Parser::new().read(raw, Books::one(dictionary), Rules::default()).map(|_| ())
}

fn order(fields: &str) -> Vec<u8> {
    message("D", &format!("{HEADER}{fields}"))
}

#[test]
fn each_fault_has_its_name_and_its_tag() {
    let book = small();
    let cases = [
        (order(&format!("{ORDER}999=x|")), Kind::Tag, 999),
        (order(&format!("{ORDER}5001=x|")), Kind::Tag, 5001),
        (order("54=1|55=INTC|60=20261120-14:30:00|40=1|"), Kind::Required, 11),
        (order("11=ID|54=1|60=20261120-14:30:00|40=1|"), Kind::Required, 55),
        (order(&format!("{ORDER}112=x|")), Kind::NotOfMessage, 112),
        (order(&format!("{ORDER}58=|")), Kind::NoValue, 58),
        (order("11=ID|54=9|55=INTC|60=20261120-14:30:00|40=1|"), Kind::Value, 54),
        (order(&format!("{ORDER}18=1 G X|")), Kind::Value, 18),
        (order(&format!("{ORDER}38=+200|")), Kind::Format, 38),
        (order(&format!("{ORDER}44=1e5|")), Kind::Format, 44),
        (message("zz", HEADER), Kind::MsgType, 0),
        (order(&format!("{ORDER}40=2|")), Kind::Repeated, 40),
        (message("D", &format!("11=ID|{HEADER}54=1|")), Kind::OutOfOrder, 34),
        (order(&format!("{ORDER}453=2|448=a|")), Kind::GroupCount, 453),
        (order(&format!("{ORDER}453=1|448=a|448=b|")), Kind::GroupCount, 453),
        (order(&format!("{ORDER}453=1|452=1|448=a|")), Kind::GroupOrder, 452),
        (order(&format!("{ORDER}453=1|448=a|452=x|")), Kind::Format, 452),
        (order(&format!("{ORDER}453=1|448=a|802=2|523=s|")), Kind::GroupCount, 802),
        (order(&format!("{ORDER}448=a|")), Kind::NotOfMessage, 448),
    ];
    for (raw, kind, tag) in cases {
        assert_eq!(checked(&raw, &book), Err(Fault::new(kind, tag)), "{}", String::from_utf8_lossy(&raw));
    }
}

#[test]
fn the_fault_with_the_lowest_tag_is_told_and_the_header_comes_first() {
    let raw = message("D", "34=2|49=A|52=20261120-14:30:00.000|56=B|115=|11=ID|54=9|55=I|60=20261120-14:30:00|40=9|");
    assert_eq!(checked(&raw, &small()), Err(Fault::new(Kind::NoValue, 115)));
    let raw = order("11=ID|54=9|55=I|60=20261120-14:30:00|40=9|");
    assert_eq!(checked(&raw, &small()), Err(Fault::new(Kind::Value, 40)));
}

#[test]
fn groups_within_groups_are_read_with_their_depth() {
    let book = small();
    let raw = order(&format!("11=ID|453=2|448=a|802=2|523=s|803=1|523=t|448=b|452=3|{}", &ORDER[6..]));
    let mut parser = Parser::new();
    let read = parser.read(&raw, Books::one(&book), Rules::default()).unwrap();
    let depths: Vec<(i32, u8)> = read.fields()[7..17].iter().map(|field| (field.tag, field.depth)).collect();
    let expected = [(11, 0), (453, 0), (448, 1), (802, 1), (523, 2), (803, 2), (523, 2), (448, 1), (452, 1), (54, 0)];
    assert_eq!(depths, expected);
    assert_eq!((read.get(448), read.get(11), read.number(34)), (None, Some(&b"ID"[..]), Some(2)));
    assert_eq!(book.field(54).unwrap().label(b"1"), Some("BUY"));
}

#[test]
fn what_a_counterparty_says_beyond_the_dictionary_is_let_pass_where_the_rules_let_it() {
    let book = small();
    let lenient = Rules { fields_known: false, ..Rules::default() };
    let users = Rules { user_fields_known: false, ..Rules::default() };
    let told = &ORDER[6..];
    let depths = |fields: &str, rules: Rules| {
        let raw = order(&format!("11=ID|{fields}{told}"));
        let mut parser = Parser::new();
        let read = parser.read(&raw, Books::one(&book), rules).map_err(|fault| (fault.kind, fault.tag))?;
        Ok(read.fields()[9..raw.iter().filter(|byte| **byte == 1).count() - 5]
            .iter()
            .map(|field| (field.tag, field.depth))
            .collect::<Vec<_>>())
    };
    // A group that nobody knows, whose fields come again with each entry.
    let unknown = "382=2|375=x|337=y|375=z|337=w|";
    assert!(depths(unknown, lenient).is_ok());
    assert_eq!(depths(unknown, Rules::default()), Err((Kind::Tag, 337)));
    // Fields of an entry that the dictionary does not have there, between others and behind them.
    let extra = "453=2|448=a|999=1|452=1|448=b|999=2|";
    let within = [(448, 1), (999, 1), (452, 1), (448, 1), (999, 1)];
    assert_eq!(depths(extra, lenient), Ok(within.to_vec()));
    assert_eq!(depths(extra, users), Err((Kind::NotOfMessage, 448)));
    let own = extra.replace("999", "5001");
    assert!(depths(&own, lenient).is_ok() && depths(&own, users).is_ok());
    // One of the message's own within an entry, while entries are to come; behind the last it is the message's.
    assert_eq!(depths("453=2|448=a|58=x|448=b|58=y|", lenient), Ok([(448, 1), (58, 1), (448, 1), (58, 0)].to_vec()));
    // What is wrong stays wrong: the message's own twice, too few entries, one that begins with another field.
    assert_eq!(depths("58=x|58=y|", lenient), Err((Kind::Repeated, 58)));
    assert!(depths("453=3|448=a|999=1|448=b|", lenient).is_err());
    assert_eq!(depths("453=1|999=1|448=b|", lenient), Err((Kind::GroupCount, 453)));
}

#[test]
fn data_may_hold_the_separator_and_its_length_must_be_true() {
    let book = small();
    let mut writer = Writer::new();
    let mut with = |length: u64| {
        writer
            .begin(b"D")
            .number(34, 2)
            .text(49, b"A")
            .timestamp(52, 1, 3)
            .text(56, b"B")
            .text(11, b"ID")
            .text(54, b"1");
        writer.text(55, b"X").timestamp(60, 1, 0).text(40, b"1").number(354, length).text(355, b"a\x0110=000\x01z");
        writer.finish(b"FIX.4.4").to_vec()
    };
    let raw = with(10);
    let mut parser = Parser::new();
    let read = parser.read(&raw, Books::one(&book), Rules::default()).unwrap();
    assert_eq!(read.get(355), Some(&b"a\x0110=000\x01z"[..]));
    assert_eq!(checked(&with(9), &book), Err(Fault::new(Kind::Garbled, 355)));
    assert_eq!(checked(&with(900_000), &book), Err(Fault::new(Kind::Garbled, 355)));
    // The framer goes by BodyLength: the CheckSum within the data does not end the message.
    let mut framer = Framer::new(MESSAGE_MAX);
    framer.push(&raw);
    assert_eq!(framer.next(), Some(Ok(&raw[..])));
}

#[test]
fn length_and_checksum_are_verified() {
    let book = small();
    let good = order(ORDER);
    assert_eq!(checked(&good, &book), Ok(()));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x11;
        assert!(checked(&bad, &book).is_err(), "byte {at} changed and nobody saw");
        assert!(checked(&good[..at], &book).is_err());
    }
}

#[test]
fn a_stream_in_any_pieces_gives_the_same_messages() {
    let (first, second) = (order(ORDER), message("0", HEADER));
    let mut stream = b"noise8=FI".to_vec();
    stream.extend([&first[..], b"\x01garbage", &second, b"8=FIX.4.4\x0134=1\x01", &first].concat());
    for piece in [1, 2, 3, 7, 64, stream.len()] {
        let mut framer = Framer::new(MESSAGE_MAX);
        let mut whole = Vec::new();
        for bytes in stream.chunks(piece) {
            framer.push(bytes);
            while let Some(found) = framer.next() {
                whole.extend(found.ok().map(<[u8]>::to_vec));
            }
        }
        assert_eq!(whole, [first.clone(), second.clone(), first.clone()], "pieces of {piece}");
        assert_eq!(framer.waiting(), 0);
    }
}

#[test]
fn hostile_lengths_are_not_waited_for() {
    for length in ["999999999", "99999999999999999999", "-5", "1x", "", "2000000"] {
        let mut framer = Framer::new(MESSAGE_MAX);
        framer.push(format!("8=FIX.4.4\x019={length}\x0135=0\x01").as_bytes());
        let good = message("0", HEADER);
        framer.push(&good);
        let mut found = Vec::new();
        while let Some(next) = framer.next() {
            found.push(next.map(<[u8]>::to_vec));
        }
        assert_eq!(found.last(), Some(&Ok(good)), "length {length}: {found:?}");
        assert!(found[0].is_err());
    }
    // A message without an end is given up once it is longer than any may be.
    let mut framer = Framer::new(1000);
    framer.push(b"8=FIX.4.4\x019=10\x0135=0\x01");
    for _ in 0..100 {
        framer.push(&[b'x'; 100]);
        while framer.next().is_some() {}
        assert!(framer.waiting() < 2100);
    }
}

#[test]
fn a_wrong_length_takes_with_it_what_it_covers() {
    let good = message("0", HEADER);
    let long = String::from_utf8(good.clone()).unwrap().replace("9=4", "9=6");
    let mut framer = Framer::new(MESSAGE_MAX);
    framer.push(&[long.as_bytes(), &good, &good].concat());
    let lost = framer.next().unwrap().unwrap().to_vec();
    assert!(checked(&lost, &small()).is_err());
    assert_eq!(framer.next(), Some(Ok(&good[..])));
    assert_eq!(framer.next(), None);
}

#[test]
fn dictionaries_that_are_none_are_refused() {
    let broken = [
        "",
        "<fix>",
        "<html/>",
        "<fix major='4'/>",
        "<fix major='4' minor='4'><header><field name='Nobody' required='Y'/></header></fix>",
        "<fix major='4' minor='4'><fields><field number='0' name='A' type='INT'/></fields></fix>",
        "<fix major='4' minor='4'><fields><field number='99999999' name='A' type='INT'/></fields></fix>",
        "<fix major='4' minor='4'><header><component name='C'/></header><components><component name='C'><component name='C'/></component></components></fix>",
    ];
    for text in broken {
        let problem = Dictionary::from_xml(text).unwrap_err();
        assert_eq!(problem.code, hedgerow_core::code::WIRE_DICTIONARY, "{text}");
    }
}

#[test]
fn every_published_dictionary_is_read() {
    let Some(_) = shared() else { return };
    for (name, version, messages) in [
        ("FIX40", "FIX.4.0", 27),
        ("FIX41", "FIX.4.1", 28),
        ("FIX42", "FIX.4.2", 46),
        ("FIX43", "FIX.4.3", 68),
        ("FIX44", "FIX.4.4", 93),
        ("FIX50", "FIX.5.0", 93),
        ("FIX50SP1", "FIX.5.0SP1", 105),
        ("FIX50SP2", "FIX.5.0SP2", 156),
        ("FIXT11", "FIXT.1.1", 8),
    ] {
        let book = published(name).unwrap();
        assert_eq!((book.version(), book.messages().len()), (version, messages));
        assert!(book.fields().iter().all(|field| book.field(field.tag).is_some_and(|found| found.name == field.name)));
    }
}

/// Fields that may be anything near an order.
fn field() -> impl Strategy<Value = (i32, Vec<u8>)> {
    let tag = prop_oneof![
        4 => prop::sample::select(vec![11, 18, 34, 38, 40, 43, 44, 49, 52, 54, 55, 56, 58, 60, 97, 115, 453, 448, 452, 802, 523, 803, 354, 355, 93, 89]),
        1 => prop::sample::select(vec![0, -1, 7, 112, 999, 5000, 70_000, 999_999_999]),
    ];
    let value = prop_oneof![
        6 => prop::sample::select(vec!["1", "2", "0", "A", "20261120-14:30:00", "1 G", "N", "3.5", "", "x"]).prop_map(|v| v.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    (tag, value)
}

fn near_order() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(field(), 0..12), any::<bool>(), prop::sample::select(vec!["D", "0", "A", "5", "z"]))
        .prop_map(|(fields, whole, msg_type)| {
            let mut text =
                if whole { format!("{HEADER}{ORDER}") } else { HEADER.to_owned() }.replace('|', "\x01").into_bytes();
            for (tag, value) in fields {
                text.extend_from_slice(format!("{tag}=").as_bytes());
                text.extend_from_slice(&value);
                text.push(1);
            }
            let body = [format!("35={msg_type}\x01").as_bytes(), &text].concat();
            let mut raw = [format!("8=FIX.4.4\x019={}\x01", body.len()).as_bytes(), &body].concat();
            let sum = raw.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            raw.extend_from_slice(format!("10={sum:03}\x01").as_bytes());
            raw
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The pass that the hot path takes and its slow twin agree on what is a message, for every set of rules.
    #[test]
    fn the_fast_check_and_its_twin_agree(raw in near_order(), values in any::<bool>(), known in any::<bool>(), user in any::<bool>()) {
        let book = small();
        let rules = Rules { values_present: values, fields_known: known, user_fields_known: user };
        let mut parser = Parser::new();
        if parser.split(&raw, Books::one(&book)).is_ok() {
            let (fast, slow) = (parser.fast(&raw, Books::one(&book), rules), parser.slow(&raw, Books::one(&book), rules).is_ok());
            prop_assert!(slow || !fast);
            if known && user {
                prop_assert_eq!(fast, slow);
            }
        }
    }

    /// Whatever bytes come in whatever pieces: an answer, and never more held than allowed.
    #[test]
    fn no_stream_of_bytes_panics(raw in near_order(), noise in prop::collection::vec(any::<u8>(), 0..64), cut in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let book = small();
        let mut bytes = [&noise[..], &raw, &raw].concat();
        let at = flip.index(bytes.len());
        bytes[at] = byte;
        let (one, two) = bytes.split_at(cut.index(bytes.len()));
        let mut framer = Framer::new(4096);
        let mut parser = Parser::new();
        for piece in [one, two] {
            framer.push(piece);
            while let Some(found) = framer.next() {
                if let Ok(raw) = found {
                    let _ = parser.read(raw, Books::one(&book), Rules::default());
                }
            }
        }
        prop_assert!(framer.waiting() <= bytes.len());
    }
}
