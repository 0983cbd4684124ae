//! What the rules answer: all of them, on both levels, without a branch between them.

use crate::account::{Account, OrderLimits};
use crate::bounds::{EXPOSURE_MAX, LOT_VALUE_MAX, LOTS_MAX, TICKS_MAX};
use crate::gate::Gate;
use crate::listing::Listing;
use crate::question::Question;
use crate::repeats::Repeat;
use crate::row::{Row, sign};
use crate::rules::rate::Bucket;
use crate::rules::{Tally, capital, exposure, freshness, identity, mandate, price, session, size, terms};
use hedgerow_core::{Nanos, code};
use serde::{Deserialize, Serialize};

/// What an order would add to positions and sums, and how it looks by itself.
#[derive(Clone, Copy)]
pub(crate) struct Addition {
    /// Row, exposure to the instrument and short lots after the order; of the firm, too.
    pub row: Row,
    pub exposure: i128,
    pub firm_exposure: i128,
    pub firm_short: i64,
    /// Added reservation, worst-case and short lots.
    pub lots: i64,
    pub worst_lots: i64,
    pub short_lots: i64,
    /// Added worst-case and net exposure and value at risk.
    pub worst: i128,
    pub net: i128,
    pub var: i128,
    /// The order by itself.
    pub lot_value: i128,
    pub notional: i128,
    pub age_ns: Nanos,
    pub reach: i64,
    pub reducing: bool,
}

/// What the order would do, and what to book if it may.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub add: Addition,
    pub rate: Bucket,
    pub firm_rate: Bucket,
    pub repeat: Bucket,
}

impl Addition {
    #[inline(always)]
    fn of(q: &Question, listing: &Listing, before: &Row) -> Addition {
        let lots = if q.open > q.held { q.open - q.held } else { 0 };
        let row = before.reserved(q.side, lots);
        let worst_lots = row.worst() - before.worst();
        // Zero for a buy: its row is as short as before. A product, because the side cannot be predicted.
        let short_lots = (row.short() - before.short()) * q.side as i64;
        let value = i128::from(listing.lot_value);
        let above = q.limit_ticks > listing.mark_ticks;
        let lot_value = listing.lot_value_at(if above { q.limit_ticks } else { listing.mark_ticks });
        let countable = if lot_value > LOT_VALUE_MAX as i128 { LOT_VALUE_MAX } else { lot_value as i64 };
        Addition {
            row,
            exposure: i128::from(row.worst()) * value,
            firm_exposure: i128::from(listing.worst + worst_lots) * value,
            firm_short: listing.short + short_lots,
            lots,
            worst_lots,
            short_lots,
            worst: i128::from(worst_lots) * value,
            net: i128::from(lots) * value,
            var: i128::from(worst_lots) * i128::from(listing.lot_var),
            lot_value,
            notional: i128::from(q.lots) * i128::from(countable),
            age_ns: q.now.saturating_sub(listing.mark_ts),
            reach: price::reach(q.buy(), q.market, q.limit_ticks),
            reducing: exposure::reducing(sign(q.side) * before.position, before.open[q.side] - q.held, q.open),
        }
    }
}

/// The rules about one order by itself.
#[inline(always)]
pub(crate) fn order_rules(
    tally: &mut impl Tally,
    limits: &OrderLimits,
    q: &Question,
    add: &Addition,
    listing: &Listing,
) {
    tally.note(freshness::stale(listing.mark_ticks, add.age_ns, limits.age_ns), code::RISK_STALE_DATA);
    tally.note(size::too_many_lots(q.lots_given, limits.lots), code::RISK_ORDER_LOTS);
    tally.note(size::too_large(add.notional, limits.notional), code::RISK_ORDER_NOTIONAL);
    tally.note(size::too_much_volume(q.lots, listing.adv_lots, limits.adv_bps), code::RISK_ADV_SHARE);
    let beyond = price::outside_collar(q.market, q.limit_ticks, listing.mark_ticks, limits.collar_bps);
    tally.note(beyond, code::RISK_COLLAR);
}

/// The rules about what an account would hold after the order; `sector` is its gross there before.
#[inline(always)]
pub(crate) fn account_rules(
    tally: &mut impl Tally,
    account: &Account,
    sector: i128,
    exposed: i128,
    add: &Addition,
    q: &Question,
) {
    let gross = account.gross + add.worst;
    tally.standing(account.standing);
    tally.note(mandate::expired(account.expires_ts, q.now), code::RISK_MANDATE_EXPIRED);
    tally.note(exposure::position(exposed, account.limit_position), code::RISK_POSITION);
    tally.note(exposure::gross(gross, account.limit_gross), code::RISK_GROSS);
    tally.note(exposure::net(account.net[q.side] + add.net, account.limit_net), code::RISK_NET);
    tally.note(exposure::sector(sector + add.worst, account.limit_sector), code::RISK_SECTOR);
    let concentrated =
        exposure::concentration(exposed, gross, account.share_of_capital, account.limit_concentration_bps);
    tally.note(concentrated, code::RISK_CONCENTRATION);
    tally.note(capital::no_buying_power(gross, account.gross_affordable), code::RISK_BUYING_POWER);
    tally.note(capital::beyond_var(account.var + add.var, account.limit_var), code::RISK_VAR);
}

/// The session, and the latest time seen.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Hours {
    pub open: bool,
    pub closes_ts: Nanos,
    pub latest_ts: Nanos,
}

/// The places in the gate's tables that one order touches, found once.
pub(crate) struct Places<'a> {
    pub row: &'a mut Row,
    pub listing: &'a mut Listing,
    pub account: &'a mut Account,
    pub firm: &'a mut Account,
    /// Gross in the instrument's sector.
    pub sector: &'a mut i128,
    pub firm_sector: &'a mut i128,
    pub repeat: &'a mut Repeat,
    pub hours: Hours,
    /// Working orders that an instrument has room for.
    pub room: usize,
}

impl Places<'_> {
    /// Asks every rule.
    #[inline(always)]
    pub fn ask<T: Tally>(&self, q: &Question) -> (T, Answer) {
        let (listing, account, firm) = (&*self.listing, &*self.account, &*self.firm);
        let add = Addition::of(q, listing, self.row);
        let rate = account.rate.at(account.limit_rate, q.now);
        let firm_rate = firm.rate.at(firm.limit_rate, q.now);
        let repeat = self.repeat.bucket(q.likeness(), account.order.repeats, q.now);
        let mut tally = T::default();
        tally.standing(q.failed | listing.standing);
        tally.note(session::closed(self.hours.open, self.hours.closes_ts, q.now), code::RISK_SESSION_CLOSED);
        tally.note(session::clock(q.ts, self.hours.latest_ts, q.now), code::RISK_CLOCK);
        tally.note(mandate::outside_universe(self.row.granted), code::RISK_UNIVERSE);
        tally.note(identity::duplicate(q.client_id, account.client_id), code::RISK_DUPLICATE);
        tally.note(terms::bad_price(q.market, q.limit_given), code::RISK_BAD_PRICE);
        let bad_lots = terms::bad_lots(q.lots_given, listing.lots_min, listing.lots_step);
        tally.note((q.open == 0) | bad_lots, code::RISK_BAD_LOTS);
        let no_locate = terms::no_locate(!q.buy(), add.row.short(), add.firm_short, listing.located_lots);
        tally.note(no_locate, code::RISK_NO_LOCATE);
        order_rules(&mut tally, &account.order, q, &add, listing);
        tally.note(price::self_match(add.reach, listing.own_reach[1 - q.side]), code::RISK_SELF_MATCH);
        tally.note(rate.empty() | firm_rate.empty(), code::RISK_RATE);
        tally.note(repeat.empty(), code::RISK_REPEAT);
        account_rules(&mut tally, account, *self.sector, add.exposure, &add, q);
        account_rules(&mut tally, firm, *self.firm_sector, add.firm_exposure, &add, q);
        tally.note(self.unreservable(q, &add), code::RISK_RESERVATION);
        (tally, Answer { add, rate, firm_rate, repeat })
    }

    /// Whether a table is full or a number beyond the bounds within which sums are exact.
    #[inline(always)]
    fn unreservable(&self, q: &Question, add: &Addition) -> bool {
        let full = self.listing.working as usize >= self.room;
        (full & (q.held == 0))
            | (q.lots_given > LOTS_MAX)
            | (q.limit_given > TICKS_MAX)
            | (add.lot_value > LOT_VALUE_MAX as i128)
            | (self.listing.worst + add.worst_lots > LOTS_MAX)
            | (self.firm.gross + add.worst > EXPOSURE_MAX)
    }

    /// Books the reservation of an approved order or replace, and that it was sent.
    #[inline(always)]
    pub fn reserve(&mut self, q: &Question, answer: &Answer) {
        let add = &answer.add;
        self.row.open[q.side] += add.lots;
        self.listing.worst += add.worst_lots;
        self.listing.net[q.side] += add.lots;
        self.listing.short += add.short_lots;
        self.listing.own_reach[q.side] = self.listing.own_reach[q.side].max(add.reach);
        *self.sector += add.worst;
        *self.firm_sector += add.worst;
        for (account, rate) in [(&mut *self.account, answer.rate), (&mut *self.firm, answer.firm_rate)] {
            account.gross += add.worst;
            account.net[q.side] += add.net;
            account.var += add.var;
            account.rate = rate.spend();
        }
        self.account.client_id = q.client_id;
        *self.repeat = Repeat { likeness: q.likeness(), bucket: answer.repeat.spend() };
    }
}

impl Gate {
    /// The places an order touches, if its strategy and instrument have one.
    #[inline(always)]
    pub(crate) fn places(&mut self, q: &Question) -> Option<Places<'_>> {
        let (strategy, index) = (usize::from(q.strategy), q.instrument as usize);
        let instruments = self.listings.len();
        let listing = self.listings.get_mut(index)?;
        let (firm, accounts) = self.accounts.split_last_mut()?;
        let account = accounts.get_mut(strategy)?;
        let sectors = self.config.sectors as usize;
        let (of_strategies, of_firm) =
            self.sectors.split_at_mut_checked(usize::from(self.config.strategies) * sectors)?;
        Some(Places {
            row: self.rows.get_mut(strategy * instruments + index)?,
            account,
            firm,
            sector: of_strategies.get_mut(strategy * sectors + listing.sector as usize)?,
            firm_sector: of_firm.get_mut(listing.sector as usize)?,
            repeat: self.repeats.of(strategy, q.likeness())?,
            hours: self.hours,
            room: self.working.places(),
            listing,
        })
    }
}
