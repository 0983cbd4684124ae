//! What traded of each instrument and how wide it stood, in short stretches of time: what plans learn from.
//!
//! Promises: knows what was told and nothing later; a row a stretch, however much happens in it. Never: a price.

use hedgerow_core::{InstrumentId, time::SECOND};

/// Length of a stretch.
pub const STRETCH_NS: i64 = 10 * SECOND;

/// One stretch that has ended, or is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it ends, UTC nanoseconds.
    pub end_ts: i64,
    /// Lots that traded.
    pub lots: i64,
    /// Width of the market times the time that it stood so, tick-nanoseconds.
    pub spread_tick_ns: i64,
    /// For how long there was a width, nanoseconds.
    pub quoted_ns: i64,
    /// Lots at the two best prices together, times the time that they stood there, lot-nanoseconds.
    pub depth_lot_ns: i64,
}

impl Stretch {
    fn ending(end_ts: i64) -> Stretch {
        Stretch { end_ts, lots: 0, spread_tick_ns: 0, quoted_ns: 0, depth_lot_ns: 0 }
    }
}

#[derive(Clone, Debug, Default)]
struct Strip {
    rows: Vec<Stretch>,
    /// Width and depth now, and since when; none while a side is empty.
    width: Option<(i64, i64, i64)>,
}

/// The tape of a run, by instrument.
#[derive(Clone, Debug, Default)]
pub struct Tape(Vec<Strip>);

impl Tape {
    fn strip(&mut self, instrument: InstrumentId) -> &mut Strip {
        let place = instrument as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, Strip::default());
        }
        &mut self.0[place]
    }

    /// Something traded.
    pub fn trade(&mut self, instrument: InstrumentId, ts: i64, lots: i64) {
        let row = self.strip(instrument).at(ts);
        row.lots = row.lots.saturating_add(lots.max(0));
    }

    /// The width of the market from now on, ticks, and the lots at its two best prices; below zero = a side is empty.
    pub fn width(&mut self, instrument: InstrumentId, ts: i64, ticks: i64, lots: i64) {
        let strip = self.strip(instrument);
        strip.stand(ts);
        strip.width = (ticks >= 0).then_some((ticks, lots, ts));
    }

    /// What has been seen of an instrument, the stretch that is going on included.
    pub fn rows(&mut self, instrument: InstrumentId, now: i64) -> &[Stretch] {
        let strip = self.strip(instrument);
        strip.stand(now);
        &strip.rows
    }
}

impl Strip {
    /// The stretch of a time; times do not go back.
    fn at(&mut self, ts: i64) -> &mut Stretch {
        if self.rows.last().is_none_or(|row| row.end_ts <= ts) {
            let end_ts = ts.div_euclid(STRETCH_NS).saturating_add(1).saturating_mul(STRETCH_NS);
            if self.rows.last().is_none_or(|row| row.end_ts < end_ts) {
                self.rows.push(Stretch::ending(end_ts));
            }
        }
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// The width has stood until now: each stretch gets its part.
    fn stand(&mut self, until_ts: i64) {
        while let Some((ticks, lots, since)) = self.width.filter(|(_, _, since)| *since < until_ts) {
            let row = self.at(since);
            let stood_ns = row.end_ts.min(until_ts).saturating_sub(since).max(1);
            row.spread_tick_ns = row.spread_tick_ns.saturating_add(ticks.saturating_mul(stood_ns));
            row.quoted_ns = row.quoted_ns.saturating_add(stood_ns);
            row.depth_lot_ns = row.depth_lot_ns.saturating_add(lots.saturating_mul(stood_ns));
            // A market that stands for long without news is a night: what it looked like then teaches nothing.
            let is_night = until_ts.saturating_sub(since) > 360 * STRETCH_NS;
            self.width = Some((ticks, lots, if is_night { until_ts } else { since.saturating_add(stood_ns) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_what_traded_in_it_and_how_wide_the_market_stood() {
        let mut tape = Tape::default();
        tape.width(0, 2 * SECOND, 4, 10);
        tape.trade(0, 3 * SECOND, 5);
        tape.width(0, 6 * SECOND, 2, 20);
        tape.trade(0, 9 * SECOND, 7);
        tape.width(0, 14 * SECOND, -1, 0);
        tape.trade(0, 25 * SECOND, 1);
        let (first, second) = (Stretch::ending(10 * SECOND), Stretch::ending(20 * SECOND));
        let wanted = [
            Stretch {
                lots: 12,
                spread_tick_ns: 24 * SECOND,
                quoted_ns: 8 * SECOND,
                depth_lot_ns: 120 * SECOND,
                ..first
            },
            Stretch { spread_tick_ns: 8 * SECOND, quoted_ns: 4 * SECOND, depth_lot_ns: 80 * SECOND, ..second },
            Stretch { lots: 1, ..Stretch::ending(30 * SECOND) },
        ];
        assert_eq!(tape.rows(0, 26 * SECOND), wanted);
        assert!(tape.rows(3, 26 * SECOND).is_empty());
    }

    #[test]
    fn a_night_does_not_fill_the_tape() {
        let mut tape = Tape::default();
        tape.width(0, 0, 1, 1);
        tape.width(0, 86_400 * SECOND, 1, 1);
        assert_eq!(tape.rows(0, 86_400 * SECOND).len(), 1);
    }

    #[test]
    fn absurd_times_and_sizes_do_no_harm() {
        let mut tape = Tape::default();
        tape.width(0, i64::MIN, i64::MAX, i64::MAX);
        tape.trade(0, i64::MAX, i64::MAX);
        tape.trade(0, i64::MAX, i64::MAX);
        assert_eq!(tape.rows(0, i64::MAX).last().map(|row| row.lots), Some(i64::MAX));
    }
}
