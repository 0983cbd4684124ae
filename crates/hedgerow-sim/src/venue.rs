//! The door of the simulated venue: approved messages in, reports out.

use crate::VenueConfig;
use crate::faults::Faults;
use crate::fees::FeeSchedules;
use crate::matching::{Matching, Said};
use hedgerow_core::{
    Bar, CancelRequest, FullOrder, FullReplace, Instrument, Order, OrderTerms, Problem, ReplaceRequest, ReportKind,
    VenueReport, code,
};
use hedgerow_risk::{Approved, ApprovedLeg, ApprovedQuote};
use serde::{Deserialize, Serialize};

/// A simulated venue that trades against bars. See the crate's promises.
///
/// For each bar call [`BarVenue::on_open`], then [`BarVenue::on_close`], then let strategies speak. Reports leave `id` 0, for
/// the kernel to number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BarVenue {
    matching: Matching,
    faults: Option<Faults>,
}

impl BarVenue {
    /// A venue without orders.
    ///
    /// # Errors
    /// `SIM_BAD_COST` if a setting cannot be meant.
    pub fn new(config: VenueConfig) -> Result<BarVenue, Problem> {
        BarVenue::charging(config, FeeSchedules::default())
    }

    /// The same, where some instruments are charged by tier.
    ///
    /// # Errors
    /// `SIM_BAD_COST` if a setting or a schedule cannot be meant.
    pub fn charging(config: VenueConfig, schedules: FeeSchedules) -> Result<BarVenue, Problem> {
        Ok(BarVenue { matching: Matching::new(config, schedules)?, faults: None })
    }

    /// The same venue, failing on purpose.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> BarVenue {
        BarVenue { faults: Some(faults), ..self }
    }

    /// Makes an instrument tradable, or takes over its new volume and volatility.
    ///
    /// # Errors
    /// `CORE_INPUT` if its tick has no positive value.
    pub fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        if instrument.tick_value <= 0 || instrument.lot_nano <= 0 {
            let detail =
                format!("{}: tick value {}, lot {}", instrument.symbol, instrument.tick_value, instrument.lot_nano);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.matching.define(instrument);
        Ok(())
    }

    /// Takes an order at `ts`: `Accepted`, `Rejected` or (a fault) `Lost`. It can first trade on the next bar.
    pub fn submit(&mut self, order: Approved<Order>, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        self.take(&FullOrder { order: order.into_inner(), terms: OrderTerms::default() }, ts, sink);
    }

    /// The same for an order with terms. A stop waits for a bar that reaches its price; see `matching.rs`.
    pub fn submit_full(&mut self, full: Approved<FullOrder>, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        self.take(&full.into_inner(), ts, sink);
    }

    fn take(&mut self, full: &FullOrder, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        let order = &full.order;
        let Some(faults) = &mut self.faults else {
            return self.matching.submit(full, ts, &mut |said| sink(said.report));
        };
        if faults.rejects() {
            let report = VenueReport {
                cause: order.id,
                ts_event: ts,
                ts_init: ts,
                order_id: order.id,
                instrument: order.instrument,
                slot: order.slot,
                kind: ReportKind::Rejected as u8,
                code: code::SIM_FAULT.0,
                ..VenueReport::default()
            };
            return relay(&mut self.faults, Said { report, ends: true }, sink);
        }
        let lost = faults.loses();
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.submit(full, ts, &mut |mut said| {
            if lost && !said.ends {
                said.report.kind = ReportKind::Lost as u8;
                said.report.code = code::SIM_FAULT.0;
            }
            relay(faults, said, sink);
        });
    }

    /// Cancels an order at `ts`: `Cancelled`, or `CancelRejected` if it does not work here.
    pub fn cancel(&mut self, request: Approved<CancelRequest>, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.cancel(request.get(), ts, &mut |said| relay(faults, said, sink));
    }

    /// Changes an order at `ts`: `Replaced`, or `ReplaceRejected`. A new price or a larger size goes to the end of the queue
    /// and first counts on the next bar.
    pub fn replace(&mut self, request: Approved<ReplaceRequest>, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        self.change(&FullReplace::plain(request.into_inner()), ts, sink);
    }

    /// The same for an order with terms.
    pub fn replace_full(&mut self, change: Approved<FullReplace>, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        self.change(change.get(), ts, sink);
    }

    /// Changes both sides of a quote at `ts`, one after the other; each is answered as an order of its own.
    pub fn quote(&mut self, legs: ApprovedQuote, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        for leg in legs.into_iter().flatten() {
            match leg {
                ApprovedLeg::New(order) => self.submit(order, ts, sink),
                ApprovedLeg::Replace(request) => self.replace(request, ts, sink),
                ApprovedLeg::Cancel(request) => self.cancel(request, ts, sink),
            }
        }
    }

    /// An order may trade no more than so much until the next word on it: what the position that it may only reduce leaves.
    /// Within a bar nothing else can be told.
    pub fn bound(&mut self, slot: u32, order_id: u64, lots: i64) {
        self.matching.bound(slot, order_id, lots);
    }

    fn change(&mut self, change: &FullReplace, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.replace(change, ts, &mut |said| relay(faults, said, sink));
    }

    /// What trades at the open of a bar, stamped when the bar opened.
    ///
    /// # Errors
    /// `SIM_NO_VOLUME` if a volume cap is set, orders rest here, and the bar's volume is not known;
    /// `CORE_UNKNOWN_INSTRUMENT` if it was not defined. Nothing traded then.
    #[inline]
    pub fn on_open(&mut self, bar: &Bar, sink: &mut impl FnMut(VenueReport)) -> Result<(), Problem> {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.on_open(bar, &mut |said| relay(faults, said, sink))
    }

    /// What trades within a bar, stamped when the bar closed.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_INSTRUMENT` if it was not defined.
    #[inline]
    pub fn on_close(&mut self, bar: &Bar, sink: &mut impl FnMut(VenueReport)) -> Result<(), Problem> {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.on_close(bar, &mut |said| relay(faults, said, sink))
    }

    /// Stops that were sent since [`BarVenue::on_close`], because another order filled within the bar: the bar reaches them
    /// too.
    pub fn follow(&mut self, bar: &Bar, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.follow(bar, &mut |said| relay(faults, said, sink));
    }

    /// A bar was the last of its session; call it right after [`BarVenue::on_close`]. Orders for the closing auction trade at
    /// its close or end.
    pub fn close_session(&mut self, bar: &Bar, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.close_session(bar, &mut |said| relay(faults, said, sink));
    }

    /// The session ends at `ts`: day orders that have seen a bar of it expire.
    pub fn end_session(&mut self, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.end_session(ts, &mut |said| relay(faults, said, sink));
    }

    /// A liquidation trades at once and in full, at the worst price of a bar that has closed.
    pub fn force(&mut self, slot: u32, order_id: u64, bar: &Bar, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.force(slot, order_id, bar, &mut |said| relay(faults, said, sink));
    }

    /// What an instrument is changes at `ts` (a split, an end): all orders in it expire, good till cancelled or not.
    pub fn end_all(&mut self, instrument: u32, ts: i64, sink: &mut impl FnMut(VenueReport)) {
        let (matching, faults) = (&mut self.matching, &mut self.faults);
        matching.end_all(instrument, ts, &mut |said| relay(faults, said, sink));
    }
}

fn relay(faults: &mut Option<Faults>, said: Said, sink: &mut impl FnMut(VenueReport)) {
    sink(said.report);
    if let Some(faults) = faults
        && faults.doubles()
    {
        sink(said.report);
    }
}
