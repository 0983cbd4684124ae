//! The small sets of named values that records hold as a byte: sides, kinds, decisions, accounts.

/// Declares a small set of named values that records hold as a byte. The crate that uses it needs `serde`.
#[macro_export]
macro_rules! byte_enum {
    ($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)+)])? $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $value:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        $(#[serde($($serde)+)])?
        #[repr(u8)]
        pub enum $name { $($(#[doc = $vdoc])+ $variant = $value,)+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The value of a byte, if it has one.
            #[inline]
            #[must_use]
            pub const fn from_u8(byte: u8) -> Option<$name> {
                match byte { $($value => Some($name::$variant),)+ _ => None }
            }
            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant),)+ }
            }
        }
    };
}

byte_enum! {
    /// Which way an order trades.
    Side {
        /// Buys.
        Buy = 1,
        /// Sells, long or short.
        Sell = 2,
    }
}
impl Side {
    /// +1 for a buy, -1 for a sell.
    #[inline]
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }
}
byte_enum! {
    /// What price an order accepts.
    OrderKind {
        /// Any price.
        Market = 1,
        /// The limit or better.
        Limit = 2,
        /// Any price, once the market has reached the stop price.
        Stop = 3,
        /// The limit or better, once the market has reached the stop price.
        StopLimit = 4,
        /// At a price that follows the book, never beyond the limit.
        Pegged = 5,
    }
}
byte_enum! {
    /// What the price of a pegged order follows.
    Peg {
        /// The best price of its own side.
        Primary = 1,
        /// Half-way between the best prices; half a tick is left to the other side.
        Midpoint = 2,
        /// The best price of the other side.
        Market = 3,
    }
}

impl Peg {
    /// The price of an order of this side, ticks, with `best` the bid and the ask that it may follow; `None` while what it
    /// follows is not there, or lies below one tick. The offset is added, and the cap never passed.
    #[must_use]
    pub fn price(self, side: Side, best: [Option<i64>; 2], offset_ticks: i64, cap_ticks: i64) -> Option<i64> {
        let [bid, ask] = best;
        let reference = match (self, side) {
            (Peg::Primary, Side::Buy) | (Peg::Market, Side::Sell) => bid?,
            (Peg::Primary, Side::Sell) | (Peg::Market, Side::Buy) => ask?,
            (Peg::Midpoint, Side::Buy) => (bid? + ask?).div_euclid(2),
            (Peg::Midpoint, Side::Sell) => -(-bid? - ask?).div_euclid(2),
        };
        let ticks = reference.saturating_add(offset_ticks);
        let bounded = if side == Side::Buy { ticks.min(cap_ticks) } else { ticks.max(cap_ticks) };
        (bounded >= 1).then_some(bounded)
    }
}
byte_enum! {
    /// How long an order works.
    TimeInForce {
        /// Until it is filled or cancelled.
        Gtc = 1,
        /// Until the session closes.
        Day = 2,
        /// At once, as far as possible; the rest is cancelled.
        Ioc = 3,
        /// At once and whole, or not at all.
        Fok = 4,
        /// Good till crossing: until it is filled or cancelled, and only as a maker (post-only).
        Gtx = 5,
        /// Good till date: until a time of its own.
        Gtd = 6,
        /// In the opening auction only: market-on-open, limit-on-open.
        Opg = 7,
        /// In the closing auction only: market-on-close, limit-on-close.
        Cls = 8,
    }
}

/// Set in the flags of an order, or of a change of one, whose [`OrderTerms`](crate::OrderTerms) are the record before it.
pub const WITH_TERMS: u16 = 1;
/// Set in the flags of an order that is refused where it would take; [`TimeInForce::Gtx`] is this and good till cancelled.
pub const POST_ONLY: u16 = 2;
/// Set in the flags of an order that may only shrink a position.
pub const REDUCE_ONLY: u16 = 4;
/// Set in the flags of an order that is one side of a two-sided quote; it comes by a quote update and no other way.
pub const QUOTE: u16 = 16;

impl OrderKind {
    /// Whether it has a limit.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        matches!(self, OrderKind::Limit | OrderKind::StopLimit | OrderKind::Pegged)
    }

    /// Whether it waits for the market to reach its stop price.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, OrderKind::Stop | OrderKind::StopLimit)
    }
}
byte_enum! {
    /// At which price of a bar the simulated venue fills a market order.
    FillRule {
        /// The next bar's open.
        NextOpen = 1,
        /// The volume-weighted price over the next bar, (high + low + close) / 3 where no better is known.
        BarVwap = 2,
    }
}
byte_enum! {
    /// How a parent order is worked.
    Algo {
        /// Equal slices in time.
        Twap = 1,
        /// Slices along the volume that is expected.
        Vwap = 2,
        /// A share of the volume as it trades.
        Pov = 3,
        /// Fast where waiting is risky: the schedule of Almgren & Chriss.
        Shortfall = 4,
        /// One visible slice at a limit at a time.
        Iceberg = 5,
        /// Takes what is offered at a limit or better, when it is there.
        Sniper = 6,
        /// In the last stretch before the close.
        Close = 7,
    }
}
byte_enum! {
    /// Why an algorithm sent a slice.
    SliceReason {
        /// A step of its plan is due.
        Schedule = 1,
        /// Its share of what has traded.
        Volume = 2,
        /// The slice before it is done.
        Refill = 3,
        /// The other side offers enough within the limit.
        Liquidity = 4,
        /// All steps are over and something is left.
        Rest = 5,
    }
}
byte_enum! {
    /// What happens to a parent order.
    ParentEventKind {
        /// It shall end: nothing more is sent, what works is cancelled.
        Stopped = 1,
        /// It has another total, limit or end; the steps that follow are its new plan.
        Amended = 2,
        /// It has ended: nothing works and nothing will be sent.
        Ended = 3,
        /// Its time is over: nothing more is sent, what works is cancelled.
        Expired = 4,
        /// The run is over, and it has not ended.
        Left = 5,
        /// The run that made it died, and the one that took it up goes on with it. Steps of its plan that were due in
        /// between are not caught up: where something was missed, a change to a new plan follows.
        Resumed = 6,
    }
}
byte_enum! {
    /// The gate's decision.
    Decision {
        /// May be sent.
        Approved = 1,
        /// Refused by us.
        Denied = 2,
    }
}
byte_enum! {
    /// What a verdict decides on.
    Action {
        /// A new order.
        New = 1,
        /// A change of a working order.
        Replace = 2,
        /// A cancel.
        Cancel = 3,
        /// Both sides of a quote.
        Quote = 4,
    }
}
byte_enum! {
    /// What a venue reports.
    ReportKind {
        /// The order works.
        Accepted = 1,
        /// Refused by the venue.
        Rejected = 2,
        /// Executed, in part or whole.
        Filled = 3,
        /// No longer works, on our wish or the venue's.
        Cancelled = 4,
        /// No longer works, its time is over.
        Expired = 5,
        /// The cancel was refused; the order still works.
        CancelRejected = 6,
        /// Changed as asked.
        Replaced = 7,
        /// The change was refused; the order still works as before.
        ReplaceRejected = 8,
        /// The venue cannot say; our reservation stays frozen and a person is told.
        Lost = 9,
    }
}
byte_enum! {
    /// Whether a fill took or made liquidity.
    Liquidity {
        /// Removed liquidity.
        Taker = 1,
        /// Provided liquidity.
        Maker = 2,
    }
}
byte_enum! {
    /// The ledger's accounts, per strategy and currency (and instrument for `Position` and `Realised`).
    Account {
        /// Money we hold.
        Cash = 1,
        /// Positions at what they cost.
        Position = 2,
        /// Profit (credit) and loss (debit) taken.
        Realised = 3,
        /// Fees paid.
        Fees = 4,
        /// Capital paid in by investors.
        Capital = 5,
        /// Counter-account of currency conversions.
        Exchange = 6,
        /// Interest, dividends, borrow and funding.
        Income = 7,
    }
}
byte_enum! {
    /// Why cash moves.
    CashKind {
        /// Investors pay in or out.
        Capital = 1,
        /// One leg of a currency conversion.
        Exchange = 2,
        /// Interest, dividends, borrow and funding.
        Income = 3,
    }
}
byte_enum! {
    /// What happens to the holders of an instrument.
    LifecycleKind {
        /// Cash on the ex-date; shorts owe it.
        Dividend = 1,
        /// New lots for old ones; what is left of a lot is paid in cash.
        Split = 2,
        /// Bought out for cash.
        Merger = 3,
        /// Trades nowhere any more; closed at what is recovered.
        Delisting = 4,
        /// What borrowing the shares costs; only shorts pay it.
        Borrow = 5,
        /// Funding of a perpetual: longs pay shorts, or (cash positive) the other way.
        Funding = 6,
        /// A contract's last day: closed at its settlement.
        Expiry = 7,
    }
}
byte_enum! {
    /// What kind of money a tier of capital grants, and what kind a venue trades.
    TierKind {
        /// Simulated venues only: research and backtests.
        Simulation = 1,
        /// Live data, simulated money.
        Paper = 2,
        /// Real money.
        Live = 3,
    }
}
byte_enum! {
    /// How isolated a strategy's process is, from weak to strong.
    Isolation {
        /// Not at all: in the platform's own process, or without walls.
        None = 0,
        /// Memory, processor time and files are limited.
        Limits = 1,
        /// Also a filter of system calls, and Landlock over files.
        Filtered = 2,
        /// Also namespaces of its own, none to be made within, and no capabilities.
        Jail = 3,
    }
}

/// Set in the action of a book's event that is the last of its update: after it the book is whole.
pub const LAST_OF_UPDATE: u8 = 0x80;

byte_enum! {
    /// What an observation of a book's price says; see [`LAST_OF_UPDATE`].
    LevelAction {
        /// So many lots are at this price now; 0 = none.
        Set = 1,
        /// This is now the best price of its side, with so many lots; 0 lots = the side is empty.
        Top = 2,
        /// Both sides are empty: an image of the book follows.
        Clear = 3,
    }
}
byte_enum! {
    /// What an observation of an order in a book says; see [`LAST_OF_UPDATE`].
    OrderAction {
        /// Entered, behind all others at its price.
        Add = 1,
        /// So many lots of it were taken back.
        Cancel = 2,
        /// It was executed for so many lots.
        Execute = 3,
        /// It is gone.
        Delete = 4,
        /// It now has this price and so many lots; it keeps its place only at the same price and without growing.
        Modify = 5,
        /// The book is empty: an image of it follows.
        Clear = 6,
    }
}
byte_enum! {
    /// How an execution between others came about.
    TradeKind {
        /// Continuous trading.
        Continuous = 1,
        /// An auction, of which it is not told which: after a halt, or of a feed that does not say.
        Auction = 2,
        /// Against orders that nobody could see.
        Hidden = 3,
        /// The opening auction.
        Opening = 4,
        /// The closing auction.
        Closing = 5,
    }
}
byte_enum! {
    /// What an instrument is doing.
    #[serde(rename_all = "snake_case")]
    Phase {
        /// No orders; cancels are heard.
        Closed = 1,
        /// Orders gather for the opening auction.
        OpeningCall = 2,
        /// Orders trade as they come.
        Continuous = 3,
        /// Orders gather for the closing auction.
        ClosingCall = 4,
        /// Stopped: cancels are heard, nothing trades.
        Halted = 5,
    }
}
impl Phase {
    /// Whether the phase is one in which new orders and changes are taken at all.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Phase::Closed | Phase::Halted)
    }

    /// As the exchange, feeds and strategies write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Phase::Closed => "closed",
            Phase::OpeningCall => "opening_call",
            Phase::Continuous => "continuous",
            Phase::ClosingCall => "closing_call",
            Phase::Halted => "halted",
        }
    }
}

byte_enum! {
    /// What an order does at a venue first.
    RouteWay {
        /// It takes what others show.
        Take = 1,
        /// It waits until somebody takes it.
        Wait = 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peg_follows_its_price_leaves_half_a_tick_to_the_other_side_and_stays_within_its_cap() {
        use Peg::{Market, Midpoint, Primary};
        use Side::{Buy, Sell};
        for (peg, side, offset, cap, price) in [
            (Primary, Buy, 0, 200, Some(100)),
            (Primary, Buy, -3, 200, Some(97)),
            (Primary, Buy, 9, 102, Some(102)),
            (Primary, Sell, 0, 1, Some(103)),
            (Primary, Sell, 2, 1, Some(105)),
            (Primary, Sell, 0, 110, Some(110)),
            (Midpoint, Buy, 0, 200, Some(101)),
            (Midpoint, Sell, 0, 1, Some(102)),
            (Midpoint, Sell, 1, 1, Some(103)),
            (Market, Buy, 0, 200, Some(103)),
            (Market, Buy, -1, 200, Some(102)),
            (Market, Sell, 0, 1, Some(100)),
            (Primary, Buy, -100, 200, None),
            (Primary, Buy, i64::MIN, 200, None),
            (Primary, Sell, i64::MAX, 1, Some(i64::MAX)),
        ] {
            assert_eq!(peg.price(side, [Some(100), Some(103)], offset, cap), price, "{peg:?} {side:?} {offset} {cap}");
        }
        assert_eq!(Primary.price(Buy, [None, Some(103)], 0, 200), None);
        assert_eq!(Primary.price(Buy, [Some(100), None], 0, 200), Some(100));
        assert_eq!(Midpoint.price(Sell, [Some(100), None], 0, 1), None);
    }
}
