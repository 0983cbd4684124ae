//! How market facts reach the gate: definitions, exchange rates, prices. A refused fact changes nothing.

use crate::account::Account;
use crate::gate::Gate;
use crate::listing::Listing;
use crate::row::{BUY, Row, SELL};
use hedgerow_core::{Currency, Instrument, InstrumentId, MONEY_UNIT, Nanos, Problem, StrategyId, code};

impl Gate {
    /// Defines an instrument, or changes its flags, volume, locate and volatility.
    ///
    /// # Errors
    /// CORE-005 beyond the tables; CORE-006 for a tick value too large; CORE-011 for terms that are impossible or changed.
    pub fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        let (index, sector) = (instrument.instrument as usize, instrument.sector);
        if index >= self.listings.len() || sector >= self.config.sectors {
            let detail = format!(
                "instrument {index}, sector {sector}: room for {:?}",
                (self.listings.len(), self.config.sectors)
            );
            return Err(Problem::new(code::CORE_CAPACITY, detail));
        }
        let rate = self.rate_of(instrument.currency);
        self.revalue(index, |listing| listing.define(instrument, rate))
    }

    fn rate_of(&self, currency: Currency) -> Option<i64> {
        if currency == self.config.base {
            return Some(MONEY_UNIT as i64);
        }
        self.rates.iter().find(|(known, _)| *known == currency).map(|(_, rate)| *rate)
    }

    /// Sets what one unit of a currency costs in the base currency, times 10^9, and revalues everything in it.
    ///
    /// # Errors
    /// CORE-005 beyond one currency per instrument; CORE-006, CORE-011 for an impossible rate; then nothing is changed.
    pub fn set_rate(&mut self, currency: Currency, rate_nano: i64) -> Result<(), Problem> {
        if currency == self.config.base || rate_nano <= 0 {
            return Err(Problem::new(code::CORE_INPUT, format!("a rate of {rate_nano} * 10^-9 for {currency}")));
        }
        let concerned = |listing: &Listing| listing.defined && listing.currency == currency;
        for listing in self.listings.iter().filter(|listing| concerned(listing)) {
            listing.clone().rate(rate_nano)?;
        }
        match self.rates.iter().position(|(known, _)| *known == currency) {
            Some(at) => self.rates[at].1 = rate_nano,
            None if self.rates.len() < self.listings.len() => self.rates.push((currency, rate_nano)),
            None => return Err(Problem::new(code::CORE_CAPACITY, format!("no room for the rate of {currency}"))),
        }
        for index in 0..self.listings.len() {
            if concerned(&self.listings[index]) {
                self.revalue(index, |listing| listing.rate(rate_nano))?;
            }
        }
        Ok(())
    }

    /// Takes a price. An impossible one (zero, negative, too large) stops trading in the instrument until a usable one comes.
    ///
    /// # Errors
    /// CORE-007 for an unknown instrument; CORE-009 for a price older than the one known.
    pub fn observe(&mut self, instrument: InstrumentId, close_ticks: i64, ts: Nanos) -> Result<(), Problem> {
        let index = instrument as usize;
        let Some(listing) = self.listings.get(index).filter(|listing| listing.defined) else {
            return Err(Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("instrument {instrument}")));
        };
        if ts < listing.mark_ts {
            return Err(Problem::new(code::CORE_TIME_ORDER, format!("instrument {instrument} at {ts}")));
        }
        self.hours.latest_ts = self.hours.latest_ts.max(ts);
        self.revalue(index, |listing| {
            listing.mark(close_ticks, ts);
            Ok(())
        })
    }

    /// Takes the lots that each holder has after a split or an end, and the price in the new lots; its age stays. Nothing may
    /// work in the instrument.
    ///
    /// # Errors
    /// CORE-007 for an unknown instrument; nothing is changed.
    pub fn restate(
        &mut self,
        instrument: InstrumentId,
        holders: impl Iterator<Item = (StrategyId, i64)>,
        mark_ticks: i64,
    ) -> Result<(), Problem> {
        let mark_ts = self.observed_ts(instrument);
        if mark_ticks > 0 {
            self.observe(instrument, mark_ticks, mark_ts)?;
        }
        let index = instrument as usize;
        for (strategy, position) in holders {
            let row = self.rows[usize::from(strategy) * self.listings.len() + index];
            self.move_row(usize::from(strategy), index, Row { position, ..row });
        }
        Ok(())
    }

    /// When the last price of an instrument was made; the beginning of time if there was none.
    #[inline]
    #[must_use]
    pub fn observed_ts(&self, instrument: InstrumentId) -> Nanos {
        self.listings.get(instrument as usize).map_or(Nanos::MIN, |listing| listing.mark_ts)
    }

    /// Lets an instrument's value change, and all sums with it.
    fn revalue(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Listing) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let listing = &mut self.listings[index];
        let before = (listing.lot_value, listing.lot_var);
        change(listing)?;
        let (value, var) = (i128::from(listing.lot_value - before.0), i128::from(listing.lot_var - before.1));
        // Without a position or a working order of any strategy there is no sum to move.
        if (value, var) == (0, 0) || listing.worst == 0 {
            return Ok(());
        }
        let (sector, sectors) = (listing.sector as usize, self.config.sectors as usize);
        let mut add = |account: &mut Account, number: usize, worst: i64, net: [i64; 2]| {
            account.gross += i128::from(worst) * value;
            account.net[BUY] += i128::from(net[BUY]) * value;
            account.net[SELL] += i128::from(net[SELL]) * value;
            account.var += i128::from(worst) * var;
            self.sectors[number * sectors + sector] += i128::from(worst) * value;
        };
        let (firm, strategies) = (self.accounts.len() - 1, usize::from(self.config.strategies));
        add(&mut self.accounts[firm], firm, listing.worst, listing.net);
        let words = strategies.div_ceil(64);
        for (word, held) in self.holders[index * words..(index + 1) * words].iter().enumerate() {
            let mut held = *held;
            while held != 0 {
                let strategy = word * 64 + held.trailing_zeros() as usize;
                let row = self.rows[strategy * self.listings.len() + index];
                add(&mut self.accounts[strategy], strategy, row.worst(), [row.net(BUY), row.net(SELL)]);
                held &= held - 1;
            }
        }
        Ok(())
    }
}
