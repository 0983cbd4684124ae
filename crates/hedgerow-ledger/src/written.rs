//! The books as they are written and read: only what has been used; what follows from positions and marks is worked
//! out again, so that it cannot contradict them. Charges apart from an instrument, where there are any, stand behind the
//! positions as one without an instrument for each book.

use crate::ledger::{Listing, Rate};
use crate::statement::Translated;
use crate::{Book, Ledger, LedgerConfig, Position};
use hedgerow_core::Money;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

#[derive(Serialize)]
struct Written<'a> {
    config: &'a LedgerConfig,
    listings: &'a [Listing],
    rates: &'a [Rate],
    positions: Cow<'a, [Position]>,
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
        let Ledger { config, listings, rates, positions, books, translated, charges, .. } = self;
        let mut positions = Cow::Borrowed(&positions[..used]);
        if charges.iter().any(|charged| *charged != Money::ZERO) {
            let charged = charges.iter().map(|fees| Position { fees: *fees, ..Position::default() });
            positions.to_mut().extend(charged);
        }
        Written { config, listings, rates, positions, books, translated }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ledger, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let mut ledger = Ledger::new(read.config);
        let strategies = usize::from(read.config.strategies);
        let known = |listing: &Listing| usize::from(listing.currency) < read.rates.len() && listing.mark_ticks >= 0;
        let used = read.listings.len() * strategies;
        let (positions, charges) = read.positions.split_at(used.min(read.positions.len()));
        let is_charge = |held: &Position| *held == Position { fees: held.fees, ..Position::default() };
        let charged = charges.iter().any(|held| held.fees != Money::ZERO);
        let fits = read.listings.len() <= read.config.instruments as usize
            && positions.len() == used
            && charges.len() == if charged { ledger.books.len() } else { 0 }
            && charges.iter().all(is_charge)
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
        ledger.positions[..used].copy_from_slice(positions);
        for (place, held) in charges.iter().enumerate() {
            ledger.charges[place] = held.fees;
        }
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
