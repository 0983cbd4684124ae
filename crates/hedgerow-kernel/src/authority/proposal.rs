//! A proposal: one strategy, one artifact, the capital and limits asked for, and the votes it has collected.
//!
//! Promises: everything a mandate will hold is in the signed proposal; approvals belong to this proposal and to no
//! other, so another artifact needs approvals of its own. Never: changed after it was signed.

use super::EventId;
use super::fields::{Fields, brief, did_you_mean};
use super::keys::PublicKey;
use super::limits::limits_from_json;
use hedgerow_core::{Limits, Mandate, Nanos, RecordId, StrategyId, Symbol, Tier};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a signed proposal asks for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// The strategy's name.
    pub strategy: String,
    /// SHA-256 of the only artifact that may run.
    pub artifact: [u8; 32],
    /// The tier of capital.
    pub tier: Tier,
    /// What it may do.
    pub limits: Limits,
    /// What it may trade.
    pub universe: Vec<Symbol>,
    /// When the mandate ends, UTC nanoseconds.
    pub expires_ts: Nanos,
    /// One line for people.
    pub title: String,
    /// The case for it.
    pub description: String,
    /// The humans who made it; none of them may decide on it.
    pub authors: Vec<String>,
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
}

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// Waiting for approvals.
    Open,
    /// The quorum was reached; its mandate is the one in force for the strategy.
    Granted,
    /// A needed role said no.
    Rejected {
        /// Who.
        by: String,
    },
    /// A risk officer took it back.
    Revoked {
        /// Who.
        by: String,
    },
    /// A later proposal for the same strategy was granted.
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
    /// Device keys of its authors when it was recorded: a new name does not make a new human.
    pub author_keys: Vec<PublicKey>,
    /// The votes so far.
    pub votes: Vec<Vote>,
    /// What became of it.
    pub status: Status,
}

impl Terms {
    /// Reads the body of a proposal event.
    pub(super) fn parse(body: &Value) -> Result<Terms, String> {
        let known =
            ["artifact", "authors", "description", "limits", "strategy", "tier", "title", "universe", "valid_until"];
        let fields = Fields::of(body, "proposal", &known)?;
        let mut authors = Vec::new();
        for item in fields.list("authors")? {
            let name = item.as_str().ok_or_else(|| fields.wrong("authors", item, "a name on the roster"))?;
            authors.push(name.to_owned());
        }
        Ok(Terms {
            strategy: fields.name("strategy")?,
            artifact: fields.hash("artifact")?,
            tier: tier(&fields)?,
            limits: limits_from_json(fields.get("limits")?)?,
            universe: universe(fields.list("universe")?)?,
            expires_ts: fields.nanos("valid_until")?,
            title: fields.text("title")?.to_owned(),
            description: fields.text("description")?.to_owned(),
            authors,
        })
    }
}

impl Proposal {
    /// The mandate that its quorum grants.
    pub(super) fn mandate(&self, cause: RecordId, ts: Nanos) -> Mandate {
        Mandate {
            limits: self.terms.limits,
            artifact: self.terms.artifact,
            proposal: self.id,
            cause,
            ts,
            expires_ts: self.terms.expires_ts,
            strategy: self.strategy,
            tier: self.terms.tier as u8,
            ..Mandate::default()
        }
    }
}

/// A tier's word in JSON: its name in lower case.
#[must_use]
pub fn tier_word(tier: Tier) -> String {
    tier.name().to_ascii_lowercase()
}

fn tier(fields: &Fields<'_>) -> Result<Tier, String> {
    let word = fields.text("tier")?;
    let words: Vec<String> = Tier::ALL.iter().map(|tier| tier_word(*tier)).collect();
    let found = Tier::ALL.iter().zip(&words).find(|(_, w)| *w == word);
    found
        .map(|(tier, _)| *tier)
        .ok_or_else(|| format!("proposal: tier is {word:?}, not one of {words:?}{}", did_you_mean(word, &words)))
}

fn universe(items: &[Value]) -> Result<Vec<Symbol>, String> {
    let mut symbols = Vec::with_capacity(items.len());
    for item in items {
        let symbol = item.as_str().and_then(Symbol::parse);
        symbols.push(symbol.ok_or_else(|| format!("universe: {} is not a symbol of 1 to 32 bytes", brief(item)))?);
    }
    if symbols.is_empty() {
        return Err("universe is empty; name what the strategy may trade".to_owned());
    }
    let mut sorted = symbols.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("universe names {} twice", pair[0])),
        None => Ok(symbols),
    }
}
