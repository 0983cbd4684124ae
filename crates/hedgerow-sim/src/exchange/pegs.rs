//! Orders whose price follows the displayed ones of others.
//!
//! The rule: pegs follow orders that are not pegged, so that none follows itself or another one. When what they follow has
//! moved, they come to their new price as they would on arrival, the oldest first: they trade with what is there, and the
//! rest stands behind everyone. While there is nothing to follow, and outside continuous trading, they are parked.

use super::order::Place;
use super::{Exchange, Phase};
use hedgerow_book::Book;
use hedgerow_core::Side;

impl Exchange {
    /// A pegged order waits for its price, which it gets before anything else happens.
    pub(super) fn park(&mut self, id: u64) {
        let working = self.at_mut(id);
        (working.place, working.peg_ticks) = (Place::Parked, 0);
        let market = self.market_of(id);
        market.pegs.retain(|other| *other != id);
        market.pegs.push(id);
    }

    /// Every pegged order comes to the price that it shall have now; says whether any moved.
    pub(super) fn follow_pegs(&mut self) -> bool {
        let mut has_moved = false;
        for at in 0..self.markets.len() {
            while let Some((id, ticks)) = self.misplaced(at) {
                has_moved = true;
                self.take_out(id);
                let since = self.turn();
                let working = self.at_mut(id);
                (working.since, working.peg_ticks) = (since, ticks);
                if ticks == 0 {
                    working.place = Place::Parked;
                } else {
                    self.take_liquidity(id);
                }
            }
        }
        has_moved
    }

    /// The oldest pegged order that is not at the price that it shall have, with that price; 0: none.
    fn misplaced(&self, at: usize) -> Option<(u64, i64)> {
        let market = &self.markets[at];
        if market.pegs.is_empty() {
            return None;
        }
        let best = [Side::Buy, Side::Sell].map(|side| self.unpegged(at, side));
        market.pegs.iter().find_map(|id| {
            let working = self.at(*id);
            let order = &working.order;
            let cap_ticks = match (order.price_ticks, order.side) {
                (0, Side::Buy) => market.listing.ticks_max,
                (0, Side::Sell) => 1,
                (cap_ticks, _) => cap_ticks,
            };
            let price = order.peg.and_then(|peg| peg.price(order.side, best, order.offset_ticks, cap_ticks));
            let is_open = market.phase == Phase::Continuous;
            let ticks = price.filter(|ticks| is_open && *ticks <= market.listing.ticks_max).unwrap_or(0);
            (ticks != working.peg_ticks).then_some((*id, ticks))
        })
    }

    /// The best price of a side that an order displays which is not pegged.
    fn unpegged(&self, at: usize, side: Side) -> Option<i64> {
        let (book, mut found) = (&self.markets[at].book, None);
        book.each_level(side, &mut |level| {
            book.each_order(side, level.price_ticks, &mut |id, _| {
                if found.is_none() && !self.at(id).is_pegged() {
                    found = Some(i64::from(level.price_ticks));
                }
            });
            found.is_none()
        });
        found
    }
}
