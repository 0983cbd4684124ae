//! Duplicates: a client order id is used once, so a message sent twice trades once.

/// RISK-006: the number does not rise above the last one seen. SEC 15c3-5(c)(1)(ii): duplicative orders.
#[inline(always)]
#[must_use]
pub const fn duplicate(client_id: u64, last_seen: u64) -> bool {
    client_id <= last_seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_order_ids_must_strictly_rise_from_one() {
        for (id, last, fails) in [(1, 0, false), (0, 0, true), (5, 5, true), (4, 5, true), (u64::MAX, u64::MAX, true)] {
            assert_eq!(duplicate(id, last), fails, "{id} after {last}");
        }
    }
}
