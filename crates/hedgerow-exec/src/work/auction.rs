//! What of an order is for the closing auction: its plan's last step, where it was told so and the venue holds one.
//!
//! Promises: one child goes to the auction, of no more than a share of what has traded; what that does not take, because it
//! would be too much of the market, or the venue does not have it, trades in equal parts until the end.

use super::{Seen, Work};
use crate::slice::pov_slice;
use hedgerow_core::{Algo, SliceReason, time::FOREVER};

impl Work {
    /// Whether a step is the one for the closing auction.
    pub(super) fn has_auction(&self, step: u32) -> bool {
        let is_last = step > 0 && step as usize == self.steps.len();
        self.algo() == Algo::Close && self.settings.auction == 1 && is_last
    }

    /// What is due once it is time for the auction.
    pub(super) fn due_at_close(&self, seen: &Seen, is_first: bool) -> Option<(i64, SliceReason)> {
        let done = self.progress.filled_lots() + self.progress.working_lots();
        if is_first && seen.has_auction {
            let most = match self.settings.share_bps {
                0 => self.parent.lots,
                share_bps => pov_slice(self.market.lots, share_bps, self.parent.lots),
            };
            return Some((self.parent.lots.min(done.saturating_add(most)), SliceReason::Schedule));
        }
        let due_lots = self.due_until_close(seen.now);
        (due_lots > done && seen.now >= self.rest_ts).then_some((due_lots, SliceReason::Rest))
    }

    /// When it wants to look again, after the auction's step.
    pub(super) fn wakes_at_close(&self, looked: i64) -> i64 {
        let done = self.progress.filled_lots() + self.progress.working_lots();
        let until = self.parent.until_ts;
        if done >= self.parent.lots {
            return until;
        }
        let next = match self.due_until_close(looked) > done {
            true => self.rest_ts,
            false => self.part_ts(self.parts_by(looked)),
        };
        if next > looked { next.min(until) } else { until }
    }

    /// Lots that shall be done by a time, where the auction does not take what was meant for it.
    fn due_until_close(&self, now: i64) -> i64 {
        let before = self.steps.len().checked_sub(2).map_or(self.base_lots, |place| self.steps[place].due_lots);
        let rest = i128::from(self.parent.lots - before) * i128::from(self.parts_by(now));
        before + (rest / i128::from(self.parts())) as i64
    }

    fn parts(&self) -> i64 {
        i64::from(self.parent.slices.max(1))
    }

    /// How many parts of what is left are due by a time, the first at once.
    fn parts_by(&self, now: i64) -> i64 {
        let begun = (1..self.parts()).take_while(|part| self.part_ts(*part) <= now).count();
        begun as i64 + 1
    }

    /// When a part is due.
    fn part_ts(&self, part: i64) -> i64 {
        let begin = self.steps.last().map_or(0, |step| step.due_ts);
        let span = i128::from(self.parent.until_ts) - i128::from(begin);
        let ts = i128::from(begin) + span * i128::from(part) / i128::from(self.parts());
        i64::try_from(ts).unwrap_or(FOREVER)
    }

    /// What went to the auction never came there, as far as the venue knows: it is time for that again.
    pub(crate) fn lost_on_its_way(&mut self) {
        self.step = (self.steps.len() as u32).saturating_sub(1);
        self.told_step = self.told_step.min(self.step);
    }

    /// The plan for what is left where it ends in an auction: what comes before is laid out anew, and the auction keeps its
    /// time; once that is over, all of it goes there at once.
    pub(super) fn around_auction(&self, now: i64) -> Option<Vec<(i64, i64)>> {
        let (auction, before) = self.steps.split_last().filter(|_| self.has_auction(self.steps.len() as u32))?;
        let Some(last) = before.last().filter(|_| auction.due_ts > now) else {
            return Some(vec![(now, self.parent.lots)]);
        };
        let mut work = self.clone();
        (work.parent.until_ts, work.parent.lots) = (auction.due_ts, last.due_lots);
        work.steps = before.to_vec();
        Some([work.laid_anew(now), vec![(auction.due_ts, auction.due_lots)]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slice::LotRule;
    use crate::work::Child;
    use hedgerow_core::{Order, ParentOrder, PlanStep, Side, Slice, TimeInForce};
    use proptest::prelude::*;

    /// A hundred lots until 100: forty in two steps, and from 60 on what is for the auction, of five slices.
    fn closing(share_bps: u32) -> Work {
        let (side, algo) = (Side::Buy as u8, Algo::Close as u8);
        let parent = ParentOrder { id: 7, lots: 100, until_ts: 100, slices: 5, side, algo, ..ParentOrder::default() };
        let mut work = Work::new(parent, LotRule::WHOLE);
        (work.settings.auction, work.settings.share_bps, work.settings.every_ns) = (1, share_bps, 1);
        work.steps = [(20, 20), (40, 40), (60, 100)]
            .map(|(due_ts, due_lots)| PlanStep { due_ts, due_lots, ..PlanStep::default() })
            .to_vec();
        work
    }

    /// What it decides at a time, sent; filled at once but for what is for the auction.
    fn trade(work: &mut Work, now: i64, has_auction: bool) -> Slice {
        let slice = work.look(&Seen { now, has_auction, ..Seen::default() });
        if slice.lots > 0 {
            work.decided(&slice);
            let (order_id, tif) = (now as u64, work.tif(&slice) as u8);
            work.sent(Child::of(&Order { id: order_id, lots: slice.lots, tif, ..Order::default() })).unwrap();
            if slice.auction == 0 {
                work.children.pop();
                work.progress.filled(slice.lots).unwrap();
            }
        }
        slice
    }

    fn ended(work: &mut Work, lots: i64) {
        work.children.clear();
        work.progress.ended(lots).unwrap();
    }

    #[test]
    fn a_share_trades_before_and_the_rest_is_one_order_for_the_auction() {
        let mut work = closing(0);
        assert_eq!([20, 40].map(|now| trade(&mut work, now, true).lots), [20, 20]);
        let slice = trade(&mut work, 60, true);
        assert_eq!((slice.lots, work.tif(&slice), work.limit_ticks(&slice)), (60, TimeInForce::Cls, 0));
        assert!(work.children[0].is_for_auction);
        assert_eq!((trade(&mut work, 90, true).lots, work.wakes(90)), (0, 100));
    }

    #[test]
    fn where_there_is_none_or_it_is_refused_the_rest_trades_in_equal_parts_until_the_end() {
        let sent_from = |work: &mut Work, mut now: i64, has_auction: bool| {
            let mut sent = Vec::new();
            while now < 100 {
                let slice = trade(work, now, has_auction);
                sent.extend((slice.lots > 0).then_some((now, slice.lots, slice.auction)));
                now = work.wakes(now);
            }
            sent
        };
        let mut without = closing(0);
        without.progress.sent(40).and_then(|()| without.progress.filled(40)).unwrap();
        assert_eq!(sent_from(&mut without, 60, false), [60, 68, 76, 84, 92].map(|now| (now, 12, 0)));
        let mut refused = closing(0);
        refused.progress.sent(40).and_then(|()| refused.progress.filled(40)).unwrap();
        assert_eq!(trade(&mut refused, 60, true).lots, 60);
        ended(&mut refused, 60);
        assert_eq!(sent_from(&mut refused, 65, true), [65, 68, 76, 84, 92].map(|now| (now, 12, 0)));
    }

    #[test]
    fn the_auction_gets_no_more_than_a_share_of_what_has_traded_and_the_rest_trades_on() {
        let mut work = closing(1_000);
        work.traded(50, 250);
        for now in [20, 40] {
            trade(&mut work, now, true);
        }
        let slice = trade(&mut work, 60, true);
        assert_eq!((slice.lots, slice.auction), (25, 1));
        let rest: i64 = (61..100).map(|now| trade(&mut work, now, true).lots).sum();
        assert_eq!(rest, 35);
    }

    #[test]
    fn what_never_came_to_the_venue_goes_to_the_auction_again() {
        let mut work = closing(0);
        assert_eq!(trade(&mut work, 60, true).lots, 100);
        ended(&mut work, 100);
        work.lost_on_its_way();
        let slice = trade(&mut work, 61, true);
        assert_eq!((slice.lots, slice.auction), (100, 1));
    }

    #[test]
    fn a_run_that_died_lays_out_anew_what_comes_before_and_leaves_the_auction_its_time() {
        let mut work = closing(0);
        trade(&mut work, 20, true);
        assert_eq!(work.missed(50), Some(vec![(50, 30), (55, 40), (60, 100)]));
        assert_eq!(work.missed(30), None);
        assert_eq!(work.missed(70), Some(vec![(70, 100)]), "it comes late, and goes there whole");
    }

    proptest! {
        #[test]
        fn whatever_becomes_of_the_auction_no_more_is_sent_than_was_ordered(
            share_bps in 0u32..10_000,
            volume in 0i64..2_000,
            looks in prop::collection::vec((1i64..9, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let mut work = closing(share_bps);
            work.traded(50, volume);
            let mut now = 10;
            for (wait, has_auction, goes) in looks {
                now += wait;
                let slice = trade(&mut work, now, has_auction);
                prop_assert!(slice.auction == 0 || has_auction);
                prop_assert!(slice.auction == 0 || share_bps == 0 || slice.lots <= volume * i64::from(share_bps) / 10_000);
                let done = work.progress.filled_lots() + work.progress.working_lots();
                prop_assert!(done <= 100, "{done} of 100");
                if goes && work.progress.working_lots() > 0 {
                    let left = work.progress.working_lots();
                    ended(&mut work, left);
                }
            }
        }
    }
}
