//! Orders that hang together or may only reduce a position, on the desk: what is due among them is done as soon as a
//! report has made it due and the venue is there.
//!
//! Promises: whatever is done is an input of the kernel, and names the order that made it happen. Never: decides what is
//! due; that is done by `hedgerow-exec`.

use super::{Change, Desk, Wish};
use hedgerow_core::{
    Bar, ContingentOrder, Finding, InstrumentId, Order, Peg, Problem, RecordId, Side, StrategyId, TimeInForce, code,
};
use hedgerow_exec::Due;
use hedgerow_kernel::{Input, Kernel};

/// The positions of strategies, as the gate knows them.
pub fn positions(kernel: &Kernel) -> impl Fn(StrategyId, InstrumentId) -> i64 + '_ {
    |strategy, instrument| kernel.gate().holding(strategy, instrument).position
}

impl Desk {
    /// Does what is due among orders that hang together. It leaves with the next [`Desk::flush`].
    #[inline]
    pub(super) fn follow_links(&mut self) -> Result<(), Problem> {
        if self.links.is_empty() || self.is_away { Ok(()) } else { self.follow_all() }
    }

    fn follow_all(&mut self) -> Result<(), Problem> {
        while let Some(due) = self.due() {
            match due {
                Due::Cancel { order, cause } => self.cancel(order.strategy, order.slot, order.id, cause)?,
                Due::Resize { order: Order { id, slot, strategy, .. }, lots, cause } => {
                    let display_lots = self.links.shown_of(id, lots);
                    self.replace(Change { lots: Some(lots), display_lots, cause, ..Change::of(strategy, id, slot) })?;
                }
                Due::Send { wish, lots, beside } => self.send_of(&wish, lots, beside)?,
                Due::Tell(finding) => self.feed(&mut Input::Finding(Finding { ts: self.time(), ..finding }))?,
            }
        }
        Ok(())
    }

    fn due(&self) -> Option<Due> {
        self.links.due(self.kernel.oms(), &positions(&self.kernel))
    }

    /// Tells the venue of bars how much of the orders that may only reduce the positions let trade: within a bar nothing can
    /// be told.
    #[inline]
    pub(super) fn bound_reducing(&mut self, instrument: InstrumentId) {
        if !self.links.is_empty() {
            let held = positions(&self.kernel);
            for (order, lots) in self.links.reducing(instrument, &held) {
                self.venue.bound(&order, lots);
            }
        }
    }

    /// What another order's fills have made due of a wish becomes an order.
    fn send_of(&mut self, told: &ContingentOrder, lots: i64, beside: RecordId) -> Result<(), Problem> {
        let (Some(side), Some(tif)) = (Side::from_u8(told.side), TimeInForce::from_u8(told.tif)) else {
            return Err(Problem::new(code::CORE_INPUT, "a contingent order without side or time in force"));
        };
        let wish = Wish::new(told.strategy, told.instrument, side, lots);
        let ContingentOrder { limit_ticks, stop_ticks, until_ts, flags, offset_ticks, .. } = *told;
        let (after, cause) = (told.after, told.id);
        let (display_lots, peg) = (told.shown_of(lots), Peg::from_u8(told.peg));
        let wish = Wish { limit_ticks, stop_ticks, tif, until_ts, flags, display_lots, peg, offset_ticks, ..wish };
        self.submit(Wish { beside, after, cause, ..wish }).map(drop)
    }

    /// An order shall follow another one's fills; what is filled of that already makes its part due now. None where the
    /// other one does not work any more.
    pub fn wish_after(&mut self, wish: &Wish) -> Result<Option<RecordId>, Problem> {
        if self.kernel.oms().iter().all(|working| working.order.id != wish.after) {
            return Ok(None);
        }
        let Wish { strategy, instrument, side, lots, limit_ticks, stop_ticks, tif, until_ts, flags, .. } = *wish;
        let mut input = Input::ContingentOrder(ContingentOrder {
            cause: wish.cause,
            ts: self.time(),
            after: wish.after,
            beside: wish.beside,
            lots,
            limit_ticks,
            stop_ticks,
            until_ts,
            instrument,
            strategy,
            flags,
            side: side as u8,
            tif: tif as u8,
            peg: wish.peg.map_or(0, |peg| peg as u8),
            display_lots: wish.display_lots,
            offset_ticks: wish.offset_ticks,
            ..ContingentOrder::default()
        });
        self.feed(&mut input)?;
        let (_, id, _) = input.as_record();
        self.follow_links()?;
        Ok(Some(id))
    }

    /// An order follows another one's fills no more, and what works of it is cancelled.
    pub fn end_wish(&mut self, strategy: StrategyId, wish: RecordId, cause: RecordId) -> Result<(), Problem> {
        let Some(told) = self.links.wishes().into_iter().find(|told| told.id == wish) else { return Ok(()) };
        self.end_one(told, cause)?;
        match self.links.standing(wish).filter(|standing| standing.works) {
            Some(standing) => self.cancel(strategy, standing.slot, standing.order_id, cause),
            None => Ok(()),
        }
    }

    /// No order follows another one's fills any more; what works of them is for whoever cancels orders.
    pub fn end_wishes(&mut self) -> Result<(), Problem> {
        self.links.wishes().into_iter().try_for_each(|told| self.end_one(told, 0))
    }

    fn end_one(&mut self, told: ContingentOrder, cause: RecordId) -> Result<(), Problem> {
        let about = ContingentOrder { about: told.id, ends: 1, cause, ts: self.time(), ..told };
        self.feed(&mut Input::ContingentOrder(about))
    }

    /// The run ends: what orders beside each other traded too much is told, though a cancel may still be on its way.
    pub(super) fn tell_races(&mut self) -> Result<(), Problem> {
        let found: Vec<Finding> = self.links.races().collect();
        found.into_iter().try_for_each(|finding| self.feed(&mut Input::Finding(Finding { ts: self.time(), ..finding })))
    }

    /// What followed fills within bars that have closed is sent, and their stops meet the bars still.
    #[inline]
    pub fn follow_within(&mut self, bars: &[Bar]) -> Result<(), Problem> {
        if self.links.is_empty() {
            return Ok(());
        }
        self.flush()?;
        for bar in bars {
            self.venue.follow(bar, &mut self.reports);
        }
        self.hear()
    }

    /// Sends what orders that hang together led to, where that cannot wait until the strategy has spoken.
    #[inline]
    pub fn flush_links(&mut self) -> Result<(), Problem> {
        if self.links.is_empty() { Ok(()) } else { self.flush_near() }
    }

    /// The order that all those beside an order were put beside.
    pub(super) fn first_beside(&self, order_id: RecordId) -> RecordId {
        match self.kernel.terms_of(order_id).beside {
            0 => order_id,
            first => first,
        }
    }
}
