//! The door of the venue of books: approved messages in, reports out, each after its time under way.

use super::delay::Way;
use super::market::{Market, Terms};
use super::{BookConfig, Delay, QueueModel};
use crate::fees::Tiers;
use crate::matching::{about, unknown};
use hedgerow_book::{LevelBook, OrderBook, TopBook};
use hedgerow_core::{
    BookLevel, BookOrder, CancelRequest, FullOrder, FullReplace, Instrument, InstrumentId, MarketPhase, Order,
    OrderTerms, Phase, Problem, ReplaceRequest, ReportKind, Trade, VenueReport, code,
};
use hedgerow_risk::{Approved, ApprovedLeg, ApprovedQuote};
use std::collections::VecDeque;

/// What history shows of an instrument's book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// The best prices (quotes), and trades if there are any.
    Top,
    /// Every price, and trades.
    Levels,
    /// Every order.
    Orders,
}

/// An instrument, as deep as it is shown.
#[derive(Clone, Debug)]
enum Shown {
    Top(Market<TopBook>),
    Levels(Market<LevelBook>),
    Orders(Market<OrderBook>),
}

/// Calls the same thing on a market of any depth.
macro_rules! each_depth {
    ($shown:expr, $market:ident => $call:expr) => {
        match $shown {
            Shown::Top($market) => $call,
            Shown::Levels($market) => $call,
            Shown::Orders($market) => $call,
        }
    };
}

#[derive(Clone, Copy, Debug)]
enum Message {
    New(FullOrder),
    Cancel(CancelRequest),
    Replace(FullReplace),
}

/// A simulated venue that trades against replayed books. See the promises of the crate and of this module.
///
/// [`next`](super::next) says what happens next: `Market` = give the update to `levels`, `orders` or `trade`; `Arrival` = call
/// `arrive`; `Report` = call `report`. Reports leave `id` 0, for the kernel to number.
#[derive(Clone, Debug)]
pub struct BookVenue {
    config: BookConfig,
    tiers: Tiers,
    markets: Vec<Option<Shown>>,
    /// Our messages' way to the venue, and its answers' way back.
    entry: Way,
    response: Way,
    messages: VecDeque<(i64, Message)>,
    reports: VecDeque<VenueReport>,
    /// Who said what at the venue just now.
    said: Vec<VenueReport>,
    /// By slot: which order may still work there, and where it was sent, for its cancels.
    slots: Vec<(u64, InstrumentId)>,
    ts: i64,
}

impl BookVenue {
    /// A venue without instruments.
    ///
    /// # Errors
    /// `SIM_BAD_COST` or `SIM_BAD_MODEL` if a setting cannot be meant.
    pub fn new(config: BookConfig) -> Result<BookVenue, Problem> {
        let config = config.checked()?;
        let way = |delay: &Delay, salt| Way::new(delay.clone(), config.seed ^ salt);
        Ok(BookVenue {
            entry: way(&config.entry, 0x656e_7472_7900),
            response: way(&config.response, 0x616e_7377_6572),
            tiers: Tiers::new(config.schedules.clone())?,
            config,
            markets: Vec::new(),
            messages: VecDeque::new(),
            reports: VecDeque::new(),
            said: Vec::new(),
            slots: Vec::new(),
            ts: i64::MIN,
        })
    }

    /// Makes an instrument tradable, shown so deep.
    ///
    /// # Errors
    /// `CORE_INPUT` if its tick has no positive value, `BOOK_PRICE` or `BOOK_FIELD` if the rules of its book cannot be kept.
    pub fn define(&mut self, instrument: &Instrument, depth: Depth) -> Result<(), Problem> {
        if instrument.tick_value <= 0 || instrument.lot_nano <= 0 {
            let detail =
                format!("{}: tick value {}, lot {}", instrument.symbol, instrument.tick_value, instrument.lot_nano);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        if depth == Depth::Orders && self.config.queue == QueueModel::ProRata {
            let detail =
                format!("{}: pro rata shares out what levels or quotes show, and orders are shown", instrument.symbol);
            return Err(Problem::new(code::SIM_BAD_MODEL, detail));
        }
        let (place, rules) = (instrument.instrument as usize, self.config.rules);
        self.tiers.define(instrument);
        let mut terms = Terms::of(instrument, self.config.fees);
        terms.rates = self.tiers.rates(instrument.instrument).unwrap_or(terms.rates);
        if self.markets.len() <= place {
            self.markets.resize(place + 1, None);
        }
        if let Some(shown) = &mut self.markets[place] {
            each_depth!(shown, market => market.terms = terms);
            return Ok(());
        }
        self.markets[place] = Some(match depth {
            Depth::Top => Shown::Top(Market::new(TopBook::new(rules)?, terms)),
            Depth::Levels => Shown::Levels(Market::new(LevelBook::new(rules)?, terms)),
            Depth::Orders => Shown::Orders(Market::new(OrderBook::new(rules)?, terms)),
        });
        Ok(())
    }

    /// Takes an order at `ts` of ours; what becomes of it is reported when the answer is here.
    pub fn submit(&mut self, order: Approved<Order>, ts: i64) {
        self.send(Message::New(FullOrder { order: order.into_inner(), terms: OrderTerms::default() }), ts);
    }

    /// The same for an order with terms. A stop waits at the venue; see `stops.rs`.
    pub fn submit_full(&mut self, full: Approved<FullOrder>, ts: i64) {
        self.send(Message::New(full.into_inner()), ts);
    }

    /// Takes a cancel.
    pub fn cancel(&mut self, request: Approved<CancelRequest>, ts: i64) {
        self.send(Message::Cancel(request.into_inner()), ts);
    }

    /// Takes a change.
    pub fn replace(&mut self, request: Approved<ReplaceRequest>, ts: i64) {
        self.send(Message::Replace(FullReplace::plain(request.into_inner())), ts);
    }

    /// The same for an order with terms.
    pub fn replace_full(&mut self, change: Approved<FullReplace>, ts: i64) {
        self.send(Message::Replace(change.into_inner()), ts);
    }

    /// Takes both sides of a quote as one message: they arrive together, with nothing between them.
    pub fn quote(&mut self, legs: ApprovedQuote, ts: i64) {
        let arrival_ts = self.entry.arrival(ts);
        for leg in legs.into_iter().flatten() {
            let message = match leg {
                ApprovedLeg::New(order) => {
                    Message::New(FullOrder { order: order.into_inner(), terms: OrderTerms::default() })
                }
                ApprovedLeg::Replace(request) => Message::Replace(FullReplace::plain(request.into_inner())),
                ApprovedLeg::Cancel(request) => Message::Cancel(request.into_inner()),
            };
            self.messages.push_back((arrival_ts, message));
        }
    }

    fn send(&mut self, message: Message, ts: i64) {
        self.messages.push_back((self.entry.arrival(ts), message));
    }

    /// When the next of our messages reaches the venue; `i64::MAX` = none is under way.
    #[inline]
    #[must_use]
    pub fn arrival_ts(&self) -> i64 {
        self.messages.front().map_or(i64::MAX, |message| message.0)
    }

    /// When the next report reaches us; `i64::MAX` = none is under way.
    #[inline]
    #[must_use]
    pub fn report_ts(&self) -> i64 {
        self.reports.front().map_or(i64::MAX, |report| report.ts_init)
    }

    /// The next report that reaches us.
    pub fn report(&mut self) -> Option<VenueReport> {
        self.reports.pop_front()
    }

    /// The next of our messages reaches the venue.
    pub fn arrive(&mut self) {
        let Some((ts, message)) = self.messages.pop_front() else { return };
        let ts = ts.max(self.ts);
        self.charge(ts);
        let BookVenue { config, markets, said, slots, .. } = self;
        let mut say = |report: VenueReport| said.push(report);
        match message {
            Message::New(full) => {
                let order = full.order;
                let shown = markets.get_mut(order.instrument as usize).and_then(Option::as_mut);
                match shown {
                    Some(shown) => {
                        note(slots, &order);
                        each_depth!(shown, market => market.submit(config, full, ts, &mut say));
                    }
                    None => {
                        let code = code::CORE_UNKNOWN_INSTRUMENT.0;
                        say(VenueReport { code, ..about(&order, ReportKind::Rejected, ts) });
                    }
                }
            }
            Message::Cancel(request) => match found(markets, slots, request.slot, request.order_id) {
                Some(shown) => each_depth!(shown, market => market.cancel(config, &request, ts, &mut say)),
                None => say(unknown(request.order_id, request.slot, ReportKind::CancelRejected, ts).report),
            },
            Message::Replace(change) => match found(markets, slots, change.request.slot, change.request.order_id) {
                Some(shown) => each_depth!(shown, market => market.replace(config, &change, ts, &mut say)),
                None => {
                    say(unknown(change.request.order_id, change.request.slot, ReportKind::ReplaceRejected, ts).report)
                }
            },
        }
        self.answer();
    }

    /// History changes the best prices or levels of an instrument: one whole update.
    ///
    /// # Errors
    /// A `BOOK` code if the update is refused, `CORE_UNKNOWN_INSTRUMENT`, or `SIM_BAD_MODEL` for levels where orders are
    /// shown; nothing has changed then.
    pub fn levels(&mut self, update: &[BookLevel], ts: i64) -> Result<(), Problem> {
        let Some(first) = update.first() else { return Ok(()) };
        self.charge(ts);
        let (config, said) = (&self.config, &mut self.said);
        let mut say = |report: VenueReport| said.push(report);
        match shown(&mut self.markets, first.instrument.into())? {
            Shown::Top(market) => market.levels(config, update, ts, &mut say)?,
            Shown::Levels(market) => market.levels(config, update, ts, &mut say)?,
            Shown::Orders(_) => return Err(wrong_depth(first.instrument.into(), "orders", "levels")),
        }
        self.moved_on(ts);
        Ok(())
    }

    /// History changes the orders of an instrument: one whole update.
    ///
    /// # Errors
    /// As [`BookVenue::levels`].
    pub fn orders(&mut self, update: &[BookOrder], ts: i64) -> Result<(), Problem> {
        let Some(first) = update.first() else { return Ok(()) };
        self.charge(ts);
        let (config, said) = (&self.config, &mut self.said);
        match shown(&mut self.markets, first.instrument.into())? {
            Shown::Orders(market) => market.orders(config, update, ts, &mut |report| said.push(report))?,
            _ => return Err(wrong_depth(first.instrument.into(), "levels", "orders")),
        }
        self.moved_on(ts);
        Ok(())
    }

    /// History trades. Where orders are shown their executions say so, and of trades only those of auctions and with hidden
    /// orders meet ours.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT` if the instrument was not defined, `DATA_NOT_POSITIVE` for a trade of nothing.
    pub fn trade(&mut self, trade: &Trade, ts: i64) -> Result<(), Problem> {
        if trade.lots <= 0 {
            return Err(Problem::new(code::DATA_NOT_POSITIVE, format!("a trade of {} lots", trade.lots)));
        }
        self.charge(ts);
        let (config, said) = (&self.config, &mut self.said);
        let trade = Trade { ts_event: ts, ..*trade };
        let mut say = |report: VenueReport| said.push(report);
        let shown = shown(&mut self.markets, trade.instrument.into())?;
        each_depth!(shown, market => market.trade(config, &trade, &mut say));
        self.moved_on(ts);
        Ok(())
    }

    /// The venue tells what an instrument does from now on.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT` if the instrument was not defined, `CORE_INPUT` for a phase that nobody knows.
    pub fn phase(&mut self, told: &MarketPhase, ts: i64) -> Result<(), Problem> {
        let phase = Phase::from_u8(told.phase)
            .ok_or_else(|| Problem::new(code::CORE_INPUT, format!("phase {} of a market", told.phase)))?;
        self.charge(ts);
        let (config, said) = (&self.config, &mut self.said);
        let mut say = |report: VenueReport| said.push(report);
        let shown = shown(&mut self.markets, told.instrument.into())?;
        each_depth!(shown, market => market.enter(config, phase, ts, &mut say));
        self.moved_on(ts);
        Ok(())
    }

    /// The session ends at `ts`: day orders expire.
    pub fn end_session(&mut self, ts: i64) {
        let said = &mut self.said;
        for shown in self.markets.iter_mut().flatten() {
            each_depth!(shown, market => market.end_session(ts, &mut |report| said.push(report)));
        }
        self.answer();
    }

    /// What an instrument is changes at `ts` (a split, an end): what is under way is heard at once, all orders in it
    /// expire, those too that have not arrived, and what we took and moved of the old lots is forgotten.
    pub fn end_all(&mut self, instrument: InstrumentId, ts: i64, say: &mut impl FnMut(VenueReport)) {
        let BookVenue { markets, messages, reports, slots, .. } = self;
        let mut say = |report: VenueReport| say(VenueReport { ts_init: ts, ..report });
        let mut of_others = VecDeque::with_capacity(reports.len());
        for report in reports.drain(..) {
            let known = slots.get(report.slot as usize).copied().unwrap_or_default();
            if report.instrument == instrument || known == (report.order_id, instrument) {
                say(report);
            } else {
                of_others.push_back(report);
            }
        }
        *reports = of_others;
        if let Some(shown) = markets.get_mut(instrument as usize).and_then(Option::as_mut) {
            each_depth!(shown, market => market.end_all(ts, &mut say));
        }
        messages.retain(|(_, message)| {
            let (slot, order_id) = match message {
                Message::New(FullOrder { order, .. }) => {
                    note(slots, order);
                    if order.instrument == instrument {
                        say(about(order, ReportKind::Expired, ts));
                    }
                    (order.slot, order.id)
                }
                Message::Cancel(request) => (request.slot, request.order_id),
                Message::Replace(FullReplace { request, .. }) => (request.slot, request.order_id),
            };
            slots.get(slot as usize) != Some(&(order_id, instrument))
        });
    }

    /// Ticks by which our own taking moved an instrument's prices away from history.
    #[must_use]
    pub fn shift_ticks(&self, instrument: InstrumentId) -> i32 {
        let shown = self.markets.get(instrument as usize).and_then(Option::as_ref);
        shown.map_or(0, |shown| each_depth!(shown, market => market.shift))
    }

    #[inline]
    fn moved_on(&mut self, ts: i64) {
        self.ts = self.ts.max(ts);
        if !self.said.is_empty() {
            self.answer();
        }
    }

    /// It is `ts`: with another day another tier of fees may count.
    #[inline]
    fn charge(&mut self, ts: i64) {
        if self.tiers.roll(ts) {
            self.charge_all();
        }
    }

    #[cold]
    fn charge_all(&mut self) {
        for (instrument, shown) in self.markets.iter_mut().enumerate() {
            if let (Some(shown), Some(rates)) = (shown, self.tiers.rates(instrument as InstrumentId)) {
                each_depth!(shown, market => market.terms.rates = rates);
            }
        }
    }

    /// Puts what was said at the venue on its way to us.
    fn answer(&mut self) {
        for mut report in self.said.drain(..) {
            self.tiers.count(&report);
            report.ts_init = self.response.arrival(report.ts_event);
            self.reports.push_back(report);
        }
    }
}

fn shown(markets: &mut [Option<Shown>], instrument: InstrumentId) -> Result<&mut Shown, Problem> {
    markets
        .get_mut(instrument as usize)
        .and_then(Option::as_mut)
        .ok_or_else(|| Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("market data for instrument {instrument}")))
}

#[cold]
fn wrong_depth(instrument: InstrumentId, defined: &str, came: &str) -> Problem {
    Problem::new(code::SIM_BAD_MODEL, format!("{came} of instrument {instrument}, which is shown by its {defined}"))
}

/// Remembers which instrument an order is of.
fn note(slots: &mut Vec<(u64, InstrumentId)>, order: &Order) {
    let place = order.slot as usize;
    if slots.len() <= place {
        slots.resize(place + 1, (0, 0));
    }
    slots[place] = (order.id, order.instrument);
}

fn found<'a>(
    markets: &'a mut [Option<Shown>],
    slots: &[(u64, InstrumentId)],
    slot: u32,
    order_id: u64,
) -> Option<&'a mut Shown> {
    let (id, instrument) = *slots.get(slot as usize)?;
    if id != order_id {
        return None;
    }
    markets.get_mut(instrument as usize)?.as_mut()
}
