//! Books of every stock from a day of messages, and the events that changed them.
//!
//! Promises: a message is taken whole or refused by name and changes nothing; a stock's book may cross only while it is
//! not trading. A book is made when its first order comes. Never: a guess about an order that the feed did not tell.

use super::{Malformed, Message, NetOrderImbalance, OperationalHalt};
use hedgerow_book::{Book as _, OrderBook, Refused, Rules};
use hedgerow_core::{BookOrder, LAST_OF_UPDATE, MarketPhase, OrderAction, Phase, Side, Trade, TradeKind, code};

/// What happened, for whoever wants to know beside the books: a replay, a journal, a table.
pub trait Sink {
    /// Orders of one stock changed: one update.
    fn orders(&mut self, _update: &[BookOrder]) {}
    /// An execution was told.
    fn trade(&mut self, _trade: &Trade) {}
    /// A stock does something else from now on.
    fn phase(&mut self, _phase: &MarketPhase) {}
    /// What an auction of a stock would give now; the time is UTC nanoseconds.
    fn imbalance(&mut self, _told: &NetOrderImbalance<'_>, _ts_event: i64) {}
}

impl Sink for () {}

/// A stock of the day.
#[derive(Clone, Debug)]
pub struct Stock {
    /// Its symbol.
    pub symbol: String,
    /// Shares of a round lot.
    pub round_lot: u32,
    /// What the last trading action said, which holds for all markets.
    action: Option<Phase>,
    /// Whether the market of the feed alone has stopped it.
    is_halted_here: bool,
    book: Option<Box<OrderBook>>,
}

impl Stock {
    /// Its book, if an order came.
    #[must_use]
    pub fn book(&self) -> Option<&OrderBook> {
        self.book.as_deref()
    }

    /// Takes its first order into a book of its own, which is there only if the order was taken.
    #[cold]
    fn open(&mut self, rules: Rules, first: &[BookOrder]) -> Result<(), Refused> {
        let mut book = self.empty(rules);
        book.update(first)?;
        self.book = Some(Box::new(book));
        Ok(())
    }

    /// What it does at the market of the feed: its trading action, unless that market has stopped it.
    fn phase(&self) -> Option<Phase> {
        if self.is_halted_here { Some(Phase::Halted) } else { self.action }
    }

    fn is_trading(&self) -> bool {
        self.phase() == Some(Phase::Continuous)
    }

    fn empty(&self, rules: Rules) -> OrderBook {
        OrderBook::new(Rules { may_cross: !self.is_trading(), ..rules }).expect("checked at the start")
    }
}

/// The books of a day. Prices are ticks of 10^-4, sizes shares; events have the stock's locate as their instrument.
#[derive(Clone, Debug)]
pub struct ItchBooks {
    rules: Rules,
    /// Midnight in New York, UTC nanoseconds.
    midnight_ns: i64,
    /// Whose feed it is, as operational halts name markets.
    market: u8,
    /// By locate.
    stocks: Vec<Option<Stock>>,
    wanted: Vec<String>,
}

impl ItchBooks {
    /// No stock yet. `rules` are those of every book; whether it may cross is told by the feed.
    ///
    /// # Errors
    /// `BOOK_PRICE` or `BOOK_FIELD` for rules that cannot be kept.
    pub fn new(rules: Rules, midnight_ns: i64) -> Result<ItchBooks, Refused> {
        OrderBook::new(rules)?;
        Ok(ItchBooks { rules, midnight_ns, market: b'Q', stocks: Vec::new(), wanted: Vec::new() })
    }

    /// Builds only the books of these symbols; what the feed says of others is passed over.
    #[must_use]
    pub fn only(mut self, symbols: &[&str]) -> ItchBooks {
        self.wanted = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        self
    }

    /// Takes the feed for that of another market than Nasdaq's own: `B` BX, `X` PSX.
    #[must_use]
    pub fn of_market(mut self, market: u8) -> ItchBooks {
        self.market = market;
        self
    }

    /// The stock of a locate.
    #[must_use]
    pub fn stock(&self, locate: u16) -> Option<&Stock> {
        self.stocks.get(usize::from(locate))?.as_ref()
    }

    /// Every stock of the directory that is wanted, with its locate.
    pub fn stocks(&self) -> impl Iterator<Item = (u16, &Stock)> {
        self.stocks.iter().enumerate().filter_map(|(locate, stock)| Some((locate as u16, stock.as_ref()?)))
    }

    /// Takes a message.
    ///
    /// # Errors
    /// A `WIRE` code for a message that cannot be read, a `BOOK` code for one that its book refuses; nothing changed.
    #[inline]
    pub fn take(&mut self, message: &[u8], sink: &mut impl Sink) -> Result<(), Malformed> {
        match Message::read(message)? {
            Message::AddOrder(m) => {
                self.add((b'A', m.stock_locate(), m.timestamp()), m.reference(), m.side(), m.shares(), m.price(), sink)
            }
            Message::AddOrderAttributed(m) => {
                self.add((b'F', m.stock_locate(), m.timestamp()), m.reference(), m.side(), m.shares(), m.price(), sink)
            }
            Message::OrderExecuted(m) => {
                self.execute((b'E', m.stock_locate(), m.timestamp()), m.reference(), m.shares(), None, true, sink)
            }
            Message::OrderExecutedWithPrice(m) => {
                let (price, printed) = (Some(m.price()), m.printable() != b'N');
                self.execute((b'C', m.stock_locate(), m.timestamp()), m.reference(), m.shares(), price, printed, sink)
            }
            Message::OrderCancel(m) => {
                let head = (b'X', m.stock_locate(), m.timestamp());
                self.change(head, OrderAction::Cancel, m.reference(), m.shares(), sink)
            }
            Message::OrderDelete(m) => {
                let head = (b'D', m.stock_locate(), m.timestamp());
                self.change(head, OrderAction::Delete, m.reference(), 0, sink)
            }
            Message::OrderReplace(m) => self.replace(&m, sink),
            Message::TradeHidden(m) => {
                let head = (b'P', m.stock_locate(), m.timestamp());
                self.print(head, m.shares().into(), m.price(), TradeKind::Hidden, sink)
            }
            Message::CrossTrade(m) => {
                let head = (b'Q', m.stock_locate(), m.timestamp());
                let kind = match m.cross_type() {
                    b'O' => TradeKind::Opening,
                    b'C' => TradeKind::Closing,
                    _ => TradeKind::Auction,
                };
                self.print(head, m.shares(), m.price(), kind, sink)
            }
            Message::StockDirectory(m) => {
                self.list(m.stock_locate(), &m.stock().text(), m.round_lot_size());
                Ok(())
            }
            Message::StockTradingAction(m) => self.act(&m, sink),
            Message::OperationalHalt(m) => self.halt(&m, sink),
            Message::NetOrderImbalance(m) => {
                let ts_event = self.midnight_ns.saturating_add(m.timestamp() as i64);
                if self.listed((b'I', m.stock_locate(), 0))?.is_some() {
                    sink.imbalance(&m, ts_event);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn list(&mut self, locate: u16, symbol: &str, round_lot: u32) {
        let place = usize::from(locate);
        if self.stocks.len() <= place {
            self.stocks.resize_with(place + 1, || None);
        }
        let is_wanted = self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == symbol);
        if is_wanted && self.stocks[place].is_none() {
            self.stocks[place] =
                Some(Stock { symbol: symbol.to_owned(), round_lot, action: None, is_halted_here: false, book: None });
        }
    }

    /// A trading action, which holds for all markets.
    fn act(&mut self, message: &super::StockTradingAction<'_>, sink: &mut impl Sink) -> Result<(), Malformed> {
        let state = message.trading_state();
        let action = match state {
            b'H' | b'P' => Phase::Halted,
            b'Q' => Phase::OpeningCall,
            b'T' => Phase::Continuous,
            _ => return Err(Malformed::new(code::WIRE_FIELD, b'H', state.into(), 0)),
        };
        let head = (b'H', message.stock_locate(), message.timestamp());
        if let Some(stock) = self.listed(head)? {
            stock.action = Some(action);
            self.enter(head, sink);
        }
        Ok(())
    }

    /// One market stops or resumes a stock: of concern is the feed's own.
    fn halt(&mut self, message: &OperationalHalt<'_>, sink: &mut impl Sink) -> Result<(), Malformed> {
        let (market, action) = (message.market(), message.action());
        if !matches!((market, action), (b'Q' | b'B' | b'X', b'H' | b'T')) {
            let wrong = if matches!(market, b'Q' | b'B' | b'X') { action } else { market };
            return Err(Malformed::new(code::WIRE_FIELD, b'h', wrong.into(), 0));
        }
        let (head, is_own) = ((b'h', message.stock_locate(), message.timestamp()), market == self.market);
        if let Some(stock) = self.listed(head)?
            && is_own
            && stock.is_halted_here != (action == b'H')
        {
            stock.is_halted_here = action == b'H';
            self.enter(head, sink);
        }
        Ok(())
    }

    /// A stock is from now on in the phase that its actions and halts say; without any action it trades.
    fn enter(&mut self, (_, instrument, time): Head, sink: &mut impl Sink) {
        let ts_event = self.midnight_ns.saturating_add(time as i64);
        if let Some(Some(stock)) = self.stocks.get_mut(usize::from(instrument)) {
            let is_trading = stock.is_trading();
            if let Some(book) = &mut stock.book {
                book.set_may_cross(!is_trading);
            }
            let phase = stock.phase().unwrap_or(Phase::Continuous) as u8;
            sink.phase(&MarketPhase { ts_event, ts_init: ts_event, instrument, phase, ..MarketPhase::default() });
        }
    }

    /// The stock of a message; nothing if it is one that nobody wants.
    #[inline(always)]
    fn listed(&mut self, (kind, locate, _): Head) -> Result<Option<&mut Stock>, Malformed> {
        match self.stocks.get_mut(usize::from(locate)) {
            Some(Some(stock)) => Ok(Some(stock)),
            _ if !self.wanted.is_empty() => Ok(None),
            _ => Err(Malformed::new(code::WIRE_UNKNOWN_STOCK, kind, locate.into(), 0)),
        }
    }

    /// The book that an order of a message stands in.
    #[inline(always)]
    fn standing(&mut self, head: Head, id: u64) -> Result<Option<&mut OrderBook>, Malformed> {
        let Some(stock) = self.listed(head)? else { return Ok(None) };
        match &mut stock.book {
            Some(book) => Ok(Some(book)),
            None => Err(Malformed::new(code::BOOK_UNKNOWN_ORDER, head.0, id as i64, 0)),
        }
    }

    /// A copy of a stock's book as it stands; an empty one before its first order.
    #[must_use]
    pub fn copy_of(&self, stock: &Stock) -> OrderBook {
        stock.book().cloned().unwrap_or_else(|| stock.empty(self.rules))
    }

    #[inline(always)]
    fn event(&self, (_, instrument, time): Head, action: OrderAction, order_id: u64, lots: u32) -> BookOrder {
        let ts_event = self.midnight_ns.saturating_add(time as i64);
        BookOrder {
            ts_event,
            order_id,
            lots,
            instrument,
            action: action as u8 | LAST_OF_UPDATE,
            ..BookOrder::default()
        }
    }

    #[inline(always)]
    fn add(
        &mut self,
        head: Head,
        id: u64,
        side: u8,
        shares: u32,
        price: u32,
        sink: &mut impl Sink,
    ) -> Result<(), Malformed> {
        let kind = head.0;
        let (rules, event) = (self.rules, self.event(head, OrderAction::Add, id, shares));
        let Some(stock) = self.listed(head)? else { return Ok(()) };
        let update = [BookOrder { side: side_of(kind, side)?, price_ticks: ticks(kind, price)?, ..event }];
        let taken = match &mut stock.book {
            Some(book) => book.update(&update),
            None => stock.open(rules, &update),
        };
        taken.map_err(|refused| of_book(kind, refused))?;
        sink.orders(&update);
        Ok(())
    }

    #[inline(always)]
    fn change(
        &mut self,
        head: Head,
        action: OrderAction,
        id: u64,
        shares: u32,
        sink: &mut impl Sink,
    ) -> Result<(), Malformed> {
        let update = [self.event(head, action, id, shares)];
        let Some(book) = self.standing(head, id)? else { return Ok(()) };
        book.update(&update).map_err(|refused| of_book(head.0, refused))?;
        sink.orders(&update);
        Ok(())
    }

    #[inline(always)]
    fn execute(
        &mut self,
        head: Head,
        id: u64,
        shares: u32,
        price: Option<u32>,
        printed: bool,
        sink: &mut impl Sink,
    ) -> Result<(), Malformed> {
        let price = price.map(|price| ticks(head.0, price)).transpose()?;
        let update = [self.event(head, OrderAction::Execute, id, shares)];
        let Some(book) = self.standing(head, id)? else { return Ok(()) };
        let resting = book.order(id);
        book.update(&update).map_err(|refused| of_book(head.0, refused))?;
        sink.orders(&update);
        if let Some((side, level)) = resting.filter(|_| printed) {
            let ts_event = update[0].ts_event;
            sink.trade(&Trade {
                ts_event,
                ts_init: ts_event,
                lots: shares.into(),
                price_ticks: price.unwrap_or(level.price_ticks),
                instrument: head.1,
                aggressor: if side == Side::Buy { Side::Sell as u8 } else { Side::Buy as u8 },
                kind: TradeKind::Continuous as u8,
            });
        }
        Ok(())
    }

    fn replace(&mut self, message: &super::OrderReplace<'_>, sink: &mut impl Sink) -> Result<(), Malformed> {
        let head = (b'U', message.stock_locate(), message.timestamp());
        let gone = self.event(head, OrderAction::Delete, message.reference(), 0);
        let come = self.event(head, OrderAction::Add, message.new_reference(), message.shares());
        let Some(book) = self.standing(head, message.reference())? else { return Ok(()) };
        let Some((side, _)) = book.order(message.reference()) else {
            return Err(Malformed::new(code::BOOK_UNKNOWN_ORDER, b'U', message.reference() as i64, 0));
        };
        let update = [
            BookOrder { action: OrderAction::Delete as u8, ..gone },
            BookOrder { side: side as u8, price_ticks: ticks(b'U', message.price())?, ..come },
        ];
        book.update(&update).map_err(|refused| of_book(b'U', refused))?;
        sink.orders(&update);
        Ok(())
    }

    fn print(
        &mut self,
        head: Head,
        shares: u64,
        price: u32,
        kind: TradeKind,
        sink: &mut impl Sink,
    ) -> Result<(), Malformed> {
        let ts_event = self.midnight_ns.saturating_add(head.2 as i64);
        if self.listed(head)?.is_none() || shares == 0 {
            return Ok(());
        }
        let lots = i64::try_from(shares).map_err(|_| Malformed::new(code::WIRE_FIELD, head.0, shares as i64, 0))?;
        let price_ticks = ticks(head.0, price)?;
        let instrument = head.1;
        let kind = kind as u8;
        sink.trade(&Trade { ts_event, ts_init: ts_event, lots, price_ticks, instrument, aggressor: 0, kind });
        Ok(())
    }
}

/// Type, locate and time of a message.
type Head = (u8, u16, u64);

#[inline(always)]
fn side_of(kind: u8, letter: u8) -> Result<u8, Malformed> {
    match letter {
        b'B' => Ok(Side::Buy as u8),
        b'S' => Ok(Side::Sell as u8),
        other => Err(Malformed::new(code::WIRE_FIELD, kind, other.into(), 0)),
    }
}

#[inline(always)]
fn ticks(kind: u8, price: u32) -> Result<i32, Malformed> {
    i32::try_from(price).map_err(|_| Malformed::new(code::WIRE_FIELD, kind, price.into(), i32::MAX.into()))
}

#[cold]
fn of_book(kind: u8, refused: Refused) -> Malformed {
    Malformed::new(refused.code, kind, refused.seen, refused.limit)
}
