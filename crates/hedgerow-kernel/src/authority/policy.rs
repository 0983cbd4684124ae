//! The policy: the tiers of capital, who pauses, and who changes the policy. A signed event like any other.
//!
//! Promises: a policy that the people on the roster cannot meet is refused with the seats that nobody can take; ranks
//! rise without gaps; each rule of evidence names a lower tier. Never: in force before the quorum of the policy before
//! it (the first: the root keys) has signed.

use super::EventId;
use super::expression::{Expression, Seat};
use super::fields::Fields;
use super::keys::PublicKey;
use super::proposal::{Status, Vote};
use super::roster::Roster;
use super::tiers::Tier;
use hedgerow_core::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most tiers of a policy.
const TIERS_MAX: usize = 16;

/// The rules of one fund about capital and signatures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Rises by one.
    pub version: u64,
    /// Who must sign a change of the policy.
    pub change: Expression,
    /// Who may pause a strategy; one human must do.
    pub pause: Expression,
    /// The tiers, by rank.
    pub tiers: Vec<Tier>,
}

/// A policy and the event that brought it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PolicyInForce {
    /// The event.
    pub id: EventId,
    /// What it says.
    pub policy: Policy,
}

/// A proposal to change the policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Amendment {
    /// SHA-256 of the signed bytes.
    pub id: EventId,
    /// The record that brought it.
    pub record: RecordId,
    /// What would hold.
    pub policy: Policy,
    /// Who proposed it; they never decide on it.
    pub author: String,
    /// Their device keys then: a new name does not make a new human.
    pub author_keys: Vec<PublicKey>,
    /// The votes so far.
    pub votes: Vec<Vote>,
    /// What became of it.
    pub status: Status,
}

impl Policy {
    /// Reads the body of a policy event.
    pub(super) fn parse(body: &Value) -> Result<Policy, String> {
        let fields = Fields::of(body, "policy", &["change", "pause", "tiers", "version"])?;
        let list = fields.list("tiers")?;
        if list.is_empty() || list.len() > TIERS_MAX {
            return Err(format!("policy: tiers has {} tiers, not 1 to {TIERS_MAX}", list.len()));
        }
        let policy = Policy {
            version: fields.integer("version", 1, super::canonical::INTEGER_MAX)?.unsigned_abs(),
            change: Expression::from_json(fields.get("change")?)?,
            pause: Expression::from_json(fields.get("pause")?)?,
            tiers: list.iter().map(Tier::parse).collect::<Result<_, _>>()?,
        };
        if !policy.pause.is_possible_for_one() {
            return Err("policy: pause needs more than one human; a pause must not wait for a second".to_owned());
        }
        for (i, tier) in policy.tiers.iter().enumerate() {
            policy.check_place(i, tier)?;
        }
        Ok(policy)
    }

    fn check_place(&self, place: usize, tier: &Tier) -> Result<(), String> {
        let name = &tier.name;
        if usize::from(tier.rank) != place {
            return Err(format!("policy: tier {name:?} has rank {}, its place is {place}", tier.rank));
        }
        if self.tiers[..place].iter().any(|lower| lower.name == *name) {
            return Err(format!("policy: two tiers are called {name:?}"));
        }
        if self.tiers[..place].iter().any(|lower| lower.kind > tier.kind) {
            return Err(format!("policy: tier {name:?} is of a lesser kind than a tier below it"));
        }
        match &tier.evidence.live_from {
            Some(from) if !self.tiers[..place].iter().any(|lower| lower.name == *from) => {
                let names: Vec<&str> = self.tiers[..place].iter().map(|lower| lower.name.as_str()).collect();
                Err(format!("policy: tier {name:?} wants live time at {from:?}, which is none of {names:?} below it"))
            }
            None if tier.evidence.live_ns > 0 && place == 0 => {
                Err(format!("policy: tier {name:?} wants live time at the tier below, and there is none"))
            }
            _ => Ok(()),
        }
    }

    /// The tier of this name.
    #[must_use]
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.name == name)
    }

    /// The tier whose live time a tier demands.
    pub(super) fn proving_ground(&self, tier: &Tier) -> Option<&Tier> {
        match &tier.evidence.live_from {
            Some(name) => self.tier(name),
            None => self.tiers.get(usize::from(tier.rank).checked_sub(1)?),
        }
    }

    /// The policy as it was signed.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "version": self.version, "change": self.change.to_json(), "pause": self.pause.to_json(),
            "tiers": self.tiers.iter().map(Tier::to_json).collect::<Vec<_>>(),
        })
    }

    /// What the people with a usable key cannot do: a sentence for each expression that they cannot meet.
    pub(super) fn unmet(&self, roster: &Roster, usable: impl Fn(&PublicKey) -> bool) -> Vec<String> {
        let able = |person: &&super::Person| person.devices.iter().any(|device| usable(&device.key));
        let people: Vec<_> = roster.people.iter().filter(able).collect();
        let votes: Vec<(&str, &str)> = people
            .iter()
            .flat_map(|p| {
                let spoken = p.roles.iter().map(String::as_str).chain(p.roles.is_empty().then_some(""));
                spoken.map(|role| (p.name.as_str(), role))
            })
            .collect();
        let tiers = self.tiers.iter().map(|tier| (format!("tier {:?}", tier.name), &tier.sign));
        let rest = [("change of the policy".to_owned(), &self.change), ("pause".to_owned(), &self.pause)];
        let mut unmet = Vec::new();
        for (what, expression) in tiers.chain(rest) {
            let seats: Vec<String> = expression.missing(&votes).iter().map(Seat::to_string).collect();
            if !seats.is_empty() {
                unmet.push(format!("{what}: nobody is left for {seats:?}"));
            }
            for (role, of) in expression.demands() {
                let held = people.iter().filter(|person| person.holds(role)).count();
                if held < of as usize {
                    unmet.push(format!("{what}: {held} people are {role:?}, {of} are demanded"));
                }
            }
        }
        unmet
    }
}
