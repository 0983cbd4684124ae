//! Mandates in order of grants: which one is in force when, and how long an artifact was in force at a tier.
//!
//! Promises: a later mandate takes the place of an earlier one when it begins, not before; one that was taken back while
//! it still cooled down leaves the earlier one in force. Never: forgets a mandate.

use super::keys::hex;
use super::tiers::{isolation_word, kind_word};
use super::{Authority, EventId, limits_to_json};
use hedgerow_core::{Isolation, Mandate, Nanos, StrategyId, Symbol, TierKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A mandate, and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The mandate; its `id` is for the kernel to number.
    pub mandate: Mandate,
    /// What it may trade.
    pub universe: Vec<Symbol>,
    /// The name of its tier.
    pub tier: String,
    /// The policy under which it was granted.
    pub policy: EventId,
    /// When its last signature was sequenced.
    pub granted_ts: Nanos,
    /// When it was taken back.
    pub ended_ts: Option<Nanos>,
    /// When it was paused.
    pub paused_ts: Option<Nanos>,
}

impl Granted {
    /// When it begins to be in force.
    #[must_use]
    pub fn begins_ts(&self) -> Nanos {
        if self.mandate.from_ts == 0 { self.granted_ts } else { self.mandate.from_ts }
    }

    /// It was taken back before it began.
    fn never_began(&self) -> bool {
        self.ended_ts.is_some_and(|ended| ended < self.begins_ts())
    }
}

impl Authority {
    /// Every mandate ever granted, in order; the first has index 1.
    #[must_use]
    pub fn mandates(&self) -> &[Granted] {
        &self.mandates
    }

    /// Places of a strategy's mandates that began or can begin, the latest first.
    fn latest_first(&self, strategy: StrategyId) -> impl Iterator<Item = usize> + '_ {
        let own = move |at: &usize| self.mandates[*at].mandate.strategy == strategy;
        (0..self.mandates.len()).rev().filter(own).filter(|at| !self.mandates[*at].never_began())
    }

    /// Place of the mandate that has begun and was not taken back; it may be paused or have expired.
    pub(super) fn current(&self, strategy: StrategyId, ts: Nanos) -> Option<usize> {
        let begun = self.latest_first(strategy).find(|at| self.mandates[*at].begins_ts() <= ts)?;
        self.mandates[begun].ended_ts.is_none().then_some(begun)
    }

    /// Place of the mandate that still cools down.
    pub(super) fn pending(&self, strategy: StrategyId, ts: Nanos) -> Option<usize> {
        self.latest_first(strategy).next().filter(|at| self.mandates[*at].begins_ts() > ts)
    }

    /// When a mandate stops: it expired, was taken back or paused, or the next one began.
    #[must_use]
    pub fn stops_ts(&self, index: u32) -> Nanos {
        let Some(at) = usize::try_from(index).ok().and_then(|i| i.checked_sub(1)).filter(|i| *i < self.mandates.len())
        else {
            return Nanos::MIN;
        };
        let row = &self.mandates[at];
        let next = self.latest_first(row.mandate.strategy).filter(|later| *later > at).last();
        let next = next.map_or(Nanos::MAX, |later| self.mandates[later].begins_ts());
        let ended = row.ended_ts.unwrap_or(Nanos::MAX).min(row.paused_ts.unwrap_or(Nanos::MAX));
        row.mandate.expires_ts.min(ended).min(next)
    }

    /// Nanoseconds within `[from, to]` for which an artifact was in force at a tier.
    #[must_use]
    pub fn live_ns(&self, strategy: StrategyId, artifact: &[u8; 32], tier: &str, from: Nanos, to: Nanos) -> Nanos {
        let mut live: Nanos = 0;
        for at in self.latest_first(strategy) {
            let row = &self.mandates[at];
            if row.mandate.artifact == *artifact && row.tier == tier {
                let (begins, stops) = (row.begins_ts().max(from), self.stops_ts(row.mandate.index).min(to));
                live = live.saturating_add(stops.saturating_sub(begins).max(0));
            }
        }
        live
    }

    /// A mandate for people and programs; times are decimal strings of nanoseconds.
    pub(super) fn mandate_json(&self, row: &Granted) -> Value {
        let mandate = &row.mandate;
        let kind = TierKind::from_u8(mandate.kind).map(kind_word);
        let isolation = Isolation::from_u8(mandate.isolation).map(isolation_word);
        let state = match (row.ended_ts, row.paused_ts) {
            (Some(_), _) => "revoked",
            (None, Some(_)) => "paused",
            (None, None) => "granted",
        };
        let text = |ts: Option<Nanos>| ts.map(|ts| ts.to_string());
        json!({
            "index": mandate.index, "strategy": self.strategies[usize::from(mandate.strategy)].name,
            "artifact": hex(&mandate.artifact), "proposal": hex(&mandate.proposal), "policy": hex(&row.policy),
            "tier": row.tier, "kind": kind, "rank": mandate.rank, "isolation": isolation,
            "limits": limits_to_json(&mandate.limits),
            "universe": row.universe.iter().map(|symbol| symbol.as_str()).collect::<Vec<_>>(),
            "granted": row.granted_ts.to_string(), "since": row.begins_ts().to_string(),
            "until": self.stops_ts(mandate.index).to_string(), "valid_until": mandate.expires_ts.to_string(),
            "paused": text(row.paused_ts), "ended": text(row.ended_ts), "state": state, "cause": mandate.cause,
        })
    }
}
