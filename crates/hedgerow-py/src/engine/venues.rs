//! Which venue a run trades at: a simulated one of bars or of books, or one elsewhere. All take approved messages and
//! nothing else.

use hedgerow_core::{Bar, Instrument, Problem, VenueReport, code};
use hedgerow_kernel::Send;
use hedgerow_sim::replay::Depth;
use hedgerow_sim::{BarVenue, BookConfig, BookVenue, VenueConfig};

/// What a venue is made from.
pub enum VenueSettings {
    /// Of bars.
    Bars(VenueConfig),
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
    Outside(Vec<Send>),
}

impl Venue {
    /// A venue without instruments.
    pub fn new(settings: VenueSettings) -> Result<Venue, Problem> {
        Ok(match settings {
            VenueSettings::Bars(config) => Venue::Bars(Box::new(BarVenue::new(config)?)),
            VenueSettings::Books(config, depth) => Venue::Books(Box::new(BookVenue::new(*config)?), depth),
            VenueSettings::Outside => Venue::Outside(Vec::new()),
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
                    Send::Cancel(request) => venue.cancel(request, ts, &mut say),
                    Send::Replace(request) => venue.replace(request, ts, &mut say),
                }
            }
            Venue::Books(venue, _) => match send {
                Send::New(order) => venue.submit(order, ts),
                Send::Cancel(request) => venue.cancel(request, ts),
                Send::Replace(request) => venue.replace(request, ts),
            },
            Venue::Outside(waiting) => waiting.push(send),
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

    /// Day orders expire; a venue elsewhere sees to its own.
    pub fn end_session(&mut self, ts: i64, reports: &mut Vec<VenueReport>) {
        match self {
            Venue::Bars(venue) => venue.end_session(ts, &mut |report| reports.push(report)),
            Venue::Books(venue, _) => venue.end_session(ts),
            Venue::Outside(_) => {}
        }
    }

    /// All orders in an instrument expire, because what it is changes.
    pub fn end_all(&mut self, instrument: u32, ts: i64, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.end_all(instrument, ts, &mut |report| reports.push(report)),
            Venue::Books(..) | Venue::Outside(_) => return Err(other("a split or an end came")),
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

    /// What waits for the gateway of a venue elsewhere.
    pub fn take_waiting(&mut self) -> Vec<Send> {
        match self {
            Venue::Outside(waiting) => std::mem::take(waiting),
            Venue::Bars(_) | Venue::Books(..) => Vec::new(),
        }
    }
}

#[cold]
fn other(came: &str) -> Problem {
    Problem::new(code::RUN_CONFIG, format!("{came} to a run that was opened for the other kind of data"))
}
