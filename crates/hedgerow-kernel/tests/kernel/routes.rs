//! Where orders go: it stands in the log before they leave, and nothing comes of it.

use crate::lies::state;
use crate::records::route;
use crate::world::{Frame, MOMENTUM, World};
use hedgerow_core::{Route, Symbol, code, time::SECOND};
use hedgerow_kernel::Input;

#[test]
fn a_route_moves_the_clock_and_nothing_else() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.wait(SECOND);
    let (before, id) = (state(&world), world.kernel.last_id());
    assert_eq!(world.take(Input::Route(route(world.ts, &order))), [""; 0]);
    assert_eq!(state(&world), before);
    assert!(world.effects.sends.is_empty());
    assert_eq!((world.kernel.last_id(), world.kernel.clock()), (id + 1, world.ts));
}

#[test]
fn a_route_is_of_an_order_that_works_and_says_what_can_be() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let good = route(world.ts, &order);
    for (code, wrong) in [
        (code::CORE_UNKNOWN_INSTRUMENT, Route { instrument: 3, ..good }),
        (code::CORE_UNKNOWN_STRATEGY, Route { strategy: 3, ..good }),
        (code::CORE_INPUT, Route { instrument: 1, ..good }),
        (code::CORE_INPUT, Route { strategy: MOMENTUM + 1, ..good }),
        (code::CORE_INPUT, Route { cause: order.id + 1, ..good }),
        (code::CORE_INPUT, Route { cause: 0, ..good }),
        (code::CORE_INPUT, Route { venue: Symbol::default(), ..good }),
        (code::CORE_INPUT, Route { price_ticks: -1, ..good }),
        (code::CORE_INPUT, Route { lots: -1, ..good }),
        (code::CORE_INPUT, Route { latency_ns: -1, ..good }),
        (code::CORE_INPUT, Route { chance_ppm: 1_000_001, ..good }),
        (code::CORE_INPUT, Route { hidden_ppm: 1_000_001, ..good }),
        (code::CORE_INPUT, Route { way: 0, ..good }),
        (code::CORE_INPUT, Route { way: 3, ..good }),
        (code::CORE_INPUT, Route { chosen: 2, ..good }),
        (code::CORE_TIME_ORDER, Route { ts: world.ts - 1, ..good }),
    ] {
        assert_eq!(world.tries(Input::Route(wrong)).unwrap_err().code, code, "{wrong:?}");
    }
    world.says(&order, "Cancelled");
    assert_eq!(world.tries(Input::Route(good)).unwrap_err().code, code::CORE_INPUT, "it has ended");
}

#[test]
fn a_replay_takes_routes_and_refuses_one_of_an_order_that_is_over() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.take(Input::Route(route(world.ts, &order)));
    world.says(&order, "Cancelled");
    let (kernel, _) = World::replay(&world.tape).unwrap();
    assert_eq!(kernel.state_hash(), world.kernel.state_hash());
    let late = Input::Route(Route { id: world.kernel.last_id() + 1, ..route(world.ts, &order) });
    let (kind, id, bytes) = late.as_record();
    let tape: Vec<Frame> = world.tape.iter().cloned().chain([(kind, id, bytes.to_vec())]).collect();
    assert_eq!(World::replay(&tape).unwrap_err().code, code::LOG_REPLAY);
}
