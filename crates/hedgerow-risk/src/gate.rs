//! The gate's state, and what can be asked of it.
//!
//! Promises: every table is allocated at construction. Never: a clock, a float, an allocation after that.

use crate::account::{Account, Charter};
use crate::answer::Hours;
use crate::listing::Listing;
use crate::repeats::Repeats;
use crate::row::{BUY, Row, SELL};
use crate::working::WorkingTable;
use hedgerow_core::{Currency, InstrumentId, Limits, Money, Nanos, StrategyId};
use serde::{Deserialize, Serialize};

/// How large the gate's tables are; nothing grows later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateConfig {
    /// Strategies, with ids from 0; `u16::MAX` itself names the firm.
    pub strategies: u16,
    /// Instruments, with ids from 0.
    pub instruments: u32,
    /// Sectors, numbered from 0.
    pub sectors: u32,
    /// Currency of limits and exposures.
    pub base: Currency,
    /// Working orders of the firm in one instrument; the next one is denied with RISK-029.
    pub working_per_instrument: u32,
    /// Different orders a second that the repeat throttle remembers per strategy; rounded up to a power of two.
    pub repeat_slots: u32,
}

impl GateConfig {
    /// A gate with room for 64 working orders per instrument and 64 different orders a second per strategy.
    #[must_use]
    pub const fn new(strategies: u16, instruments: u32, sectors: u32, base: Currency) -> GateConfig {
        GateConfig { strategies, instruments, sectors, base, working_per_instrument: 64, repeat_slots: 64 }
    }
}

/// The pre-trade gate: decides on every order, and reserves what an approved one may use.
///
/// Exposure is position plus working orders at their worst, in exact base-currency money at the mark. The firm's
/// exposure is the sum of its strategies', not netted between them: what one strategy holds may be left standing alone.
///
/// ```
/// use hedgerow_core::*;
/// use hedgerow_risk::{Gate, GateConfig};
/// let usd = Currency::parse("USD").unwrap();
/// let mut gate = Gate::new(GateConfig::new(1, 1, 1, usd));
/// gate.define(&Instrument {
///     tick_nano: 10_000_000, lot_nano: MONEY_UNIT as i64, tick_value: 10_000_000, lots_step: 1, adv_lots: 1_000_000,
///     sigma_nano: 20_000_000, currency: usd, symbol: Symbol::parse("XYZ").unwrap(), ..Instrument::default()
/// })?;
/// gate.observe(0, 10_000, 1)?;
/// gate.session(&Session { ts: 1, closes_ts: 1_000, open: 1, ..Session::default() });
/// gate.register(0)?;
/// gate.set_firm(&Limits::UNLIMITED);
/// let order = Order {
///     id: 1, ts: 2, client_id: 1, lots: 10, limit_ticks: 10_000, side: Side::Buy as u8, kind: OrderKind::Limit as u8,
///     tif: TimeInForce::Day as u8, ..Order::default()
/// };
/// let (denied, nothing) = gate.check_new(&order, 2);
/// assert_eq!(denied.code, code::RISK_NO_MANDATE.0);
/// assert!(nothing.is_none());
/// gate.grant(&Mandate { limits: Limits::UNLIMITED, expires_ts: 1_000, ..Mandate::default() }, &[0])?;
/// let (verdict, approved) = gate.check_new(&Order { client_id: 2, ..order }, 2);
/// assert_eq!(verdict.decision, Decision::Approved as u8);
/// assert_eq!(approved.unwrap().get().lots, 10);
/// assert_eq!(gate.exposure(Some(0)).gross, Money::units(1_000));
/// # Ok::<(), Problem>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gate {
    pub(crate) config: GateConfig,
    /// Strategy-major: `strategy * instruments + instrument`.
    pub(crate) rows: Vec<Row>,
    pub(crate) listings: Vec<Listing>,
    /// Strategies, then the firm.
    pub(crate) accounts: Vec<Account>,
    pub(crate) charters: Vec<Charter>,
    /// Gross by account and sector, account-major.
    pub(crate) sectors: Vec<i128>,
    pub(crate) working: WorkingTable,
    pub(crate) repeats: Repeats,
    /// One bit per instrument and strategy that holds something there, so that a price reaches only its holders.
    pub(crate) holders: Vec<u64>,
    pub(crate) rates: Vec<(Currency, i64)>,
    pub(crate) hours: Hours,
}

/// Sums of a strategy or the firm at the mark, base currency, working orders at their worst.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exposure {
    /// Sum of absolute exposures.
    pub gross: Money,
    /// Net exposure if all working buys and no sells were filled.
    pub net_after_buys: Money,
    /// Net exposure if all working sells and no buys were filled.
    pub net_after_sells: Money,
    /// One-day 95 % value at risk, undiversified.
    pub var: Money,
    /// Capital granted and what was won or lost since.
    pub buying_power: Money,
}

/// Position and reservations of a strategy in an instrument, lots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holding {
    /// Signed position.
    pub position: i64,
    /// Reserved for working buys.
    pub open_buy: i64,
    /// Reserved for working sells.
    pub open_sell: i64,
}

impl Gate {
    /// An empty gate: no instrument, no mandate, no session, so every order is denied.
    #[must_use]
    pub fn new(config: GateConfig) -> Gate {
        let (strategies, instruments) = (usize::from(config.strategies), config.instruments as usize);
        let mut charters = vec![Charter::default(); strategies + 1];
        let mut accounts = vec![Account::default(); strategies + 1];
        // The firm needs no mandate; its limits are zero until they are set.
        let firm = &mut charters[strategies];
        (firm.registered, firm.granted) = (true, true);
        firm.settle(&mut accounts[strategies]);
        Gate {
            config,
            rows: vec![Row::default(); strategies * instruments],
            listings: vec![Listing::default(); instruments],
            accounts,
            charters,
            sectors: vec![0; (strategies + 1) * config.sectors as usize],
            working: WorkingTable::new(instruments, config.working_per_instrument as usize),
            repeats: Repeats::new(strategies, config.repeat_slots),
            holders: vec![0; instruments * strategies.div_ceil(64)],
            rates: Vec::with_capacity(instruments),
            hours: Hours { open: false, closes_ts: 0, latest_ts: Nanos::MIN },
        }
    }

    /// Place of the firm among the accounts.
    #[inline(always)]
    pub(crate) const fn firm(&self) -> usize {
        self.config.strategies as usize
    }

    /// Number of the mandate that a strategy was granted last, 0 = none.
    pub(crate) fn mandate_of(&self, strategy: StrategyId) -> u32 {
        self.accounts[..self.firm()].get(usize::from(strategy)).map_or(0, |account| account.mandate)
    }

    /// The sums of a strategy, or of the firm (`None`); zero for an unknown strategy.
    #[must_use]
    pub fn exposure(&self, strategy: Option<StrategyId>) -> Exposure {
        let index = strategy.map_or(self.firm(), usize::from);
        match (self.accounts.get(index), strategy) {
            (Some(account), s) if s.is_none_or(|s| s < self.config.strategies) => Exposure {
                gross: Money(account.gross),
                net_after_buys: Money(account.net[BUY]),
                net_after_sells: Money(-account.net[SELL]),
                var: Money(account.var),
                buying_power: Money(self.charters[index].buying_power()),
            },
            _ => Exposure::default(),
        }
    }

    /// Position and reservations of a strategy in an instrument; zero for unknown ones.
    #[must_use]
    pub fn holding(&self, strategy: StrategyId, instrument: InstrumentId) -> Holding {
        if strategy >= self.config.strategies || instrument >= self.config.instruments {
            return Holding::default();
        }
        let row = self.rows[usize::from(strategy) * self.listings.len() + instrument as usize];
        Holding { position: row.position, open_buy: row.open[BUY], open_sell: row.open[SELL] }
    }

    /// The limits a strategy, or the firm (`None`), trades under; zero for an unknown one.
    #[must_use]
    pub fn limits(&self, strategy: Option<StrategyId>) -> Limits {
        match strategy {
            None => self.charters[self.firm()].limits,
            Some(s) if s < self.config.strategies => self.charters[usize::from(s)].limits,
            Some(_) => Limits::default(),
        }
    }
}
