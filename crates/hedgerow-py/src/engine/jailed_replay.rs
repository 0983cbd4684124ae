//! Replay of an opaque strategy: whether the orders in a log are those that its taped answers lead to.
//!
//! Promises: every answer on the tape is covered by the running hashes in the log, and every order of the strategy comes
//! from exactly one intent, judged by the same function in the same state of the books as in the run.

use super::intents::{Wanted, wanted};
use crate::seal::Keyring;
use crate::words::raise;
use hedgerow_core::{CancelRequest, Finding, JailAnswer, Noun, Order, Problem, RecordId, Side, StrategyId, code};
use hedgerow_kernel::{Kernel, Replay};
use hedgerow_log::{LogReader, STREAM, read_log_of, unseal};
use hedgerow_strategy::{Frame, Intent, Kind};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

fn differs(what: impl Into<String>) -> Problem {
    Problem::new(code::JAIL_REPLAY, what)
}

/// Questions and answers as they were taped, and the hashes of what was read so far.
struct Tape<'a> {
    rest: &'a [u8],
    sequence: u32,
    questions: Sha256,
    answers: Sha256,
}

impl<'a> Tape<'a> {
    fn new(rest: &'a [u8]) -> Tape<'a> {
        Tape { rest, sequence: 0, questions: Sha256::new(), answers: Sha256::new() }
    }

    fn frame(&mut self) -> Result<&'a [u8], Problem> {
        let cut = || differs(format!("the tape ends within question {}", self.sequence + 1));
        let length = self.rest.get(..4).ok_or_else(cut)?;
        let bytes = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize + 4;
        let frame = self.rest.get(..bytes).ok_or_else(cut)?;
        self.rest = &self.rest[bytes..];
        Ok(frame)
    }

    /// Reads up to a question and its answer; the answer's intents.
    fn up_to(&mut self, sequence: u32) -> Result<Vec<Intent>, Problem> {
        let mut intents = Vec::new();
        while self.sequence < sequence {
            let (question, answer) = (self.frame()?, self.frame()?);
            self.sequence += 1;
            self.questions.update(question);
            intents.clear();
            if answer.len() > 4 {
                self.answers.update(answer);
                let read = Frame::read(answer).and_then(|frame| frame.answer_rows::<Intent>());
                intents.extend(read.map_err(|_| differs(format!("answer {} is no frame", self.sequence)))?);
            }
        }
        Ok(intents)
    }

    fn hashes(&self) -> ([u8; 32], [u8; 32]) {
        (self.questions.clone().finalize().into(), self.answers.clone().finalize().into())
    }
}

/// The walk through a log beside the tape.
struct Walk<'a> {
    tape: Tape<'a>,
    strategy: StrategyId,
    answer: RecordId,
    pending: VecDeque<Intent>,
    is_sealed: bool,
    orders: u64,
    answers: u64,
}

impl Walk<'_> {
    /// One record of the log, before the kernel takes it; `kernel` is the state in which it was made.
    fn look(&mut self, kernel: &Kernel, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        match kind {
            JailAnswer::KIND => {
                let answer: JailAnswer = bytemuck::pod_read_unaligned(bytes);
                if answer.strategy == self.strategy {
                    self.drain(kernel)?;
                    self.answered(id, &answer)?;
                }
            }
            Order::KIND => {
                let order: Order = bytemuck::pod_read_unaligned(bytes);
                if order.strategy == self.strategy {
                    self.ordered(kernel, &order)?;
                }
            }
            Finding::KIND => {
                let finding: Finding = bytemuck::pod_read_unaligned(bytes);
                if finding.code == code::JAIL_INTENT.0 && finding.cause == self.answer {
                    self.left_out(kernel, id)?;
                }
            }
            CancelRequest::KIND => {}
            _ => self.drain(kernel)?,
        }
        Ok(())
    }

    fn answered(&mut self, id: RecordId, answer: &JailAnswer) -> Result<(), Problem> {
        let already = answer.sequence == self.tape.sequence;
        let intents = self.tape.up_to(answer.sequence)?;
        if self.tape.hashes() != (answer.questions, answer.answers) {
            return Err(differs(format!("record {id}: the tape up to question {} has another hash", answer.sequence)));
        }
        self.pending = if already { VecDeque::new() } else { intents.into() };
        let count = if already { 0 } else { answer.intents as usize };
        if self.pending.len() != count {
            return Err(differs(format!("record {id}: {count} intents, {} on the tape", self.pending.len())));
        }
        self.answer = id;
        self.answers += 1;
        self.is_sealed = answer.question == Kind::Stop as u16 && answer.intents == 0;
        Ok(())
    }

    /// An order: the next intent that is worth one must be it.
    fn ordered(&mut self, kernel: &Kernel, order: &Order) -> Result<(), Problem> {
        let sign = if order.side == Side::Buy as u8 { 1 } else { -1 };
        let found = (order.instrument, sign * order.lots, order.limit_ticks, order.tif);
        while order.cause == self.answer
            && let Some(intent) = self.pending.pop_front()
        {
            if let Some(wish) = trade(kernel, self.strategy, &intent) {
                let made = (intent.instrument, wish.0, wish.1, wish.2);
                if made == found {
                    self.orders += 1;
                    return Ok(());
                }
                return Err(differs(format!("order {}: the log holds {found:?}, the answer makes {made:?}", order.id)));
            }
        }
        Err(differs(format!("order {} comes from no answer", order.id)))
    }

    /// A finding says that the next intent that is not worth nothing became no order: it made no sense, or there was no
    /// room for one more order.
    fn left_out(&mut self, kernel: &Kernel, id: RecordId) -> Result<(), Problem> {
        while let Some(intent) = self.pending.pop_front() {
            match wanted(kernel, self.strategy, &intent) {
                Ok(Wanted::Trade(0, ..) | Wanted::Cancel) => {}
                Ok(Wanted::Trade(..)) if !kernel.oms().is_full() => {
                    return Err(differs(format!("finding {id}: the intent that it leaves out is worth an order")));
                }
                _ => return Ok(()),
            }
        }
        Err(differs(format!("finding {id}: no intent was left out")))
    }

    /// Intents that are left over must be worth nothing.
    fn drain(&mut self, kernel: &Kernel) -> Result<(), Problem> {
        while let Some(intent) = self.pending.pop_front() {
            if trade(kernel, self.strategy, &intent).is_some() {
                return Err(differs(format!("answer {}: an intent has no order in the log", self.answer)));
            }
        }
        Ok(())
    }
}

/// Signed lots, limit and time in force of an intent that is worth an order.
fn trade(kernel: &Kernel, strategy: StrategyId, intent: &Intent) -> Option<(i64, i64, u8)> {
    match wanted(kernel, strategy, intent) {
        Ok(Wanted::Trade(lots, limit_ticks, tif)) if lots != 0 => Some((lots, limit_ticks, tif as u8)),
        _ => None,
    }
}

fn walk(folder: &Path, keys: &hedgerow_log::Keyring, tape: &[u8], strategy: StrategyId) -> Result<(u64, u64), Problem> {
    let reader = LogReader::new(unseal(&read_log_of(folder, STREAM)?, keys)?)?;
    let mut replay = Replay::new();
    let mut walk = Walk {
        tape: Tape::new(tape),
        strategy,
        answer: 0,
        pending: VecDeque::new(),
        is_sealed: false,
        orders: 0,
        answers: 0,
    };
    for record in reader.records() {
        if let Some(kernel) = replay.kernel().filter(|_| replay.expects_input()) {
            walk.look(kernel, record.kind, record.id, record.bytes)?;
        }
        replay.push(record.kind, record.id, record.bytes)?;
    }
    let (kernel, _) = replay.finish()?;
    walk.drain(&kernel)?;
    if !walk.is_sealed || !walk.tape.rest.is_empty() {
        return Err(differs("the tape and the log do not end together"));
    }
    Ok((walk.answers, walk.orders))
}

/// Proves that a strategy's orders in a log are what the answers on its tape lead to; returns (answers, orders).
///
/// A sealed log is opened with the keyring. Raises `JAIL_REPLAY` with the first difference.
#[pyfunction]
#[pyo3(signature = (folder, tape, strategy, keys=None))]
pub fn check_answers(
    py: Python<'_>,
    folder: PathBuf,
    tape: &[u8],
    strategy: u16,
    keys: Option<&Keyring>,
) -> PyResult<(u64, u64)> {
    let keys = keys.map(Keyring::keys).unwrap_or_default();
    py.detach(|| walk(&folder, &keys, tape, strategy)).map_err(raise)
}

/// The frames on a tape: of a sealed one opened with the keyring, of a plain one as they are.
#[pyfunction]
pub fn open_tape<'py>(py: Python<'py>, tape: &[u8], keys: &Keyring) -> PyResult<Bound<'py, PyBytes>> {
    let keys = keys.keys();
    py.detach(|| hedgerow_log::open_tape(tape, &keys)).map(|frames| PyBytes::new(py, &frames)).map_err(raise)
}
