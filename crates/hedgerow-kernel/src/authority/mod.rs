//! Authority is a signature: folds the fund's signed events into people, proposals and mandates.
//!
//! Promises: capital is granted only by a quorum of humans on the root-signed roster, none of them an author, to
//! one artifact under one set of limits; an event that is refused changes nothing; the same events in the same order
//! give the same state on every machine. Never: a clock (time is an argument), a private key, a default mandate.

pub mod canonical;
mod describe;
mod envelope;
mod event;
mod fields;
mod genesis;
pub mod keys;
mod limits;
mod proposal;
pub mod quorum;
mod roster;
mod rules;

pub use envelope::{ENVELOPE_BYTES_MAX, Envelope, PAYLOAD_TYPE, event_type, pae, seal};
pub use event::{Body, Event, Target};
pub use genesis::Genesis;
pub use limits::{limit_fields, limits_from_json, limits_to_json, parse_limits};
pub use proposal::{Proposal, Status, Terms, Vote, tier_word};
pub use roster::{Person, RISK_ROLE, Roster};

use hedgerow_core::{Code, Mandate, Nanos, Problem, RecordId, StrategyId, Symbol, code};
use keys::PublicKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// SHA-256 of an event's signed bytes.
pub type EventId = [u8; 32];

/// A strategy that was ever proposed; its index is its place in order of first proposal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Strategy {
    /// Its name.
    pub name: String,
    /// The mandate in force. It may have expired: the gate asks the time, the authority does not.
    pub mandate: Option<Mandate>,
}

/// What an event brought about.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// These people are in force now.
    RosterSet {
        /// The roster's version.
        version: u64,
    },
    /// A proposal waits for approvals.
    Proposed {
        /// Its name.
        proposal: EventId,
        /// The strategy's index, new or known.
        strategy: StrategyId,
    },
    /// An approval counts, and more are needed.
    Approved {
        /// The proposal.
        proposal: EventId,
        /// The roles of the seats still empty.
        missing: Vec<String>,
    },
    /// The quorum is complete: capital moves.
    Granted {
        /// The mandate; its `id` is for the kernel to number, its `cause` is the approval's record.
        mandate: Box<Mandate>,
        /// What it may trade.
        universe: Vec<Symbol>,
    },
    /// A needed role said no: the proposal is closed.
    Rejected {
        /// The proposal.
        proposal: EventId,
    },
    /// A risk officer took it back.
    Revoked {
        /// The strategy's index.
        strategy: StrategyId,
        /// The mandate that was in force, now marked revoked; `None` if only open proposals were closed.
        mandate: Option<Box<Mandate>>,
    },
}

/// The people, the proposals and the mandates of one fund.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Authority {
    genesis: Genesis,
    roster: Option<Roster>,
    /// The genesis and every event that counted; parents must be among them.
    known: BTreeSet<EventId>,
    proposals: Vec<Proposal>,
    strategies: Vec<Strategy>,
    /// Mandates granted so far.
    granted: u32,
    strategies_max: StrategyId,
}

impl Authority {
    /// A fund without people: nothing can be granted until the root keys sign a roster.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Authority {
        Authority {
            genesis: genesis.clone(),
            roster: None,
            known: BTreeSet::from([genesis.id()]),
            proposals: Vec::new(),
            strategies: Vec::new(),
            granted: 0,
            strategies_max: StrategyId::MAX,
        }
    }

    /// The same fund with room for so many strategies: a proposal for one more is refused, and changes nothing.
    #[must_use]
    pub fn with_room_for(self, strategies: StrategyId) -> Authority {
        Authority { strategies_max: strategies, ..self }
    }

    /// Verifies a signed event and takes it in; `id` is the record that carries it and `ts` when it was sequenced.
    ///
    /// # Errors
    /// A `GOV` problem that names the person, role, key or value; the state is unchanged then.
    pub fn apply(&mut self, envelope: &[u8], id: RecordId, ts: Nanos) -> Result<Outcome, Problem> {
        let envelope = Envelope::parse(envelope)?;
        let event = Event::parse(&envelope.payload)?;
        let signer = match event.body {
            Body::Roster(_) => self.root_signed(&envelope, &event)?,
            _ => self.person_signed(&envelope, &event)?,
        };
        let name = envelope.id();
        if self.known.contains(&name) {
            return refuse(code::GOV_DUPLICATE, format!("event {}", keys::hex(&name)));
        }
        if let Some(parent) = event.parents.iter().find(|parent| !self.known.contains(*parent)) {
            return refuse(code::GOV_UNKNOWN_PARENT, format!("parent {}", keys::hex(parent)));
        }
        let outcome = match event.body {
            Body::Roster(roster) => self.set_roster(roster)?,
            Body::Proposal(terms) => self.propose(name, *terms, &event.actor, id, ts)?,
            Body::Approval { proposal, role, approve } => {
                self.decide(&proposal, Vote { person: event.actor, role, key: signer }, approve, id, ts)?
            }
            Body::Revocation { target, .. } => self.revoke(&target, &event.actor, id, ts)?,
        };
        self.known.insert(name);
        Ok(outcome)
    }

    /// Every signature is by a root key, and there are enough of them. Returns the key of the acting device.
    fn root_signed(&self, envelope: &Envelope, event: &Event) -> Result<PublicKey, Problem> {
        let mut device = None;
        for (keyid, _) in &envelope.signatures {
            let Some(key) = self.genesis.root_keys.iter().find(|key| keys::keyid(key) == *keyid) else {
                return refuse(code::GOV_UNKNOWN_KEY, format!("{} is not a root key", keys::hex(keyid)));
            };
            verified(envelope, key, &event.actor)?;
            if event.device == *keyid {
                device = Some(*key);
            }
        }
        let (signed, needed) = (envelope.signatures.len(), self.genesis.root_threshold as usize);
        if signed < needed {
            return refuse(code::GOV_QUORUM, format!("{signed} root signatures, {needed} needed"));
        }
        device.map_or_else(|| refuse(code::GOV_BAD_ENVELOPE, "the event's device is not among its signers"), Ok)
    }

    /// The one signature is by a device of the actor, who is on the roster. Returns the device's key.
    fn person_signed(&self, envelope: &Envelope, event: &Event) -> Result<PublicKey, Problem> {
        let [(keyid, _)] = envelope.signatures.as_slice() else {
            let n = envelope.signatures.len();
            return refuse(code::GOV_BAD_ENVELOPE, format!("{n} signatures; a person signs with one device"));
        };
        if event.device != *keyid {
            return refuse(code::GOV_BAD_ENVELOPE, "the event's device is not its signer");
        }
        let found = self.roster.as_ref().and_then(|roster| roster.person_of(keyid));
        let Some((person, key)) = found else {
            return refuse(code::GOV_UNKNOWN_KEY, format!("{} claims the key {}", event.actor, keys::hex(keyid)));
        };
        if person.name != event.actor {
            let detail = format!("the key {} is {}'s, not {}'s", keys::hex(keyid), person.name, event.actor);
            return refuse(code::GOV_NOT_AUTHORISED, detail);
        }
        verified(envelope, key, &event.actor)?;
        Ok(*key)
    }

    /// What the fund started from.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The people in force, once there are any.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        self.roster.as_ref()
    }

    /// Every proposal, in order.
    #[must_use]
    pub fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// Every strategy ever proposed, by index.
    #[must_use]
    pub fn strategies(&self) -> &[Strategy] {
        &self.strategies
    }

    /// The index of a strategy's name.
    #[must_use]
    pub fn strategy_index(&self, name: &str) -> Option<StrategyId> {
        self.strategies.iter().position(|s| s.name == name).and_then(|i| StrategyId::try_from(i).ok())
    }
}

fn verified(envelope: &Envelope, key: &PublicKey, actor: &str) -> Result<(), Problem> {
    if envelope.is_signed_by(key) {
        return Ok(());
    }
    refuse(code::GOV_BAD_SIGNATURE, format!("{actor}, key {}", keys::hex(&keys::keyid(key))))
}

fn refuse<T>(code: Code, detail: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::new(code, detail))
}

#[cfg(test)]
mod tests;
