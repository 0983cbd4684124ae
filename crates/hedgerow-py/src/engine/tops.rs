//! The best prices that have reached us, and which of them the kernel was told.

use hedgerow_core::{InstrumentId, Quote, RecordId, RoundMode, div_round};

/// What we know of one instrument.
#[derive(Clone, Copy, Default)]
struct Known {
    quote: Quote,
    is_told: bool,
    /// The record of what the kernel was told last.
    id: RecordId,
}

/// The best prices by instrument; empty in a run over bars.
#[derive(Default)]
pub struct Tops(Vec<Known>);

impl Tops {
    /// What reached us; says whether a price changed, and so what positions are worth. Zero prices = that side is empty.
    #[inline]
    pub fn learn(&mut self, quote: Quote) -> bool {
        let place = quote.instrument as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, Known::default());
        }
        let known = &mut self.0[place];
        let changed = (known.quote.bid_ticks, known.quote.ask_ticks) != (quote.bid_ticks, quote.ask_ticks);
        (known.quote, known.is_told) = (quote, false);
        changed
    }

    /// The best prices of an instrument, if it has any.
    pub fn get(&self, instrument: InstrumentId) -> Option<&Quote> {
        self.0.get(instrument as usize).map(|known| &known.quote).filter(|q| q.bid_ticks > 0 || q.ask_ticks > 0)
    }

    /// What the kernel was not told yet, if it can be told at all.
    pub fn untold(&self, instrument: InstrumentId) -> Option<Quote> {
        let known = self.0.get(instrument as usize).filter(|known| !known.is_told)?;
        let quote = known.quote;
        let is_sound = (quote.bid_ticks > 0 || quote.ask_ticks > 0)
            && (quote.ask_ticks == 0 || quote.bid_ticks <= quote.ask_ticks);
        is_sound.then_some(quote)
    }

    /// The kernel was told.
    pub fn told(&mut self, instrument: InstrumentId, id: RecordId) {
        let known = &mut self.0[instrument as usize];
        (known.is_told, known.id) = (true, id);
    }

    /// Lots became others: until the book shows new prices, the old ones count in the new lots.
    pub fn restate(&mut self, instrument: InstrumentId, old_lots: i64, new_lots: i64) {
        let Some(Known { quote, .. }) = self.0.get_mut(instrument as usize) else { return };
        let of = |value: i64, by: i64, over: i64| {
            let scaled = div_round(i128::from(value) * i128::from(by), i128::from(over), RoundMode::HalfEven);
            if value == 0 { 0 } else { scaled.clamp(1, i128::from(i64::MAX)) as i64 }
        };
        for price in [&mut quote.bid_ticks, &mut quote.ask_ticks] {
            *price = of(*price, old_lots, new_lots);
        }
        for lots in [&mut quote.bid_lots, &mut quote.ask_lots] {
            *lots = of(*lots, new_lots, old_lots);
        }
    }

    /// The record of what the kernel was told last; 0 = nothing.
    pub fn told_id(&self, instrument: InstrumentId) -> RecordId {
        self.0.get(instrument as usize).map_or(0, |known| known.id)
    }
}
