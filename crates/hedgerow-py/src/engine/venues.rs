//! Which simulated venue a run trades at: of bars, or of books. Both take approved messages and nothing else.

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
}

/// A simulated venue. That of bars answers at once, that of books when its answer has travelled.
pub enum Venue {
    /// Of bars.
    Bars(Box<BarVenue>),
    /// Of books.
    Books(Box<BookVenue>, Depth),
}

impl Venue {
    /// A venue without instruments.
    pub fn new(settings: VenueSettings) -> Result<Venue, Problem> {
        Ok(match settings {
            VenueSettings::Bars(config) => Venue::Bars(Box::new(BarVenue::new(config)?)),
            VenueSettings::Books(config, depth) => Venue::Books(Box::new(BookVenue::new(*config)?), depth),
        })
    }

    /// Makes an instrument tradable.
    pub fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.define(instrument),
            Venue::Books(venue, depth) => venue.define(instrument, *depth),
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
        }
    }

    /// What trades at the open of a bar.
    #[inline]
    pub fn on_open(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.on_open(bar, &mut |report| reports.push(report)),
            Venue::Books(..) => Err(other("bars came")),
        }
    }

    /// What trades within a bar.
    #[inline]
    pub fn on_close(&mut self, bar: &Bar, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.on_close(bar, &mut |report| reports.push(report)),
            Venue::Books(..) => Err(other("bars came")),
        }
    }

    /// Day orders expire.
    pub fn end_session(&mut self, ts: i64, reports: &mut Vec<VenueReport>) {
        match self {
            Venue::Bars(venue) => venue.end_session(ts, &mut |report| reports.push(report)),
            Venue::Books(venue, _) => venue.end_session(ts),
        }
    }

    /// All orders in an instrument expire, because what it is changes.
    pub fn end_all(&mut self, instrument: u32, ts: i64, reports: &mut Vec<VenueReport>) -> Result<(), Problem> {
        match self {
            Venue::Bars(venue) => venue.end_all(instrument, ts, &mut |report| reports.push(report)),
            Venue::Books(..) => return Err(other("a split or an end came")),
        }
        Ok(())
    }

    /// The venue of books.
    pub fn books(&mut self) -> Result<&mut BookVenue, Problem> {
        match self {
            Venue::Books(venue, _) => Ok(venue),
            Venue::Bars(_) => Err(other("books came")),
        }
    }
}

#[cold]
fn other(came: &str) -> Problem {
    Problem::new(code::RUN_CONFIG, format!("{came} to a run that was opened for the other kind of data"))
}
