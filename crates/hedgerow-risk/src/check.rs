//! The decision: all rules on both levels without a branch between them, one verdict, one reservation.
//!
//! Promises: an order is approved only if no rule is left standing against it; a denied order changes nothing but the
//! last client order id and the latest time seen. Never: allocates, panics on absurd numbers, lets a rule go unasked.

use crate::account::Account;
use crate::approved::Approved;
use crate::bounds::{EXPOSURE_MAX, LOT_VALUE_MAX, LOTS_MAX, TICKS_MAX};
use crate::gate::Gate;
use crate::question::{Answer, Question, meaningful};
use crate::repeats::Likeness;
use crate::rules::{self, bit_if, capital, exposure, freshness, identity, mandate, price, session, size, terms};
use crate::working::Working;
use hedgerow_core::{Action, CancelRequest, Decision, Nanos, Order, ReplaceRequest, Verdict, code};

/// What both levels look at: the order's own size, and what it would add to their sums.
struct Addition {
    lots: i64,
    notional: i128,
    collar: (bool, i64, i64),
    adv_lots: i64,
    age_ns: Nanos,
    mark_ticks: i64,
    buy: bool,
    worst: i128,
    net: i128,
    var: i128,
}

/// The rules that have limits on both levels. `sector` and `instrument` are the level's exposures after the order.
#[inline(always)]
fn level(account: &Account, add: &Addition, sector: i128, instrument: i128, now: Nanos, rate_empty: bool) -> u64 {
    let (market, limit_ticks, reference) = add.collar;
    let gross = account.gross + add.worst;
    let net = if add.buy { account.up + add.net } else { add.net - account.down };
    account.standing
        | bit_if(mandate::expired(account.expires_ts, now), code::RISK_MANDATE_EXPIRED)
        | bit_if(freshness::stale(add.mark_ticks, add.age_ns, account.limit_age_ns), code::RISK_STALE_DATA)
        | bit_if(size::too_many_lots(add.lots, account.limit_lots), code::RISK_ORDER_LOTS)
        | bit_if(size::too_large(add.notional, account.limit_notional), code::RISK_ORDER_NOTIONAL)
        | bit_if(size::too_much_volume(add.lots, add.adv_lots, account.limit_adv_bps), code::RISK_ADV_SHARE)
        | bit_if(price::outside_collar(market, limit_ticks, reference, account.limit_collar_bps), code::RISK_COLLAR)
        | bit_if(rate_empty, code::RISK_RATE)
        | bit_if(exposure::position(instrument, account.limit_position), code::RISK_POSITION)
        | bit_if(exposure::gross(gross, account.limit_gross), code::RISK_GROSS)
        | bit_if(exposure::net(net, account.limit_net), code::RISK_NET)
        | bit_if(exposure::sector(sector, account.limit_sector), code::RISK_SECTOR)
        | bit_if(
            exposure::concentration(instrument, gross, account.capital, account.limit_concentration_bps),
            code::RISK_CONCENTRATION,
        )
        | bit_if(capital::no_buying_power(gross, account.margin_bps, account.power_bps), code::RISK_BUYING_POWER)
        | bit_if(capital::beyond_var(account.var + add.var, account.limit_var), code::RISK_VAR)
}

impl Gate {
    /// Whether strategy and instrument have a place in the tables at all.
    #[inline(always)]
    const fn placed(&self, q: &Question) -> bool {
        (q.strategy < self.config.strategies) & (q.instrument < self.config.instruments)
    }

    /// Asks every rule. Strategy and instrument must have a place.
    #[inline(always)]
    fn ask(&self, q: &Question) -> Answer {
        let (strategy, index, firm) = (usize::from(q.strategy), q.instrument as usize, self.firm());
        let listing = &self.listings[index];
        let (account, house) = (&self.accounts[strategy], &self.accounts[firm]);
        let before = self.rows[strategy * self.listings.len() + index];
        let sectors = self.config.sectors as usize;

        let added = if q.open > q.held { q.open - q.held } else { 0 };
        let row = before.reserved(q.buy, added);
        let worst_lots = row.worst() - before.worst();
        let firm_worst_lots = listing.worst + worst_lots;
        let same_side = if q.buy { before.open_buy } else { before.open_sell } - q.held;
        let reducing = exposure::reducing(q.buy, before.position, same_side, q.open);

        let value = i128::from(listing.lot_value);
        let priced = if q.limit_ticks > listing.mark_ticks { q.limit_ticks } else { listing.mark_ticks };
        let lot_value = listing.lot_value_at(if q.market { listing.mark_ticks } else { priced });
        let countable = if lot_value > LOT_VALUE_MAX as i128 { LOT_VALUE_MAX } else { lot_value as i64 };
        let add = Addition {
            lots: q.lots,
            notional: i128::from(q.lots) * i128::from(countable),
            collar: (q.market, q.limit_ticks, listing.mark_ticks),
            adv_lots: listing.adv_lots,
            age_ns: q.now.saturating_sub(listing.mark_ts),
            mark_ticks: listing.mark_ticks,
            buy: q.buy,
            worst: i128::from(worst_lots) * value,
            net: i128::from(added) * value,
            var: i128::from(worst_lots) * i128::from(listing.lot_var),
        };
        let reach_ticks = price::reach(q.buy, q.market, q.limit_ticks);
        let (rate, firm_rate) = (account.rate.at(account.limit_rate, q.now), house.rate.at(house.limit_rate, q.now));
        let repeats =
            if account.limit_repeats < house.limit_repeats { account.limit_repeats } else { house.limit_repeats };
        let likeness = Likeness::new(q.instrument, q.buy, q.lots, q.limit_ticks);
        let repeat = self.repeats.bucket(strategy, likeness, repeats, q.now);

        let sector = listing.sector as usize;
        let sector_after = self.sectors[strategy * sectors + sector] + add.worst;
        let firm_sector_after = self.sectors[firm * sectors + sector] + add.worst;
        let exposure_after = i128::from(row.worst()) * value;
        let firm_exposure_after = i128::from(firm_worst_lots) * value;
        let short = listing.short + row.short() - before.short();
        let full = (q.held == 0) & (listing.working as usize >= self.working.places());
        let unreservable = full
            | (q.lots_given > LOTS_MAX)
            | (q.limit_given > TICKS_MAX)
            | (lot_value > LOT_VALUE_MAX as i128)
            | (firm_worst_lots > LOTS_MAX)
            | (house.gross + add.worst > EXPOSURE_MAX);

        let shared = q.failed
            | listing.standing
            | bit_if(session::closed(self.session_open, self.session_closes_ts, q.now), code::RISK_SESSION_CLOSED)
            | bit_if(session::clock(q.ts, self.latest_ts, q.now), code::RISK_CLOCK)
            | bit_if(mandate::outside_universe(before.granted), code::RISK_UNIVERSE)
            | bit_if(identity::duplicate(q.client_id, account.client_id), code::RISK_DUPLICATE)
            | bit_if(terms::bad_price(q.market, q.limit_given), code::RISK_BAD_PRICE)
            | bit_if(
                (q.open == 0) | terms::bad_lots(q.lots_given, listing.lots_min, listing.lots_step),
                code::RISK_BAD_LOTS,
            )
            | bit_if(terms::no_locate(!q.buy, row.short(), short, listing.located_lots), code::RISK_NO_LOCATE)
            | bit_if(price::self_match(q.buy, reach_ticks, listing.own_buy, listing.own_sell), code::RISK_SELF_MATCH)
            | bit_if(repeat.empty(), code::RISK_REPEAT)
            | bit_if(unreservable, code::RISK_RESERVATION);
        Answer {
            strategy: shared | level(account, &add, sector_after, exposure_after, q.now, rate.empty()),
            firm: level(house, &add, firm_sector_after, firm_exposure_after, q.now, firm_rate.empty()),
            reducing,
            row,
            notional: add.notional,
            reach_ticks,
            rate,
            firm_rate,
            likeness,
            repeat,
        }
    }

    /// Decides on a new order and, if it passes, reserves what it may use.
    ///
    /// A limit order is valued at the higher of its limit and the mark, a market order at the mark; exposure is always
    /// lots at the mark.
    #[must_use]
    pub fn check_new(&mut self, order: &Order, now: Nanos) -> (Verdict, Option<Approved<Order>>) {
        let q = Question::new_order(order, now, bit_if(!meaningful(order), code::RISK_BAD_FIELD));
        if !self.placed(&q) {
            return (self.deny_unplaced(&q), None);
        }
        let answer = self.ask(&q);
        let (verdict, approved) = self.conclude(&q, &answer);
        if !approved {
            return (verdict, None);
        }
        let (index, strategy) = (q.instrument as usize, q.strategy);
        let listing = &mut self.listings[index];
        let working =
            Working { reach_ticks: answer.reach_ticks, lots: q.open, strategy, buy: q.buy, ..Working::default() };
        self.working.push(index, listing.working, order.id, working);
        listing.working += 1;
        self.reserve(&q, &answer);
        (verdict, Some(Approved::new(*order)))
    }

    /// Decides on a replace of a working order. Only what it adds to the worst case is new; if it is denied, the old
    /// reservation stands. If it passes, the larger of both sizes stays reserved, and both prices count, until the venue
    /// has answered ([`Gate::replaced`], [`Gate::replace_rejected`]).
    #[must_use]
    pub fn check_replace(
        &mut self,
        working: &Order,
        filled_lots: i64,
        request: &ReplaceRequest,
        now: Nanos,
    ) -> (Verdict, Option<Approved<ReplaceRequest>>) {
        let named = request.order_id == working.id && request.strategy == working.strategy;
        let at = self.place_of(working).filter(|_| named && filled_lots >= 0);
        let held = at.map(|at| self.working.get(at));
        let failed = bit_if(!meaningful(working), code::RISK_BAD_FIELD)
            | bit_if(held.is_none(), code::RISK_UNKNOWN_ORDER)
            | bit_if(held.is_some_and(|held| held.replacing), code::RISK_RESERVATION);
        let reserved = held.map_or(0, |held| held.reserved());
        let q = Question::replace(working, filled_lots, reserved, request, now, failed);
        if !self.placed(&q) {
            return (self.deny_unplaced(&q), None);
        }
        let answer = self.ask(&q);
        let (verdict, approved) = self.conclude(&q, &answer);
        let (true, Some(at), Some(held)) = (approved, at, held) else {
            return (verdict, None);
        };
        let next = Working { replacing: true, next_reach_ticks: answer.reach_ticks, next_lots: q.open, ..held };
        self.working.set(at, next);
        self.reserve(&q, &answer);
        (verdict, Some(Approved::new(*request)))
    }

    /// A cancel always passes: nothing must stand between a person and taking an order out of the market. What is
    /// reserved stays so until the venue confirms.
    pub fn check_cancel(
        &self,
        request: &CancelRequest,
        working: &Order,
        now: Nanos,
    ) -> (Verdict, Approved<CancelRequest>) {
        let verdict = Verdict {
            cause: request.id,
            ts: now,
            order_id: request.order_id,
            instrument: working.instrument,
            strategy: request.strategy,
            decision: Decision::Approved as u8,
            action: Action::Cancel as u8,
            ..Verdict::default()
        };
        (verdict, Approved::new(*request))
    }

    /// The verdict, and whether it approves. Notes that the client order id was used and what time it is.
    #[inline(always)]
    fn conclude(&mut self, q: &Question, answer: &Answer) -> (Verdict, bool) {
        let spoke = answer.strategy | answer.firm;
        let waived = spoke & if answer.reducing { rules::WAIVABLE } else { 0 };
        let failed = spoke & !waived;
        let mut verdict = Verdict {
            cause: q.cause,
            ts: q.now,
            order_id: q.order_id,
            failed,
            waived,
            instrument: q.instrument,
            strategy: q.strategy,
            decision: if failed == 0 { Decision::Approved } else { Decision::Denied } as u8,
            reducing: u8::from(answer.reducing),
            action: q.action as u8,
            ..Verdict::default()
        };
        if failed != 0 {
            self.explain(q, answer, &mut verdict);
        }
        let account = &mut self.accounts[usize::from(q.strategy)];
        account.client_id = account.client_id.max(q.client_id);
        self.latest_ts = self.latest_ts.max(q.now);
        (verdict, failed == 0)
    }

    /// Books the reservation of an approved order or replace.
    #[inline(always)]
    fn reserve(&mut self, q: &Question, answer: &Answer) {
        let (strategy, index, firm) = (usize::from(q.strategy), q.instrument as usize, self.firm());
        self.move_row(strategy, index, answer.row);
        let listing = &mut self.listings[index];
        if q.buy {
            listing.own_buy = listing.own_buy.max(answer.reach_ticks);
        } else {
            listing.own_sell = listing.own_sell.min(answer.reach_ticks);
        }
        self.accounts[strategy].rate = answer.rate.spend();
        self.accounts[firm].rate = answer.firm_rate.spend();
        self.repeats.remember(strategy, answer.likeness, answer.repeat.spend());
    }

    /// Denies an order whose strategy or instrument has no place in the tables.
    #[cold]
    fn deny_unplaced(&self, q: &Question) -> Verdict {
        let failed = q.failed
            | bit_if(q.strategy >= self.config.strategies, code::RISK_NO_MANDATE)
            | bit_if(q.instrument >= self.config.instruments, code::RISK_UNIVERSE);
        let code = rules::first(failed).unwrap_or(code::RISK_UNIVERSE);
        let named = if code == code::RISK_UNIVERSE { q.instrument } else { 0 };
        Verdict {
            value: crate::explain::count(named),
            cause: q.cause,
            ts: q.now,
            order_id: q.order_id,
            failed,
            instrument: q.instrument,
            strategy: q.strategy,
            code: code.0,
            decision: Decision::Denied as u8,
            action: q.action as u8,
            ..Verdict::default()
        }
    }
}
