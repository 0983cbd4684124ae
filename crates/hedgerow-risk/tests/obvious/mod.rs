//! The gate's obvious twin: it keeps only what happened, and works out every sum anew for every question. Slow, short.

mod facts;
mod terms;

use hedgerow_core::{
    Code, Currency, FullOrder, FullReplace, HALTED, Instrument, Limits, Order, OrderKind, OrderTerms, RESTRICTED,
    SHORTABLE, Side, Verdict, code,
};
use hedgerow_risk::bounds::{ADV_UNBOUNDED_BPS, EXPOSURE_MAX, LOT_VALUE_MAX, LOTS_MAX, TICKS_MAX};
use hedgerow_risk::rules::{ORDER, WAIVABLE, bit};
use std::collections::{BTreeMap, BTreeSet};

const UNIT: i128 = 1_000_000_000;

/// What makes two orders equal: instrument, side, lots, limit.
type Like = (u32, u8, i64, i64);

/// An order that may still be filled; `next` holds open lots and limit of a replace on its way, `asked` its terms.
#[derive(Clone, Debug)]
pub struct Live {
    pub order: Order,
    pub terms: OrderTerms,
    pub open: i64,
    pub next: Option<(i64, i64)>,
    pub asked: OrderTerms,
}

impl Live {
    fn new(full: &FullOrder, open: i64) -> Live {
        Live { order: full.order, terms: full.terms, open, next: None, asked: OrderTerms::default() }
    }

    pub fn full(&self) -> FullOrder {
        FullOrder { order: self.order, terms: self.terms }
    }

    pub fn reserved(&self) -> i64 {
        self.next.map_or(self.open, |(lots, _)| lots.max(self.open))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Book {
    pub limits: Limits,
    pub granted: bool,
    pub revoked: bool,
    /// Number of the mandate.
    pub mandate: u32,
    pub expires_ts: i64,
    pub universe: BTreeSet<u32>,
    pub killed: bool,
    pub client_id: u64,
    /// Equity when granted, when the day began, at its highest, now.
    pub equity: Option<[i128; 4]>,
    /// Times of what was sent since the limits were granted.
    pub sent: Vec<i64>,
}

/// The twin. The last book is the firm's.
#[derive(Clone, Debug)]
pub struct Obvious {
    pub base: Currency,
    pub books: Vec<Book>,
    pub instruments: BTreeMap<u32, Instrument>,
    pub rates: BTreeMap<Currency, i64>,
    pub marks: BTreeMap<u32, (i64, i64)>,
    pub positions: BTreeMap<(u16, u32), i64>,
    pub live: Vec<Live>,
    pub room: usize,
    pub session: (bool, i64),
    pub latest: i64,
    /// Strategy, likeness and time of everything sent.
    pub likes: Vec<(u16, Like, i64)>,
}

/// What is asked about.
struct Ask {
    order: Order,
    terms: OrderTerms,
    /// What is said of them now: all, or what a replace changes.
    asked: OrderTerms,
    cause: u64,
    client_id: u64,
    ts: i64,
    now: i64,
    lots: i64,
    limit: i64,
    open: i64,
    replaces: Option<usize>,
    unknown: bool,
    replacing: bool,
}

/// One rule's word: whether it fails on a level (0 strategy, 1 firm), what it saw and allows.
struct Word {
    code: Code,
    level: u8,
    fails: bool,
    seen: i128,
    allowed: i128,
}

fn up(numerator: i128, denominator: i128) -> i128 {
    numerator.div_euclid(denominator) + i128::from(numerator.rem_euclid(denominator) != 0)
}

fn bucket(per_second: u32, sent: impl Iterator<Item = i64>, now: i64) -> i128 {
    let full = i128::from(per_second) * UNIT;
    let (mut credit, mut at) = (full, i64::MIN);
    let refill = |credit: i128, from: i64, to: i64| {
        (credit + i128::from(per_second) * (i128::from(to) - i128::from(from))).min(full)
    };
    for ts in sent {
        credit = refill(credit, at, ts) - UNIT;
        at = ts;
    }
    refill(credit, at, now)
}

impl Obvious {
    fn value_at(&self, instrument: u32, ticks: i64) -> i128 {
        let (terms, scale) = (&self.instruments[&instrument], 1_i128 << 16);
        let rate = if terms.currency == self.base { 1_000_000_000 } else { self.rates[&terms.currency] };
        let tick_value = up(i128::from(terms.tick_value) * i128::from(rate) * scale, UNIT);
        up(i128::from(ticks) * tick_value, scale)
    }

    pub fn value(&self, instrument: u32) -> i128 {
        self.value_at(instrument, self.marks[&instrument].0)
    }

    fn var(&self, instrument: u32) -> i128 {
        let (sigma, scale) = (i128::from(self.instruments[&instrument].sigma_nano), 1_i128 << 32);
        let per_unit = if sigma == 0 { scale } else { up(sigma * 1_645 * scale, 1_000 * UNIT) };
        up(self.value(instrument) * per_unit, scale)
    }

    pub fn position(&self, strategy: u16, instrument: u32) -> i64 {
        self.positions.get(&(strategy, instrument)).copied().unwrap_or(0)
    }

    pub fn open(&self, strategy: u16, instrument: u32, side: Side) -> i64 {
        let of = |live: &&Live| {
            (live.order.strategy, live.order.instrument, live.order.side) == (strategy, instrument, side as u8)
        };
        self.live.iter().filter(of).map(Live::reserved).sum()
    }

    fn long(&self, strategy: u16, instrument: u32) -> i64 {
        self.position(strategy, instrument) + self.open(strategy, instrument, Side::Buy)
    }

    fn short(&self, strategy: u16, instrument: u32) -> i64 {
        self.open(strategy, instrument, Side::Sell) - self.position(strategy, instrument)
    }

    fn worst(&self, strategy: u16, instrument: u32) -> i64 {
        self.long(strategy, instrument).max(self.short(strategy, instrument))
    }

    fn strategies(&self, level: usize) -> Vec<u16> {
        let firm = self.books.len() - 1;
        if level == firm { (0..firm as u16).collect() } else { vec![level as u16] }
    }

    fn sum(&self, level: usize, of: impl Fn(u16, u32) -> i128) -> i128 {
        let strategies = self.strategies(level);
        strategies.iter().flat_map(|s| self.instruments.keys().map(|i| of(*s, *i)).collect::<Vec<_>>()).sum()
    }

    pub fn gross(&self, level: usize) -> i128 {
        self.sum(level, |s, i| i128::from(self.worst(s, i)) * self.value(i))
    }

    fn net(&self, level: usize, buy: bool) -> i128 {
        self.sum(level, |s, i| i128::from(if buy { self.long(s, i) } else { self.short(s, i) }) * self.value(i))
    }

    /// The twin as it would stand with the order sent.
    fn with(&self, ask: &Ask) -> Obvious {
        let mut after = self.clone();
        match ask.replaces {
            Some(at) => {
                // With another replace on its way, the largest of the three sizes could be filled.
                let pending = after.live[at].next.map_or(0, |(lots, _)| lots);
                after.live[at].next = Some((ask.open.max(pending), ask.limit));
            }
            None => after.live.push(Live::new(&FullOrder { order: ask.order, terms: ask.terms }, ask.open)),
        }
        after
    }

    pub fn check_new(&mut self, full: &FullOrder, now: i64) -> Verdict {
        let FullOrder { order, terms } = full;
        let lots = order.lots.clamp(0, LOTS_MAX);
        let ask = Ask {
            order: *order,
            terms: *terms,
            asked: *terms,
            cause: order.id,
            client_id: order.client_id,
            ts: order.ts,
            now,
            lots: order.lots,
            limit: order.limit_ticks,
            open: lots,
            replaces: None,
            unknown: false,
            replacing: false,
        };
        let verdict = self.decide(&ask, 1);
        if verdict.decision == 1 {
            self.live.push(Live::new(full, lots));
        }
        verdict
    }

    pub fn check_replace(&mut self, full: &FullOrder, filled: i64, change: &FullReplace, now: i64) -> Verdict {
        let (FullOrder { order, terms }, request) = (full, &change.request);
        let at = self.live.iter().position(|live| live.order.id == order.id);
        let open = request.lots.saturating_sub(filled).clamp(0, LOTS_MAX);
        let ask = Ask {
            order: *order,
            terms: *terms,
            asked: change.terms,
            cause: request.id,
            client_id: request.client_id,
            ts: request.ts,
            now,
            lots: request.lots,
            limit: request.limit_ticks,
            open,
            replaces: at,
            unknown: at.is_none(),
            replacing: at.is_some_and(|at| self.live[at].next.is_some()),
        };
        let verdict = self.decide(&ask, 2);
        if let (1, Some(at)) = (verdict.decision, at) {
            (self.live[at].next, self.live[at].asked) = (Some((open, request.limit_ticks)), change.terms);
        }
        verdict
    }

    fn decide(&mut self, ask: &Ask, action: u8) -> Verdict {
        let words = self.words(ask);
        let reducing = self.reducing(ask);
        let spoke = words.iter().filter(|word| word.fails).fold(0, |bits, word| bits | bit(word.code));
        let waived = if reducing { spoke & WAIVABLE } else { 0 };
        let first = ORDER.iter().find(|code| spoke & !waived & bit(**code) != 0);
        let word = first.and_then(|code| words.iter().find(|word| word.fails && word.code == *code));
        let strategy = usize::from(ask.order.strategy);
        self.books[strategy].client_id = self.books[strategy].client_id.max(ask.client_id);
        self.latest = self.latest.max(ask.now);
        if word.is_none() {
            let firm = self.books.len() - 1;
            self.books[strategy].sent.push(ask.now);
            self.books[firm].sent.push(ask.now);
            self.likes.push((ask.order.strategy, self.like(ask), ask.now));
        }
        Verdict {
            cause: ask.cause,
            ts: ask.now,
            order_id: ask.order.id,
            failed: spoke & !waived,
            waived,
            instrument: ask.order.instrument,
            strategy: ask.order.strategy,
            decision: if word.is_none() { 1 } else { 2 },
            reducing: u8::from(reducing),
            action,
            mandate: self.books[strategy].mandate,
            code: word.map_or(0, |word| word.code.0),
            level: word.map_or(0, |word| word.level),
            value: hedgerow_core::Money(word.map_or(0, |word| word.seen)),
            limit: hedgerow_core::Money(word.map_or(0, |word| word.allowed)),
            ..Verdict::default()
        }
    }

    fn like(&self, ask: &Ask) -> Like {
        (ask.order.instrument, ask.order.side, ask.lots.clamp(0, LOTS_MAX), ask.limit.clamp(0, TICKS_MAX))
    }

    fn reducing(&self, ask: &Ask) -> bool {
        let (strategy, instrument) = (ask.order.strategy, ask.order.instrument);
        let held = ask.replaces.map_or(0, |at| self.live[at].reserved());
        let buy = ask.order.side == Side::Buy as u8;
        let against = if buy { -self.position(strategy, instrument) } else { self.position(strategy, instrument) };
        let side = if buy { Side::Buy } else { Side::Sell };
        ask.open > 0 && against - (self.open(strategy, instrument, side) - held) - ask.open >= 0
    }

    /// How far the firm's own orders on the other side go: the best limit, or `None` for a market order.
    fn own_opposite(&self, ask: &Ask) -> Option<Option<i64>> {
        let of = |live: &&Live| live.order.instrument == ask.order.instrument && live.order.side != ask.order.side;
        let limits: Vec<Option<i64>> = self
            .live
            .iter()
            .filter(of)
            .flat_map(|live| {
                let market = live.order.kind == OrderKind::Market as u8;
                let mut limits = vec![live.order.limit_ticks];
                limits.extend(live.next.map(|(_, limit)| limit));
                limits.into_iter().map(move |limit| (!market).then_some(limit))
            })
            .collect();
        if limits.is_empty() {
            return None;
        }
        if limits.contains(&None) {
            return Some(None);
        }
        let buy = ask.order.side == Side::Buy as u8;
        Some(if buy { limits.into_iter().flatten().min() } else { limits.into_iter().flatten().max() })
    }

    fn words(&self, ask: &Ask) -> Vec<Word> {
        let mut words = self.words_on_the_order(ask);
        let firm = self.books.len() - 1;
        let after = self.with(ask);
        for (level, book) in [(0, usize::from(ask.order.strategy)), (1, firm)] {
            words.extend(self.words_on_a_level(ask, level, book, &after));
        }
        let r = |book: usize| self.books[book].limits.repeats_per_second;
        let (own, house) = (r(usize::from(ask.order.strategy)), r(firm));
        let repeats = own.min(house);
        let like = self.like(ask);
        let same = self.likes.iter().filter(|(s, l, _)| *s == ask.order.strategy && *l == like).map(|(_, _, ts)| *ts);
        let credit = bucket(repeats, same, ask.now);
        words.push(Word {
            code: code::RISK_REPEAT,
            level: u8::from(house < own),
            fails: credit < UNIT,
            seen: (i128::from(repeats) - credit / UNIT + 1) * UNIT,
            allowed: i128::from(repeats) * UNIT,
        });
        words
    }

    /// The rules that have no level.
    fn words_on_the_order(&self, ask: &Ask) -> Vec<Word> {
        let (strategy, instrument) = (ask.order.strategy, ask.order.instrument);
        let terms = &self.instruments[&instrument];
        let book = &self.books[usize::from(strategy)];
        let market = ask.order.kind == OrderKind::Market as u8;
        let buy = ask.order.side == Side::Buy as u8;
        let after = self.with(ask);
        let n = |number: i64| i128::from(number) * UNIT;
        let rule = |code, fails, seen, allowed| Word { code, level: 0, fails, seen, allowed };
        let shorts: i64 =
            self.strategies(self.books.len() - 1).iter().map(|s| after.short(*s, instrument).max(0)).sum();
        let located = if terms.flags & SHORTABLE != 0 { terms.locate_lots } else { 0 };
        let own = self.own_opposite(ask);
        let reaches = |limit: i64| if buy { ask.limit >= limit } else { ask.limit <= limit };
        let firm = self.books.len() - 1;
        let all: i64 = self.strategies(firm).iter().map(|s| after.worst(*s, instrument)).sum();
        let count = self.live.iter().filter(|live| live.order.instrument == instrument).count();
        let full = ask.replaces.is_none() && !ask.unknown && count >= self.room;
        let mark = self.marks[&instrument].0;
        let priced = ask.limit.clamp(0, TICKS_MAX).max(mark);
        let beyond = ask.lots > LOTS_MAX || all > LOTS_MAX;
        let unreservable = full
            || beyond
            || ask.replacing
            || ask.limit > TICKS_MAX
            || self.value_at(instrument, priced) > i128::from(LOT_VALUE_MAX)
            || after.gross(firm) > EXPOSURE_MAX;
        let (seen, allowed) = match (full, beyond) {
            (true, _) => (n(count as i64 + 1), n(self.room as i64)),
            (_, true) => (n(ask.lots), n(LOTS_MAX)),
            _ => (after.gross(firm), EXPOSURE_MAX),
        };
        let clock = ask.ts < self.latest || ask.ts > ask.now || ask.now < self.latest;
        vec![
            rule(
                code::RISK_SESSION_CLOSED,
                !self.session.0 || ask.now >= self.session.1,
                n(ask.now),
                n(self.session.1),
            ),
            rule(code::RISK_CLOCK, clock, n(ask.ts), n(if ask.ts > ask.now { ask.now } else { self.latest })),
            rule(code::RISK_NO_MANDATE, !book.granted, 0, 0),
            rule(code::RISK_UNIVERSE, !book.universe.contains(&instrument), n(i64::from(instrument)), 0),
            rule(
                code::RISK_DUPLICATE,
                ask.client_id <= book.client_id,
                i128::from(ask.client_id) * UNIT,
                i128::from(book.client_id) * UNIT,
            ),
            rule(code::RISK_UNKNOWN_ORDER, ask.unknown, i128::from(ask.order.id) * UNIT, 0),
            rule(code::RISK_BAD_FIELD, !ask.is_meant(), 0, 0),
            rule(code::RISK_BAD_PRICE, if market { ask.limit != 0 } else { ask.limit <= 0 }, n(ask.limit), 0),
            ask.lots_word(terms),
            rule(code::RISK_HALTED, terms.flags & HALTED != 0, 0, 0),
            rule(code::RISK_RESTRICTED, terms.flags & RESTRICTED != 0, 0, 0),
            rule(
                code::RISK_NO_LOCATE,
                !buy && after.short(strategy, instrument) > 0 && shorts > located,
                n(shorts),
                n(located),
            ),
            rule(
                code::RISK_SELF_MATCH,
                own.is_some_and(|limit| market || limit.is_none_or(reaches)),
                n(ask.limit),
                n(own.map_or(0, |limit| limit.unwrap_or(1 << 61))),
            ),
            rule(code::RISK_RESERVATION, unreservable, seen, allowed),
        ]
    }

    /// The rules that both the strategy's and the firm's limits answer.
    fn words_on_a_level(&self, ask: &Ask, level: u8, book: usize, after: &Obvious) -> Vec<Word> {
        let Book { limits, .. } = &self.books[book];
        let instrument = ask.order.instrument;
        let terms = &self.instruments[&instrument];
        let (mark, mark_ts) = self.marks[&instrument];
        let market = ask.order.kind == OrderKind::Market as u8;
        let buy = ask.order.side == Side::Buy as u8;
        let n = |number: i64| i128::from(number) * UNIT;
        let share = |whole: i128, bps: u32| whole * i128::from(bps) / 10_000;
        let rule = |code, fails, seen, allowed| Word { code, level, fails, seen, allowed };
        let over = |code, seen: i128, allowed: i128| rule(code, seen > allowed, seen, allowed);

        let lots = ask.lots.clamp(0, LOTS_MAX);
        let limit = ask.limit.clamp(0, TICKS_MAX);
        let age = ask.now.saturating_sub(mark_ts);
        let notional = i128::from(lots) * self.value_at(instrument, limit.max(mark)).min(i128::from(LOT_VALUE_MAX));
        let adv = i128::from(lots) * 10_000 > i128::from(terms.adv_lots) * i128::from(limits.adv_share_bps);
        let distance = i128::from(limit - mark).abs();
        let collar =
            limits.collar_bps == 0 || (!market && distance * 10_000 > i128::from(mark) * i128::from(limits.collar_bps));
        let credit = bucket(limits.orders_per_second, self.books[book].sent.iter().copied(), ask.now);
        let rate = i128::from(limits.orders_per_second);

        let exposure =
            after.sum(book, |s, i| if i == instrument { i128::from(after.worst(s, i)) * after.value(i) } else { 0 });
        let sector = after.sum(book, |s, i| {
            let same = self.instruments[&i].sector == terms.sector;
            if same { i128::from(after.worst(s, i)) * after.value(i) } else { 0 }
        });
        let gross = after.gross(book);
        let whole = share(gross, limits.concentration_bps).max(share(limits.capital.0, limits.concentration_bps));
        let concentrated = exposure * 10_000 > gross.max(limits.capital.0) * i128::from(limits.concentration_bps);
        let [start, day, peak, now] = self.books[book].equity.unwrap_or_default();
        let power = (limits.capital.0 + now - start).max(0);
        let margin = up(gross * i128::from(limits.margin_bps), 10_000);
        let var = after.sum(book, |s, i| i128::from(after.worst(s, i)) * after.var(i));
        let reached = |code, loss: i128, limit: i128| rule(code, loss >= limit || limit <= 0, loss, limit);
        let ends = if self.books[book].revoked { i64::MIN } else { self.books[book].expires_ts };
        vec![
            rule(code::RISK_KILLED, self.books[book].killed, 0, 0),
            rule(code::RISK_MANDATE_EXPIRED, ask.now >= ends, n(ask.now), n(ends)),
            rule(
                code::RISK_STALE_DATA,
                age > limits.data_age_ns || limits.data_age_ns <= 0,
                n(age),
                n(limits.data_age_ns),
            ),
            over(code::RISK_ORDER_LOTS, n(ask.lots), n(limits.order_lots)),
            over(code::RISK_ORDER_NOTIONAL, notional, limits.order_notional.0),
            rule(
                code::RISK_ADV_SHARE,
                adv && limits.adv_share_bps < ADV_UNBOUNDED_BPS,
                n(ask.lots),
                share(i128::from(terms.adv_lots), limits.adv_share_bps) * UNIT,
            ),
            rule(
                code::RISK_COLLAR,
                collar,
                if market { 0 } else { distance * UNIT },
                share(i128::from(mark), limits.collar_bps) * UNIT,
            ),
            rule(code::RISK_RATE, credit < UNIT, (rate - credit / UNIT + 1) * UNIT, rate * UNIT),
            over(code::RISK_POSITION, exposure, limits.position.0),
            over(code::RISK_GROSS, gross, limits.gross.0),
            over(code::RISK_NET, after.net(book, buy), limits.net.0),
            over(code::RISK_SECTOR, sector, limits.sector.0),
            rule(code::RISK_CONCENTRATION, concentrated, exposure, whole),
            rule(code::RISK_BUYING_POWER, margin > power || limits.margin_bps == 0, margin, power),
            reached(code::RISK_LOSS, day - now, limits.loss.0),
            reached(code::RISK_DRAWDOWN, peak - now, limits.drawdown.0),
            over(code::RISK_VAR, var, limits.var.0),
        ]
    }
}
