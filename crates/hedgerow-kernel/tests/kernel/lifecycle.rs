//! What happens to positions that are held: books and gate agree afterwards, and a replay finds the same.

use crate::invariants;
use crate::records::{Absurd, absurd, happens, spoiled};
use crate::world::World;
use hedgerow_core::{LifecycleEvent, LifecycleKind, Money, Posting, code};
use hedgerow_kernel::Input;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Long 40 AAA and short 30 CCC; nothing works.
static HOLDING: LazyLock<World> = LazyLock::new(|| {
    let mut world = World::trading();
    world.trades("buy 40 AAA", 10_000);
    world.trades("sell 30 CCC", 2_000);
    world
});

fn split(world: &World, old_lots: i64, new_lots: i64) -> LifecycleEvent {
    let (kind, fraction_ticks) = (LifecycleKind::Split as u8, 2_500);
    LifecycleEvent { ts: world.ts, kind, old_lots, new_lots, fraction_ticks, ..LifecycleEvent::default() }
}

fn lots(world: &World, instrument: u32) -> i64 {
    let position = world.kernel.ledger().position(0, instrument).unwrap().lots;
    assert_eq!(position, world.kernel.gate().holding(0, instrument).position);
    position
}

#[test]
fn a_split_moves_books_and_gate_alike_and_keeps_the_worth() {
    let mut world = HOLDING.clone();
    let worth = world.kernel.ledger().nav(0).unwrap();
    let event = split(&world, 1, 4);
    world.take(Input::LifecycleEvent(event));
    assert_eq!((lots(&world, 0), lots(&world, 2)), (160, -30));
    assert_eq!(world.kernel.ledger().mark_ticks(0), Some(2_500));
    assert_eq!(world.kernel.ledger().nav(0).unwrap(), worth);
    invariants::hold(&world.kernel);
    world.trades("sell 160 AAA", 2_500);
    assert_eq!(lots(&world, 0), 0);
    invariants::hold(&world.kernel);
}

#[test]
fn lots_do_not_change_under_a_working_order_but_a_dividend_comes() {
    let mut world = HOLDING.clone();
    world.works("buy 10 AAA @ 9990");
    let event = split(&world, 1, 4);
    let refused = world.tries(Input::LifecycleEvent(event)).unwrap_err();
    assert_eq!(refused.code, code::CORE_INPUT, "{refused}");
    let income = world.kernel.ledger().statement(0).unwrap().income;
    let paid = LifecycleEvent { ts: world.ts, ..happens(LifecycleKind::Dividend, 0) };
    world.take(Input::LifecycleEvent(paid));
    assert_eq!(world.kernel.ledger().statement(0).unwrap().income - income, Money(40 * 10_000_000));
    invariants::hold(&world.kernel);
}

#[test]
fn nobody_holds_and_nothing_is_posted() {
    let mut world = HOLDING.clone();
    let event = LifecycleEvent { instrument: 1, ..split(&world, 1, 4) };
    let mut effects = hedgerow_kernel::Effects::new();
    world.kernel.step(&mut Input::LifecycleEvent(event), &mut effects).unwrap();
    assert_eq!(effects.of::<Posting>().count(), 0);
}

proptest! {
    /// Any field of a split or an end may hold anything: it is taken or refused by name, and what always holds still does.
    #[test]
    fn absurd_events_never_panic_and_never_half_happen(
        steps in prop::collection::vec(
            (any::<bool>(), 0_u32..3, prop::collection::vec((any::<usize>(), absurd()), 0..3)), 1..8
        )
    ) {
        let mut world = HOLDING.clone();
        for (ends, instrument, changes) in &steps {
            let mut event = LifecycleEvent { instrument: *instrument, ..split(&world, 2, 3) };
            if *ends {
                event = LifecycleEvent { kind: LifecycleKind::Merger as u8, new_lots: 0, cash: Money(7), ..event };
            }
            let _ = world.tries(spoiled(&Input::LifecycleEvent(event), changes));
            invariants::hold(&world.kernel);
        }
        invariants::numbered(&world.tape);
    }
}

#[test]
fn every_single_field_of_a_split_may_be_absurd() {
    let fields = crate::records::info(31).fields.len();
    for place in 0..fields {
        for value in [Absurd::Zero, Absurd::One, Absurd::MinusOne, Absurd::Most, Absurd::Least] {
            let mut world = HOLDING.clone();
            let event = split(&world, 2, 3);
            let _ = world.tries(spoiled(&Input::LifecycleEvent(event), &[(place, value)]));
            invariants::hold(&world.kernel);
        }
    }
}
