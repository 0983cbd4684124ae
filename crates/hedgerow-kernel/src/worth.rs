//! What the books are worth, and when the gate is told: once all prices of a moment are in, and before it decides.

use crate::Kernel;
use hedgerow_core::{Money, Nanos, StrategyId};

/// What a book counts as whose worth is too large a number: everything is lost, so that only risk-reducing orders pass.
const BEYOND_TELLING: Money = Money(-(1 << 120));

const REGISTERED: &str = "every strategy is registered from the start";

impl Kernel {
    #[inline]
    fn worth(&self, strategy: StrategyId) -> Money {
        self.ledger.nav(strategy).unwrap_or(BEYOND_TELLING)
    }

    /// Tells the gate what each strategy's book is worth, once all prices of a moment are in. A strategy that stopped
    /// still holds its book.
    #[inline]
    pub(crate) fn settle_equity(&mut self) {
        if !self.equity_is_old {
            return;
        }
        self.equity_is_old = false;
        if let (Some((strategy, high)), Some(only)) = (self.worth_high, self.only_started())
            && strategy == only
        {
            self.worth_high = None;
            let worth = self.worth(strategy);
            return self.gate.equity_after(strategy, high, worth).expect(REGISTERED);
        }
        self.tell_high();
        for strategy in 0..self.capacity.strategies {
            if self.grants[usize::from(strategy)].started {
                let worth = self.worth(strategy);
                self.gate.equity(strategy, worth).expect(REGISTERED);
            }
        }
    }

    /// Tells the gate the highest worth that was kept.
    pub(crate) fn tell_high(&mut self) {
        if let Some((strategy, worth)) = self.worth_high.take() {
            self.gate.equity(strategy, worth).expect(REGISTERED);
        }
    }

    /// Moves the clock. When a new moment begins, whatever opens it, what the last one's prices made of the books is told
    /// first. Of an only book the highest worth is kept instead, and told when the gate is next asked: it moves the peak,
    /// and nothing else asks for the others.
    #[inline]
    pub(crate) fn advance(&mut self, ts: Nanos) {
        if ts > self.clock && self.equity_is_old {
            self.settle_moment();
        }
        self.clock = ts;
    }

    fn settle_moment(&mut self) {
        match self.only_started() {
            Some(strategy) => {
                let worth = self.worth(strategy);
                self.keep_high(strategy, worth);
            }
            None => self.settle_equity(),
        }
    }

    /// Keeps a worth if it is the highest since the gate was last told.
    #[inline]
    pub(crate) fn keep_high(&mut self, strategy: StrategyId, worth: Money) {
        let high = self.worth_high.map_or(worth, |(_, high)| high.max(worth));
        self.worth_high = Some((strategy, high));
    }

    /// The only strategy that runs or has run.
    #[inline]
    pub(crate) fn only_started(&self) -> Option<StrategyId> {
        let mut started = (0..self.capacity.strategies).filter(|s| self.grants[usize::from(*s)].started);
        let only = started.next()?;
        started.next().is_none().then_some(only)
    }

    /// Takes so many ids at once, for bars of which the last was known at `ts`.
    pub(crate) fn take_ids(&mut self, count: u64, ts: Nanos) {
        self.last_id += count;
        self.clock = ts;
        self.equity_is_old = true;
    }

    /// Cash or a position moved.
    pub(crate) fn equity_moved(&mut self) {
        self.equity_is_old = true;
    }
}
