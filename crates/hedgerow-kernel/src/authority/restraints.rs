//! Pause, demote, retire: what one person may do at once, because it only takes away.
//!
//! Promises: none of them ever widens a limit, lengthens a mandate or opens a tier; each closes the open proposals of the
//! strategy and is the change that the next one must name, so that what was signed before it cannot undo it, whenever
//! that is sequenced. Never: waits for a quorum.

use super::fields::did_you_mean;
use super::limits::first_wider;
use super::mandates::Granted;
use super::proposal::Status;
use super::proposals::Arrival;
use super::tiers::Tier;
use super::{Authority, Outcome, Person, RISK_ROLE, refuse};
use hedgerow_core::{Limits, Mandate, Nanos, Problem, RecordId, StrategyId, Symbol, code};

impl Authority {
    /// The human of this name, on the roster.
    pub(super) fn human(&self, name: &str) -> Result<&Person, Problem> {
        let person = self.roster.as_ref().and_then(|roster| roster.person(name));
        person.ok_or_else(|| Problem::new(code::GOV_NOT_AUTHORISED, format!("{name} is not on the roster")))
    }

    /// Refuses unless the human is a risk officer.
    pub(super) fn is_risk_officer(&self, name: &str) -> Result<(), Problem> {
        let person = self.human(name)?;
        if person.holds(RISK_ROLE) {
            return Ok(());
        }
        refuse(code::GOV_NOT_AUTHORISED, format!("{name} is {:?}, not {RISK_ROLE:?}", person.roles))
    }

    /// The index of a strategy that was ever proposed.
    pub(super) fn known_strategy(&self, name: &str) -> Result<StrategyId, Problem> {
        let names: Vec<&str> = self.strategies.iter().map(|s| s.name.as_str()).collect();
        let unknown = || Problem::new(code::CORE_UNKNOWN_STRATEGY, format!("{name:?}{}", did_you_mean(name, &names)));
        self.strategy_index(name).ok_or_else(unknown)
    }

    /// A strategy's allocation was restrained: every open proposal is closed, and the next one must name this event.
    pub(super) fn restrain(&mut self, strategy: StrategyId, by: &str, at: Arrival) {
        self.strategies[usize::from(strategy)].last_change = Some(at.id);
        for proposal in self.proposals.iter_mut().filter(|p| p.strategy == strategy && p.status == Status::Open) {
            proposal.status = Status::Revoked { by: by.to_owned() };
        }
    }

    /// Ends a mandate; returns it as it is now.
    pub(super) fn end(&mut self, place: usize, cause: RecordId, ts: Nanos) -> Mandate {
        let row = &mut self.mandates[place];
        (row.mandate.revoked, row.mandate.cause, row.mandate.ts) = (1, cause, ts);
        row.ended_ts = Some(ts);
        row.mandate
    }

    /// Only risk-reducing orders pass from here; a mandate that still cools down is dropped.
    pub(super) fn pause(&mut self, strategy: &str, actor: &str, at: Arrival) -> Result<Outcome, Problem> {
        let index = self.known_strategy(strategy)?;
        let person = self.human(actor)?;
        let votes: Vec<(&str, &str)> = person.roles.iter().map(|role| (actor, role.as_str())).collect();
        let pause = &self.in_force()?.policy.pause;
        if !pause.missing(&votes).is_empty() {
            let detail = format!("{actor} is {:?}, a pause needs {:?}", person.roles, pause.named());
            return refuse(code::GOV_NOT_AUTHORISED, detail);
        }
        let (current, pending) = (self.current(index, at.ts), self.pending(index, at.ts));
        let Some(place) = current.or(pending) else {
            return refuse(code::GOV_CLOSED, format!("{strategy:?} has no mandate to pause"));
        };
        if self.mandates[place].paused_ts.is_some() {
            return refuse(code::GOV_CLOSED, format!("{strategy:?} is paused already"));
        }
        self.restrain(index, actor, at);
        let mut changed = Vec::new();
        if let (Some(_), Some(pending)) = (current, pending) {
            changed.push(self.end(pending, at.record, at.ts));
        }
        let row = &mut self.mandates[place];
        (row.mandate.paused, row.mandate.cause, row.mandate.ts) = (1, at.record, at.ts);
        row.paused_ts = Some(at.ts);
        changed.push(row.mandate);
        Ok(Outcome::Paused { strategy: index, mandates: changed })
    }

    /// A lower tier at once, with limits that are nowhere wider than before.
    pub(super) fn demote(
        &mut self,
        strategy: &str,
        tier: &str,
        limits: &Limits,
        actor: &str,
        at: Arrival,
    ) -> Result<Outcome, Problem> {
        let index = self.known_strategy(strategy)?;
        self.is_risk_officer(actor)?;
        let Some(place) = self.current(index, at.ts) else {
            return refuse(code::GOV_CLOSED, format!("{strategy:?} has no mandate in force to demote"));
        };
        let granted = self.demoted(place, tier, limits, at)?;
        self.restrain(index, actor, at);
        let pending = self.pending(index, at.ts);
        let mut ended: Vec<Mandate> = pending.map(|pending| self.end(pending, at.record, at.ts)).into_iter().collect();
        ended.push(self.end(place, at.record, at.ts));
        let (mandate, universe) = (Box::new(granted.mandate), granted.universe.clone());
        self.mandates.push(granted);
        Ok(Outcome::Demoted { mandate, universe, ended })
    }

    /// The mandate that a demotion leaves of the one in force.
    fn demoted(&self, place: usize, tier: &str, limits: &Limits, at: Arrival) -> Result<Granted, Problem> {
        let (before, in_force) = (&self.mandates[place], self.in_force()?);
        let lower: Vec<&Tier> = in_force.policy.tiers.iter().filter(|t| t.rank < before.mandate.rank).collect();
        let Some(tier) = lower.iter().find(|t| t.name == tier) else {
            let names: Vec<&str> = lower.iter().map(|t| t.name.as_str()).collect();
            let detail = format!("{tier:?} is none of {names:?}, the tiers below{}", did_you_mean(tier, &names));
            return refuse(code::GOV_LIMITS, detail);
        };
        tier.allows_limits(limits)?;
        if let Some(field) = first_wider(limits, &before.mandate.limits) {
            return refuse(code::GOV_LIMITS, format!("{field} would be wider than it is now"));
        }
        let stays = |symbol: &&Symbol| tier.instruments.as_ref().is_none_or(|list| list.contains(symbol));
        let universe: Vec<Symbol> = before.universe.iter().filter(stays).copied().collect();
        if universe.is_empty() {
            return refuse(code::GOV_LIMITS, format!("nothing it trades is among the instruments of {:?}", tier.name));
        }
        let mandate = Mandate {
            limits: *limits,
            cause: at.record,
            ts: at.ts,
            from_ts: 0,
            expires_ts: before.mandate.expires_ts.min(at.ts.saturating_add(tier.valid_ns)),
            index: self.next_index(),
            kind: tier.kind as u8,
            rank: tier.rank,
            isolation: before.mandate.isolation.max(tier.isolation as u8),
            ..before.mandate
        };
        Ok(Granted {
            mandate,
            universe,
            tier: tier.name.clone(),
            policy: in_force.id,
            granted_ts: at.ts,
            ended_ts: None,
            paused_ts: before.paused_ts.map(|_| at.ts),
        })
    }

    /// The end of a strategy: its mandate is taken back and nobody proposes under its name again.
    pub(super) fn retire(&mut self, strategy: &str, actor: &str, at: Arrival) -> Result<Outcome, Problem> {
        let index = self.known_strategy(strategy)?;
        let person = self.human(actor)?;
        let is_author = |p: &super::Proposal| {
            p.strategy == index && (p.is_by(actor) || person.devices.iter().any(|d| p.author_keys.contains(&d.key)))
        };
        if !self.proposals.iter().any(is_author) {
            self.is_risk_officer(actor)?;
        }
        if let Some(by) = &self.strategies[usize::from(index)].retired {
            return refuse(code::GOV_CLOSED, format!("{by} retired {strategy:?} already"));
        }
        self.restrain(index, actor, at);
        let mandates = self.end_all(index, at);
        self.strategies[usize::from(index)].retired = Some(actor.to_owned());
        Ok(Outcome::Retired { strategy: index, mandates })
    }

    /// Ends the mandate in force and the one that cools down.
    pub(super) fn end_all(&mut self, strategy: StrategyId, at: Arrival) -> Vec<Mandate> {
        let places = [self.pending(strategy, at.ts), self.current(strategy, at.ts)];
        places.into_iter().flatten().map(|place| self.end(place, at.record, at.ts)).collect()
    }
}
