//! Many bars at once against its twin: the same bars one by one.

use crate::world::{MOMENTUM, World};
use hedgerow_core::{Instrument, Money, code, time::DAY};
use hedgerow_kernel::{Ahead, Curve, Effects, Input, Stretch};
use proptest::prelude::*;

/// One row of a stretch; times are counted from the row before.
#[derive(Clone, Debug)]
struct Row {
    wait: i64,
    late: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

/// A stretch as its columns.
#[derive(Default)]
struct Columns {
    ts_event: Vec<i64>,
    ts_init: Vec<i64>,
    open: Vec<i64>,
    high: Vec<i64>,
    low: Vec<i64>,
    close: Vec<i64>,
}

impl Columns {
    fn of(rows: &[Row], mut ts: i64) -> Columns {
        let mut columns = Columns::default();
        for row in rows {
            ts += row.wait;
            columns.ts_init.push(ts);
            columns.ts_event.push(ts - row.late);
            columns.open.push(row.open);
            columns.high.push(row.high);
            columns.low.push(row.low);
            columns.close.push(row.close);
        }
        columns
    }

    fn stretch(&self, instrument: u32) -> Stretch<'_> {
        let Columns { ts_event, ts_init, open, high, low, close } = self;
        Stretch { instrument, ts_event, ts_init, open, high, low, close }
    }
}

/// A sound row around a price.
fn row(wait: i64, late: i64, close: i64, up: i64, down: i64) -> Row {
    let low = (close - down).max(1);
    Row { wait, late, open: low, high: close.saturating_add(up), low, close }
}

fn sound() -> impl Strategy<Value = Row> {
    let close = prop_oneof![
        30 => 5_000_i64..15_000,
        3 => 1_i64..1_000_000_000,
        1 => prop::sample::select(vec![i64::MAX, 1 << 60, 1 << 50, 28_823_037_615, 28_823_037_616, 57_646_075_230]),
    ];
    let wait = prop_oneof![20 => 1_i64..1_000_000_000, 2 => Just(DAY)];
    (wait, prop_oneof![6 => Just(0_i64), 1 => 0_i64..3], close, 0_i64..50, 0_i64..50)
        .prop_map(|(wait, late, close, up, down)| row(wait, late, close, up, down))
}

/// A row that may be refused.
fn doubtful() -> impl Strategy<Value = Row> {
    (sound(), 0_u8..8).prop_map(|(row, how)| match how {
        0 => Row { low: 0, ..row },
        1 => Row { low: i64::MIN, ..row },
        2 => Row { high: row.close - 1, ..row },
        3 => Row { open: row.high.saturating_add(1), ..row },
        4 => Row { wait: -5, ..row },
        5 => Row { late: -1, ..row },
        6 => Row { late: 2_000_000_000, ..row },
        _ => row,
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    (
        prop::collection::vec(sound(), 0..30),
        prop::collection::vec(doubtful(), 0..3),
        prop::collection::vec(sound(), 0..5),
    )
        .prop_map(|(a, b, c)| [a, b, c].concat())
}

/// A position, and whether the gate has heard what it is worth.
fn fund(lots: i64, told: bool) -> World {
    let mut world = World::trading();
    if lots != 0 {
        let text = if lots > 0 { format!("buy {lots} AAA") } else { format!("sell {} AAA", -lots) };
        world.trades(&text, 10_000);
    }
    if told {
        world.wait(1);
        world.bar("AAA", 10_000);
    }
    world
}

/// A curve over one column of closes.
fn begun() -> Curve {
    let mut curve = Curve::default();
    curve.begin();
    curve
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn agree(mut world: World, rows: &[Row], ts: i64) -> Result<(), TestCaseError> {
    let columns = Columns::of(rows, ts);
    let stretch = columns.stretch(0);
    let (mut twin, mut effects) = (world.kernel.clone(), Effects::new());
    let (mut worths, mut refused) = (Vec::new(), None);
    for i in 0..rows.len() {
        let mut bar = hedgerow_core::Bar {
            ts_event: stretch.ts_event[i],
            ts_init: stretch.ts_init[i],
            open_ticks: stretch.open[i],
            high_ticks: stretch.high[i],
            low_ticks: stretch.low[i],
            close_ticks: stretch.close[i],
            ..world.flat_bar("AAA", 1)
        };
        if let Err(problem) = twin.bar(&mut bar, &mut effects) {
            refused = Some(problem);
            break;
        }
        worths.push(twin.ledger().nav(MOMENTUM).unwrap().to_f64().to_bits());
    }
    for looked in (0..=rows.len()).step_by(rows.len() / 5 + 1) {
        let (mut ahead, mut kernel, mut curve) = (Ahead::new(stretch).unwrap(), world.kernel.clone(), begun());
        [looked, rows.len()].into_iter().for_each(|end| ahead.look_to(end));
        let middle = (rows.len() / 3).min(worths.len());
        let taken = kernel.stretch(&ahead, 0..middle, &mut curve);
        let taken = taken.and_then(|_| kernel.stretch(&ahead, middle..rows.len(), &mut curve));
        prop_assert_eq!(bits(&curve.values(&[stretch.close])), worths.clone());
        let every_other: Vec<usize> = (0..rows.len() + 2).step_by(2).collect();
        let due: Vec<u64> = worths.iter().copied().step_by(2).collect();
        prop_assert_eq!(bits(&curve.values_at(&every_other, &[stretch.close])), due);
        prop_assert_eq!(taken.err(), refused.clone());
        prop_assert_eq!(kernel.to_bytes(), twin.to_bytes());
    }
    let mut curve = begun();
    let taken = world.kernel.stretch(&Ahead::new(stretch).unwrap(), 0..rows.len(), &mut curve);
    prop_assert!(taken != Ok(false));
    let problem = taken.err();
    prop_assert_eq!(bits(&curve.values(&[stretch.close])), worths);
    prop_assert_eq!(problem, refused);
    prop_assert_eq!(world.kernel.to_bytes(), twin.to_bytes());
    Ok(())
}

proptest! {
    /// State, worths and refusal of a stretch are those of its bars one by one, to the byte.
    #[test]
    fn a_stretch_is_its_bars_one_by_one(lots in -9_000_i64..9_000, told in any::<bool>(), gap in 0_i64..2, rows in rows()) {
        let world = fund(lots, told);
        let ts = world.kernel.clock() + gap - rows.first().map_or(0, |row| row.wait.max(0));
        agree(world, &rows, ts)?;
    }
}

#[test]
fn the_first_worth_ever_told_is_where_losses_are_counted_from() {
    let mut world = World::staffed();
    world.grant(&crate::people::Wish::of("momentum"));
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-004", "an order asked before anybody runs");
    world.start(MOMENTUM, 'A');
    let ts = world.kernel.clock();
    agree(world, &[row(0, 0, 9_000, 1, 1), row(5, 0, 12_000, 1, 1), row(5, 0, 8_000, 1, 1)], ts).unwrap();
}

#[test]
fn short_stretches_agree_whichever_row_is_the_highest() {
    const PRICES: [i64; 3] = [9_000, 10_000, 11_000];
    for (lots, told, gap) in [(10, true, 1), (10, true, 0), (-10, true, 1), (-10, false, 0)] {
        let world = fund(lots, told);
        for code in 0..27 {
            let close = [PRICES[code % 3], PRICES[code / 3 % 3], PRICES[code / 9]];
            let rows = close.map(|close| row(1, 0, close, 1, 1));
            for count in 1..=3 {
                agree(world.clone(), &rows[..count], world.kernel.clock() + gap - 1).unwrap();
            }
        }
    }
}

#[test]
fn prices_so_large_that_they_cannot_be_proved_quiet_are_taken_one_by_one() {
    for close in [i64::MAX, 1 << 61, 28_823_037_616] {
        let mut world = fund(9_000, true);
        let rows = [row(1, 0, 9_000, 1, 1), row(1, 0, 1 << 34, 1, 1), row(1, 0, close, 0, 1), row(1, 0, 100, 1, 1)];
        agree(world.clone(), &rows, world.ts).unwrap();
        agree(world.clone(), &rows[..3], world.ts).unwrap();
        // The worth of the volatile counts more than its price.
        let volatile = Instrument { sigma_nano: 1 << 39, ts: world.ts, ..crate::world::instrument(0) };
        world.take(Input::Instrument(volatile));
        agree(world.clone(), &rows, world.ts).unwrap();
        agree(world.clone(), &rows[..2], world.ts).unwrap();
    }
}

#[test]
fn a_bad_row_is_found_wherever_it_stands_and_however_far_was_looked_before() {
    let good = row(2, 0, 9_000, 1, 1);
    let bad = [Row { wait: -1, ..good.clone() }, Row { late: -1, ..good.clone() }, Row { low: 0, ..good.clone() }];
    let world = fund(10, true);
    for bad in &bad {
        for place in 0..5 {
            let mut rows = vec![good.clone(); 5];
            rows[place] = bad.clone();
            agree(world.clone(), &rows, world.ts).unwrap();
        }
    }
}

#[test]
fn two_bars_of_the_same_moment_are_no_stretch_and_the_first_is_taken() {
    let mut world = fund(10, true);
    let columns = Columns::of(&[row(1, 0, 9_000, 1, 1), row(0, 0, 9_100, 1, 1)], world.ts);
    let problem = world.kernel.stretch(&Ahead::new(columns.stretch(0)).unwrap(), 0..2, &mut begun()).unwrap_err();
    assert_eq!(problem.code, code::CORE_INPUT);
    assert_eq!(world.kernel.ledger().mark_ticks(0), Some(9_000));
}

#[test]
fn columns_of_different_lengths_are_no_stretch() {
    let columns = Columns::of(&[row(1, 0, 9_000, 1, 1), row(1, 0, 9_100, 1, 1)], 0);
    let short = Stretch { ts_event: &columns.ts_event[..1], ..columns.stretch(0) };
    assert_eq!(Ahead::new(short).unwrap_err().code, code::CORE_INPUT);
}

/// Whether a stretch of one bar is taken; one that is not leaves no trace.
fn is_taken(world: &World, instrument: u32) -> bool {
    let (mut kernel, mut curve) = (world.kernel.clone(), begun());
    let columns = Columns::of(&[row(1, 0, 9_000, 1, 1)], world.ts);
    let is_taken = kernel.stretch(&Ahead::new(columns.stretch(instrument)).unwrap(), 0..1, &mut curve).unwrap();
    assert_eq!((curve.len() == 1, kernel.to_bytes() != world.kernel.to_bytes()), (is_taken, is_taken));
    is_taken
}

#[test]
fn only_one_book_in_the_base_currency_with_a_known_price_is_steady() {
    let mut world = World::staffed();
    assert!(!is_taken(&world, 0), "nothing runs");
    world.start(MOMENTUM, 'A');
    assert!(is_taken(&world, 0));
    assert!(!is_taken(&world, 2), "euros move with their rate");
    assert!(!is_taken(&world, 3), "it is not there");
    world.take(Input::Instrument(Instrument { ts: world.ts, ..crate::world::instrument(3) }));
    assert!(!is_taken(&world, 3), "it has no price");
    world.start(crate::world::CARRY, 'A');
    assert!(!is_taken(&world, 0), "two books move");
    world.stop(MOMENTUM);
    assert!(!is_taken(&world, 0), "a book that stopped still moves");
    assert_eq!(world.kernel.ledger().nav(MOMENTUM).unwrap(), Money::units(1_110_000));
}
