//! The books as they are written and read: only what has been used; what follows from positions and marks is worked
//! out again, so that it cannot contradict them.

use crate::ledger::{Listing, Rate};
use crate::statement::Translated;
use crate::{Book, Ledger, LedgerConfig, Position};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize)]
struct Written<'a> {
    config: &'a LedgerConfig,
    listings: &'a [Listing],
    rates: &'a [Rate],
    positions: &'a [Position],
    books: &'a [Book],
    translated: &'a [Translated],
}

#[derive(Deserialize)]
struct Read {
    config: LedgerConfig,
    listings: Vec<Listing>,
    rates: Vec<Rate>,
    positions: Vec<Position>,
    books: Vec<Book>,
    translated: Vec<Translated>,
}

impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let used = self.listings.len() * usize::from(self.config.strategies);
        let Ledger { config, listings, rates, positions, books, translated, .. } = self;
        Written { config, listings, rates, positions: &positions[..used], books, translated }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ledger, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let mut ledger = Ledger::new(read.config);
        let strategies = usize::from(read.config.strategies);
        let known = |listing: &Listing| usize::from(listing.currency) < read.rates.len() && listing.mark_ticks >= 0;
        let fits = read.listings.len() <= read.config.instruments as usize
            && read.positions.len() == read.listings.len() * strategies
            && (1..=usize::from(read.config.currencies.max(1))).contains(&read.rates.len())
            && read.books.len() == ledger.books.len()
            && read.translated.len() == strategies
            && read.listings.iter().all(known);
        if !fits {
            return Err(D::Error::custom("the books do not fit their own size"));
        }
        ledger.listings.extend_from_slice(&read.listings);
        ledger.rates.clear();
        ledger.rates.extend_from_slice(&read.rates);
        ledger.positions[..read.positions.len()].copy_from_slice(&read.positions);
        ledger.books = read.books;
        ledger.translated = read.translated;
        ledger.revalue().ok_or_else(|| D::Error::custom("a position is too large for its book"))?;
        ledger.prove().map_err(D::Error::custom)?;
        Ok(ledger)
    }
}

impl Ledger {
    /// Works out exposures and market values from positions and marks.
    fn revalue(&mut self) -> Option<()> {
        for instrument in 0..self.listings.len() {
            let listing = self.listings[instrument];
            for strategy in 0..self.config.strategies {
                let place = self.position_place(strategy, instrument as u32);
                let exposure = self.positions[place].lots.checked_mul(listing.tick_value)?;
                let book = self.book_place(usize::from(strategy), listing.currency);
                self.exposures[place] = exposure;
                self.books[book] = self.books[book].revalued(i128::from(exposure) * i128::from(listing.mark_ticks))?;
            }
        }
        Some(())
    }
}
