//! Revocation: capital taken back from a strategy or a proposal, and keys that sign nothing from here on.
//!
//! Promises: it always closes and never opens; the cut-off of a key is the place of its revocation in the log, whatever
//! the signer's clock said; mandates granted before stand. Source: strong removal, as in Keyhive and p2panda-auth.

use super::keys::{self, PublicKey};
use super::proposal::Status;
use super::proposals::Arrival;
use super::signers::Signer;
use super::{Authority, EventId, Outcome, Target, refuse};
use hedgerow_core::{Nanos, Problem, RecordId, code};
use serde::{Deserialize, Serialize};

/// A key that signs nothing any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RevokedKey {
    /// The key.
    pub key: PublicKey,
    /// Whose it was.
    pub owner: String,
    /// Who took it back.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The record of the revocation: what is sequenced later is void.
    pub record: RecordId,
    /// When.
    pub ts: Nanos,
}

impl Authority {
    /// Whether a key was revoked.
    #[must_use]
    pub fn is_revoked(&self, key: &PublicKey) -> bool {
        self.revoked_keys.iter().any(|revoked| revoked.key == *key)
    }

    /// Keys that sign nothing any more, in order of their revocation.
    #[must_use]
    pub fn revoked_keys(&self) -> &[RevokedKey] {
        &self.revoked_keys
    }

    /// A revocation counts when a risk officer signed it; of a key also by the root, or by its owner with another key.
    pub(super) fn revoke(
        &mut self,
        target: &Target,
        reason: String,
        actor: &str,
        signer: &Signer,
        at: Arrival,
    ) -> Result<Outcome, Problem> {
        match target {
            Target::Strategy(name) => {
                self.is_risk_officer(signer.human()?.0)?;
                let strategy = self.known_strategy(name)?;
                self.restrain(strategy, actor, at);
                for proposal in self.proposals.iter_mut().filter(|p| p.strategy == strategy) {
                    if proposal.status == Status::Granted {
                        proposal.status = Status::Revoked { by: actor.to_owned() };
                    }
                }
                Ok(Outcome::Revoked { strategy, mandates: self.end_all(strategy, at) })
            }
            Target::Proposal(id) => {
                self.is_risk_officer(signer.human()?.0)?;
                self.revoke_proposal(id, actor, at)
            }
            Target::Key(key) => self.revoke_key(key, reason, actor, signer, at),
        }
    }

    fn revoke_proposal(&mut self, id: &EventId, actor: &str, at: Arrival) -> Result<Outcome, Problem> {
        if let Some(amendment) = self.amendments.iter_mut().find(|amendment| amendment.id == *id) {
            super::proposals::is_open(&amendment.status, &format!("policy {}", amendment.policy.version), id)?;
            amendment.status = Status::Revoked { by: actor.to_owned() };
            return Ok(Outcome::Rejected { proposal: *id });
        }
        let Some(proposal) = self.proposals.iter_mut().find(|p| p.id == *id) else {
            return refuse(code::GOV_UNKNOWN_PROPOSAL, format!("proposal {}", keys::hex(id)));
        };
        if matches!(proposal.status, Status::Open | Status::Granted) {
            proposal.status = Status::Revoked { by: actor.to_owned() };
        }
        let strategy = proposal.strategy;
        let places = [self.pending(strategy, at.ts), self.current(strategy, at.ts)];
        let own = |place: &usize| self.mandates[*place].mandate.proposal == *id;
        let places: Vec<usize> = places.into_iter().flatten().filter(own).collect();
        if !places.is_empty() {
            self.strategies[usize::from(strategy)].last_change = Some(at.id);
        }
        let mandates = places.into_iter().map(|place| self.end(place, at.record, at.ts)).collect();
        Ok(Outcome::Revoked { strategy, mandates })
    }

    fn revoke_key(
        &mut self,
        key: &PublicKey,
        reason: String,
        actor: &str,
        signer: &Signer,
        at: Arrival,
    ) -> Result<Outcome, Problem> {
        let keyid = keys::keyid(key);
        let roster = self.roster.as_ref();
        let person = roster.and_then(|r| r.person_of(&keyid)).map(|(person, _)| person.name.clone());
        let owner = person.clone().or_else(|| roster.and_then(|r| r.service_of(&keyid)).map(|s| s.name.clone()));
        let Some(owner) = owner else {
            return refuse(code::GOV_UNKNOWN_KEY, format!("{} is on nobody's device", keys::hex(key)));
        };
        if let Signer::Person { name, key: own } = signer {
            if person.as_ref() != Some(name) || own == key {
                self.is_risk_officer(name)?;
            }
        } else if *signer != Signer::Root {
            signer.human()?;
        }
        if self.is_revoked(key) {
            return refuse(code::GOV_DUPLICATE, format!("the key {} of {owner} was revoked before", keys::hex(key)));
        }
        let (by, record, ts) = (actor.to_owned(), at.record, at.ts);
        self.revoked_keys.push(RevokedKey { key: *key, owner, by, reason, record, ts });
        Ok(Outcome::KeyRevoked { key: *key })
    }
}
