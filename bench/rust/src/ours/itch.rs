//! ITCH messages read and made into books, beside copying their bytes.

use crate::floor::itch as floor;
use crate::sample::{Sample, runs};
use hedgerow_book::Rules;
use hedgerow_wire::itch::{Frames, ItchBooks, Message};
use std::hint::black_box;

const MESSAGES: usize = 500_000;
const STOCKS: u16 = 64;

/// Measures all three.
pub fn run() {
    let day = floor::day(MESSAGES, STOCKS);
    let n = Frames::new(&day).count();
    let mut copied = vec![0_u8; day.len()];
    let mut samples: [Sample; 3] = std::array::from_fn(|_| Sample::default());
    for _ in 0..=runs() {
        samples[0].time(n, || black_box(&mut copied).copy_from_slice(black_box(&day)));
        samples[1].time(n, || {
            for message in Frames::new(black_box(&day)) {
                black_box(Message::read(message.expect("the day is whole")).expect("it is a message"));
            }
        });
        let mut books = ItchBooks::new(Rules::default(), 0).expect("the rules can be kept");
        samples[2].time(n, || {
            for message in Frames::new(black_box(&day)) {
                books.take(message.expect("the day is whole"), &mut ()).expect("it can be");
            }
        });
        assert!(books.stocks().all(|(_, stock)| stock.book().is_some_and(|book| !book.is_empty())));
    }
    let note = format!("{n} messages of {} bytes copied", day.len());
    samples[0].print("floor.itch.copy", "ns", n, &note);
    samples[1].print("itch.read", "ns", n, "each message framed, typed and checked for its length, where it lies");
    samples[2].print("itch.book", "ns", n, "the same, and into the books of 64 stocks of 20,000 orders, from empty");
}
