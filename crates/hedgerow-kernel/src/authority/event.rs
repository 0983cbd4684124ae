//! A signed event taken apart: who says it, when, resting on what, and its body.
//!
//! Promises: the payload is canonical JSON, every field is known, there and of its type. Never: trusts a field before
//! the signature over it was verified; reading is not believing.

use super::epochs::Epoch;
use super::evidence::Evidence;
use super::fields::{Fields, did_you_mean};
use super::limits::limits_from_json;
use super::policy::Policy;
use super::proposal::Terms;
use super::roster::Roster;
use super::{EventId, canonical, keys::PublicKey};
use hedgerow_core::{Limits, Problem, code};
use serde_json::Value;

/// The kinds of event.
pub(super) const TYPES: [&str; 10] =
    ["approval", "demote", "epoch", "evidence", "pause", "policy", "proposal", "retire", "revocation", "roster"];
/// The only stream that people's events belong to.
pub const STREAM: &str = "governance";

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
    /// The governance log that its signer had verified, if any.
    pub seen: Option<Seen>,
    /// The policy under which its signer acted.
    pub policy: Option<EventId>,
    /// What it says.
    pub body: Body,
}

/// A checkpoint: so many entries of a log, and their Merkle root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: [u8; 32],
}

/// What an event says.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// These are the people, services and root keys.
    Roster(Box<Roster>),
    /// These are the rules of capital.
    Policy(Box<Policy>),
    /// This strategy should have capital.
    Proposal(Box<Terms>),
    /// The platform ran this artifact and found this.
    Evidence(Evidence),
    /// Yes or no to a proposal.
    Approval {
        /// Which proposal, of capital or of a policy.
        proposal: EventId,
        /// In which role the person speaks.
        role: String,
        /// Yes.
        approve: bool,
    },
    /// A strategy may only reduce risk.
    Pause {
        /// Which strategy.
        strategy: String,
        /// Why.
        reason: String,
    },
    /// A strategy falls to a lower tier.
    Demote {
        /// Which strategy.
        strategy: String,
        /// To which tier.
        tier: String,
        /// What it may still do.
        limits: Box<Limits>,
        /// Why.
        reason: String,
    },
    /// A strategy ends for good.
    Retire {
        /// Which strategy.
        strategy: String,
        /// Why.
        reason: String,
    },
    /// Capital or a key is taken back.
    Revocation {
        /// From what.
        target: Target,
        /// Why.
        reason: String,
    },
    /// A new key to encrypt with.
    Epoch(Epoch),
}

/// What a revocation takes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// The mandate and all open proposals of a strategy.
    Strategy(String),
    /// One proposal, and its mandate if it is in force.
    Proposal(EventId),
    /// A device's or a service's key: whatever it signs that is sequenced later is void.
    Key(PublicKey),
}

impl Event {
    /// Reads the payload of an envelope.
    ///
    /// # Errors
    /// `GOV_BAD_BODY` with the field and the value seen; `GOV_STREAM` if it belongs to another stream.
    pub fn parse(payload: &[u8]) -> Result<Event, Problem> {
        let bad = |why: String| Problem::new(code::GOV_BAD_BODY, why);
        let value = canonical::parse(payload).map_err(|why| bad(format!("payload is {why}")))?;
        if let Some(stream) = value.get("stream").and_then(Value::as_str).filter(|stream| *stream != STREAM) {
            return Err(Problem::new(code::GOV_STREAM, format!("stream is {stream:?}, this is {STREAM:?}")));
        }
        Event::read(&value).map_err(bad)
    }

    fn read(value: &Value) -> Result<Event, String> {
        let known = ["actor", "body", "device", "hlc", "parents", "policy", "seen", "stream", "type", "v"];
        let fields = Fields::of(value, "event", &known)?;
        fields.integer("v", 1, 1)?;
        fields.text("stream")?;
        let parents = fields.hashes("parents")?;
        if parents.is_empty() {
            return Err("event: parents is empty; name the last events it rests on, or the genesis".to_owned());
        }
        Ok(Event {
            actor: fields.name("actor")?,
            device: fields.hash("device")?,
            hlc: hlc(&fields)?,
            parents,
            seen: fields.nullable("seen")?.map(seen).transpose()?,
            policy: fields.hash_or_null("policy")?,
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

fn seen(value: &Value) -> Result<Seen, String> {
    let fields = Fields::of(value, "seen", &["origin", "root", "size"])?;
    let size = fields.integer("size", 0, canonical::INTEGER_MAX)?.unsigned_abs();
    Ok(Seen { origin: fields.text("origin")?.to_owned(), size, root: fields.hash("root")? })
}

fn body(kind: &str, body: &Value) -> Result<Body, String> {
    match kind {
        "roster" => Roster::parse(body).map(|roster| Body::Roster(Box::new(roster))),
        "policy" => Policy::parse(body).map(|policy| Body::Policy(Box::new(policy))),
        "proposal" => Terms::parse(body).map(|terms| Body::Proposal(Box::new(terms))),
        "evidence" => Evidence::parse(body).map(Body::Evidence),
        "approval" => approval(body),
        "pause" => pause(body),
        "demote" => demote(body),
        "retire" => retire(body),
        "revocation" => revocation(body),
        "epoch" => Epoch::parse(body).map(Body::Epoch),
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

fn pause(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "pause", &["reason", "strategy"])?;
    Ok(Body::Pause { strategy: fields.name("strategy")?, reason: fields.text("reason")?.to_owned() })
}

fn demote(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "demote", &["limits", "reason", "strategy", "tier"])?;
    Ok(Body::Demote {
        strategy: fields.name("strategy")?,
        tier: fields.name("tier")?,
        limits: Box::new(limits_from_json(fields.get("limits")?)?),
        reason: fields.text("reason")?.to_owned(),
    })
}

fn retire(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "retire", &["reason", "strategy"])?;
    Ok(Body::Retire { strategy: fields.name("strategy")?, reason: fields.text("reason")?.to_owned() })
}

fn revocation(body: &Value) -> Result<Body, String> {
    let fields = Fields::of(body, "revocation", &["key", "proposal", "reason", "strategy"])?;
    let has = |name: &str| fields.optional(name).is_some();
    let target = match (has("strategy"), has("proposal"), has("key")) {
        (true, false, false) => Target::Strategy(fields.name("strategy")?),
        (false, true, false) => Target::Proposal(fields.hash("proposal")?),
        (false, false, true) => Target::Key(fields.hash("key")?),
        _ => return Err("revocation names one of strategy, proposal and key, and not both".to_owned()),
    };
    Ok(Body::Revocation { target, reason: fields.text("reason")?.to_owned() })
}
