//! Parent orders at work: how far each is, and the slice that is due. The decision itself is `hedgerow-exec`'s.

use hedgerow_core::{Algo, OrderSlot, ParentOrder, RecordId, StrategyId};
use hedgerow_oms::Oms;

struct Work {
    parent: ParentOrder,
    slice: u32,
    filled_lots: i64,
    children: Vec<(OrderSlot, RecordId)>,
    stopped: bool,
}

/// The parent orders being worked, in order of their making.
#[derive(Default)]
pub struct Parents {
    work: Vec<Work>,
}

impl Work {
    fn working_lots(&self, oms: &Oms) -> i64 {
        self.children.iter().filter_map(|&(slot, id)| oms.get(slot, id)).map(|w| w.order.lots - w.filled_lots).sum()
    }
}

impl Parents {
    /// Starts to work a parent order.
    pub fn add(&mut self, parent: ParentOrder) {
        self.work.push(Work { parent, slice: 0, filled_lots: 0, children: Vec::new(), stopped: false });
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

    /// A child was filled.
    pub fn filled(&mut self, order_id: RecordId, lots: i64) {
        for work in &mut self.work {
            if work.children.iter().any(|(_, id)| *id == order_id) {
                work.filled_lots += lots;
            }
        }
    }

    /// The next slice of the `i`-th parent, if one is due and not empty.
    pub fn due(&mut self, i: usize, oms: &Oms) -> Option<(ParentOrder, i64)> {
        let work = &mut self.work[i];
        if work.stopped || work.slice >= work.parent.slices {
            return None;
        }
        work.slice += 1;
        let working = work.working_lots(oms);
        let lots = match Algo::from_u8(work.parent.algo) {
            Some(Algo::Twap | Algo::Pov) | None => {
                hedgerow_exec::twap_slice(work.parent.lots, work.filled_lots, working, work.slice, work.parent.slices)
            }
        };
        (lots > 0).then_some((work.parent, lots))
    }

    /// A child of the `i`-th parent was sent.
    pub fn child(&mut self, i: usize, slot: OrderSlot, order_id: RecordId) {
        self.work[i].children.push((slot, order_id));
    }

    /// Stops a strategy's parents; returns their children, which may still work.
    pub fn stop(&mut self, strategy: StrategyId) -> Vec<(OrderSlot, RecordId)> {
        let mut children = Vec::new();
        for work in self.work.iter_mut().filter(|w| w.parent.strategy == strategy) {
            work.stopped = true;
            children.append(&mut work.children);
        }
        children
    }

    /// Forgets parents that have nothing left to do.
    pub fn retire(&mut self, oms: &Oms) {
        self.work.retain(|w| !w.stopped && (w.slice < w.parent.slices || w.working_lots(oms) > 0));
    }
}
