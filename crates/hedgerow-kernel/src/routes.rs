//! Which venues were compared for an order, and where it went.
//!
//! Promises: what stands in the log is of an order that works, and could be meant. Never: a choice; nothing moves by it.

use crate::{Effects, Kernel};
use hedgerow_core::{Problem, Route, RouteWay, code};

const PARTS: u32 = 1_000_000;

impl Kernel {
    pub(crate) fn route(&mut self, route: &mut Route, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(route.instrument)?;
        self.check_strategy(route.strategy)?;
        let shares = route.chance_ppm <= PARTS && route.hidden_ppm <= PARTS && route.chosen <= 1;
        let sizes = route.price_ticks >= 0 && route.lots >= 0 && route.latency_ns >= 0;
        if !shares || !sizes || RouteWay::from_u8(route.way).is_none() || route.venue.0[0] == 0 {
            let detail = format!("a route of order {} by way {} to {:?}", route.cause, route.way, route.venue);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        let about = (route.cause, route.instrument, route.strategy);
        let works = |order: &hedgerow_core::Order| (order.id, order.instrument, order.strategy) == about;
        if !self.oms().iter().any(|working| works(&working.order)) {
            let detail = format!("a route of order {}, which does not work", route.cause);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_time(route.ts)?;
        route.id = self.accept(route.ts);
        Ok(())
    }
}
