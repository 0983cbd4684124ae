//! Epochs: which key a compartment is encrypted with from here on, and to whom it was given.
//!
//! Promises: an epoch's number follows the one before it; whoever left the roster, or lost a key, is not given the next
//! one; governance and journal can be read by every device of the team. Never: the key itself, only its commitment and
//! the age file that wraps it.

use super::fields::{Fields, did_you_mean};
use super::proposals::Arrival;
use super::roster::recipient;
use super::signers::Signer;
use super::{Authority, EventId, Outcome, Roster, refuse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hedgerow_core::{Nanos, Problem, RecordId, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The compartments; the first two are for the whole team.
pub const COMPARTMENTS: [&str; 4] = ["governance", "journal", "author-private", "compensation"];
const FOR_ALL: [&str; 2] = ["governance", "journal"];
/// How every age file begins.
const AGE_HEADER: &[u8] = b"age-encryption.org/v1\n";

/// A new key for a compartment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Epoch {
    /// Which compartment.
    pub compartment: String,
    /// Rises by one.
    pub number: u32,
    /// HKDF of the key, which the key must match.
    pub commitment: [u8; 32],
    /// The age recipients it was wrapped to.
    pub recipients: Vec<String>,
}

/// An epoch in the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownEpoch {
    /// The event.
    pub id: EventId,
    /// The record that brought it.
    pub record: RecordId,
    /// Who gave it.
    pub by: String,
    /// When it was sequenced.
    pub ts: Nanos,
    /// What it says.
    pub epoch: Epoch,
}

impl Epoch {
    /// Reads the body of an epoch event; the wrapped key is checked for its form and left in the log.
    pub(super) fn parse(body: &Value) -> Result<Epoch, String> {
        let fields = Fields::of(body, "epoch", &["commitment", "compartment", "number", "recipients", "wrapped"])?;
        let compartment = fields.text("compartment")?;
        if !COMPARTMENTS.contains(&compartment) {
            let hint = did_you_mean(compartment, &COMPARTMENTS);
            return Err(format!("epoch: compartment is {compartment:?}, not one of {COMPARTMENTS:?}{hint}"));
        }
        let recipients: Vec<String> = fields.list("recipients")?.iter().map(recipient).collect::<Result<_, _>>()?;
        if recipients.is_empty() || recipients.iter().collect::<BTreeSet<_>>().len() != recipients.len() {
            return Err("epoch: recipients is empty or names one twice".to_owned());
        }
        let wrapped = fields.get("wrapped")?;
        let file = wrapped.as_str().and_then(|text| STANDARD.decode(text).ok());
        if !file.is_some_and(|file| file.starts_with(AGE_HEADER)) {
            return Err(fields.wrong("wrapped", wrapped, "an age file in base64"));
        }
        Ok(Epoch {
            compartment: compartment.to_owned(),
            number: u32::try_from(fields.integer("number", 1, i64::from(u32::MAX))?).unwrap_or(u32::MAX),
            commitment: fields.hash("commitment")?,
            recipients,
        })
    }
}

impl KnownEpoch {
    /// For people and programs.
    pub(super) fn to_json(&self) -> Value {
        let Epoch { compartment, number, commitment, recipients } = &self.epoch;
        json!({
            "id": super::keys::hex(&self.id), "record": self.record, "by": self.by, "ts": self.ts.to_string(),
            "compartment": compartment, "number": number, "commitment": super::keys::hex(commitment),
            "recipients": recipients,
        })
    }
}

impl Authority {
    /// Every epoch, in order.
    #[must_use]
    pub fn epochs(&self) -> &[KnownEpoch] {
        &self.epochs
    }

    /// Recipients of a roster that are no longer anybody's are never given a key again.
    pub(super) fn remember_recipients(&mut self, next: &Roster) {
        let Some(before) = &self.roster else { return };
        let stays: BTreeSet<&String> = next.devices().filter_map(|(_, device)| device.age.as_ref()).collect();
        let gone = before.devices().filter_map(|(_, device)| device.age.as_ref()).filter(|age| !stays.contains(age));
        self.former_recipients.extend(gone.cloned());
        self.former_recipients.retain(|age| !stays.contains(age));
    }

    /// An epoch counts when the root, a risk officer or a service with the scope gave it, to the right devices.
    pub(super) fn begin_epoch(
        &mut self,
        epoch: Epoch,
        actor: &str,
        signer: &Signer,
        at: Arrival,
    ) -> Result<Outcome, Problem> {
        match signer {
            Signer::Root => {}
            Signer::Person { name, .. } => self.is_risk_officer(name)?,
            Signer::Service { .. } => {
                signer.service_with("epoch")?;
            }
        }
        let (compartment, number) = (epoch.compartment.clone(), epoch.number);
        let last = self.epochs.iter().rev().find(|known| known.epoch.compartment == compartment);
        let wanted = last.map_or(1, |known| known.epoch.number + 1);
        if number != wanted {
            return refuse(code::GOV_EPOCH, format!("{compartment}: number {number}, {wanted} comes next"));
        }
        self.reaches(&epoch)?;
        let (id, record, by, ts) = (at.id, at.record, actor.to_owned(), at.ts);
        self.epochs.push(KnownEpoch { id, record, by, ts, epoch });
        Ok(Outcome::EpochBegun { compartment, number })
    }

    /// Nobody who left is among the recipients; of a compartment for all, nobody is left out.
    fn reaches(&self, epoch: &Epoch) -> Result<(), Problem> {
        let Some(roster) = &self.roster else { return Ok(()) };
        for (person, device) in roster.devices() {
            let Some(age) = &device.age else { continue };
            let given = epoch.recipients.contains(age);
            if self.is_revoked(&device.key) && given {
                return refuse(
                    code::GOV_EPOCH,
                    format!("{age} is of a device of {} whose key was revoked", person.name),
                );
            }
            let for_all = FOR_ALL.contains(&epoch.compartment.as_str());
            if for_all && !given && !self.is_revoked(&device.key) {
                return refuse(code::GOV_EPOCH, format!("{age}, a device of {}, is left out", person.name));
            }
        }
        match epoch.recipients.iter().find(|age| self.former_recipients.contains(*age)) {
            Some(age) => refuse(code::GOV_EPOCH, format!("{age} is of a device that left the roster")),
            None => Ok(()),
        }
    }
}
