//! Pause, demote, retire: one person takes away at once, and nothing signed before undoes it.

use super::*;

fn granted() -> (Fund, EventId, Mandate) {
    let mut fund = Fund::staffed();
    let proposal = fund.propose(|_| {});
    let mandate = fund.grant(&proposal);
    (fund, proposal, mandate)
}

#[test]
fn a_risk_officer_pauses_and_only_a_new_approved_proposal_resumes() {
    let (mut fund, _, mandate) = granted();
    let open = fund.propose(|body| body["manifest"] = manifest("two"));
    fund.approve("Rita", "risk", &open).unwrap();
    let fay = fund.signed("pause", "Fay", json!({"strategy": "momentum", "reason": ""}));
    fund.refuses(&fay, code::GOV_NOT_AUTHORISED, "a pause needs [\"risk\"]");
    let pause = fund.signed("pause", "Raj", json!({"strategy": "momentum", "reason": "losses"}));
    let Ok(Outcome::Paused { strategy: 0, mandates }) = fund.apply(&pause) else { panic!() };
    assert_eq!(fund.last_change(), Some(Envelope::parse(&pause).unwrap().id()));
    assert_eq!(mandates, [Mandate { paused: 1, cause: fund.last, ..mandate }]);
    assert_eq!(fund.mandate(), None);
    fund.refuses(&fund.decision("Fay", "fund_manager", &open, "approve"), code::GOV_CLOSED, "Raj revoked it");
    let again = fund.signed("pause", "Rita", json!({"strategy": "momentum", "reason": ""}));
    fund.refuses(&again, code::GOV_CLOSED, "paused already");
    let resume = fund.propose(|_| {});
    assert_eq!(fund.grant(&resume).index, 2);
    assert!(fund.mandate().is_some());
}

#[test]
fn what_was_signed_before_a_restraint_and_sequenced_after_it_is_stale() {
    let demote = json!({"strategy": "momentum", "tier": "simulation", "limits": {"capital": "1.00"}});
    let named = json!({"strategy": "momentum"});
    for acts in [
        vec![("pause", named.clone())],
        vec![("demote", demote.clone())],
        vec![("demote", demote.clone()), ("pause", named.clone())],
        vec![("pause", named.clone()), ("demote", demote)],
        vec![("revocation", named.clone())],
        vec![("pause", named.clone()), ("revocation", named)],
        vec![("revocation", json!({"proposal": null}))],
    ] {
        let (mut fund, proposal, _) = granted();
        let first = fund.proposal("Duo", |body| body["prev"] = json!(null));
        let mut signed_before = vec![first, fund.proposal("Ada", |_| {})];
        for (kind, mut body) in acts.clone() {
            if body.get("proposal").is_some() {
                body["proposal"] = json!(keys::hex(&proposal));
            }
            fund.says("Raj", kind, body).unwrap();
            for envelope in &signed_before {
                fund.refuses(envelope, code::GOV_STALE, "the last change is");
            }
            signed_before.push(fund.proposal("Ada", |_| {}));
        }
        let resume = fund.propose(|body| body["manifest"] = manifest("resumed"));
        assert_eq!((fund.grant(&resume).paused, fund.last_change()), (0, Some(resume)), "{acts:?}");
    }
}

#[test]
fn what_has_no_mandate_is_not_paused() {
    let mut fund = Fund::staffed();
    fund.propose(|_| {});
    let pause = fund.signed("pause", "Rita", json!({"strategy": "momentum", "reason": ""}));
    fund.refuses(&pause, code::GOV_CLOSED, "no mandate to pause");
    let typo = fund.signed("pause", "Rita", json!({"strategy": "momentun", "reason": ""}));
    fund.refuses(&typo, code::CORE_UNKNOWN_STRATEGY, "did you mean \"momentum\"?");
}

#[test]
fn a_demotion_takes_effect_at_once_and_is_nowhere_wider() {
    let (mut fund, proposal, mandate) = granted();
    let demote = |fund: &Fund, who: &str, tier: &str, limits: Value| {
        fund.signed("demote", who, json!({"strategy": "momentum", "tier": tier, "limits": limits, "reason": ""}))
    };
    let less = json!({"capital": "1000.00", "order_lots": 500});
    fund.refuses(&demote(&fund, "Fay", "simulation", less.clone()), code::GOV_NOT_AUTHORISED, "not \"risk\"");
    fund.refuses(&demote(&fund, "Rita", "paper", less.clone()), code::GOV_LIMITS, "none of [\"simulation\"]");
    fund.refuses(&demote(&fund, "Rita", "simulatoin", less.clone()), code::GOV_LIMITS, "did you mean \"simulation\"?");
    for (field, value) in [("capital", json!("1000000.01")), ("order_lots", json!(501)), ("net", json!("1"))] {
        let wider = demote(&fund, "Rita", "simulation", json!({field: value}));
        fund.refuses(&wider, code::GOV_LIMITS, &format!("{field} would be wider"));
    }
    let envelope = demote(&fund, "Rita", "simulation", less);
    let id = Envelope::parse(&envelope).unwrap().id();
    let Ok(Outcome::Demoted { mandate: left, ended, .. }) = fund.apply(&envelope) else { panic!() };
    assert_eq!(ended.iter().map(|m| (m.index, m.revoked)).collect::<Vec<_>>(), [(1, 1)]);
    assert_eq!((left.index, left.rank, left.kind, left.from_ts), (2, 0, TierKind::Simulation as u8, 0));
    assert_eq!((left.artifact, left.proposal, left.expires_ts), (mandate.artifact, proposal, mandate.expires_ts));
    assert_eq!((left.limits.capital, left.limits.gross), (Money::units(1_000), Money::ZERO));
    assert_eq!((fund.mandate(), fund.last_change()), (Some(*left), Some(id)));
    let stale = fund.proposal("Ada", |body| body["prev"] = json!(keys::hex(&proposal)));
    fund.refuses(&stale, code::GOV_STALE, "prev is");
}

#[test]
fn a_demotion_of_a_paused_strategy_does_not_resume_it() {
    let (mut fund, _, _) = granted();
    fund.says("Rita", "pause", json!({"strategy": "momentum"})).unwrap();
    let body = json!({"strategy": "momentum", "tier": "simulation", "limits": {"capital": "1.00"}});
    let Ok(Outcome::Demoted { mandate, .. }) = fund.says("Rita", "demote", body) else { panic!() };
    assert_eq!((mandate.paused, mandate.revoked), (1, 0));
    assert_eq!(fund.mandate(), None);
}

#[test]
fn a_demotion_keeps_only_the_instruments_of_the_lower_tier() {
    for (list, left) in [(json!(["BBB", "CCC"]), Some(vec!["BBB"])), (json!(["CCC"]), None)] {
        let mut fund = Fund::new();
        fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
        let mut body = policy(1);
        body["tiers"][0]["instruments"] = list;
        fund.apply(&fund.policy(1, body, &["root 1", "root 2"])).unwrap();
        let proposal = fund.propose(|_| {});
        fund.grant(&proposal);
        let body = json!({"strategy": "momentum", "tier": "simulation", "limits": {}});
        match (fund.says("Rita", "demote", body), left) {
            (Ok(Outcome::Demoted { universe, .. }), Some(left)) => {
                assert_eq!(universe.iter().map(Symbol::as_str).collect::<Vec<_>>(), left);
            }
            (Err(problem), None) => assert_eq!(problem.code, code::GOV_LIMITS),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_retired_name_is_closed_for_good() {
    for who in ["Ada", "Rita"] {
        let (mut fund, _, _) = granted();
        let open = fund.propose(|body| body["manifest"] = manifest("two"));
        let fay = fund.signed("retire", "Fay", json!({"strategy": "momentum", "reason": ""}));
        fund.refuses(&fay, code::GOV_NOT_AUTHORISED, "Fay");
        let retire = fund.signed("retire", who, json!({"strategy": "momentum", "reason": ""}));
        let Ok(Outcome::Retired { strategy: 0, mandates }) = fund.apply(&retire) else { panic!() };
        assert_eq!(mandates.iter().map(|m| (m.index, m.revoked)).collect::<Vec<_>>(), [(1, 1)]);
        assert_eq!((fund.mandate(), fund.last_change()), (None, Some(Envelope::parse(&retire).unwrap().id())));
        fund.refuses(&fund.decision("Raj", "risk", &open, "approve"), code::GOV_CLOSED, &format!("{who} revoked it"));
        fund.refuses(&fund.proposal("Ada", |_| {}), code::GOV_CLOSED, &format!("{who} retired \"momentum\" for good"));
        let twice = fund.signed("retire", "Raj", json!({"strategy": "momentum", "reason": "again"}));
        fund.refuses(&twice, code::GOV_CLOSED, "already");
    }
}

#[test]
fn a_demotion_to_a_tier_that_allows_weaker_walls_leaves_the_strong_ones_demanded() {
    let (mut fund, _, mandate) = granted();
    let body = json!({"strategy": "momentum", "tier": "simulation", "limits": {"capital": "1.00"}});
    let Ok(Outcome::Demoted { mandate: left, .. }) = fund.says("Raj", "demote", body) else { panic!() };
    assert_eq!((left.rank, left.isolation), (0, mandate.isolation));
    assert_eq!(mandate.isolation, Isolation::Jail as u8);
}
