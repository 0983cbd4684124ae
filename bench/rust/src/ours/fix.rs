//! FIX orders read and written beside the floors, and the requests for memory that this takes.

use crate::count::requests;
use crate::floor::fix as floor;
use crate::sample::{Sample, print_count, runs};
use hedgerow_wire::fix::{Books, Dictionary, Found, Parser, Rules, Writer, first_message, number};
use std::hint::black_box;

/// As many as stay in the nearest cache.
const ORDERS: usize = 64;
const REPEATS: usize = 4_000;
const MESSAGE_MAX: usize = 1 << 16;
const TIME_NS: i64 = 1_795_185_000_123_456_000;

/// The dictionary of the tests: an order, its lists of values, groups.
const DICTIONARY: &str = include_str!("../../../../crates/hedgerow-wire/tests/fix_kit/small.xml");

/// Measures all.
pub fn run() {
    let orders = floor::orders(ORDERS);
    let book = Dictionary::from_xml(DICTIONARY).expect("it is a dictionary");
    let mut parser = Parser::new();
    let mut writer = Writer::new();
    let mut template = floor::Template::new();
    let n = ORDERS * REPEATS;
    let mut samples: [Sample; 5] = std::array::from_fn(|_| Sample::default());
    for _ in 0..=runs() {
        samples[0].time(n, || {
            for message in orders.chunks_exact(floor::LEN).cycle().take(n) {
                assert!(black_box(floor::parse(black_box(message))).right);
            }
        });
        samples[1].time(n, || {
            for message in orders.chunks_exact(floor::LEN).cycle().take(n) {
                black_box(read(&mut parser, &book, black_box(message)));
            }
        });
        samples[2].time(n, || {
            for n in 0..n as u64 {
                black_box(template.write(n % 1_000_000, n, n, n % 9_999, 5_000_000 + n % 999_900));
            }
        });
        samples[3].time(n, || {
            for n in 0..n as u64 {
                black_box(write(&mut writer, n % 1_000_000, n, n, n % 9_999, 5_000_000 + n % 999_900));
            }
        });
    }
    for _ in 0..=runs() {
        samples[4].time(n, || {
            for message in orders.chunks_exact(floor::LEN).cycle().take(n) {
                assert!(matches!(first_message(black_box(message), MESSAGE_MAX), Found::Message(0, floor::LEN)));
            }
        });
    }
    let bytes = format!("an order of {} bytes and 16 fields", floor::LEN);
    samples[0].print("floor.fix.parse", "ns", n, &format!("{bytes}: a byte loop, nine fields converted, checksum"));
    let checks = "length, checksum, tags, types, listed values, required fields, groups";
    samples[1].print("fix.parse", "ns", n, &format!("the same order: {checks}; nine fields taken out"));
    samples[4].print("fix.frame", "ns", n, "where a message of a stream begins and ends");
    samples[2].print("floor.fix.encode", "ns", n, "digits of a prepared order overwritten, checksum");
    samples[3].print("fix.encode", "ns", n, "an order of 16 fields written, length and checksum");
    let parsed =
        requests(|| orders.chunks_exact(floor::LEN).for_each(|m| assert!(is_an_order(&read(&mut parser, &book, m)))));
    let note = "requests to the program's allocator";
    print_count(
        "fix.parse.allocations",
        "allocations/message",
        parsed.map(|all| (all as f64 / ORDERS as f64, ORDERS)),
        note,
    );
    let written = requests(|| (0..64).for_each(|n| assert!(write(&mut writer, n, n, n, n, n).len() > 100)));
    print_count("fix.encode.allocations", "allocations/message", written.map(|all| (all as f64 / 64.0, 64)), note);
}

fn is_an_order(order: &Order) -> bool {
    let numbers = order.sequence.min(order.quantity).min(order.price) > 0 && order.length == 157;
    numbers
        && matches!(order.side, b'1' | b'2')
        && (order.kind, order.until, order.id, order.symbol) == (b'2', b'0', 13, 6)
}

/// What a desk takes out of an order: the nine fields that the floor takes.
#[derive(Default)]
struct Order {
    sequence: u64,
    length: u64,
    quantity: u64,
    price: u64,
    side: u8,
    kind: u8,
    until: u8,
    id: usize,
    symbol: usize,
}

/// Checks an order, and takes out of it what the floor takes.
#[inline]
fn read(parser: &mut Parser, book: &Dictionary, bytes: &[u8]) -> Order {
    let message = parser.read(bytes, Books::one(book), Rules::default()).expect("it is an order");
    let mut order = Order::default();
    for field in message.fields() {
        let value = message.value(*field);
        match field.tag {
            9 => order.length = number(value).unwrap_or(0),
            34 => order.sequence = number(value).unwrap_or(0),
            38 => order.quantity = number(value).unwrap_or(0),
            44 => {
                let digits = value.iter().filter(|c| **c != b'.');
                order.price = digits.fold(0, |n, c| n * 10 + u64::from(c.wrapping_sub(b'0')));
            }
            54 => order.side = value[0],
            40 => order.kind = value[0],
            59 => order.until = value[0],
            11 => order.id = value.len(),
            55 => order.symbol = value.len(),
            _ => {}
        }
    }
    order
}

/// Writes an order.
#[inline]
fn write(writer: &mut Writer, sequence: u64, id: u64, side: u64, quantity: u64, cents: u64) -> &[u8] {
    writer.begin(b"D").text(49, b"CLIENT12").text(56, b"EXCH0001").number(34, sequence).timestamp(52, TIME_NS, 6);
    writer.number(11, id).text(55, b"BTCUSD").text(54, if side & 1 == 0 { b"1" } else { b"2" });
    writer.timestamp(60, TIME_NS, 6).number(38, quantity).text(40, b"2").decimal(44, cents as i64, 2).text(59, b"0");
    writer.finish(b"FIX.4.4")
}
