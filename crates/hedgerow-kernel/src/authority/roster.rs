//! The roster: the people, their roles and device keys, and the quorum that grants capital. Signed by the root keys.
//!
//! Promises: a key belongs to one human; the quorum can be met by the people on the roster. Never: partly applied.

use super::fields::{Fields, brief, role};
use super::genesis::usable;
use super::keys::{self, KeyId, PublicKey};
use super::quorum::{self, Seats};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The role that may revoke.
pub const RISK_ROLE: &str = "risk";

/// A human.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Their name, unique on the roster.
    pub name: String,
    /// What they may speak for.
    pub roles: Vec<String>,
    /// The public keys of their devices.
    pub keys: Vec<PublicKey>,
}

/// The people in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Roster {
    /// Rises by one.
    pub version: u64,
    /// The people.
    pub people: Vec<Person>,
    /// Who must approve.
    pub quorum: Vec<Seats>,
}

impl Roster {
    /// Reads the body of a roster event.
    pub(super) fn parse(body: &Value) -> Result<Roster, String> {
        let fields = Fields::of(body, "roster", &["people", "policy", "version"])?;
        let policy = Fields::of(fields.get("policy")?, "policy", &["quorum"])?;
        let mut people: Vec<Person> = Vec::new();
        for item in fields.list("people")? {
            let person = person(item)?;
            if people.iter().any(|p| p.name == person.name) {
                return Err(format!("two people are called {:?}", person.name));
            }
            people.push(person);
        }
        let roster = Roster {
            version: fields.integer("version", 1, super::canonical::INTEGER_MAX)?.unsigned_abs(),
            people,
            quorum: quorum::parse(policy.list("quorum")?)?,
        };
        usable(&roster.people.iter().flat_map(|p| p.keys.iter().copied()).collect::<Vec<_>>())?;
        let votes: Vec<(&str, &str)> =
            roster.people.iter().flat_map(|p| p.roles.iter().map(|role| (p.name.as_str(), role.as_str()))).collect();
        let empty = quorum::missing(&roster.quorum, &votes);
        if !empty.is_empty() {
            return Err(format!("nobody is left for the quorum's seats {empty:?}; name more people or fewer seats"));
        }
        Ok(roster)
    }

    /// The human whose device has this key.
    #[must_use]
    pub fn person_of(&self, keyid: &KeyId) -> Option<(&Person, &PublicKey)> {
        self.people
            .iter()
            .flat_map(|person| person.keys.iter().map(move |key| (person, key)))
            .find(|(_, key)| keys::keyid(key) == *keyid)
    }

    /// The human of this name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name)
    }

    /// Every name, for suggestions.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.people.iter().map(|person| person.name.as_str()).collect()
    }
}

impl Person {
    /// Whether they hold a role.
    #[must_use]
    pub fn holds(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }
}

fn person(item: &Value) -> Result<Person, String> {
    let fields = Fields::of(item, "person", &["keys", "name", "roles"])?;
    let name = fields.name("name")?;
    let mut roles: Vec<String> = Vec::new();
    for item in fields.list("roles")? {
        let role = role(item).ok_or_else(|| format!("{name}: {} is not a role such as \"risk\"", brief(item)))?;
        if roles.contains(&role) {
            return Err(format!("{name} has the role {role:?} twice"));
        }
        roles.push(role);
    }
    let keys = fields.hashes("keys")?;
    if keys.is_empty() {
        return Err(format!("{name} has no key"));
    }
    Ok(Person { name, roles, keys })
}
