//! The authority's state as JSON, for people and programs that ask where a proposal stands.
//!
//! Promises: what is shown is what decides, and nothing is computed a second time; equal states are described by equal
//! bytes, whose hash is the state's hash in every language. Never: read back.

use super::keys::{hex, sha256};
use super::proposal::{Live, Shown};
use super::{Amendment, Authority, Proposal, Roster, Status, Vote, canonical, limits_to_json};
use serde_json::{Value, json};

impl Authority {
    /// Fund, roster, policy, proposals with the seats they still lack, strategies, mandates, evidence, epochs and revoked
    /// keys; times are decimal strings of nanoseconds.
    #[must_use]
    pub fn describe(&self) -> Value {
        let strategies: Vec<Value> = self
            .strategies
            .iter()
            .map(|s| json!({"name": s.name, "last_change": s.last_change.map(|id| hex(&id)), "retired_by": s.retired}))
            .collect();
        let policy = self.policy.as_ref().map(|in_force| {
            let mut policy = in_force.policy.to_json();
            policy["id"] = json!(hex(&in_force.id));
            policy
        });
        json!({
            "fund": self.genesis.fund, "base": self.genesis.base.as_str(), "origin": self.genesis.origin,
            "genesis": hex(&self.genesis.id()), "root": self.root().to_json(),
            "sequenced": (self.sequenced_ts > i64::MIN).then(|| self.sequenced_ts.to_string()),
            "roster": self.roster.as_ref().map(|roster| self.roster_json(roster)),
            "policy": policy,
            "policy_proposals": self.amendments.iter().map(|a| self.amendment_json(a)).collect::<Vec<_>>(),
            "proposals": self.proposals.iter().map(|p| self.proposal_json(p)).collect::<Vec<_>>(),
            "strategies": strategies,
            "mandates": self.mandates.iter().map(|m| self.mandate_json(m)).collect::<Vec<_>>(),
            "evidence": self.evidence.iter().map(super::KnownEvidence::to_json).collect::<Vec<_>>(),
            "epochs": self.epochs.iter().map(super::KnownEpoch::to_json).collect::<Vec<_>>(),
            "former_recipients": self.former_recipients,
            "revoked_keys": self.revoked_keys.iter().map(|revoked| json!({
                "key": hex(&revoked.key), "owner": revoked.owner, "by": revoked.by, "reason": revoked.reason,
                "record": revoked.record, "ts": revoked.ts.to_string(),
            })).collect::<Vec<_>>(),
        })
    }

    /// SHA-256 of the description in canonical JSON.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        sha256(canonical::write(&self.describe()).unwrap_or_default().as_bytes())
    }

    fn roster_json(&self, roster: &Roster) -> Value {
        let people: Vec<Value> = roster
            .people
            .iter()
            .map(|person| {
                let devices: Vec<Value> = person
                    .devices
                    .iter()
                    .map(|d| json!({"key": hex(&d.key), "age": d.age, "revoked": self.is_revoked(&d.key)}))
                    .collect();
                json!({"name": person.name, "roles": person.roles, "devices": devices})
            })
            .collect();
        let services: Vec<Value> = roster
            .services
            .iter()
            .map(|service| {
                json!({
                    "name": service.name, "key": hex(&service.key), "scopes": service.scopes,
                    "valid_until": service.valid_until.to_string(), "revoked": self.is_revoked(&service.key),
                })
            })
            .collect();
        json!({"version": roster.version, "people": people, "services": services})
    }

    fn amendment_json(&self, amendment: &Amendment) -> Value {
        let missing = if amendment.status == Status::Open { self.missing_for_policy(amendment) } else { Vec::new() };
        let (status, closed_by) = status(&amendment.status);
        json!({
            "id": hex(&amendment.id), "record": amendment.record, "author": amendment.author,
            "policy": amendment.policy.to_json(), "votes": votes(&amendment.votes), "status": status,
            "closed_by": closed_by, "missing": missing,
        })
    }

    fn proposal_json(&self, proposal: &Proposal) -> Value {
        let terms = &proposal.terms;
        let missing = if proposal.status == Status::Open { self.missing(proposal) } else { Vec::new() };
        let (status, closed_by) = status(&proposal.status);
        json!({
            "id": hex(&proposal.id), "record": proposal.record, "strategy": terms.strategy,
            "strategy_index": proposal.strategy, "artifact": hex(&terms.manifest.hash),
            "content": hex(&terms.manifest.content), "content_kind": terms.manifest.kind,
            "manifest": terms.manifest.to_json(), "tier": terms.tier, "limits": limits_to_json(&terms.limits),
            "universe": terms.universe.iter().map(|symbol| symbol.as_str()).collect::<Vec<_>>(),
            "valid_until": terms.expires_ts.to_string(), "prev": terms.prev.map(|id| hex(&id)),
            "evidence": evidence(&terms.evidence), "authors": terms.authors, "proposer": proposal.proposer,
            "votes": votes(&proposal.votes), "status": status, "closed_by": closed_by, "missing": missing,
        })
    }
}

fn status(status: &Status) -> (&'static str, Option<String>) {
    match status {
        Status::Open => ("open", None),
        Status::Granted => ("granted", None),
        Status::Rejected { by } => ("rejected", Some(by.clone())),
        Status::Revoked { by } => ("revoked", Some(by.clone())),
        Status::Superseded { by } => ("superseded", Some(hex(by))),
    }
}

fn votes(votes: &[Vote]) -> Vec<Value> {
    let one = |vote: &Vote| json!({"person": vote.person, "role": vote.role, "key": hex(&vote.key), "policy": hex(&vote.policy)});
    votes.iter().map(one).collect()
}

fn evidence(shown: &Shown) -> Value {
    let live = shown.live.as_ref().map(|Live { from_tier, from, to, digest }| {
        json!({"from_tier": from_tier, "from": from.to_string(), "to": to.to_string(), "digest": hex(digest)})
    });
    json!({"event": shown.event.map(|id| hex(&id)), "pack": shown.pack.map(|pack| hex(&pack)), "live": live})
}
