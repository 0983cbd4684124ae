//! ITCH read from what an encoder of its own wrote: every field of every message, damage of every kind, whole books.

mod spec;

use hedgerow_book::{Book as _, Level, Rules};
use hedgerow_core::{BookOrder, Code, MarketPhase, OrderAction, Phase, Side, Trade, TradeKind, code};
use hedgerow_wire::itch::{Frames, ItchBooks, Malformed, Message, NetOrderImbalance, Sink, TYPES, Text};
use proptest::collection::vec;
use proptest::prelude::*;
use spec::{fields, file, message, types};

/// What a view says of a field, as the encoder was told it.
trait Told {
    fn told(&self) -> String;
}
macro_rules! told { ($($t:ty),+) => { $(impl Told for $t { fn told(&self) -> String { self.to_string() } })+ } }
told! { u8, u16, u32, u64 }
impl<const N: usize> Told for Text<N> {
    fn told(&self) -> String {
        self.text()
    }
}

/// Every field of a message by name, through the views.
fn seen(bytes: &[u8]) -> Vec<(&'static str, String)> {
    macro_rules! through {
        ($($variant:ident: $($field:ident)*;)+) => {
            match Message::read(bytes).unwrap() {
                $(Message::$variant(m) => vec![
                    ("locate", m.stock_locate().told()), ("tracking", m.tracking_number().told()), ("time", m.timestamp().told()),
                    $((stringify!($field), m.$field().told())),*
                ],)+
            }
        };
    }
    through! {
        SystemEvent: event_code;
        StockDirectory: stock market_category financial_status round_lot_size round_lots_only issue_classification
            issue_sub_type authenticity short_sale_threshold ipo_flag luld_tier etp_flag etp_leverage inverse;
        StockTradingAction: stock trading_state reason;
        RegShoRestriction: stock action;
        MarketParticipantPosition: participant stock primary mode state;
        MwcbDeclineLevel: level_1 level_2 level_3;
        MwcbStatus: breached_level;
        QuotingPeriodUpdate: stock release_seconds qualifier price;
        LuldAuctionCollar: stock reference_price upper_price lower_price extension;
        OperationalHalt: stock market action;
        AddOrder: reference side shares stock price;
        AddOrderAttributed: reference side shares stock price attribution;
        OrderExecuted: reference shares match_number;
        OrderExecutedWithPrice: reference shares match_number printable price;
        OrderCancel: reference shares;
        OrderDelete: reference;
        OrderReplace: reference new_reference shares price;
        TradeHidden: reference side shares stock price match_number;
        CrossTrade: shares stock price match_number cross_type;
        BrokenTrade: match_number;
        NetOrderImbalance: paired_shares imbalance_shares direction stock far_price near_price reference_price cross_type
            variation;
        RetailInterest: stock interest;
        DirectListing: stock open_eligibility minimum_price maximum_price near_price near_time lower_collar upper_collar;
    }
}

/// A sample value for a field: text where views give text, else a number that fills its width with different bytes.
fn sample(name: &str, width: usize, place: usize) -> String {
    match name {
        "stock" | "participant" | "attribution" | "reason" | "issue_sub_type" => format!("'T{place}'")[..4].to_owned(),
        _ => (0..width).fold(0_u64, |all, at| all << 8 | (17 * (place + 1) + 3 * at) as u64 & 0xff).to_string(),
    }
}

#[test]
fn every_field_of_every_message_is_read_where_the_specification_says() {
    for kind in types() {
        let given: Vec<(&str, String)> =
            fields(kind).iter().enumerate().map(|(at, (name, width))| (*name, sample(name, *width, at))).collect();
        let text: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let bytes = message(&format!("{kind} {}", text.join(" ")));
        let wanted: Vec<(&str, String)> = given
            .into_iter()
            .filter(|(name, _)| *name != "reserved")
            .map(|(name, value)| (name, value.trim_matches('\'').trim_end().to_owned()))
            .collect();
        assert_eq!(seen(&bytes), wanted, "{kind}");
    }
}

#[test]
fn the_specification_and_the_decoder_know_the_same_types_and_lengths() {
    let known: Vec<(u8, usize)> = types()
        .into_iter()
        .map(|kind| (kind as u8, 1 + fields(kind).iter().map(|(_, width)| width).sum::<usize>()))
        .collect();
    assert_eq!(TYPES, known);
    assert_eq!(known.len(), 23);
}

fn refusal<T>(taken: Result<T, Malformed>) -> Code {
    taken.err().expect("it is refused").code
}

#[test]
fn a_message_of_another_length_or_an_unknown_type_is_refused_by_name() {
    for (kind, length) in TYPES {
        let whole = vec![*kind; *length];
        for wrong in [&whole[..length - 1], &[whole.as_slice(), &[0]].concat(), &whole[..1]] {
            assert_eq!(refusal(Message::read(wrong)), code::WIRE_LENGTH);
        }
    }
    assert_eq!(refusal(Message::read(b"Z")), code::WIRE_TYPE);
    assert_eq!(refusal(Message::read(b"")), code::WIRE_LENGTH);
    let problem = hedgerow_core::Problem::from(Message::read(b"D123").unwrap_err());
    assert!(problem.to_string().contains("message 'D' of 4 bytes, it has 19"), "{problem}");
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_messages_and_says_where_it_was_cut() {
    let messages = [message("D reference=1"), message("S event_code='O'"), message("X reference=1 shares=2")];
    let whole = file(&messages);
    let ends = [0, 21, 35, 60];
    for cut in 0..=whole.len() {
        let mut frames = Frames::new(&whole[..cut]);
        let (good, bad): (Vec<_>, Vec<_>) = frames.by_ref().partition(Result::is_ok);
        let complete = ends.iter().filter(|end| **end <= cut).count() - 1;
        assert_eq!(good.len(), complete);
        assert_eq!(bad.len(), usize::from(cut != ends[complete]), "cut at {cut}");
        assert!(bad.into_iter().all(|cut| cut.err().unwrap().code == code::WIRE_TRUNCATED));
        assert_eq!(frames.offset(), ends[complete]);
    }
}

/// What a day told.
#[derive(Default)]
struct Kept {
    orders: Vec<BookOrder>,
    trades: Vec<Trade>,
    phases: Vec<MarketPhase>,
    imbalances: Vec<(i64, u64, u64, u8, u32)>,
}

impl Sink for Kept {
    fn orders(&mut self, update: &[BookOrder]) {
        self.orders.extend(update);
    }
    fn trade(&mut self, trade: &Trade) {
        self.trades.push(*trade);
    }
    fn phase(&mut self, phase: &MarketPhase) {
        self.phases.push(*phase);
    }
    fn imbalance(&mut self, told: &NetOrderImbalance<'_>, ts_event: i64) {
        let told = (ts_event, told.paired_shares(), told.imbalance_shares(), told.direction(), told.near_price());
        self.imbalances.push(told);
    }
}

fn day(lines: &[&str]) -> (ItchBooks, Kept) {
    let mut books = ItchBooks::new(Rules { window_ticks: 256, ..Rules::default() }, 1_000).unwrap();
    let mut kept = Kept::default();
    for line in lines {
        books.take(&message(line), &mut kept).unwrap_or_else(|malformed| panic!("{line}: {malformed:?}"));
    }
    (books, kept)
}

const OPEN: [&str; 2] = ["R locate=7 stock='AAPL' round_lot_size=100", "H locate=7 stock='AAPL' trading_state='T'"];

#[test]
fn a_day_of_messages_builds_the_book_and_tells_its_events_and_trades() {
    let (books, kept) = day(&[
        OPEN[0],
        OPEN[1],
        "A locate=7 time=5 reference=1 side='B' shares=300 stock='AAPL' price=1500000",
        "F locate=7 time=6 reference=2 side='S' shares=200 stock='AAPL' price=1501000 attribution='NITE'",
        "A locate=7 time=7 reference=3 side='B' shares=50 stock='AAPL' price=1500000",
        "E locate=7 time=8 reference=1 shares=100 match_number=9",
        "C locate=7 time=9 reference=2 shares=50 match_number=10 printable='Y' price=1500900",
        "C locate=7 time=9 reference=2 shares=50 match_number=11 printable='N' price=1500900",
        "X locate=7 time=10 reference=1 shares=150",
        "U locate=7 time=11 reference=3 new_reference=4 shares=70 price=1499900",
        "P locate=7 time=12 side='B' shares=10 stock='AAPL' price=1500500 match_number=12",
        "Q locate=7 time=13 shares=1000 stock='AAPL' price=1500400 match_number=13 cross_type='C'",
        "Q locate=7 time=13 shares=0 stock='AAPL' price=0 match_number=14 cross_type='H'",
        "B locate=7 match_number=9",
        "D locate=7 time=14 reference=2",
    ]);
    let stock = books.stock(7).unwrap();
    let book = stock.book().unwrap();
    assert_eq!((stock.symbol.as_str(), stock.round_lot, book.len()), ("AAPL", 100, 2));
    let level = |price_ticks, lots| Level { price_ticks, lots };
    assert_eq!(book.levels(Side::Buy, 9), [level(1_500_000, 50), level(1_499_900, 70)]);
    assert_eq!(book.levels(Side::Sell, 9), []);
    let actions: Vec<(u8, i64)> = kept.orders.iter().map(|order| (order.action & 0x7f, order.ts_event)).collect();
    let [add, cancel, execute, delete] =
        [OrderAction::Add, OrderAction::Cancel, OrderAction::Execute, OrderAction::Delete].map(|a| a as u8);
    let wanted = [
        (add, 1_005),
        (add, 1_006),
        (add, 1_007),
        (execute, 1_008),
        (execute, 1_009),
        (execute, 1_009),
        (cancel, 1_010),
        (delete, 1_011),
        (add, 1_011),
        (delete, 1_014),
    ];
    assert_eq!(actions, wanted);
    let trades: Vec<(i64, i32, u8, u8)> =
        kept.trades.iter().map(|t| (t.lots, t.price_ticks, t.aggressor, t.kind)).collect();
    let [open, hidden, closing] = [TradeKind::Continuous, TradeKind::Hidden, TradeKind::Closing].map(|k| k as u8);
    let wanted = [
        (100, 1_500_000, 2, open),
        (50, 1_500_900, 1, open),
        (10, 1_500_500, 0, hidden),
        (1_000, 1_500_400, 0, closing),
    ];
    assert_eq!(trades, wanted);
}

#[test]
fn trading_actions_are_told_as_phases_and_crosses_by_their_auction() {
    let (_, kept) = day(&[
        OPEN[0],
        "H locate=7 time=4 stock='AAPL' trading_state='T'",
        "H locate=7 time=5 stock='AAPL' trading_state='H'",
        "H locate=7 time=6 stock='AAPL' trading_state='P'",
        "H locate=7 time=7 stock='AAPL' trading_state='Q'",
        "Q locate=7 time=8 shares=5 stock='AAPL' price=1500400 match_number=13 cross_type='H'",
        "Q locate=7 time=9 shares=5 stock='AAPL' price=1500400 match_number=14 cross_type='O'",
    ]);
    let phases: Vec<_> = kept.phases.iter().map(|p| (p.ts_event, p.instrument, Phase::from_u8(p.phase))).collect();
    let wanted = [Phase::Continuous, Phase::Halted, Phase::Halted, Phase::OpeningCall];
    assert_eq!(
        phases,
        [1_004, 1_005, 1_006, 1_007].into_iter().zip(wanted).map(|(ts, p)| (ts, 7, Some(p))).collect::<Vec<_>>()
    );
    let kinds: Vec<_> = kept.trades.iter().map(|trade| TradeKind::from_u8(trade.kind)).collect();
    assert_eq!(kinds, [Some(TradeKind::Auction), Some(TradeKind::Opening)]);
}

#[test]
fn a_halt_of_the_own_market_alone_is_a_phase_and_lifting_it_undoes_no_other() {
    let halts = [
        "h locate=7 time=5 stock='AAPL' market='B' action='H'",
        "h locate=7 time=6 stock='AAPL' market='Q' action='H'",
        "h locate=7 time=7 stock='AAPL' market='Q' action='H'",
        "H locate=7 time=8 stock='AAPL' trading_state='Q'",
        "h locate=7 time=9 stock='AAPL' market='Q' action='T'",
        "H locate=7 time=10 stock='AAPL' trading_state='T'",
    ];
    let told = |kept: Kept| -> Vec<_> {
        kept.phases.iter().map(|p| (p.ts_event - 1_000, Phase::from_u8(p.phase).unwrap())).collect()
    };
    let (books, kept) = day(&[&OPEN[..], &halts].concat());
    let (halted, call, open) = (Phase::Halted, Phase::OpeningCall, Phase::Continuous);
    assert_eq!(told(kept), [(0, open), (6, halted), (8, halted), (9, call), (10, open)]);
    assert!(books.stock(7).is_some());
    let mut of_bx = ItchBooks::new(Rules::default(), 1_000).unwrap().of_market(b'B');
    let mut kept = Kept::default();
    for line in OPEN.iter().chain(&halts) {
        of_bx.take(&message(line), &mut kept).unwrap();
    }
    assert_eq!(told(kept), [(0, open), (5, halted), (8, halted), (10, halted)]);
    for wrong in ["market='Z' action='H'", "market='Q' action='X'"] {
        let refused = of_bx.take(&message(&format!("h locate=7 stock='AAPL' {wrong}")), &mut ()).unwrap_err();
        assert_eq!(refused.code, code::WIRE_FIELD);
    }
}

#[test]
fn imbalances_of_auctions_are_told_with_their_time() {
    let (_, kept) = day(&[
        OPEN[0],
        "I locate=7 time=5 paired_shares=900 imbalance_shares=100 direction='B' stock='AAPL' near_price=1500400 cross_type='O'",
    ]);
    assert_eq!(kept.imbalances, [(1_005, 900, 100, b'B', 1_500_400)]);
}

#[test]
fn the_events_that_a_day_told_build_the_same_book_again() {
    let (books, kept) = day(&[
        OPEN[0],
        OPEN[1],
        "A locate=7 reference=1 side='B' shares=300 stock='AAPL' price=1500000",
        "A locate=7 reference=2 side='B' shares=100 stock='AAPL' price=1500000",
        "E locate=7 reference=1 shares=100",
        "U locate=7 reference=1 new_reference=5 shares=70 price=1500000",
        "A locate=7 reference=6 side='S' shares=10 stock='AAPL' price=1600000",
    ]);
    let mut again = hedgerow_book::OrderBook::new(Rules::default()).unwrap();
    again.update_all(&kept.orders).unwrap();
    assert_eq!(again.hash(), books.stock(7).unwrap().book().unwrap().hash());
}

#[test]
fn what_a_book_or_the_feed_cannot_mean_is_refused_by_name_and_changes_nothing() {
    let (mut books, _) = day(&[
        OPEN[0],
        OPEN[1],
        "A locate=7 reference=1 side='B' shares=300 stock='AAPL' price=1500000",
        "A locate=7 reference=2 side='S' shares=300 stock='AAPL' price=1500100",
    ]);
    let before = books.stock(7).unwrap().book().unwrap().hash();
    for (line, wanted) in [
        ("A locate=7 reference=1 side='B' shares=1 stock='AAPL' price=1500000", code::BOOK_DUPLICATE_ORDER),
        ("A locate=7 reference=3 side='B' shares=0 stock='AAPL' price=1500000", code::BOOK_LOTS),
        ("A locate=7 reference=3 side='B' shares=1 stock='AAPL' price=1500100", code::BOOK_CROSSED),
        ("A locate=7 reference=3 side='B' shares=1 stock='AAPL' price=0", code::BOOK_PRICE),
        ("A locate=7 reference=3 side='B' shares=1 stock='AAPL' price=4000000000", code::WIRE_FIELD),
        ("A locate=7 reference=3 side='X' shares=1 stock='AAPL' price=1500000", code::WIRE_FIELD),
        ("E locate=7 reference=1 shares=301", code::BOOK_OVER_CANCEL),
        ("X locate=7 reference=9 shares=1", code::BOOK_UNKNOWN_ORDER),
        ("D locate=7 reference=9", code::BOOK_UNKNOWN_ORDER),
        ("U locate=7 reference=9 new_reference=10 shares=1 price=1500000", code::BOOK_UNKNOWN_ORDER),
        ("U locate=7 reference=1 new_reference=2 shares=1 price=1500000", code::BOOK_DUPLICATE_ORDER),
        ("H locate=7 stock='AAPL' trading_state='Z'", code::WIRE_FIELD),
        ("D locate=8 reference=1", code::WIRE_UNKNOWN_STOCK),
    ] {
        assert_eq!(refusal(books.take(&message(line), &mut ())), wanted, "{line}");
        assert_eq!(books.stock(7).unwrap().book().unwrap().hash(), before, "{line}");
    }
}

#[test]
fn a_stock_has_no_book_before_an_order_of_it_was_taken() {
    let (mut books, _) = day(&[OPEN[0], OPEN[1]]);
    for (line, wanted) in [
        ("A locate=7 reference=1 side='X' shares=1 stock='AAPL' price=1500000", code::WIRE_FIELD),
        ("A locate=7 reference=1 side='B' shares=0 stock='AAPL' price=1500000", code::BOOK_LOTS),
        ("E locate=7 reference=1 shares=1", code::BOOK_UNKNOWN_ORDER),
        ("D locate=7 reference=1", code::BOOK_UNKNOWN_ORDER),
        ("U locate=7 reference=1 new_reference=2 shares=1 price=1500000", code::BOOK_UNKNOWN_ORDER),
    ] {
        assert_eq!(refusal(books.take(&message(line), &mut ())), wanted, "{line}");
        assert!(books.stock(7).unwrap().book().is_none(), "{line}");
    }
    let empty = books.copy_of(books.stock(7).unwrap());
    assert_eq!(empty.hash(), hedgerow_book::OrderBook::new(Rules::default()).unwrap().hash());
}

#[test]
fn a_book_may_cross_only_while_its_stock_is_not_trading() {
    let bid = "A locate=7 reference=1 side='B' shares=1 stock='AAPL' price=1500000";
    let ask = "A locate=7 reference=2 side='S' shares=1 stock='AAPL' price=1400000";
    let (books, _) = day(&[OPEN[0], bid, ask]);
    assert!(books.stock(7).unwrap().book().unwrap().is_crossed());
    let (mut books, _) = day(&[OPEN[0], OPEN[1], bid]);
    assert_eq!(refusal(books.take(&message(ask), &mut ())), code::BOOK_CROSSED);
    books.take(&message("H locate=7 stock='AAPL' trading_state='H'"), &mut ()).unwrap();
    books.take(&message(ask), &mut ()).unwrap();
}

#[test]
fn stocks_that_nobody_wants_are_passed_over() {
    let mut books = ItchBooks::new(Rules::default(), 0).unwrap().only(&["AAPL"]);
    for line in [OPEN[0], "R locate=8 stock='MSFT'", "A locate=8 reference=1 side='B' shares=1 price=5"] {
        books.take(&message(line), &mut ()).unwrap();
    }
    assert!(books.stock(8).is_none());
    assert_eq!(
        books.stocks().map(|(locate, stock)| (locate, stock.symbol.as_str())).collect::<Vec<_>>(),
        [(7, "AAPL")]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_a_named_error_and_never_a_panic(
        blocks in vec(prop_oneof![vec(any::<u8>(), 0..60), (0..TYPES.len(), vec(any::<u8>(), 60)).prop_map(|(at, mut bytes)| {
            bytes[0] = TYPES[at].0;
            bytes[1..3].copy_from_slice(&[0, 7]);
            bytes.truncate(TYPES[at].1);
            bytes
        })], 0..40),
        cut in any::<usize>(),
    ) {
        let mut books = ItchBooks::new(Rules { window_ticks: 256, ..Rules::default() }, i64::MAX).unwrap();
        for line in OPEN {
            books.take(&message(line), &mut ()).unwrap();
        }
        let whole = file(&blocks);
        let mut bytes = 0;
        for frame in Frames::new(&whole[..cut % (whole.len() + 1)]) {
            let Ok(frame) = frame else { break };
            bytes += frame.len() + 2;
            if let Err(malformed) = books.take(frame, &mut ()) {
                prop_assert!(malformed.code.def().is_some());
                prop_assert!(!hedgerow_core::Problem::from(malformed).to_string().is_empty());
            }
        }
        prop_assert!(bytes <= whole.len());
    }
}
