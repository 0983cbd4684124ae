//! The venue of books: its rules one by one, its delays, and the whole against an obvious twin.

mod delays;
mod impact;
mod pegs;
mod phases;
mod rules;
mod twin;
mod twins;
mod world;
