//! Random days of a fund: what holds after every step, and that the tape says it all.

use crate::findings::finding;
use crate::invariants;
use crate::people::Wish;
use crate::world::{CARRY, Frame, MOMENTUM, World};
use hedgerow_core::{
    CashKind, CashMovement, KIND_GENESIS, KillSwitch, Money, Noun, Order, ReportKind, Session, Side, StateHash,
    StrategyId, VenueReport, time::FOREVER,
};
use hedgerow_kernel::{Effects, Input, Kernel, Replay};
use proptest::prelude::*;
use std::sync::LazyLock;

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Act {
    Wait(i64),
    Bar { symbol: usize, change: i64 },
    Ask { strategy: StrategyId, side: Side, lots: i64, symbol: usize, away: Option<i64> },
    Report { order: usize, kind: ReportKind, execution: u32, lots: Option<i64>, away: i64, fee: i64 },
    Cancel { order: usize },
    Replace { order: usize, lots: i64, away: i64 },
    Quote { bid: (i64, i64), ask: (i64, i64) },
    Cash { strategy: StrategyId, euros: bool, units: i64, kind: CashKind },
    Rate { nano: i64 },
    Session { open: u8, new_day: u8 },
    Kill { strategy: StrategyId, on: u8 },
    Start { strategy: StrategyId, artifact: char },
    Stop { strategy: StrategyId },
    Revoke,
    GrantCarry,
    Find { strategy: StrategyId },
    Seal,
}

const SYMBOLS: [&str; 3] = ["AAA", "BBB", "CCC"];

fn act() -> impl Strategy<Value = Act> {
    let strategy = prop_oneof![12 => Just(MOMENTUM), 4 => Just(CARRY), 1 => Just(2)];
    let any_strategy = prop_oneof![Just(MOMENTUM), Just(CARRY), Just(StrategyId::MAX)];
    let side = prop::sample::select(Side::ALL);
    let lots = prop_oneof![6 => (1_i64..40).prop_map(|n| n * 10), 1 => -5_i64..5, 1 => Just(i64::MAX)];
    let kind = prop_oneof![5 => Just(ReportKind::Filled), 3 => Just(ReportKind::Accepted), 4 => prop::sample::select(ReportKind::ALL)];
    let cash_kind = prop::sample::select(CashKind::ALL);
    prop_oneof![
        3 => (0_i64..3_000_000_000).prop_map(Act::Wait),
        4 => (0_usize..3, -300_i64..300).prop_map(|(symbol, change)| Act::Bar { symbol, change }),
        8 => (strategy.clone(), side, lots.clone(), 0_usize..3, prop::option::of(-200_i64..200))
            .prop_map(|(strategy, side, lots, symbol, away)| Act::Ask { strategy, side, lots, symbol, away }),
        12 => (any::<usize>(), kind, 0_u32..6, prop::option::of(lots.clone()), -100_i64..100, -5_i64..50)
            .prop_map(|(order, kind, execution, lots, away, fee)| Act::Report { order, kind, execution, lots, away, fee }),
        2 => any::<usize>().prop_map(|order| Act::Cancel { order }),
        3 => (any::<usize>(), lots, -100_i64..100).prop_map(|(order, lots, away)| Act::Replace { order, lots, away }),
        6 => (quoted(), quoted()).prop_map(|(bid, ask)| Act::Quote { bid, ask }),
        1 => (strategy.clone(), any::<bool>(), -1_000_i64..1_000, cash_kind)
            .prop_map(|(strategy, euros, units, kind)| Act::Cash { strategy, euros, units, kind }),
        1 => (500_000_000_i64..2_000_000_000).prop_map(|nano| Act::Rate { nano }),
        1 => (0_u8..6, 0_u8..2).prop_map(|(open, new_day)| Act::Session { open: open.min(1), new_day }),
        1 => any_strategy.clone().prop_map(|strategy| Act::Find { strategy }),
        1 => (any_strategy, 0_u8..6).prop_map(|(strategy, on)| Act::Kill { strategy, on: u8::from(on == 0) }),
        1 => (strategy.clone(), prop::sample::select(vec!['A', 'A', 'A', 'C']))
            .prop_map(|(strategy, artifact)| Act::Start { strategy, artifact }),
        1 => prop::option::weighted(0.4, strategy).prop_map(|s| s.map_or(Act::Seal, |strategy| Act::Stop { strategy })),
        1 => prop::bool::weighted(0.1).prop_map(|revoke| if revoke { Act::Revoke } else { Act::GrantCarry }),
    ]
}

/// How far from the last price a side of a quote lies, and its lots; mostly a quote that can be meant.
fn quoted() -> impl Strategy<Value = (i64, i64)> {
    let lots = prop_oneof![2 => Just(10_i64), 4 => 1_i64..400, 2 => Just(0), 1 => -5_i64..60_000];
    (-20_i64..120, lots)
}

fn mark(world: &World, symbol: usize) -> i64 {
    world.kernel.ledger().mark_ticks(symbol as u32).unwrap()
}

/// An order that works, if there is one; else one that has been sent before.
fn pick(world: &World, order: usize) -> Option<Order> {
    let working: Vec<Order> = world.kernel.oms().iter().map(|w| w.order).collect();
    if !working.is_empty() && !order.is_multiple_of(7) {
        return Some(working[order % working.len()]);
    }
    let sent: Vec<&Frame> = world.tape.iter().filter(|(kind, ..)| *kind == Order::KIND).collect();
    (!sent.is_empty()).then(|| bytemuck::pod_read_unaligned(&sent[order % sent.len()].2))
}

fn input(world: &mut World, act: &Act) -> Option<Input> {
    let ts = world.ts;
    Some(match *act {
        Act::Wait(nanos) => {
            world.wait(nanos);
            return None;
        }
        Act::Bar { symbol, change } => {
            let close = (mark(world, symbol) + change).max(1);
            Input::Bar(world.flat_bar(SYMBOLS[symbol], close))
        }
        Act::Ask { strategy, side, lots, symbol, away } => {
            let word = if side == Side::Buy { "buy" } else { "sell" };
            let limit = away.map_or(String::new(), |away| format!(" @ {}", mark(world, symbol) + away));
            Input::Order(world.written(strategy, &format!("{word} {lots} {}{limit}", SYMBOLS[symbol])))
        }
        Act::Report { order, kind, execution, lots, away, fee } => {
            let order = pick(world, order)?;
            let open = world.kernel.oms().get(order.slot, order.id).map_or(1, |working| working.open_lots());
            let (lots, price_ticks) = match kind {
                ReportKind::Filled => (lots.unwrap_or(open), mark(world, order.instrument as usize) + away),
                _ => (lots.filter(|lots| lots % 3 == 0).unwrap_or_default(), 0),
            };
            let (kind, fee) = (kind as u8, Money::units(fee));
            let report = world.reported(&order, "Accepted");
            Input::VenueReport(VenueReport { kind, execution, lots, price_ticks, fee, ..report })
        }
        Act::Cancel { order } => Input::CancelRequest(world.cancel(&pick(world, order)?)),
        Act::Replace { order, lots, away } => {
            let order = pick(world, order)?;
            let limit = if order.limit_ticks == 0 { 0 } else { order.limit_ticks + away };
            Input::ReplaceRequest(world.replace(&order, lots, limit))
        }
        Act::Quote { bid, ask } => {
            let at = |away: i64, lots: i64| if lots == 0 { (0, 0) } else { (mark(world, 0) + away, lots) };
            let (bid, ask) = (at(-bid.0, bid.1), at(ask.0, ask.1));
            Input::QuoteUpdate(world.quote(bid, ask))
        }
        Act::Cash { strategy, euros, units, kind } => {
            let movement = world.capital(strategy, if euros { "EUR" } else { "USD" }, units);
            Input::CashMovement(CashMovement { kind: kind as u8, ..movement })
        }
        Act::Rate { nano } => Input::FxRate(world.rate(nano)),
        Act::Session { open, new_day } => {
            Input::Session(Session { ts, closes_ts: FOREVER, open, new_day, ..Session::default() })
        }
        Act::Kill { strategy, on } => Input::KillSwitch(KillSwitch { ts, strategy, on, ..KillSwitch::default() }),
        Act::Start { strategy, artifact } => {
            world.start(strategy, artifact);
            return None;
        }
        Act::Stop { strategy } => {
            world.stop(strategy);
            return None;
        }
        Act::Revoke => Input::Signed(0, Wish::of("momentum").revocation()),
        Act::GrantCarry => Input::Signed(0, Wish::of("carry").approval("Fay")),
        Act::Find { strategy } => Input::Finding(finding(world.ts, strategy)),
        Act::Seal => Input::StateHash(StateHash { ts, ..StateHash::default() }),
    })
}

/// Momentum trades; for carry one signature is missing, and it runs the artifact that was proposed.
static FUND: LazyLock<World> = LazyLock::new(|| {
    let mut world = World::trading();
    world.sign(Wish::of("carry").proposal());
    world.sign(Wish::of("carry").approval("Rita"));
    world.start(CARRY, 'A');
    world
});

/// The day that these acts make of the fund, with a look at it after every step.
fn day(acts: &[Act], mut look: impl FnMut(&World)) -> World {
    let mut world = FUND.clone();
    for act in acts {
        if let Some(input) = input(&mut world, act) {
            // Refused or not: the world holds the kernel to leaving no trace.
            let _ = world.tries(input);
        }
        look(&world);
    }
    world.ts = world.ts.max(world.kernel.clock());
    world.seal();
    world
}

/// Which records of a tape are inputs; a finding can be one, or an effect.
fn are_inputs(tape: &[Frame]) -> Vec<bool> {
    let mut replay = Replay::new();
    let mut is_input = |(kind, id, bytes): &Frame| {
        let is_input = replay.expects_input();
        replay.push(*kind, *id, bytes).unwrap();
        is_input
    };
    tape.iter().map(&mut is_input).collect()
}

/// Feeds the inputs of a tape to a kernel, and gives back what a journal of it would hold.
fn fed(kernel: &mut Kernel, tape: &[Frame]) -> Vec<Frame> {
    let (mut effects, mut written, mut next) = (Effects::new(), Vec::new(), 0);
    for (kind, id, bytes) in tape {
        // What followed from the last input is no input, also where it could be one, as a finding could.
        let Some(mut input) = Input::from_record(*kind, *id, bytes).unwrap().filter(|_| *id >= next) else { continue };
        kernel.step(&mut input, &mut effects).unwrap();
        let (kind, id, bytes) = input.as_record();
        next = id + 1 + effects.records().count() as u64;
        written.push((kind, id, bytes.to_vec()));
        written.extend(effects.records().zip(id + 1..).map(|((kind, bytes), id)| (kind, id, bytes.to_vec())));
    }
    written
}

fn days(most: usize) -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 1..most)
}

proptest! {
    /// Every currency sums to zero, the gate agrees with orders and books, worth is the sum of its parts, ids are
    /// consecutive and causes are there, no execution is booked twice: after every step of any day.
    #[test]
    fn what_always_holds_holds_after_every_step(acts in days(60)) {
        let world = day(&acts, |world| invariants::hold(&world.kernel));
        invariants::numbered(&world.tape);
        invariants::booked_once(&world.tape);
    }

    /// A venue that repeats fills, as often and as late as it likes, leaves the books of one that told each once.
    #[test]
    fn a_venue_that_repeats_itself_changes_nothing(
        parts in prop::collection::vec(1_i64..20, 1..8), repeats in prop::collection::vec((1_usize..8, any::<prop::sample::Index>()), 0..20)
    ) {
        let lots: i64 = parts.iter().sum();
        let mut worlds = [World::trading(), World::trading()];
        for (at, world) in worlds.iter_mut().enumerate() {
            let order = world.works(&format!("buy {} AAA @ 10000", lots + 1_000));
            for (number, part) in (1..).zip(&parts) {
                world.says(&order, &format!("Filled {part} @ 10000 as {number}"));
                for (_, which) in repeats.iter().filter(|(after, _)| at == 1 && *after == number) {
                    let again = which.index(number);
                    let told = world.says(&order, &format!("Filled {} @ 10000 as {}", parts[again], again + 1));
                    prop_assert_eq!(told, ["finding OMS-007"]);
                }
            }
        }
        let [once, again] = &worlds;
        prop_assert_eq!(again.held("AAA"), format!("AAA {lots} +1000 -0"));
        let books = |world: &World| postcard::to_stdvec(world.kernel.ledger()).unwrap();
        prop_assert_eq!(books(once), books(again));
        prop_assert_eq!(once.kernel.oms(), again.kernel.oms());
    }

    /// A state that was written down and read back goes on as if nothing had been.
    #[test]
    fn a_state_read_back_goes_on_to_the_same_bytes(acts in days(60), at in any::<prop::sample::Index>()) {
        let (mut step, stop, mut saved) = (0, at.index(acts.len()), None);
        let world = day(&acts, |world| {
            if step == stop {
                saved = Some((world.kernel.to_bytes(), world.tape.len()));
            }
            step += 1;
        });
        let (bytes, written) = saved.unwrap();
        let mut kernel = Kernel::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&kernel.to_bytes(), &bytes);
        let rest = &world.tape[written..];
        let again = fed(&mut kernel, rest);
        prop_assert_eq!(again.as_slice(), rest);
        prop_assert_eq!(kernel.to_bytes(), world.kernel.to_bytes());
    }

    /// The tape alone rebuilds the state, and the same inputs give the same tape.
    #[test]
    fn the_tape_rebuilds_the_state_to_the_byte(acts in days(60)) {
        let (world, again) = (day(&acts, |_| ()), day(&acts, |_| ()));
        prop_assert_eq!(&world.tape, &again.tape);
        let (kernel, report) = World::replay(&world.tape).unwrap();
        prop_assert_eq!(kernel.to_bytes(), world.kernel.to_bytes());
        prop_assert_eq!(kernel.state_hash(), world.kernel.state_hash());
        prop_assert_eq!((report.inputs + report.effects) as usize, world.tape.len());
        prop_assert!(report.hashes > 0);
    }

    /// A record that is changed, removed, told twice or swapped is caught; a change that replay cannot see is one that
    /// the state never depended on (a bar's volume), and the log's Merkle root guards that.
    #[test]
    fn a_tape_that_was_touched_is_caught(
        acts in days(40), at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0_u8..8
    ) {
        let world = day(&acts, |_| ());
        let tape = &world.tape;
        // The last record is the seal; nothing follows that could prove it, so it is left alone where order matters.
        let at = at.index(tape.len() - 1);
        let mut changed = tape.clone();
        let frame = &mut changed[at].2;
        let place = byte.index(frame.len());
        frame[place] ^= 1 << bit;
        match World::replay(&changed) {
            Err(_) => (),
            Ok((kernel, _)) => {
                prop_assert_eq!(kernel.to_bytes(), world.kernel.to_bytes());
                prop_assert!(are_inputs(tape)[at], "a changed effect of kind {} went through", tape[at].0);
            }
        }
        let mut removed = tape.clone();
        removed.remove(at);
        prop_assert!(World::replay(&removed).is_err());
        let mut doubled = tape.clone();
        doubled.insert(at, tape[at].clone());
        prop_assert!(World::replay(&doubled).is_err());
        let mut swapped = tape.clone();
        swapped.swap(at, at + 1);
        prop_assert!(World::replay(&swapped).is_err());
    }
}

#[test]
fn two_funds_with_the_same_inputs_write_the_same_bytes() {
    let tape = |_| {
        let mut world = World::trading();
        let order = world.works("buy 100 AAA @ 9990");
        world.says(&order, "Filled 60 @ 9990");
        world.wait(1);
        world.bar("CCC", 2_100);
        world.seal();
        (world.tape.clone(), world.kernel.state_hash())
    };
    assert_eq!(tape(1), tape(2));
}

#[test]
fn a_replay_says_which_record_differs_and_how() {
    let world = day(&[], |_| ());
    let tape = &world.tape;
    let problem = |tape: &[Frame]| World::replay(tape).err().unwrap().to_string();
    assert!(problem(&[]).starts_with("LOG-034") && problem(&[]).contains("no record"));
    assert!(problem(&tape[..1]).contains("a genesis and nothing after it"));
    assert!(problem(&tape[1..]).contains("stands where the genesis and kernel start belong"));
    let verdict = tape.iter().position(|(kind, ..)| *kind == hedgerow_core::Mandate::KIND).unwrap();
    assert!(problem(&tape[..verdict]).contains("is missing"));
    let stray = [&tape[..verdict], &tape[verdict + 1..]].concat();
    assert!(problem(&stray).contains(&format!("expected record {}", verdict + 1)));
    let mut short = tape.clone();
    short[3].2.pop();
    assert!(World::replay(&short).is_err());
    let mut again = tape.clone();
    again.push((KIND_GENESIS, tape.len() as u64 + 1, tape[0].2.clone()));
    assert!(problem(&again).contains("a second genesis"));
}

#[test]
fn every_byte_of_the_first_two_records_counts() {
    let world = day(&[], |_| ());
    for record in 0..2 {
        for place in 0..world.tape[record].2.len() {
            let mut tape = world.tape.clone();
            tape[record].2[place] ^= 1;
            assert!(World::replay(&tape).is_err(), "byte {place} of record {record}");
        }
    }
}
