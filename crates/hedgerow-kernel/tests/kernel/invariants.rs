//! What holds after every step, whatever happened.

use crate::world::{CAPACITY, Frame, World};
use hedgerow_core::{Fill, Money, Noun, Side, VenueReport, nouns};
use hedgerow_kernel::Kernel;

/// Money sums to zero, the gate agrees with working orders and books, and worth is the sum of its parts.
pub fn hold(kernel: &Kernel) {
    let (ledger, gate, oms) = (kernel.ledger(), kernel.gate(), kernel.oms());
    assert!(ledger.trial_balance().all(|(_, sum)| sum == Money::ZERO), "a currency does not sum to zero");
    ledger.prove().unwrap();
    gate.recount().unwrap();
    assert!(oms.is_consistent());
    for strategy in 0..CAPACITY.strategies {
        for instrument in 0..kernel.instruments().len() as u32 {
            let reserved = |side: Side| -> i64 {
                let ours = oms.iter().filter(|w| (w.order.strategy, w.order.instrument) == (strategy, instrument));
                ours.filter(|w| w.order.side == side as u8).map(|w| w.reserved_lots()).sum()
            };
            let held = gate.holding(strategy, instrument);
            let booked = ledger.position(strategy, instrument).unwrap().lots;
            assert_eq!(held.position, booked, "position of strategy {strategy} in instrument {instrument}");
            let working = (reserved(Side::Buy), reserved(Side::Sell));
            assert_eq!((held.open_buy, held.open_sell), working, "strategy {strategy}, instrument {instrument}");
        }
        let Ok(nav) = ledger.nav(strategy) else { continue };
        let converted = ledger.books(strategy).map(|(currency, book)| {
            let parts = book.capital() + book.realised() + book.unrealised() + book.income() + book.exchanged();
            assert_eq!(book.equity(), parts - book.fees());
            book.equity().convert(ledger.rate_nano(currency).unwrap_or_default())
        });
        assert_eq!(nav, converted.sum());
        let Ok(statement) = ledger.statement(strategy) else { continue };
        let parts = statement.capital + statement.realised + statement.unrealised + statement.income;
        assert_eq!(nav, parts + statement.exchanged + statement.currency_effect - statement.fees);
    }
}

/// A field of 64 bits of a record, by its name.
fn number(kind: u16, bytes: &[u8], name: &str) -> Option<u64> {
    let info = nouns().iter().find(|noun| noun.kind == kind)?;
    let field = info.fields.iter().find(|field| field.name == name)?;
    Some(u64::from_le_bytes(bytes[field.offset..field.offset + 8].try_into().unwrap()))
}

/// Ids are consecutive from one, and every cause is a record that was there before.
pub fn numbered(tape: &[Frame]) {
    for (at, (kind, id, bytes)) in tape.iter().enumerate() {
        assert_eq!(*id, at as u64 + 1);
        if let Some(own) = number(*kind, bytes, "id") {
            assert_eq!(own, *id, "kind {kind}");
        }
        let Some(cause) = number(*kind, bytes, "cause") else { continue };
        assert!(cause < *id, "record {id} of kind {kind} names {cause}");
        let effect = hedgerow_kernel::Input::from_record(*kind, *id, bytes).unwrap().is_none();
        assert!(!effect || cause > 0, "record {id} of kind {kind} names no cause");
    }
}

/// Of the executions that a venue numbered, each is booked once, and in the order of their numbers.
pub fn booked_once(tape: &[Frame]) {
    let mut highest = std::collections::BTreeMap::new();
    for (.., bytes) in tape.iter().filter(|(kind, ..)| *kind == Fill::KIND) {
        let fill: Fill = bytemuck::pod_read_unaligned(bytes);
        if fill.execution > 0 {
            let before = highest.insert(fill.cause, fill.execution).unwrap_or(0);
            assert!(fill.execution > before, "execution {} of order {} after {before}", fill.execution, fill.cause);
        }
    }
}

#[test]
fn they_hold_of_a_fund_at_work() {
    let mut world = World::trading();
    let order = world.works("buy 10 CCC @ 2000");
    world.says(&order, "Filled 4 @ 1990");
    hold(&world.kernel);
    let stranger = VenueReport { order_id: 1 << 60, ..world.reported(&order, "Filled 1 @ 1") };
    world.take(hedgerow_kernel::Input::VenueReport(stranger));
    numbered(&world.tape);
}
