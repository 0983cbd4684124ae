//! The gate and its obvious twin, led through the same random days: equal verdicts, exact sums, no limit ever exceeded.

mod desk;
mod obvious;

use desk::*;
use hedgerow_core::time::SECOND;
use hedgerow_core::{
    FullOrder, FullReplace, HALTED, Instrument, KillSwitch, Limits, Mandate, Money, Order, OrderKind, OrderTerms,
    RESTRICTED, ReplaceRequest, SHORTABLE, Side, TimeInForce, WITH_TERMS, code,
};
use hedgerow_risk::rules::bit;
use hedgerow_risk::{Approved, Gate};
use obvious::{Book, Live, Obvious};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    New { strategy: u16, instrument: u32, sell: bool, market: bool, lots: i64, limit: i64, rising: bool, said: Said },
    Replace { pick: usize, lots: i64, limit: i64, rising: bool, asked: (i64, u8, i64) },
    Fill { pick: usize, share: i64 },
    Release { pick: usize },
    Answer { pick: usize, taken: bool },
    Price { instrument: u32, ticks: i64 },
    Rate { nano: i64 },
    Equity { strategy: u16, units: i64 },
    Kill { strategy: u16, on: bool },
    Grant { strategy: u16, tight: bool, universe: u32 },
    Revoke { strategy: u16 },
    Flags { instrument: u32, flags: u32 },
    Session { open: bool, new_day: bool },
    Wait { ns: i64 },
}

/// What a random order says beyond side, size and limit.
#[derive(Clone, Debug)]
struct Said {
    tif: TimeInForce,
    display: i64,
    pegged: bool,
    peg: u8,
    offset: i64,
}

impl Said {
    /// An order that says it, with a peg, at the market or with its limit.
    fn order(&self, plain: &Order, market: bool) -> FullOrder {
        let kind = match (self.pegged, market) {
            (true, _) => OrderKind::Pegged,
            (false, true) => OrderKind::Market,
            (false, false) => OrderKind::Limit,
        };
        let (display_lots, peg, offset_ticks) = (self.display, self.peg, self.offset);
        let terms = OrderTerms { display_lots, peg, offset_ticks, ..OrderTerms::default() };
        let has_terms = terms != OrderTerms::default();
        let flags = if has_terms { WITH_TERMS } else { 0 };
        let order = Order { kind: kind as u8, tif: self.tif as u8, flags, ..*plain };
        FullOrder { order, terms: OrderTerms { id: if has_terms { plain.id } else { 0 }, ..terms } }
    }
}

/// Limits that random orders reach often.
fn tight() -> Limits {
    Limits {
        capital: Money::units(21_500),
        gross: Money::units(24_000),
        net: Money::units(20_000),
        position: Money::units(12_000),
        sector: Money::units(20_000),
        order_notional: Money::units(9_000),
        loss: Money::units(2_000),
        drawdown: Money::units(3_000),
        var: Money::units(1_000),
        order_lots: 85,
        data_age_ns: 3 * SECOND,
        collar_bps: 300,
        orders_per_second: 4,
        repeats_per_second: 2,
        concentration_bps: 5_500,
        margin_bps: 9_000,
        adv_share_bps: 1,
        spare: 0,
    }
}

fn firm() -> Limits {
    Limits {
        capital: Money::units(40_000),
        gross: Money::units(40_000),
        position: Money::units(18_000),
        order_lots: 80,
        collar_bps: 400,
        orders_per_second: 6,
        ..tight()
    }
}

const ABSURD: [i64; 7] = [0, -1, i64::MIN, i64::MAX, 1 << 44, (1 << 44) + 1, 1 << 61];

fn lots() -> impl Strategy<Value = i64> {
    prop_oneof![40 => prop::sample::select(vec![1_i64, 5, 20, 40, 80, 90]), 1 => prop::sample::select(ABSURD.to_vec())]
}

fn limit() -> impl Strategy<Value = i64> {
    let near = prop::sample::select(vec![9_500_i64, 9_850, 9_950, 10_000, 10_050, 10_150, 10_500]);
    prop_oneof![40 => near, 1 => prop::sample::select(ABSURD.to_vec())]
}

fn said() -> impl Strategy<Value = Said> {
    use TimeInForce::{Cls, Day, Fok, Gtc, Gtx, Ioc, Opg};
    let tif = prop_oneof![20 => Just(Day), 2 => prop::sample::select(vec![Gtc, Ioc, Fok, Gtx, Opg, Cls])];
    let display = prop_oneof![
        12 => Just(0), 6 => prop::sample::select(vec![1_i64, 5, 20, 40]), 1 => prop::sample::select(ABSURD.to_vec())
    ];
    let peg = prop_oneof![
        12 => Just((false, 0, 0)),
        6 => (1..=3_u8, -3..=3_i64).prop_map(|(peg, offset)| (true, peg, offset)),
        1 => (any::<bool>(), 0..=4_u8, -1..=1_i64),
    ];
    (tif, display, peg).prop_map(|(tif, display, (pegged, peg, offset))| Said { tif, display, pegged, peg, offset })
}

/// What a replace asks to show, and to be added to what the order follows.
fn asked() -> impl Strategy<Value = (i64, u8, i64)> {
    let nothing = Just((0, 0, 0));
    let shown = prop::sample::select(vec![1_i64, 5, 20, 40, -1]).prop_map(|display| (display, 0, 0));
    prop_oneof![4 => nothing, 2 => shown, 2 => (Just(0), 0..=3_u8, -2..=2_i64)]
}

fn step() -> impl Strategy<Value = Step> {
    let (strategy, instrument) = (0..STRATEGIES, 0..INSTRUMENTS);
    let order = (
        strategy.clone(),
        instrument.clone(),
        any::<bool>(),
        prop::bool::weighted(0.1),
        lots(),
        limit(),
        prop::bool::weighted(0.995),
        said(),
    );
    let odd = prop_oneof![Just(SHORTABLE), Just(0), Just(HALTED), Just(RESTRICTED | SHORTABLE)];
    prop_oneof![
        40 => order.prop_map(|(strategy, instrument, sell, market, lots, limit, rising, said)| {
            let limit = if market && !said.pegged && limit > 0 { 0 } else { limit };
            Step::New { strategy, instrument, sell, market, lots, limit, rising, said }
        }),
        6 => (any::<usize>(), lots(), limit(), prop::bool::weighted(0.995), asked())
            .prop_map(|(pick, lots, limit, rising, asked)| Step::Replace { pick, lots, limit, rising, asked }),
        16 => (any::<usize>(), 1..=100_i64).prop_map(|(pick, share)| Step::Fill { pick, share }),
        6 => any::<usize>().prop_map(|pick| Step::Release { pick }),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(pick, taken)| Step::Answer { pick, taken }),
        10 => (instrument.clone(), 9_700..10_300_i64).prop_map(|(instrument, ticks)| Step::Price { instrument, ticks }),
        1 => (700_000_000..1_200_000_000_i64).prop_map(|nano| Step::Rate { nano }),
        1 => (strategy.clone(), 97_500..102_000_i64).prop_map(|(strategy, units)| Step::Equity { strategy, units }),
        1 => (prop_oneof![strategy.clone(), Just(u16::MAX)], prop::bool::weighted(0.3)).prop_map(|(strategy, on)| Step::Kill { strategy, on }),
        1 => (strategy.clone(), prop::bool::weighted(0.8), 0..16_u32)
            .prop_map(|(strategy, tight, universe)| Step::Grant { strategy, tight, universe: universe | 7 }),
        1 => strategy.prop_map(|strategy| Step::Revoke { strategy }),
        1 => (instrument, prop_oneof![4 => Just(SHORTABLE), 1 => odd]).prop_map(|(instrument, flags)| Step::Flags { instrument, flags }),
        1 => (prop::bool::weighted(0.9), any::<bool>()).prop_map(|(open, new_day)| Step::Session { open, new_day }),
        20 => prop_oneof![Just(0), Just(1), Just(SECOND / 3), Just(SECOND)].prop_map(|ns| Step::Wait { ns }),
    ]
}

/// A share; what trades of the third is a multiple of five.
fn listing(instrument: u32) -> Instrument {
    Instrument { lots_step: if instrument == 2 { 5 } else { 1 }, ..share(instrument) }
}

/// The gate and its twin side by side.
struct Pair {
    gate: Gate,
    twin: Obvious,
    now: i64,
    next_id: u64,
    client_id: u64,
}

impl Pair {
    fn new() -> Pair {
        let mut gate = desk_with(tight());
        gate.set_firm(&firm());
        UNIVERSE.iter().for_each(|i| gate.define(&listing(*i)).unwrap());
        let book = |limits, expires_ts| Book {
            limits,
            granted: true,
            expires_ts,
            universe: UNIVERSE.into(),
            ..Book::default()
        };
        let twin = Obvious {
            base: currency("USD"),
            books: vec![
                Book { mandate: 1, ..book(tight(), CLOSE) },
                Book { mandate: 2, ..book(tight(), CLOSE) },
                book(firm(), i64::MAX),
            ],
            instruments: UNIVERSE.map(|i| (i, listing(i))).into(),
            rates: [(currency("EUR"), EUR_RATE)].into(),
            marks: UNIVERSE.map(|i| (i, (10_000, OPEN))).into(),
            positions: [].into(),
            live: vec![],
            room: 4,
            session: (true, CLOSE),
            latest: OPEN,
            likes: vec![],
        };
        Pair { gate, twin, now: OPEN, next_id: 1, client_id: 0 }
    }

    fn ids(&mut self, rising: bool) -> (u64, u64) {
        self.next_id += 1;
        self.client_id += u64::from(rising);
        (self.next_id, self.client_id)
    }

    fn pick(&self, pick: usize) -> Option<(usize, Live)> {
        let at = pick.checked_rem(self.twin.live.len())?;
        Some((at, self.twin.live[at].clone()))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::New { strategy, instrument, sell, market, lots, limit, rising, said } => {
                let (id, client_id) = self.ids(rising);
                let side = if sell { Side::Sell } else { Side::Buy };
                let plain = Order { strategy, instrument, client_id, ts: self.now, ..order(id, side, lots) };
                self.new_order(&said.order(&Order { limit_ticks: limit, ..plain }, market));
            }
            Step::Replace { pick, lots, limit, rising, asked: (display_lots, peg, offset_ticks) } => {
                let Some((_, live)) = self.pick(pick) else { return };
                let (id, client_id) = self.ids(rising);
                let filled = live.order.lots - live.open;
                let terms = OrderTerms { display_lots, peg, offset_ticks, ..OrderTerms::default() };
                let request = ReplaceRequest {
                    id,
                    client_id,
                    order_id: live.order.id,
                    strategy: live.order.strategy,
                    ts: self.now,
                    lots,
                    limit_ticks: limit,
                    flags: if terms == OrderTerms::default() { 0 } else { WITH_TERMS },
                    ..ReplaceRequest::default()
                };
                let change = FullReplace { request, terms };
                let expected = self.twin.check_replace(&live.full(), filled, &change, self.now);
                let (verdict, approved) = self.gate.check_full_replace(&live.full(), filled, &change, self.now);
                assert_eq!(verdict, expected);
                assert_eq!(approved.is_some(), verdict.failed == 0);
                self.limits_hold(&verdict);
            }
            Step::Fill { pick, share } => {
                let Some((at, live)) = self.pick(pick) else { return };
                let lots = (live.reserved() * share / 100).max(1);
                self.gate.fill(&live.order, lots).unwrap();
                self.twin.fill(at, lots);
            }
            Step::Release { pick } => {
                let Some((at, live)) = self.pick(pick) else { return };
                assert_eq!(self.gate.release(&live.order), live.reserved());
                self.twin.live.remove(at);
            }
            Step::Answer { pick, taken } => {
                let Some((at, live)) = self.pick(pick) else { return };
                let answer =
                    if taken { self.gate.replaced(&live.order) } else { self.gate.replace_rejected(&live.order) };
                assert_eq!(answer.is_ok(), live.next.is_some());
                if live.next.is_some() {
                    // Total size follows the venue's terms, so that filled = total - open stays true.
                    let filled = live.order.lots - live.open;
                    self.twin.answered(at, taken);
                    if let Some(now) = self.twin.live.get_mut(at).filter(|now| now.order.id == live.order.id) {
                        now.order.lots = now.open + filled;
                    }
                }
            }
            other => self.fact(other),
        }
    }

    fn new_order(&mut self, full: &FullOrder) {
        let FullOrder { order, .. } = full;
        let before = self.sums(order);
        let expected = self.twin.check_new(full, self.now);
        let (verdict, approved) = if order.flags == 0 {
            let (verdict, approved) = self.gate.check_new(order, self.now);
            (verdict, approved.map(|order| FullOrder { order: order.into_inner(), ..FullOrder::default() }))
        } else {
            let (verdict, approved) = self.gate.check_full(full, self.now);
            (verdict, approved.map(Approved::into_inner))
        };
        assert_eq!(verdict, expected, "{full:?}");
        assert_eq!(approved, (verdict.failed == 0).then_some(*full));
        if verdict.failed != 0 {
            assert_eq!(self.sums(order), before, "a denied order changes no sum");
        }
        self.limits_hold(&verdict);
    }

    fn sums(&self, order: &Order) -> impl PartialEq + std::fmt::Debug + use<> {
        let exposures = [Some(0), Some(1), None].map(|strategy| self.gate.exposure(strategy));
        (exposures, self.gate.holding(order.strategy, order.instrument))
    }

    /// After an approved order that does not reduce risk, no sum is beyond its limit on any level.
    fn limits_hold(&self, verdict: &hedgerow_core::Verdict) {
        if verdict.failed != 0 || verdict.reducing == 1 {
            return;
        }
        let killed = self.twin.books[usize::from(verdict.strategy)].killed || self.twin.books[2].killed;
        assert!(!killed, "a killed system emits only cancels and reductions");
        for strategy in [Some(verdict.strategy), None] {
            let (limits, exposure) = (self.gate.limits(strategy), self.gate.exposure(strategy));
            assert!(exposure.gross <= limits.gross && exposure.var <= limits.var);
            assert!(exposure.gross.bps(i64::from(limits.margin_bps)) <= exposure.buying_power);
            let live = self.twin.live.iter().rfind(|live| live.order.id == verdict.order_id).unwrap();
            let directed =
                if live.order.side == Side::Buy as u8 { exposure.net_after_buys } else { -exposure.net_after_sells };
            assert!(directed <= limits.net);
        }
    }

    fn fact(&mut self, step: Step) {
        let (gate, twin) = (&mut self.gate, &mut self.twin);
        match step {
            Step::Price { instrument, ticks } => {
                gate.observe(instrument, ticks, self.now).unwrap();
                twin.marks.insert(instrument, (ticks, self.now));
                twin.latest = twin.latest.max(self.now);
            }
            Step::Rate { nano } => {
                gate.set_rate(currency("EUR"), nano).unwrap();
                twin.rates.insert(currency("EUR"), nano);
            }
            Step::Equity { strategy, units } => {
                gate.equity(strategy, Money::units(units)).unwrap();
                twin.equity(strategy, Money::units(units).0);
            }
            Step::Kill { strategy, on } => {
                gate.kill(&KillSwitch { strategy, on: u8::from(on), ..KillSwitch::default() }).unwrap();
                let book = if strategy == u16::MAX { 2 } else { usize::from(strategy) };
                twin.books[book].killed = on;
            }
            Step::Grant { strategy, tight: narrow, universe } => {
                let limits = if narrow { tight() } else { Limits { repeats_per_second: 2, ..wide() } };
                let universe: Vec<u32> = UNIVERSE.into_iter().filter(|i| universe & (1 << i) != 0).collect();
                let index = twin.books.iter().map(|book| book.mandate).max().unwrap_or_default() + 1;
                gate.grant(&Mandate { index, ..mandate(strategy, limits) }, &universe).unwrap();
                twin.grant(usize::from(strategy), limits, CLOSE);
                twin.books[usize::from(strategy)].mandate = index;
                twin.books[usize::from(strategy)].universe = universe.into_iter().collect();
            }
            Step::Revoke { strategy } => {
                gate.revoke(strategy).unwrap();
                twin.books[usize::from(strategy)].revoked = true;
            }
            Step::Flags { instrument, flags } => {
                let terms = Instrument { flags, ..listing(instrument) };
                gate.define(&terms).unwrap();
                twin.instruments.insert(instrument, terms);
            }
            Step::Session { open, new_day } => {
                let record = hedgerow_core::Session { new_day: u8::from(new_day), ..session(open, self.now) };
                gate.session(&record);
                (twin.session, twin.latest) = ((open, CLOSE), twin.latest.max(self.now));
                if new_day {
                    twin.new_day();
                }
            }
            Step::Wait { ns } => self.now += ns,
            _ => unreachable!("orders are stepped elsewhere"),
        }
    }

    /// Every sum that the gate keeps is the one that the twin counts.
    fn agree(&self) {
        self.gate.recount().unwrap();
        for strategy in 0..STRATEGIES {
            assert_eq!(self.gate.exposure(Some(strategy)).gross.0, self.twin.gross(usize::from(strategy)));
            for instrument in UNIVERSE {
                let holding = self.gate.holding(strategy, instrument);
                assert_eq!(holding.position, self.twin.position(strategy, instrument));
                assert_eq!(holding.open_buy, self.twin.open(strategy, instrument, Side::Buy));
                assert_eq!(holding.open_sell, self.twin.open(strategy, instrument, Side::Sell));
            }
        }
        assert_eq!(self.gate.exposure(None).gross.0, self.twin.gross(2));
    }

    /// Fills or releases everything that still works.
    fn finish(&mut self) {
        while let Some(live) = self.twin.live.first().cloned() {
            if live.order.id % 2 == 0 {
                self.gate.fill(&live.order, live.reserved()).unwrap();
                self.twin.fill(0, live.reserved());
            } else {
                self.gate.release(&live.order);
                self.twin.live.remove(0);
            }
        }
        let mut gross = 0;
        for strategy in 0..STRATEGIES {
            for instrument in UNIVERSE {
                let holding = self.gate.holding(strategy, instrument);
                assert_eq!((holding.open_buy, holding.open_sell), (0, 0), "nothing stays reserved");
                gross += i128::from(holding.position.abs()) * self.twin.value(instrument);
            }
        }
        assert_eq!(self.gate.exposure(None).gross.0, gross, "gross is the sum of |position * mark|");
        self.agree();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_decides_as_its_obvious_twin_does(steps in prop::collection::vec(step(), 1..120)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.step(step);
            pair.agree();
        }
        pair.finish();
    }

    #[test]
    fn absurd_numbers_are_denied_with_a_code_and_never_panic(
        numbers in prop::collection::vec(prop_oneof![any::<i64>(), prop::sample::select(ABSURD.to_vec()), Just(10_000)], 8),
        bytes in any::<[u8; 6]>(), strategy in 0..4_u16, instrument in prop_oneof![0..6_u32, any::<u32>()],
    ) {
        let mut gate = desk();
        hold(&mut gate, &order(1, Side::Buy, 10));
        let working = pass(&mut gate, &order(2, Side::Sell, 5));
        let _ = gate.equity(strategy, Money(i128::from(numbers[0]) << 60));
        let _ = gate.flow(strategy, Money(i128::from(numbers[1]) << 63));
        let _ = gate.equity(0, Money(i128::MIN + i128::from(bytes[5])));
        let _ = gate.set_rate(currency("EUR"), numbers[2]);
        let _ = gate.observe(instrument, numbers[3], OPEN.saturating_add(numbers[4].max(0)));
        let _ = gate.define(&Instrument { sigma_nano: numbers[5], adv_lots: numbers[6], instrument, tick_value: numbers[7], ..share(0) });
        let wild = Order {
            id: 3, ts: numbers[0], client_id: numbers[1] as u64, lots: numbers[2], limit_ticks: numbers[3], instrument, strategy,
            side: bytes[0] % 4, kind: bytes[1] % 4, tif: bytes[2] % 7, ..Order::default()
        };
        for now in [numbers[4], OPEN, i64::MAX] {
            let (verdict, approved) = gate.check_new(&wild, now);
            prop_assert_eq!(approved.is_none(), verdict.failed != 0);
            prop_assert_eq!(verdict.code == 0, verdict.failed == 0);
            let request = ReplaceRequest { order_id: 2, lots: numbers[5], limit_ticks: numbers[6], ts: now, client_id: u64::MAX, ..ReplaceRequest::default() };
            let (verdict, approved) = gate.check_replace(&working, numbers[7], &request, now);
            prop_assert_eq!(approved.is_none(), verdict.failed != 0);
        }
        let beyond = Order { lots: (1 << 44) + 1, ..order(9, Side::Buy, 1) };
        let (verdict, _) = gate.check_new(&beyond, OPEN);
        prop_assert!(verdict.failed & bit(code::RISK_RESERVATION) != 0);
        gate.recount().unwrap();
    }
}
