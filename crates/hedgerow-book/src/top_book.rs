//! L1: the best price of each side, as the venue says it.

use crate::Refused;
use crate::book::{Book, Level, Rules, check_lots, field, side_of};
use hedgerow_core::{BookLevel, LAST_OF_UPDATE, LevelAction, Side, code};

/// The best bid and the best ask.
///
/// ```
/// use hedgerow_book::{Book, Rules, TopBook};
/// use hedgerow_core::{BookLevel, LevelAction, Side};
/// let mut book = TopBook::new(Rules::default())?;
/// let top = |side: Side, price_ticks, lots| {
///     BookLevel { price_ticks, lots, side: side as u8, action: LevelAction::Top as u8, ..BookLevel::default() }
/// };
/// book.update(&[top(Side::Buy, 99, 5), top(Side::Sell, 101, 7)])?;
/// assert_eq!(book.best(Side::Sell).unwrap().lots, 7);
/// assert!(book.update(&[top(Side::Buy, 101, 1)]).is_err());
/// # Ok::<(), hedgerow_book::Refused>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct TopBook {
    rules: Rules,
    /// Bid and ask; zero lots = none.
    tops: [Level; 2],
}

const NONE: Level = Level { price_ticks: 0, lots: 0 };

impl TopBook {
    /// An empty book.
    ///
    /// # Errors
    /// `BOOK_PRICE` or `BOOK_FIELD` for rules that cannot be kept.
    pub fn new(rules: Rules) -> Result<TopBook, Refused> {
        Ok(TopBook { rules: rules.checked()?, tops: [NONE; 2] })
    }
}

impl Book for TopBook {
    type Event = BookLevel;
    const DEPTH: u8 = 1;

    fn set_may_cross(&mut self, may_cross: bool) {
        self.rules.may_cross = may_cross;
    }

    fn update(&mut self, events: &[BookLevel]) -> Result<(), Refused> {
        let mut tops = self.tops;
        for event in events {
            match LevelAction::from_u8(event.action & !LAST_OF_UPDATE) {
                Some(LevelAction::Top) => {
                    let side = side_of(event.side)?;
                    check_lots(event.lots, 0)?;
                    if event.lots > 0 {
                        self.rules.check_price(event.price_ticks)?;
                    }
                    let level = Level { price_ticks: event.price_ticks, lots: event.lots };
                    tops[side as usize - 1] = if event.lots > 0 { level } else { NONE };
                }
                Some(LevelAction::Clear) => tops = [NONE; 2],
                Some(LevelAction::Set) | None => return Err(field(event.action)),
            }
        }
        if !self.rules.may_cross && is_crossed(&tops) && !is_crossed(&self.tops) {
            return Err(Refused::new(code::BOOK_CROSSED, tops[0].price_ticks.into(), tops[1].price_ticks.into()));
        }
        self.tops = tops;
        Ok(())
    }

    fn best(&self, side: Side) -> Option<Level> {
        Some(self.tops[side as usize - 1]).filter(|level| level.lots > 0)
    }

    fn lots_at(&self, side: Side, price_ticks: i32) -> i64 {
        self.best(side).filter(|level| level.price_ticks == price_ticks).map_or(0, |level| level.lots)
    }

    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool) {
        if let Some(level) = self.best(side) {
            tell(level);
        }
    }
}

fn is_crossed(tops: &[Level; 2]) -> bool {
    tops[0].lots > 0 && tops[1].lots > 0 && tops[0].price_ticks >= tops[1].price_ticks
}
