//! The policy: signed first by the root, changed only by the quorum of the policy before it; tiers bind proposals.

use super::*;

/// A policy with a change, proposed by Ada; its name.
fn proposed(fund: &mut Fund, change: impl FnOnce(&mut Value)) -> EventId {
    let mut body = policy(2);
    change(&mut body);
    match fund.apply(&fund.policy(2, body, &["Ada"])) {
        Ok(Outcome::PolicyProposed { policy, missing }) => {
            assert_eq!(missing, ["risk", "risk", "fund_manager"]);
            policy
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_proposed_before_a_policy_is_in_force() {
    let mut fund = Fund::new();
    fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
    fund.refuses(&fund.proposal("Ada", |_| {}), code::GOV_POLICY, "no policy is in force");
    fund.refuses(&fund.policy(1, policy(1), &["Ada"]), code::GOV_UNKNOWN_KEY, "is not a root key");
    fund.refuses(&fund.policy(1, policy(1), &["root 1"]), code::GOV_QUORUM, "1 root signatures");
    fund.refuses(&fund.policy(2, policy(2), &["root 1", "root 2"]), code::GOV_POLICY, "version 2, 1 comes next");
    assert!(matches!(
        fund.apply(&fund.policy(1, policy(1), &["root 1", "root 2"])),
        Ok(Outcome::PolicySet { version: 1, .. })
    ));
}

#[test]
fn a_policy_changes_only_by_the_quorum_of_the_one_before() {
    let mut fund = Fund::staffed();
    let change = proposed(&mut fund, |body| body["change"] = json!({"role": "fund_manager", "count": 1}));
    let by_root = fund.policy(2, policy(2), &["root 1", "root 2"]);
    fund.refuses(&by_root, code::GOV_BAD_ENVELOPE, "2 signatures");
    fund.refuses(&fund.decision("Ada", "risk", &change, "approve"), code::GOV_SELF_APPROVAL, "Ada");
    fund.refuses(&fund.decision("Duo", "compliance", &change, "approve"), code::GOV_NOT_AUTHORISED, "no seat");
    fund.approve("Fay", "fund_manager", &change).unwrap();
    fund.approve("Rita", "risk", &change).unwrap();
    assert_eq!(fund.authority.policy().unwrap().policy.version, 1);
    let outcome = fund.approve("Raj", "risk", &change).unwrap();
    assert_eq!(outcome, Outcome::PolicySet { policy: change, version: 2 });
    assert_eq!(fund.authority.policy().unwrap().id, change);
    fund.refuses(&fund.policy(2, policy(2), &["Raj"]), code::GOV_POLICY, "version 2, 3 comes next");
}

#[test]
fn of_two_changes_of_the_policy_only_one_takes_effect() {
    let mut fund = Fund::staffed();
    let one = proposed(&mut fund, |_| {});
    let other = proposed(&mut fund, |body| body["pause"] = json!({"role": "fund_manager", "count": 1}));
    let third = proposed(&mut fund, |body| body["pause"] = json!({"role": "compliance", "count": 1}));
    let no = fund.decision("Rita", "risk", &third, "reject");
    assert_eq!(fund.apply(&no), Ok(Outcome::Rejected { proposal: third }));
    for (who, role) in [("Rita", "risk"), ("Raj", "risk")] {
        fund.approve(who, role, &one).unwrap();
        fund.approve(who, role, &other).unwrap();
    }
    fund.approve("Fay", "fund_manager", &one).unwrap();
    fund.refuses(&fund.decision("Fay", "fund_manager", &other, "approve"), code::GOV_CLOSED, "later change");
    fund.refuses(&fund.decision("Fay", "fund_manager", &third, "approve"), code::GOV_CLOSED, "Rita rejected it");
}

#[test]
fn an_approval_under_other_rules_does_not_count() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    fund.approve("Rita", "risk", &proposal).unwrap();
    let stale = fund.decision("Fay", "fund_manager", &proposal, "approve");
    let change = proposed(&mut fund, |_| {});
    for (who, role) in [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager")] {
        fund.approve(who, role, &change).unwrap();
    }
    fund.refuses(&stale, code::GOV_POLICY, "approved under");
    let outcome = fund.approve("Fay", "fund_manager", &proposal).unwrap();
    assert_eq!(
        outcome,
        Outcome::Approved { proposal, missing: vec!["risk".to_owned()] },
        "Rita's vote was another rule's"
    );
    assert!(matches!(fund.approve("Rita", "risk", &proposal), Ok(Outcome::Granted { .. })));
}

#[test]
fn an_open_proposal_must_keep_within_the_tier_of_the_new_policy() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let change = proposed(&mut fund, |body| body["tiers"][1]["capital"] = json!("999999.99"));
    for (who, role) in [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager")] {
        fund.approve(who, role, &change).unwrap();
    }
    let yes = fund.decision("Rita", "risk", &proposal, "approve");
    fund.refuses(&yes, code::GOV_LIMITS, "capital 1,000,000.00, the tier \"paper\" allows 999,999.99");
}

#[test]
fn a_policy_that_cannot_work_is_refused() {
    let mut fund = Fund::staffed();
    type Change = fn(&mut Value);
    let cases: [(Change, Code, &str); 18] = [
        (|p| p["tiers"] = json!([]), code::GOV_BAD_BODY, "0 tiers"),
        (|p| p["tiers"][1]["rank"] = json!(2), code::GOV_BAD_BODY, "rank 2, its place is 1"),
        (|p| p["tiers"][1]["name"] = json!("simulation"), code::GOV_BAD_BODY, "two tiers are called"),
        (|p| p["tiers"][3]["kind"] = json!("paper"), code::GOV_BAD_BODY, "lesser kind"),
        (|p| p["tiers"][3]["kind"] = json!("lives"), code::GOV_BAD_BODY, "did you mean \"live\"?"),
        (|p| p["tiers"][1]["isolation"] = json!("jial"), code::GOV_BAD_BODY, "did you mean \"jail\"?"),
        (|p| p["tiers"][1]["isolation"] = json!("Jail"), code::GOV_BAD_BODY, "isolation is \"Jail\", not one of"),
        (|p| p["tiers"][1]["isolation"] = json!(null), code::GOV_BAD_BODY, "isolation is null, not a string"),
        (|p| p["tiers"][1]["isolation"] = json!(3), code::GOV_BAD_BODY, "isolation is 3, not a string"),
        (|p| p["tiers"][1]["isolations"] = json!("none"), code::GOV_BAD_BODY, "did you mean \"isolation\"?"),
        (|p| p["tiers"][3]["evidence"]["live_from"] = json!("full"), code::GOV_BAD_BODY, "none of"),
        (|p| p["tiers"][0]["evidence"]["live_ns"] = json!("1"), code::GOV_BAD_BODY, "there is none"),
        (|p| p["tiers"][0]["capital"] = json!(5), code::GOV_BAD_BODY, "capital is 5"),
        (|p| p["tiers"][0]["valid_ns"] = json!("0"), code::GOV_BAD_BODY, "longer than nothing"),
        (|p| p["pause"] = json!({"role": "risk", "count": 2}), code::GOV_BAD_BODY, "more than one human"),
        (
            |p| p["change"] = json!({"role": "risk", "count": 5}),
            code::GOV_SEATS,
            "change of the policy: nobody is left",
        ),
        (|p| p["pause"] = json!({"person": "Eve"}), code::GOV_SEATS, "person \\\"Eve\\\""),
        (|p| p["tiers"][2]["sign"] = json!({"role": "lawyer", "count": 1}), code::GOV_SEATS, "tier \"canary\""),
    ];
    for (change, code, words) in cases {
        let mut body = policy(2);
        change(&mut body);
        fund.refuses(&fund.policy(2, body, &["Ada"]), code, words);
    }
}

#[test]
fn a_proposal_beyond_its_tier_is_refused_with_what_the_tier_allows() {
    let mut fund = Fund::staffed();
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 6] = [
        (
            |p| p["limits"]["capital"] = json!("10000000.01"),
            "capital 10,000,000.01, the tier \"paper\" allows 10,000,000.00",
        ),
        (|p| p["limits"]["gross"] = json!("5000001"), "gross"),
        (|p| p["limits"]["loss"] = json!("100000.000000001"), "loss"),
        (|p| p["limits"]["adv_share_bps"] = json!(101), "adv_share_bps 101"),
        (|p| p["valid_until"] = json!((DAY_ONE + 2 * 365 * DAY + 1).to_string()), "valid until"),
        (|p| (p["tier"], p["limits"]["capital"]) = (json!("canary"), json!("500000.01")), "the tier \"canary\""),
    ];
    for (change, words) in cases {
        fund.refuses(&fund.proposal("Ada", change), code::GOV_LIMITS, words);
    }
    let mut narrow = Fund::new();
    narrow.apply(&narrow.roster(1, &people(), &["root 1", "root 2"])).unwrap();
    let mut body = policy(1);
    body["tiers"][1]["instruments"] = json!(["AAA"]);
    narrow.apply(&narrow.policy(1, body, &["root 1", "root 2"])).unwrap();
    narrow.refuses(&narrow.proposal("Ada", |_| {}), code::GOV_LIMITS, "BBB is not among the instruments");
    narrow.propose(|p| p["universe"] = json!(["AAA"]));
}

#[test]
fn nobody_decides_about_a_tier_that_the_new_policy_does_not_name() {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let change = proposed(&mut fund, |body| body["tiers"][1]["name"] = json!("papers"));
    for (who, role) in [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager")] {
        fund.approve(who, role, &change).unwrap();
    }
    for word in ["approve", "reject"] {
        let decision = fund.decision("Rita", "risk", &proposal, word);
        fund.refuses(&decision, code::GOV_BAD_BODY, "did you mean \"papers\"?");
    }
}

#[test]
fn a_tier_that_says_nothing_of_isolation_demands_the_strongest() {
    let mut fund = Fund::staffed();
    let told = fund.authority.describe();
    let levels: Vec<_> = (0..4).map(|i| told["policy"]["tiers"][i]["isolation"].as_str().unwrap()).collect();
    assert_eq!(levels, ["none", "jail", "jail", "jail"]);
    let proposal = fund.propose(|_| {});
    assert_eq!(fund.grant(&proposal).isolation, Isolation::Jail as u8);
    assert_eq!(fund.authority.describe()["mandates"][0]["isolation"], "jail");
    let other = fund.propose(|p| p["tier"] = json!("simulation"));
    assert_eq!(fund.grant(&other).isolation, Isolation::None as u8);
    assert_eq!(fund.authority.describe()["mandates"][1]["isolation"], "none");
}

#[test]
fn a_mandate_keeps_the_isolation_of_the_policy_that_it_was_signed_under() {
    let mut fund = Fund::staffed();
    let first = fund.propose(|p| p["tier"] = json!("simulation"));
    let mandate = fund.grant(&first);
    let change = proposed(&mut fund, |body| body["tiers"][0]["isolation"] = json!("filtered"));
    for (who, role) in [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager")] {
        fund.approve(who, role, &change).unwrap();
    }
    assert_eq!(fund.mandate(), Some(mandate));
    let second = fund.propose(|p| p["tier"] = json!("simulation"));
    assert_eq!(fund.grant(&second).isolation, Isolation::Filtered as u8);
}
