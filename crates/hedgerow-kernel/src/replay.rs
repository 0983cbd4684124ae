//! Replay: the same kernel fed from a log, proving that the log says what the kernel would have done.
//!
//! Needs no secrets: a strategy's commands are inputs in the log, so its code is not needed.

use crate::{Capacity, Effects, Input, Kernel};
use hedgerow_core::{KIND_GENESIS, KernelStart, Noun, Problem, RecordId, StateHash, code};
use std::collections::VecDeque;

/// What a whole replay found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReplayReport {
    /// Inputs taken.
    pub inputs: u64,
    /// Effects derived again and found equal.
    pub effects: u64,
    /// State hashes derived again and found equal.
    pub hashes: u64,
}

#[derive(Default)]
/// A replay in progress: push the log's records in order, then `finish`.
pub struct Replay {
    genesis: Option<Vec<u8>>,
    kernel: Option<Kernel>,
    effects: Effects,
    expected: VecDeque<(u16, RecordId, Vec<u8>)>,
    report: ReplayReport,
}

impl Replay {
    /// A replay of a log from its first record.
    #[must_use]
    pub fn new() -> Replay {
        Replay {
            genesis: None,
            kernel: None,
            effects: Effects::new(),
            expected: VecDeque::new(),
            report: ReplayReport::default(),
        }
    }

    /// Takes the log's next record.
    ///
    /// # Errors
    /// `LOG_REPLAY`, naming the record that differs from what the kernel derives.
    pub fn push(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        if self.kernel.is_none() {
            return self.begin(kind, id, bytes);
        }
        if let Some((want_kind, want_id, want)) = self.expected.pop_front() {
            if (want_kind, want_id, want.as_slice()) != (kind, id, bytes) {
                return Err(differs(id, &format!("kind {kind}, expected record {want_id} of kind {want_kind}")));
            }
            self.report.effects += 1;
            return Ok(());
        }
        let Some(mut input) = Input::from_record(kind, id, bytes)? else {
            return Err(differs(id, &format!("kind {kind} stands where an input belongs")));
        };
        self.report.inputs += 1;
        let Some(kernel) = &mut self.kernel else { return Err(differs(id, "the kernel has not begun")) };
        kernel.step(&mut input, &mut self.effects).map_err(|p| differs(id, &p.to_string()))?;
        if input.as_record() != (kind, id, bytes) {
            return Err(differs(id, "the kernel gives this input another id, slot or hash"));
        }
        self.report.hashes += u64::from(kind == StateHash::KIND);
        let mut next = id;
        for (kind, bytes) in self.effects.records() {
            next += 1;
            self.expected.push_back((kind, next, bytes.to_vec()));
        }
        Ok(())
    }

    /// The kernel as it stands after the last record, once it has begun.
    #[must_use]
    pub fn kernel(&self) -> Option<&Kernel> {
        self.kernel.as_ref()
    }

    /// Whether the next record must be an input: every effect of the last one has been seen.
    #[must_use]
    pub fn expects_input(&self) -> bool {
        self.expected.is_empty()
    }

    /// The first two records: the genesis, and the sizes of the kernel's tables.
    fn begin(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        match &self.genesis {
            None if (kind, id) == (KIND_GENESIS, 1) => self.genesis = Some(bytes.to_vec()),
            Some(genesis) if (kind, id) == (KernelStart::KIND, 2) && bytes.len() == KernelStart::INFO.size => {
                let start: KernelStart = bytemuck::pod_read_unaligned(bytes);
                self.kernel = Some(Kernel::new(Capacity::from_record(&start)?, genesis)?);
            }
            _ => return Err(differs(id, &format!("kind {kind} stands where the genesis and kernel start belong"))),
        }
        self.report.inputs += 1;
        Ok(())
    }

    /// The rebuilt kernel and what was proved.
    ///
    /// # Errors
    /// `LOG_REPLAY` if the log stops before the last input's effects, `LOG_EMPTY` if it stops before the kernel's start.
    pub fn finish(self) -> Result<(Kernel, ReplayReport), Problem> {
        if let Some((kind, id, _)) = self.expected.front() {
            return Err(differs(*id, &format!("record of kind {kind} is missing")));
        }
        let begun = if self.genesis.is_some() { "a genesis and nothing after it" } else { "no record" };
        let kernel = self.kernel.ok_or_else(|| Problem::new(code::LOG_EMPTY, begun))?;
        Ok((kernel, self.report))
    }
}

fn differs(id: RecordId, what: &str) -> Problem {
    Problem::new(code::LOG_REPLAY, format!("record {id}: {what}"))
}
