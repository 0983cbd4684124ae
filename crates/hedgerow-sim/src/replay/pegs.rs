//! Orders of ours whose price follows the book.
//!
//! The rule: what they follow is what history shows, never an order of ours. As it moves, they move with it at once, and
//! come to their new price as a new arrival: they take what stands within it, and what is left stands behind everyone there.
//! Before they move, what came to their old price has traded with them. While what they follow is not there, and outside
//! continuous trading, they have no price and no place.

use super::BookConfig;
use super::display::Slice;
use super::market::{Market, place_of};
use super::mine::Mine;
use hedgerow_book::Book;
use hedgerow_core::{Code, FullReplace, Phase, Side, VenueReport, code};

impl<B: Book> Market<B> {
    /// Every pegged order comes to the price that it shall have now, the oldest first.
    #[inline]
    pub(crate) fn follow_pegs(&mut self, config: &BookConfig, ts: i64, say: &mut impl FnMut(VenueReport)) {
        while let Some((mut mine, side, own_ticks)) = self.misplaced() {
            let Some(own_ticks) = own_ticks else {
                self.parked.push(mine);
                continue;
            };
            (mine.own_ticks, mine.price_ticks) = (own_ticks, (own_ticks - i64::from(self.shift)) as i32);
            self.take(config, &mut mine, side, ts, say);
            if mine.open_lots() > 0 {
                mine.slice = Slice::first(mine.terms.display_lots, mine.open_lots());
                self.rest(mine, side);
            }
        }
    }

    /// Takes out the oldest pegged order that is not at the price that it shall have, with that price.
    fn misplaced(&mut self) -> Option<(Mine, Side, Option<i64>)> {
        let parked = self.parked.iter().enumerate().map(|(at, mine)| (mine, None, at));
        let placed = [Side::Buy, Side::Sell].into_iter().flat_map(|side| {
            let ours = self.ours[place_of(side)].iter().enumerate();
            ours.filter(|(_, mine)| mine.peg().is_some()).map(move |(at, mine)| (mine, Some(side), at))
        });
        let moved = parked.chain(placed).filter_map(|(mine, place, at)| {
            let wanted = self.pegged_ticks(mine);
            (wanted != place.map(|_| mine.own_ticks)).then_some((mine.order.id, place, at, wanted))
        });
        let (_, place, at, wanted) = moved.min_by_key(|(id, ..)| *id)?;
        let mine = match place {
            Some(side) => self.ours[place_of(side)].remove(at),
            None => self.parked.remove(at),
        };
        let side = if mine.order.side == Side::Buy as u8 { Side::Buy } else { Side::Sell };
        Some((mine, side, wanted))
    }

    /// The price that a pegged order shall have now; `None` where it has none.
    fn pegged_ticks(&self, mine: &Mine) -> Option<i64> {
        let (peg, side) = (mine.peg()?, Side::from_u8(mine.order.side)?);
        if self.phase != Phase::Continuous {
            return None;
        }
        let best = |side| self.book.best(side).map(|level| i64::from(level.price_ticks) + i64::from(self.shift));
        let best = [best(Side::Buy), best(Side::Sell)];
        let own_ticks = peg.price(side, best, mine.terms.offset_ticks, mine.order.limit_ticks)?;
        i32::try_from(own_ticks - i64::from(self.shift)).ok().map(|_| own_ticks)
    }

    /// Where a pegged order without a price waits.
    pub(crate) fn find_parked(&self, slot: u32, order_id: u64) -> Option<usize> {
        self.parked.iter().position(|mine| mine.order.slot == slot && mine.order.id == order_id)
    }

    /// A pegged order without a price has other terms from now on, if it can have them.
    pub(crate) fn change_parked(&mut self, at: usize, change: &FullReplace) -> Result<(), Code> {
        let (request, mine) = (&change.request, &mut self.parked[at]);
        if request.lots <= mine.filled_lots {
            return Err(code::RISK_BAD_LOTS);
        }
        if request.limit_ticks <= 0 || change.terms.stop_ticks != 0 {
            return Err(code::RISK_BAD_PRICE);
        }
        let smaller = request.limit_ticks == mine.order.limit_ticks && request.lots <= mine.order.lots;
        let keeps = smaller && change.keeps(&mine.terms);
        if !keeps && !self.phase.is_open() {
            return Err(code::SIM_PHASE);
        }
        (mine.order.lots, mine.order.limit_ticks) = (request.lots, request.limit_ticks);
        mine.terms = change.terms_of(&mine.terms);
        Ok(())
    }
}
