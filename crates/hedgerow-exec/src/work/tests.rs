use super::*;
use crate::slice::LotRule;
use proptest::prelude::*;

const RULE: LotRule = LotRule::WHOLE;

fn order(algo: Algo, lots: i64, slices: u32, until_ts: i64) -> Work {
    let side = Side::Buy as u8;
    let parent = ParentOrder { id: 7, lots, slices, until_ts, side, algo: algo as u8, ..ParentOrder::default() };
    Work::new(parent, RULE)
}

fn planned(algo: Algo, lots: i64, until_ts: i64, steps: &[(i64, i64)]) -> Work {
    let mut work = order(algo, lots, steps.len() as u32, until_ts);
    work.steps = (1..)
        .zip(steps)
        .map(|(step, (due_ts, due_lots))| PlanStep {
            cause: 7,
            step,
            due_ts: *due_ts,
            due_lots: *due_lots,
            ..PlanStep::default()
        })
        .collect();
    work
}

fn at(now: i64) -> Seen {
    Seen { now, ..Seen::default() }
}

/// What it decides at a time, sent and filled at once.
fn trade(work: &mut Work, seen: &Seen) -> i64 {
    let slice = work.look(seen);
    if slice.lots > 0 {
        work.decided(&slice);
        send(work, slice.lots);
        work.progress.filled(slice.lots).unwrap();
    }
    slice.lots
}

fn send(work: &mut Work, lots: i64) {
    let order_id = work.children.len() as u64 + 100;
    work.sent(Child { order_id, lots, ..Child::of(&Order::default()) }).unwrap();
}

#[test]
fn equal_slices_one_a_look_and_done_with_the_last() {
    let mut work = order(Algo::Twap, 10, 4, FOREVER);
    assert_eq!([1, 2, 3, 4, 5].map(|now| trade(&mut work, &at(now))), [2, 3, 2, 3, 0]);
    assert!(work.is_done());
}

#[test]
fn what_is_left_after_the_last_look_of_an_order_without_an_end_stays_undone() {
    let mut work = order(Algo::Twap, 10, 2, FOREVER);
    for now in [1, 2] {
        let slice = work.look(&at(now));
        work.decided(&slice);
        send(&mut work, slice.lots);
    }
    work.progress.filled(7).unwrap();
    assert!(!work.is_done());
    work.progress.ended(3).unwrap();
    assert!(work.is_done());
    assert_eq!((work.look(&at(3)).lots, work.progress.filled_lots(), work.progress.remaining_lots()), (0, 7, 3));
}

#[test]
fn steps_go_out_at_their_times_and_a_late_look_catches_up() {
    let mut work = planned(Algo::Vwap, 100, 50, &[(10, 20), (20, 50), (40, 100)]);
    assert_eq!([5, 10, 11, 45].map(|now| trade(&mut work, &at(now))), [0, 20, 0, 80]);
    assert!(work.is_done());
}

#[test]
fn it_wakes_for_its_next_step_and_for_its_end() {
    let mut work = planned(Algo::Shortfall, 100, 50, &[(10, 20), (20, 100)]);
    assert_eq!((work.wakes(0), work.wakes(10)), (10, 50));
    trade(&mut work, &at(10));
    assert_eq!(work.wakes(10), 20);
    assert!(!work.is_expired(49) && work.is_expired(50));
}

#[test]
fn what_the_venue_left_is_tried_again_until_the_end() {
    let mut work = planned(Algo::Close, 10, 10 * SECOND, &[(1, 10)]);
    let slice = work.look(&at(1));
    work.decided(&slice);
    send(&mut work, 10);
    assert_eq!(work.look(&at(2 * SECOND)).lots, 0, "all of it works");
    work.progress.filled(4).unwrap();
    work.progress.ended(6).unwrap();
    assert_eq!(work.look(&at(2)).lots, 0, "not before it has rested");
    assert_eq!(work.wakes(2), SECOND + 1);
    let rest = work.look(&at(SECOND + 1));
    assert_eq!((rest.lots, rest.reason), (6, SliceReason::Rest as u8));
    assert_eq!(work.look(&at(10 * SECOND)).lots, 0, "its time is over");
}

#[test]
fn a_share_of_volume_follows_all_that_traded() {
    let mut work = order(Algo::Pov, 1_000, 1, FOREVER);
    work.settings = AlgoSettings { share_bps: 1_000, every_ns: 5, ..AlgoSettings::default() };
    let mut found = Vec::new();
    for (now, lots) in [(1, 9), (2, 1), (3, 95), (7, 0), (20, 1_000_000), (30, 50)] {
        work.traded(100, lots);
        found.push(trade(&mut work, &at(now)));
    }
    // 9 lots are no share, 10 are one; it rests until 7, when 105 lots have made 10 due; then the order is the limit.
    assert_eq!(found, [0, 1, 0, 9, 990, 0]);
    assert!(work.is_done());
}

#[test]
fn a_share_of_volume_that_is_foreseen_goes_ahead_of_the_market() {
    let mut work = order(Algo::Pov, 100, 1, FOREVER);
    work.settings = AlgoSettings { share_bps: 1_000, every_ns: 5, size_lots: 50, ..AlgoSettings::default() };
    assert_eq!(trade(&mut work, &at(1)), 5);
    work.traded(100, 40);
    assert_eq!(trade(&mut work, &at(6)), 4);
}

#[test]
fn a_share_of_volume_that_looks_at_random_times_looks_at_no_other() {
    let mut work = planned(Algo::Pov, 1_000, 100, &[(10, 0), (33, 0)]);
    work.settings.share_bps = 10_000;
    work.traded(100, 40);
    assert_eq!([9, 10, 20].map(|now| trade(&mut work, &at(now))), [0, 40, 0]);
    work.traded(100, 5);
    assert_eq!((trade(&mut work, &at(32)), work.wakes(32), trade(&mut work, &at(33))), (0, 33, 5));
}

#[test]
fn an_iceberg_shows_one_slice_at_a_time() {
    let mut work = planned(Algo::Iceberg, 25, FOREVER, &[(0, 10), (0, 22), (0, 25)]);
    let first = work.look(&at(1));
    assert_eq!((first.lots, first.step, first.reason), (10, 1, SliceReason::Refill as u8));
    work.decided(&first);
    send(&mut work, 10);
    work.progress.filled(9).unwrap();
    assert_eq!(work.look(&at(2)).lots, 0, "some of it is still shown");
    work.progress.filled(1).unwrap();
    let next = work.look(&at(3));
    assert_eq!((next.lots, next.step), (12, 2));
}

#[test]
fn a_denied_slice_of_an_iceberg_rests_before_the_next_try() {
    let mut work = planned(Algo::Iceberg, 25, FOREVER, &[(0, 25)]);
    let slice = work.look(&at(1));
    work.decided(&slice);
    assert_eq!((work.look(&at(2)).lots, work.wakes(2)), (0, 1 + SECOND));
    assert_eq!(work.look(&at(1 + SECOND)).lots, 25);
}

#[test]
fn a_sniper_takes_what_is_enough_and_nothing_else() {
    let mut work = order(Algo::Sniper, 100, 1, FOREVER);
    work.settings = AlgoSettings { size_lots: 30, every_ns: 10, ..AlgoSettings::default() };
    let found = [(1, 29), (2, 40), (5, 90), (12, 90)];
    let taken = found.map(|(now, found_lots)| trade(&mut work, &Seen { found_lots, ..at(now) }));
    assert_eq!(taken, [0, 40, 0, 60]);
    assert_eq!((work.tif(&Slice::default()), work.is_done()), (TimeInForce::Ioc, true));
}

#[test]
fn a_stopped_order_sends_no_more_and_is_done_when_nothing_works() {
    let mut work = order(Algo::Twap, 10, 5, FOREVER);
    let slice = work.look(&at(1));
    work.decided(&slice);
    send(&mut work, slice.lots);
    work.stop();
    assert_eq!((work.look(&at(2)).lots, work.is_done(), work.wakes(2)), (0, false, i64::MAX));
    work.progress.ended(slice.lots).unwrap();
    assert!(work.is_done());
}

#[test]
fn an_order_without_a_plan_that_is_changed_spreads_what_is_left() {
    let mut work = order(Algo::Twap, 100, 10, FOREVER);
    assert_eq!([1, 2, 3, 4, 5].map(|now| trade(&mut work, &at(now))), [10; 5]);
    work.amend(&ParentEvent { lots: 200, until_ts: FOREVER, ..ParentEvent::default() });
    assert_eq!([6, 7, 8].map(|now| trade(&mut work, &at(now))), [15; 3]);
    work.amend(&ParentEvent { lots: 90, until_ts: FOREVER, ..ParentEvent::default() });
    assert_eq!((work.look(&at(9)).lots, work.is_done()), (0, true), "more is filled than it shall be");
}

#[test]
fn an_order_that_begins_later_waits() {
    let mut work = planned(Algo::Iceberg, 5, FOREVER, &[(0, 5)]);
    work.settings.from_ts = 20;
    assert_eq!((work.look(&at(19)).lots, work.wakes(19), work.look(&at(20)).lots), (0, 20, 5));
}

#[test]
fn the_average_price_of_nothing_is_nothing() {
    let mut traded = Traded::default();
    assert_eq!(traded.vwap_micro(), 0);
    traded = Traded { lots: 3, value: 301 };
    assert_eq!(traded.vwap_micro(), 100_333_333);
    let mut work = order(Algo::Twap, 10, 5, FOREVER);
    for _ in 0..4 {
        work.traded(i64::MAX, i64::MAX);
    }
    assert!(work.market.vwap_micro() > 0, "absurd volumes do no harm");
}

#[test]
fn slices_that_wait_join_their_own_side_and_what_they_leave_crosses_after_the_next() {
    let mut work = planned(Algo::Twap, 30, 100 * SECOND, &[(0, 10), (10 * SECOND, 20), (20 * SECOND, 30)]);
    work.settings.passive = 1;
    let seen = |now| Seen { bid_ticks: 99, ask_ticks: 101, ..at(now) };
    let first = work.look(&seen(1));
    assert_eq!((first.lots, work.limit_ticks(&first)), (10, 99));
    work.decided(&first);
    send(&mut work, 10);
    work.progress.filled(4).unwrap();
    assert_eq!(work.look(&seen(5 * SECOND)).lots, 0, "it may wait until the next is due");
    let second = work.look(&seen(10 * SECOND));
    assert_eq!((second.lots, work.limit_ticks(&second), work.overdue(&second).count()), (10, 99, 1));
    work.decided(&second);
    send(&mut work, 10);
    work.progress.ended(6).unwrap();
    assert_eq!((work.look(&seen(10 * SECOND + 1)).lots, work.wakes(10 * SECOND + 1)), (0, 11 * SECOND));
    let rest = work.look(&seen(11 * SECOND));
    assert_eq!((rest.lots, rest.reason, work.limit_ticks(&rest)), (6, SliceReason::Rest as u8, 0));
    assert_eq!(work.overdue(&rest).count(), 0, "the second may wait on");
    work.decided(&rest);
    send(&mut work, 6);
    let last = work.look(&seen(20 * SECOND));
    assert_eq!((last.lots, work.limit_ticks(&last)), (10, 0), "the last one does not wait");
}

#[test]
fn a_slice_that_waits_is_no_worse_than_the_orders_limit_and_waits_only_where_there_is_a_price() {
    let mut work = planned(Algo::Vwap, 30, 100, &[(0, 10), (20, 30)]);
    work.settings.passive = 1;
    let slice =
        Slice { reason: SliceReason::Schedule as u8, step: 1, bid_ticks: 99, ask_ticks: 101, ..Slice::default() };
    for (side, limit, wanted) in [(1, 0, 99), (1, 98, 98), (1, 105, 99), (2, 0, 101), (2, 103, 103), (2, 90, 101)] {
        (work.parent.side, work.parent.limit_ticks) = (side, limit);
        assert_eq!(work.limit_ticks(&slice), wanted, "side {side}, limit {limit}");
        assert_eq!(work.limit_ticks(&Slice { bid_ticks: 0, ask_ticks: 0, ..slice }), limit);
    }
}

fn any_algo() -> impl Strategy<Value = Algo> {
    prop_oneof![
        Just(Algo::Twap),
        Just(Algo::Vwap),
        Just(Algo::Pov),
        Just(Algo::Shortfall),
        Just(Algo::Iceberg),
        Just(Algo::Sniper),
        Just(Algo::Close)
    ]
}

proptest! {
    #[test]
    fn no_algorithm_ever_sends_more_than_is_left(
        algo in any_algo(), lots in 1..500i64, with_steps in any::<bool>(), size in 0..20i64,
        sizes in prop::collection::vec(1..100i64, 1..8),
        looks in prop::collection::vec((0..5i64, 0..300i64, 0..6u8, 0..100i64), 1..60),
    ) {
        let mut due = 0;
        let last = sizes.len() as i64;
        let steps: Vec<_> = (1..).zip(&sizes).map(|(n, size)| {
            due = (due + size).min(lots);
            (n * 3, if n == last { lots } else { due })
        }).collect();
        let mut work = if with_steps || algo == Algo::Iceberg { planned(algo, lots, 100, &steps) } else { order(algo, lots, 4, 100) };
        let passive = u8::from(size % 2 == 1);
        work.settings = AlgoSettings { share_bps: 3_000, every_ns: 2, size_lots: size, passive, ..AlgoSettings::default() };
        let mut now = 0;
        for (wait, volume, event, percent) in looks {
            now += wait;
            work.traded(10, volume);
            let slice = work.look(&Seen { found_lots: volume, ..at(now) });
            prop_assert!(work.progress.filled_lots() + work.progress.working_lots() + slice.lots <= lots);
            if slice.lots > 0 {
                prop_assert!(now < 100 && slice.due_lots >= slice.filled_lots + slice.working_lots + slice.lots);
                work.decided(&slice);
                if event != 0 { send(&mut work, slice.lots); }
            }
            prop_assert!(work.wakes(now) > now);
            let part = work.progress.working_lots() * percent / 100;
            match event {
                1 => work.progress.filled(part).unwrap(),
                2 => work.progress.ended(part).unwrap(),
                3 => work.progress.filled(work.progress.working_lots()).unwrap(),
                _ => {}
            }
        }
    }

    #[test]
    fn a_plan_that_fills_at_once_trades_exactly_the_order(lots in 1..1_000_000i64, slices in 1..500u32) {
        let mut work = order(Algo::Twap, lots, slices, FOREVER);
        let sum: i64 = (1..=i64::from(slices)).map(|now| trade(&mut work, &at(now))).sum();
        prop_assert_eq!(sum, lots);
        prop_assert!(work.is_done());
    }
}
