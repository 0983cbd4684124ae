//! Derives again what the algorithms of a log decided: each slice from its plan and what was filled, each child from its
//! slice.
//!
//! Promises: needs the log and nothing else. Never: repeats what no journal of a recording's books holds, the trades between
//! others; there the market's volume is taken as it was written.

use crate::parents::Parents;
use crate::work::{Seen, Work};
use hedgerow_core::{Noun, Order, OrderKind, ParentEvent, ParentEventKind, PlanStep, Problem, Slice, Trade, code};
use std::collections::VecDeque;

/// A log's decisions, derived again record by record.
#[derive(Default)]
pub struct Derivation {
    parents: Parents,
    /// The slice that the next child must be of.
    next: Option<Slice>,
    slices: u64,
    /// Whether the log holds what traded between others while parent orders counted it.
    counts: bool,
    /// What must follow, where a parent order was taken up again and its plan did not hold.
    anew: Option<Anew>,
}

/// A change of a parent order that leaves its terms, and the plan that belongs to it.
struct Anew {
    change: ParentEvent,
    is_changed: bool,
    steps: VecDeque<(i64, i64)>,
}

impl Derivation {
    /// Takes the log's next record.
    ///
    /// # Errors
    /// `LOG_REPLAY` for a slice that its algorithm would not have decided, or a child that is not its slice; what
    /// [`Parents::take`] refuses.
    pub fn push(&mut self, kind: u16, bytes: &[u8]) -> Result<(), Problem> {
        self.counts |= kind == Trade::KIND;
        self.planned_anew(kind, bytes)?;
        if kind == Slice::KIND {
            self.slice(bytemuck::pod_read_unaligned(bytes))?;
        } else if kind == Order::KIND && !self.parents.is_empty() {
            self.child(&bytemuck::pod_read_unaligned(bytes))?;
        }
        self.parents.take(kind, bytes)
    }

    /// Slices derived again and found equal.
    #[must_use]
    pub fn slices(&self) -> u64 {
        self.slices
    }

    /// A parent order that is taken up again gets the plan that follows from its old one, and no other.
    fn planned_anew(&mut self, kind: u16, bytes: &[u8]) -> Result<(), Problem> {
        if let Some(mut anew) = self.anew.take() {
            if !anew.takes(kind, bytes) {
                return Err(differs(anew.change.id, "a parent order taken up again, and not the plan that follows"));
            }
            self.anew = Some(anew).filter(|anew| !anew.steps.is_empty());
        } else if kind == ParentEvent::KIND {
            let event: ParentEvent = bytemuck::pod_read_unaligned(bytes);
            let is_resumed = event.event == ParentEventKind::Resumed as u8;
            let work = is_resumed.then(|| self.parents.get(event.parent)).flatten();
            self.anew = work.and_then(|work| work.missed(event.ts)).map(|steps| Anew {
                change: event,
                is_changed: false,
                steps: steps.into(),
            });
        }
        Ok(())
    }

    fn slice(&mut self, told: Slice) -> Result<(), Problem> {
        let work = self.parents.of(told.cause);
        let work = work.map_err(|_| differs(told.id, "a slice of no parent order at work"))?;
        if let Some(left) = self.next.replace(told) {
            return Err(differs(left.id, "a slice without its child order"));
        }
        let again = Slice { id: told.id, ..again(work, &told, self.counts) };
        if again != told {
            let detail = format!("a slice of {} lots, where its algorithm decides on {}", told.lots, again.lots);
            return Err(differs(told.id, &detail));
        }
        self.slices += 1;
        Ok(())
    }

    fn child(&mut self, order: &Order) -> Result<(), Problem> {
        let Some(work) = self.parents.get(order.cause) else { return Ok(()) };
        let slice = self.next.take().filter(|slice| slice.cause == order.cause);
        let slice = slice.ok_or_else(|| differs(order.id, "a child order that no slice asked for"))?;
        let parent = &work.parent;
        let limit_ticks = work.limit_ticks(&slice);
        let kind = if limit_ticks == 0 { OrderKind::Market } else { OrderKind::Limit };
        let wanted = (parent.instrument, parent.side, slice.lots, limit_ticks, kind as u8, work.tif(&slice) as u8);
        let sent = (order.instrument, order.side, order.lots, order.limit_ticks, order.kind, order.tif);
        if wanted == sent { Ok(()) } else { Err(differs(order.id, "a child order that is not its slice")) }
    }
}

/// What the algorithm decides with what the record says that it saw.
fn again(work: &mut Work, told: &Slice, counts: bool) -> Slice {
    let seen = Seen {
        now: told.ts,
        bid_ticks: told.bid_ticks,
        ask_ticks: told.ask_ticks,
        found_lots: told.found_lots,
        has_auction: told.auction == 1,
    };
    if !counts {
        work.market.lots = told.volume_lots;
    }
    let (before, step) = work.steps_at(told);
    work.decide(&seen, step, before)
}

impl Anew {
    /// Whether a record is the next one that must follow.
    fn takes(&mut self, kind: u16, bytes: &[u8]) -> bool {
        if !std::mem::replace(&mut self.is_changed, true) {
            if kind != ParentEvent::KIND {
                return false;
            }
            let told: ParentEvent = bytemuck::pod_read_unaligned(bytes);
            let terms = |event: &ParentEvent| (event.parent, event.lots, event.limit_ticks, event.until_ts);
            return told.event == ParentEventKind::Amended as u8 && terms(&told) == terms(&self.change);
        }
        if kind != PlanStep::KIND {
            return false;
        }
        let told: PlanStep = bytemuck::pod_read_unaligned(bytes);
        self.steps.pop_front() == Some((told.due_ts, told.due_lots)) && told.cause == self.change.parent
    }
}

fn differs(id: u64, what: &str) -> Problem {
    Problem::new(code::LOG_REPLAY, format!("record {id}: {what}"))
}

#[cfg(test)]
mod tests;
