//! The figures: the same jobs done by the real crates, beside their floors.

pub mod book;
pub mod fix;
pub mod gate;
pub mod itch;
pub mod jail;
pub mod journal;
pub mod kernel;
pub mod log;
pub mod people;
pub mod replay;
pub mod ring;
pub mod state;
pub mod tick;
mod turn;
