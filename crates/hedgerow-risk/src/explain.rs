//! A denial in numbers: what the first failing rule saw, what it allows, and whose limit it was. Off the fast path.

use crate::bounds::{BPS, EXPOSURE_MAX, LOTS_MAX};
use crate::gate::Gate;
use crate::question::{Answer, Question};
use crate::rules::{bit, first};
use hedgerow_core::{Code, MONEY_UNIT, Money, RoundMode, Verdict, code, div_round};

/// A number that is not money, as a verdict carries it: times 10^9.
pub(crate) fn count(number: impl Into<i128>) -> Money {
    Money(number.into().saturating_mul(MONEY_UNIT))
}

impl Gate {
    /// Fills in code, level, value and limit of the first failing rule.
    #[cold]
    #[inline(never)]
    pub(crate) fn explain(&self, q: &Question, answer: &Answer, verdict: &mut Verdict) {
        let Some(code) = first(verdict.failed) else { return };
        let (strategy, firm) = (usize::from(q.strategy), self.firm());
        let (account, house) = (&self.accounts[strategy], &self.accounts[firm]);
        let at_firm = match code {
            code::RISK_REPEAT => house.limit_repeats < account.limit_repeats,
            _ => answer.strategy & bit(code) == 0,
        };
        verdict.code = code.0;
        verdict.level = u8::from(at_firm);
        (verdict.value, verdict.limit) = self.seen_and_allowed(code, q, answer, if at_firm { firm } else { strategy });
    }

    fn seen_and_allowed(&self, code: Code, q: &Question, answer: &Answer, number: usize) -> (Money, Money) {
        let listing = &self.listings[q.instrument as usize];
        let (account, charter) = (&self.accounts[number], &self.charters[number]);
        let share =
            |whole: i128, bps: u32| div_round(whole.saturating_mul(i128::from(bps)), i128::from(BPS), RoundMode::Down);
        match code {
            code::RISK_SESSION_CLOSED => (count(q.now), count(self.session_closes_ts)),
            code::RISK_CLOCK => (count(q.ts), count(if q.ts > q.now { q.now } else { self.latest_ts })),
            code::RISK_MANDATE_EXPIRED => (count(q.now), count(account.expires_ts)),
            code::RISK_UNIVERSE => (count(q.instrument), Money::ZERO),
            code::RISK_DUPLICATE => (count(q.client_id), count(account.client_id)),
            code::RISK_UNKNOWN_ORDER => (Money(i128::from(q.order_id) * MONEY_UNIT), Money::ZERO),
            code::RISK_BAD_PRICE => (count(q.limit_given), Money::ZERO),
            code::RISK_BAD_LOTS => (count(q.lots_given), count(listing.lots_min)),
            code::RISK_NO_LOCATE => (count(self.short_after(q, answer)), count(listing.located_lots)),
            code::RISK_STALE_DATA => (count(q.now.saturating_sub(listing.mark_ts)), count(account.limit_age_ns)),
            code::RISK_ORDER_LOTS => (count(q.lots_given), count(account.limit_lots)),
            code::RISK_ORDER_NOTIONAL => (Money(answer.notional), Money(account.limit_notional)),
            code::RISK_ADV_SHARE => {
                (count(q.lots_given), count(share(i128::from(listing.adv_lots), account.limit_adv_bps)))
            }
            code::RISK_COLLAR => {
                let distance = i128::from(q.limit_ticks) - i128::from(listing.mark_ticks);
                let allowed = share(i128::from(listing.mark_ticks), account.limit_collar_bps);
                (count(if q.market { 0 } else { distance.abs() }), count(allowed))
            }
            code::RISK_SELF_MATCH => {
                (count(q.limit_given), count(if q.buy { listing.own_sell } else { listing.own_buy }))
            }
            code::RISK_RATE => {
                let bucket = if number == self.firm() { answer.firm_rate } else { answer.rate };
                (count(bucket.seen(account.limit_rate)), count(account.limit_rate))
            }
            code::RISK_REPEAT => (count(answer.repeat.seen(account.limit_repeats)), count(account.limit_repeats)),
            code::RISK_LOSS => (Money(charter.loss()), charter.limits.loss),
            code::RISK_DRAWDOWN => (Money(charter.drawdown()), charter.limits.drawdown),
            code::RISK_RESERVATION => self.reservation_seen(q, answer),
            _ => self.exposure_seen(code, q, answer, number),
        }
    }

    /// Worst-case exposure after the order, against its limit.
    fn exposure_seen(&self, code: Code, q: &Question, answer: &Answer, number: usize) -> (Money, Money) {
        let listing = &self.listings[q.instrument as usize];
        let account = &self.accounts[number];
        let before = self.rows[usize::from(q.strategy) * self.listings.len() + q.instrument as usize];
        let worst = answer.row.worst() - before.worst();
        let (value, added) = (i128::from(listing.lot_value), i128::from(worst) * i128::from(listing.lot_value));
        let lots = if number == self.firm() { listing.worst + worst } else { answer.row.worst() };
        let (instrument, gross) = (i128::from(lots) * value, account.gross + added);
        let whole = gross.max(account.capital);
        let share = |bps: u32| div_round(whole.wrapping_mul(i128::from(bps)), i128::from(BPS), RoundMode::Down);
        let (seen, allowed) = match code {
            code::RISK_POSITION => (instrument, account.limit_position),
            code::RISK_GROSS => (gross, account.limit_gross),
            code::RISK_NET if q.buy => {
                (account.up + i128::from(answer.row.up() - before.up()) * value, account.limit_net)
            }
            code::RISK_NET => (i128::from(before.down() - answer.row.down()) * value - account.down, account.limit_net),
            code::RISK_SECTOR => {
                let at = number * self.config.sectors as usize + listing.sector as usize;
                (self.sectors[at] + added, account.limit_sector)
            }
            code::RISK_CONCENTRATION => (instrument, share(account.limit_concentration_bps)),
            code::RISK_BUYING_POWER => {
                let margin = gross.wrapping_mul(i128::from(account.margin_bps));
                let margin = div_round(margin, i128::from(BPS), RoundMode::AwayFromZero);
                (margin, self.charters[number].buying_power(account))
            }
            code::RISK_VAR => (account.var + i128::from(worst) * i128::from(listing.lot_var), account.limit_var),
            // Killed, no mandate, halted, restricted, malformed: a yes or no without a number.
            _ => (0, 0),
        };
        (Money(seen), Money(allowed))
    }

    fn short_after(&self, q: &Question, answer: &Answer) -> i64 {
        let before = self.rows[usize::from(q.strategy) * self.listings.len() + q.instrument as usize];
        self.listings[q.instrument as usize].short + answer.row.short() - before.short()
    }

    /// Which of the gate's own bounds was in the way.
    fn reservation_seen(&self, q: &Question, answer: &Answer) -> (Money, Money) {
        let listing = &self.listings[q.instrument as usize];
        let before = self.rows[usize::from(q.strategy) * self.listings.len() + q.instrument as usize];
        let worst = answer.row.worst() - before.worst();
        let places = self.working.places() as u64;
        if q.held == 0 && u64::from(listing.working) >= places {
            (count(listing.working + 1), count(places))
        } else if q.lots_given > LOTS_MAX || listing.worst + worst > LOTS_MAX {
            (count(q.lots_given), count(LOTS_MAX))
        } else {
            let gross = self.accounts[self.firm()].gross + i128::from(worst) * i128::from(listing.lot_value);
            (Money(gross), Money(EXPOSURE_MAX))
        }
    }
}
