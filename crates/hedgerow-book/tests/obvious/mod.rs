//! The obvious twins: books as ordered maps, every update tried on a copy. Slow, and easy to believe.

use hedgerow_book::{Book, LOTS_MAX, Level, Refused, Rules};
use hedgerow_core::{BookLevel, BookOrder, LAST_OF_UPDATE, LevelAction, OrderAction, Side, code};
use std::collections::BTreeMap;

fn refused(code: hedgerow_core::Code) -> Refused {
    Refused::new(code, 0, 0)
}

fn in_range(rules: &Rules, price: i32) -> Result<(), Refused> {
    let range = rules.lowest_ticks..=rules.highest_ticks;
    if range.contains(&price) { Ok(()) } else { Err(refused(code::BOOK_PRICE)) }
}

/// Whether the best bid reaches the best ask.
fn is_crossed<B: Book>(book: &B) -> bool {
    let best = |side| book.best(side).map(|level| level.price_ticks);
    best(Side::Buy).zip(best(Side::Sell)).is_some_and(|(bid, ask)| bid >= ask)
}

/// A copy with every event taken, if the whole may be.
fn tried<B: Book + Clone>(
    book: &B,
    rules: &Rules,
    events: &[B::Event],
    take: impl Fn(&mut B, &B::Event) -> Result<(), Refused>,
) -> Result<B, Refused> {
    let mut copy = book.clone();
    for event in events {
        take(&mut copy, event)?;
    }
    if !rules.may_cross && is_crossed(&copy) && !is_crossed(book) {
        return Err(refused(code::BOOK_CROSSED));
    }
    Ok(copy)
}

/// L2 as two maps from price to lots.
#[derive(Clone)]
pub struct ObviousLevels {
    pub rules: Rules,
    bids: BTreeMap<i32, i64>,
    asks: BTreeMap<i32, i64>,
}

impl ObviousLevels {
    pub fn new(rules: Rules) -> ObviousLevels {
        ObviousLevels { rules, bids: BTreeMap::new(), asks: BTreeMap::new() }
    }

    fn take(&mut self, event: &BookLevel) -> Result<(), Refused> {
        match LevelAction::from_u8(event.action & !LAST_OF_UPDATE) {
            Some(LevelAction::Clear) => {
                self.bids.clear();
                self.asks.clear();
            }
            Some(LevelAction::Set) => {
                let side = match Side::from_u8(event.side) {
                    Some(Side::Buy) => &mut self.bids,
                    Some(Side::Sell) => &mut self.asks,
                    None => return Err(refused(code::BOOK_FIELD)),
                };
                in_range(&self.rules, event.price_ticks)?;
                match event.lots {
                    0 => side.remove(&event.price_ticks),
                    1..=LOTS_MAX => side.insert(event.price_ticks, event.lots),
                    _ => return Err(refused(code::BOOK_LOTS)),
                };
            }
            Some(LevelAction::Top) | None => return Err(refused(code::BOOK_FIELD)),
        }
        Ok(())
    }
}

impl Book for ObviousLevels {
    type Event = BookLevel;
    const DEPTH: u8 = 2;

    fn set_may_cross(&mut self, may_cross: bool) {
        self.rules.may_cross = may_cross;
    }

    fn update(&mut self, events: &[BookLevel]) -> Result<(), Refused> {
        *self = tried(self, &self.rules, events, ObviousLevels::take)?;
        Ok(())
    }

    fn best(&self, side: Side) -> Option<Level> {
        self.levels(side, 1).first().copied()
    }

    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool) {
        let level = |(price, lots): (&i32, &i64)| Level { price_ticks: *price, lots: *lots };
        match side {
            Side::Buy => self.bids.iter().rev().map(level).all(tell),
            Side::Sell => self.asks.iter().map(level).all(tell),
        };
    }
}

/// L3 as a queue of (number, lots) for each side and price.
#[derive(Clone)]
pub struct ObviousOrders {
    pub rules: Rules,
    queues: BTreeMap<(Side, i32), Vec<(u64, u32)>>,
}

impl ObviousOrders {
    pub fn new(rules: Rules) -> ObviousOrders {
        ObviousOrders { rules, queues: BTreeMap::new() }
    }

    /// Where an order stands: side, price, place in the queue, lots.
    pub fn order(&self, id: u64) -> Option<(Side, i32, usize, u32)> {
        self.queues.iter().find_map(|((side, price), queue)| {
            queue.iter().position(|(own, _)| *own == id).map(|at| (*side, *price, at, queue[at].1))
        })
    }

    fn remove(&mut self, side: Side, price: i32, at: usize) {
        let queue = self.queues.get_mut(&(side, price)).unwrap();
        queue.remove(at);
        if queue.is_empty() {
            self.queues.remove(&(side, price));
        }
    }

    fn enter(&mut self, side: Side, event: &BookOrder) -> Result<(), Refused> {
        in_range(&self.rules, event.price_ticks)?;
        if event.lots == 0 {
            return Err(refused(code::BOOK_LOTS));
        }
        self.queues.entry((side, event.price_ticks)).or_default().push((event.order_id, event.lots));
        Ok(())
    }

    fn take(&mut self, event: &BookOrder) -> Result<(), Refused> {
        let action = OrderAction::from_u8(event.action & !LAST_OF_UPDATE).ok_or(refused(code::BOOK_FIELD))?;
        let known = self.order(event.order_id).ok_or(refused(code::BOOK_UNKNOWN_ORDER));
        match action {
            OrderAction::Clear => self.queues.clear(),
            OrderAction::Add => {
                let side = Side::from_u8(event.side).ok_or(refused(code::BOOK_FIELD))?;
                self.enter(side, event)?;
                if known.is_ok() {
                    return Err(refused(code::BOOK_DUPLICATE_ORDER));
                }
            }
            OrderAction::Cancel | OrderAction::Execute => {
                let (side, price, at, lots) = known?;
                match event.lots {
                    0 => return Err(refused(code::BOOK_LOTS)),
                    gone if gone > lots => return Err(refused(code::BOOK_OVER_CANCEL)),
                    gone if gone == lots => self.remove(side, price, at),
                    gone => self.queues.get_mut(&(side, price)).unwrap()[at].1 -= gone,
                }
            }
            OrderAction::Delete => {
                let (side, price, at, _) = known?;
                self.remove(side, price, at);
            }
            OrderAction::Modify => {
                let (side, price, at, lots) = known?;
                if event.price_ticks == price && event.lots <= lots && event.lots > 0 {
                    self.queues.get_mut(&(side, price)).unwrap()[at].1 = event.lots;
                } else {
                    self.enter(side, event)?;
                    self.remove(side, price, at);
                }
            }
        }
        Ok(())
    }
}

impl Book for ObviousOrders {
    type Event = BookOrder;
    const DEPTH: u8 = 3;

    fn set_may_cross(&mut self, may_cross: bool) {
        self.rules.may_cross = may_cross;
    }

    fn update(&mut self, events: &[BookOrder]) -> Result<(), Refused> {
        *self = tried(self, &self.rules, events, ObviousOrders::take)?;
        Ok(())
    }

    fn best(&self, side: Side) -> Option<Level> {
        self.levels(side, 1).first().copied()
    }

    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool) {
        let own = self.queues.iter().filter(|((of, _), _)| *of == side);
        let level = |((_, price), queue): (&(Side, i32), &Vec<(u64, u32)>)| Level {
            price_ticks: *price,
            lots: queue.iter().map(|(_, lots)| i64::from(*lots)).sum(),
        };
        match side {
            Side::Buy => own.rev().map(level).all(tell),
            Side::Sell => own.map(level).all(tell),
        };
    }

    fn each_order(&self, side: Side, price_ticks: i32, tell: &mut dyn FnMut(u64, u32)) {
        for (id, lots) in self.queues.get(&(side, price_ticks)).into_iter().flatten() {
            tell(*id, *lots);
        }
    }
}
