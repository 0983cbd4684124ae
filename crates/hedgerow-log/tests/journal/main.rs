//! The journal from outside: writing, crashing, tampering, files.

mod crashes;
mod files;
mod publishing;
mod publishing_crashes;
mod shared;
mod tampering;
mod writing;
