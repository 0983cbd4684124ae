//! L2: every price of a book and the lots there.
//!
//! Promises: an update of one change is decided before anything is touched; a longer one keeps what it changed and puts
//! it back if the whole is refused. Memory: two tables of `window_ticks` prices, and a sorted list of the rest.

use crate::Refused;
use crate::book::{Book, Level, Rules, check_lots, field, side_of};
use crate::ladder::{Ladder, key_of};
use hedgerow_core::{BookLevel, LAST_OF_UPDATE, LevelAction, Side, code};

/// A book of prices.
///
/// ```
/// use hedgerow_book::{Book, LevelBook, Rules};
/// use hedgerow_core::{BookLevel, LevelAction, Side};
/// let mut book = LevelBook::new(Rules::default())?;
/// let set = |side: Side, price_ticks, lots| {
///     BookLevel { price_ticks, lots, side: side as u8, action: LevelAction::Set as u8, ..BookLevel::default() }
/// };
/// book.update(&[set(Side::Buy, 99, 5), set(Side::Buy, 98, 4), set(Side::Sell, 101, 7)])?;
/// book.update(&[set(Side::Buy, 99, 0)])?;
/// assert_eq!(book.best(Side::Buy).unwrap().price_ticks, 98);
/// # Ok::<(), hedgerow_book::Refused>(())
/// ```
#[derive(Clone, Debug)]
pub struct LevelBook {
    rules: Rules,
    /// Asks and bids; see `at`.
    sides: [Ladder<i64>; 2],
    /// What the update in hand changed: side, key, lots before.
    undo: Vec<(Side, i32, i64)>,
}

const SET: u8 = LevelAction::Set as u8;

impl LevelBook {
    /// An empty book.
    ///
    /// # Errors
    /// `BOOK_PRICE` or `BOOK_FIELD` for rules that cannot be kept.
    pub fn new(rules: Rules) -> Result<LevelBook, Refused> {
        let rules = rules.checked()?;
        let side = || Ladder::new(rules.window_ticks);
        Ok(LevelBook { rules, sides: [side(), side()], undo: Vec::new() })
    }

    /// Whether the best bid reaches the best ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        crossed(self.sides[0].best_or_above(), self.sides[1].best_or_above())
    }

    #[inline(always)]
    pub(crate) fn side(&self, side: Side) -> &Ladder<i64> {
        &self.sides[at(side)]
    }

    #[inline(always)]
    fn side_mut(&mut self, side: Side) -> &mut Ladder<i64> {
        &mut self.sides[at(side)]
    }

    /// Takes one change that is a whole update.
    #[inline]
    fn one(&mut self, event: &BookLevel) -> Result<(), Refused> {
        let (side, key) = self.check_set(event)?;
        if event.lots != 0 && !self.rules.may_cross {
            let (own, other) = (self.sides[at(side)].best_or_above(), self.sides[at(side) ^ 1].best_or_above());
            if crossed(key.into(), other) && !crossed(own, other) {
                return Err(refuse_crossed(side, key.into(), other));
            }
        }
        self.side_mut(side).change(key, |lots| *lots = event.lots);
        Ok(())
    }

    #[inline(always)]
    fn check_set(&self, event: &BookLevel) -> Result<(Side, i32), Refused> {
        let side = side_of(event.side)?;
        self.rules.check_price(event.price_ticks)?;
        check_lots(event.lots, 0)?;
        Ok((side, key_of(side, event.price_ticks)))
    }

    /// Takes an update of many changes; what it changed is kept, to be put back.
    #[inline(never)]
    fn many(&mut self, events: &[BookLevel]) -> Result<(), Refused> {
        let was_crossed = self.is_crossed();
        self.undo.clear();
        let mut taken = Ok(());
        for event in events {
            taken = self.keep(event);
            if taken.is_err() {
                break;
            }
        }
        if taken.is_ok() && !self.rules.may_cross && !was_crossed && self.is_crossed() {
            let best = |side| self.side(side).best_or_above();
            taken = Err(refuse_crossed(Side::Buy, best(Side::Buy), best(Side::Sell)));
        }
        if taken.is_err() {
            while let Some((side, key, lots)) = self.undo.pop() {
                self.side_mut(side).change(key, |place| *place = lots);
            }
        }
        taken
    }

    /// Takes one of many changes.
    fn keep(&mut self, event: &BookLevel) -> Result<(), Refused> {
        match LevelAction::from_u8(event.action & !LAST_OF_UPDATE) {
            Some(LevelAction::Set) => {
                let (side, key) = self.check_set(event)?;
                let mut before = 0;
                self.side_mut(side).change(key, |lots| before = std::mem::replace(lots, event.lots));
                self.undo.push((side, key, before));
                Ok(())
            }
            Some(LevelAction::Clear) => {
                for side in [Side::Buy, Side::Sell] {
                    let LevelBook { sides, undo, .. } = self;
                    let ladder = &mut sides[at(side)];
                    ladder.each(|key, lots| {
                        undo.push((side, key, lots));
                        true
                    });
                    ladder.clear();
                }
                Ok(())
            }
            Some(LevelAction::Top) | None => Err(field(event.action)),
        }
    }
}

/// Where a side lies among two, without a branch.
#[inline(always)]
pub(crate) fn at(side: Side) -> usize {
    side as usize & 1
}

/// Whether two best keys of opposite sides meet: bids have negative keys, and an empty side has one above all.
#[inline(always)]
pub(crate) fn crossed(own: i64, other: i64) -> bool {
    own.saturating_add(other) <= 0
}

#[cold]
pub(crate) fn refuse_crossed(side: Side, own: i64, other: i64) -> Refused {
    match side {
        Side::Buy => Refused::new(code::BOOK_CROSSED, -own, other),
        Side::Sell => Refused::new(code::BOOK_CROSSED, -other, own),
    }
}

impl Book for LevelBook {
    type Event = BookLevel;
    const DEPTH: u8 = 2;

    fn set_may_cross(&mut self, may_cross: bool) {
        self.rules.may_cross = may_cross;
    }

    #[inline]
    fn update(&mut self, events: &[BookLevel]) -> Result<(), Refused> {
        match events {
            [event] if event.action & !LAST_OF_UPDATE == SET => self.one(event),
            _ => self.many(events),
        }
    }

    #[inline]
    fn best(&self, side: Side) -> Option<Level> {
        let ladder = self.side(side);
        ladder.best().map(|key| Level { price_ticks: key_of(side, key), lots: ladder.best_rung() })
    }

    #[inline]
    fn lots_at(&self, side: Side, price_ticks: i32) -> i64 {
        self.side(side).get(key_of(side, price_ticks))
    }

    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool) {
        self.side(side).each(|key, lots| tell(Level { price_ticks: key_of(side, key), lots }));
    }
}
