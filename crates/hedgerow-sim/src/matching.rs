//! The matching of plain orders with bars. Everything the venue decides is decided here; `venue.rs` is the door.

use crate::VenueConfig;
use crate::cost::{Depth, due, fee, price_ticks};
use crate::fees::{FeeSchedules, Rate, Tiers};
use crate::resting::{Book, NONE, Resting, Shelf};
use hedgerow_core::time::DAY;
use hedgerow_core::{
    Bar, CancelRequest, Code, FillRule, FullOrder, FullReplace, Instrument, Liquidity, Money, Order, OrderKind,
    Problem, ReportKind, RoundMode, Side, TimeInForce, VenueReport, code, div_round,
};
use serde::{Deserialize, Serialize};

/// Room for orders before the first growth.
const ORDERS: usize = 1024;

/// A report, and whether the order has ended with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) report: VenueReport,
    pub(crate) ends: bool,
}

/// The matching core.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Matching {
    config: VenueConfig,
    shelf: Shelf,
    tiers: Tiers,
}

/// Where and when an order meets the market.
#[derive(Clone, Copy)]
struct Print {
    reference_ticks: i64,
    ts: i64,
    volume_lots: i64,
    liquidity: Liquidity,
}

impl Matching {
    pub(crate) fn new(config: VenueConfig, schedules: FeeSchedules) -> Result<Matching, Problem> {
        Ok(Matching { config: config.checked()?, shelf: Shelf::new(ORDERS), tiers: Tiers::new(schedules)? })
    }

    pub(crate) fn define(&mut self, instrument: &Instrument) {
        let flat = Rate { share_nano: self.config.fee_nano, per_unit: self.config.fee_per_unit };
        self.shelf.define(instrument, flat);
        self.tiers.define(instrument);
        self.charge(instrument.instrument);
    }

    /// An instrument with a schedule is charged by today's tier.
    fn charge(&mut self, instrument: u32) {
        if let (Some(rates), Some(book)) = (self.tiers.rates(instrument), self.shelf.book(instrument)) {
            book.rates = rates;
        }
    }

    /// Another day may have begun for the tiers of fees.
    #[cold]
    fn charge_all(&mut self) {
        (0..self.shelf.books.len() as u32).for_each(|instrument| self.charge(instrument));
    }

    /// Takes an order to rest: `Accepted`, or `Rejected` if it cannot be understood.
    pub(crate) fn submit(&mut self, full: &FullOrder, ts: i64, say: &mut impl FnMut(Said)) {
        let FullOrder { order, terms } = *full;
        let understood = Side::from_u8(order.side).is_some()
            && bars_know(&order)
            && OrderKind::from_u8(order.kind)
                .is_some_and(|k| k.is_limited() == (order.limit_ticks > 0) && k.is_stop() == (terms.stop_ticks > 0))
            && (order.fill_rule == 0 || FillRule::from_u8(order.fill_rule).is_some())
            && order.lots > 0
            && order.id != 0;
        let mut report = about(&order, ReportKind::Accepted, ts);
        if understood && self.shelf.has_room(order.slot, order.instrument) {
            self.shelf.add(full, ts.max(order.ts));
            return say(Said { report, ends: false });
        }
        report.kind = ReportKind::Rejected as u8;
        let is_other_tif = TimeInForce::from_u8(order.tif).is_some() && !bars_know(&order);
        report.code = match OrderKind::from_u8(order.kind) {
            Some(OrderKind::Pegged) => code::SIM_PEG.0,
            _ if is_other_tif => code::SIM_TIF.0,
            _ => code::CORE_INPUT.0,
        };
        say(Said { report, ends: true });
    }

    pub(crate) fn bound(&mut self, slot: u32, order_id: u64, lots: i64) {
        self.shelf.bound(slot, order_id, lots);
    }

    pub(crate) fn cancel(&mut self, request: &CancelRequest, ts: i64, say: &mut impl FnMut(Said)) {
        match self.shelf.get(request.slot, request.order_id) {
            Some(resting) => {
                let report = about(&resting.order, ReportKind::Cancelled, ts);
                self.shelf.remove(request.slot);
                say(Said { report, ends: true });
            }
            None => say(unknown(request.order_id, request.slot, ReportKind::CancelRejected, ts)),
        }
    }

    /// Changes an order. Only a smaller size keeps its place in the queue and its right to the present bar.
    pub(crate) fn replace(&mut self, change: &FullReplace, ts: i64, say: &mut impl FnMut(Said)) {
        let (request, stop_ticks) = (&change.request, change.terms.stop_ticks);
        let Some(resting) = self.shelf.get(request.slot, request.order_id) else {
            return say(unknown(request.order_id, request.slot, ReportKind::ReplaceRejected, ts));
        };
        let limit = resting.order.limit_ticks > 0;
        let too_late = stop_ticks != 0 && resting.stop_ticks == 0;
        if request.lots <= resting.filled_lots || limit != (request.limit_ticks > 0) || too_late {
            let mut report = about(&resting.order, ReportKind::ReplaceRejected, ts);
            report.code =
                if request.lots <= resting.filled_lots { code::RISK_BAD_LOTS.0 } else { code::RISK_BAD_PRICE.0 };
            return say(Said { report, ends: false });
        }
        let stop_ticks = if stop_ticks == 0 { resting.stop_ticks } else { stop_ticks };
        let same_prices = request.limit_ticks == resting.order.limit_ticks && stop_ticks == resting.stop_ticks;
        let keeps = same_prices && request.lots <= resting.order.lots;
        resting.stop_ticks = stop_ticks;
        (resting.order.lots, resting.beside_lots) = (request.lots, 0);
        resting.order.limit_ticks = request.limit_ticks;
        let mut report = about(&resting.order, ReportKind::Replaced, ts);
        (report.lots, report.price_ticks) = (request.lots, request.limit_ticks);
        if !keeps {
            resting.since_ts = ts.max(request.ts);
            if !resting.follows {
                resting.seen_ts = i64::MIN;
            }
            self.shelf.move_last(request.slot);
        }
        say(Said { report, ends: false });
    }

    /// The bar opens: market orders and limits that are already through trade at the open.
    #[inline]
    pub(crate) fn on_open(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) -> Result<(), Problem> {
        let book = self.shelf.book(bar.instrument).ok_or_else(|| undefined(bar))?;
        book.taken_lots = [0; 2];
        if book.head() == NONE { Ok(()) } else { self.open_bar(bar, say) }
    }

    /// The bar closed: orders for its average price and limits that it went through trade.
    #[inline]
    pub(crate) fn on_close(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) -> Result<(), Problem> {
        let book = self.shelf.book(bar.instrument).ok_or_else(|| undefined(bar))?;
        (book.last_close_ts, book.is_first) = (bar.ts_event, false);
        if book.head() != NONE {
            self.close_bar(bar, say);
        }
        Ok(())
    }

    fn open_bar(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) -> Result<(), Problem> {
        let config = self.config;
        let book = self.shelf.book(bar.instrument).ok_or_else(|| undefined(bar))?;
        book.left_lots = bar_limit_lots(&config, book, bar)?;
        book.bar_ts = bar.ts_event;
        // A bar cannot open before the one before it closed, whatever its nominal length (daily bars, clock changes).
        let opens_ts = (bar.ts_event - bar.span_ns).max(book.last_close_ts);
        let print = Print {
            reference_ticks: bar.open_ticks,
            ts: opens_ts,
            volume_lots: bar.volume_lots,
            liquidity: Liquidity::Taker,
        };
        let is_first = book.is_first;
        let mut slot = book.head();
        while slot != NONE {
            let next = self.shelf.after(slot);
            let resting = self.shelf.at(slot);
            if resting.until_ts <= opens_ts {
                let order_id = resting.order.id;
                self.end(slot, order_id, opens_ts, say);
            } else if resting.since_ts <= opens_ts && (is_first || resting.order.tif != TimeInForce::Opg as u8) {
                (resting.seen_ts, resting.in_session) = (bar.ts_event, true);
                if reaches(&resting.order, resting.stop_ticks, bar.open_ticks) {
                    resting.stop_ticks = 0;
                }
                let (order, stop_ticks) = (resting.order, resting.stop_ticks);
                let waits = waits_for_close(&config, &order) || stop_ticks != 0;
                if !waits && is_through(&order, bar.open_ticks) {
                    self.trade(slot, print, say);
                }
                if !waits && (order.tif == TimeInForce::Ioc as u8 || order.tif == TimeInForce::Opg as u8) {
                    self.end(slot, order.id, opens_ts, say);
                }
            }
            slot = next;
        }
        Ok(())
    }

    fn close_bar(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) {
        // Within a bar nobody knows what came first: stops do, which is against us where something stands beside them.
        self.trigger(bar, bar.open_ticks, say);
        let config = self.config;
        let mut slot = self.shelf.book(bar.instrument).map_or(NONE, |b| b.head());
        while slot != NONE {
            let next = self.shelf.after(slot);
            let resting = self.shelf.at(slot);
            // Only orders that were there when the bar opened may use what happened in it.
            if resting.seen_ts == bar.ts_event && resting.stop_ticks == 0 {
                let (order, until_ts) = (resting.order, resting.until_ts);
                if until_ts < bar.ts_event {
                    self.end(slot, order.id, until_ts, say);
                } else if let Some((reference_ticks, liquidity)) = inside(&config, &order, bar) {
                    let print = Print { reference_ticks, ts: bar.ts_event, volume_lots: bar.volume_lots, liquidity };
                    self.trade(slot, print, say);
                }
                if order.tif == TimeInForce::Ioc as u8 {
                    self.end(slot, order.id, bar.ts_event, say);
                }
            }
            slot = next;
        }
    }

    /// Stops that the bar came to. One without a limit trades at its stop price, one with a limit there too if the limit
    /// allows it, and from the next bar on if not: what the bar did after it was reached is not known.
    ///
    /// One that came after the open trades at `open_ticks` where that lies beyond its stop price.
    fn trigger(&mut self, bar: &Bar, open_ticks: i64, say: &mut impl FnMut(Said)) {
        let mut slot = self.shelf.book(bar.instrument).map_or(NONE, |b| b.head());
        while slot != NONE {
            let next = self.shelf.after(slot);
            let resting = self.shelf.at(slot);
            let (order, stop_ticks) = (resting.order, resting.stop_ticks);
            let extreme_ticks = if order.side == Side::Buy as u8 { bar.high_ticks } else { bar.low_ticks };
            if resting.seen_ts == bar.ts_event && reaches(&order, stop_ticks, extreme_ticks) {
                // What ends within the bar may have ended before.
                if resting.until_ts < bar.ts_event {
                    let until_ts = resting.until_ts;
                    self.end(slot, order.id, until_ts, say);
                } else {
                    (resting.stop_ticks, resting.seen_ts) = (0, i64::MIN);
                    if allows(&order, stop_ticks) {
                        let buys = order.side == Side::Buy as u8;
                        let worst = if buys { stop_ticks.max(open_ticks) } else { stop_ticks.min(open_ticks) };
                        let reference_ticks = if open_ticks == 0 { stop_ticks } else { worst };
                        let (ts, liquidity) = (bar.ts_event, Liquidity::Taker);
                        self.trade(slot, Print { reference_ticks, ts, volume_lots: bar.volume_lots, liquidity }, say);
                    }
                }
            }
            slot = next;
        }
    }

    /// Stops that came because another order filled within the bar, which has closed: nobody knows whether the bar was
    /// there before or after, so it was after.
    pub(crate) fn follow(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) {
        self.trigger(bar, 0, say);
    }

    /// A bar was the last of its session: orders for the closing auction trade at its close or not at all.
    pub(crate) fn close_session(&mut self, bar: &Bar, say: &mut impl FnMut(Said)) {
        let mut slot = self.shelf.book(bar.instrument).map_or(NONE, |b| b.head());
        while slot != NONE {
            let next = self.shelf.after(slot);
            let resting = self.shelf.at(slot);
            let order = resting.order;
            if order.tif == TimeInForce::Cls as u8 && resting.seen_ts == bar.ts_event {
                if is_through(&order, bar.close_ticks) {
                    let (reference_ticks, liquidity) = (bar.close_ticks, Liquidity::Taker);
                    let print = Print { reference_ticks, ts: bar.ts_event, volume_lots: bar.volume_lots, liquidity };
                    self.trade(slot, print, say);
                }
                self.end(slot, order.id, bar.ts_event, say);
            }
            slot = next;
        }
    }

    /// The session ends: day orders that have seen a bar of it expire. One made after the last bar waits for the next session.
    pub(crate) fn end_session(&mut self, ts: i64, say: &mut impl FnMut(Said)) {
        for instrument in 0..self.shelf.books.len() {
            if let Some(book) = &mut self.shelf.books[instrument] {
                book.is_first = true;
            }
            let mut slot = self.shelf.books[instrument].as_ref().map_or(NONE, Book::head);
            while slot != NONE {
                let next = self.shelf.after(slot);
                let resting = self.shelf.at(slot);
                if ends_with_session(&resting.order) && resting.in_session {
                    let order_id = resting.order.id;
                    self.end(slot, order_id, ts, say);
                }
                slot = next;
            }
        }
    }

    /// An order trades at once and in full, at the worst price of a bar that has closed, whatever the cap on volume.
    pub(crate) fn force(&mut self, slot: u32, order_id: u64, bar: &Bar, say: &mut impl FnMut(Said)) {
        let Some(order) = self.shelf.get(slot, order_id).map(|resting| resting.order) else { return };
        let Some(book) = self.shelf.book(order.instrument) else { return };
        book.left_lots = i64::MAX;
        let reference_ticks = if order.side == Side::Buy as u8 { bar.high_ticks } else { bar.low_ticks };
        let (ts, volume_lots, liquidity) = (bar.ts_event, bar.volume_lots, Liquidity::Taker);
        self.trade(slot, Print { reference_ticks, ts, volume_lots, liquidity }, say);
    }

    /// What an instrument is changes under its orders (a split, an end): all of them expire.
    pub(crate) fn end_all(&mut self, instrument: u32, ts: i64, say: &mut impl FnMut(Said)) {
        let mut slot = self.shelf.book(instrument).map_or(NONE, |book| book.head());
        while slot != NONE {
            let next = self.shelf.after(slot);
            let order_id = self.shelf.at(slot).order.id;
            self.end(slot, order_id, ts, say);
            slot = next;
        }
    }

    /// Expires the order, unless it has ended by trading.
    fn end(&mut self, slot: u32, order_id: u64, ts: i64, say: &mut impl FnMut(Said)) {
        let Some(resting) = self.shelf.get(slot, order_id) else { return };
        let report = about(&resting.order, ReportKind::Expired, ts);
        self.shelf.remove(slot);
        say(Said { report, ends: true });
    }

    /// Trades what the bar leaves of an order at a print.
    fn trade(&mut self, slot: u32, print: Print, say: &mut impl FnMut(Said)) {
        if self.tiers.roll(print.ts) {
            self.charge_all();
        }
        let config = self.config;
        let Resting { order, filled_lots, executions, fee_gross, .. } = *self.shelf.at(slot);
        let open_lots = self.shelf.at(slot).open_lots();
        let Some(side) = Side::from_u8(order.side) else { return };
        let Some(book) = self.shelf.book(order.instrument) else { return };
        let lots =
            if open_lots <= book.left_lots { open_lots } else { book.left_lots - book.left_lots % book.lots_step };
        if lots <= 0 {
            return;
        }
        let taken = &mut book.taken_lots[usize::from(side == Side::Sell)];
        let volume_lots = if book.adv_lots > 0 { book.adv_lots } else { print.volume_lots.max(0) };
        let depth = Depth { volume_lots, sigma_nano: book.sigma_nano, taken_lots: *taken };
        let price_ticks = match print.liquidity {
            Liquidity::Maker => print.reference_ticks,
            Liquidity::Taker => {
                within_limit(&order, side, price_ticks(&config, depth, side, print.reference_ticks, lots))
            }
        };
        *taken += lots;
        book.left_lots -= lots;
        let rate = book.rates.side(print.liquidity == Liquidity::Maker);
        let notional = Money::notional(price_ticks, lots, book.tick_value);
        let gross = fee(rate.share_nano, notional, lots, rate.per_lot) + fee_gross;
        let paid = if filled_lots == 0 { Money::ZERO } else { due(fee_gross, config.fee_min) };

        let mut report = about(&order, ReportKind::Filled, print.ts);
        report.fee = due(gross, config.fee_min) - paid;
        (report.lots, report.price_ticks, report.reference_ticks) = (lots, price_ticks, print.reference_ticks);
        (report.liquidity, report.execution) = (print.liquidity as u8, executions + 1);
        let resting = self.shelf.at(slot);
        (resting.filled_lots, resting.executions, resting.fee_gross) = (filled_lots + lots, executions + 1, gross);
        let ends = order.lots == filled_lots + lots;
        self.shelf.trade_beside(slot, lots);
        self.shelf.hold_beside(slot, print.ts);
        self.shelf.move_bounds(&order, lots);
        if ends {
            self.shelf.remove(slot);
        }
        self.tiers.count(&report);
        say(Said { report, ends });
    }
}

/// Lots of a bar that our orders together may trade.
fn bar_limit_lots(config: &VenueConfig, book: &Book, bar: &Bar) -> Result<i64, Problem> {
    if config.volume_cap_bps == 0 {
        return Ok(i64::MAX);
    }
    let volume_lots = match bar.volume_lots {
        known if known >= 0 => known,
        _ if config.assume_volume && book.adv_lots > 0 => {
            let span_ns = if bar.span_ns > 0 { bar.span_ns.min(DAY) } else { DAY };
            share(book.adv_lots, span_ns, DAY)
        }
        _ => {
            let detail =
                format!("instrument {} at {}, cap {} bps", bar.instrument, bar.ts_event, config.volume_cap_bps);
            return Err(Problem::new(code::SIM_NO_VOLUME, detail));
        }
    };
    Ok(share(volume_lots, config.volume_cap_bps, 10_000))
}

/// `lots * part / whole`, rounded down; `part <= whole`, so it fits.
fn share(lots: i64, part: i64, whole: i64) -> i64 {
    div_round(i128::from(lots) * i128::from(part), i128::from(whole), RoundMode::Down) as i64
}

/// Whether a bar can say what becomes of such an order: it shows no size that an order could find, or fail to find, at
/// once, and nobody whom it could meet on arrival. A side of a quote is a limit order there.
fn bars_know(order: &Order) -> bool {
    order.kind != OrderKind::Pegged as u8
        && (order.is_quote() || !order.is_post_only())
        && TimeInForce::from_u8(order.tif).is_some_and(|tif| tif != TimeInForce::Fok)
}

/// Whether an order ends with its session, filled or not.
fn ends_with_session(order: &Order) -> bool {
    matches!(TimeInForce::from_u8(order.tif), Some(TimeInForce::Day | TimeInForce::Opg | TimeInForce::Cls))
}

/// Whether a price has come to the stop price of an order that waits for one.
fn reaches(order: &Order, stop_ticks: i64, price_ticks: i64) -> bool {
    let buys = order.side == Side::Buy as u8;
    stop_ticks != 0 && if buys { price_ticks >= stop_ticks } else { price_ticks <= stop_ticks }
}

/// Whether an order may trade at a price: it has no limit, or one that is no worse.
fn allows(order: &Order, price_ticks: i64) -> bool {
    let buys = order.side == Side::Buy as u8;
    order.limit_ticks == 0 || if buys { price_ticks <= order.limit_ticks } else { price_ticks >= order.limit_ticks }
}

/// Whether an order trades at the end of a bar only: a market order for the bar's average price, or one for the close.
fn waits_for_close(config: &VenueConfig, order: &Order) -> bool {
    let rule = FillRule::from_u8(order.fill_rule).unwrap_or(config.fill_rule);
    let at_close = order.tif == TimeInForce::Cls as u8;
    at_close
        || (order.kind == OrderKind::Market as u8 && order.tif != TimeInForce::Opg as u8 && rule == FillRule::BarVwap)
}

/// Whether a price is strictly better than the order's limit: at the limit itself others stand before us.
fn is_through(order: &Order, price_ticks: i64) -> bool {
    match (order.limit_ticks == 0, order.side == Side::Buy as u8) {
        (true, _) => true,
        (false, true) => price_ticks < order.limit_ticks,
        (false, false) => price_ticks > order.limit_ticks,
    }
}

/// What a closed bar offers an order that was there from its open: a price before costs, and on which side of the trade.
fn inside(config: &VenueConfig, order: &Order, bar: &Bar) -> Option<(i64, Liquidity)> {
    let buys = order.side == Side::Buy as u8;
    if order.tif == TimeInForce::Cls as u8 {
        return None;
    }
    if order.limit_ticks == 0 {
        let sum = i128::from(bar.high_ticks) + i128::from(bar.low_ticks) + i128::from(bar.close_ticks);
        let mode = if buys { RoundMode::AwayFromZero } else { RoundMode::Down };
        return waits_for_close(config, order).then(|| (div_round(sum, 3, mode) as i64, Liquidity::Taker));
    }
    let extreme_ticks = if buys { bar.low_ticks } else { bar.high_ticks };
    is_through(order, extreme_ticks).then_some((order.limit_ticks, Liquidity::Maker))
}

fn within_limit(order: &Order, side: Side, price_ticks: i64) -> i64 {
    match (order.limit_ticks > 0, side) {
        (false, _) => price_ticks,
        (true, Side::Buy) => price_ticks.min(order.limit_ticks),
        (true, Side::Sell) => price_ticks.max(order.limit_ticks),
    }
}

#[cold]
fn undefined(bar: &Bar) -> Problem {
    Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("a bar for instrument {}", bar.instrument))
}

pub(crate) fn about(order: &Order, kind: ReportKind, ts: i64) -> VenueReport {
    VenueReport {
        cause: order.id,
        ts_event: ts,
        ts_init: ts,
        order_id: order.id,
        instrument: order.instrument,
        slot: order.slot,
        kind: kind as u8,
        ..VenueReport::default()
    }
}

pub(crate) fn unknown(order_id: u64, slot: u32, kind: ReportKind, ts: i64) -> Said {
    let order = Order { id: order_id, slot, instrument: u32::MAX, ..Order::default() };
    let Code(number) = code::OMS_UNKNOWN_ORDER;
    Said { report: VenueReport { code: number, ..about(&order, kind, ts) }, ends: false }
}

#[cfg(test)]
mod tests;
