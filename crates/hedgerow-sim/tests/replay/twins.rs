//! The venue and its obvious twin, told the same, say the same.

use crate::twin::{Twin, Who};
use crate::world::World;
use hedgerow_core::{OrderAction, Phase, Side, TimeInForce, TradeKind};
use hedgerow_sim::replay::{BookConfig, Depth, QueueModel};
use proptest::prelude::*;

const TIFS: [TimeInForce; 4] = [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Gtx];

fn side_of(byte: u8) -> Side {
    if byte.is_multiple_of(2) { Side::Buy } else { Side::Sell }
}

/// A price for history that does not cross it.
fn uncrossed(twin: &Twin, side: Side, price: i32) -> i32 {
    match (side, twin.best(Side::Buy), twin.best(Side::Sell)) {
        (Side::Buy, _, Some(ask)) => price.min(ask - 1),
        (Side::Sell, Some(bid), _) => price.max(bid + 1),
        _ => price,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn on_orders_the_venue_agrees_with_its_obvious_twin(
        steps in prop::collection::vec(any::<[u8; 5]>(), 1..160),
    ) {
        let (mut world, mut twin) = (World::new(BookConfig::default(), Depth::Orders), Twin::default());
        let (mut ids, mut next, mut ours) = (Vec::new(), 1_000_u64, 0_u64);
        for [what, which, side, price, lots] in steps {
            let (side, price, lots) = (side_of(side), 95 + i32::from(price % 10), i64::from(lots % 12) + 1);
            let known = ids.get(usize::from(which) % ids.len().max(1)).copied();
            let said = match (what % 14, known.zip(known.and_then(|id| twin.standing(id)))) {
                (0..=2, _) | (3..=6, None) => {
                    let price = uncrossed(&twin, side, price);
                    next += 1;
                    ids.push(next);
                    twin.enter(Who::History(next), side, price, lots);
                    world.event(OrderAction::Add, next, side, price, lots as u32)
                }
                (3, Some((id, (s, p, has)))) => {
                    twin.reduce(Who::History(id), has);
                    world.event(OrderAction::Delete, id, s, p, 0)
                }
                (4, Some((id, (s, p, has)))) => {
                    let part = lots.min(has);
                    twin.reduce(Who::History(id), part);
                    world.event(OrderAction::Cancel, id, s, p, part as u32)
                }
                (5, Some((id, (s, p, has)))) => {
                    // Smaller at its price stays; larger, or elsewhere, goes to the end.
                    let to = if which > 127 { p } else { uncrossed(&twin, s, price) };
                    if to == p && lots <= has {
                        twin.reduce(Who::History(id), has - lots);
                    } else {
                        twin.reduce(Who::History(id), has);
                        twin.enter(Who::History(id), s, to, lots);
                    }
                    world.event(OrderAction::Modify, id, s, to, lots as u32)
                }
                (6, Some((id, (s, p, has)))) => {
                    twin.execute(id, lots.min(has));
                    world.event(OrderAction::Execute, id, s, p, lots.min(has) as u32)
                }
                (7, _) if ours > 0 => {
                    let id = u64::from(which) % ours + 1;
                    twin.cancel(id);
                    world.cancel(id)
                }
                (10, _) => {
                    twin.hidden(price, lots);
                    world.print(TradeKind::Hidden, None, price, lots)
                }
                (11, _) => {
                    twin.is_halted = !twin.is_halted;
                    world.phase(if twin.is_halted { Phase::Halted } else { Phase::Continuous })
                }
                (12.., _) if !twin.is_halted => {
                    ours += 1;
                    let (show, lots) = (i64::from(which % 5) + 1, lots.max(5));
                    twin.iceberg(ours, side, price, lots, show);
                    world.iceberg(side, price.into(), lots, show)
                }
                _ => {
                    ours += 1;
                    let (tif, limit) = (TIFS[usize::from(which) % 4], if which > 230 { 0 } else { price });
                    let tif = if limit == 0 && tif == TimeInForce::Gtx { TimeInForce::Ioc } else { tif };
                    twin.order(ours, side, limit, lots, tif);
                    world.order(side, limit.into(), lots, tif)
                }
            };
            prop_assert_eq!(said, twin.settle());
        }
    }

    /// One order at a price of levels: those ahead are counted down by trades, and are never more than are shown.
    #[test]
    fn on_levels_trades_count_down_those_ahead(steps in prop::collection::vec(any::<[u8; 2]>(), 1..80)) {
        let config = BookConfig { queue: QueueModel::TradesOnly, ..BookConfig::default() };
        let mut world = World::new(config, Depth::Levels);
        world.set(&[(Side::Buy, 99, 20), (Side::Sell, 101, 20)]);
        world.order(Side::Buy, 99, 1_000, TimeInForce::Gtc);
        let (mut ahead, mut filled, mut shown) = (20_i64, 0_i64, 20_i64);
        for [what, lots] in steps {
            let lots = i64::from(lots % 30);
            let said = if what.is_multiple_of(2) && lots > 0 && lots <= shown {
                // History trades, and shows at once what is left.
                let passed = (lots - ahead).max(0);
                (ahead, filled, shown) = ((ahead - lots).max(0), filled + passed, shown - lots);
                let mut said = world.trade(Some(Side::Sell), 99, lots);
                said.extend(world.set(&[(Side::Buy, 99, shown)]));
                said
            } else {
                (shown, ahead) = (lots, ahead.min(lots));
                world.set(&[(Side::Buy, 99, lots)])
            };
            filled -= said.iter().map(|line| line.3).sum::<i64>();
            prop_assert_eq!(filled, 0);
        }
    }
}
