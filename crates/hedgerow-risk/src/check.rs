//! The decision: one verdict on an order, a replace or a cancel, and the reservation that goes with an approval.
//!
//! Promises: an order is approved only if no rule is left standing against it; a denied order changes nothing but the
//! last client order id and the latest time seen. Never: allocates, panics on absurd numbers, lets a rule go unasked.

use crate::approved::Approved;
use crate::bounds::{LOTS_MAX, TICKS_MAX};
use crate::gate::Gate;
use crate::question::{Question, meaningful, simple};
use crate::rules::{self, Silence, Spoken, WAIVABLE, bit_if};
use crate::working::{Group, Working};
use hedgerow_core::{
    Action, CancelRequest, Decision, FullOrder, FullReplace, InstrumentId, Nanos, Order, OrderTerms, ReplaceRequest,
    Side, Verdict, WITH_TERMS, code,
};

/// What an approval leaves to be written down.
pub(crate) struct Pass {
    mandate: u32,
    waived: u64,
    reducing: bool,
    reach: i64,
}

/// How far an order came that some rule speaks about: whether it is in positions and sums yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SoFar {
    Outside,
    Entered,
}

/// Whether an order is within bounds, each of its bytes means something, and there are no terms to look at.
#[inline(always)]
fn plain(order: &Order) -> bool {
    simple(order) & (1..=LOTS_MAX).contains(&order.lots) & (0..=TICKS_MAX).contains(&order.limit_ticks)
}

/// A verdict under a mandate that approves, or, before its code is filled in, denies.
#[inline(always)]
pub(crate) fn verdict(q: &Question, mandate: u32, failed: u64, waived: u64, reducing: bool) -> Verdict {
    Verdict {
        cause: q.cause,
        ts: q.now,
        order_id: q.order_id,
        failed,
        waived,
        instrument: q.instrument,
        strategy: q.strategy,
        decision: if failed == 0 { Decision::Approved } else { Decision::Denied } as u8,
        reducing: u8::from(reducing),
        action: q.action as u8,
        mandate,
        ..Verdict::default()
    }
}

/// What the caller gets for a new order that passes.
#[inline(always)]
fn passed(order: &Order, q: &Question, pass: &Pass) -> (Verdict, Option<Approved<Order>>) {
    (verdict(q, pass.mandate, 0, pass.waived, pass.reducing), Some(Approved::new(*order)))
}

impl Gate {
    /// Decides on a new order and, if it passes, reserves what it may use.
    ///
    /// A limit order is valued at the higher of its limit and the mark, a market order at the mark; exposure is always
    /// lots at the mark.
    #[must_use]
    pub fn check_new(&mut self, order: &Order, now: Nanos) -> (Verdict, Option<Approved<Order>>) {
        if plain(order) {
            let q = Question::new_order(order, now, 0);
            match self.pass(&q) {
                Ok(pass) => passed(order, &q, &pass),
                Err(so_far) => self.check_by_name(order, now, so_far),
            }
        } else {
            self.check_closely(order, now)
        }
    }

    /// The same for an order that some rule speaks about; the question is put anew, so that it need not lie in memory before.
    #[cold]
    #[inline(never)]
    fn check_by_name(&mut self, order: &Order, now: Nanos, so_far: SoFar) -> (Verdict, Option<Approved<Order>>) {
        let q = Question::new_order(order, now, 0);
        match self.decide_by_name(&q, so_far) {
            Ok(pass) => passed(order, &q, &pass),
            Err(denied) => (denied, None),
        }
    }

    /// The same for an order that needs a second look before it is one.
    #[cold]
    #[inline(never)]
    fn check_closely(&mut self, order: &Order, now: Nanos) -> (Verdict, Option<Approved<Order>>) {
        let (verdict, approved) = self.check_full(&FullOrder { order: *order, terms: OrderTerms::default() }, now);
        (verdict, approved.map(|full| Approved::new(full.into_inner().order)))
    }

    /// Decides on a new order with terms: a stop waits for its price and is valued at the worst of stop, limit and mark;
    /// its limit is held against its stop price.
    #[must_use]
    pub fn check_full(&mut self, full: &FullOrder, now: Nanos) -> (Verdict, Option<Approved<FullOrder>>) {
        let order = &full.order;
        let bad_stop = full.terms.stop_ticks > TICKS_MAX;
        let failed = bit_if(!meaningful(full), code::RISK_BAD_FIELD)
            | bit_if(bad_stop, code::RISK_BAD_PRICE)
            | bit_if(!self.can_show(order.instrument, full.terms.display_lots, order.lots), code::RISK_BAD_LOTS)
            | bit_if(full.terms.beside != 0 && !self.stands_beside(full), code::RISK_UNKNOWN_ORDER);
        let q = Question::full_order(full, self.shared_beside(full), now, failed);
        match self.decide_by_name(&q, SoFar::Outside) {
            Ok(pass) => (verdict(&q, pass.mandate, 0, pass.waived, pass.reducing), Some(Approved::new(*full))),
            Err(denied) => (denied, None),
        }
    }

    /// Whether what an order of so many lots shows at a time is some of it, in whole steps.
    fn can_show(&self, instrument: InstrumentId, display_lots: i64, lots: i64) -> bool {
        let step = self.listings.get(instrument as usize).map_or(0, |listing| listing.lots_step);
        display_lots == 0 || (display_lots <= lots && !rules::terms::bad_lots(display_lots, 0, step))
    }

    /// Whether the order that this one shall stand beside works, or another that stands beside it, in whatever instrument.
    fn stands_beside(&self, full: &FullOrder) -> bool {
        let FullOrder { order, terms } = full;
        let mut listings = self.listings.iter().enumerate();
        listings.any(|(index, listing)| self.working.has_group(index, listing.working, terms.beside, order.strategy))
    }

    /// Lots reserved for the order that this one stands beside, and whatever else stands there.
    fn shared_beside(&self, full: &FullOrder) -> i64 {
        let FullOrder { order, terms } = full;
        let index = order.instrument as usize;
        match self.listings.get(index) {
            Some(listing) if terms.beside != 0 => {
                let side = (order.side != Side::Buy as u8) as u8;
                let group = Group { id: terms.beside, strategy: order.strategy, side };
                self.working.shared(index, listing.working, group)
            }
            _ => 0,
        }
    }

    /// Decides on a replace of a working order. Only what it adds to the worst case is new; if it is denied, the old
    /// reservation stands. If it passes, the larger of both sizes stays reserved, and both prices count, until the venue
    /// has answered ([`Gate::replaced`], [`Gate::replace_rejected`]).
    #[must_use]
    pub fn check_replace(
        &mut self,
        working: &Order,
        filled_lots: i64,
        request: &ReplaceRequest,
        now: Nanos,
    ) -> (Verdict, Option<Approved<ReplaceRequest>>) {
        let full = FullOrder { order: *working, terms: OrderTerms::default() };
        let change = FullReplace::plain(*request);
        let (verdict, approved) = self.check_full_replace(&full, filled_lots, &change, now);
        (verdict, approved.map(|change| Approved::new(change.into_inner().request)))
    }

    /// The same for an order with terms.
    #[must_use]
    pub fn check_full_replace(
        &mut self,
        full: &FullOrder,
        filled_lots: i64,
        change: &FullReplace,
        now: Nanos,
    ) -> (Verdict, Option<Approved<FullReplace>>) {
        let (working, request) = (&full.order, &change.request);
        let named = request.order_id == working.id && request.strategy == working.strategy;
        let at = self.place_of(working).filter(|_| named && filled_lots >= 0);
        let held = at.map(|at| self.working.get(at)).unwrap_or_default();
        let OrderTerms { stop_ticks, display_lots, .. } = change.terms;
        let is_stop = full.terms.stop_ticks > 0;
        let bad_stop = stop_ticks != 0 && !(is_stop && (1..=TICKS_MAX).contains(&stop_ticks));
        let is_meant = meaningful(full) && change.goes_with(&full.terms);
        let failed = bit_if(!is_meant || request.flags & !WITH_TERMS != 0, code::RISK_BAD_FIELD)
            | bit_if(bad_stop, code::RISK_BAD_PRICE)
            | bit_if(!self.can_show(working.instrument, display_lots, request.lots), code::RISK_BAD_LOTS)
            | bit_if(at.is_none(), code::RISK_UNKNOWN_ORDER)
            | bit_if(held.replacing, code::RISK_RESERVATION);
        let shared = at.map_or(0, |at| {
            let index = working.instrument as usize;
            self.working.shared(index, self.listings[index].working, self.working.group(at))
        });
        let q = Question::replace(full, filled_lots, shared, change, now, failed);
        let (pass, at) = match (self.decide_by_name(&q, SoFar::Outside), at) {
            (Ok(pass), Some(at)) => (pass, at),
            (Ok(_), None) => unreachable!("RISK_UNKNOWN_ORDER is never waived"),
            (Err(denied), _) => return (denied, None),
        };
        self.working.set(at, Working { replacing: true, next_reach: pass.reach, next_lots: q.open, ..held });
        (verdict(&q, pass.mandate, 0, pass.waived, pass.reducing), Some(Approved::new(*change)))
    }

    /// Asks every rule about a new order and, if all are silent, reserves; if one spoke, how far the order came.
    #[inline(always)]
    fn pass(&mut self, q: &Question) -> Result<Pass, SoFar> {
        let mut places = self.places(q).ok_or(SoFar::Outside)?;
        let first = places.row.empty();
        let alone = places.ask_alone(&mut Silence, q).ok_or(SoFar::Outside)?;
        places.enter(q.side, q.added());
        let answer = places.ask_entered(&mut Silence, q, alone).ok_or(SoFar::Entered)?;
        places.keep(q, &answer);
        places.send(q, &answer);
        let mandate = places.account.mandate;
        places.hours.latest_ts = q.now;
        if first {
            self.hold(usize::from(q.strategy), q.instrument as usize, true);
        }
        Ok(Pass { mandate, waived: 0, reducing: answer.reducing, reach: answer.reach })
    }

    /// Asks every rule by name about an order or replace, and takes it out of positions and sums again if one denies it;
    /// `Err` is the verdict that denies.
    #[cold]
    #[inline(never)]
    fn decide_by_name(&mut self, q: &Question, so_far: SoFar) -> Result<Pass, Verdict> {
        let Some(mut places) = self.places(q) else {
            return Err(self.deny_unplaced(q));
        };
        if so_far == SoFar::Outside {
            places.enter(q.side, q.added());
        }
        let mut spoken = Spoken::default();
        let alone = places.ask_alone(&mut spoken, q);
        let Some(answer) = alone.and_then(|alone| places.ask_entered(&mut spoken, q, alone)) else {
            unreachable!("asking by name goes on to the end");
        };
        let Spoken(spoke) = spoken;
        let waived = if answer.reducing { spoke & WAIVABLE } else { 0 };
        let latest_ts = places.hours.latest_ts.max(q.now);
        if spoke == waived {
            places.keep(q, &answer);
            places.hours.latest_ts = latest_ts;
            let mandate = places.account.mandate;
            if q.action == Action::New {
                places.send(q, &answer);
            }
            self.hold(usize::from(q.strategy), q.instrument as usize, true);
            return Ok(Pass { mandate, waived, reducing: answer.reducing, reach: answer.reach });
        }
        let denied = self.explain(q, &answer, spoke & !waived, waived);
        if let Some(mut places) = self.places(q) {
            places.enter(q.side, -q.added());
            places.hours.latest_ts = latest_ts;
            places.account.client_id = places.account.client_id.max(q.client_id);
        }
        Err(denied)
    }

    /// A cancel always passes: nothing must stand between a person and taking an order out of the market. What is
    /// reserved stays so until the venue confirms.
    pub fn check_cancel(
        &self,
        request: &CancelRequest,
        working: &Order,
        now: Nanos,
    ) -> (Verdict, Approved<CancelRequest>) {
        let verdict = Verdict {
            cause: request.id,
            ts: now,
            order_id: request.order_id,
            instrument: working.instrument,
            strategy: request.strategy,
            decision: Decision::Approved as u8,
            action: Action::Cancel as u8,
            mandate: self.mandate_of(request.strategy),
            ..Verdict::default()
        };
        (verdict, Approved::new(*request))
    }
}
