//! What happens as our messages reach the market: an order takes, rests or is refused; a working one is changed or leaves.

use super::BookConfig;
use super::market::{Deal, Market, Offer, deal, is_better, opposite, place_of};
use super::mine::Mine;
use crate::matching::{about, unknown};
use hedgerow_book::{Book, LOTS_MAX};
use hedgerow_core::{
    CancelRequest, Code, Liquidity, Order, OrderKind, ReplaceRequest, ReportKind, Side, TimeInForce, VenueReport, code,
};

/// Prices of ours lie this far from the ends of what a book can hold, so that impact cannot push them out.
const PRICE_MAX: i64 = 1 << 30;

/// Side, time in force and price of an order that can be understood. A market order's price is beyond every other.
fn read(order: &Order, shift: i32) -> Result<(Side, TimeInForce, i32), Code> {
    let side = Side::from_u8(order.side).ok_or(code::CORE_INPUT)?;
    let tif = TimeInForce::from_u8(order.tif).ok_or(code::CORE_INPUT)?;
    let limit = match OrderKind::from_u8(order.kind) {
        Some(OrderKind::Limit) if (1..PRICE_MAX).contains(&order.limit_ticks) => order.limit_ticks as i32,
        Some(OrderKind::Market) if order.limit_ticks == 0 && tif != TimeInForce::Gtx => {
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
    /// An order arrives.
    pub(crate) fn submit(&mut self, config: &BookConfig, order: Order, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.catch_up(config, ts, say);
        let refuse = |code: Code| VenueReport { code: code.0, ..about(&order, ReportKind::Rejected, ts) };
        let (side, tif, price_ticks) = match read(&order, self.shift) {
            Ok(terms) => terms,
            Err(code) => return say(refuse(code)),
        };
        if self.find(order.slot, order.id).is_some() {
            return say(refuse(code::CORE_INPUT));
        }
        if tif == TimeInForce::Gtx && self.would_meet(side, price_ticks) {
            return say(refuse(code::SIM_WOULD_TAKE));
        }
        say(about(&order, ReportKind::Accepted, ts));
        let mut mine = Mine::new(order, price_ticks);
        if tif != TimeInForce::Fok || self.look(&config.impact, side, price_ticks, order.lots) == order.lots {
            self.take(config, &mut mine, side, ts, say);
        }
        self.stay_or_end(mine, side, tif, ts, say);
        self.settle(config, ts, say);
    }

    /// Whether the best shown price of the other side lies within an order's limit.
    fn would_meet(&self, side: Side, price_ticks: i32) -> bool {
        let other = opposite(side);
        self.book.best(other).is_some_and(|best| !is_better(other, price_ticks, best.price_ticks))
    }

    /// Takes what stands within the limit and was not taken before, best price first.
    fn take(&mut self, config: &BookConfig, mine: &mut Mine, side: Side, ts: i64, say: &mut impl FnMut(VenueReport)) {
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
        if mine.order.kind == OrderKind::Market as u8 || matches!(tif, TimeInForce::Ioc | TimeInForce::Fok) {
            return say(about(&mine.order, ReportKind::Expired, ts));
        }
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
        match self.find(request.slot, request.order_id) {
            Some((side, at)) => {
                let mine = self.ours[side].remove(at);
                say(about(&mine.order, ReportKind::Cancelled, ts));
            }
            None => say(unknown(request.order_id, request.slot, ReportKind::CancelRejected, ts).report),
        }
    }

    /// A change arrives. Only a smaller size at the same price keeps its place; any other is a new arrival.
    pub(crate) fn replace(
        &mut self,
        config: &BookConfig,
        request: &ReplaceRequest,
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) {
        self.catch_up(config, ts, say);
        let Some((at_side, at)) = self.find(request.slot, request.order_id) else {
            return say(unknown(request.order_id, request.slot, ReportKind::ReplaceRejected, ts).report);
        };
        let before = &self.ours[at_side][at];
        let wanted = Order { lots: request.lots, limit_ticks: request.limit_ticks, ..before.order };
        let terms = match read(&wanted, self.shift) {
            _ if request.lots <= before.filled_lots => Err(code::RISK_BAD_LOTS),
            Ok((side, TimeInForce::Gtx, price)) if self.would_meet(side, price) => Err(code::SIM_WOULD_TAKE),
            Err(_) => Err(code::RISK_BAD_PRICE),
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
        if price_ticks == before.price_ticks && request.lots <= before.order.lots {
            self.ours[at_side][at].order.lots = request.lots;
            return;
        }
        let mut mine = self.ours[at_side].remove(at);
        (mine.order, mine.price_ticks) = (wanted, price_ticks);
        self.take(config, &mut mine, side, ts, say);
        self.stay_or_end(mine, side, tif, ts, say);
        self.settle(config, ts, say);
    }

    /// The session ends: day orders expire.
    pub(crate) fn end_session(&mut self, ts: i64, say: &mut impl FnMut(VenueReport)) {
        for ours in &mut self.ours {
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
