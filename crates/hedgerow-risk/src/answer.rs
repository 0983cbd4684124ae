//! What the rules answer, on both levels, about positions and sums with the order already in them.

use crate::account::{Account, OrderLimits};
use crate::bounds::{EXPOSURE_MAX, LOT_VALUE_MAX, LOTS_MAX, TICKS_MAX};
use crate::gate::Gate;
use crate::listing::Listing;
use crate::question::Question;
use crate::repeats::Repeat;
use crate::row::{Row, SELL, sign};
use crate::rules::exposure::worst_lots;
use crate::rules::rate::Bucket;
use crate::rules::{Tally, capital, exposure, freshness, identity, mandate, price, session, size, terms};
use crate::working::{Working, WorkingTable};
use hedgerow_core::{Action, Nanos, code};
use serde::{Deserialize, Serialize};

/// What the rules saw of an order, by itself and in positions and sums.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    /// Exposure to the instrument with the order, of the strategy and of the firm.
    pub exposure: i128,
    pub firm_exposure: i128,
    /// The order's value.
    pub notional: i128,
    pub age_ns: Nanos,
    pub reach: i64,
    pub reducing: bool,
    /// What throttles hold before the order.
    pub rate: Bucket,
    pub firm_rate: Bucket,
    pub repeat: Bucket,
}

/// How an order looks by itself.
#[derive(Clone, Copy)]
pub(crate) struct Alone {
    notional: i128,
    age_ns: Nanos,
    reach: i64,
}

/// What an order adds to the sums of an account.
#[derive(Clone, Copy)]
struct Addition {
    worst: i128,
    net: i128,
    var: i128,
}

/// The exact product.
#[inline(always)]
const fn product(lots: i64, value: i64) -> i128 {
    lots as i128 * value as i128
}

/// The rules about one order by itself.
#[inline(always)]
pub(crate) fn order_rules(
    tally: &mut impl Tally,
    limits: &OrderLimits,
    q: &Question,
    (notional, age_ns): (i128, Nanos),
    listing: &Listing,
) -> Option<()> {
    tally.note(freshness::stale(listing.mark_ticks, age_ns, limits.age_ns), code::RISK_STALE_DATA)?;
    tally.note(size::too_many_lots(q.lots_given, limits.lots), code::RISK_ORDER_LOTS)?;
    tally.note(size::too_large(notional, limits.notional), code::RISK_ORDER_NOTIONAL)?;
    tally.note(size::too_much_volume(q.lots, listing.adv_lots, limits.adv_bps), code::RISK_ADV_SHARE)?;
    let reference_ticks = q.reference(listing.mark_ticks);
    let beyond = price::outside_collar(q.market, q.limit_ticks, reference_ticks, limits.collar_bps);
    tally.note(beyond, code::RISK_COLLAR)
}

/// The rules about what an account holds with the order in its sums; `sector` is its gross there, `exposed` its exposure
/// to the instrument.
#[inline(always)]
pub(crate) fn account_rules(
    tally: &mut impl Tally,
    account: &Account,
    sector: i128,
    exposed: i128,
    q: &Question,
) -> Option<()> {
    if exposed > account.exposure_clear {
        let (share, share_bps) = (account.share_of_capital, account.limit_concentration_bps);
        let concentrated = exposure::concentration(exposed, account.gross, share, share_bps);
        tally.note(exposure::position(exposed, account.limit_position), code::RISK_POSITION)?;
        tally.note(concentrated, code::RISK_CONCENTRATION)?;
    }
    if account.gross > account.gross_clear {
        tally.note(exposure::gross(account.gross, account.limit_gross), code::RISK_GROSS)?;
        tally.note(capital::no_buying_power(account.gross, account.gross_affordable), code::RISK_BUYING_POWER)?;
    }
    tally.note(exposure::net(account.net[q.side], account.limit_net), code::RISK_NET)?;
    tally.note(exposure::sector(sector, account.limit_sector), code::RISK_SECTOR)?;
    tally.note(capital::beyond_var(account.var, account.limit_var), code::RISK_VAR)
}

/// Adds an order to an account's sums.
#[inline(always)]
fn enter(account: &mut Account, sector: &mut i128, add: Addition, side: usize) {
    account.gross += add.worst;
    account.net[side] += add.net;
    account.var += add.var;
    *sector += add.worst;
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
    /// Whether the slot holds an order like this one.
    pub is_repeat: bool,
    pub hours: &'a mut Hours,
    pub working: &'a mut WorkingTable,
}

impl Places<'_> {
    /// Asks every rule about the order by itself: nothing is entered yet, or it does not matter.
    #[inline(always)]
    pub fn ask_alone(&self, tally: &mut impl Tally, q: &Question) -> Option<Alone> {
        let (listing, account) = (&*self.listing, &*self.account);
        tally.standing(q.failed | listing.standing | account.standing | self.firm.standing)?;
        tally.note(session::closed(self.hours.open, self.hours.closes_ts, q.now), code::RISK_SESSION_CLOSED)?;
        tally.note(session::clock(q.ts, self.hours.latest_ts, q.now), code::RISK_CLOCK)?;
        tally.note(mandate::expired(account.expires_ts, q.now), code::RISK_MANDATE_EXPIRED)?;
        tally.note(mandate::outside_universe(self.row.granted), code::RISK_UNIVERSE)?;
        tally.note(identity::duplicate(q.client_id, account.client_id), code::RISK_DUPLICATE)?;
        tally.note(terms::bad_price(q.market, q.limit_given), code::RISK_BAD_PRICE)?;
        let bad_lots = terms::bad_lots(q.lots_given, listing.lots_min, listing.lots_step);
        tally.note((q.open == 0) | bad_lots, code::RISK_BAD_LOTS)?;
        let lot_value = listing.lot_value_at(q.worst_ticks(listing.mark_ticks));
        // What is worth more than can be counted counts as the most that can, where other rules look at it.
        tally.note(lot_value > i128::from(LOT_VALUE_MAX), code::RISK_RESERVATION)?;
        let notional = product(q.lots, lot_value.min(i128::from(LOT_VALUE_MAX)) as i64);
        let age_ns = q.now.saturating_sub(listing.mark_ts);
        order_rules(tally, &account.order, q, (notional, age_ns), listing)?;
        // A stop that waits reaches nothing: it trades after the market has come to it.
        let waits = q.waits(listing.mark_ticks);
        let reach = if waits { price::NO_REACH } else { price::reach(q.buy(), q.market, q.limit_ticks) };
        tally.note(price::self_match(reach, listing.own_reach[1 - q.side]), code::RISK_SELF_MATCH)?;
        let full = matches!(q.action, Action::New) & (listing.working as usize >= self.working.places());
        let beyond = (q.lots_given > LOTS_MAX) | (q.limit_given > TICKS_MAX);
        tally.note(full | beyond, code::RISK_RESERVATION)?;
        Some(Alone { notional, age_ns, reach })
    }

    /// Enters lots of a side into positions and sums, or takes them (negative) out again. Whoever enters an order keeps
    /// it ([`Places::keep`]) or takes it out.
    #[inline(always)]
    pub fn enter(&mut self, side: usize, lots: i64) {
        let listing = &mut *self.listing;
        let (before, other) = (self.row.net(side), self.row.net(1 - side));
        let after = before + lots;
        let worst_lots = worst_lots(after, other) - worst_lots(before, other);
        self.row.open[side] += lots;
        listing.worst += worst_lots;
        listing.net[side] += lots;
        listing.short += if side == SELL { after.max(0) - before.max(0) } else { 0 };
        let add = Addition {
            worst: product(worst_lots, listing.lot_value),
            net: product(lots, listing.lot_value),
            var: product(worst_lots, listing.lot_var),
        };
        enter(self.account, self.sector, add, side);
        enter(self.firm, self.firm_sector, add, side);
    }

    /// Asks every rule about positions and sums with the order in them, and about the throttles.
    #[inline(always)]
    pub fn ask_entered(&self, tally: &mut impl Tally, q: &Question, alone: Alone) -> Option<Answer> {
        let (listing, account, row) = (&*self.listing, &*self.account, *self.row);
        let no_locate = terms::no_locate(!q.buy(), row.short(), listing.short, listing.located_lots);
        tally.note(no_locate, code::RISK_NO_LOCATE)?;
        let exposure = product(row.worst(), listing.lot_value);
        let firm_exposure = product(listing.worst, listing.lot_value);
        account_rules(tally, account, *self.sector, exposure, q)?;
        account_rules(tally, self.firm, *self.firm_sector, firm_exposure, q)?;
        let beyond = (listing.worst > LOTS_MAX) | (self.firm.gross > EXPOSURE_MAX);
        tally.note(beyond, code::RISK_RESERVATION)?;
        let others = row.open[q.side] - q.added() - q.held;
        let reducing = exposure::reducing(sign(q.side) * row.position, others, q.open);
        tally.note(q.reduce_only & !reducing, code::RISK_REDUCE_ONLY)?;
        let rate = account.rate.at(account.limit_rate, q.now);
        let firm_rate = self.firm.rate.at(self.firm.limit_rate, q.now);
        let repeat = self.repeat.bucket(self.is_repeat, account.order.repeats, q.now);
        tally.note(rate.empty() | firm_rate.empty(), code::RISK_RATE)?;
        tally.note(repeat.empty(), code::RISK_REPEAT)?;
        let Alone { notional, age_ns, reach } = alone;
        Some(Answer { exposure, firm_exposure, notional, age_ns, reach, reducing, rate, firm_rate, repeat })
    }

    /// Keeps an approved order: it was sent.
    #[inline(always)]
    pub fn keep(&mut self, q: &Question, answer: &Answer) {
        self.listing.own_reach[q.side] = self.listing.own_reach[q.side].max(answer.reach);
        self.spend(q, answer);
    }

    /// What an order uses of the throttles, and its number.
    #[inline(always)]
    pub fn spend(&mut self, q: &Question, answer: &Answer) {
        self.account.rate = answer.rate.spend();
        self.firm.rate = answer.firm_rate.spend();
        self.account.client_id = q.client_id;
        *self.repeat = Repeat { likeness: q.likeness(), bucket: answer.repeat.spend() };
    }

    /// Enters a new order that was kept among the working ones.
    #[inline(always)]
    pub fn send(&mut self, q: &Question, answer: &Answer) {
        let working = Working {
            reach: answer.reach,
            lots: q.open,
            beside: q.beside,
            strategy: q.strategy,
            side: q.side as u8,
            ..Working::default()
        };
        self.working.push(q.instrument as usize, self.listing.working, q.order_id, working);
        self.listing.working += 1;
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
        let (sector, sectors) = (listing.sector as usize, self.config.sectors as usize);
        let firm_sector = usize::from(self.config.strategies) * sectors + sector;
        let [sector, firm_sector] = self.sectors.get_disjoint_mut([strategy * sectors + sector, firm_sector]).ok()?;
        let likeness = q.likeness();
        let repeat = self.repeats.of(strategy, likeness)?;
        Some(Places {
            // Looked at here and not where it counts: like the row it is often far away, and both come at once.
            is_repeat: repeat.likeness == likeness,
            repeat,
            row: self.rows.get_mut(strategy * instruments + index)?,
            account,
            firm,
            sector,
            firm_sector,
            hours: &mut self.hours,
            working: &mut self.working,
            listing,
        })
    }
}
