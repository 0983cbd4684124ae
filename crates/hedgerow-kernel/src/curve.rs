//! What a fund was worth after each time of a run: points where something happened, lines between them.
//!
//! Promises: a line says for each of its rows, to the bit, what points would have said one by one. Never: keeps a number a
//! row where nobody acts; whoever asks for the numbers brings the closes that they follow from.

use hedgerow_core::{MONEY_UNIT, Money};
use std::ops::Range;

/// A stretch of rows during which one book's worth followed one instrument's closes.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Points before it.
    points: usize,
    /// Its rows: so many from this row of a column of closes.
    column: usize,
    first_row: usize,
    rows: usize,
    start: i128,
    per_tick: i128,
    mark: i64,
    /// Whether all of it can be told in 64 bits.
    is_small: bool,
}

/// An equity curve.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    points: Vec<f64>,
    lines: Vec<Line>,
    /// Rows of all lines.
    on_lines: usize,
    columns: usize,
}

impl Line {
    /// What it says for a close.
    fn worth(&self, close: i64) -> f64 {
        Money(self.start + self.per_tick * i128::from(close - self.mark)).to_f64()
    }

    fn push_worths(&self, closes: &[i64], values: &mut Vec<f64>) {
        let (start, per_tick, mark) = (self.start as i64, self.per_tick as i64, self.mark);
        let closes = closes[self.first_row..][..self.rows].iter();
        if self.is_small {
            values.extend(closes.map(|c| (start + per_tick * (c - mark)) as f64 / MONEY_UNIT as f64));
        } else {
            values.extend(closes.map(|c| self.worth(*c)));
        }
    }
}

impl Curve {
    /// The lines that follow run over the next column of closes.
    pub fn begin(&mut self) {
        self.columns += 1;
    }

    /// Times that it has a number for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len() + self.on_lines
    }

    /// Whether it has no numbers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more time.
    #[inline]
    pub fn push(&mut self, worth: Money) {
        self.points.push(worth.to_f64());
    }

    /// What it is worth at the last time is another.
    pub fn restate(&mut self, worth: Money) {
        match self.lines.last_mut() {
            Some(line) if line.points == self.points.len() => {
                line.rows -= 1;
                self.on_lines -= 1;
                if line.rows == 0 {
                    self.lines.pop();
                }
                self.push(worth);
            }
            _ => {
                if let Some(last) = self.points.last_mut() {
                    *last = worth.to_f64();
                }
            }
        }
    }

    /// So many rows of the present column: worth `start` at the close `mark`, and so much more for each tick.
    pub(crate) fn line(&mut self, rows: Range<usize>, start: i128, per_tick: i128, mark: i64, is_small: bool) {
        if rows.is_empty() {
            return;
        }
        self.on_lines += rows.len();
        self.lines.push(Line {
            points: self.points.len(),
            column: self.columns.saturating_sub(1),
            first_row: rows.start,
            rows: rows.len(),
            start,
            per_tick,
            mark,
            is_small,
        });
    }

    /// Every number, in order. `closes` are the columns that were begun.
    ///
    /// # Panics
    /// If a column is missing or shorter than the rows that were run over.
    #[must_use]
    pub fn values(&self, closes: &[&[i64]]) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.len());
        let mut told = 0;
        for line in &self.lines {
            values.extend_from_slice(&self.points[told..line.points]);
            told = line.points;
            line.push_worths(closes[line.column], &mut values);
        }
        values.extend_from_slice(&self.points[told..]);
        values
    }

    /// The numbers at some places, in rising order; what lies behind the last number is left out.
    ///
    /// # Panics
    /// See [`Curve::values`].
    #[must_use]
    pub fn values_at(&self, places: &[usize], closes: &[&[i64]]) -> Vec<f64> {
        let (mut values, mut next, mut before) = (Vec::with_capacity(places.len()), 0, 0);
        for place in places.iter().copied().take_while(|place| *place < self.len()) {
            // Lines that end at this place or before it lie behind us.
            while let Some(line) = self.lines.get(next).filter(|line| line.points + before + line.rows <= place) {
                (next, before) = (next + 1, before + line.rows);
            }
            values.push(match self.lines.get(next).filter(|line| line.points + before <= place) {
                Some(line) => line.worth(closes[line.column][line.first_row + (place - line.points - before)]),
                None => self.points[place - before],
            });
        }
        values
    }
}
