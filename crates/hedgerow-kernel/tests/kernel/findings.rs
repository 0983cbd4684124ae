//! What people and the rooms around the kernel find: it stands in the log, in order, and nothing comes of it.

use crate::lies::state;
use crate::world::{CAPACITY, Frame, MOMENTUM, World};
use hedgerow_core::{Code, Finding, InstrumentId, Money, Noun, StrategyId, VenueReport, code, time::SECOND};
use hedgerow_kernel::{Input, Replay};

/// That a strategy answered too late.
pub fn finding(ts: i64, strategy: StrategyId) -> Finding {
    let (value, limit) = (Money::units(3), Money::units(2));
    Finding { ts, strategy, value, limit, instrument: InstrumentId::MAX, code: code::JAIL_LATE.0, ..Finding::default() }
}

/// An order works, and its venue has said something that cannot be true.
fn lied_to() -> World {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let report = VenueReport { lots: 11, ..world.reported(&order, "Filled 1 @ 10000") };
    assert_eq!(world.take(Input::VenueReport(report)), ["finding OMS-003"]);
    world
}

#[test]
fn what_is_found_outside_moves_the_clock_and_nothing_else() {
    let mut world = lied_to();
    for strategy in [MOMENTUM, 2, StrategyId::MAX] {
        world.wait(SECOND);
        let (before, id) = (state(&world), world.kernel.last_id());
        assert_eq!(world.take(Input::Finding(finding(world.ts, strategy))), [""; 0]);
        assert_eq!(state(&world), before);
        assert!(world.effects.sends.is_empty());
        assert_eq!((world.kernel.last_id(), world.kernel.clock()), (id + 1, world.ts));
    }
}

#[test]
fn what_is_found_outside_speaks_of_what_is_there() {
    let mut world = lied_to();
    let good = finding(world.ts, MOMENTUM);
    for (code, wrong) in [
        (code::CORE_UNKNOWN_STRATEGY, Finding { strategy: CAPACITY.strategies, ..good }),
        (code::CORE_UNKNOWN_INSTRUMENT, Finding { instrument: 3, ..good }),
        (code::CORE_INPUT, Finding { code: Code(0).0, ..good }),
        (code::CORE_INPUT, Finding { code: u16::MAX, ..good }),
        (code::CORE_INPUT, Finding { code: code::OMS_OVERFILL.0, ..good }),
        (code::CORE_INPUT, Finding { code: code::RISK_ARTIFACT.0, ..good }),
        (code::CORE_INPUT, Finding { code: code::GOV_ISOLATION.0, ..good }),
        (code::CORE_INPUT, Finding { cause: world.kernel.last_id() + 1, ..good }),
        (code::CORE_TIME_ORDER, Finding { ts: world.ts - 1, ..good }),
    ] {
        assert_eq!(world.tries(Input::Finding(wrong)).unwrap_err().code, code, "{wrong:?}");
    }
}

#[test]
fn words_about_what_was_found_stand_behind_it_and_move_nothing() {
    let mut world = lied_to();
    world.take(Input::Finding(finding(world.ts, MOMENTUM)));
    let (before, id) = (state(&world), world.kernel.last_id());
    assert_eq!(world.take(Input::Remark(0, "the venue counts 7 lots, the journal 6".into())), [""; 0]);
    assert_eq!((state(&world), world.kernel.last_id()), (before, id + 1));
    world.trades("buy 10 AAA", 10_000);
    world.seal();
    assert!(World::replay(&world.tape).is_ok());
}

#[test]
fn words_that_are_none_are_refused() {
    let mut world = lied_to();
    let too_long = vec![b'a'; 1_001];
    for words in [&b""[..], b"two\nlines", b"a bell \x07", b"\xff\xfe", &too_long] {
        assert_eq!(world.tries(Input::Remark(0, words.to_vec())).unwrap_err().code, code::CORE_INPUT);
    }
    world.take(Input::Remark(0, vec![b'a'; 1_000]));
}

#[test]
fn no_finding_stands_where_another_record_belongs() {
    let mut world = lied_to();
    world.take(Input::Finding(finding(world.ts, MOMENTUM)));
    world.trades("buy 10 AAA", 10_000);
    world.seal();
    let tape = &world.tape;
    let mut replay = Replay::new();
    for (at, (kind, id, bytes)) in tape.iter().enumerate() {
        let ts = replay.kernel().map_or(world.ts, |kernel| kernel.clock());
        let found = Finding { id: *id, ..finding(ts, MOMENTUM) };
        let smuggled: Frame = (Finding::KIND, *id, bytemuck::bytes_of(&found).to_vec());
        let (mut instead, mut before) = (tape.clone(), tape.clone());
        instead[at] = smuggled.clone();
        before.insert(at, smuggled);
        // Only the last seal can go, since nothing follows it; and what was found outside is what it says it is.
        let is_idle = at + 1 == tape.len() || (*kind == Finding::KIND && replay.expects_input());
        assert_eq!(World::replay(&instead).is_ok(), is_idle, "a finding instead of record {id} of kind {kind}");
        assert!(World::replay(&before).is_err(), "a finding before record {id} of kind {kind}");
        replay.push(*kind, *id, bytes).unwrap();
    }
}

#[test]
fn a_finding_of_the_kernel_is_derived_again_to_the_byte() {
    let world = lied_to();
    let Some((kind, _, bytes)) = world.tape.last() else { panic!() };
    assert_eq!(*kind, Finding::KIND);
    for place in 0..bytes.len() {
        let mut tape = world.tape.clone();
        tape.last_mut().unwrap().2[place] ^= 1;
        assert!(World::replay(&tape).is_err(), "byte {place}");
    }
    let without = &world.tape[..world.tape.len() - 1];
    assert!(World::replay(without).is_err(), "a finding that is not told");
}
