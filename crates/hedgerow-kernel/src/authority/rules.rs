//! The rules of approval: what each kind of event does to the authority once its signature is verified.
//!
//! Promises: every rule is checked before anything changes. Sources: roster versions as in TUF section 5.3;
//! "approvals fall when the thing approved changes" as in code-owner reviews; a human counts once per quorum.

use super::fields::did_you_mean;
use super::{
    Authority, EventId, Outcome, Person, Proposal, RISK_ROLE, Roster, Status, Strategy, Target, Terms, Vote, keys,
    quorum, refuse,
};
use hedgerow_core::{Mandate, Nanos, Problem, RecordId, StrategyId, code};

impl Authority {
    /// A roster counts when its version follows the one in force.
    pub(super) fn set_roster(&mut self, roster: Roster) -> Result<Outcome, Problem> {
        let wanted = self.roster.as_ref().map_or(1, |r| r.version + 1);
        if roster.version != wanted {
            return refuse(code::GOV_ROSTER_VERSION, format!("version {}, {wanted} comes next", roster.version));
        }
        let version = roster.version;
        self.roster = Some(roster);
        Ok(Outcome::RosterSet { version })
    }

    /// A proposal counts when all its authors are on the roster and it has not lapsed. Its signer is an author too.
    pub(super) fn propose(
        &mut self,
        name: EventId,
        mut terms: Terms,
        actor: &str,
        record: RecordId,
        ts: Nanos,
    ) -> Result<Outcome, Problem> {
        if !terms.authors.iter().any(|author| author == actor) {
            terms.authors.push(actor.to_owned());
        }
        let mut author_keys = Vec::new();
        if let Some(roster) = &self.roster {
            for author in &terms.authors {
                let Some(person) = roster.person(author) else {
                    let hint = did_you_mean(author, &roster.names());
                    return refuse(code::GOV_BAD_BODY, format!("author {author:?} is not on the roster{hint}"));
                };
                author_keys.extend_from_slice(&person.keys);
            }
        }
        in_time(&terms, ts)?;
        let strategy = self.index_for(&terms.strategy)?;
        if usize::from(strategy) == self.strategies.len() {
            self.strategies.push(Strategy { name: terms.strategy.clone(), mandate: None });
        }
        let (votes, status) = (Vec::new(), Status::Open);
        self.proposals.push(Proposal { id: name, record, strategy, terms, author_keys, votes, status });
        Ok(Outcome::Proposed { proposal: name, strategy })
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

    /// A decision counts when the person holds the role, the role has a seat, the person is no author, and the
    /// proposal is open. One "no" closes the proposal; the approval that fills the last seat grants the mandate.
    pub(super) fn decide(
        &mut self,
        proposal: &EventId,
        vote: Vote,
        approve: bool,
        record: RecordId,
        ts: Nanos,
    ) -> Result<Outcome, Problem> {
        let Some(at) = self.proposals.iter().position(|p| p.id == *proposal) else {
            return refuse(code::GOV_UNKNOWN_PROPOSAL, format!("proposal {}", keys::hex(proposal)));
        };
        self.may_decide(&self.proposals[at], &vote)?;
        in_time(&self.proposals[at].terms, ts)?;
        if !approve {
            self.proposals[at].status = Status::Rejected { by: vote.person };
            return Ok(Outcome::Rejected { proposal: *proposal });
        }
        let target = &self.proposals[at];
        if target.votes.contains(&vote) {
            return refuse(code::GOV_DUPLICATE, format!("{} already approved as {}", vote.person, vote.role));
        }
        let votes = &mut self.proposals[at].votes;
        votes.retain(|v| (&v.person, &v.role) != (&vote.person, &vote.role));
        votes.push(vote);
        let missing = self.missing(&self.proposals[at]);
        if missing.is_empty() {
            return Ok(self.grant(at, record, ts));
        }
        Ok(Outcome::Approved { proposal: *proposal, missing })
    }

    fn may_decide(&self, proposal: &Proposal, vote: &Vote) -> Result<(), Problem> {
        let (name, role) = (&vote.person, &vote.role);
        let Some(roster) = &self.roster else {
            return refuse(code::GOV_UNKNOWN_KEY, format!("{name}: there is no roster yet"));
        };
        let Some(person) = roster.person(name).filter(|person| person.holds(role)) else {
            let held = roster.person(name).map(|p| p.roles.as_slice()).unwrap_or_default();
            let hint = did_you_mean(role, held);
            return refuse(code::GOV_NOT_AUTHORISED, format!("{name} is {held:?}, not {role:?}{hint}"));
        };
        if !roster.quorum.iter().any(|seats| seats.role == *role) {
            let seats: Vec<&str> = roster.quorum.iter().map(|seats| seats.role.as_str()).collect();
            return refuse(code::GOV_NOT_AUTHORISED, format!("{role:?} has no seat in the quorum {seats:?}"));
        }
        if is_author(proposal, person) {
            return refuse(code::GOV_SELF_APPROVAL, format!("{name} is an author of {:?}", proposal.terms.strategy));
        }
        let state = match &proposal.status {
            Status::Open => return Ok(()),
            Status::Granted => "it was granted already".to_owned(),
            Status::Rejected { by } => format!("{by} rejected it"),
            Status::Revoked { by } => format!("{by} revoked it"),
            Status::Superseded { by } => format!("the later proposal {} was granted", keys::hex(by)),
        };
        refuse(
            code::GOV_CLOSED,
            format!("{:?}, proposal {}: {state}", proposal.terms.strategy, keys::hex(&proposal.id)),
        )
    }

    /// The roles of the seats that a proposal's votes leave empty. A vote counts while its person is on the roster,
    /// holds the role and owns the key.
    #[must_use]
    pub fn missing(&self, proposal: &Proposal) -> Vec<String> {
        let Some(roster) = &self.roster else { return Vec::new() };
        let counts = |vote: &&Vote| {
            roster.person(&vote.person).is_some_and(|person| {
                person.holds(&vote.role) && person.keys.contains(&vote.key) && !is_author(proposal, person)
            })
        };
        let votes: Vec<(&str, &str)> =
            proposal.votes.iter().filter(counts).map(|v| (v.person.as_str(), v.role.as_str())).collect();
        quorum::missing(&roster.quorum, &votes)
    }

    /// Puts a proposal's mandate in force. Everything proposed before it for the same strategy is closed, so that a
    /// stale proposal cannot come back later and take the place of a newer one.
    fn grant(&mut self, at: usize, record: RecordId, ts: Nanos) -> Outcome {
        self.granted += 1;
        let mandate = Mandate { index: self.granted, ..self.proposals[at].mandate(record, ts) };
        let universe = self.proposals[at].terms.universe.clone();
        let by = self.proposals[at].id;
        for earlier in &mut self.proposals[..at] {
            if earlier.strategy == mandate.strategy && matches!(earlier.status, Status::Open | Status::Granted) {
                earlier.status = Status::Superseded { by };
            }
        }
        self.proposals[at].status = Status::Granted;
        self.strategies[usize::from(mandate.strategy)].mandate = Some(mandate);
        Outcome::Granted { mandate: Box::new(mandate), universe }
    }

    /// A revocation counts when a risk officer signed it. It always closes; it never opens.
    pub(super) fn revoke(
        &mut self,
        target: &Target,
        actor: &str,
        record: RecordId,
        ts: Nanos,
    ) -> Result<Outcome, Problem> {
        let person = self.roster.as_ref().and_then(|roster| roster.person(actor));
        if !person.is_some_and(|p| p.holds(RISK_ROLE)) {
            let held = person.map(|p| p.roles.as_slice()).unwrap_or_default();
            return refuse(code::GOV_NOT_AUTHORISED, format!("{actor} is {held:?}, not {RISK_ROLE:?}"));
        }
        let (strategy, only) = self.revoked_by(target)?;
        for proposal in &mut self.proposals {
            let meant = proposal.strategy == strategy && only.is_none_or(|id| id == proposal.id);
            if meant && matches!(proposal.status, Status::Open | Status::Granted) {
                proposal.status = Status::Revoked { by: actor.to_owned() };
            }
        }
        let slot = &mut self.strategies[usize::from(strategy)].mandate;
        let mandate = slot.take_if(|mandate| only.is_none_or(|id| id == mandate.proposal)).map(|mut mandate| {
            (mandate.revoked, mandate.cause, mandate.ts) = (1, record, ts);
            Box::new(mandate)
        });
        Ok(Outcome::Revoked { strategy, mandate })
    }

    fn revoked_by(&self, target: &Target) -> Result<(StrategyId, Option<EventId>), Problem> {
        match target {
            Target::Strategy(name) => match self.strategy_index(name) {
                Some(index) => Ok((index, None)),
                None => {
                    let names: Vec<&str> = self.strategies.iter().map(|s| s.name.as_str()).collect();
                    refuse(code::CORE_UNKNOWN_STRATEGY, format!("{name:?}{}", did_you_mean(name, &names)))
                }
            },
            Target::Proposal(id) => match self.proposals.iter().find(|p| p.id == *id) {
                Some(proposal) => Ok((proposal.strategy, Some(*id))),
                None => refuse(code::GOV_UNKNOWN_PROPOSAL, format!("proposal {}", keys::hex(id))),
            },
        }
    }
}

/// By name, and by the device keys that the authors had then: a new name does not make a new human.
fn is_author(proposal: &Proposal, person: &Person) -> bool {
    proposal.terms.authors.contains(&person.name) || person.keys.iter().any(|key| proposal.author_keys.contains(key))
}

fn in_time(terms: &Terms, ts: Nanos) -> Result<(), Problem> {
    if terms.expires_ts > ts {
        return Ok(());
    }
    let (strategy, until) = (&terms.strategy, terms.expires_ts);
    refuse(code::GOV_CLOSED, format!("{strategy:?} was valid until {until} ns, it is {ts} ns now"))
}
