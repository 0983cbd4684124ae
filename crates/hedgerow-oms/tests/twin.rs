//! Random lives, compared step by step with an obvious twin: a map of orders, a list of fills, a match.

use hedgerow_core::{Code, Order, code};
use hedgerow_oms::{Oms, OrderInput, OrderState};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An order as one would keep it on paper.
#[derive(Clone, Debug)]
struct Paper {
    state: OrderState,
    size: i64,
    asked: Option<i64>,
    accepted: bool,
    /// Number of the execution, lots, price.
    fills: Vec<(u32, i64, i64)>,
}

impl Paper {
    fn filled(&self) -> i64 {
        self.fills.iter().map(|(_, lots, _)| lots).sum()
    }

    fn ceiling(&self) -> i64 {
        self.size.max(self.asked.unwrap_or(0))
    }

    /// Where an order that works at the venue stands.
    fn at_work(&self) -> OrderState {
        if self.filled() >= self.ceiling() {
            OrderState::Filled
        } else if self.asked.is_some() {
            OrderState::PendingReplace
        } else if self.filled() > 0 {
            OrderState::PartiallyFilled
        } else if self.accepted {
            OrderState::Live
        } else {
            OrderState::PendingNew
        }
    }

    /// `self.state`, unless nothing is left open.
    fn unless_filled(&self) -> OrderState {
        if self.filled() >= self.ceiling() { OrderState::Filled } else { self.state }
    }

    fn step(&mut self, input: OrderInput, execution: u32, lots: i64, price: i64) -> Result<OrderState, Code> {
        use OrderInput as I;
        use OrderState as S;
        let sent = !matches!(self.state, S::New);
        let state = match input {
            I::Approve if self.state == S::New => S::PendingNew,
            I::Deny if self.state == S::New => S::Denied,
            I::Accept if sent && self.state != S::Live => {
                self.accepted = true;
                if matches!(self.state, S::PendingNew | S::Unknown) { self.at_work() } else { self.unless_filled() }
            }
            I::Reject if matches!(self.state, S::PendingNew | S::PendingCancel | S::Unknown) => {
                if self.accepted || self.filled() > 0 {
                    return Err(code::OMS_ILLEGAL);
                }
                S::Rejected
            }
            I::Fill if execution > 0 && self.fills.iter().any(|(number, ..)| *number >= execution) => {
                return Err(code::OMS_DUPLICATE);
            }
            I::Fill if lots <= 0 || price <= 0 => return Err(code::OMS_BAD_REPORT),
            I::Fill if sent && self.filled() + lots > self.ceiling() => return Err(code::OMS_OVERFILL),
            I::Fill if sent => {
                self.fills.push((execution, lots, price));
                let held = matches!(self.state, S::PendingCancel | S::PendingReplace | S::Unknown);
                if held { self.unless_filled() } else { self.at_work() }
            }
            I::AskCancel if matches!(self.state, S::PendingNew | S::Live | S::PartiallyFilled | S::PendingReplace) => {
                S::PendingCancel
            }
            I::AskCancel if self.state == S::Unknown => S::Unknown,
            I::Cancelled if sent => S::Cancelled,
            I::Expire if sent => S::Expired,
            I::Lost if sent => S::Unknown,
            I::CancelRejected if matches!(self.state, S::PendingCancel | S::Unknown) => self.at_work(),
            I::AskReplace if lots <= 0 || price < 0 => return Err(code::CORE_INPUT),
            I::AskReplace if matches!(self.state, S::Live | S::PartiallyFilled) => {
                self.asked = Some(lots);
                S::PendingReplace
            }
            I::Replaced | I::ReplaceRejected if self.asked.is_some() => return self.answer(input, lots),
            _ => return Err(code::OMS_ILLEGAL),
        };
        self.state = state;
        Ok(state)
    }

    fn answer(&mut self, input: OrderInput, lots: i64) -> Result<OrderState, Code> {
        let asked = self.asked.unwrap_or(0);
        if input == OrderInput::Replaced {
            let lots = if lots == 0 { asked } else { lots };
            if lots < 0 || lots > asked.max(self.filled()) {
                return Err(code::OMS_BAD_REPORT);
            }
            self.size = lots.max(self.filled());
            self.accepted = true;
        } else if self.filled() > self.size {
            return Err(code::OMS_BAD_REPORT);
        }
        self.asked = None;
        self.state = if self.state == OrderState::PendingCancel { self.unless_filled() } else { self.at_work() };
        Ok(self.state)
    }
}

#[derive(Clone, Debug)]
enum Act {
    Open { lots: i64 },
    Apply { which: usize, input: OrderInput, execution: u32, lots: i64, price: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let input = prop_oneof![
        3 => Just(OrderInput::Approve),
        2 => Just(OrderInput::Accept),
        5 => Just(OrderInput::Fill),
        2 => Just(OrderInput::AskReplace),
        6 => proptest::sample::select(OrderInput::ALL),
    ];
    let apply = (0..8_usize, input, 0..9_u32, -1..40_i64, -1..9_i64);
    let apply = apply.prop_map(|(which, input, execution, lots, price)| {
        // An answer to a change repeats its price; other prices are covered by scripts.
        let price = if input == OrderInput::Replaced { 0 } else { price };
        Act::Apply { which, input, execution, lots, price }
    });
    prop::collection::vec(prop_oneof![1 => (1..60_i64).prop_map(|lots| Act::Open { lots }), 6 => apply], 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The slab agrees with paper on every state, refusal, sum and reservation, and a refusal changes nothing.
    #[test]
    fn the_slab_agrees_with_paper(acts in acts()) {
        let mut oms = Oms::new(6);
        let mut paper: BTreeMap<u64, Paper> = BTreeMap::new();
        let mut places: Vec<(u32, u64)> = Vec::new();
        let mut reserved: BTreeMap<u64, i64> = BTreeMap::new();
        let mut id = 0;
        for act in acts {
            match act {
                Act::Open { lots } => {
                    let alive = paper.values().filter(|p| !p.state.is_terminal()).count();
                    match oms.open(Order { id: id + 1, lots, limit_ticks: 5, ..Order::default() }) {
                        Ok(slot) => {
                            id += 1;
                            places.push((slot, id));
                            let state = OrderState::New;
                            paper.insert(id, Paper { state, size: lots, asked: None, accepted: false, fills: vec![] });
                        }
                        Err(problem) => prop_assert_eq!((problem.code, alive), (code::OMS_FULL, 6)),
                    }
                }
                Act::Apply { which, input, execution, lots, price } => {
                    // Mostly the latest orders, so that some live long; old ones test stale places.
                    let Some(&(slot, id)) = places.iter().rev().nth(which) else { continue };
                    let twin = paper.get_mut(&id).unwrap();
                    let over = twin.state.is_terminal();
                    let before = oms.clone();
                    let seen = match (input, execution) {
                        (OrderInput::Fill, 1..) => oms.fill(slot, id, execution, lots, price),
                        _ => oms.apply(slot, id, input, lots, price),
                    };
                    let unknown = Err(code::OMS_UNKNOWN_ORDER);
                    let expected = if over { unknown } else { twin.step(input, execution, lots, price) };
                    prop_assert_eq!(seen.as_ref().map(|s| s.to).map_err(|p| p.code), expected);
                    let Ok(step) = seen else {
                        prop_assert_eq!(&oms, &before);
                        continue;
                    };
                    prop_assert_eq!(step.filled_lots, twin.filled());
                    prop_assert_eq!(step.order.lots, twin.size);
                    prop_assert!(step.filled_lots <= twin.ceiling());
                    prop_assert_eq!(step.terminal, step.to.is_terminal());

                    // What a gate would hold: it reserves on approval and on a larger change, and frees what it is told.
                    let held = reserved.entry(id).or_insert(0);
                    match input {
                        OrderInput::Approve => *held += lots_of(&before, slot, id),
                        OrderInput::AskReplace => *held += (lots - step.before.lots).max(0),
                        OrderInput::Fill => *held -= lots,
                        _ => {}
                    }
                    *held -= step.release_lots;
                    let should = if step.terminal { 0 } else { twin.ceiling() - twin.filled() };
                    prop_assert_eq!(*held, should, "reservation after {:?}", step);
                    prop_assert_eq!(step.open_lots, should);
                }
            }
            prop_assert!(oms.is_consistent());
            prop_assert_eq!(oms.len(), paper.values().filter(|p| !p.state.is_terminal()).count());
            for working in oms.iter() {
                let twin = &paper[&working.order.id];
                let value: i128 = twin.fills.iter().map(|(_, lots, price)| i128::from(*lots) * i128::from(*price)).sum();
                prop_assert_eq!((working.state, working.filled_value), (twin.state, value));
            }
        }
    }
}

fn lots_of(oms: &Oms, slot: u32, id: u64) -> i64 {
    oms.get(slot, id).map_or(0, |working| working.order.lots)
}
