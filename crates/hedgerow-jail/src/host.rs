//! The host of one module: writes a question into its memory, lets it run for so many steps, reads the answer.
//!
//! wasmi interprets; no machine code is made from what an author wrote. It is built with its deterministic profile: an
//! operation whose result is not a number gives the one canonical NaN, so equal questions have equal answers everywhere.

use crate::check::Module;
use hedgerow_core::{Problem, code};
use hedgerow_strategy::{ABI, FRAME_BYTES_MAX, HEAD_BYTES};
use wasmi::{Linker, Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};

/// What a module may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostLimits {
    /// Steps of one call.
    pub fuel: u64,
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Longest answer, its head included.
    pub answer_bytes: usize,
}

/// A module that answers questions.
pub struct WasmHost {
    store: Store<StoreLimits>,
    memory: Memory,
    call: TypedFunc<u32, u32>,
    question_at: usize,
    answer_at: usize,
    limits: HostLimits,
}

fn failed(error: &wasmi::Error) -> Problem {
    Problem::new(code::JAIL_FAILED, error.to_string())
}

impl WasmHost {
    /// Instantiates a checked module and asks it where its buffers lie.
    ///
    /// # Errors
    /// `JAIL_REFUSED` if its buffers or version are not the protocol's, `JAIL_FAILED` if it fails before it is asked.
    pub fn new(module: &Module, limits: HostLimits) -> Result<WasmHost, Problem> {
        let store_limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory_bytes as usize)
            .table_elements(65_536)
            .instances(1)
            .memories(1)
            .tables(4)
            .trap_on_grow_failure(true)
            .build();
        let mut store = Store::new(&module.engine, store_limits);
        store.limiter(|limits| limits);
        refuel(&mut store, limits.fuel)?;
        let linker = Linker::new(&module.engine);
        let instance = linker.instantiate_and_start(&mut store, &module.module).map_err(|e| failed(&e))?;
        let ask = |store: &mut Store<StoreLimits>, name: &str| {
            let asked = instance.get_typed_func::<(), u32>(&*store, name).map_err(|e| failed(&e))?;
            asked.call(store, ()).map_err(|e| failed(&e))
        };
        let abi = ask(&mut store, "hedgerow_abi")?;
        if abi != u32::from(ABI) {
            return Err(Problem::new(code::JAIL_REFUSED, format!("version {abi} of the protocol, this is {ABI}")));
        }
        let question_at = ask(&mut store, "hedgerow_question")? as usize;
        let answer_at = ask(&mut store, "hedgerow_answer")? as usize;
        let call = instance.get_typed_func(&store, "hedgerow_call").map_err(|e| failed(&e))?;
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or_else(|| Problem::new(code::JAIL_REFUSED, "no memory is exported"))?;
        if question_at.saturating_add(FRAME_BYTES_MAX) > memory.data(&store).len() {
            let detail = format!("the buffer for questions at {question_at} does not fit into its memory");
            return Err(Problem::new(code::JAIL_REFUSED, detail));
        }
        Ok(WasmHost { store, memory, call, question_at, answer_at, limits })
    }

    /// One call: a whole frame in, a frame out. The answer is checked by whoever asked.
    ///
    /// # Errors
    /// `JAIL_FAILED` with the trap: out of steps, out of memory, unreachable. The module must not be called again then.
    pub fn call(&mut self, question: &[u8]) -> Result<&[u8], Problem> {
        refuel(&mut self.store, self.limits.fuel)?;
        self.memory
            .data_mut(&mut self.store)
            .get_mut(self.question_at..self.question_at.saturating_add(question.len()))
            .filter(|_| question.len() <= FRAME_BYTES_MAX)
            .ok_or_else(|| Problem::new(code::JAIL_FAILED, "the question does not fit into its memory"))?
            .copy_from_slice(question);
        let bytes = self.call.call(&mut self.store, question.len() as u32).map_err(|e| failed(&e))? as usize;
        if !(HEAD_BYTES..=self.limits.answer_bytes).contains(&bytes) {
            let detail = format!("an answer of {bytes} bytes, allowed are {}", self.limits.answer_bytes);
            return Err(Problem::new(code::JAIL_OVERSIZE, detail));
        }
        let memory = self.memory.data(&self.store);
        memory
            .get(self.answer_at..self.answer_at.saturating_add(bytes))
            .ok_or_else(|| Problem::new(code::JAIL_FAILED, "the answer lies outside its memory"))
    }

    /// Steps that the last call left unused.
    #[must_use]
    pub fn fuel_left(&self) -> u64 {
        self.store.get_fuel().unwrap_or(0)
    }
}

fn refuel(store: &mut Store<StoreLimits>, fuel: u64) -> Result<(), Problem> {
    store.set_fuel(fuel).map_err(|e| Problem::new(code::JAIL_FAILED, e.to_string()))
}
