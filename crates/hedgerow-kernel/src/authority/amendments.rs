//! How the policy comes into force: the first by the root keys, every later one by the quorum of the one before it.
//!
//! Promises: nobody decides on their own amendment; a new policy voids every vote that was given under the old one, and
//! every other amendment. Never: a policy that the people on the roster cannot meet.

use super::policy::{Amendment, Policy, PolicyInForce};
use super::proposal::{Status, Vote};
use super::proposals::{Arrival, is_open, with_vote};
use super::signers::Signer;
use super::{Authority, EventId, Outcome, Roster, keys, refuse};
use hedgerow_core::{Problem, code};

impl Authority {
    /// A roster counts when its version follows the one in force and its people can meet the policy.
    pub(super) fn set_roster(&mut self, roster: Roster) -> Result<Outcome, Problem> {
        let wanted = self.roster.as_ref().map_or(1, |r| r.version + 1);
        if roster.version != wanted {
            return refuse(code::GOV_ROSTER_VERSION, format!("version {}, {wanted} comes next", roster.version));
        }
        if let Some(in_force) = &self.policy {
            self.is_met(&in_force.policy, &roster)?;
        }
        let version = roster.version;
        self.remember_recipients(&roster);
        self.roster = Some(roster);
        Ok(Outcome::RosterSet { version })
    }

    /// The first policy counts when the root signed it; a later one waits for approvals.
    pub(super) fn set_policy(&mut self, policy: Policy, signer: &Signer, at: Arrival) -> Result<Outcome, Problem> {
        let wanted = self.policy.as_ref().map_or(1, |in_force| in_force.policy.version + 1);
        if policy.version != wanted {
            return refuse(code::GOV_POLICY, format!("policy version {}, {wanted} comes next", policy.version));
        }
        let Some(roster) = &self.roster else {
            return refuse(code::GOV_SEATS, "there is no roster yet");
        };
        self.is_met(&policy, roster)?;
        if *signer == Signer::Root {
            return Ok(self.enact(at.id, policy));
        }
        let (author, _) = signer.human()?;
        let (author, author_keys) = (author.to_owned(), self.keys_of([author].into_iter())?);
        let (id, record, status) = (at.id, at.record, Status::Open);
        let amendment = Amendment { id, record, policy, author, author_keys, votes: Vec::new(), status };
        let missing = self.missing_for_policy(&amendment);
        self.amendments.push(amendment);
        Ok(Outcome::PolicyProposed { policy: id, missing })
    }

    fn is_met(&self, policy: &Policy, roster: &Roster) -> Result<(), Problem> {
        let unmet = policy.unmet(roster, |key| !self.is_revoked(key));
        if unmet.is_empty() { Ok(()) } else { refuse(code::GOV_SEATS, unmet.join("; ")) }
    }

    /// Decisions on an amendment follow the rules of the policy in force.
    pub(super) fn decide_on_policy(&mut self, id: &EventId, vote: Vote, approve: bool) -> Result<Outcome, Problem> {
        let Some(place) = self.amendments.iter().position(|amendment| amendment.id == *id) else {
            return refuse(code::GOV_UNKNOWN_PROPOSAL, format!("proposal {}", keys::hex(id)));
        };
        let target = &self.amendments[place];
        let change = &self.in_force()?.policy.change;
        self.may_decide(change, &target.author_keys, |name| target.author == name, &vote)?;
        is_open(&target.status, &format!("policy {}", target.policy.version), id)?;
        if !approve {
            self.amendments[place].status = Status::Rejected { by: vote.person };
            return Ok(Outcome::Rejected { proposal: *id });
        }
        if let Some(roster) = &self.roster {
            self.is_met(&target.policy, roster)?;
        }
        let votes = with_vote(&target.votes, vote)?;
        self.amendments[place].votes = votes;
        let missing = self.missing_for_policy(&self.amendments[place]);
        if !missing.is_empty() {
            return Ok(Outcome::Approved { proposal: *id, missing });
        }
        self.amendments[place].status = Status::Granted;
        let policy = self.amendments[place].policy.clone();
        Ok(self.enact(*id, policy))
    }

    /// The seats that an amendment's votes leave empty.
    #[must_use]
    pub fn missing_for_policy(&self, amendment: &Amendment) -> Vec<String> {
        let Some(in_force) = &self.policy else { return Vec::new() };
        let is_author = |name: &str| amendment.author == name;
        self.empty_seats(&in_force.policy.change, &amendment.votes, &amendment.author_keys, is_author)
    }

    fn enact(&mut self, id: EventId, policy: Policy) -> Outcome {
        let version = policy.version;
        for other in self.amendments.iter_mut().filter(|a| a.status == Status::Open) {
            other.status = Status::Superseded { by: id };
        }
        self.policies.insert(id);
        self.policy = Some(PolicyInForce { id, policy });
        Outcome::PolicySet { policy: id, version }
    }
}
