//! A run that dies between any two of its records: the parent orders that are folded from them are those of the run that
//! lived, and what it decides when it is taken up again is derived from the log alone.

use hedgerow_core::{
    Action, Algo, AlgoSettings, Decision, Fill, Noun, Order, OrderEvent, OrderKind, ParentEvent, ParentEventKind,
    ParentOrder, PlanStep, Problem, RecordId, Side, Slice, Trade, Verdict, code,
};
use hedgerow_exec::{Derivation, Parents, Seen};
use hedgerow_oms::OrderState;
use proptest::prelude::*;

/// Records as a log has them: kind and bytes.
type Log = Vec<(u16, Vec<u8>)>;

/// A run that writes as the desk does.
#[derive(Default)]
struct Run {
    log: Log,
    /// Its parent orders behind each record, and when that was.
    stood: Vec<(i64, Vec<String>)>,
    parents: Parents,
    now: i64,
    /// Children that work: number, lots, lots filled.
    children: Vec<(RecordId, i64, i64)>,
}

/// What its parent orders are, as they go on at a time.
fn standing(parents: &Parents, now: i64) -> Vec<String> {
    let mut work = parents.work().to_vec();
    work.iter_mut().for_each(|work| work.resume(now));
    work.iter().map(|work| format!("{work:?}")).collect()
}

fn folded(log: &Log) -> Parents {
    let mut parents = Parents::default();
    log.iter().for_each(|(kind, bytes)| parents.take(*kind, bytes).unwrap());
    parents
}

impl Run {
    fn next(&self) -> RecordId {
        self.log.len() as RecordId + 1
    }

    fn write<N: Noun>(&mut self, record: N) {
        let bytes = bytemuck::bytes_of(&record).to_vec();
        self.parents.take(N::KIND, &bytes).unwrap();
        self.log.push((N::KIND, bytes));
        self.stood.push((self.now, standing(&self.parents, self.now)));
    }

    fn plan(&mut self, parent: RecordId, steps: &[(i64, i64)]) {
        for (step, (due_ts, due_lots)) in (1..).zip(steps) {
            let (id, ts, due_ts, due_lots) = (self.next(), self.now, *due_ts, *due_lots);
            self.write(PlanStep { id, cause: parent, step, due_ts, due_lots, ts, ..PlanStep::default() });
        }
    }

    fn order(&mut self, algo: Algo, lots: i64, until_ts: i64, steps: &[(i64, i64)]) {
        let (id, ts, side, slices) = (self.next(), self.now, Side::Buy as u8, steps.len().max(1) as u32);
        let parent = ParentOrder { id, ts, lots, slices, side, until_ts, algo: algo as u8, ..ParentOrder::default() };
        self.write(parent);
        let told = AlgoSettings { id: id + 1, cause: id, every_ns: 3, share_bps: 2_000, ..AlgoSettings::default() };
        self.write(told);
        self.plan(id, steps);
    }

    fn event(&self, parent: RecordId, kind: ParentEventKind) -> ParentEvent {
        let order = self.parents.get(parent).unwrap().parent;
        let (id, ts, lots, until_ts) = (self.next(), self.now, order.lots, order.until_ts);
        ParentEvent { id, cause: parent, ts, parent, lots, until_ts, event: kind as u8, ..ParentEvent::default() }
    }

    /// All look at the market; a strict gate denies what they send.
    fn look(&mut self, is_strict: bool) {
        for at in 0..self.parents.work().len() {
            let seen = Seen { now: self.now, bid_ticks: 99, ask_ticks: 101, found_lots: 0, has_auction: true };
            let slice = self.parents.work_mut(at).look(&seen);
            if slice.lots == 0 {
                continue;
            }
            let (id, work) = (self.next(), &self.parents.work()[at]);
            let (lots, limit_ticks, parent, tif) =
                (slice.lots, work.limit_ticks(&slice), work.parent, work.tif(&slice) as u8);
            self.write(Slice { id, ..slice });
            let (kind, side, cause) = (OrderKind::Market as u8, parent.side, parent.id);
            self.write(Order { id: id + 1, cause, lots, limit_ticks, kind, tif, side, ..Order::default() });
            let decision = if is_strict { Decision::Denied } else { Decision::Approved } as u8;
            let (action, order_id) = (Action::New as u8, id + 1);
            self.write(Verdict { id: id + 2, cause: order_id, order_id, action, decision, ..Verdict::default() });
            if !is_strict {
                self.children.push((order_id, lots, 0));
            }
        }
    }

    /// A child is filled by a share of what is open of it, or ends.
    fn happens(&mut self, place: usize, percent: i64, ends: bool) {
        if self.children.is_empty() {
            return;
        }
        let place = place % self.children.len();
        let (order_id, lots, filled) = self.children[place];
        let more = (lots - filled) * percent / 100;
        if more > 0 {
            let id = self.next();
            self.write(Fill { id, cause: order_id, lots: more, ..Fill::default() });
        }
        let filled_lots = filled + more;
        self.children[place].2 = filled_lots;
        let to = match (filled_lots == lots, ends) {
            (true, _) => OrderState::Filled,
            (false, true) => OrderState::Cancelled,
            _ => OrderState::PartiallyFilled,
        };
        let id = self.next();
        self.write(OrderEvent { id, order_id, filled_lots, to: to as u8, ..OrderEvent::default() });
        if to.is_terminal() {
            self.children.remove(place);
        }
    }

    fn all_fill(&mut self) {
        while !self.children.is_empty() {
            self.happens(0, 100, true);
        }
    }

    /// It died, and is taken up again at a time: what it knows is its log.
    fn dies_until(&mut self, now: i64) {
        self.now = now;
        self.parents = folded(&self.log);
        let working: Vec<_> = self.parents.work().iter().map(|work| work.parent.id).collect();
        for parent in working {
            let anew = self.parents.get(parent).unwrap().missed(now);
            self.write(self.event(parent, ParentEventKind::Resumed));
            if let Some(steps) = anew {
                self.write(self.event(parent, ParentEventKind::Amended));
                self.plan(parent, &steps);
            }
        }
    }

    fn derived(&self) -> Result<u64, Problem> {
        let mut derivation = Derivation::default();
        self.log.iter().try_for_each(|(kind, bytes)| derivation.push(*kind, bytes))?;
        Ok(derivation.slices())
    }

    /// Lots filled and at work of each parent order.
    fn sent(&self) -> Vec<i64> {
        let sent = self.parents.work().iter().map(|work| work.progress.filled_lots() + work.progress.working_lots());
        sent.collect()
    }

    /// The log with the n-th record of a kind changed.
    fn changed<N: Noun>(mut self, n: usize, change: impl Fn(&mut N)) -> Run {
        let (_, bytes) = self.log.iter_mut().filter(|(kind, _)| *kind == N::KIND).nth(n).unwrap();
        let mut record: N = bytemuck::pod_read_unaligned(bytes);
        change(&mut record);
        *bytes = bytemuck::bytes_of(&record).to_vec();
        self
    }
}

/// A schedule, a share of the volume, one that looks at times that were drawn, and an iceberg.
fn begun(lots: i64) -> Run {
    let mut run = Run::default();
    let even: Vec<_> = (0..8).map(|n| (n * 25 + n % 3, lots * (n + 1) / 8)).collect();
    run.order(Algo::Twap, lots, 200, &even);
    run.order(Algo::Pov, lots, 200, &[]);
    run.order(Algo::Pov, lots, 200, &[(20, 0), (55, 0), (90, 0), (130, 0), (180, 0)]);
    run.order(Algo::Iceberg, lots, 200, &[(0, lots / 3 + 1), (0, lots)]);
    run
}

#[derive(Clone, Debug)]
enum Act {
    Look(i64, bool),
    Trade(i64),
    Happens(usize, i64, bool),
    Amend(i64),
    Die(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let happens = (any::<usize>(), 0..=100i64, prop::bool::weighted(0.3));
    prop_oneof![
        4 => (0..12i64, prop::bool::weighted(0.1)).prop_map(|(wait, is_strict)| Act::Look(wait, is_strict)),
        3 => (1..60i64).prop_map(Act::Trade),
        4 => happens.prop_map(|(place, percent, ends)| Act::Happens(place, percent, ends)),
        1 => (1..40i64).prop_map(Act::Amend),
        1 => (0..60i64).prop_map(Act::Die),
    ]
}

fn does(run: &mut Run, act: &Act) {
    match *act {
        Act::Look(wait, is_strict) => {
            run.now += wait;
            run.look(is_strict);
        }
        Act::Trade(lots) => run.write(Trade { ts_init: run.now, lots, price_ticks: 100, ..Trade::default() }),
        Act::Happens(place, percent, ends) => run.happens(place, percent, ends),
        Act::Amend(more) => {
            let lots = run.parents.get(1).unwrap().parent.lots + more;
            let event = ParentEvent { lots, ..run.event(1, ParentEventKind::Amended) };
            run.write(event);
            run.plan(1, &[(run.now, lots / 2), (run.now + 20, lots)]);
        }
        Act::Die(away) => run.dies_until(run.now + away),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_records_until_any_of_them_give_the_parent_orders_of_the_run_that_lived(
        lots in 8..300i64, acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut run = begun(lots);
        acts.iter().for_each(|act| does(&mut run, act));
        let mut parents = Parents::default();
        for (at, ((kind, bytes), (now, stood))) in run.log.iter().zip(&run.stood).enumerate() {
            parents.take(*kind, bytes).unwrap();
            prop_assert_eq!(&standing(&parents, *now), stood, "record {}", at + 1);
        }
    }

    #[test]
    fn whatever_dies_when_no_parent_order_trades_more_than_it_is_and_the_log_proves_each_decision(
        lots in 8..300i64, acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut run = begun(lots);
        for act in &acts {
            let before = run.sent();
            does(&mut run, act);
            let after = run.sent();
            prop_assert!(run.parents.work().iter().zip(&after).all(|(work, sent)| *sent <= work.parent.lots));
            if matches!(act, Act::Die(_)) {
                prop_assert_eq!(before, after, "nothing is sent by taking up");
            }
        }
        let slices = run.log.iter().filter(|(kind, _)| *kind == Slice::KIND).count();
        prop_assert_eq!(run.derived().unwrap(), slices as u64);
    }

    #[test]
    fn killed_at_every_look_everything_is_traded_in_the_end(lots in 8..3_000i64, away in 0..30i64) {
        let mut run = begun(lots);
        while run.now + away < 190 {
            run.write(Trade { ts_init: run.now, lots: lots / 2, price_ticks: 100, ..Trade::default() });
            run.look(false);
            run.all_fill();
            run.dies_until(run.now + away + 2);
        }
        for now in run.now..200 {
            run.now = now;
            run.look(false);
            run.all_fill();
        }
        prop_assert_eq!((run.sent()[0], run.sent()[3]), (lots, lots));
        run.derived().unwrap();
    }
}

/// Two slices went out, then it was away until half of the steps had been due.
fn taken_up() -> Run {
    let mut run = Run::default();
    run.order(Algo::Twap, 80, 80, &[0, 10, 20, 30, 40, 50, 60, 70].map(|ts| (ts, ts + 10)));
    for now in [0, 10] {
        run.now = now;
        run.look(false);
        run.all_fill();
    }
    run.dies_until(40);
    run.look(false);
    run
}

#[test]
fn a_plan_of_an_order_taken_up_that_does_not_follow_from_the_one_before_is_found() {
    assert_eq!(taken_up().derived().unwrap(), 3);
    for n in 8..16 {
        let run = taken_up().changed::<PlanStep>(n, |step| step.due_lots += 1);
        assert_eq!(run.derived().unwrap_err().code, code::LOG_REPLAY, "step {n}");
    }
    let run = taken_up().changed::<ParentEvent>(1, |event| event.lots += 1);
    assert_eq!(run.derived().unwrap_err().code, code::LOG_REPLAY, "another total");
    let mut run = taken_up();
    let changed = run.log.iter().rposition(|(kind, _)| *kind == ParentEvent::KIND).unwrap();
    run.log.drain(changed..changed + 9);
    assert_eq!(run.derived().unwrap_err().code, code::LOG_REPLAY, "no new plan at all");
}

#[test]
fn a_volume_that_the_log_does_not_hold_is_found() {
    let counted = || {
        let mut run = Run::default();
        run.order(Algo::Pov, 80, 80, &[]);
        run.write(Trade { lots: 100, price_ticks: 100, ..Trade::default() });
        run.look(false);
        run
    };
    assert_eq!(counted().derived().unwrap(), 1);
    let run = counted().changed::<Trade>(0, |trade| trade.lots += 1);
    assert_eq!(run.derived().unwrap_err().code, code::LOG_REPLAY);
}
