//! The authority as people meet it: a roster, a proposal, approvals, and everything that must not count.

mod properties;

use super::*;
use hedgerow_core::{Currency, Money, Tier};
use serde_json::{Value, json};

const DAY_ONE: Nanos = 1_700_000_000_000_000_000;
const A_YEAR_ON: Nanos = DAY_ONE + 365 * hedgerow_core::time::DAY;

fn seed(who: &str) -> [u8; 32] {
    keys::sha256(who.as_bytes())
}

/// A fund under test: signs events as its people would, and numbers them as the kernel would.
#[derive(Clone)]
struct Fund {
    authority: Authority,
    last: u64,
}

impl Fund {
    /// Two root keys, both needed; Ada writes strategies, Rita and Raj are risk officers, Fay manages the fund, and
    /// Duo is both.
    fn new() -> Fund {
        let genesis = Genesis {
            fund: "Quince Fund".to_owned(),
            base: Currency::parse("USD").unwrap(),
            root_keys: vec![keys::public_key(&seed("root 1")), keys::public_key(&seed("root 2"))],
            root_threshold: 2,
        };
        Fund { authority: Authority::new(&genesis), last: 0 }
    }

    fn staffed() -> Fund {
        let mut fund = Fund::new();
        fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
        fund
    }

    fn apply(&mut self, envelope: &[u8]) -> Result<Outcome, Problem> {
        self.last += 1;
        self.authority.apply(envelope, self.last, DAY_ONE)
    }

    fn event(&self, kind: &str, actor: &str, body: Value) -> Value {
        json!({
            "v": 1, "type": kind, "actor": actor, "device": keys::hex(&keys::keyid(&keys::public_key(&seed(actor)))),
            "hlc": [1, self.last], "parents": [keys::hex(&self.authority.genesis().id())], "body": body
        })
    }

    fn signed(&self, kind: &str, actor: &str, body: Value) -> Vec<u8> {
        sealed(&self.event(kind, actor, body), &[actor])
    }

    fn roster(&self, version: u64, people: &[Value], signers: &[&str]) -> Vec<u8> {
        let quorum = json!([{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]);
        let body = json!({"version": version, "people": people, "policy": {"quorum": quorum}});
        sealed(&self.event("roster", signers[0], body), signers)
    }

    fn proposal(&self, actor: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut body = json!({
            "strategy": "momentum", "artifact": "ab".repeat(32), "tier": "paper", "universe": ["AAA", "BBB"],
            "limits": {"capital": "1000000.00", "gross": "2000000", "order_lots": 500},
            "valid_until": A_YEAR_ON.to_string(), "title": "Momentum", "description": "", "authors": ["Ada"]
        });
        change(&mut body);
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

    fn revoke(&mut self, who: &str, mut body: Value) -> Result<Outcome, Problem> {
        body["reason"] = json!("losses");
        self.apply(&self.signed("revocation", who, body))
    }

    fn mandate(&self) -> Option<Mandate> {
        self.authority.strategies().first().and_then(|s| s.mandate)
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
    json!({"name": name, "roles": roles, "keys": [keys::hex(&keys::public_key(&seed(name)))]})
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

#[test]
fn a_quorum_of_two_roles_grants_exactly_what_was_proposed() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let outcome = fund.approve("Rita", "risk", &proposal).unwrap();
    assert_eq!(outcome, Outcome::Approved { proposal, missing: vec!["fund_manager".to_owned()] });
    assert_eq!(fund.mandate(), None);
    let Ok(Outcome::Granted { mandate, universe }) = fund.approve("Fay", "fund_manager", &proposal) else { panic!() };
    assert_eq!((mandate.artifact, mandate.proposal), ([0xab; 32], proposal));
    assert_eq!((mandate.limits.capital, mandate.limits.gross), (Money::units(1_000_000), Money::units(2_000_000)));
    assert_eq!((mandate.limits.order_lots, mandate.limits.loss), (500, Money::ZERO));
    assert_eq!((mandate.tier, mandate.strategy, mandate.revoked), (Tier::Paper as u8, 0, 0));
    assert_eq!((mandate.cause, mandate.ts, mandate.expires_ts), (fund.last, DAY_ONE, A_YEAR_ON));
    assert_eq!(universe.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["AAA", "BBB"]);
    assert_eq!(fund.mandate(), Some(*mandate));
}

#[test]
fn without_a_roster_nobody_can_do_anything() {
    let mut fund = Fund::new();
    fund.refuses(&fund.proposal("Ada", |_| {}), code::GOV_UNKNOWN_KEY, "Ada");
    fund.refuses(
        &fund.signed("revocation", "Rita", json!({"strategy": "x", "reason": ""})),
        code::GOV_UNKNOWN_KEY,
        "Rita",
    );
}

#[test]
fn a_roster_needs_the_root_threshold_and_no_stranger() {
    let mut fund = Fund::new();
    fund.refuses(&fund.roster(1, &people(), &["root 1"]), code::GOV_QUORUM, "1 root signatures, 2 needed");
    fund.refuses(&fund.roster(1, &people(), &["root 1", "Ada"]), code::GOV_UNKNOWN_KEY, "is not a root key");
    fund.refuses(
        &fund.roster(2, &people(), &["root 1", "root 2"]),
        code::GOV_ROSTER_VERSION,
        "version 2, 1 comes next",
    );
    assert_eq!(fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])), Ok(Outcome::RosterSet { version: 1 }));
    fund.refuses(&fund.roster(1, &people(), &["root 2", "root 1"]), code::GOV_ROSTER_VERSION, "2 comes next");
}

#[test]
fn a_roster_that_cannot_work_is_refused() {
    let mut fund = Fund::new();
    let mut twin = person("Eve", &["risk"]);
    twin["keys"] = person("Ada", &[])["keys"].clone();
    let keyless = json!({"name": "Eve", "roles": ["risk"], "keys": []});
    for (extra, words) in [
        (person("Ada", &["risk"]), "two people are called \"Ada\""),
        (twin, "is there twice"),
        (keyless, "Eve has no key"),
        (person("Eve", &["Risk"]), "not a role"),
        (person("Eve", &["risk", "risk"]), "twice"),
        (person(" Eve", &["risk"]), "trimmed"),
    ] {
        let people = [people(), vec![extra]].concat();
        fund.refuses(&fund.roster(1, &people, &["root 1", "root 2"]), code::GOV_BAD_BODY, words);
    }
    let alone = [person("Duo", &["risk", "fund_manager"])];
    fund.refuses(&fund.roster(1, &alone, &["root 1", "root 2"]), code::GOV_BAD_BODY, "fund_manager");
}

#[test]
fn an_author_never_decides_on_their_own_proposal() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|body| body["authors"] = json!(["Rita"]));
    for who in ["Ada", "Rita"] {
        fund.refuses(&fund.decision(who, "risk", &proposal, "approve"), code::GOV_SELF_APPROVAL, who);
    }
    let renamed: Vec<Value> = people()
        .into_iter()
        .map(|mut p| {
            if p["name"] == "Rita" {
                p["name"] = json!("Margherita");
            }
            p
        })
        .collect();
    fund.apply(&fund.roster(2, &renamed, &["root 1", "root 2"])).unwrap();
    let mut event = fund.event(
        "approval",
        "Margherita",
        json!({"proposal": keys::hex(&proposal), "role": "risk", "decision": "approve"}),
    );
    event["device"] = json!(keys::hex(&keys::keyid(&keys::public_key(&seed("Rita")))));
    fund.refuses(&sealed(&event, &["Rita"]), code::GOV_SELF_APPROVAL, "Margherita");
}

#[test]
fn one_human_with_two_roles_is_not_a_quorum() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.approve("Duo", "risk", &proposal).unwrap();
    let outcome = fund.approve("Duo", "fund_manager", &proposal).unwrap();
    assert_eq!(outcome, Outcome::Approved { proposal, missing: vec!["fund_manager".to_owned()] });
    assert!(matches!(fund.approve("Rita", "risk", &proposal), Ok(Outcome::Granted { .. })));
}

#[test]
fn a_person_speaks_only_in_a_role_they_hold_and_that_has_a_seat() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.refuses(&fund.decision("Fay", "risk", &proposal, "approve"), code::GOV_NOT_AUTHORISED, "not \"risk\"");
    fund.refuses(
        &fund.decision("Fay", "fund_manger", &proposal, "approve"),
        code::GOV_NOT_AUTHORISED,
        "did you mean \"fund_manager\"?",
    );
    fund.refuses(&fund.decision("Duo", "compliance", &proposal, "reject"), code::GOV_NOT_AUTHORISED, "no seat");
    fund.refuses(&fund.decision("Rita", "risk", &[9; 32], "approve"), code::GOV_UNKNOWN_PROPOSAL, "0909");
}

#[test]
fn a_rejection_by_a_needed_role_closes_the_proposal() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.approve("Fay", "fund_manager", &proposal).unwrap();
    let outcome = fund.apply(&fund.decision("Raj", "risk", &proposal, "reject"));
    assert_eq!(outcome, Ok(Outcome::Rejected { proposal }));
    fund.refuses(&fund.decision("Rita", "risk", &proposal, "approve"), code::GOV_CLOSED, "Raj rejected it");
}

#[test]
fn another_artifact_needs_approvals_of_its_own_and_then_replaces_the_mandate() {
    let mut fund = Fund::staffed();
    let first = fund.propose(|_| {});
    let granted = fund.grant(&first);
    let second = fund.propose(|body| body["artifact"] = json!("cd".repeat(32)));
    assert_eq!(fund.mandate(), Some(granted));
    fund.approve("Rita", "risk", &second).unwrap();
    assert_eq!(fund.mandate(), Some(granted));
    assert!(matches!(fund.approve("Fay", "fund_manager", &second), Ok(Outcome::Granted { .. })));
    assert_eq!(fund.mandate().unwrap().artifact, [0xcd; 32]);
    assert_eq!(fund.mandate().unwrap().strategy, granted.strategy);
    assert_eq!(fund.authority.proposals()[0].status, Status::Superseded { by: second });
}

#[test]
fn a_stale_proposal_cannot_take_the_place_of_a_newer_mandate() {
    let mut fund = Fund::staffed();
    let stale = fund.propose(|_| {});
    fund.approve("Rita", "risk", &stale).unwrap();
    let newer = fund.propose(|body| body["artifact"] = json!("cd".repeat(32)));
    fund.grant(&newer);
    fund.refuses(&fund.decision("Fay", "fund_manager", &stale, "approve"), code::GOV_CLOSED, "later proposal");
}

#[test]
fn a_risk_officer_takes_a_mandate_back_and_it_stays_back() {
    for by_strategy in [true, false] {
        let mut fund = Fund::staffed();
        let granted = fund.propose(|_| {});
        fund.grant(&granted);
        let open = fund.propose(|body| body["artifact"] = json!("cd".repeat(32)));
        let target =
            if by_strategy { json!({"strategy": "momentum"}) } else { json!({"proposal": keys::hex(&granted)}) };
        let Ok(Outcome::Revoked { strategy: 0, mandate: Some(mandate) }) = fund.revoke("Raj", target) else { panic!() };
        assert_eq!((mandate.revoked, mandate.proposal, mandate.cause), (1, granted, fund.last));
        assert_eq!(fund.mandate(), None);
        let decision = fund.decision("Rita", "risk", &open, "approve");
        if by_strategy {
            fund.refuses(&decision, code::GOV_CLOSED, "Raj revoked it");
        } else {
            fund.apply(&decision).unwrap();
        }
    }
}

#[test]
fn only_risk_revokes_and_only_what_exists() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.grant(&proposal);
    let fay = fund.signed("revocation", "Fay", json!({"strategy": "momentum", "reason": ""}));
    fund.refuses(&fay, code::GOV_NOT_AUTHORISED, "Fay is [\"fund_manager\"]");
    let typo = fund.signed("revocation", "Rita", json!({"strategy": "momentun", "reason": ""}));
    fund.refuses(&typo, code::CORE_UNKNOWN_STRATEGY, "did you mean \"momentum\"?");
    let both = json!({"strategy": "momentum", "proposal": keys::hex(&proposal), "reason": ""});
    fund.refuses(&fund.signed("revocation", "Rita", both), code::GOV_BAD_BODY, "not both");
}

#[test]
fn what_has_lapsed_is_neither_proposed_nor_approved() {
    let mut fund = Fund::staffed();
    let late = fund.proposal("Ada", |body| body["valid_until"] = json!(DAY_ONE.to_string()));
    fund.refuses(&late, code::GOV_CLOSED, "valid until");
    let proposal = fund.propose(|_| {});
    fund.approve("Rita", "risk", &proposal).unwrap();
    let last = fund.decision("Fay", "fund_manager", &proposal, "approve");
    assert_eq!(fund.authority.apply(&last, 9, A_YEAR_ON).unwrap_err().code, code::GOV_CLOSED);
    assert!(matches!(fund.authority.apply(&last, 9, A_YEAR_ON - 1), Ok(Outcome::Granted { .. })));
}

#[test]
fn an_approval_counts_only_while_its_key_and_role_are_on_the_roster() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.approve("Rita", "risk", &proposal).unwrap();
    let without_rita: Vec<Value> = people().into_iter().filter(|p| p["name"] != "Rita").collect();
    fund.apply(&fund.roster(2, &without_rita, &["root 1", "root 2"])).unwrap();
    let outcome = fund.approve("Fay", "fund_manager", &proposal).unwrap();
    assert_eq!(outcome, Outcome::Approved { proposal, missing: vec!["risk".to_owned()] });
    fund.refuses(&fund.decision("Rita", "risk", &proposal, "approve"), code::GOV_UNKNOWN_KEY, "Rita");
    assert!(matches!(fund.approve("Raj", "risk", &proposal), Ok(Outcome::Granted { .. })));
}

#[test]
fn the_same_event_counts_once_and_an_orphan_not_at_all() {
    let mut fund = Fund::staffed();
    let proposal = fund.proposal("Ada", |_| {});
    fund.apply(&proposal).unwrap();
    fund.refuses(&proposal, code::GOV_DUPLICATE, "event");
    let mut orphan =
        fund.event("approval", "Rita", json!({"proposal": "00".repeat(32), "role": "risk", "decision": "approve"}));
    orphan["parents"] = json!(["11".repeat(32)]);
    fund.refuses(&sealed(&orphan, &["Rita"]), code::GOV_UNKNOWN_PARENT, "1111");
}

#[test]
fn an_event_of_another_fund_does_not_count_in_this_one() {
    let mut other = Fund::new();
    other.authority = Authority::new(&Genesis { fund: "Other Fund".to_owned(), ..other.authority.genesis().clone() });
    let mut fund = Fund::new();
    fund.refuses(&other.roster(1, &people(), &["root 1", "root 2"]), code::GOV_UNKNOWN_PARENT, "parent");
}

#[test]
fn nobody_signs_for_another() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let body = json!({"proposal": keys::hex(&proposal), "role": "fund_manager", "decision": "approve"});
    let mut forged = fund.event("approval", "Fay", body.clone());
    fund.refuses(&sealed(&forged, &["Rita"]), code::GOV_BAD_ENVELOPE, "device");
    forged["device"] = json!(keys::hex(&keys::keyid(&keys::public_key(&seed("Rita")))));
    fund.refuses(&sealed(&forged, &["Rita"]), code::GOV_NOT_AUTHORISED, "is Rita's, not Fay's");
    fund.refuses(
        &sealed(&fund.event("approval", "Fay", body.clone()), &["Fay", "Rita"]),
        code::GOV_BAD_ENVELOPE,
        "2 signatures",
    );
    fund.refuses(&fund.signed("approval", "Mallory", body), code::GOV_UNKNOWN_KEY, "Mallory");
}

#[test]
fn a_malformed_proposal_is_refused_with_the_field_and_the_value() {
    let mut fund = Fund::staffed();
    let cases: [(&str, Value, &str); 10] = [
        ("strategy", json!(""), "strategy is \"\""),
        ("artifact", json!("AB".repeat(32)), "artifact"),
        ("tier", json!("papre"), "did you mean \"paper\"?"),
        ("limits", json!({"captal": "1"}), "did you mean \"capital\"?"),
        ("limits", json!({"capital": "1e6"}), "capital is \"1e6\""),
        ("universe", json!([]), "universe is empty"),
        ("universe", json!(["AAA", "AAA"]), "AAA twice"),
        ("valid_until", json!(5), "valid_until is 5"),
        ("authors", json!(["Adda"]), "did you mean \"Ada\"?"),
        ("leverage", json!(1), "unknown field \"leverage\""),
    ];
    for (field, value, words) in cases {
        let envelope = fund.proposal("Ada", |body| body[field] = value);
        fund.refuses(&envelope, code::GOV_BAD_BODY, words);
    }
    let mut event = fund.event("proposal", "Ada", json!({}));
    event["type"] = json!("proposel");
    fund.refuses(&sealed(&event, &["Ada"]), code::GOV_BAD_BODY, "did you mean \"proposal\"?");
}

#[test]
fn a_proposal_beyond_the_room_for_strategies_is_refused() {
    let mut fund = Fund::staffed();
    fund.authority = fund.authority.clone().with_room_for(1);
    fund.propose(|_| {});
    fund.propose(|body| body["artifact"] = json!("cd".repeat(32)));
    let second = fund.proposal("Ada", |body| body["strategy"] = json!("reversion"));
    fund.refuses(&second, code::CORE_CAPACITY, "room for 1 strategies");
}

#[test]
fn the_description_shows_what_each_proposal_lacks_and_which_mandate_is_in_force() {
    let mut fund = Fund::staffed();
    let granted = fund.propose(|_| {});
    fund.grant(&granted);
    let open = fund.propose(|body| body["artifact"] = json!("cd".repeat(32)));
    fund.approve("Rita", "risk", &open).unwrap();
    let state = fund.authority.describe();
    assert_eq!(state["strategies"], json!([{"name": "momentum", "in_force": keys::hex(&granted)}]));
    assert_eq!(state["proposals"][0]["status"], "granted");
    assert_eq!(state["proposals"][1]["missing"], json!(["fund_manager"]));
    assert_eq!(state["proposals"][1]["votes"], json!([{"person": "Rita", "role": "risk"}]));
    assert_eq!(state["proposals"][0]["limits"]["capital"], "1000000.00");
    assert_eq!(state["roster"]["people"].as_array().unwrap().len(), people().len());
    assert!(canonical::write(&state).is_ok());
}
