//! The roster: root keys, people with roles and devices, services with scopes. Signed by the root keys.
//!
//! Promises: a name and a key belong to one human or one service. Never: partly applied; says who must sign what, which
//! is the policy's business.

use super::fields::{Fields, brief, role};
use super::genesis::Root;
use super::keys::{self, KeyId, PublicKey};
use hedgerow_core::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The role that may pause, demote and revoke.
pub const RISK_ROLE: &str = "risk";
/// What a service may be there for.
pub const SCOPES: [&str; 6] = ["epoch", "evidence", "gateway", "run", "sequence", "witness"];
/// Bytes of an age recipient; post-quantum ones are long.
const RECIPIENT_BYTES_MAX: usize = 4_096;

/// A device of a human: the key it signs with, and the recipient that data are encrypted to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The public key.
    pub key: PublicKey,
    /// Its age recipient.
    pub age: Option<String>,
}

/// A human.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Their name, unique on the roster.
    pub name: String,
    /// What they may speak for.
    pub roles: Vec<String>,
    /// What they sign with.
    pub devices: Vec<Device>,
}

/// A program that signs what it does, within its scopes and until its time ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Service {
    /// Its name, unique on the roster.
    pub name: String,
    /// Its public key.
    pub key: PublicKey,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Until when, UTC nanoseconds.
    pub valid_until: Nanos,
}

/// Who is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Roster {
    /// Rises by one.
    pub version: u64,
    /// The keys that sign the next roster.
    pub root: Root,
    /// The people.
    pub people: Vec<Person>,
    /// The programs.
    pub services: Vec<Service>,
}

impl Roster {
    /// Reads the body of a roster event.
    pub(super) fn parse(body: &Value) -> Result<Roster, String> {
        let fields = Fields::of(body, "roster", &["people", "root", "services", "version"])?;
        let roster = Roster {
            version: fields.integer("version", 1, super::canonical::INTEGER_MAX)?.unsigned_abs(),
            root: Root::parse(fields.get("root")?)?,
            people: fields.list("people")?.iter().map(person).collect::<Result<_, _>>()?,
            services: fields.list("services")?.iter().map(service).collect::<Result<_, _>>()?,
        };
        let mut names = roster.names();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("roster: two are called {:?}", pair[0]));
        }
        let devices = roster.people.iter().flat_map(|p| p.devices.iter().map(|device| device.key));
        super::genesis::usable(&devices.chain(roster.services.iter().map(|s| s.key)).collect::<Vec<_>>())?;
        Ok(roster)
    }

    /// The human whose device has this key.
    #[must_use]
    pub fn person_of(&self, keyid: &KeyId) -> Option<(&Person, &PublicKey)> {
        self.people
            .iter()
            .flat_map(|person| person.devices.iter().map(move |device| (person, &device.key)))
            .find(|(_, key)| keys::keyid(key) == *keyid)
    }

    /// The service that has this key.
    #[must_use]
    pub fn service_of(&self, keyid: &KeyId) -> Option<&Service> {
        self.services.iter().find(|service| keys::keyid(&service.key) == *keyid)
    }

    /// The human of this name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name)
    }

    /// Every name, for suggestions.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let services = self.services.iter().map(|service| service.name.as_str());
        self.people.iter().map(|person| person.name.as_str()).chain(services).collect()
    }

    /// Every device, with its owner.
    pub fn devices(&self) -> impl Iterator<Item = (&Person, &Device)> {
        self.people.iter().flat_map(|person| person.devices.iter().map(move |device| (person, device)))
    }
}

impl Person {
    /// Whether they hold a role.
    #[must_use]
    pub fn holds(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Whether the key is one of their devices'.
    #[must_use]
    pub fn owns(&self, key: &PublicKey) -> bool {
        self.devices.iter().any(|device| device.key == *key)
    }
}

fn person(item: &Value) -> Result<Person, String> {
    let fields = Fields::of(item, "person", &["devices", "name", "roles"])?;
    let name = fields.name("name")?;
    let mut roles: Vec<String> = Vec::new();
    for item in fields.list("roles")? {
        let role = role(item).ok_or_else(|| format!("{name}: {} is not a role such as \"risk\"", brief(item)))?;
        if roles.contains(&role) {
            return Err(format!("{name} has the role {role:?} twice"));
        }
        roles.push(role);
    }
    let devices: Vec<Device> = fields.list("devices")?.iter().map(device).collect::<Result<_, _>>()?;
    if devices.is_empty() {
        return Err(format!("{name} has no device"));
    }
    Ok(Person { name, roles, devices })
}

fn device(item: &Value) -> Result<Device, String> {
    let fields = Fields::of(item, "device", &["age", "key"])?;
    let age = fields.nullable("age")?.map(recipient).transpose()?;
    Ok(Device { key: fields.hash("key")?, age })
}

/// An age recipient: `age1` and lower-case letters and digits.
pub(super) fn recipient(value: &Value) -> Result<String, String> {
    let plain = |text: &&str| {
        text.starts_with("age1")
            && (8..=RECIPIENT_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let text = value.as_str().filter(plain);
    text.map(str::to_owned).ok_or_else(|| format!("{} is not an age recipient such as \"age1...\"", brief(value)))
}

fn service(item: &Value) -> Result<Service, String> {
    let fields = Fields::of(item, "service", &["key", "name", "scopes", "valid_until"])?;
    let name = fields.name("name")?;
    let scopes = fields.names("scopes")?;
    if let Some(scope) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        let hint = super::fields::did_you_mean(scope, &SCOPES);
        return Err(format!("{name}: {scope:?} is not one of the scopes {SCOPES:?}{hint}"));
    }
    Ok(Service { name, key: fields.hash("key")?, scopes, valid_until: fields.nanos("valid_until")? })
}
