//! What happens as our messages reach the market: an order takes, rests or is refused; a working one is changed or leaves.

use super::BookConfig;
use super::display::Slice;
use super::market::{Deal, Market, Offer, deal, is_better, opposite, place_of};
use super::mine::Mine;
use crate::matching::{about, unknown};
use hedgerow_book::{Book, LOTS_MAX};
use hedgerow_core::{
    CancelRequest, Code, FullOrder, FullReplace, Liquidity, Order, OrderKind, OrderTerms, Phase, ReportKind, Side,
    TimeInForce, VenueReport, code,
};

/// Prices of ours lie this far from the ends of what a book can hold, so that impact cannot push them out.
const PRICE_MAX: i64 = 1 << 30;

/// Side, time in force and price of an order that can be understood. A market order's price is beyond every other.
fn read(order: &Order, shift: i32) -> Result<(Side, TimeInForce, i32), Code> {
    let side = Side::from_u8(order.side).ok_or(code::CORE_INPUT)?;
    let tif = TimeInForce::from_u8(order.tif).ok_or(code::CORE_INPUT)?;
    let limit = match OrderKind::from_u8(order.kind) {
        Some(OrderKind::Limit | OrderKind::StopLimit | OrderKind::Pegged)
            if (1..PRICE_MAX).contains(&order.limit_ticks) =>
        {
            order.limit_ticks as i32
        }
        Some(OrderKind::Market | OrderKind::Stop) if order.limit_ticks == 0 && !order.is_post_only() => {
            return sized(order).map(|()| (side, tif, if side == Side::Buy { i32::MAX } else { i32::MIN }));
        }
        _ => return Err(code::CORE_INPUT),
    };
    sized(order).map(|()| (side, tif, limit.saturating_sub(shift)))
}

fn sized(order: &Order) -> Result<(), Code> {
    if order.id != 0 && (1..=LOTS_MAX).contains(&order.lots) { Ok(()) } else { Err(code::CORE_INPUT) }
}

impl<B: Book> Market<B> {
    /// What an order or a change says beside size and price.
    fn note_terms(&mut self, terms: &OrderTerms) {
        self.had_iceberg |= terms.display_lots != 0;
        self.had_peg |= terms.peg != 0;
    }

    /// An order arrives.
    pub(crate) fn submit(&mut self, config: &BookConfig, full: FullOrder, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.catch_up(config, ts, say);
        self.note_terms(&full.terms);
        let order = full.order;
        let refuse = |code: Code| VenueReport { code: code.0, ..about(&order, ReportKind::Rejected, ts) };
        let (side, tif, price_ticks) = match read(&order, self.shift) {
            Ok(terms) => terms,
            Err(code) => return say(refuse(code)),
        };
        let is_stop = full.terms.stop_ticks > 0;
        let (slot, id) = (order.slot, order.id);
        let is_waiting = self.find_waiting(slot, id).is_some()
            || self.find_aside(slot, id).is_some()
            || self.find_parked(slot, id).is_some();
        if is_waiting
            || self.find(slot, id).is_some()
            || is_stop != OrderKind::from_u8(order.kind).is_some_and(OrderKind::is_stop)
        {
            return say(refuse(code::CORE_INPUT));
        }
        if !self.admits(tif) {
            return say(refuse(code::SIM_PHASE));
        }
        if order.is_post_only() && self.would_meet(side, price_ticks) {
            return say(refuse(code::SIM_WOULD_TAKE));
        }
        say(about(&order, ReportKind::Accepted, ts));
        if full.terms.until_ts != 0 && full.terms.until_ts <= ts {
            return say(about(&order, ReportKind::Expired, ts));
        }
        if is_stop {
            self.wait(full);
            return self.wake(config, ts, say);
        }
        self.place(config, full, ts, say);
    }

    /// An order that was taken meets the book.
    pub(crate) fn place(&mut self, config: &BookConfig, full: FullOrder, ts: i64, say: &mut impl FnMut(VenueReport)) {
        let Ok((side, tif, price_ticks)) = read(&full.order, self.shift) else {
            return say(about(&full.order, ReportKind::Expired, ts));
        };
        self.note_end(full.terms.until_ts);
        let mut mine = Mine::new(full, price_ticks);
        if self.waits_for_auction(&full.order) {
            return self.aside.push(mine);
        }
        if mine.peg().is_some() {
            self.parked.push(mine);
            return self.settle(config, ts, say);
        }
        if tif != TimeInForce::Fok || self.look(&config.impact, side, price_ticks, full.order.lots) == full.order.lots {
            self.take(config, &mut mine, side, ts, say);
        }
        self.stay_or_end(mine, side, tif, ts, say);
        self.settle(config, ts, say);
    }

    /// Whether the best shown price of the other side lies within an order's limit, and orders trade as they come.
    fn would_meet(&self, side: Side, price_ticks: i32) -> bool {
        let other = opposite(side);
        self.phase == Phase::Continuous
            && self.book.best(other).is_some_and(|best| !is_better(other, price_ticks, best.price_ticks))
    }

    /// Takes what stands within the limit and was not taken before, best price first.
    pub(crate) fn take(
        &mut self,
        config: &BookConfig,
        mine: &mut Mine,
        side: Side,
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) {
        if self.phase != Phase::Continuous {
            return;
        }
        let found = self.look(&config.impact, side, mine.price_ticks, mine.open_lots());
        let reference_ticks = self.middle(self.offers.first().map_or(0, |offer| offer.price_ticks));
        let terms = self.terms;
        for Offer { lots, price_ticks, .. } in &self.offers {
            let (lots, price_ticks, liquidity) = (*lots, *price_ticks, Liquidity::Taker);
            deal(&terms, mine, Deal { lots, price_ticks, reference_ticks, liquidity, ts }, say);
        }
        self.use_offers(config, side, found, ts);
    }

    /// What is left of an order rests behind everyone at its price, if it may.
    fn stay_or_end(
        &mut self,
        mut mine: Mine,
        side: Side,
        tif: TimeInForce,
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) {
        if mine.open_lots() == 0 {
            return;
        }
        if mine.order.limit_ticks == 0 || matches!(tif, TimeInForce::Ioc | TimeInForce::Fok) {
            return say(about(&mine.order, ReportKind::Expired, ts));
        }
        mine.slice = Slice::first(mine.terms.display_lots, mine.open_lots());
        self.rest(mine, side);
    }

    /// Behind everyone at its price.
    pub(crate) fn rest(&mut self, mut mine: Mine, side: Side) {
        mine.ahead = self.everyone(side, mine.price_ticks);
        let ours = &mut self.ours[place_of(side)];
        let at = ours.partition_point(|other| !is_better(side, mine.price_ticks, other.price_ticks));
        ours.insert(at, mine);
    }

    fn find(&self, slot: u32, order_id: u64) -> Option<(usize, usize)> {
        self.ours.iter().enumerate().find_map(|(side, ours)| {
            let at = ours.iter().position(|mine| mine.order.slot == slot && mine.order.id == order_id)?;
            Some((side, at))
        })
    }

    /// A cancel arrives.
    pub(crate) fn cancel(
        &mut self,
        config: &BookConfig,
        request: &CancelRequest,
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) {
        self.catch_up(config, ts, say);
        if let Some(at) = self.find_waiting(request.slot, request.order_id) {
            return say(about(&self.waiting.remove(at).full.order, ReportKind::Cancelled, ts));
        }
        if let Some(at) = self.find_aside(request.slot, request.order_id) {
            return say(about(&self.aside.remove(at).order, ReportKind::Cancelled, ts));
        }
        if let Some(at) = self.find_parked(request.slot, request.order_id) {
            return say(about(&self.parked.remove(at).order, ReportKind::Cancelled, ts));
        }
        match self.find(request.slot, request.order_id) {
            Some((side, at)) => {
                let mine = self.ours[side].remove(at);
                say(about(&mine.order, ReportKind::Cancelled, ts));
            }
            None => say(unknown(request.order_id, request.slot, ReportKind::CancelRejected, ts).report),
        }
    }

    /// A change arrives. Only a smaller size at the same price and terms keeps its place; any other is a new arrival.
    pub(crate) fn replace(
        &mut self,
        config: &BookConfig,
        change: &FullReplace,
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) {
        self.catch_up(config, ts, say);
        self.note_terms(&change.terms);
        let request = &change.request;
        if let Some((order, changed)) = self.change_beside_the_book(change) {
            let kind = if changed.is_ok() { ReportKind::Replaced } else { ReportKind::ReplaceRejected };
            let (lots, price_ticks) = if changed.is_ok() { (request.lots, request.limit_ticks) } else { (0, 0) };
            let code = changed.err().map_or(0, |code| code.0);
            say(VenueReport { lots, price_ticks, code, ..about(&order, kind, ts) });
            self.settle(config, ts, say);
            return self.wake(config, ts, say);
        }
        let Some((at_side, at)) = self.find(request.slot, request.order_id) else {
            return say(unknown(request.order_id, request.slot, ReportKind::ReplaceRejected, ts).report);
        };
        let before = &self.ours[at_side][at];
        let wanted = Order { lots: request.lots, limit_ticks: request.limit_ticks, ..before.order };
        let smaller = request.limit_ticks == before.order.limit_ticks && request.lots <= before.order.lots;
        let keeps = smaller && change.keeps(&before.terms);
        let terms = match read(&wanted, self.shift) {
            _ if request.lots <= before.filled_lots => Err(code::RISK_BAD_LOTS),
            // The market has reached its stop price: there is none to change any more.
            _ if change.terms.stop_ticks != 0 => Err(code::RISK_BAD_PRICE),
            Err(_) => Err(code::RISK_BAD_PRICE),
            kept if keeps => kept,
            Ok((_, tif, _)) if !self.admits(tif) => Err(code::SIM_PHASE),
            Ok((side, _, price)) if wanted.is_post_only() && self.would_meet(side, price) => Err(code::SIM_WOULD_TAKE),
            terms => terms,
        };
        let (side, tif, price_ticks) = match terms {
            Ok(terms) => terms,
            Err(code) => {
                return say(VenueReport { code: code.0, ..about(&before.order, ReportKind::ReplaceRejected, ts) });
            }
        };
        say(VenueReport {
            lots: request.lots,
            price_ticks: request.limit_ticks,
            ..about(&before.order, ReportKind::Replaced, ts)
        });
        if keeps {
            let mine = &mut self.ours[at_side][at];
            mine.order.lots = request.lots;
            mine.terms = change.terms_of(&mine.terms);
            return;
        }
        let mut mine = self.ours[at_side].remove(at);
        mine.terms = change.terms_of(&mine.terms);
        (mine.order, mine.price_ticks, mine.own_ticks) = (wanted, price_ticks, wanted.limit_ticks);
        if mine.peg().is_some() {
            self.parked.push(mine);
            return self.settle(config, ts, say);
        }
        self.take(config, &mut mine, side, ts, say);
        self.stay_or_end(mine, side, tif, ts, say);
        self.settle(config, ts, say);
    }

    /// An order that is not in the book has other terms from now on, if it can have them; `None` where it is none of those.
    fn change_beside_the_book(&mut self, change: &FullReplace) -> Option<(Order, Result<(), Code>)> {
        let (slot, id) = (change.request.slot, change.request.order_id);
        if let Some(at) = self.find_waiting(slot, id) {
            return Some((self.waiting[at].full.order, self.change_waiting(at, change)));
        }
        if let Some(at) = self.find_aside(slot, id) {
            return Some((self.aside[at].order, self.change_aside(at, change)));
        }
        let at = self.find_parked(slot, id)?;
        Some((self.parked[at].order, self.change_parked(at, change)))
    }

    /// What the instrument is changes under our orders: all of them expire, and what we took and moved is of the old lots.
    pub(crate) fn end_all(&mut self, ts: i64, say: &mut impl FnMut(VenueReport)) {
        for mine in self.ours.iter_mut().flat_map(|ours| ours.drain(..)) {
            say(about(&mine.order, ReportKind::Expired, ts));
        }
        for mine in self.aside.drain(..).chain(self.parked.drain(..)) {
            say(about(&mine.order, ReportKind::Expired, ts));
        }
        for waiting in self.waiting.drain(..) {
            say(about(&waiting.full.order, ReportKind::Expired, ts));
        }
        (self.taken, self.moved, self.shift) = (Default::default(), Default::default(), 0);
    }

    /// The session ends: day orders expire, and those for an auction that did not come.
    pub(crate) fn end_session(&mut self, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.held = [false; 2];
        self.aside.retain(|mine| {
            let stays = mine.order.tif == TimeInForce::Gtc as u8 || mine.order.tif == TimeInForce::Gtd as u8;
            if !stays {
                say(about(&mine.order, ReportKind::Expired, ts));
            }
            stays
        });
        self.waiting.retain(|waiting| {
            let order = &waiting.full.order;
            let is_day = order.tif == TimeInForce::Day as u8;
            if is_day {
                say(about(order, ReportKind::Expired, ts));
            }
            !is_day
        });
        for ours in self.ours.iter_mut().chain([&mut self.parked]) {
            ours.retain(|mine| {
                let is_day = mine.order.tif == TimeInForce::Day as u8;
                if is_day {
                    say(about(&mine.order, ReportKind::Expired, ts));
                }
                !is_day
            });
        }
    }
}
