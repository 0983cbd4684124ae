//! What must hold whatever people, networks and attackers do.

use super::{Fund, people, policy, seed};
use crate::authority::{Genesis, Outcome, canonical, seal};
use hedgerow_core::{Mandate, code};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Value, json};

/// All that can be said about one proposal: who may say it, and in which role.
const VOICES: [(&str, &str); 5] =
    [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager"), ("Duo", "risk"), ("Duo", "fund_manager")];

/// The envelopes that grant, in order, and the fund before them.
fn granting() -> (Fund, Vec<Vec<u8>>) {
    let fund = Fund::new();
    let mut ahead = fund.clone();
    let mut envelopes = Vec::new();
    let mut add = |ahead: &mut Fund, envelope: Vec<u8>| {
        let outcome = ahead.apply(&envelope).unwrap();
        envelopes.push(envelope);
        outcome
    };
    let roster = ahead.roster(1, &people(), &["root 1", "root 2"]);
    add(&mut ahead, roster);
    let policy = ahead.policy(1, policy(1), &["root 1", "root 2"]);
    add(&mut ahead, policy);
    let proposal = ahead.proposal("Ada", |_| {});
    let Outcome::Proposed { proposal, .. } = add(&mut ahead, proposal) else { panic!() };
    for (who, role) in [("Rita", "risk"), ("Fay", "fund_manager")] {
        let approval = ahead.decision(who, role, &proposal, "approve");
        add(&mut ahead, approval);
    }
    assert!(ahead.mandate().is_some());
    (fund, envelopes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_approvals_grants_the_same_mandate_or_none(
        chosen in subsequence((0..VOICES.len()).collect::<Vec<_>>(), 0..=VOICES.len()).prop_shuffle(),
    ) {
        let run = |order: &[usize]| {
            let mut fund = Fund::staffed();
            let proposal = fund.propose(|_| {});
            for at in order {
                let (who, role) = VOICES[*at];
                let outcome = fund.approve(who, role, &proposal);
                prop_assert!(outcome.is_ok() || outcome.unwrap_err().code == code::GOV_CLOSED);
            }
            Ok(fund.mandate().map(|mandate| Mandate { cause: 0, ..mandate }))
        };
        let mut sorted = chosen.clone();
        sorted.sort_unstable();
        let humans = |role| chosen.iter().filter(move |at| VOICES[**at].1 == role).map(|at| VOICES[*at].0);
        let enough = humans("risk").any(|r| humans("fund_manager").any(|f| f != r));
        prop_assert_eq!(run(&chosen)?, run(&sorted)?);
        prop_assert_eq!(run(&chosen)?.is_some(), enough);
    }

    #[test]
    fn no_tampered_byte_of_any_envelope_ever_grants(which in 0usize..5, at in any::<Index>(), flip in 1u8..) {
        let (mut fund, mut envelopes) = granting();
        let at = at.index(envelopes[which].len());
        envelopes[which][at] ^= flip;
        for (i, envelope) in envelopes.iter().enumerate() {
            let before = fund.authority.clone();
            let outcome = fund.apply(envelope);
            if i == which {
                prop_assert!(outcome.is_err());
                prop_assert_eq!(&fund.authority, &before);
            }
        }
        prop_assert_eq!(fund.mandate(), None);
    }

    #[test]
    fn no_missing_or_repeated_envelope_grants(which in 0usize..5) {
        let (mut fund, mut envelopes) = granting();
        let twice = envelopes[(which + 1) % 5].clone();
        envelopes[which] = twice;
        for envelope in &envelopes {
            let _ = fund.apply(envelope);
        }
        prop_assert_eq!(fund.mandate(), None);
    }

    #[test]
    fn random_bytes_are_an_error_and_change_nothing(bytes in vec(any::<u8>(), 0..400)) {
        let mut fund = Fund::staffed();
        let before = fund.authority.clone();
        prop_assert!(fund.apply(&bytes).is_err());
        prop_assert!(Genesis::parse(&bytes).is_err());
        prop_assert_eq!(fund.authority, before);
    }

    #[test]
    fn a_payload_with_random_json_in_any_field_never_panics(
        field in prop::sample::select(vec![
            "v", "type", "stream", "actor", "device", "hlc", "parents", "seen", "policy", "body",
        ]),
        text in "[\\[\\]{}\":,0-9a-e\\-.]{0,24}",
    ) {
        let mut fund = Fund::staffed();
        let mut event = fund.event("pause", "Ada", json!({}));
        event[field] = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let Ok(payload) = canonical::write(&event) {
            prop_assert!(fund.apply(&seal(payload.as_bytes(), &[seed("Ada")])).is_err());
        }
    }

    #[test]
    fn the_state_survives_serialisation_and_goes_on_alike(cut in 0usize..=5) {
        let (mut fund, envelopes) = granting();
        let mut copy = fund.clone();
        for (i, envelope) in envelopes.iter().enumerate() {
            if i == cut {
                let bytes = postcard::to_stdvec(&copy.authority).unwrap();
                copy.authority = postcard::from_bytes(&bytes).unwrap();
            }
            prop_assert_eq!(fund.apply(envelope), copy.apply(envelope));
        }
        prop_assert_eq!(postcard::to_stdvec(&fund.authority), postcard::to_stdvec(&copy.authority));
    }
}
