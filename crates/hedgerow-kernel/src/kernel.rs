//! The state and the step. Orders and venue reports are handled in `orders.rs`.

use crate::authority::{Authority, Genesis};
use crate::grants::Grant;
use crate::terms::TermsTable;
use crate::{Capacity, Effects, Input};
use hedgerow_core::{
    Bar, CashKind, CashMovement, Code, Currency, Finding, FirmLimits, Forecast, FxRate, Instrument, InstrumentId,
    KillSwitch, Money, Nanos, Posting, Problem, RecordId, Session, StateHash, StrategyId, Symbol, Target, code,
};
use hedgerow_ledger::{Ledger, LedgerConfig};
use hedgerow_oms::Oms;
use hedgerow_risk::{Gate, GateConfig};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Raised whenever the same inputs would give other effects.
pub const RULES_VERSION: u32 = 9;

/// The whole state of a fund. Everything else is a view of its journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kernel {
    pub(crate) capacity: Capacity,
    base: Currency,
    pub(crate) last_id: RecordId,
    pub(crate) clock: Nanos,
    /// Prices moved since the gate was last told what the books are worth.
    pub(crate) equity_is_old: bool,
    /// What the only book was worth at most since then. The gate needs no more of the moments that passed without an order.
    pub(crate) worth_high: Option<(StrategyId, Money)>,
    pub(crate) authority: Authority,
    /// How far the governance log had grown, and when, before the signed events that come now.
    pub(crate) sequenced: Option<(u64, Nanos)>,
    pub(crate) grants: Vec<Grant>,
    /// When the next mandate has cooled down.
    pub(crate) ripe_ts: Nanos,
    instruments: Vec<Instrument>,
    pub(crate) gate: Gate,
    pub(crate) oms: Oms,
    pub(crate) terms: TermsTable,
    pub(crate) ledger: Ledger,
}

impl Kernel {
    /// A fund at its beginning. `genesis` is its first record: name, base currency and root keys.
    ///
    /// # Errors
    /// `GOV_BAD_BODY` if the genesis cannot be read, `CORE_CAPACITY` if there is no room for so much.
    pub fn new(capacity: Capacity, genesis: &[u8]) -> Result<Kernel, Problem> {
        let genesis = Genesis::parse(genesis)?;
        let capacity = capacity.checked()?;
        let Capacity { strategies, instruments, sectors, currencies, orders, .. } = capacity;
        let mut gate = Gate::new(GateConfig::new(strategies, instruments, sectors, genesis.base));
        for strategy in 0..strategies {
            gate.register(strategy)?;
        }
        Ok(Kernel {
            capacity,
            base: genesis.base,
            last_id: 2,
            clock: Nanos::MIN,
            equity_is_old: false,
            worth_high: None,
            gate,
            oms: Oms::new(orders),
            terms: TermsTable::default(),
            ledger: Ledger::new(LedgerConfig { strategies, instruments, currencies, base: genesis.base }),
            grants: vec![Grant::default(); usize::from(strategies)],
            ripe_ts: Nanos::MAX,
            instruments: Vec::with_capacity(instruments as usize),
            authority: Authority::new(&genesis).with_room_for(strategies),
            sequenced: None,
        })
    }

    /// Takes one input, fills in its id, and writes what follows from it into `effects`.
    ///
    /// # Errors
    /// A named problem if the input cannot be accepted; then nothing has changed and no id was used.
    pub fn step(&mut self, input: &mut Input, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        match input {
            Input::Bar(bar) => self.bar(bar, effects),
            Input::Order(order) => self.order(order, effects),
            Input::OrderTerms(terms) => self.order_terms(terms, effects),
            Input::ContingentOrder(wish) => self.contingent(wish, effects),
            Input::VenueReport(report) => self.report(report, effects),
            Input::CancelRequest(request) => self.cancel(request, effects),
            Input::ReplaceRequest(request) => self.replace(request, effects),
            Input::QuoteUpdate(update) => self.quote_update(update, effects),
            Input::FxRate(rate) => self.fx_rate(rate, effects),
            Input::Forecast(forecast) => self.forecast(forecast, effects),
            Input::Target(target) => self.target(target, effects),
            Input::ParentOrder(parent) => self.parent(parent, effects),
            Input::Instrument(instrument) => self.instrument(instrument, effects),
            Input::CashMovement(movement) => self.cash(movement, effects),
            Input::Session(session) => self.session(session, effects),
            Input::KillSwitch(switch) => self.kill(switch, effects),
            Input::FirmLimits(limits) => self.firm_limits(limits, effects),
            Input::StateHash(seal) => self.seal(seal, effects),
            Input::StrategyStart(start) => self.start(start, effects),
            Input::Sequenced(record) => self.sequenced(record, effects),
            Input::Finding(finding) => self.found(finding, effects),
            Input::JailStart(start) => self.jail_start(start, effects),
            Input::JailAnswer(answer) => self.jail_answer(answer, effects),
            Input::Quote(quote) => self.quote(quote, effects),
            Input::LifecycleEvent(event) => self.lifecycle(event, effects),
            Input::AlgoSettings(settings) => self.algo_settings(settings, effects),
            Input::PlanStep(step) => self.plan_step(step, effects),
            Input::Slice(slice) => self.slice(slice, effects),
            Input::ParentEvent(event) => self.parent_event(event, effects),
            Input::Route(route) => self.route(route, effects),
            Input::Execution(execution) => self.execution(execution, effects),
            Input::Signed(id, envelope) => self.signed(id, envelope, effects),
            Input::Remark(id, words) => self.remarked(id, words, effects),
            Input::Trade(id, trade) => self.trade(id, trade, effects),
            Input::Genesis(..) => Err(Problem::new(code::CORE_INPUT, "a second genesis")),
        }
    }

    /// A bar closed: marks, freshness, equity.
    ///
    /// # Errors
    /// See [`Kernel::step`].
    #[inline]
    pub fn bar(&mut self, bar: &mut Bar, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(bar.instrument)?;
        check_prices(bar)?;
        if bar.ts_init < bar.ts_event {
            return Err(Problem::new(code::DATA_KNOWN_BEFORE, format!("{} < {}", bar.ts_init, bar.ts_event)));
        }
        self.check_cause(bar.cause)?;
        self.check_time(bar.ts_init)?;
        self.ledger.check_mark(bar.instrument, bar.close_ticks)?;
        self.gate.observe(bar.instrument, bar.close_ticks, bar.ts_event)?;
        self.advance(bar.ts_init);
        self.ledger.mark(bar.instrument, bar.close_ticks)?;
        bar.id = self.next_id();
        self.equity_is_old = true;
        self.ripen(bar.id, effects)
    }

    fn fx_rate(&mut self, rate: &mut FxRate, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        if rate.rate_nano <= 0 {
            return Err(Problem::new(
                code::DATA_NOT_POSITIVE,
                format!("{}/{} {}", rate.base, rate.quote, rate.rate_nano),
            ));
        }
        if rate.quote != self.base || rate.base == self.base {
            let detail = format!("{}/{}; the kernel takes rates into {} only", rate.base, rate.quote, self.base);
            return Err(Problem::new(code::CORE_CURRENCY, detail));
        }
        check_currency(rate.base)?;
        if rate.ts_init < rate.ts_event {
            return Err(Problem::new(code::DATA_KNOWN_BEFORE, format!("{} < {}", rate.ts_init, rate.ts_event)));
        }
        self.check_cause(rate.cause)?;
        self.check_time(rate.ts_init)?;
        self.ledger.check_rate(rate)?;
        self.gate.set_rate(rate.base, rate.rate_nano)?;
        self.advance(rate.ts_init);
        self.ledger.rate(rate)?;
        rate.id = self.next_id();
        self.equity_is_old = true;
        Ok(())
    }

    fn forecast(&mut self, forecast: &mut Forecast, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(forecast.instrument)?;
        self.check_strategy(forecast.strategy)?;
        if !forecast.expected_return.is_finite() || !forecast.uncertainty.is_finite() {
            return Err(Problem::new(code::MODEL_NAN, format!("forecast for instrument {}", forecast.instrument)));
        }
        self.check_cause(forecast.cause)?;
        self.check_time(forecast.ts)?;
        forecast.id = self.accept(forecast.ts);
        Ok(())
    }

    fn target(&mut self, target: &mut Target, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(target.instrument)?;
        self.check_strategy(target.strategy)?;
        self.check_cause(target.cause)?;
        self.check_time(target.ts)?;
        target.id = self.accept(target.ts);
        Ok(())
    }

    fn instrument(&mut self, instrument: &mut Instrument, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let (index, known) = (instrument.instrument as usize, self.instruments.len());
        if index > known || index >= self.capacity.instruments as usize {
            let detail = format!("instrument {index}, {known} known, room for {}", self.capacity.instruments);
            return Err(Problem::new(code::CORE_CAPACITY, detail));
        }
        if let Some(before) = self.instruments.get(index) {
            let same = before.symbol == instrument.symbol && before.tick_value == instrument.tick_value;
            if !same || before.currency != instrument.currency || before.tick_nano != instrument.tick_nano {
                let detail = format!(
                    "{} cannot become {}: tick, lot, currency and symbol stay",
                    before.symbol, instrument.symbol
                );
                return Err(Problem::new(code::CORE_INPUT, detail));
            }
        }
        if index == known {
            self.check_names(instrument)?;
        }
        self.check_cause(instrument.cause)?;
        self.check_time(instrument.ts)?;
        self.ledger.check_define(instrument)?;
        self.gate.define(instrument)?;
        self.ledger.define(instrument)?;
        instrument.id = self.accept(instrument.ts);
        if index == known {
            self.instruments.push(*instrument);
        } else {
            self.instruments[index] = *instrument;
        }
        Ok(())
    }

    /// A new instrument has a symbol that no other has, and a currency.
    fn check_names(&self, instrument: &Instrument) -> Result<(), Problem> {
        let symbol = instrument.symbol;
        if Symbol::parse(symbol.as_str()) != Some(symbol) {
            return Err(Problem::new(code::CORE_SYMBOL, format!("{symbol:?} of instrument {}", instrument.instrument)));
        }
        if let Some(other) = self.instruments.iter().find(|i| i.symbol == symbol) {
            let detail = format!("{symbol} is instrument {} already", other.instrument);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        check_currency(instrument.currency)
    }

    fn cash(&mut self, movement: &mut CashMovement, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(movement.strategy)?;
        self.check_cause(movement.cause)?;
        self.check_time(movement.ts)?;
        let plan = self.ledger.plan_cash(movement)?;
        movement.id = self.accept(movement.ts);
        self.tell_high();
        let mut next = movement.id;
        self.ledger.book_cash(movement, plan, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        });
        self.skip_to(next);
        if movement.kind == CashKind::Capital as u8 {
            let rate_nano = self.ledger.rate_nano(movement.currency).unwrap_or_default();
            self.gate.flow(movement.strategy, movement.amount.convert(rate_nano))?;
        }
        self.equity_moved();
        Ok(())
    }

    fn session(&mut self, session: &mut Session, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_cause(session.cause)?;
        self.check_time(session.ts)?;
        self.settle_equity();
        session.id = self.accept(session.ts);
        self.gate.session(session);
        Ok(())
    }

    fn kill(&mut self, switch: &mut KillSwitch, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        if switch.strategy != StrategyId::MAX {
            self.check_strategy(switch.strategy)?;
        }
        self.check_cause(switch.cause)?;
        self.check_time(switch.ts)?;
        self.gate.kill(switch)?;
        switch.id = self.accept(switch.ts);
        Ok(())
    }

    fn firm_limits(&mut self, limits: &mut FirmLimits, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_cause(limits.cause)?;
        self.check_time(limits.ts)?;
        self.settle_equity();
        limits.id = self.accept(limits.ts);
        self.gate.set_firm(&limits.limits);
        Ok(())
    }

    /// The hash of the whole state, the seal's own record included.
    fn seal(&mut self, seal: &mut StateHash, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_cause(seal.cause)?;
        self.check_time(seal.ts)?;
        seal.id = self.accept(seal.ts);
        seal.hash = self.state_hash();
        Ok(())
    }

    /// SHA-256 of the serialised state.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }

    /// The state as bytes; equal states give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("the state holds only plain data, which always serialises")
    }

    /// The state read back.
    ///
    /// # Errors
    /// `CORE_RECORD_SIZE` if the bytes are not a state of this version, and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Kernel, Problem> {
        match postcard::take_from_bytes(bytes) {
            Ok((kernel, [])) => Ok(kernel),
            Ok((_, rest)) => {
                Err(Problem::new(code::CORE_RECORD_SIZE, format!("kernel state: {} bytes too many", rest.len())))
            }
            Err(e) => Err(Problem::new(code::CORE_RECORD_SIZE, format!("kernel state: {e}"))),
        }
    }

    pub(crate) fn finding(&mut self, code: Code, cause: RecordId, strategy: StrategyId, effects: &mut Effects) {
        self.finding_of(code, Money::ZERO, Money::ZERO, cause, strategy, effects);
    }

    /// The same, with what was seen and what is allowed.
    pub(crate) fn finding_of(
        &mut self,
        code: Code,
        value: Money,
        limit: Money,
        cause: RecordId,
        strategy: StrategyId,
        effects: &mut Effects,
    ) {
        let (id, ts, code) = (self.next_id(), self.clock, code.0);
        effects.emit(&Finding { value, limit, id, cause, ts, instrument: InstrumentId::MAX, strategy, code });
    }

    #[inline]
    pub(crate) fn next_id(&mut self) -> RecordId {
        self.last_id += 1;
        self.last_id
    }

    pub(crate) fn skip_to(&mut self, id: RecordId) {
        self.last_id = id;
    }

    /// The clock never goes back.
    #[inline]
    pub(crate) fn check_time(&self, ts: Nanos) -> Result<(), Problem> {
        if ts < self.clock {
            return Err(Problem::new(code::CORE_TIME_ORDER, format!("{ts} after {}", self.clock)));
        }
        Ok(())
    }

    /// Takes an input that has passed its checks: moves the clock and gives it the next id.
    #[inline]
    pub(crate) fn accept(&mut self, ts: Nanos) -> RecordId {
        self.advance(ts);
        self.next_id()
    }

    #[inline]
    pub(crate) fn check_instrument(&self, instrument: InstrumentId) -> Result<(), Problem> {
        if (instrument as usize) < self.instruments.len() {
            return Ok(());
        }
        let detail = format!("instrument {instrument}, {} known", self.instruments.len());
        Err(Problem::new(code::CORE_UNKNOWN_INSTRUMENT, detail))
    }

    #[inline]
    pub(crate) fn check_strategy(&self, strategy: StrategyId) -> Result<(), Problem> {
        if strategy < self.capacity.strategies {
            return Ok(());
        }
        let detail = format!("strategy {strategy}, room for {}", self.capacity.strategies);
        Err(Problem::new(code::CORE_UNKNOWN_STRATEGY, detail))
    }

    /// A cause is a record that is there, or none.
    #[inline]
    pub(crate) fn check_cause(&self, cause: RecordId) -> Result<(), Problem> {
        if cause <= self.last_id {
            return Ok(());
        }
        Err(Problem::new(code::CORE_INPUT, format!("cause {cause}, the last record is {}", self.last_id)))
    }

    /// Number of the last record.
    #[must_use]
    pub fn last_id(&self) -> RecordId {
        self.last_id
    }

    /// The kernel's clock: the time of its last input.
    #[must_use]
    pub fn clock(&self) -> Nanos {
        self.clock
    }

    /// The fund's base currency.
    #[must_use]
    pub fn base(&self) -> Currency {
        self.base
    }

    /// The sizes of its tables.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// The instruments, by dense index.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The books.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The gate's view: exposures and reservations.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The working orders.
    #[must_use]
    pub fn oms(&self) -> &Oms {
        &self.oms
    }

    /// The people, proposals and approvals.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }
}

pub(crate) fn check_currency(currency: Currency) -> Result<(), Problem> {
    if Currency::parse(currency.as_str()) == Some(currency) {
        return Ok(());
    }
    Err(Problem::new(code::CORE_CURRENCY, format!("{:?}", currency.0)))
}

#[inline]
fn check_prices(bar: &Bar) -> Result<(), Problem> {
    let Bar { open_ticks: o, high_ticks: h, low_ticks: l, close_ticks: c, .. } = *bar;
    if l <= 0 {
        return Err(Problem::new(code::DATA_NOT_POSITIVE, format!("low {l} ticks at {}", bar.ts_event)));
    }
    if h < o || h < c || l > o || l > c {
        let detail = format!("open {o}, high {h}, low {l}, close {c} ticks at {}", bar.ts_event);
        return Err(Problem::new(code::DATA_CROSSED, detail));
    }
    Ok(())
}
