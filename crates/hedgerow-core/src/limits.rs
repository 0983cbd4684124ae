//! The limits that a mandate or the firm grants. A limit of zero grants nothing.

use crate::Money;
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

/// What a strategy, or the firm, may do. Money is in the fund's base currency. Zero grants nothing (fail closed).
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable, Serialize, Deserialize)]
#[repr(C)]
pub struct Limits {
    /// Capital granted: buying power starts from it.
    pub capital: Money,
    /// Sum of absolute exposures, working orders at their worst.
    pub gross: Money,
    /// Absolute net exposure, working orders at their worst.
    pub net: Money,
    /// Absolute exposure to one instrument, working orders at their worst.
    pub position: Money,
    /// Gross exposure to one sector, working orders at their worst.
    pub sector: Money,
    /// Notional of one order.
    pub order_notional: Money,
    /// Loss since the session's start at which only risk-reducing orders pass.
    pub loss: Money,
    /// Fall from the highest equity at which only risk-reducing orders pass.
    pub drawdown: Money,
    /// One-day 95 % value at risk after the order.
    pub var: Money,
    /// Lots of one order.
    pub order_lots: i64,
    /// Oldest market data an order may rest on.
    pub data_age_ns: i64,
    /// Distance of a limit price from the reference price.
    pub collar_bps: u32,
    /// Orders and replaces in any one second (token bucket).
    pub orders_per_second: u32,
    /// Equal orders (instrument, side, lots, price) in any one second.
    pub repeats_per_second: u32,
    /// One instrument's share of gross plus this order, in basis points (10,000 = no bound).
    pub concentration_bps: u32,
    /// Initial margin on exposure (10,000 = fully paid).
    pub margin_bps: u32,
    /// Share of average daily volume one order may be.
    pub adv_share_bps: u32,
    /// Zero.
    pub spare: u64,
}
const _: () = assert!(core::mem::size_of::<Limits>() == 192);

impl Limits {
    /// Grants everything the machine can represent: for benchmarks and tests, never a default.
    pub const UNLIMITED: Limits = Limits {
        capital: Money::UNLIMITED,
        gross: Money::UNLIMITED,
        net: Money::UNLIMITED,
        position: Money::UNLIMITED,
        sector: Money::UNLIMITED,
        order_notional: Money::UNLIMITED,
        loss: Money::UNLIMITED,
        drawdown: Money::UNLIMITED,
        var: Money::UNLIMITED,
        order_lots: i64::MAX / 4,
        data_age_ns: i64::MAX / 4,
        collar_bps: 1_000_000_000,
        orders_per_second: 1_000_000_000,
        repeats_per_second: 1_000_000_000,
        concentration_bps: 10_000,
        margin_bps: 10_000,
        adv_share_bps: 1_000_000_000,
        spare: 0,
    };
}
