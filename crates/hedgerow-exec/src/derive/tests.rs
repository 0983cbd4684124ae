use super::*;
use hedgerow_core::{Action, Algo, AlgoSettings, Decision, Fill, ParentOrder, PlanStep, Side, TimeInForce, Verdict};

/// Records as a log has them: kind and bytes.
type Log = Vec<(u16, Vec<u8>)>;

fn write<N: Noun>(log: &mut Log, record: N) {
    log.push((N::KIND, bytemuck::bytes_of(&record).to_vec()));
}

/// An order of 90 lots in two steps, as the desk writes it.
fn written() -> Log {
    let (mut log, mut parents) = (Log::new(), Parents::default());
    let (side, algo, until_ts) = (Side::Sell as u8, Algo::Vwap as u8, 1_000);
    write(
        &mut log,
        ParentOrder { id: 5, lots: 90, slices: 2, side, algo, until_ts, limit_ticks: 50, ..ParentOrder::default() },
    );
    write(&mut log, AlgoSettings { id: 6, cause: 5, ..AlgoSettings::default() });
    for (step, (due_ts, due_lots)) in (1..).zip([(10, 30), (20, 90)]) {
        write(&mut log, PlanStep { id: 6 + u64::from(step), cause: 5, step, due_ts, due_lots, ..PlanStep::default() });
    }
    log.iter().for_each(|(kind, bytes)| parents.take(*kind, bytes).unwrap());
    for (id, now) in [(10, 12), (20, 25)] {
        let from = log.len();
        let seen = Seen { now, bid_ticks: 51, ask_ticks: 52, found_lots: 0, has_auction: false };
        let slice = Slice { id, ..parents.work_mut(0).look(&seen) };
        write(&mut log, slice);
        let (kind, tif) = (OrderKind::Limit as u8, TimeInForce::Gtc as u8);
        let lots = slice.lots;
        write(&mut log, Order { id: id + 1, cause: 5, lots, side, kind, tif, limit_ticks: 50, ..Order::default() });
        let (action, decision) = (Action::New as u8, Decision::Approved as u8);
        write(&mut log, Verdict { id: id + 2, order_id: id + 1, action, decision, ..Verdict::default() });
        write(&mut log, Fill { id: id + 3, cause: id + 1, lots, ..Fill::default() });
        log[from..].iter().for_each(|(kind, bytes)| parents.take(*kind, bytes).unwrap());
    }
    log
}

fn derived(log: &Log) -> Result<u64, Problem> {
    let mut derivation = Derivation::default();
    log.iter().try_for_each(|(kind, bytes)| derivation.push(*kind, bytes))?;
    Ok(derivation.slices())
}

/// The log with one record of a kind changed, the `n`-th.
fn changed<N: Noun>(n: usize, change: impl Fn(&mut N)) -> Log {
    let mut log = written();
    let (_, bytes) = log.iter_mut().filter(|(kind, _)| *kind == N::KIND).nth(n).unwrap();
    let mut record: N = bytemuck::pod_read_unaligned(bytes);
    change(&mut record);
    *bytes = bytemuck::bytes_of(&record).to_vec();
    log
}

#[test]
fn what_the_desk_wrote_is_derived_again() {
    assert_eq!(derived(&written()).unwrap(), 2);
}

#[test]
fn whatever_is_changed_in_a_decision_or_its_order_is_found() {
    for log in [
        changed::<Slice>(0, |slice| slice.lots += 1),
        changed::<Slice>(1, |slice| slice.due_lots -= 1),
        changed::<Slice>(0, |slice| slice.ts = 9),
        changed::<Slice>(1, |slice| slice.step = 1),
        changed::<Slice>(1, |slice| slice.filled_lots = 0),
        changed::<Order>(0, |order| order.lots -= 1),
        changed::<Order>(1, |order| order.limit_ticks = 49),
        changed::<Order>(1, |order| order.side = Side::Buy as u8),
        changed::<PlanStep>(0, |step| step.due_lots = 40),
        changed::<Fill>(0, |fill| fill.lots = 20),
    ] {
        assert_eq!(derived(&log).unwrap_err().code, code::LOG_REPLAY);
    }
}

#[test]
fn a_child_without_a_slice_and_a_slice_without_a_child_are_found() {
    let mut without = written();
    without.remove(without.iter().position(|(kind, _)| *kind == Slice::KIND).unwrap());
    assert_eq!(derived(&without).unwrap_err().code, code::LOG_REPLAY);
    let slice = |(kind, _): &&(u16, Vec<u8>)| *kind == Slice::KIND;
    assert_eq!(derived(&written().iter().filter(slice).cloned().collect()).unwrap_err().code, code::LOG_REPLAY);
    let mut without = written();
    let at = without.iter().position(|(kind, _)| *kind == Order::KIND).unwrap();
    without.drain(at..at + 3);
    assert_eq!(derived(&without).unwrap_err().code, code::LOG_REPLAY);
}
