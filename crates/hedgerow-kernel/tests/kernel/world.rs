//! A small fund: three instruments in two currencies, one or two strategies, a venue that says what a test wants.
//!
//! Every step is also put on the tape, as a journal would hold it; a refused step must leave the state as it was.

use crate::people::{self, Wish, artifact};
use crate::words::{Wanted, report, told};
use hedgerow_core::{
    Bar, CancelRequest, CashKind, CashMovement, Currency, FirmLimits, FxRate, Instrument, InstrumentId, Isolation,
    JailStart, KernelStart, KillSwitch, Limits, Money, Noun, Order, OrderKind, Problem, QuoteUpdate, ReplaceRequest,
    SHORTABLE, Session, StateHash, StrategyId, StrategyStart, Symbol, TierKind, TimeInForce, VenueReport, Verdict,
    time::{DAY, FOREVER, SECOND},
};
use hedgerow_kernel::{Capacity, Effects, Input, Kernel, Replay, ReplayReport};

pub const DAY_ONE: i64 = 1_700_000_000 * SECOND;
pub const CAPACITY: Capacity =
    Capacity { strategies: 3, instruments: 4, sectors: 2, currencies: 3, orders: 24, venue: TierKind::Simulation };
/// The first strategy proposed.
pub const MOMENTUM: StrategyId = 0;
/// The second.
pub const CARRY: StrategyId = 1;

/// A record as the journal holds it: kind, id, bytes.
pub type Frame = (u16, u64, Vec<u8>);
/// What a step brought about, a line each.
pub type Told = Vec<String>;

pub struct World {
    pub kernel: Kernel,
    pub effects: Effects,
    pub tape: Vec<Frame>,
    pub ts: i64,
    pub client_id: u64,
}

impl Clone for World {
    fn clone(&self) -> World {
        World { kernel: self.kernel.clone(), effects: Effects::new(), tape: self.tape.clone(), ..*self }
    }
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// What a mandate of the tests grants.
pub fn capital_limits() -> Limits {
    Limits {
        capital: Money::units(10_000_000),
        gross: Money::units(20_000_000),
        net: Money::units(10_000_000),
        position: Money::units(5_000_000),
        sector: Money::units(10_000_000),
        order_notional: Money::units(2_000_000),
        loss: Money::units(50_000),
        drawdown: Money::units(100_000),
        var: Money::units(1_000_000),
        order_lots: 100_000,
        data_age_ns: 60 * DAY,
        collar_bps: 2_000,
        orders_per_second: 100_000,
        repeats_per_second: 100_000,
        concentration_bps: 10_000,
        margin_bps: 5_000,
        adv_share_bps: 1_000,
        spare: 0,
    }
}

/// AAA and BBB trade in dollars, CCC in euros and in steps of ten; BBB cannot be sold short.
pub fn instrument(index: InstrumentId) -> Instrument {
    let (name, money, step) =
        [("AAA", "USD", 1), ("BBB", "USD", 1), ("CCC", "EUR", 10), ("DDD", "USD", 1)][index as usize];
    Instrument {
        ts: DAY_ONE,
        tick_nano: 10_000_000,
        lot_nano: 1_000_000_000,
        tick_value: 10_000_000,
        lots_min: step,
        lots_step: step,
        adv_lots: 10_000_000,
        locate_lots: 10_000,
        sigma_nano: 20_000_000,
        currency: currency(money),
        symbol: Symbol::parse(name).unwrap(),
        instrument: index,
        sector: index % 2,
        flags: if name == "BBB" { 0 } else { SHORTABLE },
        ..Instrument::default()
    }
}

impl World {
    /// A fund with a genesis and nothing else.
    pub fn founded() -> World {
        World::founded_at(TierKind::Simulation)
    }

    fn founded_at(venue: TierKind) -> World {
        let (genesis, capacity) = (people::genesis().to_bytes(), Capacity { venue, ..CAPACITY });
        let kernel = Kernel::new(capacity, &genesis).unwrap();
        let start = bytemuck::bytes_of(&capacity.as_record()).to_vec();
        let tape = vec![(hedgerow_core::KIND_GENESIS, 1, genesis), (KernelStart::KIND, 2, start)];
        World { kernel, effects: Effects::new(), tape, ts: DAY_ONE, client_id: 0 }
    }

    /// People, instruments, prices, firm limits, an open session and money for two strategies. Nobody granted anything.
    pub fn staffed() -> World {
        World::staffed_at(TierKind::Simulation)
    }

    /// The same, at venues of this kind.
    pub fn staffed_at(venue: TierKind) -> World {
        let mut world = World::founded_at(venue);
        world.sign(people::roster());
        world.sign(people::policy());
        for index in 0..3 {
            world.take(Input::Instrument(instrument(index)));
        }
        world.take(Input::FxRate(world.rate(1_100_000_000)));
        let limits = capital_limits();
        let firm = Limits {
            gross: limits.gross + limits.gross,
            net: limits.net + limits.net,
            loss: limits.loss + limits.loss,
            drawdown: limits.drawdown + limits.drawdown,
            ..limits
        };
        world.firm(firm);
        world.take(Input::Session(Session {
            ts: world.ts,
            closes_ts: FOREVER,
            open: 1,
            new_day: 1,
            ..Session::default()
        }));
        for (strategy, code, units) in
            [(MOMENTUM, "USD", 1_000_000), (MOMENTUM, "EUR", 100_000), (CARRY, "USD", 500_000)]
        {
            world.take(Input::CashMovement(world.capital(strategy, code, units)));
        }
        for (symbol, close) in [("AAA", 10_000), ("BBB", 5_000), ("CCC", 2_000)] {
            world.bar(symbol, close);
        }
        world
    }

    /// The same, and a mandate for the momentum strategy, which runs.
    pub fn trading() -> World {
        let mut world = World::staffed();
        world.grant(&Wish::of("momentum"));
        world.start(MOMENTUM, 'A');
        world.wait(1);
        world
    }

    /// The step of one input, which must be accepted.
    pub fn take(&mut self, input: Input) -> Told {
        self.tries(input).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// The step of one input. Refused: nothing has changed, and no id was used.
    pub fn tries(&mut self, mut input: Input) -> Result<Told, Problem> {
        let before = self.kernel.to_bytes();
        if let Err(problem) = self.kernel.step(&mut input, &mut self.effects) {
            assert_eq!(self.kernel.to_bytes(), before, "{input:?} was refused ({problem}) and left a trace");
            assert!(self.effects.is_empty() && self.effects.sends.is_empty(), "{problem}");
            return Err(problem);
        }
        let (kind, id, bytes) = input.as_record();
        self.tape.push((kind, id, bytes.to_vec()));
        let frames = self.effects.records().zip(id + 1..).map(|((kind, bytes), id)| (kind, id, bytes.to_vec()));
        self.tape.extend(frames);
        Ok(told(&self.effects))
    }

    pub fn wait(&mut self, nanos: i64) {
        self.ts += nanos;
    }

    pub fn sign(&mut self, envelope: Vec<u8>) -> Told {
        self.take(Input::Signed(0, envelope))
    }

    /// Ada proposes on top of the last change, Rita and Fay approve.
    pub fn grant(&mut self, wish: &Wish) -> Told {
        let known = self.kernel.authority().strategies().iter().find(|known| known.name == wish.strategy);
        let prev = known.and_then(|strategy| strategy.last_change);
        let wish = &Wish { prev, ..*wish };
        self.sign(wish.proposal());
        self.sign(wish.approval("Rita"));
        self.sign(wish.approval("Fay"))
    }

    pub fn start(&mut self, strategy: StrategyId, letter: char) -> Told {
        let start =
            StrategyStart { ts: self.ts, artifact: artifact(letter), strategy, on: 1, ..StrategyStart::default() };
        self.take(Input::StrategyStart(start))
    }

    pub fn stop(&mut self, strategy: StrategyId) -> Told {
        self.take(Input::StrategyStart(StrategyStart { ts: self.ts, strategy, ..StrategyStart::default() }))
    }

    /// A jail told how isolated the strategy is that it holds.
    pub fn jail(&mut self, strategy: StrategyId, isolation: Isolation) -> Told {
        let (ts, isolation) = (self.ts, isolation as u8);
        self.take(Input::JailStart(JailStart { ts, strategy, isolation, ..JailStart::default() }))
    }

    pub fn firm(&mut self, limits: Limits) {
        self.take(Input::FirmLimits(FirmLimits { limits, ts: self.ts, ..FirmLimits::default() }));
    }

    pub fn kill(&mut self, strategy: StrategyId, on: u8) -> Told {
        self.take(Input::KillSwitch(KillSwitch { ts: self.ts, strategy, on, ..KillSwitch::default() }))
    }

    pub fn rate(&self, rate_nano: i64) -> FxRate {
        let (base, quote) = (currency("EUR"), currency("USD"));
        FxRate { ts_event: self.ts, ts_init: self.ts, base, quote, rate_nano, ..FxRate::default() }
    }

    pub fn capital(&self, strategy: StrategyId, code: &str, units: i64) -> CashMovement {
        let (amount, kind) = (Money::units(units), CashKind::Capital as u8);
        CashMovement { amount, ts: self.ts, currency: currency(code), strategy, kind, ..CashMovement::default() }
    }

    pub fn index(&self, symbol: &str) -> InstrumentId {
        ["AAA", "BBB", "CCC", "DDD"].iter().position(|name| *name == symbol).unwrap() as u32
    }

    pub fn flat_bar(&self, symbol: &str, close: i64) -> Bar {
        Bar {
            ts_event: self.ts,
            ts_init: self.ts,
            open_ticks: close,
            high_ticks: close,
            low_ticks: close,
            close_ticks: close,
            volume_lots: 1_000,
            instrument: self.index(symbol),
            ..Bar::default()
        }
    }

    pub fn bar(&mut self, symbol: &str, close: i64) -> Told {
        self.take(Input::Bar(self.flat_bar(symbol, close)))
    }

    /// `buy 10 AAA`, `sell 5 AAA @ 9900`: the next order of a strategy, not sent yet.
    pub fn written(&mut self, strategy: StrategyId, text: &str) -> Order {
        self.client_id += 1;
        let wanted = Wanted::parse(text);
        let kind = if wanted.limit_ticks == 0 { OrderKind::Market } else { OrderKind::Limit };
        Order {
            ts: self.ts,
            client_id: self.client_id,
            lots: wanted.lots,
            limit_ticks: wanted.limit_ticks,
            instrument: self.index(wanted.symbol),
            strategy,
            side: wanted.side as u8,
            kind: kind as u8,
            tif: TimeInForce::Gtc as u8,
            ..Order::default()
        }
    }

    /// The momentum strategy asks to trade.
    pub fn asks(&mut self, text: &str) -> Told {
        let order = self.written(MOMENTUM, text);
        self.take(Input::Order(order))
    }

    /// The same; the order must be approved, and is given back with its id and slot.
    pub fn sends(&mut self, text: &str) -> Order {
        let told = self.asks(text);
        assert_eq!(told, ["approved", "New -> PendingNew"], "{text}");
        self.last_order()
    }

    pub fn last_order(&self) -> Order {
        let frame = self.tape.iter().rev().find(|(kind, ..)| *kind == Order::KIND).expect("an order was sent");
        bytemuck::pod_read_unaligned(&frame.2)
    }

    pub fn last_verdict(&self) -> Verdict {
        let frame = self.tape.iter().rev().find(|(kind, ..)| *kind == Verdict::KIND).expect("the gate was asked");
        bytemuck::pod_read_unaligned(&frame.2)
    }

    /// An order that the venue has accepted.
    pub fn works(&mut self, text: &str) -> Order {
        let order = self.sends(text);
        assert_eq!(self.says(&order, "Accepted"), ["PendingNew -> Live"]);
        order
    }

    /// An order that was filled at once, at a price.
    pub fn trades(&mut self, text: &str, price_ticks: i64) -> Order {
        let order = self.sends(text);
        self.says(&order, &format!("Filled {} @ {price_ticks}", order.lots));
        order
    }

    /// `Accepted`, `Filled 4 @ 9990`, `Filled 4 @ 9990 as 2`, `Replaced 6 @ 0`: what the venue would report of an order.
    pub fn reported(&self, order: &Order, text: &str) -> VenueReport {
        let (kind, lots, price_ticks, execution) = report(text);
        VenueReport {
            fee: Money::ZERO,
            ts_event: self.ts,
            ts_init: self.ts,
            order_id: order.id,
            price_ticks,
            lots,
            reference_ticks: price_ticks,
            instrument: order.instrument,
            slot: order.slot,
            kind: kind as u8,
            liquidity: 1,
            execution,
            ..VenueReport::default()
        }
    }

    pub fn says(&mut self, order: &Order, text: &str) -> Told {
        let report = self.reported(order, text);
        self.take(Input::VenueReport(report))
    }

    pub fn cancel(&self, order: &Order) -> CancelRequest {
        let Order { id: order_id, slot, strategy, .. } = *order;
        CancelRequest { ts: self.ts, order_id, slot, strategy, ..CancelRequest::default() }
    }

    pub fn cancels(&mut self, order: &Order) -> Told {
        self.take(Input::CancelRequest(self.cancel(order)))
    }

    pub fn replace(&mut self, order: &Order, lots: i64, limit_ticks: i64) -> ReplaceRequest {
        self.client_id += 1;
        let Order { id: order_id, slot, strategy, .. } = *order;
        let (ts, client_id) = (self.ts, self.client_id);
        ReplaceRequest { ts, order_id, client_id, lots, limit_ticks, slot, strategy, ..ReplaceRequest::default() }
    }

    pub fn replaces(&mut self, order: &Order, lots: i64, limit_ticks: i64) -> Told {
        let request = self.replace(order, lots, limit_ticks);
        self.take(Input::ReplaceRequest(request))
    }

    /// The next quote of the momentum strategy in AAA: price and lots of either side, zeros for none.
    pub fn quote(&mut self, bid: (i64, i64), ask: (i64, i64)) -> QuoteUpdate {
        self.client_id += 2;
        QuoteUpdate {
            ts: self.ts,
            client_id: self.client_id - 1,
            bid_ticks: bid.0,
            bid_lots: bid.1,
            ask_ticks: ask.0,
            ask_lots: ask.1,
            strategy: MOMENTUM,
            ..QuoteUpdate::default()
        }
    }

    pub fn quotes(&mut self, bid: (i64, i64), ask: (i64, i64)) -> Told {
        let update = self.quote(bid, ask);
        self.take(Input::QuoteUpdate(update))
    }

    /// `AAA 10 +5 -0`: position, reserved to buy, reserved to sell, of the momentum strategy.
    pub fn held(&self, symbol: &str) -> String {
        let holding = self.kernel.gate().holding(MOMENTUM, self.index(symbol));
        format!("{symbol} {} +{} -{}", holding.position, holding.open_buy, holding.open_sell)
    }

    /// Puts the hash of the state on the tape.
    pub fn seal(&mut self) {
        self.take(Input::StateHash(StateHash { ts: self.ts, ..StateHash::default() }));
    }

    /// Replays a tape from its first record.
    pub fn replay(tape: &[Frame]) -> Result<(Kernel, ReplayReport), Problem> {
        let mut replay = Replay::new();
        for (kind, id, bytes) in tape {
            replay.push(*kind, *id, bytes)?;
        }
        replay.finish()
    }
}
