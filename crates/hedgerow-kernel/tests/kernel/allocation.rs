//! Counts memory requests: after the first steps, an ordinary step makes none.

use crate::people::Wish;
use crate::world::{CARRY, MOMENTUM, World};
use hedgerow_core::{Bar, CancelRequest, Finding, FxRate, Order, ReplaceRequest, VenueReport};
use hedgerow_kernel::{Effects, Input, Kernel};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;
thread_local! {
    // Per thread, so that tests running beside this one do not count.
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: the caller keeps `alloc`'s conditions, which are those of the system allocator.
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: `block` came from the system allocator with this layout; the caller keeps the other conditions.
        unsafe { System.realloc(block, layout, size) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `alloc` above, that is from the system allocator, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The requests of one step, which must be believed.
fn requests(kernel: &mut Kernel, effects: &mut Effects, input: &mut Input) -> u64 {
    let before = REQUESTS.get();
    kernel.step(input, effects).unwrap();
    let asked = REQUESTS.get() - before;
    assert_eq!(effects.of::<Finding>().count(), 0, "{input:?}");
    asked
}

/// A day of every ordinary step, each by its name with the requests it made.
fn round(world: &mut World) -> Vec<(&'static str, u64)> {
    let World { kernel, effects, .. } = world;
    let mut counted = Vec::new();
    let ts = kernel.clock() + 1;
    let round = ts as u64;
    let mut step = |name: &'static str, input: Input| {
        let mut input = input;
        counted.push((name, requests(kernel, effects, &mut input)));
        input
    };
    let order = |client: u64, lots: i64, side: u8, limit_ticks: i64| Order {
        ts,
        client_id: round * 10 + client,
        lots,
        limit_ticks,
        side,
        kind: 1 + u8::from(limit_ticks > 0),
        tif: 1,
        strategy: MOMENTUM,
        ..Order::default()
    };
    let placed = |input: Input| match input {
        Input::Order(order) => order,
        other => panic!("{other:?}"),
    };
    for instrument in 0..3 {
        let close = [10_000, 5_000, 2_000][instrument as usize] + (ts % 7);
        let bar = Bar {
            ts_event: ts,
            ts_init: ts,
            open_ticks: close,
            high_ticks: close,
            low_ticks: close,
            close_ticks: close,
            instrument,
            ..Bar::default()
        };
        step("bar", Input::Bar(bar));
    }
    let (base, quote) = (crate::world::currency("EUR"), crate::world::currency("USD"));
    let rate_nano = 1_100_000_000 + ts % 7;
    step("rate", Input::FxRate(FxRate { ts_event: ts, ts_init: ts, base, quote, rate_nano, ..FxRate::default() }));
    let market = placed(step("order approved", Input::Order(order(1, 10, 1, 0))));
    step("order denied", Input::Order(order(2, 90_000, 1, 0)));
    step("order denied without mandate", Input::Order(Order { strategy: 2, ..order(3, 10, 2, 0) }));
    let limit = placed(step("limit order", Input::Order(order(4, 20, 1, 9_000))));
    let said = |order: &Order, kind: u8, lots: i64| {
        let Order { id: order_id, slot, instrument, .. } = *order;
        let price_ticks = if kind == 3 { 10_000 } else { 0 };
        let fee = hedgerow_core::Money(12_345);
        let report = VenueReport { order_id, slot, instrument, kind, lots, price_ticks, fee, ..VenueReport::default() };
        Input::VenueReport(VenueReport { ts_event: ts, ts_init: ts, liquidity: 1, ..report })
    };
    step("accept", said(&market, 1, 0));
    step("fill in part", said(&market, 3, 4));
    step("last fill", said(&market, 3, 6));
    step("late accept", said(&market, 1, 0));
    let back = placed(step("order back", Input::Order(order(5, 10, 2, 9_990))));
    step("fill back", said(&back, 3, 10));
    step("accept", said(&limit, 1, 0));
    let Order { id: order_id, slot, strategy, .. } = limit;
    let client_id = round * 10 + 6;
    let change = ReplaceRequest {
        ts,
        order_id,
        client_id,
        lots: 30,
        limit_ticks: 9_100,
        slot,
        strategy,
        ..ReplaceRequest::default()
    };
    step("replace", Input::ReplaceRequest(change));
    step("replaced", said(&limit, 7, 25));
    step("replace denied", Input::ReplaceRequest(ReplaceRequest { lots: 90_000, client_id: client_id + 1, ..change }));
    step("cancel", Input::CancelRequest(CancelRequest { ts, order_id, slot, strategy, ..CancelRequest::default() }));
    step("cancelled", said(&limit, 4, 0));
    counted
}

#[test]
fn ordinary_steps_ask_for_no_memory() {
    let mut world = World::trading();
    world.grant(&Wish { artifact: 'C', ..Wish::of("carry") });
    world.start(CARRY, 'C');
    round(&mut world);
    for day in 0..50 {
        let asking: Vec<_> = round(&mut world).into_iter().filter(|(_, requests)| *requests > 0).collect();
        assert!(asking.is_empty(), "on day {day}: {asking:?}");
        assert!(world.kernel.oms().is_empty());
    }
}
