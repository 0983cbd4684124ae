//! OUCH against bytes put together by hand from the public specification, and against bytes of any kind.

use hedgerow_core::code;
use hedgerow_wire::ouch::{FROM_VENUE, Layout, TO_VENUE, Value, decode, encode};
use proptest::prelude::*;

/// An Enter Order as the specification's table has it: offset by offset, without our layouts.
fn enter_order() -> Vec<u8> {
    let mut bytes = vec![b' '; 49];
    bytes[0] = b'O';
    bytes[1..6].copy_from_slice(b"TOK01");
    bytes[15] = b'B';
    bytes[16..20].copy_from_slice(&500_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(b"ABCD");
    bytes[28..32].copy_from_slice(&101_500_u32.to_be_bytes());
    bytes[32..36].copy_from_slice(&99_998_u32.to_be_bytes());
    bytes[36..40].copy_from_slice(b"HEDG");
    bytes[40] = b'Y';
    bytes[41] = b'P';
    bytes[42] = b'N';
    bytes[43..47].copy_from_slice(&0_u32.to_be_bytes());
    bytes[47] = b'N';
    bytes[48] = b'R';
    bytes
}

#[test]
fn an_order_is_read_as_the_specification_lays_it_out() {
    let (layout, values) = decode(TO_VENUE, &enter_order()).expect("it is one");
    let text = |text: &str| Value::Text(text.to_owned());
    let wanted = [
        text("TOK01"),
        text("B"),
        Value::Number(500),
        text("ABCD"),
        Value::Number(101_500),
        Value::Number(99_998),
        text("HEDG"),
        text("Y"),
        text("P"),
        text("N"),
        Value::Number(0),
        text("N"),
        text("R"),
    ];
    assert_eq!((layout.name, values.as_slice()), ("enter", wanted.as_slice()));
    assert_eq!(encode(TO_VENUE, b'O', &values).expect("as it came"), enter_order());
}

#[test]
fn every_message_has_the_length_of_the_specification() {
    let lengths = |table: &[Layout]| table.iter().map(|layout| (layout.kind, layout.length())).collect::<Vec<_>>();
    assert_eq!(lengths(TO_VENUE), [(b'O', 49), (b'U', 47), (b'X', 19)]);
    let wanted = [(b'S', 10), (b'A', 66), (b'U', 80), (b'C', 28), (b'E', 40), (b'B', 32), (b'J', 24), (b'I', 23)];
    assert_eq!(lengths(FROM_VENUE), wanted);
}

#[test]
fn what_is_out_of_range_is_refused_by_its_name() {
    for (at, byte, name) in [(15, b'Q', "side"), (16, 1, "shares"), (28, 0x80, "price"), (1, 7, "token")] {
        let mut bytes = enter_order();
        bytes[at] = byte;
        let problem = decode(TO_VENUE, &bytes).expect_err("out of range");
        assert_eq!(problem.code, code::WIRE_FIELD);
        assert!(problem.detail.contains(name), "{}", problem.detail);
    }
    assert_eq!(decode(TO_VENUE, &enter_order()[..48]).expect_err("short").code, code::WIRE_LENGTH);
    assert_eq!(decode(TO_VENUE, b"?").expect_err("unknown").code, code::WIRE_TYPE);
    assert_eq!(decode(TO_VENUE, b"").expect_err("nothing").code, code::WIRE_TYPE);
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_that_is_written_the_same_or_an_error(
        kind in prop::sample::select(b"OUXSACEBJI".to_vec()),
        rest in prop::collection::vec(prop_oneof![Just(b' '), Just(0_u8), Just(b'N'), any::<u8>()], 0..90),
    ) {
        for table in [TO_VENUE, FROM_VENUE] {
            let mut bytes = vec![kind];
            bytes.extend_from_slice(&rest);
            if let Some(layout) = table.iter().find(|layout| layout.kind == kind) {
                bytes.resize(layout.length(), b'N');
            }
            if let Ok((layout, values)) = decode(table, &bytes) {
                prop_assert_eq!(encode(table, layout.kind, &values).expect("it was read"), bytes);
            }
        }
    }
}
