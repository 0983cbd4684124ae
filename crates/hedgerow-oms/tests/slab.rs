//! The slab: slots are proved by ids, used again in a fixed order, and survive being written and read.

use hedgerow_core::{Order, code};
use hedgerow_oms::{Oms, OrderInput};

fn order(id: u64) -> Order {
    Order { id, lots: 10, limit_ticks: 5, ..Order::default() }
}

fn opened(oms: &mut Oms, id: u64) -> u32 {
    let slot = oms.open(order(id)).unwrap();
    oms.apply(slot, id, OrderInput::Approve, 0, 0).unwrap();
    slot
}

#[test]
fn the_slot_freed_last_is_used_first() {
    let mut oms = Oms::new(8);
    let slots: Vec<u32> = (1..=4).map(|id| opened(&mut oms, id)).collect();
    assert_eq!(slots, [0, 1, 2, 3]);
    for id in [2, 4] {
        oms.apply(id as u32 - 1, id, OrderInput::Cancelled, 0, 0).unwrap();
    }
    assert_eq!([opened(&mut oms, 5), opened(&mut oms, 6), opened(&mut oms, 7)], [3, 1, 4]);
    let ids: Vec<u64> = oms.iter().map(|working| working.order.id).collect();
    assert_eq!(ids, [1, 6, 3, 5, 7]);
}

#[test]
fn a_slot_with_another_orders_id_is_an_unknown_order() {
    let mut oms = Oms::new(2);
    let slot = opened(&mut oms, 1);
    oms.apply(slot, 1, OrderInput::Cancelled, 0, 0).unwrap();
    assert_eq!(opened(&mut oms, 2), slot);
    let before = oms.clone();
    for (slot, id) in [(slot, 1), (slot, 0), (1, 2), (2, 2), (u32::MAX, 2)] {
        assert_eq!(oms.apply(slot, id, OrderInput::Accept, 0, 0).unwrap_err().code, code::OMS_UNKNOWN_ORDER);
        assert_eq!(oms.check(slot, id, OrderInput::AskCancel).unwrap_err().code, code::OMS_UNKNOWN_ORDER);
        assert_eq!(oms.check_fill(slot, id, 0, 1, 1).unwrap_err().code, code::OMS_UNKNOWN_ORDER);
        assert!(oms.get(slot, id).is_none());
    }
    assert_eq!(oms, before);
}

#[test]
fn a_full_slab_refuses_and_an_order_without_an_id_is_no_order() {
    let mut oms = Oms::new(1);
    assert_eq!(oms.open(order(0)).unwrap_err().code, code::CORE_INPUT);
    opened(&mut oms, 1);
    let problem = oms.open(order(2)).unwrap_err();
    assert_eq!(problem.code, code::OMS_FULL);
    assert!(problem.detail.contains("1 orders work, room for 1"), "{problem}");
    assert_eq!((oms.len(), oms.capacity(), oms.is_empty()), (1, 1, false));
}

#[test]
fn an_order_knows_its_slot_and_checks_ask_without_moving() {
    let mut oms = Oms::new(2);
    opened(&mut oms, 1);
    let slot = opened(&mut oms, 2);
    assert_eq!(oms.get(slot, 2).unwrap().order.slot, slot);
    let before = oms.clone();
    assert!(oms.check(slot, 2, OrderInput::AskCancel).is_ok());
    assert_eq!(oms.check(slot, 2, OrderInput::AskReplace).unwrap_err().code, code::OMS_ILLEGAL);
    assert_eq!(oms.check_fill(slot, 2, 0, 4, 5).unwrap().filled_value, 20);
    assert_eq!(oms.check_fill(slot, 2, 0, 11, 5).unwrap_err().code, code::OMS_OVERFILL);
    assert_eq!(oms, before);
}

#[test]
fn an_execution_whose_number_does_not_rise_is_refused_and_one_without_a_number_is_not() {
    let mut oms = Oms::new(1);
    let slot = opened(&mut oms, 1);
    for (execution, booked) in
        [(1, true), (1, false), (4, true), (4, false), (3, false), (0, true), (4, false), (5, true)]
    {
        let before = oms.clone();
        let checked = oms.check_fill(slot, 1, execution, 1, 5);
        let filled = oms.fill(slot, 1, execution, 1, 5);
        assert_eq!(checked.is_ok(), booked, "execution {execution}");
        assert_eq!(checked.map(|w| w.filled_lots), filled.as_ref().map(|s| s.filled_lots).map_err(Clone::clone));
        if let Err(problem) = filled {
            assert_eq!(problem.code, code::OMS_DUPLICATE);
            assert!(problem.detail.contains(&format!("execution {execution}")), "{problem}");
            assert_eq!(oms, before, "a refusal changes nothing");
        }
    }
    assert_eq!(oms.get(slot, 1).map(|w| (w.execution, w.filled_lots)), Some((5, 4)));
}

#[test]
fn the_numbers_of_an_orders_executions_rise_on_through_a_change_and_end_with_it() {
    let mut oms = Oms::new(1);
    let slot = opened(&mut oms, 1);
    oms.fill(slot, 1, 7, 4, 5).unwrap();
    oms.apply(slot, 1, OrderInput::AskReplace, 20, 5).unwrap();
    oms.apply(slot, 1, OrderInput::Replaced, 0, 0).unwrap();
    assert_eq!(oms.fill(slot, 1, 7, 4, 5).unwrap_err().code, code::OMS_DUPLICATE);
    oms.fill(slot, 1, 8, 16, 5).unwrap();
    assert_eq!(oms.fill(slot, 1, 8, 16, 5).unwrap_err().code, code::OMS_UNKNOWN_ORDER);
    assert_eq!(opened(&mut oms, 2), slot);
    oms.fill(slot, 2, 1, 1, 5).unwrap();
}

#[test]
fn the_value_of_fills_is_exact_even_where_a_float_or_a_64_bit_integer_is_not() {
    let mut oms = Oms::new(1);
    let slot = oms.open(Order { id: 1, lots: i64::MAX, ..Order::default() }).unwrap();
    oms.apply(slot, 1, OrderInput::Approve, 0, 0).unwrap();
    oms.apply(slot, 1, OrderInput::Fill, i64::MAX - 1, i64::MAX).unwrap();
    let big = i128::from(i64::MAX);
    assert_eq!(oms.get(slot, 1).unwrap().filled_value, (big - 1) * big);
}

#[test]
fn a_written_slab_is_read_back_equal_and_goes_on_alike() {
    let mut oms = Oms::new(1_000);
    for id in 1..=5 {
        opened(&mut oms, id);
    }
    oms.apply(1, 2, OrderInput::Fill, 10, 5).unwrap();
    oms.apply(3, 4, OrderInput::Fill, 4, 5).unwrap();
    let bytes = postcard::to_stdvec(&oms).unwrap();
    assert!(bytes.len() < 500, "places never used are not written: {} bytes", bytes.len());
    let mut again: Oms = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(again, oms);
    assert_eq!(opened(&mut again, 6), opened(&mut oms, 6));
    assert_eq!(postcard::to_stdvec(&again).unwrap(), postcard::to_stdvec(&oms).unwrap());
}

#[test]
fn a_slab_that_contradicts_itself_is_not_read() {
    let mut oms = Oms::new(2);
    opened(&mut oms, 1);
    opened(&mut oms, 2);
    oms.apply(0, 1, OrderInput::Cancelled, 0, 0).unwrap();
    let good = postcard::to_stdvec(&oms).unwrap();
    assert_eq!(good.last(), Some(&0), "the free list ends with slot 0");
    let mut bad = good.clone();
    *bad.last_mut().unwrap() = 1;
    assert!(postcard::from_bytes::<Oms>(&bad).is_err(), "slot 1 is taken");
    bad = good.clone();
    bad[0] = 1;
    assert!(postcard::from_bytes::<Oms>(&bad).is_err(), "room for one holds no two");
}
