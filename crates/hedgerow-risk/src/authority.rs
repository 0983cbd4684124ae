//! How authority reaches the gate: strategies, mandates, the firm's limits, sessions, kill switches, equity.
//!
//! What was not granted is denied; a refused fact changes nothing.

use crate::account::{Account, Charter, OrderLimits};
use crate::gate::Gate;
use hedgerow_core::{
    FirmLimits, InstrumentId, KillSwitch, Limits, Mandate, Money, Nanos, Problem, Session, StrategyId, code,
    time::FOREVER,
};

impl Gate {
    fn strategy(&self, strategy: StrategyId) -> Result<usize, Problem> {
        let known = strategy < self.config.strategies && self.charters[usize::from(strategy)].registered;
        known
            .then_some(usize::from(strategy))
            .ok_or_else(|| Problem::new(code::CORE_UNKNOWN_STRATEGY, format!("strategy {strategy}")))
    }

    fn charter(&mut self, account: usize) -> (&mut Charter, &mut Account) {
        (&mut self.charters[account], &mut self.accounts[account])
    }

    /// Makes a strategy known. It may do nothing until it is granted a mandate.
    ///
    /// # Errors
    /// CORE-005 if its number lies beyond the tables.
    pub fn register(&mut self, strategy: StrategyId) -> Result<(), Problem> {
        if strategy >= self.config.strategies {
            let detail = format!("strategy {strategy}: room for {}", self.config.strategies);
            return Err(Problem::new(code::CORE_CAPACITY, detail));
        }
        let (charter, account) = self.charter(usize::from(strategy));
        charter.registered = true;
        charter.settle(account);
        Ok(())
    }

    /// Grants a mandate over a universe; it replaces the one before. Loss, drawdown and rate start again from here.
    ///
    /// # Errors
    /// CORE-008, CORE-007 for an unknown strategy or instrument; then nothing is changed.
    pub fn grant(&mut self, mandate: &Mandate, universe: &[InstrumentId]) -> Result<(), Problem> {
        let strategy = self.strategy(mandate.strategy)?;
        let count = self.listings.len();
        if let Some(beyond) = universe.iter().find(|instrument| **instrument as usize >= count) {
            return Err(Problem::new(
                code::CORE_UNKNOWN_INSTRUMENT,
                format!("instrument {beyond} of the mandate's universe"),
            ));
        }
        let rows = &mut self.rows[strategy * count..(strategy + 1) * count];
        rows.iter_mut().for_each(|row| row.granted = false);
        universe.iter().for_each(|instrument| rows[*instrument as usize].granted = true);
        let (charter, account) = self.charter(strategy);
        charter.grant(account, &mandate.limits, ends(mandate));
        account.mandate = mandate.index;
        self.tighten(strategy);
        Ok(())
    }

    /// Ends a strategy's mandate: only cancels and risk-reducing orders pass.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn revoke(&mut self, strategy: StrategyId) -> Result<(), Problem> {
        let strategy = self.strategy(strategy)?;
        self.accounts[strategy].expires_ts = Nanos::MIN;
        Ok(())
    }

    /// Puts the mandate granted last back in force after [`Gate::revoke`]: the strategy runs again. Loss, drawdown and
    /// rate stay as they were, since nobody granted anything.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn resume(&mut self, mandate: &Mandate) -> Result<(), Problem> {
        let strategy = self.strategy(mandate.strategy)?;
        self.accounts[strategy].expires_ts = ends(mandate);
        Ok(())
    }

    /// Gives a strategy the tighter of its own and the firm's limits on one order.
    fn tighten(&mut self, strategy: usize) {
        let own = OrderLimits::of(&self.charters[strategy].limits);
        self.accounts[strategy].order = own.tighter(OrderLimits::of(&self.charters[self.firm()].limits));
    }

    /// Sets the firm's limits over all strategies together. Without them every order is denied.
    pub fn set_firm(&mut self, limits: &Limits) {
        let firm = self.firm();
        let (charter, account) = self.charter(firm);
        charter.grant(account, limits, FOREVER);
        (0..firm).for_each(|strategy| self.tighten(strategy));
    }

    /// The same, from its record.
    pub fn set_firm_limits(&mut self, record: &FirmLimits) {
        self.set_firm(&record.limits);
    }

    /// Opens or closes the session; on a new day the loss limits start again.
    pub fn session(&mut self, session: &Session) {
        self.hours.open = session.open == 1;
        self.hours.closes_ts = session.closes_ts;
        self.hours.latest_ts = self.hours.latest_ts.max(session.ts);
        if session.new_day == 1 {
            for (charter, account) in self.charters.iter_mut().zip(&mut self.accounts) {
                charter.new_day(account);
            }
        }
    }

    /// Turns a kill switch on or off, for one strategy or (`u16::MAX`) for the firm.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn kill(&mut self, switch: &KillSwitch) -> Result<(), Problem> {
        let account = if switch.strategy == StrategyId::MAX { self.firm() } else { self.strategy(switch.strategy)? };
        let (charter, account) = self.charter(account);
        charter.killed = switch.on != 0;
        charter.settle(account);
        Ok(())
    }

    /// Takes a strategy's equity in the base currency; the firm's is the sum. Call it when all prices of one moment are
    /// in: half-marked hedges would show peaks and losses that never were.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn equity(&mut self, strategy: StrategyId, equity: Money) -> Result<(), Problem> {
        let strategy = self.strategy(strategy)?;
        self.report(strategy, equity);
        self.settle(strategy);
        Ok(())
    }

    /// The same, after an equity that was the highest since the last one told: as if both were told, one after the other.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn equity_after(&mut self, strategy: StrategyId, high: Money, equity: Money) -> Result<(), Problem> {
        let strategy = self.strategy(strategy)?;
        self.report(strategy, high);
        self.report(strategy, equity);
        self.settle(strategy);
        Ok(())
    }

    fn report(&mut self, strategy: usize, equity: Money) {
        let firm = self.firm();
        let own = &mut self.charters[strategy];
        let (change, first) = (Money(equity.0.saturating_sub(own.equity.0)), own.unreported());
        own.report(equity);
        let house = &mut self.charters[firm];
        if first {
            // What a strategy starts with is no gain of the firm.
            house.report_first(change);
        } else {
            house.report(Money(house.equity.0.saturating_add(change.0)));
        }
    }

    /// Derives what follows from the charters of a strategy and of the firm.
    fn settle(&mut self, strategy: usize) {
        for number in [strategy, self.firm()] {
            let (charter, account) = self.charter(number);
            charter.settle(account);
        }
    }

    /// Tells the gate that a strategy's equity will change by capital paid in (positive) or out, before the equity that
    /// contains it is reported: such money is neither gain nor loss.
    ///
    /// # Errors
    /// CORE-008 for an unknown strategy.
    pub fn flow(&mut self, strategy: StrategyId, amount: Money) -> Result<(), Problem> {
        let strategy = self.strategy(strategy)?;
        if self.charters[strategy].unreported() {
            return Ok(());
        }
        for number in [strategy, self.firm()] {
            self.charters[number].flow(amount);
        }
        self.settle(strategy);
        Ok(())
    }
}

/// When a mandate ends; a revoked or paused one has ended.
fn ends(mandate: &Mandate) -> Nanos {
    if mandate.revoked | mandate.paused == 0 { mandate.expires_ts } else { Nanos::MIN }
}
