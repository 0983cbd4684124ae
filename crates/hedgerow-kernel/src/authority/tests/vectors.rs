//! The vectors that Rust, Python and JavaScript share, and the promise behind them: whatever order the same events arrive
//! in, merged they give the same state.

use super::*;
use crate::authority::event::TYPES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::Strategy;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

fn vectors(name: &str) -> Value {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/events"));
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// An event as it is delivered.
#[derive(Clone, Debug)]
struct Delivered {
    id: EventId,
    hlc: (i64, i64),
    parents: Vec<EventId>,
    envelope: Vec<u8>,
}

fn delivered(envelope: &[u8]) -> Delivered {
    let opened = Envelope::parse(envelope).unwrap();
    let event = Event::parse(&opened.payload).unwrap();
    Delivered { id: opened.id(), hlc: event.hlc, parents: event.parents, envelope: envelope.to_vec() }
}

/// Parents first; ties by the signers' clocks, then by id.
fn merged(mut rest: Vec<Delivered>) -> Vec<Delivered> {
    let all: BTreeSet<EventId> = rest.iter().map(|event| event.id).collect();
    let mut order: Vec<Delivered> = Vec::new();
    while !rest.is_empty() {
        let done: BTreeSet<EventId> = order.iter().map(|event| event.id).collect();
        let ready = |event: &&Delivered| event.parents.iter().all(|p| !all.contains(p) || done.contains(p));
        let next = rest.iter().filter(ready).min_by_key(|event| (event.hlc, event.id)).unwrap().id;
        let at = rest.iter().position(|event| event.id == next).unwrap();
        order.push(rest.swap_remove(at));
    }
    order
}

/// Takes events in, a day apart; what each brought about, refusals as their code.
fn fold(genesis: &Genesis, events: &[Delivered], step: Nanos) -> (Authority, Vec<String>) {
    let mut authority = Authority::new(genesis);
    let outcomes = events.iter().enumerate().map(|(i, event)| {
        match authority.apply(&event.envelope, i as u64 + 3, DAY_ONE + i as i64 * step) {
            Ok(_) => String::new(),
            Err(problem) => problem.code.to_string(),
        }
    });
    let outcomes = outcomes.collect();
    (authority, outcomes)
}

fn fund() -> (Genesis, Vec<Delivered>, Value) {
    let told = vectors("fund.json");
    let genesis = Genesis::parse(told["genesis"].as_str().unwrap().as_bytes()).unwrap();
    let envelope = |event: &Value| delivered(event["envelope"].as_str().unwrap().as_bytes());
    let events = told["events"].as_array().unwrap().iter().map(envelope).collect();
    (genesis, events, told)
}

#[test]
fn canonical_form_is_what_the_vectors_say() {
    let told = vectors("canonical.json");
    for case in told["spelt"].as_array().unwrap() {
        assert_eq!(canonical::write(&case["value"]).unwrap(), case["text"].as_str().unwrap());
    }
    for text in told["refused"].as_array().unwrap() {
        assert!(canonical::parse(text.as_str().unwrap().as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn expressions_decide_as_the_vectors_say() {
    let told = vectors("expressions.json");
    for case in told.as_array().unwrap() {
        let expression = Expression::from_json(&case["expression"]).unwrap();
        let votes: Vec<(&str, &str)> = case["votes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|vote| (vote[0].as_str().unwrap(), vote[1].as_str().unwrap()))
            .collect();
        let missing: Vec<String> = expression.missing(&votes).iter().map(ToString::to_string).collect();
        assert_eq!(json!(missing), case["missing"], "{}", case["text"]);
    }
}

#[test]
fn ids_encoding_signatures_order_and_state_are_what_the_vectors_say() {
    let (genesis, events, told) = fund();
    assert_eq!(keys::hex(&genesis.id()), told["genesis_id"]);
    for (event, case) in events.iter().zip(told["events"].as_array().unwrap()) {
        let opened = Envelope::parse(&event.envelope).unwrap();
        assert_eq!(keys::hex(&event.id), case["id"]);
        assert_eq!(keys::hex(&keys::sha256(&pae(PAYLOAD_TYPE, &opened.payload))), case["pae_sha256"]);
        for key in case["signers"].as_array().unwrap() {
            assert!(opened.is_signed_by(&keys::unhex(key.as_str().unwrap()).unwrap()));
        }
    }
    let order = merged(events);
    let names: Vec<String> = order.iter().map(|event| keys::hex(&event.id)).collect();
    assert_eq!(json!(names), told["order"]);
    let (authority, outcomes) = fold(&genesis, &order, DAY);
    for (outcome, case) in outcomes.iter().zip(told["outcomes"].as_array().unwrap()) {
        assert!(outcome.is_empty() != case.as_str().unwrap().starts_with("GOV-"), "{outcome}: {case}");
    }
    assert_eq!(authority.describe(), told["state"]);
    assert_eq!(keys::hex(&authority.state_hash()), told["state_hash"]);
}

/// Events of a fund in which everybody says what they like at the same time.
fn concurrent() -> (Genesis, Vec<Delivered>) {
    let fund = Fund::staffed();
    let mut ahead = fund.clone();
    let mut envelopes = vec![
        Fund::new().roster(1, &people(), &["root 1", "root 2"]),
        // The policy rests on the roster only by its clock: both rest on the genesis.
    ];
    let mut founding = Fund::new();
    founding.apply(&envelopes[0]).unwrap();
    envelopes.push(founding.policy(1, policy(1), &["root 1", "root 2"]));
    let one = ahead.proposal("Ada", |_| {});
    let two = ahead.proposal("Ada", |body| body["manifest"] = manifest("two"));
    let ids = [Envelope::parse(&one).unwrap().id(), Envelope::parse(&two).unwrap().id()];
    envelopes.extend([one, two]);
    for (who, role) in [("Rita", "risk"), ("Raj", "risk"), ("Fay", "fund_manager"), ("Duo", "risk")] {
        for id in &ids {
            ahead.last += 1;
            let mut event =
                ahead.event("approval", who, json!({"proposal": keys::hex(id), "role": role, "decision": "approve"}));
            event["parents"] = json!([keys::hex(id)]);
            envelopes.push(sealed(&event, &[who]));
        }
    }
    for who in ["Rita", "Duo"] {
        ahead.last += 1;
        let mut event = ahead.event("pause", who, json!({"strategy": "momentum", "reason": ""}));
        event["parents"] = json!([keys::hex(&ids[0])]);
        envelopes.push(sealed(&event, &[who]));
    }
    (fund.authority.genesis().clone(), envelopes.iter().map(|envelope| delivered(envelope)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_delivery_folds_to_the_same_state(order in Just((0..14).collect::<Vec<usize>>()).prop_shuffle(), of_vectors in any::<bool>()) {
        let (genesis, events) = if of_vectors { let (genesis, events, _) = fund(); (genesis, events) } else { concurrent() };
        let shuffled: Vec<Delivered> = order.iter().filter_map(|at| events.get(*at).cloned())
            .chain(events.iter().skip(order.len()).rev().cloned()).collect();
        prop_assert_eq!(shuffled.len(), events.len());
        let (straight, told) = fold(&genesis, &merged(events), DAY);
        let (other, again) = fold(&genesis, &merged(shuffled), DAY);
        prop_assert_eq!(told, again);
        prop_assert_eq!(straight.state_hash(), other.state_hash());
        prop_assert_eq!(postcard::to_stdvec(&straight), postcard::to_stdvec(&other));
    }
}

/// By type of event: the fund just before one that counts, its day, and its envelope.
type Taken = BTreeMap<String, Vec<(Authority, u64, Vec<u8>)>>;

/// The events of the vectors that count.
fn taken() -> Taken {
    let (genesis, events, _) = fund();
    let (mut authority, mut kinds) = (Authority::new(&genesis), Taken::new());
    for (day, event) in (0u64..).zip(merged(events)) {
        let before = authority.clone();
        if authority.apply(&event.envelope, day + 3, DAY_ONE + day as i64 * DAY).is_ok() {
            let payload: Value = serde_json::from_slice(&Envelope::parse(&event.envelope).unwrap().payload).unwrap();
            let kind = payload["type"].as_str().unwrap().to_owned();
            kinds.entry(kind).or_default().push((before, day, event.envelope));
        }
    }
    kinds
}

static TAKEN: LazyLock<Taken> = LazyLock::new(taken);

#[test]
fn every_type_of_event_counts_somewhere_in_the_vectors() {
    assert_eq!(TAKEN.keys().map(String::as_str).collect::<BTreeSet<_>>(), TYPES.into_iter().collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_tampered_byte_of_any_type_of_event_is_taken(
        kind in prop::sample::select(TYPES.to_vec()), which in any::<Index>(), at in any::<Index>(), flip in 1u8..,
    ) {
        let (before, day, envelope) = which.get(&TAKEN[kind]);
        let (mut authority, mut tampered) = (before.clone(), envelope.clone());
        tampered[at.index(envelope.len())] ^= flip;
        prop_assert!(authority.apply(&tampered, day + 3, DAY_ONE + *day as i64 * DAY).is_err());
        prop_assert_eq!(&authority, before);
        prop_assert!(authority.apply(envelope, day + 3, DAY_ONE + *day as i64 * DAY).is_ok());
    }
}

#[test]
fn envelopes_of_the_vectors_have_one_spelling() {
    for event in fund().1 {
        let value: BTreeMap<String, Value> = serde_json::from_slice(&event.envelope).unwrap();
        let payload = STANDARD.decode(value["payload"].as_str().unwrap()).unwrap();
        assert_eq!(keys::sha256(&payload), event.id);
        assert!(Envelope::parse(&[&event.envelope[..], b" "].concat()).is_err());
    }
}
