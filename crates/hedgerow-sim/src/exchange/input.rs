//! What the exchange can be told. The same values, as JSON, are the lines of the venue's log.

use hedgerow_core::{Peg, Phase, Side};
use serde::{Deserialize, Serialize};

/// What price an order accepts, and from when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// Any price.
    Market,
    /// The limit or better.
    Limit,
    /// Any price, once a trade reached the stop price.
    Stop,
    /// The limit or better, once a trade reached the stop price.
    StopLimit,
    /// What its `peg` follows, never beyond the limit if it has one.
    Pegged,
}

impl OrderType {
    /// Whether it has a limit.
    #[must_use]
    pub fn is_limited(self) -> bool {
        matches!(self, OrderType::Limit | OrderType::StopLimit | OrderType::Pegged)
    }

    /// Whether it waits for a trade at its stop price.
    #[must_use]
    pub fn is_stop(self) -> bool {
        matches!(self, OrderType::Stop | OrderType::StopLimit)
    }
}

/// How long an order works, and in which phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeIn {
    /// Until the market closes.
    Day,
    /// Until it is filled or cancelled.
    Gtc,
    /// At once, as far as possible.
    Ioc,
    /// At once and whole, or not at all.
    Fok,
    /// Until `expire_ts`.
    Gtd,
    /// In the opening auction only: market-on-open, limit-on-open.
    AtOpen,
    /// In the closing auction only: market-on-close, limit-on-close.
    AtClose,
}

/// What becomes of a trade of a participant with itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTrades {
    /// It is a trade.
    #[default]
    Allow,
    /// The incoming order's rest is cancelled.
    CancelIncoming,
    /// The resting order is cancelled.
    CancelResting,
}

/// A new order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Whose it is.
    pub participant: u32,
    /// What the participant calls it; never used before by this participant.
    pub client_id: String,
    /// Index of the instrument.
    pub instrument: u32,
    /// Which way.
    pub side: Side,
    /// Which price.
    pub order_type: OrderType,
    /// How long.
    pub time_in: TimeIn,
    /// Lots in all.
    pub lots: i64,
    /// The limit, in ticks; 0 without one.
    #[serde(default)]
    pub price_ticks: i64,
    /// The stop price, in ticks; 0 without one.
    #[serde(default)]
    pub stop_ticks: i64,
    /// Lots that are displayed at a time; 0: all.
    #[serde(default)]
    pub show_lots: i64,
    /// Only as a maker: refused where it would take.
    #[serde(default)]
    pub post_only: bool,
    /// When a `Gtd` order ends, UTC nanoseconds.
    #[serde(default)]
    pub expire_ts: i64,
    /// What a pegged order follows: prices that are displayed by orders which are not pegged themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peg: Option<Peg>,
    /// Ticks added to that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset_ticks: i64,
}

pub(super) fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What an order shall become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amend {
    /// Whose it is.
    pub participant: u32,
    /// The new name.
    pub client_id: String,
    /// Any name the order has had.
    pub orig_client_id: String,
    /// Lots in all, those that have traded included.
    pub lots: i64,
    /// The new limit; 0 without one.
    #[serde(default)]
    pub price_ticks: i64,
    /// The new stop price; 0 without one.
    #[serde(default)]
    pub stop_ticks: i64,
    /// Lots that are displayed at a time; 0: as many as before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub show_lots: i64,
    /// Ticks added to what a pegged order follows; without it those that were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ticks: Option<i64>,
}

impl Amend {
    /// The order as it shall be. No more of it is displayed than there is.
    pub(super) fn wanted(&self, order: &NewOrder) -> NewOrder {
        let show_lots = if self.show_lots == 0 { order.show_lots.min(self.lots) } else { self.show_lots };
        let Amend { lots, price_ticks, stop_ticks, .. } = *self;
        let offset_ticks = self.offset_ticks.unwrap_or(order.offset_ticks);
        NewOrder { lots, price_ticks, stop_ticks, show_lots, offset_ticks, ..order.clone() }
    }
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// A new order.
    New(NewOrder),
    /// An order shall be cancelled; `client_id` is the request's own name.
    Cancel {
        /// Whose it is.
        participant: u32,
        /// The request's name.
        client_id: String,
        /// Any name the order has had.
        orig_client_id: String,
    },
    /// An order shall change.
    Replace(Amend),
    /// Every order of a participant shall be cancelled, of an instrument and a side where they are named.
    MassCancel {
        /// Whose.
        participant: u32,
        /// Of which instrument.
        #[serde(default)]
        instrument: Option<u32>,
        /// Of which side.
        #[serde(default)]
        side: Option<Side>,
    },
    /// What came cannot be an order: a price off the tick, a size that is no number. It is answered and remembered.
    Refuse {
        /// Whose.
        participant: u32,
        /// What it was called.
        client_id: String,
        /// Why.
        reason: super::Reason,
    },
    /// What came cannot be a change or a cancel.
    RefuseChange {
        /// Whose.
        participant: u32,
        /// The request's name.
        client_id: String,
        /// The order that it names.
        orig_client_id: String,
        /// Why.
        reason: super::Reason,
    },
    /// An instrument goes over into another phase.
    SetPhase {
        /// Index of the instrument.
        instrument: u32,
        /// Which.
        phase: Phase,
    },
    /// A trade shall not have been.
    Bust {
        /// Its number.
        trade: u64,
    },
    /// Time passes: orders whose time is over end.
    Clock,
}
