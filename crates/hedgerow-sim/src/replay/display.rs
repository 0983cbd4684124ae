//! What an order shows of itself: all, or a slice at a time.
//!
//! The rule is the exchange's: what traded with the slice shown makes it smaller in its place; once it has traded, the next
//! one is shown behind everyone at the price. What is hidden trades where a whole price is taken, and never before what
//! others show there.

use super::market::{Market, place_of};
use hedgerow_book::Book;
use hedgerow_core::Side;

/// The slice of an order that is shown.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Slice {
    /// Lots shown at a time; 0 = all.
    size: i64,
    left: i64,
    is_spent: bool,
}

impl Slice {
    /// The first slice of an order with so many open lots.
    pub(crate) fn first(size: i64, open_lots: i64) -> Slice {
        Slice { size, left: size.min(open_lots), is_spent: false }
    }

    /// Lots shown now, of so many that are open; none until a new slice has its place.
    pub(crate) fn lots(&self, open_lots: i64) -> i64 {
        match self.size {
            0 => open_lots,
            _ if self.is_spent => 0,
            _ => self.left.min(open_lots),
        }
    }

    /// Lots traded, one slice after the other, and so many are open behind that.
    pub(crate) fn trade(&mut self, lots: i64, open_lots: i64) {
        if self.size == 0 {
            return;
        }
        if lots < self.left {
            self.left -= lots;
        } else {
            self.left = (self.size - (lots - self.left) % self.size).min(open_lots);
            self.is_spent = true;
        }
    }

    /// Whether the next slice has still to be shown, which it is from now on.
    pub(crate) fn renews(&mut self) -> bool {
        std::mem::take(&mut self.is_spent)
    }
}

impl<B: Book> Market<B> {
    /// Slices that have traded are followed by the next ones, behind everyone.
    #[inline]
    pub(crate) fn renew(&mut self) {
        if self.had_iceberg {
            self.show_next();
        }
    }

    fn show_next(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            while let Some(at) = self.ours[place_of(side)].iter_mut().position(|mine| mine.slice.renews()) {
                let mine = self.ours[place_of(side)].remove(at);
                self.rest(mine, side);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_shrinks_where_it_is_and_the_next_one_comes_when_it_has_traded() {
        let mut slice = Slice::first(10, 25);
        slice.trade(4, 21);
        assert_eq!((slice.lots(21), slice.renews()), (6, false));
        slice.trade(6, 15);
        assert_eq!(slice.lots(15), 0, "the next one has no place yet");
        assert!(slice.renews());
        assert_eq!(slice.lots(15), 10);
        slice.trade(12, 3);
        assert!(slice.renews());
        assert_eq!(slice.lots(3), 3, "never more than is open");
    }

    #[test]
    fn an_order_that_shows_all_has_no_slices() {
        let mut slice = Slice::first(0, 25);
        slice.trade(20, 5);
        assert_eq!((slice.lots(5), slice.renews()), (5, false));
    }

    proptest::proptest! {
        #[test]
        fn never_more_is_shown_than_the_display_and_all_of_it_trades(
            size in 1_i64..20,
            all in 1_i64..200,
            trades in proptest::collection::vec((1_i64..40, proptest::bool::ANY), 0..60),
        ) {
            let (mut open, mut slice) = (all, Slice::first(size, all));
            for (wanted, is_beyond) in trades {
                // At its price a trade meets what is shown; beyond it all.
                let lots = wanted.min(if is_beyond { open } else { slice.lots(open) });
                open -= lots;
                slice.trade(lots, open);
                slice.renews();
                let shown = slice.lots(open);
                proptest::prop_assert!(shown <= size && shown <= open && (shown > 0) == (open > 0));
                // Slices are whole but for the last and the one that trades: as many are still to come as that says.
                proptest::prop_assert_eq!((all - open + shown) % size == 0 || shown == open, true);
            }
        }
    }
}
