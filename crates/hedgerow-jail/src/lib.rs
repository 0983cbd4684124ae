//! Both ends of the wall around an opaque strategy: the runner's channel to its process, and the host of a module inside.
//!
//! Promises: an answer is taken only if it is whole, in time, in turn, and no larger than allowed; a module of WebAssembly
//! has no imports, a bounded memory and a bounded number of steps a call, and gives the same answers to the same questions
//! on every machine. Never: believes a byte that comes out of the jail, or waits without end.
#![forbid(unsafe_code)]

mod channel;
mod check;
mod host;
mod serve;

pub use channel::{Answer, Channel, ChannelLimits, Fault};
pub use check::{Faulty, MODULE_BYTES_MAX, Module, check_module};
pub use host::{HostLimits, WasmHost};
pub use serve::serve;
