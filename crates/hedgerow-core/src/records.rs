//! The nouns as fixed-layout records, each naming its cause. `docs/glossary.md` is printed from these lines.

mod executions;
mod governance;
mod jail;
mod lifecycle;
mod observations;
mod parents;
mod requests;
mod routes;
mod terms;
pub use crate::values::*;
use crate::{Currency, Limits, Money, Symbol, noun::Noun, noun::NounInfo, noun::record};
pub use {
    executions::*, governance::*, jail::*, lifecycle::*, observations::*, parents::*, requests::*, routes::*, terms::*,
};

/// All record types, in order of their number.
pub(crate) const ALL: &[NounInfo] = &[
    Bar::INFO,
    FxRate::INFO,
    Forecast::INFO,
    Target::INFO,
    ParentOrder::INFO,
    Order::INFO,
    CancelRequest::INFO,
    ReplaceRequest::INFO,
    Verdict::INFO,
    VenueReport::INFO,
    Fill::INFO,
    OrderEvent::INFO,
    Posting::INFO,
    Mandate::INFO,
    Finding::INFO,
    Instrument::INFO,
    CashMovement::INFO,
    Session::INFO,
    KillSwitch::INFO,
    FirmLimits::INFO,
    StateHash::INFO,
    StrategyStart::INFO,
    KernelStart::INFO,
    Sequenced::INFO,
    JailStart::INFO,
    JailAnswer::INFO,
    BookLevel::INFO,
    BookOrder::INFO,
    Trade::INFO,
    Quote::INFO,
    LifecycleEvent::INFO,
    AlgoSettings::INFO,
    PlanStep::INFO,
    Slice::INFO,
    ParentEvent::INFO,
    MarketPhase::INFO,
    QuoteUpdate::INFO,
    ContingentOrder::INFO,
    OrderTerms::INFO,
    Route::INFO,
    Execution::INFO,
];

record! {
    /// A model's belief about an instrument over a horizon.
    Forecast = 3, 88 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The observation it rests on.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// How far it looks ahead, nanoseconds.
        horizon_ns: i64,
        /// Expected simple return over the horizon.
        expected_return: f64,
        /// Standard deviation of the forecast error.
        uncertainty: f64,
        /// Dense index.
        instrument: u32,
        /// Whose model.
        strategy: u16,
        /// Zero.
        spare: u16,
        /// SHA-256 of the model version.
        model: [u8; 32],
    }
}
record! {
    /// The position we want in one instrument.
    Target = 4, 48 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The forecast it rests on.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// By when, nanoseconds from `ts`.
        horizon_ns: i64,
        /// Wanted position, signed lots.
        lots: i64,
        /// Dense index.
        instrument: u32,
        /// Whose target.
        strategy: u16,
        /// Zero.
        spare: u16,
    }
}
record! {
    /// An intention to trade, sent to a venue only as `Approved<Order>`. A child order's cause is its parent.
    Order = 6, 64 bytes {
        /// Sequence number of this record; the order's identity.
        id: u64,
        /// The target, parent order or observation that caused it.
        cause: u64,
        /// When it was made, UTC nanoseconds.
        ts: i64,
        /// The strategy's own number; must rise.
        client_id: u64,
        /// Size, lots, positive.
        lots: i64,
        /// Limit price, ticks; 0 for a market order.
        limit_ticks: i64,
        /// Dense index.
        instrument: u32,
        /// Place in the OMS slab.
        slot: u32,
        /// Whose order.
        strategy: u16,
        /// A [`Side`].
        side: u8,
        /// An [`OrderKind`].
        kind: u8,
        /// A [`TimeInForce`].
        tif: u8,
        /// A [`FillRule`] asked of the simulated venue; 0 = as the venue is configured.
        fill_rule: u8,
        /// [`WITH_TERMS`], [`POST_ONLY`], [`REDUCE_ONLY`].
        flags: u16,
    }
}
record! {
    /// The pre-trade decision on an order: approved or denied, with every rule that spoke.
    Verdict = 9, 96 bytes {
        /// What the first failing rule saw, in its own unit (money, lots or nanoseconds, times 10^9 unless money).
        value: Money,
        /// What it allows.
        limit: Money,
        /// Sequence number of this record.
        id: u64,
        /// The order, replace or cancel decided on.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order meant.
        order_id: u64,
        /// Bit n set: rule `RISK-n` failed.
        failed: u64,
        /// Bit n set: rule `RISK-n` failed but was waived, because the order reduces risk.
        waived: u64,
        /// Dense index.
        instrument: u32,
        /// Whose order.
        strategy: u16,
        /// Code of the first failing rule, 0 if none.
        code: u16,
        /// A [`Decision`].
        decision: u8,
        /// 1 if the order reduces risk.
        reducing: u8,
        /// An [`Action`].
        action: u8,
        /// 0 = the strategy's limits spoke first, 1 = the firm's.
        level: u8,
        /// Number of the mandate that was judged under; 0 = none was granted yet.
        mandate: u32,
    }
}
record! {
    /// A step of an order from one state to another.
    OrderEvent = 12, 48 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The verdict, report or request that moved it.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order meant.
        order_id: u64,
        /// Lots filled so far.
        filled_lots: i64,
        /// Place in the OMS slab.
        slot: u32,
        /// State before, an `OrderState`.
        from: u8,
        /// State after.
        to: u8,
        /// What happened, an `OrderInput`.
        event: u8,
        /// Zero.
        spare: u8,
    }
}
record! {
    /// One line of a double-entry transaction; the postings of one cause sum to zero in every currency.
    Posting = 13, 64 bytes {
        /// Debit (positive) or credit (negative).
        amount: Money,
        /// Sequence number of this record.
        id: u64,
        /// The fill or cash movement booked.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Lots moved into (positive) or out of (negative) the account; 0 for cash.
        lots: i64,
        /// Currency of the amount.
        currency: Currency,
        /// Dense index, or `u32::MAX` for cash.
        instrument: u32,
        /// Whose book.
        strategy: u16,
        /// An [`Account`].
        account: u8,
        /// Zero.
        spare: u8,
    }
}
record! {
    /// The capital and limits that a quorum granted to one strategy, bound to one artifact.
    Mandate = 14, 320 bytes {
        /// What it may do.
        limits: Limits,
        /// SHA-256 of the artifact's manifest; nothing else may run under it.
        artifact: [u8; 32],
        /// SHA-256 of the signed proposal.
        proposal: [u8; 32],
        /// Sequence number of this record.
        id: u64,
        /// The signed event that made it so: the approval that completed the quorum, a pause, a demotion, a revocation.
        cause: u64,
        /// When that event was sequenced, UTC nanoseconds.
        ts: i64,
        /// Not in force before, UTC nanoseconds; 0 = at once.
        from_ts: i64,
        /// When it ends, UTC nanoseconds.
        expires_ts: i64,
        /// Its number in order of grants, from 1; verdicts cite it.
        index: u32,
        /// Which strategy.
        strategy: u16,
        /// A [`TierKind`].
        kind: u8,
        /// Rank of its tier, from 0.
        rank: u8,
        /// 1 once revoked.
        revoked: u8,
        /// 1 while paused.
        paused: u8,
        /// The weakest [`Isolation`] that it may run under.
        isolation: u8,
        /// Zero.
        spare: u8,
        /// Zero.
        spare2: u32,
        /// Zero.
        spare3: u64,
    }
}
record! {
    /// A breach, an alert or a break, for people to look at.
    Finding = 15, 64 bytes {
        /// What was seen.
        value: Money,
        /// What was allowed.
        limit: Money,
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Dense index, or `u32::MAX`.
        instrument: u32,
        /// Whose, or `u16::MAX`.
        strategy: u16,
        /// An error code.
        code: u16,
    }
}
record! {
    /// An instrument as the kernel trades it. Defining it again replaces its flags, volume and locate, never its tick or lot.
    Instrument = 16, 144 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Price of one tick in 10^-9 currency units.
        tick_nano: i64,
        /// Size of one lot in 10^-9 of a unit (share, coin, contract).
        lot_nano: i64,
        /// Value of one tick of one lot, in 10^-9 currency units, multiplier included.
        tick_value: i64,
        /// Smallest order.
        lots_min: i64,
        /// Orders are multiples of this.
        lots_step: i64,
        /// Average daily volume, for liquidity limits; 0 = unknown, and then no volume limit can pass.
        adv_lots: i64,
        /// Lots located for short sale.
        locate_lots: i64,
        /// One-day standard deviation of the return, for the VaR budget; 10^-9.
        sigma_nano: i64,
        /// Currency of price and settlement.
        currency: Currency,
        /// Name.
        symbol: Symbol,
        /// Dense index.
        instrument: u32,
        /// Sector, dense from 0.
        sector: u32,
        /// `SHORTABLE | RESTRICTED | HALTED`.
        flags: u32,
        /// Zero.
        spare: u32,
    }
}
record! {
    /// Cash coming into or leaving the fund, or turned from one currency into another.
    CashMovement = 17, 64 bytes {
        /// Amount received (positive) or paid (negative).
        amount: Money,
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Currency of the amount.
        currency: Currency,
        /// Whose book.
        strategy: u16,
        /// A [`CashKind`].
        kind: u8,
        /// Zero.
        spare: [u8; 5],
        /// Zero.
        spare2: u64,
    }
}
record! {
    /// The trading session opens or closes; orders pass only while one is open.
    Session = 18, 40 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// When it closes by itself, UTC nanoseconds.
        closes_ts: i64,
        /// 1 = open, 0 = closed.
        open: u8,
        /// 1 = a new trading day: loss limits start again from here.
        new_day: u8,
        /// Zero.
        spare: [u8; 6],
    }
}
record! {
    /// The kill switch, for one strategy or (`u16::MAX`) for the firm. On: only cancels and risk-reducing orders pass.
    KillSwitch = 19, 32 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Which strategy, or `u16::MAX` for all.
        strategy: u16,
        /// 1 = on.
        on: u8,
        /// Zero.
        spare: [u8; 5],
    }
}
record! {
    /// The firm's own limits, over all strategies together.
    FirmLimits = 20, 224 bytes {
        /// What the firm may do.
        limits: Limits,
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Zero.
        spare: u64,
    }
}
record! {
    /// The hash of the kernel's whole state after the records before it; replay must reach the same.
    StateHash = 21, 56 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// SHA-256 of the serialised state.
        hash: [u8; 32],
    }
}
record! {
    /// The kernel begins, right after the genesis: its tables' sizes, so that a replay starts from the same state.
    KernelStart = 23, 48 bytes {
        /// Sequence number of this record: 2.
        id: u64,
        /// The genesis: 1.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Room for instruments.
        instruments: u32,
        /// Room for sectors.
        sectors: u32,
        /// Room for working orders.
        orders: u32,
        /// Room for currencies.
        currencies: u16,
        /// Room for strategies.
        strategies: u16,
        /// Version of the kernel's rules; a replay with another version may differ.
        rules_version: u32,
        /// A [`TierKind`]: the kind of money that its venues trade.
        venue: u8,
        /// Zero.
        spare: u8,
        /// Zero.
        spare2: u16,
    }
}

#[cfg(test)]
mod tests;
