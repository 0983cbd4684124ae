use super::*;
use hedgerow_core::{Algo, Side};

fn take<N: Noun>(parents: &mut Parents, record: &N) -> Result<(), Problem> {
    parents.take(N::KIND, bytemuck::bytes_of(record))
}

/// A parent of 100 lots with the number 5, in an instrument that trades in tens.
fn begun() -> Parents {
    let mut parents = Parents::default();
    let instrument = Instrument { instrument: 1, lots_min: 10, lots_step: 10, ..Instrument::default() };
    take(&mut parents, &instrument).unwrap();
    let parent = ParentOrder {
        id: 5,
        lots: 100,
        slices: 3,
        instrument: 1,
        strategy: 2,
        side: Side::Buy as u8,
        algo: Algo::Twap as u8,
        until_ts: i64::MAX,
        ..ParentOrder::default()
    };
    take(&mut parents, &parent).unwrap();
    parents
}

fn child(parents: &mut Parents, id: u64, lots: i64, decision: Decision) {
    take(parents, &Order { id, cause: 5, lots, slot: 3, ..Order::default() }).unwrap();
    let (action, decision) = (Action::New as u8, decision as u8);
    take(parents, &Verdict { id: id + 1, cause: id, order_id: id, action, decision, ..Verdict::default() }).unwrap();
}

fn numbers(parents: &Parents) -> (i64, i64, i64) {
    let done = parents.get(5).unwrap().progress;
    (done.filled_lots(), done.working_lots(), done.remaining_lots())
}

#[test]
fn a_child_counts_once_it_is_approved_and_until_it_has_ended() {
    let mut parents = begun();
    child(&mut parents, 10, 30, Decision::Approved);
    child(&mut parents, 20, 30, Decision::Denied);
    assert_eq!(numbers(&parents), (0, 30, 70));
    take(&mut parents, &Fill { cause: 10, lots: 20, ..Fill::default() }).unwrap();
    let ended = OrderEvent { order_id: 10, filled_lots: 20, to: OrderState::Cancelled as u8, ..OrderEvent::default() };
    take(&mut parents, &ended).unwrap();
    assert_eq!(numbers(&parents), (20, 0, 80));
    take(&mut parents, &ended).unwrap();
    assert_eq!((numbers(&parents), parents.get(5).unwrap().children.len()), ((20, 0, 80), 0));
}

#[test]
fn more_than_was_sent_is_not_filled() {
    let mut parents = begun();
    child(&mut parents, 10, 30, Decision::Approved);
    let refused = take(&mut parents, &Fill { cause: 10, lots: 31, ..Fill::default() });
    assert_eq!(refused.unwrap_err().code, code::OMS_OVERFILL);
}

#[test]
fn a_child_leaves_from_its_cancel_until_the_venue_refuses_that() {
    let mut parents = begun();
    child(&mut parents, 10, 30, Decision::Approved);
    let states = [OrderState::Live, OrderState::PendingCancel, OrderState::PendingCancel, OrderState::PartiallyFilled];
    let staying = states.map(|to| {
        take(&mut parents, &OrderEvent { order_id: 10, to: to as u8, ..OrderEvent::default() }).unwrap();
        parents.get(5).unwrap().staying().count()
    });
    assert_eq!(staying, [1, 0, 0, 1]);
}

#[test]
fn other_peoples_orders_and_fills_are_not_its_own() {
    let mut parents = begun();
    take(&mut parents, &Order { id: 10, cause: 4, lots: 30, ..Order::default() }).unwrap();
    let verdict = Verdict { id: 11, order_id: 10, action: 1, decision: 1, ..Verdict::default() };
    take(&mut parents, &verdict).unwrap();
    take(&mut parents, &Fill { cause: 10, lots: 30, ..Fill::default() }).unwrap();
    assert_eq!(numbers(&parents), (0, 0, 100));
}

#[test]
fn its_settings_plan_changes_and_end_are_read_from_the_log() {
    let mut parents = begun();
    take(&mut parents, &AlgoSettings { cause: 5, from_ts: 9, ..AlgoSettings::default() }).unwrap();
    take(&mut parents, &PlanStep { cause: 5, step: 1, due_ts: 20, due_lots: 100, ..PlanStep::default() }).unwrap();
    assert_eq!((parents.wakes(0), parents.wakes(9), parents.sending()), (9, 20, vec![5]));
    parents.traded(1, 100, 7);
    parents.traded(0, 100, 7);
    assert_eq!(parents.get(5).unwrap().market.lots, 7);
    let event = |event: ParentEventKind| ParentEvent {
        parent: 5,
        lots: 60,
        until_ts: 30,
        event: event as u8,
        ..ParentEvent::default()
    };
    take(&mut parents, &event(ParentEventKind::Amended)).unwrap();
    assert_eq!((numbers(&parents), parents.get(5).unwrap().steps.len()), ((0, 0, 60), 0));
    take(&mut parents, &event(ParentEventKind::Stopped)).unwrap();
    assert_eq!((parents.sending(), parents.get(5).unwrap().is_done()), (vec![], true));
    take(&mut parents, &event(ParentEventKind::Ended)).unwrap();
    assert_eq!((parents.is_empty(), parents.ended(5)), (true, Some(&Ended { parent: 5, lots: 60, filled_lots: 0 })));
}

#[test]
fn what_speaks_of_no_parent_order_is_refused() {
    let mut parents = begun();
    let refused = [
        take(&mut parents, &PlanStep { cause: 6, ..PlanStep::default() }),
        take(&mut parents, &AlgoSettings { cause: 6, ..AlgoSettings::default() }),
        take(&mut parents, &Slice { cause: 6, ..Slice::default() }),
        take(&mut parents, &ParentEvent { parent: 6, event: 1, ..ParentEvent::default() }),
    ];
    assert!(refused.into_iter().all(|problem| problem.unwrap_err().code == code::CORE_INPUT));
}
