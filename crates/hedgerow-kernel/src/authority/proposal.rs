//! A proposal: one strategy, one artifact, the capital and limits asked for, and the votes it has collected.
//!
//! Promises: everything a mandate will hold is in the signed proposal; approvals belong to this proposal and to no
//! other, so another artifact needs approvals of its own. Never: changed after it was signed.

use super::EventId;
use super::fields::{Fields, brief};
use super::keys::{self, PublicKey};
use super::limits::limits_from_json;
use super::manifest::Manifest;
use hedgerow_core::{Limits, Nanos, RecordId, StrategyId, Symbol};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a signed proposal asks for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// The strategy's name.
    pub strategy: String,
    /// The only artifact that may run: its hash is the manifest's.
    pub manifest: Manifest,
    /// The name of the tier of capital.
    pub tier: String,
    /// What it may do.
    pub limits: Limits,
    /// What it may trade.
    pub universe: Vec<Symbol>,
    /// When the mandate ends, UTC nanoseconds.
    pub expires_ts: Nanos,
    /// The change of the allocation that this one follows.
    pub prev: Option<EventId>,
    /// What was shown before.
    pub evidence: Shown,
    /// The humans who made it; none of them may decide on it.
    pub authors: Vec<String>,
}

/// The evidence that a proposal names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// The event of the evidence service.
    pub event: Option<EventId>,
    /// SHA-256 of the evidence pack.
    pub pack: Option<[u8; 32]>,
    /// Results at another tier.
    pub live: Option<Live>,
}

/// Results of a strategy at a tier over a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Live {
    /// The tier.
    pub from_tier: String,
    /// From when, UTC nanoseconds.
    pub from: Nanos,
    /// Until when, UTC nanoseconds.
    pub to: Nanos,
    /// SHA-256 of the report.
    pub digest: [u8; 32],
}

/// A vote for a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vote {
    /// The human.
    pub person: String,
    /// The role they spoke for.
    pub role: String,
    /// The key they signed with; the vote counts while the key is theirs.
    pub key: PublicKey,
    /// The policy under which they signed; the vote counts while it is in force.
    pub policy: EventId,
}

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// Waiting for approvals.
    Open,
    /// The quorum was reached.
    Granted,
    /// A needed role said no.
    Rejected {
        /// Who.
        by: String,
    },
    /// Closed by a pause, a demotion, a retirement or a revocation.
    Revoked {
        /// Who.
        by: String,
    },
    /// A later change took its place.
    Superseded {
        /// Which.
        by: EventId,
    },
}

/// A recorded proposal and where it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// SHA-256 of the signed bytes.
    pub id: EventId,
    /// The record that brought it.
    pub record: RecordId,
    /// The strategy's index.
    pub strategy: StrategyId,
    /// What it asks for.
    pub terms: Terms,
    /// Who signed it, an author or not; they do not decide on it either.
    pub proposer: String,
    /// Device keys of authors and proposer when it was recorded: a new name does not make a new human.
    pub author_keys: Vec<PublicKey>,
    /// The votes so far.
    pub votes: Vec<Vote>,
    /// What became of it.
    pub status: Status,
}

impl Terms {
    /// Reads the body of a proposal event.
    pub(super) fn parse(body: &Value) -> Result<Terms, String> {
        let known = [
            "artifact",
            "authors",
            "evidence",
            "limits",
            "manifest",
            "prev",
            "strategy",
            "tier",
            "universe",
            "valid_until",
        ];
        let fields = Fields::of(body, "proposal", &known)?;
        let manifest = Manifest::parse(fields.get("manifest")?)?;
        if fields.hash("artifact")? != manifest.hash {
            let hash = keys::hex(&manifest.hash);
            return Err(fields.wrong("artifact", fields.get("artifact")?, &format!("the manifest's hash {hash}")));
        }
        let terms = Terms {
            strategy: fields.name("strategy")?,
            tier: fields.name("tier")?,
            limits: limits_from_json(fields.get("limits")?)?,
            universe: universe(fields.list("universe")?, "universe")?,
            expires_ts: fields.nanos("valid_until")?,
            prev: fields.hash_or_null("prev")?,
            evidence: shown(fields.get("evidence")?)?,
            authors: fields.names("authors")?,
            manifest,
        };
        let mut credited: Vec<&str> = terms.manifest.credits.iter().map(|credit| credit.name.as_str()).collect();
        let mut authors: Vec<&str> = terms.authors.iter().map(String::as_str).collect();
        credited.sort_unstable();
        authors.sort_unstable();
        if credited != authors {
            return Err(format!("proposal: authors are {authors:?}, the manifest credits {credited:?}"));
        }
        Ok(terms)
    }
}

impl Proposal {
    /// Authors, and whoever signed the proposal.
    #[must_use]
    pub fn is_by(&self, name: &str) -> bool {
        self.proposer == name || self.terms.authors.iter().any(|author| author == name)
    }
}

fn shown(value: &Value) -> Result<Shown, String> {
    let fields = Fields::of(value, "evidence", &["event", "live", "pack"])?;
    let live = match fields.nullable("live")? {
        None => None,
        Some(value) => {
            let live = Fields::of(value, "live evidence", &["digest", "from", "from_tier", "to"])?;
            let (from, to) = (live.span("from")?, live.span("to")?);
            if from >= to {
                return Err(format!("live evidence: from {from} is not before to {to}"));
            }
            Some(Live { from_tier: live.name("from_tier")?, from, to, digest: live.hash("digest")? })
        }
    };
    Ok(Shown { event: fields.hash_or_null("event")?, pack: fields.hash_or_null("pack")?, live })
}

/// A list of symbols, at least one and none twice.
pub(super) fn universe(items: &[Value], what: &str) -> Result<Vec<Symbol>, String> {
    let mut symbols = Vec::with_capacity(items.len());
    for item in items {
        let symbol = item.as_str().and_then(Symbol::parse);
        symbols.push(symbol.ok_or_else(|| format!("{what}: {} is not a symbol of 1 to 32 bytes", brief(item)))?);
    }
    if symbols.is_empty() {
        return Err(format!("{what} is empty; name what may be traded"));
    }
    let mut sorted = symbols.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{what} names {} twice", pair[0])),
        None => Ok(symbols),
    }
}
