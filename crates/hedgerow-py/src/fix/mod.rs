//! FIX for Python: dictionaries, messages read with them, and sessions.

mod dictionary;
mod session;

pub use dictionary::{FixDictionary, fix_frames};
pub use session::{FixSession, fix_identity};
