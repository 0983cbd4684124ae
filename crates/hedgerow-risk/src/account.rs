//! One strategy's limits and running sums, or the firm's: the same struct and the same rules on both levels.
//!
//! What an order's check reads lies in `Account`; what only changes with equity, mandate or switch lies in `Charter`,
//! from which the account's standing rules and buying power are derived.

use crate::bounds::{BPS, EXPOSURE_MAX};
use crate::rules::rate::Bucket;
use crate::rules::{bit_if, capital, exposure, mandate};
use hedgerow_core::{Limits, Money, Nanos, code, time::FOREVER};
use serde::{Deserialize, Serialize};

/// What every check of an order reads and writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Account {
    /// Sums over instruments at the mark, base currency, working orders at their worst.
    pub gross: i128,
    pub var: i128,
    /// Net exposure by side: long after all buys, short after all sells.
    pub net: [i128; 2],
    pub limit_gross: i128,
    pub limit_net: i128,
    pub limit_position: i128,
    pub limit_sector: i128,
    pub limit_var: i128,
    /// Share of capital that concentration allows in any case.
    pub share_of_capital: i128,
    pub gross_affordable: i128,
    /// Exposure to an instrument, and gross, up to which no rule about them can fail: the least of what each allows. Until
    /// they are settled nothing is clear, and every rule is asked.
    #[serde(skip, default = "nothing")]
    pub exposure_clear: i128,
    #[serde(skip, default = "nothing")]
    pub gross_clear: i128,
    /// Limits on one order: the strategy's and the firm's, whichever is tighter.
    pub order: OrderLimits,
    /// Rules that fail for every order until something changes: killed, no mandate, loss, drawdown.
    pub standing: u64,
    pub expires_ts: Nanos,
    pub rate: Bucket,
    /// Last client order id seen; unused for the firm.
    pub client_id: u64,
    pub limit_concentration_bps: u32,
    pub limit_rate: u32,
    /// Number of the mandate that the limits are of; 0 = none, and the firm's.
    pub mandate: u32,
}

/// Limits on one order by itself, whatever else is held.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OrderLimits {
    pub notional: i128,
    pub lots: i64,
    pub age_ns: Nanos,
    pub collar_bps: u32,
    pub adv_bps: u32,
    pub repeats: u32,
}

impl OrderLimits {
    pub fn of(limits: &Limits) -> OrderLimits {
        OrderLimits {
            notional: bounded(limits.order_notional),
            lots: limits.order_lots,
            age_ns: limits.data_age_ns,
            collar_bps: limits.collar_bps,
            adv_bps: limits.adv_share_bps,
            repeats: limits.repeats_per_second,
        }
    }

    /// Each limit the tighter of the two.
    pub fn tighter(self, other: OrderLimits) -> OrderLimits {
        OrderLimits {
            notional: self.notional.min(other.notional),
            lots: self.lots.min(other.lots),
            age_ns: self.age_ns.min(other.age_ns),
            collar_bps: self.collar_bps.min(other.collar_bps),
            adv_bps: self.adv_bps.min(other.adv_bps),
            repeats: self.repeats.min(other.repeats),
        }
    }
}

/// Mandate, switch and equity: what an account's standing is derived from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Charter {
    pub registered: bool,
    pub granted: bool,
    pub killed: bool,
    pub limits: Limits,
    /// Equity now, when the limits were granted, when the day began, and at its highest since the grant.
    pub equity: Money,
    start: Money,
    day: Money,
    peak: Money,
    /// No equity was reported yet.
    unreported: bool,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            gross: 0,
            var: 0,
            net: [0; 2],
            limit_gross: 0,
            limit_net: 0,
            limit_position: 0,
            limit_sector: 0,
            limit_var: 0,
            share_of_capital: 0,
            gross_affordable: -1,
            exposure_clear: nothing(),
            gross_clear: nothing(),
            order: OrderLimits::default(),
            standing: bit_if(true, code::RISK_NO_MANDATE),
            expires_ts: FOREVER,
            rate: Bucket::default(),
            client_id: 0,
            limit_concentration_bps: 0,
            limit_rate: 0,
            mandate: 0,
        }
    }
}

impl Default for Charter {
    fn default() -> Charter {
        Charter {
            registered: false,
            granted: false,
            killed: false,
            limits: Limits::default(),
            equity: Money::ZERO,
            start: Money::ZERO,
            day: Money::ZERO,
            peak: Money::ZERO,
            unreported: true,
        }
    }
}

/// Below every amount.
const fn nothing() -> i128 {
    i128::MIN
}

/// A limit of money as the checks take it: never negative, and at most what the gate can hold exactly.
fn bounded(limit: Money) -> i128 {
    limit.0.clamp(0, EXPOSURE_MAX)
}

impl Charter {
    /// Takes over limits. Loss and drawdown start again from here: granting is how a risk officer resets them.
    pub fn grant(&mut self, account: &mut Account, limits: &Limits, expires_ts: Nanos) {
        self.granted = true;
        self.limits = *limits;
        (self.start, self.day, self.peak) = (self.equity, self.equity, self.equity);
        account.limit_gross = bounded(limits.gross);
        account.limit_net = bounded(limits.net);
        account.limit_position = bounded(limits.position);
        account.limit_sector = bounded(limits.sector);
        account.limit_var = bounded(limits.var);
        account.limit_concentration_bps = limits.concentration_bps.min(BPS as u32);
        account.share_of_capital = exposure::share_of_capital(bounded(limits.capital), account.limit_concentration_bps);
        account.expires_ts = expires_ts;
        account.limit_rate = limits.orders_per_second;
        account.rate = Bucket::full(limits.orders_per_second, Nanos::MIN);
        self.settle(account);
    }

    /// Takes over an equity; [`Charter::settle`] follows. The first one reported is where losses are counted from.
    pub fn report(&mut self, equity: Money) {
        self.equity = equity;
        if self.unreported {
            (self.start, self.day, self.peak, self.unreported) = (equity, equity, equity, false);
        }
        self.peak = self.peak.max(equity);
    }

    /// No equity was reported yet.
    pub const fn unreported(&self) -> bool {
        self.unreported
    }

    /// Adds the first equity of one of the firm's strategies, which is no gain; [`Charter::settle`] follows.
    pub fn report_first(&mut self, equity: Money) {
        if self.unreported {
            self.report(equity);
        } else {
            self.flow(equity);
        }
    }

    /// Money paid in (positive) or out: neither a gain nor a loss, so everything that equity is compared with moves too.
    /// [`Charter::settle`] follows.
    pub fn flow(&mut self, amount: Money) {
        if !self.unreported {
            for level in [&mut self.equity, &mut self.start, &mut self.day, &mut self.peak] {
                level.0 = level.0.saturating_add(amount.0);
            }
        }
    }

    /// A new trading day: the loss limit starts again from here.
    pub fn new_day(&mut self, account: &mut Account) {
        self.day = self.equity;
        self.settle(account);
    }

    /// Loss since the day began.
    pub fn loss(&self) -> i128 {
        self.day.0.saturating_sub(self.equity.0)
    }

    /// Fall from the highest equity.
    pub fn drawdown(&self) -> i128 {
        self.peak.0.saturating_sub(self.equity.0)
    }

    /// Capital and what was won or lost since it was granted.
    pub fn buying_power(&self) -> i128 {
        capital::buying_power(bounded(self.limits.capital), self.equity.0, self.start.0)
    }

    /// Derives the account's standing rules and buying power, and what they leave clear.
    pub fn settle(&self, account: &mut Account) {
        account.gross_affordable = capital::gross_affordable(self.buying_power(), self.limits.margin_bps);
        account.gross_clear = account.gross_affordable.min(account.limit_gross);
        account.exposure_clear = account.share_of_capital.min(account.limit_position);
        account.standing = bit_if(mandate::missing(self.registered, self.granted), code::RISK_NO_MANDATE)
            | bit_if(mandate::killed(self.killed), code::RISK_KILLED)
            | bit_if(capital::loss_reached(self.loss(), self.limits.loss.0), code::RISK_LOSS)
            | bit_if(capital::loss_reached(self.drawdown(), self.limits.drawdown.0), code::RISK_DRAWDOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chartered(loss: i64, drawdown: i64) -> (Charter, Account) {
        let (mut charter, mut account) = (Charter { registered: true, ..Charter::default() }, Account::default());
        let limits = Limits {
            capital: Money::units(100),
            loss: Money::units(loss),
            drawdown: Money::units(drawdown),
            ..Limits::default()
        };
        charter.grant(&mut account, &limits, FOREVER);
        (charter, account)
    }

    #[test]
    fn loss_counts_from_the_day_and_drawdown_from_the_peak() {
        let (mut charter, mut account) = chartered(10, 15);
        let loss = bit_if(true, code::RISK_LOSS);
        let drawdown = bit_if(true, code::RISK_DRAWDOWN);
        for (equity, standing) in [(1_000, 0), (1_005, 0), (991, 0), (990, loss | drawdown), (989, loss | drawdown)] {
            charter.report(Money::units(equity));
            charter.settle(&mut account);
            assert_eq!(account.standing, standing, "{equity}");
        }
        charter.new_day(&mut account);
        assert_eq!(account.standing, drawdown, "a new day forgives the loss, not the drawdown");
        let limits = charter.limits;
        charter.grant(&mut account, &limits, FOREVER);
        assert_eq!(account.standing, 0, "new limits reset both");
    }

    #[test]
    fn money_paid_out_is_no_loss() {
        let (mut charter, mut account) = chartered(10, 10);
        charter.report(Money::units(100));
        charter.flow(Money::units(-50));
        charter.report(Money::units(50));
        charter.settle(&mut account);
        assert_eq!((account.standing, charter.loss(), charter.drawdown()), (0, 0, 0));
        assert_eq!(charter.buying_power(), Money::units(100).0);
    }

    #[test]
    fn a_charter_without_limits_grants_nothing() {
        let account = Account::default();
        assert_eq!(account.standing, bit_if(true, code::RISK_NO_MANDATE));
        let (charter, account) = chartered(0, 0);
        assert_eq!(account.standing, bit_if(true, code::RISK_LOSS) | bit_if(true, code::RISK_DRAWDOWN));
        assert_eq!(charter.limits.gross, Money::ZERO);
    }
}
