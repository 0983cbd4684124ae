//! A signed event taken apart: who says it, when, resting on what, and its body.
//!
//! Promises: the payload is canonical JSON, every field is known and of its type. Never: trusts a field before the
//! signature over it was verified; reading is not believing.

use super::fields::{Fields, did_you_mean};
use super::proposal::Terms;
use super::roster::Roster;
use super::{EventId, canonical};
use hedgerow_core::{Problem, code};
use serde_json::Value;

/// The kinds of event.
const TYPES: [&str; 4] = ["approval", "proposal", "revocation", "roster"];

/// An event as signed.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Who says it.
    pub actor: String,
    /// Name of the key it is signed with.
    pub device: [u8; 32],
    /// Hybrid logical clock of the device: milliseconds and a counter. Orders what is not yet sequenced, decides nothing.
    pub hlc: (i64, i64),
    /// The events it rests on.
    pub parents: Vec<EventId>,
    /// What it says.
    pub body: Body,
}

/// What an event says.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// These are the people.
    Roster(Roster),
    /// This strategy should have capital.
    Proposal(Box<Terms>),
    /// Yes or no to a proposal.
    Approval {
        /// Which proposal.
        proposal: EventId,
        /// In which role the person speaks.
        role: String,
        /// Yes.
        approve: bool,
    },
    /// Capital is taken back.
    Revocation {
        /// From what.
        target: Target,
        /// Why.
        reason: String,
    },
}

/// What a revocation takes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// The mandate and all open proposals of a strategy.
    Strategy(String),
    /// One proposal, and its mandate if it is in force.
    Proposal(EventId),
}

impl Event {
    /// Reads the payload of an envelope.
    ///
    /// # Errors
    /// `GOV_BAD_BODY` with the field and the value seen.
    pub fn parse(payload: &[u8]) -> Result<Event, Problem> {
        Event::read(payload).map_err(|why| Problem::new(code::GOV_BAD_BODY, why))
    }

    fn read(payload: &[u8]) -> Result<Event, String> {
        let value = canonical::parse(payload).map_err(|why| format!("payload is {why}"))?;
        let fields = Fields::of(&value, "event", &["actor", "body", "device", "hlc", "parents", "type", "v"])?;
        fields.integer("v", 1, 1)?;
        let parents = fields.hashes("parents")?;
        if parents.is_empty() {
            return Err("event: parents is empty; name the last events it rests on, or the genesis".to_owned());
        }
        Ok(Event {
            actor: fields.name("actor")?,
            device: fields.hash("device")?,
            hlc: hlc(&fields)?,
            parents,
            body: body(fields.text("type")?, fields.get("body")?)?,
        })
    }
}

fn hlc(fields: &Fields<'_>) -> Result<(i64, i64), String> {
    let value = fields.get("hlc")?;
    let numbers: Option<Vec<i64>> = fields.list("hlc")?.iter().map(|n| n.as_i64().filter(|n| *n >= 0)).collect();
    match numbers.as_deref() {
        Some([ms, counter]) => Ok((*ms, *counter)),
        _ => Err(fields.wrong("hlc", value, "[milliseconds, counter], both from 0")),
    }
}

fn body(kind: &str, body: &Value) -> Result<Body, String> {
    match kind {
        "roster" => Roster::parse(body).map(Body::Roster),
        "proposal" => Terms::parse(body).map(|terms| Body::Proposal(Box::new(terms))),
        "approval" => approval(body),
        "revocation" => revocation(body),
        _ => Err(format!("event: type is {kind:?}, not one of {TYPES:?}{}", did_you_mean(kind, &TYPES))),
    }
}

fn approval(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "approval", &["decision", "proposal", "role"])?;
    let approve = match fields.text("decision")? {
        "approve" => true,
        "reject" => false,
        word => {
            let hint = did_you_mean(word, &["approve", "reject"]);
            return Err(format!("approval: decision is {word:?}, not \"approve\" or \"reject\"{hint}"));
        }
    };
    Ok(Body::Approval { proposal: fields.hash("proposal")?, role: fields.role("role")?, approve })
}

fn revocation(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "revocation", &["proposal", "reason", "strategy"])?;
    let target = match (fields.optional("strategy"), fields.optional("proposal")) {
        (Some(_), None) => Target::Strategy(fields.name("strategy")?),
        (None, Some(_)) => Target::Proposal(fields.hash("proposal")?),
        _ => return Err("revocation names either a strategy or a proposal, and not both".to_owned()),
    };
    Ok(Body::Revocation { target, reason: fields.text("reason")?.to_owned() })
}
