//! The rules of approval against an obvious twin: whatever people sign in whatever order, both agree on what is in force,
//! and no capital is ever above what the signatures of two people allow.

use super::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

const NAMES: [&str; 2] = ["momentum", "reversion"];
const TIERS: [(&str, i64, i64); 3] = [("simulation", 100, 0), ("paper", 1_000, 0), ("canary", 10_000, 1)];

#[derive(Clone, Debug)]
enum Act {
    Propose { strategy: usize, author: usize, tier: usize, capital: i64, stale: bool },
    Decide { who: usize, role: usize, pick: usize, approve: bool },
    Pause { who: usize, strategy: usize },
    Demote { who: usize, strategy: usize, tier: usize, capital: i64 },
    Retire { who: usize, strategy: usize },
    Revoke { who: usize, strategy: usize },
    RevokeProposal { who: usize, pick: usize },
    RevokeKey { who: usize, of: usize },
    Wait { hours: i64 },
}

/// People and roles by number: Ada and Rita and Raj are risk, Fay manages, Duo is both.
const PEOPLE: [&str; 5] = ["Ada", "Rita", "Raj", "Fay", "Duo"];
const ROLES: [&str; 2] = ["risk", "fund_manager"];
const HOLDS: [&[usize]; 5] = [&[0], &[0], &[0], &[1], &[0, 1]];

fn acts() -> impl Strategy<Value = Act> {
    let who = 0..PEOPLE.len();
    let strategy = 0..NAMES.len();
    prop_oneof![
        4 => (strategy.clone(), who.clone(), 0..3_usize, 1..12_000_i64, prop::bool::weighted(0.1))
            .prop_map(|(strategy, author, tier, capital, stale)| Act::Propose { strategy, author, tier, capital: capital >> (2 - tier), stale }),
        10 => (who.clone(), 0..2_usize, 0..3_usize, prop::bool::weighted(0.95))
            .prop_map(|(who, role, pick, approve)| Act::Decide { who, role, pick, approve }),
        1 => (who.clone(), strategy.clone()).prop_map(|(who, strategy)| Act::Pause { who, strategy }),
        1 => (who.clone(), strategy.clone(), 0..3_usize, 1..2_000_i64)
            .prop_map(|(who, strategy, tier, capital)| Act::Demote { who, strategy, tier, capital }),
        1 => (who.clone(), strategy.clone()).prop_map(|(who, strategy)| Act::Retire { who, strategy }),
        1 => (who.clone(), strategy).prop_map(|(who, strategy)| Act::Revoke { who, strategy }),
        1 => (who.clone(), 0..3_usize).prop_map(|(who, pick)| Act::RevokeProposal { who, pick }),
        1 => (who.clone(), who).prop_map(|(who, of)| Act::RevokeKey { who, of }),
        2 => (1..40_i64).prop_map(|hours| Act::Wait { hours }),
    ]
}

/// What the twin keeps: proposals with their votes, and mandates with when they begin and how they ended.
#[derive(Clone, Debug)]
struct Asked {
    id: EventId,
    strategy: usize,
    author: usize,
    tier: usize,
    capital: i64,
    votes: Vec<(usize, usize)>,
    open: bool,
}

#[derive(Clone, Debug)]
struct Held {
    strategy: usize,
    tier: usize,
    capital: i64,
    proposal: EventId,
    begins: i64,
    ended: Option<i64>,
    paused: bool,
}

#[derive(Clone, Debug, Default)]
struct Twin {
    asked: Vec<Asked>,
    held: Vec<Held>,
    /// What was granted and what was taken away, in order.
    changes: [Vec<EventId>; 2],
    retired: [bool; 2],
    /// Strategies are known once they were proposed.
    known: [bool; 2],
    lost: Vec<usize>,
}

impl Twin {
    /// Mandates of a strategy that began or can begin.
    fn real(&self, strategy: usize) -> Vec<usize> {
        let counts = |held: &Held| held.strategy == strategy && held.ended.is_none_or(|ended| ended >= held.begins);
        (0..self.held.len()).filter(|i| counts(&self.held[*i])).collect()
    }

    fn current(&self, strategy: usize, now: i64) -> Option<usize> {
        let begun = self.real(strategy).into_iter().rfind(|i| self.held[*i].begins <= now)?;
        self.held[begun].ended.is_none().then_some(begun)
    }

    fn pending(&self, strategy: usize, now: i64) -> Option<usize> {
        self.real(strategy).last().copied().filter(|i| self.held[*i].begins > now)
    }

    fn last_change(&self, strategy: usize) -> Option<EventId> {
        self.changes[strategy].last().copied()
    }

    fn close(&mut self, strategy: usize, by: EventId) {
        self.changes[strategy].push(by);
        self.asked.iter_mut().filter(|a| a.strategy == strategy).for_each(|a| a.open = false);
    }

    /// Whether two different humans, neither the author nor with a lost key, fill both seats.
    fn is_signed(&self, asked: &Asked) -> bool {
        let of = |role: usize| -> Vec<usize> {
            let counts = |(who, r): &&(usize, usize)| *r == role && *who != asked.author && !self.lost.contains(who);
            asked.votes.iter().filter(counts).map(|(who, _)| *who).collect()
        };
        of(0).iter().any(|risk| of(1).iter().any(|manager| manager != risk))
    }

    /// Whether the act counts; if it does, what it changes.
    fn act(&mut self, act: &Act, id: EventId, prev: Option<EventId>, target: Option<EventId>, now: i64) -> bool {
        let risk = |who: usize| HOLDS[who].contains(&0);
        let signer = match act {
            Act::Propose { author, .. } => *author,
            Act::Decide { who, .. }
            | Act::Pause { who, .. }
            | Act::Demote { who, .. }
            | Act::Retire { who, .. }
            | Act::Revoke { who, .. }
            | Act::RevokeProposal { who, .. }
            | Act::RevokeKey { who, .. } => *who,
            Act::Wait { .. } => return true,
        };
        if self.lost.contains(&signer) {
            return false;
        }
        match *act {
            Act::Propose { strategy, author, tier, capital, .. } => {
                let fits = capital <= TIERS[tier].1 && !self.retired[strategy] && prev == self.last_change(strategy);
                if fits {
                    self.known[strategy] = true;
                    self.asked.push(Asked { id, strategy, author, tier, capital, votes: vec![], open: true });
                }
                fits
            }
            Act::Decide { who, role, approve, .. } => self.decide(who, role, approve, target, now),
            Act::Pause { who, strategy } => risk(who) && self.pause(strategy, id, now),
            Act::Demote { who, strategy, tier, capital } => risk(who) && self.demote(strategy, tier, capital, id, now),
            Act::Retire { who, strategy } => {
                let may = risk(who) || self.asked.iter().any(|a| a.strategy == strategy && a.author == who);
                if !may || !self.known[strategy] || self.retired[strategy] {
                    return false;
                }
                self.end_all(strategy, id, now);
                self.retired[strategy] = true;
                true
            }
            Act::Revoke { who, strategy } => {
                if !risk(who) || !self.known[strategy] {
                    return false;
                }
                self.end_all(strategy, id, now);
                true
            }
            Act::RevokeProposal { who, .. } => {
                let Some(place) = self.asked.iter().position(|a| Some(a.id) == target).filter(|_| risk(who)) else {
                    return false;
                };
                self.asked[place].open = false;
                let strategy = self.asked[place].strategy;
                let places = [self.current(strategy, now), self.pending(strategy, now)];
                let own = |i: &usize| Some(self.held[*i].proposal) == target;
                for i in places.into_iter().flatten().filter(own).collect::<Vec<_>>() {
                    self.held[i].ended = Some(now);
                    self.changes[strategy].push(id);
                }
                true
            }
            Act::RevokeKey { who, of } => {
                let counts = risk(who) && !self.lost.contains(&of);
                if counts {
                    self.lost.push(of);
                }
                counts
            }
            Act::Wait { .. } => true,
        }
    }

    fn pause(&mut self, strategy: usize, id: EventId, now: i64) -> bool {
        let (current, pending) = (self.current(strategy, now), self.pending(strategy, now));
        let Some(place) = current.or(pending).filter(|i| !self.held[*i].paused) else { return false };
        if let (Some(_), Some(pending)) = (current, pending) {
            self.held[pending].ended = Some(now);
        }
        self.held[place].paused = true;
        self.close(strategy, id);
        true
    }

    fn demote(&mut self, strategy: usize, tier: usize, capital: i64, id: EventId, now: i64) -> bool {
        let Some(place) = self.current(strategy, now) else { return false };
        let before = self.held[place].clone();
        if tier >= before.tier || capital > before.capital || capital > TIERS[tier].1 {
            return false;
        }
        for place in [Some(place), self.pending(strategy, now)].into_iter().flatten() {
            self.held[place].ended = Some(now);
        }
        self.held.push(Held { tier, capital, begins: now, ..before });
        self.close(strategy, id);
        true
    }

    fn end_all(&mut self, strategy: usize, id: EventId, now: i64) {
        self.close(strategy, id);
        for place in [self.current(strategy, now), self.pending(strategy, now)].into_iter().flatten() {
            self.held[place].ended = Some(now);
        }
    }

    fn decide(&mut self, who: usize, role: usize, approve: bool, target: Option<EventId>, now: i64) -> bool {
        let Some(place) = self.asked.iter().position(|a| Some(a.id) == target) else { return false };
        let asked = &self.asked[place];
        if !asked.open || asked.author == who || !HOLDS[who].contains(&role) {
            return false;
        }
        if !approve {
            self.asked[place].open = false;
            return true;
        }
        if asked.votes.contains(&(who, role)) {
            return false;
        }
        self.asked[place].votes.push((who, role));
        let asked = self.asked[place].clone();
        if self.is_signed(&asked) {
            self.close(asked.strategy, asked.id);
            let Asked { strategy, tier, capital, id, .. } = asked;
            let begins = now + TIERS[tier].2 * DAY;
            self.held.push(Held { strategy, tier, capital, proposal: id, begins, ended: None, paused: false });
        }
        true
    }
}

/// The fund of the model: three tiers without evidence, the last with a day's cool-down.
fn fund() -> Fund {
    let mut fund = Fund::new();
    fund.apply(&fund.roster(1, &people(), &["root 1", "root 2"])).unwrap();
    let mut body = policy(1);
    for (i, (name, capital, days)) in TIERS.iter().enumerate() {
        let tier = &mut body["tiers"][i];
        (tier["name"], tier["capital"]) = (json!(name), json!(format!("{capital}.00")));
        (tier["cool_down_ns"], tier["evidence"]["live_ns"]) = (json!((days * DAY).to_string()), json!("0"));
    }
    body["tiers"].as_array_mut().unwrap().truncate(TIERS.len());
    fund.apply(&fund.policy(1, body, &["root 1", "root 2"])).unwrap();
    fund
}

/// The envelope of an act, and what it speaks of: the change before it, the proposal meant.
fn written(fund: &Fund, twin: &Twin, act: &Act) -> Option<(Vec<u8>, Option<EventId>, Option<EventId>)> {
    let picked = |pick: usize| twin.asked.len().checked_sub(1 + pick).map(|i| twin.asked[i].id);
    Some(match *act {
        Act::Propose { strategy, author, tier, capital, stale } => {
            // A stale one was signed one change ago, or follows what never was.
            let before = twin.changes[strategy].iter().rev().nth(1).copied();
            let prev = if stale { before.or(Some([7; 32])) } else { twin.last_change(strategy) };
            let envelope = fund.proposal(PEOPLE[author], |body| {
                body["strategy"] = json!(NAMES[strategy]);
                body["tier"] = json!(TIERS[tier].0);
                body["limits"] = json!({"capital": format!("{capital}.00")});
                body["prev"] = json!(prev.map(|id| keys::hex(&id)));
                body["authors"] = json!([PEOPLE[author]]);
                body["manifest"]["credits"] = json!([{"name": PEOPLE[author], "share_bps": 10_000}]);
            });
            (envelope, prev, None)
        }
        Act::Decide { who, role, pick, approve } => {
            let target = picked(pick).unwrap_or([9; 32]);
            let word = if approve { "approve" } else { "reject" };
            (fund.decision(PEOPLE[who], ROLES[role], &target, word), None, Some(target))
        }
        Act::Pause { who, strategy } => {
            (fund.signed("pause", PEOPLE[who], json!({"strategy": NAMES[strategy], "reason": ""})), None, None)
        }
        Act::Demote { who, strategy, tier, capital } => {
            let limits = json!({"capital": format!("{capital}.00")});
            let body = json!({"strategy": NAMES[strategy], "tier": TIERS[tier].0, "limits": limits, "reason": ""});
            (fund.signed("demote", PEOPLE[who], body), None, None)
        }
        Act::Retire { who, strategy } => {
            (fund.signed("retire", PEOPLE[who], json!({"strategy": NAMES[strategy], "reason": ""})), None, None)
        }
        Act::Revoke { who, strategy } => {
            (fund.signed("revocation", PEOPLE[who], json!({"strategy": NAMES[strategy], "reason": ""})), None, None)
        }
        Act::RevokeProposal { who, pick } => {
            let target = picked(pick).unwrap_or([9; 32]);
            let body = json!({"proposal": keys::hex(&target), "reason": ""});
            (fund.signed("revocation", PEOPLE[who], body), None, Some(target))
        }
        Act::RevokeKey { who, of } => {
            let body = json!({"key": keys::hex(&public(PEOPLE[of])), "reason": ""});
            (fund.signed("revocation", PEOPLE[who], body), None, None)
        }
        Act::Wait { .. } => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_ever_puts_more_capital_in_force_than_was_signed(acts in prop::collection::vec(acts(), 1..40)) {
        let (mut fund, mut twin) = (fund(), Twin::default());
        for act in &acts {
            if let Act::Wait { hours } = act {
                fund.ts += hours * DAY / 24;
            }
            if let Some((envelope, prev, target)) = written(&fund, &twin, act) {
                let id = Envelope::parse(&envelope).unwrap().id();
                let before = fund.authority.clone();
                let outcome = fund.apply(&envelope);
                prop_assert_eq!(outcome.is_ok(), twin.act(act, id, prev, target, fund.ts), "{:?}: {:?}", act, outcome);
                if outcome.is_err() {
                    prop_assert_eq!(&fund.authority, &before);
                }
            }
            for (strategy, name) in NAMES.iter().enumerate() {
                let Some(index) = fund.authority.strategy_index(name) else { continue };
                let row = fund.authority.current(index, fund.ts).map(|place| &fund.authority.mandates()[place]);
                let ours = row.map(|r| (r.mandate.limits.capital, usize::from(r.mandate.rank), r.mandate.paused == 1));
                let held = twin.current(strategy, fund.ts).map(|i| &twin.held[i]);
                prop_assert_eq!(ours, held.map(|h| (Money::units(h.capital), h.tier, h.paused)), "{:?}", act);
                prop_assert_eq!(fund.authority.strategies()[usize::from(index)].last_change, twin.last_change(strategy));
                if let Some((capital, rank, _)) = ours {
                    prop_assert!(capital <= Money::units(TIERS[rank].1));
                }
            }
        }
    }
}
