//! Parent orders at work. How much comes next is decided by `hedgerow-exec`; here is only who belongs to whom.

use hedgerow_core::{Fill, InstrumentId, OrderEvent, OrderSlot, ParentOrder, Problem, RecordId, StrategyId};
use hedgerow_exec::{LotRule, ParentState, Schedule};
use hedgerow_oms::OrderState;

struct Child {
    slot: OrderSlot,
    order_id: RecordId,
    lots: i64,
}

struct Work {
    parent: ParentOrder,
    state: ParentState,
    children: Vec<Child>,
}

/// The parent orders being worked, in order of their making.
#[derive(Default)]
pub struct Parents {
    work: Vec<Work>,
}

impl Parents {
    /// Starts to work a parent order in equal slices.
    pub fn add(&mut self, parent: ParentOrder, rule: LotRule) {
        let state = ParentState::new(Schedule::Twap { slices: parent.slices }, parent.lots, rule);
        self.work.push(Work { parent, state, children: Vec::new() });
    }

    /// Whether there is nothing to work.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// How many are being worked.
    pub fn len(&self) -> usize {
        self.work.len()
    }

    /// The parent of the `i`-th work.
    pub fn parent(&self, i: usize) -> ParentOrder {
        self.work[i].parent
    }

    /// Lots of the next slice of the `i`-th parent, or 0.
    pub fn next_lots(&mut self, i: usize, volume_lots: i64) -> i64 {
        self.work[i].state.next_lots(volume_lots)
    }

    /// A child of the `i`-th parent was sent.
    pub fn sent(&mut self, i: usize, slot: OrderSlot, order_id: RecordId, lots: i64) -> Result<(), Problem> {
        let work = &mut self.work[i];
        work.children.push(Child { slot, order_id, lots });
        work.state.sent(lots)
    }

    /// A fill was booked, perhaps of a child.
    pub fn filled(&mut self, fill: &Fill) -> Result<(), Problem> {
        match self.family(fill.cause) {
            Some((work, _)) => work.state.filled(fill.lots),
            None => Ok(()),
        }
    }

    /// An order moved, perhaps a child that ended unfilled.
    pub fn moved(&mut self, event: &OrderEvent) -> Result<(), Problem> {
        let ended = OrderState::from_u8(event.to).is_some_and(OrderState::is_terminal);
        let Some((work, child)) = self.family(event.order_id).filter(|_| ended) else { return Ok(()) };
        let lots = work.children.swap_remove(child).lots;
        work.state.ended(lots - event.filled_lots)
    }

    fn family(&mut self, order_id: RecordId) -> Option<(&mut Work, usize)> {
        self.work.iter_mut().find_map(|work| {
            let child = work.children.iter().position(|c| c.order_id == order_id)?;
            Some((work, child))
        })
    }

    /// Stops a strategy's parents in an instrument; returns their children, which still work.
    pub fn stop(&mut self, strategy: StrategyId, instrument: InstrumentId) -> Vec<(OrderSlot, RecordId)> {
        let mut children = Vec::new();
        for work in &mut self.work {
            if work.parent.strategy == strategy && work.parent.instrument == instrument {
                work.state.stop();
                children.extend(work.children.iter().map(|c| (c.slot, c.order_id)));
            }
        }
        children
    }

    /// Forgets parents that have nothing left to do.
    pub fn retire(&mut self) {
        self.work.retain(|work| !work.state.is_done());
    }
}
