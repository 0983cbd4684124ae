//! Revocation of capital and of keys, and the epochs that follow from who left.

use super::*;

#[test]
fn a_risk_officer_takes_a_mandate_back_and_it_stays_back() {
    for by_strategy in [true, false] {
        let mut fund = Fund::staffed();
        let granted = fund.propose(|_| {});
        fund.grant(&granted);
        let open = fund.propose(|body| body["manifest"] = manifest("two"));
        let target =
            if by_strategy { json!({"strategy": "momentum"}) } else { json!({"proposal": keys::hex(&granted)}) };
        let mut body = target;
        body["reason"] = json!("");
        let revocation = fund.signed("revocation", "Raj", body);
        let Ok(Outcome::Revoked { strategy: 0, mandates }) = fund.apply(&revocation) else { panic!() };
        let [mandate] = mandates.as_slice() else { panic!() };
        assert_eq!((mandate.revoked, mandate.proposal, mandate.cause), (1, granted, fund.last));
        assert_eq!((fund.mandate(), fund.last_change()), (None, Some(Envelope::parse(&revocation).unwrap().id())));
        let decision = fund.decision("Rita", "risk", &open, "approve");
        if by_strategy {
            fund.refuses(&decision, code::GOV_CLOSED, "Raj revoked it");
        } else {
            fund.refuses(&decision, code::GOV_STALE, "the last change is");
        }
        let anew = fund.propose(|_| {});
        assert_eq!(fund.grant(&anew).index, 2);
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

fn revoke_key(fund: &Fund, who: &str, signers: &[&str]) -> Vec<u8> {
    let body = json!({"key": keys::hex(&public(who)), "reason": "lost"});
    sealed(&fund.event("revocation", signers[0], body), signers)
}

#[test]
fn a_revoked_key_signs_nothing_from_there_on_and_its_open_votes_fall() {
    let mut fund = Fund::staffed();
    let first = fund.propose(|_| {});
    let granted = fund.grant(&first);
    let open = fund.propose(|body| body["manifest"] = manifest("two"));
    fund.approve("Rita", "risk", &open).unwrap();
    let signed_before = fund.decision("Rita", "risk", &open, "reject");
    assert_eq!(fund.apply(&revoke_key(&fund, "Rita", &["Raj"])), Ok(Outcome::KeyRevoked { key: public("Rita") }));
    fund.refuses(&signed_before, code::GOV_REVOKED_KEY, "Rita's key");
    assert_eq!(fund.mandate(), Some(granted), "what was granted before stands");
    let outcome = fund.approve("Fay", "fund_manager", &open).unwrap();
    assert_eq!(outcome, Outcome::Approved { proposal: open, missing: vec!["risk".to_owned()] });
    fund.refuses(&revoke_key(&fund, "Rita", &["Duo"]), code::GOV_DUPLICATE, "revoked before");
    let state = fund.authority.describe();
    assert_eq!(state["revoked_keys"][0]["owner"], "Rita");
    assert_eq!(state["roster"]["people"][1]["devices"][0]["revoked"], true);
}

#[test]
fn a_key_is_revoked_by_the_root_by_risk_or_by_its_owner_with_another_key() {
    let mut fund = Fund::staffed();
    let mut people = people();
    let second = json!({"key": keys::hex(&public("Fay's phone")), "age": null});
    people[3]["devices"].as_array_mut().unwrap().push(second);
    fund.apply(&fund.roster(2, &people, &["root 1", "root 2"])).unwrap();
    let body = json!({"key": keys::hex(&public("Fay")), "reason": "lost"});
    let mut by_phone = fund.event("revocation", "Fay", body);
    by_phone["device"] = json!(keys::hex(&keys::keyid(&public("Fay's phone"))));
    for (envelope, counts) in [
        (revoke_key(&fund, "Fay", &["Fay"]), false),
        (revoke_key(&fund, "Ada", &["Fay"]), false),
        (revoke_key(&fund, "Rita", &["run service"]), false),
        (revoke_key(&fund, "Rita", &["Rita"]), true),
        (revoke_key(&fund, "run service", &["Rita"]), true),
        (revoke_key(&fund, "Fay", &["root 1", "root 2"]), true),
        (sealed(&by_phone, &["Fay's phone"]), true),
    ] {
        let outcome = fund.clone().apply(&envelope);
        assert_eq!(outcome.is_ok(), counts, "{outcome:?}");
        if let Err(problem) = outcome {
            assert_eq!(problem.code, code::GOV_NOT_AUTHORISED);
        }
    }
    fund.refuses(&revoke_key(&fund, "Fay", &["root 1"]), code::GOV_QUORUM, "1 root signatures");
    fund.refuses(&revoke_key(&fund, "Eve", &["Rita"]), code::GOV_UNKNOWN_KEY, "nobody's device");
}

fn aged(name: &str, age: &str) -> Value {
    let mut person = people().into_iter().find(|p| p["name"] == name).unwrap();
    person["devices"][0]["age"] = json!(age);
    person
}

fn epoch(fund: &Fund, who: &[&str], compartment: &str, number: u32, recipients: &[&str]) -> Vec<u8> {
    use base64::Engine;
    let wrapped = base64::engine::general_purpose::STANDARD.encode(b"age-encryption.org/v1\n-> X25519 x\n");
    let body = json!({
        "compartment": compartment, "number": number, "commitment": "ab".repeat(32), "recipients": recipients,
        "wrapped": wrapped
    });
    sealed(&fund.event("epoch", who[0], body), who)
}

#[test]
fn an_epoch_reaches_every_device_and_nobody_who_left() {
    let mut fund = Fund::staffed();
    let mut people = people();
    (people[1], people[3]) = (aged("Rita", "age1rita"), aged("Fay", "age1fayfay"));
    fund.apply(&fund.roster(2, &people, &["root 1", "root 2"])).unwrap();
    let both = ["age1rita", "age1fayfay"];
    let fay = epoch(&fund, &["Fay"], "governance", 1, &both);
    fund.refuses(&fay, code::GOV_NOT_AUTHORISED, "not \"risk\"");
    let run = epoch(&fund, &["run service"], "governance", 1, &both);
    fund.refuses(&run, code::GOV_NOT_AUTHORISED, "not \"epoch\"");
    fund.refuses(&epoch(&fund, &["Rita"], "governance", 2, &both), code::GOV_EPOCH, "number 2, 1 comes next");
    fund.refuses(&epoch(&fund, &["Rita"], "governance", 1, &["age1rita"]), code::GOV_EPOCH, "Fay, is left out");
    fund.refuses(&epoch(&fund, &["Rita"], "goverance", 1, &both), code::GOV_BAD_BODY, "did you mean \"governance\"?");
    fund.refuses(&epoch(&fund, &["Rita"], "governance", 1, &["age1rita", "age1rita"]), code::GOV_BAD_BODY, "twice");
    let begun = |compartment: &str, number| Ok(Outcome::EpochBegun { compartment: compartment.to_owned(), number });
    assert_eq!(fund.apply(&epoch(&fund, &["Rita"], "governance", 1, &both)), begun("governance", 1));
    let few = epoch(&fund, &["epoch service"], "compensation", 1, &["age1fayfay"]);
    assert_eq!(fund.apply(&few), begun("compensation", 1), "not every compartment is for all");
    fund.apply(&revoke_key(&fund, "Rita", &["Raj"])).unwrap();
    fund.refuses(&epoch(&fund, &["Raj"], "governance", 2, &both), code::GOV_EPOCH, "whose key was revoked");
    let root = epoch(&fund, &["root 1", "root 2"], "governance", 2, &["age1fayfay", "age1escrow"]);
    assert_eq!(fund.apply(&root), begun("governance", 2));
    people[3] = aged("Fay", "age1faynew");
    fund.apply(&fund.roster(3, &people, &["root 1", "root 2"])).unwrap();
    let old = epoch(&fund, &["Raj"], "compensation", 2, &["age1faynew", "age1fayfay"]);
    fund.refuses(&old, code::GOV_EPOCH, "age1fayfay is of a device that left");
}
