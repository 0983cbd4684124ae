//! The authority's state as JSON, for people and programs that ask where a proposal stands.
//!
//! Promises: what is shown is what decides, and nothing is computed a second time. Never: read back.

use super::keys::hex;
use super::{Authority, Proposal, Roster, Status, limits_to_json, tier_word};
use serde_json::{Value, json};

impl Authority {
    /// Fund, roster, proposals with the seats they still lack, and strategies; times are decimal strings of nanoseconds.
    #[must_use]
    pub fn describe(&self) -> Value {
        let strategies: Vec<Value> = self
            .strategies
            .iter()
            .map(|s| json!({"name": s.name, "in_force": s.mandate.map(|mandate| hex(&mandate.proposal))}))
            .collect();
        json!({
            "fund": self.genesis.fund, "base": self.genesis.base.as_str(), "genesis": hex(&self.genesis.id()),
            "root_keys": self.genesis.root_keys.iter().map(|key| hex(key)).collect::<Vec<_>>(),
            "root_threshold": self.genesis.root_threshold,
            "roster": self.roster.as_ref().map(roster),
            "proposals": self.proposals.iter().map(|p| self.proposal(p)).collect::<Vec<_>>(),
            "strategies": strategies,
        })
    }

    fn proposal(&self, proposal: &Proposal) -> Value {
        let terms = &proposal.terms;
        let (status, closed_by) = match &proposal.status {
            Status::Open => ("open", None),
            Status::Granted => ("granted", None),
            Status::Rejected { by } => ("rejected", Some(by.clone())),
            Status::Revoked { by } => ("revoked", Some(by.clone())),
            Status::Superseded { by } => ("superseded", Some(hex(by))),
        };
        let missing = if proposal.status == Status::Open { self.missing(proposal) } else { Vec::new() };
        let votes: Vec<Value> =
            proposal.votes.iter().map(|vote| json!({"person": vote.person, "role": vote.role})).collect();
        json!({
            "id": hex(&proposal.id), "record": proposal.record, "strategy": terms.strategy,
            "strategy_index": proposal.strategy, "artifact": hex(&terms.artifact), "tier": tier_word(terms.tier),
            "limits": limits_to_json(&terms.limits),
            "universe": terms.universe.iter().map(|symbol| symbol.as_str()).collect::<Vec<_>>(),
            "valid_until": terms.expires_ts.to_string(), "title": terms.title, "description": terms.description,
            "authors": terms.authors, "votes": votes, "status": status, "closed_by": closed_by, "missing": missing,
        })
    }
}

fn roster(roster: &Roster) -> Value {
    let people: Vec<Value> = roster
        .people
        .iter()
        .map(|person| {
            let keys: Vec<String> = person.keys.iter().map(|key| hex(key)).collect();
            json!({"name": person.name, "roles": person.roles, "keys": keys})
        })
        .collect();
    let quorum: Vec<Value> =
        roster.quorum.iter().map(|seats| json!({"role": seats.role, "count": seats.count})).collect();
    json!({"version": roster.version, "people": people, "quorum": quorum})
}
