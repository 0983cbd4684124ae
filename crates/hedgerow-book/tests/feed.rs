//! Following a venue: images, numbered updates, gaps, and coming back, by each venue's rule.

use hedgerow_book::{Book, Feed, Follower, LevelBook, Link, Numbers, Rules, State, Step, Taken, VENUES, VenueRule};
use hedgerow_core::{BookLevel, Code, LevelAction, Side, code};

fn numbers(first: i64, last: i64, previous: i64) -> Numbers {
    Numbers { first, last, previous }
}

fn bid(price_ticks: i32, lots: i64) -> BookLevel {
    BookLevel { price_ticks, lots, side: Side::Buy as u8, action: LevelAction::Set as u8, ..BookLevel::default() }
}

fn feed(rule: &str) -> Feed<LevelBook> {
    let book = LevelBook::new(Rules::default()).unwrap();
    Feed::new(book, VenueRule::named(rule).unwrap(), 100)
}

fn bids(feed: &Feed<LevelBook>) -> Vec<(i32, i64)> {
    feed.book().levels(Side::Buy, 9).iter().map(|level| (level.price_ticks, level.lots)).collect()
}

fn refusal<T>(taken: Result<T, hedgerow_book::Refused>) -> Code {
    taken.err().expect("it is refused").code
}

/// Plays updates against an image of number 10: each is skipped, applied, or a gap.
fn after_image(rule: &str, updates: &[(Numbers, Result<Step, Code>)]) {
    let mut follower = Follower::new(VenueRule::named(rule).unwrap());
    follower.image(10, None).unwrap();
    for (numbers, wanted) in updates {
        let seen = follower.update(numbers).map_err(|refused| refused.code);
        assert_eq!(seen, *wanted, "{rule} {numbers:?}");
    }
}

#[test]
fn binance_spot_needs_the_number_after_the_image_in_the_first_update_and_then_each_next_one() {
    after_image(
        "binance_spot",
        &[
            (numbers(5, 10, 0), Ok(Step::Skip)),
            (numbers(9, 12, 0), Ok(Step::Apply)),
            (numbers(13, 13, 0), Ok(Step::Apply)),
            (numbers(15, 16, 0), Err(code::BOOK_GAP)),
            (numbers(17, 18, 0), Ok(Step::Hold)),
        ],
    );
    after_image("binance_spot", &[(numbers(11, 12, 0), Ok(Step::Apply)), (numbers(12, 14, 0), Err(code::BOOK_GAP))]);
    after_image("binance_spot", &[(numbers(12, 12, 0), Err(code::BOOK_GAP))]);
}

#[test]
fn binance_futures_need_the_images_number_in_the_first_update_and_then_the_one_before_named() {
    after_image(
        "binance_futures",
        &[
            (numbers(5, 9, 4), Ok(Step::Skip)),
            (numbers(8, 12, 7), Ok(Step::Apply)),
            (numbers(14, 19, 12), Ok(Step::Apply)),
            (numbers(25, 30, 20), Err(code::BOOK_GAP)),
        ],
    );
    after_image("binance_futures", &[(numbers(10, 10, 9), Ok(Step::Apply))]);
    after_image("binance_futures", &[(numbers(11, 14, 10), Err(code::BOOK_GAP))]);
}

#[test]
fn venues_that_name_the_one_before_are_followed_from_the_image_in_the_stream() {
    for rule in ["deribit", "okx", "poloniex"] {
        after_image(
            rule,
            &[
                (numbers(15, 15, 10), Ok(Step::Apply)),
                (numbers(15, 15, 15), Ok(Step::Apply)),
                (numbers(20, 20, 16), Err(code::BOOK_GAP)),
            ],
        );
        after_image(rule, &[(numbers(15, 15, 12), Err(code::BOOK_GAP))]);
    }
    after_image("bybit", &[(numbers(11, 11, 0), Ok(Step::Apply)), (numbers(13, 13, 0), Err(code::BOOK_GAP))]);
    after_image("unnumbered", &[(numbers(0, 0, 0), Ok(Step::Apply)), (numbers(0, 0, 0), Ok(Step::Apply))]);
}

#[test]
fn numbers_that_contradict_each_other_are_refused_and_change_nothing() {
    for (rule, wrong) in [("binance_spot", numbers(9, 8, 0)), ("okx", numbers(15, 15, 16))] {
        let mut follower = Follower::new(VenueRule::named(rule).unwrap());
        follower.image(10, None).unwrap();
        let before = follower;
        assert_eq!(refusal(follower.update(&wrong)), code::BOOK_NUMBERS);
        assert_eq!(follower, before);
        assert_eq!(refusal(follower.update(&numbers(i64::MAX, i64::MIN, i64::MAX))), code::BOOK_NUMBERS);
    }
}

#[test]
fn updates_before_the_image_are_held_and_those_that_follow_it_are_applied() {
    let mut feed = feed("binance_spot");
    assert!(feed.needs_image());
    for first in [8, 10, 12] {
        assert_eq!(feed.update(&numbers(first, first + 1, 0), &[bid(first as i32, 1)]), Ok(Taken::Held));
    }
    feed.image(9, &[bid(1, 1)]).unwrap();
    assert_eq!((bids(&feed), feed.last()), (vec![(12, 1), (10, 1), (1, 1)], 13));
    assert_eq!(feed.update(&numbers(14, 14, 0), &[bid(12, 0)]), Ok(Taken::Applied));
    assert_eq!((bids(&feed), feed.needs_image()), (vec![(10, 1), (1, 1)], false));
}

#[test]
fn an_image_older_than_what_is_held_is_refused_and_a_newer_one_is_taken() {
    let mut feed = feed("binance_spot");
    feed.update(&numbers(20, 25, 0), &[bid(5, 1)]).unwrap();
    assert_eq!(refusal(feed.image(15, &[bid(1, 1)])), code::BOOK_STALE_SNAPSHOT);
    assert!(feed.needs_image() && bids(&feed).is_empty());
    feed.image(22, &[bid(1, 1)]).unwrap();
    assert_eq!(bids(&feed), [(5, 1), (1, 1)]);
    assert_eq!(refusal(feed.image(24, &[bid(9, 9)])), code::BOOK_STALE_SNAPSHOT);
    assert_eq!(bids(&feed), [(5, 1), (1, 1)]);
}

#[test]
fn after_a_gap_the_feed_waits_and_one_image_makes_it_whole_again() {
    let mut feed = feed("binance_futures");
    feed.image(10, &[bid(1, 1)]).unwrap();
    feed.update(&numbers(9, 12, 8), &[bid(2, 1)]).unwrap();
    assert_eq!(refusal(feed.update(&numbers(15, 16, 14), &[bid(3, 1)])), code::BOOK_GAP);
    assert_eq!(feed.update(&numbers(17, 18, 16), &[bid(4, 1)]), Ok(Taken::Held));
    assert!(feed.needs_image());
    assert_eq!(bids(&feed), [(2, 1), (1, 1)]);
    assert_eq!(refusal(feed.image(14, &[])), code::BOOK_STALE_SNAPSHOT);
    feed.image(16, &[bid(7, 7)]).unwrap();
    assert_eq!((bids(&feed), feed.last()), (vec![(7, 7), (4, 1), (3, 1)], 18));
}

#[test]
fn a_gap_among_what_is_held_leaves_what_follows_it_held() {
    let mut feed = feed("binance_spot");
    for (first, last) in [(5, 6), (9, 9), (10, 10)] {
        feed.update(&numbers(first, last, 0), &[bid(first as i32, 1)]).unwrap();
    }
    assert_eq!(refusal(feed.image(4, &[])), code::BOOK_GAP);
    assert!(feed.needs_image());
    feed.image(8, &[bid(1, 1)]).unwrap();
    assert_eq!((bids(&feed), feed.last()), (vec![(10, 1), (9, 1), (1, 1)], 10));
}

#[test]
fn an_image_in_the_stream_begins_a_new_count() {
    let mut feed = feed("bybit");
    feed.image(500, &[bid(1, 1)]).unwrap();
    feed.update(&numbers(501, 501, 0), &[bid(2, 1)]).unwrap();
    feed.image(1, &[bid(9, 1)]).unwrap();
    feed.update(&numbers(2, 2, 0), &[bid(8, 1)]).unwrap();
    assert_eq!(bids(&feed), [(9, 1), (8, 1)]);
}

#[test]
fn an_update_or_image_that_the_book_refuses_leaves_the_book_and_the_feed_waits() {
    let ask = |price, lots| BookLevel { side: Side::Sell as u8, ..bid(price, lots) };
    let mut feed = feed("bybit");
    feed.image(1, &[bid(1, 1), ask(5, 1)]).unwrap();
    assert_eq!(refusal(feed.update(&numbers(2, 2, 0), &[bid(2, 1), bid(5, 1)])), code::BOOK_CROSSED);
    assert_eq!((bids(&feed), feed.needs_image()), (vec![(1, 1)], true));
    assert_eq!(refusal(feed.image(3, &[bid(9, 1), ask(9, 1)])), code::BOOK_CROSSED);
    assert_eq!((bids(&feed), feed.needs_image()), (vec![(1, 1)], true));
    feed.image(3, &[bid(4, 1)]).unwrap();
    assert!(!feed.needs_image());
    feed.lose();
    assert!(feed.needs_image());
}

#[test]
fn what_is_held_is_bounded_and_too_much_is_forgotten_by_name() {
    let mut feed = feed("binance_spot");
    let wide: Vec<BookLevel> = (1..=30).map(|price| bid(price, 1)).collect();
    for first in 0..3 {
        feed.update(&numbers(first, first, 0), &wide).unwrap();
    }
    assert_eq!(refusal(feed.update(&numbers(3, 3, 0), &wide)), code::BOOK_HELD);
    feed.image(7, &[bid(1, 1)]).unwrap();
    assert_eq!(feed.last(), 7);
}

#[test]
fn every_rule_has_a_name_of_its_own_and_says_where_it_is_written() {
    for (at, rule) in VENUES.iter().enumerate() {
        assert_eq!(VenueRule::named(rule.name), Some(&VENUES[at]));
        assert!(!rule.source.is_empty() && (rule.link != Link::Nothing || rule.image_in_stream));
        assert_eq!(Follower::new(rule).state(), State::Waiting);
    }
}
