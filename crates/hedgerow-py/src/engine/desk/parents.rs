//! Parent orders on the desk: they look at the market, what they decide is recorded, and their children go to the gate.
//!
//! Promises: a slice is in the log before its child; whatever ends, changes or is left is in the log too. Never: decides
//! how much; that is done by `hedgerow-exec`.

use super::{Desk, Wish};
use hedgerow_core::{
    AlgoSettings, Finding, InstrumentId, Money, ParentEvent, ParentEventKind, ParentOrder, PlanStep, Problem, Quote,
    RecordId, Side, Slice, StrategyId, Trade, code,
};
use hedgerow_exec::{Seen, Work};
use hedgerow_kernel::Input;

/// Lots that can be had on a side of an instrument's book at a price or better.
pub type Depth<'a> = &'a dyn Fn(InstrumentId, Side, i64) -> i64;

/// What bars show of depth.
pub const NO_DEPTH: Depth<'static> = &|_, _, _| 0;

impl Desk {
    /// A parent order, how its algorithm shall work it, and its plan. It is worked from the next look at the market on.
    pub fn parent(
        &mut self,
        mut parent: ParentOrder,
        told: Option<AlgoSettings>,
        steps: &[(i64, i64)],
    ) -> Result<RecordId, Problem> {
        let known = self.tell_top(parent.instrument)?;
        parent.ts = self.time();
        if parent.cause == 0 {
            parent.cause = known;
        }
        let mut input = Input::ParentOrder(parent);
        self.feed(&mut input)?;
        let (_, id, _) = input.as_record();
        if let Some(told) = told {
            let (bid_ticks, ask_ticks) = self.best(parent.instrument);
            let about = AlgoSettings { cause: id, ts: parent.ts, strategy: parent.strategy, ..told };
            self.feed(&mut Input::AlgoSettings(AlgoSettings { bid_ticks, ask_ticks, ..about }))?;
        }
        self.plan(id, parent.strategy, steps)?;
        Ok(id)
    }

    fn plan(&mut self, parent: RecordId, strategy: StrategyId, steps: &[(i64, i64)]) -> Result<(), Problem> {
        for (step, (due_ts, due_lots)) in (1..).zip(steps) {
            let (due_ts, due_lots) = (*due_ts, *due_lots);
            let planned =
                PlanStep { cause: parent, ts: self.time(), due_ts, due_lots, step, strategy, ..PlanStep::default() };
            self.feed(&mut Input::PlanStep(planned))?;
        }
        Ok(())
    }

    /// A parent order gets another total, limit and end, and a new plan; what works of the old one is cancelled.
    pub fn amend_parent(
        &mut self,
        parent: RecordId,
        (lots, limit_ticks, until_ts): (i64, i64, i64),
        steps: &[(i64, i64)],
        cause: RecordId,
    ) -> Result<(), Problem> {
        let work = self.parents.get(parent).filter(|work| !work.is_stopped());
        let work = work.ok_or_else(|| Problem::new(code::RUN_CONFIG, format!("parent order {parent} has ended")))?;
        let strategy = work.parent.strategy;
        let event = about(work, ParentEventKind::Amended, cause);
        self.happens(ParentEvent { lots, limit_ticks, until_ts, ..event })?;
        self.plan(parent, strategy, steps)?;
        self.cancel_children(parent, cause)
    }

    /// Stops working a parent order and cancels its children; whether it was still being worked.
    pub fn stop_parent(&mut self, parent: RecordId, cause: RecordId) -> Result<bool, Problem> {
        let Some(work) = self.parents.get(parent).filter(|work| !work.is_stopped()) else { return Ok(false) };
        let event = about(work, ParentEventKind::Stopped, cause);
        self.happens(event)?;
        self.cancel_children(parent, cause)?;
        Ok(true)
    }

    /// Stops working a strategy's parent orders in an instrument and cancels their working children.
    pub fn cancel_parents(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        cause: RecordId,
    ) -> Result<(), Problem> {
        let own = |work: &&Work| (work.parent.strategy, work.parent.instrument) == (strategy, instrument);
        let parents: Vec<_> = self.parents.work().iter().filter(own).map(|work| work.parent.id).collect();
        parents.into_iter().try_for_each(|parent| self.stop_parent(parent, cause).map(drop))
    }

    /// Stops every parent order and cancels its children, and no order follows another one's fills any more; or leaves both
    /// to whoever settles what became of orders. How many parent orders were still being worked.
    pub fn stop_parents(&mut self, cancel: bool) -> Result<usize, Problem> {
        let sending = self.parents.sending();
        for parent in &sending {
            if cancel {
                self.stop_parent(*parent, 0)?;
            } else if let Some(work) = self.parents.get(*parent) {
                let event = about(work, ParentEventKind::Stopped, 0);
                self.happens(event)?;
            }
        }
        if cancel {
            self.end_wishes()?;
        }
        Ok(sending.len())
    }

    /// Its time is over: what is for an auction stays until that has printed.
    fn cancel_expired(&mut self, parent: RecordId) -> Result<(), Problem> {
        let Some(work) = self.parents.get(parent) else { return Ok(()) };
        let strategy = work.parent.strategy;
        let waiting = work.staying().filter(|child| !child.is_for_auction);
        let children: Vec<_> = waiting.map(|child| (child.slot, child.order_id)).collect();
        children.into_iter().try_for_each(|(slot, order_id)| self.cancel(strategy, slot, order_id, parent))
    }

    fn cancel_children(&mut self, parent: RecordId, cause: RecordId) -> Result<(), Problem> {
        let Some(work) = self.parents.get(parent) else { return Ok(()) };
        let strategy = work.parent.strategy;
        let children: Vec<_> = work.staying().map(|child| (child.slot, child.order_id)).collect();
        for (slot, order_id) in children {
            self.cancel(strategy, slot, order_id, if cause == 0 { parent } else { cause })?;
        }
        Ok(())
    }

    fn happens(&mut self, event: ParentEvent) -> Result<(), Problem> {
        self.feed(&mut Input::ParentEvent(ParentEvent { ts: self.time(), ..event }))
    }

    /// Lets every parent order look at the market, and sends what they decide on.
    #[inline]
    pub fn work_parents(&mut self, depth: Depth<'_>) -> Result<(), Problem> {
        if self.parents.is_empty() { Ok(()) } else { self.work_all(depth) }
    }

    fn work_all(&mut self, depth: Depth<'_>) -> Result<(), Problem> {
        self.looked_ts = self.time();
        // None is added and none ends while they look.
        for at in 0..self.parents.work().len() {
            self.work_one(at, depth)?;
        }
        while let Some(work) = self.parents.work().iter().find(|work| work.is_done()) {
            let event = about(work, ParentEventKind::Ended, 0);
            self.happens(event)?;
        }
        Ok(())
    }

    fn work_one(&mut self, at: usize, depth: Depth<'_>) -> Result<(), Problem> {
        let work = &self.parents.work()[at];
        let parent = work.parent;
        let is_resuming = !work.is_stopped() && self.resuming.contains(&parent.id);
        if work.is_expired(self.looked_ts) {
            let event = about(work, ParentEventKind::Expired, 0);
            let left_lots = work.progress.remaining_lots();
            self.happens(event)?;
            if (is_resuming || self.is_away) && left_lots > 0 {
                self.tell_missed(&parent, left_lots)?;
            }
            return self.cancel_expired(parent.id);
        }
        let is_closed = self.is_away || self.stopped.contains(&parent.instrument);
        if is_closed || is_resuming && self.tops.get(parent.instrument).is_none() {
            return Ok(());
        }
        if is_resuming {
            self.take_up(parent.id)?;
        }
        let work = &self.parents.work()[at];
        let (bid_ticks, ask_ticks) = self.best(parent.instrument);
        let found_lots =
            if work.looks_for_size() { depth(parent.instrument, work.other_side(), parent.limit_ticks) } else { 0 };
        let has_auction = self.holds_auctions(parent.instrument);
        let seen = Seen { now: self.looked_ts, bid_ticks, ask_ticks, found_lots, has_auction };
        let slice = self.parents.work_mut(at).look(&seen);
        if slice.lots == 0 {
            return Ok(());
        }
        let side = Side::from_u8(parent.side);
        let side = side.ok_or_else(|| Problem::new(code::CORE_INPUT, "parent order without a side"))?;
        self.tell_top(parent.instrument)?;
        self.feed(&mut Input::Slice(slice))?;
        let Slice { strategy, instrument, lots, .. } = slice;
        let work = &self.parents.work()[at];
        let (limit_ticks, tif) = (work.limit_ticks(&slice), work.tif(&slice));
        let overdue: Vec<_> = work.overdue(&slice).map(|child| (child.slot, child.order_id)).collect();
        for (slot, order_id) in overdue {
            self.cancel(strategy, slot, order_id, parent.id)?;
        }
        let wish = Wish::new(strategy, instrument, side, lots);
        self.submit(Wish { limit_ticks, tif, cause: parent.id, ..wish })?;
        Ok(())
    }

    /// The best prices of an instrument; over bars the last close is both.
    pub fn best(&self, instrument: InstrumentId) -> (i64, i64) {
        match self.tops.get(instrument) {
            Some(Quote { bid_ticks, ask_ticks, .. }) => (*bid_ticks, *ask_ticks),
            None => {
                let mark = self.kernel.ledger().mark_ticks(instrument).unwrap_or(0);
                (mark, mark)
            }
        }
    }

    /// Working orders that a run which is taken up again leaves alone: those that follow another one's fills, and those of
    /// parent orders that wait for the closing auction.
    pub fn lasting(&self) -> Vec<RecordId> {
        let children = self.parents.work().iter().flat_map(|work| &work.children);
        let waiting = children.filter(|child| child.is_for_auction).map(|child| child.order_id);
        waiting.chain(self.links.following()).collect()
    }

    /// When a parent order wants to look at the market again; `i64::MAX` = never.
    pub fn parents_wake(&self) -> i64 {
        if self.parents.is_empty() { i64::MAX } else { self.parents.wakes(self.looked_ts).max(self.now) }
    }

    /// A venue takes orders in an instrument, or none, as far as we know: parent orders look at it, or wait until it does.
    pub fn enter_phase(&mut self, instrument: InstrumentId, is_open: bool) {
        if !self.phased.contains(&instrument) {
            self.phased.push(instrument);
        }
        self.stopped.retain(|stopped| *stopped != instrument);
        if !is_open {
            self.stopped.push(instrument);
        }
    }

    /// Whether an instrument may have a closing auction: over bars each session's close is one, over books where its venue
    /// has told of phases; one elsewhere says so when it is asked.
    fn holds_auctions(&self, instrument: InstrumentId) -> bool {
        !self.venue.is_of_books() || self.phased.contains(&instrument)
    }

    /// A parent order of an earlier life, or whose venue was away, sees a market again and goes on: by its plan, or where steps of that fell due
    /// meanwhile by a new one for what is left.
    fn take_up(&mut self, parent: RecordId) -> Result<(), Problem> {
        self.resuming.retain(|id| *id != parent);
        let Some(work) = self.parents.get(parent) else { return Ok(()) };
        let (strategy, anew) = (work.parent.strategy, work.missed(self.time()));
        let event = about(work, ParentEventKind::Resumed, 0);
        self.happens(event)?;
        let Some(steps) = anew else { return Ok(()) };
        self.happens(ParentEvent { event: ParentEventKind::Amended as u8, ..event })?;
        self.plan(parent, strategy, &steps)
    }

    /// The time of a parent order was over before its run could go on with it: people are told what is left.
    fn tell_missed(&mut self, parent: &ParentOrder, left_lots: i64) -> Result<(), Problem> {
        let ParentOrder { id, instrument, strategy, .. } = *parent;
        let found = Finding { cause: id, ts: self.time(), code: code::RUN_PARENT_MISSED.0, ..Finding::default() };
        self.feed(&mut Input::Finding(Finding { value: Money(left_lots.into()), instrument, strategy, ..found }))
    }

    /// Somebody traded, as it reached us: parent orders count it. A run that may be taken up again puts it on the record.
    pub fn traded(&mut self, trade: Trade) -> Result<(), Problem> {
        let instrument = InstrumentId::from(trade.instrument);
        if !self.venue.is_outside() {
            self.parents.traded(instrument, trade.price_ticks.into(), trade.lots);
        } else if self.parents.watch(instrument) {
            let mut input = Input::Trade(0, Trade { ts_init: self.time(), ..trade });
            self.kernel.step(&mut input, &mut self.effects)?;
            let (kind, id, bytes) = input.as_record();
            self.parents.take(kind, bytes)?;
            if let Some(journal) = &mut self.journal {
                journal.append_row(kind, id, bytes)?;
            }
        }
        Ok(())
    }

    /// The run is over: what is still at work is left as it is, and said to be.
    pub(super) fn leave_parents(&mut self) -> Result<(), Problem> {
        while let Some(work) = self.parents.work().first() {
            let kind = if work.is_done() { ParentEventKind::Ended } else { ParentEventKind::Left };
            let event = about(work, kind, 0);
            self.happens(event)?;
        }
        Ok(())
    }
}

/// What is said of a parent order as it stands.
fn about(work: &Work, kind: ParentEventKind, cause: RecordId) -> ParentEvent {
    let parent = &work.parent;
    ParentEvent {
        cause: if cause == 0 { parent.id } else { cause },
        parent: parent.id,
        lots: parent.lots,
        limit_ticks: parent.limit_ticks,
        until_ts: parent.until_ts,
        filled_lots: work.progress.filled_lots(),
        market_lots: work.market.lots,
        market_vwap_micro: work.market.vwap_micro(),
        instrument: parent.instrument,
        strategy: parent.strategy,
        event: kind as u8,
        ..ParentEvent::default()
    }
}
