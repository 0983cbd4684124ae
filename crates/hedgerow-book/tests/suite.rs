//! One suite for the fast books and their obvious twins: what a book of prices and a book of orders must do, as tables.

mod obvious;

use hedgerow_book::{Book, LevelBook, OrderBook, Refused, Rules};
use hedgerow_core::{BookLevel, BookOrder, Code, LAST_OF_UPDATE, LevelAction, OrderAction, Side, code};
use obvious::{ObviousLevels, ObviousOrders};

const RULES: Rules = Rules { lowest_ticks: 1, highest_ticks: 1_000_000, may_cross: false, window_ticks: 256 };

fn side(letter: &str) -> u8 {
    match letter {
        "B" => Side::Buy as u8,
        "S" => Side::Sell as u8,
        _ => 9,
    }
}

/// `B 100 5, S 101 7`: prices set in one update; `clear` empties the book.
fn levels(text: &str) -> Vec<BookLevel> {
    let one = |word: &str| {
        let words: Vec<&str> = word.split_whitespace().collect();
        let [own, price, lots] = words[..] else {
            return BookLevel { action: LevelAction::Clear as u8, ..BookLevel::default() };
        };
        let (price_ticks, lots) = (price.parse().unwrap(), lots.parse().unwrap());
        BookLevel { side: side(own), price_ticks, lots, action: LevelAction::Set as u8, ..BookLevel::default() }
    };
    text.split(',').map(one).collect()
}

/// `add 7 B 100 5, cancel 7 2, execute 7 1, delete 7, modify 7 99 5, clear`.
fn orders(text: &str) -> Vec<BookOrder> {
    let one = |word: &str| {
        let words: Vec<&str> = word.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<i64>().unwrap();
        let event = BookOrder::default();
        let id = |action: OrderAction| BookOrder { action: action as u8, order_id: number(1) as u64, ..event };
        match words[0] {
            "add" => BookOrder {
                side: side(words[2]),
                price_ticks: number(3) as i32,
                lots: number(4) as u32,
                ..id(OrderAction::Add)
            },
            "cancel" => BookOrder { lots: number(2) as u32, ..id(OrderAction::Cancel) },
            "execute" => BookOrder { lots: number(2) as u32, ..id(OrderAction::Execute) },
            "delete" => id(OrderAction::Delete),
            "modify" => BookOrder { price_ticks: number(2) as i32, lots: number(3) as u32, ..id(OrderAction::Modify) },
            _ => BookOrder { action: OrderAction::Clear as u8, ..event },
        }
    };
    text.split(',').map(one).collect()
}

/// The book as text: `100:5 99:4 | 101:7`, with orders `100:5(7=2 8=3)`.
fn text<B: Book>(book: &B) -> String {
    let side = |side| {
        let level = |level: &hedgerow_book::Level| {
            let mut queue = Vec::new();
            book.each_order(side, level.price_ticks, &mut |id, lots| queue.push(format!("{id}={lots}")));
            let queue = if queue.is_empty() { String::new() } else { format!("({})", queue.join(" ")) };
            format!("{}:{}{queue}", level.price_ticks, level.lots)
        };
        book.levels(side, usize::MAX).iter().map(level).collect::<Vec<_>>().join(" ")
    };
    format!("{} | {}", side(Side::Buy), side(Side::Sell))
}

/// Takes updates in turn; each either gives the book shown, or is refused with a code and changes nothing.
fn plays<B: Book>(mut book: B, read: fn(&str) -> Vec<B::Event>, table: &[(&str, Result<&str, Code>)]) {
    for (update, wanted) in table {
        let before = (text(&book), book.hash());
        let seen = book.update(&read(update)).map_err(|refused: Refused| refused.code);
        match wanted {
            Ok(after) => assert_eq!((seen, text(&book).as_str()), (Ok(()), *after), "{update}"),
            Err(code) => {
                assert_eq!(seen, Err(*code), "{update}");
                assert_eq!((text(&book), book.hash()), before, "{update}");
            }
        }
    }
}

fn plays_levels(table: &[(&str, Result<&str, Code>)]) {
    plays(LevelBook::new(RULES).unwrap(), levels, table);
    plays(ObviousLevels::new(RULES), levels, table);
}

fn plays_orders(table: &[(&str, Result<&str, Code>)]) {
    plays(OrderBook::new(RULES).unwrap(), orders, table);
    plays(ObviousOrders::new(RULES), orders, table);
}

#[test]
fn prices_are_set_replaced_and_taken_away_and_stand_best_first() {
    plays_levels(&[
        ("B 100 5, B 99 4, S 101 7, S 103 1", Ok("100:5 99:4 | 101:7 103:1")),
        ("B 100 6", Ok("100:6 99:4 | 101:7 103:1")),
        ("B 100 0", Ok("99:4 | 101:7 103:1")),
        ("B 42 0", Ok("99:4 | 101:7 103:1")),
        ("S 101 0, S 102 2", Ok("99:4 | 102:2 103:1")),
        ("clear, S 50 1", Ok(" | 50:1")),
        ("B 49 1", Ok("49:1 | 50:1")),
        ("B 49 0", Ok(" | 50:1")),
    ]);
}

#[test]
fn prices_far_from_the_best_are_as_good_as_any() {
    plays_levels(&[
        ("B 10000 1, B 3 2, S 10001 1, S 900000 9", Ok("10000:1 3:2 | 10001:1 900000:9")),
        ("B 10000 0", Ok("3:2 | 10001:1 900000:9")),
        ("B 2 1, B 9000 4", Ok("9000:4 3:2 2:1 | 10001:1 900000:9")),
        ("S 10001 0", Ok("9000:4 3:2 2:1 | 900000:9")),
        ("B 899999 1", Ok("899999:1 9000:4 3:2 2:1 | 900000:9")),
        ("B 899999 0, B 9000 0, B 3 0", Ok("2:1 | 900000:9")),
    ]);
}

#[test]
fn an_update_of_prices_that_cannot_be_is_refused_and_changes_nothing() {
    plays_levels(&[
        ("B 100 5, S 101 7", Ok("100:5 | 101:7")),
        ("B 101 1", Err(code::BOOK_CROSSED)),
        ("S 100 1", Err(code::BOOK_CROSSED)),
        ("B 99 3, B 101 1", Err(code::BOOK_CROSSED)),
        ("S 101 0, S 102 1, B 101 1", Ok("101:1 100:5 | 102:1")),
        ("B 101 1, S 101 0", Ok("101:1 100:5 | 102:1")),
        ("B 99 -1", Err(code::BOOK_LOTS)),
        ("B 99 4503599627370497", Err(code::BOOK_LOTS)),
        ("B 99 4503599627370496", Ok("101:1 100:5 99:4503599627370496 | 102:1")),
        ("B 0 1", Err(code::BOOK_PRICE)),
        ("B 98 1, S 1000001 1", Err(code::BOOK_PRICE)),
        ("clear, B 5 5, B 7 -7", Err(code::BOOK_LOTS)),
        ("clear, B 5 5, S 5 5", Err(code::BOOK_CROSSED)),
        ("X 99 1", Err(code::BOOK_FIELD)),
    ]);
}

#[test]
fn orders_queue_by_arrival_and_keep_their_place_until_they_grow_or_move() {
    plays_orders(&[
        ("add 1 B 100 5", Ok("100:5(1=5) | ")),
        ("add 2 B 100 3", Ok("100:8(1=5 2=3) | ")),
        ("add 3 B 100 1", Ok("100:9(1=5 2=3 3=1) | ")),
        ("cancel 1 2", Ok("100:7(1=3 2=3 3=1) | ")),
        ("execute 1 3", Ok("100:4(2=3 3=1) | ")),
        ("modify 2 100 2", Ok("100:3(2=2 3=1) | ")),
        ("modify 2 100 4", Ok("100:5(3=1 2=4) | ")),
        ("modify 3 99 1", Ok("100:4(2=4) 99:1(3=1) | ")),
        ("add 9 S 101 6", Ok("100:4(2=4) 99:1(3=1) | 101:6(9=6)")),
        ("delete 2, add 4 B 100 2", Ok("100:2(4=2) 99:1(3=1) | 101:6(9=6)")),
        ("delete 3", Ok("100:2(4=2) | 101:6(9=6)")),
        ("clear, add 1 S 7 1", Ok(" | 7:1(1=1)")),
    ]);
}

#[test]
fn an_update_of_orders_that_cannot_be_is_refused_and_changes_nothing() {
    plays_orders(&[
        ("add 1 B 100 5, add 2 B 100 3, add 3 S 101 4, add 4 B 100 1", Ok("100:9(1=5 2=3 4=1) | 101:4(3=4)")),
        ("add 1 B 90 1", Err(code::BOOK_DUPLICATE_ORDER)),
        ("add 5 B 101 1", Err(code::BOOK_CROSSED)),
        ("add 5 B 99 0", Err(code::BOOK_LOTS)),
        ("add 5 B 0 1", Err(code::BOOK_PRICE)),
        ("add 5 X 99 1", Err(code::BOOK_FIELD)),
        ("cancel 5 1", Err(code::BOOK_UNKNOWN_ORDER)),
        ("cancel 1 0", Err(code::BOOK_LOTS)),
        ("cancel 1 6", Err(code::BOOK_OVER_CANCEL)),
        ("execute 3 5", Err(code::BOOK_OVER_CANCEL)),
        ("delete 8", Err(code::BOOK_UNKNOWN_ORDER)),
        ("modify 8 100 1", Err(code::BOOK_UNKNOWN_ORDER)),
        ("modify 2 100 0", Err(code::BOOK_LOTS)),
        ("modify 2 101 1", Err(code::BOOK_CROSSED)),
        ("delete 2, cancel 1 2, modify 4 50 1, add 7 B 60 1, delete 8", Err(code::BOOK_UNKNOWN_ORDER)),
        ("delete 1, delete 2, delete 4, add 2 B 102 1", Err(code::BOOK_CROSSED)),
        ("clear, add 1 B 5 5, add 1 B 5 5", Err(code::BOOK_DUPLICATE_ORDER)),
    ]);
}

#[test]
fn many_updates_are_cut_where_each_says_that_it_ends() {
    let mut events = levels("B 100 5, S 101 7, B 101 1, S 101 0, S 102 3, B 103 1");
    for at in [1, 4] {
        events[at].action |= LAST_OF_UPDATE;
    }
    let mut book = LevelBook::new(RULES).unwrap();
    let refused = book.update_all(&events).unwrap_err();
    assert_eq!((refused.0, refused.1.code), (5, code::BOOK_CROSSED));
    assert_eq!(text(&book), "101:1 100:5 | 102:3");
    assert_eq!(refused.1.detail(), "best bid 103, best ask 102 ticks");
}

#[test]
fn before_an_auction_a_book_may_cross_and_what_was_crossed_can_be_undone_after_it() {
    let mut book = LevelBook::new(RULES).unwrap();
    book.set_may_cross(true);
    book.update(&levels("B 105 5, S 101 7")).unwrap();
    assert!(book.is_crossed());
    book.set_may_cross(false);
    book.update(&levels("B 90 1")).unwrap();
    book.update(&levels("B 105 0")).unwrap();
    assert_eq!(book.update(&levels("B 101 1")).unwrap_err().code, code::BOOK_CROSSED);
}

#[test]
fn rules_that_cannot_be_kept_make_no_book() {
    for rules in [
        Rules { lowest_ticks: 5, highest_ticks: 4, ..RULES },
        Rules { lowest_ticks: i32::MIN, ..RULES },
        Rules { window_ticks: 1_000, ..RULES },
        Rules { window_ticks: 128, ..RULES },
        Rules { window_ticks: 1 << 19, ..RULES },
    ] {
        assert!(LevelBook::new(rules).is_err() && OrderBook::new(rules).is_err());
    }
}
