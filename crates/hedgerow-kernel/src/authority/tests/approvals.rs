//! Proposals and approvals: what grants, and everything that must not.

use super::*;

#[test]
fn a_quorum_of_two_roles_grants_exactly_what_was_proposed() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let outcome = fund.approve("Rita", "risk", &proposal).unwrap();
    assert_eq!(outcome, Outcome::Approved { proposal, missing: vec!["fund_manager".to_owned()] });
    assert_eq!(fund.mandate(), None);
    let Ok(Outcome::Granted { mandate, universe }) = fund.approve("Fay", "fund_manager", &proposal) else { panic!() };
    let hash = keys::sha256(canonical::write(&manifest("one")).unwrap().as_bytes());
    assert_eq!((mandate.artifact, mandate.proposal), (hash, proposal));
    assert_eq!((mandate.limits.capital, mandate.limits.gross), (Money::units(1_000_000), Money::units(2_000_000)));
    assert_eq!((mandate.limits.order_lots, mandate.limits.loss), (500, Money::ZERO));
    assert_eq!((mandate.kind, mandate.rank, mandate.index), (TierKind::Paper as u8, 1, 1));
    assert_eq!((mandate.strategy, mandate.revoked, mandate.paused), (0, 0, 0));
    assert_eq!((mandate.cause, mandate.ts, mandate.from_ts, mandate.expires_ts), (fund.last, DAY_ONE, 0, A_YEAR_ON));
    assert_eq!(universe.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["AAA", "BBB"]);
    assert_eq!(fund.mandate(), Some(*mandate));
}

#[test]
fn an_author_never_decides_on_their_own_proposal() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|body| {
        body["authors"] = json!(["Rita"]);
        body["manifest"]["credits"] = json!([{"name": "Rita", "share_bps": 10_000}]);
    });
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
    let body = json!({"proposal": keys::hex(&proposal), "role": "risk", "decision": "approve"});
    let mut event = fund.event("approval", "Margherita", body);
    event["device"] = json!(keys::hex(&keys::keyid(&public("Rita"))));
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
    let second = fund.propose(|body| body["manifest"] = manifest("two"));
    assert_eq!(fund.mandate(), Some(granted));
    fund.approve("Rita", "risk", &second).unwrap();
    assert_eq!(fund.mandate(), Some(granted));
    assert!(matches!(fund.approve("Fay", "fund_manager", &second), Ok(Outcome::Granted { .. })));
    let now = fund.mandate().unwrap();
    assert_ne!(now.artifact, granted.artifact);
    assert_eq!((now.strategy, now.index), (granted.strategy, 2));
    assert_eq!(fund.authority.proposals()[0].status, Status::Superseded { by: second });
}

#[test]
fn of_two_racing_changes_only_one_takes_effect() {
    let mut fund = Fund::staffed();
    let one = fund.propose(|_| {});
    let other = fund.propose(|body| body["manifest"] = manifest("two"));
    let late = fund.proposal("Ada", |body| body["manifest"] = manifest("three"));
    fund.approve("Rita", "risk", &other).unwrap();
    fund.grant(&one);
    fund.refuses(&fund.decision("Fay", "fund_manager", &other, "approve"), code::GOV_CLOSED, "later change");
    fund.refuses(&late, code::GOV_STALE, &format!("prev is nothing, the last change is {}", keys::hex(&one)));
    let invented = fund.proposal("Ada", |body| body["prev"] = json!("11".repeat(32)));
    fund.refuses(&invented, code::GOV_STALE, "prev is 1111");
}

#[test]
fn what_has_lapsed_is_neither_proposed_nor_approved() {
    let mut fund = Fund::staffed();
    let late = fund.proposal("Ada", |body| body["valid_until"] = json!(DAY_ONE.to_string()));
    fund.refuses(&late, code::GOV_CLOSED, "valid until");
    let proposal = fund.propose(|_| {});
    fund.approve("Rita", "risk", &proposal).unwrap();
    let last = fund.decision("Fay", "fund_manager", &proposal, "approve");
    let mut later = fund.authority.clone();
    assert_eq!(later.apply(&last, 9, A_YEAR_ON).unwrap_err().code, code::GOV_CLOSED);
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
    forged["device"] = json!(keys::hex(&keys::keyid(&public("Rita"))));
    fund.refuses(&sealed(&forged, &["Rita"]), code::GOV_NOT_AUTHORISED, "is Rita's, not Fay's");
    let two = sealed(&fund.event("approval", "Fay", body.clone()), &["Fay", "Rita"]);
    fund.refuses(&two, code::GOV_BAD_ENVELOPE, "2 signatures");
    fund.refuses(&fund.signed("approval", "Mallory", body.clone()), code::GOV_UNKNOWN_KEY, "Mallory");
    fund.refuses(&fund.signed("approval", "run service", body), code::GOV_NOT_AUTHORISED, "is a service");
}

#[test]
fn a_malformed_proposal_is_refused_with_the_field_and_the_value() {
    let mut fund = Fund::staffed();
    let cases: [(&str, Value, &str); 14] = [
        ("strategy", json!(""), "strategy is \"\""),
        ("artifact", json!("AB".repeat(32)), "artifact"),
        ("artifact", json!("ab".repeat(32)), "the manifest's hash"),
        ("tier", json!("papre"), "did you mean \"paper\"?"),
        ("limits", json!({"captal": "1"}), "did you mean \"capital\"?"),
        ("limits", json!({"capital": "1e6"}), "capital is \"1e6\""),
        ("universe", json!([]), "universe is empty"),
        ("universe", json!(["AAA", "AAA"]), "AAA twice"),
        ("valid_until", json!(5), "valid_until is 5"),
        ("authors", json!(["Adda"]), "credits [\"Ada\"]"),
        ("leverage", json!(1), "unknown field \"leverage\""),
        ("manifest", json!({"v": 2}), "lacks the field"),
        ("evidence", json!({"event": null, "pack": null}), "lacks the field \"live\""),
        ("prev", json!("x"), "prev is \"x\""),
    ];
    for (field, value, words) in cases {
        let envelope = fund.proposal("Ada", |body| body[field] = value);
        fund.refuses(&envelope, code::GOV_BAD_BODY, words);
    }
    let stranger = fund.proposal("Ada", |body| {
        body["authors"] = json!(["Adda"]);
        body["manifest"]["credits"] = json!([{"name": "Adda", "share_bps": 10_000}]);
    });
    fund.refuses(&stranger, code::GOV_BAD_BODY, "did you mean \"Ada\"?");
    let mut event = fund.event("proposal", "Ada", json!({}));
    event["type"] = json!("proposel");
    fund.refuses(&sealed(&event, &["Ada"]), code::GOV_BAD_BODY, "did you mean \"proposal\"?");
}

#[test]
fn a_malformed_manifest_is_refused_with_the_field_and_the_value() {
    let mut fund = Fund::staffed();
    let shares = |a: i64, b: i64| json!([{"name": "Ada", "share_bps": a}, {"name": "Rita", "share_bps": b}]);
    let cases: [(&str, Value, &str); 9] = [
        ("v", json!(1), "v is 1"),
        ("content", json!({"sha256": "ab"}), "with a \"kind\""),
        ("credits", shares(5_000, 4_999), "add up to 9999"),
        ("credits", shares(10_000, 0), "from 1 to 10000"),
        ("credits", json!([]), "add up to 0"),
        ("risk", json!({"beta": 1}), "risk.beta is 1"),
        ("commitments", json!({"vectors": "ab"}), "vectors is \"ab\""),
        ("horizon_ns", json!(5), "horizon_ns is 5"),
        ("capacity", json!("1e9"), "capacity is \"1e9\""),
    ];
    for (field, value, words) in cases {
        let envelope = fund.proposal("Ada", |body| body["manifest"][field] = value);
        fund.refuses(&envelope, code::GOV_BAD_BODY, words);
    }
}

#[test]
fn an_event_that_misses_or_adds_a_field_is_refused() {
    let mut fund = Fund::staffed();
    let good = fund.event("pause", "Rita", json!({"strategy": "momentum", "reason": ""}));
    for field in ["v", "type", "stream", "actor", "device", "hlc", "parents", "seen", "policy", "body"] {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(field);
        fund.refuses(&sealed(&event, &["Rita"]), code::GOV_BAD_BODY, field);
    }
    let cases: [(&str, Value, Code, &str); 7] = [
        ("stream", json!("journal"), code::GOV_STREAM, "\"journal\""),
        ("hlc", json!([DAY_ONE / 1_000_000 + CLOCK_AHEAD_MS + 1, 0]), code::GOV_CLOCK, "Rita's clock"),
        ("policy", json!("11".repeat(32)), code::GOV_POLICY, "1111"),
        ("seen", json!({"origin": "x", "size": 1}), code::GOV_BAD_BODY, "lacks the field \"root\""),
        ("seen", json!({"origin": "x", "size": -1, "root": "11".repeat(32)}), code::GOV_BAD_BODY, "size is -1"),
        ("parents", json!([]), code::GOV_BAD_BODY, "parents is empty"),
        ("polcy", json!(null), code::GOV_BAD_BODY, "did you mean \"policy\"?"),
    ];
    for (field, value, code, words) in cases {
        let mut event = good.clone();
        event[field] = value;
        fund.refuses(&sealed(&event, &["Rita"]), code, words);
    }
    fund.ts -= 1;
    fund.refuses(&sealed(&good, &["Rita"]), code::CORE_TIME_ORDER, "sequenced at");
}

#[test]
fn a_proposal_beyond_the_room_for_strategies_is_refused() {
    let mut fund = Fund::staffed();
    fund.authority = fund.authority.clone().with_room_for(1);
    fund.propose(|_| {});
    fund.propose(|body| body["manifest"] = manifest("two"));
    let second = fund.proposal("Ada", |body| body["strategy"] = json!("reversion"));
    fund.refuses(&second, code::CORE_CAPACITY, "room for 1 strategies");
}

#[test]
fn the_description_shows_what_each_proposal_lacks_and_which_mandate_is_in_force() {
    let mut fund = Fund::staffed();
    let granted = fund.propose(|_| {});
    fund.grant(&granted);
    let open = fund.propose(|body| body["manifest"] = manifest("two"));
    fund.approve("Rita", "risk", &open).unwrap();
    let state = fund.authority.describe();
    let strategy = json!({"name": "momentum", "last_change": keys::hex(&granted), "retired_by": null});
    assert_eq!(state["strategies"], json!([strategy]));
    assert_eq!(state["proposals"][0]["status"], "granted");
    assert_eq!(state["proposals"][1]["missing"], json!(["fund_manager"]));
    assert_eq!(state["proposals"][1]["votes"][0]["person"], "Rita");
    assert_eq!(state["proposals"][0]["limits"]["capital"], "1000000.00");
    assert_eq!(state["mandates"][0]["index"], 1);
    assert_eq!(state["mandates"][0]["since"], DAY_ONE.to_string());
    assert_eq!(state["mandates"][0]["until"], A_YEAR_ON.to_string());
    assert_eq!(state["roster"]["people"].as_array().unwrap().len(), people().len());
    assert!(canonical::write(&state).is_ok());
}
