//! A fill or a cash movement becomes postings that sum to zero.
//!
//! Promises: everything is worked out and checked on copies first, so a refusal changes nothing and posts nothing.

use crate::book::{add, bounded};
use crate::ledger::{convert, unknown, unknown_strategy};
use crate::statement::Translated;
use crate::{Book, Ledger, Position, Trade};
use hedgerow_core::{Account, CashKind, CashMovement, Currency, Fill, Money, Posting, Problem, Side, code};

/// The instrument of a posting that concerns none.
pub(crate) const NO_INSTRUMENT: u32 = u32::MAX;

/// What booking a fill came to, in the instrument's currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Booked {
    /// How the fill closed and opened.
    pub trade: Trade,
    /// The position after it.
    pub position: Position,
}

/// A fill worked out against the books as they stand: everything that booking it will change.
pub struct FillPlan {
    trade: Trade,
    cash: Money,
    position: Position,
    exposure: i64,
    mark_ticks: i64,
    book: Book,
    translated: Translated,
}

/// A cash movement worked out against the books as they stand.
pub struct CashPlan {
    account: Account,
    book_place: usize,
    book: Book,
    translated: Translated,
}

impl Ledger {
    /// Books a fill: cash, position at cost, profit taken, fees. Postings carry the fill's id as cause, the time we
    /// knew of it, and id 0.
    ///
    /// # Errors
    /// As [`Ledger::plan`]; nothing has changed.
    pub fn fill(&mut self, fill: &Fill, sink: &mut impl FnMut(Posting)) -> Result<Booked, Problem> {
        let plan = self.plan(fill)?;
        Ok(self.book_fill(fill, plan, sink))
    }

    /// Books a fill as it was planned. Nothing else may have been booked since, and only the fill's id may have changed.
    #[inline]
    pub fn book_fill(&mut self, fill: &Fill, plan: FillPlan, sink: &mut impl FnMut(Posting)) -> Booked {
        let listing = &mut self.listings[fill.instrument as usize];
        listing.mark_ticks = plan.mark_ticks;
        let currency = listing.currency;
        let (place, row) = (self.position_place(fill.strategy, fill.instrument), usize::from(fill.strategy));
        let book_place = self.book_place(row, currency);
        self.positions[place] = plan.position;
        self.exposures[place] = plan.exposure;
        self.books[book_place] = plan.book;
        self.translated[row] = plan.translated;
        debug_assert_eq!(plan.book.sum(), Money::ZERO, "the postings of {fill:?} do not balance");
        let post = Posting {
            cause: fill.id,
            ts: fill.ts_init,
            currency: self.rates[usize::from(currency)].currency,
            instrument: fill.instrument,
            strategy: fill.strategy,
            ..Posting::default()
        };
        plan.post(&post, fill.fee, sink);
        Booked { trade: plan.trade, position: plan.position }
    }

    /// Whether a fill can be booked, and what booking it would change.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT`, `CORE_UNKNOWN_STRATEGY`, `CORE_INPUT`, `CORE_NO_RATE`, `LEDGER_OVERFLOW`.
    pub fn plan(&self, fill: &Fill) -> Result<FillPlan, Problem> {
        let listing = *self.listings.get(fill.instrument as usize).ok_or_else(|| unknown(fill.instrument))?;
        if fill.strategy >= self.config.strategies {
            return Err(unknown_strategy(fill.strategy, self.config.strategies));
        }
        let side = Side::from_u8(fill.side).filter(|_| fill.lots > 0 && fill.price_ticks > 0);
        let Some(side) = side else { return Err(no_fill(fill)) };
        let rate = self.rates[usize::from(listing.currency)];
        if rate.rate_nano == 0 {
            return Err(no_rate(rate.currency));
        }
        let place = self.position_place(fill.strategy, fill.instrument);
        let mut book = self.books[self.book_place(usize::from(fill.strategy), listing.currency)];
        let mark_ticks = if listing.mark_ticks == 0 { fill.price_ticks } else { listing.mark_ticks };
        let mut plan = || {
            let before = &self.positions[place];
            let trade = before.split(side.sign() * fill.lots, fill.price_ticks, listing.tick_value)?;
            let position = before.after(&trade, fill.fee)?;
            let exposure = position.lots.checked_mul(listing.tick_value)?;
            let change = i128::from(exposure) - i128::from(self.exposures[place]);
            let into_position = trade.opened_cost.0.checked_sub(trade.closed_cost.0)?;
            let cash = trade.realised.0.checked_sub(into_position)?.checked_sub(fill.fee.0)?;
            book.post(Account::Cash, Money(cash))?;
            book.post(Account::Position, Money(into_position))?;
            book.post(Account::Realised, -trade.realised)?;
            book.post(Account::Fees, fill.fee)?;
            book.revalue(change.checked_mul(i128::from(mark_ticks))?)?;
            let mut translated = self.translated[usize::from(fill.strategy)];
            add(&mut translated.realised, convert(trade.realised, rate.rate_nano)?)?;
            add(&mut translated.fees, convert(fill.fee, rate.rate_nano)?)?;
            Some(FillPlan { trade, cash: Money(cash), position, exposure, mark_ticks, book, translated })
        };
        plan().ok_or_else(|| Problem::new(code::LEDGER_OVERFLOW, describe(fill)))
    }

    /// Books money that comes, goes, or is turned into another currency (one movement for each leg).
    ///
    /// # Errors
    /// As [`Ledger::plan_cash`]; nothing has changed.
    pub fn cash(&mut self, movement: &CashMovement, sink: &mut impl FnMut(Posting)) -> Result<(), Problem> {
        let plan = self.plan_cash(movement)?;
        self.book_cash(movement, plan, sink);
        Ok(())
    }

    /// Whether a cash movement can be booked, and what booking it would change.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_STRATEGY`, `CORE_INPUT` for an unknown kind, `CORE_NO_RATE`, `LEDGER_OVERFLOW`.
    pub fn plan_cash(&self, movement: &CashMovement) -> Result<CashPlan, Problem> {
        let (row, currency, amount) = (usize::from(movement.strategy), movement.currency, movement.amount);
        if movement.strategy >= self.config.strategies {
            return Err(unknown_strategy(movement.strategy, self.config.strategies));
        }
        let kind = CashKind::from_u8(movement.kind)
            .ok_or_else(|| Problem::new(code::CORE_INPUT, format!("cash movement of kind {}", movement.kind)))?;
        let known = self.rates.iter().position(|rate| rate.currency == currency && rate.rate_nano > 0);
        let place = known.ok_or_else(|| no_rate(currency))?;
        let book_place = self.book_place(row, place as u16);
        let mut translated = self.translated[row];
        let (account, line) = match kind {
            CashKind::Capital => (Account::Capital, &mut translated.capital),
            CashKind::Exchange => (Account::Exchange, &mut translated.exchanged),
            CashKind::Income => (Account::Income, &mut translated.income),
        };
        let book = bounded(amount.0)
            .and_then(|amount| add(line, convert(amount, self.rates[place].rate_nano)?))
            .and_then(|()| self.books[book_place].posted(Account::Cash, amount)?.posted(account, -amount))
            .ok_or_else(|| Problem::new(code::LEDGER_OVERFLOW, format!("cash movement of {amount} {currency}")))?;
        Ok(CashPlan { account, book_place, book, translated })
    }

    /// Books a cash movement as it was planned. Nothing else may have been booked since, and only its id may have changed.
    pub fn book_cash(&mut self, movement: &CashMovement, plan: CashPlan, sink: &mut impl FnMut(Posting)) {
        self.books[plan.book_place] = plan.book;
        self.translated[usize::from(movement.strategy)] = plan.translated;
        debug_assert_eq!(plan.book.sum(), Money::ZERO, "the postings of {movement:?} do not balance");
        let post = Posting {
            cause: movement.id,
            ts: movement.ts,
            currency: movement.currency,
            instrument: NO_INSTRUMENT,
            strategy: movement.strategy,
            ..Posting::default()
        };
        let amount = movement.amount;
        if amount != Money::ZERO {
            sink(Posting { amount, account: Account::Cash as u8, ..post });
            sink(Posting { amount: -amount, account: plan.account as u8, ..post });
        }
    }
}

impl FillPlan {
    /// Cash first, then what closes, what opens, the profit and the fee; lines of nothing are left out.
    fn post(&self, post: &Posting, fee: Money, sink: &mut impl FnMut(Posting)) {
        let trade = &self.trade;
        if self.cash != Money::ZERO {
            let account = Account::Cash as u8;
            sink(Posting { amount: self.cash, account, instrument: NO_INSTRUMENT, ..*post });
        }
        let legs = [(trade.closed_lots, -trade.closed_cost), (trade.opened_lots, trade.opened_cost)];
        for (lots, amount) in legs.into_iter().filter(|(lots, _)| *lots != 0) {
            sink(Posting { amount, lots, account: Account::Position as u8, ..*post });
        }
        for (account, amount) in [(Account::Realised, -trade.realised), (Account::Fees, fee)] {
            if amount != Money::ZERO {
                sink(Posting { amount, account: account as u8, ..*post });
            }
        }
    }
}

fn describe(fill: &Fill) -> String {
    format!("fill of {} lots at {} ticks, fee {}", fill.lots, fill.price_ticks, fill.fee)
}

#[cold]
fn no_fill(fill: &Fill) -> Problem {
    Problem::new(code::CORE_INPUT, format!("{}, side {}; lots and price are positive", describe(fill), fill.side))
}

#[cold]
pub(crate) fn no_rate(currency: Currency) -> Problem {
    Problem::new(code::CORE_NO_RATE, format!("{currency}; nothing was booked"))
}
