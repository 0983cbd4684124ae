//! The people of the fund under test and what they sign: Ada proposes, Rita minds risk, Fay manages the fund.

use crate::world::{DAY_ONE, capital_limits};
use hedgerow_core::{Currency, Limits, time::DAY};
use hedgerow_kernel::authority::{EventId, Genesis, canonical, keys, limits_to_json, seal};
use serde_json::{Value, json};

/// When mandates end.
pub const EXPIRES: i64 = DAY_ONE + 30 * DAY;

/// The hash of an artifact, by a letter.
pub fn artifact(letter: char) -> [u8; 32] {
    keys::sha256(&[letter as u8])
}

fn seed(who: &str) -> [u8; 32] {
    keys::sha256(who.as_bytes())
}

pub fn genesis() -> Genesis {
    Genesis {
        fund: "Quince Fund".to_owned(),
        base: Currency::parse("USD").unwrap(),
        root_keys: vec![keys::public_key(&seed("root"))],
        root_threshold: 1,
    }
}

fn event(kind: &str, actor: &str, body: Value) -> String {
    let device = keys::hex(&keys::keyid(&keys::public_key(&seed(actor))));
    let event = json!({
        "v": 1, "type": kind, "actor": actor, "device": device, "hlc": [1, 0],
        "parents": [keys::hex(&genesis().id())], "body": body
    });
    canonical::write(&event).unwrap()
}

fn signed(kind: &str, actor: &str, body: Value) -> Vec<u8> {
    seal(event(kind, actor, body).as_bytes(), &[seed(actor)])
}

pub fn roster() -> Vec<u8> {
    let person = |name: &str, role: &str| {
        let key = keys::hex(&keys::public_key(&seed(name)));
        json!({"name": name, "roles": [role], "keys": [key]})
    };
    let people = [person("Ada", "researcher"), person("Rita", "risk"), person("Fay", "fund_manager")];
    let quorum = json!([{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]);
    signed("roster", "root", json!({"version": 1, "people": people, "policy": {"quorum": quorum}}))
}

/// What Ada asks for.
pub struct Wish {
    pub strategy: &'static str,
    pub artifact: char,
    pub universe: &'static [&'static str],
    pub limits: Limits,
}

impl Wish {
    pub fn of(strategy: &'static str) -> Wish {
        Wish { strategy, artifact: 'A', universe: &["AAA", "BBB", "CCC"], limits: capital_limits() }
    }

    fn event(&self) -> String {
        let body = json!({
            "strategy": self.strategy, "artifact": keys::hex(&artifact(self.artifact)), "tier": "paper",
            "universe": self.universe, "limits": limits_to_json(&self.limits), "valid_until": EXPIRES.to_string(),
            "title": self.strategy, "description": "", "authors": ["Ada"]
        });
        event("proposal", "Ada", body)
    }

    pub fn proposal(&self) -> Vec<u8> {
        seal(self.event().as_bytes(), &[seed("Ada")])
    }

    fn id(&self) -> EventId {
        keys::sha256(self.event().as_bytes())
    }

    /// Rita's or Fay's yes.
    pub fn approval(&self, who: &str) -> Vec<u8> {
        let role = if who == "Rita" { "risk" } else { "fund_manager" };
        let body = json!({"proposal": keys::hex(&self.id()), "role": role, "decision": "approve"});
        signed("approval", who, body)
    }

    /// Rita takes it back.
    pub fn revocation(&self) -> Vec<u8> {
        signed("revocation", "Rita", json!({"proposal": keys::hex(&self.id()), "reason": "losses"}))
    }
}
