//! Rosters: who may set them, how the root changes hands, and what cannot work.

use super::*;

#[test]
fn without_a_roster_nobody_can_do_anything() {
    let mut fund = Fund::new();
    fund.refuses(&fund.proposal("Ada", |_| {}), code::GOV_UNKNOWN_KEY, "Ada");
    let revocation = fund.signed("revocation", "Rita", json!({"strategy": "x", "reason": ""}));
    fund.refuses(&revocation, code::GOV_UNKNOWN_KEY, "Rita");
    fund.refuses(&fund.policy(1, policy(1), &["root 1", "root 2"]), code::GOV_SEATS, "no roster");
}

#[test]
fn a_roster_needs_the_root_threshold_and_no_stranger() {
    let mut fund = Fund::new();
    fund.refuses(&fund.roster(1, &people(), &["root 1"]), code::GOV_QUORUM, "1 root signatures, 2 needed");
    fund.refuses(&fund.roster(1, &people(), &["root 1", "Ada"]), code::GOV_UNKNOWN_KEY, "is not a root key");
    let second = fund.roster(2, &people(), &["root 1", "root 2"]);
    fund.refuses(&second, code::GOV_ROSTER_VERSION, "version 2, 1 comes next");
    assert_eq!(fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])), Ok(Outcome::RosterSet { version: 1 }));
    fund.refuses(&fund.roster(1, &people(), &["root 2", "root 1"]), code::GOV_ROSTER_VERSION, "2 comes next");
}

#[test]
fn the_root_changes_hands_only_when_the_old_and_the_new_one_sign() {
    let mut fund = Fund::staffed();
    let next = ["root 3", "root 4"];
    for (signers, words) in [
        (vec!["root 1", "root 2"], "0 root signatures, 2 needed"),
        (vec!["root 3", "root 4"], "0 root signatures, 2 needed"),
        (vec!["root 1", "root 3", "root 4"], "1 root signatures, 2 needed"),
        (vec!["root 1", "root 2", "root 3"], "1 root signatures, 2 needed"),
    ] {
        fund.refuses(&fund.roster_of(2, &people(), &next, &signers), code::GOV_QUORUM, words);
    }
    let all = ["root 1", "root 2", "root 3", "root 4"];
    assert_eq!(fund.apply(&fund.roster_of(2, &people(), &next, &all)), Ok(Outcome::RosterSet { version: 2 }));
    let by_the_old = fund.roster_of(3, &people(), &next, &["root 1", "root 2"]);
    fund.refuses(&by_the_old, code::GOV_UNKNOWN_KEY, "is not a root key");
    assert_eq!(fund.apply(&fund.roster_of(3, &people(), &next, &next)), Ok(Outcome::RosterSet { version: 3 }));
}

#[test]
fn a_key_in_both_roots_counts_for_both() {
    let mut fund = Fund::staffed();
    let next = ["root 2", "root 3"];
    fund.refuses(&fund.roster_of(2, &people(), &next, &next), code::GOV_QUORUM, "1 root signatures");
    let outcome = fund.apply(&fund.roster_of(2, &people(), &next, &["root 1", "root 2", "root 3"]));
    assert_eq!(outcome, Ok(Outcome::RosterSet { version: 2 }));
}

#[test]
fn a_roster_that_cannot_be_read_is_refused() {
    let mut fund = Fund::new();
    let mut twin = person("Eve", &["risk"]);
    twin["devices"] = person("Ada", &[])["devices"].clone();
    let keyless = json!({"name": "Eve", "roles": ["risk"], "devices": []});
    let mut odd = person("Eve", &["risk"]);
    odd["devices"][0]["age"] = json!("AGE1x");
    for (extra, words) in [
        (person("Ada", &["risk"]), "two are called \"Ada\""),
        (person("run service", &["risk"]), "two are called \"run service\""),
        (twin, "is there twice"),
        (keyless, "Eve has no device"),
        (odd, "not an age recipient"),
        (person("Eve", &["Risk"]), "not a role"),
        (person("Eve", &["risk", "risk"]), "twice"),
        (person(" Eve", &["risk"]), "trimmed"),
    ] {
        let people = [people(), vec![extra]].concat();
        fund.refuses(&fund.roster(1, &people, &["root 1", "root 2"]), code::GOV_BAD_BODY, words);
    }
}

#[test]
fn a_roster_that_leaves_the_policy_without_its_people_is_refused() {
    let mut fund = Fund::staffed();
    let some = |names: &[&str]| -> Vec<Value> {
        people().into_iter().filter(|p| names.contains(&p["name"].as_str().unwrap())).collect()
    };
    let alone = fund.roster(2, &some(&["Ada", "Rita", "Raj"]), &["root 1", "root 2"]);
    fund.refuses(&alone, code::GOV_SEATS, "nobody is left for [\"fund_manager\"]");
    let two_of_two = fund.roster(2, &some(&["Rita", "Raj", "Fay"]), &["root 1", "root 2"]);
    fund.refuses(&two_of_two, code::GOV_SEATS, "2 people are \"risk\", 3 are demanded");
    assert!(fund.apply(&fund.roster(2, &some(&["Rita", "Raj", "Duo", "Fay"]), &["root 1", "root 2"])).is_ok());
}

#[test]
fn a_service_signs_within_its_scope_and_time() {
    let mut fund = Fund::staffed();
    let body = json!({"artifact": "ab".repeat(32), "pack": "cd".repeat(32), "trials": 7, "summary": {"sharpe": "1.1"}});
    let of = |fund: &Fund, who: &str| fund.signed("evidence", who, body.clone());
    fund.refuses(&of(&fund, "epoch service"), code::GOV_NOT_AUTHORISED, "not \"evidence\"");
    fund.refuses(&of(&fund, "Rita"), code::GOV_NOT_AUTHORISED, "Rita is a person");
    let mut late = fund.clone();
    late.ts = SERVICES_END;
    late.refuses(&of(&late, "evidence service"), code::GOV_NOT_AUTHORISED, "was valid until");
    fund.ts = SERVICES_END - 1;
    let known = Outcome::EvidenceKnown { artifact: [0xab; 32], pack: [0xcd; 32] };
    assert_eq!(fund.apply(&of(&fund, "evidence service")), Ok(known));
    let mut unknown = person("x", &[]);
    unknown = json!({"name": "x", "key": unknown["devices"][0]["key"], "scopes": ["sequense"], "valid_until": "1"});
    let mut event =
        fund.event("roster", "root 1", json!({"version": 2, "root": {"keys": [], "threshold": 1}, "people": []}));
    event["body"]["root"]["keys"] = json!([keys::hex(&public("root 1"))]);
    event["body"]["services"] = json!([unknown]);
    fund.refuses(&sealed(&event, &["root 1", "root 2"]), code::GOV_BAD_BODY, "did you mean \"sequence\"?");
}
