//! The fund's first record: its name, its base currency, and the root keys that everything else rests on.
//!
//! Promises: one genesis has one spelling, and its hash names the fund: every signed event descends from it, so an
//! event of one fund counts in no other. Never: changes after the start (root keys rotate by a later event).

use super::fields::Fields;
use super::keys::{self, PublicKey};
use super::{EventId, canonical};
use hedgerow_core::{Currency, Problem, code};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a fund starts from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Genesis {
    /// The fund's name.
    pub fund: String,
    /// The currency of its books and limits.
    pub base: Currency,
    /// Keys that may sign a roster.
    pub root_keys: Vec<PublicKey>,
    /// How many of them must.
    pub root_threshold: u32,
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
        let fields = Fields::of(&value, "genesis", &["base", "fund", "root_keys", "root_threshold", "type", "v"])?;
        fields.integer("v", 1, 1)?;
        if fields.text("type")? != "genesis" {
            return Err(fields.wrong("type", fields.get("type")?, "\"genesis\""));
        }
        let root_keys = fields.hashes("root_keys")?;
        usable(&root_keys)?;
        let most = i64::try_from(root_keys.len()).unwrap_or(i64::MAX);
        let threshold = fields.integer("root_threshold", 1, most)?;
        let base = Currency::parse(fields.text("base")?)
            .ok_or_else(|| fields.wrong("base", &value["base"], "a currency code such as \"USD\""))?;
        Ok(Genesis {
            fund: fields.name("fund")?,
            base,
            root_keys,
            root_threshold: u32::try_from(threshold).unwrap_or(u32::MAX),
        })
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let keys: Vec<_> = self.root_keys.iter().map(|key| keys::hex(key)).collect();
        let value = json!({
            "base": self.base.as_str(), "fund": self.fund, "root_keys": keys, "root_threshold": self.root_threshold,
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
            root_keys: vec![keys::public_key(&[1; 32]), keys::public_key(&[2; 32])],
            root_threshold: 2,
        }
    }

    #[test]
    fn a_genesis_reads_back_as_written() {
        assert_eq!(Genesis::parse(&genesis().to_bytes()).unwrap(), genesis());
    }

    #[test]
    fn a_genesis_that_could_not_be_obeyed_is_refused() {
        let good = String::from_utf8(genesis().to_bytes()).unwrap();
        let first = keys::hex(&genesis().root_keys[0]);
        let second = keys::hex(&genesis().root_keys[1]);
        for (bad, why) in [
            (good.replace("\"root_threshold\":2", "\"root_threshold\":3"), "from 1 to 2"),
            (good.replace("\"root_threshold\":2", "\"root_threshold\":0"), "from 1 to 2"),
            (good.replace(&second, &first), "twice"),
            (good.replace(&second, &"00".repeat(32)), "not an Ed25519 public key"),
            (good.replace("USD", "usd"), "currency"),
            (good.replace("\"v\":1", "\"v\":2"), "from 1 to 1"),
            (good.replace("Quince Fund", ""), "fund"),
            (good.replace("genesis", "exodus"), "genesis"),
        ] {
            let problem = Genesis::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code::GOV_BAD_BODY);
            assert!(problem.detail.contains(why), "{why}: {}", problem.detail);
        }
    }
}
