//! A parent order at work: its plan, how far it is, and what its algorithm decides when it looks at the market.

mod auction;
mod resume;

use crate::progress::Progress;
use crate::slice::{LotRule, pov_slice, twap_slice};
use hedgerow_core::{
    Algo, AlgoSettings, Order, OrderSlot, ParentEvent, ParentOrder, PlanStep, RecordId, Side, Slice, SliceReason,
    TimeInForce,
    time::{FOREVER, SECOND},
};

/// The market as an algorithm looks at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Our time, UTC nanoseconds.
    pub now: i64,
    /// Best bid, ticks; 0 = none.
    pub bid_ticks: i64,
    /// Best ask, ticks; 0 = none.
    pub ask_ticks: i64,
    /// Lots on the other side within the limit.
    pub found_lots: i64,
    /// Whether the venue holds a closing auction, as far as we know.
    pub has_auction: bool,
}

/// What traded while a parent order was at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traded {
    /// Lots.
    pub lots: i64,
    /// Lots times ticks.
    pub value: i128,
}

impl Traded {
    /// Volume-weighted average price, millionths of a tick; 0 = nothing traded.
    #[must_use]
    pub fn vwap_micro(&self) -> i64 {
        let micro = self.value.saturating_mul(1_000_000).checked_div(i128::from(self.lots)).unwrap_or(0);
        i64::try_from(micro).unwrap_or(i64::MAX)
    }
}

/// A child order of a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its place in the OMS slab.
    pub slot: OrderSlot,
    /// Its number.
    pub order_id: RecordId,
    /// Its size.
    pub lots: i64,
    /// Whether a cancel of it is on its way.
    pub is_leaving: bool,
    /// Whether it is for the closing auction, which may print after its parent's time is over.
    pub is_for_auction: bool,
}

impl Child {
    /// An order that was approved.
    #[must_use]
    pub fn of(order: &Order) -> Child {
        let is_for_auction = order.tif == TimeInForce::Cls as u8;
        Child { slot: order.slot, order_id: order.id, lots: order.lots, is_leaving: false, is_for_auction }
    }
}

/// A parent order at work.
#[derive(Clone, Debug)]
pub struct Work {
    /// What was ordered, as it stands now.
    pub parent: ParentOrder,
    /// What its algorithm was told; zeros where it was told nothing.
    pub settings: AlgoSettings,
    /// Its plan; empty where it follows from the order itself, or from the market.
    pub steps: Vec<PlanStep>,
    /// How far it is.
    pub progress: Progress,
    /// Children that were approved and have not ended, in order of their making.
    pub children: Vec<Child>,
    /// What traded since it was made.
    pub market: Traded,
    /// What was filled when its plan was made; what it plans is the rest.
    base_lots: i64,
    /// Steps that have been due.
    step: u32,
    /// Those of them that the log knows of: looks that led to nothing are not in it.
    told_step: u32,
    /// No slice that waits for the market goes out before this time.
    rest_ts: i64,
    is_stopped: bool,
}

impl Work {
    /// A parent order of which nothing is sent yet.
    #[must_use]
    pub fn new(parent: ParentOrder, rule: LotRule) -> Work {
        Work {
            parent,
            settings: AlgoSettings::default(),
            steps: Vec::new(),
            progress: Progress::new(parent.lots, rule),
            children: Vec::new(),
            market: Traded::default(),
            base_lots: 0,
            step: 0,
            told_step: 0,
            rest_ts: i64::MIN,
            is_stopped: false,
        }
    }

    /// Its algorithm; the kernel takes no parent order without one.
    #[must_use]
    pub fn algo(&self) -> Algo {
        Algo::from_u8(self.parent.algo).unwrap_or(Algo::Twap)
    }

    /// Its plan: when each step is due, and how many lots are its own.
    pub fn own_lots(&self) -> impl Iterator<Item = (i64, i64)> {
        let before = std::iter::once(self.base_lots).chain(self.steps.iter().map(|step| step.due_lots));
        self.steps.iter().zip(before).map(|(step, before)| (step.due_ts, step.due_lots - before))
    }

    /// How long a slice's child may wait: a sniper's takes what is there or nothing.
    #[must_use]
    pub fn tif(&self, slice: &Slice) -> TimeInForce {
        match self.algo() {
            Algo::Sniper => TimeInForce::Ioc,
            _ if slice.auction == 1 => TimeInForce::Cls,
            _ => TimeInForce::Gtc,
        }
    }

    /// Whether it looks for size on the other side.
    #[must_use]
    pub fn looks_for_size(&self) -> bool {
        self.algo() == Algo::Sniper && !self.is_stopped
    }

    /// Whether nothing more will be sent.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: i64) -> bool {
        !self.is_stopped && now >= self.parent.until_ts
    }

    /// Whether nothing works and nothing more will be sent.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.working_lots() == 0 && (self.is_stopped || self.progress.is_spent() || self.has_sent_its_last())
    }

    /// An order without an end is over with its last step; one with an end tries until then.
    fn has_sent_its_last(&self) -> bool {
        self.parent.until_ts == FOREVER && self.is_planned() && self.step >= self.last_step()
    }

    /// Whether what is due follows from time alone.
    fn is_planned(&self) -> bool {
        !matches!(self.algo(), Algo::Pov | Algo::Iceberg | Algo::Sniper)
    }

    fn last_step(&self) -> u32 {
        if self.steps.is_empty() { self.parent.slices } else { self.steps.len() as u32 }
    }

    /// The step that is due at a time: by the plan's times, or one more with each look.
    fn step_due(&self, now: i64) -> u32 {
        self.step_due_from(self.step, now)
    }

    fn step_due_from(&self, step: u32, now: i64) -> u32 {
        if self.steps.is_empty() {
            return if self.is_planned() { step.saturating_add(1).min(self.parent.slices) } else { 0 };
        }
        if self.algo() == Algo::Iceberg {
            let filled = self.progress.filled_lots();
            return self.steps.iter().position(|step| step.due_lots > filled).map_or(0, |place| place as u32 + 1);
        }
        let to_come = self.steps.iter().skip(step as usize);
        step + to_come.take_while(|step| step.due_ts <= now).count() as u32
    }

    /// How many steps were due before a decision in the log, and with it. Looks that led to nothing are not in the log, so
    /// that of a plan without times only the record knows its step.
    #[must_use]
    pub(crate) fn steps_at(&self, told: &Slice) -> (u32, u32) {
        let step = if self.steps.is_empty() && self.is_planned() { told.step } else { self.step_due(told.ts) };
        let is_rest = told.reason == SliceReason::Rest as u8;
        (if is_rest { step } else { self.step.min(step.saturating_sub(1)) }, step)
    }

    /// Looks at the market: what shall be sent now, 0 lots if nothing. Steps that are due count as due from now on.
    pub fn look(&mut self, seen: &Seen) -> Slice {
        let before = self.step;
        self.step = self.step_due(seen.now);
        if self.is_stopped || seen.now < self.settings.from_ts || self.is_expired(seen.now) {
            return Slice::default();
        }
        self.decide(seen, self.step, before)
    }

    /// What shall be sent when `step` steps are due, of which `before` were due when it last looked.
    #[must_use]
    pub fn decide(&self, seen: &Seen, step: u32, before: u32) -> Slice {
        let Some((due_lots, reason)) = self.due(seen, step, before) else { return Slice::default() };
        let (filled_lots, working_lots) = (self.progress.filled_lots(), self.progress.working_lots());
        Slice {
            cause: self.parent.id,
            ts: seen.now,
            due_lots,
            filled_lots,
            working_lots,
            lots: self.progress.fit(due_lots - filled_lots - working_lots),
            volume_lots: self.market.lots,
            bid_ticks: seen.bid_ticks,
            ask_ticks: seen.ask_ticks,
            found_lots: seen.found_lots,
            step,
            instrument: self.parent.instrument,
            strategy: self.parent.strategy,
            reason: reason as u8,
            auction: u8::from(reason == SliceReason::Schedule && self.has_auction(step)),
            ..Slice::default()
        }
    }

    /// Lots that are due by now, and why; none if it is not time for a slice.
    fn due(&self, seen: &Seen, step: u32, before: u32) -> Option<(i64, SliceReason)> {
        let (filled, working) = (self.progress.filled_lots(), self.progress.working_lots());
        let is_free = working == 0 && seen.now >= self.rest_ts;
        match self.algo() {
            Algo::Pov => {
                let is_time = if self.steps.is_empty() { seen.now >= self.rest_ts } else { step > before };
                // What is foreseen counts as traded, so that the order does not trail the market by an interval.
                let traded = self.market.lots.saturating_add(self.settings.size_lots);
                let due = pov_slice(traded, self.settings.share_bps, self.parent.lots);
                is_time.then_some((due, SliceReason::Volume))
            }
            Algo::Iceberg => {
                let next = self.steps.iter().find(|step| step.due_lots > filled).map(|step| step.due_lots);
                is_free.then_some((next.unwrap_or(self.parent.lots), SliceReason::Refill))
            }
            Algo::Sniper => {
                let is_enough = seen.found_lots > 0 && seen.found_lots >= self.settings.size_lots;
                (is_free && is_enough).then_some((filled + seen.found_lots, SliceReason::Liquidity))
            }
            _ if self.has_auction(step) => self.due_at_close(seen, step > before),
            _ if step > before => Some((self.due_by(step), SliceReason::Schedule)),
            _ if self.is_passive() && self.is_behind(step) => {
                (seen.now >= self.rest_ts).then_some((self.due_by(step), SliceReason::Rest))
            }
            _ if is_free && step >= self.last_step() => Some((self.parent.lots, SliceReason::Rest)),
            _ => None,
        }
    }

    /// Whether its slices wait at the own side's best price.
    #[must_use]
    pub fn is_passive(&self) -> bool {
        self.settings.passive == 1 && self.is_planned()
    }

    /// Whether less is filled and at work than a schedule wants when so many steps are due.
    fn is_behind(&self, step: u32) -> bool {
        self.due_by(step) > self.progress.filled_lots() + self.progress.working_lots()
    }

    /// The limit of a slice's child, ticks; 0 = market. A slice that waits joins the best price of its own side, if there is
    /// one, and no worse than the order's limit; the last one, and what earlier ones left, take what the other side offers.
    #[must_use]
    pub fn limit_ticks(&self, slice: &Slice) -> i64 {
        let waits = self.is_passive() && slice.reason == SliceReason::Schedule as u8 && slice.step < self.last_step();
        let (own_ticks, limit_ticks) = match Side::from_u8(self.parent.side) {
            Some(Side::Sell) => (slice.ask_ticks, slice.ask_ticks.max(self.parent.limit_ticks)),
            _ if self.parent.limit_ticks == 0 => (slice.bid_ticks, slice.bid_ticks),
            _ => (slice.bid_ticks, slice.bid_ticks.min(self.parent.limit_ticks)),
        };
        if waits && own_ticks > 0 { limit_ticks } else { self.parent.limit_ticks }
    }

    /// Children that shall be taken back before a slice goes out: what waited until the next step was due.
    pub fn overdue(&self, slice: &Slice) -> impl Iterator<Item = &Child> {
        let is_next = self.is_passive() && slice.reason == SliceReason::Schedule as u8;
        self.staying().filter(move |_| is_next)
    }

    /// Children that work and were not asked to leave.
    pub fn staying(&self) -> impl Iterator<Item = &Child> {
        self.children.iter().filter(|child| !child.is_leaving)
    }

    /// Lots that a schedule wants done when so many steps are due.
    fn due_by(&self, step: u32) -> i64 {
        match self.steps.get((step as usize).wrapping_sub(1)) {
            Some(planned) => planned.due_lots,
            None => self.base_lots + twap_slice(self.parent.lots - self.base_lots, 0, 0, step, self.parent.slices),
        }
    }

    /// When it wants to look again after it looked at `looked`; `i64::MAX` = it waits for the market.
    #[must_use]
    pub fn wakes(&self, looked: i64) -> i64 {
        if self.is_stopped {
            return i64::MAX;
        }
        let waits = match self.algo() {
            _ if self.has_auction(self.step) => return self.wakes_at_close(looked),
            Algo::Pov => self.steps.is_empty(),
            Algo::Iceberg | Algo::Sniper => self.progress.working_lots() == 0,
            _ if self.is_passive() && self.is_behind(self.step) => true,
            _ => self.progress.working_lots() == 0 && self.step >= self.last_step(),
        };
        let step_ts = self.steps.get(self.step as usize).map_or(0, |step| step.due_ts);
        let rest_ts = if waits { self.rest_ts } else { i64::MIN };
        let times = [self.parent.until_ts, self.settings.from_ts, step_ts, rest_ts];
        times.into_iter().filter(|ts| *ts > looked).min().unwrap_or(i64::MAX)
    }

    /// It has decided, and the decision stands in the log.
    pub fn decided(&mut self, slice: &Slice) {
        self.step = slice.step.max(self.step);
        self.told_step = slice.step.max(self.told_step);
        let rest_ns = if self.settings.every_ns > 0 { self.settings.every_ns } else { SECOND };
        self.rest_ts = slice.ts.saturating_add(rest_ns);
    }

    /// A child was approved. Whoever refills goes on as soon as it is filled; whoever was denied waits.
    pub fn sent(&mut self, child: Child) -> Result<(), hedgerow_core::Problem> {
        self.progress.sent(child.lots)?;
        self.children.push(child);
        if self.algo() == Algo::Iceberg {
            self.rest_ts = i64::MIN;
        }
        Ok(())
    }

    /// It was changed: another total, limit or end. A plan of its own follows.
    pub fn amend(&mut self, event: &ParentEvent) {
        self.parent.lots = event.lots;
        self.parent.limit_ticks = event.limit_ticks;
        self.parent.until_ts = event.until_ts;
        self.progress.resize(event.lots);
        self.steps.clear();
        self.base_lots = self.progress.filled_lots();
        (self.step, self.told_step, self.rest_ts) = (0, 0, i64::MIN);
    }

    /// Sends no more children; those that work are the caller's to cancel.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Something traded.
    #[inline]
    pub fn traded(&mut self, price_ticks: i64, lots: i64) {
        self.market.lots = self.market.lots.saturating_add(lots);
        self.market.value = self.market.value.saturating_add(i128::from(lots) * i128::from(price_ticks));
    }

    /// Which side of the book it would take from.
    #[must_use]
    pub fn other_side(&self) -> Side {
        if self.parent.side == Side::Buy as u8 { Side::Sell } else { Side::Buy }
    }
}

#[cfg(test)]
mod tests;
