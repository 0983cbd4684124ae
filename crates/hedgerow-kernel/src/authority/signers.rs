//! Who signed an event: the root keys together, one human with one device, or one service.
//!
//! Promises: every signature of an accepted envelope verifies and is by a key that may sign this event; a revoked key
//! signs nothing. Never: says whether the signer's roles allow what the event says.

use super::{Authority, Body, Envelope, Event, Root, Target, keys, keys::KeyId, keys::PublicKey, refuse};
use hedgerow_core::{Nanos, Problem, code};

/// Who signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Signer {
    /// So many root keys as must.
    Root,
    /// A human, with this device's key.
    Person { name: String, key: PublicKey },
    /// A service, with what it may do.
    Service { name: String, scopes: Vec<String> },
}

impl Signer {
    /// The human who signed.
    pub fn human(&self) -> Result<(&str, PublicKey), Problem> {
        match self {
            Signer::Person { name, key } => Ok((name, *key)),
            Signer::Service { name, .. } => {
                refuse(code::GOV_NOT_AUTHORISED, format!("{name} is a service, not a person"))
            }
            Signer::Root => refuse(code::GOV_NOT_AUTHORISED, "root keys sign no such event; a person does"),
        }
    }

    /// The service that signed, if it has the scope.
    pub fn service_with(&self, scope: &str) -> Result<&str, Problem> {
        match self {
            Signer::Service { name, scopes } if scopes.iter().any(|s| s == scope) => Ok(name),
            Signer::Service { name, scopes } => {
                refuse(code::GOV_NOT_AUTHORISED, format!("{name} has the scopes {scopes:?}, not {scope:?}"))
            }
            Signer::Person { name, .. } => refuse(
                code::GOV_NOT_AUTHORISED,
                format!("{name} is a person; a service with the scope {scope:?} signs it"),
            ),
            Signer::Root => refuse(code::GOV_NOT_AUTHORISED, format!("a service with the scope {scope:?} signs it")),
        }
    }
}

impl Authority {
    /// Verifies an envelope's signatures and says whose they are.
    pub(super) fn signer(&self, envelope: &Envelope, event: &Event, ts: Nanos) -> Result<Signer, Problem> {
        match &event.body {
            Body::Roster(roster) => self.root_signed(envelope, event, &[self.root(), &roster.root]),
            Body::Policy(_) if self.policy.is_none() => self.root_signed(envelope, event, &[self.root()]),
            Body::Epoch(_) | Body::Revocation { target: Target::Key(_), .. } if self.is_for_root(envelope) => {
                self.root_signed(envelope, event, &[self.root()])
            }
            _ => self.one_signed(envelope, event, ts),
        }
    }

    /// The root in force.
    pub(super) fn root(&self) -> &Root {
        self.roster.as_ref().map_or(&self.genesis.root, |roster| &roster.root)
    }

    /// Whether an event that people, services and root may sign is signed by root keys.
    fn is_for_root(&self, envelope: &Envelope) -> bool {
        let rooted = |keyid: &KeyId| self.root().keys.iter().any(|key| keys::keyid(key) == *keyid);
        let staffed = |keyid: &KeyId| {
            self.roster.as_ref().is_some_and(|r| r.person_of(keyid).is_some() || r.service_of(keyid).is_some())
        };
        let alone = envelope.signatures.len() == 1;
        envelope.signatures.iter().all(|(keyid, _)| rooted(keyid) && !(alone && staffed(keyid)))
    }

    /// Every signature is by a key of one of the roots, and each root's threshold is reached.
    fn root_signed(&self, envelope: &Envelope, event: &Event, roots: &[&Root]) -> Result<Signer, Problem> {
        let mut signed: Vec<&PublicKey> = Vec::new();
        for (keyid, _) in &envelope.signatures {
            let found = roots.iter().flat_map(|root| &root.keys).find(|key| keys::keyid(key) == *keyid);
            let Some(key) = found else {
                return refuse(code::GOV_UNKNOWN_KEY, format!("{} is not a root key", keys::hex(keyid)));
            };
            verified(envelope, key, &event.actor)?;
            signed.push(key);
        }
        for root in roots {
            let (count, needed) = (signed.iter().filter(|key| root.keys.contains(key)).count(), root.threshold);
            if count < needed as usize {
                return refuse(code::GOV_QUORUM, format!("{count} root signatures, {needed} needed"));
            }
        }
        if envelope.signatures.iter().any(|(keyid, _)| event.device == *keyid) {
            return Ok(Signer::Root);
        }
        refuse(code::GOV_BAD_ENVELOPE, "the event's device is not among its signers")
    }

    /// The one signature is by a device of the actor, or by the actor that is a service.
    fn one_signed(&self, envelope: &Envelope, event: &Event, ts: Nanos) -> Result<Signer, Problem> {
        let [(keyid, _)] = envelope.signatures.as_slice() else {
            let n = envelope.signatures.len();
            return refuse(code::GOV_BAD_ENVELOPE, format!("{n} signatures; a person signs with one device"));
        };
        if event.device != *keyid {
            return refuse(code::GOV_BAD_ENVELOPE, "the event's device is not its signer");
        }
        let unknown = || refuse(code::GOV_UNKNOWN_KEY, format!("{} claims the key {}", event.actor, keys::hex(keyid)));
        let Some(roster) = &self.roster else { return unknown() };
        let (owner, key) = match (roster.person_of(keyid), roster.service_of(keyid)) {
            (Some((person, key)), _) => (&person.name, key),
            (None, Some(service)) => (&service.name, &service.key),
            (None, None) => return unknown(),
        };
        if *owner != event.actor {
            let detail = format!("the key {} is {owner}'s, not {}'s", keys::hex(keyid), event.actor);
            return refuse(code::GOV_NOT_AUTHORISED, detail);
        }
        verified(envelope, key, owner)?;
        self.is_usable(key, owner)?;
        match roster.service_of(keyid) {
            None => Ok(Signer::Person { name: owner.clone(), key: *key }),
            Some(service) if service.valid_until > ts => {
                Ok(Signer::Service { name: owner.clone(), scopes: service.scopes.clone() })
            }
            Some(service) => {
                let detail = format!("{owner} was valid until {} ns, it is {ts} ns now", service.valid_until);
                refuse(code::GOV_NOT_AUTHORISED, detail)
            }
        }
    }

    fn is_usable(&self, key: &PublicKey, owner: &str) -> Result<(), Problem> {
        match self.revoked_keys.iter().find(|revoked| revoked.key == *key) {
            None => Ok(()),
            Some(revoked) => {
                let (by, record) = (&revoked.by, revoked.record);
                let detail = format!("{owner}'s key {} was revoked by {by} in record {record}", keys::hex(key));
                refuse(code::GOV_REVOKED_KEY, detail)
            }
        }
    }
}

fn verified(envelope: &Envelope, key: &PublicKey, actor: &str) -> Result<(), Problem> {
    if envelope.is_signed_by(key) {
        return Ok(());
    }
    refuse(code::GOV_BAD_SIGNATURE, format!("{actor}, key {}", keys::hex(&keys::keyid(key))))
}
