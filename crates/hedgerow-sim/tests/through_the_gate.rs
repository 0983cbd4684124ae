//! Orders as they really arrive: approved by the gate, sent to the venue, reported back; and the venue failing on purpose.

use hedgerow_core::time::{DAY, FOREVER};
use hedgerow_core::{
    Bar, CancelRequest, Currency, Instrument, Limits, MONEY_UNIT, Mandate, Money, Order, OrderKind, Problem,
    ReplaceRequest, ReportKind, Session, Side, Symbol, TimeInForce, VenueReport, code,
};
use hedgerow_risk::{Gate, GateConfig};
use hedgerow_sim::{BarVenue, Faults, VenueConfig};

fn instrument() -> Instrument {
    Instrument {
        tick_nano: 10_000_000,
        lot_nano: MONEY_UNIT as i64,
        tick_value: 10_000_000,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1_000_000,
        sigma_nano: 20_000_000,
        currency: Currency::parse("USD").unwrap(),
        symbol: Symbol::parse("XYZ").unwrap(),
        ..Instrument::default()
    }
}

/// A gate that lets everything through, with one instrument last seen at 100.00.
fn gate() -> Result<Gate, Problem> {
    let mut gate = Gate::new(GateConfig::new(1, 1, 1, Currency::parse("USD").unwrap()));
    gate.define(&instrument())?;
    gate.observe(0, 10_000, 1)?;
    gate.session(&Session { ts: 1, closes_ts: FOREVER, open: 1, ..Session::default() });
    gate.register(0)?;
    gate.set_firm(&Limits::UNLIMITED);
    gate.grant(&Mandate { limits: Limits::UNLIMITED, expires_ts: FOREVER, ..Mandate::default() }, &[0])?;
    Ok(gate)
}

fn order(id: u64, limit_ticks: i64) -> Order {
    Order {
        id,
        slot: id as u32,
        ts: 2,
        client_id: id,
        lots: 10,
        limit_ticks,
        side: Side::Buy as u8,
        kind: if limit_ticks > 0 { OrderKind::Limit } else { OrderKind::Market } as u8,
        tif: TimeInForce::Gtc as u8,
        ..Order::default()
    }
}

fn bar() -> Bar {
    let open_ticks = 10_044;
    Bar {
        ts_event: 2 + DAY,
        ts_init: 2 + DAY,
        open_ticks,
        high_ticks: open_ticks,
        low_ticks: open_ticks,
        close_ticks: open_ticks,
        volume_lots: -1,
        span_ns: DAY,
        ..Bar::default()
    }
}

fn kinds(reports: &[VenueReport]) -> Vec<ReportKind> {
    reports.iter().filter_map(|r| ReportKind::from_u8(r.kind)).collect()
}

#[test]
fn an_approved_order_is_accepted_changed_filled_and_charged() -> Result<(), Problem> {
    let mut gate = gate()?;
    let mut venue = BarVenue::new(VenueConfig { fee_nano: 100_000, ..VenueConfig::FREE })?;
    venue.define(&instrument())?;
    let (mut reports, limit) = (Vec::new(), order(1, 9_900));
    let approved = gate.check_new(&limit, 2).1.unwrap();
    venue.submit(approved, 2, &mut |r| reports.push(r));
    let terms = ReplaceRequest { ts: 2, client_id: 2, lots: 20, limit_ticks: 10_100, ..ReplaceRequest::default() };
    let request = ReplaceRequest { order_id: 1, slot: 1, ..terms };
    let approved = gate.check_replace(&limit, 0, &request, 2).1.unwrap();
    venue.replace(approved, 2, &mut |r| reports.push(r));
    venue.on_open(&bar(), &mut |r| reports.push(r))?;
    venue.on_close(&bar(), &mut |r| reports.push(r))?;
    assert_eq!(kinds(&reports), [ReportKind::Accepted, ReportKind::Replaced, ReportKind::Filled]);
    // 20 lots at 100.44 are 2,008.80; one basis point is 0.20088.
    assert_eq!((reports[2].lots, reports[2].price_ticks, reports[2].fee), (20, 10_044, Money(200_880_000)));

    let approved = gate.check_new(&order(3, 9_900), 2).1.unwrap();
    venue.submit(approved, 2, &mut |r| reports.push(r));
    let request = CancelRequest { ts: 2, order_id: 3, slot: 3, ..CancelRequest::default() };
    let approved = gate.check_cancel(&request, &order(3, 9_900), 2).1;
    venue.cancel(approved, 2, &mut |r| reports.push(r));
    venue.end_session(3, &mut |r| reports.push(r));
    assert_eq!(kinds(&reports[3..]), [ReportKind::Accepted, ReportKind::Cancelled]);
    Ok(())
}

#[test]
fn an_instrument_whose_tick_is_worth_nothing_is_refused() {
    let mut venue = BarVenue::new(VenueConfig::FREE).unwrap();
    let worthless = Instrument { tick_value: 0, ..instrument() };
    assert_eq!(venue.define(&worthless).unwrap_err().code, code::CORE_INPUT);
}

#[test]
fn faults_strike_as_often_as_asked_and_a_lost_order_still_works() -> Result<(), Problem> {
    for (faults, first, later) in [
        (Faults { reject_every: 1, ..Faults::seeded(1) }, vec![ReportKind::Rejected], vec![]),
        (Faults { lose_every: 1, ..Faults::seeded(1) }, vec![ReportKind::Lost], vec![ReportKind::Filled]),
        (Faults { double_every: 1, ..Faults::seeded(1) }, vec![ReportKind::Accepted; 2], vec![ReportKind::Filled; 2]),
        (Faults::seeded(1), vec![ReportKind::Accepted], vec![ReportKind::Filled]),
    ] {
        let mut venue = BarVenue::new(VenueConfig::FREE)?.with_faults(faults);
        venue.define(&instrument())?;
        let (mut reports, approved) = (Vec::new(), gate()?.check_new(&order(1, 0), 2).1.unwrap());
        venue.submit(approved, 2, &mut |r| reports.push(r));
        assert_eq!(kinds(&reports), first);
        let heard = reports.len();
        venue.on_open(&bar(), &mut |r| reports.push(r))?;
        assert_eq!(kinds(&reports[heard..]), later);
    }
    Ok(())
}

#[test]
fn a_part_of_a_fill_told_twice_has_the_same_execution_number() -> Result<(), Problem> {
    let faults = Faults { double_every: 1, ..Faults::seeded(1) };
    let config = VenueConfig { volume_cap_bps: 10_000, ..VenueConfig::FREE };
    let mut venue = BarVenue::new(config)?.with_faults(faults);
    venue.define(&instrument())?;
    let (mut reports, approved) = (Vec::new(), gate()?.check_new(&order(1, 0), 2).1.unwrap());
    venue.submit(approved, 2, &mut |_| ());
    for day in 0..2 {
        let bar = Bar { ts_event: bar().ts_event + day * DAY, volume_lots: 6, ..bar() };
        venue.on_open(&bar, &mut |r| reports.push(r))?;
        venue.on_close(&bar, &mut |r| reports.push(r))?;
    }
    let told: Vec<_> = reports.iter().map(|r| (r.execution, r.lots)).collect();
    assert_eq!(told, [(1, 6), (1, 6), (2, 4), (2, 4)]);
    Ok(())
}

#[test]
fn equal_seeds_fail_alike() -> Result<(), Problem> {
    let tape = |seed| -> Result<Vec<ReportKind>, Problem> {
        let mut gate = gate()?;
        let mut venue =
            BarVenue::new(VenueConfig::FREE)?.with_faults(Faults { reject_every: 3, ..Faults::seeded(seed) });
        venue.define(&instrument())?;
        let mut reports = Vec::new();
        for id in 1..40 {
            let approved = gate.check_new(&order(id, 0), 2).1.unwrap();
            venue.submit(approved, 2, &mut |r| reports.push(r));
        }
        Ok(kinds(&reports))
    };
    assert_eq!(tape(7)?, tape(7)?);
    assert_ne!(tape(7)?, tape(8)?);
    let rejected = tape(7)?.iter().filter(|k| **k == ReportKind::Rejected).count();
    assert!((5..25).contains(&rejected), "one in three of 39, not {rejected}");
    Ok(())
}
