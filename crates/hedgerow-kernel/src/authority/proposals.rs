//! The rules of approval: what a proposal and a decision do once their signature is verified.
//!
//! Promises: every rule is checked before anything changes. Sources: "approvals fall when the thing approved changes" as
//! in code-owner reviews; each change names the one before it, as a Safe transaction its nonce; a human counts once.

use super::expression::Expression;
use super::fields::did_you_mean;
use super::keys::PublicKey;
use super::mandates::Granted;
use super::policy::PolicyInForce;
use super::proposal::{Proposal, Status, Vote};
use super::tiers::Tier;
use super::{Authority, EventId, Outcome, Person, Strategy, Terms, keys, refuse};
use hedgerow_core::{Mandate, Nanos, Problem, RecordId, StrategyId, code};

/// An event's name, its record, and when it was sequenced.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub id: EventId,
    pub record: RecordId,
    pub ts: Nanos,
}

impl Authority {
    /// A proposal counts when its authors are on the roster, it follows what is in force, and it keeps within its tier.
    pub(super) fn propose(&mut self, terms: Terms, proposer: &str, at: Arrival) -> Result<Outcome, Problem> {
        let author_keys = self.keys_of(terms.authors.iter().map(String::as_str).chain([proposer]))?;
        let index = self.strategy_index(&terms.strategy);
        if let Some(by) = index.and_then(|index| self.strategies[usize::from(index)].retired.as_ref()) {
            return refuse(code::GOV_CLOSED, format!("{by} retired {:?} for good", terms.strategy));
        }
        self.tier_for(&terms, at.ts)?;
        let strategy = self.index_for(&terms.strategy)?;
        if usize::from(strategy) == self.strategies.len() {
            self.strategies.push(Strategy { name: terms.strategy.clone(), last_change: None, retired: None });
        }
        let (votes, status, proposer) = (Vec::new(), Status::Open, proposer.to_owned());
        let (id, record) = (at.id, at.record);
        self.proposals.push(Proposal { id, record, strategy, terms, proposer, author_keys, votes, status });
        Ok(Outcome::Proposed { proposal: id, strategy })
    }

    /// The keys of people by name.
    pub(super) fn keys_of<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<Vec<PublicKey>, Problem> {
        let Some(roster) = &self.roster else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        for name in names {
            let Some(person) = roster.person(name) else {
                let hint = did_you_mean(name, &roster.names());
                return refuse(code::GOV_BAD_BODY, format!("author {name:?} is not on the roster{hint}"));
            };
            keys.extend(person.devices.iter().map(|device| device.key));
        }
        Ok(keys)
    }

    fn index_for(&self, strategy: &str) -> Result<StrategyId, Problem> {
        if let Some(index) = self.strategy_index(strategy) {
            return Ok(index);
        }
        match StrategyId::try_from(self.strategies.len()) {
            Ok(index) if index < self.strategies_max => Ok(index),
            _ => refuse(code::CORE_CAPACITY, format!("{strategy:?}: room for {} strategies", self.strategies_max)),
        }
    }

    /// The policy in force.
    pub(super) fn in_force(&self) -> Result<&PolicyInForce, Problem> {
        let none = || Problem::new(code::GOV_POLICY, "no policy is in force yet; the root keys sign the first");
        self.policy.as_ref().ok_or_else(none)
    }

    /// The tier that a proposal asks for.
    fn named_tier(&self, terms: &Terms) -> Result<&Tier, Problem> {
        let policy = &self.in_force()?.policy;
        let names: Vec<&str> = policy.tiers.iter().map(|tier| tier.name.as_str()).collect();
        let hint = did_you_mean(&terms.tier, &names);
        let unknown = || format!("proposal: tier is {:?}, not one of {names:?}{hint}", terms.tier);
        policy.tier(&terms.tier).ok_or_else(|| Problem::new(code::GOV_BAD_BODY, unknown()))
    }

    /// The same, if all that the policy in force demands of the proposal holds at `ts`.
    fn tier_for(&self, terms: &Terms, ts: Nanos) -> Result<&Tier, Problem> {
        let tier = self.named_tier(terms)?;
        in_time(terms, ts)?;
        tier.allows(terms, ts)?;
        self.follows(terms)?;
        self.is_shown(terms, tier.evidence.pack)?;
        self.has_lived(terms, tier, ts)?;
        Ok(tier)
    }

    /// A proposal names the last change of the allocation, so that of two racing ones only one takes effect, and none
    /// that was signed before a restraint undoes it.
    fn follows(&self, terms: &Terms) -> Result<(), Problem> {
        let known = self.strategy_index(&terms.strategy).map(|index| &self.strategies[usize::from(index)]);
        let last = known.and_then(|strategy| strategy.last_change);
        if terms.prev == last {
            return Ok(());
        }
        let name = |id: Option<EventId>| id.map_or("nothing".to_owned(), |id| keys::hex(&id));
        refuse(code::GOV_STALE, format!("prev is {}, the last change is {}", name(terms.prev), name(last)))
    }

    /// Whether the artifact has been in force long enough where the tier demands it.
    fn has_lived(&self, terms: &Terms, tier: &Tier, ts: Nanos) -> Result<(), Problem> {
        let needed = tier.evidence.live_ns;
        let ground = self.in_force()?.policy.proving_ground(tier);
        let Some(ground) = ground.filter(|_| needed > 0) else { return Ok(()) };
        let name = &ground.name;
        let Some(live) = terms.evidence.live.as_ref().filter(|live| live.from_tier == *name && live.to <= ts) else {
            return refuse(
                code::GOV_EVIDENCE,
                format!("the tier {:?} demands results at {name:?} up to now", tier.name),
            );
        };
        let index = self.strategy_index(&terms.strategy);
        let lived = index.map_or(0, |i| self.live_ns(i, &terms.manifest.hash, name, live.from, live.to));
        if lived >= needed {
            return Ok(());
        }
        let detail = format!("{lived} ns in force at {name:?} in that time, {:?} demands {needed} ns", tier.name);
        refuse(code::GOV_EVIDENCE, detail)
    }

    /// A decision counts when the person holds the role, the role has a seat, the person is no author, and the proposal
    /// is open and still keeps all rules. One "no" closes it; the approval that fills the last seat grants.
    pub(super) fn decide(
        &mut self,
        proposal: &EventId,
        vote: Vote,
        approve: bool,
        at: Arrival,
    ) -> Result<Outcome, Problem> {
        let Some(place) = self.proposals.iter().position(|p| p.id == *proposal) else {
            return self.decide_on_policy(proposal, vote, approve);
        };
        let target = &self.proposals[place];
        let tier = self.named_tier(&target.terms)?;
        self.may_decide(&tier.sign, &target.author_keys, |name| target.is_by(name), &vote)?;
        is_open(&target.status, &target.terms.strategy, proposal)?;
        in_time(&target.terms, at.ts)?;
        if !approve {
            self.proposals[place].status = Status::Rejected { by: vote.person };
            return Ok(Outcome::Rejected { proposal: *proposal });
        }
        self.tier_for(&target.terms, at.ts)?;
        let votes = with_vote(&target.votes, vote)?;
        self.proposals[place].votes = votes;
        let missing = self.missing(&self.proposals[place]);
        if missing.is_empty() {
            return self.grant(place, at);
        }
        Ok(Outcome::Approved { proposal: *proposal, missing })
    }

    /// Whether a person may decide where this expression must be met.
    pub(super) fn may_decide(
        &self,
        sign: &Expression,
        author_keys: &[PublicKey],
        is_author: impl Fn(&str) -> bool,
        vote: &Vote,
    ) -> Result<(), Problem> {
        let (name, role) = (&vote.person, &vote.role);
        let held = |person: Option<&Person>| person.map(|p| p.roles.clone()).unwrap_or_default();
        let person = self.roster.as_ref().and_then(|roster| roster.person(name));
        let Some(person) = person.filter(|person| person.holds(role)) else {
            let held = held(person);
            let hint = did_you_mean(role, &held);
            return refuse(code::GOV_NOT_AUTHORISED, format!("{name} is {held:?}, not {role:?}{hint}"));
        };
        if !sign.seats(name, role) {
            let detail = format!("{role:?} has no seat among {:?}", sign.named());
            return refuse(code::GOV_NOT_AUTHORISED, detail);
        }
        if is_author(name) || person.devices.iter().any(|device| author_keys.contains(&device.key)) {
            return refuse(code::GOV_SELF_APPROVAL, format!("{name} is an author"));
        }
        Ok(())
    }

    /// The seats that a proposal's votes leave empty under the policy in force.
    #[must_use]
    pub fn missing(&self, proposal: &Proposal) -> Vec<String> {
        let tier = self.policy.as_ref().and_then(|in_force| in_force.policy.tier(&proposal.terms.tier));
        let Some(tier) = tier else { return vec![format!("tier {:?}", proposal.terms.tier)] };
        self.empty_seats(&tier.sign, &proposal.votes, &proposal.author_keys, |name| proposal.is_by(name))
    }

    /// A vote counts while its person is on the roster, holds the role and owns the key, the key is not revoked, and the
    /// policy that it was given under is in force.
    pub(super) fn empty_seats(
        &self,
        sign: &Expression,
        votes: &[Vote],
        author_keys: &[PublicKey],
        is_author: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let in_force = self.policy.as_ref().map(|in_force| in_force.id);
        let counts = |vote: &&Vote| {
            let person = self.roster.as_ref().and_then(|roster| roster.person(&vote.person));
            let stands = person.is_some_and(|person| {
                let author = person.devices.iter().any(|device| author_keys.contains(&device.key));
                person.holds(&vote.role) && person.owns(&vote.key) && !author
            });
            stands && !is_author(&vote.person) && Some(vote.policy) == in_force && !self.is_revoked(&vote.key)
        };
        let votes: Vec<(&str, &str)> =
            votes.iter().filter(counts).map(|v| (v.person.as_str(), v.role.as_str())).collect();
        sign.missing(&votes).iter().map(ToString::to_string).collect()
    }

    /// Puts a proposal's mandate in force, at once or after its cool-down, and closes every other proposal for the
    /// strategy: none of them names this change as the one before it.
    fn grant(&mut self, place: usize, at: Arrival) -> Result<Outcome, Problem> {
        let proposal = &self.proposals[place];
        let tier = self.tier_for(&proposal.terms, at.ts)?;
        let terms = &proposal.terms;
        let mandate = Mandate {
            limits: terms.limits,
            artifact: terms.manifest.hash,
            proposal: proposal.id,
            cause: at.record,
            ts: at.ts,
            from_ts: tier.begins(at.ts),
            expires_ts: terms.expires_ts,
            index: self.next_index(),
            strategy: proposal.strategy,
            kind: tier.kind as u8,
            rank: tier.rank,
            isolation: tier.isolation as u8,
            ..Mandate::default()
        };
        let (universe, by) = (terms.universe.clone(), proposal.id);
        let granted = Granted {
            mandate,
            universe: universe.clone(),
            tier: tier.name.clone(),
            policy: self.in_force()?.id,
            granted_ts: at.ts,
            ended_ts: None,
            paused_ts: None,
        };
        for (i, other) in self.proposals.iter_mut().enumerate() {
            if i != place
                && other.strategy == mandate.strategy
                && matches!(other.status, Status::Open | Status::Granted)
            {
                other.status = Status::Superseded { by };
            }
        }
        self.proposals[place].status = Status::Granted;
        self.strategies[usize::from(mandate.strategy)].last_change = Some(by);
        self.mandates.push(granted);
        Ok(Outcome::Granted { mandate: Box::new(mandate), universe })
    }

    /// The number of the next mandate.
    pub(super) fn next_index(&self) -> u32 {
        u32::try_from(self.mandates.len() + 1).unwrap_or(u32::MAX)
    }
}

/// The votes with one more; a person's later vote in a role takes the place of their earlier one.
pub(super) fn with_vote(votes: &[Vote], vote: Vote) -> Result<Vec<Vote>, Problem> {
    if votes.contains(&vote) {
        return refuse(code::GOV_DUPLICATE, format!("{} already approved as {}", vote.person, vote.role));
    }
    let mut votes: Vec<Vote> =
        votes.iter().filter(|v| (&v.person, &v.role) != (&vote.person, &vote.role)).cloned().collect();
    votes.push(vote);
    Ok(votes)
}

/// Refuses, with what happened, unless a proposal is open.
pub(super) fn is_open(status: &Status, what: &str, id: &EventId) -> Result<(), Problem> {
    let state = match status {
        Status::Open => return Ok(()),
        Status::Granted => "it was granted already".to_owned(),
        Status::Rejected { by } => format!("{by} rejected it"),
        Status::Revoked { by } => format!("{by} revoked it"),
        Status::Superseded { by } => format!("the later change {} was granted", keys::hex(by)),
    };
    refuse(code::GOV_CLOSED, format!("{what:?}, proposal {}: {state}", keys::hex(id)))
}

fn in_time(terms: &Terms, ts: Nanos) -> Result<(), Problem> {
    if terms.expires_ts > ts {
        return Ok(());
    }
    let (strategy, until) = (&terms.strategy, terms.expires_ts);
    refuse(code::GOV_CLOSED, format!("{strategy:?} was valid until {until} ns, it is {ts} ns now"))
}
