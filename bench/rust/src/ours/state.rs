//! The order state machine against a bare table: the state step itself, and a working order's whole step in the slab.

use crate::floor::state as floor;
use crate::random::Random;
use crate::sample::{Sample, runs};
use hedgerow_core::Order;
use hedgerow_oms::{Extent, Oms, OrderInput, OrderState, Standing, next};
use std::hint::black_box;

const ORDERS: usize = 4096;
const INPUTS: usize = 1 << 16;

/// A life that visits every kind of step: filled in part, changed, nearly cancelled, filled.
const LIFE: [(OrderInput, i64, i64); 8] = [
    (OrderInput::Approve, 0, 0),
    (OrderInput::Accept, 0, 0),
    (OrderInput::Fill, 40, 1_000),
    (OrderInput::AskReplace, 120, 1_001),
    (OrderInput::Replaced, 0, 0),
    (OrderInput::AskCancel, 0, 0),
    (OrderInput::CancelRejected, 0, 0),
    (OrderInput::Fill, 80, 1_001),
];

/// Measures all three.
pub fn run() {
    let mut random = Random(8);
    let inputs: Vec<(u16, u8)> =
        (0..INPUTS).map(|_| (random.below(ORDERS as u64) as u16, random.below(12) as u8)).collect();
    let words: Vec<(u16, OrderInput)> =
        inputs.iter().map(|(order, input)| (*order, OrderInput::ALL[usize::from(*input)])).collect();
    let mut least = floor::Machine::new(ORDERS);
    let mut ours = States::new();
    let mut slab = Slab::new();
    let mut samples = [Sample::default(), Sample::default(), Sample::default()];
    least.run(&inputs);
    ours.run(&words);
    slab.lives();
    for _ in 0..runs() {
        samples[0].time(INPUTS * 16, || (0..16).for_each(|_| least.run(black_box(&inputs))));
        samples[1].time(INPUTS * 16, || (0..16).for_each(|_| ours.run(black_box(&words))));
        samples[2].time(ORDERS * LIFE.len() * 4, || (0..4).for_each(|_| slab.lives()));
    }
    assert!(least.illegal > 0 && ours.illegal > 0);
    samples[0].print("floor.state", "ns", INPUTS * 16, "one table look-up, illegal inputs counted, 4096 orders");
    samples[1].print(
        "state.next",
        "ns",
        INPUTS * 16,
        "the same with our table of 12 states, 13 inputs and 8 standings",
    );
    let note = "Oms::apply: proves the id, checks quantities, moves the order, tells what to release; 4096 orders";
    samples[2].print("state.apply", "ns", ORDERS * LIFE.len() * 4, note);
}

/// Only states and standings, as the floor has only states; where an order ends, the next one begins.
struct States {
    places: Vec<(OrderState, Standing)>,
    after: [OrderState; 16],
    illegal: u64,
}

impl States {
    fn new() -> States {
        let mut random = Random(9);
        let mut place = || {
            let extent = Extent::ALL[random.below(Extent::ALL.len() as u64) as usize];
            (OrderState::New, Standing { extent, replacing: random.below(2) == 1 })
        };
        let mut after = [OrderState::New; 16];
        for state in OrderState::ALL.iter().filter(|state| !state.is_terminal()) {
            after[*state as usize] = *state;
        }
        States { places: (0..ORDERS).map(|_| place()).collect(), after, illegal: 0 }
    }

    #[inline(always)]
    fn run(&mut self, inputs: &[(u16, OrderInput)]) {
        for (order, input) in inputs {
            let (state, standing) = &mut self.places[usize::from(*order) & (ORDERS - 1)];
            let answer = next(*state, *input, *standing);
            self.illegal += u64::from(answer.is_none());
            *state = self.after[answer.unwrap_or(*state) as usize & 15];
        }
    }
}

/// Orders in the slab, all at the same step of their lives, taken in an order that jumps.
struct Slab {
    oms: Oms,
    order: Vec<u32>,
    slots: Vec<(u32, u64)>,
    last_id: u64,
}

impl Slab {
    fn new() -> Slab {
        let mut random = Random(10);
        let mut order: Vec<u32> = (0..ORDERS as u32).collect();
        for i in (1..ORDERS).rev() {
            order.swap(i, random.below(i as u64 + 1) as usize);
        }
        Slab { oms: Oms::new(ORDERS as u32), order, slots: vec![(0, 0); ORDERS], last_id: 0 }
    }

    /// Lets every order live its life.
    fn lives(&mut self) {
        for place in &self.order {
            self.last_id += 1;
            let order = Order { id: self.last_id, lots: 100, limit_ticks: 1_000, ..Order::default() };
            self.slots[*place as usize] = (self.oms.open(order).expect("there is room"), self.last_id);
        }
        for (input, lots, price) in LIFE {
            for place in &self.order {
                let (slot, id) = self.slots[*place as usize];
                black_box(self.oms.apply(slot, id, input, lots, price).expect("the life is legal"));
            }
        }
        assert!(self.oms.is_empty());
    }
}
