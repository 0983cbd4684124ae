//! The small sets of named values that records hold as a byte: sides, kinds, decisions, accounts.

/// Declares a small set of named values that records hold as a byte. The crate that uses it needs `serde`.
#[macro_export]
macro_rules! byte_enum {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $value:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
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
        /// An auction.
        Auction = 2,
        /// Against orders that nobody could see.
        Hidden = 3,
    }
}
