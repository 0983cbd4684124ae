//! One working order, and the pure step from what it was to what it becomes.
//!
//! Promises: a step gives back a whole new value or a named error, so nothing can be half done; sums are exact.
//! Never: a slot, a slab, a side effect.

use crate::{Extent, OrderInput, OrderState, Standing, next};
use hedgerow_core::{Order, Problem, code};
use serde::{Deserialize, Serialize};

/// What we and the venue agree on, or ask to agree on: total size (filled lots included) and limit price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Total size, lots, filled lots included.
    pub lots: i64,
    /// Limit price, ticks; 0 for a market order.
    pub limit_ticks: i64,
}

/// An order that has not ended.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Working {
    /// The order; its lots and limit are the terms in force.
    pub order: Order,
    /// Where it is in its life.
    pub state: OrderState,
    /// The venue has said that it works.
    pub acknowledged: bool,
    /// Lots filled so far.
    pub filled_lots: i64,
    /// Sum of price times lots over all fills, exact: ticks times lots.
    pub filled_value: i128,
    /// Highest number of an execution booked, 0 if none was numbered.
    pub execution: u32,
    /// A change the venue has not answered.
    pub asked: Option<Terms>,
}

/// A step that was taken.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Transition {
    /// The order as it stands after the step.
    pub order: Order,
    /// State before.
    pub from: OrderState,
    /// State after.
    pub to: OrderState,
    /// What happened.
    pub event: OrderInput,
    /// Nothing can happen to the order any more; its slot is free.
    pub terminal: bool,
    /// Lots filled so far.
    pub filled_lots: i64,
    /// Lots that may still fill, under the present terms or an unanswered change.
    pub open_lots: i64,
    /// The terms in force before the step.
    pub before: Terms,
    /// The change that this step answered, if it answered one.
    pub answered: Option<Terms>,
    /// Lots no longer reserved, besides those this step filled.
    pub release_lots: i64,
    /// Limit price at which those lots were reserved, ticks; 0 for a market order.
    pub release_limit_ticks: i64,
}

impl Working {
    /// A new order that nobody has decided on.
    #[must_use]
    pub const fn new(order: Order) -> Working {
        Working {
            order,
            state: OrderState::New,
            acknowledged: false,
            filled_lots: 0,
            filled_value: 0,
            execution: 0,
            asked: None,
        }
    }

    /// The terms in force.
    #[inline]
    #[must_use]
    pub const fn terms(&self) -> Terms {
        Terms { lots: self.order.lots, limit_ticks: self.order.limit_ticks }
    }

    /// Lots that may still fill, an unanswered change counted at its worst.
    #[inline]
    #[must_use]
    pub fn open_lots(&self) -> i64 {
        self.ceiling_lots() - self.filled_lots
    }

    /// Lots held by a reservation: nothing before approval, nothing after the end.
    #[inline]
    #[must_use]
    pub fn reserved_lots(&self) -> i64 {
        if self.state == OrderState::New || self.state.is_terminal() { 0 } else { self.open_lots() }
    }

    /// What the quantities amount to now.
    #[inline]
    #[must_use]
    pub fn standing(&self) -> Standing {
        let extent = match (self.filled_lots, self.acknowledged) {
            (filled, _) if filled >= self.ceiling_lots() => Extent::Complete,
            (1.., _) => Extent::Partial,
            (_, true) => Extent::Acknowledged,
            (_, false) => Extent::Unacknowledged,
        };
        Standing { extent, replacing: self.asked.is_some() }
    }

    #[inline]
    fn ceiling_lots(&self) -> i64 {
        self.asked.map_or(self.order.lots, |asked| asked.lots.max(self.order.lots))
    }

    /// The order after an input, or why the input cannot be true. `lots` and `price_ticks` speak of a fill, of the
    /// terms asked for, or of the terms the venue replaced to (0 = as asked); for other inputs they mean nothing.
    ///
    /// # Errors
    /// `OMS_ILLEGAL`, `OMS_OVERFILL`, `OMS_BAD_REPORT`; `CORE_INPUT` for terms of our own that are no terms.
    #[inline]
    pub fn advance(&self, input: OrderInput, lots: i64, price_ticks: i64) -> Result<Working, Problem> {
        let mut after = *self;
        match input {
            OrderInput::Approve if self.order.lots <= 0 => return Err(self.no_terms(self.order.lots, 0)),
            OrderInput::Accept => after.acknowledged = true,
            OrderInput::Fill => return self.fill(0, lots, price_ticks),
            OrderInput::AskReplace if lots <= 0 || price_ticks < 0 => return Err(self.no_terms(lots, price_ticks)),
            OrderInput::AskReplace => after.asked = Some(Terms { lots, limit_ticks: price_ticks }),
            OrderInput::Replaced => after.agree(lots, price_ticks)?,
            OrderInput::ReplaceRejected => after.keep()?,
            _ => {}
        }
        after.state = self.settled(&after, input)?;
        Ok(after)
    }

    /// The order after an execution, or why it cannot be true. A venue numbers the executions of an order as they
    /// happen; one that does not rise was booked before, or came after a later one, and then nobody but people can say
    /// whether it was. Numbers may be left out, and 0 (no number) is believed as it stands.
    ///
    /// # Errors
    /// `OMS_DUPLICATE`, and as [`Working::advance`] with [`OrderInput::Fill`].
    #[inline]
    pub fn fill(&self, execution: u32, lots: i64, price_ticks: i64) -> Result<Working, Problem> {
        if execution != 0 && execution <= self.execution {
            let detail = format!("execution {execution}, {} is booked", self.execution);
            return Err(self.problem(code::OMS_DUPLICATE, &detail));
        }
        if lots <= 0 || price_ticks <= 0 {
            return Err(self.problem(code::OMS_BAD_REPORT, &format!("fill of {lots} lots at {price_ticks} ticks")));
        }
        let mut after = *self;
        after.execution = self.execution.max(execution);
        after.filled_lots = self.filled_lots.saturating_add(lots);
        after.filled_value += i128::from(price_ticks) * i128::from(lots);
        after.state = self.settled(&after, OrderInput::Fill)?;
        if lots > self.open_lots() {
            let detail = format!("fill of {lots} lots, {} open", self.open_lots());
            return Err(self.problem(code::OMS_OVERFILL, &detail));
        }
        Ok(after)
    }

    /// Takes over the terms the venue replaced to. It may have cut the size further than asked (what was filled
    /// meanwhile stays filled), but never raised it or moved the price: nobody approved that.
    fn agree(&mut self, lots: i64, price_ticks: i64) -> Result<(), Problem> {
        let Some(asked) = self.asked.take() else { return Ok(()) };
        let lots = if lots == 0 { asked.lots } else { lots };
        let price_differs = price_ticks != 0 && price_ticks != asked.limit_ticks;
        if lots < 0 || lots > asked.lots.max(self.filled_lots) || price_differs {
            let detail = format!(
                "replaced to {lots} lots at {price_ticks} ticks, asked {} lots at {} ticks",
                asked.lots, asked.limit_ticks
            );
            return Err(self.problem(code::OMS_BAD_REPORT, &detail));
        }
        self.acknowledged = true;
        self.order.lots = lots.max(self.filled_lots);
        self.order.limit_ticks = asked.limit_ticks;
        Ok(())
    }

    /// The change was refused, so the old terms stay; they cannot if more than they allow is filled already.
    fn keep(&mut self) -> Result<(), Problem> {
        if self.filled_lots > self.order.lots {
            let detail = format!("change refused, but {} lots of {} are filled", self.filled_lots, self.order.lots);
            return Err(self.problem(code::OMS_BAD_REPORT, &detail));
        }
        self.asked = None;
        Ok(())
    }

    /// The state after a step, which is legal if the table says so, given what the quantities amount to afterwards.
    #[inline]
    fn settled(&self, after: &Working, input: OrderInput) -> Result<OrderState, Problem> {
        let standing = Standing { extent: after.standing().extent, replacing: self.asked.is_some() };
        next(self.state, input, standing)
            .ok_or_else(|| self.problem(code::OMS_ILLEGAL, &format!("{} in state {}", input.name(), self.state.name())))
    }

    #[cold]
    fn no_terms(&self, lots: i64, limit_ticks: i64) -> Problem {
        self.problem(code::CORE_INPUT, &format!("{lots} lots at {limit_ticks} ticks; lots are at least 1, a limit 0"))
    }

    #[cold]
    fn problem(&self, code: hedgerow_core::Code, what: &str) -> Problem {
        Problem::new(code, format!("order {}, {what}", self.order.id))
    }
}

impl Transition {
    /// The step that leads from one value to the other.
    #[inline]
    #[must_use]
    pub fn between(before: &Working, after: &Working, event: OrderInput) -> Transition {
        let filled_now = after.filled_lots - before.filled_lots;
        let freed = before.reserved_lots() - filled_now - after.reserved_lots();
        let answered = matches!(event, OrderInput::Replaced | OrderInput::ReplaceRejected);
        let refused = if event == OrderInput::ReplaceRejected { before.asked } else { None };
        Transition {
            order: after.order,
            from: before.state,
            to: after.state,
            event,
            terminal: after.state.is_terminal(),
            filled_lots: after.filled_lots,
            open_lots: if after.state.is_terminal() { 0 } else { after.open_lots() },
            before: before.terms(),
            answered: if answered { before.asked } else { None },
            release_lots: freed.max(0),
            release_limit_ticks: refused.unwrap_or(before.terms()).limit_ticks,
        }
    }
}
