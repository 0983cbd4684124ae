//! From signatures to limits: which mandate is in force, and only for the artifact that really runs, behind the walls that
//! its tier demands.
//!
//! Promises: a mandate begins when its cool-down has passed, and until then the one before it holds; simulated money
//! trades nothing real; isolation is what a jail told since the strategy started, and none where no jail did; a strategy
//! that stops and starts again finds the losses it left; only a newly signed mandate forgives them. Never: a limit that
//! nobody granted.

use crate::authority::Outcome;
use crate::{Effects, Kernel};
use hedgerow_core::{
    InstrumentId, Isolation, Mandate, Money, Nanos, Problem, RecordId, Sequenced, StrategyId, StrategyStart, Symbol,
    TierKind, code,
};
use serde::{Deserialize, Serialize};

/// A strategy as the kernel knows it: its grant, and the artifact it really runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// The mandate that began last, in force or not.
    pub mandate: Option<Mandate>,
    universe: Vec<InstrumentId>,
    /// The mandate that still cools down.
    next: Option<(Mandate, Vec<InstrumentId>)>,
    running: Option<[u8; 32]>,
    /// What the last jail told since it started; `None` while it runs in the platform's own process, as far as is known.
    isolation: Option<Isolation>,
    /// Number of the mandate under which its orders were found to come from no jail.
    bare: u32,
    /// It has run at some time, so its book counts in what the gate is told.
    pub started: bool,
    in_force: bool,
    /// Number of the mandate that the gate was given last.
    given: u32,
}

impl Grant {
    /// How isolated it is, as a number.
    fn reached(&self) -> u8 {
        self.isolation.unwrap_or(Isolation::None) as u8
    }
}

/// When a mandate begins; one without a cool-down has begun at any time of a run over the past.
const fn begins(mandate: &Mandate) -> Nanos {
    if mandate.from_ts == 0 { Nanos::MIN } else { mandate.from_ts }
}

impl Kernel {
    /// A strategy starts: its mandate counts only if it was granted to the artifact that runs.
    pub(crate) fn start(&mut self, start: &mut StrategyStart, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(start.strategy)?;
        self.check_cause(start.cause)?;
        self.check_time(start.ts)?;
        start.id = self.accept(start.ts);
        let grant = &mut self.grants[usize::from(start.strategy)];
        grant.running = (start.on == 1).then_some(start.artifact);
        (grant.isolation, grant.bare) = (None, 0);
        grant.started |= start.on == 1;
        // The gate hears at once what the book is worth, so that losses count from here.
        self.equity_moved();
        self.apply_grant(start.strategy, start.id, effects)
    }

    /// A jail told how isolated the strategy is that it holds, now.
    pub(crate) fn isolated(
        &mut self,
        strategy: StrategyId,
        reached: Isolation,
        cause: RecordId,
        effects: &mut Effects,
    ) -> Result<(), Problem> {
        let grant = &mut self.grants[usize::from(strategy)];
        let (before, demanded) = (grant.reached(), grant.mandate.map_or(0, |mandate| mandate.isolation));
        grant.isolation = Some(reached);
        if before.min(reached as u8) >= demanded {
            return Ok(());
        }
        self.apply_grant(strategy, cause, effects)
    }

    /// An order was denied: where a mandate is not in force because the strategy runs in no jail at all, that is found,
    /// once a start and mandate. A jail that is too weak was found when it started.
    #[cold]
    pub(crate) fn explain_denial(&mut self, strategy: StrategyId, cause: RecordId, effects: &mut Effects) {
        let grant = &mut self.grants[usize::from(strategy)];
        let (Some(mandate), Some(_), None) = (&grant.mandate, grant.running, grant.isolation) else { return };
        if mandate.isolation > grant.reached() && grant.bare != mandate.index {
            grant.bare = mandate.index;
            self.find_weak(strategy, cause, effects);
        }
    }

    /// That a strategy is less isolated than its mandate demands: the level reached, and the weakest allowed.
    fn find_weak(&mut self, strategy: StrategyId, cause: RecordId, effects: &mut Effects) {
        let grant = &self.grants[usize::from(strategy)];
        let (reached, demanded) = (grant.reached(), grant.mandate.map_or(0, |mandate| mandate.isolation));
        let (value, limit) = (Money::units(i64::from(reached)), Money::units(i64::from(demanded)));
        self.finding_of(code::GOV_ISOLATION, value, limit, cause, strategy, effects);
    }

    /// The governance log took in what follows at this time. It is not the kernel's clock: a run over the past stands
    /// under what people signed today, and one that starts today under what they signed before.
    pub(crate) fn sequenced(&mut self, record: &mut Sequenced, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_cause(record.cause)?;
        let (size, ts) = self.sequenced.unwrap_or((0, Nanos::MIN));
        if record.size < size || record.ts < ts {
            let detail = format!("governance entry {} at {} after {size} at {ts}", record.size, record.ts);
            return Err(Problem::new(code::CORE_TIME_ORDER, detail));
        }
        self.sequenced = Some((record.size, record.ts));
        record.id = self.next_id();
        Ok(())
    }

    /// Entries of the governance log behind which what was told last was taken in.
    #[must_use]
    pub fn sequenced_size(&self) -> u64 {
        self.sequenced.map_or(0, |(size, _)| size)
    }

    /// When what a person signs now takes effect: when the governance log took it in, else by the kernel's clock.
    fn effective(&self) -> Nanos {
        self.sequenced.map_or(self.clock(), |(_, ts)| ts)
    }

    /// A person signed something; the authority decides what it brings about.
    pub(crate) fn signed(&mut self, id: &mut RecordId, envelope: &[u8], effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let outcome = self.authority.apply(envelope, self.last_id() + 1, self.effective())?;
        *id = self.next_id();
        match outcome {
            Outcome::Granted { mandate, universe } => self.granted(*mandate, &universe, *id, effects),
            Outcome::Demoted { mandate, universe, ended } => {
                self.changed(&ended, *id, effects)?;
                self.granted(*mandate, &universe, *id, effects)
            }
            Outcome::Paused { mandates, .. }
            | Outcome::Retired { mandates, .. }
            | Outcome::Revoked { mandates, .. } => self.changed(&mandates, *id, effects),
            _ => Ok(()),
        }
    }

    /// A new mandate: it takes the place of the one before it, now or when its cool-down has passed.
    fn granted(
        &mut self,
        mut mandate: Mandate,
        universe: &[Symbol],
        cause: RecordId,
        effects: &mut Effects,
    ) -> Result<(), Problem> {
        mandate.id = self.next_id();
        effects.emit(&mandate);
        let universe = self.universe(universe, cause, mandate.strategy, effects);
        self.grants[usize::from(mandate.strategy)].next = Some((mandate, universe));
        self.ripe_ts = self.ripe_ts.min(begins(&mandate));
        self.ripen(cause, effects)
    }

    /// Mandates that were paused or taken back.
    fn changed(&mut self, mandates: &[Mandate], cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        for mandate in mandates {
            let mandate = Mandate { id: self.next_id(), ..*mandate };
            effects.emit(&mandate);
            let grant = &mut self.grants[usize::from(mandate.strategy)];
            grant.next.take_if(|(next, _)| next.index == mandate.index);
            if grant.mandate.is_none_or(|held| held.index == mandate.index) {
                grant.mandate = Some(mandate);
            }
            self.apply_grant(mandate.strategy, cause, effects)?;
        }
        Ok(())
    }

    /// Puts in force whatever has cooled down by now. Called behind an input that moved the clock.
    #[inline]
    pub(crate) fn ripen(&mut self, cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        if self.clock() < self.ripe_ts { Ok(()) } else { self.ripen_all(cause, effects) }
    }

    #[cold]
    #[inline(never)]
    fn ripen_all(&mut self, cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        let clock = self.clock();
        self.ripe_ts = Nanos::MAX;
        for strategy in 0..self.capacity.strategies {
            let grant = &mut self.grants[usize::from(strategy)];
            if let Some((mandate, universe)) = grant.next.take_if(|(next, _)| begins(next) <= clock) {
                (grant.mandate, grant.universe) = (Some(mandate), universe);
                self.apply_grant(strategy, cause, effects)?;
            } else if let Some((next, _)) = &grant.next {
                self.ripe_ts = self.ripe_ts.min(begins(next));
            }
        }
        Ok(())
    }

    /// The instruments of these names; a name that nothing has is a finding, and is not granted.
    fn universe(
        &mut self,
        symbols: &[Symbol],
        cause: RecordId,
        strategy: StrategyId,
        effects: &mut Effects,
    ) -> Vec<InstrumentId> {
        let mut universe = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            match self.instruments().iter().find(|i| i.symbol == *symbol) {
                Some(instrument) => universe.push(instrument.instrument),
                None => self.finding(code::CORE_UNKNOWN_INSTRUMENT, cause, strategy, effects),
            }
        }
        universe
    }

    /// Gives the gate what is in force: a mandate, for the artifact that runs, or nothing.
    fn apply_grant(&mut self, strategy: StrategyId, cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        self.settle_equity();
        let grant = &mut self.grants[usize::from(strategy)];
        let Some(mandate) = &grant.mandate else { return Ok(()) };
        let allowed = TierKind::from_u8(mandate.kind).is_some_and(|kind| kind >= self.capacity.venue);
        let same_artifact = grant.running == Some(mandate.artifact);
        let isolated = grant.reached() >= mandate.isolation;
        let is_weak = grant.isolation.is_some() && !isolated;
        let (is_running, matches) = (grant.running.is_some(), same_artifact && allowed && isolated);
        if matches && grant.given == mandate.index {
            self.gate.resume(mandate)?;
        } else if matches {
            self.gate.grant(mandate, &grant.universe)?;
            grant.given = mandate.index;
        } else if grant.in_force {
            self.gate.revoke(strategy)?;
        }
        grant.in_force = matches;
        if is_running && !same_artifact {
            self.finding(code::RISK_ARTIFACT, cause, strategy, effects);
        }
        if is_running && !allowed {
            self.finding(code::GOV_TIER, cause, strategy, effects);
        }
        if is_running && is_weak {
            self.find_weak(strategy, cause, effects);
        }
        Ok(())
    }

    /// The mandate of a strategy that began last, in force or not.
    #[must_use]
    pub fn mandate(&self, strategy: StrategyId) -> Option<&Mandate> {
        self.grants.get(usize::from(strategy)).and_then(|g| g.mandate.as_ref())
    }
}
