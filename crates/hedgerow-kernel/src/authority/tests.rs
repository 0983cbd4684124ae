//! The authority as people meet it: a roster, a policy, a proposal, approvals, and everything that must not count.

mod approvals;
mod evidence;
mod model;
mod policies;
mod properties;
mod restraints;
mod revocations;
mod rosters;
mod vectors;

use super::*;
use hedgerow_core::{Currency, Isolation, Money, TierKind, time::DAY};
use serde_json::{Value, json};

const DAY_ONE: Nanos = 1_700_000_000_000_000_000;
const A_YEAR_ON: Nanos = DAY_ONE + 365 * DAY;
/// Every service's last moment.
const SERVICES_END: Nanos = DAY_ONE + 100 * DAY;

fn seed(who: &str) -> [u8; 32] {
    keys::sha256(who.as_bytes())
}

fn public(who: &str) -> PublicKey {
    keys::public_key(&seed(who))
}

/// A fund under test: signs events as its people would, and numbers them as the kernel would.
#[derive(Clone)]
struct Fund {
    authority: Authority,
    last: u64,
    ts: Nanos,
}

impl Fund {
    /// Two root keys, both needed; Ada writes strategies, Rita and Raj are risk officers, Fay manages the fund, and
    /// Duo is both.
    fn new() -> Fund {
        let genesis = Genesis {
            fund: "Quince Fund".to_owned(),
            base: Currency::parse("USD").unwrap(),
            origin: "quince-fund/governance".to_owned(),
            root: Root { keys: vec![public("root 1"), public("root 2")], threshold: 2 },
        };
        Fund { authority: Authority::new(&genesis), last: 0, ts: DAY_ONE }
    }

    fn staffed() -> Fund {
        let mut fund = Fund::new();
        fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
        fund.apply(&fund.policy(1, policy(1), &["root 1", "root 2"])).unwrap();
        fund
    }

    fn apply(&mut self, envelope: &[u8]) -> Result<Outcome, Problem> {
        self.last += 1;
        self.authority.apply(envelope, self.last, self.ts)
    }

    fn event(&self, kind: &str, actor: &str, body: Value) -> Value {
        json!({
            "v": 1, "type": kind, "stream": "governance", "actor": actor,
            "device": keys::hex(&keys::keyid(&public(actor))), "hlc": [1, self.last],
            "parents": [keys::hex(&self.authority.genesis().id())], "seen": null,
            "policy": self.authority.policy().map(|policy| keys::hex(&policy.id)), "body": body
        })
    }

    fn signed(&self, kind: &str, actor: &str, body: Value) -> Vec<u8> {
        sealed(&self.event(kind, actor, body), &[actor])
    }

    fn roster(&self, version: u64, people: &[Value], signers: &[&str]) -> Vec<u8> {
        self.roster_of(version, people, &["root 1", "root 2"], signers)
    }

    fn roster_of(&self, version: u64, people: &[Value], root: &[&str], signers: &[&str]) -> Vec<u8> {
        let keys: Vec<String> = root.iter().map(|who| keys::hex(&public(who))).collect();
        let services: Vec<Value> = ["evidence", "epoch", "run"]
            .iter()
            .map(|scope| {
                let name = format!("{scope} service");
                json!({
                    "name": name, "key": keys::hex(&public(&name)), "scopes": [scope],
                    "valid_until": SERVICES_END.to_string()
                })
            })
            .collect();
        let body = json!({
            "version": version, "root": {"keys": keys, "threshold": root.len()}, "people": people, "services": services
        });
        sealed(&self.event("roster", signers[0], body), signers)
    }

    fn policy(&self, version: u64, mut body: Value, signers: &[&str]) -> Vec<u8> {
        body["version"] = json!(version);
        sealed(&self.event("policy", signers[0], body), signers)
    }

    /// Ada's proposal of momentum for paper money, on top of the last change.
    fn proposal(&self, actor: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut body = json!({
            "strategy": "momentum", "tier": "paper", "universe": ["AAA", "BBB"],
            "limits": {"capital": "1000000.00", "gross": "2000000", "order_lots": 500},
            "valid_until": A_YEAR_ON.to_string(), "prev": null,
            "evidence": {"event": null, "pack": null, "live": null}, "authors": ["Ada"], "manifest": manifest("one")
        });
        body["prev"] = json!(self.last_change().map(|id| keys::hex(&id)));
        change(&mut body);
        if body.get("artifact").is_none() {
            let text = canonical::write(&body["manifest"]).unwrap_or_default();
            body["artifact"] = json!(keys::hex(&keys::sha256(text.as_bytes())));
        }
        self.signed("proposal", actor, body)
    }

    /// Records Ada's proposal and returns its name.
    fn propose(&mut self, change: impl FnOnce(&mut Value)) -> EventId {
        match self.apply(&self.proposal("Ada", change)) {
            Ok(Outcome::Proposed { proposal, .. }) => proposal,
            other => panic!("{other:?}"),
        }
    }

    fn decision(&self, who: &str, role: &str, proposal: &EventId, decision: &str) -> Vec<u8> {
        let body = json!({"proposal": keys::hex(proposal), "role": role, "decision": decision});
        self.signed("approval", who, body)
    }

    fn approve(&mut self, who: &str, role: &str, proposal: &EventId) -> Result<Outcome, Problem> {
        self.apply(&self.decision(who, role, proposal, "approve"))
    }

    fn grant(&mut self, proposal: &EventId) -> Mandate {
        self.approve("Rita", "risk", proposal).unwrap();
        match self.approve("Fay", "fund_manager", proposal) {
            Ok(Outcome::Granted { mandate, .. }) => *mandate,
            other => panic!("{other:?}"),
        }
    }

    fn says(&mut self, who: &str, kind: &str, mut body: Value) -> Result<Outcome, Problem> {
        body["reason"] = json!("losses");
        self.apply(&self.signed(kind, who, body))
    }

    /// The mandate that momentum trades under now.
    fn mandate(&self) -> Option<Mandate> {
        let place = self.authority.current(0, self.ts)?;
        let row = &self.authority.mandates()[place];
        (row.paused_ts.is_none() && row.mandate.expires_ts > self.ts).then_some(row.mandate)
    }

    /// The last change of momentum's allocation.
    fn last_change(&self) -> Option<EventId> {
        self.authority.strategies().first().and_then(|momentum| momentum.last_change)
    }

    /// The event is refused with this code and these words, and nothing has changed.
    fn refuses(&mut self, envelope: &[u8], code: Code, words: &str) {
        let before = self.authority.clone();
        let problem = self.apply(envelope).unwrap_err();
        assert_eq!(problem.code, code, "{problem}");
        assert!(problem.detail.contains(words), "{words}: {problem}");
        assert_eq!(self.authority, before);
    }
}

fn sealed(event: &Value, signers: &[&str]) -> Vec<u8> {
    let seeds: Vec<[u8; 32]> = signers.iter().map(|who| seed(who)).collect();
    seal(canonical::write(event).unwrap().as_bytes(), &seeds)
}

fn person(name: &str, roles: &[&str]) -> Value {
    json!({"name": name, "roles": roles, "devices": [{"key": keys::hex(&public(name)), "age": null}]})
}

fn people() -> Vec<Value> {
    vec![
        person("Ada", &["researcher", "risk"]),
        person("Rita", &["risk"]),
        person("Raj", &["risk"]),
        person("Fay", &["fund_manager"]),
        person("Duo", &["risk", "fund_manager", "compliance"]),
    ]
}

/// A manifest whose content is named by a word.
fn manifest(word: &str) -> Value {
    json!({
        "v": 2, "content": {"v": 1, "kind": "bytes", "sha256": keys::hex(&keys::sha256(word.as_bytes()))},
        "title": "Momentum", "description": "", "universe": ["AAA", "BBB"], "data": [], "horizon_ns": "0",
        "capacity": "1000000.00", "risk": {"style": "trend"}, "credits": [{"name": "Ada", "share_bps": 10_000}],
        "commitments": {}
    })
}

/// Simulation, paper at once; canary with a day's cool-down, after ten days of paper; full with both and two of risk.
/// Simulation names the weakest isolation, the others say nothing of it.
fn policy(version: u64) -> Value {
    let quorum = json!({"all": [{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]});
    let tier = |rank: usize, name: &str, kind: &str, capital: &str, cool_days: i64, live_days: i64| {
        json!({
            "name": name, "rank": rank, "kind": kind, "capital": capital, "gross": "5000000.00", "loss": "100000.00",
            "adv_share_bps": 100, "instruments": "any", "sign": quorum, "cool_down_ns": (cool_days * DAY).to_string(),
            "valid_ns": (2 * 365 * DAY).to_string(),
            "evidence": {"pack": false, "live_ns": (live_days * DAY).to_string(), "live_from": null}
        })
    };
    let mut simulation = tier(0, "simulation", "simulation", "100000000.00", 0, 0);
    simulation["isolation"] = json!("none");
    json!({
        "version": version, "change": {"all": [{"role": "risk", "count": 2, "of": 3}, {"role": "fund_manager", "count": 1}]},
        "pause": {"role": "risk", "count": 1},
        "tiers": [
            simulation, tier(1, "paper", "paper", "10000000.00", 0, 0),
            tier(2, "canary", "live", "500000.00", 1, 10), tier(3, "full", "live", "20000000.00", 2, 20)
        ]
    })
}
