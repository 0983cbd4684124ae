//! Promotion: what must have been shown before, and the time that a mandate takes to begin.

use super::*;

fn live(from_tier: &str, from: Nanos, to: Nanos) -> Value {
    let digest = "ee".repeat(32);
    json!({"event": null, "pack": null, "live": {"from_tier": from_tier, "from": from.to_string(), "to": to.to_string(), "digest": digest}})
}

fn canary(evidence: Value) -> impl FnOnce(&mut Value) {
    move |body| {
        body["tier"] = json!("canary");
        body["limits"] = json!({"capital": "100000.00", "gross": "100000.00"});
        body["evidence"] = evidence;
    }
}

#[test]
fn promotion_needs_the_same_artifact_long_enough_in_force_at_the_tier_below() {
    let mut fund = Fund::staffed();
    let nothing = json!({"event": null, "pack": null, "live": null});
    fund.refuses(&fund.proposal("Ada", canary(nothing)), code::GOV_EVIDENCE, "demands results at \"paper\"");
    let invented = live("paper", DAY_ONE - 20 * DAY, DAY_ONE);
    fund.refuses(&fund.proposal("Ada", canary(invented)), code::GOV_EVIDENCE, "0 ns in force at \"paper\"");
    let paper = fund.propose(|_| {});
    fund.grant(&paper);
    fund.ts = DAY_ONE + 10 * DAY;
    let shown = |from, to| canary(live("paper", from, to));
    let (from, to) = (DAY_ONE, DAY_ONE + 10 * DAY);
    fund.refuses(&fund.proposal("Ada", shown(from + 1, to)), code::GOV_EVIDENCE, "demands 864000000000000 ns");
    fund.refuses(&fund.proposal("Ada", shown(from, to + 1)), code::GOV_EVIDENCE, "up to now");
    fund.refuses(&fund.proposal("Ada", canary(live("simulation", from, to))), code::GOV_EVIDENCE, "at \"paper\"");
    let other = fund.proposal("Ada", |body| {
        shown(from, to)(body);
        body["manifest"] = manifest("two");
    });
    fund.refuses(&other, code::GOV_EVIDENCE, "0 ns in force");
    fund.propose(shown(from, to));
}

#[test]
fn a_mandate_begins_after_its_cool_down_and_until_then_the_one_before_holds() {
    let mut fund = Fund::staffed();
    let paper = fund.propose(|_| {});
    let before = fund.grant(&paper);
    fund.ts = DAY_ONE + 10 * DAY;
    let promotion = fund.propose(canary(live("paper", DAY_ONE, DAY_ONE + 10 * DAY)));
    let promoted = fund.grant(&promotion);
    assert_eq!((promoted.from_ts, promoted.index, promoted.rank), (fund.ts + DAY, 2, 2));
    assert_eq!(promoted.kind, TierKind::Live as u8);
    assert_eq!(fund.last_change(), Some(promotion), "the next change follows this one already");
    assert_eq!(fund.mandate(), Some(before));
    fund.ts += DAY - 1;
    assert_eq!(fund.mandate(), Some(before));
    fund.ts += 1;
    assert_eq!(fund.mandate(), Some(promoted));
    assert_eq!(fund.authority.stops_ts(1), fund.ts, "the first one stopped when the second began");
    assert_eq!(fund.authority.live_ns(0, &before.artifact, "paper", 0, Nanos::MAX), 11 * DAY);
}

#[test]
fn a_mandate_taken_back_while_it_cools_down_leaves_the_one_before_in_force() {
    let mut fund = Fund::staffed();
    let paper = fund.propose(|_| {});
    let before = fund.grant(&paper);
    fund.ts = DAY_ONE + 10 * DAY;
    let promotion = fund.propose(canary(live("paper", DAY_ONE, DAY_ONE + 10 * DAY)));
    fund.grant(&promotion);
    let body = json!({"proposal": keys::hex(&promotion), "reason": "too soon"});
    let revocation = fund.signed("revocation", "Raj", body);
    let Ok(Outcome::Revoked { mandates, .. }) = fund.apply(&revocation) else { panic!() };
    assert_eq!(mandates.iter().map(|m| (m.index, m.revoked)).collect::<Vec<_>>(), [(2, 1)]);
    fund.ts += 2 * DAY;
    assert_eq!(fund.mandate(), Some(before));
    assert_eq!(fund.last_change(), Some(Envelope::parse(&revocation).unwrap().id()));
    assert_eq!(fund.authority.stops_ts(1), A_YEAR_ON);
}

#[test]
fn time_while_paused_is_no_live_time() {
    let mut fund = Fund::staffed();
    let paper = fund.propose(|_| {});
    let mandate = fund.grant(&paper);
    fund.ts = DAY_ONE + 4 * DAY;
    fund.says("Rita", "pause", json!({"strategy": "momentum"})).unwrap();
    fund.ts = DAY_ONE + 7 * DAY;
    let again = fund.propose(|_| {});
    fund.grant(&again);
    let lived = |to| fund.authority.live_ns(0, &mandate.artifact, "paper", 0, to);
    assert_eq!(lived(DAY_ONE + 6 * DAY), 4 * DAY);
    assert_eq!(lived(DAY_ONE + 12 * DAY), 9 * DAY);
}

#[test]
fn a_pack_must_be_of_the_same_artifact_and_from_the_service_that_makes_packs() {
    let mut fund = Fund::new();
    fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
    let mut body = policy(1);
    body["tiers"][1]["evidence"]["pack"] = json!(true);
    fund.apply(&fund.policy(1, body, &["root 1", "root 2"])).unwrap();
    let artifact = |word: &str| keys::hex(&keys::sha256(canonical::write(&manifest(word)).unwrap().as_bytes()));
    let shown = |event: Option<EventId>, pack: &str| {
        let pack = if pack.is_empty() { Value::Null } else { json!(pack.repeat(32)) };
        json!({"event": event.map(|id| keys::hex(&id)), "pack": pack, "live": null})
    };
    let mut known = |word: &str| {
        let body = json!({"artifact": artifact(word), "pack": "cd".repeat(32), "trials": 1, "summary": {}});
        let envelope = fund.signed("evidence", "evidence service", body);
        fund.apply(&envelope).unwrap();
        Envelope::parse(&envelope).unwrap().id()
    };
    let (one, two) = (known("one"), known("two"));
    for (evidence, words) in [
        (shown(None, ""), "demands an evidence pack"),
        (shown(None, "cd"), "demands an evidence pack"),
        (shown(Some([7; 32]), "cd"), "no evidence event 0707"),
        (shown(Some(two), "cd"), "or of another pack"),
        (shown(Some(one), "ce"), "or of another pack"),
        (shown(Some(one), ""), "or of another pack"),
    ] {
        fund.refuses(&fund.proposal("Ada", |body| body["evidence"] = evidence), code::GOV_EVIDENCE, words);
    }
    fund.propose(|body| body["evidence"] = shown(Some(one), "cd"));
}
