//! What the exchange tells: to each participant about its orders, to all about the market.

use super::{NewOrder, OrderStatus, Phase};
use serde::{Deserialize, Serialize};

/// Why something was refused, or ended without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No such instrument.
    UnknownInstrument,
    /// No such order of this participant.
    UnknownOrder,
    /// The client id was used before, or is empty.
    DuplicateClientId,
    /// The order has ended.
    TooLate,
    /// A size out of range, or not more than has traded.
    Lots,
    /// A price out of range, or one where there must be none.
    Price,
    /// A price that is no multiple of the tick.
    OffTick,
    /// A stop price out of range, or one where there must be none.
    StopPrice,
    /// Displayed lots out of range.
    ShowLots,
    /// An end that has passed, or one where there must be none.
    Expiry,
    /// Type, time in force and instructions that do not go together.
    Combination,
    /// The phase does not allow it.
    Phase,
    /// It may only make liquidity, and would take.
    WouldTake,
    /// Nothing left to trade with.
    NoLiquidity,
    /// It would have traded with its own participant.
    SelfTrade,
    /// Its auction is over.
    AuctionOver,
    /// The market closed.
    Closed,
    /// Its time is over.
    Expired,
    /// The participant asked for it.
    Asked,
    /// A field that has no meaning here.
    Unsupported,
    /// No such trade, or one that was busted before.
    UnknownTrade,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was taken.
    Accepted,
    /// It was not taken.
    Rejected,
    /// It traded.
    Traded,
    /// It changed.
    Replaced,
    /// It ended unfilled.
    Cancelled,
    /// It ended with its time.
    Expired,
    /// Its stop price was reached.
    Triggered,
    /// A trade of it shall not have been.
    Busted,
    /// A cancel or a change of it was refused; it is as it was.
    ChangeRefused,
    /// Nothing: how it stands was asked for.
    Status,
}

/// One thing that happened to an order, with the order as it stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Number of this report, one higher than the one before; 0: a status.
    pub exec: u64,
    /// UTC nanoseconds.
    pub ts: i64,
    /// What happened.
    pub what: What,
    /// The venue's number of the order; 0: it has none.
    pub order_id: u64,
    /// The order as it stands; `client_id` is the request's that this answers.
    #[serde(flatten)]
    pub order: NewOrder,
    /// The name before, where a request names one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub orig_client_id: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Lots that still work.
    pub leaves_lots: i64,
    /// Lots that have traded.
    pub cum_lots: i64,
    /// Sum of lots times ticks of what has traded.
    pub traded_ticks: i128,
    /// Lots of this trade.
    pub last_lots: i64,
    /// Its price.
    pub last_ticks: i64,
    /// Number of this trade; 0: none.
    pub trade: u64,
    /// Whether it made the liquidity.
    pub is_maker: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A trade as everybody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TradeReport {
    /// Its number.
    pub trade: u64,
    /// UTC nanoseconds.
    pub ts: i64,
    /// Index of the instrument.
    pub instrument: u32,
    /// Its price.
    pub price_ticks: i64,
    /// Its size.
    pub lots: i64,
    /// The buying order.
    pub buy_order: u64,
    /// The selling order.
    pub sell_order: u64,
    /// Whether an auction made it.
    pub is_auction: bool,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// To the participant.
    Order(Box<Report>),
    /// To all.
    Trade(TradeReport),
    /// To all: an auction ended at this price; lots 0: nothing crossed.
    Auction {
        /// Index of the instrument.
        instrument: u32,
        /// The price.
        price_ticks: i64,
        /// Lots traded.
        lots: i64,
        /// Lots more wanted than offered at it.
        imbalance_lots: i64,
    },
    /// To all.
    Phase {
        /// Index of the instrument.
        instrument: u32,
        /// The new phase.
        phase: Phase,
    },
    /// To all: this trade shall not have been.
    Bust {
        /// Its number.
        trade: u64,
        /// Index of the instrument.
        instrument: u32,
    },
    /// To whoever runs the venue: an instruction of theirs that cannot be followed.
    Refused {
        /// Why.
        reason: Reason,
    },
}
