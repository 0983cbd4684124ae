//! Authority is a signature: folds the fund's signed events into people, policy, proposals and mandates.
//!
//! Promises: capital is granted only by the quorum that the signed policy demands, humans on the root-signed roster and
//! none of them an author, to one artifact under limits within its tier; an event that is refused changes nothing; the
//! same events in the same order give the same state on every machine. Never: a clock (time is an argument), a private
//! key, a default mandate, a default policy.

mod amendments;
pub mod canonical;
mod describe;
mod envelope;
mod epochs;
mod event;
mod evidence;
pub mod expression;
mod fields;
mod genesis;
pub mod keys;
mod limits;
mod mandates;
mod manifest;
mod policy;
mod proposal;
mod proposals;
mod restraints;
mod revocations;
mod roster;
mod signers;
mod tiers;

pub use envelope::{ENVELOPE_BYTES_MAX, Envelope, PAYLOAD_TYPE, event_type, pae, seal};
pub use epochs::{COMPARTMENTS, Epoch, KnownEpoch};
pub use event::{Body, Event, STREAM, Seen, Target};
pub use evidence::{Evidence, KnownEvidence};
pub use expression::{Expression, Seat};
pub use genesis::{Genesis, Root};
pub use limits::{limit_fields, limits_from_json, limits_to_json, parse_limits};
pub use mandates::Granted;
pub use manifest::{Credit, Manifest};
pub use policy::{Amendment, Policy, PolicyInForce};
pub use proposal::{Proposal, Status, Terms, Vote};
pub use revocations::RevokedKey;
pub use roster::{Device, Person, RISK_ROLE, Roster, SCOPES, Service};
pub use tiers::{Demand, Tier, isolation_word, kind_word};

use hedgerow_core::{Code, Mandate, Nanos, Problem, RecordId, StrategyId, Symbol, code};
use keys::PublicKey;
use proposals::Arrival;
use serde::{Deserialize, Serialize};
use signers::Signer;
use std::collections::BTreeSet;

/// SHA-256 of an event's signed bytes.
pub type EventId = [u8; 32];

/// How far a device's clock may be ahead of the time of sequencing, milliseconds.
pub const CLOCK_AHEAD_MS: i64 = 300_000;

/// A strategy that was ever proposed; its index is its place in order of first proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Strategy {
    /// Its name.
    pub name: String,
    /// The last change of its allocation, which the next proposal must name: one that was granted, a pause, a demotion,
    /// a retirement or a revocation; none if nothing was ever granted or taken away.
    pub last_change: Option<EventId>,
    /// Who closed it for good.
    pub retired: Option<String>,
}

/// What an event brought about.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// These people are in force now.
    RosterSet {
        /// The roster's version.
        version: u64,
    },
    /// This policy is in force now.
    PolicySet {
        /// The event that brought it.
        policy: EventId,
        /// Its version.
        version: u64,
    },
    /// A change of the policy waits for approvals.
    PolicyProposed {
        /// Its name.
        policy: EventId,
        /// The seats still empty.
        missing: Vec<String>,
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
        /// The seats still empty.
        missing: Vec<String>,
    },
    /// The quorum is complete: capital moves, at once or when the cool-down has passed.
    Granted {
        /// The mandate; its `id` is for the kernel to number, its `cause` is the approval's record.
        mandate: Box<Mandate>,
        /// What it may trade.
        universe: Vec<Symbol>,
    },
    /// A needed role said no, or an amendment was taken back: it is closed.
    Rejected {
        /// The proposal.
        proposal: EventId,
    },
    /// Only risk-reducing orders pass.
    Paused {
        /// The strategy's index.
        strategy: StrategyId,
        /// The mandates that changed: marked paused, or revoked where one still cooled down.
        mandates: Vec<Mandate>,
    },
    /// A lower tier is in force.
    Demoted {
        /// The mandate that is left.
        mandate: Box<Mandate>,
        /// What it may trade.
        universe: Vec<Symbol>,
        /// The mandates that ended.
        ended: Vec<Mandate>,
    },
    /// The strategy's name is closed for good.
    Retired {
        /// The strategy's index.
        strategy: StrategyId,
        /// The mandates that ended.
        mandates: Vec<Mandate>,
    },
    /// Capital was taken back.
    Revoked {
        /// The strategy's index.
        strategy: StrategyId,
        /// The mandates that ended; none if only open proposals were closed.
        mandates: Vec<Mandate>,
    },
    /// A key signs nothing any more.
    KeyRevoked {
        /// The key.
        key: PublicKey,
    },
    /// Evidence of an artifact is known.
    EvidenceKnown {
        /// The artifact.
        artifact: [u8; 32],
        /// SHA-256 of the pack.
        pack: [u8; 32],
    },
    /// A compartment has a new key.
    EpochBegun {
        /// The compartment.
        compartment: String,
        /// The epoch's number.
        number: u32,
    },
}

/// The people, the policy, the proposals and the mandates of one fund.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Authority {
    genesis: Genesis,
    roster: Option<Roster>,
    policy: Option<PolicyInForce>,
    /// Every policy that was ever in force.
    policies: BTreeSet<EventId>,
    amendments: Vec<Amendment>,
    /// The genesis and every event that counted; parents must be among them.
    known: BTreeSet<EventId>,
    proposals: Vec<Proposal>,
    strategies: Vec<Strategy>,
    mandates: Vec<Granted>,
    evidence: Vec<KnownEvidence>,
    revoked_keys: Vec<RevokedKey>,
    former_recipients: BTreeSet<String>,
    epochs: Vec<KnownEpoch>,
    /// When the last event was sequenced.
    sequenced_ts: Nanos,
    strategies_max: StrategyId,
}

impl Authority {
    /// A fund without people: nothing can be granted until the root keys sign a roster and a policy.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Authority {
        Authority {
            genesis: genesis.clone(),
            roster: None,
            policy: None,
            policies: BTreeSet::new(),
            amendments: Vec::new(),
            known: BTreeSet::from([genesis.id()]),
            proposals: Vec::new(),
            strategies: Vec::new(),
            mandates: Vec::new(),
            evidence: Vec::new(),
            revoked_keys: Vec::new(),
            former_recipients: BTreeSet::new(),
            epochs: Vec::new(),
            sequenced_ts: Nanos::MIN,
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
    /// A `GOV` problem that names the person, role, key or value; `CORE_TIME_ORDER` if the time goes back. The state is
    /// unchanged then.
    pub fn apply(&mut self, envelope: &[u8], id: RecordId, ts: Nanos) -> Result<Outcome, Problem> {
        let envelope = Envelope::parse(envelope)?;
        let name = envelope.id();
        if self.known.contains(&name) {
            return refuse(code::GOV_DUPLICATE, format!("event {}", keys::hex(&name)));
        }
        let event = Event::parse(&envelope.payload)?;
        self.is_timely(&event, ts)?;
        let signer = self.signer(&envelope, &event, ts)?;
        if let Some(parent) = event.parents.iter().find(|parent| !self.known.contains(*parent)) {
            return refuse(code::GOV_UNKNOWN_PARENT, format!("parent {}", keys::hex(parent)));
        }
        self.rests_on_policy(&event)?;
        let outcome = self.take(event, &signer, Arrival { id: name, record: id, ts })?;
        self.known.insert(name);
        self.sequenced_ts = ts;
        Ok(outcome)
    }

    /// What the event does, now that it is known who signed it. Checks first, changes after.
    fn take(&mut self, event: Event, signer: &Signer, at: Arrival) -> Result<Outcome, Problem> {
        let actor = event.actor.as_str();
        match event.body {
            Body::Roster(roster) => self.set_roster(*roster),
            Body::Policy(policy) => self.set_policy(*policy, signer, at),
            Body::Evidence(evidence) => self.learn(evidence, signer, at),
            Body::Epoch(epoch) => self.begin_epoch(epoch, actor, signer, at),
            Body::Revocation { target, reason } => self.revoke(&target, reason, actor, signer, at),
            Body::Proposal(terms) => self.propose(*terms, signer.human()?.0, at),
            Body::Approval { proposal, role, approve } => {
                let (person, key) = signer.human()?;
                let policy = self.in_force()?.id;
                self.decide(&proposal, Vote { person: person.to_owned(), role, key, policy }, approve, at)
            }
            Body::Pause { strategy, .. } => self.pause(&strategy, signer.human()?.0, at),
            Body::Demote { strategy, tier, limits, .. } => {
                self.demote(&strategy, &tier, &limits, signer.human()?.0, at)
            }
            Body::Retire { strategy, .. } => self.retire(&strategy, signer.human()?.0, at),
        }
    }

    /// The log's time never goes back, and no device's clock is far ahead of it.
    fn is_timely(&self, event: &Event, ts: Nanos) -> Result<(), Problem> {
        if ts < self.sequenced_ts {
            return refuse(code::CORE_TIME_ORDER, format!("sequenced at {ts} after {}", self.sequenced_ts));
        }
        let latest_ms = ts.max(0) / 1_000_000 + CLOCK_AHEAD_MS;
        if event.hlc.0 > latest_ms {
            let detail = format!("{}'s clock says {} ms, at most {latest_ms} ms is taken", event.actor, event.hlc.0);
            return refuse(code::GOV_CLOCK, detail);
        }
        Ok(())
    }

    /// A policy that an event names is a known one; an approval names the one in force.
    fn rests_on_policy(&self, event: &Event) -> Result<(), Problem> {
        let in_force = self.policy.as_ref().map(|in_force| in_force.id);
        let name = |id: Option<EventId>| id.map_or("none".to_owned(), |id| keys::hex(&id));
        if matches!(event.body, Body::Approval { .. }) && event.policy != in_force {
            let detail = format!("approved under {}, in force is {}", name(event.policy), name(in_force));
            return refuse(code::GOV_POLICY, detail);
        }
        match event.policy {
            Some(policy) if !self.policies.contains(&policy) => {
                refuse(code::GOV_POLICY, format!("no policy {} was ever in force", keys::hex(&policy)))
            }
            _ => Ok(()),
        }
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

    /// The policy in force, once there is one.
    #[must_use]
    pub fn policy(&self) -> Option<&PolicyInForce> {
        self.policy.as_ref()
    }

    /// Every proposed change of the policy, in order.
    #[must_use]
    pub fn amendments(&self) -> &[Amendment] {
        &self.amendments
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

fn refuse<T>(code: Code, detail: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::new(code, detail))
}

#[cfg(test)]
mod tests;
