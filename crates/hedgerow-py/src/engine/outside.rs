//! What waits for the gateway of a venue elsewhere, which takes one message for each side of a quote.
//!
//! Promises: of two sides of a quote of which the second would meet the first as it stood, the second leaves once the venue
//! has changed the first, and is refused here if it has not: it is certain then that it did not leave. Never: a socket.

use hedgerow_core::{Code, InstrumentId, OrderSlot, RecordId, ReportKind, VenueReport, code};
use hedgerow_kernel::{Kernel, Send};
use hedgerow_oms::OrderState;
use hedgerow_risk::ApprovedLeg;

/// Messages that were let pass, in order, and sides of quotes that wait for the other one.
#[derive(Default)]
pub struct Outside {
    waiting: Vec<Send>,
    /// The order that must have made room, and what leaves then.
    held: Vec<(RecordId, ApprovedLeg)>,
}

impl Outside {
    /// Takes what the kernel let pass.
    pub fn send(&mut self, send: Send, ts: i64, reports: &mut Vec<VenueReport>) {
        match send {
            Send::Quote { legs: [Some(first), Some(second)], in_turn: true } => {
                let after = first.order_id();
                self.send(first.into(), ts, reports);
                self.held.push((after, second));
            }
            Send::Quote { legs, .. } => {
                legs.into_iter().flatten().for_each(|leg| self.send(leg.into(), ts, reports));
            }
            Send::Cancel(request) => {
                let place = self.held.iter().position(|(_, leg)| leg.order_id() == request.get().order_id);
                let Some((_, leg)) = place.map(|place| self.held.remove(place)) else {
                    return self.waiting.push(Send::Cancel(request));
                };
                if let ApprovedLeg::New(order) = &leg {
                    let order = order.get();
                    let about = (order.id, order.slot, order.instrument);
                    return reports.push(refused(about, ReportKind::Cancelled, Code::default(), ts));
                }
                reports.push(leg_refused(&leg, code::RUN_QUOTE_HELD, ts));
                self.waiting.push(Send::Cancel(request));
            }
            send => self.waiting.push(send),
        }
    }

    /// The venue has spoken of an order: what waited for it leaves, or is refused.
    pub fn heard(&mut self, report: &VenueReport, kernel: &Kernel, reports: &mut Vec<VenueReport>) {
        let Some(place) = self.held.iter().position(|(first, _)| *first == report.order_id) else { return };
        let state = kernel.oms().get(report.slot, report.order_id).map(|working| working.state);
        let has_room = match state {
            None => true,
            Some(OrderState::Live | OrderState::PartiallyFilled) => report.kind == ReportKind::Replaced as u8,
            Some(OrderState::Unknown) => false,
            Some(_) => return,
        };
        let (_, leg) = self.held.remove(place);
        if has_room {
            self.waiting.push(leg.into());
        } else {
            reports.push(leg_refused(&leg, code::RUN_QUOTE_HELD, report.ts_init));
        }
    }

    /// What waits, taken out.
    pub fn take(&mut self) -> Vec<Send> {
        std::mem::take(&mut self.waiting)
    }
}

/// A report, in the venue's place, that a side of a quote did not leave.
pub fn leg_refused(leg: &ApprovedLeg, code: Code, ts: i64) -> VenueReport {
    let (about, kind) = match leg {
        ApprovedLeg::New(order) => {
            let order = order.get();
            ((order.id, order.slot, order.instrument), ReportKind::Rejected)
        }
        ApprovedLeg::Replace(request) => {
            let request = request.get();
            ((request.order_id, request.slot, InstrumentId::MAX), ReportKind::ReplaceRejected)
        }
        ApprovedLeg::Cancel(request) => {
            let request = request.get();
            ((request.order_id, request.slot, InstrumentId::MAX), ReportKind::CancelRejected)
        }
    };
    refused(about, kind, code, ts)
}

/// A report, in the venue's place, on an order in a slot, of an instrument.
pub fn refused(about: (RecordId, OrderSlot, InstrumentId), kind: ReportKind, code: Code, ts: i64) -> VenueReport {
    let (order_id, slot, instrument) = about;
    VenueReport {
        ts_event: ts,
        ts_init: ts,
        order_id,
        slot,
        instrument,
        kind: kind as u8,
        code: code.0,
        ..VenueReport::default()
    }
}
