//! Which new orders are taken.

use super::change::nothing;
use super::order::Place;
use super::state::blank;
use super::{Exchange, NewOrder, OrderStatus, OrderType, Phase, Reason, TimeIn, What, Working};

/// Longest client id, in bytes.
const NAME_MAX: usize = 64;

impl Exchange {
    pub(super) fn enter(&mut self, order: &NewOrder) {
        if let Err(reason) = self.name(order.participant, &order.client_id).and_then(|()| self.admits(order)) {
            let mut report = blank(self.ts, What::Rejected, order);
            report.reason = Some(reason);
            self.use_name(order.participant, &order.client_id);
            return self.numbered(report);
        }
        let id = self.orders.len() as u64 + 1;
        let since = self.turn();
        self.orders.push(Working {
            order_id: id,
            order: order.clone(),
            status: OrderStatus::New,
            leaves_lots: order.lots,
            cum_lots: 0,
            traded_ticks: 0,
            since,
            place: Place::Nowhere,
            is_triggered: false,
            peg_ticks: 0,
        });
        self.names.insert((order.participant, order.client_id.clone()), id);
        self.live.insert(id);
        if order.time_in == TimeIn::Gtd {
            self.ends.insert((order.expire_ts, id));
        }
        self.report(id, What::Accepted, |_| {});
        self.place(id);
    }

    /// What could not become an order: its name is used all the same, and the participant is told.
    pub(super) fn refuse(&mut self, participant: u32, client_id: &str, reason: Reason) {
        let reason = self.name(participant, client_id).err().unwrap_or(reason);
        let nothing = NewOrder { client_id: client_id.to_owned(), ..nothing(participant) };
        let mut report = blank(self.ts, What::Rejected, &nothing);
        report.reason = Some(reason);
        self.use_name(participant, client_id);
        self.numbered(report);
    }

    /// Whether a name may be given.
    pub(super) fn name(&self, participant: u32, client_id: &str) -> Result<(), Reason> {
        let is_used = self.names.contains_key(&(participant, client_id.to_owned()));
        if client_id.is_empty() || client_id.len() > NAME_MAX || is_used {
            return Err(Reason::DuplicateClientId);
        }
        Ok(())
    }

    /// Remembers a name that names no order.
    pub(super) fn use_name(&mut self, participant: u32, client_id: &str) {
        if client_id.len() <= NAME_MAX {
            self.names.entry((participant, client_id.to_owned())).or_insert(0);
        }
    }

    fn admits(&self, order: &NewOrder) -> Result<(), Reason> {
        let market = self.markets.get(order.instrument as usize).ok_or(Reason::UnknownInstrument)?;
        let listing = &market.listing;
        check(self.prices_fit(order), Reason::Price)?;
        if !(1..=listing.lots_max).contains(&order.lots) {
            return Err(Reason::Lots);
        }
        if !(0..=order.lots).contains(&order.show_lots) {
            return Err(Reason::ShowLots);
        }
        let is_timed = order.time_in == TimeIn::Gtd;
        if (is_timed && order.expire_ts <= self.ts) || (!is_timed && order.expire_ts != 0) {
            return Err(Reason::Expiry);
        }
        check(goes_together(order), Reason::Combination)?;
        check(phase_admits(market.phase, order.time_in), Reason::Phase)?;
        if order.post_only && market.phase == Phase::Continuous && self.would_take(order) {
            return Err(Reason::WouldTake);
        }
        Ok(())
    }

    /// Whether limit and stop price are in range where there must be one, and zero where there must be none.
    pub(super) fn prices_fit(&self, order: &NewOrder) -> bool {
        let ticks_max = self.markets[order.instrument as usize].listing.ticks_max;
        let fits = |wanted: bool, ticks: i64| if wanted { (1..=ticks_max).contains(&ticks) } else { ticks == 0 };
        // A pegged order needs no limit.
        let is_free = order.order_type == OrderType::Pegged && order.price_ticks == 0;
        (is_free || fits(order.order_type.is_limited(), order.price_ticks))
            && fits(order.order_type.is_stop(), order.stop_ticks)
    }
}

/// Whether type, time in force and instructions can be meant together.
pub(super) fn goes_together(order: &NewOrder) -> bool {
    let is_limit = order.order_type == OrderType::Limit;
    let rests = matches!(order.time_in, TimeIn::Day | TimeIn::Gtc | TimeIn::Gtd);
    let is_auction = matches!(order.time_in, TimeIn::AtOpen | TimeIn::AtClose);
    let is_pegged = order.order_type == OrderType::Pegged;
    !(order.order_type.is_stop() && is_auction)
        && is_pegged == order.peg.is_some()
        && (!is_pegged || rests)
        && (is_pegged || order.offset_ticks == 0)
        && !(order.post_only && !(is_limit && rests))
        && !(order.show_lots != 0 && !(order.order_type.is_limited() && rests))
}

/// Whether a phase takes orders of a time in force.
pub(super) fn phase_admits(phase: Phase, time_in: TimeIn) -> bool {
    match phase {
        Phase::Closed | Phase::Halted => false,
        Phase::OpeningCall => !matches!(time_in, TimeIn::Ioc | TimeIn::Fok),
        Phase::Continuous => time_in != TimeIn::AtOpen,
        Phase::ClosingCall => !matches!(time_in, TimeIn::Ioc | TimeIn::Fok | TimeIn::AtOpen),
    }
}

fn check(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}
