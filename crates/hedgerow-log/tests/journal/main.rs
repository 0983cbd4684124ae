//! The journal from outside: writing, crashing, tampering, files.

mod crashes;
mod files;
mod shared;
mod tampering;
mod writing;
