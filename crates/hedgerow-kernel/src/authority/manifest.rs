//! The manifest of an artifact: what it is by hash, what it needs, what it risks, and who made it with which share.
//!
//! Promises: its hash is the artifact's hash, so one changed credit, symbol or file is another artifact; shares add up to
//! the whole. Never: code. Reviewers see exposure, risk and liquidity; the content stands here by hash only.

use super::fields::Fields;
use super::{canonical, keys};
use hedgerow_core::{Money, Nanos};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All shares together, basis points.
const WHOLE_BPS: i64 = 10_000;

/// An author and their share, basis points.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credit {
    /// Their name on the roster.
    pub name: String,
    /// Their share.
    pub share_bps: u32,
}

/// What is proposed, in words and hashes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// SHA-256 of the manifest in canonical JSON.
    pub hash: [u8; 32],
    /// SHA-256 of its content part: the files, module or bytes that run. A content of the kind `digest` is that hash.
    pub content: [u8; 32],
    /// What kind of content: `file`, `folder`, `python`, `wasm` and others.
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// The case for it.
    pub description: String,
    /// What it was made for.
    pub universe: Vec<String>,
    /// The data it needs.
    pub data: Vec<String>,
    /// How far it looks ahead, nanoseconds.
    pub horizon_ns: Nanos,
    /// Capital that it can carry.
    pub capacity: Money,
    /// What its authors say about its risks.
    pub risk: BTreeMap<String, String>,
    /// Who made it.
    pub credits: Vec<Credit>,
    /// Salted hashes of what is not shown: the plain text of a sealed artifact, test vectors.
    pub commitments: BTreeMap<String, [u8; 32]>,
}

impl Manifest {
    pub(super) fn parse(value: &Value) -> Result<Manifest, String> {
        let known = [
            "capacity",
            "commitments",
            "content",
            "credits",
            "data",
            "description",
            "horizon_ns",
            "risk",
            "title",
            "universe",
            "v",
        ];
        let fields = Fields::of(value, "manifest", &known)?;
        fields.integer("v", 2, 2)?;
        let content = fields.get("content")?;
        let kind = content.get("kind").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| fields.wrong("content", content, "an object with a \"kind\""))?;
        let digest = Fields::of(content, "content", &["kind", "sha256", "v"]);
        Ok(Manifest {
            hash: hash(value)?,
            content: if kind == "digest" { digest?.hash("sha256")? } else { hash(content)? },
            kind: kind.to_owned(),
            title: fields.text("title")?.to_owned(),
            description: fields.text("description")?.to_owned(),
            universe: fields.names("universe")?,
            data: fields.names("data")?,
            horizon_ns: fields.span("horizon_ns")?,
            capacity: fields.money("capacity")?,
            risk: fields.texts("risk")?,
            credits: credits(&fields)?,
            commitments: commitments(&fields)?,
        })
    }

    /// The manifest without its content.
    pub(super) fn to_json(&self) -> Value {
        let credits: Vec<Value> =
            self.credits.iter().map(|c| json!({"name": c.name, "share_bps": c.share_bps})).collect();
        let commitments: BTreeMap<&str, String> =
            self.commitments.iter().map(|(name, hash)| (name.as_str(), keys::hex(hash))).collect();
        json!({
            "title": self.title, "description": self.description, "universe": self.universe, "data": self.data,
            "horizon_ns": self.horizon_ns.to_string(), "capacity": super::limits::decimal(self.capacity),
            "risk": self.risk, "credits": credits, "commitments": commitments,
        })
    }
}

fn hash(value: &Value) -> Result<[u8; 32], String> {
    canonical::write(value).map(|text| keys::sha256(text.as_bytes()))
}

fn credits(fields: &Fields<'_>) -> Result<Vec<Credit>, String> {
    let mut credits: Vec<Credit> = Vec::new();
    for item in fields.list("credits")? {
        let item = Fields::of(item, "credit", &["name", "share_bps"])?;
        let (name, share) = (item.name("name")?, item.integer("share_bps", 1, WHOLE_BPS)?);
        if credits.iter().any(|credit| credit.name == name) {
            return Err(format!("manifest: credits has {name:?} twice"));
        }
        credits.push(Credit { name, share_bps: u32::try_from(share).unwrap_or(0) });
    }
    let whole: i64 = credits.iter().map(|credit| i64::from(credit.share_bps)).sum();
    if whole != WHOLE_BPS {
        return Err(format!("manifest: the shares of credits add up to {whole} basis points, not {WHOLE_BPS}"));
    }
    Ok(credits)
}

fn commitments(fields: &Fields<'_>) -> Result<BTreeMap<String, [u8; 32]>, String> {
    let value = fields.get("commitments")?;
    let map = value.as_object().ok_or_else(|| fields.wrong("commitments", value, "an object of hashes"))?;
    let names: Vec<&str> = map.keys().map(String::as_str).collect();
    let inner = Fields::of(value, "commitments", &names)?;
    names.iter().map(|name| Ok(((*name).to_owned(), inner.hash(name)?))).collect()
}
