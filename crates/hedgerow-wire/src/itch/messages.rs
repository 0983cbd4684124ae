//! The messages as views: a type each, a method a field, in the order of the specification.

use super::Malformed;
use hedgerow_core::code;

/// A type that a field may have, read from its first byte on; numbers are most significant byte first.
trait Wire: Sized {
    fn read(bytes: &[u8], at: usize) -> Self;
}

macro_rules! numbers { ($($t:ty = $n:literal),+) => { $(
    impl Wire for $t {
        #[inline(always)]
        fn read(bytes: &[u8], at: usize) -> $t {
            let mut own = [0; $n];
            own.copy_from_slice(&bytes[at..at + $n]);
            <$t>::from_be_bytes(own)
        }
    }
)+ } }
numbers! { u8 = 1, u16 = 2, u32 = 4, u64 = 8 }

/// Text, left-justified and padded with spaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<const N: usize>(pub [u8; N]);

impl<const N: usize> Text<N> {
    /// Without the padding; bytes that are no text become replacement characters.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim_end().to_owned()
    }
}

impl<const N: usize> Wire for Text<N> {
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Text<N> {
        let mut own = [0; N];
        own.copy_from_slice(&bytes[at..at + N]);
        Text(own)
    }
}

/// Nanoseconds since midnight, six bytes.
#[inline(always)]
fn timestamp(bytes: &[u8]) -> u64 {
    // The two bytes before it are the tracking number.
    u64::read(bytes, 3) & 0xffff_ffff_ffff
}

macro_rules! messages {
    ($($(#[doc = $doc:literal])+ $kind:literal $name:ident $length:literal { $($field:ident: $type:ty = $at:literal $says:literal,)* })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name<'a>(&'a [u8; $length]);

            impl $name<'_> {
                /// Index of the stock for this day; 0 where none is meant.
                #[inline(always)]
                #[must_use]
                pub fn stock_locate(&self) -> u16 { u16::read(self.0, 1) }
                /// NASDAQ's own number.
                #[inline(always)]
                #[must_use]
                pub fn tracking_number(&self) -> u16 { u16::read(self.0, 3) }
                /// Nanoseconds since midnight, New York.
                #[inline(always)]
                #[must_use]
                pub fn timestamp(&self) -> u64 { timestamp(self.0) }
                $(
                    #[doc = $says]
                    #[inline(always)]
                    #[must_use]
                    pub fn $field(&self) -> $type { <$type>::read(self.0, $at) }
                )*
            }
        )+

        /// A message, whatever its type.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Message<'a> { $($(#[doc = $doc])+ $name($name<'a>),)+ }

        /// Every type of message and its length in bytes, its own byte included.
        pub const TYPES: &[(u8, usize)] = &[$(($kind, $length)),+];

        impl<'a> Message<'a> {
            /// Reads a message where it lies.
            ///
            /// # Errors
            /// `WIRE_TYPE` or `WIRE_LENGTH`.
            #[inline(always)]
            pub fn read(bytes: &'a [u8]) -> Result<Message<'a>, Malformed> {
                let wrong = |kind, length| Malformed::new(code::WIRE_LENGTH, kind, bytes.len() as i64, length);
                match bytes.first() {
                    $(Some(&$kind) => match bytes.try_into() {
                        Ok(own) => Ok(Message::$name($name(own))),
                        Err(_) => Err(wrong($kind, $length)),
                    },)+
                    Some(other) => Err(Malformed::new(code::WIRE_TYPE, *other, 0, 0)),
                    None => Err(wrong(0, 1)),
                }
            }
        }
    };
}

messages! {
    /// The market or the feed enters a phase.
    b'S' SystemEvent 12 {
        event_code: u8 = 11 "`O` start of messages, `S` start of system hours, `Q` and `M` start and end of market hours, `E`, `C`.",
    }
    /// What is traded today, and under which locate.
    b'R' StockDirectory 39 {
        stock: Text<8> = 11 "Symbol.",
        market_category: u8 = 19 "Where it is listed.",
        financial_status: u8 = 20 "Financial status of the issuer.",
        round_lot_size: u32 = 21 "Shares of a round lot.",
        round_lots_only: u8 = 25 "`Y` if only round lots are taken.",
        issue_classification: u8 = 26 "Kind of security.",
        issue_sub_type: Text<2> = 27 "Its sub-type.",
        authenticity: u8 = 29 "`P` in production, `T` for a test.",
        short_sale_threshold: u8 = 30 "Regulation SHO threshold.",
        ipo_flag: u8 = 31 "Whether it is set up for an initial offering.",
        luld_tier: u8 = 32 "Tier of its price bands.",
        etp_flag: u8 = 33 "Whether it is an exchange-traded product.",
        etp_leverage: u32 = 34 "Leverage of such a product.",
        inverse: u8 = 38 "Whether it is an inverse one.",
    }
    /// Trading in a stock is halted, paused, quoted or open.
    b'H' StockTradingAction 25 {
        stock: Text<8> = 11 "Symbol.",
        trading_state: u8 = 19 "`H` halted, `P` paused, `Q` quotation only, `T` trading.",
        reason: Text<4> = 21 "Why.",
    }
    /// The short-sale price test of a stock.
    b'Y' RegShoRestriction 20 {
        stock: Text<8> = 11 "Symbol.",
        action: u8 = 19 "`0` none, `1` in effect today, `2` remains in effect.",
    }
    /// A market maker's standing in a stock.
    b'L' MarketParticipantPosition 26 {
        participant: Text<4> = 11 "Who.",
        stock: Text<8> = 15 "Symbol.",
        primary: u8 = 23 "`Y` if primary market maker.",
        mode: u8 = 24 "Mode of market making.",
        state: u8 = 25 "State of registration.",
    }
    /// The day's market-wide circuit breaker levels, in 10^-8.
    b'V' MwcbDeclineLevel 35 {
        level_1: u64 = 11 "First level.",
        level_2: u64 = 19 "Second level.",
        level_3: u64 = 27 "Third level.",
    }
    /// A market-wide circuit breaker level was breached.
    b'W' MwcbStatus 12 {
        breached_level: u8 = 11 "`1`, `2` or `3`.",
    }
    /// When an initial offering will be released for quotation.
    b'K' QuotingPeriodUpdate 28 {
        stock: Text<8> = 11 "Symbol.",
        release_seconds: u32 = 19 "Seconds since midnight.",
        qualifier: u8 = 23 "`A` anticipated, `C` cancelled or postponed.",
        price: u32 = 24 "Price of the offering, in 10^-4.",
    }
    /// The collar of an auction after a volatility pause.
    b'J' LuldAuctionCollar 35 {
        stock: Text<8> = 11 "Symbol.",
        reference_price: u32 = 19 "Reference, in 10^-4.",
        upper_price: u32 = 23 "Upper collar, in 10^-4.",
        lower_price: u32 = 27 "Lower collar, in 10^-4.",
        extension: u32 = 31 "How often the auction was extended.",
    }
    /// One market stops or resumes trading in a stock.
    b'h' OperationalHalt 21 {
        stock: Text<8> = 11 "Symbol.",
        market: u8 = 19 "`Q` Nasdaq, `B` BX, `X` PSX.",
        action: u8 = 20 "`H` halted, `T` lifted.",
    }
    /// An order entered the book.
    b'A' AddOrder 36 {
        reference: u64 = 11 "Number of the order.",
        side: u8 = 19 "`B` or `S`.",
        shares: u32 = 20 "Shares shown.",
        stock: Text<8> = 24 "Symbol.",
        price: u32 = 32 "Limit, in 10^-4.",
    }
    /// An order entered the book, and whose it is.
    b'F' AddOrderAttributed 40 {
        reference: u64 = 11 "Number of the order.",
        side: u8 = 19 "`B` or `S`.",
        shares: u32 = 20 "Shares shown.",
        stock: Text<8> = 24 "Symbol.",
        price: u32 = 32 "Limit, in 10^-4.",
        attribution: Text<4> = 36 "Whose.",
    }
    /// An order was executed at its price.
    b'E' OrderExecuted 31 {
        reference: u64 = 11 "Number of the order.",
        shares: u32 = 19 "Shares executed.",
        match_number: u64 = 23 "Number of the match.",
    }
    /// An order was executed at another price than its own.
    b'C' OrderExecutedWithPrice 36 {
        reference: u64 = 11 "Number of the order.",
        shares: u32 = 19 "Shares executed.",
        match_number: u64 = 23 "Number of the match.",
        printable: u8 = 31 "`N` if it is counted elsewhere.",
        price: u32 = 32 "Price, in 10^-4.",
    }
    /// Part of an order was taken back.
    b'X' OrderCancel 23 {
        reference: u64 = 11 "Number of the order.",
        shares: u32 = 19 "Shares taken back.",
    }
    /// An order left the book.
    b'D' OrderDelete 19 {
        reference: u64 = 11 "Number of the order.",
    }
    /// An order left the book and another came in its stead.
    b'U' OrderReplace 35 {
        reference: u64 = 11 "Number of the order that left.",
        new_reference: u64 = 19 "Number of the new one.",
        shares: u32 = 27 "Shares shown.",
        price: u32 = 31 "Limit, in 10^-4.",
    }
    /// An execution against an order that was not shown.
    b'P' TradeHidden 44 {
        reference: u64 = 11 "Number of the order; 0.",
        side: u8 = 19 "`B`, whatever it was.",
        shares: u32 = 20 "Shares executed.",
        stock: Text<8> = 24 "Symbol.",
        price: u32 = 32 "Price, in 10^-4.",
        match_number: u64 = 36 "Number of the match.",
    }
    /// An auction's execution.
    b'Q' CrossTrade 40 {
        shares: u64 = 11 "Shares executed; 0 if nothing matched.",
        stock: Text<8> = 19 "Symbol.",
        price: u32 = 27 "Price, in 10^-4.",
        match_number: u64 = 31 "Number of the match.",
        cross_type: u8 = 39 "`O` opening, `C` closing, `H` after a halt or an offering.",
    }
    /// An execution that was told is void.
    b'B' BrokenTrade 19 {
        match_number: u64 = 11 "Number of the match.",
    }
    /// What an auction would give now.
    b'I' NetOrderImbalance 50 {
        paired_shares: u64 = 11 "Shares that would match.",
        imbalance_shares: u64 = 19 "Shares that would not.",
        direction: u8 = 27 "`B` or `S` left over, `N` none, `O` too few orders, `P` paused.",
        stock: Text<8> = 28 "Symbol.",
        far_price: u32 = 36 "Clearing price of auction orders alone, in 10^-4.",
        near_price: u32 = 40 "Clearing price of all orders, in 10^-4.",
        reference_price: u32 = 44 "Reference price, in 10^-4.",
        cross_type: u8 = 48 "Which auction.",
        variation: u8 = 49 "How far the near price is from the reference.",
    }
    /// Retail price improvement is on offer.
    b'N' RetailInterest 20 {
        stock: Text<8> = 11 "Symbol.",
        interest: u8 = 19 "`B`, `S`, `A` both, `N` none.",
    }
    /// Price discovery of a direct listing with a capital raise.
    b'O' DirectListing 48 {
        stock: Text<8> = 11 "Symbol.",
        open_eligibility: u8 = 19 "`Y` if it may open.",
        minimum_price: u32 = 20 "Least allowed price, in 10^-4.",
        maximum_price: u32 = 24 "Most allowed price, in 10^-4.",
        near_price: u32 = 28 "Price at which it would open, in 10^-4.",
        near_time: u64 = 32 "When that was found, nanoseconds since midnight.",
        lower_collar: u32 = 40 "Lower end of the collar, in 10^-4.",
        upper_collar: u32 = 44 "Upper end of the collar, in 10^-4.",
    }
}
