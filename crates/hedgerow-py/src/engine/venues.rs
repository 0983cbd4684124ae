//! Which venue a run trades at: a simulated one of bars or of books, or one elsewhere. All take approved messages and
//! nothing else.

use super::outside::Outside;
use hedgerow_core::{Bar, Instrument, Order, Problem, VenueReport, code};
use hedgerow_kernel::{Kernel, Send};
use hedgerow_sim::replay::Depth;
use hedgerow_sim::{BarVenue, BookConfig, BookVenue, FeeSchedules, VenueConfig};

/// What a venue is made from.
pub enum VenueSettings {
    /// Of bars, with what is charged by tier.
    Bars(VenueConfig, FeeSchedules),
    /// Of books, shown so deep.
    Books(Box<BookConfig>, Depth),
    /// Elsewhere.
    Outside,
}

/// A venue. That of bars answers at once, that of books when its answer has travelled, one elsewhere when its gateway says
/// so.
pub enum Venue {
    /// Of bars.
    Bars(Box<BarVenue>),
    /// Of books.
    Books(Box<BookVenue>, Depth),
    /// Elsewhere: what was let pass waits here for the gateway.
    Outside(Outside),
}

impl Venue {
    /// A venue without instruments.
    pub fn new(settings: VenueSettings) -> Result<Venue, Problem> {
        Ok(match settings {
            VenueSettings::Bars(config, fees) => Venue::Bars(Box::new(BarVenue::charging(config, fees)?)),
            VenueSettings::Books(config, depth) => Venue::Books(Box::new(BookVenue::new(*config)?), depth),
            VenueSettings::Outside => Venue::Outside(Outside::default()),
        })
    }

    /// Makes an instrument tradable.
    pub fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.define(instrument),
            Venue::Books(venue, depth) => venue.define(instrument, *depth),
            Venue::Outside(_) => Ok(()),
        }
    }

    /// Sends what the kernel let pass.
    pub fn send(&mut self, send: Send, ts: i64, reports: &mut Vec<VenueReport>) {
        match self {
            Venue::Bars(venue) => {
                let mut say = |report| reports.push(report);
                match send {
                    Send::New(order) => venue.submit(order, ts, &mut say),
                    Send::NewFull(full) => venue.submit_full(full, ts, &mut say),
                    Send::Cancel(request) => venue.cancel(request, ts, &mut say),
                    Send::Replace(request) => venue.replace(request, ts, &mut say),
                    Send::ReplaceFull(change) => venue.replace_full(change, ts, &mut say),
                    Send::Quote { legs, .. } => venue.quote(legs, ts, &mut say),
                }
            }
            Venue::Books(venue, _) => match send {
                Send::New(order) => venue.submit(order, ts),
                Send::NewFull(full) => venue.submit_full(full, ts),
                Send::Cancel(request) => venue.cancel(request, ts),
                Send::Replace(request) => venue.replace(request, ts),
                Send::ReplaceFull(change) => venue.replace_full(change, ts),
                Send::Quote { legs, .. } => venue.quote(legs, ts),
            },
            Venue::Outside(outside) => outside.send(send, ts, reports),
        }
    }

    /// The kernel has taken a report: what waited for it, at a venue elsewhere, leaves or is refused.
    #[inline]
    pub fn heard(&mut self, report: &VenueReport, kernel: &Kernel, reports: &mut Vec<VenueReport>) {
        if let Venue::Outside(outside) = self {
            outside.heard(report, kernel, reports);
        }
    }

    /// What trades at the open of a bar.
    #[inline]
    pub fn on_open(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.on_open(bar, &mut |report| reports.push(report)),
            Venue::Books(..) | Venue::Outside(_) => Err(other("bars came")),
        }
    }

    /// What trades within a bar.
    #[inline]
    pub fn on_close(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.on_close(bar, &mut |report| reports.push(report)),
            Venue::Books(..) | Venue::Outside(_) => Err(other("bars came")),
        }
    }

    /// Stops that follow a fill within a bar that has closed.
    pub fn follow(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) {
        if let Venue::Bars(venue) = self {
            venue.follow(bar, &mut |report| reports.push(report));
        }
    }

    /// A liquidation trades at once, where bars are traded; at books it is on its way.
    pub fn force(&mut self, slot: u32, order_id: u64, bar: &Bar, reports: &mut Vec<VenueReport>) {
        if let Venue::Bars(venue) = self {
            venue.force(slot, order_id, bar, &mut |report| reports.push(report));
        }
    }

    /// A bar was the last of its session.
    pub fn close_session(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) {
        if let Venue::Bars(venue) = self {
            venue.close_session(bar, &mut |report| reports.push(report));
        }
    }

    /// Day orders expire; a venue elsewhere sees to its own.
    pub fn end_session(&mut self, ts: i64, reports: &mut Vec<VenueReport>) {
        match self {
            Venue::Bars(venue) => venue.end_session(ts, &mut |report| reports.push(report)),
            Venue::Books(venue, _) => venue.end_session(ts),
            Venue::Outside(_) => {}
        }
    }

    /// A simulated order over bars may trade no more than so much until the next word on it; elsewhere a change says so.
    pub fn bound(&mut self, order: &Order, lots: i64) {
        if let Venue::Bars(venue) = self {
            venue.bound(order.slot, order.id, lots);
        }
    }

    /// All orders in an instrument expire, because what it is changes.
    pub fn end_all(&mut self, instrument: u32, ts: i64, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.end_all(instrument, ts, &mut |report| reports.push(report)),
            Venue::Books(venue, _) => venue.end_all(instrument, ts, &mut |report| reports.push(report)),
            Venue::Outside(_) => return Err(other("a split or an end came")),
        }
        Ok(())
    }

    /// The simulated venue of books, if the run trades at one.
    pub fn books(&mut self) -> Option<&mut BookVenue> {
        match self {
            Venue::Books(venue, _) => Some(venue),
            Venue::Bars(_) | Venue::Outside(_) => None,
        }
    }

    /// Another venue of bars in the same state, if it is one of bars.
    pub fn of_bars(&self) -> Option<Venue> {
        match self {
            Venue::Bars(venue) => Some(Venue::Bars(venue.clone())),
            Venue::Books(..) | Venue::Outside(_) => None,
        }
    }

    /// Whether it is one of books.
    pub fn is_of_books(&self) -> bool {
        matches!(self, Venue::Books(..))
    }

    /// Whether it is elsewhere.
    pub fn is_outside(&self) -> bool {
        matches!(self, Venue::Outside(_))
    }

    /// What waits for the gateway of a venue elsewhere.
    pub fn take_waiting(&mut self) -> Vec<Send> {
        match self {
            Venue::Outside(outside) => outside.take(),
            Venue::Bars(_) | Venue::Books(..) => Vec::new(),
        }
    }
}

#[cold]
fn other(came: &str) -> Problem {
    Problem::new(code::RUN_CONFIG, format!("{came} to a run that was opened for the other kind of data"))
}
