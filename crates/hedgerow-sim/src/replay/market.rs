//! One instrument: the book that history shows, our orders in it, and when they trade.
//!
//! An order trades in three ways, and in no other. As it arrives it takes what stands there and was not taken yet
//! (`arrive.rs`). While it rests it trades with executions of history that would have come to it first, and with lots
//! that come to stand at its price or beyond. Prices here are those of history; `shift` lies between them and ours.

use super::impact::Moved;
use super::mine::{Ahead, Mine};
use super::queue::Place;
use super::stops::Waiting;
use super::taken::Taken;
use super::{BookConfig, Fees, Impact};
use crate::cost::{due, fee};
use crate::fees::{LotRates, Rate};
use crate::matching::about;
use hedgerow_book::{Book, Level, OrderBook, Refused};
use hedgerow_core::{
    BookLevel, BookOrder, Instrument, LAST_OF_UPDATE, LevelAction, Liquidity, Money, OrderAction, Phase, ReportKind,
    Side, VenueReport,
};

/// What fills need to know of an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    tick_value: i64,
    /// What fills of today are charged.
    pub(crate) rates: LotRates,
    fee_min: Money,
}

impl Terms {
    pub(crate) fn of(instrument: &Instrument, fees: Fees) -> Terms {
        let rate = |share_nano| Rate { share_nano, per_unit: fees.per_unit };
        let rates = LotRates::of(instrument, rate(fees.maker_nano), rate(fees.taker_nano));
        Terms { tick_value: instrument.tick_value, rates, fee_min: fees.min }
    }
}

/// Lots that an order can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    /// Where they stand in history.
    pub(crate) level_ticks: i32,
    pub(crate) lots: i64,
    /// What they cost us, after the move that taking them makes.
    pub(crate) price_ticks: i64,
}

/// A fill before it is told.
#[derive(Clone, Copy)]
pub(crate) struct Deal {
    pub(crate) lots: i64,
    pub(crate) price_ticks: i64,
    pub(crate) reference_ticks: i64,
    pub(crate) liquidity: Liquidity,
    pub(crate) ts: i64,
}

/// One instrument at the venue.
#[derive(Clone, Debug)]
pub(crate) struct Market<B> {
    pub(crate) book: B,
    pub(crate) terms: Terms,
    /// Our bids and asks at rest, best first, then by arrival.
    pub(crate) ours: [Vec<Mine>; 2],
    /// Our orders that wait for an auction, by arrival.
    pub(crate) aside: Vec<Mine>,
    /// Our pegged orders that have nothing to follow for now.
    pub(crate) parked: Vec<Mine>,
    /// Our stops that wait, by arrival.
    pub(crate) waiting: Vec<Waiting>,
    /// Whether an order of ours was ever an iceberg, or pegged: without one nothing is shown anew and nothing follows.
    pub(crate) had_iceberg: bool,
    pub(crate) had_peg: bool,
    /// When the first order ends by itself; `i64::MAX` = none does.
    pub(crate) first_end_ts: i64,
    /// What the instrument is doing at the venue.
    pub(crate) phase: Phase,
    /// Which auctions of the session were held: the opening one, the closing one.
    pub(crate) held: [bool; 2],
    /// What we took of the bids and asks shown.
    pub(crate) taken: [Taken; 2],
    pub(crate) moved: Moved,
    /// Ticks by which prices lie higher for us than in history.
    pub(crate) shift: i32,
    /// What is within reach of the order in hand.
    pub(crate) offers: Vec<Offer>,
    /// An image of orders comes in single events: whoever is added until something else happens was there before us.
    is_rebuilding: bool,
    /// Executions of the update in hand: order, side, price, lots.
    hits: Vec<(u64, Side, i32, i64)>,
}

/// Where a side lies among two.
#[inline]
pub(crate) fn place_of(side: Side) -> usize {
    side as usize - 1
}

#[inline]
pub(crate) fn opposite(side: Side) -> Side {
    if side == Side::Buy { Side::Sell } else { Side::Buy }
}

/// Whether an order of this side is served before one at the other price.
#[inline]
pub(crate) fn is_better(side: Side, price_ticks: i32, than_ticks: i32) -> bool {
    if side == Side::Buy { price_ticks > than_ticks } else { price_ticks < than_ticks }
}

/// Lots shown at a price; `None` = the book does not say: the price lies behind the best of a quote, or nobody is shown on
/// either side, as after a gap. Of orders it is known that they have left.
#[inline]
fn shown<B: Book>(book: &B, side: Side, price_ticks: i32) -> Option<i64> {
    match book.best(side) {
        Some(best) if B::DEPTH == 1 && is_better(side, best.price_ticks, price_ticks) => None,
        None if B::DEPTH < 3 && book.best(opposite(side)).is_none() => None,
        _ => Some(book.lots_at(side, price_ticks)),
    }
}

impl<B: Book> Market<B> {
    pub(crate) fn new(book: B, terms: Terms) -> Market<B> {
        Market {
            book,
            terms,
            ours: [Vec::new(), Vec::new()],
            aside: Vec::new(),
            parked: Vec::new(),
            waiting: Vec::new(),
            had_iceberg: false,
            had_peg: false,
            first_end_ts: i64::MAX,
            phase: Phase::Continuous,
            held: [false; 2],
            taken: [Taken::default(), Taken::default()],
            moved: Moved::default(),
            shift: 0,
            offers: Vec::new(),
            hits: Vec::new(),
            is_rebuilding: false,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.ours[0].is_empty() && self.ours[1].is_empty() && self.waiting.is_empty() && self.parked.is_empty()
    }

    /// Everyone who is at a price now stands ahead.
    pub(crate) fn everyone(&self, side: Side, price_ticks: i32) -> Ahead {
        if B::DEPTH < 3 {
            return Ahead::Lots(Place::last(shown(&self.book, side, price_ticks)));
        }
        let mut orders = Vec::new();
        self.book.each_order(side, price_ticks, &mut |id, lots| orders.push((id, lots)));
        Ahead::Orders(orders)
    }

    /// Looks up what an order of `taker` can trade with up to a price, until `need` lots are found; gives how many. Lots
    /// whose price would pass the limit by the order's own move are not found.
    pub(crate) fn look(&mut self, impact: &Impact, taker: Side, limit_ticks: i32, need: i64) -> i64 {
        let Market { book, taken, offers, moved, shift, .. } = self;
        let (moved, shift, other) = (*moved, i64::from(*shift), opposite(taker));
        let taken = &taken[place_of(other)];
        // There are no prices below one tick; the numbers of a market order bound nothing.
        let least = if impact.is_on() { 1 - shift } else { i64::MIN };
        let limit = match (taker, limit_ticks) {
            (Side::Buy, i32::MAX) => i64::MAX,
            (Side::Buy, limit) => i64::from(limit),
            (Side::Sell, limit) => i64::from(limit).max(least),
        };
        let is_within = |price: i64| if taker == Side::Buy { price <= limit } else { price >= limit };
        // History's price of lots after the move that so many make.
        let after = |level_ticks: i32, lots: i64| {
            let by = if impact.is_on() { i64::from(moved.after(impact, taker.sign() * lots)) - shift } else { 0 };
            i64::from(level_ticks) + by
        };
        offers.clear();
        let mut found = 0_i64;
        book.each_level(other, &mut |Level { price_ticks: level_ticks, lots }| {
            if !is_within(level_ticks.into()) {
                return false;
            }
            let there = (lots - taken.at(level_ticks)).min(need - found).max(0);
            let lots = most(there, |lots| is_within(after(level_ticks, found + lots)));
            if lots > 0 {
                found += lots;
                let price_ticks = after(level_ticks, found).max(least) + shift;
                offers.push(Offer { level_ticks, lots, price_ticks });
            }
            lots == there && found < need
        });
        found
    }

    /// Half-way between the best prices as we see them, for cost analysis; `otherwise` where one is missing.
    pub(crate) fn middle(&self, otherwise: i64) -> i64 {
        match (self.book.best(Side::Buy), self.book.best(Side::Sell)) {
            (Some(bid), Some(ask)) => {
                (i64::from(bid.price_ticks) + i64::from(ask.price_ticks)).div_euclid(2) + i64::from(self.shift)
            }
            _ => otherwise,
        }
        .max(if self.shift == 0 { i64::MIN } else { 1 })
    }

    /// History changed a book without orders.
    pub(crate) fn levels(
        &mut self,
        config: &BookConfig,
        events: &[BookLevel],
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) -> Result<(), Refused>
    where
        B: Book<Event = BookLevel>,
    {
        self.book.update(events)?;
        self.expire(ts, say);
        // One price of many changed, and it is seldom one of ours.
        let single = match events {
            [event] if B::DEPTH == 2 && event.action & !LAST_OF_UPDATE == LevelAction::Set as u8 => Some(*event),
            _ => None,
        };
        for side in [Side::Buy, Side::Sell] {
            if single.is_some_and(|event| event.side != side as u8) {
                continue;
            }
            for i in 0..self.ours[place_of(side)].len() {
                let price_ticks = self.ours[place_of(side)][i].price_ticks;
                if single.is_some_and(|event| event.price_ticks != price_ticks) {
                    continue;
                }
                let now = shown(&self.book, side, price_ticks);
                if let (Ahead::Lots(place), Some(lots)) = (&mut self.ours[place_of(side)][i].ahead, now) {
                    place.show(&config.queue, lots, ts);
                }
            }
        }
        self.settle(config, ts, say);
        self.wake(config, ts, say);
        Ok(())
    }

    /// What our impact has become by now, before anything else happens.
    #[inline]
    pub(crate) fn catch_up(&mut self, config: &BookConfig, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.expire(ts, say);
        if config.impact.is_on() {
            self.settle(config, ts, say);
        }
    }

    /// What follows from any change of the book.
    #[inline]
    pub(crate) fn settle(&mut self, config: &BookConfig, ts: i64, say: &mut impl FnMut(VenueReport)) {
        // Until an image is whole, what is not shown has not left.
        if !self.is_rebuilding {
            for side in [Side::Buy, Side::Sell] {
                self.taken[place_of(side)].follow(|price_ticks| shown(&self.book, side, price_ticks));
            }
        }
        if config.impact.is_on() {
            self.move_book(config, ts);
        }
        if !self.is_idle() && self.phase == Phase::Continuous {
            for side in [Side::Buy, Side::Sell] {
                if self.is_met(side) {
                    self.sweep(config, side, ts, say);
                }
            }
            self.renew();
            if self.had_peg {
                self.follow_pegs(config, ts, say);
            }
        }
    }

    /// Our impact changed: every order of ours meets another price of history, and queues there anew.
    fn move_book(&mut self, config: &BookConfig, ts: i64) {
        let shift = self.moved.ticks(&config.impact, ts);
        let by = shift - self.shift;
        if by == 0 {
            return;
        }
        self.shift = shift;
        for side in [Side::Buy, Side::Sell] {
            for i in 0..self.ours[place_of(side)].len() {
                let price_ticks = self.ours[place_of(side)][i].price_ticks.saturating_sub(by);
                let ahead = self.everyone(side, price_ticks);
                let mine = &mut self.ours[place_of(side)][i];
                (mine.price_ticks, mine.ahead) = (price_ticks, ahead);
            }
        }
    }

    /// Whether lots stand at the price of our best order of a side, or beyond.
    #[inline]
    fn is_met(&self, side: Side) -> bool {
        let other = opposite(side);
        let mine = self.ours[place_of(side)].first();
        mine.zip(self.book.best(other))
            .is_some_and(|(mine, best)| !is_better(other, mine.price_ticks, best.price_ticks))
    }

    /// Lots that came to stand at the prices of our orders, or beyond, trade with them at those prices.
    fn sweep(&mut self, config: &BookConfig, side: Side, ts: i64, say: &mut impl FnMut(VenueReport)) {
        let (own, other) = (place_of(side), opposite(side));
        let mut i = 0;
        while let (Some(mine), Some(best)) = (self.ours[own].get(i), self.book.best(other)) {
            let price_ticks = mine.price_ticks;
            if is_better(other, price_ticks, best.price_ticks) {
                return;
            }
            let lots = self.look(&config.impact, side, price_ticks, mine.open_lots());
            self.use_offers(config, side, lots, ts);
            let (terms, mine) = (self.terms, &mut self.ours[own][i]);
            deal(&terms, mine, maker(mine, lots, mine.own_ticks, ts), say);
            if mine.open_lots() == 0 {
                self.ours[own].remove(i);
            } else {
                i += 1;
            }
            if config.impact.is_on() {
                self.move_book(config, ts);
            }
        }
    }

    /// The lots looked up last are ours now: history misses them, and answers.
    pub(crate) fn use_offers(&mut self, config: &BookConfig, side: Side, lots: i64, ts: i64) {
        for offer in &self.offers {
            self.taken[place_of(opposite(side))].add(offer.level_ticks, offer.lots);
        }
        if config.impact.is_on() {
            self.moved.took(&config.impact, side.sign() * lots, ts);
        }
    }
}

/// The most of `lots` for which something holds that holds for fewer whenever it holds for more.
fn most(lots: i64, holds: impl Fn(i64) -> bool) -> i64 {
    if lots == 0 || holds(lots) {
        return lots;
    }
    let (mut good, mut bad) = (0, lots);
    while bad - good > 1 {
        let half = good + (bad - good) / 2;
        if holds(half) {
            good = half;
        } else {
            bad = half;
        }
    }
    good
}

impl Market<OrderBook> {
    /// History changed a book of orders. Who stands ahead of us is known by name.
    pub(crate) fn orders(
        &mut self,
        config: &BookConfig,
        events: &[BookOrder],
        ts: i64,
        say: &mut impl FnMut(VenueReport),
    ) -> Result<(), Refused> {
        if self.is_idle() {
            self.book.update(events)?;
        } else {
            self.note_hits(events);
            self.book.update(events)?;
            self.expire(ts, say);
            self.follow(events, ts, say);
            for at in 0..self.hits.len() {
                self.printed(self.hits[at].2);
            }
        }
        self.rebuild(events);
        self.settle(config, ts, say);
        self.wake(config, ts, say);
        Ok(())
    }

    /// A book that was cleared and left empty comes back order by order; that is over when anything but an order comes.
    #[inline]
    fn rebuild(&mut self, events: &[BookOrder]) {
        let Some(last) = events.last() else { return };
        let action = last.action & !LAST_OF_UPDATE;
        if action == OrderAction::Clear as u8 {
            self.is_rebuilding = true;
        } else if self.is_rebuilding {
            let added = |event: &BookOrder| event.action & !LAST_OF_UPDATE == OrderAction::Add as u8;
            self.is_rebuilding = events.iter().all(added);
            for event in events.iter().filter(|event| added(event)) {
                let Some(side) = Side::from_u8(event.side) else { continue };
                for mine in self.ours[place_of(side)].iter_mut().filter(|m| m.price_ticks == event.price_ticks) {
                    mine.ahead.come(event.order_id, event.lots);
                }
            }
        }
    }

    /// Side and price of every order that the update executes, while the book still knows them.
    fn note_hits(&mut self, events: &[BookOrder]) {
        self.hits.clear();
        for event in events {
            if event.action & !LAST_OF_UPDATE == OrderAction::Execute as u8
                && let Some((side, level)) = self.book.order(event.order_id)
            {
                self.hits.push((event.order_id, side, level.price_ticks, event.lots.into()));
            }
        }
    }

    /// What an update that was taken does to our places, and the executions that come to us first.
    fn follow(&mut self, events: &[BookOrder], ts: i64, say: &mut impl FnMut(VenueReport)) {
        let mut hit = 0;
        for event in events {
            let (id, lots) = (event.order_id, event.lots);
            match OrderAction::from_u8(event.action & !LAST_OF_UPDATE) {
                Some(OrderAction::Cancel) => self.lost(id, Some(lots)),
                Some(OrderAction::Delete) => self.lost(id, None),
                Some(OrderAction::Modify) => {
                    for mine in self.ours.iter_mut().flatten() {
                        mine.ahead.change(id, event.price_ticks == mine.price_ticks, lots);
                    }
                }
                Some(OrderAction::Execute) if self.hits.get(hit).is_some_and(|known| known.0 == id) => {
                    self.executed(self.hits[hit], ts, say);
                    hit += 1;
                }
                Some(OrderAction::Clear) => return self.requeue(),
                Some(OrderAction::Add | OrderAction::Execute) | None => {}
            }
        }
    }

    /// An order of history loses lots without trading, or all.
    fn lost(&mut self, id: u64, lots: Option<u32>) {
        for mine in self.ours.iter_mut().flatten() {
            mine.ahead.lose(id, lots);
        }
    }

    /// An image of the whole book came: everyone in it stands ahead of us.
    fn requeue(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            for i in 0..self.ours[place_of(side)].len() {
                let ahead = self.everyone(side, self.ours[place_of(side)][i].price_ticks);
                self.ours[place_of(side)][i].ahead = ahead;
            }
        }
    }

    /// An execution of history meets our better prices first, then those of our orders that the executed one stood behind.
    fn executed(&mut self, hit: (u64, Side, i32, i64), ts: i64, say: &mut impl FnMut(VenueReport)) {
        let (id, side, price_ticks, mut left) = hit;
        let (terms, middle, whole) = (self.terms, self.middle(price_ticks.into()), left as u32);
        // What an auction executes is for the auction to share out.
        let is_auction = self.phase != Phase::Continuous;
        self.ours[place_of(side)].retain_mut(|mine| {
            if is_better(side, price_ticks, mine.price_ticks) || mine.ahead.lose(id, Some(whole)) || is_auction {
                return true;
            }
            let lots = mine.within(price_ticks).min(left);
            left -= lots;
            deal(&terms, mine, maker(mine, lots, middle, ts), say);
            mine.open_lots() > 0
        });
    }
}

/// A fill of one of our orders at rest: always at its own price.
pub(crate) fn maker(mine: &Mine, lots: i64, reference_ticks: i64, ts: i64) -> Deal {
    Deal { lots, price_ticks: mine.own_ticks, reference_ticks, liquidity: Liquidity::Maker, ts }
}

/// Books a fill on an order and tells it; nothing for no lots.
pub(crate) fn deal(terms: &Terms, mine: &mut Mine, deal: Deal, say: &mut impl FnMut(VenueReport)) {
    if deal.lots <= 0 {
        return;
    }
    let rate = terms.rates.side(deal.liquidity == Liquidity::Maker);
    let notional = Money::notional(deal.price_ticks, deal.lots, terms.tick_value);
    mine.fee_gross += fee(rate.share_nano, notional, deal.lots, rate.per_lot);
    let due = due(mine.fee_gross, terms.fee_min);
    mine.filled_lots += deal.lots;
    mine.slice.trade(deal.lots, mine.open_lots());
    mine.executions += 1;
    say(VenueReport {
        fee: due - mine.fee_charged,
        lots: deal.lots,
        price_ticks: deal.price_ticks,
        reference_ticks: deal.reference_ticks,
        liquidity: deal.liquidity as u8,
        execution: mine.executions,
        ..about(&mine.order, ReportKind::Filled, deal.ts)
    });
    mine.fee_charged = due;
}
