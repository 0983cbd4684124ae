//! The gate proves its own sums: everything kept incrementally is counted again from positions and working orders.

use crate::gate::Gate;
use crate::row::{BUY, Row, SELL};
use hedgerow_core::{Problem, code};

impl Gate {
    /// Counts every sum again from rows and working orders.
    ///
    /// # Errors
    /// RISK-029 naming the first sum that differs; that is a defect.
    pub fn recount(&self) -> Result<(), Problem> {
        for index in 0..self.listings.len() {
            self.recount_instrument(index)?;
        }
        for number in 0..self.accounts.len() {
            self.recount_account(number)?;
        }
        Ok(())
    }

    fn rows_of(&self, index: usize) -> impl Iterator<Item = &Row> {
        self.rows.iter().skip(index).step_by(self.listings.len().max(1))
    }

    fn recount_instrument(&self, index: usize) -> Result<(), Problem> {
        let listing = &self.listings[index];
        let sum = |of: fn(&Row) -> i64| self.rows_of(index).map(of).sum::<i64>();
        agree("worst lots", index, listing.worst, sum(Row::worst))?;
        agree("net lots", index, listing.net, [sum(|row| row.net(BUY)), sum(|row| row.net(SELL))])?;
        agree("short lots", index, listing.short, sum(Row::short))?;
        agree("reach of own orders", index, listing.own_reach, self.working.reach(index, listing.working))?;
        let words = usize::from(self.config.strategies).div_ceil(64);
        for (strategy, row) in self.rows_of(index).enumerate() {
            let held = self.holders[index * words + strategy / 64] >> (strategy % 64) & 1 == 1;
            agree("holders", index, held, !row.empty())?;
            let reserved = self.working.reserved(index, listing.working, strategy);
            agree("reservations", index, row.open, reserved)?;
        }
        Ok(())
    }

    fn recount_account(&self, number: usize) -> Result<(), Problem> {
        let count = self.listings.len();
        let firm = number == self.firm();
        let rows = if firm { &self.rows[..] } else { &self.rows[number * count..(number + 1) * count] };
        let mut sums = [0_i128; 4];
        let mut sectors = vec![0_i128; self.config.sectors as usize];
        for (at, row) in rows.iter().enumerate() {
            let listing = &self.listings[at % count];
            let (value, var) = (i128::from(listing.lot_value), i128::from(listing.lot_var));
            let gross = i128::from(row.worst()) * value;
            let added = [
                gross,
                i128::from(row.net(BUY)) * value,
                i128::from(row.net(SELL)) * value,
                i128::from(row.worst()) * var,
            ];
            sums.iter_mut().zip(added).for_each(|(sum, add)| *sum += add);
            if listing.defined {
                sectors[listing.sector as usize] += gross;
            }
        }
        let account = &self.accounts[number];
        agree("account sums", number, [account.gross, account.net[BUY], account.net[SELL], account.var], sums)?;
        agree("sector sums", number, &self.sectors[number * sectors.len()..(number + 1) * sectors.len()], &sectors)
    }
}

fn agree<T: PartialEq + std::fmt::Debug>(what: &str, at: usize, kept: T, counted: T) -> Result<(), Problem> {
    if kept == counted {
        return Ok(());
    }
    Err(Problem::new(code::RISK_RESERVATION, format!("{what} of {at}: kept {kept:?}, counted {counted:?}")))
}
