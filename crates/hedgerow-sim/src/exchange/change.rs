//! Cancels, changes, and trades that are taken back.

use super::admit::{goes_together, phase_admits};
use super::order::Place;
use super::state::blank;
use super::{Amend, Event, Exchange, NewOrder, OrderStatus, Phase, Reason, What};
use hedgerow_core::Side;

impl Exchange {
    pub(super) fn cancel_asked(&mut self, participant: u32, client_id: &str, orig_client_id: &str) {
        match self.changeable(participant, client_id, orig_client_id) {
            Err(reason) => self.refuse_change(participant, client_id, orig_client_id, reason),
            Ok(id) => {
                self.names.insert((participant, client_id.to_owned()), id);
                self.end_as(id, OrderStatus::Cancelled, Reason::Asked, |report| {
                    client_id.clone_into(&mut report.order.client_id);
                    orig_client_id.clone_into(&mut report.orig_client_id);
                });
            }
        }
    }

    pub(super) fn mass_cancel(&mut self, participant: u32, instrument: Option<u32>, side: Option<Side>) {
        let is_meant = |id: &u64| {
            let order = &self.at(*id).order;
            order.participant == participant
                && instrument.is_none_or(|wanted| wanted == order.instrument)
                && side.is_none_or(|wanted| wanted == order.side)
        };
        let meant: Vec<u64> = self.live.iter().copied().filter(is_meant).collect();
        for id in meant {
            self.end(id, OrderStatus::Cancelled, Reason::Asked);
        }
    }

    pub(super) fn replace(&mut self, amend: &Amend) {
        let found = self.changeable(amend.participant, &amend.client_id, &amend.orig_client_id);
        match found.and_then(|id| self.check_amend(id, amend).map(|()| id)) {
            Err(reason) => self.refuse_change(amend.participant, &amend.client_id, &amend.orig_client_id, reason),
            Ok(id) => self.amend(id, amend),
        }
    }

    pub(super) fn bust(&mut self, trade: u64) {
        let found = usize::try_from(trade).ok().and_then(|number| self.trades.get_mut(number.checked_sub(1)?));
        let Some(made) = found.filter(|made| !made.is_busted) else {
            return self.tell(Event::Refused { reason: Reason::UnknownTrade });
        };
        made.is_busted = true;
        let made = *made;
        for id in made.orders {
            self.at_mut(id).untrade(made.lots, made.price_ticks);
            self.report(id, What::Busted, |report| {
                (report.last_lots, report.last_ticks, report.trade) = (made.lots, made.price_ticks, trade);
            });
        }
        self.tell(Event::Bust { trade, instrument: made.instrument });
    }

    /// The working order that a request means, if the request may be named so.
    fn changeable(&self, participant: u32, client_id: &str, orig_client_id: &str) -> Result<u64, Reason> {
        self.name(participant, client_id)?;
        let id = self.names.get(&(participant, orig_client_id.to_owned())).copied().unwrap_or(0);
        if id == 0 {
            return Err(Reason::UnknownOrder);
        }
        if self.at(id).is_live() { Ok(id) } else { Err(Reason::TooLate) }
    }

    fn check_amend(&self, id: u64, amend: &Amend) -> Result<(), Reason> {
        let working = self.at(id);
        let market = &self.markets[working.order.instrument as usize];
        if amend.lots <= working.cum_lots || amend.lots > market.listing.lots_max {
            return Err(Reason::Lots);
        }
        let wanted = amend.wanted(&working.order);
        if !self.prices_fit(&wanted) {
            return Err(Reason::Price);
        }
        if !(0..=wanted.lots).contains(&wanted.show_lots) {
            return Err(Reason::ShowLots);
        }
        if !goes_together(&wanted) {
            return Err(Reason::Combination);
        }
        if !self.keeps_place(id, amend) {
            if !phase_admits(market.phase, wanted.time_in) {
                return Err(Reason::Phase);
            }
            if wanted.post_only && market.phase == Phase::Continuous && self.would_take(&wanted) {
                return Err(Reason::WouldTake);
            }
        }
        Ok(())
    }

    /// A smaller order at the same prices keeps its place, if it shows as much of itself as before or all.
    fn keeps_place(&self, id: u64, amend: &Amend) -> bool {
        let order = &self.at(id).order;
        let wanted = amend.wanted(order);
        let terms = |order: &NewOrder| (order.price_ticks, order.stop_ticks, order.offset_ticks);
        terms(&wanted) == terms(order)
            && wanted.show_lots == order.show_lots.min(amend.lots)
            && amend.lots <= order.lots
    }

    fn amend(&mut self, id: u64, amend: &Amend) {
        let keeps_place = self.keeps_place(id, amend);
        if !keeps_place {
            self.take_out(id);
        }
        let shown = if keeps_place && self.at(id).place == Place::Book { self.market_of(id).shown(id) } else { 0 };
        self.names.insert((amend.participant, amend.client_id.clone()), id);
        let working = self.at_mut(id);
        working.order = NewOrder { client_id: amend.client_id.clone(), ..amend.wanted(&working.order) };
        working.leaves_lots = amend.lots - working.cum_lots;
        let too_many = shown - working.leaves_lots;
        if too_many > 0 {
            self.market_of(id).shrink(id, too_many);
        }
        self.report(id, What::Replaced, |report| amend.orig_client_id.clone_into(&mut report.orig_client_id));
        if !keeps_place {
            self.place(id);
        }
    }

    /// The order, if there is one, is as it was.
    pub(super) fn refuse_change(&mut self, participant: u32, client_id: &str, orig_client_id: &str, reason: Reason) {
        let id = self.names.get(&(participant, orig_client_id.to_owned())).copied().unwrap_or(0);
        self.use_name(participant, client_id);
        let finish = |report: &mut super::Report| {
            client_id.clone_into(&mut report.order.client_id);
            orig_client_id.clone_into(&mut report.orig_client_id);
            report.reason = Some(reason);
        };
        if id != 0 {
            return self.report(id, What::ChangeRefused, finish);
        }
        let mut report = blank(self.ts, What::ChangeRefused, &nothing(participant));
        finish(&mut report);
        self.numbered(report);
    }
}

/// An order that there is not.
pub(super) fn nothing(participant: u32) -> super::NewOrder {
    super::NewOrder {
        participant,
        client_id: String::new(),
        instrument: u32::MAX,
        side: Side::Buy,
        order_type: super::OrderType::Limit,
        time_in: super::TimeIn::Day,
        lots: 0,
        price_ticks: 0,
        stop_ticks: 0,
        show_lots: 0,
        post_only: false,
        expire_ts: 0,
        peg: None,
        offset_ticks: 0,
    }
}
