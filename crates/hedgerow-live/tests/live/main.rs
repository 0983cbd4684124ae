//! The kernel's thread, the journal's and a venue in a third: nothing leaves before it is durable, the journal derives the
//! kernel's state, full rings lose nothing, and a journal that fails lets nothing more out.

mod kit;

use hedgerow_book::LevelBook;
use hedgerow_core::{BookLevel, InstrumentId, Order, Side, TimeInForce, code};
use hedgerow_kernel::{Replay, Send};
use hedgerow_live::{Fund, Note, Orders, RingBuffer, Seat, Trader, keep};
use hedgerow_log::{Journal, LogReader, Storage};
use kit::{Disk, Follower, answers, bids, books, derived, level, live, opened};
use proptest::prelude::*;
use std::sync::atomic::AtomicBool;

/// Whether a store holds an order's record, in whole commits.
fn holds(storage: &impl Storage, order: &Order) -> bool {
    let reader = LogReader::new(storage.read().unwrap()).unwrap();
    reader.record(order.id).is_ok_and(|record| record.bytes == bytemuck::bytes_of(order))
}

#[test]
fn the_journal_derives_the_state_of_the_thread_that_traded() {
    let lived = live(opened(Disk::new()), &bids(500), (64, 500), |order| answers(order).to_vec());
    lived.end.unwrap();
    let orders = lived.left.iter().filter(|send| matches!(send, Send::New(_))).count();
    let trader = lived.trader;
    assert_eq!((trader.orders, trader.passed, orders, trader.reports), (500, 500, 500, 1_000));
    assert!(trader.cancels > 0);
    assert_eq!(lived.kernel.ledger().position(0, 0).unwrap().lots, 500);
    assert_eq!(derived(lived.journal.unwrap().storage()).state_hash(), lived.kernel.state_hash());
}

#[test]
fn a_power_cut_at_the_moment_an_order_leaves_finds_it_in_the_journal() {
    let disk = Disk::new();
    let watched = disk.clone();
    let lived = live(opened(disk), &bids(60), (16, 60), move |order| {
        assert!(holds(&watched.after_a_power_cut(), order), "order {} left before it was durable", order.id);
        Vec::new()
    });
    lived.end.unwrap();
    assert_eq!(lived.left.len(), 60);
}

#[test]
fn after_a_sync_that_failed_nothing_leaves_and_the_fund_stops() {
    for syncs in 0..4 {
        let disk = Disk::new();
        let set_up = opened(disk.clone());
        disk.0.lock().unwrap().fail_after_syncs(syncs);
        let watched = disk.clone();
        let lived = live(set_up, &bids(5_000), (16, u64::MAX), move |order| {
            assert!(holds(&watched.after_a_power_cut(), order));
            answers(order).to_vec()
        });
        assert_eq!(lived.end.unwrap_err().code, code::LOG_IO);
        assert_eq!(lived.journal.unwrap_err().code, code::LOG_IO);
        assert!(lived.left.len() < 2_000, "{} left", lived.left.len());
    }
}

#[test]
fn without_a_gateway_nothing_is_done_in_its_name() {
    let (kernel, journal) = opened(Disk::new());
    let (notes, noted) = RingBuffer::new(16);
    let (leaving, left) = RingBuffer::<Send>::new(16);
    drop(left);
    let keeper = std::thread::spawn(move || keep(journal, noted, leaving, Seat::default()));
    let (mut feed, fed) = RingBuffer::new(16);
    let (_inputs, said) = RingBuffer::new(16);
    let mut fund = Fund::new(kernel, books(), 0, Follower::default(), (fed, said, notes));
    assert_eq!(keeper.join().unwrap().unwrap_err().code, code::LOG_IO);
    feed.push(level(1, 0, Side::Buy, 1_000, 1)).unwrap();
    let end = hedgerow_live::run(&mut fund, Seat::default(), &AtomicBool::new(false));
    assert_eq!(end.unwrap_err().code, code::LOG_IO);
}

/// Says once that it wants an order, and one of an instrument that there is not.
#[derive(Default)]
struct Mistaken(u64);

impl Trader for Mistaken {
    fn on_book(&mut self, _: InstrumentId, _: &LevelBook, orders: &mut Orders) {
        if self.0 == 0 {
            orders.limit(0, Side::Buy, 1, 1_000, TimeInForce::Day);
            self.0 = orders.limit(99, Side::Buy, 1, 1_000, TimeInForce::Day);
        }
    }
}

#[test]
fn an_order_before_one_that_cannot_be_leaves_once() {
    let (kernel, _) = opened(Disk::new());
    let (notes, mut noted) = RingBuffer::new(256);
    let (mut feed, fed) = RingBuffer::new(4);
    let (_inputs, said) = RingBuffer::new(4);
    let mut fund = Fund::new(kernel, books(), 0, Mistaken::default(), (fed, said, notes));
    (1..4).for_each(|number| feed.push(level(number, 0, Side::Buy, 1_000, number)).unwrap());
    assert_eq!(fund.turn().unwrap_err().code, code::CORE_UNKNOWN_INSTRUMENT);
    assert!((fund.turn().unwrap(), fund.turn().unwrap(), fund.turn().unwrap()) == (true, true, false));
    let left = std::iter::from_fn(|| noted.pop().ok()).filter(|note| matches!(note, Note::Leaves(_)));
    assert_eq!(left.count(), 1);
}

#[test]
fn changes_that_cannot_be_are_counted_and_nobody_is_told() {
    let mut wrong = vec![level(1, 9, Side::Buy, 1_000, 5), level(2, 0, Side::Buy, -3, 5)];
    // One that never ends, and another instrument's behind it.
    wrong.push(BookLevel { action: 1, ..level(3, 0, Side::Buy, 1_000, 5) });
    wrong.push(level(4, 1, Side::Sell, 2_000, 5));
    let lived = live(opened(Disk::new()), &wrong, (4, 0), |_| Vec::new());
    lived.end.unwrap();
    assert_eq!((lived.refused, lived.trader.orders, lived.left.len()), (3, 0, 0));
}

#[test]
fn a_processor_that_there_is_not_is_named() {
    for cpu in [1_000, 100_000] {
        let refused = Seat { cpu: Some(cpu), busy_poll: false }.take().unwrap_err();
        assert_eq!(refused.code, code::RUN_CONFIG);
        assert!(refused.to_string().contains(&format!("cpu {cpu}")), "{refused}");
    }
    Seat { cpu: Some(0), busy_poll: true }.take().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// However small the rings are, the journal is the same, entry for entry: nothing is lost, doubled or overtaken.
    #[test]
    fn full_rings_lose_nothing(room in 1_usize..40, n in 1_i64..60) {
        let root = |room| {
            let lived = live(opened(Disk::new()), &bids(n), (room, n as u64), |_| Vec::new());
            lived.end.unwrap();
            prop_assert_eq!(lived.left.len() as i64, n);
            let journal: Journal<Disk> = lived.journal.unwrap();
            Ok((journal.entries(), journal.root()))
        };
        prop_assert_eq!(root(room)?, root(4096)?);
    }
}

#[test]
fn what_stands_on_the_disk_after_a_power_cut_is_a_beginning_that_can_be_replayed() {
    let disk = Disk::new();
    let watched = disk.clone();
    let lived = live(opened(disk), &bids(60), (8, 60), move |order| {
        let reader = LogReader::new(watched.after_a_power_cut().read().unwrap()).unwrap();
        let mut replay = Replay::new();
        reader.records().for_each(|record| replay.push(record.kind, record.id, record.bytes).unwrap());
        let (kernel, _) = replay.finish().unwrap();
        assert!(kernel.oms().iter().any(|working| working.order.id == order.id), "an order that left works");
        Vec::new()
    });
    lived.end.unwrap();
}
