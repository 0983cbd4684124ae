//! What must hold for every noun.

use super::*;

#[test]
fn fields_tile_each_record_without_holes_in_order_of_layout() {
    for noun in ALL {
        let mut end = 0;
        for field in noun.fields {
            assert_eq!(field.offset, end, "{}.{}", noun.name, field.name);
            end += field.size;
        }
        assert_eq!(end, noun.size, "{}", noun.name);
    }
}

#[test]
fn every_noun_has_a_number_of_its_own_rising() {
    assert!(ALL.windows(2).all(|w| w[0].kind < w[1].kind));
}
