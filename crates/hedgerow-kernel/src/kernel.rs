//! The state and the step. Orders and venue reports are handled in `orders.rs`.

use crate::authority::{Authority, Genesis, Outcome};
use crate::{Effects, Input};
use hedgerow_core::{
    Bar, CashKind, CashMovement, Code, Currency, Finding, FirmLimits, Forecast, FxRate, Instrument, InstrumentId, KernelStart, KillSwitch,
    Mandate, Nanos, ParentOrder, Posting, Problem, RecordId, Session, StateHash, StrategyId,
    StrategyStart, Symbol, Target, code,
};
use hedgerow_ledger::{Ledger, LedgerConfig};
use hedgerow_oms::Oms;
use hedgerow_risk::{Gate, GateConfig};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Raised whenever the same inputs would give other effects.
pub const RULES_VERSION: u64 = 1;

/// How many of each thing the kernel has room for; all memory is taken at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Capacity {
    /// Strategies.
    pub strategies: u16,
    /// Instruments.
    pub instruments: u32,
    /// Sectors.
    pub sectors: u32,
    /// Currencies.
    pub currencies: u16,
    /// Working orders.
    pub orders: u32,
}

impl Capacity {
    /// The record that keeps it in the journal.
    #[must_use]
    pub fn as_record(&self) -> KernelStart {
        let Capacity { strategies, instruments, sectors, currencies, orders } = *self;
        KernelStart {
            id: 2,
            cause: 1,
            ts: 0,
            instruments,
            sectors,
            orders,
            currencies,
            strategies,
            rules_version: RULES_VERSION,
        }
    }

    /// Read back from its record.
    ///
    /// # Errors
    /// `LOG_REPLAY` if another version of the rules wrote it.
    pub fn from_record(record: &KernelStart) -> Result<Capacity, Problem> {
        if record.rules_version != RULES_VERSION {
            let detail = format!("rules version {}, this kernel has {RULES_VERSION}", record.rules_version);
            return Err(Problem::new(code::LOG_REPLAY, detail));
        }
        let KernelStart { strategies, instruments, sectors, currencies, orders, .. } = *record;
        Ok(Capacity { strategies, instruments, sectors, currencies, orders })
    }
}

impl Default for Capacity {
    fn default() -> Capacity {
        Capacity { strategies: 8, instruments: 64, sectors: 16, currencies: 8, orders: 1024 }
    }
}

/// A strategy as the kernel knows it: its grant, and the artifact it really runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Grant {
    mandate: Option<Mandate>,
    universe: Vec<InstrumentId>,
    running: Option<[u8; 32]>,
    in_force: bool,
}

/// The whole state of a fund. Everything else is a view of its journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kernel {
    capacity: Capacity,
    base: Currency,
    last_id: RecordId,
    clock: Nanos,
    /// Prices moved since the gate was last told what the books are worth.
    equity_is_old: bool,
    authority: Authority,
    grants: Vec<Grant>,
    instruments: Vec<Instrument>,
    pub(crate) gate: Gate,
    pub(crate) oms: Oms,
    pub(crate) ledger: Ledger,
}

impl Kernel {
    /// A fund at its beginning. `genesis` is its first record: name, base currency and root keys.
    ///
    /// # Errors
    /// `GOV_BAD_BODY` if the genesis cannot be read.
    pub fn new(capacity: Capacity, genesis: &[u8]) -> Result<Kernel, Problem> {
        let genesis = Genesis::parse(genesis)?;
        let Capacity { strategies, instruments, sectors, currencies, orders } = capacity;
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
            gate,
            oms: Oms::new(orders),
            ledger: Ledger::new(LedgerConfig { strategies, instruments, currencies, base: genesis.base }),
            grants: vec![Grant::default(); usize::from(strategies)],
            instruments: Vec::with_capacity(instruments as usize),
            authority: Authority::new(&genesis).with_room_for(strategies),
        })
    }

    /// Takes one input, fills in its id, and writes what follows from it into `effects`.
    ///
    /// # Errors
    /// A named problem if the input cannot be accepted; then nothing has changed and no id was used.
    pub fn step(&mut self, input: &mut Input, effects: &mut Effects) -> Result<(), Problem> {
        match input {
            Input::Bar(bar) => self.bar(bar, effects),
            Input::Order(order) => self.order(order, effects),
            Input::VenueReport(report) => self.report(report, effects),
            Input::CancelRequest(request) => self.cancel(request, effects),
            Input::ReplaceRequest(request) => self.replace(request, effects),
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
            Input::Signed(id, envelope) => self.signed(id, envelope, effects),
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
        self.check_time(bar.ts_init)?;
        self.settle_before(bar.ts_init)?;
        self.ledger.mark(bar.instrument, bar.close_ticks)?;
        self.gate.observe(bar.instrument, bar.close_ticks, bar.ts_event)?;
        bar.id = self.accept(bar.ts_init);
        self.equity_is_old = true;
        Ok(())
    }

    fn fx_rate(&mut self, rate: &mut FxRate, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        if rate.rate_nano <= 0 {
            return Err(Problem::new(code::DATA_NOT_POSITIVE, format!("{}/{} {}", rate.base, rate.quote, rate.rate_nano)));
        }
        if rate.quote != self.base || rate.base == self.base {
            let detail = format!("{}/{}; the kernel takes rates into {} only", rate.base, rate.quote, self.base);
            return Err(Problem::new(code::CORE_CURRENCY, detail));
        }
        self.check_time(rate.ts_init)?;
        self.ledger.rate(rate)?;
        self.gate.set_rate(rate.base, rate.rate_nano)?;
        rate.id = self.accept(rate.ts_init);
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
        self.check_time(forecast.ts)?;
        forecast.id = self.accept(forecast.ts);
        Ok(())
    }

    fn target(&mut self, target: &mut Target, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(target.instrument)?;
        self.check_strategy(target.strategy)?;
        self.check_time(target.ts)?;
        target.id = self.accept(target.ts);
        Ok(())
    }

    fn parent(&mut self, parent: &mut ParentOrder, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(parent.instrument)?;
        self.check_strategy(parent.strategy)?;
        if parent.lots <= 0 || parent.slices == 0 {
            let detail = format!("parent order of {} lots in {} slices", parent.lots, parent.slices);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_time(parent.ts)?;
        parent.id = self.accept(parent.ts);
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
                let detail = format!("{} cannot become {}: tick, lot, currency and symbol stay", before.symbol, instrument.symbol);
                return Err(Problem::new(code::CORE_INPUT, detail));
            }
        }
        self.check_time(instrument.ts)?;
        self.ledger.define(instrument)?;
        self.gate.define(instrument)?;
        instrument.id = self.accept(instrument.ts);
        if index == known {
            self.instruments.push(*instrument);
        } else {
            self.instruments[index] = *instrument;
        }
        Ok(())
    }

    fn cash(&mut self, movement: &mut CashMovement, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(movement.strategy)?;
        self.check_time(movement.ts)?;
        movement.id = self.last_id + 1;
        let mut next = movement.id;
        self.ledger.cash(movement, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        })?;
        if movement.kind == CashKind::Capital as u8 {
            let rate_nano = self.ledger.rate_nano(movement.currency).unwrap_or_default();
            self.gate.flow(movement.strategy, movement.amount.convert(rate_nano))?;
        }
        self.clock = movement.ts;
        self.last_id = next;
        self.equity_is_old = true;
        Ok(())
    }

    fn session(&mut self, session: &mut Session, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_time(session.ts)?;
        self.settle_equity()?;
        session.id = self.accept(session.ts);
        self.gate.session(session);
        Ok(())
    }

    fn kill(&mut self, switch: &mut KillSwitch, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        if switch.strategy != StrategyId::MAX {
            self.check_strategy(switch.strategy)?;
        }
        self.check_time(switch.ts)?;
        self.gate.kill(switch)?;
        switch.id = self.accept(switch.ts);
        Ok(())
    }

    fn firm_limits(&mut self, limits: &mut FirmLimits, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_time(limits.ts)?;
        limits.id = self.accept(limits.ts);
        self.gate.set_firm(&limits.limits);
        Ok(())
    }

    /// A strategy starts: its mandate counts only if it was granted to the artifact that runs.
    fn start(&mut self, start: &mut StrategyStart, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(start.strategy)?;
        self.check_time(start.ts)?;
        start.id = self.accept(start.ts);
        self.grants[usize::from(start.strategy)].running = (start.on == 1).then_some(start.artifact);
        self.apply_grant(start.strategy, start.id, effects)
    }

    fn signed(&mut self, id: &mut RecordId, envelope: &[u8], effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let outcome = self.authority.apply(envelope, self.last_id + 1, self.clock)?;
        *id = self.next_id();
        match outcome {
            Outcome::Granted { mandate, universe } => {
                let mut mandate = *mandate;
                mandate.id = self.next_id();
                effects.emit(&mandate);
                let universe = self.universe(&universe, *id, effects);
                let grant = &mut self.grants[usize::from(mandate.strategy)];
                grant.mandate = Some(mandate);
                grant.universe = universe;
                self.apply_grant(mandate.strategy, *id, effects)
            }
            Outcome::Revoked { strategy, mandate: Some(mandate) } => {
                let mut mandate = *mandate;
                mandate.id = self.next_id();
                effects.emit(&mandate);
                self.grants[usize::from(strategy)].mandate = Some(mandate);
                self.apply_grant(strategy, *id, effects)
            }
            _ => Ok(()),
        }
    }

    /// The hash of the whole state, the seal's own record included.
    fn seal(&mut self, seal: &mut StateHash, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
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
    /// `CORE_RECORD_SIZE` if the bytes are not a state of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Kernel, Problem> {
        postcard::from_bytes(bytes).map_err(|e| Problem::new(code::CORE_RECORD_SIZE, format!("kernel state: {e}")))
    }

    fn universe(&mut self, symbols: &[Symbol], cause: RecordId, effects: &mut Effects) -> Vec<InstrumentId> {
        let mut universe = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            match self.instruments.iter().find(|i| i.symbol == *symbol) {
                Some(instrument) => universe.push(instrument.instrument),
                None => self.finding(code::CORE_UNKNOWN_INSTRUMENT, cause, StrategyId::MAX, effects),
            }
        }
        universe
    }

    /// Gives the gate what is in force: a mandate, for the artifact that runs, or nothing.
    fn apply_grant(&mut self, strategy: StrategyId, cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        self.settle_equity()?;
        let grant = &mut self.grants[usize::from(strategy)];
        let Some(mandate) = &grant.mandate else { return Ok(()) };
        let matches = grant.running == Some(mandate.artifact);
        let other_artifact = grant.running.is_some() && !matches;
        if matches {
            self.gate.grant(mandate, &grant.universe)?;
        } else if grant.in_force {
            self.gate.revoke(strategy)?;
        }
        grant.in_force = matches;
        if other_artifact {
            self.finding(code::RISK_ARTIFACT, cause, strategy, effects);
        }
        Ok(())
    }

    pub(crate) fn finding(&mut self, code: Code, cause: RecordId, strategy: StrategyId, effects: &mut Effects) {
        let id = self.next_id();
        let finding =
            Finding { id, cause, ts: self.clock, instrument: u32::MAX, strategy, code: code.0, ..Finding::default() };
        effects.emit(&finding);
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
        self.clock = ts;
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

    /// Tells the gate what each strategy's book is worth, once all prices of a moment are in.
    #[inline]
    pub(crate) fn settle_equity(&mut self) -> Result<(), Problem> {
        if !self.equity_is_old {
            return Ok(());
        }
        for strategy in 0..self.capacity.strategies {
            if self.grants[usize::from(strategy)].running.is_some() {
                self.gate.equity(strategy, self.ledger.nav(strategy)?)?;
            }
        }
        self.equity_is_old = false;
        Ok(())
    }

    /// A new moment begins: what the last one's prices made of the books is told first.
    #[inline]
    pub(crate) fn settle_before(&mut self, ts: Nanos) -> Result<(), Problem> {
        if ts > self.clock { self.settle_equity() } else { Ok(()) }
    }

    /// Takes so many ids at once, for bars of which the last was known at `ts`.
    pub(crate) fn take_ids(&mut self, count: u64, ts: Nanos) {
        self.last_id += count;
        self.clock = ts;
        self.equity_is_old = true;
    }

    /// The strategies that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = StrategyId> {
        (0..self.capacity.strategies).filter(|s| self.grants[usize::from(*s)].running.is_some())
    }

    pub(crate) fn equity_moved(&mut self) {
        self.equity_is_old = true;
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

    /// The mandate last granted to a strategy, in force or not.
    #[must_use]
    pub fn mandate(&self, strategy: StrategyId) -> Option<&Mandate> {
        self.grants.get(usize::from(strategy)).and_then(|g| g.mandate.as_ref())
    }
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

