//! What is recorded of an opaque strategy: its process, and what it answered.

use crate::noun::record;
#[cfg(doc)]
use crate::values::Isolation;

record! {
    /// An opaque strategy's process started: what runs, how it is isolated, and what it may use.
    JailStart = 25, 128 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The start of the strategy, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Address space of the process, bytes; of a WebAssembly module, its memory.
        memory_bytes: u64,
        /// How long an answer may take, nanoseconds.
        deadline_ns: i64,
        /// Steps of a WebAssembly module per call; 0 for other forms.
        fuel: u64,
        /// SHA-256 of the manifest of the artifact's content, as `hedgerow strategy check` says it.
        artifact: [u8; 32],
        /// SHA-256 of the bytes that run (of a sealed artifact: with the salt sealed beside them).
        plaintext: [u8; 32],
        /// Processor time of the process, seconds.
        cpu_seconds: u32,
        /// Longest answer, bytes.
        answer_bytes: u32,
        /// Which strategy.
        strategy: u16,
        /// Version of the protocol.
        abi: u16,
        /// 1 WebAssembly, 2 native, 3 Python.
        form: u8,
        /// The [`Isolation`] reached: 0 none, 1 limits, 2 filtered, 3 jail.
        isolation: u8,
        /// What it is made of: 1 limits, 2 system calls, 4 namespaces, 8 no new namespaces, 16 Landlock, 32 no capabilities.
        layers: u16,
    }
}
record! {
    /// An opaque strategy answered with intents, or its run ended: running hashes of all it was asked and all it answered.
    JailAnswer = 26, 104 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The observation it was asked about.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// SHA-256 of all questions up to this one, one after the other.
        questions: [u8; 32],
        /// SHA-256 of all answers up to this one, one after the other.
        answers: [u8; 32],
        /// Number of the call.
        sequence: u32,
        /// How many intents it holds; the orders that name this record as their cause come from them.
        intents: u32,
        /// Which strategy.
        strategy: u16,
        /// Kind of the question: 1 start, 2 bars, 3 fills, 4 stop.
        question: u16,
        /// Zero.
        spare: u32,
    }
}
