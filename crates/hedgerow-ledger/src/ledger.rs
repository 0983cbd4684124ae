//! The tables of the books, their marks and rates, and what a strategy is worth.
//!
//! Promises: marking touches one row of exposures; [`Ledger::nav`] adds up one book per currency. Of a
//! currency without a rate only charges are held, which count as nothing until there is one: every book can be valued.

use crate::book::bounded;
use crate::statement::Translated;
use crate::{Book, Position};
use hedgerow_core::{Currency, FxRate, Instrument, InstrumentId, MONEY_UNIT, Money, Problem, StrategyId, code};
use hedgerow_core::{RoundMode, div_round};
use serde::{Deserialize, Serialize};

/// How much room the books have, and in which currency they are valued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerConfig {
    /// Strategies.
    pub strategies: u16,
    /// Instruments.
    pub instruments: u32,
    /// Currencies, the base currency included.
    pub currencies: u16,
    /// The fund's base currency.
    pub base: Currency,
}

/// An instrument as the books need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// Value of one tick of one lot.
    pub(crate) tick_value: i64,
    /// Last mark, ticks; 0 before the first. No position is ever held without one.
    pub(crate) mark_ticks: i64,
    /// Place of its currency in the table.
    pub(crate) currency: u16,
}

/// A currency and what one unit of it costs in the base currency, in 10^-9; 0 = not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Rate {
    pub(crate) currency: Currency,
    pub(crate) rate_nano: i64,
}

/// The double-entry books of all strategies.
///
/// ```
/// use hedgerow_core::{Account, CashKind, CashMovement, Currency, Fill, Instrument, Money, Side};
/// use hedgerow_ledger::{Ledger, LedgerConfig};
/// let usd = Currency::parse("USD").unwrap();
/// let mut ledger = Ledger::new(LedgerConfig { strategies: 1, instruments: 4, currencies: 2, base: usd });
/// ledger.define(&Instrument { tick_value: 10_000_000, currency: usd, ..Instrument::default() })?;
/// let capital = CashMovement { amount: Money::units(10_000), currency: usd, kind: CashKind::Capital as u8, ..CashMovement::default() };
/// ledger.cash(&capital, &mut |_| ())?;
/// let fill = Fill { lots: 10, price_ticks: 5_000, fee: Money::units(1), side: Side::Buy as u8, ..Fill::default() };
/// let mut postings = Vec::new();
/// ledger.fill(&fill, &mut |posting| postings.push((Account::from_u8(posting.account).unwrap(), posting.amount)))?;
/// assert_eq!(postings, [
///     (Account::Cash, Money::units(-501)), (Account::Position, Money::units(500)), (Account::Fees, Money::units(1)),
/// ]);
/// ledger.mark(0, 5_200)?;
/// assert_eq!(ledger.nav(0)?, Money::units(10_019));
/// # Ok::<(), hedgerow_core::Problem>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Ledger {
    pub(crate) config: LedgerConfig,
    pub(crate) listings: Vec<Listing>,
    pub(crate) rates: Vec<Rate>,
    /// One row per instrument, one place per strategy.
    pub(crate) positions: Vec<Position>,
    /// Lots times tick value of each position: what one tick is worth to it. Follows from `positions`.
    pub(crate) exposures: Vec<i64>,
    /// One row per strategy, one place per currency.
    pub(crate) books: Vec<Book>,
    /// What was charged apart from an instrument; placed as `books`.
    pub(crate) charges: Vec<Money>,
    /// One per strategy, in the base currency.
    pub(crate) translated: Vec<Translated>,
}

impl Ledger {
    /// Empty books.
    #[must_use]
    pub fn new(config: LedgerConfig) -> Ledger {
        let (strategies, instruments) = (usize::from(config.strategies), config.instruments as usize);
        let currencies = usize::from(config.currencies.max(1));
        let mut rates = Vec::with_capacity(currencies);
        rates.push(Rate { currency: config.base, rate_nano: MONEY_UNIT as i64 });
        Ledger {
            config,
            listings: Vec::with_capacity(instruments),
            rates,
            positions: vec![Position::default(); instruments * strategies],
            exposures: vec![0; instruments * strategies],
            books: vec![Book::default(); strategies * currencies],
            charges: vec![Money::ZERO; strategies * currencies],
            translated: vec![Translated::default(); strategies],
        }
    }

    /// Takes in an instrument, or the same one again.
    ///
    /// # Errors
    /// As [`Ledger::check_define`]; nothing has changed.
    pub fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        self.check_define(instrument)?;
        if instrument.instrument as usize == self.listings.len() {
            let currency = self.enter(instrument.currency)?;
            self.listings.push(Listing { tick_value: instrument.tick_value, mark_ticks: 0, currency });
        }
        Ok(())
    }

    /// Whether an instrument can be taken in.
    ///
    /// # Errors
    /// `CORE_CAPACITY`, `CORE_TICK_VALUE`, `LEDGER_FULL` for one currency too many, `CORE_INPUT` if the instrument's
    /// tick value or currency would change.
    pub fn check_define(&self, instrument: &Instrument) -> Result<(), Problem> {
        let (index, tick_value) = (instrument.instrument as usize, instrument.tick_value);
        if let Some(listing) = self.listings.get(index) {
            let currency = self.rates[usize::from(listing.currency)].currency;
            if (listing.tick_value, currency) != (tick_value, instrument.currency) {
                let detail = format!("instrument {index}: tick value and currency stay as they are");
                return Err(Problem::new(code::CORE_INPUT, detail));
            }
            return Ok(());
        }
        if index != self.listings.len() || index >= self.config.instruments as usize {
            let (next, room) = (self.listings.len(), self.config.instruments);
            let detail = format!("instrument {index}; the next is {next}, room for {room}");
            return Err(Problem::new(code::CORE_CAPACITY, detail));
        }
        if tick_value <= 0 {
            return Err(Problem::new(code::CORE_TICK_VALUE, format!("instrument {index}, tick value {tick_value}")));
        }
        self.place_for(instrument.currency).map(|_| ())
    }

    /// Takes in what one unit of a currency costs in the base currency.
    ///
    /// # Errors
    /// As [`Ledger::check_rate`]; nothing has changed.
    pub fn rate(&mut self, rate: &FxRate) -> Result<(), Problem> {
        self.check_rate(rate)?;
        let place = self.enter(rate.base)?;
        self.rates[usize::from(place)].rate_nano = rate.rate_nano;
        Ok(())
    }

    /// Whether a rate can be taken in.
    ///
    /// # Errors
    /// `CORE_CURRENCY` if it is not a rate into the base currency, `DATA_NOT_POSITIVE`, `LEDGER_FULL`.
    pub fn check_rate(&self, rate: &FxRate) -> Result<(), Problem> {
        let base = self.config.base;
        if rate.quote != base || rate.base == base {
            let detail = format!("{}/{}; the books take rates into {base} only", rate.base, rate.quote);
            return Err(Problem::new(code::CORE_CURRENCY, detail));
        }
        if rate.rate_nano <= 0 {
            let detail = format!("{}/{} {}", rate.base, rate.quote, rate.rate_nano);
            return Err(Problem::new(code::DATA_NOT_POSITIVE, detail));
        }
        self.place_for(rate.base).map(|_| ())
    }

    /// Values every position in an instrument at a price.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT`, `DATA_NOT_POSITIVE`, `LEDGER_OVERFLOW`; nothing has changed.
    #[inline]
    pub fn mark(&mut self, instrument: InstrumentId, close_ticks: i64) -> Result<(), Problem> {
        let Some(listing) = self.listings.get_mut(instrument as usize) else { return Err(unknown(instrument)) };
        if close_ticks <= 0 {
            return Err(not_positive(instrument, close_ticks));
        }
        let change = i128::from(close_ticks - listing.mark_ticks);
        let (strategies, currencies) =
            (usize::from(self.config.strategies), usize::from(self.config.currencies.max(1)));
        let row = instrument as usize * strategies;
        let place = usize::from(listing.currency);
        for (strategy, exposure) in self.exposures[row..row + strategies].iter().enumerate() {
            if *exposure == 0 {
                continue;
            }
            let book = &mut self.books[strategy * currencies + place];
            let Some(revalued) = book.revalued(change * i128::from(*exposure)) else {
                return Err(self.unmark(instrument, strategy, change));
            };
            *book = revalued;
        }
        listing.mark_ticks = close_ticks;
        Ok(())
    }

    /// Whether a mark can be taken, without taking it.
    ///
    /// # Errors
    /// As [`Ledger::mark`].
    #[inline]
    pub fn check_mark(&self, instrument: InstrumentId, close_ticks: i64) -> Result<(), Problem> {
        let Some(listing) = self.listings.get(instrument as usize) else { return Err(unknown(instrument)) };
        if close_ticks <= 0 {
            return Err(not_positive(instrument, close_ticks));
        }
        let change = i128::from(close_ticks - listing.mark_ticks);
        let strategies = usize::from(self.config.strategies);
        let row = instrument as usize * strategies;
        let fits = |(strategy, exposure): (usize, &i64)| {
            let book = &self.books[self.book_place(strategy, listing.currency)];
            *exposure == 0 || book.revalued(change * i128::from(*exposure)).is_some()
        };
        if self.exposures[row..row + strategies].iter().enumerate().all(fits) {
            return Ok(());
        }
        Err(too_far(instrument, change))
    }

    /// Takes back a mark that was too large for one of the books.
    #[cold]
    fn unmark(&mut self, instrument: InstrumentId, failed: usize, change: i128) -> Problem {
        let row = instrument as usize * usize::from(self.config.strategies);
        for strategy in 0..failed {
            let back = -change * i128::from(self.exposures[row + strategy]);
            let place = self.book_place(strategy, self.listings[instrument as usize].currency);
            self.books[place] = self.books[place].revalued(back).unwrap_or(self.books[place]);
        }
        too_far(instrument, change)
    }

    /// What a strategy is worth in the base currency: cash and positions at their marks, each currency converted at
    /// its last rate, rounded half to even.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_STRATEGY`, `LEDGER_OVERFLOW`.
    #[inline]
    pub fn nav(&self, strategy: StrategyId) -> Result<Money, Problem> {
        let books = self.row(strategy)?;
        let mut nav = books[0].equity().0;
        if books.len() == 1 {
            return bounded(nav).ok_or_else(|| too_large(strategy, self.config.base));
        }
        for (book, rate) in books.iter().zip(&self.rates).skip(1) {
            let equity = book.equity();
            if equity != Money::ZERO {
                let converted = convert(equity, rate.rate_nano).and_then(|money| nav.checked_add(money.0));
                nav = converted.ok_or_else(|| too_large(strategy, rate.currency))?;
            }
        }
        bounded(nav).ok_or_else(|| too_large(strategy, self.config.base))
    }

    /// What a strategy gains in the base currency for every tick an instrument rises; `None` if the instrument has another
    /// currency, since its worth then moves with the rate too.
    #[must_use]
    pub fn worth_per_tick(&self, strategy: StrategyId, instrument: InstrumentId) -> Option<i128> {
        let listing = self.listings.get(instrument as usize).filter(|listing| listing.currency == 0)?;
        let position = self.position(strategy, instrument)?;
        Some(i128::from(position.lots) * i128::from(listing.tick_value))
    }

    /// A strategy's position in an instrument, if both are known.
    #[inline]
    #[must_use]
    pub fn position(&self, strategy: StrategyId, instrument: InstrumentId) -> Option<&Position> {
        let known = (instrument as usize) < self.listings.len() && strategy < self.config.strategies;
        known.then(|| &self.positions[self.position_place(strategy, instrument)])
    }

    /// Profit (positive) or loss of a position that is not taken yet, in the instrument's currency.
    #[must_use]
    pub fn unrealised(&self, strategy: StrategyId, instrument: InstrumentId) -> Option<Money> {
        let position = self.position(strategy, instrument)?;
        let mark_ticks = self.listings[instrument as usize].mark_ticks;
        let exposure = self.exposures[self.position_place(strategy, instrument)];
        Some(Money(i128::from(mark_ticks) * i128::from(exposure)) - position.cost)
    }

    /// An instrument's last mark, ticks, if it has one.
    #[must_use]
    pub fn mark_ticks(&self, instrument: InstrumentId) -> Option<i64> {
        self.listings.get(instrument as usize).map(|listing| listing.mark_ticks).filter(|mark| *mark > 0)
    }

    /// A strategy's book in a currency, if both are known.
    #[must_use]
    pub fn book(&self, strategy: StrategyId, currency: Currency) -> Option<&Book> {
        let place = self.rates.iter().position(|rate| rate.currency == currency)?;
        self.row(strategy).ok()?.get(place)
    }

    /// A strategy's books, the base currency's first.
    pub fn books(&self, strategy: StrategyId) -> impl Iterator<Item = (Currency, &Book)> {
        let row = self.row(strategy).unwrap_or(&[]);
        self.rates.iter().map(|rate| rate.currency).zip(row)
    }

    /// What one unit of a currency costs in the base currency, in 10^-9, if it is known.
    #[must_use]
    pub fn rate_nano(&self, currency: Currency) -> Option<i64> {
        self.rates.iter().find(|rate| rate.currency == currency).map(|rate| rate.rate_nano).filter(|nano| *nano > 0)
    }

    /// How much room the books have.
    #[must_use]
    pub fn config(&self) -> &LedgerConfig {
        &self.config
    }

    #[inline]
    pub(crate) fn row(&self, strategy: StrategyId) -> Result<&[Book], Problem> {
        if strategy >= self.config.strategies {
            return Err(unknown_strategy(strategy, self.config.strategies));
        }
        let start = self.book_place(usize::from(strategy), 0);
        Ok(&self.books[start..start + self.rates.len()])
    }

    #[inline]
    pub(crate) fn position_place(&self, strategy: StrategyId, instrument: InstrumentId) -> usize {
        instrument as usize * usize::from(self.config.strategies) + usize::from(strategy)
    }

    #[inline]
    pub(crate) fn book_place(&self, strategy: usize, currency: u16) -> usize {
        strategy * usize::from(self.config.currencies.max(1)) + usize::from(currency)
    }

    /// The place that a currency has in the table, or would get.
    pub(crate) fn place_for(&self, currency: Currency) -> Result<u16, Problem> {
        let known = self.rates.iter().position(|rate| rate.currency == currency);
        let place = known.unwrap_or(self.rates.len());
        if place >= usize::from(self.config.currencies.max(1)) {
            let detail = format!("currency {currency}, room for {}", self.config.currencies);
            return Err(Problem::new(code::LEDGER_FULL, detail));
        }
        Ok(place as u16)
    }

    /// The place of a currency in the table, made if it has none.
    fn enter(&mut self, currency: Currency) -> Result<u16, Problem> {
        let place = self.place_for(currency)?;
        if usize::from(place) == self.rates.len() {
            self.rates.push(Rate { currency, rate_nano: 0 });
        }
        Ok(place)
    }
}

/// An amount at a rate into the base currency, rounded half to even; `None` if it is too large.
#[inline]
pub(crate) fn convert(amount: Money, rate_nano: i64) -> Option<Money> {
    if i128::from(rate_nano) == MONEY_UNIT {
        return Some(amount);
    }
    bounded(div_round(amount.0.checked_mul(i128::from(rate_nano))?, MONEY_UNIT, RoundMode::HalfEven))
}

#[cold]
pub(crate) fn unknown(instrument: InstrumentId) -> Problem {
    Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("instrument {instrument} in the books"))
}

#[cold]
pub(crate) fn unknown_strategy(strategy: StrategyId, room: u16) -> Problem {
    Problem::new(code::CORE_UNKNOWN_STRATEGY, format!("strategy {strategy}, room for {room}"))
}

#[cold]
fn not_positive(instrument: InstrumentId, ticks: i64) -> Problem {
    Problem::new(code::DATA_NOT_POSITIVE, format!("mark of instrument {instrument} at {ticks} ticks"))
}

#[cold]
fn too_far(instrument: InstrumentId, ticks: i128) -> Problem {
    Problem::new(code::LEDGER_OVERFLOW, format!("mark of instrument {instrument} by {ticks} ticks"))
}

#[cold]
fn too_large(strategy: StrategyId, currency: Currency) -> Problem {
    Problem::new(code::LEDGER_OVERFLOW, format!("the {currency} book of strategy {strategy} in the base currency"))
}
