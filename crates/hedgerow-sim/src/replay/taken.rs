//! What we took from the replayed book and history still shows.
//!
//! The rule: of the lots shown at a price, those that we took are missing, and never more than are shown. A price that
//! loses lots loses first what we left; lots that come anew are there to be had. So the same lots are never taken twice.

use hedgerow_book::{Book, Level};
use hedgerow_core::Side;

/// Missing lots of one side, by price, in no order: a handful.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(Vec<Level>);

impl Taken {
    /// Lots missing at a price.
    #[inline]
    pub(crate) fn at(&self, price_ticks: i32) -> i64 {
        self.0.iter().find(|level| level.price_ticks == price_ticks).map_or(0, |level| level.lots)
    }

    /// We took lots at a price.
    pub(crate) fn add(&mut self, price_ticks: i32, lots: i64) {
        match self.0.iter_mut().find(|level| level.price_ticks == price_ticks) {
            Some(level) => level.lots += lots,
            None => self.0.push(Level { price_ticks, lots }),
        }
    }

    /// The book has changed.
    #[inline]
    pub(crate) fn follow(&mut self, book: &impl Book, side: Side) {
        if !self.0.is_empty() {
            self.0.retain_mut(|level| {
                level.lots = level.lots.min(book.lots_at(side, level.price_ticks));
                level.lots > 0
            });
        }
    }
}
