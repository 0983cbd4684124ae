//! The decision on a two-sided quote: one verdict on both sides, and both reservations or none.
//!
//! Promises: both sides are in positions and sums before any rule is asked about either; every rule is asked of both, and
//! one that speaks denies both; the quote's own sides are no match for each other at prices that do not cross. What is
//! denied changes nothing but the last client order id and the latest time seen.

use crate::answer::Answer;
use crate::approved::Approved;
use crate::check::verdict;
use crate::gate::Gate;
use crate::question::{Question, meaningful};
use crate::repeats::Repeat;
use crate::rules::rate::Bucket;
use crate::rules::{Spoken, WAIVABLE, bit, bit_if, first};
use crate::working::Working;
use hedgerow_core::{
    Action, CancelRequest, Code, Decision, FullOrder, FullReplace, InstrumentId, Nanos, Order, OrderSlot, OrderTerms,
    RecordId, ReplaceRequest, StrategyId, Verdict, code,
};

/// What a quote update asks of one side.
#[derive(Clone, Copy, Debug)]
pub enum Leg {
    /// A new order.
    New(Order),
    /// A change of the order that works.
    Replace {
        /// The order, and what of it is filled.
        working: Order,
        /// See `working`.
        filled_lots: i64,
        /// The change.
        request: ReplaceRequest,
    },
    /// The order that works is withdrawn.
    Cancel(CancelRequest),
}

/// A side that passed.
#[derive(Debug)]
pub enum ApprovedLeg {
    /// Place this order.
    New(Approved<Order>),
    /// Change a working order.
    Replace(Approved<ReplaceRequest>),
    /// Cancel a working order.
    Cancel(Approved<CancelRequest>),
}

/// A quote update as the gate is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Quoting {
    /// The update's record.
    pub id: RecordId,
    /// Whose quote.
    pub strategy: StrategyId,
    /// Of what.
    pub instrument: InstrumentId,
    /// What is asked of the sides that change, in the order in which venues are told.
    pub legs: [Option<Leg>; 2],
    /// The orders that make up the quote until now, changed or not; 0 = none.
    pub standing: [RecordId; 2],
}

/// Both sides that passed, in the order in which venues are told.
pub type ApprovedQuote = [Option<ApprovedLeg>; 2];

/// The rules of which an order that passes uses something up.
const THROTTLES: u64 = bit(code::RISK_RATE) | bit(code::RISK_REPEAT);

/// What one side needs of the gate's tables, if it is not a cancel.
#[derive(Clone, Copy)]
struct Asked {
    q: Question,
    /// Its place among the working orders, for a change.
    at: Option<usize>,
    spoke: u64,
    answer: Answer,
}

/// What the asking about both sides moves, to be put back if one is denied.
struct Before {
    rates: [Bucket; 2],
    own_reach: [i64; 2],
    working: u32,
}

impl Gate {
    /// Decides on both sides of a quote at once and, if they pass, reserves what both may use.
    ///
    /// An update that only withdraws always passes, as any cancel; a withdrawal beside a side that is denied waits, and the
    /// quote stands as it was.
    #[must_use]
    pub fn check_quote(&mut self, quoting: &Quoting, now: Nanos) -> (Verdict, Option<ApprovedQuote>) {
        let mut questions = [None; 2];
        for (question, leg) in questions.iter_mut().zip(quoting.legs.iter().flatten()) {
            *question = self.question_of(leg, now);
        }
        if let Some((q, _)) = questions.iter().flatten().next() {
            let q = *q;
            if self.places(&q).is_none() {
                return (of_quote(self.deny_unplaced(&q), quoting), None);
            }
            match self.decide_quote(questions, quoting, now) {
                Ok(passed) => return (of_quote(passed, quoting), Some(approved(quoting))),
                Err(denied) => return (of_quote(denied, quoting), None),
            }
        }
        let mandate = self.mandate_of(quoting.strategy);
        let passed = Verdict {
            ts: now,
            strategy: quoting.strategy,
            instrument: quoting.instrument,
            mandate,
            decision: Decision::Approved as u8,
            ..Verdict::default()
        };
        (of_quote(passed, quoting), Some(approved(quoting)))
    }

    /// What the rules are asked about a side, and where its order stands; nothing for a cancel.
    fn question_of(&self, leg: &Leg, now: Nanos) -> Option<(Question, Option<usize>)> {
        let plain = |order: &Order| FullOrder { order: *order, terms: OrderTerms::default() };
        match leg {
            Leg::Cancel(_) => None,
            Leg::New(order) => {
                let failed = bit_if(!meaningful(&plain(order)), code::RISK_BAD_FIELD);
                Some((Question::new_order(order, now, failed), None))
            }
            Leg::Replace { working, filled_lots, request } => {
                let at = self.place_of(working);
                let held = at.map(|at| self.working.get(at)).unwrap_or_default();
                let failed = bit_if(!meaningful(&plain(working)) || request.flags != 0, code::RISK_BAD_FIELD)
                    | bit_if(at.is_none(), code::RISK_UNKNOWN_ORDER)
                    | bit_if(held.replacing, code::RISK_RESERVATION);
                let change = FullReplace::plain(*request);
                Some((Question::replace(&plain(working), *filled_lots, held.lots, &change, now, failed), at))
            }
        }
    }

    /// Enters both sides, asks every rule about each, and keeps both or takes both out again; `Err` is the verdict that
    /// denies.
    fn decide_quote(
        &mut self,
        questions: [Option<(Question, Option<usize>)>; 2],
        quoting: &Quoting,
        now: Nanos,
    ) -> Result<Verdict, Verdict> {
        let before = self.before(quoting);
        let index = quoting.instrument as usize;
        // The sides of the quote stand and fall together: only what else works can be met.
        let others = self.working.reach_without(index, before.working, quoting.standing);
        for (q, _) in questions.iter().flatten() {
            if let Some(mut places) = self.places(q) {
                places.listing.own_reach = others;
                places.enter(q.side, q.added());
            }
        }
        let mut asked = [None; 2];
        let mut repeats = [None; 2];
        for ((asked, repeat), (q, at)) in asked.iter_mut().zip(&mut repeats).zip(questions.into_iter().flatten()) {
            let Some(mut places) = self.places(&q) else { unreachable!("both sides have the places of the first") };
            let mut spoken = Spoken::default();
            let alone = places.ask_alone(&mut spoken, &q);
            let Some(answer) = alone.and_then(|alone| places.ask_entered(&mut spoken, &q, alone)) else {
                unreachable!("asking by name goes on to the end");
            };
            *repeat = Some(*places.repeat);
            // What this side uses of throttles, numbers and places the other one has not.
            let (client_id, is_throttled) = (places.account.client_id, spoken.0 & THROTTLES != 0);
            if !is_throttled {
                places.spend(&q, &answer);
            }
            places.account.client_id = client_id.max(q.client_id);
            places.listing.working += u32::from(q.action == Action::New);
            *asked = Some(Asked { q, at, spoke: spoken.0, answer });
        }
        let sides = asked.iter().flatten();
        let waived_of = |one: &Asked| if one.answer.reducing { one.spoke & WAIVABLE } else { 0 };
        let failed = sides.clone().fold(0, |failed, one| failed | (one.spoke & !waived_of(one)));
        let waived = sides.clone().fold(0, |waived, one| waived | waived_of(one)) & !failed;
        let reducing = sides.clone().all(|one| one.answer.reducing);
        let latest_ts = self.hours.latest_ts.max(now);
        if failed == 0 {
            self.hours.latest_ts = latest_ts;
            let mut passed = Verdict::default();
            let mut count = before.working;
            for one in asked.iter().flatten() {
                self.keep_side(one, &mut count);
                let mandate = self.mandate_of(quoting.strategy);
                passed = verdict(&one.q, mandate, 0, waived, reducing);
            }
            let listing = &mut self.listings[index];
            listing.working = count;
            listing.own_reach = self.working.reach(index, count);
            self.hold(usize::from(quoting.strategy), index, true);
            return Ok(passed);
        }
        let denied = self.explain_quote(&asked, failed, waived, reducing);
        self.take_back(&asked, &repeats, &before);
        self.hours.latest_ts = latest_ts;
        Err(denied)
    }

    fn before(&self, quoting: &Quoting) -> Before {
        let listing = &self.listings[quoting.instrument as usize];
        let rates = [usize::from(quoting.strategy), self.firm()].map(|number| self.accounts[number].rate);
        Before { rates, own_reach: listing.own_reach, working: listing.working }
    }

    /// Enters an approved side among the working orders.
    fn keep_side(&mut self, one: &Asked, count: &mut u32) {
        let Asked { q, at, answer, .. } = one;
        match at {
            Some(at) => {
                let held = self.working.get(*at);
                let changed = Working { replacing: true, next_reach: answer.reach, next_lots: q.open, ..held };
                self.working.set(*at, changed);
            }
            None => {
                let (strategy, side) = (q.strategy, q.side as u8);
                let made = Working { reach: answer.reach, lots: q.open, strategy, side, ..Working::default() };
                self.working.push(q.instrument as usize, *count, q.order_id, made);
                *count += 1;
            }
        }
    }

    /// The verdict that denies both sides, told by the side of which the first failing rule spoke.
    fn explain_quote(&self, asked: &[Option<Asked>; 2], failed: u64, waived: u64, reducing: bool) -> Verdict {
        let code: Code = first(failed).unwrap_or(code::RISK_BAD_FIELD);
        let speaks = |one: &&Asked| one.spoke & bit(code) != 0;
        let Some(one) = asked.iter().flatten().find(speaks) else {
            unreachable!("a rule failed, so it spoke about some side");
        };
        Verdict { reducing: u8::from(reducing), ..self.explain(&one.q, &one.answer, failed, waived) }
    }

    /// Both sides leave positions, sums and throttles; their numbers stay used.
    fn take_back(&mut self, asked: &[Option<Asked>; 2], repeats: &[Option<Repeat>; 2], before: &Before) {
        // The other way round, because both may have used the same place.
        for (one, repeat) in asked.iter().zip(repeats).rev() {
            let (Some(one), Some(repeat)) = (one, repeat) else { continue };
            let Some(mut places) = self.places(&one.q) else { continue };
            places.enter(one.q.side, -one.q.added());
            *places.repeat = *repeat;
            (places.account.rate, places.firm.rate) = (before.rates[0], before.rates[1]);
            places.listing.own_reach = before.own_reach;
            places.listing.working = before.working;
        }
    }
}

impl ApprovedLeg {
    /// The same with the place in the OMS slab of a new order, which is found after the check.
    #[must_use]
    pub fn with_slot(self, slot: OrderSlot) -> ApprovedLeg {
        match self {
            ApprovedLeg::New(order) => ApprovedLeg::New(order.with_slot(slot)),
            other => other,
        }
    }

    /// The record of the order, the change or the cancel.
    #[must_use]
    pub const fn record_id(&self) -> RecordId {
        match self {
            ApprovedLeg::New(order) => order.get().id,
            ApprovedLeg::Replace(request) => request.get().id,
            ApprovedLeg::Cancel(request) => request.get().id,
        }
    }

    /// The order meant.
    #[must_use]
    pub const fn order_id(&self) -> RecordId {
        match self {
            ApprovedLeg::New(order) => order.get().id,
            ApprovedLeg::Replace(request) => request.get().order_id,
            ApprovedLeg::Cancel(request) => request.get().order_id,
        }
    }
}

fn approved(quoting: &Quoting) -> ApprovedQuote {
    quoting.legs.map(|leg| {
        Some(match leg? {
            Leg::New(order) => ApprovedLeg::New(Approved::new(order)),
            Leg::Replace { request, .. } => ApprovedLeg::Replace(Approved::new(request)),
            Leg::Cancel(request) => ApprovedLeg::Cancel(Approved::new(request)),
        })
    })
}

/// A verdict about both sides names the update.
fn of_quote(verdict: Verdict, quoting: &Quoting) -> Verdict {
    Verdict { cause: quoting.id, order_id: quoting.id, action: Action::Quote as u8, ..verdict }
}
