//! A parent order that goes on in a run that was taken up again, or whose venue was away: what became of the steps that fell due meanwhile.
//!
//! Promises: nothing is caught up at once; what is left is laid over the time left, along what the plan wanted for that
//! time, at the plan's own times drawn together. Never: a new random draw; what was drawn stands in the plan.

use super::Work;

/// How finely lots are counted in between.
const MILLIONTHS: i128 = 1_000_000;
/// The whole of what is left, as shares of it are counted.
const WHOLE: i128 = 1 << 40;

impl Work {
    /// It goes on at a time: steps that were due by then are looked at no more.
    pub fn resume(&mut self, now: i64) {
        if !self.steps.is_empty() {
            self.told_step = self.step_due_from(self.told_step, now);
            self.step = self.told_step;
        }
    }

    /// The plan for what is left, (due, lots in all) by step, where steps fell due that no decision speaks of and less is
    /// done than they wanted; none where the plan holds as it is, and for what follows the market. What nobody knows the
    /// fate of counts as done.
    #[must_use]
    pub fn missed(&self, now: i64) -> Option<Vec<(i64, i64)>> {
        if self.is_stopped || !self.is_planned() || self.steps.is_empty() || self.is_expired(now) {
            return None;
        }
        let step = self.step_due_from(self.told_step, now);
        let is_missed = step > self.told_step && self.is_behind(step);
        is_missed.then(|| self.around_auction(now).unwrap_or_else(|| self.laid_anew(now)))
    }

    pub(super) fn laid_anew(&self, now: i64) -> Vec<(i64, i64)> {
        let (begin, until) = (self.steps[0].due_ts, self.parent.until_ts);
        let left = |ts: i64| (i128::from(ts) - i128::from(begin)).clamp(0, i128::from(until) - i128::from(begin));
        let squeeze = |ts: i64| {
            let part = left(ts) * (i128::from(until) - i128::from(now)) / left(until).max(1);
            now.saturating_add(part as i64)
        };
        let due: Vec<i64> = self.steps.iter().map(|step| squeeze(step.due_ts)).collect();
        let done = self.progress.filled_lots() + self.progress.working_lots();
        let rest = i128::from((self.parent.lots - done).max(0));
        let (from, all) = (self.wanted(now), self.wanted(until));
        let share = |place: usize| {
            let end = due.get(place + 1).copied().unwrap_or(until);
            match all - from {
                // What the plan wanted was to be done by now: then evenly.
                ..=0 => (place as i128 + 1) * WHOLE / due.len() as i128,
                wanted => ((self.wanted(end) - from) * WHOLE / wanted).clamp(0, WHOLE),
            }
        };
        let lots = |place: usize| done + ((rest * share(place) + WHOLE / 2) / WHOLE) as i64;
        due.iter().enumerate().map(|(place, due)| (*due, lots(place))).collect()
    }

    /// Millionths of lots that the plan wants done by a time, when what each step wants is spread until the next one.
    fn wanted(&self, ts: i64) -> i128 {
        let place = self.steps.partition_point(|step| step.due_ts <= ts);
        let lots = |place: usize| match place {
            0 => i128::from(self.base_lots),
            place => i128::from(self.steps[place - 1].due_lots),
        };
        let Some(begun) = place.checked_sub(1) else { return lots(0) * MILLIONTHS };
        let (begin, end) = (self.steps[begun].due_ts, self.steps.get(place).map_or(self.parent.until_ts, |s| s.due_ts));
        let span = (i128::from(end) - i128::from(begin)).max(1);
        let part = (i128::from(ts) - i128::from(begin)).clamp(0, span) * MILLIONTHS / span;
        lots(begun) * MILLIONTHS + (lots(place) - lots(begun)) * part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slice::LotRule;
    use crate::work::{Child, Seen};
    use hedgerow_core::{Algo, Order, ParentEvent, ParentOrder, PlanStep, Side, SliceReason};

    /// An order of 100 lots until 100, whose steps are (due, lots in all).
    fn order(algo: Algo, steps: &[(i64, i64)]) -> Work {
        let (side, algo, slices) = (Side::Buy as u8, algo as u8, steps.len() as u32);
        let parent = ParentOrder { id: 7, lots: 100, until_ts: 100, slices, side, algo, ..ParentOrder::default() };
        let mut work = Work::new(parent, LotRule::WHOLE);
        work.steps = steps
            .iter()
            .map(|(due_ts, due_lots)| PlanStep { due_ts: *due_ts, due_lots: *due_lots, ..PlanStep::default() })
            .collect();
        work
    }

    fn even() -> Work {
        order(Algo::Twap, &[0, 10, 20, 30, 40, 50, 60, 70, 80, 90].map(|ts| (ts, ts + 10)))
    }

    /// Looks at a time; what is sent works, and is filled if it shall be.
    fn trade(work: &mut Work, now: i64, is_filled: bool) -> i64 {
        let slice = work.look(&Seen { now, ..Seen::default() });
        if slice.lots > 0 {
            work.decided(&slice);
            work.sent(Child { order_id: 9, lots: slice.lots, ..Child::of(&Order::default()) }).unwrap();
            work.progress.filled(if is_filled { slice.lots } else { 0 }).unwrap();
        }
        slice.lots
    }

    /// As the log has it: the event, and where something was missed the change and its plan.
    fn taken_up(work: &mut Work, now: i64) -> Option<Vec<(i64, i64)>> {
        let anew = work.missed(now);
        work.resume(now);
        if let Some(steps) = &anew {
            let (lots, until_ts) = (work.parent.lots, work.parent.until_ts);
            work.amend(&ParentEvent { lots, until_ts, ..ParentEvent::default() });
            work.steps = steps
                .iter()
                .map(|(due_ts, due_lots)| PlanStep { due_ts: *due_ts, due_lots: *due_lots, ..PlanStep::default() })
                .collect();
        }
        anew
    }

    #[test]
    fn a_plan_of_which_nothing_fell_due_meanwhile_holds_as_it_is() {
        let mut work = even();
        assert_eq!([0, 10, 20].map(|now| trade(&mut work, now, true)), [10; 3]);
        assert_eq!(taken_up(&mut work, 29), None);
        assert_eq!([29, 30, 40].map(|now| trade(&mut work, now, true)), [0, 10, 10]);
    }

    #[test]
    fn what_fell_due_meanwhile_is_not_caught_up_but_laid_over_the_time_left() {
        let mut work = even();
        assert_eq!([0, 10, 20].map(|now| trade(&mut work, now, true)), [10; 3]);
        let anew = taken_up(&mut work, 50).unwrap();
        assert_eq!(anew, [50, 55, 60, 65, 70, 75, 80, 85, 90, 95].map(|ts| (ts, 30 + (ts - 45) / 5 * 7)));
        assert_eq!([50, 52, 55, 60].map(|now| trade(&mut work, now, true)), [7, 0, 7, 7]);
    }

    #[test]
    fn a_run_that_dies_again_and_again_does_not_trade_faster_for_it() {
        let mut work = even();
        for now in 0..98 {
            taken_up(&mut work, now);
            trade(&mut work, now, true);
            let (done, planned) = (work.progress.filled_lots(), now + 10);
            assert!((planned - 12..=planned).contains(&done), "{done} lots at {now}");
        }
    }

    #[test]
    fn lots_of_which_nobody_knows_what_became_count_as_done() {
        let mut work = even();
        trade(&mut work, 0, true);
        trade(&mut work, 10, false);
        let anew = taken_up(&mut work, 60).unwrap();
        assert_eq!((anew[0], anew[9]), ((60, 28), (96, 100)));
        assert_eq!(trade(&mut work, 60, true), 8, "80 are left for ten slices");
        // The venue has said that it never had them: they are due with the next slice.
        work.progress.ended(10).unwrap();
        assert_eq!(trade(&mut work, 64, true), 18);
    }

    #[test]
    fn a_curve_is_followed_in_what_it_wanted_for_the_time_left() {
        // Most of it early: of the half that is over 80 were wanted, of the half to come 20.
        let mut work = order(Algo::Shortfall, &[(0, 60), (25, 80), (50, 90), (75, 100)]);
        trade(&mut work, 0, true);
        let anew = taken_up(&mut work, 50).unwrap();
        assert_eq!(anew.iter().map(|(ts, _)| *ts).collect::<Vec<_>>(), [50, 62, 75, 87]);
        assert_eq!(anew.iter().map(|(_, lots)| *lots).collect::<Vec<_>>(), [70, 80, 90, 100]);
    }

    #[test]
    fn times_that_were_drawn_are_drawn_together_and_not_drawn_anew() {
        let mut work = order(Algo::Twap, &[(4, 25), (30, 50), (58, 75), (90, 100)]);
        trade(&mut work, 4, true);
        let anew = taken_up(&mut work, 52).unwrap();
        assert_eq!(anew.iter().map(|(ts, _)| *ts).collect::<Vec<_>>(), [52, 65, 79, 95]);
        assert_eq!(anew.last().unwrap().1, 100);
    }

    #[test]
    fn where_the_plan_wanted_nothing_more_the_rest_is_even() {
        let mut work = order(Algo::Vwap, &[(0, 50), (10, 100), (20, 100), (30, 100)]);
        trade(&mut work, 0, true);
        let anew = taken_up(&mut work, 40).unwrap();
        assert_eq!(anew.iter().map(|(_, lots)| *lots).collect::<Vec<_>>(), [63, 75, 88, 100]);
    }

    #[test]
    fn what_follows_the_market_has_no_plan_that_could_be_missed_and_its_looks_of_then_are_over() {
        let mut iceberg = order(Algo::Iceberg, &[(0, 60), (0, 100)]);
        assert_eq!((taken_up(&mut iceberg, 90), trade(&mut iceberg, 90, true)), (None, 60));
        let mut share = order(Algo::Pov, &[(10, 0), (20, 0), (60, 0)]);
        share.settings.share_bps = 5_000;
        share.traded(1, 80);
        assert_eq!((taken_up(&mut share, 50), trade(&mut share, 50, true)), (None, 0));
        let look = share.look(&Seen { now: 60, ..Seen::default() });
        assert_eq!((look.lots, look.reason), (40, SliceReason::Volume as u8));
    }

    #[test]
    fn looks_that_led_to_nothing_count_for_nothing_as_the_log_does_not_know_them() {
        let steps = [(0, 60), (25, 60), (50, 90), (75, 100)];
        let (mut run, mut audit) = (order(Algo::Shortfall, &steps), order(Algo::Shortfall, &steps));
        for work in [&mut run, &mut audit] {
            trade(work, 0, false);
        }
        assert_eq!(trade(&mut run, 25, true), 0);
        for work in [&mut run, &mut audit] {
            work.progress.ended(60).unwrap();
        }
        let anew = run.missed(30);
        assert!(anew.is_some());
        assert_eq!(anew, audit.missed(30));
        assert_eq!(taken_up(&mut run, 30), taken_up(&mut audit, 30));
        assert_eq!(trade(&mut run, 60, true), trade(&mut audit, 60, true));
    }

    #[test]
    fn a_stopped_order_and_one_whose_time_is_over_get_no_plan() {
        let mut work = even();
        assert!(work.missed(50).is_some() && work.missed(100).is_none());
        work.stop();
        assert_eq!(work.missed(50), None);
    }

    #[test]
    fn absurd_plans_do_no_harm() {
        let mut work = order(Algo::Twap, &[(i64::MAX - 1, 3), (2, i64::MAX), (2, 0), (5, 7)]);
        (work.parent.lots, work.parent.until_ts) = (i64::MAX, i64::MAX);
        for now in [i64::MIN, -1, 0, 3, i64::MAX - 1] {
            assert!(work.missed(now).is_none_or(|steps| steps.len() == 4));
            work.resume(now);
        }
    }
}
