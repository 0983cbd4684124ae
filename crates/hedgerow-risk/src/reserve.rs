//! What happens to a reservation after approval: it is filled into the position, changed by a replace, or released.
//!
//! Promises: rows, sums of strategies, sectors and the firm move together and stay exact; a refused change leaves all of
//! them as they were.

use crate::gate::Gate;
use crate::row::{BUY, Row, SELL};
use crate::working::Working;
use hedgerow_core::{Order, Problem, code};

impl Gate {
    /// Notes whether a strategy holds anything in an instrument.
    #[inline(always)]
    pub(crate) fn hold(&mut self, strategy: usize, index: usize, holds: bool) {
        let words = usize::from(self.config.strategies).div_ceil(64);
        let word = &mut self.holders[index * words + strategy / 64];
        let mask = 1 << (strategy % 64);
        *word = if holds { *word | mask } else { *word & !mask };
    }

    /// Replaces a row, and moves every sum by the difference.
    pub(crate) fn move_row(&mut self, strategy: usize, index: usize, after: Row) {
        let (firm, sectors) = (self.firm(), self.config.sectors as usize);
        let row = &mut self.rows[strategy * self.listings.len() + index];
        let before = std::mem::replace(row, after);
        let listing = &mut self.listings[index];
        let worst = after.worst() - before.worst();
        let net = [BUY, SELL].map(|side| after.net(side) - before.net(side));
        listing.worst += worst;
        listing.net[BUY] += net[BUY];
        listing.net[SELL] += net[SELL];
        listing.short += after.short() - before.short();
        let value = i128::from(listing.lot_value);
        let (gross, var) = (i128::from(worst) * value, i128::from(worst) * i128::from(listing.lot_var));
        let sector = listing.sector as usize;
        for number in [strategy, firm] {
            let account = &mut self.accounts[number];
            account.gross += gross;
            account.net[BUY] += i128::from(net[BUY]) * value;
            account.net[SELL] += i128::from(net[SELL]) * value;
            account.var += var;
            self.sectors[number * sectors + sector] += gross;
        }
        self.hold(strategy, index, !after.empty());
    }

    /// Where an order's reservation stands in the table of working orders.
    pub(crate) fn place_of(&self, order: &Order) -> Option<usize> {
        let index = order.instrument as usize;
        let count = self.listings.get(index)?.working;
        let at = self.working.find(index, count, order.id)?;
        (self.working.get(at).strategy == order.strategy).then_some(at)
    }

    fn known(&self, order: &Order) -> Result<usize, Problem> {
        self.place_of(order).ok_or_else(|| Problem::new(code::RISK_UNKNOWN_ORDER, format!("order {}", order.id)))
    }

    /// Sets what is left of a reservation and frees its place when that is nothing; returns the lots that its group no
    /// longer needs.
    fn leave(&mut self, index: usize, at: usize, left: Working) -> i64 {
        let before = self.working.get(at);
        let others = self.working.beside(index, self.listings[index].working, at);
        let listing = &mut self.listings[index];
        if left.reserved() == 0 {
            self.working.remove(index, listing.working, at);
            listing.working -= 1;
        } else {
            self.working.set(at, left);
        }
        let furthest = before.reach_max() == listing.own_reach[usize::from(before.side)];
        if furthest && (left.reserved() == 0 || left.reach_max() != before.reach_max()) {
            listing.own_reach = self.working.reach(index, listing.working);
        }
        before.reserved().max(others) - left.reserved().max(others)
    }

    /// Moves filled lots from the order's reservation into the position.
    ///
    /// # Errors
    /// RISK-031 if nothing is reserved for the order, OMS-003 if less is reserved than was filled; nothing is changed.
    pub fn fill(&mut self, order: &Order, lots: i64) -> Result<(), Problem> {
        let at = self.known(order)?;
        let held = self.working.get(at);
        if lots <= 0 || lots > held.reserved() {
            let detail = format!("order {}: {lots} lots filled, {} reserved", order.id, held.reserved());
            return Err(Problem::new(code::OMS_OVERFILL, detail));
        }
        let (strategy, index, side) = (usize::from(held.strategy), order.instrument as usize, usize::from(held.side));
        let freed = self.leave(index, at, held.filled(lots));
        // An order beside another frees nothing by what it trades until the other one is smaller as well.
        let row = self.rows[strategy * self.listings.len() + index].filled(side, lots).reserved(side, lots - freed);
        self.move_row(strategy, index, row);
        Ok(())
    }

    /// Frees what is still reserved for an order that has ended; returns the lots freed, 0 if there were none (a filled
    /// order has nothing left). An order whose fate is unknown must not be released.
    pub fn release(&mut self, order: &Order) -> i64 {
        self.cut(order, 0)
    }

    /// Keeps no more reserved for an order than can still be filled, when the venue agreed to less than was asked;
    /// returns the lots freed.
    pub fn cut(&mut self, order: &Order, open_lots: i64) -> i64 {
        self.place_of(order).map_or(0, |at| {
            let mut left = self.working.get(at);
            (left.lots, left.next_lots) = (left.lots.min(open_lots), left.next_lots.min(open_lots));
            self.shrink(order, at, left)
        })
    }

    /// The venue took the replace: the new terms are the terms, and what only the old ones needed is freed.
    ///
    /// # Errors
    /// RISK-031 if no replace of this order is on its way; nothing is changed.
    pub fn replaced(&mut self, order: &Order) -> Result<(), Problem> {
        self.answered(order, true)
    }

    /// The venue refused the replace: the old terms stand, and what only the new ones needed is freed.
    ///
    /// # Errors
    /// RISK-031 if no replace of this order is on its way; nothing is changed.
    pub fn replace_rejected(&mut self, order: &Order) -> Result<(), Problem> {
        self.answered(order, false)
    }

    fn answered(&mut self, order: &Order, taken: bool) -> Result<(), Problem> {
        let at = self.known(order)?;
        let mut left = self.working.get(at);
        if !left.replacing {
            let detail = format!("order {}: no replace is on its way", order.id);
            return Err(Problem::new(code::RISK_UNKNOWN_ORDER, detail));
        }
        if taken {
            (left.lots, left.reach) = (left.next_lots, left.next_reach);
        }
        (left.replacing, left.next_lots, left.next_reach) = (false, 0, 0);
        self.shrink(order, at, left);
        Ok(())
    }

    /// Leaves less reserved for an order; returns the lots freed.
    fn shrink(&mut self, order: &Order, at: usize, left: Working) -> i64 {
        let (strategy, index) = (usize::from(left.strategy), order.instrument as usize);
        let freed = self.leave(index, at, left);
        let row = self.rows[strategy * self.listings.len() + index].reserved(usize::from(left.side), -freed);
        self.move_row(strategy, index, row);
        freed
    }
}
