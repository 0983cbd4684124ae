//! A denial in numbers: what the first failing rule saw, what it allows, and whose limit it was. Off the fast path.

use crate::account::OrderLimits;
use crate::answer::{Answer, account_rules, order_rules};
use crate::bounds::{BPS, EXPOSURE_MAX, LOTS_MAX};
use crate::check::verdict;
use crate::gate::Gate;
use crate::question::Question;
use crate::row::sign;
use crate::rules::{Spoken, Tally, bit, bit_if, first};
use hedgerow_core::{Action, Code, MONEY_UNIT, Money, RoundMode, Verdict, code, div_round};

/// A number that is not money, as a verdict carries it: times 10^9.
fn count(number: impl Into<i128>) -> Money {
    Money(number.into().saturating_mul(MONEY_UNIT))
}

/// A share of something, rounded down.
fn share(whole: i128, bps: u32) -> i128 {
    div_round(whole.saturating_mul(i128::from(bps)), i128::from(BPS), RoundMode::Down)
}

impl Gate {
    /// The verdict on an order that some rule denies, while the order is still in positions and sums.
    pub(crate) fn explain(&self, q: &Question, answer: &Answer, failed: u64, waived: u64) -> Verdict {
        let mandate = self.accounts[usize::from(q.strategy)].mandate;
        let mut denied = verdict(q, mandate, failed, waived, answer.reducing);
        if let Some(code) = first(failed) {
            let at_firm = self.firm_spoke(code, q, answer);
            let number = if at_firm { self.firm() } else { usize::from(q.strategy) };
            denied.code = code.0;
            denied.level = u8::from(at_firm);
            (denied.value, denied.limit) = self.seen_and_allowed(code, q, answer, number);
        }
        denied
    }

    /// The verdict on an order whose strategy or instrument has no place in the tables.
    #[cold]
    pub(crate) fn deny_unplaced(&self, q: &Question) -> Verdict {
        let failed = q.failed
            | bit_if(q.strategy >= self.config.strategies, code::RISK_NO_MANDATE)
            | bit_if(q.instrument >= self.config.instruments, code::RISK_UNIVERSE);
        let code = first(failed).unwrap_or(code::RISK_UNIVERSE);
        let mandate = self.mandate_of(q.strategy);
        let value = if code == code::RISK_UNIVERSE { count(q.instrument) } else { Money::ZERO };
        Verdict { value, code: code.0, ..verdict(q, mandate, failed, 0, false) }
    }

    /// Whether a failing rule fails by the firm's limits only. Rules without levels speak for the strategy.
    fn firm_spoke(&self, code: Code, q: &Question, answer: &Answer) -> bool {
        let levels = [usize::from(q.strategy), self.firm()];
        if code == code::RISK_REPEAT {
            let [own, house] = levels.map(|number| self.charters[number].limits.repeats_per_second);
            return house < own;
        }
        let [own, house] = levels.map(|number| self.speaks(code, q, answer, number));
        house && !own
    }

    /// Whether a rule fails by the limits of the strategy or the firm at this number; only its family is asked.
    fn speaks(&self, code: Code, q: &Question, answer: &Answer, number: usize) -> bool {
        let (listing, account) = (&self.listings[q.instrument as usize], &self.accounts[number]);
        let (is_firm, mut spoken) = (number == self.firm(), Spoken::default());
        let _ = match code {
            code::RISK_STALE_DATA
            | code::RISK_ORDER_LOTS
            | code::RISK_ORDER_NOTIONAL
            | code::RISK_ADV_SHARE
            | code::RISK_COLLAR => {
                let limits = OrderLimits::of(&self.charters[number].limits);
                order_rules(&mut spoken, &limits, q, (answer.notional, answer.age_ns), listing)
            }
            code::RISK_POSITION
            | code::RISK_CONCENTRATION
            | code::RISK_GROSS
            | code::RISK_BUYING_POWER
            | code::RISK_NET
            | code::RISK_SECTOR
            | code::RISK_VAR => {
                let sector = self.sectors[number * self.config.sectors as usize + listing.sector as usize];
                let exposed = if is_firm { answer.firm_exposure } else { answer.exposure };
                account_rules(&mut spoken, account, sector, exposed, q)
            }
            code::RISK_RATE => {
                let bucket = if is_firm { answer.firm_rate } else { answer.rate };
                spoken.note(bucket.empty(), code)
            }
            _ => spoken.standing(account.standing),
        };
        spoken.0 & bit(code) != 0
    }

    fn seen_and_allowed(&self, code: Code, q: &Question, answer: &Answer, number: usize) -> (Money, Money) {
        let listing = &self.listings[q.instrument as usize];
        let (account, charter) = (&self.accounts[number], &self.charters[number]);
        let limits = OrderLimits::of(&charter.limits);
        match code {
            code::RISK_SESSION_CLOSED => (count(q.now), count(self.hours.closes_ts)),
            code::RISK_CLOCK => (count(q.ts), count(if q.ts > q.now { q.now } else { self.hours.latest_ts })),
            code::RISK_MANDATE_EXPIRED => (count(q.now), count(account.expires_ts)),
            code::RISK_UNIVERSE => (count(q.instrument), Money::ZERO),
            code::RISK_DUPLICATE => (count(q.client_id), count(account.client_id)),
            code::RISK_UNKNOWN_ORDER if q.action == Action::New => (count(q.beside), Money::ZERO),
            code::RISK_UNKNOWN_ORDER => (count(q.order_id), Money::ZERO),
            code::RISK_BAD_PRICE => (count(q.limit_given), Money::ZERO),
            code::RISK_BAD_LOTS if q.failed & bit(code::RISK_BAD_LOTS) != 0 => {
                (count(q.display_lots), count(q.lots_given))
            }
            code::RISK_BAD_LOTS => (count(q.lots_given), count(listing.lots_min)),
            code::RISK_NO_LOCATE => (count(listing.short), count(listing.located_lots)),
            code::RISK_REDUCE_ONLY => {
                let row = &self.rows[usize::from(q.strategy) * self.listings.len() + q.instrument as usize];
                let others = row.open[q.side] - q.added() - q.held;
                (count(q.lots_given), count((-sign(q.side) * row.position - others).max(0)))
            }
            code::RISK_STALE_DATA => (count(answer.age_ns), count(limits.age_ns)),
            code::RISK_ORDER_LOTS => (count(q.lots_given), count(limits.lots)),
            code::RISK_ORDER_NOTIONAL => (Money(answer.notional), Money(limits.notional)),
            code::RISK_ADV_SHARE => (count(q.lots_given), count(share(i128::from(listing.adv_lots), limits.adv_bps))),
            code::RISK_COLLAR => {
                let reference_ticks = q.reference(listing.mark_ticks);
                let distance = if q.market { 0 } else { (q.limit_ticks - reference_ticks).abs() };
                (count(distance), count(share(i128::from(reference_ticks), limits.collar_bps)))
            }
            code::RISK_SELF_MATCH => (count(q.limit_given), count(listing.own_reach[1 - q.side].abs())),
            code::RISK_RATE => {
                let bucket = if number == self.firm() { answer.firm_rate } else { answer.rate };
                (count(bucket.seen(account.limit_rate)), count(account.limit_rate))
            }
            code::RISK_REPEAT => (count(answer.repeat.seen(limits.repeats)), count(limits.repeats)),
            code::RISK_LOSS => (Money(charter.loss()), charter.limits.loss),
            code::RISK_DRAWDOWN => (Money(charter.drawdown()), charter.limits.drawdown),
            code::RISK_RESERVATION => self.reservation_seen(q),
            _ => self.exposure_seen(code, q, answer, number),
        }
    }

    /// Worst-case exposure after the order, against its limit.
    fn exposure_seen(&self, code: Code, q: &Question, answer: &Answer, number: usize) -> (Money, Money) {
        let (account, charter) = (&self.accounts[number], &self.charters[number]);
        let sector = self.listings[q.instrument as usize].sector as usize;
        let exposed = if number == self.firm() { answer.firm_exposure } else { answer.exposure };
        let gross = account.gross;
        let (seen, allowed) = match code {
            code::RISK_POSITION => (exposed, account.limit_position),
            code::RISK_GROSS => (gross, account.limit_gross),
            code::RISK_NET => (account.net[q.side], account.limit_net),
            code::RISK_SECTOR => (self.sectors[number * self.config.sectors as usize + sector], account.limit_sector),
            code::RISK_CONCENTRATION => {
                (exposed, share(gross, account.limit_concentration_bps).max(account.share_of_capital))
            }
            code::RISK_BUYING_POWER => {
                let margin = gross.saturating_mul(i128::from(charter.limits.margin_bps));
                (div_round(margin, i128::from(BPS), RoundMode::AwayFromZero), charter.buying_power())
            }
            code::RISK_VAR => (account.var, account.limit_var),
            // Killed, no mandate, halted, restricted, malformed: a yes or no without a number.
            _ => (0, 0),
        };
        (Money(seen), Money(allowed))
    }

    /// Which of the gate's own bounds was in the way.
    fn reservation_seen(&self, q: &Question) -> (Money, Money) {
        let listing = &self.listings[q.instrument as usize];
        let places = self.working.places() as u64;
        if q.action == Action::New && u64::from(listing.working) >= places {
            (count(listing.working + 1), count(places))
        } else if q.lots_given > LOTS_MAX || listing.worst > LOTS_MAX {
            (count(q.lots_given), count(LOTS_MAX))
        } else {
            (Money(self.accounts[self.firm()].gross), Money(EXPOSURE_MAX))
        }
    }
}
