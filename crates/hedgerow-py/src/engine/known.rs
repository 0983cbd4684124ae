//! An instrument of a run over books as it is known here: its book at history's prices, and how far our impact moved it.

use hedgerow_book::{Book, Level, LevelBook, OrderBook, Refused, Rules, TopBook};
use hedgerow_core::{BookLevel, BookOrder, Noun, Phase, Side, code};
use hedgerow_sim::replay::{Depth, Row};

/// Levels of a side in which an algorithm looks for size.
const LEVELS_LOOKED_AT: usize = 16;

/// A book as it is known here.
pub enum Local {
    /// The best prices.
    Top(TopBook),
    /// Every price.
    Levels(LevelBook),
    /// Every order.
    Orders(OrderBook),
}

impl Local {
    pub fn new(depth: Depth, rules: Rules) -> Result<Local, Refused> {
        Ok(match depth {
            Depth::Top => Local::Top(TopBook::new(rules)?),
            Depth::Levels => Local::Levels(LevelBook::new(rules)?),
            Depth::Orders => Local::Orders(OrderBook::new(rules)?),
        })
    }

    pub fn update(&mut self, kind: u16, rows: &[Row]) -> Result<(), Refused> {
        match self {
            Local::Top(book) if kind == BookLevel::KIND => book.update(bytemuck::cast_slice(rows)),
            Local::Levels(book) if kind == BookLevel::KIND => book.update(bytemuck::cast_slice(rows)),
            Local::Orders(book) if kind == BookOrder::KIND => book.update(bytemuck::cast_slice(rows)),
            _ => Err(Refused::new(code::BOOK_FIELD, kind.into(), 0)),
        }
    }

    /// Allows or forbids that the best bid reaches the best ask.
    pub fn set_may_cross(&mut self, may_cross: bool) {
        match self {
            Local::Top(book) => book.set_may_cross(may_cross),
            Local::Levels(book) => book.set_may_cross(may_cross),
            Local::Orders(book) => book.set_may_cross(may_cross),
        }
    }

    /// The best level of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Level> {
        match self {
            Local::Top(book) => book.best(side),
            Local::Levels(book) => book.best(side),
            Local::Orders(book) => book.best(side),
        }
    }

    /// The best levels of a side, best first.
    pub fn levels(&self, side: Side, n: usize) -> Vec<Level> {
        match self {
            Local::Top(book) => book.levels(side, n),
            Local::Levels(book) => book.levels(side, n),
            Local::Orders(book) => book.levels(side, n),
        }
    }
}

/// An instrument as it is known here: its book, and by how much our impact had moved it.
pub struct Known {
    /// The book, at history's prices.
    pub book: Local,
    /// Ticks by which prices lie higher.
    pub shift_ticks: i32,
    pub best: [Option<Level>; 2],
    /// What the instrument does at the venue, as far as we know.
    pub phase: Phase,
    /// When the newest quote was made; a venue's clock may step back, and what we say of it does not.
    pub ts_event: i64,
}

impl Known {
    /// Lots on a side at a price or better, of the best levels.
    pub fn depth(&self, side: Side, limit_ticks: i64) -> i64 {
        let is_within = |level: &Level| match side {
            Side::Sell => i64::from(level.price_ticks) <= limit_ticks,
            Side::Buy => i64::from(level.price_ticks) >= limit_ticks,
        };
        let levels = self.book.levels(side, LEVELS_LOOKED_AT).into_iter();
        levels.filter_map(|level| moved_level(side, level, self.shift_ticks)).filter(is_within).map(|l| l.lots).sum()
    }
}

/// A level as our impact moved it: nobody bids below one tick, and nobody asks for less.
pub fn moved_level(side: Side, level: Level, shift_ticks: i32) -> Option<Level> {
    let price_ticks = level.price_ticks.saturating_add(shift_ticks);
    match side {
        _ if shift_ticks == 0 || price_ticks > 0 => Some(Level { price_ticks, ..level }),
        Side::Buy => None,
        Side::Sell => Some(Level { price_ticks: 1, ..level }),
    }
}
