//! A venue with one instrument, and a gate that lets everything through.

use hedgerow_core::time::FOREVER;
use hedgerow_core::{
    BookLevel, BookOrder, CancelRequest, Currency, FullOrder, Instrument, LAST_OF_UPDATE, LevelAction, Limits,
    MONEY_UNIT, Mandate, MarketPhase, Order, OrderAction, OrderKind, OrderTerms, Peg, Phase, ReplaceRequest,
    ReportKind, Session, Side, Symbol, TimeInForce, Trade, TradeKind, VenueReport, WITH_TERMS,
};
use hedgerow_risk::{Gate, GateConfig};
use hedgerow_sim::replay::{BookConfig, BookVenue, Depth};

pub struct World {
    gate: Gate,
    pub venue: BookVenue,
    pub ts: i64,
    next_id: u64,
}

/// A report as a line: order, what, price, lots.
pub type Line = (u64, ReportKind, i64, i64);

pub fn instrument() -> Instrument {
    Instrument {
        tick_nano: 10_000_000,
        lot_nano: MONEY_UNIT as i64,
        tick_value: 10_000_000,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1_000_000,
        sigma_nano: 20_000_000,
        flags: 1,
        locate_lots: 1 << 60,
        currency: Currency::parse("USD").unwrap(),
        symbol: Symbol::parse("XYZ").unwrap(),
        ..Instrument::default()
    }
}

impl World {
    pub fn new(config: BookConfig, depth: Depth) -> World {
        let mut gate = Gate::new(GateConfig::new(1, 1, 1, Currency::parse("USD").unwrap()));
        gate.define(&instrument()).unwrap();
        gate.observe(0, 100, 1).unwrap();
        gate.session(&Session { ts: 1, closes_ts: FOREVER, open: 1, ..Session::default() });
        gate.register(0).unwrap();
        gate.set_firm(&Limits::UNLIMITED);
        gate.grant(&Mandate { limits: Limits::UNLIMITED, expires_ts: FOREVER, ..Mandate::default() }, &[0]).unwrap();
        let mut venue = BookVenue::new(config).unwrap();
        venue.define(&instrument(), depth).unwrap();
        World { gate, venue, ts: 10, next_id: 0 }
    }

    /// Sends an order at the present time; the number is its slot as well.
    pub fn send(&mut self, side: Side, limit: i64, lots: i64, tif: TimeInForce) -> u64 {
        self.send_showing(side, limit, (lots, 0), tif)
    }

    /// The same, of which the book shows so many lots at a time (0 = all).
    fn send_showing(&mut self, side: Side, limit: i64, (lots, display_lots): (i64, i64), tif: TimeInForce) -> u64 {
        self.next_id += 1;
        let order = Order {
            id: self.next_id,
            slot: self.next_id as u32,
            ts: self.ts,
            client_id: self.next_id,
            lots,
            limit_ticks: limit,
            side: side as u8,
            kind: if limit > 0 { OrderKind::Limit } else { OrderKind::Market } as u8,
            tif: tif as u8,
            flags: if display_lots > 0 { WITH_TERMS } else { 0 },
            ..Order::default()
        };
        if display_lots > 0 {
            let terms = OrderTerms { id: self.next_id, display_lots, ..OrderTerms::default() };
            let (verdict, approved) = self.gate.check_full(&FullOrder { order, terms }, self.ts);
            self.venue.submit_full(approved.unwrap_or_else(|| panic!("{verdict:?}")), self.ts);
        } else {
            let (verdict, approved) = self.gate.check_new(&order, self.ts);
            self.venue.submit(approved.unwrap_or_else(|| panic!("{verdict:?}")), self.ts);
        }
        // The gate's books are not what is tried here.
        self.gate.release(&order);
        self.next_id
    }

    /// As `send`, with no time under way: what the venue answers at once.
    pub fn order(&mut self, side: Side, limit: i64, lots: i64, tif: TimeInForce) -> Vec<Line> {
        self.send(side, limit, lots, tif);
        self.venue.arrive();
        self.heard()
    }

    /// A pegged order, and what the venue answers at once.
    pub fn peg(&mut self, side: Side, cap: i64, lots: i64, peg: Peg, offset_ticks: i64) -> Vec<Line> {
        self.next_id += 1;
        let order = Order {
            id: self.next_id,
            slot: self.next_id as u32,
            ts: self.ts,
            client_id: self.next_id,
            lots,
            limit_ticks: cap,
            side: side as u8,
            kind: OrderKind::Pegged as u8,
            tif: TimeInForce::Gtc as u8,
            flags: WITH_TERMS,
            ..Order::default()
        };
        let terms = OrderTerms { id: self.next_id, peg: peg as u8, offset_ticks, ..OrderTerms::default() };
        let (verdict, approved) = self.gate.check_full(&FullOrder { order, terms }, self.ts);
        self.venue.submit_full(approved.unwrap_or_else(|| panic!("{verdict:?}")), self.ts);
        self.gate.release(&order);
        self.venue.arrive();
        self.heard()
    }

    /// As `order`, of which the book shows so many lots at a time.
    pub fn iceberg(&mut self, side: Side, limit: i64, lots: i64, show: i64) -> Vec<Line> {
        self.send_showing(side, limit, (lots, show), TimeInForce::Gtc);
        self.venue.arrive();
        self.heard()
    }

    /// Sends a cancel at a time.
    pub fn cancel_later(&mut self, id: u64, ts: i64) {
        let request = CancelRequest { order_id: id, slot: id as u32, ts, ..CancelRequest::default() };
        let order = Order { id, slot: id as u32, ..Order::default() };
        let (_, approved) = self.gate.check_cancel(&request, &order, ts);
        self.venue.cancel(approved, ts);
    }

    pub fn cancel(&mut self, id: u64) -> Vec<Line> {
        self.cancel_later(id, self.ts);
        self.venue.arrive();
        self.heard()
    }

    pub fn replace(&mut self, id: u64, side: Side, limit: i64, lots: i64, tif: TimeInForce) -> Vec<Line> {
        self.next_id += 1;
        let order = Order {
            id,
            slot: id as u32,
            ts: self.ts,
            client_id: self.next_id,
            lots,
            limit_ticks: limit,
            side: side as u8,
            kind: OrderKind::Limit as u8,
            tif: tif as u8,
            ..Order::default()
        };
        // The gate knows a working order to change: it is let through once more for that.
        let (verdict, approved) = self.gate.check_new(&order, self.ts);
        assert!(approved.is_some(), "{verdict:?}");
        let request = ReplaceRequest {
            order_id: id,
            slot: id as u32,
            ts: self.ts,
            client_id: self.next_id + 1,
            lots,
            limit_ticks: limit,
            ..ReplaceRequest::default()
        };
        self.next_id += 1;
        let (verdict, approved) = self.gate.check_replace(&order, 0, &request, self.ts);
        self.venue.replace(approved.unwrap_or_else(|| panic!("{verdict:?}")), self.ts);
        self.gate.release(&order);
        self.venue.arrive();
        self.heard()
    }

    /// Everything said until now, whenever it is to arrive.
    pub fn reports(&mut self) -> Vec<VenueReport> {
        std::iter::from_fn(|| self.venue.report()).collect()
    }

    pub fn heard(&mut self) -> Vec<Line> {
        self.reports()
            .iter()
            .map(|r| (r.order_id, ReportKind::from_u8(r.kind).unwrap(), r.price_ticks, r.lots))
            .collect()
    }

    pub fn tick(&mut self) -> i64 {
        self.ts += 1;
        self.ts
    }

    /// An update of levels: side, price, lots.
    pub fn set(&mut self, levels: &[(Side, i32, i64)]) -> Vec<Line> {
        self.change(levels, LevelAction::Set)
    }

    /// A gap: the book says nothing any more.
    pub fn clear(&mut self) -> Vec<Line> {
        let ts = self.tick();
        let action = LevelAction::Clear as u8 | LAST_OF_UPDATE;
        self.venue.levels(&[BookLevel { ts_event: ts, ts_init: ts, action, ..BookLevel::default() }], ts).unwrap();
        self.heard()
    }

    /// A quote.
    pub fn top(&mut self, bid: (i32, i64), ask: (i32, i64)) -> Vec<Line> {
        self.change(&[(Side::Buy, bid.0, bid.1), (Side::Sell, ask.0, ask.1)], LevelAction::Top)
    }

    fn change(&mut self, levels: &[(Side, i32, i64)], action: LevelAction) -> Vec<Line> {
        let ts = self.tick();
        let row = |(side, price_ticks, lots): &(Side, i32, i64)| BookLevel {
            ts_event: ts,
            ts_init: ts,
            lots: *lots,
            price_ticks: *price_ticks,
            side: *side as u8,
            action: action as u8,
            ..BookLevel::default()
        };
        let mut rows: Vec<BookLevel> = levels.iter().map(row).collect();
        rows.last_mut().unwrap().action |= LAST_OF_UPDATE;
        self.venue.levels(&rows, ts).unwrap();
        self.heard()
    }

    pub fn event(&mut self, action: OrderAction, id: u64, side: Side, price_ticks: i32, lots: u32) -> Vec<Line> {
        let ts = self.tick();
        let action = action as u8 | LAST_OF_UPDATE;
        let side = side as u8;
        let event = BookOrder { ts_event: ts, order_id: id, price_ticks, lots, side, action, ..BookOrder::default() };
        self.venue.orders(&[event], ts).unwrap();
        self.heard()
    }

    /// An image of all orders in one update.
    pub fn image(&mut self, orders: &[(u64, Side, i32, u32)]) -> Vec<Line> {
        let ts_event = self.tick();
        let clear = BookOrder { ts_event, action: OrderAction::Clear as u8, ..BookOrder::default() };
        let added = orders.iter().map(|(order_id, side, price_ticks, lots)| BookOrder {
            ts_event,
            order_id: *order_id,
            price_ticks: *price_ticks,
            lots: *lots,
            side: *side as u8,
            action: OrderAction::Add as u8,
            ..BookOrder::default()
        });
        let mut rows: Vec<BookOrder> = std::iter::once(clear).chain(added).collect();
        rows.last_mut().unwrap().action |= LAST_OF_UPDATE;
        self.venue.orders(&rows, ts_event).unwrap();
        self.heard()
    }

    pub fn trade(&mut self, aggressor: Option<Side>, price_ticks: i32, lots: i64) -> Vec<Line> {
        self.print(TradeKind::Continuous, aggressor, price_ticks, lots)
    }

    /// The venue enters a phase.
    pub fn phase(&mut self, phase: Phase) -> Vec<Line> {
        let ts = self.tick();
        let told = MarketPhase { ts_event: ts, ts_init: ts, phase: phase as u8, ..MarketPhase::default() };
        self.venue.phase(&told, ts).unwrap();
        self.heard()
    }

    /// A trade of any kind.
    pub fn print(&mut self, kind: TradeKind, aggressor: Option<Side>, price_ticks: i32, lots: i64) -> Vec<Line> {
        let ts = self.tick();
        let aggressor = aggressor.map_or(0, |side| side as u8);
        let kind = kind as u8;
        let trade = Trade { ts_event: ts, ts_init: ts, lots, price_ticks, aggressor, kind, ..Trade::default() };
        self.venue.trade(&trade, ts).unwrap();
        self.heard()
    }
}

/// The fills among lines.
pub fn fills(lines: &[Line]) -> Vec<(u64, i64, i64)> {
    lines.iter().filter(|l| l.1 == ReportKind::Filled).map(|l| (l.0, l.2, l.3)).collect()
}
