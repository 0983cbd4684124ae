//! The fund's first record: its name, its base currency, and the root keys that everything else rests on.
//!
//! Promises: one genesis has one spelling, and its hash names the fund: every signed event descends from it, so an
//! event of one fund counts in no other. Never: changes after the start (root keys rotate by a later event).

use super::fields::Fields;
use super::keys::{self, PublicKey};
use super::{EventId, canonical};
use hedgerow_core::{Currency, Problem, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The fund's last resort: offline keys, so many of which sign a roster and the first policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Root {
    /// The public keys.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign.
    pub threshold: u32,
}

impl Root {
    /// Reads `{"keys":[...],"threshold":2}`.
    pub(super) fn parse(value: &Value) -> Result<Root, String> {
        let fields = Fields::of(value, "root", &["keys", "threshold"])?;
        let keys = fields.hashes("keys")?;
        usable(&keys)?;
        let most = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        let threshold = u32::try_from(fields.integer("threshold", 1, most)?).unwrap_or(u32::MAX);
        Ok(Root { keys, threshold })
    }

    /// Written as it was read.
    pub(super) fn to_json(&self) -> Value {
        let keys: Vec<_> = self.keys.iter().map(|key| keys::hex(key)).collect();
        json!({"keys": keys, "threshold": self.threshold})
    }
}

/// What a fund starts from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Genesis {
    /// The fund's name.
    pub fund: String,
    /// The currency of its books and limits.
    pub base: Currency,
    /// The name of its governance log.
    pub origin: String,
    /// Who may sign the first roster and the first policy.
    pub root: Root,
}

impl Genesis {
    /// Reads the payload of the fund's first frame.
    ///
    /// # Errors
    /// `GOV_BAD_BODY` with the field and the value seen.
    pub fn parse(bytes: &[u8]) -> Result<Genesis, Problem> {
        Genesis::read(bytes).map_err(|why| Problem::new(code::GOV_BAD_BODY, why))
    }

    fn read(bytes: &[u8]) -> Result<Genesis, String> {
        let value = canonical::parse(bytes).map_err(|why| format!("genesis is {why}"))?;
        let fields = Fields::of(&value, "genesis", &["base", "fund", "origin", "root", "type", "v"])?;
        fields.integer("v", 1, 1)?;
        if fields.text("type")? != "genesis" {
            return Err(fields.wrong("type", fields.get("type")?, "\"genesis\""));
        }
        let base = Currency::parse(fields.text("base")?)
            .ok_or_else(|| fields.wrong("base", &value["base"], "a currency code such as \"USD\""))?;
        let origin = fields.text("origin")?;
        if !is_origin(origin) {
            let wanted = "a name without spaces that ends in \"/governance\"";
            return Err(fields.wrong("origin", fields.get("origin")?, wanted));
        }
        let root = Root::parse(fields.get("root")?)?;
        Ok(Genesis { fund: fields.name("fund")?, base, origin: origin.to_owned(), root })
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let value = json!({
            "base": self.base.as_str(), "fund": self.fund, "origin": self.origin, "root": self.root.to_json(),
            "type": "genesis", "v": 1
        });
        canonical::write(&value).map(String::into_bytes).unwrap_or_default()
    }

    /// SHA-256 of its canonical bytes: the first parent of all events.
    #[must_use]
    pub fn id(&self) -> EventId {
        keys::sha256(&self.to_bytes())
    }
}

/// A log's name as signed notes carry it: no space and no plus, at most 128 bytes.
fn is_origin(text: &str) -> bool {
    let stem = text.strip_suffix("/governance").unwrap_or_default();
    !stem.is_empty() && text.len() <= 128 && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// Every key a usable one, none twice.
pub(super) fn usable(keys: &[PublicKey]) -> Result<(), String> {
    for (i, key) in keys.iter().enumerate() {
        if !keys::is_usable(key) {
            return Err(format!("{} is not an Ed25519 public key", keys::hex(key)));
        }
        if keys[..i].contains(key) {
            return Err(format!("the key {} is there twice", keys::hex(key)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn genesis() -> Genesis {
        Genesis {
            fund: "Quince Fund".to_owned(),
            base: Currency::parse("USD").unwrap(),
            origin: "quince-fund/governance".to_owned(),
            root: Root { keys: vec![keys::public_key(&[1; 32]), keys::public_key(&[2; 32])], threshold: 2 },
        }
    }

    #[test]
    fn a_genesis_reads_back_as_written() {
        assert_eq!(Genesis::parse(&genesis().to_bytes()).unwrap(), genesis());
    }

    #[test]
    fn a_genesis_that_could_not_be_obeyed_is_refused() {
        let good = String::from_utf8(genesis().to_bytes()).unwrap();
        let first = keys::hex(&genesis().root.keys[0]);
        let second = keys::hex(&genesis().root.keys[1]);
        for (bad, why) in [
            (good.replace("\"threshold\":2", "\"threshold\":3"), "from 1 to 2"),
            (good.replace("\"threshold\":2", "\"threshold\":0"), "from 1 to 2"),
            (good.replace(&second, &first), "twice"),
            (good.replace(&second, &"00".repeat(32)), "not an Ed25519 public key"),
            (good.replace("USD", "usd"), "currency"),
            (good.replace("\"v\":1", "\"v\":2"), "from 1 to 1"),
            (good.replace("Quince Fund", ""), "fund"),
            (good.replace("quince-fund/", "quince fund/"), "origin"),
            (good.replace("quince-fund/governance", "quince-fund"), "origin"),
            (good.replace("genesis", "exodus"), "genesis"),
        ] {
            let problem = Genesis::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code::GOV_BAD_BODY);
            assert!(problem.detail.contains(why), "{why}: {}", problem.detail);
        }
    }
}
