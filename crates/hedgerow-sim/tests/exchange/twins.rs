//! Any sequence of inputs: the exchange and its twin trade the same and end the same.

use crate::twin::Twin;
use crate::{amend, exchange, limit, trades};
use hedgerow_core::Side;
use hedgerow_sim::exchange::{Action, Amend, NewOrder, OrderType, Phase, SelfTrades, TimeIn};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    New { who: u32, is_buy: bool, kind: u8, lots: i64, price: i64 },
    Cancel(usize),
    Replace(usize, i64, i64, i64),
    Phase(Phase),
}

fn step() -> impl Strategy<Value = Step> {
    let new = (0..3_u32, any::<bool>(), 0..12_u8, 1..20_i64, 95..106_i64);
    let phases = prop::sample::select(vec![
        Phase::Continuous,
        Phase::ClosingCall,
        Phase::Closed,
        Phase::OpeningCall,
        Phase::Halted,
    ]);
    prop_oneof![
        12 => new.prop_map(|(who, is_buy, kind, lots, price)| Step::New { who, is_buy, kind, lots, price }),
        2 => (0..60_usize).prop_map(Step::Cancel),
        3 => (0..60_usize, 1..25_i64, 95..106_i64, prop_oneof![2 => Just(0), 1 => 1..8_i64])
            .prop_map(|(at, lots, price, shown)| Step::Replace(at, lots, price, shown)),
        2 => phases.prop_map(Step::Phase),
    ]
}

fn order(number: usize, who: u32, is_buy: bool, kind: u8, lots: i64, price: i64) -> NewOrder {
    let side = if is_buy { Side::Buy } else { Side::Sell };
    let mut order = limit(who, &format!("n{number}"), side, lots, price);
    let market = |order: &mut NewOrder| (order.order_type, order.price_ticks) = (OrderType::Market, 0);
    match kind {
        0 => market(&mut order),
        1 => order.time_in = TimeIn::Ioc,
        2 => order.time_in = TimeIn::Fok,
        3 => order.post_only = true,
        4 => order.show_lots = (lots / 3).max(1),
        5 => {
            market(&mut order);
            (order.order_type, order.stop_ticks) = (OrderType::Stop, price);
        }
        6 => (order.order_type, order.stop_ticks) = (OrderType::StopLimit, 200 - price),
        7 => order.time_in = TimeIn::AtClose,
        8 => {
            market(&mut order);
            order.time_in = TimeIn::AtOpen;
        }
        9 => order.time_in = TimeIn::Gtc,
        _ => {}
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn the_exchange_agrees_with_its_obvious_twin(
        steps in prop::collection::vec(step(), 1..60),
        begins in prop::sample::select(vec![Phase::Continuous, Phase::OpeningCall]),
        self_trades in prop::sample::select(
            vec![SelfTrades::Allow, SelfTrades::CancelIncoming, SelfTrades::CancelResting]),
    ) {
        let mut ours = exchange(begins, self_trades);
        let mut again = exchange(begins, self_trades);
        let mut twin = Twin::new(begins, self_trades);
        for (number, step) in steps.iter().enumerate() {
            let action = match step {
                Step::New { who, is_buy, kind, lots, price } => {
                    let order = order(number, *who, *is_buy, *kind, *lots, *price);
                    twin.enter(&order);
                    Action::New(order)
                }
                Step::Cancel(at) => {
                    let Some(kept) = twin.orders.get(*at).filter(|kept| kept.open > 0) else { continue };
                    let (participant, name) = (kept.order.participant, kept.order.client_id.clone());
                    twin.cancel(*at);
                    Action::Cancel { participant, client_id: format!("c{number}"), orig_client_id: name }
                }
                Step::Replace(at, lots, price, shown) => {
                    let is_plain = |kept: &&crate::twin::Kept| {
                        kept.open > 0 && !kept.waits && kept.order.price_ticks > 0 && *lots > kept.done && *shown <= *lots
                            && !kept.order.post_only
                            && matches!(kept.order.time_in, TimeIn::Day | TimeIn::Gtc)
                    };
                    let Some(kept) = twin.orders.get(*at).filter(is_plain) else { continue };
                    if twin.phase != Phase::Continuous { continue; }
                    let (participant, name) = (kept.order.participant, kept.order.client_id.clone());
                    let plain = amend(participant, &format!("r{number}"), &name, *lots, *price);
                    twin.replace(*at, *lots, *price, *shown);
                    Action::Replace(Amend { show_lots: *shown, ..plain })
                }
                Step::Phase(phase) => {
                    if !follows(twin.phase, *phase) { continue; }
                    twin.set_phase(*phase);
                    Action::SetPhase { instrument: 0, phase: *phase }
                }
            };
            let events = ours.take(number as i64, &action);
            prop_assert_eq!(&events, &again.take(number as i64, &action));
            prop_assert_eq!(trades(&events), std::mem::take(&mut twin.trades), "step {}: {:?}", number, step);
            for side in [Side::Buy, Side::Sell] {
                let depth: Vec<(i64, i64)> =
                    ours.depth(0, side, 99).iter().map(|level| (level.price_ticks.into(), level.lots)).collect();
                prop_assert_eq!(depth, twin.depth(side), "step {}: {:?}", number, step);
            }
            for kept in &twin.orders {
                let told = ours.status(kept.order.participant, &kept.order.client_id).expect("it was taken");
                prop_assert_eq!((told.leaves_lots, told.cum_lots), (kept.open, kept.done), "{:?}", kept);
            }
            prop_assert_eq!(ours.market(0), Some((twin.phase, twin.last)));
        }
        prop_assert_eq!(ours.state_hash(), again.state_hash());
    }
}

fn follows(before: Phase, after: Phase) -> bool {
    use Phase::{Closed, ClosingCall, Continuous, Halted, OpeningCall};
    matches!(
        (before, after),
        (OpeningCall | Continuous | ClosingCall | Halted, Closed)
            | (Closed | Halted, OpeningCall)
            | (Closed | OpeningCall | Halted, Continuous)
            | (Continuous | Halted, ClosingCall)
            | (OpeningCall | Continuous | ClosingCall, Halted)
    )
}
