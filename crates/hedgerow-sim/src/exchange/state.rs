//! The exchange's state, its one way in, and its hash.

use super::order::Place;
use super::{Action, Event, NewOrder, OrderStatus, Phase, Reason, Report, SelfTrades, What, Working};
use hedgerow_book::{Book, Level, OrderBook, Rules};
use hedgerow_core::{Problem, Side};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An instrument that is traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The price before the first trade, in ticks.
    pub reference_ticks: i64,
    /// Most lots of an order.
    pub lots_max: i64,
    /// Highest price, in ticks; the lowest is one.
    pub ticks_max: i64,
    /// What it does at first.
    pub phase: Phase,
}

/// One instrument's market.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) listing: Listing,
    pub(super) phase: Phase,
    /// Price of the last trade, or the reference price.
    pub(super) last_ticks: i64,
    pub(super) book: OrderBook,
    /// Orders that wait for their stop price, in time.
    pub(super) stops: Vec<u64>,
    /// Orders that wait for an auction beside the book, in time.
    pub(super) aside: Vec<u64>,
    /// Pegged orders, in the book and parked, in time.
    pub(super) pegs: Vec<u64>,
}

/// A trade that was made, for the case that it is busted.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Made {
    pub(super) instrument: u32,
    pub(super) orders: [u64; 2],
    pub(super) lots: i64,
    pub(super) price_ticks: i64,
    pub(super) is_busted: bool,
}

/// An exchange: instruments, the orders of all participants, and what became of them.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub(super) self_trades: SelfTrades,
    pub(super) markets: Vec<Market>,
    /// Every order there ever was; the one of number n stands at n - 1.
    pub(super) orders: Vec<Working>,
    pub(super) live: BTreeSet<u64>,
    pub(super) ends: BTreeSet<(i64, u64)>,
    /// Orders by every name they have had; 0: a name that was used and names none.
    pub(super) names: BTreeMap<(u32, String), u64>,
    pub(super) trades: Vec<Made>,
    pub(super) ts: i64,
    execs: u64,
    turns: u64,
    events: Vec<Event>,
}

impl Exchange {
    /// An exchange of these instruments, without orders.
    ///
    /// # Errors
    /// `BOOK_PRICE` or `BOOK_LOTS` for a listing that no book can keep.
    pub fn new(listings: &[Listing], self_trades: SelfTrades) -> Result<Exchange, Problem> {
        let markets = listings.iter().map(Market::new).collect::<Result<_, _>>()?;
        Ok(Exchange {
            self_trades,
            markets,
            orders: Vec::new(),
            live: BTreeSet::new(),
            ends: BTreeSet::new(),
            names: BTreeMap::new(),
            trades: Vec::new(),
            ts: i64::MIN,
            execs: 0,
            turns: 0,
            events: Vec::new(),
        })
    }

    /// Takes one input and gives what follows from it, in order. A time before the last one counts as that one.
    pub fn take(&mut self, ts: i64, action: &Action) -> Vec<Event> {
        self.ts = self.ts.max(ts);
        self.expire();
        match action {
            Action::New(order) => self.enter(order),
            Action::Cancel { participant, client_id, orig_client_id } => {
                self.cancel_asked(*participant, client_id, orig_client_id);
            }
            Action::Replace(amend) => self.replace(amend),
            Action::MassCancel { participant, instrument, side } => self.mass_cancel(*participant, *instrument, *side),
            Action::Refuse { participant, client_id, reason } => self.refuse(*participant, client_id, *reason),
            Action::RefuseChange { participant, client_id, orig_client_id, reason } => {
                let reason = self.name(*participant, client_id).err().unwrap_or(*reason);
                self.refuse_change(*participant, client_id, orig_client_id, reason);
            }
            Action::SetPhase { instrument, phase } => self.set_phase(*instrument, *phase),
            Action::Bust { trade } => self.bust(*trade),
            Action::Clock => {}
        }
        loop {
            self.trigger_stops();
            if !self.follow_pegs() {
                break;
            }
        }
        std::mem::take(&mut self.events)
    }

    /// How an order stands, by any name it has had.
    #[must_use]
    pub fn status(&self, participant: u32, client_id: &str) -> Option<Report> {
        let id = *self.names.get(&(participant, client_id.to_owned()))?;
        (id != 0).then(|| self.image(id, What::Status))
    }

    /// The orders of a participant that work, in order of arrival.
    #[must_use]
    pub fn working(&self, participant: u32) -> Vec<Report> {
        let own = self.live.iter().filter(|id| self.at(**id).order.participant == participant);
        own.map(|id| self.image(*id, What::Status)).collect()
    }

    /// The best levels of a side, best first.
    #[must_use]
    pub fn depth(&self, instrument: u32, side: Side, levels: usize) -> Vec<Level> {
        let mut told = Vec::new();
        if let Some(market) = self.markets.get(instrument as usize) {
            market.book.each_level(side, &mut |level| {
                if told.len() < levels {
                    told.push(level);
                }
                told.len() < levels
            });
        }
        told
    }

    /// An instrument's phase, and the price of its last trade (at first its reference price).
    #[must_use]
    pub fn market(&self, instrument: u32) -> Option<(Phase, i64)> {
        self.markets.get(instrument as usize).map(|market| (market.phase, market.last_ticks))
    }

    /// SHA-256 of everything that the next input could depend on.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut put = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        put(&[self.self_trades as u8]);
        for number in [self.ts as u64, self.execs, self.turns] {
            put(&number.to_le_bytes());
        }
        for order in &self.orders {
            put(&serde_json::to_vec(order).unwrap_or_default());
        }
        for ((participant, name), id) in &self.names {
            put(&participant.to_le_bytes());
            put(name.as_bytes());
            put(&id.to_le_bytes());
        }
        for trade in &self.trades {
            put(&serde_json::to_vec(trade).unwrap_or_default());
        }
        for market in &self.markets {
            put(&[market.phase as u8]);
            put(&market.last_ticks.to_le_bytes());
            for id in market.stops.iter().chain(&market.aside).chain(&market.pegs).copied().chain(market.queue()) {
                put(&id.to_le_bytes());
            }
        }
        hash.finalize().into()
    }

    pub(super) fn at(&self, id: u64) -> &Working {
        &self.orders[id as usize - 1]
    }

    pub(super) fn at_mut(&mut self, id: u64) -> &mut Working {
        &mut self.orders[id as usize - 1]
    }

    pub(super) fn market_of(&mut self, id: u64) -> &mut Market {
        let instrument = self.at(id).order.instrument;
        &mut self.markets[instrument as usize]
    }

    /// The next place in time.
    pub(super) fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Tells the participant what happened to an order; `finish` completes the report.
    pub(super) fn report(&mut self, id: u64, what: What, finish: impl FnOnce(&mut Report)) {
        let mut report = self.image(id, what);
        finish(&mut report);
        self.numbered(report);
    }

    pub(super) fn numbered(&mut self, mut report: Report) {
        self.execs += 1;
        report.exec = self.execs;
        self.tell(Event::Order(Box::new(report)));
    }

    fn image(&self, id: u64, what: What) -> Report {
        let working = self.at(id);
        Report {
            order_id: id,
            status: working.status,
            leaves_lots: working.leaves_lots,
            cum_lots: working.cum_lots,
            traded_ticks: working.traded_ticks,
            ..blank(self.ts, what, &working.order)
        }
    }

    /// Ends a working order.
    pub(super) fn end(&mut self, id: u64, status: OrderStatus, reason: Reason) {
        self.end_as(id, status, reason, |_| {});
    }

    pub(super) fn end_as(&mut self, id: u64, status: OrderStatus, reason: Reason, finish: impl FnOnce(&mut Report)) {
        self.take_out(id);
        self.forget(id);
        let working = self.at_mut(id);
        (working.status, working.leaves_lots) = (status, 0);
        let what = if status == OrderStatus::Expired { What::Expired } else { What::Cancelled };
        self.report(id, what, |report| {
            report.reason = Some(reason);
            finish(report);
        });
    }

    /// It works no more.
    pub(super) fn forget(&mut self, id: u64) {
        self.live.remove(&id);
        let expire_ts = self.at(id).order.expire_ts;
        self.ends.remove(&(expire_ts, id));
        if self.at(id).is_pegged() {
            self.market_of(id).pegs.retain(|other| *other != id);
        }
    }

    /// Takes an order from wherever it waits.
    pub(super) fn take_out(&mut self, id: u64) {
        let place = std::mem::replace(&mut self.at_mut(id).place, Place::Nowhere);
        let market = self.market_of(id);
        match place {
            Place::Book => market.leave(id),
            Place::Stop => market.stops.retain(|other| *other != id),
            Place::Aside => market.aside.retain(|other| *other != id),
            Place::Parked | Place::Nowhere => {}
        }
    }

    fn expire(&mut self) {
        while let Some((ts, id)) = self.ends.first().copied() {
            if ts > self.ts {
                return;
            }
            self.end(id, OrderStatus::Expired, Reason::Expired);
        }
    }
}

/// A report about an order that has not traded.
pub(super) fn blank(ts: i64, what: What, order: &NewOrder) -> Report {
    Report {
        exec: 0,
        ts,
        what,
        order_id: 0,
        order: order.clone(),
        orig_client_id: String::new(),
        status: OrderStatus::Rejected,
        leaves_lots: 0,
        cum_lots: 0,
        traded_ticks: 0,
        last_lots: 0,
        last_ticks: 0,
        trade: 0,
        is_maker: false,
        reason: None,
    }
}

impl Market {
    fn new(listing: &Listing) -> Result<Market, Problem> {
        let book = OrderBook::new(Rules::default()).map_err(Problem::from)?;
        let (lots, ticks) = (i64::from(u32::MAX), i64::from(i32::MAX) / 2);
        let refuse = |code, text: String| Err(Problem::new(code, text));
        if !(1..=lots).contains(&listing.lots_max) {
            return refuse(hedgerow_core::code::BOOK_LOTS, format!("lots_max {}, from 1 to {lots}", listing.lots_max));
        }
        if !(1..=ticks).contains(&listing.ticks_max) || !(1..=listing.ticks_max).contains(&listing.reference_ticks) {
            let text = format!(
                "reference {} and highest price {} ticks, from 1 to {ticks}",
                listing.reference_ticks, listing.ticks_max
            );
            return refuse(hedgerow_core::code::BOOK_PRICE, text);
        }
        let mut market = Market {
            listing: listing.clone(),
            phase: listing.phase,
            last_ticks: listing.reference_ticks,
            book,
            stops: Vec::new(),
            aside: Vec::new(),
            pegs: Vec::new(),
        };
        market.book.set_may_cross(listing.phase != Phase::Continuous);
        Ok(market)
    }
}
