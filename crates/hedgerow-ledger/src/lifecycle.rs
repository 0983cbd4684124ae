//! What happens to every holder of an instrument at once becomes postings: a dividend, a split, an end, a fee for holding.
//!
//! Promises: for every `old_lots` a holder has there stand `new_lots` and the cash afterwards, shorts with the sign turned
//! round; whole lots keep their cost, what a split leaves of a lot is sold at the price that is told; all of it is worked out
//! on copies first, so a refusal changes nothing. Never: another instrument, or a residue on a position that has ended.

use crate::book::{add, bounded};
use crate::booking::{NO_INSTRUMENT, no_rate};
use crate::ledger::{Listing, convert, unknown};
use crate::statement::Translated;
use crate::{Book, Ledger, Position};
use hedgerow_core::{
    Account, LifecycleEvent, LifecycleKind, Money, Posting, Problem, RoundMode, StrategyId, code, div_round,
};

/// The largest position that an event may leave, lots: as the gate's own bound, so that its sums stay exact.
const LOTS_MAX: i64 = 1 << 44;

/// A lifecycle event worked out against the books as they stand: everything that booking it will change.
pub struct LifecyclePlan {
    mark_ticks: i64,
    legs: Vec<Leg>,
}

/// What one holder gets and gives.
struct Leg {
    strategy: StrategyId,
    came: Came,
    position: Position,
    exposure: i64,
    book: Book,
    translated: Translated,
}

/// What an event makes of a position.
#[derive(Clone, Copy, Default)]
struct Came {
    /// Lots that come (positive) or go.
    lots: i64,
    /// Cash received (positive) or paid.
    cash: i128,
    /// Cost that leaves with what is closed.
    cost: i128,
    /// Part of the cash that is income; the rest pays for what is closed.
    income: i128,
}

impl Came {
    /// `None` if a number is too large.
    fn of(event: &LifecycleEvent, held: &Position, tick_value: i64) -> Option<Came> {
        let (old, lots) = (i128::from(event.old_lots), i128::from(held.lots));
        let cash = div_round(lots.checked_mul(event.cash.0)?, old, RoundMode::HalfEven);
        if event.new_lots == event.old_lots {
            return Some(Came { cash, income: cash, ..Came::default() });
        }
        let total = lots.checked_mul(i128::from(event.new_lots))?;
        let (whole, rest) = (total / old, total % old);
        let paid = rest.checked_mul(i128::from(event.fraction_ticks))?.checked_mul(i128::from(tick_value))?;
        let cost = match (whole, rest) {
            (0, _) => held.cost.0,
            (_, 0) => 0,
            _ => div_round(held.cost.0.checked_mul(rest.abs())?, total.abs(), RoundMode::HalfEven),
        };
        let after = i64::try_from(whole).ok().filter(|after| (-LOTS_MAX..=LOTS_MAX).contains(after))?;
        let cash = cash.checked_add(div_round(paid, old, RoundMode::HalfEven))?;
        Some(Came { lots: after.checked_sub(held.lots)?, cash, cost, income: 0 })
    }

    fn realised(&self) -> Option<i128> {
        self.cash.checked_sub(self.income)?.checked_sub(self.cost)
    }
}

impl Ledger {
    /// Whether a lifecycle event can be booked, and what booking it would change.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT`, `CORE_INPUT` for an event that cannot be, `CORE_NO_RATE`, `LEDGER_OVERFLOW`.
    pub fn plan_lifecycle(&self, event: &LifecycleEvent) -> Result<LifecyclePlan, Problem> {
        let listing = *self.listings.get(event.instrument as usize).ok_or_else(|| unknown(event.instrument))?;
        let kind = check_event(event)?;
        let rate = self.rates[usize::from(listing.currency)];
        let too_large = || Problem::new(code::LEDGER_OVERFLOW, describe(event));
        let mark_ticks = mark_after(event, listing.mark_ticks).ok_or_else(too_large)?;
        let mut legs = Vec::new();
        for strategy in 0..self.config.strategies {
            let lots = self.positions[self.position_place(strategy, event.instrument)].lots;
            if lots == 0 || (kind == LifecycleKind::Borrow && lots > 0) {
                continue;
            }
            if rate.rate_nano == 0 {
                return Err(no_rate(rate.currency));
            }
            legs.push(self.leg(event, strategy, &listing, rate.rate_nano, mark_ticks).ok_or_else(too_large)?);
        }
        Ok(LifecyclePlan { mark_ticks, legs })
    }

    fn leg(
        &self,
        event: &LifecycleEvent,
        strategy: StrategyId,
        listing: &Listing,
        rate_nano: i64,
        mark_ticks: i64,
    ) -> Option<Leg> {
        let place = self.position_place(strategy, event.instrument);
        let held = self.positions[place];
        let came = Came::of(event, &held, listing.tick_value)?;
        let realised = bounded(came.realised()?)?;
        let position = Position {
            lots: held.lots.checked_add(came.lots)?,
            cost: bounded(held.cost.0.checked_sub(came.cost)?)?,
            realised: bounded(held.realised.0.checked_add(realised.0)?)?,
            fees: held.fees,
        };
        let exposure = position.lots.checked_mul(listing.tick_value)?;
        let value = |exposure: i64, mark: i64| i128::from(exposure) * i128::from(mark);
        let change = value(exposure, mark_ticks).checked_sub(value(self.exposures[place], listing.mark_ticks))?;
        let book = self.books[self.book_place(usize::from(strategy), listing.currency)]
            .posted(Account::Cash, bounded(came.cash)?)?
            .posted(Account::Position, -bounded(came.cost)?)?
            .posted(Account::Realised, -realised)?
            .posted(Account::Income, -bounded(came.income)?)?
            .revalued(change)?;
        let mut translated = self.translated[usize::from(strategy)];
        add(&mut translated.realised, convert(realised, rate_nano)?)?;
        add(&mut translated.income, convert(Money(came.income), rate_nano)?)?;
        Some(Leg { strategy, came, position, exposure, book, translated })
    }

    /// Books a lifecycle event as it was planned. Nothing else may have been booked since, and only its id may have changed.
    pub fn book_lifecycle(&mut self, event: &LifecycleEvent, plan: LifecyclePlan, sink: &mut impl FnMut(Posting)) {
        let listing = &mut self.listings[event.instrument as usize];
        listing.mark_ticks = plan.mark_ticks;
        let place = listing.currency;
        let currency = self.rates[usize::from(place)].currency;
        for leg in plan.legs {
            let (at, row) = (self.position_place(leg.strategy, event.instrument), usize::from(leg.strategy));
            let book_place = self.book_place(row, place);
            self.positions[at] = leg.position;
            self.exposures[at] = leg.exposure;
            self.books[book_place] = leg.book;
            self.translated[row] = leg.translated;
            debug_assert_eq!(leg.book.sum(), Money::ZERO, "the postings of {event:?} do not balance");
            let (cause, ts, instrument, strategy) = (event.id, event.ts, event.instrument, leg.strategy);
            leg.post(&Posting { cause, ts, currency, instrument, strategy, ..Posting::default() }, sink);
        }
    }
}

impl Leg {
    /// Cash first, then what leaves the position, the profit and the income; lines of nothing are left out.
    fn post(&self, post: &Posting, sink: &mut impl FnMut(Posting)) {
        let came = self.came;
        let realised = came.realised().unwrap_or_default();
        let lines = [
            (Account::Cash, came.cash, 0, NO_INSTRUMENT),
            (Account::Position, -came.cost, came.lots, post.instrument),
            (Account::Realised, -realised, 0, post.instrument),
            (Account::Income, -came.income, 0, post.instrument),
        ];
        for (account, amount, lots, instrument) in lines {
            if amount != 0 || lots != 0 {
                sink(Posting { amount: Money(amount), account: account as u8, lots, instrument, ..*post });
            }
        }
    }
}

impl LifecyclePlan {
    /// The instrument's mark afterwards, ticks; 0 if it has none.
    #[must_use]
    pub fn mark_ticks(&self) -> i64 {
        self.mark_ticks
    }

    /// The holders, and the lots that each has afterwards.
    pub fn holders(&self) -> impl Iterator<Item = (StrategyId, i64)> + '_ {
        self.legs.iter().map(|leg| (leg.strategy, leg.position.lots))
    }
}

/// What can be meant: an end leaves nothing, a split pays nothing but fractions, everything else leaves the lots alone.
fn check_event(event: &LifecycleEvent) -> Result<LifecycleKind, Problem> {
    use LifecycleKind::{Borrow, Delisting, Dividend, Expiry, Funding, Merger, Split};
    let LifecycleEvent { cash, old_lots, new_lots, fraction_ticks, .. } = *event;
    let wrong = || Problem::new(code::CORE_INPUT, describe(event));
    let kind = LifecycleKind::from_u8(event.kind).ok_or_else(wrong)?;
    let same = new_lots == old_lots;
    let fits = match kind {
        Dividend => same && cash >= Money::ZERO,
        Borrow => same && cash >= Money::ZERO,
        Funding => same,
        Split => new_lots > 0 && cash == Money::ZERO && fraction_ticks > 0,
        Merger | Delisting => new_lots == 0 && cash >= Money::ZERO,
        Expiry => new_lots == 0,
    };
    if old_lots > 0 && fraction_ticks >= 0 && fits { Ok(kind) } else { Err(wrong()) }
}

/// The mark in the new lots, at least a tick.
fn mark_after(event: &LifecycleEvent, mark_ticks: i64) -> Option<i64> {
    if event.new_lots == event.old_lots || event.new_lots == 0 || mark_ticks == 0 {
        return Some(mark_ticks);
    }
    let old = i128::from(mark_ticks) * i128::from(event.old_lots);
    i64::try_from(div_round(old, i128::from(event.new_lots), RoundMode::HalfEven).max(1)).ok()
}

#[cold]
fn describe(event: &LifecycleEvent) -> String {
    let LifecycleEvent { cash, old_lots, new_lots, fraction_ticks, instrument, kind, .. } = event;
    format!(
        "lifecycle event of kind {kind} in instrument {instrument}: {new_lots} lots and {cash} for {old_lots} lots, \
         fractions at {fraction_ticks} ticks"
    )
}

#[cfg(test)]
mod tests;
