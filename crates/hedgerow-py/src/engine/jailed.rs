//! An opaque strategy in a run: questions made from the books, answers turned into orders, faults into findings.

use super::desk::Wish;
use super::intents::{Wanted, wanted};
use super::shared::Shared;
use super::strategy::StrategyCore;
use super::views::{BarView, FillView};
use crate::words::raise;
use hedgerow_core::{
    Code, Finding, InstrumentId, JailAnswer, JailStart, MONEY_UNIT, Mandate, Money, Noun, OrderSlot, Problem, RecordId,
    Side, StrategyId, code,
};
use hedgerow_jail::{Channel, ChannelLimits, Fault, HostLimits, Module, WasmHost};
use hedgerow_kernel::{Input, Kernel};
use hedgerow_log::SealedTape;
use hedgerow_strategy::{Bar, Fill, Instrument, Intent, Kind, Now, Row};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// What was found, as Python sees it: code numbers and particulars.
type Told = Vec<(u16, String)>;

/// The weakest isolation that a strategy's mandate allows, as its number, and the name of the mandate's tier.
pub fn demanded(kernel: &Kernel, strategy: StrategyId) -> Option<(u8, String)> {
    let mandate = kernel.mandate(strategy)?;
    let row = kernel.authority().mandates().iter().find(|row| row.mandate.index == mandate.index)?;
    Some((mandate.isolation, row.tier.clone()))
}

/// A running strategy's process as a part of a run.
#[pyclass(unsendable, module = "hedgerow._core")]
pub struct JailLink {
    shared: Rc<Shared>,
    strategy: StrategyId,
    channel: Channel,
    placed: Vec<(OrderSlot, RecordId, InstrumentId)>,
    left_out: Vec<String>,
    payload: Vec<u8>,
}

#[pymethods]
impl JailLink {
    /// Joins the process behind two pipes to the run of a strategy. The descriptors are given up to it.
    ///
    /// `tape` names a file that every frame is written to, sealed as the journal is.
    #[new]
    #[pyo3(signature = (core, questions, answers, *, deadline_ns, answer_bytes, late_max, tape=None))]
    fn new(
        core: &StrategyCore,
        questions: i32,
        answers: i32,
        deadline_ns: u64,
        answer_bytes: usize,
        late_max: u32,
        tape: Option<PathBuf>,
    ) -> PyResult<JailLink> {
        // SAFETY: the caller gives up both descriptors, which it opened for this call alone (see the doc comment); nothing
        // else closes or uses them.
        let (questions, answers) = unsafe { (OwnedFd::from_raw_fd(questions), OwnedFd::from_raw_fd(answers)) };
        let limits = ChannelLimits { deadline: Duration::from_nanos(deadline_ns), answer_bytes, late_max };
        let in_words = |error: std::io::Error| raise(Problem::new(code::JAIL_UNAVAILABLE, error.to_string()));
        let (shared, strategy) = (core.shared()?, core.id());
        let tape = tape.map(|path| begin_tape(&path, &shared)).transpose().map_err(in_words)?;
        let channel = Channel::new(questions, answers, limits, tape).map_err(in_words)?;
        Ok(JailLink { shared, strategy, channel, placed: Vec::new(), left_out: Vec::new(), payload: Vec::new() })
    }

    /// Records that the process started: `JailStart` with these fields.
    #[allow(clippy::too_many_arguments)]
    fn started(
        &self,
        artifact: [u8; 32],
        plaintext: [u8; 32],
        form: u8,
        isolation: u8,
        layers: u16,
        memory_bytes: u64,
        cpu_seconds: u32,
        fuel: u64,
    ) -> PyResult<RecordId> {
        let limits = self.channel.limits();
        let start = JailStart {
            ts: self.shared.desk.borrow().kernel.clock(),
            memory_bytes,
            deadline_ns: limits.deadline.as_nanos() as i64,
            fuel,
            artifact,
            plaintext,
            cpu_seconds,
            answer_bytes: limits.answer_bytes as u32,
            strategy: self.strategy,
            abi: hedgerow_strategy::ABI,
            form,
            isolation,
            layers,
            ..JailStart::default()
        };
        self.feed(Input::JailStart(start))
    }

    /// Tells the strategy its instruments; the answer may take longer than others.
    fn start(&mut self, py: Python<'_>, deadline_ns: u64) -> PyResult<Told> {
        self.begin()?;
        let known = self.shared.desk.borrow().kernel.instruments().to_vec();
        for instrument in &known {
            let mut symbol = [0; 32];
            symbol[..instrument.symbol.as_str().len()].copy_from_slice(instrument.symbol.as_str().as_bytes());
            push(
                &mut self.payload,
                &Instrument {
                    symbol,
                    tick: instrument.tick_nano as f64 / 1e9,
                    lot: instrument.lot_nano as f64 / 1e9,
                    instrument: instrument.instrument,
                    spare: 0,
                },
            );
        }
        let usual = self.channel.set_deadline(Duration::from_nanos(deadline_ns));
        let told = self.ask(py, Kind::Start, known.len());
        self.channel.set_deadline(usual);
        told
    }

    /// Tells the strategy bars; `steps` says for each which time of the batch it belongs to.
    fn bars(&mut self, py: Python<'_>, bars: Vec<PyRef<'_, BarView>>, steps: Vec<u32>) -> PyResult<Told> {
        self.begin()?;
        let desk = self.shared.desk.borrow();
        for (view, step) in bars.iter().zip(steps) {
            let (bar, unit, name) = view.parts();
            let instrument = self.shared.instrument(Some(name.bind(py).to_str()?)).map_err(raise)?;
            let volume = if bar.volume_lots < 0 { f64::NAN } else { unit.quantity(bar.volume_lots) };
            push(
                &mut self.payload,
                &Bar {
                    ts: bar.ts_event,
                    open: unit.price(bar.open_ticks),
                    high: unit.price(bar.high_ticks),
                    low: unit.price(bar.low_ticks),
                    close: unit.price(bar.close_ticks),
                    volume,
                    position: unit.quantity(desk.position(self.strategy, instrument)),
                    expected: unit.quantity(desk.expected_lots(self.strategy, instrument)),
                    instrument,
                    step,
                },
            );
        }
        drop(desk);
        self.ask(py, Kind::Bars, bars.len())
    }

    /// Tells the strategy its fills.
    fn fills(&mut self, py: Python<'_>, fills: Vec<PyRef<'_, FillView>>) -> PyResult<Told> {
        self.begin()?;
        for view in &fills {
            let (fill, unit) = view.parts();
            let sign = if fill.side == Side::Buy as u8 { 1.0 } else { -1.0 };
            push(
                &mut self.payload,
                &Fill {
                    ts: fill.ts_event,
                    price: unit.price(fill.price_ticks),
                    quantity: sign * unit.quantity(fill.lots),
                    fee: fill.fee.to_f64(),
                    instrument: fill.instrument,
                    spare: 0,
                },
            );
        }
        self.ask(py, Kind::Fills, fills.len())
    }

    /// Tells the strategy that the run ends, and seals the tape with a last `JailAnswer`.
    fn stop(&mut self, py: Python<'_>) -> PyResult<Told> {
        self.begin()?;
        let told = if self.channel.is_closed() { Vec::new() } else { self.ask(py, Kind::Stop, 0)? };
        self.answered(Kind::Stop, 0)?;
        self.channel.flush().map_err(|e| raise(Problem::new(code::LOG_IO, format!("the tape: {e}"))))?;
        Ok(told)
    }

    /// Records a finding about the strategy, by code number; its cause is what is being handled.
    fn found(&self, code: u16, value: u64, limit: u64) -> PyResult<RecordId> {
        self.find(Code(code), whole(value), whole(limit), u32::MAX)
    }

    /// Number of the last question.
    #[getter]
    fn sequence(&self) -> u32 {
        self.channel.sequence()
    }

    /// Whether the strategy is asked no more.
    #[getter]
    fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }
}

/// A tape in a file, under the journal's key where that has one.
fn begin_tape(path: &Path, shared: &Shared) -> std::io::Result<Box<dyn Write + Send>> {
    let file = BufWriter::new(File::create(path)?);
    Ok(match shared.desk.borrow().sealing() {
        Some(key) => Box::new(SealedTape::new(file, key)?),
        None => Box::new(file),
    })
}

fn push(payload: &mut Vec<u8>, row: &impl Row) {
    fn grow<R: Row>(payload: &mut Vec<u8>, row: &R) {
        let at = payload.len();
        payload.resize(at + R::BYTES, 0);
        row.write(&mut payload[at..]);
    }
    grow(payload, row);
}

fn whole(number: u64) -> Money {
    Money(i128::from(number) * MONEY_UNIT)
}

impl JailLink {
    /// Begins a question with the present time and value.
    fn begin(&mut self) -> PyResult<()> {
        let desk = self.shared.desk.borrow();
        let nav = desk.kernel.ledger().nav(self.strategy).map_err(raise)?.to_f64();
        self.payload.clear();
        push(&mut self.payload, &Now { ts: desk.kernel.clock(), nav });
        Ok(())
    }

    fn ask(&mut self, py: Python<'_>, kind: Kind, rows: usize) -> PyResult<Told> {
        let (channel, payload) = (&mut self.channel, self.payload.as_slice());
        let heard = py.detach(|| {
            let answer = channel.call(kind, rows as u32, payload)?;
            Ok((answer.intents, answer.rows.to_vec()))
        });
        match heard {
            Ok((0, _)) => Ok(Vec::new()),
            Ok((intents, bytes)) => {
                let answer = self.answered(kind, intents)?;
                self.obey(&bytes, answer)?;
                Ok(self.left_out.drain(..).map(|detail| (code::JAIL_INTENT.0, detail)).collect())
            }
            Err(fault) => Ok(vec![self.faulted(fault)?]),
        }
    }

    /// Records what was asked and answered so far.
    fn answered(&self, kind: Kind, intents: u32) -> PyResult<RecordId> {
        let (questions, answers) = self.channel.hashes();
        let answer = JailAnswer {
            cause: self.shared.cause.get(),
            ts: self.shared.desk.borrow().kernel.clock(),
            questions,
            answers,
            sequence: self.channel.sequence(),
            intents,
            strategy: self.strategy,
            question: kind as u16,
            ..JailAnswer::default()
        };
        self.feed(Input::JailAnswer(answer))
    }

    fn faulted(&self, fault: Fault) -> PyResult<(u16, String)> {
        let (value, limit) = match fault.code {
            // A time in seconds: nanoseconds are what money is counted in too.
            code::JAIL_LATE => (Money::ZERO, Money(i128::from(fault.limit))),
            _ => (whole(fault.value), whole(fault.limit)),
        };
        self.find(fault.code, value, limit, u32::MAX)?;
        Ok((fault.code.0, fault.detail))
    }

    fn find(&self, code: Code, value: Money, limit: Money, instrument: InstrumentId) -> PyResult<RecordId> {
        let finding = Finding {
            value,
            limit,
            cause: self.shared.cause.get(),
            ts: self.shared.desk.borrow().kernel.clock(),
            instrument,
            strategy: self.strategy,
            code: code.0,
            ..Finding::default()
        };
        self.feed(Input::Finding(finding))
    }

    /// Turns intents into orders whose cause is the answer; one that makes no sense becomes a finding.
    fn obey(&mut self, bytes: &[u8], answer: RecordId) -> PyResult<()> {
        let shared = Rc::clone(&self.shared);
        let before = shared.cause.replace(answer);
        let done =
            bytes.chunks_exact(Intent::BYTES).filter_map(Intent::read).try_for_each(|intent| self.do_one(&intent));
        shared.cause.set(before);
        done
    }

    fn do_one(&mut self, intent: &Intent) -> PyResult<()> {
        let wish = wanted(&self.shared.desk.borrow().kernel, self.strategy, intent);
        let instrument = intent.instrument;
        match wish {
            Ok(Wanted::Trade(lots, limit_ticks, tif)) => {
                let order = Wish::new(self.strategy, instrument, Side::Buy, lots);
                match self.shared.wish(Wish { limit_ticks, tif, ..order }) {
                    Ok(Some(placed)) => self.placed.push((placed.order.slot, placed.order.id, instrument)),
                    Ok(None) => {}
                    Err(problem) if problem.code.area().is_some_and(|area| area.name == "LOG") => {
                        return Err(raise(problem));
                    }
                    Err(problem) => self.leave_out(problem.detail, instrument)?,
                }
                Ok(())
            }
            Ok(Wanted::Cancel) => self.cancel(instrument),
            Err(problem) => self.leave_out(problem.detail, instrument),
        }
    }

    /// An intent that became no order is found, and its words are kept for people.
    fn leave_out(&mut self, detail: String, instrument: InstrumentId) -> PyResult<()> {
        let known = self.shared.units.borrow().len() as u32;
        let named = if instrument < known { instrument } else { u32::MAX };
        self.left_out.push(detail);
        self.find(code::JAIL_INTENT, Money::ZERO, Money::ZERO, named).map(drop)
    }

    /// Cancels what works in an instrument; what no longer works is forgotten.
    fn cancel(&mut self, instrument: InstrumentId) -> PyResult<()> {
        let mut desk = self.shared.desk.borrow_mut();
        self.placed.retain(|(slot, id, _)| desk.kernel.oms().get(*slot, *id).is_some());
        for (slot, id, _) in self.placed.iter().filter(|placed| placed.2 == instrument) {
            desk.cancel(self.strategy, *slot, *id, self.shared.cause.get()).map_err(raise)?;
        }
        Ok(())
    }

    fn feed(&self, mut input: Input) -> PyResult<RecordId> {
        self.shared.desk.borrow_mut().feed(&mut input).map_err(raise)?;
        Ok(input.as_record().1)
    }
}

/// The rows of the protocol, for documentation and NumPy: name, size, meaning, and fields as (name, type, bytes, meaning).
#[pyfunction]
pub fn jail_rows(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    fn row<'py, R: Row>(py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(py);
        row.set_item("name", R::NAME)?;
        row.set_item("bytes", R::BYTES)?;
        row.set_item("says", R::SAYS.trim())?;
        let fields: Vec<_> = R::FIELDS.iter().map(|f| (f.name, f.kind, f.bytes, f.says.trim())).collect();
        row.set_item("fields", fields)?;
        Ok(row)
    }
    Ok(vec![row::<Now>(py)?, row::<Instrument>(py)?, row::<Bar>(py)?, row::<Fill>(py)?, row::<Intent>(py)?])
}

/// Whether the kernel has granted the strategy a mandate for this artifact that is neither revoked nor expired.
#[pyfunction]
pub fn has_mandate(core: &StrategyCore, artifact: [u8; 32]) -> PyResult<bool> {
    let shared = core.shared()?;
    let desk = shared.desk.borrow();
    let pieces = desk.recorder.rows(Mandate::KIND);
    let mandates = pieces.iter().flat_map(|piece| piece.chunks_exact(size_of::<Mandate>()));
    let last = mandates.map(bytemuck::pod_read_unaligned::<Mandate>).filter(|m| m.strategy == core.id()).last();
    Ok(last.is_some_and(|m| m.artifact == artifact && m.revoked == 0 && m.expires_ts > desk.kernel.clock()))
}

/// Everything for which a module of WebAssembly would be refused, as (what it is about, what is wrong).
#[pyfunction]
pub fn wasm_faults(py: Python<'_>, module: &[u8], memory_bytes: u64) -> Vec<(&'static str, String)> {
    let (found, _) = py.detach(|| hedgerow_jail::check_module(module, memory_bytes));
    found.into_iter().map(|faulty| (faulty.about, faulty.says)).collect()
}

/// Inside the jail: serves a module of WebAssembly on descriptors 0 and 1 until the questions end.
#[pyfunction]
pub fn serve_module(py: Python<'_>, module: &[u8], fuel: u64, memory_bytes: u64, answer_bytes: usize) -> PyResult<()> {
    let limits = HostLimits { fuel, memory_bytes, answer_bytes };
    let served = py.detach(|| {
        let host = Module::new(module, memory_bytes).and_then(|module| WasmHost::new(&module, limits));
        // SAFETY: descriptors 0 and 1 are the process's own pipes, and this process does nothing else with them.
        let (questions, answers) = unsafe { (File::from_raw_fd(0), File::from_raw_fd(1)) };
        hedgerow_jail::serve(host, questions, answers)
    });
    served.map_err(|error| raise(Problem::new(code::JAIL_GONE, error.to_string())))
}
