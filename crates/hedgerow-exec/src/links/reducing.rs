//! Reduce-only orders at work, and what of them is too much once the position that they close is smaller.
//!
//! Promises: as many of them stay as the position holds, the oldest first; of orders beside each other the largest counts.
//! What one trades beyond its position, because the venue had not heard yet, is told once.
//! Never: makes one larger again.

use super::Due;
use crate::slice::LotRule;
use hedgerow_core::{Fill, Finding, InstrumentId, Money, Order, OrderEvent, RecordId, Side, StrategyId, code};
use hedgerow_oms::{Oms, OrderInput, OrderState, Working};

/// The position of a strategy in an instrument, signed lots.
pub type Held<'a> = dyn Fn(StrategyId, InstrumentId) -> i64 + 'a;

/// One that works, or traded too much and people were not told.
#[derive(Clone, Copy, Debug)]
struct Reducing {
    order: Order,
    /// The order that traded last in what it closes; 0 = none did since it came.
    mover: RecordId,
    /// We asked to make it smaller, and nobody answered.
    resizing: bool,
    resize_refused: bool,
    cancel_refused: bool,
    has_ended: bool,
    traded_lots: i64,
    /// What it traded when its position held nothing more, and what of that people were told.
    turned_lots: i64,
    told_lots: i64,
}

/// All that work, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Reductions(Vec<Reducing>);

impl Reductions {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn approved(&mut self, order: Order) {
        self.0.push(Reducing {
            order,
            mover: 0,
            resizing: false,
            resize_refused: false,
            cancel_refused: false,
            has_ended: false,
            traded_lots: 0,
            turned_lots: 0,
            told_lots: 0,
        });
    }

    /// Something traded; `held` says what positions are since.
    pub fn filled(&mut self, fill: &Fill, held: &Held<'_>) {
        let place = (fill.strategy, fill.instrument);
        let same = self.0.iter_mut().filter(|one| (one.order.strategy, one.order.instrument) == place);
        for one in same {
            (one.mover, one.cancel_refused) = (fill.cause, false);
            if one.order.id == fill.cause {
                one.traded_lots += fill.lots;
                one.turned_lots += fill.lots.min((-directed(&one.order, held)).max(0));
            }
        }
    }

    /// So much of what an order traded beyond its position is told as a race with what stands beside it.
    pub fn told_elsewhere(&mut self, order_id: RecordId, lots: i64) {
        if let Some(one) = self.find(order_id) {
            one.turned_lots = (one.turned_lots - lots).max(0);
        }
    }

    /// What one traded beyond its position is told.
    pub fn told(&mut self, order_id: RecordId) {
        if let Some(one) = self.find(order_id) {
            one.told_lots = one.turned_lots;
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.0.retain(|one| !one.has_ended || one.turned_lots > one.told_lots);
    }

    /// What was traded beyond positions, and nobody was told; of those that have ended, or of all.
    pub fn turned(&self, only_ended: bool) -> impl Iterator<Item = Finding> + '_ {
        let untold = self.0.iter().filter(move |one| one.turned_lots > one.told_lots && (one.has_ended || !only_ended));
        untold.map(|one| {
            let Order { id: cause, instrument, strategy, .. } = one.order;
            let (value, limit) = (Money::units(one.traded_lots), Money::units(one.traded_lots - one.turned_lots));
            Finding { value, limit, cause, instrument, strategy, code: code::RUN_TURNED.0, ..Finding::default() }
        })
    }

    pub fn moved(&mut self, event: &OrderEvent) {
        let Some(one) = self.find(event.order_id) else { return };
        if OrderState::from_u8(event.to).is_some_and(OrderState::is_terminal) {
            one.has_ended = true;
            return self.forget();
        }
        match OrderInput::from_u8(event.event) {
            Some(OrderInput::Replaced) => one.resizing = false,
            Some(OrderInput::ReplaceRejected) => one.resize_refused |= std::mem::take(&mut one.resizing),
            Some(OrderInput::CancelRejected) => one.cancel_refused = true,
            _ => {}
        }
    }

    fn find(&mut self, order_id: RecordId) -> Option<&mut Reducing> {
        self.0.iter_mut().find(|one| one.order.id == order_id)
    }

    /// Whether a change or a cancel of an order with this cause was asked because of its position.
    pub fn is_own(&self, order_id: RecordId, cause: RecordId) -> bool {
        cause != 0 && self.0.iter().any(|one| (one.order.id, one.mover) == (order_id, cause))
    }

    /// A change of it was asked for, by us or by its strategy.
    pub fn changing(&mut self, order_id: RecordId, is_own: bool) {
        if let Some(one) = self.find(order_id) {
            one.resizing = is_own;
        }
    }

    /// The gate denied a change of it.
    pub fn denied(&mut self, order_id: RecordId) {
        if let Some(one) = self.find(order_id) {
            one.resize_refused |= std::mem::take(&mut one.resizing);
        }
    }

    /// Those of an instrument, each with the lots that the position lets it trade.
    pub fn closable<'a>(
        &'a self,
        instrument: InstrumentId,
        held: &'a Held<'_>,
    ) -> impl Iterator<Item = (Order, i64)> + 'a {
        let here = self.0.iter().filter(move |one| one.order.instrument == instrument && !one.has_ended);
        here.map(move |one| (one.order, closable(&one.order, held)))
    }

    /// What is due first; `stand` names what an order stands beside and says what it shall have open, `rule` how lots of an
    /// instrument are cut.
    pub fn due(
        &self,
        oms: &Oms,
        held: &Held<'_>,
        stand: impl Fn(RecordId) -> (RecordId, i64),
        rule: impl Fn(InstrumentId) -> LotRule,
    ) -> Option<Due> {
        let mut claims: Vec<(Order, RecordId, i64)> = Vec::with_capacity(self.0.len());
        for one in &self.0 {
            let (order, (root, shall)) = (one.order, stand(one.order.id));
            let lots = claimed_lots(oms, &order).min(shall);
            match claims.iter_mut().find(|claim| place(&claim.0) == place(&order) && claim.1 == root) {
                Some(claim) => claim.2 = claim.2.max(lots),
                None => claims.push((order, root, lots)),
            }
        }
        self.0.iter().find_map(|one| {
            let (order, (root, _)) = (one.order, stand(one.order.id));
            let same = claims.iter().filter(|claim| place(&claim.0) == place(&order));
            let before: i64 = same.take_while(|claim| claim.1 != root).map(|claim| claim.2).sum();
            let allowed = rule(order.instrument).down((closable(&order, held) - before).max(0));
            if open_lots(oms, &order) <= allowed { None } else { one.cut_to(allowed, oms) }
        })
    }
}

impl Reducing {
    fn cut_to(&self, allowed_lots: i64, oms: &Oms) -> Option<Due> {
        let Working { order, state, filled_lots, .. } = *oms.get(self.order.slot, self.order.id)?;
        let cause = self.mover;
        if cause == 0 || state == OrderState::Unknown {
            return None;
        }
        if allowed_lots == 0 || self.resize_refused {
            return (!self.cancel_refused).then_some(Due::Cancel { order, cause });
        }
        let lots = filled_lots + allowed_lots;
        matches!(state, OrderState::Live | OrderState::PartiallyFilled).then_some(Due::Resize { order, lots, cause })
    }
}

/// What orders close one position on one side.
pub(super) fn place(order: &Order) -> (StrategyId, InstrumentId, u8) {
    (order.strategy, order.instrument, order.side)
}

/// What the position lets an order trade.
pub(super) fn closable(order: &Order, held: &Held<'_>) -> i64 {
    directed(order, held).max(0)
}

/// The position as the order sees it: above zero it has something to close.
fn directed(order: &Order, held: &Held<'_>) -> i64 {
    let position = held(order.strategy, order.instrument);
    if order.side == Side::Buy as u8 { -position } else { position }
}

/// What it may trade once what was asked of it is done.
pub(super) fn open_lots(oms: &Oms, order: &Order) -> i64 {
    oms.get(order.slot, order.id).map_or(0, |working| match working.state {
        OrderState::PendingCancel => 0,
        _ => (working.asked.map_or(working.order.lots, |asked| asked.lots) - working.filled_lots).max(0),
    })
}

/// What an order takes from others that close the same position: one of which nobody knows whether it works takes nothing,
/// as they protect what is held.
pub(super) fn claimed_lots(oms: &Oms, order: &Order) -> i64 {
    match oms.get(order.slot, order.id) {
        Some(working) if working.state != OrderState::Unknown => open_lots(oms, order),
        _ => 0,
    }
}
