//! The order of things: market data on its way to us, and what happens next at either end.

use super::BookVenue;
use std::collections::VecDeque;

/// An event of 32 bytes: a `BookLevel`, `BookOrder` or `Trade`, as its kind says.
pub type Row = [u64; 4];

/// What happens next. At equal times in this order: the market moves before our messages reach it, what we are told comes
/// before we may act on it, and of what we are told answers come before data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Next {
    /// History's next update happens at the venue.
    Market,
    /// Messages of ours reach the venue.
    Arrival,
    /// Answers reach us.
    Report,
    /// An update reaches us.
    Feed,
    /// The time we wanted to be woken at.
    Timer,
    /// Nothing any more.
    End,
}

/// The next thing to happen, and when; `i64::MAX` = never. Without a venue here none of its messages are under way.
#[must_use]
pub fn next(market_ts: i64, venue: Option<&BookVenue>, feed_ts: i64, timer_ts: i64) -> (Next, i64) {
    let mut first = (Next::Market, market_ts);
    for (what, ts) in [
        (Next::Arrival, venue.map_or(i64::MAX, BookVenue::arrival_ts)),
        (Next::Report, venue.map_or(i64::MAX, BookVenue::report_ts)),
        (Next::Feed, feed_ts),
        (Next::Timer, timer_ts),
    ] {
        if ts < first.1 {
            first = (what, ts);
        }
    }
    if first.1 == i64::MAX { (Next::End, i64::MAX) } else { first }
}

/// An update on its way to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// When it reaches us, UTC nanoseconds.
    pub ts: i64,
    /// Which noun its rows are.
    pub kind: u16,
    /// Ticks by which our impact had moved the book when it left.
    pub shift_ticks: i32,
    rows: u32,
}

/// A row on its way, with the packet that it is of.
#[derive(Clone, Copy, Debug)]
struct Under {
    packet: Packet,
    row: Row,
}

/// Market data on its way to us: holds no more than what is under way.
#[derive(Clone, Debug, Default)]
pub struct FeedLine {
    rows: VecDeque<Under>,
    last_ts: i64,
}

impl FeedLine {
    /// Nothing under way.
    #[must_use]
    pub fn new() -> FeedLine {
        FeedLine { last_ts: i64::MIN, ..FeedLine::default() }
    }

    /// When the next update reaches us; `i64::MAX` = nothing is under way.
    #[inline]
    #[must_use]
    pub fn ts(&self) -> i64 {
        self.rows.front().map_or(i64::MAX, |under| under.packet.ts)
    }

    /// An update leaves the venue and reaches us at `ts`, but not before the one sent ahead of it.
    #[inline]
    pub fn send(&mut self, kind: u16, rows: &[Row], shift_ticks: i32, ts: i64) {
        self.last_ts = self.last_ts.max(ts);
        let packet = Packet { ts: self.last_ts, kind, shift_ticks, rows: rows.len() as u32 };
        for row in rows {
            self.rows.push_back(Under { packet, row: *row });
        }
    }

    /// The next update, its rows put into `rows`.
    #[inline]
    pub fn receive(&mut self, rows: &mut Vec<Row>) -> Option<Packet> {
        let Under { packet, row } = self.rows.pop_front()?;
        rows.clear();
        rows.push(row);
        for _ in 1..packet.rows {
            rows.extend(self.rows.pop_front().map(|under| under.row));
        }
        Some(packet)
    }
}
