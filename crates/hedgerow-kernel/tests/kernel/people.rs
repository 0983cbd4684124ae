//! The people of the fund under test and what they sign: Ada proposes, Rita minds risk, Fay manages the fund.

use crate::world::{DAY_ONE, capital_limits};
use hedgerow_core::{Currency, Limits, time::DAY};
use hedgerow_kernel::authority::{EventId, Genesis, Root, canonical, keys, limits_to_json, seal};
use serde_json::{Value, json};

/// When mandates end.
pub const EXPIRES: i64 = DAY_ONE + 30 * DAY;

/// The manifest of an artifact, by a letter.
fn manifest(letter: char) -> Value {
    json!({
        "v": 2, "content": {"v": 1, "kind": "bytes", "sha256": keys::hex(&keys::sha256(&[letter as u8]))}, "title": "",
        "description": "", "universe": [], "data": [], "horizon_ns": "0", "capacity": "0.00", "risk": {},
        "credits": [{"name": "Ada", "share_bps": 10_000}], "commitments": {}
    })
}

/// The hash of an artifact, by a letter.
pub fn artifact(letter: char) -> [u8; 32] {
    keys::sha256(canonical::write(&manifest(letter)).unwrap().as_bytes())
}

fn seed(who: &str) -> [u8; 32] {
    keys::sha256(who.as_bytes())
}

pub fn genesis() -> Genesis {
    Genesis {
        fund: "Quince Fund".to_owned(),
        base: Currency::parse("USD").unwrap(),
        origin: "quince-fund/governance".to_owned(),
        root: Root { keys: vec![keys::public_key(&seed("root"))], threshold: 1 },
    }
}

fn event(kind: &str, actor: &str, body: Value) -> String {
    let device = keys::hex(&keys::keyid(&keys::public_key(&seed(actor))));
    let event = json!({
        "v": 1, "type": kind, "stream": "governance", "actor": actor, "device": device, "hlc": [1, 0],
        "parents": [keys::hex(&genesis().id())], "seen": null,
        "policy": (kind != "roster" && kind != "policy").then(|| keys::hex(&keys::sha256(policy_event().as_bytes()))),
        "body": body
    });
    canonical::write(&event).unwrap()
}

fn signed(kind: &str, actor: &str, body: Value) -> Vec<u8> {
    seal(event(kind, actor, body).as_bytes(), &[seed(actor)])
}

pub fn roster() -> Vec<u8> {
    let person = |name: &str, role: &str| {
        let key = keys::hex(&keys::public_key(&seed(name)));
        json!({"name": name, "roles": [role], "devices": [{"key": key, "age": null}]})
    };
    let people = [person("Ada", "researcher"), person("Rita", "risk"), person("Fay", "fund_manager")];
    let root = json!({"keys": [keys::hex(&keys::public_key(&seed("root")))], "threshold": 1});
    signed("roster", "root", json!({"version": 1, "root": root, "people": people, "services": []}))
}

/// Simulated money at once; paper at once; live after a day; none of them behind walls. Real money at once behind a filter,
/// and in a tier that says nothing about isolation.
fn policy_event() -> String {
    let quorum = json!({"all": [{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]});
    let much = &limits_to_json(&Limits::UNLIMITED)["capital"];
    let tier = |rank: i64, name: &str, kind: &str, days: i64, isolation: Option<&str>| {
        let mut tier = json!({
            "name": name, "rank": rank, "kind": kind, "capital": much, "gross": much, "loss": much,
            "adv_share_bps": u32::MAX, "instruments": "any", "sign": quorum, "cool_down_ns": (days * DAY).to_string(),
            "valid_ns": (100 * DAY).to_string(), "evidence": {"pack": false, "live_ns": "0", "live_from": null}
        });
        if let Some(level) = isolation {
            tier["isolation"] = json!(level);
        }
        tier
    };
    let tiers = [
        tier(0, "simulation", "simulation", 0, Some("none")),
        tier(1, "paper", "paper", 0, Some("none")),
        tier(2, "live", "live", 1, Some("none")),
        tier(3, "filtered", "live", 0, Some("filtered")),
        tier(4, "silent", "live", 0, None),
    ];
    let pause = json!({"role": "risk", "count": 1});
    event("policy", "root", json!({"version": 1, "change": quorum, "pause": pause, "tiers": tiers}))
}

pub fn policy() -> Vec<u8> {
    seal(policy_event().as_bytes(), &[seed("root")])
}

/// What Ada asks for.
#[derive(Clone, Copy)]
pub struct Wish {
    pub strategy: &'static str,
    pub artifact: char,
    pub universe: &'static [&'static str],
    pub limits: Limits,
    pub tier: &'static str,
    /// The change that it follows.
    pub prev: Option<EventId>,
}

impl Wish {
    pub fn of(strategy: &'static str) -> Wish {
        let (universe, limits) = (&["AAA", "BBB", "CCC"], capital_limits());
        Wish { strategy, artifact: 'A', universe, limits, tier: "paper", prev: None }
    }

    fn event(&self) -> String {
        let body = json!({
            "strategy": self.strategy, "artifact": keys::hex(&artifact(self.artifact)),
            "manifest": manifest(self.artifact), "tier": self.tier, "universe": self.universe,
            "limits": limits_to_json(&self.limits), "valid_until": EXPIRES.to_string(),
            "prev": self.prev.map(|id| keys::hex(&id)), "evidence": {"event": null, "pack": null, "live": null},
            "authors": ["Ada"]
        });
        event("proposal", "Ada", body)
    }

    pub fn proposal(&self) -> Vec<u8> {
        seal(self.event().as_bytes(), &[seed("Ada")])
    }

    pub fn id(&self) -> EventId {
        keys::sha256(self.event().as_bytes())
    }

    /// Rita's or Fay's yes.
    pub fn approval(&self, who: &str) -> Vec<u8> {
        let role = if who == "Rita" { "risk" } else { "fund_manager" };
        let body = json!({"proposal": keys::hex(&self.id()), "role": role, "decision": "approve"});
        signed("approval", who, body)
    }

    /// Rita says that it may only reduce risk.
    pub fn pause(&self) -> Vec<u8> {
        signed("pause", "Rita", json!({"strategy": self.strategy, "reason": "losses"}))
    }

    /// Rita lets it fall to simulated money.
    pub fn demotion(&self, limits: &Limits) -> Vec<u8> {
        let limits = limits_to_json(limits);
        signed(
            "demote",
            "Rita",
            json!({"strategy": self.strategy, "tier": "simulation", "limits": limits, "reason": ""}),
        )
    }

    /// Rita takes it back.
    pub fn revocation(&self) -> Vec<u8> {
        signed("revocation", "Rita", json!({"proposal": keys::hex(&self.id()), "reason": "losses"}))
    }
}
