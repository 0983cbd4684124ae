//! The people of the fund that is measured, and the events by which they grant its mandate.

use hedgerow_core::{Currency, Limits};
use hedgerow_kernel::authority::{Genesis, Root, canonical, keys, limits_to_json, seal};
use serde_json::{Value, json};

const PEOPLE: [(&str, &str); 3] = [("Ada", "researcher"), ("Rita", "risk"), ("Fay", "fund_manager")];

fn seed(who: &str) -> [u8; 32] {
    keys::sha256(who.as_bytes())
}

fn public(who: &str) -> String {
    keys::hex(&keys::public_key(&seed(who)))
}

fn text(value: &Value) -> String {
    canonical::write(value).expect("no floats")
}

fn manifest() -> Value {
    json!({
        "v": 2, "content": {"v": 1, "kind": "bytes", "sha256": "ab".repeat(32)}, "title": "Bench", "description": "",
        "universe": [], "data": [], "horizon_ns": "0", "capacity": "0.00", "risk": {},
        "credits": [{"name": "Ada", "share_bps": 10_000}], "commitments": {}
    })
}

/// The artifact that the mandate is for.
pub fn artifact() -> [u8; 32] {
    keys::sha256(text(&manifest()).as_bytes())
}

fn event(kind: &str, actor: &str, parent: &[u8; 32], policy: Option<&[u8; 32]>, body: &Value) -> String {
    let device = keys::hex(&keys::keyid(&keys::public_key(&seed(actor))));
    text(&json!({
        "v": 1, "type": kind, "stream": "governance", "actor": actor, "device": device, "hlc": [1, 0],
        "parents": [keys::hex(parent)], "seen": null, "policy": policy.map(|id| keys::hex(id)), "body": body
    }))
}

fn roster() -> Value {
    let people = PEOPLE
        .map(|(name, role)| json!({"name": name, "roles": [role], "devices": [{"key": public(name), "age": null}]}));
    json!({"version": 1, "root": {"keys": [public("root")], "threshold": 1}, "people": people, "services": []})
}

fn policy() -> Value {
    let sign = json!({"all": [{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]});
    let much = "1000000000000.00";
    let tier = json!({
        "name": "simulation", "rank": 0, "kind": "simulation", "capital": much, "gross": much, "loss": much,
        "adv_share_bps": u32::MAX, "instruments": "any", "isolation": "none", "sign": sign, "cool_down_ns": "0",
        "valid_ns": i64::MAX.to_string(), "evidence": {"pack": false, "live_ns": "0", "live_from": null}
    });
    json!({"version": 1, "change": sign, "pause": {"role": "risk", "count": 1}, "tiers": [tier]})
}

/// A genesis, and the events by which three people grant a mandate over so many instruments.
pub fn signed_mandate(base: Currency, limits: &Limits, instruments: u32) -> (Vec<u8>, Vec<Vec<u8>>) {
    let root = Root { keys: vec![keys::public_key(&seed("root"))], threshold: 1 };
    let genesis = Genesis { fund: "Bench".to_owned(), base, origin: "bench/governance".to_owned(), root };
    let roster = event("roster", "root", &genesis.id(), None, &roster());
    let policy = event("policy", "root", &keys::sha256(roster.as_bytes()), None, &policy());
    let rules = keys::sha256(policy.as_bytes());
    let universe: Vec<String> = (0..instruments).map(|i| format!("S{i}")).collect();
    let body = json!({
        "strategy": "bench", "artifact": keys::hex(&artifact()), "manifest": manifest(), "tier": "simulation",
        "limits": limits_to_json(limits), "universe": universe, "valid_until": i64::MAX.to_string(), "prev": null,
        "evidence": {"event": null, "pack": null, "live": null}, "authors": ["Ada"]
    });
    let proposal = event("proposal", "Ada", &rules, Some(&rules), &body);
    let name = keys::sha256(proposal.as_bytes());
    let yes = |who: &str, role: &str| {
        let body = json!({"proposal": keys::hex(&name), "role": role, "decision": "approve"});
        seal(event("approval", who, &name, Some(&rules), &body).as_bytes(), &[seed(who)])
    };
    let envelopes = vec![
        seal(roster.as_bytes(), &[seed("root")]),
        seal(policy.as_bytes(), &[seed("root")]),
        seal(proposal.as_bytes(), &[seed("Ada")]),
        yes("Rita", "risk"),
        yes("Fay", "fund_manager"),
    ];
    (genesis.to_bytes(), envelopes)
}
