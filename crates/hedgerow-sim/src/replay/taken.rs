//! What we took from the replayed book and history still shows.
//!
//! The rule: of the lots shown at a price, those that we took are missing, and never more than are shown. A price that
//! loses lots loses first what we left; lots that come anew are there to be had. A price that the book does not show for
//! now keeps what it misses. So the same lots are never taken twice.

use hedgerow_book::Level;

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

    /// The book has changed: what it shows now at a price, `None` = it does not say.
    #[inline]
    pub(crate) fn follow(&mut self, shown: impl Fn(i32) -> Option<i64>) {
        if !self.0.is_empty() {
            self.0.retain_mut(|level| {
                level.lots = shown(level.price_ticks).map_or(level.lots, |lots| level.lots.min(lots));
                level.lots > 0
            });
        }
    }
}
